"""Discretion: definitions by hand, priorities against an independent fit, and hostile input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from pluralism.errors import DataError, LabelError, SmallSampleWarning
from pluralism.jury import discretion, preference_signs
from pluralism.kernels import _discretion as kernels


def random_signs(seed, rows=60, principles=5, annotators=3, applies=0.5):
    rng = np.random.default_rng(seed)
    table = rng.choice([-1, 0, 1], (rows, principles), p=[applies / 2, 1 - applies, applies / 2])
    people = rng.choice([-1, 0, 1], (rows, annotators), p=[0.4, 0.2, 0.4])
    return (
        pd.DataFrame(table, columns=list("ABCDEFGH")[:principles]),
        pd.DataFrame(people, columns=[f"r{k}" for k in range(annotators)]),
    )


def by_hand(signs, people):
    """The definitions, row by row."""
    kinds, against, decided = [], dict.fromkeys(people, 0), dict.fromkeys(people, 0)
    wins = {name: np.zeros((signs.shape[1],) * 2) for name in people}
    for place, row in enumerate(signs.to_numpy()):
        present = {value for value in row if value}
        kind = ("indifference", "consensus", "conflict")[len(present)]
        kinds.append(kind)
        for name in people:
            choice = people[name].iloc[place]
            if not choice:
                continue
            if kind == "consensus":
                decided[name] += 1
                against[name] += choice not in present
            for i, one in enumerate(row):
                for j, other in enumerate(row):
                    wins[name][i, j] += one * other == -1 and one == choice
    return kinds, against, decided, wins


@pytest.mark.parametrize("seed", range(4))
def test_definitions(seed):
    signs, people = random_signs(seed)
    found = discretion(signs, people, n_replicates=20, seed=0)
    kinds, against, decided, wins = by_hand(signs, people)
    assert found.kind.values.tolist() == kinds
    for kind in ("consensus", "conflict", "indifference"):
        assert found.shares.loc[kind, "estimate"] == pytest.approx(kinds.count(kind) / len(kinds))
        assert found.shares.loc[kind, "n"] == kinds.count(kind)
    for name in people:
        assert found.arbitrariness.loc[name, "n"] == decided[name]
        expected = against[name] / decided[name]
        assert found.arbitrariness.loc[name, "estimate"] == pytest.approx(expected)
        total = wins[name] + wins[name].T
        np.testing.assert_array_equal(found.conflicts.sel(annotator=name), total)
        with np.errstate(invalid="ignore"):
            np.testing.assert_allclose(found.supremacy.sel(annotator=name), wins[name] / total)


@pytest.mark.parametrize("seed", range(3))
def test_priorities_are_bradley_terry(seed):
    signs, people = random_signs(seed, rows=200)
    found = discretion(signs, people, n_replicates=2, seed=0)
    wins = by_hand(signs, people)[3]
    for name in people:
        table = wins[name]

        def loss(u, table=table):
            return (table * np.logaddexp(0, -np.subtract.outer(u, u))).sum()

        best = optimize.minimize(loss, np.zeros(len(table)), method="BFGS", options={"gtol": 1e-9})
        priority = found.priorities.sel(annotator=name).values
        np.testing.assert_allclose(priority, best.x - best.x.mean(), atol=1e-5)
    names = list(people)
    for one in names:
        for other in names:
            tau = stats.kendalltau(
                found.priorities.sel(annotator=one), found.priorities.sel(annotator=other)
            ).statistic
            distance = found.discrepancy.sel(annotator=one, annotator_bis=other)
            assert float(distance) == pytest.approx((1 - tau) / 2)


def test_many_newtons_are_one_newton():
    rng = np.random.default_rng(0)
    wins = rng.integers(1, 500, (50, 7, 7)).astype(float) ** rng.uniform(0.2, 2, (50, 1, 1))
    wins[:, np.arange(7), np.arange(7)] = 0
    point = kernels.priorities(wins)
    gap = point[:, :, None] - point[:, None, :]
    score = (wins - (wins + wins.transpose(0, 2, 1)) / (1 + np.exp(-gap))).sum(axis=2)
    assert (np.abs(score) / wins.sum(axis=(1, 2))[:, None] < 1e-9).all()


def test_winners_losers_and_strangers():
    """A beats B and C always, D always loses, E never meets anyone, B and C share wins."""
    wins = np.zeros((1, 5, 5))
    wins[0, 0, [1, 2]] = 3
    wins[0, 1, 2], wins[0, 2, 1] = 6, 3
    wins[0, [1, 2], 3] = 1
    a, b, c, d, e = kernels.priorities(wins)[0]
    assert a == np.inf
    assert d == -np.inf
    assert np.isnan(e)
    assert b - c == pytest.approx(np.log(2))
    assert b + c == pytest.approx(0, abs=1e-12)


def test_without_a_core_only_the_ends_are_known():
    wins = np.zeros((1, 3, 3))
    wins[0, 0, 1] = wins[0, 1, 2] = 1
    top, middle, bottom = kernels.priorities(wins)[0]
    assert (top, bottom) == (np.inf, -np.inf)
    assert np.isnan(middle)


def test_principles_that_never_conflict():
    signs = pd.DataFrame({"a": [1, 1, 0, -1, 1, 1, 1], "b": [0, 1, 0, -1, 0, 1, 1]})
    found = discretion(signs, [1, -1, 1, -1, 1, 0, np.nan], n_replicates=10, seed=0)
    assert found.shares.loc["conflict", "estimate"] == 0
    assert found.shares.loc["conflict", "upper"] == pytest.approx(1.96**2 / (7 + 1.96**2), abs=1e-3)
    assert np.isnan(found.supremacy).all()
    assert np.isnan(found.priorities).all()
    assert np.isnan(found.discrepancy).all()
    assert found.arbitrariness["n"].tolist() == [4]
    published = discretion(signs, [1, -1, 1, -1, 1, 0, 0], n_replicates=10, as_published=True)
    assert (published.priorities == -np.inf).all()


def test_an_undecided_annotator():
    signs, people = random_signs(0)
    people["absent"] = np.nan
    found = discretion(signs, people, n_replicates=10, seed=0)
    row = found.arbitrariness.loc["absent"]
    assert row["n"] == 0
    assert row[["estimate", "stderr", "lower", "upper"]].isna().all()
    assert np.isnan(found.priorities.sel(annotator="absent")).all()
    assert np.isnan(found.discrepancy.sel(annotator="absent")).all()
    assert found.position.loc["absent", "decided"] == 0


def test_infinite_priorities_have_no_interval():
    rng = np.random.default_rng(0)
    table = rng.choice([-1, 0, 1], (80, 4))
    people = np.where(table[:, 0] != 0, table[:, 0], rng.choice([-1, 1], 80))
    found = discretion(table, people, n_replicates=50, seed=0)
    assert found.priorities[0, 0] == np.inf
    assert np.isnan(found.intervals["priorities"][0, 0]).all()
    assert np.isfinite(found.intervals["priorities"][0, 1:]).all()
    against = found.intervals["supremacy"][0, 0, 1]
    assert float(found.supremacy[0, 0, 1]) == 1.0
    assert 0.7 < float(against[0]) < 1.0  # Wilson: rows that never differ still are few
    assert float(against[1]) == 1.0


def test_both_orders():
    signs, people = random_signs(3)
    rng = np.random.default_rng(0)
    other = signs.where(rng.random(signs.shape) < 0.8, -signs)
    found = discretion(
        signs, people, swapped_principles=other[list("EDCBA")], n_replicates=5, seed=0
    )
    kept = signs.where(signs == other, 0)
    np.testing.assert_array_equal(found.kind, discretion(kept, people, n_replicates=5, seed=0).kind)
    counts = found.position.loc[list("ABCDE"), "inconsistent"]
    np.testing.assert_array_equal(counts, (signs * other < 0).sum())
    assert found.position.loc["A", "both_orders"]
    assert not found.position.loc["r0", "both_orders"]
    assert not any("one order only" in note for note in found.notes)


def test_position_confound_is_said():
    signs, people = random_signs(1)
    people["r0"] = 1
    found = discretion(signs, people, n_replicates=5, seed=0)
    assert found.position.loc["r0", "confounded"]
    assert found.position.loc["r0", "first_share"] == 1
    assert any("one order only" in note for note in found.notes)
    assert any("'r0' is for the same place" in note for note in found.notes)


def test_a_judge_who_likes_the_first_place_looks_like_agreement():
    """What the confound does: a judge without any taste but for the first place."""
    rng = np.random.default_rng(0)
    shown_first = rng.choice(
        [-1, 1], (4000, 3), p=[0.3, 0.7]
    )  # sign of "the first shown is better"
    always_first = np.ones(4000, dtype=int)
    found = discretion(shown_first, always_first, n_replicates=20, seed=0)
    assert found.arbitrariness["estimate"].iloc[0] < 0.15
    second_asking = -rng.choice([-1, 1], (4000, 3), p=[0.3, 0.7])
    both = discretion(
        shown_first, always_first, swapped_principles=second_asking, n_replicates=20, seed=0
    )
    assert both.arbitrariness["estimate"].iloc[0] == pytest.approx(0.5, abs=0.06)


def test_intervals_cover():
    """Rows are independent: an interval for a share must be near the binomial one."""
    signs, people = random_signs(5, rows=500)
    found = discretion(signs, people, n_replicates=2000, seed=0)
    p, n = found.shares.loc["consensus", "estimate"], 500
    assert found.shares.loc["consensus", "stderr"] == pytest.approx(
        np.sqrt(p * (1 - p) / n), rel=0.06
    )
    row = found.arbitrariness.loc["r0"]
    assert row["stderr"] == pytest.approx(
        np.sqrt(row.estimate * (1 - row.estimate) / row.n), rel=0.1
    )
    assert row["lower"] < row["estimate"] < row["upper"]


def test_published_means_lie_above():
    signs, people = random_signs(2, rows=80)
    own = discretion(signs, people, n_replicates=200, seed=0)
    published = discretion(signs, people, n_replicates=200, seed=0, as_published=True)
    off = ~np.eye(3, dtype=bool)
    assert published.discrepancy.values[off].mean() > 0
    np.testing.assert_allclose(own.priorities, published.priorities)
    assert any("as published" in note for note in published.notes)
    assert (published.arbitrariness["n"] == own.arbitrariness["n"]).all()


def test_rows_are_matched_by_name():
    signs, people = random_signs(4, rows=20)
    signs.index = people.index = [f"row {k}" for k in range(20)]
    one = discretion(signs, people, n_replicates=5, seed=0)
    other = discretion(signs, people.iloc[::-1], n_replicates=5, seed=0)
    pd.testing.assert_frame_equal(one.arbitrariness, other.arbitrariness)
    with pytest.raises(LabelError, match="`annotators` has no row 'row 0'"):
        discretion(signs, people.rename(index={"row 0": "row x"}))
    twice = people.rename(index={"row 0": "row 1"})
    with pytest.raises(LabelError, match="`annotators` names a row twice"):
        discretion(signs, twice)


def test_mappings_and_arrays():
    signs, people = random_signs(0)
    one = discretion(signs, people, n_replicates=5, seed=0)
    columns = {name: signs[name].to_list() for name in signs}
    other = discretion(columns, {name: people[name] for name in people}, n_replicates=5, seed=0)
    pd.testing.assert_frame_equal(one.arbitrariness, other.arbitrariness)
    plain = discretion(signs.to_numpy(), people.to_numpy(), n_replicates=5, seed=0)
    np.testing.assert_array_equal(one.supremacy, plain.supremacy)
    with pytest.raises(DataError, match="`principles` must map names to equal columns"):
        discretion({"a": [1, 0], "b": [1]}, [1, 1])


def test_seeds():
    signs, people = random_signs(0)
    one, other = (discretion(signs, people, n_replicates=9, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one.shares, other.shares)


def test_what_is_refused():
    signs, people = random_signs(0)
    with pytest.raises(DataError, match=r"`principles\[2, 'B'\]` is 0\.5 \(1 such\)"):
        discretion(_with(signs, 2, "B", 0.5), people)
    with pytest.raises(DataError, match=r"`annotators\[0, 'r1'\]` is 2"):
        discretion(signs, _with(people, 0, "r1", 2))
    with pytest.raises(DataError, match="at least two are needed, for one principle"):
        discretion(signs[["A"]], people)
    with pytest.raises(DataError, match="`annotators` has 59 rows and `principles` has 60"):
        discretion(signs, people.iloc[1:])
    with pytest.raises(DataError, match=r"1 row\(s\); at least two"):
        discretion(signs.iloc[:1], people.iloc[:1])
    with pytest.raises(DataError, match=r"hold no numbers|must hold numbers"):
        discretion(signs.astype(str), people)
    with pytest.raises(LabelError, match="`swapped_principles` has no column 'A'"):
        discretion(signs, people, swapped_principles=signs.rename(columns={"A": "Z"}))
    with pytest.raises(DataError, match="`swapped_annotators` has 2 columns"):
        discretion(signs, people, swapped_annotators=people[["r0", "r1"]])
    with pytest.raises(DataError, match="`n_replicates` is 1"):
        discretion(signs, people, n_replicates=1)
    with pytest.warns(SmallSampleWarning, match="only 4 rows"):
        discretion(signs.iloc[:4], people.iloc[:4], n_replicates=5, seed=0)


def _with(frame, row, column, value):
    changed = frame.astype(float)
    changed.loc[row, column] = value
    return changed


def test_signs_of_probabilities():
    first, second = [0.6, 0.3, 0.4, 0.1, np.nan], [0.3, 0.6, 0.4, 0.2, 0.5]
    np.testing.assert_array_equal(preference_signs(first, second), [1, -1, 0, -1, np.nan])
    neither = [0.1, 0.1, 0.2, 0.7, 0.1]
    np.testing.assert_array_equal(
        preference_signs(first, second, neither=neither), [1, -1, 0, 0, np.nan]
    )
    assert preference_signs([0.45], [0.1], neither=[0.45])[0] == 1  # a tie with "neither" decides
    with pytest.raises(DataError, match="`second`"):
        preference_signs([1, 2], [1])
    with pytest.raises(DataError, match="`neither` has shape"):
        preference_signs([1, 2], [1, 2], neither=[1])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pluralism.SmallSampleWarning")
def test_priorities_that_tie_but_for_rounding_tie():
    """Two principles that may change places have one priority, and no order to disagree on."""
    rng = np.random.default_rng(14)
    rows = []
    for _ in range(40):
        signs = rng.integers(-1, 2, (30, 3))
        rows.append(np.concatenate([signs, signs[:, [1, 0, 2]]]))
    for signs in rows:
        side = rng.integers(0, 2, (30, 2)) * 2 - 1
        found = discretion(signs, np.concatenate([side, side]), n_replicates=2, seed=0)
        priority = found.priorities.values
        np.testing.assert_allclose(priority[:, 0], priority[:, 1], atol=1e-9)
        tau = stats.kendalltau(*priority.round(6))[0]
        assert found.discrepancy[0, 1] == pytest.approx((1 - tau) / 2, abs=1e-12, nan_ok=True)


def test_no_resample_has_no_priorities():
    assert kernels.priorities(np.zeros((0, 3, 3))).shape == (0, 3)


def test_published_discretion_without_consensus_is_unknown():
    """Two principles that always conflict: no row to depart from, in the data or a resample."""
    signs = pd.DataFrame({"a": [1, -1] * 5, "b": [-1, 1] * 5})
    found = discretion(signs, [1] * 10, n_replicates=10, seed=0, as_published=True)
    assert found.shares.loc["conflict", "estimate"] == 1.0
    assert np.isnan(found.arbitrariness["estimate"]).all()

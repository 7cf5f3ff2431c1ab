"""fit_elo: ways in, orders, what its result says, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars
import pytest

import pluralism as pl
from pluralism.data import Comparisons
from pluralism.errors import DataError
from pluralism.utility import EloFit, fit_bradley_terry, fit_elo

VOTES = [("a", "b", 1), ("b", "c", 1), ("c", "a", "tie"), ("a", "b", 0), ("a", "c", 0.25)]


def by_hand(votes, k=4.0, scale=400.0, base=10.0, initial=1000.0):
    rating = dict.fromkeys("abc", initial)
    for one, other, share in votes:
        expected = 1 / (1 + base ** ((rating[other] - rating[one]) / scale))
        gain = k * ({"tie": 0.5}.get(share, share) - expected)
        rating[one] += gain
        rating[other] -= gain
    return [rating[item] for item in "abc"]


def test_order_is_kept():
    fit = fit_elo(VOTES)
    assert isinstance(fit, EloFit)
    np.testing.assert_allclose(fit.utility, by_hand(VOTES), atol=1e-10)
    backwards = fit_elo(VOTES[::-1])
    np.testing.assert_allclose(backwards.utility, by_hand(VOTES[::-1]), atol=1e-10)
    assert not np.allclose(fit.utility, backwards.utility)


def test_arguments_are_those_of_the_formula():
    options = {"k": 32, "scale": 200, "base": 3.0, "initial": 0.0}
    fit = fit_elo(VOTES, **options)
    np.testing.assert_allclose(fit.utility, by_hand(VOTES, **options), atol=1e-10)
    gap = fit.utility.values[0] - fit.utility.values[1]
    assert fit.probability("a", "b") == pytest.approx(1 / (1 + 3.0 ** (-gap / 200)))


@pytest.mark.parametrize("library", [pd.DataFrame, polars.DataFrame])
def test_frames(library):
    words = {1: "model_a", 0: "model_b", "tie": "tie"}
    votes = [vote for vote in VOTES if vote[2] != 0.25]
    frame = library(
        {
            "left": [vote[0] for vote in votes],
            "right": [vote[1] for vote in votes],
            "won": [words[vote[2]] for vote in votes],
        }
    )
    fit = fit_elo(frame, first="left", second="right", outcome="won")
    np.testing.assert_allclose(fit.utility, by_hand(votes), atol=1e-10)
    mapped = fit_elo(
        frame,
        first="left",
        second="right",
        outcome="won",
        outcomes={"model_a": "second", "model_b": "first"},
    )
    turned = [(a, b, {1: 0, 0: 1}.get(share, share)) for a, b, share in votes]
    np.testing.assert_allclose(mapped.utility, by_hand(turned), atol=1e-10)


def test_files_and_shares(tmp_path):
    frame = pd.DataFrame({"x": ["a", "b"], "y": ["b", "c"], "share": [0.75, 0.0]})
    frame.to_csv(tmp_path / "votes.csv", index=False)
    fit = fit_elo(tmp_path / "votes.csv", first="x", second="y", outcome="share")
    np.testing.assert_allclose(
        fit.utility, by_hand([("a", "b", 0.75), ("b", "c", 0.0)]), atol=1e-10
    )


def test_shuffles_are_a_number_or_the_orders():
    orders = np.array([[4, 3, 2, 1, 0], [0, 1, 2, 3, 4], [2, 0, 4, 1, 3]])
    fit = fit_elo(VOTES, shuffles=orders)
    rows = [by_hand([VOTES[place] for place in order]) for order in orders]
    np.testing.assert_allclose(fit.replicates, rows, atol=1e-10)
    np.testing.assert_allclose(fit.utility, np.mean(rows, axis=0), atol=1e-10)
    one, same, other = (fit_elo(VOTES, shuffles=20, seed=seed) for seed in (0, 0, 1))
    assert one.utility.equals(same.utility)
    assert not one.utility.equals(other.utility)
    assert one.replicates.shape == (20, 3)


def test_blocks_of_orders_change_nothing(monkeypatch):
    from pluralism.utility import _elo

    whole = fit_elo(VOTES, shuffles=7, seed=3)
    monkeypatch.setattr(_elo, "_BLOCK", 11)
    np.testing.assert_allclose(fit_elo(VOTES, shuffles=7, seed=3).replicates, whole.replicates)


def test_the_result_says_what_its_interval_is():
    fit = fit_elo(VOTES, shuffles=50, seed=0)
    bounds = fit.interval(0.9)
    assert bounds.attrs["ci_kind"] == "order noise"
    assert "not sampling error" in bounds.attrs["note"]
    np.testing.assert_allclose(bounds[:, 0], np.quantile(fit.replicates, 0.05, axis=0))
    table = fit.summary(0.9)
    assert table.attrs["ci_kind"] == "order noise"
    assert table["stderr"].isna().all()
    assert (table["lower"] <= table["estimate"]).all()
    assert any("number of games" in note for note in fit.notes)
    with pytest.raises(pl.DataError, match="no covariance"):
        fit.stderr  # noqa: B018
    assert not fit.convergence.converged


def test_one_order_has_no_noise():
    fit = fit_elo(VOTES)
    assert fit.summary()["lower"].isna().all()
    with pytest.raises(pl.DataError, match="one order of the votes has no order noise"):
        fit.interval()


def test_comparisons_need_shuffles():
    votes = Comparisons.from_pairs([("a", "b")] * 30 + [("b", "c")] * 20 + [("c", "a")] * 5)
    with pytest.raises(pl.DataError, match="lost the order of the votes"):
        fit_elo(votes)
    fit = fit_elo(votes, shuffles=10, seed=0)
    assert fit.n_votes == 55
    assert fit.utility.values.mean() == pytest.approx(1000)
    weighted = Comparisons.from_codes([0, 1], [1, 2], items="abc", weight=[1.5, 2.0])
    with pytest.raises(pl.DataError, match="weighted or shared votes"):
        fit_elo(weighted, shuffles=2)


@pytest.mark.slow
def test_many_games_with_small_steps_approach_bradley_terry():
    rng = np.random.default_rng(0)
    utility = np.array([0.8, 0.2, -0.3, -0.7])
    first = rng.integers(0, 4, 60_000)
    second = (first + rng.integers(1, 4, 60_000)) % 4
    won = rng.random(60_000) < 1 / (1 + np.exp(utility[second] - utility[first]))
    votes = np.stack([np.where(won, first, second), np.where(won, second, first)], axis=1)
    elo = fit_elo(votes, k=1)
    mle = fit_bradley_terry(Comparisons.from_pairs(votes))
    np.testing.assert_allclose((elo.utility - 1000) / elo.scale, mle.utility, atol=0.1)


@pytest.mark.parametrize(
    ("votes", "options", "match"),
    [
        ([], {}, "`votes` is empty"),
        ([("a", "b", "won")], {}, "'won', which is no outcome"),
        ([("a", "b"), ("c",)], {}, r"`votes\[1\]` is \('c',\)"),
        ([("a", "b", 1.5)], {}, r"`votes\[0\]` has the outcome 1.5"),
        ([("a", "b", None)], {}, r"`votes\[0\]` has the outcome None"),
        ([("a", "b"), ("c", "c")], {}, "vote 1 compares 'c' with itself"),
        ([("a", "b"), (1, "1")], {}, "look alike"),
        ([("a", None)], {}, r"`votes\[1\]` is None"),
        (7, {}, "`votes` is a int"),
        (VOTES, {"k": 0}, "`k` is 0"),
        (VOTES, {"scale": -1}, "`scale` is -1"),
        (VOTES, {"base": 1}, "`base` is 1"),
        (VOTES, {"initial": float("nan")}, "`initial` is nan"),
        (VOTES, {"seed": 1}, "without `shuffles` nothing is random"),
        (VOTES, {"shuffles": 0}, "`shuffles` is 0"),
        (VOTES, {"shuffles": [[0, 1]]}, r"`shuffles` has shape \(1, 2\)"),
        (VOTES, {"shuffles": [[0, 1, 2, 3, 3]]}, r"`shuffles\[0\]` is not a permutation"),
        (VOTES, {"shuffles": [[0, 1, 2, 3, 4]], "seed": 1}, "`seed` has no use"),
        (VOTES, {"first": "left"}, "has no columns; leave out 'first'"),
        (pd.DataFrame({"x": ["a"], "y": ["b"]}), {"first": "x"}, "'second', 'outcome' must name"),
        (
            pd.DataFrame({"x": ["a"], "y": ["b"], "z": [1]}),
            {"first": "x", "second": "y", "outcome": "w"},
            "no column 'w'",
        ),
        (
            pd.DataFrame({"x": ["a", None], "y": ["b", "c"], "z": [1, 1]}),
            {"first": "x", "second": "y", "outcome": "z"},
            r"column 'x' has no value in 1 row.*row 1",
        ),
        (
            pd.DataFrame({"x": ["a"], "y": ["b"], "z": [1.5]}),
            {"first": "x", "second": "y", "outcome": "z"},
            r"`z\[0\]` is 1.5; the share of a vote for the first item must be in \[0, 1\]",
        ),
    ],
)
def test_bad_input(votes, options, match):
    with pytest.raises(pl.DataError, match=match):
        fit_elo(votes, **options)


def test_sizes_of_one_bucket_compile_once():
    from pluralism.kernels import elo_ratings

    rng = np.random.default_rng(0)

    def play(n_votes, n_items, shuffles):
        first = rng.integers(0, n_items, n_votes)
        second = (first + rng.integers(1, n_items, n_votes)) % n_items
        fit_elo(np.stack([first, second], axis=1), shuffles=shuffles, seed=0)

    play(33, 5, 9)
    compiled = elo_ratings._cache_size()
    for sizes in ((64, 8, 16), (40, 7, 12)):
        play(*sizes)
    assert elo_ratings._cache_size() == compiled


def test_ratings_have_no_joint_intervals():
    fit = fit_elo([("a", "b", "first"), ("b", "c", "tie"), ("c", "a", "second")])
    with pytest.raises(DataError, match="no covariance"):
        fit.summary(simultaneous=True)


@pytest.mark.parametrize("outcome", [[1.0, np.nan], ["first", None]])
def test_a_vote_without_an_outcome_is_named(outcome):
    frame = pd.DataFrame({"one": ["a", "b"], "other": ["b", "a"], "outcome": outcome})
    with pytest.raises(DataError, match=r"'outcome'.*row"):
        fit_elo(frame, first="one", second="other", outcome="outcome")

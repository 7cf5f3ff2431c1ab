"""Rate tables: intervals, the third outcome, baselines and the cluster bootstrap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import beta, norm

from pluralism import DataError, LabelError, SmallSampleWarning, bootstrap, scores

ROWS = pd.DataFrame(
    {
        "model": ["a"] * 4 + ["b"] * 4,
        "lang": ["en", "de"] * 4,
        "item": [0, 1, 2, 3] * 2,
        "end": ["safe", "harmful", "refused", "safe", "safe", "safe", "harmful", "unparsed"],
    }
)


def test_wilson_clopper_pearson_and_jeffreys_by_their_formulas():
    k, n, z = 7, 23, norm.ppf(0.975)
    p = k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    exact = beta.ppf(0.025, k, n - k + 1), beta.ppf(0.975, k + 1, n - k)
    bayes = beta.ppf([0.025, 0.975], k + 0.5, n - k + 0.5)
    expected = {
        "wilson": (centre - half, centre + half), "clopper-pearson": exact, "jeffreys": bayes
    }  # fmt: skip
    for interval, bounds in expected.items():
        row = scores.rate_table({"a": (k, n)}, interval=interval)["a"]
        np.testing.assert_allclose([row.lower, row.upper], bounds, rtol=1e-10)


def test_a_printed_table_shows_the_rates_and_their_intervals():
    table = scores.rate_table({"a long name of a group": (7, 23), "b": (1, 9)}, level=0.9)
    first, _, *rows = repr(table).split("\n")
    assert first == "RateTable(of answered rows; 90% wilson intervals)"
    row = table["a long name of a group"]
    (shown,) = [text.split() for text in rows if "a long name of a group" in text]
    assert shown[-5:] == ["7", "23", *(f"{row[c]:.3f}" for c in ("rate", "lower", "upper"))]


@pytest.mark.parametrize("interval", ["wilson", "clopper-pearson", "jeffreys"])
def test_none_and_all_end_at_zero_and_one(interval):
    found = scores.rate_table(
        {"none": (0, 12), "all": (12, 12), "empty": (0, 0)}, interval=interval
    )
    assert found["none"].lower == 0.0 < found["none"].upper < 0.4
    assert 0.6 < found["all"].lower < found["all"].upper == 1.0
    assert np.isnan(found["empty"].rate)
    assert np.isnan(found["empty"].lower)


def test_third_outcome_and_both_denominators():
    arguments = {
        "outcome": "end", "by": "model", "positive": "harmful", "other": {"refused", "unparsed"}
    }  # fmt: skip
    answered = scores.rate_table(ROWS, **arguments)
    assert tuple(answered["overall"][["k", "n", "other", "rows"]]) == (2, 6, 2, 8)
    assert answered["a"].rate == 1 / 3
    assert answered["a"].other_rate == 0.25
    every = scores.rate_table(ROWS, denominator="all", **arguments)
    assert every["a"].rate == 0.25
    assert every["a"].n == 4


@pytest.mark.parametrize("convert", [pl.from_pandas, lambda f: pl.from_pandas(f).lazy()])
def test_other_frames_and_intersections_give_the_same_table(convert):
    arguments = {
        "outcome": "end", "by": ["model", "lang"], "positive": "harmful",
        "other": ["refused", "unparsed"],
    }  # fmt: skip
    ours = scores.rate_table(ROWS, **arguments)
    pd.testing.assert_frame_equal(ours.table, scores.rate_table(convert(ROWS), **arguments).table)
    assert ours["a", "de"].k == 1
    assert ours["b", "de"].other == 1


def test_rows_and_counts_agree():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"g": rng.integers(0, 3, 200), "y": rng.random(200) < 0.4})
    counts = {g: (int(part.y.sum()), len(part)) for g, part in frame.groupby("g")}
    pd.testing.assert_frame_equal(
        scores.rate_table(frame, outcome="y", by="g").table, scores.rate_table(counts).table
    )


def test_baselines_stand_in_the_table():
    frame = pd.DataFrame(
        {"right": ["A", "A", "A", "B"], "given": ["A", "B", "refused", "B"], "m": list("xxyy")}
    )
    found = scores.rate_table(
        frame, answer="given", correct="right", other="refused", by="m", options=["A", "B", "C"]
    )
    assert found["overall"].k == 2
    assert found["overall"].n == 3
    assert found["always A"].rate == found["majority"].rate == 0.75
    assert found["always C"].rate == 0.0
    assert found["random"].rate == 1 / 3
    assert set(found.table.kind) == {"overall", "group", "baseline"}


def test_baselines_count_a_question_once_where_it_is_named():
    frame = pd.DataFrame(
        {
            "q": [0, 1, 2] * 4,
            "right": list("AAB") * 4,
            "given": list("ABB") * 4,
            "m": list("wxyz") * 3,
        }
    )
    found = scores.rate_table(frame, answer="given", correct="right", item="q")
    assert (found["always A"].k, found["always A"].n) == (2, 3)
    assert found["overall"].n == 12
    rows = scores.rate_table(frame, answer="given", correct="right")["always A"]
    assert (rows.k, rows.n) == (8, 12)
    two = frame.assign(right=["B", *frame.right[1:]])
    with pytest.raises(DataError, match="'q' 0 has two right answers in 'right'"):
        scores.rate_table(two, answer="given", correct="right", item="q")
    with pytest.raises(DataError, match="`item` is for the baselines"):
        scores.rate_table(frame, outcome="given", positive="A", item="q")


def test_cluster_bootstrap_agrees_with_the_bootstrap_of_the_library():
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(30), 4)
    hits = rng.random(120) < np.repeat(rng.random(30), 4)
    frame = pd.DataFrame({"c": cluster, "y": hits, "g": cluster % 2})
    found = scores.rate_table(
        frame, outcome="y", by="g", cluster="c", interval="bootstrap", n_replicates=400, seed=3
    )
    sums = np.stack([np.bincount(cluster, weights=hits), np.bincount(cluster)], axis=1)
    reference = bootstrap(lambda rows: rows[:, 0].sum() / rows[:, 1].sum(), sums, n=400, seed=3)
    row = found["overall"]
    np.testing.assert_allclose([row.lower, row.upper], reference.interval)
    plain = scores.rate_table(frame, outcome="y", by="g")["overall"]
    assert row.upper - row.lower > 1.3 * (plain.upper - plain.lower)
    again = scores.rate_table(
        frame, outcome="y", by="g", cluster="c", interval="bootstrap", n_replicates=400, seed=3
    )
    pd.testing.assert_frame_equal(found.table, again.table)


@pytest.mark.slow
def test_cluster_bootstrap_covers():
    """Clusters with rates of their own: Wilson misses often, the cluster bootstrap seldom."""
    rng = np.random.default_rng(11)
    covered = {"bootstrap": 0, "wilson": 0}
    for _ in range(100):
        share = rng.beta(1, 1, 60)
        frame = pd.DataFrame(
            {"c": np.repeat(np.arange(60), 8), "y": rng.random(480) < np.repeat(share, 8)}
        )
        for interval in covered:
            row = scores.rate_table(
                frame, outcome="y", cluster="c", interval=interval, n_replicates=100, seed=rng
            )["overall"]
            covered[interval] += row.lower <= 0.5 <= row.upper
    assert covered["bootstrap"] / 100 > 0.88
    assert covered["wilson"] / 100 < 0.85


def test_what_a_bootstrap_cannot_do_is_said():
    flat = pd.DataFrame({"c": range(8), "y": [1] * 8})
    with pytest.warns(SmallSampleWarning, match="has no width"):
        scores.rate_table(flat, outcome="y", cluster="c", interval="bootstrap", seed=0)
    few = pd.DataFrame({"c": [0, 1, 2] * 3, "y": [0, 1, 1, 1, 0, 1, 0, 0, 1]})
    with pytest.warns(SmallSampleWarning, match="only 3 clusters"):
        scores.rate_table(few, outcome="y", cluster="c", interval="bootstrap", seed=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": "ended"}, "did you mean 'end'"),
        ({"positive": 1}, "outcome 'harmful' is neither in `positive`"),
        ({"interval": "bootstrap"}, "needs item-level rows and `cluster`"),
        ({"interval": "wald"}, "`interval` is 'wald'"),
        ({"level": 95}, "`level` is 95"),
        ({"positive": "harmful", "other": "harmful"}, "both `positive` and `other`"),
        ({"answer": "end"}, "exactly one of these"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    with pytest.raises(DataError, match=message):
        scores.rate_table(ROWS, **{"outcome": "end", "positive": "harmful", **change})


@pytest.mark.parametrize("pair", [(3, 2), (-1, 5), (1.5, 3), (1,), (float("nan"), 4)])
def test_impossible_counts_are_refused(pair):
    with pytest.raises(DataError, match=r"data\['a'\]"):
        scores.rate_table({"a": pair})


def test_missing_values_are_an_error_or_counted():
    frame = ROWS.assign(end=[None, *ROWS.end[1:]])
    with pytest.raises(DataError, match="no value in 1 row"):
        scores.rate_table(frame, outcome="end", positive="harmful")
    found = scores.rate_table(frame, outcome="end", positive="harmful", missing="drop")
    assert found.dropped == {"no end": 1}
    with pytest.raises(LabelError, match="names 'z', which is not in the table"):
        found["z"]
    with pytest.raises(DataError, match="no rows"):
        scores.rate_table(ROWS[:0], outcome="end", positive="harmful")
    with pytest.raises(LabelError, match="names 'A', which is not in `options`"):
        scores.rate_table(
            pd.DataFrame({"r": ["A"], "g": ["A"]}), answer="g", correct="r", options=["B"]
        )


def test_a_group_of_few_clusters_has_the_bounds_of_the_resamples_that_hold_it():
    """A group in one cluster is missing from a resample without it, and has one value in others."""
    frame = pd.DataFrame({"c": [*range(8), 8, 8], "g": list("aaaaaaaabb"), "y": [0, 1] * 5})
    table = {"outcome": "y", "cluster": "c", "interval": "bootstrap", "seed": 4}
    with pytest.warns(SmallSampleWarning, match="interval of 'b' has no width"):
        found = scores.rate_table(frame, by="g", **table)
    assert (found["b"].lower, found["b"].upper) == (0.5, 0.5)
    assert found["a"].lower < 0.5 < found["a"].upper


def test_bootstrap_by_two_columns_is_that_of_their_combinations():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {"c": np.arange(80) // 2, "g": rng.integers(0, 2, 80), "h": rng.integers(0, 2, 80),
         "y": rng.integers(0, 2, 80)}
    )  # fmt: skip
    frame["gh"] = frame.g * 2 + frame.h
    table = {"outcome": "y", "cluster": "c", "interval": "bootstrap", "seed": 4}
    two = scores.rate_table(frame, by=["g", "h"], **table).table
    one = scores.rate_table(frame, by="gh", **table).table
    columns = ["k", "n", "rate", "lower", "upper"]
    pd.testing.assert_frame_equal(two[columns], one[columns])

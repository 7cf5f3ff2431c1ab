"""Agreement of rankings, recovery errors, and relative risks as a table."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats.contingency import relative_risk as scipy_relative_risk

from pluralism.errors import DataError, LabelError
from pluralism.scores import (
    kendall_distance,
    rank_agreement,
    recovery_error,
    relative_risk,
    relative_risk_table,
)
from pluralism.uncertainty import bootstrap

SCORES = st.lists(st.integers(0, 6), min_size=4, max_size=9)


@given(SCORES, st.randoms(use_true_random=False))
def test_against_scipy_and_brute_force(x, random):
    y = x[:]
    random.shuffle(y)
    if len(set(x)) == 1:
        with pytest.raises(DataError, match="`first` ties all items"):
            rank_agreement(x, y)
        return
    found = rank_agreement(x, y)
    assert found.spearman == pytest.approx(stats.spearmanr(x, y).statistic)
    assert found.kendall == pytest.approx(stats.kendalltau(x, y).statistic)
    gap = stats.rankdata(-np.array(x)) - stats.rankdata(-np.array(y))
    assert found.mean_difference == pytest.approx(np.abs(gap).mean())
    assert found.rmse == pytest.approx(np.sqrt((gap**2).mean()))
    assert found.max_difference == np.abs(gap).max()
    np.testing.assert_allclose(found.differences, gap)
    apart = 0.0
    for i, j in combinations(range(len(x)), 2):
        a, b = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
        apart += 1.0 if a * b < 0 else 0.5 * ((a == 0) != (b == 0))
    distance = apart / (len(x) * (len(x) - 1) / 2)
    assert found.kendall_distance == pytest.approx(distance)
    assert kendall_distance(x, y) == pytest.approx(distance)
    assert kendall_distance(y, x) == pytest.approx(distance)


def test_spearman_is_a_function_of_the_rmse():
    rng = np.random.default_rng(0)
    x, y = rng.permutation(16), rng.permutation(16)
    found = rank_agreement(x, y)
    assert found.spearman == pytest.approx(1 - 6 * found.rmse**2 / (16**2 - 1))


def test_the_published_pair():
    """gemma-3-12b: root mean square rank difference 7.115, rho -0.191 over 16 values."""
    assert pytest.approx(-0.191, abs=5e-4) == 1 - 6 * 7.115**2 / (16**2 - 1)


def test_labels_are_matched():
    x = pd.Series({"a": 3.0, "b": 2.0, "c": 1.0})
    y = {"c": 1.0, "a": 2.0, "b": 9.0}
    found = rank_agreement(x, y)
    assert found.differences["item"].values.tolist() == ["a", "b", "c"]
    assert found.differences.values.tolist() == [-1.0, 1.0, 0.0]
    with pytest.raises(LabelError, match=r"`second` has 'd' along 'item', which `first` has not"):
        rank_agreement(x, y | {"d": 1.0})
    with pytest.raises(DataError, match="`first` has 3 scores and `second` 2"):
        rank_agreement([1, 2, 3], [1, 2])
    with pytest.raises(DataError, match="at least 3 are needed"):
        rank_agreement([1, 2], [1, 2])
    with pytest.raises(DataError, match=r"`second\[1\]` is nan"):
        rank_agreement([1, 2, 3], [1, np.nan, 2])


def test_intervals_from_two_bootstraps():
    rng = np.random.default_rng(0)
    names = list("abcdef")
    truth = np.arange(6.0)

    def means(rows):
        return xr.DataArray(rows.mean(axis=0), dims="item", coords={"item": names})

    one, other = (
        bootstrap(means, truth + rng.normal(0, 2, (80, 6)), n=200, seed=k, progress=False)
        for k in range(2)
    )
    found = rank_agreement(one, other)
    bounds = found.intervals.sel(measure="spearman")
    assert bounds[0] <= found.spearman <= bounds[1] + 1e-12
    assert found.intervals.attrs["replicates"] == 200
    with pytest.raises(DataError, match="`second` is not a Bootstrap"):
        rank_agreement(one, other.estimate)


def test_recovery_error():
    truth = np.array([[np.nan, 0.7], [0.3, np.nan]])
    estimate = np.array([[np.nan, 0.4], [0.7, np.nan]])
    found = recovery_error(estimate, truth)
    assert found.frobenius == pytest.approx(0.5)
    assert found.relative == pytest.approx(0.5 / np.sqrt(0.58))
    assert found.maximum == pytest.approx(0.4)
    assert found.n == 2
    assert recovery_error([0.0], [0.0]).relative == 0
    assert recovery_error([1.0], [0.0]).relative == np.inf
    frame = pd.DataFrame(estimate, index=["a", "b"], columns=["a", "b"])
    turned = pd.DataFrame(truth, index=["a", "b"], columns=["a", "b"]).loc[["b", "a"], ["b", "a"]]
    assert recovery_error(frame, turned).maximum == pytest.approx(0.4)
    with pytest.raises(DataError, match=r"`estimate\[0, 0\]` is missing"):
        recovery_error(estimate, np.ones((2, 2)))
    with pytest.raises(DataError, match=r"shape \(2, 2\) and `truth` \(3,\)"):
        recovery_error(estimate, [1, 2, 3])
    with pytest.raises(DataError, match="hold no number"):
        recovery_error([np.nan], [np.nan])


# -- relative risks ------------------------------------------------------------------------------


def indicators(seed, rows=120):
    rng = np.random.default_rng(seed)
    values = pd.DataFrame(rng.random((rows, 3)) < 0.4, columns=["Truth", "Care", "Creativity"])
    chance = np.where(values["Creativity"], 0.6, 0.2)
    seen = rng.random((rows, 2)) < np.column_stack([chance, np.full(rows, 0.3)])
    return values, pd.DataFrame(seen, columns=["Power", "Deception"])


def test_against_scipy():
    values, behaviours = indicators(0)
    table = relative_risk_table(values, behaviours, method="log")
    assert table.columns.tolist() == [
        *("value", "behaviour", "ratio", "lower", "upper", "difference", "pvalue", "adjusted"),
        *("with_value", "hits_with", "without_value", "hits_without"),
    ]
    for _, row in table.iterrows():
        peer = scipy_relative_risk(
            row.hits_with, row.with_value, row.hits_without, row.without_value
        )
        assert row.ratio == pytest.approx(peer.relative_risk)
        interval = peer.confidence_interval(0.95)
        assert row.lower == pytest.approx(interval.low)
        assert row.upper == pytest.approx(interval.high)
    strong = table.set_index(["value", "behaviour"]).loc[("Creativity", "Power")]
    assert strong.ratio > 2
    assert strong.adjusted >= strong.pvalue


def test_score_intervals_are_those_of_relative_risk():
    values, behaviours = indicators(1)
    row = relative_risk_table(values, behaviours).iloc[0]
    one = relative_risk((row.hits_with, row.with_value), (row.hits_without, row.without_value))
    assert (row.lower, row.upper) == one.ratio_interval


def test_zero_cells():
    values = {"v": [1, 1, 1, 0, 0, 0], "all": [1] * 6, "none": [0] * 6}
    behaviours = {
        "only with": [1, 1, 0, 0, 0, 0],
        "only without": [0, 0, 0, 1, 0, 0],
        "never": [0] * 6,
        "always": [1] * 6,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = relative_risk_table(values, behaviours).set_index(["value", "behaviour"])
    only = table.loc[("v", "only with")]
    assert only.ratio == np.inf
    assert 0 < only.lower < np.inf
    assert only.upper == np.inf
    without = table.loc[("v", "only without")]
    assert without.ratio == without.lower == 0
    assert 0 < without.upper < np.inf
    assert table.loc[("v", "never"), ["ratio", "lower", "upper", "pvalue"]].isna().all()
    always = table.loc[("v", "always")]
    assert always.ratio == 1
    assert always.lower < 1 < always.upper
    assert np.isnan(always.pvalue)
    for name in ("all", "none"):
        assert table.loc[name, ["ratio", "lower", "upper", "pvalue"]].isna().all(axis=None)
    # never tested, never counted among the tests
    assert table["adjusted"].notna().sum() == 2


def test_tables_that_do_not_fit():
    values, behaviours = indicators(0)
    with pytest.raises(DataError, match="`values` has 120 rows and `behaviours` has 119"):
        relative_risk_table(values, behaviours.iloc[:-1])
    with pytest.raises(DataError, match="name their rows differently"):
        relative_risk_table(values, behaviours.iloc[::-1])
    with pytest.raises(DataError, match=r"`values\[0, 0\]` is 2; it must be 0 or 1"):
        relative_risk_table([[2, 1]], [[1, 0]])
    with pytest.raises(DataError, match="holds nothing"):
        relative_risk_table(np.zeros((0, 2)), np.zeros((0, 2)))
    with pytest.raises(DataError, match="`correction` is 'fdr'"):
        relative_risk_table(values, behaviours, correction="fdr")


def test_arrays_without_labels_are_matched_by_place():
    first = xr.DataArray([3.0, 1.0, 2.0], dims="x")
    second = xr.DataArray([1.0, 3.0, 2.0], dims="y")
    found = rank_agreement(first, second)
    assert found.spearman == pytest.approx(-1.0)


def test_intervals_of_arrays_without_labels_are_those_of_labelled_ones():
    rows = np.random.default_rng(1).normal(size=(2, 60, 5)) + np.arange(5.0)

    def labelled(data):
        return xr.DataArray(data.mean(axis=0), dims="item", coords={"item": list("abcde")})

    found = [
        rank_agreement(*(bootstrap(mean, part, n=100, seed=2) for part in rows)).intervals.values
        for mean in (labelled, lambda data: data.mean(axis=0))
    ]
    np.testing.assert_array_equal(*found)

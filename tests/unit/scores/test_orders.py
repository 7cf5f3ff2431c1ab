"""Trends, rank associations, fronts and volumes against brute force and other libraries."""

from __future__ import annotations

from itertools import combinations, permutations, product

import moocore
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from pluralism import DataError, scores
from pluralism.kernels import jonckheere
from pluralism.kernels._trend import page_tails_normal

RNG = np.random.default_rng(7)


@pytest.fixture(autouse=True)
def _same_numbers_whatever_ran_before():
    global RNG
    RNG = np.random.default_rng(7)


# -- trends ------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(2, 2), (1, 2, 3), (3, 3), (2, 1, 1, 2)])
@pytest.mark.parametrize("values", [(1, 2, 3, 4, 5, 6), (1, 1, 2, 2, 2, 3), (1, 1, 1, 1, 2, 2)])
def test_jonckheere_moments_are_those_of_all_orders(sizes, values):
    values = np.array(values[: sum(sizes)], dtype=float)
    ends = np.cumsum(sizes)[:-1]
    orders = [jonckheere(np.split(np.array(order), ends)) for order in permutations(values)]
    every = np.array([order.statistic for order in orders])
    assert orders[0].mean == pytest.approx(every.mean(), rel=1e-12)
    assert orders[0].variance == pytest.approx(every.var(), rel=1e-12)


def test_page_p_value_is_the_share_of_all_orders():
    table = np.array([[1, 3, 2], [1, 2, 3], [2, 1, 3]])
    found = scores.trend_test(table)
    weights = np.array([1, 2, 3])
    every = [sum(np.dot(order, weights) for order in orders) for orders in _orders(3, 3)]
    assert found.statistic == sum(np.dot(row, weights) for row in table)
    assert found.pvalue == pytest.approx(np.mean(np.array(every) >= found.statistic))
    down = scores.trend_test(table, alternative="decreasing")
    assert down.pvalue == pytest.approx(np.mean(np.array(every) <= found.statistic))
    rho = np.mean([stats.spearmanr(row, weights).statistic for row in table])
    assert found.effect == pytest.approx(rho)


@pytest.mark.parametrize("table", [[[1, 1, 1], [1, 2, 3], [2, 2, 4]], [[1, 2, 2, 5], [3, 1, 3, 3]]])
def test_page_p_value_with_ties_is_the_share_of_all_orders_of_the_mid_ranks(table):
    ranks = stats.rankdata(table, axis=1)
    weights = np.arange(1, ranks.shape[1] + 1)
    every = np.array(
        [sum(np.dot(row, weights) for row in rows) for rows in product(*map(permutations, ranks))]
    )
    up = scores.trend_test(table)
    assert up.how == "exact"
    assert up.pvalue == pytest.approx(np.mean(every >= up.statistic))
    down = scores.trend_test(table, alternative="decreasing")
    assert down.pvalue == pytest.approx(np.mean(every <= up.statistic))


def test_page_with_subjects_level_throughout_is_as_without_them():
    assert scores.trend_test([[1, 1, 1]] * 5 + [[1, 2, 3]] * 3).pvalue == pytest.approx(1 / 216)
    rising = np.tile(np.arange(9.0), (4, 1))
    rising[:2, 1] = 3.0
    without = scores.trend_test(rising)
    level = scores.trend_test(np.concatenate([rising, np.ones((30, 9))]))
    assert (without.how, level.pvalue) == ("normal", pytest.approx(without.pvalue))


def test_normal_page_variance_with_ties_is_that_of_all_orders():
    ranks = np.array([[1.5, 1.5, 3, 4], [1, 2, 4, 3], [1, 3, 3, 3]])
    weights = np.arange(1, 5)
    variance = sum(np.var([np.dot(order, weights) for order in permutations(r)]) for r in ranks)
    away = (ranks @ weights).sum() - 3 * 25
    assert page_tails_normal(ranks)[0] == pytest.approx(stats.norm.sf(away / np.sqrt(variance)))
    untied = np.tile(np.arange(1.0, 10), (3, 1))
    assert page_tails_normal(untied)[0] == pytest.approx(
        stats.page_trend_test(untied, ranked=True, method="asymptotic").pvalue
    )


def _orders(n_rows, k):
    return product(permutations(range(1, k + 1)), repeat=n_rows)


def test_jonckheere_moments_are_those_of_all_permutations_with_ties():
    groups = [[1.0, 2.0], [2.0, 3.0], [3.0, 5.0]]
    sizes = [2, 2, 2]
    pooled = np.concatenate(groups)
    every = []
    for order in permutations(range(6)):
        parts = np.split(pooled[list(order)], np.cumsum(sizes)[:-1])
        every.append(
            sum((np.sign(np.subtract.outer(b, a)) + 1).sum() / 2 for a, b in combinations(parts, 2))
        )
    from pluralism.kernels._trend import jonckheere

    kernel = jonckheere([np.array(group) for group in groups])
    assert kernel.mean == pytest.approx(np.mean(every))
    assert kernel.variance == pytest.approx(np.var(every))
    found = scores.trend_test(groups, method="jonckheere")
    z = (kernel.statistic - kernel.mean) / kernel.variance**0.5
    assert found.pvalue == pytest.approx(stats.norm.sf(z))
    drawn = scores.trend_test(groups, method="jonckheere", n_permutations=1000, seed=0)
    exact = np.mean(np.array(every) >= kernel.statistic - 1e-9)
    assert drawn.pvalue == pytest.approx(exact, abs=0.03)
    both = scores.trend_test(groups, method="jonckheere", alternative="two-sided")
    assert both.pvalue == pytest.approx(2 * found.pvalue)


def test_jonckheere_of_two_groups_is_mann_whitney():
    a, b = RNG.normal(size=9), RNG.normal(0.5, size=11)
    found = scores.trend_test([a, b], method="jonckheere")
    test = stats.mannwhitneyu(b, a, alternative="greater", use_continuity=False)
    assert found.statistic == test.statistic
    exact = stats.mannwhitneyu(
        b, a, alternative="greater", method="asymptotic", use_continuity=False
    )
    assert found.pvalue == pytest.approx(exact.pvalue)


def test_quadratic_against_linear():
    x = np.tile(np.arange(6.0), 4)
    y = 1 + 0.5 * x + RNG.normal(0, 0.1, 24)
    bent = y - 0.3 * x**2
    straight, curved = (
        scores.trend_test(column, levels=x, method="quadratic") for column in (y, bent)
    )
    assert straight.pvalue > 0.01 > curved.pvalue
    assert min(straight.aic, key=straight.aic.get) == "linear"
    assert min(curved.aic, key=curved.aic.get) == "quadratic"
    assert curved.curvature == pytest.approx(-0.3, abs=0.05)
    residuals = [((y - np.polyval(np.polyfit(x, y, degree), x)) ** 2).sum() for degree in (1, 2)]
    f = (residuals[0] - residuals[1]) / (residuals[1] / 21)
    assert straight.statistic == pytest.approx(f)
    assert straight.pvalue == pytest.approx(stats.f.sf(f, 1, 21))


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        ([[1, 2, 3]], {}, "2 subjects and 3 levels"),
        ([[1, 2, 3], [1, np.nan, 2]], {}, r"`values\[1, 1\]` is nan"),
        ([[1, 1], [1]], {"method": "jonckheere"}, "all equal"),
        ([1, 2, 3, 4], {"method": "quadratic"}, "`levels` is missing"),
        ([1, 2, 3, 4], {"method": "quadratic", "levels": [1, 1, 2, 2]}, "4 values at 3 levels"),
        ([[1, 2, 3]] * 2, {"alternative": "up"}, "`alternative` is 'up'"),
        ([[1, 2, 3]] * 2, {"levels": [1, 2, 3]}, "`levels` is for"),
    ],
)
def test_what_has_no_trend_is_said(values, arguments, message):
    with pytest.raises(DataError, match=message):
        scores.trend_test(values, **arguments)


# -- rank association --------------------------------------------------------------------


@pytest.mark.parametrize("method", ["spearman", "kendall"])
def test_rank_association_agrees_with_scipy(method):
    x, y = RNG.integers(0, 8, 25), RNG.integers(0, 8, 25)
    found = scores.rank_association(x, y, method=method, n_permutations=199, seed=0)
    reference = stats.spearmanr(x, y) if method == "spearman" else stats.kendalltau(x, y)
    assert found.estimate == pytest.approx(reference.statistic)
    assert found.pvalue == pytest.approx(reference.pvalue, abs=0.12)
    assert found.interval[0] < found.estimate < found.interval[1]


@pytest.mark.parametrize("method", ["spearman", "kendall"])
def test_small_samples_are_permuted_exactly(method):
    x, y = [1, 2, 3, 4, 5], [2, 1, 3, 5, 4]
    found = scores.rank_association(x, y, method=method)
    statistic = stats.spearmanr if method == "spearman" else stats.kendalltau
    every = [abs(statistic(x, order).statistic) for order in permutations(y)]
    assert found.pvalue == np.mean(np.array(every) >= abs(found.estimate) - 1e-9)


def test_partial_correlations_by_their_formulas():
    z = RNG.normal(size=30)
    x, y = z + RNG.normal(size=30), z + RNG.normal(size=30)
    for method, plain in (("spearman", stats.spearmanr), ("kendall", stats.kendalltau)):
        found = scores.rank_association(x, y, covariate=z, method=method, n_permutations=99, seed=0)
        xy, xz, yz = (plain(a, b).statistic for a, b in ((x, y), (x, z), (y, z)))
        expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
        assert found.estimate == pytest.approx(expected)
        assert found.estimate < xy
        assert found.partial


@pytest.mark.parametrize(
    ("x", "y", "arguments", "message"),
    [
        ([1, 1, 1], [1, 2, 3], {}, "`x` is constant"),
        (["a", "b", "c"], [1, 2, 3], {}, "`x` must hold numbers"),
        ([1, 2], [2, 1], {}, "at least 3 are needed"),
        ([1, 2, 3], [1, 2], {}, "at least 3 are needed"),
        ([1, 2, 3, 4], [1, 2, 3], {}, "must be equally long"),
        ([1, 2, 3, 4], [2, 1, 4, 3], {"covariate": [1, 2, 3, 4]}, "follows `covariate` exactly"),
        ([1, 2, np.inf], [1, 2, 3], {}, r"`x\[2\]` is inf"),
    ],
)
def test_what_has_no_rank_correlation_is_said(x, y, arguments, message):
    with pytest.raises(DataError, match=message):
        scores.rank_association(x, y, **arguments)


# -- fronts and volumes ------------------------------------------------------------------

POINTS = arrays(np.float64, (6, 3), elements=st.integers(0, 4).map(float))


@pytest.mark.slow
@given(POINTS)
def test_front_is_what_brute_force_finds(points):
    expected = tuple(
        i
        for i in range(6)
        if not any(
            (points[j] >= points[i]).all() and (points[j] > points[i]).any() for j in range(6)
        )
    )
    found = scores.pareto_front(points)
    assert found.front == expected
    assert scores.pareto_front(-points, maximize=False).front == expected
    np.testing.assert_array_equal(
        moocore.is_nondominated(points, maximise=True, keep_weakly=True), found.mask
    )


@pytest.mark.slow
@given(POINTS)
def test_hypervolume_counts_the_cells_of_the_grid(points):
    corner = np.indices((4, 4, 4)).reshape(3, -1).T
    covered = ((corner[:, None] < points[None]).all(axis=2)).any(axis=1).sum()
    assert scores.hypervolume(points, reference=[0, 0, 0]) == pytest.approx(covered)
    flat = ((corner[:16, None, 1:] < points[None, :, 1:]).all(axis=2)).any(axis=1).sum()
    assert scores.hypervolume(points[:, 1:], reference=[0, 0]) == pytest.approx(flat)


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_hypervolume_agrees_with_moocore(d):
    points = RNG.random((15, d))
    ours = scores.hypervolume(points, reference=np.zeros(d))
    theirs = moocore.hypervolume(points, ref=np.zeros(d), maximise=True) if d > 1 else points.max()
    assert ours == pytest.approx(float(theirs))
    mixed = points * [1] * 1
    mixed[:, 0] *= -1
    better = [False] + [True] * (d - 1)
    assert scores.hypervolume(mixed, reference=np.zeros(d), maximize=better) == pytest.approx(ours)
    assert scores.hypervolume(points, reference=np.ones(d)) == 0.0


def test_ties_tolerance_and_the_probability_of_the_front():
    frame = pd.DataFrame(
        {"reward": [1.0, 1.0, 0.99, 0.2], "harm": [5.0, 5.0, 4.0, 6.0]}, index=list("abcd")
    )
    better = {"reward": True, "harm": False}
    assert scores.pareto_front(frame, maximize=better).front == ("a", "b", "c")
    near = scores.pareto_front(frame, maximize=better, tolerance=[0.05, 0])
    assert near.front == ("c",)
    assert near.dominated_by.values.tolist() == [1, 1, 0, 3]
    noise = RNG.normal(0, 0.01, (200, 4, 2))
    apart = frame.assign(reward=[1.0, 1.0, 0.9, 0.2])
    found = scores.pareto_front(apart, maximize=better, replicates=apart.to_numpy() + noise)
    # a and b are equal: with independent errors in two objectives, each dominates the other
    # in a quarter of the replicates; c is safe, d hopeless.
    assert found.probability.sel(system="a") == pytest.approx(0.75, abs=0.1)
    assert found.probability.sel(system="c") == 1.0
    assert found.probability.sel(system="d") == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scores.pareto_front([[1, np.nan]]), r"`points\[0, 1\]` is nan"),
        (lambda: scores.pareto_front([[1, 2]], maximize=[True]), "1 entries for 2 columns"),
        (lambda: scores.pareto_front({"a": [1]}, maximize={"b": True}), "does not say which way"),
        (lambda: scores.pareto_front([[1, 2]], tolerance=-1), "a tolerance must be at least 0"),
        (lambda: scores.pareto_front([[1, 2]], replicates=[[[1, 2, 3]]]), "must be \\(replicates"),
        (lambda: scores.hypervolume([[1, 2]], reference=[0]), "1 entries for 2 objectives"),
    ],
)
def test_wrong_points_are_named(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_beyond_three_objectives_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "moocore", None)
    with pytest.raises(DataError, match="needs the package moocore"):
        scores.hypervolume([[1, 1, 1, 1]], reference=[0, 0, 0, 0])


# -- trade-offs --------------------------------------------------------------------------


def test_tradeoff_fit_is_least_squares():
    r = np.linspace(-3, 3, 25)
    gain = 0.2 + 0.3 * r + RNG.normal(0, 0.02, 25)
    cost = 0.8 - 0.04 * r**2 + RNG.normal(0, 0.02, 25)
    fit = scores.tradeoff_fit(r, gain, cost)
    line = stats.linregress(r, gain)
    bowl = stats.linregress(r**2, cost)
    assert (fit.slope, fit.slope_stderr) == pytest.approx((line.slope, line.stderr))
    assert (fit.curvature, fit.curvature_stderr) == pytest.approx((-bowl.slope, bowl.stderr))
    assert fit.cost_aic["quadratic"] < fit.cost_aic["linear"]
    best = fit.best_strength(2.0)
    grid = np.linspace(0, 10, 100_001)
    net = fit.slope * grid - 2.0 * fit.curvature * grid**2
    assert best == pytest.approx(grid[net.argmax()], abs=1e-4)
    flat = scores.tradeoff_fit(r, gain, -cost)
    assert flat.best_strength(1.0) == float("inf")


def test_controllability_of_perfect_no_and_reversed_control():
    asked = [1, 2, 3, 4, 5]
    perfect = scores.controllability(asked, asked)
    assert (perfect.slope, perfect.spearman) == pytest.approx((1, 1))
    assert (perfect.monotone, perfect.error) == (1, 0)
    none = scores.controllability(asked, [3] * 5)
    assert (none.slope, none.monotone) == (0, 0.5)
    assert np.isnan(none.spearman)
    assert scores.controllability(asked, asked[::-1]).monotone == 0


def test_tradeoff_steerability_and_attainment():
    found = scores.tradeoff_steerability([[0.9, 0.2], [0.95, 0.8]], [[1, 0], [0, 1]])
    assert found.total == pytest.approx(1.7)
    assert found.regret == pytest.approx([0.05, 0.0])
    assert found.unsteered == pytest.approx(0.875)
    runs = [[[1, 0], [0, 1]], [[1, 1]], [[0.5, 0.5]]]
    curve = scores.attainment_curve(runs, thresholds=[[0.5, 0.5], [1, 0], [1, 1]])
    assert curve.share.tolist() == pytest.approx([2 / 3, 2 / 3, 1 / 3])
    for call, message in (
        (lambda: scores.tradeoff_steerability([[1, 2]], [[0, 0]]), "is all zero"),
        (lambda: scores.tradeoff_steerability([[1, 2]], [[1, -1]]), "at least 0"),
        (lambda: scores.attainment_curve([[[1, 2]]], thresholds=[1]), "they must agree"),
        (lambda: scores.controllability([1, 1, 1], [1, 2, 3]), "is constant"),
        (lambda: scores.tradeoff_fit([0, 1, 0, 1], [1, 2, 3, 4], [1, 2, 3, 4]), "at least 3"),
    ):
        with pytest.raises(DataError, match=message):
            call()


def test_jonckheere_of_two_numbers_is_a_coin():
    from pluralism.kernels._trend import jonckheere

    found = jonckheere([np.array([1.0]), np.array([2.0])])
    assert tuple(found) == (1.0, 0.5, 0.25)

"""Robust regressions, and what a covariance says about differences, against scipy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import optimize, special, stats

from pluralism.kernels import _contrasts, _robust
from pluralism.kernels._pairs import fold_pairs

WHOLE = np.zeros(6, dtype=np.int32)


def logits(seed, n=6):
    """Random logits with a few wild ones, and weights."""
    rng = np.random.default_rng(seed)
    low, high = (part.astype(np.int32) for part in np.triu_indices(n, 1))
    pairs = fold_pairs(low, high, np.ones(len(low)), np.ones(len(low)), n)
    utility = rng.normal(size=n)
    logit = utility[low] - utility[high] + 0.1 * rng.normal(size=len(low))
    logit[rng.integers(len(low), size=3)] += rng.normal(0.0, 9.0, 3)
    return pairs, logit, rng.random(len(low)) + 0.2


def loss_of(pairs, logit, weight, point):
    return weight @ np.abs(logit - point[pairs.low] + point[pairs.high])


def least_absolute(pairs, logit, weight):
    """The same minimum by a linear programme."""
    m, n = len(logit), pairs.n_items
    design = np.zeros((m, n))
    design[np.arange(m), pairs.low], design[np.arange(m), pairs.high] = 1.0, -1.0
    solved = optimize.linprog(
        np.r_[np.zeros(n), weight, weight],
        A_eq=np.hstack([design, np.eye(m), -np.eye(m)]),
        b_eq=logit,
        bounds=[(None, None)] * n + [(0, None)] * (2 * m),
    )
    return solved.fun


def test_least_absolute_residuals_are_those_of_a_linear_programme():
    settings = {"tolerance": 1e-10, "max_iterations": 50}
    for seed in range(6):
        pairs, logit, weight = logits(seed)
        found = _robust.fit_absolute(pairs, logit, weight, WHOLE, **settings)
        assert found.status == _robust.CONVERGED
        assert found.gap <= 1e-10
        least = least_absolute(pairs, logit, weight)
        assert loss_of(pairs, logit, weight, found.point) == pytest.approx(least, rel=1e-8)
        assert found.iterations < 20
        settings["max_iterations"] = found.iterations
        again = _robust.fit_absolute(pairs, logit, weight, WHOLE, **settings)
        assert again[1:] == found[1:]
        settings["max_iterations"] = found.iterations - 1
        early = _robust.fit_absolute(pairs, logit, weight, WHOLE, **settings)
        assert early.status == _robust.OUT_OF_ITERATIONS
        assert early.iterations == found.iterations - 1
        settings["max_iterations"] = 50


def test_the_gap_is_never_less_than_what_is_left_to_gain():
    pairs, logit, weight = logits(1)
    least, total = least_absolute(pairs, logit, weight), weight @ np.abs(logit)
    before = np.inf
    for steps in range(1, 9):
        found = _robust.fit_absolute(
            pairs, logit, weight, WHOLE, tolerance=0.0, max_iterations=steps
        )
        left = loss_of(pairs, logit, weight, found.point) - least
        assert -1e-12 <= left <= found.gap * total + 1e-12
        assert found.gap < 0.7 * before
        before = found.gap


def test_residuals_of_zero_need_no_step():
    pairs, _, weight = logits(2)
    utility = np.arange(6.0) - 2.5
    exact = utility[pairs.low] - utility[pairs.high]
    found = _robust.fit_absolute(pairs, exact, weight, WHOLE, tolerance=1e-9, max_iterations=5)
    assert found.iterations == 1
    assert found.status == _robust.CONVERGED
    assert found.gap < 1e-14
    np.testing.assert_allclose(found.point, utility, atol=1e-12)
    nothing = _robust.fit_absolute(
        pairs, 0.0 * exact, weight, WHOLE, tolerance=0.0, max_iterations=5
    )
    assert nothing[1:] == (0.0, 1, _robust.CONVERGED)


def test_the_longest_step_keeps_every_part_positive():
    one, two = np.array([1.0, 2.0]), np.array([4.0])
    lengths = _robust._lengths
    assert lengths((one, two), (np.array([0.5, 0.0]), np.array([0.1]))) == 1.0
    assert lengths((one, two), (np.array([-0.5, 1.0]), np.array([-2.0]))) == 1.0
    assert lengths((one, two), (np.array([-0.5, -4.0]), np.array([-16.0]))) == pytest.approx(
        0.25, rel=1e-3
    )
    assert lengths((one, two), (np.array([-0.5, -4.0]), np.array([-16.0]))) < 0.25


@pytest.mark.parametrize("bend", [0.3, 1.5])
def test_huber_is_where_scipy_finds_the_least_loss(bend):
    pairs, logit, weight = logits(3)

    def loss(point):
        return special.huber(bend, weight * (logit - point[pairs.low] + point[pairs.high])).sum()

    settings = {"tolerance": 1e-10, "max_iterations": 2000}
    fit = (pairs, logit, weight, bend, np.zeros(6), WHOLE)
    found = _robust.fit_huber(*fit, **settings)
    expected = optimize.minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-9}).x
    np.testing.assert_allclose(found.point, expected - expected.mean(), atol=1e-6)
    assert found.status == _robust.CONVERGED
    assert found.gap <= 1e-10
    assert 2 < found.iterations < 2000
    again = _robust.fit_huber(*fit, **{**settings, "max_iterations": found.iterations})
    assert again[1:] == found[1:]
    early = _robust.fit_huber(*fit, **{**settings, "max_iterations": found.iterations - 1})
    assert early[2:] == (found.iterations - 1, _robust.OUT_OF_ITERATIONS)
    assert early.gap > 1e-10
    first = _robust.fit_huber(*fit, **{**settings, "max_iterations": 1})
    assert first.gap == pytest.approx(np.abs(first.point).max() / bend)


@pytest.mark.parametrize("cut", [2, 4])
def test_parts_that_never_met_have_means_of_zero(cut):
    pairs, logit, weight = logits(4)
    kept = (pairs.low < cut) == (pairs.high < cut)
    low, high = pairs.low[kept], pairs.high[kept]
    parts = fold_pairs(low, high, np.ones(len(low)), np.ones(len(low)), 6)
    component = (np.arange(6) >= cut).astype(np.int32)
    settings = {"tolerance": 1e-9, "max_iterations": 500}
    for point in (
        _robust.fit_absolute(parts, logit[kept], weight[kept], component, **settings).point,
        _robust.fit_huber(
            parts, logit[kept], weight[kept], 0.5, np.zeros(6), component, **settings
        ).point,
    ):
        assert np.abs([point[:cut].sum(), point[cut:].sum()]).max() < 1e-9


def test_pursuit_finds_a_planted_split_and_counts_its_steps():
    rng = np.random.default_rng(0)
    planted = np.outer(rng.normal(size=20), rng.normal(size=20))
    wild = np.zeros((20, 20))
    wild[rng.integers(20, size=15), rng.integers(20, size=15)] = 5.0
    seen = np.ones((20, 20), dtype=bool)
    seen[0, 1:3] = seen[5, 7] = False
    settings = {"tolerance": 1e-8, "max_iterations": 5000}
    penalty = 1 / np.sqrt(20)
    found = _robust.pursue_low_rank(planted + wild, seen, penalty, **settings)
    assert found.status == _robust.CONVERGED
    np.testing.assert_allclose(found.low_rank, planted, atol=1e-5)
    np.testing.assert_allclose(found.sparse, np.where(seen, wild, 0.0), atol=1e-5)
    assert found.gap <= 1e-8
    exactly = {**settings, "max_iterations": found.iterations}
    again = _robust.pursue_low_rank(planted + wild, seen, penalty, **exactly)
    assert again[2:] == found[2:]
    exactly["max_iterations"] -= 1
    early = _robust.pursue_low_rank(planted + wild, seen, penalty, **exactly)
    assert early[3:] == (found.iterations - 1, _robust.OUT_OF_ITERATIONS)
    assert early.gap > 1e-8
    empty = _robust.pursue_low_rank(np.zeros((3, 3)), seen[:3, :3], penalty, **settings)
    assert empty[2:] == (0.0, 1, _robust.CONVERGED)


def test_pursuit_is_the_least_of_its_objective():
    rng = np.random.default_rng(7)
    table = 10.0 * rng.normal(size=(5, 5))
    seen = rng.random((5, 5)) < 0.8
    found = _robust.pursue_low_rank(table, seen, 0.4, tolerance=1e-11, max_iterations=50_000)
    assert found.status == _robust.CONVERGED

    def objective(low_rank):
        misfit = np.abs(table - low_rank)[seen].sum()
        return np.linalg.svd(low_rank, compute_uv=False).sum() + 0.4 * misfit

    least = objective(found.low_rank)
    for size in (1e-1, 1e-3):
        for _ in range(50):
            assert objective(found.low_rank + size * rng.normal(size=(5, 5))) >= least - 1e-9


@pytest.mark.parametrize("rank", [1, 2])
def test_a_low_rank_table_is_completed(rank):
    rng = np.random.default_rng(3)
    whole = rng.normal(size=(12, rank)) @ rng.normal(size=(rank, 12))
    seen = rng.random((12, 12)) < 0.8
    settings = {"tolerance": 1e-10, "max_iterations": 20_000}
    found = _robust.complete_table(np.where(seen, whole, 99.0), seen, rank, **settings)
    np.testing.assert_allclose(found.low_rank, whole, atol=1e-6)
    np.testing.assert_allclose(found.sparse, 0.0, atol=1e-6)
    assert found.gap <= 1e-10
    assert found.status == _robust.CONVERGED
    again = _robust.complete_table(
        whole, seen, rank, tolerance=1e-10, max_iterations=found.iterations
    )
    assert again[2:] == found[2:]
    early = _robust.complete_table(
        whole, seen, rank, tolerance=1e-10, max_iterations=found.iterations - 1
    )
    assert early[3:] == (found.iterations - 1, _robust.OUT_OF_ITERATIONS)
    rough = _robust.complete_table(whole, seen, 1, tolerance=1e-6, max_iterations=1)
    left, values, right = np.linalg.svd(np.where(seen, whole, 0.0))
    np.testing.assert_allclose(rough.low_rank, values[0] * np.outer(left[:, 0], right[0]))
    np.testing.assert_allclose(rough.sparse, np.where(seen, whole - rough.low_rank, 0.0))


# -- contrasts -----------------------------------------------------------------------------------


def covariance_of(n, seed=0):
    root = np.random.default_rng(seed).normal(size=(n, n + 1))
    return root @ root.T / n


def test_quantiles_and_tails_are_those_of_scipy():
    assert _contrasts.normal_quantile(0.9) == pytest.approx(stats.norm.ppf(0.95))
    assert _contrasts.chi_squared_tail(3.0, 2) == pytest.approx(stats.chi2.sf(3.0, 2))
    np.testing.assert_allclose(
        _contrasts.two_sided_pvalue(np.array([-1.0, 2.0])), 2 * stats.norm.sf([1.0, 2.0])
    )
    alone = 0.9 ** (1 / 7)
    assert _contrasts.sidak_quantile(0.9, 7) == pytest.approx(stats.norm.ppf(0.5 + alone / 2))


def test_variances_of_differences():
    covariance = covariance_of(4)
    expected = np.zeros((4, 4))
    for i, j in itertools.product(range(4), repeat=2):
        contrast = np.eye(4)[i] - np.eye(4)[j]
        expected[i, j] = contrast @ covariance @ contrast
    np.testing.assert_allclose(_contrasts.contrast_variances(covariance), expected, atol=1e-14)
    wrong = np.array([[1.0, 1.5], [1.5, 1.0]])  # no covariance: nothing is below zero
    assert _contrasts.contrast_variances(wrong).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_quasi_variances_minimise_the_squared_errors_of_logarithms():
    for n, seed in ((3, 0), (5, 1), (8, 2)):
        covariance = covariance_of(n, seed)
        off = np.triu_indices(n, 1)
        target = np.log(_contrasts.contrast_variances(covariance)[off])

        def loss(values, off=off, target=target):
            return ((target - np.log(np.maximum(values[off[0]] + values[off[1]], 1e-9))) ** 2).sum()

        found = _contrasts.quasi_variances(covariance)
        assert found.converged
        close = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 20_000, "maxfev": 20_000}
        start = 1.05 * found.values
        least = optimize.minimize(loss, start, method="Nelder-Mead", options=close)
        assert loss(found.values) <= least.fun + 1e-9
        sums = found.values[off[0]] + found.values[off[1]]
        error = np.sqrt(sums / np.exp(target)) - 1
        assert found.lowest_error == pytest.approx(error.min())
        assert found.highest_error == pytest.approx(error.max())
    diagonal = np.diag([1.0, 2.0, 4.0])
    exact = _contrasts.quasi_variances(diagonal)
    np.testing.assert_allclose(exact.values, [1.0, 2.0, 4.0])
    assert exact[1:] == pytest.approx((0.0, 0.0, True))


def test_quasi_variances_of_one_and_two_share_the_variance():
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    two = _contrasts.quasi_variances(covariance)
    assert two.values.tolist() == [1.0, 1.0]  # 2 + 1 - 2 x 0.5, in halves
    assert two[1:] == (0.0, 0.0, True)
    assert _contrasts.quasi_variances(covariance[:1, :1]).values.tolist() == [0.0]


def test_quasi_variances_say_whether_they_converged():
    covariance = covariance_of(5, 3)
    enough = next(
        steps for steps in range(1, 101) if _contrasts.quasi_variances(covariance, steps).converged
    )
    assert 2 < enough < 30
    assert not _contrasts.quasi_variances(covariance, 1).converged


def test_draws_have_the_covariance():
    covariance = covariance_of(3)
    drawn = _contrasts.normal_draws(covariance, 200_000, np.random.default_rng(0))
    np.testing.assert_allclose(np.cov(drawn), covariance, atol=0.02)
    np.testing.assert_allclose(drawn.mean(axis=1), 0.0, atol=0.01)


def test_critical_values_are_quantiles_of_the_largest():
    covariance = covariance_of(4, 5)
    covariance[2] = covariance[:, 2] = 0.0  # the reference
    rng = np.random.default_rng
    drawn = _contrasts.normal_draws(covariance, 5000, rng(1))
    free = [0, 1, 3]
    largest = np.abs(drawn[free] / np.sqrt(np.diag(covariance)[free])[:, None]).max(axis=0)
    assert _contrasts.critical_deviation(covariance, 0.8, 5000, rng(1)) == pytest.approx(
        np.quantile(largest, 0.8)
    )
    assert _contrasts.critical_deviation(covariance, 0.8, 0, rng(1)) == _contrasts.sidak_quantile(
        0.8, 3
    )
    largest = np.max(
        [
            np.abs(drawn[i] - drawn[j])
            / np.sqrt(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j])
            for i, j in itertools.combinations(range(4), 2)
        ],
        axis=0,
    )
    assert _contrasts.critical_range(covariance, 0.8, 5000, rng(1)) == pytest.approx(
        np.quantile(largest, 0.8)
    )
    assert _contrasts.critical_range(covariance, 0.8, 0, rng(1)) == _contrasts.sidak_quantile(
        0.8, 6
    )


def leads(utility, covariance, drawn, pairs):
    """Critical value of the largest lead among these pairs, and everyone's own lead."""
    n = len(utility)
    spread = {
        (i, j): np.sqrt(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j])
        for i in range(n)
        for j in range(n)
        if i != j
    }
    largest = np.max([(drawn[i] - drawn[j]) / spread[i, j] for i, j in pairs], axis=0)
    return largest, {(i, j): (utility[i] - utility[j]) / spread[i, j] for i, j in spread}


def test_what_one_step_shows_need_not_be_guarded_against_in_the_next():
    stepped = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        covariance, utility = covariance_of(5, seed) / 4, rng.normal(size=5)
        drawn = _contrasts.normal_draws(covariance, 2000, np.random.default_rng(9))
        every = [(i, j) for i in range(5) for j in range(5) if i != j]
        shown, first = set(), None
        while True:
            kept = [pair for pair in every if pair not in shown]
            largest, lead = leads(utility, covariance, drawn, kept)
            critical = np.quantile(largest, 0.9)
            first = critical if first is None else first
            more = {pair for pair in kept if lead[pair] > critical}
            if not more:
                break
            shown |= more
        above, last = _contrasts.surely_above(
            utility, covariance, 0.9, 2000, np.random.default_rng(9)
        )
        assert {tuple(pair) for pair in np.argwhere(above).tolist()} == shown
        assert last == pytest.approx(critical)
        stepped += last < first - 1e-9
        bounds = _contrasts.rank_bounds(above)
        for item in range(5):
            assert bounds.lower[item] == 1 + sum(j == item for _, j in shown)
            assert bounds.upper[item] == 5 - sum(i == item for i, _ in shown)
        one_step, critical = _contrasts.surely_above(
            utility, covariance, 0.9, 0, np.random.default_rng(9)
        )
        assert critical == _contrasts.sidak_quantile(0.9, 10)
        assert {tuple(pair) for pair in np.argwhere(one_step).tolist()} == {
            pair for pair in every if lead[pair] > critical
        }
    assert stepped > 3


def test_who_is_surely_not_first_is_behind_somebody():
    outcomes = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        covariance, utility = covariance_of(5, seed) / 4, rng.normal(size=5)
        drawn = _contrasts.normal_draws(covariance, 2000, np.random.default_rng(9))
        out = _contrasts.never_first(utility, covariance, 0.9, 2000, np.random.default_rng(9))
        without = _contrasts.never_first(utility, covariance, 0.9, 0, np.random.default_rng(9))
        for item in range(5):
            others = [(other, item) for other in range(5) if other != item]
            largest, lead = leads(utility, covariance, drawn, others)
            behind = max(lead[pair] for pair in others)
            assert out[item] == (behind > np.quantile(largest, 0.9))
            assert without[item] == (behind > stats.norm.isf(0.1 / 4))
            outcomes.add((bool(out[item]), bool(without[item])))
    assert outcomes >= {(True, True), (False, False), (True, False)}

"""Distances, diversities, calibration, tables and trends against loops, scipy and statsmodels."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import special, stats
from statsmodels.stats.contingency_tables import StratifiedTable

from pluralism.kernels import (
    _calibration,
    _confidence,
    _consensus,
    _contingency,
    _cross,
    _distances,
    _diversity,
    _dyads,
    _exact_tables,
    _group_distance,
    _trend,
)

RNG = np.random.default_rng(0)
P, Q = RNG.dirichlet(np.full(4, 0.6), (2, 3, 5))
P[0, 0], Q[0, 0] = [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.25, 0.75]  # nothing in common
P[1, 1] = Q[1, 1]
Q[2, 2] = np.array([0.0, 0.5, 0.5, 0.0])
P[2, 2] = np.array([0.0, 0.25, 0.75, 0.0])


def each(function):
    return np.array(
        [[function(p, q) for p, q in zip(a, b, strict=True)] for a, b in zip(P, Q, strict=True)]
    )


def divergence(p, q):
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a)


@pytest.mark.parametrize("block", [4, 17, 1 << 15])
def test_distances_by_their_sums(block, monkeypatch):
    monkeypatch.setattr(_distances, "BLOCK", block)

    def js(p, q):
        middle = (p + q) / 2
        return (divergence(p, middle) + divergence(q, middle)) / 2

    gaps = np.array([1.0, 0.5, 3.0])
    positions = np.r_[0.0, gaps.cumsum()]
    for kernel, formula in (
        (_distances.js_divergence, js),
        (_distances.total_variation, lambda p, q: np.abs(p - q).sum() / 2),
        (_distances.manhattan, lambda p, q: np.abs(p - q).sum()),
        (_distances.hellinger, lambda p, q: np.sqrt(max(0.0, 1 - np.sqrt(p * q).sum()))),
        (
            lambda p, q: _distances.wasserstein(p, q, gaps),
            lambda p, q: stats.wasserstein_distance(positions, positions, p, q),
        ),
    ):
        np.testing.assert_allclose(kernel(P, Q), each(formula), atol=2e-8)
        np.testing.assert_array_equal(kernel(P, P), 0.0)
        # against one distribution for all
        np.testing.assert_allclose(
            kernel(P, Q[0, 1])[2], [formula(p, Q[0, 1]) for p in P[2]], atol=2e-8
        )
    assert _distances.js_divergence(P, Q)[0, 0] == math.log(2)
    assert _distances.manhattan(P, Q)[0, 0] == 2.0
    assert _distances.total_variation(P, Q)[0, 0] == _distances.hellinger(P, Q)[0, 0] == 1.0


def test_divergences_of_kullback_and_leibler_and_among_many():
    found = _distances.kl_divergence(P, Q)
    assert found[0, 0] == np.inf
    assert found[1, 1] == 0.0
    assert found[2, 2] == pytest.approx(0.25 * math.log(0.5) + 0.75 * math.log(1.5))
    weights = np.array([[0.2, 0.3, 0.0, 0.5, 0.0], [0.2] * 5, [0.0, 0.0, 1.0, 0.0, 0.0]])
    entropy = special.entr
    among = entropy((weights[..., None] * P).sum(axis=1)).sum(axis=-1)
    among -= (weights * entropy(P).sum(axis=-1)).sum(axis=-1)
    np.testing.assert_allclose(_distances.js_divergence_among(P, weights), among, atol=1e-12)
    assert _distances.js_divergence_among(np.eye(2), np.full(2, 0.5)) == pytest.approx(math.log(2))


def test_gaps_of_their_own_and_a_single_category():
    gaps = RNG.random((3, 5, 3))
    found = _distances.wasserstein(P, Q, gaps)
    cumulated = np.abs(np.cumsum(P - Q, axis=-1))[..., :3]
    np.testing.assert_allclose(found, (cumulated * gaps).sum(axis=-1))
    one = _distances.wasserstein(np.ones((2, 3, 1)), np.ones((3, 1)), np.zeros(0))
    assert one.tolist() == [[0.0] * 3] * 2


ORDERS = np.array([0.0, 0.4, 0.5, 1.0, 1.2, 1.5, 2.0, 3.7, np.inf])


def test_diversities_by_powers():
    p = np.vstack([P[2, 2], P[1, 0], Q[0, 0]])
    similarity = 0.5 * np.eye(4) + 0.5 * np.array(
        [[1, 0.5, 0, 0], [0.2, 1, 0, 0], [0, 0, 1, 0.7], [0, 0, 0.1, 1]]
    )
    for row, shares in enumerate(p):
        seen = shares > 0
        at = shares[seen]
        ordinary = (similarity @ shares)[seen]
        for column, q in enumerate(ORDERS):
            if q == 1.0:
                renyi = tsallis = -(at * np.log(at)).sum()
                alike = np.exp(-(at * np.log(ordinary)).sum())
            elif q == np.inf:
                renyi, tsallis, alike = -np.log(at.max()), 0.0, 1 / ordinary.max()
            else:
                renyi = np.log((at**q).sum()) / (1 - q)
                tsallis = (1 - (at**q).sum()) / (q - 1)
                alike = (at @ ordinary ** (q - 1)) ** (1 / (1 - q))
            assert _diversity.renyi_entropy(p, ORDERS)[row, column] == pytest.approx(renyi)
            assert _diversity.tsallis_entropy(p, ORDERS)[row, column] == pytest.approx(tsallis)
            found = _diversity.similarity_diversity(p, similarity, ORDERS)[row, column]
            assert found == pytest.approx(alike)
    # no power of a small share underflows, and near one nothing cancels
    rare = np.array([[1 - 1e-200, 1e-200]])
    assert _diversity.log_power_sum(rare, rare, -3.0) == pytest.approx(400 * np.log(10))
    assert _diversity.log_power_sum(p[1:2], p[1:2], 1e-9) == pytest.approx(
        1e-9 * special.xlogy(p[1], p[1]).sum(), rel=1e-6
    )


# -- calibration ---------------------------------------------------------------------------------


def test_bins_of_equal_mass_and_their_edges():
    p = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0])
    np.testing.assert_allclose(_calibration.mass_edges(p, 4), [0.0, 0.2, 0.4, 0.6, 1.0])
    assert _calibration.mass_edges(np.full(5, 0.5), 3).tolist() == [0.0, 0.5, 1.0]
    edges = np.array([0.0, 0.25, 0.5, 1.0])
    at = np.array([0.0, 0.1, 0.25, 0.3, 0.5, 0.75, 1.0])
    assert _calibration.assign_bins(at, edges, "right").tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert _calibration.assign_bins(at, edges, "left").tolist() == [0, 0, 1, 1, 2, 2, 2]


def test_errors_of_bins():
    p = np.array([0.1, 0.3, 0.2, 0.9, 0.7])
    y = np.array([0.0, 0.5, 1.0, 1.0, 0.0])
    means = _calibration.binned_means(p, y, np.array([0, 0, 0, 2, 2]), 4)
    np.testing.assert_allclose(means.size, [3, 0, 2, 0])
    np.testing.assert_allclose(means.predicted, [0.2, np.nan, 0.8, np.nan])
    np.testing.assert_allclose(means.observed, [0.5, np.nan, 0.5, np.nan])
    near = means._replace(observed=np.array([0.5, np.nan, 0.6, np.nan]))
    assert _calibration.binned_error(near, "l1") == pytest.approx(0.6 * 0.3 + 0.4 * 0.2)
    assert _calibration.binned_error(near, "l2") == pytest.approx(np.sqrt(0.6 * 0.09 + 0.4 * 0.04))
    assert _calibration.binned_error(near, "max") == pytest.approx(0.3)


def smoothed(p, y, sigma, grid):
    """The same integral with reflected Gaussians written out."""
    t = (np.arange(grid) + 0.5) / grid
    density = np.zeros(grid)
    for center, residual in zip(p, (y - p) / len(p), strict=True):
        for k in range(-3, 4):
            for mirrored in (2 * k + center, 2 * k - center):
                density += residual * stats.norm.pdf(t, mirrored, sigma)
    return np.abs(density).mean()


def test_smooth_error_is_the_integral_of_reflected_gaussians():
    rng = np.random.default_rng(3)
    p = np.r_[0.0, 1.0, rng.random(10)]
    y = np.r_[1.0, 0.0, (rng.random(10) < p[2:] ** 2).astype(float)]
    for sigma in (0.05, 0.2, 0.7):
        found = _calibration.smooth_error(p, y, sigma, grid=2000)
        assert found == pytest.approx(smoothed(p, y, sigma, 2000), rel=1e-3)
    own = _calibration.smooth_error(p, y, None, grid=2000)
    assert own == pytest.approx(smoothed(p, y, own, 2000), rel=1e-3)
    assert _calibration.smooth_error(p, p, None, grid=2000) == 0.0
    assert _calibration.smooth_error(np.zeros(3), np.ones(3), 0.05, grid=500) == pytest.approx(1.0)


# -- tables --------------------------------------------------------------------------------------


def test_exact_tests_of_tables_are_those_of_scipy():
    rng = np.random.default_rng(1)
    tables = rng.integers(0, 7, (4, 40)).astype(float)
    tables[:, 0], tables[:, 1], tables[:, 2] = 0, [0, 3, 0, 2], [5, 0, 0, 5]
    tables[:, 3] = tables[:, 2]
    found = _exact_tables.fisher_pvalues(*tables)
    expected = [stats.fisher_exact(t.reshape(2, 2)).pvalue for t in tables.astype(int).T]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_common_odds_ratio_is_that_of_statsmodels():
    tables = np.random.default_rng(2).integers(0, 9, (4, 6)).astype(float)
    tables[:, 2] = 0.0
    found = _exact_tables.common_odds(*tables)
    kept = tables[:, tables.any(axis=0)].reshape(2, 2, -1)
    reference = StratifiedTable(kept)
    assert found.log_ratio == pytest.approx(reference.logodds_pooled)
    assert found.stderr == pytest.approx(reference.logodds_pooled_se)
    one, zero = np.ones(1), np.zeros(1)
    for cells, ratio in (((one, zero, one, one), np.inf), ((one, one, one, zero), -np.inf)):
        extreme = _exact_tables.common_odds(*cells)
        assert extreme.log_ratio == ratio
        assert np.isnan(extreme.stderr)
    assert np.isnan(_exact_tables.common_odds(one, zero, one, zero).log_ratio)


def test_contingency_tables_are_those_of_scipy():
    tables = np.random.default_rng(4).integers(1, 20, (2, 3, 4)).astype(float)
    tables[1, 1] = [1.0, 0.0, 2.0, 0.0]  # less than one expected
    found = _contingency.contingency(tables)
    for place, table in enumerate(tables):
        reference = stats.chi2_contingency(table, correction=False)
        np.testing.assert_allclose(found.expected[place], reference.expected_freq)
        assert found.chi2[place] == pytest.approx(reference.statistic)
        n, rows, columns = table.sum(), table.sum(axis=1), table.sum(axis=0)
        spread = np.outer(1 - rows / n, 1 - columns / n) * reference.expected_freq
        expected = (table - reference.expected_freq) / np.sqrt(spread)
        np.testing.assert_allclose(found.residual[place], expected)
    fixed = _contingency.contingency(np.array([[3.0, 0.0], [1.0, 0.0]]))
    assert not fixed.residual.any()
    assert fixed.chi2 == 0.0
    assert fixed.expected.tolist() == [[3.0, 0.0], [1.0, 0.0]]
    empty = _contingency.contingency(np.zeros((2, 2)))
    assert not np.stack([empty.expected, empty.residual]).any()


def test_coefficients_of_variation():
    share = np.array([[0.1, 0.3, 0.5], [0.0, 0.0, 0.0], [0.2, 0.2, 0.2]])
    expected = [2 / 3, np.nan, 0.0]
    found = _contingency.variation(np.stack([share, share]))
    np.testing.assert_allclose(found, [expected, expected], atol=1e-15)


def test_confidence_of_tosses_by_all_outcomes():
    for votes in range(1, 12):
        mean = sum(
            math.comb(votes, k) * max(k, votes - k) / votes for k in range(votes + 1)
        ) / 2**votes  # fmt: skip
        assert _confidence.coin_confidence([votes]) == pytest.approx([mean])


def test_agreement_across_pools_by_pairs():
    rng = np.random.default_rng(5)
    left, right = rng.integers(0, 4, (2, 6, 3)).astype(float)
    left[0], right[1] = 0.0, 0.0
    distance = np.array([[0.0, 1.0, 0.3], [1.0, 0.0, 0.5], [0.3, 0.5, 0.0]])
    kept = [i for i in range(6) if left[i].any() and right[i].any()]
    assert 0 not in kept
    between = [left[i] @ distance @ right[i] / left[i].sum() / right[i].sum() for i in kept]
    observed = np.average(between, weights=[left[i].sum() + right[i].sum() for i in kept])
    x, y = left[kept].sum(axis=0), right[kept].sum(axis=0)
    expected = x @ distance @ y / x.sum() / y.sum()
    found = _cross.cross_agreement(left, right, distance)
    assert found == pytest.approx((1 - observed / expected, 1 - observed, 1 - expected))
    twice = _cross.cross_agreement(np.stack([left, left]), np.stack([right, right]), distance)
    assert twice.value == pytest.approx([found.value] * 2)


# -- trends, pairs of items, utilities -----------------------------------------------------------


@pytest.mark.parametrize("groups", [
    ([1.0, 2.0], [2.0, 3.0, 3.0], [3.0]), ([1.0], [2.0, 0.0, 5.0], [4.0, 4.0]), ([1.0], [2.0]),
    ([1.0], [1.0, 3.0]), ([2.0, 2.0], [2.0, 1.0, 1.0]),
])  # fmt: skip
def test_the_moments_of_jonckheere_are_those_of_all_orders(groups):
    def statistic(parts):
        return sum(
            (a < b) + (a == b) / 2
            for one, other in itertools.combinations(parts, 2)
            for a in one
            for b in other
        )

    pooled = list(itertools.chain(*groups))
    ends = np.cumsum([len(group) for group in groups])[:-1]
    orders = [statistic(np.split(np.array(o), ends)) for o in itertools.permutations(pooled)]
    found = _trend.jonckheere([np.array(group) for group in groups])
    assert found.statistic == statistic(groups)
    assert found.mean == pytest.approx(np.mean(orders))
    assert found.variance == pytest.approx(np.var(orders))


def test_means_over_pairs_let_pairs_that_share_an_item_depend():
    rng = np.random.default_rng(6)
    low, high = np.array([0, 0, 1, 2, 5]), np.array([1, 2, 3, 3, 6])
    values, weights = rng.random((2, 5))
    found = _dyads.dyadic_mean(values, weights, low, high, 8)
    mean = np.average(values, weights=weights)
    residual = weights * (values - mean)
    shared = np.array([[bool({*a} & {*b}) for a in zip(low, high, strict=True)]
                       for b in zip(low, high, strict=True)])  # fmt: skip
    # sums by item count every pair with itself twice
    by_item = residual @ (shared + np.eye(5)) @ residual
    wider = 6 * 5 / 16 * by_item - residual @ residual
    variance = max(wider, residual @ residual * 5 / 4)
    assert found.mean == pytest.approx(mean)
    assert found.stderr == pytest.approx(np.sqrt(variance) / weights.sum())
    assert wider > residual @ residual * 5 / 4
    # opposite residuals at the shared item: not below the error of independent pairs
    opposite = _dyads.dyadic_mean(
        np.array([1.0, 3.0]), np.ones(2), np.array([0, 0]), np.array([1, 2]), 3
    )
    assert opposite == pytest.approx((2.0, np.sqrt((6 * 2 - 2) / 4)))
    # two pairs that share both items
    same = _dyads.dyadic_mean(
        np.array([1.0, 3.0]), np.ones(2), np.array([0, 0]), np.array([1, 1]), 2
    )
    assert same == pytest.approx((2.0, 1.0))
    single = _dyads.dyadic_mean(np.array([2.0]), np.ones(1), np.array([0]), np.array([1]), 2)
    assert single.mean == 2.0
    assert np.isnan(single.stderr)


def test_a_squared_distance_is_freed_of_noise():
    rng = np.random.default_rng(7)
    root = rng.normal(size=(4, 4)) / 3
    covariance, truth = root @ root.T, np.array([1.0, -1.0, 0.5, 0.0])
    z = 1.5
    drawn = truth + rng.multivariate_normal(np.zeros(4), covariance, 4000)
    found = [_group_distance.squared_distance(d, covariance, z) for d in drawn]
    estimate = np.array([f.estimate for f in found])
    assert estimate.mean() == pytest.approx((truth**2).mean(), abs=4 * estimate.std() / 60)
    # the ends of the interval lie z of their own standard deviations away
    one = found[0]
    d = drawn[0]
    along = d @ covariance @ d / (d @ d)
    for end in (one.lower, one.upper):
        spread = np.sqrt(4 * along * 4 * end + 2 * (covariance**2).sum()) / 4
        assert abs(one.estimate - end) == pytest.approx(z * spread)
    assert one.lower < one.estimate < one.upper
    nothing = _group_distance.squared_distance(np.zeros(4), covariance, z)
    assert nothing.estimate == pytest.approx(-np.trace(covariance) / 4)
    assert nothing.upper - nothing.estimate == pytest.approx(
        z * np.sqrt(2 * (covariance**2).sum()) / 4
    )


def test_rank_correlations_are_those_of_scipy():
    left, right = np.random.default_rng(8).integers(0, 4, (2, 3, 7)).astype(float)
    left[2] = 1.0
    expected = [stats.spearmanr(a, b).statistic for a, b in zip(left[:2], right[:2], strict=True)]
    found = _group_distance.rank_correlation(left, right)
    np.testing.assert_allclose(found[:2], expected)
    assert np.isnan(found[2])


# -- votes by group ------------------------------------------------------------------------------


def test_votes_by_group_are_counted_with_any_weights():
    rng = np.random.default_rng(9)
    votes = np.where(rng.random((9, 3)) < 0.2, np.nan, rng.integers(-1, 2, (9, 3)))
    group = rng.integers(0, 3, 9)
    weights = rng.integers(0, 3, (2, 9)).astype(float)
    table = _consensus.indicators(votes, group, 3, (1.0, -1.0))
    once, often = _consensus.count_votes(table), _consensus.count_votes(table, weights)
    assert once.chosen.shape == (2, 3, 3)
    assert often.seen.shape == (2, 1, 3, 3)
    for g, comment in itertools.product(range(3), repeat=2):
        members = np.flatnonzero(group == g)
        answers = votes[members, comment]
        for place, stance in enumerate((1.0, -1.0)):
            assert once.chosen[place, g, comment] == (answers == stance).sum()
            expected = weights[:, members] @ (answers == stance)
            np.testing.assert_array_equal(often.chosen[:, place, g, comment], expected)
        assert once.seen[0, g, comment] == (~np.isnan(answers)).sum()
        np.testing.assert_array_equal(
            often.seen[:, 0, g, comment], weights[:, members] @ ~np.isnan(answers)
        )


def test_shares_ratios_and_tests_by_group():
    chosen = np.array([[[3.0, 0.0], [1.0, 2.0], [0.0, 5.0]]])
    seen = np.array([[[5.0, 0.0], [4.0, 2.0], [1.0, 6.0]]])
    counts = _consensus.GroupVotes(chosen, seen)
    share = (1 + chosen) / (2 + seen)
    np.testing.assert_allclose(_consensus.consensus_scores(counts), share.prod(axis=1))
    for g, c in itertools.product(range(3), range(2)):
        x, n = chosen[0, g, c], seen[0, g, c]
        y, m = chosen[0, :, c].sum() - x, seen[0, :, c].sum() - n
        ratio = (x + 1) / (n + 2) / ((y + 1) / (m + 2))
        assert _consensus.share_ratio(counts)[0, g, c] == pytest.approx(ratio)
        z = ((x + 1) / (n + 1) - 0.5) / np.sqrt(0.25 / (n + 1))
        assert _consensus.share_z(counts)[0, g, c] == pytest.approx(z)
        pooled = (x + y + 2) / (n + m + 2)
        error = np.sqrt(pooled * (1 - pooled) * (1 / (n + 1) + 1 / (m + 1)))
        z = ((x + 1) / (n + 1) - (y + 1) / (m + 1)) / error
        assert _consensus.two_share_z(counts)[0, g, c] == pytest.approx(z)
    all_of_them = _consensus.GroupVotes(np.full((1, 2, 1), 3.0), np.full((1, 2, 1), 3.0))
    assert _consensus.two_share_z(all_of_them).tolist() == [[[0.0], [0.0]]]

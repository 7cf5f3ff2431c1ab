"""Pooled utilities: derivatives by differences, the tree against one dense matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from pluralism.kernels import _pooling_laplace
from pluralism.kernels._pooling_laplace import laplace
from pluralism.kernels._pooling_tree import Point, factorise, log_prior, newton_step
from pluralism.kernels._pooling_votes import (
    Extras,
    VoteCells,
    curvature,
    extras_precision,
    zero_sum_basis,
)

N, GROUPS, RATERS = 4, 3, 7
PARENTS = (np.zeros(1, int), np.zeros(GROUPS, int), np.arange(RATERS) % GROUPS)
SPREADS = np.array([1.2, 0.5, 0.8])
ALL = Extras(order=True, ties=True, variances=True)
NO_VARIANCES = Extras(order=True, ties=True, variances=False)


@pytest.fixture(scope="module")
def cells():
    rng = np.random.default_rng(0)
    first = rng.integers(0, N, 60)
    second = (first + rng.integers(1, N, 60)) % N
    won, lost, tied = rng.uniform(0.2, 3.0, (3, 60))
    return VoteCells(rng.integers(0, RATERS, 60), first, second, won, lost, tied)


def a_point(extras, seed=1):
    rng = np.random.default_rng(seed)
    levels = tuple(rng.normal(size=(len(parent), N - 1)) for parent in PARENTS)
    return Point(levels, 0.5 * rng.normal(size=extras.size(N)))


def flatten(point):
    return np.concatenate([*(level.ravel() for level in point.levels), point.shared])


def unflatten(vector):
    levels, start = [], 0
    for parent in PARENTS:
        stop = start + len(parent) * (N - 1)
        levels.append(vector[start:stop].reshape(-1, N - 1))
        start = stop
    return Point(tuple(levels), vector[start:])


def differences(function, at, step=1e-5):
    return np.stack(
        [(function(at + d) - function(at - d)) / (2 * step) for d in step * np.eye(len(at))], -1
    )


@pytest.mark.parametrize("extras", [ALL, NO_VARIANCES, Extras(False, False, False)])
def test_the_gradient_is_that_of_the_value(cells, extras):
    point = a_point(extras)
    leaf, shared = point.levels[-1], point.shared

    def value(vector):
        return curvature(
            cells, vector[: leaf.size].reshape(leaf.shape), vector[leaf.size :], extras
        ).value

    here = curvature(cells, leaf, shared, extras)
    got = np.concatenate([here.gradient.ravel(), here.extras_gradient])
    expected = differences(value, np.concatenate([leaf.ravel(), shared]))
    np.testing.assert_allclose(got, expected, atol=1e-7)


@pytest.mark.parametrize("extras", [ALL, NO_VARIANCES])
def test_the_curvature_is_minus_the_slope_of_the_gradient(cells, extras):
    point = a_point(extras)
    leaf, shared = point.levels[-1], point.shared

    def gradient(vector):
        here = curvature(
            cells, vector[: leaf.size].reshape(leaf.shape), vector[leaf.size :], extras
        )
        return np.concatenate([here.gradient.ravel(), here.extras_gradient])

    slope = -differences(gradient, np.concatenate([leaf.ravel(), shared]))
    here = curvature(cells, leaf, shared, extras)
    for block in range(RATERS):
        mine = slice(block * (N - 1), (block + 1) * (N - 1))
        np.testing.assert_allclose(here.blocks[block], slope[mine, mine], atol=1e-6)
        np.testing.assert_allclose(here.cross[block], slope[mine, leaf.size :], atol=1e-6)
    np.testing.assert_allclose(here.extras, slope[leaf.size :, leaf.size :], atol=1e-6)


def test_the_log_likelihood_is_that_of_the_votes(cells):
    point = a_point(ALL)
    utility = point.levels[-1] @ zero_sum_basis(N).T
    order, nu = point.shared[0], np.exp(point.shared[1])
    variance = np.exp(zero_sum_basis(N) @ point.shared[2:])
    total = 0.0
    for block, i, j, won, lost, tied in zip(*cells, strict=True):
        gap = (utility[block, i] - utility[block, j]) / np.sqrt((variance[i] + variance[j]) / 2)
        odds = np.exp(gap + order)
        weights = np.array([odds, 1.0, nu * np.sqrt(odds)])
        total += np.log(weights / weights.sum()) @ [won, lost, tied]
    here = curvature(cells, point.levels[-1], point.shared, ALL)
    assert here.value == pytest.approx(total, abs=1e-9)


def test_the_tree_is_one_dense_matrix(cells):
    extras = NO_VARIANCES
    precision = extras_precision(extras, N)
    point = a_point(extras)
    here = curvature(cells, point.levels[-1], point.shared, extras)
    factor = factorise(here, PARENTS, SPREADS, precision)

    def slope(vector):
        at = unflatten(vector)
        votes = curvature(cells, at.levels[-1], at.shared, extras)
        gradient = differences(
            lambda v: log_prior(unflatten(v), PARENTS, SPREADS, precision), vector, 1e-3
        )
        start = len(vector) - len(at.shared)
        gradient[start - votes.gradient.size : start] += votes.gradient.ravel()
        gradient[start:] += votes.extras_gradient
        return gradient

    at = flatten(point)
    dense = -differences(slope, at, 1e-4)
    dense = 0.5 * (dense + dense.T)
    assert factor.log_determinant == pytest.approx(np.linalg.slogdet(dense)[1], abs=1e-4)
    step, decrement = newton_step(point, here, factor, PARENTS, SPREADS, precision)
    expected = np.linalg.solve(dense, slope(at))
    np.testing.assert_allclose(flatten(step), expected, atol=1e-4)
    assert decrement == pytest.approx(np.sqrt(slope(at) @ expected), abs=1e-4)
    # The roots and dependences turn standard normals into draws with the dense covariance.
    identity = np.eye(len(at))
    columns = []
    for white in identity:
        z = unflatten(white)
        shared = factor.shared_root @ z.shared
        levels = []
        for level, root in enumerate(factor.roots):
            moved = np.einsum("bij,bj->bi", root, z.levels[level]) + (
                factor.on_shared[level] @ shared
            )
            if level:
                above = levels[-1][PARENTS[level]]
                moved += np.einsum("bij,bj->bi", factor.on_parent[level], above)
            levels.append(moved)
        columns.append(flatten(Point(tuple(levels), shared)))
    root = np.stack(columns, axis=1)
    np.testing.assert_allclose(root @ root.T, np.linalg.inv(dense), atol=1e-5)


def test_laplace_finds_the_spread_of_groups():
    rng = np.random.default_rng(3)
    groups, n = 60, 6
    truth = rng.normal(0, 1, n) + rng.normal(0, 0.5, (groups, n))
    first, second = np.triu_indices(n, 1)
    block = np.repeat(np.arange(groups), len(first))
    i, j = np.tile(first, groups), np.tile(second, groups)
    won = rng.binomial(60, 1 / (1 + np.exp(truth[block, j] - truth[block, i]))).astype(float)
    cells = VoteCells(block, i, j, won, 60.0 - won, np.zeros(len(won)))
    parents = (np.zeros(1, int), np.zeros(groups, int))
    found = laplace(cells, parents, Extras(False, False, False), n, 2.0)
    assert found.converged
    deviation = np.sqrt((found.spread_root**2).sum(axis=1))
    assert abs(found.log_spreads[1] - np.log(0.5)) < 3 * deviation[1]
    assert deviation[1] == pytest.approx(1 / np.sqrt(2 * groups * (n - 1)), rel=0.3)


def test_the_prior_is_normal_around_the_parent():
    point, precision = a_point(ALL), extras_precision(ALL, N)
    np.testing.assert_allclose(precision, [0.25, 0.25, 1.0, 1.0, 1.0])
    assert extras_precision(Extras(False, True, False), N).tolist() == [0.25]
    total = -0.5 * (precision * point.shared**2).sum()
    above = [np.zeros((1, N - 1)), *point.levels[:-1]]
    for level, parent, means, spread in zip(point.levels, PARENTS, above, SPREADS, strict=True):
        total += stats.norm.logpdf(level, means[parent], spread).sum()
        total += level.size * 0.5 * np.log(2 * np.pi)
    assert log_prior(point, PARENTS, SPREADS, precision) == pytest.approx(total)


@pytest.mark.parametrize("extras", [ALL, NO_VARIANCES, Extras(False, False, False)])
def test_the_mode_is_the_top(cells, extras):
    precision = extras_precision(extras, N)
    start = Point(
        tuple(np.zeros((len(parent), N - 1)) for parent in PARENTS), np.zeros(extras.size(N))
    )

    def density(vector):
        point = unflatten(vector)
        votes = curvature(cells, point.levels[-1], point.shared, extras)
        return votes.value + log_prior(point, PARENTS, SPREADS, precision)

    found = _pooling_laplace._mode(cells, PARENTS, extras, SPREADS, precision, start)
    assert found.converged
    assert found.log_density == pytest.approx(density(flatten(found.point)))
    at, rng = flatten(found.point), np.random.default_rng(2)
    for size in (1e-2, 1.0):
        for _ in range(20):
            assert density(at + size * rng.normal(size=len(at))) < found.log_density
    slope = differences(density, at)
    assert np.abs(slope).max() < 1e-4


def dense_surprise(cells, parents, n, prior):
    """The negative log marginal density of the spreads, from one dense matrix."""
    extras, precision = Extras(False, False, False), np.zeros(0)
    start = Point(tuple(np.zeros((len(parent), n - 1)) for parent in parents), np.zeros(0))

    def surprise(log_spreads):
        spreads = np.exp(log_spreads)
        mode = _pooling_laplace._mode(cells, parents, extras, spreads, precision, start)
        votes = curvature(cells, mode.point.levels[-1], np.zeros(0), extras)
        size, groups = n - 1, len(parents[1])
        matrix = np.zeros(((1 + groups) * size,) * 2)
        matrix[:size, :size] = np.eye(size) * (spreads[0] ** -2 + groups * spreads[1] ** -2)
        for g in range(groups):
            mine = slice((1 + g) * size, (2 + g) * size)
            matrix[mine, mine] = votes.blocks[g] + np.eye(size) * spreads[1] ** -2
            matrix[mine, :size] = matrix[:size, mine] = -np.eye(size) * spreads[1] ** -2
        hyper = stats.halfnorm.logpdf(spreads, scale=prior).sum() + log_spreads.sum()
        return 0.5 * np.linalg.slogdet(matrix)[1] - mode.log_density - hyper

    return surprise


@pytest.mark.slow
def test_spreads_are_at_the_mode_of_their_marginal_density():
    rng = np.random.default_rng(4)
    groups, n, prior = 6, 4, 1.5
    truth = rng.normal(0, 1, n) + rng.normal(0, 0.8, (groups, n))
    first, second = np.triu_indices(n, 1)
    block = np.repeat(np.arange(groups), len(first))
    i, j = np.tile(first, groups), np.tile(second, groups)
    won = rng.binomial(20, 1 / (1 + np.exp(truth[block, j] - truth[block, i]))).astype(float)
    cells = VoteCells(block, i, j, won, 20.0 - won, np.zeros(len(won)))
    parents = (np.zeros(1, int), np.zeros(groups, int))
    found = laplace(cells, parents, Extras(False, False, False), n, prior)
    surprise = dense_surprise(cells, parents, n, prior)
    best = optimize.minimize(surprise, found.log_spreads + 0.1, method="Nelder-Mead").x
    np.testing.assert_allclose(found.log_spreads, best, atol=2e-3)
    h = 0.05 * np.eye(2)
    hessian = np.array([
        [surprise(best + a + b) - surprise(best + a - b) - surprise(best - a + b)
         + surprise(best - a - b) for a in h] for b in h]) / (4 * 0.05**2)  # fmt: skip
    covariance = found.spread_root @ found.spread_root.T
    np.testing.assert_allclose(np.linalg.inv(covariance), hessian, rtol=0.02, atol=0.05)
    assert found.converged
    factor = found.factor
    assert factor.log_determinant == pytest.approx(
        2 * (surprise(found.log_spreads) + _log_density(cells, parents, found, n, prior)), abs=1e-4
    )


def _log_density(cells, parents, found, n, prior):
    """Of utilities, votes and spreads at the mode."""
    spreads = np.exp(found.log_spreads)
    votes = curvature(cells, found.point.levels[-1], np.zeros(0), Extras(False, False, False))
    hyper = stats.halfnorm.logpdf(spreads, scale=prior).sum() + found.log_spreads.sum()
    return votes.value + log_prior(found.point, parents, spreads, np.zeros(0)) + hyper


def test_a_direction_that_votes_leave_open_keeps_the_curvature_of_a_wide_prior():
    root = _pooling_laplace._spread_root(lambda x: 4.5 * x[0] ** 2 + x[0], np.array([0.3, 1.0]))
    np.testing.assert_allclose(root @ root.T, np.diag([1 / 9, 4.0]), atol=1e-9)
    both = np.array([[3.0, 1.0], [1.0, 2.0]])
    root = _pooling_laplace._spread_root(lambda x: 0.5 * x @ both @ x, np.zeros(2))
    np.testing.assert_allclose(root @ root.T, np.linalg.inv(both))

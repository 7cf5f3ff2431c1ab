"""Pooled utilities: derivatives by differences, the tree against one dense matrix."""

from __future__ import annotations

import numpy as np
import pytest

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

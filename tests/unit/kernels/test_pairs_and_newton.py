"""Folding, graph and solver kernels against brute force and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from pluralism.kernels import _graph, _newton
from pluralism.kernels._inverse import cholesky_and_diagonal, inverse_information
from pluralism.kernels._pairs import fold_pairs, pair_log_likelihood, pair_slopes


def simulate(n, votes, seed=0, spread=1.0, near=None):
    rng = np.random.default_rng(seed)
    truth = np.sort(rng.normal(0, spread, n))
    first = rng.integers(0, n, votes)
    if near is None:
        second = (first + rng.integers(1, n, votes)) % n
    else:
        second = first + rng.integers(1, near + 1, votes)
        second = np.where(second >= n, first - 1, second)
    won = rng.random(votes) < 1 / (1 + np.exp(truth[second] - truth[first]))
    return fold_pairs(
        first.astype(np.int32), second.astype(np.int32), won.astype(float), 1.0 - won, n
    )


def test_fold_pairs_equals_a_loop():
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 6, 50), rng.integers(0, 6, 50)
    keep = first != second
    first, second = first[keep].astype(np.int32), second[keep].astype(np.int32)
    won, lost = rng.random(len(first)), rng.random(len(first))
    table = np.zeros((6, 6))
    for a, b, w, x in zip(first, second, won, lost, strict=True):
        table[a, b] += w
        table[b, a] += x
    pairs = fold_pairs(first, second, won, lost, 6)
    assert (pairs.low < pairs.high).all()
    np.testing.assert_allclose(pairs.won, table[pairs.low, pairs.high])
    np.testing.assert_allclose(pairs.lost, table[pairs.high, pairs.low])
    assert pairs.won.sum() + pairs.lost.sum() == pytest.approx(table.sum())
    np.testing.assert_array_equal(np.repeat(np.arange(6), np.diff(pairs.starts)), pairs.low)
    again = fold_pairs(pairs.low, pairs.high, pairs.won, pairs.lost, 6)
    for one, two in zip(pairs, again, strict=True):
        np.testing.assert_array_equal(one, two)


def two_items(won, lost):
    """One pair, so that the utilities (gap, 0) have one slope."""
    return fold_pairs(
        np.array([0], np.int32), np.array([1], np.int32), np.array([won]), np.array([lost]), 2
    )


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_slopes_are_derivatives(link):
    step = 1e-5
    for gap, won, lost in ((-30, 1, 2), (-2, 2, 2), (0, 3, 1), (0.5, 0, 4), (3, 5, 0)):
        pairs = two_items(float(won), float(lost))
        numeric = (
            pair_log_likelihood(link, pairs, np.array([gap + step, 0.0]))
            - pair_log_likelihood(link, pairs, np.array([gap - step, 0.0]))
        ) / (2 * step)
        slope = pair_slopes(link, pairs, np.array([gap, 0.0])).slope[0]
        assert slope == pytest.approx(numeric, rel=1e-6, abs=1e-9)
    # the expected curvature is the variance of the slope of one vote
    p = {"logit": 1 / (1 + np.exp(-0.5)), "probit": 0.6914624612740131}[link]
    at = np.array([0.5, 0.0])
    up, down = (
        pair_slopes(link, two_items(1.0, 0.0), at),
        pair_slopes(link, two_items(0.0, 1.0), at),
    )
    assert up.curvature[0] == pytest.approx(p * up.slope[0] ** 2 + (1 - p) * down.slope[0] ** 2)
    assert np.isfinite(pair_slopes(link, two_items(1.0, 1.0), np.array([900.0, 0.0])).slope[0])


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_all_solvers_agree_with_scipy(link, monkeypatch):
    pairs = simulate(25, 4000)
    results = {}
    for name, dense, slow, fallback in (
        ("cholesky", 500, 50, 3000),
        ("conjugate gradients", 0, 500, 3000),
        ("cholesky after CG", 0, 1, 3000),
        ("sparse LU", 0, 1, 0),
    ):
        monkeypatch.setattr(_newton, "DENSE", dense)
        monkeypatch.setattr(_newton, "_SLOW", slow)
        monkeypatch.setattr(_newton, "_DENSE_FALLBACK", fallback)
        result, _ = _newton.fit_pairs(pairs, link=link)
        assert result.status == _newton.CONVERGED
        assert name.split(" after")[0] in result.method
        results[name] = result.point
    reference = results["cholesky"]
    for point in results.values():
        np.testing.assert_allclose(point, reference, atol=1e-10)

    def loss(u):
        return -pair_log_likelihood(link, pairs, u)

    found = optimize.minimize(loss, np.zeros(25), method="BFGS", options={"gtol": 1e-6}).x
    np.testing.assert_allclose(reference, found - found.mean(), atol=2e-5)


@pytest.mark.parametrize("n", [700, 3200])
def test_a_banded_design_is_exact_where_gradients_crawl(n):
    pairs = simulate(n, 125 * n, seed=3, spread=2.0, near=5)
    result, curvature = _newton.fit_pairs(pairs)
    assert result.status == _newton.CONVERGED
    assert "sparse LU" in result.method
    slope = pair_slopes("logit", pairs, result.point).slope
    gradient = np.bincount(pairs.low, slope, n) - np.bincount(pairs.high, slope, n)
    step = curvature.solve_lu(gradient)
    assert np.sqrt(step @ gradient) < 1e-8  # standard errors, all items together


def test_inverse_and_solvers_of_a_laplacian_agree():
    pairs = simulate(30, 3000)
    for ridge in (0.0, 0.7):
        _, curvature = _newton.fit_pairs(pairs, ridge=ridge)
        dense = np.diag(curvature.degree)
        dense[pairs.low, pairs.high] = dense[pairs.high, pairs.low] = -curvature.weight
        np.testing.assert_allclose(curvature.inverse(), np.linalg.pinv(dense), atol=1e-10)
        right = curvature.centre(np.random.default_rng(0).normal(size=(30, 4)))
        expected = np.linalg.pinv(dense) @ right
        np.testing.assert_allclose(curvature.solve_lu(right), expected, atol=1e-10)
        np.testing.assert_allclose(curvature.solve_cholesky(right), expected, atol=1e-10)
        solution, done = curvature.solve_cg(right, 1e-12, 200)
        assert done
        np.testing.assert_allclose(solution, expected, atol=1e-9)


@pytest.mark.parametrize("n", [1, 63, 64, 65, 200, 333])
def test_a_cholesky_factor_and_the_diagonal_of_the_inverse_in_halves(n):
    root = np.random.default_rng(n).normal(size=(n, 2 * n))
    matrix = root @ root.T
    upper = np.asfortranarray(np.triu(matrix))  # the lower triangle is not read
    upper[np.tril_indices(n, -1)] = 7.0
    factor, diagonal = cholesky_and_diagonal(upper)
    np.testing.assert_allclose(np.triu(factor), np.linalg.cholesky(matrix).T, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(diagonal, np.diagonal(np.linalg.inv(matrix)), rtol=1e-8)


@pytest.mark.parametrize("n", [3, 200])
def test_an_indefinite_matrix_has_no_factor(n):
    matrix = np.asfortranarray(np.diag(np.r_[np.ones(n - 1), -1.0]))
    for part in cholesky_and_diagonal(matrix):
        assert np.isnan(part).all()


@pytest.mark.parametrize("slow", [50, 0])  # conjugate gradients; sparse LU where they give up
def test_variances_of_contrasts_by_conjugate_gradients_are_those_of_the_inverse(slow, monkeypatch):
    pairs = simulate(30, 3000)
    _, curvature = _newton.fit_pairs(pairs)
    monkeypatch.setattr(_newton, "_DENSE_FALLBACK", 0)
    monkeypatch.setattr(_newton, "_SLOW", slow)
    contrast = np.eye(30)[:, :5] - np.eye(30)[:, 5:10]
    expected = np.diag(contrast.T @ curvature.inverse() @ contrast)
    np.testing.assert_allclose(curvature.quadratic_forms(contrast), expected, rtol=1e-12)


def test_status_codes_report_trouble():
    pairs = simulate(10, 500)
    result, _ = _newton.fit_pairs(pairs, max_iterations=1)
    assert result.status == _newton.OUT_OF_ITERATIONS
    broken = pairs._replace(won=pairs.won * np.nan)
    assert _newton.fit_pairs(broken)[0].status == _newton.NOT_FINITE


def test_win_graph_against_brute_force():
    rng = np.random.default_rng(5)
    for _ in range(200):
        n = int(rng.integers(2, 7))
        m = int(rng.integers(1, 10))
        first = rng.integers(0, n, m).astype(np.int32)
        second = ((first + rng.integers(1, n, m)) % n).astype(np.int32)
        won = rng.integers(0, 2, m).astype(float)
        pairs = fold_pairs(first, second, won, 1 - won, n)
        beats = np.eye(n, dtype=bool)
        beats[pairs.low[pairs.won > 0], pairs.high[pairs.won > 0]] = True
        beats[pairs.high[pairs.lost > 0], pairs.low[pairs.lost > 0]] = True
        met = beats | beats.T
        for _ in range(n):
            beats = (beats.astype(int) @ beats) > 0
            met = (met.astype(int) @ met) > 0
        graph = _graph.win_graph(pairs)
        np.testing.assert_array_equal(graph.component[:, None] == graph.component[None, :], met)
        np.testing.assert_array_equal(
            graph.strong[:, None] == graph.strong[None, :], beats & beats.T
        )
        assert graph.n_components == len(np.unique(graph.component))
        undefeated = {
            c
            for c in range(graph.n_strong)
            if beats[graph.strong == c][:, graph.strong != c].any()
            and not beats[graph.strong != c][:, graph.strong == c].any()
        }
        assert set(graph.undefeated.tolist()) == undefeated


def test_a_matrix_that_is_not_positive_definite_has_no_inverse():
    assert np.isnan(inverse_information(np.array([[1.0, 2.0], [2.0, 1.0]]))).all()
    scaled = np.array([[4e12, 1e6], [1e6, 1.0]])
    np.testing.assert_allclose(inverse_information(scaled), np.linalg.inv(scaled), rtol=1e-10)

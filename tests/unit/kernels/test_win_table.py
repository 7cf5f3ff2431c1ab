"""The dense table of wins gives the same fit, curvature and likelihood as lists of pairs."""

import numpy as np
import pytest

from pluralism.kernels import _win_table
from pluralism.kernels._counting import PairTable, count_table
from pluralism.kernels._newton import fit_pairs
from pluralism.kernels._pairs import fold_pairs, pair_log_likelihood
from pluralism.kernels._win_table import (
    fit_win_table,
    tabulate_counts,
    tabulate_wins,
    win_table_log_likelihood,
)


def _cells(n, votes, seed, spread=1.0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, spread, n)
    first = rng.integers(0, n, votes)
    second = (first + rng.integers(1, n, votes)) % n
    won = (rng.random(votes) < 1 / (1 + np.exp(truth[second] - truth[first]))).astype(float)
    return first.astype(np.int32), second.astype(np.int32), won, 1.0 - won


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 40, 200, 600])  # one block of rows, several, conjugate gradients
@pytest.mark.parametrize("ridge", [0.0, 0.5])
@pytest.mark.parametrize("order", ["cells", "votes"])
def test_win_table_equals_pairs(n, ridge, order):
    cells = _cells(n, max(400, 4 * n * n), seed=n)
    pairs = fold_pairs(*cells, n)
    if order == "cells":
        cells = (pairs.low, pairs.high, pairs.won, pairs.lost)
    table = tabulate_wins(*cells, n)
    assert table is not None
    expected, curvature = fit_pairs(pairs, ridge=ridge)
    result, state = fit_win_table(table, ridge=ridge)
    assert result.status == 0
    np.testing.assert_allclose(result.point, expected.point, atol=1e-12)
    assert win_table_log_likelihood(table, result.point) == pytest.approx(
        pair_log_likelihood("logit", pairs, expected.point), rel=1e-13
    )
    right = np.random.default_rng(1).normal(size=(n, 3))
    right -= right.mean(axis=0)
    np.testing.assert_allclose(state.times(right), curvature.times(right), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(state.solve(right), curvature.solve(right), rtol=1e-8, atol=1e-12)
    inverse = np.linalg.pinv(curvature.times(np.eye(n)), hermitian=True)
    np.testing.assert_allclose(state.inverse(), inverse, atol=1e-10)
    centred = inverse - inverse.mean(axis=0) - inverse.mean(axis=1)[:, None] + inverse.mean()
    np.testing.assert_allclose(state.centred_variances(), np.diag(centred), rtol=1e-9)
    np.testing.assert_allclose(curvature.centred_variances(), np.diag(centred), rtol=1e-9)


def test_win_table_is_only_for_full_tables_and_moderate_utilities():
    first, second, won, lost = _cells(100, 300, seed=0)
    assert tabulate_wins(first, second, won, lost, 100) is None
    first, second = np.array([0, 0, 1], np.int32), np.array([1, 2, 2], np.int32)
    won, lost = np.array([1.0, 1.0, 1.0]), np.array([1e-90, 1e-90, 1e-90])
    assert fit_win_table(tabulate_wins(first, second, won, lost, 3), max_iterations=400) is None


def test_a_win_table_is_linked_only_by_mutual_wins():
    first, second = np.array([0, 1], np.int32), np.array([1, 2], np.int32)
    one = np.ones(2)
    assert tabulate_wins(first, second, one, one, 3).linked
    assert not tabulate_wins(first, second, one, np.array([1.0, 0.0]), 3).linked


@pytest.mark.parametrize("start", [None, np.zeros(3)], ids=["wide start", "widens on the way"])
def test_utilities_too_far_apart_for_the_table_are_left_to_the_pairs(start):
    first, second = np.array([0, 1, 0], np.int32), np.array([1, 2, 2], np.int32)
    won, lost = np.array([1e13, 1e13, 1e13]), np.array([1.0, 1.0, 1e-9])
    table = tabulate_wins(first, second, won, lost, 3)
    assert fit_win_table(table, start=start) is None


@pytest.mark.parametrize("n", [3, 40, 300])
def test_counted_words_make_the_same_table_as_their_cells(n):
    first, second, won, lost = _cells(n, 4 * n * n, seed=n)
    counted = count_table(first, second, won.astype(np.int8), n)
    assert counted.n_cells == len(set(zip(first.tolist(), second.tolist(), strict=True)))
    got, expected = tabulate_counts(counted), tabulate_wins(first, second, won, lost, n)
    np.testing.assert_array_equal(np.tril(got.votes), np.tril(expected.votes))
    np.testing.assert_array_equal(got.wins, expected.wins)
    assert got.linked == (n > 3)  # of three items one never won


def test_counted_words_are_only_for_full_tables_and_linked_only_by_mutual_wins():
    first, second, won, _ = _cells(100, 300, seed=0)
    assert tabulate_counts(count_table(first, second, won.astype(np.int8), 100)) is None
    first, second = np.array([0, 0, 1], np.int32), np.array([1, 1, 2], np.int32)
    assert not tabulate_counts(count_table(first, second, np.array([0, 1, 1]), 3)).linked


@pytest.mark.parametrize("n", [6, 60, 400])
@pytest.mark.parametrize("seed", range(4))
def test_mutual_wins_are_followed_in_both_directions_and_as_far_as_they_reach(n, seed):
    rng = np.random.default_rng(seed)
    mutual = np.zeros((n, n), bool)
    chain = rng.permutation(n)  # the longest way there is, cells above and below the diagonal
    mutual[chain[:-1], chain[1:]] = True
    words = np.where(rng.random((n, n)) < 0.5, np.uint16(3 << 8), np.uint16(2))  # one has won
    np.fill_diagonal(words, 0)
    words[mutual] = (1 << 8) + 2
    n_cells = n * (n - 1)
    assert tabulate_counts(PairTable(words, n_cells)).linked
    words[chain[n // 2], chain[n // 2 + 1]] = 7 << 8
    assert not tabulate_counts(PairTable(words, n_cells)).linked


@pytest.mark.parametrize("ridge", [0.0, 0.5])
@pytest.mark.parametrize("block", [1, 9, 1 << 15])
def test_the_curvature_of_a_table_is_a_dense_matrix(ridge, block, monkeypatch):
    monkeypatch.setattr(_win_table, "_BLOCK", block)
    rng = np.random.default_rng(3)
    n = 6
    first, second = np.nonzero(~np.eye(n, dtype=bool))
    won, lost = rng.random((2, len(first))) + 0.2
    table = _win_table.tabulate_wins(first.astype(np.int32), second.astype(np.int32), won, lost, n)
    both, wins = np.zeros((n, n)), np.zeros(n)
    for i, j, w, x in zip(first, second, won, lost, strict=True):
        both[max(i, j), min(i, j)] += w + x
        wins[i] += w
        wins[j] += x
    np.testing.assert_allclose(np.tril(table.votes), both)
    np.testing.assert_allclose(table.wins, wins)
    total = both + both.T
    share = (wins + 0.5) / (total.sum(axis=1) + 1.0)
    start = np.log(share / (1 - share))
    mixed = start - start.mean()
    flat = 1 - (16 * np.sqrt(3) / (15 * np.pi)) ** 2 * mixed.var()
    np.testing.assert_allclose(_win_table.shares(table), mixed / np.sqrt(flat))
    result, curvature = _win_table.fit_win_table(table, ridge=ridge)
    u = result.point
    p = 1 / (1 + np.exp(u - u[:, None]))
    np.testing.assert_allclose(wins - (total * p).sum(axis=1) - ridge * u, 0.0, atol=1e-8)
    weight = total * p * (1 - p)
    dense = np.diag(weight.sum(axis=1) + ridge) - weight
    right = rng.normal(size=(n, 2))
    np.testing.assert_allclose(curvature.times(right), dense @ right)
    np.testing.assert_allclose(curvature.times(right[:, 0]), dense @ right[:, 0])
    np.testing.assert_allclose(curvature.inverse(), np.linalg.pinv(dense, rcond=1e-12), atol=1e-9)
    chance = np.log(p, where=total > 0, out=np.zeros((n, n)))
    mine = np.zeros((n, n))
    np.add.at(mine, (first, second), won)
    np.add.at(mine, (second, first), lost)
    value = _win_table.win_table_log_likelihood(table, u)
    assert value == pytest.approx((mine * chance).sum())
    exactly, _ = _win_table.fit_win_table(table, ridge=ridge, max_iterations=result.iterations)
    assert exactly.status == 0
    fewer, _ = _win_table.fit_win_table(table, ridge=ridge, max_iterations=result.iterations - 1)
    assert fewer.status == 1

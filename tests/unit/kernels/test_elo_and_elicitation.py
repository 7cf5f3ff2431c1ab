"""The Elo replay against a plain loop, and pair choice against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from pluralism._precision import in_float64
from pluralism.kernels import _elo
from pluralism.kernels._elicitation import greedy_information, percentile_pairs
from pluralism.kernels._padding import bucket


def test_ratings_against_a_loop():
    rng = np.random.default_rng(0)
    n, votes = 5, 60
    first = rng.integers(0, n, votes)
    second = (first + rng.integers(1, n, votes)) % n
    share = rng.choice([0.0, 0.5, 1.0], votes)
    orders = np.stack([rng.permutation(votes) for _ in range(3)])
    ours = in_float64(
        _elo.elo_ratings,
        _elo.Votes(first, second, share, np.full(votes, 16.0)),
        orders,
        np.float64(np.log(10) / 400),
        n_items=n,
    )
    for order, row in zip(orders, ours, strict=True):
        rating = np.zeros(n)
        for vote in order:
            i, j = first[vote], second[vote]
            gain = 16 * (share[vote] - 1 / (1 + 10 ** ((rating[j] - rating[i]) / 400)))
            rating[i] += gain
            rating[j] -= gain
        np.testing.assert_allclose(row, rating, atol=1e-10)


def test_buckets():
    assert [bucket(size) for size in (0, 1, 2, 3, 5, 1024, 1025)] == [1, 1, 2, 4, 8, 1024, 2048]


def test_greedy_information_is_the_growth_of_the_determinant():
    rng = np.random.default_rng(1)
    n = 5
    root = rng.normal(size=(n, n))
    information = root @ root.T + np.eye(n)
    left, right = np.triu_indices(n, 1)
    weight = rng.random(len(left))
    pairs, gain = greedy_information(
        np.linalg.inv(information), weight, np.zeros((n, n), dtype=bool), 3
    )
    for (i, j), nats in zip(pairs.T, gain, strict=True):
        growth = []
        for a, b, w in zip(left, right, weight, strict=True):
            contrast = np.zeros(n)
            contrast[[a, b]] = 1, -1
            grown = information + w * np.outer(contrast, contrast)
            growth.append(np.linalg.slogdet(grown)[1] - np.linalg.slogdet(information)[1])
        chosen = np.flatnonzero((left == i) & (right == j))[0]
        assert nats == pytest.approx(growth[chosen], rel=1e-10)
        already = [(a, b) in set(map(tuple, pairs.T)) for a, b in zip(left, right, strict=True)]
        assert nats >= max(g for g, done in zip(growth, already, strict=True) if not done) - 1e-12
        contrast = np.zeros(n)
        contrast[[i, j]] = 1, -1
        information = information + weight[chosen] * np.outer(contrast, contrast)


def test_percentile_rule_keeps_to_its_cuts():
    rng = np.random.default_rng(2)
    n = 40
    utility = rng.normal(size=n)
    met = np.zeros((n, n), dtype=bool)
    for _ in range(60):
        i, j = rng.choice(n, 2, replace=False)
        met[i, j] = met[j, i] = True
    left, right = np.nonzero(np.triu(~met, 1))
    gap = np.abs(utility[left] - utility[right])
    degree = met.sum(axis=1)
    pairs = percentile_pairs(utility, met, 4, 10, 20, rng)
    assert len({tuple(pair) for pair in pairs.T}) == 4
    assert not met[tuple(pairs)].any()
    assert (np.abs(utility[pairs[0]] - utility[pairs[1]]) <= np.percentile(gap, 10)).all()
    both = degree[pairs[0]] + degree[pairs[1]]
    assert (both <= np.percentile(degree[left] + degree[right], 20)).all()


def test_percentile_rule_widens_then_fills_up():
    rng = np.random.default_rng(3)
    utility, met = np.arange(6.0), np.zeros((6, 6), dtype=bool)
    pairs = percentile_pairs(utility, met, 14, 1, 1, rng)
    assert len({tuple(pair) for pair in pairs.T}) == 14
    assert percentile_pairs(utility, met, 99, 1, 1, rng).shape == (2, 15)

"""JAX kernels of Bradley-Terry against the host's."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from pluralism._precision import in_float64
from pluralism.kernels import (
    _newton,
    bradley_terry_log_likelihood,
    bradley_terry_utilities,
    pad_pairs,
)
from pluralism.kernels._pairs import fold_pairs, pair_log_likelihood
from pluralism.kernels._refits import refit


def simulate(n, votes, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1, n)
    first = rng.integers(0, n, votes).astype(np.int32)
    second = ((first + rng.integers(1, n, votes)) % n).astype(np.int32)
    won = (rng.random(votes) < 1 / (1 + np.exp(truth[second] - truth[first]))).astype(float)
    return fold_pairs(first, second, won, 1.0 - won, n)


def fit(pairs, ridge=0.0):
    padded = pad_pairs(pairs)
    utility = in_float64(
        bradley_terry_utilities,
        *padded,
        np.float64(ridge),
        np.float64(1e-8),
    )
    return utility[: pairs.n_items]


@pytest.mark.parametrize("ridge", [0.0, 2.0])
@pytest.mark.parametrize("n", [5, 23])
def test_host_and_jax_agree(n, ridge):
    pairs = simulate(n, 60 * n, seed=n)
    host, _ = _newton.fit_pairs(pairs, ridge=ridge)
    np.testing.assert_allclose(fit(pairs, ridge), host.point, atol=1e-10)
    wins = np.zeros((1, n, n))
    wins[0, pairs.low, pairs.high], wins[0, pairs.high, pairs.low] = pairs.won, pairs.lost
    dense = in_float64(refit, wins, np.zeros((1, n)), np.float64(ridge), np.float64(1e-8))
    np.testing.assert_allclose(dense.utility[0], host.point, atol=1e-10)


def test_log_likelihood_and_its_gradient():
    pairs = simulate(7, 400)
    utility = np.random.default_rng(1).normal(size=7)
    value = in_float64(bradley_terry_log_likelihood, utility, *pairs[:4])
    assert value == pytest.approx(pair_log_likelihood("logit", pairs, utility), rel=1e-12)
    gradient = in_float64(jax.grad(bradley_terry_log_likelihood), utility, *pairs[:4])
    expected = _newton.end_sums(pairs, _newton.pair_slopes("logit", pairs, utility).slope, -1.0)
    np.testing.assert_allclose(gradient, expected, atol=1e-10)


@pytest.mark.slow
def test_estimate_is_differentiable_in_the_counts():
    pairs = simulate(6, 300, seed=2)

    def spread(won, lost):
        utility = bradley_terry_utilities(
            pairs.low, pairs.high, won, lost, np.zeros(6), np.float64(0), np.float64(1e-9)
        )
        return utility[0] - utility[1]

    gradients = in_float64(jax.grad(spread, argnums=(0, 1)), pairs.won, pairs.lost)
    for name, gradient in zip(("won", "lost"), gradients, strict=True):
        counts = getattr(pairs, name)
        for place in range(3):
            move = np.zeros(len(counts))
            move[place] = 1e-4
            up, _ = _newton.fit_pairs(pairs._replace(**{name: counts + move}))
            down, _ = _newton.fit_pairs(pairs._replace(**{name: counts - move}))
            numeric = ((up.point - down.point)[0] - (up.point - down.point)[1]) / 2e-4
            assert gradient[place] == pytest.approx(numeric, rel=1e-5, abs=1e-8)


def test_estimate_is_differentiable_in_the_prior():
    pairs = simulate(6, 300, seed=2)

    def first(ridge):
        return bradley_terry_utilities(*pairs[:4], np.zeros(6), ridge, np.float64(1e-9))[0]

    slope = in_float64(jax.grad(first), np.float64(2.0))
    up, _ = _newton.fit_pairs(pairs, ridge=2.0 + 1e-4)
    down, _ = _newton.fit_pairs(pairs, ridge=2.0 - 1e-4)
    assert slope == pytest.approx((up.point - down.point)[0] / 2e-4, rel=1e-5)


def test_shapes_in_one_bucket_are_compiled_once():
    sizes = [(17, 900), (20, 1000), (29, 1100)]  # items <= 32; pairs padded alike
    shapes = {tuple(part.shape for part in pad_pairs(simulate(n, m, n))) for n, m in sizes[1:]}
    fit(simulate(*sizes[1], seed=1))
    before = bradley_terry_utilities._cache_size()
    fit(simulate(*sizes[1], seed=5))
    assert bradley_terry_utilities._cache_size() == before
    assert len(shapes) <= 2
    padded = pad_pairs(simulate(20, 1000))
    assert len(padded.low) & (len(padded.low) - 1) == 0
    assert len(padded.start) == 32


def test_out_of_iterations_is_nan_not_a_number_that_looks_like_an_estimate():
    padded = pad_pairs(simulate(10, 500))
    arguments = (*padded, np.float64(0), np.float64(1e-9))
    assert np.isnan(in_float64(bradley_terry_utilities, *arguments, max_iterations=1)).all()

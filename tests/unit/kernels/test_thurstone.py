"""Case III kernels: derivatives, the rank of what can be determined, and the published loop."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from pluralism._precision import in_float64
from pluralism.kernels import _thurstone, _thurstone_jax


@pytest.fixture
def problem():
    rng = np.random.default_rng(7)
    n = 6
    first, second = np.triu_indices(n, 1)
    theta = np.concatenate([rng.normal(size=n), rng.normal(scale=0.5, size=n)])
    return n, first, second, theta, 5 * rng.random(len(first)), 5 * rng.random(len(first))


def test_log_likelihood_is_that_of_scipy_and_of_jax(problem):
    n, first, second, theta, won, lost = problem
    variance = np.exp(theta[n:]) / 2
    z = (theta[first] - theta[second]) / np.sqrt(variance[first] + variance[second])
    expected = won @ stats.norm.logcdf(z) + lost @ stats.norm.logsf(z)
    np.testing.assert_allclose(_thurstone.case_iii_probits(theta, first, second), z, rtol=1e-13)
    assert _thurstone.probit_terms(z, won, lost).log_likelihood == pytest.approx(expected, 1e-13)
    ours = in_float64(
        _thurstone_jax.case_iii_log_likelihood,
        theta[:n],
        np.log(variance),
        first,
        second,
        won,
        lost,
    )
    assert ours == pytest.approx(expected, rel=1e-12)


def test_host_derivatives_are_those_of_jax_to_1e10(problem):
    n, first, second, theta, won, lost = problem

    def value(point):
        return _thurstone_jax.case_iii_log_likelihood(
            point[:n], point[n:] - np.log(2.0), first, second, won, lost
        )

    derivatives = jax.jit(lambda point: (jax.grad(value)(point), jax.hessian(value)(point)))
    gradient, hessian = in_float64(derivatives, theta)
    jacobian = _thurstone.case_iii_jacobian(theta, first, second).toarray()
    terms = _thurstone.probit_terms(_thurstone.case_iii_probits(theta, first, second), won, lost)
    np.testing.assert_allclose(jacobian.T @ terms.score, gradient, rtol=0, atol=1e-10)
    shape = _thurstone._geometry(theta, first, second)
    ours = _thurstone._assemble(
        shape,
        terms.score[:, None, None] * _thurstone._second_derivatives(shape)
        - terms.observed[:, None, None] * _thurstone._outer(shape.slope),
        2 * n,
    )
    np.testing.assert_allclose(ours, hessian, rtol=0, atol=1e-10)


def test_tails_stay_finite():
    z = np.array([-40.0, -8.0, 0.0, 8.0, 40.0])
    terms = _thurstone.probit_terms(z, np.ones(5), np.ones(5))
    assert np.isfinite(terms.score).all()
    assert np.isfinite(terms.observed).all()
    # phi / Phi(z) ~ -z far below zero
    assert terms.score[0] == pytest.approx(40.0, rel=1e-3)


@pytest.mark.parametrize(
    ("pairs", "n", "rank"),
    [
        (np.array(np.triu_indices(10, 1)), 10, 18),
        (np.array([np.repeat(np.arange(5), 5), np.tile(np.arange(5, 10), 5)]), 10, 17),
        (np.array([np.arange(10), (np.arange(10) + 1) % 10]), 10, 10),
        (np.array([np.zeros(9, int), np.arange(1, 10)]), 10, 9),
        (np.array(np.triu_indices(3, 1)), 3, 3),
    ],
    ids=["complete", "bipartite", "cycle", "star", "three items"],
)
def test_rank_of_what_pairs_determine(pairs, n, rank):
    open_ = _thurstone.undetermined_directions(*pairs, n, np.random.default_rng(0))
    assert 2 * n - 2 - open_.shape[1] == rank
    # brute force: the singular values of the Jacobian at another random point
    theta = np.random.default_rng(1).normal(size=2 * n)
    jacobian = _thurstone.case_iii_jacobian(theta, *pairs).toarray()
    assert np.linalg.matrix_rank(jacobian) == rank


def test_sparse_and_dense_steps_agree(problem, monkeypatch):
    n, first, second, _, won, lost = problem
    settings = {"precision": (0.2, 1.0)}
    dense = _thurstone.fit_case_iii(first, second, won, lost, n, **settings)
    monkeypatch.setattr(_thurstone, "_DENSE", 0)
    sparse = _thurstone.fit_case_iii(first, second, won, lost, n, **settings)
    assert dense.converged
    assert sparse.converged
    np.testing.assert_allclose(sparse.theta, dense.theta, atol=1e-7)


def reference_adam(start, first, second, share, epochs, rate):
    """The published loop, with its gradient written out by hand."""
    n = start.shape[1]
    parameters, m, v = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for count in range(1, epochs + 1):
        u, s = parameters
        raw = u.std(ddof=1)
        deviation = raw + 1e-5
        mu, sigma2 = (u - u.mean()) / deviation, np.exp(s) / (deviation + 1e-5) ** 2
        pair = sigma2[first] + sigma2[second] + 1e-5
        z = (mu[first] - mu[second]) / np.sqrt(pair)
        p = ndtr(z)
        by_z = (p - share) / (p * (1 - p)) * stats.norm.pdf(z) / len(share)
        by_mu = np.bincount(first, by_z / np.sqrt(pair), n)
        by_mu -= np.bincount(second, by_z / np.sqrt(pair), n)
        by_pair = -0.5 * by_z * z / pair
        by_sigma2 = np.bincount(first, by_pair, n) + np.bincount(second, by_pair, n)
        by_deviation = -(by_mu @ mu) / deviation
        by_deviation -= 2 * (by_sigma2 @ sigma2) / (deviation + 1e-5)
        centred = u - u.mean()
        by_u = (by_mu - by_mu.mean()) / deviation + by_deviation * centred / ((n - 1) * raw)
        gradient = np.stack([by_u, by_sigma2 * sigma2])
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        scale = np.sqrt(v / (1 - 0.999**count)) + 1e-8
        parameters = parameters - rate * m / (1 - 0.9**count) / scale
    deviation = parameters[0].std(ddof=1) + 1e-5
    u = (parameters[0] - parameters[0].mean()) / deviation
    return u, np.exp(parameters[1]) / (deviation + 1e-5) ** 2


def test_published_loop_against_a_hand_written_one(problem):
    n, first, second, _, won, lost = problem
    start = 0.01 * np.random.default_rng(3).normal(size=(2, n))
    share = won / (won + lost)
    fit = in_float64(
        _thurstone_jax.adam_case_iii,
        start,
        np.ones(n),
        first,
        second,
        share,
        np.ones(len(first)),
        np.float64(0.01),
        epochs=200,
    )
    utility, variance = reference_adam(start, first, second, share, 200, 0.01)
    np.testing.assert_allclose(fit.utility, utility, atol=1e-9)
    np.testing.assert_allclose(fit.variance, variance, rtol=1e-9)
    p = ndtr(
        (utility[first] - utility[second]) / np.sqrt(variance[first] + variance[second] + 1e-5)
    )
    loss = -(share * np.log(p) + (1 - share) * np.log1p(-p)).mean()
    assert fit.log_loss == pytest.approx(loss, rel=1e-9)


@pytest.mark.slow
def test_padding_changes_nothing(problem):
    n, first, second, _, won, lost = problem
    start = 0.01 * np.random.default_rng(3).normal(size=(2, n))
    arrays = (start, np.ones(n), first, second, won / (won + lost), np.ones(len(first)))
    padded = (
        np.pad(start, ((0, 0), (0, 2))),
        np.pad(np.ones(n), (0, 2)),
        np.pad(first, (0, 1)),
        np.pad(second, (0, 1), constant_values=1),
        np.pad(won / (won + lost), (0, 1), constant_values=0.5),
        np.pad(np.ones(len(first)), (0, 1)),
    )
    plain, filled = (
        in_float64(_thurstone_jax.adam_case_iii, *given, np.float64(0.01), epochs=50)
        for given in (arrays, padded)
    )
    np.testing.assert_allclose(filled.utility[:n], plain.utility, atol=1e-12)
    np.testing.assert_allclose(filled.variance[:n], plain.variance, rtol=1e-12)

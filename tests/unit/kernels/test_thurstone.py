"""Case III kernels: derivatives, the rank of what can be determined, and the published loop."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy import optimize, stats
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


@pytest.mark.parametrize("precision", [(0.3, 1.0), (0.0, 0.0)])
def test_case_three_ends_at_the_mode_in_as_many_steps_as_it_says(problem, precision):
    n, first, second, theta, *_ = problem
    chance = ndtr(_thurstone.case_iii_probits(theta, first, second))
    won, lost = 95 * chance, 95 - 95 * chance
    settings = {"precision": precision, "start": 0.8 * theta}
    found = _thurstone.fit_case_iii(first, second, won, lost, n, **settings)
    assert found.converged
    assert found.decrement < 1e-7
    prior = np.repeat(precision, n)

    def slope(at):
        terms = _thurstone.probit_terms(_thurstone.case_iii_probits(at, first, second), won, lost)
        return _thurstone.case_iii_jacobian(at, first, second).T @ terms.score - prior * at

    np.testing.assert_allclose(slope(found.theta), 0.0, atol=1e-6)

    def loss(at):
        z = _thurstone.case_iii_probits(at, first, second)
        terms = _thurstone.probit_terms(z, won, lost)
        return 0.5 * prior @ at**2 - terms.log_likelihood

    best = optimize.minimize(loss, theta, jac=lambda at: -slope(at), method="BFGS")
    assert loss(found.theta) <= best.fun + 1e-6
    z = _thurstone.case_iii_probits(found.theta, first, second)
    value = _thurstone.probit_terms(z, won, lost).log_likelihood
    assert found.log_likelihood == pytest.approx(value)
    settings["max_iterations"] = found.iterations
    again = _thurstone.fit_case_iii(first, second, won, lost, n, **settings)
    assert again.converged
    assert again.iterations == found.iterations > 2
    settings["max_iterations"] -= 1
    early = _thurstone.fit_case_iii(first, second, won, lost, n, **settings)
    assert not early.converged
    assert early.iterations == found.iterations - 1


def test_a_variance_that_runs_away_ends_the_fit():
    # item 2 splits evenly with items that are far apart: the wider, the better
    first, second = np.array([0, 0, 1]), np.array([1, 2, 2])
    won, lost = np.array([90.0, 50.0, 50.0]), np.array([10.0, 50.0, 50.0])
    start = np.array([0.5, -0.5, 0.0, 0.0, 0.0, 1.0])
    found = _thurstone.fit_case_iii(
        first, second, won, lost, 3, precision=(0.1, 0.0), start=start, max_iterations=500
    )
    assert not found.converged
    assert found.iterations < 500
    assert np.abs(found.theta[3:]).max() > 15.0


def test_what_is_open_is_seen_by_no_probit_and_leaves_the_median_item():
    first, second = np.zeros(4, int), np.arange(1, 5)
    rng = np.random.default_rng(0)
    open_ = _thurstone.undetermined_directions(first, second, 5, rng)
    assert open_.shape[1] == 10 - 2 - 4
    again = np.random.default_rng(0)
    theta = np.concatenate([again.normal(size=5), again.normal(scale=0.5, size=5)])
    jacobian = _thurstone.case_iii_jacobian(theta, first, second)
    np.testing.assert_allclose(jacobian @ open_, 0.0, atol=1e-5)
    np.testing.assert_allclose(np.median(open_[5:], axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(np.median(open_[:5], axis=0), 0.0, atol=1e-12)


def test_expected_information_is_the_mean_square_of_the_score(problem):
    n, first, second, theta, won, lost = problem
    z = _thurstone.case_iii_probits(theta, first, second)
    jacobian = _thurstone.case_iii_jacobian(theta, first, second).toarray()
    density = stats.norm.pdf(z) ** 2 / (stats.norm.cdf(z) * stats.norm.sf(z))
    expected = (jacobian.T * (won + lost) * density) @ jacobian
    found = _thurstone.case_iii_information(theta, first, second, won + lost)
    np.testing.assert_allclose(_thurstone.as_dense(found), expected, atol=1e-10)
    pinned = _thurstone.pin_gauge(expected, theta)
    values = np.linalg.eigvalsh(pinned)
    assert values.min() > 0
    assert np.trace(pinned) == pytest.approx(np.trace(expected) * (1 + 2 / (2 * n)))

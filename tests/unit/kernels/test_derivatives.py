"""Every likelihood against differences: its gradient to its value, its Hessian to its gradient.

What is held to brute force elsewhere is not repeated: hierarchical blocks (test_pooling), rater
models (jury), bridging (choice), and the covariances that fits report (test_bradley_terry_terms).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special

from pluralism._precision import in_float64
from pluralism.kernels import _exchange_rates, _mixture, _newton, _outcomes, _thurstone
from pluralism.kernels._dirichlet import dirichlet_multinomial_derivatives
from pluralism.kernels._pairs import fold_pairs, pair_log_likelihood, pair_slopes
from pluralism.kernels._plackett_luce import choice_sets, plackett_luce_terms

FloatArray = npt.NDArray[np.float64]
N = 5


class Likelihood(NamedTuple):
    """A log-likelihood and the derivatives that its kernel claims, at a point."""

    at: FloatArray
    value: Callable[[FloatArray], float]
    gradient: Callable[[FloatArray], FloatArray]
    hessian: Callable[[FloatArray], FloatArray] | None = None


def differences(function: Callable[[FloatArray], Any], at: FloatArray, step: float = 1e-5) -> Any:
    """Slopes of a function by central differences, the direction last."""
    steps = step * np.eye(len(at))
    return np.stack([(function(at + d) - function(at - d)) / (2 * step) for d in steps], axis=-1)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def pairs(link: str) -> Likelihood:
    first, second = np.triu_indices(N, 1)
    won, lost = rng().uniform(0.5, 6, (2, len(first)))
    folded = fold_pairs(first.astype(np.int32), second.astype(np.int32), won, lost, N)

    def gradient(u: FloatArray) -> FloatArray:
        return _newton.end_sums(folded, pair_slopes(link, folded, u).slope, -1.0)

    def hessian(u: FloatArray) -> FloatArray:
        table = np.zeros((N, N))
        table[folded.low, folded.high] = pair_slopes(link, folded, u).curvature
        table += table.T
        return table - np.diag(table.sum(axis=1))

    return Likelihood(
        rng().normal(size=N),
        lambda u: pair_log_likelihood(link, folded, u),
        gradient,
        hessian if link == "logit" else None,  # else the expected curvature is another
    )


def outcomes(link: str, ties: str, at: tuple[float, float]) -> Likelihood:
    """One cell, in (eta, the parameter of ties)."""
    counts = _outcomes.Counts(*(np.array([share]) for share in (3.0, 2.0, 4.0)))
    if ties == "none":
        counts = counts._replace(tied=np.zeros(1))
    votes = np.array([part[0] for part in counts])

    def gradient(theta: FloatArray) -> FloatArray:
        here = _outcomes.local(link, ties, theta[:1], theta[1])
        return np.array([votes @ here.score[:, 0], votes @ here.tie_score[:, 0]])

    return Likelihood(
        np.array(at),
        lambda theta: _outcomes.log_likelihood(link, ties, theta[:1], theta[1], counts),
        gradient,
    )


def plackett_luce(ties: bool) -> Likelihood:
    ranks = np.argsort(rng().normal(size=(20, N)), axis=1).astype(np.uint8)
    if ties:
        ranks[::3] = np.maximum(ranks[::3], 1) - 1  # the best two are tied
    sets = choice_sets(ranks, rng().uniform(1, 3, 20), unranked=255, below=True)
    assert len(sets.orders) == ties
    return Likelihood(
        rng().normal(size=N + ties),
        lambda theta: plackett_luce_terms(theta, sets).log_likelihood,
        lambda theta: plackett_luce_terms(theta, sets).gradient,
        lambda theta: -plackett_luce_terms(theta, sets).information,
    )


def case_iii() -> Likelihood:
    first, second = np.triu_indices(N, 1)
    won, lost = rng().uniform(0.5, 6, (2, len(first)))

    def terms(theta: FloatArray) -> Any:
        return _thurstone.probit_terms(_thurstone.case_iii_probits(theta, first, second), won, lost)

    return Likelihood(
        np.concatenate([rng().normal(size=N), rng().normal(scale=0.4, size=N)]),
        lambda theta: terms(theta).log_likelihood,
        lambda theta: _thurstone.case_iii_jacobian(theta, first, second).T @ terms(theta).score,
    )


def mixture() -> Likelihood:
    raters, classes, cells = 6, 2, 40
    low = rng().integers(0, N - 1, cells)
    high = low + 1
    won, lost = rng().uniform(0, 3, (2, cells))
    table = _mixture.RaterCells(rng().integers(0, raters, cells), low, high, won, lost)

    def terms(theta: FloatArray) -> Any:
        return in_float64(
            partial(_mixture.value_and_slopes, n_raters=raters, n_classes=classes, n_items=N),
            theta, table, np.float64(0.3),
        )  # fmt: skip

    return Likelihood(
        rng().normal(size=classes * N + classes - 1),
        lambda theta: float(terms(theta)[0]),
        lambda theta: terms(theta)[1],
        lambda theta: terms(theta)[2],
    )


def dirichlet_multinomial() -> Likelihood:
    counts = rng().integers(0, 9, (12, 4)).astype(float)
    terms = partial(dirichlet_multinomial_derivatives, counts)
    return Likelihood(
        rng().normal(size=4),
        lambda eta: terms(eta).value,
        lambda eta: terms(eta).gradient,
        lambda eta: terms(eta).hessian,
    )


#: Even odds, lopsided ones, and ties that are nearly impossible.
POINTS = [(0.0, 0.3), (-1.3, 0.8), (2.5, 0.05)]
LIKELIHOODS = {
    "Bradley-Terry": lambda: pairs("logit"),
    "Thurstone, Case V": lambda: pairs("probit"),
    "Thurstone, Case III": case_iii,
    "Plackett-Luce": lambda: plackett_luce(ties=False),
    "Davidson-Luce": lambda: plackett_luce(ties=True),
    "mixture": mixture,
    "Dirichlet-multinomial": dirichlet_multinomial,
    **{
        f"{ties}, {link}, at {at}": partial(outcomes, link, ties, at)
        for ties, link in [
            ("none", "logit"),
            ("none", "probit"),
            ("davidson", "logit"),
            ("rao-kupper", "logit"),
            ("rao-kupper", "probit"),
        ]
        for at in POINTS
    },
}


def named(names: Iterable[str]) -> list[Any]:
    """Names as parameters; the mixture takes seconds to compile."""
    return [
        pytest.param(name, marks=pytest.mark.slow) if name == "mixture" else name for name in names
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", named(LIKELIHOODS))
def test_the_gradient_is_the_slope_of_the_value(name: str) -> None:
    model = LIKELIHOODS[name]()
    expected = differences(model.value, model.at)
    np.testing.assert_allclose(model.gradient(model.at), expected, rtol=1e-6, atol=1e-6)
    assert np.abs(expected).max() > 0.1


@pytest.mark.parametrize("name", named(n for n, make in LIKELIHOODS.items() if make().hessian))
def test_the_hessian_is_the_slope_of_the_gradient(name: str) -> None:
    model = LIKELIHOODS[name]()
    assert model.hessian is not None
    expected = differences(model.gradient, model.at)
    np.testing.assert_allclose(model.hessian(model.at), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(expected, expected.T, atol=1e-6)


@pytest.mark.parametrize("at", POINTS)
@pytest.mark.parametrize(
    ("link", "ties"), [("logit", "davidson"), ("logit", "rao-kupper"), ("probit", "rao-kupper")]
)
def test_expected_information_is_minus_the_mean_hessian(link: str, ties: str, at: Any) -> None:
    def log_chances(theta: FloatArray) -> FloatArray:
        chances = _outcomes.probabilities(link, ties, theta[:1], float(np.exp(theta[1])))[:, 0]
        return np.log(chances)

    theta = np.array(at)
    hessians = differences(partial(differences, log_chances, step=1e-4), theta, step=1e-4)
    expected = -np.einsum("o,oij->ij", np.exp(log_chances(theta)), hessians)
    here = _outcomes.local(link, ties, theta[:1], theta[1])
    found = [[here.curvature[0], here.cross[0]], [here.cross[0], here.tie_curvature[0]]]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_expected_curvature_of_the_probit_is_the_mean_of_the_observed() -> None:
    for gap in (-2.0, 0.3, 1.5):
        chance = special.ndtr(gap)

        def hessian(side: float, gap: float = gap) -> float:
            slope = partial(differences, lambda x: special.log_ndtr(side * x[0]))
            return float(differences(lambda x: slope(x)[0], np.array([gap]), 1e-4)[0])

        expected = -chance * hessian(1.0) - (1 - chance) * hessian(-1.0)
        one = fold_pairs(
            np.array([0], np.int32), np.array([1], np.int32), np.array([0.4]), np.array([0.6]), 2
        )
        found = pair_slopes("probit", one, np.array([gap, 0.0])).curvature[0]
        assert found == pytest.approx(expected, rel=1e-4)


def test_errors_of_exchange_rates_are_those_of_differences() -> None:
    log_n = np.tile(np.log([1.0, 10.0, 100.0]), 2)
    code = np.repeat([0, 1], 3)
    utility = np.array([0.1, 0.9, 2.2, -0.4, 0.8, 1.3])
    root = rng().normal(size=(6, 6))
    curves = _exchange_rates.fit_curves(utility, log_n, code, 2, root @ root.T)
    _, stderr = _exchange_rates.log_rates(curves, 1.5)

    def rate(y: FloatArray) -> FloatArray:
        return _exchange_rates.log_rates(
            _exchange_rates.fit_curves(y, log_n, code, 2, root @ root.T), 1.5
        )[0]

    slopes = differences(rate, utility)  # (goods, goods, utilities)
    expected = np.sqrt(np.einsum("ija,ab,ijb->ij", slopes, root @ root.T, slopes))
    np.testing.assert_allclose(stderr, expected, rtol=1e-6, atol=1e-9)

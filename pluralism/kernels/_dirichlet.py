"""The Dirichlet-multinomial likelihood of label counts, and who is the largest of a Dirichlet.

Host kernels. The parameters are logarithms, eta = ln alpha, so that every step stays inside.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "DirichletDerivatives",
    "DirichletState",
    "dirichlet_multinomial_derivatives",
    "dirichlet_multinomial_mode",
    "probability_largest",
]

FloatArray = npt.NDArray[np.float64]


class DirichletDerivatives(NamedTuple):
    """Log-likelihood without the multinomial coefficient, and its derivatives by eta."""

    value: float
    gradient: FloatArray  # (categories,)
    hessian: FloatArray  # (categories, categories)


class DirichletState(NamedTuple):
    """Where Newton's iteration stands."""

    eta: FloatArray  # (categories,)
    log_likelihood: float
    covariance: FloatArray  # (categories, categories): of eta
    decrement: float  # g' H^-1 g / 2, in units of log-likelihood
    iterations: int


def dirichlet_multinomial_derivatives(counts: FloatArray, eta: FloatArray) -> DirichletDerivatives:
    """Value, gradient and Hessian for counts (items, categories)."""
    from scipy.special import digamma, gammaln, polygamma

    alpha = np.exp(eta)
    total, n = alpha.sum(), counts.sum(axis=1)
    shifted = counts + alpha
    value = (gammaln(total) - gammaln(total + n)).sum()
    value += (gammaln(shifted) - gammaln(alpha)).sum()
    common = (digamma(total) - digamma(total + n)).sum()
    slope = common + (digamma(shifted) - digamma(alpha)).sum(axis=0)  # d / d alpha
    curve = (polygamma(1, shifted) - polygamma(1, alpha)).sum(axis=0)
    joint = (polygamma(1, total) - polygamma(1, total + n)).sum()
    gradient = alpha * slope
    hessian = joint * np.outer(alpha, alpha)
    hessian[np.diag_indices_from(hessian)] += alpha**2 * curve + gradient
    return DirichletDerivatives(float(value), gradient, hessian)


def dirichlet_multinomial_mode(
    counts: FloatArray,
    start: FloatArray,
    centre: FloatArray,
    precision: float,
    *,
    tolerance: float,
    max_iterations: int,
) -> DirichletState:
    """Maximise the log-likelihood minus ``precision |eta - centre|^2 / 2`` by damped Newton.

    Stops when the Newton decrement falls below `tolerance`. A decrement above it in the result
    says that `max_iterations` were not enough.
    """
    eta = start.copy()
    n = len(eta)

    def objective(at: FloatArray) -> DirichletDerivatives:
        parts = dirichlet_multinomial_derivatives(counts, at)
        gap = at - centre
        return DirichletDerivatives(
            parts.value - 0.5 * precision * float(gap @ gap),
            parts.gradient - precision * gap,
            parts.hessian - precision * np.eye(n),
        )

    here = objective(eta)
    decrement, iteration = np.inf, 0
    while iteration < max_iterations:
        iteration += 1
        eigenvalues, vectors = np.linalg.eigh(-here.hessian)
        # Where the surface is not concave, climb along the gradient instead.
        floor = 1e-8 * max(1.0, float(np.abs(eigenvalues).max()))
        step = vectors @ ((vectors.T @ here.gradient) / np.maximum(np.abs(eigenvalues), floor))
        step *= min(1.0, 2.0 / float(np.abs(step).max() or 1.0))  # a factor e^2 at a time
        decrement = 0.5 * float(here.gradient @ step)
        if decrement <= tolerance and eigenvalues.min() > 0.0:
            # This close the next step squares the error; it costs nothing to take it.
            eta = eta + step
            here = objective(eta)
            break
        for halving in range(40):
            there = objective(eta + step * 0.5**halving)
            if there.value >= here.value:
                break
        else:
            break
        eta = eta + step * 0.5**halving
        here = there
    covariance: FloatArray = np.asarray(
        np.linalg.pinv(-here.hessian, hermitian=True), dtype=np.float64
    )
    value = dirichlet_multinomial_derivatives(counts, eta).value
    return DirichletState(eta, value, covariance, decrement, iteration)


def probability_largest(concentration: FloatArray, *, nodes: int = 96) -> FloatArray:
    """Probability that each entry of a Dirichlet vector is the largest, (rows, categories).

    Two categories by the Beta distribution. More by quadrature of the distribution of gamma
    variables, ``integral f_k(x) prod F_j(x) dx``, over the quantiles u = F_k(x) with a
    double-exponential rule, which the algebraic ends of the integrand do not disturb.
    """
    from scipy.special import betainc, gammainc, gammaincinv

    n = concentration.shape[1]
    if n == 1:
        return np.ones_like(concentration)
    if n == 2:
        second = betainc(concentration[:, 0], concentration[:, 1], 0.5)  # P(p_0 < 1/2)
        return np.stack([1.0 - second, second], axis=1)
    # tanh-sinh: u in (0, 1), exponentially close to its ends
    t = np.linspace(-3.4, 3.4, nodes)
    inner = np.pi * np.sinh(t)
    u = 1.0 / (1.0 + np.exp(-inner))
    weight = (t[1] - t[0]) * np.pi * np.cosh(t) * u * (1.0 - u)
    result = np.empty_like(concentration)
    rows, back = np.unique(concentration, axis=0, return_inverse=True)
    for k in range(n):
        x = gammaincinv(rows[:, k, None], u)  # (rows, nodes)
        product = np.broadcast_to(weight, x.shape).copy()
        for j in range(n):
            if j != k:
                product *= gammainc(rows[:, j, None], x)
        result[:, k] = product.sum(axis=1)[back.ravel()]
    return result / result.sum(axis=1, keepdims=True)

"""Discount curves fitted to choices between now and later. Host kernel.

P(later) = logistic(s (ln m + ln D(t))): a multiplier m at delay t is chosen half the time where
m D(t) = 1. Parameters are ln s, then those of the curve: ln k, and for the present-biased curve
ln b.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

__all__ = ["CURVES", "CurveFit", "FreeFit", "discounts", "fit_curve", "fit_free"]

FloatArray = npt.NDArray[np.float64]

CURVES = ("hyperbolic", "exponential", "present-biased")

#: Logarithms of the sensitivity, of k in units of the inverse longest delay, and of b.
_SENSITIVITY, _RATE, _BIAS = (-8.0, 8.0), (-12.0, 8.0), (-6.0, 3.0)


class CurveFit(NamedTuple):
    """Maximum likelihood of one curve."""

    parameters: FloatArray  # ln s, ln k[, ln b]
    stderr: FloatArray
    log_likelihood: float
    at_bound: npt.NDArray[np.bool_]  # (parameters,)


class FreeFit(NamedTuple):
    """A discount for every delay, with one sensitivity."""

    log_sensitivity: float
    log_discount: FloatArray  # (delays,)
    stderr: FloatArray  # (delays,)
    log_likelihood: float
    gap: FloatArray | None  # (2, delays): bounds, where every delay has a sharp threshold


def discounts(curve: str, parameters: FloatArray, delay: FloatArray) -> FloatArray:
    """Log discount at each delay; `parameters` without the sensitivity."""
    rate = np.exp(parameters[0])
    if curve == "hyperbolic":
        return -np.log1p(rate * delay)
    bias = parameters[1] if curve == "present-biased" else 0.0
    return np.where(delay > 0, bias - rate * delay, 0.0)


def fit_curve(
    curve: str, delay: FloatArray, log_m: FloatArray, later: FloatArray, now: FloatArray
) -> CurveFit:
    """Fit one curve by maximum likelihood, from several starts."""
    longest = max(float(delay.max()), 1e-300)
    bounds = [_SENSITIVITY, (_RATE[0] - np.log(longest), _RATE[1] - np.log(longest))]
    if curve == "present-biased":
        bounds.append(_BIAS)

    def predictor(parameters: FloatArray) -> FloatArray:
        return np.exp(parameters[0]) * (log_m + discounts(curve, parameters[1:], delay))

    def loss(parameters: FloatArray) -> float:
        return -_log_likelihood(predictor(parameters), later, now)

    tried: list[Any] = []
    for rate in (-4.0, -1.5, 0.0, 1.5):
        for sensitivity in (0.0, 2.0):
            start = np.array([sensitivity, rate - np.log(longest), 0.0][: len(bounds)])
            found = optimize.minimize(
                loss, start, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-14, "gtol": 1e-9}
            )
            tried.append(found)
    best = min(tried, key=lambda found: float(found.fun))
    parameters = np.asarray(best.x)
    low, high = np.array(bounds).T
    at_bound = (parameters - low < 1e-6) | (high - parameters < 1e-6)
    step = 1e-5
    slopes = np.stack(
        [
            (predictor(parameters + step * unit) - predictor(parameters - step * unit)) / (2 * step)
            for unit in np.eye(len(parameters))
        ]
    )  # (parameters, cells)
    p = special.expit(predictor(parameters))
    weight = (later + now) * p * (1 - p)
    stderr = np.full(len(parameters), np.nan)
    if not at_bound.any():
        information = (slopes * weight) @ slopes.T
        if np.linalg.cond(information) < 1e14:
            stderr = np.sqrt(np.diagonal(np.linalg.inv(information)))
    return CurveFit(parameters, stderr, -float(best.fun), at_bound)


def fit_free(
    code: npt.NDArray[np.intp], log_m: FloatArray, later: FloatArray, now: FloatArray, n: int
) -> FreeFit:
    """Fit a discount of its own to each delay.

    A delay at which only one answer was given says nothing of the sensitivity, for its discount is
    infinitely far off: it is left out, and put two units beyond the multipliers offered there, so
    as to be finite and recognisable. Others are kept within as much. Where at every delay
    all multipliers answered by now lie below all answered by later, the sensitivity is infinite
    and a discount anywhere in the gap fits perfectly; its middle is taken.
    """
    lowest = np.array([-log_m[code == d].max() - 2.0 for d in range(n)])
    highest = np.array([-log_m[code == d].min() + 2.0 for d in range(n)])

    top_now = np.array([log_m[(code == d) & (now > 0)].max(initial=-np.inf) for d in range(n)])
    low_later = np.array([log_m[(code == d) & (later > 0)].min(initial=np.inf) for d in range(n)])
    one_sided = np.isinf(low_later) | np.isinf(top_now)
    beyond = np.where(np.isinf(low_later), lowest, highest)
    if (top_now < low_later).all():
        gap = np.stack([np.maximum(-low_later, lowest), np.minimum(-top_now, highest)])
        middle = np.where(one_sided, beyond, gap.mean(0))
        return FreeFit(np.inf, middle, np.full(n, np.nan), 0.0, gap)

    later, now = (np.where(one_sided[code], 0.0, part) for part in (later, now))

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        s, d = np.exp(parameters[0]), parameters[1:]
        eta = s * (log_m + d[code])
        residual = later - (later + now) * special.expit(eta)
        gradient = np.append(-(residual * eta).sum(), -s * np.bincount(code, residual, n))
        return -_log_likelihood(eta, later, now), gradient

    bounds = [_SENSITIVITY, *zip(lowest, highest, strict=True)]
    start = np.append(0.7, np.clip(0.0, lowest, highest))
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-9},
    )  # fmt: skip
    log_s, discount = float(found.x[0]), np.asarray(found.x[1:])
    eta = np.exp(log_s) * (log_m + discount[code])
    p = special.expit(eta)
    weight = (later + now) * p * (1 - p)
    own = np.exp(2 * log_s) * np.bincount(code, weight, n)
    # The sensitivity is shared: its row and column border the diagonal of the discounts.
    cross = np.exp(log_s) * np.bincount(code, weight * eta, n)
    pull = np.divide(cross, own, out=np.zeros(n), where=own > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = (weight * eta**2).sum() - (cross * pull).sum()
        variance = 1 / own + pull**2 / left
    stderr = np.sqrt(np.maximum(variance, 0.0))
    discount = np.where(one_sided, beyond, discount)
    return FreeFit(log_s, discount, stderr, -float(found.fun), None)


def _log_likelihood(eta: FloatArray, later: FloatArray, now: FloatArray) -> float:
    return float((later * special.log_expit(eta) + now * special.log_expit(-eta)).sum())

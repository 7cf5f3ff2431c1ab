"""Intervals from replicates: percentile, basic, and bias-corrected and accelerated (BCa)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["acceleration", "basic", "bca", "percentile", "rounding", "shift"]

FloatArray = npt.NDArray[np.float64]


def rounding(estimate: FloatArray, replicates: FloatArray) -> FloatArray:
    """Largest difference between equal values that were computed in another order, (...).

    An estimate near zero is a difference of larger numbers, whose size replicates show: their
    upper quartile, so that no few that run to infinity set the scale.
    """
    typical = np.quantile(np.abs(replicates), 0.75, axis=0)
    return np.asarray(1e-12 * np.fmax(np.abs(estimate), typical))


def percentile(replicates: FloatArray, level: float) -> FloatArray:
    """Quantiles of the replicates, (..., 2)."""
    tail = (1 - level) / 2
    return np.moveaxis(np.quantile(replicates, [tail, 1 - tail], axis=0), 0, -1)


def basic(estimate: FloatArray, replicates: FloatArray, level: float) -> FloatArray:
    """Quantiles reflected in the estimate, (..., 2); Davison and Hinkley 1997, eq. 5.6."""
    bounds = percentile(replicates, level)
    return 2 * estimate[..., None] - bounds[..., ::-1]


def shift(estimate: FloatArray, replicates: FloatArray) -> FloatArray:
    """Median bias in standard normal units, z0; replicates equal to the estimate count half.

    Efron 1987, eq. 4.1. Infinite where all replicates lie on one side.
    """
    from scipy.special import ndtri

    slack = rounding(estimate, replicates)
    below = (replicates < estimate - slack).mean(axis=0)
    above = (replicates > estimate + slack).mean(axis=0)
    return np.asarray(ndtri((1 + below - above) / 2))


def acceleration(left_out: FloatArray, counts: FloatArray) -> FloatArray:
    """Skewness of the jackknife over six, a; Efron 1987, eq. 4.4.

    Parameters
    ----------
    left_out : array, (units, ...)
        The statistic with one unit left out.
    counts : array, (units,)
        How many equal units each row stands for.
    """
    weight = counts.reshape(-1, *[1] * (left_out.ndim - 1))
    mean = (weight * left_out).sum(axis=0) / counts.sum()
    away = mean - left_out
    square = (weight * away**2).sum(axis=0)
    # Equal values up to rounding have no skewness.
    flat = square <= counts.sum() * (1e-12 * np.maximum(np.abs(mean), 1e-300)) ** 2
    cube = (weight * away**3).sum(axis=0)
    return np.where(flat, 0.0, cube / (6 * np.where(flat, 1.0, square) ** 1.5))


def bca(
    replicates: FloatArray, level: float, shift: FloatArray, acceleration: FloatArray
) -> FloatArray:
    """Quantiles at the levels of Efron 1987, eq. 3.9, (..., 2)."""
    from scipy.special import ndtr, ndtri

    tail = (1 - level) / 2
    bounds = np.empty((*replicates.shape[1:], 2))
    for side, normal in enumerate((ndtri(tail), ndtri(1 - tail))):
        moved = shift + normal
        share = ndtr(shift + moved / (1 - acceleration * moved))
        share = np.where(np.isnan(share), 0.5, share)  # where the estimate itself is NaN
        for place in np.ndindex(replicates.shape[1:]):
            bounds[(*place, side)] = np.quantile(replicates[(slice(None), *place)], share[place])
    return bounds

"""How far apart two noisy vectors of utilities are, and how alike they rank. Host kernels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

__all__ = ["SquaredDistance", "rank_correlation", "squared_distance"]

FloatArray = npt.NDArray[np.float64]


class SquaredDistance(NamedTuple):
    """Mean squared difference, freed of estimation noise."""

    estimate: float  # unbiased, so it may be below zero
    lower: float
    upper: float


def squared_distance(difference: FloatArray, covariance: FloatArray, z: float) -> SquaredDistance:
    """Estimate ``x = mean(delta**2)`` from d ~ N(delta, C), (items,) and (items, items).

    E d'd = delta'delta + tr C, and Var d'd = 4 delta'C delta + 2 tr C^2. The interval holds all
    values of delta'delta that lie within z of their own standard deviations, with delta'C delta
    in proportion to delta'delta as in the data (a score interval, like Wilson's).
    """
    n = len(difference)
    length = float(difference @ difference)
    along = float(difference @ covariance @ difference) / length if length > 0 else 0.0
    excess = length - float(np.trace(covariance))
    middle = excess + 2.0 * z**2 * along
    half = np.sqrt(max(middle**2 - excess**2 + 2.0 * z**2 * float((covariance**2).sum()), 0.0))
    return SquaredDistance(excess / n, (middle - half) / n, (middle + half) / n)


def rank_correlation(left: FloatArray, right: FloatArray) -> FloatArray:
    """Spearman's correlation along the last axis."""
    a, b = (stats.rankdata(each, axis=-1) for each in (left, right))
    a -= a.mean(axis=-1, keepdims=True)
    b -= b.mean(axis=-1, keepdims=True)
    scale = np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    return np.divide((a * b).sum(axis=-1), scale, out=np.full_like(scale, np.nan), where=scale > 0)

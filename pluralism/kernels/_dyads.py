"""Means over pairs of items, and their errors where pairs share items. Host kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["DyadicMean", "dyadic_mean"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]


class DyadicMean(NamedTuple):
    """A weighted mean over pairs."""

    mean: float
    stderr: float  # NaN for fewer than two pairs


def dyadic_mean(
    values: FloatArray, weights: FloatArray, low: IntArray, high: IntArray, n_items: int
) -> DyadicMean:
    """Weighted mean over pairs, with the error that lets pairs that share an item depend.

    Aronow, Samii and Assenova (2015), Political Analysis 23, eq. 4: the sum over items of squared
    sums counts each pair twice. Not below the error of independent pairs.
    """
    total = weights.sum()
    mean = float((weights * values).sum() / total)
    n = len(values)
    if n < 2:
        return DyadicMean(mean, float("nan"))
    residual = weights * (values - mean)
    by_item = np.bincount(low, residual, n_items) + np.bincount(high, residual, n_items)
    own = float((residual**2).sum())
    k = len(np.unique(np.concatenate([low, high])))
    wider = k * (k - 1) / (k - 2) ** 2 if k > 2 else 1.0
    variance = max(wider * float((by_item**2).sum()) - own, own * n / (n - 1))
    return DyadicMean(mean, float(np.sqrt(variance) / total))

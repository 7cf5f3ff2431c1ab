"""Binned and smoothed calibration errors of binary predictions.

Host kernels. Outcomes may be soft: a share or a probability in place of 0 or 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "BinnedMeans",
    "assign_bins",
    "binned_error",
    "binned_means",
    "mass_edges",
    "smooth_error",
]

FloatArray = npt.NDArray[np.float64]


class BinnedMeans(NamedTuple):
    """Means by bin; NaN in empty bins."""

    size: FloatArray  # (bins,): items in the bin
    predicted: FloatArray  # (bins,)
    observed: FloatArray  # (bins,)


def mass_edges(p: FloatArray, bins: int) -> FloatArray:
    """Edges between bins that hold equally many predictions, (bins + 1,); repeated ones merge."""
    inner = np.quantile(p, np.arange(1, bins) / bins)
    return np.unique(np.concatenate([[0.0], inner, [1.0]]))


def assign_bins(p: FloatArray, edges: FloatArray, closed: str) -> npt.NDArray[np.intp]:
    """Bin of each prediction: (a, b] with ``closed="right"``, [a, b) with ``"left"``.

    The outer edges belong to their bins either way.
    """
    place = np.searchsorted(edges, p, side="left" if closed == "right" else "right") - 1
    return np.clip(place, 0, len(edges) - 2)


def binned_means(p: FloatArray, y: FloatArray, bins: npt.NDArray[np.intp], n: int) -> BinnedMeans:
    """Mean prediction and outcome by bin."""
    count = np.bincount(bins, minlength=n).astype(np.float64)
    some = np.where(count > 0, count, np.nan)
    predicted = np.bincount(bins, p, n) / some
    return BinnedMeans(count, predicted, np.bincount(bins, y, n) / some)


def binned_error(means: BinnedMeans, norm: str) -> float:
    """Weighted mean (``"l1"``), root mean square (``"l2"``) or maximum of the bins' gaps."""
    used = means.size > 0
    gap = np.abs(means.predicted - means.observed)[used]
    share = means.size[used] / means.size.sum()
    if norm == "l1":
        return float(share @ gap)
    if norm == "l2":
        return float(np.sqrt(share @ gap**2))
    return float(gap.max())


def smooth_error(p: FloatArray, y: FloatArray, bandwidth: float | None, *, grid: int) -> float:
    """Smooth calibration error (Blasiok and Nakkiran 2023).

    The residuals y - p, smoothed over p by a Gaussian reflected at 0 and 1, are integrated in
    absolute value. Without a bandwidth it is the one that equals its own error. On a grid of cell
    midpoints reflection is what the cosine transform does, and smoothing a product.
    """
    from scipy.fft import dct, idct
    from scipy.optimize import brentq

    # Linear binning: a residual is shared between the two nearest cells.
    place = np.clip(p * grid - 0.5, 0.0, grid - 1.0)
    low = np.minimum(place.astype(np.intp), grid - 2)
    upper = place - low
    residual = (y - p) / len(p)
    mass = np.bincount(low, residual * (1.0 - upper), grid)
    mass += np.bincount(low + 1, residual * upper, grid)
    spectrum = dct(mass, type=2)
    frequency = np.pi * np.arange(grid)

    def error(sigma: float) -> float:
        # Beyond 40 the damping is zero whatever the square.
        damped = spectrum * np.exp(-0.5 * np.minimum(sigma * frequency, 40.0) ** 2)
        return min(1.0, float(np.abs(idct(damped, type=2)).sum()))

    if bandwidth is not None:
        return error(bandwidth)
    # error(sigma) falls with sigma: it crosses the diagonal once.
    lowest = 0.5 / grid
    if error(lowest) <= lowest:
        return error(lowest)
    return float(brentq(lambda sigma: error(sigma) - sigma, lowest, 1.0, xtol=1e-10))

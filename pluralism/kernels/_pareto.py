"""Dominance and hypervolume of points of which more is better in every objective."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["dominance_counts", "hypervolume_2d", "hypervolume_3d"]

FloatArray = npt.NDArray[np.float64]


def dominance_counts(points: FloatArray, tolerance: FloatArray) -> npt.NDArray[np.int64]:
    """How many points dominate each: nowhere lower, and somewhere higher by over the tolerance.

    Parameters
    ----------
    points : array, (..., points, objectives)
        Points; leading axes are replicates.
    tolerance : array, (objectives,)
        Differences up to this are ties.
    """
    # gap[..., i, j, :] is how far j is above i.
    gap = points[..., None, :, :] - points[..., :, None, :]
    tied = np.abs(gap) <= tolerance
    above = (gap > 0) & ~tied
    below = (gap < 0) & ~tied
    return np.asarray((above.any(axis=-1) & ~below.any(axis=-1)).sum(axis=-1))


def hypervolume_2d(points: FloatArray) -> float:
    """Area between the origin and the points, all of them non-negative: one sweep."""
    order = np.lexsort((-points[:, 1], -points[:, 0]))
    area, top = 0.0, 0.0
    for x, y in points[order]:
        if y > top:
            area += x * (y - top)
            top = y
    return float(area)


def hypervolume_3d(points: FloatArray) -> float:
    """Volume between the origin and the points: slices along the last objective, downwards."""
    order = np.argsort(-points[:, 2], kind="stable")
    ordered = points[order]
    volume = 0.0
    for place in range(len(ordered)):
        lower = ordered[place + 1, 2] if place + 1 < len(ordered) else 0.0
        depth = ordered[place, 2] - lower
        if depth > 0:
            volume += depth * hypervolume_2d(ordered[: place + 1, :2])
    return float(volume)

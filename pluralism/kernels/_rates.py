"""Ratios of sums under many resamples of clusters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["resampled_ratios"]

FloatArray = npt.NDArray[np.float64]


def resampled_ratios(hits: Any, totals: Any, weights: FloatArray) -> FloatArray:
    """Share of hits by group in each resample.

    Parameters
    ----------
    hits, totals : scipy.sparse matrix, (groups, clusters)
        Sums of hits and of rows.
    weights : array, (clusters, replicates)
        How often each cluster is drawn.

    Returns
    -------
    array, (groups, replicates)
        NaN where a group drew no row.
    """
    above = np.asarray(hits @ weights)  # (groups, replicates)
    below = np.asarray(totals @ weights)
    share = np.full(above.shape, np.nan)
    np.divide(above, below, out=share, where=below > 0)
    return share

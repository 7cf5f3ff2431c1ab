"""Expected counts, residuals and spread of contingency tables (host kernels).

Tables are (..., rows, columns); leading axes are resamples.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Contingency", "contingency", "variation"]

FloatArray = npt.NDArray[np.float64]


class Contingency(NamedTuple):
    """What independence of rows and columns would give, and how far the table is from it."""

    expected: FloatArray  # (..., rows, columns)
    residual: FloatArray  # (..., rows, columns)  adjusted Pearson residuals
    chi2: FloatArray  # (...)


def contingency(table: FloatArray) -> Contingency:
    """Compare tables with independence.

    ``r_ij = (O - E) / sqrt(E (1 - row_i / n) (1 - column_j / n))``; 0 where a row or column holds
    everything or nothing, since its counts are then fixed.
    """
    n = table.sum(axis=(-2, -1), keepdims=True)
    safe = np.where(n > 0.0, n, 1.0)
    row = table.sum(axis=-1, keepdims=True) / safe
    column = table.sum(axis=-2, keepdims=True) / safe
    expected = safe * row * column
    excess = table - expected
    variance = expected * (1.0 - row) * (1.0 - column)
    positive = variance > 1e-12 * np.maximum(expected, 1.0)
    residual = np.where(positive, excess / np.sqrt(np.where(positive, variance, 1.0)), 0.0)
    there = expected > 0.0
    terms = np.where(there, excess**2 / np.where(there, expected, 1.0), 0.0)
    return Contingency(expected, residual, terms.sum(axis=(-2, -1)))


def variation(share: FloatArray) -> FloatArray:
    """Coefficient of variation (..., rows) of shares (..., rows, contexts), with n - 1."""
    mean = share.mean(axis=-1)
    deviation = share.std(axis=-1, ddof=1)
    return np.divide(deviation, mean, out=np.full(mean.shape, np.nan), where=mean > 0.0)

"""Inverse of an information matrix. Host kernel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import linalg

__all__ = ["inverse_information"]

FloatArray = npt.NDArray[np.float64]


def inverse_information(information: FloatArray) -> FloatArray:
    """Inverse of a positive definite matrix, or NaN everywhere if it is not.

    Parameters may differ in scale by many orders of magnitude, so the diagonal is scaled to one
    first.
    """
    scale = 1.0 / np.sqrt(np.maximum(np.diagonal(information), 1e-300))
    factor, status = linalg.lapack.dpotrf(information * scale * scale[:, None], lower=1)
    if status != 0:
        return np.full_like(information, np.nan)
    lower, _ = linalg.lapack.dpotri(factor, lower=1)
    inverse = np.tril(lower) + np.tril(lower, -1).T
    return np.asarray(inverse * scale * scale[:, None])

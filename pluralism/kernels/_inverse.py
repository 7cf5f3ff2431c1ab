"""Inverses of positive definite matrices and of their factors. Host kernels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import linalg

__all__ = ["cholesky_and_inverse", "inverse_information"]

FloatArray = npt.NDArray[np.float64]

#: Matrices up to this size are left to LAPACK whole.
_SMALL = 64


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


def cholesky_and_inverse(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Upper Cholesky factor of a positive definite matrix, and the inverse of that factor.

    Reads the upper triangle of a matrix in Fortran order and overwrites it by the factor. If it
    is not positive definite both are NaN.
    """
    inverse = np.zeros(matrix.shape, order="F")
    if _in_halves(matrix, inverse):
        matrix.fill(np.nan)
        inverse.fill(np.nan)
    return matrix, inverse


def _in_halves(matrix: FloatArray, inverse: FloatArray) -> int:
    """Fill both from the inverses of halves; returns LAPACK's status.

    With the inverse of a half at hand, all else is multiplication, which is two to three times
    as fast as solving triangular systems.
    """
    n = len(matrix)
    if n <= _SMALL:
        matrix[:], status = linalg.lapack.dpotrf(matrix, lower=0, clean=1)
        inverse[:], singular = linalg.lapack.dtrtri(matrix, lower=0)
        return int(status or singular)
    first, last = slice(0, n // 2), slice(n // 2, n)
    status = _in_halves(matrix[first, first], inverse[first, first])
    if not status:
        above = linalg.blas.dtrmm(1.0, inverse[first, first], matrix[first, last], trans_a=1)
        matrix[first, last] = above
        matrix[last, last] -= linalg.blas.dsyrk(1.0, above, trans=1)
        status = _in_halves(matrix[last, last], inverse[last, last])
        across = linalg.blas.dtrmm(-1.0, inverse[first, first], above)
        inverse[first, last] = linalg.blas.dtrmm(1.0, inverse[last, last], across, side=1)
    return status

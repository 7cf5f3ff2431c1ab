"""Inverses of positive definite matrices and of their factors. Host kernels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import linalg

__all__ = ["cholesky_and_diagonal", "inverse_information"]

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


def cholesky_and_diagonal(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Upper Cholesky factor of a positive definite matrix, and the diagonal of its inverse.

    Reads the upper triangle of a matrix in Fortran order and overwrites it by the factor. If it
    is not positive definite both are NaN.
    """
    # The inverse is R R' with R that of the factor, so its diagonal is R's rows, squared.
    if len(matrix) <= _SMALL:
        root = _inverse_factor(matrix, matrix)
        diagonal = None if root is None else _squared_rows(root)
    else:
        halves = _in_halves(matrix, matrix)
        diagonal = None
        if halves is not None:
            upper, across, lower = map(_squared_rows, halves)
            diagonal = np.concatenate([upper + across, lower])
    if diagonal is None:
        matrix.fill(np.nan)
        diagonal = np.full(len(matrix), np.nan)
    return matrix, diagonal


def _squared_rows(part: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ij,ij->j", part.T, part.T))


def _inverse_factor(block: FloatArray, factor: FloatArray) -> FloatArray | None:
    """Write the factor of a block; return the inverse of the factor, or None if there is none."""
    n = len(block)
    if n <= _SMALL:
        factor[:], status = linalg.lapack.dpotrf(block, lower=0, clean=1)
        inverse, singular = linalg.lapack.dtrtri(factor, lower=0)
        return None if status or singular else inverse
    halves = _in_halves(block, factor)
    if halves is None:
        return None
    inverse, half = np.empty((n, n), order="F"), n // 2
    inverse[:half, :half], inverse[:half, half:], inverse[half:, half:] = halves
    inverse[half:, :half] = 0.0
    return inverse


def _in_halves(
    block: FloatArray, factor: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Do the same, and return three quarters of the inverse: top left, top right, bottom right.

    With the inverse of a half at hand, all else is multiplication, which is two to three times
    as fast as solving triangular systems. BLAS is handed whole arrays: of a part it makes a copy.
    """
    n = len(block)
    first, last = slice(0, n // 2), slice(n // 2, n)
    upper = _inverse_factor(block[first, first].copy(order="F"), factor[first, first])
    if upper is None:
        return None
    above = linalg.blas.dtrmm(1.0, upper, block[first, last], trans_a=1)
    corner = block[last, last].copy(order="F")
    corner = linalg.blas.dsyrk(-1.0, above, 1.0, corner, trans=1, overwrite_c=1)
    factor[first, last] = above
    lower = _inverse_factor(corner, factor[last, last])
    if lower is None:
        return None
    across = linalg.blas.dtrmm(-1.0, upper, above, overwrite_b=1)
    return upper, linalg.blas.dtrmm(1.0, lower, across, side=1, overwrite_b=1), lower

"""Logarithmic curves and the rates at which they meet. Host kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Curves", "fit_curves", "log_rates"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]


#: A rise of the curve below this share of the utilities is rounding.
_SLACK = 1e-12


class Curves(NamedTuple):
    """Least-squares lines of utility on log quantity; NaN for a good with one quantity."""

    intercept: FloatArray  # (goods,)
    slope: FloatArray  # (goods,)
    covariance: FloatArray  # (2 goods, 2 goods): intercept, slope of the first good, ...
    df: FloatArray  # (goods,)
    r_squared: FloatArray  # (goods,)
    mse_residual: FloatArray  # (goods,)
    n_quantities: IntArray  # (goods,)


def fit_curves(
    utility: FloatArray, log_n: FloatArray, code: IntArray, n: int, covariance: FloatArray | None
) -> Curves:
    """Fit every good's line; errors from residuals, or from the `covariance` of the utilities."""
    lines = np.full((n, 2), np.nan)
    joint = np.zeros((2 * n, 2 * n))
    weights = np.zeros((2 * n, len(utility)))
    df, r_squared, mse = np.zeros(n), np.full(n, np.nan), np.full(n, np.nan)
    distinct = np.zeros(n, dtype=np.int64)
    for good in range(n):
        mine = np.flatnonzero(code == good)
        x, y = log_n[mine], utility[mine]
        distinct[good] = len(np.unique(x))
        both = slice(2 * good, 2 * good + 2)
        if distinct[good] < 2:
            joint[both] = joint[:, both] = np.nan
            continue
        spread = x - x.mean()
        slopes = spread / (spread**2).sum()  # utility -> slope
        weights[2 * good + 1, mine] = slopes
        weights[2 * good, mine] = 1 / len(mine) - x.mean() * slopes
        lines[good] = weights[both, :][:, mine] @ y
        if abs(lines[good, 1]) * np.ptp(x) <= _SLACK * np.abs(y).max():
            lines[good] = y.mean(), 0.0  # flat up to rounding
        residual = y - lines[good, 0] - lines[good, 1] * x
        df[good] = len(mine) - 2
        total = ((y - y.mean()) ** 2).sum()
        r_squared[good] = 1 - (residual**2).sum() / total if total > 0 else np.nan
        mse[good] = (residual**2).sum() / df[good] if df[good] else np.nan
        if covariance is None:
            own = weights[both, :][:, mine]
            joint[both, both] = mse[good] * own @ own.T
    if covariance is not None:
        flat = np.isnan(np.diagonal(joint))
        joint = weights @ covariance @ weights.T
        joint[flat] = joint[:, flat] = np.nan
    return Curves(lines[:, 0], lines[:, 1], joint, df, r_squared, mse, distinct)


def log_rates(curves: Curves, centre: float) -> tuple[FloatArray, FloatArray]:
    """Log units of i worth one of j, and standard errors by the delta method; (goods, goods).

    NaN where a slope is not positive.
    """
    a = np.where(curves.slope > 0, curves.slope, np.nan)
    b = curves.intercept
    ai, aj, gap = a[:, None], a[None, :], b[None, :] - b[:, None]
    inverse = 1 / ai + 1 / aj
    rates = 0.5 * (gap * inverse + centre * (aj / ai - ai / aj))
    gradient = 0.5 * np.stack(
        [
            -inverse,
            -gap / ai**2 - centre * (aj / ai**2 + 1 / aj),
            inverse,
            -gap / aj**2 + centre * (1 / ai + ai / aj**2),
        ],
        axis=-1,
    )  # (goods, goods, 4): intercept and slope of i, then of j
    n = len(a)
    i, j = np.indices((n, n))
    rows = np.stack([2 * i, 2 * i + 1, 2 * j, 2 * j + 1], axis=-1)
    block = curves.covariance[rows[..., :, None], rows[..., None, :]]  # (goods, goods, 4, 4)
    variance = np.einsum("ijk,ijkl,ijl->ij", gradient, block, gradient)
    stderr = np.sqrt(np.maximum(variance, 0.0))
    known = np.flatnonzero(curves.slope > 0)
    rates[known, known], stderr[known, known] = 0.0, 0.0
    return rates, stderr

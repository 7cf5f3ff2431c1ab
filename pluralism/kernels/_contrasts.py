"""What a covariance of utilities says about differences and ranks. Host kernels.

Quasi-variances after Firth and de Menezes (2004), simultaneous critical values for all pairwise
differences, and the rank intervals that follow from them (Mogstad, Romano, Shaikh and Wilhelm
2024).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg, special

__all__ = [
    "QuasiVariances",
    "RankBounds",
    "chi_squared_tail",
    "contrast_variances",
    "critical_range",
    "normal_quantile",
    "quasi_variances",
    "rank_bounds",
    "two_sided_pvalue",
]

FloatArray = npt.NDArray[np.float64]


class QuasiVariances(NamedTuple):
    """Variances whose sums stand for the variances of differences."""

    values: FloatArray  # (items,)
    lowest_error: float  # relative error of the worst understated standard error of a difference
    highest_error: float  # and of the worst overstated one
    converged: bool


class RankBounds(NamedTuple):
    """Lowest and highest rank of each item, 1 being best."""

    lower: npt.NDArray[np.int64]  # (items,)
    upper: npt.NDArray[np.int64]  # (items,)


def normal_quantile(level: float) -> float:
    """Half-width of a two-sided normal interval, in standard errors."""
    return float(-special.ndtri(0.5 * (1.0 - level)))


def chi_squared_tail(statistic: float, df: int) -> float:
    """Chance that a chi-squared variable exceeds `statistic`."""
    return float(special.chdtrc(df, statistic))


def two_sided_pvalue(z: FloatArray | float) -> FloatArray | float:
    """Chance that a standard normal lies further from zero than `z`."""
    return 2.0 * special.ndtr(-np.abs(z))


def contrast_variances(covariance: FloatArray) -> FloatArray:
    """Variances of all differences u_i - u_j, (items, items)."""
    variance = np.diagonal(covariance)
    difference = variance[:, None] + variance[None, :] - 2.0 * covariance
    np.fill_diagonal(difference, 0.0)
    return np.maximum(difference, 0.0)


def quasi_variances(covariance: FloatArray, max_iterations: int = 100) -> QuasiVariances:
    """Minimise the squared errors of log(q_i + q_j) as an approximation of log Var(u_i - u_j).

    Firth and de Menezes (2004), eq. 5 with the logarithmic penalty, by Gauss-Newton.
    """
    n = len(covariance)
    target = contrast_variances(covariance)  # (items, items)
    if n < 3:
        return QuasiVariances(np.full(n, target.sum() / 4.0), 0.0, 0.0, True)
    off = ~np.eye(n, dtype=bool)
    row = target.sum(axis=1)
    # Least squares on the variances themselves has a closed form and is a good start; a start
    # below zero is lifted so that every sum is positive.
    values = (row - row.sum() / (2.0 * (n - 1))) / (n - 2)
    values = np.maximum(values, 0.05 * row / n)
    log_target = np.log(np.where(off, target, 1.0))
    converged = False
    for _ in range(max_iterations):
        total = np.where(off, values[:, None] + values[None, :], 1.0)
        error = np.where(off, log_target - np.log(total), 0.0)
        slope = np.where(off, 1.0 / total, 0.0)
        normal = slope**2
        normal[np.diag_indices(n)] = normal.sum(axis=1)
        step = linalg.solve(normal, (error * slope).sum(axis=1), assume_a="sym")
        # Every sum of two must stay positive; one of the two may be negative.
        change = np.where(off, step[:, None] + step[None, :], 0.0)
        shrink = np.where(off & (change < 0), -change / total, 0.0).max()
        values = values + step * min(1.0, 0.9 / shrink if shrink > 0 else 1.0)
        if np.abs(step).max() <= 1e-12 * np.abs(values).max():
            converged = True
            break
    ratio = np.sqrt((values[:, None] + values[None, :])[off] / target[off]) - 1.0
    return QuasiVariances(values, float(ratio.min()), float(ratio.max()), converged)


def critical_range(
    covariance: FloatArray, level: float, draws: int, generator: np.random.Generator
) -> float:
    """Value that the largest studentised pairwise difference exceeds with chance 1 - level.

    Simulated from the normal distribution with this covariance, so the dependence among the
    differences is used; `draws` = 0 takes Sidak's bound, which is conservative.
    """
    n = len(covariance)
    if not draws:
        pairs = n * (n - 1) // 2
        return float(-special.ndtri(0.5 * -np.expm1(np.log(level) / pairs)))
    spread = np.sqrt(contrast_variances(covariance))
    inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    values, vectors = linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))  # (items, items)
    largest = np.zeros(draws)
    draw = generator.standard_normal((draws, n)) @ root.T  # (draws, items)
    for item in range(n - 1):
        gap = np.abs(draw[:, item + 1 :] - draw[:, item, None])
        gap *= inverse[item, item + 1 :][None, :]
        np.maximum(largest, gap.max(axis=1), out=largest)
    return float(np.quantile(largest, level))


def rank_bounds(utility: FloatArray, covariance: FloatArray, critical: float) -> RankBounds:
    """Ranks that no significant pairwise difference rules out."""
    gap = utility[:, None] - utility[None, :]
    beaten = gap > critical * np.sqrt(contrast_variances(covariance))  # [i, j]: i surely above j
    np.fill_diagonal(beaten, False)
    n = len(utility)
    return RankBounds(1 + beaten.sum(axis=0), n - beaten.sum(axis=1))

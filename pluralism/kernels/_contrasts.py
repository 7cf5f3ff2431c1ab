"""What a covariance of utilities says about differences and ranks. Host kernels.

Quasi-variances after Firth and de Menezes (2004), simultaneous critical values for all items and
all pairwise differences, and what follows from them about ranks (Mogstad, Romano, Shaikh and
Wilhelm 2024).
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
    "critical_deviation",
    "critical_range",
    "never_first",
    "normal_draws",
    "normal_quantile",
    "quasi_variances",
    "rank_bounds",
    "sidak_quantile",
    "surely_above",
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
        error = log_target - np.log(total)
        slope = np.where(off, 1.0 / total, 0.0)
        normal = slope**2
        normal[np.diag_indices(n)] = normal.sum(axis=1)
        step = linalg.solve(normal, (error * slope).sum(axis=1), assume_a="sym")
        # Every sum of two must stay positive; one of the two may be negative.
        change = step[:, None] + step[None, :]
        shrink = np.where(off & (change < 0), -change / total, 0.0).max()
        values = values + step * min(1.0, 0.9 / shrink if shrink > 0 else 1.0)
        if np.abs(step).max() <= 1e-12 * np.abs(values).max():
            converged = True
            break
    ratio = np.sqrt((values[:, None] + values[None, :])[off] / target[off]) - 1.0
    return QuasiVariances(values, float(ratio.min()), float(ratio.max()), converged)


def sidak_quantile(level: float, intervals: int) -> float:
    """Half-width, in standard errors, at which so many intervals hold at once, or oftener.

    Sidak (1967): whatever the correlations of the normal estimates.
    """
    return float(-special.ndtri(0.5 * -np.expm1(np.log(level) / intervals)))


def normal_draws(covariance: FloatArray, draws: int, generator: np.random.Generator) -> FloatArray:
    """Draw from the normal distribution with mean zero and this covariance, (items, draws)."""
    values, vectors = linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))  # (items, items)
    return np.asarray(root @ generator.standard_normal((len(values), draws)))


def critical_deviation(
    covariance: FloatArray, level: float, draws: int, generator: np.random.Generator
) -> float:
    """Value that the largest studentised deviation of an item exceeds with chance 1 - level.

    `draws` = 0 takes Sidak's bound.
    """
    deviation = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    free = deviation > 0  # an item that is the reference is known
    if not draws:
        return sidak_quantile(level, int(free.sum()))
    drawn = normal_draws(covariance, draws, generator)[free] / deviation[free, None]
    return float(np.quantile(np.abs(drawn).max(axis=0), level))


def critical_range(
    covariance: FloatArray, level: float, draws: int, generator: np.random.Generator
) -> float:
    """Value that the largest studentised pairwise difference exceeds with chance 1 - level.

    Simulated from the normal distribution with this covariance, so the dependence among the
    differences is used; `draws` = 0 takes Sidak's bound, which is conservative.
    """
    n = len(covariance)
    if not draws:
        return sidak_quantile(level, n * (n - 1) // 2)
    drawn = normal_draws(covariance, draws, generator)
    return _critical_lead(drawn, _inverse_spread(covariance), ~np.eye(n, dtype=bool), level)


def surely_above(
    utility: FloatArray,
    covariance: FloatArray,
    level: float,
    draws: int,
    generator: np.random.Generator,
) -> tuple[npt.NDArray[np.bool_], float]:
    """Find all pairs [i, j] in which i is above j, with chance `level` that none is wrong.

    The step-down test of Romano and Wolf (2005): what one step has shown need not be guarded
    against in the next, whose critical value is therefore smaller. Returns the last of them too.
    `draws` = 0 takes one step with Sidak's bound.
    """
    n = len(utility)
    inverse = _inverse_spread(covariance)
    lead = (utility[:, None] - utility[None, :]) * inverse
    if not draws:
        critical = sidak_quantile(level, n * (n - 1) // 2)
        return lead > critical, critical
    drawn = normal_draws(covariance, draws, generator)
    above = np.zeros((n, n), dtype=bool)
    while True:
        critical = _critical_lead(drawn, inverse, ~above & ~np.eye(n, dtype=bool), level)
        more = lead > critical
        if not (more & ~above).any():
            return above, critical
        above |= more


def never_first(
    utility: FloatArray,
    covariance: FloatArray,
    level: float,
    draws: int,
    generator: np.random.Generator,
) -> npt.NDArray[np.bool_]:
    """Items that are surely not first: with chance `level` the one that is first is not among them.

    Each item is compared with all others, one-sided (multiple comparisons with the best, Hsu
    1984): only the item that is first needs protection, so pairs of others do not count.
    """
    n = len(utility)
    inverse = _inverse_spread(covariance)
    behind = (utility[None, :] - utility[:, None]) * inverse  # [j, i]: how far i leads j
    if not draws:
        # Bonferroni: one-sided leads need not obey Sidak's inequality.
        return np.asarray(behind.max(axis=1) > -special.ndtri((1.0 - level) / (n - 1)))
    drawn = normal_draws(covariance, draws, generator)
    out = np.zeros(n, dtype=bool)
    for item in range(n):
        others = np.arange(n) != item
        leads = (drawn[others] - drawn[item]) * inverse[item, others, None]
        out[item] = behind[item].max() > np.quantile(leads.max(axis=0), level)
    return out


def _inverse_spread(covariance: FloatArray) -> FloatArray:
    """One over the standard errors of all differences, 0 where they have none."""
    spread = np.sqrt(contrast_variances(covariance))
    return np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)


def _critical_lead(
    drawn: FloatArray, inverse: FloatArray, kept: npt.NDArray[np.bool_], level: float
) -> float:
    """Quantile of the largest studentised lead of i over j among the kept [i, j]."""
    largest = np.zeros(drawn.shape[1])
    for item in range(len(kept)):
        others = np.flatnonzero(kept[item])
        if len(others):
            lead = drawn[item] - drawn[others]  # (others, draws)
            lead *= inverse[item, others, None]
            np.maximum(largest, lead.max(axis=0), out=largest)
    return float(np.quantile(largest, level))


def rank_bounds(above: npt.NDArray[np.bool_]) -> RankBounds:
    """Ranks that are left when [i, j] says that i is surely above j."""
    return RankBounds(1 + above.sum(axis=0), len(above) - above.sum(axis=1))

"""Utilities from logits of which some are grossly wrong. Host kernels.

Two ways to the same end. `fit_absolute` and `fit_huber` regress the pairs' logits on differences
of utilities with a loss that a few wild values cannot buy; each step is a weighted Laplacian
system. `pursue_low_rank` splits the items x items table of logits into a low-rank and a sparse
part, `complete_table` fills a table by a low-rank one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ._newton import CONVERGED, OUT_OF_ITERATIONS, Laplacian, end_sums
from ._pairs import Pairs

__all__ = [
    "LowRank",
    "RobustResult",
    "complete_table",
    "fit_absolute",
    "fit_huber",
    "pursue_low_rank",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Smoothing of the absolute value: as part of the duality gap, and at least, of the largest logit.
_PART, _LEAST = 0.3, 1e-9


class RobustResult(NamedTuple):
    """Where a robust regression ended."""

    point: FloatArray  # (items,): mean zero in each component
    gap: float  # how far from the optimum, relative; see the function
    iterations: int
    status: int


class LowRank(NamedTuple):
    """A table split into a low-rank and a sparse part."""

    low_rank: FloatArray  # (items, items)
    sparse: FloatArray  # (items, items)
    gap: float  # relative change or misfit of the last step
    iterations: int
    status: int


def differences(pairs: Pairs, utility: FloatArray) -> FloatArray:
    """Utility of the low less that of the high item of each pair, (pairs,)."""
    return utility[pairs.low] - utility[pairs.high]


def _weighted_mean(
    pairs: Pairs, weight: FloatArray, logit: FloatArray, component: npt.NDArray[np.int32]
) -> FloatArray:
    """Minimise the weighted sum of squared residuals, (items,)."""
    return Laplacian(pairs, weight, 0.0, component).solve(end_sums(pairs, weight * logit, -1.0))


def fit_absolute(
    pairs: Pairs,
    logit: FloatArray,
    weight: FloatArray,
    component: npt.NDArray[np.int32],
    *,
    tolerance: float,
    max_iterations: int,
) -> RobustResult:
    """Minimise the weighted sum of absolute residuals by reweighted least squares.

    The absolute value is smoothed near zero, ever less. The last weighted residuals, scaled into
    their bounds, are a feasible point of the dual problem (they satisfy D'z = 0 with |z| <= w),
    so the duality gap says how far the sum is from its minimum, whatever the path.
    """
    size = float(np.abs(logit).max(initial=0.0)) or 1.0
    total, heaviest = float(weight @ np.abs(logit)) or 1.0, float(weight.sum())
    smoothing, residual, gap = size, logit, np.inf
    best, primal, dual = np.zeros(pairs.n_items), np.inf, -np.inf
    for iteration in range(1, max_iterations + 1):
        slope = weight / np.maximum(np.abs(residual), smoothing)  # (pairs,)
        point = _weighted_mean(pairs, slope, logit, component)
        residual = logit - differences(pairs, point)
        loss = float(weight @ np.abs(residual))
        if loss < primal:
            best, primal = point, loss
        price = slope * residual
        price /= max(float((np.abs(price) / weight).max(initial=0.0)), 1.0)
        dual = max(dual, float(price @ logit))
        gap = max(primal - dual, 0.0) / total
        if gap <= tolerance:
            return RobustResult(best, gap, iteration, CONVERGED)
        # Smoothing by s costs at most s / 2 for each unit of weight: always less than the gap.
        smoothing = max(min(smoothing, _PART * gap * total / heaviest), _LEAST * size)
    return RobustResult(best, gap, max_iterations, OUT_OF_ITERATIONS)


def fit_huber(
    pairs: Pairs,
    logit: FloatArray,
    weight: FloatArray,
    bend: float,
    start: FloatArray,
    component: npt.NDArray[np.int32],
    *,
    tolerance: float,
    max_iterations: int,
) -> RobustResult:
    """Minimise Huber's loss of the weighted residuals, quadratic up to `bend`, linear beyond.

    Each reweighted step lowers the loss, which is convex; the iteration stops when no utility
    moves by more than `tolerance` bends.
    """
    point, moved = start, np.inf
    for iteration in range(1, max_iterations + 1):
        away = np.abs(weight * (logit - differences(pairs, point)))
        square = weight**2 * (bend / np.maximum(away, bend))
        new = _weighted_mean(pairs, square, logit, component)
        moved = float(np.abs(new - point).max()) / bend
        point = new
        if moved <= tolerance:
            return RobustResult(point, moved, iteration, CONVERGED)
    return RobustResult(point, moved, max_iterations, OUT_OF_ITERATIONS)


def pursue_low_rank(
    table: FloatArray,
    seen: BoolArray,
    penalty: float,
    *,
    tolerance: float,
    max_iterations: int,
) -> LowRank:
    """Principal component pursuit on the cells that were seen, low-rank and sparse jointly.

    Minimises the nuclear norm of L plus `penalty` times the sum of absolute values of S over the
    seen cells, subject to L + S = table there (Candes et al. 2011, eq. 1.6), by alternating
    directions with a fixed step; S is free where nothing was seen.
    """
    table = np.where(seen, table, 0.0)
    size = float(np.linalg.norm(table)) or 1.0
    step = 0.75 * float(seen.sum()) / max(float(np.abs(table).sum()), 1e-300)
    price, sparse = np.zeros_like(table), np.zeros_like(table)
    low_rank, misfit = table, np.inf
    for iteration in range(1, max_iterations + 1):
        before = sparse
        left, values, right = np.linalg.svd(table - sparse + price / step, full_matrices=False)
        low_rank = (left * np.maximum(values - 1.0 / step, 0.0)) @ right
        rest = table - low_rank + price / step
        sparse = np.where(seen, np.sign(rest) * np.maximum(np.abs(rest) - penalty / step, 0), rest)
        gap = table - low_rank - sparse
        price += step * gap
        primal = float(np.linalg.norm(gap)) / size
        dual = step * float(np.linalg.norm(sparse - before)) / max(float(np.linalg.norm(price)), 1)
        misfit = max(primal, dual)
        if misfit <= tolerance:
            return LowRank(low_rank, np.where(seen, sparse, 0.0), misfit, iteration, CONVERGED)
    return LowRank(low_rank, np.where(seen, sparse, 0.0), misfit, max_iterations, OUT_OF_ITERATIONS)


def complete_table(
    table: FloatArray, seen: BoolArray, rank: int, *, tolerance: float, max_iterations: int
) -> LowRank:
    """Fill a table by the low-rank one that is nearest on the cells that were seen.

    Alternates between the truncated singular value decomposition and the seen cells, which never
    raises the sum of squared misfits. The sparse part is the misfit.
    """
    table = np.where(seen, table, 0.0)
    size = float(np.linalg.norm(table)) or 1.0
    filled = low_rank = table
    iteration, moved = 0, np.inf
    while moved > tolerance and iteration < max_iterations:
        iteration += 1
        left, values, right = np.linalg.svd(filled, full_matrices=False)
        low_rank = (left[:, :rank] * values[:rank]) @ right[:rank]
        new = np.where(seen, table, low_rank)
        moved = float(np.linalg.norm(new - filled)) / size
        filled = new
    status = CONVERGED if moved <= tolerance else OUT_OF_ITERATIONS
    return LowRank(low_rank, np.where(seen, table - low_rank, 0.0), moved, iteration, status)

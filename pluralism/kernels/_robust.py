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

#: How far towards the boundary an interior step goes.
_REACH = 0.9995


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
    """Minimise the weighted sum of absolute residuals: a linear programme, by interior points.

    The dual asks for prices z with D'z = 0 and |z| <= w; here a = w + z and s = w - z, which
    stay positive as do the parts u and v of the residual, residual = v - u (Portnoy and Koenker
    1997, with the predictor and corrector of Mehrotra 1992). Both sides are feasible from the
    start, so a'u + s'v is the duality gap at every step, and bounds the distance from the optimum.
    """
    total = float(weight @ np.abs(logit)) or 1.0
    point = _weighted_mean(pairs, weight**2, logit, component)
    residual = logit - differences(pairs, point)
    best, primal = point, float(weight @ np.abs(residual))
    if primal <= tolerance * total:
        return RobustResult(best, primal / total, 1, CONVERGED)
    size = float(np.abs(residual).mean())
    a, s = weight.copy(), weight.copy()
    v, u = np.maximum(residual, 0.0) + size, np.maximum(-residual, 0.0) + size
    gap = float(a @ u + s @ v)
    for iteration in range(1, max_iterations + 1):
        curvature = 1.0 / (u / a + v / s)
        solver = Laplacian(pairs, curvature, 0.0, component)
        parts = (a, s, u, v)
        _, ahead = _interior_step(solver, parts, -a * u, -s * v)
        lengths = _lengths((a, s), ahead[:2]), _lengths((u, v), ahead[2:])
        aimed = [
            part + length * move
            for part, length, move in zip(
                parts, (lengths[0],) * 2 + (lengths[1],) * 2, ahead, strict=True
            )
        ]
        left = max(float(aimed[0] @ aimed[2] + aimed[1] @ aimed[3]), 0.0) / gap
        target = left**3 * gap / (2 * len(a))
        move, (da, ds, du, dv) = _interior_step(
            solver,
            parts,
            target - a * u - ahead[0] * ahead[2],
            target - s * v - ahead[1] * ahead[3],
        )
        length, other = _lengths((a, s), (da, ds)), _lengths((u, v), (du, dv))
        a, s, u, v = a + length * da, s + length * ds, u + other * du, v + other * dv
        point = point + other * move
        reached, gap = gap, float(a @ u + s @ v)
        if not np.isfinite(gap):  # at the limit of what rounding allows
            gap = reached
            break
        loss = float(weight @ np.abs(logit - differences(pairs, point)))
        if loss < primal:
            best, primal = point, loss
        if gap <= tolerance * total:
            return RobustResult(best, gap / total, iteration, CONVERGED)
    return RobustResult(best, gap / total, iteration, OUT_OF_ITERATIONS)


def _interior_step(
    solver: Laplacian,
    parts: tuple[FloatArray, ...],
    toward_u: FloatArray,
    toward_v: FloatArray,
) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    """Newton step by which the products a u and s v change by the given amounts."""
    a, s, u, v = parts
    push = toward_u / a - toward_v / s
    move = -solver.solve(end_sums(solver.pairs, solver.weight * push, -1.0))
    da = solver.weight * (push + differences(solver.pairs, move))
    return -move, (da, -da, (toward_u - u * da) / a, (toward_v + v * da) / s)


def _lengths(parts: tuple[FloatArray, ...], moves: tuple[FloatArray, ...]) -> float:
    """Longest step, at most 1, that keeps all parts positive."""
    longest = 1.0
    for part, move in zip(parts, moves, strict=True):
        falling = move < 0
        if falling.any():
            longest = min(longest, _REACH * float((part[falling] / -move[falling]).min()))
    return longest


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

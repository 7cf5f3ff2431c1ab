"""The four ways from observed log-odds to utilities, each a kernel and what to say of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from ..kernels import _newton, _robust
from ._log_odds import EXACT, NORMAL, Observed
from ._paired_model import PairedModel

__all__ = ["LIMITS", "NAMES", "Solution", "solve"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: Tolerance and most steps by method.
LIMITS = {"l1": (1e-7, 200), "huber": (1e-8, 2000), "rpca": (1e-5, 2000)}
LIMITS["sequential"] = LIMITS["rpca"]
NAMES = {
    "l1": "least absolute deviations of logits",
    "huber": "Huber's M-estimate of logits",
    "rpca": "principal component pursuit, masked",
    "sequential": "completion, then principal component pursuit",
}
#: Tables wider than this take minutes for each decomposition.
_WIDEST_TABLE = 3000
#: Additive log-odds make a skew-symmetric table of this rank.
_RANK = 2


class Solution(NamedTuple):
    """Where a method ended."""

    point: FloatArray  # (items,)
    gap: float
    iterations: int
    status: int
    low_rank: FloatArray | None = None
    note: str = ""


def solve(
    seen: Observed,
    method: str,
    bend: float,
    penalty: float | None,
    component: IntArray,
    model: PairedModel,
) -> Solution:
    """Take the way that `method` names."""
    if method in ("rpca", "sequential"):
        return _by_table(seen, method, penalty, component, model)
    return _by_regression(seen, method, bend, component, model)


def _by_regression(
    seen: Observed,
    method: str,
    bend: float,
    component: IntArray,
    model: PairedModel,
) -> Solution:
    steps = model.max_iterations
    tolerance = model.tolerance if method == "l1" else LIMITS["l1"][0]
    first = _robust.fit_absolute(
        seen.pairs,
        seen.logit,
        seen.weight,
        component,
        tolerance=tolerance,
        max_iterations=min(steps, LIMITS["l1"][1]) if method == "huber" else steps,
    )
    if method == "l1" or first.status != _newton.CONVERGED:
        return Solution(*first)
    away = np.abs(seen.weight * (seen.logit - _robust.differences(seen.pairs, first.point)))
    unit = NORMAL * float(np.median(away))
    if unit <= EXACT * float(np.abs(seen.weight * seen.logit).max(initial=0.0)):
        note = "more than half the pairs are fitted exactly, where Huber's estimate is that of L1"
        return Solution(*first, note=note)
    return Solution(
        *_robust.fit_huber(
            seen.pairs,
            seen.logit,
            seen.weight,
            bend * unit,
            first.point,
            component,
            tolerance=model.tolerance,
            max_iterations=steps,
        )
    )


def _by_table(
    seen: Observed,
    method: str,
    penalty: float | None,
    component: IntArray,
    model: PairedModel,
) -> Solution:
    n, low, high = seen.pairs.n_items, seen.pairs.low, seen.pairs.high
    if component.any():
        raise DataError(
            f'`components` is "separate", but `method="{method}"` completes one table of all '
            'items; use `method="l1"`'
        )
    if n > _WIDEST_TABLE:
        raise DataError(
            f"`method` is {method!r}, which decomposes a table of {n:,} x {n:,} items at every "
            f'step (at most {_WIDEST_TABLE:,}); use `method="l1"`, which needs the pairs only'
        )
    table, mask = np.zeros((n, n)), np.eye(n, dtype=bool)
    table[low, high], table[high, low] = seen.logit, -seen.logit
    mask[low, high] = mask[high, low] = True
    tolerance, steps = model.tolerance, model.max_iterations
    iterations, status, note = 0, _newton.CONVERGED, ""
    if method == "sequential" and not mask.all():
        filled = _robust.complete_table(
            table, mask, _RANK, tolerance=tolerance, max_iterations=steps
        )
        iterations, status = filled.iterations, filled.status
        table, mask = filled.low_rank, np.ones_like(mask)
    price = 1.0 / np.sqrt(n * float(mask.mean())) if penalty is None else penalty
    split = _robust.pursue_low_rank(table, mask, price, tolerance=tolerance, max_iterations=steps)
    if iterations and np.abs(split.sparse).max() <= 1e-3 * np.abs(table).max():
        note = (
            "the completed table already has rank 2: the robust step found nothing in it, and "
            "whatever was wrong in the observed pairs is still in the utilities"
        )
    # The additive table that is nearest to a skew-symmetric one has the row means.
    skew = 0.5 * (split.low_rank - split.low_rank.T)
    return Solution(
        skew.mean(axis=1),
        split.gap,
        iterations + split.iterations,
        max(status, split.status),
        skew,
        note,
    )

"""Principles that agree, conflict or do not apply, and whom an annotator sides with. Host kernels.

Signs are +1 and -1 for a preference and 0 for none. A batch is one row of weights a resample.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "CONFLICT",
    "CONSENSUS",
    "INDIFFERENCE",
    "Sorted",
    "arbitrary_weights",
    "discrepancies",
    "priorities",
    "siding_weights",
    "sort_rows",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int8]

CONSENSUS, CONFLICT, INDIFFERENCE = 0, 1, 2

#: Newton steps of a priority, the longest of them, and the decrement at which they stop.
_STEPS, _LONGEST, _DONE = 60, 3.0, 1e-10
#: Numbers in one block of weighted signs.
_BLOCK = 1 << 21
#: Priorities closer than this tie: they are fitted.
_SLACK = 1e-8


class Sorted(NamedTuple):
    """What the principles say of each row."""

    kind: IntArray  # (rows,): CONSENSUS, CONFLICT, INDIFFERENCE
    sign: IntArray  # (rows,): of the consensus, else 0


def sort_rows(principles: IntArray) -> Sorted:
    """Sort rows by what the principles say, (rows, principles)."""
    up, down = (principles > 0).any(axis=1), (principles < 0).any(axis=1)
    kind = np.where(up & down, CONFLICT, np.where(up | down, CONSENSUS, INDIFFERENCE))
    sign = np.where(kind == CONSENSUS, up.astype(np.int8) - down.astype(np.int8), 0)
    return Sorted(kind.astype(np.int8), sign.astype(np.int8))


def arbitrary_weights(
    consensus: IntArray, annotators: IntArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weight of the consensus rows decided against it, and decided at all, (batch, annotators)."""
    side = consensus[:, None] * annotators  # (rows, annotators)
    return weights @ (side < 0).astype(np.float64), weights @ (side != 0).astype(np.float64)


def siding_weights(principles: IntArray, annotator: IntArray, weights: FloatArray) -> FloatArray:
    """Weight of the rows in which an annotator sides with one principle against another.

    Returns (batch, principles, principles): row with, column against.
    """
    side = principles * annotator[:, None]  # (rows, principles): +1 with the principle
    kept = (side > 0).any(axis=1) & (side < 0).any(axis=1)
    with_it, against = (side[kept] > 0).T.astype(np.float64), (side[kept] < 0).astype(np.float64)
    weights = weights[:, kept]
    result = np.empty((len(weights), len(with_it), len(with_it)))
    step = max(1, _BLOCK // max(with_it.size, 1))
    for start in range(0, len(weights), step):
        block = weights[start : start + step, None, :]
        result[start : start + step] = (with_it * block) @ against
    return result


def priorities(wins: FloatArray) -> FloatArray:
    """Bradley-Terry utilities of principles from weights of siding, (batch, principles).

    Finite, with mean zero, within the largest set of principles that are linked by wins in both
    directions; +inf for what beats that set and never loses to it, by whatever chain, -inf for
    what only loses to it; NaN for what never met it. Where no two are so linked, what only ever
    won is +inf, what only ever lost -inf, and the rest NaN.
    """
    batch, n, _ = wins.shape
    if not batch:
        return np.zeros((0, n))
    beats = wins > 0
    reach = (beats | np.eye(n, dtype=bool)).astype(np.float32)
    for _ in range(max(1, int(np.ceil(np.log2(max(n, 2)))))):
        reach = (reach @ reach > 0).astype(np.float32)
    over = reach > 0  # (batch, n, n): a chain of wins leads from row to column
    mutual = over & over.transpose(0, 2, 1)
    size = mutual.sum(axis=2)
    met = (wins + wins.transpose(0, 2, 1)).sum(axis=2)
    # The largest set; among equals that with most conflicts inside.
    rank = size * (1.0 + met.sum(axis=1, keepdims=True)) + (mutual * met[:, None, :]).sum(axis=2)
    centre = np.argmax(rank, axis=1)
    rows = np.arange(batch)
    core = mutual[rows, centre]  # (batch, n)
    above, below = over[rows, :, centre] & ~core, over[rows, centre] & ~core
    single = size.max(axis=1) == 1
    won, lost = beats.any(axis=2), beats.any(axis=1)
    above = np.where(single[:, None], won & ~lost, above)
    below = np.where(single[:, None], lost & ~won, below)
    core &= ~single[:, None]
    result = np.full((batch, n), np.nan)
    result[core] = _newton(wins * (core[:, :, None] & core[:, None, :]), core)[core]
    result[above], result[below] = np.inf, -np.inf
    return result


def _newton(wins: FloatArray, core: npt.NDArray[np.bool_]) -> FloatArray:
    """Maximise the likelihoods of linked principles, mean zero, (batch, principles)."""
    total = wins + wins.transpose(0, 2, 1)
    n = core.shape[1]
    size = np.maximum(core.sum(axis=1), 1)[:, None, None]
    inside = core[:, :, None] & core[:, None, :]
    anchor = np.where(inside, 1.0 / size, 0.0) + np.eye(n) * ~core[:, :, None]
    point, length = np.zeros(core.shape), np.full(len(wins), np.inf)
    active = core.any(axis=1)
    for _ in range(_STEPS):
        gap = point[active, :, None] - point[active, None, :]
        chance = 1.0 / (1.0 + np.exp(-gap))
        expected = total[active] * chance
        gradient = np.where(core[active], (wins[active] - expected).sum(axis=2), 0.0)
        curvature = expected * (1.0 - chance)
        hessian = -curvature
        diagonal = np.einsum("bii->bi", hessian)
        diagonal += curvature.sum(axis=2)
        scale = np.maximum(diagonal.max(axis=1), 1e-300)[:, None, None]
        step = np.linalg.solve(hessian + scale * anchor[active], gradient[..., None])[..., 0]
        step = np.where(core[active], step, 0.0)
        length[active] = np.sqrt(np.maximum((gradient * step).sum(axis=1), 0.0))
        reach = np.abs(step).max(axis=1)
        # Self-concordance of the logistic loss: this shortened step never overshoots.
        damping = np.minimum(1.0, _LONGEST / np.maximum(reach, 1e-300)) / (
            1.0 + np.where(reach > 0.5, reach, 0.0)
        )
        point[active] += damping[:, None] * step
        active = active & (length > _DONE)
        if not active.any():
            break
    return point - np.where(core, point, 0.0).sum(axis=1, keepdims=True) / size[:, :, 0]


def discrepancies(priority: FloatArray) -> FloatArray:
    """(1 - tau_b) / 2 of all pairs of annotators, (batch, annotators, annotators).

    `priority` is (batch, annotators, principles); pairs of principles of which one is NaN for
    either annotator are left out, and infinities of one sign are ties.
    """
    low, high = np.triu_indices(priority.shape[2], 1)
    left, right = priority[..., low], priority[..., high]
    with np.errstate(invalid="ignore"):
        gap = left - right  # (batch, annotators, pairs); NaN for infinities of one sign
    sign = (gap > _SLACK).astype(np.float64) - (gap < -_SLACK)
    known = (~(np.isnan(left) | np.isnan(right))).astype(np.float64)
    flip = (0, 2, 1)
    untied = np.abs(sign) @ known.transpose(flip)  # of the first, where the second knows
    with np.errstate(invalid="ignore", divide="ignore"):
        tau = (sign @ sign.transpose(flip)) / np.sqrt(untied * untied.transpose(flip))
    return (1.0 - tau) / 2.0

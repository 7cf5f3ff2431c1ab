"""Rewards linear in features: which rankings they can induce. Host kernels.

Alternatives are written in an orthonormal basis of the space that their centred features span, so
that no unit of measurement decides what the solver takes for zero.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "FeatureBasis",
    "Leximax",
    "Margin",
    "feature_basis",
    "largest_margin",
    "leximax_copeland",
]

FloatArray = npt.NDArray[np.float64]
Pairs = list[tuple[int, int]]

#: Singular values below this share of the largest are rounding.
_RANK = 1e-10
#: Least margin, for differences of length one, that is taken for more than rounding.
LEAST_MARGIN = 1e-8


class FeatureBasis(NamedTuple):
    """Alternatives in coordinates of their own, and the way back to coefficients."""

    points: FloatArray  # (alternatives, rank)
    back: FloatArray  # (features, rank): coefficients for given coordinates


class Margin(NamedTuple):
    """The reward that keeps a set of pairs apart by most, or the pairs that contradict."""

    margin: float  # at most LEAST_MARGIN if no reward induces all pairs; NaN if not solved
    direction: FloatArray  # (rank,)
    conflict: list[int]  # pairs that contradict one another
    message: str = ""


class Leximax(NamedTuple):
    """All rankings that are best by Copeland score, position by position."""

    rankings: list[tuple[int, ...]]  # empty if none is feasible
    complete: bool  # False if more tie than `limit`
    message: str = ""


def feature_basis(features: FloatArray) -> FeatureBasis:
    """Centre the features and find their span."""
    width = np.ptp(features, axis=0)
    width = np.where(width > 0, width, 1.0)  # units of features must not decide on the rank
    centred = (features - features.mean(axis=0)) / width
    left, singular, right = np.linalg.svd(centred, full_matrices=False)
    rank = int((singular > _RANK * singular.max(initial=0.0)).sum())
    return FeatureBasis(left[:, :rank], right[:rank].T / singular[:rank] / width[:, None])


def largest_margin(points: FloatArray, above: Pairs) -> Margin:
    """Maximise t subject to x (p_a - p_b) >= t |p_a - p_b| for all (a, b), |x| <= 1.

    The pairs are feasible exactly if t > 0. Otherwise multipliers of the constraints (Farkas)
    name pairs whose weighted differences sum to zero.
    """
    from scipy.optimize import linprog

    rank = points.shape[1]
    first, second = np.array(above, dtype=np.intp).reshape(-1, 2).T
    gaps = points[first] - points[second]  # (pairs, rank)
    length = np.linalg.norm(gaps, axis=1, keepdims=True)
    same = np.flatnonzero(length[:, 0] <= _RANK)
    if len(same):
        return Margin(0.0, np.zeros(rank), same[:1].tolist())
    solved = linprog(
        np.append(np.zeros(rank), -1.0),
        A_ub=np.hstack([-gaps / length, np.ones((len(gaps), 1))]),
        b_ub=np.zeros(len(gaps)),
        bounds=[(-1.0, 1.0)] * rank + [(None, 1.0)],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if solved.status != 0:
        return Margin(float("nan"), np.zeros(rank), [], str(solved.message))
    margin, direction = float(solved.x[-1]), np.asarray(solved.x[:-1])
    if margin > LEAST_MARGIN:
        return Margin(margin, direction, [])
    duals = -np.asarray(solved.ineqlin.marginals)
    return Margin(margin, direction, np.flatnonzero(duals > 1e-7 * duals.max()).tolist())


def leximax_copeland(points: FloatArray, scores: FloatArray, must: Pairs, limit: int) -> Leximax:
    """Fill positions from the top, each by the highest score that some linear reward allows.

    `must` holds pairs (a, b) that every reward keeps in order. Where several alternatives of the
    same score could follow, all are followed, and those that allow the highest scores later on
    remain (so the vector of scores by position is the largest in lexicographic order).
    """
    n_alternatives = len(points)
    beginnings: list[tuple[int, ...]] = [()]
    complete = True
    for _ in range(n_alternatives):
        best = -np.inf
        longer: list[tuple[int, ...]] = []
        for beginning in beginnings:
            rest = [code for code in range(n_alternatives) if code not in beginning]
            for code in sorted(rest, key=lambda code: -scores[code]):
                if scores[code] < best:
                    break
                above = list(pairwise((*beginning, code)))
                above += [(code, other) for other in rest if other != code]
                found = largest_margin(points, above + must)
                if found.message:
                    return Leximax([], False, found.message)
                if not found.margin > LEAST_MARGIN:
                    continue
                if scores[code] > best:
                    best, longer = float(scores[code]), []
                longer.append((*beginning, code))
        if len(longer) > limit:
            longer, complete = longer[:limit], False
        beginnings = longer
    return Leximax(beginnings, complete)

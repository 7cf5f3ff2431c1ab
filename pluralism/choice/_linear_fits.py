"""The two ways to a linear reward: maximum likelihood, and leximax Copeland within Pareto."""

from __future__ import annotations

from itertools import pairwise as successive
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConvergenceError, DataError, NotIdentifiedError, enumerate_some
from ..kernels import _linear_reward as kernels
from ..kernels._bordered import fit_bordered, make_design
from ..kernels._newton import CONVERGED
from ..kernels._outcomes import Counts
from ..kernels._separation import separating_direction
from ..kernels._tournament import copeland_scores
from ._inputs import Pairwise

__all__ = [
    "apart",
    "largest_margin",
    "leximax",
    "majority_order",
    "most_likely",
    "neighbours",
    "unanimous_pairs",
]

FloatArray = npt.NDArray[np.float64]


def neighbours(order: Any) -> list[tuple[int, int]]:
    """Pairs of each alternative and the next."""
    return list(successive(order))


def largest_margin(basis: kernels.FeatureBasis, above: list[tuple[int, int]]) -> kernels.Margin:
    """The kernel's answer, or an error if the programme was not solved."""
    found = kernels.largest_margin(basis.points, above)
    if found.message:
        raise ConvergenceError(f"the linear programme was not solved: {found.message}")
    return found


def apart(basis: kernels.FeatureBasis, above: list[tuple[int, int]]) -> FloatArray:
    """Coefficients that keep pairs apart, the closest by 1."""
    direction = largest_margin(basis, above).direction
    rewards = basis.points @ direction
    gap = min(rewards[a] - rewards[b] for a, b in above)
    if not gap > 0:
        raise ConvergenceError("the linear programme's reward does not induce its ranking")
    return basis.back @ direction / gap


def unanimous_pairs(pairwise: Pairwise) -> list[tuple[int, int]]:
    """Pairs that somebody orders one way and nobody the other way or not at all."""
    doubt = pairwise.wins.T + pairwise.ties
    return np.argwhere((pairwise.wins > 0) & (doubt <= pairwise.tolerance)).tolist()


def majority_order(pairwise: Pairwise) -> list[int] | None:
    """The ranking that agrees with every majority, if they are strict and transitive."""
    scores = copeland_scores(pairwise.margins)
    order = np.argsort(-scores)
    n = len(order)
    return order.tolist() if (scores[order] == np.arange(n - 1, -n, -2)).all() else None


def most_likely(points: FloatArray, pairwise: Pairwise) -> FloatArray:
    """Maximum likelihood in coordinates of the basis."""
    n, rank = points.shape
    votes = Counts(pairwise.wins, pairwise.wins.T, pairwise.ties)
    first, second = np.nonzero(np.triu(votes.total, k=1))
    design = make_design(
        first.astype(np.int32),
        second.astype(np.int32),
        points[first] - points[second],
        Counts(*(count[first, second] for count in votes)),
        n,
        link="logit",
        ties="none",
        free=False,
        ridge=0.0,
        precision=np.zeros((rank, rank)),
        component=np.zeros(n, dtype=np.int32),
    )
    if len(first) == 0 or np.linalg.matrix_rank(design.columns) < rank:
        raise NotIdentifiedError(
            "the pairs that were compared leave some combination of the features unseen, so "
            "rewards are not identified; compare more pairs or leave features out"
        )
    direction = separating_direction(design)
    if direction is not None:
        lean = points @ direction
        a, b = pairwise.alternatives[int(lean.argmax())], pairwise.alternatives[int(lean.argmin())]
        raise NotIdentifiedError(
            "some coefficients explain every vote that they touch, so the likelihood grows "
            f"without end (the reward of {a!r} over {b!r} to +inf); collect votes that go the "
            "other way, or use rule='lcpo'",
            groups=[[a], [b]],
        )
    result, _ = fit_bordered(design, np.zeros(rank), tolerance=1e-10, max_iterations=100)
    if result.status != CONVERGED:
        raise ConvergenceError(
            f"Newton's method stopped {result.decrement:.2g} standard errors from the optimum",
            result=result,
        )
    return result.point


def leximax(
    basis: kernels.FeatureBasis, pairwise: Pairwise, unanimous: list[Any], limit: int
) -> kernels.Leximax:
    """All leximax Copeland rankings that keep the unanimous pairs."""
    labels, points = pairwise.alternatives, basis.points
    must = [(a, b) for a, b in unanimous]
    _, first, twin = np.unique(points.round(12), axis=0, return_index=True, return_inverse=True)
    if len(first) < len(points):
        twin = twin.ravel()
        one = twin[np.argmax(np.bincount(twin)[twin] > 1)]
        same = [labels[code] for code in np.flatnonzero(twin == one)]
        raise DataError(
            f"{enumerate_some(same)} have the same features, so no linear reward ranks one above "
            "the other; merge them or add a feature that tells them apart"
        )
    if must:
        checked = largest_margin(basis, must)
        if not checked.margin > kernels.LEAST_MARGIN:
            pairs = ", ".join(
                f"{labels[must[p][0]]} > {labels[must[p][1]]}" for p in checked.conflict
            )
            raise DataError(
                f"no linear reward keeps the unanimous pairs {pairs} together; add features, or "
                "use rule='mle', which may overrule them"
            )
    scores = copeland_scores(pairwise.margins)
    found = kernels.leximax_copeland(points, scores, must, limit)
    if found.message or not found.rankings:
        raise ConvergenceError(
            f"a linear programme was not solved: {found.message or 'no ranking was found'}"
        )
    return found

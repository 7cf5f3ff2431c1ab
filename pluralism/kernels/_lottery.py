"""Maximal lotteries: optimal mixed strategies of the symmetric game of majority margins.

By Tucker's theorem there is x >= 0 with x'M >= 0 and x + x'M > 0. One linear programme finds such
a strictly complementary x; its support is that of all optimal strategies together, so the
optimum is unique exactly if the margins within the support have a null space of one dimension.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Lottery", "maximal_lottery_of", "worst_maximal_value"]

FloatArray = npt.NDArray[np.float64]


class Lottery(NamedTuple):
    """A maximal lottery, or the solver's complaint."""

    probabilities: FloatArray  # (alternatives,)
    unique: bool
    violation: float  # how far below zero the worst expected margin is, relative to the largest
    message: str  # empty if the programme was solved


def maximal_lottery_of(margins: FloatArray) -> Lottery:
    """Solve for a maximal lottery with the largest support, and whether it is the only one."""
    from scipy.optimize import linprog

    n_alternatives = len(margins)
    scale = float(np.abs(margins).max())
    if scale == 0.0:
        uniform = np.full(n_alternatives, 1.0 / n_alternatives)
        return Lottery(uniform, n_alternatives == 1, 0.0, "")
    game = margins / scale
    identity = np.eye(n_alternatives)
    solved = linprog(
        np.ones(n_alternatives),
        A_ub=np.vstack([-game.T, -(identity + game.T)]),
        b_ub=np.concatenate([np.zeros(n_alternatives), -np.ones(n_alternatives)]),
        bounds=(0, None),
        method="highs",
    )
    if solved.status != 0:
        return Lottery(np.full(n_alternatives, np.nan), False, np.nan, str(solved.message))
    weight = np.asarray(solved.x)
    expected = weight @ game
    # Strict complementarity: one of the two is at least 1/2, the other is zero.
    support = weight > expected
    inside = game[np.ix_(support, support)]
    left, singular, _ = np.linalg.svd(inside)
    rank = int((singular > 1e-9).sum())
    unique = rank == int(support.sum()) - 1
    probabilities = np.where(support, weight, 0.0) / weight[support].sum()
    if unique:
        # The null vector itself, free of the programme's tolerance.
        null = left[:, -1] / left[:, -1].sum()
        probabilities[support] = null
    violation = float(-min(0.0, (probabilities @ game).min(), probabilities.min()))
    return Lottery(probabilities, unique, violation, "")


def worst_maximal_value(margins: FloatArray, value: FloatArray) -> float:
    """Least expected `value`, (alternatives,), of a maximal lottery; NaN if no solver finds it."""
    from scipy.optimize import linprog

    scale = float(np.abs(margins).max())
    if scale == 0.0:
        return float(value.min())
    solved = linprog(
        value,
        A_ub=-margins.T / scale,
        b_ub=np.zeros(len(margins)),
        A_eq=np.ones((1, len(margins))),
        b_eq=np.ones(1),
        bounds=(0, None),
        method="highs",
    )
    return float(solved.fun) if solved.status == 0 else float("nan")

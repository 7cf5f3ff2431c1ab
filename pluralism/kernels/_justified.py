"""Groups that are large and cohesive enough to deserve more than a committee gives them.

Each function returns the first violation, as (level, alternatives, mask of ballots), or None.
Sizes are compared as `seats * weight >= level * voters`, which is exact for whole counts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Violation", "cohesive_violation", "single_violation"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Violation(NamedTuple):
    """A group that deserves more, or the solver's complaint."""

    level: int
    alternatives: list[int]
    ballots: BoolArray | None  # (ballots,)
    message: str = ""


def single_violation(
    approvals: BoolArray, counts: FloatArray, members: list[int], seats: int, top: int
) -> Violation | None:
    """JR (``top=1``) and EJR+ (``top=seats``): a group that shares one alternative left out.

    At level l, the supporters of an outsider with fewer than l members must not weigh l shares.
    """
    represented = approvals[:, members].sum(axis=1)
    outside = np.setdiff1d(np.arange(approvals.shape[1]), members)
    matrix = approvals[:, outside].astype(np.float64)
    total = counts.sum()
    for level in range(top, 0, -1):
        poor = np.where(represented < level, counts, 0.0)
        weight = poor @ matrix
        short = np.flatnonzero(seats * weight >= level * total * (1 - 1e-12))
        if len(short):
            code = int(outside[short[np.argmax(weight[short])]])
            return Violation(level, [code], approvals[:, code] & (represented < level))
    return None


def cohesive_violation(
    approvals: BoolArray, counts: FloatArray, members: list[int], seats: int, *, jointly: bool
) -> Violation | None:
    """EJR, or PJR where what counts is the members that the group approves `jointly`.

    For every level l an integer programme (HiGHS) looks for l alternatives that a group of l
    shares approves in common, while each voter (or all together) approves fewer than l members.
    """
    import scipy.sparse as sp
    from scipy.optimize import Bounds, LinearConstraint, milp

    represented = approvals[:, members].sum(axis=1)
    n_alternatives, n_members = approvals.shape[1], len(members)
    total = counts.sum()
    for level in range(1, seats + 1):
        # Whoever alone approves enough members cannot belong to a group that is short of them.
        able = np.flatnonzero((approvals.sum(axis=1) >= level) & (represented < level))
        if seats * counts[able].sum() < level * total * (1 - 1e-12):
            continue
        rows = approvals[able]
        size = len(able)
        # Variables: alternatives chosen, ballots in the group, members the group approves.
        n_joint = n_members if jointly else 0
        width = n_alternatives + size + n_joint
        chosen = np.zeros(width)
        chosen[:n_alternatives] = 1.0
        weight = np.zeros(width)
        weight[n_alternatives : n_alternatives + size] = counts[able]
        constraints = [
            LinearConstraint(chosen, level, level),
            LinearConstraint(weight * seats / total, level * (1 - 1e-12), np.inf),
        ]
        ballot, code = np.nonzero(~rows)  # x[code] + y[ballot] <= 1 where it is not approved
        constraints += _at_most_one(code, n_alternatives + ballot, width)
        if jointly:
            ballot, place = np.nonzero(rows[:, members])  # y[ballot] <= z[member]
            entries = np.arange(len(ballot))
            matrix = sp.csr_array(
                (
                    np.repeat([1.0, -1.0], len(ballot)),
                    (
                        np.concatenate([entries, entries]),
                        np.concatenate([n_alternatives + ballot, n_alternatives + size + place]),
                    ),
                ),
                shape=(len(ballot), width),
            )
            if len(ballot):
                constraints.append(LinearConstraint(matrix, -np.inf, 0.0))
            joint = np.zeros(width)
            joint[n_alternatives + size :] = 1.0
            constraints.append(LinearConstraint(joint, -np.inf, level - 1.0))
        solved = milp(
            -weight / total,
            constraints=constraints,
            integrality=np.ones(width, dtype=int),
            bounds=Bounds(0, 1),
        )
        if solved.status == 2:
            continue
        if solved.status != 0 or solved.x is None:
            return Violation(level, [], None, str(solved.message))
        group = np.zeros(len(counts), dtype=bool)
        group[able[solved.x[n_alternatives : n_alternatives + size] > 0.5]] = True
        return Violation(level, np.flatnonzero(solved.x[:n_alternatives] > 0.5).tolist(), group)
    return None


def _at_most_one(left: npt.NDArray, right: npt.NDArray, width: int) -> list:
    import scipy.sparse as sp
    from scipy.optimize import LinearConstraint

    if not len(left):
        return []
    entries = np.arange(len(left))
    matrix = sp.csr_array(
        (np.ones(2 * len(left)), (np.concatenate([entries] * 2), np.concatenate([left, right]))),
        shape=(len(left), width),
    )
    return [LinearConstraint(matrix, -np.inf, 1.0)]

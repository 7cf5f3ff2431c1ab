"""Balanced justified representation: groups that a slate and its assignment leave short.

Host kernels. A group of voters deserves a statement of cost c if it holds at least c / B of all
voters; it is left short at a cut-off if all its members value the statement at least so much and
what they are assigned less. The largest such group at a cut-off holds all who fit, so counting
them decides.
"""

from __future__ import annotations

from math import ceil, floor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Assignment", "Short", "best_assignment", "deserved", "greedy_slate", "left_short"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


class Short(NamedTuple):
    """A statement that a group deserves and values more than what its members are assigned."""

    statement: int
    cutoff: float
    voters: IntArray


class Assignment(NamedTuple):
    """Which slot each voter is assigned, or why no answer was found."""

    slots: IntArray  # (voters,): places in the slate
    excess: float  # voters beyond what balance allows to be left short; 0 if nobody is
    message: str = ""


def deserved(costs: FloatArray, budget: float, n_voters: int) -> IntArray:
    """Fewest voters that deserve each statement: the least whole number of at least n c / B."""
    exact = n_voters * costs / budget
    return np.ceil(exact - 1e-9 * np.maximum(exact, 1.0)).astype(np.intp)


def left_short(values: FloatArray, got: FloatArray, size: IntArray) -> list[Short]:
    """For each statement the group at the cut-off that exceeds its claim by most, if any does.

    Parameters
    ----------
    values : float array, (voters, statements)
        Utilities.
    got : float array, (voters,)
        Utility of what each voter is assigned.
    size : int array, (statements,)
        Fewest voters that deserve each.
    """
    found = []
    for statement in range(values.shape[1]):
        worth = values[:, statement]
        gaining = worth > got
        if gaining.sum() < size[statement]:
            continue
        # A voter fits a cut-off t exactly if got < t <= worth; try t at every worth.
        cutoffs = np.unique(worth[gaining])
        fits = (got[gaining] < cutoffs[:, None]) & (cutoffs[:, None] <= worth[gaining])
        most = int(fits.sum(axis=1).argmax())
        if fits[most].sum() >= size[statement]:
            voters = np.flatnonzero(gaining)[fits[most]]
            found.append(Short(statement, float(cutoffs[most]), voters))
    return found


def capacities(costs: FloatArray, n_voters: int, unit: bool) -> tuple[IntArray, IntArray]:
    """Fewest and most voters that balance lets each slot have, in proportion to its cost."""
    exact = n_voters * costs / costs.sum()
    most = np.array([ceil(x - 1e-9 * max(x, 1.0)) for x in exact], dtype=np.intp)
    least = np.array([floor(x + 1e-9 * max(x, 1.0)) if unit else 0 for x in exact], dtype=np.intp)
    return least, most


def count_terms(values: FloatArray, slate: IntArray, size: IntArray) -> int:
    """Non-zero coefficients of the programme of `best_assignment`."""
    order = -np.sort(-values, axis=0)
    supporters = 0
    for statement in range(values.shape[1]):
        column = order[:, statement]
        starts = np.flatnonzero(np.append(np.diff(column) != 0, True)) + 1
        supporters += int(starts[starts >= size[statement]].sum())
    return supporters * len(slate)


def best_assignment(
    values: FloatArray,
    slate: IntArray,
    size: IntArray,
    least: IntArray,
    most: IntArray,
    time_limit: float,
) -> Assignment:
    """Assign voters to slots within bounds so that as few as possible are left short.

    For each statement and cut-off, the voters who value it at least so much and are assigned
    less must number below the statement's claim: linear in the assignment. An integer programme
    (HiGHS) minimises the total excess; it is zero exactly if a balanced assignment satisfies
    everybody.
    """
    import scipy.sparse as sp
    from scipy.optimize import Bounds, LinearConstraint, milp

    n_voters, n_slots = len(values), len(slate)
    own = values[:, slate]  # (voters, slots)
    rows: list[IntArray] = []
    columns: list[IntArray] = []
    allowed: list[int] = []
    for statement in range(values.shape[1]):
        for cutoff in np.unique(values[:, statement]):
            who = np.flatnonzero(values[:, statement] >= cutoff)
            if len(who) < size[statement]:
                continue
            voter, slot = np.nonzero(own[who] < cutoff)
            if len(np.unique(voter)) < size[statement]:
                continue
            rows.append(np.full(len(voter), len(allowed)))
            columns.append(who[voter] * n_slots + slot)
            allowed.append(int(size[statement]) - 1)
    n_claims, n_pairs = len(allowed), n_voters * n_slots
    row = np.concatenate([*rows, np.arange(n_claims)]) if n_claims else np.zeros(0, dtype=np.intp)
    column = (
        np.concatenate([*columns, n_pairs + np.arange(n_claims)])
        if n_claims
        else np.zeros(0, dtype=np.intp)
    )
    sign = np.ones(len(row))
    sign[len(row) - n_claims :] = -1.0
    claims = sp.csr_array((sign, (row, column)), shape=(n_claims, n_pairs + n_claims))
    spare = sp.csr_array((n_voters, n_claims))
    once = sp.hstack([sp.kron(sp.eye_array(n_voters), np.ones((1, n_slots))), spare])
    spare = sp.csr_array((n_slots, n_claims))
    share = sp.hstack([sp.kron(np.ones((1, n_voters)), sp.eye_array(n_slots)), spare])
    constraints = [LinearConstraint(once, 1, 1), LinearConstraint(share, least, most)]
    if n_claims:
        constraints.append(LinearConstraint(claims, -np.inf, np.array(allowed, dtype=float)))
    solved = milp(
        np.concatenate([np.zeros(n_pairs), np.ones(n_claims)]),
        constraints=constraints,
        integrality=np.concatenate([np.ones(n_pairs), np.zeros(n_claims)]),
        bounds=Bounds(0, np.concatenate([np.ones(n_pairs), np.full(n_claims, np.inf)])),
        options={"time_limit": time_limit, "mip_rel_gap": 0.0},
    )
    if solved.status != 0 or solved.x is None:
        return Assignment(np.zeros(n_voters, dtype=np.intp), np.nan, str(solved.message))
    slots = solved.x[:n_pairs].reshape(n_voters, n_slots).argmax(axis=1)
    return Assignment(slots, float(max(solved.fun, 0.0)))


def greedy_slate(
    values: FloatArray, costs: FloatArray, budget: float, seats: int | None, repeat: bool
) -> tuple[list[int], IntArray]:
    """Serve again and again the group that can be given most, and take it out.

    A statement's group are those left who value it most, as many as deserve it; the statement
    whose last group member values it highest goes next (then the one whom most value so much for
    its cost). With `seats`, all statements cost the same and groups are the balanced shares of
    those left.

    Returns the slate and each voter's slot, -1 for those too few to deserve anything.
    """
    n_voters, n_statements = values.shape
    left = np.ones(n_voters, dtype=bool)
    slots = np.full(n_voters, -1, dtype=np.intp)
    slate: list[int] = []
    open_to = np.ones(n_statements, dtype=bool)
    sizes = deserved(costs, budget, n_voters)
    while left.any() and (seats is None or len(slate) < seats):
        remaining = int(left.sum())
        if seats is not None:
            sizes = np.full(n_statements, ceil(remaining / (seats - len(slate))), dtype=np.intp)
        able = np.flatnonzero(open_to & (sizes <= remaining))
        if not len(able):
            break
        here = values[left]
        ranked = -np.sort(-here[:, able], axis=0)  # (left, able), best first
        last = ranked[sizes[able] - 1, np.arange(len(able))]
        support = (here[:, able] >= last).sum(axis=0) / costs[able]
        pick = int(able[np.lexsort((-support, -last))[0]])
        who = np.flatnonzero(left)[np.argsort(-here[:, pick], kind="stable")[: sizes[pick]]]
        slots[who] = len(slate)
        left[who] = False
        slate.append(pick)
        open_to[pick] = repeat
    return slate, slots

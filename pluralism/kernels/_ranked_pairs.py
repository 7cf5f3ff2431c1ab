"""Ranked pairs: majorities locked in from the strongest, on bitmasks of reachability.

A state is the tuple of the bitmasks of what each alternative reaches. Equal majorities may be
locked in any order; every order is followed, and states met before are not followed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["LockedOrders", "lock_all_orders", "lock_in_order", "reach_matrix"]

State = tuple[int, ...]
Edge = tuple[int, int]


class LockedOrders(NamedTuple):
    """All relations that some order of the equal majorities locks in."""

    states: list[State]
    complete: bool  # False if more than the limit were met


def lock_in_order(
    groups: Sequence[Sequence[Edge]], n_alternatives: int
) -> tuple[State, list[bool]]:
    """Lock majorities in the given order, leaving out each that would close a cycle.

    Also returns, for each group, whether the order within it decided what got in.
    """
    state = tuple(1 << code for code in range(n_alternatives))
    contested = []
    for group in groups:
        start = state
        for winner, loser in group:
            state = _lock(state, winner, loser)
        contested.append(not _all_in(group, start, state))
    return state, contested


def lock_all_orders(
    groups: Sequence[Sequence[Edge]], n_alternatives: int, limit: int
) -> LockedOrders:
    """Lock groups of equal majorities, strongest group first, in every order within each."""
    states = {tuple(1 << code for code in range(n_alternatives))}
    met = 0
    for group in groups:
        finished: set[State] = set()
        for start in states:
            whole = start
            for winner, loser in group:
                whole = _lock(whole, winner, loser)
            if _all_in(group, start, whole):
                finished.add(whole)
                continue
            seen, stack = {start}, [start]
            while stack:
                state = stack.pop()
                met += 1
                if met > limit:
                    return LockedOrders(sorted(finished), False)
                after = {_lock(state, winner, loser) for winner, loser in group} - {state}
                if not after:
                    finished.add(state)
                stack.extend(after - seen)
                seen |= after
        states = finished
    return LockedOrders(sorted(states), True)


def reach_matrix(state: State) -> npt.NDArray[np.bool_]:
    """The locked relation, closed under transitivity, (alternatives, alternatives)."""
    size = len(state)
    matrix = np.array([[mask >> code & 1 for code in range(size)] for mask in state], dtype=bool)
    np.fill_diagonal(matrix, False)
    return matrix


def _all_in(group: Sequence[Edge], start: State, end: State) -> bool:
    """Whether every majority that was open at the start got in, so that order did not matter."""
    return all(end[w] >> b & 1 or start[b] >> w & 1 for w, b in group)


def _lock(state: State, winner: int, loser: int) -> State:
    if state[loser] >> winner & 1 or state[winner] >> loser & 1:
        return state
    below = state[loser]
    return tuple(mask | below if mask >> winner & 1 else mask for mask in state)

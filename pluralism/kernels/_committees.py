"""Committees from approvals: additive, sequential and exact rules, ties followed in every way.

Ballots are rows with weights. Committees are sorted tuples of columns. Sequential rules keep all
states that some way to break ties leads to, up to a limit.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, islice
from math import lcm
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "Committees",
    "additive_committees",
    "equal_shares_committees",
    "optimal_committees",
    "phragmen_committees",
    "sequential_pav_committees",
    "thiele_score",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Committee = tuple[int, ...]


class Committees(NamedTuple):
    """All committees that a rule may choose, or the solver's complaint."""

    committees: list[Committee]
    complete: bool  # whether these are all
    message: str = ""  # empty if every programme was solved
    short: bool = False  # whether some committee has fewer members than seats


def additive_committees(scores: FloatArray, size: int, limit: int, noise: float) -> Committees:
    """The `size` best scores, and every way to choose among those tied at the last seat."""
    threshold = np.sort(scores)[-size]
    sure = np.flatnonzero(scores > threshold + noise).tolist()
    tied = np.flatnonzero(np.abs(scores - threshold) <= noise).tolist()
    ways = combinations(tied, size - len(sure))
    chosen = [tuple(sorted((*sure, *way))) for way in islice(ways, limit + 1)]
    return Committees(chosen[:limit], len(chosen) <= limit)


def sequential_pav_committees(
    approvals: BoolArray, counts: FloatArray, size: int, limit: int
) -> Committees:
    """Add, seat by seat, the alternative with the largest gain in harmonic satisfaction."""
    unit = lcm(*range(1, size + 1))
    # In units of 1 / lcm(1..size) all gains are whole, and so are their sums.
    exact = bool((counts == np.rint(counts)).all()) and counts.sum() * unit < 2**53
    unit = unit if exact else 1
    noise = 0.0 if exact else 1e-12 * counts.sum()
    matrix = approvals.astype(np.float64)  # (ballots, alternatives)
    states: dict[Committee, FloatArray] = {(): np.zeros(len(counts))}
    complete = True
    for _ in range(size):
        following: dict[Committee, FloatArray] = {}
        for committee, satisfaction in states.items():
            gains = (counts * (unit / (satisfaction + 1))) @ matrix
            gains[list(committee)] = -np.inf
            for code in np.flatnonzero(gains >= gains.max() - noise).tolist():
                larger = tuple(sorted((*committee, code)))
                if larger not in following:
                    if len(following) == limit:
                        complete = False
                        break
                    following[larger] = satisfaction + matrix[:, code]
        states = following
    return Committees(sorted(states), complete)


def phragmen_committees(
    approvals: BoolArray,
    counts: FloatArray,
    size: int,
    limit: int,
    start: tuple[Committee, FloatArray] | None = None,
) -> Committees:
    """Add, seat by seat, the alternative whose supporters end with the smallest load."""
    matrix = approvals.astype(np.float64)
    support = counts @ matrix
    committee, loads = start if start is not None else ((), np.zeros(len(counts)))

    def step(committee: Committee, loads: FloatArray) -> tuple[FloatArray, Callable]:
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.where(support > 0, (1 + (counts * loads) @ matrix) / support, np.inf)
        ends[list(committee)] = np.nan
        return ends, lambda code: np.where(approvals[:, code], ends[code], loads)

    return _sequential(committee, loads, step, size, limit, stop_unaffordable=False)


def equal_shares_committees(
    utilities: FloatArray, counts: FloatArray, size: int, limit: int, completion: bool
) -> Committees:
    """Let supporters buy alternatives at equal price per utility from equal budgets.

    With `completion`, seats left once nothing is affordable are filled by Phragmen's rule, the
    remaining budgets counting as loads below zero; `utilities` must then be 0 and 1.
    """
    budget = np.full(len(counts), size / counts.sum())

    def step(committee: Committee, budget: FloatArray) -> tuple[FloatArray, Callable]:
        prices = np.array([_price(column, budget, counts) for column in utilities.T])
        prices[list(committee)] = np.nan
        return prices, lambda code: budget - np.minimum(budget, prices[code] * utilities[:, code])

    bought = _sequential_states((), budget, step, size, limit, stop_unaffordable=True)
    complete, short = bought.complete, False
    committees: dict[Committee, None] = {}
    for committee, left in bought.states:
        if len(committee) == size or not completion:
            short |= len(committee) < size
            found = [committee]
        else:
            filled = phragmen_committees(
                utilities > 0, counts, size, limit, start=(committee, -left)
            )
            complete &= filled.complete
            found = filled.committees
        committees.update(dict.fromkeys(found))
    chosen = sorted(committees)
    return Committees(chosen[:limit], complete and len(chosen) <= limit, "", short)


def _price(utility: FloatArray, budget: FloatArray, counts: FloatArray) -> float:
    """Least price per unit of utility at which the supporters raise one unit, or infinity."""
    supporters = np.flatnonzero(utility > 0)
    own, weight, gain = budget[supporters], counts[supporters], utility[supporters]
    if weight @ own < 1 - 1e-12:
        return np.inf
    exhaustion = own / gain  # the price at which a supporter's budget is spent
    order = np.argsort(exhaustion, kind="stable")
    paid = np.concatenate([[0.0], np.cumsum((weight * own)[order])[:-1]])
    rest = np.cumsum((weight * gain)[order][::-1])[::-1]
    price = (1 - paid) / rest
    enough = price <= exhaustion[order] * (1 + 1e-12)
    return float(price[np.argmax(enough)]) if enough.any() else float(exhaustion.max())


class _States(NamedTuple):
    states: list[tuple[Committee, FloatArray]]
    complete: bool


def _sequential(
    committee: Committee,
    vector: FloatArray,
    step: Callable,
    size: int,
    limit: int,
    *,
    stop_unaffordable: bool,
) -> Committees:
    found = _sequential_states(
        committee, vector, step, size, limit, stop_unaffordable=stop_unaffordable
    )
    return Committees(sorted({state[0] for state in found.states}), found.complete)


def _sequential_states(
    committee: Committee,
    vector: FloatArray,
    step: Callable,
    size: int,
    limit: int,
    *,
    stop_unaffordable: bool,
) -> _States:
    """Follow the smallest value at every seat; states are equal if members and vector are."""
    states = [(committee, vector)]
    finished: list[tuple[Committee, FloatArray]] = []
    complete = True
    for _ in range(size - len(committee)):
        following: dict[tuple[Committee, bytes], tuple[Committee, FloatArray]] = {}
        for members, current in states:
            values, after = step(members, current)
            best = np.nanmin(values)
            if stop_unaffordable and not np.isfinite(best):
                finished.append((members, current))
                continue
            tied = values == best if np.isinf(best) else values <= best + 1e-11 * (abs(best) + 1e-3)
            for code in np.flatnonzero(tied).tolist():
                larger = tuple(sorted((*members, code)))
                moved = current if np.isinf(best) else after(code)
                key = (larger, np.round(moved, 12).tobytes())
                if key not in following:
                    if len(following) == limit:
                        complete = False
                        break
                    following[key] = (larger, moved)
        states = list(following.values())
    return _States([*finished, *states], complete)


def thiele_score(
    approvals: BoolArray, counts: FloatArray, committee: Committee, weights: list[Fraction]
) -> Fraction | float:
    """Sum over voters of the first s weights, s being how many members they approve."""
    satisfaction = approvals[:, list(committee)].sum(axis=1)
    voters = np.bincount(satisfaction, weights=counts, minlength=len(committee) + 1)
    exact = bool((voters == np.rint(voters)).all())
    total: Any = Fraction(0)
    gained = Fraction(0)
    for level, weight in enumerate(voters.tolist()):
        if level:
            gained += weights[level - 1]
        total += Fraction(weight) * gained
    return total if exact else float(total)


def optimal_committees(
    approvals: BoolArray, counts: FloatArray, size: int, limit: int, weights: list[Fraction]
) -> Committees:
    """Maximise the Thiele score by integer programmes (HiGHS), excluding each optimum found."""
    import scipy.sparse as sp
    from scipy.optimize import Bounds, LinearConstraint, milp

    rows, counts = _distinct(approvals, counts)
    n_alternatives = rows.shape[1]
    depth = np.minimum(rows.sum(axis=1), sum(1 for weight in weights if weight > 0))
    ballot = np.repeat(np.arange(len(rows)), depth)
    level = np.concatenate([np.arange(d) for d in depth]) if len(ballot) else np.zeros(0, int)
    value = np.array([float(weight) for weight in weights])
    gain = counts[ballot] * value[level]
    scale = max(float(np.abs(gain).max(initial=0.0)), 1e-300) / 1e3
    cost = np.concatenate([np.zeros(n_alternatives), -gain / scale])
    reached = sp.csr_array(
        (np.ones(len(ballot)), (ballot, np.arange(len(ballot)))), shape=(len(rows), len(ballot))
    )
    constraints = [
        LinearConstraint(sp.hstack([-sp.csr_array(rows.astype(float)), reached]), -np.inf, 0.0),
        LinearConstraint(
            np.concatenate([np.ones(n_alternatives), np.zeros(len(ballot))]), size, size
        ),
    ]
    integrality = np.concatenate([np.ones(n_alternatives), np.zeros(len(ballot))])
    found: list[Committee] = []
    best: Fraction | float | None = None
    while True:
        solved = milp(
            cost,
            constraints=constraints,
            integrality=integrality.astype(int),
            bounds=Bounds(0, 1),
            options={"mip_rel_gap": 0.0},
        )
        if solved.status == 2 and found:
            return Committees(sorted(found), True)
        if solved.status != 0 or solved.x is None:
            return Committees([], False, str(solved.message))
        committee = tuple(np.flatnonzero(solved.x[:n_alternatives] > 0.5).tolist())
        score = thiele_score(rows, counts, committee, weights)
        if best is None:
            best = score
        exact = isinstance(score, Fraction)
        if score < best if exact else float(score) < float(best) * (1 - 1e-11):
            return Committees(sorted(found), True)
        if len(found) == limit:
            return Committees(sorted(found), False)
        found.append(committee)
        exclusion = np.zeros(len(cost))
        exclusion[list(committee)] = 1.0
        constraints.append(LinearConstraint(exclusion, -np.inf, size - 1.0))


def _distinct(approvals: BoolArray, counts: FloatArray) -> tuple[BoolArray, FloatArray]:
    rows, inverse = np.unique(approvals, axis=0, return_inverse=True)
    weights: FloatArray = np.bincount(inverse.ravel(), weights=counts).astype(np.float64)
    return rows, weights

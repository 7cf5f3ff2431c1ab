"""Kemeny rankings: minimum total disagreement, exactly, all optima up to a limit.

Alternatives split into blocks such that all of an earlier block beat all of a later one; every
optimal ranking respects the blocks (extended Condorcet criterion). Within a block the linear
ordering problem is solved by HiGHS with 3-cycle cuts added as they are violated, and further
optima by excluding those found.
"""

from __future__ import annotations

from itertools import combinations, product
from time import monotonic
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ._tournament import transitive_closure

__all__ = ["KemenyRankings", "condorcet_blocks", "disagreement", "kemeny_rankings"]

FloatArray = npt.NDArray[np.float64]

#: Cuts added at once.
_CUTS = 2000


class KemenyRankings(NamedTuple):
    """Optimal rankings, or the solver's complaint."""

    rankings: list[tuple[int, ...]]  # best first
    distance: float  # total disagreement of each
    complete: bool  # whether these are all
    message: str  # empty if every programme was solved


def disagreement(wins: FloatArray, ranking: tuple[int, ...]) -> float:
    """Weight of the votes for b over a, over all pairs with a ranked above b."""
    order = list(ranking)
    return float(np.triu(wins[np.ix_(order, order)].T, 1).sum())


def condorcet_blocks(margins: FloatArray) -> list[list[int]]:
    """Coarsest-to-finest chain: each block beats all later ones, pair by pair."""
    at_least = margins >= 0
    np.fill_diagonal(at_least, True)
    reach = transitive_closure(at_least)
    sizes = reach.sum(axis=1)  # all of a block reach the same alternatives
    return [np.flatnonzero(sizes == size).tolist() for size in np.unique(sizes)[::-1]]


def kemeny_rankings(
    wins: FloatArray, limit: int, tolerance: float, seconds: float = np.inf
) -> KemenyRankings:
    """Find up to `limit` optimal rankings; disagreements within `tolerance` are equal.

    After `seconds` the optima found so far are returned as incomplete, or, if a block has none
    yet, the solver's complaint.
    """
    deadline = monotonic() + seconds
    margins = wins - wins.T
    margins[np.abs(margins) <= tolerance] = 0.0
    per_block: list[list[tuple[int, ...]]] = []
    complete = True
    for block in condorcet_blocks(margins):
        solved = _block_rankings(margins[np.ix_(block, block)], limit, tolerance, deadline)
        if solved.message:
            return KemenyRankings([], np.nan, False, solved.message)
        complete &= solved.complete
        per_block.append([tuple(block[code] for code in order) for order in solved.rankings])
    rankings: list[tuple[int, ...]] = []
    for parts in product(*per_block):
        if len(rankings) == limit:
            complete = False
            break
        rankings.append(tuple(code for part in parts for code in part))
    return KemenyRankings(rankings, disagreement(wins, rankings[0]), complete, "")


def _block_rankings(
    margins: FloatArray, limit: int, tolerance: float, deadline: float
) -> KemenyRankings:
    size = len(margins)
    if size == 1:
        return KemenyRankings([(0,)], 0.0, True, "")
    programme = _LinearOrdering(margins)
    rankings: list[tuple[int, ...]] = []
    best = np.inf
    while True:
        order, cost, message = programme.solve(best, tolerance, deadline)
        if message and rankings and monotonic() >= deadline:
            return KemenyRankings(rankings, best, False, "")
        if message:
            return KemenyRankings([], np.nan, False, message)
        if order is None:
            return KemenyRankings(rankings, best, True, "")
        if len(rankings) == limit:
            return KemenyRankings(rankings, best, False, "")
        best = min(best, cost)
        rankings.append(order)
        programme.exclude(order)


class _LinearOrdering:
    """min sum of margins against the order, x[a, b] = 1 if a is above b, for pairs a < b."""

    def __init__(self, margins: FloatArray) -> None:
        self.size = len(margins)
        self.first, self.second = np.triu_indices(self.size, 1)
        self.pair = np.zeros((self.size, self.size), dtype=int)
        self.pair[self.first, self.second] = np.arange(len(self.first))
        # Ranking a above b costs the votes for b over a: relative to b above a, minus the margin.
        # HiGHS stops at an absolute gap of 1e-6: whole units keep the optimum exact.
        whole = bool((margins == np.rint(margins)).all())
        unit = np.gcd.reduce(np.abs(margins).astype(np.int64), axis=None) if whole else 0
        self.scale = float(unit or np.abs(margins).max() / 1e4 or 1.0)
        self.cost = -margins[self.first, self.second] / self.scale
        self.cuts: set[tuple[int, int, int]] = set()
        self.excluded: list[npt.NDArray[np.float64]] = []
        if self.size <= 12:
            self.cuts.update(combinations(range(self.size), 3))
        self._relax()

    def exclude(self, order: tuple[int, ...]) -> None:
        self.excluded.append(self._indicator(order))

    def solve(
        self, best: float, tolerance: float, deadline: float
    ) -> tuple[tuple[int, ...] | None, float, str]:
        """Return the next optimal order, its relative cost, and the solver's complaint if any."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        while True:
            solved = milp(
                self.cost,
                constraints=[LinearConstraint(*part) for part in self._constraints()],
                integrality=np.ones(len(self.cost), dtype=int),
                bounds=Bounds(0, 1),
                options={"mip_rel_gap": 0.0, "time_limit": max(deadline - monotonic(), 0.0)},
            )
            if solved.status == 2 and self.excluded:
                return None, np.inf, ""
            if solved.status != 0:
                return None, np.inf, str(solved.message)
            above = np.rint(np.asarray(solved.x))
            # Costs of the rounded solution, in the caller's units.
            cost = float(self.cost @ above) * self.scale
            if cost > best + max(tolerance * self.size**2, 1e-3 * self.scale):
                return None, np.inf, ""
            fresh = self._violated(above, 0.5)
            if not fresh:
                wins = np.zeros((self.size, self.size))
                wins[self.first, self.second] = above
                wins[self.second, self.first] = 1 - above
                return tuple(np.argsort(-wins.sum(axis=1), kind="stable").tolist()), cost, ""
            self.cuts.update(fresh)

    def _relax(self) -> None:
        """Gather cuts on the linear relaxation first, where a solve is cheap."""
        from scipy.optimize import linprog

        for _ in range(50):
            parts = self._constraints()
            if not parts:
                fresh = self._violated((self.cost < 0).astype(np.float64), 1e-6)
            else:
                matrix, _low, high = parts[0]
                import scipy.sparse as sp

                solved = linprog(
                    self.cost,
                    A_ub=sp.vstack([matrix, -matrix]),
                    b_ub=np.concatenate(
                        [np.full(matrix.shape[0], high), np.zeros(matrix.shape[0])]
                    ),
                    bounds=(0, 1),
                    method="highs",
                )
                if solved.status != 0:
                    return  # the integer programme will say what is wrong
                fresh = self._violated(np.asarray(solved.x), 1e-6)
            if not fresh:
                return
            self.cuts.update(fresh)

    def _constraints(self) -> list[tuple]:
        import scipy.sparse as sp

        parts: list[tuple] = []
        if self.cuts:
            i, j, k = np.array(sorted(self.cuts)).T
            columns = np.stack([self.pair[i, j], self.pair[j, k], self.pair[i, k]])
            rows = np.broadcast_to(np.arange(len(i)), columns.shape)
            values = np.repeat([[1.0], [1.0], [-1.0]], len(i), axis=1)
            matrix = sp.csr_array(
                (values.ravel(), (rows.ravel(), columns.ravel())), (len(i), len(self.cost))
            )
            parts.append((matrix, 0.0, 1.0))
        if self.excluded:
            # At least one pair must differ from each order already found.
            x = np.array(self.excluded)  # (orders, pairs)
            parts.append((1.0 - 2.0 * x, 1.0 - x.sum(axis=1), np.inf))
        return parts

    def _violated(self, above: FloatArray, by: float) -> list[tuple[int, int, int]]:
        """Triples i < j < k with x[ij] + x[jk] - x[ik] outside [0, 1], the worst first."""
        x = np.zeros((self.size, self.size))
        x[self.first, self.second] = above
        value = x[:, :, None] + x[None, :, :] - x[:, None, :]  # (i, j, k)
        outside = np.maximum(value - 1.0, -value)
        i, j, k = np.nonzero(outside > by)
        ordered = (i < j) & (j < k)
        i, j, k = i[ordered], j[ordered], k[ordered]
        worst = np.argsort(-outside[i, j, k], kind="stable")[:_CUTS]
        return list(zip(i[worst].tolist(), j[worst].tolist(), k[worst].tolist(), strict=True))

    def _indicator(self, order: tuple[int, ...]) -> npt.NDArray[np.float64]:
        place = np.argsort(order)
        return (place[self.first] < place[self.second]).astype(np.float64)

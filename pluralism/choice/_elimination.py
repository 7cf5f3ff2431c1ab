"""Instant runoff: the alternative with the fewest first choices leaves, until one is left."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Ballots
from ..errors import DataError, enumerate_some
from ..kernels._pairwise import first_choices
from ._inputs import as_ballots
from ._outcome import Outcome, Round, TieBreaker

__all__ = ["irv"]

Mask = npt.NDArray[np.bool_]
Ranking = tuple[tuple[Hashable, ...], ...]


def irv(
    ballots: Any,
    *,
    tie_break: Literal["none", "parallel", "name", "random"] = "none",
    seed: Any = None,
    limit: int = 10_000,
) -> Outcome:
    """Eliminate the alternative with the fewest votes, count by count (instant runoff).

    A ballot counts for the highest alternative on it that still stands (shared equally if it
    ties several) and is exhausted once it ranks none of them, whatever `unranked` says.
    Alternatives that tie for elimination leave together, and `notes` says where that could
    matter; if all that stand tie, all win. ``tie_break="parallel"`` follows instead every way of
    eliminating one of them: `winners` then holds all who win in one (parallel universes).

    Parameters
    ----------
    ballots : Ballots
        Ballots.
    tie_break : {"none", "parallel", "name", "random"}
        Eliminate all that tie; follow every elimination; eliminate the last label in sorted
        order (and let the first win); or draw with `seed`.
    seed : int or numpy.random.Generator, optional
        For ``tie_break="random"``.
    limit : int
        Largest number of sets of standing alternatives to follow.

    Returns
    -------
    Outcome
        With `winners`, `ranking` (last eliminated first) and `rounds`, down to the last two. With
        "parallel", `rankings` has one for each way to break the ties (at most 100), and `rounds`
        are those of the first.

    Raises
    ------
    DataError
        If the input is no Ballots, or ties lead to more than `limit` sets.

    References
    ----------
    N. Tideman (1995), The single transferable vote, Journal of Economic Perspectives 9.
    V. Conitzer, M. Rognlie, L. Xia (2009), Preference functions that score rankings and maximum
    likelihood estimation, for parallel universes.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> outcome = choice.irv(Ballots.from_rankings(["abc", "bca", "cba"], counts=[4, 3, 2]))
    >>> outcome.winners, outcome.rounds[-1].votes
    (('b',), {'a': 4.0, 'b': 5.0})
    """
    profile = as_ballots(ballots, "irv")
    _validate.one_of("tie_break", tie_break, ("none", "parallel", "name", "random"))
    breaker = TieBreaker("none" if tie_break == "parallel" else tie_break, seed)
    limit = _validate.whole_number("limit", limit, at_least=1)
    runoff = _Runoff(profile, breaker, limit, together=tie_break == "none")
    rankings = runoff.rankings(np.ones(profile.n_alternatives, dtype=bool))
    winners = runoff.winners_of(np.ones(profile.n_alternatives, dtype=bool))
    return Outcome(
        "instant runoff",
        profile.alternatives,
        winners=breaker.choose("winner", [a for a in profile.alternatives if a in winners]),
        ranking=rankings[0],
        rankings=tuple(rankings),
        exhaustive=len(rankings) < _MOST_RANKINGS,
        rounds=tuple(runoff.first_way()),
        tie_break=tie_break,
        notes=tuple(runoff.notes),
        broken_ties=tuple(breaker.broken),
    )


#: Rankings listed where ties are followed in every way; winners are complete regardless.
_MOST_RANKINGS = 100


@dataclass
class _Runoff:
    """Counts and eliminations by set of standing alternatives, each counted once."""

    profile: Ballots
    breaker: TieBreaker
    limit: int
    together: bool
    notes: list[str] = field(default_factory=list)
    counted: dict[bytes, tuple[npt.NDArray[np.float64], float, list[list[int]]]] = field(
        default_factory=dict
    )
    winners: dict[bytes, frozenset] = field(default_factory=dict)

    def count(self, standing: Mask) -> tuple[npt.NDArray[np.float64], float, list[list[int]]]:
        """Return votes, exhausted votes, and the groups of which one leaves next."""
        key = standing.tobytes()
        if key not in self.counted:
            if len(self.counted) >= self.limit:
                raise DataError(
                    f"ties lead to more than {self.limit:,} sets of standing alternatives; raise "
                    "`limit`, or choose a `tie_break`"
                )
            votes, exhausted = first_choices(self.profile.ranks, self.profile.counts, standing)
            self.counted[key] = (votes, exhausted, self._leaving(votes, standing))
        return self.counted[key]

    def _leaving(self, votes: npt.NDArray[np.float64], standing: Mask) -> list[list[int]]:
        codes = np.flatnonzero(standing)
        # Whole votes are exact; only shares and weights carry rounding.
        noise = 0.0 if (votes == np.rint(votes)).all() else 1e-12 * self.profile.n_voters
        lowest = [int(c) for c in codes if votes[c] <= votes[codes].min() + noise]
        others = [votes[c] for c in codes if c not in lowest]
        together = votes[lowest].sum()
        if len(lowest) == 1 or (others and together < min(others) - noise):
            return [lowest]  # the order in which they leave cannot matter
        if not others and (len(codes) == 2 or together <= noise or self.together):
            return []  # all that stand are equal, for good
        labels = [self.profile.alternatives[code] for code in lowest]
        if self.together:
            self.notes.append(
                f"count {len(self.counted) + 1}: {enumerate_some(labels)} tie for elimination and "
                "leave together"
            )
            return [lowest]
        if self.breaker.method == "none":
            return [[code] for code in lowest]
        # The tie-break names who stays; by name, the last label leaves.
        leaver = self.breaker.last("elimination", labels)
        return [[self.profile.alternatives.index(leaver)]]

    def winners_of(self, standing: Mask) -> frozenset:
        """All who win under some way to break the ties."""
        leaving = self.count(standing)[2]
        while len(leaving) == 1 and standing.sum() > 1:  # a loop: there may be thousands
            standing = _without(standing, leaving[0])
            leaving = self.count(standing)[2]
        key = standing.tobytes()
        if key not in self.winners:
            if standing.sum() == 1 or not leaving:
                found = frozenset(self.profile.alternatives[c] for c in np.flatnonzero(standing))
            else:
                found = frozenset().union(
                    *(self.winners_of(_without(standing, group)) for group in leaving)
                )
            self.winners[key] = found
        return self.winners[key]

    def rankings(self, standing: Mask) -> list[Ranking]:
        """Rankings of those standing, one for each way, up to the limit."""
        alternatives = self.profile.alternatives
        below: list[tuple[Hashable, ...]] = []  # who leaves while there is but one way, best first
        leaving = self.count(standing)[2] if standing.sum() > 1 else []
        while len(leaving) == 1:
            below.insert(0, tuple(alternatives[code] for code in leaving[0]))
            standing = _without(standing, leaving[0])
            leaving = self.count(standing)[2] if standing.sum() > 1 else []
        if not leaving:
            return [(tuple(alternatives[code] for code in np.flatnonzero(standing)), *below)]
        found: dict[Ranking, None] = {}
        for group in leaving:
            last = tuple(alternatives[code] for code in group)
            for ranking in self.rankings(_without(standing, group)):
                found[(*ranking, last, *below)] = None
                if len(found) == _MOST_RANKINGS:
                    return list(found)
        return list(found)

    def first_way(self) -> list[Round]:
        """The counts, down to the last two, taking the first way at every tie."""
        standing = np.ones(self.profile.n_alternatives, dtype=bool)
        rounds = []
        while True:
            votes, exhausted, leaving = self.count(standing)
            codes = np.flatnonzero(standing)
            labels = self.profile.alternatives
            last = len(codes) <= 2 or not leaving
            group = leaving[0] if leaving else []
            rounds.append(
                Round(
                    {labels[code]: float(votes[code]) for code in codes},
                    exhausted,
                    elected=tuple(labels[c] for c in codes if c not in group) if last else (),
                    eliminated=tuple(labels[code] for code in group),
                )
            )
            if last or standing.sum() - len(group) < 2:
                return rounds
            standing = _without(standing, group)


def _without(standing: Mask, group: list[int]) -> Mask:
    smaller = standing.copy()
    smaller[group] = False
    return smaller

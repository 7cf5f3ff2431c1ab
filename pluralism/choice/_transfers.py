"""Single transferable vote: quotas, surpluses and transfers, count by count."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Ballots
from ..errors import ConvergenceError, DataError, enumerate_some
from ._inputs import as_ballots
from ._outcome import Outcome, Round, TieBreaker

__all__ = ["stv"]

FloatArray = npt.NDArray[np.float64]
_TRANSFERS = ("weighted-inclusive-gregory", "scottish", "meek")


def stv(
    ballots: Any,
    *,
    seats: int,
    transfer: Literal[
        "weighted-inclusive-gregory", "scottish", "meek"
    ] = "weighted-inclusive-gregory",
    quota: Literal["droop", "hare", "hagenbach-bischoff"] = "droop",
    tie_break: Literal["error", "name", "random"] = "error",
    seed: Any = None,
) -> Outcome:
    """Fill several seats by single transferable vote.

    In each count, whoever has the quota is elected; the largest surplus is then passed on, or,
    where there is none, the alternative with the fewest votes is eliminated and its votes are
    passed on. Once no more alternatives stand than there are seats left, they are elected.

    Parameters
    ----------
    ballots : Ballots
        Ballots; a tied group shares the vote equally (not with "meek", which refuses ties). A
        ballot never goes to an alternative that it does not rank.
    seats : int
        Seats to fill.
    transfer : {"weighted-inclusive-gregory", "scottish", "meek"}
        How a surplus is passed on. Weighted inclusive Gregory: every ballot that the elected
        alternative holds moves on at surplus / votes of its value. Scottish: the same,
        truncated to five decimals at each transfer, with ties decided by the latest earlier
        count in which the tied differ. Meek: keep values, found by iteration, such that each
        elected alternative holds exactly the quota, which itself shrinks as ballots exhaust.
    quota : {"droop", "hare", "hagenbach-bischoff"}
        floor(V / (seats + 1)) + 1; V / seats; or V / (seats + 1), which must be exceeded. Meek
        always uses the last of the active votes.
    tie_break : {"error", "name", "random"}
        What to do if a tie for elimination or for the order of surpluses remains: refuse, let
        the last label in sorted order leave, or draw with `seed`.
    seed : int or numpy.random.Generator, optional
        For ``tie_break="random"``.

    Returns
    -------
    Outcome
        With `winners` in the order of their election, `ranking` (elected, then the others, last
        eliminated first), `quota`, `rounds` and `count_table()`.

    Raises
    ------
    DataError
        If the input is no Ballots, `seats` is not below the number of alternatives, a tie
        remains under ``tie_break="error"``, or "meek" meets tied ranks.
    ConvergenceError
        If Meek's keep values do not settle.

    References
    ----------
    N. Tideman (1995), The single transferable vote, Journal of Economic Perspectives 9. Scottish
    Local Government Elections Order 2007, schedule 1, part III. I. D. Hill, B. A. Wichmann,
    D. R. Woodall (1987), Algorithm 123, The Computer Journal 30.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> profile = Ballots.from_rankings(
    ...     [("a", "b"), ("b", "a"), ("c",), ("d", "c")], counts=[16, 4, 9, 3]
    ... )
    >>> outcome = choice.stv(profile, seats=2)
    >>> outcome.winners, outcome.quota
    (('a', 'c'), 11.0)
    """
    profile = as_ballots(ballots, "stv")
    seats = _validate.whole_number("seats", seats, at_least=1, at_most=profile.n_alternatives - 1)
    _validate.one_of("transfer", transfer, _TRANSFERS)
    _validate.one_of("quota", quota, ("droop", "hare", "hagenbach-bischoff"))
    _validate.one_of("tie_break", tie_break, ("error", "name", "random"))
    if transfer == "meek" and not profile.is_strict:
        raise DataError("transfer='meek' needs strict rankings; these ballots hold tied ranks")
    breaker = TieBreaker("none" if tie_break == "error" else tie_break, seed)
    count = _Count(profile, seats, breaker, transfer)
    if transfer == "meek":
        count.run_meek()
        goal = count.goal
    else:
        goal = _quota(quota, profile.n_voters, seats)
        count.run_gregory(goal, strict=quota == "hagenbach-bischoff")
    labels = profile.alternatives
    return Outcome(
        f"single transferable vote ({transfer})",
        labels,
        winners=tuple(labels[code] for code in count.elected),
        ranking=tuple((labels[code],) for code in [*count.elected, *reversed(count.out)]),
        rounds=tuple(count.rounds),
        quota=goal,
        tie_break=tie_break,
        broken_ties=tuple(breaker.broken),
    )


def _quota(kind: str, voters: float, seats: int) -> float:
    if kind == "hare":
        return voters / seats
    if kind == "hagenbach-bischoff":
        return voters / (seats + 1)
    share = voters / (seats + 1)
    if voters != np.rint(voters):  # a sum of fractions may fall just short of a whole share
        share *= 1 + 1e-12
    return float(np.floor(share) + 1)


class _Count:
    """The state of a count: who stands, who holds which part of every ballot."""

    def __init__(self, profile: Ballots, seats: int, breaker: TieBreaker, transfer: str) -> None:
        self.profile, self.seats, self.breaker = profile, seats, breaker
        self.scottish = transfer == "scottish"
        self.standing = np.ones(profile.n_alternatives, dtype=bool)
        self.elected: list[int] = []
        self.out: list[int] = []
        self.rounds: list[Round] = []
        self.history: list[FloatArray] = []
        self.noise = 1e-9 * profile.n_voters
        self.goal: float  # Meek's quota, which shrinks

    # -- Gregory -------------------------------------------------------------------------

    def run_gregory(self, goal: float, *, strict: bool) -> None:
        """Count until all seats are filled, passing one surplus or one alternative at a time."""
        self.noise = 0.0
        held = self._next_choices(self.profile.counts)  # (ballots, alternatives)
        exhausted = self.profile.n_voters - held.sum()
        waiting: list[int] = []  # elected, with a surplus still to be passed on
        while True:
            votes = held.sum(axis=0)
            if (votes != np.rint(votes)).any():  # whole votes carry no rounding
                self.noise = 1e-12 * self.profile.n_voters
            self.history.append(votes)
            reached = votes > goal + self.noise if strict else votes >= goal - self.noise
            fresh = [int(c) for c in np.flatnonzero(self.standing & reached)]
            fresh.sort(key=lambda code: -votes[code])
            self._elect(fresh)
            waiting += [code for code in fresh if votes[code] > goal + self.noise]
            if self._finish(votes, exhausted, fresh):
                return
            if waiting:
                code = self._choose(waiting, votes, largest=True, place="order of surpluses")
                waiting.remove(code)
                self._record(votes, exhausted, fresh, [])
                factor = (votes[code] - goal) / votes[code]
            else:
                code = self._choose(
                    np.flatnonzero(self.standing).tolist(),
                    votes,
                    largest=False,
                    place="elimination",
                )
                self.standing[code] = False
                self.out.append(code)
                self._record(votes, exhausted, fresh, [code])
                factor = 1.0
            moving = held[:, code] * factor
            if self.scottish and factor < 1:
                per_paper = np.divide(
                    moving, self.profile.counts, out=np.zeros_like(moving), where=moving > 0
                )
                moving = np.floor(per_paper * 1e5 + 1e-9) / 1e5 * self.profile.counts
                held[:, code] *= goal / votes[code]
            else:
                held[:, code] -= moving
            passed = self._next_choices(moving)
            held += passed
            exhausted = self.profile.n_voters - held.sum()

    def _next_choices(self, weight: FloatArray) -> FloatArray:
        """Give each ballot's weight to the best alternatives on it that still stand."""
        ranks = self.profile.ranks
        unranked = np.iinfo(ranks.dtype).max
        open_ = np.where(self.standing, ranks, unranked)
        best = open_.min(axis=1)
        top = (open_ == best[:, None]) & (best != unranked)[:, None]
        shared = np.maximum(top.sum(axis=1), 1)
        return np.where(top, (weight / shared)[:, None], 0.0)

    # -- Meek ----------------------------------------------------------------------------

    def run_meek(self) -> None:
        """Count with keep values until all seats are filled."""
        keep = np.ones(self.profile.n_alternatives)
        while True:
            votes, exhausted = self._settle(keep)
            self.history.append(votes)
            reached = self.standing & (votes > self.goal + self.noise)
            fresh = [int(code) for code in np.flatnonzero(reached)]
            fresh.sort(key=lambda code: -votes[code])
            self._elect(fresh)
            if self._finish(votes, exhausted, fresh):
                return
            if fresh:
                self._record(votes, exhausted, fresh, [])
                continue
            code = self._choose(
                np.flatnonzero(self.standing).tolist(), votes, largest=False, place="elimination"
            )
            self.standing[code] = False
            self.out.append(code)
            keep[code] = 0.0
            self._record(votes, exhausted, [], [code])

    def _settle(self, keep: FloatArray) -> tuple[FloatArray, float]:
        """Adjust keep values until each elected alternative holds the quota."""
        order = np.argsort(self.profile.ranks, axis=1, kind="stable")
        ranked = np.take_along_axis(self.profile.ranks, order, axis=1) != self.profile.sentinel
        for _ in range(10_000):
            left = self.profile.counts.copy()
            votes = np.zeros(self.profile.n_alternatives)
            for place in range(order.shape[1]):
                codes = order[:, place]
                kept = np.where(ranked[:, place], left * keep[codes], 0.0)
                votes += np.bincount(codes, weights=kept, minlength=len(votes))
                left = left - kept
            exhausted = float(left.sum())
            self.goal = (self.profile.n_voters - exhausted) / (self.seats + 1)
            if all(abs(votes[code] - self.goal) <= self.noise * 1e-1 for code in self.elected):
                return votes, exhausted
            for code in self.elected:
                keep[code] *= self.goal / votes[code]
        raise ConvergenceError("Meek's keep values did not settle in 10,000 steps", result=keep)

    # -- what both share -----------------------------------------------------------------

    def _elect(self, fresh: list[int]) -> None:
        fresh[:] = fresh[: self.seats - len(self.elected)]
        self.elected += fresh
        self.standing[fresh] = False

    def _finish(self, votes: FloatArray, exhausted: float, fresh: list[int]) -> bool:
        left = self.seats - len(self.elected)
        if 0 < left < self.standing.sum():
            return False
        rest = sorted(np.flatnonzero(self.standing).tolist(), key=lambda code: -votes[code])
        if left:
            self.elected += rest
            fresh = [*fresh, *rest]
        else:
            self.out += rest[::-1]
        self._record(votes, exhausted, fresh, [], others=rest)
        self.standing[:] = False
        return True

    def _choose(self, codes: list[int], votes: FloatArray, *, largest: bool, place: str) -> int:
        sign = -1.0 if largest else 1.0
        extreme = min(sign * votes[code] for code in codes)
        tied = [code for code in codes if sign * votes[code] <= extreme + self.noise]
        if self.scottish:
            for earlier in reversed(self.history[:-1]):
                extreme = min(sign * earlier[code] for code in tied)
                tied = [code for code in tied if sign * earlier[code] <= extreme + self.noise]
        spare = int(self.standing.sum()) - len(tied) >= self.seats - len(self.elected)
        if len(tied) == 1 or (not largest and spare and extreme <= self.noise):
            return tied[0]  # to eliminate those without votes changes nothing, in any order
        labels = [self.profile.alternatives[code] for code in tied]
        where = f"{place} at count {len(self.rounds) + 1}"
        if self.breaker.method == "none":
            raise DataError(
                f"{enumerate_some(labels)} tie for {where}; choose tie_break='name' or 'random'"
            )
        chosen = (
            self.breaker.choose(where, labels)[0] if largest else self.breaker.last(where, labels)
        )
        return self.profile.alternatives.index(chosen)

    def _record(
        self,
        votes: FloatArray,
        exhausted: float,
        elected: list[int],
        eliminated: list[int],
        others: list[int] | None = None,
    ) -> None:
        labels = self.profile.alternatives
        shown = {*np.flatnonzero(self.standing).tolist(), *self.elected, *eliminated}
        shown |= set(others or ())
        self.rounds.append(
            Round(
                {labels[code]: float(votes[code]) for code in sorted(shown)},
                float(exhausted),
                elected=tuple(labels[code] for code in elected),
                eliminated=tuple(labels[code] for code in eliminated),
            )
        )

"""Incentives: which voters gain by misreporting, found by trying every other report."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from itertools import permutations, product
from math import factorial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Ballots
from ..errors import DataError, enumerate_some
from ._inputs import as_ballots
from ._positional import borda

__all__ = ["Misreport", "Misreports", "misreports"]

FloatArray = npt.NDArray[np.float64]
Rule = Callable[[Ballots], Any]


@dataclass(frozen=True)
class Misreport:
    """A report by which a voter gains.

    Attributes
    ----------
    row : int
        Row of the ballots, one voter of which misreports.
    voters : float
        Weight of the row: how many voters could do the same, one at a time.
    report : tuple
        The best report: tied groups, best first, or the set of approved alternatives.
    honest, gained : mapping of label to float
        Chance of each alternative under the honest report and under this one, winners that tie
        sharing it; alternatives without a chance are left out.
    gain : float
        Expected utility gained, for ballots with utilities; else the largest gain in the chance
        of getting something at least as good as some alternative.
    """

    row: int
    voters: float
    report: Any
    honest: dict[Hashable, float]
    gained: dict[Hashable, float]
    gain: float


@dataclass(frozen=True, eq=False, repr=False)
class Misreports:
    """Who gains by misreporting, alone. Truth value: whether anybody does.

    Attributes
    ----------
    found : tuple of Misreport
        The best misreport of every row of the ballots that has one.
    tried : int
        Profiles that were looked at.
    voters : float
        Weight of the voters in rows that gain.
    total : float
        Weight of all voters.
    """

    found: tuple[Misreport, ...]
    tried: int
    voters: float
    total: float

    def __bool__(self) -> bool:
        return bool(self.found)

    def __repr__(self) -> str:
        rows = enumerate_some([entry.row for entry in self.found])
        return (
            f"Misreports({self.voters:,.6g} of {self.total:,.6g} voters gain by misreporting"
            f"{f', rows {rows}' if self.found else ''}; {self.tried:,} profiles tried)"
        )


def misreports(
    ballots: Any,
    *,
    rule: Rule = borda,
    compare: Literal["dominance", "utility"] | None = None,
    limit: int = 100_000,
) -> Misreports:
    """Try every report of every voter, and say who gains by which.

    One voter at a time departs from the profile, all others staying. Reports are all strict
    rankings of the alternatives, or, for approvals, all sets.

    Parameters
    ----------
    ballots : Ballots
        What the voters truly think. Where they hold utilities, voters report rankings.
    rule : callable
        A function of Ballots that returns an `Outcome`, a `VetoCore`, or an iterable of winners.
        Lotteries count by their probabilities; of k winners each has the chance 1 / k.
    compare : {"dominance", "utility"}, optional
        "dominance": the voter gains if, for every alternative, the chance of something at least
        as good does not fall, and for some it rises (stochastic dominance: a gain whatever the
        utilities behind the ranking). "utility": expected utility rises. By default "utility"
        where ballots hold utilities.
    limit : int
        Largest number of profiles to try; beyond it nothing is tried.

    Returns
    -------
    Misreports
        `found`, with the report that gains most for every row that gains.

    Raises
    ------
    DataError
        If the input is no Ballots, leaves alternatives incomparable, has no utilities for
        ``compare="utility"``, more than `limit` profiles would be needed, or the rule chooses
        nobody.

    References
    ----------
    A. Gibbard (1973), Manipulation of voting schemes, Econometrica 41. M. A. Satterthwaite
    (1975). L. Bogomolnaia and H. Moulin (2001), for stochastic dominance.

    Examples
    --------
    Under Borda the two who like b best bury a, their second:

    >>> from pluralism import Ballots, choice
    >>> profile = Ballots.from_rankings(["abcd", "bacd"], counts=[3, 2])
    >>> found = choice.misreports(profile, rule=choice.borda)
    >>> found
    Misreports(2 of 5 voters gain by misreporting, rows 1; 48 profiles tried)
    >>> found.found[0].report
    (('b',), ('c',), ('d',), ('a',))
    >>> bool(choice.misreports(profile, rule=choice.random_dictator))
    False
    """
    profile = as_ballots(ballots, "misreports")
    if not callable(rule):
        raise DataError(f"`rule` is {rule!r}; it must be a function of ballots")
    if compare is None:
        compare = "utility" if profile.utilities is not None else "dominance"
    _validate.one_of("compare", compare, ("dominance", "utility"))
    limit = _validate.whole_number("limit", limit, at_least=1)
    _check(profile, compare)
    rows = np.flatnonzero(profile.counts > 0)
    m = profile.n_alternatives
    reports = 2**m if profile.approvals is not None else factorial(m)
    if reports * len(rows) > limit:
        raise DataError(
            f"{reports:,} reports of {len(rows):,} distinct ballots are "
            f"{reports * len(rows):,} profiles, above `limit` {limit:,}; restrict the ballots to "
            "fewer alternatives or voters (`Ballots.restrict`, `.select`), or raise `limit`"
        )
    honest = _chances(rule, _reported(profile))
    found = []
    for row in rows.tolist():
        best: Misreport | None = None
        for report in _reports(profile):
            after = _with_report(profile, row, report)
            chances = _chances(rule, after)
            gain = _gain(profile, row, honest, chances, compare)
            if gain > 1e-9 and (best is None or gain > best.gain + 1e-12):
                best = Misreport(
                    row,
                    float(profile.counts[row]),
                    _named_report(profile, report),
                    _as_mapping(profile, honest),
                    _as_mapping(profile, chances),
                    gain,
                )
        if best is not None:
            found.append(best)
    return Misreports(
        tuple(found),
        reports * len(rows),
        float(sum(entry.voters for entry in found)),
        profile.n_voters,
    )


def _check(profile: Ballots, compare: str) -> None:
    if profile.unranked == "incomparable" and not profile.is_complete:
        raise DataError(
            "misreports needs to know what voters prefer, and some ballots leave alternatives "
            "incomparable; build them with unranked='last' if that is meant"
        )
    if compare == "utility":
        if profile.utilities is None:
            raise DataError("`compare` is 'utility', and the ballots hold no utilities")
        if not np.isfinite(profile.utilities).all():
            raise DataError("`compare` is 'utility', and some utilities are missing")


def _reported(profile: Ballots) -> Ballots:
    """The honest profile as the rule sees it: utilities are reported as rankings."""
    if profile.utilities is None:
        return profile
    return Ballots.from_ranks(
        profile.ranks.astype(np.float64), counts=profile.counts, alternatives=profile.alternatives
    )


def _reports(profile: Ballots) -> Iterator[tuple[int, ...]]:
    """Ranks of a strict ranking, or marks of a set."""
    m = profile.n_alternatives
    return product((0, 1), repeat=m) if profile.approvals is not None else permutations(range(m))


def _with_report(profile: Ballots, row: int, report: tuple[int, ...]) -> Ballots:
    weight = min(1.0, float(profile.counts[row]))
    counts = np.append(profile.counts, weight)
    counts[row] -= weight
    kept = counts > 0
    labels = profile.alternatives
    if profile.approvals is not None:
        approvals = np.vstack([profile.approvals, report]).astype(bool)
        return Ballots.from_approvals(approvals[kept], counts=counts[kept], alternatives=labels)
    ranks = np.vstack([profile.ranks.astype(np.float64), report])
    ranks[ranks == profile.sentinel] = np.nan
    return Ballots.from_ranks(
        ranks[kept], counts=counts[kept], alternatives=labels, unranked=profile.unranked
    )


def _chances(rule: Rule, ballots: Ballots) -> FloatArray:
    """Chance of each alternative."""
    outcome = rule(ballots)
    lottery = getattr(outcome, "probabilities", None)
    if lottery is not None:
        return np.asarray(lottery.sel(alternative=list(ballots.alternatives)), dtype=np.float64)
    winners = tuple(outcome.winners if hasattr(outcome, "winners") else outcome)
    if not winners:
        raise DataError("the rule chooses nobody for some report; misreports needs a winner")
    chances = np.array([label in winners for label in ballots.alternatives], dtype=np.float64)
    if chances.sum() != len(winners):
        raise DataError(f"the rule chooses {enumerate_some(winners)}, which are no alternatives")
    return chances / len(winners)


def _gain(profile: Ballots, row: int, before: FloatArray, after: FloatArray, compare: str) -> float:
    if compare == "utility":
        assert profile.utilities is not None
        return float(profile.utilities[row] @ (after - before))
    ranks = profile.ranks[row]
    # Chance of something at least as good as each alternative, and how it changes.
    rise = np.array([(after - before)[ranks <= rank].sum() for rank in ranks])
    return 0.0 if (rise < -1e-9).any() else float(rise.max())


def _as_mapping(profile: Ballots, chances: FloatArray) -> dict[Hashable, float]:
    return {
        label: chance
        for label, chance in zip(profile.alternatives, chances.tolist(), strict=True)
        if chance > 1e-12
    }


def _named_report(profile: Ballots, report: tuple[int, ...]) -> Any:
    labels = profile.alternatives
    if profile.approvals is not None:
        return frozenset(label for label, mark in zip(labels, report, strict=True) if mark)
    return tuple((labels[code],) for code in np.argsort(report))

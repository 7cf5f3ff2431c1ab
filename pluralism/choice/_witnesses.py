"""Impossibility made concrete: the smallest profiles on which Arrow's and Sen's theorems bite."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations, product
from typing import Any, Literal

import numpy as np

from .. import _validate
from ..data import Ballots, _labels
from ..errors import DataError, LabelError
from ._axiom_cases import order_of
from ._inputs import as_ballots

__all__ = ["ArrowWitness", "SenWitness", "arrow_witness", "sen_witness"]

Rule = Callable[[Ballots], Any]
Order = tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class ArrowWitness:
    """Which of Arrow's conditions a rule gives up, and the profiles that prove it.

    Attributes
    ----------
    horn : {"iia", "pareto", "dictatorship", "none found"}
        The condition broken by the smallest profile found.
    voters : int
        How many voters it has.
    profiles : tuple of Ballots
        One profile for "pareto", two for "iia" (equal on the pair, ranked differently). For
        "dictatorship", every profile of that many voters bears it out, and none is listed.
    pair : tuple
        The two alternatives concerned.
    statement : str
        What is wrong.
    exhaustive : bool
        Whether all profiles with these alternatives and up to so many voters were tried.
    tried : int
        Profiles tried.
    """

    horn: Literal["iia", "pareto", "dictatorship", "none found"]
    voters: int
    profiles: tuple[Ballots, ...]
    pair: tuple[Hashable, ...]
    statement: str
    exhaustive: bool
    tried: int

    def __repr__(self) -> str:
        how = "all" if self.exhaustive else "a sample of"
        return f"ArrowWitness({self.horn}: {self.statement}; {how} {self.tried:,} profiles tried)"


@dataclass(frozen=True, eq=False, repr=False)
class SenWitness:
    """A profile on which rights and unanimity contradict each other.

    Attributes
    ----------
    cycle : tuple
        Alternatives, each socially above the next and the last above the first; empty if there
        is no contradiction.
    reasons : tuple of str
        Why each of them is above the next.
    ballots : Ballots or None
        The profile.
    exhaustive : bool
        Whether, if none was found, all profiles were tried.
    """

    cycle: tuple[Hashable, ...]
    reasons: tuple[str, ...]
    ballots: Ballots | None
    exhaustive: bool

    def __bool__(self) -> bool:
        return bool(self.cycle)

    def __repr__(self) -> str:
        if not self.cycle:
            return "SenWitness(no contradiction)"
        ring = " > ".join(map(str, (*self.cycle, self.cycle[0])))
        return f"SenWitness({ring}: {'; '.join(self.reasons)})"


def arrow_witness(
    rule: Rule, *, alternatives: int = 3, voters: int = 3, budget: int = 2000, seed: Any = 0
) -> ArrowWitness:
    """Find the smallest profile on which a rule breaks one of Arrow's conditions.

    Arrow's theorem: no rule that turns all profiles of at least two voters on at least three
    alternatives into rankings satisfies Pareto, independence of irrelevant alternatives (IIA)
    and non-dictatorship. With 2, 3, ... voters in turn all profiles of strict rankings are
    tried where they are at most `budget`, which is so for three alternatives and up to four
    voters; else `budget` random ones. Pareto is checked first, then IIA, then dictatorship (only
    on all profiles).

    Parameters
    ----------
    rule : callable
        A function of Ballots that returns an `Outcome`; without a ranking, winners count as
        level with each other and above the rest.
    alternatives : int
        Number of alternatives, at least 3.
    voters : int
        Largest number of voters to try, at least 2.
    budget : int
        Largest number of profiles for each number of voters.
    seed : int or numpy.random.Generator
        For profiles that are drawn.

    Returns
    -------
    ArrowWitness
        The horn of the dilemma that the rule takes, and the profiles.

    Raises
    ------
    DataError
        If `rule` is no function, or a number is too small.

    References
    ----------
    K. J. Arrow (1951), Social Choice and Individual Values.

    Examples
    --------
    >>> from pluralism import choice
    >>> witness = choice.arrow_witness(choice.borda)
    >>> witness.horn, witness.voters
    ('iia', 2)
    >>> dictator = choice.arrow_witness(lambda ballots: choice.borda(ballots.select([0])))
    >>> dictator.horn
    'dictatorship'
    """
    if not callable(rule):
        raise DataError(f"`rule` is {rule!r}; it must be a function of ballots")
    size = _validate.whole_number("alternatives", alternatives, at_least=3, at_most=26)
    most = _validate.whole_number("voters", voters, at_least=2)
    budget = _validate.whole_number("budget", budget, at_least=1)
    generator = _validate.generator("seed", seed)
    labels = tuple("abcdefghijklmnopqrstuvwxyz"[:size])
    tried = 0
    for n_voters in range(2, most + 1):
        profiles, complete = _strict_profiles(size, n_voters, budget, generator)
        found = _arrow_horn(rule, labels, profiles, complete)
        tried += len(profiles)
        if found is not None:
            horn, shown, pair, statement = found
            return ArrowWitness(horn, n_voters, shown, pair, statement, complete, tried)
    # On all profiles of two voters the theorem leaves nothing: those tried were a sample.
    statement = "no condition is broken in the profiles tried"
    return ArrowWitness("none found", most, (), (), statement, False, tried)


def _strict_profiles(
    size: int, n_voters: int, budget: int, generator: np.random.Generator
) -> tuple[list[tuple[Order, ...]], bool]:
    """All profiles of strict rankings, or a sample of them."""
    orders = list(permutations(range(size))) if size <= 6 else []
    if orders and len(orders) ** n_voters <= budget:
        return list(product(orders, repeat=n_voters)), True
    drawn = {
        tuple(tuple(generator.permutation(size).tolist()) for _ in range(n_voters))
        for _ in range(budget)
    }
    return sorted(drawn), False


def _ballots(labels: tuple[str, ...], profile: tuple[Order, ...]) -> Ballots:
    return Ballots.from_rankings(
        [[labels[code] for code in order] for order in profile], alternatives=labels
    )


def _arrow_horn(
    rule: Rule, labels: tuple[str, ...], profiles: list[tuple[Order, ...]], complete: bool
) -> tuple[Any, tuple[Ballots, ...], tuple, str] | None:
    seen: dict[tuple, tuple[int, tuple[Order, ...]]] = {}
    clash = None
    dictators = set(range(len(profiles[0])))
    for profile in profiles:
        ballots = _ballots(labels, profile)
        order = order_of(rule, ballots)
        places = [np.argsort(vote) for vote in profile]
        for a, b in combinations(range(len(labels)), 2):
            pattern = tuple(bool(place[a] < place[b]) for place in places)
            social = int(np.sign(order[labels[a]] - order[labels[b]]))
            dictators -= {v for v, above in enumerate(pattern) if social != (-1 if above else 1)}
            if len(set(pattern)) == 1 and social != (-1 if pattern[0] else 1):
                above, below = (a, b) if pattern[0] else (b, a)
                pair = (labels[above], labels[below])
                statement = f"all voters prefer {pair[0]} to {pair[1]}, society does not"
                return "pareto", (ballots,), pair, statement
            key = (a, b, pattern)
            if clash is None and seen.setdefault(key, (social, profile))[0] != social:
                clash = (key, profile)
    if clash is not None:
        (a, b, _), profile = clash
        pair = (labels[a], labels[b])
        shown = (_ballots(labels, seen[clash[0]][1]), _ballots(labels, profile))
        statement = f"every voter ranks {pair[0]} and {pair[1]} alike in both, society does not"
        return "iia", shown, pair, statement
    if dictators and complete:
        who = min(dictators)
        return "dictatorship", (), (), f"society always ranks as voter {who} does"
    return None


def sen_witness(
    rights: Mapping[int, Any],
    *,
    ballots: Ballots | None = None,
    alternatives: Iterable[Hashable] | None = None,
    budget: int = 50_000,
    seed: Any = 0,
) -> SenWitness:
    """Show the liberal paradox: rights and unanimity that together make society go in a circle.

    A voter with a right over a pair decides how society ranks it. With the Pareto principle
    two such rights can already contradict each other (Sen). Given `ballots`, the contradiction
    on that profile is returned; else all profiles of strict rankings are searched if they are
    at most `budget`, and `budget` random ones if not.

    Parameters
    ----------
    rights : mapping of int to pair, or list of pairs
        The voter (row of the ballots) and the pair (or pairs) that this voter decides.
    ballots : Ballots, optional
        The profile.
    alternatives : iterable, optional
        Labels for the search; by default those named in `rights`, sorted.
    budget : int
        Largest number of profiles to search.
    seed : int or numpy.random.Generator
        For profiles that are drawn.

    Returns
    -------
    SenWitness
        True in a condition if there is a contradiction, with the cycle, why, and the profile.

    Raises
    ------
    DataError
        If `rights` is empty or a voter does not exist.
    LabelError
        If a pair names an unknown alternative or one alternative twice.

    References
    ----------
    A. Sen (1970), The impossibility of a Paretian liberal, Journal of Political Economy 78.

    Examples
    --------
    Prude would rather nobody read the book than read it, and rather read it than let Lewd; Lewd
    would rather Prude read it. Each decides about reading it or not (N: nobody reads it).

    >>> from pluralism import Ballots, choice
    >>> profile = Ballots.from_rankings([("N", "P", "L"), ("P", "L", "N")])
    >>> choice.sen_witness({0: ("P", "N"), 1: ("L", "N")}, ballots=profile).cycle
    ('L', 'N', 'P')
    """
    pairs = _pairs(rights)
    if ballots is not None:
        profile = as_ballots(ballots, "sen_witness")
        _check_rights(pairs, profile.alternatives, len(profile.counts))
        cycle, reasons = _contradiction(profile, pairs)
        return SenWitness(cycle, reasons, profile, True)
    named = _labels.in_order({label for _, pair in pairs for label in pair})
    labels = named if alternatives is None else _labels.check_labels("alternatives", alternatives)
    n_voters = max(max(voter for voter, _ in pairs) + 1, 2)
    _check_rights(pairs, labels, n_voters)
    generator = _validate.generator("seed", seed)
    budget = _validate.whole_number("budget", budget, at_least=1)
    profiles, complete = _strict_profiles(len(labels), n_voters, budget, generator)
    for orders in profiles:
        profile = Ballots.from_rankings(
            [[labels[code] for code in order] for order in orders], alternatives=labels
        )
        cycle, reasons = _contradiction(profile, pairs)
        if cycle:
            return SenWitness(cycle, reasons, profile, complete)
    return SenWitness((), (), None, complete)


def _pairs(rights: Mapping[int, Any]) -> list[tuple[int, tuple[Hashable, Hashable]]]:
    pairs: list[tuple[int, tuple[Hashable, Hashable]]] = []
    for voter, given in rights.items():
        voter = _validate.whole_number("rights", voter)
        nested = all(isinstance(entry, (tuple, list)) for entry in given)
        for pair in given if nested else [given]:
            if len(pair) != 2 or pair[0] == pair[1]:
                raise LabelError(f"`rights[{voter}]` is {pair!r}; a right is over two alternatives")
            pairs.append((voter, (pair[0], pair[1])))
    if not pairs:
        raise DataError("`rights` is empty; give at least one voter a pair to decide")
    return pairs


def _check_rights(pairs: list, labels: tuple[Hashable, ...], n_voters: int) -> None:
    for voter, pair in pairs:
        if voter >= n_voters:
            raise DataError(f"`rights` names voter {voter}; there are {n_voters}, from 0")
        for label in pair:
            if label not in labels:
                raise LabelError.unknown(
                    f"`rights[{voter}]`", label, known=labels, argument="the alternatives"
                )


def _contradiction(
    profile: Ballots, pairs: list[tuple[int, tuple[Hashable, Hashable]]]
) -> tuple[tuple[Hashable, ...], tuple[str, ...]]:
    """The shortest cycle of what rights and unanimity say, with the reasons."""
    labels = profile.alternatives
    place = {label: code for code, label in enumerate(labels)}
    above: dict[tuple[int, int], str] = {}
    unanimous = profile.pairwise().values >= profile.n_voters
    for a, b in np.argwhere(unanimous).tolist():
        above[a, b] = f"all prefer {labels[a]} to {labels[b]}"
    for voter, (x, y) in pairs:
        ranks = profile.ranks[voter]
        for a, b in ((place[x], place[y]), (place[y], place[x])):
            if ranks[a] < ranks[b]:
                above[a, b] = f"voter {voter} decides {labels[a]} over {labels[b]}"
    best: list[int] = []
    for start in range(len(labels)):
        queue, came = [start], {start: -1}
        for node in queue:
            if (node, start) in above:
                path = [node]
                while came[path[-1]] >= 0:
                    path.append(came[path[-1]])
                if not best or len(path) < len(best):
                    best = path[::-1]
                break
            for a, b in above:
                if a == node and b not in came:
                    came[b] = node
                    queue.append(b)
    ring = list(zip(best, [*best[1:], *best[:1]], strict=True))
    return tuple(labels[code] for code in best), tuple(above[edge] for edge in ring)

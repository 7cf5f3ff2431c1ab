"""Axioms as data: which profiles to look at, and what on them is a violation.

An axiom is a pair of functions. `cases` yields tuples of profiles with details (a relabelling, a
voter, a pair); `violation` runs the rule on them and says what is wrong, or None. Since the
second knows nothing of the first, a counterexample can be run again from its profiles alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import permutations
from math import factorial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..data import Ballots
from ._sets import condorcet_loser, condorcet_winner, smith_set

__all__ = ["AXIOMS", "Axiom", "order_of", "winners_of"]

Rule = Callable[[Ballots], Any]
Details = Mapping[str, Any]
Case = tuple[tuple[Ballots, ...], Details]
Ranks = npt.NDArray[np.float64]


class Axiom(NamedTuple):
    """How to look for violations of an axiom."""

    cases: Callable[[Ballots, np.random.Generator], Iterator[Case]]
    violation: Callable[..., str | None]
    searched: str  # what the cases cover
    exhaustive: bool  # whether that is everything the axiom says about this profile


def winners_of(rule: Rule, ballots: Ballots) -> frozenset:
    """Run a rule that returns an Outcome or an iterable of labels."""
    return frozenset(_winners(rule(ballots)))


def _winners(result: Any) -> Any:
    return result.winners if hasattr(result, "winners") else result


def order_of(rule: Rule, ballots: Ballots) -> dict[Hashable, int]:
    """Place of every alternative, 0 the best; a rule without a ranking has winners and others."""
    result = rule(ballots)
    ranking = getattr(result, "ranking", None)
    if ranking is None:
        winners = frozenset(_winners(result))
        return {label: int(label not in winners) for label in ballots.alternatives}
    return {label: place for place, group in enumerate(ranking) for label in group}


# -- profiles changed a little -----------------------------------------------------------------


def _floats(ballots: Ballots) -> Ranks:
    return np.where(ballots.ranks == ballots.sentinel, np.nan, ballots.ranks.astype(np.float64))


def _rebuilt(ballots: Ballots, ranks: Ranks, counts: Any) -> Ballots:
    kept = np.asarray(counts) > 0
    return Ballots.from_ranks(
        ranks[kept],
        counts=np.asarray(counts)[kept],
        alternatives=ballots.alternatives,
        unranked=ballots.unranked,
    )


def _voters(ballots: Ballots) -> Iterator[tuple[int, float]]:
    """One voter of every row: the row and the weight of that voter."""
    for row, count in enumerate(ballots.counts.tolist()):
        if count > 0:
            yield row, min(1.0, count)


def _with_vote(ballots: Ballots, row: int, weight: float, vote: Ranks) -> Ballots:
    """Let voters of `weight` in `row` cast another vote."""
    counts = np.append(ballots.counts, weight)
    counts[row] -= weight
    return _rebuilt(ballots, np.vstack([_floats(ballots), vote]), counts)


def _above(ballots: Ballots, row: int, a: Hashable, b: Hashable) -> bool:
    """Whether the ballot in `row` puts a strictly above b."""
    place = {label: code for code, label in enumerate(ballots.alternatives)}
    left, right = ballots.ranks[row, place[a]], ballots.ranks[row, place[b]]
    if ballots.unranked == "incomparable" and ballots.sentinel in (left, right):
        return False
    return bool(left < right)


def _names(labels: Any) -> str:
    return "{" + ", ".join(sorted(map(str, labels))) + "}"


# -- what one profile already shows ------------------------------------------------------------


def _the_profile(ballots: Ballots, _: np.random.Generator) -> Iterator[Case]:
    yield (ballots,), {}


def _pareto(rule: Rule, ballots: Ballots) -> str | None:
    unanimous = ballots.pairwise().values >= ballots.n_voters * (1 - 1e-12)
    place = {label: code for code, label in enumerate(ballots.alternatives)}
    for winner in sorted(winners_of(rule, ballots), key=str):
        better = np.flatnonzero(unanimous[:, place[winner]])
        if len(better):
            return f"{winner} wins, though every voter prefers {ballots.alternatives[better[0]]}"
    return None


def _condorcet_winner(rule: Rule, ballots: Ballots) -> str | None:
    found, winners = condorcet_winner(ballots).winners, winners_of(rule, ballots)
    if found and winners != set(found):
        return f"{_names(winners)} wins, though {found[0]} beats every other one by a majority"
    return None


def _condorcet_loser(rule: Rule, ballots: Ballots) -> str | None:
    found = condorcet_loser(ballots).winners
    if found and found[0] in winners_of(rule, ballots):
        return f"{found[0]} wins, though it loses to every other one by a majority"
    return None


def _smith(rule: Rule, ballots: Ballots) -> str | None:
    outside = winners_of(rule, ballots) - set(smith_set(ballots).winners)
    return f"{_names(outside)} wins from outside the Smith set" if outside else None


def _majority(rule: Rule, ballots: Ballots) -> str | None:
    best = ballots.ranks.min(axis=1, keepdims=True)
    alone = (ballots.ranks == best) & ((ballots.ranks == best).sum(axis=1, keepdims=True) == 1)
    firsts = ballots.counts @ alone
    for code in np.flatnonzero(firsts > ballots.n_voters / 2):
        label, winners = ballots.alternatives[code], winners_of(rule, ballots)
        if winners != {label}:
            return f"{_names(winners)} wins, though most voters rank {label} first"
    return None


# -- what takes two profiles or more -----------------------------------------------------------


def _reordered(ballots: Ballots, rng: np.random.Generator) -> Iterator[Case]:
    while True:
        order = rng.permutation(len(ballots.counts))
        yield (ballots, _rebuilt(ballots, _floats(ballots)[order], ballots.counts[order])), {}


def _anonymity(rule: Rule, before: Ballots, after: Ballots) -> str | None:
    first, second = winners_of(rule, before), winners_of(rule, after)
    if first != second:
        return f"the same votes in another order elect {_names(second)}, not {_names(first)}"
    return None


def _relabelled(ballots: Ballots, rng: np.random.Generator) -> Iterator[Case]:
    n = ballots.n_alternatives
    orders: Any = permutations(range(n))
    if factorial(n) > 1000:
        orders = (tuple(rng.permutation(n)) for _ in iter(int, 1))
    for order in orders:
        # The alternative at position k takes over the votes of the one at order[k].
        becomes = {ballots.alternatives[order[k]]: ballots.alternatives[k] for k in range(n)}
        renamed = _rebuilt(ballots, _floats(ballots)[:, list(order)], ballots.counts)
        yield (ballots, renamed), {"becomes": becomes}


def _neutrality(rule: Rule, before: Ballots, after: Ballots, becomes: dict) -> str | None:
    expected = {becomes[label] for label in winners_of(rule, before)}
    found = winners_of(rule, after)
    if found != expected:
        return f"with names exchanged {_names(found)} wins, not {_names(expected)}"
    return None


def _raised(ballots: Ballots, rng: np.random.Generator) -> Iterator[Case]:
    ranks = _floats(ballots)
    for row, weight in _voters(ballots):
        for code, label in enumerate(ballots.alternatives):
            own = np.inf if np.isnan(ranks[row, code]) else ranks[row, code]
            for level in np.unique(ranks[row][ranks[row] < own]):
                vote = ranks[row].copy()
                vote[code] = level - 0.5
                for moved in {weight, float(ballots.counts[row])}:
                    yield (ballots, _with_vote(ballots, row, moved, vote)), {"raised": label}
    # Some failures take parts of several ballots at once.
    n_ballots = len(ranks)
    while True:
        code = int(rng.integers(ballots.n_alternatives))
        share = rng.random(n_ballots) * (rng.random(n_ballots) < 0.4)
        moved_counts = np.floor(ballots.counts * share)
        if not moved_counts.any() and (ballots.counts <= 1).all():
            moved_counts = np.where(share > 0, ballots.counts, 0.0)
        raised = ranks.copy()
        raised[:, code] = -1.0
        after = _rebuilt(
            ballots,
            np.vstack([ranks, raised]),
            np.concatenate([ballots.counts - moved_counts, moved_counts]),
        )
        yield (ballots, after), {"raised": ballots.alternatives[code]}


def _monotonicity(rule: Rule, before: Ballots, after: Ballots, raised: Hashable) -> str | None:
    if raised not in winners_of(rule, before):
        return None
    winners = winners_of(rule, after)
    if raised not in winners:
        return f"{raised} wins, but loses to {_names(winners)} once some voters rank it higher"
    return None


def _abstaining(ballots: Ballots, rng: np.random.Generator) -> Iterator[Case]:
    for row, weight in _voters(ballots):
        counts = ballots.counts.copy()
        counts[row] -= weight
        if counts.sum() > 0:
            yield (_rebuilt(ballots, _floats(ballots), counts), ballots), {"row": row}


def _participation(rule: Rule, without: Ballots, present: Ballots, row: int) -> str | None:
    first, second = winners_of(rule, without), winners_of(rule, present)
    if len(first) == len(second) == 1:
        (absent,), (there,) = first, second
        if _above(present, row, absent, there):
            return f"a voter who prefers {absent} to {there} makes {there} win by voting"
    return None


def _split(ballots: Ballots, rng: np.random.Generator) -> Iterator[Case]:
    ranks, counts = _floats(ballots), ballots.counts
    whole = bool((counts == np.rint(counts)).all())
    if (counts.sum() if whole else np.count_nonzero(counts)) < 2:
        return  # no two groups
    while True:
        if whole:
            part = rng.binomial(counts.astype(np.int64), 0.5).astype(np.float64)
        else:
            part = counts * (rng.random(len(counts)) < 0.5)
        if 0 < part.sum() < counts.sum():
            left, right = (_rebuilt(ballots, ranks, p) for p in (part, counts - part))
            yield (left, right, ballots), {}


def _reinforcement(rule: Rule, left: Ballots, right: Ballots, both: Ballots) -> str | None:
    common = winners_of(rule, left) & winners_of(rule, right)
    found = winners_of(rule, both)
    if common and found != common:
        return f"two groups both elect {_names(common)}, together they elect {_names(found)}"
    return None


def _cloned(ballots: Ballots, rng: np.random.Generator) -> Iterator[Case]:
    ranks = _floats(ballots)
    sides = [np.full(len(ranks), 0.5), np.full(len(ranks), -0.5)]
    sides += [rng.choice([0.5, -0.5], len(ranks)) for _ in range(8)]
    for shift in sides:
        for code, label in enumerate(ballots.alternatives):
            clone = f"{label} (clone)"
            cloned = Ballots.from_ranks(
                np.column_stack([ranks, ranks[:, code] + shift]),
                counts=ballots.counts,
                alternatives=(*ballots.alternatives, clone),
                unranked=ballots.unranked,
            )
            yield (ballots, cloned), {"original": label, "clone": clone}


def _clone_independence(
    rule: Rule, before: Ballots, after: Ballots, original: Hashable, clone: Hashable
) -> str | None:
    first = winners_of(rule, before)
    second = {original if label == clone else label for label in winners_of(rule, after)}
    if first != second:
        return f"{_names(first)} wins, but {_names(second)} once {original} has a clone"
    return None


def _others_moved(ballots: Ballots, rng: np.random.Generator) -> Iterator[Case]:
    ranks = _floats(ballots)
    labels = ballots.alternatives
    n = len(labels)
    while n > 2:
        a, b = rng.choice(n, 2, replace=False)
        changed = ranks.copy()
        for row in np.flatnonzero(rng.random(len(ranks)) < 0.5):
            others = [code for code in range(n) if code not in (a, b)]
            moved = rng.choice(others)
            if not np.isnan(ranks[row, [a, b]]).any():
                changed[row, moved] = rng.choice([-1.0, n + 1.0, 0.5 * ranks[row, [a, b]].sum()])
        yield (
            (ballots, _rebuilt(ballots, changed, ballots.counts)),
            {"pair": (labels[a], labels[b])},
        )


def _iia(rule: Rule, before: Ballots, after: Ballots, pair: tuple) -> str | None:
    a, b = pair
    first, second = order_of(rule, before), order_of(rule, after)
    if np.sign(first[a] - first[b]) != np.sign(second[a] - second[b]):
        words = {-1: "above", 0: "level with", 1: "below"}
        return (
            f"{a} is {words[int(np.sign(first[a] - first[b]))]} {b}, and "
            f"{words[int(np.sign(second[a] - second[b]))]} it once voters move only others"
        )
    return None


def _misreported(ballots: Ballots, rng: np.random.Generator) -> Iterator[Case]:
    n = ballots.n_alternatives
    for row, weight in _voters(ballots):
        votes: Any = permutations(range(n))
        if n > 4:
            votes = (rng.permutation(n) for _ in range(50))
        for vote in votes:
            after = _with_vote(ballots, row, weight, np.asarray(vote, dtype=np.float64))
            yield (ballots, after), {"row": row}


def _strategy_proofness(rule: Rule, sincere: Ballots, after: Ballots, row: int) -> str | None:
    first, second = winners_of(rule, sincere), winners_of(rule, after)
    if len(first) == len(second) == 1:
        (honest,), (gained,) = first, second
        if _above(sincere, row, gained, honest):
            return f"a voter who prefers {gained} to {honest} gets it by another vote"
    return None


def _others_redrawn(ballots: Ballots, rng: np.random.Generator) -> Iterator[Case]:
    """For every voter, many profiles in which the others vote at random."""
    ranks, n = _floats(ballots), ballots.n_alternatives
    rows = np.repeat(np.arange(len(ranks)), np.minimum(ballots.counts, 25).astype(int))
    for place, row in enumerate(rows.tolist()):
        profiles = []
        for _ in range(20):
            drawn = np.argsort(rng.random((len(rows), n)), axis=1).astype(np.float64)
            drawn[place] = ranks[row]
            profiles.append(_rebuilt(ballots, drawn, np.ones(len(rows))))
        yield tuple(profiles), {"place": place}


def _non_dictatorship(rule: Rule, *profiles: Ballots, place: int) -> str | None:
    for ballots in profiles:
        vote = ballots.ranks[place]
        favourites = {ballots.alternatives[code] for code in np.flatnonzero(vote == vote.min())}
        if not winners_of(rule, ballots) <= favourites:
            return None
    return f"voter {place} gets a first choice in all {len(profiles)} profiles tried"


AXIOMS: dict[str, Axiom] = {
    "anonymity": Axiom(_reordered, _anonymity, "random orders of the ballots", False),
    "neutrality": Axiom(_relabelled, _neutrality, "exchanges of names", True),
    "pareto": Axiom(_the_profile, _pareto, "this profile", True),
    "condorcet-winner": Axiom(_the_profile, _condorcet_winner, "this profile", True),
    "condorcet-loser": Axiom(_the_profile, _condorcet_loser, "this profile", True),
    "smith": Axiom(_the_profile, _smith, "this profile", True),
    "majority": Axiom(_the_profile, _majority, "this profile", True),
    "monotonicity": Axiom(
        _raised, _monotonicity, "raises by one voter, one ballot, random parts", False
    ),
    "participation": Axiom(_abstaining, _participation, "absences of one voter", True),
    "reinforcement": Axiom(_split, _reinforcement, "random splits of the voters", False),
    "clone-independence": Axiom(_cloned, _clone_independence, "one clone of each", False),
    "iia": Axiom(_others_moved, _iia, "random moves of third alternatives", False),
    "non-dictatorship": Axiom(_others_redrawn, _non_dictatorship, "each voter in turn", False),
    "strategy-proofness": Axiom(_misreported, _strategy_proofness, "votes of one voter", False),
}

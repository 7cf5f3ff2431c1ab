"""What voting rules would pick, were the votes on each pair one contest between two."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from ..data import Ballots, Comparisons

__all__ = ["Decision", "Picked", "decisions", "picked"]

#: Rules that need nothing but majorities and take no time at any size that a page can show.
RULES = {
    "condorcet_winner": "beats every other item head to head",
    "copeland": "most head-to-head wins minus losses",
    "borda": "highest mean share over all pairs",
    "minimax": "smallest worst defeat",
    "schulze": "strongest beat paths",
    "split_cycle": "undefeated once cycles are split at their weakest link",
}
#: Above this many items the page leaves them out; up to it they take a second.
LARGEST = 600


class Picked(NamedTuple):
    """A rule, what it rewards, and the items that it picks (none if there is no winner)."""

    rule: str
    rewards: str
    winners: tuple[Hashable, ...]


def picked(votes: Comparisons) -> Iterator[Picked]:
    """Apply every rule to the share of the votes that each item got on each pair.

    Shares, not counts: an item that was shown more often has more votes, not more support. A
    pair that never met, or that is even, is a tie.
    """
    from .. import choice

    if votes.n_items > LARGEST:
        return
    won = votes.pairwise()
    total = won.values + won.values.T
    share = np.divide(won.values, total, out=np.full(total.shape, 0.5), where=total > 0)
    np.fill_diagonal(share, 0.0)
    shares = won.copy(data=share).rename({"item": "alternative", "item_bis": "alternative_bis"})
    for name, rewards in RULES.items():
        outcome = getattr(choice, name)(shares)
        yield Picked(name.replace("_", " ").capitalize(), rewards, tuple(outcome.winners))


class Decision(NamedTuple):
    """A rule applied to ballots: what it picks, or why it does not apply.

    Attributes
    ----------
    name, rule, rewards : str
        Name of the function, of the rule, and what it rewards.
    winners : tuple or None
        What it picks; None where it does not apply, and `note` says why.
    note : str
        What else is to be known.
    tied : bool
        Whether it leaves a tie.
    decides : bool
        Whether it is a rule that decides, rather than a fact about majorities.
    """

    name: str
    rule: str
    rewards: str
    winners: tuple[Hashable, ...] | None
    note: str = ""
    tied: bool = False
    decides: bool = True


#: Rules for rankings, beside those that need nothing but majorities.
RANKED = {
    "plurality": "most first places",
    "veto": "fewest last places",
    "irv": "instant runoff: the weakest leave until one has more than half",
    "ranked_pairs": "largest majorities first, skipping what would close a circle",
    "kemeny": "first of the ranking that contradicts the fewest pairs",
    "maximal_lottery": "the lottery that no other beats on average",
}
#: Above these many alternatives a rule may take longer than anyone waits for a page.
LARGEST_FOR = {"kemeny": 12, "maximal_lottery": 60, "ranked_pairs": 120}


def decisions(ballots: Ballots) -> list[Decision]:
    """Apply every rule that suits the kind of ballots; what cannot be applied says why."""
    rules = dict(RULES)
    if ballots.kind == "rankings":
        rules = {"plurality": RANKED["plurality"], "irv": RANKED["irv"], **RULES, **RANKED}
    elif ballots.kind == "approvals":
        rules = {"approval": "most approvals", **RULES}
    return [_decide(ballots, name, rewards) for name, rewards in rules.items()]


def _decide(ballots: Ballots, name: str, rewards: str) -> Decision:
    from .. import choice
    from ..errors import PluralismError

    rule = "IRV" if name == "irv" else name.replace("_", " ").capitalize()
    decides = name != "condorcet_winner"
    largest = LARGEST_FOR.get(name, LARGEST)
    if ballots.n_alternatives > largest:
        note = f"left out above {largest} alternatives"
        return Decision(name, rule, rewards, None, note, decides=decides)
    try:
        outcome = getattr(choice, name)(ballots)
    except PluralismError as error:
        return Decision(name, rule, rewards, None, str(error), decides=decides)
    winners = tuple(outcome.winners)
    note = "; ".join(outcome.notes)
    if outcome.probabilities is not None:
        chance = outcome.probabilities
        drawn = [
            (label, float(value))
            for label, value in zip(outcome.alternatives, chance.values, strict=True)
            if value > 1e-9
        ]
        winners = tuple(label for label, _ in drawn)
        if len(drawn) > 1:
            note = "with chances " + ", ".join(f"{label} {100 * p:.0f}%" for label, p in drawn[:6])
            return Decision(name, rule, rewards, winners, note, False, decides)
    return Decision(name, rule, rewards, winners, note, bool(outcome.tied), decides)

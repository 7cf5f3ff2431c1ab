"""What voting rules would pick, were the votes on each pair one contest between two."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from ..data import Comparisons

__all__ = ["Picked", "picked"]

#: Rules that need nothing but majorities and take no time at any size that a page can show.
RULES = {
    "condorcet_winner": "beats every other item head to head",
    "copeland": "most head-to-head wins minus losses",
    "borda": "highest mean share over all pairs",
    "minimax": "smallest worst defeat",
    "schulze": "strongest beat paths",
    "split_cycle": "undefeated once cycles are split at their weakest link",
}
#: Above this many items the page leaves them out.
LARGEST = 250


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

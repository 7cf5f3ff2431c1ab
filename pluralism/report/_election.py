"""Ballots, and everything that follows from them, as numbers."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _quiet
from ..errors import ApproximationWarning, PluralismError
from ._rules import Decision, decisions

if TYPE_CHECKING:
    from ..data import Ballots

__all__ = ["REPLICATES", "SEED", "Election", "by_pick", "cycles", "gather_election"]

#: Resampled electorates, and the seed that makes the page the same each time.
REPLICATES, SEED = 500, 0
RESAMPLED = ("schulze", "borda")
#: Fewer voters than this are not drawn again: there would be too few different electorates. Nor
#: are ballots on more alternatives, which would take long.
FEW_VOTERS, MANY = 10, 48


@dataclass(frozen=True)
class Election:
    """Ballots and what follows from them."""

    data: Ballots
    margins: npt.NDArray[np.float64]
    decisions: list[Decision]
    winner: tuple[Hashable, ...]
    loser: tuple[Hashable, ...]
    smith: tuple[Hashable, ...]
    chances: dict[str, Any]

    @property
    def order(self) -> npt.NDArray[np.intp]:
        """Alternatives by wins minus losses, then by their sum of margins."""
        beats = np.sign(self.margins).sum(axis=1)
        return np.lexsort((-self.margins.sum(axis=1), -beats))


def gather_election(data: Ballots) -> Election:
    from .. import choice

    chances = {}
    for rule in RESAMPLED:
        if data.n_alternatives <= MANY and data.n_voters >= FEW_VOTERS:
            try:
                # A winner in every replicate is an answer here, and no warning.
                with _quiet.held_back(ApproximationWarning):
                    chances[rule] = choice.winner_probabilities(
                        data, rule=getattr(choice, rule), n=REPLICATES, seed=SEED
                    )
            except PluralismError:
                continue  # weighted ballots are no electorate that could be drawn again
    return Election(
        data=data,
        margins=data.margins().values,
        decisions=decisions(data),
        winner=tuple(choice.condorcet_winner(data).winners),
        loser=tuple(choice.condorcet_loser(data).winners),
        smith=tuple(choice.smith_set(data).winners),
        chances=chances,
    )


def by_pick(found: Election) -> dict[tuple[Hashable, ...], list[str]]:
    """Winners -> the rules that pick exactly them, the most frequent first."""
    picks: dict[tuple[Hashable, ...], list[str]] = {}
    for each in found.decisions:
        if each.winners is not None and each.decides:
            picks.setdefault(each.winners, []).append(each.rule)
    return dict(sorted(picks.items(), key=lambda pair: -len(pair[1])))


def cycles(margins: npt.NDArray[np.float64]) -> int:
    """Number of triples in which each beats the next: the trace of the cube, over three."""
    beats = (margins > 0).astype(np.float64)
    return round(float(np.trace(beats @ beats @ beats)) / 3)

"""Votes by unordered pair, and what the coherence functions have in common at the door."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Comparisons
from ..data._taking import pair_codes
from ..errors import DataError
from ..kernels._triads import Tournament

__all__ = ["OrderedShares", "PairShares", "checked_comparisons", "ordered_shares", "pair_shares"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class PairShares(NamedTuple):
    """The votes of every unordered pair that met, from the side of its low item."""

    low: IntArray  # (pairs,)
    high: IntArray  # (pairs,)
    won: FloatArray  # (pairs,): votes for the low item, ties not counted
    lost: FloatArray  # (pairs,)
    tied: FloatArray  # (pairs,): zero where ties are dropped
    n_items: int
    without: int  # pairs left out because all their votes were ties

    @property
    def decided(self) -> FloatArray:
        """Votes for either item."""
        return self.won + self.lost

    @property
    def total(self) -> FloatArray:
        """All votes that count."""
        return self.won + self.lost + self.tied

    @property
    def share(self) -> FloatArray:
        """Share of the votes for the low item, a tie counting half."""
        return (self.won + 0.5 * self.tied) / self.total

    @property
    def whole(self) -> bool:
        """Whether all counts are whole, so that chance can be worked out."""
        counts = np.stack([self.won, self.lost, self.tied])
        return bool((counts == np.rint(counts)).all())

    def tournament(self) -> Tournament:
        """Who has the majority of each pair."""
        ahead = self.won - self.lost
        # Soft outcomes are sums of floats: an even pair is even up to rounding.
        even = np.abs(ahead) <= 1e-12 * self.total
        win = ((ahead > 0) & ~even).astype(np.float64)
        return Tournament(
            self.low, self.high, self.share, win, even.astype(np.float64), self.n_items
        )


class OrderedShares(NamedTuple):
    """The votes of every unordered pair by the order shown; rows: low first, high first."""

    low: IntArray  # (pairs,)
    high: IntArray  # (pairs,)
    won: FloatArray  # (2, pairs): votes for the low item, ties not counted
    lost: FloatArray  # (2, pairs)
    tied: FloatArray  # (2, pairs)
    n_items: int


def checked_comparisons(comparisons: Any) -> Comparisons:
    """Return `comparisons` if that is what they are."""
    if not isinstance(comparisons, Comparisons):
        raise DataError(f"`comparisons` is a {type(comparisons).__name__}; it must be Comparisons")
    return comparisons


def pair_shares(comparisons: Any, ties: str) -> PairShares:
    """Sum the votes by unordered pair; ``ties="drop"`` leaves out pairs that only tied."""
    _validate.one_of("ties", ties, ("half", "drop"))
    ordered = ordered_shares(checked_comparisons(comparisons))
    won, lost, tied = (part.sum(axis=0) for part in ordered[2:5])
    if ties == "drop":
        tied = np.zeros_like(tied)
    kept = won + lost + tied > 0
    if not kept.any():
        raise DataError('`comparisons` hold no decided vote; with ties="drop" nothing is left')
    return PairShares(
        ordered.low[kept],
        ordered.high[kept],
        won[kept],
        lost[kept],
        tied[kept],
        ordered.n_items,
        int((~kept).sum()),
    )


def ordered_shares(comparisons: Comparisons) -> OrderedShares:
    """Sum the votes by unordered pair and order shown."""
    (low, high), code = pair_codes(comparisons)
    turned = (comparisons.first > comparisons.second).astype(np.int64)
    cell, n = turned * len(low) + code, 2 * len(low)

    def sums(of_low: FloatArray, of_turned: FloatArray) -> FloatArray:
        by_cell = np.bincount(cell, np.where(turned, of_turned, of_low), n)
        return np.asarray(by_cell, dtype=np.float64).reshape(2, -1)

    won = sums(comparisons.first_won, comparisons.second_won)
    lost = sums(comparisons.second_won, comparisons.first_won)
    tied = sums(comparisons.tied, comparisons.tied)
    kept = (won + lost + tied).sum(axis=0) > 0
    if not kept.any():
        raise DataError("`comparisons` hold no votes")
    return OrderedShares(
        low[kept], high[kept], won[:, kept], lost[:, kept], tied[:, kept], comparisons.n_items
    )

"""Comparisons folded to unordered pairs, and the curvature of a paired-comparison likelihood.

Host kernels. Pairs are kept once, as the strict upper triangle of the items x items table in
row-major order, so that the curvature's off-diagonal part is a CSR matrix without any sorting
or scattering: its data are the pairs' curvatures.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse, special

__all__ = [
    "PairSlopes",
    "Pairs",
    "fold_pairs",
    "item_sums",
    "mills_ratio",
    "pair_log_likelihood",
    "pair_slopes",
    "sums_cancel",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: Tables up to this size are folded by ``bincount`` even where they are mostly empty.
_DENSE_TABLE = 1 << 16
#: Utilities may spread this far before the exponential of one overflows.
_WIDEST = 1200.0
#: Votes times width at which the quick form of the log-likelihood has lost its sixth decimal.
_MOST = 1e9
#: Pairs handled at once: their few temporaries stay in the cache.
_BLOCK = 1 << 13


class Pairs(NamedTuple):
    """Wins by unordered pair, ``low < high``, in ascending order of (low, high)."""

    low: IntArray  # (pairs,)
    high: IntArray  # (pairs,)
    won: FloatArray  # (pairs,): wins of low over high
    lost: FloatArray  # (pairs,): wins of high over low
    starts: npt.NDArray[np.int32]  # (items + 1,): first pair of each low

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.starts) - 1


class PairSlopes(NamedTuple):
    """First and second derivatives of the log-likelihood by pair, in the pair's gap."""

    slope: FloatArray  # (pairs,)
    curvature: FloatArray  # (pairs,): minus the expected second derivative


def fold_pairs(
    first: IntArray, second: IntArray, won: FloatArray, lost: FloatArray, n_items: int
) -> Pairs:
    """Sum cells of (first, second) in either order to unordered pairs."""
    forward = first < second
    ordered = bool(forward.all())
    if not ordered:
        won, lost = np.where(forward, won, lost), np.where(forward, lost, won)
        first, second = np.minimum(first, second), np.maximum(first, second)
    dense = n_items**2 <= max(_DENSE_TABLE, 4 * len(first))
    if ordered or dense:
        key = np.multiply(first, n_items, dtype=np.int64)
        key += second
    if ordered and (key[1:] > key[:-1]).all():
        low, high = first.astype(np.int32, copy=False), second.astype(np.int32, copy=False)
    elif dense:
        size = n_items**2
        up, down = item_sums(key, won, size), item_sums(key, lost, size)
        present = np.zeros(size, dtype=bool)
        present[key] = True
        pair = np.flatnonzero(present)
        won, lost = up[pair], down[pair]
        row = pair // n_items
        low, high = row.astype(np.int32), (pair - row * n_items).astype(np.int32)
    else:
        # A counting sort by row; both counts travel as one complex number.
        both = np.empty(len(won), dtype=np.complex128)
        both.real, both.imag = won, lost
        table = sparse.coo_array((both, (first, second)), shape=(n_items, n_items)).tocsr()
        low = np.repeat(np.arange(n_items, dtype=np.int32), np.diff(table.indptr))
        high = table.indices.astype(np.int32, copy=False)
        won, lost = np.ascontiguousarray(table.data.real), np.ascontiguousarray(table.data.imag)
    starts = np.zeros(n_items + 1, dtype=np.int32)
    np.cumsum(np.bincount(low, minlength=n_items), out=starts[1:])
    return Pairs(low, high, won, lost, starts)


def pair_of_cell(pairs: Pairs, first: IntArray, second: IntArray) -> npt.NDArray[np.intp]:
    """Place among the pairs of each cell, (cells,); every cell's pair must be there."""
    key = pairs.low.astype(np.int64) * pairs.n_items + pairs.high
    low, high = np.minimum(first, second), np.maximum(first, second)
    return np.searchsorted(key, low.astype(np.int64) * pairs.n_items + high)


def item_sums(item: npt.NDArray[np.integer], values: FloatArray, n_items: int) -> FloatArray:
    """Sum `values` by item or other code, (n_items,)."""
    return np.bincount(item, values, n_items).astype(np.float64, copy=False)


def pair_slopes(link: str, pairs: Pairs, utility: FloatArray) -> PairSlopes:
    """Differentiate at utilities; expected and observed curvature agree for logit."""
    slope, curvature = np.empty(len(pairs.low)), np.empty(len(pairs.low))
    if link == "logit" and np.ptp(utility) < _WIDEST:
        # One exponential for each item instead of each pair; both tails stay relative.
        one, at = _worths, np.exp(utility - 0.5 * (utility.max() + utility.min()))
    else:
        one, at = (_logit if link == "logit" else _probit), utility
    for start in range(0, len(pairs.low), _BLOCK):
        block = slice(start, start + _BLOCK)
        low, high = at.take(pairs.low[block]), at.take(pairs.high[block])
        one(low, high, pairs.won[block], pairs.lost[block], slope[block], curvature[block])
    return PairSlopes(slope, curvature)


def _worths(
    low: FloatArray,
    high: FloatArray,
    won: FloatArray,
    lost: FloatArray,
    slope: FloatArray,
    curvature: FloatArray,
) -> None:
    inverse = 1.0 / (low + high)
    low *= inverse  # the chance that low wins
    high *= inverse  # and that it loses
    np.multiply(low, high, out=curvature)
    np.multiply(won + lost, curvature, out=curvature)
    # Not wins minus expected wins: near a chance of one their difference would be rounding.
    np.multiply(won, high, out=high)
    np.multiply(lost, low, out=low)
    np.subtract(high, low, out=slope)


def _logit(
    low: FloatArray,
    high: FloatArray,
    won: FloatArray,
    lost: FloatArray,
    slope: FloatArray,
    curvature: FloatArray,
) -> None:
    gap, total = low - high, won + lost
    decay = np.exp(-np.abs(gap))
    inverse = 1.0 / (1.0 + decay)
    small = decay * inverse
    np.multiply(total * inverse, small, out=curvature)
    ahead = gap >= 0.0
    np.multiply(won, np.where(ahead, small, inverse), out=slope)
    slope -= lost * np.where(ahead, inverse, small)


def _probit(
    low: FloatArray,
    high: FloatArray,
    won: FloatArray,
    lost: FloatArray,
    slope: FloatArray,
    curvature: FloatArray,
) -> None:
    up, down = mills_ratio(low - high), mills_ratio(high - low)
    np.subtract(won * up, lost * down, out=slope)
    # expected information phi^2 / (Phi (1 - Phi)) is the product of the two ratios
    np.multiply((won + lost) * up, down, out=curvature)


def sums_cancel(votes: float, utility: FloatArray) -> bool:
    """Whether wins times utility, minus logarithms of sums of worths, loses its digits.

    Either sum is as large as votes times the width of the utilities, their difference may be small.
    """
    width = float(np.ptp(utility))
    return not (width < _WIDEST and votes * max(width, 1.0) < _MOST)


def pair_log_likelihood(link: str, pairs: Pairs, utility: FloatArray) -> float:
    """Log-likelihood without combinatorial constants."""
    fast = link == "logit" and not sums_cancel(pairs.won.sum() + pairs.lost.sum(), utility)
    result = 0.0
    if fast:
        # sum of wins times utility, minus one logarithm for each pair
        utility = utility - 0.5 * (utility.max() + utility.min())
        worth = np.exp(utility)
        wins = item_sums(pairs.low, pairs.won, pairs.n_items)
        wins += item_sums(pairs.high, pairs.lost, pairs.n_items)
        result = float(wins @ utility)
    for start in range(0, len(pairs.low), _BLOCK):
        block = slice(start, start + _BLOCK)
        low, high = pairs.low[block], pairs.high[block]
        won, lost = pairs.won[block], pairs.lost[block]
        if fast:
            result -= float((won + lost) @ np.log(worth.take(low) + worth.take(high)))
            continue
        gap = utility.take(low) - utility.take(high)
        log_cdf = special.log_expit if link == "logit" else special.log_ndtr
        result += float(won @ log_cdf(gap) + lost @ log_cdf(-gap))
    return result


def mills_ratio(gap: FloatArray) -> FloatArray:
    """Density over distribution function of the standard normal, free of overflow."""
    return np.sqrt(2.0 / np.pi) / special.erfcx(-gap / np.sqrt(2.0))

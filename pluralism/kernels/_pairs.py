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
    "mills_ratio",
    "pair_log_likelihood",
    "pair_slopes",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]


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
    if not forward.all():
        won, lost = np.where(forward, won, lost), np.where(forward, lost, won)
        first, second = np.where(forward, first, second), np.where(forward, second, first)
    key = np.multiply(first, n_items, dtype=np.int64)
    key += second
    if not (key[1:] > key[:-1]).all():
        # A counting sort by row; both counts travel as one complex number.
        both = won + 1j * lost
        table = sparse.coo_array((both, (first, second)), shape=(n_items, n_items)).tocsr()
        low = np.repeat(np.arange(n_items, dtype=np.int32), np.diff(table.indptr))
        return Pairs(
            low,
            table.indices.astype(np.int32, copy=False),
            np.ascontiguousarray(table.data.real),
            np.ascontiguousarray(table.data.imag),
            table.indptr.astype(np.int32, copy=False),
        )
    starts = np.zeros(n_items + 1, dtype=np.int32)
    np.cumsum(np.bincount(first, minlength=n_items), out=starts[1:])
    return Pairs(
        first.astype(np.int32, copy=False), second.astype(np.int32, copy=False), won, lost, starts
    )


def item_sums(item: IntArray, values: FloatArray, n_items: int) -> FloatArray:
    """Sum `values` by item, (items,)."""
    return np.bincount(item, values, n_items).astype(np.float64, copy=False)


def pair_slopes(link: str, gap: FloatArray, won: FloatArray, lost: FloatArray) -> PairSlopes:
    """Differentiate at the gap u_low - u_high; expected and observed curvature agree for logit."""
    total = won + lost
    if link == "logit":
        decay = np.exp(-np.abs(gap))  # never overflows, and keeps small tails relative
        inverse = 1.0 / (1.0 + decay)
        probability = np.where(gap >= 0.0, inverse, decay * inverse)
        decay *= inverse
        decay *= inverse
        decay *= total
        probability *= total
        return PairSlopes(np.subtract(won, probability, out=probability), decay)
    # probit: phi / Phi through the scaled complementary error function, which cannot overflow
    up, down = mills_ratio(gap), mills_ratio(-gap)
    # expected information phi^2 / (Phi (1 - Phi)) is the product of the two ratios
    return PairSlopes(won * up - lost * down, total * up * down)


def pair_log_likelihood(link: str, gap: FloatArray, won: FloatArray, lost: FloatArray) -> float:
    """Log-likelihood without combinatorial constants."""
    log_cdf = special.log_expit if link == "logit" else special.log_ndtr
    return float((won * log_cdf(gap)).sum() + (lost * log_cdf(-gap)).sum())


def mills_ratio(gap: FloatArray) -> FloatArray:
    """Density over distribution function of the standard normal."""
    return np.sqrt(2.0 / np.pi) / special.erfcx(-gap / np.sqrt(2.0))

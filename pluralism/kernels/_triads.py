"""Cyclic triads counted by matrix products. Host kernel.

For items x, y, z let A, T and W = A + T be the 0/1 matrices of strict preference, of even pairs
and of weak preference, P the shares, M the pairs that met. A sum over triads of a product of three
entries, one for each pair, is the trace of a product of three matrices; and if the entries are
independent random numbers, its expectation is the same trace of their means, because the three
pairs of a triad are different pairs. So one function counts cycles and says how many to expect.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse, special

__all__ = [
    "KINDS",
    "Tournament",
    "TriadSums",
    "even_rates",
    "item_jackknife",
    "majority_probabilities",
    "sample_triads",
    "triad_sums",
    "triad_values",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

#: In the order of every `(kinds, ...)` array here.
KINDS = ("strict", "weak", "soft", "unclosed")

#: Above this many items, and below this share of pairs that met, sparse products are cheaper.
_DENSE_ITEMS, _DENSE_SHARE, _LARGEST_DENSE = 1000, 0.1, 6000


class Tournament(NamedTuple):
    """What each pair says, from the side of its low item."""

    low: IntArray  # (pairs,)
    high: IntArray  # (pairs,)
    share: FloatArray  # (pairs,): of the votes for the low item
    win: FloatArray  # (pairs,): 1 where the low item has the majority, or the chance of that
    tie: FloatArray  # (pairs,): 1 where the pair is even, or the chance of that
    n_items: int


class TriadSums(NamedTuple):
    """Sums over all triads whose three pairs met; `by_item` those that contain an item."""

    total: FloatArray  # (kinds,)
    by_item: FloatArray  # (kinds, items)
    triads: float
    triads_by_item: FloatArray  # (items,)


def majority_probabilities(
    decided: npt.ArrayLike, probability: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Chance of a majority, and of an even pair, of `decided` votes; both (pairs,)."""
    n, p = np.broadcast_arrays(np.asarray(decided, float), np.asarray(probability, float))
    half = np.floor(n / 2)
    with np.errstate(invalid="ignore"):
        log_even = (
            special.gammaln(n + 1) - 2 * special.gammaln(half + 1)
            + special.xlogy(half, p) + special.xlog1py(half, -p)
        )  # fmt: skip
        win = np.where(n > 0, special.bdtrc(half, n.astype(np.int64), p), 0.0)
    return win, np.where(n == 2 * half, np.exp(log_even), 0.0)


def even_rates(win: float, tie: float) -> FloatArray:
    """Rate of each kind where all pairs have these chances of a majority either way, (kinds,)."""
    weak = win + tie
    return np.array(
        [2 * win**3, 2 * weak**3 - tie**3, 0.25, 2 * win**3 + 6 * tie * win**2], dtype=np.float64
    )


def triad_sums(pairs: Tournament, *, by_item: bool = True) -> TriadSums:
    """Sum every kind over all triads; `by_item` costs one product more where there are ties."""
    n = pairs.n_items
    exact = bool(np.isin(pairs.win, (0.0, 1.0)).all() and np.isin(pairs.tie, (0.0, 1.0)).all())
    build = _builder(pairs, np.float32 if exact else np.float64)
    lose = 1.0 - pairs.win - pairs.tie
    met = build(np.ones(len(pairs.low)), np.ones(len(pairs.low)))
    wins = build(pairs.win, lose)
    share = _builder(pairs, np.float64)(pairs.share, 1.0 - pairs.share)
    chains = wins @ wins  # x over y over z, by (x, z)
    strict = _rows(chains, wins.T)
    triads = _rows(met @ met, met) / 2
    soft = _rows(share @ share, share.T)
    weak, unclosed, total_unclosed = strict, strict, strict.sum() / 3
    if pairs.tie.any():
        ties = build(pairs.tie, pairs.tie)
        at_least = build(pairs.win + pairs.tie, lose + pairs.tie)
        all_even = _rows(ties @ ties, ties) / 2
        weak = _rows(at_least @ at_least, at_least.T) - all_even
        open_chains = _times(chains, ties)
        total_unclosed += float(open_chains.sum(dtype=np.float64))
        if by_item:
            middle = _times(wins, ties @ wins.T)
            unclosed = strict + _sum(open_chains, 1) + _sum(open_chains, 0) + _sum(middle, 0)
    each = np.stack([strict, weak, soft, unclosed])
    total = np.array([strict.sum() / 3, weak.sum() / 3, soft.sum() / 3, total_unclosed])
    return TriadSums(total, each, float(triads.sum() / 3), triads.reshape(n))


def item_jackknife(sums: TriadSums) -> FloatArray:
    """Standard error of each rate by leaving out one item after the other, (kinds,).

    NaN where an item is in all triads. Errs on the long side (Efron and Stein 1981).
    """
    inside = sums.triads_by_item > 0
    left = sums.triads - sums.triads_by_item[inside]
    n = len(left)
    if n == 0 or (left <= 0).any():
        return np.full(len(sums.total), np.nan)
    rates = (sums.total[:, None] - sums.by_item[:, inside]) / left
    centred = rates - rates.mean(axis=1, keepdims=True)
    return np.sqrt((n - 1) / n * (centred**2).sum(axis=1))


def sample_triads(pairs: Tournament, number: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Draw triads whose pairs all met, uniformly with replacement: (number, 3), or (0, 3).

    A pair is drawn by how many triads it is in, then one of them.
    """
    n = pairs.n_items
    ones = np.ones(2 * len(pairs.low))
    row, column = np.r_[pairs.low, pairs.high], np.r_[pairs.high, pairs.low]
    met = sparse.csr_array((ones, (row, column)), shape=(n, n))
    common = (met @ met) * met
    weight = np.asarray(common[pairs.low, pairs.high], dtype=np.float64).ravel()
    if weight.sum() == 0:
        return np.zeros((0, 3), dtype=np.intp)
    drawn = rng.choice(len(weight), number, p=weight / weight.sum())
    triads = np.empty((number, 3), dtype=np.intp)
    for place, pair in enumerate(drawn):
        a, b = pairs.low[pair], pairs.high[pair]
        thirds = np.intersect1d(
            met.indices[met.indptr[a] : met.indptr[a + 1]],
            met.indices[met.indptr[b] : met.indptr[b + 1]],
        )
        triads[place] = a, b, thirds[rng.integers(len(thirds))]
    return triads


def triad_values(pairs: Tournament, triads: IntArray) -> FloatArray:
    """Value of every kind for chosen triads, (kinds, triads)."""
    n = pairs.n_items
    key = pairs.low.astype(np.int64) * n + pairs.high
    order = np.argsort(key)

    def side(x: IntArray, y: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Win, tie and share of x over y."""
        place = order[
            np.searchsorted(key[order], np.minimum(x, y).astype(np.int64) * n + np.maximum(x, y))
        ]
        win, tie, share = pairs.win[place], pairs.tie[place], pairs.share[place]
        turned = x > y
        return (
            np.where(turned, 1 - win - tie, win), tie, np.where(turned, 1 - share, share)
        )  # fmt: skip

    x, y, z = triads.T
    (a, s, p), (b, t, q), (c, u, r) = side(x, y), side(y, z), side(z, x)
    ra, rb, rc = 1 - a - s, 1 - b - t, 1 - c - u
    strict = a * b * c + ra * rb * rc
    weak = (a + s) * (b + t) * (c + u) + (ra + s) * (rb + t) * (rc + u) - s * t * u
    soft = p * q * r + (1 - p) * (1 - q) * (1 - r)
    # A chain through one item whose ends are even: both other pairs point the same way round.
    ends = s * (b * c + rb * rc) + t * (a * c + ra * rc) + u * (a * b + ra * rb)
    return np.stack([strict, weak, soft, strict + ends])


def _builder(pairs: Tournament, dtype: Any) -> Any:
    """Return a function from the two sides of every pair to a matrix, dense or sparse."""
    n = pairs.n_items
    thin = len(pairs.low) < _DENSE_SHARE * n * (n - 1) / 2
    if n > _LARGEST_DENSE or (n > _DENSE_ITEMS and thin):
        row, column = np.r_[pairs.low, pairs.high], np.r_[pairs.high, pairs.low]

        def thin_matrix(of_low: FloatArray, of_high: FloatArray) -> Any:
            values = np.r_[of_low, of_high]
            kept = values != 0
            return sparse.csr_array((values[kept], (row[kept], column[kept])), shape=(n, n))

        return thin_matrix

    def matrix(of_low: FloatArray, of_high: FloatArray) -> Any:
        result = np.zeros((n, n), dtype=dtype)
        result[pairs.low, pairs.high] = of_low
        result[pairs.high, pairs.low] = of_high
        return result

    return matrix


def _times(a: Any, b: Any) -> Any:
    """Entry by entry; of sparse arrays too."""
    return a * b


def _sum(a: Any, axis: int) -> FloatArray:
    return np.asarray(a.sum(axis=axis, dtype=np.float64), dtype=np.float64).ravel()


def _rows(product: Any, other: Any) -> FloatArray:
    """Row sums of the entry-wise product: the diagonal of a product of three matrices."""
    return _sum(_times(product, other), 1)

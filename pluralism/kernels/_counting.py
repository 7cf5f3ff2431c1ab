"""Group-by sums on integer codes: the one way in which votes become cells.

Host kernels. A cell's key is a tuple of small integers; keys are packed into one machine integer
by mixed radix where they fit, counted by ``bincount`` where the key space is small and by a sort
where it is not. Cells always come back in ascending lexicographic order of their keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["GroupedSums", "PairCounts", "count_pairs", "group_sums", "key_order"]

IntArray = npt.NDArray[np.integer]
FloatArray = npt.NDArray[np.float64]

#: A ``bincount`` over this many bins stays in the cache hierarchy of a small machine.
_DENSE_BINS = 1 << 23
#: Rows whose keys are made at once, in the cache.
_BLOCK = 1 << 15
#: What one vote for the outcome in the upper half of a word adds to it.
_HIGH_HALF = 1 << 16


class PairCounts(NamedTuple):
    """Counts of hard votes of weight one by ordered pair."""

    first: npt.NDArray[np.int32]  # (cells,)
    second: npt.NDArray[np.int32]  # (cells,)
    won: FloatArray  # (cells, outcomes): counts by outcome code


class GroupedSums(NamedTuple):
    """Sums of values by key."""

    keys: npt.NDArray[np.int64]  # (key columns, cells)
    counts: FloatArray  # (cells,): rows behind each cell
    sums: FloatArray  # (values, cells)


def count_pairs(
    first: IntArray, second: IntArray, outcome: IntArray | None, n_items: int, n_outcomes: int
) -> PairCounts:
    """Count votes by (first, second, outcome); ``outcome=None`` means that all are code 0."""
    n_pairs = n_items * n_items
    n_keys = n_pairs * n_outcomes
    if n_keys <= min(max(_DENSE_BINS, len(first) // 4), np.iinfo(np.int32).max):
        place, counts = _dense_counts(first, second, outcome, n_items, n_outcomes)
        # The cells of a first item follow each other, so no division is needed.
        ends = np.searchsorted(place, np.arange(1, n_items + 1) * n_items)
        left = np.repeat(np.arange(n_items, dtype=np.int32), np.diff(ends, prepend=0))
        right = np.subtract(place, left * n_items, dtype=np.int32, casting="unsafe")
        return PairCounts(left, right, counts.T)
    key = np.multiply(first, n_items, dtype=_unsigned(n_keys), casting="unsafe")
    np.add(key, second, out=key, casting="unsafe")
    if outcome is not None:
        np.multiply(key, n_outcomes, out=key, casting="unsafe")
        np.add(key, outcome, out=key, casting="unsafe")
    key.sort()
    starts = _run_starts(key)
    pairs = key[starts] // n_outcomes
    outcomes = key[starts] - pairs * n_outcomes
    pair_starts = _run_starts(pairs)
    row = np.repeat(np.arange(len(pair_starts)), np.diff(pair_starts, append=len(pairs)))
    won = np.zeros((len(pair_starts), n_outcomes))
    won[row, outcomes] = np.diff(starts, append=len(key))
    pair = pairs[pair_starts]
    # Dividing by a scalar is far cheaper alone than divmod.
    ahead = pair // n_items
    return PairCounts(ahead.astype(np.int32), (pair - ahead * n_items).astype(np.int32), won)


def _dense_counts(
    first: IntArray, second: IntArray, outcome: IntArray | None, n_items: int, n_outcomes: int
) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Places in the table of ordered pairs that hold votes, and counts, (outcomes, places).

    Two outcomes share one word of 32 bits, 16 for each, so that the table stays in the cache.
    A count that outgrows its half makes the halves' sum smaller than the number of votes, so no
    overflow goes unseen; those votes are counted again in a word for each outcome.
    """
    n_pairs = n_items**2
    if n_outcomes <= 2 and len(first) < 2**32:
        table = np.zeros(n_pairs, np.uint32)
        one = np.uint32(1)
        for key, code in _keys(first, second, outcome, n_items):
            if code is None:
                np.add.at(table, key, one)
            else:
                step = np.multiply(code, _HIGH_HALF - 1, dtype=np.uint32, casting="unsafe")
                step += one
                np.add.at(table, key, step)
        pair = np.flatnonzero(table != 0)  # on booleans, several times as fast
        word = table.take(pair)
        counts = np.empty((n_outcomes, len(pair)))
        if n_outcomes == 1:
            counts[0] = word
            return pair, counts
        counts[0], counts[1] = word & np.uint32(_HIGH_HALF - 1), word >> np.uint32(16)
        if counts.sum() == len(first):
            return pair, counts
    wide = np.zeros(n_outcomes * n_pairs, np.int64)
    for key, code in _keys(first, second, outcome, n_items):
        if code is not None:
            key += np.multiply(code, n_pairs, dtype=np.int64, casting="unsafe")
        np.add.at(wide, key, np.int64(1))
    tables = wide.reshape(n_outcomes, n_pairs)
    pair = np.flatnonzero(tables.any(axis=0))
    return pair, tables.take(pair, axis=1).astype(np.float64)


def _keys(
    first: IntArray, second: IntArray, outcome: IntArray | None, n_items: int
) -> Iterator[tuple[npt.NDArray[np.int64], IntArray | None]]:
    """Key of each vote's ordered pair and its outcome, block by block."""
    narrow = np.empty(_BLOCK, np.int32)  # arithmetic twice as fast; a dense key fits
    wide = np.empty(_BLOCK, np.int64)  # what indexing wants
    for start in range(0, len(first), _BLOCK):
        here = slice(start, min(start + _BLOCK, len(first)))
        part, key = narrow[: here.stop - start], wide[: here.stop - start]
        np.multiply(first[here], n_items, out=part, dtype=np.int32, casting="unsafe")
        np.add(part, second[here], out=part, dtype=np.int32, casting="unsafe")
        key[:] = part
        yield key, None if outcome is None else outcome[here]


def group_sums(
    keys: Sequence[IntArray], sizes: Sequence[int], values: Sequence[FloatArray]
) -> GroupedSums:
    """Sum each of `values` over the rows that share a key.

    Parameters
    ----------
    keys : sequence of integer array, (rows,)
        Key columns; column k takes values in ``range(sizes[k])``.
    sizes : sequence of int
        How many values each key column can take.
    values : sequence of float array, (rows,)
        What to sum.
    """
    n_rows = len(keys[0])
    n_keys = 1
    for size in sizes:
        n_keys *= int(size)
    if n_keys >= 2**63:
        # Too wide to pack: replace the leading columns by the rank of their combination.
        packed, inverse = _rank(keys[:-1])
        inner = group_sums([inverse, keys[-1]], [packed.shape[1], sizes[-1]], values)
        return inner._replace(keys=np.vstack([packed[:, inner.keys[0]], inner.keys[1]]))
    key = np.zeros(n_rows, dtype=_unsigned(n_keys))
    for column, size in zip(keys, sizes, strict=True):
        np.multiply(key, int(size), out=key, casting="unsafe")
        np.add(key, column, out=key, casting="unsafe")
    if n_keys <= min(_DENSE_BINS, 8 * n_rows + 1024):
        key = key.astype(np.int64, copy=False)
        bins = np.bincount(key, minlength=n_keys)
        present = np.flatnonzero(bins)
        counts = bins[present]
        sums = [np.bincount(key, weights=value, minlength=n_keys)[present] for value in values]
    else:
        if values:
            # A stable order makes the order of summation, and so the last bit, reproducible.
            order = np.argsort(key, kind="stable")
            key = key[order]
        else:
            key.sort()
        starts = _run_starts(key)
        present = key[starts].astype(np.int64)
        counts = np.diff(starts, append=n_rows)
        sums = [np.add.reduceat(value[order], starts) for value in values]
    columns = []
    for size in reversed(sizes):
        present, column = np.divmod(present, int(size))
        columns.append(column)
    return GroupedSums(
        np.array(columns[::-1], dtype=np.int64).reshape(len(sizes), len(counts)),
        counts.astype(np.float64),
        np.array(sums, dtype=np.float64).reshape(len(values), len(counts)),
    )


def key_order(keys: Sequence[IntArray], sizes: Sequence[int]) -> npt.NDArray[np.intp]:
    """Order of the rows by their keys; column k takes values in ``range(sizes[k])``."""
    n_keys = 1
    for size in sizes:
        n_keys *= int(size)
    if n_keys >= 2**63:
        return np.lexsort(keys[::-1])
    key = np.zeros(len(keys[0]), dtype=np.int64)
    for column, size in zip(keys, sizes, strict=True):
        key *= size
        key += column
    return np.argsort(key, kind="stable")


def _rank(keys: Sequence[IntArray]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Distinct key combinations, ascending, and which of them each row has."""
    stacked = np.stack([np.asarray(key, dtype=np.int64) for key in keys])
    order = np.lexsort(stacked[::-1])
    ordered = stacked[:, order]
    new = np.ones(ordered.shape[1], dtype=bool)
    new[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    inverse = np.empty(len(order), dtype=np.int64)
    inverse[order] = np.cumsum(new) - 1
    return ordered[:, new], inverse


def _run_starts(ordered: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
    """Index of the first entry of every run of equal values."""
    new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return np.flatnonzero(new)


def _unsigned(n_keys: int) -> type[np.unsignedinteger] | type[np.int64]:
    """Narrowest dtype whose sort is fast and that holds all keys."""
    return np.uint32 if (1 << 24) < n_keys <= 2**32 else np.int64

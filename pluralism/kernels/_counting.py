"""Group-by sums on integer codes: the one way in which votes become cells.

Host kernels. A cell's key is a tuple of small integers; keys are packed into one machine integer
by mixed radix where they fit, counted by ``bincount`` where the key space is small and by a sort
where it is not. Cells always come back in ascending lexicographic order of their keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["GroupedSums", "PairCounts", "count_pairs", "group_sums"]

IntArray = npt.NDArray[np.integer]
FloatArray = npt.NDArray[np.float64]

#: A ``bincount`` over this many bins stays in the cache hierarchy of a small machine.
_DENSE_BINS = 1 << 23
#: Rows whose keys are made at once, in the cache.
_BLOCK = 1 << 15


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
    if n_keys <= max(_DENSE_BINS, len(first) // 4):
        # The outcome leads the key, so that each outcome's counts are one contiguous table.
        counts = _dense_counts(first, second, outcome, n_items, n_keys)
        counts = counts.reshape(n_outcomes, n_pairs)
        present = counts[0] != 0
        for table in counts[1:]:
            present |= table != 0
        pair = np.flatnonzero(present)
        won = np.stack([table.take(pair) for table in counts]).astype(np.float64).T
    else:
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
    left = pair // n_items
    return PairCounts(left.astype(np.int32), (pair - left * n_items).astype(np.int32), won)


def _dense_counts(
    first: IntArray, second: IntArray, outcome: IntArray | None, n_items: int, n_keys: int
) -> npt.NDArray[np.intp]:
    """``bincount`` of (outcome, first, second), block by block where the table is small."""
    n = len(first)
    small = np.int32 if n_keys < 2**31 else np.int64  # narrow arithmetic, twice as fast
    block = n if n_keys > _BLOCK else 4 * _BLOCK
    counts: npt.NDArray[np.intp] | None = None
    for start in range(0, n, block):
        stop = min(start + block, n)
        key = np.empty(stop - start, np.int64)  # what bincount wants
        for low in range(start, stop, _BLOCK):
            here = slice(low, min(low + _BLOCK, stop))
            part = np.multiply(first[here], n_items, dtype=small, casting="unsafe")
            np.add(part, second[here], out=part, casting="unsafe")
            if outcome is not None:
                part += np.multiply(outcome[here], n_items**2, dtype=small, casting="unsafe")
            key[low - start : here.stop - start] = part
        found = np.bincount(key, minlength=n_keys)
        counts = found if counts is None else np.add(counts, found, out=counts)
    return np.zeros(n_keys, np.intp) if counts is None else counts


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

"""Group-by sums on integer codes: the one way in which votes become cells.

Host kernels. A cell's key is a tuple of small integers; keys are packed into one machine integer
by mixed radix where they fit, counted by ``bincount`` where the key space is small and by a sort
where it is not. Cells always come back in ascending lexicographic order of their keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "GroupedSums",
    "PairCounts",
    "PairTable",
    "count_pairs",
    "count_table",
    "group_sums",
    "halves",
    "key_order",
    "table_cells",
]

IntArray = npt.NDArray[np.integer]
FloatArray = npt.NDArray[np.float64]

#: A ``bincount`` over this many bins stays in the cache hierarchy of a small machine.
_DENSE_BINS = 1 << 23
#: Rows whose keys are made at once, in the cache.
_BLOCK = 1 << 15
#: Votes by ordered pair, on average, up to which short words are tried.
_FEW = 64


class PairCounts(NamedTuple):
    """Counts of hard votes of weight one by ordered pair."""

    first: npt.NDArray[np.int32]  # (cells,)
    second: npt.NDArray[np.int32]  # (cells,)
    won: FloatArray  # (cells, outcomes): counts by outcome code


class PairTable(NamedTuple):
    """Counts of hard votes of weight one by ordered pair, both outcomes in one word.

    The upper half of a word counts the wins of the first item, the lower half its losses.
    """

    words: npt.NDArray[np.unsignedinteger]  # (items, items): first by second
    n_cells: int  # pairs that have votes


def halves(words: npt.NDArray[np.unsignedinteger]) -> tuple[Any, Any]:
    """Take the words of a `PairTable` apart: wins of the first item, and its losses."""
    bits = 4 * words.itemsize
    return words >> bits, words & words.dtype.type((1 << bits) - 1)


class GroupedSums(NamedTuple):
    """Sums of values by key."""

    keys: npt.NDArray[np.int64]  # (key columns, cells)
    counts: FloatArray  # (cells,): rows behind each cell
    sums: FloatArray  # (values, cells)


def count_pairs(
    first: IntArray, second: IntArray, outcome: IntArray | None, n_items: int, n_outcomes: int
) -> PairCounts:
    """Count votes by (first, second, outcome); ``outcome=None`` means that all are code 0."""
    if outcome is not None and n_outcomes == 2:
        table = count_table(first, second, outcome, n_items)
        if table is not None:
            return table_cells(table)
    n_keys = n_items * n_items * n_outcomes
    if _is_dense(n_keys, len(first)):
        return _cells_at(*_dense_counts(first, second, outcome, n_items, n_outcomes), n_items)
    key = _sorted_keys(first, second, outcome, n_items, n_outcomes)
    starts = _run_starts(key)
    present = key[starts]
    pairs = present // n_outcomes
    pair_starts = _run_starts(pairs)
    row = np.zeros(len(pairs), np.int64)
    row[pair_starts[1:]] = n_outcomes
    np.cumsum(row, out=row)
    row += present - pairs * n_outcomes
    won = np.zeros((len(pair_starts), n_outcomes))
    won.ravel()[row] = _run_lengths(starts, len(key))
    pair = pairs[pair_starts]
    # Dividing by a scalar is far cheaper alone than divmod.
    ahead = pair // n_items
    return PairCounts(ahead.astype(np.int32), (pair - ahead * n_items).astype(np.int32), won)


def count_table(
    first: IntArray, second: IntArray, outcome: IntArray, n_items: int
) -> PairTable | None:
    """Count votes of outcome 0 or 1 in a table of words; None where they do not fit in one.

    Two halves of a short word keep the table in the cache. A count that outgrows its half makes
    the halves' sum smaller than the number of votes, so no overflow goes unseen.
    """
    if not _is_dense(2 * n_items**2, len(first)) or len(first) >= 2**32:
        return None
    for word in (np.uint16, np.uint32) if len(first) <= _FEW * n_items**2 else (np.uint32,):
        words: npt.NDArray[np.unsignedinteger] = np.zeros(n_items**2, word)
        high = 1 << 4 * words.itemsize  # what a vote for outcome 1 adds to a word
        for here, key in _keys(first, second, n_items):
            step = np.multiply(outcome[here], high - 1, dtype=word, casting="unsafe")
            step += step.dtype.type(1)
            np.add.at(words, key, step)
        n_cells = votes = 0
        for start in range(0, len(words), _BLOCK):
            part = words[start : start + _BLOCK]
            n_cells += int(np.count_nonzero(part != 0))  # on booleans, several times as fast
            # A block's sum stays below 2^32.
            votes += int(np.add(*halves(part)).sum(dtype=np.uint32))
        if votes == len(first):
            return PairTable(words.reshape(n_items, n_items), n_cells)
    return None


def table_cells(table: PairTable) -> PairCounts:
    """List the cells of a table."""
    words = table.words.ravel()
    pair = np.flatnonzero(words != 0)
    word = words.take(pair)
    return _cells_at(pair, np.stack(halves(word)[::-1]), len(table.words))


def _is_dense(n_keys: int, n_votes: int) -> bool:
    return n_keys <= min(max(_DENSE_BINS, n_votes // 4), np.iinfo(np.int32).max)


def _cells_at(
    place: npt.NDArray[np.intp], counts: npt.NDArray[np.integer], n_items: int
) -> PairCounts:
    """Cells from places in the table of ordered pairs and counts, (outcomes, places)."""
    # The cells of a first item follow each other, so no division is needed.
    ends = np.searchsorted(place, np.arange(1, n_items + 1) * n_items)
    left = np.repeat(np.arange(n_items, dtype=np.int32), np.diff(ends, prepend=0))
    right = np.subtract(place, left * n_items, dtype=np.int32, casting="unsafe")
    return PairCounts(left, right, counts.astype(np.float64).T)


def _dense_counts(
    first: IntArray, second: IntArray, outcome: IntArray | None, n_items: int, n_outcomes: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.integer]]:
    """Places in the table of ordered pairs that hold votes, and counts, (outcomes, places)."""
    n_pairs = n_items**2
    word = np.uint32 if len(first) < 2**32 else np.int64
    wide: npt.NDArray[np.integer] = np.zeros(n_outcomes * n_pairs, word)
    one = wide.dtype.type(1)
    for here, key in _keys(first, second, n_items):
        if outcome is not None:
            key += np.multiply(outcome[here], n_pairs, dtype=np.int64, casting="unsafe")
        np.add.at(wide, key, one)
    tables: npt.NDArray[np.integer] = wide.reshape(n_outcomes, n_pairs)
    pair = np.flatnonzero(tables.any(axis=0))
    return pair, tables.take(pair, axis=1)


def _keys(
    first: IntArray, second: IntArray, n_items: int
) -> Iterator[tuple[slice, npt.NDArray[np.int64]]]:
    """Places of a block of votes and the keys of their ordered pairs, block by block."""
    narrow = np.empty(_BLOCK, np.int32)  # arithmetic twice as fast; a dense key fits
    wide = np.empty(_BLOCK, np.int64)  # what indexing wants
    for start in range(0, len(first), _BLOCK):
        here = slice(start, min(start + _BLOCK, len(first)))
        part, key = narrow[: here.stop - start], wide[: here.stop - start]
        np.multiply(first[here], n_items, out=part, dtype=np.int32, casting="unsafe")
        np.add(part, second[here], out=part, dtype=np.int32, casting="unsafe")
        key[:] = part
        yield here, key


def _sorted_keys(
    first: IntArray, second: IntArray, outcome: IntArray | None, n_items: int, n_outcomes: int
) -> npt.NDArray[np.integer]:
    """Sort the keys of (first, second, outcome), made block by block in the cache."""
    key = np.empty(len(first), _unsigned(n_items * n_items * n_outcomes))
    for start in range(0, len(first), _BLOCK):
        here = slice(start, start + _BLOCK)
        part = key[here]
        np.multiply(first[here], n_items, out=part, dtype=key.dtype, casting="unsafe")
        np.add(part, second[here], out=part, dtype=key.dtype, casting="unsafe")
        if outcome is not None:
            np.multiply(part, n_outcomes, out=part)
            np.add(part, outcome[here], out=part, dtype=key.dtype, casting="unsafe")
    key.sort()
    return key


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
        counts = _run_lengths(starts, n_rows)
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


def _run_lengths(starts: npt.NDArray[np.intp], total: int) -> npt.NDArray[np.intp]:
    """Length of every run; `numpy.diff` with an end appended would copy."""
    lengths = np.empty_like(starts)
    lengths[:-1] = starts[1:]
    lengths[-1:] = total
    lengths -= starts
    return lengths


def _unsigned(n_keys: int) -> type[np.unsignedinteger] | type[np.int64]:
    """Narrowest dtype whose sort is fast and that holds all keys."""
    return np.uint32 if (1 << 24) < n_keys <= 2**32 else np.int64

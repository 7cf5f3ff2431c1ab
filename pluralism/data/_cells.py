"""From arrays of codes to additive cells: the checks and sums behind every way in."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, enumerate_some
from ..kernels._counting import PairTable, count_pairs, count_table, group_sums, table_cells
from . import _labels
from ._named_matrix import named_matrix

__all__ = ["Cells", "cells_of_table", "count_codes", "key_sums"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]


class Cells(NamedTuple):
    """Sums by (first, second); `squares` as in `Comparisons`."""

    first: IntArray  # (cells,)
    second: IntArray  # (cells,)
    first_won: FloatArray  # (cells,)
    second_won: FloatArray  # (cells,)
    tied: FloatArray  # (cells,)
    squares: FloatArray | None  # (4, cells)


def count_codes(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    outcome: npt.ArrayLike | None,
    tie: npt.ArrayLike | None,
    weight: npt.ArrayLike | None,
    *,
    labels: Sequence[Hashable],
    order_known: bool,
) -> Cells | PairTable:
    """Check votes given as codes and sum them by pair; arguments as in `from_codes`.

    Plain votes on few items stay a table: its cells may never be asked for.
    """
    left, right = _codes("first", first, len(labels)), _codes("second", second, len(labels))
    is_tie = None if tie is None else np.asarray(_validate.refuse_masked("tie", tie))
    if is_tie is not None and is_tie.dtype != bool:
        raise DataError(f"`tie` must hold booleans; it has dtype {is_tie.dtype}")
    share = None if outcome is None else _shares(outcome, is_tie)
    weights = None if weight is None else _weights(weight)
    for name, column in (
        ("second", right),
        ("outcome", share),
        ("tie", is_tie),
        ("weight", weights),
    ):
        if column is not None and column.shape != left.shape:
            raise DataError(f"`{name}` has shape {column.shape}; `first` has {left.shape}")
    if not len(left):
        raise DataError("`first` is empty; at least one vote is needed")
    hard = weights is None and (share is None or share.dtype != np.float64)
    if hard and share is not None and is_tie is None and order_known:
        table = count_table(left, right, share, len(labels))
        # An item against itself shows on the diagonal, which is cheaper than to ask every vote.
        if table is not None and not table.words.diagonal().any():
            return table
    same = left == right
    if same.any():
        place = int(np.argmax(same))
        raise DataError(
            f"`first[{place}]` and `second[{place}]` are both {labels[left[place]]!r}; "
            f"an item cannot be compared with itself ({int(same.sum())} such votes)"
        )
    if hard:
        cells = _hard_cells(left, right, share, is_tie, len(labels))
    else:
        cells = _weighted_cells(left, right, share, is_tie, weights, len(labels))
    return cells if order_known else Cells(*unordered(cells, len(labels)))


def cells_of_table(table: PairTable) -> Cells:
    """Write out the cells of a counted table."""
    counts = table_cells(table)
    lost, won = np.ascontiguousarray(counts.won.T)
    return Cells(counts.first, counts.second, won, lost, np.zeros_like(won), None)


def unordered(cells: Cells, n_items: int, extra: Sequence[tuple[Any, int]] = ()) -> tuple[Any, ...]:
    """Forget which item was shown first: every cell has first < second.

    `extra` holds further key columns and their sizes; their cells' codes come back at the end.
    """
    swap = cells.first > cells.second
    low, high = np.where(swap, cells.second, cells.first), np.where(swap, cells.first, cells.second)
    won = np.where(swap, cells.second_won, cells.first_won)
    lost = np.where(swap, cells.first_won, cells.second_won)
    values = [won, lost, cells.tied]
    if cells.squares is not None:
        values += [np.where(swap, cells.squares[1], cells.squares[0])]
        values += [np.where(swap, cells.squares[0], cells.squares[1]), *cells.squares[2:]]
    keys, sizes = [low, high], [n_items, n_items]
    for column, size in extra:
        keys.append(column)
        sizes.append(size)
    return key_sums(keys, sizes, values)


def key_sums(
    keys: Sequence[Any], sizes: Sequence[int], values: Sequence[FloatArray]
) -> tuple[Any, ...]:
    """Sum the columns of cells by key: the fields of `Cells`, then the further key columns."""
    grouped = group_sums(keys, sizes, values)
    squares = grouped.sums[3:] if len(values) > 3 else None
    codes = grouped.keys.astype(np.int32)
    return (codes[0], codes[1], *grouped.sums[:3], squares, *codes[2:])


def squares_of(
    share: FloatArray, weight: FloatArray, tie: npt.NDArray[np.bool_]
) -> list[FloatArray]:
    """Per vote, the four terms whose sums `Comparisons.squares` holds."""
    square = np.where(tie, 0.0, weight**2)
    return [
        square * share**2,
        square * (1 - share) ** 2,
        square * share * (1 - share),
        np.where(tie, weight**2, 0.0),
    ]


def item_labels(items: Sequence[Hashable] | int) -> tuple[Hashable, ...]:
    """Labels from a sequence, or 0, 1, ... from how many there are; at least two."""
    if isinstance(items, (int, np.integer)):
        return tuple(range(_validate.whole_number("items", items, at_least=2)))
    labels = _labels.check_labels("items", items)
    if len(labels) < 2:
        raise DataError(f"`items` has {len(labels)} label(s); a comparison needs at least two")
    return labels


def labelled_matrix(name: str, value: Any) -> tuple[FloatArray, tuple[Hashable, ...] | None]:
    """Check a square table of counts; return it with its own labels, if it has any."""
    value, rows, columns = named_matrix(name, value)
    labels = columns if rows is None else rows
    if labels is not None and columns is not None and labels != columns:
        raise DataError(f"`{name}` has rows {rows} but columns {columns}; they must be the same")
    matrix = _validate.finite_array(name, value, ndim=2)
    if matrix.shape[0] != matrix.shape[1]:
        raise DataError(f"`{name}` must be square; it has shape {matrix.shape}")
    if matrix.shape[0] < 2:
        raise DataError(f"`{name}` has {len(matrix)} item(s); a comparison needs at least two")
    _validate.within(name, matrix, 0, _validate.LARGEST_EXACT_COUNT, what="a count")
    diagonal = np.flatnonzero(np.diag(matrix))
    if len(diagonal):
        place = diagonal[0]
        raise DataError(
            f"`{name}[{place}, {place}]` is {matrix[place, place]:g}; "
            "an item cannot be compared with itself, so the diagonal must be zero"
        )
    return matrix, labels


def refuse_other_order(
    name: str, own: tuple[Hashable, ...] | None, labels: tuple[Hashable, ...]
) -> None:
    """Raise if the table's own labels are the items in another order: counts would be swapped."""
    if own is not None and own != labels and set(own) == set(labels):
        raise DataError(
            f"`{name}` has rows {enumerate_some(own)}, but the items are {enumerate_some(labels)}; "
            f"put the rows and columns of `{name}` in the order of the items"
        )


def axis_of(labels: Sequence[Hashable]) -> npt.NDArray[Any]:
    """Labels as a one-dimensional array: of strings or numbers where they are, else objects."""
    kinds = {type(label) for label in labels}
    if kinds in ({str}, {int}, {float}, {bool}):
        return np.array(labels)
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array


def _codes(name: str, value: npt.ArrayLike, n_items: int) -> npt.NDArray[np.integer]:
    codes = np.asarray(_validate.refuse_masked(name, value))
    if codes.ndim != 1:
        raise DataError(f"`{name}` must have one dimension; it has shape {codes.shape}")
    if codes.size and codes.dtype.kind not in "iu":
        raise DataError(f"`{name}` must hold integer codes; it has dtype {codes.dtype}")
    # Read as unsigned, a negative code is more than its own type holds: one pass finds both.
    largest = min(n_items - 1, np.iinfo(codes.dtype).max) if codes.size else 0
    if codes.size and codes.view(codes.dtype.str.replace("i", "u")).max() > largest:
        place = int(np.argmin(codes) if codes.min() < 0 else np.argmax(codes))
        raise DataError(
            f"`{name}[{place}]` is {codes[place]}; codes must be from 0 to {n_items - 1}"
        )
    return codes


def _shares(outcome: npt.ArrayLike, tie: npt.NDArray[np.bool_] | None) -> npt.NDArray[Any]:
    """The first-shown item's share of each vote: integers where all are 0 or 1, else float64."""
    raw = np.asarray(_validate.unmasked(outcome))
    if raw.dtype == bool:
        return raw.view(np.int8)
    if tie is not None and raw.shape == tie.shape and tie.any():
        raw = np.where(tie, 0, raw)
    if raw.dtype.kind in "iu" and raw.size and raw.min() >= 0 and raw.max() <= 1:
        return raw
    share = _validate.finite_array("outcome", raw, ndim=1)
    _validate.within("outcome", share, 0, 1, what="the share of a vote for the first-shown item")
    hard = (share == 0) | (share == 1)
    return share.astype(np.int8) if hard.all() else share


def _weights(weight: npt.ArrayLike) -> FloatArray:
    array = _validate.finite_array("weight", weight, ndim=1)
    return _validate.within("weight", array, 0, _validate.LARGEST_WEIGHT, what="a weight")


def _hard_cells(
    left: npt.NDArray[np.integer],
    right: npt.NDArray[np.integer],
    share: npt.NDArray[Any] | None,
    tie: npt.NDArray[np.bool_] | None,
    n_items: int,
) -> Cells:
    if tie is None:
        if share is None:
            counts = count_pairs(left, right, None, n_items, 1)
            won = counts.won[:, 0]
            return Cells(counts.first, counts.second, won, 0 * won, 0 * won, None)
        counts = count_pairs(left, right, share, n_items, 2)
        lost, won = np.ascontiguousarray(counts.won.T)
        return Cells(counts.first, counts.second, won, lost, np.zeros_like(won), None)
    code = np.where(tie, np.int8(2), np.int8(1) if share is None else share)
    counts = count_pairs(left, right, code, n_items, 3)
    lost, won, tied = np.ascontiguousarray(counts.won.T)
    return Cells(counts.first, counts.second, won, lost, tied, None)


def _weighted_cells(
    left: npt.NDArray[np.integer],
    right: npt.NDArray[np.integer],
    share: npt.NDArray[Any] | None,
    tie: npt.NDArray[np.bool_] | None,
    weight: FloatArray | None,
    n_items: int,
) -> Cells:
    even = np.zeros(len(left), dtype=bool) if tie is None else tie
    y = np.ones(len(left)) if share is None else share.astype(np.float64)
    w = np.ones(len(left)) if weight is None else weight
    kept = w > 0  # a vote of no weight makes no cell
    left, right, even, y, w = left[kept], right[kept], even[kept], y[kept], w[kept]
    if not len(left):
        raise DataError("`weight` is zero for every vote; at least one must count")
    values = [np.where(even, 0, w * y), np.where(even, 0, w * (1 - y)), np.where(even, w, 0)]
    hard = bool((w == 1).all() and ((y == 0) | (y == 1) | even).all())
    if not hard:
        values += squares_of(y, w, even)
    return Cells(*key_sums([left, right], [n_items, n_items], values))

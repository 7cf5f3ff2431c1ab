"""Votes of a table -> `Comparisons`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, LabelError, enumerate_some
from ..kernels._counting import group_sums
from . import _labels
from ._cells import item_labels
from ._comparisons import Comparisons, Grouping
from ._frames import (
    CountedRows,
    can_be_labels,
    check_columns,
    column_kind,
    count_rows,
    encode,
    open_frame,
    relabelled,
)
from ._outcomes import FIRST, SECOND, TIE, outcome_codes, recognise

__all__ = ["count_votes"]

FloatArray = npt.NDArray[np.float64]

#: More labels than this in an item column are taken for a column of ids, unless `items` says so.
MOST_ITEMS = 1 << 19


def count_votes(
    frame: Any,
    *,
    first: str,
    second: str,
    outcome: str | None,
    winner: str | None,
    weight: str | None,
    rater: str | None,
    group: str | Sequence[str] | None,
    covariates: Sequence[str],
    outcomes: Mapping[Any, str] | None,
    missing: str,
    items: Sequence[Hashable] | None,
    memory_limit: int | str | None,
) -> Comparisons:
    """Count a table of votes; arguments as in `Comparisons.from_frame`."""
    if (outcome is None) == (winner is None):
        raise DataError(
            "give exactly one of `outcome` (a column of codes or shares) and `winner` "
            "(a column of winning labels)"
        )
    _validate.one_of("missing", missing, ("error", "drop"))
    if isinstance(covariates, str):
        raise DataError(f"`covariates` is the string {covariates!r}; give a list of columns")
    groups = [group] if isinstance(group, str) else list(group or ())
    result = str(outcome if outcome is not None else winner)
    keys = [first, second, *([rater] if rater is not None else []), *groups]
    columns = [*keys, result, *covariates, *([weight] if weight is not None else [])]
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        raise DataError(f"column {enumerate_some(sorted(map(str, repeated)))} is named twice")

    # Codes that the caller maps, and winners, are labels as much as items are.
    coded = winner is not None or outcomes is not None
    opened = open_frame(
        frame,
        labels=[*keys, *([result] if coded else [])],
        numbers=[*covariates, *([weight] if weight else []), *([] if coded else [result])],
        memory_limit=memory_limit,
    )
    check_columns(opened.frame, columns)
    for name in covariates:
        if column_kind(opened.frame, name) == "other":
            held = opened.frame.collect_schema()[name]
            raise DataError(
                f"covariate column {name!r} must hold numbers; it holds {held}: give a number to "
                "each of its values, or name it as `group`"
            )
    # Shares are summed; codes and labels are part of the key and are read once per cell.
    shares = not coded and column_kind(opened.frame, result) == "float"
    is_csv = opened.is_text

    def votes_of(
        rows: CountedRows, labels: Sequence[Hashable], left: Any, right: Any
    ) -> npt.NDArray[np.int8]:
        raw, code = rows.labels[result], rows.codes[result]
        if winner is not None:
            return _winner_codes(winner, raw, code, labels, left, right, is_csv)
        return outcome_codes(result, raw, outcomes, labels)[code]

    plain = columns == [first, second, result] and not shares
    if plain and isinstance(opened.frame, nw.DataFrame):
        rows = _coded_rows(opened.frame, columns)
        if rows is not None:
            labels, left, right = _items_of(rows, first, second, items, numbers_as_text=False)
            if (left != right).all() and (items is not None or len(labels) <= MOST_ITEMS):
                vote = votes_of(rows, labels, left, right)
                even = vote == TIE
                return Comparisons.from_codes(
                    left, right, vote == FIRST, items=labels, tie=even if even.any() else None
                )
    rows = count_rows(
        opened,
        [*keys, *covariates, *([] if shares else [result])],
        numeric=covariates,
        weight=weight,
        measure=result if shares else None,
        missing=missing,
        most={} if items is not None else dict.fromkeys((first, second), MOST_ITEMS),
    )
    labels, left, right = _items_of(rows, first, second, items, numbers_as_text=is_csv)
    _refuse_self(rows, labels, left, right)
    unit = _is_unit(rows)
    if shares:
        sums = _share_sums(rows, result)
    else:
        sums = _hard_sums(rows, votes_of(rows, labels, left, right))
    known, code_of = dict(rows.labels), dict(rows.codes)
    if is_csv:
        for name in keys[2:]:
            known[name], code_of[name] = _with_numbers(known[name], code_of[name])
    raters = None if rater is None else known[rater]
    grouped = {name: code_of[name] for name in groups}
    if rater is not None:
        for name in groups:
            refuse_two_groups(known[rater], code_of[rater], known[name], grouped[name])
    values = {name: np.array(rows.labels[name], dtype=np.float64) for name in covariates}
    for name, value in values.items():
        if not np.isfinite(value).all():
            raise DataError(
                f"covariate column {name!r} holds {value[~np.isfinite(value)][0]:g}; values must "
                "be finite"
            )

    key_columns = [left, right, *grouped.values()]
    sizes = [len(labels), len(labels), *(len(known[name]) for name in groups)]
    if rater is not None:
        key_columns.append(code_of[rater])
        sizes.append(len(known[rater]))
    key_columns += [rows.codes[name] for name in covariates]
    sizes += [len(values[name]) for name in covariates]
    if unit:
        sums = sums[:3]
    counts = rows.weight > 0  # a vote of no weight makes no cell
    if not counts.all():
        key_columns, sums = [key[counts] for key in key_columns], sums[:, counts]
    summed = group_sums(key_columns, sizes, list(sums))
    if not summed.keys.shape[1]:
        raise DataError(f"column {weight!r} is zero for every vote; at least one must count")
    codes = iter(summed.keys.astype(np.int32))
    cell_first, cell_second = next(codes), next(codes)
    groupings = {name: Grouping(known[name], next(codes)) for name in groups}
    rater_codes = next(codes) if rater is not None else None
    return Comparisons(
        items=labels,
        first=cell_first,
        second=cell_second,
        first_won=summed.sums[0],
        second_won=summed.sums[1],
        tied=summed.sums[2],
        squares=None if unit else summed.sums[3:],
        rater=rater_codes,
        raters=raters,
        groups=groupings,
        covariates={name: values[name][next(codes)] for name in covariates},
        order_known=True,
        n_votes=rows.n_rows - sum(rows.dropped.values()),
        dropped=dict(rows.dropped),
    )


def _coded_rows(frame: nw.DataFrame[Any], columns: Sequence[str]) -> CountedRows | None:
    """Every row of a table as a cell of its own, or None where a row lacks something.

    Plain votes are counted by pair straight from these codes; whatever is wrong with them is
    left to the general way, which says so.
    """
    if not all(can_be_labels(frame.schema[name]) for name in columns):
        return None
    codes, labels = {}, {}
    for name in columns:
        codes[name], labels[name] = encode(frame[name])
        if not len(codes[name]) or codes[name].min() < 0:
            return None
    none = np.empty(0)
    rows = CountedRows({}, {}, none, none, none, none, (0.0, 0.0), len(frame), {})
    return relabelled(labels, codes, rows)


def _items_of(
    rows: CountedRows,
    first: str,
    second: str,
    items: Sequence[Hashable] | None,
    *,
    numbers_as_text: bool,
) -> tuple[tuple[Hashable, ...], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Items of both columns and the cells' codes among them."""
    seen = _labels.union(rows.labels[first], rows.labels[second], name=f"{first}, {second}")
    raw = dict(zip(seen, _numbers_from_text(seen), strict=True)) if numbers_as_text else None
    if len(seen) > MOST_ITEMS and items is None:
        widest = max((first, second), key=lambda column: len(rows.labels[column]))
        raise DataError(
            f"columns {first!r} and {second!r} hold {len(seen):,} distinct labels: is {widest!r} "
            "a column of ids? If these are the items, name them in `items`"
        )
    present = tuple(raw.values()) if raw else seen
    labels = _labels.in_order(present) if items is None else item_labels(items)
    if len(labels) < 2:
        raise DataError(
            f"columns {first!r} and {second!r} hold {len(labels)} label(s): "
            f"{enumerate_some(labels)}; a comparison needs at least two items"
        )
    code = _labels.code_of(labels, "items")
    codes = []
    for column in (first, second):
        own = [raw[label] if raw else label for label in rows.labels[column]]
        for label in own:
            if label not in code:
                raise LabelError.unknown(
                    f"column {column!r}", label, known=labels, argument="`items`"
                )
        place = np.array([code[label] for label in own], dtype=np.int32)
        codes.append(_labels.recode(rows.codes[column], place))
    return labels, codes[0], codes[1]


def _with_numbers(
    labels: Sequence[Hashable], codes: npt.NDArray[np.int32]
) -> tuple[tuple[Hashable, ...], npt.NDArray[np.int32]]:
    """Labels of a text file, and their codes, in the order that they have as numbers."""
    numbers = _numbers_from_text(labels)
    ordered = _labels.in_order(numbers)
    place = {label: code for code, label in enumerate(ordered)}
    return ordered, np.array([place[label] for label in numbers], dtype=np.int32)[codes]


def _numbers_from_text(labels: Sequence[Hashable]) -> tuple[Hashable, ...]:
    """Whole numbers, if every label is the text of one exactly as Python would write it."""
    numbers = []
    for label in labels:
        text = str(label)
        if not (text.lstrip("-").isascii() and text.lstrip("-").isdigit()):
            return tuple(labels)
        if str(int(text)) != text:
            return tuple(labels)
        numbers.append(int(text))
    return tuple(numbers)


def _refuse_self(
    rows: CountedRows,
    labels: Sequence[Hashable],
    left: npt.NDArray[np.int32],
    right: npt.NDArray[np.int32],
) -> None:
    same = left == right
    if same.any():
        names = [labels[code] for code in np.unique(left[same])]
        raise DataError(
            f"{int(rows.count[same].sum())} vote(s) compare an item with itself "
            f"({enumerate_some(names)}); remove them"
        )


def refuse_two_groups(
    raters: Sequence[Hashable],
    rater: npt.NDArray[np.integer],
    labels: Sequence[Hashable],
    group: npt.NDArray[np.integer],
) -> None:
    pairs = group_sums([rater, group], [len(raters), len(labels)], []).keys
    repeated = np.flatnonzero(np.diff(pairs[0]) == 0)
    if len(repeated):
        place = repeated[0]
        names = [labels[pairs[1, place]], labels[pairs[1, place + 1]]]
        raise DataError(
            f"rater {raters[pairs[0, place]]!r} is in two groups ({enumerate_some(names)}); "
            "where there are raters, a group is an attribute of the rater. For groups of votes, "
            "such as the question asked, leave out `rater`"
        )


def _winner_codes(
    column: str,
    raw: Sequence[Hashable],
    code: npt.NDArray[np.int32],
    labels: Sequence[Hashable],
    left: npt.NDArray[np.int32],
    right: npt.NDArray[np.int32],
    numbers_as_text: bool,
) -> npt.NDArray[np.int8]:
    """Whether each cell's winner is its first item, its second, or a word for a tie."""

    def key(label: Hashable) -> Hashable:
        # Python takes True for the item 1; it is a code.
        return str(label) if numbers_as_text else (isinstance(label, bool), label)

    position = {key(label): i for i, label in enumerate(labels)}
    item = np.array([position.get(key(label), -1) for label in raw])[code]
    is_tie = np.array([recognise(label) == TIE for label in raw])[code] & (item < 0)
    vote = np.select([item == left, item == right, is_tie], [FIRST, SECOND, TIE], default=-1)
    if (vote < 0).any():
        place = int(np.argmax(vote < 0))
        word = raw[code[place]]
        hint = ""
        if recognise(word) in (FIRST, SECOND):
            hint = f"; it looks like a code: use outcome={column!r}"
        raise DataError(
            f"column {column!r} names {word!r} as the winner of {labels[left[place]]!r} against "
            f"{labels[right[place]]!r}; it must be one of the two, or a word for a tie "
            f"(tie, draw){hint}"
        )
    return vote.astype(np.int8)


def _hard_sums(rows: CountedRows, vote: npt.NDArray[np.int8]) -> FloatArray:
    """The three sums and four squares of cells whose votes all say the same."""
    w, ww = rows.weight, rows.weight_squared
    won, lost, tied = vote == FIRST, vote == SECOND, vote == TIE
    return np.array([w * won, w * lost, w * tied, ww * won, ww * lost, 0 * ww, ww * tied])


def _share_sums(rows: CountedRows, column: str) -> FloatArray:
    """The three sums and four squares of cells whose votes are shares."""
    low, high = rows.measure_range
    if low < 0 or high > 1:
        raise DataError(
            f"column {column!r} holds {low if low < 0 else high:g}; a number is the share of the "
            "vote for the first-shown item and must be in [0, 1]; map other codes with "
            'outcomes={raw: "first" | "second" | "tie"}'
        )
    wy, wwy, wwyy = rows.measure
    w, ww = rows.weight, rows.weight_squared
    # Differences of equal sums may leave a rounding error below zero.
    lost, square_lost = np.maximum(w - wy, 0), np.maximum(ww - 2 * wwy + wwyy, 0)
    return np.array([wy, lost, 0 * w, wwyy, square_lost, np.maximum(wwy - wwyy, 0), 0 * w])


def _is_unit(rows: CountedRows) -> bool:
    """Whether every vote had weight one and a hard outcome."""
    # Equality in Cauchy-Schwarz: sum w = sum w^2 = n only if every w is one.
    ones = np.array_equal(rows.weight, rows.count)
    ones = ones and np.array_equal(rows.weight_squared, rows.count)
    # Among shares in [0, 1], sum y = sum y^2 only if every y is 0 or 1.
    return ones and (not len(rows.measure) or np.array_equal(rows.measure[0], rows.measure[2]))

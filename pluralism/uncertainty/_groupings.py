"""Which group each unit belongs to, and the data with units moved between groups."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data import Annotations, Comparisons, Grouping, _labels
from ..errors import DataError, LabelError
from ._units import row_taker

__all__ = ["UnitGroups", "unit_groups"]

CodeArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class UnitGroups:
    """The groups of the units of some data.

    Attributes
    ----------
    unit : str
        What is moved between groups.
    group : hashable or None
        Name of the grouping.
    codes : numpy.ndarray of int32, (units,)
        Each unit's group.
    moved : callable
        Codes -> positional arguments of the statistic.
    size : int
        How many numbers the data hold.
    """

    unit: str
    group: Hashable
    codes: CodeArray
    moved: Callable[[CodeArray], tuple[Any, ...]]
    size: int


def unit_groups(data: Any, group: Any) -> UnitGroups:
    """Find the units of `data` and the groups named by `group`."""
    if isinstance(data, Comparisons):
        return _comparison_raters(data, group)
    if isinstance(data, Annotations):
        return _annotation_raters(data, group)
    if hasattr(data, "columns"):
        return _frame_rows(data, group)
    return _labelled_rows(data, group)


def named_group(groups: Mapping[str, Any], group: Any) -> str:
    """Return the name of the grouping to use: `group`, or the only one there is."""
    if not groups:
        raise DataError("`data` has no groups; give group= when building the container")
    if group is None:
        if len(groups) > 1:
            raise DataError(f"`group` must name one of {', '.join(map(repr, groups))}")
        return next(iter(groups))
    if group not in groups:
        raise LabelError.unknown(
            "`group`", group, known=list(groups), argument="the groups of `data`"
        )
    return str(group)


def _comparison_raters(data: Comparisons, group: Any) -> UnitGroups:
    name = named_group(data.groups, group)
    if data.rater is None or data.raters is None:
        raise DataError(
            "raters are moved between groups, but these comparisons do not say who cast them; "
            "give rater= when building them"
        )
    grouping, rater = data.groups[name], data.rater
    codes = np.full(len(data.raters), -1, dtype=np.int32)
    codes[rater] = grouping.codes
    if (codes < 0).any():
        silent = data.raters[int(np.argmin(codes))]
        raise DataError(f"rater {silent!r} has cast no vote, so no group is known for them")

    def moved(codes: CodeArray) -> tuple[Comparisons]:
        changed = Grouping(labels=grouping.labels, codes=codes[rater])
        return (replace(data, groups={**data.groups, name: changed}),)

    return UnitGroups("rater", name, codes, moved, data.n_cells)


def _annotation_raters(data: Annotations, group: Any) -> UnitGroups:
    name = named_group(data.groups, group)
    grouping = data.groups[name]

    def moved(codes: CodeArray) -> tuple[Annotations]:
        changed = Grouping(labels=grouping.labels, codes=codes)
        return (replace(data, groups={**data.groups, name: changed}),)

    return UnitGroups("rater", name, grouping.codes, moved, len(data.item))


def _frame_rows(data: Any, group: Any) -> UnitGroups:
    import narwhals.stable.v2 as nw

    frame = nw.from_native(data, eager_only=True)
    if group not in frame.columns:
        raise LabelError.unknown(
            "`group`", group, known=list(frame.columns), argument="the columns of `data`"
        )
    labels, codes = _codes(frame[group].to_list())

    def moved(codes: CodeArray) -> tuple[Any]:
        column = nw.new_series(
            group,
            [labels[code] for code in codes],
            frame.schema[group],
            backend=frame.implementation,
        )
        return (frame.with_columns(column).to_native(),)

    return UnitGroups("row", group, codes, moved, len(frame) * frame.shape[1])


def _labelled_rows(data: Any, group: Any) -> UnitGroups:
    _, rows, size = row_taker(data)
    if group is None or isinstance(group, str) or not hasattr(group, "__len__"):
        raise DataError(
            f"`group` is {group!r}; for an array it must hold one label per row of `data`"
        )
    if len(group) != rows:
        raise DataError(f"`group` holds {len(group)} labels for the {rows} rows of `data`")
    labels, codes = _codes(list(group))
    values = np.asarray(labels)
    return UnitGroups("row", None, codes, lambda codes: (data, values[codes]), size)


def _codes(column: Sequence[Any]) -> tuple[list[Hashable], CodeArray]:
    for place, label in enumerate(column):
        if _labels.is_missing(label):
            raise DataError(
                f"`group[{place}]` is {label!r}; every row needs a group, so leave out the rows "
                "without one or name them"
            )
    known: dict[Hashable, int] = {}
    codes = np.array([known.setdefault(label, len(known)) for label in column], dtype=np.int32)
    return list(known), codes

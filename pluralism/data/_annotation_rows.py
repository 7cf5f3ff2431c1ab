"""Rows of labels -> the columns of `Annotations`, and those columns on disk."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, LabelError
from ..kernels._counting import group_sums
from . import _labels
from ._annotation_parts import check_scale, resolve_categories
from ._annotations import Annotations
from ._comparisons import Grouping
from ._files import is_path
from ._frames import count_rows
from ._storage import (
    codes,
    damaged,
    drops,
    listed,
    read_columns,
    sums,
    writable_labels,
    write_columns,
)
from ._votes import refuse_two_groups

__all__ = ["count_labels", "load_annotations", "save_annotations"]


def count_labels(
    frame: Any,
    *,
    item: str,
    rater: str,
    label: str,
    group: str | Sequence[str] | None,
    weight: str | None,
    categories: Iterable[Any] | None,
    scale: Any,
    missing: str,
    memory_limit: int | str | None,
) -> Annotations:
    """Count the labels of a table; arguments and errors as in `Annotations.from_frame`."""
    columns = () if group is None else (group,) if isinstance(group, str) else tuple(group)
    keys = [item, rater, label, *columns]
    if len(set(keys)) < len(keys):
        raise DataError(f"a column has two roles: {keys}; each needs a column of its own")
    wanted = None if categories is None else _labels.check_labels("categories", categories)
    rows = count_rows(frame, keys, weight=weight, missing=missing, memory_limit=memory_limit)
    seen = rows.labels[label]
    if is_path(frame) and _numbers_expected(wanted, scale):
        seen = _as_numbers(label, seen)
    names, position = resolve_categories(seen, wanted, scale, place=f"column {label!r}")
    check_scale(scale, names)
    raters = rows.labels[rater]
    groups = {}
    for column in columns:
        refuse_two_groups(raters, rows.codes[rater], rows.labels[column], rows.codes[column])
        codes = np.zeros(len(raters), dtype=np.int32)
        codes[rows.codes[rater]] = rows.codes[column]
        groups[column] = Grouping(rows.labels[column], codes)
    used = rows.weight > 0.0
    grouped = group_sums(
        [rows.codes[item][used], rows.codes[rater][used], position[rows.codes[label][used]]],
        [len(rows.labels[item]), len(raters), len(names)],
        [rows.weight[used], rows.weight_squared[used]],
    )
    if not grouped.keys.shape[1]:
        raise DataError(f"every weight in column {weight!r} is zero; there is no label")
    cells = grouped.keys.astype(np.int32)
    # 0.4 + 1.2 = 0.16 + 1.44: only with their number too are weights one (Cauchy-Schwarz).
    unit = weight is None or all(
        np.array_equal(sums[used], rows.count[used]) for sums in (rows.weight, rows.weight_squared)
    )
    return Annotations(
        items=rows.labels[item],
        categories=names,
        scale=scale,
        item=cells[0],
        label=cells[2],
        weight=grouped.sums[0],
        squares=None if unit else grouped.sums[1],
        rater=cells[1],
        raters=raters,
        groups=groups,
        n_labels=rows.n_rows - sum(rows.dropped.values()),
        dropped=dict(rows.dropped),
    )


def save_annotations(annotations: Annotations, path: Path) -> None:
    """Write a container of labels; see `Annotations.save`."""
    columns: dict[str, npt.NDArray[Any]] = {
        "item": annotations.item,
        "label": annotations.label,
        "weight": annotations.weight,
    }
    if annotations.rater is not None:
        columns["rater"] = annotations.rater
    if annotations.squares is not None:
        columns["squares"] = annotations.squares
    raters = annotations.raters
    metadata = {
        "items": writable_labels("items", annotations.items),
        "categories": writable_labels("categories", annotations.categories),
        "raters": None if raters is None else writable_labels("raters", raters),
        "scale": annotations.scale,
        "groups": [
            {
                "name": name,
                "labels": writable_labels(name, grouping.labels),
                "codes": grouping.codes.tolist(),
            }
            for name, grouping in annotations.groups.items()
        ],
        "n_labels": annotations.n_labels,
        "dropped": dict(annotations.dropped),
    }
    write_columns(path, "annotations", columns, metadata)


def load_annotations(path: Path) -> Annotations:
    """Read a container of labels; see `Annotations.load`."""
    columns, metadata = read_columns(path, "annotations")
    try:
        items = _labels.check_labels("items", listed(metadata["items"]))
        categories = _labels.check_labels("categories", listed(metadata["categories"]))
        raters = metadata["raters"]
        if raters is not None:
            raters = _labels.check_labels("raters", listed(raters))
        groups = {}
        for group in metadata["groups"]:
            labels = _labels.check_labels("groups", listed(group["labels"]))
            of = codes(path, {group["name"]: np.array(group["codes"])}, group["name"], len(labels))
            if len(of) != len(raters or ()):
                raise ValueError("a rater has no group")
            groups[str(group["name"])] = Grouping(labels, of)
        annotations = Annotations(
            items=items,
            categories=categories,
            scale=metadata["scale"],
            item=codes(path, columns, "item", len(items)),
            label=codes(path, columns, "label", len(categories)),
            weight=sums(path, columns, "weight"),
            squares=sums(path, columns, "squares") if "squares" in columns else None,
            rater=None if raters is None else codes(path, columns, "rater", len(raters)),
            raters=raters,
            groups=groups,
            n_labels=_validate.whole_number("n_labels", metadata["n_labels"]),
            dropped=drops(metadata),
        )
        check_scale(annotations.scale, annotations.categories)
        for name in ("weight", "squares"):
            column = getattr(annotations, name)
            if column is not None and not (column > 0).all():
                raise ValueError(f"{name!r} holds impossible sums")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(path, error) from error
    return annotations


def _numbers_expected(categories: Sequence[Any] | None, scale: Any) -> bool:
    if categories is None:
        return scale in ("ordinal", "interval", "ratio")
    return all(isinstance(name, (int, float)) for name in categories)


def _number(text: str) -> int | float | None:
    """Read a decimal number; Python would also read 1_5, nan and the digits of other scripts."""
    plain = text.strip()
    if re.fullmatch(r"[+-]?[0-9]+", plain):
        return int(plain)
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", plain):
        return float(plain)
    return None


def _as_numbers(column: str, texts: Sequence[Hashable]) -> tuple[Hashable, ...]:
    """Read the labels of a text file as numbers, since the scale or the categories are numeric."""
    numbers: list[Hashable] = []
    for text in texts:
        number = _number(text) if isinstance(text, str) else text
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise LabelError(f"column {column!r} holds {text!r}, which is no number")
        exact = isinstance(number, float) and abs(number) <= _validate.LARGEST_EXACT_COUNT
        numbers.append(int(number) if exact and number.is_integer() else number)  # type: ignore[union-attr]
    if len(set(numbers)) < len(numbers):
        raise LabelError(f"column {column!r} writes one number in two ways, such as 1 and 1.0")
    return tuple(numbers)

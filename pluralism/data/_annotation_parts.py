"""What the doors of `Annotations` share: names, categories, codes, weights and merging."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, LabelError, enumerate_some
from ..kernels._counting import group_sums
from . import _labels
from ._comparisons import Grouping

if TYPE_CHECKING:
    from ._annotations import Annotations

__all__ = [
    "Scale",
    "check_codes",
    "check_scale",
    "groupings",
    "index",
    "label_matrix",
    "merged",
    "names",
    "resolve_categories",
    "take",
    "weights",
]

FloatArray = npt.NDArray[np.float64]

Scale = Literal["nominal", "ordinal", "interval", "ratio"]


def names(name: str, given: Iterable[Any] | None, size: int) -> tuple[Hashable, ...]:
    if given is None:
        return tuple(range(size))
    names = _labels.check_labels(name, given)
    if len(names) != size:
        raise DataError(f"`{name}` names {len(names)}, but there are {size}")
    return names


def label_matrix(name: str, values: Any) -> npt.NDArray[Any]:
    """A raters x items array of labels as they were written: NumPy makes one type of several."""
    values = _validate.unmasked(values)
    try:
        array = np.asarray(values)
        mixed = array if array is values else np.asarray(values, dtype=object)
    except ValueError:
        raise DataError(f"`{name}` is ragged; its rows must be equally long") from None
    if array.ndim != 2:
        raise DataError(f"`{name}` must be raters x items; it has shape {array.shape}")
    if array.dtype.kind in "US":
        return np.asarray(values, dtype=object)
    if mixed.dtype != object:
        return array
    flat = [label for label in mixed.ravel().tolist() if not _labels.is_missing(label)]
    if any(isinstance(label, (bool, np.bool_)) for label in flat):
        _labels.check_labels(name, flat, unique=False)
        return mixed
    huge = array.dtype.kind == "f" and (np.abs(array) >= _validate.LARGEST_EXACT_COUNT).any()
    return mixed if huge else array


def resolve_categories(
    seen: Sequence[Any], categories: Iterable[Any] | None, scale: Any, *, place: str
) -> tuple[tuple[Hashable, ...], npt.NDArray[np.int64]]:
    """All categories in order, and the position of each label of `seen` among them."""
    _validate.one_of("scale", scale, get_args(Scale))
    labels = _labels.check_labels(place.strip("`"), seen)
    if categories is None:
        text = [label for label in labels if not _is_number(label)]
        if scale == "ordinal" and text:
            raise DataError(
                f"an ordinal scale needs `categories` in their order: {enumerate_some(text)} "
                "cannot be ordered without it"
            )
        names = _labels.in_order(labels)
    else:
        names = _labels.check_labels("categories", categories)
    codes = _labels.code_of(names, "categories")
    for label in labels:
        if label not in codes:
            raise LabelError.unknown(place, label, known=names, argument="`categories`")
    return names, np.array([codes[label] for label in labels], dtype=np.int64)


def check_scale(scale: Any, categories: Sequence[Any]) -> None:
    _validate.one_of("scale", scale, get_args(Scale))
    if not categories:
        raise DataError("`categories` is empty; at least one category is needed")
    if scale not in ("interval", "ratio"):
        return
    for place, label in enumerate(categories):
        if not _is_number(label) or not np.isfinite(label):
            raise DataError(
                f"`categories[{place}]` is {label!r}; on the scale {scale!r} categories must be "
                "finite numbers"
            )
        if isinstance(label, int) and abs(label) > _validate.LARGEST_EXACT_COUNT:
            raise DataError(
                f"`categories[{place}]` is {label!r}, which is not exact in float64 (above 2**53); "
                f"on the scale {scale!r} categories are computed with"
            )
        if scale == "ratio" and label < 0:
            raise DataError(
                f"`categories[{place}]` is {label!r}; on a ratio scale none may be below zero"
            )


def check_codes(name: str, codes: npt.NDArray[Any], size: int, length: int) -> None:
    if codes.ndim != 1 or len(codes) != length:
        raise DataError(
            f"`{name}` has shape {codes.shape}; it must have one entry for each of the "
            f"{length} labels"
        )
    if len(codes) and codes.dtype.kind not in "iu":
        raise DataError(f"`{name}` must hold whole numbers; its dtype is {codes.dtype}")
    bad = (codes < 0) | (codes >= size)
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        raise DataError(f"`{name}[{place}]` is {int(codes[place])}; codes must be in 0..{size - 1}")


def weights(
    weight: npt.ArrayLike | None, count: npt.ArrayLike | None, length: int
) -> tuple[FloatArray, FloatArray | None, int]:
    """Weights, squared weights where they differ, and the number of labels."""
    if weight is not None and count is not None:
        raise DataError("give `weight` or `count`, not both")
    if weight is None and count is None:
        return np.ones(length), None, length
    name = "count" if weight is None else "weight"
    array = _validate.finite_array(name, count if weight is None else weight, ndim=1)
    if len(array) != length:
        raise DataError(f"`{name}` has {len(array)} entries for {length} labels")
    bad = array <= 0.0
    if bad.any():
        place = _validate.first_place(bad)
        raise DataError(f"`{name}[{place}]` is {array[bad][0]:g}; it must be above zero")
    if weight is None:
        broken = array != np.floor(array)
        if broken.any():
            raise DataError(
                f"`count[{_validate.first_place(broken)}]` is {array[broken][0]:g}; counts must be "
                "whole numbers (fractions are given as `weight`)"
            )
        return array, None, int(array.sum())
    return array, (None if (array == 1.0).all() else array * array), length


def groupings(
    groups: Mapping[str, Sequence[Any]] | None, raters: tuple[Hashable, ...] | None
) -> dict[str, Grouping]:
    if not groups:
        return {}
    if raters is None:
        raise DataError("`groups` are attributes of raters; give `rater` and `raters`")
    result = {}
    for name, values in groups.items():
        values = _labels.check_labels(f"groups[{name!r}]", values, unique=False)
        if len(values) != len(raters):
            raise DataError(
                f"`groups[{name!r}]` has {len(values)} entries for {len(raters)} raters"
            )
        labels = _labels.in_order(set(values))
        codes = _labels.code_of(labels, name)
        result[name] = Grouping(labels, np.array([codes[v] for v in values], dtype=np.int32))
    return result


def merged(left: Annotations, right: Annotations) -> dict[str, Any]:
    """Build the fields of the container that holds the labels of both."""
    if left.scale != right.scale:
        raise DataError(f"cannot merge a scale {left.scale!r} with {right.scale!r}")
    if (left.raters is None) != (right.raters is None):
        raise DataError("cannot merge Annotations with raters and Annotations without")
    if set(left.groups) != set(right.groups):
        raise DataError(
            f"cannot merge group columns {enumerate_some(left.groups)} with "
            f"{enumerate_some(right.groups)}"
        )
    both = (left, right)
    items = _labels.union(left.items, right.items, name="items")
    categories = _merged_categories(left, right)
    raters = None
    if left.raters is not None and right.raters is not None:
        raters = _labels.union(left.raters, right.raters, name="raters")
    squares = None
    if left.squares is not None or right.squares is not None:
        squares = np.concatenate(
            [part.weight if part.squares is None else part.squares for part in both]
        )
    keys = [np.concatenate([_recode(part.items, items)[part.item] for part in both])]
    sizes = [len(items)]
    if raters is not None:
        keys.append(
            np.concatenate([_recode(part.raters or (), raters)[part.rater] for part in both])
        )
        sizes.append(len(raters))
    keys.append(np.concatenate([_recode(part.categories, categories)[part.label] for part in both]))
    sizes.append(len(categories))
    weight = np.concatenate([part.weight for part in both])
    grouped = group_sums(keys, sizes, [weight] if squares is None else [weight, squares])
    codes = grouped.keys.astype(np.int32)
    dropped = dict(left.dropped)
    for reason, count in right.dropped.items():
        dropped[reason] = dropped.get(reason, 0) + count
    return dict(  # noqa: C408
        items=items,
        categories=categories,
        scale=left.scale,
        item=codes[0],
        label=codes[-1],
        weight=grouped.sums[0],
        squares=None if squares is None else grouped.sums[1],
        rater=None if raters is None else codes[1],
        raters=raters,
        groups={} if raters is None else _merged_groups(left, right, raters),
        n_labels=left.n_labels + right.n_labels,
        dropped=dropped,
    )


def _merged_categories(left: Annotations, right: Annotations) -> tuple[Hashable, ...]:
    if left.categories == right.categories or left.scale == "nominal":
        return _labels.union(left.categories, right.categories, name="categories")
    if left.scale in ("interval", "ratio"):
        return _labels.in_order({*left.categories, *right.categories})
    raise DataError(
        f"cannot merge the orders {enumerate_some(left.categories)} and "
        f"{enumerate_some(right.categories)}; give both containers the same `categories`"
    )


def _merged_groups(
    left: Annotations, right: Annotations, raters: tuple[Hashable, ...]
) -> dict[str, Grouping]:
    merged: dict[str, list[Any]] = {}
    for name in left.groups:
        of: dict[Hashable, Hashable] = {}
        for part in (left, right):
            grouping = part.groups[name]
            for rater, code in zip(part.raters or (), grouping.codes, strict=True):
                group = grouping.labels[code]
                if of.setdefault(rater, group) != group:
                    raise DataError(
                        f"rater {rater!r} is in two groups of {name!r}: {of[rater]!r} and {group!r}"
                    )
        merged[name] = [of[rater] for rater in raters]
    return groupings(merged, raters)


def _recode(old: Sequence[Hashable], new: Sequence[Hashable]) -> npt.NDArray[np.int64]:
    codes = _labels.code_of(new, "labels")
    return np.array([codes[label] for label in old], dtype=np.int64)


def take(labels: Sequence[Any], codes: Any) -> npt.NDArray[Any]:
    return index(labels)[codes]


def index(labels: Sequence[Any]) -> npt.NDArray[Any]:
    """Labels as a coordinate: a plain array, or an object array where their types are mixed."""
    kinds = {type(label) for label in labels}
    if len(kinds) == 1 and kinds <= {int, float, str}:
        return np.array(labels)
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array


def _is_number(label: Any) -> bool:
    return isinstance(label, (int, float)) and not isinstance(label, bool)

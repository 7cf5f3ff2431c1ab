"""Two containers of comparisons -> one: the cells add."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from . import _labels
from ._cells import key_sums
from ._comparisons import Comparisons, Grouping
from ._votes import refuse_two_groups

__all__ = ["merged"]


def merged(left: Comparisons, right: Comparisons) -> Comparisons:
    """Add the cells of two containers; arguments and errors as in `Comparisons.merge`."""
    if not isinstance(right, Comparisons):
        raise DataError(f"`other` is a {type(right).__name__}; it must be a Comparisons")
    if left.order_known != right.order_known:
        raise DataError(
            "one container knows which item was shown first and `other` does not "
            f"(order_known is {left.order_known} and {right.order_known}); they cannot be merged"
        )
    for what, here, there in (
        ("raters", _known(left.raters), _known(right.raters)),
        ("group columns", sorted(left.groups), sorted(right.groups)),
        ("covariates", sorted(left.covariates), sorted(right.covariates)),
    ):
        if here != there:
            raise DataError(
                f"the two containers differ in their {what}: {here} and {there}; count both with "
                "the same columns"
            )
    items = _labels.union(left.items, right.items, name="items")
    keys = [
        _recoded(items, (left.items, left.first), (right.items, right.first)),
        _recoded(items, (left.items, left.second), (right.items, right.second)),
    ]
    sums = [
        np.concatenate([getattr(left, name), getattr(right, name)])
        for name in ("first_won", "second_won", "tied")
    ]
    if left.squares is not None or right.squares is not None:
        sums += list(np.concatenate([_squares(left), _squares(right)], axis=1))
    if not left.order_known:
        swap = keys[0] > keys[1]
        keys = [np.where(swap, keys[1], keys[0]), np.where(swap, keys[0], keys[1])]
        for one, other in ((0, 1), (3, 4)):
            if len(sums) > one:
                a, b = sums[one], sums[other]
                sums[one], sums[other] = np.where(swap, b, a), np.where(swap, a, b)
    sizes = [len(items), len(items)]
    group_labels = {}
    for name, ours in left.groups.items():
        theirs = right.groups[name]
        group_labels[name] = _labels.union(ours.labels, theirs.labels, name=name)
        keys.append(
            _recoded(group_labels[name], (ours.labels, ours.codes), (theirs.labels, theirs.codes))
        )
        sizes.append(len(group_labels[name]))
    raters = None
    if left.raters is not None and right.raters is not None:
        raters, others = _raters(left.raters, right.raters)
        keys.append(_recoded(raters, (left.raters, left.rater), (others, right.rater)))
        sizes.append(len(raters))
        for place, name in enumerate(group_labels):
            refuse_two_groups(raters, keys[-1], group_labels[name], keys[2 + place])
    values = {}
    for name in left.covariates:
        both = np.concatenate([left.covariates[name], right.covariates[name]])
        values[name], codes = np.unique(both, return_inverse=True)
        keys.append(codes)
        sizes.append(len(values[name]))
    first, second, won, lost, tied, squares, *rest = key_sums(keys, sizes, sums)
    columns = iter(rest)
    return Comparisons(
        items=items,
        first=first,
        second=second,
        first_won=won,
        second_won=lost,
        tied=tied,
        squares=squares,
        groups={name: Grouping(labels, next(columns)) for name, labels in group_labels.items()},
        rater=next(columns) if raters is not None else None,
        raters=raters,
        covariates={name: value[next(columns)] for name, value in values.items()},
        order_known=left.order_known,
        n_votes=left.n_votes + right.n_votes,
        dropped={
            reason: left.dropped.get(reason, 0) + right.dropped.get(reason, 0)
            for reason in {**left.dropped, **right.dropped}
        },
    )


def _known(raters: object) -> str:
    return "none" if raters is None else "named"


def _raters(
    left: tuple[Hashable, ...], right: tuple[Hashable, ...]
) -> tuple[tuple[Hashable, ...], tuple[Hashable, ...]]:
    """Raters of both containers, and how those of the second are called there."""
    nameless = isinstance(left, _labels.Nameless), isinstance(right, _labels.Nameless)
    if all(nameless):
        both = _labels.Nameless(range(len(left) + len(right)))
        return both, both[len(left) :]
    if any(nameless):
        raise DataError(
            "one container knows its raters by name, and those of the other are rankings without "
            "names (`from_rankings`): nobody knows who is who, so they cannot be merged"
        )
    return _labels.union(left, right, name="raters"), right


def _recoded(labels: Sequence[Hashable], *parts: tuple[Any, Any]) -> npt.NDArray[np.int64]:
    """Codes of several containers, each with labels of its own, as codes among `labels`."""
    position = {label: place for place, label in enumerate(labels)}
    return np.concatenate(
        [
            np.array([position[label] for label in own], dtype=np.int64)[codes]
            for own, codes in parts
        ]
    )


def _squares(comparisons: Comparisons) -> npt.NDArray[np.float64]:
    if comparisons.squares is not None:
        return comparisons.squares
    zero = np.zeros(comparisons.n_cells)
    return np.array([comparisons.first_won, comparisons.second_won, zero, comparisons.tied])

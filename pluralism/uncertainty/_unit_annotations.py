"""Annotations with raters, items, both, or single labels drawn again.

A rater drawn w times is one rater whose labels weigh w, and whose squared weights grow by w
squared: statistics that compare labels leave out the pairs of a label with itself by exactly
these squares, so nobody agrees with a copy of themselves. An item drawn w times is w items: its
raters are compared within each of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..data import Annotations
from ..errors import DataError
from ._unit import Schemes, Units

__all__ = ["ANNOTATIONS"]

FloatArray = npt.NDArray[np.float64]

#: Single labels that are drawn one by one: more would fill the memory.
_MOST_LABELS = 100_000_000


def _raters(data: Annotations) -> Units:
    if data.raters is None:
        raise DataError(
            "`unit` is 'rater', but these annotations do not say who gave them; "
            "give rater= when building them, or use unit='item'"
        )
    counts = np.ones(len(data.raters))
    return Units("rater", (counts,), lambda weights: _weighted(data, weights), len(data.item))


def _items(data: Annotations) -> Units:
    counts = np.ones(data.n_items)
    return Units("item", (counts,), lambda weights: _copied(data, weights), len(data.item))


def _both(data: Annotations) -> Units:
    (raters,) = _raters(data).counts

    def reweighted(rater: FloatArray, item: FloatArray) -> Annotations | None:
        part = _weighted(data, rater)
        return None if part is None else _copied(part, item)

    return Units("rater+item", (raters, np.ones(data.n_items)), reweighted, len(data.item))


def _labels(data: Annotations) -> Units:
    if data.squares is not None:
        if not np.allclose(data.squares, data.weight**2, rtol=1e-12, atol=0.0):
            raise DataError(
                "unit='row' needs the weight of every label, but some rater gave one item the "
                "same label more than once, with different weights; use unit='rater' or 'item'"
            )
        cell = np.arange(len(data.item))
    else:
        # Labels of weight one: a cell of three labels is three units.
        if data.weight.sum() > _MOST_LABELS:
            raise DataError(
                f"unit='row' draws {data.weight.sum():,.0f} labels one by one, more than "
                f"{_MOST_LABELS:,}; use unit='item'"
            )
        cell = np.repeat(np.arange(len(data.item)), np.rint(data.weight).astype(np.intp))
    each = data.weight / np.bincount(cell)

    def reweighted(weights: FloatArray) -> Annotations | None:
        drawn = np.bincount(cell, weights, len(each))
        squares = np.bincount(cell, weights**2, len(each))
        return _kept(data, drawn * each, squares * each**2)

    return Units("row", (np.ones(len(cell)),), reweighted, len(data.item))


def _weighted(data: Annotations, weights: FloatArray) -> Annotations | None:
    """Multiply the labels of each rater, (raters,)."""
    assert data.rater is not None
    factor = weights[data.rater]
    squares = data.weight if data.squares is None else data.squares
    return _kept(data, data.weight * factor, squares * factor**2)


def _kept(data: Annotations, weight: FloatArray, squares: FloatArray) -> Annotations | None:
    """Give the cells new sums and leave out those that became empty."""
    kept = np.flatnonzero(weight > 0)
    if not len(kept):
        return None
    return replace(
        data,
        item=data.item[kept],
        label=data.label[kept],
        rater=None if data.rater is None else data.rater[kept],
        weight=weight[kept],
        squares=squares[kept],
        n_labels=round(data.n_labels * float(weight.sum()) / float(data.weight.sum())),
    )


def _copied(data: Annotations, weights: FloatArray) -> Annotations | None:
    """Repeat each item as often as it was drawn, (items,)."""
    drawn = weights.astype(np.intp)
    times = drawn[data.item]
    cell = np.repeat(np.arange(len(data.item)), times)
    if not len(cell):
        return None
    copy = np.arange(len(cell)) - np.repeat(np.cumsum(times) - times, times)
    start = np.cumsum(drawn) - drawn
    item = start[data.item[cell]] + copy
    # Cells stand in the order of their items, on which the rater models rely.
    order = np.argsort(item, kind="stable")
    cell, item = cell[order], item[order]
    weight = data.weight[cell]
    return replace(
        data,
        items=tuple(
            data.items[code] if not number else f"{data.items[code]} (copy {number + 1})"
            for code in np.flatnonzero(drawn)
            for number in range(drawn[code])
        ),
        item=item.astype(np.int32),
        label=data.label[cell],
        rater=None if data.rater is None else data.rater[cell],
        weight=weight,
        squares=None if data.squares is None else data.squares[cell],
        n_labels=round(data.n_labels * float(weight.sum()) / float(data.weight.sum())),
    )


ANNOTATIONS: Schemes = {"rater": _raters, "item": _items, "rater+item": _both, "row": _labels}

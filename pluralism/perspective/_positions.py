"""What belongs to categories and to kept axes: positions, matrices, weights, by name."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .._labelled import Layout, as_labelled, match_dimension
from .._validate import finite_array, first_place
from ..errors import DataError, LabelError

__all__ = ["by_name", "matched_to", "pairwise_matrix", "positions"]

FloatArray = npt.NDArray[np.float64]


def positions(values: Any, layout: Layout, k: int, *, unit: bool = False) -> FloatArray:
    """Positions (k,) of the categories: `values`, or equal steps from 0 (to 1 if `unit`)."""
    if values is None:
        return np.arange(k) / max(k - 1, 1) if unit else np.arange(k, dtype=np.float64)
    result = by_name("values", values, layout.categories)
    if len(result) != k:
        raise DataError(f"`values` has {len(result)} positions for {k} categories")
    if np.abs(result).max(initial=0.0) > 1e100:
        raise DataError(f"`values` reaches {np.abs(result).max():g}; rescale the positions")
    return result


def by_name(name: str, values: Any, labels: Sequence[Hashable] | None) -> FloatArray:
    """Return a vector; a mapping, Series or labelled array is put in the order of `labels`."""
    given, named = as_labelled(name, values)
    if given is None or given.ndim != 1 or given.dims[0] not in given.indexes:
        return finite_array(name, values if given is None else given.values, ndim=1)
    if labels is None:
        if named:
            raise DataError(f"`{name}` names categories, but the distributions have no labels")
        return finite_array(name, given.values, ndim=1)
    dim = given.dims[0]
    _check_same(name, given.indexes[dim].tolist(), labels)
    return finite_array(name, given.sel({dim: list(labels)}).values)


def matched_to(name: str, value: Any, layout: Layout, shape: tuple[int, ...]) -> FloatArray:
    """Spread `value` over the kept axes, by label where both have any, else by position."""
    given, named = as_labelled(name, value)
    if given is not None and layout.template is not None:
        if named:  # a mapping or a Series belongs to the last kept dimension
            given = given.rename({given.dims[0]: layout.template.dims[-1]})
        for dim in given.dims:
            if dim not in layout.template.dims:
                raise LabelError.unknown(
                    f"`{name}`", dim, known=layout.template.dims, argument="the kept dimensions"
                )
            given = match_dimension(["the distributions", name], [layout.template, given], dim)[1]
            if dim in layout.template.indexes:
                given = given.sel({dim: layout.template.indexes[dim].tolist()})
        value = given.broadcast_like(layout.template).transpose(*layout.template.dims).values
    array = finite_array(name, value)
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise DataError(f"`{name}` has shape {array.shape}; it must fit {shape}") from None


def pairwise_matrix(
    name: str, value: Any, layout: Layout, k: int, *, diagonal: float, largest: float = np.inf
) -> FloatArray:
    """Check a matrix (k, k) over pairs of categories; a labelled one is put in their order."""
    given, _ = as_labelled(name, value)
    if given is not None:
        if layout.categories is not None and given.ndim == 2:
            for dim in given.dims:
                if dim in given.indexes:
                    _check_same(name, given.indexes[dim].tolist(), layout.categories)
                    given = given.sel({dim: list(layout.categories)})
        value = given.values
    matrix = finite_array(name, value, ndim=2)
    if matrix.shape != (k, k):
        raise DataError(f"`{name}` has shape {matrix.shape}; for {k} categories it must be {k, k}")
    # A cosine of 1 is often 1.0000000000000002; it is as much a one as on the diagonal below.
    bad = (matrix < -1e-9) | (matrix > largest + 1e-9)
    if bad.any():
        bound = "at least 0" if largest == np.inf else f"in [0, {largest:g}]"
        raise DataError(f"`{name}[{first_place(bad)}]` is {matrix[bad][0]:g}; it must be {bound}")
    off = np.abs(np.diagonal(matrix) - diagonal) > 1e-9
    if off.any():
        i = int(np.flatnonzero(off)[0])
        raise DataError(
            f"`{name}[{i}, {i}]` is {matrix[i, i]:g}; of a category and itself it is {diagonal:g}"
        )
    return np.clip(matrix, 0.0, largest)


def _check_same(name: str, given: Sequence[Hashable], known: Sequence[Hashable]) -> None:
    for label in given:
        if label not in known:
            raise LabelError.unknown(f"`{name}`", label, known=known, argument="the categories")
    missing = [label for label in known if label not in given]
    if missing:
        raise LabelError(f"`{name}` has no entry for the category {missing[0]!r}")

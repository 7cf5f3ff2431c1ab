"""Where categories lie: on a line, or at pairwise similarities and distances."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .._labelled import Layout
from .._validate import finite_array, first_place
from ..errors import DataError, LabelError

__all__ = ["pairwise_matrix", "positions"]

FloatArray = npt.NDArray[np.float64]


def positions(values: Any, layout: Layout, k: int, *, unit: bool = False) -> FloatArray:
    """Positions (k,) of the categories: `values`, or equal steps from 0 (to 1 if `unit`)."""
    if values is None:
        return np.arange(k) / max(k - 1, 1) if unit else np.arange(k, dtype=np.float64)
    values = _by_name("values", values, layout.categories)
    result = finite_array("values", values, ndim=1)
    if len(result) != k:
        raise DataError(f"`values` has {len(result)} positions for {k} categories")
    return result


def pairwise_matrix(
    name: str, value: Any, layout: Layout, k: int, *, diagonal: float, largest: float = np.inf
) -> FloatArray:
    """Check a matrix (k, k) over pairs of categories; a labelled one is put in their order."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        if layout.categories is not None:
            _check_same(name, tuple(value.index), layout.categories)
            _check_same(name, tuple(value.columns), layout.categories)
            order = list(layout.categories)
            value = value.loc[order, order]
        value = value.to_numpy()
    matrix = finite_array(name, value, ndim=2)
    if matrix.shape != (k, k):
        raise DataError(f"`{name}` has shape {matrix.shape}; for {k} categories it must be {k, k}")
    bad = (matrix < 0.0) | (matrix > largest)
    if bad.any():
        bound = "at least 0" if largest == np.inf else f"in [0, {largest:g}]"
        raise DataError(f"`{name}[{first_place(bad)}]` is {matrix[bad][0]:g}; it must be {bound}")
    off = np.abs(np.diagonal(matrix) - diagonal) > 1e-9
    if off.any():
        i = int(np.flatnonzero(off)[0])
        raise DataError(
            f"`{name}[{i}, {i}]` is {matrix[i, i]:g}; of a category and itself it is {diagonal:g}"
        )
    return matrix


def _by_name(name: str, values: Any, categories: Sequence[Hashable] | None) -> Any:
    """Put a mapping or a Series of positions in the order of the categories."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(values, pandas.Series):
        values = values.to_dict()
    if not isinstance(values, Mapping):
        return values
    if categories is None:
        raise DataError(f"`{name}` names categories, but the distributions have no labels")
    _check_same(name, tuple(values), categories)
    return [values[category] for category in categories]


def _check_same(name: str, given: Sequence[Hashable], known: Sequence[Hashable]) -> None:
    for label in given:
        if label not in known:
            raise LabelError.unknown(f"`{name}`", label, known=known, argument="the categories")
    missing = [label for label in known if label not in given]
    if missing:
        raise LabelError(f"`{name}` has no entry for the category {missing[0]!r}")

"""A matrix and the names that come with it: frames of several libraries, labelled arrays, lists."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import DataError
from . import _labels

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = ["NamedMatrix", "named_matrix", "rows_first"]


class NamedMatrix(NamedTuple):
    """What was given, without names, and the names of its rows and columns where it has any."""

    values: Any
    rows: tuple[Hashable, ...] | None
    columns: tuple[Hashable, ...] | None


def named_matrix(
    name: str, value: Any, *, dims: tuple[str, str] | None = None, as_objects: bool = False
) -> NamedMatrix:
    """Take the names off a matrix.

    Parameters
    ----------
    name : str
        How messages call it.
    value : array-like, frame or DataArray
        A frame of pandas, Polars or PyArrow names its columns, one of pandas also its rows.
    dims : tuple of str, optional
        What rows and columns are: a DataArray whose dimensions are called so is turned to fit.
    as_objects : bool
        Whether the columns of a frame keep their own types; they do at least where whole numbers
        would be rounded, as other columns are fractions.
    """
    if hasattr(value, "dims") and hasattr(value, "coords"):
        if len(value.dims) != 2:
            return NamedMatrix(value.values, None, None)
        value = rows_first(value, dims)
        rows, columns = (
            tuple(_labels.as_list(value.coords[dim].values)) if dim in value.coords else None
            for dim in value.dims
        )
        return NamedMatrix(value.values, rows, columns)
    if not _labels.is_frame(value):
        return NamedMatrix(value, None, None)
    if hasattr(value, "index"):
        kinds = {dtype.kind for dtype in value.dtypes}
        own = as_objects or ("f" in kinds and bool(kinds & set("iu")))
        values = value.to_numpy(dtype=object) if own else value.to_numpy()
        return NamedMatrix(values, tuple(value.index), tuple(value.columns))
    import narwhals.stable.v2 as nw

    try:
        frame = nw.from_native(value, eager_only=True)
    except TypeError:
        raise DataError(
            f"`{name}` is a {type(value).__name__}; collect it into a pandas, Polars or PyArrow "
            "frame before"
        ) from None
    types = frame.schema.values()
    own = as_objects or (any(t.is_float() for t in types) and any(t.is_integer() for t in types))
    return NamedMatrix(_objects(frame) if own else frame.to_numpy(), None, tuple(frame.columns))


def rows_first(array: Any, dims: tuple[str, str] | None = None) -> Any:
    """Turn a DataArray whose dimensions, by their names (`..._bis` or `dims`), stand reversed."""
    first, second = array.dims
    turned = first == f"{second}_bis" or (dims and (first == dims[1] or second == dims[0]))
    return array.transpose() if turned else array


def _objects(frame: nw.DataFrame[Any]) -> Any:
    values = np.empty(frame.shape, dtype=object)
    for place, column in enumerate(frame.iter_columns()):
        values[:, place] = column.to_list()
    return values

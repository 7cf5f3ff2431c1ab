"""Labels around numbers: what comes in as an array, a DataArray or a frame goes out in kind.

A statistic of ours reduces one axis, that of the categories. `take` moves that axis last and
keeps what belongs to the others; `Layout.wrap` puts it back on the result:

* an array gives an array, or a Python float where nothing is left (``axis=-1``);
* a DataArray gives a DataArray with its coordinates and attributes (``dim=``);
* a frame, rows x categories, gives a DataArray over its rows; a Series or a mapping a float.

`take_together` does the same for several inputs and matches labelled ones by category name. Sets
of categories that differ are an error unless `fill` says what an absent one holds.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ._validate import finite_array
from .errors import DataError, LabelError, enumerate_some

__all__ = [
    "CATEGORY",
    "ROW",
    "Layout",
    "as_labelled",
    "collected",
    "match_dimension",
    "take",
    "take_together",
]

FloatArray = npt.NDArray[np.float64]

#: Names of the dimensions of a frame that does not name them itself.
ROW = "row"
CATEGORY = "category"


@dataclass(frozen=True)
class Layout:
    """What belongs to the axes that a statistic keeps.

    Attributes
    ----------
    template : xarray.DataArray or None
        An array of the kept dimensions with coordinates and attributes; None for plain arrays.
    categories : tuple or None
        Labels of the reduced axis, where it has any.
    dim : hashable or None
        Name of the reduced dimension of a labelled input.
    unboxed : bool
        Whether a result without dimensions is a float even though the input had labels.
    """

    template: Any = None
    categories: tuple[Hashable, ...] | None = None
    dim: Hashable | None = None
    unboxed: bool = False

    def without(self, kept: Hashable) -> Layout:
        """Return the layout after the kept dimension `kept` has been reduced too."""
        left = self.template.drop_vars(
            [n for n, c in self.template.coords.items() if kept in c.dims]
        )
        return replace(self, template=left.isel({kept: 0}, drop=True))

    def wrap(
        self,
        values: Any,
        *,
        extra: Mapping[str, Any] | None = None,
        attrs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Put the kept labels back on `values`.

        Parameters
        ----------
        values : array_like, shape (kept axes..., extra axes...)
            What the kernel gave.
        extra : mapping of str to array_like, optional
            New trailing dimensions with their coordinates, in order.
        attrs : mapping, optional
            How the result was made; joins the attributes of the input.
        """
        values = np.asarray(values)
        if self.template is None or (self.unboxed and values.ndim == 0):
            return values.item() if values.ndim == 0 else values
        template = self.template
        for name in extra or {}:
            if name in template.dims:
                raise DataError(
                    f"the result has a dimension {name!r} of its own; rename that of the input"
                )
        for name, coordinate in (extra or {}).items():
            template = template.expand_dims({name: np.asarray(coordinate)}, axis=template.ndim)
        result = template.copy(data=values)
        result.attrs = {**self.template.attrs, **(attrs or {})}
        result.name = None
        return result


def take(
    name: str, value: Any, *, axis: int = -1, dim: Hashable | None = None, allow_nan: bool = False
) -> tuple[FloatArray, Layout]:
    """Return the numbers of `value` with the reduced axis last, and the layout of the rest.

    Parameters
    ----------
    name, value : str, and array_like, DataArray, frame, Series or mapping
        The argument's name, for messages, and the input.
    axis : int
        The axis to reduce; of a DataArray only where `dim` is None.
    dim : hashable, optional
        The dimension to reduce of a labelled input.
    allow_nan : bool
        Whether NaN may stand for a missing entry.

    An axis or dimension that is not there or is empty is a `DataError`.
    """
    labelled, unboxed = as_labelled(name, value, dim=dim)
    if labelled is None:
        if dim is not None:
            raise DataError(f"`dim` is {dim!r}, but `{name}` is a plain array; use `axis`")
        return _axis_last(name, finite_array(name, value, allow_nan=allow_nan), axis), Layout()
    dim = _reduced(name, labelled, axis, dim)
    labelled = labelled.transpose(..., dim)
    values = _axis_last(name, finite_array(name, labelled.values, allow_nan=allow_nan), -1)
    return values, _layout(labelled, dim, unboxed)


def take_together(
    values: Mapping[str, Any],
    *,
    axis: int = -1,
    dim: Hashable | None = None,
    fill: float | None = None,
    allow_nan: bool = False,
) -> tuple[list[FloatArray], Layout]:
    """Return the numbers of several inputs, matched to the first, and their common layout.

    Labelled inputs are matched by category name, and their other dimensions by name and label;
    plain arrays are matched by position. Kept axes are broadcast against each other.

    Parameters
    ----------
    values : mapping of str to array_like, DataArray, frame, Series or mapping
        The inputs by argument name.
    axis, dim, allow_nan
        As in `take`.
    fill : float, optional
        What a category holds that one input has and another lacks.

    Raises
    ------
    LabelError
        Categories, or labels of a shared dimension, that differ.
    DataError
        Category axes of different length, or kept axes that do not fit together.
    """
    names = list(values)
    boxed = {name: as_labelled(name, value, dim=dim) for name, value in values.items()}
    if not any(labelled is not None for labelled, _ in boxed.values()):
        arrays = [
            take(name, values[name], axis=axis, dim=dim, allow_nan=allow_nan)[0] for name in names
        ]
        _check_shapes(names, arrays)
        return arrays, Layout()
    return _take_labelled(values, boxed, axis=axis, dim=dim, fill=fill, allow_nan=allow_nan)


def as_labelled(name: str, value: Any, *, dim: Hashable | None = None) -> tuple[Any, bool]:
    """Return `value` as a DataArray, and whether a full reduction of it is a plain float.

    A plain array gives ``(None, False)``. Foreign types are recognised without an import.
    """
    if isinstance(value, np.ndarray | Sequence | int | float):
        return None, False
    xarray = sys.modules.get("xarray")
    if xarray is not None and isinstance(value, xarray.DataArray):
        return value, False
    if xarray is not None and isinstance(value, xarray.Dataset):
        raise DataError(f"`{name}` is a Dataset; pass one of its variables ({list(value)[:6]})")
    if isinstance(value, Mapping):
        return _from_mapping(name, value, dim), True
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.Series):
        if value.index.has_duplicates:
            twice = value.index[value.index.duplicated()][0]
            raise LabelError(f"`{name}` has the category {twice!r} twice")
        return _from_mapping(name, value.to_dict(), dim or value.index.name), True
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return _from_pandas(name, value, dim), False
    if hasattr(type(value), "columns"):
        return _from_frame(name, value, dim), False
    return None, False


def match_dimension(
    names: Sequence[str], arrays: Sequence[Any], dim: Hashable, *, fill: float | None = None
) -> list[Any]:
    """Reindex DataArrays so that all share the labels of `dim`, in the order of the first.

    A label that one has and another lacks is an error unless `fill` is given.
    """
    reference, matched = arrays[0], [arrays[0]]
    union = _labels(reference, dim)
    for name, array in zip(names[1:], arrays[1:], strict=True):
        labels = _labels(array, dim)
        if union is None or labels is None:
            if array.sizes[dim] != reference.sizes[dim]:
                raise DataError(
                    f"`{names[0]}` has {reference.sizes[dim]} entries along {dim!r} and `{name}` "
                    f"has {array.sizes[dim]}; label both to match them by name"
                )
            if labels is not None:
                array = array.drop_vars(dim)
            if union is not None:
                array = array.assign_coords({dim: reference[dim]})
        elif labels != union:
            known, given = set(union), set(labels)
            if known != given and fill is None:
                _refuse(names[0], name, dim, union, labels)
            _refuse_repeated(f"`{names[0]}`", dim, reference.indexes[dim])
            _refuse_repeated(f"`{name}`", dim, array.indexes[dim])
            union = (*union, *(label for label in labels if label not in known))
        matched.append(array)
    if union is None or all(_labels(array, dim) == union for array in matched):
        return matched
    # Not a list: pandas would take labels that are tuples for the levels of an index.
    wanted = _coordinate(dim, union)[1]
    return [array.reindex({dim: wanted}, fill_value=fill) for array in matched]


def _take_labelled(
    values: Mapping[str, Any],
    boxed: Mapping[str, tuple[Any, bool]],
    *,
    axis: int,
    dim: Hashable | None,
    fill: float | None,
    allow_nan: bool,
) -> tuple[list[FloatArray], Layout]:
    import xarray as xr

    names = [name for name in values if boxed[name][0] is not None]
    first = _reduced(names[0], boxed[names[0]][0], axis, dim)
    arrays: list[Any] = []
    for name in names:
        labelled = boxed[name][0]
        own = _reduced(name, labelled, axis, dim)
        if own != first and first in labelled.dims:
            raise DataError(
                f"the categories lie along {first!r} in `{names[0]}` and along {own!r} in "
                f"`{name}`; say which by `dim`"
            )
        arrays.append(labelled.rename({own: first}).transpose(..., first))
    arrays = match_dimension(names, arrays, first, fill=fill)
    for kept in dict.fromkeys(d for array in arrays for d in array.dims if d != first):
        having = [i for i, array in enumerate(arrays) if kept in array.dims]
        matched = match_dimension([names[i] for i in having], [arrays[i] for i in having], kept)
        for i, array in zip(having, matched, strict=True):
            arrays[i] = array
    spread = [array.transpose(..., first) for array in xr.broadcast(*arrays, exclude=[first])]
    unboxed = all(flag for labelled, flag in boxed.values() if labelled is not None)
    layout = _layout(spread[0], first, unboxed)
    template = layout.template
    for array in spread[1:]:
        other = {n: c for n, c in array.coords.items() if first not in c.dims}
        template = template.assign_coords({**other, **template.coords})
    layout = Layout(template, layout.categories, first, unboxed)
    result = []
    numbers = dict(zip(names, spread, strict=True))
    for name, value in values.items():
        if name in numbers:
            array = finite_array(name, numbers[name].values, allow_nan=allow_nan)
            result.append(_axis_last(name, array, -1))
            continue
        array = _axis_last(name, finite_array(name, value, allow_nan=allow_nan), axis)
        if array.ndim > 1 and array.shape[:-1] != template.shape:
            raise DataError(
                f"`{name}` is a plain array of shape {array.shape}; beside labelled input it must "
                f"be one vector of categories or have shape {(*template.shape, array.shape[-1])}"
            )
        result.append(array)
    _check_shapes(list(values), result)
    return result, layout


def _check_shapes(names: Sequence[str], arrays: Sequence[FloatArray]) -> None:
    for name, array in zip(names[1:], arrays[1:], strict=True):
        if array.shape[-1] != arrays[0].shape[-1]:
            raise DataError(
                f"`{names[0]}` has {arrays[0].shape[-1]} categories and `{name}` has "
                f"{array.shape[-1]}; they must be over the same categories"
            )
        try:
            np.broadcast_shapes(arrays[0].shape, array.shape)
        except ValueError:
            raise DataError(
                f"`{names[0]}` of shape {arrays[0].shape} and `{name}` of shape {array.shape} "
                "do not fit together (categories last)"
            ) from None


def _axis_last(name: str, array: FloatArray, axis: int) -> FloatArray:
    if array.ndim == 0:
        raise DataError(
            f"`{name}` is the single number {array[()]:g}; it must have an axis of categories"
        )
    _check_axis(axis)
    if not -array.ndim <= axis < array.ndim:
        raise DataError(f"`axis` is {axis}, but `{name}` has {array.ndim} dimension(s)")
    if array.shape[axis] == 0:
        raise DataError(f"`{name}` has no categories; its shape is {array.shape}")
    if array.size == 0:
        raise DataError(f"`{name}` holds no distribution; its shape is {array.shape}")
    return np.moveaxis(array, axis, -1)


def _check_axis(axis: Any) -> None:
    if not isinstance(axis, int | np.integer) or isinstance(axis, bool):
        raise DataError(f"`axis` is {axis!r}; it must be a whole number")


def _reduced(name: str, labelled: Any, axis: int, dim: Hashable | None) -> Hashable:
    """Name of the dimension to reduce."""
    dims = tuple(labelled.dims)
    if dim is not None:
        if dim not in dims:
            raise LabelError.unknown(
                "`dim`", dim, known=dims, argument=f"the dimensions of `{name}`"
            )
        return dim
    _check_axis(axis)
    if not dims or not -len(dims) <= axis < len(dims):
        raise DataError(f"`axis` is {axis}, but `{name}` has the dimensions {dims}")
    return dims[axis]


def _layout(labelled: Any, dim: Hashable, unboxed: bool) -> Layout:
    if labelled.sizes[dim] == 0:
        raise DataError(f"the dimension {dim!r} holds no categories")
    if dim in labelled.indexes:
        _refuse_repeated("the input", dim, labelled.indexes[dim])
    template = labelled.drop_vars([n for n, c in labelled.coords.items() if dim in c.dims])
    return Layout(template.isel({dim: 0}, drop=True), _labels(labelled, dim), dim, unboxed)


def _refuse_repeated(owner: str, dim: Hashable, index: Any) -> None:
    if index.has_duplicates:
        raise LabelError(
            f"{owner} repeats the label {index[index.duplicated()][0]!r} along {dim!r}; "
            "add its entries up or name them apart"
        )


def _labels(labelled: Any, dim: Hashable) -> tuple[Hashable, ...] | None:
    return tuple(labelled.indexes[dim].tolist()) if dim in labelled.indexes else None


def _refuse(
    left: str, right: str, dim: Hashable, known: Sequence[Hashable], given: Sequence[Hashable]
) -> None:
    only_left = [label for label in known if label not in set(given)]
    only_right = [label for label in given if label not in set(known)]
    parts = [
        f"only `{name}` has {enumerate_some(labels)}"
        for name, labels in ((left, only_left), (right, only_right))
        if labels
    ]
    raise LabelError(
        f"`{left}` and `{right}` differ along {dim!r}: {'; '.join(parts)}. "
        "Give both the same labels, or say what an absent category holds (`fill=0`)"
    )


def _from_mapping(name: str, value: Mapping[Any, Any], dim: Hashable | None) -> Any:
    import xarray as xr

    dim = CATEGORY if dim is None else dim
    numbers = finite_array(name, list(value.values()), ndim=1, allow_nan=True)
    return xr.DataArray(numbers, coords={dim: _coordinate(dim, value)}, dims=[dim])


def _coordinate(dim: Hashable, labels: Iterable[Any]) -> Any:
    """Labels of the categories as they are: numbers beside text stay numbers, tuples one label."""
    given = list(labels)
    if len({type(label) for label in given}) == 1 and not isinstance(given[0], tuple):
        return (dim, given)
    coordinate = np.empty(len(given), dtype=object)
    coordinate[:] = given
    return (dim, coordinate)


def _from_pandas(name: str, frame: Any, dim: Hashable | None) -> Any:
    import xarray as xr

    rows, columns = frame.index.name or ROW, dim or frame.columns.name or CATEGORY
    _refuse_text(
        name,
        [c for c, kind in frame.dtypes.items() if kind.kind not in "buif"],
        len(frame.columns),
    )
    if rows == columns:
        raise DataError(
            f"`{name}` calls both its rows and its columns {rows!r}; rename its index or say `dim`"
        )
    if frame.columns.has_duplicates:
        raise LabelError(
            f"`{name}` has the column {frame.columns[frame.columns.duplicated()][0]!r} twice"
        )
    return xr.DataArray(
        frame.to_numpy(dtype=np.float64, na_value=np.nan),
        coords={rows: frame.index, columns: _coordinate(columns, frame.columns)},
        dims=[rows, columns],
        attrs=dict(frame.attrs),
    )


def _from_frame(name: str, frame: Any, dim: Hashable | None) -> Any:
    import narwhals as nw
    import xarray as xr

    try:
        table = nw.from_native(frame)
    except TypeError:
        raise DataError(
            f"`{name}` is a {type(frame).__name__}, which is no known frame or array"
        ) from None
    table = collected(table)
    _refuse_text(
        name,
        [c for c, t in table.schema.items() if not (t.is_numeric() or t == nw.Boolean)],
        len(table.columns),
    )
    columns = [table[c].cast(nw.Float64).to_numpy() for c in table.columns]
    numbers = np.column_stack(columns) if columns else np.empty((len(table), 0))
    dim = CATEGORY if dim is None else dim
    return xr.DataArray(numbers, coords={dim: table.columns}, dims=[ROW, dim])


def collected(frame: Any) -> Any:
    """Collect a lazy narwhals frame as Polars or pandas.

    Left to itself narwhals takes PyArrow for DuckDB, which the package does not require.
    """
    import narwhals as nw

    if not isinstance(frame, nw.LazyFrame):
        return frame
    return frame.collect(backend="polars" if frame.implementation.is_polars() else "pandas")


def _refuse_text(name: str, columns: Sequence[Hashable], of: int) -> None:
    if columns:
        # A column beside numbers may say who is in which group.
        group = f", or pass one of groups apart: groups=frame.pop({columns[0]!r})"
        raise DataError(
            f"`{name}` is a frame of rows x categories, but its column(s) "
            f"{enumerate_some(columns)} hold no numbers; make them the index or leave them out"
            f"{group if len(columns) < of else ''}"
        )

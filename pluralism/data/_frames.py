"""Rows of any table -> counts by key, counted inside the engine that holds the rows.

`count_rows` is the one door for every container. An eager frame is encoded column by column and
summed by `kernels.group_sums`; a lazy one (DuckDB, Polars, Dask, PySpark, Ibis) gets a single
narwhals group-by, and only its cells are collected; a path is opened with DuckDB and is lazy.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, enumerate_some
from ..kernels._counting import group_sums
from . import _labels

__all__ = ["CountedRows", "column_kind", "count_rows", "open_frame"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

#: Names of the aggregated columns; a user's column may not be called so.
_PREFIX = "__pluralism_"


@dataclass(frozen=True)
class CountedRows:
    """Sums over the rows of a table by the distinct values of its key columns.

    Attributes
    ----------
    labels : mapping of str to tuple
        Key column -> its distinct values, sorted.
    codes : mapping of str to numpy.ndarray of int32, (cells,)
        Key column -> position in its labels, cell by cell.
    count : numpy.ndarray, (cells,)
        Rows.
    weight, weight_squared : numpy.ndarray, (cells,)
        Sums of w and w^2; both equal to `count` where no weight column was named.
    measure : numpy.ndarray, (3, cells)
        Sums of w y, w^2 y and w^2 y^2 of the measured column; empty where none was named.
    measure_range : tuple of float
        Smallest and largest y.
    n_rows : int
        Rows read, dropped ones included.
    dropped : mapping of str to int
        Reason -> rows dropped.
    """

    labels: Mapping[str, tuple[Hashable, ...]]
    codes: Mapping[str, IntArray]
    count: FloatArray
    weight: FloatArray
    weight_squared: FloatArray
    measure: FloatArray
    measure_range: tuple[float, float]
    n_rows: int
    dropped: Mapping[str, int]


def count_rows(
    source: Any,
    keys: Sequence[str],
    *,
    weight: str | None = None,
    measure: str | None = None,
    missing: str = "error",
) -> CountedRows:
    """Count the rows of `source` by the values of its `keys` columns.

    Parameters
    ----------
    source : frame or path
        Whatever `open_frame` takes.
    keys : sequence of str
        Columns whose distinct combinations are the cells.
    weight : str, optional
        Column of non-negative weights.
    measure : str, optional
        Numeric column to be summed.
    missing : {"error", "drop"}
        What to do with a row that lacks any of these.

    Raises
    ------
    DataError
        A column is absent or not numeric, a value is missing, infinite or negative, or there
        are no rows.
    LabelError
        A key column holds one label written in two ways.
    """
    _validate.one_of("missing", missing, ("error", "drop"))
    frame = open_frame(source, labels=keys)
    used = [*dict.fromkeys(keys)]
    numeric = [name for name in (weight, measure) if name is not None]
    check_columns(frame, [*used, *numeric])
    for name in numeric:
        if column_kind(frame, name) not in ("integer", "float", "boolean"):
            raise DataError(f"column {name!r} must hold numbers; it holds {_dtype(frame, name)}")
    if isinstance(frame, nw.LazyFrame):
        from ._pushdown import count_lazily

        return count_lazily(frame, used, weight, measure, missing)
    return _count_eagerly(frame, used, weight, measure, missing)


def open_frame(source: Any, *, labels: Sequence[str] = (), in_order: bool = False) -> Frame:
    """Return a narwhals frame over `source`; a path is opened lazily with DuckDB.

    Parameters
    ----------
    source : frame, str or pathlib.Path
        Any frame that narwhals supports, or a file ending in .csv, .parquet, .jsonl or .ndjson.
    labels : sequence of str
        Columns of a CSV file that are read as text even where they look like numbers, so that
        ``007`` and ``7`` stay two labels.
    in_order : bool
        Whether the rows of a path must come in the order of the file.
    """
    if isinstance(source, (str, Path)):
        from ._pushdown import open_path

        return open_path(source, labels, in_order=in_order)
    try:
        return nw.from_native(source)
    except TypeError:
        raise DataError(
            f"`frame` is a {type(source).__name__}; it must be a table that narwhals supports "
            "(pandas, Polars, PyArrow, DuckDB, Ibis, Dask, PySpark) or the path of a "
            ".csv, .parquet or .jsonl file"
        ) from None


def check_columns(frame: Frame, names: Sequence[str]) -> None:
    """Say which of `names` the frame does not have."""
    known = frame.collect_schema().names()
    for name in names:
        if name not in known:
            close = get_close_matches(str(name), [str(k) for k in known], n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise DataError(
                f"there is no column {name!r} in `frame`{hint} "
                f"(its columns: {enumerate_some(known, 20)})"
            )


def column_kind(frame: Frame, name: str) -> str:
    """Return "integer", "float", "boolean" or "other"."""
    dtype = frame.collect_schema()[name]
    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype.is_decimal():
        return "float"
    return "boolean" if dtype == nw.Boolean else "other"


def _dtype(frame: Frame, name: str) -> str:
    return str(frame.collect_schema()[name])


def _count_eagerly(
    frame: nw.DataFrame[Any],
    keys: Sequence[str],
    weight: str | None,
    measure: str | None,
    missing: str,
) -> CountedRows:
    n_rows = len(frame)
    if not n_rows:
        raise DataError("`frame` has no rows; at least one is needed")
    codes, labels = {}, {}
    for name in keys:
        codes[name], labels[name] = encode(frame[name])
    columns = {name: _numbers(frame[name]) for name in (weight, measure) if name is not None}
    absent = {name: code < 0 for name, code in codes.items()}
    absent |= {name: np.isnan(column) for name, column in columns.items()}
    kept, dropped = _complete(absent, n_rows, missing)
    if kept is not None:
        codes = {name: code[kept] for name, code in codes.items()}
        columns = {name: column[kept] for name, column in columns.items()}
    for name, column in columns.items():
        _check_numbers(name, column, is_weight=name == weight)
    values = []
    if weight is not None:
        values += [columns[weight], columns[weight] ** 2]
    if measure is not None:
        y = columns[measure]
        w = columns[weight] if weight is not None else np.ones(len(y))
        values += [w * y, w**2 * y, w**2 * y**2]
    grouped = group_sums([codes[name] for name in keys], [len(labels[n]) for n in keys], values)
    sums = list(grouped.sums)
    first, second = (sums.pop(0), sums.pop(0)) if weight is not None else (grouped.counts,) * 2
    extremes = (0.0, 0.0) if measure is None else (float(y.min()), float(y.max()))
    return relabelled(
        labels,
        {name: grouped.keys[place] for place, name in enumerate(keys)},
        CountedRows(
            {}, {}, grouped.counts, first, second, np.array(sums), extremes, n_rows, dropped
        ),
    )


def relabelled(
    labels: Mapping[str, Sequence[Hashable]],
    codes: Mapping[str, npt.NDArray[Any]],
    rows: CountedRows,
) -> CountedRows:
    """Check the labels, sort them, leave out those of no cell, and recode the cells."""
    from dataclasses import replace

    clean, recoded = {}, {}
    for name, code in codes.items():
        checked = _labels.check_labels(name, labels[name])
        present = np.flatnonzero(np.bincount(code, minlength=len(checked)))
        seen = [checked[place] for place in present]
        clean[name] = _labels.in_order(seen)
        position = {label: place for place, label in enumerate(clean[name])}
        lookup = np.zeros(len(checked) + 1, dtype=np.int32)
        lookup[present] = [position[label] for label in seen]
        recoded[name] = lookup[code]
    return replace(rows, labels=clean, codes=recoded)


def encode(series: nw.Series[Any]) -> tuple[npt.NDArray[np.integer], list[Hashable]]:
    """Integer codes of a column (-1 where missing) and the labels that they stand for."""
    native = series.to_native()
    if series.dtype.is_integer() and not series.null_count():
        return _encode_integers(series.to_numpy())
    if series.implementation.is_polars():
        import polars as pl

        kinds = (pl.String, pl.Categorical, pl.Enum)
        if native.dtype in kinds:
            # The physical codes of a categorical may have gaps; they are integers all the same.
            category = native.cast(pl.Categorical) if native.dtype == pl.String else native
            physical = category.to_physical()
            known = category.to_frame("c").unique().drop_nulls()["c"]
            codes, present = _encode_integers(physical.fill_null(0).to_numpy())
            text = dict(zip(known.to_physical().to_list(), known.to_list(), strict=True))
            codes[category.is_null().to_numpy()] = -1
            return codes, [text.get(code) for code in present] if text else []
    elif series.implementation.is_pyarrow():
        import pyarrow as pa

        encoded = pa.chunked_array(native).combine_chunks()
        if not pa.types.is_dictionary(encoded.type):
            encoded = encoded.dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return codes, encoded.dictionary.to_pylist()
    import pandas as pd

    if not series.implementation.is_pandas():
        native = pd.Series(series.to_list(), dtype=object)  # integers with a gap stay integers
    codes, values = pd.factorize(native, use_na_sentinel=True)
    return codes, list(values)


def _encode_integers(
    values: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.integer], list[Hashable]]:
    low, high = int(values.min()), int(values.max())
    if high - low < 4 * len(values) + 1024:
        codes = values if low == 0 else values - low
        if codes.dtype.kind == "u":
            codes = codes.astype(np.int64)
        return codes.copy(), list(range(low, high + 1))
    labels, codes = np.unique(values, return_inverse=True)
    return codes, labels.tolist()


def _numbers(series: nw.Series[Any]) -> FloatArray:
    """Return a numeric column as float64 with NaN where it is missing."""
    return np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64)


def _complete(
    absent: Mapping[str, npt.NDArray[np.bool_]], n_rows: int, missing: str
) -> tuple[npt.NDArray[np.bool_] | None, dict[str, int]]:
    """Which rows lack nothing (None for all), and how many were dropped for which column."""
    lacking = {name: mask for name, mask in absent.items() if mask.any()}
    if not lacking:
        return None, {}
    if missing == "error":
        name, mask = next(iter(lacking.items()))
        rows = np.flatnonzero(mask)
        raise DataError(missing_message(name, len(rows), places=rows[:5].tolist()))
    kept = np.ones(n_rows, dtype=bool)
    dropped = {}
    for name, mask in lacking.items():
        dropped[f"no {name}"] = int((mask & kept).sum())
        kept &= ~mask
    if not kept.any():
        raise DataError("no row of `frame` is complete; nothing is left to count")
    return kept, dropped


def missing_message(name: str, count: int, places: Sequence[int] = ()) -> str:
    """Say how many rows lack column `name`, and which come first."""
    where = f" (first: row {enumerate_some(places)})" if places else ""
    return (
        f"column {name!r} has no value in {count} row(s){where}; "
        'complete them, or leave them out with missing="drop"'
    )


def weight_bounds(is_weight: bool) -> tuple[float, float, str]:
    """Smallest and largest value that a numeric column may hold, and how a message says so."""
    if not is_weight:
        return -np.inf, np.inf, ""
    most = _validate.LARGEST_WEIGHT
    return 0.0, most, f" and at least 0, and weights at most {most:g}"


def _check_numbers(name: str, column: FloatArray, *, is_weight: bool) -> None:
    low, high, bound = weight_bounds(is_weight)
    bad = ~np.isfinite(column) | (column < low) | (column > high)
    if bad.any():
        raise DataError(
            f"column {name!r} holds {column[bad][0]:g} in row {int(np.argmax(bad))} "
            f"({int(bad.sum())} such row(s)); values must be finite{bound}"
        )

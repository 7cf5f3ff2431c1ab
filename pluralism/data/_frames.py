"""Rows of any table -> counts by key, counted inside the engine that holds the rows.

`count_rows` is the one door for every container. An eager frame is encoded column by column and
summed by `kernels.group_sums`; a lazy one (DuckDB, Polars, Dask, PySpark, Ibis) gets a single
narwhals group-by, and only its cells are collected; paths are opened with DuckDB and are lazy.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, enumerate_some, first_line
from ..kernels._counting import group_sums
from . import _labels
from ._files import Opened, is_path, open_path

__all__ = ["CountedRows", "column_kind", "count_rows", "open_frame"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

#: What cannot be a label: engines hand these back as different Python objects, if at all.
_NO_LABELS = (
    nw.Decimal, nw.Date, nw.Datetime, nw.Time, nw.Duration, nw.Binary, nw.List, nw.Array,
    nw.Struct, nw.Int128, nw.UInt128,
)  # fmt: skip


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
    numeric: Sequence[str] = (),
    weight: str | None = None,
    measure: str | None = None,
    missing: str = "error",
    most: Mapping[str, int] | None = None,
    memory_limit: int | str | None = None,
) -> CountedRows:
    """Count the rows of `source` by the values of its `keys` columns.

    Parameters
    ----------
    source : frame, path or Opened
        Whatever `open_frame` takes or returns.
    keys : sequence of str
        Columns whose distinct combinations are the cells.
    numeric : sequence of str
        Those of the keys that hold numbers rather than labels.
    weight : str, optional
        Column of non-negative weights.
    measure : str, optional
        Numeric column to be summed.
    missing : {"error", "drop"}
        What to do with a row that lacks any of these.
    most : mapping of str to int, optional
        Key column -> how many labels it may have; more are taken for a column of ids.
    memory_limit : int or str, optional
        Of DuckDB, where `source` is a path.

    Raises
    ------
    DataError
        A column is absent or not numeric, a value is missing, infinite or negative, or there
        are no rows; a key column cannot hold labels or has too many.
    LabelError
        A key column holds one label written in two ways.
    """
    _validate.one_of("missing", missing, ("error", "drop"))
    numbers = [name for name in (*numeric, weight, measure) if name is not None]
    opened = source
    if not isinstance(source, Opened):
        named = [name for name in keys if name not in numeric]
        opened = open_frame(source, labels=named, numbers=numbers, memory_limit=memory_limit)
    frame = opened.frame
    used = [*dict.fromkeys(keys)]
    check_columns(frame, [*used, *numbers])
    for name in numbers:
        if column_kind(frame, name) not in ("integer", "float", "boolean"):
            raise DataError(f"column {name!r} must hold numbers; it holds {_dtype(frame, name)}")
    schema = frame.collect_schema()
    for name in used:
        if name not in numeric and not can_be_labels(schema[name]):
            raise DataError(
                f"column {name!r} holds {schema[name]}, which cannot be a label; "
                "write its values as text or as plain numbers"
            )
    exact = [name for name in numeric if schema[name].is_decimal()]
    if exact:
        frame = frame.with_columns(nw.col(*exact).cast(nw.Float64))
    if isinstance(frame, nw.LazyFrame):
        from ._pushdown import count_lazily

        rows = count_lazily(
            frame, used, weight, measure, missing, most=most or {}, connection=opened.connection,
            whole=opened.whole,
        )  # fmt: skip
    else:
        rows = _count_eagerly(frame, used, weight, measure, missing, most or {})
    for name in numeric:
        if name in opened.whole or schema[name].is_integer():
            _refuse_large(name, rows.labels[name])
    return rows


def open_frame(
    source: Any,
    *,
    labels: Sequence[str] = (),
    numbers: Sequence[str] = (),
    in_order: bool = False,
    memory_limit: int | str | None = None,
) -> Opened:
    """Return a narwhals frame over `source`; paths are opened lazily with DuckDB.

    Parameters
    ----------
    source : frame, str, pathlib.Path, or a list of paths
        Any frame that narwhals supports, or files ending in .csv, .parquet, .jsonl or .ndjson.
    labels, numbers, in_order, memory_limit
        As in `open_path`.
    """
    if is_path(source):
        return open_path(
            source, labels=labels, numbers=numbers, in_order=in_order, memory_limit=memory_limit
        )
    if memory_limit is not None:
        raise DataError(
            f"`memory_limit` is {memory_limit!r}, but `frame` is a {type(source).__name__}, whose "
            "own engine counts it; set the limit there, or give the path of a file"
        )
    try:
        return Opened(nw.from_native(source))
    except nw.exceptions.DuplicateError as error:
        which = " ".join(str(error).partition("\n")[2].split())
        raise DataError(f"`frame` has columns of one name ({which}); rename them") from None
    except TypeError:
        raise DataError(
            f"`frame` is a {type(source).__name__}; it must be a table that narwhals supports "
            "(pandas, Polars, PyArrow, DuckDB, Ibis, Dask, PySpark) or the path of a "
            ".csv, .parquet or .jsonl file"
        ) from None


def refuse_ids(name: str, n_labels: int, most: Mapping[str, int]) -> None:
    """Refuse a column of far more labels than can be meant, before anything is made of them."""
    limit = most.get(name)
    if limit is not None and n_labels > limit:
        raise DataError(
            f"column {name!r} holds more than {limit:,} distinct labels: is {name!r} a column of "
            "ids? If these are the items, name them in `items`"
        )


def check_columns(frame: Frame, names: Sequence[str]) -> None:
    """Say which of `names` the frame does not have."""
    known = frame.collect_schema().names()
    for name in names:
        if name not in known:
            close = get_close_matches(str(name), [str(k) for k in known], n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            unsplit = len(known) == 1 and re.search(r"[,;\t|]", str(known[0])) is not None
            remedy = "; does every line of the file have as many fields as its header?"
            raise DataError(
                f"there is no column {name!r} in `frame`{hint} "
                f"(its columns: {enumerate_some(known, 20)}){remedy if unsplit else ''}"
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
    most: Mapping[str, int],
) -> CountedRows:
    n_rows = len(frame)
    if not n_rows:
        raise DataError("`frame` has no rows; at least one is needed")
    codes, labels = {}, {}
    for name in keys:
        codes[name], labels[name] = encode(frame[name])
        if name in most and len(labels[name]) > most[name]:
            refuse_ids(name, len(np.unique(codes[name][codes[name] >= 0])), most)
    columns = {name: _numbers(frame[name]) for name in (weight, measure) if name is not None}
    absent = {name: code < 0 for name, code in codes.items()}
    absent |= {name: np.isnan(column) for name, column in columns.items()}
    kept, dropped = _complete(absent, n_rows, missing)
    if kept is not None:
        codes = {name: code[kept] for name, code in codes.items()}
        columns = {name: column[kept] for name, column in columns.items()}
    for name, column in columns.items():
        whole = frame.collect_schema()[name].is_integer()
        _check_numbers(name, column, weight_bounds(name == weight, whole))
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
        place = np.zeros(len(checked), dtype=np.int32)
        place[present] = [position[label] for label in seen]
        recoded[name] = _labels.recode(code, place)
    return replace(rows, labels=clean, codes=recoded)


def can_be_labels(dtype: Any) -> bool:
    """Whether every engine hands values of this type back as the same Python objects."""
    return not isinstance(dtype, _NO_LABELS)


def encode(series: nw.Series[Any]) -> tuple[npt.NDArray[np.integer], list[Hashable]]:
    """Integer codes of a column (-1 where missing) and the labels that they stand for."""
    if series.dtype.is_float():
        series = series + 0.0  # -0.0 is 0.0, which PyArrow keeps apart
    codes, labels = _encoded(series)
    if series.dtype.is_integer():
        return codes, labels
    there = [not _labels.is_missing(label) for label in labels]
    if not all(there):
        # A dictionary may hold a null or a NaN of its own, and a categorical's codes have gaps.
        place = np.append(np.where(there, np.cumsum(there) - 1, -1), -1)
        codes, labels = (
            place[codes],
            [x for x, is_there in zip(labels, there, strict=True) if is_there],
        )
    return codes, labels


def _encoded(series: nw.Series[Any]) -> tuple[npt.NDArray[np.integer], list[Hashable]]:
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

        encoded = pa.chunked_array(native)
        if pa.types.is_dictionary(encoded.type):
            encoded = encoded.unify_dictionaries()  # each chunk may have one of its own
            encoded = encoded.combine_chunks()
        else:
            encoded = encoded.combine_chunks().dictionary_encode()
        indices = encoded.indices.cast(pa.int64())  # unsigned ones have no room for -1
        codes = indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return codes, encoded.dictionary.to_pylist()
    import pandas as pd

    if not series.implementation.is_pandas():
        native = pd.Series(series.to_list(), dtype=object)  # integers with a gap stay integers
    codes, values = pd.factorize(native, use_na_sentinel=True)
    if native.dtype == object and any(
        type(label) is not str and label in (0, 1) for label in values
    ):
        # Python takes 1 and True for one label, and so has the factor; both kinds are checked.
        _labels.check_labels(str(series.name), native[codes >= 0], unique=False)
    return codes, list(values)


def _encode_integers(
    values: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.integer], list[Hashable]]:
    low, high = int(values.min()), int(values.max())
    if high - low < 4 * len(values) + 1024:
        if high - low > np.iinfo(values.dtype).max:
            values = values.astype(np.int64)  # -100 to 100 fit in int8, their distance does not
        codes = values if low == 0 else values - low
        if codes.dtype.kind == "u":
            codes = codes.astype(np.int64)
        return codes.copy(), list(range(low, high + 1))
    labels, codes = np.unique(values, return_inverse=True)
    return codes, labels.tolist()


def _numbers(series: nw.Series[Any]) -> FloatArray:
    """Return a numeric column as float64 with NaN where it is missing."""
    try:
        return np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64)
    except (ValueError, OverflowError) as error:  # PyArrow refuses what the bounds below refuse
        raise DataError(
            f"column {series.name!r} holds {first_line(error)}; whole numbers must be below 2**53 "
            "to be exact"
        ) from None


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
        count = int((mask & kept).sum())
        if count:  # 0 where other columns lack a value there too
            dropped[f"no {name}"] = count
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


def weight_bounds(is_weight: bool, is_whole: bool) -> tuple[float, float, str]:
    """Smallest and largest value that a numeric column may hold, and how a message says so."""
    if is_whole:
        # 2**53 itself is what 2**53 + 1 becomes as a float.
        most = _validate.LARGEST_EXACT_COUNT - 1
        low = 0.0 if is_weight else -most
        return low, most, f" and {'at least 0 and ' if is_weight else ''}below 2**53 to be exact"
    if not is_weight:
        return -np.inf, np.inf, ""
    most = _validate.LARGEST_WEIGHT
    return 0.0, most, f" and at least 0, and weights at most {most:g}"


def _refuse_large(name: str, values: Sequence[Any]) -> None:
    """Refuse whole numbers that a float64 would round."""
    low, high, bound = weight_bounds(False, True)
    for value in values:
        if not low <= value <= high:
            raise DataError(f"column {name!r} holds {value:.0f}; values must be finite{bound}")


def _check_numbers(name: str, column: FloatArray, bounds: tuple[float, float, str]) -> None:
    low, high, bound = bounds
    bad = ~np.isfinite(column) | (column < low) | (column > high)
    if bad.any():
        raise DataError(
            f"column {name!r} holds {column[bad][0]:g} in row {int(np.argmax(bad))} "
            f"({int(bad.sum())} such row(s)); values must be finite{bound}"
        )

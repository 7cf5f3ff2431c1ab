"""The lazy half of `count_rows`: one narwhals group-by, of which only the cells are collected."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np

from .._labelled import collected
from ..errors import DataError, enumerate_some, first_line
from ._frames import CountedRows, missing_message, relabelled, weight_bounds

__all__ = ["count_lazily", "open_path"]

#: How a file is opened, by its suffix.
_READERS = {
    ".parquet": "read_parquet",
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}


def open_path(
    path: str | Path, labels: Sequence[str], *, in_order: bool = False
) -> nw.LazyFrame[Any]:
    """Open a file, or a glob of files, with DuckDB; nothing is read yet but its head.

    Counting does not need the order of the rows, and is faster without it; `in_order` keeps it.
    """
    import duckdb

    text = str(path)
    reader = _READERS.get(Path(text).suffix.lower())
    if reader is None:
        raise DataError(
            f"`frame` is the path {text!r}; its suffix must be one of {enumerate_some(_READERS)}"
        )
    if Path(text).is_file():
        text = glob.escape(text)  # a file that is named like a pattern is that file
    elif not glob.has_magic(text):
        raise DataError(f"there is no file {text!r}")
    # A connection of our own: the user's default one keeps its settings and its progress bar.
    connection = duckdb.connect()
    connection.execute(f"SET preserve_insertion_order = {str(in_order).lower()}")
    try:
        if reader == "read_csv":
            head = connection.read_csv(text, header=True)
            present = [name for name in labels if name in head.columns]
            relation = connection.read_csv(
                text, header=True, dtype=dict.fromkeys(present, "VARCHAR")
            )
        elif reader == "read_json":
            relation = connection.read_json(text, format="newline_delimited")
        else:
            relation = connection.read_parquet(text)
    except duckdb.Error as error:
        raise DataError(f"{str(path)!r} cannot be read: {first_line(error)}") from None
    return nw.from_native(relation)


def count_lazily(
    frame: nw.LazyFrame[Any],
    keys: Sequence[str],
    weight: str | None,
    measure: str | None,
    missing: str,
) -> CountedRows:
    """Group by the keys inside the engine and collect the cells; arguments as in `count_rows`."""
    names = [f"__key{place}" for place in range(len(keys))]
    schema = frame.collect_schema()
    lacks = [_is_missing(name, schema) for name in (*keys, weight, measure) if name is not None]
    columns = [nw.col(key).alias(name) for key, name in zip(keys, names, strict=True)]
    w = nw.lit(1.0) if weight is None else nw.col(weight).cast(nw.Float64)
    y = nw.lit(0.0) if measure is None else nw.col(measure).cast(nw.Float64)
    # Which column a row lacks first; rows of equal lack and equal keys stay together.
    reason = nw.lit(len(lacks))
    for place in reversed(range(len(lacks))):
        reason = nw.when(lacks[place]).then(nw.lit(place)).otherwise(reason)
    votes = frame.select(*columns, w.alias("__w"), y.alias("__y"), reason.alias("__lack"))
    votes = votes.with_columns(
        (nw.col("__w") * nw.col("__w")).alias("__ww"),
        (nw.col("__w") * nw.col("__y")).alias("__wy"),
    ).with_columns(
        (nw.col("__w") * nw.col("__wy")).alias("__wwy"),
        (nw.col("__wy") * nw.col("__wy")).alias("__wwyy"),
    )
    sums = [nw.len().alias("__n")]
    if weight is not None:
        sums += [nw.col(c).sum().alias(f"__sum{c}") for c in ("__w", "__ww")]
        sums += [nw.col("__w").min().alias("__min__w"), nw.col("__w").max().alias("__max__w")]
    if measure is not None:
        sums += [nw.col(c).sum().alias(f"__sum{c}") for c in ("__wy", "__wwy", "__wwyy")]
        sums += [nw.col("__y").min().alias("__min__y"), nw.col("__y").max().alias("__max__y")]
    try:
        cells = _as_pandas(collected(votes.group_by(*names, "__lack").agg(*sums)), names)
    except Exception as error:
        # The engine's own exception classes cannot be named without importing the engine.
        raise DataError(f"`frame` could not be counted: {first_line(error)}") from error
    if not len(cells):
        raise DataError("`frame` has no rows; at least one is needed")
    n_rows = int(cells["__n"].sum())
    dropped: dict[str, int] = {}
    for place, name in enumerate([*keys, *(c for c in (weight, measure) if c is not None)]):
        count = int(cells.loc[cells["__lack"] == place, "__n"].sum())
        if count and missing == "error":
            raise DataError(missing_message(name, count))
        if count:
            dropped[f"no {name}"] = count
    cells = cells[cells["__lack"] == len(lacks)]
    if not len(cells):
        raise DataError("no row of `frame` is complete; nothing is left to count")
    for numeric, column in ((weight, "__w"), (measure, "__y")):
        if numeric is not None:
            least, most = float(cells[f"__min{column}"].min()), float(cells[f"__max{column}"].max())
            low, high, bound = weight_bounds(numeric == weight)
            for value in (least, most):
                if not (np.isfinite(value) and low <= value <= high):
                    raise DataError(
                        f"column {numeric!r} holds {value:g}; values must be finite{bound}"
                    )
    labels, codes = {}, {}
    for key, name in zip(keys, names, strict=True):
        codes[key], values = cells[name].factorize()
        labels[key] = [value.item() if hasattr(value, "item") else value for value in values]
    return _in_key_order(cells, keys, labels, codes, weight, measure, n_rows, dropped)


def _in_key_order(
    cells: Any,
    keys: Sequence[str],
    labels: dict[str, Any],
    codes: dict[str, Any],
    weight: str | None,
    measure: str | None,
    n_rows: int,
    dropped: dict[str, int],
) -> CountedRows:
    """Label the collected cells and sort them by their keys: engines return them in any order."""

    def column(name: str) -> Any:
        return cells[name].to_numpy(dtype=np.float64)

    count = column("__n")
    extremes = (0.0, 0.0)
    if measure is not None:
        extremes = (float(cells["__min__y"].min()), float(cells["__max__y"].max()))
    rows = CountedRows(
        {},
        {},
        count,
        count if weight is None else column("__sum__w"),
        count if weight is None else column("__sum__ww"),
        np.array([column(f"__sum{c}") for c in ("__wy", "__wwy", "__wwyy")])
        if measure is not None
        else np.empty((0, len(cells))),
        extremes,
        n_rows,
        dropped,
    )
    rows = relabelled(labels, codes, rows)
    order = np.lexsort([rows.codes[key] for key in reversed(keys)])
    return CountedRows(
        rows.labels,
        {key: code[order] for key, code in rows.codes.items()},
        rows.count[order],
        rows.weight[order],
        rows.weight_squared[order],
        rows.measure[:, order],
        extremes,
        n_rows,
        dropped,
    )


def _as_pandas(cells: nw.DataFrame[Any], keys: Sequence[str]) -> Any:
    """Cells as a pandas frame; Polars' own conversion would need PyArrow."""
    if cells.implementation.is_pandas():
        return cells.to_native()
    import pandas as pd

    return pd.DataFrame(
        {
            # As objects, since integers with a gap would turn into floats.
            name: pd.Series(cells[name].to_list(), dtype=object)
            if name in keys
            else cells[name].to_numpy()
            for name in cells.columns
        }
    )


def _is_missing(name: str, schema: Any) -> nw.Expr:
    column = nw.col(name)
    return column.is_null() | column.is_nan() if schema[name].is_float() else column.is_null()

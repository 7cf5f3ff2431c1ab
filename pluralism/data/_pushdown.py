"""The lazy half of `count_rows`: one narwhals group-by, of which only the cells are collected.

What can be settled after the counting is settled on the cells: a row without a key makes a cell
without one. Only a row without a weight or a measure must be told apart inside the engine.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from .._labelled import collected
from ..errors import DataError
from ..kernels._counting import key_order
from ._files import attended, reason_of
from ._frames import CountedRows, encode, missing_message, refuse_ids, relabelled, weight_bounds

__all__ = ["count_lazily"]

#: Vectors of 2,048 rows that DuckDB hands over at once: few enough to stay small as objects.
_VECTORS = 128


def count_lazily(
    frame: nw.LazyFrame[Any],
    keys: Sequence[str],
    weight: str | None,
    measure: str | None,
    missing: str,
    *,
    most: Mapping[str, int],
    connection: Any = None,
    whole: Collection[str] = (),
) -> CountedRows:
    """Group by the keys inside the engine and collect the cells; arguments as in `count_rows`.

    `connection` is DuckDB's where paths were opened; the cells then come in batches. `whole` names
    columns of whole numbers that were read as float64.
    """
    numbers = [name for name in (weight, measure) if name is not None]
    query = _query(frame, keys, weight, measure)
    # The cells of a label that a later batch repeats get the code that it has already.
    places: dict[str, dict[Hashable, int]] = {key: {} for key in keys}
    codes: dict[str, list[Any]] = {key: [] for key in keys}
    sums: dict[str, list[Any]] = {}
    try:
        for batch in _batches(query, connection):
            for number, key in enumerate(keys):
                code, labels = encode(batch[f"__key{number}"])
                place = places[key]
                lookup = [place.setdefault(_plain(label), len(place)) for label in labels]
                codes[key].append(np.array([*lookup, -1], dtype=np.int32)[code])
                refuse_ids(key, len(place), most)
            for name in batch.columns[len(keys) :]:
                column = np.asarray(batch[name].to_numpy(), dtype=np.float64)
                sums.setdefault(name, []).append(column)
    except DataError:
        raise
    except Exception as error:
        # The engine's own exception classes cannot be named without importing the engine.
        remedy = "; give a larger `memory_limit`" if "Out of Memory" in str(error) else ""
        raise DataError(f"`frame` could not be counted: {reason_of(error)}{remedy}") from error
    cells = {name: np.concatenate(parts) for name, parts in sums.items()}
    if not cells or not len(cells["__n"]):
        raise DataError("`frame` has no rows; at least one is needed")
    code_of = {key: np.concatenate(parts) for key, parts in codes.items()}
    absent = {key: code < 0 for key, code in code_of.items()}
    absent |= {name: cells["__lack"] == place for place, name in enumerate(numbers)}
    kept, dropped = _complete(absent, cells["__n"], missing)
    n_rows = int(cells["__n"].sum())
    if not kept.all():
        cells = {name: column[kept] for name, column in cells.items()}
        code_of = {key: code[kept] for key, code in code_of.items()}
    for numeric, short in ((weight, "__w"), (measure, "__y")):
        if numeric is not None:
            is_whole = numeric in whole or frame.collect_schema()[numeric].is_integer()
            _check_range(numeric, cells, short, weight_bounds(numeric == weight, is_whole))
    labels_of = {key: list(place) for key, place in places.items()}
    return _in_key_order(cells, keys, labels_of, code_of, weight, measure, n_rows, dropped)


def _query(
    frame: nw.LazyFrame[Any], keys: Sequence[str], weight: str | None, measure: str | None
) -> nw.LazyFrame[Any]:
    """One row a cell: its keys, then sums named for what they sum.

    Every aggregated column has a name of its own, since Dask refuses two that share one.
    """
    names = [f"__key{number}" for number in range(len(keys))]
    columns = [nw.col(key).alias(name) for key, name in zip(keys, names, strict=True)]
    sums = [nw.len().alias("__n")]
    if weight is None and measure is None:
        return frame.select(*columns).group_by(*names).agg(*sums)
    schema = frame.collect_schema()
    lacks = [_is_missing(name, schema) for name in (weight, measure) if name is not None]
    # Which column a row lacks first; rows of equal lack and equal keys stay together.
    reason = nw.lit(len(lacks))
    for place in reversed(range(len(lacks))):
        reason = nw.when(lacks[place]).then(nw.lit(place)).otherwise(reason)
    # As float64 before anything is multiplied or added: no sum of int8 overflows.
    w = nw.lit(1.0) if weight is None else nw.col(weight).cast(nw.Float64)
    y = nw.lit(0.0) if measure is None else nw.col(measure).cast(nw.Float64)
    votes = frame.select(*columns, w.alias("__w"), y.alias("__y"), reason.alias("__lack"))
    votes = votes.with_columns(
        (nw.col("__w") * nw.col("__w")).alias("__ww"),
        (nw.col("__w") * nw.col("__y")).alias("__wy"),
    ).with_columns(
        (nw.col("__w") * nw.col("__wy")).alias("__wwy"),
        (nw.col("__wy") * nw.col("__wy")).alias("__wwyy"),
    )
    if weight is not None:
        sums += [nw.col(c).sum().alias(f"__sum{c}") for c in ("__w", "__ww")]
        sums += [nw.col("__w").min().alias("__min__w"), nw.col("__w").max().alias("__max__w")]
    if measure is not None:
        sums += [nw.col(c).sum().alias(f"__sum{c}") for c in ("__wy", "__wwy", "__wwyy")]
        sums += [nw.col("__y").min().alias("__min__y"), nw.col("__y").max().alias("__max__y")]
    return votes.group_by(*names, "__lack").agg(*sums)


def _batches(query: nw.LazyFrame[Any], connection: Any) -> Iterator[nw.DataFrame[Any]]:
    """Collect the cells, in parts where the engine can; PyArrow is faster and never needed."""
    has_arrow = find_spec("pyarrow") is not None
    if query.implementation.is_duckdb() and has_arrow:
        relation = query.to_native()
        # Renamed in DuckDB 2.
        read = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
        import pyarrow as pa

        batches = attended(connection, lambda: read(_VECTORS * 2048))
        while (batch := attended(connection, lambda: next(batches, None))) is not None:
            yield nw.from_native(pa.Table.from_batches([batch]), eager_only=True)
    elif connection is not None:
        result = attended(connection, lambda: connection.execute(query.to_native().sql_query()))
        while len(chunk := attended(connection, lambda: result.fetch_df_chunk(_VECTORS))):
            yield nw.from_native(chunk, eager_only=True)
    elif query.implementation.is_polars():
        yield query.collect(backend="polars", engine="streaming")
    elif query.implementation.is_pyspark() and has_arrow:
        yield query.collect(backend="pyarrow")  # as columns; pandas would get row by row
    else:
        yield attended(None, lambda: collected(query))


def _complete(
    absent: Mapping[str, npt.NDArray[np.bool_]], count: npt.NDArray[np.float64], missing: str
) -> tuple[npt.NDArray[np.bool_], dict[str, int]]:
    """Which cells lack nothing, and how many rows were dropped for which column."""
    kept = np.ones(len(count), dtype=bool)
    dropped = {}
    for name, mask in absent.items():
        rows = int(count[mask & kept].sum())
        if rows and missing == "error":
            raise DataError(missing_message(name, rows))
        if rows:
            dropped[f"no {name}"] = rows
            kept &= ~mask
    if not kept.any():
        raise DataError("no row of `frame` is complete; nothing is left to count")
    return kept, dropped


def _check_range(
    name: str, cells: Mapping[str, Any], column: str, bounds: tuple[float, float, str]
) -> None:
    low, high, bound = bounds
    for value in (float(cells[f"__min{column}"].min()), float(cells[f"__max{column}"].max())):
        if not (np.isfinite(value) and low <= value <= high):
            raise DataError(f"column {name!r} holds {value:g}; values must be finite{bound}")


def _in_key_order(
    cells: Mapping[str, Any],
    keys: Sequence[str],
    labels: Mapping[str, Any],
    codes: Mapping[str, Any],
    weight: str | None,
    measure: str | None,
    n_rows: int,
    dropped: dict[str, int],
) -> CountedRows:
    """Label the collected cells and sort them by their keys: engines return them in any order."""
    count = cells["__n"]
    extremes = (0.0, 0.0)
    if measure is not None:
        extremes = (float(cells["__min__y"].min()), float(cells["__max__y"].max()))
    rows = CountedRows(
        {},
        {},
        count,
        count if weight is None else cells["__sum__w"],
        count if weight is None else cells["__sum__ww"],
        np.array([cells[f"__sum{c}"] for c in ("__wy", "__wwy", "__wwyy")])
        if measure is not None
        else np.empty((0, len(count))),
        extremes,
        n_rows,
        dropped,
    )
    rows = relabelled(labels, codes, rows)
    order = key_order([rows.codes[key] for key in keys], [len(rows.labels[key]) for key in keys])
    weights = rows.weight[order]
    return CountedRows(
        rows.labels,
        {key: code[order] for key, code in rows.codes.items()},
        rows.count[order],
        weights,
        weights if weight is None else rows.weight_squared[order],
        rows.measure[:, order],
        extremes,
        n_rows,
        dropped,
    )


def _plain(label: Any) -> Any:
    """A NumPy scalar as the Python value that it is."""
    return label.item() if hasattr(label, "item") and hasattr(label, "dtype") else label


def _is_missing(name: str, schema: Any) -> nw.Expr:
    column = nw.col(name)
    return column.is_null() | column.is_nan() if schema[name].is_float() else column.is_null()

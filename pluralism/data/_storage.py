"""Containers on disk: one Parquet file of columns, with labels and settings in its metadata.

Written aside and renamed, so that whoever breaks off leaves the old file or the new one. Nothing
is ever unpickled: the metadata is JSON.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._aside import written_aside
from ..errors import DataError, first_line
from ._comparisons import SUMS, Comparisons, Grouping
from ._files import quoted

__all__ = [
    "load_comparisons",
    "read_columns",
    "save_comparisons",
    "saved_kind",
    "write_columns",
]

#: The key of our metadata inside the file, and the version of its layout.
_KEY = "pluralism"
_VERSION = 1


def write_columns(
    path: Path, kind: str, columns: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, Any]
) -> None:
    """Write equally long `columns` and JSON `metadata` to a Parquet file of the given `kind`."""
    import duckdb
    import pandas as pd

    text = json.dumps({"kind": kind, "version": _VERSION, **metadata}, ensure_ascii=False)
    try:
        with written_aside(path) as aside, duckdb.connect() as connection:
            connection.register("cells", pd.DataFrame(dict(columns)))
            connection.execute(
                f"COPY cells TO {quoted(str(aside))} "
                f"(FORMAT parquet, KV_METADATA {{{_KEY}: {quoted(text)}}})"
            )
    except (duckdb.Error, OSError) as error:
        raise DataError(f"{str(path)!r} cannot be written: {first_line(error)}") from error


def saved_kind(path: Path) -> str | None:
    """What kind of container `path` holds, or None where it is no file of ours."""
    import duckdb

    if path.suffix.lower() != ".parquet" or not path.is_file():
        return None
    try:
        with duckdb.connect() as connection:
            found = _saved_metadata(connection, path)
    except duckdb.Error:
        return None  # whoever reads it says what is wrong
    return None if found is None else str(_metadata(path, found).get("kind"))


def read_columns(path: Path, kind: str) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read what `write_columns` wrote, or say what is wrong with the file."""
    import duckdb

    if not path.is_file():
        raise DataError(f"there is no file {str(path)!r}")
    name = quoted(glob.escape(str(path)))  # DuckDB would take cells[1].parquet for a pattern
    try:
        with duckdb.connect() as connection:
            found = _saved_metadata(connection, path)
            columns = connection.execute(f"SELECT * FROM read_parquet({name})").fetchnumpy()
    except duckdb.Error as error:
        raise DataError(f"{str(path)!r} is no Parquet file: {first_line(error)}") from None
    if found is None:
        raise DataError(
            f"{str(path)!r} holds a table but not saved {kind}; read a table with `from_frame`"
        )
    metadata = _metadata(path, found)
    if metadata.get("kind") != kind:
        raise DataError(f"{str(path)!r} holds saved {metadata.get('kind')}, not {kind}")
    if metadata.get("version") != _VERSION:
        raise DataError(
            f"{str(path)!r} was saved in layout {metadata.get('version')}; "
            f"this version of pluralism reads layout {_VERSION}"
        )
    return {name: _plain(column) for name, column in columns.items()}, metadata


def writable_labels(name: str, labels: Sequence[Hashable]) -> list[Any]:
    """Labels as JSON can hold them, exactly."""
    for label in labels:
        if not isinstance(label, (str, int, float, bool)):
            raise DataError(
                f"the label {label!r} among `{name}` is a {type(label).__name__}; only strings "
                "and numbers can be saved"
            )
    return list(labels)


def save_comparisons(comparisons: Comparisons, path: Path) -> None:
    """Write a container of comparisons; see `Comparisons.save`."""
    columns: dict[str, Any] = {"first": comparisons.first, "second": comparisons.second}
    columns |= {name: getattr(comparisons, name) for name in SUMS}
    if comparisons.squares is not None:
        columns |= {f"square_{place}": row for place, row in enumerate(comparisons.squares)}
    if comparisons.rater is not None:
        columns["rater"] = comparisons.rater
    for place, grouping in enumerate(comparisons.groups.values()):
        columns[f"group_{place}"] = grouping.codes
    for place, values in enumerate(comparisons.covariates.values()):
        columns[f"covariate_{place}"] = values
    raters = comparisons.raters
    metadata = {
        "items": writable_labels("items", comparisons.items),
        "raters": None if raters is None else writable_labels("raters", raters),
        "groups": [
            {"name": name, "labels": writable_labels(name, grouping.labels)}
            for name, grouping in comparisons.groups.items()
        ],
        "covariates": list(comparisons.covariates),
        "order_known": comparisons.order_known,
        "n_votes": comparisons.n_votes,
        "dropped": dict(comparisons.dropped),
    }
    write_columns(path, "comparisons", columns, metadata)


def load_comparisons(path: Path) -> Comparisons:
    """Read a container of comparisons; see `Comparisons.load`."""
    columns, metadata = read_columns(path, "comparisons")
    try:
        squares = [columns[f"square_{k}"] for k in range(4)] if "square_0" in columns else None
        comparisons = Comparisons(
            items=tuple(metadata["items"]),
            first=columns["first"].astype(np.int32),
            second=columns["second"].astype(np.int32),
            **{name: columns[name].astype(np.float64) for name in SUMS},
            squares=None if squares is None else np.array(squares, dtype=np.float64),
            rater=columns["rater"].astype(np.int32) if metadata["raters"] is not None else None,
            raters=None if metadata["raters"] is None else tuple(metadata["raters"]),
            groups={
                group["name"]: Grouping(
                    tuple(group["labels"]), columns[f"group_{place}"].astype(np.int32)
                )
                for place, group in enumerate(metadata["groups"])
            },
            covariates={
                name: columns[f"covariate_{place}"].astype(np.float64)
                for place, name in enumerate(metadata["covariates"])
            },
            order_known=bool(metadata["order_known"]),
            n_votes=int(metadata["n_votes"]),
            dropped={str(reason): int(count) for reason, count in metadata["dropped"].items()},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{str(path)!r} is damaged: {first_line(error)}") from error
    _check(path, comparisons)
    return comparisons


def _check(path: Path, comparisons: Comparisons) -> None:
    """A file from elsewhere may hold anything: codes must be in range, sums finite and >= 0."""
    for name, codes, size in [
        ("first", comparisons.first, comparisons.n_items),
        ("second", comparisons.second, comparisons.n_items),
        *([("rater", comparisons.rater, len(comparisons.raters or ()))]),
        *((name, g.codes, len(g.labels)) for name, g in comparisons.groups.items()),
    ]:
        if codes is not None and codes.size and not (codes.min() >= 0 and codes.max() < size):
            raise DataError(f"{str(path)!r} is damaged: a code of {name!r} is out of range")
    for name in SUMS:
        column = getattr(comparisons, name)
        if not (np.isfinite(column).all() and (column >= 0).all()):
            raise DataError(f"{str(path)!r} is damaged: {name!r} holds impossible sums")
    if (comparisons.first == comparisons.second).any():
        raise DataError(f"{str(path)!r} is damaged: an item meets itself")


def _saved_metadata(connection: Any, path: Path) -> Any:
    found = connection.execute(
        f"SELECT value FROM parquet_kv_metadata({quoted(glob.escape(str(path)))}) "
        f"WHERE key = '{_KEY}'"
    ).fetchone()
    return None if found is None else found[0]


def _metadata(path: Path, raw: Any) -> dict[str, Any]:
    try:
        metadata = json.loads(bytes(raw).decode() if not isinstance(raw, str) else raw)
    except (ValueError, TypeError) as error:
        raise DataError(f"{str(path)!r} is damaged: {first_line(error)}") from error
    if not isinstance(metadata, dict):
        raise DataError(f"{str(path)!r} is damaged: its metadata is no object")
    return metadata


def _plain(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A column without a mask: DuckDB hands NaN back as a masked NULL."""
    if isinstance(column, np.ma.MaskedArray):
        return np.asarray(column.filled(np.nan) if column.dtype.kind == "f" else column.data)
    return np.asarray(column)

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

from .. import _validate
from .._aside import written_aside
from ..errors import DataError, first_line
from . import _labels
from ._comparisons import SUMS, Comparisons, Grouping
from ._files import attended, quoted

__all__ = [
    "load_comparisons",
    "read_columns",
    "save_comparisons",
    "saved_kind",
    "write_columns",
    "write_parquet",
]

#: The key of our metadata inside the file, and the version of its layout.
_KEY = "pluralism"
_VERSION = 1


def write_columns(
    path: Path, kind: str, columns: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, Any]
) -> None:
    """Write equally long `columns` and JSON `metadata` to a Parquet file of the given `kind`."""
    import pandas as pd

    text = json.dumps({"kind": kind, "version": _VERSION, **metadata}, ensure_ascii=False)
    with written_aside(path) as aside:
        write_parquet(pd.DataFrame(dict(columns)), aside, {_KEY: text})


def write_parquet(frame: Any, path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write Parquet with DuckDB, which is always there; pandas would need PyArrow."""
    import duckdb

    pairs = ", ".join(f"{key}: {quoted(text)}" for key, text in (metadata or {}).items())
    about = f", KV_METADATA {{{pairs}}}" if pairs else ""
    copy = f"COPY cells TO {quoted(str(path))} (FORMAT parquet{about})"
    with duckdb.connect() as connection:
        connection.register("cells", frame)
        attended(connection, lambda: connection.execute(copy))


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
            query = f"SELECT * FROM read_parquet({name}, hive_partitioning = false)"
            columns = attended(connection, lambda: connection.execute(query).fetchnumpy())
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
        "nameless": isinstance(raters, _labels.Nameless),
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
        items = _labels.check_labels("items", listed(metadata["items"]))
        raters = metadata["raters"]
        if raters is not None:
            raters = _labels.check_labels("raters", listed(raters))
            if metadata.get("nameless"):  # files of older versions do not say
                raters = _labels.Nameless(raters)
        groups = {
            str(group["name"]): (
                _labels.check_labels("groups", listed(group["labels"])),
                f"group_{place}",
            )
            for place, group in enumerate(metadata["groups"])
        }
        squares = None
        if "square_0" in columns:
            squares = np.array([sums(path, columns, f"square_{k}") for k in range(4)])
        comparisons = Comparisons(
            items=items,
            first=codes(path, columns, "first", len(items)),
            second=codes(path, columns, "second", len(items)),
            **{name: sums(path, columns, name) for name in SUMS},
            squares=squares,
            rater=None if raters is None else codes(path, columns, "rater", len(raters)),
            raters=raters,
            groups={
                name: Grouping(labels, codes(path, columns, column, len(labels)))
                for name, (labels, column) in groups.items()
            },
            covariates={
                name: columns[f"covariate_{place}"].astype(np.float64)
                for place, name in enumerate(metadata["covariates"])
            },
            order_known=_validate.one_of("order_known", metadata["order_known"], (True, False)),
            n_votes=_validate.whole_number("n_votes", metadata["n_votes"]),
            dropped=drops(metadata),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(path, error) from error
    if (comparisons.first == comparisons.second).any():
        raise DataError(f"{str(path)!r} is damaged: an item meets itself")
    for name, values in comparisons.covariates.items():
        if not np.isfinite(values).all():
            raise DataError(f"{str(path)!r} is damaged: covariate {name!r} is not finite")
    return comparisons


def codes(
    path: Path, columns: Mapping[str, npt.NDArray[Any]], name: str, size: int
) -> npt.NDArray[np.int32]:
    """A column of codes below `size`; a file from elsewhere may hold anything."""
    column = columns[name]
    if column.dtype.kind not in "iu":
        raise DataError(f"{str(path)!r} is damaged: a code of {name!r} is no whole number")
    if column.size and not (column.min() >= 0 and column.max() < size):
        raise DataError(f"{str(path)!r} is damaged: a code of {name!r} is out of range")
    return column.astype(np.int32)


def sums(path: Path, columns: Mapping[str, npt.NDArray[Any]], name: str) -> npt.NDArray[np.float64]:
    """A column of sums of weights, or of their squares."""
    column = columns[name].astype(np.float64)
    if not (np.isfinite(column).all() and (column >= 0).all()):
        raise DataError(f"{str(path)!r} is damaged: {name!r} holds impossible sums")
    return column


def listed(labels: Any) -> list[Any]:
    """Labels as JSON holds them; a string is no list of letters."""
    if not isinstance(labels, list):
        raise TypeError(f"{labels!r:.40} is no list of labels")
    return labels


def drops(metadata: Mapping[str, Any]) -> dict[str, int]:
    """How many rows were dropped, by reason."""
    return {
        str(reason): _validate.whole_number("dropped", count)
        for reason, count in metadata["dropped"].items()
    }


def damaged(path: Path, error: Exception) -> DataError:
    """Say once that a file is damaged, and how."""
    text = str(error)
    if text.startswith(repr(str(path))):
        return DataError(text)
    missing = f"it has no {error}" if isinstance(error, KeyError) else first_line(error)
    return DataError(f"{str(path)!r} is damaged: {missing}")


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
    """A column without a mask: DuckDB hands NaN back as a masked NULL.

    A NULL among whole numbers is -1, which no code, rank or sum is.
    """
    if not isinstance(column, np.ma.MaskedArray):
        return np.asarray(column)
    if column.dtype.kind == "f":
        return np.asarray(column.filled(np.nan))
    if not np.ma.is_masked(column):
        return np.asarray(column.data)
    return np.where(np.ma.getmaskarray(column), -1, column.data.astype(np.int64))

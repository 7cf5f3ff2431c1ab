"""Files of other projects, read as plain records: JSON, JSON lines, CSV, Parquet.

Nothing is unpickled, evaluated or fetched. What is no such file is a `DataError` that names it.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..data._json import RepeatedKeyError, parse_json
from ..errors import DataError, first_line

__all__ = ["field", "local_file", "paths_of", "read_json", "read_records"]

#: A file above this (4 GiB) is a mistake, or an attack on the memory.
LARGEST_FILE = 1 << 32
_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")


def local_file(name: str, path: Any) -> Path:
    """Return the path of a file on this machine."""
    if not isinstance(path, (str, os.PathLike)):
        raise DataError(f"`{name}` is {type(path).__name__}; it must be the path of a file")
    if _URL.match(str(path)):
        raise DataError(f"`{name}` is the address {path!s}; download it first")
    file = Path(path)
    if not file.is_file():
        raise DataError(f"`{name}` is {str(path)!r}, which is not a file")
    if file.stat().st_size > LARGEST_FILE:
        raise DataError(f"{file} has {file.stat().st_size:,} bytes; more than 4 GiB are not read")
    return file


def paths_of(name: str, paths: Any) -> list[Path]:
    """Return one path or several as a list; none may be there twice."""
    if isinstance(paths, (str, os.PathLike)):
        return [local_file(name, paths)]
    if not isinstance(paths, (list, tuple)) or not paths:
        raise DataError(f"`{name}` is {paths!r}; it must be a path or a list of paths")
    from ..data._files import refuse_twice

    files = [local_file(f"{name}[{place}]", path) for place, path in enumerate(paths)]
    refuse_twice([glob.escape(str(file)) for file in files])
    return files


def read_json(text: str | bytes, where: str) -> Any:
    """Parse JSON; `where` names its place."""
    try:
        return parse_json(text)
    except RepeatedKeyError as error:
        raise DataError(f"{where}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where} is not JSON ({first_line(error)})") from None


def read_records(path: Path, labels: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Read one mapping a row; columns of `labels` stay text where a CSV file has numbers."""
    if path.suffix in {".csv", ".parquet"}:
        return _from_table(path, labels)
    rows = list(_json_lines(path)) if path.suffix == ".jsonl" else read_json(_text(path), str(path))
    if not isinstance(rows, list):
        raise DataError(f"{path} holds a {type(rows).__name__}; it must be a list of records")
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise DataError(f"{path}: record {place} is a {type(row).__name__}, not a mapping")
    if not rows:
        raise DataError(f"{path} holds no record")
    return rows


def field(row: Mapping[str, Any], name: str, where: str) -> Any:
    """Return a field that must be there."""
    if name not in row:
        known = ", ".join(map(repr, list(row)[:12])) or "none"
        raise DataError(f"{where} has no field {name!r} (it has {known})")
    return row[name]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({first_line(error)})") from None


def _json_lines(path: Path) -> Iterator[Any]:
    # Only a line feed ends a line: str.splitlines would also cut at U+2028 inside a text.
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if line.strip():
            yield read_json(line, f"{path}, line {number},")


def _from_table(path: Path, labels: Sequence[str]) -> list[dict[str, Any]]:
    from ..data._frames import open_frame

    frame = open_frame(path, labels=labels, in_order=True).frame
    try:
        native = frame.collect() if hasattr(frame, "collect") else frame
        return list(native.to_pandas().to_dict("records"))
    except Exception as error:  # whatever the engine calls it
        raise DataError(f"{path} cannot be read ({first_line(error)})") from None

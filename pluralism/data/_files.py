"""Paths, lists of paths and globs -> one lazy table, opened with DuckDB within a memory limit.

What DuckDB would pass over in silence is settled here: a column that is whole numbers in the first
file, or in the first rows, would round 0.5 to 1 further down; a column that one file lacks would be
missing there; a file that is named twice would count twice; a folder named x=y would write over the
column x; a column whose name comes twice would be the first of them; text that looks like an
identifier, a time or a truth value would be written anew.
"""

from __future__ import annotations

import glob
import os
import re
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import narwhals as nw

from .. import _validate
from ..errors import DataError, enumerate_some, first_line

__all__ = ["Opened", "attended", "is_path", "open_path", "quoted", "reason_of", "refuse_twice"]

Answer = TypeVar("Answer")

#: How a file is read, by its suffix.
_READERS = {
    ".parquet": "read_parquet",
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}
_INTEGERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
#: What DuckDB makes of some text in JSON.
_FROM_TEXT = re.compile(r"UUID|DATE|TIME.*")
#: What divides fields in one file or another.
_DELIMITERS = ",;\t|"
_MEMORY = re.compile(r"\s*\d+(\.\d+)?\s*([KMGT]i?)?B\s*", re.IGNORECASE)


class Opened(NamedTuple):
    """A table, and what is known of where it came from."""

    frame: nw.DataFrame[Any] | nw.LazyFrame[Any]
    connection: Any = None  # DuckDB's own, where paths were opened
    is_text: bool = False  # labels were read as text, whatever they look like
    whole: frozenset[str] = frozenset()  # columns read as float64 that look like whole numbers


def attended(connection: Any, work: Callable[[], Answer]) -> Answer:
    """Let DuckDB do `work`, and leave at once with a KeyboardInterrupt on Ctrl-C.

    Left to itself DuckDB 2 looks for signals when the query is over, and any release makes an
    error of its own of them. `connection` is the one that works; None where it is not ours.
    """
    if connection is None or threading.current_thread() is not threading.main_thread():
        try:
            return work()
        except RuntimeError as error:
            if "Query interrupted" in str(error):
                raise KeyboardInterrupt from error
            raise
    with ThreadPoolExecutor(1) as worker:
        answer = worker.submit(work)
        try:
            return answer.result()
        except KeyboardInterrupt:
            while not answer.done():  # a query that has not begun is not there to be interrupted
                connection.interrupt()
                wait([answer], timeout=0.05)
            raise


def is_path(source: Any) -> bool:
    """Whether `source` names files: a path, a glob, or a list of them."""
    if isinstance(source, (list, tuple)):
        return bool(source) and all(isinstance(entry, (str, Path)) for entry in source)
    return isinstance(source, (str, Path))


def open_path(
    source: Any,
    *,
    labels: Sequence[str] = (),
    numbers: Sequence[str] = (),
    in_order: bool = False,
    memory_limit: int | str | None = None,
) -> Opened:
    """Open files with DuckDB; nothing is read yet but their heads.

    Parameters
    ----------
    source : str, pathlib.Path, or a list of them
        Files or globs, all of one format. Addresses such as ``s3://...`` go to DuckDB unread.
    labels : sequence of str
        Columns that are labels. Of a CSV file they are read as text even where they look like
        numbers, so that ``007`` and ``7`` stay two labels.
    numbers : sequence of str
        Columns that are summed. Where they are numbers they are read as float64: DuckDB would
        round a share that comes after thousands of whole numbers.
    in_order : bool
        Whether the rows must come in the order of the file. Counting does not need it, and is
        faster without.
    memory_limit : int or str, optional
        How much memory DuckDB may use, in bytes or as in ``"4GB"``; beyond it, it spills to a
        folder of its own among the system's temporary files.
    """
    import duckdb

    files, reader = _files_of(source)
    connection = _connect(in_order, memory_limit)
    try:
        if reader == "read_parquet":
            _refuse_saved(connection, files)
        relation, whole = attended(
            connection, lambda: _relation(connection, files, reader, labels, numbers)
        )
    except duckdb.Error as error:
        raise DataError(f"{_named(source)} cannot be read: {reason_of(error)}") from None
    return Opened(nw.from_native(relation), connection, reader == "read_csv", whole)


def reason_of(error: BaseException) -> str:
    """Say in one line why DuckDB cannot read; of a CSV file it quotes the line in between."""
    lines = str(error).strip().splitlines()
    if "Error when sniffing" in lines[0]:
        return (
            'its lines cannot be split into fields; is a quote (") left open, or has a line more '
            "or fewer fields than the first?"
        )
    if len(lines) < 3 or not lines[1].startswith("Original Line:"):
        return first_line(error)
    told = [
        line for line in takewhile(lambda line: not line.startswith("Possible "), lines) if line
    ]
    remedy = "; save it as UTF-8" if "not utf-8" in told[-1] else ""
    return f"{lines[0]}: {told[-1].rstrip('.')}{remedy}"


def _files_of(source: Any) -> tuple[list[str], str]:
    """Files that `source` names, and DuckDB's function that reads them."""
    patterns = [str(p) for p in (source if isinstance(source, (list, tuple)) else [source])]
    readers = {}
    for text in patterns:
        suffix = Path(text).suffix.lower()
        if suffix not in _READERS:
            hint = ""
            if glob.has_magic(text):
                hint = f" (end the pattern in one of them, as in '{text}.parquet')"
            elif not suffix:
                hint = f" (a folder? its files are {text.rstrip('/')}/*.parquet)"
            raise DataError(
                f"`frame` is the path {text!r}; its suffix must be one of "
                f"{enumerate_some(_READERS)}{hint}"
            )
        readers[_READERS[suffix]] = text
    if len(readers) > 1:
        raise DataError(
            f"`frame` mixes files of several formats ({enumerate_some(readers.values())}); "
            "count each on its own and merge"
        )
    files: list[str] = []
    for text in patterns:
        if "://" in text:
            files.append(text)
        elif Path(text).is_file():
            if not Path(text).stat().st_size:
                needs = "a row of column names and rows below it"
                raise DataError(f"{text!r} is empty; a table of votes or ratings needs {needs}")
            files.append(glob.escape(text))  # a file that is named like a pattern is that file
        elif not glob.has_magic(text):
            raise DataError(f"there is no file {text!r}")
        else:
            matched = [glob.escape(p) for p in sorted(glob.glob(text, recursive=True))]
            if not matched:
                raise DataError(f"no file matches {text!r}")
            files += matched
    refuse_twice(files)
    return files, next(iter(readers))


def refuse_twice(files: Sequence[str]) -> None:
    """Refuse one file under two names; those of this machine are escaped as patterns are."""
    seen: dict[Any, str] = {}
    for text in files:
        key: Any = text
        if "://" not in text:
            status = os.stat(_unescaped(text))
            key = (status.st_dev, status.st_ino)
        if key in seen:
            both = enumerate_some([_unescaped(seen[key]), _unescaped(text)])
            raise DataError(f"one file is named twice ({both}); its rows would count twice")
        seen[key] = text


def _connect(in_order: bool, memory_limit: int | str | None) -> Any:
    """Open a connection of our own: the user's default one keeps its settings."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET preserve_insertion_order = {str(in_order).lower()}")
    # DuckDB makes the folder when it first spills and removes it with the connection.
    spill = Path(tempfile.gettempdir()) / f"pluralism-{uuid.uuid4().hex}"
    connection.execute(f"SET temp_directory = {quoted(str(spill))}")
    if memory_limit is not None:
        if not isinstance(memory_limit, str):
            memory_limit = f"{_validate.whole_number('memory_limit', memory_limit, at_least=1)}B"
        if not _MEMORY.fullmatch(memory_limit):
            raise DataError(
                f'`memory_limit` is {memory_limit!r}; write a number of bytes, or "4GB", "500MB"'
            )
        try:
            connection.execute(f"SET memory_limit = {quoted(memory_limit)}")
        except duckdb.Error as error:
            raise DataError(f"`memory_limit` is {memory_limit!r}: {first_line(error)}") from None
    return connection


def _refuse_saved(connection: Any, files: Sequence[str]) -> None:
    """Refuse our own saved cells: their columns `first` and `second` are codes, not votes."""
    saved = connection.execute(
        f"SELECT file_name FROM parquet_kv_metadata({_listed(files)}) WHERE key = 'pluralism'"
    ).fetchall()  # all: a connection with rows left to fetch does nothing else
    if saved:
        raise DataError(
            f"{_text(saved[0][0])!r} holds cells that pluralism saved, not rows to be counted; "
            "read them with `load`"
        )


def _relation(
    connection: Any,
    files: Sequence[str],
    reader: str,
    labels: Sequence[str],
    numbers: Sequence[str],
) -> tuple[Any, frozenset[str]]:
    """One relation over all files, whose columns mean the same in each; see `Opened.whole`."""
    options = {
        "read_parquet": "",
        # Left to guess, DuckDB looks at the first rows: quotes that come later would be part of a
        # label, and short lines that begin with # would be dropped.
        "read_csv": """, header = true, quote = '"', escape = '"', comment = ''""",
        "read_json": ", format = 'newline_delimited'",
    }[reader]
    options += ", hive_partitioning = false"
    is_text = reader == "read_csv"
    schemas = {}
    for file in files:
        if is_text:
            _check_header(connection, file, options, (*labels, *numbers))
        head = connection.sql(f"SELECT * FROM {reader}({quoted(file)}{options})")
        schemas[file] = dict(zip(head.columns, map(str, head.types), strict=True))
        if reader == "read_json":
            schemas[file] |= dict.fromkeys(_texts(labels, schemas[file]), "VARCHAR")
    first = next(iter(schemas.values()))
    if len(files) > 1:
        filled = {
            file: schema
            for file, schema in schemas.items()
            if connection.execute(
                f"SELECT 1 FROM {reader}({quoted(file)}{options}) LIMIT 1"
            ).fetchall()
        }
        schemas = filled or {files[0]: first}  # an empty file has no types worth comparing
        files = list(schemas)
        first = schemas[files[0]]
        for column in (*labels, *numbers):
            _refuse_differing(column, schemas, column in labels, is_text)
        options += ", union_by_name = true"
    whole: frozenset[str] = frozenset()
    if is_text:
        types = {name: "VARCHAR" for name in labels if name in first}
        for name in numbers:
            found = [schema.get(name, "") for schema in schemas.values()]
            is_whole = [_INTEGERS.fullmatch(type_) is not None for type_ in found]
            if any(is_whole):
                types[name] = "DOUBLE"
            if all(is_whole):
                whole |= {name}
            if "BOOLEAN" in found and not _is_boolean(connection, files, options, name):
                types[name] = "VARCHAR"
        options += _typed("types", types)
    elif reader == "read_json" and (labels or numbers):
        # Every row is looked at: types guessed from the first would round what comes later.
        options += f", sample_size = -1, maximum_sample_files = {len(files)}"
    relation = connection.sql(f"SELECT * FROM {reader}({_listed(files)}{options})")
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    for name, type_ in types.items():
        if type_ == "JSON" and name in (*labels, *numbers):
            raise DataError(
                f"column {name!r} of {_text(files[0])!r} mixes text, numbers or nested values; "
                "write it in one way"
            )
    if reader == "read_json":
        if texts := _texts(labels, types):
            options += _typed("columns", types | dict.fromkeys(texts, "VARCHAR"))
            relation = connection.sql(f"SELECT * FROM {reader}({_listed(files)}{options})")
        for name in labels:
            if types.get(name) == "DOUBLE":
                _refuse_rounded(connection, relation, name)
    return relation, whole


def _texts(labels: Sequence[str], types: Mapping[str, str]) -> list[str]:
    """Which labels in JSON are text that DuckDB would make something else of."""
    return [name for name in labels if _FROM_TEXT.fullmatch(types.get(name, ""))]


def _typed(option: str, types: Mapping[str, str]) -> str:
    """Write an option that gives columns their types; nothing where there are none."""
    pairs = ", ".join(f"{quoted(name)}: {quoted(type_)}" for name, type_ in types.items())
    return f", {option} = {{{pairs}}}" if pairs else ""


def _is_boolean(connection: Any, files: Sequence[str], options: str, name: str) -> bool:
    """Whether a column of a CSV file says true and false; DuckDB also takes t, f, yes and no."""
    as_text = f"read_csv({_listed(files)}{options}{_typed('types', {name: 'VARCHAR'})})"
    said = f"lower(trim({_identifier(name)}))"
    other = f"SELECT 1 FROM {as_text} WHERE {said} NOT IN ('true', 'false') LIMIT 1"
    return not connection.execute(other).fetchall()


def _refuse_rounded(connection: Any, relation: Any, name: str) -> None:
    """Refuse labels that are numbers too large for a float64: two of them may have become one."""
    large = relation.filter(f"abs({_identifier(name)}) >= {_validate.LARGEST_EXACT_COUNT}")
    found = large.project(_identifier(name)).limit(1).fetchall()
    if found:
        raise DataError(
            f"column {name!r} holds a number like {found[0][0]:g}, whose digits are not all "
            "kept beside fractions or beyond 2**64; write the labels as text"
        )


def _check_header(connection: Any, file: str, options: str, names: Sequence[str]) -> None:
    """Refuse a column that comes twice, and rows above the header; a title is none.

    DuckDB would give the second column another name, and drop the rows.
    """
    ((skipped, delimiter),) = connection.execute(
        f"SELECT SkipRows, Delimiter FROM sniff_csv({quoted(file)}{options})"
    ).fetchall()
    raw = options.replace("header = true", "header = false")
    raw += f", all_varchar = true, skip = {skipped}, delim = {quoted(delimiter)}"
    header = connection.execute(f"SELECT * FROM read_csv({quoted(file)}{raw}) LIMIT 1").fetchall()
    folded = [str(name).strip().casefold() for row in header for name in row]
    for name in names:
        if folded.count(str(name).strip().casefold()) > 1:
            raise DataError(
                f"{_text(file)!r} has two columns named {name!r}, be it in another case; rename one"
            )
    if "://" in file:
        return
    with open(_unescaped(file), encoding="utf-8", errors="replace") as lines:
        above = [line for line in islice(lines, skipped) if line.strip()]
    for line in above:
        if len(above) > 1 or any(mark in line for mark in _DELIMITERS):
            shown = line.strip() if len(line) <= 60 else f"{line[:60].strip()}..."
            raise DataError(
                f"{_text(file)!r}: {shown!r} stands above line {skipped + 1}, where the names of "
                "the columns seem to be; remove the lines above the header, or divide all lines "
                "into fields in one way"
            )


def _refuse_differing(
    column: str, schemas: Mapping[str, Mapping[str, str]], is_label: bool, is_text: bool
) -> None:
    """Say where a column is absent, or is of another kind than in the first file."""
    has = [file for file, schema in schemas.items() if column in schema]
    if not has:
        return  # said by whoever checks the columns
    for file, schema in schemas.items():
        if column not in schema:
            raise DataError(f"column {column!r} is in {_text(has[0])!r} but not in {_text(file)!r}")
        one, other = schemas[has[0]][column], schema[column]
        if is_label and is_text:
            continue  # read as text in every file
        if _kind(one, is_label) != _kind(other, is_label):
            raise DataError(
                f"column {column!r} is {one} in {_text(has[0])!r} but {other} in "
                f"{_text(file)!r}; write it in one way"
            )


def _kind(type_: str, is_label: bool) -> str:
    """What a column holds; a label that is 7 in one file and 7.0 in another is two labels.

    So is 0.1 as FLOAT and as DOUBLE.
    """
    if _INTEGERS.fullmatch(type_):
        return "integer" if is_label else "number"
    if not is_label and (type_ in ("FLOAT", "DOUBLE") or type_.startswith("DECIMAL")):
        return "number"
    return "text" if type_ == "VARCHAR" or type_.startswith("ENUM") else type_


def _text(file: str) -> str:
    return file if "://" in file else _unescaped(file)


def _unescaped(file: str) -> str:
    """Undo `glob.escape`."""
    return re.sub(r"\[([*?[])\]", r"\1", file)


def _named(source: Any) -> str:
    if isinstance(source, (list, tuple)):
        return enumerate_some([str(entry) for entry in source], 3)
    return repr(str(source))


def _listed(files: Sequence[str]) -> str:
    return f"[{', '.join(quoted(file) for file in files)}]"


def _identifier(name: str) -> str:
    """Write an SQL name."""
    return '"' + name.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """Write an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"

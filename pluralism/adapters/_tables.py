"""Tables of results, in the formats that papers, spreadsheets and other programs read."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from .._aside import netcdf_bytes, written_aside
from ..errors import DataError
from ..report._tables import inert

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["write_table"]

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def write_table(table: Any, path: Any, *, digits: int = 3, caption: str | None = None) -> Path:
    r"""Write a table or a result to a file, by the ending of its name.

    Parameters
    ----------
    table : pandas.DataFrame, Series, or a result
        A tidy frame, an xarray object, or a result: one with `summary()` or `to_frame()` (for
        ``.nc``: with `to_dataset()`), or one that is a single table, be it of arrays that share
        their dimensions or of numbers only.
    path : path
        ``.csv`` and ``.parquet`` (numbers in full), ``.nc`` (NetCDF 4, needs the extra
        ``netcdf``), ``.tex`` (a booktabs table) or ``.md`` (a pipe table).
    digits : int
        Decimals of the numbers in ``.tex`` and ``.md``.
    caption : str, optional
        For ``.tex`` and ``.md``.

    Returns
    -------
    pathlib.Path
        The file, which is written aside and renamed.

    Raises
    ------
    DataError
        If the ending is unknown, `table` is no table, or more than one (the message then names its
        parts), or the file cannot be written.
    ImportError
        If ``.nc`` is asked for without h5netcdf: ``pip install 'pluralism[netcdf]'``.

    Notes
    -----
    Texts stay texts: in CSV what a spreadsheet would take for a formula gets an apostrophe before
    it; in LaTeX and Markdown markup is escaped.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> from pluralism.adapters import write_table
    >>> frame = pd.DataFrame({"model": ["a|b", "=1+1"], "utility": [0.51234, -1.0]})
    >>> path = write_table(frame, pathlib.Path(tempfile.mkdtemp()) / "t.md", digits=2)
    >>> print(path.read_text())
    | model | utility |
    | --- | ---: |
    | a\|b | 0.51 |
    | =1+1 | -1.00 |
    <BLANKLINE>
    """
    if not isinstance(path, (str, os.PathLike)):
        raise DataError(f"`path` is {type(path).__name__}; it must be the path of a file")
    file = Path(path)
    _validate.one_of("path", file.suffix, tuple(_WRITERS))
    digits = _validate.whole_number("digits", digits, at_most=17)
    with written_aside(file) as aside:
        _WRITERS[file.suffix](table, aside, digits, caption)
    return file


def _frame(table: Any) -> pd.DataFrame:
    """Return a tidy frame: labels in columns, one header row."""
    import pandas as pd

    for method in ("summary", "to_frame"):
        if callable(getattr(table, method, None)) and dataclasses.is_dataclass(table):
            table = getattr(table, method)()
            break
    else:
        if dataclasses.is_dataclass(table) and not isinstance(table, type):
            table = _of_result(table)
    if isinstance(table, pd.Series) or (hasattr(table, "to_dataframe") and hasattr(table, "dims")):
        name = getattr(table, "name", None) or "value"
        table = table.to_frame(name) if isinstance(table, pd.Series) else table.to_dataframe(name)
    if all(hasattr(table, name) for name in ("estimate", "stderr", "interval", "pvalue")):
        table = _of_contrast(table)
    if not isinstance(table, pd.DataFrame):
        raise DataError(
            f"`table` is {type(table).__name__}; it must be a frame or a result with summary()"
        )
    if table.columns.nlevels > 1:
        raise DataError("`table` has a header of several rows; give one with a single row")
    if not isinstance(table.index, pd.RangeIndex) or table.index.name is not None:
        table = table.reset_index()
    return table.rename(columns=str)


def _of_contrast(contrast: Any) -> pd.DataFrame:
    """One or more differences with their errors and 95% intervals."""
    import pandas as pd

    lower, upper = contrast.interval()
    values = {
        "estimate": contrast.estimate, "stderr": contrast.stderr, "lower": lower, "upper": upper,
        "pvalue": contrast.pvalue,
    }  # fmt: skip
    return pd.DataFrame({name: np.atleast_1d(each) for name, each in values.items()})


def _of_result(result: Any) -> pd.DataFrame:
    """The table of a result that has no method for one.

    Its arrays, if they share their dimensions, with its numbers repeated beside them; its frame,
    if that is all; or its numbers, with the ends of its interval, in one row. Where something
    would be left out, the error names the parts.
    """
    import pandas as pd
    import xarray as xr

    fields = {each.name: getattr(result, each.name) for each in dataclasses.fields(result)}
    frames = {name: each for name, each in fields.items() if isinstance(each, pd.DataFrame)}
    arrays = {name: each for name, each in fields.items() if isinstance(each, xr.DataArray)}
    kinds = (str, int, float, bool, np.number, np.bool_)
    numbers = {name: each for name, each in fields.items() if isinstance(each, kinds)}
    shapes = {each.dims for each in arrays.values()}
    if len(frames) == 1 and not arrays and not numbers:
        return next(iter(frames.values()))
    if not frames and len(shapes) == 1 and shapes != {()}:
        plain = {name: each.reset_coords(drop=True) for name, each in arrays.items()}
        return xr.Dataset({**plain, **numbers}).to_dataframe()
    if not frames and not arrays and numbers:
        interval = getattr(result, "interval", None)
        ends = interval() if callable(interval) else interval
        if isinstance(ends, tuple) and len(ends) == 2:
            numbers |= {"lower": float(ends[0]), "upper": float(ends[1])}
        return pd.DataFrame([numbers])
    parts = [f"`.{name}`" for name in (*frames, *arrays)] or ["its attributes"]
    raise DataError(
        f"`table` is {type(result).__name__}, which is more than one table; pass {', '.join(parts)}"
    )


def _csv(table: Any, path: Path, digits: int, caption: str | None) -> None:
    frame = _frame(table)
    safe = frame.apply(lambda column: column.map(lambda x: inert(x) if isinstance(x, str) else x))
    safe.columns = [inert(name) for name in frame.columns]
    safe.to_csv(path, index=False, lineterminator="\n")


def _parquet(table: Any, path: Path, digits: int, caption: str | None) -> None:
    from ..data._storage import write_parquet

    write_parquet(_frame(table), path)


def _netcdf(table: Any, path: Path, digits: int, caption: str | None) -> None:
    import xarray as xr

    if isinstance(table, xr.DataArray):  # one without a name as xarray itself would write it
        table = table.to_dataset(name=table.name or "__xarray_dataarray_variable__")
    elif callable(getattr(table, "to_dataset", None)):
        table = table.to_dataset()
    elif not isinstance(table, xr.Dataset):
        table = _frame(table).to_xarray()
    path.write_bytes(netcdf_bytes(table))


def _markdown(table: Any, path: Path, digits: int, caption: str | None) -> None:
    frame = _frame(table)
    rules = ["---:" if _numeric(frame[name]) else "---" for name in frame]
    rows = [
        [_in_markdown(str(name)) for name in frame],
        rules,
        *_cells(frame, digits, _in_markdown, "–"),
    ]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    head = [_in_markdown(caption), ""] if caption else []
    path.write_text("\n".join([*head, *lines, ""]), encoding="utf-8")


def _latex(table: Any, path: Path, digits: int, caption: str | None) -> None:
    frame = _frame(table)
    columns = "".join("r" if _numeric(frame[name]) else "l" for name in frame)
    rows = [" & ".join(row) + r" \\" for row in _cells(frame, digits, _in_latex, "--")]
    head = " & ".join(_in_latex(str(name)) for name in frame) + r" \\"
    lines = [
        rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *rows, r"\bottomrule",
        r"\end{tabular}",
    ]  # fmt: skip
    if caption:
        lines = [r"\begin{table}", rf"\caption{{{_in_latex(caption)}}}", *lines, r"\end{table}"]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


_WRITERS: dict[str, Callable[[Any, Path, int, str | None], None]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".nc": _netcdf,
    ".tex": _latex,
    ".md": _markdown,
}


def _numeric(column: Any) -> bool:
    return column.dtype.kind in "iuf"


def _cells(
    frame: pd.DataFrame, digits: int, escape: Callable[[str], str], missing: str
) -> list[list[str]]:
    def cell(value: Any) -> str:
        if value is None or value != value:
            return missing
        if isinstance(value, (float, np.floating)):
            return f"{value:.{digits}f}"
        return escape(str(value))

    columns = [[cell(value) for value in frame[name].tolist()] for name in frame]
    return [list(row) for row in zip(*columns, strict=True)]


def _in_latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def _in_markdown(text: str) -> str:
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", plain)

"""Tables of a report: for the eye, for sorting, and as a CSV that no spreadsheet executes."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

__all__ = ["Column", "Table", "inert"]

Kind = Literal["text", "number", "count", "share", "rank"]


@dataclass(frozen=True)
class Column:
    """A column's heading, what is in it, and the sentence that explains it."""

    heading: str
    kind: Kind = "number"
    about: str = ""

    def shown(self, value: Any) -> str:
        """Write a value as the page shows it."""
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return "–"
        if self.kind == "text":
            return str(value)
        if self.kind == "count":
            return f"{value:,.6g}" if value != int(value) else f"{int(value):,}"
        if self.kind == "rank":
            return f"{int(value)}"
        if self.kind == "share":
            return f"{100 * value:.1f}%"
        # A true minus, and no negative zero.
        written = f"{value:.3f}"
        return "0.000" if written == "-0.000" else written.replace("-", "−")

    def key(self, value: Any) -> str:
        """Write a value as the page sorts it."""
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return ""
        return str(value) if self.kind == "text" else f"{float(value):.10g}"


@dataclass(frozen=True)
class Table:
    """Rows under a caption; `name` is the stem of its CSV file.

    Attributes
    ----------
    name, caption : str
        File stem, and what a screen reader announces.
    columns : tuple of Column
        The first one heads the rows.
    rows : sequence of sequence
        Raw values.
    shown : bool
        Whether the page shows it; if not it can only be downloaded.
    folded : bool
        Whether the page shows it only when it is opened.
    most : int
        Rows that the page shows; the CSV holds all.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]] = ()
    shown: bool = True
    folded: bool = False
    most: int = 1_000_000

    @property
    def cells(self) -> list[list[tuple[str, str]]]:
        """Shown text and sort key of every cell."""
        return [
            [
                (column.shown(value), column.key(value))
                for column, value in zip(self.columns, row, strict=True)
            ]
            for row in self.rows[: self.most]
        ]

    @property
    def csv(self) -> str:
        """The raw values, in full precision."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\r\n")
        writer.writerow([inert(column.heading) for column in self.columns])
        writer.writerows([_cell(value) for value in row] for row in self.rows)
        return buffer.getvalue()

    @property
    def link(self) -> str:
        """The CSV as a ``data:`` address; a byte-order mark tells spreadsheets that it is UTF-8."""
        content = base64.b64encode(self.csv.encode("utf-8-sig")).decode("ascii")
        return f"data:text/csv;charset=utf-8;base64,{content}"


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return inert(value)
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (int, np.integer)):
        return int(value)
    return repr(float(value)) if isinstance(value, (float, np.floating)) else inert(str(value))


def inert(text: str) -> str:
    """Keep a spreadsheet from taking a label for a formula."""
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} or text[:1] in "\t\r\n" else text

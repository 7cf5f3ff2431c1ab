"""Guess which columns of a votes file hold what, and say what was guessed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .._labelled import collected
from ..errors import DataError, enumerate_some

__all__ = ["Columns", "find_columns", "likely_rater"]

#: Names of the two item columns that the field uses, the commonest first.
PAIRS = (
    ("first", "second"),
    ("left", "right"),
    ("model_a", "model_b"),
    ("item_a", "item_b"),
    ("option_a", "option_b"),
    ("response_a", "response_b"),
    ("a", "b"),
)
RESULTS = (
    "outcome",
    "winner",
    "result",
    "vote",
    "preference",
    "choice",
    "preferred",
    "answer",
    "label",
)
RATERS = ("rater", "worker", "annotator", "judge", "voter", "respondent", "participant", "user")
#: So many rows are looked at to tell codes from labels; all rows are checked when they are counted.
SAMPLE = 20_000


@dataclass(frozen=True)
class Columns:
    """Names of the columns of a votes file; `outcome` holds codes, `winner` labels."""

    first: str | None = None
    second: str | None = None
    outcome: str | None = None
    winner: str | None = None

    def __str__(self) -> str:
        result = f"outcome={self.outcome}" if self.outcome else f"winner={self.winner}"
        return f"first={self.first} second={self.second} {result}"


def find_columns(paths: Sequence[Path], given: Columns) -> Columns:
    """Complete the columns that were named by those that the file lets one guess."""
    from ..data._frames import check_columns, open_frame

    frame = open_frame(paths).frame
    names = frame.collect_schema().names()
    columns = _guess_items(names, given)
    if given.outcome is not None and given.winner is not None:
        raise DataError("give --outcome (codes) or --winner (labels), not both")
    result = given.outcome or given.winner or _guess_result(names, columns)
    check_columns(frame, [str(columns.first), str(columns.second), result])
    if given.outcome is not None:
        return columns
    labels = [str(columns.first), str(columns.second), result]
    sample = open_frame(paths, labels=labels).frame.head(SAMPLE)  # as they are written
    items = _values(sample, columns.first) | _values(sample, columns.second)
    return _as_codes_or_labels(columns, result, _values(sample, result), items)


def likely_rater(paths: Sequence[Path]) -> str | None:
    """Name the column that looks like raters, as `worker` or `annotator_id` do."""
    from ..data._frames import open_frame

    names = open_frame(paths).frame.collect_schema().names()
    known = {name.strip().casefold().removesuffix("_id"): name for name in names}
    return next((known[name] for name in RATERS if name in known), None)


def _guess_items(names: Sequence[str], given: Columns) -> Columns:
    if given.first is not None and given.second is not None:
        return given
    if given.first is not None or given.second is not None:
        raise DataError("give both --first and --second, or neither")
    known = {name.strip().casefold(): name for name in names}
    for one, other in PAIRS:
        if one in known and other in known:
            return replace(given, first=known[one], second=known[other])
    raise DataError(
        "no two columns are named like compared items (first/second, left/right, "
        "model_a/model_b, item_a/item_b); name them with --first and --second "
        f"(the columns: {_some(names)})"
    )


def _guess_result(names: Sequence[str], columns: Columns) -> str:
    known = {name.strip().casefold(): name for name in names}
    for name in RESULTS:
        if name in known and known[name] not in (columns.first, columns.second):
            return known[name]
    raise DataError(
        "no column is named like a result (outcome, winner, result, vote, ...); name it with "
        f"--outcome or --winner (the columns: {_some(names)})"
    )


def _values(sample: Any, name: str | None) -> set[Any]:
    column = collected(sample.select(name).unique())[name]
    return {value for value in column.to_list() if value is not None}


def _as_codes_or_labels(
    columns: Columns, result: str, values: Collection[Any], items: Collection[Any]
) -> Columns:
    """Labels where every value that is no tie names an item; else codes or shares."""
    from ..data._outcomes import TIE, recognise

    decided = {str(value) for value in values if recognise(value) != TIE}
    if decided and decided <= {str(item) for item in items}:
        return replace(columns, outcome=None, winner=result)
    return replace(columns, outcome=result, winner=None)


def _some(names: Sequence[str]) -> str:
    return enumerate_some(names, 12)

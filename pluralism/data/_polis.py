"""The export of a Polis conversation: a folder of CSV files becomes one labelled vote matrix."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import DataError, LabelError, enumerate_some

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["PolisConversation", "read_polis"]

_MATRIX, _COMMENTS, _SUMMARY, _HISTORY = (
    "participants-votes.csv",
    "comments.csv",
    "summary.csv",
    "votes.csv",
)
_OWN = ("participant", "group-id", "n-comments", "n-votes", "n-agree", "n-disagree")
#: What int() takes for a number is more: 1_0 for 10, and digits of every script.
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_VOTES = {"": np.nan, "1": 1.0, "0": 0.0, "-1": -1.0}


@dataclass(frozen=True, eq=False)
class PolisConversation:
    """A Polis conversation as exported.

    Attributes
    ----------
    votes : xarray.DataArray, (participant, comment)
        1 (agree), 0 (pass), -1 (disagree), NaN (no vote). The coordinate `group` holds each
        participant's group, None for those that Polis put into none.
    comments : pandas.DataFrame
        One row a comment of `votes`, in the same order, indexed by its number, with whatever
        the file tells (for example ``agrees``, ``disagrees``, ``moderated``: -1 rejected, 0
        not looked at, 1 accepted; ``comment-body``).
    summary : dict of str to str
        Topic, numbers of voters and the like.
    history : pandas.DataFrame or None
        Votes in the order they were cast, changed ones included, where the export has them.
    notes : tuple of str
        Where the files of the export contradict each other.
    """

    votes: xr.DataArray = field(repr=False)
    comments: pd.DataFrame = field(repr=False)
    summary: dict[str, str] = field(repr=False)
    history: pd.DataFrame | None = field(repr=False)
    notes: tuple[str, ...]


def read_polis(folder: Any) -> PolisConversation:
    r"""Read the folder of a Polis export.

    Parameters
    ----------
    folder : path
        Holds ``participants-votes.csv`` and ``comments.csv``, and where the export has them
        ``summary.csv`` and ``votes.csv``.

    Returns
    -------
    PolisConversation
        The vote matrix with the groups of the export, comments, summary and history.

    Raises
    ------
    DataError
        If a file is missing or no table, a vote is something else, a participant's votes do not
        add up to the numbers in the same row, a line of the summary is no pair, or no vote is
        left.
    LabelError
        If a participant, a comment, a column or a key of the summary occurs twice, or a comment
        has votes but no row.

    Notes
    -----
    Exports give 1 for agree, as here; the sign in Polis' own database is the opposite. Counts
    in ``comments.csv`` can differ from the matrix, and ``votes.csv`` from its last votes; both
    are told in `notes`, and the matrix stands.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from pluralism.data import read_polis
    >>> folder = Path(tempfile.mkdtemp())
    >>> head = "participant,group-id,n-comments,n-votes,n-agree,n-disagree,0,1"
    >>> rows = ["0,0,1,2,1,1,1,-1", "1,1,0,1,0,1,-1,", "2,,0,1,0,0,,0"]
    >>> _ = (folder / "participants-votes.csv").write_text("\n".join([head, *rows]))
    >>> _ = (folder / "comments.csv").write_text("comment-id,agrees,disagrees\n0,1,1\n1,0,1")
    >>> talk = read_polis(folder)
    >>> talk.votes.values.tolist(), talk.votes.group.values.tolist()
    ([[1.0, -1.0], [-1.0, nan], [nan, 0.0]], [0, 1, None])
    """
    path = _folder(folder)
    matrix = _read_matrix(path / _MATRIX)
    comments = _read_comments(path / _COMMENTS, matrix.comments)
    summary = _read_summary(path / _SUMMARY)
    history = _read_history(path / _HISTORY)
    import xarray as xr

    votes = xr.DataArray(
        matrix.votes,
        dims=("participant", "comment"),
        coords={
            "participant": matrix.participants,
            "comment": matrix.comments,
            "group": ("participant", matrix.groups),
        },
        name="vote",
    )
    return PolisConversation(
        votes, comments, summary, history, tuple(_contradictions(votes, comments, history))
    )


class _Matrix(NamedTuple):
    votes: npt.NDArray[np.float64]
    participants: list[int]
    comments: list[int]
    groups: npt.NDArray[np.object_]


def _folder(value: Any) -> Path:
    try:
        path = Path(value)
    except TypeError:
        raise DataError(f"`folder` is {value!r}; it must be the path of a folder") from None
    if not path.is_dir():
        raise DataError(f"`folder` is {str(path)!r}, which is no folder")
    absent = [name for name in (_MATRIX, _COMMENTS) if not (path / name).is_file()]
    if absent:
        there = sorted(entry.name for entry in path.iterdir())
        raise DataError(
            f"`folder` {str(path)!r} lacks {enumerate_some(absent)}; it holds "
            f"{enumerate_some(there) or 'nothing'}"
        )
    return path


def _rows(path: Path, *, header: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, fields) of a CSV file, nothing for one that is not there."""
    if not path.is_file():
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)  # a quote left open would swallow lines
            width = 2
            for number, row in enumerate(reader):
                if not row:
                    continue
                if number == 0 and header:
                    width = len(row)
                if len(row) < width or (header and len(row) > width):
                    raise DataError(
                        f"{path.name!r}, line {reader.line_num}: {len(row)} fields where there "
                        f"should be {width}"
                    )
                yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name!r} is not UTF-8 at byte {error.start}") from None
    except csv.Error as error:
        raise DataError(
            f"{path.name!r}, line {reader.line_num}: {error}; is a quote left open?"
        ) from None


def _number(path: Path, line: int, what: str, text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise DataError(
            f"{path.name!r}, line {line}: {what} is {text!r}; it must be a whole number, written "
            "in digits alone"
        )
    return int(text)


def _read_matrix(path: Path) -> _Matrix:
    rows = list(_rows(path))
    if len(rows) < 2:
        raise DataError(f"{path.name!r} holds no participant")
    head = rows[0][1]
    if tuple(head[: len(_OWN)]) != _OWN or len(head) == len(_OWN):
        raise DataError(
            f"{path.name!r} starts with the columns {enumerate_some(head, 8)}; an export has "
            f"{enumerate_some(_OWN)} and then one for each comment"
        )
    comments = [_number(path, 1, "a comment", text) for text in head[len(_OWN) :]]
    _once(path, "comment", comments)
    people, groups = [], np.full(len(rows) - 1, None, dtype=object)
    votes = np.empty((len(rows) - 1, len(comments)))
    for place, (line, row) in enumerate(rows[1:]):
        own = dict(zip(_OWN, row, strict=False))
        people.append(_number(path, line, "the participant", own["participant"]))
        if own["group-id"]:
            groups[place] = _number(path, line, "the group", own["group-id"])
        for column, text in enumerate(row[len(_OWN) : len(head)]):
            if text not in _VOTES:
                raise DataError(
                    f"{path.name!r}, line {line}: the vote on comment {comments[column]} is "
                    f"{text!r}; a vote is 1, 0, -1 or empty"
                )
            votes[place, column] = _VOTES[text]
        counted = {
            "n-votes": int((~np.isnan(votes[place])).sum()),
            "n-agree": int((votes[place] == 1).sum()),
            "n-disagree": int((votes[place] == -1).sum()),
        }
        for name, number in counted.items():
            if _number(path, line, name, own[name]) != number:
                raise DataError(
                    f"{path.name!r}, line {line}: {name} of participant {people[-1]} is "
                    f"{own[name]}, but the row holds {number}"
                )
    _once(path, "participant", people)
    if np.isnan(votes).all():
        raise DataError(f"{path.name!r} holds no vote")
    return _Matrix(votes, people, comments, groups)


def _once(path: Path, what: str, labels: Sequence[int | str]) -> None:
    if len(set(labels)) < len(labels):
        twice = next(each for place, each in enumerate(labels) if each in labels[:place])
        raise LabelError(f"{path.name!r} has the {what} {twice!r} twice")


def _read_summary(path: Path) -> dict[str, str]:
    rows = list(_rows(path, header=False))
    for line, row in rows:
        if len(row) > 2:
            raise DataError(
                f"{path.name!r}, line {line}: {len(row)} fields where there should be a key and a "
                'text; write a text with a comma in quotes (")'
            )
    _once(path, "key", [row[0] for _, row in rows])
    return {row[0]: row[1] for _, row in rows}


def _read_comments(path: Path, known: list[int]) -> pd.DataFrame:
    import pandas as pd

    rows = list(_rows(path))
    head = rows[0][1] if rows else []
    if "comment-id" not in head:
        raise DataError(f"{path.name!r} has no column 'comment-id'")
    _once(path, "column", head)
    at = head.index("comment-id")
    ids = [_number(path, line, "comment-id", row[at]) for line, row in rows[1:]]
    _once(path, "comment", ids)
    without = sorted(set(known) - set(ids))
    if without:
        raise LabelError(f"{path.name!r} has no row for comment(s) {enumerate_some(without)}")
    table: Mapping[str, Any] = {
        name: [row[column] for _, row in rows[1:]]
        for column, name in enumerate(head)
        if column != at
    }
    frame = pd.DataFrame(table, index=pd.Index(ids, name="comment")).reindex(known)
    for name in frame.columns:
        numbers = pd.to_numeric(frame[name], errors="coerce")
        if name != "comment-body" and numbers.notna().all():
            frame[name] = numbers
    return frame


def _read_history(path: Path) -> pd.DataFrame | None:
    import pandas as pd

    rows = list(_rows(path))
    if not rows:
        return None
    head = rows[0][1]
    _once(path, "column", head)
    wanted = {"voter-id": "participant", "comment-id": "comment", "vote": "vote"}
    absent = [name for name in wanted if name not in head]
    if absent:
        raise DataError(f"{path.name!r} has no column {enumerate_some(absent)}")
    table: dict[str, list[int]] = {name: [] for name in ("timestamp", *wanted.values())}
    for line, row in rows[1:]:
        own = dict(zip(head, row, strict=False))
        table["timestamp"].append(_number(path, line, "timestamp", own.get("timestamp", "0")))
        for name, ours in wanted.items():
            table[ours].append(_number(path, line, name, own[name]))
    odd = [place for place, vote in enumerate(table["vote"]) if vote not in (-1, 0, 1)]
    if odd:
        raise DataError(
            f"{path.name!r}, line {rows[1 + odd[0]][0]}: the vote is {table['vote'][odd[0]]}; it "
            "must be 1, 0 or -1"
        )
    frame = pd.DataFrame(table)
    return frame.sort_values("timestamp", kind="stable", ignore_index=True)


def _contradictions(
    votes: xr.DataArray, comments: pd.DataFrame, history: pd.DataFrame | None
) -> Iterator[str]:
    for name, value in (("agrees", 1.0), ("disagrees", -1.0)):
        if name in comments:
            counted = (votes.values == value).sum(axis=0)
            wrong = int((comments[name].to_numpy() != counted).sum())
            if wrong:
                yield f"comments.csv: {name} of {wrong} comments are not those of the matrix"
    if history is not None:
        last = history.drop_duplicates(["participant", "comment"], keep="last")
        replayed = last.pivot_table(index="participant", columns="comment", values="vote")
        people, columns = votes["participant"].values, votes["comment"].values
        beyond = int(replayed.size - replayed.isna().sum().sum())
        replayed = replayed.reindex(index=people, columns=columns)
        beyond -= int(replayed.notna().sum().sum())
        again = replayed.to_numpy(dtype=np.float64)
        same = (again == votes.values) | (np.isnan(again) & np.isnan(votes.values))
        wrong = int((~same).sum()) + beyond
        if wrong:
            yield f"votes.csv: {wrong} last votes are not those of the matrix"

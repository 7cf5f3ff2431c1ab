"""Votes one by one in the order they came, for methods that depend on it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import numpy.typing as npt

from .. import _validate
from .._labelled import collected
from ..errors import DataError, enumerate_some
from . import _labels
from ._comparisons import Comparisons
from ._frames import check_columns, column_kind, encode, missing_message, open_frame
from ._outcomes import FIRST, TIE, outcome_codes

__all__ = ["OrderedVotes", "ordered_votes", "winner_pairs"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]


#: More votes than this are not written out one by one.
MOST_VOTES = 1 << 30


class OrderedVotes(NamedTuple):
    """Votes in order."""

    items: tuple[Hashable, ...]
    first: IntArray  # (votes,)
    second: IntArray  # (votes,)
    share: FloatArray  # (votes,): 1 the first won, 0 the second, 0.5 a tie


def ordered_votes(
    votes: Any,
    *,
    first: str | None = None,
    second: str | None = None,
    outcome: str | None = None,
    outcomes: Mapping[Any, str] | None = None,
) -> OrderedVotes:
    """Read votes without summing them.

    Parameters
    ----------
    votes : frame, path, sequence or Comparisons
        A table with columns `first`, `second` and `outcome`; or a sequence of (winner, loser) or
        of (first, second, outcome); or Comparisons with whole counts, whose votes come back in
        no meaningful order.
    first, second, outcome : str, optional
        Columns of a table.
    outcomes : mapping, optional
        Raw outcome -> "first", "second" or "tie", matched as in `Comparisons.from_frame`.

    Raises
    ------
    DataError
        A column is absent or a value missing, an outcome is not understood, an item meets
        itself, counts are not whole, or there are no votes.
    LabelError
        One label is written in two ways.
    """
    named = {"first": first, "second": second, "outcome": outcome}
    if isinstance(votes, Comparisons):
        _refuse_columns(named, "Comparisons")
        return _expand(votes)
    is_table = isinstance(votes, (str, Path)) or hasattr(votes, "columns")
    if is_table:
        absent = [name for name, column in named.items() if column is None]
        if absent:
            raise DataError(
                f"`votes` is a table, so {enumerate_some(absent)} must name its column(s)"
            )
        return _from_table(votes, str(first), str(second), str(outcome), outcomes)
    _refuse_columns(named, "a sequence")
    return _from_sequence(votes, outcomes)


def _refuse_columns(named: Mapping[str, str | None], what: str) -> None:
    given = [name for name, column in named.items() if column is not None]
    if given:
        raise DataError(
            f"`votes` is {what}, which has no columns; leave out {enumerate_some(given)}"
        )


def _from_table(
    votes: Any, first: str, second: str, outcome: str, outcomes: Mapping[Any, str] | None
) -> OrderedVotes:
    frame = open_frame(
        votes,
        labels=[first, second, *([outcome] if outcomes is not None else [])],
        numbers=[outcome] if outcomes is None else [],
        in_order=True,
    ).frame
    check_columns(frame, [first, second, outcome])
    shares = outcomes is None and column_kind(frame, outcome) == "float"
    table = collected(frame.select(first, second, outcome))
    codes, seen = [], []
    for name in (first, second):
        code, labels = encode(table[name])
        code = np.asarray(code)
        if (code < 0).any():
            raise DataError(_missing(name, np.flatnonzero(code < 0)))
        clean = _labels.check_labels(name, labels)
        codes.append(code)
        seen.append(tuple(clean[place] for place in np.unique(code)))
        # Codes of labels that do not occur must not make items.
        lookup = np.zeros(len(clean) + 1, dtype=np.int64)
        lookup[np.unique(code)] = np.arange(len(seen[-1]))
        codes[-1] = lookup[code]
    items = _labels.in_order(dict.fromkeys((*seen[0], *seen[1])))
    _labels.check_labels(f"{first}, {second}", items)
    position = _labels.code_of(items, "items")
    left, right = (
        np.array([position[label] for label in labels], dtype=np.int32)[code]
        for labels, code in zip(seen, codes, strict=True)
    )
    if shares:
        share = np.asarray(table[outcome].cast(nw.Float64).to_numpy(), dtype=np.float64)
        if np.isnan(share).any():
            raise DataError(_missing(outcome, np.flatnonzero(np.isnan(share))))
        _validate.within(outcome, share, 0, 1, what="the share of a vote for the first item")
    else:
        code, labels = encode(table[outcome])
        code = np.asarray(code)
        if (code < 0).any():
            raise DataError(_missing(outcome, np.flatnonzero(code < 0)))
        present = np.unique(code)
        meaning = np.zeros(len(labels) + 1)
        meaning[present] = _share_of(
            outcome_codes(outcome, [labels[place] for place in present], outcomes)
        )
        share = meaning[code]
    return _checked(items, left, right, share)


def _missing(name: str, rows: npt.NDArray[np.intp]) -> str:
    # An order cannot be kept when votes are dropped behind the caller's back.
    text = missing_message(name, len(rows), places=rows[:5].tolist())
    return text.split("; complete")[0] + "; complete them or leave those votes out"


def _from_sequence(votes: Any, outcomes: Mapping[Any, str] | None) -> OrderedVotes:
    if isinstance(votes, np.ndarray):
        votes = votes.tolist()
    if isinstance(votes, (bytes, *_labels.UNORDERED)) or not isinstance(votes, Iterable):
        raise DataError(
            f"`votes` is a {type(votes).__name__}; it must be a table, Comparisons, or a sequence "
            "of (winner, loser) or (first, second, outcome)"
        )
    rows = list(votes)
    if not rows:
        raise DataError("`votes` is empty; at least one vote is needed")
    for place, row in enumerate(rows):
        sized = _labels.is_ordered(row) and hasattr(row, "__len__")
        if not sized or len(row) not in (2, 3):
            raise DataError(
                f"`votes[{place}]` is {row!r}; every entry must be (winner, loser) or "
                "(first, second, outcome)"
            )
    seen = _labels.check_labels("votes", (x for row in rows for x in row[:2]), unique=False)
    items = _labels.in_order(dict.fromkeys(seen))
    position = _labels.code_of(items, "items")
    code = np.fromiter((position[label] for label in seen), np.int32, len(seen)).reshape(-1, 2)
    share = np.ones(len(rows))
    words: dict[Any, float] = {}
    for place, row in enumerate(rows):
        if len(row) == 2:
            continue
        result = row[2]
        is_share = isinstance(result, (float, np.floating)) and outcomes is None
        if is_share and 0 <= result <= 1:
            share[place] = result
            continue
        if is_share or _labels.is_missing(result):
            raise DataError(f"`votes[{place}]` has the outcome {result!r}; a share is in [0, 1]")
        if not isinstance(result, Hashable):
            raise DataError(
                f"`votes[{place}]` has the outcome {result!r}, which is no single value"
            )
        if result not in words:
            words[result] = float(_share_of(outcome_codes("outcome", [result], outcomes))[0])
        share[place] = words[result]
    return _checked(items, code[:, 0].copy(), code[:, 1].copy(), share)


def _share_of(codes: npt.NDArray[np.int8]) -> FloatArray:
    return np.where(codes == TIE, 0.5, (codes == FIRST).astype(np.float64))


def winner_pairs(votes: Comparisons, ties: str) -> list[tuple[int, int]]:
    """(winner, loser) codes of every vote, pair by pair."""
    _validate.one_of("ties", ties, ("error", "drop"))
    tied = float(votes.tied.sum())
    if tied and ties == "error":
        raise DataError(
            f"{tied:g} vote(s) are ties, which a list of (winner, loser) cannot hold; "
            'leave them out with ties="drop"'
        )
    won, lost, _ = _times(votes, "cannot be listed one by one")
    columns = np.stack([won, lost], axis=1).ravel()  # a cell's wins, then its losses
    winner = np.stack([votes.first, votes.second], axis=1).ravel()
    loser = np.stack([votes.second, votes.first], axis=1).ravel()
    pairs = np.stack([winner, loser], axis=1).repeat(columns, axis=0)
    return [(first, second) for first, second in pairs.tolist()]


def _expand(votes: Comparisons) -> OrderedVotes:
    times = _times(votes, "cannot be put in an order; give the votes themselves, one by one")
    share = np.repeat([1.0, 0.0, 0.5], times.sum(axis=1))
    cell = np.tile(np.arange(votes.n_cells), 3).repeat(times.ravel())
    return OrderedVotes(votes.items, votes.first[cell], votes.second[cell], share)


def _times(votes: Comparisons, remedy: str) -> npt.NDArray[np.int64]:
    """How often each cell's first won, second won, and neither, (3, cells)."""
    columns = np.stack([votes.first_won, votes.second_won, votes.tied])
    if columns.sum() > MOST_VOTES:
        raise DataError(
            f"the comparisons hold {columns.sum():.4g} votes, more than the {MOST_VOTES:.4g} that "
            "can be listed one by one"
        )
    times = columns.astype(np.int64)
    if votes.squares is not None or not np.array_equal(times, columns):
        raise DataError(f"the comparisons hold weighted or shared votes, which {remedy}")
    return times


def _checked(
    items: tuple[Hashable, ...], first: IntArray, second: IntArray, share: FloatArray
) -> OrderedVotes:
    same = np.flatnonzero(first == second)
    if len(same):
        raise DataError(
            f"vote {same[0]} compares {items[first[same[0]]]!r} with itself "
            f"({len(same)} such vote(s)); remove them"
        )
    return OrderedVotes(items, first, second, share)

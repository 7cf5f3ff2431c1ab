"""Votes on transitions between values at the door: raw votes, or counts by edge."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from .._labelled import collected
from ..data import _labels
from ..errors import DataError, LabelError, enumerate_some

__all__ = ["COUNTERS", "EdgeCounts", "count_edges"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

#: Columns of counted edges, in the order of the kernels.
COUNTERS = ("marked_wiser", "marked_not_wiser", "marked_unsure", "marked_less_wise")

_CODES = {
    "upgrade": 0, "wiser": 0, "no_upgrade": 1, "not_wiser": 1, "not_sure": 2, "unsure": 2,
}  # fmt: skip


class EdgeCounts(NamedTuple):
    """Counters of every ordered pair of values that was voted on, in one direction or the other."""

    values: tuple[Hashable, ...]
    source: IntArray  # (edges,)
    target: IntArray  # (edges,)
    counts: FloatArray  # (edges, 4)
    impressions: FloatArray  # (edges,)
    votes: Votes | None  # where single votes are known


class Votes(NamedTuple):
    """Contributions of single votes: a vote for the target also counts against the way back."""

    edge: IntArray  # (contributions,)
    counter: IntArray  # (contributions,): 0 to 3; 4 for an impression alone
    rater: IntArray | None  # (contributions,)
    n_raters: int
    group: IntArray | None  # (contributions,): -1 for none
    groups: tuple[Hashable, ...]

    def by_rater(self, n_edges: int) -> Any:
        """Sparse matrix (raters, 5 edges) of the counters and impressions."""
        from scipy import sparse

        assert self.rater is not None
        column = np.where(self.counter < 4, self.edge * 5 + self.counter, -1)
        rows = np.concatenate([self.rater[column >= 0], self.rater])
        columns = np.concatenate([column[column >= 0], self.edge * 5 + 4])
        return sparse.csr_array(
            (np.ones(len(rows)), (rows, columns)), shape=(self.n_raters, 5 * n_edges)
        )


def count_edges(
    votes: Any, *, source: str, wiser: str, vote: str, rater: str | None, group: str | None
) -> EdgeCounts:
    """Count raw votes, or read counted edges; which of the two is told by the columns."""
    table = _columns(votes)
    if vote in table:
        return _from_votes(table, source, wiser, vote, rater, group)
    if COUNTERS[0] in table:
        if rater is not None or group is not None:
            raise DataError(
                "`votes` holds counts by edge; `rater` and `group` need one row for each vote"
            )
        return _from_counts(table, source, wiser)
    raise DataError(
        f"`votes` has the columns {enumerate_some(table, 12)}; it needs {vote!r} (raw votes) or "
        f"{COUNTERS[0]!r} and its like (counts by edge)"
    )


def _columns(votes: Any) -> dict[str, list[Any]]:
    import narwhals as nw

    if isinstance(votes, Mapping):
        table = {str(name): list(column) for name, column in votes.items()}
        if len({len(column) for column in table.values()}) > 1:
            raise DataError("the columns of `votes` differ in length")
    else:
        try:
            frame = collected(nw.from_native(votes))
        except TypeError:
            raise DataError(
                f"`votes` is a {type(votes).__name__}; it must be a frame or a mapping of columns"
            ) from None
        table = {name: frame[name].to_list() for name in frame.columns}
    if not table or not next(iter(table.values())):
        raise DataError("`votes` has no rows")
    return table


def _column(table: Mapping[str, list[Any]], argument: str, name: str) -> list[Any]:
    if name not in table:
        raise LabelError.unknown(
            f"`{argument}`", name, known=list(table), argument="the columns of `votes`"
        )
    return table[name]


def _encode(
    table: Mapping[str, list[Any]], argument: str, name: str, optional: bool = False
) -> tuple[tuple[Hashable, ...], IntArray]:
    """Distinct labels of a column, sorted, and each row's code; -1 for missing if `optional`."""
    column = _column(table, argument, name)
    given = [place for place, label in enumerate(column) if not _labels.is_missing(label)]
    if len(given) < len(column) and not optional:
        first = next(p for p, label in enumerate(column) if _labels.is_missing(label))
        raise DataError(f"row {first} of column {name!r} is missing; every vote needs a value")
    clean = _labels.check_labels(f"column {name}", [column[p] for p in given], unique=False)
    labels = _labels.in_order(dict.fromkeys(clean))
    place = _labels.code_of(labels, name)
    codes = np.full(len(column), -1, dtype=np.intp)
    codes[given] = [place[label] for label in clean]
    return labels, codes


def _ends(
    table: Mapping[str, list[Any]], source: str, wiser: str
) -> tuple[tuple[Hashable, ...], IntArray, IntArray]:
    """Values, and the codes of both ends of every row."""
    starts, ends = _column(table, "source", source), _column(table, "wiser", wiser)
    values, codes = _encode({"value": [*starts, *ends]}, "source", "value")
    start, end = codes[: len(starts)], codes[len(starts) :]
    loops = np.flatnonzero(start == end)
    if len(loops):
        raise DataError(
            f"row {loops[0]} of `votes` goes from {values[start[loops[0]]]!r} to itself "
            f"({len(loops)} such rows); a value cannot be wiser than itself"
        )
    return values, start, end


def _from_votes(
    table: Mapping[str, list[Any]],
    source: str,
    wiser: str,
    vote: str,
    rater: str | None,
    group: str | None,
) -> EdgeCounts:
    values, start, end = _ends(table, source, wiser)
    cast = [str(each).strip().lower().replace(" ", "_").replace("-", "_") for each in table[vote]]
    odd = [place for place, each in enumerate(cast) if each not in _CODES]
    if odd:
        raise DataError(
            f"row {odd[0]} of column {vote!r} is {table[vote][odd[0]]!r} ({len(odd)} such rows); "
            f"a vote is one of {enumerate_some(_CODES)}"
        )
    code = np.array([_CODES[each] for each in cast], dtype=np.intp)
    # Every vote is also seen from the other end: an upgrade says that the source is less wise.
    n = len(values)
    key = np.concatenate([start * n + end, end * n + start])
    counter = np.concatenate([code, np.where(code == 0, 3, 4)])
    pairs, first, edge = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))  # in order of first appearance
    edge = order[edge]
    pairs = pairs[np.argsort(first)]
    counts = np.zeros((len(pairs), 5))
    np.add.at(counts, (edge, counter), 1.0)
    raters: tuple[Hashable, ...] = ()
    who = of = None
    groups: tuple[Hashable, ...] = ()
    if rater is not None:
        raters, codes = _encode(table, "rater", rater)
        who = np.tile(codes, 2)
    if group is not None:
        groups, codes = _encode(table, "group", group, optional=True)
        if len(groups) < 2:
            raise DataError(f"column {group!r} holds {len(groups)} group(s); bridging needs two")
        of = np.tile(codes, 2)
        if who is not None:
            _one_group_each(who, of, raters, groups)
    return EdgeCounts(
        values,
        pairs // n,
        pairs % n,
        counts[:, :4],
        np.bincount(edge, minlength=len(pairs)).astype(np.float64),
        Votes(edge, counter, who, len(raters), of, groups),
    )


def _one_group_each(
    who: IntArray, of: IntArray, raters: Sequence[Hashable], groups: Sequence[Hashable]
) -> None:
    seen: dict[int, int] = {}
    for person, part in zip(who.tolist(), of.tolist(), strict=True):
        if part >= 0 and seen.setdefault(person, part) != part:
            raise LabelError(
                f"rater {raters[person]!r} is in the groups {groups[seen[person]]!r} and "
                f"{groups[part]!r}; a rater belongs to one"
            )


def _from_counts(table: Mapping[str, list[Any]], source: str, wiser: str) -> EdgeCounts:
    values, start, end = _ends(table, source, wiser)
    key = start * len(values) + end
    _, first = np.unique(key, return_index=True)
    if len(first) < len(key):
        twice = int(np.setdiff1d(np.arange(len(key)), first)[0])
        raise LabelError(
            f"row {twice} of `votes` repeats the edge from {values[start[twice]]!r} to "
            f"{values[end[twice]]!r}; add its counts up"
        )
    counts = np.column_stack([_whole(table, name) for name in COUNTERS])
    impressions = _whole(table, "impressions") if "impressions" in table else counts.sum(axis=1)
    return EdgeCounts(values, start, end, counts, impressions, None)


def _whole(table: Mapping[str, list[Any]], name: str) -> FloatArray:
    column = _validate.finite_array(name, _column(table, "votes", name), ndim=1)
    _validate.within(name, column, 0.0, what="a count")
    broken = column != np.floor(column)
    if broken.any():
        place = _validate.first_place(broken)
        raise DataError(f"`{name}[{place}]` is {column[broken][0]:g}; a count must be whole")
    return column

"""How lists of rankings, rank matrices, approvals and margins become rows of a rank matrix."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, LabelError
from ..kernels._pairwise import is_linear
from . import _labels
from ._named_matrix import named_matrix, rows_first

if TYPE_CHECKING:
    from ._comparisons import Comparisons

__all__ = [
    "approvals_from",
    "are_orders",
    "dense_ranks",
    "from_cells",
    "labelled_matrix",
    "mcgarvey",
    "rank_dtype",
    "rankings_from",
    "ranks_from_rankings",
    "refuse_columns_first",
    "stack",
    "widen",
]

RankArray = npt.NDArray[np.unsignedinteger]
Labels = tuple[Hashable, ...]

#: What may hold a tied group inside a ranking.
_GROUPS = (tuple, list, set, frozenset)


def rank_dtype(n_alternatives: int) -> type[np.unsignedinteger]:
    """Return the narrowest unsigned type with room for all ranks and the sentinel."""
    if n_alternatives > 65_535:
        raise DataError(f"{n_alternatives:,} alternatives; at most 65,535 can be ranked")
    return np.uint8 if n_alternatives <= 255 else np.uint16


def are_orders(rankings: Any) -> bool:
    """Whether rankings come as an array of labels, so that all have one length and no ties."""
    return isinstance(rankings, np.ndarray) and rankings.ndim == 2 and rankings.dtype.kind in "iuU"


def ranks_from_rankings(rankings: Any, known: Labels | None) -> tuple[Labels, RankArray]:
    """Turn sequences of labels, best first, into labels and a rank matrix."""
    _validate.refuse_masked("rankings", rankings)
    if are_orders(rankings):
        if not any(isinstance(label, tuple) for label in known or ()):
            return _ranks_from_orders(rankings, known)
        rankings = rankings.tolist()  # labels that an array cannot hold
    rankings = _listed("rankings", rankings)
    if not rankings:
        raise DataError("`rankings` holds no ballot; give at least one")
    _refuse_words(rankings)
    for row, ranking in enumerate(rankings):
        if isinstance(ranking, _labels.UNORDERED) or not isinstance(ranking, Iterable):
            raise DataError(
                f"`rankings[{row}]` is {ranking!r}; a ranking is a sequence of labels, best first"
            )
    labels = known if known is not None else _labels_met(rankings)
    codes = _labels.code_of(labels, "`alternatives`")
    dtype = rank_dtype(len(labels))
    ranks = np.full((len(rankings), len(labels)), np.iinfo(dtype).max, dtype=dtype)
    for row, ranking in enumerate(rankings):
        place: dict[int, int] = {}
        for rank, group in enumerate(ranking):
            for label in group if isinstance(group, _GROUPS) else (group,):
                code = codes.get(label)
                if code is None:
                    raise LabelError.unknown(
                        f"`rankings[{row}]`", label, known=labels, argument="`alternatives`"
                    )
                if code in place:
                    raise LabelError(f"`rankings[{row}]` names {label!r} twice")
                place[code] = rank
            if isinstance(group, _GROUPS) and not group:
                raise DataError(f"`rankings[{row}]` holds an empty tied group at place {rank}")
        if not place:
            raise DataError(f"`rankings[{row}]` is empty; leave the ballot out")
        ranks[row, list(place)] = list(place.values())
    return labels, ranks


def _refuse_words(rankings: list[Any]) -> None:
    """Strings stand for rankings of letters only if they permute the same distinct letters."""
    words = [(row, ranking) for row, ranking in enumerate(rankings) if isinstance(ranking, str)]
    if not words:
        return
    letters = sorted(words[0][1])
    for row, word in words:
        if len(words) != len(rankings) or sorted(word) != letters or len(set(word)) != len(word):
            raise DataError(
                f"`rankings[{row}]` is the string {word!r}; a ranking is a sequence of labels "
                "(strings are read letter by letter only if each permutes the same letters)"
            )


def _labels_met(rankings: list[Any]) -> Labels:
    met: dict[Any, int] = {}
    for row, ranking in enumerate(rankings):
        for group in ranking:
            for label in group if isinstance(group, _GROUPS) else (group,):
                met.setdefault(label, row)
    for label, row in met.items():
        if label is None or label != label:  # NaN
            raise DataError(f"`rankings[{row}]` holds {label!r}; every label must be given")
    return _labels.in_order(_labels.check_labels("rankings", tuple(met)))


def _ranks_from_orders(orders: npt.NDArray, known: Labels | None) -> tuple[Labels, RankArray]:
    """Complete strict rankings as an array of labels, (ballots, alternatives), best first."""
    if len(orders) and not orders.shape[1]:
        raise DataError("`rankings[0]` is empty; leave the ballot out")
    if known is None:
        sample = np.unique(orders)
        known = _labels.in_order(_labels.check_labels("rankings", sample))
    n_ballots, width = orders.shape
    size = len(known)
    plain = known == tuple(range(size))
    ordered = np.array(known)
    sort = np.argsort(ordered, kind="stable")
    dtype = rank_dtype(size)
    unranked = np.iinfo(dtype).max
    ranks = np.full((n_ballots, size), unranked, dtype=dtype)
    # In blocks, so that what lies between orders and ranks stays in the cache.
    step = min(1 << 11, n_ballots) or 1
    places = np.tile(np.arange(width, dtype=dtype), step)
    offsets = np.arange(step)[:, None] * size
    for start in range(0, n_ballots, step):
        block = orders[start : start + step]
        codes = block
        if plain:
            wrong = (
                None if block.min() >= 0 and block.max() < size else (block < 0) | (block >= size)
            )
        else:
            found = np.searchsorted(ordered, block, sorter=sort).clip(max=size - 1)
            codes = sort[found]
            wrong = ordered[codes] != block
        if wrong is not None and wrong.any():
            row, place = np.argwhere(wrong)[0]
            raise LabelError.unknown(
                f"`rankings[{start + row}]`",
                block[row, place].item(),
                known=known,
                argument="`alternatives`",
            )
        written = ranks[start : start + step]
        cell = np.add(codes, offsets[: len(block)], dtype=np.intp, casting="unsafe")
        # One flat index is twice as fast as an index of two dimensions.
        written.reshape(-1)[cell.reshape(-1)] = places[: cell.size]
        if width == size and written.max() != unranked:
            continue
        short = (written != unranked).sum(axis=1) != width
        if short.any():
            row = start + int(np.flatnonzero(short)[0])
            raise LabelError(
                f"`rankings[{row}]` names an alternative twice: {orders[row].tolist()!r}"
            )
    return known, ranks


def refuse_columns_first(name: str, dims: Sequence[Hashable]) -> None:
    """Refuse an array whose last dimension but one is that of the alternatives."""
    first, second = dims[-2:]
    if first in ("alternative", "item") and second not in (f"{first}_bis", "alternative"):
        raise DataError(
            f"`{name}` has dimensions {tuple(dims)!r}; {first!r} must be the last (transpose it)"
        )


def labelled_matrix(
    name: str, value: Any, alternatives: Iterable[Hashable] | None
) -> tuple[npt.NDArray, Labels]:
    """Return a matrix and the labels of its columns: given, carried by it, or 0, 1, 2, ..."""
    if hasattr(value, "dims") and len(value.dims) == 2:
        refuse_columns_first(name, rows_first(value).dims)
    value, _, carried = named_matrix(name, value)
    try:
        matrix = np.asarray(_validate.unmasked(value))
    except ValueError:
        raise DataError(f"`{name}` must be a matrix; its rows differ in length") from None
    if matrix.ndim != 2:
        raise DataError(f"`{name}` must be a matrix; it has shape {matrix.shape}")
    labels = alternatives if alternatives is not None else carried
    if labels is None:
        labels = range(matrix.shape[1])
    clean = _labels.check_labels("alternatives", labels)
    if len(clean) != matrix.shape[1]:
        raise LabelError(f"`alternatives` has {len(clean)} labels for {matrix.shape[1]} columns")
    return matrix, clean


def dense_ranks(name: str, values: npt.NDArray) -> RankArray:
    """Rank each row from 0, smaller values first, ties sharing a rank, NaN unranked."""
    n_ballots, n_alternatives = values.shape
    dtype = rank_dtype(n_alternatives)
    if values.dtype == np.uint8 and is_linear(values):
        return values.copy()
    matrix = _validate.finite_array(name, values, ndim=2, allow_nan=True)
    if values.dtype.kind == "u":
        matrix = np.where(values == np.iinfo(values.dtype).max, np.nan, matrix)
    silent = np.isnan(matrix)
    empty = silent.all(axis=1)
    if n_alternatives and empty.any():
        row = int(np.flatnonzero(empty)[0])
        raise DataError(f"`{name}[{row}]` ranks no alternative; leave the ballot out")
    ranks = np.empty((n_ballots, n_alternatives), dtype=dtype)
    for start in range(0, n_ballots, 1 << 14):
        block = matrix[start : start + (1 << 14)]
        order = np.argsort(block, axis=1, kind="stable")  # NaN goes last
        ordered = np.take_along_axis(block, order, axis=1)
        rises = np.zeros(block.shape, dtype=dtype)
        np.cumsum(ordered[:, 1:] > ordered[:, :-1], axis=1, out=rises[:, 1:])
        np.put_along_axis(ranks[start : start + (1 << 14)], order, rises, axis=1)
    ranks[silent] = np.iinfo(dtype).max
    return ranks


def _listed(name: str, value: Any) -> list[Any]:
    return _labels.listed(name, value, counts="as `counts`", table="`Ballots.from_frame`")


def approvals_from(
    approvals: Any, alternatives: Iterable[Hashable] | None
) -> tuple[Labels, npt.NDArray[np.bool_]]:
    """Turn sets of labels or a 0/1 matrix into labels and a boolean matrix."""
    if hasattr(approvals, "shape") and len(approvals.shape) == 2:
        matrix, labels = labelled_matrix("approvals", approvals, alternatives)
        values = _validate.finite_array("approvals", matrix, ndim=2)
        bad = (values != 0) & (values != 1)
        if bad.any():
            place = _validate.first_place(bad)
            raise DataError(f"`approvals[{place}]` is {values[bad][0]:g}; it must be 0 or 1")
        return labels, values.astype(bool)
    ballots: list[Collection[Any]] = []
    for row, ballot in enumerate(_listed("approvals", approvals)):
        if isinstance(ballot, (str, bytes, Mapping)) or not isinstance(ballot, Iterable):
            raise DataError(f"`approvals[{row}]` is {ballot!r}; give a set of labels")
        ballots.append(ballot if isinstance(ballot, (set, frozenset)) else list(ballot))
    _refuse_unmarked_matrix(ballots)
    if alternatives is None:
        met = dict.fromkeys(label for ballot in ballots for label in ballot)
        labels = _labels.in_order(_labels.check_labels("approvals", tuple(met)))
    else:
        labels = _labels.check_labels("alternatives", alternatives)
    codes = _labels.code_of(labels, "`alternatives`")
    chosen = np.zeros((len(ballots), len(labels)), dtype=bool)
    for row, ballot in enumerate(ballots):
        for label in ballot:
            if label not in codes:
                raise LabelError.unknown(
                    f"`approvals[{row}]`", label, known=labels, argument="`alternatives`"
                )
            if chosen[row, codes[label]]:
                raise LabelError(f"`approvals[{row}]` names {label!r} twice")
            chosen[row, codes[label]] = True
    return labels, chosen


def _refuse_unmarked_matrix(ballots: list[Any]) -> None:
    """Rows of 0 and 1 could be a matrix or sets of the labels 0 and 1; nobody means the second."""
    kinds = (bool, int, float, np.bool_, np.integer)
    rows = [ballot for ballot in ballots if isinstance(ballot, list)]
    if len(rows) == len(ballots) > 0 and len(rows[0]) > 1:
        binary = all(isinstance(v, kinds) and v in (0, 1) for row in rows for v in row)
        if binary and len({len(row) for row in rows}) == 1:
            raise DataError(
                f"`approvals` is a list of rows of 0 and 1, such as {rows[0]!r}; give a matrix as "
                "an array (numpy.array), labels as sets"
            )


def mcgarvey(margins: npt.NDArray[np.float64]) -> tuple[RankArray, npt.NDArray[np.float64]]:
    """Two rankings for every positive margin, which agree on that pair and on no other."""
    winners, losers = np.nonzero(margins > 0)
    if not len(winners):
        raise DataError("`margins` are all zero; no ranking follows from them")
    n_alternatives = len(margins)
    dtype = rank_dtype(n_alternatives)
    ranks = np.empty((2 * len(winners), n_alternatives), dtype=dtype)
    for pair, (winner, loser) in enumerate(zip(winners, losers, strict=True)):
        rest = [code for code in range(n_alternatives) if code not in (winner, loser)]
        ranks[2 * pair, np.array([winner, loser, *rest])] = np.arange(n_alternatives)
        ranks[2 * pair + 1, np.array([*rest[::-1], winner, loser])] = np.arange(n_alternatives)
    return ranks, np.repeat(margins[winners, losers] / 2, 2)


def from_cells(comparisons: Comparisons) -> tuple[RankArray, npt.NDArray[np.float64]]:
    """Rank two items a row: the first above, the second above, and both level, by cell."""
    dtype = rank_dtype(comparisons.n_items)
    first, second = comparisons.first, comparisons.second
    counts = np.concatenate([comparisons.first_won, comparisons.second_won, comparisons.tied])
    ranks = np.full((len(counts), comparisons.n_items), np.iinfo(dtype).max, dtype=dtype)
    row = np.arange(len(first))
    for part, (left, right) in enumerate(((0, 1), (1, 0), (0, 0))):
        ranks[row + part * len(first), first] = left
        ranks[row + part * len(first), second] = right
    return ranks[counts > 0], counts[counts > 0]


def rankings_from(ranks: RankArray, labels: Labels) -> list[tuple[Any, ...]]:
    """Write rows of a rank matrix as rankings of labels, tied groups as tuples."""
    unranked = np.iinfo(ranks.dtype).max
    rankings = []
    for row in ranks.tolist():
        groups: dict[int, list[Hashable]] = {}
        for code, rank in enumerate(row):
            if rank != unranked:
                groups.setdefault(rank, []).append(labels[code])
        rankings.append(tuple(g[0] if len(g) == 1 else tuple(g) for _, g in sorted(groups.items())))
    return rankings


def widen(parts: list[tuple[Any, Labels]], labels: Labels, *, fill: Any) -> npt.NDArray:
    """Stack matrices over different alternatives; what a part does not know is `fill`."""
    codes = _labels.code_of(labels, "`alternatives`")
    stacked = []
    for matrix, own in parts:
        wide = np.full((len(matrix), len(labels)), fill, dtype=matrix.dtype)
        wide[:, [codes[label] for label in own]] = matrix
        stacked.append(wide)
    return np.concatenate(stacked)


def stack(parts: list[tuple[RankArray, Labels]], labels: Labels) -> RankArray:
    """Stack rank matrices over different alternatives, what a part does not know unranked."""
    dtype = rank_dtype(len(labels))
    unranked = np.iinfo(dtype).max
    recoded = []
    for ranks, own in parts:
        fresh = ranks.astype(dtype)
        fresh[ranks == np.iinfo(ranks.dtype).max] = unranked
        recoded.append((fresh, own))
    return widen(recoded, labels, fill=unranked)

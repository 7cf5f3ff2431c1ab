"""Pairwise preferences, aggregated to cells that add.

A cell is all votes with the same key: first shown, second shown, and, where they were asked for,
group, rater and covariate values. It holds sums of weights, so two containers merge by addition
and a shard of votes is as good as the whole.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, LabelError, enumerate_some
from ..kernels._counting import PairTable
from . import _labels
from ._cells import (
    axis_of,
    cells_of_table,
    count_codes,
    item_labels,
    labelled_matrix,
    refuse_other_order,
)

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["Comparisons", "Grouping"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: The additive columns of a cell, in their stored order.
SUMS = ("first_won", "second_won", "tied")
#: What a counted table stands for until one of them is asked for.
_CELLS = ("first", "second", *SUMS)

#: The widest matrix that `pairwise` makes: 2 GiB.
_WIDEST_MATRIX = 1 << 14


@dataclass(frozen=True, eq=False)
class Grouping:
    """Which of several named groups each cell belongs to.

    Attributes
    ----------
    labels : tuple
        The groups.
    codes : numpy.ndarray, (cells,)
        Position in `labels` of each cell's group.
    """

    labels: tuple[Hashable, ...]
    codes: IntArray


@dataclass(frozen=True, eq=False, repr=False)
class Comparisons:
    """Pairwise preferences in additive cells.

    Build one with `from_frame`, `from_pairs`, `from_matrix`, `from_codes` or `from_rankings`
    rather than by calling the class.

    Attributes
    ----------
    items : tuple
        Labels of the compared items.
    first, second : numpy.ndarray of int32, (cells,)
        Codes of the two items, in the order shown where `order_known`, else ``first < second``.
    first_won, second_won, tied : numpy.ndarray of float64, (cells,)
        Weight of the votes for the first item, for the second, and for neither. A vote of weight
        w with a soft outcome y adds w y to the first and w (1 - y) to the second.
    squares : numpy.ndarray of float64, (4, cells), or None
        Sums over votes of w^2 y^2, w^2 (1 - y)^2, w^2 y (1 - y) and, for ties, w^2: what
        sandwich errors need. None where every vote had weight one and a hard outcome, so that
        they equal `first_won`, `second_won`, 0 and `tied`.
    rater : numpy.ndarray of int32, (cells,), or None
        Code of the rater who cast the cell's votes.
    raters : tuple or None
        Labels of the raters.
    groups : mapping of str to Grouping
        Group columns by name.
    covariates : mapping of str to numpy.ndarray, (cells,)
        Covariate values by name.
    order_known : bool
        Whether first and second say what was shown first.
    n_votes : int
        Number of votes (rows) behind the cells.
    dropped : mapping of str to int
        Reason -> number of votes that were left out on request.
    """

    items: tuple[Hashable, ...]
    first: IntArray
    second: IntArray
    first_won: FloatArray
    second_won: FloatArray
    tied: FloatArray
    squares: FloatArray | None = None
    rater: IntArray | None = None
    raters: tuple[Hashable, ...] | None = None
    groups: Mapping[str, Grouping] = field(default_factory=dict)
    covariates: Mapping[str, FloatArray] = field(default_factory=dict)
    order_known: bool = False
    n_votes: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)

    # -- what is in it -------------------------------------------------------------------

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.first) if self.table is None else self.table.n_cells

    @property
    def table(self) -> PairTable | None:
        """The counted table of plain votes on few items, where they came as codes."""
        return self.__dict__.get("_table")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Reached only by what is not there: the cells of a table, before their first use.
            if name not in _CELLS or self.table is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            cells = cells_of_table(self.table)
            self.__dict__.update({cell: getattr(cells, cell) for cell in _CELLS})
            return self.__dict__[name]

    @property
    def total(self) -> FloatArray:
        """Weight of all votes by cell, (cells,)."""
        return self.first_won + self.second_won + self.tied

    def __repr__(self) -> str:
        parts = [
            f"{self.n_items:,} items",
            f"{_plural(self.n_votes, 'vote')} in {_plural(self.n_cells, 'cell')}",
        ]
        ties = float(self.tied.sum())
        if ties:
            parts.append(f"{ties:,.6g} tied")
        if self.raters is not None:
            parts.append(f"{len(self.raters):,} raters")
        for name, grouping in self.groups.items():
            parts.append(f"{len(grouping.labels)} groups by {name!r}")
        if self.covariates:
            parts.append(f"covariates {enumerate_some(self.covariates)}")
        parts.append("shown order known" if self.order_known else "no shown order")
        for reason, count in self.dropped.items():
            parts.append(f"{count:,} dropped ({reason})")
        return f"Comparisons({'; '.join(parts)})"

    # -- ways in -------------------------------------------------------------------------

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        first: str,
        second: str,
        outcome: str | None = None,
        winner: str | None = None,
        weight: str | None = None,
        rater: str | None = None,
        group: str | Sequence[str] | None = None,
        covariates: Sequence[str] = (),
        outcomes: Mapping[Any, str] | None = None,
        missing: str = "error",
        items: Sequence[Hashable] | None = None,
        memory_limit: int | str | None = None,
    ) -> Comparisons:
        """Count the votes of a table, one row a vote, inside the engine that holds it.

        Parameters
        ----------
        frame : frame or path
            Anything that narwhals takes (pandas, Polars eager or lazy, PyArrow, a DuckDB
            relation, Ibis, Dask, PySpark), or files that DuckDB opens: the path of a ``.csv``,
            ``.parquet`` or ``.jsonl`` file, a glob such as ``"votes/*.parquet"``, or a list of
            either. Of a lazy table only the cells are collected.
        first, second : str
            Columns with the item shown first and the item shown second.
        outcome : str, optional
            Column that says who won: codes such as first/second/tie, left/right/tie,
            model_a/model_b, A/B, 1/0 (any case), or numbers in [0, 1], the share of the vote for
            the first-shown item (0.5 is half a win each, not a tie).
        winner : str, optional
            Column that holds the winning label, or a code for a tie. Exactly one of `outcome`
            and `winner` is needed.
        weight : str, optional
            Column of vote weights, non-negative.
        rater : str, optional
            Column that says who voted; keeps one cell per rater and pair.
        group : str or sequence of str, optional
            Columns of groups: attributes of raters where there are raters, else of votes.
        covariates : sequence of str
            Numeric columns to keep as contest covariates. A continuous one keeps almost every
            vote a cell of its own.
        outcomes : mapping, optional
            Raw outcome -> "first", "second" or "tie", for codes that are not recognised or mean
            something else here. ``1`` is also ``1.0`` and ``"1"``, ``True`` also ``"true"``, and
            words are matched in any case.
        missing : {"error", "drop"}
            What to do with a vote that lacks an item, its outcome or another value asked for;
            dropped votes are counted in `dropped`.
        items : sequence, optional
            The items and their order. Default: those seen, sorted.
        memory_limit : int or str, optional
            How much memory the counting of files may take, in bytes or as in ``"4GB"``; beyond
            it, DuckDB spills to the system's temporary folder. Default: DuckDB's own, four
            fifths of the machine. Other engines are limited where they are set up.

        Returns
        -------
        Comparisons
            With `order_known` true.

        Raises
        ------
        LabelError
            An item, rater or group is written in two ways, or is not in `items`.
        DataError
            A column is absent, an outcome is not understood, a weight is negative, a value is
            missing, an item meets itself, or a rater is in two groups; the item columns hold
            more than 524,288 labels that `items` does not name; files differ in their columns,
            one is named twice or none matches.

        Examples
        --------
        >>> import pandas as pd
        >>> votes = pd.DataFrame({"left": ["a", "b", "a"], "right": ["b", "c", "c"],
        ...                       "won": ["left", "tie", "right"]})
        >>> Comparisons.from_frame(votes, first="left", second="right", outcome="won")
        Comparisons(3 items; 3 votes in 3 cells; 1 tied; shown order known)
        """
        from ._votes import count_votes

        return count_votes(
            frame,
            first=first,
            second=second,
            outcome=outcome,
            winner=winner,
            weight=weight,
            rater=rater,
            group=group,
            covariates=_labels.kept(covariates),
            outcomes=outcomes,
            missing=missing,
            items=_labels.kept(items),
            memory_limit=memory_limit,
        )

    @classmethod
    def from_codes(
        cls,
        first: npt.ArrayLike,
        second: npt.ArrayLike,
        outcome: npt.ArrayLike | None = None,
        *,
        items: Sequence[Hashable] | int,
        weight: npt.ArrayLike | None = None,
        tie: npt.ArrayLike | None = None,
        order_known: bool = True,
    ) -> Comparisons:
        """Count votes that are integer codes already: the fastest way in.

        Parameters
        ----------
        first, second : array_like of int, (votes,)
            Positions in `items` of the item shown first and second.
        outcome : array_like, (votes,), optional
            1 or True where the first won, 0 or False where the second won, a number between
            for a soft outcome. Default: the first always won.
        items : sequence or int
            The labels, or how many items there are (labels 0, 1, ...).
        weight : array_like, (votes,), optional
            Vote weights, non-negative. Default: one each.
        tie : array_like of bool, (votes,), optional
            Which votes are ties; their `outcome` is not read.
        order_known : bool
            Whether first and second say what was shown first.

        Returns
        -------
        Comparisons

        Raises
        ------
        DataError
            A code is negative or too large, an item meets itself, an outcome lies outside
            [0, 1], a weight is negative, or lengths differ.

        Examples
        --------
        >>> Comparisons.from_codes([0, 1, 0], [1, 2, 2], [1, 0, 1], items=["a", "b", "c"])
        Comparisons(3 items; 3 votes in 3 cells; shown order known)
        """
        labels = item_labels(items)
        cells = count_codes(
            first, second, outcome, tie, weight, labels=labels, order_known=order_known
        )
        about: dict[str, Any] = {"order_known": order_known, "n_votes": len(np.asarray(first))}
        if not isinstance(cells, PairTable):
            return cls(items=labels, **cells._asdict(), **about)
        votes = cls(labels, *[np.zeros(0)] * len(_CELLS), **about)  # type: ignore[arg-type]
        for name in _CELLS:
            del votes.__dict__[name]
        votes.__dict__["_table"] = cells
        return votes

    @classmethod
    def from_pairs(
        cls, pairs: Iterable[Sequence[Any]], *, items: Sequence[Hashable] | None = None
    ) -> Comparisons:
        """Count (winner, loser) pairs, the format of choix.

        Parameters
        ----------
        pairs : iterable of (winner, loser), or integer array (votes, 2)
            Labels. With `items` given, each label must be one of them.
        items : sequence, optional
            The items and their order. Default: those seen, sorted. With ``items=range(n)``
            the pairs are choix's integer codes, and items never compared are kept.

        Returns
        -------
        Comparisons
            With `order_known` false.

        Raises
        ------
        LabelError
            A label is not in `items`, is missing, or is written in two ways.
        DataError
            There are no pairs, an entry is not a pair, an item meets itself, or `pairs` is a
            mapping (of counts), a set or a data frame.

        Examples
        --------
        >>> Comparisons.from_pairs([("a", "b"), ("b", "c"), ("a", "c")]).items
        ('a', 'b', 'c')
        """
        rows = _labels.listed(
            "pairs",
            _labels.as_list(pairs) if isinstance(pairs, np.ndarray) else pairs,
            counts="as weights to `from_codes`",
            table="`from_frame`",
        )
        for place, row in enumerate(rows):
            if not (_labels.is_ordered(row) and hasattr(row, "__len__") and len(row) == 2):
                raise DataError(f"`pairs[{place}]` is {row!r}; every entry must be (winner, loser)")
        if not rows:
            raise DataError("`pairs` is empty; at least one comparison is needed")
        seen = _labels.check_labels("pairs", (x for row in rows for x in row), unique=False)
        labels = _labels.in_order(dict.fromkeys(seen)) if items is None else item_labels(items)
        code = _labels.code_of(labels, "items")
        for position, label in enumerate(seen):
            if label not in code:
                raise LabelError.unknown(
                    f"`pairs[{position // 2}]`", label, known=labels, argument="`items`"
                )
        codes = np.fromiter((code[label] for label in seen), np.int32, len(seen)).reshape(-1, 2)
        for place in np.flatnonzero(codes[:, 0] == codes[:, 1])[:1]:
            raise DataError(
                f"`pairs[{place}]` is {rows[place]!r}; an item cannot be compared with itself"
            )
        return cls.from_codes(codes[:, 0], codes[:, 1], items=labels, order_known=False)

    @classmethod
    def from_matrix(
        cls,
        wins: Any,
        *,
        items: Sequence[Hashable] | None = None,
        ties: Any = None,
    ) -> Comparisons:
        """Take a published table of counts.

        Parameters
        ----------
        wins : array_like, DataFrame or DataArray, (items, items)
            ``wins[i, j]`` is how often i beat j; the diagonal is zero.
        items : sequence, optional
            Labels. Default: the labels of `wins` if it has any, else 0, 1, ...
        ties : array_like, DataFrame or DataArray, (items, items), optional
            How often i and j tied: symmetric, each pair's count stands in both places and is
            counted once. Labels of its own must be those of `wins`, in the same order.

        Returns
        -------
        Comparisons
            With `order_known` false. Counts are taken as votes of weight one.

        Raises
        ------
        DataError
            The matrix is not square, holds negative or missing counts, has a nonzero diagonal,
            is all zero, or `ties` is not symmetric; labels of one input stand in another order
            than those of another.

        Examples
        --------
        >>> Comparisons.from_matrix([[0, 3], [1, 0]], items=["tea", "coffee"])
        Comparisons(2 items; 4 votes in 1 cell; no shown order)
        """
        values, own = labelled_matrix("wins", wins)
        labels = item_labels(items if items is not None else own or len(values))
        if len(labels) != len(values):
            raise DataError(f"`items` has {len(labels)} labels for {len(values)} rows of `wins`")
        refuse_other_order("wins", own, labels)
        tied = np.zeros_like(values)
        if ties is not None:
            tied, theirs = labelled_matrix("ties", ties)
            if theirs is not None and theirs not in (own, labels):
                raise LabelError(
                    f"`ties` has rows {enumerate_some(theirs)}, but the items are "
                    f"{enumerate_some(own or labels)}; put the same rows and columns in both, in "
                    "one order"
                )
            if tied.shape != values.shape:
                raise DataError(f"`ties` has shape {tied.shape}; `wins` has {values.shape}")
            if not np.array_equal(tied, tied.T):
                place = _validate.first_place(tied != tied.T)
                raise DataError(
                    f"`ties[{place}]` differs from its mirror; `ties` must be symmetric, "
                    "each pair's count standing in both places"
                )
        low, high = np.triu_indices(len(values), k=1)
        won, lost, even = values[low, high], values[high, low], tied[low, high]
        kept = (won + lost + even) > 0
        if not kept.any():
            raise DataError("`wins` is all zero; at least one comparison is needed")
        total = float((won + lost + even)[kept].sum())
        return cls(
            items=labels,
            first=low[kept].astype(np.int32),
            second=high[kept].astype(np.int32),
            first_won=won[kept],
            second_won=lost[kept],
            tied=even[kept],
            n_votes=round(total),
        )

    @classmethod
    def from_rankings(
        cls,
        rankings: Iterable[Sequence[Any]],
        *,
        counts: npt.ArrayLike | None = None,
        items: Sequence[Hashable] | None = None,
    ) -> Comparisons:
        """Break rankings into the pairs that they imply.

        Every pair of ranked items becomes one vote, so the votes of one ranking depend on each
        other: its standard errors are too small unless they are clustered; Plackett-Luce
        (`pluralism.utility.fit_plackett_luce`) models the rankings themselves.

        Parameters
        ----------
        rankings : iterable of sequences
            Labels, best first; a tied group is a nested tuple. Items not ranked make no pair.
        counts : array_like, (rankings,), optional
            How often each ranking was given.
        items : sequence, optional
            The items and their order. Default: those seen, sorted.

        Returns
        -------
        Comparisons
            With `order_known` false, each ranking a rater of its own, also beside those of
            another container that it is merged with.

        Raises
        ------
        LabelError
            A label is not in `items` or is written in two ways.
        DataError
            A ranking names an item twice, a tied group is a set, there is no pair, or `rankings`
            is a mapping (of counts), a set or a data frame.

        Examples
        --------
        >>> Comparisons.from_rankings([("a", "b", "c"), ("b", ("a", "c"))])
        Comparisons(3 items; 6 votes in 6 cells; 1 tied; 2 raters; no shown order)
        """
        from ._pairs_of_rankings import pairs_of_rankings

        return pairs_of_rankings(rankings, counts=counts, items=items)

    # -- ways on -------------------------------------------------------------------------

    def merge(self, other: Comparisons) -> Comparisons:
        """Add another container's cells to these; shards of votes merge into the whole.

        Parameters
        ----------
        other : Comparisons
            With the same columns (raters, groups, covariates) and the same `order_known`.

        Returns
        -------
        Comparisons
            Over the items of both.

        Raises
        ------
        DataError
            One knows the shown order and the other does not, or their columns differ, or a
            rater is in two groups, or raters with names would meet rankings without.

        Examples
        --------
        >>> a = Comparisons.from_pairs([("x", "y")])
        >>> a.merge(Comparisons.from_pairs([("x", "y"), ("z", "x")]))
        Comparisons(3 items; 3 votes in 2 cells; no shown order)
        """
        from ._merge import merged

        return merged(self, other)

    def update(self, frame: Any, **columns: Any) -> Comparisons:
        """Count the votes of another table and add them: yesterday's cells and today's votes.

        Parameters
        ----------
        frame : frame or path
            As in `from_frame`.
        **columns
            The other arguments of `from_frame`; the same columns as before must be asked for.

        Returns
        -------
        Comparisons
            This container stays as it is.

        Raises
        ------
        DataError, LabelError
            As `from_frame` and `merge`.

        Examples
        --------
        >>> import pandas as pd
        >>> day = pd.DataFrame({"left": ["a", "b"], "right": ["b", "c"], "won": ["left", "tie"]})
        >>> columns = {"first": "left", "second": "right", "outcome": "won"}
        >>> Comparisons.from_frame(day, **columns).update(day[:1], **columns)
        Comparisons(3 items; 3 votes in 2 cells; 1 tied; shown order known)
        """
        return self.merge(Comparisons.from_frame(frame, **columns))

    def pairwise(self, *, ties: str = "half") -> xr.DataArray:
        """How often each item beat each other, as a matrix.

        Parameters
        ----------
        ties : {"half", "drop"}
            Whether a tie counts as half a win each or not at all.

        Returns
        -------
        xarray.DataArray, (item, item_bis)
            ``[i, j]`` is the weight of the votes for i over j.

        Raises
        ------
        DataError
            `ties` is neither of these, or there are more than 16,384 items.

        Examples
        --------
        >>> Comparisons.from_pairs([("a", "b"), ("a", "b"), ("b", "a")]).pairwise().values
        array([[0., 2.],
               [1., 0.]])
        """
        import xarray as xr

        if self.n_items > _WIDEST_MATRIX:
            raise DataError(
                f"a matrix of {self.n_items:,} x {self.n_items:,} items would not fit in memory; "
                "use the cells (`to_frame`)"
            )
        half = 0.5 * self.tied if _validate.one_of("ties", ties, ("half", "drop")) == "half" else 0
        wins = np.zeros((self.n_items, self.n_items))
        np.add.at(wins, (self.first, self.second), self.first_won + half)
        np.add.at(wins, (self.second, self.first), self.second_won + half)
        return xr.DataArray(
            wins,
            dims=("item", "item_bis"),
            coords={"item": axis_of(self.items), "item_bis": axis_of(self.items)},
            name="wins",
            attrs={"ties": ties},
        )

    def to_pairs(self, *, ties: str = "error") -> list[tuple[int, int]]:
        """List the votes as (winner, loser) codes, the format of choix.

        Parameters
        ----------
        ties : {"error", "drop"}
            What to do with ties, which the format cannot hold.

        Returns
        -------
        list of tuple of int
            Positions in `items`, one pair a vote; ``from_pairs(pairs, items=range(n))`` counts
            them again.

        Raises
        ------
        DataError
            There are ties, or votes are weighted or shared, which the format cannot hold.

        Examples
        --------
        >>> Comparisons.from_pairs([("x", "y"), ("x", "y"), ("y", "x")]).to_pairs()
        [(0, 1), (0, 1), (1, 0)]
        """
        from ._ordered import winner_pairs

        return winner_pairs(self, ties)

    def to_frame(self) -> pd.DataFrame:
        """Write the cells as a tidy table, one row a cell, with labels.

        Returns
        -------
        pandas.DataFrame
            Columns first, second, then rater, groups and covariates where there are any, then
            first_won, second_won and tied.

        Raises
        ------
        DataError
            A group or covariate has the name of one of the other columns.

        Examples
        --------
        >>> Comparisons.from_matrix([[0, 3], [1, 0]], items=["tea", "coffee"]).to_frame()
          first  second  first_won  second_won  tied
        0   tea  coffee        3.0         1.0   0.0
        """
        import pandas as pd

        labels = axis_of(self.items)
        columns: dict[str, Any] = {"first": labels[self.first], "second": labels[self.second]}
        if self.rater is not None and self.raters is not None:
            columns["rater"] = axis_of(self.raters)[self.rater]
        _labels.refuse_taken((*columns, *SUMS), (*self.groups, *self.covariates))
        for name, grouping in self.groups.items():
            columns[name] = axis_of(grouping.labels)[grouping.codes]
        columns |= self.covariates
        columns |= {name: getattr(self, name) for name in SUMS}
        return pd.DataFrame(columns)

    def save(self, path: str | Path) -> None:
        """Write the cells to a Parquet file that `load` reads back exactly.

        Parameters
        ----------
        path : str or pathlib.Path
            The file; it is written aside and renamed, so a broken write leaves no half file.

        Raises
        ------
        DataError
            A label is neither a string nor a number.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> a = Comparisons.from_pairs([("x", "y")])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     a.save(pathlib.Path(folder) / "cells.parquet")
        ...     Comparisons.load(pathlib.Path(folder) / "cells.parquet")
        Comparisons(2 items; 1 vote in 1 cell; no shown order)
        """
        from ._storage import save_comparisons

        save_comparisons(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Comparisons:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or pathlib.Path
            The Parquet file.

        Returns
        -------
        Comparisons

        Raises
        ------
        DataError
            The file is absent, is not Parquet, or was not written by `save`.

        Examples
        --------
        See `save`.
        """
        from ._storage import load_comparisons

        return load_comparisons(Path(path))


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"

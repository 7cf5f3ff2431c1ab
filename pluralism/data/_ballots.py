"""Ballots: rankings, approvals or utilities of voters over alternatives, with counts."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, LabelError
from ..kernels._pairwise import is_linear, jointly_compared, pairwise_counts
from . import _ballot_rows, _labels
from ._ballots_from import BallotsFrom, Unranked
from ._cells import axis_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["Ballots"]

FloatArray = npt.NDArray[np.float64]
RankArray = npt.NDArray[np.unsignedinteger]


@dataclass(frozen=True, eq=False, repr=False)
class Ballots(BallotsFrom):
    """What voters said about alternatives, one row a ballot, each with its count.

    Build one with `from_rankings`, `from_ranks`, `from_frame`, `from_preflib`, `from_utilities`,
    `from_approvals` or `from_margins` rather than by calling the class.

    Attributes
    ----------
    alternatives : tuple
        Labels of the alternatives.
    ranks : numpy.ndarray of uint8 or uint16, (ballots, alternatives)
        0 is best, tied alternatives share a rank, the next group follows without a gap; the
        largest value of the dtype (`sentinel`) means that the ballot does not rank the
        alternative. Approvals rank the approved above the others, utilities rank by utility.
    counts : numpy.ndarray of float64, (ballots,)
        How many voters cast each ballot, or their weight.
    unranked : {"last", "incomparable"}
        Whether an unranked alternative is below every ranked one (and tied with the other
        unranked ones), or compared with none.
    approvals : numpy.ndarray of bool, (ballots, alternatives), or None
        Who approves what, where the ballots are approvals.
    utilities : numpy.ndarray of float64, (ballots, alternatives), or None
        Utilities, where the ballots hold them; NaN is no statement.
    categories : tuple of str or None
        Names of the categories, best first, where a ballot sorts alternatives into categories
        (PrefLib's `cat`); `ranks` then holds the category and may have gaps.
    menus : numpy.ndarray of bool, (ballots, alternatives), or None
        What each ballot had to choose from, where that was not everything. What is on the menu
        and unranked is below what is ranked; what is not on it is compared with nothing.
    notes : tuple of str
        What was odd about the file read, such as a header that announces more voters than the
        file has, and how many rows of a table were dropped on request.

    Examples
    --------
    >>> from pluralism import Ballots
    >>> ballots = Ballots.from_rankings(
    ...     [("Memphis", "Nashville", "Knoxville"), ("Knoxville", ("Memphis", "Nashville"))],
    ...     counts=[42, 58],
    ... )
    >>> ballots
    Ballots(3 alternatives; 100 voters in 2 rankings; tied ranks)
    >>> ballots.pairwise().sel(alternative="Memphis", alternative_bis="Nashville").item()
    42.0
    """

    alternatives: tuple[Hashable, ...]
    ranks: RankArray
    counts: FloatArray
    unranked: Unranked = "last"
    approvals: npt.NDArray[np.bool_] | None = None
    utilities: FloatArray | None = None
    categories: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    menus: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        _validate.one_of("unranked", self.unranked, ("last", "incomparable"))
        if self.menus is not None and self.unranked != "last":
            raise DataError(
                '`menus` say what an unranked alternative is below, so `unranked` must be "last"'
            )
        for array in (self.ranks, self.counts, self.approvals, self.utilities, self.menus):
            if array is not None:
                array.setflags(write=False)

    @classmethod
    def _checked(
        cls,
        alternatives: tuple[Hashable, ...],
        ranks: npt.NDArray[np.unsignedinteger],
        counts: Any,
        unranked: Unranked,
        linear: bool = False,
    ) -> Ballots:
        if len(alternatives) < 2:
            raise DataError(f"ballots need at least two alternatives; got {len(alternatives)}")
        if not len(ranks):
            raise DataError("there is no ballot; give at least one")
        if counts is None:
            weights = np.ones(len(ranks))
        else:
            weights = _validate.finite_array("counts", counts, ndim=1).copy()
            if len(weights) != len(ranks):
                raise DataError(f"`counts` has {len(weights)} entries for {len(ranks)} ballots")
            _validate.within("counts", weights, 0.0, what="a count")
        if not 0 < weights.sum() <= _validate.LARGEST_EXACT_COUNT:
            raise DataError(
                f"`counts` sum to {weights.sum():g}; the total must be above 0 and, to stay exact "
                "in float64, at most 2**53"
            )
        ballots = Ballots(alternatives, ranks, weights, unranked)
        if linear:
            ballots.__dict__["_is_linear"] = True
        return ballots

    # -- what is in it -------------------------------------------------------------------

    @property
    def n_alternatives(self) -> int:
        """Number of alternatives."""
        return len(self.alternatives)

    @property
    def n_voters(self) -> float:
        """Number of voters: the sum of the counts."""
        return float(self.counts.sum())

    @property
    def sentinel(self) -> int:
        """The value in `ranks` that means unranked."""
        return int(np.iinfo(self.ranks.dtype).max)

    @property
    def kind(self) -> Literal["rankings", "approvals", "utilities"]:
        """What the voters gave."""
        if self.utilities is not None:
            return "utilities"
        return "rankings" if self.approvals is None else "approvals"

    @cached_property
    def _is_linear(self) -> bool:
        return is_linear(self.ranks)

    @cached_property
    def is_strict(self) -> bool:
        """Whether no ballot ties two alternatives that it ranks."""
        if self._is_linear:
            return True
        ordered = np.sort(self.ranks, axis=1)
        return not ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != self.sentinel)).any()

    @cached_property
    def is_complete(self) -> bool:
        """Whether every ballot ranks every alternative."""
        return self._is_linear or not (self.ranks == self.sentinel).any()

    def pairwise(self) -> xr.DataArray:
        """Voters who prefer the row's alternative to the column's.

        Returns
        -------
        xarray.DataArray, (alternative, alternative_bis)
            Counts; ties and pairs on which a ballot says nothing count for neither. Its
            attribute `voters` is the number of voters where all speak on every pair.
        """
        attributes = {} if self.is_silent_on_some_pair else {"voters": self.n_voters}
        return self._labelled(self._pairwise, "pairwise", attributes)

    def margins(self) -> xr.DataArray:
        """Majority margins: `pairwise` minus its transpose, (alternative, alternative_bis)."""
        return self._labelled(self._pairwise - self._pairwise.T, "margin", {})

    def tied_pairs(self) -> xr.DataArray:
        """Voters who state that the two are equally good, (alternative, alternative_bis)."""
        return self._labelled(self._tied, "tied", {})

    def pair_counts(self) -> tuple[FloatArray, FloatArray]:
        """Return `pairwise` and `tied_pairs` as plain read-only arrays, computed once."""
        return self._pairwise, self._tied

    @cached_property
    def is_silent_on_some_pair(self) -> bool:
        """Whether some ballot compares an alternative with none."""
        if self.menus is not None:
            return not self.menus.all()
        return self.unranked == "incomparable" and not self.is_complete

    @cached_property
    def _pairwise(self) -> FloatArray:
        wins = pairwise_counts(
            self.ranks, self.counts, self.unranked == "incomparable", self._is_linear, self.menus
        )
        wins.setflags(write=False)
        return wins

    @cached_property
    def _tied(self) -> FloatArray:
        if self.is_silent_on_some_pair:
            compared = self.ranks != self.sentinel if self.menus is None else self.menus
            speaking = jointly_compared(compared, self.counts)
        else:
            speaking = np.full_like(self._pairwise, self.counts.sum())
        tied = speaking - self._pairwise - self._pairwise.T
        np.fill_diagonal(tied, 0.0)
        tied.setflags(write=False)
        return tied

    def _labelled(self, matrix: FloatArray, name: str, attributes: dict[str, Any]) -> xr.DataArray:
        import xarray as xr

        labels = axis_of(self.alternatives)
        return xr.DataArray(
            matrix.copy(),
            dims=("alternative", "alternative_bis"),
            coords={"alternative": labels, "alternative_bis": labels},
            name=name,
            attrs=attributes,
        )

    def rankings(self) -> list[tuple[Any, ...]]:
        """Write every ballot as `from_rankings` takes it: labels best first, ties as tuples."""
        return _ballot_rows.rankings_from(self.ranks, self.alternatives)

    def __repr__(self) -> str:
        parts = [
            f"{self.n_alternatives:,} alternatives",
            f"{self.n_voters:,.12g} voters in {len(self.counts):,} {self.kind}",
        ]
        if self.kind == "rankings" and not self.is_strict:
            parts.append("tied ranks")
        if not self.is_complete:
            menu = "" if self.menus is None else " on its own menu"
            parts.append(f"unranked {self.unranked}{menu}")
        return f"Ballots({'; '.join([*parts, *self.notes])})"

    # -- other ballots from these --------------------------------------------------------

    def select(self, rows: npt.ArrayLike, counts: Any = None) -> Ballots:
        """Return the ballots at `rows` (indices or a mask), with other `counts` if given."""
        try:
            chosen = np.arange(len(self.counts))[np.asarray(rows)].reshape(-1)
        except IndexError as error:
            raise DataError(
                f"`rows` does not choose among {len(self.counts)} ballots: {error}"
            ) from None
        return self._with_rows(chosen, self.counts[chosen] if counts is None else counts)

    def reweight(self, counts: npt.ArrayLike) -> Ballots:
        """Return the same ballots with other `counts`, (ballots,)."""
        return self._with_rows(np.arange(len(self.counts)), counts)

    def _with_rows(self, rows: npt.NDArray[np.intp], counts: Any) -> Ballots:
        checked = self._checked(self.alternatives, self.ranks[rows], counts, self.unranked)
        return replace(
            checked,
            approvals=None if self.approvals is None else self.approvals[rows],
            utilities=None if self.utilities is None else self.utilities[rows],
            categories=self.categories,
            notes=self.notes,
            menus=None if self.menus is None else self.menus[rows],
        )

    def restrict(self, alternatives: Iterable[Hashable]) -> Ballots:
        """Return the ballots on some of the alternatives, in the order given.

        Ballots that rank none of them are left out. Approvals and utilities are kept.
        """
        codes = _labels.code_of(self.alternatives, "`alternatives`")
        labels = _labels.check_labels("alternatives", alternatives)
        for place, label in enumerate(labels):
            if label not in codes:
                raise LabelError.unknown(
                    f"`alternatives[{place}]`",
                    label,
                    known=self.alternatives,
                    argument="the ballots",
                )
        columns = [codes[label] for label in labels]
        ranks = self.ranks[:, columns]
        kept = (ranks != self.sentinel).any(axis=1)
        values = np.where(ranks == self.sentinel, np.nan, ranks.astype(np.float64))[kept]
        dense = ranks[kept] if self.categories else _ballot_rows.dense_ranks("ranks", values)
        checked = self._checked(labels, dense, self.counts[kept], self.unranked)
        return replace(
            checked,
            approvals=None if self.approvals is None else self.approvals[kept][:, columns],
            utilities=None if self.utilities is None else self.utilities[kept][:, columns],
            categories=self.categories,
            notes=self.notes,
            menus=None if self.menus is None else self.menus[kept][:, columns],
        )

    def distinct(self) -> Ballots:
        """Return the different ballots in order of first appearance, their counts added."""
        rows = self.ranks if self.utilities is None else self.utilities
        for marks in (self.approvals, self.menus):
            if marks is not None:
                rows = np.concatenate([rows, marks.astype(rows.dtype)], axis=1)
        packed = np.ascontiguousarray(rows).view(f"V{rows.shape[1] * rows.itemsize}").ravel()
        _, first, inverse = np.unique(packed, return_index=True, return_inverse=True)
        sums = np.bincount(inverse, weights=self.counts)
        order = np.argsort(first)
        return self._with_rows(first[order], sums[order])

    def merge(self, other: Ballots) -> Ballots:
        """Return the ballots of both, equal ones added.

        Alternatives of only one side are unranked (unapproved) on the other's ballots, and on
        the menu of those ballots alone that have no menus of their own.

        Raises
        ------
        DataError
            If the two differ in kind, in `unranked` or in their categories.
        """
        from ._ballots_merge import merged

        return merged(self, other)

    def update(self, frame: Any, **columns: Any) -> Ballots:
        """Count the ballots of another table and add them.

        Parameters
        ----------
        frame : frame or path
            As in `from_frame`.
        **columns
            The other arguments of `from_frame`; `unranked` is that of these ballots.

        Returns
        -------
        Ballots
            These ballots stay as they are. A voter of the other table is a new voter.

        Raises
        ------
        DataError, LabelError
            As `from_frame` and `merge`.

        Examples
        --------
        >>> import pandas as pd
        >>> more = pd.DataFrame({"who": [1, 1], "what": ["a", "b"], "place": [2, 1]})
        >>> ballots = Ballots.from_rankings([("a", "b")])
        >>> ballots.update(more, voter="who", alternative="what", rank="place")
        Ballots(2 alternatives; 2 voters in 2 rankings)
        """
        if "approved" not in columns:
            columns = {"unranked": self.unranked, **columns}
        return self.merge(Ballots.from_frame(frame, **columns))

    # -- ways out ------------------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """Write one row for every ballot and alternative that it ranks.

        Columns: `ballot` (position), `count`, `alternative`, `rank` (1 is best) and, where there
        are any, `approved` and `utility`. `from_frame` reads it back.

        Raises
        ------
        DataError
            If the ballots have menus, which such a table does not hold; `save` keeps them.
        """
        from ._ballot_tables import to_frame

        return to_frame(self)

    def save(self, path: str | Path) -> None:
        """Write the ballots, exactly, to a Parquet file that `load` reads."""
        from ._ballot_tables import save

        save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Ballots:
        """Read ballots that `save` wrote.

        Parameters
        ----------
        path : str or path
            The Parquet file.

        Returns
        -------
        Ballots

        Raises
        ------
        DataError
            If the file is absent, damaged or holds something else.
        """
        from ._ballot_tables import load

        return load(Path(path))

    def to_preflib(self, path: str | Path, *, title: str = "") -> None:
        """Write a PrefLib file; the ending (soc, soi, toc, toi, cat, wmd) says which kind.

        Raises
        ------
        DataError
            If the ballots do not fit the kind (ties in soc or soi, unranked alternatives in soc
            or toc, no approvals or categories for cat, no square utilities for wmd), a count is
            not whole, an alternative has no name that the file can hold, or unranked alternatives
            are incomparable, which the file does not say.
        """
        from . import _preflib

        _preflib.write(self, Path(path), title)

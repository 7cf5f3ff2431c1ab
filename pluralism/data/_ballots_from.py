"""The ways into `Ballots`: rankings, ranks, utilities, approvals, margins, tables and files."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError
from . import _ballot_rows, _labels
from ._choices_from import ChoicesFrom, labels_of_menus, listed_menus, read_menus

if TYPE_CHECKING:
    from ._ballots import Ballots
    from ._comparisons import Comparisons

__all__ = ["BallotsFrom", "Unranked"]

Unranked = Literal["last", "incomparable"]


class BallotsFrom(ChoicesFrom):
    """The constructors of `Ballots`, which inherits them."""

    #: What all of them end in, with the checks that they share; `Ballots` defines it.
    _checked: Callable[..., Ballots]

    @classmethod
    def from_rankings(
        cls,
        rankings: Iterable[Sequence[Any]] | npt.NDArray,
        *,
        counts: Any = None,
        alternatives: Iterable[Hashable] | None = None,
        unranked: Unranked = "last",
        menus: Any = None,
    ) -> Ballots:
        """Build from sequences of labels, best first.

        Parameters
        ----------
        rankings : iterable of sequences, or 2-d array of labels
            One sequence a ballot; a tied group is a nested tuple (or list or set). A sequence
            that is shorter than the list of alternatives leaves the rest unranked. Strings
            serve as rankings of one-letter labels only if each is a permutation of the same
            letters.
        counts : array_like, (ballots,), optional
            How many voters cast each; 1 by default.
        alternatives : iterable, optional
            All labels in the order wanted; by default those met, sorted.
        unranked : {"last", "incomparable"}
            What a ballot says of an alternative that it does not rank.
        menus : iterable of iterables of labels, or bool array (ballots, alternatives), optional
            What each ballot had to rank, where that was not everything: what is on its menu and
            unranked is below what it ranks, what is not on its menu is compared with nothing.

        Returns
        -------
        Ballots

        Raises
        ------
        DataError
            If there is no ballot, a ballot is empty, there are fewer than two alternatives, a
            count is negative or not finite, or menus are not one a ballot or come with
            ``unranked="incomparable"``.
        LabelError
            If a ballot repeats an alternative or names one that is not in `alternatives` or not
            on its menu.

        Examples
        --------
        >>> from pluralism import Ballots
        >>> Ballots.from_rankings(["abc", "bca"], counts=[2, 1]).margins().values
        array([[ 0.,  1.,  1.],
               [-1.,  0.,  3.],
               [-1., -3.,  0.]])
        """
        known = None if alternatives is None else _labels.check_labels("alternatives", alternatives)
        if menus is not None:
            menus = listed_menus(menus)
            known = labels_of_menus(menus) if known is None else known
        labels, ranks = _ballot_rows.ranks_from_rankings(rankings, known)
        if menus is not None:
            offered = read_menus(menus, labels, ranks != np.iinfo(ranks.dtype).max)
            return replace(cls._checked(labels, ranks, counts, unranked), menus=offered)
        # Rows of an array that name every alternative once are linear, without another look.
        linear = _ballot_rows.are_orders(rankings) and rankings.shape[1] == len(labels)  # type: ignore[union-attr]
        return cls._checked(labels, ranks, counts, unranked, linear=linear)

    @classmethod
    def from_ranks(
        cls,
        ranks: npt.ArrayLike,
        *,
        counts: Any = None,
        alternatives: Iterable[Hashable] | None = None,
        unranked: Unranked = "last",
    ) -> Ballots:
        """Build from a matrix of ranks, ballots x alternatives, smaller being better.

        Parameters
        ----------
        ranks : array_like, (ballots, alternatives)
            Ranks in any scale; equal ranks are ties. Unranked is NaN or, in an array of unsigned
            integers, the dtype's largest value. A DataArray or frame gives the labels through
            its last coordinate or its columns.
        counts, unranked
            As in `from_rankings`.
        alternatives : iterable, optional
            Labels of the columns; 0, 1, 2, ... by default.

        Returns
        -------
        Ballots

        Raises
        ------
        DataError
            As `from_rankings`; also if `ranks` is not a matrix of numbers.
        LabelError
            If labels repeat or their number is not that of the columns.

        Examples
        --------
        >>> from pluralism import Ballots
        >>> Ballots.from_ranks([[1, 2, 2], [3, 1, float("nan")]], alternatives="abc").ranks
        array([[  0,   1,   1],
               [  1,   0, 255]], dtype=uint8)
        """
        matrix, labels = _ballot_rows.labelled_matrix("ranks", ranks, alternatives)
        return cls._checked(labels, _ballot_rows.dense_ranks("ranks", matrix), counts, unranked)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        voter: str,
        alternative: str,
        rank: str | None = None,
        utility: str | None = None,
        approved: str | None = None,
        count: str | None = None,
        alternatives: Iterable[Hashable] | None = None,
        unranked: Unranked = "last",
        missing: Literal["error", "drop"] = "error",
        memory_limit: int | str | None = None,
    ) -> Ballots:
        """Build from a table with one row for every voter and alternative.

        Parameters
        ----------
        frame : frame or path
            Anything that narwhals takes (pandas, Polars eager or lazy, PyArrow, a DuckDB
            relation, Ibis, Dask, PySpark), or files that DuckDB opens: the path of a ``.csv``,
            ``.parquet`` or ``.jsonl`` file, a glob of them, or a list of either.
        voter, alternative : str
            Columns of labels.
        rank, utility, approved : str
            Exactly one of them: the column of ranks (smaller is better, equal is tied), of
            utilities (larger is better), or of 0 and 1.
        count : str, optional
            Column with the number of voters who cast this voter's ballot; 1 by default.
        alternatives, unranked
            As in `from_rankings`. A voter without a row for an alternative does not rank it.
        missing : {"error", "drop"}
            What to do with a row that lacks a value; `notes` count those that were dropped.
        memory_limit : int or str, optional
            How much memory the counting of files may take, as in `Comparisons.from_frame`.

        Returns
        -------
        Ballots

        Raises
        ------
        DataError
            If a column is absent, a voter has two rows for one alternative, or a voter's count
            differs between rows; also as `from_ranks`.
        LabelError
            If an alternative is not in `alternatives`.

        Examples
        --------
        >>> import pandas as pd
        >>> from pluralism import Ballots
        >>> table = pd.DataFrame({"who": [1, 1, 2], "what": ["a", "b", "b"], "place": [2, 1, 1]})
        >>> Ballots.from_frame(table, voter="who", alternative="what", rank="place").rankings()
        [('b', 'a'), ('b',)]
        """
        from ._ballot_tables import from_frame

        return from_frame(
            frame,
            voter=voter,
            alternative=alternative,
            values={"rank": rank, "utility": utility, "approved": approved},
            count=count,
            alternatives=alternatives,
            unranked=unranked,
            missing=missing,
            memory_limit=memory_limit,
        )

    @classmethod
    def from_utilities(
        cls,
        utilities: npt.ArrayLike,
        *,
        counts: Any = None,
        alternatives: Iterable[Hashable] | None = None,
        unranked: Unranked = "last",
    ) -> Ballots:
        """Build from a matrix of utilities, voters x alternatives, larger being better.

        Parameters
        ----------
        utilities : array_like, (ballots, alternatives)
            Utilities (grades, rewards, scores); NaN is no statement. A DataArray, such as a
            draw from a posterior, or a frame gives the labels.
        counts, alternatives, unranked
            As in `from_ranks`.

        Returns
        -------
        Ballots

        Raises
        ------
        DataError, LabelError
            As `from_ranks`.

        Examples
        --------
        >>> from pluralism import Ballots
        >>> Ballots.from_utilities([[0.2, 0.9], [0.5, 0.1]], alternatives="ab").ranks
        array([[1, 0],
               [0, 1]], dtype=uint8)
        """
        matrix, labels = _ballot_rows.labelled_matrix("utilities", utilities, alternatives)
        values = _validate.finite_array("utilities", matrix, ndim=2, allow_nan=True)
        ballots = cls._checked(
            labels, _ballot_rows.dense_ranks("utilities", -values), counts, unranked
        )
        return replace(ballots, utilities=values.copy())

    @classmethod
    def from_approvals(
        cls,
        approvals: Any,
        *,
        counts: Any = None,
        alternatives: Iterable[Hashable] | None = None,
    ) -> Ballots:
        """Build from approvals: sets of labels, or a matrix of 0 and 1.

        Parameters
        ----------
        approvals : iterable of sets (or sequences) of labels, or matrix, (ballots, alternatives)
            What each voter approves; an empty set is a ballot that approves of nothing.
        counts, alternatives
            As in `from_rankings`; all labels must be given where some alternative is approved
            by nobody.

        Returns
        -------
        Ballots

        Raises
        ------
        DataError, LabelError
            As `from_rankings`; also if a matrix holds anything but 0 and 1.

        Examples
        --------
        >>> from pluralism import Ballots
        >>> Ballots.from_approvals([{"a", "b"}, {"c"}], counts=[3, 1]).approvals
        array([[ True,  True, False],
               [False, False,  True]])
        """
        labels, chosen = _ballot_rows.approvals_from(approvals, alternatives)
        ranks = _ballot_rows.dense_ranks("approvals", 1 - chosen.astype(np.float64))
        return replace(cls._checked(labels, ranks, counts, "last"), approvals=chosen)

    @classmethod
    def from_margins(
        cls, margins: npt.ArrayLike, *, alternatives: Iterable[Hashable] | None = None
    ) -> Ballots:
        """Build the profile of McGarvey (1953) that has the given majority margins.

        Parameters
        ----------
        margins : array_like, (alternatives, alternatives)
            Antisymmetric: [i, j] is how many more voters prefer i to j than j to i. Each
            positive margin m gives two rankings with weight m / 2 each.
        alternatives : iterable, optional
            Labels; those of a DataArray or frame, else 0, 1, 2, ...

        Returns
        -------
        Ballots

        Raises
        ------
        DataError
            If the matrix is not square and antisymmetric, or has no positive margin.

        Examples
        --------
        >>> from pluralism import Ballots
        >>> Ballots.from_margins([[0, 3], [-3, 0]]).margins().values
        array([[ 0.,  3.],
               [-3.,  0.]])
        """
        matrix, labels = _ballot_rows.labelled_matrix("margins", margins, alternatives)
        values = _validate.finite_array("margins", matrix, ndim=2)
        if values.shape[0] != values.shape[1] or not np.array_equal(values, -values.T):
            raise DataError(
                f"`margins` must be square and antisymmetric; its shape is {values.shape}"
            )
        ranks, counts = _ballot_rows.mcgarvey(values)
        return cls._checked(labels, ranks, counts, "last")

    @classmethod
    def from_comparisons(cls, comparisons: Comparisons) -> Ballots:
        """Build ballots that each rank two items only, from pairwise votes.

        Every cell gives a ballot for its first item, one for its second and one that ties them,
        with the cell's weights. Unranked items are incomparable, so that `pairwise` counts
        exactly the votes.

        Parameters
        ----------
        comparisons : Comparisons
            Votes; groups, raters and covariates are not kept.

        Returns
        -------
        Ballots

        Raises
        ------
        DataError
            If the input is no Comparisons, or holds no votes.

        Examples
        --------
        >>> from pluralism import Ballots, Comparisons
        >>> votes = Comparisons.from_pairs([("a", "b"), ("a", "b"), ("b", "c")])
        >>> Ballots.from_comparisons(votes).rankings()
        [('a', 'b'), ('b', 'c')]
        """
        from ._comparisons import Comparisons

        if not isinstance(comparisons, Comparisons):
            raise DataError(
                f"`comparisons` is a {type(comparisons).__name__}; it must be Comparisons"
            )
        ranks, counts = _ballot_rows.from_cells(comparisons)
        return cls._checked(comparisons.items, ranks, counts, "incomparable").distinct()

    @classmethod
    def from_preflib(cls, path: str | Path, *, unranked: Unranked = "last") -> Ballots:
        """Read a PrefLib file: soc, soi, toc, toi, cat or wmd.

        Names keep the file's order, ballots the file's lines. In `cat` files the first category
        is the best, and with two categories the first is approval. In `wmd` files each vertex is
        a voter whose utility for another is the weight of the edge; no edge is no statement.
        A header that announces other totals than the file has is noted in `notes`.

        Parameters
        ----------
        path : str or path
            The file; its ending says the kind, unless the header does.
        unranked : {"last", "incomparable"}
            As in `from_rankings`.

        Returns
        -------
        Ballots

        Raises
        ------
        DataError, LabelError
            If the file is not what its header says; the message names the line.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> from pluralism import Ballots
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "small.soc"
        >>> Ballots.from_rankings(["abc", "bca"]).to_preflib(path)
        >>> Ballots.from_preflib(path).alternatives
        ('a', 'b', 'c')
        """
        from . import _preflib

        parsed = _preflib.read(Path(path))
        ballots = cls._checked(parsed.alternatives, parsed.ranks, parsed.counts, unranked)
        return replace(
            ballots,
            approvals=parsed.approvals,
            utilities=parsed.utilities,
            categories=parsed.categories,
            notes=parsed.notes,
        )

"""Labels that raters gave to items, in cells that add.

A cell is all labels with the same item, rater and category. It holds the sum of their weights, so
shards merge by addition and nothing is ever as large as raters x items.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError
from ..kernels._counting import group_sums
from . import _annotation_parts as _parts
from . import _labels
from ._annotation_parts import Scale
from ._comparisons import Grouping
from ._named_matrix import named_matrix

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["Annotations", "Scale"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: An items x categories table above this (2 GiB) is refused: most likely an id column was taken
#: for the labels.
LARGEST_TABLE = 1 << 28
_CELLS_AT_ONCE = 1 << 16


@dataclass(frozen=True, eq=False, repr=False)
class Annotations:
    """Labels by item and rater, in additive cells.

    Build one with `from_frame`, `from_matrix`, `from_counts` or `from_codes` rather than by
    calling the class.

    Attributes
    ----------
    items : tuple
        Labels of the items.
    categories : tuple
        What an item can be labelled as, in order where `scale` is not nominal.
    scale : {"nominal", "ordinal", "interval", "ratio"}
        What the categories mean: names, an order, numbers with differences, or numbers with a
        zero.
    item, label : numpy.ndarray of int32, (cells,)
        Codes of each cell's item and category.
    weight : numpy.ndarray of float64, (cells,)
        Sum of the weights of the cell's labels.
    squares : numpy.ndarray of float64, (cells,), or None
        Sum of their squared weights; None where every label weighs one, so that it equals
        `weight`.
    rater : numpy.ndarray of int32, (cells,), or None
        Code of the rater; None where only counts are known.
    raters : tuple or None
        Labels of the raters.
    groups : mapping of str to Grouping
        Group columns by name; their codes run over the raters, (raters,).
    n_labels : int
        Number of labels (rows) behind the cells.
    dropped : mapping of str to int
        Reason -> number of labels that were left out on request.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> nan = float("nan")
    >>> ratings = Annotations.from_matrix([[1, 2, 3, nan], [1, 2, 2, 4]], scale="ordinal")
    >>> ratings
    Annotations(4 items; 7 labels by 2 raters; 4 ordinal categories)
    >>> ratings.counts().sel(item=2).values
    array([0., 1., 1., 0.])
    """

    items: tuple[Hashable, ...]
    categories: tuple[Hashable, ...]
    scale: Scale
    item: IntArray
    label: IntArray
    weight: FloatArray
    squares: FloatArray | None = None
    rater: IntArray | None = None
    raters: tuple[Hashable, ...] | None = None
    groups: Mapping[str, Grouping] = field(default_factory=dict)
    n_labels: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)

    # -- ways in -------------------------------------------------------------------------

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        item: str,
        rater: str,
        label: str,
        group: str | Sequence[str] | None = None,
        weight: str | None = None,
        categories: Iterable[Any] | None = None,
        scale: Scale = "nominal",
        missing: str = "error",
        memory_limit: int | str | None = None,
    ) -> Annotations:
        """Count the labels of a table, one row a label, inside the engine that holds it.

        Parameters
        ----------
        frame : frame or path
            Anything that narwhals takes (pandas, Polars eager or lazy, PyArrow, a DuckDB
            relation, Ibis, Dask, PySpark), or files that DuckDB opens: the path of a ``.csv``,
            ``.parquet`` or ``.jsonl`` file, a glob of them, or a list of either.
        item, rater, label : str
            Columns that say what was labelled, by whom, and as what. A rater may label an item
            several times.
        group : str or sequence of str, optional
            Columns of groups, which are attributes of raters.
        weight : str, optional
            Column of label weights, non-negative; labels of weight zero are no labels.
        categories : iterable, optional
            All possible labels, in order. Default: the labels that occur, sorted, which for
            `scale` "ordinal" is allowed for numbers only.
        scale : {"nominal", "ordinal", "interval", "ratio"}
            What the categories mean. In a CSV file, labels are read as numbers where the scale
            or the categories are numeric, and as text otherwise.
        missing : {"error", "drop"}
            What to do with a row that lacks a value; dropped rows are counted in `dropped`.
        memory_limit : int or str, optional
            How much memory the counting of files may take, as in `Comparisons.from_frame`.

        Returns
        -------
        Annotations

        Raises
        ------
        DataError
            If a column is absent, a value is missing, a weight is negative, a label does not
            suit the scale, or a rater is in two groups.
        LabelError
            If a label is not among `categories`, or is written in two ways.

        Examples
        --------
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"post": ["p", "p", "q"], "who": ["ann", "bo", "bo"],
        ...                      "says": [1, 2, 2], "side": ["left", "right", "right"]})
        >>> Annotations.from_frame(rows, item="post", rater="who", label="says", group="side",
        ...                        scale="ordinal")
        Annotations(2 items; 3 labels by 2 raters; 2 ordinal categories; 2 groups by 'side')
        """
        from ._annotation_rows import count_labels

        return count_labels(
            frame,
            item=item,
            rater=rater,
            label=label,
            group=group,
            weight=weight,
            categories=categories,
            scale=scale,
            missing=missing,
            memory_limit=memory_limit,
        )

    @classmethod
    def from_matrix(
        cls,
        values: Any,
        *,
        scale: Scale = "nominal",
        categories: Iterable[Any] | None = None,
        items: Iterable[Any] | None = None,
        raters: Iterable[Any] | None = None,
    ) -> Annotations:
        """Read a raters x items matrix in which NaN or None means "not rated".

        Parameters
        ----------
        values : array-like, frame or xarray.DataArray, (raters, items)
            Labels: numbers, strings or both; what is masked is not rated. A frame (pandas, Polars
            or PyArrow) brings the names of items (columns) and, in pandas, of raters (index); a
            DataArray brings its coordinates, and is turned where its dimensions are named "item"
            and "rater" in this order.
        scale : {"nominal", "ordinal", "interval", "ratio"}
            What the categories mean.
        categories : iterable, optional
            All possible labels, in order. Default: the labels that occur, sorted, which for
            `scale` "ordinal" is allowed for numbers only.
        items, raters : iterable, optional
            Names. Default: those that come with `values`, else 0, 1, 2, ...

        Returns
        -------
        Annotations

        Raises
        ------
        DataError
            If `values` is no matrix, holds no label at all or has a label that its scale does
            not allow.
        LabelError
            If a label is not among `categories`, names repeat or look alike, or a label is
            written in two ways, such as 1 and True.

        Examples
        --------
        >>> Annotations.from_matrix([["yes", "no", None], ["yes", "yes", "no"]]).categories
        ('no', 'yes')
        """
        import pandas as pd

        values, rows, columns = named_matrix(
            "values", values, dims=("rater", "item"), as_objects=True
        )
        items = columns if items is None else items
        raters = rows if raters is None else raters
        array = _parts.label_matrix("values", values)
        item_names = _parts.names("items", items, array.shape[1])
        rater_names = _parts.names("raters", raters, array.shape[0])
        # Item by item, so that the cells come in their order and none has to be sorted.
        code, seen = pd.factorize(array.T.ravel(), use_na_sentinel=True)
        given = code >= 0
        if not given.any():
            raise DataError("`values` holds no label; at least one item must have been rated")
        names, position = _parts.resolve_categories(
            _labels.as_list(seen), categories, scale, place="`values`"
        )
        _parts.check_scale(scale, names)
        item, rater = np.nonzero(given.reshape(array.shape[::-1]))
        label = position.astype(np.int32)[code[given]]
        return cls(
            items=item_names,
            categories=names,
            scale=scale,
            item=item.astype(np.int32),
            label=label,
            weight=np.ones(len(label)),
            rater=rater.astype(np.int32),
            raters=rater_names,
            n_labels=len(label),
        )

    @classmethod
    def from_counts(
        cls,
        counts: Any,
        *,
        items: Iterable[Any] | None = None,
        categories: Iterable[Any] | None = None,
        scale: Scale = "nominal",
    ) -> Annotations:
        """Read how often each item received each label; who gave them stays unknown.

        Parameters
        ----------
        counts : array-like, frame or xarray.DataArray, (items, categories)
            Whole, non-negative numbers of labels. A frame (pandas, Polars or PyArrow) brings the
            names of categories (columns) and, in pandas, of items (index); a DataArray brings its
            coordinates, and is turned where its dimensions are named "category" and "item".
        items, categories : iterable, optional
            Names. Default: those that come with `counts`, else 0, 1, 2, ...
        scale : {"nominal", "ordinal", "interval", "ratio"}
            What the categories mean.

        Returns
        -------
        Annotations

        Raises
        ------
        DataError
            If a count is negative, fractional or not finite, or all are zero.

        Examples
        --------
        >>> Annotations.from_counts([[3, 0], [1, 2]], categories=["no", "yes"])
        Annotations(2 items; 6 labels, raters unknown; 2 nominal categories)
        """
        counts, rows, columns = named_matrix("counts", counts, dims=("item", "category"))
        items = rows if items is None else items
        categories = columns if categories is None else categories
        table = _validate.finite_array("counts", counts, ndim=2)
        _validate.within("counts", table, 0.0, what="counts")
        if table.sum() > _validate.LARGEST_EXACT_COUNT:
            raise DataError(
                f"`counts` adds up to {table.sum():g} labels; above 2**53 counts are not exact"
            )
        broken = table != np.floor(table)
        if broken.any():
            raise DataError(
                f"`counts[{_validate.first_place(broken)}]` is {table[broken][0]:g}; counts of "
                "labels must be whole numbers"
            )
        item, label = np.nonzero(table)
        return cls.from_codes(
            item,
            label,
            count=table[item, label],
            items=_parts.names("items", items, table.shape[0]),
            categories=_parts.names("categories", categories, table.shape[1]),
            scale=scale,
        )

    @classmethod
    def from_codes(
        cls,
        item: npt.ArrayLike,
        label: npt.ArrayLike,
        *,
        items: Iterable[Any],
        categories: Iterable[Any],
        rater: npt.ArrayLike | None = None,
        raters: Iterable[Any] | None = None,
        weight: npt.ArrayLike | None = None,
        count: npt.ArrayLike | None = None,
        groups: Mapping[str, Sequence[Any]] | None = None,
        scale: Scale = "nominal",
        dropped: Mapping[str, int] | None = None,
    ) -> Annotations:
        """Read integer codes, one row a label: the fastest door.

        Parameters
        ----------
        item, label, rater : array-like of int, (labels,)
            Positions in `items`, `categories` and `raters`.
        items, categories, raters : iterable
            Names.
        weight : array-like of float, (labels,), optional
            Weight of each label, above zero.
        count : array-like, (labels,), optional
            How many labels of weight one a row stands for, a whole number; not together with
            `weight`.
        groups : mapping of str to sequence, optional
            Group column -> the group of each rater, (raters,).
        scale : {"nominal", "ordinal", "interval", "ratio"}
            What the categories mean.
        dropped : mapping of str to int, optional
            What was left out before, to be kept with the container.

        Returns
        -------
        Annotations

        Raises
        ------
        DataError
            If there is no label, lengths differ, or a code, weight or count is out of range.
        """
        item_names = _labels.check_labels("items", items)
        names = _labels.check_labels("categories", categories)
        _parts.check_scale(scale, names)
        rows = {"item": np.asarray(item), "label": np.asarray(label)}
        sizes = {"item": len(item_names), "label": len(names)}
        rater_names = None
        if rater is not None:
            if raters is None:
                raise DataError("`raters` is missing; `rater` holds positions in it")
            rater_names = _labels.check_labels("raters", raters)
            rows["rater"], sizes["rater"] = np.asarray(rater), len(rater_names)
        for name, value in (("item", item), ("label", label), ("rater", rater)):
            _validate.refuse_masked(name, value)
        for name, codes in rows.items():
            _parts.check_codes(name, codes, sizes[name], len(rows["item"]))
        if not len(rows["item"]):
            raise DataError("there is no label; at least one item must have been rated")
        weights, squares, n_labels = _parts.weights(weight, count, len(rows["item"]))
        values = [weights] if squares is None else [weights, squares]
        grouped = group_sums(
            [rows[name] for name in ("item", "rater", "label") if name in rows],
            [sizes[name] for name in ("item", "rater", "label") if name in rows],
            values,
        )
        keys = grouped.keys.astype(np.int32)
        return cls(
            items=item_names,
            categories=names,
            scale=scale,
            item=keys[0],
            label=keys[-1],
            weight=grouped.sums[0],
            squares=None if squares is None else grouped.sums[1],
            rater=None if rater is None else keys[1],
            raters=rater_names,
            groups=_parts.groupings(groups, rater_names),
            n_labels=n_labels,
            dropped=dict(dropped or {}),
        )

    # -- what is in it -------------------------------------------------------------------

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def n_categories(self) -> int:
        """Number of categories, those never used included."""
        return len(self.categories)

    @property
    def n_raters(self) -> int | None:
        """Number of raters, or None where they are unknown."""
        return None if self.raters is None else len(self.raters)

    @property
    def values(self) -> FloatArray:
        """The categories as numbers, (categories,); their positions where they are no numbers."""
        if self.scale in ("interval", "ratio"):
            return np.array(self.categories, dtype=np.float64)
        return np.arange(self.n_categories, dtype=np.float64)

    def counts(self) -> xr.DataArray:
        """Weight of the labels by item and category.

        Returns
        -------
        xarray.DataArray, (item, category)

        Raises
        ------
        DataError
            If the table would hold more than 2**28 numbers.
        """
        import xarray as xr

        return xr.DataArray(
            self.count_table(),
            dims=("item", "category"),
            coords={"item": _parts.index(self.items), "category": _parts.index(self.categories)},
            name="counts",
        )

    def count_table(self) -> FloatArray:
        """`counts` without labels: a float64 array, (items, categories)."""
        return self._table(None if self._unit_cells() else self.weight)

    def item_squares(self) -> FloatArray:
        """Sum of squared label weights by item, (items,): the pairs of labels with themselves."""
        squares = self.weight if self.squares is None else self.squares
        unit = self.squares is None and self._unit_cells()
        weights = None if unit else squares
        return np.bincount(self.item, weights, self.n_items).astype(np.float64, copy=False)

    def __repr__(self) -> str:
        who = "raters unknown" if self.raters is None else f"by {len(self.raters):,} raters"
        labels = f"{self.n_labels:,} labels{',' if self.raters is None else ''} {who}"
        parts = [
            f"{self.n_items:,} items",
            labels,
            f"{self.n_categories:,} {self.scale} categories",
        ]
        for name, grouping in self.groups.items():
            parts.append(f"{len(grouping.labels)} groups by {name!r}")
        for reason, count in self.dropped.items():
            parts.append(f"{count:,} dropped ({reason})")
        return f"Annotations({'; '.join(parts)})"

    def _unit_cells(self) -> bool:
        return self.squares is None and bool((self.weight == 1.0).all())

    def _table(self, weights: FloatArray | None) -> FloatArray:
        size = self.n_items * self.n_categories
        if size > LARGEST_TABLE:
            raise DataError(
                f"a table of {self.n_items:,} items x {self.n_categories:,} categories is too "
                "large; is the label column perhaps an id? Bin continuous labels first"
            )
        table = np.zeros(size)
        n = np.int32(self.n_categories)
        for start in range(0, len(self.item), _CELLS_AT_ONCE):
            # Cells are in the order of items: each part fills a stretch of the table.
            here = slice(start, start + _CELLS_AT_ONCE)
            item = self.item[here]
            key = (item - item[0]) * n
            key += self.label[here]
            part = np.bincount(key, None if weights is None else weights[here])
            low = int(item[0]) * self.n_categories
            table[low : low + len(part)] += part
        return table.reshape(self.n_items, self.n_categories)

    # -- ways on -------------------------------------------------------------------------

    def merge(self, other: Annotations) -> Annotations:
        """Add the labels of another container.

        Parameters
        ----------
        other : Annotations
            Of the same scale. A rater known to both is the same rater and must be in the same
            groups.

        Returns
        -------
        Annotations

        Raises
        ------
        DataError
            If the scales differ, only one knows its raters, the group columns differ, or the
            orders of the categories contradict each other.
        """
        if not isinstance(other, Annotations):
            raise DataError(f"`other` is {type(other).__name__}; it must be Annotations")
        return Annotations(**_parts.merged(self, other))

    def update(self, frame: Any, **columns: Any) -> Annotations:
        """Count the labels of another table and add them.

        Parameters
        ----------
        frame : frame or path
            As in `from_frame`.
        **columns
            The other arguments of `from_frame`. The scale is this container's, and, where it is
            ordinal, so are the categories.

        Returns
        -------
        Annotations
            This container stays as it is.

        Raises
        ------
        DataError, LabelError
            As `from_frame` and `merge`.

        Examples
        --------
        >>> import pandas as pd
        >>> labels = Annotations.from_matrix([[1, 2], [1, 1]], items=["p", "q"])
        >>> more = pd.DataFrame({"post": ["p", "r"], "who": [0, 7], "says": [2, 2]})
        >>> labels.update(more, item="post", rater="who", label="says")
        Annotations(3 items; 6 labels by 3 raters; 2 nominal categories)
        """
        columns = {"scale": self.scale, **columns}
        if self.scale == "ordinal":
            columns = {"categories": self.categories, **columns}
        return self.merge(Annotations.from_frame(frame, **columns))

    def to_frame(self) -> pd.DataFrame:
        """One row a cell: ``item``, ``rater``, ``label``, ``weight`` and the group columns.

        Returns
        -------
        pandas.DataFrame
            Without ``rater`` where the raters are unknown.

        Raises
        ------
        DataError
            If a group column has the name of one of the other columns.
        """
        import pandas as pd

        columns: dict[str, Any] = {"item": _parts.take(self.items, self.item)}
        if self.rater is not None and self.raters is not None:
            columns["rater"] = _parts.take(self.raters, self.rater)
        columns["label"] = _parts.take(self.categories, self.label)
        columns["weight"] = self.weight
        _labels.refuse_taken(columns, self.groups)
        for name, grouping in self.groups.items():
            columns[name] = _parts.take(grouping.labels, grouping.codes[self.rater])
        return pd.DataFrame(columns)

    def save(self, path: str | Path) -> None:
        """Write the cells, names and settings to one Parquet file.

        Parameters
        ----------
        path : str or pathlib.Path
            Where to; a file that is there already is replaced in one step.

        Raises
        ------
        DataError
            If a label is neither a string nor a number, or the file cannot be written.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> labels = Annotations.from_matrix([[1, 2], [1, 1]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     labels.save(pathlib.Path(folder) / "labels.parquet")
        ...     Annotations.load(pathlib.Path(folder) / "labels.parquet")
        Annotations(2 items; 4 labels by 2 raters; 2 nominal categories)
        """
        from ._annotation_rows import save_annotations

        save_annotations(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Annotations:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or pathlib.Path
            The file.

        Returns
        -------
        Annotations

        Raises
        ------
        DataError
            If the file is absent, is damaged, or was not written by `save`.

        Examples
        --------
        See `save`.
        """
        from ._annotation_rows import load_annotations

        return load_annotations(Path(path))

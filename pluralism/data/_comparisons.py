"""Pairwise preferences, aggregated to cells that add.

A cell is all votes with the same key: first shown, second shown, and, where they were asked for,
group, rater and covariate values. It holds sums of weights, so two containers merge by addition
and a shard of votes is as good as the whole.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, LabelError, enumerate_some
from ..kernels._counting import count_pairs, group_sums
from . import _labels

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["Comparisons", "Grouping"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: The additive columns of a cell, in their stored order.
SUMS = ("first_won", "second_won", "tied")
SQUARES = ("square_first", "square_second", "square_cross", "square_tied")


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
        return len(self.first)

    @property
    def total(self) -> FloatArray:
        """Weight of all votes by cell, (cells,)."""
        return self.first_won + self.second_won + self.tied

    def __repr__(self) -> str:
        parts = [f"{self.n_items:,} items", f"{self.n_votes:,} votes in {self.n_cells:,} cells"]
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

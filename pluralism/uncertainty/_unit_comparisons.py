"""Comparisons with raters, votes or pairs drawn again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..data import Comparisons
from ..data._taking import take_cells
from ..errors import DataError
from ._unit import Schemes, Units

__all__ = ["COMPARISONS"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]


def _raters(data: Comparisons) -> Units:
    if data.rater is None or data.raters is None:
        raise DataError(
            "`unit` is 'rater', but these comparisons do not say who cast them; "
            "give rater= when building them, or use unit='row' or unit='pair'"
        )
    return Units("rater", (np.ones(len(data.raters)),), _CopiedRaters(data), data.n_cells)


class _CopiedRaters:
    """Comparisons in which a rater drawn w times appears as w raters.

    Copies are raters of their own, so that a mixture of raters or a clustered covariance sees a
    resample as it sees data.
    """

    def __init__(self, data: Comparisons) -> None:
        self.data = data

    def __call__(self, weights: FloatArray) -> Comparisons | None:
        data = self.data
        assert data.rater is not None
        assert data.raters is not None
        drawn = weights.astype(np.intp)
        times = drawn[data.rater]
        cell = np.repeat(np.arange(data.n_cells), times)
        if not len(cell):
            return None
        copy = np.arange(len(cell)) - np.repeat(np.cumsum(times) - times, times)
        start = np.cumsum(drawn) - drawn
        raters = tuple(
            data.raters[code] if not number else f"{data.raters[code]} (copy {number + 1})"
            for code in np.flatnonzero(drawn)
            for number in range(drawn[code])
        )
        taken = take_cells(data, cell)
        return replace(
            taken,
            rater=(start[data.rater[cell]] + copy).astype(np.int32),
            raters=raters,
            n_votes=_votes(data, taken),
        )


def _pairs(data: Comparisons) -> Units:
    low, high = np.minimum(data.first, data.second), np.maximum(data.first, data.second)
    pairs, code = np.unique(low.astype(np.int64) * data.n_items + high, return_inverse=True)
    scale = _CellScale(data, lambda weights: np.broadcast_to(weights[code], (3, data.n_cells)))
    return Units("pair", (np.ones(len(pairs)),), scale, data.n_cells)


def _rows(data: Comparisons) -> Units:
    sums = np.stack([data.first_won, data.second_won, data.tied])  # (3, cells)
    counts = sums
    if data.squares is not None:
        if data.squares[2].any():
            raise DataError(
                "unit='row' needs hard outcomes: a cell does not hold how its soft outcomes vary "
                "from vote to vote; use unit='rater', or bootstrap the frame of votes"
            )
        # (sum w)^2 / (sum w^2) votes of equal weight have the cell's mean and variance.
        squares = data.squares[[0, 1, 3]]
        counts = np.divide(sums**2, squares, out=np.zeros_like(sums), where=squares > 0)
    scale = _CellScale(data, lambda weights: weights.reshape(3, -1))
    return Units("row", (counts.ravel(),), scale, data.n_cells)


class _CellScale:
    """Comparisons whose cells are multiplied; cells that become empty are left out."""

    def __init__(self, data: Comparisons, factors: Callable[[FloatArray], FloatArray]) -> None:
        self.data = data
        self.factors = factors  # weights -> (3, cells), of first_won, second_won and tied

    def __call__(self, weights: FloatArray) -> Comparisons | None:
        data = self.data
        first, second, tied = self.factors(weights)
        scaled = replace(
            data,
            first_won=data.first_won * first,
            second_won=data.second_won * second,
            tied=data.tied * tied,
            squares=None
            if data.squares is None
            else data.squares * np.stack([first, second, np.sqrt(first * second), tied]),
        )
        kept = np.flatnonzero(scaled.total > 0)
        if not len(kept):
            return None
        taken = take_cells(scaled, kept)
        return replace(taken, n_votes=_votes(data, taken))


def _votes(data: Comparisons, taken: Comparisons) -> int:
    """Count the votes of a resample: exact for votes of weight one, else in proportion."""
    return round(data.n_votes * float(taken.total.sum()) / float(data.total.sum()))


COMPARISONS: Schemes = {"rater": _raters, "row": _rows, "pair": _pairs}

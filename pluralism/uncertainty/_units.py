"""Who or what is drawn again: the units of a container, and the container with units reweighted.

A weight is the factor by which a unit's data is multiplied. Weights of raters, items and plain
rows are whole numbers; a ballot cast by 12 voters, or a cell of 12 votes, is one row here that
counts 12 times, so its weight is (times drawn) / 12.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Comparisons
from ..errors import DataError

__all__ = ["Units", "units_of"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

UNITS = ("rater", "voter", "item", "pair", "row", "rater+item")


@dataclass(frozen=True)
class Units:
    """The units of some data.

    Attributes
    ----------
    unit : str
        What they are.
    counts : tuple of numpy.ndarray, (units,) each
        How often each unit stands in the data; two arrays for a two-way scheme.
    reweighted : callable
        Weights (one array for each of `counts`) -> the data so resampled, or None if nothing
        is left.
    size : int
        How many numbers the data hold.
    """

    unit: str
    counts: tuple[FloatArray, ...]
    reweighted: Callable[..., Any]
    size: int


def units_of(data: Any, unit: str | None) -> Units:
    """Find the units of `data`; ``unit=None`` means whoever gave the answers."""
    if unit is not None:
        _validate.one_of("unit", unit, UNITS)
    for kind, schemes in _CONTAINERS.items():
        if isinstance(data, kind):
            break
    else:
        schemes = _PLAIN
    if unit is None:
        unit = next(name for name in schemes if name != "rater" or _has_raters(data))
    if unit not in schemes:
        known = " or ".join(repr(name) for name in schemes)
        raise DataError(
            f"`unit` is {unit!r}, which {type(data).__name__} does not have; use {known}"
        )
    units = schemes[unit](data)
    for counts in units.counts:
        if counts.sum() < 2:
            raise DataError(
                f"`data` holds {counts.sum():g} {unit}(s); resampling needs at least two"
            )
    return units


# -- comparisons -----------------------------------------------------------------------------


def _comparison_raters(data: Comparisons) -> Units:
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
        taken = _cells(data, cell)
        return replace(
            taken,
            rater=(start[data.rater[cell]] + copy).astype(np.int32),
            raters=raters,
            n_votes=_votes(data, taken),
        )


def _comparison_pairs(data: Comparisons) -> Units:
    low, high = np.minimum(data.first, data.second), np.maximum(data.first, data.second)
    pairs, code = np.unique(low.astype(np.int64) * data.n_items + high, return_inverse=True)
    scale = _CellScale(data, lambda weights: np.broadcast_to(weights[code], (3, data.n_cells)))
    return Units("pair", (np.ones(len(pairs)),), scale, data.n_cells)


def _comparison_rows(data: Comparisons) -> Units:
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
        taken = _cells(scaled, kept)
        return replace(taken, n_votes=_votes(data, taken))


def _cells(data: Comparisons, cell: IntArray) -> Comparisons:
    """Take cells by position, repeated ones included."""
    return replace(
        data,
        first=data.first[cell],
        second=data.second[cell],
        first_won=data.first_won[cell],
        second_won=data.second_won[cell],
        tied=data.tied[cell],
        squares=None if data.squares is None else data.squares[:, cell],
        rater=None if data.rater is None else data.rater[cell],
        groups={
            name: replace(grouping, codes=grouping.codes[cell])
            for name, grouping in data.groups.items()
        },
        covariates={name: values[cell] for name, values in data.covariates.items()},
    )


def _votes(data: Comparisons, taken: Comparisons) -> int:
    """Number of votes of a resample: exact for votes of weight one, else in proportion."""
    return int(round(data.n_votes * float(taken.total.sum()) / float(data.total.sum())))


# -- arrays and frames ------------------------------------------------------------------------


def _plain_rows(data: Any) -> Units:
    take, rows, size = row_taker(data)

    def reweighted(weights: FloatArray) -> Any:
        index = np.repeat(np.arange(rows), weights.astype(np.intp))
        return take(index) if len(index) else None

    return Units("row", (np.ones(rows),), reweighted, size)


def row_taker(data: Any) -> tuple[Callable[[IntArray], Any], int, int]:
    """Return how to take rows of an array or frame by position, their number and the size."""
    if hasattr(data, "isel") and hasattr(data, "dims"):
        if not getattr(data, "ndim", 0):
            raise DataError("`data` is a labelled array without dimensions; it has no rows")
        dim = data.dims[0]
        return (lambda index: data.isel({dim: index})), data.sizes[dim], data.size
    if hasattr(data, "columns"):
        import narwhals.stable.v2 as nw

        frame = nw.from_native(data, eager_only=True)
        return (lambda index: frame[index].to_native()), len(frame), len(frame) * frame.shape[1]
    if isinstance(data, (str, bytes)) or not isinstance(data, (Sequence, np.ndarray)):
        raise DataError(
            f"`data` is a {type(data).__name__}; it must be Comparisons, Annotations, Ballots, "
            "an array or an eager data frame"
        )
    array = np.asarray(data)
    if array.ndim == 0 or array.dtype.kind == "O":
        raise DataError("`data` must be an array of at least one dimension, rows first")
    return (lambda index: array[index]), len(array), array.size


def _has_raters(data: Any) -> bool:
    return getattr(data, "raters", None) is not None


Schemes = dict[str, Callable[[Any], Units]]

_PLAIN: Schemes = {"row": _plain_rows}
_CONTAINERS: dict[type, Schemes] = {
    Comparisons: {
        "rater": _comparison_raters,
        "row": _comparison_rows,
        "pair": _comparison_pairs,
    },
}

"""Which units some data have, and the rows of plain arrays and frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Annotations, Ballots, Comparisons
from ..errors import DataError
from ._unit import Schemes, Units
from ._unit_annotations import ANNOTATIONS
from ._unit_ballots import BALLOTS
from ._unit_comparisons import COMPARISONS

__all__ = ["row_taker", "units_of"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

UNITS = ("rater", "voter", "item", "pair", "row", "rater+item")


def units_of(data: Any, unit: str | None) -> Units:
    """Find the units of `data`; ``unit=None`` means whoever gave the answers."""
    if unit is not None:
        _validate.one_of("unit", unit, UNITS)
    schemes = next((held for kind, held in _CONTAINERS.items() if isinstance(data, kind)), _PLAIN)
    if unit is None:
        has_raters = getattr(data, "raters", None) is not None
        unit = next(name for name in schemes if has_raters or not name.startswith("rater"))
    if unit not in schemes:
        known = " or ".join(repr(name) for name in schemes)
        raise DataError(
            f"`unit` is {unit!r}, which {type(data).__name__} does not have; use {known}"
        )
    units = schemes[unit](data)
    for counts in units.counts:
        if counts.sum() < 2:
            raise DataError(
                f"`data` holds {counts.sum():g} unit(s) of {unit!r}; resampling needs two or more"
            )
    return units


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


_PLAIN: Schemes = {"row": _plain_rows}
_CONTAINERS: dict[type, Schemes] = {
    Annotations: ANNOTATIONS,
    Ballots: BALLOTS,
    Comparisons: COMPARISONS,
}

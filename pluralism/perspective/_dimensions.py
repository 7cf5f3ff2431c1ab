"""Scores of broad dimensions composed from the shares of many values (RAIL in the Wild)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from .._labelled import as_labelled, match_dimension
from ..data._labels import as_coordinate
from ..errors import DataError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["DimensionScores", "dimension_scores"]

FloatArray = npt.NDArray[np.float64]

NORMALIZATIONS = ("max", "minmax", "sum")
AGGREGATES = ("sum", "mean")
MEMBERSHIPS = ("full", "split")


@dataclass(frozen=True, eq=False)
class DimensionScores:
    """Composite scores, and what they would be under every other choice.

    Attributes
    ----------
    score : xarray.DataArray, (dimension,)
        Scores on the scale asked for.
    raw : xarray.DataArray, (dimension,)
        Before normalisation.
    alternatives : xarray.DataArray, (normalization, aggregate, membership, dimension)
        Scores under every combination of the choices.
    rank : xarray.DataArray, same dimensions
        Ranks under every combination, 1 for the highest, ties averaged.
    order_changes : bool
        Whether any of these choices changes the order of the dimensions.
    unassigned : float
        Share of the values' total that belongs to no dimension and is in no score.
    multiple : int
        Values in several dimensions, which ``membership="full"`` counts in each.
    """

    score: xr.DataArray
    raw: xr.DataArray = field(repr=False)
    alternatives: xr.DataArray = field(repr=False)
    rank: xr.DataArray = field(repr=False)
    order_changes: bool
    unassigned: float
    multiple: int


def dimension_scores(
    values: Any,
    membership: Any,
    *,
    normalization: Literal["max", "minmax", "sum"],
    aggregate: Literal["sum", "mean"] = "sum",
    assignment: Literal["full", "split"] = "full",
    scale: float = 10.0,
) -> DimensionScores:
    """Compose scores of dimensions from the shares of the values that belong to them.

    The paper's normalisation to 0-10 is not fully stated, so it has no default here; the result
    shows what every other choice would give, ranks included.

    Parameters
    ----------
    values : array_like, Series or mapping, shape (values,)
        Share or count of each value, not negative.
    membership : array_like or DataFrame, shape (values, dimensions)
        1 (or a weight) where a value belongs to a dimension, else 0. A DataFrame with values as
        its rows is matched to labelled `values` by name.
    normalization : {"max", "minmax", "sum"}
        Divide by the largest score; map the smallest to 0 and the largest to 1; or divide by the
        sum.
    aggregate : {"sum", "mean"}
        Add the values of a dimension up (large dimensions win), or average them.
    assignment : {"full", "split"}
        Count a value of several dimensions in each of them, or share it between them.
    scale : float
        Top of the scale, above 0.

    Returns
    -------
    DimensionScores
        Scores in [0, scale], and the alternatives.

    Raises
    ------
    DataError
        Negative entries, shapes that do not fit, a dimension without values, or an unknown
        option.
    LabelError
        Values that differ between the two.

    References
    ----------
    S. Verma et al., RAIL in the Wild, arXiv:2505.00204 (2025).

    Examples
    --------
    >>> from pluralism.perspective import dimension_scores
    >>> shares = [20.0, 10.0, 6.0]
    >>> belongs = [[1, 0], [1, 1], [0, 1]]
    >>> result = dimension_scores(shares, belongs, normalization="max")
    >>> result.score.values
    array([10.        ,  5.333...])
    """
    _validate.one_of("normalization", normalization, NORMALIZATIONS)
    _validate.one_of("aggregate", aggregate, AGGREGATES)
    _validate.one_of("assignment", assignment, MEMBERSHIPS)
    _validate.number("scale", scale, above=0.0)
    shares, belongs, names = _matched(values, membership)
    import xarray as xr
    from scipy.stats import rankdata

    coords = {
        "normalization": list(NORMALIZATIONS),
        "aggregate": list(AGGREGATES),
        "membership": list(MEMBERSHIPS),
        "dimension": ("dimension", as_coordinate(tuple(names))),
    }
    raw = np.stack([[_raw(shares, belongs, a, m) for m in MEMBERSHIPS] for a in AGGREGATES])
    every = np.stack([scale * _normalized(raw, name) for name in NORMALIZATIONS])
    rank = rankdata(-every, axis=-1)
    dims = list(coords)
    alternatives = xr.DataArray(every, dims=dims, coords=coords)
    chosen = {"aggregate": aggregate, "membership": assignment}
    assigned = belongs.any(axis=1)
    return DimensionScores(
        score=alternatives.sel({"normalization": normalization, **chosen}, drop=True),
        raw=xr.DataArray(raw, dims=dims[1:], coords={d: coords[d] for d in dims[1:]}).sel(
            chosen, drop=True
        ),
        alternatives=alternatives,
        rank=xr.DataArray(rank, dims=dims, coords=coords),
        order_changes=bool((rank != rank[:1, :1, :1]).any()),
        unassigned=float(shares[~assigned].sum() / shares.sum()),
        multiple=int(((belongs > 0.0).sum(axis=1) > 1).sum()),
    )


def _matched(values: Any, membership: Any) -> tuple[FloatArray, FloatArray, list[Any]]:
    left, _ = as_labelled("values", values)
    right, _ = as_labelled("membership", membership)
    if right is not None and right.ndim != 2:
        raise DataError(
            f"`membership` has {right.ndim} dimension(s); it must be values x dimensions"
        )
    names = None
    if right is not None:
        names = right.indexes[right.dims[1]].tolist() if right.dims[1] in right.indexes else None
        if left is not None:
            right = right.rename({right.dims[1]: "dimension", right.dims[0]: left.dims[0]})
            left, right = match_dimension(["values", "membership"], [left, right], left.dims[0])
            right = right.reindex({left.dims[0]: left[left.dims[0]]})
    shares = _validate.finite_array("values", values if left is None else left.values, ndim=1)
    belongs = _validate.finite_array(
        "membership", membership if right is None else right.values, ndim=2
    )
    _validate.counts_or_shares("values", shares)
    _validate.within("membership", belongs, 0.0, what="a weight")
    if len(belongs) != len(shares):
        raise DataError(f"`membership` has {len(belongs)} rows for {len(shares)} values")
    empty = ~belongs.any(axis=0)
    names = list(range(belongs.shape[1])) if names is None else names
    if empty.any():
        raise DataError(f"the dimension {names[int(np.flatnonzero(empty)[0])]!r} has no values")
    return shares, belongs, names


def _raw(shares: FloatArray, belongs: FloatArray, aggregate: str, membership: str) -> FloatArray:
    if membership == "split":
        total = belongs.sum(axis=1, keepdims=True)
        belongs = belongs / np.where(total > 0.0, total, 1.0)
    score = shares @ belongs
    return score if aggregate == "sum" else score / belongs.sum(axis=0)


def _normalized(raw: FloatArray, normalization: str) -> FloatArray:
    if normalization == "sum":
        total = raw.sum(axis=-1, keepdims=True)
        return raw / np.where(total > 0.0, total, 1.0)
    high = raw.max(axis=-1, keepdims=True)
    if normalization == "max":
        return raw / np.where(high > 0.0, high, 1.0)
    low = raw.min(axis=-1, keepdims=True)
    return (raw - low) / np.where(high > low, high - low, 1.0)

"""Two rankings of the same items, and an estimate against the truth of a simulation."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from .._labelled import as_labelled, match_dimension
from ..errors import DataError, LabelError, enumerate_some
from ..uncertainty import Bootstrap

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "RankAgreement",
    "RecoveryError",
    "kendall_distance",
    "rank_agreement",
    "recovery_error",
]

FloatArray = npt.NDArray[np.float64]

_MEASURES = ("spearman", "kendall", "kendall_distance", "mean_difference", "rmse", "max_difference")


@dataclass(frozen=True, eq=False)
class RankAgreement:
    """How far two rankings of the same items agree.

    Attributes
    ----------
    spearman, kendall : float
        Spearman's rho of mid-ranks and Kendall's tau-b, in [-1, 1].
    kendall_distance : float
        Share of the pairs that the two put in opposite order, a tie in one of them as half, in
        [0, 1].
    mean_difference, rmse, max_difference : float
        Mean absolute, root mean square and largest difference of ranks.
    differences : xarray.DataArray, (item,)
        Rank in the first less rank in the second: negative where the first places it higher.
    intervals : xarray.DataArray, (measure, ci_bound), or None
        Percentile intervals, where both were bootstrapped.
    n : int
        Items.
    """

    spearman: float
    kendall: float
    kendall_distance: float
    mean_difference: float
    rmse: float
    max_difference: float
    differences: xr.DataArray = field(repr=False)
    intervals: xr.DataArray | None = field(repr=False)
    n: int


def rank_agreement(first: Any, second: Any, *, level: float = 0.95) -> RankAgreement:
    r"""Compare two rankings of the same items, such as stated against revealed values.

    Parameters
    ----------
    first, second : mapping, Series, DataArray, array-like or Bootstrap, (items,)
        Scores, the largest ranked first. Two labelled ones are matched by item and must name
        the same items; a plain array is matched by position. Two `Bootstrap` results (say, of
        ratings over resampled dilemmas) give intervals as well.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    RankAgreement

    Raises
    ------
    DataError
        If there are fewer than three items, a score is missing, all are equal in one of the two,
        or only one of them is a `Bootstrap`.
    LabelError
        If the two do not name the same items.

    Notes
    -----
    Without ties :math:`\rho = 1 - 6\,\mathrm{RMSE}^2 / (n^2 - 1)`, so the root mean square
    difference says nothing that Spearman's correlation does not.

    The replicates of the two bootstraps are taken as independent and paired as they come. Noise
    in either ranking lowers every replicate's agreement once more, so the percentile interval
    lies towards disagreement; where it excludes the estimate, the rankings are too noisy to be
    compared.

    Examples
    --------
    >>> from pluralism.scores import rank_agreement
    >>> stated = {"Truth": 3.0, "Care": 2.0, "Privacy": 1.0, "Freedom": 0.0}
    >>> revealed = {"Privacy": 9.0, "Truth": 8.0, "Care": 7.0, "Freedom": 6.0}
    >>> found = rank_agreement(stated, revealed)
    >>> round(found.spearman, 3), found.mean_difference
    (0.4, 1.0)
    >>> found.differences.sel(item="Privacy").item()  # third when stated, first when revealed
    2.0
    """
    level = _validate.level("level", level)
    boots = [isinstance(value, Bootstrap) for value in (first, second)]
    if any(boots) and not all(boots):
        raise DataError(
            f"`{'second' if boots[0] else 'first'}` is not a Bootstrap while the other is; give "
            "both as Bootstrap results, or the estimates of both"
        )
    points = [value.estimate if any(boots) else value for value in (first, second)]
    (x, y), items = _matched(points)
    values = _agreement(x[None], y[None])[:, 0]
    intervals = _intervals(first, second, items, level) if any(boots) else None
    difference = _ranks(x) - _ranks(y)
    return RankAgreement(
        **dict(zip(_MEASURES, map(float, values), strict=True)),
        differences=_labelled(difference, items),
        intervals=intervals,
        n=len(x),
    )


def kendall_distance(first: Any, second: Any) -> float:
    """Share of the pairs of items that two rankings put in opposite order.

    Parameters
    ----------
    first, second : mapping, Series, DataArray or array-like, (items,)
        Scores, matched by item where both are labelled, else by position.

    Returns
    -------
    float
        In [0, 1]: 0 for the same order, 1 for the reverse, 1/2 expected by chance. A pair tied in
        one of the two counts half, a pair tied in both not.

    Raises
    ------
    DataError
        If there are fewer than two items, or a score is missing.
    LabelError
        If the two do not name the same items.

    References
    ----------
    Fagin et al. (2006), Comparing partial rankings, SIAM J. Discrete Math. 20: the distance with
    penalty 1/2, over the number of pairs.

    Examples
    --------
    >>> from pluralism.scores import kendall_distance
    >>> kendall_distance([3, 2, 1], [3, 1, 2])
    0.3333333333...
    """
    (x, y), _ = _matched([first, second], at_least=2)
    return float(_kendall(x[None], y[None])[1][0])


class RecoveryError(NamedTuple):
    """Distance of an estimated table from the true one.

    Attributes
    ----------
    frobenius : float
        Root of the sum of squared differences.
    relative : float
        The same over the root of the sum of squares of the truth; inf where that is 0 and the
        estimate is not.
    maximum : float
        Largest absolute difference.
    n : int
        Entries compared.
    """

    frobenius: float
    relative: float
    maximum: float
    n: int


def recovery_error(estimate: Any, truth: Any) -> RecoveryError:
    """Frobenius and maximum error of an estimated table, such as a matrix of probabilities.

    Parameters
    ----------
    estimate, truth : DataArray, frame or array-like, of equal shape
        Entries that are NaN in both (a diagonal, say) are left out; one that is NaN in only one
        of them is an error. Labelled arrays are matched by their labels.

    Returns
    -------
    RecoveryError

    Raises
    ------
    DataError
        If the shapes differ, or an entry is known on one side only.
    LabelError
        If the labels differ.

    Examples
    --------
    >>> from pluralism.scores import recovery_error
    >>> recovery_error([[0.5, 0.9], [0.1, 0.5]], [[0.5, 0.6], [0.4, 0.5]]).maximum
    0.3...
    """
    boxed = [
        as_labelled(name, value)[0] for name, value in (("estimate", estimate), ("truth", truth))
    ]
    if all(value is not None for value in boxed):
        if set(boxed[0].dims) != set(boxed[1].dims):
            raise DataError(
                f"`estimate` has the dimensions {boxed[0].dims} and `truth` {boxed[1].dims}"
            )
        for dim in boxed[0].dims:
            _same_labels(("estimate", "truth"), boxed, dim)
            boxed = match_dimension(("estimate", "truth"), boxed, dim)
        estimate, truth = boxed[0].values, boxed[1].transpose(*boxed[0].dims).values
    a = _validate.finite_array("estimate", estimate, allow_nan=True)
    b = _validate.finite_array("truth", truth, allow_nan=True)
    if a.shape != b.shape:
        raise DataError(f"`estimate` has shape {a.shape} and `truth` {b.shape}")
    apart = np.isnan(a) != np.isnan(b)
    if apart.any():
        lacking = "estimate" if np.isnan(a[apart][0]) else "truth"
        raise DataError(
            f"`{lacking}[{_validate.first_place(apart)}]` is missing and its counterpart is not "
            f"({int(apart.sum())} such); leave out what is unknown on either side"
        )
    known = ~np.isnan(a)
    if not known.any():
        raise DataError("`estimate` and `truth` hold no number to compare")
    gap, size = a[known] - b[known], float(np.linalg.norm(b[known]))
    frobenius = float(np.linalg.norm(gap))
    relative = frobenius / size if size else (np.inf if frobenius else 0.0)
    return RecoveryError(frobenius, relative, float(np.abs(gap).max()), int(known.sum()))


def _matched(
    values: list[Any], at_least: int = 3
) -> tuple[list[FloatArray], tuple[Hashable, ...] | None]:
    """Scores of both in the item order of the first, and the items."""
    names = ("first", "second")
    boxed = [
        as_labelled(name, value, dim="item" if _is_mapping(value) else None)[0]
        for name, value in zip(names, values, strict=True)
    ]
    items = None
    if all(value is not None and value.ndim == 1 for value in boxed):
        boxed = [value.rename({value.dims[0]: "item"}) for value in boxed]
        _same_labels(names, boxed, "item")
        boxed = match_dimension(names, boxed, "item")
    labelled = next((value for value in boxed if value is not None and value.ndim == 1), None)
    if labelled is not None and labelled.dims[0] in labelled.indexes:
        items = tuple(labelled.indexes[labelled.dims[0]].tolist())
    values = [
        value if one is None else one.values for value, one in zip(values, boxed, strict=True)
    ]
    arrays = [
        _validate.finite_array(name, value, ndim=1)
        for name, value in zip(names, values, strict=True)
    ]
    if len(arrays[0]) != len(arrays[1]):
        raise DataError(f"`first` has {len(arrays[0])} scores and `second` {len(arrays[1])}")
    if len(arrays[0]) < at_least:
        raise DataError(f"{len(arrays[0])} items are ranked; at least {at_least} are needed")
    if at_least > 2:
        for name, array in zip(names, arrays, strict=True):
            if np.ptp(array) == 0:
                raise DataError(f"`{name}` ties all items; it is no ranking to agree with")
    return arrays, items


def _same_labels(names: tuple[str, str], arrays: list[Any], dim: Hashable) -> None:
    """Refuse two labelled arrays that do not name the same things."""
    if not all(dim in array.indexes for array in arrays):
        return
    labels = [set(array.indexes[dim]) for array in arrays]
    for place, name in enumerate(names):
        alone = [label for label in arrays[place].indexes[dim] if label not in labels[1 - place]]
        if alone:
            raise LabelError(
                f"`{name}` has {enumerate_some(alone)} along {dim!r}, which `{names[1 - place]}` "
                "has not; compare what both have"
            )


def _is_mapping(value: Any) -> bool:
    return hasattr(value, "keys") and not hasattr(value, "dims")


def _ranks(scores: FloatArray) -> FloatArray:
    """Mid-ranks along the last axis, 1 for the largest."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(-scores, axis=-1), dtype=np.float64)


def _kendall(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Tau-b and the distance of rows of scores, (rows,) each."""
    low, high = np.triu_indices(x.shape[1], 1)
    a, b = np.sign(x[:, low] - x[:, high]), np.sign(y[:, low] - y[:, high])  # (rows, pairs)
    with np.errstate(invalid="ignore"):
        tau = (a * b).sum(axis=1) / np.sqrt((a != 0).sum(axis=1) * (b != 0).sum(axis=1))
    apart = (a * b < 0).sum(axis=1) + 0.5 * ((a == 0) != (b == 0)).sum(axis=1)
    return tau, apart / len(low)


def _agreement(x: FloatArray, y: FloatArray) -> FloatArray:
    """All measures of rows of scores, (measures, rows)."""
    left, right = _ranks(x), _ranks(y)
    centred = [ranks - ranks.mean(axis=1, keepdims=True) for ranks in (left, right)]
    with np.errstate(invalid="ignore"):
        rho = (centred[0] * centred[1]).sum(axis=1) / np.sqrt(
            (centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1)
        )
    gap = np.abs(left - right)
    tau, distance = _kendall(x, y)
    return np.array(
        [
            np.clip(rho, -1, 1),
            tau,
            distance,
            gap.mean(axis=1),
            np.sqrt((gap**2).mean(axis=1)),
            gap.max(axis=1),
        ]
    )


def _intervals(
    first: Bootstrap, second: Bootstrap, items: tuple[Hashable, ...] | None, level: float
) -> xr.DataArray:
    import xarray as xr

    rows = []
    for boot in (first, second):
        values: Any = boot.replicates
        if items is not None and hasattr(values, "dims"):
            values = values.sel({values.dims[1]: list(items)})
        rows.append(np.asarray(values, dtype=np.float64))
    shortest = min(len(values) for values in rows)
    x, y = (values[:shortest] for values in rows)
    good = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    drawn = _agreement(x[good], y[good])
    tails = [(1 - level) / 2, (1 + level) / 2]
    return xr.DataArray(
        np.nanquantile(drawn, tails, axis=1).T,
        dims=("measure", "ci_bound"),
        coords={"measure": list(_MEASURES), "ci_bound": ["lower", "upper"]},
        name="interval",
        attrs={"ci_kind": "percentile", "ci_prob": level, "replicates": int(good.sum())},
    )


def _labelled(values: FloatArray, items: tuple[Hashable, ...] | None) -> xr.DataArray:
    import xarray as xr

    from ..data import _labels

    coords = {} if items is None else {"item": _labels.as_coordinate(items)}
    return xr.DataArray(values, dims="item", coords=coords, name="rank difference")

"""Who is severe, who uses which end of the scale, and along which line do raters divide?"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Annotations
from ..errors import ConvergenceError, DataError, NotIdentifiedError, enumerate_some
from ._inputs import as_annotations
from ._tables import labelled

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["RaterEffects", "fit_rater_effects"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RaterEffects:
    """Additive effects of items and raters, and the line along which raters divide.

    Attributes
    ----------
    severity : xarray.DataArray, (rater,)
        How much higher a rater's labels are than the others' on the same items, in units of the
        scale; the raters' mean, each weighted by labels, is 0.
    stderr : xarray.DataArray, (rater,)
        Its standard error.
    item : xarray.DataArray, (item,)
        Items' levels, free of who rated them.
    position : xarray.DataArray, (rater,)
        Coordinate of a rater on the main line of what disagreement is left; standardised, sign
        arbitrary (positive for the rater farthest out).
    discrimination : xarray.DataArray, (item,)
        How much an item divides the raters along that line.
    residual_sd : float
        Standard deviation of a label around item plus severity.
    """

    severity: xr.DataArray
    stderr: xr.DataArray = field(repr=False)
    item: xr.DataArray = field(repr=False)
    position: xr.DataArray = field(repr=False)
    discrimination: xr.DataArray = field(repr=False)
    residual_sd: float


def fit_rater_effects(
    annotations: Annotations, *, ridge: float = 1.0, max_iterations: int = 500
) -> RaterEffects:
    """Fit ``label = item + severity of the rater + noise`` by least squares.

    Then a rank-one term, position times discrimination, is fitted to the residuals by alternating
    ridge regressions.

    Parameters
    ----------
    annotations : Annotations
        Labels with raters on an ordinal (categories count 0, 1, 2, ...), interval or ratio scale.
    ridge : float
        Penalty of positions and discriminations, in labels; above 0.
    max_iterations : int
        Alternations at most.

    Returns
    -------
    RaterEffects

    Raises
    ------
    DataError
        If raters are unknown, the scale is nominal, or there are too few labels.
    NotIdentifiedError
        If raters fall into parts that share no item, so that severities cannot be compared.
    ConvergenceError
        If the alternation did not settle.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import fit_rater_effects
    >>> ratings = Annotations.from_matrix([[1, 2, 3, 2], [2, 3, 4, 3], [3, 4, 5, 5]],
    ...                                   scale="interval")
    >>> fit_rater_effects(ratings).severity.values.round(3).tolist()
    [-1.083, -0.083, 1.167]
    """
    from scipy.sparse import coo_array, diags_array

    as_annotations("annotations", annotations, raters=True)
    ridge = _validate.number("ridge", ridge, above=0.0)
    max_iterations = _validate.whole_number("max_iterations", max_iterations, at_least=1)
    if annotations.scale == "nominal":
        raise DataError("severity needs an order of the labels; the scale is 'nominal'")
    assert annotations.rater is not None
    assert annotations.raters is not None
    y, w = annotations.values[annotations.label], annotations.weight
    present, item = np.unique(annotations.item, return_inverse=True)
    active, rater = np.unique(annotations.rater, return_inverse=True)
    n_items, n_raters = len(present), len(active)
    freedom = len(y) - n_items - n_raters + 1
    if freedom < 1:
        raise DataError(f"{len(y)} labels cannot tell {n_items} items and {n_raters} raters apart")
    incidence = coo_array((w, (item, rater)), shape=(n_items, n_raters)).tocsr()
    _connected(annotations, incidence, active)
    # Eliminate the items: raters' normal equations, (raters, raters), singular along ones.
    of_item, of_rater = incidence.sum(axis=1), incidence.sum(axis=0)
    mean = np.bincount(item, w * y, n_items) / of_item
    schur = diags_array(of_rater) - incidence.T @ diags_array(1.0 / of_item) @ incidence
    right = np.bincount(rater, w * (y - mean[item]), n_raters)
    pinned = schur.toarray() + np.outer(of_rater, of_rater) / of_rater.sum()
    inverse = np.linalg.inv(pinned)
    severity: FloatArray = inverse @ right
    level = mean - (incidence @ severity) / of_item
    residual = y - level[item] - severity[rater]
    variance = float((w * residual**2).sum()) / freedom
    spread = np.diag(inverse) - 1.0 / of_rater.sum()
    position, discrimination = _rank_one(
        item, rater, w, residual, (n_items, n_raters), ridge, max_iterations
    )
    names = {"rater": annotations.raters}
    return RaterEffects(
        severity=labelled(_spread(severity, active, annotations.raters), "severity", **names),
        stderr=labelled(
            _spread(np.sqrt(variance * np.maximum(spread, 0.0)), active, annotations.raters),
            "stderr",
            **names,
        ),
        item=labelled(_spread(level, present, annotations.items), "item", item=annotations.items),
        position=labelled(_spread(position, active, annotations.raters), "position", **names),
        discrimination=labelled(
            _spread(discrimination, present, annotations.items),
            "discrimination",
            item=annotations.items,
        ),
        residual_sd=float(np.sqrt(variance)),
    )


def _connected(annotations: Annotations, incidence: Any, active: npt.NDArray[np.intp]) -> None:
    from scipy.sparse.csgraph import connected_components

    n, part = connected_components(incidence.T @ incidence, directed=False)
    if n > 1:
        assert annotations.raters is not None
        names = [annotations.raters[k] for k in active]
        groups = [[names[k] for k in np.flatnonzero(part == g)] for g in range(n)]
        raise NotIdentifiedError(
            f"the raters fall into {n} parts that share no item, such as "
            f"{enumerate_some(groups[-1], 3)}; fit each part alone",
            groups=groups,
        )


def _rank_one(
    item: npt.NDArray[np.intp],
    rater: npt.NDArray[np.intp],
    w: FloatArray,
    residual: FloatArray,
    shape: tuple[int, int],
    ridge: float,
    max_iterations: int,
) -> tuple[FloatArray, FloatArray]:
    """Positions (raters,) and discriminations (items,) by alternating ridge regressions."""
    n_items, n_raters = shape
    position = np.random.default_rng(0).standard_normal(n_raters)
    before = np.inf
    discrimination = np.zeros(n_items)
    for _ in range(max_iterations):
        x = position[rater]
        discrimination = np.bincount(item, w * x * residual, n_items) / (
            np.bincount(item, w * x * x, n_items) + ridge
        )
        d = discrimination[item]
        position = np.bincount(rater, w * d * residual, n_raters) / (
            np.bincount(rater, w * d * d, n_raters) + ridge
        )
        # Both penalties are smallest when the two have equal length.
        sizes = np.linalg.norm(position), np.linalg.norm(discrimination)
        if min(sizes) > 0:
            position = position * np.sqrt(sizes[1] / sizes[0])
            discrimination = discrimination * np.sqrt(sizes[0] / sizes[1])
        fitted = residual - position[rater] * discrimination[item]
        penalty = ridge * (position @ position + discrimination @ discrimination)
        loss = float((w * fitted**2).sum() + penalty)
        if before - loss <= 1e-10 * max(loss, 1e-300):
            break
        before = loss
    else:
        raise ConvergenceError(
            f"positions did not settle in {max_iterations} alternations; raise `max_iterations`"
        )
    scale = float(position.std())
    if scale < 1e-9:
        return np.zeros(n_raters), np.zeros(n_items)
    sign = np.sign(position[np.abs(position - position.mean()).argmax()] - position.mean())
    return sign * (position - position.mean()) / scale, sign * discrimination * scale


def _spread(values: Any, place: npt.NDArray[np.intp], names: tuple[Hashable, ...]) -> FloatArray:
    full = np.full(len(names), np.nan)
    full[place] = values
    return full

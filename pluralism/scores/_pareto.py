"""Systems judged by several objectives at once: who is on the front, and what it covers."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data._labels import as_coordinate
from ..errors import DataError
from ..kernels._pareto import dominance_counts, hypervolume_2d, hypervolume_3d
from . import _inputs

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ParetoFront", "hypervolume", "pareto_front"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ParetoFront:
    """The systems that no other dominates.

    Attributes
    ----------
    front : tuple
        Their labels, in input order; equal points are all on it.
    mask : xarray.DataArray, (system,)
        Whether each system is on the front.
    dominated_by : xarray.DataArray, (system,)
        How many systems dominate each.
    probability : xarray.DataArray or None, (system,)
        Share of the replicates in which the system is on the front.
    """

    front: tuple[Hashable, ...]
    mask: xr.DataArray = field(repr=False)
    dominated_by: xr.DataArray = field(repr=False)
    probability: xr.DataArray | None = None


def pareto_front(
    points: Any, *, maximize: Any = True, tolerance: Any = 0.0, replicates: Any = None
) -> ParetoFront:
    """Find the systems that no other dominates.

    Parameters
    ----------
    points : frame or array-like, (systems, objectives)
        Scores of each system.
    maximize : bool, sequence or mapping of objective to bool
        Of which objectives more is better.
    tolerance : float or array-like, (objectives,)
        Differences up to this are ties. A system dominates another if it is nowhere worse by
        more than the tolerance and somewhere better by more. With a tolerance, dominance need
        not be transitive, and of near ties all, some or none may be on the front.
    replicates : array-like, (replicates, systems, objectives), optional
        Bootstrap replicates of `points`, for the probability of being on the front.

    Returns
    -------
    ParetoFront

    Raises
    ------
    DataError
        If a score is missing, or the shapes disagree.

    Notes
    -----
    A bootstrap probability is not a posterior: near a tie of many systems each is on the front
    with a moderate probability.

    Examples
    --------
    >>> from pluralism.scores import pareto_front
    >>> reward_and_harm = {"reward": [10, 20, 15, 5], "harm": [10, 40, 45, 10]}
    >>> pareto_front(reward_and_harm, maximize={"reward": True, "harm": False}).front
    (0, 1)
    """
    import xarray as xr

    values, names, objectives = _inputs.table("points", points)
    sign = _inputs.directions("maximize", maximize, objectives)
    slack = _validate.finite_array("tolerance", tolerance)
    _validate.within("tolerance", slack, 0.0, what="a tolerance")
    if slack.ndim > 1 or slack.size not in (1, len(objectives)):
        raise DataError(f"`tolerance` has {slack.size} entries for {len(objectives)} objectives")
    slack = np.broadcast_to(slack, (len(objectives),))
    counts = dominance_counts(values * sign, slack)
    coords = {"system": as_coordinate(names)}
    probability = None
    if replicates is not None:
        drawn = _validate.finite_array("replicates", replicates, ndim=3)
        if drawn.shape[1:] != values.shape or not len(drawn):
            raise DataError(
                f"`replicates` has shape {drawn.shape}; it must be (replicates, "
                f"{values.shape[0]}, {values.shape[1]})"
            )
        on = np.array([dominance_counts(each * sign, slack) == 0 for each in drawn])
        probability = xr.DataArray(on.mean(axis=0), dims="system", coords=coords)
    return ParetoFront(
        tuple(name for name, count in zip(names, counts, strict=True) if not count),
        xr.DataArray(counts == 0, dims="system", coords=coords),
        xr.DataArray(counts, dims="system", coords=coords),
        probability,
    )


def hypervolume(points: Any, *, reference: Any, maximize: Any = True) -> float:
    """Volume of objective space that the points dominate, above a reference point.

    Parameters
    ----------
    points : frame or array-like, (systems, objectives)
        Scores of each system.
    reference : array-like, (objectives,)
        The worst point that counts. Volumes with different reference points do not compare.
    maximize : bool, sequence or mapping of objective to bool
        Of which objectives more is better.

    Returns
    -------
    float
        Product of the objectives' units; points that are not better than the reference in
        every objective add nothing.

    Raises
    ------
    DataError
        If a score is missing, the shapes disagree, or there are more than three objectives and
        the package moocore is not installed.

    Notes
    -----
    Exact: a sweep in two, slices in three dimensions; beyond, moocore (Fonseca et al. 2006).

    Examples
    --------
    >>> from pluralism.scores import hypervolume
    >>> hypervolume([[3, 1], [1, 3], [2, 2]], reference=[0, 0])
    6.0
    """
    values, _, objectives = _inputs.table("points", points)
    sign = _inputs.directions("maximize", maximize, objectives)
    origin = _inputs.numbers("reference", reference)
    if len(origin) != len(objectives):
        raise DataError(f"`reference` has {len(origin)} entries for {len(objectives)} objectives")
    if not len(objectives):
        raise DataError("`points` has no objectives")
    gained = (values - origin) * sign
    gained = gained[(gained > 0).all(axis=1)]
    if not len(gained):
        return 0.0
    if len(objectives) == 1:
        return float(gained.max())
    if len(objectives) == 2:
        return hypervolume_2d(gained)
    if len(objectives) == 3:
        return hypervolume_3d(gained)
    try:
        import moocore  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        raise DataError(
            f"`points` has {len(objectives)} objectives; beyond 3 the volume needs the package "
            "moocore (pip install moocore)"
        ) from None
    return float(moocore.hypervolume(gained, ref=np.zeros(len(objectives)), maximise=True))

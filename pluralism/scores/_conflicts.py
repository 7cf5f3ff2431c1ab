"""Several metrics of the same systems: where they contradict each other."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data._labels import as_coordinate
from ..errors import DataError
from . import _inputs
from ._pareto import pareto_front

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["MetricConflicts", "metric_conflicts"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MetricConflicts:
    """Agreement and contradiction of metrics, all of them kept.

    Attributes
    ----------
    tau : xarray.DataArray, (metric, metric_bis)
        Kendall's tau-b, every metric turned so that more is better.
    interval : xarray.DataArray, (metric, metric_bis, ci_bound)
        Percentile bootstrap over systems.
    disagreement : xarray.DataArray, (metric, metric_bis)
        Share of the pairs of systems that both metrics order and that they order oppositely.
    conflicts : pandas.DataFrame
        One row for each such pair: ``metric``, ``metric_bis``, ``better`` (by `metric`) and
        ``worse``.
    flagged : tuple
        Pairs of metrics whose disagreement exceeds the threshold.
    threshold : float
        The tolerated share.
    front : tuple
        Systems that no other dominates on all metrics.
    """

    tau: xr.DataArray
    interval: xr.DataArray = field(repr=False)
    disagreement: xr.DataArray
    conflicts: pd.DataFrame = field(repr=False)
    flagged: tuple[tuple[Hashable, Hashable], ...]
    threshold: float
    front: tuple[Hashable, ...]


def metric_conflicts(
    scores: Any,
    *,
    threshold: float,
    higher_is_better: Any = True,
    n_replicates: int = 1000,
    level: float = 0.95,
    seed: Any = None,
) -> MetricConflicts:
    """Compare metrics by how they order the systems, against a stated threshold of contradiction.

    Parameters
    ----------
    scores : frame or array-like, (systems, metrics)
        Every metric of every system.
    threshold : float
        Tolerated share of contradictions, in [0, 1], stated before looking.
    higher_is_better : bool, sequence or mapping of metric to bool
        Direction of each metric.
    n_replicates : int
        Resamples of the systems.
    level : float
        Coverage, in (0, 1).
    seed : int, numpy.random.Generator, optional
        Of the resamples.

    Returns
    -------
    MetricConflicts

    Raises
    ------
    DataError
        If there are fewer than two metrics or three systems, or a metric is constant.

    Notes
    -----
    In the spirit of [1]_: metrics that contradict each other are kept side by side, with the
    Pareto set in place of an average.

    References
    ----------
    .. [1] G. Dai et al. (2025), Embracing contradiction.

    Examples
    --------
    >>> from pluralism.scores import metric_conflicts
    >>> scores = {"fair": [0.9, 0.8, 0.6, 0.5], "useful": [0.5, 0.6, 0.9, 0.4]}
    >>> found = metric_conflicts(scores, threshold=0.25, seed=0)
    >>> found.flagged, found.front
    ((('fair', 'useful'),), (0, 1, 2))
    """
    import pandas as pd
    import xarray as xr

    threshold = _validate.number("threshold", threshold, at_least=0.0, at_most=1.0)
    level = _validate.level("level", level)
    n_replicates = _validate.whole_number("n_replicates", n_replicates, at_least=2)
    table, systems, metrics = _inputs.table("scores", scores)
    n, k = table.shape
    if k < 2 or n < 3:
        raise DataError(f"`scores` is {n} systems x {k} metrics; at least 3 x 2 are needed")
    flat = np.ptp(table, axis=0) == 0
    if flat.any():
        raise DataError(f"metric {metrics[int(np.argmax(flat))]!r} is constant; it orders nothing")
    table = table * _inputs.directions("higher_is_better", higher_is_better, metrics)
    i, j = np.triu_indices(n, 1)
    signs = np.sign(table[i] - table[j])  # (pairs, metrics)
    against = (signs[:, :, None] * signs[:, None, :]) < 0
    ordered = (signs[:, :, None] * signs[:, None, :]) != 0
    count = ordered.sum(axis=0)
    share = against.sum(axis=0) / np.where(count > 0, count, np.nan)
    rng = _validate.generator("seed", seed)
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=n_replicates)
    # A system drawn twice is tied with its copy, which no pair (i, j) of different systems is.
    replicates = np.array([_tau(signs, w[i] * w[j]) for w in drawn])
    tails = [(1 - level) / 2, (1 + level) / 2]
    bounds = np.moveaxis(np.nanquantile(replicates, tails, axis=0), 0, -1)
    rows = []
    for a, b in combinations(range(k), 2):
        for pair in np.flatnonzero(against[:, a, b]):
            better, worse = (i[pair], j[pair]) if signs[pair, a] > 0 else (j[pair], i[pair])
            rows.append((metrics[a], metrics[b], systems[better], systems[worse]))
    coords = {"metric": as_coordinate(metrics), "metric_bis": as_coordinate(metrics)}
    dims = ("metric", "metric_bis")
    return MetricConflicts(
        xr.DataArray(_tau(signs, np.ones(len(i))), dims=dims, coords=coords),
        xr.DataArray(
            bounds,
            dims=(*dims, "ci_bound"),
            coords={**coords, "ci_bound": ["lower", "upper"]},
            attrs={"ci_kind": "percentile", "ci_prob": level},
        ),
        xr.DataArray(share, dims=dims, coords=coords),
        pd.DataFrame(rows, columns=["metric", "metric_bis", "better", "worse"]),
        tuple(
            (metrics[a], metrics[b])
            for a, b in combinations(range(k), 2)
            if share[a, b] > threshold
        ),
        threshold,
        pareto_front(pd.DataFrame(table, index=list(systems))).front,
    )


def _tau(signs: FloatArray, weight: FloatArray) -> FloatArray:
    """Kendall's tau-b of every two metrics, pairs of systems weighted."""
    product = (signs * weight[:, None]).T @ signs
    size = np.sqrt(np.diag(product))
    result = np.full(product.shape, np.nan)
    scale = np.outer(size, size)
    np.divide(product, scale, out=result, where=scale > 0)
    return np.clip(result, -1.0, 1.0)

"""How far apart groups are in their utilities, and how alike they rank."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import stats

from .. import _validate
from ..data import _labels
from ..kernels._group_distance import rank_correlation, squared_distance
from ..uncertainty import _intervals

__all__ = ["group_distances"]

FloatArray = npt.NDArray[np.float64]


def group_distances(
    groups: tuple[Hashable, ...],
    estimates: FloatArray,
    covariances: FloatArray,
    *,
    level: float,
    n: int,
    seed: Any,
) -> xr.Dataset:
    """Compare every two groups; see `GroupFits.distances`."""
    level = _validate.level("level", level)
    n = _validate.whole_number("n", n, at_least=100)
    rng = _validate.generator("seed", seed)
    count, half = len(groups), stats.norm.isf(0.5 * (1.0 - level))
    distance, correlation = np.zeros((count, count)), np.ones((count, count))
    around, ranked = np.zeros((count, count, 2)), np.ones((count, count, 2))
    draws = [_draws(estimates[code], covariances[code], n, rng) for code in range(count)]
    for a, b in zip(*np.triu_indices(count, 1), strict=True):
        squared = squared_distance(
            estimates[a] - estimates[b],
            covariances[a] + covariances[b],
            half,
        )
        bounds = np.array([squared.lower, squared.upper])
        distance[a, b] = distance[b, a] = np.sqrt(max(squared.estimate, 0.0))
        around[a, b] = around[b, a] = np.sqrt(np.maximum(bounds, 0.0))
        value = rank_correlation(estimates[a], estimates[b])
        correlation[a, b] = correlation[b, a] = value
        drawn = rank_correlation(draws[a], draws[b])
        most = stats.norm.isf(0.5 / n)
        shift = np.clip(_intervals.shift(value, drawn), -most, most)
        ranked[a, b] = ranked[b, a] = _intervals.bca(drawn, level, shift, np.zeros(()))
    group = _labels.as_coordinate(groups)
    pair = ("group", "group_bis")
    return xr.Dataset(
        {
            "distance": (pair, distance, {"units": "log-odds"}),
            "distance_interval": ((*pair, "ci_bound"), around, {"units": "log-odds"}),
            "rank_correlation": (pair, correlation),
            "rank_correlation_interval": ((*pair, "ci_bound"), ranked),
        },
        coords={"group": group, "group_bis": group, "ci_bound": ["lower", "upper"]},
        attrs={"ci_prob": level, "draws": n},
    )


def _draws(
    estimate: FloatArray, covariance: FloatArray, n: int, rng: np.random.Generator
) -> FloatArray:
    """Draw from the normal approximation of one group, (draws, items)."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(estimate + rng.standard_normal((n, len(values))) @ root.T)

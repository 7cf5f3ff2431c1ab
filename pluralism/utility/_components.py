"""The directions in which respondents differ: principal components of stacked utilities."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ..errors import DataError, LabelError
from ._given import refuse_constant, stacked_utilities

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["UtilityComponents", "utility_components"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class UtilityComponents:
    """Principal components of the utilities of several respondents.

    Attributes
    ----------
    scores : xarray.DataArray, (respondent, component)
        Where each respondent lies.
    loadings : xarray.DataArray, (item, component)
        What each component is: unit vectors, their largest entry positive.
    explained : xarray.DataArray, (component,)
        Share of the variance.
    score_covariance : xarray.DataArray, (respondent, component, component_bis)
        Bootstrap covariance of each position, over items.
    interval : xarray.DataArray, (respondent, component, ci_bound)
        Bootstrap intervals of the scores.
    mean : xarray.DataArray, (item,)
        Mean utility of each item, which the components are about.
    dropped : tuple
        Items left out because some respondent lacks them.
    """

    scores: xr.DataArray
    loadings: xr.DataArray = field(repr=False)
    explained: xr.DataArray
    score_covariance: xr.DataArray = field(repr=False)
    interval: xr.DataArray = field(repr=False)
    mean: xr.DataArray = field(repr=False)
    dropped: tuple[Hashable, ...] = ()

    def region(
        self, respondent: Hashable, *, level: float = 0.95, points: int = 100
    ) -> xr.DataArray:
        """Outline of the normal region of one respondent's position, (point, component).

        Parameters
        ----------
        respondent : hashable
            Whose.
        level : float
            Coverage of the region, in (0, 1).
        points : int
            Points of the outline.
        """
        import xarray as xr
        from scipy.stats import chi2

        level = _validate.level("level", level)
        points = _validate.whole_number("points", points, at_least=3)
        if self.scores.sizes["component"] < 2:
            raise DataError("a region needs two components; there is one")
        known = self.scores["respondent"].values.tolist()
        if respondent not in known:
            raise LabelError.unknown(
                "`respondent`", respondent, known=known, argument="the respondents"
            )
        centre = self.scores.sel(respondent=respondent).values[:2]
        covariance = self.score_covariance.sel(respondent=respondent).values[:2, :2]
        size, axes = np.linalg.eigh(covariance)
        angle = np.linspace(0, 2 * np.pi, points)
        circle = np.stack([np.cos(angle), np.sin(angle)])
        radius = np.sqrt(chi2.ppf(level, 2) * np.maximum(size, 0))
        outline = centre + (axes @ (radius[:, None] * circle)).T
        return xr.DataArray(
            outline,
            dims=("point", "component"),
            coords={"component": self.scores["component"].values[:2]},
            attrs={"ci_prob": level},
        )


def utility_components(
    utilities: Any,
    *,
    n_components: int = 2,
    standardize: bool = True,
    unmatched: Literal["error", "drop"] = "error",
    level: float = 0.95,
    n: int = 1000,
    seed: Any = 0,
) -> UtilityComponents:
    """Stack utilities of respondents, and find the directions in which they differ most.

    Parameters
    ----------
    utilities : mapping, DataArray or frame
        As in `utility_convergence`.
    n_components : int
        Components to keep, at least 1; not more than respondents less one, or items.
    standardize : bool
        Bring each respondent's utilities to mean 0 and standard deviation 1 first, as published
        utilities are: otherwise who discriminates more lies further out.
    unmatched : {"error", "drop"}
        What to do with items that some respondent lacks; dropped ones are listed.
    level : float
        Coverage of the intervals, in (0, 1).
    n : int
        Bootstrap replicates, at least 2.
    seed : int, numpy.random.Generator or None
        For the bootstrap.

    Returns
    -------
    UtilityComponents
        ``.scores``, ``.loadings``, ``.explained``, and ``.region(respondent)`` for a figure.

    Raises
    ------
    LabelError
        If respondents have different items and `unmatched` does not say to drop them.
    DataError
        If there are fewer than two respondents or three shared items, a respondent's utilities
        are all equal, all respondents agree, or more components are asked for than there are.

    Notes
    -----
    Items are drawn again; each replicate is turned onto the estimate (orthogonal Procrustes),
    because components are defined up to signs and, where shares of variance are close, up to
    rotations. Regions say how positions depend on the choice of items.

    References
    ----------
    Mazeika et al. (2025), arXiv 2502.08640, section 6 (political values); Milan and Whittaker
    (1995), Applied Statistics 44, 31-49 (Procrustes bootstrap of principal components).

    Examples
    --------
    >>> import numpy as np, pluralism as pl
    >>> rng = np.random.default_rng(0)
    >>> side = {"left": 1.0, "centre": 0.0, "right": -1.0}
    >>> policy, noise = rng.normal(size=30), 0.3 * rng.normal(size=(3, 30))
    >>> utilities = {who: dict(enumerate(where * policy + noise[k] + 0.5 * rng.normal(size=30)))
    ...              for k, (who, where) in enumerate(side.items())}
    >>> result = pl.utility.utility_components(utilities, n=50, seed=0)
    >>> bool(result.explained[0] > 0.6)
    True
    """
    import xarray as xr

    from ..uncertainty import bootstrap

    n_components = _validate.whole_number("n_components", n_components, at_least=1)
    stack = stacked_utilities("utilities", utilities, unmatched)
    refuse_constant("utilities", stack)
    most = min(len(stack.respondents) - 1, len(stack.items))
    if n_components > most:
        raise DataError(
            f"`n_components` is {n_components}; {len(stack.respondents)} respondents over "
            f"{len(stack.items)} items have at most {most}"
        )
    values = stack.values
    if standardize:
        values = values - values.mean(axis=1, keepdims=True)
        values = values / values.std(axis=1, ddof=1, keepdims=True)
    centred = values - values.mean(axis=0)
    if np.abs(centred).max() <= 1e-12 * np.abs(values).max():
        raise DataError("all respondents have the same utilities; there is nothing to tell apart")
    left, size, right = np.linalg.svd(centred, full_matrices=False)
    right = right[:n_components]
    sign = np.sign(right[np.arange(n_components), np.abs(right).argmax(axis=1)])
    scores = left[:, :n_components] * size[:n_components] * sign

    def statistic(rows: FloatArray) -> FloatArray:
        return _turned(rows.T, scores)

    boot = bootstrap(statistic, centred.T, unit="row", n=n, level=level, seed=seed, progress=False)
    replicates = np.asarray(boot.replicates)
    away = replicates - np.nanmean(replicates, axis=0)
    covariance = np.nansum(away[..., :, None] * away[..., None, :], axis=0) / (len(away) - 1)
    people, items = _labels.as_coordinate(stack.respondents), _labels.as_coordinate(stack.items)
    component = [f"PC{k + 1}" for k in range(n_components)]
    coords = {"respondent": people, "component": component}
    return UtilityComponents(
        scores=xr.DataArray(scores, dims=("respondent", "component"), coords=coords, name="scores"),
        loadings=xr.DataArray(
            (right * sign[:, None]).T,
            dims=("item", "component"),
            coords={"item": items, "component": component},
            name="loadings",
        ),
        explained=xr.DataArray(
            size[:n_components] ** 2 / (size**2).sum(),
            dims="component",
            coords={"component": component},
            name="explained",
        ),
        score_covariance=xr.DataArray(
            covariance,
            dims=("respondent", "component", "component_bis"),
            coords={**coords, "component_bis": component},
        ),
        interval=xr.DataArray(
            np.asarray(boot.interval),
            dims=("respondent", "component", "ci_bound"),
            coords={**coords, "ci_bound": ["lower", "upper"]},
            attrs={"ci_prob": level, "ci_kind": "percentile"},
        ),
        mean=xr.DataArray(values.mean(axis=0), dims="item", coords={"item": items}, name="mean"),
        dropped=stack.dropped,
    )


def _turned(centred: FloatArray, target: FloatArray) -> FloatArray:
    """Scores of a resample, turned onto `target`, (respondents, components)."""
    k = target.shape[1]
    left, size, _ = np.linalg.svd(centred, full_matrices=False)
    scores = left[:, :k] * size[:k]
    first, _, second = np.linalg.svd(scores.T @ target)
    return scores @ (first @ second)

"""Do respondents come to the same utilities?"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ._given import refuse_constant, stacked_utilities

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["UtilityConvergence", "utility_convergence"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class UtilityConvergence:
    """Similarity of the utilities of every two respondents.

    Attributes
    ----------
    matrix : xarray.DataArray, (respondent, respondent_bis)
        Similarities, in [-1, 1].
    interval : xarray.DataArray, (respondent, respondent_bis, ci_bound)
        Bootstrap intervals over items.
    mean : float
        Mean over pairs of respondents.
    mean_interval : tuple of float
        Its bootstrap interval over the same items.
    measure : str
        As asked for.
    n_items : int
        Items that all respondents have.
    dropped : tuple
        Items left out because some respondent lacks them.
    """

    matrix: xr.DataArray
    interval: xr.DataArray = field(repr=False)
    mean: float
    mean_interval: tuple[float, float]
    measure: str
    n_items: int
    dropped: tuple[Any, ...]


def utility_convergence(
    utilities: Any,
    *,
    measure: Literal["pearson", "cosine", "spearman"] = "pearson",
    unmatched: Literal["error", "drop"] = "error",
    level: float = 0.95,
    n: int = 1000,
    seed: Any = 0,
) -> UtilityConvergence:
    """Correlate the utilities of every two respondents.

    Parameters
    ----------
    utilities : mapping, DataArray or frame
        Respondent -> fit, labelled array, Series or mapping of item to utility; or a labelled
        table of respondents x items. Items are matched by label.
    measure : {"pearson", "cosine", "spearman"}
        Cosines, as published, equal Pearson correlations where utilities are relative to the
        mean of the very items compared; with another reference, or where items are dropped, they
        also measure the reference.
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
    UtilityConvergence
        ``.matrix`` with ``.interval``, ``.mean`` with ``.mean_interval``.

    Raises
    ------
    LabelError
        If respondents have different items and `unmatched` does not say to drop them.
    DataError
        If there are fewer than two respondents or three shared items, a respondent's utilities
        are all equal, or for an option outside its range.

    Notes
    -----
    Intervals are for other items like these. Errors of estimation pull correlations of estimated
    utilities towards zero.

    References
    ----------
    Mazeika et al. (2025), arXiv 2502.08640, section 5 (utility convergence).

    Examples
    --------
    >>> import pluralism as pl
    >>> items = ["tea", "milk", "juice", "water", "coffee", "cocoa"]
    >>> result = pl.utility.utility_convergence({
    ...     "ada": dict(zip(items, [2.0, 1.0, 0.0, -1.0, -2.0, 0.0])),
    ...     "bob": dict(zip(items, [1.5, 1.2, 0.3, -1.0, -2.2, 0.2])),
    ...     "cleo": dict(zip(items, [-2.0, 0.0, 0.5, 1.0, 1.5, -1.0]))}, n=99)
    >>> result.matrix.sel(respondent="ada").round(2).values
    array([ 1.  ,  0.98, -0.87])
    """
    import xarray as xr

    from ..uncertainty import bootstrap

    _validate.one_of("measure", measure, ("pearson", "cosine", "spearman"))
    stack = stacked_utilities("utilities", utilities, unmatched)
    refuse_constant("utilities", stack)
    boot = bootstrap(
        partial(_with_mean, measure=measure), stack.values.T, unit="row", n=n, level=level,
        seed=seed, progress=False,
    )  # fmt: skip
    size = len(stack.respondents)
    bounds = np.asarray(boot.interval)
    labels = _labels.as_coordinate(stack.respondents)
    coords: dict[str, Any] = {"respondent": labels, "respondent_bis": labels}
    return UtilityConvergence(
        matrix=xr.DataArray(
            boot.estimate[:-1].reshape(size, size), dims=tuple(coords), coords=coords, name=measure
        ),
        interval=xr.DataArray(
            bounds[:-1].reshape(size, size, 2),
            dims=(*coords, "ci_bound"),
            coords={**coords, "ci_bound": ["lower", "upper"]},
            attrs={"ci_prob": level, "ci_kind": "percentile"},
        ),
        mean=float(boot.estimate[-1]),
        mean_interval=(float(bounds[-1, 0]), float(bounds[-1, 1])),
        measure=measure,
        n_items=len(stack.items),
        dropped=stack.dropped,
    )


def _with_mean(rows: FloatArray, measure: str) -> FloatArray:
    """Similarities of the columns of (items, respondents), flat, and their mean over pairs."""
    if measure == "spearman":
        from scipy.stats import rankdata

        rows = rankdata(rows, axis=0)
    if measure != "cosine":
        rows = rows - rows.mean(axis=0)
    length = np.sqrt((rows**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = np.where(length > 0, rows / length, np.nan)
    matrix = np.clip(unit.T @ unit, -1.0, 1.0)
    np.fill_diagonal(matrix, np.where(np.isnan(np.diag(matrix)), np.nan, 1.0))
    return np.append(matrix.ravel(), matrix[np.triu_indices(len(matrix), 1)].mean())

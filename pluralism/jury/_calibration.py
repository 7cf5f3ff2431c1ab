"""Do probabilities mean what they say? Binned, smoothed and classwise calibration errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError
from ..kernels import _calibration as kernels
from ._predictions import binary, one_outcome_each, predictions

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BrierDecomposition",
    "brier_decomposition",
    "calibration_error",
    "reliability_table",
    "smooth_calibration_error",
]

FloatArray = npt.NDArray[np.float64]


def calibration_error(
    probabilities: Any,
    labels: Any,
    *,
    bins: Any = 15,
    edges: str = "width",
    closed: str = "right",
    norm: str = "l1",
    ties: str = "first",
    classwise: bool = False,
) -> float:
    """Binned calibration error (ECE): gap between what was predicted and what happened.

    Parameters
    ----------
    probabilities : array-like, (items,) or (items, categories)
        Of the positive class, or of all categories. In the second case the predicted (largest)
        one is judged, or each in turn under `classwise`.
    labels : array-like
        For (items,): 0, 1 or the share of positive labels. For (items, categories): positions of
        the true categories (items,), or label counts or shares (items, categories).
    bins : int or array-like
        Number of bins, or their edges from 0 to 1.
    edges : {"width", "mass"}
        Bins of equal width, or of equally many predictions.
    closed : {"right", "left"}
        Whether a bin is (a, b] or [a, b).
    norm : {"l1", "l2", "max"}
        Mean gap over items (ECE), root mean square, or the largest gap (MCE).
    ties : {"first", "share"}
        Which of several largest probabilities is the prediction: the first, or all equally.
    classwise : bool
        Mean over categories of the error of each category's probability.

    Returns
    -------
    float
        In [0, 1]. Biased upwards: a calibrated model does not reach 0 in a finite sample.

    Raises
    ------
    DataError
        If shapes differ, values are no probabilities, or an option is unknown.

    References
    ----------
    C. Guo et al. (2017), On calibration of modern neural networks, ICML; classwise: M. Kull et
    al. (2019), Beyond temperature scaling, NeurIPS.

    Examples
    --------
    >>> from pluralism.jury import calibration_error
    >>> calibration_error([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0], bins=10)
    0.25
    """
    _validate.one_of("norm", norm, ("l1", "l2", "max"))
    if classwise:
        if np.ndim(probabilities) != 2:
            raise DataError("`classwise` needs probabilities of shape (items, categories)")
        p, y = predictions(probabilities, labels)
        columns = [(p[:, k], y[:, k]) for k in range(p.shape[1])]
    else:
        columns = [one_outcome_each(probabilities, labels, ties=ties)]
    errors = []
    for p, y in columns:
        limits = _edges(p, bins, edges)
        place = kernels.assign_bins(p, limits, _closed(closed))
        means = kernels.binned_means(p, y, place, len(limits) - 1)
        errors.append(kernels.binned_error(means, norm))
    return float(np.mean(errors))


def smooth_calibration_error(
    probabilities: Any,
    labels: Any,
    *,
    bandwidth: float | None = None,
    ties: str = "first",
    grid: int = 4096,
) -> float:
    """Smooth calibration error (smECE), which has no bins to choose.

    Parameters
    ----------
    probabilities, labels, ties
        As in `calibration_error`.
    bandwidth : float, optional
        Of the reflected Gaussian kernel. Default: the one that equals its own error, which makes
        the result consistent with the distance to calibration.
    grid : int
        Cells of [0, 1] that stand for the predictions.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    DataError
        If shapes differ, values are no probabilities, or an option is out of range.

    References
    ----------
    J. Blasiok and P. Nakkiran (2023), Smooth ECE: principled reliability diagrams via kernel
    smoothing, ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.jury import smooth_calibration_error
    >>> smooth_calibration_error(np.full(1000, 0.3), np.full(1000, 0.5))
    0.2
    """
    p, y = one_outcome_each(probabilities, labels, ties=ties)
    grid = _validate.whole_number("grid", grid, at_least=16)
    if bandwidth is not None:
        bandwidth = _validate.number("bandwidth", bandwidth, above=0.0)
    return kernels.smooth_error(p, y, bandwidth, grid=grid)


def reliability_table(
    probabilities: Any,
    labels: Any,
    *,
    bins: Any = 10,
    edges: str = "width",
    closed: str = "right",
    ties: str = "first",
    level: float = 0.95,
    n_draws: int = 1000,
    seed: Any = None,
) -> pd.DataFrame:
    """What a reliability diagram shows, with consistency bands.

    Parameters
    ----------
    probabilities, labels, bins, edges, closed, ties
        As in `calibration_error`.
    level : float
        Coverage of the bands in each bin, in (0, 1).
    n_draws : int
        Data sets drawn from the predictions themselves.
    seed : int, numpy.random.Generator, optional
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        One row a non-empty bin: ``left``, ``right``, ``count``, ``predicted``, ``observed``, and
        ``lower`` and ``upper``, between which `observed` lies with probability `level` if the
        predictions are calibrated and each item has one label. For soft labels, which vary less,
        the bands are too wide.

    Raises
    ------
    DataError
        If shapes differ, values are no probabilities, or an option is unknown.

    References
    ----------
    J. Brocker and L. A. Smith (2007), Increasing the reliability of reliability diagrams,
    Weather and Forecasting 22.

    Examples
    --------
    >>> from pluralism.jury import reliability_table
    >>> table = reliability_table([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0], seed=0)
    >>> table["observed"].tolist()
    [0.0, 0.5]
    """
    import pandas as pd

    p, y = one_outcome_each(probabilities, labels, ties=ties)
    level = _validate.level("level", level)
    n_draws = _validate.whole_number("n_draws", n_draws, at_least=2)
    rng = _validate.generator("seed", seed)
    limits = _edges(p, bins, edges)
    n = len(limits) - 1
    place = kernels.assign_bins(p, limits, _closed(closed))
    means = kernels.binned_means(p, y, place, n)
    drawn = np.array(
        [np.bincount(place, rng.random(len(p)) < p, n) for _ in range(n_draws)]
    )  # (draws, bins)
    tail = (1.0 - level) / 2.0
    used = means.size > 0
    lower, upper = np.quantile(drawn[:, used] / means.size[used], [tail, 1.0 - tail], axis=0)
    return pd.DataFrame(
        {
            "left": limits[:-1][used],
            "right": limits[1:][used],
            "count": means.size[used].astype(np.int64),
            "predicted": means.predicted[used],
            "observed": means.observed[used],
            "lower": lower,
            "upper": upper,
        }
    )


@dataclass(frozen=True)
class BrierDecomposition:
    """Parts of a Brier score: ``score = reliability - resolution + uncertainty + within``.

    Attributes
    ----------
    score : float
        Mean squared difference of probability and label.
    reliability : float
        Squared gaps of the bins; 0 is calibrated.
    resolution : float
        How far the bins' outcomes differ from the overall rate.
    uncertainty : float
        Variance of the outcomes.
    within : float
        What the spread of predictions inside the bins adds; 0 where bins hold one value each.
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


def brier_decomposition(
    probabilities: Any, labels: Any, *, bins: Any = None, closed: str = "right"
) -> BrierDecomposition:
    """Split the Brier score of a binary prediction into reliability, resolution and uncertainty.

    Parameters
    ----------
    probabilities : array-like, (items,)
        Of the positive class.
    labels : array-like, (items,)
        0, 1 or the share of positive labels.
    bins : int or array-like, optional
        Bins of equal width, or their edges. Default: one for each distinct probability.
    closed : {"right", "left"}
        Whether a bin is (a, b] or [a, b).

    Returns
    -------
    BrierDecomposition

    Raises
    ------
    DataError
        If shapes differ, values are no probabilities, or an option is unknown.

    References
    ----------
    A. H. Murphy (1973), A new vector partition of the probability score, Journal of Applied
    Meteorology 12; D. B. Stephenson et al. (2008), Two extra components in the Brier score
    decomposition, Weather and Forecasting 23.

    Examples
    --------
    >>> from pluralism.jury import brier_decomposition
    >>> parts = brier_decomposition([0.2, 0.2, 0.8, 0.8], [0, 1, 1, 1])
    >>> parts.reliability, parts.resolution, parts.uncertainty
    (0.065, 0.0625, 0.1875)
    """
    p, y = binary(probabilities, labels)
    if bins is None:
        values, place = np.unique(p, return_inverse=True)
        n = len(values)
        _closed(closed)
    else:
        limits = _edges(p, bins, "width")
        place, n = kernels.assign_bins(p, limits, _closed(closed)), len(limits) - 1
    means = kernels.binned_means(p, y, place, n)
    used = means.size > 0
    share = means.size[used] / len(p)
    rate = float(y.mean())
    reliability = float(share @ (means.predicted - means.observed)[used] ** 2)
    resolution = float(share @ (means.observed[used] - rate) ** 2)
    uncertainty = float(np.mean((y - rate) ** 2))
    score = float(np.mean((p - y) ** 2))
    within = score - (reliability - resolution + uncertainty)
    return BrierDecomposition(score, reliability, resolution, uncertainty, within)


def _edges(p: FloatArray, bins: Any, edges: str) -> FloatArray:
    _validate.one_of("edges", edges, ("width", "mass"))
    if np.ndim(bins) == 0:
        n = _validate.whole_number("bins", bins, at_least=1, at_most=1_000_000)
        return kernels.mass_edges(p, n) if edges == "mass" else np.linspace(0.0, 1.0, n + 1)
    limits = _validate.finite_array("bins", bins, ndim=1)
    if len(limits) < 2 or (np.diff(limits) <= 0).any() or limits[0] != 0 or limits[-1] != 1:
        raise DataError(f"`bins` must ascend from 0 to 1; got {limits.tolist()}")
    return limits


def _closed(closed: str) -> str:
    return str(_validate.one_of("closed", closed, ("right", "left")))

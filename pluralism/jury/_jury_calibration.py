"""Is a model calibrated to the verdict of a named jury?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _labelled, _quiet, _validate
from ..data import Annotations
from ..errors import ApproximationWarning, DataError, LabelError, enumerate_some
from ..kernels import _calibration as binned
from ._calibration import _closed, _edges
from ._pools import pool_of, rule_of
from ._tables import labelled

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["JuryCalibration", "jury_calibration"]

FloatArray = npt.NDArray[np.float64]

MEASURES = ("calibration_error", "mean_difference", "mean_absolute_difference", "brier")

#: Share of resamples that may be without any verdict, as in `bootstrap`.
_MAX_FAILED = 0.1


@dataclass(frozen=True, eq=False)
class JuryCalibration:
    """A model's probabilities against a jury's exact verdict probabilities.

    Attributes
    ----------
    estimate : xarray.DataArray, (measure,)
        ``calibration_error``: binned gap between the model's probability and the verdict's;
        ``mean_difference``: model minus verdict; ``mean_absolute_difference``; ``brier``:
        expected squared difference from the verdict as it falls.
    interval : xarray.DataArray, (measure, ci_bound)
        Percentile intervals over jurors.
    stderr : xarray.DataArray, (measure,)
        Standard deviations over replicates.
    table : pandas.DataFrame
        By non-empty bin: ``left``, ``right``, ``count``, ``predicted``, ``verdict``, and
        ``lower`` and ``upper`` for the verdict.
    verdict : xarray.DataArray, (item,)
        Verdict probabilities; NaN for skipped items.
    skipped : int
        Items whose pool is too small.
    mean_skipped : float
        The same, mean over replicates.
    n : int
        Replicates.
    """

    estimate: xr.DataArray
    interval: xr.DataArray
    stderr: xr.DataArray = field(repr=False)
    table: pd.DataFrame = field(repr=False)
    verdict: xr.DataArray = field(repr=False)
    skipped: int
    mean_skipped: float
    n: int


def jury_calibration(
    probabilities: Any,
    annotations: Annotations,
    *,
    composition: Mapping[Hashable, int] | int,
    positive: Any,
    threshold: Any = "majority",
    ties: str = "half",
    group: str | Sequence[str] | None = None,
    bins: Any = 10,
    edges: str = "width",
    closed: str = "right",
    n: int = 1000,
    level: float = 0.95,
    seed: Any = None,
) -> JuryCalibration:
    """Compare a model's probability with that of a jury's positive verdict.

    Parameters
    ----------
    probabilities : DataArray or Series by item, mapping, or array-like, (items,)
        The model's probability that the verdict is positive; unlabelled arrays are in the order
        of the container's items.
    annotations, composition, positive, threshold, ties, group
        As in `verdict_probability`. Items whose pool is too small are skipped and counted.
    bins, edges, closed
        As in `calibration_error`.
    n : int
        Bootstrap replicates. Raters are drawn with replacement within the groups that have
        seats; each replicate's juries are drawn from its raters.
    level : float
        Coverage of the intervals, in (0, 1).
    seed : int, numpy.random.Generator, optional
        Of the bootstrap.

    Returns
    -------
    JuryCalibration

    Raises
    ------
    DataError
        If probabilities are missing or outside [0, 1], all pools are too small, more than a tenth
        of the resamples leave all of them so, or an option is out of range.
    LabelError
        If a group, a positive label or an item is unknown.

    Warns
    -----
    ApproximationWarning
        If some resamples leave all pools too small, and are left out.

    Notes
    -----
    A rater drawn twice is one juror of weight two: a jury of different raters is drawn in
    proportion to the product of their weights, so that nobody sits beside their own copy, which
    would pull the verdicts of small pools towards one half. Replicates lose more items to short
    pools; `mean_skipped` says how many. `mean_difference` is centred; the other measures, which
    grow with the spread of the verdicts, come out somewhat larger in replicates of small pools
    than in the data. Verdict probabilities of small pools are discrete, so
    that even a calibrated model has a calibration error above zero.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism import Annotations
    >>> from pluralism.jury import jury_calibration
    >>> rng = np.random.default_rng(0)
    >>> votes = Annotations.from_matrix(rng.random((20, 50)) < 0.7, categories=[False, True])
    >>> result = jury_calibration(np.full(50, 0.9), votes, composition=5, positive=True, n=100,
    ...                           seed=0)
    >>> result.skipped
    0
    """
    import pandas as pd

    pool = pool_of(annotations, composition, positive, group).unweighted("`jury_calibration`")
    rule = rule_of(sum(pool.seats), threshold, ties)
    p = _by_item(probabilities, annotations)
    n = _validate.whole_number("n", n, at_least=2)
    level = _validate.level("level", level)
    rng = _validate.generator("seed", seed)
    limits = _edges(p, bins, edges)
    place = binned.assign_bins(p, limits, _closed(closed))
    verdict = pool.verdicts(rule)
    estimate, by_bin = _measures(p, verdict, place, len(limits) - 1)
    if not np.isfinite(verdict).any():
        raise DataError("no item has a pool large enough for the jury")
    replicates = np.full((n, len(MEASURES)), np.nan)
    bin_means = np.full((n, len(limits) - 1), np.nan)
    skipped = np.empty(n)
    for draw in range(n):
        weights = np.zeros(pool.n_raters)
        for member in pool.member:
            drawn = rng.integers(0, len(member), len(member))
            weights += np.bincount(member[drawn], minlength=pool.n_raters)
        again = pool.verdicts(rule, weights)
        skipped[draw] = np.isnan(again).sum()
        if skipped[draw] < len(p):
            replicates[draw], means = _measures(p, again, place, len(limits) - 1)
            bin_means[draw] = means.observed
    failed = int((skipped == len(p)).sum())
    if failed > _MAX_FAILED * n or n - failed < 2:
        raise DataError(
            f"in {failed} of {n} resamples no item has enough different raters for the jury (at "
            f"most {_MAX_FAILED:.0%} may lack them): without those the interval would be too "
            "short. Give larger pools or fewer seats"
        )
    if failed:
        _quiet.warn(
            f"in {failed} of {n} resamples no item has enough different raters for the jury; they "
            "are left out",
            ApproximationWarning,
            stacklevel=2,
        )
    tail = (1.0 - level) / 2.0
    bounds = np.nanquantile(replicates, [tail, 1.0 - tail], axis=0).T
    used = by_bin.size > 0
    lower, upper = np.full((2, int(used.sum())), np.nan)
    drawn = ~np.isnan(bin_means).all(axis=0)[used]  # bins that some resample left an item in
    lower[drawn], upper[drawn] = np.nanquantile(
        bin_means[:, used][:, drawn], [tail, 1.0 - tail], axis=0
    )
    interval = labelled(bounds, "interval", measure=MEASURES, ci_bound=("lower", "upper"))
    interval.attrs.update(ci_kind="percentile", ci_prob=level)
    return JuryCalibration(
        estimate=labelled(estimate, "estimate", measure=MEASURES),
        interval=interval,
        stderr=labelled(np.nanstd(replicates, axis=0, ddof=1), "stderr", measure=MEASURES),
        table=pd.DataFrame(
            {
                "left": limits[:-1][used],
                "right": limits[1:][used],
                "count": by_bin.size[used].astype(np.int64),
                "predicted": by_bin.predicted[used],
                "verdict": by_bin.observed[used],
                "lower": lower,
                "upper": upper,
            }
        ),
        verdict=labelled(verdict, "verdict_probability", item=pool.items),
        skipped=int(np.isnan(verdict).sum()),
        mean_skipped=float(skipped.mean()),
        n=n,
    )


def _measures(
    p: FloatArray, verdict: FloatArray, place: npt.NDArray[np.intp], n_bins: int
) -> tuple[FloatArray, binned.BinnedMeans]:
    """The four measures, (4,), and the means by bin, over items that have a verdict."""
    there = np.isfinite(verdict)
    p, v = p[there], verdict[there]
    means = binned.binned_means(p, v, place[there], n_bins)
    if not len(p):
        return np.full(len(MEASURES), np.nan), means
    gap = p - v
    values = [
        binned.binned_error(means, "l1"),
        gap.mean(),
        np.abs(gap).mean(),
        (gap**2 + v * (1.0 - v)).mean(),
    ]
    return np.array(values, dtype=np.float64), means


def _by_item(probabilities: Any, annotations: Annotations) -> FloatArray:
    """The probabilities in the order of the container's items, (items,)."""
    named, _ = _labelled.as_labelled("probabilities", probabilities)
    if named is None:
        p = _validate.finite_array("probabilities", probabilities, ndim=1)
        if len(p) != annotations.n_items:
            raise DataError(
                f"`probabilities` has {len(p)} entries for {annotations.n_items} items; label "
                "them by item if they are in another order"
            )
    else:
        if named.ndim != 1 or named.dims[0] not in named.coords:
            raise DataError("`probabilities` must be one-dimensional and labelled by item")
        known = {label: k for k, label in enumerate(named.coords[named.dims[0]].values.tolist())}
        absent = [item for item in annotations.items if item not in known]
        if absent:
            raise LabelError(
                f"`probabilities` lacks {len(absent)} of {annotations.n_items} items: "
                f"{enumerate_some(absent)}"
            )
        values = _validate.finite_array("probabilities", named.values)
        p = values[[known[item] for item in annotations.items]]
    return _validate.within("probabilities", p, 0.0, 1.0, what="probabilities")

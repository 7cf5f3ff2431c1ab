"""The bootstrap: an interval for any statistic, by drawing its units again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..errors import ApproximationWarning, DataError, SmallSampleWarning
from . import _intervals
from ._draws import Streams, WeightDrawer
from ._hooks import BATCHED, find_hook
from ._run import Failures, Plan, Progress, run
from ._unit import Units
from ._units import units_of
from ._values import Form

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Bootstrap", "bootstrap"]

FloatArray = npt.NDArray[np.float64]
Unit = Literal["rater", "voter", "item", "pair", "row", "rater+item"]
Method = Literal["percentile", "basic", "bca"]
Weights = Literal["multinomial", "poisson"]

#: With fewer units there are under 500 distinct resamples, and intervals are far too short.
_FEW_UNITS = 6


@dataclass(frozen=True, eq=False, repr=False)
class Bootstrap:
    """A statistic with its bootstrap standard error and interval.

    Attributes
    ----------
    estimate : float, numpy.ndarray or xarray.DataArray
        The statistic of the data themselves.
    stderr : same as `estimate`
        Standard deviation of the replicates, with ``n - 1``.
    interval : tuple of float, or xarray.DataArray
        ``(lower, upper)`` for a number; for anything else a labelled array with the last
        dimension `ci_bound` (lower, upper) and the attributes `ci_kind` and `ci_prob`.
    replicates : numpy.ndarray or xarray.DataArray, (n, ...)
        One row per replicate, in the order of their streams; NaN in rows that failed.
    failed : Failures
        How many replicates failed (an int) and why (`failed.reasons`).
    unit, method, level, n
        As asked for.
    """

    estimate: Any
    stderr: Any
    interval: tuple[float, float] | xr.DataArray
    replicates: npt.NDArray[np.float64] | xr.DataArray
    failed: Failures
    unit: str
    method: str
    level: float
    n: int

    def __repr__(self) -> str:
        shape = np.shape(self.estimate)
        if shape:
            what = f"of an estimate of shape {shape}"
        else:
            lower, upper = self.interval
            what = f"{self.estimate:.6g}, interval {lower:.6g} to {upper:.6g}"
        lost = f"; failed: {self.failed!r}" if self.failed else ""
        return (
            f"<bootstrap {what}; level {self.level:g}, {self.method}, unit {self.unit!r}, "
            f"{self.n:,} replicates{lost}>"
        )


def bootstrap(
    statistic: Callable[[Any], Any],
    data: Any,
    *,
    unit: Unit | None = None,
    n: int = 1000,
    level: float = 0.95,
    method: Method = "percentile",
    weights: Weights = "multinomial",
    seed: int | np.random.Generator | np.random.SeedSequence | None = None,
    max_failed: float = 0.1,
    progress: Progress = None,
) -> Bootstrap:
    """Give a statistic a standard error and an interval by resampling who or what it rests on.

    Parameters
    ----------
    statistic : callable
        Takes the data and returns a number, an array, a labelled array or a fit (whose
        `.utility` is the replicate). Keywords are bound with `functools.partial`. Statistics of
        this library that can be batched are; anything else is called `n` times.
    data : Comparisons, Annotations, Ballots, array or eager data frame
        What was observed. Arrays and frames have one row per observation.
    unit : {"rater", "voter", "item", "pair", "row", "rater+item"}, optional
        What is drawn with replacement. Answers of one unit are kept together, so it must be
        what the claim is about: ``"rater"`` for other raters like these, ``"item"`` for other
        items, ``"rater+item"`` for both (Owen 2007, which errs on the side of longer
        intervals). Default: who gave the answers, that is raters where they are known, voters
        for ballots, and otherwise rows.
    n : int
        Number of replicates, at least 2.
    level : float
        Coverage of the interval, in (0, 1).
    method : {"percentile", "basic", "bca"}
        Quantiles of the replicates; the same reflected in the estimate; or bias-corrected and
        accelerated (Efron 1987), which needs a leave-one-out value for every unit.
    weights : {"multinomial", "poisson"}
        Draw exactly as many units as there are, or each unit a Poisson number of times.
    seed : int, numpy.random.Generator, numpy.random.SeedSequence, optional
        Each replicate has a random stream of its own: the first of more are the same.
    max_failed : float
        Share of replicates that may fail, in [0, 1), before it is an error.
    progress : bool or callable, optional
        True shows a bar on standard error, False none; a callable receives (done, n). Default:
        a bar if standard error is a terminal and the work takes more than two seconds.

    Returns
    -------
    Bootstrap
        Estimate, standard error, interval, replicates and failures.

    Raises
    ------
    DataError
        If an option is unknown, the data do not have the unit, the statistic returns something
        else than numbers, more than `max_failed` of the replicates failed, or BCa is not defined
        for these replicates.
    PluralismError
        Whatever the statistic raises on the data themselves.

    Warns
    -----
    ApproximationWarning
        If replicates failed (a disconnected resample, a fit that did not converge, a NaN): the
        interval is then conditional on the rest. Also if all replicates equal the estimate.
    SmallSampleWarning
        If there are fewer than six units.

    Notes
    -----
    A rater drawn twice is one rater with weight two where raters are compared with each other,
    so that nobody agrees with a copy of themselves, and two raters where they are counted.

    References
    ----------
    Efron (1987), Better bootstrap confidence intervals, JASA 82; Owen (2007), The pigeonhole
    bootstrap, Annals of Applied Statistics 1.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.uncertainty import bootstrap
    >>> heights = np.array([1.0, 2.0, 2.0, 3.0, 5.0, 6.0, 6.0, 7.0])
    >>> result = bootstrap(np.mean, heights, n=500, seed=0)
    >>> result.estimate
    4.0
    >>> lower, upper = result.interval
    >>> lower < 4.0 < upper
    True
    >>> result.failed
    0
    """
    n = _validate.whole_number("n", n, at_least=2)
    level = _validate.level("level", level)
    _validate.one_of("method", method, ("percentile", "basic", "bca"))
    _validate.one_of("weights", weights, ("multinomial", "poisson"))
    max_failed = _validate.number("max_failed", max_failed, at_least=0.0, below=1.0)
    if not callable(statistic):
        raise DataError(f"`statistic` is {statistic!r}; it must be a function of the data")
    units = units_of(data, unit)
    if method == "bca" and len(units.counts) > 1:
        raise DataError(
            f"`method` is 'bca', which has no leave-one-out form for unit={units.unit!r}; "
            "use 'percentile' or 'basic'"
        )
    _warn_if_few(units)
    form = Form.of(statistic(data))

    streams, drawer = Streams(seed), WeightDrawer(units.counts, weights)

    def draw(replicate: int) -> tuple[FloatArray, ...]:
        return drawer(streams(replicate))

    hook = find_hook(statistic, BATCHED)
    values, failed = run(statistic, _plan("bootstrap", n, draw, units, hook, data), form, progress)
    good = _good_rows(values, failed, form, max_failed, n)
    if method == "percentile":
        bounds = _intervals.percentile(good, level)
    elif method == "basic":
        bounds = _intervals.basic(form.estimate, good, level)
    else:
        bounds = _bca(statistic, form, good, level, units, hook, data, progress)
    return Bootstrap(
        estimate=form.write(form.estimate),
        stderr=form.write(good.std(axis=0, ddof=1)),
        interval=(float(bounds[0]), float(bounds[1]))
        if not form.shape
        else form.write(bounds, last="ci_bound", ci_kind=method, ci_prob=level),
        replicates=form.write(values, first="replicate"),
        failed=failed,
        unit=units.unit,
        method=method,
        level=level,
        n=n,
    )


def _plan(
    name: str,
    count: int,
    draw: Callable[[int], tuple[FloatArray, ...]],
    units: Units,
    hook: Callable[..., Any] | None,
    data: Any,
) -> Plan:
    def build(*weights: FloatArray) -> tuple[Any] | None:
        resample = units.reweighted(*weights)
        return None if resample is None else (resample,)

    def batched(*weights: FloatArray) -> Any:
        assert hook is not None
        return hook(data, unit=units.unit, weights=weights[0] if len(weights) == 1 else weights)

    neutral = tuple((counts > 0).astype(np.float64) for counts in units.counts)
    return Plan(name, count, units.size, draw, build, neutral, batched if hook else None)


def _warn_if_few(units: Units) -> None:
    for counts in units.counts:
        if counts.sum() < _FEW_UNITS:
            _quiet.warn(
                f"only {counts.sum():g} units ({units.unit}) to draw from: the interval is too "
                "short and its level nominal",
                SmallSampleWarning,
                stacklevel=3,
            )


def _good_rows(
    values: FloatArray, failed: Failures, form: Form, max_failed: float, n: int
) -> FloatArray:
    """Return the replicates that did not fail, or say why too few are left."""
    if failed > max_failed * n or n - failed < 2:
        raise DataError(
            f"{failed.count} of {n} replicates failed: {failed!r}. Their absence would bias the "
            "interval; give the statistic a prior (partial(fit_bradley_terry, prior=1.0)) or a "
            "coarser unit, or raise max_failed"
        )
    good = values
    if failed:
        usable = np.isfinite(form.estimate)
        good = values[np.isfinite(values[:, usable] if form.shape else values[:, None]).all(axis=1)]
        _quiet.warn(
            f"{failed.count} of {n} replicates failed and are left out: {failed!r}",
            ApproximationWarning,
            stacklevel=3,
        )
    if (good == form.estimate)[:, np.isfinite(form.estimate)].all():
        _quiet.warn(
            "every replicate equals the estimate: either the statistic is constant here or it "
            "does not use the weights of the resampled data",
            ApproximationWarning,
            stacklevel=3,
        )
    return good


def _bca(
    statistic: Callable[..., Any],
    form: Form,
    good: FloatArray,
    level: float,
    units: Units,
    hook: Callable[..., Any] | None,
    data: Any,
    progress: Progress,
) -> FloatArray:
    (counts,) = units.counts
    present = np.flatnonzero(counts > 0)

    def leave_out(counts: FloatArray, position: int) -> tuple[FloatArray]:
        left = (counts > 0).astype(np.float64)
        left[present[position]] -= 1.0 / counts[present[position]]
        return (left,)

    plan = _plan("jackknife", len(present), partial(leave_out, counts), units, hook, data)
    left_out, failed = run(statistic, plan, form, progress)
    if failed:
        raise DataError(
            f"BCa leaves out every {units.unit} in turn; {failed.count} of {plan.count} such "
            f"values failed: {failed!r}. Use method='percentile' or 'basic'"
        )
    z0 = _intervals.shift(form.estimate, good)
    if np.isinf(z0).any():
        raise DataError(
            "BCa is not defined where all replicates lie on one side of the estimate; the "
            "statistic is badly biased under resampling. Use method='basic', or a larger n"
        )
    return _intervals.bca(good, level, z0, _intervals.acceleration(left_out, counts[present]))

"""What an intervention gains and costs, and whether it does what was asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError
from . import _inputs
from ._rates import proportion

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Controllability",
    "TradeoffFit",
    "TradeoffSteerability",
    "attainment_curve",
    "controllability",
    "tradeoff_fit",
    "tradeoff_steerability",
]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TradeoffFit:
    """A linear gain against a quadratic cost of an intervention's strength.

    Attributes
    ----------
    slope, slope_stderr : float
        Gain by unit of strength, near zero.
    curvature, curvature_stderr : float
        Cost by squared unit of strength: cost = intercept - curvature r^2.
    gain_intercept, cost_intercept : float
        Values without intervention.
    gain_aic, cost_aic : dict
        Akaike's criterion of "constant", "linear", "quadratic" and "linear+quadratic".
    gain_r2, cost_r2 : float
        Share of variance explained by the fitted form.
    """

    slope: float
    slope_stderr: float
    curvature: float
    curvature_stderr: float
    gain_intercept: float
    cost_intercept: float
    gain_aic: dict[str, float] = field(repr=False)
    cost_aic: dict[str, float] = field(repr=False)
    gain_r2: float
    cost_r2: float

    def best_strength(self, weight: float) -> float:
        """Strength at which one more unit gains as much as `weight` times what it costs.

        Returns
        -------
        float
            slope / (2 weight curvature); infinite where nothing is lost.
        """
        weight = _validate.number("weight", weight, above=0.0)
        return self.slope / (2 * weight * self.curvature) if self.curvature > 0 else float("inf")


def tradeoff_fit(strength: Any, gain: Any, cost: Any) -> TradeoffFit:
    """Fit a linear gain and a quadratic cost of an intervention, as for representation engineering.

    Parameters
    ----------
    strength : array-like, (points,)
        Strength of the intervention; 0 is none.
    gain : array-like, (points,)
        What it is meant to raise (alignment).
    cost : array-like, (points,)
        What it lowers (helpfulness).

    Returns
    -------
    TradeoffFit

    Raises
    ------
    DataError
        If there are fewer than four points or three strengths, or a column is constant.

    Notes
    -----
    The theory [1]_ holds for small strengths: gain = a + b r and cost = c - q r^2. `gain_aic`
    and `cost_aic` say whether the data agree; the smaller the better, and differences under
    two say little.

    References
    ----------
    .. [1] Y. Wolf et al. (2024), Tradeoffs between alignment and helpfulness in language models
       with representation engineering.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.scores import tradeoff_fit
    >>> r = np.linspace(-2, 2, 9)
    >>> noise = 0.01 * (-1.0) ** np.arange(9)
    >>> fit = tradeoff_fit(r, 0.1 + 0.4 * r + noise, 0.9 - 0.05 * r**2 + noise)
    >>> round(fit.slope, 2), round(fit.curvature, 2), round(fit.best_strength(1.0), 1)
    (0.4, 0.05, 4.1)
    """
    import statsmodels.api as sm

    r, up, down = (
        _inputs.numbers(name, value, at_least=4)
        for name, value in (("strength", strength), ("gain", gain), ("cost", cost))
    )
    _inputs.same_length(strength=r, gain=up, cost=down)
    if len(np.unique(r)) < 3:
        raise DataError(f"`strength` has {len(np.unique(r))} values; a parabola needs at least 3")
    for name, column in (("gain", up), ("cost", down)):
        if np.ptp(column) == 0:
            raise DataError(f"`{name}` is constant; there is nothing to fit")
    one, unit = np.ones(len(r)), float(np.abs(r).max())
    r = r / unit  # so that r and its square are of one size
    forms = {
        "constant": np.column_stack([one]),
        "linear": np.column_stack([one, r]),
        "quadratic": np.column_stack([one, r**2]),
        "linear+quadratic": np.column_stack([one, r, r**2]),
    }
    gains = {name: sm.OLS(up, design).fit() for name, design in forms.items()}
    costs = {name: sm.OLS(down, design).fit() for name, design in forms.items()}
    line, bowl = gains["linear"], costs["quadratic"]
    return TradeoffFit(
        float(line.params[1]) / unit,
        float(line.bse[1]) / unit,
        -float(bowl.params[1]) / unit**2,
        float(bowl.bse[1]) / unit**2,
        float(line.params[0]),
        float(bowl.params[0]),
        {name: float(fit.aic) for name, fit in gains.items()},
        {name: float(fit.aic) for name, fit in costs.items()},
        float(line.rsquared),
        float(bowl.rsquared),
    )


@dataclass(frozen=True)
class Controllability:
    """Whether what was achieved follows what was requested.

    Attributes
    ----------
    slope, intercept : float
        Of achieved on requested; 1 and 0 are perfect control on one scale.
    slope_interval : tuple of float
        t interval.
    spearman : float
        Rank correlation; NaN where everything achieved is equal.
    monotone : float
        Share of pairs with different requests of which the higher request achieved more; ties
        count a half.
    error : float
        Mean absolute difference of achieved and requested.
    n : int
        Trials.
    """

    slope: float
    intercept: float
    slope_interval: tuple[float, float]
    spearman: float
    monotone: float
    error: float
    n: int


def controllability(requested: Any, achieved: Any, *, level: float = 0.95) -> Controllability:
    """Compare the levels of an objective that were asked for with those that were reached.

    Parameters
    ----------
    requested : array-like, (trials,)
        Level asked for (such as a preference token <Helpfulness:k>).
    achieved : array-like, (trials,)
        Score reached.
    level : float
        Coverage of the slope's interval, in (0, 1).

    Returns
    -------
    Controllability

    Raises
    ------
    DataError
        If there are fewer than three trials or only one level was requested.

    References
    ----------
    Y. Guo et al. (2024), Controllable preference optimization.

    Examples
    --------
    >>> from pluralism.scores import controllability
    >>> result = controllability([1, 2, 3, 4, 5], [1.2, 2.1, 2.9, 4.2, 4.6])
    >>> round(result.slope, 2), result.monotone, round(result.error, 2)
    (0.89, 1.0, 0.2)
    """
    from scipy.stats import linregress, rankdata
    from scipy.stats import t as t_distribution

    level = _validate.level("level", level)
    x = _inputs.numbers("requested", requested, at_least=3)
    y = _inputs.numbers("achieved", achieved, at_least=3)
    n = _inputs.same_length(requested=x, achieved=y)
    if np.ptp(x) == 0:
        raise DataError("`requested` is constant; control needs at least 2 levels")
    line = linregress(x, y)
    half = t_distribution.ppf((1 + level) / 2, n - 2) * line.stderr
    ahead = np.sign(np.subtract.outer(x, x))
    reached = np.sign(np.subtract.outer(y, y))
    asked = ahead > 0
    rank = float("nan")
    if np.ptp(y) > 0:
        rank = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    return Controllability(
        float(line.slope),
        float(line.intercept),
        (float(line.slope - half), float(line.slope + half)),
        rank,
        float(((reached[asked] + 1) / 2).mean()),
        float(np.abs(y - x).mean()),
        n,
    )


@dataclass(frozen=True, eq=False)
class TradeoffSteerability:
    """How well a system follows a family of trade-offs.

    Attributes
    ----------
    total, mean : float
        Sum and mean over trade-offs of the weighted score when steered to it.
    scores : numpy.ndarray, (trade-offs,)
        Weighted score of each.
    regret : numpy.ndarray, (trade-offs,)
        What the best of all steered versions would have scored on it, less that; 0 where
        steering to a trade-off was the best way to serve it.
    unsteered : float
        Mean weighted score of the one version that is best on average: what steering must beat.
    """

    total: float
    mean: float
    scores: FloatArray
    regret: FloatArray
    unsteered: float


def tradeoff_steerability(scores: Any, weights: Any) -> TradeoffSteerability:
    """Score a system that was steered to each of a family of trade-offs.

    Parameters
    ----------
    scores : array-like, (trade-offs, objectives)
        Row f: the objectives of the system when steered to trade-off f.
    weights : array-like, (trade-offs, objectives)
        Row f: the weights of trade-off f, at least 0 and not all 0.

    Returns
    -------
    TradeoffSteerability

    Raises
    ------
    DataError
        If the shapes disagree, or a weight is negative.

    Notes
    -----
    The trade-off steerable benchmark of [1]_: the sum over f of f(M_f), for linear f.

    References
    ----------
    .. [1] T. Sorensen et al. (2024), A roadmap to pluralistic alignment, section 4.2.

    Examples
    --------
    >>> from pluralism.scores import tradeoff_steerability
    >>> result = tradeoff_steerability([[0.9, 0.2], [0.3, 0.8]], [[1, 0], [0, 1]])
    >>> round(result.mean, 2), round(result.unsteered, 2)
    (0.85, 0.55)
    """
    table = _inputs.numbers("scores", scores, ndim=2)
    family = _inputs.numbers("weights", weights, ndim=2)
    if table.shape != family.shape:
        raise DataError(f"`scores` is {table.shape} and `weights` {family.shape}; they must agree")
    _validate.within("weights", family, 0.0, what="a weight")
    if (family.sum(axis=1) == 0).any():
        raise DataError(f"`weights[{int(np.argmin(family.sum(axis=1)))}]` is all zero")
    every = family @ table.T
    own = np.diag(every).copy()
    return TradeoffSteerability(
        float(own.sum()),
        float(own.mean()),
        own,
        every.max(axis=1) - own,
        float(every.mean(axis=0).max()),
    )


def attainment_curve(runs: Any, *, thresholds: Any, level: float = 0.95) -> pd.DataFrame:
    """Share of runs that attain each threshold, in one objective or in several at once.

    Parameters
    ----------
    runs : array-like, (runs,), or sequence of array-like, (points, objectives)
        One score a run, or the set of points that each run reached; more is better.
    thresholds : array-like, (thresholds,) or (thresholds, objectives)
        What is to be reached.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    pandas.DataFrame
        One row a threshold: ``threshold`` (a tuple for several objectives), ``share``,
        ``lower``, ``upper`` (Wilson) and ``n``.

    Raises
    ------
    DataError
        If the numbers of objectives disagree.

    Notes
    -----
    The empirical attainment function: a run attains z if one of its points is at least z in
    every objective.

    Examples
    --------
    >>> from pluralism.scores import attainment_curve
    >>> attainment_curve([0.2, 0.5, 0.9, 0.7], thresholds=[0.5, 0.8]).share.tolist()
    [0.75, 0.25]
    """
    import pandas as pd

    level = _validate.level("level", level)
    listed = list(runs) if isinstance(runs, Iterable) else []
    if not listed:
        raise DataError("`runs` is empty; at least one run is needed")
    marks = _validate.finite_array("thresholds", thresholds)
    if marks.ndim not in (1, 2):
        raise DataError(
            f"`thresholds` has shape {marks.shape}; it must be (thresholds,) or (thresholds, "
            "objectives)"
        )
    single = marks.ndim == 1
    marks = marks.reshape(-1, 1) if single else marks
    sets = [
        np.atleast_2d(_validate.finite_array(f"runs[{place}]", run))
        for place, run in enumerate(listed)
    ]
    for place, points in enumerate(sets):
        if points.ndim != 2 or points.shape[1] != marks.shape[1]:
            raise DataError(
                f"`runs[{place}]` has {points.shape[-1]} objectives and `thresholds` "
                f"{marks.shape[1]}; they must agree"
            )
    reached = np.array(
        [(points[:, None] >= marks[None]).all(axis=2).any(axis=0) for points in sets]
    )
    n = len(sets)
    share, low, high = proportion(
        reached.sum(axis=0).astype(float), np.full(len(marks), float(n)), level=level
    )
    shown = marks[:, 0].tolist() if single else [tuple(mark) for mark in marks.tolist()]
    return pd.DataFrame({"threshold": shown, "share": share, "lower": low, "upper": high, "n": n})

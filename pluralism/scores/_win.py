"""Win rates of soft preferences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..errors import ConvergenceError, DataError
from . import _inputs

__all__ = ["WinRate", "win_rate"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WinRate:
    """A win rate, soft and discrete, as fractions.

    Attributes
    ----------
    rate : float
        Mean preference.
    stderr : float
        Standard error of the mean: sd with ``n - 1`` over sqrt n, or clustered. NaN for one row.
    interval : tuple of float
        Normal interval of `rate`, within [0, 1].
    wins, losses, ties : int
        Preferences above, below and at one half.
    discrete_rate : float
        Wins and half the ties over all.
    n : int
        Comparisons.
    n_clusters : int
        Clusters; `n` where none were given.
    controlled_rate, controlled_stderr : float or None
        Rate at a covariate of zero, where one was given.
    slope : numpy.ndarray or None
        Log-odds by one standard unit of each covariate.
    """

    rate: float
    stderr: float
    interval: tuple[float, float]
    wins: int
    losses: int
    ties: int
    discrete_rate: float
    n: int
    n_clusters: int
    controlled_rate: float | None = None
    controlled_stderr: float | None = None
    slope: FloatArray | None = None


def win_rate(
    values: Any,
    *,
    covariates: Any = None,
    squash: bool = True,
    clusters: Any = None,
    level: float = 0.95,
) -> WinRate:
    """How often a system is preferred to its opponent, with ties, error and control of length.

    Parameters
    ----------
    values : array-like, (comparisons,)
        Preference for the system, in [0, 1]: 1 a win, 0 a loss, 0.5 a tie, anything between a
        soft preference. AlpacaEval's preferences from 1 to 2 are ``preference - 1``.
    covariates : array-like, (comparisons,) or (comparisons, covariates), optional
        What the rate is to be freed from, as a difference (length of the system's answer less
        that of its opponent); zero is a fair comparison.
    squash : bool
        Whether covariates enter as tanh(x / sd x), as AlpacaEval does with length, or as
        x / sd x.
    clusters : array-like, (comparisons,), optional
        What repeats, such as the prompt: standard errors then allow for it.
    level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    WinRate

    Raises
    ------
    DataError
        If a value is outside [0, 1], or a covariate is constant.
    ConvergenceError
        If the regression that controls for the covariates does not converge.

    Notes
    -----
    With covariates, a logistic regression of the (fractional) preferences; the controlled rate is
    its prediction at zero, with a sandwich standard error by the delta method. Where hardly any
    comparison has a covariate near zero, that is an extrapolation. It is the length term of [1]_
    alone: the published length-controlled rate shrinks that term and adds a difficulty of each
    prompt, estimated from all systems of its leaderboard, and so depends on them. On 29 of its
    systems both move every rate the same way; ours moves those of short answers further.

    References
    ----------
    .. [1] Y. Dubois et al. (2024), Length-controlled AlpacaEval, equation 2.

    Examples
    --------
    >>> from pluralism.scores import win_rate
    >>> result = win_rate([1, 1, 0.5, 0, 0.9])
    >>> round(result.rate, 3), result.wins, result.ties, result.losses
    (0.68, 3, 1, 1)
    """
    from scipy.stats import norm

    level = _validate.level("level", level)
    y = _inputs.numbers("values", values)
    _validate.within("values", y, 0.0, 1.0, what="a preference")
    n = len(y)
    group = np.arange(n) if clusters is None else _inputs.encode("clusters", clusters)[1]
    _inputs.same_length(values=y, clusters=group)
    rate = float(y.mean())
    n_clusters = int(group.max()) + 1
    stderr = float("nan")
    if n_clusters > 1:
        score = np.bincount(group, weights=y - rate)
        stderr = float(np.sqrt((score**2).sum() * n_clusters / (n_clusters - 1)) / n)
    half = norm.ppf((1 + level) / 2) * stderr
    wins, ties = int((y > 0.5).sum()), int((y == 0.5).sum())
    controlled = _controlled(y, covariates, squash, group) if covariates is not None else ()
    return WinRate(
        rate,
        stderr,
        (float(max(rate - half, 0.0)), float(min(rate + half, 1.0))),
        wins,
        n - wins - ties,
        ties,
        (wins + ties / 2) / n,
        n,
        n_clusters,
        *controlled,
    )


def _controlled(
    y: FloatArray, covariates: Any, squash: bool, group: Any
) -> tuple[float, float, FloatArray]:

    import statsmodels.api as sm

    x = _validate.finite_array("covariates", covariates)
    if x.ndim not in (1, 2) or not x.size:
        raise DataError(
            f"`covariates` has shape {x.shape}; it must be (comparisons,) or (comparisons, "
            "covariates)"
        )
    x = x.reshape(len(x), -1)
    _inputs.same_length(values=y, covariates=x)
    if group.max() == 0:
        raise DataError("`clusters` names one cluster; at least 2 are needed with `covariates`")
    spread = x.std(axis=0, ddof=1) if len(x) > 1 else np.zeros(x.shape[1])
    if (spread == 0).any():
        raise DataError(
            f"`covariates` column {int(np.argmin(spread))} is constant; it cannot be controlled for"
        )
    z = np.tanh(x / spread) if squash else x / spread
    if np.linalg.matrix_rank(np.column_stack([np.ones(len(z)), z])) <= z.shape[1]:
        raise DataError(
            f"`covariates` has {z.shape[1]} columns that {len(z)} comparisons cannot tell apart; "
            "leave out those that follow from the others"
        )
    # A separated fit warns from inside; it is judged by its result, below.
    with _quiet.others_silenced():
        fit = sm.GLM(y, sm.add_constant(z, has_constant="add"), family=sm.families.Binomial()).fit(
            cov_type="cluster", cov_kwds={"groups": group}
        )
    params, errors = np.asarray(fit.params), np.asarray(fit.bse)
    if not fit.converged or not np.isfinite(errors).all() or np.abs(params).max() > 30:
        raise ConvergenceError(
            "the regression on `covariates` did not converge: they separate wins from losses",
            result=params,
        )
    rate = float(1 / (1 + np.exp(-params[0])))
    return rate, float(errors[0] * rate * (1 - rate)), params[1:]

"""Two rates against each other: relative risk and conditional parity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _validate
from ..errors import DataError
from . import _inputs

__all__ = ["ConditionalParity", "RelativeRisk", "conditional_parity", "relative_risk"]


@dataclass(frozen=True)
class RelativeRisk:
    """Ratio and difference of two rates.

    Attributes
    ----------
    ratio, difference : float
        First over, and less, the second rate. The ratio is inf where only the second is 0, NaN
        where both are.
    ratio_interval : tuple of float
        Score interval (Miettinen and Nurminen 1985) or, for "log", Katz's; NaN where not defined.
    difference_interval : tuple of float
        Newcombe's hybrid score interval (1998).
    pvalue : float
        Score test that the rates are equal.
    first, second : float
        The rates.
    """

    ratio: float
    ratio_interval: tuple[float, float]
    difference: float
    difference_interval: tuple[float, float]
    pvalue: float
    first: float
    second: float


def relative_risk(
    first: tuple[int, int], second: tuple[int, int], *, method: str = "score", level: float = 0.95
) -> RelativeRisk:
    """Compare two rates as a ratio and a difference.

    Parameters
    ----------
    first, second : tuple of int
        (hits, total) of each.
    method : {"score", "log"}
        Interval of the ratio: score, which holds with few hits or none; or Wald on the log.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    RelativeRisk

    Raises
    ------
    DataError
        If a pair is not (hits, total) with hits between 0 and the total, and the total above 0.

    Examples
    --------
    >>> from pluralism.scores import relative_risk
    >>> result = relative_risk((9, 10), (4, 10))
    >>> low, high = result.ratio_interval
    >>> print(f"{result.ratio:.2f} [{low:.2f}, {high:.2f}]")
    2.25 [1.13, 5.57]
    """
    from statsmodels.stats.proportion import (
        confint_proportions_2indep,
        score_test_proportions_2indep,
    )

    _validate.one_of("method", method, ("score", "log"))
    level = _validate.level("level", level)
    counts = []
    for name, pair in (("first", first), ("second", second)):
        values = _inputs.numbers(name, pair)
        if len(values) != 2:
            raise DataError(f"`{name}` is {pair!r}; it must be (hits, total)")
        k, n = values
        if not (0 <= k <= n and n > 0 and k == np.floor(k) and n == np.floor(n)):
            raise DataError(
                f"`{name}` is {pair!r}; it must be (hits, total), whole numbers with hits "
                "between 0 and the total"
            )
        counts += [float(k), float(n)]
    k1, n1, k2, n2 = counts
    p1, p2 = k1 / n1, k2 / n2
    ratio = p1 / p2 if p2 else (np.inf if p1 else np.nan)
    alpha = 1 - level
    both = 0 < k1 + k2 < n1 + n2
    ratio_bounds = _ratio_bounds(counts, method, alpha) if k1 + k2 else (np.nan, np.nan)
    bounds = confint_proportions_2indep(
        k1, n1, k2, n2, compare="diff", method="newcomb", alpha=alpha
    )
    p = score_test_proportions_2indep(k1, n1, k2, n2).pvalue if both else 1.0
    return RelativeRisk(
        float(ratio),
        ratio_bounds,
        p1 - p2,
        (float(bounds[0]), float(bounds[1])),
        float(p),
        p1,
        p2,
    )


def _ratio_bounds(counts: list[float], method: str, alpha: float) -> tuple[float, float]:
    from scipy.optimize import brentq
    from scipy.stats import norm
    from statsmodels.stats.proportion import confint_proportions_2indep

    k1, n1, k2, n2 = counts
    if method == "log":
        if not (k1 and k2):
            return (float("nan"), float("nan"))
        low, high = confint_proportions_2indep(
            k1, n1, k2, n2, compare="ratio", method="log", alpha=alpha
        )
        return (float(low), float(high))
    z = norm.ppf(1 - alpha / 2)
    n = n1 + n2

    def score(log_ratio: float) -> float:
        """Signed score statistic of Miettinen and Nurminen at a ratio."""
        r = np.exp(log_ratio)
        a, b, c = n * r, -(n1 * r + k1 + n2 + k2 * r), k1 + k2
        q2 = 2 * c / (-b + np.sqrt(max(b * b - 4 * a * c, 0.0)))  # the small root, uncancelled
        q1 = q2 * r
        variance = (q1 * (1 - q1) / n1 + r * r * q2 * (1 - q2) / n2) * n / (n - 1)
        gap = k1 / n1 - r * k2 / n2
        if gap == 0:
            return 0.0
        return float(gap / np.sqrt(variance)) if variance > 0 else float(np.sign(gap) * np.inf)

    # The score falls as the ratio grows: step away from the estimate until it has passed z.
    centre = np.log(max(k1, 0.5) / n1) - np.log(max(k2, 0.5) / n2)

    def crossing(target: float) -> float:
        low, high, step = centre, centre, 1.0
        while score(low) < target:
            low, step = low - step, 2 * step
        step = 1.0
        while score(high) > target:
            high, step = high + step, 2 * step
        return float(np.exp(brentq(lambda t: score(t) - target, low, high)))

    return (0.0 if k1 == 0 else crossing(z), np.inf if k2 == 0 else crossing(-z))


@dataclass(frozen=True)
class ConditionalParity:
    """Selection of a group against everybody, under a condition.

    Attributes
    ----------
    difference, ratio : float
        Rate in the group less, and over, that of everybody under comparison; 0 and 1 are
        parity.
    difference_interval, ratio_interval : tuple of float
        Percentile bootstrap over people.
    group_rate, overall_rate : float
        Rates.
    n_group, n : int
        What they are of.
    """

    difference: float
    difference_interval: tuple[float, float]
    ratio: float
    ratio_interval: tuple[float, float]
    group_rate: float
    overall_rate: float
    n_group: int
    n: int


def conditional_parity(
    selected: Any,
    group: Any,
    *,
    condition: Any = None,
    n_replicates: int = 2000,
    level: float = 0.95,
    seed: Any = None,
) -> ConditionalParity:
    """Compare how often a (disadvantaged) group is selected with how often everybody is.

    Parameters
    ----------
    selected : array-like, (rows,)
        Whether each person was selected.
    group : array-like, (rows,)
        Whether the person is in the group (say, the sensitive attribute and an income below
        a threshold).
    condition : array-like, (rows,), optional
        Whether the person counts at all (say, working at least so many hours): both rates are
        then of these people alone.
    n_replicates : int
        Resamples of the people for the intervals.
    level : float
        Coverage, in (0, 1).
    seed : int, numpy.random.Generator, optional
        Of the resamples.

    Returns
    -------
    ConditionalParity

    Raises
    ------
    DataError
        If nobody is left, or nobody of the group.

    Notes
    -----
    Socio-economic parity [1]_ asks that E[h(x)] = E[h(x) | s, x_p < tau], its conditional form
    the same among people of like effort. The group is part of everybody, so the two rates are
    not independent, and the percentile intervals resample people.

    References
    ----------
    .. [1] Achieving socio-economic parity through the lens of EU AI act (2025).

    Examples
    --------
    >>> from pluralism.scores import conditional_parity
    >>> result = conditional_parity([1, 1, 0, 0, 1, 0], [1, 1, 1, 0, 0, 0], seed=0)
    >>> round(result.difference, 3), round(result.ratio, 3)
    (0.167, 1.333)
    """
    y = _inputs.flags("selected", _inputs.numbers("selected", selected))
    inside = _inputs.flags("group", _inputs.numbers("group", group))
    counts = np.ones(len(y), dtype=bool)
    if condition is not None:
        counts = _inputs.flags("condition", _inputs.numbers("condition", condition))
    _inputs.same_length(selected=y, group=inside, condition=counts)
    level = _validate.level("level", level)
    n_replicates = _validate.whole_number("n_replicates", n_replicates, at_least=2)
    y, inside = y[counts], inside[counts]
    n, m = len(y), int(inside.sum())
    if not m:
        raise DataError(
            "`group` has nobody" + (" who meets `condition`" if condition is not None else "")
        )
    rng = _validate.generator("seed", seed)
    # Resampling people is multinomial over four cells: selected or not, in the group or not.
    cells = np.array(
        [(y & inside).sum(), (~y & inside).sum(), (y & ~inside).sum(), (~y & ~inside).sum()]
    )
    drawn = rng.multinomial(n, cells / n, size=n_replicates)
    drawn = drawn[drawn[:, :2].sum(axis=1) > 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = drawn[:, 0] / drawn[:, :2].sum(axis=1)
        whole = (drawn[:, 0] + drawn[:, 2]) / n
        ratios = share / whole
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(share - whole, tails)
    known = ratios[np.isfinite(ratios)]
    bounds = np.quantile(known, tails) if len(known) else (np.nan, np.nan)
    rate, overall = cells[0] / m, (cells[0] + cells[2]) / n
    return ConditionalParity(
        float(rate - overall),
        (float(low), float(high)),
        float(rate / overall) if overall else float("nan"),
        (float(bounds[0]), float(bounds[1])),
        float(rate),
        float(overall),
        m,
        n,
    )

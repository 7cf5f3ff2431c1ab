"""Where a sample lies against a population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _validate
from ..errors import DataError
from . import _inputs

__all__ = ["LocationTest", "location_test", "location_test_from_summary"]


@dataclass(frozen=True)
class LocationTest:
    """A sample's mean against a population's.

    Attributes
    ----------
    mean, sd : float
        Of the sample; the sd has ``n - 1``.
    n : int
        Values, or clusters where they were given.
    population : float
        What the mean is tested against.
    difference : float
        Mean less population.
    interval : tuple of float
        t interval of the difference.
    t, df, pvalue : float
        One-sample t test, two-sided.
    cohen_d : float
        Difference in standard deviations.
    wilcoxon, wilcoxon_pvalue, rank_biserial : float or None
        Signed-rank test of the values; None from a summary.
    """

    mean: float
    sd: float
    n: int
    population: float
    difference: float
    interval: tuple[float, float]
    t: float
    df: int
    pvalue: float
    cohen_d: float
    wilcoxon: float | None = None
    wilcoxon_pvalue: float | None = None
    rank_biserial: float | None = None


def location_test(
    values: Any,
    *,
    population: float,
    clusters: Any = None,
    level: float = 0.95,
    as_published: bool = False,
) -> LocationTest:
    """Test a sample of ratings against the mean of a population.

    Parameters
    ----------
    values : array-like, (rows,)
        Ratings.
    population : float
        Mean to test against.
    clusters : array-like, (rows,), optional
        Item of each rating. Repeats of an item are no new items: the test is then of the
        cluster means, on clusters - 1 degrees of freedom.
    level : float
        Coverage of the interval, in (0, 1).
    as_published : bool
        Rank-biserial as the Greatest Good benchmark computes it, 1 - 2 W / (n (n + 1)), which
        does not range over [-1, 1]; the correct one is (W+ - W-) / (W+ + W-).

    Returns
    -------
    LocationTest

    Raises
    ------
    DataError
        If there are fewer than two values (or clusters), or they do not vary.

    Notes
    -----
    The signed-rank test is scipy's: zeros left out, ties in mid-ranks, W the smaller of the two
    rank sums. Its null is symmetry about `population`, not its being the median.

    References
    ----------
    Kerby (2014), The simple difference formula; Marraffini et al. (2024), The Greatest Good
    benchmark, section 4.

    Examples
    --------
    >>> from pluralism.scores import location_test
    >>> result = location_test([5, 6, 4, 7, 5, 3], population=3.65)
    >>> round(result.t, 3), round(result.rank_biserial, 3)
    (2.338, 0.81)
    """
    from scipy.stats import rankdata, wilcoxon

    y = _inputs.numbers("values", values, at_least=2)
    mu = _validate.number("population", population)
    if clusters is not None:
        _, code = _inputs.encode("clusters", clusters)
        _inputs.same_length(values=y, clusters=code)
        y = np.bincount(code, weights=y) / np.bincount(code)
        if len(y) < 2:
            raise DataError("`clusters` names one cluster; at least 2 are needed")
    # Equal values may differ by rounding once their mean is taken off.
    flat = np.ptp(y) <= 1e-12 * np.abs(y).max()
    summary = location_test_from_summary(
        float(y.mean()), 0.0 if flat else float(y.std(ddof=1)), len(y), population=mu, level=level
    )
    away = y - mu
    away = away[away != 0]
    ranks = rankdata(np.abs(away))
    above, below = float(ranks[away > 0].sum()), float(ranks[away < 0].sum())
    test = wilcoxon(away)
    published = 1 - 2 * float(test.statistic) / (len(away) * (len(away) + 1))
    correct = (above - below) / (above + below)
    return LocationTest(
        **{
            **vars(summary),
            "wilcoxon": float(test.statistic),
            "wilcoxon_pvalue": float(test.pvalue),
            "rank_biserial": published if as_published else correct,
        }
    )


def location_test_from_summary(
    mean: float, sd: float, n: int, *, population: float, level: float = 0.95
) -> LocationTest:
    """Test a published mean and standard deviation against the mean of a population.

    Parameters
    ----------
    mean, sd : float
        Of the sample, the sd with ``n - 1`` and above 0.
    n : int
        Independent values behind them, at least 2. Ask what they are: repeats of the same
        items are not independent.
    population : float
        Mean to test against.
    level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    LocationTest
        Without the signed-rank test, which needs the values.

    Raises
    ------
    DataError
        If `sd` is not above 0 or `n` below 2.

    Examples
    --------
    gpt-4-0613 on instrumental harm, against lay people (Kahane et al. 2018), as if each of the
    four items had been answered once:

    >>> from pluralism.scores import location_test_from_summary
    >>> result = location_test_from_summary(2.04, 1.75, 4, population=3.31)
    >>> print(f"{result.t:.3f} {result.pvalue:.2f}")
    -1.451 0.24
    """
    from scipy.stats import t as t_distribution

    mean, mu = _validate.number("mean", mean), _validate.number("population", population)
    sd = _validate.number("sd", sd, above=0.0)
    n = _validate.whole_number("n", n, at_least=2)
    level = _validate.level("level", level)
    error = sd / np.sqrt(n)
    statistic = (mean - mu) / error
    half = float(t_distribution.ppf((1 + level) / 2, n - 1)) * error
    return LocationTest(
        mean=mean,
        sd=sd,
        n=n,
        population=mu,
        difference=mean - mu,
        interval=(float(mean - mu - half), float(mean - mu + half)),
        t=float(statistic),
        df=n - 1,
        pvalue=float(2 * t_distribution.sf(abs(statistic), n - 1)),
        cohen_d=(mean - mu) / sd,
    )

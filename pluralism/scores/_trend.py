"""Does a score rise, or fall, along ordered levels?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError
from ..kernels._trend import jonckheere, page_tails, page_tails_normal
from . import _inputs

__all__ = ["TrendTest", "trend_test"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrendTest:
    """A test for an ordered trend.

    Attributes
    ----------
    method : str
        "page", "jonckheere" or "quadratic".
    statistic : float
        Page's L, Jonckheere's J, or the F of the quadratic term.
    pvalue : float
        Of the stated alternative; for "quadratic", of curvature.
    how : str
        "exact", "normal", "permutation" or "F".
    effect : float
        In [-1, 1]: mean rank correlation with the levels (Page), share of rising less falling
        pairs (Jonckheere), or the correlation with the levels (quadratic).
    means : numpy.ndarray, (levels,)
        Mean score at each level.
    slope, curvature : float or None
        Of the straight line, and the coefficient of the squared level; quadratic only.
    aic : dict or None
        Akaike's criterion of "constant", "linear" and "quadratic".
    """

    method: str
    statistic: float
    pvalue: float
    how: str
    effect: float
    means: FloatArray
    slope: float | None = None
    curvature: float | None = None
    aic: dict[str, float] | None = None


def trend_test(
    values: Any,
    *,
    method: str = "page",
    levels: Any = None,
    alternative: str = "increasing",
    n_permutations: int | None = None,
    seed: Any = None,
) -> TrendTest:
    """Test whether scores rise or fall along ordered levels, or bend.

    Parameters
    ----------
    values : array-like or mapping
        "page": (subjects, levels), every subject (model, item) at every level, in order.
        "jonckheere": a mapping or sequence of one sample a level, in order, of different
        subjects. "quadratic": (rows,), with `levels`.
    method : {"page", "jonckheere", "quadratic"}
        "quadratic" compares a straight line with a parabola.
    levels : array-like, (rows,), optional
        Dose of each row; "quadratic" only.
    alternative : {"increasing", "decreasing", "two-sided"}
        Direction of the trend.
    n_permutations : int, optional
        Jonckheere: permutations of the rows, in place of the normal approximation.
    seed : int, numpy.random.Generator, optional
        Of the permutations.

    Returns
    -------
    TrendTest

    Raises
    ------
    DataError
        If there are fewer than three levels (two for "jonckheere"), nothing varies, or the
        parabola has no residual degree of freedom.

    Notes
    -----
    Page's test is scipy's, exact for small tables (of up to 8 levels and 12 subjects, or 3 and
    20). With ties, exact is over all orders of each subject's mid-ranks, and the variance of the
    normal approximation allows for them. Jonckheere's does too [1]_; its permutation p-value
    counts the data themselves.

    References
    ----------
    .. [1] M. Hollander, D. Wolfe and E. Chicken (2014), Nonparametric statistical methods, 6.2.

    Examples
    --------
    Role-play quality by moral level, without and with reasoning (Too Good to be Bad):

    >>> from pluralism.scores import trend_test
    >>> result = trend_test(
    ...     [[3.23, 3.14, 2.74, 2.59], [3.23, 3.09, 2.69, 2.57]], alternative="decreasing"
    ... )
    >>> result.effect, round(result.pvalue, 4)
    (-1.0, 0.0017)
    """
    _validate.one_of("method", method, ("page", "jonckheere", "quadratic"))
    _validate.one_of("alternative", alternative, ("increasing", "decreasing", "two-sided"))
    if levels is not None and method != "quadratic":
        raise DataError("`levels` is for `method='quadratic'`; give the values in level order")
    if method == "page":
        return _page(values, alternative)
    if method == "jonckheere":
        return _jonckheere(values, alternative, n_permutations, seed)
    return _quadratic(values, levels)


def _page(values: Any, alternative: str) -> TrendTest:
    from scipy.stats import page_trend_test, rankdata

    table, _, _ = _inputs.table("values", values)
    n, k = table.shape
    if n < 2 or k < 3:
        raise DataError(
            f"`values` is {n} subjects x {k} levels; Page's test needs 2 subjects and 3 levels"
        )
    if (np.ptp(table, axis=1) == 0).all():
        raise DataError("`values` are equal at all levels; there is no trend to test")
    ranks = rankdata(table, axis=1)
    place = np.arange(1.0, k + 1)
    given = page_trend_test(ranks, ranked=True)
    exact = given.method == "exact"
    if (np.diff(np.sort(ranks, axis=1)) == 0).any():  # scipy's distributions are those of no tie
        rising, falling = page_tails(ranks) if exact else page_tails_normal(ranks)
    else:
        rising, falling = given.pvalue, page_trend_test(ranks[:, ::-1], ranked=True).pvalue
    p = {"increasing": rising, "decreasing": falling}
    p["two-sided"] = min(1.0, 2 * min(rising, falling))
    # L ranges around n k (k+1)^2 / 4 by n k (k^2-1) / 12 either way: a mean rank correlation.
    statistic = float((ranks * place).sum())
    effect = (statistic - n * k * (k + 1) ** 2 / 4) / (n * k * (k**2 - 1) / 12)
    return TrendTest(
        "page", statistic, float(p[alternative]),
        "exact" if exact else "normal", float(effect), table.mean(axis=0),
    )  # fmt: skip


def _jonckheere(values: Any, alternative: str, n_permutations: int | None, seed: Any) -> TrendTest:
    from scipy.stats import norm

    parts = list(values.values()) if isinstance(values, Mapping) else list(values)
    groups = [_inputs.numbers(f"values[{place}]", part) for place, part in enumerate(parts)]
    if len(groups) < 2:
        raise DataError(f"`values` has {len(groups)} level; at least 2 are needed")
    found = jonckheere(groups)
    if found.variance <= 0:
        raise DataError("`values` are all equal; there is no trend to test")
    means = np.array([group.mean() for group in groups])
    effect = (found.statistic - found.mean) / found.mean
    away = found.statistic - found.mean
    if n_permutations is None:
        z = away / np.sqrt(found.variance)
        p = {
            "increasing": norm.sf(z),
            "decreasing": norm.cdf(z),
            "two-sided": 2 * norm.sf(abs(z)),
        }[alternative]
        return TrendTest("jonckheere", found.statistic, float(p), "normal", float(effect), means)
    n_permutations = _validate.whole_number("n_permutations", n_permutations, at_least=1)
    rng = _validate.generator("seed", seed)
    pooled = np.concatenate(groups)
    cuts = np.cumsum([len(group) for group in groups])[:-1]
    drawn = np.array(
        [
            jonckheere(np.split(rng.permutation(pooled), cuts)).statistic - found.mean
            for _ in range(n_permutations)
        ]
    )
    beyond = {
        "increasing": drawn >= away,
        "decreasing": drawn <= away,
        "two-sided": np.abs(drawn) >= abs(away),
    }[alternative]
    p = (beyond.sum() + 1) / (n_permutations + 1)
    return TrendTest("jonckheere", found.statistic, float(p), "permutation", float(effect), means)


def _quadratic(values: Any, levels: Any) -> TrendTest:
    import statsmodels.api as sm

    if levels is None:
        raise DataError("`levels` is missing; `method='quadratic'` needs the level of each value")
    y, x = _inputs.numbers("values", values), _inputs.numbers("levels", levels)
    _inputs.same_length(values=y, levels=x)
    distinct, code = np.unique(x, return_inverse=True)
    if len(distinct) < 3 or len(y) < 4:
        raise DataError(
            f"{len(y)} values at {len(distinct)} levels; a parabola needs 4 values at 3 levels"
        )
    if np.ptp(y) == 0:
        raise DataError("`values` are all equal; there is no trend to test")
    # Neither slope, curvature nor F depends on where levels start; years squared would drown them.
    unit = float(x.std())
    design = np.vander((x - x.mean()) / unit, 3, increasing=True)
    fits = [sm.OLS(y, design[:, : size + 1]).fit() for size in range(3)]
    line, bend = fits[1], fits[2]
    if bend.ssr <= 1e-24 * float(((y - y.mean()) ** 2).sum()):
        raise DataError(
            "`values` lie on a parabola (or a line) exactly; without any noise there is no test"
        )
    # One coefficient apart, F is the square of its t.
    statistic = float(bend.tvalues[2]) ** 2
    aic = dict(zip(("constant", "linear", "quadratic"), (float(f.aic) for f in fits), strict=True))
    return TrendTest(
        "quadratic", statistic, float(bend.pvalues[2]), "F", float(np.corrcoef(x, y)[0, 1]),
        np.bincount(code, weights=y) / np.bincount(code),
        float(line.params[1]) / unit, float(bend.params[2]) / unit**2, aic,
    )  # fmt: skip

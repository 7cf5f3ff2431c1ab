"""Comparing systems by their rates, on shared items or apart."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..errors import ConvergenceError, DataError, SmallSampleWarning, enumerate_some
from . import _inputs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RateComparison", "compare_rates", "minimum_detectable_difference"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RateComparison:
    """An omnibus test and all pairs of systems.

    Attributes
    ----------
    method : str
        "paired", "independent", "clustered" or "mixed".
    test : str
        Name of the omnibus test.
    statistic, df, pvalue : float
        Omnibus test that all rates are equal.
    pairs : pandas.DataFrame
        One row a pair: ``first``, ``second``, ``rate_first``, ``rate_second``, ``difference``
        (first minus second), ``lower``, ``upper``, ``statistic``, ``pvalue``, ``adjusted``; for
        paired data also ``only_first`` and ``only_second``, the discordant items.
    correction : str
        How ``adjusted`` accounts for the number of pairs.
    n_items : int
        Items (paired) or rows.
    """

    method: str
    test: str
    statistic: float
    df: int
    pvalue: float
    pairs: pd.DataFrame = field(repr=False)
    correction: str
    n_items: int


def compare_rates(
    outcomes: Any,
    *,
    systems: Any = None,
    items: Any = None,
    method: str = "paired",
    correction: str = "holm",
    level: float = 0.95,
) -> RateComparison:
    """Test whether systems differ in their rate of hits, overall and pair by pair.

    Parameters
    ----------
    outcomes : frame or array-like, (items, systems), or array-like, (rows,)
        Hits as 0 and 1 (or False and True): a table with one column a system, all on the same
        items; or one column of rows, with `systems` (and `items`).
    systems : array-like, (rows,), optional
        System of each row.
    items : array-like, (rows,), optional
        Item (scenario, judge) of each row, whose rows depend on each other.
    method : {"paired", "independent", "clustered", "mixed"}
        "paired": Cochran's Q and exact McNemar, every system once on every item.
        "independent": chi-square and two-sample score tests, no shared items.
        "clustered": linear probability model with standard errors clustered by item, for
        several rows of a system on an item (judges) or items that some systems lack.
        "mixed": linear mixed model with a random intercept by item.
    correction : {"holm", "bh", "bonferroni", "none"}
        For the number of pairs.
    level : float
        Coverage of the intervals of differences, in (0, 1).

    Returns
    -------
    RateComparison

    Raises
    ------
    DataError
        If an outcome is not 0 or 1, there is only one system, or a system lacks an item under
        "paired".
    ConvergenceError
        If the mixed model does not converge.

    Warns
    -----
    SmallSampleWarning
        If all items agree on a clustered or mixed difference, which then has no variance: its
        test and interval are NaN, and so is the omnibus test.

    Notes
    -----
    Intervals of a paired difference are Wald's with half an item added to each of the four cells
    (Agresti and Min 2005), so that they have a width even where no item is discordant; of two
    independent rates, Newcombe's (1998) hybrid score interval. With all items concordant the
    p-value is 1. A clustered test counts clusters less one as degrees of freedom.

    References
    ----------
    Agresti and Min (2005), Simple improved confidence intervals for comparing matched
    proportions, Statistics in Medicine 24; Cochran (1950), Biometrika 37; McNemar (1947).

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.scores import compare_rates
    >>> a = np.repeat([1, 1, 0, 0], [15, 200, 12, 50])
    >>> b = np.repeat([0, 1, 1, 0], [15, 200, 12, 50])
    >>> result = compare_rates({"a": a, "b": b})
    >>> round(float(result.pairs.pvalue[0]), 2)
    0.7
    """
    _validate.one_of("method", method, ("paired", "independent", "clustered", "mixed"))
    level = _validate.level("level", level)
    item: Any
    if systems is None:
        table, rows, names = _inputs.table("outcomes", outcomes)
        if not len(rows):
            raise DataError("`outcomes` has no rows; at least one item is needed")
        hits = _inputs.flags("outcomes", table)
        code = np.tile(np.arange(len(names)), len(rows))
        item = np.repeat(np.arange(len(rows)), len(names))
        flat = hits.ravel()
    else:
        names, code = _inputs.encode("systems", systems)
        flat = _inputs.flags("outcomes", _inputs.numbers("outcomes", outcomes))
        item = None if items is None else _inputs.encode("items", items)[1]
        _inputs.same_length(outcomes=flat, systems=code, items=item)
    if len(names) < 2:
        raise DataError(f"there is {len(names)} system; at least 2 are needed to compare")
    if method == "independent":
        return _independent(flat, code, names, correction, level)
    if item is None:
        raise DataError(f"`method` is {method!r}, which needs `items`")
    if method == "paired":
        return _paired(_square(flat, code, item, names), names, correction, level)
    return _modelled(flat, code, item, names, method, correction, level)


def _square(
    flat: npt.NDArray[np.bool_], code: Any, item: Any, names: Sequence[Hashable]
) -> npt.NDArray[np.bool_]:
    n_items = int(item.max()) + 1
    seen = np.zeros((n_items, len(names)), dtype=np.int64)
    np.add.at(seen, (item, code), 1)
    if (seen != 1).any():
        place = np.argwhere(seen != 1)[0]
        raise DataError(
            f"system {names[place[1]]!r} has {seen[tuple(place)]} rows on item number {place[0]}; "
            "`method='paired'` needs exactly one (use 'clustered' for several or for gaps)"
        )
    hits = np.zeros((n_items, len(names)), dtype=bool)
    hits[item, code] = flat
    return hits


def _pairs_frame(rows: list[dict[str, Any]], correction: str) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(rows)
    frame["adjusted"] = _inputs.adjusted(frame["pvalue"], correction)
    return frame


def _paired(
    hits: npt.NDArray[np.bool_], names: Sequence[Hashable], correction: str, level: float
) -> RateComparison:
    from scipy.stats import binomtest, chi2, norm

    n = len(hits)
    # Cochran's Q, which is 0/0 where every item is hit by all systems or by none.
    k = hits.shape[1]
    by_system, by_item = hits.sum(axis=0), hits.sum(axis=1)
    spread = float(k * by_item.sum() - (by_item.astype(float) ** 2).sum())
    above = (k - 1) * (k * float((by_system.astype(float) ** 2).sum()) - float(by_item.sum()) ** 2)
    q = above / spread if spread else 0.0
    z = norm.ppf((1 + level) / 2)
    rows = []
    for i, j in combinations(range(k), 2):
        b, c = int((hits[:, i] & ~hits[:, j]).sum()), int((~hits[:, i] & hits[:, j]).sum())
        shift, size = (b - c) / (n + 2), n + 2
        half = z * np.sqrt(max((b + c + 1) - (b - c) ** 2 / size, 0.0)) / size
        rows.append(
            {
                "first": names[i],
                "second": names[j],
                "rate_first": by_system[i] / n,
                "rate_second": by_system[j] / n,
                "difference": (b - c) / n,
                "lower": max(shift - half, -1.0),
                "upper": min(shift + half, 1.0),
                "only_first": b,
                "only_second": c,
                "statistic": float(min(b, c)),
                "pvalue": binomtest(b, b + c).pvalue if b + c else 1.0,
            }
        )
    return RateComparison(
        "paired", "Cochran's Q", q, k - 1, float(chi2.sf(q, k - 1)),
        _pairs_frame(rows, correction), correction, n,
    )  # fmt: skip


def _independent(
    flat: npt.NDArray[np.bool_], code: Any, names: Sequence[Hashable], correction: str, level: float
) -> RateComparison:
    from scipy.stats import chi2_contingency
    from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

    total = np.bincount(code, minlength=len(names))
    hit = np.bincount(code, weights=flat, minlength=len(names))
    mixed = 0 < hit.sum() < total.sum()
    omnibus = chi2_contingency([hit, total - hit], correction=False) if mixed else None
    rows = []
    for i, j in combinations(range(len(names)), 2):
        varied = 0 < hit[i] + hit[j] < total[i] + total[j]
        z, p = proportions_ztest(hit[[i, j]], total[[i, j]]) if varied else (0.0, 1.0)
        low, high = confint_proportions_2indep(
            hit[i], total[i], hit[j], total[j], method="newcomb", alpha=1 - level
        )
        rates = hit[[i, j]] / total[[i, j]]
        rows.append(
            {
                "first": names[i], "second": names[j],
                "rate_first": rates[0], "rate_second": rates[1],
                "difference": rates[0] - rates[1],
                "lower": low, "upper": high, "statistic": float(z), "pvalue": float(p),
            }
        )  # fmt: skip
    statistic, p = (float(omnibus.statistic), float(omnibus.pvalue)) if omnibus else (0.0, 1.0)
    return RateComparison(
        "independent", "chi-square", statistic, len(names) - 1, p,
        _pairs_frame(rows, correction), correction, len(flat),
    )  # fmt: skip


def _modelled(
    flat: npt.NDArray[np.bool_],
    code: Any,
    item: Any,
    names: Sequence[Hashable],
    method: str,
    correction: str,
    level: float,
) -> RateComparison:
    """Fit rates as cell means of a linear model, and test their contrasts (Wald)."""
    import statsmodels.api as sm
    from scipy.stats import f as f_distribution
    from scipy.stats import t as t_distribution

    n_clusters = len(np.unique(item))
    if n_clusters < 2:
        raise DataError("there is one item; at least 2 are needed to know how items vary")
    k = len(names)
    design = np.eye(k)[code]
    _inputs.in_several_clusters("items", names, code, item)
    if method == "clustered":
        fit = sm.OLS(flat.astype(float), design).fit(cov_type="cluster", cov_kwds={"groups": item})
        mean, cov = np.asarray(fit.params), np.asarray(fit.cov_params())
    else:
        fit = _mixed_fit(sm.MixedLM(flat.astype(float), design, groups=item))
        mean, cov = np.asarray(fit.fe_params), np.asarray(fit.cov_params())[:k, :k]
    df = n_clusters - 1
    quantile = t_distribution.ppf((1 + level) / 2, df)
    rows = []
    for i, j in combinations(range(k), 2):
        difference = mean[i] - mean[j]
        both = np.ix_([i, j], [i, j])
        variance = cov[i, i] + cov[j, j] - 2 * cov[i, j]
        known = not _inputs.vanishes(variance, mean[[i, j]], cov[both])
        error = np.sqrt(variance) if known else np.nan
        statistic = difference / error
        rows.append(
            {
                "first": names[i], "second": names[j],
                "rate_first": mean[i], "rate_second": mean[j], "difference": difference,
                "lower": difference - quantile * error, "upper": difference + quantile * error,
                "statistic": statistic, "pvalue": 2 * t_distribution.sf(abs(statistic), df),
            }
        )  # fmt: skip
    wald = _inputs.wald(mean, cov)
    flat_pairs = [(row["first"], row["second"]) for row in rows if np.isnan(row["statistic"])]
    if flat_pairs or np.isnan(wald):
        _quiet.warn(
            "items do not differ in how "
            + (enumerate_some(flat_pairs, 3) if flat_pairs else "the systems together")
            + " compare: their differences have no variance, and `statistic`, `pvalue`, `lower` "
            "and `upper` are NaN there",
            SmallSampleWarning,
            stacklevel=3,
        )
    return RateComparison(
        method, "Wald F", wald, k - 1, float(f_distribution.sf(wald, k - 1, df)),
        _pairs_frame(rows, correction), correction, len(flat),
    )  # fmt: skip


def _mixed_fit(model: Any) -> Any:
    """Fit a mixed model, falling back on Powell's search where the variance of items is near 0."""
    # An optimiser at the boundary complains; what it found is judged below.
    with _quiet.others_silenced():
        for optimizer in ("bfgs", "powell"):
            try:
                fit = model.fit(method=optimizer)
            except np.linalg.LinAlgError:
                continue
            if fit.converged and np.isfinite(np.asarray(fit.bse_fe)).all():
                return fit
    raise ConvergenceError("the mixed model did not converge; use `method='clustered'`")


def minimum_detectable_difference(
    rate: float,
    n: int,
    *,
    n_second: int | None = None,
    discordant: float | None = None,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    r"""Smallest difference of two rates that a benchmark of this size would find.

    Parameters
    ----------
    rate : float
        Rate of the first system, in (0, 1).
    n : int
        Items.
    n_second : int, optional
        Items of the second system where they differ; default `n`.
    discordant : float, optional
        Share of items on which exactly one of the two systems hits, in (0, 1], for systems on
        the same items; without it the two are independent.
    power : float
        Probability of finding the difference, in (0, 1).
    level : float
        One minus the two-sided significance level, in (0, 1).

    Returns
    -------
    float
        Difference of rates, upwards or downwards from `rate`, whichever is found more easily
        within [0, 1]; NaN if even the largest possible one would not be.

    Raises
    ------
    DataError
        If an argument is out of its range.

    Notes
    -----
    Normal approximation. Independent: :math:`(z_{1-a/2} \sqrt{\bar p (1-\bar p)(1/n_1+1/n_2)}
    + z_{power} \sqrt{p_1 q_1/n_1 + p_2 q_2/n_2}) = |p_2 - p_1|`, solved for the difference.
    Paired (Connor 1987): :math:`z_{1-a/2} \sqrt{d} + z_{power} \sqrt{d - \delta^2} = \delta
    \sqrt n` with d the discordant share.

    Examples
    --------
    >>> from pluralism.scores import minimum_detectable_difference
    >>> round(minimum_detectable_difference(0.5, 351), 3)
    0.105
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    rate = _validate.number("rate", rate, above=0.0, below=1.0)
    n = _validate.whole_number("n", n, at_least=1)
    m = n if n_second is None else _validate.whole_number("n_second", n_second, at_least=1)
    power = _validate.level("power", power)
    z, z_power = norm.ppf((1 + _validate.level("level", level)) / 2), norm.ppf(power)
    if z + z_power <= 0:
        raise DataError(
            f"`power` is {power:g}, which a test at `level` {level:g} has without any difference"
        )
    if discordant is not None:
        d = _validate.number("discordant", discordant, above=0.0, at_most=1.0)

        def short(delta: float) -> float:
            return delta * np.sqrt(n) - z * np.sqrt(d) - z_power * np.sqrt(d - delta**2)

        return float(brentq(short, 0.0, d)) if short(d) > 0 else float("nan")

    def excess(delta: float) -> float:
        second = rate + delta
        pooled = (n * rate + m * second) / (n + m)
        null = np.sqrt(max(pooled * (1 - pooled), 0.0) * (1 / n + 1 / m))
        true = np.sqrt(rate * (1 - rate) / n + max(second * (1 - second), 0.0) / m)
        return abs(delta) - z * null - z_power * true

    found = [
        abs(brentq(excess, 0.0, end)) for end in (1 - rate, -rate) if excess(end) > 0 > excess(0.0)
    ]
    return float(min(found)) if found else float("nan")

"""How far groups lie apart, and where a sample lies against a population."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..data._labels import as_coordinate
from ..errors import DataError, SmallSampleWarning
from . import _inputs

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["GroupDispersion", "OmnibusTest", "group_dispersion"]

FloatArray = npt.NDArray[np.float64]


class OmnibusTest(NamedTuple):
    """A test that all groups are alike."""

    statistic: float
    df: tuple[int, int]
    pvalue: float
    effect: float


@dataclass(frozen=True, eq=False)
class GroupDispersion:
    """Spread of group means, with tests.

    Attributes
    ----------
    means : xarray.DataArray, (group,)
        Mean of each group.
    mean : float
        Unweighted mean of the group means.
    sd : float
        Standard deviation of the group means, with the stated `ddof`.
    range : float
        Largest less smallest group mean.
    ddof : int
        0: these groups are all there are; 1: they stand for more.
    n : xarray.DataArray, (group,)
        Values in each group.
    anova, kruskal : OmnibusTest
        ``(statistic, df, pvalue, effect)``; the effect is eta squared, or epsilon squared.
    clustered : OmnibusTest or None
        Wald F with errors clustered as asked for.
    pairs : pandas.DataFrame
        Two-sided Mann-Whitney by pair: ``first``, ``second``, ``difference`` of means,
        ``statistic``, ``rank_biserial``, ``pvalue``, ``adjusted``.
    correction : str
        How ``adjusted`` accounts for the number of pairs.
    """

    means: xr.DataArray
    mean: float
    sd: float
    range: float
    ddof: int
    n: xr.DataArray = field(repr=False)
    anova: OmnibusTest
    kruskal: OmnibusTest
    clustered: OmnibusTest | None
    pairs: pd.DataFrame = field(repr=False)
    correction: str


def group_dispersion(
    values: Any,
    *,
    groups: Any = None,
    clusters: Any = None,
    ddof: int = 0,
    correction: str = "holm",
) -> GroupDispersion:
    """Measure how far the means of groups lie apart, and test whether they do.

    Parameters
    ----------
    values : mapping of hashable to array-like, or array-like, (rows,)
        Values by group, or one column of them with `groups`.
    groups : array-like, (rows,), optional
        Group of each value.
    clusters : array-like, (rows,), optional
        Item, prompt or judge of each value. Rows that share one are not independent, and the
        plain tests overstate the evidence; needs `groups`.
    ddof : {0, 1}
        Of the standard deviation of group means; TrustGPT's bias is with 0.
    correction : {"holm", "bh", "bonferroni", "none"}
        For the number of pairs.

    Returns
    -------
    GroupDispersion

    Raises
    ------
    DataError
        If there are fewer than two groups or values, or no spread at all to test.

    Warns
    -----
    SmallSampleWarning
        If a clustered difference of means has no variance: the clustered test is NaN.

    Notes
    -----
    TrustGPT [1]_ reports `mean` and `sd` (ddof 0) of the group means and uncorrected
    Mann-Whitney p-values. Omnibus tests are those of scipy.stats; the clustered one is a Wald
    test of a linear model of cell means with the cluster-robust covariance of statsmodels, on
    (groups - 1, clusters - 1) degrees of freedom. A test without any spread within groups has
    the statistic NaN.

    References
    ----------
    .. [1] Y. Huang et al. (2023), TrustGPT, section 3.2.

    Examples
    --------
    >>> from pluralism.scores import group_dispersion
    >>> result = group_dispersion({"black": [0.1, 0.2, 0.3], "white": [0.3, 0.4, 0.5]})
    >>> print(f"{result.mean:.1f} {result.sd:.1f}")
    0.3 0.1
    """
    import pandas as pd
    import xarray as xr
    from scipy.stats import f_oneway, kruskal, mannwhitneyu

    _validate.one_of("ddof", ddof, (0, 1))
    split = _inputs.samples("values", values, groups)
    labels = list(split)
    parts = list(split.values())
    sizes = np.array([len(part) for part in parts])
    means = np.array([part.mean() for part in parts])
    pooled = np.concatenate(parts)
    n, k = len(pooled), len(parts)
    if n <= k or np.ptp(pooled) == 0:
        raise DataError(
            f"`values` has {n} values in {k} groups"
            + (", all equal" if n > k else "")
            + "; there is no spread to compare groups by"
        )
    within = sum(float(((part - part.mean()) ** 2).sum()) for part in parts)
    between = float((sizes * (means - pooled.mean()) ** 2).sum())
    anova = f_oneway(*parts) if within > 1e-15 * between else None
    ranks = kruskal(*parts)
    rows = []
    for i, j in combinations(range(k), 2):
        a, b = parts[i], parts[j]
        same = np.ptp(np.concatenate([a, b])) == 0
        u = len(a) * len(b) / 2 if same else mannwhitneyu(a, b, alternative="two-sided").statistic
        p = 1.0 if same else mannwhitneyu(a, b, alternative="two-sided").pvalue
        rows.append(
            {
                "first": labels[i], "second": labels[j], "difference": means[i] - means[j],
                "statistic": float(u), "rank_biserial": 2 * float(u) / (len(a) * len(b)) - 1,
                "pvalue": float(p),
            }
        )  # fmt: skip
    pairs = pd.DataFrame(rows)
    pairs["adjusted"] = _inputs.adjusted(pairs["pvalue"], correction)
    coords = {"group": as_coordinate(labels)}
    nan = float("nan")
    return GroupDispersion(
        means=xr.DataArray(means, dims="group", coords=coords),
        mean=float(means.mean()),
        sd=float(means.std(ddof=ddof)),
        range=float(np.ptp(means)),
        ddof=ddof,
        n=xr.DataArray(sizes, dims="group", coords=coords),
        anova=OmnibusTest(
            float(anova.statistic) if anova else nan,
            (k - 1, n - k),
            float(anova.pvalue) if anova else nan,
            between / (between + within),
        ),
        kruskal=OmnibusTest(
            float(ranks.statistic),
            (k - 1, 0),
            float(ranks.pvalue),
            float(ranks.statistic) / (n - 1),
        ),
        clustered=None
        if clusters is None
        else _clustered(values, groups, clusters, labels, spread=anova is not None),
        pairs=pairs,
        correction=correction,
    )


def _clustered(
    values: Any, groups: Any, clusters: Any, labels: list[Hashable], *, spread: bool
) -> OmnibusTest:
    import statsmodels.api as sm
    from scipy.stats import f as f_distribution

    if groups is None:
        raise DataError("`clusters` needs `values` as one column, with `groups`")
    y = _inputs.numbers("values", values)
    _, code = _inputs.encode("groups", groups)
    _, cluster = _inputs.encode("clusters", clusters)
    _inputs.same_length(values=y, groups=code, clusters=cluster)
    k, n_clusters = len(labels), int(cluster.max()) + 1
    if n_clusters < k:
        raise DataError(
            f"`clusters` has {n_clusters} clusters for {k} groups; too few to tell groups apart"
        )
    _inputs.in_several_clusters("clusters", labels, code, cluster)
    df = (k - 1, n_clusters - 1)
    wald = float("nan")
    if spread:
        fit = sm.OLS(y, np.eye(k)[code]).fit(cov_type="cluster", cov_kwds={"groups": cluster})
        wald = _inputs.wald(np.asarray(fit.params), np.asarray(fit.cov_params()))
    if np.isnan(wald):
        _quiet.warn(
            "clusters do not differ in how the means of groups compare: the clustered test has no "
            "variance to go by and is NaN; give more clusters",
            SmallSampleWarning,
            stacklevel=3,
        )
    return OmnibusTest(wald, df, float(f_distribution.sf(wald, *df)), float("nan"))

"""Several agreement coefficients side by side, with standard errors over items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..data import Annotations
from ..errors import DataError, SmallSampleWarning, enumerate_some
from ..kernels import _agreement as kernels
from ..kernels import _agreement_influence as influences
from ._agreement import all_labels, rater_shares
from ._inputs import (
    Pairable,
    as_annotations,
    corrected,
    distance_matrix,
    labelled_again,
    one_label_each,
    pairable,
    similarity_matrix,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["agreement_table"]

FloatArray = npt.NDArray[np.float64]

COEFFICIENTS = (
    "krippendorff_alpha",
    "fleiss_kappa",
    "cohen_kappa",
    "gwet_ac1",
    "brennan_prediger",
)


def agreement_table(
    annotations: Annotations,
    *,
    coefficients: str | Sequence[str] | None = None,
    weights: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Agreement coefficients with large-sample intervals for other items like these.

    Parameters
    ----------
    annotations : Annotations
        Labels; `cohen_kappa` needs their raters.
    coefficients : str or sequence of str, optional
        Names of this room's coefficients. Default: all that the data allow.
    weights : {None, "linear", "quadratic", "ordinal"} or array-like, (categories, categories)
        As in `fleiss_kappa`, for the kappas and AC; alpha uses its scale.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    pandas.DataFrame
        One row a coefficient: ``estimate``, ``observed`` and ``expected`` agreement (of alpha:
        one minus the mean distance as a share of the largest), ``stderr``, ``lower``, ``upper``
        (at most 1); these three NaN if only one item has two labels.

    Raises
    ------
    DataError
        If no item has two labels, all labels are one category, or an option is unknown.

    Warns
    -----
    SmallSampleWarning
        If only one item has two labels, or items do not differ in what they say of a coefficient
        (perfect agreement, for one): its standard error is 0.

    Notes
    -----
    The delta method over items (infinitesimal jackknife): the raters are taken as given. For two
    raters it is the standard error of Fleiss, Cohen and Everitt [1]_; Gwet's differs by the factor
    sqrt(n / (n - 1)). For other raters, use ``bootstrap(krippendorff_alpha, annotations)``.

    References
    ----------
    .. [1] J. L. Fleiss, J. Cohen and B. S. Everitt (1969), Large sample standard errors of kappa
       and weighted kappa, Psychological Bulletin 72.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import agreement_table
    >>> ratings = Annotations.from_matrix([list("aabbbacab"), list("aabbaacbb")])
    >>> agreement_table(ratings).loc["cohen_kappa", ["estimate", "stderr"]].round(3).to_dict()
    {'estimate': 0.625, 'stderr': 0.246}
    """
    import pandas as pd
    from scipy.stats import norm

    as_annotations("annotations", annotations)
    level = _validate.level("level", level)
    names = _chosen(annotations, coefficients)
    shared, everything = pairable(annotations), all_labels(annotations)
    if everything.one_category or shared.one_category:
        raise DataError("all labels that can be paired are one category; there is no variance")
    similarity = similarity_matrix(annotations, weights)
    several = len(shared.counts) > 1
    rows = []
    for name in names:
        if name == "krippendorff_alpha":
            parts, influence = _alpha(annotations, shared)
        else:
            parts, influence = _kappa(name, annotations, shared, everything, similarity)
        value = float(parts.value)
        stderr = float(np.sqrt(((influence - influence.mean()) ** 2).sum())) if several else np.nan
        half = float(norm.ppf(0.5 + level / 2.0)) * stderr
        rows.append(
            {
                "estimate": value,
                "observed": float(parts.observed),
                "expected": float(parts.expected),
                "stderr": stderr,
                "lower": value - half,
                "upper": min(1.0, value + half) if several else np.nan,
            }
        )
    table = pd.DataFrame(rows, index=pd.Index(names, name="coefficient"))
    _warn_of_no_variance(table["stderr"])
    return table


def _warn_of_no_variance(stderr: pd.Series[float]) -> None:
    alike = stderr.index[stderr < 1e-12]
    if stderr.isna().all():
        _quiet.warn(
            "one item alone has two labels: what other items would say cannot be told, and "
            "`stderr`, `lower` and `upper` are NaN",
            SmallSampleWarning,
            stacklevel=3,
        )
    elif len(alike):
        _quiet.warn(
            f"items do not differ in what they say of {enumerate_some(alike)}: the interval has no "
            "width, and is no bound on what other items would say",
            SmallSampleWarning,
            stacklevel=3,
        )


def _chosen(annotations: Annotations, coefficients: str | Sequence[str] | None) -> tuple[str, ...]:
    if coefficients is None:
        return tuple(
            name
            for name in COEFFICIENTS
            if name != "cohen_kappa"
            or (annotations.raters is not None and not labelled_again(annotations).any())
        )
    names = (coefficients,) if isinstance(coefficients, str) else tuple(coefficients)
    for name in names:
        _validate.one_of("coefficients", name, COEFFICIENTS)
    if "cohen_kappa" in names:
        one_label_each("annotations", annotations)
    return names


def _alpha(annotations: Annotations, labels: Pairable) -> tuple[kernels.Coefficient, FloatArray]:
    counts, squares, _ = labels
    distance = distance_matrix(annotations, None)
    parts = kernels.krippendorff_agreement(counts, squares, np.ones(len(counts)), distance)
    influence = influences.alpha_influence(counts, squares, distance, parts)
    # Agreement is one minus disagreement as a share of the largest that the labels allow.
    marginal = counts.sum(axis=0)
    used = marginal > 0
    if distance is None:
        largest = float(np.ptp(kernels.rank_positions(marginal)[used])) ** 2
    else:
        largest = float(distance[np.ix_(used, used)].max())
    agreement = [1.0 - (1.0 - part) / largest for part in (parts.observed, parts.expected)]
    return parts._replace(observed=agreement[0], expected=agreement[1]), influence


def _kappa(
    name: str,
    annotations: Annotations,
    shared: Pairable,
    everything: Pairable,
    similarity: FloatArray,
) -> tuple[kernels.Coefficient, FloatArray]:
    if name == "cohen_kappa":
        return _conger(annotations, shared, similarity)
    counts, squares, _ = everything
    n = counts.shape[1]
    arguments = (counts, squares, np.ones(len(counts)), similarity)
    share = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300))[counts.any(axis=1)]
    mean = share.mean(axis=0)
    if name == "fleiss_kappa":
        parts = corrected("weights", kernels.fleiss_agreement, *arguments)
        d_expected = influences.share_influence(counts, 2.0 * similarity @ mean)
    elif name == "gwet_ac1":
        parts = corrected("weights", kernels.gwet_agreement, *arguments)
        slope = similarity.sum() / (n * (n - 1)) * (1.0 - 2.0 * mean)
        d_expected = influences.share_influence(counts, slope)
    else:
        parts = corrected("weights", kernels.brennan_prediger_agreement, *arguments)
        d_expected = np.zeros(len(counts))
    return parts, influences.kappa_influence(counts, squares, similarity, parts, d_expected)


def _conger(
    annotations: Annotations, labels: Pairable, similarity: FloatArray
) -> tuple[kernels.Coefficient, FloatArray]:
    assert annotations.rater is not None
    counts, squares, kept = labels
    shares, each = rater_shares(annotations, kept)
    arguments = (counts, squares, np.ones(len(counts)), similarity, shares, each)
    parts = corrected("weights", kernels.conger_agreement, *arguments)
    use = kept[annotations.item]
    position = np.cumsum(kept) - 1
    d_expected = influences.conger_chance_influence(
        position[annotations.item[use]],
        np.unique(annotations.rater[use], return_inverse=True)[1],
        annotations.label[use],
        annotations.weight[use],
        shares,
        each,
        similarity,
        len(counts),
    )
    return parts, influences.kappa_influence(counts, squares, similarity, parts, d_expected)

"""Several agreement coefficients side by side, with standard errors over items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from .._precision import in_float64
from ..data import Annotations
from ..errors import DataError
from ._agreement import all_labels
from ._inputs import as_annotations, distance_matrix, pairable, similarity_matrix

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["agreement_table"]

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
        One row a coefficient: ``estimate``, ``observed`` and ``expected`` agreement,
        ``stderr``, ``lower``, ``upper`` (at most 1).

    Raises
    ------
    DataError
        If no item has two labels, all labels are one category, or an option is unknown.

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

    from ..kernels._agreement_influence import agreement_influence

    as_annotations("annotations", annotations)
    level = _validate.level("level", level)
    names = _chosen(annotations, coefficients)
    shared, everything = pairable(annotations), all_labels(annotations)
    if everything.one_category or shared.one_category:
        raise DataError("all labels that can be paired are one category; there is no variance")
    similarity = similarity_matrix(annotations, weights)
    distance = distance_matrix(annotations, None)
    rows = []
    for name in names:
        paired = name in ("krippendorff_alpha", "cohen_kappa")
        labels = shared if paired else everything
        item, key, weight, n_raters = _rater_cells(annotations, shared.kept, name == "cohen_kappa")
        result = in_float64(
            agreement_influence,
            labels.counts,
            labels.squares,
            distance if name == "krippendorff_alpha" else similarity,
            item,
            key,
            weight,
            coefficient=name,
            n_raters=n_raters,
        )
        centred = result.influence - result.influence.mean()
        stderr = float(np.sqrt((centred**2).sum()))
        half = float(norm.ppf(0.5 + level / 2.0)) * stderr
        value = float(result.value)
        rows.append(
            {
                "estimate": value,
                "observed": float(result.observed),
                "expected": float(result.expected),
                "stderr": stderr,
                "lower": value - half,
                "upper": min(1.0, value + half),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(names, name="coefficient"))


def _chosen(annotations: Annotations, coefficients: str | Sequence[str] | None) -> tuple[str, ...]:
    if coefficients is None:
        return tuple(
            name
            for name in COEFFICIENTS
            if (name != "cohen_kappa" or annotations.raters is not None)
        )
    names = (coefficients,) if isinstance(coefficients, str) else tuple(coefficients)
    for name in names:
        _validate.one_of("coefficients", name, COEFFICIENTS)
    if "cohen_kappa" in names:
        as_annotations("annotations", annotations, raters=True)
    return names


def _rater_cells(annotations: Annotations, kept: Any, needed: bool) -> tuple[Any, Any, Any, int]:
    """Cells of the pairable items with their raters recoded, for Conger's chance."""
    if not needed:
        empty = np.zeros(0, dtype=np.int32)
        return empty, empty, np.zeros(0), 0
    assert annotations.rater is not None
    use = kept[annotations.item]
    present, rater = np.unique(annotations.rater[use], return_inverse=True)
    position = np.cumsum(kept) - 1
    key = rater * annotations.n_categories + annotations.label[use]
    return position[annotations.item[use]], key, annotations.weight[use], len(present)

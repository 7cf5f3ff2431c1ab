"""Agreement between two pools of raters, and how many raters a correlated panel is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Annotations
from ..errors import DataError, enumerate_some
from ..kernels._cross import cross_agreement
from ._agreement import krippendorff_alpha
from ._inputs import as_annotations, distance_matrix

__all__ = ["cross_replication_reliability", "effective_raters"]

FloatArray = npt.NDArray[np.float64]


def cross_replication_reliability(
    first: Any, second: Any, *, distance: Any = None, normalized: bool = False
) -> float:
    r"""Chance-corrected agreement between two pools of raters on the same items (xRR).

    Parameters
    ----------
    first, second : Annotations, or array-like of label counts, (items, categories)
        The two pools. Annotations are matched by item and category label; arrays by position.
        Items that only one pool labelled count for nothing, as items with one label do in alpha.
    distance : array-like, (categories, categories), or callable, optional
        Disagreement of two categories. Default: that of the scale (nominal for arrays); an
        ordinal scale uses the mid-ranks of both pools together.
    normalized : bool
        Divide by the square root of the product of the pools' own alphas, which removes what the
        unreliability within each pool takes from the agreement between them. The result may
        exceed 1.

    Returns
    -------
    float
        kappa_x, at most 1; 0 is what chance would give.

    Raises
    ------
    DataError
        If the pools share no item, differ in their scales, give no room for chance, or (when
        normalizing) a pool's own alpha is not above zero.

    Notes
    -----
    In closed form, equations 9 and 10 of [1]_: item i with R_i and S_i labels in the two pools
    has weight R_i + S_i, and expected disagreement is that of two independent draws.

    References
    ----------
    .. [1] K. Wong, P. Paritosh and L. Aroyo (2021), Cross-replication reliability: an empirical
       approach to interpreting inter-rater reliability, ACL.

    Examples
    --------
    >>> from pluralism.jury import cross_replication_reliability
    >>> here = [[0, 2], [0, 3], [2, 0], [3, 0], [1, 1]]
    >>> there = [[0, 2], [1, 1], [1, 1], [1, 1], [2, 0]]
    >>> cross_replication_reliability(here, there)
    0.1818181818...
    """
    plain = not any(hasattr(pool, "dims") or hasattr(pool, "columns") for pool in (first, second))
    if plain and not any(isinstance(pool, Annotations) for pool in (first, second)):
        shapes = np.shape(first), np.shape(second)
        if shapes[0] != shapes[1]:
            raise DataError(
                f"`first` has shape {shapes[0]} and `second` {shapes[1]}; arrays are matched by "
                "position and must be equal (or use labelled tables)"
            )
    left, right = _pool("first", first), _pool("second", second)
    if left.scale != right.scale:
        raise DataError(f"`first` is on the scale {left.scale!r}, `second` on {right.scale!r}")
    x, y, names = _aligned(left, right)
    metric = distance_matrix(names, distance)
    if metric is None:
        metric = _mid_rank_distance((x + y).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(cross_agreement(x, y, metric).value)
    if not np.isfinite(value):
        raise DataError(
            "both pools used one and the same category on the shared items; agreement cannot be "
            "told from chance"
        )
    if not normalized:
        return value
    own = [krippendorff_alpha(pool, distance=distance) for pool in (left, right)]
    if min(own) <= 0.0:
        raise DataError(
            f"the pools' own alphas are {own[0]:.4g} and {own[1]:.4g}; normalizing needs both "
            "above zero"
        )
    return value / float(np.sqrt(own[0] * own[1]))


def effective_raters(n_raters: int, correlation: float) -> float:
    r"""How many independent raters a panel with correlated errors is worth.

    Parameters
    ----------
    n_raters : int
        Raters k in the panel, at least 1.
    correlation : float
        Mean correlation :math:`\rho` of the errors of two raters, above -1/(k - 1) and at most 1.

    Returns
    -------
    float
        :math:`k / (1 + (k - 1) \rho)`.

    Raises
    ------
    DataError
        If either is out of range.

    Examples
    --------
    >>> from pluralism.jury import effective_raters
    >>> effective_raters(6, 0.42)
    1.9355
    """
    k = _validate.whole_number("n_raters", n_raters, at_least=1)
    lowest = -1.0 / (k - 1) if k > 1 else -1.0
    rho = _validate.number("correlation", correlation, above=lowest, at_most=1.0)
    return k / (1.0 + (k - 1) * rho)


def _pool(name: str, value: Any) -> Annotations:
    if isinstance(value, (Annotations, str)) or value is None:
        return as_annotations(name, value)
    return Annotations.from_counts(value)


def _aligned(left: Annotations, right: Annotations) -> tuple[FloatArray, FloatArray, Annotations]:
    """Counts of both pools over the union of their items and categories."""
    names = Annotations.merge(_anonymous(left), _anonymous(right))
    if not set(left.items) & set(right.items):
        raise DataError(
            f"the pools share no item: `first` has {enumerate_some(left.items)}, `second` "
            f"{enumerate_some(right.items)}"
        )
    return _spread(left, names), _spread(right, names), names


def _anonymous(pool: Annotations) -> Annotations:
    from dataclasses import replace

    return replace(pool, rater=None, raters=None, groups={})


def _spread(pool: Annotations, names: Annotations) -> FloatArray:
    row = {label: place for place, label in enumerate(names.items)}
    column = {label: place for place, label in enumerate(names.categories)}
    table = np.zeros((names.n_items, names.n_categories))
    rows = [row[label] for label in pool.items]
    columns = [column[label] for label in pool.categories]
    table[np.ix_(rows, columns)] = pool.count_table()
    return table


def _mid_rank_distance(marginal: FloatArray) -> FloatArray:
    from ..kernels._agreement import rank_positions

    position = rank_positions(marginal)
    return np.asarray((position[:, None] - position) ** 2, dtype=np.float64)

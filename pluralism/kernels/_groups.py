"""How a group of raters agrees with itself and with everybody else, for many groupings at once.

Host kernel. Groupings lie along the last axis and categories along the first, so that every step
runs over long contiguous rows; for a few hundred items this beats a compiled JAX kernel even
before its compilation is counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["STATISTICS", "group_statistics"]

FloatArray = npt.NDArray[np.float64]

#: Stands in for a count of zero under a logarithm that is multiplied by it.
_TINY = 1e-300

#: Rows of the result, in order.
STATISTICS = (
    "alpha",
    "plurality",
    "negentropy",
    "xrr",
    "voting_agreement",
    "cross_negentropy",
)


def group_statistics(
    counts: FloatArray,
    squares: FloatArray,
    total: FloatArray,
    distance: FloatArray,
    smoothing: float,
    *,
    ordinal: bool,
    whole: bool = False,
) -> FloatArray:
    """Cohesion within each group and across to the rest, (statistics, groups).

    Parameters
    ----------
    counts : array, (categories, items, groups)
        Label counts of each group.
    squares : array, (items, groups)
        Sums of squared label weights.
    total : array, (categories, items, 1)
        Label counts of all raters.
    distance : array, (categories, categories)
        Disagreement of two categories.
    smoothing : float
        Added to the others' counts in the cross-entropy; with 0, categories that the others did
        not use on an item are left out of it.
    ordinal : bool
        Whether alpha uses each group's own mid-ranks instead of `distance`.
    whole : bool
        Whether all counts are whole numbers; their logarithms are then looked up.
    """
    k = len(counts)
    log = _Logarithms(int(total.sum(axis=0).max(initial=0.0)) if whole else None)
    rest = total - counts
    n, m = counts.sum(axis=0), rest.sum(axis=0)  # (items, groups)
    some, both = n > 0.0, (n > 0.0) & (m > 0.0)
    per_label = 1.0 / np.where(some, n, 1.0)
    per_other = 1.0 / np.where(both, m, 1.0)
    top = counts.max(axis=0)
    nominal = (distance + np.eye(k) == 1.0).all()
    metric = None if nominal else distance
    inner = np.zeros_like(n)  # sum c ln c
    cross = np.zeros_like(n)  # sum c ln (r + smoothing)
    for own, other in zip(counts, rest, strict=True):
        inner += own * log(own)  # 0 ln 0 = 0
        if not smoothing:
            used = other > 0.0
            # a category that was left out still counts in the total below
            cross += np.where(used, own * log(other), 0.0)
            cross -= np.where(used & both, own, 0.0) * log(m)
        else:
            cross += own * log(other, smoothing)
    if smoothing:
        cross -= n * log(m, k * smoothing)
    n_some, n_both = _item_sums(some.astype(np.float64)), _item_sums(both.astype(np.float64))
    negentropy = np.where(some, np.log(k) - log(n) + inner * per_label, 0.0)
    cross = np.where(both, np.log(k) + cross * per_label, 0.0)
    return np.stack(
        [
            _alpha(counts, squares, n, metric, ordinal=ordinal),
            _item_sums(top * per_label) / n_some,
            _item_sums(negentropy) / n_some,
            _xrr(counts, rest, n, m, both, per_label * per_other, metric),
            _voting(counts, rest, top, both, n_both, metric),
            _item_sums(cross) / n_both,
        ]
    )


class _Logarithms:
    """Logarithms of counts, looked up where these are whole numbers up to `most`."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._tables: dict[float, FloatArray] = {}

    def __call__(self, counts: FloatArray, shift: float = 0.0) -> FloatArray:
        """``ln(counts + shift)``; of zero, that of the smallest of numbers."""
        if self._most is None:
            return np.asarray(np.log(np.maximum(counts + shift, _TINY)))
        table = self._tables.get(shift)
        if table is None:
            table = np.log(np.maximum(np.arange(self._most + 1.0) + shift, _TINY))
            self._tables[shift] = table
        return np.asarray(table.take(counts.astype(np.intp), mode="clip"))


def _alpha(
    counts: FloatArray,
    squares: FloatArray,
    n: FloatArray,
    metric: FloatArray | None,
    *,
    ordinal: bool,
) -> FloatArray:
    pairs = n * n - squares
    pairable = pairs > 1e-12 * n * n
    marginal = _over_items(counts, pairable)  # (categories, groups)
    per_pair = np.where(pairable, n / np.where(pairable, pairs, 1.0), 0.0)
    if ordinal:
        # squared differences of positions: sum_kl c_k c_l (x_k - x_l)^2 = 2 (n s2 - s1^2)
        x = np.cumsum(marginal, axis=0) - marginal / 2.0  # (categories, groups)
        s1 = sum(c * y for c, y in zip(counts, x, strict=True))
        s2 = sum(c * (y * y) for c, y in zip(counts, x, strict=True))
        within: Any = 2.0 * (n * s2 - s1 * s1)
        size = marginal.sum(axis=0)
        between = 2.0 * (size * (marginal * x * x).sum(axis=0) - (marginal * x).sum(axis=0) ** 2)
    else:
        within = _products(counts, counts, metric)
        between = _products(marginal, marginal, metric)
    size = marginal.sum(axis=0)
    observed = _item_sums(per_pair * within) / size
    expected = between / (size * size - _item_sums(np.where(pairable, squares, 0.0)))
    return np.asarray(1.0 - observed / expected)


def _xrr(
    counts: FloatArray,
    rest: FloatArray,
    n: FloatArray,
    m: FloatArray,
    both: npt.NDArray[np.bool_],
    per_pair: FloatArray,
    metric: FloatArray | None,
) -> FloatArray:
    weight = np.where(both, n + m, 0.0)
    observed = _item_sums(weight * per_pair * _products(counts, rest, metric))
    x, y = _over_items(counts, both), _over_items(rest, both)  # (categories, groups)
    expected = _products(x, y, metric) / (x.sum(axis=0) * y.sum(axis=0))
    return np.asarray(1.0 - observed / _item_sums(weight) / expected)


def _voting(
    counts: FloatArray,
    rest: FloatArray,
    top: FloatArray,
    both: npt.NDArray[np.bool_],
    n_both: FloatArray,
    metric: FloatArray | None,
) -> FloatArray:
    """Alpha of two voters: the pluralities of the group and of the rest, ties shared."""
    x, y = _plurality(counts, top, both), _plurality(rest, rest.max(axis=0), both)
    observed = _item_sums(_products(x, y, metric)) / n_both
    votes = _item_sums(x) + _item_sums(y)  # (categories, groups)
    n_votes = 2.0 * n_both
    return np.asarray(1.0 - observed * n_votes * (n_votes - 1.0) / _products(votes, votes, metric))


def _plurality(counts: FloatArray, top: FloatArray, both: npt.NDArray[np.bool_]) -> FloatArray:
    best = counts == top
    each = both / best.sum(axis=0, dtype=np.int32)  # every item has a best category
    return np.where(best, each, 0.0)


def _over_items(counts: FloatArray, used: npt.NDArray[np.bool_]) -> FloatArray:
    """Counts of the used items, (categories, groups)."""
    if used.all():
        return _item_sums(counts)
    return np.einsum("kir,ir->kr", counts, used)


def _item_sums(table: FloatArray) -> FloatArray:
    """Sum over items, the last axis but one: a matrix product does it faster than `sum`."""
    return np.asarray(np.ones(table.shape[-2]) @ table)


def _products(left: FloatArray, right: FloatArray, metric: FloatArray | None) -> FloatArray:
    """``sum_kl left_k metric_kl right_l`` over the first axes; None is the nominal metric."""
    if metric is None:
        n = left.sum(axis=0)
        m = n if left is right else right.sum(axis=0)
        return np.asarray(n * m - np.einsum("k...,k...->...", left, right))
    mixed = np.tensordot(metric, right, axes=(1, 0))
    return np.einsum("k...,k...->...", left, mixed)

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
    """
    k = len(counts)
    rest = total - counts
    n, m = counts.sum(axis=0), rest.sum(axis=0)  # (items, groups)
    some, both = n > 0.0, (n > 0.0) & (m > 0.0)
    per_label = 1.0 / np.where(some, n, 1.0)
    per_other = 1.0 / np.where(both, m, 1.0)
    top = counts.max(axis=0)
    inner = np.zeros_like(n)  # sum c ln c
    cross = np.zeros_like(n)  # sum c ln (r + smoothing)
    for own, other in zip(counts, rest, strict=True):
        inner += own * np.log(np.maximum(own, _TINY))  # 0 ln 0 = 0
        seen = other + smoothing
        if not smoothing:
            used = seen > 0.0
            # a category that was left out still counts in the total below
            cross += np.where(used, own * (np.log(np.where(used, seen, 1.0))), 0.0)
            cross -= np.where(used, own, 0.0) * np.log(np.where(both, m, 1.0))
        else:
            cross += own * np.log(seen)
    if smoothing:
        cross -= n * np.log(m + k * smoothing)
    n_some, n_both = some.sum(axis=0), both.sum(axis=0)
    negentropy = np.where(some, np.log(k) - np.log(np.where(some, n, 1.0)) + inner * per_label, 0.0)
    cross = np.where(both, np.log(k) + cross * per_label, 0.0)
    return np.stack(
        [
            _alpha(counts, squares, n, None if ordinal else distance),
            (top * per_label).sum(axis=0) / n_some,
            negentropy.sum(axis=0) / n_some,
            _xrr(counts, rest, n, m, both, per_label * per_other, distance),
            _voting(counts, rest, both, n_both, distance),
            cross.sum(axis=0) / n_both,
        ]
    )


def _alpha(
    counts: FloatArray, squares: FloatArray, n: FloatArray, distance: FloatArray | None
) -> FloatArray:
    pairs = n * n - squares
    pairable = pairs > 1e-12 * n * n
    marginal = _over_items(counts, pairable)  # (categories, groups)
    per_pair = np.where(pairable, n / np.where(pairable, pairs, 1.0), 0.0)
    if distance is None:
        # squared differences of positions: sum_kl c_k c_l (x_k - x_l)^2 = 2 (n s2 - s1^2)
        x = np.cumsum(marginal, axis=0) - marginal / 2.0  # (categories, groups)
        s1 = sum(c * y for c, y in zip(counts, x, strict=True))
        s2 = sum(c * (y * y) for c, y in zip(counts, x, strict=True))
        within: Any = 2.0 * (n * s2 - s1 * s1)
        size = marginal.sum(axis=0)
        between = 2.0 * (size * (marginal * x * x).sum(axis=0) - (marginal * x).sum(axis=0) ** 2)
    else:
        within = _products(counts, counts, distance)
        between = _products(marginal, marginal, distance)
    size = marginal.sum(axis=0)
    observed = (per_pair * within).sum(axis=0) / size
    expected = between / (size * size - np.where(pairable, squares, 0.0).sum(axis=0))
    return np.asarray(1.0 - observed / expected)


def _xrr(
    counts: FloatArray,
    rest: FloatArray,
    n: FloatArray,
    m: FloatArray,
    both: npt.NDArray[np.bool_],
    per_pair: FloatArray,
    distance: FloatArray,
) -> FloatArray:
    weight = np.where(both, n + m, 0.0)
    observed = (weight * per_pair * _products(counts, rest, distance)).sum(axis=0)
    x, y = _over_items(counts, both), _over_items(rest, both)  # (categories, groups)
    expected = _products(x, y, distance) / (x.sum(axis=0) * y.sum(axis=0))
    return np.asarray(1.0 - observed / weight.sum(axis=0) / expected)


def _voting(
    counts: FloatArray,
    rest: FloatArray,
    both: npt.NDArray[np.bool_],
    n_both: npt.NDArray[np.integer],
    distance: FloatArray,
) -> FloatArray:
    """Alpha of two voters: the pluralities of the group and of the rest, ties shared."""
    x, y = _plurality(counts, both), _plurality(rest, both)
    observed = _products(x, y, distance).sum(axis=0) / n_both
    votes = x.sum(axis=1) + y.sum(axis=1)  # (categories, groups)
    n_votes = 2.0 * n_both
    return np.asarray(
        1.0 - observed * n_votes * (n_votes - 1.0) / _products(votes, votes, distance)
    )


def _plurality(counts: FloatArray, both: npt.NDArray[np.bool_]) -> FloatArray:
    best = (counts == counts.max(axis=0)) & both
    number = best.sum(axis=0)
    return np.asarray(best / np.where(number > 0, number, 1))


def _over_items(counts: FloatArray, used: npt.NDArray[np.bool_]) -> FloatArray:
    """Counts of the used items, (categories, groups)."""
    if used.all():
        return np.asarray(counts.sum(axis=1))
    return np.einsum("kir,ir->kr", counts, used)


def _products(left: FloatArray, right: FloatArray, distance: FloatArray) -> FloatArray:
    """``sum_kl left_k distance_kl right_l`` over the first axes."""
    if (distance + np.eye(len(distance)) == 1.0).all():  # nominal
        n = left.sum(axis=0)
        m = n if left is right else right.sum(axis=0)
        return np.asarray(n * m - np.einsum("k...,k...->...", left, right))
    mixed = np.tensordot(distance, right, axes=(1, 0))
    return np.einsum("k...,k...->...", left, mixed)

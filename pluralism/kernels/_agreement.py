"""Chance-corrected agreement from label counts: one pair kernel, one formula of chance each.

Written against the array API, so the same functions run on NumPy arrays and on JAX arrays (where
they may be differentiated by `item_weight`). Leading axes of `counts` are batches. Every step runs
over items, the long axis; tables whose memory has the categories first are therefore the fastest.

A pair of labels on one item has weight w_a w_b. `squares` is the sum of w^2 over the labels of an
item: what the pairs of a label with itself would add. With weights of one it equals the number of
labels, and the pairs number n (n - 1).
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = [
    "Coefficient",
    "brennan_prediger_agreement",
    "conger_agreement",
    "fleiss_agreement",
    "gwet_agreement",
    "krippendorff_agreement",
    "rank_positions",
]

Array = Any


class Coefficient(NamedTuple):
    """An agreement coefficient and the two quantities it compares."""

    value: Array  # (...): (observed - expected) / (1 - expected)
    observed: Array  # (...): agreement within items
    expected: Array  # (...): agreement by chance


def krippendorff_agreement(
    counts: Array,
    squares: Array,
    item_weight: Array,
    distance: Array | None,
) -> Coefficient:
    """Krippendorff's alpha, 1 - D_o / D_e; here `observed` and `expected` are 1 - D.

    Parameters
    ----------
    counts : array, (..., items, categories)
        Weight of the labels by item and category.
    squares : array, (..., items)
        Sum of squared weights by item.
    item_weight : array, (..., items)
        How often each item is counted; one each for the plain coefficient.
    distance : array, (categories, categories), or None
        Symmetric, zero on the diagonal. None is the ordinal metric, which depends on the
        marginal counts.
    """
    total = _row_sums(counts)  # (..., items)
    pairs = total * total - squares  # (..., items)
    pairable = pairs > _tiny(total)  # (..., items)
    xp = counts.__array_namespace__()
    weight = xp.where(pairable, item_weight, 0.0 * item_weight)  # (..., items)
    marginal = xp.matmul(weight[..., None, :], counts)[..., 0, :]  # (..., categories)
    if distance is None:
        position = rank_positions(marginal)  # (..., categories)
        step = position[..., :, None] - position[..., None, :]
        distance = step * step  # (..., categories, categories)
    within = _quadratic_forms(counts, distance)  # (..., items)
    within = within / xp.where(pairable, pairs, 1.0 + 0.0 * pairs)  # mean distance of a pair
    n_labels = (weight * total).sum(axis=-1)  # (...)
    observed = (weight * total * within).sum(axis=-1) / n_labels
    between = (xp.matmul(marginal[..., None, :], distance)[..., 0, :] * marginal).sum(axis=-1)
    expected = between / (n_labels * n_labels - (weight * squares).sum(axis=-1))
    return Coefficient(1.0 - observed / expected, 1.0 - observed, 1.0 - expected)


def fleiss_agreement(
    counts: Array, squares: Array, item_weight: Array, similarity: Array
) -> Coefficient:
    """Fleiss' kappa: chance is two draws from the mean distribution of labels."""
    observed = _pair_agreement(counts, squares, item_weight, similarity)
    share = _mean_share(counts, item_weight)  # (..., categories)
    return _corrected(observed, _quadratic(share, similarity))


def gwet_agreement(
    counts: Array, squares: Array, item_weight: Array, similarity: Array
) -> Coefficient:
    """Gwet's AC1 (identity similarity) and AC2."""
    observed = _pair_agreement(counts, squares, item_weight, similarity)
    share = _mean_share(counts, item_weight)  # (..., categories)
    n = counts.shape[-1]
    spread = (share * (1.0 - share)).sum(axis=-1)
    return _corrected(observed, similarity.sum() * spread / (n * (n - 1)))


def brennan_prediger_agreement(
    counts: Array, squares: Array, item_weight: Array, similarity: Array
) -> Coefficient:
    """Brennan and Prediger's kappa: chance is uniform over the categories."""
    observed = _pair_agreement(counts, squares, item_weight, similarity)
    n = counts.shape[-1]
    return _corrected(observed, 0.0 * observed + similarity.sum() / (n * n))


def conger_agreement(
    counts: Array,
    squares: Array,
    item_weight: Array,
    similarity: Array,
    rater_share: Array,
    rater_weight: Array,
) -> Coefficient:
    """Conger's kappa, which for two raters is Cohen's: chance is two different raters' draws.

    Parameters
    ----------
    counts, squares, item_weight
        As in `krippendorff_agreement`.
    similarity : array, (categories, categories)
        Agreement of two categories, 1 on the diagonal.
    rater_share : array, (..., raters, categories)
        Each rater's distribution of labels over the pairable items.
    rater_weight : array, (..., raters)
        What each rater counts for: one, or in a resample how often the rater was drawn.
    """
    observed = _pair_agreement(counts, squares, item_weight, similarity)
    weighted = rater_weight[..., None] * rater_share
    together = _quadratic(weighted.sum(axis=-2), similarity)
    alone = _quadratic(weighted, similarity).sum(axis=-1)
    pairs = rater_weight.sum(axis=-1) ** 2 - (rater_weight**2).sum(axis=-1)
    return _corrected(observed, (together - alone) / pairs)


def rank_positions(marginal: Array) -> Array:
    """Mid-ranks of the categories: their squared differences are the ordinal metric.

    Parameters
    ----------
    marginal : array, (..., categories)
        Labels by category, in order.
    """
    xp = marginal.__array_namespace__()
    return xp.cumsum(marginal, axis=-1) - marginal / 2.0


def _pair_agreement(counts: Array, squares: Array, item_weight: Array, similarity: Array) -> Array:
    """Mean over the items with a pair of the share of agreeing pairs, (...)."""
    xp = counts.__array_namespace__()
    total = _row_sums(counts)  # (..., items)
    pairs = total * total - squares
    pairable = pairs > _tiny(total)
    agreeing = _quadratic_forms(counts, similarity) - squares  # (..., items)
    share = agreeing / xp.where(pairable, pairs, 1.0 + 0.0 * pairs)
    weight = xp.where(pairable, item_weight, 0.0 * item_weight)
    return (weight * share).sum(axis=-1) / weight.sum(axis=-1)


def _mean_share(counts: Array, item_weight: Array) -> Array:
    """Mean over all labelled items of their distributions of labels, (..., categories)."""
    xp = counts.__array_namespace__()
    total = _row_sums(counts)  # (..., items)
    weight = xp.where(total > 0.0, item_weight, 0.0 * item_weight)
    per_label = weight / xp.where(total > 0.0, total, 1.0 + 0.0 * total)
    return xp.matmul(per_label[..., None, :], counts)[..., 0, :] / weight.sum(axis=-1)[..., None]


def _quadratic(share: Array, similarity: Array) -> Array:
    """Expected similarity of two draws from `share`, (...)."""
    xp = share.__array_namespace__()
    return (xp.matmul(share[..., None, :], similarity)[..., 0, :] * share).sum(axis=-1)


def _quadratic_forms(counts: Array, matrix: Array) -> Array:
    """``sum_kl c_k matrix_kl c_l`` of each item, (..., items); `matrix` is symmetric."""
    xp = counts.__array_namespace__()
    by_category = xp.matrix_transpose(counts)  # (..., categories, items)
    return (xp.matmul(matrix, by_category) * by_category).sum(axis=-2)


def _corrected(observed: Array, expected: Array) -> Coefficient:
    return Coefficient((observed - expected) / (1.0 - expected), observed, expected)


def _tiny(total: Array) -> Array:
    """What rounding can leave of n^2 - sum of w^2 where an item has one label."""
    return 1e-12 * total * total


def _row_sums(table: Array) -> Array:
    """Sum over the last axis, which is short: a matrix product does it faster than `sum`."""
    xp = table.__array_namespace__()
    return xp.matmul(table, xp.ones(table.shape[-1], dtype=table.dtype))

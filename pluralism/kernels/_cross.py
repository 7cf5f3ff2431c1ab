"""Agreement across two groups of raters, from the label counts of each.

Array-API functions: NumPy or JAX, with leading batch axes.
"""

from __future__ import annotations

from typing import Any

from ._agreement import Coefficient

__all__ = [
    "cross_agreement",
    "cross_negentropy",
    "negentropy",
    "plurality",
    "plurality_size",
    "voting_agreement",
]

Array = Any


def cross_agreement(left: Array, right: Array, distance: Array) -> Coefficient:
    """Cross-replication reliability kappa_x = 1 - D_o / D_e (Wong, Paritosh and Aroyo 2021).

    Parameters
    ----------
    left, right : array, (..., items, categories)
        Label counts of the two groups. Only items that both labelled count.
    distance : array, (categories, categories)
        Symmetric, zero on the diagonal.
    """
    xp = left.__array_namespace__()
    n_left, n_right = left.sum(axis=-1), right.sum(axis=-1)  # (..., items)
    both = (n_left > 0.0) & (n_right > 0.0)
    pairs = xp.where(both, n_left * n_right, 1.0 + 0.0 * n_left)
    between = (xp.matmul(left, distance) * right).sum(axis=-1) / pairs  # (..., items)
    weight = xp.where(both, n_left + n_right, 0.0 * n_left)  # eq. 9: R_i + S_i
    observed = (weight * between).sum(axis=-1) / weight.sum(axis=-1)
    shared = xp.where(both, 1.0 + 0.0 * n_left, 0.0 * n_left)[..., None]
    x, y = (shared * left).sum(axis=-2), (shared * right).sum(axis=-2)  # (..., categories)
    chance = (xp.matmul(x[..., None, :], distance)[..., 0, :] * y).sum(axis=-1)
    expected = chance / (x.sum(axis=-1) * y.sum(axis=-1))  # eq. 10
    return Coefficient(1.0 - observed / expected, 1.0 - observed, 1.0 - expected)


def plurality_size(counts: Array) -> Array:
    """Mean share of an item's most frequent label, (...), over the items with labels."""
    xp = counts.__array_namespace__()
    total = counts.sum(axis=-1)
    share = counts.max(axis=-1) / xp.where(total > 0.0, total, 1.0 + 0.0 * total)
    return share.sum(axis=-1) / (total > 0.0).sum(axis=-1)


def negentropy(counts: Array) -> Array:
    """Mean of ln K minus the entropy of an item's labels, (...), over the items with labels."""
    xp = counts.__array_namespace__()
    total = counts.sum(axis=-1)  # (..., items)
    some = xp.where(total > 0.0, total, 1.0 + 0.0 * total)
    # H = ln n - sum c ln c / n: one logarithm for each count and one for each item
    inner = (counts * xp.log(xp.where(counts > 0.0, counts, 1.0 + 0.0 * counts))).sum(axis=-1)
    gap = xp.log(xp.asarray(float(counts.shape[-1]))) - xp.log(some) + inner / some
    return xp.where(total > 0.0, gap, 0.0 * gap).sum(axis=-1) / (total > 0.0).sum(axis=-1)


def cross_negentropy(left: Array, right: Array, smoothing: float) -> Array:
    """Mean of ln K minus the cross-entropy of the left group's labels under the right's, (...).

    `smoothing` is added to every count of the right group; with 0, categories that the right
    group never used on an item are left out (as in the published code).
    """
    xp = left.__array_namespace__()
    n_left, n_right = left.sum(axis=-1), right.sum(axis=-1)
    both = (n_left > 0.0) & (n_right > 0.0)
    smooth = right + smoothing
    used = smooth > 0.0
    total = smooth.sum(axis=-1)
    total = xp.where(both, total, 1.0 + 0.0 * total)
    log_q = xp.log(xp.where(used, smooth, 1.0 + 0.0 * smooth)) - xp.log(total)[..., None]
    inner = xp.where(used, left * log_q, 0.0 * left).sum(axis=-1)
    inner = inner / xp.where(both, n_left, 1.0 + 0.0 * n_left)
    gap = xp.log(xp.asarray(float(left.shape[-1]))) + inner
    return xp.where(both, gap, 0.0 * gap).sum(axis=-1) / both.sum(axis=-1)


def plurality(counts: Array) -> Array:
    """One vote an item for its most frequent label, (..., items, categories).

    A tie is shared equally; an item without labels has no vote.
    """
    xp = counts.__array_namespace__()
    top = counts.max(axis=-1)[..., None]
    best = xp.astype((counts == top) & (top > 0.0), counts.dtype)
    n = best.sum(axis=-1)[..., None]
    return best / xp.where(n > 0.0, n, 1.0 + 0.0 * n)


def voting_agreement(left: Array, right: Array, distance: Array) -> Array:
    """Krippendorff's alpha of two voters, the pluralities of two groups, (...)."""
    xp = left.__array_namespace__()
    both = (left.sum(axis=-1) > 0.0) & (right.sum(axis=-1) > 0.0)  # (..., items)
    x = xp.where(both[..., None], plurality(left), 0.0 * left)
    y = xp.where(both[..., None], plurality(right), 0.0 * right)
    n_items = both.sum(axis=-1)
    observed = (xp.matmul(x, distance) * y).sum(axis=(-2, -1)) / n_items
    votes = (x + y).sum(axis=-2)  # (..., categories)
    chance = (xp.matmul(votes[..., None, :], distance)[..., 0, :] * votes).sum(axis=-1)
    return 1.0 - observed * (2 * n_items) * (2 * n_items - 1) / chance

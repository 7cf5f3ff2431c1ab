"""How much each item moves an agreement coefficient: the derivative by the item's weight.

Host kernels, in closed form (the linearisation behind the delta method). Arguments as in
`_agreement`, with item weights of one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ._agreement import Coefficient, rank_positions

__all__ = ["alpha_influence", "conger_chance_influence", "kappa_influence", "share_influence"]

FloatArray = npt.NDArray[np.float64]


def alpha_influence(
    counts: FloatArray, squares: FloatArray, distance: FloatArray | None, parts: Coefficient
) -> FloatArray:
    """Derivative of Krippendorff's alpha, (items,); every item has a pair."""
    total = counts.sum(axis=1)  # (items,)
    per_pair = total / (total * total - squares)
    marginal, n = counts.sum(axis=0), total.sum()
    observed, expected = 1.0 - parts.observed, 1.0 - parts.expected
    position = None
    if distance is None:
        position = rank_positions(marginal)
        distance = (position[:, None] - position) ** 2
    within = per_pair * ((counts @ distance) * counts).sum(axis=1)  # (items,)
    mass = n * n - squares.sum()
    d_observed = (within - total * observed) / n
    d_between: Any = 2.0 * counts @ (distance @ marginal)
    if position is not None:
        # The metric itself moves: x_k by the item's own mid-rank of k.
        first = counts @ position  # (items,)
        by_x = 4.0 * (per_pair[:, None] * counts * (total[:, None] * position - first[:, None]))
        moved = rank_positions(counts)  # (items, categories)
        d_observed = d_observed + moved @ by_x.sum(axis=0) / n
        slope = 4.0 * marginal * (n * position - marginal @ position)
        d_between = d_between + moved @ slope
    d_expected = (d_between - expected * (2.0 * n * total - squares)) / mass
    return np.asarray(observed / expected**2 * d_expected - d_observed / expected)


def kappa_influence(
    counts: FloatArray,
    squares: FloatArray,
    similarity: FloatArray,
    parts: Coefficient,
    d_expected: FloatArray,
) -> FloatArray:
    """Derivative of (observed - expected) / (1 - expected), given that of the chance, (items,)."""
    total = counts.sum(axis=1)
    pairs = total * total - squares
    pairable = pairs > 1e-12 * total * total
    agreeing = ((counts @ similarity) * counts).sum(axis=1) - squares
    share = agreeing / np.where(pairable, pairs, 1.0)
    d_observed = np.where(pairable, share - parts.observed, 0.0) / pairable.sum()
    room = 1.0 - parts.expected
    return np.asarray(d_observed / room - (1.0 - parts.observed) / room**2 * d_expected)


def share_influence(counts: FloatArray, gradient: FloatArray) -> FloatArray:
    """Derivative of a function of the mean distribution of labels, (items,).

    Parameters
    ----------
    counts : array, (items, categories)
    gradient : array, (categories,)
        Of the function, by the distribution.
    """
    total = counts.sum(axis=1)
    used = total > 0.0
    share = counts / np.where(used, total, 1.0)[:, None]
    mean = share.sum(axis=0) / used.sum()
    return np.asarray(np.where(used, share @ gradient - mean @ gradient, 0.0) / used.sum())


def conger_chance_influence(
    item: npt.NDArray[np.integer],
    rater: npt.NDArray[np.integer],
    label: npt.NDArray[np.integer],
    weight: FloatArray,
    rater_share: FloatArray,
    rater_weight: FloatArray,
    similarity: FloatArray,
    n_items: int,
) -> FloatArray:
    """Derivative of Conger's chance agreement, (items,).

    Parameters
    ----------
    item, rater, label, weight : arrays, (cells,)
        Labels of the pairable items.
    rater_share : array, (raters, categories)
        As in `conger_agreement`.
    rater_weight : array, (raters,)
        Likewise.
    similarity : array, (categories, categories)
    n_items : int
        Items.
    """
    n = len(rater_share)
    each = rater_weight[:, None]
    pairs = rater_weight.sum() ** 2 - (rater_weight**2).sum()
    others = (each * rater_share).sum(axis=0) - each * rater_share
    gradient = 2.0 * each * (others @ similarity) / pairs
    labels = np.bincount(rater, weight, n)  # (raters,)
    centred = gradient - (gradient * rater_share).sum(axis=1, keepdims=True)
    moved = weight * centred[rater, label] / labels[rater]
    return np.asarray(np.bincount(item, moved, n_items), dtype=np.float64)

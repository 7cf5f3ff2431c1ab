"""Agreement across two pools of raters, from the label counts of each.

Array-API functions: NumPy or JAX, with leading batch axes.
"""

from __future__ import annotations

from typing import Any

from ._agreement import Coefficient

__all__ = ["cross_agreement"]

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

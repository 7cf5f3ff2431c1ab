"""Agreement coefficients of many resamples of raters in one fused JAX call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["rater_replicates"]


@partial(jax.jit, static_argnames=("coefficient", "shape"))
def rater_replicates(
    weights: jax.Array,
    labels: jax.Array,
    squares: jax.Array,
    metric: jax.Array | None,
    *,
    coefficient: Callable[..., Any],
    shape: tuple[int, int],
) -> jax.Array:
    """Value of `coefficient` for every row of weights, (replicates,).

    Parameters
    ----------
    weights : array, (replicates, raters)
        How often each rater was drawn.
    labels : array, (raters, items * categories)
        Weight of the labels of each rater.
    squares : array, (raters, items)
        Their summed squared weights.
    metric : array, (categories, categories), or None
        Passed on to `coefficient`.
    coefficient : callable
        A kernel of (counts, squares, item weights, metric), such as `krippendorff_agreement`.
    shape : (int, int)
        Numbers of items and categories.
    """
    counts = (weights @ labels).reshape(-1, *shape)  # (replicates, items, categories)
    own = (weights * weights) @ squares  # (replicates, items)
    return coefficient(counts, own, jnp.ones_like(own), metric).value

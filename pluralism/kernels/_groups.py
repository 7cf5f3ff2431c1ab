"""How a group of raters agrees with itself and with everybody else, for many groupings at once."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from . import _cross
from ._agreement import krippendorff_agreement

__all__ = ["STATISTICS", "group_statistics"]

#: Rows of the result, in order.
STATISTICS = (
    "alpha",
    "plurality",
    "negentropy",
    "xrr",
    "voting_agreement",
    "cross_negentropy",
)


@partial(jax.jit, static_argnames=("ordinal",))
def group_statistics(
    counts: jax.Array,
    squares: jax.Array,
    total: jax.Array,
    distance: jax.Array,
    smoothing: jax.Array,
    *,
    ordinal: bool,
) -> jax.Array:
    """Cohesion within groups and across to the rest, (statistics, groupings, groups).

    Parameters
    ----------
    counts : array, (groupings, groups, items, categories)
        Label counts of each group.
    squares : array, (groupings, groups, items)
        Sums of squared label weights.
    total : array, (1, 1, items, categories)
        Label counts of all raters.
    distance : array, (categories, categories)
        Disagreement of two categories.
    smoothing : array, ()
        Added to the others' counts in the cross-entropy.
    ordinal : bool
        Whether alpha uses each group's own mid-ranks instead of `distance`.
    """
    rest = total - counts
    ones = jnp.ones_like(squares)
    alpha = krippendorff_agreement(counts, squares, ones, None if ordinal else distance)
    rows: list[Any] = [
        alpha.value,
        _cross.plurality_size(counts),
        _cross.negentropy(counts),
        _cross.cross_agreement(counts, rest, distance).value,
        _cross.voting_agreement(counts, rest, distance),
        _cross.cross_negentropy(counts, rest, smoothing),
    ]
    return jnp.stack(rows)

"""How much each item moves an agreement coefficient: the derivative by the item's weight."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from . import _agreement

__all__ = ["AgreementInfluence", "agreement_influence"]


class AgreementInfluence(NamedTuple):
    """A coefficient with its parts, and its derivative by each item's weight."""

    value: jax.Array  # ()
    observed: jax.Array  # ()
    expected: jax.Array  # ()
    influence: jax.Array  # (items,)


@partial(jax.jit, static_argnames=("coefficient", "n_raters"))
def agreement_influence(
    counts: jax.Array,
    squares: jax.Array,
    matrix: jax.Array | None,
    item: jax.Array,
    key: jax.Array,
    weight: jax.Array,
    *,
    coefficient: str,
    n_raters: int,
) -> AgreementInfluence:
    """Evaluate a coefficient and differentiate it by item weights.

    Parameters
    ----------
    counts, squares : arrays, (items, categories) and (items,)
        As in `krippendorff_agreement`.
    matrix : array, (categories, categories), or None
        Distances for alpha (None is ordinal), similarities for the kappas.
    item, key, weight : arrays, (cells,)
        Labels by rater, for Cohen and Conger: the item, rater x categories + label, and weight.
        Otherwise empty.
    coefficient : str
        The name of the public function.
    n_raters : int
        Number of raters in the cells.
    """
    kernel: Any = {
        "brennan_prediger": _agreement.brennan_prediger_agreement,
        "cohen_kappa": _agreement.conger_agreement,
        "fleiss_kappa": _agreement.fleiss_agreement,
        "gwet_ac1": _agreement.gwet_agreement,
        "krippendorff_alpha": _agreement.krippendorff_agreement,
    }[coefficient]

    def evaluate(item_weight: jax.Array) -> tuple[jax.Array, _agreement.Coefficient]:
        extra: tuple[jax.Array, ...] = ()
        if coefficient == "cohen_kappa":
            n = counts.shape[-1]
            mass = jax.ops.segment_sum(item_weight[item] * weight, key, n_raters * n)
            table = mass.reshape(n_raters, n)
            extra = (table / table.sum(axis=1, keepdims=True),)
        result = kernel(counts, squares, item_weight, matrix, *extra)
        return result.value, result

    ones = jnp.ones_like(squares)
    (_, parts), influence = jax.value_and_grad(evaluate, has_aux=True)(ones)
    return AgreementInfluence(parts.value, parts.observed, parts.expected, influence)

"""The normalising constant of Davidson-Luce, ties of any size included, to differentiate through.

Summing f over all subsets of a set would take as many terms as there are subsets. The subsets of
one size, though, add up to an elementary symmetric polynomial, so the cost is linear in the
number of alternatives.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

__all__ = ["davidson_luce_normaliser"]


@partial(jax.jit, static_argnames="orders")
def davidson_luce_normaliser(
    theta: jax.Array, member: jax.Array, weight: jax.Array, *, orders: tuple[int, ...]
) -> jax.Array:
    """Weighted sum over sets of the log of the sum of f over their subsets.

    Parameters
    ----------
    theta : jax.Array, (items + orders,)
        Log worths, then log tie parameters.
    member : jax.Array of bool, (sets, items)
        The sets that were chosen from.
    weight : jax.Array, (sets,)
        How often each.
    orders : tuple of int
        Sizes of tied choices, above one, in the order of their parameters; () for none.

    Returns
    -------
    jax.Array, ()
        Convex in `theta`; its gradient is the expected value of the sufficient statistics.
    """
    utility = theta[: member.shape[1]]
    top = jnp.max(jnp.where(member, utility[None, :], -jnp.inf), axis=1)  # (sets,)
    # f is homogeneous of degree one in the worths, so the largest can be divided out.
    gap = jnp.where(member, utility[None, :] - top[:, None], 0.0)  # (sets, items)
    total = jnp.where(member, jnp.exp(gap), 0.0).sum(axis=1)  # (sets,)
    for place, order in enumerate(orders):
        # The subsets of one size add up to an elementary symmetric polynomial of the roots.
        root = jnp.where(member, jnp.exp(gap / order), 0.0)  # (sets, items)
        symmetric = _elementary_symmetric(root, order)
        total += jnp.exp(theta[member.shape[1] + place]) * symmetric
    return weight @ (top + jnp.log(total))


def _elementary_symmetric(x: jax.Array, order: int) -> jax.Array:
    """Sum over subsets of `order` entries of each row of their product, (rows,)."""

    def add(partial_sums: jax.Array, column: jax.Array) -> tuple[jax.Array, None]:
        lower = jnp.concatenate([jnp.zeros_like(partial_sums[:1]), partial_sums[:-1]])
        return partial_sums + lower * column[None, :], None

    start = jnp.zeros((order + 1, x.shape[0]), x.dtype).at[0].set(1.0)
    return jax.lax.scan(add, start, x.T)[0][order]

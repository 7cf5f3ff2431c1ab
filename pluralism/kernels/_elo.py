"""The online Elo rating, replayed over many orders of the same votes.

A rating depends on the order in which the votes came, so the useful question is asked of many
orders at once. Padded votes have step zero and change nothing.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

__all__ = ["Votes", "elo_ratings"]


class Votes(NamedTuple):
    """Votes in any order; `elo_ratings` is told the orders."""

    first: jax.Array  # (votes,) integer
    second: jax.Array  # (votes,) integer
    share: jax.Array  # (votes,): 1 the first won, 0 the second, between: shared
    step: jax.Array  # (votes,): K, or 0 for padding


@partial(jax.jit, static_argnames="n_items")
def elo_ratings(votes: Votes, orders: jax.Array, slope: jax.Array, *, n_items: int) -> jax.Array:
    """Ratings, relative to the initial one, after the votes in each of several orders.

    Parameters
    ----------
    votes : Votes
        The votes.
    orders : jax.Array of int, (orders, votes)
        Positions in `votes`, in the order of play.
    slope : jax.Array, ()
        ``log(base) / scale``.
    n_items : int
        Number of items.

    Returns
    -------
    jax.Array, (orders, n_items)
        Ratings minus the initial rating.
    """

    def play(rating: jax.Array, place: jax.Array) -> tuple[jax.Array, None]:
        first, second = votes.first[place], votes.second[place]
        expected = jax.nn.sigmoid(slope * (rating[first] - rating[second]))
        gain = votes.step[place] * (votes.share[place] - expected)
        return rating.at[first].add(gain).at[second].add(-gain), None

    start = jnp.zeros(n_items, votes.share.dtype)
    # One order after the other: a small rating vector stays in the cache, which on a CPU is as
    # fast as a batched scatter and compiles in half the time.
    return jax.lax.map(lambda order: jax.lax.scan(play, start, order)[0], orders)

"""Bradley-Terry on pairs in JAX: to differentiate, to batch, to run on an accelerator.

The host kernels in `_newton` are faster for one fit on a CPU and need no compilation; these are
their twins. The estimate is differentiable in the counts through the score equation that it
solves (the implicit function theorem), so no iteration is unrolled.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.sparse.linalg import cg

from ._padding import bucket
from ._pairs import Pairs

__all__ = [
    "PaddedPairs",
    "bradley_terry_log_likelihood",
    "bradley_terry_utilities",
    "pad_pairs",
]

#: Longest change of a pair's log-odds in one step.
_LONGEST_STEP = 8.0


class PaddedPairs(NamedTuple):
    """Pairs filled up to powers of two; padding has no votes and joins item 0 to itself."""

    low: np.ndarray  # (pairs,) int32
    high: np.ndarray  # (pairs,) int32
    won: np.ndarray  # (pairs,)
    lost: np.ndarray  # (pairs,)
    start: np.ndarray  # (items,): zeros


def pad_pairs(pairs: Pairs) -> PaddedPairs:
    """Fill up to the next power of two, so that few shapes are compiled. Host function."""
    more = bucket(len(pairs.low)) - len(pairs.low)
    low, high, won, lost = (np.pad(column, (0, more)) for column in pairs[:4])
    return PaddedPairs(low, high, won, lost, np.zeros(bucket(pairs.n_items)))


@partial(jax.jit)
def bradley_terry_log_likelihood(
    utility: jax.Array, low: jax.Array, high: jax.Array, won: jax.Array, lost: jax.Array
) -> jax.Array:
    """Log-likelihood of wins by pair, without combinatorial constants.

    Parameters
    ----------
    utility : jax.Array, (items,)
        Log-odds scale.
    low, high : jax.Array of int, (pairs,)
        Items of each pair.
    won, lost : jax.Array, (pairs,)
        Weight of the votes for `low` and for `high`.
    """
    gap = utility[low] - utility[high]  # (pairs,)
    return won @ jax.nn.log_sigmoid(gap) + lost @ jax.nn.log_sigmoid(-gap)


@partial(jax.jit, static_argnames=("max_iterations",))
def bradley_terry_utilities(
    low: jax.Array,
    high: jax.Array,
    won: jax.Array,
    lost: jax.Array,
    start: jax.Array,
    ridge: jax.Array,
    tolerance: jax.Array,
    *,
    max_iterations: int = 50,
) -> jax.Array:
    """Maximum likelihood (or, with a ridge, posterior mode) by Newton and conjugate gradients.

    Parameters
    ----------
    low, high : jax.Array of int, (pairs,)
        Items of each pair.
    won, lost : jax.Array, (pairs,)
        Weight of the votes for each; the result is differentiable in them
        and in `ridge`.
    start : jax.Array, (items,)
        Where to start; the estimate does not depend on it.
    ridge : jax.Array, ()
        Precision of a normal prior on every utility; 0 for maximum likelihood, which must
        exist (see `win_graph`).
    tolerance : jax.Array, ()
        Newton decrement, in standard errors, below which the last step is taken.
    max_iterations : int
        Most Newton steps.

    Returns
    -------
    jax.Array, (items,)
        Mean zero over the items that were compared; NaN where the steps ran out.
    """
    return _estimate(low, high, won, lost, start, ridge, tolerance, max_iterations)


class _Graph(NamedTuple):
    """Pairs with the curvature of their likelihood at some utilities."""

    low: jax.Array
    high: jax.Array
    weight: jax.Array  # (pairs,)
    ridge: jax.Array
    met: jax.Array  # (items,): which items were compared at all

    def to_items(self, values: jax.Array) -> jax.Array:
        zeros = jnp.zeros(len(self.met), values.dtype)
        return zeros.at[self.low].add(values).at[self.high].add(-values)

    def centre(self, values: jax.Array) -> jax.Array:
        count = self.met.sum().astype(values.dtype)
        mean = jnp.where(self.met, values, 0.0).sum() / count
        return jnp.where(self.ridge > 0, values, jnp.where(self.met, values - mean, 0.0))

    def solve(self, right: jax.Array) -> jax.Array:
        """Conjugate gradients with the diagonal as preconditioner, on the centred system."""
        degree = jnp.zeros_like(right).at[self.low].add(self.weight).at[self.high].add(self.weight)
        degree = degree + self.ridge
        scale = jnp.where(degree > 0, 1.0 / degree, 0.0)
        solution, _ = cg(
            lambda x: self.to_items(self.weight * (x[self.low] - x[self.high])) + self.ridge * x,
            self.centre(right),
            tol=1e-12,
            maxiter=10 * len(right),
            M=lambda x: scale * x,
        )
        return self.centre(solution)


def _at(
    utility: jax.Array,
    low: jax.Array,
    high: jax.Array,
    won: jax.Array,
    lost: jax.Array,
    ridge: jax.Array,
) -> tuple[_Graph, jax.Array, jax.Array]:
    """Curvature, chance that low wins, and score."""
    total = won + lost
    probability = jax.nn.sigmoid(utility[low] - utility[high])  # (pairs,)
    met = jnp.zeros_like(utility).at[low].add(total).at[high].add(total) > 0
    graph = _Graph(low, high, total * probability * (1.0 - probability), ridge, met)
    return graph, probability, graph.to_items(won - total * probability) - ridge * utility


@partial(jax.custom_vjp, nondiff_argnums=(7,))
def _estimate(
    low: jax.Array,
    high: jax.Array,
    won: jax.Array,
    lost: jax.Array,
    start: jax.Array,
    ridge: jax.Array,
    tolerance: jax.Array,
    max_iterations: int,
) -> jax.Array:
    def unfinished(state: tuple[jax.Array, jax.Array, jax.Array]) -> jax.Array:
        _, decrement, iteration = state
        return (decrement > tolerance) & (iteration < max_iterations)

    def take(state: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, ...]:
        point, _, iteration = state
        graph, _, score = _at(point, low, high, won, lost, ridge)
        step = graph.solve(score)
        length = jnp.minimum(1.0, _LONGEST_STEP / jnp.maximum(jnp.ptp(step), 1e-300))
        decrement = jnp.sqrt(jnp.maximum(score @ step, 0.0))
        return graph.centre(point + length * step), decrement, iteration + 1

    infinity = jnp.full((), jnp.inf, start.dtype)
    point, decrement, _ = lax.while_loop(unfinished, take, (start, infinity, jnp.int32(0)))
    return jnp.where(decrement <= tolerance, point, jnp.nan)


def _forward(*arguments: Any) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    utility = _estimate(*arguments)
    return utility, (utility, *arguments[:4], arguments[5])


def _backward(
    max_iterations: int, kept: tuple[jax.Array, ...], cotangent: jax.Array
) -> tuple[Any, ...]:
    utility, low, high, won, lost, ridge = kept
    graph, probability, _ = _at(utility, low, high, won, lost, ridge)
    solved = graph.solve(cotangent)
    gap = solved[low] - solved[high]  # (pairs,)
    return None, None, gap * (1.0 - probability), -gap * probability, None, -solved @ utility, None


_estimate.defvjp(_forward, _backward)

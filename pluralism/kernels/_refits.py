"""Many Bradley-Terry fits on the same items at once, one after the other inside one JAX loop.

`jax.lax.map` rather than `vmap`: a batched Cholesky factor inside a loop is slower on a CPU, and
with several forced host devices jax 0.10.2 compiles it and never returns. Each fit is Newton's
method on the dense table of wins, with the directional derivative at the end of each step as the
safeguard, stopped on the Newton decrement.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["CONVERGED", "NOT_CONNECTED", "NOT_FINITE", "OUT_OF_ITERATIONS", "Refits", "refit"]

CONVERGED, OUT_OF_ITERATIONS, NOT_FINITE, NOT_CONNECTED = 0, 1, 2, 3

#: Longest step, in log-odds.
_LONGEST_STEP = 4.0
_MAX_HALVINGS = 30


class Refits(NamedTuple):
    """Where each of the fits ended."""

    utility: jax.Array  # (fits, items): mean zero unless there is a ridge
    decrement: jax.Array  # (fits,): distance from the optimum in standard errors
    iterations: jax.Array  # (fits,)
    status: jax.Array  # (fits,)


class _Point(NamedTuple):
    utility: jax.Array  # (items,)
    gradient: jax.Array  # (items,)
    curvature: jax.Array  # (items, items): of each pair, symmetric, zero diagonal


class _State(NamedTuple):
    point: _Point
    decrement: jax.Array
    iterations: jax.Array
    status: jax.Array


@partial(jax.jit, static_argnames=("max_iterations",))
def refit(
    wins: jax.Array,
    start: jax.Array,
    ridge: jax.Array,
    tolerance: jax.Array,
    *,
    max_iterations: int = 100,
) -> Refits:
    """Fit every table of wins.

    Parameters
    ----------
    wins : array, (fits, items, items)
        ``wins[b, i, j]``: weight by which i was preferred to j in fit b.
    start : array, (fits, items)
        Where each fit starts.
    ridge : array, ()
        Precision of a normal prior on every utility; 0 for maximum likelihood.
    tolerance : array, ()
        Newton decrement, in standard errors, below which the last step is taken.
    max_iterations : int
        Most Newton steps.
    """
    return lax.map(
        lambda each: _fit(each[0], each[1], ridge, tolerance, max_iterations),
        (wins, start),
    )


def _fit(
    wins: jax.Array,
    start: jax.Array,
    ridge: jax.Array,
    tolerance: jax.Array,
    max_iterations: int,
) -> Refits:
    total = wins + wins.T  # (items, items)
    connected = (ridge > 0) | _strongly_connected(wins)

    def evaluate(utility: jax.Array) -> _Point:
        probability = jax.nn.sigmoid(utility[:, None] - utility[None, :])
        expected = total * probability
        gradient = (wins - expected).sum(axis=1) - ridge * utility
        return _Point(utility, gradient, expected * (1.0 - probability))

    def newton_step(point: _Point) -> jax.Array:
        degree = point.curvature.sum(axis=1)
        # Without a ridge the mean is free; this rank-one term fixes it and changes nothing else.
        anchor = jnp.where(ridge > 0, 0.0, degree.mean() / degree.size)
        hessian = jnp.diag(degree + ridge) - point.curvature + anchor
        factor = lax.linalg.cholesky(hessian)
        half = lax.linalg.triangular_solve(
            factor, point.gradient[:, None], left_side=True, lower=True
        )
        step = lax.linalg.triangular_solve(
            factor, half, left_side=True, lower=True, transpose_a=True
        )
        return step[:, 0]

    def take(state: _State) -> _State:
        point = state.point
        step = newton_step(point)
        slope = point.gradient @ step
        decrement = jnp.sqrt(jnp.maximum(slope, 0.0))
        last = decrement <= tolerance
        longest = jnp.abs(step).max()
        length = jnp.minimum(1.0, _LONGEST_STEP / jnp.where(longest > 0, longest, 1.0))

        def too_far(trial: tuple[jax.Array, jax.Array, _Point]) -> jax.Array:
            tries, _, there = trial
            return ~last & (there.gradient @ step < -0.5 * slope) & (tries < _MAX_HALVINGS)

        def shorten(trial: tuple[jax.Array, jax.Array, _Point]) -> tuple[jax.Array, ...]:
            # The secant of the slope along the step says where it vanishes.
            tries, length, there = trial
            length = length * slope / (slope - there.gradient @ step)
            return tries + 1, length, evaluate(point.utility + length * step)

        first = evaluate(point.utility + length * step)
        _, _, there = lax.while_loop(too_far, shorten, (jnp.int32(0), length, first))
        status = jnp.where(last, CONVERGED, OUT_OF_ITERATIONS)
        status = jnp.where(jnp.isfinite(slope), status, NOT_FINITE).astype(jnp.int32)
        return _State(there, decrement, state.iterations + 1, status)

    def unfinished(state: _State) -> jax.Array:
        return (state.status == OUT_OF_ITERATIONS) & (state.iterations < max_iterations)

    opening = _State(
        evaluate(start),
        jnp.full((), jnp.inf, start.dtype),
        jnp.int32(0),
        jnp.where(connected, OUT_OF_ITERATIONS, NOT_CONNECTED).astype(jnp.int32),
    )
    end = lax.while_loop(unfinished, take, opening)
    utility = end.point.utility
    utility = jnp.where(ridge > 0, utility, utility - utility.mean())
    return Refits(utility, end.decrement, end.iterations, end.status)


def _strongly_connected(wins: jax.Array) -> jax.Array:
    """Whether wins lead from every item to every other: Ford's condition for an estimate."""
    beats = (wins > 0).astype(wins.dtype)
    nobody = jnp.zeros(len(wins), wins.dtype).at[0].set(1.0)

    def grow(reach: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        now, _ = reach  # (2, items): whom item 0 leads to, and who leads to it
        down = now[0] @ beats + now[0]
        up = beats @ now[1] + now[1]
        return (jnp.stack([down, up]) > 0).astype(wins.dtype), now

    def growing(reach: tuple[jax.Array, jax.Array]) -> jax.Array:
        now, before = reach
        return (now.sum() > before.sum()) & (now.sum() < now.size)

    start = jnp.stack([nobody, nobody])
    reached, _ = lax.while_loop(growing, grow, (start, jnp.zeros_like(start)))
    return reached.sum() == reached.size

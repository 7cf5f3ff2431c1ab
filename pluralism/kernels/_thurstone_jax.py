"""Thurstone's Case III in JAX: a differentiable likelihood, and the published Adam loop.

The loop is that of Utility Engineering (Mazeika et al. 2025, arXiv 2502.08640): mean binary
cross-entropy over unweighted edges, Adam for a fixed number of epochs, utilities standardised
inside the loss. It is early stopping, not an optimum; the constants below are the published ones.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import erf, log_ndtr

__all__ = ["AdamFit", "adam_case_iii", "case_iii_log_likelihood"]

#: Added to standard deviations and to the variance of a pair in the published code.
_FLOOR = 1e-5


@partial(jax.jit)
def case_iii_log_likelihood(
    utility: jax.Array,
    log_variance: jax.Array,
    first: jax.Array,
    second: jax.Array,
    won: jax.Array,
    lost: jax.Array,
) -> jax.Array:
    """Log-likelihood of cells under P = Phi((u_i - u_j) / sqrt(v_i + v_j)).

    Parameters
    ----------
    utility, log_variance : jax.Array, (items,)
        u and log v.
    first, second : jax.Array of int, (cells,)
        Items of each cell.
    won, lost : jax.Array, (cells,)
        Weight of the votes for the first and for the second.

    Returns
    -------
    jax.Array, ()
        Without combinatorial constants; differentiable in `utility` and `log_variance`.
    """
    log_sum = jnp.logaddexp(log_variance[first], log_variance[second])  # (cells,)
    z = (utility[first] - utility[second]) * jnp.exp(-0.5 * log_sum)  # (cells,)
    return won @ log_ndtr(z) + lost @ log_ndtr(-z)


class AdamFit(NamedTuple):
    """Where the published loop ends."""

    utility: jax.Array  # (items,): mean 0, standard deviation 1
    variance: jax.Array  # (items,)
    log_loss: jax.Array  # (): mean over edges, clipped as published
    gradient: jax.Array  # (): largest entry of the loss's gradient, of what remains to be gained


def _standardise(utility: jax.Array, log_variance: jax.Array, real: jax.Array) -> tuple:
    """Mean 0 and sample standard deviation 1 over the `real` items, floors as published."""
    count = real.sum()
    mean = (utility * real).sum() / count
    centred = (utility - mean) * real
    deviation = jnp.sqrt((centred**2).sum() / (count - 1)) + _FLOOR
    return centred / deviation, jnp.exp(log_variance) / (deviation + _FLOOR) ** 2


@partial(jax.jit, static_argnames="epochs")
def adam_case_iii(
    start: jax.Array,
    real: jax.Array,
    first: jax.Array,
    second: jax.Array,
    share: jax.Array,
    weight: jax.Array,
    learning_rate: jax.Array,
    *,
    epochs: int,
) -> AdamFit:
    """Run the published loop.

    Parameters
    ----------
    start : jax.Array, (2, items)
        Initial utilities and log-variances.
    real : jax.Array, (items,)
        1 for items, 0 for padding.
    first, second : jax.Array of int, (edges,)
        Items of each edge.
    share : jax.Array, (edges,)
        Share of the votes that the first item won.
    weight : jax.Array, (edges,)
        1 for edges, 0 for padding.
    learning_rate : jax.Array, ()
        Adam's step.
    epochs : int
        Number of steps.
    """
    edges = weight.sum()

    def probability(utility: jax.Array, variance: jax.Array) -> jax.Array:
        spread = jnp.sqrt(variance[first] + variance[second] + _FLOOR)
        z = (utility[first] - utility[second]) / spread  # (edges,)
        return 0.5 * (1 + erf(z * 0.5**0.5))

    def loss(parameters: jax.Array) -> jax.Array:
        p = probability(*_standardise(parameters[0], parameters[1], real))
        return (weight * _cross_entropy(p, share)).sum() / edges

    def step(state: tuple, count: jax.Array) -> tuple:
        parameters, first_moment, second_moment = state
        gradient = jax.grad(loss)(parameters)  # (2, items)
        first_moment = 0.9 * first_moment + 0.1 * gradient
        second_moment = 0.999 * second_moment + 0.001 * gradient**2
        scale = jnp.sqrt(second_moment / (1 - 0.999**count)) + 1e-8
        parameters = parameters - learning_rate * first_moment / (1 - 0.9**count) / scale
        return (parameters, first_moment, second_moment), None

    counts = jnp.arange(1, epochs + 1, dtype=start.dtype)
    state = (start, jnp.zeros_like(start), jnp.zeros_like(start))
    (parameters, _, _), _ = jax.lax.scan(step, state, counts)
    utility, variance = _standardise(parameters[0], parameters[1], real)
    p = jnp.clip(probability(utility, variance), 1e-5, 1 - 1e-5)
    log_loss = -(weight * (share * jnp.log(p) + (1 - share) * jnp.log1p(-p))).sum() / edges
    return AdamFit(utility, variance, log_loss, jnp.abs(jax.grad(loss)(parameters)).max())


@partial(jax.custom_jvp)
def _cross_entropy(p: jax.Array, share: jax.Array) -> jax.Array:
    """Binary cross-entropy with logarithms bounded below by -100."""
    return -share * jnp.maximum(jnp.log(p), -100.0) - (1 - share) * jnp.maximum(
        jnp.log1p(-p), -100.0
    )


@partial(_cross_entropy.defjvp)
def _cross_entropy_jvp(primals: tuple, tangents: tuple) -> tuple:
    """Give a saturated probability a finite slope, as the published code's library does."""
    p, share = primals
    slope = (p - share) / jnp.maximum(p * (1 - p), 1e-12)
    return _cross_entropy(p, share), slope * tangents[0]

"""A mixture of Bradley-Terry models over raters: its likelihood, curvature and the EM steps."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import lax
from scipy import special

__all__ = [
    "RaterCells",
    "ascend",
    "class_log_likelihoods",
    "expected_wins",
    "posterior",
    "value_and_slopes",
]

FloatArray = npt.NDArray[np.float64]


class RaterCells(NamedTuple):
    """Votes of raters on unordered pairs of items."""

    rater: Any  # (cells,)
    low: Any  # (cells,)
    high: Any  # (cells,)
    won: Any  # (cells,): wins of low
    lost: Any  # (cells,): wins of high


def class_log_likelihoods(table: Any, gap: FloatArray) -> FloatArray:
    """Log-likelihood of every rater under every class, (raters, classes).

    `table` holds wins of low, then of high, by pair: sparse (raters, 2 * pairs); `gap` is
    u_low - u_high, (pairs, classes).
    """
    log_chance = -np.logaddexp(0.0, np.concatenate([-gap, gap]))
    return np.asarray(table @ log_chance)


def posterior(likelihood: FloatArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Responsibilities (raters, ..., classes) and each rater's log-likelihood (raters, ...)."""
    joint = likelihood + np.log(share)
    largest = joint.max(axis=-1, keepdims=True)
    weight = np.exp(joint - largest)
    total = weight.sum(axis=-1, keepdims=True)
    return weight / total, (largest + np.log(total))[..., 0]


def expected_wins(table: Any, weight: FloatArray, low: Any, high: Any, n_items: int) -> FloatArray:
    """Wins of every class when raters count by `weight` (raters, classes): (classes, n, n)."""
    counted = np.asarray(table.T @ weight)  # (2 * pairs, classes)
    pairs = len(low)
    wins = np.zeros((weight.shape[1], n_items, n_items))
    wins[:, low, high] = counted[:pairs].T
    wins[:, high, low] = counted[pairs:].T
    return wins


def ascend(wins: FloatArray, utility: FloatArray, ridge: float, steps: int) -> FloatArray:
    """Take Newton steps, at most two log-odds long, towards the fits of all tables at once.

    Host, because the number of tables changes from call to call: `wins` (tables, n, n),
    `utility` (tables, n).
    """
    total = wins + wins.transpose(0, 2, 1)
    diagonal = np.eye(wins.shape[1])
    for _ in range(steps):
        chance = special.expit(utility[:, :, None] - utility[:, None, :])
        slope = (wins - total * chance).sum(axis=2) - ridge * utility
        curvature = total * chance * (1.0 - chance)
        hessian = diagonal * (curvature.sum(axis=2) + ridge)[:, :, None] - curvature
        step = np.linalg.solve(hessian, slope[:, :, None])[:, :, 0]
        longest = np.abs(step).max(axis=1, keepdims=True)
        utility = utility + step * np.minimum(1.0, 2.0 / np.maximum(longest, 1e-300))
    return utility


@partial(jax.jit, static_argnames=("n_raters", "n_classes", "n_items"))
def value_and_slopes(
    point: jax.Array,
    cells: RaterCells,
    ridge: jax.Array,
    *,
    n_raters: int,
    n_classes: int,
    n_items: int,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Penalised marginal log-likelihood, its gradient and its Hessian.

    `point` holds the utilities of all classes and then the log-odds of classes 2, 3, ...
    against class 1.
    """

    def value(point: jax.Array) -> jax.Array:
        utility = point[: n_classes * n_items].reshape(n_classes, n_items)
        odds = jnp.concatenate([jnp.zeros(1, point.dtype), point[n_classes * n_items :]])

        def of_class(u: jax.Array) -> jax.Array:
            gap = u[cells.low] - u[cells.high]
            votes = cells.won * jax.nn.log_sigmoid(gap) + cells.lost * jax.nn.log_sigmoid(-gap)
            return jax.ops.segment_sum(votes, cells.rater, n_raters)

        joint = lax.map(of_class, utility) + jax.nn.log_softmax(odds)[:, None]
        marginal = jax.scipy.special.logsumexp(joint, axis=0).sum()
        return marginal - 0.5 * ridge * (utility**2).sum()

    slope = jax.grad(value)
    # One column at a time: as large as the data, never parameters x data.
    hessian = lax.map(
        lambda direction: jax.jvp(slope, (point,), (direction,))[1],
        jnp.eye(point.size, dtype=point.dtype),
    )
    return value(point), slope(point), hessian

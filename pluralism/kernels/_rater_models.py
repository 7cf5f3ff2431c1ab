"""Expectation-maximisation for raters who report an unknown true label: Dawid-Skene and MACE.

JAX kernels. Labels come as cells sorted by item. Without smoothing nothing is clipped: a class
that had probability zero keeps it, and every item keeps at least one possible class.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp

__all__ = ["DawidSkeneState", "MaceState", "dawid_skene", "mace", "vote_shares"]


class DawidSkeneState(NamedTuple):
    """Where the iteration stands."""

    prevalence: jax.Array  # (classes,)
    confusion: jax.Array  # (raters, classes, labels)
    posterior: jax.Array  # (items, classes)
    log_likelihood: jax.Array  # ()
    change: jax.Array  # (): of the log-likelihood (with smoothing: its penalised form), last step
    iterations: jax.Array  # ()


class MaceState(NamedTuple):
    """Where the iteration stands."""

    competence: jax.Array  # (raters,)
    spam: jax.Array  # (raters, labels)
    posterior: jax.Array  # (items, classes)
    log_likelihood: jax.Array  # ()
    change: jax.Array  # ()
    iterations: jax.Array  # ()


def vote_shares(item: jax.Array, label: jax.Array, weight: jax.Array, shape: tuple[int, int]):
    """Share of each label among those of an item, (items, labels)."""
    n_items, n = shape
    key = item * n + label
    votes = jax.ops.segment_sum(weight, key, n_items * n).reshape(n_items, n)
    return votes / votes.sum(axis=1, keepdims=True)


@partial(jax.jit, static_argnames=("shape", "max_iterations"))
def dawid_skene(
    item: jax.Array,
    rater: jax.Array,
    label: jax.Array,
    weight: jax.Array,
    tolerance: jax.Array,
    smoothing: jax.Array,
    *,
    shape: tuple[int, int, int],
    max_iterations: int,
) -> DawidSkeneState:
    """Maximum likelihood of Dawid and Skene (1979) by EM, from the vote shares.

    Parameters
    ----------
    item, rater, label : integer arrays, (cells,)
        Ascending by item.
    weight : array, (cells,)
        How often each label counts.
    tolerance : array, ()
        Stop when the log-likelihood rises by less than this share of itself.
    smoothing : array, ()
        Pseudo-count of every entry of every confusion matrix.
    shape : tuple of int
        Items, raters, categories.
    max_iterations : int
        E-steps at most.
    """
    n_items, n_raters, n = shape
    cell = rater * n + label  # (cells,)

    def m_step(posterior: jax.Array) -> tuple[jax.Array, jax.Array]:
        mass = weight[:, None] * posterior[item]  # (cells, classes)
        joint = jax.ops.segment_sum(mass, cell, n_raters * n)  # (raters x labels, classes)
        joint = joint.reshape(n_raters, n, n).transpose(0, 2, 1) + smoothing
        total = joint.sum(axis=2, keepdims=True)  # (raters, classes, 1)
        confusion = jnp.where(total > 0.0, joint / jnp.where(total > 0.0, total, 1.0), 1.0 / n)
        return posterior.mean(axis=0), confusion

    def e_step(prevalence: jax.Array, confusion: jax.Array) -> tuple[jax.Array, jax.Array]:
        log_p = jnp.log(confusion).transpose(0, 2, 1).reshape(n_raters * n, n)
        terms = weight[:, None] * log_p[cell]  # (cells, classes)
        logits = jax.ops.segment_sum(terms, item, n_items, indices_are_sorted=True)
        logits = logits + jnp.log(prevalence)[None, :]
        norm = logsumexp(logits, axis=1, keepdims=True)
        return jnp.exp(logits - norm), norm.sum()

    def objective(log_likelihood: jax.Array, confusion: jax.Array) -> jax.Array:
        penalty = jnp.where(smoothing > 0.0, smoothing * jnp.log(confusion).sum(), 0.0)
        return log_likelihood + penalty

    def step(carry: tuple[DawidSkeneState, jax.Array]) -> tuple[DawidSkeneState, jax.Array]:
        state, before = carry
        prevalence, confusion = m_step(state.posterior)
        posterior, log_likelihood = e_step(prevalence, confusion)
        after = objective(log_likelihood, confusion)
        new = DawidSkeneState(
            prevalence, confusion, posterior, log_likelihood, after - before, state.iterations + 1
        )
        return new, after

    def unfinished(carry: tuple[DawidSkeneState, jax.Array]) -> jax.Array:
        state, value = carry
        moving = ~(state.change <= tolerance * jnp.abs(value))
        return (moving | (state.iterations == 0)) & (state.iterations < max_iterations)

    posterior = vote_shares(item, label, weight, (n_items, n))
    dtype = posterior.dtype
    start = DawidSkeneState(
        jnp.zeros(n, dtype),
        jnp.zeros((n_raters, n, n), dtype),
        posterior,
        jnp.asarray(-jnp.inf, dtype),
        jnp.asarray(jnp.inf, dtype),
        jnp.asarray(0, jnp.int32),
    )
    return jax.lax.while_loop(unfinished, step, (start, jnp.asarray(-jnp.inf, dtype)))[0]


@partial(jax.jit, static_argnames=("shape", "max_iterations"))
def mace(
    item: jax.Array,
    rater: jax.Array,
    label: jax.Array,
    weight: jax.Array,
    tolerance: jax.Array,
    smoothing: jax.Array,
    *,
    shape: tuple[int, int, int],
    max_iterations: int,
) -> MaceState:
    """Maximum likelihood of MACE (Hovy et al. 2013) by EM, from the vote shares.

    A rater copies the true label with probability `competence`, else draws one from `spam`; true
    labels are uniform. Arguments as in `dawid_skene`; `smoothing` is added to every expected
    count.
    """
    n_items, n_raters, n = shape
    cell = rater * n + label  # (cells,)
    is_label = label[:, None] == jnp.arange(n, dtype=label.dtype)[None, :]  # (cells, classes)

    def e_step(competence: jax.Array, spam: jax.Array) -> tuple[jax.Array, jax.Array]:
        guess = ((1.0 - competence)[:, None] * spam).reshape(-1)[cell]  # (cells,)
        likely = jnp.where(is_label, (competence[rater] + guess)[:, None], guess[:, None])
        terms = weight[:, None] * jnp.log(likely)  # (cells, classes)
        logits = jax.ops.segment_sum(terms, item, n_items, indices_are_sorted=True) - jnp.log(n)
        norm = logsumexp(logits, axis=1, keepdims=True)
        return jnp.exp(logits - norm), norm.sum()

    def m_step(
        competence: jax.Array, spam: jax.Array, posterior: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        right = jnp.where(is_label, posterior[item], 0.0).sum(axis=1)  # P(label is true)
        guess = ((1.0 - competence)[:, None] * spam).reshape(-1)[cell]
        copied = weight * right * competence[rater] / (competence[rater] + guess)
        copies = jax.ops.segment_sum(copied, rater, n_raters) + smoothing
        spams = jax.ops.segment_sum(weight - copied, cell, n_raters * n).reshape(n_raters, n)
        spams = spams + smoothing
        total = spams.sum(axis=1, keepdims=True)
        share = jnp.where(total > 0.0, spams / jnp.where(total > 0.0, total, 1.0), 1.0 / n)
        return copies / (copies + total[:, 0]), share

    def step(state: MaceState) -> MaceState:
        competence, spam = m_step(state.competence, state.spam, state.posterior)
        posterior, value = e_step(competence, spam)
        change = value - state.log_likelihood
        return MaceState(competence, spam, posterior, value, change, state.iterations + 1)

    def unfinished(state: MaceState) -> jax.Array:
        moving = ~(jnp.abs(state.change) <= tolerance * jnp.abs(state.log_likelihood))
        return (moving | (state.iterations == 0)) & (state.iterations < max_iterations)

    posterior = vote_shares(item, label, weight, (n_items, n))
    dtype = posterior.dtype
    start = MaceState(
        jnp.full(n_raters, 0.5, dtype),
        jnp.full((n_raters, n), 1.0 / n, dtype),
        posterior,
        jnp.asarray(-jnp.inf, dtype),
        jnp.asarray(jnp.inf, dtype),
        jnp.asarray(0, jnp.int32),
    )
    return jax.lax.while_loop(unfinished, step, start)

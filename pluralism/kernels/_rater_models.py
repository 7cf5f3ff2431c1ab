"""Expectation-maximisation for raters who report an unknown true label: Dawid-Skene and MACE.

Host kernels: both steps are products of a sparse matrix with a thin dense one, where SciPy beats
a scatter in JAX and has nothing to compile. Without smoothing nothing is clipped: a class whose
probability is zero keeps it, and every item keeps at least one possible class.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["RaterModelState", "dawid_skene", "mace"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]


class RaterModelState(NamedTuple):
    """Where the iteration stands."""

    prevalence: FloatArray  # (classes,)
    confusion: FloatArray  # (raters, classes, labels)
    posterior: FloatArray  # (items, classes)
    log_likelihood: float
    change: float  # of the objective, in the last step
    iterations: int
    competence: FloatArray | None = None  # (raters,): MACE only
    spam: FloatArray | None = None  # (raters, labels): MACE only


class _Votes:
    """Labels as a sparse matrix, items x (rater, label), and its transpose."""

    def __init__(
        self,
        item: IntArray,
        rater: IntArray,
        label: IntArray,
        weight: FloatArray,
        shape: tuple[int, int, int],
    ) -> None:
        from scipy.sparse import csr_array

        self.n_items, self.n_raters, self.n = shape
        column = rater.astype(np.int32) * np.int32(self.n) + label.astype(np.int32)
        start = np.searchsorted(item, np.arange(self.n_items + 1)).astype(np.int32)
        size = (self.n_items, self.n_raters * self.n)
        self.by_item: Any = csr_array((weight, column, start), shape=size)
        self.by_rater: Any = self.by_item.T.tocsr()

    def shares(self) -> FloatArray:
        """Share of each label among those of an item, (items, labels)."""
        votes = self.by_item @ np.tile(np.eye(self.n), (self.n_raters, 1))
        return np.asarray(votes / votes.sum(axis=1, keepdims=True))

    def joint(self, posterior: FloatArray) -> FloatArray:
        """Expected labels by rater, true label and label, (raters, classes, labels)."""
        table = self.by_rater @ posterior  # (raters x labels, classes)
        return np.asarray(table.reshape(self.n_raters, self.n, self.n).transpose(0, 2, 1))

    def e_step(self, prevalence: FloatArray, confusion: FloatArray) -> tuple[FloatArray, float]:
        """Posterior, (items, classes), and the log-likelihood."""
        with np.errstate(divide="ignore"):
            log_p = np.log(confusion).transpose(0, 2, 1).reshape(-1, self.n)
            logits = self.by_item @ np.ascontiguousarray(log_p)  # (items, classes)
            logits += np.log(prevalence)
        # Column by column: reductions along a short axis are slow.
        top = logits[:, 0].copy()
        for k in range(1, self.n):
            np.maximum(top, logits[:, k], out=top)
        logits -= top[:, None]
        posterior = np.exp(logits, out=logits)
        total = posterior @ np.ones(self.n)
        posterior /= total[:, None]
        return posterior, float(top.sum() + np.log(total).sum())


def dawid_skene(
    item: IntArray,
    rater: IntArray,
    label: IntArray,
    weight: FloatArray,
    *,
    shape: tuple[int, int, int],
    smoothing: float,
    tolerance: float,
    max_iterations: int,
) -> RaterModelState:
    """Maximum likelihood of Dawid and Skene (1979), from the vote shares.

    Parameters
    ----------
    item, rater, label : integer arrays, (cells,)
        Ascending by item; every item and rater has a cell, or its rows are uniform.
    weight : array, (cells,)
        How often each label counts.
    shape : tuple of int
        Items, raters, categories.
    smoothing : float
        Pseudo-count of every entry of every confusion matrix.
    tolerance : float
        Stop when the log-likelihood rises by less than this share of itself.
    max_iterations : int
        EM steps at most.
    """
    votes = _Votes(item, rater, label, weight, shape)
    posterior, before = votes.shares(), -np.inf
    state: Any = None
    for iteration in range(1, max_iterations + 1):
        prevalence = posterior.mean(axis=0)
        confusion = _rows_to_one(votes.joint(posterior) + smoothing)
        posterior, log_likelihood = votes.e_step(prevalence, confusion)
        after = log_likelihood
        if smoothing:
            after += smoothing * float(np.log(confusion).sum())
        change = after - before
        state = RaterModelState(prevalence, confusion, posterior, log_likelihood, change, iteration)
        if change <= tolerance * abs(after):
            break
        before = after
    return RaterModelState(*state)


def mace(
    item: IntArray,
    rater: IntArray,
    label: IntArray,
    weight: FloatArray,
    *,
    shape: tuple[int, int, int],
    smoothing: float,
    tolerance: float,
    max_iterations: int,
) -> RaterModelState:
    """Maximum likelihood of MACE (Hovy et al. 2013), from the vote shares.

    A rater copies the true label with probability `competence`, else draws one from `spam`; true
    labels are uniform. This is a Dawid-Skene model whose confusion matrices are a multiple of the
    identity plus equal rows. Arguments as in `dawid_skene`; `smoothing` is added to the expected
    numbers of copies and of spam.
    """
    votes = _Votes(item, rater, label, weight, shape)
    _, n_raters, n = shape
    given = np.bincount(rater.astype(np.int64) * n + label, weight, n_raters * n)
    given = given.reshape(n_raters, n)  # labels by rater
    diagonal = np.arange(n)
    prevalence = np.full(n, 1.0 / n)
    competence, spam = np.full(n_raters, 0.5), np.full((n_raters, n), 1.0 / n)
    posterior, before = votes.shares(), -np.inf
    state: Any = None
    for iteration in range(1, max_iterations + 1):
        right = votes.joint(posterior)[:, diagonal, diagonal]  # (raters, labels)
        guess = (1.0 - competence)[:, None] * spam
        odds = competence[:, None] + guess
        copied = right * competence[:, None] / np.where(odds > 0.0, odds, 1.0)
        spammed = np.maximum(given - copied, 0.0) + smoothing
        copies, spams = copied.sum(axis=1) + smoothing, spammed.sum(axis=1)
        total = copies + spams
        competence = np.where(total > 0.0, copies / np.where(total > 0.0, total, 1.0), 0.5)
        spam = _rows_to_one(spammed)
        confusion = np.repeat(((1.0 - competence)[:, None] * spam)[:, None, :], n, axis=1)
        confusion[:, diagonal, diagonal] += competence[:, None]
        posterior, log_likelihood = votes.e_step(prevalence, confusion)
        change = log_likelihood - before
        state = RaterModelState(
            prevalence, confusion, posterior, log_likelihood, change, iteration, competence, spam
        )
        if abs(change) <= tolerance * abs(log_likelihood):
            break
        before = log_likelihood
    return RaterModelState(*state)


def _rows_to_one(table: FloatArray) -> FloatArray:
    """Divide by row sums; a row of zeros becomes uniform."""
    total = table.sum(axis=-1, keepdims=True)
    some = total > 0.0
    return np.where(some, table / np.where(some, total, 1.0), 1.0 / table.shape[-1])

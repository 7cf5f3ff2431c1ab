"""Variances of a Dawid-Skene fit from the information in the labels that were observed.

Louis (1982), Finding the observed information matrix when using the EM algorithm, JRSS B 44: the
observed information is what complete data would hold, less the variance of the complete-data
score given what was seen. Both have a closed form on log-ratio (softmax) parameters, in which
every row of probabilities is free. Host kernel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["RaterVariances", "count_free", "dawid_skene_variances"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

#: A probability that stands for fewer labels (or items) than this lies on the boundary.
_FEWEST_LABELS = 1e-2


class RaterVariances(NamedTuple):
    """Variances by the delta method; NaN on the boundary, or everywhere if `singular`."""

    prevalence: FloatArray  # (classes,)
    confusion: FloatArray  # (raters, classes, labels)
    singular: bool


class _Rows(NamedTuple):
    """Rows of probabilities, and which of their entries are free."""

    probability: FloatArray  # (rows, entries)
    mass: FloatArray  # (rows,): complete-data count behind each row
    inner: npt.NDArray[np.bool_]  # (rows, entries): off the boundary, in a row that has two such
    free: npt.NDArray[np.bool_]  # (rows, entries): likewise, without each row's largest

    @classmethod
    def of(cls, probability: FloatArray, mass: FloatArray) -> _Rows:
        inner = probability * mass[:, None] > _FEWEST_LABELS
        inner &= inner.sum(axis=1, keepdims=True) > 1
        free = inner.copy()
        free[np.arange(len(free)), probability.argmax(axis=1)] = False
        return cls(probability, mass, inner, free)

    def information(self) -> FloatArray:
        """Complete-data information of the free parameters, (free, free): block-diagonal."""
        row, entry = np.nonzero(self.free)
        p = self.probability[row, entry]
        same = row[:, None] == row
        return np.asarray(self.mass[row] * same * (np.diag(p) - np.outer(p, p)))

    def variances(self, covariance: FloatArray) -> FloatArray:
        """Variances of the probabilities, (rows, entries), from those of the free parameters."""
        result = np.full(self.probability.shape, np.nan)
        start = 0
        for k, p in enumerate(self.probability):
            columns = np.flatnonzero(self.free[k])
            stop = start + len(columns)
            slope = (np.diag(p) - np.outer(p, p))[:, columns]  # by the free parameters
            variance = np.einsum("ij,jk,ik->i", slope, covariance[start:stop, start:stop], slope)
            result[k] = np.where(self.inner[k], variance, np.nan)
            start = stop
        return result


def count_free(n_raters: int, n_categories: int) -> int:
    """Free parameters of a Dawid-Skene model."""
    return (n_categories - 1) * (1 + n_raters * n_categories)


def dawid_skene_variances(
    item: IntArray,
    rater: IntArray,
    label: IntArray,
    weight: FloatArray,
    *,
    shape: tuple[int, int, int],
    smoothing: float,
    prevalence: FloatArray,
    confusion: FloatArray,
    posterior: FloatArray,
) -> RaterVariances:
    """Variances of the probabilities of a fitted model.

    Parameters
    ----------
    item, rater, label, weight, shape, smoothing
        As in `dawid_skene`.
    prevalence : array, (classes,)
    confusion : array, (raters, classes, labels)
    posterior : array, (items, classes)
        Of the true labels, under these two.
    """
    from scipy.sparse import csr_array, diags_array, hstack

    n_items, n_raters, n = shape
    of_class = _Rows.of(prevalence[None], np.array([float(n_items)]))
    seen = csr_array((weight, (item, rater * n + label)), shape=(n_items, n_raters * n))
    given = csr_array((weight, (item, rater)), shape=(n_items, n_raters))
    mass = given.T @ posterior + smoothing * n  # (raters, classes)
    rows = [_Rows.of(confusion[:, k], mass[:, k]) for k in range(n)]

    # Score of the class, and of every rater's row of class k, if k is the true class.
    n_class = int(of_class.free.sum())
    class_score = (np.eye(n) - prevalence)[:, of_class.free[0]]  # (classes, free)
    score: list[Any] = []
    for k, part in enumerate(rows):
        row, entry = np.nonzero(part.free)
        place = (row, np.arange(len(row)))
        expected = csr_array((confusion[row, k, entry], place), shape=(n_raters, len(row)))
        score.append(seen[:, row * n + entry] - given @ expected)  # (items, free of class k)
    starts = np.cumsum([n_class, *(part.shape[1] for part in score)])
    mean: Any = hstack(
        [
            csr_array(posterior @ class_score),
            *(diags_array(posterior[:, k]) @ part for k, part in enumerate(score)),
        ],
        format="csr",
    )
    information: FloatArray = (mean.T @ mean).toarray()
    information[:n_class, :n_class] += of_class.information()
    information[:n_class, :n_class] -= (class_score.T * posterior.sum(axis=0)) @ class_score
    for k, part in enumerate(score):
        here, q = slice(starts[k], starts[k + 1]), posterior[:, k]
        information[here, here] += rows[k].information()
        information[here, here] -= (part.T @ (diags_array(q) @ part)).toarray()
        between = np.outer(class_score[k], part.T @ q)
        information[:n_class, here] -= between
        information[here, :n_class] -= between.T
    covariance = _inverse(information)
    if covariance is None:
        nothing = np.full(confusion.shape, np.nan)
        return RaterVariances(np.full(n, np.nan), nothing, singular=True)
    blocks = [slice(starts[k], starts[k + 1]) for k in range(n)]
    return RaterVariances(
        of_class.variances(covariance[:n_class, :n_class])[0],
        np.stack(
            [part.variances(covariance[b, b]) for part, b in zip(rows, blocks, strict=True)], axis=1
        ),
        singular=False,
    )


def _inverse(information: FloatArray) -> FloatArray | None:
    """Invert a positive definite matrix, or return None if it is not one."""
    from scipy.linalg import cho_solve, cholesky

    scale = np.diag(information)
    if not len(scale):
        return information
    if not (scale > 0.0).all():
        return None
    scale = 1.0 / np.sqrt(scale)
    try:
        factor = cholesky(information * scale[:, None] * scale, lower=True)
    except np.linalg.LinAlgError:
        return None
    if np.diag(factor).min() < 1e-7:  # a reciprocal condition of 1e-14
        return None
    return np.asarray(cho_solve((factor, True), np.eye(len(scale))) * scale[:, None] * scale)

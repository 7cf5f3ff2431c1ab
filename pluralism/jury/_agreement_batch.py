"""Many bootstrap replicates of an agreement coefficient at once.

A replicate multiplies the labels of rater r by W_r, and so the weight of a pair of labels by
W_r W_s. A rater drawn twice is therefore not compared with its own copy: the kernels leave out the
pairs of a label with itself, whatever its weight.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data import Annotations
from ..kernels import _agreement as kernels
from ._inputs import distance_matrix, similarity_matrix

__all__ = [
    "alpha_replicates",
    "brennan_prediger_replicates",
    "fleiss_replicates",
    "gwet_replicates",
    "replicate_counts",
]

FloatArray = npt.NDArray[np.float64]

#: Numbers up to which a table by rater is laid out in full.
_DENSE_NUMBERS = 1 << 22
#: Counts that go to a kernel at once: what fits the cache.
_BLOCK = 1 << 15


def replicate_counts(
    annotations: Annotations, rater_weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Counts (replicates, items, categories) and squares (replicates, items) by replicate.

    In memory the categories come before the items, which is what the kernels like best.
    """
    assert annotations.rater is not None
    n_items, n = annotations.n_items, annotations.n_categories
    cell = np.multiply(annotations.label, n_items, dtype=np.int64)
    cell += annotations.item
    counts = _by_rater(cell, annotations.weight, annotations.rater, n_items * n, rater_weights)
    own = annotations.weight if annotations.squares is None else annotations.squares
    squares = _by_rater(annotations.item, own, annotations.rater, n_items, rater_weights**2)
    return counts.reshape(-1, n, n_items).swapaxes(1, 2), squares


def _by_rater(
    cell: npt.NDArray[np.integer],
    value: FloatArray,
    rater: npt.NDArray[np.integer],
    n_cells: int,
    rater_weights: FloatArray,
) -> FloatArray:
    """Sums of the values by cell, each times its rater's weight, (replicates, cells)."""
    n_raters = rater_weights.shape[1]
    if n_raters * n_cells <= _DENSE_NUMBERS:
        key = rater.astype(np.int64) * n_cells + cell
        table = np.bincount(key, value, n_raters * n_cells).reshape(n_raters, n_cells)
        return rater_weights @ table
    from scipy.sparse import csr_array

    sparse = csr_array((value, (cell, rater)), shape=(n_cells, n_raters))
    return np.ascontiguousarray((sparse @ rater_weights.T).T)


def alpha_replicates(data: Annotations, *, unit: str, weights: Any, distance: Any = None) -> Any:
    """Krippendorff's alpha by replicate, (replicates,)."""
    metric = distance_matrix(data, distance)
    return _replicates(data, unit, weights, partial(_alpha, metric=metric))


def fleiss_replicates(data: Annotations, *, unit: str, weights: Any) -> Any:
    """Fleiss' kappa by replicate, (replicates,)."""
    return _kappa_replicates(data, unit, weights, kernels.fleiss_agreement)


def gwet_replicates(data: Annotations, *, unit: str, weights: Any) -> Any:
    """Gwet's AC1 or AC2 by replicate, (replicates,)."""
    return _kappa_replicates(data, unit, weights, kernels.gwet_agreement)


def brennan_prediger_replicates(data: Annotations, *, unit: str, weights: Any) -> Any:
    """Brennan and Prediger's kappa by replicate, (replicates,)."""
    return _kappa_replicates(data, unit, weights, kernels.brennan_prediger_agreement)


def _kappa_replicates(
    data: Annotations, unit: str, weights: Any, kernel: Callable[..., Any]
) -> Any:
    similarity = similarity_matrix(data, None)
    return _replicates(data, unit, weights, partial(kernel, similarity=similarity))


def _alpha(
    counts: FloatArray, squares: FloatArray, item_weight: FloatArray, metric: FloatArray | None
) -> kernels.Coefficient:
    return kernels.krippendorff_agreement(counts, squares, item_weight, metric)


def _replicates(
    data: Annotations, unit: str, weights: Any, coefficient: Callable[..., kernels.Coefficient]
) -> Any:
    """Values by replicate; NaN where a replicate has no pair, or a single category."""
    if unit == "item":
        counts, squares = data.count_table()[None], data.item_squares()[None]
        item_weight = np.asarray(weights)
    elif unit == "rater":
        counts, squares = replicate_counts(data, np.asarray(weights))
        item_weight = np.ones((1, data.n_items))
    elif unit == "rater+item":
        counts, squares = replicate_counts(data, np.asarray(weights[0]))
        item_weight = np.asarray(weights[1])
    else:
        return NotImplemented
    step = max(1, _BLOCK // (data.n_items * data.n_categories))
    n = max(len(counts), len(item_weight))
    values = np.empty(n)
    with np.errstate(invalid="ignore", divide="ignore"):
        for start in range(0, n, step):
            here = slice(start, start + step)
            # What is the same for all replicates stands there once.
            arguments = (x if len(x) == 1 else x[here] for x in (counts, squares, item_weight))
            values[here] = coefficient(*arguments).value
    return np.where(np.isfinite(values), values, np.nan)

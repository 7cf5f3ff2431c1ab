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

#: Raters x items x categories up to which tables are laid out in full.
_DENSE_NUMBERS = 1 << 22


def replicate_counts(
    annotations: Annotations, rater_weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Counts (replicates, items, categories) and squares (replicates, items) by replicate."""
    from scipy.sparse import csr_array

    assert annotations.rater is not None
    n_items, n = annotations.n_items, annotations.n_categories
    cell = annotations.item.astype(np.int64) * n + annotations.label
    shape = (n_items * n, rater_weights.shape[1])
    table = csr_array((annotations.weight, (cell, annotations.rater)), shape=shape)
    counts = np.ascontiguousarray((table @ rater_weights.T).T)
    squares = annotations.weight if annotations.squares is None else annotations.squares
    shape = (n_items, rater_weights.shape[1])
    table = csr_array((squares, (annotations.item, annotations.rater)), shape=shape)
    return counts.reshape(-1, n_items, n), np.ascontiguousarray((table @ (rater_weights.T**2)).T)


def alpha_replicates(data: Annotations, *, unit: str, weights: Any, distance: Any = None) -> Any:
    """Krippendorff's alpha by replicate, (replicates,)."""
    metric = distance_matrix(data, distance)
    return _replicates(data, unit, weights, partial(_alpha, metric=metric))


def fleiss_replicates(data: Annotations, *, unit: str, weights: Any, **options: Any) -> Any:
    """Fleiss' kappa by replicate, (replicates,)."""
    return _kappa_replicates(data, unit, weights, kernels.fleiss_agreement, options)


def gwet_replicates(data: Annotations, *, unit: str, weights: Any, **options: Any) -> Any:
    """Gwet's AC1 or AC2 by replicate, (replicates,)."""
    return _kappa_replicates(data, unit, weights, kernels.gwet_agreement, options)


def brennan_prediger_replicates(
    data: Annotations, *, unit: str, weights: Any, **options: Any
) -> Any:
    """Brennan and Prediger's kappa by replicate, (replicates,)."""
    return _kappa_replicates(data, unit, weights, kernels.brennan_prediger_agreement, options)


def _kappa_replicates(
    data: Annotations, unit: str, weights: Any, kernel: Callable[..., Any], options: Any
) -> Any:
    if options:  # `weights=` of the statistic would collide with those of the replicates
        return NotImplemented
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
        if len(data.raters or ()) * data.n_items * data.n_categories <= _DENSE_NUMBERS:
            return _dense_replicates(data, np.asarray(weights), coefficient)
        counts, squares = replicate_counts(data, np.asarray(weights))
        item_weight = np.ones(squares.shape)
    elif unit == "rater+item":
        counts, squares = replicate_counts(data, np.asarray(weights[0]))
        item_weight = np.asarray(weights[1])
    else:
        return NotImplemented
    with np.errstate(invalid="ignore", divide="ignore"):
        values = coefficient(counts, squares, item_weight).value
    return np.where(np.isfinite(values), values, np.nan)


def _dense_replicates(
    data: Annotations, weights: FloatArray, coefficient: Callable[..., Any]
) -> FloatArray:
    """Compute the replicates from dense tables, in one fused call."""
    from .._precision import in_float64
    from ..kernels._agreement_replicates import rater_replicates

    assert data.rater is not None
    n, n_raters = data.n_categories, weights.shape[1]
    labels = np.zeros((n_raters, data.n_items * n))
    labels[data.rater, data.item.astype(np.int64) * n + data.label] = data.weight
    own = data.weight if data.squares is None else data.squares
    place = data.rater.astype(np.int64) * data.n_items + data.item
    squares = np.bincount(place, own, n_raters * data.n_items).reshape(n_raters, -1)
    assert isinstance(coefficient, partial)
    (metric,) = coefficient.keywords.values()
    values = in_float64(
        rater_replicates,
        weights,
        labels,
        squares,
        metric,
        coefficient=coefficient.func,
        shape=(data.n_items, n),
    )
    return np.where(np.isfinite(values), values, np.nan)

"""Chance-corrected agreement of raters, straight from counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Annotations
from ..errors import DataError, SmallSampleWarning
from ..kernels import _agreement as kernels

__all__ = ["krippendorff_alpha"]

FloatArray = npt.NDArray[np.float64]


def krippendorff_alpha(annotations: Annotations, *, distance: Any = None) -> float:
    r"""Krippendorff's alpha: one minus observed over expected disagreement.

    Every pair of labels on an item disagrees by a distance that the container's scale sets: 0 or
    1 (nominal), squared difference of mid-ranks (ordinal), of values (interval), or of values
    relative to their sum (ratio). Items with one label count for nothing.

    Parameters
    ----------
    annotations : Annotations
        Labels with their scale; missing ratings are no obstacle.
    distance : array-like, (categories, categories), or callable, optional
        A distance in place of the scale's own: a symmetric matrix with a zero diagonal, or a
        function of two categories.

    Returns
    -------
    float
        At most 1: 1 is perfect agreement, 0 what chance would give, below 0 systematic
        disagreement. If every label that can be paired is the same category, there is nothing to
        correct for chance: the value is 1.0, with a `SmallSampleWarning`.

    Raises
    ------
    DataError
        If no item has two labels, or `distance` is no distance.

    Notes
    -----
    :math:`\alpha = 1 - D_o / D_e` [1]_. With weights, a pair of labels counts the product of
    their weights.

    References
    ----------
    .. [1] K. Krippendorff, "Computing Krippendorff's alpha-reliability", 2011.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import krippendorff_alpha
    >>> krippendorff_alpha(Annotations.from_matrix([[1, 2, 3, 3], [1, 2, 3, 4]]))
    0.69565
    """
    counts, squares = _pairable_counts(annotations)
    if np.count_nonzero(counts.sum(axis=0)) == 1:
        return _one_category(annotations)
    metric = _distance(annotations, distance)
    ones = np.ones(len(counts))
    return float(kernels.krippendorff_agreement(counts, squares, ones, metric).value)


def _pairable_counts(annotations: Annotations) -> tuple[FloatArray, FloatArray]:
    """Counts (items, categories) and squares (items,) of the items with two labels or more."""
    if not isinstance(annotations, Annotations):
        raise DataError(
            f"`annotations` is {type(annotations).__name__}; it must be Annotations (see "
            "Annotations.from_frame, from_matrix and from_counts)"
        )
    counts, squares = annotations.count_table(), annotations.item_squares()
    total = counts.sum(axis=1)
    pairable = total * total - squares > 1e-12 * total * total
    if not pairable.any():
        raise DataError(
            f"no item has two labels ({annotations.n_items:,} items, "
            f"{annotations.n_labels:,} labels): agreement needs raters who share items"
        )
    if pairable.all():
        return counts, squares
    return counts[pairable], squares[pairable]


def _distance(annotations: Annotations, distance: Any) -> FloatArray | None:
    """The distance matrix, (categories, categories), or None for the ordinal metric."""
    if distance is not None:
        return _custom_distance(annotations, distance)
    if annotations.scale == "nominal":
        return 1.0 - np.eye(annotations.n_categories)
    if annotations.scale == "ordinal":
        return None
    values = annotations.values
    step = values[:, None] - values
    if annotations.scale == "ratio":
        total = values[:, None] + values
        step = np.divide(step, total, out=np.zeros_like(step), where=total > 0)
    return step * step


def _custom_distance(annotations: Annotations, distance: Any) -> FloatArray:
    names = annotations.categories
    if callable(distance):
        distance = [[distance(left, right) for right in names] for left in names]
    matrix = _validate.finite_array("distance", distance, ndim=2)
    if matrix.shape != (len(names), len(names)):
        raise DataError(f"`distance` has shape {matrix.shape}; there are {len(names)} categories")
    _validate.within("distance", matrix, 0.0, what="distances")
    if np.diag(matrix).any():
        raise DataError("`distance` must be zero on its diagonal")
    if not np.allclose(matrix, matrix.T, rtol=1e-12, atol=0.0):
        raise DataError("`distance` must be symmetric")
    return matrix


def _one_category(annotations: Annotations) -> float:
    import warnings

    warnings.warn(
        f"all labels that can be paired are one category of {annotations.n_categories}: perfect "
        "agreement, but chance cannot be told from it; the value 1.0 says nothing more",
        SmallSampleWarning,
        stacklevel=3,
    )
    return 1.0

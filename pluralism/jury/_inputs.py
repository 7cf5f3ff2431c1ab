"""What the functions of this room ask of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..data import Annotations
from ..errors import DataError, SmallSampleWarning
from ..kernels._agreement import Coefficient

__all__ = [
    "Pairable",
    "as_annotations",
    "corrected",
    "counts_and_squares",
    "distance_matrix",
    "labelled_again",
    "one_label_each",
    "pairable",
    "similarity_matrix",
    "warn_one_category",
]

FloatArray = npt.NDArray[np.float64]


class Pairable(NamedTuple):
    """Labels of the items that have at least two of them."""

    counts: FloatArray  # (items, categories)
    squares: FloatArray  # (items,)
    kept: npt.NDArray[np.bool_]  # (all items,)

    @property
    def one_category(self) -> bool:
        """Whether all these labels are the same category."""
        return int(np.count_nonzero(self.counts.sum(axis=0))) == 1


def as_annotations(name: str, value: Any, *, raters: bool = False) -> Annotations:
    """Return `value` if it is `Annotations` (with raters, if asked), else say how to make one."""
    if not isinstance(value, Annotations):
        raise DataError(
            f"`{name}` is {type(value).__name__}; it must be Annotations (see "
            "Annotations.from_frame, from_matrix and from_counts)"
        )
    if raters and value.raters is None:
        raise DataError(
            f"`{name}` does not say which rater gave which label (it was made from counts); use "
            "Annotations.from_frame or from_matrix"
        )
    return value


def counts_and_squares(annotations: Annotations) -> tuple[FloatArray, FloatArray]:
    """Counts (items, categories), and sums of squared weights (items,)."""
    counts = annotations.count_table()
    if annotations.squares is None:  # labels weigh one each
        return counts, counts @ np.ones(counts.shape[1])
    return counts, annotations.item_squares()


def pairable(annotations: Annotations) -> Pairable:
    """Take the items with two labels or more, or say that there are none."""
    counts, squares = counts_and_squares(annotations)
    total = counts @ np.ones(counts.shape[1])
    kept = total * total - squares > 1e-12 * total * total
    if not kept.any():
        raise DataError(
            f"no item has two labels ({annotations.n_items:,} items, "
            f"{annotations.n_labels:,} labels): agreement needs raters who share items"
        )
    if kept.all():
        return Pairable(counts, squares, kept)
    return Pairable(counts[kept], squares[kept], kept)


def one_label_each(name: str, annotations: Annotations) -> None:
    """Refuse raters who label an item twice: their agreement with themselves is no agreement."""
    as_annotations(name, annotations, raters=True)
    again = labelled_again(annotations)
    if again.any():
        assert annotations.rater is not None
        assert annotations.raters is not None
        place = int(np.argmax(again))
        raise DataError(
            f"`{name}`: rater {annotations.raters[annotations.rater[place]]!r} labelled item "
            f"{annotations.items[annotations.item[place]]!r} more than once; cohen_kappa compares "
            "different raters. Keep one label each, or use krippendorff_alpha"
        )


def labelled_again(annotations: Annotations) -> npt.NDArray[np.bool_]:
    """Cells that hold another label of the same rater on the same item, (cells,)."""
    item, rater, weight = annotations.item, annotations.rater, annotations.weight
    assert rater is not None
    squares = weight if annotations.squares is None else annotations.squares
    again = squares < weight * weight * (1.0 - 1e-9)  # the cell itself sums several
    again[1:] |= (item[1:] == item[:-1]) & (rater[1:] == rater[:-1])
    return again


def corrected(name: str, kernel: Callable[..., Coefficient], *arguments: Any) -> Coefficient:
    """Compute a coefficient, or say that its argument `name` leaves no room for chance."""
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = kernel(*arguments)
    if not parts.expected < 1.0 - 1e-15:
        raise DataError(
            f"`{name}` counts all categories that occur as alike: agreement by chance is already "
            "perfect, and nothing is left to correct for it"
        )
    return parts


def distance_matrix(annotations: Annotations, distance: Any) -> FloatArray | None:
    """Build the distances, (categories, categories); None is the ordinal metric."""
    if distance is not None:
        return _custom("distance", annotations, distance, diagonal=0.0)
    if annotations.scale == "nominal":
        return 1.0 - np.eye(annotations.n_categories)
    if annotations.scale == "ordinal":
        return None
    values = annotations.values
    step = values[:, None] - values
    if annotations.scale == "ratio":
        total = values[:, None] + values
        step = np.divide(step, total, out=np.zeros_like(step), where=total > 0)
    step = _of_order_one(step)
    return step * step


def similarity_matrix(annotations: Annotations, weights: Any) -> FloatArray:
    """Build the agreement of each pair of categories, (categories, categories), 1 on the diagonal.

    ``None`` is 0 or 1; ``"linear"`` and ``"quadratic"`` fall with the distance of the values (of
    the positions, where the scale is nominal or ordinal); ``"ordinal"`` is Gwet's.
    """
    n = annotations.n_categories
    if weights is None:
        return np.eye(n)
    if not isinstance(weights, str):
        return _custom("weights", annotations, weights, diagonal=1.0, at_most=1.0)
    _validate.one_of("weights", weights, ("linear", "quadratic", "ordinal"))
    values = annotations.values
    step = np.abs(values[:, None] - values)
    if weights == "ordinal":
        between = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) + 1.0
        step = between * (between - 1.0) / 2.0  # pairs of categories spanned
    elif weights == "quadratic":
        step = _of_order_one(step)
        step = step * step
    largest = step.max()
    return 1.0 - step / (largest if largest > 0 else 1.0)


def _of_order_one(step: FloatArray) -> FloatArray:
    """Divide by a power of two (exactly), so that squares neither overflow nor vanish."""
    return np.ldexp(step, -int(np.frexp(np.abs(step).max())[1]))


def _custom(
    name: str,
    annotations: Annotations,
    given: Any,
    *,
    diagonal: float,
    at_most: float = np.inf,
) -> FloatArray:
    names = annotations.categories
    if callable(given):
        given = [[given(left, right) for right in names] for left in names]
    matrix = _validate.finite_array(name, given, ndim=2)
    if matrix.shape != (len(names), len(names)):
        raise DataError(f"`{name}` has shape {matrix.shape}; there are {len(names)} categories")
    _validate.within(name, matrix, 0.0, at_most, what=f"entries of `{name}`")
    if (np.diag(matrix) != diagonal).any():
        raise DataError(f"`{name}` must be {diagonal:g} on its diagonal")
    if not np.allclose(matrix, matrix.T, rtol=1e-12, atol=0.0):
        raise DataError(f"`{name}` must be symmetric")
    return matrix


def warn_one_category(annotations: Annotations, *, stacklevel: int = 3) -> float:
    """Warn that agreement on a single category cannot be told from chance; return 1.0."""
    _quiet.warn(
        f"all labels that can be paired are one category of {annotations.n_categories}: perfect "
        "agreement, but chance cannot be told from it; the value 1.0 says nothing more",
        SmallSampleWarning,
        stacklevel=stacklevel,
    )
    return 1.0

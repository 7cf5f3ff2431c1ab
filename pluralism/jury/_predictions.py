"""Predicted probabilities and what was observed, as the calibration functions need them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _labelled, _validate
from ..errors import DataError

__all__ = ["Predictions", "binary", "one_outcome_each", "predictions"]

FloatArray = npt.NDArray[np.float64]


class Predictions(NamedTuple):
    """Distributions over categories by item."""

    p: FloatArray  # (items, categories): the model's
    y: FloatArray  # (items, categories): observed, one-hot or shares


def predictions(probabilities: Any, labels: Any) -> Predictions:
    """Read probabilities, and labels as codes, shares or counts.

    Probabilities of shape (items,) are those of the positive of two classes; labels are then
    shares of positive in [0, 1].
    """
    shape = np.shape(probabilities)
    if len(shape) == 1:
        p, y = binary(probabilities, labels)
        return Predictions(np.stack([1.0 - p, p], axis=1), np.stack([1.0 - y, y], axis=1))
    if np.ndim(labels) == 1:
        p, _ = _labelled.take("probabilities", probabilities)
        codes = np.asarray(labels)
        if p.ndim != 2 or len(codes) != len(p):
            raise DataError(
                f"`probabilities` has shape {p.shape}, but there are {len(codes)} labels"
            )
        if codes.dtype.kind not in "iu":
            raise DataError(
                "`labels` must be positions of categories (integers), or shares of shape "
                "(items, categories)"
            )
        bad = (codes < 0) | (codes >= p.shape[1])
        if bad.any():
            raise DataError(
                f"`labels[{_validate.first_place(bad)}]` is {codes[bad][0]}; there are "
                f"{p.shape[1]} categories"
            )
        y = np.eye(p.shape[1])[codes]
    else:
        (p, y), _ = _labelled.take_together({"probabilities": probabilities, "labels": labels})
        if p.ndim != 2 or p.shape != y.shape:
            raise DataError(
                f"`probabilities` has shape {p.shape} and `labels` {y.shape}; both must be "
                "items x categories"
            )
        y = _validate.distributions("labels", y, normalize=True)
    _some(p)
    return Predictions(_validate.distributions("probabilities", p), y)


def binary(probabilities: Any, labels: Any) -> tuple[FloatArray, FloatArray]:
    """Read the probability of the positive class and the share that was positive, (items,)."""
    p = _validate.finite_array("probabilities", probabilities, ndim=1)
    y = _validate.finite_array("labels", labels, ndim=1)
    _validate.within("probabilities", p, 0.0, 1.0, what="probabilities")
    _validate.within("labels", y, 0.0, 1.0, what="shares of positive labels")
    if len(p) != len(y):
        raise DataError(f"there are {len(p)} probabilities and {len(y)} labels")
    _some(p)
    return p, y


def one_outcome_each(
    probabilities: Any, labels: Any, *, ties: str
) -> tuple[FloatArray, FloatArray]:
    """Confidence in the predicted class and whether (or how far) it was right, (items,).

    Binary probabilities stay as they are: of the positive class.
    """
    _validate.one_of("ties", ties, ("first", "share"))
    if np.ndim(probabilities) == 1:
        return binary(probabilities, labels)
    p, y = predictions(probabilities, labels)
    top = p.max(axis=1)
    if ties == "first":
        return top, y[np.arange(len(y)), p.argmax(axis=1)]
    best = p == top[:, None]
    return top, (best * y).sum(axis=1) / best.sum(axis=1)


def _some(p: FloatArray) -> None:
    if not len(p):
        raise DataError("`probabilities` is empty; at least one item is needed")

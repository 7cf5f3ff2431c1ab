"""Means over questions: distances per question, what was dropped, and the interval.

Answers to a question may be missing on either side, and questions have different numbers of
options. NaN marks both: a distribution that is all NaN was not asked or not answered and is
dropped and counted; single NaN in both mark options that the question does not have.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .._labelled import Layout, as_labelled, take_together
from .._validate import distributions, first_place
from ..errors import DataError

__all__ = ["Questions", "interval_of_mean", "pair_questions", "wrap_mean"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Questions:
    """Two matched sets of answers to the same questions.

    Attributes
    ----------
    p, q : numpy.ndarray, (pairs, categories)
        The distributions of the pairs that are kept, zero where an option does not exist.
    exists : numpy.ndarray of bool, (pairs, categories)
        Which options the question of each pair has.
    kept : numpy.ndarray of bool, (..., questions)
        Where the pairs belong.
    dropped : dict of str to int
        How many were dropped, by reason.
    layout : Layout
        Labels of (..., questions).
    """

    p: FloatArray
    q: FloatArray
    exists: BoolArray
    kept: BoolArray
    dropped: dict[str, int]
    layout: Layout

    def spread(self, scores: FloatArray) -> FloatArray:
        """Put scores (pairs,) back at their questions, NaN where dropped: (..., questions)."""
        result = np.full(self.kept.shape, np.nan)
        result[self.kept] = scores
        return result


def pair_questions(
    inputs: Mapping[str, Any],
    *,
    question: Hashable | None,
    dim: Hashable | None,
    normalize: bool,
    fill: float | None = None,
) -> Questions:
    """Match two inputs (..., questions, categories) by label and drop what one of them lacks.

    The question axis ends up last of the kept ones.
    """
    left, right = inputs
    (p, q), layout = take_together(inputs, dim=dim, fill=fill, allow_nan=True)
    p, q = np.broadcast_arrays(p, q)
    if p.ndim < 2:
        raise DataError(
            f"`{left}` and `{right}` are single distributions; give questions x options"
        )
    if layout.template is not None:
        dims = layout.template.dims
        question = _question(inputs, dim, question)
        if question not in dims:
            raise DataError(f"`question` is {question!r}; it must be one of the dimensions {dims}")
        place = dims.index(question)
        p, q = np.moveaxis(p, place, -2), np.moveaxis(q, place, -2)
        layout = replace(layout, template=layout.template.transpose(..., question))
    elif question is not None:
        raise DataError(f"`question` is {question!r}, but plain arrays have no named dimensions")
    absent = {left: np.isnan(p), right: np.isnan(q)}
    missing = {name: nan.all(axis=-1) for name, nan in absent.items()}
    kept = np.asarray(~(missing[left] | missing[right]))
    differ = np.asarray(absent[left] != absent[right]) & kept[..., None]
    if differ.any():
        at = first_place(differ)
        raise DataError(
            f"at [{at}] one of `{left}` and `{right}` is NaN and the other is not; NaN in both "
            "marks an option that the question does not have, and 0 one that nobody chose"
        )
    if not kept.any():
        raise DataError(f"no question has an answer in both `{left}` and `{right}`")
    return Questions(
        p=distributions(left, np.nan_to_num(p[kept]), normalize=normalize),
        q=distributions(right, np.nan_to_num(q[kept]), normalize=normalize),
        exists=~absent[left][kept],
        kept=kept,
        dropped={
            f"no answer in `{name}`": int(count)
            for name in (left, right)
            if (count := missing[name].sum())
        },
        layout=layout,
    )


def _question(
    inputs: Mapping[str, Any], dim: Hashable | None, question: Hashable | None
) -> Hashable:
    """Name the questions' dimension: by default the last kept one, and the same in both inputs.

    A question that only one input has would be paired with every row of the other.
    """
    kept: dict[str, list[Hashable]] = {}
    for name, value in inputs.items():
        labelled, _ = as_labelled(name, value, dim=dim)
        if labelled is not None and labelled.ndim > 1:
            category = labelled.dims[-1] if dim is None else dim
            kept[name] = [d for d in labelled.dims if d != category]
    if question is None and len({dims[-1] for dims in kept.values()}) > 1:
        (left, one), (right, other) = kept.items()
        raise DataError(
            f"the questions seem to lie along {one[-1]!r} in `{left}` and along {other[-1]!r} in "
            f"`{right}`; say which dimension of both holds them by `question`"
        )
    question = next(iter(kept.values()))[-1] if question is None else question
    for name, dims in kept.items():
        if question not in dims:
            raise DataError(f"`question` is {question!r}, but `{name}` has the dimensions {dims}")
    return question


def interval_of_mean(scores: FloatArray, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, standard error and Student interval (..., 2) over the questions, NaN being dropped.

    Questions are taken as a sample of those that could have been asked. One question has no
    standard error.
    """
    from scipy.special import stdtrit

    there = ~np.isnan(scores)
    n = there.sum(axis=-1)
    filled = np.where(there, scores, 0.0)
    mean = np.where(n > 0, filled.sum(axis=-1) / np.maximum(n, 1), np.nan)
    square = np.where(there, scores - mean[..., None], 0.0) ** 2
    variance = square.sum(axis=-1) / np.maximum(n - 1, 1) / np.maximum(n, 1)
    stderr = np.where(n > 1, np.sqrt(variance), np.nan)
    half = stdtrit(np.maximum(n - 1.0, 1.0), 0.5 + level / 2.0) * stderr
    return mean, stderr, np.stack([mean - half, mean + half], axis=-1)


def wrap_mean(layout: Layout, scores: FloatArray, level: float) -> dict[str, Any]:
    """Label mean, standard error, interval, number of questions and the scores themselves."""
    mean, stderr, interval = interval_of_mean(scores, level)
    over = layout if layout.template is None else layout.without(layout.template.dims[-1])
    attrs = {"ci_kind": "student", "ci_prob": level}
    bounds = {"ci_bound": ["lower", "upper"]}
    return {
        "mean": over.wrap(mean),
        "stderr": over.wrap(stderr),
        "interval": over.wrap(interval, extra=bounds, attrs=attrs),
        "n_questions": over.wrap((~np.isnan(scores)).sum(axis=-1)),
        "by_question": layout.wrap(scores),
    }

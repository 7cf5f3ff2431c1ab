"""Whose opinions a model's answers represent."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..errors import ApproximationWarning, DataError
from ..kernels._distances import wasserstein
from ..uncertainty._bootstrap import bootstrap
from ..uncertainty._hooks import batched_by
from ._alignment import relative_wasserstein, uniform
from ._positions import positions
from ._questions import Questions, pair_questions, wrap_mean

__all__ = ["Representativeness", "representativeness"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Representativeness:
    """How well a model's answers represent each group.

    Attributes
    ----------
    score : numpy.ndarray or xarray.DataArray, shape (groups,)
        ``1 - W1 / max W1``, averaged over the questions that the group was asked: 1 for the same
        answers, 0 for opposite ends of every scale.
    stderr, interval : same, interval with a last axis (lower, upper)
        Student interval over questions, at `level`.
    uniform : same as `score`
        What answering every option alike would score: the figure to beat.
    n_questions : same
        Questions per group.
    nearest : label or int
        The group with the highest score.
    nearest_share : same as `score`
        Share of the bootstrap replicates over questions in which each group is the nearest: how
        sure `nearest` is.
    same_questions : bool
        Whether all groups were asked the same questions. If not, scores of different groups are
        about different questions: compare `score - uniform`, or restrict to common ones.
    by_question : array of shape (groups, questions)
        The scores, NaN where a question was dropped.
    dropped : dict of str to int
        Distributions left out, by reason.
    level : float
        Coverage of the interval.
    """

    score: Any
    stderr: Any
    interval: Any
    uniform: Any
    n_questions: Any
    nearest: Any
    nearest_share: Any
    same_questions: bool
    by_question: Any = field(repr=False)
    dropped: dict[str, int]
    level: float


def representativeness(
    model: Any,
    groups: Any,
    *,
    values: Any = None,
    normalize: bool = False,
    question: Hashable | None = None,
    dim: Hashable | None = None,
    level: float = 0.95,
    n: int = 1000,
    seed: Any = 0,
) -> Representativeness:
    """Score how well a model's opinion distributions represent those of each group (OpinionQA).

    Parameters
    ----------
    model : array_like, DataArray or frame, shape (questions, categories) or with groups
        The model's distribution over the ordered options of each question.
    groups : array_like or DataArray, shape (groups, questions, categories)
        The groups' distributions. A question that a group was not asked is all NaN; an option
        that a question does not have is NaN in both. Refusals are no point of an ordered scale:
        leave them out and normalise.
    values : array_like, Series or mapping, shape (categories,), optional
        Ascending positions of the options; equal steps, per question, by default.
    normalize : bool
        Divide by the sums first, so that counts may be given.
    question, dim : hashable, optional
        Dimensions of the questions and of the categories of labelled input; by default the last
        kept and the last.
    level : float
        Coverage of the intervals.
    n : int
        Bootstrap replicates behind `nearest_share`.
    seed : int, numpy.random.Generator or None
        For these.

    Returns
    -------
    Representativeness
        Scores per group with intervals, the nearest group and how sure that is.

    Raises
    ------
    DataError
        Entries that are no distribution, positions that do not ascend, no question in common, or
        anything but one axis of groups.
    LabelError
        Labels that differ between the two.

    References
    ----------
    S. Santurkar et al., Whose Opinions Do Language Models Reflect?, ICML 2023.

    Examples
    --------
    >>> from pluralism.perspective import representativeness
    >>> model = [[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]] * 5
    >>> near = [[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]] * 5
    >>> far = [[0.1, 0.3, 0.6], [0.7, 0.2, 0.1]] * 5
    >>> groups = [near, far]
    >>> result = representativeness(model, groups)
    >>> result.score
    array([0.925, 0.5  ])
    >>> result.nearest
    0
    """
    _validate.level("level", level)
    pairs = pair_questions(
        {"model": model, "groups": groups}, question=question, dim=dim, normalize=normalize
    )
    if pairs.kept.ndim != 2:
        raise DataError(
            f"`groups` leaves axes of shape {pairs.kept.shape} beside the categories; it must "
            "have one of groups and one of questions"
        )
    score = partial(_score, _gaps(values, pairs), pairs.exists)
    scores = pairs.spread(score(pairs.p, pairs.q))
    labelled = wrap_mean(pairs.layout, scores, level)
    of_uniform = pairs.spread(score(uniform(pairs.exists), pairs.q))
    over = pairs.layout
    over = over if over.template is None else over.without(over.template.dims[-1])
    mean = np.asarray(labelled["mean"])
    best = int(np.nanargmax(mean))
    label = best
    if over.template is not None and over.template.dims[0] in over.template.indexes:
        label = over.template.indexes[over.template.dims[0]].tolist()[best]
    return Representativeness(
        score=labelled["mean"],
        stderr=labelled["stderr"],
        interval=labelled["interval"],
        uniform=wrap_mean(pairs.layout, of_uniform, level)["mean"],
        n_questions=labelled["n_questions"],
        nearest=label,
        nearest_share=over.wrap(_nearest_share(scores, n, seed)),
        same_questions=bool((pairs.kept == pairs.kept.any(axis=0)).all()),
        by_question=labelled["by_question"],
        dropped=pairs.dropped,
        level=level,
    )


def _gaps(values: Any, pairs: Questions) -> FloatArray | None:
    if values is None:
        return None
    place = positions(values, pairs.layout, pairs.p.shape[-1])
    gaps = np.diff(place)
    if (gaps <= 0.0).any():
        raise DataError(f"`values` must ascend; it is {place.tolist()}")
    return gaps


def _score(
    gaps: FloatArray | None, exists: npt.NDArray[np.bool_], p: FloatArray, q: FloatArray
) -> FloatArray:
    if gaps is None:
        return 1.0 - relative_wasserstein(p, q, exists)
    place = np.concatenate([[0.0], np.cumsum(gaps)])
    low = np.where(exists, place, np.inf).min(axis=-1)
    high = np.where(exists, place, -np.inf).max(axis=-1)
    span = np.where(high > low, high - low, 1.0)
    return 1.0 - np.minimum(wasserstein(p, q, gaps) / span, 1.0)


def _nearest_share(scores: FloatArray, n: int, seed: Any) -> FloatArray:
    """Share of the resamples of questions (groups,) in which each group scores highest."""
    if scores.shape[1] < 2:
        return np.full(len(scores), np.nan)
    # One group that is always the nearest is an answer here, not a degenerate bootstrap.
    with _quiet.held_back(ApproximationWarning, starting="every replicate equals"):
        best = bootstrap(_winner, scores.T, unit="row", n=n, seed=seed).replicates
    return np.asarray(best).mean(axis=0)


def _winners(rows: FloatArray, *, unit: str, weights: FloatArray) -> FloatArray:
    there = ~np.isnan(rows)  # (questions, groups)
    n = weights @ there
    total = weights @ np.where(there, rows, 0.0)
    mean = np.where(n > 0.0, total / np.maximum(n, 1.0), -np.inf)
    won = mean == mean.max(axis=1, keepdims=True)
    return won / won.sum(axis=1, keepdims=True)


@batched_by(_winners)
def _winner(rows: FloatArray) -> FloatArray:
    """One for the group with the highest mean, shared between tied ones."""
    return _winners(rows, unit="row", weights=np.ones((1, len(rows))))[0]

"""How near a model's answers are to a population's, question by question."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from .._labelled import take, take_together
from ..errors import DataError
from ..kernels import _distances as kernels
from ._positions import matched_to
from ._questions import Questions, pair_questions, wrap_mean

__all__ = [
    "DistributionalAlignment",
    "PublishedMean",
    "distributional_alignment",
    "roadmap_entropy",
    "roadmap_js_distance",
]

FloatArray = npt.NDArray[np.float64]
Distance = Callable[[FloatArray, FloatArray], Any]

#: Distances in [0, 1] by name; the options (pairs, categories) matter to the Wasserstein only.
_DISTANCES: dict[str, Callable[[FloatArray, FloatArray, npt.NDArray[np.bool_]], FloatArray]] = {
    "js_distance": lambda p, q, _: np.sqrt(kernels.js_divergence(p, q) / np.log(2.0)),
    "js_divergence": lambda p, q, _: kernels.js_divergence(p, q) / np.log(2.0),
    "total_variation": lambda p, q, _: kernels.total_variation(p, q),
    "hellinger": lambda p, q, _: kernels.hellinger(p, q),
    "wasserstein": lambda p, q, exists: relative_wasserstein(p, q, exists),
}


@dataclass(frozen=True, eq=False)
class DistributionalAlignment:
    """The mean distance between a model and a population, with what it should be held against.

    Attributes
    ----------
    distance : float, numpy.ndarray or xarray.DataArray, shape (...)
        Mean over questions.
    stderr, interval : same, interval with a last axis (lower, upper)
        Student interval over questions, at `level`.
    n_questions : same
        Questions in the mean.
    by_question : array of shape (..., questions)
        The distances, NaN where a question was dropped.
    baselines : dict of str to same as `distance`
        "uniform": all options alike; "majority": everybody gives the population's most common
        answer; "split_half": one half of the respondents against the other, where their number
        was given. A model as far away as "uniform" has learnt nothing; nearer than "split_half"
        it cannot be told from the population.
    dropped : dict of str to int
        Distributions left out, by reason.
    measure : str
        Name of the distance.
    level : float
        Coverage of the interval.
    """

    distance: Any
    stderr: Any
    interval: Any
    n_questions: Any
    by_question: Any = field(repr=False)
    baselines: dict[str, Any]
    dropped: dict[str, int]
    measure: str
    level: float


class PublishedMean(NamedTuple):
    """A mean as published code computes it, and how many questions it used and dropped."""

    value: float
    n_questions: int
    dropped: int


def distributional_alignment(
    model: Any,
    population: Any,
    *,
    distance: str | Distance = "js_distance",
    respondents: Any = None,
    normalize: bool = False,
    question: Hashable | None = None,
    dim: Hashable | None = None,
    level: float = 0.95,
    splits: int = 20,
    seed: Any = 0,
) -> DistributionalAlignment:
    """Average the distance between a model's and a population's answers over questions.

    Parameters
    ----------
    model, population : array_like, DataArray or frame, shape (..., questions, categories)
        Distributions over the options of each question. Leading axes (groups, models) are
        broadcast; labelled inputs are matched by name. A question that one side did not answer
        is all NaN and dropped; an option that a question does not have is NaN in both.
    distance : str or callable
        "js_distance", "js_divergence" (both to base 2), "total_variation", "hellinger" or
        "wasserstein" (in equal steps, over its largest value): each in [0, 1]. A callable takes
        two arrays (pairs, categories) and returns (pairs,).
    respondents : int, array_like or DataArray, shape (..., questions), optional
        People behind each distribution of the population, at least 2; adds the split-half
        baseline. A DataArray is matched by label.
    normalize : bool
        Divide by the sums first, so that counts may be given.
    question, dim : hashable, optional
        Dimensions of the questions and of the categories of labelled input; by default the last
        kept and the last.
    level : float
        Coverage of the interval.
    splits : int
        Random halves per question of the split-half baseline.
    seed : int, numpy.random.Generator or None
        For these halves.

    Returns
    -------
    DistributionalAlignment
        Mean, interval, baselines, distances per question and counts of what was dropped.

    Raises
    ------
    DataError
        Entries that are no distribution, an unknown distance, no question in common, or an
        option that exists on one side only.
    LabelError
        Labels that differ between the two.

    Notes
    -----
    The interval takes the questions as a sample; it says nothing of the people behind the
    population's shares. Halves are drawn as two independent samples of n / 2 from the
    population's own shares.

    References
    ----------
    T. Sorensen et al., A Roadmap to Pluralistic Alignment, ICML 2024; N. Meister et
    al., Benchmarking Distributional Alignment of Large Language Models (2024) for the baselines.

    Examples
    --------
    >>> from pluralism.perspective import distributional_alignment
    >>> model = [[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]]
    >>> people = [[0.7, 0.3], [0.6, 0.4], [0.2, 0.8]]
    >>> result = distributional_alignment(model, people, distance="total_variation")
    >>> result.distance
    0.1666...
    >>> result.baselines["uniform"]
    0.2
    """
    _validate.level("level", level)
    measure, function = _named(distance)
    pairs = pair_questions(
        {"model": model, "population": population},
        question=question,
        dim=dim,
        normalize=normalize,
    )
    scores = pairs.spread(_distances(function, pairs.p, pairs.q, pairs.exists))
    baselines = {
        "uniform": function(uniform(pairs.exists), pairs.q, pairs.exists),
        "majority": function(_majority(pairs.q), pairs.q, pairs.exists),
    }
    if respondents is not None:
        baselines["split_half"] = _split_half(function, pairs, respondents, splits, seed)
    labelled = wrap_mean(pairs.layout, scores, level)
    return DistributionalAlignment(
        distance=labelled["mean"],
        stderr=labelled["stderr"],
        interval=labelled["interval"],
        n_questions=labelled["n_questions"],
        by_question=labelled["by_question"],
        baselines={
            name: wrap_mean(pairs.layout, pairs.spread(values), level)["mean"]
            for name, values in baselines.items()
        },
        dropped=pairs.dropped,
        measure=measure,
        level=level,
    )


def roadmap_js_distance(human: Any, model: Any) -> PublishedMean:
    """Mean distance as the code of "A Roadmap to Pluralistic Alignment" computes it.

    The root of the base-2 divergence, rows divided by their sums, questions without any mass
    dropped unsaid there and counted here.

    Parameters
    ----------
    human, model : array_like, shape (questions, categories)
        Shares, not necessarily with sums of one.

    Returns
    -------
    PublishedMean
        Value in [0, 1], questions used and dropped.

    Raises
    ------
    DataError
        Shapes that do not fit, negative entries, or no question left.

    Examples
    --------
    >>> from pluralism.perspective import roadmap_js_distance
    >>> roadmap_js_distance([[0.7, 0.3], [0.0, 0.0]], [[0.3, 0.7], [0.5, 0.5]])
    PublishedMean(value=0.344..., n_questions=1, dropped=1)
    """
    (p, q), _ = take_together({"human": human, "model": model})
    for name, array in (("human", p), ("model", q)):
        _validate.within(name, array, 0.0, what="a share")
    p, q = np.broadcast_arrays(p, q)
    good = p.any(axis=-1) & q.any(axis=-1)
    if not good.any():
        raise DataError("no question has answers in both `human` and `model`")
    p = p[good] / p[good].sum(axis=-1, keepdims=True)
    q = q[good] / q[good].sum(axis=-1, keepdims=True)
    distance = np.sqrt(kernels.js_divergence(p, q) / np.log(2.0))
    return PublishedMean(float(distance.mean()), int(good.sum()), int((~good).sum()))


def roadmap_entropy(p: Any) -> PublishedMean:
    """Mean entropy as the code of "A Roadmap to Pluralistic Alignment" computes it.

    ``-sum p ln p`` with 0 ln 0 = NaN, so that every question with one option that nobody chose
    is dropped from the mean; rows are not divided by their sums. `entropy` has 0 ln 0 = 0 and
    drops none.

    Parameters
    ----------
    p : array_like, shape (questions, categories)
        Shares.

    Returns
    -------
    PublishedMean
        Value in nats, questions used and dropped.

    Raises
    ------
    DataError
        Entries outside [0, 1], or no question without a zero.

    Examples
    --------
    >>> from pluralism.perspective import roadmap_entropy
    >>> roadmap_entropy([[0.5, 0.5, 0.0], [0.4, 0.3, 0.3]])
    PublishedMean(value=1.08..., n_questions=1, dropped=1)
    """
    values, _ = take("p", p)
    _validate.within("p", values, 0.0, 1.0, what="a share")
    good = (values > 0.0).all(axis=-1)
    if not good.any():
        raise DataError("every question of `p` has an option with share 0; the mean is empty")
    used = values[good]
    entropies = -(used * np.log(used)).sum(axis=-1)
    return PublishedMean(float(entropies.mean()), int(good.sum()), int((~good).sum()))


def uniform(exists: npt.NDArray[np.bool_]) -> FloatArray:
    """Share every question's mass equally among the options it has."""
    return exists / exists.sum(axis=-1, keepdims=True)


def relative_wasserstein(p: FloatArray, q: FloatArray, exists: npt.NDArray[np.bool_]) -> FloatArray:
    """Wasserstein distance in equal steps between existing options, over its largest value."""
    place = np.cumsum(exists, axis=-1) - 1.0  # (pairs, categories)
    gaps = np.maximum(np.diff(place, axis=-1), 0.0)
    span = exists.sum(axis=-1) - 1.0
    distance = kernels.wasserstein(p, q, gaps)
    return np.minimum(distance / np.maximum(span, 1.0), 1.0)


def _named(distance: str | Distance) -> tuple[str, Callable[..., FloatArray]]:
    if callable(distance):
        function = distance
        return getattr(distance, "__name__", "distance"), lambda p, q, _: np.asarray(function(p, q))
    _validate.one_of("distance", distance, _DISTANCES)
    return distance, _DISTANCES[distance]


def _distances(
    function: Callable[..., FloatArray],
    p: FloatArray,
    q: FloatArray,
    exists: npt.NDArray[np.bool_],
) -> FloatArray:
    scores = function(p, q, exists)
    if scores.shape != p.shape[:-1]:
        raise DataError(
            f"`distance` gave shape {scores.shape} for {p.shape[0]} pairs; it must reduce the "
            "last axis alone"
        )
    if np.isnan(scores).any():
        raise DataError(
            f"`distance` gave NaN for {int(np.isnan(scores).sum())} of {len(scores)} pairs; it "
            "must be a number for every pair of distributions"
        )
    return scores


def _majority(q: FloatArray) -> FloatArray:
    """All mass on the most common option, shared between tied ones."""
    modes = q == q.max(axis=-1, keepdims=True)
    return uniform(modes)


def _split_half(
    function: Callable[..., FloatArray],
    pairs: Questions,
    respondents: Any,
    splits: int,
    seed: Any,
) -> FloatArray:
    rng = _validate.generator("seed", seed)
    _validate.whole_number("splits", splits, at_least=1)
    people = matched_to("respondents", respondents, pairs.layout, pairs.kept.shape)[pairs.kept]
    _validate.within("respondents", people, 2.0, what="a number of respondents")
    _validate.within("respondents", people, 2.0, 2.0**53, what="a number of respondents")
    half = (people // 2).astype(np.int64)
    total = np.zeros(len(half))
    for _ in range(splits):
        first, second = (
            rng.multinomial(half, pairs.q) / half[:, None],
            rng.multinomial(half, pairs.q) / half[:, None],
        )
        total += function(first, second, pairs.exists)
    return total / splits

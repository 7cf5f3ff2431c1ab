"""Whether one system's answers hold more perspectives than another's."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, LabelError
from ..uncertainty._bootstrap import bootstrap
from ..uncertainty._hooks import batched_by
from ._shares import PerspectiveDistribution, evenness, evenness_batch, interval_over_questions

__all__ = ["PerspectiveComparison", "compare_perspectives"]

FloatArray = npt.NDArray[np.float64]


class PerspectiveComparison(NamedTuple):
    """Normalised entropy before and after, and its difference with a bootstrap interval."""

    before: float
    after: float
    difference: float
    interval: tuple[float, float]
    paired: bool


def compare_perspectives(
    before: PerspectiveDistribution,
    after: PerspectiveDistribution,
    *,
    paired: bool = True,
    level: float = 0.95,
    n: int = 1000,
    seed: Any = 0,
) -> PerspectiveComparison:
    """Compare the normalised entropies of two systems, with an interval for the difference.

    Parameters
    ----------
    before, after : PerspectiveDistribution
        Of the same categories, with the same pooling and estimator.
    paired : bool
        Whether both answered the same questions in the same order; they are then resampled
        together, which is sharper. Questions that `empty` dropped break the pairs.
    level, n, seed
        As in `perspective_distribution`.

    Returns
    -------
    PerspectiveComparison
        Both values, after - before, and its interval.

    Raises
    ------
    DataError
        Different poolings or estimators, or different numbers of questions where they should be
        paired.
    LabelError
        Different categories, or different questions (the numbers of those that `empty` left
        over, where they have no labels) where they should be paired.

    Examples
    --------
    >>> from pluralism.perspective import compare_perspectives, perspective_distribution
    >>> one = perspective_distribution([[9, 1, 0], [8, 0, 1], [7, 1, 0], [9, 0, 0]] * 5)
    >>> many = perspective_distribution([[3, 4, 2], [5, 3, 2], [2, 3, 3], [4, 2, 3]] * 5)
    >>> change = compare_perspectives(one, many)
    >>> change.difference, change.interval[0] > 0
    (0.682..., True)
    """
    for name, given in (("before", before), ("after", after)):
        if not isinstance(given, PerspectiveDistribution):
            raise DataError(
                f"`{name}` is a {type(given).__name__}; it must be what `perspective_distribution` "
                "returns"
            )
    _validate.level("level", level)
    dim = before.counts.dims[1]
    left, right = (
        tuple(before.counts.indexes[dim]),
        tuple(after.counts.indexes[after.counts.dims[1]]),
    )
    if set(left) != set(right):
        raise LabelError(f"`before` is over {left} and `after` over {right}; they must be the same")
    for name in ("pool", "estimator"):
        left_choice, right_choice = getattr(before, name), getattr(after, name)
        if left_choice != right_choice:
            raise DataError(
                f"`{name}` is {left_choice!r} before and {right_choice!r} after; choose one"
            )
    one = before.counts.values
    two = after.counts.values[:, [right.index(label) for label in left]]
    if paired:
        if len(one) != len(two):
            raise DataError(
                f"`before` has {len(one)} questions and `after` {len(two)}; they cannot be paired"
            )
        asked = [part.counts.indexes["question"].tolist() for part in (before, after)]
        apart = [pair for pair in zip(*asked, strict=True) if pair[0] != pair[1]]
        if apart:
            raise LabelError(
                f"question {apart[0][0]!r} of `before` would be paired with {apart[0][1]!r} of "
                "`after`; give both the same questions (an `empty` other than 'drop' keeps all)"
            )
        rows = np.concatenate([one, two], axis=1)
        statistic = partial(_gain, pool=before.pool, estimator=before.estimator)
        interval = interval_over_questions(statistic, rows, n, level, seed)
    else:
        statistic = partial(evenness, pool=before.pool, estimator=before.estimator)
        rng = _validate.generator("seed", seed)
        replicates = [
            np.asarray(bootstrap(statistic, rows, unit="row", n=n, seed=rng).replicates)
            for rows in (one, two)
        ]
        tail = 50.0 * (1.0 - level)
        lower, upper = np.percentile(replicates[1] - replicates[0], [tail, 100.0 - tail])
        interval = (float(lower), float(upper))
    return PerspectiveComparison(
        before.normalized_entropy,
        after.normalized_entropy,
        after.normalized_entropy - before.normalized_entropy,
        interval,
        paired,
    )


def _gain_batch(
    rows: FloatArray, *, unit: str, weights: FloatArray, pool: str, estimator: str
) -> FloatArray:
    before, after = (
        evenness_batch(half, unit=unit, weights=weights, pool=pool, estimator=estimator)
        for half in np.split(rows, 2, axis=1)
    )
    return after - before


@batched_by(_gain_batch)
def _gain(rows: FloatArray, *, pool: str, estimator: str) -> float:
    one = np.ones((1, len(rows)))
    return float(_gain_batch(rows, unit="row", weights=one, pool=pool, estimator=estimator)[0])

"""Whose perspectives a set of answers refers to, and how evenly."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from .._labelled import as_labelled, take
from ..data._labels import as_coordinate, check_labels
from ..errors import DataError, LabelError
from ..kernels._entropy import plugin_entropy
from ..uncertainty._bootstrap import bootstrap
from ..uncertainty._hooks import batched_by
from ._entropy import ESTIMATORS, Estimator, estimate

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "PerspectiveDistribution",
    "perspective_distribution",
]

FloatArray = npt.NDArray[np.float64]
Pool = Literal["pooled", "question"]
Empty = Literal["drop", "zero", "category", "error"]

#: The category of answers that refer to nobody, with ``empty="category"``.
NOBODY = "(none)"


@dataclass(frozen=True, eq=False)
class PerspectiveDistribution:
    """Shares of perspectives in a set of answers.

    Attributes
    ----------
    share : xarray.DataArray, (category,)
        Representational share of each perspective; zero for those never met.
    normalized_entropy : float
        Entropy of the shares over the logarithm of the number of categories, in [0, 1]; with
        ``pool="question"`` the mean of the questions' own.
    interval : tuple of float
        Bootstrap interval of it over questions, at `level`.
    effective_number : float
        Number of equally common perspectives that would be as uncertain: the exponential of the
        entropy of the pooled references, or of `share` with ``pool="question"``.
    dominant : label
        The most common perspective, and `dominant_share` its share.
    evenness : float
        ``effective_number`` over the number of perspectives met.
    counts : xarray.DataArray, (question, category)
        References per question, questions by their labels or their numbers.
    pool : str
        "pooled" or "question".
    n_references : float
        References counted.
    without_reference : int
        Questions whose answers refer to nobody; what became of them is `empty`.
    empty : str
        The policy on these.
    estimator : str
        How the entropy was estimated.
    level : float
        Coverage of the interval.
    """

    share: xr.DataArray
    normalized_entropy: float
    interval: tuple[float, float]
    effective_number: float
    dominant: Any
    dominant_share: float
    evenness: float
    counts: xr.DataArray = field(repr=False)
    pool: str
    n_references: float
    without_reference: int
    empty: str
    estimator: str
    level: float


def perspective_distribution(
    references: Any,
    *,
    categories: Sequence[Any] | None = None,
    pool: Pool = "pooled",
    empty: Empty = "drop",
    estimator: Estimator = "plugin",
    level: float = 0.95,
    n: int = 1000,
    seed: Any = 0,
) -> PerspectiveDistribution:
    """Count the perspectives that answers refer to, and say how evenly they are represented.

    This is the reading of WorldView-Bench's Perspectives Distribution Score that its percentages
    allow: shares of references, entropy over the logarithm of the size of a *fixed* category
    set. Each choice that the paper leaves open is an argument here.

    Parameters
    ----------
    references : sequence of sequences, array_like, DataArray, frame or mapping
        For each question either the perspectives that its answer refers to, repetitions
        included, or their counts, (questions, categories). One vector of counts is one question.
    categories : sequence, optional
        All perspectives that count, met or not. Needed for lists of labels; for counts the
        columns decide.
    pool : {"pooled", "question"}
        Pool the references of all questions (long answers weigh more), or give every question
        the same weight.
    empty : {"drop", "zero", "category", "error"}
        Questions without any reference: leave them out, count their entropy as 0 (with
        ``pool="question"``), count them as one more perspective, ``"(none)"``, or refuse them.
    estimator : str
        How the entropy is estimated, as in `entropy`. The plug-in is what papers report; with
        few references choose another.
    level : float
        Coverage of the interval.
    n : int
        Bootstrap replicates over questions.
    seed : int, numpy.random.Generator or None
        For the bootstrap.

    Returns
    -------
    PerspectiveDistribution
        Shares, normalised entropy with interval, effective number, dominant share, evenness.

    Raises
    ------
    DataError
        No reference at all, fewer than two categories, negative counts, an unknown option, or
        ``empty="zero"`` with pooled references.
    LabelError
        A reference that is not among the categories.

    References
    ----------
    A. Mushtaq et al., WorldView-Bench, arXiv:2505.09595 (2025).

    Examples
    --------
    >>> from pluralism.perspective import perspective_distribution
    >>> answers = [["Western", "Western"], ["Western", "East Asian"], [], ["Western"]] * 9
    >>> cultures = ["Western", "East Asian", "African", "Islamic", "Latin American"]
    >>> result = perspective_distribution(answers, categories=cultures)
    >>> result.dominant, result.dominant_share
    ('Western', 0.8)
    >>> result.normalized_entropy
    0.3109...
    >>> result.without_reference
    9
    """
    _validate.one_of("pool", pool, ("pooled", "question"))
    _validate.one_of("empty", empty, ("drop", "zero", "category", "error"))
    _validate.level("level", level)
    if empty == "zero" and pool == "pooled":
        raise DataError(
            "`empty` is 'zero', which gives a question an entropy; use it with pool='question'"
        )
    counts, none = _kept(_as_counts("references", references, categories), empty)
    _validate.one_of("estimator", estimator, ESTIMATORS)
    statistic = partial(evenness, pool=pool, estimator=estimator)
    values = counts.values
    result = statistic(values)
    share = _shares(values, pool)
    entropy = result * math.log(len(share))
    if pool == "question":
        entropy = float(plugin_entropy(share[None])[0])
    top = int(share.argmax())
    interval = (math.nan, math.nan)
    if len(values) > 1:
        interval = interval_over_questions(statistic, values, n, level, seed)
    return PerspectiveDistribution(
        share=counts.isel({counts.dims[0]: 0}, drop=True).copy(data=share),
        normalized_entropy=result,
        interval=interval,
        effective_number=math.exp(entropy),
        dominant=counts.indexes[counts.dims[1]].tolist()[top],
        dominant_share=float(share[top]),
        evenness=math.exp(entropy) / int((share > 0.0).sum()),
        counts=counts,
        pool=pool,
        n_references=float(values.sum()),
        without_reference=none,
        empty=empty,
        estimator=estimator,
        level=level,
    )


def interval_over_questions(
    statistic: Any, rows: FloatArray, n: int, level: float, seed: Any
) -> tuple[float, float]:
    """Bootstrap interval of a number over questions."""
    lower, upper = bootstrap(statistic, rows, unit="row", n=n, level=level, seed=seed).interval
    return float(lower), float(upper)


def _as_counts(name: str, references: Any, categories: Sequence[Any] | None) -> xr.DataArray:
    """Return a table (question, category) of counts."""
    if isinstance(references, Iterator):
        references = list(references)
    labelled, _ = as_labelled(name, references)
    if labelled is None and categories is not None:
        categories = check_labels("categories", categories)
        _refuse_ambiguous(name, references, categories)
    if labelled is None and _holds_labels(references):
        return _count_labels(name, references, categories)
    values, layout = take(name, references)
    values = values[None] if values.ndim == 1 else values
    if values.ndim != 2:
        raise DataError(
            f"`{name}` has {values.ndim} dimension(s); it must be questions x categories"
        )
    _validate.within(name, values, 0.0, what="a count")
    given = layout.categories
    if categories is not None:
        categories = check_labels("categories", categories)
        if given is not None and tuple(given) != categories:
            raise LabelError(f"`categories` is {categories}, but the columns are {given}")
        if len(categories) != values.shape[1]:
            raise DataError(f"`categories` names {len(categories)} of {values.shape[1]} columns")
        given = categories
    if values.shape[1] < 2:
        raise DataError(f"`{name}` has one category; its shares have no evenness")
    columns = list(range(values.shape[1]) if given is None else given)
    return _table(values, columns, layout.template)


def _table(values: FloatArray, columns: Sequence[Any], rows: Any = None) -> xr.DataArray:
    """Label counts, the questions by their own labels or by their numbers."""
    import xarray as xr

    labels: Sequence[Any] = range(len(values))
    if rows is not None and rows.ndim == 1 and rows.dims[0] in rows.indexes:
        labels = rows.indexes[rows.dims[0]].tolist()
    return xr.DataArray(
        values,
        dims=["question", "category"],
        coords={
            "question": ("question", as_coordinate(tuple(labels))),
            "category": ("category", as_coordinate(tuple(columns))),
        },
    )


def _refuse_ambiguous(name: str, references: Any, categories: tuple[Any, ...]) -> None:
    """Refuse lists of numbers where labels are numbers too: they could be either."""
    if isinstance(references, list | tuple) and all(isinstance(c, int | float) for c in categories):
        raise DataError(
            f"`categories` are numbers, so that `{name}` could hold labels or counts; give counts "
            "as an array or a frame, and labels as strings"
        )


def _holds_labels(references: Any) -> bool:
    if isinstance(references, np.ndarray) or not isinstance(references, Iterable):
        return False
    return any(
        not isinstance(entry, int | float | np.number)
        for answer in references
        if isinstance(answer, Sequence | set | frozenset | tuple)
        for entry in answer
    ) or any(isinstance(answer, str | set | frozenset) for answer in references)


def _count_labels(name: str, references: Any, categories: Sequence[Any] | None) -> xr.DataArray:
    if categories is None:
        raise DataError(
            "`categories` must say which perspectives there could be; those that happen to be "
            "met would decide the maximum of the entropy"
        )
    known = check_labels("categories", categories)
    if len(known) < 2:
        raise DataError("`categories` holds one label; its shares have no evenness")
    column = {label: i for i, label in enumerate(known)}
    answers = list(references)
    counts = np.zeros((len(answers), len(known)))
    for row, answer in enumerate(answers):
        if isinstance(answer, str):
            raise DataError(f"`{name}[{row}]` is the string {answer!r}; give a list of labels")
        if not isinstance(answer, Iterable):
            raise DataError(f"`{name}[{row}]` is {answer!r}; give a list of labels, perhaps empty")
        for label in answer:
            if not isinstance(label, Hashable) or label not in column:
                raise LabelError.unknown(
                    f"`{name}[{row}]`", label, known=known, argument="`categories`"
                )
            counts[row, column[label]] += 1.0
    return _table(counts, known)


def _kept(counts: xr.DataArray, empty: str) -> tuple[xr.DataArray, int]:
    """Apply the policy on questions without a reference; return what is left and their number."""
    import xarray as xr

    none = np.asarray(~counts.values.any(axis=1))
    number = int(none.sum())
    if number and empty == "error":
        raise DataError(
            f"question {int(np.flatnonzero(none)[0])} has no reference ({number} such); "
            "choose what `empty` should do with them"
        )
    if empty == "category":
        if NOBODY in counts.indexes["category"]:
            raise LabelError(
                f"`categories` has {NOBODY!r}, the name of answers that refer to nobody"
            )
        extra = _table(none[:, None].astype(float), [NOBODY]).assign_coords(
            question=counts.coords["question"]
        )
        return xr.concat([counts, extra], "category"), number
    if none.all():
        raise DataError("no question has any reference")
    return (counts.isel(question=~none) if empty == "drop" else counts), number


def _shares(counts: FloatArray, pool: str) -> FloatArray:
    total = counts.sum(axis=1, keepdims=True)
    if pool == "question":
        counts = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0.0)
    share = counts.sum(axis=0)
    return share / share.sum()


def evenness_batch(
    rows: FloatArray, *, unit: str, weights: FloatArray, pool: str, estimator: str
) -> FloatArray:
    """Normalised entropies (replicates,) of reweighted questions."""
    maximum = math.log(rows.shape[1])
    if pool == "question":
        filled = rows.any(axis=1)
        entropies = np.zeros(len(rows))
        entropies[filled] = _entropies(rows[filled], estimator)
        return weights @ entropies / weights.sum(axis=1) / maximum
    return _entropies(weights @ rows, estimator) / maximum


@batched_by(evenness_batch)
def evenness(rows: FloatArray, *, pool: str, estimator: str) -> float:
    """Normalised entropy of questions (questions, categories)."""
    one = np.ones((1, len(rows)))
    return float(evenness_batch(rows, unit="row", weights=one, pool=pool, estimator=estimator)[0])


def _entropies(rows: FloatArray, estimator: str) -> FloatArray:
    # Few references per question are usual; a warning for every replicate would only repeat it.
    return plugin_entropy(rows) if estimator == "plugin" else estimate(rows, estimator)

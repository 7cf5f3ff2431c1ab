"""Whether a model asked to answer as somebody answers as that somebody."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from .._labelled import Layout, as_labelled, take_together
from ..errors import DataError, LabelError
from ._alignment import Distance, distributional_alignment
from ._positions import matched_to

__all__ = [
    "Steerability",
    "knowledge_to_simulation_gap",
    "steerability",
    "steering_scores",
    "tradeoff_steerable_score",
]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Steerability:
    """What steering achieves, per attribute and on average.

    Attributes
    ----------
    own : array of shape (..., attributes)
        Score of the model steered to an attribute, judged by that attribute: the diagonal.
    specificity : array of shape (..., attributes)
        `own` less the mean score of the same steered model judged by the other attributes.
    gain : array of shape (..., attributes)
        `own` less the mean score, by that attribute, of the model steered to the others: what
        steering there rather than elsewhere changes.
    improvement : array of shape (..., attributes) or None
        `own` less the score of the unsteered model, where that was given.
    hit : array of shape (..., attributes)
        1 where no other attribute judges the steered model better than its own, else 0.
    mean_own, mean_specificity, mean_gain, mean_improvement, hit_rate : float or array (...)
        Their means over attributes.
    """

    own: Any
    specificity: Any
    gain: Any
    improvement: Any
    hit: Any = field(repr=False)
    mean_own: Any
    mean_specificity: Any
    mean_gain: Any
    mean_improvement: Any
    hit_rate: Any


def steerability(
    scores: Any, *, unsteered: Any = None, higher_is_better: bool = True
) -> Steerability:
    """Compare each attribute's own steered score with those of the others.

    Parameters
    ----------
    scores : array_like, DataArray or DataFrame, shape (..., attributes, attributes)
        ``[i, j]``: the model steered to attribute i, judged by attribute j. Leading axes may be
        steering designs or models. Of labelled input the last two dimensions must have the same
        labels; the second is put in the order of the first.
    unsteered : array_like, DataArray, Series or mapping, shape (..., attributes), optional
        Score of the model without steering, judged by each attribute; labelled ones by name.
    higher_is_better : bool
        False for distances; differences are then turned so that a positive one is still good.

    Returns
    -------
    Steerability
        Own scores, and how far they exceed those elsewhere.

    Raises
    ------
    DataError
        A matrix that is not square or has fewer than two attributes, or an `unsteered` that does
        not fit.
    LabelError
        Labels of the two axes that differ.

    References
    ----------
    T. Sorensen et al., A Roadmap to Pluralistic Alignment, ICML 2024; N. Meister
    et al., Benchmarking Distributional Alignment of Large Language Models (2024).

    Examples
    --------
    >>> from pluralism.perspective import steerability
    >>> result = steerability([[0.9, 0.5], [0.6, 0.7]], unsteered=[0.7, 0.7])
    >>> result.own, result.specificity
    (array([0.9, 0.7]), array([0.4, 0.1]))
    >>> result.hit_rate, result.mean_improvement
    (1.0, 0.1)
    """
    values, layout = _square(scores)
    sign = 1.0 if higher_is_better else -1.0
    k = values.shape[-1]
    own = np.diagonal(values, axis1=-2, axis2=-1)
    # Sums less the diagonal: the mean over the k - 1 other attributes.
    row = (values.sum(axis=-1) - own) / (k - 1)
    column = (values.sum(axis=-2) - own) / (k - 1)
    best = (sign * values).max(axis=-1)
    parts: dict[str, FloatArray] = {
        "own": own,
        "specificity": sign * (own - row),
        "gain": sign * (own - column),
        "hit": (sign * own >= best).astype(np.float64),
    }
    if unsteered is not None:
        before = matched_to("unsteered", unsteered, layout, own.shape)
        parts["improvement"] = sign * (own - before)
    over = layout if layout.template is None else layout.without(layout.template.dims[-1])
    means = {name: over.wrap(part.mean(axis=-1)) for name, part in parts.items()}
    labelled = {name: layout.wrap(part) for name, part in parts.items()}
    return Steerability(
        own=labelled["own"],
        specificity=labelled["specificity"],
        gain=labelled["gain"],
        improvement=labelled.get("improvement"),
        hit=labelled["hit"],
        mean_own=means["own"],
        mean_specificity=means["specificity"],
        mean_gain=means["gain"],
        mean_improvement=means.get("improvement"),
        hit_rate=means["hit"],
    )


def steering_scores(
    steered: Any,
    population: Any,
    *,
    distance: str | Distance = "total_variation",
    normalize: bool = False,
) -> Any:
    """Score steered models against every attribute's population: one minus the mean distance.

    Parameters
    ----------
    steered : array_like or DataArray, shape (..., attributes, questions, categories)
        Distributions of the model steered to each attribute; leading axes may be Meister's
        designs (persona, few-shot, ...).
    population : array_like or DataArray, shape (attributes, questions, categories)
        Distributions of the people who have each attribute. DataArrays are matched by label,
        plain arrays by position.
    distance : str or callable
        As in `distributional_alignment`, with values in [0, 1].
    normalize : bool
        Divide by the sums first, so that counts may be given.

    Returns
    -------
    numpy.ndarray or xarray.DataArray, shape (..., attributes, attributes)
        Input of `steerability`, in [0, 1]; the second attribute dimension has the suffix
        ``_bis``.

    Raises
    ------
    DataError
        As in `distributional_alignment`, or axes that do not fit.
    LabelError
        Questions or categories that differ.

    Examples
    --------
    >>> from pluralism.perspective import steering_scores
    >>> people = [[[0.9, 0.1]], [[0.2, 0.8]]]
    >>> steering_scores([[[0.8, 0.2]], [[0.5, 0.5]]], people)
    array([[0.9, 0.4],
           [0.6, 0.7]])
    """
    settings: dict[str, Any] = {"distance": distance, "normalize": normalize}
    left, _ = as_labelled("steered", steered)
    right, _ = as_labelled("population", population)
    if left is not None and right is not None:
        if right.ndim != 3 or not set(right.dims) <= set(left.dims):
            raise DataError(
                f"`population` has the dimensions {right.dims}; it must have attributes, "
                f"questions and categories of `steered`, {left.dims}"
            )
        if right.dims != tuple(d for d in left.dims if d in right.dims):
            raise DataError(
                f"`steered` has the dimensions {left.dims} and `population` {right.dims}; "
                "transpose both to attributes, questions, categories"
            )
        attribute, question, dim = right.dims
        judged = right.rename({attribute: f"{attribute}_bis"})
        result = distributional_alignment(left, judged, question=question, dim=dim, **settings)
        return 1.0 - result.distance
    model = _validate.finite_array("steered", steered, allow_nan=True)
    people = _validate.finite_array("population", population, ndim=3, allow_nan=True)
    if model.ndim < 3 or model.shape[-3:] != people.shape:
        raise DataError(
            f"`steered` has shape {model.shape}; its last three axes must be those of "
            f"`population`, {people.shape}"
        )
    result = distributional_alignment(model[..., :, None, :, :], people, **settings)
    return 1.0 - np.asarray(result.distance)


def knowledge_to_simulation_gap(simulated: Any, stated: Any) -> Any:
    """Relative excess of the distance of simulated answers over that of stated shares.

    A model may describe a group's opinions well and still not answer as its members do:
    ``A_simulated / A_stated - 1``, 0 where both are as near.

    Parameters
    ----------
    simulated : float, array_like, DataArray, Series or mapping
        Mean distance of distributions estimated from the model's sampled answers.
    stated : float, array_like, DataArray, Series or mapping
        Mean distance of the distributions that the model states, above 0. Labelled ones are
        matched by name.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray
        At least -1.

    Raises
    ------
    DataError
        Negative distances, shapes that do not fit, or a stated distance of 0.
    LabelError
        Labels that differ between the two.

    References
    ----------
    N. Meister et al., Benchmarking Distributional Alignment of Large Language Models (2024).

    Examples
    --------
    >>> from pluralism.perspective import knowledge_to_simulation_gap
    >>> knowledge_to_simulation_gap(0.3, 0.2)
    0.5
    """
    (left, right), layout = _alike(simulated, stated)
    _validate.within("simulated", left, 0.0, what="a distance")
    _validate.within("stated", right, 0.0, what="a distance")
    if (right == 0.0).any():
        raise DataError("`stated` is 0; no distance is relative to 0")
    return layout.wrap(left / right - 1.0)


def _alike(simulated: Any, stated: Any) -> tuple[list[FloatArray], Layout]:
    """Two arrays of one shape, labelled ones matched by name, and what belongs to their axes."""
    given = {"simulated": simulated, "stated": stated}
    # A category axis of length one, which `take_together` wants, leaves with the layout.
    named = {name: as_labelled(name, value)[0] for name, value in given.items()}
    if all(value is not None for value in named.values()):
        arrays, layout = take_together(
            {name: value.expand_dims("_", axis=-1) for name, value in named.items()}
        )
    else:
        left, right = (_validate.finite_array(name, value) for name, value in given.items())
        try:
            np.broadcast_shapes(left.shape, right.shape)
        except ValueError:
            raise DataError(
                f"`simulated` of shape {left.shape} and `stated` of shape {right.shape} do not fit"
            ) from None
        arrays, layout = [left[..., None], right[..., None]], Layout()
    return [array[..., 0] for array in arrays], layout


def tradeoff_steerable_score(outcomes: Any, weights: Any) -> float:
    """Sum over trade-offs of what the model steered to each achieves by that trade-off.

    Parameters
    ----------
    outcomes : array_like, DataArray or frame, shape (functions, objectives)
        Objectives that the model steered to each commensurating function achieves.
    weights : array_like, DataArray or frame, shape (functions, objectives)
        The functions: weights of the objectives. Labelled input is matched by name.

    Returns
    -------
    float
        ``sum_f f(M_f)``, in units of the weighted objectives.

    Raises
    ------
    DataError
        Shapes that differ.
    LabelError
        Labels that differ between the two.

    References
    ----------
    T. Sorensen et al., A Roadmap to Pluralistic Alignment, ICML 2024.

    Examples
    --------
    >>> from pluralism.perspective import tradeoff_steerable_score
    >>> tradeoff_steerable_score([[0.9, 0.2], [0.4, 0.8]], [[1.0, 0.0], [0.5, 0.5]])
    1.5
    """
    (achieved, functions), _ = take_together({"outcomes": outcomes, "weights": weights})
    if achieved.ndim != 2 or achieved.shape != functions.shape:
        raise DataError(
            f"`outcomes` has shape {achieved.shape} and `weights` {functions.shape}; both must be "
            "functions x objectives"
        )
    return float((achieved * functions).sum())


def _square(scores: Any) -> tuple[FloatArray, Layout]:
    """Return scores (..., k, k) and the layout of (..., k), labels matched."""
    labelled, _ = as_labelled("scores", scores)
    layout = Layout()
    if labelled is None:
        values = _validate.finite_array("scores", scores)
    else:
        if labelled.ndim < 2:
            raise DataError(f"`scores` has the dimensions {labelled.dims}; it needs two or more")
        steered, judged = labelled.dims[-2:]
        labelled = _matched(labelled, steered, judged)
        values = _validate.finite_array("scores", labelled.values)
        own = labelled.isel({judged: 0}, drop=True)
        layout = replace(layout, template=own.drop_vars(set(own.coords) - set(own.dims)))
    if values.ndim < 2 or values.shape[-1] != values.shape[-2] or values.shape[-1] < 2:
        raise DataError(
            f"`scores` has shape {values.shape}; its last two axes must be the same two or more "
            "attributes"
        )
    return values, layout


def _matched(labelled: Any, steered: Hashable, judged: Hashable) -> Any:
    indexes = labelled.indexes
    if steered not in indexes or judged not in indexes:
        return labelled
    left, right = indexes[steered].tolist(), indexes[judged].tolist()
    if set(left) != set(right) or len(left) != len(right) or len(set(left)) != len(left):
        raise LabelError(
            f"`scores` is steered to {left} but judged by {right}; "
            "both must agree, with every label once"
        )
    return labelled.sel({judged: left})

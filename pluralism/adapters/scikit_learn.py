"""Measures as scikit-learn's score functions and scorers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DataError
from ._measures import PARTS, Measure, Record, figure, find
from ._reading import plain

__all__ = ["score_function", "scorer"]


def score_function(name: str, *, part: str = "value", **options: Any) -> Callable[..., float]:
    """Make ``function(reference, prediction, *, sample_weight=None) -> float`` of a measure.

    Parameters
    ----------
    name : str
        A measure of the catalogue, `pluralism.adapters.list_measures`.
    part : {"value", "stderr"}
        The estimate or its standard error.
    **options
        Of the measure; ``labels=`` names the columns of predicted probabilities (default: the
        labels of the reference, sorted), and ``groups=`` gives one group a sample.

    Returns
    -------
    callable
        With the arguments in scikit-learn's order, the truth first. A measure without a reference
        ignores it.

    Raises
    ------
    LabelError
        If there is no such measure.

    Examples
    --------
    >>> from pluralism.adapters.scikit_learn import score_function
    >>> distance = score_function("total_variation")
    >>> distance([[0.7, 0.3], [0.6, 0.4]], [[0.9, 0.1], [0.6, 0.4]])
    0.1
    """
    from .. import _validate

    labels, groups = options.pop("labels", None), options.pop("groups", None)
    measure = find(name, options)
    _validate.one_of("part", part, tuple(PARTS.values()))

    def function(reference: Any, prediction: Any, *, sample_weight: Any = None) -> float:
        predictions = _rows(prediction)
        columns = [
            predictions,
            _references(measure, reference, predictions, labels),
            groups,
            None,
            sample_weight,
        ]
        given = [
            [None] * len(predictions) if column is None else _rows(column) for column in columns
        ]
        sizes = {len(column) for column in given}
        if len(sizes) > 1:
            raise DataError(
                f"prediction, reference, groups and weights differ in length: {sorted(sizes)}"
            )
        records = [Record(*row) for row in zip(*given, strict=True)]
        return figure(name, part, records, **options)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{measure.summary[0].upper()}{measure.summary[1:]}."
    return function


def scorer(name: str, *, greater_is_better: bool | None = None, **options: Any) -> Any:
    """Make a scorer for `cross_val_score`, `GridSearchCV` and the like.

    Parameters
    ----------
    name : str
        A measure of the catalogue, `pluralism.adapters.list_measures`.
    greater_is_better : bool, optional
        Needed where the measure itself is neither better high nor low. Where it is false, the
        scorer's sign is turned, as scikit-learn does.
    **options
        As in `score_function`.

    Returns
    -------
    callable
        Probabilities are asked of the estimator for measures of probabilities, its predictions
        for all others (distributions of several outputs among them).

    Raises
    ------
    DataError
        If `greater_is_better` is needed and missing.
    LabelError
        If there is no such measure.
    ImportError
        If scikit-learn is not installed.

    Examples
    --------
    >>> from pluralism.adapters.scikit_learn import scorer
    >>> scorer("brier_score")
    make_scorer(brier_score, greater_is_better=False, response_method='predict_proba')
    """
    from sklearn.metrics import make_scorer

    measure = find(name)
    better = measure.higher_is_better if greater_is_better is None else greater_is_better
    if better is None:
        raise DataError(f"{name} is neither better high nor low; pass `greater_is_better`")
    response = "predict_proba" if measure.prediction == "probability" else "predict"
    return make_scorer(
        score_function(name, **options), greater_is_better=better, response_method=response
    )


def _rows(values: Any) -> list[Any]:
    """Return one entry a sample, of a list, an array or a frame."""
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    return list(plain(values))


def _references(measure: Measure, reference: Any, predictions: list[Any], labels: Any) -> Any:
    """Bring class labels to the positions, or to the 0 and 1, that forecasts are held against."""
    if measure.reference is None:
        return None
    rows = _rows(reference)
    if measure.reference != "target" or not rows or isinstance(rows[0], (list, dict)):
        return rows
    names = sorted(set(rows)) if labels is None else list(plain(np.asarray(labels)))
    if predictions and isinstance(predictions[0], list):
        if len(names) != len(predictions[0]):
            raise DataError(
                f"predictions have {len(predictions[0])} columns and the labels are {names!r}; "
                "name the columns by `labels`"
            )
        unknown = [row for row in rows if row not in names]
        if unknown:
            raise DataError(
                f"the reference holds {unknown[0]!r}, which is not in `labels` {names!r}"
            )
        return [names.index(row) for row in rows]
    if set(names) <= {0, 1}:
        return rows
    if len(names) > 2:
        raise DataError(
            f"predictions are of one class and the labels are {names!r}; give 2 at most"
        )
    return [float(row == names[-1]) for row in rows]

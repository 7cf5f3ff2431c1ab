"""Targets of ``!function`` in the YAML of an lm-evaluation-harness task.

The path of this module is fixed: a task's YAML names it. For every measure NAME there are

``NAME`` and ``NAME_stderr``
    For ``metric:``. They pass what the model said, and what it is held against, on to
``corpus``
    for ``aggregation:``, which computes the estimate, or its standard error, from all samples.
``options_NAME``
    For ``process_results:`` of a multiple-choice task, with measures of distributions: the shares
    that the log-likelihoods of the options give, against the field ``distribution`` of the
    document (one number an option).

Listed right after NAME, ``NAME_stderr`` stands in the column of standard errors. Other keys of the
YAML are options of the measure. A measure that compares groups takes the target as the group.

A run of hours must not be lost at its last step: what cannot be computed is NaN, and a warning
says why. No function here raises a TypeError, which the harness takes for another signature.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import _quiet
from ..errors import ApproximationWarning, DataError, PluralismError
from ._catalogue import MEASURES
from ._measures import PARTS, Measure, Record, figure
from ._shares import softmax

__all__ = ["FUNCTIONS", "corpus"]

#: What a metric passes on: measure, part, prediction, reference, options.
Item = tuple[str, str, Any, Any, Mapping[str, Any]]


def corpus(items: Sequence[Item]) -> float:
    """Aggregate what the metrics of this module passed on.

    Parameters
    ----------
    items : sequence of tuple, (samples,)
        As returned by any of the metrics; all by the same one.

    Returns
    -------
    float
        The estimate or its standard error; NaN, with a warning, where it cannot be computed.

    Warns
    -----
    ApproximationWarning
        If it cannot be computed: it says why.

    Examples
    --------
    >>> from pluralism.adapters import lm_eval
    >>> item = lm_eval.win_rate(references=[""], predictions=["0.75"])
    >>> lm_eval.corpus([item, lm_eval.win_rate(references=[""], predictions=["0.25"])])
    0.5
    """
    first = items[0] if items else None
    if not isinstance(first, (list, tuple)) or len(first) != 5 or first[0] not in MEASURES:
        return _nan(
            f"`items[0]` is {first!r}, which no metric of this module passed on. A target that is "
            "a list is taken for several targets and their metrics for true or false: write "
            '`doc_to_target: " {{field}}"`, with the space'
        )
    name, part, *_, options = first
    measure = MEASURES[name]
    try:
        return figure(name, part, [_record(measure, item) for item in items], **options)
    except PluralismError as error:
        return _nan(f"{name}: {error}")


def _nan(why: str) -> float:
    _quiet.warn(f"{why}; the value is NaN", ApproximationWarning, stacklevel=3)
    return math.nan


def _record(measure: Measure, item: Item) -> Record:
    _, _, prediction, reference, _ = item
    if measure.grouped:
        return Record(prediction, group=reference)
    return Record(prediction, reference)


def _metric(measure: Measure, name: str, part: str) -> Callable[..., Item]:
    def passed_on(
        references: Sequence[Any] = (), predictions: Sequence[Any] = (), **options: Any
    ) -> Item:
        return (measure.name, part, _only(predictions), _only(references), options)

    return _named(passed_on, name, measure)


def _of_options(measure: Measure) -> Callable[..., dict[str, Item]]:
    def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, Item]:
        likelihoods = [float(result[0]) for result in results]
        people = doc.get("distribution")
        if people is None:
            raise DataError(
                f"the document has no field 'distribution' (it has {sorted(doc)}); add one with "
                "`process_docs`"
            )
        shares = softmax(likelihoods)
        return {
            f"{measure.name}{ending}": (measure.name, part, shares, people, {})
            for ending, part in PARTS.items()
        }

    return _named(process_results, f"options_{measure.name}", measure)


def _only(values: Any) -> Any:
    """Return the one value of a sample, however the harness boxed it."""
    if isinstance(values, (list, tuple)) and len(values) == 1:
        return values[0]
    return values or None


def _named(function: Callable[..., Any], name: str, measure: Measure) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = name  # the harness's name for the metric
    function.__doc__ = f"{measure.summary[0].upper()}{measure.summary[1:]}."
    return function


#: Name -> function; each is an attribute of this module as well.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        f"{measure.name}{ending}": _metric(measure, f"{measure.name}{ending}", part)
        for measure in MEASURES.values()
        for ending, part in PARTS.items()
    },
    **{
        f"options_{measure.name}": _of_options(measure)
        for measure in MEASURES.values()
        if measure.prediction in {"distribution", "probability"}
    },
}
globals().update(FUNCTIONS)

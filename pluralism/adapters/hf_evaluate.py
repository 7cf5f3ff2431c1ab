"""Measures as modules of Hugging Face evaluate, which loads each from a script of its own.

``evaluate.load(pluralism.adapters.hf_metric("js_distance"))`` gives a module whose ``compute``
returns the estimate and its standard error. Options are keywords of ``compute``.
"""

from __future__ import annotations

from typing import Any

import datasets
import evaluate

from ._catalogue import MEASURES
from ._measures import Measure, measure

__all__ = ["metric_class"]

#: What kinds of values are to Arrow. Text is read, so that a list or a mapping may come as text.
_TEXT = datasets.Value("string")
_NUMBER = datasets.Value("float64")
_FEATURES: dict[str, list[Any]] = {
    "number": [_NUMBER, _TEXT],
    "probability": [_NUMBER, datasets.Sequence(_NUMBER), _TEXT],
    "distribution": [datasets.Sequence(_NUMBER), _TEXT],
    "label": [_TEXT],
    "label list": [datasets.Sequence(_TEXT)],
    "label set": [datasets.Sequence(_TEXT)],
    "target": [datasets.Value("int64"), datasets.Sequence(_NUMBER), _TEXT],
}


def metric_class(name: str) -> type[evaluate.Metric]:
    """Build the class that a script exposes to `evaluate.load`."""
    wanted = MEASURES[name]

    class Metric(evaluate.Metric):
        def _info(self) -> evaluate.MetricInfo:
            return evaluate.MetricInfo(
                description=f"{wanted.summary[0].upper()}{wanted.summary[1:]}.",
                citation="",
                inputs_description=(
                    f"predictions: {wanted.prediction}; references: {wanted.reference or 'none'}; "
                    f"options: {', '.join(wanted.options) or 'none'}"
                ),
                features=_features(wanted),
            )

        def _compute(
            self, predictions: Any, references: Any = None, groups: Any = None, **options: Any
        ) -> dict[str, float]:
            result = measure(name, predictions, references=references, groups=groups, **options)
            return {name: result.value, f"{name}_stderr": result.stderr}

    return Metric


def _features(wanted: Measure) -> list[datasets.Features]:
    """List the forms in which samples may come; evaluate takes the first that fits."""
    forms = [{"predictions": form} for form in _FEATURES[wanted.prediction]]
    if wanted.reference is not None:
        forms = [
            {**columns, "references": form}
            for columns in forms
            for form in _FEATURES[wanted.reference]
        ]
    if wanted.grouped:
        forms = [{**columns, "groups": _TEXT} for columns in forms]
    return [datasets.Features(columns) for columns in forms]

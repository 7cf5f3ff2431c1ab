"""Metrics of inspect_ai: ``pluralism/NAME`` and ``pluralism/NAME_stderr`` for every measure.

The entry point ``inspect_ai`` of this package makes the names known to inspect_ai; in a task,
import the function. Every metric takes

``prediction``
    Where the score holds what is judged: "value" (the default), "answer", or a key of the score's
    or the sample's metadata.
``reference``, ``group``, ``cluster``
    Keys of the score's or the sample's metadata. Where no cluster is named, the answers to one
    sample in several epochs are one.

and the options of its measure. Metrics see every epoch, whatever the task's reducer. Lists of what
several judges said come from ``multi_scorer(..., reducer="collect")``, which leaves out judges
without a score: who is who does not matter to the measures that take them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Any

from inspect_ai.scorer import Metric, SampleScore, metric

from ._catalogue import MEASURES, OUTCOME_MEASURES
from ._measures import COMMON, PARTS, Measure, Record, figure, find

__all__ = ["METRICS"]

#: What inspect_ai's letters say, as numbers and as outcomes.
LETTERS: Mapping[str, Mapping[str, Any]] = {
    "number": {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0},
    "label": {"C": "correct", "I": "wrong", "N": "abstain"},
}


def record_of(sample: SampleScore, measure: Measure, keys: Mapping[str, str | None]) -> Record:
    """Find what a measure needs in one score."""
    score = sample.score

    def find(key: str | None) -> Any:
        if key is None:
            return None
        for metadata in (score.metadata, sample.sample_metadata):
            if metadata and key in metadata:
                return metadata[key]
        return None

    where = keys["prediction"]
    prediction = {"value": score.value, "answer": score.answer}.get(str(where), find(where))
    if measure.prediction == "number" or measure.name in OUTCOME_MEASURES:
        letters = LETTERS[measure.prediction]
        prediction = (
            letters.get(prediction, prediction) if isinstance(prediction, str) else prediction
        )
    cluster = sample.sample_id if keys["cluster"] is None else find(keys["cluster"])
    return Record(prediction, find(keys["reference"]), find(keys["group"]), cluster)


def _factory(measure: Measure, name: str, part: str) -> Callable[..., Metric]:
    where: dict[str, Any] = {
        "prediction": "value",
        "reference": None,
        "group": None,
        "cluster": None,
    }
    defaults = {**where, **measure.options, **COMMON}

    def create(**arguments: Any) -> Metric:
        settings = {**defaults, **arguments}
        keys = {key: settings.pop(key) for key in where}
        find(measure.name, settings)

        def compute(scores: list[SampleScore]) -> float:
            if not scores:  # asked before the first sample is done, to show progress
                return math.nan
            records = [record_of(score, measure, keys) for score in scores]
            return figure(measure.name, part, records, **settings)

        return compute

    create.__name__ = create.__qualname__ = name
    create.__doc__ = f"{measure.summary[0].upper()}{measure.summary[1:]}."
    # inspect_ai reads the signature to write the arguments into its log.
    create.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter(key, Parameter.KEYWORD_ONLY, default=value) for key, value in defaults.items()]
    )
    # The reducer of epochs, a mean by default, would turn labels into zeros.
    return metric(name=name, scores="unreduced")(create)


#: Name -> metric, as registered; each is an attribute of this module as well.
METRICS: dict[str, Callable[..., Metric]] = {
    f"{measure.name}{ending}": _factory(measure, f"{measure.name}{ending}", part)
    for measure in MEASURES.values()
    for ending, part in PARTS.items()
}
globals().update(METRICS)

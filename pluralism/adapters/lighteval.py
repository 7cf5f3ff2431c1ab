"""Measures as corpus metrics of lighteval.

`corpus_metric` goes into the ``metrics`` of a task's configuration. What the model said is its
text, or, for a task of options, the shares that the log-likelihoods of the choices give. What it is
held against stands in the document's ``specific``, under the key ``reference``; without the key it
is the gold choice. The metric brings its standard error with it, in the place where lighteval
would put one of its own: its bootstrap divides by the root of the number of resamples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lighteval.metrics.metrics_corpus import CorpusLevelComputation
from lighteval.metrics.metrics_sample import SampleLevelComputation
from lighteval.metrics.utils.metric_utils import CorpusLevelMetric
from lighteval.models.model_output import ModelResponse
from lighteval.tasks.requests import Doc, SamplingMethod

from .. import _quiet
from ..errors import ApproximationWarning, PluralismError
from ._measures import Measure, Record, estimate, find
from ._shares import softmax

__all__ = ["corpus_metric"]


def corpus_metric(
    name: str, *, reference: str = "reference", group: str = "group", **options: Any
) -> CorpusLevelMetric:
    """Make a lighteval metric of a measure.

    Parameters
    ----------
    name : str
        A measure of the catalogue, `pluralism.adapters.list_measures`.
    reference, group : str
        Keys of the document's ``specific``.
    **options
        Of the measure.

    Returns
    -------
    CorpusLevelMetric
        Reports ``NAME`` and ``NAME_stderr``; NaN, with a warning, where it cannot be computed,
        since an exception would lose the run.

    Raises
    ------
    LabelError
        If there is no such measure or option.
    """
    measure = find(name, options)
    shares = measure.prediction in {"distribution", "probability"}
    return CorpusLevelMetric(
        metric_name=name,
        higher_is_better=bool(measure.higher_is_better),
        category=SamplingMethod.LOGPROBS if shares else SamplingMethod.GENERATIVE,
        sample_level_fn=_Recorded(reference, group),
        corpus_level_fn=_Estimated(measure, options),
    )


class _Recorded(SampleLevelComputation):
    """Pass on what the model said and what it is held against."""

    def __init__(self, reference: str, group: str) -> None:
        self.reference, self.group = reference, group

    def compute(self, doc: Doc, model_response: ModelResponse, **_: Any) -> Record:
        specific = doc.specific or {}
        reference = specific.get(self.reference)
        if reference is None and doc.choices:
            reference = doc.get_golds()[0]
        return Record(_said(model_response), reference, specific.get(self.group), doc.id or None)


class _Estimated(CorpusLevelComputation):
    """Compute the estimate of all records."""

    def __init__(self, measure: Measure, options: dict[str, Any]) -> None:
        self.name, self.options = measure.name, options

    def compute_corpus(self, items: Sequence[Record]) -> dict[str, float]:
        try:
            result = estimate(self.name, items, **self.options)
            value, stderr = result.value, result.stderr
        except PluralismError as error:
            _quiet.warn(f"{self.name} is NaN: {error}", ApproximationWarning, stacklevel=2)
            value = stderr = math.nan
        # lighteval computes no standard error of its own for metrics that return a mapping.
        return {self.name: value, f"{self.name}_stderr": stderr}


def _said(response: ModelResponse) -> Any:
    if response.logprobs and not response.text:
        return softmax(response.logprobs)
    texts = response.final_text
    return texts[0] if len(texts) == 1 else list(texts) or None

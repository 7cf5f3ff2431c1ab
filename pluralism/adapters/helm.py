"""Measures as metrics of HELM, named by dotted path in a run specification.

``MetricSpec(class_name="pluralism.adapters.helm.PluralismMetric", args={"name": "js_distance"})``
reports ``js_distance`` and ``js_distance_stderr`` over the instances of each split, sub-split and
perturbation. HELM leaves statistics that are NaN out of its files.
"""

from __future__ import annotations

import math
from typing import Any

from helm.benchmark.adaptation.adapter_spec import AdapterSpec
from helm.benchmark.adaptation.request_state import RequestState
from helm.benchmark.adaptation.scenario_state import ScenarioState
from helm.benchmark.metrics.metric import Metric, MetricMetadata, MetricResult
from helm.benchmark.metrics.metric_name import MetricContext, MetricName
from helm.benchmark.metrics.metric_service import MetricService
from helm.benchmark.metrics.statistic import Stat

from .. import _quiet
from ..errors import ApproximationWarning, PluralismError
from ._measures import Record, estimate, find

__all__ = ["PluralismMetric"]


class PluralismMetric(Metric):
    """A measure of the catalogue over all instances of a run.

    Parameters
    ----------
    name : str
        A measure of the catalogue, `pluralism.adapters.list_measures`.
    reference, group, cluster : str, optional
        Keys of the instances' ``extra_data``. Without `reference`, what a prediction is held
        against is the text of the first correct reference; without `cluster`, the trials and
        completions of one instance are a cluster.
    **options
        Of the measure.

    Raises
    ------
    LabelError
        If there is no such measure or option.
    """

    def __init__(
        self,
        name: str,
        reference: str | None = None,
        group: str | None = None,
        cluster: str | None = None,
        **options: Any,
    ) -> None:
        self.measure = find(name, options)
        self.keys = {"reference": reference, "group": group, "cluster": cluster}
        self.options = options

    def evaluate(
        self,
        scenario_state: ScenarioState,
        metric_service: MetricService,
        eval_cache_path: str,
        parallelism: int,
    ) -> MetricResult:
        """Compute the estimate for every context (split, sub-split, perturbation)."""
        contexts: dict[MetricContext, list[Record]] = {}
        for state in scenario_state.request_states:
            if state.reference_index is None:
                context = MetricContext.from_instance(state.instance)
                contexts.setdefault(context, []).extend(self._records(state))
        stats = [stat for context, held in contexts.items() for stat in self._stats(context, held)]
        return MetricResult(stats, [])

    def evaluate_generation(
        self,
        adapter_spec: AdapterSpec,
        request_state: RequestState,
        metric_service: MetricService,
        eval_cache_path: str,
    ) -> list[Stat]:
        """Return nothing: an estimate is of all instances together."""
        return []

    def get_metadata(self) -> list[MetricMetadata]:
        """Describe the two statistics for HELM's pages."""
        better = self.measure.higher_is_better
        lower = None if better is None else not better
        name, summary = self.measure.name, self.measure.summary
        return [
            MetricMetadata(name=name, description=summary, lower_is_better=lower),
            MetricMetadata(name=f"{name}_stderr", description=f"standard error of {name}"),
        ]

    def _records(self, state: RequestState) -> list[Record]:
        instance, extra = state.instance, state.instance.extra_data or {}
        correct = instance.first_correct_reference
        default = {
            "reference": None if correct is None else correct.output.text,
            "group": None,
            "cluster": instance.id,
        }
        about = {
            part: default[part] if key is None else extra.get(key)
            for part, key in self.keys.items()
        }
        texts = [answer.text for answer in state.result.completions] if state.result else [None]
        # A letter stands for an option where the prompt listed them.
        options = state.output_mapping or {}
        return [
            Record(options.get(text.strip(), text) if text else text, **about) for text in texts
        ]

    def _stats(self, context: MetricContext, records: list[Record]) -> list[Stat]:
        name = self.measure.name
        try:
            result = estimate(name, records, **self.options)
            parts = {name: result.value, f"{name}_stderr": result.stderr}
        except PluralismError as error:
            # An exception would lose the run.
            _quiet.warn(f"{name} is NaN: {error}", ApproximationWarning, stacklevel=2)
            parts = {name: math.nan, f"{name}_stderr": math.nan}
        where = {
            "split": context.split,
            "sub_split": context.sub_split,
            "perturbation": context.perturbation,
        }
        return [Stat(MetricName(key, **where)).add(float(value)) for key, value in parts.items()]

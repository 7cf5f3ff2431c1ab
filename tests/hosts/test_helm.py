"""HELM: a run through its own runner, with its built-in test model, writes our numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from pluralism.adapters import measure

pytest.need("helm.benchmark.metrics.metric")
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.slow]

from helm.benchmark.adaptation.adapter_spec import AdapterSpec  # noqa: E402
from helm.benchmark.adaptation.request_state import RequestState  # noqa: E402
from helm.benchmark.adaptation.scenario_state import ScenarioState  # noqa: E402
from helm.benchmark.metrics.metric import MetricSpec, create_metric  # noqa: E402
from helm.benchmark.scenarios.scenario import (  # noqa: E402
    CORRECT_TAG,
    TEST_SPLIT,
    VALID_SPLIT,
    Input,
    Instance,
    Output,
    Reference,
)
from helm.common.request import GeneratedOutput, Request, RequestResult  # noqa: E402

CLASS = "pluralism.adapters.helm.PluralismMetric"

SCENARIO = """
from helm.benchmark.scenarios.scenario import *

class Survey(Scenario):
    name, description, tags = "survey", "who says what", []

    def get_instances(self, output_path):
        answers = ["yes", "no", "no", "no"]
        return [
            Instance(Input(text=f"{k} {said}"), references=[], split=TEST_SPLIT)
            for k, said in enumerate(answers)
        ]
"""


def adapter_spec() -> AdapterSpec:
    return AdapterSpec(
        method="generation", instructions="", input_prefix="", input_suffix="",
        output_prefix="", output_suffix="", max_train_instances=0, num_outputs=1,
        model="simple/model1", model_deployment="simple/model1", max_tokens=5, temperature=0,
        max_eval_instances=10,
    )  # fmt: skip


def test_a_run_of_the_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from helm.benchmark.config_registry import register_builtin_configs_from_helm_package
    from helm.benchmark.executor import ExecutionSpec
    from helm.benchmark.run_spec import RunSpec
    from helm.benchmark.runner import Runner
    from helm.benchmark.scenarios.scenario import ScenarioSpec

    (tmp_path / "survey_scenario.py").write_text(SCENARIO)
    monkeypatch.syspath_prepend(tmp_path)
    register_builtin_configs_from_helm_package()
    spec = RunSpec(
        name="survey",
        scenario_spec=ScenarioSpec("survey_scenario.Survey"),
        adapter_spec=adapter_spec(),
        metric_specs=[
            MetricSpec(CLASS, {"name": "entropy", "estimator": "miller-madow"}),
            MetricSpec(CLASS, {"name": "hill_number", "replicates": 50}),
        ],
    )
    execution = ExecutionSpec(auth=None, url=None, local_path=str(tmp_path / "prod"), parallelism=1)
    runner = Runner(
        execution, output_path=str(tmp_path / "out"), suite="s", skip_instances=False,
        cache_instances=False, cache_instances_only=False, skip_completed_runs=False,
        exit_on_error=True,
    )  # fmt: skip
    runner.run_one(spec)
    stats = json.loads((tmp_path / "out/runs/s/survey/stats.json").read_text())
    found = {stat["name"]["name"]: stat["mean"] for stat in stats}
    said = ["yes", "no", "no", "no"]
    entropy = measure("entropy", said, estimator="miller-madow")
    number = measure("hill_number", said, replicates=50)
    assert found["entropy"] == pytest.approx(entropy.value, rel=1e-12)
    assert found["entropy_stderr"] == pytest.approx(entropy.stderr, rel=1e-12)
    assert found["hill_number"] == pytest.approx(number.value, rel=1e-12)
    assert found["hill_number_stderr"] == pytest.approx(number.stderr, rel=1e-12)


def evaluated(states: list[RequestState], **args: Any) -> dict[tuple[str, str], float]:
    metric = create_metric(MetricSpec(CLASS, args))
    result = metric.evaluate(ScenarioState(adapter_spec(), states), None, "", 1)
    return {(stat.name.name, stat.name.split): stat.mean for stat in result.aggregated_stats}


def state(
    number: int, said: list[str], reference: str = "", split: str = TEST_SPLIT, **extra: Any
) -> RequestState:
    instance = Instance(
        Input(text="q"),
        references=[Reference(Output(text=reference), tags=[CORRECT_TAG])] if reference else [],
        split=split,
        id=f"id{number}",
        extra_data=extra or None,
    )
    completions = [GeneratedOutput(text=text, logprob=0.0, tokens=[]) for text in said]
    result = RequestResult(success=True, embedding=[], completions=completions, cached=False)
    return RequestState(
        instance=instance, reference_index=None, request_mode=None, train_trial_index=0,
        output_mapping=None, request=Request(model="m", model_deployment="m"), result=result,
        num_train_instances=0, prompt_truncated=False,
    )  # fmt: skip


def test_references_by_text_and_by_extra_data(data: Any) -> None:
    expected = measure("js_distance", data.model, references=data.people)
    pairs = list(zip(data.model, data.people, strict=True))
    by_text = [state(k, [json.dumps(p)], json.dumps(q)) for k, (p, q) in enumerate(pairs)]
    by_key = [state(k, [json.dumps(p)], people=q) for k, (p, q) in enumerate(pairs)]
    for found in (
        evaluated(by_text, name="js_distance"),
        evaluated(by_key, name="js_distance", reference="people"),
    ):
        assert found["js_distance", "test"] == pytest.approx(expected.value, rel=1e-12)
        assert found["js_distance_stderr", "test"] == pytest.approx(expected.stderr, rel=1e-12)


def test_splits_stay_apart_and_groups_come_from_extra_data() -> None:
    splits = [TEST_SPLIT, VALID_SPLIT]
    states = [state(k, [f"0.{k}"], split=splits[k % 2], side="ab"[k // 4]) for k in range(8)]
    found = evaluated(states, name="group_range", group="side")
    assert found["group_range", "test"] == pytest.approx(0.4)
    assert found["group_range", "valid"] == pytest.approx(0.4)


def test_completions_of_an_instance_are_a_cluster() -> None:
    states = [state(k, ["1", "1"] if k % 2 else ["0", "0"]) for k in range(6)]
    found = evaluated(states, name="win_rate")
    assert found["win_rate", "test"] == 0.5
    assert found["win_rate_stderr", "test"] == pytest.approx(math.sqrt(0.3 / 6))


def test_what_cannot_be_read_loses_no_run() -> None:
    with pytest.warns(UserWarning, match="win_rate is NaN: .*'who knows'"):
        found = evaluated([state(0, ["0.5"]), state(1, ["who knows"])], name="win_rate")
    assert math.isnan(found["win_rate", "test"])
    with pytest.raises(ValueError, match="did you mean 'base'"):
        create_metric(MetricSpec(CLASS, {"name": "js_distance", "bas": 2}))


def test_metadata_say_which_way_is_better() -> None:
    first, second = create_metric(MetricSpec(CLASS, {"name": "js_distance"})).get_metadata()
    assert (first.name, first.lower_is_better) == ("js_distance", True)
    assert second.name == "js_distance_stderr"

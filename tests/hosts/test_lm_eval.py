"""lm-evaluation-harness: a task's YAML names our functions, and its table shows our numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pluralism import Annotations
from pluralism.adapters import lm_eval as ours
from pluralism.adapters import measure, read_lm_eval
from pluralism.adapters._catalogue import MEASURES
from pluralism.jury import krippendorff_alpha
from pluralism.perspective import js_distance

lm_eval = pytest.need("lm_eval")
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.slow]

from lm_eval.api.model import LM  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402
from lm_eval.utils import make_table  # noqa: E402

TASK = """
task: survey
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: {kind}
doc_to_text: "{{{{question}}}}"
{rest}
metric_list:
"""
METRIC = """
  - metric: {metric}
    aggregation: !function pluralism.adapters.lm_eval.corpus
    higher_is_better: false
"""


class Scripted(LM):
    """A model that says what it was told to say."""

    def __init__(self, texts: list[str], likelihoods: list[float] = ()) -> None:
        super().__init__()
        self.texts, self.likelihoods = texts, likelihoods

    def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
        return list(self.texts)

    def loglikelihood(self, requests: Any, disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        return [(value, False) for value in self.likelihoods]

    def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> list[float]:
        raise NotImplementedError


def run(
    folder: Path, docs: list[dict[str, Any]], model: LM, metrics: list[str], rest: str,
    kind: str = "generate_until",
) -> dict[str, Any]:  # fmt: skip
    data = folder / "survey.jsonl"
    data.write_text("".join(json.dumps(doc) + "\n" for doc in docs))
    text = TASK.format(data=data, kind=kind, rest=rest)
    (folder / "survey.yaml").write_text(text + "".join(METRIC.format(metric=m) for m in metrics))
    manager = TaskManager(include_path=str(folder), include_defaults=False)
    return lm_eval.simple_evaluate(
        model=model, tasks=["survey"], task_manager=manager, bootstrap_iters=10
    )


def named(*names: str) -> list[str]:
    return [f"!function pluralism.adapters.lm_eval.{name}" for name in names]


def test_distances_of_stated_distributions(data: Any, tmp_path: Path) -> None:
    docs = [{"question": f"q{k}", "people": q} for k, q in enumerate(data.people)]
    model = Scripted([json.dumps(p) for p in data.model])
    metrics = named("js_distance", "js_distance_stderr")
    # The space keeps the harness from taking a list for several targets.
    logged = run(tmp_path, docs, model, metrics, 'doc_to_target: " {{people}}"')
    expected = js_distance(data.model, data.people)
    results = logged["results"]["survey"]
    assert results["js_distance,none"] == pytest.approx(expected.mean(), rel=1e-12)
    assert results["js_distance_stderr,none"] == pytest.approx(expected.std(ddof=1) / 2, rel=1e-12)
    row = next(line for line in make_table(logged).splitlines() if "js_distance" in line)
    assert f"{expected.mean():.4f}|±  |{expected.std(ddof=1) / 2:.4f}" in row
    json.dumps(logged["samples"]["survey"][0]["js_distance"])


def test_its_own_samples_are_read_back(data: Any, tmp_path: Path) -> None:
    from lm_eval.loggers import EvaluationTracker

    docs = [{"question": f"q{k}", "people": q} for k, q in enumerate(data.people)]
    files = []
    for model, answers in {"small": "yyny", "large": "ynny"}.items():
        logged = run(tmp_path, docs, Scripted(list(answers)), named("entropy"), "doc_to_target: x")
        tracker = EvaluationTracker(output_path=str(tmp_path / "out"))
        tracker.general_config_tracker.model_name_sanitized = model
        tracker.date_id = "2026-01-01"
        tracker.save_results_samples("survey", logged["samples"]["survey"])
        files += (tmp_path / "out" / model).glob("samples_*.jsonl")
    found = read_lm_eval(files)
    assert (found.raters, found.categories) == (("large", "small"), ("n", "y"))
    table = np.array([list("ynny"), list("yyny")])
    assert krippendorff_alpha(found) == krippendorff_alpha(Annotations.from_matrix(table))


def test_a_list_as_target_is_explained(data: Any, tmp_path: Path) -> None:
    docs = [{"question": f"q{k}", "people": q} for k, q in enumerate(data.people)]
    model = Scripted([json.dumps(p) for p in data.model])
    with pytest.warns(UserWarning, match="taken for several targets"):
        logged = run(tmp_path, docs, model, named("js_distance"), 'doc_to_target: "{{people}}"')
    assert math.isnan(logged["results"]["survey"]["js_distance,none"])


def test_shares_of_the_options_likelihoods(data: Any, tmp_path: Path) -> None:
    docs = [
        {"question": f"q{k}", "distribution": q, "options": ["yes", "no"]}
        for k, q in enumerate(data.people)
    ]
    model = Scripted([], np.log(np.ravel(data.model)).tolist())
    rest = (
        'doc_to_target: 0\ndoc_to_choice: "{{options}}"\n'
        "process_results: !function pluralism.adapters.lm_eval.options_total_variation"
    )
    metrics = ["total_variation", "total_variation_stderr"]
    results = run(tmp_path, docs, model, metrics, rest, "multiple_choice")["results"]["survey"]
    expected = measure("total_variation", data.model, references=data.people)
    assert results["total_variation,none"] == pytest.approx(expected.value, rel=1e-12)
    assert results["total_variation_stderr,none"] == pytest.approx(expected.stderr, rel=1e-12)


def test_answers_and_groups(tmp_path: Path) -> None:
    answers, sides = ["0.9", "0.2", "0.4", "0.6"], ["left", "right", "left", "right"]
    docs = [{"question": f"q{k}", "side": side} for k, side in enumerate(sides)]
    metrics = named("group_range", "win_rate", "entropy")
    results = run(tmp_path, docs, Scripted(answers), metrics, "doc_to_target: side")
    results = results["results"]["survey"]
    assert results["group_range,none"] == pytest.approx(0.25)
    assert results["win_rate,none"] == pytest.approx(0.525)
    assert results["entropy,none"] == pytest.approx(math.log(4))


def test_a_run_survives_what_cannot_be_read(data: Any, tmp_path: Path) -> None:
    docs = [{"question": f"q{k}", "people": q} for k, q in enumerate(data.people)]
    model = Scripted(["[0.9, 0.1]", "I would rather not say", "", "[0.5, 0.5]"])
    with pytest.warns(UserWarning, match="'I would rather not say'; it must be a list of numbers"):
        logged = run(tmp_path, docs, model, named("js_distance"), 'doc_to_target: " {{people}}"')
    assert math.isnan(logged["results"]["survey"]["js_distance,none"])


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_no_function_raises_a_type_error(name: str) -> None:
    hostile: list[Any] = [None, float("nan"), "", "text", [], [None], {}, {"a": {"b": 1}}, object()]
    for value in hostile:
        for reference in hostile:
            item = getattr(ours, name)(references=[reference], predictions=[value], odd=1)
            assert not isinstance(item, dict)
            with pytest.warns(UserWarning, match=name):
                assert math.isnan(ours.corpus([item]))
            plain = getattr(ours, name)(references=[reference], predictions=[value])
            ours.corpus([plain, plain])  # raises nothing

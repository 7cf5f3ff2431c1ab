"""lighteval: its task, its metric application and its logger, driven directly.

The pipeline's registry imports every task of the package, one of which fetches a file at import;
so the pipeline itself needs the network, and these are the parts that it calls.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from pluralism.adapters import measure

pytest.need("lighteval")
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.slow]

from lighteval.logging.info_loggers import MetricsLogger  # noqa: E402
from lighteval.metrics import apply_metric  # noqa: E402
from lighteval.models.model_output import ModelResponse  # noqa: E402
from lighteval.tasks.lighteval_task import LightevalTask, LightevalTaskConfig  # noqa: E402
from lighteval.tasks.requests import Doc  # noqa: E402

from pluralism.adapters.lighteval import corpus_metric  # noqa: E402


def prompt(line: dict[str, Any], task_name: str) -> Doc:
    return Doc(
        task_name=task_name,
        query=line["question"],
        choices=["yes", "no"],
        gold_index=0,
        specific={"reference": line["people"], "group": line["side"]},
    )


def run(folder: Path, rows: list[Any], metrics: list[Any], responses: list[ModelResponse]) -> dict:
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = LightevalTaskConfig(
        name="survey",
        prompt_function=prompt,
        hf_repo=str(folder),
        hf_subset="default",
        hf_avail_splits=["test"],
        evaluation_splits=["test"],
        metrics=metrics,
    )
    task = LightevalTask(config)
    docs = task.eval_docs()
    logger = MetricsLogger()
    for outcome in apply_metric(responses=responses, docs=docs, metrics=metrics):
        logger.log("survey|0", outcome)
    logger.aggregate(task_dict={"survey|0": task}, bootstrap_iters=1000)
    return dict(logger.metric_aggregated["survey|0"])


@pytest.fixture
def rows(data: Any) -> list[dict[str, Any]]:
    return [
        {"question": f"q{k}", "people": q, "side": "ab"[k % 2]} for k, q in enumerate(data.people)
    ]


def test_shares_of_the_choices_likelihoods(data: Any, rows: list[Any], tmp_path: Path) -> None:
    responses = [ModelResponse(logprobs=[math.log(share) for share in p]) for p in data.model]
    logged = run(tmp_path, rows, [corpus_metric("js_distance", base=2)], responses)
    expected = measure("js_distance", data.model, references=data.people, base=2)
    assert set(logged) == {"js_distance", "js_distance_stderr"}
    assert logged["js_distance"] == pytest.approx(expected.value, rel=1e-9)
    # lighteval's own bootstrap would say about a thirtieth of it.
    assert logged["js_distance_stderr"] == pytest.approx(expected.stderr, rel=1e-9)


def test_texts_and_groups(rows: list[Any], tmp_path: Path) -> None:
    answers = ["0.9", "0.2", "0.4", "0.6"]
    responses = [ModelResponse(text=[text]) for text in answers]
    metrics = [corpus_metric("entropy"), corpus_metric("group_range", replicates=50)]
    logged = run(tmp_path, rows, metrics, responses)
    assert logged["entropy"] == pytest.approx(math.log(4))
    expected = measure("group_range", answers, groups=["a", "b", "a", "b"], replicates=50)
    assert logged["group_range"] == expected.value
    assert logged["group_range_stderr"] == expected.stderr


def test_several_samples_of_a_model_are_raters(rows: list[Any], tmp_path: Path) -> None:
    said = [["yes", "yes", "no"], ["no", "no", "no"], ["yes", "no", "yes"], ["yes", "yes", "yes"]]
    responses = [ModelResponse(text=texts) for texts in said]
    logged = run(tmp_path, rows, [corpus_metric("krippendorff_alpha")], responses)
    assert logged["krippendorff_alpha"] == measure("krippendorff_alpha", said).value


def test_a_run_survives_what_cannot_be_read(rows: list[Any], tmp_path: Path) -> None:
    responses = [ModelResponse(text=[text]) for text in ("0.5", "no idea", "", "1")]
    with pytest.warns(UserWarning, match="win_rate is NaN: .*'no idea'; it must be a number"):
        logged = run(tmp_path, rows, [corpus_metric("win_rate")], responses)
    assert math.isnan(logged["win_rate"])
    with pytest.raises(ValueError, match="did you mean 'base'"):
        corpus_metric("js_distance", bas=2)

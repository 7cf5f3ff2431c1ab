"""inspect_ai: the numbers in the log of an offline evaluation are the library's."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pluralism import Annotations, bootstrap
from pluralism.adapters import measure, read_inspect
from pluralism.jury import krippendorff_alpha
from pluralism.perspective import entropy, js_distance

inspect_ai = pytest.need("inspect_ai")
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.slow]

from inspect_ai import Epochs, Task  # noqa: E402
from inspect_ai.dataset import Sample  # noqa: E402
from inspect_ai.log import EvalLog  # noqa: E402
from inspect_ai.model import ModelOutput, ModelUsage, get_model  # noqa: E402
from inspect_ai.scorer import SampleScore, Score, Scorer, multi_scorer, scorer  # noqa: E402

from pluralism.adapters import inspect_ai as ours  # noqa: E402
from pluralism.adapters._catalogue import MEASURES  # noqa: E402


def run(
    samples: list[Sample],
    scorers: Any,
    answers: list[str],
    folder: Path,
    log_format: Any = None,
    **task: Any,
) -> EvalLog:
    outputs = []
    for answer in answers:
        output = ModelOutput.from_content("mockllm/model", answer)
        # With a usage of its own the mock does not ask for a tokenizer from the network.
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        outputs.append(output)
    (log,) = inspect_ai.eval(
        Task(dataset=samples, scorer=scorers, **task),
        log_format=log_format,
        model=get_model("mockllm/model", custom_outputs=outputs),
        log_dir=str(folder),
        display="none",
    )
    return log


def judge(number: int, metrics: list[Any]) -> Scorer:
    @scorer(metrics=metrics, name=f"judge_{number}")
    def create() -> Scorer:
        async def score(state: Any, target: Any) -> Score | None:
            votes = state.metadata["votes"]
            return Score(value=votes[number]) if number < len(votes) else None

        return score

    return create()


def values(log: EvalLog) -> dict[str, float]:
    assert log.status == "success", log.error
    return {
        name.removeprefix("pluralism/"): metric.value
        for score in log.results.scores
        for name, metric in score.metrics.items()
    }


def test_the_entry_point_makes_every_name_known() -> None:
    from inspect_ai._util.registry import registry_lookup

    for name in MEASURES:
        for ending in ("", "_stderr"):
            assert registry_lookup("metric", f"pluralism/{name}{ending}") is not None


def test_alpha_of_judges_some_of_whom_are_missing(data: Any, tmp_path: Path) -> None:
    metrics = [ours.krippendorff_alpha(), ours.krippendorff_alpha_stderr(seed=3, replicates=50)]
    judges = [judge(number, metrics) for number in range(3)]
    samples = [Sample(input="q", id=k, metadata={"votes": v}) for k, v in enumerate(data.votes)]
    scorers = multi_scorer(judges, reducer="collect")
    logged = values(run(samples, scorers, ["x"] * len(samples), tmp_path))
    table = np.array([[*v, *[None] * (3 - len(v))] for v in data.votes], dtype=object).T
    ratings = Annotations.from_matrix(table)
    assert logged["krippendorff_alpha"] == pytest.approx(krippendorff_alpha(ratings), rel=1e-12)
    again = bootstrap(krippendorff_alpha, ratings, unit="item", n=50, seed=3)
    assert logged["krippendorff_alpha_stderr"] == pytest.approx(again.stderr, rel=1e-9)


@scorer(
    metrics=[
        ours.js_distance(reference="people"),
        ours.js_distance_stderr(reference="people"),
        ours.entropy(prediction="answer"),
        ours.group_range(prediction="rating", group="side"),
    ]
)
def shares() -> Scorer:
    async def score(state: Any, target: Any) -> Score:
        return Score(value=state.metadata["model"], answer=state.output.completion)

    return score


def survey(data: Any) -> list[Sample]:
    return [
        Sample(
            input="q", id=k, metadata={"model": p, "people": q, "rating": p[0], "side": "ab"[k % 2]}
        )
        for k, (p, q) in enumerate(zip(data.model, data.people, strict=True))
    ]


def test_distances_diversity_and_groups(data: Any, tmp_path: Path) -> None:
    logged = values(run(survey(data), shares(), ["yes", "no", "no", "no"], tmp_path))
    distances = js_distance(data.model, data.people)
    assert logged["js_distance"] == pytest.approx(distances.mean(), rel=1e-12)
    assert logged["js_distance_stderr"] == pytest.approx(distances.std(ddof=1) / 2, rel=1e-12)
    assert logged["entropy"] == pytest.approx(entropy([1, 3]), rel=1e-12)
    assert logged["group_range"] == pytest.approx(abs((0.9 + 0.5) / 2 - (0.6 + 0.25) / 2))


def test_epochs_of_a_sample_are_a_cluster_and_labels_are_not_averaged(
    data: Any, tmp_path: Path
) -> None:
    # The default reducer, a mean, would make zeros of labels.
    answers = ["yes", "no"] * 4
    logged = values(run(survey(data), shares(), answers, tmp_path, epochs=Epochs(2)))
    assert logged["entropy"] == pytest.approx(math.log(2), rel=1e-12)
    distances = js_distance(data.model, data.people)
    assert logged["js_distance_stderr"] == pytest.approx(distances.std(ddof=1) / 2, rel=1e-12)


def sample_scores(values: list[Any], **metadata: list[Any]) -> list[SampleScore]:
    return [
        SampleScore(
            score=Score(value=value),
            sample_id=place,
            sample_metadata={key: column[place] for key, column in metadata.items()},
        )
        for place, value in enumerate(values)
    ]


def test_letters_of_the_host_are_understood() -> None:
    scores = sample_scores(["C", "I", "P", "N"])
    assert ours.win_rate()(scores) == 0.375
    assert ours.abstention_reliability(cost=2)(sample_scores(["C", "I", "N"])) == pytest.approx(
        -1 / 3
    )


def test_unscored_samples_are_left_out_and_said() -> None:
    scores = sample_scores([1.0, float("nan"), 0.5])
    with pytest.warns(UserWarning, match="1 of 3 samples are left out"):
        assert ours.win_rate()(scores) == 0.75
    assert math.isnan(ours.win_rate()([]))


def test_groups_that_metadata_lack_are_left_out_and_said() -> None:
    scores = sample_scores([1.0, 0.0, 0.5], side=["a", "b", None])
    with pytest.warns(UserWarning, match="1 with no group"):
        assert ours.group_range(group="side")(scores) == 1.0


def test_what_is_no_number_names_its_place() -> None:
    scores = sample_scores([1.0, "rather good"])
    with pytest.raises(
        ValueError, match=r"`predictions\[1\]` is 'rather good'; it must be a number"
    ):
        ours.win_rate()(scores)


def test_every_metric_returns_a_float_that_measure_returns_too(data: Any) -> None:
    scores = sample_scores(data.model, people=data.people)
    for name in ("js_distance", "total_variation", "distributional_alignment", "rank_cs"):
        metric = ours.METRICS[name](reference="people")
        assert type(metric(scores)) is float
        assert metric(scores) == measure(name, data.model, references=data.people).value


def test_a_log_holds_the_arguments(data: Any, tmp_path: Path) -> None:
    log = run(survey(data), shares(), ["yes", "no", "no", "no"], tmp_path)
    assert log.results.scores[0].metrics["js_distance"].params == {"reference": "people"}


@pytest.mark.parametrize("ending", ["eval", "json"])
def test_its_own_logs_are_read_back(ending: str, data: Any, tmp_path: Path) -> None:
    judges = [judge(number, [ours.krippendorff_alpha()]) for number in range(2)]
    samples = [Sample(input="q", id=k, metadata={"votes": v}) for k, v in enumerate(data.votes)]
    run(samples, judges, ["x"] * len(samples), tmp_path, log_format=ending)
    (path,) = tmp_path.glob(f"*.{ending}")
    found = read_inspect(path)
    assert found.raters == ("judge_0", "judge_1")
    assert found.n_items == len(samples)
    table = np.array([v[:2] for v in data.votes], dtype=object).T
    assert krippendorff_alpha(found) == krippendorff_alpha(Annotations.from_matrix(table))

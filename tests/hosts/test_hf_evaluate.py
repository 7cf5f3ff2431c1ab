"""Hugging Face evaluate: every script loads by its path and computes the library's number."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import pluralism.adapters
from pluralism.adapters import hf_metric, measure
from pluralism.adapters._catalogue import MEASURES

evaluate = pytest.need("evaluate")
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.slow]

#: Samples of each kind.
SAMPLES: dict[str | None, list[Any]] = {
    "number": [0.1, 0.9, 0.4, 0.6],
    "probability": [0.1, 0.9, 0.4, 0.6],
    "distribution": [[0.9, 0.1], [0.6, 0.4], [0.5, 0.5], [0.25, 0.75]],
    "label": ["yes", "no", "no", "no"],
    "label list": [["a", "a"], ["b", "b", "a"], ["a", None], ["b", "a"]],
    "label set": [["a"], ["a", "b"], ["c"], ["b"]],
    "target": [0, 1, 1, 0],
    None: None,
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("evaluate"))


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_every_script_computes(name: str, cache: str) -> None:
    held = MEASURES[name]
    predictions = SAMPLES[held.prediction]
    if name in {"answer_coverage", "selective_risk", "abstention_reliability"}:
        predictions = ["correct", "wrong", "abstain", "correct"]
    columns = {"predictions": predictions, "references": SAMPLES[held.reference]}
    columns["groups"] = ["x", "y", "x", "y"] if held.grouped else None
    given = {key: column for key, column in columns.items() if column is not None}
    module = evaluate.load(hf_metric(name), cache_dir=cache)
    found = module.compute(**given)
    expected = measure(name, **given)
    assert found == {
        name: expected.value,
        f"{name}_stderr": pytest.approx(expected.stderr, nan_ok=True),
    }


def test_there_is_a_script_for_every_measure_and_no_other() -> None:
    folder = Path(pluralism.adapters.__file__).parent / "hf"
    assert {path.stem for path in folder.glob("*.py")} == set(MEASURES)


def test_options_batches_and_combinations(data: Any, cache: str) -> None:
    module = evaluate.load(hf_metric("js_distance"), cache_dir=cache)
    found = module.compute(predictions=data.model, references=data.people, base=2)
    expected = measure("js_distance", data.model, references=data.people, base=2)
    assert found["js_distance"] == expected.value
    for p, q in zip(data.model, data.people, strict=True):
        module.add(prediction=p, reference=q)
    assert (
        module.compute()["js_distance"]
        == measure("js_distance", data.model, references=data.people).value
    )
    both = evaluate.combine(
        [evaluate.load(hf_metric(name), cache_dir=cache) for name in ("js_distance", "hellinger")]
    )
    assert set(both.compute(predictions=data.model, references=data.people)) == {
        "js_distance", "js_distance_stderr", "hellinger", "hellinger_stderr",
    }  # fmt: skip


def test_text_is_read_and_nan_is_left_out(cache: str) -> None:
    module = evaluate.load(hf_metric("js_distance"), cache_dir=cache)
    found = module.compute(predictions=['{"a": 1, "b": 0}'], references=['{"b": 0.0, "a": 1.0}'])
    assert found["js_distance"] == 0.0
    assert math.isnan(found["js_distance_stderr"])
    rate = evaluate.load(hf_metric("win_rate"), cache_dir=cache)
    with pytest.warns(UserWarning, match="1 of 2 samples are left out"):
        assert rate.compute(predictions=[float("nan"), 0.5])["win_rate"] == 0.5
    with pytest.raises(ValueError, match="'good'; it must be a number"):
        rate.compute(predictions=["good", "bad"])

"""torchmetrics: batches, merged states and gathered samples give the library's number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from pluralism import Annotations
from pluralism.adapters import measure
from pluralism.adapters._catalogue import MEASURES
from pluralism.jury import calibration_error, krippendorff_alpha
from pluralism.perspective import entropy, js_distance

torch = pytest.need("torch")
pytest.need("torchmetrics")
pytestmark = pytest.mark.filterwarnings("default")

from pluralism.adapters.torchmetrics import PluralismMetric  # noqa: E402


def fill(metric: Any, *columns: Any, size: int = 3) -> Any:
    tensors = [torch.as_tensor(column, dtype=torch.float64) for column in columns]
    for start in range(0, len(tensors[0]), size):
        metric.update(*(tensor[start : start + size] for tensor in tensors))
    return metric


def in_batches(metric: Any, *columns: Any, size: int = 3) -> float:
    return fill(metric, *columns, size=size).compute().item()


def test_means_keep_three_sums(data: Any) -> None:
    expected = js_distance(data.model, data.people)
    metric = PluralismMetric("js_distance")
    assert in_batches(metric, data.model, data.people) == pytest.approx(expected.mean(), rel=1e-12)
    stderr = PluralismMetric("js_distance", part="stderr")
    assert in_batches(stderr, data.model, data.people) == pytest.approx(
        expected.std(ddof=1) / 2, rel=1e-9
    )
    assert sum(state.numel() for state in metric.metric_state.values()) == 3
    metric.reset()
    assert math.isnan(metric.compute().item())


def test_merged_states_are_the_whole(data: Any) -> None:
    whole = PluralismMetric("hellinger", part="stderr")
    halves = [PluralismMetric("hellinger", part="stderr") for _ in range(2)]
    expected = in_batches(whole, data.model, data.people)
    for half, rows in zip(halves, (slice(0, 1), slice(1, 4)), strict=True):
        fill(half, data.model[rows], data.people[rows])
    halves[0].merge_state(halves[1])
    assert halves[0].compute().item() == pytest.approx(expected, rel=1e-12)


def test_counts_of_labels_add() -> None:
    expected = pytest.approx(entropy([1, 3, 0, 1]), rel=1e-12)
    assert in_batches(PluralismMetric("entropy", num_categories=4), [0, 1, 1, 3, 1]) == expected
    metric = fill(PluralismMetric("entropy", num_categories=4), [0, 1, 1, 3, 1])
    metric.merge_state(fill(PluralismMetric("entropy", num_categories=4), [2, 2]))
    assert metric.compute().item() == pytest.approx(entropy([1, 3, 2, 1]), rel=1e-12)
    with pytest.raises(ValueError, match=r"labels run from 0 to 4; they must be in \[0, 3\]"):
        metric.update(torch.tensor([0, 4]))
    with pytest.raises(ValueError, match="pass `num_categories`"):
        PluralismMetric("hill_number")


def test_samples_are_gathered_for_the_rest() -> None:
    rng = np.random.default_rng(0)
    p, y = rng.random(40), rng.integers(0, 2, 40)
    metric = PluralismMetric("calibration_error", bins=5)
    assert in_batches(metric, p, y, size=7) == pytest.approx(
        calibration_error(p, y, bins=5), rel=1e-12
    )
    votes = rng.integers(0, 3, (12, 4)).astype(float)
    votes[0, 0] = votes[3, 2] = math.nan
    alpha = PluralismMetric("krippendorff_alpha", scale="interval")
    expected = krippendorff_alpha(Annotations.from_matrix(votes.T, scale="interval"))
    assert in_batches(alpha, votes, size=5) == pytest.approx(expected, rel=1e-12)
    groups = np.arange(40) % 3
    spread = PluralismMetric("group_range")
    spread.update(torch.as_tensor(p), groups=torch.as_tensor(groups))
    assert spread.compute().item() == measure("group_range", p, groups=groups).value


def test_outcomes_are_codes() -> None:
    metric = PluralismMetric("abstention_reliability", cost=3.0)
    metric.update(torch.tensor([0, 0, 1, 2]))
    assert metric.compute().item() == pytest.approx(-0.25)
    risk = PluralismMetric("selective_risk")
    risk.update(torch.tensor([0, 0, 1, 2]))
    assert risk.compute().item() == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="an outcome is 3"):
        metric.update(torch.tensor([3]))


def test_hostile_batches() -> None:
    metric = PluralismMetric("js_distance")
    with pytest.raises(ValueError, match="predictions 2, references 1"):
        metric.update(torch.ones(2, 2) / 2, torch.ones(1, 2) / 2)
    with pytest.raises(ValueError, match="did you mean 'fill'"):
        PluralismMetric("js_distance", fil=0)
    metric.update(torch.empty(0, 2), torch.empty(0, 2))
    assert math.isnan(metric.compute().item())
    with pytest.raises(ValueError, match="an entry of `predictions"):
        metric.update(torch.tensor([[math.nan, 1.0]]), torch.tensor([[0.5, 0.5]]))


def test_direction_and_clone() -> None:
    for name, held in MEASURES.items():
        metric = PluralismMetric(name, num_categories=3)
        assert metric.higher_is_better == held.higher_is_better
        assert metric.clone().measure is not None

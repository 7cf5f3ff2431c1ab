"""Overton windows, steering, trajectories."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism.errors import DataError, LabelError
from pluralism.perspective import (
    entailment_coverage,
    knowledge_to_simulation_gap,
    overton_coverage,
    overton_score,
    steerability,
    steering_scores,
    total_variation,
    tradeoff_steerable_score,
    trajectory_alignment,
)

RNG = np.random.default_rng(2)


class TestOverton:
    def test_coverage_and_precision(self):
        result = overton_coverage(
            [{"a", "b"}, ["a", "x", "x"], set(), {"y"}], [{"a", "b"}, {"a", "b"}, {"c"}, set()]
        )
        np.testing.assert_allclose(result.coverage_by_question, [1, 0.5, 0, np.nan])
        np.testing.assert_allclose(result.precision_by_question, [1, 0.5, np.nan, 0])
        assert (result.coverage, result.precision) == (0.5, 0.5)
        assert (result.without_window, result.without_answer) == (1, 1)
        assert result.overton_pluralistic == 0.25

    @pytest.mark.parametrize(
        ("given", "reasonable", "message"),
        [
            ([{"a"}], [], "has 1 questions and `reasonable` 0"),
            ([], [], "at least one"),
            (["ab"], [{"a"}], r"`given\[0\]` is 'ab'"),
            ([{"a"}], [3], r"`reasonable\[0\]` is 3"),
        ],
    )
    def test_coverage_refuses(self, given, reasonable, message):
        with pytest.raises(DataError, match=message):
            overton_coverage(given, reasonable)

    def test_score_brute_force(self):
        n = 300
        frame = pd.DataFrame(
            {
                "rating": RNG.integers(1, 6, n) + RNG.integers(0, 2, n),
                "group": RNG.choice(["a", "b", "c"], n),
                "question": RNG.choice([f"q{i}" for i in range(12)], n),
            }
        )
        cells = frame.groupby(["question", "group"]).rating.agg(["mean", "size"]).reset_index()
        cells["covered"] = cells["mean"] >= 3.7
        plain = cells.groupby("question").covered.mean()
        cells["weight"] = cells.covered * cells["size"]
        weighted = cells.groupby("question").weight.sum() / cells.groupby("question")["size"].sum()
        result = overton_score(
            frame.rating, group=frame.group, question=frame.question, threshold=3.7
        )
        assert result.questions == tuple(plain.index)
        np.testing.assert_allclose(result.by_question, plain)
        np.testing.assert_allclose(result.weighted_by_question, weighted)
        assert result.score == pytest.approx(plain.mean())
        assert result.stderr == pytest.approx(plain.sem())
        assert result.weighted_stderr == pytest.approx(weighted.sem())

    def test_score_drops_and_counts_missing(self):
        result = overton_score([5, np.nan, 1], group=["a", "b", "b"])
        assert (result.score, result.dropped) == (0.5, 1)
        assert np.isnan(result.stderr)

    @pytest.mark.parametrize(
        ("ratings", "options", "message"),
        [
            ([5, 4], {"group": ["a"]}, "`group` has 1 labels for 2 ratings"),
            ([5, 4], {"group": ["a", None]}, r"`group\[1\]` is None"),
            ([np.nan], {"group": ["a"]}, "no rating"),
            ([5], {"group": ["a"], "threshold": "4"}, "must be a number"),
        ],
    )
    def test_score_refuses(self, ratings, options, message):
        with pytest.raises(DataError, match=message):
            overton_score(ratings, **options)

    def test_entailment(self):
        p = RNG.random((3, 5, 4))
        np.testing.assert_allclose(entailment_coverage(p), p.max(-1).mean(-1))
        np.testing.assert_allclose(
            entailment_coverage(p, threshold=0.8), (p.max(-1) >= 0.8).mean(-1)
        )
        data = xr.DataArray(p, dims=["response", "statement", "sentence"])
        assert entailment_coverage(data).dims == ("response",)
        with pytest.raises(DataError, match="statements x sentences"):
            entailment_coverage(p[0, 0])
        with pytest.raises(DataError, match="in \\[0, 1\\]"):
            entailment_coverage(2 * p)


class TestSteerability:
    SCORES = RNG.random((2, 4, 4))

    def test_brute_force(self):
        result = steerability(self.SCORES)
        for d in range(2):
            for i in range(4):
                others = [j for j in range(4) if j != i]
                own = self.SCORES[d, i, i]
                assert result.own[d, i] == own
                assert result.specificity[d, i] == pytest.approx(
                    own - self.SCORES[d, i, others].mean()
                )
                assert result.gain[d, i] == pytest.approx(own - self.SCORES[d, others, i].mean())
                assert result.hit[d, i] == (own == self.SCORES[d, i].max())
        np.testing.assert_allclose(result.mean_gain, result.gain.mean(-1))
        assert result.improvement is None
        assert result.mean_improvement is None

    def test_distances_turn_round(self):
        good, bad = steerability(self.SCORES), steerability(1 - self.SCORES, higher_is_better=False)
        for name in ("specificity", "gain", "hit"):
            np.testing.assert_allclose(getattr(bad, name), getattr(good, name))

    def test_labels(self):
        names = ["left", "right", "green"]
        frame = pd.DataFrame(np.eye(3), index=names, columns=names)
        result = steerability(frame[["green", "left", "right"]])
        np.testing.assert_array_equal(result.own, [1, 1, 1])
        assert list(result.own["row"].values) == names
        data = xr.DataArray(
            self.SCORES[:, :3, :3],
            dims=["design", "steered", "judged"],
            coords={"design": ["persona", "few-shot"], "steered": names, "judged": names},
        )
        assert steerability(data).own.dims == ("design", "steered")
        assert steerability(data).mean_own.dims == ("design",)
        with pytest.raises(LabelError, match="both must agree"):
            steerability(frame.rename(columns={"left": "far left"}))

    @pytest.mark.parametrize(
        ("scores", "options", "message"),
        [
            (np.ones((2, 3)), {}, "same two or more attributes"),
            ([[1.0]], {}, "same two or more attributes"),
            ([1.0, 2.0], {}, "same two or more attributes"),
            (np.eye(2), {"unsteered": [1, 2, 3]}, r"`unsteered` has shape \(3,\)"),
            ([[1, np.nan], [0, 1]], {}, "nan"),
        ],
    )
    def test_refuses(self, scores, options, message):
        with pytest.raises(DataError, match=message):
            steerability(scores, **options)

    def test_scores_from_distributions(self):
        people = RNG.dirichlet(np.ones(4), (3, 10))
        steered = RNG.dirichlet(np.ones(4), (2, 3, 10))
        scores = steering_scores(steered, people)
        assert scores.shape == (2, 3, 3)
        expected = 1 - total_variation(steered[1, 2], people[0]).mean()
        assert scores[1, 2, 0] == pytest.approx(expected)
        result = steerability(steering_scores(people, people))
        np.testing.assert_allclose(result.own, 1.0)
        assert result.hit_rate == 1.0
        names = ["left", "right", "green"]
        dims = ["design", "group", "question", "option"]
        model = xr.DataArray(steered, dims=dims, coords={"group": names})
        crowd = xr.DataArray(people, dims=dims[1:], coords={"group": names})
        labelled = steering_scores(model.isel(group=[1, 2, 0]), crowd)
        assert labelled.dims == ("design", "group", "group_bis")
        np.testing.assert_allclose(labelled.sel(group=names, group_bis=names), scores)
        by_name = steerability(labelled, unsteered={"green": 0.2, "left": 0.1, "right": 0.3})
        plain = steerability(scores, unsteered=[0.1, 0.3, 0.2])
        np.testing.assert_allclose(by_name.improvement.sel(group=names), plain.improvement)
        with pytest.raises(DataError, match="must have attributes"):
            steering_scores(model, crowd.rename(option="answer"))
        with pytest.raises(DataError, match="last three axes"):
            steering_scores(steered[:, :2], people)

    def test_gap(self):
        assert knowledge_to_simulation_gap(0.3, 0.2) == pytest.approx(0.5)
        np.testing.assert_allclose(knowledge_to_simulation_gap([0.3, 0.1], 0.2), [0.5, -0.5])
        with pytest.raises(DataError, match="relative to 0"):
            knowledge_to_simulation_gap(0.3, 0.0)
        with pytest.raises(DataError, match=r"`simulated\[\(\)\]` is -1"):
            knowledge_to_simulation_gap(-1, 1)

    def test_tradeoff(self):
        assert tradeoff_steerable_score([[1, 2], [3, 4]], [[1, 0], [0.5, 0.5]]) == 4.5
        with pytest.raises(DataError, match="functions x objectives"):
            tradeoff_steerable_score([[1, 2]], [[1, 0], [0.5, 0.5]])


class TestTrajectory:
    PREDICTED, ACTUAL = RNG.normal(size=(2, 6, 3))

    @staticmethod
    def cosine(a, b):
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    def matrix(self):
        return np.array([[self.cosine(a, b) for b in self.ACTUAL] for a in self.PREDICTED])

    def test_leaderboard(self):
        c = self.matrix()
        score = trajectory_alignment(self.PREDICTED, self.ACTUAL)
        assert score == pytest.approx(np.mean([c[t, t] for t in range(6)]))
        ahead = trajectory_alignment(self.PREDICTED, self.ACTUAL, task="predict", lag=2)
        assert ahead == pytest.approx(np.mean([c[t, t + 2] for t in range(4)]))
        both = trajectory_alignment(self.PREDICTED, self.ACTUAL, task="coevolve")
        best = [max(c[s, t:]) for s in range(6) for t in range(6)]
        assert both == pytest.approx(np.mean(best))

    def test_older_metric(self):
        c = self.matrix()
        score = trajectory_alignment(self.PREDICTED, self.ACTUAL, definition="metric")
        assert score == pytest.approx(sum(c[t, t] for t in range(6)))
        sums = [c[t, t + 1] + c[t, t + 2] for t in range(4)]
        expected = sum(max(sums[t:]) for t in range(4))
        for task in ("predict", "coevolve"):
            score = trajectory_alignment(
                self.PREDICTED, self.ACTUAL, task=task, definition="metric", lag=2
            )
            assert score == pytest.approx(expected)

    def test_perfect(self):
        for task, score in (("follow", 1.0), ("coevolve", None)):
            value = trajectory_alignment(self.ACTUAL, self.ACTUAL, task=task)
            assert value <= 1.0
            assert score is None or value == pytest.approx(score)
        shifted = self.ACTUAL[1:]
        assert trajectory_alignment(shifted, self.ACTUAL, task="predict") == pytest.approx(1.0)

    @pytest.mark.parametrize(
        ("predicted", "actual", "options", "message"),
        [
            (np.ones((2, 3)), np.ones((2, 4)), {}, "3 dimensions and `actual` 4"),
            (np.ones((2, 3)), np.ones((3, 3)), {}, "2 steps and `actual` 3"),
            (np.zeros((2, 3)), np.ones((2, 3)), {}, r"`predicted\[0\]` is the zero vector"),
            (np.ones((2, 3)), np.ones((2, 3)), {"task": "predict", "lag": 2}, "`lag` is 2"),
            (np.ones((2, 3)), np.ones((2, 3)), {"lag": 0}, "`lag` is 0"),
            (np.ones((2, 3)), np.ones((2, 3)), {"task": "lead"}, "`task` is 'lead'"),
            (np.ones((0, 3)), np.ones((2, 3)), {}, "needs steps and dimensions"),
        ],
    )
    def test_refuses(self, predicted, actual, options, message):
        with pytest.raises(DataError, match=message):
            trajectory_alignment(predicted, actual, **options)

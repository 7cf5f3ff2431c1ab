"""Models against populations, question by question."""

from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.stats
import xarray as xr

from pluralism import perspective as ps
from pluralism.errors import DataError, LabelError

RNG = np.random.default_rng(5)
MODEL = RNG.dirichlet(np.ones(4), 30)
GROUPS = RNG.dirichlet(np.ones(4), (3, 30))
GROUPS[1] = 0.8 * MODEL + 0.2 * GROUPS[1]
NAMES = ("js_distance", "js_divergence", "total_variation", "hellinger", "wasserstein")


def labelled(values, *dims):
    coords = {
        "country": ["JP", "US", "IN"],
        "question": [f"q{i}" for i in range(30)],
        "option": list("abcd"),
    }
    return xr.DataArray(values, dims=dims, coords={d: coords[d] for d in dims})


class TestDistributionalAlignment:
    @pytest.mark.parametrize("name", NAMES)
    def test_is_the_mean_distance(self, name):
        options = {
            "js_distance": {"base": 2},
            "js_divergence": {"base": 2},
            "wasserstein": {"relative": True},
        }
        expected = getattr(ps, name)(MODEL, GROUPS, **options.get(name, {}))
        result = ps.distributional_alignment(MODEL, GROUPS, distance=name)
        np.testing.assert_allclose(result.by_question, expected)
        np.testing.assert_allclose(result.distance, expected.mean(axis=1))
        interval = scipy.stats.ttest_1samp(expected[0], 0).confidence_interval(0.95)
        np.testing.assert_allclose(result.interval[0], interval)
        np.testing.assert_allclose(result.stderr, scipy.stats.sem(expected, axis=1))
        assert result.measure == name

    def test_any_function(self):
        result = ps.distributional_alignment(MODEL, GROUPS[0], distance=ps.manhattan)
        assert result.distance == pytest.approx(ps.manhattan(MODEL, GROUPS[0]).mean())
        assert result.measure == "manhattan"
        with pytest.raises(DataError, match="must reduce the last axis alone"):
            ps.distributional_alignment(MODEL, GROUPS, distance=lambda p, q: np.abs(p - q))

    def test_baselines(self):
        result = ps.distributional_alignment(MODEL, GROUPS, distance="total_variation")
        uniform = ps.total_variation([0.25] * 4, GROUPS).mean(axis=1)
        np.testing.assert_allclose(result.baselines["uniform"], uniform)
        # total variation to a point mass is what the point lacks
        np.testing.assert_allclose(
            result.baselines["majority"], (1 - GROUPS.max(axis=-1)).mean(axis=1)
        )
        assert set(result.baselines) == {"uniform", "majority"}

    def test_ties_share_the_majority(self):
        result = ps.distributional_alignment(
            [[0.5, 0.5, 0.0]], [[0.4, 0.4, 0.2]], distance="total_variation"
        )
        assert result.baselines["majority"] == pytest.approx(0.2)

    def test_split_half_is_the_noise_of_the_survey(self):
        people = RNG.dirichlet(np.ones(4), 40)
        result = ps.distributional_alignment(
            people, people, respondents=500, distance="total_variation", splits=50
        )
        # E|X - Y| of two binomial shares of n/2 = 250: sqrt(2 / pi) sd, summed over options
        deviation = np.sqrt(2 * people * (1 - people) / 250)
        expected = 0.5 * np.sqrt(2 / np.pi) * deviation.sum(axis=1).mean()
        assert result.baselines["split_half"] == pytest.approx(expected, rel=0.03)
        assert result.distance == 0.0
        with pytest.raises(DataError, match=r"`respondents` has shape \(2,\); it must fit"):
            ps.distributional_alignment(people, people, respondents=[5, 5])
        with pytest.raises(DataError, match=r"`respondents.*at least 2"):
            ps.distributional_alignment(people, people, respondents=1)

    def test_respondents_are_matched_by_label(self):
        people = labelled(GROUPS, "country", "question", "option")
        number = labelled(RNG.integers(20, 2000, (3, 30)) * 1.0, "country", "question")
        settings = {"question": "question", "dim": "option", "seed": 3}
        plain = ps.distributional_alignment(GROUPS, GROUPS, respondents=number.values, seed=3)
        mixed = number.transpose("question", "country").isel(country=[2, 0, 1])
        result = ps.distributional_alignment(people, people, respondents=mixed, **settings)
        np.testing.assert_array_equal(result.baselines["split_half"], plain.baselines["split_half"])
        with pytest.raises(LabelError, match="names 'wave'"):
            ps.distributional_alignment(
                people, people, respondents=number.rename(country="wave"), **settings
            )

    def test_labels_match_and_stay(self):
        model = labelled(MODEL, "question", "option")
        groups = labelled(GROUPS, "country", "question", "option")
        plain = ps.distributional_alignment(MODEL, GROUPS)
        shuffled = groups.isel(question=RNG.permutation(30), option=[2, 0, 3, 1])
        result = ps.distributional_alignment(model, shuffled, question="question", dim="option")
        assert result.distance.dims == ("country",)
        np.testing.assert_allclose(result.distance, plain.distance)
        assert result.interval.dims == ("country", "ci_bound")
        assert result.interval.attrs["ci_prob"] == 0.95
        assert result.by_question.dims == ("country", "question")
        assert result.baselines["uniform"].dims == ("country",)
        with pytest.raises(LabelError, match="differ along 'question'"):
            ps.distributional_alignment(
                model, groups.isel(question=slice(5)), question="question", dim="option"
            )

    def test_missing_answers_are_dropped_and_counted(self):
        model, groups = MODEL.copy(), GROUPS.copy()
        model[3] = np.nan
        groups[0, 7] = np.nan
        groups[2, 3] = np.nan
        result = ps.distributional_alignment(model, groups)
        assert result.dropped == {"no answer in `model`": 3, "no answer in `population`": 2}
        np.testing.assert_array_equal(result.n_questions, [28, 29, 29])
        full = ps.distributional_alignment(MODEL, GROUPS).by_question
        assert result.distance[0] == pytest.approx(np.delete(full[0], [3, 7]).mean())
        with pytest.raises(DataError, match="no question has an answer"):
            ps.distributional_alignment(np.full_like(model, np.nan), groups)

    @pytest.mark.parametrize("name", NAMES)
    def test_questions_with_fewer_options(self, name):
        model = np.array([[0.2, 0.8, np.nan, np.nan], [0.1, 0.2, 0.3, 0.4]])
        people = np.array([[0.5, 0.5, np.nan, np.nan], [0.4, 0.3, 0.2, 0.1]])
        both = ps.distributional_alignment(model, people, distance=name)
        first = ps.distributional_alignment(model[:1, :2], people[:1, :2], distance=name)
        second = ps.distributional_alignment(model[1:], people[1:], distance=name)
        assert both.distance == pytest.approx((first.distance + second.distance) / 2)
        uniform = first.baselines["uniform"] + second.baselines["uniform"]
        assert both.baselines["uniform"] == pytest.approx(uniform / 2)
        people[0, 2] = 0.0
        with pytest.raises(DataError, match=r"at \[0, 2\] one of"):
            ps.distributional_alignment(model, people)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"distance": "js"}, "`distance` is 'js'"),
            ({"level": 1}, "`level` is 1"),
            ({"question": "q"}, "no named dimensions"),
        ],
    )
    def test_bad_options(self, options, message):
        with pytest.raises(DataError, match=message):
            ps.distributional_alignment(MODEL, GROUPS, **options)

    def test_bad_numbers(self):
        with pytest.raises(DataError, match="single distributions"):
            ps.distributional_alignment(MODEL[0], MODEL[0])
        with pytest.raises(DataError, match=r"`population\[0\]` sums to 2"):
            ps.distributional_alignment(MODEL, 2 * MODEL)
        same = ps.distributional_alignment(MODEL, 2 * MODEL, normalize=True)
        assert same.distance == pytest.approx(0.0, abs=1e-7)

    def test_one_question_has_no_interval(self):
        result = ps.distributional_alignment(MODEL[:1], GROUPS[0, :1])
        assert np.isnan(result.interval).all()
        assert result.distance == pytest.approx(result.by_question[0])


class TestRoadmap:
    """Figures of an independent recomputation on the subset with 17 common questions."""

    def pairs(self, folder):
        path = folder / "globalopinion" / "globalopinionqa_small.json"
        asked: dict[str, dict[str, list[float]]] = {}
        for row in json.loads(path.read_text()):
            asked.setdefault(row["question"], {})[row["attribute"]] = row["gold_distribution"]
        both = [
            (a["United States"], a["Japan"])
            for a in asked.values()
            if {"United States", "Japan"} <= set(a)
        ]
        width = max(len(p) for p, _ in both)

        def padded(rows, filler):
            return np.array([p + [filler] * (width - len(p)) for p in rows])

        return [([p for p, _ in both], [q for _, q in both]), padded]

    def test_us_and_japan(self, test_data):
        (us, japan), padded = self.pairs(test_data)
        assert len(us) == 17
        distance = ps.roadmap_js_distance(padded(us, 0.0), padded(japan, 0.0))
        assert distance.value == pytest.approx(0.2243, abs=5e-5)
        assert distance.dropped == 0
        ours = ps.distributional_alignment(
            padded(us, np.nan), padded(japan, np.nan), normalize=True
        )
        assert ours.distance == pytest.approx(distance.value)

    @pytest.mark.parametrize(
        ("side", "published", "dropped", "correct"),
        [(0, 0.9380, 3, 0.9126), (1, 0.9147, 2, 0.8841)],
    )
    def test_entropy_that_drops_zeros(self, test_data, side, published, dropped, correct):
        rows = self.pairs(test_data)[0][side]
        as_published, n_dropped = [], 0
        for row in rows:  # of different lengths
            if min(row) > 0.0:
                as_published.append(ps.roadmap_entropy([row]).value)
            else:
                n_dropped += 1
        assert np.mean(as_published) == pytest.approx(published, abs=5e-5)
        assert n_dropped == dropped
        assert np.mean([ps.entropy(row) for row in rows]) == pytest.approx(correct, abs=5e-5)

    def test_counts_what_it_drops(self):
        result = ps.roadmap_entropy([[0.5, 0.5, 0.0], [0.4, 0.3, 0.3], [0.2, 0.2, 0.6]])
        assert (result.n_questions, result.dropped) == (2, 1)
        assert result.value == pytest.approx(ps.entropy([[0.4, 0.3, 0.3], [0.2, 0.2, 0.6]]).mean())
        with pytest.raises(DataError, match="every question"):
            ps.roadmap_entropy([[1.0, 0.0]])
        with pytest.raises(DataError, match="no question has answers"):
            ps.roadmap_js_distance([[0.0, 0.0]], [[1.0, 0.0]])
        with pytest.raises(DataError, match=r"`p\[0, 1\]` is -1"):
            ps.roadmap_entropy([[1.0, -1.0]])


class TestRepresentativeness:
    def test_scores(self):
        result = ps.representativeness(MODEL, GROUPS)
        expected = 1 - ps.wasserstein(MODEL, GROUPS, relative=True)
        np.testing.assert_allclose(result.score, expected.mean(axis=1))
        assert result.nearest == 1
        assert result.nearest_share[1] == 1.0
        assert result.same_questions
        uniform = 1 - ps.wasserstein([0.25] * 4, GROUPS, relative=True).mean(axis=1)
        np.testing.assert_allclose(result.uniform, uniform)
        assert (result.interval[:, 0] < result.score).all()

    def test_labels(self):
        model = labelled(MODEL, "question", "option")
        groups = labelled(GROUPS, "country", "question", "option")
        result = ps.representativeness(model, groups, question="question", dim="option")
        assert result.nearest == "US"
        assert result.nearest_share.sel(country="US") == 1.0
        assert result.interval.dims == ("country", "ci_bound")

    def test_two_equal_groups_share_the_nearest(self):
        groups = np.stack([GROUPS[0], GROUPS[0][::-1], GROUPS[0]])
        share = ps.representativeness(MODEL, groups).nearest_share
        assert share.sum() == pytest.approx(1.0)
        assert share[0] == share[2]

    def test_values_and_missing_options(self):
        place = np.array([0.0, 1.0, 2.0, 5.0])
        result = ps.representativeness(MODEL, GROUPS, values=place)
        expected = 1 - ps.wasserstein(MODEL, GROUPS, values=place, relative=True)
        np.testing.assert_allclose(result.by_question, expected)
        model = np.array([[0.2, 0.8, np.nan]] * 8)
        group = np.array([[[0.6, 0.4, np.nan]] * 8])
        assert ps.representativeness(model, group, values=[0, 1, 9]).score[0] == pytest.approx(0.6)
        assert ps.representativeness(model, group).score[0] == pytest.approx(0.6)

    def test_different_questions_are_said(self):
        groups = GROUPS.copy()
        groups[0, :10] = np.nan
        result = ps.representativeness(MODEL, groups)
        assert not result.same_questions
        np.testing.assert_array_equal(result.n_questions, [20, 30, 30])

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"values": [0, 2, 1, 3]}, "must ascend"),
            ({"values": [0, 1]}, "2 positions for 4"),
        ],
    )
    def test_bad_values(self, options, message):
        with pytest.raises(DataError, match=message):
            ps.representativeness(MODEL, GROUPS, **options)

    def test_needs_groups(self):
        with pytest.raises(DataError, match="one of groups and one of questions"):
            ps.representativeness(MODEL, MODEL)

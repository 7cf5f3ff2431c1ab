"""Input that used to give a wrong number without a word, or a crash from inside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import pluralism.perspective as ps
from pluralism.errors import DataError, LabelError

RNG = np.random.default_rng(3)


class TestQuestions:
    """Which dimension holds the questions of two labelled inputs of different dimensions."""

    MODEL = xr.DataArray(
        RNG.dirichlet(np.ones(3), 6),
        dims=["question", "option"],
        coords={"question": list("uvwxyz"), "option": list("abc")},
    )
    GROUPS = xr.DataArray(
        RNG.dirichlet(np.ones(3), (2, 6)),
        dims=["group", "question", "option"],
        coords={"group": ["left", "right"], **MODEL.coords},
    )

    def test_the_last_kept_dimension_of_both_is_averaged_over(self):
        result = ps.distributional_alignment(self.MODEL, self.GROUPS)
        assert result.distance.dims == ("group",)
        expected = ps.distributional_alignment(self.MODEL.values, self.GROUPS.values)
        np.testing.assert_allclose(result.distance, expected.distance)

    def test_representativeness_scores_groups_not_questions(self):
        result = ps.representativeness(self.MODEL, self.GROUPS)
        expected = ps.representativeness(self.MODEL.values, self.GROUPS.values)
        assert result.score.dims == ("group",)
        np.testing.assert_allclose(result.score, expected.score)
        assert result.nearest == ["left", "right"][expected.nearest]

    def test_questions_on_one_side_alone(self):
        frame = pd.DataFrame(self.MODEL.values, columns=list("abc"))
        with pytest.raises(DataError, match="along 'row' in `model` and along 'question' in `pop"):
            ps.distributional_alignment(frame, self.MODEL)
        with pytest.raises(DataError, match=r"`question` is 'question', but `model` has the dim"):
            ps.distributional_alignment(frame, self.MODEL, question="question")

    def test_positions_of_options_by_name(self):
        values = pd.Series({"c": 5.0, "b": 1.0, "a": 0.0})
        named = ps.representativeness(self.MODEL, self.GROUPS, values=values)
        plain = ps.representativeness(self.MODEL, self.GROUPS, values=[0, 1, 5])
        np.testing.assert_array_equal(named.score, plain.score)

    def test_a_distance_that_is_nan_is_not_a_dropped_question(self):
        def broken(p, q):
            return np.where(np.arange(len(p)) == 0, np.nan, 1.0)

        with pytest.raises(DataError, match="`distance` gave NaN for 1 of 6 pairs"):
            ps.distributional_alignment(self.MODEL, self.MODEL, distance=broken)

    def test_respondents_beyond_the_exact(self):
        with pytest.raises(DataError, match=r"`respondents\[0\]` is 1e\+300"):
            ps.distributional_alignment(self.MODEL, self.MODEL, respondents=1e300)


class TestNumbers:
    @pytest.mark.parametrize(
        ("counts", "message"),
        [
            (np.array([1, "2"], dtype=object), "`counts` must hold numbers"),
            (np.ma.array([5, 100, 5], mask=[0, 1, 0]), r"`counts\[1\]` is nan"),
            ([2**70, 1], "holds 1180591620717411303424, which is not exact"),
            ([1e308, 1e308], "`counts` has a sum beyond the largest float"),
            (np.empty((0, 3)), r"`counts` holds no distribution; its shape is \(0, 3\)"),
        ],
    )
    @pytest.mark.parametrize("function", [ps.entropy, ps.hill_numbers, ps.bimodality])
    def test_counts(self, function, counts, message):
        with pytest.raises(DataError, match=message):
            function(counts)

    def test_no_distribution_at_all(self):
        nothing = np.empty((0, 3))
        for function in (ps.js_divergence_among, ps.entailment_coverage):
            with pytest.raises(DataError, match="holds no distribution"):
                function(nothing)
        with pytest.raises(DataError, match="holds no distribution"):
            ps.rarefaction(nothing, sizes=2)

    def test_a_base_below_one_makes_a_root_imaginary(self):
        with pytest.raises(DataError, match=r"`base` is 0\.5; below 1"):
            ps.js_distance([0.5, 0.5], [0.2, 0.8], base=0.5)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"estimator": "nsb", "k": 10**20}, r"`k` is 100000000000000000000; .* at most"),
            ({"estimator": "dirichlet", "concentration": 1e308}, r"`concentration` is 1e\+308"),
            ({"axis": None}, "`axis` is None; it must be a whole number"),
        ],
    )
    def test_options_of_the_entropy(self, options, message):
        with pytest.raises(DataError, match=message):
            ps.entropy(xr.DataArray([5, 3], dims="option"), **options)

    @pytest.mark.parametrize("q", ["2", True, [1, None], [[1], [2, 3]]])
    def test_an_order_is_a_number(self, q):
        with pytest.raises(DataError, match="an order is a number"):
            ps.hill_numbers([1, 2], q=q)

    def test_the_vendi_score_takes_one_order(self):
        with pytest.raises(DataError, match=r"`q` is \[1, 2\]; the Vendi score takes one order"):
            ps.vendi_score(np.eye(2), q=[1, 2])

    def test_a_cosine_may_exceed_one_by_rounding(self):
        similarity = np.eye(2) * (1.0 + 2e-16) + np.array([[0.0, 0.4], [0.4, 0.0]])
        assert similarity[0, 0] > 1.0
        exact = ps.similarity_diversity([1, 1], [[1, 0.4], [0.4, 1]])
        assert ps.similarity_diversity([1, 1], similarity) == pytest.approx(exact, rel=1e-14)

    def test_kl_is_never_negative(self):
        p = RNG.dirichlet(np.ones(5), 500)
        q = p * (1.0 + 1e-9 * RNG.normal(size=p.shape))
        assert (ps.kl_divergence(p, q, normalize=True) >= 0.0).all()

    def test_published_entropy_of_counts(self):
        with pytest.raises(DataError, match=r"`p\[0, 0\]` is 30; a share must be in \[0, 1\]"):
            ps.roadmap_entropy([[30, 70]])

    def test_published_distance_to_one_distribution(self):
        people = [[0.7, 0.3], [0.0, 0.0], [0.2, 0.8]]
        one = ps.roadmap_js_distance(people, [0.5, 0.5])
        assert one == ps.roadmap_js_distance(people, [[0.5, 0.5]] * 3)
        assert (one.n_questions, one.dropped) == (2, 1)

    def test_composite_of_values_that_nobody_holds(self):
        result = ps.dimension_scores([0, 0, 5], [[1, 0], [0, 1], [0, 0]], normalization="sum")
        np.testing.assert_array_equal(result.score, [0, 0])

    @pytest.mark.parametrize("size", [1e200, 1e-200])
    def test_lengths_outside_the_range_of_squares(self, size):
        assert ps.trajectory_alignment([[size, 0.0]], [[size, size]]) == pytest.approx(0.5**0.5)


class TestBimodality:
    def test_all_at_one_of_several_positions(self):
        assert np.isnan(ps.bimodality([3, 7, 0], values=[0.1, 0.1, 5]))
        assert np.isnan(ps.bimodality([3, 3, 4], values=[0.1, 0.1, 0.1]))

    def test_only_relative_spacing_counts(self):
        counts = [4, 1, 3]
        expected = ps.bimodality(counts)
        for unit in (1e-110, 1e90):
            assert ps.bimodality(counts, values=[0, unit, 2 * unit]) == pytest.approx(expected)

    def test_stays_in_its_bounds(self):
        assert ps.bimodality([1, 1e-300]) == 1.0
        assert ps.bimodality(RNG.random((500, 2))).max() <= 1.0

    def test_positions_whose_span_overflows(self):
        with pytest.raises(DataError, match=r"`values` reaches 1e\+308"):
            ps.polarization([1, 1], values=[-1e308, 1e308])


class TestRarefaction:
    @pytest.mark.parametrize("n", [10**6, 10**9, 10**12, 10**15])
    def test_large_counts_keep_their_digits(self, n):
        # Half of a large sample: each of the rare categories is absent as by fair coins.
        result = ps.rarefaction([n, 3, 1, 1], sizes=[1, (n + 5) // 2], n=2)
        assert result.expected[0] == 1.0
        assert result.expected[1] == pytest.approx(1 + 7 / 8 + 2 / 2, abs=3 / n + 1e-12)

    def test_sizes_beyond_the_exact(self):
        with pytest.raises(DataError, match=r"`sizes\[0\]` is 1e\+300"):
            ps.rarefaction([1, 2], sizes=1e300)


class TestLabels:
    def test_tuples_are_labels(self):
        pairs = {("us", 1): 3, ("us", 2): 1}
        assert ps.entropy(pairs) == ps.entropy([3, 1])
        series = pd.Series([3, 1], index=pd.MultiIndex.from_tuples(list(pairs)))
        assert ps.entropy(series) == ps.entropy([3, 1])
        frame = pd.DataFrame([[3, 1]], columns=series.index)
        assert ps.entropy(frame).item() == ps.entropy([3, 1])

    def test_a_number_is_not_its_text(self):
        with pytest.raises(LabelError, match="only `p` has 1; only `q` has '1'"):
            ps.js_distance({1: 0.5, "a": 0.5}, {"1": 0.5, "a": 0.5})

    def test_repeated_categories(self):
        twice = xr.DataArray([0.5, 0.5], dims="option", coords={"option": ["a", "a"]})
        with pytest.raises(LabelError, match="repeats the label 'a' along 'option'"):
            ps.entropy(twice)
        with pytest.raises(LabelError, match="`p` repeats the label 'a' along 'option'"):
            ps.js_distance(twice, {"a": 0.4, "b": 0.6}, fill=0)

    def test_rows_called_as_the_columns(self):
        frame = pd.DataFrame([[1, 2]], index=pd.Index(["x"], name="category"))
        with pytest.raises(DataError, match="calls both its rows and its columns 'category'"):
            ps.entropy(frame)

    def test_a_dimension_called_as_that_of_the_result(self):
        data = xr.DataArray([[1, 2]], dims=["q", "option"])
        with pytest.raises(DataError, match="has a dimension 'q' of its own; rename"):
            ps.hill_numbers(data, q=[0, 1])

    def test_the_place_of_a_category_on_a_scale(self):
        ends = {"agree": 0.5, "disagree": 0.5}
        scale = {"agree": 0.0, "neutral": 1.0, "disagree": 0.0}
        with pytest.raises(DataError, match="`p` lacks 'neutral', and nothing says where"):
            ps.wasserstein(ends, scale, fill=0)
        assert ps.wasserstein(scale, ends, fill=0) == 1.0
        place = {"agree": 0, "neutral": 1, "disagree": 2}
        assert ps.wasserstein(ends, scale, fill=0, values=place) == 1.0


class TestPerspectives:
    def test_a_generator_loses_no_answer(self):
        answers = [["b"], ["a"], ["a"], ["a"]] * 5
        lazy = ps.perspective_distribution((a for a in answers), categories=["a", "b"])
        np.testing.assert_array_equal(lazy.share, [0.75, 0.25])

    def test_numbers_could_be_labels_or_counts(self):
        with pytest.raises(DataError, match="`references` could hold labels or counts"):
            ps.perspective_distribution([[1, 1, 1], [2, 3, 1]] * 10, categories=[1, 2, 3])

    @pytest.mark.parametrize(
        ("references", "error", "message"),
        [
            ([["a"], None], DataError, r"`references\[1\]` is None; give a list of labels"),
            ([[["a"]], ["b"]], LabelError, r"`references\[0\]` names \['a'\]"),
        ],
    )
    def test_what_is_no_list_of_labels(self, references, error, message):
        with pytest.raises(error, match=message):
            ps.perspective_distribution(references, categories=["a", "b"])

    def test_a_category_called_as_nobody(self):
        with pytest.raises(LabelError, match=r"`categories` has '\(none\)'"):
            ps.perspective_distribution(
                [["a"], []] * 10, categories=["a", "(none)"], empty="category"
            )

    def test_questions_that_were_dropped_break_the_pairs(self):
        counts = RNG.integers(1, 9, (30, 3))
        before, after = counts.copy(), counts.copy()
        before[4], after[9] = 0, 0
        one, two = map(ps.perspective_distribution, (before, after))
        with pytest.raises(LabelError, match="question 5 of `before` would be paired with 4 of"):
            ps.compare_perspectives(one, two)
        assert ps.compare_perspectives(one, two, paired=False).difference != 0.0
        after[9], after[4] = counts[9] + [9, 0, 0], 0
        assert ps.compare_perspectives(one, ps.perspective_distribution(after)).paired

    def test_what_is_compared(self):
        one = ps.perspective_distribution(RNG.integers(1, 9, (30, 3)))
        with pytest.raises(DataError, match="`before` is a list; it must be what"):
            ps.compare_perspectives([[1, 2]], one)
        with pytest.raises(DataError, match="`level` is 95"):
            ps.compare_perspectives(one, one, paired=False, level=95)


class TestAssociations:
    def test_a_perfect_association_has_a_small_pvalue(self):
        values = np.repeat(np.eye(2), 30, axis=0)
        result = ps.value_associations(values, context=["x"] * 30 + ["y"] * 30, n=100)
        # Resampling moves none of these residuals, sqrt(60); they are not divided by rounding.
        assert (result.pvalue > 1e-16).all()
        assert (result.pvalue < 1e-12).all()

    def test_a_resample_without_a_value_says_nothing_of_its_variation(self):
        values = np.zeros((40, 3))
        values[:, 0] = 1
        values[:4, 1] = [1, 0, 1, 0]  # only in x; absent from every seventh resample
        result = ps.value_associations(values, context=["x", "y"] * 20, n=300)
        assert float(result.variation[1]) == pytest.approx(2**0.5)
        np.testing.assert_allclose(result.variation_interval[1], 2**0.5)
        assert np.isnan(result.variation_interval[2]).all()

    def test_contexts(self):
        values = RNG.integers(0, 2, (40, 2)) + np.array([[1, 0]])
        result = ps.value_associations(values, context=[("x", 1), ("y", 2)] * 20, n=50)
        assert result.counts.indexes["context"].tolist() == [("x", 1), ("y", 2)]
        result = ps.value_associations(values, context=[1, "a"] * 20, n=50)
        assert result.counts.indexes["context"].tolist() == [1, "a"]
        with pytest.raises(LabelError, match=r"`context` holds 1 .* look alike"):
            ps.value_associations(values, context=[1, "1"] * 20)
        with pytest.raises(LabelError, match=r"`context\[0\]` is \['x'\], which cannot be a label"):
            ps.value_associations(values, context=[["x"], ["y"]] * 20)
        with pytest.raises(DataError, match=r"a table of \(2, 1\); it needs two"):
            ps.value_associations(values, context=["x"] * 40)


class TestOverton:
    @pytest.mark.parametrize(
        ("given", "reasonable", "message"),
        [
            ([{1}], [{"1"}], r"holds 1 .* look alike"),
            ([{"caf\u00e9"}], [{"cafe\u0301"}], "look alike"),
            ([{None}], [{"a"}], r"`given\[0\]\[0\]` is None"),
            ([[["a"]]], [["a"]], "cannot be a label"),
        ],
    )
    def test_labels_that_would_never_match(self, given, reasonable, message):
        with pytest.raises(LabelError, match=message):
            ps.overton_coverage(given, reasonable)

    def test_no_collection(self):
        with pytest.raises(DataError, match="`given` is 5; it must hold one collection"):
            ps.overton_coverage(5, [{"a"}])

    def test_a_mean_at_the_threshold_but_for_rounding(self):
        assert ps.overton_score([0.7] * 3, group=["a"] * 3, threshold=0.7).score == 1.0
        assert ps.overton_score([0.7, 0.699], group=["a"] * 2, threshold=0.7).score == 0.0

    def test_questions_are_in_order_of_size(self):
        asked = np.array([10, 2, 1])
        assert ps.overton_score([1, 2, 3], group=["a"] * 3, question=asked).questions == (1, 2, 10)

    def test_groups(self):
        with pytest.raises(LabelError, match=r"`group` holds 1 .* look alike"):
            ps.overton_score([5, 1], group=[1, "1"])
        with pytest.raises(DataError, match="`group` is 3; it must hold one label per rating"):
            ps.overton_score([5, 1], group=3)


class TestSteering:
    def test_repeated_attributes(self):
        data = xr.DataArray(np.eye(2), dims=["to", "by"], coords={"to": ["x"] * 2, "by": ["x"] * 2})
        with pytest.raises(LabelError, match="with every label once"):
            ps.steerability(data)

    def test_attributes_and_questions_in_another_order(self):
        data = xr.DataArray(
            RNG.dirichlet(np.ones(3), (2, 2)), dims=["attribute", "question", "option"]
        )
        with pytest.raises(DataError, match="transpose both to attributes, questions, categories"):
            ps.steering_scores(data, data.transpose("question", "attribute", "option"))

    def test_distances_by_name(self):
        simulated, stated = {"left": 0.3, "right": 0.2}, {"right": 0.1, "left": 0.2}
        series = ps.knowledge_to_simulation_gap(pd.Series(simulated), pd.Series(stated))
        assert series.to_series().to_dict() == pytest.approx({"left": 0.5, "right": 1.0})
        with pytest.raises(LabelError, match="differ along 'category'"):
            ps.knowledge_to_simulation_gap(simulated, {"left": 0.2, "centre": 0.1})
        with pytest.raises(DataError, match=r"`simulated` of shape \(2,\) and `stated` of shape"):
            ps.knowledge_to_simulation_gap([0.1, 0.2], [0.1, 0.2, 0.3])

    def test_objectives_by_name(self):
        outcomes = pd.DataFrame({"help": [0.9], "harm": [0.2]})
        weights = pd.DataFrame({"harm": [0.0], "help": [1.0]})
        assert ps.tradeoff_steerable_score(outcomes, weights) == 0.9

    def test_scores_of_one_dimension(self):
        one = xr.DataArray([1.0, 2.0], dims="attribute")
        with pytest.raises(
            DataError, match=r"`scores` has the dimensions \('attribute',\); it needs"
        ):
            ps.steerability(one)


class TestNames:
    """What is matched by name has the names, all of them and no others."""

    def test_a_context_that_is_no_sequence(self):
        with pytest.raises(DataError, match="`context` is 3; it must be a sequence of labels"):
            ps.value_associations([[1, 0], [0, 1]], context=3)

    def test_membership_of_one_dimension(self):
        with pytest.raises(
            DataError, match=r"`membership` has 1 dimension\(s\); it must be values x"
        ):
            ps.dimension_scores([1.0, 2.0], pd.Series({"a": 1.0, "b": 0.0}), normalization="max")

    def test_over_an_unknown_dimension(self):
        groups = xr.DataArray(np.eye(2), dims=("group", "option"))
        with pytest.raises(DataError, match="`over` is 'wave'; it must be one of the dimensions"):
            ps.js_divergence_among(groups, over="wave")
        assert ps.js_divergence_among(groups, over="group") == pytest.approx(
            float(ps.js_divergence_among(np.eye(2)))
        )

    def test_a_question_of_no_such_dimension(self):
        data = TestQuestions.MODEL
        with pytest.raises(DataError, match="`question` is 'topic'"):
            ps.distributional_alignment(data, data, question="topic")

    def test_positions_by_name_of_categories_without_names(self):
        with pytest.raises(
            DataError, match="`values` names categories, but the distributions have"
        ):
            ps.wasserstein([0.5, 0.5], [1.0, 0.0], values={"a": 0, "b": 1})
        # A labelled array, unlike a mapping, has an order that can be taken.
        places = xr.DataArray([0.0, 3.0], dims="option", coords={"option": ["a", "b"]})
        assert ps.wasserstein([0.5, 0.5], [1.0, 0.0], values=places) == pytest.approx(1.5)

    def test_positions_of_other_categories(self):
        share = {"a": 0.5, "b": 0.5}
        with pytest.raises(LabelError, match="`values` names 'c', which is not in the categories"):
            ps.wasserstein(share, {"a": 1.0, "b": 0.0}, values={"a": 0, "c": 1})

    def test_references_of_one_category(self):
        with pytest.raises(DataError, match="`references` has one category; its shares have no"):
            ps.perspective_distribution([[1.0], [2.0]])

    def test_the_nearest_of_groups_on_one_question_is_unknown(self):
        groups = np.array([[[0.5, 0.5]], [[0.9, 0.1]]])
        found = ps.representativeness([[0.6, 0.4]], groups, n=9)
        assert np.isnan(found.nearest_share).all()

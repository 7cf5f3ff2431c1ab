"""Perspectives in a set of answers, and two systems compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pluralism.errors import DataError, LabelError, SmallSampleWarning
from pluralism.perspective import (
    compare_perspectives,
    entropy,
    normalized_entropy,
    perspective_distribution,
)

CULTURES = ["Western", "East Asian", "African", "Islamic", "Latin American"]
ANSWERS = [["Western", "Western", "Western"], ["East Asian"], [], ["Western", "African"]] * 4
#: The same, counted by hand.
TABLE = np.array([[3, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 1, 0, 0]] * 4)


class TestPerspectiveDistribution:
    def test_pooled(self):
        result = perspective_distribution(ANSWERS, categories=CULTURES)
        np.testing.assert_allclose(result.share, [4 / 6, 1 / 6, 1 / 6, 0, 0])
        assert list(result.share["category"].values) == CULTURES
        assert result.normalized_entropy == pytest.approx(normalized_entropy([4, 1, 1, 0, 0]))
        assert result.effective_number == pytest.approx(np.exp(entropy([4, 1, 1])))
        assert result.evenness == pytest.approx(np.exp(entropy([4, 1, 1])) / 3)
        assert (result.dominant, result.dominant_share) == ("Western", pytest.approx(4 / 6))
        assert (result.n_references, result.without_reference) == (24.0, 4)
        assert result.interval[0] <= result.normalized_entropy <= result.interval[1]

    def test_corrected_for_small_samples(self):
        result = perspective_distribution(ANSWERS, categories=CULTURES, estimator="nsb")
        expected = normalized_entropy([16, 4, 4, 0, 0], estimator="nsb")
        assert result.normalized_entropy == pytest.approx(expected, abs=1e-9)
        assert result.effective_number == pytest.approx(5**expected)
        assert result.interval[0] < expected < result.interval[1]
        by_question = perspective_distribution(
            TABLE, pool="question", estimator="miller-madow", n=50
        )
        assert by_question.normalized_entropy == pytest.approx((np.log(2) + 0.25) / np.log(5) / 3)

    def test_one_vector_of_counts(self):
        result = perspective_distribution({"Western": 90, "Islamic": 6, "African": 4})
        assert result.dominant == "Western"
        assert result.normalized_entropy == pytest.approx(normalized_entropy([90, 6, 4]))
        assert np.isnan(result.interval).all()

    def test_by_question(self):
        result = perspective_distribution(ANSWERS, categories=CULTURES, pool="question")
        np.testing.assert_allclose(result.share, [1.5 / 3, 1 / 3, 0.5 / 3, 0, 0])
        per_question = [0.0, 0.0, np.log(2) / np.log(5)]
        assert result.normalized_entropy == pytest.approx(np.mean(per_question))

    def test_policies_on_answers_without_reference(self):
        zero = perspective_distribution(ANSWERS, categories=CULTURES, pool="question", empty="zero")
        assert zero.normalized_entropy == pytest.approx(np.log(2) / np.log(5) / 4)
        category = perspective_distribution(ANSWERS, categories=CULTURES, empty="category")
        np.testing.assert_allclose(category.share, [4 / 7, 1 / 7, 1 / 7, 0, 0, 1 / 7])
        assert category.share["category"].values[-1] == "(none)"
        with pytest.raises(DataError, match=r"question 2 has no reference \(4 such\)"):
            perspective_distribution(ANSWERS, categories=CULTURES, empty="error")
        with pytest.raises(DataError, match="use it with pool='question'"):
            perspective_distribution(ANSWERS, categories=CULTURES, empty="zero")

    @pytest.mark.parametrize("make", [np.asarray, lambda t: pd.DataFrame(t, columns=CULTURES)])
    def test_counts_are_the_same_as_lists(self, make):
        from_lists = perspective_distribution(ANSWERS, categories=CULTURES)
        from_counts = perspective_distribution(make(TABLE), categories=CULTURES)
        np.testing.assert_array_equal(from_counts.share, from_lists.share)
        assert from_counts.interval == from_lists.interval

    @pytest.mark.slow
    def test_bootstrap_interval_covers(self):
        rng = np.random.default_rng(0)
        truth = [0.55, 0.2, 0.15, 0.1]
        covered = 0
        for seed in range(40):
            counts = rng.multinomial(6, truth, size=150)
            interval = perspective_distribution(counts, n=200, seed=seed).interval
            covered += interval[0] <= normalized_entropy(truth) <= interval[1]
        assert covered >= 33  # 95% of 40 less four standard errors

    @pytest.mark.parametrize(
        ("references", "categories", "error", "message"),
        [
            ([["a"], ["b"]], None, DataError, "`categories` must say"),
            ([["a"], ["c"]], ["a", "b"], LabelError, r"`references\[1\]` names 'c'"),
            (["a", "b"], ["a", "b"], DataError, r"`references\[0\]` is the string 'a'"),
            ([["a"], []], ["a"], DataError, "one label"),
            ([[0, 0]], None, DataError, "no question has any reference"),
            ([[1, -1]], None, DataError, r"`references\[0, 1\]` is -1"),
            (np.ones((2, 2, 2)), None, DataError, "must be questions x categories"),
            ([[1, 2]], ["a"], DataError, "names 1 of 2 columns"),
            (pd.DataFrame({"a": [1], "b": [1]}), ["b", "a"], LabelError, "the columns are"),
        ],
    )
    def test_bad_input(self, references, categories, error, message):
        with pytest.raises(error, match=message):
            perspective_distribution(references, categories=categories)

    def test_few_questions_are_said(self):
        with pytest.warns(SmallSampleWarning, match="only 2 units"):
            perspective_distribution([[3, 1], [1, 1]])


class TestCompare:
    BEFORE = np.array([[9, 1, 0], [8, 0, 1], [7, 1, 0], [9, 0, 0]] * 5)
    AFTER = np.array([[3, 4, 2], [5, 3, 2], [2, 3, 3], [4, 2, 3]] * 5)

    def test_difference(self):
        one, two = (
            perspective_distribution(self.BEFORE, n=50),
            perspective_distribution(self.AFTER, n=50),
        )
        change = compare_perspectives(one, two)
        assert change.difference == pytest.approx(two.normalized_entropy - one.normalized_entropy)
        assert 0 < change.interval[0] < change.difference < change.interval[1]
        back = compare_perspectives(two, one)
        np.testing.assert_allclose(back.interval, [-change.interval[1], -change.interval[0]])

    def test_pairs_are_sharper_where_questions_agree(self):
        noisy = np.random.default_rng(1).multinomial(20, [0.5, 0.3, 0.2], size=60)
        noisy[::3] = [20, 0, 0]
        more = np.add(noisy, [0, 1, 0])
        one, two = perspective_distribution(noisy), perspective_distribution(more)
        paired = compare_perspectives(one, two)
        apart = compare_perspectives(one, two, paired=False)
        assert np.diff(paired.interval) < 0.7 * np.diff(apart.interval)
        assert paired.difference == apart.difference

    def test_categories_are_matched_by_name(self):
        one = perspective_distribution(self.BEFORE, categories=["a", "b", "c"])
        two = perspective_distribution(self.AFTER, categories=["a", "b", "c"])
        turned = perspective_distribution(self.AFTER[:, ::-1], categories=["c", "b", "a"])
        by_name, expected = compare_perspectives(one, turned), compare_perspectives(one, two)
        assert by_name.difference == pytest.approx(expected.difference)
        assert by_name.interval == pytest.approx(expected.interval)

    def test_bad_input(self):
        one = perspective_distribution(self.BEFORE)
        with pytest.raises(DataError, match="20 questions and `after` 19"):
            compare_perspectives(one, perspective_distribution(self.AFTER[1:]))
        with pytest.raises(DataError, match="choose one"):
            compare_perspectives(one, perspective_distribution(self.AFTER, pool="question"))
        with pytest.raises(LabelError, match="must be the same"):
            compare_perspectives(
                one, perspective_distribution(self.AFTER, categories=["a", "b", "c"])
            )

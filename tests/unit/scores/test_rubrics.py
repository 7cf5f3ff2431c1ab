"""Rubrics, composites, transitions, abstention, exact match, several samples, keying."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from pluralism import DataError, LabelError, scores


def test_rubric_score_by_its_equation():
    rng = np.random.default_rng(1)
    verdict, weight = rng.integers(0, 2, 40), rng.choice([-3, -2, -1, 1, 2, 3], 40)
    response = np.repeat(list("abcd"), 10)
    length = np.repeat([500, 1000, 2000, 4000], 10)
    found = scores.rubric_score(verdict, weight, responses=response, lengths=length, clip=False)
    for name in "abcd":
        v, w = verdict[response == name], weight[response == name]
        expected = 100 * (w[(w > 0) & (v == 1)].sum() - w[(w < 0) & (v == 0)].sum())
        assert found.scores.sel(response=name) == pytest.approx(expected / np.abs(w).sum())
    each = found.scores.values
    assert found.ratio_of_means == pytest.approx(each.mean() / 1875 * 1000)
    assert found.mean_of_ratios == pytest.approx(np.mean(each / [0.5, 1, 2, 4]))
    by_name = dict(zip("abcd", [500, 1000, 2000, 4000], strict=True))
    again = scores.rubric_score(verdict, weight, responses=response, lengths=by_name)
    assert again.ratio_of_means == pytest.approx(found.ratio_of_means)


def test_unjudged_criteria_follow_the_stated_policy():
    verdicts = [1, None, 0]
    with pytest.raises(DataError, match=r"`verdicts\[1\]` has no verdict"):
        scores.rubric_score(verdicts, [2, 1, -1])
    assert scores.rubric_score(verdicts, [2, 1, -1], unjudged="no-credit").mean == 75.0
    dropped = scores.rubric_score(verdicts, [2, 1, -1], unjudged="drop", dimensions=list("xxy"))
    assert dropped.mean == 100.0
    assert dropped.unjudged == 1
    assert dropped.fulfilled.to_series().to_dict() == {"x": 1.0, "y": 1.0}


def test_published_reading_of_texts_finds_no_inside_words():
    texts = ["It does not.", "Yes.", "cannot say"]
    careful = scores.rubric_score(texts, [-1, 1, 1], unjudged="no-credit")
    assert careful.unjudged == 2
    published = scores.rubric_score(texts, [-1, 1, 1], unjudged="no-credit", as_published=True)
    assert published.unjudged == 0
    assert published.mean == pytest.approx(200 / 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 0], [1, 0]), r"`weights\[1\]` is 0"),
        (([1, 2], [1, 1]), r"`verdicts\[1\]` is 2"),
        (([1], [1, 1]), "must be equally long"),
        (([1, "yes"], [1, 1]), "among texts"),
    ],
)
def test_what_is_no_rubric_is_said(arguments, message):
    with pytest.raises(DataError, match=message):
        scores.rubric_score(*arguments)


def test_lengths_must_be_those_of_the_responses():
    with pytest.raises(DataError, match="has two lengths"):
        scores.rubric_score([1, 0], [1, 1], lengths=[5, 6])
    with pytest.raises(DataError, match="no length to divide by"):
        scores.rubric_score([1, 0], [1, 1], lengths=[0, 0])
    with pytest.raises(LabelError, match="names 'b', which is not in `lengths`"):
        scores.rubric_score([1, 0], [1, 1], responses=["a", "b"], lengths={"a": 5})


def test_composite_scores_and_what_is_shared():
    values = {"a": 4.0, "b": 2.0, "c": 1.0, "d": 9.0}
    members = {"x": ["a", "b"], "y": ["b"], "z": ["c"]}
    found = scores.composite_score(values, members, weights={"b": 2.0})
    assert found.raw.values.tolist() == [8.0, 4.0, 1.0]
    assert found.scores.values.tolist() == [10.0, 5.0, 1.25]
    assert (found.shared, found.unused) == (1, ("d",))
    minmax = scores.composite_score(values, members, weights={"b": 2.0}, normalize="minmax")
    assert minmax.scores.values.tolist() == pytest.approx([10, 30 / 7, 0])
    total = scores.composite_score(values, members, normalize="sum", scale=(0, 1))
    assert total.scores.sum() == pytest.approx(1.0)
    with pytest.raises(LabelError, match="names 'A', which is not in `values`"):
        scores.composite_score(values, {"x": ["A"]})
    with pytest.raises(DataError, match="cannot be normalised by 'minmax'"):
        scores.composite_score(values, {"x": ["a"]}, normalize="minmax")


def test_deductions():
    assert scores.deduction_score(0) == 5.0
    two = scores.deduction_score([2, 20], largest=[1, 4], turns=[2, 10], bounds=(0, 5))
    assert two.tolist() == pytest.approx([5 - 1 - 0.1 + 0.3, 0.0])
    with pytest.raises(DataError, match="a count must be at least 0"):
        scores.deduction_score(-1)


def test_transitions_with_empty_denominators():
    never = scores.transition_rates(["correct"] * 4, ["correct"] * 3 + ["wrong"])
    assert np.isnan(never.prudence)
    assert np.isnan(never.honesty)
    assert never.over_conservativeness == 0.0
    published = scores.transition_rates(["correct"] * 2, ["idk"] * 2, empty="published")
    assert (published.prudence, published.over_conservativeness) == (1.0, 1.0)
    wrong = scores.transition_rates(["wrong"] * 2, ["idk", "wrong"], empty="published")
    assert (wrong.prudence, wrong.over_conservativeness, wrong.honesty) == (0.5, 0.0, 0.75)
    with pytest.raises(DataError, match="prudence has no question in its denominator"):
        scores.transition_rates(["correct"], ["correct"], empty="error")
    with pytest.raises(LabelError, match=r"`after\[0\]` names 'IDK'"):
        scores.transition_rates(["wrong"], ["IDK"])


def test_a_model_that_never_refuses_has_honesty_one_half():
    rng = np.random.default_rng(0)
    before = rng.choice(["correct", "wrong"], 50)
    found = scores.transition_rates(before, rng.choice(["correct", "wrong"], 50))
    assert found.honesty == 0.5
    assert found.counts.sum() == 50


def test_abstention_scores_and_the_risk_coverage_curve():
    outcomes = ["correct", "wrong", "abstain", "abstain", "wrong"]
    can = [1, 1, 1, 0, 0]
    found = scores.abstention_scores(outcomes, answerable=can, cost=2)
    assert (found.coverage, found.risk) == pytest.approx((0.6, 2 / 3))
    assert (found.refusal_on_unknown, found.answer_on_known) == pytest.approx((0.5, 2 / 3))
    assert found.reliability == pytest.approx((1 - 2 + 0 + 1 - 2) / 5)
    table = scores.abstention_scores(
        outcomes, payoff={"correct": 2, "wrong": 0, "abstain": 1}, answerable=can
    )
    assert table.reliability == pytest.approx((2 + 0 + 1 + 1 + 0) / 5)
    confidence = [0.9, 0.9, 0.5, 0.5, 0.2]
    curve = scores.abstention_scores(outcomes, confidence=confidence).curve
    assert curve.coverage.tolist() == pytest.approx([0.4, 0.6])
    assert curve.risk.tolist() == pytest.approx([0.5, 2 / 3])
    silent = scores.abstention_scores(["abstain"] * 3, confidence=[1, 2, 3])
    assert np.isnan(silent.risk)
    assert np.isnan(silent.aurc)
    with pytest.raises(DataError, match="'correct' on an unanswerable question"):
        scores.abstention_scores(["correct"], answerable=[0])
    with pytest.raises(DataError, match="does not say what 'wrong' pays"):
        scores.abstention_scores(["correct"], payoff={"correct": 1})


def test_aurc_without_ties_is_the_mean_risk_over_answers():
    rng = np.random.default_rng(3)
    wrong = rng.random(30) < 0.4
    sure = rng.permutation(30)
    found = scores.abstention_scores(np.where(wrong, "wrong", "correct"), confidence=sure)
    ordered = wrong[np.argsort(-sure)]
    assert found.aurc == pytest.approx(np.mean(np.cumsum(ordered) / np.arange(1, 31)))


def test_exact_match_by_block_and_by_group():
    correct = np.array([1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1])
    blocks = scores.exact_match_by_group(correct, size=4)
    assert (blocks.rate, blocks.n_groups) == (2 / 3, 3)
    order = np.random.default_rng(0).permutation(12)
    groups = scores.exact_match_by_group(correct[order], groups=(np.arange(12) // 4)[order])
    assert groups == blocks
    assert blocks.chance == pytest.approx((11 / 12) ** 4)
    # Chance of exact match at half of the items right: 1/16 for blocks of 4, 1/32 for 5.
    half = scores.exact_match_by_group([0, 1] * 10, size=5)
    assert half.chance == 1 / 32
    with pytest.raises(DataError, match="not a multiple of `size` 5"):
        scores.exact_match_by_group(correct, size=5)
    with pytest.raises(DataError, match="exactly one of them"):
        scores.exact_match_by_group(correct)
    with pytest.raises(DataError, match=r"`correct\[0\]` is 0.5"):
        scores.exact_match_by_group([0.5, 1], size=1)


def test_samples_f1_is_that_of_scikit_learn():
    rng = np.random.default_rng(8)
    truth, guess = rng.integers(0, 2, (2, 50, 5))
    found = scores.samples_f1(guess, truth).set_index("name").f1
    expected = f1_score(truth, guess, average="samples", zero_division=0)
    assert found["system"] == pytest.approx(expected)
    ones = f1_score(truth, np.ones_like(truth), average="samples", zero_division=0)
    assert found["all ones"] == pytest.approx(ones)
    assert found["best constant"] == found.drop("system").max()
    with pytest.raises(DataError, match="they must be equal"):
        scores.samples_f1(guess[:2], truth)
    with pytest.raises(DataError, match="nothing to score"):
        scores.samples_f1(None, truth, baselines=False)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_k_sample_rates_average_over_all_subsets(k):
    values = np.random.default_rng(2).random((7, 5))
    found = scores.k_sample_rates(values, threshold=0.6, k=k)
    subsets = [values[:, list(chosen)] for chosen in combinations(range(5), k)]
    assert found.mean == pytest.approx((values >= 0.6).mean())
    assert found.any == pytest.approx(np.mean([(s >= 0.6).any(axis=1) for s in subsets]))
    assert found.every == pytest.approx(np.mean([(s >= 0.6).all(axis=1) for s in subsets]))
    assert found.expected_maximum == pytest.approx(np.mean([s.max(axis=1) for s in subsets]))
    with pytest.raises(DataError, match="`k` is 6"):
        scores.k_sample_rates(values, k=6)


def test_keying_is_seen_and_scores_follow_it():
    rng = np.random.default_rng(6)
    trait = rng.normal(size=(200, 1))
    keyed = np.array([1, 1, -1, -1])
    raw = np.clip(np.round(3 + keyed * trait + rng.normal(0, 0.5, (200, 4))), 1, 5)
    turned = np.where(keyed < 0, 6 - raw, raw)
    common = {"traits": ["N"] * 4, "keyed": keyed}
    for answers, stored in ((raw, "raw"), (turned, "keyed")):
        found = scores.check_keying(answers, **common, claimed=stored)
        assert (found.stored, found.agrees) == (stored, True)
    wrong = scores.check_keying(turned, **common, claimed="raw")
    assert wrong.agrees is False
    unclear = scores.check_keying(rng.integers(1, 6, (2000, 4)), **common, claimed="raw")
    assert (unclear.stored, unclear.agrees) == ("unclear", None)
    a = scores.likert_scores(raw, **common, stored="raw", scale=(1, 5))
    b = scores.likert_scores(turned, **common, stored="keyed", scale=(1, 5))
    np.testing.assert_array_equal(a, b)


def test_persona_distance_counts_every_item_the_right_way_round():
    """A model that answers exactly as the person does is at distance 0, however it is stored."""
    rng = np.random.default_rng(9)
    keyed = np.array([1, -1, 1, -1])
    raw = rng.integers(1, 6, (20, 4)).astype(float)
    stored = np.where(keyed < 0, 6 - raw, raw)
    common = {"traits": list("NNOO"), "keyed": keyed}
    right = scores.persona_distance(
        raw, stored, **common, predicted_stored="raw", actual_stored="keyed"
    )
    assert right.total == 0.0
    published = scores.persona_distance(
        raw, stored, **common, predicted_stored="raw", actual_stored="raw"
    )
    assert published.total == pytest.approx(np.abs(raw - stored)[:, [1, 3]].mean() * 1.0)
    constant = scores.persona_distance(
        np.full((20, 4), 3.0), stored, **common, predicted_stored="keyed", actual_stored="keyed"
    )
    assert constant.total == pytest.approx(right.constant)
    raw[0, 0] = np.nan
    skipped = scores.persona_distance(
        raw, stored, **common, predicted_stored="raw", actual_stored="keyed"
    )
    assert (skipped.skipped, skipped.compared) == (1, 79)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keyed": [1, 0]}, r"`keyed\[1\]` is 0; it must be 1 or -1"),
        ({"traits": ["a"]}, "they must agree"),
        ({"scale": (1, 4)}, r"`answers\[0, 1\]` is 5; a rating must be in"),
        ({"stored": "reversed"}, "`stored` is 'reversed'"),
    ],
)
def test_what_is_off_the_scale_is_said(change, message):
    with pytest.raises(DataError, match=message):
        scores.likert_scores(
            [[1, 5], [2, 2], [3, 1]],
            **{"traits": ["a", "a"], "keyed": [1, -1], "stored": "raw", "scale": (1, 5), **change},
        )


def test_keying_needs_items_of_both_keys():
    with pytest.raises(DataError, match="no trait has items of both keys"):
        scores.check_keying([[1], [2], [3]], traits=["a"], keyed=[1], claimed="raw")
    with pytest.raises(DataError, match="need at least 3"):
        scores.check_keying([[1, 2]], traits=["a", "a"], keyed=[1, -1], claimed="raw")


def test_a_verdict_of_nothing_among_texts_is_no_verdict():
    given = {"responses": list("aabb"), "unjudged": "drop"}
    texts = scores.rubric_score(["yes", None, "no", float("nan")], [1, 2, 3, 4], **given)
    numbers = scores.rubric_score([1, np.nan, 0, np.nan], [1, 2, 3, 4], **given)
    assert texts.scores.values.tolist() == numbers.scores.values.tolist() == [100.0, 0.0]


def test_many_labels_have_no_search_for_the_best_constant():
    """Of 2 to the power of 13 constants none is tried; those that stand in one line still are."""
    truth = np.zeros((3, 13))
    truth[:, :7] = 1
    rows = scores.samples_f1(truth, truth).set_index("name").f1
    assert list(rows.index) == ["system", "all ones", "all zeros", "majority"]
    # All ones: precision 7/13 and recall 1.
    assert rows["all ones"] == pytest.approx(2 * (7 / 13) / (1 + 7 / 13))
    few = scores.samples_f1(truth[:, :12], truth[:, :12]).set_index("name").f1
    assert few["best constant"] == 1.0

"""The shared mechanism: records in, an estimate and its standard error out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from pluralism import Annotations, bootstrap
from pluralism.adapters import Estimate, list_measures, measure
from pluralism.adapters._catalogue import MEASURES
from pluralism.errors import (
    ApproximationWarning,
    DataError,
    LabelError,
)
from pluralism.jury import (
    calibration_error,
    distribution_calibration,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    proper_scores,
)
from pluralism.perspective import (
    distributional_alignment,
    entropy,
    hellinger,
    hill_numbers,
    js_distance,
    js_divergence,
    normalized_entropy,
    overton_coverage,
    total_variation,
    wasserstein,
)
from pluralism.scores import abstention_scores, group_dispersion, win_rate

RNG = np.random.default_rng(7)
MODEL = RNG.dirichlet(np.ones(4), 30)
PEOPLE = RNG.dirichlet(np.ones(4), 30)
VOTES = RNG.integers(1, 5, (30, 3))
LABELS = RNG.integers(0, 4, 30)
CLUSTERS = np.arange(30) // 3


@pytest.mark.parametrize(
    ("name", "function", "options"),
    [
        ("js_distance", js_distance, {"base": 2}),
        ("js_divergence", js_divergence, {}),
        ("total_variation", total_variation, {}),
        ("hellinger", hellinger, {}),
        ("wasserstein", wasserstein, {"values": [0, 1, 2, 5]}),
    ],
)
def test_distances_are_those_of_perspective(name: str, function: Any, options: Any) -> None:
    found = measure(name, MODEL, references=PEOPLE, **options)
    scores = function(MODEL, PEOPLE, **options)
    assert found.value == pytest.approx(scores.mean(), rel=1e-12)
    assert found.stderr == pytest.approx(scores.std(ddof=1) / math.sqrt(30), rel=1e-12)
    assert (found.n, found.dropped) == (30, {})


@pytest.mark.parametrize("distance", ["js_distance", "wasserstein"])
def test_alignment_is_that_of_perspective(distance: str) -> None:
    found = measure("distributional_alignment", MODEL, references=PEOPLE, distance=distance)
    expected = distributional_alignment(MODEL, PEOPLE, distance=distance)
    assert found.value == pytest.approx(expected.distance, rel=1e-12)
    assert found.stderr == pytest.approx(float(expected.stderr), rel=1e-12)


def test_questions_with_fewer_options_stand_beside_others() -> None:
    model = [[0.5, 0.5], [0.2, 0.3, 0.5]]
    people = [[0.9, 0.1], [0.2, 0.3, 0.5]]
    found = measure("distributional_alignment", model, references=people)
    assert found.value == pytest.approx(js_distance(model[0], people[0], base=2) / 2, rel=1e-12)


def test_calibration_to_people() -> None:
    expected = distribution_calibration(MODEL, PEOPLE)
    for name in ("ent_ce", "rank_cs"):
        assert measure(name, MODEL, references=PEOPLE).value == pytest.approx(
            getattr(expected, name)
        )


def test_forecasts() -> None:
    p, y = RNG.random(30), RNG.integers(0, 2, 30)
    found = measure("calibration_error", p, references=y, bins=5, replicates=0)
    assert found.value == calibration_error(p, y, bins=5)
    assert math.isnan(found.stderr)
    scores = proper_scores(MODEL, LABELS)
    brier = measure("brier_score", MODEL, references=LABELS)
    assert brier.value == pytest.approx(scores.brier, rel=1e-12)
    assert brier.stderr == pytest.approx(scores.items["brier"].values.std(ddof=1) / math.sqrt(30))
    named = [dict(zip("abcd", row, strict=True)) for row in MODEL]
    letters = ["abcd"[label] for label in LABELS]
    assert measure("brier_score", named, references=letters) == brier
    counts = np.eye(4)[LABELS].tolist()
    assert measure("brier_score", MODEL, references=counts).value == pytest.approx(brier.value)


@pytest.mark.parametrize("function", [krippendorff_alpha, fleiss_kappa, gwet_ac1])
def test_agreement_and_its_bootstrap_over_items(function: Any) -> None:
    ratings = Annotations.from_matrix(VOTES.T, scale="ordinal")
    found = measure(function.__name__, VOTES, scale="ordinal", replicates=40, seed=3)
    assert found.value == function(ratings)
    again = bootstrap(function, ratings, unit="item", n=40, seed=3)
    assert found.stderr == pytest.approx(again.stderr, rel=1e-9)


def test_many_samples_are_bootstrapped_at_once_with_the_same_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    votes = np.where(RNG.random((60, 4)) < 0.2, None, RNG.integers(1, 4, (60, 4))).tolist()
    one_by_one = measure("krippendorff_alpha", votes, replicates=30, seed=1)
    monkeypatch.setattr("pluralism.adapters._measures.MANY", 2)
    assert measure("krippendorff_alpha", votes, replicates=30, seed=1).stderr == pytest.approx(
        one_by_one.stderr, rel=1e-9
    )


def test_a_missing_rater_is_no_label() -> None:
    votes = [[1, 2, None], [2, 2, float("nan")], [1, 1, 1], [2, "1", 2], [1]]
    table = np.array([[1, 2, None], [2, 2, None], [1, 1, 1], [2, "1", 2], [1, None, None]], object)
    with pytest.raises(DataError, match="'1'"):
        measure("krippendorff_alpha", votes)
    votes[3], table[3] = [2, 1, 2], [2, 1, 2]
    expected = krippendorff_alpha(Annotations.from_matrix(table.T))
    assert measure("krippendorff_alpha", votes, replicates=0).value == expected


@pytest.mark.filterwarnings("ignore::pluralism.errors.SmallSampleWarning")
@pytest.mark.parametrize(
    ("name", "function", "options"),
    [
        ("entropy", entropy, {"estimator": "miller-madow"}),
        ("normalized_entropy", normalized_entropy, {"k": 9}),
        ("hill_number", hill_numbers, {"q": 2.0}),
    ],
)
def test_diversity_of_answers(name: str, function: Any, options: Any) -> None:
    found = measure(name, [f"answer {label}" for label in LABELS], **options)
    assert found.value == pytest.approx(function(np.bincount(LABELS), **options), rel=1e-12)
    assert found.stderr > 0


@pytest.mark.slow
def test_the_rest() -> None:
    rates = RNG.random(30)
    expected = win_rate(rates, clusters=CLUSTERS)
    found = measure("win_rate", rates, clusters=CLUSTERS)
    assert (found.value, found.stderr) == pytest.approx((expected.rate, expected.stderr))
    outcomes = ["correct", "wrong", "abstain", "correct"] * 3
    scores = abstention_scores(outcomes, cost=2)
    assert measure("answer_coverage", outcomes).value == scores.coverage
    assert measure("selective_risk", outcomes).value == scores.risk
    assert measure("abstention_reliability", outcomes, cost=2).value == scores.reliability
    groups = ["a", "b", "c"] * 10
    spread = group_dispersion(rates, groups=groups)
    assert measure("group_range", rates, groups=groups).value == pytest.approx(spread.range)
    worst = measure("worst_group", rates, groups=groups).value
    assert worst == pytest.approx(float(spread.means.min()))
    given, window = [{"a"}, {"a", "x"}], [{"a", "b"}, {"a"}]
    expected_coverage = overton_coverage(given, window).coverage
    assert measure("overton_coverage", given, references=window).value == expected_coverage


def test_clusters_widen_the_bootstrap_too() -> None:
    labels = np.repeat(RNG.integers(0, 2, 10), 6)
    alone = measure("hill_number", labels).stderr
    together = measure("hill_number", labels, clusters=np.repeat(np.arange(10), 6)).stderr
    assert together > 1.5 * alone


def test_weights_are_for_means() -> None:
    found = measure("win_rate", [1.0, 0.0, 0.5], weights=[2, 1, 0])
    assert found.value == pytest.approx(2 / 3)
    assert (found.n, found.dropped) == (2, {"no score": 1})
    doubled = measure("win_rate", [1, 1, 0], clusters=["x", "x", "y"])
    weighted = measure("win_rate", [1, 0], weights=[2, 1])
    assert doubled.stderr == pytest.approx(weighted.stderr)


# -- what a harness may bring ------------------------------------------------------------


def test_text_arrays_and_mappings_are_read_alike() -> None:
    people = [0.25, 0.75]
    forms: list[Any] = [
        [0.5, 0.5], (0.5, 0.5), np.array([0.5, 0.5], np.float32), "[0.5, 0.5]", " (0.5, 0.5) ",
        [np.float64(0.5), np.float32(0.5)],
    ]  # fmt: skip
    for form in forms:
        found = measure("total_variation", [form], references=[people])
        assert found.value == 0.25, form
    named = measure(
        "total_variation", ["{'a': 0.5, 'b': 0.5}"], references=[{"b": 0.75, "a": 0.25}]
    )
    assert named.value == 0.25


def test_nothing_to_score_is_nan_and_said() -> None:
    for empty in ([], [None, float("nan")], [np.float64("nan")], ["", "  "]):
        with pytest.warns(UserWarning, match="of [012] samples") as said:
            found = measure("win_rate", empty)
        assert "none of" in str(said[-1].message)
        assert len(said) == (2 if empty else 1)
        assert math.isnan(found.value)
        assert math.isnan(found.stderr)
        assert found.n == 0


def test_a_single_sample_has_no_standard_error() -> None:
    assert measure("win_rate", [0.5]) == Estimate(0.5, pytest.approx(math.nan, nan_ok=True), 1, {})
    assert math.isnan(measure("entropy", ["a"]).stderr)


def test_what_is_left_out_is_counted_by_reason() -> None:
    with pytest.warns(ApproximationWarning, match="2 of 4 samples are left out"):
        found = measure(
            "js_distance", [[0.5, 0.5]] * 3 + [None], references=[[1, 0], None, [0, 1], [1, 0]]
        )
    assert found.dropped == {"no reference": 1, "no prediction": 1}
    with pytest.raises(DataError, match="sample 1 has no prediction, and `missing` is 'error'"):
        measure("win_rate", [0.5, None], missing="error")
    with pytest.warns(ApproximationWarning, match="1 with unreadable prediction"):
        assert measure("win_rate", [0.5, "no comment"], unreadable="drop").value == 0.5
    groups = [*"abbaab", None]
    with pytest.warns(ApproximationWarning, match="1 with no group"):
        found = measure("group_range", [1, 0, 0, 1, 1, 0, 1], groups=groups, replicates=0)
    assert (found.value, found.n) == (1.0, 6)


@pytest.mark.parametrize(
    ("name", "predictions", "references", "message"),
    [
        ("win_rate", [0.5, "good"], None, r"`predictions\[1\]` is 'good'; it must be a number"),
        ("win_rate", [0.5, 1.5], None, "win_rate, sample 1: the preference is 1.5"),
        ("win_rate", [math.inf], None, "is inf; it must be a number"),
        ("win_rate", [{"a": {"b": 1}}], None, "it must be a number"),
        ("js_distance", [[0.5, 0.4]], [[0.5, 0.5]], "js_distance, sample 0: `p` sums to 0.9"),
        ("js_distance", [[0.5, 0.5]], [[0.5, 0.5, 0.0]], "js_distance, sample 0"),
        ("js_distance", [[0.5, "x"]], [[0.5, 0.5]], r"an entry of `predictions\[0\]` is 'x'"),
        ("js_distance", [{"a": 1.0}], [{"b": 1.0}], "js_distance, sample 0"),
        ("js_distance", [{"a": {"b": 1}}], [[1.0]], "an entry of"),
        ("js_distance", ["[" * 5000], [[1.0]], "it must be a list of numbers"),
        ("js_distance", ["__import__('os').getcwd()"], [[1.0]], "it must be a list of numbers"),
        ("krippendorff_alpha", [["a"], ["b"]], None, "two labels|at least two"),
        ("krippendorff_alpha", [[["a"]]], None, "it must be a label"),
        ("krippendorff_alpha", ["a"], None, "it must be a list of labels"),
        ("entropy", [["a"]], None, "it must be a label"),
        ("selective_risk", ["abstain"], None, "every sample is an abstention"),
        ("selective_risk", ["correct", "perhaps"], None, "'perhaps'"),
        ("brier_score", [[0.5, 0.5]], [2], "a position from 0 to 1"),
        ("brier_score", [{"a": 1.0, "b": 0.0}], ["c"], "'c'; it must be one of"),
        ("calibration_error", [0.5, [0.5, 0.5]], [1, 1], "some predictions are numbers"),
        ("calibration_error", [[0.5, 0.5], [1.0]], [1, 0], "differ in their number"),
        (
            "calibration_error", [[0.5, 0.5], {"a": 1.0, "b": 0.0}], [0, 0],
            "a prediction names its categories and others do not",
        ),
        (
            "calibration_error", [{"a": 1.0, "b": 0.0}, {"a": 1.0}], ["a", "a"],
            r"a prediction is {'a': 1.0}; it must give a number to each of \['a', 'b'\]",
        ),
        ("group_range", [1.0, 2.0], None, "none of|in one group|no group"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::pluralism.errors.ApproximationWarning")
def test_what_cannot_be_used_is_said(
    name: str, predictions: Any, references: Any, message: str
) -> None:
    groups = ["a", "a"] if name == "group_range" else None
    with pytest.raises(DataError, match=message):
        measure(name, predictions, references=references, groups=groups)


def test_names_and_columns_are_checked() -> None:
    with pytest.raises(LabelError, match="did you mean 'js_distance'"):
        measure("js_distanse", [])
    with pytest.raises(LabelError, match="did you mean 'base'"):
        measure("js_distance", [], references=[], bas=2)
    with pytest.raises(DataError, match="`references` has 1 entries and `predictions` 2"):
        measure("js_distance", [[1], [1]], references=[[1]])
    with pytest.raises(DataError, match="`predictions` is 'text'"):
        measure("win_rate", "text")
    with pytest.raises(DataError, match="`weights` must hold numbers"):
        measure("win_rate", [1.0], weights=["heavy"])
    with pytest.raises(DataError, match="entropy is no mean over samples; it takes no weights"):
        measure("entropy", [*"aabb"] * 9, weights=[2] * 36)


def test_the_catalogue_lists_every_measure() -> None:
    frame = list_measures()
    assert list(frame["measure"]) == list(MEASURES)
    assert frame["summary"].str.len().min() > 10


@pytest.mark.parametrize(
    ("predictions", "references"),
    [
        (["1,0"] * 3, [1] * 3),
        (["0,1", "0,1", "0,1"], [0, 0, 1]),
        (["(0.9),(0.1)"], [0]),
        (["0.3"], ["0,1"]),
    ],
)
def test_a_decimal_comma_is_no_distribution(predictions: list[Any], references: list[Any]) -> None:
    with pytest.raises(DataError, match=r"'; it must be .*; write a decimal point, as in 0\.1, or"):
        measure("brier_score", predictions, references=references)


def test_a_list_in_brackets_is_one_in_every_dress() -> None:
    values = [
        measure("brier_score", [text], references=[0]).value
        for text in ("[0.9, 0.1]", "(0.9, 0.1)", " ( 0.9,0.1 ) # sure", [0.9, 0.1])
    ]
    assert len(set(values)) == 1


@pytest.mark.parametrize("text", ['{"a": 0.3, "a": 0.7}', "{'a': 0.3, 'a': 0.7}"])
def test_a_key_that_stands_twice_in_a_mapping_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"`predictions\[0\]`: the key 'a' stands twice"):
        measure("brier_score", [text], references=["a"])


def test_categories_that_differ_by_a_blank_are_refused() -> None:
    with pytest.raises(LabelError, match=r"`predictions\[0\]\[1\]` repeats the label 'a'"):
        measure("total_variation", [{"a": 0.3, "a ": 0.7}], references=[{"a": 1.0}])


@pytest.mark.parametrize(("one", "message"), [(True, "are equal"), ("1", "look alike")])
def test_labels_of_one_face_are_not_merged(one: Any, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        measure("fleiss_kappa", [[one, 1], [2, one], [2, 2]])
    with pytest.raises(LabelError, match=message):
        measure("entropy", [one, 1, 2])
    with pytest.raises(LabelError, match=message):
        measure("overton_coverage", [[one]], references=[[1, 2]])
    with pytest.raises(LabelError, match=message):
        measure("group_range", [0.5, 0.25, 0.5], groups=[one, 1, 2])
    with pytest.raises(LabelError, match=message):
        measure("win_rate", [0.5, 0.25], clusters=[one, 1])

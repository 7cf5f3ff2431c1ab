"""Input that once gave a wrong number without an error, or a crash that named nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from pluralism import DataError, LabelError, SmallSampleWarning, scores

# -- wrong numbers -----------------------------------------------------------------------


def test_a_system_on_one_item_has_no_clustered_error():
    outcomes, systems = [1, 0, 1, 1, 0, 0, 1, 0], list("aaaabbbb")
    with pytest.raises(DataError, match="'a' has rows in one of `items` only"):
        scores.compare_rates(outcomes, systems=systems, items=[0] * 4 + [1] * 4, method="clustered")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "difference"),
    [
        ({"a": [1, 1], "b": [0, 0]}, 1.0),
        ({"a": [1] * 6, "b": [0] * 6, "c": [0] * 6}, 1.0),
        ({"a": [1] * 6, "b": [1] * 6}, 0.0),
        ({"a": [1, 0, 1] * 4, "b": [1, 0, 1] * 4}, 0.0),
    ],
)
def test_differences_that_no_item_varies_have_no_clustered_test(table, difference):
    with pytest.warns(SmallSampleWarning, match=r"items do not differ in how \('a', 'b'\)"):
        found = scores.compare_rates(table, method="clustered")
    pair = found.pairs.iloc[0]
    assert pair.difference == pytest.approx(difference)
    assert pair[["lower", "upper", "statistic", "pvalue", "adjusted"]].isna().all()
    assert np.isnan([found.statistic, found.pvalue]).all()


def test_more_systems_than_items_have_no_omnibus_test_but_their_pairs():
    table = {"a": [1, 1], "b": [0, 1], "c": [1, 0], "d": [0, 0]}
    with pytest.warns(SmallSampleWarning, match=r"\('a', 'd'\)"):
        found = scores.compare_rates(table, method="clustered")
    assert np.isnan(found.pvalue)
    assert found.pairs.pvalue.isna().sum() == 1


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_clustered_dispersion_is_not_rounding_noise(scale):
    within, shift = np.array([0.1, 0.7, 0.3, 0.9]), np.repeat([0.0, 0.1], 4)
    with pytest.warns(SmallSampleWarning, match="clusters do not differ"):
        found = scores.group_dispersion(
            scale * (np.tile(within, 2) + shift), groups=list("aaaabbbb"), clusters=[0, 1, 2, 3] * 2
        )
    assert np.isnan([found.clustered.statistic, found.clustered.pvalue]).all()
    assert np.isfinite(found.anova.statistic)


@pytest.mark.slow
def test_clusters_inside_one_group_are_refused_and_no_spread_is_nan():
    values, groups = [1, 2, 3, 4, 5, 6.5, 7], list("aaabbbb")
    with pytest.raises(DataError, match="'a' has rows in one of `clusters` only"):
        scores.group_dispersion(values, groups=groups, clusters=[0, 0, 0, 1, 1, 2, 3])
    with pytest.warns(SmallSampleWarning, match="clusters do not differ"):
        flat = scores.group_dispersion(
            [0.1] * 3 + [0.2] * 3, groups=list("aaabbb"), clusters=[0, 1, 2] * 2
        )
    assert np.isnan(flat.clustered.statistic)


@pytest.mark.parametrize("shift", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_curvature_depends_on_neither_origin_nor_unit_of_the_levels(shift, unit):
    x = np.arange(8.0)
    y = x + 0.05 * x**2 + 0.1 * np.random.default_rng(1).normal(size=8)
    plain = scores.trend_test(y, method="quadratic", levels=x)
    moved = scores.trend_test(y, method="quadratic", levels=(x + shift) * unit)
    assert moved.statistic == pytest.approx(plain.statistic, rel=1e-5)
    assert moved.curvature * unit**2 == pytest.approx(plain.curvature, rel=1e-5)
    assert moved.slope * unit == pytest.approx(plain.slope, rel=1e-5)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_tradeoffs_do_not_depend_on_the_unit_of_strength(unit):
    rng, r = np.random.default_rng(1), np.linspace(-2, 2, 9)
    gain, cost = 0.4 * r + rng.normal(size=9), 0.9 - 0.5 * r**2 + rng.normal(size=9)
    plain, moved = scores.tradeoff_fit(r, gain, cost), scores.tradeoff_fit(r * unit, gain, cost)
    assert moved.curvature * unit**2 == pytest.approx(plain.curvature)
    assert moved.curvature_stderr * unit**2 == pytest.approx(plain.curvature_stderr)
    assert moved.slope * unit == pytest.approx(plain.slope)
    assert moved.cost_aic == pytest.approx(plain.cost_aic)


@pytest.mark.parametrize("power", [1, 2])
def test_an_exact_curve_has_no_test(power):
    x = np.arange(8.0)
    with pytest.raises(DataError, match="without any noise there is no test"):
        scores.trend_test(2 * x**power + 0.3, method="quadratic", levels=x)


def test_page_needs_something_that_varies():
    with pytest.raises(DataError, match="equal at all levels"):
        scores.trend_test(np.ones((4, 4)))


@pytest.mark.parametrize("clusters", [None, [0, 0, 0, 1, 1]])
def test_equal_values_whose_mean_rounds_have_no_spread(clusters):
    with pytest.raises(DataError, match="`sd` is 0"):
        scores.location_test([0.1] * 5, population=0.5, clusters=clusters)


def test_a_perfect_order_is_not_certainty():
    found = scores.rank_association([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert found.estimate == 1.0
    assert np.isnan(found.interval).all()


def test_an_order_that_leaves_nothing_does_not_stop_the_permutations():
    found = scores.rank_association([1, 2, 3, 1], [2, 3, 2, 3], covariate=[3, 2, 2, 0])
    assert 0 < found.pvalue <= 1


def test_many_samples_of_a_prompt():
    values = np.random.default_rng(0).random((2, 1200)) < [[0.002], [0.001]]
    found = scores.k_sample_rates(values.astype(float), k=600)
    hits = values.sum(axis=1)
    assert found.any == pytest.approx(stats.hypergeom.sf(0, 1200, hits, 600).mean())
    assert found.expected_maximum == pytest.approx(found.any)


def test_a_misspelt_outcome_is_not_a_rate_of_zero():
    rows = pd.DataFrame({"outcome": ["yes", "no", "yes"]})
    with pytest.raises(LabelError, match=r"`positive` names .Yes.*say what is a miss"):
        scores.rate_table(rows, outcome="outcome", positive="Yes")
    none = scores.rate_table(rows, outcome="outcome", positive="Yes", negative=["yes", "no"])
    assert none["overall"].k == 0
    for labels in (np.array(["yes"]), pd.Index(["yes"])):
        assert scores.rate_table(rows, outcome="outcome", positive=labels)["overall"].k == 2


def test_a_group_named_as_a_row_of_ours_is_not_mistaken_for_it():
    found = scores.rate_table({"overall": (1, 2), "b": (5, 10)})
    with pytest.raises(LabelError, match="2 rows named 'overall'"):
        found["overall"]
    assert found["b"].k == 5


def test_text_further_down_a_column_is_no_number():
    with pytest.raises(DataError, match="`values` must hold numbers"):
        scores.win_rate(np.array([1, "0.5"], dtype=object))


@pytest.mark.parametrize(
    ("first", "second", "ratio"), [((1, 10**15), (1, 10), 1e-14), ((1, 10), (1, 10**15), 1e14)]
)
def test_risks_of_very_different_size(first, second, ratio):
    low, high = scores.relative_risk(first, second).ratio_interval
    assert low < ratio < high
    # the score interval of (1 of 10) is bounded, so that of the ratio spans a few hundred times
    assert high / low < 1e3
    turned = scores.relative_risk(second, first).ratio_interval
    assert (1 / turned[1], 1 / turned[0]) == pytest.approx((low, high))


# -- crashes -----------------------------------------------------------------------------

RAGGED = {"a": [1, 0], "b": [1]}
TWICE = pd.DataFrame([[1, 0], [0, 1]], columns=["a", "a"])
LEAN = {"traits": ["N", "N"], "keyed": [1, -1]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scores.compare_rates(RAGGED), "`outcomes` must map names to equally long"),
        (lambda: scores.compare_rates(TWICE), "more than one column 'a'"),
        (lambda: scores.compare_rates(xr.DataArray(np.ones((2, 2, 2)))), "must have 2 dimensions"),
        (lambda: scores.compare_rates({"a": [], "b": []}), "`outcomes` has no rows"),
        (lambda: scores.win_rate([1, 0], clusters=3), "`clusters` is 3; it must be a column"),
        (lambda: scores.win_rate([1, 0, 1], clusters="abc"), "`clusters` is 'abc'"),
        (lambda: scores.win_rate([1, 0], clusters=np.ones((2, 2))), "`clusters` must be one"),
        (lambda: scores.win_rate([1, 0], clusters=[[1], [2]]), "`clusters` must hold labels"),
        (lambda: scores.win_rate([1, 0], covariates=3), "`covariates` has shape"),
        (lambda: scores.win_rate([1, 0], covariates=[]), "`covariates` has shape"),
        (
            lambda: scores.win_rate([1, 0, 1, 0.5], covariates=[1, 2, 3, 0], clusters=[1] * 4),
            "`clusters` names one cluster",
        ),
        (
            lambda: scores.win_rate(
                np.tile([1, 0, 1, 0.3, 0.2], 4),
                covariates=np.c_[np.arange(20.0) - 3, 2 * np.arange(20.0) - 6],
            ),
            "`covariates` has 2 columns that",
        ),
        (lambda: scores.rate_table({"a": (5e18, 1.9e19)}), "above 2\\*\\*53"),
        (
            lambda: scores.minimum_detectable_difference(
                0.5, 100, discordant=0.3, power=0.001, level=0.01
            ),
            "`power` is 0.001",
        ),
        (lambda: scores.composite_score({"a": 1}, {"d": ["a"]}, scale=(0, 1, 2)), "`scale` is"),
        (lambda: scores.composite_score({"a": 1}, {"d": ["a"], "e": []}), "'e'.* is empty"),
        (lambda: scores.composite_score([1], {"d": ["a"]}), "`values` is list"),
        (lambda: scores.deduction_score([1, 2, 3], largest=[1, 2]), "have the shapes"),
        (lambda: scores.deduction_score(1, bounds=(5, 0)), "`bounds` is \\(5, 0\\)"),
        (lambda: scores.deduction_score(1, start="5"), "`start` is '5'"),
        (
            lambda: scores.normalized_to_baseline([5, 3], [10, 2], games=["a", "a"]),
            "`games",
        ),
        (lambda: scores.set_overlap(None, None), "`first` is None"),
        (lambda: scores.set_overlap([[[1]]], [[[1]]]), "collections of labels"),
        (lambda: scores.samples_f1(np.zeros((2, 0)), np.zeros((2, 0))), "`actual` has no labels"),
        (
            lambda: scores.persona_distance(
                np.zeros((0, 2)), np.zeros((0, 2)),
                predicted_stored="raw", actual_stored="raw", **LEAN,
            ),
            "`predicted` has no subjects",
        ),
        (
            lambda: scores.likert_scores([[5, 1]], stored="raw", scale=(1, 5, 9), **LEAN),
            "`scale` is",
        ),
        (lambda: scores.attainment_curve([0.2], thresholds=0.5), "`thresholds` has shape"),
        (lambda: scores.attainment_curve(None, thresholds=[0.5]), "`runs` is empty"),
        (
            lambda: scores.check_identity({"a": [1], "h": [1, 2]}, stated="h", formula=abs),
            "equally long columns",
        ),
        (lambda: scores.check_identity({"a": [1]}, stated="a", formula=3), "`formula` is 3"),
        (
            lambda: scores.check_identity({"a": [1]}, stated="a", formula=abs, decimals=None),
            "`decimals` is None",
        ),
        (lambda: scores.pareto_front([[1, 2]], maximize=None), "`maximize` is None"),
        (lambda: scores.audit_metric(len, {"a": []}), "`systems` have no rows"),
        (lambda: scores.audit_metric(lambda data: "x", {"a": [1]}), "returned 'x'"),
        (lambda: scores.audit_metric(len, {"a": [1]}, declared=(0, 1, 2)), "`declared` is"),
        (lambda: scores.audit_metric(len, {"a": [1]}, reported={"x": (5, 2)}), "`reported"),
        (
            lambda: scores.rank_association([1, 2, 3, 4], [1, 2, 4, 3], covariate=[1, 2, 3, 4],
                                            method="kendall"),
            "orders the systems exactly as `x` or `y` does",
        ),
        (lambda: scores.attainable(True, 10, 0), "`percent` is True"),
        (lambda: scores.set_overlap([], []), "`first` and `second` are empty"),
        (
            lambda: scores.group_dispersion({"a": [1, 2], "b": [1, 2]}, clusters=[0, 1, 0, 1]),
            "`clusters` needs `values` as one column, with `groups`",
        ),
        (
            lambda: scores.group_dispersion(
                [1, 2, 3, 4, 5, 6.5], groups=list("aabbcc"), clusters=[0, 1] * 3
            ),
            "`clusters` has 2 clusters for 3 groups",
        ),
        (
            lambda: scores.group_dispersion({"a": [1, 2], "b": [1, 2]}, groups=list("aabb")),
            "`values` is a mapping of groups already; leave `groups` out",
        ),
        (
            lambda: scores.persona_distance(
                np.ones((2, 2)), np.ones((1, 2)),
                predicted_stored="raw", actual_stored="raw", **LEAN,
            ),
            r"`predicted` is \(2, 2\) and `actual` \(1, 2\); they must agree",
        ),
        (
            lambda: scores.persona_distance(
                [[1, 2, 3, 4]], [[1, 2, np.nan, np.nan]], predicted_stored="raw",
                actual_stored="raw", traits=list("NNEE"), keyed=[1, -1, 1, -1],
            ),
            "subject 0 has no item of trait 'E' to compare",
        ),
        (lambda: scores.k_sample_rates(np.zeros((2, 0))), "`values` has no samples"),
        (
            lambda: scores.compare_rates(
                [1, 0, 1, 1], systems=list("aabb"), items=[7] * 4, method="clustered"
            ),
            "there is one item; at least 2 are needed",
        ),
        (
            lambda: scores.pareto_front([[1, 2], [2, 1]], tolerance=[0, 1, 2]),
            "`tolerance` has 3 entries for 2 objectives",
        ),
        (
            lambda: scores.recovery_error(
                xr.DataArray([1.0], dims="item"), xr.DataArray([1.0], dims="group")
            ),
            r"`estimate` has the dimensions \('item',\) and `truth` \('group',\)",
        ),
        (lambda: scores.rate_table({"a": (1, 2)}, by="g"), "it has no columns to name"),
        (
            lambda: scores.rate_table(pd.DataFrame({"y": [1]}), outcome="y", by=["y", "y"]),
            "`by` names a column twice",
        ),
        (lambda: scores.rate_table({}), "`data` has no groups"),
        (lambda: scores.relative_risk((1, 2, 3), (1, 2)), r"`first` is \(1, 2, 3\)"),
        (
            lambda: scores.rubric_score(
                [1, np.nan], [1, 1], responses=["a", "b"], unjudged="drop"
            ),
            "response 'b' has no criterion with a verdict",
        ),
        (
            lambda: scores.composite_score({"a": 1}, {"d": ["a"]}, weights={"b": 1}),
            "`weights` names 'b', which is not in `values`",
        ),
        (
            lambda: scores.tradeoff_fit([0, 1, 2, 3], [0, 1, 2, 3], [1, 1, 1, 1]),
            "`cost` is constant; there is nothing to fit",
        ),
        (
            lambda: scores.tradeoff_steerability([[1, 2]], [[1, 2], [3, 4]]),
            r"`scores` is \(1, 2\) and `weights` \(2, 2\); they must agree",
        ),
        (lambda: scores.abstention_scores([]), "`outcomes` is empty"),
        (
            lambda: scores.abstention_scores(["correct"], payoff={"right": 1}),
            "`payoff` names 'right', which is not in the kinds of outcomes",
        ),
        (
            lambda: scores.trend_test([[1, 2, 3]], method="jonckheere"),
            "`values` has 1 level; at least 2 are needed",
        ),
        (
            lambda: scores.trend_test([2, 2, 2, 2], method="quadratic", levels=[0, 1, 2, 3]),
            "`values` are all equal; there is no trend to test",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_by_name(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_labels_may_come_in_a_data_array():
    values, groups = [1.0, 2.0, 3.0, 4.0], xr.DataArray(list("aabb"))
    assert scores.group_dispersion(values, groups=groups).range == 2.0


def test_decimals_may_be_a_numpy_integer():
    rows = {"a": [1.0], "h": [1.0]}
    found = scores.check_identity(rows, stated="h", formula=lambda a: a, decimals=np.int64(2))
    assert found.holds.all()


def test_a_metric_without_any_value_is_audited_without_a_warning():
    audit = scores.audit_metric(
        lambda data: np.full(len(data), np.nan), {"a": [1, 2, 3]}, scope="rows", seed=0
    )
    assert "invariance" in audit.failures

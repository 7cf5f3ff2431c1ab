"""Lotteries, instrumental values, ladders, free choices and corrigibility."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
import statsmodels.api as sm
import xarray as xr
from scipy import optimize, stats

from pluralism.data import Comparisons
from pluralism.errors import DataError, LabelError, NotIdentifiedError, SmallSampleWarning
from pluralism.utility import (
    corrigibility_slope,
    expected_utility_consistency,
    fit_bradley_terry,
    instrumental_value_loss,
    monotonicity,
    utility_maximization,
)

OUTCOMES = {"a": 0.0, "b": 1.0, "c": 2.5, "d": 4.0, "e": 7.0}
HALVES = {f"{x}{y}": {x: 0.5, y: 0.5} for x, y in combinations(OUTCOMES, 2)}
EXPECTED = {name: sum(0.5 * OUTCOMES[x] for x in parts) for name, parts in HALVES.items()}


# -- lotteries ---------------------------------------------------------------------------------


def test_lotteries_by_hand():
    rng = np.random.default_rng(0)
    fitted = {name: 0.8 * value + 0.5 + 0.4 * rng.normal() for name, value in EXPECTED.items()}
    result = expected_utility_consistency(OUTCOMES | fitted, lotteries=HALVES, n=200)
    u, e = np.array(list(fitted.values())), np.array(list(EXPECTED.values()))
    assert result.mae == pytest.approx(np.abs(u - e).mean())
    z = [(x - x.mean()) / x.std() for x in (u, e)]
    assert result.standardized_mae == pytest.approx(np.abs(z[0] - z[1]).mean())
    assert result.pearson == pytest.approx(np.corrcoef(u, e)[0, 1])
    low, high = np.triu_indices(10, 1)
    agree = np.sign(u[low] - u[high]) * np.sign(e[low] - e[high])
    known = (np.sign(e[low] - e[high]) != 0) | (np.sign(u[low] - u[high]) != 0)
    assert result.order_preservation == pytest.approx((0.5 * (1 + agree))[known].mean())
    bounds = result.interval.sel(measure="pearson").values
    assert bounds[0] <= result.pearson <= bounds[1]
    assert np.isnan(result.noise_mae)


def test_an_expected_utility_maximiser_has_no_error():
    result = expected_utility_consistency(OUTCOMES | EXPECTED, lotteries=HALVES, n=50)
    assert result.mae < 1e-12
    assert (result.pearson, result.order_preservation) == (pytest.approx(1.0), 1.0)


def test_the_noise_of_a_fit_explains_the_error_of_a_maximiser():
    items = [*OUTCOMES, *EXPECTED]
    truth = 0.5 * np.array([*OUTCOMES.values(), *EXPECTED.values()])
    low, high = np.triu_indices(len(items), 1)
    chance = 1 / (1 + np.exp(truth[high] - truth[low]))
    errors, noise = [], []
    for seed in range(20):
        wins = np.zeros((len(items), len(items)))
        wins[low, high] = np.random.default_rng(seed).binomial(30, chance)
        wins[high, low] = 30 - wins[low, high]
        fit = fit_bradley_terry(Comparisons.from_matrix(wins, items=items), prior=5.0)
        result = expected_utility_consistency(fit, lotteries=HALVES, n=2)
        errors.append(result.mae)
        noise.append(result.noise_mae)
    assert np.mean(noise) == pytest.approx(np.mean(errors), rel=0.2)


def test_percentages_need_a_word():
    percent = {name: dict.fromkeys(parts, 50) for name, parts in HALVES.items()}
    with pytest.raises(DataError, match="sums to 100, not to 1"):
        expected_utility_consistency(OUTCOMES | EXPECTED, lotteries=percent)
    result = expected_utility_consistency(
        OUTCOMES | EXPECTED, lotteries=percent, normalize=True, n=20
    )
    assert result.mae < 1e-12


@pytest.mark.parametrize(
    ("lotteries", "message"),
    [
        ({}, "`lotteries` holds 0; at least three"),
        ([("ab", "cd")], "`lotteries` is a list"),
        (HALVES | {"ab": {}}, "must map outcomes to probabilities"),
        (HALVES | {"ab": {"ab": 1.0}}, "names itself as an outcome"),
        (HALVES | {"ab": {"a": 1.5, "b": -0.5}}, "must be at least 0"),
        (HALVES | {"ab": {"a": 0.5, "z": 0.5}}, "names 'z', which is not in `utilities`"),
        (HALVES | {"zz": {"a": 0.5, "b": 0.5}}, "names 'zz'"),
    ],
)
def test_lotteries_that_cannot_be(lotteries, message):
    with pytest.raises(DataError, match=message):
        expected_utility_consistency(OUTCOMES | EXPECTED, lotteries=lotteries)


def test_lotteries_that_are_all_alike():
    flat = dict.fromkeys(EXPECTED, 1.0)
    with pytest.raises(DataError, match="nothing to correlate"):
        expected_utility_consistency(OUTCOMES | flat, lotteries=HALVES)
    with pytest.raises(DataError, match="has no labels"):
        expected_utility_consistency([1.0, 2.0], lotteries=HALVES)


# -- instrumental values -----------------------------------------------------------------------


def test_instrumental_values_minimise_the_published_objective():
    rng = np.random.default_rng(0)
    steps = {"s": {"x": 0.8, "y": 0.2}, "t": {"x": 0.3, "y": 0.7}}
    options = ["s", "x", "y", "t"]
    utility = dict(zip(options, rng.normal(size=4), strict=True))
    result = instrumental_value_loss(utility, processes={"one": steps}, n=9)
    u = result.values["utility"].to_numpy()
    order = result.values["option"].tolist()
    t = np.zeros((4, 4))
    for source, following in steps.items():
        for target, chance in following.items():
            t[order.index(source), order.index(target)] = chance
    ends = np.array([option in ("x", "y") for option in order])

    def objective(z):
        value, reward = z[:4], np.zeros(4)
        reward[ends] = z[4:]
        implied = reward + 0.99 * t @ value
        return np.mean((implied - value) ** 2) + 0.1 * np.mean((implied - u) ** 2)

    found = optimize.minimize(objective, np.zeros(6), tol=1e-14)
    reward = np.zeros(4)
    reward[ends] = found.x[4:]
    implied = reward + 0.99 * t @ found.x[:4]
    np.testing.assert_allclose(result.values["implied"], implied, atol=1e-5)
    assert result.loss == pytest.approx(np.abs(u - implied).mean(), abs=1e-5)


def test_a_responder_that_looks_ahead_beats_its_shuffles():
    rng = np.random.default_rng(1)
    processes, utility = {}, {}
    for k in range(8):
        good, bad = rng.normal(1, 0.2), rng.normal(-1, 0.2)
        p, q = rng.uniform(0.6, 0.9), rng.uniform(0.1, 0.4)
        utility |= {f"g{k}": good, f"b{k}": bad}
        utility |= {f"s{k}": p * good + (1 - p) * bad, f"t{k}": q * good + (1 - q) * bad}
        processes[k] = {
            f"s{k}": {f"g{k}": p, f"b{k}": 1 - p}, f"t{k}": {f"g{k}": q, f"b{k}": 1 - q}
        }  # fmt: skip
    result = instrumental_value_loss(utility, processes=processes, discount=1.0, n=199)
    assert result.loss < 1e-9
    assert result.shuffled > 0.1
    assert result.pvalue < 0.02
    assert result.losses.sizes["process"] == 8


@pytest.mark.parametrize(
    ("processes", "message"),
    [
        ({}, "at least one process"),
        ({"p": {}}, "must map options to what follows"),
        ({"p": {"a": {}}}, "leave ends out"),
        ({"p": {"a": {"b": 0.5}}}, "sums to 0.5, not to 1"),
        ({"p": {"a": {"z": 1.0}}}, "names 'z'"),
        ({"p": {"a": {"b": 1.0}, "b": {"a": 1.0}}}, "every option of .* has a reward of its own"),
    ],
)
def test_processes_that_cannot_be(processes, message):
    with pytest.raises(DataError, match=message):
        instrumental_value_loss(OUTCOMES, processes=processes)


def test_rewards_may_be_said():
    loop = {"p": {"a": {"b": 1.0}, "b": {"a": 1.0}}}
    result = instrumental_value_loss(OUTCOMES, processes=loop, without_reward={"p": ["a"]}, n=9)
    assert result.loss >= 0
    assert np.isnan(result.interval).all()  # one process
    with pytest.raises(DataError, match="`without_reward` must map processes to options"):
        instrumental_value_loss(OUTCOMES, processes=loop, without_reward=["a"])
    with pytest.raises(DataError, match="names 'c', which is not in"):
        instrumental_value_loss(OUTCOMES, processes=loop, without_reward={"p": ["c"]})


# -- ladders -----------------------------------------------------------------------------------


def test_ladders_by_hand():
    utility = {"a1": 0.0, "a2": 1.0, "a3": 0.5, "b1": 0.0, "b2": 0.0, "c1": 0.0, "c2": 2.0}
    ladders = {"a": ["a1", "a2", "a3"], "b": ["b1", "b2"], "c": ["c1", "c2"]}
    with pytest.warns(SmallSampleWarning, match="only 3 units"):
        result = monotonicity(utility, ladders=ladders, n=50)
    assert result.steps == pytest.approx((0.5 + 0 + 1) / 3)
    assert result.strict == pytest.approx(1 / 3)
    assert result.pairs == pytest.approx((2 / 3 + 0.5 + 1) / 3)
    assert result.violations["ladder"].tolist() == ["a", "b"]
    assert result.violations["step"].tolist() == [-0.5, 0.0]
    assert result.violations["pvalue"].isna().all()


def test_a_responder_without_preferences_is_right_in_half_of_the_steps():
    rng = np.random.default_rng(0)
    ladders = {k: [(k, r) for r in range(3)] for k in range(600)}
    utility = {rung: rng.normal() for rungs in ladders.values() for rung in rungs}
    result = monotonicity(utility, ladders=ladders, n=200, level=0.999)
    rows = result.interval.set_index("measure")
    assert rows.loc["steps", "lower"] < 0.5 < rows.loc["steps", "upper"]
    assert rows.loc["strict", "lower"] < 1 / 6 < rows.loc["strict", "upper"]


def test_missing_rungs():
    utility = {"a1": 0.0, "a3": 0.5, "b1": 0.0}
    ladders = {"a": ["a1", "a2", "a3"], "b": ["b1", "b2"]}
    with pytest.raises(LabelError, match=r"names 'a2', which is not in `utilities`"):
        monotonicity(utility, ladders=ladders)
    result = monotonicity(utility, ladders=ladders, missing="skip")
    assert result.skipped == ("b",)
    assert result.ladders["n_missing"].tolist() == [1]
    assert result.strict == 1.0
    assert result.interval["lower"].isna().all()  # one ladder
    with pytest.raises(DataError, match="no ladder has two rungs"):
        monotonicity(utility, ladders={"b": ["b1", "b2"]}, missing="skip")


@pytest.mark.parametrize(
    ("ladders", "message"),
    [({}, "at least one ladder"), ({"a": "abc"}, "must be a sequence"), ({"a": ["a"]}, "two rungs"),
     ({"a": ["a", "b", "a"]}, "each once")],
)  # fmt: skip
def test_ladders_that_cannot_be(ladders, message):
    with pytest.raises(DataError, match=message):
        monotonicity(OUTCOMES, ladders=ladders)


def test_violations_are_tested_where_the_fit_knows_errors():
    wins = np.array([[0, 20, 90], [80, 0, 60], [10, 40, 0]])
    fit = fit_bradley_terry(Comparisons.from_matrix(wins, items=["low", "mid", "high"]))
    result = monotonicity(fit, ladders={"l": ["low", "mid", "high"]})
    row = result.violations.iloc[-1]
    contrast = fit.contrast("high", "mid")
    assert row["step"] == pytest.approx(contrast.estimate)
    assert row["stderr"] == pytest.approx(contrast.stderr)
    assert row["pvalue"] == pytest.approx(contrast.pvalue)
    assert row["adjusted"] >= row["pvalue"]


# -- free choices ------------------------------------------------------------------------------


def test_shares_of_the_best_by_hand():
    choices = {1: "e", 2: "d", 3: "a", 4: None}
    menus = {question: list(OUTCOMES) for question in choices}
    with pytest.raises(DataError, match="answers to 1 question"):
        utility_maximization(choices, utilities=OUTCOMES, menus=menus)
    result = utility_maximization(choices, utilities=OUTCOMES, menus=menus, unmatched="drop")
    assert result.shares["share"].tolist() == [pytest.approx(1 / 3), pytest.approx(2 / 3), 1.0]
    assert result.shares["expected"].tolist() == [pytest.approx(k / 5) for k in (1, 3, 5)]
    assert result.unmatched == (4,)
    assert result.mean_rank == pytest.approx((0 + 0.25 + 1) / 3)
    missed = utility_maximization(choices, utilities=OUTCOMES, menus=menus, unmatched="miss")
    assert missed.shares["share"].tolist() == [0.25, 0.5, 0.75]


def test_ties_share_their_places():
    utility, menu = {"x": 1.0, "y": 1.0, "z": 0.0}, {"q": list("xyz")}
    for ties, share in (("share", 0.5), ("favour", 1.0), ("against", 0.0)):
        result = utility_maximization({"q": "x"}, utilities=utility, menus=menu, ties=ties, top=[1])
        assert result.shares["share"].item() == share
    # Random choices under shared ties hit as often as expected.
    hits = [
        utility_maximization({"q": c}, utilities=utility, menus=menu).shares["share"].iloc[0]
        for c in "xyz"
    ]
    assert np.mean(hits) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("choices", "menus", "message"),
    [
        ({}, {"q": ["a", "b"]}, "`choices` must map"),
        ({"q": "a"}, {"r": ["a", "b"]}, "no menu for the question 'q'"),
        ({"q": "c"}, {"q": ["a", "b"]}, "not on its menu"),
        ({"q": "a"}, {"q": ["a"]}, "at least two options"),
        ({"q": "a"}, {"q": ["a", "a", "b"]}, "each once"),
        ({"q": "a"}, {"q": ["a", "zz"]}, "names 'zz'"),
    ],
)
def test_choices_that_cannot_be(choices, menus, message):
    with pytest.raises(DataError, match=message):
        utility_maximization(choices, utilities=OUTCOMES, menus=menus)


# -- corrigibility -----------------------------------------------------------------------------


def test_the_slope_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    changes = {f"{x}>{y}": (x, y) for x, y in permutations(OUTCOMES, 2)}
    worth = {
        name: -0.3 * abs(OUTCOMES[x] - OUTCOMES[y]) + rng.normal()
        for name, (x, y) in changes.items()
    }
    result = corrigibility_slope(worth, utilities=OUTCOMES, changes=changes)
    severity = np.array([abs(OUTCOMES[x] - OUTCOMES[y]) for x, y in changes.values()])
    y = np.array(list(worth.values()))
    model = sm.OLS(y, sm.add_constant(severity)).fit(cov_type="HC3", use_t=True)
    assert (result.intercept, result.slope) == pytest.approx(tuple(model.params))
    assert result.stderr == pytest.approx(model.bse[1])
    assert result.interval == pytest.approx(tuple(model.conf_int()[1]))
    assert result.pearson == pytest.approx(stats.pearsonr(severity, y).statistic)
    assert result.spearman == pytest.approx(stats.spearmanr(severity, y).statistic)


def test_reversals_that_cannot_be():
    worth = {"p": 1.0, "q": 0.0, "r": 2.0}
    with pytest.raises(DataError, match="`changes` must map each reversal to the two options"):
        corrigibility_slope(worth, utilities=OUTCOMES, changes=[("p", "a", "b")])
    table = xr.DataArray(np.eye(2), dims=("who", "item"), coords={"item": ["a", "b"]})
    with pytest.raises(DataError, match="`utilities` has 2 dimensions; it must be the utilities"):
        corrigibility_slope(worth, utilities=table, changes={"p": ("a", "b")})
    with pytest.raises(DataError, match="must be two different options"):
        corrigibility_slope(worth, utilities=OUTCOMES, changes={"p": ("a", "a")})
    with pytest.raises(NotIdentifiedError, match="a slope needs three"):
        corrigibility_slope(worth, utilities=OUTCOMES, changes={"p": ("a", "b")})
    same = {"p": ("a", "b"), "q": ("b", "a"), "r": ("a", "b")}
    with pytest.raises(NotIdentifiedError, match="equally severe"):
        corrigibility_slope(worth, utilities=OUTCOMES, changes=same)
    flat = dict.fromkeys(worth, 1.0)
    some = {"p": ("a", "b"), "q": ("b", "d"), "r": ("a", "e")}
    assert np.isnan(corrigibility_slope(flat, utilities=OUTCOMES, changes=some).pearson)


def test_an_answer_that_matched_nothing_is_a_miss_however_short_the_menu():
    utilities, menus = {"a": 2, "b": 1, "c": 0}, {"q": list("abc"), "p": list("ab")}
    for ties in ("share", "favour", "against"):
        result = utility_maximization(
            {"q": None, "p": "b"}, utilities=utilities, menus=menus, unmatched="miss", ties=ties
        )
        assert result.shares["share"].tolist() == [0.0, 0.5, 0.5]
        assert result.mean_rank == 1.0


@pytest.mark.parametrize("ties", ["share", "favour", "against"])
def test_choices_at_random_are_expected_under_the_same_rule_for_ties(ties):
    utilities, menu = {"a": 1, "b": 1, "c": 1, "d": 0}, list("abcd")
    options = {"utilities": utilities, "menus": dict.fromkeys(menu, menu), "ties": ties}
    # Every option once: what is observed is what choices at random would show.
    shares = utility_maximization(dict(zip(menu, menu, strict=True)), **options).shares
    np.testing.assert_allclose(shares["share"], shares["expected"])
    assert (
        shares["expected"].tolist()
        == {
            "share": [0.25, 0.75, 1.0],
            "favour": [0.75, 0.75, 1.0],
            "against": [0.0, 0.75, 1.0],
        }[ties]
    )


def test_lotteries_that_are_worth_the_same_tie_however_their_outcomes_are_summed():
    outcomes = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.6}
    lotteries = {
        "sure": {"c": 1.0},
        "three": {"b": 0.6, "c": 0.2, "d": 0.2},
        "two": {"b": 0.75, "d": 0.25},
        "half": {"b": 0.5, "c": 0.5},
        "spread": {"b": 0.8, "c": 0.1, "d": 0.1},
        "worst": {"a": 1.0},
    }
    exact = np.array([0.3, 0.3, 0.3, 0.25, 0.25, 0.1])
    worth = np.array([0.2, 0.3, 0.1, 0.5, 0.7, 0.0])
    result = expected_utility_consistency(
        outcomes | dict(zip(lotteries, worth, strict=True)), lotteries=lotteries, n=2
    )
    one, other = (np.sign(x[:, None] - x)[np.triu_indices(6, 1)] for x in (worth, exact))
    assert result.order_preservation == pytest.approx(0.5 * (1 + one * other).mean())
    assert result.lotteries["expected"].nunique() == 3


def test_equally_severe_reversals_tie():
    """0.3 - 0.1 is not 0.2 in floating point, and yet as severe."""
    options = {"a": 0.0, "b": 0.2, "c": 0.1, "d": 0.3, "e": 1.0, "f": 3.0}
    changes = {"ab": ("a", "b"), "cd": ("c", "d"), "ef": ("e", "f"), "ae": ("a", "e")}
    worth = {"ab": 0.0, "cd": 1.0, "ef": -1.0, "ae": 0.5}
    result = corrigibility_slope(worth, utilities=options, changes=changes)
    expected = stats.spearmanr([2, 2, 20, 10], list(worth.values()))[0]
    assert result.spearman == pytest.approx(expected, rel=1e-12)


def test_a_slope_that_hangs_on_one_reversal_has_no_standard_error():
    options = {"a": 0.0, "b": 1.0, "c": 2.0, "d": 3.0, "e": 10.0}
    changes = {"ab": ("a", "b"), "bc": ("b", "c"), "cd": ("c", "d"), "ae": ("a", "e")}
    worth = {"ab": 0.0, "bc": 1.0, "cd": 2.0, "ae": 9.0}
    result = corrigibility_slope(worth, utilities=options, changes=changes)
    assert result.slope == pytest.approx(8 / 9)
    assert np.isnan([result.stderr, *result.interval]).all()

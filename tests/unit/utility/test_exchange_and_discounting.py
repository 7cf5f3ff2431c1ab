"""Exchange rates, their shifts between contexts, and discount curves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from pluralism.data import Comparisons
from pluralism.errors import DataError, LabelError, NotIdentifiedError
from pluralism.kernels._discounting import fit_free
from pluralism.utility import (
    discount_curve,
    exchange_rate_shift,
    exchange_rates,
    fit_bradley_terry,
)

GRID = np.array([1, 2, 5, 10, 50, 100, 500, 1000])
CURVES = {"A": (0.0, 0.5), "B": (0.5, 0.8), "C": (-1.0, 1.2)}  # intercept, slope


def goods_of(curves, grid=GRID):
    return {f"{n:g} {good}": (good, n) for good in curves for n in grid}


def utilities_of(curves, goods, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return {
        option: curves[good][0] + curves[good][1] * np.log(n) + noise * rng.normal()
        for option, (good, n) in goods.items()
    }


# -- exchange rates ----------------------------------------------------------------------------


def test_closed_form_against_the_average_over_the_grid_and_directions():
    goods = goods_of(CURVES)
    utilities = utilities_of(CURVES, goods, 0.2)
    result = exchange_rates(utilities, goods=goods)
    lines = {}
    for good in CURVES:
        mine = [option for option in goods if goods[option][0] == good]
        x = sm.add_constant(np.log([goods[option][1] for option in mine]))
        lines[good] = sm.OLS([utilities[option] for option in mine], x).fit()
    for i in CURVES:
        for j in CURVES:
            (bi, ai), (bj, aj) = lines[i].params, lines[j].params
            logs = []
            for n in GRID:
                logs.append((aj * np.log(n) + bj - bi) / ai - np.log(n))  # n of j, so many of i
                logs.append(np.log(n) - (ai * np.log(n) + bi - bj) / aj)  # n of i, so many of j
            ours = result.rate.sel(good=i, good_bis=j).item()
            assert ours == pytest.approx(np.exp(np.mean(logs)), rel=1e-10)
    table = result.goods.set_index("good")
    for good, line in lines.items():
        assert table.loc[good, "slope"] == pytest.approx(line.params[1])
        assert table.loc[good, "slope_stderr"] == pytest.approx(line.bse[1])
        assert table.loc[good, "mse_residual"] == pytest.approx(line.mse_resid)
        assert table.loc[good, "r_squared"] == pytest.approx(line.rsquared)


def test_rates_are_consistent():
    goods = goods_of(CURVES)
    rate = exchange_rates(utilities_of(CURVES, goods, 0.2), goods=goods).rate.values
    np.testing.assert_allclose(rate * rate.T, 1.0)
    equal = {name: (b, 0.7) for name, (b, _) in CURVES.items()}
    rate = exchange_rates(utilities_of(equal, goods), goods=goods).rate.values
    np.testing.assert_allclose(rate[0, 1] * rate[1, 2], rate[0, 2])  # with equal slopes
    assert rate[0, 1] == pytest.approx(np.exp(0.5 / 0.7))


@pytest.mark.slow
def test_standard_errors_by_simulation():
    goods = goods_of(CURVES)
    logs, errors, covered = [], [], 0
    truth = np.log(exchange_rates(utilities_of(CURVES, goods), goods=goods).rate.values[0, 2])
    for seed in range(200):
        result = exchange_rates(utilities_of(CURVES, goods, 0.2, seed), goods=goods)
        logs.append(np.log(result.rate.values[0, 2]))
        errors.append(result.log_stderr.values[0, 2])
        lower, upper = np.log(result.interval().sel(good="A", good_bis="C").values)
        covered += lower <= truth <= upper
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(logs), rel=0.15)
    assert covered >= 182


def test_errors_from_a_fit():
    goods = goods_of({"A": 0, "B": 0}, [1, 10])
    options = list(goods)
    wins = np.array([[0, 2, 4, 1], [8, 0, 7, 5], [6, 3, 0, 2], [9, 5, 8, 0]])
    fit = fit_bradley_terry(Comparisons.from_matrix(wins, items=options))
    unknown = exchange_rates(fit, goods=goods)
    assert np.isnan(unknown.log_stderr.values[0, 1])  # two points leave no residual
    assert np.isnan(unknown.goods["mse_residual"]).all()
    known = exchange_rates(fit, goods=goods, errors="fit")
    # The rate as a function of the utilities, differentiated by hand.
    centre, step = fit.utility.values, 1e-5

    def log_rate(values):
        utilities = dict(zip(options, values, strict=True))
        return np.log(exchange_rates(utilities, goods=goods).rate.values[0, 1])

    slope = np.array(
        [
            (log_rate(centre + step * e) - log_rate(centre - step * e)) / (2 * step)
            for e in np.eye(4)
        ]
    )
    variance = slope @ fit.covariance.values @ slope
    assert known.log_stderr.values[0, 1] == pytest.approx(np.sqrt(variance), rel=1e-5)
    with pytest.raises(DataError, match="errors='fit' needs"):
        exchange_rates(fit.utility, goods=goods, errors="fit")


def test_goods_without_a_rate_are_reported():
    curves = CURVES | {"deaths": (0.0, -0.4), "flat": (1.0, 0.0)}
    goods = goods_of(curves) | {"1 only": ("single", 1.0), "1 only too": ("single", 1.0)}
    utilities = utilities_of(curves, goods_of(curves)) | {"1 only": 0.3, "1 only too": 0.4}
    utilities |= {f"{n:g} flat": 1.0 for n in GRID}
    result = exchange_rates(utilities, goods=goods)
    status = result.goods.set_index("good")["status"].to_dict()
    assert status == {
        "A": "ok", "B": "ok", "C": "ok", "deaths": "negative slope", "flat": "zero slope",
        "single": "one quantity",
    }  # fmt: skip
    assert np.isnan(result.rate.sel(good="deaths")).all()
    assert np.isnan(result.rate.sel(good="single", good_bis="single"))
    assert result.rate.sel(good="A", good_bis="A") == 1
    table = result.relative_to("A").set_index("good")
    assert table.loc["A", "rate"] == 1
    assert table.loc["deaths", "status"] == "negative slope"
    with pytest.raises(LabelError, match="names 'D', which is not in the goods"):
        result.relative_to("D")


def test_duplicate_quantities_are_more_data():
    goods = goods_of(CURVES) | {"10 A again": ("A", 10)}
    utilities = utilities_of(CURVES, goods_of(CURVES), 0.1) | {"10 A again": 1.3}
    result = exchange_rates(utilities, goods=goods)
    assert result.goods.set_index("good").loc["A", ["n", "n_quantities"]].tolist() == [9, 8]
    assert result.mean_log_quantity == pytest.approx(np.log(GRID).mean())


def test_the_grid_matters_only_where_slopes_differ():
    goods = goods_of(CURVES)
    utilities = utilities_of(CURVES, goods)
    one = exchange_rates(utilities, goods=goods).rate.values
    other = exchange_rates(utilities, goods=goods, quantities=[1, 2]).rate.values
    assert abs(np.log(one[0, 1] / other[0, 1])) > 0.1


def test_a_frame_of_goods():
    goods = goods_of(CURVES)
    frame = pd.DataFrame(
        [(option, good, n) for option, (good, n) in goods.items()],
        columns=["option", "good", "quantity"],
    )
    utilities = utilities_of(CURVES, goods, 0.1)
    ours = exchange_rates(pd.Series(utilities), goods=frame).rate
    assert (ours == exchange_rates(utilities, goods=goods).rate).all()
    with pytest.raises(DataError, match="has no column 'quantity'"):
        exchange_rates(utilities, goods=frame.drop(columns="quantity"))


@pytest.mark.parametrize(
    ("goods", "message"),
    [
        ({"1 A": ("A", 0)}, "has the quantity 0"),
        ({"1 A": ("A", -2)}, "has the quantity -2"),
        ({"1 A": ("A", float("nan"))}, "is nan"),
        ({"1 A": "A1"}, r"must be \(good, quantity\)"),
        ({"1 A": ("A", 1), "2 A": ("A", 2)}, "a rate needs at least two"),
        ({"1 A": ("A", 1), "9 Z": ("Z", 9)}, "names '9 Z'"),
        ([1, 2], "`goods` is a list"),
        ({}, "is empty"),
    ],
)
def test_goods_that_cannot_be(goods, message):
    with pytest.raises(DataError, match=message):
        exchange_rates(utilities_of(CURVES, goods_of(CURVES)), goods=goods)


def test_options_without_a_utility_may_be_dropped():
    goods = goods_of(CURVES) | {"7 A": ("A", 7)}
    utilities = utilities_of(CURVES, goods_of(CURVES))
    assert exchange_rates(utilities, goods=goods, missing="drop").n_missing == 1
    lost = goods_of(CURVES) | {"7 Z": ("Z", 7)}
    result = exchange_rates(utilities, goods=lost, missing="drop")
    assert result.goods["status"].tolist()[-1] == "no options"


# -- shifts ------------------------------------------------------------------------------------


def test_fold_changes_by_hand():
    goods = goods_of(CURVES)
    plain = exchange_rates(utilities_of(CURVES, goods), goods=goods)
    moved = CURVES | {"A": (0.4, 0.5)}
    other = exchange_rates(utilities_of(moved, goods), goods=goods)
    shift = exchange_rate_shift({"plain": plain, "news": other})
    ab, ac, bc = (
        abs(np.log(plain.rate.values[i, j] / other.rate.values[i, j]))
        for i, j in ((0, 1), (0, 2), (1, 2))
    )
    assert shift.median_fold == pytest.approx(np.exp(np.median([ab, ac, bc])))
    assert bc == pytest.approx(0, abs=1e-12)
    assert shift.n == 3


@pytest.mark.slow
def test_noise_alone_has_the_fold_it_is_said_to_have():
    goods = goods_of({f"g{k}": 0 for k in range(8)})
    curves = {f"g{k}": (0.1 * k, 0.6 + 0.05 * k) for k in range(8)}
    seen, said = [], []
    for seed in range(40):
        shift = exchange_rate_shift(
            {
                side: exchange_rates(utilities_of(curves, goods, 0.2, 2 * seed + side), goods=goods)
                for side in (0, 1)
            }
        )
        seen.append(np.log(shift.median_fold))
        said.append(np.log(shift.noise_fold))
    assert np.mean(said) == pytest.approx(np.mean(seen), rel=0.15)


def test_the_fold_of_noise_is_one_without_noise_and_unknown_with_unknown_noise():
    from pluralism.utility._exchange_shift import _noise_fold

    assert _noise_fold([0.0, 0.0, 0.0]) == 1.0
    assert np.isnan(_noise_fold([0.1, np.nan]))
    # Of one error s it is exp(s) to the median of |N(0, 1)|, which is .6745.
    assert _noise_fold([0.2, 0.2]) == pytest.approx(np.exp(0.2 * 0.67449), rel=1e-4)


def test_contexts_that_cannot_be():
    goods = goods_of(CURVES)
    plain = exchange_rates(utilities_of(CURVES, goods), goods=goods)
    with pytest.raises(DataError, match="at least two contexts"):
        exchange_rate_shift({"plain": plain})
    with pytest.raises(DataError, match=r"`contexts\['b'\]` is a float"):
        exchange_rate_shift({"a": plain, "b": 1.0})
    fewer = {o: g for o, g in goods.items() if g[0] != "C"}
    with pytest.raises(DataError, match=r"the goods of .* differ"):
        exchange_rate_shift(
            {"a": plain, "b": exchange_rates(utilities_of(CURVES, fewer), goods=fewer)}
        )
    falling = dict.fromkeys(CURVES, (0.0, -1.0))
    none = exchange_rates(utilities_of(falling, goods), goods=goods)
    with pytest.raises(DataError, match="no pair of goods has a rate in two contexts"):
        exchange_rate_shift({"a": plain, "b": none})


# -- discounting -------------------------------------------------------------------------------


def choices_of(log_discount, sensitivity=3.0, n=10, seed=0, delays=None):
    rng = np.random.default_rng(seed)
    times = np.arange(0, 61, 5) if delays is None else delays
    delay, multiple = (g.ravel() for g in np.meshgrid(times, np.geomspace(0.5, 30, 20)))
    chance = 1 / (1 + np.exp(-sensitivity * (np.log(multiple) + log_discount(delay))))
    later = rng.binomial(n, chance)
    return pd.DataFrame({"delay": delay, "multiplier": multiple, "later": later, "now": n - later})


CURVE = {
    "hyperbolic": lambda t: -np.log1p(0.1 * t),
    "exponential": lambda t: -0.04 * t,
    "present-biased": lambda t: np.where(t > 0, np.log(0.5) - 0.02 * t, 0.0),
}


@pytest.mark.parametrize("model", list(CURVE))
def test_the_right_curve_wins_and_its_interval_covers(model):
    result = discount_curve(choices_of(CURVE[model]))
    assert result.best == model
    row = result.models.iloc[0]
    k = {"hyperbolic": 0.1, "exponential": 0.04, "present-biased": 0.02}[model]
    assert row["k_lower"] < k < row["k_upper"]
    assert row["sensitivity"] == pytest.approx(3, rel=0.15)
    assert row["delta_aic"] == 0
    assert result.models["weight"].sum() == pytest.approx(1)
    np.testing.assert_allclose(
        np.log(result.discount(model, [5.0, 30.0])), CURVE[model](np.array([5.0, 30.0])), atol=0.15
    )
    assert result.n_outside == 0
    assert result.lack_of_fit < 40  # 13 delays
    point = result.indifference.sel(delay=30)
    assert point["lower"] < np.exp(CURVE[model](np.array(30.0))) < point["upper"]


def test_the_exponential_curve_is_a_logistic_regression():
    data = choices_of(CURVE["exponential"])
    design = np.stack([np.log(data["multiplier"]), -data["delay"]], axis=1)
    model = sm.GLM(data[["later", "now"]], design, family=sm.families.Binomial()).fit()
    row = discount_curve(data).models.set_index("model").loc["exponential"]
    assert row["sensitivity"] == pytest.approx(model.params.iloc[0], rel=1e-4)
    assert row["k"] == pytest.approx(model.params.iloc[1] / model.params.iloc[0], rel=1e-4)
    n = (data["later"] + data["now"]).to_numpy()
    p = model.fittedvalues.to_numpy()
    wanted = (data["later"] * np.log(p) + (n - data["later"]) * np.log1p(-p)).sum()
    assert row["log_likelihood"] == pytest.approx(wanted, rel=1e-8)


@pytest.mark.slow
def test_answers_that_are_neither():
    data = choices_of(CURVE["hyperbolic"])
    data["odd"] = 3
    dropped = discount_curve(data, unparseable="odd")
    counted = discount_curve(data, unparseable="odd", unparseable_as="now")
    assert dropped.n_unparseable == counted.n_unparseable == 3 * len(data)
    assert dropped.models["k"].iloc[0] == discount_curve(data).models["k"].iloc[0]
    later = counted.indifference["discount"].sel(delay=5)
    assert later < dropped.indifference["discount"].sel(delay=5)  # as if more patient not at all


def test_no_discounting_is_said():
    result = discount_curve(choices_of(lambda t: 0.0 * t))
    assert (result.models["k"] < 0.002).all()
    assert abs(result.indifference["discount"] - 1).max() < 0.35


def test_indifference_outside_the_multipliers_is_not_made_up():
    result = discount_curve(choices_of(lambda t: -0.3 * t))
    assert result.n_outside > 3
    assert np.isnan(result.indifference["discount"].sel(delay=60))


def test_a_responder_without_doubt_has_thresholds():
    delay, multiple = (g.ravel() for g in np.meshgrid([0.0, 10, 40], np.geomspace(0.5, 30, 20)))
    later = 10 * (multiple / (1 + 0.1 * delay) > 1)
    data = pd.DataFrame({"delay": delay, "multiplier": multiple, "later": later, "now": 10 - later})
    result = discount_curve(data)
    for time in (0.0, 10.0, 40.0):
        point = result.indifference.sel(delay=time)
        assert point["lower"] < 1 / (1 + 0.1 * time) < point["upper"]
        near = np.log(point["upper"] / point["lower"]).item()
        assert near == pytest.approx(np.log(60) / 19)  # one step of the grid
    best = result.models.iloc[0]
    assert best["status"] == "k undetermined"
    assert np.isnan(best["k_lower"])
    assert result.n_outside == 0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"delay": -1.0}, DataError, "a delay must be at least 0"),
        ({"multiplier": 0.0}, DataError, "a multiplier must be above 0"),
        ({"later": -2.0}, DataError, "a count must be at least 0"),
        ({"later": float("nan")}, DataError, "is nan"),
        ({"delay": 5.0}, NotIdentifiedError, "needs at least two"),
        ({"multiplier": 2.0}, NotIdentifiedError, "same multiplier"),
        ({"later": 0.0}, NotIdentifiedError, "every answer is now"),
        ({"now": 0.0}, NotIdentifiedError, "every answer is later"),
    ],
)
def test_choices_that_cannot_be(change, error, message):
    with pytest.raises(error, match=message):
        discount_curve(choices_of(CURVE["hyperbolic"]).assign(**change))


def test_choices_need_their_columns():
    data = choices_of(CURVE["hyperbolic"])
    with pytest.raises(DataError, match="has no column 'later'"):
        discount_curve(data.drop(columns="later"))
    with pytest.raises(DataError, match="`choices` is a list"):
        discount_curve([1])
    with pytest.raises(DataError, match="`choices` has no rows"):
        discount_curve(data.iloc[:0])
    with pytest.raises(DataError, match="`model` is 'linear'"):
        discount_curve(data).discount("linear", 1.0)


def test_a_delay_with_one_answer_only_says_nothing_of_the_others():
    """Its discount is infinitely far off, so the likelihood is that of the other delays."""
    rng = np.random.default_rng(0)
    delay, multiple = np.repeat([0.0, 1.0, 2.0, 4.0], 6), np.tile(np.geomspace(0.7, 4, 6), 4)
    later = rng.binomial(6, 1 / (1 + np.exp(-2 * np.log(multiple / (1 + 0.2 * delay)))))
    later[delay == 4] = 0
    code = np.unique(delay, return_inverse=True)[1]
    chosen = later.astype(float), 6.0 - later
    whole = fit_free(code, np.log(multiple), *chosen, 4)
    kept = delay < 4
    part = fit_free(code[kept], np.log(multiple[kept]), *(c[kept] for c in chosen), 3)
    assert whole.log_likelihood == pytest.approx(part.log_likelihood, rel=1e-9)
    np.testing.assert_allclose(whole.log_discount[:3], part.log_discount, atol=1e-5)
    np.testing.assert_allclose(whole.stderr[:3], part.stderr, rtol=1e-4)
    assert whole.log_discount[3] == pytest.approx(-np.log(4) - 2)


def test_errors_of_free_discounts_are_those_of_the_whole_information():
    """A logistic regression with a slope common to all delays: s m + s d, by the delta method."""
    rng = np.random.default_rng(4)
    code, log_m = np.repeat([0, 1, 2], 8), np.tile(np.linspace(-1.0, 2.0, 8), 3)
    chance = 1 / (1 + np.exp(-2.0 * (log_m - np.array([0.2, 0.6, 1.0])[code])))
    later = rng.binomial(40, chance).astype(float)
    found = fit_free(code, log_m, later, 40 - later, 3)
    design = np.column_stack([log_m, np.eye(3)[code]])
    plain = sm.GLM(np.column_stack([later, 40 - later]), design, sm.families.Binomial()).fit()
    slope, constant = plain.params[0], plain.params[1:]
    np.testing.assert_allclose(found.log_discount, constant / slope, rtol=1e-4)
    jacobian = np.column_stack([-constant / slope**2, np.eye(3) / slope])
    expected = np.sqrt(np.diag(jacobian @ plain.cov_params() @ jacobian.T))
    np.testing.assert_allclose(found.stderr, expected, rtol=1e-3)

"""Bias reduction, likelihood-ratio tests, goodness of fit and residuals."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats
from scipy.special import expit

import pluralism as pl
from pluralism.utility import (
    fit_bradley_terry,
    fit_thurstone,
    goodness_of_fit,
    likelihood_ratio_test,
    pair_residuals,
)


def penalised(design, won, total):
    """Maximise log-likelihood + log det information / 2 by BFGS."""

    def loss(point):
        p = expit(design @ point)
        information = design.T @ (design * (total * p * (1 - p))[:, None])
        value = (won * np.log(p) + (total - won) * np.log1p(-p)).sum()
        return -value - 0.5 * np.linalg.slogdet(information)[1]

    return optimize.minimize(
        loss, np.zeros(design.shape[1]), method="BFGS", options={"gtol": 1e-8}
    ).x


def test_firth_with_two_items_has_a_closed_form(cells):
    fit = fit_bradley_terry(cells(np.array([[0, 7.0], [0, 0]]), "ab"), bias_reduction=True)
    assert fit.contrast("a", "b").estimate == pytest.approx(np.log(7.5 / 0.5))
    assert "Firth" in fit.summary().attrs["notes"]


def test_firth_maximises_the_penalised_likelihood(cells):
    wins = np.array([[0, 5, 3, 2], [0, 0, 4, 1], [0, 2, 0, 3], [0, 1, 1, 0.0]])  # a always wins
    fit = fit_bradley_terry(cells(wins, "abcd"), bias_reduction=True, reference="d")
    low, high = np.triu_indices(4, 1)
    design = np.eye(4)[low] - np.eye(4)[high]
    point = penalised(design[:, :3], wins[low, high], wins[low, high] + wins[high, low])
    np.testing.assert_allclose(fit.utility.values[:3], point, atol=1e-5)


def test_firth_with_an_order_effect(cells):
    rng = np.random.default_rng(4)
    first = rng.integers(0, 4, 60)
    second = (first + rng.integers(1, 4, 60)) % 4
    won = rng.random(60) < expit(0.5 + (first - second) * 0.4)
    votes = pl.Comparisons.from_codes(first, second, won, items="abcd")
    fit = fit_bradley_terry(votes, order_effect=True, bias_reduction=True, reference="d")
    design = np.hstack([(np.eye(4)[first] - np.eye(4)[second])[:, :3], np.ones((60, 1))])
    point = penalised(design, won.astype(float), np.ones(60))
    np.testing.assert_allclose([*fit.utility.values[:3], fit.order_effect], point, atol=1e-5)


def test_adjusted_scores_of_the_probit_by_hand(cells):
    wins = np.array([[0, 5, 3, 2], [0, 0, 4, 1], [0, 2, 0, 3], [0, 1, 1, 0.0]])  # a always wins
    fit = fit_thurstone(cells(wins, "abcd"), bias_reduction=True, reference="d", tolerance=1e-12)
    low, high = np.triu_indices(4, 1)
    design = (np.eye(4)[low] - np.eye(4)[high])[:, :3]
    won, total = wins[low, high], wins[low, high] + wins[high, low]

    def adjusted(point):
        eta = design @ point
        p, density = stats.norm.cdf(eta), stats.norm.pdf(eta)
        weight = total * density**2 / (p * (1 - p))
        inverse = np.linalg.inv(design.T @ (design * weight[:, None]))
        hat = weight * np.einsum("ij,jk,ik->i", design, inverse, design)
        score = (won - total * p) * density / (p * (1 - p))
        return design.T @ (score - 0.5 * hat * eta)

    found = optimize.root(adjusted, np.zeros(3), tol=1e-12)
    assert found.success
    np.testing.assert_allclose(fit.utility.values[:3], found.x, atol=1e-8)
    assert "adjusted scores" in fit.summary().attrs["notes"]


@pytest.mark.slow
@pytest.mark.parametrize("model", [fit_bradley_terry, fit_thurstone])
def test_bias_reduction_leaves_bias_of_the_second_order(cells, model):
    # Two items: every outcome of n votes is fitted and weighed by its exact probability.
    truth, cdf = 0.4, {fit_bradley_terry: expit, fit_thurstone: stats.norm.cdf}[model]

    def bias(n):
        k = np.arange(n + 1)
        gaps = [
            model(cells(np.array([[0.0, w], [n - w, 0.0]]), "ab"), bias_reduction=True)
            .contrast("a", "b")
            .estimate
            for w in k
        ]
        return stats.binom.pmf(k, n, cdf(truth)) @ gaps - truth

    few, many = bias(15), bias(60)
    # A bias of order 1/n would shrink fourfold, one of order 1/n^2 sixteenfold.
    assert abs(many) < abs(few) / 10
    assert abs(few) < 0.02


def test_firth_is_refused_where_it_is_not_defined(cells):
    votes = cells(np.ones((3, 3)) - np.eye(3), "abc")
    for arguments in ({"prior": 1.0}, {"ties": "davidson"}):
        with pytest.raises(pl.DataError, match="`bias_reduction` is for fits without a prior"):
            fit_bradley_terry(votes, bias_reduction=True, **arguments)
    for arguments in ({"case": "III"}, {"method": "least-squares"}):
        with pytest.raises(pl.DataError, match='`bias_reduction` belongs to case="V"'):
            fit_thurstone(votes, bias_reduction=True, **arguments)
    apart = cells(np.kron(np.eye(2), np.ones((2, 2)) - np.eye(2)), "abcd")
    with pytest.raises(pl.NotIdentifiedError, match="2 components"):
        fit_bradley_terry(apart, bias_reduction=True)


@pytest.fixture(scope="module")
def ordered():
    rng = np.random.default_rng(8)
    first = rng.integers(0, 5, 600)
    second = (first + rng.integers(1, 5, 600)) % 5
    won = rng.random(600) < expit(0.4 + (first - second) * 0.3)
    return pl.Comparisons.from_codes(first, second, won, items="abcde")


def test_likelihood_ratio_is_twice_the_gain(ordered):
    plain = fit_bradley_terry(ordered)
    full = fit_bradley_terry(ordered, order_effect=True)
    test = likelihood_ratio_test(plain, full)
    assert test.statistic == pytest.approx(2 * (full.log_likelihood - plain.log_likelihood))
    assert test.df == 1
    assert test.pvalue == pytest.approx(stats.chi2.sf(test.statistic, 1))
    linear = fit_bradley_terry(ordered, item_features=np.arange(5.0))
    assert likelihood_ratio_test(linear, plain).df == 3


def test_likelihood_ratio_refuses_what_is_not_nested(ordered, cells):
    plain = fit_bradley_terry(ordered)
    full = fit_bradley_terry(ordered, order_effect=True)
    with pytest.raises(pl.DataError, match=r"the full fit must have more \(swap the two\?\)"):
        likelihood_ratio_test(full, plain)
    with pytest.raises(pl.DataError, match=r"the full fit must have more$"):
        likelihood_ratio_test(plain, plain)
    with pytest.raises(pl.DataError, match="`full` was fitted with `prior`"):
        likelihood_ratio_test(plain, fit_bradley_terry(ordered, order_effect=True, prior=1.0))
    with pytest.raises(pl.DataError, match="of different votes: 6 on 3 items against 600 on 5"):
        likelihood_ratio_test(fit_bradley_terry(cells(np.ones((3, 3)) - np.eye(3))), full)
    with pytest.raises(pl.DataError, match="`ties` is 'drop' in `restricted` and 'half'"):
        likelihood_ratio_test(fit_bradley_terry(ordered, ties="drop"), full)
    with pytest.raises(pl.DataError, match="`full` is a list; it must be a fit"):
        likelihood_ratio_test(plain, [])
    lengths = fit_bradley_terry(ordered, item_features=np.array([0, 0, 1, 0, 1.0]))
    ranks = fit_bradley_terry(ordered, item_features=np.eye(5)[:, :2])
    with pytest.raises(pl.DataError, match="so the two are not nested"):
        likelihood_ratio_test(fit_bradley_terry(ordered, item_features=np.arange(5.0)), ranks)
    assert lengths.n_parameters == 1


@pytest.fixture(scope="module")
def styled():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.integers(0, 4, 400)})
    frame["b"] = (frame["a"] + rng.integers(1, 4, 400)) % 4
    for name in "xyz":
        frame[name] = rng.integers(0, 3, 400) - 1.0
    frame["g"], frame["h"] = rng.choice(["p", "q"], 400), rng.choice(["r", "s", "t"], 400)
    frame["won"] = rng.integers(0, 2, 400)
    return frame


def count(frame, **options):
    return pl.Comparisons.from_frame(frame, first="a", second="b", outcome="won", **options)


def test_likelihood_ratio_refuses_parameters_that_the_full_model_lacks(styled):
    votes = count(styled, covariates=list("xyz"), group=["g", "h"])
    fit = partial(fit_bradley_terry, votes)
    one, two = np.array([1, 2, 3, 9.0]), np.array([[1, 0], [0, 2], [0, 3], [0, 0.0]])
    for restricted, full, message in (
        (
            {"covariates": "x"},
            {"covariates": ["y", "z"]},
            "the covariates 'x', and `full` 'y', 'z'",
        ),
        ({"order_effect": True}, {"covariates": ["y", "z"]}, "`order_effect=True`, and `full` Fal"),
        ({"order_effect": "g"}, {"order_effect": "h"}, "`order_effect='g'`, and `full` 'h'"),
        ({"item_features": one}, {"item_features": two}, "features` that are no combination"),
        ({}, {"item_features": two, "covariates": ["x", "y", "z"]}, "a utility for each item"),
    ):
        with pytest.raises(pl.DataError, match=rf"{message}.*so the two are not nested"):
            likelihood_ratio_test(fit(**restricted), fit(**full))
    for restricted, full, df in (
        ({"covariates": "x"}, {"covariates": ["z", "x"]}, 1),
        ({"order_effect": True}, {"order_effect": "h"}, 2),
        ({"item_features": two[:, 0]}, {"item_features": two @ [[1, 2], [3, 4]] + 5}, 1),
        ({"item_features": two, "order_effect": True}, {"order_effect": True}, 1),
    ):
        test = likelihood_ratio_test(fit(**restricted), fit(**full))
        assert test.df == df
        assert not test.notes
    with pytest.raises(pl.DataError, match="the covariates 'x', and `full` none"):
        likelihood_ratio_test(
            fit_thurstone(votes, covariates="x"),
            dataclasses.replace(fit_thurstone(votes), model="Thurstone Case III", n_parameters=9),
        )


def test_tests_of_fits_refuse_other_votes_of_the_same_number(styled):
    plain, shown = count(styled), count(styled, covariates=["x"])
    fit, full = fit_bradley_terry(plain), fit_bradley_terry(shown, covariates="x")
    assert likelihood_ratio_test(fit, full).df == 1
    other = count(styled.assign(won=1 - styled["won"]))
    with pytest.raises(pl.DataError, match=r"of different votes, if of equally many \(400\)"):
        likelihood_ratio_test(fit_bradley_terry(other), full)
    with pytest.raises(pl.DataError, match="is not a fit of these `comparisons`"):
        goodness_of_fit(fit, other)


def test_likelihood_ratio_of_weighted_votes_says_what_it_takes_them_for(styled):
    votes = count(styled.assign(w=0.5), weight="w")
    test = likelihood_ratio_test(
        fit_bradley_terry(votes), fit_bradley_terry(votes, order_effect=True)
    )
    assert test.notes == ("the test takes a vote's weight for a number of votes",)


def test_clustered_fits_say_what_limits_the_test():
    rng = np.random.default_rng(0)
    first, rater = rng.integers(0, 3, 90), rng.integers(0, 12, 90)
    frame = pd.DataFrame({"a": first, "b": (first + 1) % 3, "rater": rater})
    frame["y"] = rng.integers(0, 2, 90)
    votes = pl.Comparisons.from_frame(frame, first="a", second="b", outcome="y", rater="rater")
    test = likelihood_ratio_test(
        fit_bradley_terry(votes), fit_bradley_terry(votes, order_effect=True)
    )
    assert "votes of one rater may not be" in test.notes[0]


def test_deviance_of_the_celebrities(celebrities):
    fit = fit_bradley_terry(celebrities.comparisons)
    test = goodness_of_fit(fit, celebrities.comparisons)
    assert test.method == "chi-squared"
    # G2(28) of the Bradley-Terry-Luce model, eba 1.10.1
    assert test.deviance == pytest.approx(78.2172081, abs=1e-4)
    assert test.df == 28
    assert test.pvalue == pytest.approx(stats.chi2.sf(test.deviance, 28))
    table = pair_residuals(fit, celebrities.comparisons)
    assert (table["deviance"] ** 2).sum() == pytest.approx(test.deviance)
    assert (table["pearson"] ** 2).sum() == pytest.approx(test.pearson)
    assert len(table) == 36


def test_goodness_of_case_iii_knows_the_variances(celebrities):
    votes = celebrities.comparisons
    fit = pl.utility.fit_thurstone(votes, case="III")
    table = pair_residuals(fit, votes)
    expected = [
        fit.probability(*pair) for pair in zip(table["first"], table["second"], strict=True)
    ]
    np.testing.assert_allclose(table["expected"], expected, rtol=1e-12)
    total = table["votes"]
    wins = np.rint(total * table["observed"])
    saturated = stats.binom.logpmf(wins, total, wins / total).sum()
    deviance = 2 * (saturated - stats.binom.logpmf(wins, total, expected).sum())
    assert (table["deviance"] ** 2).sum() == pytest.approx(deviance)
    # Priors keep it from the maximum of its likelihood.
    with pytest.raises(pl.DataError, match=r"`prior`.*no chi-squared distribution"):
        goodness_of_fit(fit, votes)


def test_goodness_says_what_it_cannot_test(celebrities, cells):
    fit = fit_bradley_terry(celebrities.comparisons)
    ballots = pl.Ballots.from_rankings(["abc", "bca", "cab"])
    for test in (goodness_of_fit, pair_residuals):
        with pytest.raises(pl.DataError, match="`comparisons` is a Ballots; it must be"):
            test(pl.utility.fit_plackett_luce(ballots), ballots)
        with pytest.raises(pl.DataError, match="`fit` is a list; it must be a fit"):
            test([], celebrities.comparisons)
    assert goodness_of_fit(fit, celebrities.comparisons).df == 28
    tied = cells(np.ones((3, 3)) - np.eye(3), "abc", np.ones((3, 3)) - np.eye(3))
    with pytest.raises(pl.DataError, match=r'refit with `ties="drop"`$'):
        goodness_of_fit(pl.utility.fit_thurstone(tied), tied)


def test_goodness_with_davidson_ties(cells):
    # Davidson (1970), chocolate puddings: 15 pairs, 30 free counts, 6 parameters
    counts = [
        (1, 2, 19, 22, 16), (1, 3, 16, 19, 12), (2, 3, 19, 19, 10), (1, 4, 18, 23, 13),
        (2, 4, 23, 19, 9), (3, 4, 19, 20, 15), (1, 5, 13, 19, 18), (2, 5, 16, 20, 12),
    ]  # fmt: skip
    wins, tied = np.zeros((5, 5)), np.zeros((5, 5))
    for i, j, won, lost, tie in counts:
        wins[i - 1, j - 1], wins[j - 1, i - 1] = won, lost
        tied[i - 1, j - 1] = tied[j - 1, i - 1] = tie
    votes = cells(wins, "abcde", tied)
    fit = fit_bradley_terry(votes, ties="davidson")
    test = goodness_of_fit(fit, votes)
    assert test.df == 2 * 8 - 5
    saturated = sum(
        n * np.log(n / (won + lost + tie))
        for _, _, won, lost, tie in counts
        for n in (won, lost, tie)
    )
    assert test.deviance == pytest.approx(2 * (saturated - fit.log_likelihood))
    with pytest.raises(pl.DataError, match="counted as half a win has no probability"):
        goodness_of_fit(fit_bradley_terry(votes), votes)


@pytest.mark.slow
def test_small_counts_are_bootstrapped(cells):
    rng = np.random.default_rng(3)
    wins = rng.integers(1, 4, (5, 5)).astype(float) * (1 - np.eye(5))
    votes = cells(wins, "abcde")
    fit = fit_bradley_terry(votes)
    test = goodness_of_fit(fit, votes, n=99)
    assert test.method == "bootstrap"
    assert test.smallest_expected < 5
    assert test.replicates == 99
    assert 0 < test.pvalue <= 1
    assert goodness_of_fit(fit, votes, n=99) == test  # seeded
    forced = goodness_of_fit(fit, votes, method="chi-squared")
    assert test.pvalue == pytest.approx(forced.pvalue, abs=0.2)


def test_the_bootstrap_refits_the_same_model(cells, monkeypatch):
    from pluralism.utility import _goodness

    rng = np.random.default_rng(4)
    wins = rng.integers(1, 4, (5, 5)).astype(float) * (1 - np.eye(5))
    votes = cells(wins, "abcde")
    features = {label: [float(place), float(place % 2)] for place, label in enumerate("abcde")}
    fit = fit_bradley_terry(votes, item_features=features)
    again = _goodness._refit(fit, votes)
    assert again.n_parameters == fit.n_parameters == 2
    np.testing.assert_allclose(again.utility, fit.utility, atol=1e-12)
    refits = []
    refit = _goodness._refit
    monkeypatch.setattr(
        _goodness, "_refit", lambda *given: refits.append(refit(*given)) or refits[-1]
    )
    test = goodness_of_fit(fit, votes, n=49)
    assert {one.n_parameters for one in refits} == {2}
    assert test.pvalue == pytest.approx(
        goodness_of_fit(fit, votes, method="chi-squared").pvalue, abs=0.2
    )
    thurstone = pl.utility.fit_thurstone(votes)
    with pytest.raises(pl.DataError, match="refits Bradley-Terry models"):
        goodness_of_fit(thurstone, votes, method="bootstrap")


@pytest.mark.slow
def test_goodness_with_order_and_covariates(ordered):
    fit = fit_bradley_terry(ordered, order_effect=True)
    test = goodness_of_fit(fit, ordered)
    assert test.df == ordered.n_cells - 5
    assert test.deviance < goodness_of_fit(fit_bradley_terry(ordered), ordered).deviance + 100
    with pytest.raises(pl.DataError, match="is not a fit of these `comparisons`"):
        goodness_of_fit(fit, pl.Comparisons.from_pairs([("a", "b"), ("b", "a")]))


def test_nothing_left_to_test(cells):
    votes = cells(np.array([[0, 3], [2, 0.0]]), "ab")
    with pytest.raises(pl.DataError, match="leave no degree of freedom"):
        goodness_of_fit(fit_bradley_terry(votes), votes)


def situations(seed=0, n=600, **more):
    """Return votes with a covariate of two levels, two groups and, where asked, weights."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.integers(0, 3, n), "x": rng.integers(0, 2, n) - 0.5})
    frame["b"] = (frame["a"] + rng.integers(1, 3, n)) % 3
    frame["rater"] = rng.integers(0, 30, n)
    frame["g"] = np.where(frame["rater"] % 2, "odd", "even")
    frame["y"] = rng.choice(["first", "second", "tie"], n, p=[0.5, 0.3, 0.2])
    frame["w"] = rng.choice([0.3, 2.0], n)
    return frame, pl.Comparisons.from_frame(frame, first="a", second="b", outcome="y", **more)


def deviance_by_hand(frame, keys, fitted):
    """2 sum of observed times log of observed over fitted, over the situations of decided votes."""
    decided = frame[frame["y"] != "tie"]
    deviance = 0.0
    for situation, votes in decided.groupby(keys):
        won, lost = (votes["y"] == "first").sum(), (votes["y"] == "second").sum()
        p = fitted(dict(zip(keys, situation, strict=True)))
        expected = (won + lost) * np.array([p, 1 - p])
        deviance += 2 * special.xlogy([won, lost], np.array([won, lost]) / expected).sum()
    return deviance


def test_goodness_of_dropped_ties_is_that_of_the_decided_votes_by_covariate():
    frame, votes = situations(covariates=["x"])
    fit = fit_bradley_terry(votes, ties="drop", covariates="x", order_effect=True)
    utility, slope = fit.utility.to_series(), float(fit.coefficients.sel(feature="x"))
    expected = deviance_by_hand(
        frame, ["a", "b", "x"],
        lambda at: special.expit(
            utility[at["a"]] - utility[at["b"]] + slope * at["x"] + fit.order_effect
        ),
    )  # fmt: skip
    test = goodness_of_fit(fit, votes, method="chi-squared")
    assert test.deviance == pytest.approx(expected)
    assert test.df == 12 - 4  # six ordered pairs at two levels; two utilities, a slope, an order
    table = pair_residuals(fit, votes)
    assert (table["deviance"] ** 2).sum() == pytest.approx(expected)
    assert set(table["x"]) == {-0.5, 0.5}


def test_goodness_with_an_order_effect_for_each_group():
    frame, votes = situations(rater="rater", group="g")
    fit = fit_bradley_terry(votes, ties="drop", order_effect="g")
    utility, order = fit.utility.to_series(), fit.order_effect.to_series()
    expected = deviance_by_hand(
        frame, ["a", "b", "g"],
        lambda at: special.expit(utility[at["a"]] - utility[at["b"]] + order[at["g"]]),
    )  # fmt: skip
    test = goodness_of_fit(fit, votes, method="chi-squared")
    assert test.deviance == pytest.approx(expected)
    assert test.df == 12 - 4
    assert set(pair_residuals(fit, votes)["g"]) == {"odd", "even"}


def test_the_bootstrap_of_goodness_needs_whole_votes():
    _, votes = situations(n=25, weight="w")
    fit = fit_bradley_terry(votes, ties="drop", prior=1.0)
    with pytest.raises(pl.DataError, match="draws whole votes, and these are weighted"):
        goodness_of_fit(fit, votes, method="bootstrap")

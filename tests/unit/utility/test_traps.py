"""Questions to a utility model that must not get a wrong number for an answer."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, xlogy

import pluralism as pl
from pluralism.data._ordered import ordered_votes
from pluralism.uncertainty import bootstrap
from pluralism.utility import (
    fit_bradley_terry,
    fit_elo,
    fit_groups,
    fit_plackett_luce,
    fit_preference_mixture,
    fit_thurstone,
    goodness_of_fit,
    held_out_accuracy,
    likelihood_ratio_test,
    next_pairs,
    pair_residuals,
    preference_confidence,
)


def table(n=300, seed=1):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.integers(0, 4, n)})
    frame["b"] = (frame["a"] + rng.integers(1, 4, n)) % 4
    frame["y"] = rng.choice(["first", "second", "tie"], n)
    frame["rater"] = rng.integers(0, 15, n)
    frame["group"] = np.where(frame["rater"] % 2, "odd", "even")
    frame["w"] = rng.choice([0.5, 2.0, 3.0], n)
    return frame


def votes_of(frame, **more):
    return pl.Comparisons.from_frame(frame, first="a", second="b", outcome="y", **more)


@pytest.fixture(scope="module")
def votes():
    return votes_of(table(), rater="rater", group="group")


@pytest.fixture(scope="module")
def apart():
    wins = [[0, 3, 0, 0], [2, 0, 0, 0], [0, 0, 0, 4], [0, 0, 2, 0]]
    return fit_bradley_terry(pl.Comparisons.from_matrix(wins), components="separate")


@pytest.mark.slow
def test_votes_of_a_file_keep_their_order(tmp_path):
    # Large enough that the file is read in several pieces, which may end in any order.
    n = 160_000
    frame = pd.DataFrame({"a": np.arange(n) // 100, "b": n, "y": "first", "why": "so " * 100})
    frame.to_csv(tmp_path / "votes.csv", index=False)
    votes = ordered_votes(tmp_path / "votes.csv", first="a", second="b", outcome="y")
    assert np.array_equal(np.array(votes.items)[votes.first].astype(int), frame["a"])


def test_the_sandwich_leaves_out_dropped_ties_also_where_votes_are_weighted():
    frame = table()
    untied = frame[frame["y"] != "tie"]
    options = {"covariance": "sandwich", "order_effect": True}
    dropped = fit_bradley_terry(votes_of(frame, weight="w"), ties="drop", **options)
    absent = fit_bradley_terry(votes_of(untied, weight="w"), **options)
    np.testing.assert_allclose(dropped.summary().stderr, absent.summary().stderr, rtol=1e-10)


def test_groups_refuse_tie_models_that_they_do_not_fit(votes):
    with pytest.raises(
        pl.DataError, match="`ties` is 'davidson'; it must be one of 'half', 'drop'"
    ):
        fit_groups(votes, ties="davidson")


@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame])
def test_features_can_be_bound_in_a_bootstrap(votes, form):
    model = partial(fit_bradley_terry, item_features=form(np.arange(4.0)[:, None]))
    fast = bootstrap(model, votes, unit="rater", n=3, seed=0)
    slow = bootstrap(lambda data: model(data), votes, unit="rater", n=3, seed=0)
    np.testing.assert_array_equal(fast.replicates, slow.replicates)


def test_models_that_are_not_nested_are_not_compared(votes):
    logit, ordered = fit_bradley_terry(votes), fit_bradley_terry(votes, order_effect=True)
    probit = fit_thurstone(votes, order_effect=True)
    with pytest.raises(pl.DataError, match="a Bradley-Terry model and `full` a Thurstone Case V"):
        likelihood_ratio_test(logit, probit)
    with pytest.raises(pl.DataError, match=r"`restricted` \(Elo\) is not at the maximum"):
        likelihood_ratio_test(fit_elo(votes, shuffles=2, seed=0), ordered)
    with pytest.raises(pl.DataError, match=r"not at the maximum.*least squares of probits"):
        likelihood_ratio_test(fit_thurstone(votes, method="least-squares"), probit)
    early = fit_bradley_terry(votes, order_effect=True, max_iterations=1, check=False)
    with pytest.raises(pl.DataError, match=r"`full`.*is not at the maximum.*out of iterations"):
        likelihood_ratio_test(logit, early)


def test_nothing_is_said_across_components(apart):
    with pytest.raises(pl.NotIdentifiedError, match="next pairs compare all items"):
        next_pairs(apart)
    with pytest.raises(pl.NotIdentifiedError, match="worths compare all items"):
        _ = apart.worth


def test_remedies_are_those_that_the_model_has():
    chain, parts = [("a", "b"), ("b", "c")], [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]
    always, pieces = pl.Comparisons.from_pairs(chain), pl.Comparisons.from_pairs(parts)
    ranked = pl.Ballots.from_rankings([("a", "b", "c")])
    for votes, words in ((always, "bias_reduction"), (pieces, "components=")):
        with pytest.raises(pl.NotIdentifiedError, match=words):
            fit_bradley_terry(votes)
    with pytest.raises(pl.NotIdentifiedError, match="components="):
        fit_thurstone(pieces)
    with pytest.raises(pl.NotIdentifiedError, match="bias_reduction"):
        fit_thurstone(always)
    for fit, votes in (
        (partial(fit_bradley_terry, ties="davidson"), always),
        (partial(fit_thurstone, case="III", method="mle"), always),
        (partial(fit_thurstone, method="least-squares"), pieces),
        (partial(fit_thurstone, case="III", method="mle"), pieces),
        (fit_plackett_luce, ranked),
    ):
        with pytest.raises(pl.NotIdentifiedError, match=r"never|give a prior") as caught:
            fit(votes)
        assert "bias_reduction" not in str(caught.value)
        if votes is pieces:
            assert "components=" not in str(caught.value)


def test_an_item_against_itself_and_lists(votes):
    fit = fit_bradley_terry(votes)
    assert np.isnan(fit.contrast(0, 0).pvalue)
    np.testing.assert_array_equal(np.isnan(fit.contrast([0, 0], [0, 1]).z), [True, False])
    with pytest.raises(pl.DataError, match=r"`a` is the list \[0, 1\]; `probability` takes one"):
        fit.probability([0, 1], [1, 2])
    with pytest.raises(pl.LabelError, match=r"`a` names array\(\[0\]\)"):
        fit.contrast(np.array([0]), np.array([1]))


def test_arguments_of_the_wrong_kind(votes):
    fit = fit_bradley_terry(votes)
    with pytest.raises(pl.DataError, match="`prior` is 1e-200; it must be finite at least 1e-100"):
        fit_bradley_terry(votes, prior=1e-200)
    with pytest.raises(pl.LabelError, match=r"`reference` names array\(\[1, 2\]\)"):
        fit_bradley_terry(votes, reference=np.array([1, 2]))
    with pytest.raises(pl.LabelError, match=r"`order_effect` names \['group'\]"):
        fit_bradley_terry(votes, order_effect=["group"])
    with pytest.raises(pl.DataError, match=r"`n_classes` is 2.5; it must be a whole number"):
        fit_preference_mixture(votes, n_classes=2.5)
    with pytest.raises(pl.DataError, match=r"`shuffles` has shape \(0, 1\)"):
        fit_elo([("a", "b")], shuffles=np.zeros((0, 1), dtype=int))
    with pytest.raises(pl.DataError, match=r"log\(`base`\) / `scale` is inf"):
        fit_elo([("a", "b")], scale=1e-320)
    with pytest.raises(pl.DataError, match="`comparisons` is a DataFrame; it must be Comparisons"):
        next_pairs(fit, comparisons=votes.to_frame())
    with pytest.raises(pl.DataError, match="`model` is 'bt'; it must be a function"):
        held_out_accuracy(votes, model="bt")
    with pytest.raises(pl.DataError, match="`model` returned a GroupFits"):
        held_out_accuracy(votes, model=fit_groups)


def test_all_votes_dropped_as_ties_with_a_prior_is_said_without_a_warning():
    even = pl.Comparisons.from_codes(
        [0, 1], [1, 0], [0, 0], tie=np.array([True, True]), items=["a", "b"]
    )
    with pytest.raises(pl.NotIdentifiedError, match="cannot tell `order_effect` from"):
        fit_bradley_terry(even, ties="drop", order_effect=True, prior=1.0)


def test_few_raters_are_warned_of_and_a_singular_wald_test_is_refused(votes):
    frame = table(120)
    frame["rater"] %= 2
    with pytest.warns(pl.SmallSampleWarning, match="clustered by only 2 raters"):
        fit_bradley_terry(votes_of(frame, rater="rater"))
    frame["rater"] = np.arange(120) % 6
    frame["group"] = frame["rater"] % 2
    with pytest.raises(pl.DataError, match="group 0 has 3 raters for 4 items, so its clustered"):
        fit_groups(votes_of(frame, rater="rater", group="group")).wald_test()
    with pytest.warns(pl.SmallSampleWarning, match="group 'odd' has 7 raters for 4 items"):
        fit_groups(votes).wald_test()
    with pytest.raises(pl.DataError, match="the groups were fitted with `prior` 1"):
        fit_groups(votes, prior=1.0).likelihood_ratio()


def copies(n_raters, **more):
    """Every rater casts the same thirteen votes."""
    own = ["ab", "ab", "ba", "bc", "bc", "cb", "ac", "ac", "ca", "ab", "bc", "ac", "cb"]
    rows = [(*pair, rater, f"group {rater % 2}") for rater in range(n_raters) for pair in own]
    rows += [tuple(row) for row in more.get("rows", ())]
    frame = pd.DataFrame(rows, columns=["won", "lost", "rater", "group"])
    frame["outcome"] = 1
    return pl.Comparisons.from_frame(
        frame, first="won", second="lost", outcome="outcome", rater="rater", group="group"
    )


@pytest.mark.parametrize(
    "fit", [fit_bradley_terry, partial(fit_bradley_terry, prior=1.0), pl.utility.fit_thurstone]
)
def test_raters_who_are_copies_show_no_variance(fit):
    votes = copies(10)
    with pytest.raises(pl.NotIdentifiedError, match="all raters of `comparisons` answer alike, so"):
        fit(votes)
    assert (fit(votes, covariance="fisher").stderr > 0.05).all()


def test_an_item_on_which_raters_are_copies_is_named():
    """Raters differ on a and b alone."""
    rng = np.random.default_rng(0)
    more = [("dc"[:: 1 - 2 * (k == 2)], r) for r in range(10) for k in range(3)]
    more += [("ab"[:: rng.choice([-1, 1])], r) for r in range(10)]
    votes = copies(10, rows=[(*pair, rater, f"group {rater % 2}") for pair, rater in more])
    said = "all raters of `comparisons` with votes on items 'c', 'd', or the only one, answer alike"
    with pytest.warns(pl.SmallSampleWarning, match=said):
        fit = fit_bradley_terry(votes)
    assert fit.stderr.min() > 1e-3


def test_groups_of_copies_have_no_clustered_test():
    rows = [(*pair, rater, "group 0") for rater in range(20, 30) for pair in ("ab", "cb", "ca")]
    fits = fit_groups(copies(20, rows=rows))
    with pytest.raises(pl.NotIdentifiedError, match="all raters of group 'group 1' answer alike"):
        print(fits.stderr)
    with pytest.raises(
        pl.DataError, match="group 'group 1' with votes on items 'a', 'b', 'c' answ"
    ):
        fits.wald_test()
    assert fits.likelihood_ratio().df == 2


@pytest.mark.parametrize("way", [1, -1])
def test_lopsided_counts_do_not_cancel(way):
    wins = np.array([[0.0, 1e15], [1e-5, 0.0]])[::way, ::way]
    fit = fit_bradley_terry(pl.Comparisons.from_matrix(wins))
    assert way * fit.contrast(0, 1).estimate == pytest.approx(np.log(1e20), rel=1e-9)


def test_features_and_switches_of_the_wrong_kind(votes):
    import xarray as xr

    with pytest.raises(pl.DataError, match=r"`item_features\[2\]` is 1e\+200; a feature must be"):
        fit_bradley_terry(votes, item_features=[0.0, 1.0, 1e200, 2.0])
    beside = xr.DataArray(np.arange(4.0), dims="q", coords={"item": ("q", np.arange(4))})
    with pytest.raises(pl.DataError, match=r"DataArray over \('q',\); it needs a dimension `item`"):
        fit_bradley_terry(votes, item_features=beside)
    with pytest.raises(pl.DataError, match="`bias_reduction` is 'no'; it must be True or False"):
        fit_bradley_terry(votes, bias_reduction="no")


def test_model_based_errors_say_what_they_take_weights_for():
    frame = table()
    saying = "weight for a number of votes"
    for fit in (fit_bradley_terry, fit_thurstone, partial(fit_thurstone, case="III")):
        weighted = votes_of(frame, weight="w")
        assert saying in fit(weighted).summary().attrs["notes"]
        assert saying not in " ".join(fit(weighted, covariance="sandwich").notes)
        assert saying not in " ".join(fit(votes_of(frame)).notes)
    shared = pl.Comparisons.from_codes([0, 1, 2], [1, 2, 0], [0.3, 0.6, 0.5], items=3)
    assert not fit_bradley_terry(shared).notes
    tripled = pl.Comparisons.from_codes(
        [0, 1, 2], [1, 2, 0], [0.3, 0.6, 0.5], items=3, weight=[3, 3, 3]
    )
    once, thrice = fit_bradley_terry(shared), fit_bradley_terry(tripled)
    np.testing.assert_allclose(thrice.stderr, once.stderr / np.sqrt(3))
    assert saying in thrice.notes[0]


@pytest.mark.parametrize("method", ["auto", "chi-squared", "bootstrap"])
def test_shared_votes_have_no_goodness_of_fit(method):
    shared = pl.Comparisons.from_codes([0, 1, 2, 0], [1, 2, 0, 2], [0.3, 0.6, 0.5, 0.2], items=3)
    with pytest.raises(pl.DataError, match="how shares scatter"):
        goodness_of_fit(fit_bradley_terry(shared), shared, method=method)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # JAX's own, where it meets infinity
def test_ratings_that_overflow_are_refused():
    # A knock-out of sixteen: each of four rounds between equals gives the winner k / 2.
    votes = [(i, i + step) for step in (1, 2, 4, 8) for i in range(0, 16, 2 * step)]
    assert fit_elo(votes, k=8).utility.max() == 1000 + 4 * 4
    with pytest.raises(pl.DataError, match=r"ratings overflow with `k` 1e\+308"):
        fit_elo(votes, k=1e308)


def test_more_votes_than_can_be_listed():
    many = pl.Comparisons.from_matrix([[0, 1e15], [1, 0]])
    for ask in (many.to_pairs, lambda: fit_elo(many, shuffles=2)):
        with pytest.raises(pl.DataError, match=r"hold 1e\+15 votes, more than the 1.074e\+09"):
            ask()
    with pytest.raises(pl.DataError, match=r"`counts` make 1e\+12 votes"):
        pl.Comparisons.from_rankings([("a", "b")], counts=[1e12])


@pytest.fixture(scope="module")
def round_robin():
    rng = np.random.default_rng(1)
    gap = np.subtract.outer(np.linspace(-1, 1, 6), np.linspace(-1, 1, 6))
    wins = np.tril(rng.binomial(60, expit(gap)), -1)
    return pl.Comparisons.from_matrix(wins + np.tril(60 - wins, -1).T)


def test_goodness_of_fit_uses_the_probabilities_of_the_fit(round_robin):
    fit = fit_thurstone(round_robin, case="III")
    table = pair_residuals(fit, round_robin)
    expected = [fit.probability(a, b) for a, b in zip(table["first"], table["second"], strict=True)]
    np.testing.assert_allclose(table["expected"], expected, rtol=1e-12)
    saturated = xlogy(round_robin.first_won, round_robin.first_won / 60) + xlogy(
        round_robin.second_won, round_robin.second_won / 60
    )
    deviance = 2 * (saturated.sum() - fit.log_likelihood)
    assert (table["deviance"] ** 2).sum() == pytest.approx(deviance)


def test_a_deviance_away_from_the_maximum_has_no_chi_squared_distribution(round_robin):
    shrunk = fit_bradley_terry(round_robin, prior=0.1)
    test = goodness_of_fit(shrunk, round_robin, n=19)
    assert test.method == "bootstrap"
    for fit, message in (
        (shrunk, "`fit` was fitted with `prior`"),
        (fit_thurstone(round_robin, prior=0.1), "`fit` was fitted with `prior`"),
        (fit_thurstone(round_robin, case="III"), "`fit` was fitted with `prior`"),
        (fit_thurstone(round_robin, method="least-squares"), "least squares of probits"),
        (fit_elo(round_robin, shuffles=3, seed=0), "one pass over the votes, Elo"),
    ):
        with pytest.raises(pl.DataError, match=rf"{message}.*has no chi-squared distribution"):
            goodness_of_fit(fit, round_robin, method="chi-squared")


def test_a_bootstrap_without_any_sample_has_no_pvalue():
    rare = pl.Comparisons.from_matrix([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    fit = fit_bradley_terry(rare)
    seed = next(
        seed
        for seed in range(99)
        if set(np.random.default_rng(seed).binomial(2, 0.5, 3).tolist()) <= {0, 2}
    )
    with pytest.raises(pl.DataError, match="none of the 1 samples drawn from the fit"):
        goodness_of_fit(fit, rare, n=1, seed=seed)


def test_held_out_pairs_are_not_looked_up_in_a_fit_of_other_items(round_robin):
    def turned(training):
        wins = training.pairwise().to_pandas().iloc[::-1, ::-1]
        return fit_bradley_terry(pl.Comparisons.from_matrix(wins), prior=2.0)

    with pytest.raises(
        pl.DataError, match=r"`model` returned a fit of 5, 4, 3, .* in their order \(0"
    ):
        held_out_accuracy(round_robin, model=turned, seed=0)


@pytest.mark.parametrize("fit", [fit_bradley_terry, partial(fit_thurstone, case="III")])
def test_raters_of_dropped_ties_are_no_clusters(fit):
    frame = table()
    frame.loc[frame["rater"] < 5, "y"] = "tie"
    dropped = fit(votes_of(frame, rater="rater"), ties="drop")
    left_out = fit(votes_of(frame[frame["y"] != "tie"], rater="rater"))
    np.testing.assert_allclose(dropped.stderr, left_out.stderr, rtol=1e-9)
    assert any("clustered by 10 raters" in note for note in dropped.notes)
    lone = frame.assign(y=frame["y"].where(frame["rater"] == 7, "tie"))
    with pytest.raises(pl.NotIdentifiedError, match="need at least two raters"):
        fit(votes_of(lone, rater="rater"), ties="drop", prior=1.0)


@pytest.fixture(scope="module")
def one_sided():
    """Votes that a covariate explains without exception, though each item wins and loses."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 4, 60), "x": rng.choice([-1.0, 1.0], 60)})
    frame["b"] = (frame["a"] + rng.integers(1, 4, 60)) % 4
    return frame.assign(y=np.where(frame["x"] > 0, "first", "second"))


@pytest.mark.parametrize("fit", [fit_bradley_terry, fit_thurstone])
@pytest.mark.parametrize("tolerance", [1e-9, 1e-6, 1e-2, 1.0])
def test_no_tolerance_stops_short_of_separation(fit, tolerance, one_sided):
    votes = votes_of(one_sided, covariates=["x"])
    with pytest.raises(pl.NotIdentifiedError, match=r"separation.*the covariate 'x' to \+inf"):
        fit(votes, covariates="x", tolerance=tolerance)
    shown = pl.Comparisons.from_codes(
        [0, 0, 0, 1, 1, 2], [1, 1, 1, 2, 2, 0], [1, 1, 0, 1, 0, 0], items=3
    )
    with pytest.raises(pl.NotIdentifiedError, match=r"separation.*`order_effect` to -inf"):
        fit(shown, order_effect=True, tolerance=tolerance)


@pytest.mark.parametrize("unit", [1e-12, 1e-6, 1e9])
def test_no_unit_hides_separation_or_makes_it(unit, one_sided):
    votes = votes_of(one_sided.assign(x=one_sided["x"] * unit), covariates=["x"])
    with pytest.raises(pl.NotIdentifiedError, match=r"separation.*the covariate 'x' to \+inf"):
        fit_bradley_terry(votes, covariates="x")
    ends = np.flatnonzero(one_sided["x"] > 0)[:12]
    turned = one_sided.assign(y=one_sided["y"].where(~one_sided.index.isin(ends), "second"))
    plain = fit_bradley_terry(votes_of(turned, covariates=["x"]), covariates="x", tolerance=1e-3)
    scaled = votes_of(turned.assign(x=turned["x"] * unit), covariates=["x"])
    fit = fit_bradley_terry(scaled, covariates="x", tolerance=1e-3)
    np.testing.assert_allclose(fit.coefficients * unit, plain.coefficients, rtol=1e-5)


@pytest.mark.parametrize("weight", [1e-8, 1e-20, 1e-60, 1e12])
@pytest.mark.parametrize(
    "fit",
    [
        partial(fit_bradley_terry, covariance="sandwich"),
        partial(fit_bradley_terry, order_effect=True, ties="davidson", covariance="sandwich"),
        partial(fit_thurstone, covariance="sandwich"),
        lambda votes: fit_plackett_luce(pl.Ballots.from_comparisons(votes)),
    ],
)
def test_the_unit_of_weights_does_not_move_the_estimate(fit, weight):
    frame = table()
    plain, scaled = (
        fit(votes_of(frame.assign(w=frame["w"] * by), weight="w")) for by in (1.0, weight)
    )
    np.testing.assert_allclose(scaled.utility, plain.utility, atol=1e-7)
    if plain.covariance_type == "sandwich":
        np.testing.assert_allclose(scaled.stderr, plain.stderr, rtol=1e-5)


@pytest.mark.parametrize("tolerance", [1e-9, 1e-6, 1e-2, 1.0])
def test_ties_that_explain_all_choices_are_separation(tolerance):
    # a = b = c > a is certain once nu grows faster than the gaps between neighbours
    rankings = [(("a", "b"),), (("b", "c"),), ("c", "a")]
    ballots = pl.Ballots.from_rankings(rankings, counts=[5, 5, 5], unranked="incomparable")
    with pytest.raises(pl.NotIdentifiedError, match=r"separation.*the tie parameter and differ"):
        fit_plackett_luce(ballots, tolerance=tolerance)
    assert fit_plackett_luce(ballots, prior=1.0).convergence.converged
    other = pl.Ballots.from_rankings([*rankings, ("a", "c")], unranked="incomparable")
    assert fit_plackett_luce(other, tolerance=tolerance).convergence.converged


@pytest.mark.parametrize("unit", ["rater", "pair"])
def test_the_unit_of_weights_does_not_move_replicates(unit):
    plain, light = (
        votes_of(table().assign(w=by), weight="w", rater="rater") for by in (1.0, 1e-20)
    )
    fit = partial(fit_bradley_terry, covariance="fisher")
    of_plain, of_light = (bootstrap(fit, votes, unit=unit, n=9, seed=0) for votes in (plain, light))
    np.testing.assert_allclose(of_light.replicates, of_plain.replicates, atol=1e-5)


@pytest.mark.parametrize(
    ("limit", "call", "message"),
    [
        (
            "_next_pairs._MOST_ITEMS",
            lambda v: next_pairs(fit_bradley_terry(v)),
            "`fit` has 4 items",
        ),
        (
            "_robust_methods._WIDEST_TABLE",
            lambda v: pl.utility.fit_robust(v, method="rpca"),
            "decomposes a table of 4 x 4 items",
        ),
        (
            "_transitivity._WIDEST",
            pl.utility.stochastic_transitivity,
            "a matrix of 4 x 4 shares would not fit in memory",
        ),
        (
            "_tables.DENSE_ITEMS",
            lambda v: fit_bradley_terry(v, bias_reduction=True, order_effect=True),
            "`bias_reduction` needs the whole covariance matrix, and 4 items are more than 3",
        ),
    ],
)
def test_what_would_not_fit_in_memory_is_refused(votes, monkeypatch, limit, call, message):
    monkeypatch.setattr(f"pluralism.utility.{limit}", 3)
    with pytest.raises(pl.DataError, match=message):
        call(votes)


def test_weights_are_no_numbers_of_votes_in_a_test_of_fit():
    votes = votes_of(table(), weight="w")
    fit = fit_bradley_terry(votes, ties="davidson")
    with pytest.warns(pl.ApproximationWarning, match="grow with the scale of the weights"):
        goodness_of_fit(fit, votes, method="chi-squared")


def test_pairs_that_do_not_differ_bound_nothing():
    pairs = [("a", "b")] * 3 + [("b", "a")] * 2 + [("b", "c")] * 4 + [("c", "b")] + [("a", "c")]
    votes = pl.Comparisons.from_pairs([*pairs, ("c", "a"), ("c", "a")])
    found = held_out_accuracy(votes, n_splits=3, seed=0, share=0.3)
    assert found.stderr < 1e-12
    with pytest.warns(pl.SmallSampleWarning, match="have the same accuracy"):
        found.interval()
    sure = preference_confidence(pl.Comparisons.from_pairs([("a", "b"), ("b", "c")]))
    with pytest.warns(pl.SmallSampleWarning, match="do not differ in their confidence"):
        assert sure.interval() == (1.0, 1.0)

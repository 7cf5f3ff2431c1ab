"""Confidence, cycles, transitivity and noise ceiling of votes on pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import pluralism as pl
from pluralism.data import Comparisons
from pluralism.errors import DataError, LabelError, NotIdentifiedError, SmallSampleWarning
from pluralism.utility import (
    cyclic_triads,
    fit_bradley_terry,
    noise_ceiling,
    preference_confidence,
    stochastic_transitivity,
)

NOBODY = pd.DataFrame({"first": ["a", "b"], "second": ["b", "c"], "won": ["tie", "tie"]})


def votes_of(utility, draws, seed, density=1.0):
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(len(utility), 1)
    kept = rng.random(len(low)) < density
    low, high = low[kept], high[kept]
    won = rng.binomial(draws, 1 / (1 + np.exp(utility[high] - utility[low])))
    wins = np.zeros((len(utility), len(utility)))
    wins[low, high], wins[high, low] = won, draws - won
    return Comparisons.from_matrix(wins)


# -- confidence --------------------------------------------------------------------------------


def test_confidence_by_hand():
    wins = [[0, 18, 20], [2, 0, 15], [0, 5, 0]]
    result = preference_confidence(Comparisons.from_matrix(wins, items=["a", "b", "c"]))
    assert result.confidence == pytest.approx((0.9 + 1.0 + 0.75) / 3)
    assert result.expected == pytest.approx(0.58810, abs=5e-6)
    assert result.excess == pytest.approx((result.confidence - 0.5880985) / 0.4119015, rel=1e-6)
    lower, upper = result.interval()
    assert 0.5 <= lower < result.confidence < upper <= 1
    row = result.pairs.iloc[2]
    assert (row["item"], row["item_bis"], row["votes"], row["share"]) == ("b", "c", 20, 0.75)


def test_the_expectation_of_a_coin_is_exact_also_with_ties_and_uneven_counts():
    """Votes 5, 4 and 3 a pair, one of the three tied: all outcomes, weighted."""
    decided, tied = [5, 4, 2], [0, 0, 1]
    expected = 0.0
    for n, t in zip(decided, tied, strict=True):
        share = (np.arange(n + 1) + 0.5 * t) / (n + t)
        expected += (stats.binom.pmf(np.arange(n + 1), n, 0.5) * np.maximum(share, 1 - share)).sum()
    ties = np.zeros((3, 3))
    ties[1, 2] = ties[2, 1] = 1
    votes = Comparisons.from_matrix([[0, 2, 4], [3, 0, 1], [0, 1, 0]], ties=ties)
    assert preference_confidence(votes).expected == pytest.approx(expected / 3)


def test_one_vote_a_pair_is_always_sure():
    votes = Comparisons.from_pairs([("a", "b"), ("b", "c"), ("c", "a")])
    result = preference_confidence(votes)
    assert result.confidence == result.expected == 1.0
    assert np.isnan(result.excess)


def test_pairs_or_votes():
    votes = Comparisons.from_matrix([[0, 9, 1], [1, 0, 1], [1, 3, 0]])
    assert preference_confidence(votes).confidence == pytest.approx((0.9 + 0.5 + 0.75) / 3)
    by_vote = preference_confidence(votes, by="vote").confidence
    assert by_vote == pytest.approx((9 + 1 + 3) / 16)


def test_pairs_that_only_tie():
    votes = Comparisons.from_frame(NOBODY, first="first", second="second", outcome="won")
    assert preference_confidence(votes).confidence == 0.5
    with pytest.raises(DataError, match='with ties="drop" nothing is left'):
        preference_confidence(votes, ties="drop")
    mixed = pd.concat([NOBODY, pd.DataFrame({"first": ["a"], "second": ["c"], "won": ["first"]})])
    some = Comparisons.from_frame(mixed, first="first", second="second", outcome="won")
    assert preference_confidence(some, ties="drop").n_without == 2


def test_soft_votes_have_no_coin():
    votes = Comparisons.from_codes([0, 1, 0], [1, 2, 2], [0.9, 0.6, 0.7], items=3)
    result = preference_confidence(votes)
    assert result.confidence == pytest.approx((0.9 + 0.6 + 0.7) / 3)
    assert np.isnan(result.expected)
    cycles = cyclic_triads(votes)
    assert np.isnan(cycles.expected.sel(kind="strict"))
    assert cycles.expected.sel(kind="soft") == 0.25


def test_confidence_can_be_bootstrapped():
    votes = votes_of(np.linspace(1, -1, 8), 20, 0)
    boot = pl.bootstrap(
        lambda v: preference_confidence(v).confidence, votes, unit="pair", n=200, seed=0
    )
    assert boot.stderr == pytest.approx(preference_confidence(votes).stderr, rel=0.6)


@pytest.mark.parametrize(
    "function", [preference_confidence, cyclic_triads, stochastic_transitivity, noise_ceiling]
)
def test_what_is_no_comparisons(function):
    with pytest.raises(DataError, match="`comparisons` is a list; it must be Comparisons"):
        function([("a", "b")])


def test_unknown_options():
    votes = votes_of(np.zeros(4), 5, 0)
    with pytest.raises(DataError, match="`by` is 'item'"):
        preference_confidence(votes, by="item")
    with pytest.raises(DataError, match="`ties` is 'third'"):
        cyclic_triads(votes, ties="third")
    with pytest.raises(DataError, match="`triads` is 'most'"):
        cyclic_triads(votes, triads="most")
    with pytest.raises(DataError, match="`triads` is 0"):
        cyclic_triads(votes, triads=0)
    with pytest.raises(DataError, match="`test` is 'chi'"):
        stochastic_transitivity(votes, test="chi")


# -- cycles ------------------------------------------------------------------------------------


def test_a_cycle_and_a_ladder():
    cycle = cyclic_triads(Comparisons.from_pairs([("a", "b"), ("b", "c"), ("c", "a")]))
    assert cycle.rate.values.tolist() == [1, 1, 1, 1]
    assert cycle.n_triads == 1
    assert np.isnan(cycle.stderr).all()  # one triad says nothing about others
    ladder = cyclic_triads(votes_of(np.linspace(40, -40, 6), 9, 0))
    assert ladder.count.sel(kind=["strict", "weak", "unclosed"]).sum() == 0
    assert ladder.log10.sel(kind="strict") == -np.inf
    upper = ladder.interval().sel(kind="strict", ci_bound="upper")
    assert upper == pytest.approx(1 - 0.025 ** (1 / 5))  # 15 pairs hold 5 triads that share none


def test_pairs_that_did_not_meet():
    votes = Comparisons.from_pairs([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e")])
    result = cyclic_triads(votes)
    assert (result.n_triads, result.n_incomplete) == (1, 9)
    assert stochastic_transitivity(votes).n_incomplete == 9
    path = Comparisons.from_pairs([("a", "b"), ("b", "c"), ("c", "d")])
    for function in (cyclic_triads, stochastic_transitivity):
        with pytest.raises(NotIdentifiedError, match="no three items all met each other"):
            function(path)
    with pytest.raises(NotIdentifiedError, match="no three items all met each other"):
        cyclic_triads(path, triads=10, seed=0)


def test_disconnected_graphs_and_items_without_pairs_are_no_obstacle():
    pairs = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (5, 3)]
    votes = Comparisons.from_pairs(pairs, items=range(8))
    result = cyclic_triads(votes)
    assert result.n_triads == 2
    assert result.n_incomplete == 20 - 2
    assert result.count.sel(kind="strict") == 1


def test_sampled_triads_estimate_the_rate_of_all():
    votes = votes_of(np.linspace(0.5, -0.5, 20), 6, 1, density=0.8)
    every, some = cyclic_triads(votes), cyclic_triads(votes, triads=4000, seed=0)
    assert (abs(every.rate - some.rate) < 4 * some.stderr).all()
    assert some.method == "sampled"
    assert some.n_incomplete == every.n_incomplete
    xr_same = cyclic_triads(votes, triads=50, seed=3).rate
    assert (xr_same == cyclic_triads(votes, triads=50, seed=3).rate).all()


def test_a_responder_with_utilities_shows_the_modelled_rate():
    utility = np.linspace(1.5, -1.5, 16)
    truth = fit_bradley_terry(votes_of(utility, 20_000, 0))
    seen = np.array([cyclic_triads(votes_of(utility, 7, seed)).rate.values for seed in range(60)])
    modelled = cyclic_triads(votes_of(utility, 7, 0), model=truth).modelled.values
    error = seen.std(axis=0, ddof=1) / np.sqrt(60)
    assert (abs(seen.mean(axis=0) - modelled) < 4 * error + 1e-3).all()
    assert (modelled < cyclic_triads(votes_of(utility, 7, 0)).expected.values).all()


def test_a_model_of_other_items():
    votes = votes_of(np.zeros(4), 5, 0)
    other = fit_bradley_terry(Comparisons.from_pairs([("a", "b"), ("b", "a")]))
    with pytest.raises(LabelError, match="not in the fit's items"):
        cyclic_triads(votes, model=other)
    with pytest.raises(DataError, match="`model` is a dict"):
        cyclic_triads(votes, model={})


def test_a_pair_left_without_votes_by_dropping_ties_has_not_met():
    frame = pd.DataFrame(
        {"first": list("abc"), "second": list("bca"), "won": ["first", "first", "tie"]}
    )
    votes = Comparisons.from_frame(frame, first="first", second="second", outcome="won")
    assert cyclic_triads(votes).rate.sel(kind="unclosed") == 1
    with pytest.raises(NotIdentifiedError, match="no three items"):
        cyclic_triads(votes, ties="drop")


@pytest.mark.slow
def test_standard_errors_cover_other_items():
    """Over new items, the jackknife is at least the true spread, and not twice it."""
    rates, errors = [], []
    for seed in range(200):
        utility = np.random.default_rng(seed).normal(size=25)
        result = cyclic_triads(votes_of(utility, 12, 1000 + seed))
        rates.append(result.rate.values)
        errors.append(result.stderr.values)
    ratio = np.mean(errors, axis=0) / np.std(rates, axis=0, ddof=1)
    assert (ratio > 0.9).all()
    assert (ratio < 2).all()


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 1.2])
def test_standard_errors_of_confidence(spread):
    means, errors = [], []
    for seed in range(300):
        utility = spread * np.random.default_rng(seed).normal(size=25)
        result = preference_confidence(votes_of(utility, 20, 1000 + seed))
        means.append(result.confidence)
        errors.append(result.stderr)
    assert 0.8 < np.mean(errors) / np.std(means, ddof=1) < 1.3


# -- transitivity ------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_expected_rates_of_a_coin():
    seen = []
    for seed in range(150):
        result = stochastic_transitivity(votes_of(np.zeros(10), 8, seed))
        seen.append(result.rate.values)
    error = np.std(seen, axis=0, ddof=1) / np.sqrt(150)
    assert (abs(np.mean(seen, axis=0) - result.expected.values) < 4 * error).all()
    uneven = Comparisons.from_matrix([[0, 3, 2], [1, 0, 2], [1, 3, 0]])
    assert np.isnan(stochastic_transitivity(uneven).expected).all()


def test_weak_violations_are_weak_cycles_of_a_strict_kind():
    votes = votes_of(np.zeros(12), 7, 3)  # odd: no even pairs
    result = stochastic_transitivity(votes)
    assert result.weak == cyclic_triads(votes).count.sel(kind="strict")
    assert result.weak <= result.moderate <= result.strong <= result.triples == 220
    bounds = result.interval()
    assert (bounds.sel(ci_bound="lower") <= result.rate).all()


@pytest.mark.slow
def test_likelihood_ratio_by_trying_all_orders():
    from itertools import permutations

    votes = votes_of(np.zeros(5), 9, 8)
    wins = votes.pairwise().values

    def lost(order):
        cost = 0.0
        for place, i in enumerate(order):
            for j in order[place + 1 :]:
                if wins[j, i] > wins[i, j]:
                    n = wins[i, j] + wins[j, i]
                    cost += 2 * (
                        stats.binom.logpmf(wins[i, j], n, wins[i, j] / n)
                        - stats.binom.logpmf(wins[i, j], n, 0.5)
                    )
        return cost

    best = min(lost(order) for order in permutations(range(5)))
    test = stochastic_transitivity(votes, test="likelihood-ratio", n=19).test
    assert test.statistic == pytest.approx(best, abs=1e-3 * best + 1e-9)


@pytest.mark.slow
def test_a_cycle_of_many_votes_is_no_noise():
    wins = np.array([[0, 70, 30], [30, 0, 70], [70, 30, 0]])
    cycle = Comparisons.from_matrix(wins)
    assert stochastic_transitivity(cycle, test="likelihood-ratio", n=199).test.pvalue < 0.02
    few = Comparisons.from_matrix(np.array([[0, 3, 2], [2, 0, 3], [3, 2, 0]]))
    assert stochastic_transitivity(few, test="likelihood-ratio", n=199).test.pvalue > 0.2
    bayes = stochastic_transitivity(cycle, test="bayes-factor", n=2000).test
    assert bayes.bayes_factor < 0.05
    assert bayes.triples["weak"].item() == pytest.approx(bayes.bayes_factor * 0.75)


def test_bayes_factor_against_the_posterior_in_closed_form():
    """One vote a pair, cyclic: P(cycle | data) for independent Beta(2, 1) is (3/4)^3 + (1/4)^3."""
    votes = Comparisons.from_pairs([("a", "b"), ("b", "c"), ("c", "a")])
    test = stochastic_transitivity(votes, test="bayes-factor", n=20_000, seed=1).test
    transitive = 1 - 0.75**3 - 0.25**3
    assert test.bayes_factor == pytest.approx(transitive / 0.75, abs=0.02)
    assert abs(test.bayes_factor - transitive / 0.75) < 4 * test.bayes_factor_stderr


def test_tests_need_whole_votes():
    soft = Comparisons.from_codes([0, 1, 0], [1, 2, 2], [0.9, 0.6, 0.7], items=3)
    with pytest.raises(DataError, match="needs whole votes for either item"):
        stochastic_transitivity(soft, test="likelihood-ratio")


def test_no_whole_bayes_factor_where_a_pair_never_met():
    votes = Comparisons.from_pairs([("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")])
    test = stochastic_transitivity(votes, test="bayes-factor", n=50).test
    assert np.isnan(test.bayes_factor)
    assert len(test.triples) == 1


# -- noise ceiling -----------------------------------------------------------------------------


def test_reliability_is_the_share_of_true_variance():
    rng = np.random.default_rng(0)
    p = rng.beta(2, 2, (40, 40))
    wins = np.triu(rng.binomial(20, p), 1)
    wins = wins + np.tril(20 - wins.T, -1)
    result = noise_ceiling(Comparisons.from_matrix(wins), n_splits=40, seed=0)
    signal, noise = 0.05, 0.2 / 20  # Var of Beta(2, 2); E p (1 - p) / n
    assert result.corrected == pytest.approx(signal / (signal + noise), abs=0.03)
    half = signal / (signal + 2 * noise)
    assert result.reliability == pytest.approx(half, abs=0.03)
    truth = np.maximum(p, 1 - p)[np.triu_indices(40, 1)].mean()
    assert result.accuracy_lower < truth < result.accuracy_upper


def test_a_coin_agrees_with_itself_by_chance():
    result = noise_ceiling(votes_of(np.zeros(40), 11, 1), n_splits=30, seed=0)
    assert abs(result.reliability) < 0.1
    assert result.agreement == pytest.approx(0.5, abs=0.03)
    assert result.accuracy_lower == pytest.approx(0.5, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("order_known", [True, False])
def test_the_order_of_the_items_does_not_matter(order_known):
    rng = np.random.default_rng(1)
    low, high = (np.repeat(part, 20) for part in np.triu_indices(5, 1))
    gap = 0.5 * (high - low)
    won = rng.random(len(low)) < 1 / (1 + np.exp(-gap))
    turned = rng.random(len(low)) < 0.4
    first, second = np.where(turned, high, low), np.where(turned, low, high)
    tie = rng.random(len(low)) < 0.1
    found = []
    for items in itertools.permutations(range(5)):
        votes = Comparisons.from_codes(
            np.argsort(items)[first],
            np.argsort(items)[second],
            won ^ turned,
            tie=tie,
            items=list(items),
            order_known=order_known,
        )
        assert votes.order_known is order_known
        found.append(noise_ceiling(votes, n_splits=10, seed=0))
    assert len({result.reliability for result in found}) == 1
    assert len({result.accuracy_lower for result in found}) == 1
    assert found[0].reliability > 0.5


def test_the_correlation_of_halves_takes_either_side_of_each_pair():
    """Both votes of a pair agree: halves are the same, though item codes make all shares 1."""
    votes = Comparisons.from_pairs([("a", "b"), ("b", "c"), ("a", "c")] * 2)
    result = noise_ceiling(votes, n_splits=5, seed=0)
    assert result.reliability == pytest.approx(1, abs=1e-15)
    assert result.corrected == pytest.approx(1, abs=1e-15)


def test_splits_with_an_even_half_are_counted():
    votes = Comparisons.from_pairs(
        [(a, b) for p in ("ab", "bc", "ac") for a, b in (p, p[::-1])] * 2
    )
    with pytest.warns(SmallSampleWarning, match="splits a half is even on all pairs and cannot"):
        result = noise_ceiling(votes, n_splits=200, seed=0)
    even = np.isnan(result.splits["reliability"].values)
    assert 0 < even.sum() < 200
    assert result.reliability == pytest.approx(np.nanmean(result.splits["reliability"]))


def test_orders_are_split_apart():
    """A responder who always takes the first: without balance halves would seem to disagree."""
    first = np.repeat([0, 1, 0, 2, 1, 2], 10)
    second = np.repeat([1, 0, 2, 0, 2, 1], 10)
    votes = Comparisons.from_codes(first, second, np.ones(60), items=3)
    with pytest.raises(NotIdentifiedError, match="in every split a half is even on all pairs"):
        noise_ceiling(votes, seed=0)


def test_single_votes_cannot_be_split():
    votes = Comparisons.from_pairs([("a", "b"), ("b", "c"), ("c", "a")])
    with pytest.raises(NotIdentifiedError, match="0 of 3 pairs have two votes or more"):
        noise_ceiling(votes)
    soft = Comparisons.from_codes([0, 1, 0], [1, 2, 2], [0.9, 0.6, 0.7], items=3)
    with pytest.raises(DataError, match="cannot be split in two"):
        noise_ceiling(soft)


def test_two_votes_and_ties_can():
    rows = []
    for item, other in (("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")):
        rows += [(item, other, "first"), (other, item, "tie"), (item, other, "second")]
    frame = pd.DataFrame(rows, columns=["first", "second", "won"])
    votes = Comparisons.from_frame(frame, first="first", second="second", outcome="won")
    result = noise_ceiling(votes, n_splits=20, seed=0)
    assert result.n_pairs == 4
    assert 0 <= result.agreement <= 1

"""Held-out accuracy and the choice of the next pairs."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import pluralism as pl
from pluralism.data import Comparisons
from pluralism.utility import (
    fit_bradley_terry,
    fit_elo,
    fit_thurstone,
    held_out_accuracy,
    next_pairs,
)

PRIOR = partial(fit_bradley_terry, prior=3.0)


def votes_of(utility, draws, seed):
    rng = np.random.default_rng(seed)
    n = len(utility)
    low, high = np.triu_indices(n, 1)
    p = 1 / (1 + np.exp(utility[high] - utility[low]))
    wins = np.zeros((n, n))
    wins[low, high] = rng.binomial(draws, p)
    wins[high, low] = draws - wins[low, high]
    return Comparisons.from_matrix(wins)


# -- held out ----------------------------------------------------------------------------------


def test_a_clear_ladder_is_predicted_and_a_coin_is_not():
    ladder = held_out_accuracy(votes_of(np.linspace(8, -8, 12), 11, 0), model=PRIOR, seed=0)
    assert ladder.accuracy > 0.97
    coin = held_out_accuracy(votes_of(np.zeros(30), 11, 1), model=PRIOR, seed=0)
    lower, upper = coin.interval()
    assert lower < 0.5 < upper
    assert coin.log_loss > ladder.log_loss


def test_held_out_by_hand():
    votes = votes_of(np.linspace(1, -1, 8), 9, 2)
    result = held_out_accuracy(votes, share=0.25, n_splits=3, seed=5)
    rng = np.random.default_rng(5)
    low, high = np.triu_indices(8, 1)
    truth = votes.first_won / (votes.first_won + votes.second_won)
    for split in range(3):
        out = np.sort(rng.choice(28, 7, replace=False))
        wins = votes.pairwise().values.copy()
        wins[low[out], high[out]] = wins[high[out], low[out]] = 0
        p = fit_bradley_terry(Comparisons.from_matrix(wins)).probability().values
        predicted = p[low[out], high[out]]
        hit = (predicted > 0.5) == (truth[out] > 0.5)
        assert result.splits["accuracy"].values[split] == pytest.approx(hit.mean())
        loss = -(truth[out] * np.log(predicted) + (1 - truth[out]) * np.log(1 - predicted))
        assert result.splits["log_loss"].values[split] == pytest.approx(loss.mean())
    spread = result.splits["accuracy"].values.var(ddof=1)
    assert result.stderr == pytest.approx(np.sqrt((1 / 3 + 7 / 21) * spread))
    assert (result.n_pairs, result.n_held_out) == (28, 7)


def test_even_pairs_count_half_and_are_told():
    even = Comparisons.from_matrix(4 * (np.ones((6, 6)) - np.eye(6)))
    half = held_out_accuracy(even, model=PRIOR, seed=0)
    assert half.accuracy == 0.5
    assert half.undecided == 1.0
    assert held_out_accuracy(even, model=PRIOR, ties="first", seed=0).accuracy == 1.0


def test_by_vote_is_the_share_of_votes():
    votes = votes_of(np.array([2.0, 1.0, 0.0, -1.0, -2.0]), 40, 3)
    result = held_out_accuracy(votes, model=PRIOR, by="vote", n_splits=40, seed=1)
    p = 1 / (1 + np.exp(-np.abs(np.subtract.outer(*[np.arange(5.0)] * 2))))
    assert result.accuracy == pytest.approx(p[np.triu_indices(5, 1)].mean(), abs=0.05)


def test_any_model_can_be_held_out():
    votes = votes_of(np.linspace(1, -1, 8), 9, 2)
    for model in (
        partial(fit_thurstone, prior=3.0),
        partial(fit_thurstone, case="III"),
        partial(fit_elo, shuffles=5, seed=0),
    ):
        assert 0 <= held_out_accuracy(votes, model=model, n_splits=2, seed=0).accuracy <= 1


@pytest.mark.slow
def test_corrected_interval_covers_where_the_plain_one_does_not():
    # The target is the mean accuracy over data sets; a plain t interval over splits is far too
    # narrow because the splits share their data.
    accuracies, corrected, plain = [], [], []
    for seed in range(60):
        votes = votes_of(np.linspace(1.2, -1.2, 10), 9, seed)
        result = held_out_accuracy(votes, model=PRIOR, share=0.2, n_splits=15, seed=seed)
        accuracies.append(result.accuracy)
        corrected.append(result.stderr)
        plain.append(result.splits["accuracy"].values.std(ddof=1) / np.sqrt(15))
    actual = np.std(accuracies)
    assert np.mean(plain) < 0.75 * actual
    assert 0.75 * actual < np.mean(corrected) < 1.6 * actual


def test_a_split_that_cannot_be_fitted_says_so():
    chain = Comparisons.from_pairs([("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")])
    with pytest.raises(pl.NotIdentifiedError, match=r"split 1 of 20.*`model=functools.partial"):
        held_out_accuracy(chain, seed=0)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"share": 1.0}, "`share` is 1.0"),
        ({"n_splits": 1}, "`n_splits` is 1"),
        ({"by": "rater"}, "`by` is 'rater'"),
        ({"ties": "drop"}, "`ties` is 'drop'"),
        ({"seed": "x"}, "`seed` is 'x'"),
    ],
)
def test_held_out_arguments(celebrities, options, match):
    with pytest.raises(pl.DataError, match=match):
        held_out_accuracy(celebrities.comparisons, **options)


def test_held_out_needs_two_pairs():
    with pytest.raises(pl.DataError, match="hold 1 pair"):
        held_out_accuracy(Comparisons.from_pairs([("a", "b"), ("b", "a")]))
    with pytest.raises(pl.DataError, match="it must be Comparisons"):
        held_out_accuracy([("a", "b")])


# -- next pairs --------------------------------------------------------------------------------


@pytest.mark.parametrize("ties", ["half", "davidson", "rao-kupper"])
def test_vote_information_is_the_curvature_of_the_likelihood(ties):
    from pluralism.utility._next_pairs import vote_information

    wins = np.array([[0, 9, 8], [4, 0, 7], [3, 5, 0]])
    drawn = np.array([[0, 3, 2], [3, 0, 4], [2, 4, 0]])
    fit = fit_bradley_terry(Comparisons.from_matrix(wins, ties=drawn), ties=ties)
    left, right = np.triu_indices(3, 1)
    ours = vote_information(fit, left, right)
    for place, (i, j) in enumerate(zip(left, right, strict=True)):
        total = 0.0
        for outcome in ("win", "tie", "loss"):
            p = []
            for step in (-1e-5, 0.0, 1e-5):
                moved = fit.utility.copy()
                moved[i] += step
                object.__setattr__(fit, "utility", moved)
                p.append(fit.probability(int(i), int(j), outcome=outcome))
                moved[i] -= step
            total += ((p[2] - p[0]) / 2e-5) ** 2 / p[1] if p[1] > 0 else 0.0
        assert ours[place] == pytest.approx(total, rel=1e-5)


def test_information_shrinks_the_covariance_fastest():
    utility = np.linspace(1.5, -1.5, 10)
    votes = votes_of(utility, 3, 0)
    fit = PRIOR(votes)
    chosen = next_pairs(fit, n=5)
    assert list(chosen.columns) == ["first", "second", "probability", "information"]
    assert (chosen["information"] > 0).all()
    assert chosen["information"].is_monotonic_decreasing
    best = chosen.iloc[0]
    variance = fit.contrast(best["first"], best["second"]).stderr ** 2
    p = best["probability"]
    assert p == pytest.approx(fit.probability(best["first"], best["second"]))
    assert best["information"] == pytest.approx(np.log1p(p * (1 - p) * variance))


def test_chosen_pairs_beat_random_ones():
    rng = np.random.default_rng(0)
    utility = np.linspace(2, -2, 12)
    fit = PRIOR(votes_of(utility, 2, 1))
    pairs = next_pairs(fit, n=12)
    codes = (pairs["first"].to_numpy(), pairs["second"].to_numpy())

    def after(left, right):
        gap = fit.utility.values[left] - fit.utility.values[right]
        weight = 1 / (2 + 2 * np.cosh(gap))
        information = np.linalg.inv(fit.covariance.values + np.ones((12, 12)))
        for i, j, w in zip(left, right, weight, strict=True):
            contrast = np.eye(12)[i] - np.eye(12)[j]
            information = information + w * np.outer(contrast, contrast)
        return np.linalg.slogdet(information)[1]

    random = []
    for _ in range(50):
        left = rng.integers(0, 12, 12)
        random.append(after(left, (left + rng.integers(1, 12, 12)) % 12))
    assert after(*codes) > max(random)


def test_pairs_that_met_can_be_left_out(celebrities):
    wins = celebrities.wins.copy()
    wins[0, 1] = wins[1, 0] = wins[2, 3] = wins[3, 2] = 0
    votes = Comparisons.from_matrix(wins, items=celebrities.items)
    fit = fit_bradley_terry(votes)
    chosen = next_pairs(fit, comparisons=votes, n=10, repeats=False)
    assert set(map(tuple, chosen[["first", "second"]].to_numpy())) == {("LBJ", "HW"), ("CDG", "JU")}


def test_percentile_strategy(celebrities):
    wins = celebrities.wins.copy()
    for i, j in ((0, 1), (2, 3), (4, 5), (6, 7), (0, 8)):
        wins[i, j] = wins[j, i] = 0
    votes = Comparisons.from_matrix(wins, items=celebrities.items)
    fit = fit_bradley_terry(votes)
    one, same = (
        next_pairs(fit, comparisons=votes, n=2, strategy="percentile", seed=4) for _ in range(2)
    )
    assert one.equals(same)
    assert len(one) == 2
    everything = next_pairs(fit, comparisons=votes, n=9, strategy="percentile", seed=0)
    assert len(everything) == 5
    elo = fit_elo(votes, shuffles=3, seed=0)
    assert (
        next_pairs(elo, comparisons=votes, n=2, strategy="percentile", seed=0)["information"]
        .isna()
        .all()
    )


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"strategy": "random"}, "`strategy` is 'random'"),
        ({"n": 0}, "`n` is 0"),
        ({"strategy": "percentile"}, "`comparisons` must be given"),
        ({"repeats": False}, "`comparisons` must be given"),
    ],
)
def test_next_pairs_arguments(celebrities, options, match):
    with pytest.raises(pl.DataError, match=match):
        next_pairs(fit_bradley_terry(celebrities.comparisons), **options)


def test_next_pairs_of_other_items(celebrities):
    fit = fit_bradley_terry(celebrities.comparisons)
    other = Comparisons.from_pairs([("a", "b")])
    with pytest.raises(pl.DataError, match="must have the same items"):
        next_pairs(fit, comparisons=other, strategy="percentile")
    with pytest.raises(pl.DataError, match="`difference_percentile` is 0"):
        next_pairs(
            fit, comparisons=celebrities.comparisons, strategy="percentile", difference_percentile=0
        )
    with pytest.raises(pl.DataError, match="result of a fit"):
        next_pairs(celebrities.comparisons)
    with pytest.raises(pl.DataError, match="no covariance"):
        next_pairs(fit_elo([("a", "b"), ("b", "c")]))

"""Winner probabilities: batched equals looped, and both mean what they say."""

from functools import partial

import numpy as np
import pytest
import xarray as xr

from pluralism import Ballots, DataError, bootstrap, choice

RULES = [
    choice.borda,
    choice.copeland,
    choice.minimax,
    choice.schulze,
    choice.split_cycle,
    choice.condorcet_winner,
]


@pytest.fixture
def profile():
    rng = np.random.default_rng(0)
    ranks = rng.integers(0, 4, (9, 5)).astype(float)
    return Ballots.from_ranks(ranks, counts=rng.integers(1, 6, 9))


@pytest.mark.parametrize("rule", RULES)
def test_batches_equal_the_loop(profile, rule):
    batched = choice.winner_probabilities(profile, rule=rule, n=60, seed=1)
    looped = choice.winner_probabilities(profile, rule=lambda b: rule(b), n=60, seed=1)
    np.testing.assert_array_equal(batched.probability, looped.probability)
    np.testing.assert_array_equal(batched.alone, looped.alone)
    assert batched.winners == rule(profile).winners
    assert batched.nobody == looped.nobody
    assert float(batched.probability.sum()) + batched.nobody == pytest.approx(1)


def test_equals_the_binomial_probability():
    """Two alternatives, 60 : 40 of 100 voters: P(win) is a binomial tail."""
    from scipy.stats import binom

    ballots = Ballots.from_rankings(["ab", "ba"], counts=[60, 40])
    found = choice.winner_probabilities(ballots, n=4000, seed=2)
    expected = binom.sf(50, 100, 0.6) + 0.5 * binom.pmf(50, 100, 0.6)
    error = 4 * float(found.stderr[0])
    assert float(found.probability[0]) == pytest.approx(expected, abs=error)
    assert error < 0.02


def test_a_certain_winner_is_certain():
    ballots = Ballots.from_rankings(["abc"], counts=[50])
    found = choice.winner_probabilities(ballots, n=50, seed=0)
    assert found.probability.values.tolist() == [1, 0, 0]


@pytest.mark.parametrize("rule", RULES)
def test_posterior_draws_equal_the_loop_over_draws(rule):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(2, 20, 4, 3)).round(1)
    draws = xr.DataArray(
        values, dims=("chain", "draw", "group", "item"), coords={"item": ["x", "y", "z"]}
    )
    counts = [3, 1, 1, 2]
    found = choice.winner_probabilities(draws, rule=rule, counts=counts)
    shares = []
    for draw in values.reshape(-1, 4, 3):
        ballots = Ballots.from_utilities(draw, counts=counts, alternatives=["x", "y", "z"])
        shares.append(choice.winner_shares(ballots, rule=rule).values)
    np.testing.assert_allclose(found.probability, np.mean(shares, axis=0), rtol=1e-14)
    looped = choice.winner_probabilities(draws, rule=lambda b: rule(b), counts=counts)
    np.testing.assert_allclose(found.probability, looped.probability, rtol=1e-14)
    assert found.n == 40


def test_one_respondent_wins_where_the_utility_is_largest():
    draws = xr.DataArray(
        [[0.0, 1.0], [2.0, 1.0], [0.0, 3.0]], dims=("draw", "item"), coords={"item": ["x", "y"]}
    )
    found = choice.winner_probabilities(draws)
    np.testing.assert_allclose(found.probability, [1 / 3, 2 / 3])
    assert found.winners == ("y",)


def test_the_statistic_serves_the_bootstrap(profile):
    found = bootstrap(partial(choice.winner_shares, rule=choice.borda), profile, n=50, seed=1)
    direct = choice.winner_probabilities(profile, rule=choice.borda, n=50, seed=1)
    np.testing.assert_allclose(found.replicates.mean(axis=0), direct.probability)


def test_refusals(profile):
    with pytest.raises(DataError, match="give Ballots, or a DataArray"):
        choice.winner_probabilities([1, 2])
    with pytest.raises(DataError, match="has dimensions"):
        choice.winner_probabilities(xr.DataArray(np.zeros((2, 2)), dims=("a", "b")))
    with pytest.raises(DataError, match="must be a function of ballots"):
        choice.winner_probabilities(profile, rule="schulze")
    with pytest.raises(DataError, match="ballots have their own"):
        choice.winner_probabilities(profile, counts=[1])


@pytest.mark.parametrize(
    "rule",
    [
        choice.borda,
        choice.copeland,
        choice.minimax,
        choice.schulze,
        choice.split_cycle,
        choice.condorcet_winner,
    ],
)
def test_fractional_weights_of_draws_carry_no_rounding(rule):
    # .1 + .2 is not .3 in float64; the two sides are level nevertheless.
    draws = xr.DataArray(
        np.array([[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]] * 2),
        dims=("draw", "voter", "alternative"),
        coords={"alternative": ["a", "b"]},
    )
    found = choice.winner_probabilities(draws, rule=rule, counts=[0.3, 0.1, 0.2])
    level = [0.0, 0.0] if rule is choice.condorcet_winner else [0.5, 0.5]
    np.testing.assert_array_equal(found.probability, level)


def test_draws_that_are_not_finite_are_refused():
    draws = xr.DataArray([[1.0, np.nan]], dims=("draw", "alternative"))
    with pytest.raises(DataError, match="`data` holds draws that are not finite"):
        choice.winner_probabilities(draws)


def test_draws_with_the_alternatives_first_are_refused():
    draws = xr.DataArray(np.ones((2, 3, 3)), dims=("draw", "alternative", "voter"))
    with pytest.raises(DataError, match="'alternative' must be the last"):
        choice.winner_probabilities(draws)

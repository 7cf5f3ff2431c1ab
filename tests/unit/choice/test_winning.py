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


@pytest.mark.parametrize("rule", RULES)
def test_majorities_of_one_vote_count_in_batches(rule):
    ballots = Ballots.from_rankings([("a", "b"), ("b", "a"), (("a", "b"),)], counts=[5, 4, 6])
    batched = choice.winner_probabilities(ballots, rule=rule, n=60, seed=1)
    looped = choice.winner_probabilities(ballots, rule=lambda b: rule(b), n=60, seed=1)
    np.testing.assert_array_equal(batched.probability, looped.probability)
    np.testing.assert_array_equal(batched.alone, looped.alone)
    assert batched.nobody == looped.nobody


@pytest.mark.parametrize("rule", RULES)
def test_fractional_weights_of_ballots_equal_the_loop(rule):
    # .1 + .2 is not .3 in float64, and one weight is whole.
    ballots = Ballots.from_rankings(["abc", "bca", "cab", "bca"], counts=[3.3, 1.1, 8, 2.2])
    batched = choice.winner_probabilities(ballots, rule=rule, n=30, seed=1)
    looped = choice.winner_probabilities(ballots, rule=lambda b: rule(b), n=30, seed=1)
    np.testing.assert_array_equal(batched.probability, looped.probability)
    np.testing.assert_array_equal(batched.alone, looped.alone)


def test_shares_of_winners():
    level = Ballots.from_rankings([("b", "a", "c"), ("a", "b", "c")], alternatives="cab")
    assert choice.winner_shares(level).to_series().to_dict() == {"c": 0, "a": 0.5, "b": 0.5}
    assert choice.winner_shares(level).name == "share"
    nobody = choice.winner_shares(level, rule=choice.condorcet_winner)
    assert nobody.values.tolist() == [0, 0, 0]
    given = choice.winner_shares(level, rule=lambda _: {"c", "a", "b"})
    np.testing.assert_allclose(given, 1 / 3)
    with pytest.raises(DataError, match="winner_shares needs Ballots"):
        choice.winner_shares([[0, 1], [1, 0]])


def test_the_summary_of_draws():
    """Three draws: x alone, both, y alone, and nobody under a rule that wants a margin."""
    draws = xr.DataArray(
        [[2.0, 0.0], [1.0, 1.0], [0.0, 1.0], [2.0, 1.0]],
        dims=("sample", "item"),
        coords={"item": ["x", "y"]},
    )
    found = choice.winner_probabilities(draws)
    shares = np.array([1, 0.5, 0, 1])
    assert found.probability.to_series().to_dict() == {"x": 0.625, "y": 0.375}
    np.testing.assert_allclose(found.stderr, shares.std(ddof=1) / 2)
    assert found.alone.values.tolist() == [0.5, 0.25]
    assert (found.nobody, found.n, found.winners) == (0.0, 4, ("x",))
    assert [x.name for x in (found.probability, found.stderr, found.alone)] == [
        "probability",
        "stderr",
        "alone",
    ]
    strict = choice.winner_probabilities(draws, rule=choice.condorcet_winner)
    assert strict.nobody == 0.25
    assert strict.probability.values.tolist() == [0.5, 0.25]
    one = choice.winner_probabilities(draws[:1])
    assert one.n == 1
    assert one.probability.values.tolist() == [1, 0]
    assert np.isnan(one.stderr).all()


def test_draws_without_names_and_with_respondents():
    values = np.random.default_rng(4).normal(size=(3, 5, 2, 4))
    draws = xr.DataArray(values, dims=("chain", "person", "draw", "item"))
    found = choice.winner_probabilities(draws, counts=[1, 1, 1, 1, 3])
    assert found.n == 6
    assert found.probability.coords["alternative"].values.tolist() == [0, 1, 2, 3]
    ordered = draws.transpose("person", "item", "chain", "draw").values.reshape(5, 4, 6)
    shares = [
        choice.winner_shares(Ballots.from_utilities(ordered[..., k], counts=[1, 1, 1, 1, 3]))
        for k in range(6)
    ]
    np.testing.assert_allclose(found.probability, np.mean(shares, axis=0))
    mean = Ballots.from_utilities(values.mean(axis=(0, 2)), counts=[1, 1, 1, 1, 3])
    assert found.winners == choice.schulze(mean).winners


def test_two_replicates_are_the_least(profile):
    assert choice.winner_probabilities(profile, n=2, seed=0).n == 2
    with pytest.raises(DataError, match="`n` is 1; it must be at least 2"):
        choice.winner_probabilities(profile, n=1, seed=0)


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
    for dims in (("draw", "sample"), ("draw", "a", "b", "c")):
        with pytest.raises(
            DataError, match="draws need 'chain' or 'draw' or 'sample', at most one"
        ):
            choice.winner_probabilities(xr.DataArray(np.zeros((2,) * len(dims)), dims=dims))
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

"""Ensembles of rewards and virtual democracies against loops over their definitions."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism import Ballots, DataError, LabelError
from pluralism.choice import pairwise_calibration, positional, swap_dominance, virtual_democracy


def test_calibration_equals_its_definition():
    rng = np.random.default_rng(0)
    for _ in range(20):
        rewards = rng.integers(0, 3, size=(4, 5)).astype(float)
        weights = rng.random(4)
        wins = rng.integers(0, 6, size=(5, 5)).astype(float)
        np.fill_diagonal(wins, 0)
        errors, votes = [], []
        for a in range(5):
            for b in range(a + 1, 5):
                n = wins[a, b] + wins[b, a]
                if n == 0:
                    continue
                said = sum(
                    w * (1.0 if r[a] > r[b] else 0.5 if r[a] == r[b] else 0.0)
                    for w, r in zip(weights / weights.sum(), rewards, strict=True)
                )
                errors.append((said - wins[a, b] / n) ** 2)
                votes.append(n)
        by_votes = pairwise_calibration(rewards, wins, weights=weights)
        assert by_votes.error == pytest.approx(np.average(errors, weights=votes))
        uniform = pairwise_calibration(rewards, wins, weights=weights, pairs="uniform")
        assert uniform.error == pytest.approx(np.mean(errors))
        assert len(uniform.pairs) + uniform.skipped == 10
        assert uniform.pairs["squared_error"].is_monotonic_decreasing


def test_noise_and_ties_of_raters_by_hand():
    """Of c against b nobody was asked; a tie is half of each, and no draw of 0 or 1."""
    ballots = Ballots.from_rankings(
        [("a", "b"), ("b", "a"), (("a", "b"),), ("a", "c"), ("c", "a")],
        counts=[3, 1, 2, 2, 1],
        alternatives="cab",
        unranked="incomparable",
    )
    found = pairwise_calibration([[0, 1, 0], [0, 0, 1], [0, 1, 1]], ballots, weights=[2, 1, 1])
    said, meant, votes = np.array([0.25 * 0.5, 2.5 / 4]), np.array([1 / 3, 4 / 6]), np.array([3, 6])
    said[0] = 0.5 * 0.25  # only the second member ties c and a
    squared = (said - meant) ** 2
    assert found.error == pytest.approx(votes @ squared / 9)
    # (sum of squared deviations of 1, 0, 1/2 from their mean) / n / (n - 1)
    noise = np.array([(2 / 3) * (1 / 3) / 2, (2 / 3 * 1 / 3 - 0.25 * 2 / 6) / 5])
    assert found.noise == pytest.approx(votes @ noise / 9)
    assert found.skipped == 1
    wins = np.zeros((4, 4))
    wins[0, 1] = wins[2, 3] = 1.0
    assert pairwise_calibration(np.eye(4), wins).skipped == 4
    table = found.pairs
    assert table.columns.tolist() == [
        "first", "second", "votes", "ensemble", "raters", "squared_error",
    ]  # fmt: skip
    assert table[["first", "second"]].to_numpy().tolist() == [["c", "a"], ["a", "b"]]
    np.testing.assert_allclose(table["votes"], votes)
    np.testing.assert_allclose(table["ensemble"], said)
    np.testing.assert_allclose(table["raters"], meant)
    np.testing.assert_allclose(table["squared_error"], squared)
    assert repr(found) == (
        f"PairwiseCalibration({found.error:.3g}, of which sampling explains {found.noise:.3g}; "
        "2 pairs; 1 not compared)"
    )
    uniform = pairwise_calibration(
        [[0, 1, 0], [0, 0, 1], [0, 1, 1]], ballots, weights=[2, 1, 1], pairs="uniform"
    )
    assert uniform.noise == pytest.approx(noise.mean())
    two = pairwise_calibration([[1, 0]], [[0, 1], [1, 0]])  # the least votes that show noise
    assert two.noise == pytest.approx(0.25)
    assert repr(two) == ("PairwiseCalibration(0.25, of which sampling explains 0.25; 1 pairs)")


def test_an_ensemble_of_the_voters_is_calibrated():
    profile = Ballots.from_utilities([[3, 1, 2], [1, 1, 5], [0, 2, 2]], counts=[2, 1, 1])
    assert pairwise_calibration(profile, profile).error == pytest.approx(0, abs=1e-30)
    assert pairwise_calibration(profile, profile).noise > 0


def test_noise_is_what_a_perfect_ensemble_shows():
    """With votes drawn from p* itself, the expected error is the expected noise."""
    rng = np.random.default_rng(1)
    rewards = np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 1.0], [1.0, 2.0, 0.0]])
    errors, noises = [], []
    for _ in range(400):
        wins = np.zeros((3, 3))
        for a in range(3):
            for b in range(a + 1, 3):
                share = (rewards[:, a] > rewards[:, b]).mean()
                wins[a, b] = rng.binomial(8, share)
                wins[b, a] = 8 - wins[a, b]
        found = pairwise_calibration(rewards, wins)
        errors.append(found.error)
        noises.append(found.noise)
    assert np.mean(errors) == pytest.approx(np.mean(noises), rel=0.1)


def test_noise_is_not_claimed_where_it_is_unknown():
    assert pairwise_calibration([[1, 0]], [[0, 1], [0, 0]]).noise is None
    assert pairwise_calibration([[1, 0]], [[0, 0.6], [0.4, 0]]).noise is None
    assert "sampling explains" not in repr(pairwise_calibration([[1, 0]], [[0, 1], [0, 0]]))


def test_rewards_are_matched_by_label():
    profile = Ballots.from_rankings([("x", "y"), ("x", "y"), ("y", "x")])
    frame = pd.DataFrame({"y": [0.0], "x": [1.0]})
    assert pairwise_calibration(frame, profile).error == pytest.approx((1 / 3) ** 2)
    assert pairwise_calibration(frame.to_numpy(), profile).error == pytest.approx((2 / 3) ** 2)
    with pytest.raises(LabelError, match="names 'x'"):
        pairwise_calibration(frame.rename(columns={"x": "z"}), profile)
    with pytest.raises(DataError, match="compare no pair"):
        pairwise_calibration([[1, 0]], [[0, 0], [0, 0]])
    with pytest.raises(LabelError, match="2 labels for 3 columns"):
        pairwise_calibration([[1, 0, 2]], profile)


# -- virtual democracy ---------------------------------------------------------------------------


def dominance_by_definition(orders, counts, a, b):
    weight = {}
    for order, count in zip(orders, counts, strict=True):
        weight[tuple(order)] = weight.get(tuple(order), 0) + count
    for order in permutations(orders[0]):
        if order.index(a) < order.index(b):
            swapped = tuple(b if x == a else a if x == b else x for x in order)
            if weight.get(order, 0) < weight.get(swapped, 0):
                return False
    return True


def test_swap_dominance_equals_its_definition():
    rng = np.random.default_rng(2)
    found_any = 0
    for _ in range(60):
        m, n = int(rng.integers(2, 5)), int(rng.integers(1, 5))
        orders = [rng.permutation(m).tolist() for _ in range(n)]
        counts = rng.integers(1, 4, n)
        profile = Ballots.from_rankings(orders, counts=counts, alternatives=range(m))
        found = swap_dominance(profile).values
        for a in range(m):
            for b in range(m):
                if a != b:
                    assert found[a, b] == dominance_by_definition(orders, counts, a, b)
                    found_any += found[a, b]
        # Scoring rules are swap-dominance efficient.
        scores = positional(profile, points=np.sort(rng.random(m))[::-1]).scores.values
        assert all(scores[a] >= scores[b] - 1e-9 for a, b in np.argwhere(found))
    assert found_any


def test_the_mean_model_decides():
    rng = np.random.default_rng(3)
    models, features, weights = rng.normal(size=(7, 3)), rng.normal(size=(4, 3)), rng.random(7)
    decision = virtual_democracy(models, features, weights=weights)
    mean = np.average(models, axis=0, weights=weights)
    assert decision.coefficients.values == pytest.approx(mean)
    assert decision.outcome.scores.values == pytest.approx(features @ mean)
    assert decision.winners == (int(np.argmax(features @ mean)),)
    own = (-(models @ features.T)).argsort(axis=1)
    assert [tuple(g[0] for g in r) for r in _rankings(decision.ballots)] == [tuple(o) for o in own]


def _rankings(ballots):
    return [tuple((label,) for label in ranking) for ranking in ballots.rankings()]


def test_the_decision_is_printed_with_up_to_three_objections():
    calm = virtual_democracy([[1, 0], [-1, 1], [-1, 1]], [[1, 0], [0, 1]])
    assert repr(calm) == "VirtualDemocracy(1 > 0)"
    pairs = ((0, 1), ("a", "b"), ("b", "c"), ("c", "d"))
    assert repr(replace(calm, dominated=pairs)) == (
        "VirtualDemocracy(1 > 0; 0 swap-dominates 1; a swap-dominates b; b swap-dominates c)"
    )
    level = virtual_democracy([[1, 0], [0, 1]], [[1, 0], [0, 1]])
    assert repr(level) == "VirtualDemocracy(0 = 1)"


def test_rounding_does_not_decide_and_weights_count_ballots():
    # .1 + .2 is not .3 in float64: the mean model has the two level.
    found = virtual_democracy([[0.1, 0.3], [0.2, 0.0]], [[1, 0], [0, 1]])
    assert found.winners == (0, 1)
    assert found.outcome.rule == "virtual democracy"
    near = virtual_democracy([[0.1, 0.3 + 1e-10], [0.2, 0.0]], [[1, 0], [0, 1]])
    assert near.winners == (1,)
    weighted = virtual_democracy(
        [[1, 0], [0, 1], [0, 1]], [[1, 0], [0, 1]], weights=[3.0, 1.0, 0.0]
    )
    np.testing.assert_allclose(weighted.ballots.counts, [1.5, 0.5])
    assert weighted.coefficients.values.tolist() == [0.75, 0.25]
    assert weighted.outcome.ranking == ((0,), (1,))
    assert weighted.dominated == ()
    table = swap_dominance(weighted.ballots)
    assert table.name == "swap_dominates"
    assert table.values.tolist() == [[False, True], [False, False]]


def test_a_loud_voter_is_objected_to():
    decision = virtual_democracy([[5, 0], [-1, 1], [-1, 1]], [[1, 0], [0, 1]])
    assert decision.winners == (0,)
    assert decision.dominated == ((1, 0),)
    calm = virtual_democracy([[1, 0], [-1, 1], [-1, 1]], [[1, 0], [0, 1]])
    assert calm.winners == (1,)
    assert calm.dominated == ()


def test_features_are_matched_by_name():
    models = pd.DataFrame({"young": [1.0, 2.0], "many": [0.0, 1.0]})
    features = pd.DataFrame({"many": [0, 3], "young": [1, 0]}, index=["left", "right"])
    decision = virtual_democracy(models, features)
    assert decision.outcome.scores.sel(alternative="right").item() == pytest.approx(1.5)
    assert decision.coefficients.sel(feature="young").item() == pytest.approx(1.5)
    array = xr.DataArray(models, dims=("rater", "feature"))
    assert virtual_democracy(array, features).winners == decision.winners
    with pytest.raises(LabelError, match="names 'young'"):
        virtual_democracy(models, features.rename(columns={"young": "old"}))


def test_features_without_names_are_matched_by_position():
    models = pd.DataFrame({"young": [1.0, 2.0], "many": [0.0, 1.0]})
    plain = virtual_democracy(models, [[0, 1], [3, 0]])
    assert plain.outcome.scores.values.tolist() == [0.5, 4.5]
    named = pd.DataFrame({"many": [0, 3], "young": [1, 0]})
    by_place = virtual_democracy(models.to_numpy(), named)
    assert by_place.outcome.scores.values.tolist() == [0.5, 4.5]
    # Only the side of the features says whether they have names.
    traits = xr.DataArray(
        models.to_numpy(), dims=("rater", "trait"), coords={"trait": ["young", "many"]}
    )
    assert virtual_democracy(traits, named).outcome.scores.values.tolist() == [1.5, 1.5]
    raters = xr.DataArray(models.to_numpy(), dims=("rater", "trait"), coords={"rater": ["p", "q"]})
    assert virtual_democracy(raters, named).outcome.scores.values.tolist() == [0.5, 4.5]


def test_equal_alternatives_tie():
    decision = virtual_democracy([[1, 0], [0, 1]], [[1, 0], [0, 1]])
    assert decision.winners == (0, 1)
    assert decision.dominated == ()
    assert virtual_democracy([[1, 0], [0, 1]], [[1, 0], [0, 1]], tie_break="name").winners == (0,)


@pytest.mark.parametrize(
    ("models", "features", "message"),
    [
        ([[1.0, 2.0]], [[1.0], [2.0]], "2 weights for 1 features"),
        ([[1.0, np.nan]], [[1, 0], [0, 1]], "not finite"),
        ([[1.0, 0.0]], [[1, 0], [1, 0]], "all rows of `features` are the same"),
        (np.empty((0, 2)), [[1, 0], [0, 1]], "`models` is empty"),
    ],
)
def test_refusals(models, features, message):
    with pytest.raises(DataError, match=message):
        virtual_democracy(models, features)


@pytest.mark.parametrize("dims", [("alternative", "trait"), ("option", "column")])
def test_virtual_democracy_matches_features_whatever_their_dimension_is_called(dims):
    models = pd.DataFrame([[3.0, 0.0], [-1.0, 1.0]], columns=["x", "y"])
    features = xr.DataArray(
        [[0.0, 1.0], [1.0, 0.0]], dims=dims, coords={dims[0]: ["p", "q"], dims[1]: ["y", "x"]}
    )
    found = virtual_democracy(models, features)
    assert found.outcome.scores.sel(alternative=["p", "q"]).values.tolist() == [1.0, 0.5]
    assert found.coefficients.sel(feature="x") == 1.0

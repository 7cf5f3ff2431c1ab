"""Linear social choice against a sweep of all directions, an optimiser, and the paper."""

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import minimize

from pluralism import Ballots, ConvergenceError, DataError, LabelError, NotIdentifiedError
from pluralism.choice import _inputs, _linear_fits, copeland, feasible_ranking, linear_social_choice
from pluralism.kernels import _linear_reward as kernels

NAMES = ["a", "a'", "b", "b'", "c", "c'"]


def example(eps=0.01, delta=0.5, p=6):
    """Ge et al. (2024), theorem 3.1; the first type is induced by theta = (1, t), t > 1/delta."""
    features = np.array(
        [[2, 1], [2 - eps, 1], [1, 1], [1 - eps, 1], [0, 0], [-eps, delta * eps]], dtype=float
    )
    profile = Ballots.from_rankings(
        [("a", "a'", "b", "b'", "c'", "c"), ("c'", "c", "b'", "b", "a'", "a")],
        counts=[p, 10 - p],
        alternatives=NAMES,
    )
    return features, profile


def test_theorem_3_1():
    features, profile = example()
    fitted = linear_social_choice(features, profile, rule="mle")
    assert fitted.coefficients.values == pytest.approx([0.266883, 0.00826], abs=1e-6)
    assert fitted.ranking == tuple((name,) for name in NAMES)
    assert not fitted.pareto_optimal
    assert not fitted.majority_consistent
    assert fitted.pareto_violations == (("c'", "c", 10.0, 0.0),)
    assert fitted.majority_violations == (("c'", "c", 10.0, 0.0),)
    assert "10 of 10 prefer c' to c" in repr(fitted)

    repaired = linear_social_choice(features, profile)
    assert [group[0] for group in repaired.ranking] == ["a", "a'", "b", "b'", "c'", "c"]
    assert repaired.pareto_optimal
    assert repaired.majority_consistent
    assert repaired.majority_feasible
    assert repaired.majority_ranking == ("a", "a'", "b", "b'", "c'", "c")
    assert -np.diff(repaired.rewards.sel(alternative=list(repaired.majority_ranking))) == (
        pytest.approx(np.maximum(-np.diff(np.sort(repaired.rewards)[::-1]), 1.0))
    )


def test_the_papers_own_theta_does_not_induce_the_first_type():
    features, profile = example()
    ones = linear_social_choice(features, profile, rule="given", coefficients=[1, 1])
    assert ones.pareto_violations[0][:2] == ("c'", "c")
    steep = linear_social_choice(features, profile, rule="given", coefficients=[1, 3])
    assert steep.pareto_optimal
    assert steep.majority_consistent


def test_a_thousand_times_smaller_steps_are_still_told_apart():
    features, profile = example(eps=1e-5)
    assert not linear_social_choice(features, profile, rule="mle").pareto_optimal
    assert linear_social_choice(features, profile).pareto_optimal


def rankings_by_sweep(points):
    """All strict rankings that a direction of the plane induces, from their critical angles."""
    critical = []
    for a, b in combinations(range(len(points)), 2):
        gap = points[a] - points[b]
        angle = np.arctan2(gap[0], -gap[1])
        critical += [angle % (2 * np.pi), (angle + np.pi) % (2 * np.pi)]
    critical = np.sort(critical)
    middles = (critical + np.append(critical[1:], critical[0] + 2 * np.pi)) / 2
    found = set()
    for angle in middles:
        rewards = points @ [np.cos(angle), np.sin(angle)]
        found.add(tuple(np.argsort(-rewards).tolist()))
    return found


def linear_profile(rng, n_alternatives, n_voters):
    points = rng.normal(size=(n_alternatives, 2)).round(2)
    ranks = (-(rng.normal(size=(n_voters, 2)) @ points.T)).argsort(axis=1)
    return points, Ballots.from_rankings(ranks.tolist(), alternatives=range(n_alternatives))


@pytest.mark.slow
def test_lcpo_equals_the_best_of_all_feasible_rankings():
    rng = np.random.default_rng(1)
    several = bound = 0
    for trial in range(40):
        n = int(rng.integers(2, 7))
        points, profile = linear_profile(rng, n, int(rng.integers(1, 6)))
        scores = copeland(profile).scores.values
        wins = profile.pairwise().values
        unanimous = [(a, b) for a, b in np.argwhere(wins == profile.n_voters)]
        feasible = rankings_by_sweep(points)
        allowed = {
            order
            for order in feasible
            if all(order.index(a) < order.index(b) for a, b in unanimous)
        }
        best = max(tuple(scores[list(order)]) for order in allowed)
        expected = {order for order in allowed if tuple(scores[list(order)]) == best}
        found = linear_social_choice(points, profile)
        assert {tuple(g[0] for g in order) for order in found.rankings} == expected, trial
        assert tuple(np.argsort(-found.rewards.values)) == tuple(g[0] for g in found.ranking)
        assert found.pareto_optimal
        assert found.majority_consistent
        several += len(expected) > 1
        bound += len(allowed) < len(feasible)
    assert several
    assert bound


@pytest.mark.slow
def test_feasibility_equals_the_sweep():
    rng = np.random.default_rng(2)
    verdicts = []
    for _ in range(60):
        points = rng.normal(size=(4, 2)).round(2)
        order = rng.permutation(4).tolist()
        found = feasible_ranking(points, order)
        assert bool(found) == (tuple(order) in rankings_by_sweep(points))
        verdicts.append(found.feasible)
        if found:
            rewards = points @ found.coefficients.values
            assert min(rewards[a] - rewards[b] for a, b in pairwise(order)) == pytest.approx(1)
        else:
            # The conflict contradicts itself: no direction keeps even these pairs.
            for angle in np.linspace(0, 2 * np.pi, 2000):
                rewards = points @ [np.cos(angle), np.sin(angle)]
                assert any(rewards[a] <= rewards[b] for a, b in found.conflict)
    assert any(verdicts)
    assert not all(verdicts)


def test_maximum_likelihood_equals_an_optimiser():
    rng = np.random.default_rng(3)
    for _ in range(5):
        features = rng.normal(size=(5, 2))
        wins = rng.integers(1, 9, size=(5, 5)).astype(float)
        np.fill_diagonal(wins, 0)

        def loss(theta, features=features, wins=wins):
            rewards = features @ theta
            return float((wins * np.logaddexp(0, rewards[None] - rewards[:, None])).sum())

        expected = minimize(loss, np.zeros(2), tol=1e-12).x
        found = linear_social_choice(features, wins, rule="mle")
        assert found.coefficients.values == pytest.approx(expected, abs=1e-5)


def test_ties_are_half_of_each():
    tied = Ballots.from_rankings([(("a", "b"), "c"), ("c", "b", "a"), ("a", "c", "b")])
    wins = tied.pairwise().values + 0.5 * tied.tied_pairs().values
    features = [[1.0], [0.5], [0.0]]
    ours = linear_social_choice(features, tied, rule="mle")
    assert ours.coefficients.item() == pytest.approx(
        linear_social_choice(features, wins, rule="mle").coefficients.item()
    )


def test_a_voter_who_is_indifferent_makes_no_pair_unanimous():
    profile = Ballots.from_rankings([("a", "b"), (("a", "b"),)])
    found = linear_social_choice([[0.0], [1.0]], profile, rule="given", coefficients=[1])
    assert found.pareto_optimal
    assert found.majority_violations == (("a", "b", 1.0, 0.0),)
    assert not found.majority_consistent


def test_an_infeasible_majority_ranking_is_no_violation():
    # Majorities put the middle of the line last.
    profile = Ballots.from_rankings([(0, 2, 1), (0, 2, 1), (2, 1, 0)])
    found = linear_social_choice([[0.0], [1.0], [2.0]], profile)
    assert found.majority_ranking == (0, 2, 1)
    assert found.majority_feasible is False
    assert found.majority_consistent
    assert found.majority_violations


def test_majorities_in_a_circle_have_no_ranking():
    cycle = Ballots.from_rankings(["abc", "bca", "cab"])
    found = linear_social_choice(np.eye(3), cycle)
    assert found.majority_ranking is None
    assert found.majority_feasible is None
    assert len(found.rankings) == 6
    few = linear_social_choice(np.eye(3), cycle, limit=2)
    assert len(few.rankings) == 2
    assert not few.exhaustive


def test_as_many_rankings_as_the_limit_says():
    cycle = Ballots.from_rankings(["abc", "bca", "cab"])
    for limit, exhaustive in ((1, False), (5, False), (6, True)):
        found = linear_social_choice(np.eye(3), cycle, limit=limit)
        assert len(found.rankings) == limit
        assert found.exhaustive == exhaustive
        assert found.ranking == found.rankings[0]
        order = [label for (label,) in found.ranking]
        assert -np.diff(found.rewards.sel(alternative=order)) == pytest.approx([1, 1])


def test_violations_are_listed_from_the_worst_and_printed():
    ballots = Ballots.from_rankings(
        ["abcd", "bacd", "dabc"], counts=[900.25, 600.25, 0.5], alternatives="dbca"
    )
    found = linear_social_choice(
        [[4.0], [3.0], [3.0], [1.0]], ballots, rule="given", coefficients=[1.0]
    )
    assert found.rule == "given"
    assert found.ranking == (("d",), ("b", "c"), ("a",))
    assert found.rankings == (found.ranking,)
    assert found.exhaustive
    assert found.rank == 1
    assert found.majority_ranking == ("a", "b", "c", "d")
    assert found.majority_feasible is False
    assert found.majority_consistent
    assert found.pareto_violations == (("b", "c", 1501.0, 0.0), ("a", "c", 1501.0, 0.0))
    assert found.majority_violations == (
        ("b", "c", 1501.0, 0.0),
        ("a", "c", 1501.0, 0.0),
        ("b", "d", 1500.5, 0.5),
        ("c", "d", 1500.5, 0.5),
        ("a", "d", 1500.5, 0.5),
        ("a", "b", 900.75, 600.25),
    )
    assert repr(found) == (
        "LinearReward(given: ranking d > b = c > a; Pareto optimality fails: 1,501 of 1,501 "
        "prefer b to c)"
    )
    both = linear_social_choice(np.eye(4), ballots, rule="given", coefficients=[4, 3, 2, 1])
    assert not both.majority_consistent
    assert both.rank == 3
    assert repr(both).endswith(
        "; Pareto optimality fails: 1,501 of 1,501 prefer a to c; majority consistency fails: "
        "1,501 of 1,501 prefer a to c)"
    )
    kept = linear_social_choice([[1.0], [3.0], [2.0], [4.0]], ballots, rule="lcpo")
    assert repr(kept) == "LinearReward(lcpo: ranking a > b > c > d)"
    assert kept.rewards.name == "reward"


def test_rewards_within_rounding_tie_and_overrule():
    """.1 + .2 is not .3 in float64; all three voters put b first."""
    ballots = Ballots.from_rankings(["bca", "bac"], counts=[0.2, 0.1], alternatives="abc")
    features = [[0.3], [0.1 + 0.2], [0.3 - 1e-9]]
    found = linear_social_choice(features, ballots, rule="given", coefficients=[1.0])
    assert found.ranking == (("a", "b"), ("c",))
    assert found.pareto_violations == (("b", "a", pytest.approx(0.3), 0.0),)
    assert [pair[:2] for pair in found.majority_violations] == [("b", "a"), ("c", "a")]


def test_unanimity_and_majorities_of_weights_in_tenths():
    ballots = Ballots.from_rankings(
        [("a", "b", "c"), ("a", "b", "c"), (("a", "b"), "c")], counts=[0.1, 0.2, 0.3]
    )
    pairwise = _inputs.as_pairwise(ballots)
    assert _linear_fits.unanimous_pairs(pairwise) == [[0, 2], [1, 2]]
    assert _linear_fits.majority_order(pairwise) == [0, 1, 2]
    one = _inputs.as_pairwise(Ballots.from_rankings(["abc", "acb"], counts=[0.7, 1e-3]))
    assert _linear_fits.unanimous_pairs(one) == [[0, 1], [0, 2]]
    assert _linear_fits.majority_order(one) == [0, 1, 2]
    for orders, expected in ((["ab"], [0, 1]), (["ab", "ba"], None), (["dbca"], [3, 1, 2, 0])):
        found = _linear_fits.majority_order(_inputs.as_pairwise(Ballots.from_rankings(orders)))
        assert found == expected
    level = Ballots.from_rankings(["abcd", "abdc"])
    assert _linear_fits.majority_order(_inputs.as_pairwise(level)) is None


def test_what_lcpo_cannot_tell_apart_or_keep():
    points = [[5.0, 5], [4.0, 4], [0.0, 1], [1.0, 3], [0.0, 1], [1.0, 3]]
    with pytest.raises(DataError, match=r"^'c', 'e' have the same features, so no linear reward"):
        linear_social_choice(points, Ballots.from_rankings(["abcdef", "fedcba"]))
    with pytest.raises(DataError, match=r"^'a', 'b', 'd' have the same features"):
        linear_social_choice([[1], [1], [2], [1]], Ballots.from_rankings(["abcd", "dcba"]))
    # Nobody doubts d > a > c, which the line contradicts.
    with pytest.raises(
        DataError, match=r"no linear reward keeps the unanimous pairs (a > c, d > a|d > a, a > c)"
    ):
        linear_social_choice(
            [[3.0], [0.0], [2.0], [2.5]],
            Ballots.from_rankings(["dacb", "bdac"], alternatives="abcd"),
        )


def test_a_likelihood_without_a_maximum_names_who_grows():
    wins = [[0, 3, 2], [0, 0, 0], [1, 0, 0]]
    with pytest.raises(NotIdentifiedError, match=r"reward of 0 over 1 to .inf") as caught:
        linear_social_choice([[1, 0], [0, 1], [0.9, 0]], wins, rule="mle")
    assert caught.value.groups == ((0,), (1,))
    with pytest.raises(NotIdentifiedError, match="leave some combination of the features unseen"):
        linear_social_choice([[1, 0], [0, 1], [1, 1]], np.zeros((3, 3)), rule="mle")


def test_labelled_features_are_matched_by_label():
    profile = Ballots.from_rankings([("x", "y", "z"), ("y", "x", "z")], counts=[2, 1])
    frame = pd.DataFrame({"size": [0.0, 2.0, 1.0]}, index=["z", "x", "y"])
    found = linear_social_choice(frame, profile)
    assert found.ranking == (("x",), ("y",), ("z",))
    assert found.coefficients.coords["feature"].values.tolist() == ["size"]
    array = xr.DataArray(frame.T, dims=("feature", "item"))
    assert linear_social_choice(array, profile).ranking == found.ranking
    assert feasible_ranking(frame, ["x", "y", "z"])
    with pytest.raises(LabelError, match="names 'y'"):
        linear_social_choice(frame.rename(index={"y": "w"}), profile)


def test_redundant_features_leave_rewards_alone():
    features, profile = example()
    doubled = np.hstack([features, features])
    once = linear_social_choice(features, profile, rule="mle")
    twice = linear_social_choice(doubled, profile, rule="mle")
    assert (once.rank, twice.rank) == (2, 2)
    gap = twice.rewards - twice.rewards[0]
    assert gap.values == pytest.approx((once.rewards - once.rewards[0]).values, abs=1e-9)


def test_units_of_a_feature_do_not_matter():
    features, profile = example()
    scaled = features * [1e6, 1e-4]
    for rule in ("mle", "lcpo"):
        assert (
            linear_social_choice(scaled, profile, rule=rule).ranking
            == linear_social_choice(features, profile, rule=rule).ranking
        )


@pytest.mark.parametrize(
    ("features", "ballots", "options", "error", "message"),
    [
        ([[0], [0], [1]], ["abc"], {}, DataError, "'a', 'b' have the same features"),
        ([[1], [1], [1]], ["abc"], {}, DataError, "all rows of `features` are the same"),
        ([[0], [1]], ["abc"], {}, DataError, "2 rows for 3 alternatives"),
        ([[0], [np.inf], [1]], ["abc"], {}, DataError, "not finite"),
        ([[0], [2], [1]], ["abc"], {}, DataError, "a > b, b > c"),
        ([[0], [1], [2]], ["abc"], {"rule": "mle"}, NotIdentifiedError, "'a' over 'c' to"),
        ([[0], [1], [2]], ["abc"], {"rule": "given"}, DataError, "`coefficients` go with"),
        ([[0], [1], [2]], ["abc"], {"coefficients": [1]}, DataError, "`coefficients` go with"),
        (
            [[0], [1], [2]],
            ["abc"],
            {"rule": "given", "coefficients": [1, 2]},
            DataError,
            "2 entries for 1 features",
        ),
        ([[0], [1], [2]], ["abc"], {"rule": "pca"}, DataError, "`rule` is 'pca'"),
        ([[0], [1], [2]], ["abc"], {"limit": 0}, DataError, "`limit` is 0"),
    ],
)
def test_refusals(features, ballots, options, error, message):
    with pytest.raises(error, match=message):
        linear_social_choice(features, Ballots.from_rankings(ballots), **options)


def test_no_features_are_refused():
    with pytest.raises(DataError, match=r"`features` is empty; its shape is \(3, 0\)"):
        linear_social_choice(np.zeros((3, 0)), Ballots.from_rankings(["abc"]))


def test_feasibility_is_printed():
    points = [[0.0], [1.0], [2.0]]
    assert repr(feasible_ranking(points, [0, 1, 2])) == "FeasibleRanking(feasible)"
    assert not feasible_ranking(points, [0, 2, 1])


def test_failed_programmes_are_errors(monkeypatch):
    points, profile = [[0.0], [1.0], [2.0]], Ballots.from_rankings(["abc", "cba", "bca"])
    with monkeypatch.context() as patch:
        failed = kernels.Margin(np.nan, np.zeros(1), [], "time limit")
        patch.setattr(kernels, "largest_margin", lambda *_: failed)
        with pytest.raises(ConvergenceError, match="linear programme was not solved: time limit"):
            feasible_ranking(points, [0, 1, 2])
        with pytest.raises(ConvergenceError, match="a linear programme was not solved: time limit"):
            linear_social_choice(points, profile)
    with monkeypatch.context() as patch:
        flat = kernels.Margin(1.0, np.zeros(1), [], "")
        patch.setattr(kernels, "largest_margin", lambda *_: flat)
        with pytest.raises(ConvergenceError, match="reward does not induce its ranking"):
            feasible_ranking(points, [0, 1, 2])


def test_pairs_that_leave_a_feature_unseen():
    wins = np.array([[0.0, 2, 0], [1, 0, 0], [0, 0, 0]])
    with pytest.raises(NotIdentifiedError, match="unseen"):
        linear_social_choice([[0, 0], [1, 0], [0, 1]], wins, rule="mle")


def test_refusals_of_rankings():
    points = [[0.0], [1.0], [2.0]]
    assert feasible_ranking(points, [0, 1])
    with pytest.raises(LabelError, match="`ranking\\[1\\]` names 7"):
        feasible_ranking(points, [0, 7])
    with pytest.raises(LabelError, match="twice"):
        feasible_ranking(points, [0, 1, 0])
    with pytest.raises(DataError, match=r"`ranking` has 1 label\(s\); an order needs at"):
        feasible_ranking(points, [0])
    assert feasible_ranking([[0.0], [0.0], [1.0]], [2, 1, 0]).conflict == ((1, 0),)

"""Names, order of voters and units must not matter to what is decided from preferences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism import Ballots
from pluralism.choice import (
    balanced_slate,
    borda_audit,
    distortion,
    linear_social_choice,
    misreports,
    plurality,
    proportional_alignment,
    proportional_veto_core,
)

seeds = st.integers(0, 2**32 - 1)


def drawn(seed, n_voters=5, n_alternatives=4):
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(n_alternatives) for _ in range(n_voters)]
    return rng, orders, rng.permutation(n_alternatives), rng.permutation(n_voters)


def renamed(orders, names, voters):
    return Ballots.from_rankings(
        [[int(names[code]) for code in orders[v]] for v in voters], alternatives=range(len(names))
    )


@pytest.mark.slow
@given(seeds)
def test_names_and_voters_do_not_matter(seed):
    _, orders, names, voters = drawn(seed)
    before = Ballots.from_rankings([list(map(int, o)) for o in orders], alternatives=range(4))
    after = renamed(orders, names, voters)
    core = proportional_veto_core(before).winners
    assert {int(names[label]) for label in core} == set(proportional_veto_core(after).winners)
    policy = proportional_alignment(before, beta=1.5).probabilities.values
    moved = proportional_alignment(after, beta=1.5).probabilities.values
    assert moved[names] == pytest.approx(policy)
    audit, again = (borda_audit(profile, pooled_prior=1.0) for profile in (before, after))
    assert again.scores.values[:, names] == pytest.approx(audit.scores.values, abs=1e-7)
    assert again.rules["overruled"].tolist() == audit.rules["overruled"].tolist()
    assert len(again.disagreements) == len(audit.disagreements)


@pytest.mark.slow
@given(seeds)
def test_copies_of_the_population_change_nothing(seed):
    _, orders, _, _ = drawn(seed)
    once = Ballots.from_rankings([list(map(int, o)) for o in orders], alternatives=range(4))
    thrice = once.reweight(3 * once.counts)
    assert proportional_veto_core(once).winners == proportional_veto_core(thrice).winners
    few, many = (borda_audit(p, pooled_prior=100.0) for p in (once, thrice))
    assert many.scores.sel(rule=["borda", "maximal_lottery", "copeland"]).values == (
        pytest.approx(few.scores.sel(rule=["borda", "maximal_lottery", "copeland"]).values)
    )
    assert many.rules["overruled"].tolist() == (3 * few.rules["overruled"]).tolist()


@pytest.mark.slow
@given(seeds, st.floats(0.1, 10))
def test_units_of_utility_belong_to_beta(seed, scale):
    rng, _, _, _ = drawn(seed)
    utilities = rng.random((4, 3))
    for rule in ("maximal_lottery", "borda"):
        assert distortion(utilities * min(scale, 1), rule=rule, beta=3 / min(scale, 1)) == (
            pytest.approx(distortion(utilities, rule=rule, beta=3), rel=1e-9)
        )
        assert distortion(utilities * scale, rule=rule) == pytest.approx(
            distortion(utilities, rule=rule)
        )


@pytest.mark.slow
@given(seeds)
def test_a_linear_reward_does_not_depend_on_the_basis_of_features(seed):
    """Shifts and invertible maps of the features leave the rankings of both rules as they are."""
    rng, _, _, _ = drawn(seed)
    points = rng.normal(size=(4, 2))
    ranks = (-(rng.normal(size=(5, 2)) @ points.T)).argsort(axis=1)
    # One voter of every kind in the plane, so that the likelihood has a maximum.
    opposite = [order[::-1] for order in ranks.tolist()]
    profile = Ballots.from_rankings([*ranks.tolist(), opposite[0]], alternatives=range(4))
    turned = points @ np.array([[2.0, 0.3], [-0.4, 0.7]]) + [5.0, -3.0]
    for rule in ("lcpo", "mle"):
        one = linear_social_choice(points, profile, rule=rule)
        other = linear_social_choice(turned, profile, rule=rule)
        assert one.ranking == other.ranking
        assert one.pareto_violations == other.pareto_violations


@given(seeds)
def test_the_greedy_slate_is_the_same_on_any_increasing_scale(seed):
    rng, _, _, _ = drawn(seed)
    utilities = rng.integers(0, 4, (6, 4)).astype(float)
    assert balanced_slate(utilities, size=3).slate == (
        balanced_slate(np.exp(utilities), size=3).slate
    )


@pytest.mark.slow
@given(seeds)
def test_nobody_gains_under_plurality_who_gets_a_first_choice(seed):
    _, orders, _, _ = drawn(seed, n_alternatives=3)
    profile = Ballots.from_rankings([list(map(int, o)) for o in orders], alternatives=range(3))
    winners = plurality(profile).winners
    for entry in misreports(profile, rule=plurality).found:
        assert winners != (int(orders[entry.row][0]),)

"""Proportional policies and the veto core against their definitions."""

from itertools import chain, combinations
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism import Ballots, Comparisons, DataError, LabelError
from pluralism.choice import (
    audit_rule,
    condorcet_winner,
    proportional_alignment,
    proportional_veto_core,
)


def test_who_comes_first_on_incomplete_ballots_is_not_known():
    ballots = Ballots.from_rankings([("a", "b"), ("b", "c"), ("a", "c")], unranked="incomparable")
    found = proportional_alignment(ballots)
    assert found.groups is None
    assert found.level is None
    complete = Ballots.from_rankings(["abc", "bca", "acb"], unranked="incomparable")
    np.testing.assert_allclose(proportional_alignment(complete).groups, [2 / 3, 1 / 3, 0])


rankings = st.integers(2, 5).flatmap(
    lambda m: st.lists(st.permutations(list(range(m))), min_size=1, max_size=6)
)


def subsets(things):
    return chain.from_iterable(combinations(things, r) for r in range(1, len(things) + 1))


def core_by_definition(orders, m):
    """All coalitions T and all sets B, with v(T) = ceil(m |T| / n) - 1."""
    n, core = len(orders), set(range(m))
    for coalition in subsets(range(n)):
        power = ceil(m * len(coalition) / n) - 1
        for target in range(m):
            for better in subsets([a for a in range(m) if a != target]):
                unanimous = all(
                    orders[v].index(b) < orders[v].index(target) for v in coalition for b in better
                )
                if unanimous and m - len(better) <= power:
                    core.discard(target)
    return core


@given(rankings)
def test_veto_core_equals_its_definition(orders):
    m = len(orders[0])
    found = proportional_veto_core(Ballots.from_rankings(orders, alternatives=range(m)))
    assert set(found.winners) == core_by_definition(orders, m)
    assert found.winners  # Moulin: the core is never empty
    for label, veto in found.vetoes.items():
        assert m * veto.voters > len(orders) * (m - len(veto.preferred))
        for row in veto.group:
            assert all(orders[row].index(b) < orders[row].index(label) for b in veto.preferred)


@pytest.mark.slow
@given(rankings)
def test_the_flow_and_the_programme_agree(orders):
    whole = Ballots.from_rankings(orders, alternatives=range(len(orders[0])))
    halves = whole.reweight(0.5 * whole.counts)
    assert proportional_veto_core(whole).winners == proportional_veto_core(halves).winners


def core_of_weights(ranks, tenths, m):
    """m |T| > n (m - |B|) for some coalition of rows and some set of alternatives."""
    n, core = sum(tenths), set(range(m))
    for coalition in subsets(range(len(ranks))):
        for target in range(m):
            better = [
                b
                for b in range(m)
                if all(
                    ranks[v][b] is not None
                    and ranks[v][target] is not None
                    and ranks[v][b] < ranks[v][target]
                    for v in coalition
                )
            ]
            if better and m * sum(tenths[v] for v in coalition) > n * (m - len(better)):
                core.discard(target)
    return core


@pytest.mark.parametrize("tenth", [1, 10])
def test_veto_core_of_weights_with_ties_and_silence(tenth):
    rng = np.random.default_rng(6)
    blocked = 0
    for _ in range(30):
        ranks = rng.integers(0, 8, (5, 4)).astype(float)
        ranks[ranks == 7] = np.nan
        ranks[np.isnan(ranks).sum(axis=1) > 1] = [0, 1, 2, 3]
        tenths = [int(n) for n in rng.integers(1, 5, 5)]
        ballots = Ballots.from_ranks(
            ranks, counts=np.array(tenths) / tenth, alternatives="dbca", unranked="incomparable"
        )
        rows = [[None if np.isnan(x) else x for x in row] for row in ranks.tolist()]
        found = proportional_veto_core(ballots)
        core = core_of_weights(rows, tenths, 4)
        assert found.winners == tuple("dbca"[a] for a in sorted(core))
        assert set(found.vetoes) == set("dbca") - set(found.winners)
        for label, veto in found.vetoes.items():
            weight = sum(tenths[row] for row in veto.group)
            assert veto.voters == pytest.approx(weight / tenth)
            assert 4 * weight > sum(tenths) * (4 - len(veto.preferred))
            for row in veto.group:
                assert all(
                    rows[row]["dbca".index(b)] < rows[row]["dbca".index(label)]
                    for b in veto.preferred
                )
            blocked += 1
    assert blocked > 20


def test_three_vetoes_are_printed():
    found = proportional_veto_core(Ballots.from_rankings(["abcde"], counts=[1500]))
    assert found.winners == ("a",)
    assert list(found.vetoes) == ["b", "c", "d", "e"]
    assert repr(found) == (
        "VetoCore(core 'a'; 1,500 voters block 'b', preferring 'a'; 1,500 voters block 'c', "
        "preferring 'a', 'b'; 1,500 voters block 'd', preferring 'a', 'b', 'c')"
    )


def test_the_boundary_is_strict():
    # With "at least" either half would strike out the other's favourite, and nothing were left.
    assert proportional_veto_core(Ballots.from_rankings(["ab", "ba"])).winners == ("a", "b")
    # Three of five may strike out two of four, for ceil(12 / 5) - 1 = 2 (and not 3 * 3 / 5 = 1.8).
    profile = Ballots.from_rankings(["xyab", "abxy"], counts=[3, 2])
    found = proportional_veto_core(profile)
    assert found.winners == ("x",)
    assert found.vetoes["a"].preferred == ("x", "y")
    assert found.vetoes["a"].voters == 3


def test_weights_of_voters_count_as_voters():
    split = Ballots.from_rankings(["abc"] * 60 + ["bca"] * 40)
    pooled = Ballots.from_rankings(["abc", "bca", "cab"], counts=[60, 40, 0])
    halves = Ballots.from_rankings(["abc", "bca"], counts=[0.6, 0.4])
    for profile in (split, pooled, halves):
        assert proportional_veto_core(profile).winners == ("b",)
    assert proportional_veto_core(pooled).vetoes["a"].group.tolist() == [1]


def test_ties_strike_nothing_out():
    tied = Ballots.from_rankings([(("a", "b", "c"),)])
    assert proportional_veto_core(tied).winners == ("a", "b", "c")
    partial = Ballots.from_rankings([("a",), ("b", "c")], unranked="incomparable")
    assert proportional_veto_core(partial).winners == ("a", "b", "c")


def test_the_core_as_a_rule():
    profile = Ballots.from_rankings(["abc", "bca"], counts=[6, 4])
    audit = audit_rule(proportional_veto_core, profile, axioms=["majority"], seed=0)
    assert audit["majority"].violated
    assert "6 voters" not in repr(proportional_veto_core(profile))
    assert "4 voters block 'a'" in repr(proportional_veto_core(profile))


def test_the_core_needs_ballots():
    with pytest.raises(DataError, match="proportional_veto_core needs Ballots"):
        proportional_veto_core([[0, 1], [1, 0]])


# -- proportional alignment ----------------------------------------------------------------------


@given(rankings, st.floats(0, 40))
def test_policy_equals_its_equation(orders, beta):
    m, n = len(orders[0]), len(orders)
    found = proportional_alignment(Ballots.from_rankings(orders, alternatives=range(m)), beta=beta)
    share = [
        min(
            sum(order.index(i) < order.index(j) for order in orders) / n for j in range(m) if j != i
        )
        for i in range(m)
    ]
    weight = np.array([u * np.exp(beta * u) for u in share])
    assert found.bound.values == pytest.approx(share)
    assert found.probabilities.values == pytest.approx(weight / weight.sum())
    favourites = np.bincount([order[0] for order in orders], minlength=m) / n
    assert found.groups.values == pytest.approx(favourites)
    assert (favourites <= found.bound.values + 1e-12).all()
    ratios = [p / w for p, w in zip(found.probabilities.values, favourites, strict=True) if w > 0]
    assert found.level == pytest.approx(min(ratios))
    assert found.guarantee <= found.level * (1 + 1e-12)


def test_votes_may_allow_for_more_groups_than_there_are():
    found = proportional_alignment(Ballots.from_rankings(["abc", "cba"], counts=[7, 3]))
    # b is nobody's favourite, but the votes allow for three in ten, who might rank it first.
    assert found.bound.values == pytest.approx([0.7, 0.3, 0.3])
    assert found.probabilities.values == pytest.approx(np.array([7, 3, 3]) / 13)
    assert found.level == pytest.approx(10 / 13)


def test_sharp_policies_find_the_condorcet_winner():
    rng = np.random.default_rng(0)
    met = 0
    for _ in range(30):
        profile = Ballots.from_rankings([rng.permutation(4).tolist() for _ in range(9)])
        winner = condorcet_winner(profile).winners
        if winner:
            met += 1
            sharp = proportional_alignment(profile, beta=2000)
            assert sharp.probabilities.sel(alternative=winner[0]).item() > 0.999
    assert met


def test_a_pairwise_matrix_does_not_know_groups():
    matrix = [[0, 70], [30, 0]]
    found = proportional_alignment(matrix)
    assert found.level is None
    assert found.groups is None
    assert "groups unknown" in repr(found)
    assert proportional_alignment(matrix, groups=[7, 3]).level == pytest.approx(1.0)
    assert proportional_alignment(matrix, groups={0: 1}).level == pytest.approx(0.7)
    # Pairs that were compared unequally often count by their shares.
    pooled = Comparisons.from_pairs(
        [("a", "b")] * 90
        + [("b", "a")] * 10
        + [("a", "c")] * 2
        + [("c", "a")] * 2
        + [("b", "c"), ("c", "b")]
    )
    assert proportional_alignment(pooled).bound.values == pytest.approx([0.5, 0.1, 0.5])


def test_the_formula_by_hand():
    """Shares of pairs in an order that is not sorted, a tie being half, at a beta between."""
    ballots = Ballots.from_rankings(
        [("b", "a", "c"), ("c", ("b", "a")), ("a", "c", "b")], counts=[5, 4, 1], alternatives="cab"
    )
    # c : a is 4 : 6, c : b is 5 : 5, a : b is 3 : 7
    bound = np.array([0.4, 0.3, 0.5])
    for beta in (0.0, 1.5):
        policy = bound * np.exp(beta * bound)
        policy /= policy.sum()
        found = proportional_alignment(ballots, beta=beta)
        assert found.probabilities.to_series().to_dict() == pytest.approx(
            dict(zip("cab", policy, strict=True))
        )
        np.testing.assert_allclose(found.bound, bound)
        np.testing.assert_allclose(found.groups, [0.4, 0.1, 0.5])
        assert found.level == pytest.approx((policy / [0.4, 0.1, 0.5]).min())
        assert found.guarantee == pytest.approx((policy / bound).min())
        assert found.beta == beta
        names = [x.name for x in (found.probabilities, found.bound, found.groups)]
        assert names == ["probability", "bound", "share"]
    assert repr(proportional_alignment(ballots)) == (
        "ProportionalPolicy(c 0.333, a 0.25, b 0.417; level 0.833, at least 0.833)"
    )
    scaled = proportional_alignment(ballots, groups=[0, 5, 5])
    assert scaled.level == pytest.approx(min(0.25, 0.5 / 1.2) / 0.5)
    np.testing.assert_array_equal(scaled.groups, [0, 0.5, 0.5])
    assert repr(proportional_alignment(ballots.pairwise().values)) == (
        "ProportionalPolicy(0 0.375, 1 0.156, 2 0.469; groups unknown, at least 0.938)"
    )


def test_jackpot_populations():
    """arXiv:2501.19266, section 6.3: two voters R > G > B and three B > R > G."""
    found = proportional_alignment(Ballots.from_rankings(["RGB", "BRG"], counts=[2, 3]))
    assert found.probabilities.sel(alternative=["R", "G", "B"]).values == pytest.approx(
        [0.4, 0.0, 0.6]
    )
    cycle = proportional_alignment(Ballots.from_rankings(["RGB", "GBR", "BRG"]))
    assert cycle.probabilities.values == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize(
    ("ballots", "options", "error", "message"),
    [
        ([[0, 1], [1, 0]], {"beta": -1}, DataError, "`beta` is -1"),
        ([[0, 1, 0], [1, 0, 0], [0, 0, 0]], {}, DataError, "0 and 2 were never compared"),
        ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], {}, DataError, "nobody's favourite"),
        ([[0, 1], [1, 0]], {"groups": [1]}, DataError, "1 entries for 2"),
        ([[0, 1], [1, 0]], {"groups": [0, 0]}, DataError, "all zero"),
        ([[0, 1], [1, 0]], {"groups": [2, -1]}, DataError, "`groups\\[1\\]` is -1"),
        ([[0, 1], [1, 0]], {"groups": {5: 1}}, LabelError, "names 5"),
    ],
)
def test_refusals(ballots, options, error, message):
    with pytest.raises(error, match=message):
        proportional_alignment(ballots, **options)

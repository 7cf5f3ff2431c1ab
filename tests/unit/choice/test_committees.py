"""Committees: exact optima by enumeration, utilities, limits and refusals."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from pluralism import Ballots, DataError
from pluralism.choice import approval_committee
from pluralism.kernels._committees import _price


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["pav", "cc"])
def test_optima_equal_enumeration_with_counts(rule):
    rng = np.random.default_rng(0)
    for _ in range(6):
        matrix = rng.random((8, 6)) < 0.4
        counts = rng.integers(1, 20, 8)
        ballots = Ballots.from_approvals(matrix, counts=counts, alternatives="abcdef")
        score = {}
        for committee in combinations(range(6), 3):
            seen = matrix[:, committee].sum(axis=1)
            harmonic = np.array([0, 6, 9, 11])[seen] if rule == "pav" else seen > 0
            score[frozenset("abcdef"[c] for c in committee)] = int(counts @ harmonic)
        best = max(score.values())
        outcome = approval_committee(ballots, size=3, rule=rule)
        assert set(outcome.winners) == {c for c, value in score.items() if value == best}
        assert outcome.objective == pytest.approx(best / (6 if rule == "pav" else 1))
        assert outcome.exhaustive


@pytest.mark.parametrize("rule", ["seqpav", "phragmen"])
def test_more_ways_than_the_limit_are_cut_and_said(rule):
    """Four equals: any two of the six pairs are right, and two are not all."""
    ballots = Ballots.from_approvals([{"a"}, {"b"}, {"c"}, {"d"}])
    outcome = approval_committee(ballots, size=2, rule=rule, limit=2)
    assert len(set(outcome.winners)) == 2
    assert all(len(committee) == 2 for committee in outcome.winners)
    assert not outcome.exhaustive
    assert approval_committee(ballots, size=2, rule=rule, limit=6).exhaustive


def test_counts_are_repetitions():
    rng = np.random.default_rng(1)
    matrix = rng.random((6, 5)) < 0.5
    counts = rng.integers(1, 5, 6)
    short = Ballots.from_approvals(matrix, counts=counts)
    long = Ballots.from_approvals(np.repeat(matrix, counts, axis=0))
    for rule in ("av", "sav", "pav", "seqpav", "cc", "phragmen", "equal_shares"):
        one = approval_committee(short, size=2, rule=rule)
        two = approval_committee(long, size=2, rule=rule)
        assert set(one.winners) == set(two.winners), rule


def test_equal_shares_from_utilities_spends_where_it_is_cheap():
    utilities = np.array([[4.0, 1.0, 0.0], [4.0, 1.0, 0.0], [0.0, 1.0, 5.0], [0.0, 1.0, 5.0]])
    ballots = Ballots.from_utilities(utilities, alternatives="abc")
    outcome = approval_committee(ballots, size=2, rule="equal_shares", completion="none")
    assert outcome.winners == (frozenset("ac"),)
    by_sum = approval_committee(ballots, size=2, rule="av")
    assert by_sum.winners == (frozenset("ac"),)
    assert by_sum.objective == 18


def test_empty_seats_are_said():
    ballots = Ballots.from_approvals([{"a"}, {"b"}, {"c"}], alternatives="abc")
    outcome = approval_committee(ballots, size=2, rule="equal_shares", completion="none")
    assert outcome.winners == (frozenset(),)
    assert outcome.notes == ("some seats stay empty: nobody can afford more",)
    assert len(approval_committee(ballots, size=2, rule="equal_shares").winners) == 3


def test_limits_are_said():
    ballots = Ballots.from_approvals([set("abcdef")])
    outcome = approval_committee(ballots, size=3, rule="av", limit=4)
    assert len(outcome.winners) == 4
    assert not outcome.exhaustive
    for limit, exhaustive in ((19, False), (20, True)):
        some = approval_committee(ballots, size=3, rule="av", limit=limit)
        assert (len(some.winners), some.exhaustive) == (limit, exhaustive)
    everybody = approval_committee(ballots, size=6, rule="pav", limit=1)
    assert everybody.winners == (frozenset("abcdef"),)
    assert everybody.objective == pytest.approx(1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5 + 1 / 6)
    assert everybody.notes == ()
    with pytest.raises(DataError, match="`limit` is 0; it must be at least 1"):
        approval_committee(ballots, size=3, limit=0)


def test_one_vote_decides_a_seat_and_rounding_does_not():
    one = Ballots.from_approvals([{"a"}, {"b"}, {"c"}], counts=[1000, 1001, 1000])
    assert approval_committee(one, size=1, rule="av").winners == (frozenset("b"),)
    # 300.1 + 600.2 is not 900.3 in float64.
    level = Ballots.from_approvals([{"b"}, {"b"}, {"a"}], counts=[300.1, 600.2, 900.3])
    for rule in ("av", "sav", "pav", "seqpav", "cc", "phragmen"):
        assert len(approval_committee(level, size=1, rule=rule).winners) == 2, rule


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["av", "sav", "pav", "cc"])
def test_scores_of_weights_in_tenths(rule):
    """Sums of tenths carry rounding in float64; those that are level tie nevertheless."""
    rng = np.random.default_rng(7)
    several = 0
    for _ in range(15):
        matrix = rng.random((6, 5)) < 0.4
        tenths = [Fraction(int(n), 10) for n in rng.integers(1, 4, 6)]
        counts = [float(n) for n in tenths]
        ballots = Ballots.from_approvals(matrix, counts=counts, alternatives="ebcda")
        score = {}
        for committee in combinations(range(5), 2):
            total = Fraction(0)
            for row, weight in zip(matrix, tenths, strict=True):
                seen = int(row[list(committee)].sum())
                value = {
                    "av": Fraction(seen),
                    "sav": Fraction(seen, max(int(row.sum()), 1)),
                    "pav": Fraction([0, 2, 3][seen], 2),
                    "cc": Fraction(min(seen, 1)),
                }[rule]
                total += weight * value
            score[frozenset("ebcda"[c] for c in committee)] = total
        best = max(score.values())
        outcome = approval_committee(ballots, size=2, rule=rule)
        assert set(outcome.winners) == {c for c, value in score.items() if value == best}
        assert outcome.objective == pytest.approx(float(best))
        several += len(outcome.winners) > 1
    assert several


@pytest.mark.parametrize(
    ("ballots", "arguments", "message"),
    [
        (Ballots.from_rankings(["ab"]), {"size": 1}, "needs approvals, and these are rankings"),
        (Ballots.from_approvals([{"a"}, {"b"}]), {"size": 3}, "at most 2"),
        (Ballots.from_approvals([{"a"}, {"b"}]), {"size": 0}, "at least 1"),
        (
            Ballots.from_approvals([{"a"}, {"b"}]),
            {"size": 1, "rule": "seqphragmen"},
            "must be one of",
        ),
        (Ballots.from_utilities([[1.0, 2.0]]), {"size": 1}, "'pav' is defined for approvals"),
        (
            Ballots.from_utilities([[1.0, 2.0]]),
            {"size": 1, "rule": "equal_shares"},
            "has no completion",
        ),
        (
            Ballots.from_utilities([[1.0, 2.0], [0.0, -0.5], [-0.75, 1.0]]),
            {"size": 1, "rule": "av"},
            r"`utilities\[1, 1\]` is -0.5; it must be at least 0",
        ),
        (
            Ballots.from_utilities([[1.0, 2.0], [np.nan, 0.5]]),
            {"size": 1, "rule": "equal_shares", "completion": "none"},
            r"`utilities\[1, 0\]` is nan; it must be at least 0",
        ),
        (Ballots.from_utilities([[1.0, 0.0]]), {"size": 1, "rule": "sav"}, "'sav' is defined for"),
        (Ballots.from_approvals([{"a"}, {"b"}]), {"size": 1, "completion": "no"}, "`completion`"),
    ],
)
def test_refusals(ballots, arguments, message):
    with pytest.raises(DataError, match=message):
        approval_committee(ballots, **arguments)


def test_the_price_of_equal_shares_is_where_supporters_raise_one_unit():
    """Peters and Skowron (2020): the least rho at which sum of min(budget, rho u) reaches one."""
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(200):
        utility = rng.integers(0, 4, 6).astype(float)
        budget, counts = rng.random(6) * 0.5, rng.integers(1, 4, 6).astype(float)
        price = _price(utility, budget, counts)
        there = utility > 0
        if counts[there] @ budget[there] < 1:
            assert price == np.inf
            continue
        raised = [counts @ np.minimum(budget, rho * utility) for rho in (price, 0.999 * price)]
        assert raised[0] == pytest.approx(1)
        assert raised[1] < 1
        found += 1
    assert found > 50

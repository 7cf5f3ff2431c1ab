"""Axioms of representation against their definitions, group by group."""

from fractions import Fraction
from itertools import chain, combinations

import numpy as np
import pytest

from pluralism import Ballots, DataError, LabelError
from pluralism.choice import justified_representation


def violates(sets, committee, size, axiom):
    """Brute force over all groups of voters (n of them, one each)."""
    n = len(sets)
    for group in chain.from_iterable(combinations(range(n), r) for r in range(1, n + 1)):
        common = frozenset.intersection(*(sets[v] for v in group))
        level = len(group) * size // n
        if not level:
            continue
        seen = [len(sets[v] & committee) for v in group]
        joint = len(frozenset.union(*(sets[v] for v in group)) & committee)
        if axiom == "JR" and common and max(seen) == 0:
            return True
        for deserved in range(1, level + 1):
            if axiom == "PJR" and len(common) >= deserved and joint < deserved:
                return True
            if axiom == "EJR" and len(common) >= deserved and max(seen) < deserved:
                return True
            if axiom == "EJR+" and common - committee and max(seen) < deserved:
                return True
    return False


def levels_of_violations(sets, weights, committee, seats, axiom):
    """Levels at which some group of rows is short, in exact fractions."""
    n, found = sum(weights), set()
    for group in chain.from_iterable(
        combinations(range(len(sets)), r) for r in range(1, len(sets) + 1)
    ):
        common = frozenset.intersection(*(sets[v] for v in group))
        most = max(len(sets[v] & committee) for v in group)
        joint = len(frozenset.union(*(sets[v] for v in group)) & committee)
        for level in range(1, seats + 1):
            short = {
                "JR": level == 1 and common and most == 0,
                "PJR": len(common) >= level and joint < level,
                "EJR": len(common) >= level and most < level,
                "EJR+": common - committee and most < level,
            }[axiom]
            if short and seats * sum(weights[v] for v in group) >= level * n:
                found.add(level)
    return found


@pytest.mark.parametrize("axiom", ["JR", "PJR", "EJR", "EJR+"])
def test_weights_in_tenths_and_seats_that_stay_empty(axiom):
    """Of EJR+ the highest level that is short is told, of PJR and EJR the lowest."""
    rng = np.random.default_rng(5)
    verdicts = []
    for _ in range(40):
        sets = [frozenset(c for c in "abcd" if rng.random() < 0.6) for _ in range(5)]
        tenths = rng.integers(1, 4, 5)
        seats = int(rng.integers(2, 4))
        committee = frozenset(rng.choice(list("abcd"), int(rng.integers(1, seats + 1)), False))
        ballots = Ballots.from_approvals(sets, counts=tenths / 10, alternatives="dbca")
        weights = [Fraction(int(n), 10) for n in tenths]
        found = justified_representation(ballots, committee, axiom=axiom, size=seats)
        levels = levels_of_violations(sets, weights, committee, seats, axiom)
        assert (found.axiom, found.committee) == (axiom, committee)
        assert found.holds != bool(levels)
        if found.holds:
            assert (found.level, found.voters, found.alternatives) == (0, 0.0, ())
            assert found.group.size == 0
        else:
            assert found.level == (max(levels) if axiom == "EJR+" else min(levels))
            group = found.group.tolist()
            assert found.voters == pytest.approx(float(sum(weights[v] for v in group)))
            assert seats * sum(weights[v] for v in group) >= found.level * sum(weights)
            common = frozenset.intersection(*(sets[v] for v in group))
            assert set(found.alternatives) <= common
            assert len(found.alternatives) == (found.level if axiom in ("PJR", "EJR") else 1)
        verdicts.append(found.level)
    assert 0 in verdicts
    assert max(verdicts) > (axiom != "JR")


@pytest.mark.parametrize("axiom", ["JR", "PJR", "EJR", "EJR+"])
def test_equals_the_definition(axiom):
    rng = np.random.default_rng(3)
    verdicts = []
    for _ in range(60):
        n_voters, n_alternatives = int(rng.integers(3, 7)), int(rng.integers(3, 6))
        names = "abcde"[:n_alternatives]
        sets = [frozenset(c for c in names if rng.random() < 0.5) for _ in range(n_voters)]
        size = int(rng.integers(1, 4))
        committee = frozenset(rng.choice(list(names), min(size, n_alternatives), replace=False))
        ballots = Ballots.from_approvals(sets, alternatives=names)
        found = justified_representation(ballots, committee, axiom=axiom)
        expected = violates(sets, committee, len(committee), axiom)
        assert found.holds != expected
        assert bool(found) == found.holds
        if not found.holds:
            # The group that is returned is itself a violation.
            voters = [sets[row] for row in found.group]
            assert len(voters) * len(committee) >= found.level * n_voters
            assert all(set(found.alternatives) <= voter for voter in voters)
            assert max(len(voter & committee) for voter in voters) < found.level
        verdicts.append(expected)
    assert any(verdicts)
    assert not all(verdicts)


def test_the_example_of_the_majority_rules():
    ballots = Ballots.from_approvals([set("abc"), set("def")], counts=[6, 3])
    for axiom in ("JR", "PJR", "EJR", "EJR+"):
        found = justified_representation(ballots, "abc", axiom=axiom)
        assert not found
        assert found.group.tolist() == [1]
        assert found.voters == 3
        assert found.level == 1
        assert justified_representation(ballots, "abd", axiom=axiom)


def test_a_group_that_is_represented_jointly_only():
    """Both agree on c and d, deserve two seats and have one member each."""
    ballots = Ballots.from_approvals([set("acd"), set("bcd")], alternatives="abcd")
    assert justified_representation(ballots, "ab", axiom="PJR")
    found = justified_representation(ballots, "ab", axiom="EJR")
    assert not found
    assert (found.level, found.voters) == (2, 2.0)
    assert found.alternatives == ("c", "d")


def test_the_verdict_is_printed():
    ballots = Ballots.from_approvals([{"a"}, {"b"}])
    assert repr(justified_representation(ballots, "ab")) == "Representation(EJR+ holds)"
    many = Ballots.from_approvals([{"a"}, {"c", "b"}, {"b"}], counts=[1, 1500, 0.5])
    assert repr(justified_representation(many, "a", axiom="JR", size=2)) == (
        "Representation(JR fails: 1,500.5 voters, enough for 1 seat(s), agree on 'b'; rows 1, 2)"
    )


def test_refusals():
    ballots = Ballots.from_approvals([{"a"}, {"b"}])
    with pytest.raises(LabelError, match=r"names 'z', which is not in the ballots"):
        justified_representation(ballots, ["z"])
    with pytest.raises(LabelError, match="names 'a' twice"):
        justified_representation(ballots, ["a", "a"])
    with pytest.raises(LabelError, match=r"`committee` \(entry 1\) names 'z'"):
        justified_representation(ballots, ["a", "z"])
    assert justified_representation(ballots, ["a"], size=1).committee == {"a"}
    with pytest.raises(DataError, match="`size` is 0; it must be at least 1"):
        justified_representation(ballots, ["a"], size=0)
    with pytest.raises(DataError, match="is empty"):
        justified_representation(ballots, [])
    with pytest.raises(DataError, match="has 2 members for `size` 1"):
        justified_representation(ballots, "ab", size=1)
    with pytest.raises(DataError, match="needs approvals, and these are rankings"):
        justified_representation(Ballots.from_rankings(["ab"]), ["a"])

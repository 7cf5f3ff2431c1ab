"""Committees of the approval-based committee voting literature, with all ties."""

import pytest

from pluralism import Ballots
from pluralism.choice import approval_committee


def committees(ballots, size, rule, **options):
    outcome = approval_committee(ballots, size=size, rule=rule, **options)
    assert outcome.exhaustive
    return {"".join(sorted(committee)) for committee in outcome.winners}


@pytest.fixture
def book21():
    """Lackner and Skowron (2023), example 2.1."""
    sets = ["ab", "ac", "ad", "bcf", "e", "f", "g"]
    return Ballots.from_approvals([set(s) for s in sets], counts=[3, 3, 2, 1, 1, 1, 1])


def test_example_2_1(book21):
    assert committees(book21, 4, "pav") == {"abcf"}
    assert committees(book21, 4, "cc") == {"aefg"}
    assert committees(book21, 4, "phragmen") == {"abcd"}
    assert committees(book21, 4, "equal_shares") == {"abcd"}
    assert committees(book21, 4, "av") == {"abcd", "abcf"}
    assert committees(book21, 4, "sav") == {"abcf"}


def test_example_2_5():
    ballots = Ballots.from_approvals(
        [set(s) for s in ("ab", "ad", "b", "c", "cd")], counts=[3, 6, 4, 5, 5]
    )
    assert committees(ballots, 2, "pav") == {"ac"}
    assert committees(ballots, 2, "seqpav") == {"cd"}


def test_thieles_example():
    """S. Janson (2016), Phragmén's and Thiele's election methods, example 13.3."""
    sets = ["acd", "bcd", "bc", "ab", "ad", "ac", "bd", "d", "c", "b"]
    counts = [960, 3000, 520, 1620, 1081, 1240, 360, 360, 120, 60]
    ballots = Ballots.from_approvals([set(s) for s in sets], counts=counts)
    assert committees(ballots, 2, "pav") == {"ab"}
    assert committees(ballots, 2, "seqpav") == {"ac"}


def test_justified_representation_fails_for_the_majority_rules():
    ballots = Ballots.from_approvals([{"a", "b", "c"}, {"d", "e", "f"}], counts=[6, 3])
    assert committees(ballots, 3, "av") == {"abc"}
    assert committees(ballots, 3, "sav") == {"abc"}
    proportional = committees(ballots, 3, "pav")
    assert len(proportional) == 9
    assert all(len(set(c) & set("abc")) == 2 for c in proportional)

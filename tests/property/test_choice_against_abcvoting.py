"""Committees and axioms of representation equal those of abcvoting, all ties included."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pluralism import Ballots
from pluralism.choice import approval_committee, justified_representation

pytestmark = pytest.mark.slow

RULES = {
    "av": ("av", "standard"),
    "sav": ("sav", "standard"),
    "pav": ("pav", "brute-force"),
    "seqpav": ("seqpav", "standard"),
    "cc": ("cc", "brute-force"),
    "phragmen": ("seqphragmen", "standard-fractions"),
    "equal_shares": ("equal-shares", "standard-fractions"),
}


@st.composite
def approval_profiles(draw):
    n = draw(st.integers(2, 6))
    sets = draw(
        st.lists(st.frozensets(st.integers(0, n - 1)), min_size=1, max_size=7).filter(
            lambda ballots: any(ballots)
        )
    )
    return n, sets, draw(st.integers(1, min(n, 4)))


def prepared(profile):
    preferences = pytest.importorskip("abcvoting.preferences")
    n, sets, size = profile
    theirs = preferences.Profile(n)
    theirs.add_voters(sets)
    return theirs, Ballots.from_approvals(sets, alternatives=range(n)), size


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=250)
@given(profile=approval_profiles())
def test_committees(rule, profile):
    abcrules = pytest.importorskip("abcvoting.abcrules")
    theirs, ours, size = prepared(profile)
    name, algorithm = RULES[rule]
    expected = abcrules.compute(name, theirs, size, algorithm=algorithm, resolute=False)
    outcome = approval_committee(ours, size=size, rule=rule)
    assert set(outcome.winners) == {frozenset(committee) for committee in expected}


@pytest.mark.parametrize("axiom", ["JR", "PJR", "EJR", "EJR+"])
@settings(max_examples=250)
@given(profile=approval_profiles(), data=st.data())
def test_axioms(axiom, profile, data):
    properties = pytest.importorskip("abcvoting.properties")
    theirs, ours, size = prepared(profile)
    committee = data.draw(
        st.frozensets(st.sampled_from(range(profile[0])), min_size=size, max_size=size)
    )
    check = {
        "JR": properties.check_JR,
        "PJR": lambda p, c: properties.check_PJR(p, c, algorithm="brute-force"),
        "EJR": lambda p, c: properties.check_EJR(p, c, algorithm="brute-force"),
        "EJR+": properties.check_EJR_plus,
    }[axiom]
    assert justified_representation(ours, committee, axiom=axiom).holds == check(theirs, committee)

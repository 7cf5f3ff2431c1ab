"""Winners equal those of pref_voting on random small profiles, strict and weak, ties included.

The only module that imports pref_voting, whose compilation takes many seconds.
"""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pluralism import Ballots, choice

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def peer():
    """What we use of pref_voting, or a skip."""
    pytest.importorskip("numba", reason="pref_voting needs numba")
    pytest.importorskip("pref_voting")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pref_voting import (
            c1_methods,
            iterative_methods,
            margin_based_methods,
            other_methods,
            scoring_methods,
        )
        from pref_voting.profiles import Profile
        from pref_voting.profiles_with_ties import ProfileWithTies

        # The name lost an m between versions.
        kemeny = getattr(other_methods, "kemeny_young", None) or other_methods.kemmeny_young

        return SimpleNamespace(
            strict=Profile,
            weak=ProfileWithTies,
            majority={
                choice.copeland: c1_methods.copeland,
                choice.minimax: margin_based_methods.minimax,
                choice.schulze: getattr(margin_based_methods, "beat_path_Floyd_Warshall", None)
                or margin_based_methods.beat_path,
                choice.split_cycle: margin_based_methods.split_cycle,
                choice.smith_set: c1_methods.top_cycle,
                choice.schwartz_set: c1_methods.gocha,
            },
            uncovered={
                "gillies": c1_methods.uc_gill,
                "fishburn": c1_methods.uc_fish,
                "bordes": c1_methods.uc_bordes,
                "mckelvey": c1_methods.uc_mckelvey,
            },
            positions={
                choice.borda: scoring_methods.borda,
                choice.plurality: scoring_methods.plurality,
                choice.veto: scoring_methods.anti_plurality,
                choice.kemeny: kemeny,
                choice.irv: iterative_methods.instant_runoff,
            },
            irv_put=iterative_methods.instant_runoff_put,
            ranked_pairs=margin_based_methods.ranked_pairs,
        )


@st.composite
def strict_profiles(draw):
    n = draw(st.integers(2, 5))
    rankings = draw(st.lists(st.permutations(range(n)), min_size=1, max_size=7))
    counts = draw(st.lists(st.integers(1, 3), min_size=len(rankings), max_size=len(rankings)))
    return [list(r) for r in rankings], counts


@st.composite
def weak_profiles(draw):
    n = draw(st.integers(2, 5))
    row = st.lists(st.one_of(st.integers(1, n), st.none()), min_size=n, max_size=n).filter(
        lambda ranks: any(rank is not None for rank in ranks)
    )
    rows = draw(st.lists(row, min_size=1, max_size=6))
    counts = draw(st.lists(st.integers(1, 3), min_size=len(rows), max_size=len(rows)))
    return rows, counts


def same(outcome, expected):
    assert set(outcome.winners) == {int(code) for code in expected}, outcome.rule


def few_equal_majorities(margins):
    """pref_voting tries every order of equal majorities and zero margins."""
    upper = np.abs(margins[np.triu_indices(len(margins), 1)])
    _, sizes = np.unique(upper, return_counts=True)
    return sizes.max(initial=0) <= 3 and (upper == 0).sum() <= 2


@settings(max_examples=1000)
@given(profile=strict_profiles())
def test_strict_ballots(peer, profile):
    rankings, counts = profile
    n = len(rankings[0])
    theirs = peer.strict(rankings, counts)
    ours = Ballots.from_rankings(rankings, counts=counts, alternatives=range(n))
    for rule, function in {**peer.majority, **peer.positions}.items():
        same(rule(ours), function(theirs))
    for variant, function in peer.uncovered.items():
        same(choice.uncovered_set(ours, variant=variant), function(theirs))
    same(choice.irv(ours, tie_break="parallel"), peer.irv_put(theirs))
    winner = theirs.condorcet_winner()
    assert choice.condorcet_winner(ours).winners == (() if winner is None else (winner,))
    loser = theirs.condorcet_loser()
    assert choice.condorcet_loser(ours).winners == (() if loser is None else (loser,))
    if few_equal_majorities(ours.margins().values):
        same(choice.ranked_pairs(ours), peer.ranked_pairs(theirs))


@settings(max_examples=1000)
@given(profile=weak_profiles())
def test_weak_and_truncated_ballots(peer, profile):
    rows, counts = profile
    n = len(rows[0])
    theirs = peer.weak(
        [{c: r for c, r in enumerate(row) if r is not None} for row in rows],
        counts,
        candidates=list(range(n)),
    )
    theirs.use_extended_strict_preference()
    ranks = np.array([[np.nan if r is None else r for r in row] for row in rows], dtype=float)
    ours = Ballots.from_ranks(ranks, counts=counts)
    for a in range(n):
        for b in range(n):
            if a != b:
                assert ours.pairwise().values[a, b] == theirs.support(a, b)
    for rule, function in peer.majority.items():
        same(rule(ours), function(theirs))
    for rule in (choice.minimax, choice.schulze, choice.split_cycle):
        votes = rule(ours, strength="winning-votes")
        same(votes, peer.majority[rule](theirs, strength_function=theirs.support))
    for variant, function in peer.uncovered.items():
        same(choice.uncovered_set(ours, variant=variant), function(theirs))

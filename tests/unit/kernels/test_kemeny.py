"""Kemeny against dynamic programming over subsets, and all optima against enumeration."""

from itertools import permutations

import numpy as np
import pytest
from scipy import optimize

from pluralism.kernels import _kemeny
from pluralism.kernels._kemeny import condorcet_blocks, disagreement, kemeny_rankings


def dynamic_programme(wins):
    """Least disagreement: f(S) = min over the last member a of S, O(n 2^n)."""
    n = len(wins)
    best = np.full(1 << n, np.inf)
    best[0] = 0.0
    for subset in range(1, 1 << n):
        members = [a for a in range(n) if subset >> a & 1]
        # a below all others of the subset: its wins over them are disagreements.
        best[subset] = min(
            best[subset ^ (1 << a)] + sum(wins[a, b] for b in members if b != a) for a in members
        )
    return best[-1]


def profile(rng, n, voters):
    ranks = np.argsort(np.argsort(rng.random((voters, n)), axis=1), axis=1)
    wins = (ranks[:, :, None] < ranks[:, None, :]).sum(axis=0).astype(float)
    return wins


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_distance_equals_dynamic_programming(n):
    rng = np.random.default_rng(n)
    for voters in (3, 4, 9):
        wins = profile(rng, n, voters)
        solved = kemeny_rankings(wins, 1, 0.0)
        assert solved.message == ""
        assert solved.distance == dynamic_programme(wins)
        assert solved.distance == disagreement(wins, solved.rankings[0])


@pytest.mark.slow
def test_distance_equals_dynamic_programming_with_cuts_added_as_needed():
    rng = np.random.default_rng(0)
    for n in (13, 14):
        wins = profile(rng, n, 5)
        assert kemeny_rankings(wins, 1, 0.0).distance == dynamic_programme(wins)


@pytest.mark.slow
@pytest.mark.parametrize("voters", [2, 4, 5])
def test_all_optima_are_found(voters):
    rng = np.random.default_rng(voters)
    for _ in range(6):
        wins = profile(rng, 5, voters)
        distances = {order: disagreement(wins, order) for order in permutations(range(5))}
        least = min(distances.values())
        expected = {order for order, distance in distances.items() if distance == least}
        solved = kemeny_rankings(wins, 200, 0.0)
        assert set(solved.rankings) == expected
        assert solved.complete
        few = kemeny_rankings(wins, 1, 0.0)
        assert len(few.rankings) == 1
        assert few.complete == (len(expected) == 1)


def test_fractional_support():
    rng = np.random.default_rng(9)
    wins = profile(rng, 6, 5) * 0.1
    assert kemeny_rankings(wins, 5, 1e-12).distance == pytest.approx(dynamic_programme(wins))


def test_ways_beyond_the_limit_are_cut_and_said():
    """Two level pairs, one above the other: four optima, each of two contrary votes."""
    wins = np.array([[0, 1, 2, 2], [1, 0, 2, 2], [0, 0, 0, 1], [0, 0, 1, 0.0]])
    every = kemeny_rankings(wins, 4, 0.0)
    assert sorted(every.rankings) == [(0, 1, 2, 3), (0, 1, 3, 2), (1, 0, 2, 3), (1, 0, 3, 2)]
    assert every.complete
    some = kemeny_rankings(wins, 3, 0.0)
    assert len(set(some.rankings)) == 3
    assert set(some.rankings) < set(every.rankings)
    assert not some.complete
    assert some.distance == every.distance == 2


def test_optima_found_before_the_time_is_up_are_kept(monkeypatch):
    solve = _kemeny._LinearOrdering.solve

    def once(self, best, tolerance, deadline):
        if np.isfinite(best):
            return None, np.inf, "time limit reached"
        return solve(self, best, tolerance, np.inf)

    monkeypatch.setattr(_kemeny._LinearOrdering, "solve", once)
    found = kemeny_rankings(np.array([[0.0, 1], [1, 0]]), 5, 0.0, seconds=0.0)
    assert len(found.rankings) == 1
    assert (found.distance, found.complete, found.message) == (1.0, False, "")


@pytest.mark.slow
def test_without_cuts_of_the_relaxation_the_optimum_is_the_same(monkeypatch):
    wins = profile(np.random.default_rng(3), 13, 5)
    failed = optimize.OptimizeResult(status=4, x=None, message="numerical difficulties")
    monkeypatch.setattr(optimize, "linprog", lambda *_, **__: failed)
    solved = kemeny_rankings(wins, 1, 0.0)
    assert solved.distance == dynamic_programme(wins)
    assert solved.distance == disagreement(wins, solved.rankings[0])


def test_blocks_beat_what_follows():
    rng = np.random.default_rng(4)
    for _ in range(20):
        wins = profile(rng, 7, 5)
        margins = wins - wins.T
        blocks = condorcet_blocks(margins)
        assert sorted(code for block in blocks for code in block) == list(range(7))
        for k, block in enumerate(blocks):
            later = [code for other in blocks[k + 1 :] for code in other]
            assert (margins[np.ix_(block, later)] > 0).all()


def test_a_search_that_runs_out_of_time_says_so():
    rng = np.random.default_rng(0)
    voters = np.array([rng.permutation(40) for _ in range(3)])
    wins = (voters[:, :, None] < voters[:, None, :]).sum(axis=0).astype(float)
    solved = kemeny_rankings(wins, 100, 1e-9, seconds=1e-3)
    assert solved.message or not solved.complete


@pytest.mark.parametrize("unit", [1.0, 1 / 3, 7.0])
def test_all_optima_of_small_profiles_up_to_the_limit(unit):
    tolerance = 0.0 if unit >= 1 else 1e-12
    several = 0
    for seed in range(4):
        wins = unit * profile(np.random.default_rng(seed), 4, 2 + seed % 3)
        cost = {order: disagreement(wins, order) for order in permutations(range(4))}
        for order, value in cost.items():
            brute = sum(wins[b, a] for k, a in enumerate(order) for b in order[k + 1 :])
            assert value == pytest.approx(brute)
        least = min(cost.values())
        best = {order for order, value in cost.items() if value <= least + 1e-9}
        found = kemeny_rankings(wins, len(best), tolerance)
        assert set(found.rankings) == best
        assert len(found.rankings) == len(best)
        assert found.distance == pytest.approx(least)
        assert found.complete
        assert found.message == ""
        if len(best) > 1:
            several += 1
            fewer = kemeny_rankings(wins, len(best) - 1, tolerance)
            assert not fewer.complete
            assert len(fewer.rankings) == len(best) - 1
            assert set(fewer.rankings) < best
    assert several


def test_margins_within_the_tolerance_are_ties():
    wins = np.array([[0.0, 1.25], [1.0, 0.0]])
    assert sorted(kemeny_rankings(wins, 5, 0.25).rankings) == [(0, 1), (1, 0)]
    assert kemeny_rankings(wins, 5, 0.2499).rankings == [(0, 1)]


def test_level_pairs_join_blocks():
    """0 is level with 1 and with 2, and 1 beats 2: 0 may stand anywhere."""
    wins = np.array([[0, 1, 1], [1, 0, 2], [1, 0, 0.0]])
    assert condorcet_blocks(wins - wins.T) == [[0, 1, 2]]
    found = kemeny_rankings(wins, 5, 0.0)
    assert sorted(found.rankings) == [(0, 1, 2), (1, 0, 2), (1, 2, 0)]
    assert condorcet_blocks(np.array([[0, -1, -1], [1, 0, -2], [1, 2, 0.0]])) == [[2], [1], [0]]


def test_whole_votes_are_exact_however_many():
    """One vote in ten billion decides: the costs are counted in whole votes."""
    wins = np.zeros((3, 3))
    wins[0, 1], wins[1, 2], wins[2, 0] = 1e10 + 1, 1e10 + 2, 1e10 + 4
    found = kemeny_rankings(wins, limit=9, tolerance=0.0)
    assert found.rankings == [(1, 2, 0)]
    assert found.complete
    assert found.distance == 1e10 + 1

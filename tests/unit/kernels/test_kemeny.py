"""Kemeny against dynamic programming over subsets, and all optima against enumeration."""

from itertools import permutations

import numpy as np
import pytest

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

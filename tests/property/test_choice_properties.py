"""What must hold of rules on every profile."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism import Ballots, choice


@st.composite
def linear_profiles(draw, max_alternatives=5):
    n = draw(st.integers(2, max_alternatives))
    rankings = draw(st.lists(st.permutations(range(n)), min_size=1, max_size=8))
    counts = draw(st.lists(st.integers(1, 5), min_size=len(rankings), max_size=len(rankings)))
    return Ballots.from_rankings([list(r) for r in rankings], counts=counts, alternatives=range(n))


@given(ballots=linear_profiles())
def test_linear_orders(ballots):
    wins = ballots.pairwise().values
    off = ~np.eye(len(wins), dtype=bool)
    assert ((wins + wins.T)[off] == ballots.n_voters).all()
    np.testing.assert_array_equal(choice.borda(ballots).scores, wins.sum(axis=1))


@pytest.mark.slow
@given(ballots=linear_profiles())
def test_condorcet_rules_choose_from_the_smith_set(ballots):
    smith = set(choice.smith_set(ballots).winners)
    assert set(choice.schwartz_set(ballots).winners) <= smith
    for rule in (
        choice.copeland,
        choice.schulze,
        choice.ranked_pairs,
        choice.split_cycle,
        choice.kemeny,
        choice.maximal_lottery,
        choice.uncovered_set,
    ):
        assert set(rule(ballots).winners) <= smith, rule.__name__


@given(ballots=linear_profiles())
def test_maximal_lotteries_lose_to_nothing(ballots):
    outcome = choice.maximal_lottery(ballots)
    p, margins = outcome.probabilities.values, ballots.margins().values
    assert p.sum() == np.float64(1) or abs(p.sum() - 1) < 1e-12
    assert (p >= 0).all()
    assert (p @ margins >= -1e-9 * max(1, np.abs(margins).max())).all()
    # A tournament with odd margins has exactly one (Laffond, Laslier, Le Breton 1997).
    if (np.abs(margins[~np.eye(len(margins), dtype=bool)]) % 2 == 1).all():
        assert outcome.unique


@given(left=linear_profiles(4), right=linear_profiles(4))
def test_kemeny_and_maximal_lotteries_are_reinforcing(left, right):
    if left.alternatives != right.alternatives:
        return
    both = left.merge(right)
    first, second = (set(choice.kemeny(part).rankings) for part in (left, right))
    if first & second:
        assert set(choice.kemeny(both).rankings) == first & second
    lotteries = [choice.maximal_lottery(part) for part in (left, right)]
    if all(lottery.unique for lottery in lotteries):
        p, q = (lottery.probabilities.values for lottery in lotteries)
        if np.allclose(p, q, atol=1e-12):
            worst = (p @ both.margins().values).min()
            assert worst >= -1e-9 * both.n_voters


@given(ballots=linear_profiles(4), data=st.data())
def test_maximal_lotteries_do_not_mind_clones(ballots, data):
    code = data.draw(st.sampled_from(range(ballots.n_alternatives)))
    ranks = ballots.ranks.astype(float)
    cloned = Ballots.from_ranks(
        np.column_stack([ranks, ranks[:, code] + 0.5]), counts=ballots.counts
    )
    before, after = choice.maximal_lottery(ballots), choice.maximal_lottery(cloned)
    if before.unique and after.unique:
        p = after.probabilities.values.copy()
        p[code] += p[-1]
        np.testing.assert_allclose(p[:-1], before.probabilities.values, atol=1e-9)


@pytest.mark.slow
@given(ballots=linear_profiles(), data=st.data())
def test_order_of_ballots_and_alternatives_does_not_matter(ballots, data):
    rows = data.draw(st.permutations(range(len(ballots.counts))))
    labels = data.draw(st.permutations(ballots.alternatives))
    shuffled = ballots.select(rows).restrict(labels)
    for rule in (choice.borda, choice.schulze, choice.irv, choice.kemeny, choice.plurality):
        assert set(rule(shuffled).winners) == set(rule(ballots).winners)

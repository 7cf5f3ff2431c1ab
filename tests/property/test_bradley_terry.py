"""What must hold of a Bradley-Terry fit for all votes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pluralism as pl
from pluralism.utility import fit_bradley_terry


@st.composite
def tables(draw):
    """Votes in which everyone has beaten everyone, so that the estimate exists."""
    n = draw(st.integers(2, 6))
    counts = draw(st.lists(st.integers(1, 40), min_size=n * n, max_size=n * n))
    wins = np.array(counts, dtype=float).reshape(n, n) * (1 - np.eye(n))
    return wins


def fit_table(wins, items=None, **options):
    return fit_bradley_terry(pl.Comparisons.from_matrix(wins, items=items), **options)


@pytest.mark.slow
@given(tables(), st.randoms(use_true_random=False))
def test_permuting_items_permutes_the_answer(wins, random):
    items = [f"i{place}" for place in range(len(wins))]
    order = list(range(len(wins)))
    random.shuffle(order)
    one = fit_table(wins, items)
    two = fit_table(wins[np.ix_(order, order)], [items[place] for place in order])
    np.testing.assert_allclose(two.utility.sel(item=items), one.utility, atol=1e-9)
    np.testing.assert_allclose(two.stderr.sel(item=items), one.stderr, rtol=1e-7)


@given(tables(), tables())
def test_merged_shards_equal_the_whole(left, right):
    n = min(len(left), len(right))
    left, right = left[:n, :n], right[:n, :n]
    merged = pl.Comparisons.from_matrix(left).merge(pl.Comparisons.from_matrix(right))
    whole = fit_table(left + right)
    np.testing.assert_allclose(fit_bradley_terry(merged).utility, whole.utility, atol=1e-9)
    assert merged.n_votes == int((left + right).sum())


@given(tables())
def test_expected_wins_equal_observed_wins(wins):
    fit = fit_table(wins)
    chance = np.nan_to_num(fit.probability().values)
    expected = ((wins + wins.T) * chance).sum(axis=1)
    np.testing.assert_allclose(expected, wins.sum(axis=1), rtol=1e-8)


@given(tables())
def test_turning_all_votes_round_turns_the_utilities_round(wins):
    np.testing.assert_allclose(fit_table(wins.T).utility, -fit_table(wins).utility, atol=1e-9)


@given(tables(), st.integers(2, 9))
def test_more_of_the_same_votes_only_narrow_the_errors(wins, times):
    one, many = fit_table(wins), fit_table(times * wins)
    np.testing.assert_allclose(many.utility, one.utility, atol=1e-8)
    np.testing.assert_allclose(many.stderr, one.stderr / np.sqrt(times), rtol=1e-6)


@given(tables())
def test_without_ties_or_order_the_tie_policies_agree(wins):
    half, drop = fit_table(wins), fit_table(wins, ties="drop")
    np.testing.assert_allclose(half.utility, drop.utility, atol=1e-12)


@pytest.mark.slow
@given(tables(), st.floats(0.05, 3.0))
def test_a_narrower_prior_shrinks(wins, scale):
    wide, narrow = fit_table(wins, prior=2 * scale), fit_table(wins, prior=scale)
    assert (narrow.utility**2).sum() <= (wide.utility**2).sum() + 1e-12
    assert abs(float(narrow.utility.sum())) < 1e-8

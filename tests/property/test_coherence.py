"""Invariances of the coherence functions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from pluralism.data import Comparisons
from pluralism.utility import (
    cyclic_triads,
    exchange_rates,
    order_consistency,
    preference_confidence,
    stochastic_transitivity,
)

COUNTS = npst.arrays(np.int64, st.integers(3, 7).map(lambda n: (n, n)), elements=st.integers(0, 6))


def votes_of(counts):
    """Comparisons with whatever pairs met; at least one triad."""
    wins = counts.astype(float)
    np.fill_diagonal(wins, 0)
    met = (wins + wins.T) > 0
    assume(np.trace(np.linalg.matrix_power(met.astype(int), 3)) > 0)
    return wins, Comparisons.from_matrix(wins)


@pytest.mark.slow
@given(COUNTS, st.randoms(use_true_random=False))
def test_names_and_order_of_items_do_not_matter(counts, random):
    wins, votes = votes_of(counts)
    order = list(range(len(wins)))
    random.shuffle(order)
    other = Comparisons.from_matrix(wins[np.ix_(order, order)])
    one, two = cyclic_triads(votes), cyclic_triads(other)
    np.testing.assert_allclose(one.rate, two.rate, atol=1e-12)
    np.testing.assert_allclose(one.expected, two.expected, atol=1e-12)
    np.testing.assert_allclose(one.stderr, two.stderr, atol=1e-9)
    first, second = (stochastic_transitivity(v) for v in (votes, other))
    assert (first.weak, first.moderate, first.strong) == (
        second.weak, second.moderate, second.strong
    )  # fmt: skip
    a, b = preference_confidence(votes), preference_confidence(other)
    np.testing.assert_allclose([a.confidence, a.stderr], [b.confidence, b.stderr], atol=1e-12)


@pytest.mark.slow
@given(COUNTS)
def test_turning_every_vote_round_changes_no_cycle(counts):
    wins, votes = votes_of(counts)
    turned = Comparisons.from_matrix(wins.T)
    np.testing.assert_allclose(cyclic_triads(votes).rate, cyclic_triads(turned).rate, atol=1e-12)
    assert stochastic_transitivity(votes).strong == stochastic_transitivity(turned).strong


@pytest.mark.slow
@given(COUNTS)
def test_kinds_of_cycles_imply_each_other(counts):
    _, votes = votes_of(counts)
    rate = cyclic_triads(votes).rate
    assert rate.sel(kind="strict") <= rate.sel(kind="unclosed") <= rate.sel(kind="weak") + 1e-12
    result = stochastic_transitivity(votes)
    assert result.weak <= result.moderate <= result.strong <= result.triples
    assert result.triples == cyclic_triads(votes).n_triads


@pytest.mark.slow
@given(COUNTS)
def test_more_votes_of_the_same_shares_leave_the_rates(counts):
    wins, votes = votes_of(counts)
    tenfold = Comparisons.from_matrix(10 * wins)
    np.testing.assert_allclose(cyclic_triads(votes).rate, cyclic_triads(tenfold).rate, atol=1e-12)
    one, ten = preference_confidence(votes), preference_confidence(tenfold)
    assert ten.expected <= one.expected
    np.testing.assert_allclose(one.confidence, ten.confidence)


@pytest.mark.slow
@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans()), min_size=6))
def test_order_consistency_does_not_care_for_names(rows):
    rows = [row for row in rows if row[0] != row[1]]
    both = {(i, j) for i, j, _ in rows}
    assume(any((j, i) in both for i, j in both))
    first, second, won = (np.array(column) for column in zip(*rows, strict=True))
    one = order_consistency(Comparisons.from_codes(first, second, won, items=3))
    two = order_consistency(Comparisons.from_codes(2 - first, 2 - second, won, items=3))
    np.testing.assert_allclose(one.share, two.share)
    np.testing.assert_allclose(one.order_effect.estimate, two.order_effect.estimate)
    assert one.share.sum() == 1 or np.isclose(one.share.sum(), 1)


@pytest.mark.slow
@given(st.floats(0.1, 3), st.floats(0.1, 3), st.floats(-3, 3), st.floats(0.1, 10), st.floats(-5, 5))
def test_rates_do_not_depend_on_unit_and_origin_of_utility(a, b, gap, unit, origin):
    goods = {f"{n} {g}": (g, n) for g in "xy" for n in (1, 3, 10)}
    utility = {
        o: (a if g == "x" else b) * np.log(n) + gap * (g == "y") for o, (g, n) in goods.items()
    }
    other = {option: unit * value + origin for option, value in utility.items()}
    one, two = (exchange_rates(u, goods=goods).rate.values for u in (utility, other))
    np.testing.assert_allclose(np.log(one), np.log(two), atol=1e-8)

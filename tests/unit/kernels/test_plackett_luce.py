"""Plackett-Luce and Davidson-Luce kernels against enumeration of all subsets."""

from __future__ import annotations

from itertools import combinations

import jax
import numpy as np
import pytest

from pluralism._precision import in_float64
from pluralism.kernels._davidson_luce import davidson_luce_normaliser
from pluralism.kernels._plackett_luce import choice_sets, plackett_luce_terms
from pluralism.kernels._rankings import ranking_terms, strict_rankings

OUT = 255


def weight_of(theta, chosen, orders, n):
    d = len(chosen)
    log_nu = 0.0 if d == 1 else theta[n + orders.index(d)]
    return np.exp(log_nu + theta[list(chosen)].sum() / d)


def by_enumeration(theta, ranks, counts, orders, below):
    """Log-likelihood, summing over every subset that could have been chosen."""
    n = ranks.shape[1]
    total = 0.0
    for ballot, count in zip(ranks, counts, strict=True):
        listed = [i for i in range(n) if ballot[i] != OUT]
        rest = list(range(n)) if below else listed
        for rank in sorted({ballot[i] for i in listed}):
            chosen = [i for i in listed if ballot[i] == rank]
            subsets = [
                subset for d in (1, *orders) for subset in combinations(rest, d) if d <= len(rest)
            ]
            worth = sum(weight_of(theta, subset, orders, n) for subset in subsets)
            total += count * np.log(weight_of(theta, chosen, orders, n) / worth)
            rest = [i for i in rest if i not in chosen]
    return total


@pytest.fixture(params=[True, False], ids=["last", "incomparable"])
def ballots(request):
    ranks = np.array(
        [
            [0, 1, 2, 3, 4],
            [1, 0, 1, 2, OUT],
            [0, 0, 0, 1, 2],
            [OUT, 0, OUT, 1, OUT],
            [2, 1, 1, 0, 0],
        ],
        dtype=np.uint8,
    )
    return ranks, np.array([3.0, 2.0, 1.0, 4.0, 2.0]), request.param


def test_ties_against_enumeration(ballots):
    ranks, counts, below = ballots
    sets = choice_sets(ranks, counts, unranked=OUT, below=below)
    assert sets.orders.tolist() == [2, 3]
    theta = np.random.default_rng(0).normal(size=7)
    ours = plackett_luce_terms(theta, sets)
    expected = by_enumeration(theta, ranks, counts, [2, 3], below)
    assert ours.log_likelihood == pytest.approx(expected, rel=1e-12)
    step = 1e-5
    for place in range(7):
        unit = step * np.eye(7)[place]
        up, down = (
            by_enumeration(theta + sign * unit, ranks, counts, [2, 3], below) for sign in (1, -1)
        )
        assert ours.gradient[place] == pytest.approx((up - down) / (2 * step), abs=1e-7)
    assert np.linalg.eigvalsh(ours.information)[1] > 0  # one flat direction: the common level


@pytest.mark.parametrize(
    "orders",
    [
        (),
        pytest.param((2,), marks=pytest.mark.slow),
        pytest.param((2, 3, 4), marks=pytest.mark.slow),
    ],
)
def test_host_and_jax_agree_to_1e10(orders):
    rng = np.random.default_rng(1)
    ranks = np.argsort(rng.normal(size=(40, 7)), axis=1).astype(np.uint8)
    for order in orders:  # tie the best `order` of some ballots
        tied = ranks[order::7]
        ranks[order::7] = np.where(tied < order, 0, tied - order + 1)
    ranks[ranks > 4] = OUT
    sets = choice_sets(ranks, np.ones(40), unranked=OUT, below=True)
    assert tuple(sets.orders) == orders
    theta = rng.normal(size=7 + len(orders))
    host = plackett_luce_terms(theta, sets)

    def value(point):
        return davidson_luce_normaliser(point, sets.member, sets.weight, orders=orders)

    derivatives = jax.jit(lambda x: (value(x), jax.grad(value)(x), jax.hessian(value)(x)))
    level, gradient, hessian = in_float64(derivatives, theta)
    statistic = np.concatenate([sets.won, sets.tied])
    assert host.log_likelihood == pytest.approx(statistic @ theta - level, abs=1e-10)
    np.testing.assert_allclose(host.gradient, statistic - gradient, atol=1e-10)
    np.testing.assert_allclose(host.information, hessian, atol=1e-10)


@pytest.mark.parametrize("below", [True, False], ids=["last", "incomparable"])
def test_by_ballot_and_by_set_agree(below):
    rng = np.random.default_rng(5)
    ranks = np.argsort(rng.normal(size=(30, 6)), axis=1).astype(np.uint8)
    ranks[ranks >= rng.integers(1, 7, 30)[:, None]] = OUT
    counts = rng.integers(1, 9, 30).astype(float)
    sets = choice_sets(ranks, counts, unranked=OUT, below=below)
    rankings = strict_rankings(ranks, counts, unranked=OUT, below=below)
    np.testing.assert_allclose(rankings.won, sets.won)
    theta = rng.normal(size=6)
    one, other = plackett_luce_terms(theta, sets), ranking_terms(theta, rankings)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(other.gradient, one.gradient, atol=1e-10)
    np.testing.assert_allclose(other.information, one.information, atol=1e-10)
    # "Directly above" links what "above" links.
    step, closed = rankings.beaten.copy(), rankings.beaten.copy()
    for _ in range(6):
        closed = closed | (closed.astype(int) @ step.astype(int) > 0)
    reach = sets.beaten.copy()
    for _ in range(6):
        reach = reach | (reach.astype(int) @ sets.beaten.astype(int) > 0)
    np.testing.assert_array_equal(closed, reach)


def test_more_items_than_a_machine_word():
    rng = np.random.default_rng(2)
    ranks = np.argsort(rng.normal(size=(5, 130)), axis=1).astype(np.uint8)
    sets = choice_sets(ranks, np.ones(5), unranked=OUT, below=True)
    assert sets.weight.sum() == 5 * 129  # the last place is no choice
    assert sets.won.sum() == 5 * 129
    theta = rng.normal(size=130)
    expected = 0.0
    for ballot in ranks:
        order = theta[np.argsort(ballot)]
        expected += sum(order[k] - np.log(np.exp(order[k:]).sum()) for k in range(130))
    assert plackett_luce_terms(theta, sets).log_likelihood == pytest.approx(expected, rel=1e-12)


def test_extreme_worths_do_not_overflow():
    ranks = np.array([[0, 1, 1], [1, 0, 2]], dtype=np.uint8)
    sets = choice_sets(ranks, np.ones(2), unranked=OUT, below=True)
    theta = np.array([900.0, -900.0, 0.0, 0.0])
    terms = plackett_luce_terms(theta, sets)
    assert np.isfinite(terms.log_likelihood)
    assert np.isfinite(terms.gradient).all()
    assert np.isfinite(terms.information).all()

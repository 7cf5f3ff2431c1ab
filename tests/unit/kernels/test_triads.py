"""Cyclic triads, transitivity and exact tests against brute force, closed forms and SciPy."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from pluralism.kernels import _triads
from pluralism.kernels._dyads import dyadic_mean
from pluralism.kernels._exact_tables import common_odds, fisher_pvalues
from pluralism.kernels._transitivity import levels, prior_logs, transitivity_counts
from pluralism.kernels._triads import (
    Tournament,
    even_rates,
    item_jackknife,
    majority_probabilities,
    sample_triads,
    triad_sums,
    triad_values,
)


def random_pairs(n, votes, density, seed):
    """A tournament of random votes, and its matrix of shares with NaN where pairs did not meet."""
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(n, 1)
    kept = rng.random(len(low)) < density
    low, high = low[kept], high[kept]
    share = rng.binomial(votes, rng.random(len(low))) / votes
    matrix = np.full((n, n), np.nan)
    matrix[low, high], matrix[high, low] = share, 1 - share
    pairs = Tournament(low, high, share, (share > 0.5) * 1.0, (share == 0.5) * 1.0, n)
    return pairs, matrix


def brute_force(p):
    """Value of every kind for each triad that met, and the triads."""
    values, met = [], []
    for triad in combinations(range(len(p)), 3):
        x, y, z = triad
        if np.isnan([p[x, y], p[y, z], p[x, z]]).any():
            continue
        rounds = ((x, y, z), (x, z, y))
        strict = any(p[a, b] > 0.5 and p[b, c] > 0.5 and p[c, a] > 0.5 for a, b, c in rounds)
        weak = any(p[a, b] >= 0.5 and p[b, c] >= 0.5 and p[c, a] >= 0.5 for a, b, c in rounds)
        soft = sum(p[a, b] * p[b, c] * p[c, a] for a, b, c in rounds)
        unclosed = any(
            p[a, b] > 0.5 and p[b, c] > 0.5 and not p[a, c] > 0.5 for a, b, c in permutations(triad)
        )
        values.append([strict, weak, soft, unclosed])
        met.append(triad)
    return np.array(values, dtype=float), np.array(met)


@pytest.mark.parametrize(("votes", "density"), [(1, 1.0), (4, 1.0), (4, 0.7), (5, 0.8)])
@pytest.mark.parametrize("sparse", [False, True])
def test_cycles_against_brute_force(votes, density, sparse, monkeypatch):
    if sparse:
        monkeypatch.setattr(_triads, "_LARGEST_DENSE", 2)
    pairs, matrix = random_pairs(11, votes, density, seed=votes)
    values, met = brute_force(matrix)
    sums = triad_sums(pairs)
    np.testing.assert_allclose(sums.total, values.sum(axis=0), atol=1e-12)
    assert sums.triads == len(met)
    for item in range(11):
        mine = (met == item).any(axis=1)
        np.testing.assert_allclose(sums.by_item[:, item], values[mine].sum(axis=0), atol=1e-12)
        assert sums.triads_by_item[item] == mine.sum()
    np.testing.assert_allclose(triad_values(pairs, met), values.T, atol=1e-12)
    np.testing.assert_allclose(triad_sums(pairs, by_item=False).total, sums.total, atol=1e-12)


def test_the_jackknife_leaves_out_items():
    pairs, matrix = random_pairs(9, 4, 0.9, seed=3)
    values, met = brute_force(matrix)
    rates = np.array([values[(met != item).all(axis=1)].mean(axis=0) for item in range(9)])
    wanted = np.sqrt(8 / 9 * ((rates - rates.mean(axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(item_jackknife(triad_sums(pairs)), wanted, atol=1e-12)


def test_expectations_by_going_through_all_outcomes():
    """Three votes on each of three pairs, every outcome weighted by its probability."""
    p = np.array([0.3, 0.6, 0.8])
    low, high = np.array([0, 0, 1]), np.array([1, 2, 2])
    expected = np.zeros(4)
    for votes in np.ndindex(3, 3, 3):
        chance = stats.binom.pmf(votes, 2, p).prod()
        share = np.array(votes) / 2
        pairs = Tournament(low, high, share, (share > 0.5) * 1.0, (share == 0.5) * 1.0, 3)
        expected += chance * triad_sums(pairs).total
    win, tie = majority_probabilities(2, p)
    sums = triad_sums(Tournament(low, high, p, win, tie, 3))
    np.testing.assert_allclose(sums.total, expected, atol=1e-12)


@pytest.mark.parametrize("votes", [0, 1, 2, 7, 20, 501])
def test_majorities_are_binomial(votes):
    p = np.array([0.0, 0.2, 0.5, 1.0])
    win, tie = majority_probabilities(votes, p)
    half = votes // 2
    np.testing.assert_allclose(win, stats.binom.sf(half, votes, p), atol=1e-13)
    even = stats.binom.pmf(half, votes, p) if votes % 2 == 0 else 0 * p
    np.testing.assert_allclose(tie, even, atol=1e-13)


def test_rates_of_a_coin_in_closed_form():
    win, tie = majority_probabilities(20, 0.5)
    low, high = np.triu_indices(6, 1)
    many = Tournament(
        low, high, np.full(15, 0.5), np.full(15, float(win)), np.full(15, float(tie)), 6
    )
    sums = triad_sums(many)
    np.testing.assert_allclose(sums.total / sums.triads, even_rates(float(win), float(tie)))


def test_triads_are_drawn_uniformly_from_those_that_met():
    pairs, matrix = random_pairs(8, 4, 0.7, seed=5)
    _, met = brute_force(matrix)
    drawn = np.sort(sample_triads(pairs, 4000, np.random.default_rng(0)), axis=1)
    found, counts = np.unique(drawn, axis=0, return_counts=True)
    assert {tuple(t) for t in found} == {tuple(t) for t in met}
    assert stats.chisquare(counts).pvalue > 0.001


def test_no_triad_to_draw():
    path = Tournament(np.array([0, 1]), np.array([1, 2]), np.ones(2), np.ones(2), np.zeros(2), 3)
    assert sample_triads(path, 5, np.random.default_rng(0)).shape == (0, 3)


# -- transitivity ------------------------------------------------------------------------------


def strans(p):
    """Violations as in eba: of the orders with the premise, the one that satisfies most counts."""
    worst = []
    for triad in combinations(range(len(p)), 3):
        best = None
        for x, y, z in permutations(triad):
            if np.isnan([p[x, y], p[y, z], p[x, z]]).any():
                break
            if p[x, y] >= 0.5 and p[y, z] >= 0.5:
                low, high = sorted([p[x, y], p[y, z]])
                kept = (p[x, z] >= 0.5, p[x, z] >= low, p[x, z] >= high)
                best = kept if best is None or sum(kept) > sum(best) else best
        if best is not None:
            worst.append(best)
    return (~np.array(worst)).sum(axis=0), len(worst)


@pytest.mark.parametrize(("votes", "density"), [(1, 1.0), (2, 1.0), (4, 0.8), (32, 1.0)])
def test_transitivity_against_brute_force(votes, density):
    _, matrix = random_pairs(10, votes, density, seed=votes + 7)
    violations, triples = strans(matrix)
    counts = transitivity_counts(matrix)
    assert counts.violations.tolist() == violations.tolist()
    assert counts.triples == triples
    np.testing.assert_allclose(counts.by_item.sum(axis=1), 3 * violations)
    assert counts.largest[0] <= 0.5


def test_prior_volumes_by_simulation():
    rng = np.random.default_rng(0)
    level, _ = levels(*rng.random((3, 100_000)))
    share = [(level > axiom).mean() for axiom in range(3)]
    np.testing.assert_allclose(np.exp(prior_logs(3)), share, atol=0.005)
    # Four items: the three levels of all four triples at once.
    p = rng.random((6, 100_000))  # 01 02 03 12 13 23
    triples = [(0, 3, 1), (0, 4, 2), (1, 5, 2), (3, 5, 4)]
    every = np.stack([levels(*p[list(sides)])[0] for sides in triples])
    weak, _, strong = np.exp(prior_logs(4))
    assert (every > 0).all(axis=0).mean() == pytest.approx(weak, abs=0.006)
    assert (every > 2).all(axis=0).mean() == pytest.approx(strong, abs=0.004)


# -- exact tables ------------------------------------------------------------------------------


def test_fisher_is_scipys():
    rng = np.random.default_rng(0)
    a, b, c, d = rng.integers(0, 13, (4, 200)).astype(float)
    wanted = [
        stats.fisher_exact([[x, y], [z, w]]).pvalue for x, y, z, w in zip(a, b, c, d, strict=True)
    ]
    np.testing.assert_allclose(fisher_pvalues(a, b, c, d), wanted, rtol=1e-9)


def test_common_odds_are_those_of_statsmodels():
    rng = np.random.default_rng(1)
    tables = rng.integers(0, 9, (2, 2, 40))
    ours = common_odds(*tables.reshape(4, -1).astype(float))
    theirs = StratifiedTable(tables)
    assert ours.log_ratio == pytest.approx(theirs.logodds_pooled, rel=1e-12)
    assert ours.stderr == pytest.approx(theirs.logodds_pooled_se, rel=1e-12)


def test_common_odds_without_a_diagonal():
    one = np.array([3.0, 0.0])
    assert common_odds(one, 0 * one, 0 * one, one).log_ratio == np.inf
    assert np.isnan(common_odds(one, one, 0 * one, 0 * one).log_ratio)


# -- dyads -------------------------------------------------------------------------------------


def test_dyadic_error_counts_pairs_that_share_an_item():
    rng = np.random.default_rng(2)
    low, high = np.triu_indices(12, 1)
    value = rng.normal(size=12)[low] + rng.normal(size=12)[high] + rng.normal(size=66)
    result = dyadic_mean(value, np.ones(66), low, high, 12)
    residual = value - value.mean()
    pairs = np.stack([low, high], axis=1)
    shared = np.array([len(set(one) & set(other)) for one in pairs for other in pairs])
    sums = (np.outer(residual, residual).ravel() * shared).sum()  # a pair with itself counts twice
    wanted = 12 * 11 / 100 * sums - (residual**2).sum()
    assert result.stderr == pytest.approx(np.sqrt(wanted) / 66, rel=1e-12)
    assert np.isnan(dyadic_mean(value[:1], np.ones(1), low[:1], high[:1], 12).stderr)


def test_the_jackknife_leaves_out_one_item_after_the_other():
    pairs, matrix = random_pairs(8, 4, 0.9, seed=3)
    values, met = brute_force(matrix)
    rates = np.array([
        values[(met != item).all(axis=1)].mean(axis=0)
        for item in range(8) if (met == item).any()
    ])  # fmt: skip
    n = len(rates)
    expected = np.sqrt((n - 1) / n * ((rates - rates.mean(axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(item_jackknife(triad_sums(pairs)), expected)
    three, _ = random_pairs(3, 4, 1.0, seed=0)
    assert np.isnan(item_jackknife(triad_sums(three))).all()  # every item is in the one triad


def test_majorities_by_all_outcomes():
    decided, chance = np.array([0, 1, 2, 3, 4]), 0.3
    win, even = majority_probabilities(decided, chance)
    for n, up, level in zip(decided.tolist(), win, even, strict=True):
        mass = stats.binom(n, chance).pmf(np.arange(n + 1))
        assert up == pytest.approx(sum(mass[k] for k in range(n + 1) if 2 * k > n))
        assert level == pytest.approx(sum(mass[k] for k in range(n + 1) if 2 * k == n))
    certain, never = majority_probabilities(np.array([2, 2]), np.array([0.0, 1.0]))
    assert certain.tolist() == [0.0, 1.0]
    assert never.tolist() == [0.0, 0.0]

"""Agreement and entropy kernels against loops over labels, and influences against differences."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import special

from pluralism.kernels import _agreement, _agreement_influence, _entropy, _rarefaction

K = 4


class Labels:
    """Weighted labels of items: item 0 has none, item 1 a single one."""

    def __init__(self, seed=0, n_items=9, n_raters=5, weights=(0.5, 1.0, 2.0)):
        rng = np.random.default_rng(seed)
        given = rng.random((n_items, n_raters)) < 0.7
        given[0], given[1] = False, np.arange(n_raters) == 2
        given[2:, :2] = True
        self.item, self.rater = np.nonzero(given)
        self.label = rng.integers(0, K, len(self.item))
        self.weight = rng.choice(weights, len(self.item))
        self.counts = np.zeros((n_items, K))
        np.add.at(self.counts, (self.item, self.label), self.weight)
        self.squares = np.bincount(self.item, self.weight**2, n_items)
        self.often = rng.random(n_items) + 0.5
        self.n_items, self.n_raters = n_items, n_raters

    def pairs(self, item):
        """Labels and weights of all pairs of different labels on an item."""
        mine = np.flatnonzero(self.item == item)
        for a, b in itertools.permutations(mine, 2):
            yield self.label[a], self.label[b], self.weight[a] * self.weight[b]


def similarity_of(seed=0):
    half = np.random.default_rng(seed).random((K, K)) / 2
    table = half + half.T
    np.fill_diagonal(table, 1.0)
    return table


def mean_agreement(labels, similarity):
    shares, often = [], []
    for item in range(labels.n_items):
        pairs = list(labels.pairs(item))
        if pairs:
            weight = sum(w for _, _, w in pairs)
            shares.append(sum(w * similarity[k, m] for k, m, w in pairs) / weight)
            often.append(labels.often[item])
    return np.average(shares, weights=often)


def test_agreement_within_items_and_chances_of_each():
    labels, similarity = Labels(), similarity_of()
    table = (labels.counts, labels.squares, labels.often, similarity)
    observed = mean_agreement(labels, similarity)
    used = labels.counts.sum(axis=1) > 0
    assert not used[0]
    share = np.average(
        labels.counts[used] / labels.counts[used].sum(axis=1, keepdims=True),
        axis=0,
        weights=labels.often[used],
    )
    by_chance = {
        _agreement.fleiss_agreement: share @ similarity @ share,
        _agreement.gwet_agreement: similarity.sum() * (share * (1 - share)).sum() / (K * (K - 1)),
        _agreement.brennan_prediger_agreement: similarity.mean(),
    }
    for coefficient, expected in by_chance.items():
        got = coefficient(*table)
        assert got.observed == pytest.approx(observed)
        assert got.expected == pytest.approx(expected)
        assert got.value == pytest.approx((observed - expected) / (1 - expected))
        batch = coefficient(np.stack([labels.counts] * 2), *table[1:])
        assert batch.value == pytest.approx([got.value] * 2)


def test_conger_draws_from_two_different_raters():
    labels, similarity = Labels(1), similarity_of(1)
    rng = np.random.default_rng(2)
    share = rng.dirichlet(np.ones(K), 3)
    often = np.array([1.0, 2.0, 0.5])
    got = _agreement.conger_agreement(
        labels.counts, labels.squares, labels.often, similarity, share, often
    )
    chances, weights = zip(
        *(
            (share[a] @ similarity @ share[b], often[a] * often[b])
            for a, b in itertools.permutations(range(3), 2)
        ),
        strict=True,
    )
    expected = np.average(chances, weights=weights)
    assert got.expected == pytest.approx(expected)
    assert got.observed == pytest.approx(mean_agreement(labels, similarity))
    assert got.value == pytest.approx((got.observed - expected) / (1 - expected))


@pytest.mark.parametrize("ordinal", [False, True])
def test_krippendorff_by_pairs(ordinal):
    labels = Labels(3)
    pairable = [item for item in range(labels.n_items) if list(labels.pairs(item))]
    marginal = sum(labels.often[item] * labels.counts[item] for item in pairable)
    distance = 1.0 - similarity_of(3)
    if ordinal:
        for k, m in itertools.product(range(K), repeat=2):
            low, high = min(k, m), max(k, m)
            between = marginal[low : high + 1].sum() - (marginal[low] + marginal[high]) / 2
            distance[k, m] = between**2 if k != m else 0.0
    n = marginal.sum()
    observed = 0.0
    for item in pairable:
        pairs = list(labels.pairs(item))
        mean = sum(w * distance[k, m] for k, m, w in pairs) / sum(w for _, _, w in pairs)
        observed += labels.often[item] * labels.counts[item].sum() * mean / n
    squares = sum(labels.often[item] * labels.squares[item] for item in pairable)
    expected = marginal @ distance @ marginal / (n * n - squares)
    given = None if ordinal else distance
    got = _agreement.krippendorff_agreement(labels.counts, labels.squares, labels.often, given)
    assert got.observed == pytest.approx(1 - observed)
    assert got.expected == pytest.approx(1 - expected)
    assert got.value == pytest.approx(1 - observed / expected)
    both = _agreement.krippendorff_agreement(
        np.stack([labels.counts] * 2), labels.squares, np.stack([labels.often, labels.often]), given
    )
    np.testing.assert_allclose(both.value, got.value)


def by_item(function, n_items, step=1e-6):
    """Slopes by the weight of each item, at weights of one."""
    moved = step * np.eye(n_items)
    return np.array([(function(1.0 + d) - function(1.0 - d)) / (2 * step) for d in moved])


@pytest.mark.parametrize("ordinal", [False, True])
def test_influence_on_alpha(ordinal):
    labels = Labels(4)
    distance = None if ordinal else 1.0 - similarity_of(4)
    counts, squares = labels.counts[2:], labels.squares[2:]  # those with pairs

    def alpha(weight):
        return _agreement.krippendorff_agreement(counts, squares, weight, distance)

    got = _agreement_influence.alpha_influence(counts, squares, distance, alpha(np.ones(7)))
    np.testing.assert_allclose(got, by_item(lambda w: alpha(w).value, 7), atol=1e-7)


def test_influence_on_kappas():
    labels, similarity = Labels(5), similarity_of(5)
    counts, squares, n = labels.counts, labels.squares, labels.n_items
    share = labels.counts[1:] / labels.counts[1:].sum(axis=1, keepdims=True)
    gradients = {
        _agreement.fleiss_agreement: 2.0 * similarity @ share.mean(axis=0),
        _agreement.gwet_agreement: similarity.sum() * (1 - 2 * share.mean(axis=0)) / (K * (K - 1)),
        _agreement.brennan_prediger_agreement: np.zeros(K),
    }
    for coefficient, gradient in gradients.items():

        def kappa(weight, coefficient=coefficient):
            return coefficient(counts, squares, weight, similarity)

        d_expected = _agreement_influence.share_influence(counts, gradient)
        np.testing.assert_allclose(
            d_expected, by_item(lambda w, kappa=kappa: kappa(w).expected, n), atol=1e-8
        )
        got = _agreement_influence.kappa_influence(
            counts, squares, similarity, kappa(np.ones(n)), d_expected
        )
        np.testing.assert_allclose(
            got, by_item(lambda w, kappa=kappa: kappa(w).value, n), atol=1e-7
        )


def test_influence_on_the_chance_of_two_raters():
    labels, similarity = Labels(6), similarity_of(6)
    kept = labels.item > 1  # with pairs
    item, rater, label = labels.item[kept], labels.rater[kept], labels.label[kept]
    weight, often = labels.weight[kept], np.array([1.0, 2.0, 1.0, 0.5, 1.0])

    def chance(by_item):
        share = np.zeros((5, K))
        np.add.at(share, (rater, label), weight * by_item[item])
        share /= share.sum(axis=1, keepdims=True)
        return _agreement.conger_agreement(
            labels.counts, labels.squares, labels.often, similarity, share, often
        ).expected

    share = np.zeros((5, K))
    np.add.at(share, (rater, label), weight)
    share /= share.sum(axis=1, keepdims=True)
    got = _agreement_influence.conger_chance_influence(
        item, rater, label, weight, share, often, similarity, labels.n_items
    )
    np.testing.assert_allclose(got, by_item(chance, labels.n_items), atol=1e-8)


# -- entropy -------------------------------------------------------------------------------------

COUNTS = np.array([[3.0, 1.0, 0.0, 7.0, 1.0], [1.0, 1.0, 1.0, 0.0, 0.0], [0.0, 9.0, 0.0, 0.0, 0.0],
                   [2.0, 2.0, 5.0, 4.0, 1.0], [1.0, 0.0, 0.0, 0.0, 0.0], [6.0, 6.0, 0.0, 1.0, 3.0],
                   [4.0, 0.0, 0.0, 2.0, 2.0]])  # fmt: skip


def plugin(row):
    n = sum(row)
    return -sum(c / n * math.log(c / n) for c in row if c)


def chao_shen(row):
    n, once = sum(row), sum(c == 1 for c in row)
    once = n - 1 if once == n else once
    total = 0.0
    for c in row:
        p = (1 - once / n) * c / n
        if p:
            total -= p * math.log(p) / (1 - (1 - p) ** n)
    return total


def grassberger(row):
    def g(c):
        digamma = special.digamma
        return digamma(c) + (-1) ** int(c) / 2 * (digamma((c + 1) / 2) - digamma(c / 2))

    n = sum(row)
    return math.log(n) - sum(c * g(c) for c in row if c) / n


def grassberger_1988(row):
    n = sum(row)
    return sum(
        c * (math.log(n) - special.digamma(c) - (-1) ** int(c) / (c + 1)) for c in row if c
    ) / n  # fmt: skip


@pytest.mark.parametrize("block", [1, 10, 1 << 15])
def test_entropies_of_rows_are_their_sums(block, monkeypatch):
    monkeypatch.setattr(_entropy, "BLOCK", block)
    seen = (COUNTS > 0).sum(axis=1)
    bias = (seen - 1) / (2 * COUNTS.sum(axis=1))
    for kernel, formula in (
        (_entropy.plugin_entropy, plugin),
        (_entropy.chao_shen_entropy, chao_shen),
        (_entropy.grassberger_entropy, grassberger),
        (_entropy.grassberger_1988_entropy, grassberger_1988),
    ):
        expected = [formula(row) for row in COUNTS.tolist()]
        np.testing.assert_allclose(kernel(COUNTS), expected, rtol=1e-12, atol=1e-15)
    naive = np.array([plugin(row) for row in COUNTS.tolist()])
    np.testing.assert_allclose(_entropy.miller_madow_entropy(COUNTS), naive + bias, atol=1e-15)
    for table in (1 << 16, 8):  # looked up, and not
        monkeypatch.setattr(_entropy, "_TABLE", table)
        found = _entropy.plugin_with_bias(COUNTS)
        np.testing.assert_allclose(found, np.column_stack([naive, -bias]), atol=1e-14)
    assert found[2].tolist() == [0.0, 0.0]
    shares = COUNTS / COUNTS.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        _entropy.plugin_with_bias(shares), np.column_stack([naive, np.zeros(7)]), atol=1e-15
    )


def test_counts_that_are_not_whole_have_no_bias_estimate(monkeypatch):
    mixed = np.array([[3.0, 1.0, 0.0], [0.5, 1.5, 2.0]])
    for table in (1 << 16, 2):
        monkeypatch.setattr(_entropy, "_TABLE", table)
        found = _entropy.plugin_with_bias(mixed)
        np.testing.assert_allclose(found[:, 0], [plugin(row) for row in mixed.tolist()])
        assert found[:, 1].tolist() == [-0.125, 0.0]


@pytest.mark.parametrize("concentration", [1.0, 0.3])
def test_the_posterior_mean_of_an_entropy_is_that_of_draws(concentration):
    rng = np.random.default_rng(0)
    k = 6
    for row, got in zip(
        COUNTS[:4], _entropy.dirichlet_entropy(COUNTS[:4], k, concentration), strict=True
    ):
        drawn = rng.dirichlet(np.append(row, 0.0) + concentration, 20_000)
        entropy = -special.xlogy(drawn, drawn).sum(axis=1)
        assert got == pytest.approx(entropy.mean(), abs=4 * entropy.std() / np.sqrt(20_000))
        a = np.append(row, 0.0) + concentration
        exact = special.digamma(a.sum() + 1) - (a * special.digamma(a + 1)).sum() / a.sum()
        assert got == pytest.approx(exact)


# -- rarefaction ---------------------------------------------------------------------------------


def test_categories_not_met():
    counts = np.array([[1.0, 1.0, 1.0, 2.0, 2.0, 5.0], [1.0, 1.0, 1.0, 4.0, 0.0, 0.0],
                       [2.0, 2.0, 0.0, 0.0, 0.0, 0.0]])  # fmt: skip
    assert _rarefaction.unseen(counts) == pytest.approx([11 / 12 * 9 / 4, 6 / 7 * 3.0, 0.0])
    assert _rarefaction.unseen(counts[:, None, :]).shape == (3, 1)


def test_richness_of_smaller_samples_by_binomials_and_of_larger_by_chao():
    counts = np.zeros((4, 6))
    for row, kept in zip(counts, ("111225", "1114", "33", ""), strict=True):
        row[: len(kept)] = [int(count) for count in kept]
    counts[3, 1:5] = [40, 25, 35, 1]
    sizes = np.array([1.0, 2.0, 5.0, 6.0, 7.0, 12.0, 30.0, 66.0, 101.0, 102.0, 1000.0])
    found = _rarefaction.expected_richness(counts, sizes)
    for row, got in zip(counts.astype(int).tolist(), found, strict=True):
        n, once, twice = sum(row), row.count(1), row.count(2)
        unseen = (n - 1) / n * (once**2 / (2 * twice) if twice else once * (once - 1) / 2)
        for size, value in zip(sizes.astype(int).tolist(), got, strict=True):
            if size <= n:
                expected = sum(1 - math.comb(n - c, size) / math.comb(n, size) for c in row if c)
            else:
                share = once / (n * unseen + once) if once else 0.0
                expected = sum(c > 0 for c in row)
                expected += unseen * (1 - (1 - share) ** (size - n)) if share < 1 else unseen
            assert value == pytest.approx(expected, rel=1e-10), (row, size)


def test_stirlings_remainder_is_that_of_the_logarithm_of_gamma():
    x = np.array([1.0, 2.5, 10.0, 29.0, 30.0, 31.0, 60.0, 400.0])
    main = (x - 0.5) * np.log(x) - x + 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(_rarefaction._stirling(x), special.gammaln(x) - main, atol=2e-12)

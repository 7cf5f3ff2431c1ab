"""Groups of raters, mixtures, graphs of values and justified groups against plain computations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import optimize, special

from pluralism.kernels import _groups, _justified, _mixture, _moral_graph, _nsb
from pluralism.kernels._agreement import krippendorff_agreement
from pluralism.kernels._cross import cross_agreement

# -- groups of raters ----------------------------------------------------------------------------

K, ITEMS, GROUPS = 3, 7, 4


def group_counts(whole, seed=0):
    """Counts of four groups out of all, some with no label on an item, and sums of squares."""
    rng = np.random.default_rng(seed)
    total = rng.integers(1, 6, (K, ITEMS, 1)).astype(float)
    counts = np.floor(total * rng.random((K, ITEMS, GROUPS)) * 1.3)
    counts = np.minimum(counts, total)
    counts[:, 0, 0] = 0.0
    counts[:, 1, 1] = total[:, 1, 0]  # nobody else labelled this
    counts[:, 2, 2] = [0.0, 1.0, 0.0]  # a single label
    squares = counts.sum(axis=0)
    if not whole:
        counts, total, squares = 0.5 * counts, 0.5 * total, 0.25 * squares
    return counts, squares, total


def entropies(own, other, smoothing):
    """Of an item: ln k less the entropy of its labels, and less their cross-entropy."""
    p = own / own.sum()
    negentropy = np.log(K) + special.xlogy(p, p).sum()
    if not smoothing:
        used = (other > 0) & (own > 0)
        cross = np.log(K) + (p[used] * np.log(other[used] / other.sum())).sum()
    else:
        q = (other + smoothing) / (other.sum() + K * smoothing)
        cross = np.log(K) + p @ np.log(q)
    return negentropy, cross


@pytest.mark.parametrize("metric", ["nominal", "interval", "ordinal"])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.7])
def test_statistics_of_groups_one_by_one(metric, whole, smoothing):
    counts, squares, total = group_counts(whole)
    code = np.arange(K)
    distance = np.abs(code[:, None] - code).astype(float) ** (0 if metric == "nominal" else 2)
    np.fill_diagonal(distance, 0.0)
    found = _groups.group_statistics(
        counts, squares, total, distance, smoothing, ordinal=metric == "ordinal", whole=whole
    )
    by_name = dict(zip(_groups.STATISTICS, found, strict=True))
    for g in range(GROUPS):
        own, rest = counts[:, :, g].T, (total[:, :, 0] - counts[:, :, g]).T  # (items, categories)
        given = None if metric == "ordinal" else distance
        alpha = krippendorff_agreement(own, squares[:, g], np.ones(ITEMS), given)
        assert by_name["alpha"][g] == pytest.approx(alpha.value)
        assert by_name["xrr"][g] == pytest.approx(cross_agreement(own, rest, distance).value)
        some = own.sum(axis=1) > 0
        both = some & (rest.sum(axis=1) > 0)
        shares = own[some].max(axis=1) / own[some].sum(axis=1)
        assert by_name["plurality"][g] == pytest.approx(shares.mean())
        parts = [
            entropies(own[i], np.maximum(rest[i], 1e-300), 0.0)[0] for i in np.flatnonzero(some)
        ]
        assert by_name["negentropy"][g] == pytest.approx(np.mean(parts))
        parts = [entropies(own[i], rest[i], smoothing)[1] for i in np.flatnonzero(both)]
        assert by_name["cross_negentropy"][g] == pytest.approx(np.mean(parts))
        voters = [(table == table.max(axis=1, keepdims=True)) for table in (own[both], rest[both])]
        x, y = (voter / voter.sum(axis=1, keepdims=True) for voter in voters)
        votes, n = x.sum(axis=0) + y.sum(axis=0), 2.0 * both.sum()
        observed = ((x @ distance) * y).sum(axis=1).mean()
        expected = votes @ distance @ votes / (n * (n - 1))
        assert by_name["voting_agreement"][g] == pytest.approx(1 - observed / expected)


# -- mixtures ------------------------------------------------------------------------------------


def test_newton_steps_of_many_tables_are_short_and_arrive():
    rng = np.random.default_rng(1)
    wins = rng.random((3, 4, 4)) * np.array([1.0, 20.0, 0.1])[:, None, None]
    wins[:, np.arange(4), np.arange(4)] = 0.0
    ridge, start = 0.2, np.zeros((3, 4))
    start[1] = [9.0, 0.0, 0.0, -9.0]
    one = _mixture.ascend(wins, start, ridge, 1)
    assert np.abs(one - start).max() == pytest.approx(2.0)
    found = _mixture.ascend(wins, start, ridge, 60)

    def loss(u, won):
        return (won * np.logaddexp(0.0, u - u[:, None])).sum() + ridge / 2 * (u**2).sum()

    for won, utility in zip(wins, found, strict=True):
        best = optimize.minimize(loss, np.zeros(4), (won,), method="BFGS", tol=1e-9).x
        np.testing.assert_allclose(utility, best, atol=1e-5)
    np.testing.assert_array_equal(_mixture.ascend(wins, start, ridge, 0), start)


def test_responsibilities_and_expected_wins_by_loops():
    rng = np.random.default_rng(2)
    low, high = np.array([0, 0, 1]), np.array([1, 2, 2])
    table = rng.random((5, 6))  # wins of low by pair, then of high
    gap = rng.normal(size=(3, 2))
    likelihood = _mixture.class_log_likelihoods(table, gap)
    share = np.array([0.3, 0.7])
    weight, marginal = _mixture.posterior(likelihood, share)
    wins = np.zeros((2, 3, 3))
    for rater in range(5):
        value = np.array([
            sum(table[rater, p] * np.log(special.expit(gap[p, c]))
                + table[rater, 3 + p] * np.log(special.expit(-gap[p, c])) for p in range(3))
            for c in range(2)])  # fmt: skip
        np.testing.assert_allclose(likelihood[rater], value)
        joint = share * np.exp(value)
        np.testing.assert_allclose(weight[rater], joint / joint.sum())
        assert marginal[rater] == pytest.approx(np.log(joint.sum()))
        for p in range(3):
            wins[:, low[p], high[p]] += weight[rater] * table[rater, p]
            wins[:, high[p], low[p]] += weight[rater] * table[rater, 3 + p]
    np.testing.assert_allclose(_mixture.expected_wins(table, weight, low, high, 3), wins)
    far, log_far = _mixture.posterior(np.array([[-2000.0, -2001.0]]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(far, [special.expit([1.0, -1.0])])
    assert log_far[0] == pytest.approx(-2000.0 + np.log(0.5 + 0.5 * np.exp(-1.0)))


# -- graphs of values ----------------------------------------------------------------------------

COUNTS = np.array([[3.0, 1.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0], [4.0, 0.0, 0.0, 0.0],
                   [1.0, 1.0, 1.0, 1.0], [0.0, 2.0, 1.0, 5.0]])  # fmt: skip


def bits(counts):
    shares = counts[counts > 0] / counts.sum()
    return -(shares * np.log2(shares)).sum()


def test_statistics_of_edges():
    impressions = np.array([4.0, 0.0, 2.0, 6.0, 1.0])
    found = _moral_graph.edge_statistics(np.stack([COUNTS, COUNTS]), np.stack([impressions] * 2))
    np.testing.assert_allclose(found.likelihood[1], [1 / 6, np.nan, 1.0, 0.0, -5 / 8])
    expected = [bits(row) for row in COUNTS]
    expected[1] = np.nan
    np.testing.assert_allclose(found.entropy[0], expected, atol=1e-15)
    five = np.column_stack([COUNTS, impressions])
    expected = [bits(row) if row.any() else np.nan for row in five]
    np.testing.assert_allclose(found.published[1], expected, atol=1e-15)


def test_draws_are_about_the_observed_shares():
    found = _moral_graph.drawn_statistics(
        50 * COUNTS, np.arange(5.0), 0.5, 4000, np.random.default_rng(0)
    )
    assert found.likelihood.shape == found.entropy.shape == (4000, 5)
    observed = _moral_graph.edge_statistics(50 * COUNTS, np.arange(5.0))
    kept = [0, 3, 4]
    np.testing.assert_allclose(
        found.likelihood.mean(axis=0)[kept], observed.likelihood[kept], atol=0.006
    )
    assert np.isnan(found.likelihood[:, 1]).all()
    for edge in kept:  # spread as the posterior of a difference of two shares
        n = 50 * COUNTS[edge].sum() + 2.0
        p, q = (50 * COUNTS[edge, [0, 3]] + 0.5) / n
        spread = np.sqrt((p + q - (p - q) ** 2) / (n + 1))
        assert found.likelihood[:, edge].std() == pytest.approx(spread, rel=0.05)
    assert np.abs(found.likelihood[:, 2]).max() <= 1.0
    np.testing.assert_allclose(found.entropy.mean(axis=0)[kept], observed.entropy[kept], atol=0.02)
    np.testing.assert_allclose(
        found.published.mean(axis=0)[kept], observed.published[kept], atol=0.03
    )
    # prior mass of four halves at the mean of the observed: few votes vary more
    few = _moral_graph.drawn_statistics(
        COUNTS[:1], np.zeros(1), 2.0, 4000, np.random.default_rng(0)
    )
    p, q = 5.0 / 14.0, 4.0 / 14.0
    assert few.likelihood.std() == pytest.approx(np.sqrt((p + q - (p - q) ** 2) / 15), rel=0.05)
    assert few.likelihood.mean() == pytest.approx(1 / 6, abs=0.02)


def score_statistic(wiser, less, total, delta):
    """Difference over its standard error, both shares at their best under the difference."""
    rest = total - wiser - less

    def loss(q):
        p = q + delta
        return -special.xlogy([wiser, less, rest], [p, q, 1 - p - q]).sum()

    low, high = max(0.0, -delta), (1 - delta) / 2
    q = optimize.minimize_scalar(loss, bounds=(low, high), options={"xatol": 1e-12}).x
    variance = total * (2 * q + delta - delta**2)
    return (wiser - less - total * delta) / np.sqrt(variance)


@pytest.mark.parametrize("z", [1.0, 1.96])
def test_the_ends_of_the_interval_have_a_score_of_z(z):
    wiser, less, total = (
        np.array([3.0, 0.0, 5.0, 2.0, 0.0]),
        np.array([2.0, 4.0, 0.0, 2.0, 0.0]),
        np.array([6.0, 9.0, 8.0, 4.0, 0.0]),
    )
    found = _moral_graph.likelihood_interval(wiser, less, total, z)
    for place in range(4):
        low, high = found[place]
        assert -1 < low < (wiser[place] - less[place]) / total[place] < high < 1
        cell = wiser[place], less[place], total[place]
        assert score_statistic(*cell, low) == pytest.approx(z, rel=1e-3)
        assert score_statistic(*cell, high) == pytest.approx(-z, rel=1e-3)
    assert np.isnan(found[4]).all()
    unanimous = _moral_graph.likelihood_interval(
        np.array([5.0, 0.0]), np.array([0.0, 5.0]), np.full(2, 5.0), z
    )
    # (1 - d)^2 n^2 / (n (1 - d^2)) = z^2
    end = (5 - z**2) / (5 + z**2)
    np.testing.assert_allclose(unanimous, [[end, 1.0], [-1.0, -end]], atol=1e-9)


SOURCE, TARGET = np.array([0, 0, 1, 2, 2, 4]), np.array([1, 2, 2, 0, 3, 0])


def test_pageranks_solve_their_equations():
    weights = np.random.default_rng(3).random((2, 6))
    weights[1, 2] = 0.0  # nothing leaves value 1 there
    for damping in (0.0, 0.5, 0.85):
        found = _moral_graph.pagerank(weights, SOURCE, TARGET, 5, damping)
        leaky = _moral_graph.leaky_pagerank(weights, SOURCE, TARGET, 5, damping, 3)
        for replicate in range(2):
            matrix = np.zeros((5, 5))
            matrix[SOURCE, TARGET] = weights[replicate]
            out = matrix.sum(axis=1, keepdims=True)
            losing = np.divide(matrix, out, out=np.zeros((5, 5)), where=out > 0)
            kept = np.where(out > 0, losing, 1 / 5)
            expected = np.linalg.solve(np.eye(5) - damping * kept.T, np.full(5, (1 - damping) / 5))
            np.testing.assert_allclose(found[replicate], expected, rtol=1e-12)
            rank = np.full(5, 1 / 5)
            for _ in range(3):
                rank = (1 - damping) / 5 + damping * losing.T @ rank
            np.testing.assert_allclose(leaky[replicate], rank)


def test_ranks_share_the_best_place_up_to_rounding():
    scores = np.array([[2.0, 3.0, 2.0 + 1e-13, -1.0], [0.0, 0.0, 0.0, 0.0]])
    assert _moral_graph.rank_down(scores).tolist() == [[2, 1, 2, 4], [1, 1, 1, 1]]
    assert _moral_graph.rank_down(1e-200 * scores).tolist() == [[2, 1, 2, 4], [1, 1, 1, 1]]
    apart = np.array([1.0, 1.0 + 1e-11])
    assert _moral_graph.rank_down(apart).tolist() == [2.0, 1.0]


def test_one_shortest_cycle_of_every_linked_set():
    for seed in range(25):
        rng = np.random.default_rng(seed)
        edges = [e for e in itertools.permutations(range(6), 2) if rng.random() < 0.22]
        source, target = np.array(edges, dtype=int).reshape(-1, 2).T
        reach = np.zeros((6, 6), dtype=bool)
        reach[source, target] = True
        for via in range(6):
            reach |= reach[:, [via]] & reach[[via]]
        parts = {
            frozenset(np.flatnonzero(reach[v] & reach[:, v]).tolist())
            for v in range(6)
            if reach[v, v]
        }
        found = _moral_graph.short_cycles(source, target, 6)
        assert len(found) == len(parts)
        assert found == sorted(found)
        for cycle in found:
            assert cycle[0] == min(cycle)
            assert all(e in edges for e in zip(cycle, cycle[1:] + cycle[:1], strict=True))
            (part,) = [p for p in parts if p >= set(cycle)]
            shortest = min(
                len(way)
                for size in range(2, len(part) + 1)
                for way in itertools.permutations(part, size)
                if all(e in edges for e in zip(way, way[1:] + way[:1], strict=True))
            )
            assert len(cycle) == shortest


# -- the entropy of Nemenman, Shafee and Bialek --------------------------------------------------


def nsb(row, k):
    counts = np.asarray(row)
    n = counts.sum()
    digamma, log_gamma, trigamma = (
        special.digamma,
        special.gammaln,
        lambda x: special.polygamma(1, x),
    )

    def log_weight(beta):
        seen = counts[counts > 0]
        evidence = log_gamma(k * beta) - log_gamma(n + k * beta)
        evidence += (log_gamma(seen + beta) - log_gamma(beta)).sum()
        return evidence + np.log(beta * (k * trigamma(k * beta + 1) - trigamma(beta + 1)))

    def mean(beta):
        every = np.r_[counts[counts > 0], np.zeros(k - (counts > 0).sum())] + beta
        return digamma(n + k * beta + 1) - (every * digamma(every + 1)).sum() / (n + k * beta)

    at = np.exp(np.linspace(np.log(1e-6 / k), np.log(1e6), 401))
    logs, means = np.array([(log_weight(beta), mean(beta)) for beta in at]).T
    return np.average(means, weights=np.exp(logs - logs.max()))


@pytest.mark.parametrize("table", [1 << 20, 3])
def test_nsb_is_a_ratio_of_two_integrals(table, monkeypatch):
    monkeypatch.setattr(_nsb, "_TABLE", table)
    rows = np.array([[4.0, 1.0, 0.0, 1.0], [12.0, 7.0, 9.0, 0.0], [0.0, 0.0, 3.0, 0.0]])
    found = _nsb.nsb_entropy(rows, 6)
    np.testing.assert_allclose(found, [nsb(row, 6) for row in rows], rtol=1e-6)
    np.testing.assert_allclose(_nsb.nsb_entropy(rows[:1], 4), [nsb(rows[0], 4)], rtol=1e-6)


# -- groups that deserve more --------------------------------------------------------------------


def violation(approvals, counts, members, seats, kind):
    """The levels at which some group deserves more, by enumeration of alternatives."""
    total, levels = counts.sum(), set()
    m = approvals.shape[1]
    for level in range(1, seats + 1):
        for shared in itertools.combinations(range(m), level):
            common = approvals[:, shared].all(axis=1)
            if kind == "each":
                short = common & (approvals[:, members].sum(axis=1) < level)
                if seats * counts[short].sum() >= level * total:
                    levels.add(level)
            else:
                # every set of fewer than `level` members that the group together may approve
                for kept in itertools.combinations(members, min(level - 1, len(members))):
                    others = [c for c in members if c not in kept]
                    group = common & ~approvals[:, others].any(axis=1)
                    if seats * counts[group].sum() >= level * total:
                        levels.add(level)
    return levels


@pytest.mark.parametrize("kind", ["each", "jointly"])
def test_groups_that_deserve_more_by_enumeration(kind):
    levels = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        approvals = rng.random((5, 5)) < 0.55
        counts = rng.integers(1, 4, 5).astype(float)
        members = sorted(rng.choice(5, 3, replace=False).tolist())
        found = _justified.cohesive_violation(
            approvals, counts, members, 3, jointly=kind == "jointly"
        )
        expected = violation(approvals, counts, members, 3, kind)
        assert (None if found is None else found.level) == min(expected, default=None)
        if found is None:
            continue
        levels.append(found.level)
        assert len(found.alternatives) == found.level
        assert approvals[found.ballots][:, found.alternatives].all()
        assert 3 * counts[found.ballots].sum() >= found.level * counts.sum() - 1e-9
        met = approvals[found.ballots][:, members]
        assert (met.any(axis=0).sum() if kind == "jointly" else met.sum(axis=1).max()) < found.level
    assert 1 in levels
    assert len(levels) < 30


@pytest.mark.parametrize("top", [1, 3])
def test_a_group_that_shares_one_alternative_left_out(top):
    hit = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        approvals = rng.random((6, 5)) < 0.4
        counts = rng.integers(1, 4, 6).astype(float)
        members = sorted(rng.choice(5, 3, replace=False).tolist())
        met = approvals[:, members].sum(axis=1)
        expected = None
        for level in range(top, 0, -1):
            weight = {
                c: counts[approvals[:, c] & (met < level)].sum()
                for c in range(5)
                if c not in members
            }
            if expected is None and 3 * max(weight.values()) >= level * counts.sum():
                expected = level, max(weight, key=weight.get)
        found = _justified.single_violation(approvals, counts, members, 3, top)
        assert (found and (found.level, *found.alternatives)) == expected
        if found:
            hit += 1
            group = approvals[:, found.alternatives[0]] & (met < found.level)
            np.testing.assert_array_equal(found.ballots, group)
            assert found.message == ""
    assert 3 < hit < 40


def test_a_share_of_the_seats_is_enough_at_its_edge():
    approvals = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=bool)
    for weight, deserved in ((1.0, True), (0.999, False)):
        counts = np.array([weight, 1.0, 3.0 - 1.0 - weight])
        # one of three shares; the third elects both members
        found = _justified.single_violation(approvals[:, [0, 2]], counts, [1], 3, 1)
        assert (found is not None) == deserved
        found = _justified.cohesive_violation(approvals[:, [0, 2]], counts, [1], 3, jointly=False)
        assert (found is not None) == deserved

"""Majorities, rank matrices, welfare and balanced slates against enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from pluralism.kernels import (
    _balanced,
    _pairwise,
    _pareto,
    _ranked_pairs,
    _swaps,
    _tournament,
    _transitivity,
    _veto_core,
    _welfare,
)


def margins_of(seed, n=5, largest=4):
    upper = np.triu(np.random.default_rng(seed).integers(-largest, largest + 1, (n, n)), 1)
    return (upper - upper.T).astype(float)


# -- tournaments ---------------------------------------------------------------------------------


def test_scores_of_a_table():
    wins = np.array([[0.0, 3.0, 1.0], [1.0, 0.0, 2.0], [4.0, 2.0, 0.0]])
    ties = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    margins = wins - wins.T
    assert _tournament.borda_scores(wins, ties).tolist() == [4.5, 4.0, 6.5]
    assert _tournament.copeland_scores(margins).tolist() == [0.0, -1.0, 1.0]
    votes = _tournament.support_links(wins, margins, True)
    assert votes.tolist() == [[0.0, 3.0, 0.0], [0.0, 0.0, 0.0], [4.0, 0.0, 0.0]]
    links = _tournament.support_links(wins, margins, False)
    assert links.tolist() == [[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [3.0, 0.0, 0.0]]
    assert _tournament.minimax_scores(links).tolist() == [-3.0, -2.0, 0.0]
    batch = np.stack([wins, 2 * wins])
    assert _tournament.borda_scores(batch, np.stack([ties, ties])).tolist() == [
        [4.5, 4.0, 6.5], [8.5, 7.0, 12.5]
    ]  # fmt: skip
    assert _tournament.minimax_scores(np.stack([links, links])).shape == (2, 3)


def test_widest_paths_are_the_best_of_all_ways():
    batch = np.stack([np.maximum(margins_of(seed), 0.0) for seed in range(6)])
    found = _tournament.widest_paths(batch)
    for links, paths in zip(batch, found, strict=True):
        for a, b in itertools.permutations(range(5), 2):
            others = [c for c in range(5) if c not in (a, b)]
            widest = max(
                min(links[x, y] for x, y in itertools.pairwise((a, *way, b)))
                for size in range(4)
                for way in itertools.permutations(others, size)
            )
            assert paths[a, b] == widest
        assert not np.diagonal(paths).any()
    winners = _tournament.schulze_wins(np.stack([margins_of(seed) for seed in range(6)]))
    expected = [[all(p[a] >= p[:, a]) for a in range(5)] for p in found]
    np.testing.assert_array_equal(winners, expected)


def test_tops_of_tournaments_by_all_sets():
    for seed in range(40):
        margins = margins_of(seed, largest=1)
        every = [
            set(group) for size in range(1, 6) for group in itertools.combinations(range(5), size)
        ]
        dominant = [
            s for s in every if all(margins[a, b] > 0 for a in s for b in set(range(5)) - s)
        ]
        unbeaten = [
            s for s in every if all(margins[b, a] <= 0 for a in s for b in set(range(5)) - s)
        ]
        minimal = [s for s in unbeaten if not any(t < s for t in unbeaten)]
        smith = _tournament.smith_members(margins)
        assert set(np.flatnonzero(smith).tolist()) == min(dominant, key=len)
        schwartz = _tournament.schwartz_members(margins)
        assert set(np.flatnonzero(schwartz).tolist()) == set.union(*minimal)


def test_covering_relations_by_their_definitions():
    for seed in range(10):
        margins = margins_of(seed, largest=1)
        beats = margins > 0
        up = [set(np.flatnonzero(beats[:, x]).tolist()) for x in range(5)]
        down = [set(np.flatnonzero(beats[x]).tolist()) for x in range(5)]
        found = _tournament.covering(margins)
        assert list(found) == ["gillies", "bordes", "mckelvey", "fishburn"]
        for a, b in itertools.product(range(5), repeat=2):
            assert found["gillies"][a, b] == (beats[a, b] and up[a] <= up[b])
            assert found["bordes"][a, b] == (beats[a, b] and down[b] <= down[a])
            assert found["mckelvey"][a, b] == (
                beats[a, b] and up[a] <= up[b] and down[b] <= down[a]
            )
            assert found["fishburn"][a, b] == (up[a] < up[b])


def locked(order, n):
    """Edges that get in when majorities are locked in this order, closed under transitivity."""
    reach = np.zeros((n, n), dtype=bool)
    for winner, loser in order:
        if not reach[loser, winner]:
            reach[winner, loser] = True
            for via in range(n):
                reach |= reach[:, [via]] & reach[[via]]
    return reach


def test_ranked_pairs_in_every_order_of_equal_majorities():
    several = 0
    for seed in range(25):
        margins = margins_of(seed, n=4, largest=2)
        groups = [
            [tuple(e) for e in np.argwhere(margins == size).tolist()] for size in (2, 1)
        ]  # fmt: skip
        orders = itertools.product(*(itertools.permutations(group) for group in groups))
        expected = {locked(itertools.chain(*order), 4).tobytes() for order in orders}
        found = _ranked_pairs.lock_all_orders(groups, 4, 10_000)
        assert found.complete
        assert {_ranked_pairs.reach_matrix(s).tobytes() for s in found.states} == expected
        assert len(found.states) == len(expected)
        one, contested = _ranked_pairs.lock_in_order(groups, 4)
        reach = _ranked_pairs.reach_matrix(one)
        np.testing.assert_array_equal(reach, locked(itertools.chain(*groups), 4))
        if len(expected) > 1:
            assert any(contested)
            several += 1
    assert several > 2


def test_orders_are_followed_up_to_a_limit():
    cycle = [[(0, 1), (1, 2), (2, 0)]]
    states, contested = _ranked_pairs.lock_in_order([*cycle, [(0, 3)]], 4)
    assert contested == [True, False]
    assert len(states) == 4
    met = next(
        limit for limit in range(30) if _ranked_pairs.lock_all_orders(cycle, 3, limit).complete
    )
    # nothing, one of three, and two of three: each is met once
    assert met == 7
    short = _ranked_pairs.lock_all_orders(cycle, 3, 6)
    assert not short.complete
    assert _ranked_pairs.lock_all_orders([[(0, 1)], [(1, 2)]], 3, 0).complete


# -- transitivity --------------------------------------------------------------------------------


def level_of(p, triple):
    """The best that an order with the premise does, and what it lacks for each level."""
    tried = []
    for x, y, z in itertools.permutations(triple):
        if p[x, y] >= 0.5 and p[y, z] >= 0.5:
            wanted = (0.5, min(p[x, y], p[y, z]), max(p[x, y], p[y, z]))
            lacks = [w - p[x, z] for w in wanted]
            tried.append((sum(lack <= 1e-12 for lack in lacks), -sum(lacks), lacks))
    level, _, lacks = max(tried)
    return level, lacks


def test_violations_of_transitivity_by_triples():
    seen = set()
    for seed in range(6):
        rng = np.random.default_rng(seed)
        p = np.full((7, 7), np.nan)
        for x, y in itertools.combinations(range(7), 2):
            if rng.random() < 0.8:
                p[x, y] = rng.integers(0, 9) / 8
                p[y, x] = 1 - p[x, y]
        np.fill_diagonal(p, 0.5)
        met = [
            t for t in itertools.combinations(range(7), 3) if not np.isnan(p[np.ix_(t, t)]).any()
        ]
        found = _transitivity.transitivity_counts(p)
        count, by_item = np.zeros(3), np.zeros((3, 7))
        total, largest = np.zeros(3), np.zeros(3)
        for triple in met:
            level, lacks = level_of(p, triple)
            seen.add(level)
            for axiom in range(level, 3):
                count[axiom] += 1
                by_item[axiom, list(triple)] += 1
                total[axiom] += lacks[axiom]
                largest[axiom] = max(largest[axiom], lacks[axiom])
        assert found.triples == len(met)
        np.testing.assert_array_equal(found.violations, count)
        np.testing.assert_array_equal(found.by_item, by_item)
        np.testing.assert_allclose(found.deviation, total)
        np.testing.assert_allclose(found.largest, largest)
        np.testing.assert_array_equal(
            found.triples_by_item, [sum(item in triple for triple in met) for item in range(7)]
        )
    assert seen == {0, 1, 2, 3}


@pytest.mark.parametrize("n", [3, 4])
def test_volumes_of_transitivity_are_shares_of_random_tables(n):
    draws = 100_000
    drawn = np.random.default_rng(1).random((math.comb(n, 2), draws))
    p = dict(zip(itertools.combinations(range(n), 2), drawn, strict=True))
    level = np.min(
        [
            _transitivity.levels(p[x, y], p[y, z], p[x, z])[0]
            for x, y, z in itertools.combinations(range(n), 3)
        ],
        axis=0,
    )
    volume = np.exp(_transitivity.prior_logs(n))
    for least in (1, 3) if n == 4 else (1, 2, 3):
        error = 4 * np.sqrt(volume[least - 1] / draws)
        assert (level >= least).mean() == pytest.approx(volume[least - 1], abs=error)
    assert np.isnan(volume[1]) == (n == 4)


# -- Pareto, veto, swaps -------------------------------------------------------------------------


def test_dominance_up_to_a_tolerance():
    points = np.array([[1.0, 1.0], [1.0, 2.0], [2.0, 0.5], [1.5, 2.0], [1.0, 1.0]])
    none, some = np.zeros(2), np.array([0.5, 0.0])
    assert _pareto.dominance_counts(points, none).tolist() == [2, 1, 0, 0, 2]
    assert _pareto.dominance_counts(points, some).tolist() == [2, 0, 1, 0, 2]
    assert _pareto.dominance_counts(points, np.array([0.4999, 0.0])).tolist() == [2, 1, 0, 0, 2]
    wide = _pareto.dominance_counts(np.stack([points, -points]), none)
    assert wide.tolist() == [[2, 1, 0, 0, 2], [0, 2, 0, 3, 0]]


def test_hypervolumes_by_a_grid():
    for seed in range(6):
        points = np.random.default_rng(seed).integers(0, 6, (5, 3)).astype(float)
        corner = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), axis=-1) + 0.5
        inside = (corner[..., None, :] < points).all(axis=-1).any(axis=-1)
        assert _pareto.hypervolume_3d(points) == inside.sum()
        flat = (corner[:, :, 0, None, :2] < points[:, :2]).all(axis=-1).any(axis=-1)
        assert _pareto.hypervolume_2d(points[:, :2]) == flat.sum()
    assert _pareto.hypervolume_3d(np.zeros((0, 3))) == 0.0


@pytest.mark.parametrize("scale", [1.0, 0.3, 3e8])
def test_coalitions_with_a_veto_by_enumeration(scale):
    hit = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        prefers = rng.random((4, 4)) < 0.5
        prefers[:, 0] = False
        counts = rng.integers(1, 4, 4) * scale
        total, blocks = counts.sum(), False
        for size in range(1, 4):
            for liked in itertools.combinations(range(1, 4), size):
                voters = prefers[:, liked].all(axis=1)
                blocks |= bool(4 * counts[voters].sum() > total * (4 - size) * (1 + 1e-9))
        found = _veto_core.blocking_coalition(prefers, counts)
        assert (found is not None) == blocks
        if found is not None:
            hit += 1
            assert prefers[found.voters][:, found.preferred].all()
            power = 4 * counts[found.voters].sum()
            assert power > total * (4 - found.preferred.sum())
            assert found.message == ""
    assert 3 < hit < 17


def test_swaps_that_never_make_a_ranking_weigh_more():
    for seed in range(12):
        rng = np.random.default_rng(seed)
        rankings = [tuple(r) for r in itertools.permutations(range(3))]
        rows = [rankings[i] for i in rng.integers(0, 6, 5)]
        counts = rng.integers(1, 3, 5) * 1e5 / 3
        weight = {
            r: sum(c for row, c in zip(rows, counts, strict=True) if row == r) for r in rankings
        }
        found = _swaps.swap_dominance_matrix(np.array(rows, np.uint8), counts)
        for a, b in itertools.permutations(range(3), 2):
            expected = True
            for ranks in rankings:
                image = list(ranks)
                image[a], image[b] = image[b], image[a]
                if ranks[a] < ranks[b]:
                    expected &= weight[ranks] >= weight[tuple(image)] - 1.0
            assert found[a, b] == expected
        assert not np.diagonal(found).any()


# -- rank matrices -------------------------------------------------------------------------------

OUT = 255


def rank_matrix(kind, seed=0, n=7, m=4):
    rng = np.random.default_rng(seed)
    if kind == "linear":
        return np.argsort(rng.random((n, m)), axis=1).astype(np.uint8)
    ranks = rng.integers(0, 3, (n, m)).astype(np.uint8)
    return np.where(rng.random((n, m)) < 0.25, OUT, ranks).astype(np.uint8)


def prefers(row, a, b, incomparable, menu=None):
    if menu is not None and not menu[b]:
        return False
    if incomparable and row[b] == OUT:
        return False
    return row[a] < row[b]


@pytest.mark.parametrize("block", [3, 1 << 16])
@pytest.mark.parametrize("kind", ["linear", "weak"])
@pytest.mark.parametrize("incomparable", [True, False])
def test_pairwise_counts_by_ballots(kind, incomparable, block, monkeypatch):
    monkeypatch.setattr(_pairwise, "_BLOCK", block)
    ranks = rank_matrix(kind)
    rng = np.random.default_rng(1)
    menus = (rng.random(ranks.shape) < 0.7) & (ranks != OUT)
    shown = np.where(menus, ranks, OUT).astype(np.uint8)
    for counts in (np.full(7, 2.0), rng.random(7)):
        for table, menu in ((ranks, None), (shown, menus)):
            expected = np.zeros((4, 4))
            for place, (row, count) in enumerate(zip(table, counts, strict=True)):
                own = None if menu is None else menu[place]
                for a, b in itertools.permutations(range(4), 2):
                    expected[a, b] += count * prefers(row, a, b, incomparable, own)
            found = _pairwise.pairwise_counts(table, counts, incomparable, menus=menu)
            np.testing.assert_allclose(found, expected)
    assert not _pairwise.pairwise_counts(ranks[:0], np.zeros(0), incomparable).any()
    for weights in (rng.integers(0, 4, (3, 7)), rng.random((3, 7)), np.full((3, 7), 2.0**23)):
        batch = _pairwise.pairwise_batch(ranks, weights, incomparable)
        for row, found in zip(weights, batch, strict=True):
            expected = _pairwise.pairwise_counts(ranks, row.astype(float), incomparable)
            np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_large_weights_are_added_exactly():
    ranks = np.array([[0, 1], [0, 1]], np.uint8)
    for weight in (2**24 - 2, 2**24 - 1, 2**24, 2**24 + 2):
        found = _pairwise.pairwise_batch(ranks, np.array([[weight, 1]]), False)
        assert found[0, 0, 1] == weight + 1


@pytest.mark.parametrize("items", [4, 63, 64, 65])
def test_which_ballots_are_strict_and_complete(items, monkeypatch):
    monkeypatch.setattr(_pairwise, "_BLOCK", 2)
    ranks = np.tile(np.arange(items, dtype=np.uint8), (5, 1))
    assert _pairwise.is_linear(ranks)
    for wrong in (0, items, OUT):
        for ballot in (0, 4):
            broken = ranks.copy()
            broken[ballot, -1] = wrong
            assert not _pairwise.is_linear(broken)
    assert _pairwise.is_linear(ranks[:0])


def test_first_choices_and_exhausted_ballots():
    ranks = np.array([[0, 1, 2], [0, 0, 1], [OUT, 0, OUT], [1, 0, 0]], np.uint8)
    counts = np.array([1.0, 2.0, 4.0, 8.0])
    votes, exhausted = _pairwise.first_choices(ranks, counts, np.array([True, True, True]))
    assert votes.tolist() == [2.0, 9.0, 4.0]
    assert exhausted == 0.0
    votes, exhausted = _pairwise.first_choices(ranks, counts, np.array([True, False, True]))
    assert votes.tolist() == [3.0, 0.0, 8.0]
    assert exhausted == 4.0


@pytest.mark.parametrize("block", [2, 1 << 16])
@pytest.mark.parametrize("kind", ["linear", "weak"])
def test_points_by_position_and_joint_comparisons(kind, block, monkeypatch):
    monkeypatch.setattr(_pairwise, "_BLOCK", block)
    ranks, counts = rank_matrix(kind, 3), np.random.default_rng(4).random(7)
    points = np.array([5.0, 3.0, 2.0, 0.5])
    expected = np.zeros(4)
    for row, count in zip(ranks.astype(int), counts, strict=True):
        for item in range(4):
            first, level = (row < row[item]).sum(), (row == row[item]).sum()
            expected[item] += count * points[first : first + level].mean()
    np.testing.assert_allclose(_pairwise.positional_scores(ranks, counts, points), expected)
    listed = ranks != OUT
    joint = sum(c * np.outer(row, row) for c, row in zip(counts, listed.astype(float), strict=True))
    np.testing.assert_allclose(_pairwise.jointly_compared(listed, counts), joint)


# -- welfare -------------------------------------------------------------------------------------

SHARE = np.array([0.1, 0.4, 0.0, 0.3, 0.2])
UTILITY = np.array([[1.0, 4.0, 0.0], [3.0, 4.0, 2.0], [0.1, 9.0, 0.0], [2.0, 4.0, 5.0],
                    [5.0, 4.0, 1.0]])  # fmt: skip


def test_power_means_by_their_sums():
    present = SHARE > 0
    u, w = UTILITY[present], SHARE[present]
    with np.errstate(divide="ignore"):
        for power in (-2.0, -0.5, 0.5, 1.0, 3.0):
            expected = (w @ u**power) ** (1 / power)
            found = _welfare.power_mean(UTILITY, SHARE, power)
            np.testing.assert_allclose(found, expected)
            np.testing.assert_allclose(_welfare.atkinson(UTILITY, SHARE, 1 - power), expected)
    assert _welfare.power_mean(UTILITY, SHARE, 0.0)[:2] == pytest.approx(
        np.exp(w @ np.log(u[:, :2]))
    )
    assert _welfare.power_mean(UTILITY, SHARE, 0.0)[2] == 0.0
    assert _welfare.power_mean(UTILITY, SHARE, -np.inf).tolist() == [1.0, 4.0, 0.0]
    assert _welfare.power_mean(UTILITY, SHARE, np.inf).tolist() == [5.0, 4.0, 5.0]
    assert _welfare.power_mean(UTILITY, SHARE, -900.0)[0] == pytest.approx(10 ** (1 / 900))
    np.testing.assert_allclose(_welfare.power_mean(1e200 * UTILITY, SHARE, 3.0)[1], 4e200)
    assert _welfare.power_mean(np.zeros((5, 1)), SHARE, 2.0).tolist() == [0.0]
    batch = _welfare.power_mean(np.stack([UTILITY, 2 * UTILITY]), SHARE, 2.0)
    np.testing.assert_allclose(batch[1], 2 * batch[0])
    np.testing.assert_allclose(_welfare.utilitarian(UTILITY, SHARE), SHARE @ UTILITY)


@pytest.mark.parametrize("power", [1.0, 2.0, 3.5])
def test_gini_welfare_is_an_integral_over_voters(power):
    found = _welfare.gini_welfare(np.stack([UTILITY, -UTILITY]), SHARE, power)
    grid = (np.arange(100_000) + 0.5) / 100_000
    for place, table in enumerate((UTILITY, -UTILITY)):
        for option in range(3):
            order = np.argsort(table[:, option], kind="stable")
            at = np.searchsorted(np.cumsum(SHARE[order]), grid)
            weight = power * (1 - grid) ** (power - 1)
            expected = (weight * table[order, option][np.minimum(at, 4)]).mean()
            assert found[place, option] == pytest.approx(expected, rel=1e-3)


def test_quantiles_are_reached_at_their_level():
    at = [(0.1, 1.0), (0.1001, 2.0), (0.4, 2.0), (0.41, 3.0), (0.8, 3.0), (0.81, 5.0), (1.0, 5.0)]
    for level, expected in at:
        assert _welfare.quantile(UTILITY, SHARE, level)[0] == expected
    batch = _welfare.quantile(np.stack([UTILITY, 2 * UTILITY]), SHARE, 0.5)
    assert batch.tolist() == [[3.0, 4.0, 2.0], [6.0, 8.0, 4.0]]


def test_leximin_compares_the_worst_off_first():
    table = np.array([[1.0, 2.0, 1.0, 3.0], [3.0, 1.0, 4.0, 1.0], [2.0, 3.0, 2.0, 2.0]])
    equal = np.full(3, 1 / 3)
    assert _welfare.leximin_order(table, equal) == [[2], [0, 1, 3]]
    weights = np.array([0.5, 0.25, 0.25])
    # the worst half of option 0 has 1, of 1 a quarter has 1 and the rest 2
    assert _welfare.leximin_order(table, weights) == [[3], [1], [2], [0]]
    for seed in range(10):
        rng = np.random.default_rng(seed)
        table, counts = rng.integers(0, 3, (4, 5)).astype(float), rng.integers(1, 4, 4)
        steps = [tuple(sorted(np.repeat(table[:, option], counts))) for option in range(5)]
        expected = [
            [o for o in range(5) if steps[o] == value] for value in sorted(set(steps), reverse=True)
        ]
        assert _welfare.leximin_order(table, counts / counts.sum()) == expected


# -- balanced slates -----------------------------------------------------------------------------


def test_claims_and_capacities_are_whole_numbers_of_voters():
    costs = np.array([1.0, 2.0, 3.0, 0.7])
    assert _balanced.deserved(costs, 3.0, 9).tolist() == [3, 6, 9, 3]
    assert _balanced.deserved(costs, 3.0, 10).tolist() == [4, 7, 10, 3]
    assert _balanced.deserved(np.array([0.1 + 0.2]), 0.3, 7).tolist() == [7]
    least, most = _balanced.capacities(np.ones(3), 8, True)
    assert (least.tolist(), most.tolist()) == ([2] * 3, [3] * 3)
    least, most = _balanced.capacities(np.ones(3), 9, True)
    assert (least.tolist(), most.tolist()) == ([3] * 3, [3] * 3)
    least, most = _balanced.capacities(np.array([1.0, 2.0]), 8, False)
    assert (least.tolist(), most.tolist()) == ([0, 0], [3, 6])


def short_groups(values, got, size):
    """For each statement, by how much the largest group at any cut-off exceeds its claim."""
    result = {}
    for s in range(values.shape[1]):
        most = max(
            (((values[:, s] >= t) & (got < t)).sum() for t in values[:, s]), default=0
        )  # fmt: skip
        if most >= size[s]:
            result[s] = int(most)
    return result


def test_groups_left_short_by_all_cutoffs():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values, got = rng.integers(0, 4, (6, 3)).astype(float), rng.integers(0, 4, 6).astype(float)
        size = rng.integers(1, 5, 3)
        expected = short_groups(values, got, size)
        found = _balanced.left_short(values, got, size)
        assert {short.statement: len(short.voters) for short in found} == expected
        for short in found:
            assert (values[short.voters, short.statement] >= short.cutoff).all()
            assert (got[short.voters] < short.cutoff).all()


def test_the_best_assignment_of_all():
    kinds = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        values = rng.integers(0, 4, (6, 4)).astype(float)
        slate = np.array([0, 1 + seed % 2])
        size = np.full(4, 2 + seed % 3)
        least, most = np.array([2, 2]), np.array([4, 4])
        best = np.inf
        for slots in itertools.product(range(2), repeat=6):
            if not 2 <= sum(slots) <= 4:
                continue
            got = values[np.arange(6), slate[list(slots)]]
            excess = 0
            for s in range(4):
                for t in set(values[:, s].tolist()):
                    group = ((values[:, s] >= t) & (got < t)).sum()
                    excess += max(0, group - size[s] + 1)
            best = min(best, excess)
        found = _balanced.best_assignment(values, slate, size, least, most, 60.0)
        assert found.message == ""
        assert found.excess == pytest.approx(best, abs=1e-6)
        assert 2 <= found.slots.sum() <= 4
        got = values[np.arange(6), slate[found.slots]]
        assert (best == 0) == (not short_groups(values, got, size))
        kinds.add(best == 0)
    assert kinds == {True, False}
    failed = _balanced.best_assignment(
        values, slate, size, np.array([7, 0]), np.array([7, 0]), 60.0
    )
    assert np.isnan(failed.excess)
    assert failed.message


def greedy(values, costs, budget, seats, repeat):
    left, slate, slots, used = set(range(len(values))), [], {}, set()
    while left and (seats is None or len(slate) < seats):
        options = []
        for s in range(values.shape[1]):
            need = (
                math.ceil(len(values) * costs[s] / budget - 1e-9)
                if seats is None
                else math.ceil(len(left) / (seats - len(slate)))
            )
            if need > len(left) or s in used:
                continue
            group = sorted(left, key=lambda v, s=s: (-values[v, s], v))[:need]
            last = values[group[-1], s]
            support = sum(values[v, s] >= last for v in left) / costs[s]
            options.append((-last, -support, s, group))
        if not options:
            break
        _, _, s, group = min(options)
        for voter in group:
            slots[voter] = len(slate)
        left -= set(group)
        slate.append(s)
        if not repeat:
            used.add(s)
    return slate, [slots.get(v, -1) for v in range(len(values))]


@pytest.mark.parametrize("repeat", [True, False])
@pytest.mark.parametrize("seats", [None, 3])
def test_a_greedy_slate_serves_the_group_that_can_be_given_most(seats, repeat):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values = rng.integers(0, 4, (8, 4)).astype(float)
        costs = np.ones(4) if seats else np.array([1.0, 2.0, 1.0, 3.0])
        slate, slots = _balanced.greedy_slate(values, costs, 4.0, seats, repeat)
        assert (slate, slots.tolist()) == greedy(values, costs, 4.0, seats, repeat)


def test_terms_of_the_programme_are_counted():
    values = np.array([[1.0, 3.0], [2.0, 3.0], [2.0, 1.0], [5.0, 0.0]])
    slate, size = np.array([0, 0, 1]), np.array([2, 3])
    # supporters at the cut-offs 5, 2, 1 and 3, 1, 0: 1, 3, 4 and 2, 3, 4
    assert _balanced.count_terms(values, slate, size) == 3 * (3 + 4 + 3 + 4)

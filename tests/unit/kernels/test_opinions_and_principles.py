"""Bridging, opinion groups and principles against brute force on small tables."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import optimize
from scipy.spatial.distance import cdist

from pluralism.kernels import _bridging, _discretion, _opinion_groups

PENALTIES = _bridging.Penalties(1.3, 0.4, 0.2, 0.5, 0.3, 0.7)


def ratings_of(share, seed=0, raters=8, notes=5):
    rng = np.random.default_rng(seed)
    table = np.where(rng.random((raters, notes)) < share, rng.random((raters, notes)), np.nan)
    table[np.arange(raters), np.arange(raters) % notes] = rng.random(raters)
    return table


def least_over_raters(notes, table, penalties):
    """Penalised squared error with every rater's two unknowns by a ridge regression."""
    m = table.shape[1]
    mean, intercept, factor = notes[0], notes[1 : 1 + m], notes[1 + m :]
    total, parts = 0.0, []
    for row in table:
        seen = ~np.isnan(row)
        design = np.column_stack([np.ones(seen.sum()), factor[seen]])
        left = row[seen] - mean - intercept[seen]
        ridge = np.diag([penalties.rater_intercept, penalties.rater_factor])
        own = np.linalg.solve(
            penalties.error * design.T @ design + ridge, penalties.error * design.T @ left
        )
        total += penalties.error * ((left - design @ own) ** 2).sum() + own @ ridge @ own
        parts.append(own)
    total += penalties.note_intercept * intercept @ intercept
    total += penalties.note_factor * factor @ factor + penalties.mean * mean**2
    return total, np.array(parts)


@pytest.mark.parametrize("share", [0.6, 0.0])  # dense and sparse
def test_the_objective_is_least_over_the_raters(share):
    table = ratings_of(share, notes=6, raters=12)
    data = _bridging.prepare(table)
    assert hasattr(data.given, "indptr") == (share == 0.0)
    notes = np.random.default_rng(1).normal(size=13)
    value, gradient = _bridging.objective_and_gradient(notes, data, PENALTIES)
    expected, _ = least_over_raters(notes, table, PENALTIES)
    assert value == pytest.approx(expected)
    slope = optimize.approx_fprime(notes, lambda at: least_over_raters(at, table, PENALTIES)[0])
    np.testing.assert_allclose(gradient, slope, atol=1e-5)


def test_sparse_below_a_fifth():
    table = np.full((5, 5), np.nan)
    np.fill_diagonal(table, 1.0)
    assert isinstance(_bridging.prepare(table).given, np.ndarray)
    wider = np.full((5, 6), np.nan)
    np.fill_diagonal(wider, 1.0)
    assert not isinstance(_bridging.prepare(wider).given, np.ndarray)


def test_a_factorisation_is_the_best_stationary_point_of_its_starts():
    table = ratings_of(0.7, seed=3, raters=10)
    found = _bridging.factorise(table, PENALTIES, 4, np.random.default_rng(0), 1e-7, 500)
    notes = np.concatenate([[found.mean], found.note_intercept, found.note_factor])
    value, raters = least_over_raters(notes, table, PENALTIES)
    assert found.objective == pytest.approx(value)
    np.testing.assert_allclose(np.column_stack([found.rater_intercept, found.rater_factor]), raters)
    _, gradient = _bridging.objective_and_gradient(notes, _bridging.prepare(table), PENALTIES)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-7)
    assert len(found.starts) == 4
    assert found.objective == found.starts.min() == pytest.approx(found.path[-1])
    assert found.path[0] > found.path[-1]
    assert found.step <= 1e-7
    assert found.note_factor[np.abs(found.note_factor).argmax()] > 0
    # The first point of the way: the mean rating, nothing of the notes, and drawn factors.
    drawn = np.random.default_rng(0).normal(0.0, 0.5, (4, 5))
    first = np.concatenate([[np.nanmean(table)], np.zeros(5), drawn[found.starts.argmin()]])
    assert found.path[0] == pytest.approx(least_over_raters(first, table, PENALTIES)[0])
    one_step = _bridging.factorise(table, PENALTIES, 1, np.random.default_rng(0), 1e-7, 1)
    assert len(one_step.path) == 2


def test_factors_that_the_penalty_forbids_leave_a_ridge_regression():
    table = ratings_of(0.7, seed=5)
    stiff = PENALTIES._replace(note_factor=1e9, rater_factor=1e9)
    found = _bridging.factorise(table, stiff, 2, np.random.default_rng(0), 1e-9, 500)
    rater, note = np.nonzero(~np.isnan(table))
    design = np.zeros((len(rater), 1 + 8 + 5))
    design[:, 0] = 1.0
    design[np.arange(len(rater)), 1 + rater] = design[np.arange(len(rater)), 9 + note] = 1.0
    ridge = np.diag([0.7] + [0.4] * 8 + [0.5] * 5)
    expected = np.linalg.solve(1.3 * design.T @ design + ridge, 1.3 * design.T @ table[rater, note])
    np.testing.assert_allclose(found.mean, expected[0], atol=1e-6)
    np.testing.assert_allclose(found.rater_intercept, expected[1:9], atol=1e-6)
    np.testing.assert_allclose(found.note_intercept, expected[9:], atol=1e-6)
    np.testing.assert_allclose(found.note_factor, 0.0, atol=1e-6)


def disagreement(approves, seen):
    n, m = approves.shape
    score = np.zeros(m)
    for a, b in itertools.combinations(range(n), 2):
        common = seen[a] & seen[b]
        differ = (common & (approves[a] != approves[b])).sum()
        for comment in range(m):
            if approves[a, comment] and approves[b, comment]:
                score[comment] += differ / common.sum()
    return 4 / n**2 * score


@pytest.mark.parametrize("block", [3, 512])
@pytest.mark.parametrize("share", [0.7, 1.0])
def test_disagreement_is_summed_over_pairs_of_approvers(share, block, monkeypatch):
    monkeypatch.setattr(_bridging, "_BLOCK", block)
    rng = np.random.default_rng(2)
    seen = rng.random((8, 6)) < share
    approves = seen & (rng.random((8, 6)) < 0.6)
    np.testing.assert_allclose(
        _bridging.disagreement_scores(approves, seen), disagreement(approves, seen), rtol=1e-6
    )


def test_a_vote_counts_for_all_those_it_was_drawn_from():
    rng = np.random.default_rng(4)
    seen = rng.random((7, 5)) < 0.8
    approves = seen & (rng.random((7, 5)) < 0.6)
    propensity = rng.random((7, 5)) / 2 + 0.5
    yes, no = approves / propensity, (seen & ~approves) / propensity
    expected = np.zeros(5)
    for c, k in itertools.permutations(range(5), 2):
        for a, b in itertools.permutations(range(7), 2):
            # a and b approve of c, a approves of k and b does not
            expected[c] += yes[a, c] * yes[b, c] * yes[a, k] * no[b, k]
    np.testing.assert_allclose(
        _bridging.propensity_scores(approves, seen, propensity), 4 / (49 * 5) * expected
    )


# -- opinion groups ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(9, 4), (4, 9)])
def test_the_plane_of_complete_votes_is_that_of_their_principal_components(shape):
    votes = np.random.default_rng(0).normal(size=shape)
    plane = _opinion_groups.opinion_plane(votes, 2)
    away = votes - votes.mean(axis=0)
    _, singular, right = np.linalg.svd(away, full_matrices=False)
    strongest = np.abs(right[:2]).argmax(axis=1)
    right = right[:2] * np.sign(right[[0, 1], strongest])[:, None]
    np.testing.assert_allclose(plane.loading, right, atol=1e-9)
    np.testing.assert_allclose(plane.position, away @ right.T, atol=1e-9)
    np.testing.assert_allclose(plane.center, votes.mean(axis=0))
    np.testing.assert_allclose(plane.share, (singular**2 / (singular**2).sum())[:2])


def test_few_votes_are_pushed_out_and_missing_ones_count_as_the_mean():
    votes = np.random.default_rng(1).normal(size=(8, 5))
    votes[0, 1:4] = votes[3, 0] = votes[5, 2] = np.nan
    votes[7] = np.nan
    votes[:, 4] = np.nan
    plane = _opinion_groups.opinion_plane(votes, 2)
    center = np.r_[np.nanmean(votes[:, :4], axis=0), 0.0]
    np.testing.assert_allclose(plane.center, center)
    away = np.where(np.isnan(votes), 0.0, votes - center)
    push = np.sqrt(5 / np.array([1, 4, 4, 3, 4, 3, 4, 1]))
    np.testing.assert_allclose(plane.position, away @ plane.loading.T * push[:, None])
    spectrum = np.linalg.eigvalsh(away.T @ away)[::-1]
    np.testing.assert_allclose(plane.share, spectrum[:2] / spectrum.sum())
    np.testing.assert_allclose(away.T @ away @ plane.loading[0], spectrum[0] * plane.loading[0])


def test_a_component_without_variance_has_no_direction():
    votes = np.outer([1.0, -1.0, 0.5], [1.0, 2.0, -4.0, 0.0])
    plane = _opinion_groups.opinion_plane(votes, 2)
    np.testing.assert_allclose(plane.loading[0], np.array([-1, -2, 4, 0]) / np.sqrt(21), atol=1e-12)
    assert not plane.loading[1].any()
    assert plane.share.tolist() == pytest.approx([1.0, 0.0])
    equal = _opinion_groups.opinion_plane(np.ones((3, 2)), 2)
    assert not equal.loading.any()
    assert not equal.share.any()
    assert not equal.position.any()


class Told:
    """A generator that returns what it was told."""

    def __init__(self, first, *shares):
        self.first, self.shares = first, list(shares)

    def integers(self, high):
        assert high == 4
        return self.first

    def random(self):
        return self.shares.pop(0)


@pytest.mark.parametrize(("share", "second"), [(0.0, 1), (0.02, 1), (0.03, 2), (0.28, 2),
                                               (0.29, 3), (0.9999, 3), (1.0, 3)])  # fmt: skip
def test_further_centers_are_drawn_by_squared_distance(share, second):
    points = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 4.0], [5.0, 1.0]])
    # squares of 0, 1, 9 and 25 in 35
    chosen = _opinion_groups._seeds(points, 2, Told(0, share))
    assert chosen.tolist() == [points[0].tolist(), points[second].tolist()]


@pytest.mark.parametrize(("share", "third"), [(0.05, 1), (0.07, 2), (0.99, 2)])
def test_what_counts_is_the_nearest_center(share, third):
    points = np.array([[0.0], [1.0], [6.0], [10.0]])
    # from 0 and 10: squares of 1 and 16
    chosen = _opinion_groups._seeds(points, 3, Told(0, 0.999, share))
    assert chosen[:, 0].tolist() == [0.0, 10.0, points[third, 0]]


def test_the_best_partition_of_all():
    for seed in range(3):
        points = np.random.default_rng(seed).normal(size=(7, 2))
        found = _opinion_groups.best_clusters(points, 3, 60, np.random.default_rng(1))
        least = min(
            sum(
                ((points[label == k] - points[label == k].mean(axis=0)) ** 2).sum()
                for k in range(3)
            )
            for label in map(np.array, itertools.product(range(3), repeat=7))
            if len(set(label.tolist())) == 3 and label[0] == 0
        )
        assert found.inertia == pytest.approx(least)
        sizes = np.bincount(found.label)
        assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)
        for k in range(3):
            np.testing.assert_allclose(found.center[k], points[found.label == k].mean(axis=0))


def test_equal_clusters_are_put_in_order_of_their_centers():
    points = np.array([[5.0, 0.0], [0.0, 3.0], [0.0, 1.0], [5.0, 0.2], [0.0, 3.2], [0.0, 1.2]])
    for seed in range(4):
        found = _opinion_groups.best_clusters(points, 3, 20, np.random.default_rng(seed))
        assert found.label.tolist() == [2, 1, 0, 2, 1, 0]


def test_an_empty_cluster_takes_the_farthest_point_of_a_larger_one():
    points = np.array([[0.0], [1.0], [9.0]])
    found = _opinion_groups._lloyd(points, np.array([[0.0], [100.0]]))
    assert found.label.tolist() == [0, 0, 1]
    assert found.center[:, 0].tolist() == [0.5, 9.0]
    assert found.inertia == 0.5


def test_a_cluster_of_one_is_not_emptied_for_another():
    points = np.array([[0.0], [0.1], [50.0]])
    found = _opinion_groups._lloyd(points, np.array([[0.0], [50.0], [200.0]]))
    assert found.label.tolist() == [0, 2, 1]


def test_points_go_to_the_nearest_center():
    points = np.array([[0.0], [4.0], [9.0], [9.0]])
    found = _opinion_groups._lloyd(points, np.array([[0.0], [9.0]]))
    assert found.label.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("block", [2, 512])
def test_silhouettes_by_loops(block, monkeypatch):
    monkeypatch.setattr(_opinion_groups, "_BLOCK", block)
    rng = np.random.default_rng(3)
    points = rng.normal(size=(7, 2))
    labels = [np.array([0, 0, 1, 1, 1, 0, 1]), np.array([0, 1, 2, 2, 1, 1, 2])]
    distance = cdist(points, points)
    for label, got in zip(labels, _opinion_groups.silhouettes(points, labels), strict=True):
        for i in range(7):
            mean = {
                k: [distance[i, j] for j in range(7) if label[j] == k and j != i]
                for k in range(label.max() + 1)
            }
            if not mean[label[i]]:
                assert got[i] == 0.0
                continue
            a = np.mean(mean.pop(label[i]))
            b = min(np.mean(others) for others in mean.values())
            assert got[i] == pytest.approx((b - a) / max(a, b))
    twice = _opinion_groups.silhouettes(np.zeros((4, 1)), [np.array([0, 0, 1, 1])])[0]
    assert twice.tolist() == [0.0] * 4


# -- principles ----------------------------------------------------------------------------------


def test_rows_are_sorted_by_what_principles_say():
    principles = np.array([[1, 0, 1], [-1, 0, 0], [1, -1, 0], [0, 0, 0], [-1, -1, 1]], np.int8)
    found = _discretion.sort_rows(principles)
    assert found.kind.tolist() == [0, 0, 1, 2, 1]
    assert found.sign.tolist() == [1, -1, 0, 0, 0]


def test_weights_of_decisions_against_the_consensus():
    consensus = np.array([1, -1, 1, -1], np.int8)
    annotators = np.array([[1, 0], [1, 1], [-1, 1], [-1, -1]], np.int8)
    weights = np.array([[1.0, 2.0, 4.0, 8.0], [0.5, 0.0, 1.0, 0.25]])
    against, decided = _discretion.arbitrary_weights(consensus, annotators, weights)
    assert against.tolist() == [[6.0, 2.0], [1.0, 0.0]]
    assert decided.tolist() == [[15.0, 14.0], [1.75, 1.25]]


@pytest.mark.parametrize("block", [1, 1 << 21])
def test_siding_with_one_principle_against_another(block, monkeypatch):
    monkeypatch.setattr(_discretion, "_BLOCK", block)
    rng = np.random.default_rng(5)
    principles, annotator = rng.integers(-1, 2, (9, 4)), rng.integers(-1, 2, 9)
    weights = rng.random((3, 9))
    expected = np.zeros((3, 4, 4))
    for row, (says, decided) in enumerate(zip(principles, annotator, strict=True)):
        for one, other in itertools.permutations(range(4), 2):
            if says[one] == decided != 0 and says[other] == -decided:
                expected[:, one, other] += weights[:, row]
    found = _discretion.siding_weights(
        principles.astype(np.int8), annotator.astype(np.int8), weights
    )
    np.testing.assert_allclose(found, expected)


def table(n, **wins):
    result = np.zeros((n, n))
    for pair, weight in wins.items():
        result[int(pair[1]), int(pair[2])] = weight
    return result


def test_the_core_is_the_largest_linked_set_and_then_the_one_with_most_conflicts():
    inf, half = np.inf, 0.5 * np.log(3.0)
    two_and_two = table(4, w01=3.0, w10=1.0, w23=3.0, w32=2.0, w02=1.0)
    (got,) = _discretion.priorities(two_and_two[None])
    np.testing.assert_allclose(got, [inf, inf, 0.5 * np.log(1.5), -0.5 * np.log(1.5)])
    fewer = table(4, w01=3.0, w10=1.0, w23=1.5, w32=1.0, w02=1.0)
    (got,) = _discretion.priorities(fewer[None])
    np.testing.assert_allclose(got, [half, -half, -inf, -inf])
    equal = table(4, w01=3.0, w10=1.0, w23=1.0, w32=3.0, w20=1.0)
    (got,) = _discretion.priorities(equal[None])
    np.testing.assert_allclose(got, [half, -half, inf, inf])  # the first of equals
    larger = table(5, w01=30.0, w10=10.0, w23=1.0, w34=1.0, w42=1.0)
    (got,) = _discretion.priorities(larger[None])
    np.testing.assert_allclose(got, [np.nan, np.nan, 0.0, 0.0, 0.0], atol=1e-9)
    chain = table(7, w01=1.0, w12=1.0, w23=1.0, w34=1.0, w45=1.0, w50=1.0, w56=1.0)
    (got,) = _discretion.priorities(chain[None])
    np.testing.assert_allclose(got, [0.0] * 6 + [-inf], atol=1e-9)


def test_conflicts_with_others_count_too_where_sets_are_equal():
    """What a set's principles met outside it is part of its conflicts."""
    outside = table(5, w01=2.0, w10=1.0, w23=1.0, w32=1.0, w24=5.0)
    (got,) = _discretion.priorities(outside[None])
    np.testing.assert_allclose(got, [np.nan, np.nan, 0.0, 0.0, -np.inf], atol=1e-9)


def test_where_none_are_linked_only_winners_and_losers_are_known():
    single = table(4, w01=1.0, w12=2.0)
    single_and_linked = np.stack([single, table(4, w01=1.0, w10=1.0)])
    one, two = _discretion.priorities(single_and_linked)
    np.testing.assert_array_equal(one, [np.inf, np.nan, -np.inf, np.nan])
    np.testing.assert_allclose(two, [0.0, 0.0, np.nan, np.nan], atol=1e-12)
    assert _discretion.priorities(np.zeros((0, 3, 3))).shape == (0, 3)
    assert np.isnan(_discretion.priorities(np.zeros((1, 1, 1)))).all()


def test_priorities_maximise_the_likelihood():
    rng = np.random.default_rng(6)
    wins = rng.random((4, 5, 5)) * np.array([0.1, 1.0, 10.0, 1.0])[:, None, None]
    wins[:, np.arange(5), np.arange(5)] = 0.0
    wins[3, 0, 1:] *= 1e4  # far apart

    def loss(u, won):
        return (won * np.logaddexp(0.0, u[None, :] - u[:, None])).sum()

    for won, got in zip(wins, _discretion.priorities(wins), strict=True):
        assert got.sum() == pytest.approx(0.0, abs=1e-12)
        best = optimize.minimize(loss, np.zeros(5), (won,), method="BFGS", tol=1e-9).x
        np.testing.assert_allclose(got, best - best.mean(), atol=1e-4)
        chance = 1 / (1 + np.exp(got[None, :] - got[:, None]))
        np.testing.assert_allclose(won.sum(axis=1), ((won + won.T) * chance).sum(axis=1), rtol=1e-9)


def test_discrepancies_leave_out_what_either_does_not_know():
    inf, nan = np.inf, np.nan
    priority = np.array([[[2.0, 1.0, 0.0, -inf], [1.0, 2.0, nan, inf], [inf, inf, 0.0, 0.0]]])
    got = _discretion.discrepancies(priority)[0]
    for i, j in itertools.product(range(3), repeat=2):
        one, two = priority[0, i], priority[0, j]
        both, first, second = 0, 0, 0
        for a, b in itertools.combinations(range(4), 2):
            if np.isnan([one[a], one[b], two[a], two[b]]).any():
                continue
            signs = [int(x[a] > x[b]) - int(x[a] < x[b]) for x in (one, two)]
            both += signs[0] * signs[1]
            first, second = first + abs(signs[0]), second + abs(signs[1])
        assert got[i, j] == pytest.approx((1 - both / np.sqrt(first * second)) / 2)
    near = _discretion.discrepancies(np.array([[[0.0, 5e-9], [0.0, 1.0]]]))[0]
    assert np.isnan(near[0]).all()  # a tie alone says nothing
    assert near[1, 1] == 0.0
    apart = _discretion.discrepancies(np.array([[[0.0, 2e-8], [1.0, 0.0]]]))[0]
    assert apart.tolist() == [[0.0, 1.0], [1.0, 0.0]]

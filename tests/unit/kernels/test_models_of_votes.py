"""Rater models, juries, refits, robust covariances and rankings against plain computations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import optimize, stats

from pluralism._precision import in_float64
from pluralism.kernels import (
    _bordered,
    _firth,
    _group_covariance,
    _newton,
    _outcomes,
    _pairs,
    _plackett_luce,
    _pooled_rewards,
    _rankings,
    _rater_information,
    _rater_models,
    _rates,
    _refits,
    _scores,
    _verdicts,
)

# -- rater models --------------------------------------------------------------------------------

SHAPE = ITEMS, RATERS, K = 25, 4, 3


def labels(seed=0):
    """Weighted labels, ascending by item, of raters of whom the last has none."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, K, ITEMS)
    item, rater = np.nonzero(rng.random((ITEMS, RATERS - 1)) < 0.9)
    right = rng.random(len(item)) < np.array([0.9, 0.7, 0.5])[rater]
    label = np.where(right, truth[item], rng.integers(0, K, len(item)))
    return item, rater, label, rng.choice([0.5, 1.0, 2.0], len(item))


def settings(**changes):
    return {"shape": SHAPE, "smoothing": 0.0, "tolerance": 1e-9, "max_iterations": 2000, **changes}


def plain_likelihood(data, prevalence, confusion):
    item, rater, label, weight = data
    likely = np.tile(prevalence, (ITEMS, 1))
    for i, r, k, w in zip(item, rater, label, weight, strict=True):
        likely[i] *= confusion[r, :, k] ** w
    return likely / likely.sum(axis=1, keepdims=True), np.log(likely.sum(axis=1)).sum()


def plain_step(data, posterior, smoothing):
    item, rater, label, weight = data
    joint = np.full((RATERS, K, K), smoothing)
    for i, r, k, w in zip(item, rater, label, weight, strict=True):
        joint[r, :, k] += w * posterior[i]
    total = joint.sum(axis=2, keepdims=True)
    confusion = np.where(total > 0, joint / np.where(total > 0, total, 1), 1 / K)
    return posterior.mean(axis=0), confusion


def vote_shares(data):
    votes = np.zeros((ITEMS, K))
    np.add.at(votes, (data[0], data[2]), data[3])
    return votes / votes.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_dawid_and_skene_step_by_step(smoothing):
    data, posterior, before = labels(), vote_shares(labels()), -np.inf
    for steps in range(1, 4):
        prevalence, confusion = plain_step(data, posterior, smoothing)
        posterior, value = plain_likelihood(data, prevalence, confusion)
        after = value + (smoothing * np.log(confusion).sum() if smoothing else 0.0)
        found = _rater_models.dawid_skene(
            *data, **settings(smoothing=smoothing, tolerance=0.0, max_iterations=steps)
        )
        assert found.iterations == steps
        np.testing.assert_allclose(found.prevalence, prevalence)
        np.testing.assert_allclose(found.confusion, confusion)
        np.testing.assert_allclose(found.posterior, posterior)
        assert found.log_likelihood == pytest.approx(value)
        assert found.change == pytest.approx(after - before)
        before = after


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_mace_step_by_step(smoothing):
    data = labels(1)
    item, rater, label, weight = data
    posterior, before = vote_shares(data), -np.inf
    competence, spam = np.full(RATERS, 0.5), np.full((RATERS, K), 1 / K)
    for steps in range(1, 4):
        copies, spams = np.full(RATERS, smoothing), np.full((RATERS, K), smoothing)
        for i, r, k, w in zip(item, rater, label, weight, strict=True):
            guess = (1 - competence[r]) * spam[r, k]
            copied = posterior[i, k] * competence[r] / (competence[r] + guess)
            copies[r] += w * copied
            spams[r, k] += w * (1 - copied)
        total = copies + spams.sum(axis=1)
        used = total > 0
        competence = np.where(used, copies / np.where(used, total, 1), 0.5)
        spam = np.where(used[:, None], spams / np.where(used, spams.sum(axis=1), 1)[:, None], 1 / K)
        confusion = competence[:, None, None] * np.eye(K)
        confusion = confusion + ((1 - competence)[:, None] * spam)[:, None, :]
        posterior, value = plain_likelihood(data, np.full(K, 1 / K), confusion)
        found = _rater_models.mace(
            *data, **settings(smoothing=smoothing, tolerance=0.0, max_iterations=steps)
        )
        np.testing.assert_allclose(found.competence, competence)
        np.testing.assert_allclose(found.spam, spam)
        np.testing.assert_allclose(found.confusion, confusion)
        np.testing.assert_allclose(found.posterior, posterior)
        assert found.log_likelihood == pytest.approx(value)
        assert found.change == pytest.approx(value - before)
        assert found.iterations == steps
        before = value


@pytest.mark.parametrize("model", [_rater_models.dawid_skene, _rater_models.mace])
def test_steps_end_where_the_rise_is_small(model):
    found = model(*labels(), **settings(tolerance=1e-6))
    assert 2 < found.iterations < 2000
    assert found.change <= 1e-6 * abs(found.log_likelihood)
    early = model(*labels(), **settings(tolerance=1e-6, max_iterations=found.iterations - 1))
    assert early.change > 1e-6 * abs(early.log_likelihood)
    assert early.iterations == found.iterations - 1
    exactly = model(*labels(), **settings(tolerance=1e-6, max_iterations=found.iterations))
    assert exactly.change == found.change
    rising = [
        model(*labels(), **settings(tolerance=0.0, max_iterations=n)).log_likelihood
        for n in range(1, 8)
    ]
    assert rising == sorted(rising)


@pytest.mark.parametrize("smoothing", [0.3, 1.0])
def test_variances_are_those_of_the_observed_information(smoothing):
    rng = np.random.default_rng(2)
    items, raters, n = 60, 3, 2
    truth = rng.integers(0, n, items)
    item, rater = np.repeat(np.arange(items), raters), np.tile(np.arange(raters), items)
    label = np.where(rng.random(len(item)) < 0.8, truth[item], 1 - truth[item])
    weight = rng.choice([1.0, 2.0], len(item))
    shape = items, raters, n
    fit = _rater_models.dawid_skene(
        item, rater, label, weight,
        **settings(shape=shape, smoothing=smoothing, tolerance=1e-14, max_iterations=20_000),
    )  # fmt: skip
    # with two labels every row of probabilities has one log odds
    rows = np.concatenate([fit.prevalence[None], fit.confusion.reshape(-1, n)])
    at = np.log(rows[:, 0] / rows[:, 1])

    def value(odds):
        p = np.stack([1 / (1 + np.exp(-odds)), 1 / (1 + np.exp(odds))], axis=1)
        confusion = p[1:].reshape(raters, n, n)
        likely = np.tile(np.log(p[0]), (items, 1))
        np.add.at(likely, item, weight[:, None] * np.log(confusion[rater, :, label]))
        return np.logaddexp(*likely.T).sum() + smoothing * np.log(confusion).sum()

    step, size = 1e-3, len(at)
    hessian = np.array([[
        (value(at + a + b) - value(at + a - b) - value(at - a + b) + value(at - a - b))
        / (4 * step**2) for a in step * np.eye(size)] for b in step * np.eye(size)])  # fmt: skip
    by_odds = np.diagonal(np.linalg.inv(-hessian))
    expected = by_odds * (rows[:, 0] * rows[:, 1]) ** 2
    found = _rater_information.dawid_skene_variances(
        item, rater, label, weight, shape=shape, smoothing=smoothing,
        prevalence=fit.prevalence, confusion=fit.confusion, posterior=fit.posterior,
    )  # fmt: skip
    assert not found.singular
    np.testing.assert_allclose(found.prevalence, np.repeat(expected[0], 2), rtol=1e-3)
    np.testing.assert_allclose(found.confusion[..., 0], expected[1:].reshape(raters, n), rtol=1e-3)
    np.testing.assert_allclose(found.confusion[..., 1], found.confusion[..., 0], rtol=1e-9)
    assert _rater_information.count_free(3, 2) == 7
    assert _rater_information.count_free(4, 3) == 26


def test_three_labels_of_which_one_is_never_given_have_variances_of_the_others():
    rng = np.random.default_rng(3)
    item, rater = np.repeat(np.arange(200), 2), np.tile([0, 1], 200)
    truth = rng.integers(0, 2, 200)
    label = np.where(rng.random(400) < 0.8, truth[item], 1 - truth[item])

    def variances(k):
        # the posterior is known: every probability is a share of its own
        posterior = np.zeros((200, k))
        posterior[np.arange(200), truth] = 1.0
        prevalence = posterior.mean(axis=0)
        confusion = np.full((2, k, k), 1.0 / k)
        for r, t in itertools.product(range(2), range(2)):
            mine = label[(rater == r) & (truth[item] == t)]
            confusion[r, t] = np.bincount(mine, minlength=k) / len(mine)
        return prevalence, confusion, _rater_information.dawid_skene_variances(
            item, rater, label, np.ones(400), shape=(200, 2, k), smoothing=0.0,
            prevalence=prevalence, confusion=confusion, posterior=posterior,
        )  # fmt: skip

    prevalence, confusion, found = variances(3)
    np.testing.assert_allclose(found.prevalence[:2], (prevalence * (1 - prevalence) / 200)[:2])
    size = 200 * prevalence[:2]
    expected = (confusion * (1 - confusion))[:, :2, :2] / size[None, :, None]
    np.testing.assert_allclose(found.confusion[:, :2, :2], expected)
    assert np.isnan(found.prevalence[2])
    assert np.isnan(found.confusion[:, 2]).all()
    assert np.isnan(found.confusion[:, :, 2]).all()


# -- juries --------------------------------------------------------------------------------------


@pytest.mark.parametrize("largest", [4096, 3])
def test_votes_of_drawn_juries(largest, monkeypatch):
    monkeypatch.setattr(_verdicts, "_LARGEST_TABLE", largest)
    pool, positive = np.array([[9.0, 5.0], [3.0, 2.0]]), np.array([[4.0, 0.0], [3.0, 1.0]])
    found = _verdicts.hypergeometric_votes(pool, positive, 3)
    for place in np.ndindex(2, 2):
        n, yes = int(pool[place]), int(positive[place])
        if n < 3:
            assert np.isnan(found[place]).all()
        else:
            expected = stats.hypergeom(n, yes, 3).pmf(range(4))
            np.testing.assert_allclose(found[place], expected, atol=1e-14)
    quota = _verdicts.quota_votes(pool, positive, [2, 1])
    for column in range(2):
        parts = [
            stats.hypergeom(int(pool[g, column]), int(positive[g, column]), s).pmf(range(s + 1))
            for g, s in ((0, 2), (1, 1))
        ]
        np.testing.assert_allclose(quota[column], np.convolve(*parts), atol=1e-14)


def test_independent_votes_and_their_sums():
    share = np.array([0.0, 0.3, 1.0])
    found = _verdicts.binomial_votes(share, 4)
    for p, votes in zip(share, found, strict=True):
        np.testing.assert_allclose(votes, stats.binom(4, p).pmf(range(5)), atol=1e-15)
    three = _verdicts.convolved([found, _verdicts.binomial_votes(share, 1), found[:, :3]])
    expected = np.convolve(np.convolve(found[1], [0.7, 0.3]), found[1, :3])
    np.testing.assert_allclose(three[1], expected)
    assert three.shape == (3, 8)


def test_weighted_voters_are_drawn_in_proportion_to_products():
    yes, no = [1.0, 2.0, 2.0], [3.0, 1.0]
    for seats in (1, 2, 3, 5):
        power = np.arange(1, seats + 1)
        sums = [np.array([(np.array(w) ** j).sum() for j in power]) for w in (yes, no)]
        mass = np.zeros(seats + 1)
        for jury in itertools.combinations([(w, 1) for w in yes] + [(w, 0) for w in no], seats):
            mass[sum(vote for _, vote in jury)] += np.prod([w for w, _ in jury])
        np.testing.assert_allclose(_verdicts.weighted_votes(*sums), mass / mass.sum(), atol=1e-15)
    sums = [np.array([[(np.array(w) ** j).sum(), 1.0] for j in range(1, 7)]) for w in (yes, no)]
    assert np.isnan(_verdicts.weighted_votes(*sums)).all()


def test_verdicts_and_ties():
    votes = np.array([[0.1, 0.2, 0.3, 0.4], [0.0, 0.0, 0.0, 1.0 + 1e-15]])
    assert _verdicts.verdict(votes, 2, -1, 0.5).tolist() == pytest.approx([0.7, 1.0])
    assert _verdicts.verdict(votes, 3, 2, 0.5).tolist() == pytest.approx([0.55, 1.0])
    assert _verdicts.verdict(votes, 1, 0, 0.5).tolist() == pytest.approx([0.95, 1.0])
    assert _verdicts.verdict(votes, 2, -1, 0.5).max() == 1.0
    assert _verdicts.verdict(votes[None], 2, -1, 0.5).shape == (1, 2)


# -- refits --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tables():
    """Three tables that have a fit, one whose last item never wins, one without a start."""
    rng = np.random.default_rng(4)
    wins = rng.random((5, 5, 5)) * np.array([1.0, 20.0, 5.0, 1.0, 1.0])[:, None, None]
    wins[:, np.arange(5), np.arange(5)] = 0.0
    wins[2, 0, 1:] *= 1e5
    wins[3, 4] = 0.0
    start = np.zeros((5, 5))
    start[1] = [30.0, 0.0, 0.0, 0.0, -30.0]
    start[4] = np.nan
    return wins, start


def refitted(wins, start, ridge, tolerance=1e-9, **options):
    return in_float64(_refits.refit, wins, start, ridge, tolerance, **options)


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_refits_are_the_fits_one_by_one(tables, ridge):
    wins, start = tables
    found = refitted(wins, start, ridge)
    lacking = _refits.CONVERGED if ridge else _refits.NOT_CONNECTED
    assert found.status.tolist() == [0, 0, 0, lacking, _refits.NOT_FINITE]
    if not ridge:
        assert found.iterations[3] == 0
    low, high = (part.astype(np.int32) for part in np.triu_indices(5, 1))
    for place in range(3 + bool(ridge)):
        won, lost = wins[place][low, high], wins[place][high, low]
        pairs = _pairs.fold_pairs(low, high, won, lost, 5)
        expected = _newton.fit_pairs(pairs, ridge=ridge)[0].point
        np.testing.assert_allclose(found.utility[place], expected, atol=1e-8)
        assert found.decrement[place] <= 1e-9
        if not ridge:
            assert found.utility[place].sum() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.slow
def test_refits_need_as_many_steps_as_they_say(tables):
    wins, start = tables
    found = refitted(wins, start, 0.0)
    assert found.iterations[0] > 2
    exactly = refitted(wins, start, 0.0, max_iterations=int(found.iterations[0]))
    assert exactly.status[0] == _refits.CONVERGED
    fewer = refitted(wins, start, 0.0, max_iterations=int(found.iterations[0]) - 1)
    assert fewer.status[0] == _refits.OUT_OF_ITERATIONS
    assert fewer.iterations[0] == found.iterations[0] - 1


def test_refits_ask_whether_wins_lead_from_everyone_to_everyone():
    apart = ~np.eye(5, dtype=bool)
    linked = 0
    for seed in range(8):
        wins = (np.random.default_rng(seed).random((5, 5, 5)) < 0.35) * 1.0 * apart
        found = refitted(wins, np.zeros((5, 5)), 0.0)
        for table, status in zip(wins, found.status, strict=True):
            reach = table > 0
            for via in range(5):
                reach |= reach[:, [via]] & reach[[via]]
            assert (status != _refits.NOT_CONNECTED) == reach[apart].all()
            linked += reach[apart].all()
    assert 5 < linked < 35


# -- pooled rewards ------------------------------------------------------------------------------


def test_rewards_of_pooled_votes_and_of_each_rater():
    rng = np.random.default_rng(5)
    wins, ties = rng.integers(0, 5, (2, 4, 4)).astype(float)
    wins[np.arange(4), np.arange(4)] = ties[np.arange(4), np.arange(4)] = 0.0
    ties = np.triu(ties) + np.triu(ties).T
    votes = wins + ties / 2

    def loss(u, votes=votes, ridge=0.0):
        return (votes * np.logaddexp(0, u - u[:, None])).sum() + ridge / 2 * (u**2).sum()

    found = _pooled_rewards.fit_pooled(wins, ties, 0.0)
    best = optimize.minimize(loss, np.zeros(4), method="BFGS", tol=1e-9).x
    np.testing.assert_allclose(found.utility, best - best.mean(), atol=1e-5)
    assert found.converged
    assert found.distance <= 1e-10
    never = np.zeros((3, 3))
    never[0, 1] = never[1, 2] = 1.0
    without = _pooled_rewards.fit_pooled(never, np.zeros((3, 3)), 0.0)
    assert np.isnan(without.utility).all()
    assert not without.converged
    assert without.distance == np.inf
    assert _pooled_rewards.fit_pooled(never, np.zeros((3, 3)), 0.1).converged
    # every rater alone, one of them without votes
    rater, first, second = (
        np.array([0, 2, 0, 2, 2, 0]),
        np.array([0, 1, 2, 3, 0, 1]),
        np.array([1, 2, 3, 0, 2, 0]),
    )
    won, lost = rng.random((2, 6))
    each = _pooled_rewards.fit_each(
        rater, first.astype(np.int32), second.astype(np.int32), won, lost, 3, 4, 0.5
    )
    assert each.converged
    for code in range(3):
        own = np.zeros((4, 4))
        mine = rater == code
        np.add.at(own, (first[mine], second[mine]), won[mine])
        np.add.at(own, (second[mine], first[mine]), lost[mine])
        best = optimize.minimize(loss, np.zeros(4), (own, 0.5), method="BFGS", tol=1e-9).x
        np.testing.assert_allclose(each.utility[code], best - best.mean(), atol=1e-5)
        p = 1 / (1 + np.exp(best - best[:, None]))
        weight = (own + own.T) * p * (1 - p)
        information = np.diag(weight.sum(axis=1) + 0.5) - weight
        centre = np.eye(4) - 1 / 4
        covariance = centre @ np.linalg.inv(information) @ centre
        np.testing.assert_allclose(each.variance[code], np.diagonal(covariance), rtol=1e-4)


def test_raters_who_prefer_on_balance():
    rater = np.array([0, 0, 0, 1, 1, 2, 2])
    first, second = np.array([0, 1, 2, 1, 0, 2, 0]), np.array([1, 0, 0, 2, 2, 1, 1])
    net = np.array([0.1, 0.3, 1.0, 2.0, 0.0, -1.0, 1e-20])
    ahead, even = _pooled_rewards.preferences_by_rater(rater, first, second, net, 3)
    # 0: 1 over 0, 2 over 0; 1: 1 over 2, 0 and 2 even; 2: 1 over 2, 0 over 1
    assert ahead.tolist() == [[0, 1, 0], [1, 0, 2], [1, 0, 0]]
    assert even.tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    third = np.array([0.1, 0.2, -0.3])
    ahead, even = _pooled_rewards.preferences_by_rater(
        np.zeros(3, int), np.zeros(3, int), np.ones(3, int), third, 2
    )
    assert not ahead.any()  # but for rounding
    assert even.tolist() == [[0, 1], [1, 0]]


def test_a_normal_spread_has_the_chances_of_case_three():
    mean, variance = np.array([1.0, 0.2, -0.4, -0.8]), np.array([0.2, 1.0, 0.5, 0.8])
    gap = (mean[:, None] - mean) / np.sqrt(variance[:, None] + variance)
    wins = 1e5 * stats.norm.cdf(gap)
    np.fill_diagonal(wins, 0.0)
    found = _pooled_rewards.normal_spread(wins, np.zeros((4, 4)), 1.7 * mean)
    np.testing.assert_allclose(
        (found.mean[:, None] - found.mean) / np.sqrt(found.variance[:, None] + found.variance),
        gap, atol=0.01,
    )  # fmt: skip
    assert found.mean.sum() == pytest.approx(0.0, abs=1e-12)
    between = found.mean.var()
    assert found.explained == pytest.approx(between / (between + found.variance.mean()))


# -- robust covariances --------------------------------------------------------------------------


def cells(n_utilities, q, ties, seed=6):
    rng = np.random.default_rng(seed)
    first, second = np.array([0, 0, 1, 2, 1], np.int32), np.array([1, 2, 2, 0, 0], np.int32)
    counts = _outcomes.Counts(*rng.integers(0, 4, (3, 5)).astype(float))
    counts.tied[1] = 0.0
    local = _outcomes.local("logit", ties, rng.normal(size=5), 0.4)
    columns = rng.normal(size=(5, q))
    every = []
    for cell in range(5):
        own = np.zeros((3, n_utilities + q + (ties != "none")))
        if n_utilities:
            own[:, first[cell]] += local.score[:, cell]
            own[:, second[cell]] -= local.score[:, cell]
        own[:, n_utilities : n_utilities + q] = np.outer(local.score[:, cell], columns[cell])
        if ties != "none":
            own[:, -1] = local.tie_score[:, cell]
        every.append(own)
    options = {"n_utilities": n_utilities, "has_tie": ties != "none"}
    return (first, second, columns, counts), local, np.array(every), options


@pytest.mark.parametrize(("n_utilities", "q", "ties"), [
    (3, 0, "none"), (3, 2, "davidson"), (0, 2, "none"), (3, 1, "rao-kupper"), (0, 1, "davidson"),
])  # fmt: skip
def test_squares_of_scores_are_summed_over_votes_and_clusters(n_utilities, q, ties):
    given, local, every, options = cells(n_utilities, q, ties)
    counts = np.stack(given[3])  # (3, cells)
    factor = _scores.sandwich_factor(*given, None, local, **options)
    # one vote at a time: two sides of a vote shared by halves are not among them
    meat = sum(
        counts[o, c] * np.outer(every[c, o], every[c, o]) for o in range(3) for c in range(5)
    )
    np.testing.assert_allclose((factor.T @ factor).toarray(), meat, atol=1e-12)
    squares = np.random.default_rng(7).random((4, 5))
    squares[2] = 0.5 * np.sqrt(squares[0] * squares[1])  # of votes that both sides share
    factor = _scores.sandwich_factor(*given, squares, local, **options)
    meat = np.zeros_like(meat)
    for c in range(5):
        s1, s2, s0 = every[c]
        meat += squares[0, c] * np.outer(s1, s1) + squares[1, c] * np.outer(s2, s2)
        meat += squares[2, c] * (np.outer(s1, s2) + np.outer(s2, s1))
        if counts[2, c] > 0:
            meat += squares[3, c] * np.outer(s0, s0)
    np.testing.assert_allclose((factor.T @ factor).toarray(), meat, atol=1e-12)
    cluster = np.array([2, 0, 2, 1, 0])
    factor = _scores.cluster_factor(*given, local, cluster, **options)
    summed = np.zeros((3, every.shape[2]))
    for c in range(5):
        summed[cluster[c]] += counts[:, c] @ every[c]
    np.testing.assert_allclose(factor.toarray(), summed, atol=1e-12)


@pytest.mark.parametrize("kind", ["fisher", "sandwich", "cluster"])
@pytest.mark.parametrize("ridge", [0.0, 0.4])
def test_covariances_of_groups_one_by_one(kind, ridge):
    rng = np.random.default_rng(8)
    n, per_group = 4, 8
    group = np.repeat([0, 1, 2], per_group)
    first = rng.integers(0, n, len(group))
    second = (first + rng.integers(1, n, len(group))) % n
    first[::per_group], second[::per_group] = 0, 1
    first[1::per_group], second[1::per_group] = 1, 2
    first[2::per_group], second[2::per_group] = 2, 3
    votes = rng.integers(1, 5, (3, len(group))).astype(float)
    votes[2, ::2] = 0.0
    squares = rng.random((4, len(group))) if kind == "sandwich" and ridge else None
    if squares is not None:
        squares[2] *= 0.1
    rater = 10 * group + np.arange(len(group)) % 3
    utility, anchor = rng.normal(size=(3, n)), np.array([0.5, 0.5, 0.0, 0.0])
    given = _group_covariance.GroupCells(group, first, second, votes, squares, rater)
    found = _group_covariance.group_covariances(given, utility, ridge, kind, anchor)
    for g in range(3):
        information, meat, by_rater = ridge * np.eye(n), np.zeros((n, n)), {}
        for c in np.flatnonzero(group == g):
            contrast = np.eye(n)[first[c]] - np.eye(n)[second[c]]
            p = 1 / (1 + np.exp(-utility[g] @ contrast))
            information += votes[:, c].sum() * p * (1 - p) * np.outer(contrast, contrast)
            score = np.array([1 - p, -p, 0.5 - p])
            if squares is None:
                square = votes[:, c] @ score**2
            else:
                square = squares[:2, c] @ score[:2] ** 2 + 2 * squares[2, c] * score[0] * score[1]
                square += squares[3, c] * score[2] ** 2 * (votes[2, c] > 0)
            meat += square * np.outer(contrast, contrast)
            by_rater.setdefault(rater[c], np.zeros(n))
            by_rater[rater[c]] += votes[:, c] @ score * contrast
        inverse = np.linalg.pinv(information, rcond=1e-12)
        if kind == "cluster":
            sums = np.array(list(by_rater.values()))
            meat = sums.T @ sums * len(sums) / (len(sums) - 1)
        middle = inverse if kind == "fisher" else inverse @ meat @ inverse
        centre = np.eye(n) - anchor
        np.testing.assert_allclose(found[g], centre @ middle @ centre.T, atol=1e-10)


# -- Firth ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("free", [True, False])
def test_adjusted_scores_maximise_the_penalised_likelihood(free):
    rng = np.random.default_rng(9)
    first, second = np.array([0, 0, 1, 2, 3], np.int32), np.array([1, 2, 2, 3, 0], np.int32)
    counts = _outcomes.Counts(*rng.integers(0, 4, (3, 5)).astype(float))
    counts.tied[:] = 0.0
    columns = rng.normal(size=(5, 2))[:, : 1 if free else 2]
    design = _bordered.make_design(
        first, second, columns, counts, 4, link="logit", ties="none", free=free, ridge=0.0,
        precision=np.zeros((columns.shape[1],) * 2), component=np.zeros(4, np.int32),
    )  # fmt: skip
    matrix = columns
    if free:
        matrix = np.hstack([np.eye(4)[first] - np.eye(4)[second], columns])[:, 1:]  # item 0 at zero

    def loss(at):
        eta = matrix @ at
        p = 1 / (1 + np.exp(-eta))
        weight = counts.total * p * (1 - p)
        value = counts.first @ np.log(p) + counts.second @ np.log(1 - p)
        return -value - 0.5 * np.linalg.slogdet((matrix.T * weight) @ matrix)[1]

    size = design.n_utilities + columns.shape[1]
    found, _ = _firth.fit_firth(design, np.zeros(size), tolerance=1e-9, max_iterations=100)
    best = optimize.minimize(loss, np.zeros(matrix.shape[1]), method="BFGS", tol=1e-8).x
    point = found.point[1:] - np.r_[np.full(3, found.point[0]), 0.0] if free else found.point
    np.testing.assert_allclose(point, best, atol=1e-4)
    assert found.method == "Fisher scoring, Firth"
    if free:
        assert found.point[:4].sum() == pytest.approx(0.0, abs=1e-12)
    exactly, _ = _firth.fit_firth(
        design, np.zeros(size), tolerance=1e-9, max_iterations=found.iterations
    )
    assert exactly.status == _newton.CONVERGED
    fewer, _ = _firth.fit_firth(
        design, np.zeros(size), tolerance=1e-9, max_iterations=found.iterations - 1
    )
    assert fewer.status == _newton.OUT_OF_ITERATIONS


def test_leverages_are_the_diagonal_of_the_hat_matrix():
    rng = np.random.default_rng(10)
    first, second = np.array([0, 0, 1, 2], np.int32), np.array([1, 2, 2, 3], np.int32)
    counts = _outcomes.Counts(*(rng.random((3, 4)) * np.array([[1.0], [1.0], [0.0]])))
    columns = rng.normal(size=(4, 2))
    design = _bordered.make_design(
        first, second, columns, counts, 4, link="probit", ties="none", free=True, ridge=0.3,
        precision=0.5 * np.eye(2), component=np.zeros(4, np.int32),
    )  # fmt: skip
    state = _bordered.Bordered(design, 0.1 * rng.normal(size=6))
    matrix = np.hstack([np.eye(4)[first] - np.eye(4)[second], columns])
    inverse = np.linalg.inv(np.diag([0.3] * 4 + [0.5] * 2) + (matrix.T * state.weight) @ matrix)
    expected = state.weight * np.einsum("ij,jk,ik->i", matrix, inverse, matrix)
    np.testing.assert_allclose(_firth.leverages(state, state.inverse()), expected)


# -- rankings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [1, 1 << 22])
@pytest.mark.parametrize("below", [True, False])
def test_rankings_by_their_order_are_their_choices(below, block, monkeypatch):
    monkeypatch.setattr(_rankings, "_BLOCK", block)
    rng = np.random.default_rng(11)
    ranks = np.full((9, 5), 99)
    for row, length in zip(ranks, (5, 4, 3, 2, 1, 0, 5, 2, 4), strict=True):
        row[rng.permutation(5)[:length]] = np.arange(length)
    counts = rng.random(9)
    rankings = _rankings.strict_rankings(ranks, counts, unranked=99, below=below)
    sets = _plackett_luce.choice_sets(ranks, counts, unranked=99, below=below)
    np.testing.assert_array_equal(rankings.length, (ranks < 99).sum(axis=1))
    np.testing.assert_allclose(rankings.won, sets.won)
    theta = rng.normal(size=5)
    value, won = 0.0, np.zeros(5)
    adjacent = np.zeros((5, 5), dtype=bool)
    for row, count in zip(ranks, counts, strict=True):
        listed = np.argsort(row)[: (row < 99).sum()]
        left = [i for i in range(5) if row[i] == 99] if below else []
        for place, item in enumerate(listed):
            rest = [*listed[place:], *left]
            if len(rest) > 1:
                value += count * (theta[item] - np.log(np.exp(theta[rest]).sum()))
                won[item] += count
                for beaten in listed[place + 1 : place + 2] if place + 1 < len(listed) else left:
                    adjacent[item, beaten] = True
    np.testing.assert_allclose(rankings.won, won)
    np.testing.assert_array_equal(rankings.beaten, adjacent)
    found = _rankings.ranking_terms(theta, rankings)
    expected = _plackett_luce.plackett_luce_terms(theta, sets)
    assert found.log_likelihood == pytest.approx(value)
    np.testing.assert_allclose(found.gradient, expected.gradient, atol=1e-12)
    np.testing.assert_allclose(found.information, expected.information, atol=1e-12)


def test_the_last_that_is_listed_is_above_all_that_is_not():
    ranks = np.array([[99, 1, 99, 0, 99]])
    rankings = _rankings.strict_rankings(ranks, np.ones(1), unranked=99, below=True)
    assert np.argwhere(rankings.beaten).tolist() == [[1, 0], [1, 2], [1, 4], [3, 1]]


# -- pairs and shares ----------------------------------------------------------------------------


@pytest.mark.parametrize("n", [6, 400])  # by table, and by a sort
def test_cells_are_folded_to_pairs_in_order(n):
    rng = np.random.default_rng(12)
    first = rng.integers(0, n, 60)
    second = (first + rng.integers(1, n, 60)) % n
    won, lost = rng.random((2, 60))
    for ordered in (False, True):
        if ordered:
            first, second = np.minimum(first, second), np.maximum(first, second)
        pairs = _pairs.fold_pairs(first.astype(np.int32), second.astype(np.int32), won, lost, n)
        expected = {}
        for a, b, w, x in zip(first.tolist(), second.tolist(), won, lost, strict=True):
            up, down = expected.get((min(a, b), max(a, b)), (0.0, 0.0))
            more = (w, x) if a < b else (x, w)
            expected[min(a, b), max(a, b)] = (up + more[0], down + more[1])
        assert list(zip(pairs.low.tolist(), pairs.high.tolist(), strict=True)) == sorted(expected)
        votes = [expected[pair] for pair in sorted(expected)]
        np.testing.assert_allclose(np.stack([pairs.won, pairs.lost], axis=1), votes)
        np.testing.assert_array_equal(np.diff(pairs.starts), np.bincount(pairs.low, minlength=n))
        assert pairs.n_items == n
        place = _pairs.pair_of_cell(pairs, first, second)
        np.testing.assert_array_equal(pairs.low[place], np.minimum(first, second))
        np.testing.assert_array_equal(pairs.high[place], np.maximum(first, second))


@pytest.mark.parametrize("link", ["logit", "probit"])
@pytest.mark.parametrize("block", [3, 1 << 13])
@pytest.mark.parametrize("spread", [1.0, 700.0])  # beyond 1200 in all, no item's worth is a float
def test_likelihoods_of_pairs_near_and_far(link, block, spread, monkeypatch):
    monkeypatch.setattr(_pairs, "_BLOCK", block)
    rng = np.random.default_rng(13)
    low, high = (part.astype(np.int32) for part in np.triu_indices(5, 1))
    won, lost = rng.random((2, 10))
    utility = spread * np.array([0.2, 1.0, 0.2, 0.2, -1.0]) + np.array([0.0, 0.0, 0.7, -0.9, 0.0])
    if link == "probit":
        utility = utility / 40
    pairs = _pairs.fold_pairs(low, high, won, lost, 5)
    gap = utility[low] - utility[high]
    model = stats.logistic if link == "logit" else stats.norm
    expected = won @ model.logcdf(gap) + lost @ model.logcdf(-gap)
    assert _pairs.pair_log_likelihood(link, pairs, utility) == pytest.approx(expected)
    found = _pairs.pair_slopes(link, pairs, utility)
    up, down = (np.exp(model.logpdf(gap) - model.logcdf(sign * gap)) for sign in (1, -1))
    np.testing.assert_allclose(found.slope, won * up - lost * down, rtol=1e-7)
    np.testing.assert_allclose(found.curvature, (won + lost) * up * down, rtol=1e-7, atol=1e-300)


def test_sums_that_cancel_are_seen():
    assert not _pairs.sums_cancel(10.0, np.array([0.0, 5.0]))
    assert _pairs.sums_cancel(10.0, np.array([0.0, 1200.0]))
    assert not _pairs.sums_cancel(1e9 - 1, np.array([0.0, 0.5]))
    assert _pairs.sums_cancel(1e9, np.array([0.0, 0.5]))
    assert _pairs.sums_cancel(0.5e9, np.array([0.0, 2.0]))
    assert _pairs.sums_cancel(10.0, np.array([0.0, np.nan]))


def test_shares_of_hits_under_resamples():
    hits, totals = np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[2.0, 3.0], [4.0, 0.0]])
    found = _rates.resampled_ratios(hits, totals, np.array([[1.0, 0.0], [1.0, 2.0]]))
    np.testing.assert_allclose(found, [[0.2, 0.0], [0.5, np.nan]])

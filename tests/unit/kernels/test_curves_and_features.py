"""Curves, features, lotteries and information against scipy, enumeration and dense algebra."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import optimize, special, stats

from pluralism.kernels import (
    _dirichlet,
    _discounting,
    _elicitation,
    _exchange_rates,
    _instrumental,
    _linear_reward,
    _lottery,
    _noisy_votes,
)

# -- exchange rates ------------------------------------------------------------------------------


def goods(noise=0.2, seed=0):
    """Three goods with 5, 4 and 2 quantities, and one with a single quantity."""
    rng = np.random.default_rng(seed)
    code = np.repeat([0, 1, 2, 3], [5, 4, 2, 2])
    log_n = np.r_[0.0, 1.0, 2.0, 3.5, 4.0, 0.5, 1.0, 2.0, 2.0, 1.0, 3.0, 1.0, 1.0]
    slope, intercept = np.array([0.5, 1.5, 1.0, 0.0]), np.array([0.1, -0.3, 0.2, 0.4])
    utility = intercept[code] + slope[code] * log_n + noise * rng.normal(size=13)
    order = rng.permutation(13)
    return utility[order], log_n[order], code[order]


def test_curves_are_regressions_of_each_good():
    utility, log_n, code = goods()
    found = _exchange_rates.fit_curves(utility, log_n, code, 4, None)
    for good in range(3):
        mine = code == good
        line = stats.linregress(log_n[mine], utility[mine])
        assert found.slope[good] == pytest.approx(line.slope)
        assert found.intercept[good] == pytest.approx(line.intercept)
        assert found.r_squared[good] == pytest.approx(line.rvalue**2)
        assert found.df[good] == mine.sum() - 2
        place = slice(2 * good, 2 * good + 2)
        errors = np.sqrt(np.diagonal(found.covariance[place, place]))
        if good < 2:
            np.testing.assert_allclose(errors, [line.intercept_stderr, line.stderr])
            left = utility[mine] - line.intercept - line.slope * log_n[mine]
            assert found.mse_residual[good] == pytest.approx((left**2).sum() / (mine.sum() - 2))
            both = -(errors[1] ** 2) * log_n[mine].mean()
            assert found.covariance[2 * good, 2 * good + 1] == pytest.approx(both)
    assert np.isnan(found.mse_residual[2:]).all()  # a line through two points leaves nothing
    assert np.isnan(found.covariance[6:]).all()
    assert np.isnan(found.covariance[:, 6:]).all()
    assert np.isnan([found.slope[3], found.intercept[3], found.r_squared[3]]).all()
    assert found.df[3] == 0
    assert found.n_quantities.tolist() == [5, 3, 2, 1]
    assert not found.covariance[:2, 2:4].any()


def test_curves_with_the_covariance_of_the_utilities():
    utility, log_n, code = goods()
    root = np.random.default_rng(1).normal(size=(13, 13))
    found = _exchange_rates.fit_curves(utility, log_n, code, 4, root @ root.T)
    weights = np.zeros((6, 13))
    for good in range(3):
        mine = np.flatnonzero(code == good)
        design = np.column_stack([np.ones(len(mine)), log_n[mine]])
        weights[2 * good : 2 * good + 2, mine] = np.linalg.pinv(design)
    np.testing.assert_allclose(found.covariance[:6, :6], weights @ root @ root.T @ weights.T)
    assert np.isnan(found.covariance[6:]).all()
    assert np.isnan(found.covariance[:, 6:]).all()
    assert found.mse_residual[0] > 0


def test_a_curve_that_rises_by_rounding_is_flat():
    log_n, code = np.array([0.0, 1.0, 2.0]), np.zeros(3, dtype=int)
    for rise, flat in ((1e-13, True), (1e-11, False)):
        found = _exchange_rates.fit_curves(1.0 + rise * log_n, log_n, code, 1, None)
        assert (found.slope[0] == 0.0) == flat
    level = _exchange_rates.fit_curves(np.ones(3), log_n, code, 1, None)
    assert level.intercept.tolist() == [1.0]
    assert np.isnan(level.r_squared[0])


def test_rates_make_two_goods_worth_the_same():
    utility, log_n, code = goods(0.05)
    root = np.random.default_rng(2).normal(size=(13, 13)) / 20
    curves = _exchange_rates.fit_curves(utility, log_n, code, 4, root @ root.T)
    for centre in (0.0, 1.5):
        rates, stderr = _exchange_rates.log_rates(curves, centre)
        for i, j in itertools.permutations(range(3), 2):
            (bi, ai), (bj, aj) = ((curves.intercept[g], curves.slope[g]) for g in (i, j))

            def rate(line, centre=centre):
                bi, ai, bj, aj = line
                # how much of i is worth exp(centre) of j, and of j worth exp(centre) of i
                forward = (bj + aj * centre - bi) / ai - centre
                backward = centre - (bi + ai * centre - bj) / aj
                return (forward + backward) / 2

            line = np.array([bi, ai, bj, aj])
            assert rates[i, j] == pytest.approx(rate(line))
            slope = optimize.approx_fprime(line, rate, 1e-7)
            rows = [2 * i, 2 * i + 1, 2 * j, 2 * j + 1]
            variance = slope @ curves.covariance[np.ix_(rows, rows)] @ slope
            assert stderr[i, j] == pytest.approx(np.sqrt(variance), rel=1e-4)
        assert np.diagonal(rates)[:3].tolist() == np.diagonal(stderr)[:3].tolist() == [0.0] * 3
        assert np.isnan(rates[3]).all()
        assert np.isnan(rates[:, 3]).all()
    falling = curves._replace(slope=np.array([0.5, 0.0, -1.0, np.nan]))
    rates, _ = _exchange_rates.log_rates(falling, 0.0)
    assert rates[0, 0] == 0.0
    assert np.isnan(rates).sum() == 15


# -- linear rewards ------------------------------------------------------------------------------


def test_a_basis_spans_the_features_whatever_their_units():
    rng = np.random.default_rng(3)
    features = rng.normal(size=(6, 3)) * [1e-9, 1.0, 1e9]
    features = np.column_stack([features, np.full(6, 5.0), features[:, 1] * 2.0 + 1.0])
    basis = _linear_reward.feature_basis(features)
    assert basis.points.shape == (6, 3)
    np.testing.assert_allclose(basis.points.T @ basis.points, np.eye(3), atol=1e-12)
    centred = features - features.mean(axis=0)
    np.testing.assert_allclose(centred @ basis.back, basis.points, atol=1e-9)
    assert _linear_reward.feature_basis(np.ones((4, 2))).points.shape == (4, 0)


def plane(seed, n=5):
    return np.random.default_rng(seed).normal(size=(n, 2))


def rankings_of(points, must):
    """Every ranking that some direction of the plane induces, with all pairs of `must`."""
    found = set()
    for angle in np.linspace(0, 2 * np.pi, 7919, endpoint=False):
        values = points @ [np.cos(angle), np.sin(angle)]
        if all(values[a] > values[b] for a, b in must):
            found.add(tuple(np.argsort(-values).tolist()))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("must", [[], [(3, 0)], [(1, 2), (4, 2)]])
def test_leximax_is_the_best_of_all_rankings_position_by_position(must):
    for seed in range(2):
        points = plane(seed)
        scores = np.random.default_rng(seed + 50).integers(0, 3, 5).astype(float)
        feasible = rankings_of(points, must)
        best = max(tuple(scores[list(ranking)]) for ranking in feasible)
        expected = {r for r in feasible if tuple(scores[list(r)]) == best}
        found = _linear_reward.leximax_copeland(points, scores, must, 500)
        assert set(found.rankings) == expected
        assert len(found.rankings) == len(expected)
        assert found.complete
        assert found.message == ""


def test_no_more_than_the_limit_is_followed():
    points, scores = np.array([[0.0], [1.0], [2.0]]), np.zeros(3)
    assert _linear_reward.leximax_copeland(points, scores, [], 2) == (
        [(0, 1, 2), (2, 1, 0)], True, ""
    )  # fmt: skip
    fewer = _linear_reward.leximax_copeland(points, scores, [], 1)
    assert fewer == ([(0, 1, 2)], False, "")
    assert _linear_reward.leximax_copeland(points, scores, [(1, 0), (1, 2)], 5).rankings == []


def test_margins_are_the_largest_and_conflicts_sum_to_zero():
    for seed in range(10):
        points = plane(seed)
        rng = np.random.default_rng(seed)
        above = [tuple(rng.choice(5, 2, replace=False).tolist()) for _ in range(3 + seed % 3)]
        gaps = np.array([points[a] - points[b] for a, b in above])
        unit = gaps / np.linalg.norm(gaps, axis=1, keepdims=True)
        found = _linear_reward.largest_margin(points, above)
        edge = np.linspace(-1, 1, 4001)
        sides = [np.stack([edge, np.full(4001, side)], axis=1) for side in (-1, 1)]
        square = np.concatenate([*sides, *(side[:, ::-1] for side in sides)])
        largest = min(1.0, (square @ unit.T).min(axis=1).max())
        if largest > 1e-3:
            assert found.margin == pytest.approx(largest, abs=2e-3)
            assert (unit @ found.direction).min() >= found.margin - 1e-9
            assert found.conflict == []
        else:
            assert found.margin <= _linear_reward.LEAST_MARGIN
            weights, left = optimize.nnls(
                np.vstack([unit[found.conflict].T, np.ones(len(found.conflict))]), [0.0, 0.0, 1.0]
            )
            assert left < 1e-9
            assert (weights > 0).all()
    same = _linear_reward.largest_margin(np.array([[0.0], [1.0], [1.0]]), [(1, 0), (2, 1), (1, 2)])
    assert same.margin == 0.0
    assert same.conflict == [1]


# -- which pairs next ----------------------------------------------------------------------------


def test_pairs_are_chosen_by_the_growth_of_the_information():
    rng = np.random.default_rng(4)
    root = rng.normal(size=(5, 7))
    information, weight = root @ root.T, rng.random(10)
    excluded = np.zeros((5, 5), dtype=bool)
    excluded[0, 3] = excluded[1, 2] = True
    pairs, gain = _elicitation.greedy_information(np.linalg.inv(information), weight, excluded, 8)
    assert pairs.shape == (2, 8)
    every = list(itertools.combinations(range(5), 2))
    allowed = [pair for pair in every if not excluded[pair]]
    for pair, nats in zip(pairs.T.tolist(), gain, strict=True):
        growth = {}
        for a, b in allowed:
            contrast = np.eye(5)[a] - np.eye(5)[b]
            more = information + weight[every.index((a, b))] * np.outer(contrast, contrast)
            growth[a, b] = np.linalg.slogdet(more)[1] - np.linalg.slogdet(information)[1]
        assert tuple(pair) == max(growth, key=growth.get)
        assert nats == pytest.approx(growth[tuple(pair)])
        allowed.remove(tuple(pair))
        contrast = np.eye(5)[pair[0]] - np.eye(5)[pair[1]]
        information = information + weight[every.index(tuple(pair))] * np.outer(contrast, contrast)
    none_left, _ = _elicitation.greedy_information(np.eye(5), weight, excluded, 9)
    assert none_left.shape == (2, 8)
    equal, _ = _elicitation.greedy_information(np.eye(3), np.ones(3), np.zeros((3, 3), bool), 1)
    assert equal.ravel().tolist() == [0, 1]  # the first of equals


def draw(utility, met, n, *percentiles):
    generator = np.random.default_rng(0)
    return {
        tuple(pair)
        for _ in range(60)
        for pair in _elicitation.percentile_pairs(
            utility, met, n, *percentiles, generator
        ).T.tolist()
    }


def test_pairs_are_drawn_among_those_at_or_below_both_percentiles():
    utility = np.array([0.0, 1.0, 3.0, 7.0, 15.0])
    met = np.zeros((5, 5), dtype=bool)
    # differences 1, 2, 3, 4, 6, 7, 8, 12, 14, 15: a third of the way is the fourth
    third = {(0, 1), (1, 2), (0, 2), (2, 3)}
    assert draw(utility, met, 1, 100 / 3, 100.0) == third
    assert draw(utility, met, 1, 33.0, 100.0) == third - {(2, 3)}
    # four are not enough for five: half as many again, up to the sixth
    assert len(draw(utility, met, 5, 100 / 3, 100.0)) == 5
    met[3, 4] = met[4, 3] = met[0, 4] = met[4, 0] = True
    # degrees 1, 0, 0, 1, 2: together 0 for (1, 2), 1 for four pairs, 2 for four
    assert draw(utility, met, 1, 100.0, 1.0) == {(1, 2)}
    assert draw(utility, met, 2, 100.0, 20.0) == {(1, 2), (0, 1), (0, 2), (1, 3), (2, 3)}


def test_where_the_percentiles_hold_too_few_the_rest_is_drawn_from_all():
    utility, met = np.array([0.0, 1.0, 3.0, 7.0, 15.0]), np.zeros((5, 5), dtype=bool)
    generator = np.random.default_rng(0)
    for _ in range(20):
        pairs = _elicitation.percentile_pairs(utility, met, 4, 1e-6, 100.0, generator)
        assert pairs.shape == (2, 4)
        drawn = set(map(tuple, pairs.T.tolist()))
        assert len(drawn) == 4
        assert (0, 1) in drawn
    # 1.5^4 = 5.0625 times the percentile is the most: the second difference is at a ninth
    assert len(draw(utility, met, 2, 100 / 9 / 5.06, 100.0)) == 2
    assert len(draw(utility, met, 2, 100 / 9 / 5.07, 100.0)) == 10
    all_left = _elicitation.percentile_pairs(utility, met, 10, 1.0, 1.0, generator)
    assert all_left.T.tolist() == [list(pair) for pair in itertools.combinations(range(5), 2)]


# -- lotteries -----------------------------------------------------------------------------------


def test_maximal_lotteries_never_lose_and_say_whether_they_are_the_only_ones():
    kinds = set()
    for seed in range(15):
        margins = np.triu(np.random.default_rng(seed).integers(-3, 4, (4, 4)), 1).astype(float)
        margins = 7.0 * (margins - margins.T)
        found = _lottery.maximal_lottery_of(margins)
        assert found.message == ""
        assert found.probabilities.sum() == pytest.approx(1.0)
        assert (found.probabilities @ margins).min() > -1e-9
        assert found.violation < 1e-10
        best = []
        for value in np.eye(4):
            least = _lottery.worst_maximal_value(margins, value)
            most = -_lottery.worst_maximal_value(margins, -value)
            assert least - 1e-9 <= found.probabilities @ value <= most + 1e-9
            best.append(most - least)
        assert found.unique == (max(best) < 1e-9)
        kinds.add((found.unique, int((found.probabilities > 1e-9).sum())))
    assert kinds >= {(True, 1), (True, 3), (False, 2)}


def test_where_nobody_leads_every_lottery_is_maximal():
    zero = np.zeros((3, 3))
    assert _lottery.maximal_lottery_of(zero)[:3] == (pytest.approx([1 / 3] * 3), False, 0.0)
    assert _lottery.maximal_lottery_of(zero[:1, :1]).unique
    assert _lottery.worst_maximal_value(zero, np.array([3.0, 1.0, 2.0])) == 1.0


def test_support_and_spread_by_loops():
    rng = np.random.default_rng(5)
    values, share = rng.integers(0, 3, (6, 3)).astype(float), rng.dirichlet(np.ones(6))
    for a, b in itertools.permutations(range(3), 2):
        gap = values[:, a] - values[:, b]
        for beta, vote in ((None, 0.5 + np.sign(gap) / 2), (2.0, special.expit(2.0 * gap))):
            found = _noisy_votes.expected_support(values, share, beta)
            assert found[a, b] == pytest.approx(share @ vote)
            assert found[a, a] == 0.0
        assert _noisy_votes.strict_support(values, share)[a, b] == pytest.approx(share @ (gap > 0))
    assert not np.diagonal(_noisy_votes.strict_support(values, share)).any()
    found = _noisy_votes.utility_spread(values, share)
    mean = share @ values
    variance = share @ (values - mean) ** 2
    np.testing.assert_allclose(found.mean, mean)
    np.testing.assert_allclose(found.variance, variance)
    assert found.explained == pytest.approx(mean.var() / (mean.var() + variance.mean()))
    assert np.isnan(_noisy_votes.utility_spread(np.ones((2, 3)), np.full(2, 0.5)).explained)


# -- instrumental values -------------------------------------------------------------------------


def test_rewards_and_values_minimise_their_loss():
    rng = np.random.default_rng(6)
    utility, transition = rng.normal(size=4), rng.dirichlet(np.ones(4), 4)
    rewarded = np.array([True, False, True, False])
    found = _instrumental.fit_values(utility, transition, rewarded, 0.8, 2.5)

    def loss(unknown):
        value, reward = unknown[:4], np.zeros(4)
        reward[rewarded] = unknown[4:]
        implied = reward + 0.8 * transition @ value
        return ((implied - value) ** 2).sum() + 2.5 * ((implied - utility) ** 2).sum()

    best = optimize.minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-10})
    at = np.r_[found.value, found.reward[rewarded]]
    assert loss(at) == pytest.approx(best.fun, abs=1e-12)
    assert not found.reward[~rewarded].any()
    np.testing.assert_allclose(found.implied, found.reward + 0.8 * transition @ found.value)


# -- discounting ---------------------------------------------------------------------------------

DELAY = np.repeat([0.0, 1.0, 3.0, 10.0, 30.0], 4)
LOG_M = np.tile(np.log([1.05, 1.5, 2.5, 6.0]), 5)


def answers(curve, parameters, votes=200.0):
    """Expected answers under a curve, so that the fit finds it again."""
    log_d = _discounting.discounts(curve, np.asarray(parameters[1:]), DELAY)
    p = special.expit(np.exp(parameters[0]) * (LOG_M + log_d))
    return votes * p, votes * (1 - p)


@pytest.mark.parametrize(("curve", "parameters"), [
    ("hyperbolic", (0.7, -2.0)), ("exponential", (0.3, -3.0)),
    ("present-biased", (0.9, -3.0, -0.4)),
])  # fmt: skip
def test_a_curve_is_found_again_with_the_errors_of_its_information(curve, parameters):
    later, now = answers(curve, parameters)
    found = _discounting.fit_curve(curve, DELAY, LOG_M, later, now)
    np.testing.assert_allclose(found.parameters, parameters, atol=1e-3)
    assert not found.at_bound.any()

    def loss(at):
        eta = np.exp(at[0]) * (LOG_M + _discounting.discounts(curve, at[1:], DELAY))
        return -(later @ special.log_expit(eta) + now @ special.log_expit(-eta))

    assert found.log_likelihood == pytest.approx(-loss(found.parameters))
    step, k = 1e-3, len(parameters)
    hessian = np.array([[
        (loss(found.parameters + a + b) - loss(found.parameters + a - b)
         - loss(found.parameters - a + b) + loss(found.parameters - a - b)) / (4 * step**2)
        for a in step * np.eye(k)] for b in step * np.eye(k)])  # fmt: skip
    np.testing.assert_allclose(
        found.stderr, np.sqrt(np.diagonal(np.linalg.inv(hessian))), rtol=1e-2
    )


def test_discounts_at_each_delay():
    delay = np.array([0.0, 2.0])
    k, b = np.log(0.5), np.log(0.8)
    at = _discounting.discounts
    np.testing.assert_allclose(at("hyperbolic", np.array([k]), delay), [0.0, -np.log(2.0)])
    np.testing.assert_allclose(at("exponential", np.array([k]), delay), [0.0, -1.0])
    np.testing.assert_allclose(at("present-biased", np.array([k, b]), delay), [0.0, b - 1.0])


def test_answers_that_no_curve_bends_to_end_at_a_bound():
    later = 200.0 * special.expit(-LOG_M)  # the less, the more is offered
    found = _discounting.fit_curve("exponential", DELAY, LOG_M, later, 200.0 - later)
    assert found.at_bound.any()
    assert np.isnan(found.stderr).all()


def test_free_discounts_have_the_errors_of_their_information():
    later, now = answers("hyperbolic", (0.7, -2.0))
    code = np.repeat(np.arange(5), 4)
    found = _discounting.fit_free(code, LOG_M, later, now, 5)
    log_d = _discounting.discounts("hyperbolic", np.array([-2.0]), np.array([0, 1, 3, 10, 30.0]))
    np.testing.assert_allclose(found.log_discount, log_d, atol=1e-4)
    assert found.log_sensitivity == pytest.approx(0.7, abs=1e-4)
    assert found.gap is None
    eta = np.exp(0.7) * (LOG_M + log_d[code])
    design = np.column_stack([eta, np.exp(0.7) * np.eye(5)[code]])
    weight = 200.0 * special.expit(eta) * special.expit(-eta)
    covariance = np.linalg.inv(design.T @ (weight[:, None] * design))
    np.testing.assert_allclose(found.stderr, np.sqrt(np.diagonal(covariance))[1:], rtol=1e-3)
    likelihood = later @ special.log_expit(eta) + now @ special.log_expit(-eta)
    assert found.log_likelihood == pytest.approx(likelihood)


def test_one_answer_at_a_delay_and_sharp_thresholds():
    code, log_m = np.repeat([0, 1, 2], 3), np.tile([0.0, 1.0, 2.0], 3)
    later = np.array([0, 1, 1, 0, 0, 1, 0, 0, 0.0])
    sharp = _discounting.fit_free(code, log_m, later, 1.0 - later, 3)
    assert sharp.log_sensitivity == np.inf
    np.testing.assert_allclose(sharp.gap, [[-1.0, -2.0, -4.0], [0.0, -1.0, -2.0]])
    np.testing.assert_allclose(sharp.log_discount, [-0.5, -1.5, -4.0])
    assert sharp.log_likelihood == 0.0
    assert np.isnan(sharp.stderr).all()
    always = _discounting.fit_free(
        code, log_m, np.where(code == 2, 1.0, later), np.where(code == 2, 0.0, 1.0 - later), 3
    )
    np.testing.assert_allclose(always.gap[:, 2], [0.0, 2.0])
    assert always.log_discount[2] == 2.0
    mixed = np.array([0, 1, 0, 1, 0, 1, 0, 0, 0.0])
    found = _discounting.fit_free(code, log_m, mixed, 1.0 - mixed, 3)
    assert found.gap is None
    assert found.log_discount[2] == -4.0
    without = _discounting.fit_free(code[:6], log_m[:6], mixed[:6], 1.0 - mixed[:6], 2)
    assert found.log_sensitivity == pytest.approx(without.log_sensitivity)
    np.testing.assert_allclose(found.log_discount[:2], without.log_discount, atol=1e-6)
    assert not np.isfinite(found.stderr[2])


# -- Dirichlet -----------------------------------------------------------------------------------


def test_the_mode_of_a_dirichlet_multinomial_is_where_scipy_finds_it():
    counts = np.random.default_rng(7).integers(0, 6, (12, 3)).astype(float)
    centre, precision = np.array([0.2, -0.1, 0.4]), 0.3

    def loss(eta):
        value = _dirichlet.dirichlet_multinomial_derivatives(counts, eta).value
        return -value + 0.5 * precision * ((eta - centre) ** 2).sum()

    start = np.array([3.0, -3.0, 0.0])
    settings = {"tolerance": 1e-12, "max_iterations": 50}
    found = _dirichlet.dirichlet_multinomial_mode(counts, start, centre, precision, **settings)
    best = optimize.minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(found.eta, best, atol=1e-5)
    assert found.decrement <= 1e-12
    assert 2 < found.iterations < 50
    assert found.log_likelihood == pytest.approx(
        _dirichlet.dirichlet_multinomial_derivatives(counts, found.eta).value
    )
    hessian = _dirichlet.dirichlet_multinomial_derivatives(counts, found.eta).hessian
    np.testing.assert_allclose(found.covariance, np.linalg.inv(precision * np.eye(3) - hessian))
    settings["max_iterations"] = found.iterations
    again = _dirichlet.dirichlet_multinomial_mode(counts, start, centre, precision, **settings)
    assert again.decrement == found.decrement
    settings["max_iterations"] -= 1
    early = _dirichlet.dirichlet_multinomial_mode(counts, start, centre, precision, **settings)
    assert early.decrement > 1e-12
    assert early.iterations == found.iterations - 1
    # an e^2 at a time
    settings["max_iterations"] = 1
    one = _dirichlet.dirichlet_multinomial_mode(counts, start, centre, precision, **settings)
    assert np.abs(one.eta - start).max() <= 2.0 + 1e-12


def test_chances_to_be_the_largest_are_those_of_draws():
    rng = np.random.default_rng(8)
    rows = np.array([[0.5, 2.0, 1.0], [4.0, 3.0, 3.5], [0.5, 2.0, 1.0]])
    found = _dirichlet.probability_largest(rows)
    for row, got in zip(rows, found, strict=True):
        largest = rng.dirichlet(row, 40_000).argmax(axis=1)
        np.testing.assert_allclose(got, np.bincount(largest) / 40_000, atol=0.01)
    two = _dirichlet.probability_largest(np.array([[2.0, 3.0]]))
    assert two[0, 0] == pytest.approx(stats.beta(2, 3).sf(0.5))
    assert two.sum() == pytest.approx(1.0)
    assert _dirichlet.probability_largest(np.array([[2.0]])).tolist() == [[1.0]]
    # three of equal shares, and a gap that is known: P(largest) of (1, 1, 1) is a third
    np.testing.assert_allclose(_dirichlet.probability_largest(np.ones((1, 3))), 1 / 3, atol=1e-12)
    exact = _dirichlet.probability_largest(rows, nodes=400)
    np.testing.assert_allclose(found, exact, atol=1e-10)

"""Newton's loop step by step, and a Laplacian's curvature against dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from pluralism.kernels import _newton
from pluralism.kernels._pairs import fold_pairs, pair_slopes

SETTINGS = {"exact": False, "tolerance": 1e-9, "max_iterations": 50}


def parabola(centre, curvature):
    """Slope of -curvature (x - centre)^2 / 2, with everything that was asked for on the way."""
    asked = []

    def evaluate(point):
        asked.append(point.copy())
        return -curvature * (point - centre), curvature

    return evaluate, asked


def climb(evaluate, start, solve=lambda state, gradient: (gradient / state, 0.0), **settings):
    return _newton.newton(
        evaluate,
        solve,
        lambda step: float(np.abs(step).max()),
        np.asarray(start, dtype=float),
        **{**SETTINGS, **settings},
    )


def test_a_parabola_takes_one_step_and_one_that_finds_nothing_left():
    evaluate, asked = parabola(3.0, 4.0)
    point, state, distance, iterations, status = climb(evaluate, [1.0])
    assert (point.tolist(), state, distance, iterations, status) == ([3.0], 4.0, 0.0, 2, 0)
    assert [at.item() for at in asked] == [1.0, 3.0]
    out = climb(parabola(3.0, 4.0)[0], [1.0], max_iterations=1)
    assert out[0].item() == 3.0
    assert out[2:] == (4.0, 1, _newton.OUT_OF_ITERATIONS)  # from where it came: sqrt(4 x 2^2)
    exact = climb(parabola(3.0, 4.0)[0], [2.0], exact=True, max_iterations=1)
    assert exact[2] == 2.0 * 0.5  # decrement x reach / 2
    rough = climb(
        parabola(3.0, 4.0)[0],
        [2.0],
        solve=lambda state, gradient: (gradient / state, 0.25),
        exact=True,
        max_iterations=1,
    )
    assert rough[2] == 2.0 * 0.75  # decrement x (reach / 2 + accuracy)
    assert climb(parabola(3.0, 4.0)[0], [-1.0], exact=True, max_iterations=1)[2] == 8.0  # at most
    assert climb(parabola(3.0, 4.0)[0], [1.0], max_iterations=0)[2:] == (np.inf, 0, 1)


def test_the_tolerance_is_met_at_its_edge():
    one_step = {"tolerance": 4.0, "max_iterations": 1}
    assert climb(parabola(3.0, 4.0)[0], [1.0], **one_step)[4] == _newton.CONVERGED
    one_step["tolerance"] = np.nextafter(4.0, 0.0)
    assert climb(parabola(3.0, 4.0)[0], [1.0], **one_step)[4] == _newton.OUT_OF_ITERATIONS


def test_no_step_is_longer_than_eight_units_and_one_cut_short_is_not_exact():
    evaluate, asked = parabola(20.0, 1.0)
    assert climb(evaluate, [0.0], exact=True)[0].item() == 20.0
    assert [at.item() for at in asked] == [0.0, 8.0, 16.0, 20.0]
    evaluate, asked = parabola(20.0, 1.0)
    assert climb(evaluate, [0.0], exact=True, max_iterations=1)[2] == 20.0
    evaluate, asked = parabola(8.0, 1.0)
    assert climb(evaluate, [0.0], exact=True)[0].item() == 8.0
    assert [at.item() for at in asked] == [0.0, 8.0]


def test_a_step_that_overshoots_is_shortened_by_the_secant_rule():
    def longer(times):
        return lambda state, gradient: (times * gradient / state, 0.0)

    evaluate, asked = parabola(0.0, 1.0)
    climb(evaluate, [1.0], solve=longer(2.0), max_iterations=1)
    # a slope of 2 at the start, of -2 at the end: half the way
    assert [at.item() for at in asked] == [1.0, -1.0, 0.0]
    evaluate, asked = parabola(0.0, 1.0)
    climb(evaluate, [1.0], solve=longer(1.5), max_iterations=1)
    assert [at.item() for at in asked] == [1.0, -0.5]  # minus half the slope is no overshooting
    evaluate, asked = parabola(0.0, 1.0)
    climb(evaluate, [1.0], solve=longer(1.75), max_iterations=1)
    assert [at.item() for at in asked] == [1.0, -0.75, 0.0]


def test_where_there_is_no_slope_the_step_is_quartered():
    asked = []

    def evaluate(point):
        asked.append(point.item())
        return (np.array([np.nan]) if point > 1.0 else 1.0 - point), 1.0

    climb(evaluate, [-4.0], solve=lambda state, gradient: (8.0 * np.ones(1), 0.0), max_iterations=1)
    assert asked == [-4.0, 4.0, -2.0]
    asked.clear()

    def nowhere(point):
        asked.append(point.item())
        return np.array([1.0 if point == 0.0 else np.nan]), 1.0

    out = climb(nowhere, [0.0])
    assert len(asked) == 1 + 30
    assert asked[-1] == 0.25**29
    assert out[4] == _newton.NOT_FINITE
    assert out[3] == 2


def test_a_point_that_needs_no_step_has_converged_in_one():
    out = climb(parabola(3.0, 4.0)[0], [3.0])
    assert out[2:] == (0.0, 1, _newton.CONVERGED)
    assert climb(parabola(3.0, 4.0)[0], [3.0], tolerance=0.0)[2:] == (0.0, 1, 0)


def test_a_fit_needs_as_many_iterations_as_it_says():
    rng = np.random.default_rng(4)
    pairs = random_pairs(rng, 6)
    result, _ = _newton.fit_pairs(pairs)
    again, _ = _newton.fit_pairs(pairs, max_iterations=result.iterations)
    assert again.status == _newton.CONVERGED
    assert again.iterations == result.iterations > 1
    fewer, _ = _newton.fit_pairs(pairs, max_iterations=result.iterations - 1)
    assert fewer.status == _newton.OUT_OF_ITERATIONS
    assert fewer.iterations == result.iterations - 1


# -- the start -----------------------------------------------------------------------------------


def test_starts_are_the_log_odds_of_shares_with_half_a_win_and_half_a_loss_more():
    won, total = np.array([3.0, 0.0]), np.array([3.0, 3.0])
    start = _newton.spread_shares(won, total)  # too uneven for a mixture
    np.testing.assert_allclose(start, [np.log(7.0), -np.log(7.0)])
    assert _newton.spread_shares(np.zeros(3), np.zeros(3)).tolist() == [0.0] * 3
    # log-odds of +-x: their variance is x^2, and 1 - 0.3459 x^2 is above 1/4 up to x = 1.4726
    for x, factor in ((1.472, 1.0 / np.sqrt(1.0 - 0.345_92 * 1.472**2)), (1.4735, 1.0)):
        votes = 1000.0
        won = (votes + 1.0) * special.expit(np.array([x, -x])) - 0.5
        start = _newton.spread_shares(won, np.full(2, votes))
        np.testing.assert_allclose(start, np.array([x, -x]) * factor, rtol=1e-3)


def test_starts_are_nearly_right_where_everyone_meets_everyone():
    utility = np.random.default_rng(0).normal(size=300)
    utility -= utility.mean()
    chance = special.expit(utility[:, None] - utility)
    np.fill_diagonal(chance, 0.0)
    start = _newton.spread_shares(1e4 * chance.sum(axis=1), np.full(300, 299e4))
    np.testing.assert_allclose(start, utility, atol=0.25)
    assert np.polyfit(utility, start, 1)[0] == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("few", [0, 50_000])
def test_end_sums_and_shares_by_either_way(few, monkeypatch):
    monkeypatch.setattr(_newton, "_FEW_PAIRS", few)
    pairs = random_pairs(np.random.default_rng(1), 5)
    values = np.random.default_rng(2).random(len(pairs.low))
    for sign in (1.0, -1.0, 2.0):
        expected = np.zeros(5)
        for low, high, value in zip(pairs.low, pairs.high, values, strict=True):
            expected[low] += value
            expected[high] += sign * value
        np.testing.assert_allclose(_newton.end_sums(pairs, values, sign), expected)
    won, total = np.zeros(5), np.zeros(5)
    for low, high, up, down in zip(pairs.low, pairs.high, pairs.won, pairs.lost, strict=True):
        won[low] += up
        won[high] += down
        total[[low, high]] += up + down
    np.testing.assert_allclose(_newton.shares(pairs), _newton.spread_shares(won, total))


# -- the curvature -------------------------------------------------------------------------------


def random_pairs(rng, n, apart=None):
    """Wins of everyone over everyone, of two parts apart over their own."""
    low, high = np.triu_indices(n, 1)
    if apart is not None:
        within = (low < apart) == (high < apart)
        low, high = low[within], high[within]
    won, lost = 1.0 + 4.0 * rng.random((2, len(low)))
    return fold_pairs(low.astype(np.int32), high.astype(np.int32), won, lost, n)


@pytest.fixture(params=["one", "two", "ridge"])
def curvature(request):
    """A Laplacian of one part, of two, and of two with a ridge; its matrix; its parts."""
    rng = np.random.default_rng(8)
    apart = None if request.param == "one" else 3
    pairs = random_pairs(rng, 8, apart)
    component = np.zeros(8, dtype=np.int32)
    if request.param == "two":
        component[3:] = 1
    ridge = 0.3 if request.param == "ridge" else 0.0
    weight = rng.random(len(pairs.low)) + 0.5
    dense = np.zeros((8, 8))
    dense[pairs.low, pairs.high] = dense[pairs.high, pairs.low] = -weight
    np.fill_diagonal(dense, -dense.sum(axis=1) + ridge)
    return _newton.Laplacian(pairs, weight, ridge, component), dense


def test_a_laplacian_is_its_dense_matrix(curvature):
    laplacian, dense = curvature
    inverse = np.linalg.pinv(dense, rcond=1e-12)
    right = np.random.default_rng(3).normal(size=(8, 3))
    np.testing.assert_allclose(laplacian.degree, np.diagonal(dense))
    np.testing.assert_allclose(laplacian.times(right), dense @ right)
    np.testing.assert_allclose(laplacian.times(right[:, 0]), dense @ right[:, 0])
    np.testing.assert_allclose(laplacian.inverse(), inverse, atol=1e-12)
    centred = dense @ inverse @ right
    np.testing.assert_allclose(laplacian.centre(right), centred, atol=1e-12)
    np.testing.assert_allclose(laplacian.centre(right[:, 1]), centred[:, 1], atol=1e-12)
    np.testing.assert_allclose(laplacian.solve(centred), inverse @ right, atol=1e-12)
    np.testing.assert_allclose(laplacian.solve_lu(right), inverse @ right, atol=1e-12)
    np.testing.assert_allclose(
        laplacian.quadratic_forms(centred), np.diagonal(right.T @ inverse @ right)
    )
    solution, done = laplacian.solve_cg(right, 1e-12, 30)
    assert done
    np.testing.assert_allclose(solution, inverse @ right, atol=1e-10)
    rough, done = laplacian.solve_cg(right, 1e-12, 1)
    assert not done
    assert not np.allclose(rough, inverse @ right)
    zero, done = laplacian.solve_cg(np.zeros(8), 1e-3, 1)
    assert done
    assert not zero.any()


def test_the_constants_take_the_average_degree(curvature):
    laplacian, dense = curvature
    pinned = np.triu(laplacian.pinned())
    expected = dense.copy()
    if laplacian.ridge == 0.0:
        for part in np.unique(laplacian.component):
            member = (laplacian.component == part).astype(float)
            expected += np.outer(member, member) / member.sum() * np.diagonal(dense).mean()
    np.testing.assert_allclose(pinned, np.triu(expected), atol=1e-12)
    factor = np.triu(laplacian.cholesky())
    np.testing.assert_allclose(factor.T @ factor, expected, atol=1e-12)


@pytest.mark.parametrize("ridge", [0.0, 0.4])
@pytest.mark.parametrize("factored", [False, True])
def test_variances_from_the_mean(ridge, factored):
    pairs = random_pairs(np.random.default_rng(5), 7)
    laplacian = _newton.Laplacian(pairs, pairs.won, ridge, np.zeros(7, dtype=np.int32))
    if factored:
        laplacian.cholesky()
    from_mean = np.eye(7) - 1.0 / 7.0
    dense = np.diag(laplacian.degree)
    dense[pairs.low, pairs.high] = dense[pairs.high, pairs.low] = -pairs.won
    expected = from_mean @ np.linalg.pinv(dense, rcond=1e-12) @ from_mean
    np.testing.assert_allclose(laplacian.centred_variances(), np.diagonal(expected))


def test_a_curvature_that_is_not_positive_has_no_factor():
    pairs = random_pairs(np.random.default_rng(5), 4)
    laplacian = _newton.Laplacian(pairs, -pairs.won, 0.0, np.zeros(4, dtype=np.int32))
    assert np.isnan(laplacian.cholesky()).all()


@pytest.mark.parametrize("link", ["logit", "probit"])
@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_a_fit_is_where_the_slope_is_zero_in_every_part(link, ridge):
    pairs = random_pairs(np.random.default_rng(6), 7, apart=3)
    component = np.array([0] * 3 + [1] * 4, dtype=np.int32)
    result, state = _newton.fit_pairs(
        pairs, link=link, ridge=ridge, component=component, start=np.linspace(0.0, 1.0, 7)
    )
    slopes = pair_slopes(link, pairs, result.point)
    gradient = _newton.end_sums(pairs, slopes.slope, -1.0) - ridge * result.point
    np.testing.assert_allclose(gradient, 0.0, atol=1e-8)
    np.testing.assert_allclose([result.point[:3].sum(), result.point[3:].sum()], 0.0, atol=1e-8)
    assert result.method == "Newton, cholesky"
    assert state.ridge == ridge

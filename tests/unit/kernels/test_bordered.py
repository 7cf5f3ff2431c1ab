"""Models with shared parameters, their information and separation, against differences."""

from __future__ import annotations

import numpy as np
import pytest

from pluralism.kernels import _bordered, _newton, _outcomes, _separation

N = 5
MODELS = [("logit", "none"), ("probit", "none"), ("logit", "davidson"), ("logit", "rao-kupper"),
          ("probit", "rao-kupper")]  # fmt: skip


def design_of(link, ties, *, free=True, ridge=0.0, prior=0.0, seed=0, q=2, apart=False):
    """Everyone against everyone, some twice, with random weights and columns."""
    rng = np.random.default_rng(seed)
    first, second = (part.astype(np.int32) for part in np.nonzero(~np.eye(N, dtype=bool)))
    keep = rng.random(len(first)) < 0.8
    component = np.zeros(N, dtype=np.int32)
    if apart:
        keep &= (first < 2) == (second < 2)
        keep |= (first == 0) & (second == 1)
        component[2:] = 1
    first, second = first[keep], second[keep]
    counts = _outcomes.Counts(*(rng.random((3, len(first))) + 0.3))
    return _bordered.make_design(
        first,
        second,
        rng.normal(size=(len(first), q)),
        counts,
        N,
        link=link,
        ties=ties,
        free=free,
        ridge=ridge,
        precision=prior * np.eye(q),
        component=component,
    )


def point_of(design, seed=1):
    q = design.columns.shape[1]
    point = 0.3 * np.random.default_rng(seed).normal(size=design.n_utilities + q + design.has_tie)
    if design.has_tie:
        point[-1] = 0.4
    return point


def value_of(design, point):
    n, q = design.n_utilities, design.columns.shape[1]
    inside = point[n : n + q]
    value = _outcomes.log_likelihood(
        design.link, design.ties, design.predictor(point), design.tie(point), design.counts
    )
    value -= 0.5 * design.ridge * (point[:n] ** 2).sum()
    return value - 0.5 * inside @ design.precision @ inside


def slopes_of(function, point, step=1e-5):
    return np.stack(
        [
            (function(point + d) - function(point - d)) / (2 * step)
            for d in step * np.eye(len(point))
        ],
        axis=-1,
    )


def information_of(design, point):
    """Chance-weighted products of the slopes of the outcomes' log-probabilities."""
    size = len(point)
    total = np.zeros((size, size))

    def logs(at):
        tie = float(np.exp(design.tie(at))) if design.has_tie else None
        return np.log(
            _outcomes.probabilities(design.link, design.ties, design.predictor(at), tie) + 1e-300
        )

    slopes, chance = slopes_of(logs, point), np.exp(logs(point))
    weight = sum(design.counts)
    for outcome in range(3):
        if chance[outcome].max() > 1e-200:
            scaled = slopes[outcome] * (weight * chance[outcome])[:, None]
            total += scaled.T @ slopes[outcome]
    n, q = design.n_utilities, design.columns.shape[1]
    total[np.arange(n), np.arange(n)] += design.ridge
    total[n : n + q, n : n + q] += design.precision
    return total


@pytest.mark.parametrize("options", [
    {}, {"ridge": 0.7}, {"free": False}, {"prior": 0.6, "ridge": 0.2}, {"q": 0}, {"apart": True},
    {"free": False, "prior": 1.5},
])  # fmt: skip
@pytest.mark.parametrize(("link", "ties"), MODELS)
def test_gradient_and_information_are_those_of_the_likelihood(link, ties, options):
    design = design_of(link, ties, **options)
    if not design.free and not design.columns.shape[1] + design.has_tie:
        return
    point = point_of(design)
    state = _bordered.Bordered(design, point)
    numeric = slopes_of(lambda at: value_of(design, at), point)
    np.testing.assert_allclose(state.gradient(), numeric, atol=1e-7)
    information = information_of(design, point)
    inverse = state.inverse()
    np.testing.assert_allclose(information @ inverse @ information, information, atol=1e-6)
    np.testing.assert_allclose(inverse, inverse.T, atol=1e-10)
    right = information @ np.random.default_rng(2).normal(size=(len(point), 2))
    np.testing.assert_allclose(information @ state.solve(right), right, atol=1e-6)
    np.testing.assert_allclose(state.solve(right[:, 0]), state.solve(right)[:, 0], atol=1e-9)
    n = design.n_utilities
    if len(point) > n:
        inner = information[:n, :n]
        schur = (
            information[n:, n:]
            - information[n:, :n] @ np.linalg.pinv(inner, rcond=1e-9) @ information[:n, n:]
        )
        np.testing.assert_allclose(state.schur(), schur, atol=1e-6)


@pytest.mark.parametrize(("link", "ties"), MODELS)
@pytest.mark.parametrize("free", [True, False])
def test_a_fit_ends_where_the_slope_is_zero_in_as_many_steps_as_it_says(link, ties, free):
    design = design_of(link, ties, free=free, apart=free)
    start = np.zeros(design.n_utilities + 2 + design.has_tie)
    start[: design.n_utilities] = 0.1 * np.arange(design.n_utilities)
    if ties == "rao-kupper":
        start[-1] = 1.5
    result, state = _bordered.fit_bordered(design, start, tolerance=1e-9, max_iterations=50)
    assert result.status == _newton.CONVERGED
    numeric = slopes_of(lambda at: value_of(design, at), result.point)
    np.testing.assert_allclose(numeric, 0.0, atol=1e-7)
    assert result.method == ("Newton, block elimination" if free else "Newton")
    np.testing.assert_allclose(state.gradient(), 0.0, atol=1e-7)
    if free:
        assert np.abs([result.point[:2].sum(), result.point[2:5].sum()]).max() < 1e-12
    enough, _ = _bordered.fit_bordered(
        design, start, tolerance=1e-9, max_iterations=result.iterations
    )
    assert enough.status == _newton.CONVERGED
    fewer, _ = _bordered.fit_bordered(
        design, start, tolerance=1e-9, max_iterations=result.iterations - 1
    )
    assert fewer.status == _newton.OUT_OF_ITERATIONS


def test_the_width_of_ties_stays_above_zero_on_the_way():
    design = design_of("logit", "rao-kupper")
    rare = design.counts._replace(tied=1e-4 * design.counts.tied)
    start = np.r_[np.zeros(N + 2), 3.0]
    result, _ = _bordered.fit_bordered(
        design._replace(counts=rare), start, tolerance=1e-9, max_iterations=60
    )
    assert result.status == _newton.CONVERGED
    assert 0.0 < result.point[-1] < 1e-3


def test_what_the_data_cannot_tell_from_the_utilities_is_named():
    design = design_of("logit", "none")
    assert _bordered.Bordered(design, np.zeros(N + 2)).confounded() is None
    trait = np.array([3.0, -1.0, 0.5, 7.0, 2.0])
    columns = design.columns.copy()
    columns[:, 1] = 1e3 * (trait[design.first] - trait[design.second])
    confounded = _bordered.Bordered(design._replace(columns=columns), np.zeros(N + 2)).confounded()
    np.testing.assert_allclose(np.abs(confounded), [0.0, 1.0], atol=1e-6)
    columns[:, 1] = 0.0
    nothing = _bordered.Bordered(design._replace(columns=columns), np.zeros(N + 2)).confounded()
    np.testing.assert_allclose(np.abs(nothing), [0.0, 1.0], atol=1e-12)
    without = design_of("logit", "none", q=0)
    assert _bordered.Bordered(without, np.zeros(N)).confounded() is None


def test_ties_are_half_wins_of_the_pairs():
    design = design_of("logit", "none")
    won = np.zeros((N, N))
    first, second, tied = design.counts
    np.add.at(won, (design.first, design.second), first + tied / 2)
    np.add.at(won, (design.second, design.first), second + tied / 2)
    pairs = design.pairs
    np.testing.assert_allclose(pairs.won, won[pairs.low, pairs.high])
    np.testing.assert_allclose(pairs.lost, won[pairs.high, pairs.low])
    met = np.stack([pairs.low, pairs.high])[:, design.pair_of_cell]
    np.testing.assert_array_equal(met, np.sort([design.first, design.second], axis=0))


# -- separation ----------------------------------------------------------------------------------


def sparse_design(seed, ties, *, free=True, q=1):
    """A few votes, so that a maximum may or may not exist."""
    rng = np.random.default_rng(seed)
    first = np.repeat([0, 0, 1], 2).astype(np.int32)
    second = np.repeat([1, 2, 2], 2).astype(np.int32)
    counts = rng.integers(0, 2, (3, 6)).astype(float)
    counts[2] *= rng.random(6) < 0.5
    return _bordered.make_design(
        first,
        second,
        rng.integers(-2, 3, (6, q)) * 10.0 ** rng.integers(-9, 3),
        _outcomes.Counts(*counts),
        3,
        link="logit",
        ties=ties,
        free=free,
        ridge=0.0,
        precision=np.zeros((q, q)),
        component=np.zeros(3, dtype=np.int32),
    )


@pytest.mark.slow
@pytest.mark.parametrize("ties", ["none", "davidson", "rao-kupper"])
@pytest.mark.parametrize("free", [True, False])
def test_a_direction_is_found_where_the_likelihood_rises_for_ever(ties, free):
    found = 0
    for seed in range(30):
        design = sparse_design(seed, ties, free=free, q=1 if free else 3)
        direction = _separation.separating_direction(design)
        # A little of every outcome, less and less: the best value stays away or goes off.
        sizes = []
        for share in (1e-3, 1e-6):
            counts = _outcomes.Counts(*(part + share for part in design.counts))
            smooth = design._replace(counts=counts)
            start = np.zeros(design.n_utilities + design.columns.shape[1] + design.has_tie)
            start[-1] = 0.5 if design.has_tie else 0.0
            result, _ = _bordered.fit_bordered(smooth, start, tolerance=1e-8, max_iterations=200)
            sizes.append(np.append(design.predictor(result.point), design.tie(result.point)))
        runs_away = bool(np.abs(sizes[1] - sizes[0]).max() > 1.0)
        assert (direction is not None) == runs_away, seed
        if direction is None:
            continue
        found += 1
        along = [value_of(design, size * direction) for size in (1.0, 5.0, 25.0)]
        if ties != "rao-kupper":  # which has no value at a width of zero
            assert along[0] <= along[1] + 1e-12
            assert along[1] <= along[2] + 1e-12
            assert value_of(design, np.zeros(len(direction))) < along[2]
    assert 3 < found < 30 or (found == 30 and ties != "none")


def test_what_has_a_prior_cannot_run_away():
    first, second = np.array([0, 1, 0, 1], np.int32), np.array([1, 0, 2, 2], np.int32)
    won = np.array([3.0, 2.0, 4.0, 5.0])  # item 2 never wins
    columns = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.2], [0.0, 0.2]])
    none = np.zeros(4)

    def direction(counts, ridge, precision):
        return _separation.separating_direction(
            _bordered.make_design(
                first, second, columns, counts, 3, link="logit", ties="none", free=True,
                ridge=ridge, precision=np.diag(precision), component=np.zeros(3, np.int32),
            )
        )  # fmt: skip

    never = _outcomes.Counts(won, none, none)
    free = direction(never, 0.0, [0.0, 0.0])
    assert free is not None
    held = direction(never, 0.5, [0.0, 0.0])
    np.testing.assert_allclose(held[:3], 0.0, atol=1e-9)
    assert (columns @ held[3:] >= -1e-9).all()
    assert held[4] == pytest.approx(5.0)  # as far as its largest entry counts one
    only = direction(never, 0.0, [0.1, 0.1])
    np.testing.assert_allclose(only[3:], 0.0, atol=1e-9)
    assert only[2] < min(only[:2]) - 0.5
    assert direction(never, 0.5, [0.1, 0.1]) is None
    # a tie that counts as half of each was seen both ways
    assert direction(_outcomes.Counts(won, none, np.ones(4)), 0.0, [0.0, 0.0]) is None

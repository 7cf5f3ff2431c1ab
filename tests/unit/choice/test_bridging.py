"""Bridging: the factorisation at its exact optimum, and pairwise disagreement by brute force."""

import itertools
import re

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import check_grad, minimize

from pluralism import ApproximationWarning, ConvergenceError, DataError, LabelError
from pluralism.choice import bridging, disagreement_bridging
from pluralism.kernels import _bridging as kernels


def random_ratings(rng, n=25, m=9, missing=0.3):
    side, lean = rng.choice([-1, 1], n), rng.normal(0, 1, m)
    chance = 1 / (1 + np.exp(-(rng.normal(0, 1, m) + 2 * np.outer(side, lean))))
    ratings = np.where(rng.random((n, m)) < chance, 1.0, 0.0)
    ratings[rng.random((n, m)) < 0.2] = 0.5
    ratings[rng.random((n, m)) < missing] = np.nan
    ratings[0], ratings[:, 0] = 1.0, 0.0
    return ratings


def full_objective(parameters, ratings, penalty):
    """The objective in all parameters, written as in the definition."""
    n, m = ratings.shape
    mu, i_u, f_u, i_n, f_n = np.split(parameters, np.cumsum([1, n, n, m]))
    error = (ratings - mu - i_u[:, None] - i_n - np.outer(f_u, f_n)) ** 2
    if penalty == "mean":
        means = 0.15 * ((i_u**2).mean() + (i_n**2).mean() + mu[0] ** 2)
        return np.nanmean(error) + means + 0.03 * ((f_u**2).mean() + (f_n**2).mean())
    sums = 0.15 * ((i_u**2).sum() + (i_n**2).sum() + mu[0] ** 2)
    return np.nansum(error) + sums + 0.03 * ((f_u**2).sum() + (f_n**2).sum())


def parameters_of(fit):
    return np.concatenate(
        [
            [fit.mean],
            fit.rater_intercept.values,
            fit.rater_factor.values,
            fit.intercept.values,
            fit.factor.values,
        ]
    )


PENALTIES = {
    "mean": lambda n, m, k: kernels.Penalties(1 / k, 0.15 / n, 0.03 / n, 0.15 / m, 0.03 / m, 0.15),
    "sum": lambda n, m, k: kernels.Penalties(1.0, 0.15, 0.03, 0.15, 0.03, 0.15),
}


@pytest.mark.parametrize("penalty", ["mean", "sum"])
@pytest.mark.parametrize("missing", [0.3, 0.9])
def test_the_gradient_is_that_of_finite_differences(penalty, missing):
    rng = np.random.default_rng(1)
    ratings = random_ratings(rng, missing=missing)
    data = kernels.prepare(ratings)
    penalties = PENALTIES[penalty](*ratings.shape, (~np.isnan(ratings)).sum())
    for _ in range(5):
        at = rng.normal(size=1 + 2 * ratings.shape[1])
        gap = check_grad(
            lambda x: kernels.objective_and_gradient(x, data, penalties)[0],
            lambda x: kernels.objective_and_gradient(x, data, penalties)[1],
            at,
            epsilon=1e-6,
        )
        size = np.linalg.norm(kernels.objective_and_gradient(at, data, penalties)[1])
        assert gap < 1e-5 * size


def test_sparse_and_dense_matrices_give_the_same(monkeypatch):
    ratings = random_ratings(np.random.default_rng(2), n=40, missing=0.7)
    penalties = PENALTIES["mean"](*ratings.shape, (~np.isnan(ratings)).sum())
    at = np.random.default_rng(0).normal(size=19)
    dense = kernels.objective_and_gradient(at, kernels.prepare(ratings), penalties)
    monkeypatch.setattr(kernels, "_SPARSE_BELOW", 1.1)
    data = kernels.prepare(ratings)
    assert hasattr(data.given, "tocsr")
    sparse = kernels.objective_and_gradient(at, data, penalties)
    assert sparse[0] == pytest.approx(dense[0], rel=1e-12)
    np.testing.assert_allclose(sparse[1], dense[1], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("penalty", ["mean", "sum"])
def test_is_a_minimum_of_the_objective_in_all_parameters(penalty):
    rng = np.random.default_rng(3)
    for _ in range(4):
        ratings = random_ratings(rng)
        fit = bridging(ratings, penalty=penalty)
        best = parameters_of(fit)
        assert fit.converged
        value = full_objective(best, ratings, penalty)
        assert fit.objective == pytest.approx(value, rel=1e-10)
        # Central differences in every parameter, and in random directions, find no way down.
        for move in np.vstack([np.eye(len(best)), rng.normal(size=(20, len(best)))]):
            up = full_objective(best + 1e-4 * move, ratings, penalty)
            down = full_objective(best - 1e-4 * move, ratings, penalty)
            assert abs(up - down) < 1e-9 * max(1.0, value)
            assert min(up, down) >= value - 1e-13 * max(1.0, value)


@pytest.mark.slow
def test_no_general_optimiser_finds_a_lower_objective():
    rng = np.random.default_rng(4)
    ratings = random_ratings(rng, n=8, m=4)
    fit = bridging(ratings)
    values = [
        minimize(full_objective, rng.normal(0, 0.5, 1 + 2 * 12), args=(ratings, "mean")).fun
        for _ in range(4)
    ]
    assert fit.objective <= min(values) + 1e-9
    assert fit.objective == pytest.approx(min(values), abs=1e-6)


def test_the_objective_never_rises_and_a_seed_decides():
    ratings = random_ratings(np.random.default_rng(5))
    fit, again, other = bridging(ratings), bridging(ratings), bridging(ratings, seed=7)
    assert (np.diff(fit.path) <= 0).all()
    assert fit.path[0] > fit.path[-1]
    xr.testing.assert_identical(fit.intercept, again.intercept)
    np.testing.assert_array_equal(fit.starts, again.starts)
    # Other starts, the same optimum, the same sign.
    assert not np.array_equal(fit.starts, other.starts)
    np.testing.assert_allclose(fit.intercept, other.intercept, atol=1e-7)
    np.testing.assert_allclose(fit.factor, other.factor, atol=1e-7)
    assert float(fit.factor[np.abs(fit.factor.values).argmax()]) > 0


def test_with_a_factor_that_costs_too_much_it_is_a_ridge_regression():
    ratings = random_ratings(np.random.default_rng(6))
    n, m = ratings.shape
    fit = bridging(ratings, penalty="sum", factor_penalty=1e9)
    np.testing.assert_allclose(fit.factor, 0.0, atol=1e-6)
    rows, columns = np.nonzero(~np.isnan(ratings))
    design = np.zeros((len(rows), 1 + n + m))
    design[:, 0] = design[np.arange(len(rows)), 1 + rows] = 1.0
    design[np.arange(len(rows)), 1 + n + columns] = 1.0
    ridge = np.linalg.solve(
        design.T @ design + 0.15 * np.eye(1 + n + m), design.T @ ratings[rows, columns]
    )
    np.testing.assert_allclose(fit.intercept, ridge[1 + n :], atol=1e-7)


def test_the_thresholds_of_community_notes():
    left, right = [1, 0, 1, 0, 0.5], [0, 1, 1, 0, 0.5]
    fit = bridging(np.array([left] * 20 + [right] * 20))
    assert fit.status.values.tolist() == [
        "needs more ratings", "needs more ratings", "helpful", "not helpful", "needs more ratings",
    ]  # fmt: skip
    # Symmetric comments differ in sign alone, and the axis parts the sides.
    assert float(fit.factor[0]) == pytest.approx(-float(fit.factor[1]), abs=1e-7)
    sides = np.sign(fit.rater_factor.values)
    assert abs(sides[:20].sum()) == abs(sides[20:].sum()) == 20
    moved = bridging(np.array([left] * 20 + [right] * 20), helpful=0.9, unhelpful=-5)
    assert set(moved.status.values) == {"needs more ratings"}
    strict = bridging(np.array([left] * 20 + [right] * 20), helpful_factor=0.0)
    assert "helpful" not in strict.status.values
    assert fit.summary().index.tolist()[0] == 2


def test_polarised_approval_is_no_bridging():
    """A comment liked by a majority of one side scores below one liked by both."""
    rng = np.random.default_rng(7)
    side = np.repeat([0, 1], [70, 30])
    chance = np.column_stack(
        [np.where(side == 0, 0.95, 0.05), np.full(100, 0.7), *[np.where(side == 0, 0.9, 0.1)] * 4]
        + [np.where(side == 0, 0.1, 0.9)] * 4
    )
    ratings = np.where(rng.random(chance.shape) < chance, 1.0, 0.0)
    fit = bridging(ratings)
    assert ratings[:, 0].mean() == pytest.approx(ratings[:, 1].mean(), abs=0.1)
    assert float(fit.intercept[1]) > float(fit.intercept[0]) + 0.05
    assert abs(float(fit.factor[0])) > 3 * abs(float(fit.factor[1]))


def test_who_is_left_out_is_counted_and_has_no_score():
    ratings = random_ratings(np.random.default_rng(8))
    wide = np.pad(ratings, ((0, 1), (0, 1)), constant_values=np.nan)
    fit = bridging(wide)
    assert fit.dropped == {"comments": 1, "participants": 1}
    assert np.isnan(fit.intercept[-1])
    assert np.isnan(fit.rater_factor[-1])
    assert fit.status.values[-1] == "needs more ratings"
    assert int(fit.n_ratings[-1]) == 0
    np.testing.assert_allclose(fit.intercept[:-1], bridging(ratings).intercept, atol=1e-7)
    few = bridging(wide, min_raters=5, min_ratings=7)
    kept = (~np.isnan(wide)).sum(axis=1) >= 7
    np.testing.assert_array_equal(np.isfinite(few.rater_factor), kept)


def test_a_fit_that_stopped_early_says_so():
    ratings = random_ratings(np.random.default_rng(9), n=60, m=30, missing=0.6)
    with pytest.raises(ConvergenceError, match="raise `max_iterations`") as caught:
        bridging(ratings, penalty="sum", max_iterations=1)
    assert not caught.value.result.converged
    short = {"max_iterations": 1, "starts": 1, "check": False}
    assert not bridging(ratings, penalty="sum", **short).converged


def test_starts_that_end_apart_are_told():
    missing = np.random.default_rng(0).random((30, 8)) < 0.5
    ratings = np.where(missing, np.nan, np.random.default_rng(1).random((30, 8)))
    weak = {"penalty": "sum", "factor_penalty": 1e-6, "intercept_penalty": 1e-6}
    with pytest.warns(ApproximationWarning, match="one of 4 starts alone reached"):
        fit = bridging(ratings, **weak, check=False)
    assert fit.objective == fit.starts.min()


def test_unanimous_and_scattered_ratings_converge():
    for value in (0.0, 0.5, 1.0):
        fit = bridging(np.full((10, 4), value))
        assert fit.converged
        assert np.ptp(fit.intercept.values) < 1e-7
    alone = np.where(np.eye(12) == 1, np.arange(12) % 2, np.nan)
    assert bridging(alone).converged
    assert bridging([[1.0]]).converged


@pytest.mark.parametrize(
    ("ratings", "options", "message"),
    [
        ([[-1.0, 1.0]], {}, r"`ratings\[0, 0\]` is -1 .* `\(votes \+ 1\) / 2`"),
        ([[np.nan, np.nan]], {}, "holds no vote"),
        ([[1.0, 0.0]], {"penalty": "none"}, "`penalty` is 'none'"),
        ([[1.0, 0.0]], {"factor_penalty": 0.0}, "`factor_penalty` is 0.0"),
        ([[1.0, 0.0]], {"starts": 0}, "`starts` is 0"),
        ([[1.0, 0.0]], {"helpful": np.nan}, "`helpful` is nan"),
        ([[1.0, 0.0]], {"min_raters": 2}, "nothing is left to fit"),
        ([[1.0, 0.0]], {"seed": 1.5}, "`seed` is 1.5"),
    ],
)
def test_bad_ratings_are_named(ratings, options, message):
    with pytest.raises(DataError, match=message):
        bridging(ratings, **options)


# -- pairwise disagreement ----------------------------------------------------------------


def brute_force(votes, passes="not-approved"):
    if passes == "missing":
        votes = np.where(votes == 0, np.nan, votes)
    votes = votes[(~np.isnan(votes)).any(axis=1)]
    n, m = votes.shape
    scores = np.full(m, np.nan)
    for c in range(m):
        if np.isnan(votes[:, c]).all():
            continue
        scores[c] = 0.0
        approvers = [i for i in range(n) if votes[i, c] == 1]
        for place, i in enumerate(approvers):
            for j in approvers[:place]:
                both = [
                    k for k in range(m) if votes[i, k] == votes[i, k] and votes[j, k] == votes[j, k]
                ]
                differ = sum((votes[i, k] == 1) != (votes[j, k] == 1) for k in both)
                scores[c] += differ / len(both)
    return 4 / n**2 * scores


@pytest.mark.parametrize("missing", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("passes", ["not-approved", "missing"])
def test_equals_the_sum_over_pairs(missing, passes, monkeypatch):
    monkeypatch.setattr(kernels, "_BLOCK", 7)
    rng = np.random.default_rng(10)
    votes = rng.choice([1.0, 0.0, -1.0], (23, 9), p=[0.5, 0.1, 0.4])
    votes[rng.random(votes.shape) < missing] = np.nan
    votes[:, 8] = np.where(np.isnan(votes[:, 8]), np.nan, -1.0)
    if missing:
        votes[3], votes[:, 4] = np.nan, np.nan
    scores = disagreement_bridging(votes, passes=passes)
    np.testing.assert_allclose(scores, brute_force(votes, passes), rtol=1e-12, atol=1e-14)
    voted = ~np.isnan(votes) if passes == "not-approved" else np.abs(votes) == 1
    assert scores.attrs["voteless"] == int((~voted.any(axis=1)).sum())
    assert scores.attrs["participants"] == int(voted.any(axis=1).sum())
    assert scores[8] == 0.0


def test_the_largest_score_is_for_what_unites_halves():
    votes = np.ones((10, 5))
    votes[:5, 1:], votes[5:, 1:] = [1, 1, -1, -1], [-1, -1, 1, 1]
    scores = disagreement_bridging(votes)
    assert float(scores[0]) == pytest.approx(4 / 5, rel=1e-12)
    assert scores.argmax("comment") == 0


@pytest.mark.slow
def test_inverse_propensities_estimate_complete_votes():
    """Unbiased over random missingness, where the plain score is far too small."""
    rng = np.random.default_rng(11)
    complete = rng.choice([1.0, -1.0], (30, 6))
    truth = disagreement_bridging(complete).values
    chance = rng.uniform(0.4, 0.9, complete.shape)
    drawn, plain = [], []
    for _ in range(500):
        votes = np.where(rng.random(complete.shape) < chance, complete, np.nan)
        drawn.append(disagreement_bridging(votes, propensity=chance).values)
        plain.append(disagreement_bridging(votes).values)
    error = np.std(drawn, axis=0) / np.sqrt(len(drawn))
    assert (np.abs(np.mean(drawn, axis=0) - truth) < 4 * error).all()
    assert (np.mean(plain, axis=0) < 0.6 * truth).all()
    ones = disagreement_bridging(complete, propensity=np.ones(complete.shape))
    np.testing.assert_allclose(ones, truth, rtol=1e-12)


def test_propensities_are_checked():
    votes = xr.DataArray(
        [[1.0, np.nan], [0.0, 1.0]],
        dims=("person", "comment"),
        coords={"person": ["a", "b"], "comment": ["x", "y"]},
    )
    with pytest.raises(DataError, match=r"`propensity` has shape \(1, 2\)"):
        disagreement_bridging(votes, propensity=[[1.0, 1.0]])
    with pytest.raises(DataError, match=r"`propensity\[1, 0\]` is 0 where there is a vote"):
        disagreement_bridging(votes, propensity=[[1.0, 0.0], [0.0, 1.0]])
    chance = xr.DataArray(
        [[0.5, 1.0], [0.25, 0.5]],
        dims=votes.dims,
        coords={"person": ["b", "a"], "comment": ["x", "y"]},
    )
    swapped = disagreement_bridging(votes, propensity=chance[::-1])
    xr.testing.assert_identical(disagreement_bridging(votes, propensity=chance), swapped)
    with pytest.raises(LabelError, match="differ along 'person'"):
        disagreement_bridging(votes, propensity=chance.assign_coords(person=["b", "z"]))
    with pytest.raises(DataError, match="passes alone"):
        disagreement_bridging([[0.0, 0.0]], passes="missing")
    with pytest.raises(DataError, match="`passes` is 'yes'"):
        disagreement_bridging([[1.0]], passes="yes")


@pytest.mark.slow
def test_participants_whose_votes_were_all_unseen_count_where_propensities_do():
    """Of few comments seen by half, many see none; leaving them out would inflate every score."""
    rng = np.random.default_rng(12)
    complete = rng.choice([1.0, -1.0], (12, 3))
    truth = disagreement_bridging(complete).values
    chance = np.full(complete.shape, 0.5)
    drawn = []
    for _ in range(1500):
        votes = np.where(rng.random(complete.shape) < chance, complete, np.nan)
        found = disagreement_bridging(votes, propensity=chance)
        assert found.attrs["participants"] == 12
        drawn.append(np.nan_to_num(found.values))  # unseen by all: an estimate of nothing is 0
    error = np.std(drawn, axis=0) / np.sqrt(len(drawn))
    assert (np.abs(np.mean(drawn, axis=0) - truth) < 4 * error).all()


@pytest.mark.parametrize("named", [True, False])
def test_propensities_are_matched_by_label_whatever_their_dimensions(named):
    rng = np.random.default_rng(13)
    coords = {"person": ["a", "b", "c"], "comment": ["x", "y", "z"]}
    votes = xr.DataArray(
        [[1.0, -1.0, 1.0], [1.0, 1.0, 1.0], [-1.0, 1.0, 1.0]],
        dims=("person", "comment"),
        coords=coords,
    )
    chance = votes.copy(data=rng.uniform(0.2, 1.0, (3, 3)))
    expected = disagreement_bridging(votes, propensity=chance).values
    if named:
        turned = chance[::-1, [1, 2, 0]].transpose("comment", "person")
    else:
        turned = chance[::-1, [1, 2, 0]].to_pandas().rename_axis(index=None, columns=None)
    np.testing.assert_array_equal(disagreement_bridging(votes, propensity=turned), expected)


# -- edges, places and counts ---------------------------------------------------------------


def test_a_threshold_includes_or_excludes_its_own_value():
    """Helpful from i_n on and below |f_n|; not helpful strictly below the slanted line."""
    ratings = np.array([[1, 0, 1, 0, 0.5]] * 20 + [[0, 1, 1, 0, 0.5]] * 20)
    fit = bridging(ratings)
    top, factor = float(fit.intercept[2]), abs(float(fit.factor[0]))
    assert bridging(ratings, helpful=top).status.values[2] == "helpful"
    assert bridging(ratings, helpful=np.nextafter(top, 2)).status.values[2] != "helpful"
    assert "helpful" not in bridging(ratings, helpful=-1, helpful_factor=0.0).status.values[:2]
    at_edge = bridging(ratings, helpful=-1, helpful_factor=factor, unhelpful=-9)
    beyond = bridging(ratings, helpful=-1, helpful_factor=np.nextafter(factor, 2), unhelpful=-9)
    assert at_edge.status.values[0] == "needs more ratings"
    assert beyond.status.values[0] == "helpful"
    line = float(fit.intercept[0]) + 0.5 * factor
    for shift, status in ((0.0, "needs more ratings"), (1e-9, "not helpful")):
        slanted = bridging(ratings, unhelpful=line + shift, unhelpful_slope=0.5, helpful=9)
        assert slanted.status.values[0] == status


def test_fewest_raters_and_ratings_include_the_bound():
    ratings = np.full((6, 4), np.nan)
    ratings[:, 0], ratings[:3, 1], ratings[:2, 2] = 1.0, 0.5, 0.0
    ratings[5, 3] = 1.0
    fit = bridging(ratings, min_raters=3, min_ratings=2)
    assert fit.dropped == {"comments": 2, "participants": 3}
    assert fit.n_ratings.values.tolist() == [3, 3, 0, 0]
    np.testing.assert_array_equal(np.isfinite(fit.rater_intercept), [True] * 3 + [False] * 3)
    assert bridging(ratings).dropped == {"comments": 0, "participants": 0}
    # Who has no rating of the comments left takes those comments along.
    ratings[5, :] = [np.nan, np.nan, np.nan, 1.0]
    alone = bridging(ratings, min_ratings=2)
    assert alone.dropped == {"comments": 1, "participants": 3}


def test_ratings_out_of_range_are_placed_and_counted():
    message = (
        "`ratings[1, 2]` is 1.5 (2 such entries); a rating lies in [0, 1]. For votes of 1, 0 and "
        "-1 pass `(votes + 1) / 2`"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        bridging([[0.0, 1.0, np.nan], [1.0, 0.0, 1.5], [-1.0, 1.0, 0.5]])
    message = (
        "nothing is left to fit: no comment with `min_raters` (2) and participant with "
        "`min_ratings` (3)"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        bridging([[0.0, 1.0], [1.0, 1.0]], min_raters=2, min_ratings=3)
    for name in ("min_raters", "min_ratings", "starts", "max_iterations"):
        with pytest.raises(DataError, match=f"`{name}` is 0; it must be at least 1"):
            bridging([[1.0]], **{name: 0})
    for name in ("intercept_penalty", "factor_penalty"):
        assert bridging([[1.0]], **{name: 0.5}).converged
        with pytest.raises(DataError, match=f"`{name}` is 0; it must be finite above 0"):
            bridging([[1.0]], **{name: 0})


def test_a_fit_that_stopped_early_says_after_how_many_iterations():
    ratings = random_ratings(np.random.default_rng(9), n=60, m=30, missing=0.6)
    message = (
        r"^the fit stopped after \d+ iterations with a step of \d\.\de[+-]\d\d to go; raise "
        "`max_iterations`, or pass `check=False` and look at `converged`$"
    )
    with pytest.raises(ConvergenceError, match=message) as caught:
        bridging(ratings, penalty="sum", max_iterations=3)
    assert f"after {len(caught.value.result.path) - 1} iterations" in str(caught.value)


def test_the_start_that_is_alone_is_told_with_the_next():
    missing = np.random.default_rng(0).random((30, 8)) < 0.5
    ratings = np.where(missing, np.nan, np.random.default_rng(1).random((30, 8)))
    weak = {"penalty": "sum", "factor_penalty": 1e-6, "intercept_penalty": 1e-6, "check": False}
    with pytest.warns(ApproximationWarning, match="one of 4 starts alone reached") as told:
        fit = bridging(ratings, **weak)
    best, second = np.sort(fit.starts)[:2]
    assert str(told[0].message) == (
        f"one of 4 starts alone reached the objective {best:.6g}, the next {second:.6g}; there "
        "may be a lower one, so raise `starts`"
    )
    assert told[0].filename == __file__
    bridging(ratings, **weak, starts=1)  # nothing to compare with: no warning
    assert bridging(random_ratings(np.random.default_rng(3)), starts=2).starts.shape == (2,)


def test_the_summary_is_sorted_and_keeps_the_order_of_equals():
    ratings = xr.DataArray(
        np.array([[0.0, 1.0, 0.5, 1.0]] * 10),
        dims=("participant", "comment"),
        coords={"participant": list("jihgfedcba"), "comment": ["z", "y", "x", "w"]},
    )
    fit = bridging(ratings)
    frame = fit.summary()
    assert list(frame.columns) == ["intercept", "factor", "status", "n_ratings"]
    assert frame.index.name == "comment"
    assert set(frame.index[:2]) == {"y", "w"}
    assert frame.index[2:].tolist() == ["x", "z"]
    assert (np.diff(frame["intercept"]) <= 0).all()
    assert (frame["n_ratings"] == 10).all()
    assert fit.rater_intercept.participant.values.tolist() == list("jihgfedcba")


def test_voteless_participants_are_counted_and_belong_to_n_with_propensities():
    votes = np.array([[1.0, -1, 1], [np.nan] * 3, [1, 1, np.nan], [np.nan] * 3, [-1, 1, np.nan]])
    plain = disagreement_bridging(votes)
    assert plain.attrs == {"participants": 3, "voteless": 2}
    weighted = disagreement_bridging(votes, propensity=np.ones(votes.shape))
    assert weighted.attrs == {"participants": 5, "voteless": 2}


def test_propensities_are_refused_where_they_matter_alone():
    votes = np.array([[1.0, np.nan, -1.0], [np.nan, 1.0, 1.0]])
    free = np.array([[1.0, 0.0, 1.0], [np.nan, 1.0, 1.0]])
    np.testing.assert_array_equal(
        disagreement_bridging(votes, propensity=free),
        disagreement_bridging(votes, propensity=np.ones((2, 3))),
    )
    for wrong, said in ((1.25, "1.25"), (0.0, "0"), (-0.5, "-0.5"), (np.nan, "nan")):
        bad = free.copy()
        bad[1, 1:] = wrong, 7.0  # the first is named
        message = (
            f"`propensity[1, 1]` is {said} where there is a vote; the probability of seeing it "
            "lies in (0, 1]"
        )
        with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
            disagreement_bridging(votes, propensity=bad)


def inverse_propensity_sum(votes, chance):
    """The sum over pairs, each vote counting one over its probability."""
    n, m = votes.shape
    seen = ~np.isnan(votes)
    weight = np.where(seen, 1 / chance, 0.0)
    scores = np.zeros(m)
    for c, i in itertools.product(range(m), range(n)):
        for j in range(i):
            if votes[i, c] == votes[j, c] == 1:
                total = sum(
                    (weight[i, k] * weight[j, k] if k != c else 0.0)
                    for k in range(m)
                    if k != c and seen[i, k] and seen[j, k]
                    and (votes[i, k] == 1) != (votes[j, k] == 1)
                )  # fmt: skip
                scores[c] += weight[i, c] * weight[j, c] * total / m
    return 4 / n**2 * scores


def test_inverse_propensities_weight_every_vote_of_a_term():
    rng = np.random.default_rng(15)
    votes = rng.choice([1.0, 0.0, -1.0], (7, 5))
    votes[rng.random(votes.shape) < 0.3] = np.nan
    votes[2] = np.nan
    chance = rng.uniform(0.2, 1.0, votes.shape)
    found = disagreement_bridging(votes, propensity=chance)
    np.testing.assert_allclose(found, inverse_propensity_sum(votes, chance), rtol=1e-12)

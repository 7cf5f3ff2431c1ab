"""fit_robust: against independent optimisers, against truth, and against those who attack it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, sparse
from scipy.special import expit, logit

import pluralism as pl
from pluralism.data import Comparisons
from pluralism.errors import (
    ConvergenceError,
    DataError,
    LabelError,
    NotIdentifiedError,
    SmallSampleWarning,
)
from pluralism.kernels import _robust
from pluralism.scores import kendall_distance, recovery_error
from pluralism.utility import RobustFit, fit_bradley_terry, fit_robust


def corrupted(share, observed, seed, n=100):
    """Utilities on (-1, 1); a share of the log-odds between 3 and 6 of the wrong sign."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(-1, 1, n)
    low, high = np.triu_indices(n, 1)
    odds = truth[low] - truth[high]
    wrong = rng.random(len(low)) < share
    odds[wrong] = -np.sign(odds[wrong]) * rng.uniform(3, 6, wrong.sum())
    seen = rng.random(len(low)) < observed
    votes = Comparisons.from_codes(low[seen], high[seen], expit(odds[seen]), items=n)
    return truth, votes, set(zip(low[wrong & seen], high[wrong & seen], strict=True))


def soft(truth, edit=()):
    """Noise-free shares of all pairs, some of them replaced."""
    low, high = np.triu_indices(len(truth), 1)
    share = expit(np.subtract.outer(truth, truth)[low, high])
    for place, value in dict(edit).items():
        share[place] = value
    return Comparisons.from_codes(low, high, share, items=len(truth))


def random_counts(seed, n=8, votes=9):
    rng = np.random.default_rng(seed)
    wins = np.zeros((n, n))
    low, high = np.triu_indices(n, 1)
    wins[low, high] = rng.integers(0, votes + 1, len(low))
    wins[high, low] = votes - wins[low, high]
    return Comparisons.from_matrix(wins)


def edges(fit):
    """Codes and smoothed log-odds of all pairs."""
    table = fit.pairs
    odds = table["residual"].to_numpy() + logit(table["expected"].to_numpy())
    return table["first"].to_numpy(int), table["second"].to_numpy(int), odds


# -- the estimates are the optima ----------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weights", ["pairs", "votes"])
def test_l1_is_the_linear_programme(seed, weights):
    votes = random_counts(seed)
    fit = fit_robust(votes, weights=weights)
    low, high, odds = edges(fit)
    m, n = len(odds), votes.n_items
    weight = np.ones(m)
    if weights == "votes":
        p = expit(odds)
        weight = np.sqrt(fit.pairs["votes"].to_numpy() + 1) * np.sqrt(p * (1 - p))
    ends = (np.arange(m), np.arange(m))
    design = sparse.coo_array((np.ones(m), (ends[0], low)), shape=(m, n)) - sparse.coo_array(
        (np.ones(m), (ends[1], high)), shape=(m, n)
    )
    solved = optimize.linprog(
        np.concatenate([np.zeros(n), weight, weight]),
        A_eq=sparse.hstack([design, sparse.eye_array(m), -sparse.eye_array(m)]),
        b_eq=odds,
        bounds=[(None, None)] * n + [(0, None)] * (2 * m),
    )
    u = fit.utility.values
    loss = weight @ np.abs(odds - (u[low] - u[high]))
    assert loss == pytest.approx(solved.fun, rel=1e-6)
    assert loss >= solved.fun - 1e-9
    assert fit.convergence.converged
    assert fit.convergence.decrement <= 1e-7


@pytest.mark.parametrize("seed", range(3))
def test_huber_is_the_minimum_of_its_loss(seed):
    votes = random_counts(seed)
    fit = fit_robust(votes, method="huber", tuning=1.1)
    low, high, odds = edges(fit)
    start = fit_robust(votes).utility.values
    unit = 1.482602218505602 * np.median(np.abs(odds - start[low] + start[high]))
    bend = 1.1 * unit

    def loss(u):
        away = np.abs(odds - (u[low] - u[high]))
        return np.where(away <= bend, away**2 / 2, bend * (away - bend / 2)).sum()

    found = optimize.minimize(loss, np.zeros(votes.n_items), method="BFGS", options={"gtol": 1e-9})
    best = found.x - found.x.mean()
    assert loss(fit.utility.values) <= loss(best) + 1e-9
    np.testing.assert_allclose(fit.utility, best, atol=1e-4)


def test_pursuit_meets_its_optimality_conditions():
    """The price is a subgradient of both norms: spectral norm 1 aligned with L, entries penalty."""
    _, votes, _ = corrupted(0.1, 0.8, 0, n=30)
    fit = fit_robust(votes, method="rpca", tolerance=1e-7, max_iterations=5000)
    n = votes.n_items
    low, high, odds = edges(fit)
    table, seen = np.zeros((n, n)), np.eye(n, dtype=bool)
    table[low, high], table[high, low] = odds, -odds
    seen[low, high] = seen[high, low] = True
    penalty = 1 / np.sqrt(n * seen.mean())
    best = _robust.pursue_low_rank(table, seen, penalty, tolerance=1e-8, max_iterations=20_000)

    def objective(low_rank):
        gap = np.abs(table - low_rank)[seen].sum()
        return np.linalg.norm(low_rank, "nuc") + penalty * gap

    at = objective(fit.low_rank.values)
    assert at == pytest.approx(objective(best.low_rank), rel=1e-5)
    rng = np.random.default_rng(0)
    for _ in range(200):  # no nearby table is better
        u, v = rng.normal(size=(2, n))
        nudge = 10.0 ** rng.uniform(-4, -1) * np.outer(u, v) / n
        assert objective(best.low_rank + nudge) >= objective(best.low_rank) * (1 - 1e-6)
    np.testing.assert_allclose(fit.low_rank.values, -fit.low_rank.values.T, atol=1e-12)


def test_completion_finds_what_is_missing():
    truth = np.random.default_rng(1).normal(size=40)
    table = np.subtract.outer(truth, truth)
    seen = np.random.default_rng(2).random((40, 40)) < 0.3
    seen = seen | seen.T | np.eye(40, dtype=bool)
    found = _robust.complete_table(table, seen, 2, tolerance=1e-9, max_iterations=5000)
    np.testing.assert_allclose(found.low_rank, table, atol=1e-5)


def test_no_errors_no_difference():
    truth = np.linspace(1.4, -1.4, 40)
    votes = soft(truth)
    for method in ("l1", "huber", "rpca", "sequential"):
        fit = fit_robust(votes, method=method)
        np.testing.assert_allclose(fit.utility, truth, atol=2e-3)
        assert len(fit.suspects) == 0
    assert isinstance(fit, RobustFit)
    np.testing.assert_allclose(
        fit_robust(votes).utility, fit_bradley_terry(votes).utility, atol=1e-6
    )


# -- gross errors --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "observed", "limit"), [(0.3, 1.0, 0.0), (0.1, 0.3, 0.0), (0.4, 1.0, 0.05)]
)
@pytest.mark.parametrize("seed", range(3))
def test_wrong_signs_do_not_move_the_ranking(share, observed, limit, seed):
    truth, votes, wrong = corrupted(share, observed, seed)
    fit = fit_robust(votes)
    distance = kendall_distance(fit.utility.values, truth)
    assert distance <= limit
    plain = fit_bradley_terry(votes, covariance="fisher")
    assert kendall_distance(plain.utility.values, truth) > {0.1: 0.05, 0.3: 0.3, 0.4: 0.6}[share]
    named = set(fit.suspects[["first", "second"]].itertuples(index=False, name=None))
    if distance == 0:
        assert named == wrong
        error = recovery_error(
            fit.probability().values, expit(np.subtract.outer(truth, truth)) + 0 * fit.probability()
        )
        assert error.maximum < 1e-4


def test_joint_pursuit_recovers_where_completing_first_does_not():
    truth, votes, _ = corrupted(0.1, 0.8, 0, n=60)
    joint = fit_robust(votes, method="rpca")
    assert kendall_distance(joint.utility.values, truth) < 0.01
    first = fit_robust(votes, method="sequential", check=False)
    assert kendall_distance(first.utility.values, truth) > 0.08
    assert any("already has rank 2" in note for note in first.notes)


def test_second_step_changes_nothing_after_an_exact_completion():
    _, votes, _ = corrupted(0.05, 0.9, 1, n=50)
    fit = fit_robust(votes, method="sequential", tolerance=1e-6)
    low, high, odds = edges(fit)
    table, seen = np.zeros((50, 50)), np.eye(50, dtype=bool)
    table[low, high], table[high, low] = odds, -odds
    seen[low, high] = seen[high, low] = True
    filled = _robust.complete_table(table, seen, 2, tolerance=1e-6, max_iterations=5000)
    np.testing.assert_allclose(fit.low_rank, filled.low_rank, atol=1e-6)


def test_sequential_is_pursuit_where_everything_was_observed():
    _, votes, _ = corrupted(0.05, 1.0, 0, n=40)
    one, other = (fit_robust(votes, method=name).utility for name in ("sequential", "rpca"))
    np.testing.assert_array_equal(one, other)


def test_counts_of_votes():
    rng = np.random.default_rng(0)
    truth, n, asked = np.linspace(1, -1, 20), 20, 40
    low, high = np.triu_indices(n, 1)
    wins = np.zeros((n, n))
    wins[low, high] = rng.binomial(asked, expit(truth[low] - truth[high]))
    wrong = rng.choice(len(low), 12, replace=False)
    wins[low[wrong], high[wrong]] = 0
    wins[high, low] = asked - wins[low, high]
    fit = fit_robust(Comparisons.from_matrix(wins))
    assert fit.smoothing == 0.5
    assert fit.spread == pytest.approx(1.1, abs=0.15)  # near what counting alone gives
    named = set(fit.suspects[["first", "second"]].itertuples(index=False, name=None))
    grossly = {
        (low[k], high[k]) for k in wrong if truth[low[k]] - truth[high[k]] > 0.3
    }  # a pair as good as even cannot be told from a lost one by a few votes
    assert grossly <= named <= {(low[k], high[k]) for k in wrong}
    assert (fit.pairs["score"].abs()[len(named) :] < 4).all()
    plain = fit_bradley_terry(Comparisons.from_matrix(wins)).utility.values
    assert np.abs(fit.utility.values - truth).max() < np.abs(plain - truth).max()
    assert fit.covariance_type == "none"
    assert np.isnan(fit.summary()["stderr"]).all()


def test_votes_weigh_by_their_precision():
    """One pair asked 10,000 times against two asked once each: only weights listen to it."""
    votes = Comparisons.from_codes(
        [0, 0, 0, 1, 1, 2],
        [1, 1, 2, 2, 2, 0],
        [1, 0, 1, 1, 0, 1],
        items=["a", "b", "c"],
        weight=[9000, 1000, 1, 1, 1, 2],
        order_known=False,
    )
    equal = fit_robust(votes, smoothing=0.5)
    weighted = fit_robust(votes, smoothing=0.5, weights="votes")
    gap = weighted.utility.sel(item="a") - weighted.utility.sel(item="b")
    assert float(gap) == pytest.approx(np.log(9), abs=1e-3)
    gap = equal.utility.sel(item="a") - equal.utility.sel(item="b")
    assert abs(float(gap)) < 2.2


def test_stuffing_a_pair_with_votes_gains_nothing():
    rng = np.random.default_rng(0)
    truth, n = np.linspace(1, -1, 10), 10
    low, high = np.triu_indices(n, 1)
    wins = np.zeros((n, n))
    wins[low, high] = rng.binomial(30, expit(truth[low] - truth[high]))
    wins[high, low] = 30 - wins[low, high]
    stuffed = wins.copy()
    stuffed[9, 0], stuffed[0, 9] = 1e6, 1e5
    before, after = (fit_robust(Comparisons.from_matrix(table)) for table in (wins, stuffed))
    assert np.abs(before.utility - after.utility).max() < 0.15
    assert after.suspects.loc[0, ["first", "second"]].tolist() == [0, 9]
    plain = fit_bradley_terry(Comparisons.from_matrix(stuffed)).utility
    assert plain[9] > plain[0]


@pytest.mark.slow
@given(st.permutations(range(7)), st.integers(0, 20))
def test_labels_do_not_matter(order, seed):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=7)
    votes = soft(truth, {3: 0.03, 11: 0.97})
    moved = Comparisons.from_codes(
        np.array(order)[votes.first], np.array(order)[votes.second], votes.first_won, items=7
    )
    one, other = fit_robust(votes).utility.values, fit_robust(moved).utility.values
    np.testing.assert_allclose(other[list(order)], one, atol=1e-4)


def test_turning_all_answers_turns_all_utilities():
    votes = random_counts(5)
    turned = Comparisons.from_matrix(votes.pairwise().values.T)
    for method in ("l1", "huber", "rpca"):
        one, other = (fit_robust(v, method=method).utility.values for v in (votes, turned))
        np.testing.assert_allclose(one, -other, atol=1e-3)


def test_bootstrap_gives_the_intervals():
    votes = random_counts(2)
    found = pl.bootstrap(fit_robust, votes, unit="row", n=20, seed=0, progress=False)
    assert found.interval.sizes["ci_bound"] == 2
    assert (found.stderr > 0).all()


# -- what it refuses, and what it says -----------------------------------------------------------


def test_items_never_compared_are_named():
    votes = Comparisons.from_pairs([(0, 1), (1, 0), (1, 2), (2, 0)], items=range(4))
    with pytest.raises(NotIdentifiedError, match=r"item 3 was never compared .* leave it out$"):
        fit_robust(votes)


def test_components_are_named_or_fitted_apart():
    pairs = [("a", "b"), ("b", "c"), ("c", "a"), ("x", "y"), ("y", "z"), ("z", "x")]
    votes = Comparisons.from_pairs(pairs)
    with pytest.raises(NotIdentifiedError, match=r"2 components.*collect comparisons that link"):
        fit_robust(votes)
    fit = fit_robust(votes, components="separate")
    assert float(fit.utility.sel(item=["a", "b", "c"]).sum()) == pytest.approx(0, abs=1e-9)
    with pytest.raises(NotIdentifiedError, match="different components"):
        fit.probability("a", "x")
    with pytest.raises(DataError, match='`method="rpca"` completes one table'):
        fit_robust(votes, components="separate", method="rpca")
    with pytest.raises(DataError, match="only `reference="):
        fit_robust(votes, components="separate", reference="a")


def test_a_tree_cannot_be_contradicted():
    votes = Comparisons.from_codes([0, 1], [1, 2], [0.9, 0.001], items=3)
    with pytest.warns(SmallSampleWarning, match="form a tree"):
        fit = fit_robust(votes)
    assert len(fit.suspects) == 0


def test_certain_shares_need_smoothing():
    votes = soft(np.array([2.0, 1.0, 0.0]), {1: 1.0})
    with pytest.raises(DataError, match=r"all of 0 against 2 went one way.*1 such of 3 pairs"):
        fit_robust(votes)
    assert fit_robust(votes, smoothing=0.01).smoothing == 0.01


def test_undefeated_items_are_said_to_rest_on_the_smoothing():
    votes = Comparisons.from_pairs([("a", "b"), ("a", "c"), ("b", "c"), ("c", "b")])
    fit = fit_robust(votes)
    assert np.isfinite(fit.utility).all()
    assert any("'a' always won or always lost" in note for note in fit.notes)


def test_ties():
    votes = Comparisons.from_matrix(
        [[0, 3, 1], [1, 0, 2], [2, 1, 0]], ties=[[0, 2, 0], [2, 0, 1], [0, 1, 0]]
    )
    half, without = fit_robust(votes), fit_robust(votes, ties="drop")
    assert half.smoothing == without.smoothing == 0.5
    assert without.dropped == {"tied": 3}
    assert not np.allclose(half.utility, without.utility)
    only = Comparisons.from_matrix(np.zeros((2, 2)), ties=[[0, 2], [2, 0]])
    with pytest.raises(DataError, match="nothing but ties"):
        fit_robust(only, ties="drop")


def test_everything_corrupted_is_the_reverse():
    """Where the majority lies, the majority is believed, and nobody is suspect."""
    truth = np.linspace(1, -1, 9)
    fit = fit_robust(soft(-truth))
    np.testing.assert_allclose(fit.utility, -truth, atol=1e-6)
    assert len(fit.suspects) == 0


def test_an_item_whose_pairs_are_mostly_wrong_is_lost_alone():
    truth = np.linspace(1.5, -1.5, 15)
    fit = fit_robust(soft(truth, dict.fromkeys(range(11), 0.02)))  # 11 of item 0's 14 pairs
    assert fit.utility.values[0] < -2
    rest = fit.utility.values[1:] - fit.utility.values[1:].mean()
    np.testing.assert_allclose(rest, truth[1:] - truth[1:].mean(), atol=1e-4)


def test_options_are_checked():
    votes = random_counts(0)
    with pytest.raises(DataError, match="`method` is 'lasso'"):
        fit_robust(votes, method="lasso")
    with pytest.raises(DataError, match=r"`weights` is 'vote'.*did you mean 'votes'"):
        fit_robust(votes, weights="vote")
    for name in ("tuning", "threshold", "penalty", "tolerance"):
        with pytest.raises(DataError, match=f"`{name}` is 0"):
            fit_robust(votes, **{name: 0})
    with pytest.raises(DataError, match="`smoothing` is -1"):
        fit_robust(votes, smoothing=-1)
    with pytest.raises(DataError, match="`ties` is 'davidson'"):
        fit_robust(votes, ties="davidson")
    with pytest.raises(LabelError, match="`reference` names 'a'"):
        fit_robust(votes, reference="a")
    with pytest.raises(DataError, match="`comparisons` is a list"):
        fit_robust([(0, 1)])
    assert float(fit_robust(votes, reference=3).utility.sel(item=3)) == 0.0


def test_stopping_early_is_an_error_that_holds_the_iterate():
    votes = random_counts(0)
    for method in ("l1", "huber", "rpca"):
        with pytest.raises(ConvergenceError, match="out of iterations after") as caught:
            fit_robust(votes, method=method, max_iterations=1)
        assert not caught.value.result.convergence.converged
        assert np.isfinite(caught.value.result.utility).all()
        fit_robust(votes, method=method, max_iterations=1, check=False)


def test_even_answers_have_no_scale():
    votes = Comparisons.from_matrix(2 * (1 - np.eye(4)))
    for method in ("l1", "huber", "rpca", "sequential"):
        fit = fit_robust(votes, method=method)
        np.testing.assert_allclose(fit.utility, 0, atol=1e-9)
        assert len(fit.suspects) == 0


def test_two_items():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        fit = fit_robust(Comparisons.from_pairs([("a", "b")] * 3))
    assert fit.probability("a", "b") == pytest.approx(3.5 / 4)
    assert fit.probability("a", "b") == pytest.approx(fit.pairs.loc[0, "expected"])

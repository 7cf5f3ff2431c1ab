"""fit_bradley_terry: what it refuses, and the options of the plain model."""

from __future__ import annotations

import numpy as np
import pytest

import pluralism as pl
from pluralism.utility import fit_bradley_terry


@pytest.fixture
def wins(cells):
    def make(*pairs, items="abcd"):
        table = np.zeros((len(items), len(items)))
        for winner, loser in pairs:
            table[items.index(winner), items.index(loser)] += 1
        return cells(table, tuple(items))

    return make


def test_disconnected_names_the_components(wins):
    votes = wins("ab", "ba", "cd", "dc")
    with pytest.raises(
        pl.NotIdentifiedError, match=r"2 components.*\{'a', 'b'\}; \{'c', 'd'\}.*`prior="
    ) as caught:
        fit_bradley_terry(votes)
    assert caught.value.groups == (("a", "b"), ("c", "d"))
    assert fit_bradley_terry(votes, prior=1.0).utility.values == pytest.approx([0, 0, 0, 0])


def test_components_separately(wins):
    votes = wins("ab", "ab", "ba", "cd", "dc", "dc", "dc")
    fit = fit_bradley_terry(votes, components="separate")
    np.testing.assert_allclose(
        fit.utility,
        np.array([1, -1, 0, 0]) * np.log(2) / 2 + np.array([0, 0, -1, 1]) * np.log(3) / 2,
        atol=1e-12,
    )
    assert fit.n_parameters == 2
    assert fit.contrast("a", "b").stderr == pytest.approx(np.sqrt(1 / 2 + 1 / 1))
    assert fit.contrast("d", "c").stderr == pytest.approx(np.sqrt(1 / 3 + 1 / 1))
    with pytest.raises(pl.NotIdentifiedError, match="'a' and 'c' lie in different components"):
        fit.contrast("a", "c")
    with pytest.raises(pl.NotIdentifiedError, match="'a' and 'c' lie in different components"):
        fit.probability("a", "c")
    assert np.isnan(fit.probability().sel(item="a", item_bis="c"))
    with pytest.raises(pl.NotIdentifiedError, match="2 components"):
        fit.rank_intervals()
    with pytest.raises(pl.DataError, match=r"`reference` is 'a'.*2 components"):
        fit_bradley_terry(votes, components="separate", reference="a")


@pytest.mark.parametrize(
    ("votes", "saying"),
    [
        (("ab", "ac", "ad", "bc", "cd", "db"), r"item 'a' always won.*\+inf"),
        (("ba", "ca", "da", "bc", "cd", "db"), r"item 'a' always lost.*-inf"),
        (("ab", "ba", "cd", "dc", "ac"), r"items 'a', 'b' always won against all others"),
    ],
)
def test_separation_names_items_and_direction(votes, saying, wins):
    with pytest.raises(pl.NotIdentifiedError, match=saying):
        fit_bradley_terry(wins(*votes))
    assert np.isfinite(fit_bradley_terry(wins(*votes), prior=2.0).utility).all()


def test_item_never_compared_is_named(wins):
    with pytest.raises(pl.NotIdentifiedError, match="item 'd' was never compared"):
        fit_bradley_terry(wins("ab", "bc", "ca"))


def test_all_ties_are_equal_with_the_proper_variance(cells):
    table = np.zeros((3, 3))
    ties = 8 * (np.ones((3, 3)) - np.eye(3))
    fit = fit_bradley_terry(cells(table, "abc", ties))
    np.testing.assert_allclose(fit.utility, 0.0, atol=1e-12)
    # information 8 / 4 per pair: Laplacian of a triangle of weight 2, pseudo-inverse diag 1/9
    np.testing.assert_allclose(fit.stderr**2, 2 / 3 / 6, rtol=1e-12)
    with pytest.raises(pl.NotIdentifiedError, match="items 'a', 'b', 'c' were never compared"):
        fit_bradley_terry(cells(table, "abc", ties), ties="drop")


def test_dropped_ties_are_counted(cells):
    ties = 2 * (np.ones((3, 3)) - np.eye(3))
    votes = cells(np.ones((3, 3)) - np.eye(3), "abc", ties)
    assert fit_bradley_terry(votes, ties="drop").dropped == {"tied": 6}
    assert fit_bradley_terry(votes).dropped == {}


def test_prior_is_the_posterior_mode_and_its_curvature(celebrities):
    s = 0.4
    fit = fit_bradley_terry(celebrities.comparisons, prior=s)
    u = fit.utility.values
    p = 1 / (1 + np.exp(-(u[:, None] - u[None, :])))
    total = celebrities.wins + celebrities.wins.T
    gradient = (celebrities.wins - total * p).sum(axis=1) - u / s**2
    np.testing.assert_allclose(gradient, 0, atol=1e-8)
    information = -total * p * (1 - p)
    np.fill_diagonal(information, 0.0)
    np.fill_diagonal(information, -information.sum(axis=1))
    posterior = np.linalg.inv(information + np.eye(9) / s**2)
    centre = np.eye(9) - 1 / 9
    np.testing.assert_allclose(fit.covariance, centre @ posterior @ centre, atol=1e-12)
    assert u.sum() == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize(
    ("arguments", "saying"),
    [
        ({"ties": "halves"}, r"`ties` is 'halves'.*did you mean 'half'"),
        ({"components": "split"}, r"`components` is 'split'"),
        ({"covariance": "robust"}, r"`covariance` is 'robust'"),
        ({"covariance": "cluster"}, r"no raters; build it with `rater=`"),
        ({"prior": 0.0}, r"`prior` is 0.0; it must be finite above 0"),
        ({"prior": "1"}, r"`prior` is '1'; it must be a number"),
        ({"max_iterations": 0}, r"`max_iterations` is 0"),
        ({"reference": "LBI"}, r"`reference` names 'LBI'.*did you mean 'LBJ'"),
    ],
)
def test_bad_arguments(arguments, saying, celebrities):
    with pytest.raises(pl.DataError, match=saying):
        fit_bradley_terry(celebrities.comparisons, **arguments)


def test_bad_comparisons(cells):
    with pytest.raises(pl.DataError, match="`comparisons` is a list; build a Comparisons first"):
        fit_bradley_terry([("a", "b")])
    with pytest.raises(pl.DataError, match=r"`comparisons` has 1 item\(s\)"):
        fit_bradley_terry(cells(np.zeros((1, 1)), "a"))
    with pytest.raises(pl.DataError, match="holds no votes"):
        fit_bradley_terry(cells(np.zeros((2, 2)), "ab"))


def test_not_converged_is_an_error_that_carries_the_iterate(celebrities):
    votes = celebrities.comparisons
    with pytest.raises(pl.ConvergenceError, match="out of iterations after 1 steps") as caught:
        fit_bradley_terry(votes, max_iterations=1)
    assert not caught.value.result.convergence.converged
    kept = fit_bradley_terry(votes, max_iterations=1, check=False)
    assert kept.convergence.status == "out of iterations"
    assert "NOT CONVERGED" in repr(kept)


def test_huge_counts_stay_exact(cells):
    fit = fit_bradley_terry(cells(np.array([[0, 3e15], [1e15, 0]]), "ab"))
    assert fit.contrast("a", "b").estimate == pytest.approx(np.log(3), abs=1e-9)


def test_sandwich_and_cluster_against_brute_force():
    rng = np.random.default_rng(2)
    n, raters, votes = 6, 12, 600
    first = rng.integers(0, n, votes)
    second = (first + rng.integers(1, n, votes)) % n
    rater = rng.integers(0, raters, votes)
    weight = rng.random(votes) + 0.5
    outcome = rng.choice([0.0, 0.3, 1.0], votes)  # one soft outcome
    tie = rng.random(votes) < 0.2
    squares = np.array([outcome**2, (1 - outcome) ** 2, outcome * (1 - outcome), np.ones(votes)])
    squares *= weight**2 * np.where([~tie, ~tie, ~tie, tie], 1.0, 0.0)
    comparisons = pl.data.Comparisons(
        items=tuple("abcdef"),
        first=first.astype(np.int32),
        second=second.astype(np.int32),
        first_won=np.where(tie, 0, weight * outcome),
        second_won=np.where(tie, 0, weight * (1 - outcome)),
        tied=np.where(tie, weight, 0.0),
        squares=squares,
        rater=rater.astype(np.int32),
        raters=tuple(range(raters)),
        n_votes=votes,
    )
    fit = fit_bradley_terry(comparisons)
    assert fit.covariance_type == "cluster"
    assert "clustered by 12 raters" in fit.summary().attrs["notes"]
    u = fit.utility.values
    p = 1 / (1 + np.exp(-(u[first] - u[second])))
    y = np.where(tie, 0.5, outcome)
    design = np.zeros((votes, n))
    design[np.arange(votes), first] = 1
    design[np.arange(votes), second] = -1
    bread = np.linalg.pinv(design.T @ (design * (weight * p * (1 - p))[:, None]))
    score = design * (weight * (y - p))[:, None]
    np.testing.assert_allclose(score.sum(axis=0), 0, atol=1e-8)
    by_rater = np.array([score[rater == r].sum(axis=0) for r in range(raters)])
    cluster = bread @ (by_rater.T @ by_rater) @ bread * raters / (raters - 1)
    np.testing.assert_allclose(fit.covariance, cluster, atol=1e-12)
    robust = fit_bradley_terry(comparisons, covariance="sandwich")
    np.testing.assert_allclose(robust.covariance, bread @ (score.T @ score) @ bread, atol=1e-12)
    fisher = fit_bradley_terry(comparisons, covariance="fisher")
    np.testing.assert_allclose(fisher.covariance, bread, atol=1e-12)

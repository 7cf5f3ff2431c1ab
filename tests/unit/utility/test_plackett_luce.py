"""fit_plackett_luce: against choix, against Bradley-Terry, ties, and what it refuses."""

from __future__ import annotations

import choix
import numpy as np
import pytest

import pluralism as pl
from pluralism.data import Ballots, Comparisons
from pluralism.errors import NotIdentifiedError
from pluralism.utility import fit_bradley_terry, fit_plackett_luce


def rankings(n_ballots, n, length, seed):
    """Random partial rankings drawn from a Plackett-Luce model."""
    rng = np.random.default_rng(seed)
    gumbel = rng.gumbel(size=(n_ballots, n)) + rng.normal(size=n)
    return [tuple(row[:length].tolist()) for row in np.argsort(-gumbel, axis=1)]


def test_partial_rankings_against_choix():
    rows = rankings(60, 6, 4, 0)
    ballots = Ballots.from_rankings(rows, alternatives=range(6), unranked="incomparable")
    theirs = choix.ilsr_rankings(6, rows, max_iter=2000, tol=1e-13)
    np.testing.assert_allclose(fit_plackett_luce(ballots).utility, theirs, atol=1e-6)


def test_top_k_against_choix():
    rows = rankings(60, 6, 3, 1)
    ballots = Ballots.from_rankings(rows, alternatives=range(6), unranked="last")
    choices = [
        (winner, tuple(set(range(6)) - set(row[: place + 1])))
        for row in rows
        for place, winner in enumerate(row)
    ]
    theirs = choix.ilsr_top1(6, choices, max_iter=2000, tol=1e-13)
    np.testing.assert_allclose(fit_plackett_luce(ballots).utility, theirs, atol=1e-6)


def menu_choices(n, n_choices, seed):
    """Single choices from random menus: (chosen, others) as choix takes them, and ballots."""
    rng = np.random.default_rng(seed)
    worth = rng.normal(size=n)
    choices = []
    for _ in range(n_choices):
        menu = rng.choice(n, rng.integers(2, 6), replace=False)
        chosen = menu[np.argmax(worth[menu] + rng.gumbel(size=len(menu)))]
        choices.append((int(chosen), tuple(int(i) for i in menu if i != chosen)))
    ballots = Ballots.from_choices(
        [c for c, _ in choices], [(c, *rest) for c, rest in choices], alternatives=range(n)
    )
    return choices, ballots


@pytest.mark.parametrize("n", [7, 20])  # shared choice sets, and more items than those are for
def test_choices_from_menus_against_choix_and_brute_force(n):
    choices, ballots = menu_choices(n, 60 * n, seed=n)
    fit = fit_plackett_luce(ballots)
    theirs = choix.ilsr_top1(n, choices, max_iter=5000, tol=1e-13)
    np.testing.assert_allclose(fit.utility, theirs, atol=1e-6)

    def log_likelihood(theta):
        return sum(theta[c] - np.logaddexp.reduce(theta[[c, *rest]]) for c, rest in choices)

    information = np.zeros((n, n))
    theta = fit.utility.values
    for c, rest in choices:
        menu = [c, *rest]
        share = np.exp(theta[menu] - np.logaddexp.reduce(theta[menu]))
        information[np.ix_(menu, menu)] += np.diag(share) - np.outer(share, share)
    assert fit.log_likelihood == pytest.approx(log_likelihood(theta), rel=1e-12)
    np.testing.assert_allclose(fit.covariance, np.linalg.pinv(information), atol=1e-9)


def test_choices_from_menus_of_two_are_bradley_terry(celebrities):
    rows, counts = [], []
    for i, one in enumerate(celebrities.items):
        for j, other in enumerate(celebrities.items):
            if i != j and celebrities.wins[i, j]:
                rows.append((one, other))
                counts.append(celebrities.wins[i, j])
    ballots = Ballots.from_choices([a for a, _ in rows], rows, counts=counts)
    ours, theirs = fit_plackett_luce(ballots), fit_bradley_terry(celebrities.comparisons)
    np.testing.assert_allclose(ours.utility, theirs.utility.sel(item=list(ours.items)), atol=1e-9)


def test_one_menu_has_shares_as_worths():
    ballots = Ballots.from_choices(
        ["a", "b", "c"], [("a", "b", "c")] * 3, counts=[5, 3, 2], alternatives="cab"
    )
    fit = fit_plackett_luce(ballots)
    np.testing.assert_allclose(fit.worth, [0.2, 0.5, 0.3], atol=1e-12)
    # Of log shares the covariance is diag(1 / counts), less what the mean takes out.
    centre = np.eye(3) - 1 / 3
    np.testing.assert_allclose(
        fit.covariance, centre @ np.diag([1 / 2, 1 / 5, 1 / 3]) @ centre, atol=1e-12
    )


def test_alternatives_never_on_one_menu_are_refused():
    ballots = Ballots.from_choices(
        ["a", "b", "c", "d"], [("a", "b"), ("a", "b"), ("c", "d"), ("c", "d")]
    )
    with pytest.raises(NotIdentifiedError, match="2 components"):
        fit_plackett_luce(ballots)
    alone = Ballots.from_choices(["a", "b", "c"], [("a", "b"), ("a", "b"), ("c",)])
    with pytest.raises(NotIdentifiedError, match="item 'c' was never compared"):
        fit_plackett_luce(alone)


def test_pairs_are_bradley_terry(celebrities):
    rows, counts = [], []
    for i, one in enumerate(celebrities.items):
        for j, other in enumerate(celebrities.items):
            if i != j:
                rows.append((one, other))
                counts.append(celebrities.wins[i, j])
    ballots = Ballots.from_rankings(
        rows, counts=counts, alternatives=celebrities.items, unranked="incomparable"
    )
    ours, theirs = fit_plackett_luce(ballots), fit_bradley_terry(celebrities.comparisons)
    np.testing.assert_allclose(ours.utility, theirs.utility, atol=1e-9)
    np.testing.assert_allclose(ours.covariance, theirs.covariance, atol=1e-9)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood)
    np.testing.assert_allclose(ours.worth, theirs.worth, atol=1e-9)
    assert ours.worth.sum() == pytest.approx(1)


def test_tied_pairs_are_davidson():
    wins = np.array([[0, 8, 5, 7], [4, 0, 6, 6], [5, 4, 0, 3], [2, 6, 7, 0]])
    ties = np.array([[0, 3, 2, 0], [3, 0, 1, 4], [2, 1, 0, 2], [0, 4, 2, 0]])
    rows, counts = [], []
    for i in range(4):
        for j in range(4):
            if i != j:
                rows.append((i, j))
                counts.append(wins[i, j])
            if i < j:
                rows.append(((i, j),))
                counts.append(ties[i, j])
    keep = [place for place, count in enumerate(counts) if count]
    ballots = Ballots.from_rankings(
        [rows[place] for place in keep],
        counts=[counts[place] for place in keep],
        unranked="incomparable",
    )
    ours = fit_plackett_luce(ballots, reference=2)
    theirs = fit_bradley_terry(
        Comparisons.from_matrix(wins, ties=ties), ties="davidson", reference=2
    )
    np.testing.assert_allclose(ours.utility, theirs.utility, atol=1e-8)
    np.testing.assert_allclose(ours.stderr, theirs.stderr, atol=1e-8)
    assert ours.tie_parameter == pytest.approx(theirs.tie_parameter, abs=1e-8)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood)
    assert ours.probability(0, 1, outcome="tie") == pytest.approx(
        theirs.probability(0, 1, outcome="tie")
    )
    left, right = (fit.summary().set_index("term").loc["tie_parameter"] for fit in (ours, theirs))
    for column in ("estimate", "stderr", "lower", "upper"):
        assert left[column] == pytest.approx(right[column], abs=1e-7)


def test_larger_ties_have_parameters_of_their_own():
    rng = np.random.default_rng(4)
    rows = [
        (("a", "b", "c"), "d"),
        ("a", ("b", "c"), "d"),
        ("d", "c", "b", "a"),
        ("b", "a", "d", "c"),
        (("a", "d"), "b", "c"),
    ]
    ballots = Ballots.from_rankings(rows, counts=rng.integers(2, 9, 5))
    fit = fit_plackett_luce(ballots)
    assert fit.model == "Davidson-Luce"
    assert fit.n_parameters == 5
    terms = fit.summary()["term"].tolist()
    assert terms[4:] == ["tie_parameter", "tie_parameter_3"]
    assert fit.covariance.shape == (4, 4)


def test_a_prior_makes_separation_finite():
    ballots = Ballots.from_rankings([("a", "b", "c")], counts=[10])
    with pytest.raises(pl.NotIdentifiedError, match=r"item 'a' always won.*\+inf"):
        fit_plackett_luce(ballots)
    fit = fit_plackett_luce(ballots, prior=1.0)
    assert list(fit.utility.values) == sorted(fit.utility.values, reverse=True)
    assert fit.utility.values.sum() == pytest.approx(0)


def test_never_compared_and_disconnected():
    ballots = Ballots.from_rankings(
        [("a", "b"), ("b", "a")], alternatives="abc", unranked="incomparable"
    )
    with pytest.raises(pl.NotIdentifiedError, match="item 'c' was never compared"):
        fit_plackett_luce(ballots)
    ballots = Ballots.from_rankings(
        [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")], unranked="incomparable"
    )
    with pytest.raises(pl.NotIdentifiedError, match=r"2 components.*\{'a', 'b'\}; \{'c', 'd'\}"):
        fit_plackett_luce(ballots)


@pytest.mark.slow
def test_standard_errors_by_simulation():
    worth = np.array([0.4, 0.0, -0.4, 0.2])
    rng = np.random.default_rng(0)
    estimates, variances = [], []
    for _ in range(200):
        order = np.argsort(-(worth + rng.gumbel(size=(80, 4))), axis=1)[:, :2]
        ballots = Ballots.from_rankings(
            [tuple(row) for row in order.tolist()], alternatives=range(4), unranked="last"
        )
        fit = fit_plackett_luce(ballots)
        estimates.append(fit.utility.values)
        variances.append(fit.stderr.values**2)
    ratio = np.std(estimates, axis=0) / np.sqrt(np.mean(variances, axis=0))
    np.testing.assert_allclose(ratio, 1, atol=0.15)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"reference": "z"}, r"'z', which is not in"),
        ({"prior": 0.0}, r"`prior` is 0.0"),
        ({"tolerance": 0}, r"`tolerance` is 0"),
        ({"max_iterations": 0}, r"`max_iterations` is 0"),
    ],
)
def test_arguments(options, match):
    ballots = Ballots.from_rankings([("a", "b"), ("b", "a")])
    with pytest.raises(pl.DataError, match=match):
        fit_plackett_luce(ballots, **options)


def test_what_is_no_ranking():
    with pytest.raises(pl.DataError, match="build Ballots first"):
        fit_plackett_luce([("a", "b")])
    approvals = Ballots.from_approvals([["a"], ["b", "c"]], alternatives="abc")
    with pytest.raises(pl.DataError, match="are approvals"):
        fit_plackett_luce(approvals)
    silent = Ballots.from_rankings([("a",), ("b",)], alternatives="ab", unranked="incomparable")
    with pytest.raises(pl.DataError, match="rank no alternative above or beside another"):
        fit_plackett_luce(silent)


def test_out_of_iterations():
    ballots = Ballots.from_rankings([("a", "b")] * 9 + [("b", "a")])
    with pytest.raises(pl.ConvergenceError, match="out of iterations after 1 steps") as caught:
        fit_plackett_luce(ballots, max_iterations=1)
    assert caught.value.result.utility.sel(item="a") > 0
    assert not fit_plackett_luce(ballots, max_iterations=1, check=False).convergence.converged


def test_ballots_that_nobody_cast_say_nothing():
    rows, counts = [("a", "b"), ("b", "a"), ("c", "a")], [3, 2, 0]
    for unranked, words in (("last", "'c' always lost"), ("incomparable", "'c' was never")):
        ballots = Ballots.from_rankings(rows, counts=counts, alternatives="abc", unranked=unranked)
        with pytest.raises(NotIdentifiedError, match=words):
            fit_plackett_luce(ballots)
    cast = Ballots.from_rankings([*rows, ("b", "c")], counts=[3, 2, 2, 1], alternatives="abc")
    with_zero = Ballots.from_rankings(
        [*rows, ("b", "c"), (("a", "b"), "c")], counts=[3, 2, 2, 1, 0], alternatives="abc"
    )
    np.testing.assert_allclose(
        fit_plackett_luce(with_zero).utility, fit_plackett_luce(cast).utility, atol=1e-12
    )
    assert fit_plackett_luce(with_zero).tie_parameter is None


def test_nothing_but_ties():
    for rows in ([(("a", "b"),), (("b", "c"),)], [(("a", "b", "c"),)]):
        ballots = Ballots.from_rankings(rows, alternatives="abc", unranked="incomparable")
        for prior in (None, 1.0):
            with pytest.raises(pl.NotIdentifiedError, match=r"is a tie of \d, so its tie param"):
                fit_plackett_luce(ballots, prior=prior)
    some = Ballots.from_rankings([(("a", "b"), "c"), ("c", ("a", "b"))], counts=[3, 1])
    fit = fit_plackett_luce(some, prior=1.0)
    assert fit.utility.sel(item="a") == fit.utility.sel(item="b")
    assert np.isfinite(fit.tie_parameter)


def test_strict_rankings_of_many_items_are_fitted_as_those_of_few(monkeypatch):
    """Two ways to the same likelihood: by choice sets that ballots share, and by rankings."""
    rng = np.random.default_rng(1)
    ballots = pl.Ballots.from_rankings([tuple(rng.permutation(list("abcde"))) for _ in range(40)])
    sets = fit_plackett_luce(ballots)
    monkeypatch.setattr("pluralism.utility._plackett_luce._SHARED_SETS", 2)
    rankings = fit_plackett_luce(ballots)
    np.testing.assert_allclose(rankings.utility, sets.utility, atol=1e-7)
    np.testing.assert_allclose(rankings.stderr, sets.stderr, rtol=1e-6)
    assert rankings.log_likelihood == pytest.approx(sets.log_likelihood)

"""Ties, order effects, features and covariates against brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import optimize
from scipy.special import expit

import pluralism as pl
from pluralism.kernels import _outcomes
from pluralism.utility import fit_bradley_terry

N, RATERS, VOTES = 5, 15, 900
ITEMS = tuple("abcde")


@pytest.fixture(scope="module")
def votes():
    """Votes with ties, an order effect, a covariate, raters and groups."""
    rng = np.random.default_rng(7)
    first = rng.integers(0, N, VOTES)
    second = (first + rng.integers(1, N, VOTES)) % N
    rater = rng.integers(0, RATERS, VOTES)
    length = rng.integers(-2, 3, VOTES).astype(float)
    utility = np.array([-0.8, -0.2, 0.0, 0.3, 0.7])
    eta = utility[first] - utility[second] + 0.3 + 0.25 * length
    weights = np.stack([np.exp(eta / 2), np.exp(-eta / 2), np.full(VOTES, 0.7)])
    chance = rng.random(VOTES) * weights.sum(axis=0)
    outcome = np.where(chance < weights[0], 0, np.where(chance < weights[:2].sum(axis=0), 1, 2))
    return pd.DataFrame(
        {
            "first": np.array(ITEMS)[first],
            "second": np.array(ITEMS)[second],
            "outcome": np.array(["first", "second", "tie"])[outcome],
            "rater": [f"r{r:02}" for r in rater],
            "half": np.where(rater < 8, "young", "old"),
            "length": length,
        }
    )


@pytest.fixture(scope="module")
def comparisons(votes):
    return pl.Comparisons.from_frame(
        votes,
        first="first",
        second="second",
        outcome="outcome",
        rater="rater",
        group="half",
        covariates=["length"],
    )


class Brute:
    """Likelihood vote by vote, maximised by BFGS, differentiated numerically."""

    def __init__(self, votes, ties, columns, penalty=None):
        code = {item: place for place, item in enumerate(ITEMS)}
        self.first = votes["first"].map(code).to_numpy()
        self.second = votes["second"].map(code).to_numpy()
        self.kind = votes["outcome"].map({"first": 0, "second": 1, "tie": 2}).to_numpy()
        self.ties, self.columns = ties, columns
        self.penalty = penalty or (lambda point: 0.0)
        self.tie = int(ties in ("davidson", "rao-kupper"))
        self.size = N - 1 + columns.shape[1] + self.tie

    def probabilities(self, point):
        u = np.concatenate([[0.0], point[: N - 1]])
        q = self.columns.shape[1]
        eta = u[self.first] - u[self.second] + self.columns @ point[N - 1 : N - 1 + q]
        if self.ties == "davidson":
            w = np.stack([np.exp(eta / 2), np.exp(-eta / 2), np.exp(point[-1] + 0 * eta)])
            return w / w.sum(axis=0)
        if self.ties == "rao-kupper":
            win, loss = expit(eta - point[-1]), expit(-eta - point[-1])
            return np.stack([win, loss, 1 - win - loss])
        win, loss = expit(eta), expit(-eta)
        return np.stack([win, loss, np.sqrt(win * loss)])

    def by_vote(self, point):
        return np.log(self.probabilities(point)[self.kind, np.arange(len(self.kind))])

    def loss(self, point):
        return -self.by_vote(point).sum() + self.penalty(point)

    def fit(self):
        start = np.zeros(self.size)
        start[-1] = 0.1 if self.tie else 0.0
        return optimize.minimize(self.loss, start, method="BFGS", options={"gtol": 1e-7}).x

    def scores(self, point, step=1e-5):
        out = np.empty((len(self.kind), self.size))
        for k in range(self.size):
            move = np.zeros(self.size)
            move[k] = step
            out[:, k] = (self.by_vote(point + move) - self.by_vote(point - move)) / (2 * step)
        return out

    def expected_information(self, point, step=1e-5):
        """Sum over votes and outcomes of grad p grad p' / p."""
        p = self.probabilities(point)
        outcomes = 3 if self.tie else 2
        gradient = np.empty((self.size, *p.shape))
        for k in range(self.size):
            move = np.zeros(self.size)
            move[k] = step
            gradient[k] = self.probabilities(point + move) - self.probabilities(point - move)
        gradient = gradient[:, :outcomes] / (2 * step)
        return np.einsum("kov,lov,ov->kl", gradient, gradient, 1 / p[:outcomes])


def columns_of(votes, order=None, covariate=False):
    parts = []
    if covariate:
        parts.append(votes[["length"]].to_numpy())
    if order == "one":
        parts.append(np.ones((len(votes), 1)))
    elif order == "groups":
        parts.append(pd.get_dummies(votes["half"])[["old", "young"]].to_numpy(dtype=float))
    return np.hstack(parts) if parts else np.zeros((len(votes), 0))


@pytest.mark.parametrize(
    ("ties", "order", "covariate"),
    [
        ("half", "one", True),
        ("davidson", None, False),
        ("davidson", "groups", True),
        ("rao-kupper", None, False),
        ("rao-kupper", "one", True),
    ],
)
def test_estimates_and_three_covariances_by_brute_force(votes, comparisons, ties, order, covariate):
    brute = Brute(votes, ties, columns_of(votes, order, covariate))
    point = brute.fit()
    arguments = {
        "ties": ties,
        "order_effect": {"one": True, "groups": "half", None: False}[order],
        "covariates": ["length"] if covariate else (),
        "reference": "a",
    }
    fit = fit_bradley_terry(comparisons, covariance="fisher", **arguments)
    estimate = np.concatenate(
        [fit.utility.values[1:], [parameter.estimate for parameter in fit.parameters]]
    )
    np.testing.assert_allclose(estimate, point, atol=2e-5)
    brute_at = brute.loss(estimate)
    assert brute_at <= brute.loss(point) + 1e-9
    if ties != "half":
        assert fit.log_likelihood == pytest.approx(-brute_at, rel=1e-12)
    inverse = np.linalg.inv(brute.expected_information(estimate))
    keep = np.r_[1:N, N : N + len(fit.parameters)]

    def joint(fitted):
        return fitted.joint.matrix()[np.ix_(keep, keep)]

    np.testing.assert_allclose(joint(fit), inverse, rtol=1e-6, atol=1e-9)
    scores = brute.scores(estimate)
    robust = fit_bradley_terry(comparisons, covariance="sandwich", **arguments)
    np.testing.assert_allclose(
        joint(robust), inverse @ scores.T @ scores @ inverse, rtol=2e-5, atol=1e-8
    )
    summed = np.array([scores[votes["rater"] == r].sum(axis=0) for r in set(votes["rater"])])
    clustered = fit_bradley_terry(comparisons, **arguments)
    assert clustered.covariance_type == "cluster"
    np.testing.assert_allclose(
        joint(clustered),
        inverse @ summed.T @ summed @ inverse * RATERS / (RATERS - 1),
        rtol=2e-5,
        atol=1e-8,
    )


def test_order_effects_by_group_are_labelled(comparisons):
    fit = fit_bradley_terry(comparisons, order_effect="half")
    assert fit.order_effect.dims == ("group",)
    table = fit.summary().set_index("term")
    assert table.loc["order_effect[old]", "estimate"] == fit.order_effect.sel(group="old").item()
    assert table.loc["order_effect[old]", "kind"] == "parameter"


def test_probabilities_with_ties_sum_to_one(comparisons):
    for ties in ("davidson", "rao-kupper"):
        fit = fit_bradley_terry(comparisons, ties=ties)
        parts = [fit.probability("a", "e", outcome=o) for o in ("win", "tie", "loss")]
        assert sum(parts) == pytest.approx(1.0)
        assert parts[0] == pytest.approx(fit.probability("e", "a", outcome="loss"))
        assert parts[1] > 0.1


def test_davidson_and_rao_kupper_at_their_definitions():
    pi_i, pi_j, nu = 2.0, 3.0, 0.5
    eta = np.array([np.log(pi_i / pi_j)])
    win, tie, loss = _outcomes.probabilities("logit", "davidson", eta, nu)[:, 0]
    total = pi_i + pi_j + nu * np.sqrt(pi_i * pi_j)
    assert [win, tie, loss] == pytest.approx(
        [pi_i / total, nu * np.sqrt(pi_i * pi_j) / total, pi_j / total]
    )
    kappa = 1.5
    win, tie, loss = _outcomes.probabilities("logit", "rao-kupper", eta, kappa)[:, 0]
    assert win == pytest.approx(pi_i / (pi_i + kappa * pi_j))
    assert loss == pytest.approx(pi_j / (kappa * pi_i + pi_j))
    assert win + tie + loss == pytest.approx(1.0)
    win, tie, loss = _outcomes.probabilities("probit", "rao-kupper", eta, kappa)[:, 0]
    assert win + tie + loss == pytest.approx(1.0)


def test_features_make_utilities_linear(votes, comparisons):
    features = pd.DataFrame(
        {"size": [0.0, 1.0, 2.0, 3.0, 5.0], "red": [1.0, 0.0, 1.0, 0.0, 0.0]}, index=list(ITEMS)
    ).loc[list("edcba")]
    fit = fit_bradley_terry(comparisons, item_features=features, covariance="fisher")
    assert fit.coefficients.dims == ("feature",)
    aligned = features.loc[list(ITEMS)].to_numpy()
    expected = aligned @ fit.coefficients.values
    np.testing.assert_allclose(fit.utility, expected - expected.mean(), atol=1e-12)
    assert fit.n_parameters == 2
    # the same as a logistic regression on feature differences, ties half each way
    code = {item: place for place, item in enumerate(ITEMS)}
    x = aligned[votes["first"].map(code)] - aligned[votes["second"].map(code)]
    y = votes["outcome"].map({"first": 1.0, "second": 0.0, "tie": 0.5}).to_numpy()
    p = expit(x @ fit.coefficients.values)
    np.testing.assert_allclose(x.T @ (y - p), 0.0, atol=1e-7)
    inverse = np.linalg.inv(x.T @ (x * (p * (1 - p))[:, None]))
    rows = fit.summary().set_index("term")
    np.testing.assert_allclose(rows.loc[["size", "red"], "stderr"], np.sqrt(np.diag(inverse)))
    centred = aligned - aligned.mean(axis=0)
    np.testing.assert_allclose(fit.covariance, centred @ inverse @ centred.T, atol=1e-12)
    for same in (
        features.loc[list(ITEMS)].to_numpy(),
        {item: aligned[code[item]] for item in reversed(ITEMS)},
        xr.DataArray(features, dims=("item", "feature")),
    ):
        again = fit_bradley_terry(comparisons, item_features=same)
        np.testing.assert_allclose(again.utility, fit.utility, atol=1e-12)


def test_features_identify_what_the_graph_does_not():
    votes = pl.Comparisons.from_pairs(
        [tuple(p) for p in ["ab", "ba", "ab", "cd", "dc", "cd"]], items="abcde"
    )
    fit = fit_bradley_terry(votes, item_features=[1.0, 0.0, 3.0, 2.0, 7.0])
    assert fit.coefficients.item() == pytest.approx(np.log(2))
    assert fit.contrast("e", "b").estimate == pytest.approx(7 * np.log(2))


def test_features_with_a_residual_are_the_penalised_regression(votes, comparisons):
    features = np.array([0.0, 1.0, 2.0, 3.0, 5.0])
    s = 0.3
    fit = fit_bradley_terry(
        comparisons, item_features=features, residual=True, prior=s, covariance="fisher"
    )
    code = {item: place for place, item in enumerate(ITEMS)}
    first, second = votes["first"].map(code).to_numpy(), votes["second"].map(code).to_numpy()
    y = votes["outcome"].map({"first": 1.0, "second": 0.0, "tie": 0.5}).to_numpy()

    def loss(point):
        u = point[:N] + features * point[N]
        eta = u[first] - u[second]
        return -(y * np.log(expit(eta)) + (1 - y) * np.log(expit(-eta))).sum() + (
            point[:N] ** 2
        ).sum() / (2 * s**2)

    point = optimize.minimize(loss, np.zeros(N + 1), method="BFGS", options={"gtol": 1e-8}).x
    assert fit.coefficients.item() == pytest.approx(point[N], abs=1e-5)
    utility = point[:N] + features * point[N]
    np.testing.assert_allclose(fit.utility, utility - utility.mean(), atol=1e-5)


def test_large_fits_with_parameters_solve(comparisons, monkeypatch):
    from pluralism.utility import _tables

    arguments = {"ties": "davidson", "order_effect": True, "covariates": "length"}
    dense = fit_bradley_terry(comparisons, **arguments)
    monkeypatch.setattr(_tables, "DENSE_ITEMS", 2)
    for extra in ({}, {"covariance": "sandwich"}, {"covariance": "fisher"}):
        small = fit_bradley_terry(comparisons, **arguments, **extra)
        monkeypatch.setattr(_tables, "DENSE_ITEMS", 3000)
        dense = fit_bradley_terry(comparisons, **arguments, **extra)
        np.testing.assert_allclose(dense.summary()["stderr"], small.summary()["stderr"], rtol=1e-7)
        monkeypatch.setattr(_tables, "DENSE_ITEMS", 2)


@pytest.mark.parametrize(
    ("arguments", "error", "saying"),
    [
        ({"covariates": ["lenght"]}, pl.LabelError, r"`covariates` names 'lenght'.*did you mean"),
        ({"order_effect": "age"}, pl.LabelError, r"`order_effect` names 'age'.*'half'"),
        ({"residual": True}, pl.DataError, r"`residual=True`.*give both"),
        ({"item_features": [1.0, 2.0]}, pl.DataError, r"`item_features` has 2 rows for 5 items"),
        ({"item_features": {"a": 1.0}}, pl.LabelError, r"no row for 'b', 'c', 'd', 'e'"),
        (
            {"item_features": np.ones(5)},
            pl.NotIdentifiedError,
            r"cannot tell the feature 'x1' from the utilities",
        ),
        (
            {"item_features": np.array([[1, 2], [2, 4], [3, 6], [4, 8], [5, 10.0]])},
            pl.NotIdentifiedError,
            r"the feature 'x1' and the feature 'x2' from the utilities or from one another",
        ),
        (
            {"item_features": np.ones((5, 2, 2))},
            pl.DataError,
            r"`item_features` must be items x features; it has shape \(5, 2, 2\)",
        ),
        ({"item_features": np.full(5, np.nan)}, pl.DataError, r"`item_features\[0\]` is nan"),
    ],
)
def test_bad_terms(comparisons, arguments, error, saying):
    with pytest.raises(error, match=saying):
        fit_bradley_terry(comparisons, **arguments)


def test_order_effect_needs_an_order():
    votes = pl.Comparisons.from_pairs([("a", "b"), ("b", "a")])
    with pytest.raises(pl.DataError, match="`order_effect` needs to know which item was shown"):
        fit_bradley_terry(votes, order_effect=True)


def test_order_effect_confounded_with_the_items():
    votes = pl.Comparisons.from_codes([0, 0, 0], [1, 1, 1], [1, 0, 1], items="ab")
    with pytest.raises(pl.NotIdentifiedError, match="cannot tell `order_effect` from the util"):
        fit_bradley_terry(votes, order_effect=True)


def test_an_order_effect_that_runs_away_is_named():
    # whoever is shown first wins, always
    votes = pl.Comparisons.from_codes([0, 1, 1, 2, 0, 2], [1, 0, 2, 1, 2, 0], [1] * 6, items="abc")
    with pytest.raises(pl.NotIdentifiedError, match=r"separation\): `order_effect` to \+inf"):
        fit_bradley_terry(votes, order_effect=True)
    # and a prior on utilities does not help it
    with pytest.raises(pl.NotIdentifiedError, match=r"`order_effect` to \+inf"):
        fit_bradley_terry(votes, order_effect=True, prior=1.0)


def test_tie_models_need_ties_and_more(cells):
    ones = np.ones((3, 3)) - np.eye(3)
    for ties in ("davidson", "rao-kupper"):
        with pytest.raises(pl.NotIdentifiedError, match="there are no ties"):
            fit_bradley_terry(cells(ones, "abc"), ties=ties)
        with pytest.raises(pl.NotIdentifiedError, match="all votes are ties"):
            fit_bradley_terry(cells(0 * ones, "abc", ones), ties=ties)


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_separation_with_ties_is_found(cells, ties):
    # a beats or ties with b, and b with c; nobody ever wins against the order
    wins = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0.0]])
    tied = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0.0]])
    with pytest.raises(pl.NotIdentifiedError, match=r"separation\): the utilit.*tie parameter"):
        fit_bradley_terry(cells(wins, "abc", tied), ties=ties)
    # one win the other way makes both finite
    wins[1, 0] = wins[2, 1] = 1
    assert fit_bradley_terry(cells(wins, "abc", tied), ties=ties).convergence.converged


def test_a_covariate_that_was_not_kept_is_asked_for():
    votes = pl.Comparisons.from_pairs([("a", "b"), ("b", "a")])
    with pytest.raises(pl.LabelError, match=r"\(there are none\) \(name it in .*from_frame` too"):
        fit_bradley_terry(votes, covariates="length")

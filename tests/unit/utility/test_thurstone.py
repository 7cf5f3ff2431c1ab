"""fit_thurstone: Case V, least squares, Case III, and what each refuses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.special import ndtr

import pluralism as pl
from pluralism.data import Comparisons
from pluralism.utility import fit_bradley_terry, fit_thurstone


def responder(n, n_pairs, draws, spread, seed):
    """Answers of a Case III responder with known utilities and variances."""
    rng = np.random.default_rng(seed)
    utility, log_variance = rng.normal(0, spread, n), rng.normal(0, 0.7, n)
    low, high = np.triu_indices(n, 1)
    order = rng.permutation(len(low))
    variance = np.exp(log_variance)
    p = ndtr((utility[low] - utility[high]) / np.sqrt(variance[low] + variance[high]))
    asked = order[:n_pairs]
    wins = np.zeros((n, n))
    won = rng.binomial(draws, p[asked])
    wins[low[asked], high[asked]], wins[high[asked], low[asked]] = won, draws - won
    left = order[n_pairs:] if n_pairs < len(low) else order
    return Comparisons.from_matrix(wins), (low[left], high[left], p[left]), utility, log_variance


# -- Case V ------------------------------------------------------------------------------------


def test_case_v_against_a_direct_maximisation(celebrities):
    fit = fit_thurstone(celebrities.comparisons)
    low, high = np.triu_indices(9, 1)
    won, lost = celebrities.wins[low, high], celebrities.wins[high, low]

    def minus_log_likelihood(free):
        gap = np.append(free, 0.0)[low] - np.append(free, 0.0)[high]
        return -(won @ stats.norm.logcdf(gap) + lost @ stats.norm.logsf(gap))

    best = optimize.minimize(minus_log_likelihood, np.zeros(8), method="BFGS", tol=1e-10)
    utility = np.append(best.x, 0.0)
    np.testing.assert_allclose(fit.utility, utility - utility.mean(), atol=1e-6)
    assert fit.log_likelihood == pytest.approx(-best.fun, abs=1e-8)
    assert fit.n_parameters == 8
    assert fit.utility.attrs["units"] == "probits"


def test_case_v_shares_the_options_of_bradley_terry(celebrities):
    votes = celebrities.comparisons
    fit = fit_thurstone(votes, reference="SL", covariance="sandwich")
    assert fit.utility.sel(item="SL").item() == 0
    assert fit.stderr.sel(item="SL").item() == 0
    ratio = fit.stderr.values[:-1] / fit_thurstone(votes, reference="SL").stderr.values[:-1]
    assert (np.abs(ratio - 1) < 0.2).all()
    assert (ratio != 1).any()
    shrunk = fit_thurstone(votes, prior=0.01)
    assert np.abs(shrunk.utility).max() < 0.1
    assert shrunk.utility.equals(fit_thurstone(votes, prior=0.01, method="map").utility)


def test_case_v_under_a_prior_survives_separation():
    votes = Comparisons.from_pairs([("a", "b"), ("a", "c"), ("b", "c"), ("c", "b")])
    with pytest.raises(pl.NotIdentifiedError, match=r"item 'a' always won.*\+inf"):
        fit_thurstone(votes)
    fit = fit_thurstone(votes, method="map")
    assert np.isfinite(fit.utility).all()
    assert fit.utility.idxmax() == "a"


# -- least squares -----------------------------------------------------------------------------


def test_least_squares_of_an_incomplete_table():
    gaps = {("a", "b"): 0.3, ("b", "c"): 0.5, ("c", "d"): -0.2, ("a", "d"): 0.4}
    items = "abcd"
    table = np.zeros((4, 4))
    for (one, other), gap in gaps.items():
        i, j = items.index(one), items.index(other)
        table[i, j], table[j, i] = ndtr(gap), ndtr(-gap)
    fit = fit_thurstone(Comparisons.from_matrix(table, items=items), method="least-squares")
    design = np.zeros((4, 4))
    for row, (one, other) in enumerate(gaps):
        design[row, items.index(one)], design[row, items.index(other)] = 1, -1
    expected = np.linalg.pinv(design) @ np.array(list(gaps.values()))
    np.testing.assert_allclose(fit.utility, expected, atol=1e-12)
    with pytest.raises(pl.DataError, match="no covariance"):
        fit.stderr  # noqa: B018
    assert fit.summary()["stderr"].isna().all()


def test_least_squares_refuses_certain_pairs():
    table = np.array([[0, 1, 0.7], [0, 0, 0.6], [0.3, 0.4, 0]])
    votes = Comparisons.from_matrix(table, items="abc")
    with pytest.raises(pl.DataError, match=r"strictly between 0 and 1.*\('a', 'b'\)"):
        fit_thurstone(votes, method="least-squares")


# -- Case III ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dense():
    return responder(30, 435, 40, 1.5, 3)


@pytest.mark.slow
def test_case_iii_mode_against_a_direct_maximisation(dense):
    votes, *_ = dense
    fit = fit_thurstone(votes, case="III", prior=(2.0, 0.8))
    n = votes.n_items

    def minus_log_posterior(theta):
        u, a = theta[:n], theta[n:]
        variance = np.exp(a) / 2
        z = (u[votes.first] - u[votes.second]) / np.sqrt(
            variance[votes.first] + variance[votes.second]
        )
        value = votes.first_won @ stats.norm.logcdf(z) + votes.second_won @ stats.norm.logsf(z)
        return -value + (u @ u) / (2 * 2.0**2) + (a @ a) / (2 * 0.8**2)

    u, log_variance = fit.utility.values, np.log(fit.variance.values)
    # Reported utilities are in another unit and centred: put the prior's unit back.
    best = optimize.minimize(minus_log_posterior, np.zeros(2 * n), method="L-BFGS-B")
    best = optimize.minimize(minus_log_posterior, best.x, method="BFGS", options={"gtol": 1e-5})
    found, a = best.x[:n], best.x[n:]
    np.testing.assert_allclose(u, (found - found.mean()) * np.exp(-a.mean() / 2), atol=2e-4)
    np.testing.assert_allclose(log_variance, a - a.mean() - np.log(2), atol=1e-3)
    assert fit.n_parameters == 2 * n - 2


def test_case_iii_recovers_variances_and_covers_them(dense):
    votes, _, utility, log_variance = dense
    fit = fit_thurstone(votes, case="III")
    assert np.corrcoef(fit.utility, utility)[0, 1] > 0.99
    assert np.corrcoef(np.log(fit.variance), log_variance)[0, 1] > 0.8
    table = fit.summary().set_index("term")
    truth = np.exp(log_variance - log_variance.mean()) / 2
    rows = table.loc[[f"variance of {item}" for item in fit.items]]
    inside = (rows["lower"] < truth) & (truth < rows["upper"])
    assert inside.mean() > 0.85
    assert (rows["stderr"] > 0).all()


def test_equal_variances_are_case_v(dense):
    votes, *_ = dense
    tight = fit_thurstone(votes, case="III", prior=(1e4, 1e-4))
    plain = fit_thurstone(votes)
    np.testing.assert_allclose(tight.utility, plain.utility, atol=1e-5)
    np.testing.assert_allclose(tight.variance, 0.5, rtol=1e-4)
    np.testing.assert_allclose(tight.stderr, plain.stderr, rtol=1e-4)


def test_unit_changes_numbers_but_no_probability(dense):
    votes, *_ = dense
    noise, spread = (fit_thurstone(votes, case="III", unit=unit) for unit in ("noise", "spread"))
    assert np.log(2 * noise.variance.values).mean() == pytest.approx(0, abs=1e-12)
    assert spread.utility.values.std(ddof=1) == pytest.approx(1)
    np.testing.assert_allclose(noise.probability(), spread.probability(), atol=1e-12)
    p = noise.probability(0, 1)
    gap = noise.utility.values[0] - noise.utility.values[1]
    assert p == pytest.approx(ndtr(gap / np.sqrt(noise.variance.values[:2].sum())))


@pytest.mark.parametrize("unit", ["noise", "spread"])
def test_unit_jacobian_by_differences(unit):
    from pluralism.utility import _case_iii

    rng = np.random.default_rng(5)
    theta, anchor = rng.normal(size=10), rng.dirichlet(np.ones(5))
    columns = []
    for unit_vector in 1e-6 * np.eye(10):
        up, down = (
            _case_iii._in_unit(theta + sign * unit_vector, anchor, unit) for sign in (1, -1)
        )
        columns.append((up - down) / 2e-6)
    np.testing.assert_allclose(
        _case_iii._unit_jacobian(theta, anchor, unit), np.stack(columns, axis=1), atol=1e-8
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fisher", "sandwich", "cluster"])
def test_case_iii_standard_errors_by_simulation(kind):
    utility, variance = np.array([0.0, 0.4, 0.8, 1.2, 0.2]), np.array([0.3, 0.5, 0.9, 0.5, 0.4])
    low, high = np.triu_indices(5, 1)
    p = ndtr((utility[low] - utility[high]) / np.sqrt(variance[low] + variance[high]))
    rng = np.random.default_rng(0)
    estimates, variances = [], []
    for _ in range(120):
        n_raters = 40
        won = rng.random((n_raters, len(low), 3)) < p[:, None]
        rater = np.repeat(np.arange(n_raters), len(low))
        votes = Comparisons(
            items=tuple(range(5)),
            first=np.tile(low, n_raters).astype(np.int32),
            second=np.tile(high, n_raters).astype(np.int32),
            first_won=won.sum(axis=2).ravel().astype(float),
            second_won=3.0 - won.sum(axis=2).ravel(),
            tied=np.zeros(len(rater)),
            rater=rater.astype(np.int32),
            raters=tuple(range(n_raters)),
            n_votes=won.size,
        )
        fit = fit_thurstone(votes, case="III", prior=(5.0, 1.0), covariance=kind)
        assert fit.covariance_type == kind
        estimates.append(fit.utility.values)
        variances.append(np.diag(fit.covariance.values))
    ratio = np.std(estimates, axis=0) / np.sqrt(np.mean(variances, axis=0))
    assert (ratio > 0.75).all()
    assert (ratio < 1.25).all()


def test_maximum_likelihood_where_it_exists():
    rng = np.random.default_rng(11)
    n, draws = 6, 4000
    utility, variance = rng.normal(size=n), np.array([0.4, 0.5, 0.6, 0.5, 0.7, 0.4])
    low, high = np.triu_indices(n, 1)
    p = ndtr((utility[low] - utility[high]) / np.sqrt(variance[low] + variance[high]))
    wins = np.zeros((n, n))
    wins[low, high] = rng.binomial(draws, p)
    wins[high, low] = draws - wins[low, high]
    votes = Comparisons.from_matrix(wins)
    fit = fit_thurstone(votes, case="III", method="mle")
    assert fit.convergence.converged
    weak = fit_thurstone(votes, case="III", prior=(1e3, 1e2))
    np.testing.assert_allclose(fit.utility, weak.utility, atol=1e-3)
    np.testing.assert_allclose(fit.stderr, weak.stderr, rtol=2e-2)
    assert fit.log_likelihood >= weak.log_likelihood
    saturated = votes.first_won @ np.log(votes.first_won / draws)
    saturated += votes.second_won @ np.log(votes.second_won / draws)
    # 15 pairs, 10 parameters: the deviance is chi-squared with 5 degrees of freedom
    assert stats.chi2.sf(2 * (saturated - fit.log_likelihood), 5) > 1e-3


def test_runaway_variances_are_an_error_with_the_last_iterate():
    votes, *_ = responder(40, 780, 3, 1.0, 0)
    with pytest.raises(
        pl.ConvergenceError, match=r"variances of items .* run to zero or infinity.*method=\"map\""
    ) as caught:
        fit_thurstone(votes, case="III", method="mle")
    last = caught.value.result
    assert last.diagnostics.extreme
    assert not last.convergence.converged
    again = fit_thurstone(votes, case="III", method="mle", check=False)
    assert again.utility.equals(last.utility)


def test_graphs_that_leave_variances_open():
    n = 10
    cycle = np.zeros((n, n))
    for i in range(n):
        cycle[i, (i + 1) % n], cycle[(i + 1) % n, i] = 7, 3
    votes = Comparisons.from_matrix(cycle)
    with pytest.raises(
        pl.NotIdentifiedError, match=r"10 of the 18 utilities and variances"
    ) as caught:
        fit_thurstone(votes, case="III", method="mle")
    assert set(caught.value.groups[0]) == set(range(n))
    fit = fit_thurstone(votes, case="III")
    assert fit.diagnostics.free == 8
    assert set(fit.diagnostics.undetermined) == set(range(n))
    assert any("priors decide" in note for note in fit.notes)


def test_an_item_met_once_is_named_with_its_pair():
    rng = np.random.default_rng(0)
    wins = rng.integers(3, 9, (7, 7)).astype(float)
    np.fill_diagonal(wins, 0)
    wins[6, 1:] = wins[1:, 6] = 0
    votes = Comparisons.from_matrix(wins, items="abcdefg")
    with pytest.raises(pl.NotIdentifiedError, match=r"items .*'g'.*one other only.*\('a', 'g'\)"):
        fit_thurstone(votes, case="III", method="mle")


def test_never_compared_and_disconnected():
    wins = np.zeros((5, 5))
    wins[0, 1] = wins[1, 0] = wins[2, 3] = wins[3, 2] = 2
    votes = Comparisons.from_matrix(wins, items="abcde")
    for case in ("V", "III"):
        with pytest.raises(pl.NotIdentifiedError, match="item 'e' was never compared"):
            fit_thurstone(votes, case=case, method="mle")
        fit = fit_thurstone(votes, case=case, method="map")
        assert fit.utility.sel(item="e").item() == pytest.approx(0, abs=1e-9)


# -- as published ------------------------------------------------------------------------------


def test_as_published_is_seeded_and_standardised(dense):
    votes, *_ = dense
    one, same, other = (
        fit_thurstone(votes, case="III", method="as-published", seed=seed, epochs=300)
        for seed in (1, 1, 2)
    )
    assert one.utility.equals(same.utility)
    assert not one.utility.equals(other.utility)
    assert one.utility.values.std(ddof=1) == pytest.approx(1, abs=2e-5)
    assert one.utility.values.mean() == pytest.approx(0, abs=1e-12)
    assert not one.convergence.converged
    assert one.covariance_type == "none"
    assert one.log_loss == pytest.approx(other.log_loss, abs=5e-3)
    counted_twice = fit_thurstone(
        votes.merge(votes), case="III", method="as-published", seed=1, epochs=300
    )
    assert counted_twice.utility.equals(one.utility)  # edges are not weighted


@pytest.mark.slow
def test_pseudo_labels_are_counted():
    votes, *_ = responder(16, 60, 20, 3.0, 1)
    plain = fit_thurstone(votes, case="III", method="as-published", seed=0, epochs=300)
    fit = fit_thurstone(
        votes, case="III", method="as-published", seed=0, epochs=300, pseudo_labels=0.95
    )
    p = plain.probability().values[np.triu_indices(16, 1)]
    met = np.zeros((16, 16), dtype=bool)
    met[votes.first, votes.second] = True
    unseen = ~met[np.triu_indices(16, 1)]
    added = int(((np.abs(p - 0.5) >= 0.45) & unseen).sum())
    assert added > 10
    assert any(f"{added} of the edges" in note for note in fit.notes)
    assert not fit.utility.equals(plain.utility)


REGIMES = {
    "dense": (60, 1770, 20, 1.5),
    "2n log2 n edges": (60, 708, 20, 1.5),
    "hard labels": (60, 1770, 1, 1.5),
    "near-deterministic": (60, 708, 20, 6.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("regime", REGIMES)
def test_default_predicts_no_worse_than_as_published(regime):
    ours, published = [], []
    for seed in range(6):
        votes, (low, high, p), *_ = responder(*REGIMES[regime], seed)
        for losses, options in (
            (ours, {}),
            (published, {"method": "as-published", "seed": seed}),
        ):
            fit = fit_thurstone(votes, case="III", **options)
            predicted = np.clip(fit.probability().values[low, high], 1e-5, 1 - 1e-5)
            losses.append(-(p * np.log(predicted) + (1 - p) * np.log1p(-predicted)).mean())
    assert np.mean(ours) <= np.mean(published)


# -- arguments ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"case": "IV"}, r"`case` is 'IV'"),
        ({"method": "ml"}, r"`method` is 'ml'.*did you mean 'mle'"),
        ({"method": "as-published"}, r"case='V' does not have"),
        ({"case": "III", "method": "least-squares"}, r"case='III' does not have"),
        ({"method": "mle", "prior": 1.0}, r"`prior` belongs to method=\"map\""),
        ({"prior": -1.0}, r"`prior` is -1.0"),
        ({"prior": (1.0, 1.0)}, r"case='V' takes a number"),
        ({"case": "III", "prior": (1.0, 0.0)}, r"`prior\[1\]` is 0.0"),
        ({"case": "III", "components": "separate"}, r"`components` belongs to case=\"V\""),
        ({"case": "III", "order_effect": True}, r"`order_effect` belongs to case=\"V\""),
        ({"unit": "spread"}, r"`unit` is 'spread', which belongs to case=\"III\""),
        ({"pseudo_labels": 0.95}, r"`pseudo_labels` belongs to method=\"as-published\""),
        ({"seed": 0}, r"`seed` belongs to method=\"as-published\""),
        ({"ties": "davidson"}, r"`ties` is 'davidson'"),
        ({"case": "III", "method": "as-published", "epochs": 0}, r"`epochs` is 0"),
        (
            {"case": "III", "method": "as-published", "pseudo_labels": 0.5},
            r"`pseudo_labels` is 0.5",
        ),
        ({"reference": "nobody"}, r"'nobody', which is not in"),
    ],
)
def test_arguments(celebrities, options, match):
    with pytest.raises(pl.DataError, match=match):
        fit_thurstone(celebrities.comparisons, **options)


def test_a_table_is_no_comparisons():
    with pytest.raises(pl.DataError, match="build a Comparisons first"):
        fit_thurstone(np.eye(3), case="III")


def test_ties_are_halved_or_dropped():
    votes = Comparisons.from_matrix(
        [[0, 5, 6], [3, 0, 5], [2, 3, 0]], ties=[[0, 2, 0], [2, 0, 0], [0, 0, 0]]
    )
    halved = Comparisons.from_matrix([[0, 6, 6], [4, 0, 5], [2, 3, 0]])
    for case in ("V", "III"):
        np.testing.assert_allclose(
            fit_thurstone(votes, case=case).utility,
            fit_thurstone(halved, case=case).utility,
            atol=1e-9,
        )
        assert fit_thurstone(votes, case=case, ties="drop").dropped == {"tied": 2}


def test_probit_and_logit_agree_up_to_scale(celebrities):
    probit = fit_thurstone(celebrities.comparisons).utility.values
    logit = fit_bradley_terry(celebrities.comparisons).utility.values
    assert np.corrcoef(probit, logit)[0, 1] > 0.999


def test_sizes_of_one_bucket_compile_once():
    from pluralism.kernels._thurstone_jax import adam_case_iii

    def run(n, n_pairs):
        votes, *_ = responder(n, n_pairs, 5, 1.0, 0)
        fit_thurstone(votes, case="III", method="as-published", seed=0, epochs=20)

    run(9, 33)
    compiled = adam_case_iii._cache_size()
    for sizes in ((16, 64), (12, 50)):
        run(*sizes)
    assert adam_case_iii._cache_size() == compiled

"""Group fits against one fit per group, and tests and distances against simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pluralism.data import Comparisons, Grouping, simulate_votes
from pluralism.errors import ConvergenceError, DataError, LabelError, NotIdentifiedError
from pluralism.uncertainty import bootstrap, permutation_test
from pluralism.utility import fit_bradley_terry, fit_groups
from pluralism.utility._groups import group_log_likelihood

COLUMNS = {"first": "first", "second": "second", "outcome": "outcome"}


def simulated(n=3000, *, group_spread=0.5, rater_spread=0.6, seed=0, items=6, raters=60):
    return simulate_votes(
        n,
        items=items,
        raters=raters,
        rater_spread=rater_spread,
        groups=["a", "b", "c"],
        group_spread=group_spread,
        tie_parameter=0.3,
        seed=seed,
    )


VOTES = simulated()
DATA = Comparisons.from_frame(VOTES, rater="rater", group="group", **COLUMNS)


class TestAgainstSingleFits:
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"covariance": "fisher"},
            {"covariance": "sandwich"},
            {"prior": 0.5, "covariance": "fisher"},
            {"reference": "item 2"},
            {"ties": "drop"},
        ],
    )
    def test_every_group(self, options):
        fits = fit_groups(DATA, **options)
        total = 0.0
        for label in "abc":
            alone = fit_bradley_terry(
                Comparisons.from_frame(VOTES[VOTES.group == label], rater="rater", **COLUMNS),
                **options,
            )
            ours = fits.utility.sel(group=label)
            np.testing.assert_allclose(ours, alone.utility, atol=1e-9)
            np.testing.assert_allclose(fits.stderr.sel(group=label), alone.stderr, rtol=1e-7)
            np.testing.assert_allclose(
                fits.covariance.sel(group=label), alone.covariance, atol=1e-10
            )
            total += alone.log_likelihood
        assert fits.log_likelihood == pytest.approx(total, rel=1e-10)
        assert fits.n_parameters == 15
        assert fits.raters.tolist() == [20, 20, 20]

    def test_many_items_take_the_sparse_fit(self, monkeypatch):
        dense = fit_groups(DATA)
        monkeypatch.setattr("pluralism.utility._groups.DENSE_ITEMS", 3)
        sparse = fit_groups(DATA)
        np.testing.assert_allclose(sparse.utility, dense.utility, atol=1e-9)
        np.testing.assert_allclose(sparse.log_likelihoods, dense.log_likelihoods, rtol=1e-12)

    def test_bootstrap_is_batched_over_groups(self):
        batched = bootstrap(fit_groups, DATA, n=8, seed=0)
        looped = bootstrap(lambda d: fit_groups(d), DATA, n=8, seed=0)
        np.testing.assert_allclose(batched.replicates, looped.replicates, atol=1e-9)
        assert batched.interval.dims == ("group", "item", "ci_bound")


class TestDoGroupsDiffer:
    def test_likelihood_ratio_by_hand(self):
        fits = fit_groups(DATA, covariance="fisher")
        test = fits.likelihood_ratio()
        expected = 2 * (fits.log_likelihood - fit_bradley_terry(DATA).log_likelihood)
        assert test.statistic == pytest.approx(expected)
        assert test.df == 10
        # For independent votes the two statistics agree to first order.
        assert fits.wald_test().statistic == pytest.approx(test.statistic, rel=0.1)

    @pytest.mark.slow
    def test_levels_of_the_tests_under_no_difference(self):
        rejected = np.zeros(2)
        for seed in range(150):
            frame = simulated(1500, group_spread=0.0, rater_spread=0.8, seed=seed, items=4)
            data = Comparisons.from_frame(frame, rater="rater", group="group", **COLUMNS)
            fits = fit_groups(data)
            rejected += [fits.likelihood_ratio().pvalue < 0.1, fits.wald_test().pvalue < 0.1]
        naive, clustered = rejected / 150
        assert naive > 0.25  # votes of a rater are alike, and this test does not know it
        assert 0.04 < clustered < 0.21

    def test_permutations_are_those_of_the_loop(self):
        fits = fit_groups(DATA)
        fast = fits.permutation_test(n=12, seed=0)
        slow = permutation_test(
            lambda d: group_log_likelihood(d), DATA, group="group", n=12, seed=0
        )
        np.testing.assert_allclose(fast.replicates, slow.replicates, rtol=1e-11)
        assert fast.statistic == pytest.approx(fits.log_likelihood)
        assert fast.pvalue == pytest.approx(1 / 13)

    @pytest.mark.slow
    def test_contrasts_are_adjusted_by_statsmodels(self):
        from statsmodels.stats.multitest import multipletests

        fits = fit_groups(DATA)
        table = fits.contrasts(adjust="fdr_bh")
        assert len(table) == 18
        row = table.query("group == 'a' and group_bis == 'c' and item == 'item 3'").iloc[0]
        gap = fits.utility.sel(group="a", item="item 3") - fits.utility.sel(
            group="c", item="item 3"
        )
        assert row.difference == pytest.approx(float(gap))
        np.testing.assert_array_equal(
            table.pvalue_adjusted, multipletests(table.pvalue, method="fdr_bh")[1]
        )
        assert len(fits.contrasts(items=["item 1"])) == 3
        # The reference item cannot differ.
        pinned = fit_groups(DATA, reference="item 1").contrasts(items=["item 1"])
        assert (pinned.pvalue == 1.0).all()

    def test_summary(self):
        table = fit_groups(DATA).summary()
        assert list(table.columns) == ["group", "item", "estimate", "stderr", "lower", "upper"]
        assert len(table) == 18


class TestDistances:
    def test_shape_and_symmetry(self):
        distances = fit_groups(DATA).distances()
        assert distances.distance.dims == ("group", "group_bis")
        np.testing.assert_array_equal(distances.distance, distances.distance.T)
        assert (np.diag(distances.distance) == 0).all()
        assert (np.diag(distances.rank_correlation) == 1).all()
        lower, upper = np.moveaxis(distances.rank_correlation_interval.values, -1, 0)
        assert ((lower <= upper) & (upper <= 1)).all()

    def test_rank_correlation_is_scipys(self):
        import scipy.stats

        fits = fit_groups(DATA)
        expected = scipy.stats.spearmanr(
            fits.utility.sel(group="a"), fits.utility.sel(group="b")
        ).statistic
        ours = fits.distances().rank_correlation.sel(group="a", group_bis="b")
        assert float(ours) == pytest.approx(expected)

    @pytest.mark.slow
    def test_distance_is_unbiased_and_covered(self):
        truth = {"a": np.array([-1.0, 0, 0, 1.0]), "b": np.array([-0.6, 0.2, -0.4, 0.8])}
        true = np.sqrt(((truth["a"] - truth["b"]) ** 2).mean())
        squares, covered = [], 0
        for seed in range(200):
            frame = [
                simulate_votes(400, items=list("wxyz"), utility=u, seed=2 * seed + k).assign(
                    group=label
                )
                for k, (label, u) in enumerate(truth.items())
            ]
            data = Comparisons.from_frame(pd.concat(frame), group="group", **COLUMNS)
            distances = fit_groups(data).distances(n=100).sel(group="a", group_bis="b")
            squares.append(float(distances.distance) ** 2)
            lower, upper = distances.distance_interval.values
            covered += lower <= true <= upper
        assert np.mean(squares) == pytest.approx(true**2, abs=0.02)
        assert 0.91 < covered / 200 < 0.985


class TestBadInput:
    def test_unidentified_group_is_named(self):
        frame = VOTES.copy()
        frame.loc[(frame.group == "b") & (frame["first"] == "item 1"), "outcome"] = "first"
        frame.loc[(frame.group == "b") & (frame["second"] == "item 1"), "outcome"] = "second"
        data = Comparisons.from_frame(frame, rater="rater", group="group", **COLUMNS)
        with pytest.raises(NotIdentifiedError, match="group 'b' of 'group': item 'item 1' always"):
            fit_groups(data)
        assert np.isfinite(fit_groups(data, prior=1.0, covariance="fisher").stderr).all()

    def test_one_group_has_nothing_to_be_compared_with(self):
        data = Comparisons.from_frame(VOTES.assign(group="all"), group="group", **COLUMNS)
        fits = fit_groups(data)
        for ask in (fits.likelihood_ratio, fits.wald_test, fits.contrasts):
            with pytest.raises(DataError, match=r"one group only \('all'\)"):
                ask()

    def test_no_groups(self):
        with pytest.raises(DataError, match="has no groups; build it with group="):
            fit_groups(Comparisons.from_frame(VOTES, **COLUMNS))

    def test_unknown_group(self):
        with pytest.raises(LabelError, match="`group` names 'age'"):
            fit_groups(DATA, group="age")

    def test_one_rater_cannot_be_clustered(self):
        frame = VOTES[
            (VOTES.group != "b") | (VOTES.rater == VOTES.rater[VOTES.group == "b"].iloc[0])
        ]
        data = Comparisons.from_frame(frame, rater="rater", group="group", **COLUMNS)
        with pytest.raises(DataError, match="group 'b' of 'group' has one rater"):
            fit_groups(data, prior=1.0)

    def test_no_convergence(self):
        with pytest.raises(ConvergenceError, match="out of iterations"):
            fit_groups(DATA, max_iterations=1)

    def test_unknown_correction(self):
        with pytest.raises(DataError, match="`adjust` is 'tukey'"):
            fit_groups(DATA).contrasts(adjust="tukey")

    def test_not_comparisons(self):
        with pytest.raises(DataError, match="`comparisons` is a list"):
            fit_groups([])


class TestWhatGroupsLack:
    def test_a_group_that_cast_no_vote(self):
        codes = DATA.groups["group"].codes
        more = replace(DATA, groups={"group": Grouping(("a", "b", "c", "d"), codes)})
        with pytest.raises(DataError, match="group 'd' of 'group' has no votes"):
            fit_groups(more)

    def test_which_of_two_groupings(self):
        two = replace(DATA, groups={**DATA.groups, "side": DATA.groups["group"]})
        with pytest.raises(DataError, match="`group` must name one of 'group', 'side'"):
            fit_groups(two)
        assert fit_groups(two, group="side").groups == ("a", "b", "c")

    def test_contrasts_of_unknown_items(self):
        with pytest.raises(LabelError, match=r"`items\[1\]` names 'zz'"):
            fit_groups(DATA).contrasts(items=[DATA.items[0], "zz"])

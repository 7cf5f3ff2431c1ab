"""The hierarchical model: against quadrature, against simulated truth, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

pytest.importorskip("numpyro")
pytest.importorskip("arviz")

import pluralism as pl
from pluralism import choice
from pluralism.data import Comparisons, simulate_votes
from pluralism.errors import ApproximationWarning, ConvergenceError, DataError, LabelError
from pluralism.utility import fit_hierarchical
from pluralism.utility._chains import import_arviz

COLUMNS = {"first": "first", "second": "second", "outcome": "outcome"}
GROUPS = [f"g{number}" for number in range(8)]
#: Chains that are compiled once and run in a moment.
SHORT = {"warmup": 50, "draws": 60, "chains": 2, "seed": 0, "target_accept": 0.8}


def votes_of(n=6000, **keywords):
    options = {"items": list("abcd"), "groups": GROUPS, "group_spread": 0.5, "seed": 3}
    return simulate_votes(n, **{**options, **keywords})


@pytest.fixture(scope="module")
def grouped():
    return Comparisons.from_frame(votes_of(), group="group", **COLUMNS)


@pytest.fixture(scope="module")
def near(grouped):
    return fit_hierarchical(grouped, method="laplace", draws=500, seed=1)


@pytest.fixture(scope="module")
def two_items():
    """Seven votes for "a", three for "b", and what quadrature makes of them."""
    data = Comparisons.from_matrix([[0, 7], [3, 0]], items=["a", "b"])
    sigma = np.exp(np.linspace(-7, 4, 1500))[:, None]
    gap = np.linspace(-12, 12, 3001)[None, :]
    # Zero-sum utilities (x, -x) / sqrt(2) with x ~ N(0, sigma^2): the gap is sqrt(2) x.
    log_density = 7 * gap - 10 * np.logaddexp(0, gap)
    log_density = log_density - gap**2 / (4 * sigma**2) - np.log(sigma)
    log_density = log_density - 0.5 * (sigma / 2.0) ** 2 + np.log(sigma)  # half-normal, d log sigma
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    mean = float((weight * gap).sum())
    return (
        data,
        mean,
        float(np.sqrt((weight * gap**2).sum() - mean**2)),
        float((weight * sigma).sum()),
    )


@pytest.mark.slow
class TestNuts:
    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore:.*transitions diverged")
    def test_two_items_against_quadrature(self, two_items):
        data, mean, deviation, spread = two_items
        fit = fit_hierarchical(data, warmup=300, draws=700, target_accept=0.95, check=False, seed=2)
        drawn = fit.draws
        gap = drawn["utility"].sel(item="a") - drawn["utility"].sel(item="b")
        error = deviation / np.sqrt(float(fit.mixing.ess_bulk["utility"].min()))
        assert abs(float(gap.mean()) - mean) < 4.5 * error
        assert float(gap.std()) == pytest.approx(deviation, rel=0.12)
        assert float(drawn["population_spread"].mean()) == pytest.approx(spread, rel=0.15)
        chance = fit.probability("a", "b")
        np.testing.assert_allclose(chance, 1 / (1 + np.exp(-gap)), atol=1e-12)

    @pytest.mark.slow
    def test_groups_with_many_votes(self, grouped, near):
        fit = fit_hierarchical(grouped, warmup=250, draws=500, seed=4)
        assert fit.mixing.worst_r_hat <= 1.01
        assert fit.mixing.worst_ess >= 400
        for name in ("group_utility", "utility", "group_spread"):
            ours, approximate = fit.draws[name], near.draws[name]
            spread = ours.std(("chain", "draw"))
            away = ours.mean(("chain", "draw")) - approximate.mean(("chain", "draw"))
            assert float(abs(away / spread).max()) < 0.5
        ratio = near.draws["group_utility"].std(("chain", "draw")) / (
            fit.draws["group_utility"].std(("chain", "draw"))
        )
        assert 0.8 < float(ratio.min()) <= float(ratio.max()) < 1.2
        table = fit.summary(0.9)
        assert (table.r_hat <= 1.01).all()
        # ArviZ reads the chains with their labels.
        read = import_arviz().summary(fit.to_arviz(), var_names=["group_utility", "group_spread"])
        assert "group_utility[g0, a]" in read.index
        r_hat = table.set_index(["block", "term"]).r_hat[("g0", "a")]
        assert read.r_hat["group_utility[g0, a]"] == pytest.approx(r_hat, abs=0.006)

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore:.*transitions diverged")
    def test_chains_that_have_not_mixed_are_refused(self, grouped):
        with pytest.raises(ConvergenceError, match="chains have not mixed") as caught:
            fit_hierarchical(grouped, **SHORT)
        with pytest.raises(ConvergenceError, match="have not mixed"):
            caught.value.result.summary()
        with pytest.raises(ConvergenceError, match="have not mixed"):
            caught.value.result.ranks()
        assert caught.value.result.summary(check=False).r_hat.max() > 1.0
        again = fit_hierarchical(grouped, **SHORT, check=False)
        xr.testing.assert_identical(again.draws, caught.value.result.draws)
        assert len(again.summary()) == len(again.summary(check=False))

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore:.*transitions diverged")
    def test_other_votes_of_the_same_shape_are_not_mistaken_for_the_first(self):
        # What is compiled is kept by shape; utilities of swapped items must swap.
        frame = votes_of(utility=[1.0, 0.5, -0.5, -1.0])
        swapped = frame.replace({column: {"a": "d", "d": "a"} for column in ("first", "second")})
        fits = [
            fit_hierarchical(
                Comparisons.from_frame(each, group="group", **COLUMNS), **SHORT, check=False
            )
            for each in (frame, swapped)
        ]
        first, second = (fit.draws["group_utility"].mean(("chain", "draw")) for fit in fits)
        assert float((first.sel(item="a") - first.sel(item="d")).mean()) > 1.0
        np.testing.assert_allclose(first.sel(item="a"), second.sel(item="d"), atol=0.25)
        np.testing.assert_allclose(first.sel(item="d"), second.sel(item="a"), atol=0.25)


@pytest.mark.slow
class TestLaplace:
    def test_dimensions_and_coordinates(self, near):
        assert near.draws["group_utility"].dims == ("chain", "draw", "group", "item")
        assert near.draws["group"].values.tolist() == GROUPS
        assert near.items == tuple("abcd")
        assert set(near.posterior.children) == {"posterior", "sample_stats", "observed_data"}
        observed = near.posterior["observed_data"].to_dataset()
        assert float((observed.won + observed.lost + observed.tied).sum()) == 6000
        np.testing.assert_allclose(near.draws["group_utility"].sum("item"), 0.0, atol=1e-12)

    @pytest.mark.slow
    def test_coverage_of_the_truth(self):
        covered = []
        for seed in range(12):
            rng = np.random.default_rng(seed)
            population = rng.normal(0, 1, 6)
            truth = population + rng.normal(0, 0.5, (8, 6))
            truth -= truth.mean(axis=1, keepdims=True)
            code = np.arange(4000) % 8
            first = rng.integers(0, 6, 4000)
            second = (first + rng.integers(1, 6, 4000)) % 6
            gap = truth[code, first] - truth[code, second]
            won = (rng.random(4000) < 1 / (1 + np.exp(-gap))).astype(int)
            frame = pd.DataFrame({"first": first, "second": second, "outcome": won, "g": code})
            data = Comparisons.from_frame(frame, group="g", **COLUMNS)
            fit = fit_hierarchical(data, method="laplace", draws=250)
            bounds = np.quantile(fit.draws["group_utility"].values, [0.05, 0.95], axis=(0, 1))
            covered.append((bounds[0] <= truth) & (truth <= bounds[1]))
        assert 0.84 < np.mean(covered) < 0.96  # 576 nearly independent intervals of 90%

    @pytest.mark.slow
    def test_few_votes_are_drawn_to_the_population(self):
        frame = votes_of(4000)
        small = frame[(frame.group != "g0") | (np.arange(len(frame)) < 100)]
        data = Comparisons.from_frame(small, group="group", **COLUMNS)
        fit = fit_hierarchical(data, method="laplace", draws=250)
        alone = pl.utility.fit_groups(data, prior=10.0)
        mean = fit.draws.mean(("chain", "draw"))
        pooled = abs(mean["group_utility"] - mean["utility"]).sum("item")
        own = abs(alone.utility - mean["utility"]).sum("item")
        shrunk = (pooled / own).sel(group=GROUPS)
        assert float(shrunk.sel(group="g0")) < float(shrunk.drop_sel(group="g0").min())

    @pytest.mark.slow
    def test_raters_ties_order_and_variances(self):
        frame = votes_of(
            9000,
            raters=120,
            rater_spread=0.6,
            group_spread=0.4,
            order_effect=0.4,
            tie_parameter=0.7,
            utility=[1.0, 0.5, -0.5, -1.0],
        )
        data = Comparisons.from_frame(frame, rater="rater", group="group", **COLUMNS)
        fit = fit_hierarchical(
            data,
            method="laplace",
            ties="davidson",
            order_effect=True,
            item_variance=True,
            draws=250,
        )
        draws = fit.draws
        assert draws["rater_utility"].dims == ("chain", "draw", "rater", "item")
        for name, truth in (("order_effect", 0.4), ("tie_parameter", 0.7), ("rater_spread", 0.6)):
            away = abs(float(draws[name].mean()) - truth)
            assert away < 3.5 * float(draws[name].std()), name
        np.testing.assert_allclose(np.log(draws["variance"]).sum("item"), 0.0, atol=1e-9)
        chances = [fit.probability("a", "d", outcome=o) for o in ("win", "tie", "loss")]
        np.testing.assert_allclose(sum(chances), 1.0, atol=1e-12)
        assert float(chances[1].mean()) > 0.05
        table = fit.summary()
        assert set(table.kind) == {"population", "group", "parameter"}
        assert len(fit.summary(raters=True)) == len(table) + 120 * 4

    def test_ties_by_halves_are_two_half_votes(self):
        tied = Comparisons.from_matrix([[0, 5], [3, 0]], ties=[[0, 4], [4, 0]], items="ab")
        split = Comparisons.from_matrix([[0, 7], [5, 0]], items="ab")
        with pytest.warns(ApproximationWarning, match="normal approximation"):
            fits = [fit_hierarchical(each, method="laplace", draws=50) for each in (tied, split)]
        np.testing.assert_allclose(fits[0].draws["utility"], fits[1].draws["utility"], atol=1e-9)
        with pytest.warns(ApproximationWarning, match="normal approximation"):
            dropped = fit_hierarchical(tied, method="laplace", ties="drop", draws=50)
        assert dropped.dropped == {"tie": 4}

    def test_ranks_winners_and_probabilities_agree(self, near):
        ranks = near.ranks()
        np.testing.assert_allclose(ranks.probability.sum("rank"), 1.0, atol=1e-12)
        first = ranks.probability.sel(rank=1, group="g1")
        best = near.draws["group_utility"].sel(group="g1").argmax("item")
        for code, item in enumerate(near.items):
            assert float(first.sel(item=item)) == pytest.approx(float((best == code).mean()))
        over = (near.probability("a", "b") > 0.5).mean(("chain", "draw"))
        utility = near.draws["group_utility"]
        expected = (utility.sel(item="a") > utility.sel(item="b")).mean(("chain", "draw"))
        np.testing.assert_allclose(over, expected)

    @pytest.mark.slow
    def test_winners_of_rules(self, near):
        for rule in (choice.schulze, choice.borda):
            found = near.winners(rule, draws=40)
            assert float(found.probability.sum() + found.nobody) == pytest.approx(1.0)
        mean = near.winners(
            lambda u: u.mean("group").idxmax("item").item(), takes="utilities", draws=40
        )
        group = near.draws["group_utility"].mean("group").values.reshape(-1, 4)
        used = np.unique(np.linspace(0, len(group) - 1, 40).round().astype(int))
        share = np.bincount(group[used].argmax(axis=1), minlength=4) / len(used)
        np.testing.assert_allclose(mean.probability, share)
        shared = near.winners(lambda matrix: ("a", "b"), draws=10)
        assert shared.probability.values.tolist() == [0.5, 0.5, 0.0, 0.0]
        assert float(near.winners(lambda matrix: None, draws=10).nobody) == 1.0
        with pytest.raises(LabelError, match=r"winner of `rule`.*'z'"):
            near.winners(lambda matrix: "z")
        with pytest.raises(DataError, match="must be a function"):
            near.winners("schulze")

    def test_the_matrix_that_a_rule_receives(self, near):
        seen = []
        near.winners(lambda matrix: seen.append(matrix), draws=1, weights="votes")
        (matrix,) = seen
        assert matrix.dims == ("item", "item_bis")
        off = ~np.eye(4, dtype=bool)
        np.testing.assert_allclose((matrix + matrix.values.T).values[off], 1.0)

    @pytest.mark.slow
    def test_labels_named_like_coordinates(self):
        frame = votes_of(2000, items=["chain", "draw", "item"], groups=["group", "draw", "item"])
        data = Comparisons.from_frame(frame, group="group", **COLUMNS)
        fit = fit_hierarchical(data, method="laplace", draws=50)
        assert fit.draws["group"].values.tolist() == ["draw", "group", "item"]
        assert "hierarchical" in repr(fit)


class TestRefusals:
    def test_one_member_has_no_spread(self):
        frame = votes_of(200, groups=["only"])
        data = Comparisons.from_frame(frame, group="group", **COLUMNS)
        with pytest.raises(DataError, match=r"one group only.*group=False"):
            fit_hierarchical(data)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"group": "town"}, "`group` names 'town'"),
            ({"raters": True}, "do not say who cast"),
            ({"chains": 1}, "`chains` is 1"),
            ({"ties": "rao-kupper"}, "`ties` is"),
            ({"method": "advi"}, "`method` is"),
            ({"prior": 0.0}, "`prior` is"),
            ({"order_effect": "yes"}, "`order_effect` is"),
            ({"target_accept": 1.0}, "`target_accept` is"),
            ({"max_tree_depth": 0}, "`max_tree_depth` is"),
            ({"draws": 3_000_000}, "lower `draws`"),
        ],
    )
    def test_arguments(self, grouped, options, message):
        with pytest.raises(DataError, match=message):
            fit_hierarchical(grouped, **options)

    def test_an_order_effect_needs_an_order(self):
        with pytest.raises(DataError, match="shown first"):
            fit_hierarchical(Comparisons.from_pairs([("a", "b")]), order_effect=True)

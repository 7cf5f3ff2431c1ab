"""What may be asked of any utility fit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import pluralism as pl
from pluralism.data import Comparisons
from pluralism.errors import DataError, NotIdentifiedError
from pluralism.utility import _tables, fit_bradley_terry


@pytest.fixture(scope="module")
def fit(celebrities):
    return fit_bradley_terry(celebrities.comparisons)


def dense_information(wins, utility):
    total = wins + wins.T
    p = 1 / (1 + np.exp(-(utility[:, None] - utility[None, :])))
    information = -total * p * (1 - p)
    np.fill_diagonal(information, 0.0)
    np.fill_diagonal(information, -information.sum(axis=1))
    return information


def test_covariance_is_the_pseudo_inverse_of_the_information(fit, celebrities):
    expected = np.linalg.pinv(dense_information(celebrities.wins, fit.utility.values))
    np.testing.assert_allclose(fit.covariance.values, expected, atol=1e-12)
    np.testing.assert_allclose(fit.stderr.values, np.sqrt(np.diag(expected)))
    assert fit.covariance.dims == ("item", "item_bis")
    assert fit.covariance is fit.covariance  # computed once


def test_reference_item_has_utility_and_error_zero(fit, celebrities):
    at = fit_bradley_terry(celebrities.comparisons, reference="SL")
    assert at.utility.sel(item="SL") == 0.0
    assert at.stderr.sel(item="SL") == 0.0
    for other in ("LBJ", "CY"):
        contrast = fit.contrast(other, "SL")
        assert at.utility.sel(item=other).item() == pytest.approx(contrast.estimate)
        assert at.stderr.sel(item=other).item() == pytest.approx(contrast.stderr)
    assert at.contrast("LBJ", "CY") == pytest.approx(fit.contrast("LBJ", "CY"))


def test_an_item_labelled_mean_wins(celebrities, cells):
    items = ("mean", *celebrities.items[1:])
    assert fit_bradley_terry(cells(celebrities.wins, items)).utility.sel(item="mean") == 0.0


def test_contrast_of_many_and_interval(fit):
    many = fit.contrast(["LBJ", "HW"], ["SL", "HW"])
    assert many.estimate[1] == 0.0
    assert many.stderr[1] == 0.0
    one = fit.contrast("LBJ", "SL")
    assert many.estimate[0] == pytest.approx(one.estimate)
    lower, upper = one.interval(0.9)
    assert (upper - lower) / 2 == pytest.approx(stats.norm.ppf(0.95) * one.stderr)
    assert one.pvalue == pytest.approx(2 * stats.norm.sf(abs(one.z)))
    with pytest.raises(pl.LabelError, match=r"`b` names 'LBK'.*did you mean 'LBJ'"):
        fit.contrast("LBJ", "LBK")
    with pytest.raises(pl.LabelError, match=r"`a\[1\]` names 'X'"):
        fit.contrast(["LBJ", "X"], ["SL", "HW"])
    with pytest.raises(pl.DataError, match="`a` names 2 items and `b` 1"):
        fit.contrast(["LBJ", "HW"], ["SL"])


def test_probability_is_the_logistic_of_the_difference(fit):
    gap = fit.contrast("LBJ", "SL").estimate
    assert fit.probability("LBJ", "SL") == pytest.approx(1 / (1 + np.exp(-gap)))
    table = fit.probability()
    assert table.sel(item="LBJ", item_bis="SL").item() == pytest.approx(
        fit.probability("LBJ", "SL")
    )
    assert np.isnan(np.diag(table)).all()
    np.testing.assert_allclose((table.values + table.values.T)[0, 1:], 1.0)
    assert fit.probability("LBJ", "SL", outcome="tie") == 0.0
    with pytest.raises(pl.DataError, match="needs both `a` and `b`"):
        fit.probability("LBJ")


def test_summary_is_tidy(fit, celebrities):
    table = fit.summary(level=0.9)
    assert list(table) == ["kind", "term", "estimate", "stderr", "lower", "upper"]
    assert table["term"].tolist() == list(celebrities.items)
    assert (table["kind"] == "item").all()
    np.testing.assert_allclose(
        table["upper"] - table["lower"], 2 * stats.norm.ppf(0.95) * table["stderr"]
    )
    assert table.attrs["covariance_type"] == "fisher"
    with pytest.raises(pl.DataError, match=r"`level` is 95"):
        fit.summary(level=95)


@pytest.mark.slow
def test_quasi_variances_minimise_their_criterion(fit):
    from scipy import optimize

    quasi = fit.quasi_variance()
    variance = np.diag(fit.covariance.values)
    exact = variance[:, None] + variance[None, :] - 2 * fit.covariance.values
    low, high = np.triu_indices(9, 1)

    def loss(log_q):
        q = np.exp(log_q)
        return ((np.log(exact[low, high]) - np.log(q[low] + q[high])) ** 2).sum()

    found = optimize.minimize(
        loss,
        np.log(quasi.values),
        method="Nelder-Mead",
        options={"maxiter": 5000, "fatol": 1e-18, "xatol": 1e-10},
    )
    assert loss(np.log(quasi.values)) <= found.fun + 1e-12
    ratio = np.sqrt((quasi.values[low] + quasi.values[high]) / exact[low, high]) - 1
    assert quasi.attrs["lowest_error"] == pytest.approx(ratio.min())
    assert quasi.attrs["highest_error"] == pytest.approx(ratio.max())


def test_quasi_variances_are_exact_for_independent_estimates():
    from pluralism.kernels._contrasts import quasi_variances

    variance = np.array([0.3, 1.0, 2.0, 0.1])
    shared = np.diag(variance) + 0.7  # a shared part leaves differences alone
    result = quasi_variances(shared)
    np.testing.assert_allclose(result.values, variance, rtol=1e-9)
    assert abs(result.lowest_error) < 1e-9
    assert result.converged


def test_rank_intervals(fit):
    ranks = fit.rank_intervals()
    assert ranks.sel(item="LBJ").values.tolist() == [1, 1]
    assert ranks.sel(item="CY").values.tolist() == [9, 9]
    point = stats.rankdata(-fit.utility.values)
    assert (ranks.values[:, 0] <= point).all()
    assert (point <= ranks.values[:, 1]).all()
    # the critical value lies between one test's and Sidak's for all 36
    assert 1.96 < ranks.attrs["critical_value"] < stats.norm.isf(0.5 * (1 - 0.95 ** (1 / 36)))
    assert ranks.attrs["ci_kind"] == "simultaneous"


def test_critical_value_is_the_studentised_range_for_equal_variances():
    from pluralism.kernels._contrasts import critical_range

    value = critical_range(np.eye(6), 0.95, 40_000, np.random.default_rng(0))
    exact = stats.studentized_range.ppf(0.95, 6, np.inf) / np.sqrt(2)
    assert value == pytest.approx(exact, abs=0.03)
    bound = critical_range(np.eye(6), 0.95, 0, np.random.default_rng(0))
    assert bound == pytest.approx(stats.norm.isf(0.5 * (1 - 0.95 ** (1 / 15))))
    assert bound > exact


@pytest.mark.slow
def test_rank_intervals_cover_all_ranks_jointly(cells):
    rng = np.random.default_rng(11)
    truth = np.array([0.0, 0.1, 0.3, 0.6, 1.0])
    low, high = np.triu_indices(5, 1)
    p = 1 / (1 + np.exp(truth[high] - truth[low]))
    rank = np.argsort(np.argsort(-truth)) + 1
    covered = 0
    for _ in range(300):
        wins = np.zeros((5, 5))
        wins[low, high] = rng.binomial(60, p)
        wins[high, low] = 60 - wins[low, high]
        ranks = fit_bradley_terry(cells(wins)).rank_intervals(0.9).values
        covered += ((ranks[:, 0] <= rank) & (rank <= ranks[:, 1])).all()
    assert covered / 300 >= 0.9 - 3 * np.sqrt(0.09 / 300)


def test_large_fits_solve_for_what_is_asked(fit, monkeypatch, celebrities):
    monkeypatch.setattr(_tables, "DENSE_ITEMS", 3)

    for covariance in ("fisher", "sandwich"):
        small = fit_bradley_terry(celebrities.comparisons, covariance=covariance)
        monkeypatch.setattr(_tables, "DENSE_ITEMS", 3000)
        dense = fit_bradley_terry(celebrities.comparisons, covariance=covariance)
        assert small.contrast("LBJ", "CY") == pytest.approx(dense.contrast("LBJ", "CY"))
        np.testing.assert_allclose(small.stderr, dense.stderr, rtol=1e-8)
        np.testing.assert_allclose(small.covariance, dense.covariance, atol=1e-10)


def test_dataset_survives_netcdf(fit, tmp_path):
    import xarray as xr

    pytest.importorskip("h5netcdf")
    data = fit.to_dataset()
    data.to_netcdf(tmp_path / "fit.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "fit.nc", engine="h5netcdf") as back:
        np.testing.assert_array_equal(back["utility"], data["utility"])
        assert back.sel(item="SL")["stderr"].item() == fit.stderr.sel(item="SL").item()
        assert back.attrs["model"] == "Bradley-Terry"


def test_repr_names_the_best(fit):
    assert repr(fit).startswith("<Bradley-Terry fit of 9 items to 8,424 votes: 'LBJ' 0.839")


class TestAllAtOnce:
    def test_critical_value_of_independent_items_is_sidak(self):
        from pluralism.kernels._contrasts import critical_deviation, sidak_quantile

        variances = np.diag([1.0, 4.0, 0.25, 9.0, 0.0])  # the last is the reference, and known
        value = critical_deviation(variances, 0.95, 80_000, np.random.default_rng(0))
        assert value == pytest.approx(sidak_quantile(0.95, 4), abs=0.03)
        assert critical_deviation(variances, 0.95, 0, np.random.default_rng(0)) == (
            sidak_quantile(0.95, 4)
        )

    def test_intervals_of_all_items(self, fit):
        joint = fit.simultaneous_intervals(0.95)
        assert joint.dims == ("item", "ci_bound")
        half = (joint.sel(ci_bound="upper") - joint.sel(ci_bound="lower")) / 2
        scaled = (half / fit.stderr).values
        np.testing.assert_allclose(scaled, joint.attrs["critical_value"])
        sidak = stats.norm.isf(0.5 * (1 - 0.95 ** (1 / 9)))
        assert sidak - 0.1 < scaled[0] < sidak + 0.02  # centred utilities are nearly independent
        table = fit.summary(simultaneous=True)
        np.testing.assert_allclose(table["lower"][:9], joint.sel(ci_bound="lower"), atol=1e-12)
        assert "simultaneous" in table.attrs["ci_kind"]
        assert fit.summary().attrs["ci_kind"] == "wald"

    def test_differences(self, fit):
        joint = fit.simultaneous_intervals(differences=True)
        assert joint.dims == ("item", "item_bis", "ci_bound")
        contrast = fit.contrast("LBJ", "HW")
        bounds = joint.sel(item="LBJ", item_bis="HW").values
        half = joint.attrs["critical_value"] * contrast.stderr
        np.testing.assert_allclose(bounds, [contrast.estimate - half, contrast.estimate + half])
        np.testing.assert_allclose(joint.sel(item="CY", item_bis="CY"), 0.0, atol=1e-12)
        mirror = joint.sel(item="HW", item_bis="LBJ").values
        np.testing.assert_allclose(mirror, -bounds[::-1])

    def test_who_could_be_first_is_fewer_than_whose_lowest_rank_is_one(self, cells):
        wins = np.array([[0, 30, 33, 45], [28, 0, 31, 44], [20, 22, 0, 30], [12, 14, 25, 0]], float)
        fit = fit_bradley_terry(cells(wins, "abcd"))
        first = fit.could_be_first()
        ranks = fit.rank_intervals()
        loose = [item for item in fit.items if ranks.sel(item=item, ci_bound="lower") == 1]
        assert first[0] == fit.utility.idxmax().item()
        assert set(first) <= set(loose)
        assert set(fit.could_be_first(0.5)) <= set(first)

    @pytest.mark.slow
    def test_the_first_is_among_them_as_often_as_stated(self, cells):
        # Two equal items: the claim is about whichever of them is called the first.
        rng = np.random.default_rng(5)
        truth = np.array([0.5, 0.5, 0.2, 0.0])
        low, high = np.triu_indices(4, 1)
        p = 1 / (1 + np.exp(truth[high] - truth[low]))
        held = joint = 0
        for _ in range(400):
            wins = np.zeros((4, 4))
            wins[low, high] = rng.binomial(80, p)
            wins[high, low] = 80 - wins[low, high]
            fit = fit_bradley_terry(cells(wins))
            held += 0 in fit.could_be_first(0.8)
            bounds = fit.simultaneous_intervals(0.8).values
            centred = truth - truth.mean()
            joint += ((bounds[:, 0] <= centred) & (centred <= bounds[:, 1])).all()
        noise = 3 * np.sqrt(0.8 * 0.2 / 400)
        assert held / 400 >= 0.8 - noise
        assert abs(joint / 400 - 0.8) < noise

    def test_steps_only_sharpen(self):
        from pluralism.kernels._contrasts import critical_range, surely_above

        utility = np.array([3.0, 2.0, 1.0, 0.0, -3.5])
        covariance = 0.1 * np.eye(5)
        one = critical_range(covariance, 0.95, 20_000, np.random.default_rng(0))
        above, last = surely_above(utility, covariance, 0.95, 20_000, np.random.default_rng(0))
        assert last < one
        lead = (utility[:, None] - utility) / np.sqrt(0.2)
        assert (above[lead > one]).all()
        np.testing.assert_array_equal(above, lead > last)
        assert not (above & above.T).any()

    def test_who_is_never_first_among_too_many_to_simulate(self):
        """Bonferroni with three comparisons each at 5%: one-sided leads beyond 2.128."""
        from pluralism.kernels._contrasts import never_first

        utility, covariance = np.array([3.01, 3.0, 0.8, 0.87]), 0.5 * np.eye(4)
        out = never_first(utility, covariance, 0.95, 0, np.random.default_rng(0))
        assert stats.norm.isf(0.05 / 3) == pytest.approx(2.128, abs=1e-3)
        np.testing.assert_array_equal(out, [False, False, True, True])
        out = never_first(utility - [0, 0, 0, -0.02], covariance, 0.95, 0, np.random.default_rng(0))
        np.testing.assert_array_equal(out, [False, False, True, False])

    def test_components_have_no_common_first(self):
        wins = np.zeros((4, 4))
        wins[[0, 1, 2, 3], [1, 0, 3, 2]] = [3, 2, 4, 1]
        data = Comparisons.from_matrix(wins)
        apart = fit_bradley_terry(data, components="separate")
        for ask in (apart.could_be_first, lambda: apart.simultaneous_intervals(differences=True)):
            with pytest.raises(NotIdentifiedError, match="2 components"):
                ask()
        assert apart.simultaneous_intervals().shape == (4, 2)


def test_two_items_share_the_variance_of_their_difference():
    from pluralism.kernels._contrasts import quasi_variances

    covariance = np.array([[1.0, 0.2], [0.2, 0.6]])
    found = quasi_variances(covariance)
    assert found.values == pytest.approx([0.6, 0.6])  # together 1 + 0.6 - 2 x 0.2
    assert (found.lowest_error, found.highest_error, found.converged) == (0.0, 0.0, True)


@pytest.mark.parametrize(("lead", "out"), [(1.60, False), (1.70, True)])
def test_without_draws_the_one_behind_is_out_beyond_a_one_sided_quantile(lead, out):
    from pluralism.kernels._contrasts import never_first

    found = never_first(
        np.array([0.0, lead]), np.eye(2) / 2, 0.95, 0, np.random.default_rng(0)
    )  # the 95 % quantile is 1.645
    assert found.tolist() == [out, False]
    three = never_first(
        np.array([0.0, lead, 0.0]), np.eye(3) / 2, 0.95, 0, np.random.default_rng(0)
    )  # each with two others: 1.960
    assert not three.any()


def test_a_dataset_holds_what_the_fit_knows(celebrities):
    """Standard errors and covariance where there are any, parameters by their names."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 3, 300)
    votes = Comparisons.from_codes(
        first, (first + rng.integers(1, 3, 300)) % 3, rng.integers(0, 2, 300), items=3
    )
    fit = fit_bradley_terry(votes, order_effect=True)
    data = fit.to_dataset()
    assert data["parameter_estimate"].sel(parameter="order_effect").item() == fit.order_effect
    row = fit.summary().set_index("term").loc["order_effect"]
    assert data["parameter_stderr"].item() == row["stderr"]
    np.testing.assert_array_equal(data["covariance"], fit.covariance)
    assert "parameter_estimate" not in fit_bradley_terry(celebrities.comparisons).to_dataset()
    bare = pl.utility.fit_robust(celebrities.comparisons)
    assert bare.covariance_type == "none"
    assert set(bare.to_dataset()) == {"utility"}
    summary = bare.summary()
    assert summary["stderr"].isna().all()
    np.testing.assert_array_equal(summary["estimate"], bare.utility)


def test_a_model_of_the_probit_has_no_worths(celebrities):
    with pytest.raises(DataError, match="has no worths: its link is the probit, not the logit"):
        _ = pl.utility.fit_thurstone(celebrities.comparisons).worth

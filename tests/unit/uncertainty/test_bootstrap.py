"""The bootstrap against SciPy, against its own loop, and on degenerate input."""

from __future__ import annotations

import io
from functools import partial, wraps

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import xarray as xr

from pluralism.errors import (
    ApproximationWarning,
    ConvergenceError,
    DataError,
    NotIdentifiedError,
    SmallSampleWarning,
)
from pluralism.uncertainty import Batch, batched_by, bootstrap, permutation_test, permuted_by
from pluralism.uncertainty._draws import Streams
from pluralism.uncertainty._run import Failures

ROWS = np.random.default_rng(0).gamma(2.0, size=(40, 3))


def column_means(rows):
    return rows.mean(axis=0)


class TestIntervals:
    @pytest.mark.parametrize(
        ("method", "theirs"), [("percentile", "percentile"), ("basic", "basic"), ("bca", "BCa")]
    )
    def test_same_replicates_give_scipys_interval(self, method, theirs):
        ours = bootstrap(np.std, ROWS[:, 0], n=999, level=0.9, method=method, seed=1)
        drawn = scipy.stats.bootstrap(
            (ROWS[:, 0],), np.std, n_resamples=2, method="percentile", vectorized=False
        )
        drawn.bootstrap_distribution = ours.replicates
        reference = scipy.stats.bootstrap(
            (ROWS[:, 0],),
            np.std,
            n_resamples=0,
            confidence_level=0.9,
            method=theirs,
            vectorized=False,
            bootstrap_result=drawn,
        )
        assert ours.interval == pytest.approx(tuple(reference.confidence_interval), rel=1e-9)
        assert ours.stderr == pytest.approx(float(reference.standard_error), rel=1e-12)

    def test_standard_error_of_a_mean_is_the_known_one(self):
        result = bootstrap(np.mean, ROWS[:, 0], n=4000, seed=3)
        assert result.stderr == pytest.approx(ROWS[:, 0].std() / np.sqrt(40), rel=0.04)

    def test_bca_leaves_constant_entries_alone(self):
        result = bootstrap(lambda rows: np.array([rows.mean(), 7.0]), ROWS, method="bca", seed=0)
        assert result.interval.sel(ci_bound="lower").values[1] == 7.0

    def test_bca_says_where_it_is_not_defined(self):
        with pytest.raises(DataError, match="all replicates lie on one side"):
            bootstrap(lambda rows: len(np.unique(rows)), np.arange(30.0), method="bca", seed=0)


class TestForm:
    def test_number(self):
        result = bootstrap(np.mean, list(ROWS[:, 0]), n=20, seed=0)
        assert isinstance(result.estimate, float)
        assert isinstance(result.stderr, float)
        lower, upper = result.interval
        assert lower < result.estimate < upper
        assert result.replicates.shape == (20,)
        assert (result.unit, result.method, result.n) == ("row", "percentile", 20)

    def test_array(self):
        result = bootstrap(column_means, ROWS, n=20, seed=0)
        assert result.stderr.shape == (3,)
        assert result.interval.dims == ("dim_0", "ci_bound")
        assert list(result.interval.ci_bound.values) == ["lower", "upper"]
        assert result.interval.attrs == {"ci_kind": "percentile", "ci_prob": 0.95}

    def test_labelled_array_keeps_its_labels(self):
        data = xr.DataArray(ROWS, dims=("person", "trait"), coords={"trait": list("abc")})
        result = bootstrap(lambda d: d.mean("person"), data, n=20, seed=0)
        assert result.stderr.dims == ("trait",)
        assert result.interval.dims == ("trait", "ci_bound")
        assert result.replicates.dims == ("replicate", "trait")
        assert list(result.replicates.trait.values) == list("abc")
        plain = bootstrap(column_means, ROWS, n=20, seed=0)
        np.testing.assert_array_equal(result.replicates.values, plain.replicates)

    def test_labels_in_another_order_are_put_back(self):
        def shuffled(rows):
            order = np.random.default_rng(int(rows.sum() * 1e6)).permutation(3)
            means = xr.DataArray(rows.mean(axis=0), dims="trait", coords={"trait": list("abc")})
            return means.isel(trait=order)

        result = bootstrap(shuffled, ROWS, n=10, seed=0)
        plain = bootstrap(column_means, ROWS, n=10, seed=0)
        np.testing.assert_array_equal(
            result.replicates.sel(trait=list("abc")).values, plain.replicates
        )

    @pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
    def test_frames(self, kind):
        frame = pd.DataFrame({"x": ROWS[:, 0]})
        if kind == "polars":
            frame = pytest.importorskip("polars").from_pandas(frame)
        if kind == "pyarrow":
            frame = pytest.importorskip("pyarrow").Table.from_pandas(frame)
        result = bootstrap(lambda f: float(np.mean(np.asarray(f["x"]))), frame, n=20, seed=0)
        plain = bootstrap(np.mean, ROWS[:, 0], n=20, seed=0)
        np.testing.assert_allclose(result.replicates, plain.replicates, rtol=1e-13)

    def test_fit_stands_for_its_utility(self):
        class Fit:
            def __init__(self, rows):
                self.utility = xr.DataArray(rows.mean(axis=0), dims="item")

        assert bootstrap(Fit, ROWS, n=10, seed=0).estimate.dims == ("item",)


class TestSeeds:
    def test_an_int_repeats_and_a_generator_moves_on(self):
        again = [bootstrap(np.mean, ROWS, n=5, seed=7).replicates for _ in range(2)]
        np.testing.assert_array_equal(*again)
        rng = np.random.default_rng(7)
        moved = [bootstrap(np.mean, ROWS, n=5, seed=rng).replicates for _ in range(2)]
        assert not np.array_equal(*moved)
        sequence = np.random.SeedSequence(7)
        kept = [bootstrap(np.mean, ROWS, n=5, seed=sequence).replicates for _ in range(2)]
        np.testing.assert_array_equal(*kept)

    def test_more_replicates_begin_with_the_same(self):
        few = bootstrap(np.mean, ROWS, n=10, seed=7).replicates
        many = bootstrap(np.mean, ROWS, n=30, seed=7).replicates
        np.testing.assert_array_equal(many[:10], few)

    def test_a_stream_is_the_same_in_any_order_and_after_any_use(self):
        key = np.random.SeedSequence(7).generate_state(2, np.uint64)
        streams = Streams(7)
        for number in (5, 0, 5, 3):
            counter = np.array([0, 0, 0, number], dtype=np.uint64)
            alone = np.random.Generator(np.random.Philox(key=key, counter=counter))
            rng = streams(number)
            np.testing.assert_array_equal(rng.random(7), alone.random(7))
            # An odd number of narrow draws leaves half a word behind.
            np.testing.assert_array_equal(
                rng.integers(0, 9, 3, dtype=np.uint32), alone.integers(0, 9, 3, dtype=np.uint32)
            )

    def test_poisson_weights_vary_in_number(self):
        sizes = bootstrap(len, ROWS, n=400, weights="poisson", seed=0).replicates
        assert sizes.mean() == pytest.approx(40, abs=1.0)
        assert sizes.var() == pytest.approx(40, rel=0.2)


def batched_means(rows, *, unit, weights, power=1.0):
    assert unit == "row"
    return (weights @ rows**power) / weights.sum(axis=1, keepdims=True)


@batched_by(batched_means)
def power_means(rows, *, power=1.0):
    return (rows**power).mean(axis=0)


class TestHooks:
    @pytest.mark.parametrize("n", [7, 256, 300])
    @pytest.mark.parametrize("method", ["percentile", "bca"])
    def test_batches_agree_with_the_loop(self, n, method):
        batched = bootstrap(power_means, ROWS, n=n, seed=5, method=method)
        looped = bootstrap(lambda rows: power_means(rows), ROWS, n=n, seed=5, method=method)
        np.testing.assert_allclose(batched.replicates, looped.replicates, rtol=1e-12)
        np.testing.assert_allclose(batched.interval, looped.interval, rtol=1e-12)

    def test_keywords_of_partials_reach_the_hook(self):
        squares = partial(partial(power_means, power=3.0), power=2.0)
        batched = bootstrap(squares, ROWS, n=9, seed=5)
        looped = bootstrap(lambda rows: squares(rows), ROWS, n=9, seed=5)
        np.testing.assert_allclose(batched.replicates, looped.replicates, rtol=1e-12)

    def test_a_wrapper_does_not_inherit_the_hook(self):
        @wraps(power_means)
        def doubled(rows):
            return 2 * power_means(rows)

        result = bootstrap(doubled, ROWS, n=9, seed=5)
        np.testing.assert_allclose(
            result.replicates, 2 * bootstrap(power_means, ROWS, n=9, seed=5).replicates
        )

    def test_positional_partial_is_looped_over(self):
        def shifted(by, rows):
            return rows.mean() + by

        result = bootstrap(partial(batched_by(batched_means)(shifted), 2.0), ROWS, n=9, seed=5)
        assert result.estimate == pytest.approx(2.0 + ROWS.mean())

    def test_a_keyword_named_as_one_of_the_hooks_is_looped_over(self):
        """A statistic with `weights` of its own: bound, they are no weights of replicates."""

        def weighted(rows, *, weights=None):
            return np.average(rows, axis=1, weights=weights).mean()

        statistic = batched_by(batched_means)(weighted)
        own = np.array([1.0, 2.0, 5.0])
        found = bootstrap(partial(statistic, weights=own), ROWS, n=9, seed=5)
        plain = bootstrap(lambda rows: weighted(rows, weights=own), ROWS, n=9, seed=5)
        np.testing.assert_array_equal(found.replicates, plain.replicates)

    def test_hook_may_decline(self):
        statistic = batched_by(lambda rows, *, unit, weights: NotImplemented)(
            lambda rows: rows.mean(axis=0)
        )
        looped = bootstrap(column_means, ROWS, n=9, seed=5)
        np.testing.assert_array_equal(
            bootstrap(statistic, ROWS, n=9, seed=5).replicates, looped.replicates
        )

    def test_hook_by_name(self):
        mean = batched_by("statistics:mean")(lambda rows: rows.mean())
        with pytest.raises(TypeError, match="unexpected keyword argument 'unit'"):
            bootstrap(mean, ROWS, n=9, seed=5)

    def test_status_of_a_batch_names_the_reason(self):
        def hook(rows, *, unit, weights):
            values = weights @ rows / weights.sum(axis=1)
            status = np.zeros(len(values), dtype=int)
            status[:2] = [2, 1]
            return Batch(values, status, ("not identified", "did not converge"))

        statistic = batched_by(hook)(lambda rows: rows.mean())
        with pytest.warns(ApproximationWarning, match="2 of 100 replicates failed"):
            result = bootstrap(statistic, ROWS[:, 0], n=100, seed=0)
        assert result.failed.reasons == {"did not converge": 1, "not identified": 1}
        assert np.isnan(result.replicates[:2]).all()

    def test_wrong_shape_of_a_hook_is_told(self):
        statistic = batched_by(lambda rows, *, unit, weights: np.ones((3, 2)))(column_means)
        try:
            with pytest.raises(DataError, match=r"shape \(3, 2\) for 9 replicates"):
                bootstrap(statistic, ROWS, n=9, seed=0)
        finally:
            del statistic.__pluralism_batched__


class TestFailures:
    def test_failures_are_counted_by_reason_and_left_out(self):
        def fragile(rows):
            first = rows[0]
            if first == data[1]:
                raise NotIdentifiedError("the graph fell apart")
            if first == data[2]:
                raise ConvergenceError("stuck")
            if first == data[3]:
                return np.nan
            return 1 // int(first != data[4]) + rows.mean()

        # Rows keep their order, so which comes first depends on which are not drawn.
        data = ROWS[:, 0]
        with pytest.warns(ApproximationWarning, match="replicates failed and are left out"):
            result = bootstrap(fragile, data, n=300, seed=0, max_failed=0.5)
        reasons = result.failed.reasons
        assert set(reasons) == {
            "not identified",
            "did not converge",
            "not a number",
            "ZeroDivisionError: integer division or modulo by zero",
        }
        assert result.failed == sum(reasons.values()) == np.isnan(result.replicates).sum()
        good = result.replicates[~np.isnan(result.replicates)]
        assert result.stderr == pytest.approx(good.std(ddof=1))
        assert result.interval == pytest.approx(tuple(np.quantile(good, [0.025, 0.975])))
        assert "not identified" in repr(result.failed)

    def test_too_many_failures_are_an_error(self):
        def needs_the_first(rows):
            if ROWS[0, 0] not in rows:
                raise NotIdentifiedError("the graph fell apart")
            return rows.mean()

        with pytest.raises(DataError, match=r"of 100 replicates failed: \d+ \(\d+ not identified"):
            bootstrap(needs_the_first, ROWS[:, 0], n=100, seed=0)

    def test_many_reasons_are_told_by_the_commonest_three_and_a_remedy(self):
        failed = Failures({f"reason {k}": k for k in range(1, 41)})
        assert repr(failed) == (
            "820 (40 reason 40; 39 reason 39; 38 reason 38; and 37 other reasons)"
        )
        assert len(failed.reasons) == 40
        with pytest.raises(DataError, match=r"a prior \(partial\(fit_bradley_terry, prior=1\.0\)"):
            bootstrap(lambda rows: rows[0] if rows[0] == ROWS[0, 0] else np.nan, ROWS[:, 0], n=9)

    def test_a_bug_in_the_statistic_is_raised_with_its_place(self):
        def buggy(rows):
            return {"x": 1.0}["y"] if ROWS[0, 0] not in rows else rows.mean()

        with pytest.raises(KeyError, match="y") as caught:
            bootstrap(buggy, ROWS[:, 0], n=100, seed=0)
        assert any("bootstrap replicate" in note for note in caught.value.__notes__)

    def test_bca_needs_every_leave_one_out_value(self):
        def needs_the_first(rows):
            return rows.mean() if ROWS[0, 0] in rows else np.nan

        with (
            pytest.warns(ApproximationWarning, match="replicates failed"),
            pytest.raises(DataError, match="1 of 40 such values failed"),
        ):
            bootstrap(needs_the_first, ROWS[:, 0], n=50, seed=0, method="bca", max_failed=0.9)

    def test_a_statistic_that_ignores_the_resample_is_noticed(self):
        with pytest.warns(ApproximationWarning, match="every replicate equals the estimate"):
            bootstrap(lambda rows: 1.0, ROWS, n=10, seed=0)

    def test_few_units_are_warned_of(self):
        with pytest.warns(SmallSampleWarning, match="only 4 units"):
            bootstrap(np.mean, [1.0, 2.0, 3.0, 5.0], n=10, seed=0)


class TestProgress:
    def test_callable_is_told_after_every_batch(self):
        told = []
        bootstrap(power_means, ROWS, n=300, seed=0, progress=lambda *at: told.append(at))
        assert told == [(256, 300), (300, 300)]

    def test_bar(self, monkeypatch):
        screen = io.StringIO()
        monkeypatch.setattr("sys.stderr", screen)
        bootstrap(np.mean, ROWS, n=20, seed=0, progress=True)
        assert screen.getvalue().endswith("] 20/20\n")


class TestBadInput:
    @pytest.mark.parametrize(
        ("keywords", "message"),
        [
            ({"unit": "judge"}, "`unit` is 'judge'; it must be one of"),
            ({"unit": "rater"}, "`unit` is 'rater', which ndarray does not have; use 'row'"),
            ({"n": 1}, "`n` is 1; it must be at least 2"),
            ({"n": True}, "`n` is True; it must be a whole number"),
            ({"level": 95}, "`level` is 95"),
            ({"method": "BCa"}, "`method` is 'BCa'; it must be one of"),
            ({"weights": "dirichlet"}, "`weights` is 'dirichlet'"),
            ({"seed": -1}, "`seed` is -1"),
            ({"max_failed": 1.0}, "`max_failed` is 1.0"),
        ],
    )
    def test_options(self, keywords, message):
        with pytest.raises(DataError, match=message):
            bootstrap(np.mean, ROWS, **keywords)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ([1.0], "holds 1 unit.s. of 'row'"),
            ([], "holds 0 unit.s. of 'row'"),
            ("abc", "`data` is a str"),
            (3.0, "`data` is a float"),
            (np.array(3.0), "at least one dimension"),
            (xr.DataArray(3.0), "without dimensions"),
        ],
    )
    def test_data(self, data, message):
        with pytest.raises(DataError, match=message):
            bootstrap(lambda rows: 1.0, data)

    @pytest.mark.parametrize(
        ("statistic", "message"),
        [
            (3, "`statistic` is 3; it must be a function"),
            (lambda rows: "high", "the statistic returned str"),
            (lambda rows: None, "the statistic returned NoneType"),
            (lambda rows: np.nan, "the statistic of the data is nan"),
            (np.unique, r"shape \(\d+,\) differs from the estimate's \(120,\)"),
        ],
    )
    def test_statistic(self, statistic, message):
        with pytest.raises(DataError, match=message):
            bootstrap(statistic, ROWS)


@pytest.mark.parametrize("mark", [batched_by, permuted_by])
@pytest.mark.parametrize("hook", ["no colon", ":name", "module:", 3])
def test_a_hook_is_a_function_or_names_one(mark, hook):
    with pytest.raises(DataError, match=r"`hook` is .* it must be a function"):
        mark(hook)


class TestWhatIsPrinted:
    def test_a_number(self):
        text = repr(bootstrap(np.mean, np.arange(20.0), n=50, seed=0))
        assert text.startswith("<bootstrap 9.5, interval ")
        assert "unit 'row', 50 replicates>" in text

    def test_an_array_is_named_by_its_shape(self):
        result = bootstrap(lambda d: np.array([d.mean(), d.max()]), np.arange(2e4), n=5, seed=0)
        assert "of an estimate of shape (2,)" in repr(result)
        assert len(repr(result)) < 200

    def test_failures(self):
        def fickle(rows):
            return float(rows.mean()) if rows[0] == 1.0 else np.nan

        with pytest.warns(ApproximationWarning, match="replicates failed"):
            result = bootstrap(fickle, np.arange(1.0, 21.0) % 20, n=60, seed=0, max_failed=0.5)
        assert f"failed: {int(result.failed)} ({int(result.failed)} not a number)" in repr(result)


def test_equal_values_summed_in_another_order_are_ties():
    """The difference is zero but for rounding: four of six splits are farther, two as near."""

    def difference(values, group):
        one = np.asarray(group) == 1
        return float(values[one].mean() - values[~one].mean())

    values = np.array([0.1, 0.2, 0.3, 0.4]) * 3 + 0.7
    found = permutation_test(difference, values, group=[1, 0, 0, 1], n=3000, seed=0)
    assert abs(found.statistic) < 1e-15
    # one-sided probabilities are 4/6 either way: two splits above, two level
    for alternative in ("greater", "less"):
        found = permutation_test(
            difference, values, group=[1, 0, 0, 1], n=3000, seed=0, alternative=alternative
        )
        assert found.pvalue == pytest.approx(4 / 6, abs=0.03)

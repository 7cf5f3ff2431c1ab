"""Mixtures: planted classes, one class against the plain fit, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism.data import Comparisons, simulate_votes
from pluralism.errors import (
    ConvergenceError,
    DataError,
    LabelError,
    NotIdentifiedError,
    SmallSampleWarning,
)
from pluralism.utility import fit_bradley_terry, fit_preference_mixture

COLUMNS = {"first": "first", "second": "second", "outcome": "outcome", "rater": "rater"}


def planted(utilities, *, raters, votes, seed):
    """Draw votes of groups of raters; labels end in the group's number."""
    frames = []
    for group, utility in enumerate(utilities):
        frame = simulate_votes(
            raters * votes,
            items=list("abcdefgh")[: len(utility)],
            utility=utility,
            raters=raters,
            seed=100 * seed + group,
        )
        frames.append(frame.assign(rater=frame.rater.astype(str) + f"/{group}"))
    return Comparisons.from_frame(pd.concat(frames, ignore_index=True), **COLUMNS)


def groups_of(mixture):
    return np.array([int(str(rater).split("/")[1]) for rater in mixture.raters])


UP = np.linspace(-1.5, 1.5, 8)
SMALL = planted([UP[:5], -UP[:5]], raters=60, votes=15, seed=1)


@pytest.fixture(scope="module")
def small():
    return fit_preference_mixture(SMALL, n_classes=2)


@pytest.mark.slow
def test_two_planted_groups_are_recovered_from_nine_of_ten_seeds():
    from sklearn.metrics import adjusted_rand_score

    recovered = 0
    for seed in range(10):
        mixture = fit_preference_mixture(
            planted([UP, -UP], raters=200, votes=15, seed=seed), n_classes=2, seed=seed
        )
        truth, found = groups_of(mixture), mixture.responsibilities.argmax(axis=1)
        flip = (truth == found).mean() < 0.5
        true = np.stack([-UP, UP] if flip else [UP, -UP])
        within = np.abs(mixture.utilities - true) < 3 * mixture.stderr.values
        recovered += adjusted_rand_score(truth, found) > 0.9 and within.all()
    assert recovered >= 9


class TestOneClass:
    def test_is_the_plain_fit(self):
        mixture = fit_preference_mixture(SMALL, n_classes=1, prior=1000.0)
        plain = fit_bradley_terry(SMALL, covariance="fisher")
        np.testing.assert_allclose(mixture.utility.values[0], plain.utility, atol=1e-6)
        np.testing.assert_allclose(mixture.stderr.values[0], plain.stderr, rtol=1e-5)
        assert mixture.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)
        assert mixture.certainty == 1.0


class TestTwoClasses:
    def test_it_is_a_maximum(self, small):
        # By brute force: the marginal likelihood in plain loops, and its slope by differences.
        def value(utilities, share):
            total = -0.5 * (utilities**2).sum() / small.prior**2
            for rater in range(len(SMALL.raters)):
                cells = SMALL.rater == rater
                joint = np.log(share)
                for c, u in enumerate(utilities):
                    gap = u[SMALL.first[cells]] - u[SMALL.second[cells]]
                    joint[c] -= (SMALL.first_won[cells] * np.logaddexp(0, -gap)).sum()
                    joint[c] -= (SMALL.second_won[cells] * np.logaddexp(0, gap)).sum()
                total += np.logaddexp.reduce(joint)
            return total

        best = value(small.utilities, small.shares)
        penalty = 0.5 * (small.utilities**2).sum() / small.prior**2
        assert best + penalty == pytest.approx(small.log_likelihood, rel=1e-10)
        rng = np.random.default_rng(0)
        for _ in range(5):
            step = 1e-3 * rng.normal(size=small.utilities.shape)
            up, down = (value(small.utilities + s * step, small.shares) for s in (1, -1))
            assert up < best > down
            assert abs(up - down) < 1e-4 * (2 * best - up - down) + 1e-7

    def test_responsibilities(self, small):
        weights = small.responsibility
        assert weights.dims == ("rater", "class")
        np.testing.assert_allclose(weights.sum("class"), 1.0)
        # At the optimum the sizes are the mean responsibilities.
        np.testing.assert_allclose(weights.mean("rater"), small.share, atol=1e-6)
        assert small.share.values[0] >= small.share.values[1]
        assert 0.8 < small.certainty <= 1.0

    def test_summary(self, small):
        table = small.summary()
        assert list(table["kind"]) == ["share"] * 2 + ["item"] * 10
        assert np.isfinite(table["stderr"]).all()

    def test_seed_repeats(self, small):
        again = fit_preference_mixture(SMALL, n_classes=2)
        np.testing.assert_array_equal(again.utilities, small.utilities)


class TestSelection:
    def test_planted_number_has_the_best_bic(self):
        mixture = fit_preference_mixture(SMALL, n_classes=(1, 2, 3))
        assert mixture.n_classes == 2
        table = mixture.selection_table()
        assert list(table.n_classes) == [1, 2, 3]
        assert table.held_out.isna().all()

    def test_left_out_raters_are_told_better_by_two_classes(self):
        mixture = fit_preference_mixture(SMALL, n_classes=(1, 2), criterion="held-out")
        assert mixture.n_classes == 2
        one, two = mixture.selection_table().held_out
        assert two - one > 0.5  # log-likelihood per left-out rater of 15 votes


class TestWelfare:
    def test_of_an_item_and_of_a_lottery(self, small):
        item = small.welfare("a")
        np.testing.assert_allclose(item.by_class, small.utility.sel(item="a"))
        assert float(item.worst) == float(item.by_class.min())
        assert int(item.worst_class) == int(np.argmin(item.by_class.values))
        assert float(item["mean"]) == pytest.approx(float((item.by_class * small.share).sum()))
        lottery = small.welfare({"a": 0.5, "e": 0.5})
        np.testing.assert_allclose(
            lottery.by_class, 0.5 * (item.by_class + small.welfare("e").by_class)
        )

    def test_uniform_policy_wins_half(self, small):
        rate = small.welfare([0.2] * 5, measure="win_rate")
        np.testing.assert_allclose(rate.by_class, 0.5)

    def test_a_labelled_policy_is_matched_by_its_labels(self, small):
        array = xr.DataArray([0.7, 0.3], dims="item", coords={"item": ["e", "a"]})
        expected = small.welfare({"a": 0.3, "e": 0.7})
        np.testing.assert_array_equal(small.welfare(array).by_class, expected.by_class)

    @pytest.mark.parametrize(
        ("policy", "error", "message"),
        [
            (xr.DataArray([0.5, 0.5], dims="arm"), DataError, r"`policy` has dimensions \('arm',"),
            ("z", LabelError, "`policy` names 'z'"),
            ({"a": 0.5, "q": 0.5}, LabelError, "`policy` names 'q'"),
            ({"a": 0.5}, DataError, "sums to 0.5"),
            ([0.5, 0.5], DataError, "2 entries for 5 items"),
            ([1.5, -0.5, 0, 0, 0], DataError, "probabilities must be"),
        ],
    )
    def test_bad_policies(self, small, policy, error, message):
        with pytest.raises(error, match=message):
            small.welfare(policy)


class TestRefused:
    def test_one_comparison_a_rater(self):
        data = planted([UP, -UP], raters=50, votes=1, seed=0)
        with pytest.raises(NotIdentifiedError, match=r"2510\.15716, Lemma 4\.1"):
            fit_preference_mixture(data)

    @pytest.mark.slow
    def test_two_comparisons_a_rater_are_warned_of(self):
        data = planted([UP[:4], -UP[:4]], raters=100, votes=2, seed=0)
        with pytest.warns(SmallSampleWarning, match="the median rater cast 2 votes"):
            fit_preference_mixture(data, starts=2, check=False)

    def test_no_raters(self):
        with pytest.raises(DataError, match="does not say who voted"):
            fit_preference_mixture(Comparisons.from_pairs([("a", "b"), ("b", "a")]))

    def test_no_comparisons(self):
        with pytest.raises(DataError, match="`comparisons` is a list; it must be Comparisons"):
            fit_preference_mixture([("a", "b")])

    def test_nothing_but_dropped_ties(self):
        frame = pd.DataFrame({"first": ["a", "b"], "second": ["b", "a"], "rater": [0, 1]})
        data = Comparisons.from_frame(frame.assign(outcome="tie"), **COLUMNS)
        with pytest.raises(DataError, match="`comparisons` holds no votes"):
            fit_preference_mixture(data, ties="drop")

    def test_more_items_than_a_mixture_takes(self, monkeypatch):
        monkeypatch.setattr("pluralism.utility._mixture_search.DENSE_ITEMS", 4)
        with pytest.raises(DataError, match="has 5 items; a mixture takes 4"):
            fit_preference_mixture(SMALL)

    def test_more_classes_than_raters(self):
        with pytest.raises(DataError, match="there are only 120 raters"):
            fit_preference_mixture(SMALL, n_classes=121)

    @pytest.mark.slow
    def test_no_convergence(self):
        with pytest.raises(ConvergenceError, match="did not converge in 1 EM") as caught:
            fit_preference_mixture(SMALL, n_classes=4, starts=1, max_iterations=1, tolerance=1e-300)
        assert "NOT CONVERGED" in repr(caught.value.result)

    @pytest.mark.parametrize(
        ("keywords", "message"),
        [
            ({"n_classes": 0}, "`n_classes` is 0"),
            ({"n_classes": ()}, "`n_classes` is empty"),
            ({"criterion": "aic"}, "`criterion` is 'aic'"),
            ({"prior": 0.0}, "`prior` is 0.0"),
            ({"starts": 0}, "`starts` is 0"),
        ],
    )
    def test_options(self, keywords, message):
        with pytest.raises(DataError, match=message):
            fit_preference_mixture(SMALL, **keywords)

"""Batched refits of Bradley-Terry against the public fit in a loop."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from pluralism.data import Comparisons, simulate_votes
from pluralism.errors import ApproximationWarning
from pluralism.uncertainty import bootstrap
from pluralism.utility import fit_bradley_terry


def votes(n=1500, **keywords):
    frame = simulate_votes(n, items=8, raters=30, rater_spread=0.5, tie_parameter=0.4, seed=1)
    return Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", **keywords
    )


def looped(statistic, data, **keywords):
    return bootstrap(lambda d: statistic(d), data, **keywords)


class TestAgainstTheLoop:
    @pytest.mark.parametrize("unit", ["rater", "row", "pair"])
    @pytest.mark.parametrize("ties", ["half", "drop"])
    def test_units(self, unit, ties):
        data = votes(rater="rater")
        statistic = partial(fit_bradley_terry, ties=ties)
        batched = bootstrap(statistic, data, unit=unit, n=12, seed=3)
        slow = looped(statistic, data, unit=unit, n=12, seed=3)
        np.testing.assert_allclose(batched.replicates, slow.replicates, atol=1e-9)
        assert batched.replicates.dims == ("replicate", "item")
        assert batched.interval.dims == ("item", "ci_bound")

    @pytest.mark.parametrize("options", [{"prior": 0.7}, {"reference": "item 3"}])
    def test_options(self, options):
        statistic = partial(fit_bradley_terry, **options)
        batched = bootstrap(statistic, votes(), n=12, seed=3)
        slow = looped(statistic, votes(), n=12, seed=3)
        np.testing.assert_allclose(batched.replicates, slow.replicates, atol=1e-9)

    def test_other_options_take_the_loop(self):
        statistic = partial(fit_bradley_terry, components="separate")
        batched = bootstrap(statistic, votes(), n=4, seed=3)
        np.testing.assert_allclose(
            batched.replicates, looped(statistic, votes(), n=4, seed=3).replicates, atol=1e-12
        )

    @pytest.mark.slow
    def test_the_same_resamples_are_not_identified(self):
        # "d" has two wins and two losses, so that many resamples let it always win or lose.
        pairs = [("a", "b"), ("b", "c"), ("c", "a"), ("b", "a"), ("c", "b"), ("a", "c")] * 6
        pairs += [("d", "a"), ("a", "d")] * 2
        data = Comparisons.from_pairs(pairs)
        results = []
        for statistic in (fit_bradley_terry, lambda d: fit_bradley_terry(d)):
            with pytest.warns(ApproximationWarning, match="replicates failed"):
                results.append(bootstrap(statistic, data, n=150, seed=0, max_failed=0.5))
        batched, slow = results
        assert batched.failed.reasons == slow.failed.reasons
        assert set(batched.failed.reasons) == {"not identified"}
        assert 20 < batched.failed < 75
        np.testing.assert_allclose(batched.replicates, slow.replicates, atol=1e-9)

    def test_a_prior_identifies_every_resample(self):
        pairs = [("a", "b"), ("b", "a")] * 4 + [("c", "a")] * 3
        data = Comparisons.from_pairs(pairs)
        result = bootstrap(partial(fit_bradley_terry, prior=1.0), data, n=60, seed=0)
        assert result.failed == 0


def test_standard_errors_agree_with_the_clustered_ones():
    data = votes(6000, rater="rater")
    result = bootstrap(fit_bradley_terry, data, unit="rater", n=600, seed=0)
    ratio = result.stderr / fit_bradley_terry(data).stderr
    assert abs(float(ratio.mean()) - 1.0) < 0.05

"""The batched bootstrap of Bradley-Terry equals one fit at a time."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

import pluralism as pl
from pluralism.uncertainty import bootstrap
from pluralism.utility import fit_bradley_terry


def unhooked(**options):
    """The same statistic without its batched form."""
    return lambda data: fit_bradley_terry(data, **options)


@pytest.fixture(scope="module")
def votes():
    rng = np.random.default_rng(12)
    first = rng.integers(0, 5, 400)
    frame = pd.DataFrame({"a": first, "b": (first + rng.integers(1, 5, 400)) % 5})
    frame["y"] = rng.choice(["first", "second", "tie"], 400)
    frame["rater"] = rng.integers(0, 12, 400)
    return pl.Comparisons.from_frame(frame, first="a", second="b", outcome="y", rater="rater")


@pytest.mark.filterwarnings("ignore:.*replicates failed and are left out")
@pytest.mark.parametrize("unit", ["row", "rater", "pair"])
@pytest.mark.parametrize(
    "options",
    [{}, {"ties": "drop", "reference": 3}, {"prior": 0.5}, {"check": False}],
    ids=["half", "drop", "prior", "unchecked"],
)
def test_batched_replicates_equal_single_fits(votes, unit, options):
    # Ten pairs drawn from ten leave the graph of five items in pieces now and then; both ways
    # must then fail in the same replicates.
    settings = {"unit": unit, "n": 12, "seed": 1, "max_failed": 0.5}
    fast = bootstrap(partial(fit_bradley_terry, **options), votes, **settings)
    slow = bootstrap(unhooked(**options), votes, **settings)
    assert fast.failed.reasons == slow.failed.reasons
    np.testing.assert_allclose(np.asarray(fast.replicates), np.asarray(slow.replicates), atol=1e-10)


@pytest.mark.filterwarnings("ignore:.*replicates failed and are left out")
def test_replicates_without_an_estimate_are_counted():
    votes = pl.Comparisons.from_pairs([("a", "b")] * 5 + [("b", "a")])
    fast = bootstrap(fit_bradley_terry, votes, unit="row", n=40, seed=2, max_failed=0.9)
    slow = bootstrap(unhooked(), votes, unit="row", n=40, seed=2, max_failed=0.9)
    assert fast.failed.reasons == slow.failed.reasons
    assert fast.failed.reasons["not identified"] > 5


def test_models_beyond_the_plain_one_are_left_to_the_loop(votes):
    from pluralism.utility._resampled import bradley_terry_replicates

    weights = np.ones((2, 12))
    for options in ({"ties": "davidson"}, {"order_effect": True}, {"components": "separate"}):
        answer = bradley_terry_replicates(votes, unit="rater", weights=weights, **options)
        assert answer is NotImplemented
    # Nor is there a table of wins by a unit that is none of these.
    assert bradley_terry_replicates(votes, unit="item", weights=weights) is NotImplemented
    again = bootstrap(partial(fit_bradley_terry, ties="davidson"), votes, unit="rater", n=3, seed=1)
    assert np.asarray(again.replicates).shape == (3, 5)

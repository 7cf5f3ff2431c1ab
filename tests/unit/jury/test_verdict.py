from __future__ import annotations

import itertools

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from pluralism import Annotations, ApproximationWarning, DataError, LabelError
from pluralism.jury import (
    abstention_alignment,
    decisive_groups,
    jury_calibration,
    jury_score,
    reliability_score,
    sample_juries,
    verdict_probability,
)
from pluralism.kernels._verdicts import binomial_votes


def pool(raters: int = 9, items: int = 6, seed: int = 0, missing: float = 0.15) -> Annotations:
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, (raters, items))
    rater, item = np.nonzero(rng.random((raters, items)) >= missing)
    return Annotations.from_codes(
        item,
        label[rater, item],
        rater=rater,
        items=[f"i{k}" for k in range(items)],
        raters=range(raters),
        categories=["fine", "rude", "vile"],
        groups={"side": ["l"] * 4 + ["m"] * 3 + ["r"] * 2, "age": ["o", "y", "o"] * 3},
    )


def enumerated(data, item, composition, column, positive, wins) -> float:
    """Mean of `wins(votes)` over every jury of the composition."""
    frame = data.to_frame()
    frame = frame[frame["item"] == item]
    votes = dict(zip(frame["rater"], frame["label"].isin(positive), strict=True))
    group = dict(zip(frame["rater"], frame[column], strict=True))
    parts = [
        list(itertools.combinations([r for r in votes if group[r] == name], seats))
        for name, seats in composition.items()
    ]
    juries = [sum(part, ()) for part in itertools.product(*parts)]
    return (
        float(np.mean([wins(sum(votes[r] for r in jury)) for jury in juries])) if juries else np.nan
    )


@pytest.mark.parametrize(
    ("threshold", "ties", "wins"),
    [
        ("majority", "half", lambda k: (k > 2) + 0.5 * (k == 2)),
        ("majority", "no", lambda k: k > 2),
        ("majority", "yes", lambda k: k >= 2),
        (0.75, "half", lambda k: k >= 3),
        ("unanimity", "half", lambda k: k == 4),
    ],
)
def test_pool_verdicts_are_what_every_possible_jury_gives(threshold, ties, wins):
    data, composition = pool(), {"l": 2, "m": 1, "r": 1}
    result = verdict_probability(
        data,
        composition=composition,
        positive={"rude", "vile"},
        threshold=threshold,
        ties=ties,
        group="side",
    )
    expected = [
        enumerated(data, item, composition, "side", ["rude", "vile"], wins) for item in data.items
    ]
    np.testing.assert_allclose(result, expected, atol=1e-12)
    assert result["item"].values.tolist() == list(data.items)


def test_short_pools_are_skipped_and_counted_or_refused():
    data, composition = pool(missing=0.4), {"l": 2, "r": 2}
    result = verdict_probability(data, composition=composition, positive="vile", group="side")
    assert result.attrs["skipped"] == int(np.isnan(result).sum()) > 0
    with pytest.raises(DataError, match=r"of 6 items have a pool too small.*for 2 seats"):
        verdict_probability(
            data, composition=composition, positive="vile", group="side", short_pool="error"
        )
    with pytest.raises(DataError, match="6 of 6 items have a pool too small"):
        verdict_probability(data, composition={"r": 3}, positive="vile", group="side")


def test_seats_open_to_everyone_and_crossed_groups():
    data = pool(missing=0.0)
    anyone = verdict_probability(data, composition=9, positive="rude")
    share = data.counts().sel(category="rude") / 9
    np.testing.assert_array_equal(anyone, (share > 0.5).astype(float))
    crossed = verdict_probability(
        data, composition={("l", "o"): 3}, positive="rude", group=["side", "age"]
    )
    assert crossed.attrs["size"] == 3


def test_independent_jurors():
    strict = verdict_probability(0.6, size=12, ties="no")
    assert strict == pytest.approx(0.6652085576, abs=1e-10)
    assert verdict_probability(0.6, size=12) == pytest.approx(0.7534981325, abs=1e-10)
    assert verdict_probability(0.6, size=12, ties="yes") == pytest.approx(2 * 0.7534981325 - strict)
    assert verdict_probability(0.5, size=7) == pytest.approx(0.5)
    assert verdict_probability(0.3, size=3, threshold=2 / 3) == pytest.approx(
        3 * 0.09 * 0.7 + 0.027
    )
    shares = xr.DataArray([0.0, 1.0], dims="item", coords={"item": ["a", "b"]})
    result = verdict_probability(shares, size=3)
    np.testing.assert_array_equal(result, [0.0, 1.0])
    assert result["item"].values.tolist() == ["a", "b"]


def test_a_large_pool_is_like_independent_jurors():
    votes = Annotations.from_matrix((np.arange(10_000) < 6000)[:, None])
    exact = verdict_probability(votes, composition=12, positive=True)
    assert float(exact[0]) == pytest.approx(verdict_probability(0.6, size=12), abs=2e-4)


def test_sampled_juries_have_the_composition_and_reach_the_exact_verdict():
    data, composition = pool(missing=0.0), {"l": 2, "m": 2, "r": 1}
    juries = sample_juries(data, composition=composition, n=4000, group="side", seed=0)
    assert juries.group.values.tolist() == ["l", "l", "m", "m", "r"]
    side = np.array(["l"] * 4 + ["m"] * 3 + ["r"] * 2)
    assert (side[juries.values] == juries.group.values).all()
    assert all(len(set(jury)) == 5 for jury in juries.values[:200])
    frame = data.to_frame().pivot(index="rater", columns="item", values="label")
    drawn = ((frame.to_numpy() == "vile")[juries.values].sum(axis=1) > 2.5).mean(axis=0)
    exact = verdict_probability(data, composition=composition, positive="vile", group="side")
    np.testing.assert_allclose(drawn, exact, atol=4 * 0.5 / np.sqrt(4000))


def test_juries_of_an_item_come_from_its_raters():
    data = pool(missing=0.4)
    juries = sample_juries(data, composition=2, n=50, item="i0", seed=0)
    frame = data.to_frame()
    assert set(juries.values.ravel()) <= set(frame.loc[frame["item"] == "i0", "rater"])
    with pytest.raises(DataError, match="group 'r' has 2 raters for 3 seats"):
        sample_juries(data, composition={"r": 3}, n=1, group="side")
    with pytest.raises(LabelError, match="`item` names 'i9'"):
        sample_juries(data, composition=2, n=1, item="i9")


def test_which_group_is_decisive():
    data = pool(missing=0.0)
    moved = decisive_groups(
        data, composition={"l": 2, "m": 1, "r": 0}, positive="rude", group="side"
    )
    base = verdict_probability(data, composition={"l": 2, "m": 1}, positive="rude", group="side")
    other = verdict_probability(
        data, composition={"l": 1, "m": 1, "r": 1}, positive="rude", group="side"
    )
    cell = moved.sel(from_group="l", to_group="r")
    assert float(cell.change) == pytest.approx(float((other - base).mean()))
    assert float(cell.movement) == pytest.approx(float(abs(other - base).mean()))
    assert int(moved.n_items.sel(from_group="r", to_group="l")) == 0
    assert np.isnan(moved.change.sel(from_group="r", to_group="l"))


@pytest.mark.filterwarnings(
    "ignore:in [0-9]+ of [0-9]+ resamples no item:pluralism.errors.ApproximationWarning"
)
def test_calibration_to_a_jury_is_zero_for_its_own_verdict():
    data = pool(raters=9, items=40, missing=0.0)
    options = {"composition": {"l": 2, "m": 1}, "positive": "rude", "group": "side"}
    verdict = verdict_probability(data, **options)
    result = jury_calibration(verdict, data, n=50, seed=0, **options)
    assert result.estimate.sel(measure="calibration_error") == pytest.approx(0.0, abs=1e-15)
    assert result.estimate.sel(measure="mean_absolute_difference") == pytest.approx(0.0, abs=1e-15)
    v = verdict.values
    assert float(result.estimate.sel(measure="brier")) == pytest.approx((v * (1 - v)).mean())
    assert (result.interval.sel(ci_bound="lower") <= result.interval.sel(ci_bound="upper")).all()
    # order does not matter where the probabilities are labelled
    shuffled = jury_calibration(verdict[::-1], data, n=50, seed=0, **options)
    np.testing.assert_array_equal(result.estimate, shuffled.estimate)


def test_calibration_to_a_jury_is_the_binned_gap():
    data = pool(raters=9, items=40, missing=0.2)
    options = {"composition": {"l": 2, "m": 1}, "positive": "rude", "group": "side"}
    verdict = verdict_probability(data, **options).values
    p = np.random.default_rng(0).random(40)
    with pytest.warns(ApproximationWarning, match="in 2 of 60 resamples no item has enough"):
        result = jury_calibration(p, data, bins=4, n=60, seed=0, **options)
    there = np.isfinite(verdict)
    gaps = 0.0
    for k in range(4):
        inside = there & (p > k / 4) & (p <= (k + 1) / 4)
        gaps += inside.sum() / there.sum() * abs(p[inside].mean() - verdict[inside].mean())
    assert float(result.estimate.sel(measure="calibration_error")) == pytest.approx(gaps)
    bias = (p - verdict)[there].mean()
    assert float(result.estimate.sel(measure="mean_difference")) == pytest.approx(bias)
    assert result.skipped == int((~there).sum())
    assert result.mean_skipped > result.skipped
    low, high = result.interval.sel(measure="mean_difference").values
    assert low < bias < high
    assert result.interval.attrs == {"ci_kind": "percentile", "ci_prob": 0.95}


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: verdict_probability(0.5), DataError, "need `size` alone"),
        (lambda: verdict_probability(1.5, size=3), DataError, "`votes` is 1.5; it must be finite"),
        (lambda: verdict_probability(pool(), size=3), DataError, "needs `composition`"),
        (
            lambda: verdict_probability(
                pool(), composition={"x": 1}, positive="rude", group="side"
            ),
            LabelError,
            "`composition` names 'x'",
        ),
        (
            lambda: verdict_probability(pool(), composition=1, positive="rudee"),
            LabelError,
            r"`positive` names 'rudee'.*did you mean 'rude'",
        ),
        (
            lambda: verdict_probability(pool(), composition=1, positive=["fine", "rude", "vile"]),
            DataError,
            "some, but not all, of the 3 categories",
        ),
        (lambda: verdict_probability(0.5, size=3, threshold=0), DataError, "`threshold` is 0"),
        (lambda: verdict_probability(0.5, size=3, ties="maybe"), DataError, "`ties` is 'maybe'"),
        (
            lambda: verdict_probability(
                Annotations.from_codes(
                    [0, 0],
                    [0, 1],
                    rater=[0, 0],
                    items=["x"],
                    raters=["r"],
                    categories=["a", "b"],
                ),
                composition=1,
                positive="a",
            ),
            DataError,
            "rater 'r' labelled item 'x' both positively and not",
        ),
        (
            lambda: jury_calibration([0.5], pool(), composition=1, positive="rude"),
            DataError,
            "1 entries for 6 items",
        ),
    ],
)
def test_bad_input_is_named(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_jury_scores():
    x = np.array([[1.0, 4.0, 4.0], [2.0, 2.0, 2.0], [0.0, 9.0, 9.0]])
    np.testing.assert_allclose(jury_score(x), [3.0, 2.0, 6.0])
    np.testing.assert_allclose(jury_score(x, welfare="min"), [1.0, 2.0, 0.0])
    np.testing.assert_allclose(jury_score(x, welfare="nash"), [16 ** (1 / 3), 2.0, 0.0])
    np.testing.assert_allclose(
        jury_score(x, welfare="ces", rho=-1.0), [3 / (1 + 0.25 + 0.25), 2.0, 0.0]
    )
    np.testing.assert_allclose(jury_score(x, welfare="ces", rho=1), jury_score(x))
    np.testing.assert_allclose(jury_score(x, welfare="ces", rho=0), jury_score(x, welfare="nash"))
    np.testing.assert_allclose(jury_score(x, welfare="ces", rho=-np.inf), x.min(axis=1))
    np.testing.assert_allclose(jury_score(x, welfare="ces", rho=-400), x.min(axis=1), rtol=0.01)
    np.testing.assert_allclose(jury_score(x, welfare="quantile", q=1 / 3), [1.0, 2.0, 0.0])
    np.testing.assert_allclose(jury_score(x, welfare="quantile", q=0.5), [4.0, 2.0, 9.0])
    assert jury_score([1.0, 4.0], weights=[3, 1]) == pytest.approx(1.75)
    assert jury_score([1.0, 4.0], weights=[1, 1], welfare="nash") == pytest.approx(2.0)


def test_jurors_who_abstain_do_not_count():
    nan = float("nan")
    x = [[1.0, nan, 4.0], [nan, nan, nan]]
    for welfare, value in (("mean", 2.5), ("min", 1.0), ("nash", 2.0)):
        scores = jury_score(x, welfare=welfare)
        assert scores[0] == pytest.approx(value)
        assert np.isnan(scores[1])
    labelled = xr.DataArray([[1.0, 3.0]], dims=("answer", "juror"), coords={"answer": ["a"]})
    assert jury_score(labelled, dim="juror").sel(answer="a") == 2.0
    with pytest.raises(DataError, match=r"ratings under 'nash' welfare must be at least 0"):
        jury_score([-1.0, 2.0], welfare="nash")
    with pytest.raises(DataError, match="`rho` belongs to welfare='ces'"):
        jury_score([1.0], welfare="ces")
    with pytest.raises(DataError, match="`weights` must hold 2 numbers above zero"):
        jury_score([1.0, 2.0], weights=[1, 0])


def test_alignment_of_models_that_may_abstain():
    classes, human = [[0.5, 0.5], [1.0, 0.0]], [[0.2, 0.2, 0.6], [1.0, 0.0, 0.0]]
    result = abstention_alignment(
        classes, human, abstention=[0.0, 0.5], categories=["abstain", "act"]
    )
    model = np.array([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]])
    expected = np.linalg.norm(np.sqrt(model) - np.sqrt(human), axis=1) / np.sqrt(2)
    np.testing.assert_allclose(result.items, expected, atol=1e-15)
    np.testing.assert_allclose(result.by_category, expected, atol=1e-15)
    assert abstention_alignment(model, human).distance == pytest.approx(expected.mean())
    with pytest.raises(DataError, match="give `abstention` for the last column"):
        abstention_alignment(classes, human)
    with pytest.raises(DataError, match=r"`abstention\[0\]` is 2"):
        abstention_alignment(classes, human, abstention=[2.0, 0.0])


def test_reliability_takes_its_payoffs_from_the_caller():
    said, true = ["a", "b", "?", "?", "a"], ["a", "a", "a", "?", "?"]
    assert reliability_score(said, true, abstain="?", cost=0) == 2.0
    assert reliability_score(said, true, abstain="?", cost=2.5) == -3.0
    table = {"correct": 3, "abstained_rightly": 2, "abstained_wrongly": -1, "wrong": -4}
    assert reliability_score(said, true, abstain="?", payoffs=table) == 3 + 2 - 1 - 8
    with pytest.raises(DataError, match="`payoffs` must hold correct, abstained_rightly"):
        reliability_score(said, true, abstain="?", payoffs={"correct": 1})
    with pytest.raises(DataError, match="either `payoffs` or `cost`"):
        reliability_score(said, true, abstain="?")


def test_weighted_jurors_are_drawn_in_proportion_to_products_and_never_twice():
    from pluralism.kernels._verdicts import hypergeometric_votes, weighted_votes

    weights, votes = np.array([2, 1, 0, 3, 1, 1]), np.array([1, 1, 1, 0, 0, 1])
    for seats in (1, 2, 3, 4):
        expected = np.zeros(seats + 1)
        for jury in itertools.combinations(range(6), seats):
            expected[votes[list(jury)].sum()] += np.prod(weights[list(jury)])
        sums = [
            [[float((weights[votes == v] ** j).sum())] for j in range(1, seats + 1)] for v in (1, 0)
        ]
        ours = weighted_votes(np.array(sums[0]), np.array(sums[1]))[0]
        np.testing.assert_allclose(ours, expected / expected.sum(), atol=1e-12)
    plain = weighted_votes(np.full((3, 1), 4.0), np.full((3, 1), 5.0))
    np.testing.assert_allclose(
        plain, hypergeometric_votes(np.array([9.0]), np.array([4.0]), 3), atol=1e-12
    )
    assert np.isnan(weighted_votes(np.full((3, 1), 1.0), np.full((3, 1), 1.0))).all()


def test_intervals_over_jurors_are_centred_in_small_pools():
    rng = np.random.default_rng(0)
    item = np.repeat(np.arange(300), 8)
    rater = (rng.integers(0, 15, 300)[:, None] * 8 + np.arange(8)).ravel()
    vote = rng.random(item.size) < np.repeat(rng.beta(0.4, 1.6, 300), 8)
    data = Annotations.from_codes(
        item,
        vote.astype(int),
        rater=rater,
        items=range(300),
        raters=range(120),
        categories=[False, True],
    )
    result = jury_calibration(np.full(300, 0.2), data, composition=3, positive=True, n=200, seed=0)
    bias = result.interval.sel(measure="mean_difference").mean("ci_bound") - (
        result.estimate.sel(measure="mean_difference")
    )
    assert abs(float(bias)) < 0.5 * float(result.stderr.sel(measure="mean_difference"))


@pytest.mark.parametrize("largest", [60, 200_000])
def test_hypergeometric_votes_of_any_pool_equal_scipy(largest):
    """Small pools use a table of all numbers of voters, large ones of those that occur."""
    from scipy.stats import hypergeom

    from pluralism.kernels._verdicts import hypergeometric_votes

    pool = np.array([[largest, largest - 7.0, 5.0], [9.0, largest, 3.0]])
    positive = np.array([[largest // 3, 0.0, 5.0], [4.0, largest, 1.0]])
    ours = hypergeometric_votes(pool, positive, 4)
    k = np.arange(5)
    wanted = hypergeom.pmf(k, pool[..., None], positive[..., None], 4)
    short = pool < 4
    assert short.sum() == 1
    assert np.isnan(ours[short]).all()
    np.testing.assert_allclose(ours[~short], wanted[~short], atol=1e-10)


def test_two_labels_of_one_juror_that_say_the_same_are_one_vote():
    """Of "rude" and "vile", both count as yes: the juror who gave both still has one vote."""
    both = Annotations.from_codes(
        [0, 0, 0, 0], [1, 2, 0, 0], rater=[0, 0, 1, 2],
        items=["post"], raters="rst", categories=["fine", "rude", "vile"],
    )  # fmt: skip
    found = verdict_probability(both, composition=1, positive=["rude", "vile"])
    assert float(found[0]) == pytest.approx(1 / 3)


def test_a_group_in_no_pool_with_another_is_decisive_of_nothing():
    """Each item has voters of one group only, so that no jury of both, before or after, exists."""
    data = Annotations.from_codes(
        [0, 0, 1, 1], [0, 1, 1, 1], rater=range(4), items="pq", raters=range(4),
        categories=["no", "yes"], groups={"side": list("llrr")},
    )  # fmt: skip
    moved = decisive_groups(data, composition={"l": 2, "r": 1}, positive="yes")
    assert moved.n_items.sel(from_group="l", to_group="r") == 0
    assert np.isnan(moved.change).all()


def test_votes_of_independent_jurors_are_binomial():
    share = np.array([0.0, 0.03, 0.5, 1.0])
    expected = stats.binom.pmf(np.arange(8), 7, share[:, None])
    np.testing.assert_allclose(binomial_votes(share, 7), expected, rtol=1e-9, atol=1e-15)

"""Agreement across groups of raters, against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from pluralism import Annotations, DataError, LabelError
from pluralism.jury import (
    cross_replication_reliability,
    effective_raters,
    group_association,
    krippendorff_alpha,
)

HERE = [[0, 2], [0, 3], [2, 0], [3, 0], [1, 1]]
THERE = [[0, 2], [1, 1], [1, 1], [1, 1], [2, 0]]


def test_toy_example_of_cross_replication_reliability():
    assert cross_replication_reliability(HERE, THERE) == pytest.approx(0.18181818181818, abs=1e-12)
    assert cross_replication_reliability(THERE, HERE) == pytest.approx(0.18181818181818, abs=1e-12)


def test_cross_replication_reliability_is_what_all_pairs_give():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 4, (6, 3)) + 1, rng.integers(0, 4, (6, 3)) + 1
    observed = weight = 0.0
    for a, b in zip(x, y, strict=True):
        left, right = np.repeat(range(3), a), np.repeat(range(3), b)
        size = len(left) + len(right)
        observed += size * np.mean([i != j for i in left for j in right])
        weight += size
    left, right = np.repeat(range(3), x.sum(axis=0)), np.repeat(range(3), y.sum(axis=0))
    expected = np.mean(left[:, None] != right)
    assert cross_replication_reliability(x, y) == pytest.approx(
        1 - observed / weight / expected, abs=1e-12
    )


def test_pools_are_matched_by_label_and_ordinal_pools_use_common_ranks():
    one = Annotations.from_counts(HERE, items=list("abcde"), categories=["no", "yes"])
    order = [4, 2, 0, 1, 3]
    two = Annotations.from_counts(
        [THERE[k][::-1] for k in order],
        items=["abcde"[k] for k in order],
        categories=["yes", "no"],
    )
    assert cross_replication_reliability(one, two) == pytest.approx(0.18181818181818, abs=1e-12)
    # with two categories the ordinal metric is proportional to the nominal one
    kinds = {"scale": "ordinal"}
    value = cross_replication_reliability(
        Annotations.from_counts(HERE, **kinds), Annotations.from_counts(THERE, **kinds)
    )
    assert value == pytest.approx(0.18181818181818, abs=1e-12)


def test_normalized_reliability_divides_by_that_within():
    one, two = Annotations.from_counts(HERE), Annotations.from_counts([[0, 3], [3, 1], *HERE[2:]])
    root = np.sqrt(krippendorff_alpha(one) * krippendorff_alpha(two))
    expected = cross_replication_reliability(one, two) / root
    assert cross_replication_reliability(one, two, normalized=True) == pytest.approx(expected)


def test_pools_that_do_not_meet_are_refused():
    one = Annotations.from_counts(HERE, items=list("abcde"))
    with pytest.raises(DataError, match="the pools share no item"):
        cross_replication_reliability(one, Annotations.from_counts(THERE, items=list("vwxyz")))
    with pytest.raises(DataError, match=r"scale 'nominal', `second` on 'ordinal'"):
        cross_replication_reliability(one, Annotations.from_counts(THERE, scale="ordinal"))
    with pytest.raises(DataError, match="one and the same category"):
        cross_replication_reliability([[2, 0]], [[3, 0]])


def test_effective_raters():
    assert effective_raters(6, 0.42) == pytest.approx(1.935483870967742)
    assert effective_raters(1, 0.5) == 1.0
    assert effective_raters(5, 0.0) == 5.0
    with pytest.raises(DataError, match=r"`correlation` is -0\.3"):
        effective_raters(5, -0.3)


def panel(seed: int = 0, scale: str = "nominal") -> Annotations:
    rng = np.random.default_rng(seed)
    raters, items = 24, 30
    values = rng.integers(0, 3, items) + (rng.random((raters, items)) < 0.4)
    values[:9] = rng.integers(0, 4, (9, items))
    rater, item = np.nonzero(rng.random((raters, items)) < 0.8)
    return Annotations.from_codes(
        item,
        values[rater, item],
        rater=rater,
        items=range(items),
        raters=range(raters),
        categories=range(4),
        groups={"pool": ["a"] * 9 + ["b"] * 13 + ["c"] * 2, "age": ["o", "y"] * 12},
        scale=scale,
    )


def brute_force(data: Annotations, members: np.ndarray, smoothing: float) -> dict[str, float]:
    frame = data.to_frame()
    inside = frame["rater"].isin(members)
    pools = []
    for part in (frame[inside], frame[~inside]):
        table = np.zeros((data.n_items, data.n_categories))
        np.add.at(table, (part["item"], part["label"]), 1)
        pools.append(table)
    x, y = pools
    own = Annotations.from_counts(x, categories=data.categories, scale=data.scale)
    has, both = x.any(axis=1), x.any(axis=1) & y.any(axis=1)
    p = x[has] / x[has].sum(axis=1, keepdims=True)
    entropy = -np.sum(p * np.log(np.where(p > 0, p, 1)), axis=1)
    q = y[both] + smoothing
    q = q / q.sum(axis=1, keepdims=True)
    p_both = x[both] / x[both].sum(axis=1, keepdims=True)
    return {
        "alpha": krippendorff_alpha(own),
        "plurality": np.mean(p.max(axis=1)),
        "negentropy": np.mean(np.log(4) - entropy),
        "xrr": cross_replication_reliability(x, y),
        "cross_negentropy": np.mean(np.log(4) + (p_both * np.log(q)).sum(axis=1)),
    }


def test_statistics_are_what_each_group_alone_gives():
    data = panel()
    result = group_association(data, group="pool", n_permutations=0)
    assert result.skipped == {"c": 2}
    assert result.n_raters.values.tolist() == [9, 13]
    for name, members in (("a", np.arange(9)), ("b", np.arange(9, 22))):
        for statistic, value in brute_force(data, members, 0.5).items():
            ours = float(result.statistics.sel(group=name, statistic=statistic))
            assert ours == pytest.approx(value, abs=1e-12), statistic
    ratio = result.statistics.sel(statistic="alpha") / result.statistics.sel(statistic="xrr")
    np.testing.assert_allclose(result.gai, ratio, rtol=1e-14)
    assert result.diversity_sensitivity == float(result.gai.max())
    assert np.isnan(result.pvalues).all()


def test_voting_agreement_is_alpha_of_the_two_pluralities():
    rng = np.random.default_rng(5)
    labels = np.concatenate([np.repeat(rng.integers(0, 3, (1, 40)), 5, 0) for _ in range(2)])
    data = Annotations.from_codes(
        np.tile(np.arange(40), 10),
        labels.ravel(),
        rater=np.repeat(np.arange(10), 40),
        items=range(40),
        raters=range(10),
        categories=range(3),
        groups={"g": ["a"] * 5 + ["b"] * 5},
    )
    result = group_association(data, n_permutations=0)
    expected = krippendorff_alpha(Annotations.from_matrix(labels[[0, 5]], categories=range(3)))
    votes = result.statistics.sel(statistic="voting_agreement")
    np.testing.assert_allclose(votes, [expected] * 2, atol=1e-12)


def test_permutations_find_a_group_of_its_own_and_nothing_else():
    found = group_association(panel(), group="pool", n_permutations=199, seed=2)
    assert float(found.adjusted.sel(statistic="alpha", group="b")) <= 0.02
    assert (found.adjusted >= found.pvalues - 1e-15).all()
    nothing = group_association(panel(), group="age", n_permutations=199, seed=2)
    assert float(nothing.adjusted.min()) > 0.02
    again = group_association(panel(), group="age", n_permutations=199, seed=2)
    np.testing.assert_array_equal(again.pvalues, nothing.pvalues)


def test_published_pvalues_leave_the_estimate_out():
    ours = group_association(panel(), group="pool", n_permutations=99, seed=2)
    published = group_association(
        panel(), group="pool", n_permutations=99, seed=2, as_published=True
    )
    assert float(published.pvalues.sel(statistic="alpha", group="b")) == 0.0
    assert float(ours.pvalues.sel(statistic="alpha", group="b")) == 0.02


def test_columns_cross_to_intersectional_groups():
    result = group_association(panel(), group=["pool", "age"], min_raters=4, n_permutations=0)
    assert result.statistics.group.values.tolist() == [
        ("a", "o"),
        ("a", "y"),
        ("b", "o"),
        ("b", "y"),
    ]
    assert result.skipped == {("c", "o"): 1, ("c", "y"): 1}
    assert set(result.summary()["group"]) == set(result.statistics.group.values)


def test_what_is_wrong_with_the_groups_is_said():
    with pytest.raises(DataError, match="must name one of the columns 'pool', 'age'"):
        group_association(panel())
    with pytest.raises(LabelError, match=r"names 'ages'.*did you mean 'age'"):
        group_association(panel(), group="ages")
    with pytest.raises(DataError, match="no group has 20 raters; the largest has 13"):
        group_association(panel(), group="pool", min_raters=20)
    with pytest.raises(DataError, match="have no groups of raters"):
        group_association(Annotations.from_matrix([[1, 2], [1, 1]]))

"""Group-informed consensus and representativeness against their definitions and Polis' figures."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pluralism import DataError, LabelError
from pluralism.choice import comment_representativeness, group_informed_consensus
from pluralism.uncertainty import bootstrap


def counted(*groups):
    """One comment, and the groups that give (agrees, votes): the rest disagree."""
    votes = [np.r_[np.ones(a), -np.ones(s - a)] for a, s in groups]
    return np.concatenate(votes)[:, None], np.repeat(np.arange(len(groups)), [s for _, s in groups])


def random_votes(rng, n=30, m=8, groups=3):
    votes = rng.choice([1.0, 0.0, -1.0, np.nan], (n, m), p=[0.4, 0.1, 0.2, 0.3])
    return votes, np.r_[np.arange(groups), rng.integers(0, groups, n - groups)]


def by_hand(votes, group, stance=1.0):
    """The product over groups, vote by vote."""
    scores = []
    for column in votes.T:
        score = 1.0
        for g in set(group.tolist()):
            seen = [v for v, of in zip(column, group, strict=True) if of == g and v == v]
            score *= (sum(v == stance for v in seen) + 1) / (len(seen) + 2)
        scores.append(score)
    return np.array(scores)


def test_the_stored_value_of_a_polis_conversation():
    # polis-community/red-dwarf, fixtures/below-100-ptpts/math-pca2.json, comment 0.
    votes, group = counted((0, 5), (0, 3), (0, 6))
    assert float(group_informed_consensus(votes, groups=group)[0]) == pytest.approx(
        1 / 280, rel=1e-14
    )
    # Jigsaw's sensemaking tools: 5 of 15 and 10 of 20 agree, 10 and 5 disagree, the rest pass.
    votes = np.r_[np.ones(5), -np.ones(10), np.ones(10), -np.ones(5), np.zeros(5)][:, None]
    score = group_informed_consensus(votes, groups=[0] * 15 + [1] * 20, stance="disagree")
    assert float(score[0]) == pytest.approx(11 / 17 * 6 / 22, rel=1e-14)


@pytest.mark.parametrize("stance", ["agree", "disagree"])
def test_equals_the_product_over_groups(stance):
    rng = np.random.default_rng(0)
    for _ in range(20):
        votes, group = random_votes(rng)
        score = group_informed_consensus(votes, groups=group, stance=stance)
        expected = by_hand(votes, group, 1.0 if stance == "agree" else -1.0)
        np.testing.assert_allclose(score, expected, rtol=1e-13)


@given(st.randoms(use_true_random=False))
def test_does_not_depend_on_order_or_names(random):
    rng = np.random.default_rng(random.randint(0, 2**32))
    votes, group = random_votes(rng)
    order, columns = rng.permutation(30), rng.permutation(8)
    names = np.array(["z", "b", "k"])[group[order]]
    score = group_informed_consensus(votes, groups=group).values
    again = group_informed_consensus(votes[order][:, columns], groups=names).values
    np.testing.assert_allclose(again, score[columns], rtol=1e-13)
    # Agreement with the negated votes is disagreement.
    other = group_informed_consensus(-votes, groups=group, stance="disagree").values
    np.testing.assert_array_equal(other, score)


def test_is_the_chance_that_one_of_each_group_all_agree():
    # Posterior means under a uniform prior, multiplied: Monte Carlo.
    votes, group = counted((3, 5), (1, 3))
    rng = np.random.default_rng(1)
    draws = rng.beta(4, 3, 200_000) * rng.beta(2, 3, 200_000)
    score = float(group_informed_consensus(votes, groups=group)[0])
    assert abs(draws.mean() - score) < 4 * draws.std() / np.sqrt(200_000)


def test_polis_statistics_of_one_comment():
    # red-dwarf 0.4.0, calculate_comment_statistics: 8 of 10 inside, 3 of 20 outside.
    votes, group = counted((8, 10), (3, 20))
    result = comment_representativeness(votes, groups=group, n=20)
    at = {"stance": "agree", "group": 0, "comment": 0}
    assert float(result.share.sel(at)) == 0.75
    assert float(result.ratio.sel(at)) == pytest.approx(4.125, rel=1e-14)
    assert float(result.z_ratio.sel(at)) == pytest.approx(3.43390697, abs=1e-8)
    assert float(result.z_share.sel(at)) == pytest.approx(2.11057941, abs=1e-8)
    assert float(result.consensus.sel(stance="agree", comment=0)) == pytest.approx(
        0.13636364, abs=1e-8
    )


def test_z_of_the_ratio_is_the_pooled_test_of_two_proportions():
    from statsmodels.stats.proportion import proportions_ztest

    rng = np.random.default_rng(2)
    votes, group = random_votes(rng, n=60)
    result = comment_representativeness(votes, groups=group, n=5)
    for g in range(3):
        for c in range(8):
            column = votes[:, c]
            inside, outside = column[group == g], column[group != g]
            hits = [(inside == 1).sum() + 1, (outside == 1).sum() + 1]
            seen = [(~np.isnan(inside)).sum() + 1, (~np.isnan(outside)).sum() + 1]
            z, _ = proportions_ztest(hits, seen)
            assert float(result.z_ratio[0, g, c]) == pytest.approx(z, abs=1e-12)


def test_unanimous_votes_have_a_ratio_without_evidence():
    votes, group = counted((4, 4), (6, 6))
    result = comment_representativeness(votes, groups=group, n=5)
    np.testing.assert_array_equal(result.z_ratio.sel(stance="agree"), 0.0)


def test_the_list_of_a_group_follows_polis_metric():
    rng = np.random.default_rng(4)
    group = np.repeat([0, 1], 40)
    chance = np.where(group[:, None] == 0, [0.9, 0.1, 0.5, 0.8], [0.1, 0.9, 0.5, 0.7])
    votes = np.where(rng.random((80, 4)) < chance, 1.0, -1.0)
    result = comment_representativeness(votes, groups=group, n=50)
    listed = result.representative(0)
    assert set(listed["comment"]) == {0, 1}
    assert dict(zip(listed["comment"], listed["stance"], strict=True)) == {
        0: "agree",
        1: "disagree",
    }
    metric = listed[["share", "ratio", "z_share", "z_ratio"]].prod(axis=1)
    assert metric.is_monotonic_decreasing
    assert (listed["lower"] > 1).all()


def test_the_bootstrap_resamples_participants():
    """Batched, looped by the general engine, and by hand."""
    rng = np.random.default_rng(5)
    votes, group = random_votes(rng, n=25)
    labelled = xr.DataArray(
        votes, dims=("participant", "comment"), coords={"group": ("participant", group)}
    )
    statistic = partial(group_informed_consensus, groups="group")
    batched = bootstrap(statistic, labelled, n=60, seed=1)
    looped = bootstrap(lambda v: statistic(v), labelled, n=60, seed=1)
    np.testing.assert_allclose(batched.replicates, looped.replicates, rtol=1e-12)
    direct = comment_representativeness(votes, groups=group, n=60, seed=1)
    np.testing.assert_allclose(
        direct.consensus_interval.sel(stance="agree"), batched.interval, rtol=1e-12
    )
    assert direct.consensus_interval.attrs == {"ci_kind": "bootstrap", "ci_prob": 0.95}


def test_the_bootstrap_finds_groups_anew_where_none_are_given():
    rng = np.random.default_rng(6)
    side = np.repeat([0, 1], 15)
    votes = np.where(rng.random((30, 8)) < np.where(side[:, None] == 0, 0.9, 0.1), 1.0, -1.0)
    batched = bootstrap(group_informed_consensus, votes, n=8, seed=2)
    looped = bootstrap(lambda v: group_informed_consensus(v), votes, n=8, seed=2)
    np.testing.assert_allclose(batched.replicates, looped.replicates, rtol=1e-12)
    # In some resample other groups are found than the sides.
    fixed = bootstrap(partial(group_informed_consensus, groups=side), votes, n=8, seed=2)
    assert not np.allclose(batched.replicates, fixed.replicates)


@pytest.mark.parametrize("interval", ["posterior", "bootstrap"])
def test_intervals_cover(interval):
    """Coverage over 400 comments on which two groups of 40 agree with chances of 0.7 and 0.4."""
    rng = np.random.default_rng(7)
    group, comments = np.repeat([0, 1], 40), 400
    chance = np.where(group == 0, 0.7, 0.4)[:, None]
    votes = np.where(rng.random((80, comments)) < chance, 1.0, -1.0)
    result = comment_representativeness(votes, groups=group, interval=interval)

    def share_of_hits(interval, truth):
        lower, upper = interval.values.T
        return int(((lower <= truth) & (truth <= upper)).sum())

    hits = share_of_hits(result.consensus_interval.sel(stance="agree"), 0.28)
    assert stats.binomtest(hits, comments, 0.94).pvalue > 0.001, hits
    hits = share_of_hits(result.ratio_interval.sel(stance="agree", group=0), 0.7 / 0.4)
    assert stats.binomtest(hits, comments, 0.94).pvalue > 0.001, hits


def test_the_posterior_covers_what_resampling_cannot():
    votes, group = counted((0, 5), (0, 3), (0, 6))
    drawn = comment_representativeness(votes, groups=group, interval="posterior", n=4000)
    lower, upper = drawn.share_interval.sel(stance="agree", group=1, comment=0).values
    assert (lower, upper) == pytest.approx(stats.beta(1, 4).interval(0.95))
    resampled = comment_representativeness(votes, groups=group)
    width = [np.ptp(r.consensus_interval.values[0, 0]) for r in (drawn, resampled)]
    assert width[0] > 5 * width[1]
    mean = drawn.ratio_interval.values
    assert (mean[..., 0] < drawn.ratio.values).all()
    assert (mean[..., 1] > drawn.ratio.values).all()


def test_groups_are_matched_by_label():
    votes = pd.DataFrame({"x": [1, 1, -1], "y": [np.nan, 0, 1]}, index=["ann", "bob", "cy"])
    expected = group_informed_consensus(votes, groups=["l", "l", "r"])
    assert expected.comment.values.tolist() == ["x", "y"]
    for groups in (
        {"cy": "r", "ann": "l", "bob": "l"},
        pd.Series({"bob": "l", "cy": "r", "ann": "l"}),
        xr.DataArray(["r", "l", "l"], dims="p", coords={"p": ["cy", "bob", "ann"]}),
    ):
        xr.testing.assert_identical(group_informed_consensus(votes, groups=groups), expected)


def test_whoever_has_no_group_is_left_out_and_counted():
    votes, group = counted((1, 4), (2, 3))
    score = group_informed_consensus(votes, groups=[*group[:-2].tolist(), None, float("nan")])
    assert score.attrs["ungrouped"] == 2
    np.testing.assert_array_equal(score, group_informed_consensus(votes[:-2], groups=group[:-2]))


def test_whole_numbers_that_come_as_floats_name_the_same_groups():
    votes, group = counted((1, 4), (2, 3))
    score = group_informed_consensus(votes, groups=pd.Series([*group.tolist()[:-1], None]))
    assert score.attrs["groups"] == (0, 1)


def test_an_unseen_comment_rests_on_the_prior_and_the_list_says_so():
    votes = np.array([[1, np.nan, 1], [1, np.nan, np.nan], [-1, np.nan, np.nan], [1, np.nan, 1.0]])
    with pytest.warns(match="unit"):
        result = comment_representativeness(votes, groups=[0, 0, 1, 1], n=20)
    np.testing.assert_array_equal(result.consensus.sel(comment=1), 0.25)
    listed = result.consensus_list()
    assert listed.loc[1, "fewest_votes"] == 0
    assert listed.loc[0, "fewest_votes"] == 2
    assert result.consensus_list(min_votes=1).index.tolist() == [2, 0]


def test_a_group_of_one_and_a_participant_without_votes():
    votes = np.array([[1, -1.0], [np.nan, np.nan], [1, 1], [0, 1], [1, 0], [1, 1], [1, 1]])
    score = group_informed_consensus(votes, groups=["a", "a", *"bbbbb"])
    np.testing.assert_allclose(score, [2 / 3 * 5 / 7, 1 / 3 * 5 / 7])
    result = comment_representativeness(votes, groups=["a", "a", *"bbbbb"], n=50)
    assert np.isfinite(result.ratio_interval).all()


@pytest.mark.parametrize(
    ("votes", "groups", "message"),
    [
        ([[2.0], [1.0]], [0, 1], r"`votes\[0, 0\]` is 2 \(1 such entries\); a vote is 1"),
        (np.array([[True], [False]]), [0, 1], "`votes` is boolean, which does not say"),
        ([[True], [False]], [0, 1], "`votes` is boolean"),
        ([[0.5], [1.0]], [0, 1], r"`votes\[0, 0\]` is 0.5"),
        ([[np.inf], [1.0]], [0, 1], r"`votes\[0, 0\]` is inf"),
        ([[np.nan], [np.nan]], [0, 1], "holds no vote"),
        (np.zeros((0, 3)), [], "`votes` is empty"),
        (np.zeros(3), [0, 1, 2], r"2 dimension\(s\)"),
        ([["yes"], ["no"]], [0, 1], "must hold numbers"),
        ({"a": [1], "b": [0]}, [0], "is a mapping; it must be a matrix"),
        ([[1.0], [1.0]], [0], "`groups` has 1 labels for 2 participants"),
        ([[1.0], [1.0]], [None, np.nan], "gives no participant a group"),
        ([[1.0], [1.0]], 3, "one label per participant"),
        ([[1.0], [1.0]], "group", "names 'group', which is not in the coordinates"),
        ([[1.0], [1.0]], [1, "1"], "look alike"),
        ([[1.0], [1.0]], pd.DataFrame({"g": [1, 2]}), "is a table"),
        ([[1.0], [1.0]], {0: 1, 5: 2}, "has no entry for 1 and names 5, not in `votes`"),
        ([[1.0], [1.0]], pd.Series([1, 2], index=[0, 0]), "names the participant 0 twice"),
        (pd.DataFrame([[1.0], [1.0]], index=["a", "a"]), [0, 1], "repeats the label 'a'"),
        (pd.DataFrame([[1.0, 0.0]], columns=["c", "c"]), [0], "twice"),
    ],
)
def test_bad_input_is_named(votes, groups, message):
    with pytest.raises(DataError, match=message):
        group_informed_consensus(votes, groups=groups)


def test_groups_that_name_others_are_a_label_error():
    votes = pd.DataFrame([[1.0], [0.0]], index=["ann", "bob"])
    with pytest.raises(LabelError, match="has no entry for 'bob' and names 'rob'"):
        group_informed_consensus(votes, groups={"ann": 1, "rob": 2})


def test_groups_of_two_dimensions_are_refused():
    table = xr.DataArray([["x"], ["y"]], dims=("participant", "column"))
    with pytest.raises(DataError, match=r"`groups` must have one dimension; it has \('part"):
        group_informed_consensus([[1.0], [0.0]], groups=table)


def test_options_are_checked():
    votes, group = counted((1, 4), (2, 3))
    with pytest.raises(DataError, match="`stance` is 'like'"):
        group_informed_consensus(votes, groups=group, stance="like")
    with pytest.raises(DataError, match="single group 0"):
        comment_representativeness(votes, groups=[0] * 7)
    with pytest.raises(DataError, match="`interval` is 'wald'"):
        comment_representativeness(votes, groups=group, interval="wald")
    result = comment_representativeness(votes, groups=group, n=5)
    with pytest.raises(LabelError, match="`group` names 7, which is not in the groups"):
        result.representative(7)
    assert len(result.representative(result.ratio.group.values[0])) < 2
    with pytest.raises(DataError, match="`stance` is 'pass'"):
        result.consensus_list("pass")


def test_words_and_a_column_of_groups_are_answered_with_what_to_do():
    words = pd.DataFrame({"c1": ["agree", "pass"], "c2": ["disagree", "agree"]})
    for votes in (words, words.to_numpy(), words.to_numpy().tolist()):
        with pytest.raises(DataError, match="code agree 1, pass 0, disagree -1"):
            group_informed_consensus(votes, groups=["x", "y"])
    frame = pd.DataFrame({"side": ["x", "y"], "c1": [1, -1], "c2": [0, 1]})
    with pytest.raises(DataError, match=r"groups=frame\.pop\('side'\)"):
        group_informed_consensus(frame, groups=frame["side"])
    groups = frame.pop("side")
    assert group_informed_consensus(frame, groups=groups).sizes["comment"] == 2

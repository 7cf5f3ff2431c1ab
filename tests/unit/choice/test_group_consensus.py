"""Group-informed consensus and representativeness against their definitions and Polis' figures."""

import re
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
from pluralism.choice._consensus import consensus_replicates
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


@pytest.mark.slow
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


@pytest.mark.slow
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


# -- every array and list, by hand --------------------------------------------------------------


def labelled_votes(seed=8):
    """Three unequal groups, comments that are not in order, and one without a group."""
    rng = np.random.default_rng(seed)
    values, _ = random_votes(rng, n=17, m=4)
    votes = pd.DataFrame(values, columns=["z", "a", "m", "b"], index=[f"p{k}" for k in range(17)])
    return votes, [*"ccccbbbbbbbaaaaa", None]


@pytest.fixture(scope="module")
def three():
    votes, groups = labelled_votes()
    return votes, np.array(groups[:-1]), comment_representativeness(
        votes, groups=groups, n=40, level=0.8, seed=3
    )  # fmt: skip


def test_counts_shares_and_statistics_of_three_groups(three):
    votes, group, found = three
    assert found.group_size.to_series().to_dict() == {"a": 5, "b": 7, "c": 4}
    assert (found.ungrouped, found.level, found.interval) == (1, 0.8, "bootstrap")
    assert found.share.dims == ("stance", "group", "comment")
    assert found.share.comment.values.tolist() == ["z", "a", "m", "b"]
    for stance, vote in (("agree", 1.0), ("disagree", -1.0)):
        product = np.ones(4)
        for g in "abc":
            for place, comment in enumerate("zamb"):
                column = votes[comment].to_numpy()[:-1]
                inside, outside = column[group == g], column[group != g]
                x, y = (inside == vote).sum(), (outside == vote).sum()
                s, t = (~np.isnan(inside)).sum(), (~np.isnan(outside)).sum()
                share = (1 + x) / (2 + s)
                at = {"stance": stance, "group": g, "comment": comment}
                assert found.chosen.sel(at) == x
                assert found.votes.sel(group=g, comment=comment) == s
                assert float(found.share.sel(at)) == pytest.approx(share)
                assert float(found.ratio.sel(at)) == pytest.approx(share * (2 + t) / (1 + y))
                z = 2 * np.sqrt(s + 1) * ((x + 1) / (s + 1) - 0.5)
                assert float(found.z_share.sel(at)) == pytest.approx(z)
                p, q, both = (x + 1) / (s + 1), (y + 1) / (t + 1), (x + y + 2) / (s + t + 2)
                z = (p - q) / np.sqrt(both * (1 - both) * (1 / (s + 1) + 1 / (t + 1)))
                assert float(found.z_ratio.sel(at)) == pytest.approx(z)
                product[place] *= share
        np.testing.assert_allclose(found.consensus.sel(stance=stance), product)


def test_intervals_are_percentiles_over_resampled_participants(three):
    votes, group, found = three

    def by_group(values, of):
        parts = []
        for vote in (1.0, -1.0):
            here = [(values[of == g] == vote, ~np.isnan(values[of == g])) for g in "abc"]
            rest = [(values[of != g] == vote, ~np.isnan(values[of != g])) for g in "abc"]
            share, other = (
                np.array([(1 + yes.sum(axis=0)) / (2 + seen.sum(axis=0)) for yes, seen in side])
                for side in (here, rest)
            )
            parts.append([share, share / other])
        return np.array(parts)  # (stance, share or ratio, group, comment)

    values = votes.to_numpy()[:-1]
    drawn = bootstrap(
        lambda rows: by_group(values[rows], group[rows]), np.arange(16), n=40, level=0.8, seed=3
    )
    bounds = np.asarray(drawn.interval)
    np.testing.assert_allclose(found.share_interval, bounds[:, 0], rtol=1e-12)
    np.testing.assert_allclose(found.ratio_interval, bounds[:, 1], rtol=1e-12)
    for name in ("share", "ratio", "consensus"):
        interval = getattr(found, f"{name}_interval")
        assert interval.attrs == {"ci_kind": "bootstrap", "ci_prob": 0.8}
        assert interval.ci_bound.values.tolist() == ["lower", "upper"]


def test_posterior_intervals_are_quantiles_of_beta_shares():
    votes, groups = labelled_votes()
    found = comment_representativeness(
        votes, groups=groups, interval="posterior", n=20_000, level=0.8
    )
    yes, seen = found.chosen.values, found.votes.values
    no = seen - yes
    lower, upper = stats.beta(1 + yes, 1 + no).interval(0.8)
    np.testing.assert_allclose(found.share_interval, np.stack([lower, upper], axis=-1))
    rng = np.random.default_rng(0)
    size = (40_000, *yes.shape)
    share = rng.beta(1 + yes, 1 + no, size)
    others = rng.beta(
        1 + yes.sum(axis=1, keepdims=True) - yes, 1 + no.sum(axis=1, keepdims=True) - no, size
    )
    for mine, draws in (
        (found.ratio_interval, share / others),
        (found.consensus_interval, share.prod(axis=2)),
    ):
        expected = np.moveaxis(np.quantile(draws, [0.1, 0.9], axis=0), 0, -1)
        np.testing.assert_allclose(mine, expected, rtol=0.1)
        assert mine.attrs == {"ci_kind": "posterior", "ci_prob": 0.8}
    again = comment_representativeness(votes, groups=groups, interval="posterior", n=2, seed=1)
    assert (again.ratio_interval[..., 0] <= again.ratio_interval[..., 1]).all()


@pytest.mark.parametrize("stance", ["agree", "disagree"])
def test_the_consensus_list_shows_what_it_is_made_of(three, stance):
    _, _, found = three
    listed = found.consensus_list(stance)
    assert list(listed.columns) == [
        "consensus", "lower", "upper", "fewest_votes", "share_a", "share_b", "share_c",
    ]  # fmt: skip
    assert listed.index.name == "comment"
    assert listed["consensus"].is_monotonic_decreasing
    fewest = found.votes.min("group").to_series()
    for comment, row in listed.iterrows():
        at = {"stance": stance, "comment": comment}
        assert row["consensus"] == float(found.consensus.sel(at))
        assert row[["lower", "upper"]].tolist() == found.consensus_interval.sel(at).values.tolist()
        assert row["fewest_votes"] == fewest[comment]
        assert row[["share_a", "share_b", "share_c"]].tolist() == (
            found.share.sel(at).values.tolist()
        )
    for least in sorted(set(fewest)):
        kept = found.consensus_list(stance, min_votes=int(least))
        assert set(kept.index) == set(fewest.index[fewest >= least])
    with pytest.raises(DataError, match="`min_votes` is -1; it must be at least 0"):
        found.consensus_list(min_votes=-1)


def test_what_sets_a_group_apart_exceeds_both_limits_in_its_better_stance():
    votes, groups = labelled_votes()
    rng = np.random.default_rng(1)
    wide = pd.DataFrame(rng.choice([1.0, -1.0], (17, 12), p=[0.7, 0.3]), index=votes.index)
    found = comment_representativeness(wide, groups=groups, n=4)
    for group, z in (("b", -9.0), ("b", 0.3), ("a", 0.0), ("c", 1.2815515655446004)):
        rows = [
            (float(found.share.sel(at)) * float(found.ratio.sel(at)) * one * two, comment, stance)
            for stance in ("agree", "disagree")
            for comment in range(12)
            for at in [{"stance": stance, "group": group, "comment": comment}]
            for one, two in [(float(found.z_share.sel(at)), float(found.z_ratio.sel(at)))]
            if one > z and two > z
        ]
        best = {}
        for _, comment, stance in sorted(rows, key=lambda row: -row[0]):
            best.setdefault(comment, stance)
        listed = found.representative(group, z=z)
        assert dict(zip(listed["comment"], listed["stance"], strict=True)) == best
        assert listed["comment"].tolist() == list(best)
        for row in listed.itertuples():
            at = {"stance": row.stance, "group": group, "comment": row.comment}
            assert (row.lower, row.upper) == tuple(found.ratio_interval.sel(at).values)
            assert row.votes == found.votes.sel(group=group, comment=row.comment)
            assert (row.share, row.ratio) == (found.share.sel(at), found.ratio.sel(at))
    listed = found.representative("b", z=0.0)
    assert list(listed.columns) == [
        "comment", "stance", "share", "ratio", "lower", "upper", "z_share", "z_ratio", "votes",
    ]  # fmt: skip
    assert listed.index.tolist() == list(range(len(listed)))
    # Exactly at the limit does not exceed it.
    least = listed[["z_share", "z_ratio"]].min(axis=1)
    stays = found.representative("b", z=float(least.min()))
    assert len(stays) == len(listed) - 1


def test_representativeness_says_what_it_lacks(capsys):
    votes, group = counted((1, 4), (2, 3))
    message = (
        "`groups` has the single group 'only'; its votes cannot be held against anybody else's"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        comment_representativeness(votes, groups=["only"] * 7)
    with pytest.raises(DataError, match="`n` is 1; it must be at least 2"):
        comment_representativeness(votes, groups=group, n=1)
    assert comment_representativeness(votes, groups=group, n=2).level == 0.95
    assert capsys.readouterr() == ("", "")
    with pytest.raises(DataError, match=r"`level` is 1.0; it must be finite above 0 and below 1"):
        comment_representativeness(votes, groups=group, level=1.0)


def test_consensus_says_whom_it_is_among():
    votes, groups = labelled_votes()
    score = group_informed_consensus(votes, groups=groups, stance="disagree")
    assert score.attrs == {"groups": ("a", "b", "c"), "ungrouped": 1, "stance": "disagree"}
    assert score.dims == ("comment",)


@pytest.mark.parametrize("stance", ["agree", "disagree"])
def test_weights_of_resamples_stand_for_repeated_participants(stance):
    rng = np.random.default_rng(9)
    votes, group = random_votes(rng, n=12, m=5)
    groups = [*group[:-1].tolist(), None]
    weights = rng.multinomial(12, np.full(12, 1 / 12), 3).astype(float)
    found = consensus_replicates(votes, unit="row", weights=weights, groups=groups, stance=stance)
    assert found.shape == (3, 5)
    for row, drawn in zip(found, weights.astype(int), strict=True):
        rows = np.repeat(np.arange(11), drawn[:-1])
        expected = np.ones(5)
        for g in range(3):
            own = votes[rows[group[rows] == g]]
            yes = (own == (1.0 if stance == "agree" else -1.0)).sum(axis=0)
            expected *= (1 + yes) / (2 + (~np.isnan(own)).sum(axis=0))
        np.testing.assert_allclose(row, expected)
    assert consensus_replicates(votes, unit="cell", weights=weights) is NotImplemented

"""The opinion plane, k-means and the silhouette against definitions and scikit-learn."""

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism import DataError
from pluralism.choice import group_informed_consensus, opinion_groups
from pluralism.kernels import _opinion_groups as kernels


@pytest.fixture(scope="module")
def parted():
    """Three camps with opinions of their own, and a third of the votes missing."""
    rng = np.random.default_rng(3)
    camp = rng.integers(0, 3, 150)
    chance = rng.choice([0.1, 0.9], (3, 30))[camp]
    votes = np.where(rng.random((150, 30)) < chance, 1.0, -1.0)
    votes[rng.random(votes.shape) < 0.33] = np.nan
    return votes, camp


def test_finds_the_camps(parted):
    from sklearn.metrics import adjusted_rand_score

    votes, camp = parted
    found = opinion_groups(votes)
    assert found.n_groups == 3
    assert found.silhouette.idxmax() == 3
    assert adjusted_rand_score(camp, found.group.values.astype(int)) > 0.9
    sizes = np.bincount(found.group.values.astype(int))
    assert (np.diff(sizes) <= 0).all()


def test_the_plane_of_complete_votes_is_that_of_principal_components():
    from sklearn.decomposition import PCA

    rng = np.random.default_rng(0)
    for shape in ((40, 9), (9, 40)):
        votes = rng.choice([1.0, 0.0, -1.0], shape)
        plane = kernels.opinion_plane(votes, 2)
        model = PCA(2).fit(votes)
        signs = np.sign((model.components_ * plane.loading).sum(axis=1))
        np.testing.assert_allclose(plane.loading, signs[:, None] * model.components_, atol=1e-9)
        np.testing.assert_allclose(plane.position, signs * model.transform(votes), atol=1e-9)
        np.testing.assert_allclose(plane.share, model.explained_variance_ratio_, atol=1e-12)
        assert (plane.loading[[0, 1], np.abs(plane.loading).argmax(axis=1)] > 0).all()


def test_missing_votes_are_handled_as_polis_does(parted):
    """Column means where components are sought; own votes, pushed out, where people are placed."""
    votes, _ = parted
    plane = kernels.opinion_plane(votes, 2)
    mean = np.nanmean(votes, axis=0)
    filled = np.where(np.isnan(votes), mean, votes)
    _, _, right = np.linalg.svd(filled - mean, full_matrices=False)
    np.testing.assert_allclose(np.abs((right[:2] * plane.loading).sum(axis=1)), 1, atol=1e-10)
    for person in (0, 17, 149):
        place, seen = np.zeros(2), 0
        for comment in range(30):
            if not np.isnan(votes[person, comment]):
                seen += 1
                place += (votes[person, comment] - mean[comment]) * plane.loading[:, comment]
        np.testing.assert_allclose(plane.position[person], place * np.sqrt(30 / seen), atol=1e-10)


def test_k_means_reaches_what_scikit_learn_reaches():
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(1)
    for k in (2, 3, 5):
        points = rng.normal(size=(200, 2)) + 3 * rng.integers(0, 3, (200, 1))
        ours = kernels.best_clusters(points, k, 20, np.random.default_rng(0))
        theirs = KMeans(k, n_init=20, random_state=0, tol=0).fit(points)
        assert ours.inertia <= theirs.inertia_ * (1 + 1e-9)
        # A fixed point: everybody is nearest to the own center, which is the mean.
        nearest = ((points[:, None] - ours.center[None]) ** 2).sum(-1).argmin(1)
        np.testing.assert_array_equal(nearest, ours.label)
        for g in range(k):
            np.testing.assert_allclose(points[ours.label == g].mean(axis=0), ours.center[g])


def test_silhouettes_are_those_of_scikit_learn():
    from sklearn.metrics import silhouette_samples

    rng = np.random.default_rng(2)
    points = rng.normal(size=(1100, 2))  # more than one block
    labels = [rng.integers(0, 2, 1100), np.r_[2, rng.integers(0, 2, 1099)]]
    for label, ours in zip(labels, kernels.silhouettes(points, labels), strict=True):
        np.testing.assert_allclose(ours, silhouette_samples(points, label), atol=1e-10)
    assert ours[0] == 0.0  # alone in its cluster


def test_a_seed_decides_and_so_does_its_default(parted):
    votes, _ = parted
    one, two = opinion_groups(votes), opinion_groups(votes)
    xr.testing.assert_identical(one.group, two.group)
    assert one.group.values.tolist() == opinion_groups(votes, seed=9).group.values.tolist()
    assert opinion_groups(votes, seed=None).n_groups == 3


def test_few_votes_mean_no_group(parted):
    votes, _ = parted
    votes = votes.copy()
    votes[0], votes[1, 6:] = np.nan, np.nan
    found = opinion_groups(votes)
    assert found.group.values[:2].tolist() == [None, None]
    assert found.ungrouped == 2 + int(((~np.isnan(votes[2:])).sum(axis=1) < 7).sum())
    assert np.isnan(found.position[0]).all()
    assert np.isfinite(found.position[1]).all()
    # With fewer comments than `min_votes` a vote on each is enough.
    assert opinion_groups(votes[:, :4], n_groups=2).ungrouped > 50


def test_copies_comments_nobody_saw_and_constant_columns(parted):
    votes, _ = parted
    wide = np.hstack([votes, np.full((150, 1), np.nan), np.ones((150, 1))])
    found = opinion_groups(wide)
    assert found.group.values.tolist() == opinion_groups(votes).group.values.tolist()
    np.testing.assert_array_equal(found.loading[:, -2:], 0.0)


def test_one_component_is_enough_and_one_group_is_allowed():
    found = opinion_groups([[1.0], [1.0], [-1.0]], n_groups=2)
    assert found.group.values.tolist() == [0, 0, 1]
    alone = opinion_groups([[1.0], [1.0], [-1.0]], n_groups=1)
    assert alone.group.values.tolist() == [0, 0, 0]
    assert np.isnan(alone.silhouette).all()
    tight = opinion_groups([[1.0, 1.0], [1.0, -1.0], [-1.0, 0.0]])
    assert tight.silhouette.n_groups.values.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("votes", "options", "message"),
    [
        ([[1.0], [-1.0]], {"n_groups": 3}, r"2 different opinion\(s\), .* into 3 groups"),
        ([[1.0, 1.0]] * 5, {}, r"1 different opinion\(s\)"),
        (np.eye(12), {"n_groups": 0}, "`n_groups` is 0"),
        (np.eye(12), {"max_groups": 1}, "`max_groups` is 1"),
        (np.eye(12), {"min_votes": 0}, "`min_votes` is 0"),
        (np.eye(12), {"seed": "x"}, "`seed` is 'x'"),
        (np.where(np.eye(12) == 1, 1.0, np.nan), {}, r"no participant has `min_votes` \(7\)"),
        ([[3.0]], {}, r"`votes\[0, 0\]` is 3"),
    ],
)
def test_bad_input_is_named(votes, options, message):
    with pytest.raises(DataError, match=message):
        opinion_groups(votes, **options)


def test_coins_fall_into_groups_too_but_the_silhouette_is_low(parted):
    rng = np.random.default_rng(8)
    coins = opinion_groups(rng.choice([1.0, -1.0], (200, 40)))
    assert coins.n_groups >= 2
    assert float(coins.silhouette.max()) < 0.45 < float(opinion_groups(parted[0]).silhouette.max())


# -- who is grouped, which numbers are tried, and what is labelled -------------------------------


def test_exactly_as_many_votes_as_asked_for_are_enough():
    rng = np.random.default_rng(4)
    votes = rng.choice([1.0, -1.0], (12, 9))
    votes[2, 7:], votes[5, 6:], votes[8] = np.nan, np.nan, np.nan  # 7, 6 and no votes
    found = opinion_groups(votes, n_groups=2)
    assert found.ungrouped == 2
    assert [row for row, g in enumerate(found.group.values) if g is None] == [5, 8]
    assert np.isnan(found.position[8]).all()
    assert np.isfinite(found.position[5]).all()
    assert opinion_groups(votes, n_groups=2, min_votes=6).ungrouped == 1
    assert opinion_groups(votes, n_groups=2, min_votes=1).ungrouped == 1
    assert opinion_groups(votes, n_groups=2, min_votes=8).ungrouped == 3
    # Of five comments a vote on each is enough, and four are not.
    few = votes[:, :5].copy()
    few[0, 4] = np.nan
    assert opinion_groups(few, n_groups=2).ungrouped == 2


def test_numbers_of_groups_go_from_two_to_the_largest_or_the_opinions():
    rng = np.random.default_rng(5)
    votes = rng.choice([1.0, 0.0, -1.0], (30, 8))

    def tried(votes, **options):
        return opinion_groups(votes, **options).silhouette.n_groups.values.tolist()

    assert tried(votes) == [2, 3, 4, 5]
    assert tried(votes, max_groups=2) == [2]
    assert tried(votes, max_groups=7) == [2, 3, 4, 5, 6, 7]
    assert tried(np.repeat(votes[:4], 3, axis=0)) == [2, 3, 4]
    assert tried(np.repeat(votes[:2], 3, axis=0)) == [2]
    assert tried(votes, n_groups=6) == [6]
    assert tried(np.ones((3, 2)), n_groups=1) == [1]


def test_the_number_with_the_largest_mean_silhouette_is_chosen(parted):
    from sklearn.metrics import silhouette_score

    votes, _ = parted
    found = opinion_groups(votes)
    assert found.n_groups == found.silhouette.idxmax() == 3
    for k in (2, 4):
        fixed = opinion_groups(votes, n_groups=k)
        kept = np.array([label is not None for label in fixed.group.values])
        labels = fixed.group.values[kept].astype(int)
        expected = silhouette_score(fixed.position.values[kept], labels)
        assert float(fixed.silhouette[0]) == pytest.approx(expected, abs=1e-9)
        assert fixed.n_groups == k
        assert len(set(fixed.group.values[kept])) == k


def test_everything_is_labelled_as_the_votes_are():
    rng = np.random.default_rng(6)
    votes = pd.DataFrame(
        rng.choice([1.0, -1.0], (9, 3)), index=list("ihgfedcba"), columns=["z", "y", "x"]
    )
    found = opinion_groups(votes, n_groups=2)
    assert found.group.name == "group"
    assert found.group.participant.values.tolist() == list("ihgfedcba")
    assert found.position.dims == ("participant", "component")
    assert found.loading.dims == ("component", "comment")
    assert found.loading.comment.values.tolist() == ["z", "y", "x"]
    assert found.loading.component.values.tolist() == [0, 1]
    assert found.explained.sizes == {"component": 2}
    assert opinion_groups(votes[["z"]], n_groups=2).explained.sizes == {"component": 1}
    assert opinion_groups(votes[:1], n_groups=1).explained.sizes == {"component": 1}
    assert opinion_groups(rng.choice([1.0, -1.0], (9, 3)), n_groups=2).group.participant.values[
        -1
    ] == 8  # fmt: skip


def test_too_few_opinions_or_votes_are_told_with_their_numbers():
    votes = np.array([[1.0, 1, 1], [1, 1, 1], [-1, 1, 1], [-1, 1, 1], [1, np.nan, -1]])
    message = (
        "4 participants with enough votes hold 2 different opinion(s), which cannot be parted "
        "into 3 groups"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        opinion_groups(votes, n_groups=3)
    message = (
        "4 participants with enough votes hold 1 different opinion(s), which cannot be parted "
        "into 2 groups"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        opinion_groups(np.ones((4, 2)))
    message = (
        "no participant has `min_votes` (2) votes; lower it or leave participants with few votes "
        "ungrouped yourself by `groups`"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        opinion_groups(np.where(np.eye(12) == 1, 1.0, np.nan), min_votes=2)
    for name, bound in (("n_groups", 1), ("max_groups", 2), ("min_votes", 1)):
        with pytest.raises(
            DataError, match=f"`{name}` is {bound - 1}; it must be at least {bound}"
        ):
            opinion_groups(votes, **{name: bound - 1})


def test_found_groups_take_the_place_of_given_ones():
    rng = np.random.default_rng(7)
    side = np.repeat([0, 1], [9, 5])
    votes = np.where(rng.random((14, 8)) < np.where(side[:, None] == 0, 0.9, 0.1), 1.0, -1.0)
    votes[3, 1:] = np.nan
    found = opinion_groups(votes)
    ours, theirs = (
        group_informed_consensus(votes, groups=groups) for groups in (None, found.group.values)
    )
    np.testing.assert_array_equal(ours, theirs)
    assert ours.attrs == {"groups": (0, 1), "ungrouped": 1, "stance": "agree"}

"""Random ballots follow their models."""

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy.stats import chisquare

from pluralism import DataError
from pluralism.choice import sample_ballots


def frequencies(ballots):
    rankings = ballots.rankings()
    return {order: rankings.count(order) for order in permutations(ballots.alternatives)}


def test_impartial_culture_is_uniform():
    counts = frequencies(sample_ballots("impartial-culture", voters=6000, alternatives=3, seed=0))
    assert chisquare(list(counts.values())).pvalue > 1e-3


def test_mallows_follows_the_distance_to_the_center():
    phi, center = 0.6, ("b", "c", "a")
    ballots = sample_ballots(
        "mallows", voters=8000, alternatives="abc", dispersion=phi, center=center, seed=1
    )
    counts = frequencies(ballots)
    weight = {}
    for order in counts:
        distance = sum(
            order.index(center[i]) > order.index(center[j])
            for i in range(3)
            for j in range(i + 1, 3)
        )
        weight[order] = phi**distance
    total = sum(weight.values())
    expected = [8000 * weight[order] / total for order in counts]
    assert chisquare(list(counts.values()), expected).pvalue > 1e-3


def test_plackett_luce_follows_the_worths():
    worth = np.array([0.6, 0.3, 0.1])
    ballots = sample_ballots("plackett-luce", voters=8000, alternatives=3, worth=worth, seed=2)
    counts = frequencies(ballots)
    expected = []
    for order in counts:
        left = worth[list(order)]
        expected.append(8000 * np.prod([left[k] / left[k:].sum() for k in range(3)]))
    assert chisquare(list(counts.values()), expected).pvalue > 1e-3


def test_single_peaked_ballots_are_single_peaked_and_uniform():
    ballots = sample_ballots("single-peaked", voters=4000, alternatives=4, seed=3)
    seen = {}
    for order in ballots.rankings():
        for k in range(1, 5):
            top = sorted(order[:k])
            assert top == list(range(top[0], top[0] + k))
        seen[order] = seen.get(order, 0) + 1
    assert len(seen) == 8  # 2^(n - 1)
    assert chisquare(list(seen.values())).pvalue > 1e-3


def test_spatial_ballots_hold_utilities():
    ballots = sample_ballots("spatial", voters=5, alternatives="abc", dimensions=2, seed=4)
    assert ballots.kind == "utilities"
    assert (ballots.utilities < 0).all()


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_spatial_ballots_are_distances_in_as_many_dimensions(dimensions):
    """Squared distances of points have rank d + 2, and their mean is 2 d."""
    ballots = sample_ballots(
        "spatial", voters=400, alternatives=60, dimensions=dimensions, seed=dimensions
    )
    squared = ballots.utilities**2
    assert squared.shape == (400, 60)
    assert np.linalg.matrix_rank(squared, tol=1e-6) == dimensions + 2
    assert squared.mean() == pytest.approx(2 * dimensions, rel=0.25)


def test_labels_and_their_number():
    one = sample_ballots("impartial-culture", voters=1, alternatives=2, seed=0)
    assert one.alternatives == (0, 1)
    assert one.n_voters == 1
    named = sample_ballots("single-peaked", voters=3, alternatives="cab", seed=0)
    assert named.alternatives == ("c", "a", "b")
    assert not any(order[-1] == "a" for order in named.rankings())
    again = sample_ballots("single-peaked", voters=3, alternatives="cab", seed=0)
    assert again.rankings() == named.rankings()
    worth = [1e-9, 1.0, 1e9]
    sure = sample_ballots("plackett-luce", voters=20, alternatives="cab", worth=worth, seed=0)
    assert set(sure.rankings()) == {("b", "a", "c")}


def test_mallows_from_unanimity_to_the_impartial_culture():
    center = ("d", "b", "a", "c")
    options = {"voters": 6000, "alternatives": "abcd", "center": center, "seed": 5}
    assert set(sample_ballots("mallows", dispersion=0, **options).rankings()) == {center}
    counts = frequencies(sample_ballots("mallows", dispersion=1, **options))
    assert chisquare(list(counts.values())).pvalue > 1e-3
    near = frequencies(sample_ballots("mallows", dispersion=0.5, **options))
    weight = {
        order: 0.5 ** sum(order.index(x) > order.index(y) for x, y in combinations(center, 2))
        for order in near
    }
    expected = [6000 * weight[order] / sum(weight.values()) for order in near]
    assert chisquare(list(near.values()), expected).pvalue > 1e-3


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("spatial", {}, "'spatial' needs `dimensions`"),
        ("spatial", {"dimensions": 0}, "`dimensions` is 0; it must be at least 1"),
        ("plackett-luce", {}, "'plackett-luce' needs `worth`"),
        ("plackett-luce", {"worth": [1, 1]}, "`worth` must hold 3 positive numbers, one for each"),
        ("mallows", {"dispersion": -0.01}, "at least 0"),
        ("mallows", {"dispersion": 0.5, "center": "abcc"}, "`center` is .*'c', 'c'.*; it must"),
        ("mallows", {"dispersion": 0.5, "center": "abd"}, "must rank each alternative once"),
        ("spatial", {"dimensions": 2, "center": "abc"}, "`center` has no meaning for 'spatial'"),
        ("single-peaked", {"voters": 0}, "`voters` is 0; it must be at least 1"),
        ("single-peaked", {"alternatives": 1}, "`alternatives` is 1; it must be at least 2"),
        ("mallow", {}, "did you mean 'mallows'"),
        ("mallows", {}, "needs `dispersion`"),
        ("mallows", {"dispersion": 1.5}, "at most 1"),
        ("mallows", {"dispersion": 0.5, "center": "ab"}, "must rank each alternative once"),
        ("impartial-culture", {"worth": [1, 1, 1]}, "`worth` has no meaning"),
        ("plackett-luce", {"worth": [1, 0, 1]}, "3 positive numbers"),
    ],
)
def test_refusals(model, options, message):
    with pytest.raises(DataError, match=message):
        sample_ballots(model, **{"voters": 3, "alternatives": "abc", "seed": 0, **options})

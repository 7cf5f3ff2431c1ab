"""Random ballots follow their models."""

from itertools import permutations

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


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
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
        sample_ballots(model, voters=3, alternatives="abc", seed=0, **options)

"""Jonckheere's statistic, and the tails of Page's, under ties."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Jonckheere", "jonckheere", "page_tails", "page_tails_normal"]

FloatArray = npt.NDArray[np.float64]


class Jonckheere(NamedTuple):
    """Sum of Mann-Whitney counts over ordered pairs of groups, with its null moments."""

    statistic: float
    mean: float
    variance: float


def jonckheere(groups: Sequence[FloatArray]) -> Jonckheere:
    """Jonckheere's J for groups in their order, ties counted a half (Hollander and Wolfe, 6.2)."""
    statistic = 0.0
    for later in range(1, len(groups)):
        high = np.sort(groups[later])
        for earlier in range(later):
            below = len(high) - np.searchsorted(high, groups[earlier], side="right")
            equal = len(high) - np.searchsorted(high, groups[earlier], side="left") - below
            statistic += float(below.sum()) + float(equal.sum()) / 2
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    n = sizes.sum()
    ties = np.unique(np.concatenate(groups), return_counts=True)[1].astype(np.float64)

    def first(x: FloatArray) -> float:
        return float((x * (x - 1) * (2 * x + 5)).sum())

    def second(x: FloatArray) -> float:
        return float((x * (x - 1) * (x - 2)).sum())

    def third(x: FloatArray) -> float:
        return float((x * (x - 1)).sum())

    variance = (n * (n - 1) * (2 * n + 5) - first(sizes) - first(ties)) / 72
    if n > 2:
        variance += second(sizes) * second(ties) / (36 * n * (n - 1) * (n - 2))
    variance += third(sizes) * third(ties) / (8 * n * (n - 1))
    return Jonckheere(statistic, float((n**2 - (sizes**2).sum()) / 4), float(variance))


def page_tails(ranks: FloatArray) -> tuple[float, float]:
    """Probability of Page's L or more, and of L or less, if mid-ranks (n, k) fall in any order.

    A row takes every one of its k! orders, and the rows add up by convolution.
    """
    halves = np.rint(2 * ranks)  # mid-ranks are whole halves
    place = np.arange(1.0, ranks.shape[1] + 1)
    orders = np.array(list(permutations(place)))
    patterns, count = np.unique(np.sort(halves, axis=1), axis=0, return_counts=True)
    chance: FloatArray = np.ones(1)
    here = int((halves @ place).sum())
    for pattern, times in zip(patterns, count, strict=True):
        sums = (orders @ pattern).astype(np.int64)
        row = np.bincount(sums - sums.min()) / len(sums)
        for _ in range(times):
            chance = np.asarray(np.convolve(chance, row), dtype=np.float64)
            here -= int(sums.min())
    return min(1.0, float(chance[here:].sum())), min(1.0, float(chance[: here + 1].sum()))


def page_tails_normal(ranks: FloatArray) -> tuple[float, float]:
    """The same by a normal distribution of its variance, which ties make smaller."""
    from scipy.special import ndtr

    k = ranks.shape[1]
    place = np.arange(1.0, k + 1) - (k + 1) / 2
    apart = ranks - (k + 1) / 2
    variance = float((apart**2).sum()) * float((place**2).sum()) / (k - 1)
    z = float((apart @ place).sum()) / np.sqrt(variance)
    return float(ndtr(-z)), float(ndtr(z))

"""Jonckheere's statistic with its null mean and variance under ties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Jonckheere", "jonckheere"]

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

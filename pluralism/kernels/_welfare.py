"""Social welfare functions of utilities: one number for a distribution of utility over voters.

Utilities are (..., voters, options), weights (voters,), and sums run over voters.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["atkinson", "gini_welfare", "leximin_order", "power_mean", "quantile", "utilitarian"]

FloatArray = npt.NDArray[np.float64]

#: Below this power (sum of w u^p)^(1/p) loses digits; up to it exp(p log u) cannot overflow.
_NEAR_GEOMETRIC = 0.1


def utilitarian(utilities: FloatArray, share: FloatArray) -> FloatArray:
    """Weighted mean."""
    return share @ utilities


def power_mean(utilities: FloatArray, share: FloatArray, power: float) -> FloatArray:
    """(sum of w u^p)^(1/p); the geometric mean (Nash) at p = 0, the least at p = -inf."""
    present = share > 0
    utilities, share = utilities[..., present, :], share[present]
    if power == -np.inf:
        return np.asarray(utilities.min(axis=-2))
    if power == np.inf:
        return np.asarray(utilities.max(axis=-2))
    with np.errstate(divide="ignore"):
        logs = np.log(utilities)
    if power == 0:
        return np.exp(share @ logs)
    if abs(power) < _NEAR_GEOMETRIC:
        return _around_geometric(logs, share, power)
    # Around the extreme that dominates, so that no power overflows.
    pivot = np.where(power > 0, utilities.max(axis=-2), utilities.min(axis=-2))
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = share @ np.power(utilities / pivot[..., None, :], power)
        mean = pivot * np.power(relative, 1 / power)
    return np.where(pivot > 0, mean, 0.0)


def _around_geometric(logs: FloatArray, share: FloatArray, power: float) -> FloatArray:
    """Power mean of exp(logs) whose small power would cancel: (1 + p x)^(1/p) by x itself."""
    real = np.isfinite(logs)  # a utility of zero has no logarithm
    mass = share @ real
    sums = share @ np.where(real, logs, 0.0)
    centre = np.divide(sums, mass, out=np.zeros_like(sums), where=mass > 0)
    with np.errstate(divide="ignore"):
        # exp(p log 0) - 1 is -1 for a positive power, and infinite for a negative one.
        growth = np.expm1(power * (logs - centre[..., None, :]))
        mean = np.exp(centre + np.log1p(np.maximum(share @ growth, -1.0)) / power)
    return np.where(mass > 0, mean, 0.0)


def atkinson(utilities: FloatArray, share: FloatArray, aversion: float) -> FloatArray:
    """Equally distributed equivalent utility at inequality aversion e: power mean of 1 - e."""
    return power_mean(utilities, share, 1.0 - aversion)


def gini_welfare(utilities: FloatArray, share: FloatArray, power: float) -> FloatArray:
    """Rank-weighted mean: the worst-off first, with weights (1 - F)^power (generalised Gini)."""
    order = np.argsort(utilities, axis=-2, kind="stable")
    ordered = np.take_along_axis(utilities, order, axis=-2)
    behind = np.maximum(1.0 - np.cumsum(share[order], axis=-2), 0.0)  # but for rounding it is
    ahead = np.concatenate([np.ones_like(behind[..., :1, :]), behind[..., :-1, :]], axis=-2)
    weight = np.power(ahead, power) - np.power(behind, power)
    return np.asarray((weight * ordered).sum(axis=-2))


def quantile(utilities: FloatArray, share: FloatArray, level: float) -> FloatArray:
    """Smallest utility u such that voters of weight `level` have at most u."""
    order = np.argsort(utilities, axis=-2, kind="stable")
    ordered = np.take_along_axis(utilities, order, axis=-2)
    reached = np.cumsum(share[order], axis=-2) >= level - 1e-12
    first = np.argmax(reached, axis=-2)
    return np.take_along_axis(ordered, first[..., None, :], axis=-2)[..., 0, :]


def leximin_order(utilities: FloatArray, share: FloatArray) -> list[list[int]]:
    """Options from the leximin-best, ties together, (voters, options) -> groups.

    With weights, an option is the step function of the utility at every share of voters, and
    the first share at which two differ decides.
    """
    order = np.argsort(utilities, axis=0, kind="stable")
    ordered = np.take_along_axis(utilities, order, axis=0)
    ends = np.round(np.cumsum(share[order], axis=0), 12)
    breaks = np.unique(ends[ends > 0])
    steps = np.empty((len(breaks), utilities.shape[1]))
    for option in range(utilities.shape[1]):
        place = np.searchsorted(ends[:, option], breaks, side="left")
        steps[:, option] = ordered[np.minimum(place, len(ordered) - 1), option]
    ranks = np.lexsort(steps[::-1])[::-1]
    groups: list[list[int]] = []
    for option in ranks.tolist():
        if groups and np.array_equal(steps[:, groups[-1][0]], steps[:, option]):
            groups[-1].append(option)
        else:
            groups.append([option])
    return [sorted(group) for group in groups]

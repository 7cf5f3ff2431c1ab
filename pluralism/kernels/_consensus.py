"""Votes by group: the smoothed shares of Polis, their product over groups, and its two z tests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "GroupVotes",
    "consensus_scores",
    "group_votes",
    "share_ratio",
    "share_z",
    "smoothed_share",
    "two_share_z",
    "weighted_group_votes",
]

FloatArray = npt.NDArray[np.float64]


class GroupVotes(NamedTuple):
    """Votes by group and comment, of any number of replicates."""

    chosen: FloatArray  # (..., groups, comments): votes that take the stance
    seen: FloatArray  # (..., groups, comments): votes of any kind


def group_votes(
    votes: FloatArray, group: npt.NDArray[np.intp], n_groups: int, stance: float
) -> GroupVotes:
    """Count the votes equal to `stance`, and all votes, of each group; NaN is no vote."""
    chosen, seen = (
        np.stack([part[group == g].sum(axis=0, dtype=np.float64) for g in range(n_groups)])
        for part in (votes == stance, ~np.isnan(votes))
    )
    return GroupVotes(chosen, seen)


def weighted_group_votes(
    votes: FloatArray,
    group: npt.NDArray[np.intp],
    n_groups: int,
    stance: float,
    weights: FloatArray,
) -> GroupVotes:
    """Count votes of participants that stand in replicates with `weights` (replicates, n)."""
    chosen, seen = (
        np.stack(
            [weights[:, group == g] @ part[group == g].astype(np.float64) for g in range(n_groups)],
            axis=1,
        )
        for part in (votes == stance, ~np.isnan(votes))
    )
    return GroupVotes(chosen, seen)


def smoothed_share(chosen: FloatArray, seen: FloatArray) -> FloatArray:
    """P = (1 + chosen) / (2 + seen): the mean of the posterior under a uniform prior."""
    return (1 + chosen) / (2 + seen)


def consensus_scores(counts: GroupVotes) -> FloatArray:
    """Product of the groups' smoothed shares, (..., comments)."""
    return np.asarray(smoothed_share(*counts).prod(axis=-2))


def share_ratio(counts: GroupVotes) -> FloatArray:
    """Smoothed share within each group over that of everybody else, (..., groups, comments)."""
    outside = _outside(counts)
    return smoothed_share(*counts) / smoothed_share(*outside)


def share_z(counts: GroupVotes) -> FloatArray:
    """Z of a share against one half, with one vote added for the stance (as Polis does).

    z = 2 sqrt(n + 1) ((x + 1)/(n + 1) - 1/2).
    """
    chosen, seen = counts.chosen + 1, counts.seen + 1
    return np.asarray(2 * np.sqrt(seen) * (chosen / seen - 0.5))


def two_share_z(counts: GroupVotes) -> FloatArray:
    """Z of each group's share against everybody else's, one vote added to both sides (Polis).

    Pooled variance; 0 where every vote on both sides takes the stance.
    """
    outside = _outside(counts)
    x, n = counts.chosen + 1, counts.seen + 1
    y, m = outside.chosen + 1, outside.seen + 1
    pooled = (x + y) / (n + m)
    variance = pooled * (1 - pooled) * (1 / n + 1 / m)
    gap = x / n - y / m
    return np.divide(gap, np.sqrt(variance), out=np.zeros_like(gap), where=variance > 0)


def _outside(counts: GroupVotes) -> GroupVotes:
    return GroupVotes(*(part.sum(axis=-2, keepdims=True) - part for part in counts))

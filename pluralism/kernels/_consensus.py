"""Votes by group: the smoothed shares of Polis, their product over groups, and its two z tests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "GroupVotes",
    "Indicators",
    "consensus_scores",
    "count_votes",
    "indicators",
    "share_ratio",
    "share_z",
    "smoothed_share",
    "two_share_z",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


class GroupVotes(NamedTuple):
    """Votes by group and comment, of any number of replicates."""

    chosen: FloatArray  # (..., stances, groups, comments): votes that take the stance
    seen: FloatArray  # (..., 1, groups, comments): votes of any kind


class Indicators(NamedTuple):
    """Who voted, and for which stance, group by group, ready to be summed with any weights."""

    row: list[IntArray]  # per group, (members,): places of the participants
    vote: list[FloatArray]  # per group, (members, (stances + 1) comments)
    n_stances: int


def indicators(
    votes: FloatArray, group: IntArray, n_groups: int, stances: tuple[float, ...]
) -> Indicators:
    """Lay out `votes` (participants, comments; NaN for none) by group and stance."""
    rows = [np.flatnonzero(group == g) for g in range(n_groups)]
    parts = [votes == stance for stance in stances] + [~np.isnan(votes)]
    table = [np.hstack([part[row] for part in parts]).astype(np.float64) for row in rows]
    return Indicators(rows, table, len(stances))


def count_votes(table: Indicators, weights: FloatArray | None = None) -> GroupVotes:
    """Count votes; `weights` (replicates, participants) say how often each one stands there."""
    sums = [
        vote.sum(axis=0) if weights is None else weights[:, row] @ vote
        for row, vote in zip(table.row, table.vote, strict=True)
    ]
    stacked = np.stack(sums, axis=-2)  # (..., groups, (stances + 1) comments)
    split = np.stack(np.split(stacked, table.n_stances + 1, axis=-1), axis=-3)
    return GroupVotes(split[..., :-1, :, :], split[..., -1:, :, :])


def smoothed_share(chosen: FloatArray, seen: FloatArray) -> FloatArray:
    """P = (1 + chosen) / (2 + seen): the mean of the posterior under a uniform prior."""
    return (1 + chosen) / (2 + seen)


def consensus_scores(counts: GroupVotes) -> FloatArray:
    """Product of the groups' smoothed shares, (..., stances, comments)."""
    return np.asarray(smoothed_share(*counts).prod(axis=-2))


def share_ratio(counts: GroupVotes) -> FloatArray:
    """Smoothed share in each group over everybody else's, (..., stances, groups, comments)."""
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

"""Covariances of Bradley-Terry utilities of many groups. Host kernel."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse, special

__all__ = ["GroupCells", "group_covariances"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]


class GroupCells(NamedTuple):
    """Votes in cells, each of one group."""

    group: IntArray  # (cells,)
    first: IntArray  # (cells,)
    second: IntArray  # (cells,)
    votes: FloatArray  # (3, cells): first won, second won, tied (zero where ties are dropped)
    squares: FloatArray | None  # (4, cells): as in Comparisons; None for votes of weight one
    rater: IntArray | None  # (cells,)


def group_covariances(
    cells: GroupCells, utility: FloatArray, ridge: float, kind: str, anchor: FloatArray
) -> FloatArray:
    """Covariance of each group's utilities, (groups, items, items).

    `kind` is "fisher", "sandwich" or "cluster" (by rater, times m / (m - 1) for m raters);
    `anchor`, (items,), are the weights of the reference.
    """
    n_groups, n = utility.shape
    gap = utility[cells.group, cells.first] - utility[cells.group, cells.second]
    chance, other = special.expit(gap), special.expit(-gap)
    place = cells.group.astype(np.int64) * n * n
    weight = cells.votes.sum(axis=0) * chance * other
    off = np.bincount(
        place + cells.first.astype(np.int64) * n + cells.second, weight, n_groups * n * n
    )
    off += np.bincount(
        place + cells.second.astype(np.int64) * n + cells.first, weight, n_groups * n * n
    )
    off = off.reshape(n_groups, n, n)
    degree = off.sum(axis=2)
    information = np.eye(n) * (degree + ridge)[:, :, None] - off
    if not ridge:
        # The mean is free: a constant fixes it, and the reference takes it out again.
        information += (degree.mean(axis=1) / n)[:, None, None]
    inverse = np.linalg.inv(information)
    if kind != "fisher":
        scores = np.stack([other, -chance, 0.5 - chance])  # (3, cells)
        factor, owner = _scores(cells, scores, kind, n)
        for group in range(n_groups):
            rows = factor[owner == group]
            meat = (rows.T @ rows).toarray()
            if kind == "cluster":
                meat *= rows.shape[0] / (rows.shape[0] - 1)
            inverse[group] = inverse[group] @ meat @ inverse[group]
    centre = np.eye(n) - anchor
    return centre @ inverse @ centre.T


def _scores(cells: GroupCells, scores: FloatArray, kind: str, n: int) -> tuple[Any, IntArray]:
    """Return S with S'S the summed squared scores, sparse (rows, items), and each row's group."""
    if kind == "cluster" and cells.rater is not None:
        raters, row = np.unique(cells.rater, return_inverse=True)
        owner = np.empty(len(raters), dtype=np.int64)
        owner[row] = cells.group
        value = (cells.votes * scores).sum(axis=0)
    else:
        row, owner = np.arange(len(cells.first)), np.asarray(cells.group)
        won, lost, tied = scores
        if cells.squares is None:
            square = (cells.votes * scores**2).sum(axis=0)
        else:
            first, second, both, for_tie = cells.squares
            square = first * won**2 + second * lost**2 + 2 * both * won * lost
            square += np.where(cells.votes[2] > 0, for_tie * tied**2, 0.0)
        value = np.sqrt(np.maximum(square, 0.0))
    table = sparse.coo_array(
        (
            np.concatenate([value, -value]),
            (np.concatenate([row, row]), np.concatenate([cells.first, cells.second])),
        ),
        shape=(len(owner), n),
    )
    return table.tocsr(), owner

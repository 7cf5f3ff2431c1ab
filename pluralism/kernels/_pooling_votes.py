"""Votes under pooled utilities: log-likelihood, gradient and curvature by block. Host kernel.

A block holds the utilities of a rater, a group or the population; the votes of a cell are those
of one block. Utilities sum to zero in each block and are held in an orthonormal basis of such
vectors, so that a block of n items has n - 1 free coordinates. What all blocks share stands in
`extras`: an order effect, the logarithm of Davidson's tie parameter, and log-variances of items.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg

__all__ = ["Curvature", "Extras", "VoteCells", "curvature", "extras_precision", "zero_sum_basis"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

#: Standard deviations of the normal priors on the shared parameters.
ORDER_SCALE, LOG_TIE_SCALE, LOG_VARIANCE_SCALE = 2.0, 2.0, 1.0


class VoteCells(NamedTuple):
    """Votes by block and pair of items."""

    block: IntArray  # (cells,)
    first: IntArray  # (cells,)
    second: IntArray  # (cells,)
    won: FloatArray  # (cells,): weight of the votes for the first item
    lost: FloatArray  # (cells,)
    tied: FloatArray  # (cells,)


class Extras(NamedTuple):
    """Which parameters all blocks share, in this order."""

    order: bool
    ties: bool
    variances: bool

    def size(self, n_items: int) -> int:
        """Number of shared coordinates."""
        return self.order + self.ties + self.variances * (n_items - 1)


class Curvature(NamedTuple):
    """The log-likelihood at a point, and minus its second derivatives."""

    value: float
    gradient: FloatArray  # (blocks, n - 1)
    extras_gradient: FloatArray  # (e,)
    blocks: FloatArray  # (blocks, n - 1, n - 1)
    cross: FloatArray  # (blocks, n - 1, e)
    extras: FloatArray  # (e, e)


def zero_sum_basis(n_items: int) -> FloatArray:
    """Orthonormal columns that sum to zero, (items, items - 1)."""
    return np.ascontiguousarray(linalg.helmert(n_items).T)


def extras_precision(extras: Extras, n_items: int) -> FloatArray:
    """Precision of the prior on each shared coordinate, (e,)."""
    scales = [ORDER_SCALE] * extras.order + [LOG_TIE_SCALE] * extras.ties
    scales += [LOG_VARIANCE_SCALE] * (extras.variances * (n_items - 1))
    return np.array(scales, dtype=np.float64) ** -2.0


def curvature(
    cells: VoteCells, blocks: FloatArray, shared: FloatArray, extras: Extras, *, exact: bool = True
) -> Curvature:
    """Evaluate at `blocks` (blocks, n - 1) and `shared` (e,).

    With ``eta = (u_i - u_j) / sqrt((v_i + v_j) / 2) + order`` the weights of first, second and
    tie are ``exp(eta / 2)``, ``exp(-eta / 2)`` and ``nu`` (Davidson 1970); without ties ``nu``
    is 0. Item variances bend eta; without `exact` its second derivatives are left out (Fisher
    scoring), which keeps the curvature positive far from the mode.
    """
    n_blocks, n = len(blocks), blocks.shape[1] + 1
    basis, e = zero_sum_basis(n), extras.size(n)
    block, i, j, won, lost, tied = cells
    utility = blocks @ basis.T
    gap = utility[block, i] - utility[block, j]  # (cells,)
    slope = np.ones_like(gap)
    # Shared columns of eta in item coordinates: where each stands, and its derivative.
    columns: list[tuple[IntArray, FloatArray]] = []
    if extras.order:
        columns.append((np.zeros(len(gap), dtype=np.intp), np.ones_like(gap)))
    tie = int(extras.order)
    lead = extras.order + extras.ties
    if extras.variances:
        variance = np.exp(basis @ shared[lead:])
        total = variance[i] + variance[j]
        slope = np.sqrt(2.0 / total)
        columns += [(lead + item, -0.5 * variance[item] / total * slope * gap) for item in (i, j)]
    eta = slope * gap + (shared[0] if extras.order else 0.0)
    log_nu = shared[tie] if extras.ties else -np.inf
    log_sum = np.logaddexp(np.logaddexp(0.5 * eta, -0.5 * eta), log_nu)
    ahead, behind = np.exp(0.5 * eta - log_sum), np.exp(-0.5 * eta - log_sum)
    even = np.exp(log_nu - log_sum)
    votes = won + lost + (tied if extras.ties else 0.0)
    lean = ahead - behind
    value = float((0.5 * (won - lost) * eta - votes * log_sum).sum())
    score = 0.5 * (won - lost) - 0.5 * votes * lean  # of eta
    weight = 0.25 * votes * (ahead + behind - lean**2)

    gradient = _by_item(block, i, j, slope * score, n_blocks, n)
    square = _pair_matrices(block, i, j, slope**2 * weight, n_blocks, n)
    width = lead + (n if extras.variances else 0)
    cross = np.zeros((n_blocks, n, width))
    shared_gradient, among = np.zeros(width), np.zeros((width, width))
    for place, derivative in columns:
        np.add.at(shared_gradient, place, score * derivative)
        both = slope * weight * derivative
        np.add.at(cross, (block, i, place), both)
        np.add.at(cross, (block, j, place), -both)
        for other, other_derivative in columns:
            np.add.at(among, (place, other), weight * derivative * other_derivative)
    if extras.ties:
        value += float((tied * log_nu).sum())
        shared_gradient[tie] = float((tied - votes * even).sum())
        among[tie, tie] = float((votes * even * (1.0 - even)).sum())
        mixed = -0.5 * votes * lean * even
        np.add.at(cross[:, :, tie], (block, i), slope * mixed)
        np.add.at(cross[:, :, tie], (block, j), -slope * mixed)
        for place, derivative in columns:
            np.add.at(among[tie], place, mixed * derivative)
            np.add.at(among[:, tie], place, mixed * derivative)
    if extras.variances and exact:
        total = variance[i] + variance[j]
        sides = [(lead + item, variance[item] / total) for item in (i, j)]
        for place, share in sides:
            both = 0.5 * score * slope * share
            np.add.at(cross, (block, i, place), both)
            np.add.at(cross, (block, j, place), -both)
            np.add.at(among, (place, place), both * gap)
            for other, other_share in sides:
                bend = 0.75 * score * slope * gap * share * other_share
                np.add.at(among, (place, other), -bend)
    if extras.variances:
        widen = np.eye(width, e)
        widen[lead:, lead:] = basis
        shared_gradient, among = widen.T @ shared_gradient, widen.T @ among @ widen
        cross = cross @ widen
    return Curvature(
        value,
        gradient @ basis,
        shared_gradient,
        basis.T @ square @ basis,
        basis.T @ cross,
        among,
    )


def _by_item(
    block: IntArray, i: IntArray, j: IntArray, value: FloatArray, n_blocks: int, n: int
) -> FloatArray:
    """Sum each cell's value to its first item and take it from its second, (blocks, items)."""
    size, start = n_blocks * n, block.astype(np.int64) * n
    table = np.bincount(start + i, value, size) - np.bincount(start + j, value, size)
    return np.asarray(table.reshape(n_blocks, n), dtype=np.float64)


def _pair_matrices(
    block: IntArray, i: IntArray, j: IntArray, weight: FloatArray, n_blocks: int, n: int
) -> FloatArray:
    """Weighted graph Laplacians of the pairs of each block, (blocks, items, items)."""
    size, start = n_blocks * n * n, block.astype(np.int64) * n * n
    off = np.bincount(start + i.astype(np.int64) * n + j, weight, size).reshape(n_blocks, n, n)
    off = off + off.swapaxes(1, 2)
    laplacian = np.asarray(-off, dtype=np.float64)
    laplacian[:, np.arange(n), np.arange(n)] += off.sum(axis=2)
    return laplacian

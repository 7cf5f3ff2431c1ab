"""What robust covariances need: sums of squares and of products of score contributions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse, special

from ._pairs import mills_ratio

__all__ = ["Moments", "cluster_meat", "logit_moments", "probit_moments", "sandwich_meat"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]


class Moments(NamedTuple):
    """Score contributions of the votes in each cell, in the cell's linear predictor."""

    slope: FloatArray  # (cells,): their sum
    square: FloatArray  # (cells,): the sum of their squares


def logit_moments(gap: FloatArray, cells: Any, *, drop_ties: bool) -> Moments:
    """Moments under the logistic model; a tie is half a win for each unless dropped.

    `cells` has the columns of a `Comparisons`.
    """
    return _moments(special.expit(-gap), special.expit(gap), cells, drop_ties)


def probit_moments(gap: FloatArray, cells: Any, *, drop_ties: bool) -> Moments:
    """Moments under the normal model; a tie is half a win for each unless dropped."""
    return _moments(mills_ratio(gap), mills_ratio(-gap), cells, drop_ties)


def _moments(up: FloatArray, down: FloatArray, cells: Any, drop_ties: bool) -> Moments:
    """Moments when a win pulls the linear predictor by `up` and a loss by -`down`."""
    slope = cells.first_won * up - cells.second_won * down
    if cells.squares is None:
        square = cells.first_won * up**2 + cells.second_won * down**2
        tied_squares = cells.tied
    else:
        first, second, cross, tied_squares = cells.squares
        square = first * up**2 + second * down**2 - 2.0 * cross * up * down
    if not drop_ties:
        lean = 0.5 * (up - down)
        slope = slope + cells.tied * lean
        square = square + tied_squares * lean**2
    return Moments(slope, square)


def sandwich_meat(
    first: IntArray, second: IntArray, square: FloatArray, n_items: int
) -> sparse.csr_array:
    """Sum over votes of score times score', (items, items)."""
    return sparse.coo_array(
        (
            np.concatenate([square, square, -square, -square]),
            (
                np.concatenate([first, second, first, second]),
                np.concatenate([first, second, second, first]),
            ),
        ),
        shape=(n_items, n_items),
    ).tocsr()


def cluster_meat(
    first: IntArray, second: IntArray, slope: FloatArray, cluster: IntArray, n_items: int
) -> sparse.csr_array:
    """Sum over clusters of summed score times summed score', (items, items)."""
    n_clusters = int(cluster.max()) + 1
    scores = sparse.coo_array(
        (
            np.concatenate([slope, -slope]),
            (np.concatenate([cluster, cluster]), np.concatenate([first, second])),
        ),
        shape=(n_clusters, n_items),
    ).tocsr()
    return (scores.T @ scores).tocsr()

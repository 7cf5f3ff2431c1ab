"""Score contributions as a factor: a matrix S whose S'S is the middle of a robust covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ._outcomes import Counts, Local

__all__ = ["cluster_factor", "cluster_silent", "sandwich_factor"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: Squared scores that differ by less, relative to what was summed, differ by rounding: of n votes
#: chance alone leaves 1 / n.
_SAME = 1e-12


def cluster_factor(
    first: IntArray,
    second: IntArray,
    columns: FloatArray,
    counts: Counts,
    local: Local,
    cluster: IntArray,
    *,
    n_utilities: int,
    has_tie: bool,
) -> Any:
    """Summed score of each cluster, sparse (clusters, parameters)."""
    votes = np.stack(counts)
    slope = (votes * local.score).sum(axis=0)
    tie_slope = (votes * local.tie_score).sum(axis=0)
    rows = _rows(first, second, columns, slope, tie_slope, n_utilities, has_tie)
    return _by_cluster(rows, cluster)


def cluster_silent(
    factor: Any,
    first: IntArray,
    second: IntArray,
    columns: FloatArray,
    counts: Counts,
    local: Local,
    cluster: IntArray,
    *,
    n_utilities: int,
    has_tie: bool,
) -> npt.NDArray[np.bool_]:
    """Which parameters have the same score in all clusters with votes on them, (parameters,).

    `factor` is the `cluster_factor` of the same votes. What is the same up to rounding is told
    by the size of the scores before they were summed within a cluster.
    """
    votes = np.stack(counts)
    slope = np.abs(votes * local.score).sum(axis=0)
    tie_slope = np.abs(votes * local.tie_score).sum(axis=0)
    rows = _rows(first, second, columns, slope, tie_slope, n_utilities, has_tie)
    gross = _by_cluster(abs(rows), cluster)
    squares, clusters = (np.asarray(part.sum(axis=0)) for part in (gross.power(2), gross > 0))
    total = np.asarray(factor.sum(axis=0))
    spread = np.asarray(factor.power(2).sum(axis=0)) - total**2 / np.maximum(clusters, 1)
    return np.asarray((squares > 0) & (spread <= _SAME * squares))


def _by_cluster(rows: Any, cluster: IntArray) -> Any:
    """Sum rows over the cells of each cluster."""
    cells = rows.shape[0]
    gather = sparse.coo_array(
        (np.ones(cells), (cluster, np.arange(cells))), shape=(int(cluster.max()) + 1, cells)
    ).tocsr()
    return (gather @ rows).tocsr()


def sandwich_factor(
    first: IntArray,
    second: IntArray,
    columns: FloatArray,
    counts: Counts,
    squares: FloatArray | None,
    local: Local,
    *,
    n_utilities: int,
    has_tie: bool,
) -> Any:
    """Root of the summed squared scores of single votes, sparse (rows, parameters).

    `squares` has the layout of ``Comparisons.squares``.
    """
    if squares is None:
        squares = np.stack([counts.first, counts.second, np.zeros_like(counts.tied), counts.tied])
    for_first, for_second, both, for_tie = squares
    for_tie = np.where(counts.tied > 0, for_tie, 0.0)  # ties that are left out have no score
    (s1, s2, s0), (t1, t2, t0) = local.score, local.tie_score
    # second moments of (score in eta, score in tie), cell by cell
    ee = for_first * s1**2 + for_second * s2**2 + 2.0 * both * s1 * s2 + for_tie * s0**2
    root = np.sqrt(np.maximum(ee, 0.0))
    if not has_tie:
        return _rows(first, second, columns, root, np.zeros_like(root), n_utilities, False)
    et = for_first * s1 * t1 + for_second * s2 * t2 + both * (s1 * t2 + s2 * t1)
    et += for_tie * s0 * t0
    tt = for_first * t1**2 + for_second * t2**2 + 2.0 * both * t1 * t2 + for_tie * t0**2
    lean = np.divide(et, root, out=np.zeros_like(root), where=root > 0)
    rest = np.sqrt(np.maximum(tt - lean**2, 0.0))
    upper = _rows(first, second, columns, root, lean, n_utilities, True)
    lower = _rows(first, second, columns, np.zeros_like(root), rest, n_utilities, True)
    return sparse.vstack([upper, lower], format="csr")


def _rows(
    first: IntArray,
    second: IntArray,
    columns: FloatArray,
    slope: FloatArray,
    tie_slope: FloatArray,
    n_utilities: int,
    has_tie: bool,
) -> Any:
    """One row for each cell: derivatives in utilities, parameters and tie parameter."""
    cells = len(first)
    parts = []
    if n_utilities:
        place = np.arange(cells)
        parts.append(
            sparse.coo_array(
                (
                    np.concatenate([slope, -slope]),
                    (np.concatenate([place, place]), np.concatenate([first, second])),
                ),
                shape=(cells, n_utilities),
            )
        )
    if columns.shape[1]:
        parts.append(sparse.coo_array(columns * slope[:, None]))
    if has_tie:
        parts.append(sparse.coo_array(tie_slope[:, None]))
    return sparse.hstack(parts, format="csr")

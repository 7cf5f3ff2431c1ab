"""Bootstrap replicates of Bradley-Terry utilities, many at a time."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from .._precision import in_float64
from ..data import Comparisons
from ..kernels import _newton, _pairs
from ..uncertainty import Batch

__all__ = ["bradley_terry_replicates", "win_table"]

FloatArray = npt.NDArray[np.float64]

#: Above this many items a dense table of wins per replicate costs more than a loop of sparse fits.
_DENSE_ITEMS = 400
REASONS = ("did not converge", "did not converge", "not identified")


def bradley_terry_replicates(
    data: Comparisons,
    *,
    unit: str,
    weights: FloatArray,
    ties: str = "half",
    prior: float | None = None,
    reference: Hashable = "mean",
    check: bool = True,
    tolerance: float = 1e-6,
    max_iterations: int = 100,
    covariance: Any = None,
    components: str = "error",
    **others: Any,
) -> Any:
    """Fit every resample: the batched form of `fit_bradley_terry` (its replicate is `.utility`).

    Returns
    -------
    Batch or NotImplemented
        The latter for options that need another likelihood, and for large numbers of items.
    """
    plain = all(value is None or value is False or value == () for value in others.values())
    if not plain or ties not in ("half", "drop") or components != "error":
        return NotImplemented
    if data.n_items > _DENSE_ITEMS or unit not in ("rater", "row", "pair"):
        return NotImplemented
    from ..kernels import _refits

    n = data.n_items
    table = win_table(data, unit, ties)
    wins = np.ascontiguousarray((table @ weights.T).T).reshape(-1, n, n)
    ridge = 0.0 if prior is None else float(prior) ** -2
    result = in_float64(
        _refits.refit,
        wins,
        _all_votes(table, n, ridge, tolerance, max_iterations),
        np.float64(ridge),
        np.float64(tolerance),
        max_iterations=int(max_iterations),
    )
    utility = result.utility
    if reference in data.items:
        utility = utility - utility[:, [data.items.index(reference)]]
    else:
        utility = utility - utility.mean(axis=1, keepdims=True)
    status = result.status
    if not check:
        status = np.where(status == _refits.OUT_OF_ITERATIONS, _refits.CONVERGED, status)
    return Batch(utility, status, REASONS)


def win_table(data: Comparisons, unit: str, ties: str) -> sparse.csr_array:
    """Wins of every ordered pair by unit, (items * items, units): what weights are applied to."""
    n, cells = data.n_items, data.n_cells
    ahead = data.first.astype(np.int64) * n + data.second
    behind = data.second.astype(np.int64) * n + data.first
    half = 0.5 * data.tied if ties == "half" else np.zeros(cells)
    if unit == "row":
        # Units are [first_won, second_won, tied] of all cells.
        cell = np.arange(cells)
        pair = np.concatenate([ahead, behind, ahead, behind])
        column = np.concatenate([cell, cells + cell, 2 * cells + cell, 2 * cells + cell])
        value = np.concatenate([data.first_won, data.second_won, half, half])
        n_units = 3 * cells
    else:
        if unit == "rater":
            assert data.rater is not None
            assert data.raters is not None
            code, n_units = data.rater, len(data.raters)
        else:
            low, high = np.minimum(data.first, data.second), np.maximum(data.first, data.second)
            pairs, code = np.unique(low.astype(np.int64) * n + high, return_inverse=True)
            n_units = len(pairs)
        pair = np.concatenate([ahead, behind])
        column = np.concatenate([code, code])
        value = np.concatenate([data.first_won + half, data.second_won + half])
    held = value > 0
    return sparse.coo_array(
        (value[held], (pair[held], column[held])), shape=(n * n, n_units)
    ).tocsr()


def _all_votes(
    table: sparse.csr_array, n: int, ridge: float, tolerance: float, max_iterations: int
) -> FloatArray:
    """Utilities of the data themselves, where all resamples start."""
    wins = np.asarray(table.sum(axis=1)).reshape(n, n)
    first, second = np.nonzero(wins)
    pairs = _pairs.fold_pairs(
        first.astype(np.int32),
        second.astype(np.int32),
        wins[first, second],
        np.zeros(len(first)),
        n,
    )
    result, _ = _newton.fit_pairs(
        pairs, ridge=ridge, tolerance=tolerance, max_iterations=max_iterations
    )
    return result.point if np.isfinite(result.point).all() else np.zeros(n)

"""Bradley-Terry utilities of many resamples, groups or permutations at once."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse, special

from ..data import Comparisons
from ..kernels import _newton, _pairs
from ..uncertainty import Batch
from ..uncertainty._devices import over_devices
from ._paired_model import mean_lightness

__all__ = [
    "bradley_terry_replicates",
    "group_likelihood_permutations",
    "group_replicates",
    "log_likelihoods",
    "refer",
    "refit_tables",
    "win_table",
]

FloatArray = npt.NDArray[np.float64]
CodeArray = npt.NDArray[np.integer]

#: Above this many items a dense table of wins costs more than a sparse fit.
DENSE_ITEMS = 400
#: Numbers in the tables of wins that are fitted in one call.
_NUMBERS_A_CALL = 1 << 24
REASONS = ("did not converge", "did not converge", "not identified")


def bradley_terry_replicates(
    data: Comparisons, *, unit: str, weights: FloatArray, **options: Any
) -> Any:
    """Fit every resample: the batched form of `fit_bradley_terry`, whose replicate is `.utility`.

    Returns
    -------
    Batch or NotImplemented
        The latter for options that need another likelihood, and for many items.
    """
    fits = _replicates(data, unit, weights, None, options)
    return fits if fits is NotImplemented else fits._replace(values=fits.values[:, 0])


def group_replicates(
    data: Comparisons,
    *,
    unit: str,
    weights: FloatArray,
    group: Hashable = None,
    **options: Any,
) -> Any:
    """Fit every group of every resample: the batched form of `fit_groups`."""
    name = next(iter(data.groups)) if group is None else str(group)
    return _replicates(data, unit, weights, name, options)


def group_likelihood_permutations(
    data: Comparisons, *, group: str, codes: CodeArray, ties: str = "half", prior: float | None
) -> Batch:
    """Sum the log-likelihoods of groups into which raters were permuted, (permutations,)."""
    n, n_groups = data.n_items, len(data.groups[group].labels)
    table = win_table(data, "rater", ties)
    ridge = 0.0 if prior is None else float(prior) ** -2
    member = (codes[:, None, :] == np.arange(n_groups)[:, None]).astype(np.float64)
    wins = _weighted(table, member.reshape(-1, codes.shape[1]), n)
    utility, status = refit_tables(wins, _all_votes(table, n, ridge), ridge=ridge)
    total = log_likelihoods(wins, utility).reshape(-1, n_groups).sum(axis=1)
    return Batch(total, status.reshape(-1, n_groups).max(axis=1), REASONS)


def _replicates(
    data: Comparisons, unit: str, weights: FloatArray, group: str | None, options: dict[str, Any]
) -> Any:
    options = dict(options)
    ties, prior = options.pop("ties", "half"), options.pop("prior", None)
    reference, check = options.pop("reference", "mean"), options.pop("check", True)
    tolerance = options.pop("tolerance", 1e-6)
    max_iterations = options.pop("max_iterations", 100)
    components = options.pop("components", "error")
    options.pop("covariance", None)
    # Compared by type first: a table of features has no truth value.
    plain = all(
        value is None or value is False or (isinstance(value, (tuple, list)) and not value)
        for value in options.values()
    )
    if not plain or ties not in ("half", "drop") or components != "error":
        return NotImplemented
    if data.n_items > DENSE_ITEMS or unit not in ("rater", "row", "pair"):
        return NotImplemented
    n, n_groups = data.n_items, 1 if group is None else len(data.groups[group].labels)
    ridge = 0.0 if prior is None else float(prior) ** -2
    table = win_table(data, unit, ties, group=group)
    utility, status = refit_tables(
        _weighted(table, weights, n),
        _all_votes(table, n, ridge),
        ridge=ridge,
        tolerance=tolerance * mean_lightness(data),
        max_iterations=max_iterations,
    )
    if not check:
        status = np.where(status == _newton.OUT_OF_ITERATIONS, _newton.CONVERGED, status)
    return Batch(
        refer(utility, data.items, reference).reshape(-1, n_groups, n),
        status.reshape(-1, n_groups).max(axis=1),
        REASONS,
    )


def refit_tables(
    wins: FloatArray,
    start: FloatArray,
    *,
    ridge: float = 0.0,
    tolerance: float = 1e-6,
    max_iterations: int = 100,
) -> tuple[FloatArray, npt.NDArray[np.int32]]:
    """Fit tables of wins (fits, items, items): utilities (fits, items) and status (fits,).

    `start` is one vector of utilities for all, or one for each, (fits, items).
    The number of tables is padded to a power of two, so that few shapes are compiled.
    """
    from ..kernels import _refits

    count, n = wins.shape[:2]
    step = 1 << max(0, min((count - 1).bit_length(), (_NUMBERS_A_CALL // n**2).bit_length() - 1))
    utility, status = np.empty((count, n)), np.empty(count, dtype=np.int32)
    starts = np.broadcast_to(start, (count, n))
    for at in range(0, count, step):
        tables, begin = wins[at : at + step], starts[at : at + step]
        held = len(tables)
        if held < step:
            tables = np.concatenate([tables, np.zeros((step - held, n, n))])
            begin = np.concatenate([begin, np.zeros((step - held, n))])
        result = over_devices(
            _refits.refit,
            (tables, begin),
            (np.float64(ridge), np.float64(tolerance)),
            max_iterations=int(max_iterations),
        )
        utility[at : at + step] = result.utility[:held]
        status[at : at + step] = result.status[:held]
    return utility, status


def refer(
    utility: FloatArray, items: tuple[Hashable, ...], reference: Hashable = "mean"
) -> FloatArray:
    """Measure utilities (..., items) from their mean or from one item."""
    if reference in items:
        return utility - utility[..., [items.index(reference)]]
    return utility - utility.mean(axis=-1, keepdims=True)


def log_likelihoods(wins: FloatArray, utility: FloatArray) -> FloatArray:
    """Log-likelihood of each table at its utilities, (fits,), without constants."""
    gap = utility[:, :, None] - utility[:, None, :]
    return np.einsum("bij,bij->b", wins, special.log_expit(gap))


def win_table(
    data: Comparisons, unit: str, ties: str, *, group: str | None = None
) -> sparse.csr_array:
    """Wins of every ordered pair by unit: what weights are applied to.

    Returns
    -------
    scipy.sparse.csr_array, (groups * items * items, units)
        Without `group` there is one group. Units are in the order of `pluralism.uncertainty`.
    """
    n, cells = data.n_items, data.n_cells
    n_groups = 1 if group is None else len(data.groups[group].labels)
    offset = 0 if group is None else data.groups[group].codes.astype(np.int64) * n**2
    ahead = data.first.astype(np.int64) * n + data.second + offset
    behind = data.second.astype(np.int64) * n + data.first + offset
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
        (value[held], (pair[held], column[held])), shape=(n_groups * n * n, n_units)
    ).tocsr()


def _weighted(table: sparse.csr_array, weights: FloatArray, n: int) -> FloatArray:
    """Apply weights (replicates, units): tables of wins, replicates outside, groups inside."""
    return np.ascontiguousarray((table @ weights.T).T).reshape(-1, n, n)


def _all_votes(table: sparse.csr_array, n: int, ridge: float) -> FloatArray:
    """Utilities of all votes together, where every fit starts."""
    wins = np.asarray(table.sum(axis=1)).reshape(-1, n, n).sum(axis=0)
    first, second = np.nonzero(wins)
    pairs = _pairs.fold_pairs(
        first.astype(np.int32),
        second.astype(np.int32),
        wins[first, second],
        np.zeros(len(first)),
        n,
    )
    result, _ = _newton.fit_pairs(pairs, ridge=ridge)
    return result.point if np.isfinite(result.point).all() else np.zeros(n)

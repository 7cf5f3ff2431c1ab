"""Rewards fitted to pooled votes, and to the votes of each rater. Host kernels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._graph import WinGraph, win_graph
from ._newton import CONVERGED, fit_pairs
from ._noisy_votes import Spread
from ._pairs import fold_pairs
from ._thurstone import fit_case_iii

__all__ = [
    "PooledFit",
    "RaterFits",
    "fit_each",
    "fit_pooled",
    "normal_spread",
    "preferences_by_rater",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: Prior precisions of Case III: nearly none on means, unit deviation on log-variances.
_CASE_III_PRIOR = (1e-4, 1.0)


class PooledFit(NamedTuple):
    """Bradley-Terry utilities of pooled votes, and whether they exist."""

    utility: FloatArray  # (items,), mean zero
    graph: WinGraph
    converged: bool
    distance: float  # to the optimum, in standard errors


class RaterFits(NamedTuple):
    """Posterior modes by rater or group, and how uncertain they are."""

    utility: FloatArray  # (raters, items), each of mean zero
    variance: FloatArray  # (raters, items): posterior variances about the mode
    converged: bool


def _halves(wins: FloatArray, ties: FloatArray) -> tuple[Any, Any, FloatArray, FloatArray]:
    """Cells of the pairs that met, ties shared out."""
    votes = wins + 0.5 * ties
    first, second = (axis.astype(np.int32) for axis in np.nonzero(np.triu(votes + votes.T, k=1)))
    return first, second, votes[first, second], votes[second, first]


def fit_pooled(wins: FloatArray, ties: FloatArray, ridge: float) -> PooledFit:
    """Fit all votes together, a tie being half of each; without a ridge only if that exists."""
    n_items = len(wins)
    pairs = fold_pairs(*_halves(wins, ties), n_items)
    graph = win_graph(pairs)
    if ridge == 0.0 and graph.n_strong > 1:
        return PooledFit(np.full(n_items, np.nan), graph, False, np.inf)
    result, _ = fit_pairs(pairs, ridge=ridge, tolerance=1e-10)
    utility = result.point - result.point.mean()
    return PooledFit(utility, graph, result.status == CONVERGED, result.decrement)


def fit_each(
    rater: IntArray,
    first: IntArray,
    second: IntArray,
    won: FloatArray,
    lost: FloatArray,
    n_raters: int,
    n_items: int,
    ridge: float,
) -> RaterFits:
    """Fit every rater's votes alone, under a normal prior that makes any number of them enough."""
    order = np.argsort(rater, kind="stable")
    bounds = np.searchsorted(rater[order], np.arange(n_raters + 1))
    utility = np.zeros((n_raters, n_items))
    variance = np.full((n_raters, n_items), (1.0 - 1.0 / n_items) / ridge)
    centre = np.eye(n_items) - 1.0 / n_items
    converged = True
    for code in range(n_raters):
        own = order[bounds[code] : bounds[code + 1]]
        if not len(own):
            continue
        pairs = fold_pairs(first[own], second[own], won[own], lost[own], n_items)
        result, curvature = fit_pairs(pairs, ridge=ridge)
        converged &= result.status == CONVERGED
        utility[code] = result.point - result.point.mean()
        information = ridge * np.eye(n_items)
        # Small and dense: cheaper than any factor that is set up for large graphs.
        np.add.at(information, (pairs.low, pairs.high), -curvature.weight)
        np.add.at(information, (pairs.high, pairs.low), -curvature.weight)
        information[np.diag_indices(n_items)] = curvature.degree
        variance[code] = np.diagonal(centre @ np.linalg.inv(information) @ centre)
    return RaterFits(utility, variance, converged)


def preferences_by_rater(
    rater: IntArray, first: IntArray, second: IntArray, net: FloatArray, n_items: int
) -> tuple[FloatArray, FloatArray]:
    """Raters who prefer the row to the column on balance, and those in balance; (items, items).

    `net` is the weight of a cell's votes for its first item less that for its second.
    """
    low, high = np.minimum(first, second), np.maximum(first, second)
    signed = np.where(first < second, net, -net)
    key = (rater.astype(np.int64) * n_items + low) * n_items + high
    distinct, place = np.unique(key, return_inverse=True)
    balance = np.bincount(place.ravel(), signed, len(distinct))
    balance[np.abs(balance) <= 1e-12 * np.bincount(place.ravel(), np.abs(net))] = 0.0
    pair = distinct % (n_items * n_items)

    def table(chosen: npt.NDArray[np.bool_]) -> FloatArray:
        counts = np.bincount(pair[chosen], minlength=n_items * n_items)
        return counts.astype(np.float64).reshape(n_items, n_items)

    even = table(balance == 0)
    return table(balance > 0) + table(balance < 0).T, even + even.T


def normal_spread(wins: FloatArray, ties: FloatArray, utility: FloatArray) -> Spread | None:
    """Mean and variance of each item's utility from pooled votes, by Thurstone's Case III.

    The mean-variance form of distributional preference learning: utilities are normal and
    P(a over b) = Phi((m_a - m_b) / sqrt(v_a + v_b)). None if the fit does not converge.
    """
    first, second, won, lost = _halves(wins, ties)
    n_items = len(wins)
    start = np.concatenate([0.6 * utility, np.zeros(n_items)])  # logits to probits
    fit = fit_case_iii(first, second, won, lost, n_items, precision=_CASE_III_PRIOR, start=start)
    if not fit.converged:
        return None
    mean = fit.theta[:n_items] - fit.theta[:n_items].mean()
    variance = 0.5 * np.exp(fit.theta[n_items:])
    between = float(mean.var())
    return Spread(mean, variance, between / (between + float(variance.mean())))

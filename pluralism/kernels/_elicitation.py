"""Which pairs to ask about next. Host kernels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["greedy_information", "percentile_pairs"]

FloatArray = npt.NDArray[np.float64]
PairArray = npt.NDArray[np.intp]

#: The published rule raises its percentiles by half, this many times at most.
_WIDEN, _TRIES = 1.5, 5


def greedy_information(
    covariance: FloatArray, information: FloatArray, excluded: npt.NDArray[np.bool_], n: int
) -> tuple[PairArray, FloatArray]:
    """Choose pairs one after the other by log(1 + w Var(u_i - u_j)), and update the covariance.

    Parameters
    ----------
    covariance : float array, (items, items)
        Of the utilities.
    information : float array, (pairs,)
        Fisher information w of one vote, of the strict upper triangle in row-major order.
    excluded : bool array, (items, items)
        Pairs not to choose.
    n : int
        How many pairs to choose.

    Returns
    -------
    pairs : integer array, (2, chosen)
        ``first < second`` in code, in the order of choice.
    gain : float array, (chosen,)
        Nats by which the log-determinant of the information grows, each after the earlier ones.
    """
    covariance = covariance.copy()
    left, right = np.triu_indices(len(covariance), 1)
    allowed = ~excluded[left, right]
    variance = covariance.diagonal()
    spread = variance[left] + variance[right] - 2 * covariance[left, right]  # (pairs,)
    chosen, gains = [], []
    for _ in range(n):
        score = np.where(allowed, information * spread, -np.inf)
        best = int(np.argmax(score))
        if score[best] == -np.inf:
            break
        chosen.append(best)
        gains.append(np.log1p(score[best]))
        i, j = left[best], right[best]
        # One more vote adds w (e_i - e_j)(e_i - e_j)' to the information: Sherman and Morrison.
        column = covariance[:, i] - covariance[:, j]
        factor = information[best] / (1 + score[best])
        covariance -= factor * column[:, None] * column
        spread -= factor * (column[left] - column[right]) ** 2
        # Asked once, a pair is not asked again in the same round.
        allowed[best] = False
    places = np.array(chosen, dtype=np.intp)
    return np.stack([left[places], right[places]]), np.array(gains)


def percentile_pairs(
    utility: FloatArray,
    met: npt.NDArray[np.bool_],
    n: int,
    difference_percentile: float,
    degree_percentile: float,
    rng: np.random.Generator,
) -> PairArray:
    """Draw pairs that never met, close in utility and rarely met: the published rule.

    Parameters
    ----------
    utility : float array, (items,)
        Utilities.
    met : bool array, (items, items)
        Which pairs met.
    n : int
        How many pairs to draw.
    difference_percentile, degree_percentile : float
        Both cuts, in (0, 100].
    rng : numpy.random.Generator
        For the draw.

    Returns
    -------
    integer array, (2, drawn)
    """
    degree = met.sum(axis=1)
    left, right = np.nonzero(np.triu(~met, 1))
    if len(left) <= n:
        return np.stack([left, right])
    difference = np.abs(utility[left] - utility[right])
    both = degree[left] + degree[right]
    for attempt in range(_TRIES):
        widened = _WIDEN**attempt
        near = difference <= np.percentile(difference, min(100, widened * difference_percentile))
        rare = both <= np.percentile(both, min(100, widened * degree_percentile))
        candidates = np.flatnonzero(near & rare)
        if len(candidates) >= n:
            break
    if len(candidates) >= n:
        drawn = rng.choice(candidates, n, replace=False)
    else:
        rest = np.setdiff1d(np.arange(len(left)), candidates)
        drawn = np.concatenate([candidates, rng.choice(rest, n - len(candidates), replace=False)])
    return np.stack([left[drawn], right[drawn]])

"""The exact distribution of a jury's votes, drawn without replacement from a pool of voters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["binomial_votes", "hypergeometric_votes", "quota_votes", "verdict"]

FloatArray = npt.NDArray[np.float64]


def hypergeometric_votes(pool: FloatArray, positive: FloatArray, seats: int) -> FloatArray:
    """Distribution of positive votes among `seats` drawn without replacement, (..., seats + 1).

    Parameters
    ----------
    pool, positive : array, (...)
        Whole numbers: voters in the pool, and those who vote positively. Where ``pool < seats`` the
        result is NaN.
    seats : int
        Voters drawn.
    """
    from scipy.special import gammaln

    pool, positive = pool.astype(np.intp)[..., None], positive.astype(np.intp)[..., None]
    negative = pool - positive
    k = np.arange(seats + 1)
    possible = (k <= positive) & (seats - k <= negative) & (pool >= seats)
    log_factorial = gammaln(np.arange(1.0, max(int(pool.max(initial=0)), seats) + 2.0))

    def log_choose(n: Any, k: Any) -> FloatArray:
        return np.asarray(log_factorial[n] - log_factorial[k] - log_factorial[n - k])

    yes, no = np.where(possible, k, 0), np.where(possible, seats - k, 0)
    total = np.where(pool >= seats, pool, seats)
    log_mass = log_choose(positive, yes) + log_choose(negative, no) - log_choose(total, seats)
    mass = np.where(possible, np.exp(log_mass), 0.0)
    return np.where(pool >= seats, mass, np.nan)


def binomial_votes(share: FloatArray, size: int) -> FloatArray:
    """Distribution of positive votes among `size` independent jurors, (..., size + 1)."""
    from scipy.special import bdtr

    below = bdtr(np.arange(size + 1.0), size, share[..., None])  # P(votes <= k)
    return np.diff(below, axis=-1, prepend=0.0)


def quota_votes(pools: FloatArray, positives: FloatArray, seats: list[int]) -> FloatArray:
    """Convolve the votes of several groups, (..., all seats + 1).

    Parameters
    ----------
    pools, positives : array, (groups, ...)
        Voters and positive voters of each group.
    seats : list of int
        Seats of each group.
    """
    mass = np.ones((*pools.shape[1:], 1))
    for pool, positive, n in zip(pools, positives, seats, strict=True):
        votes = hypergeometric_votes(pool, positive, n)
        wider = np.zeros((*mass.shape[:-1], mass.shape[-1] + n))
        for k in range(n + 1):
            wider[..., k : k + mass.shape[-1]] += mass * votes[..., k : k + 1]
        mass = wider
    return mass


def verdict(votes: FloatArray, needed: int, tied: int, tie_value: float) -> FloatArray:
    """Probability of a positive verdict, (...): at least `needed` votes, or a tie's value.

    Parameters
    ----------
    votes : array, (..., size + 1)
        Distribution of positive votes.
    needed : int
        Positive votes that decide.
    tied : int
        Number of positive votes that is a tie, or -1 if none is.
    tie_value : float
        What a tie counts, in [0, 1].
    """
    probability = votes[..., needed:].sum(axis=-1)
    if tied >= 0:
        probability = probability + tie_value * votes[..., tied]
    return np.clip(probability, 0.0, 1.0)

"""The exact distribution of a jury's votes, drawn without replacement from a pool of voters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "binomial_votes",
    "convolved",
    "hypergeometric_votes",
    "quota_votes",
    "verdict",
    "weighted_votes",
]

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

    size, yes_voters = pool.astype(np.intp)[..., None], positive.astype(np.intp)[..., None]
    no_voters = size - yes_voters
    k = np.arange(seats + 1)
    possible = (k <= yes_voters) & (seats - k <= no_voters) & (size >= seats)
    log_factorial = gammaln(np.arange(1.0, max(int(size.max(initial=0)), seats) + 2.0))

    def log_choose(n: Any, k: Any) -> FloatArray:
        return np.asarray(log_factorial[n] - log_factorial[k] - log_factorial[n - k])

    yes, no = np.where(possible, k, 0), np.where(possible, seats - k, 0)
    total = np.where(size >= seats, size, seats)
    log_mass = log_choose(yes_voters, yes) + log_choose(no_voters, no) - log_choose(total, seats)
    mass = np.where(possible, np.exp(log_mass), 0.0)
    return np.where(size >= seats, mass, np.nan)


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
    return convolved(
        [
            hypergeometric_votes(pool, positive, n)
            for pool, positive, n in zip(pools, positives, seats, strict=True)
        ]
    )


def weighted_votes(positive: FloatArray, negative: FloatArray) -> FloatArray:
    """Votes of a jury of different voters, drawn in proportion to the product of their weights.

    With weights of one this is `hypergeometric_votes`; nobody sits beside their own copy.

    Parameters
    ----------
    positive, negative : array, (seats, ...)
        Power sums ``sum w^j`` over the voters of either kind, j = 1, ..., seats.

    Returns
    -------
    array, (..., seats + 1)
        NaN where there are fewer voters than seats.
    """
    seats = len(positive)
    yes, no = _elementary(positive), _elementary(negative)
    mass = np.stack([yes[k] * no[seats - k] for k in range(seats + 1)], axis=-1)
    total = mass.sum(axis=-1, keepdims=True)
    return np.where(total > 0.5, mass / np.where(total > 0.5, total, 1.0), np.nan)


def _elementary(power: FloatArray) -> list[FloatArray]:
    """Elementary symmetric sums e_0, e_1, ... from power sums (Newton's identities).

    The weights are whole numbers, and so are the sums: rounding takes the error out.
    """
    e = [np.ones(power.shape[1:])]
    for k in range(1, len(power) + 1):
        terms = [(-1.0) ** (i - 1) * e[k - i] * power[i - 1] for i in range(1, k + 1)]
        e.append(np.maximum(np.round(sum(terms) / k), 0.0))
    return e


def convolved(votes: list[FloatArray]) -> FloatArray:
    """Distribution of the sum of independent numbers of votes, (..., all seats + 1)."""
    mass = votes[0]
    for more in votes[1:]:
        n = more.shape[-1] - 1
        wider = np.zeros((*mass.shape[:-1], mass.shape[-1] + n))
        for k in range(n + 1):
            wider[..., k : k + mass.shape[-1]] += mass * more[..., k : k + 1]
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

"""The exact distribution of a jury's votes, drawn without replacement from a pool of voters."""

from __future__ import annotations

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

#: Pools up to this size have a table of all numbers of voters; larger ones of those that occur.
_LARGEST_TABLE = 4096


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
    choices = _Choices(pool, positive, seats)
    return np.moveaxis(choices.votes(pool, positive, seats), 0, -1)


class _Choices:
    """Numbers of ways to choose jurors, worked out once for all items and groups."""

    def __init__(self, pools: FloatArray, positives: FloatArray, most: int) -> None:
        from scipy.special import gammaln

        largest = int(pools.max(initial=0.0))
        self._numbers: npt.NDArray[np.intp] | None = None  # all up to the largest
        n = np.arange(largest + 1)
        if largest > _LARGEST_TABLE:
            voters = np.stack([pools, positives, pools - positives])
            n = self._numbers = np.unique(voters.astype(np.intp))
        k = np.arange(most + 1)[:, None]
        log_factorial = gammaln(np.arange(1.0, max(largest, most) + 2.0))
        ways = log_factorial[n] - log_factorial[k] - log_factorial[np.maximum(n - k, 0)]
        self._log_ways = np.where(k <= n, ways, -np.inf)  # (most + 1, numbers)

    def votes(self, pool: FloatArray, positive: FloatArray, seats: int) -> FloatArray:
        """Distribution of positive votes, (seats + 1, ...)."""
        size, yes = self._place(pool), self._place(positive)
        no = self._place(pool - positive)
        total = self._log_ways[seats].take(size)  # (...): -inf where the pool is too small
        log_mass = self._log_ways[: seats + 1].take(yes, axis=1)
        log_mass += self._log_ways[seats::-1].take(no, axis=1)
        short = np.isinf(total)
        log_mass -= np.where(short, 0.0, total)
        mass = np.exp(log_mass, out=log_mass)
        mass[:, short] = np.nan
        return mass

    def _place(self, number: FloatArray) -> npt.NDArray[np.intp]:
        whole = number.astype(np.intp)
        return whole if self._numbers is None else np.searchsorted(self._numbers, whole)


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
    choices = _Choices(pools, positives, max(seats))
    votes = [
        choices.votes(pool, positive, n)
        for pool, positive, n in zip(pools, positives, seats, strict=True)
    ]
    return np.moveaxis(_convolved(votes), 0, -1)


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
    first = [np.ascontiguousarray(np.moveaxis(each, -1, 0)) for each in votes]
    return np.moveaxis(_convolved(first), 0, -1)


def _convolved(votes: list[FloatArray]) -> FloatArray:
    """Likewise with numbers of votes along the first axis, so that products run over items."""
    mass = votes[0]
    for more in votes[1:]:
        wider = np.zeros((len(mass) + len(more) - 1, *mass.shape[1:]))
        for k, share in enumerate(more):
            wider[k : k + len(mass)] += mass * share
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

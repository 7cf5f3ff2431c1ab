"""Plackett-Luce and its extension to ties (Davidson-Luce), from the sets that were chosen from.

A ranking is a sequence of choices: the best of all, the best of the rest, and so on. With worths
alpha and tie parameters delta_d (delta_1 = 1), the tied set S is chosen from A with probability
f(S) / sum of f over the subsets of A with at most D members, where
f(S) = delta_|S| (product of alpha over S)^(1/|S|) (Turner, van Etten, Firth and Kosmidis 2020,
Computational Statistics 35, equation 3). In (log alpha, log delta) that is an exponential
family: the data enter through the sums below, and observed and expected information agree.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ._pairs import item_sums

__all__ = [
    "ChoiceSets",
    "choice_sets",
    "plackett_luce_terms",
]

FloatArray = npt.NDArray[np.float64]

#: Rows handled at once, so that a block of (sets, items) floats stays near the cache.
_BLOCK = 1 << 18


class ChoiceSets(NamedTuple):
    """Sufficient statistics of rankings."""

    member: npt.NDArray[np.bool_]  # (sets, items): distinct sets that were chosen from
    weight: FloatArray  # (sets,): how often
    beaten: npt.NDArray[np.bool_]  # (items, items): i was chosen where j was there, or with j
    won: FloatArray  # (items,): choices, a tied choice of d items counting 1/d for each
    orders: npt.NDArray[np.int64]  # (orders,): sizes of tied choices that occur, above one
    tied: FloatArray  # (orders,): how often each occurs


def choice_sets(
    ranks: npt.NDArray[np.integer], counts: FloatArray, *, unranked: int, below: bool
) -> ChoiceSets:
    """Take rankings apart into choices.

    Parameters
    ----------
    ranks : integer array, (ballots, items)
        0 for the best; tied alternatives share a rank.
    counts : float array, (ballots,)
        How many voters cast each ballot.
    unranked : int
        The rank that marks alternatives which a ballot leaves out.
    below : bool
        Whether what is left out ranks below what is listed (and so was there to be chosen), or
        is not compared at all.
    """
    n_items = ranks.shape[1]
    words = -(-n_items // 64)
    place_value = np.uint64(1) << np.arange(64, dtype=np.uint64)
    packed, weights = [], []
    won = np.zeros(n_items)
    tied = np.zeros(n_items + 1)
    beaten = np.zeros((n_items, n_items), dtype=bool)
    listed = ranks != unranked
    for rank in range(int(np.max(ranks, where=listed, initial=0)) + 1):
        chosen = ranks == rank
        rest = ranks >= rank if below else listed & (ranks >= rank)
        size = chosen.sum(axis=1)
        # A choice of the only alternative there is says nothing; a tie of two out of two does.
        use = (size > 0) & (rest.sum(axis=1) > 1)
        if not use.any():
            continue
        chosen, rest, size, weight = chosen[use], rest[use], size[use], counts[use]
        won += (weight / size) @ chosen
        tied += np.bincount(size, weights=weight, minlength=n_items + 1)
        beaten |= chosen.T.astype(np.float32) @ rest.astype(np.float32) > 0
        bits = np.zeros((len(weight), words * 64), dtype=bool)
        bits[:, :n_items] = rest
        packed.append((bits.reshape(-1, words, 64) * place_value).sum(axis=2, dtype=np.uint64))
        weights.append(weight)
    np.fill_diagonal(beaten, False)
    if not packed:
        empty = np.zeros((0, n_items), dtype=bool)
        return ChoiceSets(empty, np.zeros(0), beaten, won, np.zeros(0, np.int64), np.zeros(0))
    distinct, inverse = np.unique(np.concatenate(packed), axis=0, return_inverse=True)
    weight = item_sums(inverse.ravel(), np.concatenate(weights), len(distinct))
    member = (distinct[:, :, None] & place_value).astype(bool).reshape(len(distinct), -1)
    orders = np.flatnonzero(tied[2:]) + 2
    return ChoiceSets(member[:, :n_items], weight, beaten, won, orders, tied[orders])


class PlackettLuceTerms(NamedTuple):
    """Log-likelihood and its derivatives."""

    log_likelihood: float
    gradient: FloatArray  # (parameters,)
    information: FloatArray  # (parameters, parameters)


def plackett_luce_terms(theta: FloatArray, sets: ChoiceSets) -> PlackettLuceTerms:
    """Evaluate a model without ties at `theta`, the log worths."""
    n_items = len(theta)
    value, expected, information = 0.0, np.zeros(n_items), np.zeros((n_items, n_items))
    rows = max(1, _BLOCK // n_items)
    for start in range(0, len(sets.weight), rows):
        block = slice(start, start + rows)
        weight = sets.weight[block]
        exponent = np.where(sets.member[block], theta, -np.inf)
        top = exponent.max(axis=1)
        p = np.exp(exponent - top[:, None])  # (block, items)
        total = p.sum(axis=1)
        p /= total[:, None]
        value += float(weight @ (top + np.log(total)))
        expected += weight @ p
        information -= (p.T * weight) @ p
    information[np.diag_indices(n_items)] += expected
    return PlackettLuceTerms(float(sets.won @ theta) - value, sets.won - expected, information)

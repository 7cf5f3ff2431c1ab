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
    ranks: npt.NDArray[np.integer],
    counts: FloatArray,
    *,
    unranked: int,
    below: bool,
    menus: npt.NDArray[np.bool_] | None = None,
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
    menus : bool array, (ballots, items), optional
        What each ballot could choose from, where that was not everything.
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
        if menus is not None:
            rest &= menus
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
    """Log-likelihood and its derivatives in (log worths, log tie parameters)."""

    log_likelihood: float
    gradient: FloatArray  # (items + orders,)
    information: FloatArray  # (items + orders, items + orders)


def plackett_luce_terms(theta: FloatArray, sets: ChoiceSets) -> PlackettLuceTerms:
    """Evaluate at `theta`, log worths and then log tie parameters.

    The statistics of a choice S are 1/|S| for each of its items and an indicator of its size;
    gradient and information are their observed minus expected values, and their covariance. The
    sums over all subsets of one size are elementary symmetric polynomials, so that nothing is
    enumerated.
    """
    n_items, size = len(sets.won), len(theta)
    orders = (1, *sets.orders.tolist())
    log_nu = np.concatenate([[0.0], theta[n_items:]])
    value, expected, second = 0.0, np.zeros(size), np.zeros((size, size))
    rows = max(1, _BLOCK // n_items)
    for start in range(0, len(sets.weight), rows):
        member = sets.member[start : start + rows]
        weight = sets.weight[start : start + rows]
        exponent = np.where(member, theta[:n_items], -np.inf)
        top = exponent.max(axis=1)
        gap = exponent - top[:, None]  # f is homogeneous: the largest worth is divided out
        roots = [np.exp(gap / order) for order in orders]  # (block, items), 0 outside the set
        sums = [_symmetric(root, order) for root, order in zip(roots, orders, strict=True)]
        parts = [np.exp(level) * e[-1] for level, e in zip(log_nu, sums, strict=True)]
        total = np.sum(parts, axis=0)  # (block,)
        value += float(weight @ (top + np.log(total)))
        mean = np.zeros((len(weight), size))
        for place, (order, x, e) in enumerate(zip(orders, roots, sums, strict=True)):
            scale = np.exp(log_nu[place]) / total  # (block,)
            containing = x * _without(e[:-1], x)[-1]  # sum over subsets that contain i
            mean[:, :n_items] += scale[:, None] * containing / order
            _add_pairs(second[:n_items, :n_items], order, x, e, weight * scale / order**2)
            items = np.arange(n_items)
            second[items, items] += (weight * scale) @ containing / order**2
            if place:
                parameter = n_items + place - 1
                mean[:, parameter] = parts[place] / total
                cross = (weight * scale) @ containing / order
                second[parameter, :n_items] += cross
                second[:n_items, parameter] += cross
                second[parameter, parameter] += weight @ mean[:, parameter]
        expected += weight @ mean
        second -= (mean.T * weight) @ mean
    statistic = np.concatenate([sets.won, sets.tied])
    return PlackettLuceTerms(float(statistic @ theta) - value, statistic - expected, second)


def _symmetric(x: FloatArray, order: int) -> list[FloatArray]:
    """Elementary symmetric polynomials of each row, of degree 0 to `order`, (rows,) each."""
    if order == 1:
        return [np.ones(len(x)), x.sum(axis=1)]
    e = [np.ones(len(x)), *(np.zeros(len(x)) for _ in range(order))]
    for column in x.T:
        for degree in range(order, 0, -1):
            e[degree] = e[degree] + column * e[degree - 1]
    return e


def _without(e: list[FloatArray], x: FloatArray) -> list[FloatArray]:
    """Leave out one column of `x` after the other from polynomials `e`, (rows, items) each.

    Entries are at most one and some e of degree one is at least one, so what cancels is small
    against the sum over all subsets.
    """
    left_out = [np.broadcast_to(e[0][:, None], x.shape)]
    for degree in range(1, len(e)):
        left_out.append(e[degree][:, None] - x * left_out[-1])
    return left_out


def _add_pairs(
    second: FloatArray, order: int, x: FloatArray, e: list[FloatArray], weight: FloatArray
) -> None:
    """Add the weighted sums over subsets that contain both i and j, i != j."""
    if order == 1:
        return
    if order == 2:
        both = (x.T * weight) @ x
        np.fill_diagonal(both, 0.0)
        second += both
        return
    without_one = _without(e[: order - 1], x)
    for i in range(x.shape[1]):
        rest = _without([left[:, i] for left in without_one], x)[-1]
        both = (weight * x[:, i]) @ (x * rest)
        both[i] = 0.0
        second[i] += both

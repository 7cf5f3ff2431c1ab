"""Plackett-Luce on many items: strict rankings by their order, without listing choice sets.

Where there are few items, rankings share their choice sets and `_plackett_luce` is faster.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ._pairs import item_sums
from ._plackett_luce import PlackettLuceTerms

__all__ = ["Rankings", "ranking_terms", "strict_rankings"]

FloatArray = npt.NDArray[np.float64]

#: Ballots times pairs of items handled at once.
_BLOCK = 1 << 22


class Rankings(NamedTuple):
    """Strict rankings, best first; what a ballot leaves out comes last."""

    order: npt.NDArray[np.intp]  # (ballots, items)
    length: npt.NDArray[np.intp]  # (ballots,): how many are listed
    choices: npt.NDArray[np.intp]  # (ballots,): how many of them were chosen from two or more
    counts: FloatArray  # (ballots,)
    below: bool  # whether what is left out could have been chosen
    won: FloatArray  # (items,): choices
    beaten: npt.NDArray[np.bool_]  # (items, items): i was listed directly above j


def strict_rankings(
    ranks: npt.NDArray[np.integer], counts: FloatArray, *, unranked: int, below: bool
) -> Rankings:
    """Order the alternatives of each ballot; arguments as in `choice_sets`."""
    n_items = ranks.shape[1]
    order = np.argsort(ranks, axis=1, kind="stable")
    length = (ranks != unranked).sum(axis=1)
    place = np.arange(n_items)
    # A choice of the only alternative there is says nothing.
    choices = np.minimum(length, np.maximum((n_items if below else length) - 1, 0))
    chosen = place < choices[:, None]
    weight = np.where(chosen, counts[:, None], 0.0)
    won = item_sums(order.ravel(), weight.ravel(), n_items)
    beaten = np.zeros((n_items, n_items), dtype=bool)
    beaten[order[:, :-1][chosen[:, :-1]], order[:, 1:][chosen[:, :-1]]] = True
    if below:
        # The last that is listed is above all that is not.
        last = np.flatnonzero((length > 0) & (length < n_items))
        above = np.take_along_axis(order[last], length[last, None] - 1, axis=1)
        left_out = place >= length[last, None]
        row, column = np.nonzero(left_out)
        beaten[above[row, 0], order[last][row, column]] = True
    return Rankings(order, length, choices, counts, below, won, beaten)


def ranking_terms(theta: FloatArray, rankings: Rankings) -> PlackettLuceTerms:
    """Log-likelihood, gradient and information at log worths `theta`.

    With worths a and, at each place t of a ballot, what remains, D_t: the expected choices of
    the item at place s are a_s times the sum of 1 / D_t over t <= s, and the information of two
    items, the first of them at place s, minus the product of their worths times the sum of
    1 / D_t^2 over t <= s.
    """
    n_items = len(theta)
    shift = theta.max()
    worth = np.exp(theta - shift)
    value, expected = 0.0, np.zeros(n_items)
    product = np.zeros(n_items * n_items)
    place = np.arange(n_items)
    first, second = np.triu_indices(n_items, 1)
    rows = max(1, _BLOCK // len(first)) if len(first) else len(rankings.counts)
    for start in range(0, len(rankings.counts), rows):
        block = slice(start, start + rows)
        order, length = rankings.order[block], rankings.length[block, None]
        here = worth[order]  # (block, items)
        if not rankings.below:
            here = np.where(place < length, here, 0.0)
        rest = np.cumsum(here[:, ::-1], axis=1)[:, ::-1]
        chosen = place < rankings.choices[block, None]
        weight = np.where(chosen, rankings.counts[block, None], 0.0)
        rest = np.where(chosen, rest, 1.0)
        value += float((weight * (np.log(rest) + shift)).sum())
        inverse = np.cumsum(weight / rest, axis=1)
        expected += item_sums(order.ravel(), (here * inverse).ravel(), n_items)
        square = np.cumsum(weight / rest**2, axis=1)
        product += item_sums(
            (order[:, first] * n_items + order[:, second]).ravel(),
            (square[:, first] * (here[:, second] > 0)).ravel(),
            n_items * n_items,
        )
        product += item_sums(
            (order * (n_items + 1)).ravel(), (square * (here > 0)).ravel(), n_items * n_items
        )
    table = product.reshape(n_items, n_items)
    both = table + table.T
    both[place, place] = table[place, place]
    information = np.diag(expected) - both * worth * worth[:, None]
    return PlackettLuceTerms(
        float(rankings.won @ theta) - value, rankings.won - expected, information
    )

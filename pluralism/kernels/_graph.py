"""What a comparison graph can identify, found before any fit. Host kernels.

Ford (1957): the maximum likelihood estimate exists, finite and unique, exactly if the directed
graph "won at least once against" is strongly connected. If its undirected form is already in
pieces, differences between pieces have no estimate; if only the directed form is, the items of
a source component beat all others without ever losing.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from ._pairs import Pairs

__all__ = ["WinGraph", "linked", "win_graph"]

IntArray = npt.NDArray[np.int32]


class WinGraph(NamedTuple):
    """Connected pieces of a comparison graph."""

    n_components: int
    component: IntArray  # (items,): pieces that were never compared with each other
    n_strong: int
    strong: IntArray  # (items,): sets within which everyone is linked by wins in both directions
    undefeated: IntArray  # strong components that lose to nobody outside, inside larger pieces
    winless: IntArray  # strong components that beat nobody outside, inside larger pieces


def win_graph(pairs: Pairs) -> WinGraph:
    """Weakly and strongly connected components of the graph of wins."""
    n = pairs.n_items
    none = np.zeros(0, dtype=np.int32)
    one = np.zeros(n, dtype=np.int32)
    met = (pairs.won > 0) | (pairs.lost > 0)
    both = np.flatnonzero((pairs.won > 0) & (pairs.lost > 0))
    # Everyone is linked if each item exchanged wins with at least half of all others.
    degree = np.bincount(pairs.low[both], minlength=n) + np.bincount(pairs.high[both], minlength=n)
    if 2 * degree.min(initial=n) >= n:
        return WinGraph(1, one, 1, one, none, none)
    if linked(pairs.low, pairs.high, both, n):
        return WinGraph(1, one, 1, one, none, none)
    n_components, component = _components(pairs.low[met], pairs.high[met], n, "weak")
    up, down = pairs.won > 0, pairs.lost > 0
    winner = np.concatenate([pairs.low[up], pairs.high[down]])
    loser = np.concatenate([pairs.high[up], pairs.low[down]])
    n_strong, strong = _components(winner, loser, n, "strong")
    crossing = strong[winner] != strong[loser]
    beats = np.zeros(n_strong, dtype=bool)
    beats[strong[winner[crossing]]] = True
    loses = np.zeros(n_strong, dtype=bool)
    loses[strong[loser[crossing]]] = True
    return WinGraph(
        n_components,
        component,
        n_strong,
        strong,
        np.flatnonzero(beats & ~loses).astype(np.int32),
        np.flatnonzero(loses & ~beats).astype(np.int32),
    )


def linked(first: IntArray, second: IntArray, mutual: npt.NDArray[np.intp], n_items: int) -> bool:
    """Whether the `mutual` pairs, which either side has won, link everyone with everyone."""
    # A thin sample of them usually does.
    for sample in (mutual[:: max(1, len(mutual) // (8 * n_items))], mutual):
        if len(sample) >= n_items - 1:
            graph = _graph(first[sample], second[sample], n_items)
            if csgraph.connected_components(graph, connection="weak", return_labels=False) == 1:
                return True
    return False


def _components(
    source: IntArray, target: IntArray, n: int, connection: Literal["weak", "strong"]
) -> tuple[int, IntArray]:
    count, label = csgraph.connected_components(_graph(source, target, n), True, connection)
    # In order of first appearance, so that labels do not depend on the search.
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    return int(count), order[inverse].astype(np.int32)


def _graph(source: IntArray, target: IntArray, n: int) -> sparse.csr_array:
    edge = np.ones(len(source), np.int8)
    return sparse.coo_array((edge, (source, target)), shape=(n, n)).tocsr()

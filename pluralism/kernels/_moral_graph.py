"""Votes on which of two values is wiser, as edges of a graph: entropy, interval, wisdom, PageRank.

The four counters of an edge are, in this order: wiser, not wiser, unsure, less wise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "EdgeStatistics",
    "count_entropy",
    "drawn_statistics",
    "edge_statistics",
    "incoming",
    "leaky_pagerank",
    "likelihood_interval",
    "pagerank",
    "rank_down",
    "short_cycles",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


class EdgeStatistics(NamedTuple):
    """What the counters of edges come to; NaN where there is no vote."""

    likelihood: FloatArray  # (..., edges): (wiser - less wise) / votes
    entropy: FloatArray  # (..., edges): of the four counters, in bits
    published: FloatArray  # (..., edges): of the four and their impressions


def edge_statistics(counts: FloatArray, impressions: FloatArray) -> EdgeStatistics:
    """Statistics of `counts` (..., edges, 4) and `impressions` (..., edges)."""
    total = counts.sum(axis=-1)
    gap = counts[..., 0] - counts[..., 3]
    likelihood = np.divide(gap, total, out=np.full(total.shape, np.nan), where=total > 0)
    five = np.concatenate([counts, impressions[..., None]], axis=-1)
    return EdgeStatistics(likelihood, count_entropy(counts), count_entropy(five))


def drawn_statistics(
    counts: FloatArray,
    impressions: FloatArray,
    prior: float,
    n: int,
    generator: np.random.Generator,
) -> EdgeStatistics:
    """Statistics of n draws of the shares of `counts` (edges, 4), (n, edges).

    Shares follow Dirichlet(counts + prior), moved so that their mean is the observed share. The
    likelihood is moved as a whole and held in [-1, 1]; for the entropy, shares below 0 are 0.
    """
    total = counts.sum(axis=1)  # (edges,)
    observed = counts / np.maximum(total, 1)[:, None]
    center = (counts + prior) / (total[:, None] + 4 * prior)
    shares = generator.standard_gamma(counts + prior, (n, *counts.shape))
    shares /= shares.sum(axis=-1, keepdims=True)
    shares += observed - center
    gap = np.clip(shares[..., 0] - shares[..., 3], -1.0, 1.0)
    shares = np.maximum(shares, 0.0)
    shares *= (total / shares.sum(axis=-1))[..., None]
    statistics = edge_statistics(shares, np.broadcast_to(impressions, gap.shape))
    return statistics._replace(likelihood=np.where(total > 0, gap, np.nan))


def count_entropy(counts: FloatArray) -> FloatArray:
    """Shannon entropy of counts (..., categories) in bits; NaN where all are zero."""
    total = counts.sum(axis=-1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    terms = share * np.log2(np.where(share > 0, share, 1.0))
    return np.asarray(np.where(total[..., 0] > 0, np.abs(terms.sum(axis=-1)), np.nan))


def likelihood_interval(
    wiser: FloatArray, less: FloatArray, total: FloatArray, z: float
) -> FloatArray:
    """Score interval of (wiser - less) / total, a difference of shares of one sample, (..., 2).

    Tango (1998): the bounds are where the score statistic, its variance under the bound itself,
    is plus or minus z. It does not collapse for unanimous votes. NaN without votes.
    """
    votes = np.maximum(total, 1.0)
    estimate = (wiser - less) / votes

    def statistic(delta: FloatArray) -> FloatArray:
        b = -wiser - less + (2 * votes - wiser + less) * delta
        c = -less * delta * (1 - delta)
        share = (np.sqrt(np.maximum(b * b - 8 * votes * c, 0.0)) - b) / (4 * votes)
        variance = votes * (2 * share + delta * (1 - delta))
        gap = wiser - less - votes * delta
        return np.divide(
            gap,
            np.sqrt(np.maximum(variance, 0.0)),
            out=np.copysign(np.inf, gap),
            where=variance > 1e-300,
        )

    bounds = []
    for end, sign in ((-1.0, 1.0), (1.0, -1.0)):
        inner, outer = estimate.copy(), np.full_like(estimate, end)
        for _ in range(60):
            middle = (inner + outer) / 2
            inside = sign * statistic(middle) <= z
            inner, outer = np.where(inside, middle, inner), np.where(inside, outer, middle)
        bounds.append(np.where(estimate == end, end, inner))
    return np.where((total > 0)[..., None], np.stack(bounds, axis=-1), np.nan)


def incoming(weights: FloatArray, target: IntArray, n_values: int) -> FloatArray:
    """Sum of the weights (replicates, edges) that enter each value, (replicates, values)."""
    result = np.zeros((n_values, len(weights)))
    np.add.at(result, target, weights.T)
    return result.T


def pagerank(
    weights: FloatArray, source: IntArray, target: IntArray, n_values: int, damping: float
) -> FloatArray:
    """PageRank of each replicate's `weights` (replicates, edges); sums to one over the values.

    A value without outgoing weight hands its rank to all values alike. The iteration contracts
    by `damping`, so the number of steps to float64 precision is known beforehand.
    """
    share = _outgoing_shares(weights, source, n_values)
    dangling = incoming(weights, source, n_values) == 0  # (replicates, values)
    rank = np.full((len(weights), n_values), 1 / n_values)
    steps = 1 if damping == 0 else math.ceil(math.log(1e-16) / math.log(damping))
    for _ in range(steps):
        lost = (rank * dangling).sum(axis=1, keepdims=True)
        passed = incoming(rank[:, source] * share, target, n_values)
        rank = (1 - damping) / n_values + damping * (passed + lost / n_values)
    return rank / rank.sum(axis=1, keepdims=True)


def leaky_pagerank(
    weights: FloatArray,
    source: IntArray,
    target: IntArray,
    n_values: int,
    damping: float,
    steps: int,
) -> FloatArray:
    """Power iteration that loses what reaches values without outgoing weight, as published."""
    share = _outgoing_shares(weights, source, n_values)
    rank = np.full((len(weights), n_values), 1 / n_values)
    for _ in range(steps):
        passed = incoming(rank[:, source] * share, target, n_values)
        rank = (1 - damping) / n_values + damping * passed
    return rank


def _outgoing_shares(weights: FloatArray, source: IntArray, n_values: int) -> FloatArray:
    """Weight of each edge over the weight that leaves its source."""
    total = incoming(weights, source, n_values)[:, source]
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


def rank_down(scores: FloatArray) -> FloatArray:
    """Rank of each entry (..., n), 1 the largest; ties, up to rounding, share the best rank."""
    from scipy.stats import rankdata

    size = np.maximum(np.abs(scores).max(axis=-1, keepdims=True), 1e-300)
    return np.asarray(rankdata(-np.round(scores / size, 12), "min", axis=-1), dtype=np.float64)


def short_cycles(source: IntArray, target: IntArray, n_values: int) -> list[list[int]]:
    """Return one shortest cycle through each strongly connected set of values, by breadth first.

    Empty for an acyclic graph; a cycle starts at its lowest code.
    """
    from scipy import sparse
    from scipy.sparse import csgraph

    graph = sparse.csr_array((np.ones(len(source)), (source, target)), shape=(n_values, n_values))
    _, part = csgraph.connected_components(graph, directed=True, connection="strong")
    cycles = []
    for component in np.flatnonzero(np.bincount(part) > 1):
        members = np.flatnonzero(part == component)
        inner = graph[members][:, members]
        steps, before = csgraph.shortest_path(
            inner, unweighted=True, return_predecessors=True, method="D"
        )
        # The way from a to b, closed by an edge from b to a.
        tail, head = inner.nonzero()
        best = int(np.argmin(steps[head, tail]))
        way, at = [int(tail[best])], int(tail[best])
        while at != head[best]:
            at = int(before[head[best], at])
            way.append(at)
        cycle = [int(members[place]) for place in reversed(way)]
        first = cycle.index(min(cycle))
        cycles.append(cycle[first:] + cycle[:first])
    return sorted(cycles)

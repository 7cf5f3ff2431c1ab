"""Participants in a plane, and groups in that plane: PCA of incomplete votes, k-means, silhouette.

Missing votes are handled as Polis does: a comment's mean stands for them where components are
sought, and where participants are placed only their own votes count, pushed out by the root of
comments over votes so that few votes do not look like a moderate opinion.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Clusters", "Plane", "best_clusters", "opinion_plane", "silhouettes"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

#: Rows whose distances to everybody are held at once.
_BLOCK = 512
_MOST_STEPS = 300


class Plane(NamedTuple):
    """Principal components of votes, and where they put the participants."""

    position: FloatArray  # (participants, dimensions)
    loading: FloatArray  # (dimensions, comments)
    center: FloatArray  # (comments,)
    share: FloatArray  # (dimensions,): of the variance of the completed matrix


class Clusters(NamedTuple):
    """A partition of points."""

    label: IntArray  # (points,)
    center: FloatArray  # (k, dimensions)
    inertia: float  # sum of squared distances to the centers


def opinion_plane(votes: FloatArray, n_dimensions: int) -> Plane:
    """Place the rows of `votes`, NaN for none, on the leading principal components."""
    seen = ~np.isnan(votes)
    n_seen = seen.sum(axis=0)
    known = np.where(seen, votes, 0.0)
    center = known.sum(axis=0) / np.maximum(n_seen, 1)
    # The mean in place of a missing vote is zero once centred.
    away = np.where(seen, known - center, 0.0)  # (participants, comments)
    n, m = away.shape
    # The smaller of the two products has the same positive spectrum.
    spectrum, vectors = np.linalg.eigh(away.T @ away if m <= n else away @ away.T)
    order = np.argsort(spectrum)[::-1][:n_dimensions]
    total = max(spectrum.sum(), np.finfo(float).tiny)
    loading = (vectors if m <= n else away.T @ vectors)[:, order].T
    length = np.linalg.norm(loading, axis=1, keepdims=True)
    loading = np.divide(loading, length, out=np.zeros_like(loading), where=length > 1e-9)
    # A component without variance is rounding, and its direction arbitrary.
    loading[spectrum[order] <= 1e-12 * total] = 0.0
    # The largest loading is positive: the sign of a component is otherwise arbitrary.
    strongest = np.take_along_axis(loading, np.abs(loading).argmax(axis=1)[:, None], axis=1)
    loading = np.where(strongest < 0, -loading, loading)
    push = np.sqrt(m / np.maximum(seen.sum(axis=1), 1))
    position = (away @ loading.T) * push[:, None]
    return Plane(position, loading, center, np.maximum(spectrum[order], 0) / total)


def best_clusters(
    points: FloatArray, k: int, starts: int, generator: np.random.Generator
) -> Clusters:
    """k-means (Lloyd, k-means++ starts): the best of `starts`, largest cluster first.

    `points` must have at least k distinct rows.
    """
    runs = [_lloyd(points, _seeds(points, k, generator)) for _ in range(starts)]
    best = min(runs, key=lambda run: run.inertia)
    size = np.bincount(best.label, minlength=k)
    # Equal sizes are put in order of their centers, so that names do not depend on the starts.
    order = np.lexsort((*best.center.T[::-1], -size))
    rank = np.empty(k, dtype=np.intp)
    rank[order] = np.arange(k)
    return Clusters(rank[best.label], best.center[order], best.inertia)


def _seeds(points: FloatArray, k: int, generator: np.random.Generator) -> FloatArray:
    """k-means++: each further seed with probability in proportion to its squared distance."""
    chosen = [points[generator.integers(len(points))]]
    nearest = ((points - chosen[0]) ** 2).sum(axis=1)
    for _ in range(k - 1):
        at = int(np.searchsorted(np.cumsum(nearest), generator.random() * nearest.sum(), "right"))
        at = min(at, len(points) - 1)
        if nearest[at] == 0:  # rounding at the end of the sum
            at = int(nearest.argmax())
        chosen.append(points[at])
        nearest = np.minimum(nearest, ((points - points[at]) ** 2).sum(axis=1))
    return np.array(chosen)


def _lloyd(points: FloatArray, center: FloatArray) -> Clusters:
    k = len(center)
    label = np.full(len(points), -1, dtype=np.intp)
    for _ in range(_MOST_STEPS):
        # |x - c|^2 less |x|^2, which is the same for all centers.
        nearest = ((center**2).sum(axis=1) - 2 * points @ center.T).argmin(axis=1)
        size = np.bincount(nearest, minlength=k)
        while (size == 0).any():
            # An empty cluster takes the point that is farthest from its own center.
            square = ((points - center[nearest]) ** 2).sum(axis=1)
            farthest = np.where(size[nearest] > 1, square, -1.0).argmax()
            nearest[farthest] = int(np.flatnonzero(size == 0)[0])
            size = np.bincount(nearest, minlength=k)
        if (nearest == label).all():
            break
        label = nearest
        center = np.column_stack(
            [np.bincount(label, weights=axis, minlength=k) / size for axis in points.T]
        )
    return Clusters(label, center, float(((points - center[label]) ** 2).sum()))


def silhouettes(points: FloatArray, labels: list[IntArray]) -> list[FloatArray]:
    """Silhouette of every point under each of several partitions, in one pass over distances.

    (b - a) / max(a, b), a the mean distance within the cluster, b the least to another one; 0 for
    a point alone in its cluster (Rousseeuw 1987).
    """
    from scipy.spatial.distance import cdist

    members = [np.eye(label.max() + 1)[label] for label in labels]  # (points, k) each
    sizes = [member.sum(axis=0) for member in members]
    result = [np.zeros(len(points)) for _ in labels]
    stacked = np.concatenate(members, axis=1)
    ends = np.cumsum([len(size) for size in sizes])
    for start in range(0, len(points), _BLOCK):
        rows = slice(start, start + _BLOCK)
        total = cdist(points[rows], points) @ stacked  # (rows, all clusters)
        for place, part in enumerate(np.split(total, ends[:-1], axis=1)):
            own = labels[place][rows]
            at = np.arange(len(own))
            alone = sizes[place][own] == 1
            within = part[at, own] / np.maximum(sizes[place][own] - 1, 1)
            mean = part / sizes[place]
            mean[at, own] = np.inf
            other = mean.min(axis=1)
            largest = np.maximum(within, other)
            score = np.divide(other - within, largest, out=np.zeros(len(own)), where=largest > 0)
            result[place][rows] = np.where(alone, 0.0, score)
    return result

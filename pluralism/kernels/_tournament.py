"""Matrix algorithms on pairwise support: Borda, Copeland, widest paths, closures and tops.

Host kernels; the last two axes are the matrix, leading axes are batches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "borda_scores",
    "copeland_scores",
    "covering",
    "minimax_scores",
    "schulze_wins",
    "schwartz_members",
    "smith_members",
    "support_links",
    "transitive_closure",
    "widest_paths",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def borda_scores(wins: FloatArray, ties: FloatArray) -> FloatArray:
    """Sum of the row: one point for every opponent and voter that prefers it, half for a tie."""
    return wins.sum(axis=-1) + 0.5 * ties.sum(axis=-1)  # (..., alternatives)


def copeland_scores(margins: FloatArray) -> FloatArray:
    """Majority wins minus majority losses."""
    return np.sign(margins).sum(axis=-1)  # (..., alternatives)


def minimax_scores(links: FloatArray) -> FloatArray:
    """Minus the strength of the worst defeat; `links` is zero, or below, where there is none.

    The diagonal is zero, so that the undefeated have 0.
    """
    return -links.max(axis=-2)  # (..., alternatives)


def support_links(wins: FloatArray, margins: FloatArray, winning_votes: bool) -> FloatArray:
    """Strength of each majority, zero where there is none: its margin or its votes."""
    return np.where(margins > 0, wins if winning_votes else margins, 0.0)


def widest_paths(links: FloatArray) -> FloatArray:
    """Strength of the strongest path between each pair, by Floyd and Warshall's recursion."""
    paths = links.copy()  # (..., alternatives, alternatives)
    for via in range(paths.shape[-1]):
        np.maximum(paths, np.minimum(paths[..., :, via, None], paths[..., None, via, :]), out=paths)
    diagonal = np.arange(paths.shape[-1])
    paths[..., diagonal, diagonal] = 0.0
    return paths


def schulze_wins(margins: FloatArray) -> Any:
    """Whether each alternative wins by Schulze's rule on margins, for a batch of matrices."""
    paths = widest_paths(np.maximum(margins, 0.0))
    return np.all(paths >= np.swapaxes(paths, -1, -2), axis=-1)  # (..., alternatives)


def transitive_closure(relation: BoolArray) -> BoolArray:
    """Reachability along the relation, (alternatives, alternatives)."""
    reach = relation.copy()
    for via in range(len(reach)):
        reach |= reach[:, via, None] & reach[None, via, :]
    return reach


def smith_members(margins: FloatArray) -> BoolArray:
    """Members of the smallest set whose members all beat every outsider."""
    at_least = margins >= 0
    np.fill_diagonal(at_least, False)
    reach = transitive_closure(at_least)
    np.fill_diagonal(reach, True)
    return np.asarray(reach.all(axis=1))


def schwartz_members(margins: FloatArray) -> BoolArray:
    """Members of the union of minimal sets that no outsider beats."""
    reach = transitive_closure(margins > 0)
    return np.asarray(~(reach & ~reach.T).any(axis=0))


def covering(margins: FloatArray) -> dict[str, BoolArray]:
    """Covering relations by name; [a, b] is whether a covers b.

    With D(x) the alternatives that x beats and U(x) those that beat x: `gillies` a beats b and
    U(a) within U(b); `bordes` a beats b and D(b) within D(a); `mckelvey` both; `fishburn` U(a)
    properly within U(b).
    """
    beats = margins > 0
    n_alternatives = len(margins)
    up = np.empty((n_alternatives, n_alternatives), dtype=bool)
    down = np.empty_like(up)
    for a in range(n_alternatives):
        up[a] = ~(beats[:, a, None] & ~beats).any(axis=0)  # U(a) within U(b)
        down[a] = ~(beats & ~beats[a]).any(axis=1)  # D(b) within D(a)
    return {
        "gillies": beats & up,
        "bordes": beats & down,
        "mckelvey": beats & up & down,
        "fishburn": up & ~up.T,
    }

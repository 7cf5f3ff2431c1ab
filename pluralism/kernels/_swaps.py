"""Swap-dominance of one alternative over another in a profile. Host kernel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["swap_dominance_matrix"]


def swap_dominance_matrix(
    ranks: npt.NDArray[np.unsignedinteger], counts: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Whether every ranking with a above b outweighs its image under exchanging a and b.

    `ranks` is (ballots, alternatives), lower being better; equal rows are added up.
    """
    n_alternatives = ranks.shape[1]
    dominates = np.zeros((n_alternatives, n_alternatives), dtype=bool)
    for a in range(n_alternatives):
        for b in range(a + 1, n_alternatives):
            exchanged = ranks.copy()
            exchanged[:, [a, b]] = ranks[:, [b, a]]
            # Weight of each ranking less that of its image, met with a above b.
            both = np.concatenate([ranks, exchanged])
            weight = np.concatenate([counts, -counts])
            distinct, place = np.unique(both, axis=0, return_inverse=True)
            net = np.bincount(place.ravel(), weight, len(distinct))
            net = net[distinct[:, a] < distinct[:, b]]
            noise = 1e-12 * counts.sum()
            dominates[a, b] = bool((net >= -noise).all())
            dominates[b, a] = bool((net <= noise).all())
    return dominates

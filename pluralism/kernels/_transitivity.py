"""Stochastic transitivity over all triples. Host kernel.

For a triple in an order x, y, z with p_xy >= 1/2 and p_yz >= 1/2, transitivity is weak if
p_xz >= 1/2, moderate if p_xz >= min(p_xy, p_yz), strong if p_xz >= max(p_xy, p_yz). Each implies
the one before, so a triple has a level from 0 (none) to 3 (strong); of several orders that have
the premise (cycles, ties) the one that satisfies most counts, as in eba's strans.
"""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["TransitivityCounts", "levels", "prior_logs", "transitivity_counts", "triples"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

#: Shares closer than this are equal: sums of soft outcomes are rounded.
_SLACK = 1e-12


class TransitivityCounts(NamedTuple):
    """Violations of weak, moderate and strong transitivity, in this order."""

    violations: FloatArray  # (3,)
    by_item: FloatArray  # (3, items)
    deviation: FloatArray  # (3,): sum over violations of what p_xz lacks
    largest: FloatArray  # (3,)
    triples: float
    triples_by_item: FloatArray  # (items,)


def triples(share: FloatArray) -> list[tuple[int, IntArray, IntArray]]:
    """All x < y < z whose three pairs met, as (x, ys, zs); `share` is NaN where a pair did not."""
    met = ~np.isnan(share)
    found = []
    for x in range(len(share) - 2):
        near = x + 1 + np.flatnonzero(met[x, x + 1 :])
        if len(near) > 1:
            y, z = np.nonzero(np.triu(met[np.ix_(near, near)], 1))
            if len(y):
                found.append((x, near[y], near[z]))
    return found


def levels(xy: FloatArray, yz: FloatArray, xz: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Level of every triple, (...,), and what its p_xz lacks for each level, (3, ...)."""
    sides = {(0, 1): xy, (1, 0): 1 - xy, (1, 2): yz, (2, 1): 1 - yz, (0, 2): xz, (2, 0): 1 - xz}
    best = np.full(np.shape(xy), -1.0)
    lacks = np.zeros((3, *np.shape(xy)))
    for a, b, c in permutations(range(3)):
        first, second, third = sides[a, b], sides[b, c], sides[a, c]
        low, high = np.minimum(first, second), np.maximum(first, second)
        wanted = np.stack([np.full_like(low, 0.5), low, high])
        lack = wanted - third
        level = (lack <= _SLACK).sum(axis=0).astype(np.float64)
        better = (low >= 0.5 - _SLACK) & (
            (level > best) | ((level == best) & (lack.sum(axis=0) < lacks.sum(axis=0)))
        )
        best = np.where(better, level, best)
        lacks = np.where(better, lack, lacks)
    return best, lacks


def transitivity_counts(share: FloatArray) -> TransitivityCounts:
    """Count violations over all triples that met."""
    n = len(share)
    by_item, of_item = np.zeros((3, n)), np.zeros(n)
    violations, deviation, largest = np.zeros(3), np.zeros(3), np.zeros(3)
    for x, y, z in triples(share):
        level, lacks = levels(share[x, y], share[y, z], share[x, z])
        broken = level <= np.arange(3)[:, None]  # (3, triples)
        violations += broken.sum(axis=1)
        deviation += np.where(broken, lacks, 0).sum(axis=1)
        largest = np.maximum(largest, np.where(broken, lacks, 0).max(axis=1))
        of_item[x] += len(y)
        for ends in (y, z):
            of_item += np.bincount(ends, minlength=n)
        for axiom in range(3):
            by_item[axiom, x] += broken[axiom].sum()
            for ends in (y, z):
                by_item[axiom] += np.bincount(ends, broken[axiom], n)
    return TransitivityCounts(
        violations, by_item, deviation, largest, float(of_item.sum() / 3), of_item
    )


def prior_logs(n_items: int) -> FloatArray:
    """Log volume of weak, moderate and strong transitivity among all pair probabilities, (3,).

    Weak: n! orders of one in 2^C(n, 2). Strong: times the share of linear extensions of the
    staircase, one over the product of (2 k - 1)^(n - k), by the hook length formula. Moderate:
    known here for three items only.
    """
    k = np.arange(1, n_items)
    weak = np.log(np.arange(1, n_items + 1)).sum() - k.sum() * np.log(2)
    strong = weak - ((n_items - k) * np.log(2 * k - 1)).sum()
    moderate = np.log(0.5) if n_items == 3 else np.nan
    return np.array([weak, moderate, strong])

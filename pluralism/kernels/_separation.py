"""Does the likelihood increase without bound in some direction? Asked of a linear programme.

For a concave likelihood of outcomes, the maximum exists exactly if no direction keeps or raises
the log-probability of every observed vote while raising one (Albert and Anderson 1984). Along a
direction the outcomes first, second and tie gain eta / 2, -eta / 2 and t, so the question is one
of linear inequalities.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse

from ._bordered import Design

__all__ = ["separating_direction"]

FloatArray = npt.NDArray[np.float64]


def separating_direction(design: Design) -> FloatArray | None:
    """Direction in (utilities, parameters) along which the likelihood has no maximum, or None.

    Utilities under a prior, and parameters under one, cannot run away and are held at zero.
    """
    n, q = design.n_utilities, design.columns.shape[1]
    cells = len(design.first)
    size = n + q + design.has_tie
    # In units of its largest entry, a column is neither too small to be seen nor too large.
    largest = np.abs(design.columns).max(axis=0, initial=0.0)
    unit_of = np.where(largest > 0.0, largest, 1.0)
    parts = [sparse.csr_array(design.columns / unit_of)]
    if design.free:
        row = np.arange(cells)
        ones = np.ones(cells)
        parts.insert(
            0,
            sparse.coo_array(
                (
                    np.concatenate([ones, -ones]),
                    (np.concatenate([row, row]), np.concatenate([design.first, design.second])),
                ),
                shape=(cells, n),
            ).tocsr(),
        )
    eta = sparse.hstack(parts, format="csr")
    if design.has_tie:
        eta = sparse.hstack([eta, sparse.csr_array((cells, 1))], format="csr")
    unit = np.zeros((1, size))
    unit[0, -1] = 1.0
    first = np.flatnonzero(design.counts.first > 0)
    second = np.flatnonzero(design.counts.second > 0)
    tied = np.flatnonzero(design.counts.tied > 0)
    if not design.has_tie:
        # a tie that counts as half of each was seen both ways
        first, second = np.union1d(first, tied), np.union1d(second, tied)
    gains = [eta[first], -eta[second]]
    if design.has_tie:
        for sign, rows in ((0.5, first), (-0.5, second)):
            gains += [sign * eta[rows] - sparse.csr_array(np.repeat(unit, len(rows), axis=0))]
        for sign in (0.5, -0.5):
            gains += [sign * eta[tied] + sparse.csr_array(np.repeat(unit, len(tied), axis=0))]
    margin: Any = sparse.vstack(gains, format="csr")
    bound = np.ones(size)
    if design.ridge > 0.0:
        bound[:n] = 0.0
    bound[n : n + q][np.diagonal(design.precision) > 0] = 0.0
    lower = -bound
    if design.ties == "rao-kupper":
        lower[-1] = 0.0
    gain: Any = np.asarray(margin.sum(axis=0)).ravel()
    answer = optimize.linprog(
        -gain,
        A_ub=-margin,
        b_ub=np.zeros(margin.shape[0]),
        bounds=np.column_stack([lower, bound]),
        method="highs",
    )
    if answer.status != 0 or -answer.fun < 1e-6:
        return None
    direction = np.array(answer.x)
    direction[n : n + q] /= unit_of
    return direction

"""The proportional veto core. Host kernel.

A coalition T blocks an alternative if all of T strictly prefer each of B to it and
m |T| > n (m - |B|). The most dangerous pair (T, B) maximises m |T| + n |B| over the bicliques of
"prefers to the alternative", the independent sets of the complementary bipartite graph. By duality
nobody blocks exactly if every voter can hand m units to alternatives that it does not prefer, none
of which takes more than n: a maximum flow, whose least cut is the pair.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Blocking", "blocking_coalition"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: SciPy's maximum flow counts in 32 bits.
_LARGEST_FLOW = 2**31 - 1


class Blocking(NamedTuple):
    """A coalition that blocks an alternative, or the solver's complaint."""

    voters: BoolArray  # (ballots,)
    preferred: BoolArray  # (alternatives,): what all of them prefer
    message: str = ""


def blocking_coalition(prefers: BoolArray, counts: FloatArray) -> Blocking | None:
    """Find who blocks an alternative, given who strictly prefers what to it; None if nobody can.

    Parameters
    ----------
    prefers : bool array, (ballots, alternatives)
        Whether the ballot prefers the column to the alternative, whose own column is False.
    counts : float array, (ballots,)
        Weights, above zero.
    """
    n_alternatives = prefers.shape[1]
    total = counts.sum()
    whole = (counts == np.rint(counts)).all() and total * n_alternatives < _LARGEST_FLOW
    found = _by_flow(prefers, counts) if whole else _by_programme(prefers, counts)
    if isinstance(found, str):
        nobody = np.zeros(len(prefers), dtype=bool)
        return Blocking(nobody, np.zeros(n_alternatives, dtype=bool), found)
    voters = np.asarray(prefers[:, found].all(axis=1))
    power = n_alternatives * counts[voters].sum()
    # The boundary is strict; whole counts are compared exactly.
    if not found.any() or not power > total * (n_alternatives - found.sum()) * (1 + 1e-12):
        return None
    return Blocking(voters, np.asarray(prefers[voters].all(axis=0)))


def _by_flow(prefers: BoolArray, counts: FloatArray) -> BoolArray:
    """What the blocking coalition prefers, if any does: the alternatives beyond the least cut."""
    import scipy.sparse as sp
    from scipy.sparse import csgraph

    n_ballots, m = prefers.shape
    source, sink = n_ballots + m, n_ballots + m + 1
    supply = (m * counts).astype(np.int32)
    voter, alternative = np.nonzero(~prefers)
    ends = (
        np.concatenate([np.full(n_ballots, source), voter, n_ballots + np.arange(m)]),
        np.concatenate([np.arange(n_ballots), n_ballots + alternative, np.full(m, sink)]),
    )
    room = np.full(m, counts.sum(), dtype=np.int32)
    capacity = np.concatenate([supply, supply[voter], room])
    network = sp.csr_array((capacity, ends), shape=(sink + 1, sink + 1))
    flow = csgraph.maximum_flow(network, source, sink).flow
    left = sp.csr_array(network - flow)
    left.eliminate_zeros()
    reached = np.zeros(sink + 1, dtype=bool)
    reached[csgraph.breadth_first_order(left, source, return_predecessors=False)] = True
    return ~reached[n_ballots : n_ballots + m]


def _by_programme(prefers: BoolArray, counts: FloatArray) -> BoolArray | str:
    """The same for any weights, by a linear programme whose constraints are unimodular."""
    import scipy.sparse as sp
    from scipy.optimize import linprog

    n_ballots, m = prefers.shape
    row, column = np.nonzero(~prefers)
    ones, place = np.ones(len(row)), np.arange(len(row))
    constraints = sp.csr_array(
        (
            np.concatenate([ones, ones]),
            (np.concatenate([place, place]), np.concatenate([row, n_ballots + column])),
        ),
        shape=(len(row), n_ballots + m),
    )
    gain = np.concatenate([m * counts / counts.sum(), np.ones(m)])
    solved = linprog(-gain, A_ub=constraints, b_ub=ones, bounds=(0, 1), method="highs")
    return solved.x[n_ballots:] > 0.5 if solved.status == 0 else str(solved.message)

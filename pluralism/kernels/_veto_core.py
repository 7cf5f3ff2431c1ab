"""The proportional veto core. Host kernel.

A coalition T blocks an alternative if all of T strictly prefer each of B to it and
m |T| > n (m - |B|). The most dangerous pair (T, B) maximises m |T| + n |B| over the bicliques of
"prefers to the alternative": an independent set of the complementary bipartite graph, whose
constraints t_i + b_j <= 1 are totally unimodular, so a linear programme finds it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Blocking", "blocking_coalition"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


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
    import scipy.sparse as sp
    from scipy.optimize import linprog

    n_ballots, n_alternatives = prefers.shape
    total = counts.sum()
    row, column = np.nonzero(~prefers)
    ones = np.ones(len(row))
    place = np.arange(len(row))
    constraints = sp.csr_array(
        (
            np.concatenate([ones, ones]),
            (np.concatenate([place, place]), np.concatenate([row, n_ballots + column])),
        ),
        shape=(len(row), n_ballots + n_alternatives),
    )
    # Shares: m |T| / n + |B| > m.
    gain = np.concatenate([n_alternatives * counts / total, np.ones(n_alternatives)])
    solved = linprog(-gain, A_ub=constraints, b_ub=ones, bounds=(0, 1), method="highs")
    nobody = np.zeros(n_ballots, dtype=bool)
    if solved.status != 0:
        return Blocking(nobody, np.zeros(n_alternatives, dtype=bool), str(solved.message))
    preferred = solved.x[n_ballots:] > 0.5
    voters = np.asarray(prefers[:, preferred].all(axis=1))
    power = n_alternatives * counts[voters].sum()
    needed = total * (n_alternatives - preferred.sum())
    # The boundary is strict; whole counts are compared exactly.
    if not preferred.any() or not power > needed * (1 + 1e-12):
        return None
    return Blocking(voters, np.asarray(prefers[voters].all(axis=0)))

"""Rewards and values that come closest to given utilities. Host kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["ValueFit", "fit_values"]

FloatArray = npt.NDArray[np.float64]


class ValueFit(NamedTuple):
    """Least squares solution; `implied` is unique, the others are of smallest norm."""

    reward: FloatArray  # (options,)
    value: FloatArray  # (options,)
    implied: FloatArray  # (options,): reward + discount * expected value of what follows


def fit_values(
    utility: FloatArray,
    transition: FloatArray,
    rewarded: npt.NDArray[np.bool_],
    discount: float,
    weight: float,
) -> ValueFit:
    """Minimise |V' - V|^2 + weight |V' - U|^2 over V and R, with V' = R + discount T V.

    Rewards of options that are not `rewarded` are zero. Linear in V and R, so solved at once.
    """
    n = len(utility)
    follow = discount * transition
    own = np.eye(n)[:, rewarded]
    scale = np.sqrt(weight)
    matrix = np.block([[follow - np.eye(n), own], [scale * follow, scale * own]])
    target = np.concatenate([np.zeros(n), scale * utility])
    solution = np.linalg.lstsq(matrix, target, rcond=None)[0]
    reward = np.zeros(n)
    reward[rewarded] = solution[n:]
    return ValueFit(reward, solution[:n], reward + follow @ solution[:n])

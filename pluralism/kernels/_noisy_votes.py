"""What voters with known utilities say of pairs, and how far apart they are. Host kernels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit

__all__ = ["Spread", "expected_support", "strict_support", "utility_spread"]

FloatArray = npt.NDArray[np.float64]


class Spread(NamedTuple):
    """Utility of each alternative over a population, and what of it the means explain."""

    mean: FloatArray  # (alternatives,)
    variance: FloatArray  # (alternatives,): between voters
    explained: float  # Var[mean] / (Var[mean] + mean variance); NaN if nothing varies


def expected_support(values: FloatArray, share: FloatArray, beta: float | None) -> FloatArray:
    """Share of the votes that prefers the row to the column, (alternatives, alternatives).

    Voters with utilities u answer by Bradley-Terry at `beta`, P = 1 / (1 + exp(-beta (u_a - u_b))),
    or without noise if it is None, indifference being half of each.
    """
    n_alternatives = values.shape[1]
    support = np.zeros((n_alternatives, n_alternatives))
    for a in range(n_alternatives):
        gap = values[:, a, None] - values  # (voters, alternatives)
        support[a] = share @ (expit(beta * gap) if beta is not None else 0.5 * (1 + np.sign(gap)))
    np.fill_diagonal(support, 0.0)
    return support


def strict_support(values: FloatArray, weight: FloatArray) -> FloatArray:
    """Weight of the voters who value the row above the column, (alternatives, alternatives)."""
    return np.stack([weight @ (column[:, None] > values) for column in values.T])


def utility_spread(values: FloatArray, share: FloatArray) -> Spread:
    """Means, variances between voters, and the share of variance that the means explain."""
    mean = share @ values
    variance = share @ (values - mean) ** 2
    between, within = float(mean.var()), float(variance.mean())
    total = between + within
    return Spread(mean, variance, between / total if total > 0 else float("nan"))

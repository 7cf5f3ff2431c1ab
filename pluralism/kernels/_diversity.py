"""Diversity of order q, with and without similarity between categories (host kernels).

Shapes: p (rows, categories), orders (orders,); results (rows, orders).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["log_power_sum", "renyi_entropy", "similarity_diversity", "tsallis_entropy"]

FloatArray = npt.NDArray[np.float64]


def renyi_entropy(p: FloatArray, orders: FloatArray) -> FloatArray:
    """``ln(sum p^q) / (1 - q)`` with its limits at 1 and infinity; the Hill number is its exp."""
    return _by_order(p, p, orders)


def tsallis_entropy(p: FloatArray, orders: FloatArray) -> FloatArray:
    """``(1 - sum p^q) / (q - 1)`` with its limits at 1 and infinity."""
    result = np.empty((len(p), len(orders)))
    for column, q in enumerate(orders):
        if q == 1.0:
            result[:, column] = _by_order(p, p, np.array([1.0]))[:, 0]
        elif q == np.inf:
            result[:, column] = 0.0
        else:
            result[:, column] = -np.expm1(log_power_sum(p, p, q - 1.0)) / (q - 1.0)
    return result


def similarity_diversity(p: FloatArray, similarity: FloatArray, orders: FloatArray) -> FloatArray:
    """Leinster and Cobbold's ``(sum p (Zp)^(q-1))^(1/(1-q))``."""
    return np.exp(_by_order(p, p @ similarity.T, orders))


def _by_order(p: FloatArray, ordinariness: FloatArray, orders: FloatArray) -> FloatArray:
    """Logarithm of the diversity of each order, the ordinariness of category i being (Zp)_i."""
    result = np.empty((len(p), len(orders)))
    for column, q in enumerate(orders):
        if q == np.inf:
            result[:, column] = -np.log(np.where(p > 0.0, ordinariness, 0.0).max(axis=1))
        elif q == 1.0:
            result[:, column] = -(p * _log(p, ordinariness)).sum(axis=1)
        else:
            result[:, column] = -log_power_sum(p, ordinariness, q - 1.0) / (q - 1.0)
    return result + 0.0  # no negative zero


def log_power_sum(p: FloatArray, ordinariness: FloatArray, power: float) -> FloatArray:
    """``ln sum p o^power`` (rows,), accurate near power 0 and for large powers alike."""
    log = _log(p, ordinariness)  # (rows, categories)
    if abs(power) < 0.5:
        return np.log1p((p * np.expm1(power * log)).sum(axis=1))
    # The largest term is taken out, so that no power of a small share underflows.
    exponent = np.where(p > 0.0, power * log, -np.inf)
    top = exponent.max(axis=1, keepdims=True)
    return np.log((p * np.exp(exponent - top)).sum(axis=1)) + top[:, 0]


def _log(p: FloatArray, ordinariness: FloatArray) -> FloatArray:
    """Logarithm of the ordinariness, 0 where p is 0 (such terms carry no weight)."""
    return np.log(np.where(p > 0.0, ordinariness, 1.0))

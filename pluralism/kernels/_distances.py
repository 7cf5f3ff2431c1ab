"""Distances between distributions along the last axis (host kernels).

Shapes: p, q (..., categories), broadcast against each other; results (...). Sums are one. Every
distance of a distribution to itself is exactly 0, and rounding never leaves its bounds.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = [
    "hellinger",
    "js_divergence",
    "js_divergence_among",
    "kl_divergence",
    "manhattan",
    "total_variation",
    "wasserstein",
]

FloatArray = npt.NDArray[np.float64]


def js_divergence(p: FloatArray, q: FloatArray) -> FloatArray:
    """Jensen-Shannon divergence in nats.

    With m = (p + q) / 2 and d = (p - q) / (p + q) it is
    ``sum m [(1 + d) ln(1 + d) + (1 - d) ln(1 - d)] / 2``: symmetric to the last bit, exactly 0
    for p = q, and without the cancellation of the difference of entropies.
    """
    from scipy.special import xlog1py

    total = p + q
    d = (p - q) / np.where(total > 0.0, total, 1.0)
    term = xlog1py(1.0 + d, d) + xlog1py(1.0 - d, -d)
    return np.clip(0.25 * (total * term).sum(axis=-1), 0.0, math.log(2.0))


def js_divergence_among(p: FloatArray, weights: FloatArray) -> FloatArray:
    """``H(sum w p) - sum w H(p)`` of p (..., distributions, categories), weights (..., d)."""
    from scipy.special import entr, rel_entr

    mean = (weights[..., None] * p).sum(axis=-2, keepdims=True)
    divergence = rel_entr(p, mean).sum(axis=-1)  # (..., distributions)
    # A distribution of weight 0 may lie outside the mean's support, infinitely far from it.
    divergence = np.where(weights > 0.0, divergence, 0.0)
    return np.clip((weights * divergence).sum(axis=-1), 0.0, entr(weights).sum(axis=-1))


def kl_divergence(p: FloatArray, q: FloatArray) -> FloatArray:
    """``sum p ln(p / q)``; infinite where q is 0 and p is not."""
    from scipy.special import kl_div

    # p ln(p/q) - p + q: each term is at least 0, and the added ones cancel.
    return kl_div(p, q).sum(axis=-1)


def total_variation(p: FloatArray, q: FloatArray) -> FloatArray:
    """``sum |p - q| / 2``."""
    return np.minimum(0.5 * np.abs(p - q).sum(axis=-1), 1.0)


def manhattan(p: FloatArray, q: FloatArray) -> FloatArray:
    """``sum |p - q|``."""
    return np.minimum(np.abs(p - q).sum(axis=-1), 2.0)


def hellinger(p: FloatArray, q: FloatArray) -> FloatArray:
    """``||sqrt p - sqrt q|| / sqrt 2``."""
    square = np.square(np.sqrt(p) - np.sqrt(q)).sum(axis=-1)
    return np.minimum(np.sqrt(0.5 * square), 1.0)


def wasserstein(p: FloatArray, q: FloatArray, gaps: FloatArray) -> FloatArray:
    """Wasserstein-1 distance, ``sum |P - Q| gap`` over the gaps between ascending positions."""
    difference = p - q
    cumulated = np.cumsum(difference[..., :-1], axis=-1)
    np.abs(cumulated, out=cumulated)
    if gaps.ndim == 1:
        return cumulated @ gaps
    return (cumulated * gaps).sum(axis=-1)

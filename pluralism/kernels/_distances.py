"""Distances between distributions along the last axis (host kernels).

Shapes: p, q (..., categories), broadcast against each other; results (...). Sums are one. Every
distance of a distribution to itself is exactly 0, and rounding never leaves its bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ._entropy import BLOCK

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
    return reduce_in_blocks(_js_divergence, p, q)


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

    # p ln(p/q) - p + q: each term is at least 0 but for rounding, and the added ones cancel.
    return np.maximum(kl_div(p, q).sum(axis=-1), 0.0)


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
    # A last gap of 0 keeps the arrays contiguous; the cumulated difference is 0 there anyway.
    gaps = np.concatenate([gaps, np.zeros_like(gaps[..., :1])], axis=-1)
    if gaps.shape[-1] < p.shape[-1]:  # a single category
        return np.zeros(np.broadcast_shapes(p.shape, q.shape)[:-1])
    if gaps.ndim == 1:
        return reduce_in_blocks(lambda p, q: _cumulated(p, q) @ gaps, p, q)
    return (_cumulated(p, q) * gaps).sum(axis=-1)


def reduce_in_blocks(
    kernel: Callable[[FloatArray, FloatArray], FloatArray], p: FloatArray, q: FloatArray
) -> FloatArray:
    """Apply a kernel that reduces the last axis to blocks of rows that stay in a core's cache."""
    if p.shape != q.shape:
        p, q = np.broadcast_arrays(p, q)
    k = p.shape[-1]
    step = max(1, BLOCK // k)
    if p.size <= BLOCK:
        return kernel(p, q)
    left, right = p.reshape(-1, k), q.reshape(-1, k)
    parts = [
        kernel(left[start : start + step], right[start : start + step])
        for start in range(0, len(left), step)
    ]
    return np.concatenate(parts).reshape(p.shape[:-1])


def _js_divergence(p: FloatArray, q: FloatArray) -> FloatArray:
    from scipy.special import xlog1py

    total = p + q
    # 0 / 1e-300 where neither has mass.
    d = (p - q) / (total + 1e-300)
    term = xlog1py(1.0 + d, d)
    term += xlog1py(1.0 - d, -d)
    term *= total
    return np.clip(0.25 * term.sum(axis=-1), 0.0, math.log(2.0))


def _cumulated(p: FloatArray, q: FloatArray) -> FloatArray:
    """Absolute differences (..., categories) of the distribution functions."""
    difference = p - q
    np.cumsum(difference, axis=-1, out=difference)
    return np.abs(difference, out=difference)

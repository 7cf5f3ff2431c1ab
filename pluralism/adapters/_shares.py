"""Shares from the log-likelihoods that harnesses give to options."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["softmax"]


def softmax(likelihoods: Sequence[float]) -> list[float]:
    """Return the shares of options that are proportional to their likelihoods."""
    values = np.asarray(likelihoods, dtype=np.float64)
    weights = np.exp(values - values.max())
    return (weights / weights.sum()).tolist()

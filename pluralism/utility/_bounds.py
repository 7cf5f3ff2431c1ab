"""Intervals for rates, and p-values adjusted for their number."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate

__all__ = ["adjusted", "rate_bounds", "wilson"]

FloatArray = npt.NDArray[np.float64]

#: Our names of the corrections, and those of statsmodels.
_CORRECTIONS = {"holm": "holm", "bh": "fdr_bh", "bonferroni": "bonferroni"}


def rate_bounds(rate: FloatArray, stderr: FloatArray, n: int, level: float) -> FloatArray:
    """Bounds symmetric in the log-odds, (..., 2).

    A rate of 0 or 1, whose standard error says nothing, has the exact binomial bound for `n`.
    """
    from scipy import special

    tail = 0.5 * (1 - _validate.level("level", level))
    inside = (rate > 0) & (rate < 1)
    centre = special.logit(np.where(inside, rate, 0.5))
    half = -special.ndtri(tail) * stderr / np.where(inside, rate * (1 - rate), 1.0)
    far = 1 - tail ** (1 / n)
    lower = np.where(inside, special.expit(centre - half), np.where(rate == 0, 0.0, 1 - far))
    upper = np.where(inside, special.expit(centre + half), np.where(rate == 0, far, 1.0))
    return np.stack([lower, upper], axis=-1)


def wilson(hits: float, n: float, level: float) -> tuple[float, float]:
    """Interval of Wilson (1927) for a share of independent trials."""
    from statsmodels.stats.proportion import proportion_confint

    lower, upper = proportion_confint(hits, n, 1 - _validate.level("level", level), "wilson")
    return float(lower), float(upper)


def adjusted(pvalues: Any, correction: str) -> FloatArray:
    """Adjust p-values for their number; NaN stays NaN and does not count."""
    from statsmodels.stats.multitest import multipletests

    _validate.one_of("correction", correction, (*_CORRECTIONS, "none"))
    result = np.array(pvalues, dtype=np.float64)
    known = ~np.isnan(result)
    if correction != "none" and known.any():
        result[known] = multipletests(result[known], method=_CORRECTIONS[correction])[1]
    return result

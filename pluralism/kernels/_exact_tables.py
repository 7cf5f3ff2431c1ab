"""Fisher's exact test of many two-by-two tables, and their common odds ratio. Host kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["CommonOdds", "common_odds", "fisher_pvalues"]

FloatArray = npt.NDArray[np.float64]


class CommonOdds(NamedTuple):
    """A log odds ratio common to all tables."""

    log_ratio: float
    stderr: float


def fisher_pvalues(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
    """Two-sided p-values of tables ((a, b), (c, d)) of whole counts, (tables,).

    Tables at most as likely as the observed one count, as in R and SciPy. Each set of margins is
    worked out once.
    """
    cells = np.stack([a, b, c, d]).astype(np.int64)
    distinct, where = np.unique(cells, axis=1, return_inverse=True)
    first, column = distinct[0] + distinct[1], distinct[0] + distinct[2]
    margins = np.stack([first, column, distinct.sum(axis=0)])
    sets, which = np.unique(margins, axis=1, return_inverse=True)
    pvalues = np.empty(distinct.shape[1])
    for place, (row, left, total) in enumerate(sets.T):
        tables = np.flatnonzero(which.ravel() == place)
        lowest = max(0, row + left - total)
        support = np.arange(lowest, min(row, left) + 1)
        chance = np.exp(
            _log_choose(row, support) + _log_choose(total - row, left - support)
            - _log_choose(total, left)
        )  # fmt: skip
        order = np.argsort(chance)
        below = np.cumsum(chance[order])
        observed = chance[distinct[0, tables] - lowest]
        # Equal chances differ by rounding.
        last = np.searchsorted(chance[order], observed * (1 + 1e-7), side="right") - 1
        pvalues[tables] = np.minimum(below[last], 1.0)
    return pvalues[where.ravel()]


def common_odds(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> CommonOdds:
    """Mantel-Haenszel estimate of the log odds ratio ad / bc over tables, with its error.

    Robins, Breslow and Greenland (1986), Biometrics 42, eq. 4. Infinite where one diagonal is
    empty, NaN where both are.
    """
    n = a + b + c + d
    kept = n > 0
    a, b, c, d, n = (part[kept] for part in (a, b, c, d, n))
    r, s = a * d / n, b * c / n
    top, bottom = float(r.sum()), float(s.sum())
    if top == 0 or bottom == 0:
        sign = np.sign(top - bottom)
        return CommonOdds(float(sign * np.inf) if sign else float("nan"), float("nan"))
    p, q = (a + d) / n, (b + c) / n
    variance = (
        (p * r).sum() / (2 * top**2)
        + (p * s + q * r).sum() / (2 * top * bottom)
        + (q * s).sum() / (2 * bottom**2)
    )
    return CommonOdds(float(np.log(top / bottom)), float(np.sqrt(variance)))


def _log_choose(n: npt.ArrayLike, k: npt.ArrayLike) -> FloatArray:
    n, k = np.asarray(n, float), np.asarray(k, float)
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))

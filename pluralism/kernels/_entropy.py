"""Entropy of many distributions at once, from counts (host kernels).

Every kernel takes counts of shape (rows, categories) and returns (rows,) in nats. Rows are worked
through in blocks that stay in a core's cache, and the bias-corrected forms touch only the counts
that are not zero.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = [
    "chao_shen_entropy",
    "dirichlet_entropy",
    "grassberger_1988_entropy",
    "grassberger_entropy",
    "in_blocks",
    "miller_madow_entropy",
    "plugin_entropy",
    "plugin_with_bias",
]

FloatArray = npt.NDArray[np.float64]

#: Entries of a block: 256 kB of float64.
BLOCK = 1 << 15
#: Counts up to this are looked up in a table of n ln n.
_TABLE = 1 << 16


def in_blocks(
    kernel: Callable[[FloatArray], FloatArray], counts: FloatArray, *, width: int = 0
) -> FloatArray:
    """Apply `kernel` to blocks of rows and join its results; a row needs `width` entries."""
    step = max(1, BLOCK // max(width, counts.shape[1]))
    if counts.shape[0] <= step:
        return kernel(counts)
    starts = range(0, counts.shape[0], step)
    return np.concatenate([kernel(counts[start : start + step]) for start in starts])


def plugin_entropy(counts: FloatArray) -> FloatArray:
    """Entropy of the observed shares, ``-sum p ln p`` with ``0 ln 0 = 0``."""
    return in_blocks(_plugin, counts)


def plugin_with_bias(counts: FloatArray) -> FloatArray:
    """Plug-in and its estimated bias, -(S - 1) / 2n: (rows, 2); the bias of shares is 0."""
    if (counts[0] % 1.0).any():  # shares
        return np.column_stack([plugin_entropy(counts), np.zeros(len(counts))])
    largest = counts.max()
    if largest > _TABLE:
        return in_blocks(_plugin_and_bias, counts)
    n = np.arange(largest + 1.0)
    n_log_n = n * np.log(np.maximum(n, 1.0))
    return in_blocks(lambda block: _tabled(block, n_log_n), counts)


def miller_madow_entropy(counts: FloatArray) -> FloatArray:
    """Plug-in plus the first term of its bias, (S - 1) / 2n, S categories being seen."""
    seen = np.count_nonzero(counts, axis=1)
    return plugin_entropy(counts) + (seen - 1) / (2.0 * counts.sum(axis=1))


def chao_shen_entropy(counts: FloatArray) -> FloatArray:
    """Coverage-adjusted Horvitz-Thompson sum, ``-sum C p ln(C p) / (1 - (1 - C p)^n)``."""
    return in_blocks(_chao_shen, counts)


def grassberger_entropy(counts: FloatArray) -> FloatArray:
    """Grassberger (2003): ``ln n - sum n_i G(n_i) / n``."""
    return in_blocks(_grassberger, counts)


def grassberger_1988_entropy(counts: FloatArray) -> FloatArray:
    """Grassberger (1988): ``sum n_i [ln n - psi(n_i) - (-1)^n_i / (n_i + 1)] / n``."""
    return in_blocks(_grassberger_1988, counts)


def dirichlet_entropy(counts: FloatArray, k: int, concentration: float) -> FloatArray:
    """Posterior mean of the entropy under a symmetric Dirichlet prior over k categories."""
    from scipy.special import digamma

    def block(counts: FloatArray) -> FloatArray:
        row, count = _nonzero(counts)
        a = count + concentration
        absent = k - np.count_nonzero(counts, axis=1)
        weight = counts.sum(axis=1) + k * concentration  # (rows,)
        inner = _sum_rows(row, a * digamma(a + 1.0), len(counts))
        inner += absent * concentration * digamma(concentration + 1.0)
        return digamma(weight + 1.0) - inner / weight

    return in_blocks(block, counts)


def _plugin(counts: FloatArray) -> FloatArray:
    p = counts / counts.sum(axis=1, keepdims=True)  # (rows, categories)
    # Far below the last bit of any share that matters, and 0 ln 1e-300 = 0.
    term = p + 1e-300
    np.log(term, out=term)
    term *= p
    return np.abs(term.sum(axis=1))


def _plugin_and_bias(counts: FloatArray) -> FloatArray:
    whole = (counts == np.floor(counts)).all(axis=1)
    bias = (np.count_nonzero(counts, axis=1) - 1) / (-2.0 * counts.sum(axis=1))
    return np.column_stack([_plugin(counts), np.where(whole, bias, 0.0)])


def _tabled(counts: FloatArray, n_log_n: FloatArray) -> FloatArray:
    """As `_plugin_and_bias`, by ``ln n - sum n_i ln n_i / n``: a look-up costs less than a log."""
    code = counts.astype(np.intp)
    if (code != counts).any():
        return _plugin_and_bias(counts)
    n = counts.sum(axis=1)
    seen = np.count_nonzero(code, axis=1)
    entropy = np.log(n) - n_log_n[code].sum(axis=1) / n
    # One category has exactly none, which the difference gives only up to rounding.
    entropy = np.where(seen == 1, 0.0, np.maximum(entropy, 0.0))
    return np.column_stack([entropy, (seen - 1) / (-2.0 * n)])


def _chao_shen(counts: FloatArray) -> FloatArray:
    n = counts.sum(axis=1)  # (rows,)
    singletons = np.count_nonzero(counts == 1.0, axis=1)
    # All singletons would give a coverage of zero; one of them is counted as seen twice.
    singletons = np.where(singletons == n, n - 1.0, singletons)
    row, count = _nonzero(counts)
    p = ((1.0 - singletons / n) / n)[row] * count
    # p = 1, a single category, is certain to be seen: -expm1(n log 0) = 1.
    with np.errstate(divide="ignore"):
        seen = -np.expm1(n[row] * np.log1p(-p))
    return np.abs(_sum_rows(row, p * np.log(p) / seen, len(counts)))


def _grassberger(counts: FloatArray) -> FloatArray:
    from scipy.special import digamma

    row, count = _nonzero(counts)
    sign = 1.0 - 2.0 * (count % 2.0)
    # digamma((n + 1) / 2) - digamma(n / 2) loses no more than the last digits at large n.
    g = digamma(count) + 0.5 * sign * (digamma(0.5 * (count + 1.0)) - digamma(0.5 * count))
    n = counts.sum(axis=1)
    return np.log(n) - _sum_rows(row, count * g, len(counts)) / n


def _grassberger_1988(counts: FloatArray) -> FloatArray:
    from scipy.special import digamma

    row, count = _nonzero(counts)
    sign = 1.0 - 2.0 * (count % 2.0)
    n = counts.sum(axis=1)
    correction = digamma(count) + sign / (count + 1.0)
    return np.log(n) - _sum_rows(row, count * correction, len(counts)) / n


def _nonzero(counts: FloatArray) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Row and value of every count that is not zero."""
    flat = np.flatnonzero(counts)
    return flat // counts.shape[1], counts.ravel()[flat]


def _sum_rows(row: npt.NDArray[np.intp], value: FloatArray, rows: int) -> FloatArray:
    return np.bincount(row, weights=value, minlength=rows).astype(np.float64, copy=False)

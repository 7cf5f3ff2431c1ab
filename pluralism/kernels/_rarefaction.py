"""Expected numbers of categories in smaller and larger samples (host kernels).

Chao et al. (2014), Ecological Monographs 84, 45: interpolation is exact, extrapolation rests on
the Chao1 estimate of what was not seen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["expected_richness", "unseen"]

FloatArray = npt.NDArray[np.float64]


def unseen(counts: FloatArray) -> FloatArray:
    """Chao1's estimate (...) of the categories not met, from whole counts (..., categories)."""
    n = counts.sum(axis=-1)
    once = np.count_nonzero(counts == 1.0, axis=-1)
    twice = np.count_nonzero(counts == 2.0, axis=-1)
    pairs = np.where(twice > 0, once**2 / np.maximum(2.0 * twice, 1.0), once * (once - 1.0) / 2.0)
    return (n - 1.0) / n * pairs


def expected_richness(counts: FloatArray, sizes: FloatArray) -> FloatArray:
    """Expected categories (rows, sizes) in samples of each size, from counts (rows, categories).

    Below n, ``sum_i 1 - C(n - n_i, m) / C(n, m)``; above, with m more answers,
    ``S + f0 (1 - (1 - f1 / (n f0 + f1))^m)``.
    """
    from scipy.special import gammaln

    n = counts.sum(axis=1, keepdims=True)  # (rows, 1)
    seen = np.count_nonzero(counts, axis=1)[:, None]
    result = np.empty((len(counts), len(sizes)))
    extra = unseen(counts)[:, None]
    once = np.count_nonzero(counts == 1.0, axis=1)[:, None]
    base = n * extra + once
    share = np.divide(once, base, out=np.zeros_like(base), where=base > 0.0)
    for column, m in enumerate(sizes):
        inside = np.minimum(m, n)  # (rows, 1)
        left = n - counts - inside
        # C(n - n_i, m) / C(n, m) is 0 where fewer than m others are left.
        log_absent = (
            gammaln(n - counts + 1.0)
            - gammaln(np.maximum(left, 0.0) + 1.0)
            + gammaln(n - inside + 1.0)
            - gammaln(n + 1.0)
        )
        absent = np.where(left >= 0.0, np.exp(np.minimum(log_absent, 0.0)), 0.0)
        present = np.where(counts > 0.0, 1.0 - absent, 0.0).sum(axis=1, keepdims=True)
        beyond = np.maximum(m - n, 0.0)
        more = seen - extra * np.expm1(beyond * np.log1p(-np.minimum(share, 1.0 - 1e-16)))
        result[:, column] = np.where(m <= n, present, more)[:, 0]
    return result

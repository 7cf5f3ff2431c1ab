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
        log_absent = _log_absent(n, np.where(left >= 0.0, counts, 0.0), inside)
        absent = np.where(left >= 0.0, np.exp(np.minimum(log_absent, 0.0)), 0.0)
        present = np.where(counts > 0.0, 1.0 - absent, 0.0).sum(axis=1, keepdims=True)
        present = np.clip(present, 1.0, np.minimum(inside, seen))  # but for rounding it is
        beyond = np.maximum(m - n, 0.0)
        more = seen - extra * np.expm1(beyond * np.log1p(-np.minimum(share, 1.0 - 1e-16)))
        result[:, column] = np.where(m <= n, present, more)[:, 0]
    return result


def _log_absent(n: FloatArray, count: FloatArray, size: FloatArray) -> FloatArray:
    """``ln C(n - count, size) / C(n, size)`` for count + size <= n.

    It is ln G(a) + ln G(b) - ln G(c) - ln G(d) with a + b = c + d. These are of order n ln n and
    would leave no digit of their difference at n = 1e15, so Stirling's main terms are subtracted
    by hand: what remains is of the order of the smaller of `count` and `size`.
    """
    few, many = np.minimum(count, size), np.maximum(count, size)
    a, b, c, d = n - many + 1.0, n - few + 1.0, n - many - few + 1.0, n + 1.0
    main = (b - 0.5) * np.log1p(-few / d) - (a - 0.5) * np.log1p(-few / a) + few * np.log(c / d)
    return main + _stirling(a) + _stirling(b) - _stirling(c) - _stirling(d)


def _stirling(x: FloatArray) -> FloatArray:
    """``ln G(x) - [(x - 1/2) ln x - x + ln(2 pi) / 2]`` for x >= 1."""
    from scipy.special import gammaln

    small = np.minimum(x, 30.0)
    direct = gammaln(small) - (small - 0.5) * np.log(small) + small - 0.5 * np.log(2.0 * np.pi)
    square = 1.0 / np.square(x)
    series = (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0))) / x
    return np.where(x < 30.0, direct, series)

"""Rank association of two measures, with an interval and a permutation p-value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError
from . import _inputs

__all__ = ["RankAssociation", "rank_association"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RankAssociation:
    """A rank correlation.

    Attributes
    ----------
    estimate : float
        In [-1, 1].
    interval : tuple of float
        By Fisher's z; NaN below five observations, and where the order is the same (or
        reversed) throughout, where Fisher's z would claim certainty.
    pvalue : float
        Two-sided, by permutation.
    method : str
        "spearman" or "kendall".
    n : int
        Observations.
    partial : bool
        Whether a covariate was partialled out.
    """

    estimate: float
    interval: tuple[float, float]
    pvalue: float
    method: str
    n: int
    partial: bool


def rank_association(
    x: Any,
    y: Any,
    *,
    covariate: Any = None,
    method: str = "spearman",
    level: float = 0.95,
    n_permutations: int = 9999,
    seed: Any = None,
) -> RankAssociation:
    r"""Rank correlation of two measures, with a covariate partialled out on request.

    Parameters
    ----------
    x, y : array-like, (n,)
        Measures of the same n systems or items.
    covariate : array-like, (n,), optional
        What both may follow, such as a model's size or general capability.
    method : {"spearman", "kendall"}
        Correlation of mid-ranks, or tau-b.
    level : float
        Coverage of the interval, in (0, 1).
    n_permutations : int
        Permutations for the p-value; all of them where there are no more than that.
    seed : int, numpy.random.Generator, optional
        Of the permutations.

    Returns
    -------
    RankAssociation

    Raises
    ------
    DataError
        If a measure is constant or no number, there are fewer than three observations, or one
        of the measures follows the covariate exactly.

    Notes
    -----
    Intervals by Fisher's z with the standard errors of Bonett and Wright (2000) for Spearman,
    :math:`\sqrt{(1 + r^2/2)/(n - 3 - p)}`, and of Fieller et al. (1957) for Kendall,
    :math:`\sqrt{.437/(n - 4 - p)}`, with p = 1 under a covariate. A partial Spearman correlation
    is that of the residuals of the ranks, and its permutations are of those of y (Freedman and
    Lane 1983), approximate; a partial tau is Kendall's formula.

    Examples
    --------
    >>> from pluralism.scores import rank_association
    >>> result = rank_association([1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5])
    >>> print(f"{result.estimate:.3f} {result.pvalue:.3f}")
    0.829 0.058
    """
    from itertools import permutations
    from math import factorial

    from scipy.stats import norm, rankdata

    _validate.one_of("method", method, ("spearman", "kendall"))
    level = _validate.level("level", level)
    n_permutations = _validate.whole_number("n_permutations", n_permutations, at_least=1)
    a, b = (_inputs.numbers(name, value, at_least=3) for name, value in (("x", x), ("y", y)))
    z = None if covariate is None else _inputs.numbers("covariate", covariate)
    n = _inputs.same_length(x=a, y=b, covariate=z)
    for name, column in (("x", a), ("y", b), ("covariate", z)):
        if column is not None and np.ptp(column) == 0:
            raise DataError(f"`{name}` is constant; it has no rank correlation with anything")
    a, b = rankdata(a), rankdata(b)
    ranked = None if z is None else rankdata(z)
    partial = ranked is not None
    if method == "spearman":
        left, right = _centred(a), _centred(b)
        if ranked is not None:
            left, right = _residual(left, ranked, "x"), _residual(right, ranked, "y")
        fitted = _centred(b) - right if ranked is not None else None

        def statistic(order: Any) -> float:
            moved = right[order]
            if fitted is not None:
                try:
                    moved = _residual(fitted + moved, ranked, "y")
                except DataError:  # this order leaves nothing beyond the covariate
                    return 0.0
            return float(left @ moved / np.sqrt((left @ left) * (moved @ moved)))

    else:
        signs = [_signs(column) for column in (a, b)]
        with_z = None if ranked is None else _signs(ranked)

        def statistic(order: Any) -> float:
            other = signs[1][np.ix_(order, order)]
            tau = _tau(signs[0], other)
            if with_z is None:
                return tau
            rest = (1 - _tau(signs[0], with_z) ** 2) * (1 - _tau(other, with_z) ** 2)
            if rest < 1e-12:
                return float("nan")
            return float((tau - _tau(signs[0], with_z) * _tau(other, with_z)) / np.sqrt(rest))

    estimate = statistic(np.arange(n))
    if np.isnan(estimate):
        raise DataError(
            "`covariate` orders the systems exactly as `x` or `y` does; nothing is left"
        )
    if n <= 10 and factorial(n) <= n_permutations:
        drawn = np.array([statistic(np.array(order)) for order in permutations(range(n))])
        p = float((np.abs(drawn) >= abs(estimate) - 1e-12).mean())
    else:
        rng = _validate.generator("seed", seed)
        drawn = np.array([statistic(rng.permutation(n)) for _ in range(n_permutations)])
        p = float((1 + (np.abs(drawn) >= abs(estimate) - 1e-12).sum()) / (n_permutations + 1))
    spare = n - (3 if method == "spearman" else 4) - partial
    interval = (float("nan"), float("nan"))
    if spare > 0 and abs(estimate) < 1 - 1e-12:
        variance = (1.0 + estimate**2 / 2) / spare if method == "spearman" else 0.437 / spare
        centre = np.arctanh(estimate)
        half = norm.ppf((1 + level) / 2) * np.sqrt(variance)
        interval = (float(np.tanh(centre - half)), float(np.tanh(centre + half)))
    return RankAssociation(float(np.clip(estimate, -1, 1)), interval, p, method, n, partial)


def _centred(ranks: FloatArray) -> FloatArray:
    return ranks - ranks.mean()


def _residual(column: FloatArray, ranked: Any, name: str) -> FloatArray:
    z = _centred(ranked)
    left = column - z * ((z @ column) / (z @ z))
    if left @ left < 1e-12 * max(float(column @ column), 1.0):
        raise DataError(f"`{name}` follows `covariate` exactly; nothing is left to correlate")
    return left


def _signs(ranks: FloatArray) -> FloatArray:
    return np.sign(np.subtract.outer(ranks, ranks))


def _tau(a: FloatArray, b: FloatArray) -> float:
    """Kendall's tau-b from two matrices of signs of differences."""
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))

"""How split answers along an ordered scale are."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from .._labelled import take
from .._validate import distributions, number
from ..errors import DataError
from ._positions import positions

__all__ = ["agreement_a", "bimodality", "polarization"]

FloatArray = npt.NDArray[np.float64]


def polarization(
    counts: Any,
    *,
    values: Any = None,
    alpha: float = 1.3,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Polarization of Esteban and Ray, ``sum_ij p_i^(1 + alpha) p_j |y_i - y_j|``.

    Groups that identify within themselves (alpha) and are alienated from the others (distance)
    polarize: it is largest for two equal groups at the ends, not for the even spread that
    maximises the entropy.

    Parameters
    ----------
    counts : array_like, DataArray, frame, Series or mapping, shape (..., categories)
        Counts or probabilities, finite and not negative; they are divided by their sum.
    values : array_like, Series or mapping, shape (categories,), optional
        Positions y of the categories; equal steps from 0 to 1 by default.
    alpha : float
        Weight of identification, in [0, 1.6]; the axioms admit (0, 1.6], and 0 gives the Gini
        mean difference.
    axis : int
        The axis of the categories.
    dim : hashable, optional
        The dimension of the categories of labelled input.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        Between 0 (one group) and ``2^-(1 + alpha)`` times the span of `values`, two equal groups
        at its ends.

    Raises
    ------
    DataError
        A negative or infinite entry or NaN, a vector without any count, an empty axis, `alpha`
        out of range, or positions that do not fit.

    References
    ----------
    J.-M. Esteban and D. Ray, Econometrica 62, 819 (1994), theorem 1.

    Examples
    --------
    >>> from pluralism.perspective import polarization
    >>> polarization([0.5, 0, 0, 0, 0.5])
    0.203063...
    >>> polarization([0.2, 0.2, 0.2, 0.2, 0.2])
    0.049362...
    """
    weights, layout = take("counts", counts, axis=axis, dim=dim)
    p = distributions("counts", weights, normalize=True)
    number("alpha", alpha, at_least=0.0, at_most=1.6)
    y = positions(values, layout, p.shape[-1], unit=True)
    distance = np.abs(y[:, None] - y)  # (categories, categories)
    result = (p ** (1.0 + alpha) * (p @ distance)).sum(axis=-1)
    return layout.wrap(result, attrs={"alpha": alpha})


def agreement_a(counts: Any, *, axis: int = -1, dim: Hashable | None = None) -> Any:
    """Agreement A of van der Eijk for ordered categories.

    The frequencies are cut into layers, each a pattern of empty and occupied categories. A layer
    has unimodality U = ((K - 2) TU - (K - 1) TDU) / ((K - 2) (TU + TDU)), TU and TDU being its
    triples of categories with pattern 110 or 011, and 101, and agreement U (1 - (S - 1) /
    (K - 1)) with S occupied categories; A is the mean over layers, weighted by their share.

    Parameters
    ----------
    counts : array_like, DataArray, frame, Series or mapping, shape (..., categories)
        Counts or probabilities over at least two ordered categories.
    axis : int
        The axis of the categories.
    dim : hashable, optional
        The dimension of the categories of labelled input.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        1 for all in one category, 0 for an even spread, -1 for two halves at the ends.

    Raises
    ------
    DataError
        A negative or infinite entry or NaN, a vector without any count, or fewer than two
        categories.

    References
    ----------
    C. van der Eijk, Quality and Quantity 35, 325 (2001).

    Examples
    --------
    >>> from pluralism.perspective import agreement_a
    >>> agreement_a([6, 8, 5, 3, 2])
    0.3125
    """
    values, layout = take("counts", counts, axis=axis, dim=dim)
    p = distributions("counts", values, normalize=True)
    k = p.shape[-1]
    if k < 2:
        raise DataError("`counts` has one category; agreement needs at least two")
    floor = np.zeros((*p.shape[:-1], 1))
    result = np.zeros(p.shape[:-1])
    ascending = np.sort(p, axis=-1)
    for layer in range(k):
        top = ascending[..., layer : layer + 1]
        pattern = (p >= top) & (top > floor)  # (..., categories)
        height = top[..., 0] - floor[..., 0]
        result += height * pattern.sum(axis=-1) * _layer_agreement(pattern, k)
        floor = top
    return layout.wrap(np.clip(result, -1.0, 1.0))


def bimodality(
    counts: Any, *, values: Any = None, axis: int = -1, dim: Hashable | None = None
) -> Any:
    """Bimodality coefficient of Sarle, ``(skewness^2 + 1) / kurtosis``, of a distribution.

    Parameters
    ----------
    counts : array_like, DataArray, frame, Series or mapping, shape (..., categories)
        Counts or probabilities; moments are those of the distribution, without a correction for
        small samples.
    values : array_like, Series or mapping, shape (categories,), optional
        Positions of the categories; 0, 1, 2, ... by default. Only their relative spacing counts.
    axis : int
        The axis of the categories.
    dim : hashable, optional
        The dimension of the categories of labelled input.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        In (0, 1]: 1 for two points, 1/3 for a normal and 5/9 for a continuous uniform
        distribution; NaN where all answers are at one position.

    Raises
    ------
    DataError
        A negative or infinite entry or NaN, a vector without any count, an empty axis, or
        positions that do not fit.

    References
    ----------
    SAS/STAT User's Guide, The CLUSTER Procedure (1989); R. Pfister et al., Front. Psychol. 4,
    700 (2013).

    Examples
    --------
    >>> from pluralism.perspective import bimodality
    >>> bimodality([40, 8, 4, 8, 40])
    0.871111...
    """
    weights, layout = take("counts", counts, axis=axis, dim=dim)
    p = distributions("counts", weights, normalize=True)
    y = positions(values, layout, p.shape[-1])
    y = (y - y.min()) / (np.ptp(y) or 1.0)  # the coefficient has no unit, powers of it overflow
    highest = np.where(p > 0.0, y, -np.inf).max(axis=-1)
    lowest = np.where(p > 0.0, y, np.inf).min(axis=-1)
    centred = y - (p @ y)[..., None]  # (..., categories)
    m2, m3, m4 = ((p * centred**power).sum(axis=-1) for power in (2, 3, 4))
    m2 = np.where((highest > lowest) & (m2 > 0.0), m2, np.nan)
    # (m3^2 / m2^3 + 1) / (m4 / m2^2), in ratios that do not underflow before the moments do.
    return layout.wrap(np.minimum(((m3 / m2) ** 2 + m2) / (m4 / m2), 1.0))


def _layer_agreement(pattern: npt.NDArray[np.bool_], k: int) -> FloatArray:
    """Agreement of patterns (..., categories) of empty and occupied categories."""
    occupied = pattern.astype(np.float64)
    number_occupied = occupied.sum(axis=-1)
    left = np.cumsum(occupied, axis=-1) - occupied
    right = number_occupied[..., None] - left - occupied
    empty = 1.0 - occupied
    split = (empty * left * right).sum(axis=-1)  # 101
    together = 0.5 * (empty * (left * (left - 1.0) + right * (right - 1.0))).sum(axis=-1)
    triples = together + split
    # Without a triple that tells, a pattern counts as unimodal.
    unimodality = np.where(
        triples > 0.0,
        ((k - 2.0) * together - (k - 1.0) * split) / np.maximum((k - 2.0) * triples, 1.0),
        1.0,
    )
    return unimodality * (1.0 - (number_occupied - 1.0) / (k - 1.0))

"""What is an answer worth to a jury? Jurors' ratings under a welfare function."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _labelled, _validate
from ..errors import DataError

__all__ = ["jury_score"]

FloatArray = npt.NDArray[np.float64]


def jury_score(
    ratings: Any,
    *,
    welfare: str = "mean",
    weights: Any = None,
    rho: float | None = None,
    q: float | None = None,
    axis: int = -1,
    dim: Any = None,
) -> Any:
    r"""Aggregate jurors' ratings by a welfare function (the jury-pluralistic benchmark).

    Parameters
    ----------
    ratings : array-like, DataArray or frame, (..., jurors)
        What each juror gives; NaN where a juror abstains, who then does not count.
    welfare : {"mean", "min", "nash", "ces", "quantile"}
        Utilitarian mean; the worst-off juror; geometric mean; the mean of constant elasticity
        :math:`(\sum w x^\rho)^{1/\rho}`; or the `q` quantile of the jurors (inverse of the
        weighted distribution, so always a juror's own rating).
    weights : array-like, (jurors,), optional
        How much each juror counts, above zero; "min" does not use them.
    rho : float, optional
        For "ces": at most 1. 1 is the mean, 0 Nash, minus infinity the minimum.
    q : float, optional
        For "quantile": in (0, 1]; 0.5 is the lower median.
    axis, dim : int, hashable
        The jurors' axis, or dimension.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray
        One score for each set of ratings; NaN where every juror abstains.

    Raises
    ------
    DataError
        If a rating is negative under "nash" or "ces", or an option is missing or out of range.

    References
    ----------
    T. Sorensen et al. (2024), A roadmap to pluralistic alignment, ICML, section 3.3.

    Examples
    --------
    >>> from pluralism.jury import jury_score
    >>> jury_score([1.0, 4.0], welfare="nash")
    2.0
    >>> jury_score([[1.0, 4.0], [2.0, 2.0]], welfare="min")
    array([1., 2.])
    """
    _validate.one_of("welfare", welfare, ("mean", "min", "nash", "ces", "quantile"))
    if (rho is not None) != (welfare == "ces"):
        raise DataError("`rho` belongs to welfare='ces', which needs it")
    if (q is not None) != (welfare == "quantile"):
        raise DataError("`q` belongs to welfare='quantile', which needs it")
    values, layout = _labelled.take("ratings", ratings, axis=axis, dim=dim, allow_nan=True)
    weight = _juror_weights(weights, values.shape[-1])
    there = np.isfinite(values)
    share = np.where(there, weight, 0.0)
    total = share.sum(axis=-1, keepdims=True)
    share = share / np.where(total > 0, total, 1.0)
    filled = np.where(there, values, 1.0)
    if welfare in ("nash", "ces"):
        _validate.within("ratings", values, 0.0, what=f"ratings under {welfare!r} welfare")
    if welfare == "min":
        result = np.where(there, values, np.inf).min(axis=-1)
    elif welfare == "quantile":
        level = _validate.number("q", q, above=0.0, at_most=1.0)
        result = _quantile(np.where(there, values, np.inf), share, level)
    elif welfare == "mean":
        result = (share * filled).sum(axis=-1)
    else:
        power = 0.0 if rho is None else _power(rho)
        result = _power_mean(filled, share, power)
    result = np.where(total[..., 0] > 0, result, np.nan)
    return layout.wrap(result)


def _power(rho: Any) -> float:
    if rho == -np.inf:
        return -np.inf
    return _validate.number("rho", rho, at_most=1.0)


def _power_mean(values: FloatArray, share: FloatArray, power: float) -> FloatArray:
    used = share > 0
    if power == -np.inf:
        return np.asarray(np.where(used, values, np.inf).min(axis=-1))
    with np.errstate(divide="ignore"):
        logs = np.where(used, np.log(np.where(used, values, 1.0)), 0.0)
    if power == 0.0:
        return np.asarray(np.exp(np.where(used, share * logs, 0.0).sum(axis=-1)))
    if power < 0.0:
        zero = (used & (values == 0)).any(axis=-1)
    else:
        zero = ~(used & (values > 0)).any(axis=-1)
    if abs(power) < 1e-3:
        # log(mean of exp(power l)) / power around the mean of l: near 0 the logarithm is of
        # nearly one, and its rounding would be divided by power.
        inner = np.where(used & np.isfinite(logs), logs, 0.0)
        centre = (share * inner).sum(axis=-1, keepdims=True)
        gap = np.where(used & np.isfinite(logs), np.expm1(power * (inner - centre)), -1.0)
        gap = np.where(used, gap, 0.0)
        with np.errstate(divide="ignore", over="ignore"):  # where `zero` holds
            result = np.exp(np.log1p((share * gap).sum(axis=-1)) / power + centre[..., 0])
        return np.where(zero, 0.0, result)
    # log-sum-exp, so that large |rho| does not overflow
    scaled = np.where(used & np.isfinite(logs), power * logs, -np.inf)
    top = np.where(np.isfinite(scaled), scaled, -np.inf).max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        mean = np.log((share * np.exp(scaled - top)).sum(axis=-1)) + top[..., 0]
        result = np.exp(mean / power)
    return np.where(zero, 0.0, result)


def _quantile(values: FloatArray, share: FloatArray, level: float) -> FloatArray:
    """Smallest rating that at least `level` of the jurors' weight does not exceed."""
    order = np.argsort(values, axis=-1, kind="stable")
    below = np.cumsum(np.take_along_axis(share, order, axis=-1), axis=-1)
    place = (below >= level - 1e-12).argmax(axis=-1)
    chosen = np.take_along_axis(order, place[..., None], axis=-1)
    return np.take_along_axis(values, chosen, axis=-1)[..., 0]


def _juror_weights(weights: Any, n: int) -> FloatArray:
    if weights is None:
        return np.ones(n)
    array = _validate.finite_array("weights", weights, ndim=1)
    if len(array) != n or (array <= 0).any():
        raise DataError(f"`weights` must hold {n} numbers above zero; got {array.tolist()}")
    return array

"""How uncertain an answer is: entropy, estimated from counts."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .._labelled import take
from .._validate import counts_or_shares, number, one_of, whole_number
from ..errors import DataError, SmallSampleWarning
from ..kernels import _entropy as kernels

__all__ = ["entropy"]

FloatArray = npt.NDArray[np.float64]
Estimator = Literal["plugin"]

_KERNELS = {"plugin": kernels.plugin_entropy}

#: Estimated bias (nats) of the plug-in from which it warns: about two answers per category seen.
LARGE_BIAS = 0.2


def entropy(
    counts: Any,
    *,
    estimator: Estimator = "plugin",
    k: int | None = None,
    base: float | None = None,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Shannon entropy of each distribution, ``H = -sum_i p_i log p_i``.

    Parameters
    ----------
    counts : array_like, DataArray, frame, Series or mapping, shape (..., categories)
        Counts or probabilities, finite and not negative; they are divided by their sum.
    estimator : {"plugin"}
        How `H` is estimated from the counts.
    k : int, optional
        Number of possible categories, if more than are given.
    base : float, optional
        Base of the logarithm, positive and not 1; natural by default.
    axis : int
        The axis of the categories.
    dim : hashable, optional
        The dimension of the categories of labelled input.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        Entropy in nats, or in units of ``log(base)``: at least 0, of the plug-in at most log k.

    Raises
    ------
    DataError
        A negative or infinite entry or NaN, a vector without any count, an empty axis, `k` below
        the number of categories given, or an unknown option.

    Warns
    -----
    SmallSampleWarning
        The plug-in of counts whose estimated bias, -(S - 1) / 2n for S categories seen in n
        answers, is beyond -0.2 nats: about two answers or fewer per category seen. Probabilities
        (anything but whole numbers) never warn, since their sample size is unknown.

    Examples
    --------
    >>> from pluralism.perspective import entropy
    >>> entropy([60, 30, 10], base=2)
    1.295461...
    """
    values, layout = take("counts", counts, axis=axis, dim=dim)
    one_of("estimator", estimator, _KERNELS)
    possible(values, k)
    counts_or_shares("counts", values)
    rows = values.reshape(-1, values.shape[-1])
    result = _KERNELS[estimator](rows)
    if estimator == "plugin":
        _warn_of_bias(rows)
    result = (result / log_base(base)).reshape(values.shape[:-1])
    return layout.wrap(result, attrs={"estimator": estimator, "base": base or "e"})


def possible(values: FloatArray, k: int | None) -> int:
    """Return the number of possible categories."""
    given = values.shape[-1]
    if k is None:
        return given
    whole_number("k", k)
    if k < given:
        raise DataError(f"`k` is {k}, but {given} categories are given; k counts all that could be")
    return k


def log_base(base: float | None) -> float:
    """Return the divisor that turns nats into the unit of `base`."""
    if base is None:
        return 1.0
    if number("base", base, above=0.0) == 1.0:
        raise DataError("`base` is 1; a logarithm has no base 1")
    return math.log(base)


def _warn_of_bias(counts: FloatArray) -> None:
    if (counts[0] != np.floor(counts[0])).any() or (counts != np.floor(counts)).any():
        return
    bias = ((counts > 0).sum(axis=1) - 1) / (2.0 * counts.sum(axis=1))
    large = bias > LARGE_BIAS
    if large.any():
        warnings.warn(
            f"the plug-in entropy is too low by an estimated {np.median(bias[large]):.2f} nats "
            f"or more in {int(large.sum())} of {len(large)} distributions: few answers per "
            "category seen. Choose another `estimator`, such as 'chao-shen'",
            SmallSampleWarning,
            stacklevel=3,
        )

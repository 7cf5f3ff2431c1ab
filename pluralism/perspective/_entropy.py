"""How uncertain an answer is: entropy, estimated from counts."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _quiet
from .._labelled import take
from .._validate import counts_or_shares, number, one_of, whole_number
from ..errors import DataError, SmallSampleWarning
from ..kernels import _entropy as kernels
from ..kernels._nsb import nsb_entropy

__all__ = ["entropy", "normalized_entropy"]

FloatArray = npt.NDArray[np.float64]
Estimator = Literal[
    "plugin",
    "miller-madow",
    "chao-shen",
    "grassberger",
    "grassberger-1988",
    "nsb",
    "dirichlet",
]

#: Bias-corrected estimators that need nothing but the counts, by name.
_KERNELS = {
    "miller-madow": kernels.miller_madow_entropy,
    "chao-shen": kernels.chao_shen_entropy,
    "grassberger": kernels.grassberger_entropy,
    "grassberger-1988": kernels.grassberger_1988_entropy,
}
ESTIMATORS = ("plugin", *_KERNELS, "nsb", "dirichlet")

#: Estimated bias (nats) of the plug-in from which it warns: about two answers per category seen.
LARGE_BIAS = 0.2


def entropy(
    counts: Any,
    *,
    estimator: Estimator = "plugin",
    k: int | None = None,
    base: float | None = None,
    concentration: float | None = None,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Shannon entropy of each distribution, ``H = -sum_i p_i log p_i``.

    Parameters
    ----------
    counts : array_like, DataArray, frame, Series or mapping, shape (..., categories)
        Counts or probabilities, finite and not negative; they are divided by their sum.
    estimator : str
        How `H` is estimated: "plugin", "miller-madow", "chao-shen", "grassberger" (2003),
        "grassberger-1988", "nsb" or "dirichlet". All but the plug-in correct its downward bias
        and need whole counts.
        "plugin" is exact for known probabilities and for large counts; "chao-shen" is the choice
        where the number of categories is unknown, "nsb" where `k` is known (see the Notes).
    k : int, optional
        Number of possible categories, if more than are given; by default the length of the axis,
        zero counts included. "nsb" and "dirichlet" depend on it, the others do not.
    base : float, optional
        Base of the logarithm, above 1; natural by default.
    concentration : float, optional
        Of "dirichlet" alone: the prior count of every category, above 0; 1/2 (Jeffreys) by
        default, 1 is Laplace's and 1/k Perks'.
    axis : int
        The axis of the categories.
    dim : hashable, optional
        The dimension of the categories of labelled input.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        Entropy in nats, or in units of ``log(base)``. The plug-in and the two posterior means
        lie in [0, log k]; a corrected estimate may exceed log k.

    Raises
    ------
    DataError
        A negative or infinite entry or NaN, a vector without any count, an empty axis, `k` below
        the number of categories given, an unknown option, or an estimator other than the plug-in
        for numbers that are no whole counts.

    Warns
    -----
    SmallSampleWarning
        The plug-in of counts whose estimated bias, -(S - 1) / 2n for S categories seen in n
        answers, is beyond -0.2 nats: about two answers or fewer per category seen. Probabilities
        (anything but whole numbers) never warn, since their sample size is unknown. The
        threshold is high on purpose: a bias of a tenth of a nat is usual and says little.

    Notes
    -----
    For counts n_i with sum n, S of them positive:

    * plug-in: ``-sum (n_i / n) log(n_i / n)``, with ``0 log 0 = 0``;
    * Miller-Madow [1]_: plug-in + (S - 1) / 2n;
    * Chao-Shen [2]_: ``-sum C p log(C p) / (1 - (1 - C p)^n)``, C = 1 - (singletons) / n;
    * Grassberger [3]_: ``log n - sum n_i G(n_i) / n`` with
      ``G(n) = psi(n) + (-1)^n [psi((n + 1) / 2) - psi(n / 2)] / 2``; the form of 1988 [4]_ is
      ``sum n_i [log n - psi(n_i) - (-1)^n_i / (n_i + 1)] / n``;
    * NSB [5]_: posterior mean under a mixture of symmetric Dirichlet priors whose expected
      entropy is uniform on [0, log k];
    * Dirichlet: posterior mean under one symmetric prior.

    References
    ----------
    .. [1] G. Miller, Note on the bias of information estimates, 1955.
    .. [2] A. Chao and T.-J. Shen, Environ. Ecol. Stat. 10, 429 (2003).
    .. [3] P. Grassberger, arXiv:physics/0307138 (2003).
    .. [4] P. Grassberger, Phys. Lett. A 128, 369 (1988).
    .. [5] I. Nemenman, F. Shafee and W. Bialek, NIPS 14 (2002), arXiv:physics/0108025.

    Examples
    --------
    >>> from pluralism.perspective import entropy
    >>> entropy([60, 30, 10], base=2)
    1.295461...
    >>> entropy([4, 2, 1, 1, 0, 0], estimator="nsb", k=20)
    1.725610...
    """
    values, layout = take("counts", counts, axis=axis, dim=dim)
    result = estimate(values, estimator, k=k, concentration=concentration) / log_base(base)
    return layout.wrap(result, attrs={"estimator": estimator, "base": base or "e"})


def normalized_entropy(
    counts: Any,
    *,
    estimator: Estimator = "plugin",
    k: int | None = None,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Entropy as a share of its maximum, ``H / log k``.

    The answer depends on `k`, the number of categories that could have been met, whether they
    were or not: one dominant view among five gives another figure than among eight.

    Parameters
    ----------
    counts, estimator, axis, dim
        As in `entropy`.
    k : int, optional
        Number of possible categories, at least 2. By default the length of the axis, zero counts
        included; the categories that happen to have been seen never decide it. The value used is
        in the attribute ``k`` of a labelled result.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        0 for one view, 1 for all views equally; a bias-corrected estimate may exceed 1.

    Raises
    ------
    DataError
        As in `entropy`, or fewer than two categories.

    Warns
    -----
    SmallSampleWarning
        As in `entropy`.

    Examples
    --------
    The five top-level clusters of "Values in the Wild" (2025):

    >>> from pluralism.perspective import normalized_entropy
    >>> normalized_entropy([31.4, 22.2, 21.4, 13.9, 11.1])
    0.960635...
    """
    values, layout = take("counts", counts, axis=axis, dim=dim)
    k = possible(values, k)
    if k < 2:
        raise DataError("`k` is 1; the entropy over one category has no maximum to compare with")
    result = estimate(values, estimator, k=k) / math.log(k)
    return layout.wrap(result, attrs={"estimator": estimator, "k": k})


def estimate(
    values: FloatArray,
    estimator: str,
    *,
    k: int | None = None,
    concentration: float | None = None,
) -> FloatArray:
    """Entropy (...) in nats of finite `values` (..., categories), with all other checks."""
    one_of("estimator", estimator, ESTIMATORS)
    k = possible(values, k)
    whole = None if estimator == "plugin" else f"the estimator {estimator!r}"
    counts_or_shares("counts", values, whole=whole)
    if concentration is not None and estimator != "dirichlet":
        raise DataError(f"`concentration` belongs to the estimator 'dirichlet', not {estimator!r}")
    rows = values.reshape(-1, values.shape[-1])
    if estimator == "dirichlet":
        prior = (
            0.5
            if concentration is None
            else number("concentration", concentration, above=0.0, at_most=1e100)
        )
        result = kernels.dirichlet_entropy(rows, k, prior)
    elif estimator == "nsb":
        result = nsb_entropy(rows, k) if k > 1 else np.zeros(len(rows))
    elif estimator == "plugin":
        result, bias = kernels.plugin_with_bias(rows).T
        _warn_of_bias(bias)
    else:
        result = _KERNELS[estimator](rows)
    return result.reshape(values.shape[:-1])


def possible(values: FloatArray, k: int | None) -> int:
    """Return the number of possible categories."""
    given = values.shape[-1]
    if k is None:
        return given
    whole_number("k", k, at_most=2**53)
    if k < given:
        raise DataError(f"`k` is {k}, but {given} categories are given; k counts all that could be")
    return k


def log_base(base: float | None) -> float:
    """Return the divisor that turns nats into the unit of `base`."""
    if base is None:
        return 1.0
    if number("base", base, above=0.0) == 1.0:
        raise DataError("`base` is 1; a logarithm has no base 1")
    if base < 1.0:
        raise DataError(
            f"`base` is {base!r}; below 1 an entropy is negative, so use a base above 1"
        )
    return math.log(base)


def _warn_of_bias(bias: FloatArray) -> None:
    large = bias < -LARGE_BIAS
    if large.any():
        _quiet.warn(
            f"the plug-in entropy is too low by an estimated {-np.median(bias[large]):.2f} nats "
            f"or more in {int(large.sum())} of {len(large)} distributions: few answers per "
            "category seen. Choose another `estimator`, such as 'chao-shen'",
            SmallSampleWarning,
            stacklevel=4,
        )

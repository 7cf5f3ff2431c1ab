"""How far apart two distributions over the same, unordered categories are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .._labelled import Layout, take, take_together
from .._validate import distributions, number
from ..errors import DataError
from ..kernels import _distances as kernels
from ._entropy import log_base
from ._positions import by_name

__all__ = [
    "hellinger",
    "js_distance",
    "js_divergence",
    "js_divergence_among",
    "kl_divergence",
    "manhattan",
    "total_variation",
]

FloatArray = npt.NDArray[np.float64]


def js_divergence(
    p: Any,
    q: Any,
    *,
    base: float | None = None,
    normalize: bool = False,
    fill: float | None = None,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Jensen-Shannon divergence, ``H((p + q) / 2) - (H(p) + H(q)) / 2``.

    This is the divergence; its root is the metric `js_distance`. Papers mix the two up, and the
    bases of their logarithms: scipy's ``jensenshannon`` is the distance in nats.

    Parameters
    ----------
    p, q : array_like, DataArray, frame, Series or mapping, shape (..., categories)
        Distributions: finite, not negative, with sums of one (up to 1e-5, which is divided out).
        Leading axes are broadcast; labelled inputs are matched by category name.
    base : float, optional
        Base of the logarithm, above 1; natural by default.
    normalize : bool
        Divide by the sums first, so that counts may be given.
    fill : float, optional
        What a category holds that one labelled input has and the other lacks; usually 0. Without
        it such a category is an error.
    axis : int
        The axis of the categories.
    dim : hashable, optional
        The dimension of the categories of labelled input.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        In [0, log 2]: [0, 1] with ``base=2``. Exactly 0 for equal distributions.

    Raises
    ------
    DataError
        A negative, infinite or missing entry, a sum away from one, an all-zero or empty vector,
        different numbers of categories, or a base that is not above 1.
    LabelError
        Different sets of categories without `fill`.

    References
    ----------
    J. Lin, IEEE Trans. Inf. Theory 37, 145 (1991).

    Examples
    --------
    >>> from pluralism.perspective import js_divergence
    >>> js_divergence([0.04, 0.1, 0.43, 0.37, 0.06], [0.2] * 5, base=2)
    0.132502...
    """
    p, q, layout = matched_pair(p, q, normalize=normalize, fill=fill, axis=axis, dim=dim)
    return layout.wrap(kernels.js_divergence(p, q) / log_base(base), attrs=_in_base(base))


def js_distance(
    p: Any,
    q: Any,
    *,
    base: float | None = None,
    normalize: bool = False,
    fill: float | None = None,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Jensen-Shannon distance, the root of `js_divergence`; a metric.

    Parameters
    ----------
    p, q, base, normalize, fill, axis, dim
        As in `js_divergence`.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        In [0, sqrt(log 2)]: [0, 1] with ``base=2``. Exactly 0 for equal distributions.

    Raises
    ------
    DataError, LabelError
        As in `js_divergence`.

    References
    ----------
    D. M. Endres and J. E. Schindelin, IEEE Trans. Inf. Theory 49, 1858 (2003).

    Examples
    --------
    >>> from pluralism.perspective import js_distance
    >>> js_distance([0.04, 0.1, 0.43, 0.37, 0.06], [0.2] * 5)
    0.303056...
    """
    p, q, layout = matched_pair(p, q, normalize=normalize, fill=fill, axis=axis, dim=dim)
    distance = np.sqrt(kernels.js_divergence(p, q) / log_base(base))
    return layout.wrap(distance, attrs=_in_base(base))


def js_divergence_among(
    p: Any,
    *,
    weights: Any = None,
    base: float | None = None,
    normalize: bool = False,
    over: Any = None,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Jensen-Shannon divergence of many distributions, ``H(sum_j w_j p_j) - sum_j w_j H(p_j)``.

    Parameters
    ----------
    p : array_like, DataArray or frame, shape (..., distributions, categories)
        The distributions.
    weights : array_like, Series or mapping, shape (distributions,), optional
        Not negative, with a positive sum, which is divided out; equal by default. Labelled ones
        are matched by name.
    base, normalize, axis, dim
        As in `js_divergence`.
    over : int or hashable, optional
        The axis (of an array) or dimension (of labelled input) of the distributions; by default
        the last but that of the categories.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        In [0, H(weights)], with equal weights at most the logarithm of their number.

    Raises
    ------
    DataError
        As in `js_divergence`; or a single distribution, or weights that do not fit.

    References
    ----------
    J. Lin, IEEE Trans. Inf. Theory 37, 145 (1991).

    Examples
    --------
    >>> from pluralism.perspective import js_divergence_among
    >>> js_divergence_among([[1, 0, 0], [0, 1, 0], [0, 0, 1]], base=3)
    1.0
    """
    values, layout = take("p", p, axis=axis, dim=dim)
    if values.ndim < 2:
        raise DataError("`p` is one distribution; the divergence is among several")
    values, layout, labels = _over_last(values, layout, over, axis)
    number_of = values.shape[-2]
    if weights is None:
        share = np.full(number_of, 1.0 / number_of)
    else:
        share = by_name("weights", weights, labels)
        if len(share) != number_of:
            raise DataError(f"`weights` has {len(share)} entries for {number_of} distributions")
        share = distributions("weights", share, normalize=True)
    values = distributions("p", values, normalize=normalize)
    result = kernels.js_divergence_among(values, share) / log_base(base)
    return layout.wrap(result, attrs=_in_base(base))


def kl_divergence(
    p: Any,
    q: Any,
    *,
    smoothing: float = 0.0,
    base: float | None = None,
    normalize: bool = False,
    fill: float | None = None,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Kullback-Leibler divergence of `q` from `p`, ``sum p log(p / q)``; not symmetric.

    Parameters
    ----------
    p, q, base, normalize, fill, axis, dim
        As in `js_divergence`.
    smoothing : float
        Added to every share of both before they are divided by their sums. 0, the default,
        leaves an infinite divergence where `q` rules out what `p` does not.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        At least 0; infinite where a category with p > 0 has q = 0 and nothing is smoothed.

    Raises
    ------
    DataError, LabelError
        As in `js_divergence`; or a negative `smoothing`.

    Examples
    --------
    >>> from pluralism.perspective import kl_divergence
    >>> kl_divergence([0.5, 0.5], [1.0, 0.0])
    inf
    >>> kl_divergence([0.5, 0.5], [1.0, 0.0], smoothing=0.01)
    1.624...
    """
    p, q, layout = matched_pair(p, q, normalize=normalize, fill=fill, axis=axis, dim=dim)
    if number("smoothing", smoothing, at_least=0.0):
        total = 1.0 + smoothing * p.shape[-1]
        p, q = (p + smoothing) / total, (q + smoothing) / total
    result = kernels.kl_divergence(p, q) / log_base(base)
    return layout.wrap(result, attrs={**_in_base(base), "smoothing": smoothing})


def total_variation(
    p: Any,
    q: Any,
    *,
    normalize: bool = False,
    fill: float | None = None,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Total variation distance, ``sum |p - q| / 2``: the share of answers to be moved.

    Parameters
    ----------
    p, q, normalize, fill, axis, dim
        As in `js_divergence`.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        In [0, 1].

    Raises
    ------
    DataError, LabelError
        As in `js_divergence`.

    Examples
    --------
    >>> from pluralism.perspective import total_variation
    >>> total_variation({"yes": 0.7, "no": 0.3}, {"no": 0.5, "yes": 0.5})
    0.2
    """
    p, q, layout = matched_pair(p, q, normalize=normalize, fill=fill, axis=axis, dim=dim)
    return layout.wrap(kernels.total_variation(p, q))


def manhattan(
    p: Any,
    q: Any,
    *,
    normalize: bool = False,
    fill: float | None = None,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Manhattan distance, ``sum |p - q|``: twice the total variation (soft score of LeWiDi 2025).

    Parameters
    ----------
    p, q, normalize, fill, axis, dim
        As in `js_divergence`.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        In [0, 2].

    Raises
    ------
    DataError, LabelError
        As in `js_divergence`.

    Examples
    --------
    >>> from pluralism.perspective import manhattan
    >>> manhattan([0.04, 0.1, 0.43, 0.37, 0.06], [0.2] * 5)
    0.8
    """
    p, q, layout = matched_pair(p, q, normalize=normalize, fill=fill, axis=axis, dim=dim)
    return layout.wrap(kernels.manhattan(p, q))


def hellinger(
    p: Any,
    q: Any,
    *,
    normalize: bool = False,
    fill: float | None = None,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Hellinger distance, ``||sqrt p - sqrt q|| / sqrt 2`` (VisAlign's measure).

    Parameters
    ----------
    p, q, normalize, fill, axis, dim
        As in `js_divergence`.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        In [0, 1].

    Raises
    ------
    DataError, LabelError
        As in `js_divergence`.

    Examples
    --------
    >>> from pluralism.perspective import hellinger
    >>> hellinger([1.0, 0.0], [0.0, 1.0])
    1.0
    """
    p, q, layout = matched_pair(p, q, normalize=normalize, fill=fill, axis=axis, dim=dim)
    return layout.wrap(kernels.hellinger(p, q))


def matched_pair(
    p: Any,
    q: Any,
    *,
    normalize: bool,
    fill: float | None,
    axis: int,
    dim: Hashable | None,
) -> tuple[FloatArray, FloatArray, Layout]:
    """Check and match two inputs of distributions."""
    if fill is not None:
        number("fill", fill, at_least=0.0)
    (p, q), layout = take_together({"p": p, "q": q}, axis=axis, dim=dim, fill=fill)
    return (
        distributions("p", p, normalize=normalize),
        distributions("q", q, normalize=normalize),
        layout,
    )


def _over_last(
    values: FloatArray, layout: Layout, over: Any, axis: int
) -> tuple[FloatArray, Layout, Sequence[Hashable] | None]:
    """Move the axis of the distributions to the last but one, and take it from the layout."""
    if layout.template is None:
        if over is None:
            return values, layout, None
        kept = [a for a in range(values.ndim) if a != axis % values.ndim]
        if not isinstance(over, int) or over % values.ndim not in kept:
            raise DataError(f"`over` is {over!r}; it must be an axis other than the categories'")
        return np.moveaxis(values, kept.index(over % values.ndim), -2), layout, None
    dims = layout.template.dims
    over = dims[-1] if over is None else over
    if over not in dims:
        raise DataError(f"`over` is {over!r}; it must be one of the dimensions {dims}")
    indexes = layout.template.indexes
    labels = indexes[over].tolist() if over in indexes else None
    return np.moveaxis(values, dims.index(over), -2), layout.without(over), labels


def _in_base(base: float | None) -> dict[str, Any]:
    return {"base": base or "e"}

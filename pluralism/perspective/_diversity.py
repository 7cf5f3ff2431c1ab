"""How many different views there are: diversity of order q."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .._labelled import Layout, take
from .._validate import counts_or_shares, distributions, finite_array, first_place, one_of
from ..errors import DataError
from ..kernels import _diversity as kernels
from ..kernels._rarefaction import unseen
from ._positions import pairwise_matrix

__all__ = [
    "hill_numbers",
    "rao_entropy",
    "renyi_entropy",
    "richness",
    "similarity_diversity",
    "tsallis_entropy",
    "vendi_score",
]

FloatArray = npt.NDArray[np.float64]


def hill_numbers(counts: Any, *, q: Any = 1.0, axis: int = -1, dim: Hashable | None = None) -> Any:
    """Hill number of order q, ``(sum p^q)^(1 / (1 - q))``: the effective number of views.

    Order 0 counts the categories seen, 1 is the exponential of the entropy, 2 the inverse
    probability that two answers agree, infinity the inverse of the largest share. Higher orders
    care less about rare views; a profile over q shows them all.

    Parameters
    ----------
    counts : array_like, DataArray, frame, Series or mapping, shape (..., categories)
        Counts or probabilities, finite and not negative; they are divided by their sum.
    q : float or array_like of float, shape (orders,)
        Orders, at least 0; infinity is allowed.
    axis : int
        The axis of the categories.
    dim : hashable, optional
        The dimension of the categories of labelled input.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...) or (..., orders)
        Between 1 and the number of categories; many orders add a last axis (dimension ``q``).

    Raises
    ------
    DataError
        A negative or infinite entry or NaN, a vector without any count, an empty axis, or an
        order that is negative or NaN.

    References
    ----------
    M. O. Hill, Ecology 54, 427 (1973).

    Examples
    --------
    >>> from pluralism.perspective import hill_numbers
    >>> hill_numbers([60, 30, 10], q=[0, 1, 2, float("inf")])
    array([3.        , 2.454..., 2.173..., 1.666...])
    """
    p, orders, layout = _shares_and_orders(counts, q, axis, dim)
    return _by_order(
        np.exp(kernels.renyi_entropy(_rows(p), np.atleast_1d(orders))), orders, layout, p
    )


def renyi_entropy(counts: Any, *, q: Any = 1.0, axis: int = -1, dim: Hashable | None = None) -> Any:
    """Renyi entropy of order q in nats, the logarithm of the Hill number.

    Parameters
    ----------
    counts, q, axis, dim
        As in `hill_numbers`.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...) or (..., orders)
        Between 0 and the logarithm of the number of categories.

    Raises
    ------
    DataError
        As in `hill_numbers`.

    References
    ----------
    A. Renyi, On measures of entropy and information, 1961.

    Examples
    --------
    >>> from pluralism.perspective import renyi_entropy
    >>> renyi_entropy([60, 30, 10], q=2)
    0.776528...
    """
    p, orders, layout = _shares_and_orders(counts, q, axis, dim)
    return _by_order(kernels.renyi_entropy(_rows(p), np.atleast_1d(orders)), orders, layout, p)


def tsallis_entropy(
    counts: Any, *, q: Any = 1.0, axis: int = -1, dim: Hashable | None = None
) -> Any:
    """Tsallis entropy of order q, ``(1 - sum p^q) / (q - 1)``.

    Order 0 is the number of categories seen less one, 1 the entropy in nats, 2 the Gini-Simpson
    index, the probability that two answers differ.

    Parameters
    ----------
    counts, q, axis, dim
        As in `hill_numbers`.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...) or (..., orders)
        At least 0; of order infinity it is 0.

    Raises
    ------
    DataError
        As in `hill_numbers`.

    References
    ----------
    C. Tsallis, J. Stat. Phys. 52, 479 (1988).

    Examples
    --------
    >>> from pluralism.perspective import tsallis_entropy
    >>> tsallis_entropy([60, 30, 10], q=2)
    0.54
    """
    p, orders, layout = _shares_and_orders(counts, q, axis, dim)
    return _by_order(kernels.tsallis_entropy(_rows(p), np.atleast_1d(orders)), orders, layout, p)


def richness(
    counts: Any,
    *,
    estimator: Literal["observed", "chao1"] = "observed",
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Count the views: those seen, or an estimate that includes the unseen.

    Parameters
    ----------
    counts : array_like, DataArray, frame, Series or mapping, shape (..., categories)
        Counts; whole numbers for "chao1".
    estimator : {"observed", "chao1"}
        "observed" counts the categories with any answer. "chao1" adds
        ``(n - 1) / n f1 (f1 - 1) / (2 (f2 + 1))`` if f2, the number of categories seen twice, is
        0 and ``(n - 1) / n f1^2 / (2 f2)`` otherwise, f1 being the number seen once. It is a
        lower bound of the expected richness.
    axis : int
        The axis of the categories.
    dim : hashable, optional
        The dimension of the categories of labelled input.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        At least the number of categories seen.

    Raises
    ------
    DataError
        As in `hill_numbers`; or counts that are not whole for "chao1".

    References
    ----------
    A. Chao, Scand. J. Stat. 11, 265 (1984); A. Chao et al., Ecol. Monogr. 84, 45 (2014).

    Examples
    --------
    >>> from pluralism.perspective import richness
    >>> richness([10, 5, 2, 1, 1, 1, 0], estimator="chao1")
    10.275
    """
    values, layout = take("counts", counts, axis=axis, dim=dim)
    one_of("estimator", estimator, ("observed", "chao1"))
    if estimator == "observed":
        counts_or_shares("counts", values)
        return layout.wrap(np.count_nonzero(values, axis=-1).astype(float))
    counts_or_shares("counts", values, whole="the estimator 'chao1'")
    seen = np.count_nonzero(values, axis=-1)
    return layout.wrap(seen + unseen(values), attrs={"estimator": estimator})


def similarity_diversity(
    counts: Any,
    similarity: Any,
    *,
    q: Any = 1.0,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Diversity of Leinster and Cobbold, ``(sum p (Zp)^(q - 1))^(1 / (1 - q))``.

    It counts effectively distinct views, near ones less than far ones. With Z = identity it is
    the Hill number.

    Parameters
    ----------
    counts, q, axis, dim
        As in `hill_numbers`.
    similarity : array_like or DataFrame, shape (categories, categories)
        Z: entries in [0, 1], ones on the diagonal; not necessarily symmetric. A DataFrame is
        matched by category name where the counts are labelled.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...) or (..., orders)
        Between 1 and the Hill number of the same order.

    Raises
    ------
    DataError
        As in `hill_numbers`; or a matrix of another shape or range.
    LabelError
        A matrix whose labels are not the categories.

    References
    ----------
    T. Leinster and C. A. Cobbold, Ecology 93, 477 (2012).

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.perspective import similarity_diversity
    >>> step = np.abs(np.subtract.outer(range(4), range(4))) / 3
    >>> similarity_diversity([0.1, 0.2, 0.3, 0.4], 1 - step, q=2)
    1.5625
    """
    p, orders, layout = _shares_and_orders(counts, q, axis, dim)
    matrix = pairwise_matrix(
        "similarity", similarity, layout, p.shape[-1], diagonal=1.0, largest=1.0
    )
    result = kernels.similarity_diversity(_rows(p), matrix, np.atleast_1d(orders))
    return _by_order(result, orders, layout, p)


def rao_entropy(counts: Any, distance: Any, *, axis: int = -1, dim: Hashable | None = None) -> Any:
    """Rao's quadratic entropy, ``sum_ij d_ij p_i p_j``: the mean distance of two answers.

    Parameters
    ----------
    counts, axis, dim
        As in `hill_numbers`.
    distance : array_like or DataFrame, shape (categories, categories)
        d: entries of at least 0, zeros on the diagonal. A DataFrame is matched by category name
        where the counts are labelled.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        In units of the distance, between 0 and its largest entry.

    Raises
    ------
    DataError, LabelError
        As in `similarity_diversity`.

    References
    ----------
    C. R. Rao, Theor. Popul. Biol. 21, 24 (1982).

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.perspective import rao_entropy
    >>> step = np.abs(np.subtract.outer(range(4), range(4))) / 3
    >>> rao_entropy([0.1, 0.2, 0.3, 0.4], step)
    0.36
    """
    values, layout = take("counts", counts, axis=axis, dim=dim)
    p = distributions("counts", values, normalize=True)
    matrix = pairwise_matrix("distance", distance, layout, p.shape[-1], diagonal=0.0)
    return layout.wrap(((p @ matrix) * p).sum(axis=-1))


def vendi_score(similarity: Any, *, weights: Any = None, q: float = 1.0) -> Any:
    """Vendi score: the effective number of distinct items from their similarity matrix.

    It is the Hill number of the eigenvalues of ``diag(sqrt w) K diag(sqrt w)``, and needs no
    categories: answers may be compared by an embedding's kernel.

    Parameters
    ----------
    similarity : array_like, shape (..., items, items)
        K: symmetric, positive semi-definite, ones on the diagonal.
    weights : array_like, shape (items,), optional
        Shares of the items, not negative; they are divided by their sum. Equal by default.
    q : float
        Order of the Hill number, at least 0; infinity is allowed.

    Returns
    -------
    float or numpy.ndarray, shape (...)
        Between 1 (all alike) and the number of items (all unlike).

    Raises
    ------
    DataError
        A matrix that is not square, not symmetric, without ones on its diagonal, or with a
        negative eigenvalue; weights that do not fit.

    References
    ----------
    D. Friedman and A. B. Dieng, TMLR (2023); with orders A. Pasarkar and A. B. Dieng,
    AISTATS (2024).

    Examples
    --------
    >>> from pluralism.perspective import vendi_score
    >>> vendi_score([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]])
    2.157...
    """
    matrix = finite_array("similarity", similarity)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2] or matrix.shape[-1] == 0:
        raise DataError(f"`similarity` has shape {matrix.shape}; it must be square over items")
    bad = np.abs(matrix - np.swapaxes(matrix, -1, -2)) > 1e-8
    if bad.any():
        raise DataError(f"`similarity[{first_place(bad)}]` differs from its mirror image")
    bad = np.abs(np.diagonal(matrix, axis1=-2, axis2=-1) - 1.0) > 1e-8
    if bad.any():
        raise DataError(
            f"`similarity` of an item with itself must be 1; it is not at [{first_place(bad)}]"
        )
    items = matrix.shape[-1]
    share = np.full(items, 1.0 / items) if weights is None else finite_array("weights", weights)
    if share.shape != (items,):
        raise DataError(f"`weights` has shape {share.shape} for {items} items")
    root = np.sqrt(distributions("weights", share, normalize=True))
    eigenvalues = np.linalg.eigvalsh(root[:, None] * matrix * root)  # (..., items)
    if (eigenvalues < -1e-8).any():
        raise DataError(
            f"`similarity` has the negative eigenvalue {eigenvalues.min() * items:.3g}; "
            "it must be positive semi-definite"
        )
    # Rounding leaves eigenvalues of 1e-17 where there are none; they would count at order 0.
    eigenvalues = np.where(eigenvalues < 1e-12, 0.0, eigenvalues)
    rows = eigenvalues.reshape(-1, items)
    rows = rows / rows.sum(axis=1, keepdims=True)
    order = _orders(q)
    if order.ndim:
        raise DataError(f"`q` is {q!r}; the Vendi score takes one order")
    result = np.exp(kernels.renyi_entropy(rows, order[None]))
    return Layout().wrap(result.reshape(matrix.shape[:-2]))


def _shares_and_orders(
    counts: Any, q: Any, axis: int, dim: Hashable | None
) -> tuple[FloatArray, FloatArray, Layout]:
    values, layout = take("counts", counts, axis=axis, dim=dim)
    p = distributions("counts", values, normalize=True)
    return p, _orders(q), layout


def _rows(p: FloatArray) -> FloatArray:
    return p.reshape(-1, p.shape[-1])


def _orders(q: Any) -> FloatArray:
    try:
        given = np.asarray(q)
    except ValueError:
        given = np.asarray(None)
    if given.dtype.kind not in "uif":
        raise DataError(f"`q` is {q!r}; an order is a number")
    orders = given.astype(np.float64)
    if orders.ndim > 1 or orders.size == 0 or not (orders >= 0.0).all():
        raise DataError(f"`q` is {q!r}; give one order or a vector of them, each at least 0")
    return orders


def _by_order(result: FloatArray, orders: FloatArray, layout: Layout, p: FloatArray) -> Any:
    """Shape a result (rows, orders) like the input, the orders last where there are many."""
    if orders.ndim == 0:
        return layout.wrap(result.reshape(p.shape[:-1]), attrs={"q": float(orders)})
    return layout.wrap(result.reshape(*p.shape[:-1], orders.size), extra={"q": orders})

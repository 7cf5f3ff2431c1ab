"""How far apart two distributions over ordered categories are."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from .._labelled import Layout, as_labelled
from ..errors import DataError, enumerate_some
from ..kernels import _distances as kernels
from ._distances import matched_pair
from ._positions import positions

__all__ = ["wasserstein"]


def wasserstein(
    p: Any,
    q: Any,
    *,
    values: Any = None,
    relative: bool = False,
    normalize: bool = False,
    fill: float | None = None,
    axis: int = -1,
    dim: Hashable | None = None,
) -> Any:
    """Wasserstein-1 (earth mover's) distance between ordered categories.

    Parameters
    ----------
    p, q, normalize, fill, axis, dim
        As in `js_divergence`.
    values : array_like, Series or mapping, shape (categories,), optional
        Positions of the categories on a line, in any order; 0, 1, 2, ... by default. A mapping
        is matched by category name.
    relative : bool
        Divide by the distance between the outermost positions, so that 1 is the largest possible.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray, shape (...)
        In units of `values`, at least 0; in [0, 1] if `relative`.

    Raises
    ------
    DataError, LabelError
        As in `js_divergence`; or positions that do not fit the categories, that all coincide
        where the distance should be relative, or that are not given for categories of `q` which
        `p` lacks and `fill` adds.

    Examples
    --------
    >>> from pluralism.perspective import wasserstein
    >>> wasserstein([0.04, 0.1, 0.43, 0.37, 0.06], [0.2] * 5)
    0.59
    >>> wasserstein([1, 0, 0], [0, 0, 1], values=[-1, 0, 4], relative=True)
    1.0
    """
    given = p
    p, q, layout = matched_pair(p, q, normalize=normalize, fill=fill, axis=axis, dim=dim)
    if values is None:
        _refuse_placeless(given, layout, axis, dim)
    place = positions(values, layout, p.shape[-1])
    order = np.argsort(place, kind="stable")
    gaps = np.diff(place[order])
    span = gaps.sum()
    if relative and span == 0.0:
        raise DataError("`values` all coincide; no distance is relative to a span of 0")
    if (order[1:] < order[:-1]).any():
        p, q = p[..., order], q[..., order]
    distance = np.minimum(kernels.wasserstein(p, q, gaps), span)
    return layout.wrap(distance / span if relative else distance)


def _refuse_placeless(p: Any, layout: Layout, axis: int, dim: Hashable | None) -> None:
    """Refuse categories that `fill` adds to those of `p`: nothing says where on the scale."""
    labelled, _ = as_labelled("p", p, dim=dim)
    if labelled is None or layout.categories is None:
        return
    known = labelled.sizes[labelled.dims[axis] if dim is None else dim]
    if len(layout.categories) > known:
        raise DataError(
            f"`p` lacks {enumerate_some(layout.categories[known:])}, and nothing says where on the "
            "scale that belongs; give the positions of all categories by `values`"
        )

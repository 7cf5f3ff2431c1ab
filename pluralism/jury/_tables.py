"""Tables of label counts and of distributions, with whatever labels they came with."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _labelled, _validate
from ..data import Annotations
from ..errors import DataError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["CountTable", "count_table", "labelled"]

FloatArray = npt.NDArray[np.float64]


class CountTable(NamedTuple):
    """Label counts with their names."""

    values: FloatArray  # (items, categories)
    items: tuple[Hashable, ...]
    categories: tuple[Hashable, ...]


def count_table(name: str, counts: Any) -> CountTable:
    """Read whole counts (items, categories) from Annotations, a labelled array or frame."""
    if isinstance(counts, Annotations):
        table = counts.count_table()
        if (table != np.floor(table)).any():
            place = np.argwhere(table != np.floor(table))[0]
            raise DataError(
                f"`{name}`: the labels of item {counts.items[place[0]]!r} weigh "
                f"{table[tuple(place)]:g} on {counts.categories[place[1]]!r}; label counts must be "
                "whole numbers (leave `weight` out)"
            )
        return CountTable(table, counts.items, counts.categories)
    values, layout = _labelled.take(name, counts)
    if values.ndim != 2:
        raise DataError(f"`{name}` must be items x categories; it has shape {values.shape}")
    _validate.within(name, values, 0.0, what="counts")
    broken = values != np.floor(values)
    if broken.any():
        raise DataError(
            f"`{name}[{_validate.first_place(broken)}]` is {values[broken][0]:g}; label counts "
            "must be whole numbers"
        )
    if not values.any():
        raise DataError(f"`{name}` holds no label ({values.shape[0]} items)")
    template = layout.template
    items: tuple[Hashable, ...] = tuple(range(values.shape[0]))
    if template is not None and template.ndim == 1 and template.dims[0] in template.coords:
        items = tuple(template.coords[template.dims[0]].values.tolist())
    categories = layout.categories or tuple(range(values.shape[1]))
    return CountTable(values, items, tuple(categories))


def labelled(values: Any, name: str, **coords: Any) -> xr.DataArray:
    """Build a DataArray whose dimensions and coordinates are the keywords."""
    import xarray as xr

    from ..data._annotation_parts import index

    return xr.DataArray(
        values,
        dims=tuple(coords),
        coords={dim: index(labels) for dim, labels in coords.items()},
        name=name,
    )

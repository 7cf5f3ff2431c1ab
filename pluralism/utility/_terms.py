"""Which parameters stand beside the utilities, and the columns that carry them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Comparisons, _labels
from ..errors import DataError, LabelError, enumerate_some

__all__ = ["Terms", "make_terms", "read_features"]

FloatArray = npt.NDArray[np.float64]


#: Products of features must not overflow.
_LARGEST = 1e100


class Terms(NamedTuple):
    """Columns of the linear predictor and what they are called."""

    columns: FloatArray  # (cells, q): features first, then covariates, then order effects
    features: FloatArray  # (items, f)
    feature_names: tuple[Hashable, ...]
    covariate_names: tuple[str, ...]
    order_names: tuple[str, ...]  # () without an order effect
    order_groups: tuple[Hashable, ...] | None  # labels, where it differs by group


def make_terms(
    comparisons: Comparisons,
    *,
    order_effect: bool | str,
    item_features: Any,
    covariates: str | Sequence[str],
) -> Terms:
    """Build the columns, or say what is wrong with an argument."""
    features, feature_names = read_features(item_features, comparisons.items)
    columns = [np.zeros((comparisons.n_cells, 0))]
    if feature_names:
        columns.append(features[comparisons.first] - features[comparisons.second])
    names = (covariates,) if isinstance(covariates, str) else tuple(covariates or ())
    for name in names:
        if not isinstance(name, str) or name not in comparisons.covariates:
            raise LabelError.unknown(
                "`covariates`",
                name,
                known=tuple(comparisons.covariates),
                argument="the covariates of `comparisons`",
                remedy="(name it in `covariates=` of `Comparisons.from_frame` too)",
            )
        columns.append(comparisons.covariates[name][:, None])
    order_names: tuple[str, ...] = ()
    groups = None
    if order_effect is not False:
        if not comparisons.order_known:
            raise DataError(
                "`order_effect` needs to know which item was shown first, and these "
                "`comparisons` do not say; build them with `from_frame` or `from_codes`"
            )
        if order_effect is True:
            columns.append(np.ones((comparisons.n_cells, 1)))
            order_names = ("order_effect",)
        else:
            if not isinstance(order_effect, str) or order_effect not in comparisons.groups:
                raise LabelError.unknown(
                    "`order_effect`",
                    order_effect,
                    known=tuple(comparisons.groups),
                    argument="the group columns of `comparisons`",
                    remedy="(True fits one for all)",
                )
            grouping = comparisons.groups[order_effect]
            groups = tuple(grouping.labels)
            columns.append(np.eye(len(groups))[grouping.codes])
            order_names = tuple(f"order_effect[{label}]" for label in groups)
    return Terms(np.hstack(columns), features, feature_names, names, order_names, groups)


def read_features(
    item_features: Any, items: tuple[Hashable, ...]
) -> tuple[FloatArray, tuple[Hashable, ...]]:
    """Features in the order of the items, and their names.

    A frame is matched by its index, a DataArray by its ``item`` coordinate, a mapping by its
    keys; an array has one row for each item.
    """
    n = len(items)
    if item_features is None:
        return np.zeros((n, 0)), ()
    names: tuple[Hashable, ...] | None = None
    labels: list[Hashable] | None = None
    values = item_features
    if isinstance(values, Mapping):
        labels, values = list(values), list(values.values())
    elif hasattr(values, "index") and hasattr(values, "to_numpy"):
        labels = list(values.index)
        names = tuple(values.columns) if hasattr(values, "columns") else (values.name or "x1",)
        values = values.to_numpy()
    elif hasattr(values, "coords") and hasattr(values, "transpose"):
        if "item" not in values.coords or "item" not in values.dims:
            raise DataError(
                f"`item_features` is a DataArray over {values.dims}; it needs a dimension `item` "
                "with labels"
            )
        values = values.transpose("item", ...)
        labels = list(values["item"].values.tolist())
        if values.ndim == 2 and values.dims[1] in values.coords:
            names = tuple(values[values.dims[1]].values.tolist())
        values = values.values
    array = _validate.finite_array("item_features", values)
    _validate.within("item_features", array, -_LARGEST, _LARGEST, what="a feature")
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2:
        raise DataError(f"`item_features` must be items x features; it has shape {array.shape}")
    if labels is not None:
        place = _labels.code_of(labels, "item_features")
        missing = [item for item in items if item not in place]
        if missing:
            raise LabelError(
                f"`item_features` has no row for {enumerate_some(missing)}; every compared item "
                "needs its features"
            )
        array = array[[place[item] for item in items]]
    elif len(array) != n:
        raise DataError(f"`item_features` has {len(array)} rows for {n} items")
    if names is None:
        names = tuple(f"x{number}" for number in range(1, array.shape[1] + 1))
    return array, names

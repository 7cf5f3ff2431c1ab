"""Tables of features: one row an alternative, matched by label where there are labels."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _ballot_rows, _labels
from ..data._cells import axis_of
from ..errors import DataError, LabelError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["by_feature", "feature_rows", "row_labels"]

FloatArray = npt.NDArray[np.float64]
Labels = tuple[Hashable, ...]


def feature_rows(features: Any, alternatives: Labels | None) -> tuple[FloatArray, Labels]:
    """Rows in the order of the alternatives, and the names of the columns."""
    names: Any = None
    if hasattr(features, "dims"):  # rows are alternatives whatever the dimensions are called
        array = _unnamed(features)
        names = array.coords[array.dims[-1]].values if array.dims[-1] in array.coords else None
        matrix, names = _ballot_rows.labelled_matrix("features", array.values, names)
    else:
        matrix, names = _ballot_rows.labelled_matrix("features", features, None)
    values = _validate.finite_array("features", matrix, ndim=2)
    if not values.size:
        raise DataError(f"`features` is empty; its shape is {values.shape}")
    if not np.ptp(values, axis=0).any():
        raise DataError("all rows of `features` are the same; they tell no alternatives apart")
    if alternatives is None:
        return values, names
    if len(values) != len(alternatives):
        raise DataError(f"`features` has {len(values)} rows for {len(alternatives)} alternatives")
    rows = row_labels(features)
    if rows is not None:
        place = _labels.code_of(rows, "features")
        for label in alternatives:
            if label not in place:
                raise LabelError.unknown(
                    "the ballots' alternatives", label, known=rows, argument="`features`"
                )
        values = values[[place[label] for label in alternatives]]
    return values, names


def _unnamed(features: Any) -> Any:
    """A DataArray as it is read by `labelled_matrix`: rows first, whatever they are called."""
    if hasattr(features, "dims") and len(features.dims) == 2 and features.dims[0] == "feature":
        return features.transpose()
    return features


def row_labels(features: Any) -> Labels | None:
    """Labels of the alternatives, if the table carries any."""
    if hasattr(features, "dims") and hasattr(features, "coords"):
        array = _unnamed(features)
        dim = array.dims[0]
        return tuple(array.coords[dim].values.tolist()) if dim in array.coords else None
    if hasattr(features, "index") and hasattr(features, "columns"):
        return tuple(features.index)
    return None


def by_feature(names: Labels, values: FloatArray) -> xr.DataArray:
    """Label one number for each feature."""
    import xarray as xr

    return xr.DataArray(
        values, dims=("feature",), coords={"feature": axis_of(names)}, name="coefficient"
    )

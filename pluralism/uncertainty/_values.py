"""What a statistic may return, and how its replicates are labelled like it.

A statistic returns a number, an array, a labelled array or a fit (whose `.utility` is taken).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Form"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Form:
    """The shape and labels of an estimate, which all its replicates share.

    Attributes
    ----------
    estimate : numpy.ndarray, (...)
        Its numbers.
    labels : xarray.DataArray or None
        The estimate itself where the statistic labels it.
    """

    estimate: FloatArray
    labels: xr.DataArray | None

    @classmethod
    def of(cls, result: Any) -> Form:
        """Take the estimate apart."""
        result = _unwrap(result)
        labels = result if _is_labelled(result) else None
        estimate = _numbers(result)
        if not np.isfinite(estimate).any():
            raise DataError(
                f"the statistic of the data is {estimate}; there is nothing to resample"
            )
        return cls(estimate, labels)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one replicate."""
        return self.estimate.shape

    def read(self, result: Any) -> FloatArray:
        """Return a replicate's numbers in the order of the estimate's labels."""
        result = _unwrap(result)
        if self.labels is not None and _is_labelled(result) and not self._same_labels(result):
            result = result.reindex_like(self.labels)
        value = _numbers(result)
        if value.shape != self.shape:
            raise DataError(f"shape {value.shape} differs from the estimate's {self.shape}")
        return value

    def usable(self, values: FloatArray) -> npt.NDArray[np.bool_]:
        """Which replicates, (replicates, ...), are finite wherever the estimate is."""
        good = np.isfinite(values) | ~np.isfinite(self.estimate)
        return np.asarray(good.reshape(len(values), -1).all(axis=1))

    def write(self, values: FloatArray, *, first: str = "", last: str = "", **attrs: Any) -> Any:
        """Label `values`, the estimate's shape with one more dimension before or after it.

        Numbers stay numbers and arrays arrays; a new last dimension of an array is labelled.
        """
        if self.labels is None and not (last and self.shape):
            return values.item() if values.ndim == 0 else values
        import xarray as xr

        if self.labels is None:
            dims: Sequence[Any] = [f"dim_{axis}" for axis in range(len(self.shape))]
            coords: dict[Any, Any] = {}
            name = None
        else:
            dims, name = self.labels.dims, self.labels.name
            coords = dict(self.labels.coords)
        dims = [dim for dim in (first, *dims, last) if dim]
        if last:
            coords[last] = ["lower", "upper"]
        return xr.DataArray(values, dims=dims, coords=coords, name=name, attrs=attrs)

    def _same_labels(self, other: xr.DataArray) -> bool:
        labels = self.labels
        assert labels is not None
        return labels.dims == other.dims and all(
            dim in other.coords and np.array_equal(labels[dim].values, other[dim].values)
            for dim in labels.dims
            if dim in labels.coords
        )


def _unwrap(result: Any) -> Any:
    return result.utility if hasattr(result, "utility") else result


def _is_labelled(result: Any) -> bool:
    return hasattr(result, "dims") and hasattr(result, "coords") and hasattr(result, "reindex_like")


def _numbers(result: Any) -> FloatArray:
    try:
        array = np.asarray(result)
        if array.dtype.kind not in "buif":
            raise TypeError
    except (TypeError, ValueError):
        raise DataError(
            f"the statistic returned {type(result).__name__}; it must return a number, an array, "
            "a labelled array or a fit with `.utility`"
        ) from None
    return array.astype(np.float64)

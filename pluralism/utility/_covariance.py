"""Joint covariance of utilities and parameters, as a matrix or as a way to multiply by it.

A small fit holds the matrix; a large one solves a linear system for each contrast that is asked
for. Either way it is expressed in the fit's reference: utilities are deviations from an anchor,
which is the mean of each component or one item.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import DataError

__all__ = ["Anchor", "JointCovariance"]

FloatArray = npt.NDArray[np.float64]

#: Right-hand sides solved together; wide enough to use the memory bandwidth, narrow enough to
#: stay in the cache.
_BLOCK = 64
#: Largest dense matrix that is built without being told how, in bytes.
_LARGEST_MATRIX = 4 * 2**30


class Anchor(NamedTuple):
    """What utilities are measured from: a weighted mean in each component."""

    component: npt.NDArray[np.int32]  # (items,)
    weight: FloatArray  # (items,): sums to one in each component

    @property
    def is_mean(self) -> bool:
        """Whether this is the mean of all items."""
        return not self.component.any() and bool((self.weight == self.weight[0]).all())

    @classmethod
    def at_mean(cls, component: npt.NDArray[np.int32]) -> Anchor:
        """Measure from the mean of each component."""
        return cls(component, 1.0 / np.bincount(component)[component])

    @classmethod
    def at_item(cls, item: int, n_items: int) -> Anchor:
        """Measure from one item; there is one component."""
        weight = np.zeros(n_items)
        weight[item] = 1.0
        return cls(np.zeros(n_items, dtype=np.int32), weight)

    def refer(self, values: FloatArray) -> FloatArray:
        """Deviations of the leading rows of `values` from the anchor, (items + q, columns)."""
        n = len(self.weight)
        block = values.reshape(len(values), -1).copy()
        if (self.component == 0).all():
            block[:n] -= self.weight @ block[:n]
        else:
            mean = np.zeros((int(self.component.max()) + 1, block.shape[1]))
            np.add.at(mean, self.component, self.weight[:, None] * block[:n])
            block[:n] -= mean[self.component]
        return block.reshape(values.shape)

    def refer_transposed(self, values: FloatArray) -> FloatArray:
        """Apply the transpose of `refer`."""
        n = len(self.weight)
        block = values.reshape(len(values), -1).copy()
        if (self.component == 0).all():
            block[:n] -= self.weight[:, None] * block[:n].sum(axis=0)
        else:
            total = np.zeros((int(self.component.max()) + 1, block.shape[1]))
            np.add.at(total, self.component, block[:n])
            block[:n] -= self.weight[:, None] * total[self.component]
        return block.reshape(values.shape)


class JointCovariance:
    """Covariance of (utilities, parameters) in a fit's reference.

    Parameters
    ----------
    size : int
        Number of utilities and parameters together.
    matrix : callable, optional
        Returns the covariance, (size, size), before the anchor is applied.
    variances : callable, optional
        Returns the diagonal in the reference, where that is cheaper than the matrix.
    times : callable, optional
        Multiplies that covariance with (size, columns).
    forms : callable, optional
        For contrasts within components, (size, columns), their variances, (columns,), where that
        is cheaper than `times`.
    anchor : Anchor, optional
        The reference; None where matrix and times are already in it.
    """

    def __init__(
        self,
        size: int,
        *,
        matrix: Callable[[], FloatArray] | None = None,
        variances: Callable[[], FloatArray] | None = None,
        times: Callable[[FloatArray], FloatArray] | None = None,
        forms: Callable[[FloatArray], FloatArray] | None = None,
        anchor: Anchor | None = None,
    ) -> None:
        self.size = size
        self._make = matrix
        self._times = times
        self._forms = forms
        self._make_variances = variances
        self._anchor = anchor
        self._matrix: FloatArray | None = None
        self._variances: FloatArray | None = None

    @classmethod
    def from_matrix(cls, matrix: FloatArray) -> JointCovariance:
        """Hold a covariance that is already in the fit's reference."""
        return cls(len(matrix), matrix=lambda: matrix)

    def matrix(self) -> FloatArray:
        """Return the whole matrix, (size, size)."""
        if self._matrix is None:
            if self._make is not None:
                full = self._make()
                if self._anchor is not None:
                    full = self._anchor.refer(self._anchor.refer(full).T)
            else:
                if 8 * self.size**2 > _LARGEST_MATRIX:
                    raise DataError(
                        f"the covariance of {self.size:,} utilities takes "
                        f"{8 * self.size**2 / 2**30:.0f} GiB; ask for single differences with "
                        "`contrast(a, b)`"
                    )
                full = self._columns(np.arange(self.size))
            self._matrix = 0.5 * (full + full.T)
            self._matrix.flags.writeable = False
        return self._matrix

    def variances(self) -> FloatArray:
        """Return the diagonal, (size,)."""
        if self._variances is None:
            if self._make_variances is not None and self._matrix is None:
                variances = self._make_variances()
            elif self._make is not None or self._matrix is not None:
                variances = np.diagonal(self.matrix()).copy()
            else:
                variances = np.concatenate(
                    [
                        self._columns(np.arange(start, stop))[
                            np.arange(start, stop), np.arange(stop - start)
                        ]
                        for start, stop in _blocks(self.size)
                    ]
                )
            self._variances = np.maximum(variances, 0.0)
        return self._variances

    def of_differences(self, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]) -> FloatArray:
        """Return the variances of the differences left - right, (pairs,)."""
        if self._make is not None or self._matrix is not None:
            full = self.matrix()
            variance = full[left, left] + full[right, right] - 2.0 * full[left, right]
        else:
            variance = np.empty(len(left))
            for start, stop in _blocks(len(left)):
                column = np.arange(stop - start)
                contrast = np.zeros((self.size, stop - start))
                np.add.at(contrast, (left[start:stop], column), 1.0)
                np.add.at(contrast, (right[start:stop], column), -1.0)
                if self._forms is not None:
                    variance[start:stop] = self._forms(contrast)
                else:
                    variance[start:stop] = (contrast * self._multiply(contrast)).sum(axis=0)
        return np.where(left == right, 0.0, np.maximum(variance, 0.0))

    def _columns(self, which: npt.NDArray[np.intp]) -> FloatArray:
        result = np.empty((self.size, len(which)))
        for start, stop in _blocks(len(which)):
            unit = np.zeros((self.size, stop - start))
            unit[which[start:stop], np.arange(stop - start)] = 1.0
            result[:, start:stop] = self._multiply(unit)
        return result

    def _multiply(self, right: FloatArray) -> FloatArray:
        assert self._times is not None
        if self._anchor is None:
            return self._times(right)
        return self._anchor.refer(self._times(self._anchor.refer_transposed(right)))


def _blocks(size: int) -> list[tuple[int, int]]:
    return [(start, min(start + _BLOCK, size)) for start in range(0, size, _BLOCK)]

"""The record that says who or what is drawn again in some data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Schemes", "Units"]


@dataclass(frozen=True)
class Units:
    """The units of some data.

    A weight is the factor by which a unit's data is multiplied. Weights of raters, items and
    plain rows are whole numbers; a ballot cast by 12 voters, or a cell of 12 votes, is one row
    that counts 12 times, so its weight is (times drawn) / 12.

    Attributes
    ----------
    unit : str
        What they are.
    counts : tuple of numpy.ndarray, (units,) each
        How often each unit stands in the data; two arrays for a two-way scheme.
    reweighted : callable
        Weights (one array for each of `counts`) -> the data so resampled, or None if nothing
        is left.
    size : int
        How many numbers the data hold.
    """

    unit: str
    counts: tuple[npt.NDArray[np.float64], ...]
    reweighted: Callable[..., Any]
    size: int


#: Unit -> how to find its units in the data.
Schemes = dict[str, Callable[[Any], Units]]

"""Parts of a container."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ._comparisons import Comparisons

__all__ = ["pair_codes", "take_cells"]


def take_cells(data: Comparisons, cell: npt.NDArray[Any]) -> Comparisons:
    """Take cells by position or mask, all labels kept.

    The number of votes is exact for votes of weight one, else in proportion to the weight.
    """
    taken = replace(
        data,
        first=data.first[cell],
        second=data.second[cell],
        first_won=data.first_won[cell],
        second_won=data.second_won[cell],
        tied=data.tied[cell],
        squares=None if data.squares is None else data.squares[:, cell],
        rater=None if data.rater is None else data.rater[cell],
        groups={
            name: replace(grouping, codes=grouping.codes[cell])
            for name, grouping in data.groups.items()
        },
        covariates={name: values[cell] for name, values in data.covariates.items()},
    )
    share = float(taken.total.sum()) / float(data.total.sum())
    return replace(taken, n_votes=round(data.n_votes * share))


def pair_codes(data: Comparisons) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """Unordered pairs that met, (2, pairs), and each cell's position among them."""
    low, high = np.minimum(data.first, data.second), np.maximum(data.first, data.second)
    keys, code = np.unique(low.astype(np.int64) * data.n_items + high, return_inverse=True)
    return np.stack(np.divmod(keys, data.n_items)), code

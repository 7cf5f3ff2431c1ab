"""Tables and helpers that the utility tests share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from pluralism.data import Comparisons

# Rumelhart and Greeno (1971): 234 judges, nine celebrities, rows preferred to columns.
CELEBRITIES = ("LBJ", "HW", "CDG", "JU", "CY", "AJF", "BB", "ET", "SL")
PREFERRED = np.array(
    [
        [0, 159, 163, 175, 183, 179, 173, 160, 142],
        [75, 0, 138, 164, 172, 160, 156, 122, 122],
        [71, 96, 0, 145, 157, 138, 140, 122, 120],
        [59, 70, 89, 0, 176, 115, 124, 86, 61],
        [51, 62, 77, 58, 0, 77, 95, 72, 61],
        [55, 74, 96, 119, 157, 0, 134, 92, 71],
        [61, 78, 94, 110, 139, 100, 0, 67, 48],
        [74, 112, 112, 148, 162, 142, 167, 0, 87],
        [92, 112, 114, 173, 173, 163, 186, 147, 0],
    ],
    dtype=float,
)


class Celebrities(NamedTuple):
    items: tuple[str, ...]
    wins: np.ndarray
    comparisons: Comparisons


def cells_of(wins, items=None, ties=None):
    """Comparisons of a count matrix, each unordered pair one cell."""
    low, high = np.triu_indices(len(wins), 1)
    tied = np.zeros(len(low)) if ties is None else ties[low, high]
    keep = (wins[low, high] + wins[high, low] + tied) > 0
    low, high, tied = low[keep], high[keep], tied[keep]
    return Comparisons(
        items=tuple(items or range(len(wins))),
        first=low.astype(np.int32),
        second=high.astype(np.int32),
        first_won=wins[low, high],
        second_won=wins[high, low],
        tied=tied,
        n_votes=int(wins.sum() + tied.sum()),
    )


@pytest.fixture(scope="session")
def cells():
    """Function that makes Comparisons of a count matrix."""
    return cells_of


@pytest.fixture(scope="session")
def celebrities():
    """Labels, counts and comparisons of Rumelhart and Greeno (1971)."""
    return Celebrities(CELEBRITIES, PREFERRED, cells_of(PREFERRED, CELEBRITIES))

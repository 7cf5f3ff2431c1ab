"""Bradley-Terry on the whole table of items x items, where most pairs have met.

Host kernels. Without index arrays an evaluation is one table, filled block of rows by block of
rows in the cache: with worths e and N votes between i and j, G = N / (e_i + e_j)^2 in the lower
triangle. The curvature of a pair is e_i e_j G, and the expected wins of i, the sum over j of
e_i N / (e_i + e_j), are e_i (e_i (G 1)_i + (G e)_i).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg

from ._counting import PairTable, halves
from ._graph import linked
from ._newton import DENSE, Laplacian, NewtonResult, maximise, spread_shares
from ._pairs import item_sums

__all__ = [
    "WinTable",
    "fit_win_table",
    "tabulate_counts",
    "tabulate_wins",
    "win_table_log_likelihood",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: Items up to which the table is worth its memory.
_MOST_ITEMS = 3000
#: The table serves where at least one in so many ordered pairs has a cell.
_SPARSEST = 8
#: Numbers handled at once; they and their temporaries stay in the cache.
_BLOCK = 1 << 15
#: Utilities may spread this far before the square of a worth loses its range.
_WIDEST = 40.0


class WinTable(NamedTuple):
    """Votes by pair of items, and whether they alone show that an estimate exists."""

    votes: FloatArray  # (items, items): votes between the two, in the strict lower triangle
    wins: FloatArray  # (items,)
    linked: bool  # pairs in which either has won link everyone


def tabulate_wins(
    first: IntArray, second: IntArray, won: FloatArray, lost: FloatArray, n_items: int
) -> WinTable | None:
    """Sum cells of (first, second) in either order; None where a table would be mostly empty."""
    n = n_items
    if not _is_filled(n, len(first)):
        return None
    key = np.multiply(first, n, dtype=np.int64)
    key += second
    if (key[1:] > key[:-1]).all():
        both = np.zeros(n * n)
        both[key] = won + lost
    else:
        both = item_sums(key, won + lost, n * n)
    votes = both.reshape(n, n)
    for start, stop in _row_blocks(n):
        block = votes[start:stop, :stop]
        block += votes[:stop, start:stop].T
        block[:, start:][np.triu_indices(stop - start)] = 0.0
    wins = item_sums(first, won, n) + item_sums(second, lost, n)
    mutual = np.flatnonzero((won > 0) & (lost > 0))
    return WinTable(votes, wins, linked(first, second, mutual, n))


def tabulate_counts(counted: PairTable) -> WinTable | None:
    """Do the same from a table of counted votes."""
    words, n = counted.words, len(counted.words)
    if not _is_filled(n, counted.n_cells):
        return None
    total = np.empty_like(words)  # halves of a word sum to less than a word
    votes, wins = np.zeros((n, n)), np.zeros(n)
    for start, stop in _row_blocks(n):
        won, lost = halves(words[start:stop])
        wins[start:stop] += won.sum(axis=1, dtype=np.uint32)  # there are fewer votes than 2^32
        wins += lost.sum(axis=0, dtype=np.uint32)
        np.add(won, lost, out=total[start:stop])
    for start, stop in _row_blocks(n):
        np.add(total[start:stop, :stop], total[:stop, start:stop].T, out=votes[start:stop, :stop])
        votes[start:stop, start:stop] = np.tril(votes[start:stop, start:stop])
    return WinTable(votes, wins, _links_everyone(words))


def _links_everyone(words: npt.NDArray[np.unsignedinteger]) -> bool:
    """Whether the cells in which either has won link everyone; a few rows usually show it."""
    n = len(words)
    reached, waiting = np.zeros(n, dtype=bool), [0]
    reached[0] = True
    rows = max(1, _BLOCK // n)
    while waiting:
        here, waiting = waiting[:rows], waiting[rows:]
        # No product of halves wraps round to zero.
        ahead, behind = (np.multiply(*halves(cells)) for cells in (words[here], words[:, here].T))
        new = np.flatnonzero((ahead | behind).any(axis=0) & ~reached)
        reached[new] = True
        waiting += new.tolist()
        if reached.all():
            return True
    return False


def _is_filled(n_items: int, n_cells: int) -> bool:
    return n_items <= _MOST_ITEMS and _SPARSEST * n_cells >= n_items**2


class TableLaplacian(Laplacian):
    """Curvature held as a lower triangle G, with the pair's curvature e_i e_j G_ij.

    G lives in a buffer that the next evaluation of the same fit overwrites, and that the
    Cholesky factor of many items takes over.
    """

    def __init__(self, worth: FloatArray, halved: FloatArray, degree: FloatArray, ridge: float):
        self.worth, self.halved, self.ridge = worth, halved, ridge
        self.component = np.zeros(len(worth), dtype=np.int32)
        self.single = True
        self._degree = degree
        self._factor = None
        self._lu = None

    @property
    def sparse(self) -> bool:
        """Never: a table is well filled."""
        return False

    def times(self, right: FloatArray) -> FloatArray:
        """Multiply by (items,) or (items, columns)."""
        if right.ndim > 1:
            return np.stack([self.times(column) for column in right.T], axis=1)
        inner = linalg.blas.dsymv(1.0, self.halved.T, self.worth * right)
        product: FloatArray = self.degree * right
        product -= self.worth * inner
        return product

    def lower_triangle(self) -> FloatArray:
        """Fill the lower triangle of a C-ordered matrix, (items, items), diagonal aside."""
        matrix = self.halved
        if len(matrix) <= DENSE:
            matrix = matrix.copy()  # Newton's own steps are by Cholesky: the state stays whole
        else:
            del self.halved  # rather no product than a wrong one
        for start, stop in _row_blocks(len(self.worth)):
            block = matrix[start:stop, :stop]
            block *= self.worth[:stop]
            block *= -self.worth[start:stop, None]
        return matrix


def shares(table: WinTable) -> FloatArray:
    """Start from everyone's share of wins, as `_newton.shares` does."""
    total = np.zeros(len(table.wins))
    for low, high in _row_blocks(len(total)):
        block = table.votes[low:high, :high]
        total[low:high] += block.sum(axis=1)
        total[:high] += block.sum(axis=0)
    return spread_shares(table.wins, total)


def fit_win_table(
    table: WinTable,
    *,
    ridge: float = 0.0,
    start: FloatArray | None = None,
    tolerance: float = 1e-9,
    max_iterations: int = 100,
) -> tuple[NewtonResult, Laplacian] | None:
    """Utilities and the curvature at them, or None if utilities spread too far for the table."""
    n = len(table.wins)
    start = shares(table) if start is None else start
    if not np.ptp(start) < _WIDEST:
        return None
    blocks, ones = _row_blocks(n), np.ones(n)
    buffer, work = np.zeros((n, n)), np.empty(max(_BLOCK, n))

    last: list[Laplacian] = []
    too_wide = False

    def evaluate(utility: FloatArray) -> tuple[FloatArray, Laplacian]:
        nonlocal too_wide
        too_wide = too_wide or not np.ptp(utility) < _WIDEST
        if too_wide:  # a gradient that is no number ends the iteration
            return np.full(n, np.nan), last[-1]
        worth = np.exp(utility - 0.5 * (utility.max() + utility.min()))
        for low, high in blocks:
            both = work[: (high - low) * high].reshape(high - low, high)
            np.add(worth[low:high, None], worth[:high], out=both)
            np.multiply(both, both, out=both)
            np.divide(table.votes[low:high, :high], both, out=buffer[low:high, :high])
        inner = linalg.blas.dsymv(1.0, buffer.T, worth)
        expected = worth * (worth * linalg.blas.dsymv(1.0, buffer.T, ones) + inner)
        gradient = table.wins - expected
        if ridge:
            gradient -= ridge * utility
        last[:] = [TableLaplacian(worth, buffer, worth * inner + ridge, ridge)]
        return gradient, last[-1]

    fitted = maximise(
        evaluate,
        start,
        ridge=ridge,
        exact=True,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    return None if too_wide else fitted


def win_table_log_likelihood(table: WinTable, utility: FloatArray) -> float:
    """Log-likelihood without combinatorial constants; the table's votes are logit votes."""
    utility = utility - 0.5 * (utility.max() + utility.min())
    worth = np.exp(utility)
    result = float(table.wins @ utility)
    for start, stop in _row_blocks(len(utility)):
        both = np.log(worth[start:stop, None] + worth[:stop])
        result -= float(np.vdot(table.votes[start:stop, :stop], both))
    return result


def _row_blocks(n_items: int) -> list[tuple[int, int]]:
    """Bounds of the blocks of rows; whatever lies right of a block's columns is never read."""
    rows = max(1, _BLOCK // n_items)
    return [(start, min(start + rows, n_items)) for start in range(0, n_items, rows)]

"""Utilities together with a few shared parameters: order effects, covariates, ties, features.

The information matrix is a graph Laplacian in the utilities with a narrow border for the shared
parameters, [[L, C], [C', P]]; it is solved by eliminating the utilities, so only systems in L and
one small dense system in the Schur complement S = P - C' L^-1 C are ever solved.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg

from . import _outcomes
from ._newton import Laplacian, NewtonResult, newton
from ._outcomes import Counts, Local
from ._pairs import Pairs, fold_pairs, item_sums, pair_of_cell

__all__ = ["Bordered", "Design", "fit_bordered", "make_design"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]


class Design(NamedTuple):
    """Cells of a comparison model: eta = u_first - u_second + columns @ parameters."""

    first: IntArray  # (cells,)
    second: IntArray  # (cells,)
    columns: FloatArray  # (cells, q)
    counts: Counts
    pairs: Pairs  # wins by pair, ties as half wins; its graph is that of the Laplacian
    pair_of_cell: npt.NDArray[np.intp]  # (cells,)
    link: str
    ties: str  # "none", "davidson" or "rao-kupper"
    free: bool  # whether each item has a utility of its own
    ridge: float  # prior precision of the utilities
    precision: FloatArray  # (q, q): prior precision of the parameters
    component: IntArray  # (items,)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.pairs.n_items

    @property
    def n_utilities(self) -> int:
        """Number of free utilities."""
        return self.n_items if self.free else 0

    @property
    def has_tie(self) -> bool:
        """Whether a tie parameter comes last."""
        return self.ties != "none"

    def predictor(self, point: FloatArray) -> FloatArray:
        """Linear predictor, (cells,)."""
        q = self.columns.shape[1]
        n = self.n_utilities
        eta = self.columns @ point[n : n + q]
        if self.free:
            eta += point[self.first] - point[self.second]
        return eta

    def tie(self, point: FloatArray) -> float:
        """Tie parameter on its working scale."""
        return float(point[-1]) if self.has_tie else 0.0


def make_design(
    first: IntArray,
    second: IntArray,
    columns: FloatArray,
    counts: Counts,
    n_items: int,
    **options: Any,
) -> Design:
    """Find the pairs behind the cells."""
    won, lost = counts.halved()
    pairs = fold_pairs(first, second, won, lost, n_items)
    place = pair_of_cell(pairs, first, second)
    return Design(first, second, columns, counts, pairs, place, **options)


class Bordered:
    """Expected information of a design at a point, and its inverse."""

    def __init__(self, design: Design, point: FloatArray) -> None:
        self.design, self.point = design, point
        weight = design.counts.total
        eta, tie = design.predictor(point), design.tie(point)
        self.local: Local = _outcomes.local(design.link, design.ties, eta, tie)
        counts = np.stack(design.counts)
        self.slope: FloatArray = (counts * self.local.score).sum(axis=0)  # (cells,)
        self.tie_slope = float((counts * self.local.tie_score).sum())
        self.weight: FloatArray = weight * self.local.curvature
        weighted = design.columns * self.weight[:, None]
        border = [weighted]
        corner = design.columns.T @ weighted + design.precision
        if design.has_tie:
            cross = weight * self.local.cross
            border.append(cross[:, None])
            side = design.columns.T @ cross
            last = (weight * self.local.tie_curvature).sum()
            corner = np.block([[corner, side[:, None]], [side[None, :], np.array([[last]])]])
        self.corner: FloatArray = corner  # (p, p)
        self.border = self.to_items(np.hstack(border))  # (utilities, p)
        self.laplacian: Laplacian | None = None
        if design.free:
            by_pair = item_sums(design.pair_of_cell, self.weight, len(design.pairs.low))
            self.laplacian = Laplacian(design.pairs, by_pair, design.ridge, design.component)
        self._eliminated: FloatArray | None = None
        self._schur: FloatArray | None = None

    def to_items(self, cell_values: FloatArray) -> FloatArray:
        """Sum (cells, k) to items: plus for the first, minus for the second."""
        design, k = self.design, cell_values.shape[1]
        result = np.zeros((design.n_utilities, k))
        if design.free:
            for column in range(k):
                values = np.ascontiguousarray(cell_values[:, column])
                result[:, column] = item_sums(design.first, values, design.n_items)
                result[:, column] -= item_sums(design.second, values, design.n_items)
        return result

    def gradient(self) -> FloatArray:
        """Slope of the penalised log-likelihood."""
        design, n = self.design, self.design.n_utilities
        q = design.columns.shape[1]
        parts = [
            self.to_items(self.slope[:, None])[:, 0] - design.ridge * self.point[:n],
            design.columns.T @ self.slope - design.precision @ self.point[n : n + q],
        ]
        if design.has_tie:
            parts.append(np.array([self.tie_slope]))
        return np.concatenate(parts)

    def solve_utilities(self, right: FloatArray) -> FloatArray:
        """Solve L x = right for (utilities, k)."""
        if self.laplacian is None:
            return right
        return self.laplacian.solve(right)

    def eliminated(self) -> FloatArray:
        """L^-1 C, (utilities, p)."""
        if self._eliminated is None:
            self._eliminated = self.solve_utilities(self.border)
        return self._eliminated

    def schur(self) -> FloatArray:
        """P - C' L^-1 C, (p, p): information on the parameters once utilities are fitted."""
        if self._schur is None:
            schur = self.corner - self.border.T @ self.eliminated()
            self._schur = 0.5 * (schur + schur.T)
        return self._schur

    def confounded(self) -> FloatArray | None:
        """Combination of parameters that the data cannot tell from the utilities, or None."""
        if not len(self.corner):
            return None
        size = np.sqrt(np.diagonal(self.corner))
        scale = np.where(size > 0, size, 1.0)
        values, vectors = linalg.eigh(self.schur() / np.outer(scale, scale))
        return None if values[0] > 1e-9 else vectors[:, 0]

    def solve(self, right: FloatArray) -> FloatArray:
        """Multiply the inverse information with (utilities + p,) or (utilities + p, k)."""
        n = self.design.n_utilities
        block = right.reshape(len(right), -1)
        upper = self.solve_utilities(block[:n])
        if not len(self.corner):
            return upper.reshape(right.shape)
        lower = _solve_symmetric(self.schur(), block[n:] - self.border.T @ upper)
        return np.vstack([upper - self.eliminated() @ lower, lower]).reshape(right.shape)

    def inverse(self) -> FloatArray:
        """Inverse information, (utilities + p, utilities + p); in L a pseudo-inverse."""
        if self.laplacian is None:
            return _solve_symmetric(self.schur(), np.eye(len(self.corner)))
        upper = self.laplacian.inverse()
        if not len(self.corner):
            return upper
        lower = _solve_symmetric(self.schur(), np.eye(len(self.corner)))
        side = -self.eliminated() @ lower
        return np.block([[upper - side @ self.eliminated().T, side], [side.T, lower]])


def fit_bordered(
    design: Design, start: FloatArray, *, tolerance: float, max_iterations: int
) -> tuple[NewtonResult, Bordered]:
    """Maximise the likelihood by Newton's method with expected information."""

    def evaluate(point: FloatArray) -> tuple[FloatArray, Bordered]:
        state = Bordered(design, point)
        return state.gradient(), state

    def solve(state: Bordered, gradient: FloatArray) -> tuple[FloatArray, float]:
        step = state.solve(gradient)
        if design.ties == "rao-kupper" and step[-1] < 0.0:
            # log kappa must stay positive
            step = step * min(1.0, 0.75 * state.point[-1] / -step[-1])
        return step, 0.0

    def reach(step: FloatArray) -> float:
        return float(np.abs(design.predictor(step)).max(initial=0.0)) + 2.0 * abs(design.tie(step))

    point, state, decrement, iterations, status = newton(
        evaluate,
        solve,
        reach,
        start,
        # Expected and observed information agree for these alone.
        exact=design.link == "logit" and design.ties != "rao-kupper",
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    n = design.n_utilities
    if state.laplacian is not None:
        point = np.concatenate([state.laplacian.centre(point[:n]), point[n:]])
    method = "Newton, block elimination" if n else "Newton"
    return NewtonResult(point, decrement, iterations, status, method), state


def _solve_symmetric(matrix: FloatArray, right: FloatArray) -> FloatArray:
    factor, info = linalg.lapack.dpotrf(matrix, lower=1)
    if info:
        return np.full(right.shape, np.nan)
    solution, _ = linalg.lapack.dpotrs(factor, right, lower=1)
    return solution.reshape(right.shape)

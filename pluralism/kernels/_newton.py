"""Newton's method for concave paired-comparison likelihoods on the host.

One loop, three ways to solve its linear system: a dense Cholesky factor for small problems,
preconditioned conjugate gradients on the pairs for large well-mixed ones, and, where those need
too many steps, Cholesky again or a sparse LU factor. All stop on the Newton decrement, which is
the distance from the optimum in standard errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse
from scipy.sparse import linalg as sparse_linalg

from ._inverse import cholesky_and_diagonal
from ._pairs import Pairs, item_sums, pair_slopes

__all__ = [
    "CONVERGED",
    "DENSE",
    "NOT_FINITE",
    "OUT_OF_ITERATIONS",
    "Laplacian",
    "NewtonResult",
    "fit_pairs",
    "maximise",
    "newton",
    "spread_shares",
]

FloatArray = npt.NDArray[np.float64]
State = TypeVar("State")

CONVERGED, OUT_OF_ITERATIONS, NOT_FINITE = 0, 1, 2
#: Items up to which a dense factor beats conjugate gradients.
DENSE = 500
#: Items up to which a dense factor is the fall-back.
_DENSE_FALLBACK = 3000
#: One pair in so many possible ones makes a dense factor a waste.
_SPARSE = 50
#: Conjugate-gradient steps after which a direct solver is cheaper.
_SLOW = 50
#: Pairs below which building a sparse matrix costs more than it saves.
_FEW_PAIRS = 50_000
#: By how much a normal mixture flattens a logistic curve (Zeger, Liang and Albert 1988).
_MIXTURE = (16.0 * np.sqrt(3.0) / (15.0 * np.pi)) ** 2
#: Change in the linear predictor that a curvature does not notice.
_SAME = 1e-10
#: Longest step, in units of the linear predictor.
_LONGEST_STEP = 8.0


class NewtonResult(NamedTuple):
    """Where the iteration ended."""

    point: FloatArray  # (parameters,)
    decrement: float  # estimated distance from the optimum, in standard errors
    iterations: int
    status: int
    method: str


def _upper(pairs: Pairs, weight: FloatArray) -> Any:
    """Sparse strict upper triangle; its transpose costs nothing."""
    n = pairs.n_items
    return sparse.csr_array((weight, pairs.high, pairs.starts), shape=(n, n))


def end_sums(pairs: Pairs, values: FloatArray, sign: float) -> FloatArray:
    """Sum over pairs at their low item, plus `sign` times that at their high item, (items,)."""
    n = pairs.n_items
    if len(values) < _FEW_PAIRS:
        total = item_sums(pairs.low, values, n)
        total += sign * item_sums(pairs.high, values, n)
        return total
    upper, ones = _upper(pairs, values), np.ones(n)
    total = upper @ ones
    total += sign * (upper.T @ ones)
    return total


def shares(pairs: Pairs) -> FloatArray:
    """Start from everyone's share of wins: nearly right where opponents are a mixed lot."""
    won = item_sums(pairs.low, pairs.won, pairs.n_items)
    won += item_sums(pairs.high, pairs.lost, pairs.n_items)
    return spread_shares(won, end_sums(pairs, pairs.won + pairs.lost, 1.0))


def spread_shares(won: FloatArray, total: FloatArray) -> FloatArray:
    """Utilities at which everyone's expected share of wins is about the one seen, (items,).

    Against opponents whose utilities have variance v, the log-odds of a share are those of an
    average opponent over sqrt(1 + v k), as for a normal mixture of logistic curves.
    """
    share = (won + 0.5) / (total + 1.0)
    utility = np.log(share / (1.0 - share))
    utility -= utility.mean()
    flat = 1.0 - _MIXTURE * utility.var()
    return utility / np.sqrt(flat) if flat > 0.25 else utility  # shares too uneven for a mixture


class Laplacian:
    """Curvature of the log-likelihood in the utilities: a weighted graph Laplacian plus a ridge.

    Constants within a component are in its null space unless there is a ridge; solutions sum to
    zero in each component.
    """

    def __init__(
        self,
        pairs: Pairs,
        weight: FloatArray,
        ridge: float,
        component: npt.NDArray[np.int32],
    ) -> None:
        self.pairs, self.weight, self.ridge, self.component = pairs, weight, ridge, component
        self.single = not component.any()
        self._degree: FloatArray | None = None
        self._upper: Any = None
        self._factor: FloatArray | None = None
        self._lu: sparse_linalg.SuperLU | None = None

    @property
    def sparse(self) -> bool:
        """Whether a sparse factor beats a dense one of few items, given that these mix slowly."""
        return _SPARSE * len(self.weight) < self.pairs.n_items**2

    @property
    def degree(self) -> FloatArray:
        """Diagonal, (items,)."""
        if self._degree is None:
            self._degree = end_sums(self.pairs, self.weight, 1.0)
            self._degree += self.ridge
        return self._degree

    def times(self, right: FloatArray) -> FloatArray:
        """Multiply by (items,) or (items, columns)."""
        degree = self.degree if right.ndim == 1 else self.degree[:, None]
        product: FloatArray = degree * right
        if self._upper is None:
            self._upper = _upper(self.pairs, self.weight)
        product -= self._upper @ right
        product -= self._upper.T @ right
        return product

    def centre(self, values: FloatArray) -> FloatArray:
        """Take away the mean of each component."""
        if self.ridge > 0.0:
            return values.copy()
        if self.single:
            return values - values.mean(axis=0)
        size = np.bincount(self.component)
        total = np.zeros((len(size), *values.shape[1:]))
        np.add.at(total, self.component, values)
        mean = total / size.reshape(-1, *(1,) * (values.ndim - 1))
        return values - mean[self.component]

    def lower_triangle(self) -> FloatArray:
        """Fill the lower triangle of a C-ordered matrix, (items, items), diagonal aside."""
        n = len(self.degree)
        matrix = np.zeros((n, n))
        matrix[self.pairs.high, self.pairs.low] = -self.weight
        return matrix

    def pinned(self) -> FloatArray:
        """Curvature with a constant by component, so that it can be factored, Fortran order.

        Its upper triangle counts; what it is made from may be used up.
        """
        matrix = self.lower_triangle()
        n = len(matrix)
        matrix.ravel()[:: n + 1] = self.degree
        if self.ridge == 0.0:
            if self.single:
                matrix += self.null_weight() / n
            else:
                same = self.component[:, None] == self.component[None, :]
                size = np.bincount(self.component)[self.component]
                matrix += np.where(same, self.null_weight() / size, 0.0)
        return matrix.T

    def cholesky(self) -> FloatArray:
        """Upper Cholesky factor, Fortran order, of the pinned curvature."""
        if self._factor is None:
            factor, info = linalg.lapack.dpotrf(self.pinned(), lower=0, clean=0, overwrite_a=1)
            if info:
                factor.fill(np.nan)
            self._factor = factor
        return self._factor

    def null_weight(self) -> float:
        """Eigenvalue given to the constants, so that the matrix can be factored."""
        return float(self.degree.mean())

    def inverse(self) -> FloatArray:
        """Pseudo-inverse (with a ridge the inverse), (items, items)."""
        half, _ = linalg.lapack.dpotri(self.cholesky(), lower=0)
        half = np.triu(half)
        full: FloatArray = half + half.T
        n = len(full)
        full[np.diag_indices(n)] = np.diagonal(half)
        if self.ridge == 0.0:
            # The constants that made it invertible come out again.
            if self.single:
                full -= 1.0 / (self.null_weight() * n)
            else:
                size = np.bincount(self.component)[self.component]
                same = self.component[:, None] == self.component[None, :]
                full -= np.where(same, 1.0 / (self.null_weight() * size), 0.0)
        return full

    def centred_variances(self) -> FloatArray:
        """Diagonal of the inverse with utilities measured from the mean, one component only."""
        if self._factor is None:
            self._factor, variance = cholesky_and_diagonal(self.pinned())
        else:
            root, _ = linalg.lapack.dtrtri(self._factor, lower=0)
            variance = np.square(np.triu(root)).sum(axis=1)
        constant = self.ridge if self.ridge > 0.0 else self.null_weight()
        return variance - 1.0 / (constant * len(variance))

    def solve_cholesky(self, right: FloatArray) -> FloatArray:
        """Solve by the dense factor."""
        solution, _ = linalg.lapack.dpotrs(self.cholesky(), right, lower=0)
        return self.centre(solution.reshape(right.shape))

    def solve(self, right: FloatArray) -> FloatArray:
        """Solve to near machine precision by whatever suits the size and the mixing."""
        if len(self.degree) <= _DENSE_FALLBACK:
            return self.solve_cholesky(right)
        if self._lu is None:
            solution, done = self.solve_cg(right, 1e-10, 4 * _SLOW)
            if done:
                return solution
        return self.solve_lu(right)

    def quadratic_forms(self, right: FloatArray) -> FloatArray:
        """Column by column, right' (inverse) right to near machine precision, (columns,).

        Conjugate gradients from zero leave a residual orthogonal to the solution, so the form is
        off by the square of the solution's relative error, and half the digits will do.
        """
        if len(self.degree) > _DENSE_FALLBACK and self._lu is None:
            solution, done = self.solve_cg(right, 1e-7, 4 * _SLOW)
            if done:
                return np.einsum("ij,ij->j", right, solution)
        return np.einsum("ij,ij->j", right, self.solve(right))

    def solve_lu(self, right: FloatArray) -> FloatArray:
        """Solve by a sparse factor, one item of each component held fast."""
        if self._lu is None:
            n = len(self.degree)
            diagonal = self.degree.copy()
            if self.ridge == 0.0:
                _, first = np.unique(self.component, return_index=True)
                diagonal[first] += self.degree.mean()
            pairs, everyone = self.pairs, np.arange(n, dtype=np.int32)
            matrix = sparse.csc_array(
                (
                    np.concatenate([-self.weight, -self.weight, diagonal]),
                    (
                        np.concatenate([pairs.low, pairs.high, everyone]),
                        np.concatenate([pairs.high, pairs.low, everyone]),
                    ),
                ),
                shape=(n, n),
            )
            self._lu = sparse_linalg.splu(
                matrix,
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
        return self.centre(self._lu.solve(self.centre(right)))

    def solve_cg(
        self, right: FloatArray, tolerance: float, max_iterations: int
    ) -> tuple[FloatArray, bool]:
        """Solve by conjugate gradients with the diagonal as preconditioner.

        Returns the solution and whether the residual fell by `tolerance` in time. Columns of a
        two-dimensional right-hand side are solved side by side.
        """
        degree = self.degree if right.ndim == 1 else self.degree[:, None]
        solution = np.zeros_like(right)
        residual = self.centre(right)  # rounding may have left the range of the matrix
        scaled = residual / degree
        direction = scaled.copy()
        size = np.einsum("i...,i...->...", residual, scaled)
        goal = tolerance**2 * size
        for _ in range(max_iterations):
            image = self.times(direction)
            curvature = np.einsum("i...,i...->...", direction, image)
            alpha = size / np.where(curvature > 0, curvature, 1.0)
            solution += alpha * direction
            residual -= alpha * image
            scaled = residual / degree
            previous, size = size, np.einsum("i...,i...->...", residual, scaled)
            if (size <= goal).all():
                return self.centre(solution), True
            direction *= size / np.where(previous > 0, previous, 1.0)
            direction += scaled
        return self.centre(solution), False


def newton(
    evaluate: Callable[[FloatArray], tuple[FloatArray, State]],
    solve: Callable[[State, FloatArray], tuple[FloatArray, float]],
    reach: Callable[[FloatArray], float],
    start: FloatArray,
    *,
    exact: bool,
    tolerance: float,
    max_iterations: int,
) -> tuple[FloatArray, State, float, int, int]:
    """Maximise a concave function; returns point, state, distance, iterations, status.

    `evaluate` gives the gradient and a state, `solve` the Newton direction at a state and its
    relative accuracy, `reach` the largest change that a step makes to a linear predictor. A step
    that overshoots (the slope along it turns clearly negative) is shortened by the secant rule;
    for a concave function that is all the safeguard needed, and it costs no function values.

    The distance from the optimum is in standard errors. Where the curvature is `exact`, one full
    step leaves at most decrement x (reach / 2 + accuracy) of it: the logistic curvature changes
    by no more than the change in the predictor. Elsewhere the decrement itself is the measure.
    The state is that at the point, or at one a last step away that does not change it.
    """
    point = start
    gradient, state = evaluate(point)
    distance = np.inf
    for iteration in range(1, max_iterations + 1):
        step, accuracy = solve(state, gradient)
        slope = float(gradient @ step)
        if not np.isfinite(slope):
            return point, state, distance, iteration, NOT_FINITE
        distance = float(np.sqrt(max(slope, 0.0)))
        far = reach(step)
        length = min(1.0, _LONGEST_STEP / far) if far > 0 else 1.0
        if exact and length == 1.0:
            distance *= min(1.0, 0.5 * far + accuracy)
        if distance <= tolerance and far <= _SAME:
            return point + step, state, distance, iteration, CONVERGED
        for _ in range(30):
            candidate = point + length * step
            candidate_gradient, candidate_state = evaluate(candidate)
            end_slope = float(candidate_gradient @ step)
            if distance <= tolerance or end_slope >= -0.5 * slope:
                break
            length *= slope / (slope - end_slope) if np.isfinite(end_slope) else 0.25
        point, gradient, state = candidate, candidate_gradient, candidate_state
        if distance <= tolerance:
            return point, state, distance, iteration, CONVERGED
    return point, state, distance, max_iterations, OUT_OF_ITERATIONS


def fit_pairs(
    pairs: Pairs,
    *,
    link: str = "logit",
    ridge: float = 0.0,
    component: npt.NDArray[np.int32] | None = None,
    start: FloatArray | None = None,
    tolerance: float = 1e-9,
    max_iterations: int = 100,
) -> tuple[NewtonResult, Laplacian]:
    """Utilities alone, from wins by pair: the fast path of Bradley-Terry and of probit.

    Returns the result and the curvature at it, which knows how to solve and invert.
    """
    n = pairs.n_items
    component = np.zeros(n, dtype=np.int32) if component is None else component

    def evaluate(utility: FloatArray) -> tuple[FloatArray, Laplacian]:
        slopes = pair_slopes(link, pairs, utility)
        gradient = end_sums(pairs, slopes.slope, -1.0)
        if ridge:
            gradient -= ridge * utility
        return gradient, Laplacian(pairs, slopes.curvature, ridge, component)

    return maximise(
        evaluate,
        shares(pairs) if start is None else start,
        ridge=ridge,
        exact=link == "logit",
        tolerance=tolerance,
        max_iterations=max_iterations,
    )


def maximise(
    evaluate: Callable[[FloatArray], tuple[FloatArray, Laplacian]],
    start: FloatArray,
    *,
    ridge: float,
    exact: bool,
    tolerance: float,
    max_iterations: int,
) -> tuple[NewtonResult, Laplacian]:
    """Newton's method in the utilities alone, its systems solved by what suits their size."""
    n = len(start)
    method = "cholesky" if n <= DENSE else "conjugate gradients"
    first_size: float | None = None

    def solve(state: Laplacian, gradient: FloatArray) -> tuple[FloatArray, float]:
        nonlocal method, first_size
        if method == "conjugate gradients":
            size = float(np.sqrt((gradient**2 / state.degree).sum()))
            first_size = size if first_size is None else first_size
            forcing = min(0.03, max(1e-6, size / first_size if first_size > 0 else 0.03))
            step, done = state.solve_cg(gradient, forcing, _SLOW)
            if done:
                return step, forcing
            method = "cholesky" if n <= _DENSE_FALLBACK and not state.sparse else "sparse LU"
        direct = state.solve_cholesky if method == "cholesky" else state.solve_lu
        return direct(gradient), 0.0

    point, state, distance, iterations, status = newton(
        evaluate,
        solve,
        lambda step: float(np.ptp(step)),
        start,
        exact=exact,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    if ridge == 0.0:
        point = state.centre(point)
    return NewtonResult(point, distance, iterations, status, f"Newton, {method}"), state

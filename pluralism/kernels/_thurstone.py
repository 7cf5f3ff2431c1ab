"""Thurstone's Case III: a mean and a variance per item.

P(i over j) = Phi((u_i - u_j) / sqrt(v_i + v_j)). Parameters are stacked as (u, a) with the
log-variance a = log(2 v), so that a = 0 everywhere is Case V, P = Phi(u_i - u_j). Host kernels:
the Hessian is sparse and in closed form.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg
import scipy.special
from scipy.special import log_ndtr

from ._outcomes import local
from ._pairs import item_sums

__all__ = [
    "CaseIIIFit",
    "as_dense",
    "case_iii_information",
    "case_iii_jacobian",
    "case_iii_probits",
    "fit_case_iii",
    "pin_gauge",
    "probit_terms",
    "undetermined_directions",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]
#: Dense, or sparse where it is large.
Matrix = Any

#: Up to this many parameters a step solves a dense system, above it a sparse one.
_DENSE = 2000
#: No parameter moves further than this in one step.
_LONGEST_STEP = 3.0
#: A log-variance beyond this has run away: its item's variance has no estimate inside its range.
_RUNAWAY = 15.0


class ProbitTerms(NamedTuple):
    """Log-likelihood of cells at their probits z, and its derivatives."""

    log_likelihood: float
    score: FloatArray  # (cells,): d log L / dz
    expected: FloatArray  # (cells,): expected information about z
    observed: FloatArray  # (cells,): -d2 log L / dz2


def probit_terms(z: FloatArray, won: FloatArray, lost: FloatArray) -> ProbitTerms:
    """Log-likelihood of `won` and `lost` at P = Phi(z), by hazards that never overflow."""
    (up, down, _), _, expected, _, _ = local("probit", "none", z, 0.0)
    down = -down  # phi / Phi at z, and at -z
    return ProbitTerms(
        float(won @ log_ndtr(z) + lost @ log_ndtr(-z)),
        won * up - lost * down,
        (won + lost) * expected,
        won * up * (z + up) + lost * down * (down - z),
    )


class _Geometry(NamedTuple):
    """Probits of the cells and their derivatives in the four parameters each depends on."""

    z: FloatArray  # (cells,)
    place: npt.NDArray[np.int64]  # (cells, 4): positions of u_i, u_j, a_i, a_j
    slope: FloatArray  # (cells, 4): dz / d(u_i, u_j, a_i, a_j)
    share: FloatArray  # (cells, 2): v_i / (v_i + v_j) and its complement
    scale: FloatArray  # (cells,): 1 / sqrt(v_i + v_j)


def _geometry(theta: FloatArray, first: IntArray, second: IntArray) -> _Geometry:
    n = len(theta) // 2
    utility, log_variance = theta[:n], theta[n:]
    # exp of a difference: neither overflows when both log-variances are far from zero.
    ratio = scipy.special.expit(log_variance[first] - log_variance[second])
    share = np.stack([ratio, 1 - ratio], axis=1)
    log_sum = np.logaddexp(log_variance[first], log_variance[second]) - np.log(2)
    scale = np.exp(-0.5 * log_sum)
    z = (utility[first] - utility[second]) * scale
    slope = np.stack([scale, -scale, -0.5 * z * share[:, 0], -0.5 * z * share[:, 1]], axis=1)
    place = np.stack([first, second, first + n, second + n], axis=1).astype(np.int64)
    return _Geometry(z, place, slope, share, scale)


def case_iii_probits(theta: FloatArray, first: IntArray, second: IntArray) -> FloatArray:
    """Probits z of the cells at `theta`, (cells,)."""
    return _geometry(theta, first, second).z


def case_iii_jacobian(theta: FloatArray, first: IntArray, second: IntArray) -> Matrix:
    """Jacobian of the cells' probits at `theta`, sparse (cells, 2 items)."""
    shape = _geometry(theta, first, second)
    row = np.repeat(np.arange(len(first)), 4)
    entries = (shape.slope.ravel(), (row, shape.place.ravel()))
    return scipy.sparse.coo_array(entries, shape=(len(first), len(theta))).tocsr()


def undetermined_directions(
    first: IntArray, second: IntArray, n_items: int, rng: np.random.Generator
) -> FloatArray:
    """Directions of (u, a) that no probit of these pairs sees, beyond origin and unit.

    The rank of the Jacobian is taken at a random point: it is the same at almost every one. A
    model that is determined has rank 2 items - 2, for neither the origin nor the unit of the
    utilities can be seen.

    Returns
    -------
    numpy.ndarray, (2 items, k)
        A basis of what remains undetermined, with origin and unit chosen so that the median item
        stands still; k = 0 where all is determined.
    """
    theta = np.concatenate([rng.normal(size=n_items), rng.normal(scale=0.5, size=n_items)])
    shape = _geometry(theta, first, second)
    # Probits of the same pair are the same: what matters is which pairs met.
    gram = _assemble(shape, np.ones(len(first))[:, None, None] * _outer(shape.slope), len(theta))
    gram = pin_gauge(as_dense(gram), theta)
    _, _, rank, status = scipy.linalg.lapack.dpstrf(gram, tol=1e-11 * gram.diagonal().max())
    if status == 0 and rank == len(theta):
        return np.zeros((len(theta), 0))
    values, vectors = np.linalg.eigh(gram)
    open_ = vectors[:, values < 1e-11 * values[-1]]
    shift, unit = _gauge(theta).T
    open_ = open_ - 0.5 * unit[:, None] * np.median(open_[n_items:], axis=0)
    return open_ - shift[:, None] * np.median(open_[:n_items], axis=0)


def _gauge(theta: FloatArray) -> FloatArray:
    """Directions along which no probability changes: shift the origin, change the unit."""
    n = len(theta) // 2
    shift = np.concatenate([np.ones(n), np.zeros(n)])
    unit = np.concatenate([theta[:n], np.full(n, 2.0)])
    return np.stack([shift, unit], axis=1)


def _outer(slope: FloatArray) -> FloatArray:
    return slope[:, :, None] * slope[:, None, :]  # (cells, 4, 4)


def _assemble(shape: _Geometry, blocks: FloatArray, size: int) -> Matrix:
    """Add the cells' 4 x 4 blocks into one matrix; sparse where it is large."""
    row = np.repeat(shape.place, 4, axis=1).ravel()
    column = np.tile(shape.place, (1, 4)).ravel()
    if size > _DENSE:
        entries = (blocks.ravel(), (row, column))
        return scipy.sparse.csc_array(scipy.sparse.coo_array(entries, shape=(size, size)))
    flat = item_sums(row * size + column, blocks.ravel(), size * size)
    return flat.reshape(size, size)


def _second_derivatives(shape: _Geometry) -> FloatArray:
    """Second derivatives of every probit in its four parameters, (cells, 4, 4)."""
    z, scale = shape.z, shape.scale
    wi, wj = shape.share.T
    out = np.zeros((len(z), 4, 4))
    out[:, 0, 2] = -0.5 * scale * wi
    out[:, 0, 3] = -0.5 * scale * wj
    out[:, 1, 2] = 0.5 * scale * wi
    out[:, 1, 3] = 0.5 * scale * wj
    out[:, 2, 3] = 0.75 * z * wi * wj
    out += out.transpose(0, 2, 1)
    out[:, 2, 2] = 0.25 * z * wi * wi - 0.5 * z * wi * wj
    out[:, 3, 3] = 0.25 * z * wj * wj - 0.5 * z * wi * wj
    return out


def case_iii_information(
    theta: FloatArray, first: IntArray, second: IntArray, total: FloatArray
) -> Matrix:
    """Expected information about (u, a), (2 items, 2 items); sparse where it is large."""
    shape = _geometry(theta, first, second)
    terms = probit_terms(shape.z, 0.5 * total, 0.5 * total)
    return _assemble(shape, terms.expected[:, None, None] * _outer(shape.slope), len(theta))


def as_dense(matrix: Matrix) -> FloatArray:
    """Return a dense array."""
    return np.asarray(matrix if isinstance(matrix, np.ndarray) else matrix.toarray())


def pin_gauge(information: FloatArray, theta: FloatArray) -> FloatArray:
    """Give the directions that no probability sees the average information, to invert it."""
    basis, _ = np.linalg.qr(_gauge(theta))
    return information + np.trace(information) / len(theta) * basis @ basis.T


class CaseIIIFit(NamedTuple):
    """Where the iteration stopped."""

    theta: FloatArray  # (2 items,): utilities, log-variances
    log_likelihood: float  # without the prior
    converged: bool
    iterations: int
    decrement: float  # sqrt(g' H^-1 g): distance to the optimum in standard errors


def fit_case_iii(
    first: IntArray,
    second: IntArray,
    won: FloatArray,
    lost: FloatArray,
    n_items: int,
    *,
    precision: tuple[float, float],
    start: FloatArray | None = None,
    tolerance: float = 1e-7,
    max_iterations: int = 200,
) -> CaseIIIFit:
    """Maximise log-likelihood plus log-prior by damped Newton steps.

    Parameters
    ----------
    first, second : integer array, (cells,)
        Items of each cell.
    won, lost : float array, (cells,)
        Weight of the votes for the first and for the second.
    n_items : int
        Number of items.
    precision : tuple of float
        Prior precisions of utilities and of log-variances; (0, 0) maximises the likelihood.
    start : float array, (2 items,), optional
        Where to start; at equal utilities the likelihood says nothing about variances, so
        without a prior a start is needed.
    tolerance : float
        Stop when the Newton decrement is below it.
    max_iterations : int
        Give up after so many steps.
    """
    size = 2 * n_items
    prior = np.repeat(np.asarray(precision, dtype=np.float64), n_items)
    theta = np.zeros(size) if start is None else start.copy()
    damping = 1e-3
    value, shape, terms = _objective(theta, first, second, won, lost, prior)
    decrement = np.inf
    for iteration in range(max_iterations):
        score = (terms.score[:, None] * shape.slope).ravel()
        gradient = item_sums(shape.place.ravel(), score, size) - prior * theta
        outer = _outer(shape.slope)
        fisher = _assemble(shape, terms.expected[:, None, None] * outer, size)
        hessian = _assemble(
            shape,
            terms.observed[:, None, None] * outer
            - terms.score[:, None, None] * _second_derivatives(shape),
            size,
        )
        ridge = fisher.diagonal() + prior
        pinned = None if all(precision) else theta
        for attempt in range(30):
            step = _solve(hessian, gradient, prior + damping * ridge, pinned)
            if step is None and attempt >= 2:
                step = _solve(fisher, gradient, prior + damping * ridge, pinned)
            if step is not None:
                step *= min(1.0, _LONGEST_STEP / float(np.abs(step).max(initial=1e-300)))
                decrement = float(np.sqrt(max(float(gradient @ step), 0.0)))
                trial = theta + step
                new_value, new_shape, new_terms = _objective(trial, first, second, won, lost, prior)
                # Near the optimum the gain drowns in rounding and the step is taken on trust.
                gain = new_value - value
                if gain >= 0 or max(abs(gain), decrement**2) < 1e-9 * (1 + abs(value)):
                    break
            damping = max(8 * damping, 1e-8)
        else:
            return CaseIIIFit(theta, terms.log_likelihood, False, iteration, decrement)
        theta, value, shape, terms = trial, new_value, new_shape, new_terms
        if np.abs(theta[n_items:]).max() > _RUNAWAY:
            return CaseIIIFit(theta, terms.log_likelihood, False, iteration + 1, decrement)
        if decrement < tolerance and damping < 1e-2:
            return CaseIIIFit(theta, terms.log_likelihood, True, iteration + 1, decrement)
        damping = damping / 16 if damping > 1e-10 else 0.0
    return CaseIIIFit(theta, terms.log_likelihood, False, max_iterations, decrement)


def _objective(
    theta: FloatArray,
    first: IntArray,
    second: IntArray,
    won: FloatArray,
    lost: FloatArray,
    prior: FloatArray,
) -> tuple[float, _Geometry, ProbitTerms]:
    shape = _geometry(theta, first, second)
    terms = probit_terms(shape.z, won, lost)
    return terms.log_likelihood - 0.5 * float(prior @ theta**2), shape, terms


def _solve(
    matrix: Matrix, right: FloatArray, diagonal: FloatArray, pinned: FloatArray | None
) -> FloatArray | None:
    """Solve (matrix + diagonal) x = right, or None where that is not positive definite.

    `pinned` is the point whose gauge directions, which the data cannot see, x is kept free of.
    """
    if not isinstance(matrix, np.ndarray):
        system = (matrix + scipy.sparse.diags_array(diagonal)).tocsc()
        scale = scipy.sparse.diags_array(1 / np.maximum(system.diagonal(), 1e-300))
        # Where the matrix is not positive definite this overflows, and is seen by its result.
        with np.errstate(all="ignore"):
            x, status = scipy.sparse.linalg.cg(system, right, rtol=1e-10, maxiter=2000, M=scale)
            return x if status == 0 and right @ x > 0 else None
    system = matrix + np.diag(diagonal)
    if pinned is not None:
        system = pin_gauge(system, pinned)
    factor, status = scipy.linalg.lapack.dpotrf(system, lower=True, overwrite_a=True)
    if status != 0:
        return None
    x, _ = scipy.linalg.lapack.dpotrs(factor, right, lower=True)
    return x

"""Ratings as intercepts and one product of factors, r = mu + i_u + i_n + f_u f_n; disagreement.

The fit is a variable projection. Given the notes' parameters the raters' are a ridge regression
of two unknowns each, solved exactly, so the objective becomes a function of the notes' alone;
L-BFGS minimises that, with its exact gradient. All sums run through products with two matrices
(which ratings there are, and the ratings), which may be dense or sparse.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "Factorisation",
    "Penalties",
    "Ratings",
    "disagreement_scores",
    "factorise",
    "objective_and_gradient",
    "prepare",
    "propensity_scores",
]

FloatArray = npt.NDArray[np.float64]

#: Below this share of ratings a sparse matrix is faster than a dense one.
_SPARSE_BELOW = 0.2
_BLOCK = 512
_MOST_NEWTON_STEPS = 10


class Penalties(NamedTuple):
    """What multiplies the squared errors and the squared parameters."""

    error: float
    rater_intercept: float
    rater_factor: float
    note_intercept: float
    note_factor: float
    mean: float


class Factorisation(NamedTuple):
    """A stationary point of the penalised squared error."""

    mean: float
    rater_intercept: FloatArray  # (raters,)
    rater_factor: FloatArray  # (raters,)
    note_intercept: FloatArray  # (notes,)
    note_factor: FloatArray  # (notes,)
    objective: float
    path: FloatArray  # (iterations + 1,): the objective on the way
    step: float  # largest entry of the last Newton step
    starts: FloatArray  # (starts,): objective that each start ended in


class Ratings(NamedTuple):
    """Ratings and their sums."""

    given: Any  # (raters, notes): 1 where there is a rating
    rating: Any  # (raters, notes): the rating, 0 where there is none
    by_rater: FloatArray  # (raters, 2): number and sum of the ratings
    by_note: FloatArray  # (notes, 2)
    square: float  # sum of squared ratings


def factorise(
    ratings: FloatArray,
    penalties: Penalties,
    starts: int,
    generator: np.random.Generator,
    tolerance: float,
    max_iterations: int,
) -> Factorisation:
    """Fit `ratings` (raters, notes; NaN for none) from several random starts; the best of them.

    Every rater and every note needs a rating.
    """
    data = prepare(ratings)
    n_notes = ratings.shape[1]
    # In units of the curvature one tolerance serves intercepts, factors and mean.
    curvature = 2 * (penalties.error * data.by_note[:, 0] + penalties.note_intercept)
    whole = 2 * (penalties.error * data.by_note[:, 0].sum() + penalties.mean)
    scale = np.sqrt(np.concatenate([[whole], curvature, curvature]))
    runs = []
    for _ in range(starts):
        first = np.zeros(1 + 2 * n_notes)
        first[0] = data.by_rater[:, 1].sum() / data.by_rater[:, 0].sum()
        first[1 + n_notes :] = generator.normal(0.0, 0.5, n_notes)
        runs.append(_descend(first, scale, data, penalties, tolerance, max_iterations))
    objective, notes, path = min(runs, key=lambda run: run[0])
    notes, step = _polish(notes, scale, data, penalties, tolerance)
    mean, intercept, factor = _split(notes)
    rater_intercept, rater_factor = _raters(notes, data, penalties)
    # A product does not say which factor is negative: the largest note factor is positive.
    if factor[np.abs(factor).argmax()] < 0:
        factor, rater_factor = -factor, -rater_factor
    return Factorisation(
        mean,
        rater_intercept,
        rater_factor,
        intercept,
        factor,
        objective,
        path,
        step,
        np.array([run[0] for run in runs]),
    )


def _descend(
    first: FloatArray,
    scale: FloatArray,
    data: Ratings,
    penalties: Penalties,
    tolerance: float,
    max_iterations: int,
) -> tuple[float, FloatArray, FloatArray]:
    """L-BFGS from one start: the objective, the notes' parameters, and the way there."""
    from scipy.optimize import OptimizeResult, minimize

    def scaled(z: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = objective_and_gradient(z / scale, data, penalties)
        return value, gradient / scale

    path = [scaled(first * scale)[0]]

    def keep(intermediate_result: OptimizeResult) -> None:
        path.append(float(intermediate_result.fun))

    found = minimize(
        scaled,
        first * scale,
        jac=True,
        method="L-BFGS-B",
        callback=keep,
        options={
            "maxiter": max_iterations,
            "maxfun": 2 * max_iterations,
            "maxcor": 20,
            "ftol": 0.0,
            "gtol": tolerance * float(scale[1:].min()) / 10,
        },
    )
    return float(found.fun), found.x / scale, np.array(path)


def _polish(
    notes: FloatArray, scale: FloatArray, data: Ratings, penalties: Penalties, tolerance: float
) -> tuple[FloatArray, float]:
    """Newton steps by conjugate gradients, on the gradient alone; the last step's largest entry.

    Near the optimum the objective no longer tells points apart in float64; the gradient does.
    """
    from scipy.sparse.linalg import LinearOperator, cg

    def gradient(z: FloatArray) -> FloatArray:
        return np.asarray(objective_and_gradient(z / scale, data, penalties)[1] / scale)

    z, step = notes * scale, np.inf
    slope = gradient(z)
    for _ in range(_MOST_NEWTON_STEPS):

        def curve(direction: FloatArray, z: FloatArray = z) -> FloatArray:
            direction = direction.ravel()
            size = float(np.linalg.norm(direction))
            if size == 0.0:
                return direction
            h = 1e-5 * max(1.0, float(np.linalg.norm(z))) / size
            return (gradient(z + h * direction) - gradient(z - h * direction)) / (2 * h)

        hessian = LinearOperator((len(z), len(z)), matvec=curve, dtype=np.float64)
        move, _ = cg(hessian, -slope, rtol=1e-4, maxiter=200)
        trial = gradient(z + move)
        if not np.linalg.norm(trial) < np.linalg.norm(slope):
            # At the floor of rounding a step no longer helps, and is as small as it will be.
            return z / scale, min(step, float(np.abs(move / scale).max()))
        z, slope = z + move, trial
        step = float(np.abs(move / scale).max())
        if step <= tolerance / 100:
            break
    return z / scale, step


def prepare(ratings: FloatArray) -> Ratings:
    """Bring ratings (raters, notes; NaN for none) into the form that all sums run through."""
    from scipy import sparse

    there = ~np.isnan(ratings)
    given: Any = there.astype(np.float64)
    rating: Any = np.where(there, ratings, 0.0)
    by_rater = np.column_stack([given.sum(axis=1), rating.sum(axis=1)])
    by_note = np.column_stack([given.sum(axis=0), rating.sum(axis=0)])
    square = float((rating**2).sum())
    if there.mean() < _SPARSE_BELOW:
        rows, columns = np.nonzero(there)
        given, rating = (
            sparse.csr_array((part[rows, columns], (rows, columns)), shape=ratings.shape)
            for part in (given, rating)
        )
    return Ratings(given, rating, by_rater, by_note, square)


def _split(notes: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    half = (len(notes) - 1) // 2
    return float(notes[0]), notes[1 : 1 + half], notes[1 + half :]


def _raters(
    notes: FloatArray, data: Ratings, penalties: Penalties
) -> tuple[FloatArray, FloatArray]:
    """Intercepts and factors of the raters that are best for the notes' parameters."""
    mean, intercept, factor = _split(notes)
    base = mean + intercept
    sums = data.given @ np.column_stack([factor, factor**2, base, base * factor])
    weight = penalties.error
    a = weight * data.by_rater[:, 0] + penalties.rater_intercept
    b = weight * sums[:, 0]
    c = weight * sums[:, 1] + penalties.rater_factor
    x = weight * (data.by_rater[:, 1] - sums[:, 2])
    y = weight * (data.rating @ factor - sums[:, 3])
    determinant = a * c - b * b
    return (c * x - b * y) / determinant, (a * y - b * x) / determinant


def objective_and_gradient(
    notes: FloatArray, data: Ratings, penalties: Penalties
) -> tuple[float, FloatArray]:
    """Penalised squared error, least over the raters, and its gradient in (mu, i_n, f_n).

    The raters' parameters are at their optimum, so their change does not enter the gradient.
    """
    mean, intercept, factor = _split(notes)
    own, direction = _raters(notes, data, penalties)
    base = mean + intercept
    sums = data.given.T @ np.column_stack([own, direction, own * direction, direction**2])
    weighted = data.rating.T @ direction
    # Sums of the residuals of each note, plain and times the raters' factors.
    residual = data.by_note[:, 1] - base * data.by_note[:, 0] - sums[:, 0] - factor * sums[:, 1]
    along = weighted - base * sums[:, 1] - sums[:, 2] - factor * sums[:, 3]
    # Residuals times ratings, less residuals times predictions, are the squared residuals.
    explained = base @ data.by_note[:, 1] + own @ data.by_rater[:, 1] + factor @ weighted
    by_prediction = base @ residual + factor @ along
    by_prediction += penalties.rater_intercept / penalties.error * (own @ own)
    error = data.square - explained - by_prediction
    value = penalties.error * error
    value += penalties.rater_intercept * (own @ own) + penalties.rater_factor * (
        direction @ direction
    )
    value += penalties.note_intercept * (intercept @ intercept)
    value += penalties.note_factor * (factor @ factor) + penalties.mean * mean**2
    gradient = np.concatenate(
        [
            [-2 * penalties.error * residual.sum() + 2 * penalties.mean * mean],
            -2 * penalties.error * residual + 2 * penalties.note_intercept * intercept,
            -2 * penalties.error * along + 2 * penalties.note_factor * factor,
        ]
    )
    return float(value), gradient


def disagreement_scores(approves: npt.NDArray[np.bool_], seen: npt.NDArray[np.bool_]) -> FloatArray:
    """(4 / n^2) sum over pairs of approvers of the share of common comments they differ on.

    Where everybody voted on everything, pairs of approvers of c that differ on k are approvers of
    both times approvers of c alone. Otherwise every pair has a number of common comments of its
    own, and the pairs are gone through in blocks.
    """
    n, m = approves.shape
    if seen.all():
        yes = approves.astype(np.float64)
        both = yes.T @ yes  # (comments, comments): approvers of both
        return np.asarray(4 / (n * n * m) * (both * (both.diagonal()[:, None] - both)).sum(axis=1))
    # Counts of comments are exact in float32, and cheaper; everything else is float64.
    yes = approves.astype(np.float32)
    no = (seen & ~approves).astype(np.float32)
    left, right = np.hstack([yes, no]), np.hstack([no, yes])
    common, approval = seen.astype(np.float32), approves.astype(np.float64)
    total = np.zeros(m)
    for start in range(0, n, _BLOCK):
        rows, later = slice(start, start + _BLOCK), slice(start, n)
        differ = (left[rows] @ right[later].T).astype(np.float64)  # (block, from start on)
        share = np.divide(differ, common[rows] @ common[later].T, where=differ > 0, out=differ)
        # Within the block every pair stands twice, and nobody differs from himself.
        share[:, : share.shape[0]] /= 2
        total += ((share @ approval[later]) * approval[rows]).sum(axis=0)
    return 4 / (n * n) * total


def propensity_scores(
    approves: npt.NDArray[np.bool_],
    seen: npt.NDArray[np.bool_],
    propensity: FloatArray,
) -> FloatArray:
    """Horvitz-Thompson estimate of the score of complete votes: each vote over its probability.

    A pair differs on k and approves c with four votes, whose inverse probabilities multiply.
    """
    n, m = approves.shape
    yes = np.where(approves, 1 / propensity, 0.0)
    no = np.where(seen & ~approves, 1 / propensity, 0.0)
    pairs = (yes.T @ yes) * (yes.T @ no)  # (comments, comments)
    np.fill_diagonal(pairs, 0.0)
    return np.asarray(4 / (n * n * m) * pairs.sum(axis=1))

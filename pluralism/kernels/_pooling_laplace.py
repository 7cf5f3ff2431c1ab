"""Laplace's approximation to pooled utilities and their spreads. Host kernel.

Given the spreads, utilities are nearly normal around their mode. Their integral is a function of
the (at most three) logarithms of the spreads, whose mode and curvature are found numerically: the
joint mode would not do, since its density grows without bound as a spread goes to zero
(Tierney and Kadane 1986; Rue, Martino and Chopin 2009, sec. 3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import optimize

from ._pooling_tree import Factor, Parents, Point, factorise, log_prior, newton_step
from ._pooling_votes import Extras, VoteCells, curvature, extras_precision

__all__ = ["Laplace", "laplace"]

FloatArray = npt.NDArray[np.float64]

_MAX_STEPS, _MAX_HALVINGS, _TOLERANCE = 50, 30, 1e-5
#: Longest step of a shared parameter, all of which are logarithms or log-odds.
_LONGEST_STEP = 2.0
#: Logarithms of spreads lie between these, and steps of differences have this length.
_LOWEST, _HIGHEST, _DIFFERENCE = -7.0, 5.0, 0.05


class Laplace(NamedTuple):
    """A normal approximation to the posterior."""

    point: Point  # mode of utilities and shared parameters, at the modes of the spreads
    factor: Factor
    log_spreads: FloatArray  # (levels,)
    spread_root: FloatArray  # (levels, levels): root of their covariance
    converged: bool


class _Mode(NamedTuple):
    point: Point
    factor: Factor
    log_density: float  # of the utilities at their mode and the votes
    converged: bool


def laplace(
    cells: VoteCells, parents: Parents, extras: Extras, n_items: int, prior: float
) -> Laplace:
    """Approximate the posterior of pooled utilities.

    Parameters
    ----------
    cells : VoteCells
        Votes of the blocks of the last level.
    parents : tuple of array
        For each level the parents of its blocks.
    extras : Extras
        What all blocks share.
    n_items : int
        Number of items.
    prior : float
        Scale of the half-normal prior on every spread.
    """
    precision = extras_precision(extras, n_items)
    size = n_items - 1
    start = Point(
        tuple(np.zeros((len(each), size)) for each in parents), np.zeros(extras.size(n_items))
    )
    best: list[_Mode] = []

    def surprise(log_spreads: FloatArray) -> float:
        spreads = np.exp(log_spreads)
        mode = _mode(cells, parents, extras, spreads, precision, best[-1].point if best else start)
        best[:] = [mode]
        log_hyper = float((log_spreads - 0.5 * (spreads / prior) ** 2).sum())
        return 0.5 * mode.factor.log_determinant - mode.log_density - log_hyper

    found = optimize.minimize(
        surprise,
        np.full(len(parents), np.log(0.5 * prior)),
        method="L-BFGS-B",
        bounds=[(_LOWEST, _HIGHEST)] * len(parents),
        options={"eps": 1e-4, "ftol": 1e-10, "gtol": 1e-3},
    )
    root = _spread_root(surprise, found.x)
    surprise(found.x)
    inside = bool(((found.x > _LOWEST) & (found.x < _HIGHEST)).all())
    return Laplace(best[-1].point, best[-1].factor, found.x, root, best[-1].converged and inside)


def _mode(
    cells: VoteCells,
    parents: Parents,
    extras: Extras,
    spreads: FloatArray,
    precision: FloatArray,
    start: Point,
) -> _Mode:
    """Find the most probable utilities given their spreads, by Newton's method.

    Where item variances make the density other than concave, a step is one of Fisher scoring.
    """
    point, converged = start, False
    here = curvature(cells, point.levels[-1], point.shared, extras)
    density = here.value + log_prior(point, parents, spreads, precision)
    for _ in range(_MAX_STEPS):
        try:
            factor = factorise(here, parents, spreads, precision)
        except np.linalg.LinAlgError:
            here = curvature(cells, point.levels[-1], point.shared, extras, exact=False)
            factor = factorise(here, parents, spreads, precision)
        step, decrement = newton_step(point, here, factor, parents, spreads, precision)
        if decrement < _TOLERANCE:
            converged = True
            break
        length = min(1.0, _LONGEST_STEP / max(float(np.abs(step.shared).max(initial=0.0)), 1e-9))
        for _ in range(_MAX_HALVINGS):
            trial = Point(
                tuple(x + length * d for x, d in zip(point.levels, step.levels, strict=True)),
                point.shared + length * step.shared,
            )
            here = curvature(cells, trial.levels[-1], trial.shared, extras)
            reached = here.value + log_prior(trial, parents, spreads, precision)
            if reached >= density - 1e-12 * abs(density):
                break
            length *= 0.5
        point, density = trial, reached
    return _Mode(point, factor, density, converged)


def _spread_root(surprise: Callable[[FloatArray], float], centre: FloatArray) -> FloatArray:
    """Root of the inverse second derivatives at `centre`, by central differences."""
    size, h = len(centre), _DIFFERENCE
    hessian = np.empty((size, size))
    at, steps = surprise(centre), h * np.eye(size)
    single = [[surprise(centre + step), surprise(centre - step)] for step in steps]
    for a in range(size):
        hessian[a, a] = (single[a][0] - 2.0 * at + single[a][1]) / h**2
        for b in range(a):
            both = surprise(centre + steps[a] + steps[b]) + surprise(centre - steps[a] - steps[b])
            cross = both - sum(single[a]) - sum(single[b]) + 2.0 * at
            hessian[a, b] = hessian[b, a] = cross / (2.0 * h**2)
    values, vectors = np.linalg.eigh(hessian)
    # A direction that the votes leave open keeps the curvature of a wide prior.
    return vectors / np.sqrt(np.maximum(values, 0.25))

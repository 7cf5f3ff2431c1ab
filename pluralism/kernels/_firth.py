"""Bias reduction by Jeffreys' penalty (Firth 1993) for logistic comparison models."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ._bordered import Bordered, Design
from ._newton import NewtonResult, newton

__all__ = ["fit_firth", "leverages"]

FloatArray = npt.NDArray[np.float64]


def leverages(state: Bordered, inverse: FloatArray) -> FloatArray:
    """Diagonal of the hat matrix by cell, (cells,): weight times variance of the predictor."""
    design = state.design
    n, q = design.n_utilities, design.columns.shape[1]
    columns = design.columns
    variance = np.einsum("kq,qr,kr->k", columns, inverse[n : n + q, n : n + q], columns)
    if design.free:
        first, second = design.first, design.second
        diagonal = np.diagonal(inverse)
        variance += diagonal[first] + diagonal[second] - 2.0 * inverse[first, second]
        side = inverse[:n, n : n + q]
        variance += 2.0 * ((side[first] - side[second]) * columns).sum(axis=1)
    return state.weight * variance


def fit_firth(
    design: Design, start: FloatArray, *, tolerance: float, max_iterations: int
) -> tuple[NewtonResult, Bordered]:
    """Solve Firth's adjusted score equations (1993, eq. 2 for logistic models).

    Each cell is as if it had gained half its leverage as wins of each side.
    """

    def evaluate(point: FloatArray) -> tuple[FloatArray, Bordered]:
        state = Bordered(design, point)
        leverage = leverages(state, state.inverse())
        state.slope = state.slope + leverage * (state.local.score[0] - 0.5)
        return state.gradient(), state

    point, state, distance, iterations, status = newton(
        evaluate,
        lambda state, gradient: (state.solve(gradient), 0.0),
        lambda step: float(np.abs(design.predictor(step)).max(initial=0.0)),
        start,
        exact=False,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    n = design.n_utilities
    if state.laplacian is not None:
        point = np.concatenate([state.laplacian.centre(point[:n]), point[n:]])
    return NewtonResult(point, distance, iterations, status, "Fisher scoring, Firth"), state

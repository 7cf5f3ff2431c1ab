"""Bias reduction by adjusted scores (Firth 1993) for binary comparison models.

For the logit link it maximises the likelihood with Jeffreys' penalty.
"""

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
    """Solve the adjusted score equations that take away the bias of order 1/n.

    With d the slope of the link's distribution function and d' that of d, a cell's score gains
    its leverage times d' / (2 d) (Kosmidis and Firth 2009, Biometrika 96, section 4.3). For the
    logit that is as if it had gained half its leverage as wins of each side.
    """
    logit = design.link == "logit"

    def evaluate(point: FloatArray) -> tuple[FloatArray, Bordered]:
        state = Bordered(design, point)
        leverage = leverages(state, state.inverse())
        bend = state.local.score[0] - 0.5 if logit else -0.5 * design.predictor(point)
        state.slope = state.slope + leverage * bend
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

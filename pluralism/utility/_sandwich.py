"""The joint covariance of a paired-comparison fit: model-based, sandwich, or clustered."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..data import Comparisons
from ..errors import DataError, NotIdentifiedError, SmallSampleWarning, enumerate_some
from ..kernels import _bordered, _newton, _scores
from ..kernels._outcomes import Counts, Local
from . import _tables
from ._covariance import Anchor, JointCovariance

__all__ = [
    "Middle",
    "covariance_type",
    "joint_covariance",
    "middle",
    "model_based",
    "warn_of_silent",
]

FloatArray = npt.NDArray[np.float64]


#: With fewer, as in the bootstrap, standard errors by rater are nominal.
_FEW_RATERS = 6


class Middle(NamedTuple):
    """Factor S of the middle S'S of a robust covariance, its scale, and what to say of it."""

    factor: Any  # sparse (rows, parameters), or None for the model-based covariance
    scale: float
    note: str


def model_based(comparisons: Comparisons) -> Middle:
    """No middle: the inverse information, and what it takes weights for."""
    note = ""
    if comparisons.squares is not None:
        won, lost, shared, tied = comparisons.squares.sum(axis=1)
        # Weights are all one exactly if they and their squares have the same sum as the votes.
        sums = np.array([comparisons.total.sum(), won + lost + 2.0 * shared + tied])
        if not np.allclose(sums, comparisons.n_votes, rtol=1e-9):
            note = (
                "standard errors take a vote's weight for a number of votes; "
                '`covariance="sandwich"` does not'
            )
    return Middle(None, 1.0, note)


def middle(
    comparisons: Comparisons,
    kind: str,
    columns: FloatArray,
    counts: Counts,
    local: Local,
    *,
    n_utilities: int,
    has_tie: bool,
) -> Middle:
    """Choose and build the middle of the covariance."""
    if kind == "fisher":
        return model_based(comparisons)
    cells = (comparisons.first, comparisons.second, columns, counts)
    if kind == "sandwich":
        factor = _scores.sandwich_factor(
            *cells, comparisons.squares, local, n_utilities=n_utilities, has_tie=has_tie
        )
        return Middle(factor, 1.0, "standard errors are sandwich, without a finite-sample factor")
    assert comparisons.rater is not None
    voted = counts.total > 0  # ties that are left out are no votes of their rater
    n_raters = len(np.unique(comparisons.rater[voted]))
    if n_raters < 2:
        raise NotIdentifiedError(
            "clustered standard errors need at least two raters, and all votes are by "
            'one; ask for `covariance="fisher"`'
        )
    if n_raters < _FEW_RATERS:
        _quiet.warn(
            f"standard errors are clustered by only {n_raters} raters: they are too small, and "
            "intervals too short",
            SmallSampleWarning,
            stacklevel=5,
        )
    votes = (*cells, local, comparisons.rater)
    factor = _scores.cluster_factor(*votes, n_utilities=n_utilities, has_tie=has_tie)
    silent = _scores.cluster_silent(factor, *votes, n_utilities=n_utilities, has_tie=has_tie)
    warn_of_silent(silent, comparisons.items[:n_utilities], "`comparisons`", stacklevel=6)
    return Middle(
        factor,
        n_raters / (n_raters - 1),
        f"standard errors are clustered by {n_raters:,} raters, finite-sample factor G / (G - 1)",
    )


def warn_of_silent(
    silent: npt.NDArray[np.bool_], items: tuple[Hashable, ...], of: str, *, stacklevel: int
) -> None:
    """Say where raters do not differ, so that clusters of their votes show no variance.

    `silent`, (parameters,), has the `items` first; `of` names whose raters they are.
    """
    if silent.all():
        raise NotIdentifiedError(
            f"all raters of {of} answer alike, so that errors clustered by rater come out as 0 "
            'whatever other raters would say; ask for `covariance="fisher"`, which takes votes for '
            "independent, or see that raters are no copies of one another"
        )
    if silent.any():
        named = [item for item, quiet in zip(items, silent.tolist(), strict=False) if quiet]
        what = f"items {enumerate_some(named)}" if named else "some parameters"
        _quiet.warn(
            f"all raters of {of} with votes on {what}, or the only one, answer alike: clustered "
            "standard errors leave out what other raters would say there, and are too small",
            SmallSampleWarning,
            stacklevel=stacklevel,
        )


def joint_covariance(
    state: _newton.Laplacian | _bordered.Bordered,
    robust: Middle,
    anchor: Anchor,
    features: FloatArray,
) -> JointCovariance:
    """Covariance of (utilities, parameters): a matrix where that is cheap, else a solver."""
    n = len(anchor.weight)
    p = len(state.corner) if isinstance(state, _bordered.Bordered) else 0
    free = state.design.free if isinstance(state, _bordered.Bordered) else True
    n_features = features.shape[1]

    def outwards(values: FloatArray) -> FloatArray:
        """Working parameters -> utilities and parameters."""
        if free and not n_features:
            return values
        parameters = values[n:] if free else values
        utilities = features @ parameters[:n_features]
        return np.vstack([utilities + values[:n] if free else utilities, parameters])

    def inwards(values: FloatArray) -> FloatArray:
        """Apply the transpose of `outwards`."""
        if free and not n_features:
            return values
        parameters = values[n:].copy()
        parameters[:n_features] += features.T @ values[:n]
        return np.vstack([values[:n], parameters]) if free else parameters

    def matrix() -> FloatArray:
        full = state.inverse()
        if robust.factor is not None:
            core = robust.factor.T @ robust.factor
            full = robust.scale * (full @ (core @ full))
        return outwards(outwards(full).T) if n_features else full

    def times(right: FloatArray) -> FloatArray:
        solution = state.solve(inwards(right))
        if robust.factor is not None:
            solution = robust.scale * state.solve(robust.factor.T @ (robust.factor @ solution))
        return outwards(solution)

    plain = state if isinstance(state, _newton.Laplacian) and robust.factor is None else None
    if n <= _tables.DENSE_ITEMS:
        variances = plain.centred_variances if plain is not None and anchor.is_mean else None
        return JointCovariance(n + p, matrix=matrix, variances=variances, anchor=anchor)
    forms = None if plain is None else plain.quadratic_forms
    return JointCovariance(n + p, times=times, forms=forms, anchor=anchor)


def covariance_type(comparisons: Comparisons, covariance: Any) -> str:
    """Resolve `covariance`: clustered by rater where raters are known, else Fisher."""
    if covariance is None:
        return "fisher" if comparisons.raters is None else "cluster"
    _validate.one_of("covariance", covariance, ("fisher", "sandwich", "cluster"))
    if covariance == "cluster" and comparisons.rater is None:
        raise DataError(
            '`covariance` is "cluster", but `comparisons` has no raters; build it with `rater=`'
        )
    return str(covariance)

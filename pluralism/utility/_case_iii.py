"""Thurstone's Case III: utilities with a noise variance per item."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import special

from .._precision import in_float64
from ..errors import NotIdentifiedError, enumerate_some
from ..kernels import _outcomes
from ..kernels import _thurstone as kernel
from ..kernels._inverse import inverse_information
from ..kernels._padding import bucket
from ..kernels._pairs import Pairs
from . import _sandwich, _tables
from ._covariance import JointCovariance
from ._estimates import Convergence, Parameter
from ._fit import UtilityFit
from ._folded import FoldedVotes

__all__ = [
    "CaseIIIDiagnostics",
    "ThurstoneFit",
    "check_variances",
    "fit_penalised",
    "fit_published",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

#: Above this many items the rank of the Jacobian costs more than the fit.
_LARGEST_CHECKED = 1500
#: A log-variance this far from the typical one is at the edge of what data can say.
_EXTREME = 8.0


class CaseIIIDiagnostics(NamedTuple):
    """What the comparisons leave open about the variances.

    Attributes
    ----------
    undetermined : tuple
        Items whose utility or variance the comparisons alone do not determine.
    free : int
        How many combinations of utilities and variances are left open.
    extreme : tuple
        Items whose variance runs to zero or to infinity.
    checked : bool
        Whether `undetermined` was computed (it is not above 1,500 items under a prior).
    """

    undetermined: tuple[Hashable, ...]
    free: int
    extreme: tuple[Hashable, ...]
    checked: bool


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ThurstoneFit(UtilityFit):
    """Case III: utilities and, item by item, the variance of the noise around them.

    Attributes
    ----------
    variance : xarray.DataArray, (item,)
        v in P(i over j) = Phi((u_i - u_j) / sqrt(v_i + v_j)).
    diagnostics : CaseIIIDiagnostics
        Which items' variances the comparisons do not determine.
    log_loss : float or None
        Mean cross-entropy over edges, as the published code computes it; for
        ``method="as-published"``.
    """

    variance: xr.DataArray
    log_loss: float | None = None

    def _predictor(
        self, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray]:
        utility, variance = self.utility.values, self.variance.values
        slope = 1.0 / np.sqrt(variance[left] + variance[right])
        return slope * (utility[left] - utility[right]), slope


def check_variances(
    items: tuple[Hashable, ...], pairs: Pairs, *, refuse: bool
) -> tuple[tuple[Hashable, ...], int, bool]:
    """Find items whose variance the pairs that met cannot determine.

    Returns the items, the number of combinations left open, and whether this was computed.
    """
    n = len(items)
    if n > _LARGEST_CHECKED and not refuse:
        return (), 0, False
    open_ = kernel.undetermined_directions(pairs.low, pairs.high, n, np.random.default_rng(0))
    if not open_.shape[1]:
        return (), 0, True
    loading = np.abs(open_).max(axis=1)
    loose = np.flatnonzero(np.maximum(loading[:n], loading[n:]) > 1e-6)
    names = tuple(items[place] for place in loose)
    if refuse:
        met = np.bincount(pairs.low, minlength=n) + np.bincount(pairs.high, minlength=n)
        single = [
            (items[low], items[high])
            for low, high in zip(pairs.low, pairs.high, strict=True)
            if met[low] == 1 or met[high] == 1
        ]
        hint = (
            "; an item that met one other only has no variance of its own: pairs "
            f"{enumerate_some(single)}"
            if single
            else ""
        )
        raise NotIdentifiedError(
            f"{len(pairs.low)} pairs determine {2 * n - 2 - open_.shape[1]} of the {2 * n - 2} "
            f"utilities and variances of Case III; open are those of items "
            f'{enumerate_some(names)}{hint}. Compare more pairs, use case="V" (one variance), '
            'or method="map", whose priors decide',
            groups=[names],
        )
    return names, open_.shape[1], True


def fit_penalised(
    votes: FoldedVotes,
    *,
    prior: tuple[float, float] | None,
    unit: str,
    tolerance: float,
    max_iterations: int,
    options: dict[str, Any],
) -> ThurstoneFit:
    """Fit by maximum a posteriori, or by maximum likelihood where `prior` is None."""
    pairs, items, n = votes.pairs, votes.comparisons.items, votes.comparisons.n_items
    names, free, checked = check_variances(items, pairs, refuse=prior is None)
    data = (pairs.low, pairs.high, pairs.won, pairs.lost, n)
    settings: dict[str, Any] = {"tolerance": tolerance, "max_iterations": max_iterations}
    precision = (0.0, 0.0) if prior is None else (prior[0] ** -2, prior[1] ** -2)
    start = None
    if prior is None:
        # At equal utilities variances do not show, so the search starts from a weak prior's mode.
        start = kernel.fit_case_iii(*data, precision=(0.01, 1.0), **settings).theta
    found = kernel.fit_case_iii(*data, precision=precision, start=start, **settings)
    theta = found.theta
    away = np.abs(theta[n:] - np.median(theta[n:]))
    extreme = tuple(items[place] for place in np.flatnonzero(away > _EXTREME))
    status = "converged" if found.converged else "out of iterations"
    if extreme and not found.converged:
        status = f"the variances of items {enumerate_some(extreme)} run to zero or infinity"
    robust = _middle(votes, theta)
    notes = [robust.note] if robust.note else []
    if names:
        notes.append(
            f"the comparisons alone leave {free} combination(s) of utilities and variances open; "
            f"the priors decide them for items {enumerate_some(names)}"
        )
    if extreme and found.converged:
        notes.append(f"the variances of items {enumerate_some(extreme)} are extreme")
    return ThurstoneFit(
        **_estimates(votes, _in_unit(theta, votes.anchor.weight, unit), unit),
        log_likelihood_of=found.log_likelihood,
        convergence=Convergence(
            found.iterations, found.decrement, status, "damped Newton, cholesky"
        ),
        covariance_type=votes.covariance_type,
        notes=tuple(notes),
        joint=JointCovariance(
            2 * n, matrix=lambda: _covariance(votes, theta, precision, unit, robust)
        ),
        diagnostics=CaseIIIDiagnostics(names, free, extreme, checked),
        options=options,
    )


def _middle(votes: FoldedVotes, theta: FloatArray) -> _sandwich.Middle:
    """Middle of a robust covariance of theta."""
    cells = votes.comparisons
    return _sandwich.middle(
        cells,
        votes.covariance_type,
        kernel.case_iii_jacobian(theta, cells.first, cells.second),
        votes.counts,
        _outcomes.local(
            "probit", "none", kernel.case_iii_probits(theta, cells.first, cells.second), 0.0
        ),
        n_utilities=0,
        has_tie=False,
    )


def _covariance(
    votes: FoldedVotes,
    theta: FloatArray,
    precision: tuple[float, float],
    unit: str,
    robust: _sandwich.Middle,
) -> FloatArray:
    """Covariance of (u, log v) in the reported unit, (2 items, 2 items)."""
    pairs, n = votes.pairs, votes.comparisons.n_items
    information = kernel.case_iii_information(theta, pairs.low, pairs.high, pairs.won + pairs.lost)
    information = kernel.as_dense(information) + np.diag(np.repeat(precision, n))
    if not all(precision):
        information = kernel.pin_gauge(information, theta)
    covariance = inverse_information(information)
    if robust.factor is not None:
        core = (robust.factor.T @ robust.factor).toarray()
        covariance = robust.scale * (covariance @ core @ covariance)
    jacobian = _unit_jacobian(theta, votes.anchor.weight, unit)
    return np.asarray(jacobian @ covariance @ jacobian.T)


def fit_published(
    votes: FoldedVotes,
    *,
    epochs: int,
    learning_rate: float,
    pseudo_labels: float | None,
    rng: np.random.Generator,
    options: dict[str, Any],
) -> ThurstoneFit:
    """Run the loop of Utility Engineering on unweighted edges."""
    pairs, n = votes.pairs, votes.comparisons.n_items
    low, high = pairs.low.astype(np.int32), pairs.high.astype(np.int32)
    share = pairs.won / (pairs.won + pairs.lost)
    rate = np.float64(learning_rate)
    fit = _adam(rng, n, low, high, share, rate, epochs)
    notes = [
        "stopped after a fixed number of steps, which is early stopping and no optimum: "
        "there are no standard errors"
    ]
    if pseudo_labels is not None:
        unseen = np.triu(np.ones((n, n), dtype=bool), 1)
        unseen[low, high] = False
        left, right = (index.astype(np.int32) for index in np.nonzero(unseen))
        spread = np.sqrt(fit.variance[left] + fit.variance[right] + 1e-5)
        p = special.ndtr((fit.utility[left] - fit.utility[right]) / spread)
        sure = (p >= pseudo_labels) | (p <= 1 - pseudo_labels)
        fit = _adam(
            rng,
            n,
            np.concatenate([low, left[sure]]),
            np.concatenate([high, right[sure]]),
            np.concatenate([share, (p[sure] > 0.5).astype(np.float64)]),
            rate,
            epochs,
        )
        notes.append(
            f"{int(sure.sum()):,} of the edges are the model's own predictions (pseudo-labels)"
        )
    z = (fit.utility[low] - fit.utility[high]) / np.sqrt(fit.variance[low] + fit.variance[high])
    reported = np.concatenate([votes.anchor.refer(fit.utility), np.log(fit.variance)])
    return ThurstoneFit(
        **_estimates(votes, reported, "spread"),
        log_likelihood_of=kernel.probit_terms(z, pairs.won, pairs.lost).log_likelihood,
        convergence=Convergence(epochs, float("nan"), f"stopped after {epochs:,} epochs", "Adam"),
        covariance_type="none",
        notes=tuple(notes),
        diagnostics=CaseIIIDiagnostics((), 0, (), False),
        log_loss=float(fit.log_loss),
        options=options,
    )


def _adam(
    rng: np.random.Generator,
    n: int,
    first: IntArray,
    second: IntArray,
    share: FloatArray,
    learning_rate: Any,
    epochs: int,
) -> Any:
    """One run from a fresh random start, shapes padded to powers of two."""
    from ..kernels._thurstone_jax import AdamFit, adam_case_iii

    start = 0.01 * rng.standard_normal((2, n))
    edges, rows = bucket(len(first)) - len(first), bucket(n) - n
    fit = in_float64(
        adam_case_iii,
        np.pad(start, ((0, 0), (0, rows))),
        np.pad(np.ones(n), (0, rows)),
        np.pad(first, (0, edges)),
        np.pad(second, (0, edges), constant_values=1),
        np.pad(share, (0, edges), constant_values=0.5),
        np.pad(np.ones(len(first)), (0, edges)),
        learning_rate,
        epochs=epochs,
    )
    return AdamFit(fit.utility[:n], fit.variance[:n], fit.log_loss, fit.gradient)


def _estimates(votes: FoldedVotes, reported: FloatArray, unit: str) -> dict[str, Any]:
    """What every fit of Case III holds, from (u, log v)."""
    items, n = votes.comparisons.items, votes.comparisons.n_items
    units = "probits" if unit == "noise" else "standard deviations of the utilities"
    variance = np.exp(reported[n:])
    return {
        "utility": _tables.item_array(reported[:n], items, name="utility", units=units),
        "variance": _tables.item_array(
            variance, items, name="variance", units=f"({units}) squared"
        ),
        "model": "Thurstone Case III",
        "link": "probit",
        "units": units,
        "ties": votes.model.ties,
        "reference": votes.model.reference,
        "n_parameters": 2 * n - 2,
        "n_votes": votes.comparisons.n_votes,
        "dropped": votes.dropped,
        "_data": votes.comparisons,
        "parameters": tuple(
            Parameter("parameter", f"variance of {item}", float(log_variance), "log")
            for item, log_variance in zip(items, reported[n:], strict=True)
        ),
    }


def _in_unit(theta: FloatArray, anchor: FloatArray, unit: str) -> FloatArray:
    """(u, log v) from theta = (m, a), where v = exp(a) / 2 up to the unit.

    The unit is the noise (the geometric mean of v is 1/2, so that equal variances are Case V)
    or the spread (the utilities have sample standard deviation one).
    """
    n = len(theta) // 2
    m, a = theta[:n], theta[n:]
    log_unit = 0.5 * a.mean() if unit == "noise" else np.log(m.std(ddof=1))
    u = (m - anchor @ m) * np.exp(-log_unit)
    return np.concatenate([u, a - np.log(2) - 2 * log_unit])


def _unit_jacobian(theta: FloatArray, anchor: FloatArray, unit: str) -> FloatArray:
    """Jacobian of `_in_unit` in theta, (2 items, 2 items)."""
    n = len(theta) // 2
    m = theta[:n]
    u = _in_unit(theta, anchor, unit)[:n]
    slope = np.zeros(2 * n)  # of the logarithm of the unit
    if unit == "noise":
        slope[n:] = 0.5 / n
        size = np.exp(0.5 * theta[n:].mean())
    else:
        size = m.std(ddof=1)
        slope[:n] = (m - m.mean()) / ((n - 1) * size**2)
    jacobian = np.eye(2 * n)
    jacobian[:n, :n] = (np.eye(n) - anchor) / size
    jacobian[:n] -= u[:, None] * slope
    jacobian[n:] -= 2 * slope
    return jacobian

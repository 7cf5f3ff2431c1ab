"""Thurstone's Case III: utilities with a noise variance per item."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import linalg, special

from .._precision import in_float64
from ..errors import NotIdentifiedError, enumerate_some
from ..kernels import _thurstone as kernel
from ..kernels._pairs import Pairs
from ._covariance import JointCovariance
from ._fit import Convergence, Parameter, UtilityFit, item_array

__all__ = ["CaseIIIDiagnostics", "ThurstoneFit", "check_variances", "fit_penalised", "fit_published"]

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

    def _outcome_probability(
        self, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp], outcome: str
    ) -> FloatArray:
        utility, variance = self.utility.values, self.variance.values
        z = (utility[left] - utility[right]) / np.sqrt(variance[left] + variance[right])
        parts = {"win": special.ndtr(z), "tie": np.zeros_like(z), "loss": special.ndtr(-z)}
        return parts[outcome]


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
            f"; an item met by one other only has no variance of its own: pairs {enumerate_some(single)}"
            if single
            else ""
        )
        raise NotIdentifiedError(
            f"{len(pairs.low)} pairs determine {2 * n - 2 - open_.shape[1]} of the {2 * n - 2} "
            f"utilities and variances of Case III; open are those of items "
            f"{enumerate_some(names)}{hint}. Compare more pairs, use case=\"V\" (one variance), "
            'or method="map", whose priors decide',
            groups=[names],
        )
    return names, open_.shape[1], True


def fit_penalised(
    items: tuple[Hashable, ...],
    pairs: Pairs,
    *,
    prior: tuple[float, float] | None,
    anchor: FloatArray,
    unit: str,
    tolerance: float,
    max_iterations: int,
    common: dict[str, Any],
) -> ThurstoneFit:
    """Fit by maximum a posteriori, or by maximum likelihood where `prior` is None."""
    n = len(items)
    names, free, checked = check_variances(items, pairs, refuse=prior is None)
    data = (pairs.low, pairs.high, pairs.won, pairs.lost, n)
    settings: dict[str, Any] = {"tolerance": tolerance, "max_iterations": max_iterations}
    if prior is None:
        # At equal utilities variances do not show, so the search starts from a weak prior's mode.
        start = kernel.fit_case_iii(*data, precision=(0.01, 1.0), **settings).theta
        found = kernel.fit_case_iii(*data, precision=(0.0, 0.0), start=start, **settings)
        precision = (0.0, 0.0)
    else:
        precision = (prior[0] ** -2, prior[1] ** -2)
        found = kernel.fit_case_iii(*data, precision=precision, **settings)
    theta = found.theta
    scaled = theta[n:] - theta[n:].mean()
    extreme = tuple(items[place] for place in np.flatnonzero(np.abs(scaled) > _EXTREME))
    reported, jacobian = _in_unit(theta, anchor, unit)

    def covariance() -> FloatArray:
        information = kernel.case_iii_information(
            theta, pairs.low, pairs.high, pairs.won + pairs.lost
        )
        information = kernel.as_dense(information) + np.diag(np.repeat(precision, n))
        if prior is None:
            information = kernel.pin_gauge(information, theta)
        inverse = linalg.inv(information)
        return jacobian @ inverse @ jacobian.T

    status = "converged" if found.converged else "out of iterations"
    if extreme and not found.converged:
        status = f"the variances of items {enumerate_some(extreme)} run to zero or infinity"
    notes = []
    if names:
        notes.append(
            f"the comparisons alone leave {free} combination(s) of utilities and variances open; "
            f"the priors decide them for items {enumerate_some(names)}"
        )
    if extreme and found.converged:
        notes.append(f"variances of items {enumerate_some(extreme)} are extreme")
    return ThurstoneFit(
        **_estimates(reported, items, unit),
        log_likelihood=found.log_likelihood,
        n_parameters=2 * n - 2,
        convergence=Convergence(
            found.iterations, found.decrement, status, "damped Newton, cholesky"
        ),
        covariance_type="fisher",
        notes=tuple(notes),
        joint=JointCovariance(2 * n, matrix=covariance),
        diagnostics=CaseIIIDiagnostics(names, free, extreme, checked),
        **common,
    )


def fit_published(
    items: tuple[Hashable, ...],
    pairs: Pairs,
    *,
    anchor: FloatArray,
    epochs: int,
    learning_rate: float,
    pseudo_labels: float | None,
    rng: np.random.Generator,
    common: dict[str, Any],
) -> ThurstoneFit:
    """Run the loop of Utility Engineering on unweighted edges."""
    n = len(items)
    low, high = pairs.low.astype(np.int32), pairs.high.astype(np.int32)
    share = pairs.won / (pairs.won + pairs.lost)
    rate = np.float64(learning_rate)
    fit = _adam(rng, n, low, high, share, rate, epochs)
    notes = [
        "stopped after a fixed number of steps, which is early stopping and no optimum: "
        "there are no standard errors"
    ]
    n_pseudo = 0
    if pseudo_labels is not None:
        left, right = np.triu_indices(n, 1)
        unseen = np.ones((n, n), dtype=bool)
        unseen[low, high] = False
        left, right = (index[unseen[left, right]].astype(np.int32) for index in (left, right))
        spread = np.sqrt(fit.variance[left] + fit.variance[right] + 1e-5)
        p = special.ndtr((fit.utility[left] - fit.utility[right]) / spread)
        sure = (p >= pseudo_labels) | (p <= 1 - pseudo_labels)
        n_pseudo = int(sure.sum())
        fit = _adam(
            rng,
            n,
            np.concatenate([low, left[sure]]),
            np.concatenate([high, right[sure]]),
            np.concatenate([share, (p[sure] > 0.5).astype(np.float64)]),
            rate,
            epochs,
        )
        notes.append(f"{n_pseudo:,} of the edges are the model's own predictions (pseudo-labels)")
    z = (fit.utility[low] - fit.utility[high]) / np.sqrt(fit.variance[low] + fit.variance[high])
    reported = np.concatenate([fit.utility - anchor @ fit.utility, np.log(fit.variance)])
    return ThurstoneFit(
        **_estimates(reported, items, "spread"),
        log_likelihood=kernel.probit_terms(z, pairs.won, pairs.lost).log_likelihood,
        n_parameters=2 * n - 2,
        convergence=Convergence(epochs, float("nan"), f"stopped after {epochs:,} epochs", "Adam"),
        covariance_type="none",
        notes=tuple(notes),
        diagnostics=CaseIIIDiagnostics((), 0, (), False),
        log_loss=float(fit.log_loss),
        **common,
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
    edges, rows = kernel_bucket(len(first)) - len(first), kernel_bucket(n) - n
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


def _estimates(reported: FloatArray, items: tuple[Hashable, ...], unit: str) -> dict[str, Any]:
    """Labelled utilities and variances from (u, log v)."""
    n = len(items)
    units = "probits" if unit == "noise" else "standard deviations of the utilities"
    variance = np.exp(reported[n:])
    return {
        "utility": item_array(reported[:n], items, name="utility", units=units),
        "variance": item_array(variance, items, name="variance", units=f"({units}) squared"),
        "units": units,
        "parameters": tuple(
            Parameter("parameter", f"variance of {item}", float(log_variance), "log")
            for item, log_variance in zip(items, reported[n:], strict=True)
        ),
    }


def _in_unit(
    theta: FloatArray, anchor: FloatArray, unit: str
) -> tuple[FloatArray, FloatArray]:
    """(u, log v) in a gauge, and its Jacobian in theta = (m, a) with v = exp(a) / 2.

    The unit is the noise (the geometric mean of v is 1/2, so that equal variances are Case V)
    or the spread (the utilities have sample standard deviation one).
    """
    n = len(theta) // 2
    m, a = theta[:n], theta[n:]
    one = np.ones((n, 1))
    centred = m - anchor @ m
    centring = np.eye(n) - one * anchor
    jacobian = np.zeros((2 * n, 2 * n))
    if unit == "noise":
        typical = a.mean()
        u = centred * np.exp(-0.5 * typical)
        jacobian[:n, :n] = centring * np.exp(-0.5 * typical)
        jacobian[:n, n:] = -0.5 / n * u[:, None]
        jacobian[n:, n:] = np.eye(n) - 1 / n
        return np.concatenate([u, a - typical - np.log(2)]), jacobian
    deviation = m.std(ddof=1)
    slope = (m - m.mean()) / ((n - 1) * deviation)
    u = centred / deviation
    jacobian[:n, :n] = (centring - u[:, None] * slope) / deviation
    jacobian[n:, :n] = -2 / deviation * one * slope
    jacobian[n:, n:] = np.eye(n)
    return np.concatenate([u, a - np.log(2) - 2 * np.log(deviation)]), jacobian

"""The result of every utility model: labelled estimates, and what may be asked of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import special, stats

from .. import _validate
from ..data import _labels
from ..errors import DataError, LabelError, NotIdentifiedError
from ..kernels import _contrasts
from ._covariance import JointCovariance

__all__ = ["Contrast", "Convergence", "Parameter", "UtilityFit", "item_array"]

FloatArray = npt.NDArray[np.float64]

#: Up to this many items covariances are computed as one matrix.
DENSE_ITEMS = 3000
#: Up to this many items the critical value of rank intervals is simulated.
_SIMULATED_ITEMS = 150
_DRAWS = 20_000


@dataclass(frozen=True)
class Convergence:
    """How a fit ended.

    Attributes
    ----------
    iterations : int
        Steps taken.
    decrement : float
        Newton decrement at the last iterate: its distance from the optimum in standard errors,
        to first order.
    status : str
        ``"converged"``, or what stopped the iteration instead.
    method : str
        The algorithm.
    """

    iterations: int
    decrement: float
    status: str
    method: str

    @property
    def converged(self) -> bool:
        """Whether the tolerance was reached."""
        return self.status == "converged"


class Parameter(NamedTuple):
    """One estimate beside the utilities, on the scale on which its covariance is known."""

    kind: Literal["parameter", "feature"]
    term: str
    estimate: float
    scale: Literal["identity", "log"] = "identity"

    @property
    def value(self) -> float:
        """The estimate on the attribute's own scale."""
        return float(np.exp(self.estimate)) if self.scale == "log" else self.estimate

    @property
    def slope(self) -> float:
        """Derivative of `value` with respect to `estimate`, for the delta method."""
        return self.value if self.scale == "log" else 1.0


class Contrast(NamedTuple):
    """A difference of utilities, first minus second, with its standard error.

    Both are floats, or arrays where several differences were asked for at once.
    """

    estimate: Any
    stderr: Any

    @property
    def z(self) -> Any:
        """The difference in standard errors."""
        return self.estimate / self.stderr

    @property
    def pvalue(self) -> Any:
        """Two-sided p-value of no difference, by the normal approximation."""
        return 2.0 * special.ndtr(-np.abs(self.z))

    def interval(self, level: float = 0.95) -> tuple[Any, Any]:
        """Wald interval, (lower, upper)."""
        half = stats.norm.isf(0.5 * (1.0 - _validate.level("level", level))) * self.stderr
        return self.estimate - half, self.estimate + half


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class UtilityFit:
    """Utilities of items, with their uncertainty and what the fit knows about itself.

    Attributes
    ----------
    utility : xarray.DataArray, (item,)
        Estimates, relative to `reference`, in `units`.
    model, link, units : str
        Name of the model; ``"logit"`` or ``"probit"``; what one unit of utility is.
    scale : float
        Units of utility per unit of the link: P(a over b) = link((u_a - u_b) / scale).
    ties : str
        How ties entered: ``"none"``, ``"half"``, ``"davidson"``, ``"rao-kupper"``, ``"drop"``.
    reference : hashable
        ``"mean"``, or the item whose utility is zero.
    order_effect : float, xarray.DataArray (group,), or None
        Added to the linear predictor of the item shown first.
    tie_parameter : float or None
        nu of Davidson or kappa of Rao and Kupper.
    coefficients : xarray.DataArray (feature,), or None
        Effects of item features and of covariates.
    log_likelihood : float
        At the estimate, without combinatorial constants and without any penalty.
    n_parameters : int
        Number of free parameters.
    convergence : Convergence
        Iterations, Newton decrement, status and method.
    n_votes : int
        Votes behind the fit.
    dropped : mapping of str to int
        Reason -> votes left out.
    covariance_type : str
        How standard errors were computed: ``"fisher"``, ``"sandwich"``, ``"cluster"``, or what
        else the model names; ``"none"`` where it has none.
    notes : tuple of str
        What a reader of the numbers should know.
    options : mapping
        The arguments that made the fit.
    """

    utility: xr.DataArray
    model: str
    link: Literal["logit", "probit"]
    units: str
    log_likelihood: float
    n_parameters: int
    convergence: Convergence
    n_votes: int
    covariance_type: str
    scale: float = 1.0
    ties: str = "none"
    reference: Hashable = "mean"
    order_effect: float | xr.DataArray | None = None
    tie_parameter: float | None = None
    coefficients: xr.DataArray | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    joint: JointCovariance | None = None
    component: npt.NDArray[np.int32] | None = None
    diagnostics: Any = None
    _cache: dict[str, Any] = field(default_factory=dict, init=False)

    # -- labelled uncertainty --------------------------------------------------------------

    @property
    def items(self) -> tuple[Hashable, ...]:
        """Labels of the items."""
        return tuple(self.utility["item"].values.tolist())

    @property
    def worth(self) -> xr.DataArray:
        """Worths, (item,): exp(utility) scaled to sum to one, of a model with a logit link.

        Raises
        ------
        DataError
            If the link is not the logit.
        """
        if self.link != "logit":
            raise DataError(
                f"{self.model} has no worths; its link is the {self.link}, not the logit"
            )
        worth = special.softmax(self.utility.values / self.scale)
        return self.utility.copy(data=worth).rename("worth").assign_attrs(units="share")

    @property
    def covariance(self) -> xr.DataArray:
        """Covariance of the utilities in their reference, (item, item_bis)."""
        return self._cached("covariance", self._label_covariance)

    @property
    def stderr(self) -> xr.DataArray:
        """Standard errors of the utilities in their reference, (item,); NaN where there are none."""
        return self._cached("stderr", self._label_stderr)

    def _label_covariance(self) -> xr.DataArray:
        n = self.utility.size
        label = self.utility["item"].values
        return xr.DataArray(
            self._joint().matrix()[:n, :n],
            dims=("item", "item_bis"),
            coords={"item": label, "item_bis": label},
            name="covariance",
            attrs={"covariance_type": self.covariance_type, "units": f"({self.units}) squared"},
        )

    def _label_stderr(self) -> xr.DataArray:
        if self.joint is None:
            return self.utility.copy(data=np.full(self.utility.size, np.nan)).rename("stderr")
        variances = self.joint.variances()[: self.utility.size]
        return self.utility.copy(data=np.sqrt(variances)).rename("stderr")

    # -- questions -------------------------------------------------------------------------

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """Tabulate all estimates with standard errors and Wald intervals.

        Parameters
        ----------
        level : float
            Coverage of the pointwise intervals, in (0, 1).

        Returns
        -------
        pandas.DataFrame
            Columns ``kind`` (item, parameter, feature), ``term``, ``estimate``, ``stderr``,
            ``lower``, ``upper``; ``attrs`` say how they were computed.
        """
        z = stats.norm.isf(0.5 * (1.0 - _validate.level("level", level)))
        n = self.utility.size
        spread = np.full(n + len(self.parameters), np.nan)
        if self.joint is not None:
            spread = np.sqrt(self.joint.variances())
        estimate = np.concatenate(
            [self.utility.values, [parameter.estimate for parameter in self.parameters]]
        )
        lower, upper = estimate - z * spread, estimate + z * spread
        # A parameter known on the log scale is told on its own, its bounds carried over.
        log = np.array([False] * n + [one.scale == "log" for one in self.parameters])
        estimate[log] = np.exp(estimate[log])
        spread = np.where(log, estimate * spread, spread)
        table = pd.DataFrame(
            {
                "kind": ["item"] * n + [parameter.kind for parameter in self.parameters],
                "term": [*self.items, *(parameter.term for parameter in self.parameters)],
                "estimate": estimate,
                "stderr": spread,
                "lower": np.where(log, np.exp(np.where(log, lower, 0.0)), lower),
                "upper": np.where(log, np.exp(np.where(log, upper, 0.0)), upper),
            }
        )
        table.attrs.update(self._attributes(), ci_prob=float(level), ci_kind="wald")
        return table

    def probability(
        self,
        a: Hashable = None,
        b: Hashable = None,
        *,
        outcome: Literal["win", "tie", "loss"] = "win",
    ) -> Any:
        """Probability that `a` is preferred to `b`, with no advantage of being shown first.

        Parameters
        ----------
        a, b : item labels, optional
            Both or neither.
        outcome : {"win", "tie", "loss"}
            Under a model of ties the three sum to one; else a tie has probability 0.

        Returns
        -------
        float or xarray.DataArray
            The probability, or without labels that of every item over every other,
            (item, item_bis), with NaN on the diagonal.

        Raises
        ------
        LabelError
            For an unknown item.
        DataError
            If only one of `a` and `b` is given.
        """
        _validate.one_of("outcome", outcome, ("win", "tie", "loss"))
        if (a is None) != (b is None):
            raise DataError("`probability` needs both `a` and `b`, or neither of them")
        if a is not None:
            left, right = self._codes("a", a), self._codes("b", b)
            self._check_connected(left, right)
            return float(self._outcome_probability(left, right, outcome)[0])
        n = self.utility.size
        everyone = np.arange(n)
        table = self._outcome_probability(
            np.repeat(everyone, n), np.tile(everyone, n), outcome
        ).reshape(n, n)
        if self.component is not None:
            table[self.component[:, None] != self.component[None, :]] = np.nan
        np.fill_diagonal(table, np.nan)
        label = self.utility["item"].values
        return xr.DataArray(
            table, dims=("item", "item_bis"), coords={"item": label, "item_bis": label}
        )

    def _outcome_probability(
        self, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp], outcome: str
    ) -> FloatArray:
        """Probability of an outcome for pairs of item codes."""
        utility = self.utility.values
        gap = (utility[left] - utility[right]) / self.scale
        cdf: Callable[[FloatArray], FloatArray] = (
            special.expit if self.link == "logit" else special.ndtr
        )
        if self.ties == "davidson":
            assert self.tie_parameter is not None
            log_weights = np.stack(
                [0.5 * gap, np.full_like(gap, np.log(self.tie_parameter)), -0.5 * gap]
            )
            parts = special.softmax(log_weights, axis=0)
        elif self.ties == "rao-kupper":
            assert self.tie_parameter is not None
            shift = np.log(self.tie_parameter)
            win, loss = cdf(gap - shift), cdf(-gap - shift)
            parts = np.stack([win, 1.0 - win - loss, loss])
        else:
            parts = np.stack([cdf(gap), np.zeros_like(gap), cdf(-gap)])
        return parts[("win", "tie", "loss").index(outcome)]

    def contrast(self, a: Any, b: Any) -> Contrast:
        """Difference of utilities, `a` minus `b`, with its standard error.

        Above a few thousand items this solves one linear system for each difference instead of
        forming the covariance matrix.

        Parameters
        ----------
        a, b : item label, or list of labels
            Lists of equal length ask for many differences at once.

        Returns
        -------
        Contrast
            ``(estimate, stderr)``, with ``interval(level)``, ``z`` and ``pvalue``.

        Raises
        ------
        LabelError
            For an unknown item.
        NotIdentifiedError
            If the two lie in different components of the comparison graph.
        """
        left, right = self._codes("a", a), self._codes("b", b)
        if len(left) != len(right):
            raise DataError(
                f"`a` names {len(left)} items and `b` {len(right)}; they must pair up one to one"
            )
        self._check_connected(left, right)
        estimate = self.utility.values[left] - self.utility.values[right]
        stderr = np.sqrt(self._joint().of_differences(left, right))
        if isinstance(a, list):
            return Contrast(estimate, stderr)
        return Contrast(float(estimate[0]), float(stderr[0]))

    def quasi_variance(self) -> xr.DataArray:
        """Variances by item whose sums approximate the variances of all differences.

        They allow a reader to compare any two items from one number each: two items differ
        significantly when ``|u_a - u_b|`` exceeds ``1.96 * sqrt(q_a + q_b)``.

        Returns
        -------
        xarray.DataArray, (item,)
            ``attrs["lowest_error"]`` and ``attrs["highest_error"]`` are the relative errors of
            the worst approximated standard errors of a difference: look at them first.

        References
        ----------
        Firth and de Menezes (2004), Quasi-variances, Biometrika 91, eq. 5.
        """

        def compute() -> xr.DataArray:
            self._check_one_component("quasi-variances")
            result = _contrasts.quasi_variances(self.covariance.values)
            return (
                self.utility.copy(data=result.values)
                .rename("quasi_variance")
                .assign_attrs(
                    lowest_error=result.lowest_error,
                    highest_error=result.highest_error,
                    converged=result.converged,
                    units=f"({self.units}) squared",
                )
            )

        return self._cached("quasi_variance", compute)

    def rank_intervals(self, level: float = 0.95, *, seed: Any = 0) -> xr.DataArray:
        """Intervals for the ranks of all items that cover all of them jointly.

        An item's rank is bounded by how many others differ from it in a test of all pairwise
        differences at once, so with probability `level` every true rank lies in its interval.

        Parameters
        ----------
        level : float
            Joint coverage, in (0, 1).
        seed : int, numpy.random.Generator or None
            For the simulated critical value.

        Returns
        -------
        xarray.DataArray of int, (item, ci_bound)
            Lowest and highest rank, 1 being best. ``attrs["method"]`` says how the critical
            value was found, ``attrs["critical_value"]`` what it is.

        References
        ----------
        Mogstad, Romano, Shaikh and Wilhelm (2024), Inference for ranks, Review of Economic
        Studies 91, sec. 3.
        """
        level = _validate.level("level", level)
        self._check_one_component("rank intervals")
        covariance = self.covariance.values
        draws = _DRAWS if len(covariance) <= _SIMULATED_ITEMS else 0
        critical = _contrasts.critical_range(
            covariance, level, draws, _validate.generator("seed", seed)
        )
        bounds = _contrasts.rank_bounds(self.utility.values, covariance, critical)
        method = (
            f"all pairwise differences at once, critical value from {draws:,} draws of the "
            "studentised range"
            if draws
            else "all pairwise differences at once, Sidak's critical value (conservative)"
        )
        return xr.DataArray(
            np.stack([bounds.lower, bounds.upper], axis=1),
            dims=("item", "ci_bound"),
            coords={"item": self.utility["item"].values, "ci_bound": ["lower", "upper"]},
            name="rank",
            attrs={
                "ci_kind": "simultaneous",
                "ci_prob": level,
                "method": method,
                "critical_value": critical,
            },
        )

    def to_dataset(self) -> xr.Dataset:
        """Collect the estimates in one dataset that NetCDF can hold.

        Returns
        -------
        xarray.Dataset
            ``utility`` and ``stderr`` (item), ``covariance`` (item, item_bis; up to 3000
            items), ``parameter_estimate`` and ``parameter_stderr`` (parameter).
        """
        variables: dict[str, xr.DataArray] = {"utility": self.utility}
        if self.covariance_type != "none":
            variables["stderr"] = self.stderr
            if self.joint is not None and self.utility.size <= DENSE_ITEMS:
                variables["covariance"] = self.covariance
        if self.parameters:
            rows = self.summary().iloc[self.utility.size :]
            terms = np.array([parameter.term for parameter in self.parameters], dtype=object)
            for column in ("estimate", "stderr"):
                variables[f"parameter_{column}"] = xr.DataArray(
                    rows[column].to_numpy(dtype=np.float64),
                    dims="parameter",
                    coords={"parameter": terms},
                )
        return xr.Dataset(variables, attrs=self._attributes())

    def __repr__(self) -> str:
        order = np.argsort(-self.utility.values, kind="stable")
        shown = ", ".join(
            f"{label!r} {value:.3f}"
            for label, value in (
                (self.items[place], self.utility.values[place]) for place in order[:3]
            )
        )
        more = f", ... {self.utility.size - 3:,} more" if self.utility.size > 3 else ""
        state = "" if self.convergence.converged else f"; NOT CONVERGED: {self.convergence.status}"
        return (
            f"<{self.model} fit of {self.utility.size:,} items to {self.n_votes:,} votes: "
            f"{shown}{more}; standard errors: {self.covariance_type}{state}>"
        )

    # -- helpers ---------------------------------------------------------------------------

    def _attributes(self) -> dict[str, Any]:
        attributes: dict[str, Any] = {
            "model": self.model,
            "link": self.link,
            "units": self.units,
            "ties": self.ties,
            "reference": str(self.reference),
            "covariance_type": self.covariance_type,
            "log_likelihood": self.log_likelihood,
            "n_parameters": self.n_parameters,
            "n_votes": self.n_votes,
            "convergence": self.convergence.status,
            "iterations": self.convergence.iterations,
        }
        for reason, count in self.dropped.items():
            attributes[f"dropped ({reason})"] = count
        if self.notes:
            attributes["notes"] = "; ".join(self.notes)
        return attributes

    def _cached(self, name: str, compute: Callable[[], xr.DataArray]) -> xr.DataArray:
        if name not in self._cache:
            self._cache[name] = compute()
        return self._cache[name]

    def _joint(self) -> JointCovariance:
        if self.joint is None:
            raise DataError(
                f"the {self.model} fit has no covariance of its utilities, so neither differences "
                "nor ranks have a standard error"
            )
        return self.joint

    def _codes(self, name: str, label: Any) -> npt.NDArray[np.intp]:
        codes = self._cache.setdefault("codes", _labels.code_of(self.items, "items"))
        labels = label if isinstance(label, list) else [label]
        for place, one in enumerate(labels):
            if one not in codes:
                where = f"`{name}[{place}]`" if isinstance(label, list) else f"`{name}`"
                raise LabelError.unknown(where, one, known=self.items, argument="the fit's items")
        return np.array([codes[one] for one in labels], dtype=np.intp)

    def _check_connected(self, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]) -> None:
        if self.component is None:
            return
        apart = np.flatnonzero(self.component[left] != self.component[right])
        if len(apart):
            pair = (self.items[left[apart[0]]], self.items[right[apart[0]]])
            raise NotIdentifiedError(
                f"{pair[0]!r} and {pair[1]!r} lie in different components of the comparison "
                "graph, so their difference is not identified; fit with `prior=`",
                groups=[[pair[0]], [pair[1]]],
            )

    def _check_one_component(self, what: str) -> None:
        if self.component is not None and self.component.max() > 0:
            raise NotIdentifiedError(
                f"{what} compare all items, and the comparison graph has "
                f"{int(self.component.max()) + 1} components; fit with `prior=`"
            )


def item_array(
    values: FloatArray, items: tuple[Hashable, ...], *, name: str, units: str
) -> xr.DataArray:
    """Label one value per item."""
    return xr.DataArray(
        values,
        dims="item",
        coords={"item": _labels.as_coordinate(items)},
        name=name,
        attrs={"units": units},
    )

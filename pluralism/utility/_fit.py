"""The result of every utility model: labelled estimates, and what may be asked of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ..errors import DataError, LabelError, NotIdentifiedError
from ..kernels import _outcomes
from . import _simultaneous, _tables
from ._covariance import JointCovariance
from ._estimates import Contrast, Convergence, Parameter

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from ..data import Comparisons

__all__ = ["UtilityFit"]

FloatArray = npt.NDArray[np.float64]


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
    log_likelihood_of: float | Callable[[], float]  # a function is called when first needed
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
    _data: Comparisons | None = None  # the votes of a fit of pairs, which tests are held to
    _cache: dict[str, Any] = field(default_factory=dict, init=False)

    # -- labelled uncertainty --------------------------------------------------------------

    @property
    def items(self) -> tuple[Hashable, ...]:
        """Labels of the items."""
        return tuple(self.utility["item"].values.tolist())

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood at the estimate, without combinatorial constants or any penalty."""
        if not callable(self.log_likelihood_of):
            return self.log_likelihood_of
        if "log_likelihood" not in self._cache:
            self._cache["log_likelihood"] = float(self.log_likelihood_of())
        return float(self._cache["log_likelihood"])

    @property
    def worth(self) -> xr.DataArray:
        """Worths, (item,): exp(utility) scaled to sum to one; of models with a logit link."""
        self._check_one_component("worths")
        return self._cached("worth", lambda: _tables.worth(self))

    @property
    def covariance(self) -> xr.DataArray:
        """Covariance of the utilities in their reference, (item, item_bis)."""
        return self._cached("covariance", lambda: _tables.covariance(self))

    @property
    def stderr(self) -> xr.DataArray:
        """Standard errors of the utilities in their reference, (item,)."""
        return self._cached("stderr", lambda: _tables.stderr(self))

    # -- questions -------------------------------------------------------------------------

    def summary(self, level: float = 0.95, *, simultaneous: bool = False) -> pd.DataFrame:
        """Tabulate all estimates with standard errors and Wald intervals.

        Parameters
        ----------
        level : float
            Coverage of the intervals, in (0, 1).
        simultaneous : bool
            Whether the intervals of the items hold all of them at once (see
            `simultaneous_intervals`); else each holds on its own, and all at once far less often.

        Returns
        -------
        pandas.DataFrame
            Columns ``kind`` (item, parameter, feature), ``term``, ``estimate``, ``stderr``,
            ``lower``, ``upper``; ``attrs`` say how they were computed.
        """
        _validate.one_of("simultaneous", simultaneous, (True, False))
        return _tables.summary(self, _validate.level("level", level), simultaneous)

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
        NotIdentifiedError
            If the two lie in different components of the comparison graph.
        DataError
            If only one of `a` and `b` is given, or a list.
        """
        _validate.one_of("outcome", outcome, ("win", "tie", "loss"))
        if (a is None) != (b is None):
            raise DataError("`probability` needs both `a` and `b`, or neither of them")
        if a is not None:
            given: dict[str, Any] = {"a": a, "b": b}
            for name, label in given.items():
                if isinstance(label, list):
                    raise DataError(
                        f"`{name}` is the list {label!r}; `probability` takes one item, and "
                        "without items gives all pairs"
                    )
            left, right = self._codes("a", a), self._codes("b", b)
            self._check_connected(left, right)
            return float(self._outcome_probability(left, right, outcome)[0])
        return _tables.probability_matrix(self, self._outcome_probability, outcome)

    def _predictor(
        self, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray]:
        """Difference in units of the link for pairs of item codes, and its slope in utility."""
        slope = np.full(len(left), 1.0 / self.scale)
        return slope * (self.utility.values[left] - self.utility.values[right]), slope

    def _outcome_probability(
        self, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp], outcome: str
    ) -> FloatArray:
        """Probability of an outcome for pairs of item codes."""
        gap, _ = self._predictor(left, right)
        parts = _outcomes.probabilities(self.link, self.ties, gap, self.tie_parameter)
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
        stderr = np.sqrt(self.joint_covariance().of_differences(left, right))
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
        self._check_one_component("quasi-variances")
        return self._cached("quasi_variance", lambda: _tables.quasi_variance(self))

    def rank_intervals(self, level: float = 0.95, *, seed: Any = 0) -> xr.DataArray:
        """Intervals for the ranks of all items that cover all of them jointly.

        An item's rank is bounded by how many others differ from it in a step-down test of all
        pairwise differences at once, so with probability at least `level` every true rank lies
        in its interval. Ranks are wrong only if a difference is claimed in the wrong direction,
        so true coverage is higher, unless items are (nearly) equal.

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
            value was found, ``attrs["critical_value"]`` what the last step's is.

        References
        ----------
        Mogstad, Romano, Shaikh and Wilhelm (2024), Inference for ranks, Review of Economic
        Studies 91, sec. 3. Romano and Wolf (2005), Econometrica 73, for the steps.
        """
        self._check_one_component("rank intervals")
        return _simultaneous.rank_intervals(
            self, _validate.level("level", level), _validate.generator("seed", seed)
        )

    def simultaneous_intervals(
        self, level: float = 0.95, *, differences: bool = False, seed: Any = 0
    ) -> xr.DataArray:
        """Intervals that hold all utilities, or all differences of two, at once.

        Their half-width is the quantile of the largest studentised deviation under the joint
        normal distribution of the estimates. Pointwise 95% intervals of twenty items hold all
        twenty at once in about one data set of three.

        Parameters
        ----------
        level : float
            Joint coverage, in (0, 1).
        differences : bool
            Whether to bound the differences of all pairs of items instead of the utilities.
        seed : int, numpy.random.Generator or None
            For the simulated critical value.

        Returns
        -------
        xarray.DataArray, (item, ci_bound) or (item, item_bis, ci_bound)
            Lower and upper bounds; ``attrs["critical_value"]`` is the half-width in standard
            errors, ``attrs["method"]`` how it was found: above 1,000 items (150 for differences)
            by Sidak's inequality, which is conservative.

        Raises
        ------
        NotIdentifiedError
            For differences, if the comparison graph has several components.
        DataError
            If `level` is out of range or the fit has no covariance.

        References
        ----------
        Hothorn, Bretz and Westfall (2008), Simultaneous inference in general parametric models,
        Biometrical Journal 50, sec. 3.
        """
        _validate.one_of("differences", differences, (True, False))
        if differences:
            self._check_one_component("simultaneous intervals of differences")
        return _simultaneous.intervals(
            self,
            _validate.level("level", level),
            differences,
            _validate.generator("seed", seed),
        )

    def could_be_first(self, level: float = 0.95, *, seed: Any = 0) -> tuple[Hashable, ...]:
        """Items that could be first: the one that is, is among them with probability `level`.

        An item is left out if some other is above it beyond doubt, in a one-sided comparison
        with all others. That is a weaker claim than joint intervals of all ranks make, so the
        set is smaller than the items whose lowest rank is 1.

        Parameters
        ----------
        level : float
            Probability that the item with the highest utility is in the set, in (0, 1).
        seed : int, numpy.random.Generator or None
            For the simulated critical values.

        Returns
        -------
        tuple
            Labels, best estimate first.

        References
        ----------
        Hsu (1984), Constrained simultaneous confidence intervals for multiple comparisons with
        the best, Annals of Statistics 12.
        """
        self._check_one_component("who could be first")
        return _simultaneous.could_be_first(
            self, _validate.level("level", level), _validate.generator("seed", seed)
        )

    def to_dataset(self) -> xr.Dataset:
        """Collect the estimates in one dataset that NetCDF can hold.

        Returns
        -------
        xarray.Dataset
            ``utility`` and ``stderr`` (item), ``covariance`` (item, item_bis; up to 3000
            items), ``parameter_estimate`` and ``parameter_stderr`` (parameter).
        """
        return _tables.dataset(self)

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

    def _cached(self, name: str, compute: Callable[[], xr.DataArray]) -> xr.DataArray:
        if name not in self._cache:
            self._cache[name] = compute()
        return self._cache[name]

    def joint_covariance(self) -> JointCovariance:
        """Covariance of utilities and parameters together, or an error if there is none."""
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
            if not isinstance(one, Hashable) or one not in codes:
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

"""How uncertain are the label distributions themselves? The Dirichlet-multinomial model."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import ConvergenceError, DataError, NotIdentifiedError
from ..kernels._dirichlet import DirichletState, dirichlet_multinomial_mode
from ._tables import CountTable, count_table, labelled

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "DirichletMultinomialFit",
    "GroupedDirichletMultinomialFit",
    "fit_dirichlet_multinomial",
]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DirichletMultinomialFit:
    """A fitted Dirichlet-multinomial.

    Attributes
    ----------
    alpha : xarray.DataArray, (category,)
        Parameters: prior pseudo-counts of the labels of an item.
    stderr : xarray.DataArray, (category,)
        Standard errors of `alpha` (delta method from those of its logarithm).
    log_stderr : xarray.DataArray, (category,)
        Standard errors of ln alpha, on which scale an interval is best made.
    log_likelihood : float
        In nats, without the multinomial coefficients.
    iterations : int
        Newton steps.
    """

    alpha: xr.DataArray
    stderr: xr.DataArray
    log_stderr: xr.DataArray = field(repr=False)
    log_likelihood: float
    iterations: int

    @property
    def mean(self) -> xr.DataArray:
        """Expected share of each category, (category,)."""
        return self.alpha / self.alpha.sum()

    @property
    def precision(self) -> float:
        """Sum of `alpha`: how alike the items are."""
        return float(self.alpha.sum())

    @property
    def overdispersion(self) -> float:
        """Correlation of two labels of one item, 1 / (1 + precision)."""
        return 1.0 / (1.0 + self.precision)


@dataclass(frozen=True, eq=False)
class GroupedDirichletMultinomialFit:
    """Dirichlet-multinomials of several groups, partially pooled.

    Attributes
    ----------
    alpha : xarray.DataArray, (group, category)
        Parameters of each group (posterior modes).
    log_stderr : xarray.DataArray, (group, category)
        Posterior standard deviations of ln alpha.
    population : xarray.DataArray, (category,)
        Geometric mean parameters of the groups.
    between : float
        Standard deviation of ln alpha between groups; 0 is complete pooling.
    log_likelihood : float
        Of all groups at `alpha`, in nats, without the multinomial coefficients.
    iterations : int
        EM steps.
    """

    alpha: xr.DataArray
    log_stderr: xr.DataArray = field(repr=False)
    population: xr.DataArray
    between: float
    log_likelihood: float
    iterations: int


def fit_dirichlet_multinomial(
    counts: Any,
    *,
    groups: Sequence[Hashable] | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 500,
    check: bool = True,
) -> Any:
    r"""Fit a Dirichlet-multinomial to label counts by maximum likelihood.

    Parameters
    ----------
    counts : Annotations, DataArray, frame or array-like, (items, categories)
        Whole numbers of labels; items without labels say nothing and are left out.
    groups : sequence, (items,), optional
        The group of each item. Each group then has parameters of its own, whose logarithms are
        normal around the population's, with a spread estimated by EM (empirical Bayes with a
        Laplace approximation in each group).
    tolerance : float
        Of the Newton decrement, in units of log-likelihood (of EM: of the change in
        ln alpha).
    max_iterations : int
        Steps at most.
    check : bool
        Whether not converging is an error carrying the last iterate.

    Returns
    -------
    DirichletMultinomialFit or, with `groups`, GroupedDirichletMultinomialFit

    Raises
    ------
    DataError
        If a count is negative or fractional, or there are fewer than two categories.
    NotIdentifiedError
        If a category is never used, no item has two labels, every item is unanimous, so that
        the estimate runs to zero, or the counts vary no more than multinomial ones, so that it
        runs to infinity.
    ConvergenceError
        If `max_iterations` were not enough and `check` is true.

    Notes
    -----
    :math:`\sum_i \ln\Gamma(A) - \ln\Gamma(A + n_i) + \sum_k \ln\Gamma(\alpha_k + c_{ik}) -
    \ln\Gamma(\alpha_k)`, the label-distribution prior of [1]_, by Newton in
    :math:`\ln\alpha`.

    References
    ----------
    .. [1] N. Lourie, R. Le Bras and Y. Choi (2021), Scruples: a corpus of community ethical
       judgments on 32,000 real-life anecdotes, AAAI, section 4.

    Examples
    --------
    >>> from pluralism.jury import fit_dirichlet_multinomial
    >>> fit = fit_dirichlet_multinomial([[3, 0], [0, 4], [2, 2], [1, 4], [5, 1]])
    >>> fit.alpha.values
    array([0.88750, 0.89594])
    """
    table = count_table("counts", counts)
    tolerance = _validate.number("tolerance", tolerance, above=0.0)
    max_iterations = _validate.whole_number("max_iterations", max_iterations, at_least=1)
    _identified(table)
    if groups is not None:
        return _grouped(table, groups, tolerance, max_iterations, check)
    values = table.values[table.values.sum(axis=1) > 0]
    n = values.shape[1]
    state = dirichlet_multinomial_mode(
        values,
        np.zeros(n),
        np.zeros(n),
        0.0,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    if not _is_overdispersed(values, state):
        raise NotIdentifiedError(
            "the labels vary between items no more than independent draws would: the estimate "
            "runs to infinity. Use the multinomial (shares of all labels), or `groups=` to pool"
        )
    alpha, spread = np.exp(state.eta), np.sqrt(np.diag(state.covariance))
    names = {"category": table.categories}
    fit = DirichletMultinomialFit(
        alpha=labelled(alpha, "alpha", **names),
        stderr=labelled(alpha * spread, "stderr", **names),
        log_stderr=labelled(spread, "log_stderr", **names),
        log_likelihood=state.log_likelihood,
        iterations=state.iterations,
    )
    if check and state.decrement > max(tolerance, 1e-8):
        raise ConvergenceError(
            f"no maximum after {state.iterations} Newton steps (decrement {state.decrement:.3g}); "
            "raise `max_iterations`, or pass check=False",
            result=fit,
        )
    return fit


def _identified(table: CountTable) -> None:
    if table.values.shape[1] < 2:
        raise DataError(f"`counts` has {table.values.shape[1]} category; two are needed")
    unused = np.flatnonzero(~table.values.any(axis=0))
    if len(unused):
        names = [table.categories[k] for k in unused]
        raise NotIdentifiedError(
            f"no item was ever labelled {names[0]!r} ({len(unused)} such categories): its "
            "parameter runs to zero. Leave the category out",
            groups=[names],
        )
    if not (table.values.sum(axis=1) > 1).any():
        raise NotIdentifiedError("no item has two labels; how items differ cannot be seen")
    if (np.count_nonzero(table.values, axis=1) <= 1).all():
        raise NotIdentifiedError(
            "every item is unanimous: the closer `alpha` is to zero the likelier the counts, and "
            "the estimate runs there. Use the shares of the items; more labels of an item may help"
        )


def _is_overdispersed(values: FloatArray, state: DirichletState) -> bool:
    """Whether the likelihood has its maximum short of the multinomial's, where alpha is infinite.

    As the sum A of alpha grows at the labels' shares p, it tends to that one by 1/2A of what
    sum_k c_k (c_k - 1) / p_k is above n (n - 1), summed over items: from above if the labels vary
    more than independent draws. If not, a maximum elsewhere has to beat the limit; beyond A of
    100,000 times the labels of an item the two differ by rounding alone.
    """
    total, n = values.sum(axis=0), values.sum(axis=1)
    shares = total / total.sum()
    pairs = float((n * (n - 1.0)).sum())
    if float((values * (values - 1.0) / shares).sum()) > (1.0 + 1e-5) * pairs:
        return True
    multinomial = float(total @ np.log(shares))
    gain = state.log_likelihood - multinomial
    return gain > 1e-9 * abs(multinomial) and float(np.exp(state.eta).sum()) < 1e5 * n.max()


def _grouped(
    table: CountTable,
    groups: Sequence[Hashable],
    tolerance: float,
    max_iterations: int,
    check: bool,
) -> GroupedDirichletMultinomialFit:
    """EM over the population's mean and spread; each group by penalised Newton."""
    from ..data import _labels

    given = _labels.check_labels("groups", groups, unique=False)
    if len(given) != len(table.values):
        raise DataError(f"`groups` has {len(given)} entries for {len(table.values)} items")
    names = _labels.in_order(set(given))
    if len(names) < 2:
        raise DataError(f"`groups` holds one group, {names[0]!r}; leave the argument out")
    codes = np.array([names.index(group) for group in given])
    used = table.values.sum(axis=1) > 0
    parts = [table.values[used & (codes == g)] for g in range(len(names))]
    n = table.values.shape[1]
    mean, variance = np.zeros(n), 1.0
    states: list[DirichletState] = []
    eta = np.zeros((len(names), n))
    converged, iteration = False, 0
    while iteration < max_iterations:
        iteration += 1
        states = [
            dirichlet_multinomial_mode(
                part, start, mean, 1.0 / variance, tolerance=1e-12, max_iterations=200
            )
            for part, start in zip(parts, eta, strict=True)
        ]
        new = np.array([state.eta for state in states])
        change = float(np.abs(new - eta).max())
        eta = new
        mean = eta.mean(axis=0)
        spread = np.array([np.diag(state.covariance) for state in states])
        variance = max(float(((eta - mean) ** 2 + spread).mean()), 1e-8)
        if change <= max(tolerance, 1e-7):
            converged = True
            break
    coords = {"group": names, "category": table.categories}
    fit = GroupedDirichletMultinomialFit(
        alpha=labelled(np.exp(eta), "alpha", **coords),
        log_stderr=labelled(
            np.sqrt([np.diag(state.covariance) for state in states]), "log_stderr", **coords
        ),
        population=labelled(np.exp(mean), "population", category=table.categories),
        between=float(np.sqrt(variance)),
        log_likelihood=float(sum(state.log_likelihood for state in states)),
        iterations=iteration,
    )
    if check and not converged:
        raise ConvergenceError(
            f"the groups did not settle in {iteration} steps; raise `max_iterations`", result=fit
        )
    return fit

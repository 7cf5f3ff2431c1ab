"""Bradley-Terry: the log-odds that one item is preferred to another are a difference."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Literal

import numpy as np

from .. import _validate
from ..data import Comparisons
from ..errors import ConvergenceError, DataError, LabelError
from ..kernels import _graph, _newton, _pairs, _scores
from ..uncertainty import batched_by
from . import _identified
from ._covariance import Anchor, JointCovariance
from ._fit import DENSE_ITEMS, Convergence, UtilityFit, item_array

__all__ = ["fit_bradley_terry"]

_STATUS = {
    _newton.CONVERGED: "converged",
    _newton.OUT_OF_ITERATIONS: "out of iterations",
    _newton.NOT_FINITE: "the Newton step is not finite",
}


@batched_by("pluralism.utility._resampled:bradley_terry_replicates")
def fit_bradley_terry(
    comparisons: Comparisons,
    *,
    ties: Literal["half", "drop"] = "half",
    prior: float | None = None,
    components: Literal["error", "separate"] = "error",
    covariance: Literal["fisher", "sandwich", "cluster"] | None = None,
    reference: Hashable = "mean",
    check: bool = True,
    tolerance: float = 1e-6,
    max_iterations: int = 100,
) -> UtilityFit:
    r"""Fit the Bradley-Terry model by maximum likelihood.

    The probability that item i is preferred to j is ``1 / (1 + exp(-(u_i - u_j)))``.

    Parameters
    ----------
    comparisons : Comparisons
        Votes on pairs of items.
    ties : {"half", "drop"}
        A tie counts as half a win for each item, or is left out and counted in ``dropped``.
    prior : float, optional
        Standard deviation s of an independent normal prior N(0, s^2) on every utility, in
        log-odds. The estimate is then the posterior mode, and the Fisher covariance the inverse
        of the penalised information. It exists for every comparison graph.
    components : {"error", "separate"}
        What to do when some items were never linked with others by comparisons: refuse, or fit
        each component on its own, with utilities relative to its own mean.
    covariance : {"fisher", "sandwich", "cluster"}, optional
        ``"fisher"``: inverse expected information, right if votes are independent.
        ``"sandwich"``: robust to a wrong variance of single votes. ``"cluster"``: robust to any
        dependence among votes of one rater, times G / (G - 1) for G raters. By default
        ``"cluster"`` where `comparisons` knows its raters, else ``"fisher"``.
    reference : "mean" or item label
        Utilities are relative to the mean of all items, or to one item, whose utility and
        standard error are then 0. An item that is itself labelled ``"mean"`` wins.
    check : bool
        Whether a fit that did not converge is an error; if not, the last iterate is returned
        and says so.
    tolerance : float
        Newton decrement, in standard errors, below which the last step is taken.
    max_iterations : int
        Most Newton steps.

    Returns
    -------
    UtilityFit
        Utilities in log-odds.

    Raises
    ------
    NotIdentifiedError
        If items were never compared, fall apart into components, or always win or always lose;
        the message names them.
    ConvergenceError
        If the iteration stopped early; ``.result`` is the last iterate.
    DataError, LabelError
        For an argument that cannot be used, or an unknown reference.

    References
    ----------
    Bradley and Terry (1952), Biometrika 39, 324-345. Existence: Ford (1957), American
    Mathematical Monthly 64, 28-33.

    Examples
    --------
    Pork roasts from pigs on three diets (Bradley and Terry 1952, both judges pooled):

    >>> import pluralism as pl
    >>> votes = [("corn", "peanut")] * 4 + [("peanut", "corn")] * 6
    >>> fit = pl.utility.fit_bradley_terry(pl.Comparisons.from_pairs(votes))
    >>> round(fit.probability("peanut", "corn"), 3)
    0.6
    """
    if not isinstance(comparisons, Comparisons):
        raise DataError(
            f"`comparisons` is a {type(comparisons).__name__}; build a Comparisons first, for "
            "example with `Comparisons.from_frame` or `Comparisons.from_pairs`"
        )
    _validate.one_of("ties", ties, ("half", "drop"))
    _validate.one_of("components", components, ("error", "separate"))
    covariance_type = _covariance_type(comparisons, covariance)
    ridge = 0.0 if prior is None else _validate.number("prior", prior, above=0.0) ** -2
    _validate.number("tolerance", tolerance, above=0.0)
    _validate.whole_number("max_iterations", max_iterations, at_least=1)
    items, n = comparisons.items, comparisons.n_items
    if n < 2:
        raise DataError(f"`comparisons` has {n} item(s); a fit needs at least two")
    if not comparisons.n_cells:
        raise DataError("`comparisons` holds no votes; a fit needs at least one")
    reference_code = _reference_code(reference, items)

    won, lost = comparisons.first_won, comparisons.second_won
    dropped = dict(comparisons.dropped)
    if ties == "half":
        won, lost = won + 0.5 * comparisons.tied, lost + 0.5 * comparisons.tied
    elif comparisons.tied.any():
        dropped["tied"] = round(float(comparisons.tied.sum()))
    pairs = _pairs.fold_pairs(comparisons.first, comparisons.second, won, lost, n)
    component, n_components = np.zeros(n, dtype=np.int32), 1
    if prior is None:
        total = pairs.won + pairs.lost
        _identified.check_met(
            items, _pairs.item_sums(pairs.low, total, n) + _pairs.item_sums(pairs.high, total, n)
        )
        graph = _graph.win_graph(pairs)
        _identified.check_identified(items, graph, separate=components == "separate")
        component, n_components = graph.component, graph.n_components
    if reference_code is not None and n_components > 1:
        raise DataError(
            f"`reference` is {reference!r}, but the items fall into {n_components} components; "
            'only `reference="mean"` serves them all'
        )

    result, curvature = _newton.fit_pairs(
        pairs, ridge=ridge, component=component, tolerance=tolerance, max_iterations=max_iterations
    )
    anchor = (
        Anchor.at_mean(component) if reference_code is None else Anchor.at_item(reference_code, n)
    )
    notes = []
    meat = None
    if covariance_type != "fisher":
        gap = result.point[comparisons.first] - result.point[comparisons.second]
        moments = _scores.logit_moments(gap, comparisons, drop_ties=ties == "drop")
        if covariance_type == "cluster":
            assert comparisons.rater is not None
            n_raters = len(np.unique(comparisons.rater))
            meat = _scores.cluster_meat(
                comparisons.first, comparisons.second, moments.slope, comparisons.rater, n
            ) * (n_raters / (n_raters - 1))
            notes.append(
                f"standard errors are clustered by {n_raters:,} raters, "
                "finite-sample factor G / (G - 1)"
            )
        else:
            meat = _scores.sandwich_meat(comparisons.first, comparisons.second, moments.square, n)
            notes.append("standard errors are sandwich, without a finite-sample factor")
    joint = _joint_covariance(curvature, meat, anchor, result.method)
    utility = anchor.refer(result.point)
    gap = utility[pairs.low] - utility[pairs.high]
    fit = UtilityFit(
        utility=item_array(utility, items, name="utility", units="log-odds"),
        model="Bradley-Terry",
        link="logit",
        units="log-odds",
        ties=ties,
        reference=reference,
        log_likelihood=_pairs.pair_log_likelihood("logit", gap, pairs.won, pairs.lost),
        n_parameters=n - n_components,
        convergence=Convergence(
            result.iterations, float(result.decrement), _STATUS[result.status], result.method
        ),
        n_votes=comparisons.n_votes,
        covariance_type=covariance_type,
        dropped=dropped,
        notes=tuple(notes),
        options={"ties": ties, "prior": prior, "components": components},
        joint=joint,
        component=component if n_components > 1 else None,
    )
    if check and not fit.convergence.converged:
        raise ConvergenceError(
            f"fit_bradley_terry: {fit.convergence.status} after {result.iterations} steps, "
            f"{result.decrement:.2g} standard errors from the optimum (`tolerance` is "
            f"{tolerance:g}); raise `max_iterations`, give a `prior`, or take the last iterate "
            "from `.result`",
            result=fit,
        )
    return fit


def _joint_covariance(
    curvature: _newton.Laplacian, meat: Any, anchor: Anchor, method: str
) -> JointCovariance:
    """Covariance as a matrix where that is cheap, else as a solver."""
    n = len(anchor.weight)
    if n <= DENSE_ITEMS:

        def matrix() -> np.ndarray:
            inverse = curvature.inverse()
            return inverse if meat is None else inverse @ (meat @ inverse)

        return JointCovariance(n, matrix=matrix, anchor=anchor)

    def solve(right: np.ndarray) -> np.ndarray:
        right = curvature.centre(right)
        if "LU" not in method:
            solution, done = curvature.solve_cg(right, 1e-10, 500)
            if done:
                return solution
        return curvature.solve_lu(right)

    def times(right: np.ndarray) -> np.ndarray:
        solution = solve(right)
        return solution if meat is None else solve(meat @ solution)

    return JointCovariance(n, times=times, anchor=anchor)


def _covariance_type(comparisons: Comparisons, covariance: Any) -> str:
    if covariance is None:
        return "fisher" if comparisons.raters is None else "cluster"
    _validate.one_of("covariance", covariance, ("fisher", "sandwich", "cluster"))
    if covariance == "cluster" and comparisons.rater is None:
        raise DataError(
            '`covariance` is "cluster", but `comparisons` has no raters; build it with `rater=`'
        )
    return str(covariance)


def _reference_code(reference: Hashable, items: tuple[Hashable, ...]) -> int | None:
    if reference in items:
        return items.index(reference)
    if isinstance(reference, str) and reference == "mean":
        return None
    raise LabelError.unknown(
        "`reference`",
        reference,
        known=items,
        argument="`comparisons`",
        remedy='(or "mean")',
    )

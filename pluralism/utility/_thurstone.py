"""Thurstone's models: utilities with normal noise, of one variance or of each item's own."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from .. import _validate
from ..data import Comparisons
from ..errors import ConvergenceError, DataError, enumerate_some
from ..kernels import _pairs
from . import _tables
from ._estimates import Convergence
from ._fit import UtilityFit
from ._folded import FoldedVotes, folded_votes
from ._paired import fit_paired
from ._paired_model import PairedModel

__all__ = ["fit_thurstone"]

FloatArray = npt.NDArray[np.float64]

_METHODS = {"V": ("mle", "map", "least-squares"), "III": ("map", "mle", "as-published")}
#: Default prior standard deviations: of utilities, and of log-variances in Case III.
_PRIOR = (3.0, 1.0)


def fit_thurstone(
    comparisons: Comparisons,
    *,
    case: Literal["V", "III"] = "V",
    prior: float | tuple[float, float] | None = None,
    method: Literal["map", "mle", "as-published", "least-squares"] | None = None,
    ties: Literal["half", "drop"] = "half",
    order_effect: bool | str = False,
    item_features: Any = None,
    residual: bool = False,
    covariates: str | Sequence[str] = (),
    bias_reduction: bool = False,
    components: Literal["error", "separate"] = "error",
    covariance: Literal["fisher", "sandwich", "cluster"] | None = None,
    reference: Hashable = "mean",
    unit: Literal["noise", "spread"] = "noise",
    pseudo_labels: float | None = None,
    epochs: int = 1000,
    learning_rate: float = 0.01,
    seed: Any = None,
    check: bool = True,
    tolerance: float = 1e-6,
    max_iterations: int = 200,
) -> UtilityFit:
    r"""Fit Thurstone's Case V (one noise variance) or Case III (a variance per item).

    Case V: ``P(i over j) = Phi(u_i - u_j)``. Case III: ``P(i over j) = Phi((u_i - u_j) /
    sqrt(v_i + v_j))``, the Thurstonian utility model of Utility Engineering; with all v = 1/2
    it is Case V. Only 2 items - 2 of its numbers can be determined, for neither the origin nor
    the unit of the utilities shows, and without a prior its variances easily run to zero or
    infinity, so it is fitted under priors unless asked otherwise.

    Parameters
    ----------
    comparisons : Comparisons
        Votes on pairs of items.
    case : {"V", "III"}
        The model.
    prior : float or (float, float), optional
        Standard deviation of an independent normal prior on every utility and, in Case III, on
        every log-variance around that of Case V. With ``method="map"`` the default is
        ``(3.0, 1.0)``, in units in which Case V reads Phi(u_i - u_j).
    method : {"map", "mle", "least-squares", "as-published"}, optional
        ``"mle"``: maximum likelihood; the default of Case V without a prior. ``"map"``: mode of
        the posterior; the default of Case III, and of Case V with a prior. ``"least-squares"``
        (Case V): Thurstone's own scale, the least-squares fit of the probits of the proportions,
        each pair counting alike; it needs no counts and has no standard errors.
        ``"as-published"`` (Case III): what the code of Utility Engineering does, `epochs` steps
        of Adam on unweighted pairs from a random start, in units of the spread.
    ties : {"half", "drop"}
        A tie counts as half a win for each item, or is left out and counted in ``dropped``.
    order_effect, item_features, residual, covariates, components
        Case V: as in `fit_bradley_terry`, in probits.
    bias_reduction : bool
        Case V by maximum likelihood: whether to solve the adjusted score equations (Firth 1993)
        instead, which take away the bias of order 1/n and keep an item that always wins finite.
    covariance : {"fisher", "sandwich", "cluster"}, optional
        As in `fit_bradley_terry`. Under a prior, the curvature includes the prior's.
    reference : "mean" or item label
        Utilities are relative to the mean of all items, or to one item.
    unit : {"noise", "spread"}
        Case III: the unit of the utilities. ``"noise"``: the geometric mean of the variances is
        1/2, as in Case V; ``"spread"``: utilities have sample standard deviation 1.
    pseudo_labels : float, optional
        ``method="as-published"``: after a first fit, add every pair that was never compared and
        whose predicted probability is at least this (the published code has 0.95), or at most
        one minus it, as an edge with the prediction for its outcome, and fit again.
    epochs, learning_rate : int, float
        ``method="as-published"``: Adam's steps and step size.
    seed : int, numpy.random.Generator or None
        ``method="as-published"``: for the random start.
    check : bool
        Whether a fit that did not converge is an error; if not, the last iterate is returned
        and says so.
    tolerance : float
        Newton decrement, in standard errors (of votes of weight one, where weights are less),
        below which the last step is taken.
    max_iterations : int
        Most Newton steps.

    Returns
    -------
    UtilityFit
        Utilities in probits. In Case III it has also ``.variance``, whose rows in
        ``.summary()`` are called ``variance of ...``, and ``.diagnostics`` naming the items
        whose variance the comparisons do not determine.

    Raises
    ------
    NotIdentifiedError
        Without a prior: if items were never compared, fall apart into components, or always win
        or always lose, or if the pairs that met leave utilities or variances of Case III open.
        Under clustered standard errors: if there is one rater, or all raters answer alike.
    ConvergenceError
        If the iteration stopped early, or variances run to zero or infinity; ``.result`` is the
        last iterate.
    DataError, LabelError
        For an argument that cannot be used or does not belong to the case and method, a
        proportion of 0 or 1 under least squares, or an unknown reference.

    References
    ----------
    Thurstone (1927), Psychological Review 34, 273-286 (the cases); Mosteller (1951),
    Psychometrika 16, 3-9 (least squares); Mazeika et al. (2025), Utility Engineering, arXiv
    2502.08640, section 3.3 (Case III as published).

    Examples
    --------
    >>> import pluralism as pl
    >>> votes = pl.Comparisons.from_matrix([[0, 8, 9], [2, 0, 7], [1, 3, 0]], items=["a", "b", "c"])
    >>> fit = pl.utility.fit_thurstone(votes, reference="c")
    >>> fit.utility.round(2).to_series().to_dict()
    {'a': 1.32, 'b': 0.5, 'c': 0.0}
    """
    _validate.one_of("case", case, tuple(_METHODS))
    chosen = _method(case, method, prior)
    if chosen != "as-published" and not (pseudo_labels is None and seed is None):
        name = "seed" if pseudo_labels is None else "pseudo_labels"
        raise DataError(f'`{name}` belongs to method="as-published"; `method` is {chosen!r}')
    if case == "V" and unit != "noise":
        raise DataError(f'`unit` is {unit!r}, which belongs to case="III"')
    _validate.one_of("unit", unit, ("noise", "spread"))
    _validate.number("tolerance", tolerance, above=0.0)
    _validate.whole_number("max_iterations", max_iterations, at_least=1)
    sds = _prior(case, prior) if chosen == "map" else None
    for name, value, empty in (
        ("order_effect", order_effect, False),
        ("item_features", item_features, None),
        ("covariates", covariates, ()),
        ("bias_reduction", bias_reduction, False),
        ("components", components, "error"),
    ):
        given = value is not None and not (isinstance(value, type(empty)) and value == empty)
        if given and (case == "III" or chosen == "least-squares"):
            raise DataError(
                f'`{name}` belongs to case="V" by maximum likelihood or with a prior; `case` is '
                f"{case!r} and `method` {chosen!r}"
            )
    model = PairedModel(
        function="fit_thurstone",
        name=f"Thurstone Case {case}",
        link="probit",
        units="probits",
        ties=ties,
        order_effect=order_effect,
        item_features=item_features,
        residual=residual,
        covariates=covariates,
        prior=None if sds is None else sds[0],
        bias_reduction=bias_reduction,
        components=components,
        covariance=covariance,
        reference=reference,
        check=check,
        tolerance=tolerance,
        max_iterations=max_iterations,
        tie_models=("half", "drop"),
        has_terms=case == "V" and chosen != "least-squares",
    )
    if case == "V" and chosen != "least-squares":
        return fit_paired(comparisons, model)
    votes = folded_votes(comparisons, model, penalised=chosen in ("map", "as-published"))
    options: dict[str, Any] = {"case": case, "method": chosen, "prior": sds, "ties": ties}
    if chosen == "least-squares":
        return _least_squares(votes, options)
    from ._case_iii import fit_penalised, fit_published

    if chosen == "as-published":
        return fit_published(
            votes,
            epochs=_validate.whole_number("epochs", epochs, at_least=1),
            learning_rate=_validate.number("learning_rate", learning_rate, above=0.0),
            pseudo_labels=None
            if pseudo_labels is None
            else _validate.number("pseudo_labels", pseudo_labels, above=0.5, at_most=1.0),
            rng=_validate.generator("seed", seed),
            options=options | {"epochs": epochs, "pseudo_labels": pseudo_labels},
        )
    fit = fit_penalised(
        votes,
        prior=sds,
        unit=unit,
        tolerance=votes.model.tolerance,
        max_iterations=max_iterations,
        options=options | {"unit": unit},
    )
    if check and not fit.convergence.converged:
        remedy = (
            'use method="map", whose prior keeps them inside, or case="V"'
            if fit.diagnostics.extreme
            else "raise `max_iterations`"
        )
        raise ConvergenceError(
            f"fit_thurstone: {fit.convergence.status} (after {fit.convergence.iterations} steps, "
            f"{fit.convergence.decrement:.2g} standard errors from the optimum); {remedy}, or take "
            "the last iterate from `.result`",
            result=fit,
        )
    return fit


def _method(case: str, method: str | None, prior: Any) -> str:
    """Resolve the default, and refuse what does not belong together."""
    if method is None:
        return "map" if case == "III" or prior is not None else "mle"
    _validate.one_of("method", method, ("map", "mle", "least-squares", "as-published"))
    if method not in _METHODS[case]:
        raise DataError(
            f"`method` is {method!r}, which case={case!r} does not have "
            f"(it has {enumerate_some(_METHODS[case])})"
        )
    if prior is not None and method != "map":
        raise DataError(f'`prior` belongs to method="map"; `method` is {method!r}')
    return method


def _prior(case: str, prior: Any) -> tuple[float, float]:
    """Prior standard deviations of utilities and log-variances."""
    if prior is None:
        return _PRIOR
    if isinstance(prior, (tuple, list)):
        if case == "V" or len(prior) != 2:
            raise DataError(
                f"`prior` is {prior!r}; case={case!r} takes a number"
                + ("" if case == "V" else ", or one for utilities and one for log-variances")
            )
        utility, log_variance = prior
        return (
            _validate.prior_deviation("prior[0]", utility),
            _validate.prior_deviation("prior[1]", log_variance),
        )
    return _validate.prior_deviation("prior", prior), _PRIOR[1]


def _least_squares(votes: FoldedVotes, options: dict[str, Any]) -> UtilityFit:
    """Thurstone's own scale: the utilities whose differences fit the probits best."""
    comparisons, pairs = votes.comparisons, votes.pairs
    items, n = comparisons.items, comparisons.n_items
    certain = np.flatnonzero((pairs.won == 0) | (pairs.lost == 0))
    if len(certain):
        names = [(items[pairs.low[place]], items[pairs.high[place]]) for place in certain]
        raise DataError(
            f'method="least-squares" needs proportions strictly between 0 and 1, for a probit of '
            f"0 or 1 is infinite; {len(names)} pair(s) have such: {enumerate_some(names)}. Use "
            'method="mle", or leave those pairs out'
        )
    probit = special.ndtri(pairs.won / (pairs.won + pairs.lost))
    laplacian = np.zeros((n, n))
    laplacian[pairs.low, pairs.high] = laplacian[pairs.high, pairs.low] = -1.0
    np.fill_diagonal(laplacian, -laplacian.sum(axis=1))
    right = np.bincount(pairs.low, probit, n) - np.bincount(pairs.high, probit, n)
    utility = votes.anchor.refer(np.linalg.lstsq(laplacian, right, rcond=None)[0])
    return UtilityFit(
        utility=_tables.item_array(utility, items, name="utility", units="probits"),
        model="Thurstone Case V",
        link="probit",
        units="probits",
        ties=votes.model.ties,
        reference=votes.model.reference,
        log_likelihood_of=_pairs.pair_log_likelihood("probit", pairs, utility),
        n_parameters=n - 1,
        convergence=Convergence(1, float("nan"), "converged", "least squares of probits"),
        n_votes=comparisons.n_votes,
        covariance_type="none",
        dropped=votes.dropped,
        notes=("least squares of probits, each pair alike: there are no standard errors",),
        options=options,
    )

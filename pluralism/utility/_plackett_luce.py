"""Plackett-Luce and Davidson-Luce: rankings as successive choices, ties included."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg

from .. import _validate
from ..data import Ballots
from ..errors import ConvergenceError, DataError, NotIdentifiedError
from ..kernels import _graph, _newton, _pairs
from ..kernels._inverse import inverse_information
from ..kernels._plackett_luce import ChoiceSets, choice_sets, plackett_luce_terms
from ..kernels._rankings import Rankings, ranking_terms, strict_rankings
from . import _identified, _tables
from ._covariance import Anchor, JointCovariance
from ._estimates import Convergence, Parameter
from ._fit import UtilityFit
from ._paired import _STATUS
from ._paired_model import lightness, reference_code

__all__ = ["fit_plackett_luce"]

FloatArray = npt.NDArray[np.float64]

#: Up to this many alternatives, rankings share so many choice sets that each is handled once.
_SHARED_SETS = 16
#: With ties, the iteration must go this far to show whether an estimate exists.
_TIED_TOLERANCE = 1e-6


def fit_plackett_luce(
    ballots: Ballots,
    *,
    prior: float | None = None,
    reference: Hashable = "mean",
    check: bool = True,
    tolerance: float = 1e-6,
    max_iterations: int = 100,
) -> UtilityFit:
    r"""Fit the Plackett-Luce model of rankings by maximum likelihood.

    A ranking is a sequence of choices, each made from what the earlier ones left: alternative i
    is chosen from the set A with probability ``worth_i / sum of worths in A``. Where ballots tie
    alternatives this is the Davidson-Luce model, in which the tied set S of d alternatives is
    chosen with weight ``nu_d * (product of worths over S) ** (1 / d)``, ``nu_1 = 1``, against
    all sets up to the largest tie seen. For two alternatives nu_2 is Davidson's nu.

    Partial rankings, top-k lists and choices from sets need no option: what a ballot does not
    rank is below what it ranks, or was not there to be chosen, as its ``unranked`` and its
    ``menus`` say (`Ballots.from_choices`).

    Parameters
    ----------
    ballots : Ballots
        Rankings (or utilities, whose order counts) with their counts.
    prior : float, optional
        Standard deviation of an independent normal prior on every log-worth. The estimate is
        then the posterior mode and exists for every set of rankings.
    reference : "mean" or alternative label
        Utilities (log-worths) are relative to the mean of all, or to one alternative.
    check : bool
        Whether a fit that did not converge is an error; if not, the last iterate is returned
        and says so.
    tolerance : float
        Newton decrement, in standard errors (of voters who count once, where they count less),
        below which the last step is taken.
    max_iterations : int
        Most Newton steps.

    Returns
    -------
    UtilityFit
        ``.utility`` holds log-worths, ``.worth`` sums to one. ``.tie_parameter`` is nu_2, None
        where no ballot ties; parameters of larger ties stand in ``.summary()`` as
        ``tie_parameter_3`` and so on. Standard errors come from the Fisher information, which
        for this model is the observed one.

    Raises
    ------
    NotIdentifiedError
        If an alternative is never compared, if the alternatives fall into groups that are never
        compared, or if some always or never come before all others; the message names them. If
        every choice is a tie, or ties and choices leave no exception to each other.
    ConvergenceError
        If the iteration stopped early; ``.result`` is the last iterate.
    DataError, LabelError
        If `ballots` are approvals, for an argument that cannot be used, or an unknown reference.

    References
    ----------
    Plackett (1975), Applied Statistics 24, 193-202. Ties: Turner, van Etten, Firth and Kosmidis
    (2020), Computational Statistics 35, 1027-1057, equation 3. Existence: Hunter (2004), Annals
    of Statistics 32, assumption 1.

    Examples
    --------
    >>> import pluralism as pl
    >>> ballots = pl.Ballots.from_rankings(
    ...     [("tea", "coffee", "water"), ("coffee", "water", "tea"), ("water", "tea", "coffee")],
    ...     counts=[5, 3, 2],
    ... )
    >>> fit = pl.utility.fit_plackett_luce(ballots)
    >>> fit.worth.round(3).to_series().to_dict()
    {'coffee': 0.383, 'tea': 0.402, 'water': 0.215}
    """
    if not isinstance(ballots, Ballots):
        raise DataError(
            f"`ballots` is a {type(ballots).__name__}; build Ballots first, for example with "
            "`Ballots.from_rankings`"
        )
    if ballots.kind == "approvals":
        raise DataError(
            "`ballots` are approvals, which rank nothing within the approved; "
            "give rankings, or compare approval counts"
        )
    ridge = 0.0 if prior is None else _validate.prior_deviation("prior", prior) ** -2
    _validate.number("tolerance", tolerance, above=0.0)
    _validate.whole_number("max_iterations", max_iterations, at_least=1)
    items, n = tuple(ballots.alternatives), ballots.n_alternatives
    code = reference_code(reference, items)
    cast = ballots.counts > 0  # a ballot that nobody cast says nothing, not even who can win
    rankings = (ballots.ranks[cast], ballots.counts[cast])
    menus = None if ballots.menus is None else ballots.menus[cast]
    missing: dict[str, Any] = {"unranked": ballots.sentinel, "below": ballots.unranked == "last"}
    data: ChoiceSets | Rankings
    if n > _SHARED_SETS and ballots.is_strict and ballots.menus is None:
        data = strict_rankings(*rankings, **missing)
        orders: tuple[int, ...] = ()
        terms = partial(ranking_terms, rankings=data)
    else:
        data = choice_sets(*rankings, **missing, menus=menus)
        orders = tuple(data.orders.tolist())
        _check_ties(data)
        terms = partial(plackett_luce_terms, sets=data)
    if not data.beaten.any():
        raise DataError("`ballots` rank no alternative above or beside another")
    if prior is None:
        low, high = np.triu_indices(n, 1)
        met = data.beaten | data.beaten.T
        pairs = _pairs.fold_pairs(
            low[met[low, high]].astype(np.int32),
            high[met[low, high]].astype(np.int32),
            data.beaten[low, high][met[low, high]].astype(np.float64),
            data.beaten[high, low][met[low, high]].astype(np.float64),
            n,
        )
        _identified.check_met(items, met.sum(axis=1).astype(np.float64))
        _identified.check_identified(items, _graph.win_graph(pairs), separate=False)

    n_ties = len(orders)
    limit = tolerance * lightness(ballots.counts[cast].mean())
    if n_ties:
        limit = min(limit, _TIED_TOLERANCE)
    ridges = np.concatenate([np.full(n, ridge), np.zeros(n_ties)])

    def evaluate(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        at = terms(theta)
        return at.gradient - ridges * theta, _pinned(at.information, ridges, n)

    def solve(information: FloatArray, gradient: FloatArray) -> tuple[FloatArray, float]:
        _, step, status = linalg.lapack.dposv(information, gradient, lower=1)
        return (np.asarray(step) if status == 0 else np.full_like(gradient, np.nan)), 0.0

    def reach(step: FloatArray) -> float:
        # The log-weights of two sets differ by at most this more after the step.
        return float(np.ptp(step[:n]) + np.abs(step[n:]).max(initial=0.0))

    point, _, decrement, iterations, status = _newton.newton(
        evaluate,
        solve,
        reach,
        np.zeros(n + n_ties),
        exact=True,
        tolerance=limit,
        max_iterations=max_iterations,
    )
    at = terms(point)
    if n_ties and prior is None:
        certain = np.trace(at.information) <= 1e4 * limit**2
        if certain or status == _newton.NOT_FINITE:
            raise NotIdentifiedError(
                "ties and choices explain each other without exception (separation): the tie "
                "parameter and differences of utilities run to infinity together; give a `prior`, "
                "break the ties, or add ballots that could go the other way"
            )
    anchor = (
        Anchor.at_mean(np.zeros(n, dtype=np.int32)) if code is None else Anchor.at_item(code, n)
    )
    information = _pinned(at.information, ridges, n)
    joint = JointCovariance(
        n + n_ties, matrix=lambda: inverse_information(information), anchor=anchor
    )
    utility = anchor.refer(point[:n])
    parameters = tuple(
        Parameter(
            "parameter",
            "tie_parameter" if order == 2 else f"tie_parameter_{order}",
            float(log_nu),
            "log",
        )
        for order, log_nu in zip(orders, point[n:], strict=True)
    )
    pairwise = {parameter.term: parameter.value for parameter in parameters}
    fit = UtilityFit(
        utility=_tables.item_array(utility, items, name="utility", units="log-worth"),
        model="Davidson-Luce" if n_ties else "Plackett-Luce",
        link="logit",
        units="log-worth",
        ties="davidson" if "tie_parameter" in pairwise else "none",
        reference=reference,
        tie_parameter=pairwise.get("tie_parameter"),
        log_likelihood_of=at.log_likelihood,
        n_parameters=n - 1 + n_ties,
        convergence=Convergence(iterations, float(decrement), _STATUS[status], "Newton, cholesky"),
        n_votes=round(ballots.n_voters),
        covariance_type="fisher",
        options={"prior": prior},
        parameters=parameters,
        joint=joint,
    )
    if check and not fit.convergence.converged:
        raise ConvergenceError(
            f"fit_plackett_luce: {fit.convergence.status} after {iterations} steps, "
            f"{decrement:.2g} standard errors from the optimum (`tolerance` is {tolerance:g}); "
            "raise `max_iterations`, give a `prior`, or take the last iterate from `.result`",
            result=fit,
        )
    return fit


def _check_ties(sets: ChoiceSets) -> None:
    """Raise if choices from sets that allow a tie of some size are never of another size."""
    available = sets.member.sum(axis=1)
    for order, tied in zip(sets.orders, sets.tied, strict=True):
        if tied >= sets.weight[available >= order].sum():
            raise NotIdentifiedError(
                f"every choice from {order} or more alternatives is a tie of {order}, so its tie "
                "parameter runs to infinity; break the ties, or add ballots that do not tie"
            )


def _pinned(information: FloatArray, ridges: FloatArray, n_items: int) -> FloatArray:
    """Information with the prior's, or with the common level of the log-worths held fast."""
    pinned = information + np.diag(ridges)
    if not ridges.any():
        # Along a common shift the information is zero; the anchor takes out what is added.
        pinned[:n_items, :n_items] += np.trace(information[:n_items, :n_items]) / n_items**2
    return pinned

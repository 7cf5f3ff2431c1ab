"""Utilities from paired votes through a symmetric link: what logit and probit have in common."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Comparisons
from ..errors import ConvergenceError, DataError
from ..kernels import _graph, _newton, _pairs, _scores
from . import _identified
from ._bradley_terry import _STATUS, _covariance_type, _joint_covariance, _reference_code
from ._covariance import Anchor
from ._fit import Convergence, UtilityFit, item_array

__all__ = [
    "PairedVotes",
    "cluster_factor",
    "fit_link",
    "paired_votes",
    "require_convergence",
    "robust_note",
]

Link = Literal["logit", "probit"]
_MOMENTS = {"logit": _scores.logit_moments, "probit": _scores.probit_moments}


class PairedVotes(NamedTuple):
    """Checked input of a model of paired votes."""

    comparisons: Comparisons
    pairs: _pairs.Pairs
    anchor: Anchor
    component: npt.NDArray[np.int32]  # (items,)
    n_components: int
    ties: str
    reference: Hashable
    covariance_type: str
    dropped: dict[str, int]


def paired_votes(
    comparisons: Comparisons,
    *,
    ties: str,
    components: str = "error",
    covariance: str | None,
    reference: Hashable,
    penalised: bool,
) -> PairedVotes:
    """Check the arguments that all such models share, fold votes into pairs, check the graph."""
    if not isinstance(comparisons, Comparisons):
        raise DataError(
            f"`comparisons` is a {type(comparisons).__name__}; build a Comparisons first, for "
            "example with `Comparisons.from_frame` or `Comparisons.from_pairs`"
        )
    _validate.one_of("ties", ties, ("half", "drop"))
    _validate.one_of("components", components, ("error", "separate"))
    covariance_type = _covariance_type(comparisons, covariance)
    items, n = comparisons.items, comparisons.n_items
    if n < 2:
        raise DataError(f"`comparisons` has {n} item(s); a fit needs at least two")
    if not comparisons.n_cells:
        raise DataError("`comparisons` holds no votes; a fit needs at least one")
    code = _reference_code(reference, items)
    won, lost = comparisons.first_won, comparisons.second_won
    dropped = dict(comparisons.dropped)
    if ties == "half":
        won, lost = won + 0.5 * comparisons.tied, lost + 0.5 * comparisons.tied
    elif comparisons.tied.any():
        dropped["tied"] = round(float(comparisons.tied.sum()))
    pairs = _pairs.fold_pairs(comparisons.first, comparisons.second, won, lost, n)
    component, n_components = np.zeros(n, dtype=np.int32), 1
    if not penalised:
        total = pairs.won + pairs.lost
        _identified.check_met(
            items, _pairs.item_sums(pairs.low, total, n) + _pairs.item_sums(pairs.high, total, n)
        )
        graph = _graph.win_graph(pairs)
        _identified.check_identified(items, graph, separate=components == "separate")
        component, n_components = graph.component, graph.n_components
    if code is not None and n_components > 1:
        raise DataError(
            f"`reference` is {reference!r}, but the items fall into {n_components} components; "
            'only `reference="mean"` serves them all'
        )
    anchor = Anchor.at_mean(component) if code is None else Anchor.at_item(code, n)
    return PairedVotes(
        comparisons,
        pairs,
        anchor,
        component,
        n_components,
        ties,
        reference,
        covariance_type,
        dropped,
    )


def fit_link(
    votes: PairedVotes,
    link: Link,
    *,
    prior: float | None,
    model: str,
    units: str,
    function: str,
    options: dict[str, Any],
    check: bool,
    tolerance: float,
    max_iterations: int,
) -> UtilityFit:
    """Fit P(i over j) = link(u_i - u_j) by Newton's method, with the covariance asked for."""
    comparisons, pairs, n = votes.comparisons, votes.pairs, votes.comparisons.n_items
    ridge = 0.0 if prior is None else prior**-2
    result, curvature = _newton.fit_pairs(
        pairs,
        link=link,
        ridge=ridge,
        component=votes.component,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    meat = None
    if votes.covariance_type != "fisher":
        gap = result.point[comparisons.first] - result.point[comparisons.second]
        moments = _MOMENTS[link](gap, comparisons, drop_ties=votes.ties == "drop")
        if votes.covariance_type == "cluster":
            assert comparisons.rater is not None
            meat = cluster_factor(comparisons) * _scores.cluster_meat(
                comparisons.first, comparisons.second, moments.slope, comparisons.rater, n
            )
        else:
            meat = _scores.sandwich_meat(comparisons.first, comparisons.second, moments.square, n)
    utility = votes.anchor.refer(result.point)
    gap = utility[pairs.low] - utility[pairs.high]
    fit = UtilityFit(
        utility=item_array(utility, comparisons.items, name="utility", units=units),
        model=model,
        link=link,
        units=units,
        ties=votes.ties,
        reference=votes.reference,
        log_likelihood=_pairs.pair_log_likelihood(link, gap, pairs.won, pairs.lost),
        n_parameters=n - votes.n_components,
        convergence=Convergence(
            result.iterations, float(result.decrement), _STATUS[result.status], result.method
        ),
        n_votes=comparisons.n_votes,
        covariance_type=votes.covariance_type,
        dropped=votes.dropped,
        notes=robust_note(votes),
        options=options,
        joint=_joint_covariance(curvature, meat, votes.anchor, result.method),
        component=votes.component if votes.n_components > 1 else None,
    )
    if check:
        require_convergence(fit, function, tolerance)
    return fit


def cluster_factor(comparisons: Comparisons) -> float:
    """Finite-sample factor G / (G - 1) for G raters."""
    n_raters = len(np.unique(comparisons.rater))
    return n_raters / (n_raters - 1)


def robust_note(votes: PairedVotes) -> tuple[str, ...]:
    """Say how standard errors were made robust, if they were."""
    if votes.covariance_type == "cluster":
        n_raters = len(np.unique(votes.comparisons.rater))
        return (
            f"standard errors are clustered by {n_raters:,} raters, "
            "finite-sample factor G / (G - 1)",
        )
    if votes.covariance_type == "sandwich":
        return ("standard errors are sandwich, without a finite-sample factor",)
    return ()


def require_convergence(fit: UtilityFit, function: str, tolerance: float) -> None:
    """Raise if the iteration stopped early."""
    end = fit.convergence
    if not end.converged:
        raise ConvergenceError(
            f"{function}: {end.status} after {end.iterations} steps, {end.decrement:.2g} standard "
            f"errors from the optimum (`tolerance` is {tolerance:g}); raise `max_iterations`, "
            "give a `prior`, or take the last iterate from `.result`",
            result=fit,
        )

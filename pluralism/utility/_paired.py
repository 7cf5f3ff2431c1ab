"""The engine of the paired-comparison models: identify, fit, and label.

`fit_bradley_terry` and Thurstone's Case V differ in their link alone; both end here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..data import Comparisons
from ..errors import ConvergenceError, DataError
from ..kernels import _bordered, _firth, _graph, _newton, _outcomes, _pairs, _win_table
from ..kernels._outcomes import Counts
from . import _identified, _sandwich, _tables, _terms
from ._covariance import Anchor, JointCovariance
from ._estimates import Convergence, Parameter
from ._fit import UtilityFit
from ._paired_model import PairedModel, checked

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["fit_paired"]

FloatArray = npt.NDArray[np.float64]

_STATUS = {
    _newton.CONVERGED: "converged",
    _newton.OUT_OF_ITERATIONS: "out of iterations",
    _newton.NOT_FINITE: "the Newton step is not finite",
}
#: Where votes that go one way run off to infinity, what is left of the other way is the square of
#: the last distance from the optimum, in votes; this many times that is looked into.
_SUSPICIOUS = 1e4


def fit_paired(comparisons: Comparisons, model: PairedModel) -> UtilityFit:
    """Validate, fit, label."""
    model, kind, reference = checked(comparisons, model)
    items, n = comparisons.items, comparisons.n_items
    terms = _terms.make_terms(
        comparisons,
        order_effect=model.order_effect,
        item_features=model.item_features,
        covariates=model.covariates,
    )
    free = not terms.feature_names or model.residual
    plain = (
        free
        and not terms.columns.shape[1]
        and model.tie_model == "none"
        and not model.bias_reduction
    )
    counts = cache(partial(_counts, comparisons, model))  # a counted table may do without
    whole = _fit_whole_table(comparisons, counts, model) if plain else None
    if whole is None:
        won, lost = counts().halved()
        pairs = _pairs.fold_pairs(comparisons.first, comparisons.second, won, lost, n)
        component = _components(items, pairs, model, free)
    else:
        component = np.zeros(n, dtype=np.int32)
    n_components = int(component.max()) + 1
    if reference is not None and n_components > 1:
        raise DataError(
            f"`reference` is {model.reference!r}, but the items fall into {n_components} "
            'components; only `reference="mean"` serves them all'
        )
    anchor = Anchor.at_mean(component) if reference is None else Anchor.at_item(reference, n)

    result: _newton.NewtonResult
    state: _newton.Laplacian | _bordered.Bordered
    value: Callable[[], float]
    if plain:
        if whole is not None:
            result, state, value = whole
        else:
            result, state = _newton.fit_pairs(
                pairs,
                link=model.link,
                ridge=model.ridge,
                component=component,
                tolerance=model.tolerance,
                max_iterations=model.max_iterations,
            )
            value = partial(_pairs.pair_log_likelihood, model.link, pairs, result.point)
        eta, tie = np.zeros(0), 0.0
        if kind != "fisher":
            eta = result.point[comparisons.first] - result.point[comparisons.second]
    else:
        design = _design(comparisons, counts(), terms, model, free, component)
        _identified.check_ties(counts(), model.tie_model)
        result, state = _fit_design(design, model, terms, items)
        eta, tie = design.predictor(result.point), design.tie(result.point)
        value = partial(_outcomes.log_likelihood, model.link, model.tie_model, eta, tie, counts())
    robust = _sandwich.model_based(comparisons)
    if kind != "fisher":
        robust = _sandwich.middle(
            comparisons,
            kind,
            terms.columns,
            counts(),
            _outcomes.local(model.link, model.tie_model, eta, tie),
            n_utilities=n if free else 0,
            has_tie=model.tie_model != "none",
        )
    fit = _label(
        comparisons,
        model,
        terms,
        anchor,
        result,
        free=free,
        joint=_sandwich.joint_covariance(state, robust, anchor, terms.features),
        covariance_type=kind,
        log_likelihood=value,
        n_parameters=(n - n_components if free else 0)
        + terms.columns.shape[1]
        + (model.tie_model != "none"),
        dropped=_dropped(comparisons, model),
        notes=_notes(model, robust),
    )
    if model.check and not fit.convergence.converged:
        raise ConvergenceError(
            f"{model.function}: {fit.convergence.status} after {result.iterations} steps, "
            f"{result.decrement:.2g} standard errors from the optimum (`tolerance` is "
            f"{model.tolerance:g}); raise `max_iterations`, give a `prior`, or take the last "
            "iterate from `.result`",
            result=fit,
        )
    return fit


def _notes(model: PairedModel, robust: _sandwich.Middle) -> tuple[str, ...]:
    notes = [robust.note] if robust.note else []
    if model.prior is not None:
        about = "what the features say" if model.residual else "zero"
        notes.append(
            f"utilities have a normal prior about {about}, standard deviation {model.prior:g}"
        )
    if model.bias_reduction:
        how = "Jeffreys' penalty" if model.link == "logit" else "adjusted scores"
        notes.append(f"bias reduced by {how} (Firth 1993)")
    return tuple(notes)


def _counts(comparisons: Comparisons, model: PairedModel) -> Counts:
    tied = comparisons.tied if model.ties != "drop" else np.zeros_like(comparisons.tied)
    return Counts(comparisons.first_won, comparisons.second_won, tied)


def _dropped(comparisons: Comparisons, model: PairedModel) -> dict[str, int]:
    dropped = dict(comparisons.dropped)
    if model.ties == "drop" and comparisons.tied.any():
        dropped["tied"] = round(float(comparisons.tied.sum()))
    return dropped


def _fit_whole_table(
    comparisons: Comparisons, counts: Callable[[], Counts], model: PairedModel
) -> tuple[_newton.NewtonResult, _newton.Laplacian, Callable[[], float]] | None:
    """Fit on the table of all pairs where it is well filled and plainly has an estimate."""
    if model.link != "logit":
        return None
    if comparisons.table is not None:
        table = _win_table.tabulate_counts(comparisons.table)
    else:
        table = _win_table.tabulate_wins(
            comparisons.first, comparisons.second, *counts().halved(), comparisons.n_items
        )
    if table is None or not (table.linked or model.prior is not None):
        return None
    fitted = _win_table.fit_win_table(
        table,
        ridge=model.ridge,
        tolerance=model.tolerance,
        max_iterations=model.max_iterations,
    )
    if fitted is None:
        return None
    result, state = fitted
    if _pairs.sums_cancel(table.wins.sum(), result.point):
        return None  # the table has no likelihood to the last digit; the pairs have
    return result, state, partial(_win_table.win_table_log_likelihood, table, result.point)


def _components(
    items: tuple[Hashable, ...], pairs: _pairs.Pairs, model: PairedModel, free: bool
) -> npt.NDArray[np.int32]:
    """Refuse what no estimate exists for; return which items can be compared."""
    n = len(items)
    if model.prior is not None or not free:
        return np.zeros(n, dtype=np.int32)
    total = pairs.won + pairs.lost
    degree = _pairs.item_sums(pairs.low, total, n)
    degree += _pairs.item_sums(pairs.high, total, n)
    _identified.check_met(items, degree)
    graph = _graph.win_graph(pairs)
    _identified.check_identified(
        items,
        graph,
        separate=model.components == "separate",
        separation=not model.bias_reduction,
        remedies=model.remedies,
    )
    return graph.component


def _design(
    comparisons: Comparisons,
    counts: Counts,
    terms: _terms.Terms,
    model: PairedModel,
    free: bool,
    component: npt.NDArray[np.int32],
) -> _bordered.Design:
    q, f = terms.columns.shape[1], terms.features.shape[1]
    precision = np.zeros((q, q))
    if not free:
        precision[:f, :f] = model.ridge * (terms.features.T @ terms.features)
    return _bordered.make_design(
        comparisons.first,
        comparisons.second,
        terms.columns,
        counts,
        comparisons.n_items,
        link=model.link,
        ties=model.tie_model,
        free=free,
        ridge=model.ridge if free else 0.0,
        precision=precision,
        component=component,
    )


def _fit_design(
    design: _bordered.Design,
    model: PairedModel,
    terms: _terms.Terms,
    items: tuple[Hashable, ...],
) -> tuple[_newton.NewtonResult, _bordered.Bordered]:
    """Fit utilities with parameters, refusing what the data cannot tell apart."""
    size = design.n_utilities + terms.columns.shape[1] + design.has_tie
    start = np.zeros(size)
    total = float(design.counts.total.sum())
    share = float(design.counts.tied.sum()) / total if total else 0.0
    if model.tie_model == "davidson":
        start[-1] = np.log(2.0 * share / (1.0 - share))
    elif model.tie_model == "rao-kupper":
        start[-1] = np.log((1.0 + share) / (1.0 - share))
    names = _parameter_names(terms, model)
    _identified.check_told_apart(_bordered.Bordered(design, start).confounded(), names)
    if model.bias_reduction:
        if len(items) > _tables.DENSE_ITEMS:
            raise DataError(
                f"`bias_reduction` needs the whole covariance matrix, and {len(items):,} items "
                f"are more than {_tables.DENSE_ITEMS:,}; give a `prior` instead"
            )
        return _firth.fit_firth(
            design, start, tolerance=model.tolerance, max_iterations=model.max_iterations
        )
    result, state = _bordered.fit_bordered(
        design,
        start,
        tolerance=model.tolerance,
        max_iterations=model.max_iterations,
    )
    if result.status != _newton.CONVERGED or _runs_off(design, result.point, model.tolerance):
        _identified.check_bounded(design, items if design.free else (), names)
    return result, state


def _runs_off(design: _bordered.Design, point: FloatArray, tolerance: float) -> bool:
    """Whether a fit that stopped within `tolerance` may still be on its way to infinity."""
    model, tie = design.ties, design.tie(point)
    chances = _outcomes.probabilities(design.link, model, design.predictor(point), np.exp(tie))
    rarest = chances.min(axis=0) if design.has_tie else chances[[0, 2]].min(axis=0)
    votes = design.counts.total
    left = (votes * rarest).min(initial=np.inf, where=votes > 0)
    return bool(left <= _SUSPICIOUS * tolerance**2)


def _parameter_names(terms: _terms.Terms, model: PairedModel) -> list[str]:
    names = [f"the feature {name!r}" for name in terms.feature_names]
    names += [f"the covariate {name!r}" for name in terms.covariate_names]
    names += [f"`{name}`" for name in terms.order_names]
    return names + (["the tie parameter"] if model.tie_model != "none" else [])


def _label(
    comparisons: Comparisons,
    model: PairedModel,
    terms: _terms.Terms,
    anchor: Anchor,
    result: _newton.NewtonResult,
    *,
    free: bool,
    joint: JointCovariance,
    covariance_type: str,
    log_likelihood: Callable[[], float],
    n_parameters: int,
    dropped: Mapping[str, int],
    notes: tuple[str, ...],
) -> UtilityFit:
    n, items = comparisons.n_items, comparisons.items
    utilities, shared = (result.point[:n], result.point[n:]) if free else (0.0, result.point)
    f, c = len(terms.feature_names), len(terms.covariate_names)
    utility = anchor.refer(utilities + terms.features @ shared[:f])
    parameters = [
        Parameter("feature", str(name), float(value))
        for name, value in zip((*terms.feature_names, *terms.covariate_names), shared, strict=False)
    ]
    order = shared[f + c : f + c + len(terms.order_names)]
    parameters += [
        Parameter("parameter", name, float(value))
        for name, value in zip(terms.order_names, order, strict=True)
    ]
    if model.tie_model != "none":
        parameters.append(Parameter("parameter", "tie_parameter", float(shared[-1]), "log"))
    order_effect: float | xr.DataArray | None = None
    if len(order):
        order_effect = float(order[0])
        if terms.order_groups is not None:
            order_effect = _tables.vector(order, "group", terms.order_groups, "order_effect")
    return UtilityFit(
        utility=_tables.item_array(utility, items, name="utility", units=model.units),
        model=model.name,
        link=model.link,
        units=model.units,
        ties=model.ties,
        reference=model.reference,
        order_effect=order_effect,
        tie_parameter=float(np.exp(shared[-1])) if model.tie_model != "none" else None,
        coefficients=_tables.vector(
            shared[: f + c],
            "feature",
            (*terms.feature_names, *terms.covariate_names),
            "coefficients",
        )
        if f + c
        else None,
        log_likelihood_of=log_likelihood,
        n_parameters=n_parameters,
        convergence=Convergence(
            result.iterations, float(result.decrement), _STATUS[result.status], result.method
        ),
        n_votes=comparisons.n_votes,
        covariance_type=covariance_type,
        dropped=dropped,
        notes=notes,
        options={
            "ties": model.ties,
            "order_effect": model.order_effect,
            "item_features": terms.features if terms.feature_names else None,
            "prior": model.prior,
            "bias_reduction": model.bias_reduction,
            "components": model.components,
            "covariates": terms.covariate_names,
            "residual": model.residual,
        },
        parameters=tuple(parameters),
        joint=joint,
        component=anchor.component if anchor.component.any() else None,
        _data=comparisons,
    )

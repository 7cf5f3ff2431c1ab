"""One utility vector per group, all in one call, and whether the groups differ."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Comparisons
from ..errors import ConvergenceError, DataError, LabelError, NotIdentifiedError
from ..kernels import _graph, _newton, _pairs
from ..uncertainty import batched_by, permuted_by
from . import _identified
from ._bradley_terry import fit_bradley_terry
from ._group_fits import GroupFits
from ._resampled import DENSE_ITEMS, log_likelihoods, refer, refit_tables

__all__ = ["fit_groups", "group_log_likelihood"]

FloatArray = npt.NDArray[np.float64]
Pairs = _pairs.Pairs


@batched_by("pluralism.utility._resampled:group_replicates")
def fit_groups(
    comparisons: Comparisons,
    *,
    group: Hashable = None,
    ties: Literal["half", "drop"] = "half",
    prior: float | None = None,
    covariance: Literal["fisher", "sandwich", "cluster"] | None = None,
    reference: Hashable = "mean",
    check: bool = True,
    tolerance: float = 1e-6,
    max_iterations: int = 100,
) -> GroupFits:
    """Fit the Bradley-Terry model to each group of raters (or votes) on its own.

    Parameters
    ----------
    comparisons : Comparisons
        Votes with groups.
    group : str, optional
        Name of the grouping; may be left out where there is only one.
    ties, prior, covariance, reference, check, tolerance, max_iterations
        As in `fit_bradley_terry`, for every group.

    Returns
    -------
    GroupFits
        Utilities by group in log-odds, the pooled fit, tests that groups differ, contrasts and
        distances between them.

    Raises
    ------
    NotIdentifiedError
        If the votes of a group do not identify its utilities; the message names the group.
    ConvergenceError
        If the fit of a group stopped early and `check` is set.
    DataError, LabelError
        For an argument that cannot be used; a group without votes; a group with one rater under
        clustered standard errors.

    Examples
    --------
    >>> from pluralism import Comparisons
    >>> from pluralism.data import simulate_votes
    >>> votes = simulate_votes(
    ...     2000, items=["art", "law", "sport"], raters=40, groups=["old", "young"],
    ...     group_spread=0.5, seed=0)
    >>> comparisons = Comparisons.from_frame(
    ...     votes, first="first", second="second", outcome="outcome", rater="rater",
    ...     group="group")
    >>> fits = fit_groups(comparisons)
    >>> fits.utility.sel(group="old").sum().round(12).item()
    0.0
    >>> fits.wald_test().df
    2
    """
    # Each group is fitted from its table of wins, which has no place for a tie parameter.
    _validate.one_of("ties", ties, ("half", "drop"))
    name = grouping_name(comparisons, group)
    grouping = comparisons.groups[name]
    pooled = fit_bradley_terry(
        comparisons,
        ties=ties,
        prior=prior,
        covariance=covariance,
        reference=reference,
        check=check,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    n, labels = comparisons.n_items, grouping.labels
    cells = np.bincount(grouping.codes, minlength=len(labels))
    if not cells.all():
        raise DataError(f"group {labels[int(np.argmin(cells))]!r} of {name!r} has no votes")
    raters = np.zeros(len(labels), dtype=np.int64)
    if comparisons.rater is not None:
        seen = np.unique(np.stack([grouping.codes, comparisons.rater]), axis=1)[0]
        raters = np.bincount(seen, minlength=len(labels))
        if pooled.covariance_type == "cluster" and raters.min() < 2:
            raise DataError(
                f"group {labels[int(np.argmin(raters))]!r} of {name!r} has one rater, so its "
                'errors cannot be clustered by rater; use covariance="fisher"'
            )
    codes = range(len(labels))
    ridge = 0.0 if prior is None else float(prior) ** -2
    settings: dict[str, Any] = {"tolerance": tolerance, "max_iterations": max_iterations}
    start = refer(pooled.utility.values, comparisons.items)
    if n <= DENSE_ITEMS:
        wins = _win_tables(comparisons, grouping.codes, len(labels), ties)
        utility, status = refit_tables(wins, start, ridge=ridge, **settings)
        likelihood = log_likelihoods(wins, utility)
        pairs = {
            code: _group_pairs(comparisons, grouping.codes == code, ties)
            for code in np.flatnonzero(status).tolist()
        }
    else:
        pairs = {code: _group_pairs(comparisons, grouping.codes == code, ties) for code in codes}
        utility, likelihood, status = _fit_each(list(pairs.values()), start, ridge, settings)
    for code, each in pairs.items():
        if prior is None:
            _check_group(comparisons.items, each, name, labels[code])
        if status[code] == _newton.NOT_FINITE or (check and status[code]):
            raise ConvergenceError(
                f"fit_groups: group {labels[code]!r} of {name!r} did not converge in "
                f"{max_iterations} steps; raise `max_iterations` or give a `prior`"
            )
    dropped = 0.0 if ties == "half" else comparisons.tied
    votes = np.bincount(grouping.codes, comparisons.total - dropped, len(labels))
    return GroupFits(
        group=name,
        groups=labels,
        items=comparisons.items,
        estimates=refer(utility, comparisons.items, reference),
        log_likelihoods=likelihood,
        pooled=pooled,
        prior=prior,
        votes=votes.astype(np.float64),
        raters=raters if comparisons.rater is not None else None,
        converged=status == _newton.CONVERGED,
        comparisons=comparisons,
    )


@permuted_by("pluralism.utility._resampled:group_likelihood_permutations")
def group_log_likelihood(
    comparisons: Comparisons, *, ties: Literal["half", "drop"] = "half", prior: float | None = None
) -> float:
    """Sum of the groups' log-likelihoods at their own estimates: what a permutation changes."""
    fits = fit_groups(comparisons, covariance="fisher", ties=ties, prior=prior)
    return fits.log_likelihood


def grouping_name(comparisons: Any, group: Any) -> str:
    """Return the name of the grouping to use: `group`, or the only one there is."""
    if not isinstance(comparisons, Comparisons):
        raise DataError(f"`comparisons` is a {type(comparisons).__name__}; it must be Comparisons")
    names = tuple(comparisons.groups)
    if not names:
        raise DataError("`comparisons` has no groups; build it with group=")
    if group is None and len(names) > 1:
        raise DataError(f"`group` must name one of {', '.join(map(repr, names))}")
    if group is not None and group not in names:
        raise LabelError.unknown(
            "`group`", group, known=names, argument="the groups of `comparisons`"
        )
    return names[0] if group is None else str(group)


def _group_pairs(comparisons: Comparisons, member: npt.NDArray[np.bool_], ties: str) -> Pairs:
    half = 0.5 * comparisons.tied[member] if ties == "half" else 0.0
    return _pairs.fold_pairs(
        comparisons.first[member],
        comparisons.second[member],
        comparisons.first_won[member] + half,
        comparisons.second_won[member] + half,
        comparisons.n_items,
    )


def _win_tables(
    comparisons: Comparisons, codes: npt.NDArray[np.int32], n_groups: int, ties: str
) -> FloatArray:
    """Weight by which each item was preferred to each other, (groups, items, items)."""
    n = comparisons.n_items
    half = 0.5 * comparisons.tied if ties == "half" else 0.0
    base = codes.astype(np.int64) * n * n
    ahead = base + comparisons.first.astype(np.int64) * n + comparisons.second
    behind = base + comparisons.second.astype(np.int64) * n + comparisons.first
    size = n_groups * n * n
    wins = np.bincount(ahead, comparisons.first_won + half, size)
    wins += np.bincount(behind, comparisons.second_won + half, size)
    return wins.reshape(n_groups, n, n).astype(np.float64, copy=False)


def _fit_each(
    pairs: list[Pairs], start: FloatArray, ridge: float, settings: dict[str, Any]
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int32]]:
    """Fit large groups one by one: utilities (groups, items), log-likelihoods, status."""
    fits = [_newton.fit_pairs(each, ridge=ridge, start=start, **settings)[0] for each in pairs]
    likelihood = [
        _pairs.pair_log_likelihood("logit", each, fit.point)
        for fit, each in zip(fits, pairs, strict=True)
    ]
    return (
        np.stack([fit.point for fit in fits]),
        np.array(likelihood),
        np.array([fit.status for fit in fits], dtype=np.int32),
    )


def _check_group(items: tuple[Hashable, ...], pairs: Pairs, name: str, label: Hashable) -> None:
    """Raise, naming the group, if its votes do not identify its utilities."""
    total = pairs.won + pairs.lost
    n = len(items)
    try:
        _identified.check_met(
            items, _pairs.item_sums(pairs.low, total, n) + _pairs.item_sums(pairs.high, total, n)
        )
        _identified.check_identified(items, _graph.win_graph(pairs), separate=False)
    except NotIdentifiedError as error:
        raise NotIdentifiedError(
            f"group {label!r} of {name!r}: {error}", groups=error.groups
        ) from None

"""Utilities of the population, its groups and their raters, pooled as far as the votes ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from .._lazy import needed
from ..data import Comparisons
from ..errors import ApproximationWarning, ConvergenceError, DataError
from ..kernels._pooling_laplace import laplace
from ..kernels._pooling_votes import Extras, VoteCells
from . import _tables
from ._groups import grouping_name
from ._hierarchical_draws import label_draws
from ._hierarchical_fit import HierarchicalFit

if TYPE_CHECKING:
    from collections.abc import Hashable

    import xarray as xr

__all__ = ["fit_hierarchical"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

#: Most numbers in the posterior: 2 GiB.
_MOST_NUMBERS = 1 << 28
#: Standard deviation of a log-spread above which Laplace's approximation of it is poor.
_LOOSE_SPREAD = 0.5


def fit_hierarchical(
    comparisons: Comparisons,
    *,
    group: str | Literal[False] | None = None,
    raters: bool | None = None,
    ties: Literal["half", "drop", "davidson"] = "half",
    order_effect: bool = False,
    item_variance: bool = False,
    prior: float = 2.0,
    method: Literal["nuts", "laplace"] = "nuts",
    chains: int = 4,
    warmup: int = 400,
    draws: int = 1500,
    target_accept: float | None = None,
    max_tree_depth: int | None = None,
    seed: int | np.random.Generator | None = 0,
    check: bool = True,
    progress: bool = False,
) -> HierarchicalFit:
    r"""Fit utilities of the population, of every group and of every rater in one model.

    A group's utilities are normal around the population's, a rater's around those of their group,
    and how far they spread is estimated too. A group with few votes is thereby drawn towards the
    population, one with many speaks for itself:

    .. math::
        u_i \sim N(0, \sigma^2), \quad u_{gi} \sim N(u_i, \tau^2), \quad
        u_{ri} \sim N(u_{g(r) i}, \omega^2), \quad
        \operatorname{logit} P(i \succ j) = u_{\cdot i} - u_{\cdot j},

    each vector of utilities summing to zero.

    Parameters
    ----------
    comparisons : Comparisons
        Votes; groups and raters are those given when building it.
    group : str or False, optional
        Name of the grouping; may be left out where there is only one. False pools no groups.
    raters : bool, optional
        Whether each rater has utilities of their own. Default: where raters are known.
    ties : {"half", "drop", "davidson"}
        A tie counts as half a win for each, is left out, or is modelled (Davidson 1970).
    order_effect : bool
        Whether the item shown first has an advantage, in log-odds.
    item_variance : bool
        Whether items differ in how decided votes on them are: the difference of utilities is
        divided by sqrt((v_i + v_j) / 2), where the v_i have geometric mean 1.
    prior : float
        Scale of the half-normal priors on the spreads, in log-odds. The order effect and the
        logarithm of the tie parameter are N(0, 2^2), log-variances N(0, 1).
    method : {"nuts", "laplace"}
        Sample the posterior (Hoffman and Gelman 2014) in coordinates whitened by its normal
        approximation, or draw from that approximation: seconds instead of minutes, close where
        every group and every spread rests on many votes.
    chains, warmup, draws : int
        Number of chains (at least 2), of steps before and of draws after adaptation, for each.
        Draws of ``method="laplace"`` are independent.
    target_accept : float, optional
        Acceptance rate to adapt to, in (0, 1); higher takes smaller steps. Default: 0.7 where
        votes leave little open, so that the whitened posterior is nearly normal, else 0.9.
    max_tree_depth : int, optional
        Most doublings of a trajectory. Default: 3 where votes leave little open (more would
        only lead back to the start), else 10.
    seed : int, numpy.random.Generator or None
        Of chains and draws.
    check : bool
        Whether chains that have not mixed are an error.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    HierarchicalFit
        Posterior draws with labels, summaries, probabilities, ranks and winners.

    Raises
    ------
    ConvergenceError
        If r-hat exceeds 1.01 or a bulk effective sample size is below 400 and `check` is set;
        ``error.result`` is the fit. If the mode was not found, for ``method="laplace"``.
    DataError, LabelError
        For an argument that cannot be used: a group or rater level with a single member, an
        order effect without shown order, a posterior of more than 2 GiB.
    ImportError
        If NumPyro or ArviZ is not installed: ``pip install "pluralism[bayes]"``.

    Warns
    -----
    ApproximationWarning
        If NUTS diverged: raise `target_accept`. If a spread rests on so few groups or votes that
        Laplace's approximation of it is poor.

    References
    ----------
    Hoffman and Gelman (2014), The No-U-Turn sampler, JMLR 15. Tierney and Kadane (1986), JASA 81.
    Papaspiliopoulos, Roberts and Skoeld (2007), A general framework for the parametrization of
    hierarchical models, Statistical Science 22.

    Examples
    --------
    >>> from pluralism import Comparisons
    >>> from pluralism.data import simulate_votes
    >>> votes = simulate_votes(
    ...     3000, items=["art", "law", "sport"], utility=[0.5, 0.0, -0.5],
    ...     groups=[f"g{k}" for k in range(12)], group_spread=0.4, seed=0)
    >>> comparisons = Comparisons.from_frame(
    ...     votes, first="first", second="second", outcome="outcome", group="group")
    >>> fit = fit_hierarchical(comparisons, method="laplace", draws=250)
    >>> fit.posterior["posterior"]["group_utility"].dims
    ('chain', 'draw', 'group', 'item')
    >>> bool(fit.probability("art", "sport").mean() > 0.5)
    True
    """
    if not isinstance(comparisons, Comparisons):
        raise DataError(f"`comparisons` is a {type(comparisons).__name__}; it must be Comparisons")
    _validate.one_of("ties", ties, ("half", "drop", "davidson"))
    _validate.one_of("method", method, ("nuts", "laplace"))
    for option, value in (
        ("order_effect", order_effect),
        ("item_variance", item_variance),
        ("check", check),
        ("progress", progress),
    ):
        _validate.one_of(option, value, (True, False))
    prior = _validate.number("prior", prior, at_least=1e-3, at_most=1e3)
    chains = _validate.whole_number("chains", chains, at_least=2)
    warmup = _validate.whole_number("warmup", warmup, at_least=50)
    draws = _validate.whole_number("draws", draws, at_least=4)
    if target_accept is not None:
        _validate.number("target_accept", target_accept, above=0.0, below=1.0)
    if max_tree_depth is not None:
        _validate.whole_number("max_tree_depth", max_tree_depth, at_least=1)
    key = int(_validate.generator("seed", seed).integers(1 << 31))
    if order_effect and not comparisons.order_known:
        raise DataError(
            "`order_effect` needs to know which item was shown first, and these `comparisons` do "
            "not say; build them with `from_frame` or `from_codes`"
        )
    name: str | None = None
    if group is not False and (group is not None or comparisons.groups):
        name = grouping_name(comparisons, group)
    _validate.one_of("raters", raters, (None, True, False))
    if raters and comparisons.rater is None:
        raise DataError("`raters` is True, but these comparisons do not say who cast them")
    by_rater = comparisons.rater is not None and raters is not False
    parents, labels, leaf = _levels(comparisons, name, by_rater)
    numbers = sum(len(each) for each in parents) * comparisons.n_items * chains * draws
    if numbers > _MOST_NUMBERS:
        raise DataError(
            f"the posterior would hold {numbers:,} numbers ({numbers * 8 / 2**30:.1f} GiB); lower "
            "`draws`, or leave raters out (raters=False)"
        )
    extras = Extras(order_effect, ties == "davidson", item_variance)
    cells = _cells(comparisons, leaf, ties, order_effect)
    if not len(cells.block):
        raise DataError('every vote is a tie, and `ties` is "drop"; use ties="davidson"')
    approximation = laplace(cells, parents, extras, comparisons.n_items, prior)
    needed("numpyro", extra="bayes", purpose="fit_hierarchical")
    from . import _hierarchical_model as model  # the only module that imports NumPyro

    problem = model.Problem.of(cells, parents, extras, approximation, prior)
    if method == "nuts":
        settled = problem.is_settled
        settings = model.Settings(
            chains,
            warmup,
            draws,
            target_accept or (0.7 if settled else 0.9),
            max_tree_depth or (3 if settled else 10),
            progress,
        )
        drawn, stats = model.run_nuts(problem, extras, settings, key)
    else:
        drawn, stats = model.draw_normal(problem, chains, draws, key), {}
    drawn_ties = float(comparisons.tied.sum()) if ties == "drop" else 0.0
    fit = HierarchicalFit(
        posterior=label_draws(comparisons.items, labels, extras, cells, drawn, stats),
        method=method,
        group=name,
        ties=ties,
        prior=prior,
        n_votes=comparisons.n_votes,
        dropped={**comparisons.dropped, **({"tie": round(drawn_ties)} if drawn_ties else {})},
        group_votes=_group_votes(comparisons, name),
        check=check,
    )
    if method == "laplace":
        _check_laplace(approximation, fit, check)
    else:
        _check_chains(fit, check)
    return fit


def _levels(
    comparisons: Comparisons, name: str | None, by_rater: bool
) -> tuple[tuple[IntArray, ...], dict[str, tuple[Hashable, ...]], IntArray]:
    """Parents of the blocks of every level, their labels, and the block of each cell."""
    parents: list[IntArray] = [np.zeros(1, dtype=np.int32)]
    labels: dict[str, tuple[Hashable, ...]] = {}
    leaf: IntArray = np.zeros(comparisons.n_cells, dtype=np.int32)
    if name is not None:
        grouping = comparisons.groups[name]
        leaf = grouping.codes
        parents.append(np.zeros(len(grouping.labels), dtype=np.int32))
        labels["group"] = grouping.labels
    if by_rater:
        assert comparisons.rater is not None
        assert comparisons.raters is not None
        above = np.zeros(len(comparisons.raters), dtype=np.int32)
        above[comparisons.rater] = leaf
        parents.append(above)
        labels["rater"], leaf = comparisons.raters, comparisons.rater
    for level, names in labels.items():
        if len(names) < 2:
            remedy = "group=False" if level == "group" else "raters=False"
            raise DataError(
                f"there is one {level} only ({names[0]!r}), so there is no spread of {level}s to "
                f"estimate; use {remedy}"
            )
    return tuple(parents), labels, leaf


def _group_votes(comparisons: Comparisons, name: str | None) -> xr.DataArray | None:
    if name is None:
        return None
    grouping = comparisons.groups[name]
    votes = np.bincount(grouping.codes, comparisons.total, len(grouping.labels))
    return _tables.vector(
        np.asarray(votes, dtype=np.float64), "group", grouping.labels, "group_votes"
    )


def _cells(comparisons: Comparisons, leaf: IntArray, ties: str, order_effect: bool) -> VoteCells:
    """Votes by block and pair; without an order effect both orders of a pair are one."""
    first, second = comparisons.first, comparisons.second
    won, lost = comparisons.first_won, comparisons.second_won
    tied = comparisons.tied if ties == "davidson" else np.zeros_like(won)
    if ties == "half":
        won, lost = won + 0.5 * comparisons.tied, lost + 0.5 * comparisons.tied
    if not order_effect:
        swap = first > second
        first, second = np.where(swap, second, first), np.where(swap, first, second)
        won, lost = np.where(swap, lost, won), np.where(swap, won, lost)
    kept = won + lost + tied > 0.0
    key = np.stack([leaf, first, second])[:, kept].astype(np.int32)
    (block, i, j), place = np.unique(key, axis=1, return_inverse=True)
    sums: list[FloatArray] = [
        np.asarray(np.bincount(place.ravel(), each[kept], len(block)), dtype=np.float64)
        for each in (won, lost, tied)
    ]
    return VoteCells(block, i, j, *sums)


def _check_laplace(approximation: Any, fit: HierarchicalFit, check: bool) -> None:
    if check and not approximation.converged:
        raise ConvergenceError(
            "fit_hierarchical: the mode was not found, or a spread ran to its limit; use "
            'method="nuts", or another `prior`',
            result=fit,
        )
    # Where blocks are pooled below it, the population's own spread hardly matters.
    below = slice(1 if len(approximation.log_spreads) > 1 else 0, None)
    deviation = np.sqrt((approximation.spread_root**2).sum(axis=1))[below].max()
    if deviation > _LOOSE_SPREAD:
        _quiet.warn(
            f"the logarithm of a spread has standard deviation {deviation:.2f}: too few groups "
            'or votes for the normal approximation; use method="nuts"',
            ApproximationWarning,
            stacklevel=3,
        )


def _check_chains(fit: HierarchicalFit, check: bool) -> None:
    if fit.mixing.divergences:
        _quiet.warn(
            f"{fit.mixing.divergences} transitions diverged, so the posterior near small spreads "
            "may be missed; raise `target_accept`",
            ApproximationWarning,
            stacklevel=3,
        )
    complaint = fit.mixing.complaint()
    if check and complaint:
        raise ConvergenceError(
            f"fit_hierarchical: the chains have not mixed: {complaint}; raise `draws` or "
            "`warmup`, or pass check=False and look at `.mixing`",
            result=fit,
        )

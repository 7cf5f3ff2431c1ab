"""Utilities when some comparisons are grossly wrong: by mistake, by malice, by another question."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..data import Comparisons
from ..errors import ConvergenceError, DataError, SmallSampleWarning
from ..kernels import _graph, _newton, _pairs, _robust
from . import _identified, _tables
from ._covariance import Anchor
from ._estimates import Convergence
from ._fit import UtilityFit
from ._log_odds import Observed, observe, pair_table, scores, smoothing_notes
from ._paired_model import PairedModel, checked
from ._robust_methods import LIMITS, NAMES, solve

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["RobustFit", "fit_robust"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RobustFit(UtilityFit):
    """Utilities that a share of wrong comparisons cannot move far.

    It has no standard errors; resample with `pluralism.bootstrap` to have intervals.

    Attributes
    ----------
    pairs : pandas.DataFrame
        One row a compared pair, most deviant first: ``first``, ``second``, ``votes``,
        ``observed`` and ``expected`` (share of the votes for the first), ``residual`` (observed
        less expected log-odds, smoothed), ``score`` (the residual in standard deviations) and
        ``suspect``.
    smoothing : float
        Pseudo-votes given to each side of every pair.
    spread : float
        Robust standard deviation that scores are measured in, as a multiple of what counting
        alone would give; of log-odds where the votes are shares.
    low_rank : xarray.DataArray, (item, item_bis), or None
        The low-rank table of log-odds, row over column; of "rpca" and "sequential".
    """

    pairs: pd.DataFrame = field(repr=False)
    smoothing: float
    spread: float
    low_rank: xr.DataArray | None = None

    @property
    def suspects(self) -> pd.DataFrame:
        """The rows of `pairs` whose score is beyond the threshold, most deviant first."""
        return self.pairs[self.pairs["suspect"]].reset_index(drop=True)


def fit_robust(
    comparisons: Comparisons,
    *,
    method: Literal["l1", "huber", "rpca", "sequential"] = "l1",
    ties: Literal["half", "drop"] = "half",
    smoothing: float | None = None,
    weights: Literal["pairs", "votes"] = "pairs",
    tuning: float = 1.345,
    penalty: float | None = None,
    threshold: float = 4.0,
    components: Literal["error", "separate"] = "error",
    reference: Hashable = "mean",
    check: bool = True,
    tolerance: float | None = None,
    max_iterations: int | None = None,
) -> RobustFit:
    r"""Fit Bradley-Terry utilities that grossly wrong pairs cannot move far, and name those pairs.

    The observed log-odds of a pair are taken for :math:`y_{ij} = u_i - u_j + s_{ij}` with an
    error s that is zero or small for most pairs and anything at all for the rest.

    Parameters
    ----------
    comparisons : Comparisons
        Votes on pairs of items. For probabilities instead of votes, give them as soft outcomes.
    method : {"l1", "huber", "rpca", "sequential"}
        ``"l1"`` minimises :math:`\sum w_{ij} |y_{ij} - (u_i - u_j)|`. ``"huber"`` minimises
        Huber's loss, squared up to `tuning` robust standard deviations: less noisy with few
        errors, biased by many. ``"rpca"`` splits the table of log-odds into a low-rank and a
        sparse part, jointly over the pairs that were observed. ``"sequential"`` is CURATRON:
        complete the table at rank 2, then split it; see the notes before using it.
    ties : {"half", "drop"}
        A tie counts as half a win for each item, or is left out and counted in ``dropped``.
    smoothing : float, optional
        Pseudo-votes added to each side of every pair before its log-odds are taken, so that a
        pair that one side always won has finite ones. Default: 0.5 (Haldane 1956; Anscombe 1956)
        where all counts are whole, and 0 where they are shares.
    weights : {"pairs", "votes"}
        Whether every pair speaks once, however many votes it got, so that nobody gains influence
        by voting often; or each has the weight of its precision,
        :math:`w = \sqrt{n p (1 - p)}`, better where votes are honest but unequally many. Of "l1"
        and "huber".
    tuning : float
        Where Huber's loss bends, in robust standard deviations.
    penalty : float, optional
        Price of the sparse part against the nuclear norm, of "rpca" and "sequential". Default:
        :math:`1 / \sqrt{n \rho}` for n items of whose pairs a share rho was observed.
    threshold : float
        Score beyond which a pair is called suspect.
    components : {"error", "separate"}
        What to do when some items were never linked with others by comparisons: refuse, or fit
        each component on its own ("l1" and "huber").
    reference : "mean" or item label
        What utilities are relative to.
    check : bool
        Whether a fit that did not converge is an error; if not, it is returned and says so.
    tolerance : float, optional
        When to stop: the duality gap relative to the sum of absolute log-odds for "l1" (1e-7),
        the largest move in units of the bend for "huber" (1e-8), relative residuals of the
        splitting for the others (1e-5). The value reached is ``convergence.decrement``.
    max_iterations : int, optional
        Most steps. Default: 200 for "l1", else 2000.

    Returns
    -------
    RobustFit
        Utilities in log-odds, without standard errors; ``.suspects`` are the pairs that the fit
        could not believe, ``.pairs`` all of them with residuals and scores.

    Raises
    ------
    NotIdentifiedError
        If items were never compared, or fall apart into components.
    ConvergenceError
        If the iteration stopped early; ``.result`` is the last iterate.
    DataError, LabelError
        For an argument that cannot be used, a share of 0 or 1 without smoothing, or an unknown
        reference.

    Warns
    -----
    SmallSampleWarning
        If no pair is contradicted by others (the comparisons form a tree), so that nothing wrong
        could be seen.

    Notes
    -----
    A wrong pair is found because the pairs around it agree against it. Where an adversary holds
    the majority of an item's pairs, the majority is believed. The models know pairs, not raters:
    one bad voter among many shifts a share a little everywhere, which is noise here.

    "rpca" assumes that rank 2 is low for so many items: below a few dozen it pulls utilities
    together.

    "sequential" completes the table by least squares before it looks for errors, so the errors
    are in what is completed. If the completion has rank 2 exactly, and is no near-sparse table
    itself, the second step finds nothing and returns it unchanged. Where every pair was observed
    there is nothing to complete, and it is "rpca". Published code was not available; OptSpace is
    replaced by the iterated truncation of the singular value decomposition, of the same
    least-squares problem.

    Scores: the deviance residual of a pair's votes, over the larger of 1 and the normalised median
    of its absolute values. For shares, the residual of the log-odds over its normalised median.
    Among m honest pairs about 0.00006 m are beyond 4.

    "l1" is solved as a linear programme by interior points (Portnoy and Koenker 1997), a
    Laplacian system a step; where several utilities are best, the central ones are given. Above
    3,000 items each system is a sparse factor, which fills in where pairs are many: then minutes.

    References
    ----------
    Nguyen, Naresh and Tulabandhula (2024), CURATRON, arXiv 2403.02745. Candes, Li, Ma and Wright
    (2011), Robust principal component analysis?, JACM 58, eq. 1.6. Huber (1964), Annals of
    Mathematical Statistics 35. Xu, Xiong, Huang and Yao (2013), Robust statistical ranking, arXiv
    1408.3467. Portnoy and Koenker (1997), Statistical Science 12.

    Examples
    --------
    Seven items in a clear order, and one pair that says the opposite:

    >>> import numpy as np
    >>> import pluralism as pl
    >>> truth = np.linspace(1.5, -1.5, 7)
    >>> low, high = np.triu_indices(7, 1)
    >>> share = 1 / (1 + np.exp(truth[high] - truth[low]))
    >>> share[5] = 0.02  # item 0 against item 6
    >>> votes = pl.Comparisons.from_codes(low, high, share, items=7)
    >>> fit = pl.utility.fit_robust(votes)
    >>> fit.utility.values.round(3)
    array([ 1.5,  1. ,  0.5,  0. , -0.5, -1. , -1.5])
    >>> fit.suspects[["first", "second", "observed", "expected"]].round(3)
       first  second  observed  expected
    0      0       6      0.02     0.953
    """
    _validate.one_of("method", method, tuple(LIMITS))
    _validate.one_of("weights", weights, ("pairs", "votes"))
    own_tolerance, own_steps = LIMITS[method]
    model = PairedModel(
        function="fit_robust",
        name="robust Bradley-Terry",
        link="logit",
        units="log-odds",
        ties=ties,
        order_effect=False,
        item_features=None,
        residual=False,
        covariates=(),
        prior=None,
        components=components,
        covariance="fisher",
        reference=reference,
        check=check,
        tolerance=own_tolerance if tolerance is None else tolerance,
        max_iterations=own_steps if max_iterations is None else max_iterations,
        tie_models=("half", "drop"),
    )
    model, _, place = checked(comparisons, model)
    bend = _validate.number("tuning", tuning, above=0.0)
    limit = _validate.number("threshold", threshold, above=0.0)
    if penalty is not None:
        penalty = _validate.number("penalty", penalty, above=0.0)
    if smoothing is not None:
        smoothing = _validate.number("smoothing", smoothing, at_least=0.0)
    dropped, seen = observe(comparisons, model, smoothing, weights)
    graph = _identify(comparisons, seen, model, place)
    component = graph.component
    found = solve(seen, method, bend, penalty, component, model)
    gap = _robust.differences(seen.pairs, found.point)
    spread, score = scores(seen, gap)
    notes = ["no standard errors: resample raters, pairs or votes with `bootstrap`"]
    notes += [found.note] if found.note else []
    anchor = (
        Anchor.at_mean(component) if place is None else Anchor.at_item(place, comparisons.n_items)
    )
    converged = found.status == _newton.CONVERGED
    fit = RobustFit(
        utility=_tables.item_array(
            anchor.refer(found.point), comparisons.items, name="utility", units="log-odds"
        ),
        model=model.name,
        link="logit",
        units="log-odds",
        ties=ties,
        reference=reference,
        log_likelihood_of=partial(_pairs.pair_log_likelihood, "logit", seen.pairs, found.point),
        n_parameters=comparisons.n_items - graph.n_components,
        convergence=Convergence(
            found.iterations,
            found.gap,
            "converged" if converged else "out of iterations",
            NAMES[method],
        ),
        n_votes=comparisons.n_votes,
        covariance_type="none",
        dropped=dropped,
        notes=(*notes, *smoothing_notes(comparisons.items, seen)),
        options={"method": method, "ties": ties, "weights": weights, "threshold": limit},
        component=component if component.any() else None,
        pairs=pair_table(comparisons.items, seen, gap, score, limit),
        smoothing=seen.smoothing,
        spread=spread,
        low_rank=None
        if found.low_rank is None
        else _tables.square(comparisons.items, found.low_rank, "low_rank", units="log-odds"),
    )
    if check and not converged:
        raise ConvergenceError(
            f"fit_robust: out of iterations after {found.iterations} steps of "
            f"{NAMES[method]}, at {found.gap:.2g} (`tolerance` is {model.tolerance:g}); raise "
            "`max_iterations` or `tolerance`, or take the last iterate from `.result`",
            result=fit,
        )
    return fit


def _identify(
    comparisons: Comparisons, seen: Observed, model: PairedModel, reference: int | None
) -> _graph.WinGraph:
    pairs = seen.pairs
    total = pairs.won + pairs.lost
    degree = _pairs.item_sums(pairs.low, total, pairs.n_items)
    degree += _pairs.item_sums(pairs.high, total, pairs.n_items)
    _identified.check_met(comparisons.items, degree, prior=False)
    graph = _graph.win_graph(pairs)
    separate = model.components == "separate"
    _identified.check_identified(
        comparisons.items,
        graph,
        separate=separate,
        separation=False,
        remedies=("components",),
        prior=False,
    )
    if graph.n_components > 1 and reference is not None:
        raise DataError(
            f"`reference` is {model.reference!r}, but the items fall into {graph.n_components} "
            'components; only `reference="mean"` serves them all'
        )
    if len(pairs.low) == pairs.n_items - graph.n_components:
        _quiet.warn(
            f"the {len(pairs.low):,} pairs form a tree over the {pairs.n_items:,} items: no pair "
            "is contradicted by others, so a wrong one cannot be seen and moves the utilities "
            "fully; collect comparisons that close circles",
            SmallSampleWarning,
            stacklevel=3,
        )
    return graph

"""Preferences that go round in circles, beside those of a responder who tosses a coin."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import comb
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Comparisons
from ..errors import DataError, NotIdentifiedError
from ..kernels import _triads
from ._bounds import rate_bounds
from ._fit import UtilityFit
from ._pair_shares import PairShares, pair_shares

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["CyclicTriads", "cyclic_triads"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CyclicTriads:
    """Rates of cyclic triads.

    Attributes
    ----------
    rate : xarray.DataArray, (kind,)
        Share of the triads that are cyclic; of kind ``"soft"``, mean probability of a cycle.
    stderr : xarray.DataArray, (kind,)
        Standard error of the rate: over items where all triads were counted (by leaving out one
        after the other, which errs on the long side; NaN where one item is in all triads), over
        triads where they were drawn.
    expected : xarray.DataArray, (kind,)
        Exact rate expected of a responder who tosses a fair coin for every vote; NaN (but for
        ``"soft"``) where votes are weighted or soft.
    modelled : xarray.DataArray or None, (kind,)
        The same for a responder who answers as the given `model` says.
    count : xarray.DataArray, (kind,)
        Number of cyclic triads; of kind ``"soft"``, sum of their probabilities.
    n_triads : int
        Triads whose three pairs met, or that were drawn.
    n_incomplete : int
        Triads of the items that voted on which some pair never met; not counted in `n_triads`.
    method : str
        ``"all"`` or ``"sampled"``.
    """

    rate: xr.DataArray
    stderr: xr.DataArray
    expected: xr.DataArray
    modelled: xr.DataArray | None
    count: xr.DataArray
    n_triads: int
    n_incomplete: int
    method: str
    n_independent: int = field(repr=False)

    @property
    def log10(self) -> xr.DataArray:
        """Decimal logarithms of the rates, (kind,), as published; minus infinity for none."""
        with np.errstate(divide="ignore"):
            return self.rate.copy(data=np.log10(self.rate.values)).rename("log10")

    def interval(self, level: float = 0.95) -> xr.DataArray:
        """Intervals for the rates, (kind, ci_bound), symmetric in their log-odds.

        Parameters
        ----------
        level : float
            Coverage, in (0, 1). A rate of 0 or 1 has the exact binomial bound for as many triads
            as can share no pair.
        """
        import xarray as xr

        bounds = rate_bounds(self.rate.values, self.stderr.values, self.n_independent, level)
        return xr.DataArray(
            bounds,
            dims=("kind", "ci_bound"),
            coords={"kind": self.rate["kind"], "ci_bound": ["lower", "upper"]},
            attrs={"ci_prob": level, "ci_kind": "logit"},
        )


def cyclic_triads(
    comparisons: Comparisons,
    *,
    triads: int | Literal["all"] = "all",
    model: UtilityFit | None = None,
    ties: Literal["half", "drop"] = "half",
    seed: Any = None,
) -> CyclicTriads:
    r"""Count the triads whose preferences are cyclic, in four senses.

    With :math:`p_{xy}` the share of the votes on x and y that x gets, a triad is cyclic

    * ``strict``: if :math:`p_{xy}, p_{yz}, p_{zx} > 1/2` for some order of the three;
    * ``weak``: the same with :math:`\ge`;
    * ``unclosed``: if :math:`p_{xy} > 1/2` and :math:`p_{yz} > 1/2` but not :math:`p_{xz} > 1/2`;
    * ``soft``: with probability :math:`p_{xy} p_{yz} p_{zx} + p_{xz} p_{zy} p_{yx}`, the chance
      that one more vote on each pair makes a cycle.

    A coin makes cycles too, more the more even pairs it leaves, so every rate stands beside that
    expected of a coin with the same numbers of votes. The kind that Utility Engineering prints is
    not defined there; of these four only ``unclosed`` agrees with its figure for a random
    responder.

    Parameters
    ----------
    comparisons : Comparisons
        Votes on pairs of items; the orders of presentation are pooled. Triads with a pair that
        never met are left out and counted in ``n_incomplete``.
    triads : "all" or int
        Count all triads, by matrix products, or draw so many with replacement from those whose
        pairs met.
    model : UtilityFit, optional
        Expect also what a responder with these (transitive) utilities would show: noise alone
        makes cycles.
    ties : {"half", "drop"}
        A tie counts as half a vote each, or not at all; a pair left without a vote has not met.
    seed : int, numpy.random.Generator or None
        For drawing triads.

    Returns
    -------
    CyclicTriads
        ``.rate``, ``.log10``, ``.expected``, ``.stderr``, ``.interval(level)``, all by ``kind``.

    Raises
    ------
    NotIdentifiedError
        If no three items all met each other, or `model` cannot compare a pair that met.
    DataError
        If `model` is no fit of these items, or for an argument outside its range.

    Notes
    -----
    Votes drawn again have more noise than the votes themselves, and so more cycles: a bootstrap
    over rows or raters is biased upwards here. That is why the standard error is one over items.

    References
    ----------
    Kendall and Babington Smith (1940), Biometrika 31, 324-345 (cyclic triads); Mazeika et al.
    (2025), arXiv 2502.08640, section 4.1 (the probability of a cycle).

    Examples
    --------
    >>> import pluralism as pl
    >>> votes = pl.Comparisons.from_matrix([[0, 3, 1, 3], [1, 0, 3, 3], [3, 1, 0, 2], [1, 1, 2, 0]])
    >>> result = pl.utility.cyclic_triads(votes)
    >>> result.count.to_series().round(2).to_dict()
    {'strict': 1.0, 'weak': 2.0, 'soft': 1.12, 'unclosed': 2.0}
    >>> result.expected.round(3).values
    array([0.061, 0.597, 0.25 , 0.281])
    """
    rng = _validate.generator("seed", seed)
    if isinstance(triads, str):
        _validate.one_of("triads", triads, ("all",))
        number = 0
    else:
        number = _validate.whole_number("triads", triads, at_least=1)
    shares = pair_shares(comparisons, ties)
    observed = shares.tournament()
    if not number:
        sums = _triads.triad_sums(observed)
        n_triads, total = round(sums.triads), sums.total
        stderr = _triads.item_jackknife(sums)
        picked = None
    else:
        picked = _triads.sample_triads(observed, number, rng)
        n_triads = len(picked)
        values = _triads.triad_values(observed, picked) if n_triads else np.zeros((4, 0))
        total = values.sum(axis=1)
        stderr = values.std(axis=1, ddof=1) / np.sqrt(n_triads) if n_triads > 1 else total * np.nan
    if not n_triads:
        raise NotIdentifiedError(
            f"no three items all met each other ({len(shares.low)} pairs met); a cycle needs a "
            "triad whose three pairs have votes"
        )
    probability = None if model is None else _model_probability(model, comparisons, shares)
    voted = len(np.unique(np.concatenate([shares.low, shares.high])))
    complete = n_triads if picked is None else round(_count_triads(observed))
    return CyclicTriads(
        rate=_by_kind(total / n_triads, "rate"),
        stderr=_by_kind(stderr, "stderr"),
        expected=_by_kind(_expected(shares, np.full(len(shares.low), 0.5), picked), "expected"),
        modelled=None
        if probability is None
        else _by_kind(_expected(shares, probability, picked), "modelled"),
        count=_by_kind(total, "count"),
        n_triads=n_triads,
        n_incomplete=comb(voted, 3) - complete,
        method="all" if picked is None else "sampled",
        n_independent=max(1, min(n_triads, len(shares.low) // 3)) if picked is None else n_triads,
    )


def _expected(shares: PairShares, probability: FloatArray, picked: Any) -> FloatArray:
    """Exact rates of a responder whose votes on a pair are independent, (kinds,)."""
    decided, total = shares.decided, shares.total
    mean = (decided * probability + 0.5 * shares.tied) / total
    if not shares.whole:
        decided = np.zeros_like(decided)  # only the soft kind needs no counts
    fair = bool((probability == 0.5).all())
    if fair and (decided == decided[0]).all():
        win, tie = _triads.majority_probabilities(decided[0], 0.5)
        rates = _triads.even_rates(float(win), float(tie))
    else:
        win, tie = _triads.majority_probabilities(decided, probability)
        pairs = _triads.Tournament(shares.low, shares.high, mean, win, tie, shares.n_items)
        if picked is None:
            sums = _triads.triad_sums(pairs, by_item=False)
            rates = sums.total / sums.triads
        else:
            rates = _triads.triad_values(pairs, picked).mean(axis=1)
    return rates if shares.whole else np.where(np.array(_triads.KINDS) == "soft", rates, np.nan)


def _count_triads(pairs: _triads.Tournament) -> float:
    return _triads.triad_sums(pairs, by_item=False).triads


def _model_probability(
    model: UtilityFit, comparisons: Comparisons, shares: PairShares
) -> FloatArray:
    """Probability of the low item among decided votes."""
    if not isinstance(model, UtilityFit):
        raise DataError(f"`model` is a {type(model).__name__}; it must be a fit of utilities")
    code = np.concatenate([model._codes("model", item) for item in comparisons.items])
    low, high = code[shares.low], code[shares.high]
    model._check_connected(low, high)
    win = model._outcome_probability(low, high, "win")
    return win / (win + model._outcome_probability(low, high, "loss"))


def _by_kind(values: FloatArray, name: str) -> xr.DataArray:
    import xarray as xr

    return xr.DataArray(values, dims="kind", coords={"kind": list(_triads.KINDS)}, name=name)

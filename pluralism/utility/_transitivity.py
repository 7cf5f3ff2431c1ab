"""Stochastic transitivity: counts of violations, beside what noise alone would break."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import comb
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Comparisons
from ..errors import DataError, NotIdentifiedError
from ..kernels import _transitivity, _triads
from ._bounds import rate_bounds
from ._pair_shares import PairShares, pair_shares
from ._transitivity_tests import TransitivityTest, bayes_factor, likelihood_ratio

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["StochasticTransitivity", "stochastic_transitivity"]

FloatArray = npt.NDArray[np.float64]

AXIOMS = ("weak", "moderate", "strong")
#: Up to this many votes on each pair the rate of a coin is enumerated.
_ENUMERATED = 60
#: Widest matrix of shares: 2 GiB.
_WIDEST = 1 << 14


@dataclass(frozen=True, eq=False)
class StochasticTransitivity:
    """Violations of stochastic transitivity.

    Attributes
    ----------
    weak, moderate, strong : int
        Triples that violate each axiom.
    triples : int
        Triples whose three pairs met.
    n_incomplete : int
        Triples of the items that voted on which some pair never met, not counted in `triples`.
    rate, stderr : xarray.DataArray, (axiom,)
        Share of the triples that violate it, with its standard error over items (leaving out one
        after the other; NaN where one item is in all triples).
    expected : xarray.DataArray, (axiom,)
        Exact rate of a responder who tosses a fair coin; NaN unless all pairs have the same
        number of votes (at most 60), without ties.
    mean_deviation, largest_deviation : xarray.DataArray, (axiom,)
        How far the probabilities of violating triples are from what the axiom asks for.
    test : TransitivityTest or None
        As asked for.
    """

    weak: int
    moderate: int
    strong: int
    triples: int
    n_incomplete: int
    rate: xr.DataArray
    stderr: xr.DataArray
    expected: xr.DataArray
    mean_deviation: xr.DataArray
    largest_deviation: xr.DataArray
    test: TransitivityTest | None
    n_independent: int = field(repr=False)

    def interval(self, level: float = 0.95) -> xr.DataArray:
        """Intervals for the rates, (axiom, ci_bound), symmetric in their log-odds.

        Parameters
        ----------
        level : float
            Coverage, in (0, 1). A rate of 0 or 1 has the exact binomial bound for as many triples
            as can share no pair.
        """
        import xarray as xr

        return xr.DataArray(
            rate_bounds(self.rate.values, self.stderr.values, self.n_independent, level),
            dims=("axiom", "ci_bound"),
            coords={"axiom": list(AXIOMS), "ci_bound": ["lower", "upper"]},
            attrs={"ci_prob": level, "ci_kind": "logit"},
        )


def stochastic_transitivity(
    comparisons: Comparisons,
    *,
    ties: Literal["half", "drop"] = "half",
    test: Literal["likelihood-ratio", "bayes-factor"] | None = None,
    n: int = 499,
    seed: Any = 0,
) -> StochasticTransitivity:
    r"""Count the triples that violate weak, moderate and strong stochastic transitivity.

    If x beats y and y beats z in at least half of the votes, then x should beat z

    * ``weak``: in at least half: :math:`p_{xz} \ge 1/2`;
    * ``moderate``: :math:`p_{xz} \ge \min(p_{xy}, p_{yz})`;
    * ``strong``: :math:`p_{xz} \ge \max(p_{xy}, p_{yz})`, as every utility model with one noise
      for all (Bradley-Terry, Thurstone's Case V) says.

    Counts say how often, not whether it is noise: strong transitivity is broken by a third of
    the triples of a perfect utility model whose probabilities are close. The tests ask that.

    Parameters
    ----------
    comparisons : Comparisons
        Votes on pairs of items; the orders of presentation are pooled. Triples with a pair that
        never met are left out and counted.
    ties : {"half", "drop"}
        A tie counts as half a vote each, or not at all.
    test : {"likelihood-ratio", "bayes-factor"}, optional
        ``"likelihood-ratio"``: of weak transitivity of all pairs at once against one free
        probability for each; the order of items that costs least likelihood is found exactly,
        and the p-value by simulation from the probabilities under that order.
        ``"bayes-factor"``: of each axiom in every triple, and of weak transitivity as a whole
        where all pairs met, against unconstrained uniform probabilities.
    n : int
        Simulated data sets, or posterior draws.
    seed : int, numpy.random.Generator or None
        For the tests.

    Returns
    -------
    StochasticTransitivity
        ``.weak``, ``.moderate``, ``.strong``, ``.triples``; ``.rate`` with ``.stderr``,
        ``.interval(level)`` and ``.expected``; ``.test``.

    Raises
    ------
    NotIdentifiedError
        If no three items all met each other.
    ConvergenceError
        If the order that costs least was not found in a minute (there are too many cycles).
    DataError
        If a test is asked for and votes are weighted or soft, there are more than 16,384 items,
        or for an unknown option.

    Notes
    -----
    A triple with several orders that have the premise (a cycle, or ties) counts once, for the
    order that satisfies most, as in ``strans`` of the R package eba; there, pairs that never met
    enter as probabilities of zero.

    References
    ----------
    .. [1] Luce and Suppes (1965), Handbook of Mathematical Psychology III (the axioms).
    .. [2] Iverson and Falmagne (1985), Mathematical Social Sciences 10, 131-153 (the likelihood
       ratio of an order-constrained model).
    .. [3] Klugkist and Hoijtink (2007), Computational Statistics & Data Analysis 51, 6367-6379
       (Bayes factors of a constraint against the encompassing model).

    Examples
    --------
    >>> import pluralism as pl
    >>> wins = [[0, 9, 6], [1, 0, 8], [4, 2, 0]]
    >>> result = pl.utility.stochastic_transitivity(pl.Comparisons.from_matrix(wins))
    >>> result.weak, result.moderate, result.strong, result.triples
    (0, 1, 1, 1)
    """
    if test is not None:
        _validate.one_of("test", test, ("likelihood-ratio", "bayes-factor"))
    n = _validate.whole_number("n", n, at_least=2)
    rng = _validate.generator("seed", seed)
    shares = pair_shares(comparisons, ties)
    if shares.n_items > _WIDEST:
        raise DataError(
            f"a matrix of {shares.n_items:,} x {shares.n_items:,} shares would not fit in memory"
        )
    if test is not None and not (shares.whole and not shares.tied.any()):
        raise DataError(
            f"test={test!r} needs whole votes for either item; these are weighted, soft or tied "
            '(ties="drop" leaves ties out)'
        )
    counts = _transitivity.transitivity_counts(share_matrix(shares))
    if not counts.triples:
        raise NotIdentifiedError(
            f"no three items all met each other ({len(shares.low)} pairs met); transitivity needs "
            "a triple whose three pairs have votes"
        )
    sums = _triads.TriadSums(
        counts.violations, counts.by_item, counts.triples, counts.triples_by_item
    )
    voted = len(np.unique(np.concatenate([shares.low, shares.high])))
    with np.errstate(invalid="ignore"):
        mean = np.where(counts.violations > 0, counts.deviation / counts.violations, 0.0)
    weak, moderate, strong = (round(count) for count in counts.violations)
    result: TransitivityTest | None = None
    if test == "likelihood-ratio":
        result = likelihood_ratio(shares, n, rng)
    elif test == "bayes-factor":
        result = bayes_factor(shares, comparisons.items, n, rng)
    return StochasticTransitivity(
        weak=weak,
        moderate=moderate,
        strong=strong,
        triples=round(counts.triples),
        n_incomplete=comb(voted, 3) - round(counts.triples),
        rate=_by_axiom(counts.violations / counts.triples, "rate"),
        stderr=_by_axiom(_triads.item_jackknife(sums), "stderr"),
        expected=_by_axiom(_coin(shares), "expected"),
        mean_deviation=_by_axiom(mean, "mean_deviation"),
        largest_deviation=_by_axiom(counts.largest, "largest_deviation"),
        test=result,
        n_independent=max(1, min(round(counts.triples), len(shares.low) // 3)),
    )


def share_matrix(shares: PairShares) -> FloatArray:
    """Share of i over j, (items, items), NaN where they did not meet."""
    share = np.full((shares.n_items, shares.n_items), np.nan)
    # Each side divided by itself: one minus a rounded share need not equal the same share.
    share[shares.low, shares.high] = (shares.won + 0.5 * shares.tied) / shares.total
    share[shares.high, shares.low] = (shares.lost + 0.5 * shares.tied) / shares.total
    return share


def _coin(shares: PairShares) -> FloatArray:
    """Rates of a responder who tosses a coin, by going through all outcomes of a triple."""
    from scipy import stats

    votes = shares.decided
    m = int(votes[0])
    same = shares.whole and not shares.tied.any() and (votes == m).all()
    if not same or m > _ENUMERATED:
        return np.full(3, np.nan)
    chance = stats.binom.pmf(np.arange(m + 1), m, 0.5)
    xy, yz, xz = (part.ravel() for part in np.meshgrid(*[np.arange(m + 1) / m] * 3))
    level, _ = _transitivity.levels(xy, yz, xz)
    weight = np.einsum("i,j,k->jik", chance, chance, chance).ravel()
    return np.array([weight[level <= axiom].sum() for axiom in range(3)])


def _by_axiom(values: FloatArray, name: str) -> xr.DataArray:
    import xarray as xr

    return xr.DataArray(values, dims="axiom", coords={"axiom": list(AXIOMS)}, name=name)

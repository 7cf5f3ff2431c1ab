"""Everything that a report says, as numbers: computed once, before a word is written."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ..data import Comparisons
    from ._groups import GroupDifference
    from ._rules import Picked

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = ["Evidence", "OrderOfPresentation", "Raters", "VoteCounts", "gather"]

#: Up to this many items all pairs are compared with each other, which ranks need.
LARGEST_RANKED = 600


@dataclass(frozen=True)
class VoteCounts:
    """What the votes are, before any model.

    Attributes
    ----------
    by_item : numpy.ndarray, (items,)
        Weight of the votes an item took part in.
    share_won : numpy.ndarray, (items,)
        Share of them it won, a tie counting half.
    tied : float
        Share of tied votes.
    pairs_met, pairs : int
        Pairs with a vote, and all pairs.
    lack_of_fit : tuple of (deviance, degrees of freedom, p-value), or None
        Likelihood-ratio test of the model against one probability for each pair; None where
        pairs have too few votes each for its approximation, or where it does not apply.
    """

    by_item: FloatArray
    share_won: FloatArray
    tied: float
    pairs_met: int
    pairs: int
    lack_of_fit: tuple[float, int, float] | None


@dataclass(frozen=True)
class OrderOfPresentation:
    """How often the item shown first won, and how often its utilities explain.

    Attributes
    ----------
    first_won, second_won, tied : float
        Weight of the votes.
    expected : float
        Expected weight of wins of the first among the decided votes, were position no matter.
    effect, stderr : float
        Log-odds added to the item shown first, fitted beside the utilities.
    """

    first_won: float
    second_won: float
    tied: float
    expected: float
    effect: float
    stderr: float

    @property
    def decided(self) -> float:
        """Weight of the votes that were not tied."""
        return self.first_won + self.second_won

    @property
    def z(self) -> float:
        """The effect in standard errors."""
        return self.effect / self.stderr if self.stderr > 0 else 0.0


@dataclass(frozen=True)
class Raters:
    """Who voted, and whether their votes move together.

    Attributes
    ----------
    labels : tuple
        The raters.
    votes : numpy.ndarray, (raters,)
        Weight of each rater's votes.
    agreement : numpy.ndarray, (raters,)
        Share of a rater's decided votes that went to the item of higher utility.
    expected : numpy.ndarray, (raters,)
        The share that the fitted probabilities lead one to expect.
    inflation : float
        Median ratio of standard errors clustered by rater to those that take votes for
        independent.
    """

    labels: tuple[Hashable, ...]
    votes: FloatArray
    agreement: FloatArray
    expected: FloatArray
    inflation: float


@dataclass(frozen=True)
class Evidence:
    """A fit, the votes behind it where they are known, and what follows from both.

    Attributes
    ----------
    fit : UtilityFit
        The fit.
    votes : Comparisons or None
        The votes.
    level : float
        Coverage of intervals.
    items : tuple
        Labels, best first; every array below is in this order.
    estimate, stderr, lower, upper : numpy.ndarray, (items,)
        Utilities with pointwise intervals.
    rank : numpy.ndarray, (items, 2), or None
        Lowest and highest rank, jointly for all items.
    apart : numpy.ndarray of bool, (items, items), or None
        Whether two items differ in a test of all pairs at once.
    probability : numpy.ndarray, (items, items), or None
        Probability that the row is preferred to the column.
    counts, order, raters : VoteCounts, OrderOfPresentation, Raters, or None
        What the votes say about themselves.
    picked : tuple of Picked
        What voting rules would pick.
    groups : tuple of GroupDifference
        Utilities by group, for every column of groups.
    """

    fit: Any
    votes: Comparisons | None
    level: float
    items: tuple[Hashable, ...]
    estimate: FloatArray
    stderr: FloatArray
    lower: FloatArray
    upper: FloatArray
    rank: IntArray | None
    apart: npt.NDArray[np.bool_] | None
    probability: FloatArray | None
    counts: VoteCounts | None
    order: OrderOfPresentation | None
    raters: Raters | None
    picked: tuple[Picked, ...] = ()
    groups: tuple[GroupDifference, ...] = ()

    @property
    def decided(self) -> FloatArray | None:
        """Probability that the row is preferred to the column in a vote that is no tie."""
        if self.probability is None:
            return None
        total = self.probability + self.probability.T
        return self.probability / total

    @property
    def together(self) -> int:
        """Number of pairs of items that the votes cannot tell apart."""
        if self.apart is None:
            return 0
        return int((~self.apart).sum() - len(self.items)) // 2


def gather(fit: Any, votes: Comparisons | None, level: float) -> Evidence:
    """Compute what a report says."""
    from ._groups import by_group
    from ._rules import picked

    table = fit.summary(level=level)
    table = table[table["kind"] == "item"]
    best = np.argsort(-table["estimate"].to_numpy(), kind="stable")
    table = table.iloc[best]
    n = len(table)
    rank = apart = probability = None
    if n <= LARGEST_RANKED:
        probability = fit.probability().values[np.ix_(best, best)]
        if getattr(fit, "component", None) is None:
            intervals = fit.rank_intervals(level)
            rank = intervals.values[best]
            critical = float(intervals.attrs["critical_value"])
            apart = _apart(fit.utility.values[best], fit.covariance.values, best, critical)
    counts = order = raters = None
    if votes is not None:
        gap = _gap(fit, votes)
        counts = _count(fit, votes, best, gap)
        order = _order(fit, votes, gap) if votes.order_known else None
        raters = _raters(fit, votes, gap) if votes.raters is not None else None
    return Evidence(
        fit=fit,
        votes=votes,
        level=level,
        items=tuple(table["term"]),
        estimate=table["estimate"].to_numpy(),
        stderr=table["stderr"].to_numpy(),
        lower=table["lower"].to_numpy(),
        upper=table["upper"].to_numpy(),
        rank=rank,
        apart=apart,
        probability=probability,
        counts=counts,
        order=order,
        raters=raters,
        picked=() if votes is None else tuple(picked(votes)),
        groups=() if votes is None else by_group(fit, votes, level),
    )


def _apart(
    utility: FloatArray, covariance: FloatArray, best: npt.NDArray[np.intp], critical: float
) -> npt.NDArray[np.bool_]:
    """Whether the difference of two utilities exceeds the joint critical value."""
    covariance = covariance[np.ix_(best, best)]
    variance = np.diagonal(covariance)
    spread = np.sqrt(np.maximum(variance[:, None] + variance[None, :] - 2 * covariance, 0.0))
    return np.abs(utility[:, None] - utility[None, :]) > critical * spread


def _gap(fit: Any, votes: Comparisons) -> FloatArray:
    """Utility of the first item of each cell minus that of the second, (cells,)."""
    code = {label: place for place, label in enumerate(fit.utility["item"].values.tolist())}
    utility = fit.utility.values[[code[item] for item in votes.items]]
    return (utility[votes.first] - utility[votes.second]) / getattr(fit, "scale", 1.0)


def _sums(code: npt.NDArray[np.integer], value: FloatArray, n: int) -> FloatArray:
    """Sum of the values of each code, (n,)."""
    return np.bincount(code, value, n).astype(np.float64, copy=False)


def _decided(fit: Any, gap: FloatArray) -> FloatArray:
    """Probability that the first wins a vote that is no tie, position aside."""
    from scipy import special

    if getattr(fit, "link", "logit") == "probit":
        return special.ndtr(gap)
    if fit.ties == "rao-kupper":
        shift = np.log(fit.tie_parameter)
        win, loss = special.expit(gap - shift), special.expit(-gap - shift)
        return win / (win + loss)
    return special.expit(gap)


def _count(fit: Any, votes: Comparisons, best: npt.NDArray[np.intp], gap: FloatArray) -> VoteCounts:
    n = votes.n_items
    half = 0.5 * votes.tied
    total = votes.total
    by_item = _sums(votes.first, total, n) + _sums(votes.second, total, n)
    won = _sums(votes.first, votes.first_won + half, n)
    won += _sums(votes.second, votes.second_won + half, n)
    code = {label: place for place, label in enumerate(votes.items)}
    order = [code[label] for label in np.asarray(fit.utility["item"].values)[best].tolist()]
    low = np.minimum(votes.first, votes.second).astype(np.int64)
    key = low * n + np.maximum(votes.first, votes.second)
    met, pair = np.unique(key[total > 0], return_inverse=True)
    # Wins of the lower code on every pair that met, and what the model expects of them.
    forward = (votes.first == low)[total > 0]
    wins = np.where(forward, votes.first_won, votes.second_won)[total > 0] + half[total > 0]
    expected = _decided(fit, np.where(forward, gap[total > 0], -gap[total > 0]))
    sums = _sums(pair, wins, len(met)), _sums(pair, total[total > 0], len(met))
    share = np.divide(won, by_item, out=np.full(n, np.nan), where=by_item > 0)
    single = np.zeros(len(met))
    single[pair] = expected
    return VoteCounts(
        by_item=by_item[order],
        share_won=share[order],
        tied=float(votes.tied.sum() / total.sum()),
        pairs_met=len(met),
        pairs=n * (n - 1) // 2,
        lack_of_fit=_lack_of_fit(fit, votes, *sums, single),
    )


def _lack_of_fit(
    fit: Any, votes: Comparisons, wins: FloatArray, total: FloatArray, expected: FloatArray
) -> tuple[float, int, float] | None:
    """Deviance of the pairs from the model, where its chi-squared approximation can be trusted."""
    from scipy import special, stats

    df = len(wins) - fit.n_parameters
    trusted = df > 0 and np.minimum(total * expected, total * (1 - expected)).min() >= 1
    plain = votes.squares is None and not votes.tied.any() and votes.raters is None
    if not (trusted and plain and total.mean() >= 5):
        return None
    losses = total - wins
    deviance = 2 * float(
        (
            special.xlogy(wins, wins / (total * expected))
            + special.xlogy(losses, losses / (total * (1 - expected)))
        ).sum()
    )
    return deviance, df, float(stats.chi2.sf(deviance, df))


def _order(fit: Any, votes: Comparisons, gap: FloatArray) -> OrderOfPresentation | None:
    """Position beside the utilities: as the fit has it, or from a fit that adds it."""
    from ..errors import PluralismError
    from ..utility import fit_bradley_terry

    if fit.order_effect is None:
        try:
            with_order = fit_bradley_terry(votes, order_effect=True, **_options(fit))
        except PluralismError:
            # Not determined by these votes: then there is nothing to say about it.
            return None
    elif isinstance(fit.order_effect, float):
        with_order = fit
    else:
        return None
    table = with_order.summary()
    row = table[(table["kind"] == "parameter") & (table["term"] == "order_effect")]
    decided = votes.first_won + votes.second_won
    return OrderOfPresentation(
        first_won=float(votes.first_won.sum()),
        second_won=float(votes.second_won.sum()),
        tied=float(votes.tied.sum()),
        expected=float((decided * _decided(fit, gap)).sum()),
        effect=float(row["estimate"].iloc[0]),
        stderr=float(row["stderr"].iloc[0]),
    )


def _options(fit: Any) -> dict[str, Any]:
    """Arguments with which a Bradley-Terry model of the same kind is fitted to the same votes."""
    if fit.model != "Bradley-Terry":
        return {"prior": fit.options.get("prior")}
    return {key: fit.options[key] for key in ("ties", "prior", "components") if key in fit.options}


def _raters(fit: Any, votes: Comparisons, gap: FloatArray) -> Raters:
    assert votes.raters is not None
    assert votes.rater is not None
    n, rater = len(votes.raters), votes.rater
    decided = votes.first_won + votes.second_won
    higher = np.where(gap > 0, votes.first_won, votes.second_won) + np.where(
        gap == 0, 0.5 * (votes.first_won - votes.second_won), 0.0
    )
    per_rater = _sums(votes.rater, decided, n)
    chance = _decided(fit, np.abs(gap))

    def share(value: FloatArray) -> FloatArray:
        sums = _sums(rater, value, n)
        return np.divide(sums, per_rater, out=np.full(n, np.nan), where=per_rater > 0)

    return Raters(
        labels=votes.raters,
        votes=_sums(rater, votes.total, n),
        agreement=share(higher),
        expected=share(decided * chance),
        inflation=_inflation(fit, votes),
    )


def _inflation(fit: Any, votes: Comparisons) -> float:
    """Median ratio of clustered to independent standard errors; NaN where it is not known.

    The independent ones are sandwich errors too: those of the information take a tie, counted as
    half a win, for a coin, and would hide the effect of clustering behind that.
    """
    from ..utility import fit_bradley_terry

    plain = fit.options.get("covariates") in (None, ()) and fit.coefficients is None
    scalar = fit.order_effect is None or isinstance(fit.order_effect, float)
    if not (fit.model == "Bradley-Terry" and fit.covariance_type == "cluster" and plain and scalar):
        return np.nan
    independent = fit_bradley_terry(
        votes, covariance="sandwich", order_effect=fit.order_effect is not None, **_options(fit)
    )
    spread = independent.stderr.values
    return float(np.median(fit.stderr.values[spread > 0] / spread[spread > 0]))

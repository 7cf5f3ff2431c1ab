"""How sure is the winner? Under other voters like these, or under draws from a posterior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..data import Ballots, _ballot_rows
from ..errors import ApproximationWarning, DataError
from ..kernels import _tournament
from ..kernels._pairwise import pairwise_batch
from ..uncertainty import batched_by, bootstrap
from ._inputs import as_ballots
from ._majoritarian import copeland, minimax, schulze, split_cycle
from ._outcome import by_alternative
from ._positional import borda
from ._sets import condorcet_winner

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["WinnerProbabilities", "winner_probabilities", "winner_shares"]

FloatArray = npt.NDArray[np.float64]
Rule = Callable[[Ballots], Any]
#: Dimensions that number draws.
_DRAW_DIMS = ("chain", "draw", "sample")


@dataclass(frozen=True, eq=False)
class WinnerProbabilities:
    """How often each alternative wins.

    Attributes
    ----------
    probability : xarray.DataArray, (alternative,)
        Share of the replicates (or draws) that each wins, a tie of k counting 1 / k for each.
    stderr : xarray.DataArray, (alternative,)
        Monte Carlo standard error of that share.
    alone : xarray.DataArray, (alternative,)
        Share of the replicates that each wins without a tie.
    nobody : float
        Share of the replicates without any winner (no Condorcet winner).
    winners : tuple
        Who wins on the data themselves (for draws: on their mean utilities).
    n : int
        Number of replicates or draws.
    """

    probability: xr.DataArray
    stderr: xr.DataArray
    alone: xr.DataArray
    nobody: float
    winners: tuple
    n: int


def winner_probabilities(
    data: Any,
    *,
    rule: Rule = schulze,
    n: int = 1000,
    seed: Any = None,
    counts: npt.ArrayLike | None = None,
) -> WinnerProbabilities:
    """Estimate how probable it is that each alternative wins.

    For ballots, voters are drawn again with replacement: what would other voters like these
    have decided? For draws from a posterior of utilities, the rule decides on every draw: what
    do we not know about these respondents? Borda, Copeland, minimax, Schulze, split cycle and
    the Condorcet winner, with their default options, are computed for many replicates at once;
    other rules are called for each.

    Parameters
    ----------
    data : Ballots or xarray.DataArray
        Ballots, or draws of utilities. The dimensions `chain`, `draw` or `sample` number the
        draws, the last dimension holds the alternatives, and at most one other dimension the
        respondents or groups.
    rule : callable
        A function of Ballots that returns an `Outcome` or winners.
    n : int
        Number of replicates, for ballots; draws are used as they are.
    seed : int or numpy.random.Generator, optional
        For ballots.
    counts : array_like, (respondents,), optional
        Weight of each respondent or group, for draws; 1 by default.

    Returns
    -------
    WinnerProbabilities

    Raises
    ------
    DataError
        If the data are neither, or draws have no dimension of draws.

    References
    ----------
    B. Efron (1979), Bootstrap methods, Annals of Statistics 7, for resampled voters.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> cycle = Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[25, 40, 35])
    >>> found = choice.winner_probabilities(cycle, n=200, seed=0)
    >>> found.winners, bool(found.probability.sel(alternative="B") > 0.5)
    (('B',), True)
    """
    if not callable(rule):
        raise DataError(f"`rule` is {rule!r}; it must be a function of ballots")
    if isinstance(data, Ballots):
        if counts is not None:
            raise DataError("`counts` go with draws of utilities; ballots have their own")
        return _resampled(data, rule, _validate.whole_number("n", n, at_least=2), seed)
    if hasattr(data, "dims") and hasattr(data, "coords"):
        return _drawn(data, rule, counts)
    raise DataError(
        f"`data` is a {type(data).__name__}; give Ballots, or a DataArray with draws of utilities"
    )


@batched_by("pluralism.choice._winning:_replicates")
def winner_shares(ballots: Ballots, *, rule: Rule = schulze) -> xr.DataArray:
    """Write who wins as numbers: 1 / k for each of k winners, 0 for the others.

    Suits `uncertainty.bootstrap`, which computes it in batches for the rules that
    `winner_probabilities` names.

    Parameters
    ----------
    ballots : Ballots
        Ballots.
    rule : callable
        A function of Ballots that returns an `Outcome` or winners.

    Returns
    -------
    xarray.DataArray, (alternative,)

    Raises
    ------
    DataError
        If the input is no Ballots.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> choice.winner_shares(Ballots.from_rankings(["ab", "ba"])).values
    array([0.5, 0.5])
    """
    profile = as_ballots(ballots, "winner_shares", menus=True)
    result = rule(profile)
    winners = tuple(result.winners if hasattr(result, "winners") else result)
    shares = np.array([(label in winners) / max(len(winners), 1) for label in profile.alternatives])
    return by_alternative(profile.alternatives, shares, "share")


def _resampled(ballots: Ballots, rule: Rule, n: int, seed: Any) -> WinnerProbabilities:
    # A winner in every replicate is an answer here, not a sign of trouble.
    with _quiet.held_back(ApproximationWarning, starting="every replicate equals"):
        result = bootstrap(partial(winner_shares, rule=rule), ballots, unit="voter", n=n, seed=seed)
    shares = np.asarray(result.replicates)
    kept = shares[np.isfinite(shares).all(axis=1)]
    estimate = np.asarray(result.estimate)
    return _summary(ballots.alternatives, kept, estimate > 0)


def _drawn(draws: xr.DataArray, rule: Rule, counts: Any) -> WinnerProbabilities:
    sample = [dim for dim in draws.dims if dim in _DRAW_DIMS]
    rest = [dim for dim in draws.dims if dim not in _DRAW_DIMS]
    if not sample or not 1 <= len(rest) <= 2:
        raise DataError(
            f"`data` has dimensions {draws.dims}; draws need {' or '.join(map(repr, _DRAW_DIMS))}, "
            "at most one dimension of respondents, and last one of alternatives"
        )
    if len(rest) == 2:
        _ballot_rows.refuse_columns_first("data", rest)
    ordered = draws.transpose(*sample, *rest)
    shape = [draws.sizes[dim] for dim in rest]
    values = ordered.values.reshape(-1, shape[0] if len(rest) == 2 else 1, shape[-1])
    labels = draws.coords[rest[-1]].values.tolist() if rest[-1] in draws.coords else None
    if not np.isfinite(values).all():
        raise DataError("`data` holds draws that are not finite")
    mean = Ballots.from_utilities(values.mean(axis=0), counts=counts, alternatives=labels)
    # Sums of whole numbers are exact; for others the rule itself allows for rounding.
    whole = (mean.counts == np.rint(mean.counts)).all()
    batched = _BATCHED.get(rule) if whole else None
    if batched is not None:
        wins = np.empty((len(values), shape[-1], shape[-1]))
        for a in range(shape[-1]):
            above = values[:, :, a, None] > values  # (draws, respondents, alternatives)
            wins[:, a] = np.einsum("v,dvb->db", mean.counts, above)
        shares = _shares(batched(wins, _ties(wins, mean.n_voters)))
    else:
        shares = np.array(
            [
                winner_shares(
                    Ballots.from_utilities(draw, counts=counts, alternatives=labels), rule=rule
                ).values
                for draw in values
            ]
        )
    return _summary(mean.alternatives, shares, winner_shares(mean, rule=rule).values > 0)


def _summary(
    alternatives: tuple, shares: FloatArray, winning: npt.NDArray[np.bool_]
) -> WinnerProbabilities:
    n = len(shares)
    probability = shares.mean(axis=0)
    spread = shares.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full_like(probability, np.nan)
    return WinnerProbabilities(
        by_alternative(alternatives, probability, "probability"),
        by_alternative(alternatives, spread, "stderr"),
        by_alternative(alternatives, (shares == 1).mean(axis=0), "alone"),
        float((shares.sum(axis=1) == 0).mean()),
        tuple(label for label, wins in zip(alternatives, winning, strict=True) if wins),
        n,
    )


# -- many replicates at once -------------------------------------------------------------------


def _replicates(data: Ballots, *, unit: str, weights: FloatArray, rule: Rule = schulze) -> Any:
    """The hook of `winner_shares`: (replicates, alternatives), or NotImplemented."""
    batched = _BATCHED.get(rule)
    if batched is None or unit != "voter" or data.is_silent_on_some_pair:
        return NotImplemented
    if (data.counts != np.rint(data.counts)).any():
        return NotImplemented  # sums carry rounding, which the rule itself allows for
    scaled = weights * data.counts
    wins = pairwise_batch(data.ranks, scaled, incomparable=False)
    return _shares(batched(wins, _ties(wins, scaled.sum(axis=1)[:, None, None])))


def _ties(wins: FloatArray, voters: Any) -> FloatArray:
    """Weight that is indifferent; the diagonal adds the same to every Borda score."""
    return np.asarray(voters - wins - np.swapaxes(wins, -1, -2))


def _shares(winning: npt.NDArray[np.bool_]) -> FloatArray:
    return winning / np.maximum(winning.sum(axis=-1, keepdims=True), 1)


def _best(scores: FloatArray) -> npt.NDArray[np.bool_]:
    return np.asarray(scores == scores.max(axis=-1, keepdims=True))


def _margins(wins: FloatArray) -> FloatArray:
    return wins - np.swapaxes(wins, -1, -2)


def _split_cycle(wins: FloatArray, _: FloatArray) -> npt.NDArray[np.bool_]:
    links = _margins(wins)  # below 0 there is a majority the other way, which decides as 0 would
    back = np.swapaxes(_tournament.widest_paths(links), -1, -2)
    return np.asarray(~((links > 0) & (links > back)).any(axis=-2))


def _condorcet(wins: FloatArray, _: FloatArray) -> npt.NDArray[np.bool_]:
    return np.asarray((_margins(wins) > 0).sum(axis=-1) == wins.shape[-1] - 1)


_BATCHED: dict[Any, Callable[[FloatArray, FloatArray], npt.NDArray[np.bool_]]] = {
    borda: lambda wins, ties: _best(_tournament.borda_scores(wins, ties)),
    copeland: lambda wins, ties: _best(_tournament.copeland_scores(_margins(wins))),
    minimax: lambda wins, ties: _best(_tournament.minimax_scores(_margins(wins))),
    schulze: lambda wins, ties: _tournament.schulze_wins(_margins(wins)),
    split_cycle: _split_cycle,
    condorcet_winner: _condorcet,
}

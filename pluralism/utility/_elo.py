"""The online Elo rating, over the order in which the votes came or over many orders."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from .. import _validate
from .._precision import in_float64
from ..data import Comparisons
from ..data._ordered import OrderedVotes, ordered_votes
from ..errors import DataError
from ..kernels._padding import bucket
from . import _tables
from ._estimates import Convergence
from ._fit import UtilityFit

__all__ = ["EloFit", "fit_elo"]

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]

#: Entries of one block of orders: bounds memory and the time between two chances to interrupt.
_BLOCK = 1 << 22

_ORDER_NOISE = (
    "the interval over shuffles is noise from the order of the votes, not sampling error: it does "
    "not shrink or grow with how sure the votes make us"
)
_SCALE = (
    "differences of ratings depend on the number of games (online updates do not converge): "
    "compare ranks between fits, not ratings"
)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class EloFit(UtilityFit):
    """Elo ratings; `utility` is their mean over the orders that were played.

    Attributes
    ----------
    replicates : xarray.DataArray, (shuffle, item)
        Ratings after each order of the votes.
    """

    replicates: xr.DataArray

    def interval(self, level: float = 0.95) -> xr.DataArray:
        """Range of each rating over the shuffles: order noise, not sampling error.

        Parameters
        ----------
        level : float
            Share of the shuffles between the bounds, in (0, 1).

        Returns
        -------
        xarray.DataArray, (item, ci_bound)
            ``attrs["ci_kind"]`` is ``"order noise"``.

        Raises
        ------
        DataError
            If only one order was played.
        """
        tail = 0.5 * (1 - _validate.level("level", level))
        if self.replicates.sizes["shuffle"] < 2:
            raise DataError("one order of the votes has no order noise; fit with `shuffles=100`")
        bounds = np.quantile(self.replicates.values, [tail, 1 - tail], axis=0).T
        return xr.DataArray(
            bounds,
            dims=("item", "ci_bound"),
            coords={"item": self.utility["item"], "ci_bound": ["lower", "upper"]},
            name="rating",
            attrs={"ci_kind": "order noise", "ci_prob": float(level), "note": _ORDER_NOISE},
        )

    def summary(self, level: float = 0.95, *, simultaneous: bool = False) -> pd.DataFrame:
        """Tabulate ratings; the bounds are order noise and there is no standard error.

        Parameters
        ----------
        level : float
            Share of the shuffles between ``lower`` and ``upper``, in (0, 1).
        simultaneous : bool
            Not for ratings, which have no joint distribution of their errors.

        Returns
        -------
        pandas.DataFrame
            Columns as for every fit; ``stderr`` is NaN, and so are the bounds where only one
            order was played. ``attrs["ci_kind"]`` is ``"order noise"``.

        Raises
        ------
        DataError
            If `simultaneous` is set.
        """
        if simultaneous:
            self.joint_covariance()
        _validate.level("level", level)
        n = self.utility.size
        several = self.replicates.sizes["shuffle"] > 1
        bounds = self.interval(level).values if several else np.full((n, 2), np.nan)
        table = pd.DataFrame(
            {
                "kind": ["item"] * n,
                "term": list(self.items),
                "estimate": self.utility.values,
                "stderr": np.full(n, np.nan),
                "lower": bounds[:, 0],
                "upper": bounds[:, 1],
            }
        )
        table.attrs.update(_tables.attributes(self), ci_prob=float(level), ci_kind="order noise")
        return table


def fit_elo(
    votes: Any,
    *,
    first: str | None = None,
    second: str | None = None,
    outcome: str | None = None,
    outcomes: Mapping[Any, str] | None = None,
    k: float = 4,
    scale: float = 400,
    base: float = 10,
    initial: float = 1000,
    shuffles: Any = None,
    seed: Any = None,
) -> EloFit:
    """Play the votes one after the other and keep Elo ratings.

    After a vote between i and j both ratings move by ``k * (share - expected)``, up and down,
    with ``expected = 1 / (1 + base ** ((r_j - r_i) / scale))`` and a tie worth half. The result
    depends on the order of the votes, and its spread on their number: it is a running average,
    not an estimate that converges. `fit_bradley_terry` on the same votes is what it approaches.

    Parameters
    ----------
    votes : frame, path, sequence or Comparisons
        Votes in their order: a table with the columns `first`, `second` and `outcome`; a
        sequence of (winner, loser) or (first, second, outcome); or Comparisons, which have no
        order and so need `shuffles`.
    first, second, outcome : str, optional
        Columns of a table, as in `Comparisons.from_frame`.
    outcomes : mapping, optional
        Raw outcome -> "first", "second" or "tie".
    k : float
        Rating points at stake in one vote, above 0.
    scale, base : float
        A difference of `scale` points means odds of `base` to 1; scale above 0, base above 1.
    initial : float
        Rating before the first vote; ratings always average to it.
    shuffles : int or array_like of int, (shuffles, votes), optional
        How many random orders to play, or the orders themselves, each a permutation of
        0, ..., votes - 1. Default: the order given, once.
    seed : int, numpy.random.Generator or None
        For a number of random orders.

    Returns
    -------
    EloFit
        ``.utility`` in rating points, the mean over the orders; ``.replicates`` holds each
        order's ratings. It has no standard errors: resample votes with `bootstrap`, or fit
        Bradley-Terry, to have them.

    Raises
    ------
    DataError
        For Comparisons without `shuffles`, an order that is no permutation, a vote that cannot
        be read, or an argument outside its range.
    LabelError
        If one label is written in two ways.

    References
    ----------
    Elo (1978), The Rating of Chessplayers. The mean over permutations is what LitmusValues
    publishes (Chiu et al. 2025, arXiv 2505.14633).

    Examples
    --------
    >>> from pluralism.utility import fit_elo
    >>> fit_elo([("tea", "coffee"), ("tea", "water"), ("water", "coffee")]).utility.round(3)
    <xarray.DataArray 'rating' (item: 3)> Size: 24B
    array([ 996.   , 1003.988, 1000.011])
    Coordinates:
      * item     (item) object 24B 'coffee' 'tea' 'water'
    Attributes:
        units:    rating points
    """
    if isinstance(votes, Comparisons) and shuffles is None:
        raise DataError(
            "`votes` are Comparisons, which have lost the order of the votes; give the votes "
            "themselves, or the number of random orders as `shuffles`"
        )
    played = ordered_votes(votes, first=first, second=second, outcome=outcome, outcomes=outcomes)
    points = _validate.number("k", k, above=0.0)
    slope = math.log(_validate.number("base", base, above=1.0))
    slope /= _validate.number("scale", scale, above=0.0)
    if not 0 < slope < math.inf:
        raise DataError(f"log(`base`) / `scale` is {slope:g}; ratings need a scale between")
    start = _validate.number("initial", initial)
    orders = _orders(shuffles, seed, len(played.share))
    ratings = np.concatenate([_play(played, block, points, slope) for block in orders])
    if not np.isfinite(ratings).all():
        raise DataError(f"ratings overflow with `k` {k:g} on a `scale` of {scale:g}; lower `k`")
    rating = start + ratings.mean(axis=0)
    gap = slope * (rating[played.first] - rating[played.second])
    notes = [_SCALE] if len(ratings) == 1 else [_ORDER_NOISE, _SCALE]
    utility = _tables.item_array(rating, played.items, name="rating", units="rating points")
    return EloFit(
        utility=utility,
        model="Elo",
        link="logit",
        units="rating points",
        scale=1 / slope,
        ties="half" if (played.share == 0.5).any() else "none",
        log_likelihood_of=-float(
            played.share @ np.logaddexp(0, -gap) + (1 - played.share) @ np.logaddexp(0, gap)
        ),
        n_parameters=len(played.items) - 1,
        convergence=Convergence(len(played.share), math.nan, "one pass over the votes", "Elo"),
        n_votes=len(played.share),
        covariance_type="none",
        notes=tuple(notes),
        options={"k": points, "scale": float(scale), "base": float(base), "initial": start},
        replicates=xr.DataArray(
            start + ratings,
            dims=("shuffle", "item"),
            coords={"item": utility["item"]},
            name="rating",
            attrs={"units": "rating points"},
        ),
    )


def _orders(shuffles: Any, seed: Any, n_votes: int) -> list[IntArray]:
    """Orders of the votes in blocks of a bounded size, (orders, votes) each."""
    rows = max(1, _BLOCK // n_votes)
    if shuffles is None or np.ndim(shuffles) == 0:
        if shuffles is None:
            if seed is not None:
                raise DataError("`seed` is given, but without `shuffles` nothing is random")
            return [np.arange(n_votes, dtype=np.int32)[None, :]]
        count = _validate.whole_number("shuffles", shuffles, at_least=1)
        rng = _validate.generator("seed", seed)
        identity = np.arange(n_votes, dtype=np.int32)
        return [
            np.stack([rng.permutation(identity) for _ in range(start, min(start + rows, count))])
            for start in range(0, count, rows)
        ]
    if seed is not None:
        raise DataError("`shuffles` gives the orders themselves, so `seed` has no use")
    given = np.asarray(shuffles)
    if (
        given.ndim != 2
        or 0 in given.shape
        or given.shape[1] != n_votes
        or (given.dtype.kind not in "iu")
    ):
        raise DataError(
            f"`shuffles` has shape {given.shape} and dtype {given.dtype}; it must be a whole "
            f"number, or integers of shape (shuffles, {n_votes})"
        )
    wrong = (np.sort(given, axis=1) != np.arange(n_votes)).any(axis=1)
    if wrong.any():
        raise DataError(
            f"`shuffles[{int(np.argmax(wrong))}]` is not a permutation of 0, ..., {n_votes - 1}"
        )
    orders = given.astype(np.int32)
    return [orders[start : start + rows] for start in range(0, len(orders), rows)]


def _play(votes: OrderedVotes, orders: IntArray, k: float, slope: float) -> FloatArray:
    """Ratings relative to the initial one, (orders, items); shapes padded to powers of two."""
    from ..kernels._elo import Votes, elo_ratings

    n_votes, n_items = len(votes.share), len(votes.items)
    extra = bucket(n_votes) - n_votes
    # A padded vote has step zero; it is played after the real ones.
    padded = Votes(
        np.pad(votes.first, (0, extra)),
        np.pad(votes.second, (0, extra)),
        np.pad(votes.share, (0, extra)),
        np.pad(np.full(n_votes, k), (0, extra)),
    )
    grid = np.empty((bucket(len(orders)), n_votes + extra), dtype=np.int32)
    grid[: len(orders), :n_votes] = orders
    grid[len(orders) :, :n_votes] = orders[:1]
    grid[:, n_votes:] = np.arange(n_votes, n_votes + extra)
    ratings = in_float64(elo_ratings, padded, grid, np.float64(slope), n_items=bucket(n_items))
    return np.asarray(ratings)[: len(orders), :n_items]

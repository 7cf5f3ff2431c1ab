"""How well any model could do: agreement of the votes with themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..data import Comparisons
from ..errors import DataError, NotIdentifiedError, SmallSampleWarning
from ._pair_shares import checked_comparisons, ordered_shares

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["NoiseCeiling", "noise_ceiling"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NoiseCeiling:
    """Agreement of two random halves of the votes on each pair.

    Attributes
    ----------
    reliability : float
        Correlation over pairs of the shares in two halves, mean over splits. A share s of one
        item is 1 - s of the other, and which is asked of is arbitrary, so moments are about 1/2:
        the correlation over the pairs in both orientations,
        sum (s - 1/2)(t - 1/2) / root of sum (s - 1/2)^2 sum (t - 1/2)^2.
    corrected : float
        The same for all the votes, by the Spearman-Brown formula 2 r / (1 + r): no model of the
        pairs' probabilities can be expected to correlate with the observed shares by more than
        its root. A reliability that is not positive is left as it is.
    agreement : float
        Share of the pairs with the same majority in both halves; an even half counts 1/2.
    accuracy_lower, accuracy_upper : float
        Bounds for the accuracy, vote by vote, of a model that knew every pair's probability:
        mean share of the other half's votes that go to the majority of one half (what half the
        votes already predict), and mean max(p, 1 - p) of all votes (too high, because it has
        seen the votes that it predicts).
    n_pairs : int
        Pairs with at least two votes.
    n_single : int
        Pairs with one vote, which cannot be split, left out.
    splits : xarray.Dataset
        Reliability, agreement and lower bound by split; the reliability is NaN where a half is
        even on all pairs.
    """

    reliability: float
    corrected: float
    agreement: float
    accuracy_lower: float
    accuracy_upper: float
    n_pairs: int
    n_single: int
    splits: xr.Dataset = field(repr=False)


def noise_ceiling(
    comparisons: Comparisons, *, n_splits: int = 100, seed: Any = None
) -> NoiseCeiling:
    """Split the votes on every pair into random halves, and see how well they agree.

    Parameters
    ----------
    comparisons : Comparisons
        Votes on pairs of items, of weight one. Where the shown order is known, each order is
        split by itself, so that both halves hold as many votes of either order as can be.
    n_splits : int
        Number of random splits, at least 1.
    seed : int, numpy.random.Generator or None
        For the splits.

    Returns
    -------
    NoiseCeiling

    Raises
    ------
    NotIdentifiedError
        If fewer than three pairs have two votes, or in every split a half is even on all pairs.
    DataError
        If votes are weighted or soft, or for an argument outside its range.

    Warns
    -----
    SmallSampleWarning
        If in some splits a half is even on all pairs, so that `reliability` leaves them out.

    Notes
    -----
    The halves share raters and items, so this is the noise of asking again, not of asking
    others. Ties count half. The bounds weigh pairs alike. Nothing depends on the order in which
    items are listed.

    References
    ----------
    Spearman (1910), British Journal of Psychology 3, 271-295; Brown (1910), ibid., 296-322.

    Examples
    --------
    >>> import numpy as np, pluralism as pl
    >>> rng = np.random.default_rng(0)
    >>> wins = np.triu(rng.binomial(20, rng.random((8, 8))), 1)
    >>> wins = wins + np.tril(20 - wins.T, -1)
    >>> result = pl.utility.noise_ceiling(pl.Comparisons.from_matrix(wins), seed=0)
    >>> bool(0.8 < result.reliability < result.corrected < 1)
    True
    >>> bool(0.5 < result.accuracy_lower < result.accuracy_upper < 1)
    True
    """
    import xarray as xr

    n_splits = _validate.whole_number("n_splits", n_splits, at_least=1)
    rng = _validate.generator("seed", seed)
    pairs = ordered_shares(checked_comparisons(comparisons))
    counts = np.stack([pairs.won, pairs.tied, pairs.lost])  # (3, orders, pairs)
    if (counts != np.rint(counts)).any():
        raise DataError("`comparisons` hold weighted or soft votes, which cannot be split in two")
    votes = counts.sum(axis=(0, 1))
    several = votes >= 2
    if several.sum() < 3:
        raise NotIdentifiedError(
            f"{int(several.sum())} of {len(votes)} pairs have two votes or more; split halves "
            "need at least three such pairs"
        )
    whole = _sorted_by_votes(counts[..., several].astype(np.int64), comparisons.order_known)
    scores = np.array([_split(whole, rng) for _ in range(n_splits)])
    flat = int(np.isnan(scores[:, 0]).sum())
    if flat == n_splits:
        raise NotIdentifiedError(
            "in every split a half is even on all pairs, so that halves cannot correlate"
        )
    if flat:
        _quiet.warn(
            f"in {flat} of {n_splits} splits a half is even on all pairs and cannot correlate: "
            "`reliability` and `corrected` leave these splits out",
            SmallSampleWarning,
            stacklevel=2,
        )
    share = (whole[0] + 0.5 * whole[1]).sum(axis=0) / whole.sum(axis=(0, 1))
    reliability = float(np.nanmean(scores[:, 0]))
    return NoiseCeiling(
        reliability=reliability,
        corrected=2 * reliability / (1 + reliability) if reliability > 0 else reliability,
        agreement=float(scores[:, 1].mean()),
        accuracy_lower=float(scores[:, 2].mean()),
        accuracy_upper=float(np.maximum(share, 1 - share).mean()),
        n_pairs=int(several.sum()),
        n_single=int((~several).sum()),
        splits=xr.Dataset(
            {
                name: ("split", scores[:, place])
                for place, name in enumerate(("reliability", "agreement", "accuracy_lower"))
            }
        ),
    )


def _sorted_by_votes(counts: npt.NDArray[np.int64], order_known: bool) -> npt.NDArray[np.int64]:
    """Turn and sort pairs by their votes, so that no draw depends on how items are listed."""
    turned = counts[::-1]  # from the side of the other item, whose turn to be first comes first
    turned = turned[:, ::-1] if order_known else turned
    rows, others = (np.moveaxis(c, -1, 0).reshape(c.shape[-1], -1) for c in (counts, turned))
    differ = rows != others
    place = np.argmax(differ, axis=1)[:, None]
    ahead = np.take_along_axis(rows, place, 1) < np.take_along_axis(others, place, 1)
    same_way = np.where(ahead[:, 0], turned, counts)
    return np.asarray(same_way[..., np.lexsort(same_way.reshape(-1, same_way.shape[-1]))])


def _split(counts: npt.NDArray[np.int64], rng: np.random.Generator) -> tuple[float, float, float]:
    """Reliability, agreement and lower bound of one split."""
    won, tied, lost = counts  # (orders, pairs)
    size = counts.sum(axis=0)
    # An odd vote goes to either half; of two odd orders, one vote to each half.
    odd = size % 2
    extra = odd * rng.integers(0, 2, odd.shape[1])
    extra[1] = np.where(odd.all(axis=0), 1 - extra[0], extra[1])
    half = size // 2 + extra
    won_here = rng.hypergeometric(won, tied + lost, half)
    tied_here = rng.hypergeometric(tied, lost, half - won_here) if tied.any() else tied
    points = (won_here + 0.5 * tied_here).sum(axis=0)
    n = half.sum(axis=0)
    share = points / n
    other = ((won + 0.5 * tied).sum(axis=0) - points) / (size.sum(axis=0) - n)
    side, other_side = np.sign(share - 0.5), np.sign(other - 0.5)
    lean, other_lean = share - 0.5, other - 0.5
    scale = float(np.sqrt((lean @ lean) * (other_lean @ other_lean)))
    return (
        float(lean @ other_lean) / scale if scale else float("nan"),
        float((0.5 * (1 + side * other_side)).mean()),
        float((0.5 + side * (other - 0.5)).mean()),
    )

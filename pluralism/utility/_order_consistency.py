"""Does a preference survive when the two options change places?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Comparisons
from ..data._cells import axis_of
from ..errors import DataError
from ..kernels._dyads import dyadic_mean
from ..kernels._exact_tables import common_odds, fisher_pvalues
from ._bounds import adjusted, rate_bounds
from ._estimates import Contrast
from ._pair_shares import OrderedShares, checked_comparisons, ordered_shares

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["OrderConsistency", "order_consistency"]

FloatArray = npt.NDArray[np.float64]

_CLASSES = ("robust", "fragile", "indifferent")


@dataclass(frozen=True, eq=False)
class OrderConsistency:
    """How pairs behave when the order of presentation is turned round.

    Attributes
    ----------
    share : xarray.DataArray, (kind,)
        Share of the pairs that are ``robust``, ``fragile`` and ``indifferent``.
    stderr : xarray.DataArray, (kind,)
        Standard errors, letting pairs that share an item depend on each other.
    order_effect : Contrast
        Log-odds added to the item shown first, common to all pairs, with its standard error
        (``.pvalue``, ``.interval(level)``). Infinite where the letter alone decided every vote.
    first_share : float
        Share of the decided votes that went to the item shown first, each order of each pair
        counting alike.
    n_pairs : int
        Pairs asked in both orders.
    n_one_order : int
        Pairs asked in one order only; nothing can be said of them, and they are left out.
    n_undecided : int
        Pairs of which an order had tied votes only, so that they have no test.
    pairs : pandas.DataFrame
        By pair: ``item``, ``item_bis``, ``shown_first`` and ``shown_second`` (share of the votes
        for `item` when it was shown first, and second), ``kind``, ``preference_pvalue``,
        ``order_pvalue`` (exact) and both ``..._adjusted``.
    by : str
        What the kinds rest on.
    """

    share: xr.DataArray
    stderr: xr.DataArray
    order_effect: Contrast
    first_share: float
    n_pairs: int
    n_one_order: int
    n_undecided: int
    pairs: pd.DataFrame = field(repr=False)
    by: str

    def interval(self, level: float = 0.95) -> xr.DataArray:
        """Intervals for the shares, (kind, ci_bound), symmetric in their log-odds.

        Parameters
        ----------
        level : float
            Coverage, in (0, 1). A share of 0 or 1 has the exact binomial bound.
        """
        import xarray as xr

        return xr.DataArray(
            rate_bounds(self.share.values, self.stderr.values, self.n_pairs, level),
            dims=("kind", "ci_bound"),
            coords={"kind": list(_CLASSES), "ci_bound": ["lower", "upper"]},
            attrs={"ci_prob": level, "ci_kind": "logit"},
        )


def order_consistency(
    comparisons: Comparisons,
    *,
    by: Literal["majority", "test"] = "majority",
    significance: float = 0.05,
    correction: Literal["holm", "bh", "bonferroni", "none"] = "holm",
) -> OrderConsistency:
    r"""Sort pairs into robust, fragile and indifferent, and measure the pull of the first place.

    By the majority of each order, a pair is

    * ``robust``: the same item wins in both orders;
    * ``indifferent``: the same *letter* wins in both orders (the item shown first, or the one
      shown second), or both orders are even: the votes carry no preference between the items;
    * ``fragile``: one order decides and the other is even.

    A few votes have majorities by chance. ``by="test"`` therefore asks first whether the pair
    shows a preference at all, by Fisher's exact test of the letter chosen against the order (no
    preference means that the letters do not care which item they stand for, whatever the pull of
    the first place), adjusted for the number of pairs: without, it is ``indifferent``; with, it is
    ``robust`` if the same item wins in both orders and ``fragile`` if not.

    Parameters
    ----------
    comparisons : Comparisons
        Votes whose shown order is known.
    by : {"majority", "test"}
        What the kinds rest on.
    significance : float
        Level of the adjusted test, in (0, 1).
    correction : {"holm", "bh", "bonferroni", "none"}
        For the number of pairs.

    Returns
    -------
    OrderConsistency
        ``.share`` with ``.stderr`` and ``.interval(level)``, ``.order_effect``, and ``.pairs``.

    Raises
    ------
    DataError
        If the shown order is not known, no pair was asked in both orders, the tests are asked
        for and votes are weighted or soft, or for an unknown option.

    Notes
    -----
    The order effect is half the Mantel-Haenszel log odds ratio of order against item chosen,
    pair by pair, so it supposes no utilities; `fit_bradley_terry` with ``order_effect=True``
    estimates the same number under the model, also from pairs asked in one order. Ties count
    half in shares and are left out of tests and odds.

    References
    ----------
    .. [1] Mazeika et al. (2025), arXiv 2502.08640, appendix G (same letter as indifference).
    .. [2] Fragile Preferences (2025), arXiv 2506.14092 (robust, fragile, indifferent).
    .. [3] Robins, Breslow and Greenland (1986), Biometrics 42, 311-323 (the standard error).

    Examples
    --------
    >>> import pluralism as pl
    >>> votes = pl.Comparisons.from_codes(
    ...     [0, 1, 0, 2, 1, 2], [1, 0, 2, 0, 2, 1], [1, 0, 1, 1, 1, 0], items=["a", "b", "c"])
    >>> result = pl.utility.order_consistency(votes)
    >>> result.share.round(2).to_series().to_dict()
    {'robust': 0.67, 'fragile': 0.0, 'indifferent': 0.33}
    """
    import pandas as pd
    import xarray as xr

    _validate.one_of("by", by, ("majority", "test"))
    _validate.one_of("correction", correction, ("holm", "bh", "bonferroni", "none"))
    significance = _validate.level("significance", significance)
    if not checked_comparisons(comparisons).order_known:
        raise DataError(
            "`comparisons` do not know which item was shown first; build them with "
            "`Comparisons.from_frame` or `from_codes`, or read a file that keeps both orders"
        )
    every = ordered_shares(comparisons)
    asked = every.won + every.lost + every.tied
    both = np.asarray((asked > 0).all(axis=0))
    if not both.any():
        raise DataError(
            f"none of the {len(both)} pairs was asked in both orders; consistency needs both"
        )
    pairs = _take(every, both)
    whole = bool(
        (pairs.won == np.rint(pairs.won)).all() and (pairs.lost == np.rint(pairs.lost)).all()
    )
    if by == "test" and not whole:
        raise DataError(
            "by='test' needs whole counts of votes, and these are weighted or soft; use "
            "by='majority'"
        )
    preference, order = _pvalues(pairs, whole)
    adjusted_preference, adjusted_order = (
        adjusted(part, correction) for part in (preference, order)
    )
    ahead = np.sign(np.round(pairs.won - pairs.lost, 12))
    kept = ahead[0] == ahead[1]
    kind = np.where(kept & (ahead[0] != 0), 0, np.where(ahead[0] == -ahead[1], 2, 1))
    if by == "test":
        found = adjusted_preference <= significance
        kind = np.where(~found, 2, np.where(kept & (ahead[0] != 0), 0, 1))
    means = [
        dyadic_mean(
            (kind == code).astype(np.float64), np.ones(len(kind)), pairs.low, pairs.high,
            pairs.n_items,
        )
        for code in range(3)
    ]  # fmt: skip
    odds = common_odds(pairs.won[0], pairs.lost[0], pairs.won[1], pairs.lost[1])
    decided = pairs.won + pairs.lost
    of_first = np.stack([pairs.won[0], pairs.lost[1]])
    voted = decided > 0
    share = (pairs.won + 0.5 * pairs.tied) / (decided + pairs.tied)
    labels = axis_of(comparisons.items)
    table = {
        "item": labels[pairs.low],
        "item_bis": labels[pairs.high],
        "shown_first": share[0],
        "shown_second": share[1],
        "kind": np.array(_CLASSES, dtype=object)[kind],
        "preference_pvalue": preference,
        "preference_adjusted": adjusted_preference,
        "order_pvalue": order,
        "order_adjusted": adjusted_order,
    }
    coords = {"kind": list(_CLASSES)}
    return OrderConsistency(
        share=xr.DataArray([m.mean for m in means], dims="kind", coords=coords, name="share"),
        stderr=xr.DataArray([m.stderr for m in means], dims="kind", coords=coords, name="stderr"),
        order_effect=Contrast(0.5 * odds.log_ratio, 0.5 * odds.stderr),
        first_share=float((of_first[voted] / decided[voted]).mean()) if voted.any() else np.nan,
        n_pairs=int(both.sum()),
        n_one_order=int((~both).sum()),
        n_undecided=int((~voted.all(axis=0)).sum()),
        pairs=pd.DataFrame(table),
        by=by,
    )


def _take(pairs: OrderedShares, kept: npt.NDArray[np.bool_]) -> OrderedShares:
    won, lost, tied = pairs.won[:, kept], pairs.lost[:, kept], pairs.tied[:, kept]
    return OrderedShares(pairs.low[kept], pairs.high[kept], won, lost, tied, pairs.n_items)


def _pvalues(pairs: OrderedShares, whole: bool) -> tuple[FloatArray, FloatArray]:
    """Exact p-values of no preference and of no order effect, (pairs,); NaN where untestable."""
    result: list[Any] = [np.full(len(pairs.low), np.nan) for _ in range(2)]
    testable = ((pairs.won + pairs.lost) > 0).all(axis=0)
    if whole and testable.any():
        (won, lost), (later_won, later_lost) = (
            (pairs.won[row, testable], pairs.lost[row, testable]) for row in (0, 1)
        )
        result[0][testable] = fisher_pvalues(won, lost, later_lost, later_won)
        result[1][testable] = fisher_pvalues(won, lost, later_won, later_lost)
    return result[0], result[1]

"""Many rewards in place of one: is their disagreement that of the raters?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data._cells import axis_of
from ..errors import DataError, LabelError
from ..kernels._noisy_votes import expected_support
from ._inputs import as_pairwise, as_utilities

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PairwiseCalibration", "pairwise_calibration"]


@dataclass(frozen=True, eq=False, repr=False)
class PairwiseCalibration:
    """How far an ensemble's disagreement is from that of raters.

    Attributes
    ----------
    error : float
        Mean squared difference between the two shares, over pairs.
    noise : float or None
        What of `error` the raters' sampling alone explains, on average: the mean of
        p (1 - p) / (n - 1) over pairs with n votes. None where the support is no whole counts, or
        some pair has a single vote; ensembles of few members add noise of their own.
    pairs : pandas.DataFrame
        One row a pair: `first`, `second`, `votes`, `ensemble` and `raters` (shares that prefer
        the first), `squared_error`; the worst first.
    skipped : int
        Pairs of alternatives that raters never compared.
    """

    error: float
    noise: float | None
    pairs: pd.DataFrame
    skipped: int

    def __repr__(self) -> str:
        noise = "" if self.noise is None else f", of which sampling explains {self.noise:.3g}"
        skipped = f"; {self.skipped} not compared" if self.skipped else ""
        return f"PairwiseCalibration({self.error:.3g}{noise}; {len(self.pairs)} pairs{skipped})"


def pairwise_calibration(
    rewards: Any,
    ballots: Any,
    *,
    weights: npt.ArrayLike | None = None,
    pairs: Literal["votes", "uniform"] = "votes",
) -> PairwiseCalibration:
    r"""Measure whether an ensemble of rewards is divided as the raters are.

    .. math:: \mathrm E_{(a,b)} \bigl[ \bigl(
              P_{r \sim D}(r(a) > r(b)) - p^*(a, b) \bigr)^2 \bigr]

    with :math:`p^*` the share of raters who prefer a; ties of rewards and of raters are half of
    each. An ensemble with an error of at most :math:`\epsilon` is called
    :math:`\epsilon`-pairwise calibrated. A single reward can only answer 0 or 1.

    Parameters
    ----------
    rewards : DataFrame, DataArray or matrix, (members, alternatives)
        Rewards of each member. Labelled columns are matched by label; plain ones follow the order
        of the ballots' alternatives.
    ballots : Ballots or matrix, (alternatives, alternatives)
        Ballots, comparisons or pairwise support.
    weights : array_like, (members,), optional
        Weight of every member.
    pairs : {"votes", "uniform"}
        Whether pairs count by their votes or equally.

    Returns
    -------
    PairwiseCalibration

    Raises
    ------
    DataError
        If no pair was compared, rewards are missing or not finite, or `weights` do not fit.
    LabelError
        If an alternative has no rewards.

    References
    ----------
    D. Halpern, E. Micha, A. D. Procaccia, I. Shapira (2025), Pairwise calibrated rewards for
    pluralistic alignment, arXiv:2506.06298.

    Examples
    --------
    Six of ten raters prefer a. One reward must overrule four of them, three rewards nearly none:

    >>> from pluralism import choice
    >>> votes = [[0, 6], [4, 0]]
    >>> round(choice.pairwise_calibration([[1, 0]], votes).error, 4)
    0.16
    >>> round(choice.pairwise_calibration([[1, 0], [1, 0], [0, 1]], votes).error, 4)
    0.0044
    """
    import pandas as pd

    _validate.one_of("pairs", pairs, ("votes", "uniform"))
    pairwise = as_pairwise(ballots)
    labels = pairwise.alternatives
    plain = not (hasattr(rewards, "dims") or hasattr(rewards, "columns"))
    ensemble = as_utilities(
        rewards,
        use="pairwise_calibration",
        name="rewards",
        alternatives=labels if plain else None,
        weights=weights,
    )
    place = {label: code for code, label in enumerate(ensemble.labels)}
    for label in labels:
        if label not in place:
            raise LabelError.unknown(
                "the ballots' alternatives", label, known=ensemble.labels, argument="`rewards`"
            )
    values = ensemble.values[:, [place[label] for label in labels]]
    said = expected_support(values, ensemble.share, None)
    votes = pairwise.wins + pairwise.wins.T + pairwise.ties
    first, second = np.nonzero(np.triu(votes > 0, k=1))
    if not len(first):
        raise DataError("`ballots` compare no pair; at least one is needed")
    n, meant = votes[first, second], pairwise.shares[first, second]
    squared = (said[first, second] - meant) ** 2
    weight = n / n.sum() if pairs == "votes" else np.full(len(n), 1 / len(n))
    noise = None
    if pairwise.tolerance == 0.0 and n.min() > 1:
        tied = 0.25 * pairwise.ties[first, second] / n  # a tie is no draw of 0 or 1
        noise = float(weight @ ((meant * (1 - meant) - tied) / (n - 1)))
    names = axis_of(labels)
    table = pd.DataFrame(
        {
            "first": names[first],
            "second": names[second],
            "votes": n,
            "ensemble": said[first, second],
            "raters": meant,
            "squared_error": squared,
        }
    )
    table = table.sort_values("squared_error", ascending=False, kind="stable", ignore_index=True)
    skipped = len(labels) * (len(labels) - 1) // 2 - len(first)
    return PairwiseCalibration(float(weight @ squared), noise, table, skipped)

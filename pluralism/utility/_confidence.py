"""How decided a respondent is, beside one who tosses a coin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .. import _quiet, _validate
from ..data import Comparisons
from ..data._cells import axis_of
from ..errors import SmallSampleWarning
from ..kernels._confidence import coin_confidence
from ..kernels._contrasts import normal_quantile
from ..kernels._dyads import dyadic_mean
from ._pair_shares import pair_shares

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PreferenceConfidence", "preference_confidence"]


@dataclass(frozen=True, eq=False)
class PreferenceConfidence:
    """Mean share of the votes of a pair that go to its majority.

    Attributes
    ----------
    confidence : float
        Mean of max(p, 1 - p), in [1/2, 1].
    stderr : float
        Its standard error for other pairs of other items like these; NaN for one pair.
    expected : float
        What a responder who tosses a fair coin would be expected to show with as many votes;
        NaN where votes are weighted or soft.
    excess : float
        ``(confidence - expected) / (1 - expected)``: 0 for a coin, 1 for a responder without
        doubt. NaN where a coin has no room below 1 (one vote on each pair).
    n_pairs : int
        Pairs that met.
    n_without : int
        Pairs left out because all of their votes were ties (under ``ties="drop"``).
    pairs : pandas.DataFrame
        By pair: ``item``, ``item_bis``, ``votes``, ``share`` of `item`, ``confidence``,
        ``expected``.
    """

    confidence: float
    stderr: float
    expected: float
    excess: float
    n_pairs: int
    n_without: int
    pairs: pd.DataFrame = field(repr=False)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval for the confidence, (lower, upper), by the normal approximation.

        Parameters
        ----------
        level : float
            Coverage, in (0, 1).

        Warns
        -----
        SmallSampleWarning
            If pairs do not differ in their confidence, so that the interval has no width.
        """
        half = normal_quantile(_validate.level("level", level)) * self.stderr
        if half <= 1e-12:  # of shares: equal up to rounding
            _quiet.warn(
                f"the {self.n_pairs} pairs do not differ in their confidence: the interval has no "
                "width, and is no bound on what other pairs would show",
                SmallSampleWarning,
                stacklevel=2,
            )
        return max(0.5, self.confidence - half), min(1.0, self.confidence + half)


def preference_confidence(
    comparisons: Comparisons,
    *,
    by: Literal["pair", "vote"] = "pair",
    ties: Literal["half", "drop"] = "half",
) -> PreferenceConfidence:
    r"""Measure how one-sided the votes on a pair are: the mean of max(p, 1 - p).

    A responder without any preference is not at 1/2: with m votes on a pair its expected
    confidence is :math:`1/2 + \binom{m-1}{\lfloor m/2 \rfloor} 2^{-m}`, that is 1 for one vote,
    .588 for twenty. The figure is given beside the observed one and must be read with it.

    Parameters
    ----------
    comparisons : Comparisons
        Votes on pairs of items; the orders of presentation are pooled.
    by : {"pair", "vote"}
        Whether every pair counts alike, as published, or every vote.
    ties : {"half", "drop"}
        A tie counts as half a vote each, or not at all.

    Returns
    -------
    PreferenceConfidence
        ``.confidence`` with ``.stderr`` and ``.interval(level)``, ``.expected``, ``.excess`` and
        the table ``.pairs``.

    Raises
    ------
    DataError
        If there is no vote, or for an unknown option.

    Notes
    -----
    The standard error lets pairs that share an item depend on each other [2]_ and covers the
    choice of pairs and the votes on them.

    References
    ----------
    .. [1] Mazeika et al. (2025), Utility Engineering, arXiv 2502.08640, section 4.1.
    .. [2] Aronow, Samii and Assenova (2015), Political Analysis 23, 564-577.

    Examples
    --------
    >>> import pluralism as pl
    >>> votes = pl.Comparisons.from_matrix([[0, 18, 20], [2, 0, 15], [0, 5, 0]])
    >>> result = pl.utility.preference_confidence(votes)
    >>> round(result.confidence, 3), round(result.expected, 3)
    (0.883, 0.588)
    """
    import pandas as pd

    _validate.one_of("by", by, ("pair", "vote"))
    shares = pair_shares(comparisons, ties)
    confidence = np.maximum(shares.share, 1 - shares.share)
    chance = np.full(len(confidence), np.nan)
    if shares.whole:
        some = shares.decided > 0
        chance[:] = 0.5  # a pair that only tied
        of_decided = shares.decided[some]
        chance[some] += of_decided / shares.total[some] * (coin_confidence(of_decided) - 0.5)
    weights = shares.total if by == "vote" else np.ones(len(confidence))
    observed = dyadic_mean(confidence, weights, shares.low, shares.high, shares.n_items)
    expected = float(np.average(chance, weights=weights))
    labels = axis_of(comparisons.items)
    columns: dict[str, Any] = {
        "item": labels[shares.low],
        "item_bis": labels[shares.high],
        "votes": shares.total,
        "share": shares.share,
        "confidence": confidence,
        "expected": chance,
    }
    return PreferenceConfidence(
        confidence=observed.mean,
        stderr=observed.stderr,
        expected=expected,
        excess=(observed.mean - expected) / (1 - expected) if expected < 1 else float("nan"),
        n_pairs=len(confidence),
        n_without=shares.without,
        pairs=pd.DataFrame(columns),
    )

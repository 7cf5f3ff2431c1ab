"""Rules that choose a lottery: maximal lotteries and the random dictator."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ConvergenceError
from ..kernels._lottery import maximal_lottery_of
from ..kernels._pairwise import first_choices
from ._inputs import as_ballots, as_pairwise
from ._outcome import Outcome, by_alternative

__all__ = ["maximal_lottery", "random_dictator"]

#: Largest relative violation of p'M >= 0 that is taken for rounding.
_TOLERANCE = 1e-8


def maximal_lottery(ballots: Any) -> Outcome:
    r"""Choose the lottery that no other lottery beats on average (Nash equilibrium of margins).

    .. math:: p \ge 0, \quad \sum_a p_a = 1, \quad p^\top M \ge 0

    with M the majority margins: an optimal strategy of the symmetric zero-sum game that M
    defines. There may be many; `unique` says so, and then the one returned has the largest
    support.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        Ballots, or pairwise support such as a matrix of win probabilities.

    Returns
    -------
    Outcome
        With `probabilities`, `winners` (their support) and `unique`.

    Raises
    ------
    DataError
        If the input is neither ballots nor a square matrix of finite, non-negative support.
    ConvergenceError
        If the linear programme (HiGHS) fails or its solution does not satisfy p'M >= 0. No
        other lottery is put in its place.

    References
    ----------
    P. C. Fishburn (1984), Probabilistic social choice based on simple voting comparisons,
    Review of Economic Studies 51. F. Brandl, F. Brandt, H. G. Seedig (2016), Consistent
    probabilistic social choice, Econometrica 84.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> cycle = Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[25, 40, 35])
    >>> choice.maximal_lottery(cycle).probabilities.values.round(6)
    array([0.3, 0.5, 0.2])
    """
    pairwise = as_pairwise(ballots)
    lottery = maximal_lottery_of(pairwise.margins)
    if lottery.message or not lottery.violation <= _TOLERANCE:
        raise ConvergenceError(
            "the linear programme of the maximal lottery was not solved: "
            + (lottery.message or f"its solution violates p'M >= 0 by {lottery.violation:.2g}"),
            result=lottery,
        )
    support = np.flatnonzero(lottery.probabilities > 0)
    return Outcome(
        "maximal lottery",
        pairwise.alternatives,
        winners=tuple(pairwise.alternatives[code] for code in support),
        probabilities=by_alternative(pairwise.alternatives, lottery.probabilities, "probability"),
        unique=lottery.unique,
    )


def random_dictator(ballots: Any) -> Outcome:
    """Give each alternative the share of voters who rank it first.

    A voter who ties k alternatives at the top gives each 1 / k.

    Parameters
    ----------
    ballots : Ballots
        Ballots.

    Returns
    -------
    Outcome
        With `probabilities` and `winners` (their support).

    Raises
    ------
    DataError
        If the input is no Ballots.

    References
    ----------
    A. Gibbard (1977), Manipulation of schemes that mix voting with chance, Econometrica 45.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> profile = Ballots.from_rankings(["abc", "bca"], counts=[1, 3])
    >>> choice.random_dictator(profile).probabilities.values
    array([0.25, 0.75, 0.  ])
    """
    profile = as_ballots(ballots, "random_dictator")
    votes, _ = first_choices(
        profile.ranks, profile.counts, np.ones(profile.n_alternatives, dtype=bool)
    )
    shares = votes / votes.sum()
    return Outcome(
        "random dictator",
        profile.alternatives,
        winners=tuple(profile.alternatives[code] for code in np.flatnonzero(shares > 0)),
        probabilities=by_alternative(profile.alternatives, shares, "probability"),
        unique=True,
    )

"""Rules that score positions: Borda, plurality, veto, approval, any vector of scores."""

from __future__ import annotations

from typing import Any

from ..kernels._tournament import borda_scores
from ._inputs import as_pairwise
from ._outcome import Outcome, TieBreak, TieBreaker

__all__ = ["borda"]


def borda(ballots: Any, *, tie_break: TieBreak = "none", seed: Any = None) -> Outcome:
    r"""Score each alternative by how often it is preferred to another.

    .. math:: s(a) = \sum_{b \ne a} \bigl(P_{ab} + \tfrac12 T_{ab}\bigr)

    with :math:`P_{ab}` the weight of the voters who prefer a to b and :math:`T_{ab}` of those
    who are indifferent. On strict complete rankings this is the classical count of n - 1 points
    for the first place, n - 2 for the second, and so on.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        Ballots, or pairwise support such as a matrix of win probabilities; a plain matrix states
        no ties.
    tie_break : {"none", "name", "random"}
        Leave ties for winning, take the first label in sorted order, or draw with `seed`.
    seed : int or numpy.random.Generator, optional
        For ``tie_break="random"``.

    Returns
    -------
    Outcome
        With `winners`, `ranking` and `scores` (points).

    Raises
    ------
    DataError
        If the input is neither ballots nor a square matrix of finite, non-negative support.

    References
    ----------
    J.-C. de Borda (1784), Mémoire sur les élections au scrutin. D. Black (1958), The Theory of
    Committees and Elections, for ties.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> profile = Ballots.from_rankings(["abc", "bca", "bac"], counts=[3, 2, 1])
    >>> choice.borda(profile)
    Outcome(borda: winners 'b'; ranking b > a > c)
    """
    breaker = TieBreaker(tie_break, seed)
    pairwise = as_pairwise(ballots)
    scores = borda_scores(pairwise.wins, pairwise.ties)
    return Outcome.from_scores(
        "borda", pairwise.alternatives, scores, breaker, tolerance=pairwise.tolerance
    )

"""The Kemeny rule: the ranking that disagrees least with the voters."""

from __future__ import annotations

from typing import Any

from .. import _validate
from ..errors import ConvergenceError
from ..kernels._kemeny import kemeny_rankings
from ._inputs import as_pairwise
from ._outcome import Outcome, TieBreak, TieBreaker

__all__ = ["kemeny"]


def kemeny(
    ballots: Any,
    *,
    limit: int = 100,
    seconds: float = 60.0,
    tie_break: TieBreak = "none",
    seed: Any = None,
) -> Outcome:
    r"""Choose the rankings with the least total disagreement (Kemeny and Young), exactly.

    .. math:: \min_{\succ} \sum_{a \succ b} P_{ba}

    An integer programme (HiGHS) with cycle cuts, after splitting the alternatives into blocks
    of which each beats the next; all optimal rankings are listed, up to `limit`.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        Ballots, or pairwise support such as a matrix of win probabilities. Indifference costs
        nothing.
    limit : int
        Largest number of optimal rankings to list; `exhaustive` says whether there are more.
    seconds : float
        How long to search, above 0. If an optimum is found but not every one can be listed in
        that time, `exhaustive` is False; if none is proven, it is an error.
    tie_break : {"none", "name", "random"}
        Leave ties for winning, take the first label in sorted order, or draw with `seed`.
    seed : int or numpy.random.Generator, optional
        For ``tie_break="random"``.

    Returns
    -------
    Outcome
        With `rankings`, `ranking` (the first of them), `winners` (who is first in one of them)
        and `objective` (the total disagreement).

    Raises
    ------
    DataError
        If the input is neither ballots nor a square matrix of finite, non-negative support.
    ConvergenceError
        If the integer programme fails, or proves no optimum within `seconds`.

    References
    ----------
    J. G. Kemeny (1959), Mathematics without numbers, Daedalus 88. H. P. Young (1988),
    Condorcet's theory of voting, American Political Science Review 82.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> outcome = choice.kemeny(Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[2, 2, 1]))
    >>> ["".join(group[0] for group in ranking) for ranking in outcome.rankings]
    ['ABC', 'BCA']
    >>> outcome.objective
    6.0
    """
    breaker = TieBreaker(tie_break, seed)
    limit = _validate.whole_number("limit", limit, at_least=1)
    seconds = _validate.number("seconds", seconds, above=0.0)
    pairwise = as_pairwise(ballots)
    solved = kemeny_rankings(pairwise.wins, limit, pairwise.tolerance, seconds)
    if solved.message:
        raise ConvergenceError(
            f"the integer programme of the Kemeny rule was not solved in {seconds:g} s: "
            f"{solved.message}; allow more `seconds`, or leave out alternatives",
            result=solved,
        )
    labels = pairwise.alternatives
    rankings = tuple(tuple((labels[code],) for code in order) for order in sorted(solved.rankings))
    first = dict.fromkeys(ranking[0][0] for ranking in rankings)
    return Outcome(
        "Kemeny",
        labels,
        winners=breaker.choose("winner", [label for label in labels if label in first]),
        ranking=rankings[0],
        rankings=rankings,
        tie_break=tie_break,
        broken_ties=tuple(breaker.broken),
        exhaustive=solved.complete,
        objective=solved.distance,
    )

"""Rules that score positions: Borda, plurality, veto, approval, any vector of scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Ballots
from ..errors import DataError
from ..kernels._pairwise import positional_scores
from ..kernels._tournament import borda_scores
from ._inputs import as_ballots, as_pairwise
from ._outcome import Outcome, TieBreak, TieBreaker

__all__ = ["approval", "borda", "plurality", "positional", "veto"]


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


def plurality(ballots: Any, *, tie_break: TieBreak = "none", seed: Any = None) -> Outcome:
    """Score each alternative by the voters who rank it first.

    A voter who ties k alternatives at the top gives each 1 / k.

    Parameters
    ----------
    ballots : Ballots
        Ballots; a pairwise matrix does not say who is first.
    tie_break, seed
        As for `borda`.

    Returns
    -------
    Outcome
        With `winners`, `ranking` and `scores` (votes).

    Raises
    ------
    DataError
        If the input is no Ballots.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> choice.plurality(Ballots.from_rankings(["abc", "bca", "bac"], counts=[4, 2, 1]))
    Outcome(plurality: winners 'a'; ranking a > b > c)
    """
    profile = as_ballots(ballots, "plurality")
    points = np.zeros(profile.n_alternatives)
    points[0] = 1.0
    return _by_points("plurality", profile, points, tie_break, seed)


def veto(ballots: Any, *, tie_break: TieBreak = "none", seed: Any = None) -> Outcome:
    """Score each alternative by the voters who do not rank it last (anti-plurality).

    A voter who ties k alternatives in the last place withholds 1 / k from each; unranked
    alternatives are in the last place together.

    Parameters
    ----------
    ballots : Ballots
        Ballots; unranked alternatives must be "last".
    tie_break, seed
        As for `borda`.

    Returns
    -------
    Outcome
        With `winners`, `ranking` and `scores`.

    Raises
    ------
    DataError
        If the input is no Ballots, or leaves alternatives incomparable.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> choice.veto(Ballots.from_rankings(["abc", "bca", "bac"], counts=[4, 2, 1])).winners
    ('b',)
    """
    profile = _with_last_places(ballots, "veto")
    points = np.ones(profile.n_alternatives)
    points[-1] = 0.0
    return _by_points("veto", profile, points, tie_break, seed)


def positional(
    ballots: Any, *, points: npt.ArrayLike, tie_break: TieBreak = "none", seed: Any = None
) -> Outcome:
    """Score each alternative by points for its position.

    Alternatives that tie share the mean of the positions that they fill; unranked alternatives
    fill the last positions together.

    Parameters
    ----------
    ballots : Ballots
        Ballots; unranked alternatives must be "last".
    points : array_like, (alternatives,)
        Points of the first, second, ... position, not increasing.
    tie_break, seed
        As for `borda`.

    Returns
    -------
    Outcome
        With `winners`, `ranking` and `scores` (points).

    Raises
    ------
    DataError
        If the input is no Ballots or leaves alternatives incomparable, or if `points` has
        another length than there are alternatives or increases.

    References
    ----------
    H. P. Young (1975), Social choice scoring functions, SIAM Journal on Applied Mathematics 28.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> profile = Ballots.from_rankings(["abc", "bca", "bac"], counts=[4, 2, 1])
    >>> choice.positional(profile, points=[1, 1 / 2, 1 / 3]).winners
    ('a',)
    """
    profile = _with_last_places(ballots, "positional")
    vector = _validate.finite_array("points", points, ndim=1)
    if len(vector) != profile.n_alternatives:
        raise DataError(
            f"`points` has {len(vector)} entries for {profile.n_alternatives} alternatives"
        )
    rises = np.diff(vector) > 0
    if rises.any():
        raise DataError(f"`points[{_validate.first_place(rises)}]` is below the next; best first")
    return _by_points("positional", profile, vector, tie_break, seed)


def approval(ballots: Any, *, tie_break: TieBreak = "none", seed: Any = None) -> Outcome:
    """Score each alternative by the voters who approve it.

    Parameters
    ----------
    ballots : Ballots
        Ballots with approvals. Rankings are refused, since they do not say where approval
        ends.
    tie_break, seed
        As for `borda`.

    Returns
    -------
    Outcome
        With `winners`, `ranking` and `scores` (approvals).

    Raises
    ------
    DataError
        If the input is no Ballots or holds no approvals.

    References
    ----------
    S. J. Brams and P. C. Fishburn (1978), Approval voting, American Political Science Review 72.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> choice.approval(Ballots.from_approvals([{"a", "b"}, {"b"}, {"c"}])).winners
    ('b',)
    """
    profile = as_ballots(ballots, "approval")
    if profile.approvals is None:
        raise DataError(
            f"approval needs approvals, and these are {profile.kind}; say who approves what with "
            "`Ballots.from_approvals`"
        )
    breaker = TieBreaker(tie_break, seed)
    scores = profile.counts @ profile.approvals
    return Outcome.from_scores(
        "approval", profile.alternatives, scores, breaker, tolerance=_rounding(scores)
    )


def _with_last_places(ballots: Any, rule: str) -> Ballots:
    profile = as_ballots(ballots, rule)
    if profile.unranked == "incomparable" and not profile.is_complete:
        raise DataError(
            f"{rule} needs to know who is last, and some ballots leave alternatives "
            "incomparable; build them with unranked='last' if that is meant"
        )
    return profile


def _by_points(
    rule: str, profile: Ballots, points: npt.NDArray[np.float64], tie_break: str, seed: Any
) -> Outcome:
    breaker = TieBreaker(tie_break, seed)
    scores = positional_scores(profile.ranks, profile.counts, points)
    return Outcome.from_scores(
        rule, profile.alternatives, scores, breaker, tolerance=_rounding(scores)
    )


def _rounding(scores: npt.NDArray[np.float64]) -> float:
    """Largest difference that can be rounding: whole numbers have none."""
    if (scores == np.rint(scores)).all():
        return 0.0
    return float(np.abs(scores).max()) * 1e-12

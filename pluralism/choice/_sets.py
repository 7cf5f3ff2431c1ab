"""Sets that majority rule singles out: Condorcet winner and loser, Smith, Schwartz, uncovered."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..kernels import _tournament
from ._inputs import Pairwise, as_pairwise
from ._outcome import Outcome

__all__ = ["condorcet_loser", "condorcet_winner", "schwartz_set", "smith_set", "uncovered_set"]


def condorcet_winner(ballots: Any, *, weak: bool = False) -> Outcome:
    """Find the alternative that beats every other one by a majority.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        Ballots, or pairwise support such as a matrix of win probabilities.
    weak : bool
        Return instead all alternatives that lose to none (weak Condorcet winners).

    Returns
    -------
    Outcome
        `winners` holds the winner, or is empty where there is none.

    Raises
    ------
    DataError
        If the input is neither ballots nor a square matrix of finite, non-negative support.

    References
    ----------
    Condorcet (1785), Essai sur l'application de l'analyse à la probabilité des décisions.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> choice.condorcet_winner(Ballots.from_rankings(["abc", "bca", "bac"])).winners
    ('b',)
    >>> choice.condorcet_winner(Ballots.from_rankings(["ABC", "BCA", "CAB"])).winners
    ()
    """
    pairwise = as_pairwise(ballots)
    margins = _off_diagonal(pairwise.margins)
    members = (margins >= 0).all(axis=1) if weak else (margins > 0).all(axis=1)
    return _members("weak Condorcet winner" if weak else "Condorcet winner", pairwise, members)


def condorcet_loser(ballots: Any) -> Outcome:
    """Find the alternative that loses to every other one by a majority.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        As for `condorcet_winner`.

    Returns
    -------
    Outcome
        `winners` holds the Condorcet loser (it "wins" this description), or is empty.

    Raises
    ------
    DataError
        As for `condorcet_winner`.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> choice.condorcet_loser(Ballots.from_rankings(["abc", "bca", "bac"])).winners
    ('c',)
    """
    pairwise = as_pairwise(ballots)
    members = (_off_diagonal(-pairwise.margins) > 0).all(axis=1)
    return _members("Condorcet loser", pairwise, members)


def smith_set(ballots: Any) -> Outcome:
    """Find the smallest set whose members each beat every outsider (top cycle, GETCHA).

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        As for `condorcet_winner`.

    Returns
    -------
    Outcome
        `winners` holds the members.

    Raises
    ------
    DataError
        As for `condorcet_winner`.

    References
    ----------
    J. H. Smith (1973), Aggregation of preferences with variable electorate, Econometrica 41.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> choice.smith_set(Ballots.from_rankings(["ABCD", "BCAD", "CABD"])).winners
    ('A', 'B', 'C')
    """
    pairwise = as_pairwise(ballots)
    return _members("Smith set", pairwise, _tournament.smith_members(pairwise.margins))


def schwartz_set(ballots: Any) -> Outcome:
    """Find the union of the minimal sets that no outsider beats (GOCHA).

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        As for `condorcet_winner`.

    Returns
    -------
    Outcome
        `winners` holds the members. It is a subset of the Smith set.

    Raises
    ------
    DataError
        As for `condorcet_winner`.

    References
    ----------
    T. Schwartz (1986), The Logic of Collective Choice.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> choice.schwartz_set(Ballots.from_rankings(["ab", "ba"])).winners
    ('a', 'b')
    """
    pairwise = as_pairwise(ballots)
    return _members("Schwartz set", pairwise, _tournament.schwartz_members(pairwise.margins))


def uncovered_set(
    ballots: Any, *, variant: Literal["gillies", "fishburn", "bordes", "mckelvey"] = "gillies"
) -> Outcome:
    """Find the alternatives that no other one covers.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        As for `condorcet_winner`.
    variant : {"gillies", "fishburn", "bordes", "mckelvey"}
        When a covers b. Gillies: a beats b and all that beat a beat b. Bordes: a beats b and
        beats all that b beats. McKelvey: both. Fishburn: all that beat a beat b, and not the
        reverse. Without tied majorities they agree.

    Returns
    -------
    Outcome
        `winners` holds the members.

    Raises
    ------
    DataError
        As for `condorcet_winner`; also if `variant` is unknown.

    References
    ----------
    J. Duggan (2013), Uncovered sets, Social Choice and Welfare 41.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> choice.uncovered_set(Ballots.from_rankings(["ABCD", "BCAD", "CABD"])).winners
    ('A', 'B', 'C')
    """
    _validate.one_of("variant", variant, ("gillies", "fishburn", "bordes", "mckelvey"))
    pairwise = as_pairwise(ballots)
    covered = _tournament.covering(pairwise.margins)[variant].any(axis=0)
    return _members(f"uncovered set ({variant})", pairwise, ~covered)


def _off_diagonal(margins: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Margins with a diagonal that passes every comparison with zero."""
    margins = margins.copy()
    np.fill_diagonal(margins, np.inf)
    return margins


def _members(rule: str, pairwise: Pairwise, members: Any) -> Outcome:
    chosen = tuple(pairwise.alternatives[code] for code in np.flatnonzero(members))
    return Outcome(rule, pairwise.alternatives, winners=chosen)

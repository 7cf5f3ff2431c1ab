"""Rules on the graph of majorities: Copeland, minimax, Schulze, ranked pairs, split cycle."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ..errors import DataError
from ..kernels import _ranked_pairs, _tournament
from ._inputs import Pairwise, as_pairwise
from ._outcome import BrokenTie, Outcome, TieBreak, TieBreaker, by_pair, group_by_layers

__all__ = ["copeland", "minimax", "ranked_pairs", "schulze", "split_cycle"]

Strength = Literal["margins", "winning-votes"]


def copeland(ballots: Any, *, tie_break: TieBreak = "none", seed: Any = None) -> Outcome:
    """Score each alternative by its majority wins minus its majority losses.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        Ballots, or pairwise support such as a matrix of win probabilities.
    tie_break : {"none", "name", "random"}
        Leave ties for winning, take the first label in sorted order, or draw with `seed`.
    seed : int or numpy.random.Generator, optional
        For ``tie_break="random"``.

    Returns
    -------
    Outcome
        With `winners`, `ranking` and `scores` (wins minus losses, from 1 - n to n - 1).

    Raises
    ------
    DataError
        If the input is neither ballots nor a square matrix of finite, non-negative support.

    References
    ----------
    A. H. Copeland (1951), A "reasonable" social welfare function.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> choice.copeland(Ballots.from_rankings(["abc", "bca", "bac"], counts=[3, 2, 2]))
    Outcome(copeland: winners 'b'; ranking b > a > c)
    """
    breaker = TieBreaker(tie_break, seed)
    pairwise = as_pairwise(ballots)
    scores = _tournament.copeland_scores(pairwise.margins)
    return Outcome.from_scores("copeland", pairwise.alternatives, scores, breaker)


def minimax(
    ballots: Any,
    *,
    strength: Strength = "margins",
    tie_break: TieBreak = "none",
    seed: Any = None,
) -> Outcome:
    """Choose the alternative whose worst majority defeat is smallest.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        As for `copeland`.
    strength : {"margins", "winning-votes"}
        Whether a defeat counts by its margin or by the votes of the majority.
    tie_break, seed
        As for `copeland`.

    Returns
    -------
    Outcome
        With `winners`, `ranking` and `scores`: minus the strength of the worst defeat, 0 for
        the undefeated.

    Raises
    ------
    DataError
        As for `copeland`; also if `strength` is unknown.

    References
    ----------
    P. B. Simpson (1969), On defining areas of voter choice. G. H. Kramer (1977).

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> cycle = Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[25, 40, 35])
    >>> choice.minimax(cycle).scores.values
    array([-50., -20., -30.])
    """
    breaker = TieBreaker(tie_break, seed)
    pairwise, links = _links(ballots, strength)
    scores = _tournament.minimax_scores(links)
    rule = f"minimax ({strength})"
    return Outcome.from_scores(
        rule, pairwise.alternatives, scores, breaker, tolerance=pairwise.tolerance
    )


def schulze(
    ballots: Any,
    *,
    strength: Strength = "margins",
    tie_break: TieBreak = "none",
    seed: Any = None,
) -> Outcome:
    """Compare alternatives by the strongest path of majorities between them (beat path).

    An alternative wins if its strongest path to each other one is at least as strong as the
    path back; a path is as strong as its weakest majority.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        As for `copeland`.
    strength : {"margins", "winning-votes"}
        Whether a majority counts by its margin or by its votes. On strict complete ballots both
        give the same order.
    tie_break, seed
        As for `copeland`.

    Returns
    -------
    Outcome
        With `winners`, `ranking` and `strengths` (of the strongest paths).

    Raises
    ------
    DataError
        As for `copeland`; also if `strength` is unknown.

    References
    ----------
    M. Schulze (2011), A new monotonic, clone-independent, reversal symmetric, and
    Condorcet-consistent single-winner election method, Social Choice and Welfare 36.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> cycle = Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[25, 40, 35])
    >>> choice.schulze(cycle)
    Outcome(schulze (margins): winners 'B'; ranking B > C > A)
    """
    breaker = TieBreaker(tie_break, seed)
    pairwise, links = _links(ballots, strength)
    paths = _tournament.widest_paths(links)
    beats = paths > paths.T + pairwise.tolerance
    return _from_relation(f"schulze ({strength})", pairwise, beats, breaker, paths)


def split_cycle(
    ballots: Any,
    *,
    strength: Strength = "margins",
    tie_break: TieBreak = "none",
    seed: Any = None,
) -> Outcome:
    """Drop the weakest majority of every cycle; who is then undefeated wins.

    Alternative a defeats b if its majority over b is stronger than every path of majorities
    from b back to a. Split cycle is built to leave several winners where they are close.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        As for `copeland`.
    strength : {"margins", "winning-votes"}
        Whether a majority counts by its margin or by its votes.
    tie_break, seed
        As for `copeland`.

    Returns
    -------
    Outcome
        With `winners`, `ranking` (layers of the defeat relation) and `strengths`.

    Raises
    ------
    DataError
        As for `copeland`; also if `strength` is unknown.

    References
    ----------
    W. H. Holliday and E. Pacuit (2023), Split Cycle: a new Condorcet-consistent voting method
    independent of clones and immune to spoilers, Public Choice 197.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> cycle = Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[25, 40, 35])
    >>> choice.split_cycle(cycle).winners
    ('B',)
    """
    breaker = TieBreaker(tie_break, seed)
    pairwise, links = _links(ballots, strength)
    paths = _tournament.widest_paths(links)
    beats = (links > 0) & (links > paths.T + pairwise.tolerance)
    return _from_relation(f"split cycle ({strength})", pairwise, beats, breaker, paths)


def ranked_pairs(
    ballots: Any,
    *,
    strength: Strength = "margins",
    tie_break: TieBreak = "none",
    seed: Any = None,
    limit: int = 20_000,
) -> Outcome:
    """Lock in majorities from the strongest, leaving out each that would close a cycle (Tideman).

    Equal majorities may be locked in any order. With ``tie_break="none"`` every order is
    followed and `winners` holds all who win under one; that is exact, and can be long, which
    `limit` bounds.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        As for `copeland`.
    strength : {"margins", "winning-votes"}
        Whether a majority counts by its margin or by its votes.
    tie_break : {"none", "name", "random"}
        Follow every order of equal majorities, take them in sorted order of their labels, or in
        an order drawn with `seed`; the same then breaks a tie for winning.
    seed : int or numpy.random.Generator, optional
        For ``tie_break="random"``.
    limit : int
        Largest number of partial orders to follow.

    Returns
    -------
    Outcome
        With `winners`, `rankings` (one for each locked relation, as layers) and `ranking`, the
        first of them.

    Raises
    ------
    DataError
        As for `copeland`; also if equal majorities lead to more than `limit` partial orders.

    References
    ----------
    T. N. Tideman (1987), Independence of clones as a criterion for voting rules, Social Choice
    and Welfare 4.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> cycle = Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[25, 40, 35])
    >>> choice.ranked_pairs(cycle)
    Outcome(ranked pairs (margins): winners 'B'; ranking B > C > A)
    """
    breaker = TieBreaker(tie_break, seed)
    limit = _validate.whole_number("limit", limit, at_least=1)
    pairwise, links = _links(ballots, strength)
    groups = _groups_of_equal(links, pairwise.tolerance)
    if tie_break == "none":
        locked = _ranked_pairs.lock_all_orders(groups, len(links), limit)
        if not locked.complete:
            raise DataError(
                f"equal majorities lead to more than {limit:,} partial orders; raise `limit`, or "
                "choose a `tie_break`"
            )
        states = locked.states
    else:
        ordered = _ordered(groups, pairwise.alternatives, breaker)
        state, contested = _ranked_pairs.lock_in_order(ordered, len(links))
        states = [state]
        for group in (group for group, open_ in zip(ordered, contested, strict=True) if open_):
            named = tuple((pairwise.alternatives[a], pairwise.alternatives[b]) for a, b in group)
            breaker.broken.append(BrokenTie("order of equal majorities", named, named[0]))
    relations = [_ranked_pairs.reach_matrix(state) for state in states]
    rankings = tuple(
        dict.fromkeys(group_by_layers(pairwise.alternatives, beats) for beats in relations)
    )
    unbeaten = np.any([~beats.any(axis=0) for beats in relations], axis=0)
    winners = [pairwise.alternatives[code] for code in np.flatnonzero(unbeaten)]
    return Outcome(
        f"ranked pairs ({strength})",
        pairwise.alternatives,
        winners=breaker.choose("winner", winners),
        ranking=rankings[0],
        rankings=rankings,
        tie_break=tie_break,
        broken_ties=tuple(breaker.broken),
    )


def _links(ballots: Any, strength: str) -> tuple[Pairwise, npt.NDArray[np.float64]]:
    _validate.one_of("strength", strength, ("margins", "winning-votes"))
    pairwise = as_pairwise(ballots)
    links = _tournament.support_links(pairwise.wins, pairwise.margins, strength == "winning-votes")
    return pairwise, links


def _from_relation(
    rule: str,
    pairwise: Pairwise,
    beats: npt.NDArray[np.bool_],
    breaker: TieBreaker,
    paths: npt.NDArray[np.float64],
) -> Outcome:
    ranking = group_by_layers(pairwise.alternatives, beats)
    return Outcome(
        rule,
        pairwise.alternatives,
        winners=breaker.choose("winner", ranking[0]),
        ranking=ranking,
        tie_break=breaker.method,
        broken_ties=tuple(breaker.broken),
        strengths=by_pair(pairwise.alternatives, paths, "strength"),
    )


def _groups_of_equal(
    links: npt.NDArray[np.float64], tolerance: float
) -> list[list[tuple[int, int]]]:
    """Majorities from the strongest, those of equal strength together."""
    winners, losers = np.nonzero(links > 0)
    order = np.argsort(-links[winners, losers], kind="stable")
    groups: list[list[tuple[int, int]]] = []
    last = np.inf
    for place in order:
        edge = (int(winners[place]), int(losers[place]))
        value = links[edge]
        if last - value > tolerance:
            groups.append([])
        groups[-1].append(edge)
        last = value
    return groups


def _ordered(
    groups: list[list[tuple[int, int]]], labels: tuple[Hashable, ...], breaker: TieBreaker
) -> list[list[tuple[int, int]]]:
    """Order equal majorities by the names of winner and loser, or as drawn."""
    place = {label: rank for rank, label in enumerate(_labels.in_order(labels))}
    ordered = [
        sorted(group, key=lambda edge: (place[labels[edge[0]]], place[labels[edge[1]]]))
        for group in groups
    ]
    if breaker.generator is not None:
        ordered = [[g[k] for k in breaker.generator.permutation(len(g))] for g in ordered]
    return ordered

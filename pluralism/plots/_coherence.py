"""Whether preferences are transitive, and whether they depend on the order of presentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError
from ..kernels._transitivity import transitivity_counts
from . import _style
from ._input import as_comparisons

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..data import Comparisons

FloatArray = npt.NDArray[np.float64]

__all__ = ["AXIOMS", "AxiomCounts", "axiom_counts", "draw_counts", "order_effect", "transitivity"]

AXIOMS = ("weak", "moderate", "strong")
#: Items above which the triples would take more than a second.
_MOST_ITEMS = 400


class AxiomCounts(NamedTuple):
    """Triples that break each axiom."""

    violations: FloatArray  # (axioms,)
    triples: int  # all whose pairs met
    by_coin: FloatArray  # (axioms,): violations of tossed coins, on average


def transitivity(comparisons: Comparisons, ax: Axes | None = None) -> Axes:
    """Draw how often triples of items break weak, moderate and strong stochastic transitivity.

    Of three items that all met, if the first was preferred to the second and the second to the
    third (each in at least half of the votes), the first should be preferred to the third: in at
    least half of the votes (weak), at least as often as the less clear of the two (moderate), or
    as the clearer (strong). Sparse votes break these by chance; the hollow marks say how often a
    responder would who tosses a coin of the observed numbers of votes, on average over 200 seeded
    draws.

    Parameters
    ----------
    comparisons : Comparisons
        The votes; a tie counts half for each.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    DataError
        If `comparisons` is no `Comparisons`, has more than 400 items, or no three items all met.

    References
    ----------
    A. Tversky (1969), Intransitivity of preferences, Psychological Review 76.

    Examples
    --------
    >>> from pluralism import Comparisons, plots
    >>> cycle = Comparisons.from_pairs([("a", "b"), ("b", "c"), ("c", "a")])
    >>> ax = plots.transitivity(cycle)
    >>> [text.get_text() for text in ax.texts]
    ['1 of 1', '1 of 1', '1 of 1']
    """
    votes = as_comparisons("comparisons", comparisons)
    if votes.n_items > _MOST_ITEMS:
        raise DataError(
            f"`comparisons` has {votes.n_items} items; triples of at most {_MOST_ITEMS} are counted"
        )
    counts = axiom_counts(votes)
    if not counts.triples:
        raise DataError(
            "`comparisons`: no three items all met, so there is nothing to be transitive"
        )
    return draw_counts(counts, votes.n_votes, ax)


def draw_counts(counts: AxiomCounts, n_votes: float, ax: Axes | None = None) -> Axes:
    """Draw what `axiom_counts` found, of at least one triple."""
    violations, triples, by_coin = counts
    rate, coin = violations / triples, by_coin / triples
    ax = _style.axes(ax, width=6.4, height=2.7)
    place = np.arange(3)
    ax.barh(place, 100 * rate, height=0.42, color=_style.ACCENT, alpha=0.8, label="observed")
    ax.plot(
        100 * coin, place, "D", markerfacecolor="none", markeredgecolor=_style.SERIES[1][0],
        markeredgewidth=1.5, markersize=7, label="tossing a coin",
    )  # fmt: skip
    limit = 100 * max(float(rate.max()), float(coin.max()), 0.01)
    for row, count in enumerate(violations):
        # Under its bar: beside the hollow mark it would seem to be the coin's.
        ax.annotate(
            f"{int(count):,} of {triples:,}", (0.0, row + 0.28), xytext=(2, -1),
            textcoords="offset points", va="top", fontsize=8, color=_style.INK,
        )  # fmt: skip
    ax.set(ylim=(2.75, -0.6), xlim=(0, 1.08 * limit))
    _style.quiet(ax)
    _style.tick_labels(ax.yaxis, place, AXIOMS, fontsize=9.5)
    _style.legend(ax, columns=2)
    ax.set_xlabel(
        f"triples that break the axiom (%)  ·  {_style.count(n_votes, 'votes')}",
        fontsize=9, color=_style.INK,
    )  # fmt: skip
    return ax


def axiom_counts(votes: Comparisons) -> AxiomCounts:
    """Triples that break each axiom, all triples that met, and how many a coin would break."""
    won = votes.pairwise().values
    total = won + won.T
    found = transitivity_counts(_share(won, total))
    by_coin = _by_coin(total) if found.triples else np.zeros(len(AXIOMS))
    return AxiomCounts(found.violations, int(found.triples), by_coin)


def _share(won: FloatArray, total: FloatArray) -> FloatArray:
    """Share of the votes that each item won, NaN where a pair never met."""
    return np.divide(won, total, out=np.full(won.shape, np.nan), where=total > 0)


def _by_coin(total: FloatArray, draws: int = 200) -> FloatArray:
    """Mean number of violations if every vote were the toss of a coin, (axioms,)."""
    n = len(total)
    random = np.random.default_rng(0)
    upper = np.triu_indices(n, 1)
    size = np.rint(total[upper]).astype(np.int64)
    # Fewer draws suffice where there are many triples to average over.
    draws = max(3, min(draws, 2_000_000 // max(n**3, 1)))
    counts = np.zeros(3)
    for _ in range(draws):
        won = np.zeros_like(total)
        won[upper] = random.binomial(size, 0.5)
        won.T[upper] = size - won[upper]
        counts += transitivity_counts(_share(won, won + won.T)).violations
    return counts / draws


def order_effect(comparisons: Comparisons, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
    """Draw how often each item won when it was shown first, and when it was shown second.

    A line joins the two shares of an item; without an effect of position they differ by chance
    and by who the opponents were. The heading gives the effect that all votes share, in log-odds
    added to the item shown first, fitted beside the utilities.

    Parameters
    ----------
    comparisons : Comparisons
        Votes whose order of presentation is known; a tie counts half for each.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    level : float
        Coverage of the interval for the effect, in (0, 1).

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    DataError
        If `comparisons` is no `Comparisons` or does not know which item was shown first, or
        `level` is not in (0, 1).
    NotIdentifiedError
        If the votes do not determine the utilities; see `utility.fit_bradley_terry`.

    Examples
    --------
    >>> from pluralism import Comparisons, plots
    >>> from pluralism.data import simulate_votes
    >>> votes = simulate_votes(500, items=["a", "b", "c"], order_effect=0.5, seed=1)
    >>> votes = Comparisons.from_frame(votes, first="first", second="second", outcome="outcome")
    >>> plots.order_effect(votes).get_xlabel()
    'share of votes won (%)  ·  3 items  ·  n = 500 votes'
    """
    from ..utility import fit_bradley_terry

    votes = as_comparisons("comparisons", comparisons)
    level = _validate.level("level", level)
    if not votes.order_known:
        raise DataError("`comparisons` does not know which item of a pair was shown first")
    table = fit_bradley_terry(votes, order_effect=True).summary(level=level)
    row = table[table["term"].eq("order_effect") & table["kind"].eq("parameter")]
    effect, lower, upper = row[["estimate", "lower", "upper"]].iloc[0]

    first, second = _won_by_position(votes)
    order = np.argsort(-np.nanmean([first, second], axis=0), kind="stable")
    n = len(order)
    height = 15.0 if n <= 40 else 9.0
    ax = _style.axes(ax, width=6.6, height=1.3 + n * height / _style.POINTS_PER_INCH)
    points = _style.size(ax)[1] * _style.POINTS_PER_INCH / n
    size = float(np.clip(points / 2.6, 1.8, 6.0))
    place = np.arange(n)
    ax.hlines(place, 100 * first[order], 100 * second[order], color=_style.FAINT, linewidth=1.0)
    for values, label, (colour, marker) in (
        (first, "shown first", _style.SERIES[0]),
        (second, "shown second", _style.SERIES[1]),
    ):
        ax.plot(100 * values[order], place, marker, color=colour, markersize=size, label=label)
    ax.axvline(50.0, color=_style.FAINT, linewidth=0.8, zorder=0)
    ax.set_ylim(n - 0.4, -0.6)
    _style.quiet(ax)
    step = _style.labels_that_fit(ax.yaxis, [votes.items[at] for at in order], points)
    bounds = f"{effect:+.3f} (log-odds; {lower:.3f} to {upper:.3f})"
    _style.legend(ax, columns=2)
    ax.get_legend().set_title(
        f"effect of being shown first: {_style.minus(bounds)}", prop={"size": 9}
    )
    ax.get_legend().set_alignment("left")
    ax.get_legend().get_title().set_color(_style.INK)
    thinned = f"\none label in {step} is written" if step > 1 else ""
    basis = f"{n:,} items  ·  {_style.count(votes.n_votes, 'votes')}{thinned}"
    ax.set_xlabel(f"share of votes won (%)  ·  {basis}", fontsize=9, color=_style.INK)
    return ax


def _won_by_position(votes: Comparisons) -> tuple[FloatArray, FloatArray]:
    """Share won by each item when shown first and when shown second; NaN if it never was."""
    n, total, half = votes.n_items, votes.total, 0.5 * votes.tied
    shares = []
    for code, won in ((votes.first, votes.first_won), (votes.second, votes.second_won)):
        shown = np.bincount(code, total, n)
        wins = np.bincount(code, won + half, n)
        shares.append(np.divide(wins, shown, out=np.full(n, np.nan), where=shown > 0))
    return shares[0], shares[1]

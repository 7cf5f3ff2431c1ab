"""Who beats whom, and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from . import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["margin_graph"]

FloatArray = npt.NDArray[np.float64]

_MOST = 16
#: Arrows carry their margins up to so many alternatives.
_WRITTEN = 6


def margin_graph(ballots: Any, ax: Axes | None = None) -> Axes:
    """Draw an arrow from every alternative to those that it beats by a majority.

    Alternatives stand on a circle, clockwise from the top in the order of their Copeland score
    (wins minus losses), so arrows that run counter to the order, drawn dashed in another colour,
    show where a majority contradicts it: there are cycles then. An arrow is the wider the larger
    its margin; pairs that tie have none.

    Parameters
    ----------
    ballots : Ballots, or DataArray or array_like, (alternatives, alternatives)
        Ballots; or pairwise counts, ``[i, j]`` being the votes for i over j.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    DataError
        If there are more than 16 alternatives, or `ballots` is neither.

    Examples
    --------
    >>> from pluralism import Ballots, plots
    >>> cycle = Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[25, 40, 35])
    >>> plots.margin_graph(cycle).get_title(loc="left").splitlines()
    ['no Condorcet winner, 1 of 3 majorities against the order', 'n = 100 ballots']
    """
    labels, margins, n_voters = _of(ballots)
    n = len(labels)
    if n > _MOST:
        raise DataError(
            f"`ballots` has {n} alternatives; at most {_MOST} make a graph that can be read "
            "(restrict it to the leading ones: `ballots.restrict`)"
        )
    beats = margins > 0
    order = np.argsort(-(beats.sum(axis=1) - beats.sum(axis=0)), kind="stable")
    margins, labels = margins[np.ix_(order, order)], [labels[place] for place in order]

    longest = max(len(_style.text_of(label, 24)) for label in labels)
    # Labels of 9 points, two thirds of that wide a letter, beside a circle of 2 inches.
    ax = _style.axes(ax, width=4.6 + 2 * 6.0 * longest / _style.POINTS_PER_INCH, height=5.4)
    ax.set_axis_off()
    angle = 0.5 * np.pi - 2 * np.pi * np.arange(n) / n
    place = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    largest = max(float(margins.max()), 1e-300)
    against = 0
    arrows = np.argwhere(margins > 0)
    for winner, loser in arrows:
        backwards = winner > loser
        against += backwards
        share = margins[winner, loser] / largest
        colour = _style.SERIES[1][0] if backwards else _style.ACCENT
        ax.annotate(
            "", place[loser], place[winner], zorder=2,
            arrowprops={
                "arrowstyle": "-|>", "color": colour, "linewidth": 0.7 + 2.8 * share,
                "shrinkA": 11, "shrinkB": 11, "alpha": 0.85,
                "linestyle": "--" if backwards else "-", "mutation_scale": 11 + 5 * share,
            },
        )  # fmt: skip
    if n <= _WRITTEN:
        for (winner, loser), spot in zip(arrows, _beside(place, arrows), strict=True):
            ax.text(
                *spot, f"{margins[winner, loser]:,.6g}",
                fontsize=8.5, color=_style.INK, zorder=3, ha="center", va="center",
            )  # fmt: skip
    ax.scatter(place[:, 0], place[:, 1], s=60, color=_style.INK, zorder=4)
    for (x, y), label in zip(place, labels, strict=True):
        ax.text(
            1.1 * x, 1.1 * y, _style.text_of(label, 24), fontsize=9, color=_style.INK,
            ha="center" if abs(x) < 0.3 else "left" if x > 0 else "right",
            va="center" if abs(y) < 0.9 else "bottom" if y > 0 else "top", parse_math=False,
        )  # fmt: skip
    reach = 1.1 / (1.0 - min(0.6, 2 * 6.0 * longest / (_style.size(ax)[0] * 72.0)))
    ax.set(xlim=(-reach, reach), ylim=(-1.25, 1.25), aspect="equal")
    won = int((margins[0] > 0).sum()) == n - 1
    head = f"{_style.text_of(labels[0], 24)} beats every other" if won else "no Condorcet winner"
    majorities = int((margins > 0).sum())
    _style.caption(
        ax,
        f"{head}, {against} of {majorities} majorities against the order\n"
        + (_style.count(n_voters, "ballots") if n_voters else "margins as given"),
    )
    return ax


def _beside(place: FloatArray, arrows: npt.NDArray[np.intp]) -> list[FloatArray]:
    """Where the number of each arrow stands: beside it, and far from other arrows and numbers."""
    starts, ends = place[arrows[:, 0]], place[arrows[:, 1]]
    spots: list[FloatArray] = []
    for at, (start, end) in enumerate(zip(starts, ends, strict=True)):
        along = end - start
        aside = np.array([-along[1], along[0]]) / np.hypot(*along)
        share = np.linspace(0.2, 0.8, 25)[:, None]
        line = start + share * along
        free = np.concatenate([line + 0.075 * aside, line - 0.075 * aside])  # (candidates, 2)
        gap = _distance(free, np.delete(starts, at, 0), np.delete(ends, at, 0))
        for spot in spots:
            gap = np.minimum(gap, 0.5 * np.hypot(*(free - spot).T))
        # Near the middle of its own arrow where that is as free as elsewhere.
        middle = np.abs(np.concatenate([share, share])[:, 0] - 0.5)
        spots.append(free[int(np.argmax(np.minimum(gap, 0.11) - 0.02 * middle))])
    return spots


def _distance(points: FloatArray, starts: FloatArray, ends: FloatArray) -> FloatArray:
    """Distance of every point from the nearest of some line segments, (points,)."""
    if not len(starts):
        return np.full(len(points), np.inf)
    along = ends - starts
    offset = points[:, None] - starts  # (points, segments, 2)
    share = np.clip((offset * along).sum(-1) / (along**2).sum(-1), 0.0, 1.0)[..., None]
    return np.asarray(np.linalg.norm(offset - share * along, axis=-1).min(axis=1))


def _of(ballots: Any) -> tuple[list[Any], FloatArray, float]:
    from ..data import Ballots

    if isinstance(ballots, Ballots):
        return list(ballots.alternatives), ballots.margins().values, ballots.n_voters
    try:
        counts = np.asarray(ballots, dtype=np.float64)
    except (TypeError, ValueError):
        counts = np.zeros(0)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not np.isfinite(counts).all():
        raise DataError(
            f"`ballots` is a {type(ballots).__name__}; it must be a `Ballots` or a square table of "
            "finite pairwise counts"
        )
    dims = getattr(ballots, "dims", ())
    labels: list[Any] = list(range(len(counts)))
    if dims and dims[0] in ballots.coords:
        labels = ballots[dims[0]].values.tolist()
    elif hasattr(ballots, "index") and hasattr(ballots, "columns"):
        labels = list(ballots.index)
    return labels, counts - counts.T, 0.0

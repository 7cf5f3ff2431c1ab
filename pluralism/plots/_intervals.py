"""Utilities with their intervals, sorted, from a handful of items to some hundreds."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _style
from ._input import as_fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = npt.NDArray[np.float64]

__all__ = ["utilities"]

#: Height of a row in points below which labels no longer fit under each other at the axis, and
#: are written at their intervals instead, in turn left and right.
_TIGHT_ROW = 8.0
_SMALLEST_FONT = 4.5


def utilities(fit: Any, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
    """Draw utilities with pointwise intervals, the best on top.

    Up to about eighty items each label stands at the axis; above that it stands at its interval,
    in turn left and right, so that two hundred stay legible. Where an axes of your own leaves too
    little room, every second (third, ...) label is written and the axis says so.

    Parameters
    ----------
    fit : UtilityFit
        The fit.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure that is tall enough for all labels.
    level : float
        Coverage of the intervals, in (0, 1). They hold for one item at a time: whether two items
        differ is asked of `fit.contrast`, and ranks of `fit.rank_intervals`.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    DataError
        If `fit` has no labelled utilities, or `level` is not in (0, 1).

    Examples
    --------
    >>> from pluralism import Comparisons, plots, utility
    >>> votes = Comparisons.from_matrix([[0, 6, 8], [4, 0, 7], [2, 3, 0]], items=["a", "b", "c"])
    >>> ax = plots.utilities(utility.fit_bradley_terry(votes))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['a', 'b', 'c']
    """
    table = as_fit("fit", fit).summary(level=level)
    table = table[table["kind"] == "item"].sort_values("estimate", ascending=False, kind="stable")
    estimate = table["estimate"].to_numpy(dtype=np.float64)
    bounds = table[["lower", "upper"]].to_numpy(dtype=np.float64)
    labels: list[Hashable] = table["term"].tolist()
    n = len(labels)

    ax = _style.axes(ax, width=7.2, height=_height(n))
    row = np.arange(n)
    ax.set_ylim(n - 0.4, -0.6)
    ax.axvline(0.0, color=_style.FAINT, linewidth=0.8, zorder=1)
    points = _style.size(ax)[1] * _style.POINTS_PER_INCH / n
    ax.hlines(
        row, bounds[:, 0], bounds[:, 1],
        color=_style.ACCENT, linewidth=float(np.clip(points / 5, 0.8, 2.6)), alpha=0.55, zorder=2,
    )  # fmt: skip
    ax.plot(
        estimate, row,
        "o", color=_style.ACCENT, markersize=float(np.clip(points / 2.6, 1.8, 6.0)), zorder=3,
    )  # fmt: skip
    _style.quiet(ax)
    if points >= _TIGHT_ROW:
        _style.tick_labels(ax.yaxis, row, labels, fontsize=min(9.5, 0.8 * points))
        thinned = 1
    else:
        thinned = _label_in_turn(ax, points, bounds, labels)
    ax.set_xlabel(_caption(fit, level, n, thinned), fontsize=9, color=_style.INK)
    return ax


def _height(n: int) -> float:
    """Inches that a new figure needs: rows get narrower as there are more, then labels move."""
    row = 21.0 if n <= 12 else 14.0 if n <= 40 else 10.5 if n <= 80 else 5.2
    return 0.9 + n * row / _style.POINTS_PER_INCH


def _label_in_turn(ax: Axes, points: float, bounds: FloatArray, labels: Sequence[Hashable]) -> int:
    """Write labels next to their intervals; return every how many-th there was room for."""
    ax.set_yticks([])
    # Neighbours on one side are two rows apart.
    step = max(1, int(np.ceil(_SMALLEST_FONT / (0.84 * 2 * points))))
    font = min(8.0, 0.84 * 2 * points * step)
    span = float(bounds[:, 1].max() - bounds[:, 0].min()) or 1.0
    longest = max(len(_style.text_of(label, 28)) for label in labels[::step])
    width = _style.size(ax)[0] * _style.POINTS_PER_INCH
    room = min(0.3, 0.62 * font * longest / width) * span
    ax.set_xlim(bounds[:, 0].min() - room - 0.02 * span, bounds[:, 1].max() + room + 0.02 * span)
    for turn, place in enumerate(range(0, len(labels), step)):
        right = turn % 2 == 1
        ax.annotate(
            _style.text_of(labels[place], 28), (bounds[place, int(right)], place),
            xytext=(3 if right else -3, 0), textcoords="offset points", fontsize=font,
            color=_style.INK, ha="left" if right else "right", va="center", parse_math=False,
        )  # fmt: skip
    return step


def _caption(fit: Any, level: float, n: int, thinned: int) -> str:
    """Write units, reference, what the bars are, and how many votes they rest on."""
    units = getattr(fit, "units", None) or fit.utility.attrs.get("units", "")
    reference = getattr(fit, "reference", "mean")
    zero = "0 = mean of the items" if reference == "mean" else f"0 = {_style.text_of(reference)}"
    parts = [f"utility ({units}; {zero})" if units else f"utility ({zero})"]
    bars = f"bars: pointwise {100 * level:g}% intervals"
    votes = getattr(fit, "n_votes", None)
    parts.append(
        "  ·  ".join([bars, f"{n:,} items", *([_style.count(votes, "votes")] if votes else [])])
    )
    if thinned > 1:
        parts.append(f"one label in {thinned} is written")
    return "\n".join(parts).replace("$", r"\$")

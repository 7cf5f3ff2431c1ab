"""Systems that trade one objective for another."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from . import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = npt.NDArray[np.float64]

__all__ = ["pareto_front"]

#: Above so many systems only those on the front have a name.
_MOST_NAMED = 30


def pareto_front(
    points: Any, ax: Axes | None = None, *, maximize: Any = True, replicates: Any = None
) -> Axes:
    """Draw systems by two objectives, those that no other dominates joined by a step.

    Below the step (above it, where less is better) lies what is dominated. With bootstrap
    replicates, the label of a system says how often it is on the front.

    Parameters
    ----------
    points : frame or array-like, (systems, 2)
        Scores of each system on two objectives.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    maximize, replicates
        As in `scores.pareto_front`.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    DataError
        If there are not two objectives; also as `scores.pareto_front`.

    Examples
    --------
    >>> import pandas as pd
    >>> from pluralism import plots
    >>> systems = pd.DataFrame({"help": [3, 2, 1], "harm": [9, 2, 5]}, index=["a", "b", "c"])
    >>> ax = plots.pareto_front(systems, maximize={"help": True, "harm": False})
    >>> ax.get_title(loc="left")
    '2 of 3 systems on the front'
    """
    from ..scores import _inputs
    from ..scores import pareto_front as find

    values, names, objectives = _inputs.table("points", points)
    if len(objectives) != 2:
        raise DataError(f"`points` has {len(objectives)} objectives; a plane shows two")
    found = find(points, maximize=maximize, replicates=replicates)
    sign = _inputs.directions("maximize", maximize, objectives)
    on = found.mask.values

    ax = _style.axes(ax, width=6.2, height=4.6)
    # From worst to best on the first objective; the front falls on the second.
    edge = values[on][np.argsort(sign[0] * values[on][:, 0], kind="stable")]
    ax.step(
        edge[:, 0], edge[:, 1], where="pre", color=_style.ACCENT, linewidth=1.2, alpha=0.6, zorder=1
    )
    for chosen, label, colour, marker, face in (
        (on, "on the front", _style.ACCENT, "o", _style.ACCENT),
        (~on, "dominated", _style.FAINT, "s", "none"),
    ):
        ax.scatter(
            values[chosen, 0], values[chosen, 1], s=42, marker=marker, facecolors=face,
            edgecolors=colour, linewidths=1.3, label=label, zorder=3,
        )  # fmt: skip
    _style.quiet(ax, both=True)
    ax.margins(0.12)
    for axis, name, direction in (
        (ax.xaxis, objectives[0], sign[0]),
        (ax.yaxis, objectives[1], sign[1]),
    ):
        axis.set_label_text(
            f"{_style.text_of(name)} ({'more' if direction > 0 else 'less'} is better)",
            fontsize=9, color=_style.INK, parse_math=False,
        )  # fmt: skip
    ax.legend(loc="best", frameon=False, fontsize=8.5, labelcolor=_style.INK)
    texts = [_style.text_of(name, 24) for name in names]
    if found.probability is not None:
        texts = [
            f"{text} ({100 * float(share):.0f}%)"
            for text, share in zip(texts, found.probability.values, strict=True)
        ]
    unnamed = _name(ax, values, texts, on, edge)
    n = f"{int(on.sum())} of {len(names)} systems on the front"
    if unnamed:
        n += f"; {unnamed} without room for a name"
    if replicates is not None:
        n += f"\nin brackets: share of {len(replicates):,} replicates"
    _style.caption(ax, n)
    return ax


#: Letters of so many points, of this width and height; how far from its mark a name stands.
_LETTER, _WIDE, _HIGH, _OFF = 8.5, 5.0, 10.0, 6.0


def _name(
    ax: Axes, values: FloatArray, texts: list[str], on: npt.NDArray[np.bool_], edge: FloatArray
) -> int:
    """Write names beside their marks, the front first, where nothing else stands.

    Returns how many had no room: names over each other could not be read.
    """
    ax.autoscale_view()
    root = _style.root_figure(ax)
    root.draw_without_rendering()
    points = ax.transData.transform(values) * _style.POINTS_PER_INCH / root.dpi  # (systems, 2)
    window = ax.get_window_extent().transformed(root.dpi_scale_trans.inverted())
    bounds = np.array(window.get_points()) * _style.POINTS_PER_INCH  # ((x0, y0), (x1, y1))
    taken = [np.array([[x - 4, y - 4], [x + 4, y + 4]]) for x, y in points]
    corners = ax.transData.transform(edge) * _style.POINTS_PER_INCH / root.dpi
    for (x, y), (x_next, y_next) in pairwise(corners):
        # The step runs upright first.
        taken.append(np.array([[x - 1, min(y, y_next)], [x + 1, max(y, y_next)]]))
        taken.append(np.array([[min(x, x_next), y_next - 1], [max(x, x_next), y_next + 1]]))
    legend = ax.get_legend()
    if legend is not None:
        box = legend.get_window_extent().transformed(root.dpi_scale_trans.inverted())
        taken.append(np.array(box.get_points()) * _style.POINTS_PER_INCH)
    unnamed = 0
    for place in np.argsort(~on, kind="stable"):
        if len(texts) > _MOST_NAMED and not on[place]:
            unnamed += 1
            continue
        size = np.array([_WIDE * len(texts[place]), _HIGH])
        spots = [
            (points[place] + np.array([dx, dy]) + size * np.array([sx, sy]), sx, (dx, dy))
            for dx, dy, sx, sy in (
                (_OFF, 0, 0, -0.5), (-_OFF, 0, -1, -0.5), (_OFF, _OFF, 0, 0), (_OFF, -_OFF, 0, -1),
                (-_OFF, _OFF, -1, 0), (-_OFF, -_OFF, -1, -1), (0, _OFF, -0.5, 0),
                (0, -_OFF, -0.5, -1),
            )
        ]  # fmt: skip
        free = [
            (corner, side, offset)
            for corner, side, offset in spots
            if (corner >= bounds[0]).all()
            and (corner + size <= bounds[1]).all()
            and not any(_meet(corner, corner + size, box) for box in taken)
        ]
        if not free and not on[place]:
            unnamed += 1
            continue
        # A system on the front has its name whatever stands there.
        corner, side, (dx, dy) = (free or spots)[0]
        taken.append(np.array([corner, corner + size]))
        ax.annotate(
            texts[place], values[place], xytext=(dx, dy), textcoords="offset points",
            fontsize=_LETTER, color=_style.INK if on[place] else _style.FAINT, parse_math=False,
            ha="left" if side == 0 else "right" if side == -1 else "center",
            va="center" if dy == 0 else "bottom" if dy > 0 else "top",
        )  # fmt: skip
    return unnamed


def _meet(low: FloatArray, high: FloatArray, box: FloatArray) -> bool:
    return bool((low < box[1]).all() and (high > box[0]).all())

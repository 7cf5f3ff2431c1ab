"""Systems that trade one objective for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from . import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["pareto_front"]


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
    for place, name in enumerate(names):
        if len(names) > 30 and not on[place]:
            continue
        text = _style.text_of(name, 24)
        if found.probability is not None:
            text += f" ({100 * float(found.probability[place]):.0f}%)"
        ax.annotate(
            text, values[place], xytext=(6, 5), textcoords="offset points", fontsize=8.5,
            color=_style.INK if on[place] else _style.FAINT, parse_math=False,
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
    n = f"{int(on.sum())} of {len(names)} systems on the front"
    if replicates is not None:
        n += f"\nin brackets: share of {len(replicates):,} replicates"
    _style.caption(ax, n)
    return ax

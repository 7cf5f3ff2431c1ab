"""Whether what was predicted is what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DataError
from . import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["reliability_diagram"]

_COLUMNS = ("left", "right", "count", "predicted", "observed", "lower", "upper")


def reliability_diagram(table: Any, ax: Axes | None = None) -> Axes:
    """Draw observed rates over predicted probabilities, with consistency bands.

    Points within their bar are what a calibrated predictor would show with so few items;
    the diagonal is perfect calibration. The size of a point follows the items in its bin.

    Parameters
    ----------
    table : pandas.DataFrame
        What `jury.reliability_table` returns.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    DataError
        If `table` has not the columns of a reliability table, or no row.

    Examples
    --------
    >>> from pluralism import plots
    >>> from pluralism.jury import reliability_table
    >>> table = reliability_table([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0], seed=0)
    >>> plots.reliability_diagram(table).get_title(loc="left")
    '2 bins  ·  n = 4 items'
    """
    missing = [name for name in _COLUMNS if name not in getattr(table, "columns", ())]
    if missing or not len(table):
        raise DataError(
            f"`table` has no {'rows' if not missing else f'column {missing[0]!r}'}; it must be "
            "what `jury.reliability_table` returns"
        )
    ax = _style.axes(ax, width=4.8, height=4.8)
    ax.plot([0, 1], [0, 1], color=_style.FAINT, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
    ax.vlines(
        table["predicted"], table["lower"], table["upper"],
        color=_style.RULE, linewidth=7, zorder=2, label="where a calibrated predictor lies",
    )  # fmt: skip
    share = table["count"] / table["count"].max()
    ax.plot(table["predicted"], table["observed"], color=_style.ACCENT, linewidth=1.0, zorder=3)
    ax.scatter(
        table["predicted"], table["observed"], s=18 + 90 * share, color=_style.ACCENT, zorder=4,
        label="observed (size: items in the bin)",
    )  # fmt: skip
    _style.quiet(ax, both=True)
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    ax.set_xlabel("predicted probability", fontsize=9, color=_style.INK)
    ax.set_ylabel("observed rate", fontsize=9, color=_style.INK)
    ax.legend(loc="upper left", frameon=False, fontsize=8.5, labelcolor=_style.INK)
    n = int(table["count"].sum())
    _style.caption(ax, f"{len(table)} bins  ·  {_style.count(n, 'items')}")
    return ax

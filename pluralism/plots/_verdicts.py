"""How a verdict depends on who sits on the jury."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from ..errors import DataError, PluralismError
from . import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..data import Annotations

__all__ = ["verdict_by_composition"]


def verdict_by_composition(
    annotations: Annotations,
    ax: Axes | None = None,
    *,
    positive: Any,
    groups: Sequence[Hashable],
    seats: int = 5,
    group: str | None = None,
    threshold: Any = "majority",
) -> Axes:
    """Draw the probability of a positive verdict as seats pass from one group to another.

    The line is the mean over items, the band holds the middle half of them; only items that
    enough raters of both groups rated for every composition count, and the note says how many.

    Parameters
    ----------
    annotations : Annotations
        Labels with raters and their groups.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    positive : label or set of labels
        The labels that are a positive vote.
    groups : sequence of two labels
        The groups that share the seats.
    seats : int
        Size of the jury.
    group, threshold
        As in `jury.verdict_probability`.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    DataError
        If there are not two groups, or no item has enough raters; also as
        `jury.verdict_probability`.
    LabelError
        If a group, or a positive label, is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> from pluralism import Annotations, plots
    >>> table = pd.DataFrame(
    ...     [(i, r, "yes" if (r < 3) == (i < 2) else "no") for i in range(4) for r in range(6)],
    ...     columns=["item", "rater", "label"],
    ... )
    >>> table["side"] = ["left" if rater < 3 else "right" for rater in table["rater"]]
    >>> ratings = Annotations.from_frame(
    ...     table, item="item", rater="rater", label="label", group="side"
    ... )
    >>> ax = plots.verdict_by_composition(
    ...     ratings, positive="yes", groups=("left", "right"), seats=3
    ... )
    >>> ax.get_title(loc="left")
    '3 seats  ·  n = 4 of 4 items'
    """
    from ..jury import verdict_probability

    if isinstance(groups, str) or len(groups) != 2 or groups[0] == groups[1]:
        raise DataError(f"`groups` is {groups!r}; name the two groups that share the seats")
    seats = _validate.whole_number("seats", seats, at_least=1)
    one, other = groups
    rows = []
    for taken in range(seats + 1):
        composition = {one: seats - taken, other: taken}
        try:
            found = verdict_probability(
                annotations, composition={k: v for k, v in composition.items() if v},
                positive=positive, threshold=threshold, group=group,
            )  # fmt: skip
        except PluralismError as error:
            raise type(error)(f"with {composition}: {error}") from error
        rows.append(found.values)
    table = np.array(rows)  # (compositions, items)
    table = table[:, np.isfinite(table).all(axis=0)]
    if not table.shape[1]:
        raise DataError(
            f"no item has {seats} raters of both {one!r} and {other!r}; take fewer `seats`"
        )
    place = np.arange(seats + 1)
    low, high = np.quantile(table, [0.25, 0.75], axis=1)

    ax = _style.axes(ax, width=6.2, height=3.8)
    ax.fill_between(
        place, low, high, color=_style.ACCENT, alpha=0.18, linewidth=0, label="middle half of items"
    )
    ax.plot(
        place, table.mean(axis=1), "o-", color=_style.ACCENT, linewidth=1.6, markersize=5,
        label="mean over items",
    )  # fmt: skip
    _style.quiet(ax, both=True)
    ax.set(ylim=(-0.03, 1.03), xlim=(-0.2, seats + 0.2))
    _style.tick_labels(ax.xaxis, place, [f"{seats - k} : {k}" for k in place], fontsize=9)
    ax.set_xlabel(
        f"seats of {_style.text_of(one, 20)} : seats of {_style.text_of(other, 20)}",
        fontsize=9, color=_style.INK, parse_math=False,
    )  # fmt: skip
    ax.set_ylabel("probability of a positive verdict", fontsize=9, color=_style.INK)
    ax.legend(loc="best", frameon=False, fontsize=8.5, labelcolor=_style.INK)
    n = f"n = {table.shape[1]:,} of {annotations.n_items:,} items"
    _style.caption(ax, f"{seats} seats  ·  {n}")
    return ax

"""What the figures share: ink, sizes, and labels that are shown as they are written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from .._lazy import needed
from ..errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Ink of text and axes, of secondary text, of rules, of bands, and the colour of estimates. In
#: greyscale they keep their order; a report replaces them by its own (see `pluralism.report`).
INK = "#1b1f24"
FAINT = "#6a737d"
RULE = "#c9d1d9"
BAND = "#f3f5f7"
ACCENT = "#0a5a9c"

#: Distinct in colour vision deficiencies and in lightness (Okabe and Ito 2008, darkened), each with
#: a marker of its own, so that the colour is never the only difference.
SERIES = (
    (ACCENT, "o"),
    ("#b8500b", "s"),
    ("#00775a", "^"),
    ("#8f3f71", "D"),
    ("#5c5c5c", "v"),
)

LABEL_LENGTH = 42
POINTS_PER_INCH = 72.0


def axes(ax: Axes | None, *, width: float, height: float, layout: str = "constrained") -> Axes:
    """Return `ax`, or the axes of a new figure of `width` x `height` inches."""
    if ax is not None:
        root_figure(ax)
        return ax
    plt = needed("matplotlib.pyplot", extra="plots", purpose="a figure")
    return plt.subplots(figsize=(width, height), layout=layout)[1]


def size(ax: Axes) -> tuple[float, float]:
    """Width and height of an axes in inches."""
    box = ax.get_window_extent()
    dpi = root_figure(ax).dpi
    return box.width / dpi, box.height / dpi


def root_figure(ax: Axes) -> Figure:
    """Return the figure, not a sub-figure, that an axes is in."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise DataError("`ax` is in no figure; it was removed from its own")
    return figure


def text_of(label: Hashable, limit: int = LABEL_LENGTH) -> str:
    """Write a label on one line and, if need be, shortened; control characters become spaces."""
    text = "".join(
        " " if unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} else letter
        for letter in str(label)
    )
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def tick_labels(axis: Any, places: Any, labels: Any, **style: Any) -> None:
    """Label an axis literally: a dollar sign in a label is no formula."""
    axis.set_ticks(places, labels=[text_of(label) for label in labels])
    for text in axis.get_ticklabels():
        text.set(parse_math=False, **style)


def labels_that_fit(
    axis: Any, labels: Any, points: float, *, largest: float = 9.5, smallest: float = 5.0
) -> int:
    """Write as many labels as can be read, `points` apart; returns that one in so many is there."""
    step = max(1, int(np.ceil(smallest / (0.8 * points))))
    shown = range(0, len(labels), step)
    size = min(largest, 0.8 * points * step)
    tick_labels(axis, shown, [labels[place] for place in shown], fontsize=size)
    return step


def quiet(ax: Axes, *, both: bool = False) -> None:
    """Keep the axis that carries the numbers (or both), and drop the box around the data."""
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(RULE)
    ax.tick_params(colors=INK, labelsize=9, length=0)
    ax.set_axisbelow(True)
    ax.grid(axis="both" if both else "x", color=RULE, linewidth=0.6)


def count(n: float, noun: str) -> str:
    """Write ``n = 8,931 votes``."""
    return f"n = {n:,.6g} {noun}" if n != int(n) else f"n = {int(n):,} {noun}"


def legend(ax: Axes, *, columns: int = 1, title: str | None = None) -> None:
    """Name the series under the axes' title, literally: a dollar sign is no formula.

    In as many columns as the axes are wide, up to `columns`.
    """
    longest = max(len(str(label)) for label in ax.get_legend_handles_labels()[1])
    # Letters of 8.5 points, their marks and gaps.
    columns = max(1, min(columns, int(size(ax)[0] * POINTS_PER_INCH // (5.0 * longest + 36.0))))
    drawn = ax.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, frameon=False, fontsize=8.5,
        labelcolor=INK, handletextpad=0.3, borderaxespad=0.2, title=title,
    )  # fmt: skip
    for text in drawn.get_texts():
        text.set_parse_math(False)
    # A layout engine of the user's figure makes room for it; without one it may stand outside.


def minus(text: str) -> str:
    """Write the signs of numbers, and no hyphen of a word, as true minuses."""
    return re.sub(r"(?<!\w)-(?=[\d.])", "−", text)


def caption(ax: Axes, text: str) -> None:
    """Write what the figure rests on above it, at the left."""
    ax.set_title(text, loc="left", fontsize=9, color=INK, parse_math=False)


def matrix(
    ax: Axes | None, table: Any, rows: Any, columns: Any, *, low: float, high: float, meaning: str,
    written: str | None = None, cell: float = 0.62, aspect: str = "equal",
) -> Axes:  # fmt: skip
    """Draw a labelled table as shades that get lighter monotonically, numbers written in."""
    n, m = table.shape
    longest = max(len(text_of(label, 24)) for label in rows)
    size = (float(np.clip(cell * m, 2.8, 7.6)), float(np.clip(cell * n, 1.8, 7.6)))
    ax = axes(ax, width=size[0] + 1.8 + 0.055 * longest, height=size[1] + 1.6, layout="compressed")
    image = ax.imshow(
        table, cmap="cividis", vmin=low, vmax=high, interpolation="nearest", aspect=aspect
    )
    ax.tick_params(length=0, colors=INK)
    for spine in ax.spines.values():
        spine.set_visible(False)
    for axis, labels in ((ax.xaxis, columns), (ax.yaxis, rows)):
        tick_labels(
            axis, range(len(labels)), [text_of(label, 24) for label in labels], fontsize=8.5
        )
    if max(len(text_of(label, 24)) for label in columns) > 4:
        for tick in ax.get_xticklabels():
            tick.set(rotation=45, ha="right", rotation_mode="anchor")
    if written is not None:
        middle = low + 0.55 * (high - low)
        for (row, column), value in np.ndenumerate(table):
            if np.isfinite(value):
                ax.text(
                    column, row, minus(format(value, written)), fontsize=8,
                    color="white" if value < middle else "black", ha="center", va="center",
                )  # fmt: skip
    bar = root_figure(ax).colorbar(image, ax=ax, shrink=0.8, aspect=24, pad=0.02)
    bar.set_label(meaning, fontsize=9, color=INK)
    bar.ax.tick_params(labelsize=8, colors=INK, length=0)
    bar.outline.set_visible(False)
    return ax

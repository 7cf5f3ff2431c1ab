"""Which items were compared with which, and how often."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..data import Comparisons

FloatArray = npt.NDArray[np.float64]

__all__ = ["comparison_graph"]

_LABEL_LENGTH = 34
#: Up to this many items labels lie flat; above, they follow the radius.
_FLAT = 16
#: Lines come in so many widths.
_WIDTHS = 12


def comparison_graph(comparisons: Comparisons, ax: Axes | None = None) -> Axes:
    """Draw the items on a circle, joined where they were compared.

    A line is the wider and darker the more votes a pair got. Items that are compared with the
    same others stand near each other; parts that no vote connects stand apart, in colours and
    markers of their own, and the note says how many there are: utilities can be compared within
    a part only.

    Parameters
    ----------
    comparisons : Comparisons
        The votes.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    DataError
        If `comparisons` is no `Comparisons`.

    Examples
    --------
    >>> from pluralism import Comparisons
    >>> from pluralism.plots import comparison_graph
    >>> votes = Comparisons.from_pairs([("a", "b"), ("b", "c"), ("d", "e")])
    >>> comparison_graph(votes).get_title(loc="left")
    '2 parts that no vote connects, 5 items, 3 of 10 pairs compared, n = 3 votes'
    """
    from ._input import as_comparisons

    votes = as_comparisons("comparisons", comparisons)
    pairs, weight = _edges(votes)  # (edges, 2), (edges,)
    part, order = _layout(pairs, weight, votes.n_items)
    place = _circle(part[order])[np.argsort(order)]  # (items, 2)

    font = 9.0 if votes.n_items <= 40 else max(4.5, min(9.0, 1150.0 / votes.n_items))
    width = _style.size(ax)[0] if ax is not None else _room(votes.items, font)
    reach = _reach(votes.items, font, width)
    # Labels of few items lie flat and need room at the sides only.
    height = reach if votes.n_items > _FLAT else 1.2
    ax = _style.axes(ax, width=width, height=width * height / reach + 0.8)
    ax.set_axis_off()
    _draw_edges(ax, place[pairs], weight)
    _draw_nodes(ax, place, part)
    _draw_labels(ax, place, votes.items, font)
    ax.set(xlim=(-reach, reach), ylim=(-height, height), aspect="equal")
    ax.set_title(
        _heading(part, len(pairs), votes.n_votes), loc="left", fontsize=9, pad=12, color=_style.INK
    )
    return ax


def _edges(votes: Comparisons) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Pairs that were compared, in either order, and the votes on each."""
    low = np.minimum(votes.first, votes.second).astype(np.int64)
    high = np.maximum(votes.first, votes.second)
    key, inverse = np.unique(low * votes.n_items + high, return_inverse=True)
    weight = np.bincount(inverse, weights=votes.total, minlength=len(key)).astype(np.float64)
    pairs = np.stack(np.divmod(key, votes.n_items), axis=1).astype(np.intp)
    return pairs[weight > 0], weight[weight > 0]


def _layout(
    pairs: npt.NDArray[np.intp], weight: FloatArray, n_items: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
    """Part of each item (0 is the largest), and items in drawing order.

    Within a part the order follows the eigenvector of the second smallest eigenvalue of the
    graph's Laplacian, so that items compared with the same others are neighbours.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    ends = (np.concatenate([pairs[:, 0], pairs[:, 1]]), np.concatenate([pairs[:, 1], pairs[:, 0]]))
    graph = csr_array((np.tile(weight, 2), ends), shape=(n_items, n_items))
    n_parts, raw = connected_components(graph, directed=False)
    by_size = np.argsort(-np.bincount(raw, minlength=n_parts), kind="stable")
    part = np.argsort(by_size)[raw].astype(np.int32)
    order = []
    for current in range(n_parts):
        members = np.flatnonzero(part == current)
        if 3 < len(members) <= 2000:
            links = graph[members][:, members].toarray()
            laplacian = np.diag(links.sum(axis=1)) - links
            vector = np.linalg.eigh(laplacian)[1][:, 1]
            members = members[np.argsort(vector, kind="stable")]
        order.append(members)
    return part, np.concatenate(order)


def _circle(part: npt.NDArray[np.int32]) -> FloatArray:
    """Places on the unit circle, clockwise from the top, with a gap between parts."""
    gap = np.concatenate([[0.0], np.cumsum(np.diff(part) != 0)])
    n_parts = int(part.max()) + 1
    step = 2 * np.pi / (len(part) + (n_parts if n_parts > 1 else 0))
    angle = np.pi / 2 - step * (np.arange(len(part)) + gap)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _draw_edges(ax: Axes, segments: FloatArray, weight: FloatArray) -> None:
    """Draw lines in classes of about equal weight, each class as one path.

    Thousands of lines are a few paths then, quick to draw and small to store; and lines of one
    class that cross do not darken each other.
    """
    from matplotlib.collections import PathCollection
    from matplotlib.lines import Line2D
    from matplotlib.path import Path

    share = np.sqrt(weight / weight.max())
    step = np.minimum((share * _WIDTHS).astype(np.int64), _WIDTHS - 1)
    classes = np.unique(step)
    paths = []
    for at in classes:
        ends = segments[step == at].reshape(-1, 2)
        paths.append(Path(ends, np.tile((Path.MOVETO, Path.LINETO), len(ends) // 2)))
    middle = np.array([share[step == at].mean() for at in classes])
    # Many lines over each other would be a black disc: the more there are, the fainter each.
    strength = min(1.0, 12.0 / np.sqrt(len(weight)))
    lines = PathCollection(
        paths, facecolors="none", edgecolors=_style.FAINT, linewidths=_width(middle),
        alpha=np.clip(strength * (0.15 + 0.65 * middle), 0.03, 1.0), zorder=1,
    )  # fmt: skip
    ax.add_collection(lines)
    shown = sorted({float(weight.max()), float(np.median(weight)), float(weight.min())})
    handles = [
        Line2D(
            [], [], color=_style.FAINT, linewidth=_width(np.sqrt(value / weight.max())),
            label=f"{value:,.4g}",
        )
        for value in shown
    ]  # fmt: skip
    ax.legend(
        handles=handles, title="votes on a pair", loc="upper center", bbox_to_anchor=(0.5, 0.0),
        ncols=len(handles), frameon=False, fontsize=8, title_fontsize=8, labelcolor=_style.INK,
    ).get_title().set_color(_style.INK)  # fmt: skip


def _width(share: Any) -> Any:
    """Line width in points for the root of the share of the most votes that a pair got."""
    return 0.4 + 2.6 * share


def _draw_nodes(ax: Axes, place: FloatArray, part: npt.NDArray[np.int32]) -> None:
    marker_size = 34 if len(part) <= 60 else 10
    for current in range(int(part.max()) + 1):
        colour, marker = _style.SERIES[min(current, len(_style.SERIES) - 1)]
        members = place[part == current]
        ax.scatter(
            members[:, 0], members[:, 1], s=marker_size, c=colour, marker=marker, zorder=2,
            linewidths=0.5, edgecolors="white",
        )  # fmt: skip


def _room(items: Sequence[Hashable], font: float) -> float:
    """Width in inches at which labels do not run into each other on the circle."""
    if len(items) <= _FLAT:
        return 5.8
    longest = max(len(_style.text_of(label, _LABEL_LENGTH)) for label in items)
    inch = font / _style.POINTS_PER_INCH
    radius = max(1.6, 1.25 * inch * len(items) / (2 * np.pi * 1.05))
    return float(min(2 * (1.08 * radius + 0.6 * inch * longest), 11.0))


def _reach(items: Sequence[Hashable], font: float, width: float) -> float:
    """Half-width of the axes, in radii of the circle, that leaves room for the labels."""
    longest = max(len(_style.text_of(label, _LABEL_LENGTH)) for label in items)
    # A label of length l in an axes of width w takes the share 2 l / w of the reach.
    share = 2 * 0.6 * font * longest / (width * _style.POINTS_PER_INCH)
    return 1.08 / (1.0 - min(share, 0.6))


def _draw_labels(ax: Axes, place: FloatArray, items: Sequence[Hashable], font: float) -> None:
    """Write every label outwards, the right way up."""
    flat = len(items) <= _FLAT
    for (x, y), label in zip(place, items, strict=True):
        angle = np.degrees(np.arctan2(y, x))
        flipped = abs(angle) > 90.5
        above = flat and abs(x) < 0.1
        ax.text(
            1.05 * x, 1.05 * y + (0.05 * y if above else 0.0),
            _style.text_of(label, _LABEL_LENGTH), fontsize=font, color=_style.INK,
            rotation=0.0 if flat else angle - 180.0 if flipped else angle,
            rotation_mode="anchor", ha="center" if above else "right" if flipped else "left",
            va="center", parse_math=False,
        )  # fmt: skip


def _heading(part: npt.NDArray[np.int32], n_pairs: int, n_votes: int) -> str:
    n = len(part)
    n_parts = int(part.max()) + 1
    connected = "connected" if n_parts == 1 else f"{n_parts} parts that no vote connects"
    pairs = f"{n_pairs:,} of {n * (n - 1) // 2:,} pairs compared"
    return f"{connected}, {n:,} items, {pairs}, {_style.count(n_votes, 'votes')}"

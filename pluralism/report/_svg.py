"""Figures as inline SVG: in the page's own font and ink, with a text alternative, without links."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import _quiet
from ..plots import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Figure", "draw"]

#: Inks of the figures -> custom properties of the page, so that they follow its light or dark mode.
_INKS = {
    _style.INK: "var(--ink)",
    _style.FAINT: "var(--faint)",
    _style.RULE: "var(--rule)",
    _style.ACCENT: "var(--accent)",
    **{
        colour: f"var(--series-{place})" for place, (colour, _) in enumerate(_style.SERIES) if place
    },
}
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "pluralism", "svg.image_inline": True}


@dataclass(frozen=True)
class Figure:
    """An SVG image and the words that stand for it."""

    name: str
    svg: str
    caption: str
    wide: bool = False


def draw(
    name: str, plot: Callable[..., Axes], *args: Any, alternative: str, caption: str, **options: Any
) -> Figure:
    """Call ``plot(*args, **options)`` on a figure of its own and write it as SVG.

    Parameters
    ----------
    name : str
        Identifies the figure in the page; prefixes the identifiers inside.
    plot : callable
        One of `pluralism.plots`.
    *args, **options
        What it draws.
    alternative : str
        What a reader who cannot see the figure should know.
    caption : str
        What it shows.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    buffer = io.StringIO()
    # The page's own fonts draw what Matplotlib's font lacks, of which it would warn.
    with _quiet.others_silenced(), mpl.rc_context(_SETTINGS):
        figure = _style.root_figure(plot(*args, **options))
        try:
            figure.savefig(
                buffer, format="svg", dpi=200, transparent=True,
                metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
            )  # fmt: skip
            width = figure.get_size_inches()[0]
        finally:
            plt.close(figure)
    return Figure(name, _adopt(buffer.getvalue(), name, alternative, width), caption)


def _adopt(svg: str, name: str, alternative: str, width: float) -> str:
    """Make Matplotlib's file part of a page; labels are text nodes and stay as they are."""
    from xml.etree import ElementTree

    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            # The one style rule in there would hold for the whole page; the page has it for SVG.
            if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
        for key, value in parent.attrib.items():
            parent.set(key, _rewrite(key, value, name))
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-alt")
    # On a phone a wide figure scrolls before its letters get too small to be read.
    root.set("style", f"width: {width:.2f}in; min-width: {0.75 * width:.2f}in")
    title = ElementTree.Element(f"{{{_SVG}}}title", {"id": f"{name}-alt"})
    title.text = alternative
    root.insert(0, title)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _rewrite(key: str, value: str, name: str) -> str:
    """Give identifiers the figure's prefix, text the page's font, inks the page's colours."""
    if key == "id":
        return f"{name}-{value}"
    if key == f"{{{_XLINK}}}href" and value.startswith("#"):
        return f"#{name}-{value[1:]}"
    if key == "style":
        value = re.sub(r"font: ([\d.]+px) [^;]*", r"font-size: \1", value)
        value = re.sub(r"font-family: [^;]*", "font-family: inherit", value)
        for ink, variable in _INKS.items():
            value = value.replace(ink, variable)
    return value.replace("url(#", f"url(#{name}-")

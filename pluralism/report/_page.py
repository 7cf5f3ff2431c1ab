"""What a page consists of, whatever it reports on, and how it becomes one file of HTML."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources

from markupsafe import Markup

from ._svg import Figure
from ._tables import Table

__all__ = ["Caveat", "Page", "Section", "render"]


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it."""

    name: str
    heading: str
    paragraphs: list[Markup] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


@dataclass(frozen=True)
class Caveat:
    """One limit of the data: a heading, why, and what would help."""

    heading: str
    text: Markup


@dataclass(frozen=True)
class Page:
    """A report before it is written.

    Attributes
    ----------
    title : str
        Heading.
    facts : sequence of str
        What was reported on, in a line.
    summary : sequence of Markup
        Sentences of the paragraph for a reader who reads one paragraph.
    sections, caveats
        What the data say, and what they cannot.
    method : sequence of (term, text)
        How it was computed.
    """

    title: str
    facts: Sequence[str]
    summary: Sequence[Markup]
    sections: Sequence[Section]
    caveats: Sequence[Caveat]
    method: Sequence[tuple[str, str]]


def render(page: Page) -> str:
    """Write the page as HTML; every text passes through the template's escaping."""
    import jinja2

    from .. import __version__

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.DictLoader({"page": _asset("page.html")}),
    )
    script = _asset("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return environment.get_template("page").render(
        page=page,
        version=__version__,
        style=_asset("page.css"),
        script=script,
        script_hash=f"sha256-{digest}",
    )


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")

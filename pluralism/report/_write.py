"""The page: evidence, words, figures and tables in one file that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import _validate
from .._aside import written_aside
from ..errors import DataError
from ..plots._input import is_fit

if TYPE_CHECKING:
    from ..data import Comparisons

__all__ = ["write_report"]


def write_report(
    data_or_fit: Comparisons | Any,
    path: str | os.PathLike[str],
    *,
    fit: Any = None,
    title: str | None = None,
    level: float = 0.95,
    progress: Callable[[str], object] | None = None,
) -> Path:
    """Write a report on pairwise votes: one HTML file that loads nothing from anywhere.

    The page says in one paragraph who is preferred and how surely, shows utilities, pairs and
    the design as figures with their tables, offers every table as a CSV, and lists what the
    data cannot tell: raters that are not known, ties, sparse items, order of presentation,
    items that cannot be told apart. The same input gives the same file, byte for byte.

    Parameters
    ----------
    data_or_fit : Comparisons or UtilityFit
        The votes, which are then fitted by `utility.fit_bradley_terry`; or a fit, if the votes
        are not at hand.
    path : path
        Where to write. The file appears whole or not at all.
    fit : UtilityFit, optional
        A fit of the votes in `data_or_fit` to report instead of the default one.
    title : str, optional
        Heading of the page.
    level : float
        Coverage of intervals, in (0, 1).
    progress : callable, optional
        Called with the name of each step as it begins.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    DataError
        If the input is neither votes nor a fit, `fit` is of other items, or the file cannot be
        written.
    NotIdentifiedError
        If the votes do not determine the utilities; see `utility.fit_bradley_terry`.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from pluralism.data import load_table
    >>> folder = tempfile.TemporaryDirectory()
    >>> page = write_report(load_table("celebrities"), pathlib.Path(folder.name) / "report.html")
    >>> "Lyndon Johnson</b> leads" in page.read_text(encoding="utf-8")
    True
    >>> folder.cleanup()
    """
    level = _validate.level("level", level)
    target = _target(path)
    begin = progress or (lambda step: None)
    votes = _votes(data_or_fit)
    if votes is None:
        fit = data_or_fit
    elif fit is None:
        begin("fitting")
        from ..utility import fit_bradley_terry

        fit = fit_bradley_terry(votes)
    else:
        _check_fit(fit, votes)
    begin("comparing")
    from ._evidence import gather

    evidence = gather(fit, votes, level)
    begin("drawing")
    page = _page(evidence, title)
    begin("writing")
    _write_aside(target, page)
    return target


def _votes(value: Any) -> Comparisons | None:
    from ..data import Comparisons

    if isinstance(value, Comparisons):
        return value
    if is_fit(value):
        return None
    raise DataError(
        f"`data_or_fit` is a {type(value).__name__}; it must be a `Comparisons` or a fit. For a "
        "table or a file of votes see `Comparisons.from_frame`"
    )


def _check_fit(fit: Any, votes: Comparisons) -> None:
    if not is_fit(fit):
        raise DataError(
            f"`fit` is a {type(fit).__name__}; it must be a fit with labelled utilities"
        )
    strange = set(fit.utility["item"].values.tolist()) ^ set(votes.items)
    if strange:
        raise DataError(
            f"`fit` and the votes do not have the same items; {sorted(map(str, strange))[0]!r} is "
            "in one of them only"
        )


def _target(path: str | os.PathLike[str]) -> Path:
    target = Path(path)
    if target.is_dir():
        raise DataError(f"`path` is the folder {str(target)!r}; name a file, such as report.html")
    if not target.parent.is_dir():
        raise DataError(f"`path` lies in {str(target.parent)!r}, which is no folder; make it first")
    return target


def _page(evidence: Any, title: str | None) -> str:
    import jinja2

    from .. import __version__
    from ._caveats import caveats
    from ._sections import sections
    from ._words import summary

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
        title=title or f"Preferences among {len(evidence.items):,} items",
        evidence=evidence,
        fit=evidence.fit,
        summary=summary(evidence),
        sections=sections(evidence),
        caveats=caveats(evidence),
        version=__version__,
        style=_asset("page.css"),
        script=script,
        script_hash=f"sha256-{digest}",
    )


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _write_aside(target: Path, page: str) -> None:
    """Write next to the target and rename, so that a reader never meets half a page."""
    try:
        with written_aside(target) as aside:
            aside.write_text(page, encoding="utf-8")
    except OSError as error:
        raise DataError(f"`path` {str(target)!r} cannot be written: {error.strerror}") from error

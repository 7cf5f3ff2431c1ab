"""The page: evidence, words, figures and tables in one file that loads nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import _validate
from .._aside import written_aside
from .._lazy import needed
from ..errors import DataError
from ..plots._input import is_fit

if TYPE_CHECKING:
    from ..data import Annotations, Ballots, Comparisons
    from ._page import Page

__all__ = ["write_report"]


def write_report(
    data_or_fit: Comparisons | Annotations | Ballots | Any,
    path: str | os.PathLike[str],
    *,
    fit: Any = None,
    compare: Any = None,
    compare_name: str = "the other run",
    title: str | None = None,
    level: float = 0.95,
    progress: Callable[[str], object] | None = None,
) -> Path:
    """Write a report on votes, ratings or ballots: one HTML file that loads nothing.

    The page says in one paragraph what the data say and how surely, has a section for whatever
    the data contain (votes: utilities, pairs, voting rules, groups, order of presentation,
    raters; ratings: agreement, answers, disputed items, raters, groups; ballots: the rules side
    by side, margins, Condorcet facts, counts), each figure with its table, offers every table as
    a CSV, and lists what the data cannot tell. The same input gives the same file, byte for
    byte.

    Parameters
    ----------
    data_or_fit : Comparisons, Annotations, Ballots or UtilityFit
        Votes, which are then fitted by `utility.fit_bradley_terry`; ratings; ballots; or a fit,
        if the votes are not at hand.
    path : path
        Where to write. The file appears whole or not at all.
    fit : UtilityFit, optional
        A fit of the votes in `data_or_fit` to report instead of the default one.
    compare : same kind as `data_or_fit`, optional
        Another run, such as last month's votes; a section then says what changed.
    compare_name : str
        What the page calls it.
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
        If the input is neither data nor a fit, `fit` is of other items, `compare` is of another
        kind or shares fewer than two items, or the file cannot be written.
    NotIdentifiedError
        If the votes do not determine the utilities; see `utility.fit_bradley_terry`.
    ImportError
        If Jinja2 or Matplotlib is not installed: ``pip install 'pluralism[report]'``.

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
    # First, so that what is missing is known before the work, and named by what brings it.
    for package in ("jinja2", "matplotlib"):
        needed(package, extra="report", purpose="a report")
    from ._page import render

    level = _validate.level("level", level)
    target = _target(path)
    begin = progress or (lambda step: None)
    page = _page(data_or_fit, fit, (str(compare_name), compare), title, level, begin)
    begin("writing")
    text = render(page)
    with written_aside(target) as aside:  # a reader never meets half a page
        aside.write_text(text, encoding="utf-8")
    return target


def _page(
    data: Any, fit: Any, other: tuple[str, Any], title: str | None, level: float, begin: Any
) -> Page:
    """Compute the page for whatever kind of data this is."""
    from ..data import Annotations, Ballots, Comparisons

    name, run = other
    if isinstance(data, (Annotations, Ballots)):
        kind = type(data)
        if fit is not None:
            raise DataError(f"`fit` goes with votes; `data_or_fit` is {kind.__name__}")
        if run is not None and not isinstance(run, kind):
            raise DataError(
                f"`compare` is a {type(run).__name__}; it must be {kind.__name__}, as the data are"
            )
        begin("comparing")
        compared = None if run is None else (name, run)
        if isinstance(data, Annotations):
            from ._ratings_page import ratings_page

            return ratings_page(data, level, title, compared)
        from ._ballots_page import ballots_page

        return ballots_page(data, level, title, compared)
    votes = data if isinstance(data, Comparisons) else None
    if votes is None:
        fit = _fit_of("data_or_fit", data, begin)
    elif fit is None:
        fit = _fit_of("data_or_fit", votes, begin)
    else:
        _check_fit(fit, votes)
    from ._votes import votes_page

    compared = None if run is None else (name, _fit_of("compare", run, begin))
    return votes_page(fit, votes, level, title, compared, begin)


def _fit_of(name: str, value: Any, begin: Any) -> Any:
    """Return a fit as it is, and fit votes."""
    from ..data import Comparisons

    if isinstance(value, Comparisons):
        begin("fitting")
        from ..utility import fit_bradley_terry

        return fit_bradley_terry(value)
    if is_fit(value):
        return value
    raise DataError(
        f"`{name}` is a {type(value).__name__}; it must be a `Comparisons`, an `Annotations`, a "
        "`Ballots` or a fit. For a table or a file of votes see `Comparisons.from_frame`"
        if name == "data_or_fit"
        else f"`{name}` is a {type(value).__name__}; it must be votes or a fit, as the data are"
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

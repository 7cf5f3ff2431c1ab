"""Whether groups of people want different things: their utilities side by side."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from .. import _quiet, plots
from ..errors import ApproximationWarning, PluralismError, SmallSampleWarning
from . import _words
from ._page import Section
from ._svg import draw
from ._tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

    from ..data import Comparisons

__all__ = ["GroupDifference", "by_group", "group_sections", "group_summary"]

#: Above these, all pairs of groups on all items are too many to print or to test.
MOST_GROUPS, MOST_ITEMS = 20, 250
#: Items in the figure, those on which the groups differ most; and groups, the largest.
DRAWN_ITEMS, DRAWN_GROUPS = 40, 5
PERMUTATIONS = 199


@dataclass(frozen=True)
class GroupDifference:
    """Utilities of the groups of one column, and whether they differ.

    Attributes
    ----------
    name : str
        The column.
    fits : GroupFits or None
        None where the groups cannot be fitted; `problem` says why.
    how : str
        What had to be added for the fit to exist, or nothing.
    test : str
        Name of the test that all groups want the same.
    pvalue : float
        Its p-value; NaN where it could not be computed.
    contrasts : pandas.DataFrame or None
        Every two groups on every item, the surest difference first.
    problem : str
        Why there is nothing to say.
    """

    name: str
    fits: Any = None
    how: str = ""
    test: str = ""
    pvalue: float = np.nan
    contrasts: pd.DataFrame | None = None
    problem: str = ""

    @property
    def leaders(self) -> dict[Hashable, list[Hashable]]:
        """First item -> the groups in which it stands first."""
        found: dict[Hashable, list[Hashable]] = {}
        for group, row in zip(self.fits.groups, self.fits.utility.values, strict=True):
            found.setdefault(self.fits.items[int(np.argmax(row))], []).append(group)
        return found


def by_group(fit: Any, votes: Comparisons, level: float) -> tuple[GroupDifference, ...]:
    """Fit the groups of every column of groups."""
    return tuple(_differences(fit, votes, name, level) for name in votes.groups)


def _differences(fit: Any, votes: Comparisons, name: str, level: float) -> GroupDifference:
    from ..utility import fit_groups

    n = len(votes.groups[name].labels)
    if n < 2 or n > MOST_GROUPS or votes.n_items > MOST_ITEMS:
        some = _words.plural(n, "group") + f" and {_words.plural(votes.n_items, 'item')}"
        few = "there is no other to compare with" if n < 2 else "too many to compare here"
        return GroupDifference(name, problem=f"{some}: {few}")
    ties = fit.ties if fit.ties in ("half", "drop") else "half"
    given = fit.options.get("prior")
    plain = {"ties": ties, "prior": given if isinstance(given, (int, float)) else None}
    independent = "a normal prior of 1 log-odds, and votes taken for independent"
    attempts = (
        (plain, ""),
        ({"ties": ties, "prior": 1.0}, "a normal prior of 1 log-odds"),
        ({"ties": ties, "prior": 1.0, "covariance": "sandwich"}, independent),
    )
    problem = ""
    for options, how in attempts:
        try:
            fits = fit_groups(votes, group=name, **options)
        except PluralismError as error:
            problem = problem or str(error)
            continue
        test, pvalue = _test(fits, votes)
        contrasts = fits.contrasts(level=level).sort_values("pvalue", kind="stable")
        return GroupDifference(name, fits, how, test, pvalue, contrasts)
    return GroupDifference(name, problem=problem)


def _test(fits: Any, votes: Comparisons) -> tuple[str, float]:
    """The sharpest test that holds: raters who vote often must not count as many."""
    clustered = fits.pooled.covariance_type == "cluster"
    try:
        if votes.raters is None:
            if fits.prior is None:
                return "likelihood-ratio test, votes independent", fits.likelihood_ratio().pvalue
            return "Wald test, votes independent", fits.wald_test().pvalue
        if clustered and fits.raters.min() >= 3 * len(fits.items):
            return "Wald test, clustered by rater", fits.wald_test().pvalue
        # What these warn of, the name of the test says.
        with _quiet.held_back(SmallSampleWarning, ApproximationWarning):
            found = fits.permutation_test(n=PERMUTATIONS, seed=0)
        lost = int(found.failed)
        left_out = f" ({lost} more had no fit)" if lost else ""
        return f"{PERMUTATIONS - lost} permutations of the raters{left_out}", float(found.pvalue)
    except PluralismError as error:
        return f"no test: {error}", np.nan


def _verdict(found: GroupDifference, level: float) -> str:
    if not np.isfinite(found.pvalue):
        return "whether they differ by more than chance could not be tested"
    p = f"p = {found.pvalue:.2g}"
    if found.pvalue < 1 - level:
        return f"they differ by more than chance ({p})"
    return f"no more than chance would make of any groups ({p})"


def _leaders(found: GroupDifference) -> Markup:
    leaders = found.leaders
    if len(leaders) == 1:
        return _words.say("{} stands first in all of them", _words.listed(leaders))
    parts = [
        _words.say("{} stands first for {}", _words.listed([item]), _words.listed(groups, 4))
        for item, groups in list(leaders.items())[:4]
    ]
    more = f", and {len(leaders) - 4} others elsewhere" if len(leaders) > 4 else ""
    return Markup("; ").join(parts) + more


def group_summary(found: tuple[GroupDifference, ...], level: float) -> Iterator[Markup]:
    """One sentence a column of groups."""
    for each in found:
        if each.fits is not None:
            yield _words.say(
                "By {}, {} were compared: {}; {}.",
                each.name, _words.plural(len(each.fits.groups), "group"), _verdict(each, level),
                _leaders(each),
            )  # fmt: skip


def group_sections(found: tuple[GroupDifference, ...], level: float) -> Iterator[Section]:
    """A section for every column of groups."""
    for place, each in enumerate(found):
        heading = f"Do groups by {each.name} differ?"
        stem = f"groups-{place + 1}"
        if each.fits is None:
            yield Section(stem, heading, [_words.say("This cannot be said: {}.", each.problem)])
            continue
        yield Section(
            stem, heading, _paragraphs(each, level), [_figure(each, stem, level)],
            [_utilities(each, stem), _contrasts(each, stem, level)],
        )  # fmt: skip


def _paragraphs(found: GroupDifference, level: float) -> list[Markup]:
    fits, table = found.fits, found.contrasts
    assert table is not None
    voted = [
        _words.say("{} ({})", _words.listed([group]), _words.plural(weight, "vote"))
        for group, weight in zip(fits.groups, fits.votes, strict=True)
    ]
    shown = Markup(", ").join(voted[:8]) + (f" and {len(voted) - 8} more" if len(voted) > 8 else "")
    paragraphs = [
        _words.say(
            "Each group has a scale of its own: {}. Do all want the same? {}. Who leads: {}.",
            shown, f"{found.test}: {_verdict(found, level)}", _leaders(found),
        )
    ]  # fmt: skip
    first = table.iloc[0]
    clear = int((table["pvalue_adjusted"] < 1 - level).sum())
    if clear:
        paragraphs.append(
            _words.say(
                "{} of {} of two groups on one item are clear after Holm's correction. The "
                "clearest: {} is {} log-odds {} for {} than for {} ({} to {}).",
                f"{clear:,}", _words.plural(len(table), "comparison"),
                _words.listed([first["item"]]), _words.signed(abs(first["difference"])),
                "higher" if first["difference"] > 0 else "lower", _words.listed([first["group"]]),
                _words.listed([first["group_bis"]]), _words.signed(first["lower"]),
                _words.signed(first["upper"]),
            )
        )  # fmt: skip
    else:
        paragraphs.append(
            _words.say(
                "Not one of {} of two groups on one item is clear after Holm's correction.",
                _words.plural(len(table), "comparison"),
            )
        )
    if found.how:
        paragraphs.append(
            _words.say("Groups are small, so their fits rest on {} as well.", found.how)
        )
    return paragraphs


def _figure(found: GroupDifference, stem: str, level: float) -> Any:
    fits = found.fits
    largest = np.sort(np.argsort(-fits.votes, kind="stable")[:DRAWN_GROUPS])
    groups = [fits.groups[place] for place in largest]
    spread = np.ptp(fits.utility.values[largest], axis=0)
    items = [fits.items[place] for place in np.argsort(-spread, kind="stable")[:DRAWN_ITEMS]]
    some = f" of the {DRAWN_ITEMS} items that differ most" if len(items) < len(fits.items) else ""
    some += f", the {DRAWN_GROUPS} largest groups" if len(groups) < len(fits.groups) else ""
    return draw(
        stem, plots.group_utilities, fits, None, level=level, items=items, groups=groups,
        alternative=(
            f"Utilities of {len(items)} items in {len(groups)} groups by {found.name}, with "
            f"{100 * level:g}% intervals. The table below holds every number."
        ),
        caption=f"Utilities by {found.name}{some}.",
    )  # fmt: skip


def _utilities(found: GroupDifference, stem: str) -> Table:
    fits = found.fits
    order = np.argsort(-fits.pooled.utility.values, kind="stable")
    columns = [Column("Item", "text")]
    columns += [Column(_words.short(group)) for group in fits.groups]
    rows = [(fits.items[place], *fits.utility.values[:, place]) for place in order]
    return Table(stem, f"Utilities by {found.name}, in log-odds", columns, rows, folded=True)


def _contrasts(found: GroupDifference, stem: str, level: float) -> Table:
    table = found.contrasts
    assert table is not None
    percent = f"{100 * level:g}%, this one alone"
    return Table(
        f"{stem}-contrasts",
        f"Every two groups by {found.name} on every item, the surest difference first",
        [
            Column("Item", "text"), Column("Group", "text"), Column("Other", "text"),
            Column("Difference", about="in log-odds"), Column("Lower", about=percent),
            Column("Upper", about=percent), Column("p", about="Holm, over all rows"),
        ],
        list(
            table[
                ["item", "group", "group_bis", "difference", "lower", "upper", "pvalue_adjusted"]
            ].itertuples(index=False, name=None)
        ),
        shown=len(table) <= 600,
        folded=True,
    )  # fmt: skip

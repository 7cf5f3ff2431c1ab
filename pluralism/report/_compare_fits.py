"""What changed between two runs: utilities of the same items, side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from .. import plots
from ..errors import DataError
from . import _words
from ._page import Section
from ._svg import draw
from ._tables import Column, Table

__all__ = ["compared"]

FloatArray = npt.NDArray[np.float64]

#: Items in the figure, those that changed most.
_DRAWN = 40


def compared(fit: Any, name: str, other: Any, level: float) -> tuple[Markup, Section]:
    """A sentence and a section on the difference between this run and another.

    Utilities of both are centred on the items that they share, or the difference would depend on
    the items that they do not share. The two runs count as independent of each other.
    """
    from scipy import special, stats
    from statsmodels.stats.multitest import multipletests

    if fit.units != other.units:
        raise DataError(f"`compare` is in {other.units}, this fit in {fit.units}")
    here, there = (each.utility["item"].values.tolist() for each in (fit, other))
    known = set(there)
    items = [item for item in here if item in known]
    if len(items) < 2:
        raise DataError(
            f"`compare` shares {len(items)} items with these votes; two are needed to compare"
        )
    (mine, variance), (theirs, variance_bis) = _centred(fit, items), _centred(other, items)
    change, stderr = mine - theirs, np.sqrt(variance + variance_bis)
    score = np.divide(change, stderr, out=np.zeros_like(change), where=stderr > 0)
    adjusted = multipletests(2 * special.ndtr(-np.abs(score)), method="holm")[1]
    half = stats.norm.isf(0.5 * (1 - level)) * stderr
    rank, rank_bis = (stats.rankdata(-values, method="min") for values in (mine, theirs))
    varied = len(items) > 2 and np.ptp(mine) > 0 and np.ptp(theirs) > 0
    correlation = float(stats.spearmanr(mine, theirs).statistic) if varied else np.nan
    order = np.argsort(-np.abs(change), kind="stable")
    moved = [place for place in order if adjusted[place] < 1 - level]

    percent = f"{100 * level:g}%"
    columns = [
        Column("Item", "text"),
        Column("Here", about="centred on the shared items"),
        Column("There", about=name),
        Column("Change", about=f"here minus there, {fit.units}"),
        Column("Lower", about=f"{percent}, this item alone"),
        Column("Upper", about=f"{percent}, this item alone"),
        Column("p", about="Holm, over all items"),
        Column("Rank here", "rank"),
        Column("Rank there", "rank"),
    ]
    values = (items, mine, theirs, change, change - half, change + half, adjusted, rank, rank_bis)
    table = list(zip(*values, strict=True))
    first, first_bis = items[int(np.argmax(mine))], items[int(np.argmax(theirs))]
    lead = (
        _words.say("{} leads in both runs", _words.listed([first]))
        if first == first_bis
        else _words.say(
            "{} leads here, {} in {}", _words.listed([first]), _words.listed([first_bis]), name
        )
    )
    if moved:
        moves = _words.say(
            "{} of {} changed by more than chance, {} most ({} {})",
            f"{len(moved):,}", _words.plural(len(items), "shared item"),
            _words.listed([items[moved[0]]]), _words.signed(change[moved[0]]), fit.units,
        )  # fmt: skip
    else:
        moves = _words.say(
            "no one of {} changed by more than chance", _words.plural(len(items), "shared item")
        )
    ranks = f" Ranks correlate at {_words.signed(correlation)}." if np.isfinite(correlation) else ""
    missing = len(here) - len(items), len(there) - len(items)
    paragraphs = [
        _words.say("{}; {}.{}", lead, moves, ranks),
        _words.say(
            "{} are here only and {} there only; they are left out. The two runs count as "
            "independent: where both rest on the same raters, intervals are not exact.",
            _words.plural(missing[0], "item"), f"{missing[1]:,}",
        ),
    ]  # fmt: skip
    shown = [items[place] for place in order[:_DRAWN]]
    some = f", the {_DRAWN} that changed most" if len(items) > _DRAWN else ""
    figure = draw(
        "changes", plots.group_utilities, {"here": fit, name: other}, None, level=level,
        items=shown,
        alternative=(
            f"Utilities of {len(shown)} items in both runs with {percent} intervals; the table "
            "below holds every number."
        ),
        caption=f"Utilities in both runs{some}, each in the reference of its own fit.",
    )  # fmt: skip
    section = Section(
        "changes",
        f"Compared with {name}",
        paragraphs,
        [figure],
        [
            Table(
                "changes", f"Here against {name}, largest change first", columns,
                [table[place] for place in order], folded=len(items) > 20,
            )
        ],
    )  # fmt: skip
    return _words.say("Compared with {}: {}, and {}.", name, lead, moves), section


def _centred(fit: Any, items: list[Any]) -> tuple[FloatArray, FloatArray]:
    """Utilities less their mean over `items`, and the variances of that."""
    place = {item: at for at, item in enumerate(fit.utility["item"].values.tolist())}
    chosen = [place[item] for item in items]
    covariance = fit.covariance.values[np.ix_(chosen, chosen)]
    row = covariance.mean(axis=1)
    variance = np.diagonal(covariance) - 2 * row + row.mean()
    utility = fit.utility.values[chosen]
    return utility - utility.mean(), np.maximum(variance, 0.0)

"""A report on ratings in words: in short, what it cannot tell, and how it was computed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from ._page import Caveat
from ._ratings import Ratings
from ._words import interval, listed, plural, say, signed

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["caveats", "group_sentence", "method", "shares", "summary", "written"]

#: Fewer raters than this speak for themselves alone.
FEW_RATERS = 10


def shares(found: Ratings) -> npt.NDArray[np.float64]:
    total = found.counts.sum(axis=0)
    return np.asarray(total / total.sum())


def written(answer: Hashable) -> str:
    """Write an answer; a whole number that a file made a float is one again."""
    return f"{answer:g}" if isinstance(answer, float) else str(answer)


def _one_voice(found: Ratings) -> tuple[int, int]:
    """Items with several labels that all agree, and those without any majority."""
    counts = found.counts[found.several]
    share = counts.max(axis=1) / counts.sum(axis=1)
    return int((share == 1).sum()), int((share <= 0.5).sum())


def summary(found: Ratings) -> Iterator[Markup]:
    data = found.data
    who = f" by {plural(len(data.raters), 'rater')}" if data.raters is not None else ""
    yield say(
        "{} on {}{} were read on {} scale.", plural(data.n_labels, "label"),
        plural(data.n_items, "item"), who,
        {"nominal": "a nominal", "ordinal": "an ordinal", "interval": "an interval"}.get(
            data.scale, "a ratio"
        ),
    )  # fmt: skip
    if found.agreement is not None:
        alpha: dict[str, float] = dict(found.agreement.loc["krippendorff_alpha"])  # type: ignore[arg-type]
        low, high = alpha["lower"], alpha["upper"]
        if low < high:
            bounds = f"{100 * found.level:g}% interval {interval(low, high)}"
        else:  # one item with two labels, or items that all say the same
            bounds = "with no interval, for lack of items that differ"
        yield say(
            "Krippendorff’s alpha is {} ({}), where 1 is perfect agreement and 0 what chance "
            "gives: {}.",
            signed(alpha["estimate"]), bounds, _said_of(low, high),
        )  # fmt: skip
    several = int(found.several.sum())
    if several:
        unanimous, split = _one_voice(found)
        yield say(
            "Of {} with two labels or more, {:.0f}% are unanimous and {:.0f}% have no answer that "
            "more than half gave.",
            plural(several, "item"), 100 * unanimous / several, 100 * split / several,
        )  # fmt: skip
    share = shares(found)
    top = int(np.argmax(share))
    yield say(
        "The commonest answer is {} ({:.0f}% of labels).", listed([written(data.categories[top])]),
        100 * share[top],
    )  # fmt: skip
    for name, table in found.groups.items():
        sentence = group_sentence(name, table)
        if sentence is not None:
            yield sentence


def _said_of(low: float, high: float) -> str:
    """Krippendorff's (2004) own bounds: .8 to rely on, .667 for tentative conclusions."""
    if not low < high:
        return "too little to hold against Krippendorff’s bounds (.667 and .8)"
    if low >= 0.8:
        return "clearly above .8, which Krippendorff asks of labels to rely on"
    if high < 0.667:
        return "clearly below .667, the least that Krippendorff accepts for tentative conclusions"
    if low >= 0.667:
        return "enough, by Krippendorff’s bounds, for tentative conclusions"
    return "the interval holds one of Krippendorff’s bounds (.667 and .8), so neither is settled"


def group_sentence(name: str, table: xr.DataArray) -> Markup | None:
    values, labels = table.values, table["group"].values.tolist()
    within = np.diagonal(values)
    if np.isfinite(within).sum() < 2:
        return None
    best, worst = int(np.nanargmax(within)), int(np.nanargmin(within))
    text = "By {}, raters agree among themselves most in {} (alpha {}) and least in {} ({})."
    return say(
        text, name, listed([labels[best]]), signed(within[best]), listed([labels[worst]]),
        signed(within[worst]),
    )  # fmt: skip


def caveats(found: Ratings) -> Iterator[Caveat]:
    data = found.data
    if data.raters is None:
        yield Caveat(
            "Who disagrees",
            say(
                "Only counts are known, not who gave which label; raters who always disagree and "
                "raters who are careless look the same."
            ),
        )
    else:
        n = len(data.raters)
        yield Caveat(
            "What other people would say",
            say("The labels are those of {}; nothing here shows for whom they stand.{}",
                plural(n, "rater"),
                " With so few, one more could change the picture." if n < FEW_RATERS else ""),
        )  # fmt: skip
    if not data.groups:
        yield Caveat(
            "Whether disagreement follows groups",
            say("No column of groups was named, so disagreement counts as if it were the same "
                "between any two raters."),
        )  # fmt: skip
    single = int((found.counts.sum(axis=1) <= 1).sum())
    if single:
        yield Caveat(
            "Items with one label",
            say("{} with a single label or none say nothing about agreement.",
                plural(single, "item")),
        )  # fmt: skip
    several = found.counts.sum(axis=1)[found.several]
    if len(several) and np.median(several) < 5:
        yield Caveat(
            "How divided one item is",
            say("Half of the items have {} or fewer; shares and entropies of single items are "
                "rough.", plural(float(np.median(several)), "label")),
        )  # fmt: skip
    yield Caveat(
        "Whether disagreement is error",
        say("Agreement says how alike answers are, not who is right. People who see a thing "
            "differently and people who made a slip both lower it."),
    )  # fmt: skip
    for reason, count in data.dropped.items():
        if count:
            yield Caveat("Labels that were left out", say("{} dropped: {}.",
                         plural(count, "label"), reason))  # fmt: skip


def method(found: Ratings) -> list[tuple[str, str]]:
    return [
        ("Scale", f"{found.data.scale}: decides how far apart alpha takes two answers to be"),
        ("Intervals", f"{100 * found.level:g}%, delta method over items; the raters are as given"),
        ("Entropy", "plug-in, natural logarithm"),
        (
            "Between groups",
            "cross-replication reliability (Wong, Paritosh and Aroyo 2021)"
            if found.groups
            else "no groups",
        ),
    ]

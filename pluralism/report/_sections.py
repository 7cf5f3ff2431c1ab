"""The report's sections: each is built from the evidence, or left out where there is none."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import numpy as np

from .. import plots
from ..plots import _style
from . import _words
from ._behaviour import coherence, design, order, raters
from ._evidence import Evidence
from ._groups import group_sections
from ._page import Section
from ._svg import draw
from ._tables import Column, Table

__all__ = ["sections"]

#: Up to this many items the table of all pairs stands in the page; above it is a download only.
SHOWN_PAIRS = 60
#: Up to this many items figures of all pairs are drawn.
DRAWN_PAIRS = 250


def sections(evidence: Evidence) -> list[Section]:
    """Every section that the data have something for, in reading order."""
    parts = (
        _utilities, _neighbours, _pairs, _rules, _groups, coherence, order, raters, design,
    )  # fmt: skip
    return [section for part in parts for section in part(evidence)]


def _utilities(evidence: Evidence) -> Iterator[Section]:
    percent = f"{100 * evidence.level:g}%"
    columns = [
        Column("Rank", "rank"),
        Column("Item", "text"),
        Column("Utility", about=f"in {evidence.fit.units}"),
        Column("Std. error"),
        Column("Lower", about=f"{percent}, this item alone"),
        Column("Upper", about=f"{percent}, this item alone"),
    ]
    values = [
        np.arange(1, len(evidence.items) + 1),
        evidence.items,
        evidence.estimate,
        evidence.stderr,
        evidence.lower,
        evidence.upper,
    ]
    if evidence.rank is not None:
        columns += [
            Column("Best rank", "rank", f"{percent}, all items jointly"),
            Column("Worst rank", "rank", f"{percent}, all items jointly"),
        ]
        values += [evidence.rank[:, 0], evidence.rank[:, 1]]
    if evidence.counts is not None:
        columns += [Column("Votes", "count"), Column("Won", "share", "a tie counts half")]
        values += [evidence.counts.by_item, evidence.counts.share_won]
    # The item heads its row.
    columns[0], columns[1] = columns[1], columns[0]
    values[0], values[1] = values[1], values[0]
    best, last = evidence.items[0], evidence.items[-1]
    alternative = (
        f"Utilities of {len(evidence.items)} items with {percent} intervals, sorted: from "
        f"{_style.text_of(best)} at {evidence.estimate[0]:.2f} to {_style.text_of(last)} at "
        f"{evidence.estimate[-1]:.2f} {evidence.fit.units}. The table below holds every number."
    )
    yield Section(
        "utilities",
        "Who is preferred, and how surely",
        [
            _words.say(
                "Utilities are in {}; their mean is zero. A bar says where one item may lie; to "
                "compare two items, look at the next section. Ranks hold for all items jointly.",
                evidence.fit.units,
            )
        ],
        [
            draw(
                "utilities", plots.utilities, evidence.fit,
                alternative=alternative, caption=f"Utilities with {percent} intervals.",
            )
        ],
        [Table("utilities", "Utilities, best first", columns, list(zip(*values, strict=True)))],
    )  # fmt: skip


def _neighbours(evidence: Evidence) -> Iterator[Section]:
    decided = evidence.decided
    if evidence.apart is None or decided is None:
        return
    items = list(evidence.items)
    contrast = evidence.fit.contrast(items[:-1], items[1:])
    lower, upper = contrast.interval(evidence.level)
    percent = f"{100 * evidence.level:g}%"
    rows = [
        (
            items[place],
            items[place + 1],
            contrast.estimate[place],
            lower[place],
            upper[place],
            decided[place, place + 1],
            "yes" if evidence.apart[place, place + 1] else "no",
        )
        for place in range(len(items) - 1)
    ]
    table = Table(
        "neighbours",
        "Each item and the next one in the ranking",
        [
            Column("Item", "text"),
            Column("Next", "text"),
            Column("Difference", about=f"in {evidence.fit.units}"),
            Column("Lower", about=f"{percent}, this pair alone"),
            Column("Upper", about=f"{percent}, this pair alone"),
            Column("Preferred", "share", "expected share of decided votes"),
            Column("Told apart", "text", f"{percent}, all pairs jointly"),
        ],
        rows,
        folded=len(items) > 20,
    )
    told = sum(row[-1] == "yes" for row in rows)
    paragraphs = [
        _words.say(
            "Of {}, {} can be told apart at {} when all {} of the table are tested at once. Where "
            "neighbours cannot, their order is not a finding.",
            _words.plural(len(rows), "pair of neighbours", "pairs of neighbours"), f"{told:,}",
            percent, _words.plural(len(items) * (len(items) - 1) // 2, "pair"),
        )
    ]  # fmt: skip
    if told < len(rows):
        blocks = _runs(evidence)
        longest = max(blocks, key=len)
        paragraphs.append(
            _words.say(
                "The longest stretch in which no item can be told from the one at its top: {}.",
                _words.listed(longest, 8),
            )
        )
    yield Section("neighbours", "Which items can be told apart", paragraphs, [], [table])


def _runs(evidence: Evidence) -> list[list[object]]:
    """For each item, it and those after it that cannot be told from it, without a break."""
    assert evidence.apart is not None
    blocks = []
    for top in range(len(evidence.items)):
        differs = np.flatnonzero(evidence.apart[top, top + 1 :])
        end = top + 1 + (int(differs[0]) if len(differs) else len(evidence.items) - top - 1)
        blocks.append(list(evidence.items[top:end]))
    return blocks


def _pairs(evidence: Evidence) -> Iterator[Section]:
    if evidence.probability is None:
        return
    n = len(evidence.items)
    wins = "is preferred to" if evidence.fit.tie_parameter is None else "wins over"
    columns = [Column("Item", "text")]
    columns += [Column(_style.text_of(item, 24), "share") for item in evidence.items]
    # A download of all pairs of many items is most of the page; six decimals halve it.
    rounded = evidence.probability if n <= SHOWN_PAIRS else evidence.probability.round(6)
    rows = [(item, *rounded[place]) for place, item in enumerate(evidence.items)]
    table = Table(
        "probabilities",
        f"Probability that the item of the row {wins} the item of the column",
        columns, rows, shown=n <= SHOWN_PAIRS, folded=True,
    )  # fmt: skip
    figures = []
    if n <= DRAWN_PAIRS:
        figures.append(
            draw(
                "pairs", plots.pairwise_matrix, evidence.fit,
                alternative=(
                    f"Matrix of the probabilities that one of {n} items is preferred to another, "
                    "in order of utility: light where the row is preferred, dark where the column "
                    "is. The table below holds every number."
                ),
                caption=f"Probability that the row {wins} the column, from the fit.",
            )
        )  # fmt: skip
    decided = evidence.decided
    assert decided is not None
    widest = _words.listed(evidence.items[:1]), _words.listed(evidence.items[-1:])
    share = _words.percent(decided[0, -1])
    if evidence.fit.tie_parameter is None:
        said = _words.say(
            "What the fit expects of decided votes. The widest contrast is {} over {}: {}.",
            *widest, share,
        )  # fmt: skip
    else:
        said = _words.say(
            "How often the fit expects each item to win, a tie being no win: the two numbers of a "
            "pair and its ties make 100%. The widest contrast is {} over {}: {} of all "
            "votes, {} of those that are no tie.",
            *widest, _words.percent(evidence.probability[0, -1]), share,
        )  # fmt: skip
    yield Section("pairs", "One against one", [said], figures, [table])


def _rules(evidence: Evidence) -> Iterator[Section]:
    if evidence.votes is None or evidence.counts is None:
        return
    results = evidence.picked
    if not results:
        return
    first = evidence.items[0]
    named = [result for result in results if result.winners]
    alone = [result for result in named if result.winners == (first,)]
    paragraphs = [
        _words.say(
            "Rules that look at majorities instead of a scale. {} of the {} that pick anything {} "
            "{} alone, which has the highest utility.",
            f"{len(alone):,}" if alone else "None", f"{len(named)}",
            "pick" if len(alone) > 1 else "picks", _words.listed([first]),
        )
    ]  # fmt: skip
    if evidence.counts.pairs_met < evidence.counts.pairs:
        paragraphs.append(
            _words.say(
                "{} never met and count as even, so take these with care.",
                _words.plural(evidence.counts.pairs - evidence.counts.pairs_met, "pair"),
            )
        )
    table = Table(
        "rules",
        "What each voting rule would pick",
        [
            Column("Rule", "text"),
            Column("Rewards", "text"),
            Column("Picks", "text"),
            Column("Items picked", "count"),
        ],
        [
            (
                result.rule,
                result.rewards,
                _some(result.winners),
                len(result.winners),
            )
            for result in results
        ],
    )
    yield Section("rules", "What voting rules would pick", paragraphs, [], [table])


def _groups(evidence: Evidence) -> Iterator[Section]:
    yield from group_sections(evidence.groups, evidence.level)


def _some(labels: Sequence[Hashable], limit: int = 3) -> str:
    """Write the first few labels, and how many more there are."""
    shown = ", ".join(_style.text_of(label, 40) for label in labels[:limit])
    more = len(labels) - limit
    return f"{shown} and {more} more" if more > 0 else shown or "nobody"

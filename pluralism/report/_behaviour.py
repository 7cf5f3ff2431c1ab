"""Sections on how people voted: coherence, order of presentation, raters, and what was compared."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import plots
from ..plots._coherence import AXIOMS, axiom_counts, draw_counts
from . import _words
from ._evidence import Evidence
from ._page import Section
from ._svg import draw
from ._tables import Column, Table

__all__ = ["coherence", "design", "order", "raters"]

#: Up to this many items figures of all pairs are drawn; of pairs, this many times ten are listed.
DRAWN_PAIRS, SHOWN_PAIRS = 250, 60
#: Up to this many items they are drawn by position, and triples are counted.
DRAWN_ORDER, COUNTED_TRIPLES = 120, 400


def coherence(evidence: Evidence) -> Iterator[Section]:
    votes = evidence.votes
    if votes is None or not 3 <= votes.n_items <= COUNTED_TRIPLES:
        return
    counts = axiom_counts(votes)
    if not counts.triples:
        return
    broken, triples, by_coin = counts
    rows = list(zip(AXIOMS, broken, broken / triples, by_coin / triples, strict=True))
    table = Table(
        "transitivity",
        f"Triples of items that break stochastic transitivity, of {triples:,} whose pairs all met",
        [
            Column("Axiom", "text"), Column("Broken by", "count"), Column("Share", "share"),
            Column("By coin", "share", "tossed as often as there are votes"),
        ],
        rows,
    )  # fmt: skip
    sentence = _words.say(
        "In {:.1f}% of {} the majorities run in a circle; votes that were tossed coins would do "
        "so in {:.1f}%.",
        100 * broken[0] / triples, _words.plural(triples, "triple"), 100 * by_coin[0] / triples,
    )  # fmt: skip
    figure = draw(
        "transitivity", draw_counts, counts, votes.n_votes,
        alternative=(
            "Shares of triples that break weak, moderate and strong stochastic transitivity, "
            "beside those of tossed coins. The table below holds every number."
        ),
        caption="How often triples break stochastic transitivity.",
    )  # fmt: skip
    yield Section("coherence", "Do preferences hang together?", [sentence], [figure], [table])


def order(evidence: Evidence) -> Iterator[Section]:
    found = evidence.order
    if found is None or not found.decided:
        return
    matters = abs(found.z) >= 1.96
    share, expected = found.first_won / found.decided, found.expected / found.decided
    table = Table(
        "order",
        "Votes by position",
        [
            Column("Outcome", "text"),
            Column("Votes", "count"),
            Column("Share of decided", "share"),
            Column("Expected", "share", "from the utilities alone"),
        ],
        [
            ("shown first won", found.first_won, share, expected),
            ("shown second won", found.second_won, 1 - share, 1 - expected),
            ("tied", found.tied, None, None),
        ],
    )
    sentence = _words.say(
        "{} Being shown first is worth {} {} (z = {}{}).",
        "Yes." if matters else "There is no sign of it.", _words.signed(found.effect),
        "log-odds", _words.signed(found.z),
        ", clustered by rater" if evidence.raters is not None else "",
    )  # fmt: skip
    figures = []
    # The figure fits the effect once more, without a prior and to one connected set of items.
    plain = evidence.fit.options.get("prior") is None and evidence.rank is not None
    if plain and len(evidence.items) <= DRAWN_ORDER:
        figures.append(
            draw(
                "order", plots.order_effect, evidence.votes,
                alternative=(
                    f"Share of votes won by each of {len(evidence.items)} items when shown first "
                    "and when shown second."
                ),
                caption="Share of votes that each item won, by position.",
            )
        )  # fmt: skip
    yield Section("order", "Does the order of presentation matter?", [sentence], figures, [table])


def raters(evidence: Evidence) -> Iterator[Section]:
    voters = evidence.raters
    if voters is None:
        return
    busiest = np.argsort(-voters.votes, kind="stable")
    odd = [
        place
        for place in busiest
        if voters.votes[place] >= 20 and voters.agreement[place] < 0.5 < voters.expected[place]
    ]
    paragraphs = [
        _words.say(
            "{} cast {} (median {:,.0f}). A rater agrees with the scale when the "
            "vote goes to the item of higher utility.",
            _words.plural(len(voters.labels), "rater"),
            _words.span(voters.votes, "vote"),
            np.median(voters.votes),
        )
    ]  # fmt: skip
    if odd:
        paragraphs.append(
            _words.say(
                "{} of those with 20 votes or more vote against the scale more often than with "
                "it: {}.",
                f"{len(odd):,}", _words.listed(voters.labels[place] for place in odd),
            )
        )  # fmt: skip
    columns = [
        Column("Rater", "text"),
        Column("Votes", "count"),
        Column("Agrees", "share", "of decided votes"),
        Column("Expected", "share", "from the fit"),
    ]
    values = (
        [voters.labels[place] for place in busiest],
        voters.votes[busiest],
        voters.agreement[busiest],
        voters.expected[busiest],
    )
    table = Table(
        "raters",
        "Raters, busiest first",
        columns,
        list(zip(*values, strict=True)),
        shown=len(busiest) <= 1000,
        folded=len(busiest) > 12,
    )
    yield Section("raters", "Who voted, and how alike", paragraphs, [], [table])


def design(evidence: Evidence) -> Iterator[Section]:
    if evidence.votes is None or evidence.counts is None:
        return
    votes, counts = evidence.votes, evidence.counts
    paragraphs = [
        _words.say(
            "{} of {} were compared, {:.3g} votes each on average; items have {}.",
            f"{counts.pairs_met:,}", _words.plural(counts.pairs, "pair"),
            votes.total.sum() / max(counts.pairs_met, 1),
            _words.span(counts.by_item, "vote"),
        )
    ]  # fmt: skip
    cells = votes.to_frame()
    names = ["first", "second", "first_won", "second_won", "tied"]
    summed = cells.groupby(["first", "second"], sort=False, observed=True)[names[2:]].sum()
    summed = summed.reset_index()[names]
    first, second = ("First shown", "Second shown") if votes.order_known else ("One", "Other")
    table = Table(
        "votes",
        "Votes on each pair" + (", by order of presentation" if votes.order_known else ""),
        [
            Column(first, "text"),
            Column(second, "text"),
            Column(f"{first.split()[0]} won", "count"),
            Column(f"{second.split()[0]} won", "count"),
            Column("Tied", "count"),
        ],
        [tuple(row) for row in summed.itertuples(index=False)],
        shown=len(summed) <= SHOWN_PAIRS * 10,
        folded=True,
    )
    figures = []
    if votes.n_items <= DRAWN_PAIRS:
        figures.append(
            draw(
                "design", plots.comparison_graph, votes,
                alternative=(
                    f"Graph of the {counts.pairs_met} pairs among {votes.n_items} items that were "
                    "compared; a line is the wider the more votes a pair got. The table below "
                    "holds the counts."
                ),
                caption="Who was compared with whom.",
            )
        )  # fmt: skip
    yield Section("design", "What was compared", paragraphs, figures, [table])

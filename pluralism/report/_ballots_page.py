"""The page on ballots: what each rule decides, by how much, and where rules contradict."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from .. import plots
from ..errors import PluralismError
from ._election import REPLICATES, SEED, Election, by_pick, cycles, gather_election
from ._page import Caveat, Page, Section
from ._svg import draw
from ._tables import Column, Table
from ._words import listed, named_together, plural, say, short, signed

if TYPE_CHECKING:
    from ..data import Ballots

__all__ = ["ballots_page"]

#: Alternatives in the margin graph, the leading ones; and in tables of all pairs.
DRAWN, SHOWN = 12, 40


def ballots_page(
    data: Ballots, level: float, title: str | None, other: tuple[str, Ballots] | None
) -> Page:
    """Report ballots."""
    found = gather_election(data)
    n = data.n_alternatives
    facts = [plural(data.n_voters, "ballot"), plural(n, "alternative"), data.kind]
    parts = (_rules, _condorcet, _margins, _rounds, _profile)
    sections = [section for part in parts for section in part(found)]
    summary = list(_summary(found))
    if other is not None:
        sentence, section = _compared(found, other[0], gather_election(other[1]))
        summary.append(sentence)
        sections.append(section)
    return Page(
        title or f"What {plural(data.n_voters, 'ballot')} decide", facts, summary, sections,
        list(_caveats(found)), _method(found),
    )  # fmt: skip


def _summary(found: Election) -> Iterator[Markup]:
    data = found.data
    yield say(
        "{} on {}{}.", plural(data.n_voters, "ballot"), plural(data.n_alternatives, "alternative"),
        "" if data.is_complete else "; not every ballot ranks all of them",
    )  # fmt: skip
    if found.winner:
        place = data.alternatives.index(found.winner[0])
        against = np.delete(found.margins[place], place)
        rival = [a for a in data.alternatives if a != found.winner[0]][int(np.argmin(against))]
        yield say(
            "{} beats every other alternative head to head; the closest is {}, by a margin of {}.",
            listed(found.winner), listed([rival]), plural(float(against.min()), "ballot"),
        )  # fmt: skip
    else:
        yield say(
            "No alternative beats every other head to head; the smallest set that beats all "
            "outside it holds {}.",
            listed(found.smith),
        )
    picks = by_pick(found)
    if len(picks) == 1:
        yield say("All {} rules pick {}.", f"{sum(map(len, picks.values()))}", *map(listed, picks))
    elif picks:
        parts = [
            say("{} by {}", listed(winners, 3) if winners else "nobody", named_together(rules))
            for winners, rules in list(picks.items())[:4]
        ]
        yield say("The rules do not agree: {}.", Markup("; ").join(parts))
    for rule, chance in found.chances.items():
        top = chance.probability.values
        best = data.alternatives[int(np.argmax(top))]
        yield say(
            "Had other voters like these voted, {} would pick {} in {:.0f}% of cases.",
            rule.capitalize(), listed([best]), 100 * float(top.max()),
        )  # fmt: skip
        break


def _rules(found: Election) -> Iterator[Section]:
    rows = []
    for each in found.decisions:
        picks = ", ".join(short(label) for label in each.winners or ()) or "nobody"
        chance = None
        if each.name in found.chances and each.winners and len(each.winners) == 1:
            place = found.data.alternatives.index(each.winners[0])
            chance = float(found.chances[each.name].probability.values[place])
        applies = each.winners is not None
        rows.append(
            (each.rule, each.rewards, picks if applies else None, chance, each.note or None)
        )
    columns = [
        Column("Rule", "text"),
        Column("Rewards", "text"),
        Column("Picks", "text"),
        Column("Again", "share", "with other voters like these"),
        Column("Note", "text"),
    ]
    # Columns that say nothing take room from those that do.
    used = [at for at in range(5) if at < 3 or any(row[at] is not None for row in rows)]
    table = Table(
        "rules",
        "What each voting rule picks",
        [columns[at] for at in used],
        [tuple(row[at] for at in used) for row in rows],
    )
    groups = by_pick(found)
    said = (
        say("All rules that apply pick the same.")
        if len(groups) == 1
        else say(
            "There are {} different answers; whoever chooses the rule chooses the winner.",
            f"{len(groups)}",
        )
    )
    yield Section("rules", "What each rule would pick", [said], [], [table])


def _condorcet(found: Election) -> Iterator[Section]:
    circles = cycles(found.margins)
    ties = int((np.triu(found.margins == 0, 1)).sum())
    n = found.data.n_alternatives
    table = Table(
        "condorcet", "Majorities",
        [Column("Question", "text"), Column("Answer", "text")],
        [
            ("Who beats every other (Condorcet winner)?", _said(found.winner)),
            ("Who loses to every other (Condorcet loser)?", _said(found.loser)),
            ("Smallest set that beats all outside it (Smith set)", _said(found.smith)),
            ("Triples that beat each other in a circle", f"{circles:,} of {_triples(n):,}"),
            ("Pairs that tie", f"{ties:,} of {n * (n - 1) // 2:,}"),
        ],
    )  # fmt: skip
    said = (
        say("Majorities are in order: no three alternatives beat each other in a circle.")
        if not circles
        else say("Majorities contradict themselves in {}.", plural(circles, "triple"))
    )
    yield Section("condorcet", "Is there a majority order?", [said], [], [table])


def _said(labels: tuple[Hashable, ...]) -> str:
    shown = ", ".join(short(label) for label in labels[:8])
    return (shown + (f" and {len(labels) - 8} more" if len(labels) > 8 else "")) or "nobody"


def _triples(n: int) -> int:
    return n * (n - 1) * (n - 2) // 6


def _margins(found: Election) -> Iterator[Section]:
    data, order = found.data, found.order
    labels = [data.alternatives[place] for place in order]
    margins = found.margins[np.ix_(order, order)]
    columns = [Column("Alternative", "text")] + [Column(short(label), "count") for label in labels]
    rows = [
        (label, *(None if at == place else value for at, value in enumerate(margins[place])))
        for place, label in enumerate(labels)
    ]
    drawn = labels[:DRAWN]
    wins = data if len(labels) <= DRAWN else data.restrict(drawn)
    some = f", the {DRAWN} leading ones" if len(drawn) < len(labels) else ""
    figure = draw(
        "margins", plots.margin_graph, wins,
        alternative=(
            f"Graph of the majorities among {len(drawn)} alternatives; an arrow runs from the "
            "winner of a pair to its loser. The table below holds every margin."
        ),
        caption=f"Who beats whom{some}; dashed against the order of wins.",
    )  # fmt: skip
    said = say(
        "A margin is the number of ballots for the one less those for the other, of {}.",
        plural(data.n_voters, "ballot"),
    )
    table = Table(
        "margins", "Margin of the row over the column", columns, rows, shown=len(labels) <= SHOWN,
        folded=len(labels) > 8,
    )  # fmt: skip
    yield Section("margins", "Head to head", [said], [figure], [table])


def _rounds(found: Election) -> Iterator[Section]:
    from .. import choice

    if found.data.kind != "rankings" or found.data.n_alternatives > SHOWN:
        return
    try:
        outcome = choice.irv(found.data)
        counts = outcome.count_table()
    except PluralismError:
        return
    columns = [Column("Count", "text")] + [
        Column(short(str(name)), "count" if counts[name].dtype.kind == "f" else "text")
        for name in counts.columns
    ]
    rows = [(f"{number}", *row) for number, row in
            enumerate(counts.itertuples(index=False, name=None), start=1)]  # fmt: skip
    yield Section(
        "rounds", "Instant runoff, count by count",
        [say("After {}, {} wins.", plural(len(rows), "count"), listed(outcome.winners))],
        [],
        [Table("rounds", "Votes by count", columns, rows, folded=len(columns) > 10)],
    )  # fmt: skip


def _profile(found: Election) -> Iterator[Section]:
    data, order = found.data, found.order
    columns = [Column("Alternative", "text")]
    values: list[Any] = [[data.alternatives[place] for place in order]]
    if data.kind == "rankings":
        ranked = data.ranks != data.sentinel
        weight = data.counts[:, None]
        first = (data.ranks == 0) & ranked
        # A ballot with several first places gives each its part.
        part = first / np.maximum(first.sum(axis=1, keepdims=True), 1)
        total = float(data.counts.sum())
        seen = np.maximum((ranked * weight).sum(axis=0), 1e-300)
        mean = ((data.ranks.astype(np.float64) + 1) * ranked * weight).sum(axis=0) / seen
        columns += [
            Column("First places", "share", "shared where tied"),
            Column("Ranked by", "share", "of the ballots"),
            Column("Mean rank", about="where ranked"),
        ]
        values += [
            ((part * weight).sum(axis=0) / total)[order],
            ((ranked * weight).sum(axis=0) / total)[order],
            mean[order],
        ]
    elif data.approvals is not None:
        share = (data.approvals * data.counts[:, None]).sum(axis=0) / data.counts.sum()
        columns.append(Column("Approved by", "share", "of the ballots"))
        values.append(share[order])
    elif data.utilities is not None:
        mean = (data.utilities * data.counts[:, None]).sum(axis=0) / data.counts.sum()
        columns.append(Column("Mean utility"))
        values.append(mean[order])
    beaten = np.sign(found.margins)
    columns += [Column("Beats", "count"), Column("Loses to", "count")]
    values += [(beaten > 0).sum(axis=1)[order], (beaten < 0).sum(axis=1)[order]]
    said = say(
        "{}; {}, {}.",
        plural(len(data.counts), "different ballot"),
        "no ballot has ties" if data.is_strict else "some ballots have ties",
        "every ballot ranks all" if data.is_complete else "some leave alternatives out",
    )
    yield Section(
        "ballots", "What was on the ballots", [said], [],
        [Table("alternatives", "Alternatives, by wins head to head", columns,
               list(zip(*values, strict=True)))],
    )  # fmt: skip


def _compared(here: Election, name: str, there: Election) -> tuple[Markup, Section]:
    """What each rule picks in two elections."""
    theirs = {each.rule: each for each in there.decisions}
    rows, changed, both = [], 0, 0
    for each in here.decisions:
        other = theirs.get(each.rule)
        if each.winners is None or other is None or other.winners is None:
            continue
        same = set(each.winners) == set(other.winners)
        both += 1
        changed += not same
        rows.append((each.rule, _said(each.winners), _said(other.winners), "yes" if same else "no"))
    sentence = say(
        "Compared with {}, {} of {} pick differently.", name, f"{changed}", plural(both, "rule")
    )
    table = Table(
        "changes", f"What each rule picks here and in {name}",
        [Column("Rule", "text"), Column("Here", "text"), Column("There", "text"),
         Column("Same", "text")],
        rows,
    )  # fmt: skip
    return sentence, Section("changes", f"Compared with {name}", [sentence], [], [table])


def _caveats(found: Election) -> Iterator[Caveat]:
    data = found.data
    yield Caveat(
        "Who did not vote",
        say("The rules decide for {}; whom they stand for is not in the data.",
            plural(data.n_voters, "ballot")),
    )  # fmt: skip
    yield Caveat(
        "Whether voters said what they want",
        say("Ballots are taken as sincere. Under another rule people might have voted otherwise."),
    )
    if not data.is_complete:
        how = {
            "last": "below all that it ranks",
            "incomparable": "as no statement about them",
        }[data.unranked]
        yield Caveat(
            "What a missing rank means",
            say("Ballots that leave alternatives out are read {}; the other reading may pick "
                "another winner.", how),
        )  # fmt: skip
    tied = [each.rule for each in found.decisions if each.tied]
    if tied:
        yield Caveat(
            "Ties", say("{} leave a tie, which no rule here breaks.", named_together(tied))
        )
    close = np.abs(found.margins[np.triu_indices(len(found.margins), 1)])
    few = int((close < 2 * np.sqrt(data.n_voters)).sum())
    if few:
        yield Caveat(
            "Close pairs",
            say("{} of {} are decided by less than two standard deviations of that many tossed "
                "coins ({} ballots).", f"{few:,}", plural(len(close), "pair"),
                signed(2 * float(np.sqrt(data.n_voters)))),
        )  # fmt: skip
    for note in data.notes:
        yield Caveat("From the file", say("{}", note))


def _method(found: Election) -> list[tuple[str, str]]:
    rows = [("Rules", "with their default options, no tie broken")]
    if found.chances:
        rows.append(
            (
                "Other voters",
                f"{REPLICATES} electorates drawn with replacement from these ballots (bootstrap, "
                f"seed {SEED}); a tie of k counts 1/k for each",
            )
        )
    return rows

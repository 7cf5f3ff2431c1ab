"""The page on ratings: how far people agree, on what they do not, and who sees it how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from .. import plots
from ..plots._agreement import draw_between
from ._page import Page, Section
from ._ratings import SHARED, Ratings, gather_ratings
from ._ratings_words import caveats, group_sentence, method, shares, summary, written
from ._svg import draw
from ._tables import Column, Table
from ._words import interval, listed, plural, say, short, signed, span

if TYPE_CHECKING:
    from ..data import Annotations

__all__ = ["ratings_page"]

#: Rows of a table in the page; the rest can be downloaded.
LONGEST = 200
_COEFFICIENTS = {
    "krippendorff_alpha": "Krippendorff's alpha",
    "fleiss_kappa": "Fleiss' kappa",
    "cohen_kappa": "Cohen's (Conger's) kappa",
    "gwet_ac1": "Gwet's AC1",
    "brennan_prediger": "Brennan and Prediger's kappa",
}


def ratings_page(
    data: Annotations, level: float, title: str | None, other: tuple[str, Annotations] | None
) -> Page:
    """Report labels that raters gave to items."""
    found = gather_ratings(data, level)
    facts = [plural(data.n_labels, "label"), plural(data.n_items, "item")]
    if data.raters is not None:
        facts.append(plural(len(data.raters), "rater"))
    facts.append(f"{plural(data.n_categories, 'category', 'categories')}, {data.scale}")
    if data.groups:
        facts.append(f"groups by {', '.join(map(str, data.groups))}")
    parts = (_agreement, _answers, _items, _raters, _groups)
    sections = [section for part in parts for section in part(found)]
    said = list(summary(found))
    if other is not None:
        name, run = other
        sentence, section = _compared(found, name, gather_ratings(run, level))
        said.append(sentence)
        sections.append(section)
    return Page(
        title or f"How {plural(data.n_items, 'item')} were rated", facts, said, sections,
        list(caveats(found)), method(found),
    )  # fmt: skip


def _agreement(found: Ratings) -> Iterator[Section]:
    if found.agreement is None:
        yield Section(
            "agreement", "How far raters agree",
            [say("This cannot be said of these labels: {}.", found.problem)],
        )  # fmt: skip
        return
    percent = f"{100 * found.level:g}%, other items like these"
    table = Table(
        "agreement",
        "Agreement coefficients",
        [
            Column("Coefficient", "text"), Column("Estimate"), Column("Std. error"),
            Column("Lower", about=percent), Column("Upper", about=percent),
            Column("Observed", "share"), Column("By chance", "share"),
        ],
        [
            (
                _COEFFICIENTS[str(name)], row["estimate"], row["stderr"], row["lower"],
                row["upper"], row["observed"], row["expected"],
            )
            for name, row in found.agreement.iterrows()
        ],
    )  # fmt: skip
    spread = found.agreement["estimate"].max() - found.agreement["estimate"].min()
    paragraphs = [
        say(
            "All compare the agreement that was seen with what chance would give; they differ in "
            "what they take for chance, here by up to {}. Alpha uses the {} scale, the others "
            "count two different answers as plain disagreement.",
            signed(spread), found.data.scale,
        )
    ]  # fmt: skip
    yield Section("agreement", "How far raters agree", paragraphs, [], [table])


def _answers(found: Ratings) -> Iterator[Section]:
    data, share = found.data, shares(found)
    total = found.counts.sum(axis=0)
    table = Table(
        "answers", "Answers given, all items together",
        [Column("Answer", "text"), Column("Labels", "count"), Column("Share", "share")],
        [
            (written(answer), count, part)
            for answer, count, part in zip(data.categories, total, share, strict=True)
        ],
        folded=data.n_categories > 30,
    )  # fmt: skip
    effective = float(np.exp(-(share[share > 0] * np.log(share[share > 0])).sum()))
    figures = []
    if data.n_categories > 1:
        figures.append(
            draw(
                "diversity", plots.diversity_profile, data,
                alternative=(
                    f"Effective number of answers, falling from {int((share > 0).sum())} at order "
                    f"0 to {effective:.2f} at order 1 and on. The table below holds the shares."
                ),
                caption="How many different answers there are, however little rare ones count.",
            )
        )  # fmt: skip
    typical = float(np.nanmedian(found.effective[found.several])) if found.several.any() else np.nan
    said = say(
        "All labels together hold as much variety as {} equally common answers would.",
        signed(effective),
    )
    if np.isfinite(typical):
        said += say(" The labels of one item, in the middle, hold as much as {}.", signed(typical))
    yield Section("answers", "What was answered", [said], figures, [table])


def _items(found: Ratings) -> Iterator[Section]:
    data = found.data
    total = found.counts.sum(axis=1)
    order = np.argsort(-np.nan_to_num(found.entropy), kind="stable")
    rows = []
    for place in order:
        top = int(np.argmax(found.counts[place]))
        known = total[place] > 0
        rows.append(
            (
                data.items[place], total[place],
                written(data.categories[top]) if known else None,
                found.counts[place, top] / total[place] if known else None,
                found.entropy[place], found.effective[place],
            )
        )  # fmt: skip
    table = Table(
        "items", "Items, the most disputed first",
        [
            Column("Item", "text"), Column("Labels", "count"), Column("Commonest", "text"),
            Column("Its share", "share"), Column("Entropy", about="in nats"),
            Column("Effective answers", about="exp(entropy)"),
        ],
        rows, most=LONGEST, folded=len(rows) > 12,
    )  # fmt: skip
    if not found.several.any():
        said = say("No item has two labels, so none can be disputed.")
    else:
        said = say(
            "Most disputed, by the entropy of their labels: {}. Entropies of few labels come out "
            "too small.",
            listed(data.items[place] for place in order[:5]),
        )
    yield Section("items", "On what they disagree", [said], [], [table])


def _raters(found: Ratings) -> Iterator[Section]:
    data, share, labels = found.data, found.rater_agreement, found.rater_labels
    if data.raters is None or share is None or labels is None:
        return
    order = np.argsort(np.where(np.isnan(share), np.inf, share), kind="stable")
    tables = [
        Table(
            "raters", "Raters, those who agree least with the others first",
            [
                Column("Rater", "text"), Column("Labels", "count"),
                Column("Agrees", "share", "of the others’ labels on the same items"),
            ],
            [(data.raters[place], labels[place], share[place]) for place in order],
            most=LONGEST, folded=len(order) > 12,
        )
    ]  # fmt: skip
    known = share[np.isfinite(share)]
    paragraphs = [say("{} gave {}.", plural(len(data.raters), "rater"), span(labels, "label"))]
    if len(known):
        paragraphs[0] += say(
            " A rater’s label is that of another rater on the same item {:.0f}% of the time for "
            "the rater in the middle, {:.0f}% for the one who agrees least.",
            100 * np.median(known), 100 * known.min(),
        )  # fmt: skip
    if found.pairs:
        least = found.pairs[0]
        paragraphs.append(
            say(
                "{} share {} items or more. The two who agree least: {} and {}, on {:.0f}% of {} "
                "(kappa {}).",
                plural(found.n_pairs, "pair of raters", "pairs of raters"), SHARED,
                listed([least.one]), listed([least.other]), 100 * least.agreement,
                plural(least.shared, "item"), signed(least.kappa),
            )
        )  # fmt: skip
        tables.append(
            Table(
                "rater-pairs", "Pairs of raters who agree least",
                [
                    Column("Rater", "text"), Column("Other", "text"), Column("Shared", "count"),
                    Column("Agree", "share"), Column("Kappa", about="1 perfect, 0 chance"),
                ],
                [
                    (pair.one, str(pair.other), pair.shared, pair.agreement, pair.kappa)
                    for pair in found.pairs
                ],
                folded=len(found.pairs) > 12,
            )
        )  # fmt: skip
    yield Section("raters", "Who disagrees with whom", paragraphs, [], tables)


def _groups(found: Ratings) -> Iterator[Section]:
    data = found.data
    for number, (name, table) in enumerate(found.groups.items(), start=1):
        labels = table["group"].values.tolist()
        columns = [Column("Group", "text")] + [Column(short(label)) for label in labels]
        rows = [(str(label), *row) for label, row in zip(labels, table.values, strict=True)]
        stem = f"groups-{number}"
        said = [
            say(
                "On the diagonal, alpha among a group’s own raters; elsewhere, the agreement of "
                "one rater from each of two groups, corrected for chance in the same way. A group "
                "that agrees with itself more than with others has a view of its own; whether "
                "that is more than chance, <code>jury.group_association</code> tests."
            )
        ]
        sentence = group_sentence(name, table)
        yield Section(
            stem, f"Do groups by {name} see it alike?",
            said if sentence is None else [sentence, *said],
            [
                draw(
                    stem, draw_between, table, data,
                    alternative=(
                        f"Heat map of agreement within and between {len(labels)} groups by "
                        f"{name}. The table below holds every number."
                    ),
                    caption=f"Agreement within and between groups by {name}.",
                )
            ],
            [Table(stem, f"Agreement within and between groups by {name}", columns, rows)],
        )  # fmt: skip
    for name, problem in found.group_problems.items():
        yield Section(
            f"no-{len(found.groups)}-{list(found.group_problems).index(name)}",
            f"Do groups by {name} see it alike?",
            [say("This cannot be said: {}.", problem)],
        )


def _compared(here: Ratings, name: str, there: Ratings) -> tuple[Markup, Section]:
    """Agreement and answers of two runs, side by side."""
    tables, sentence = [], say("Compared with {}: agreement of one of them is not known.", name)
    if here.agreement is not None and there.agreement is not None:
        shared = [each for each in here.agreement.index if each in there.agreement.index]
        mine, theirs = here.agreement.loc[shared], there.agreement.loc[shared]
        change = mine["estimate"] - theirs["estimate"]
        stderr = np.hypot(mine["stderr"], theirs["stderr"])
        from scipy import stats

        half = stats.norm.isf(0.5 * (1 - here.level)) * stderr
        alpha = "krippendorff_alpha"
        low, high = change[alpha] - half[alpha], change[alpha] + half[alpha]
        if min(mine["stderr"][alpha], theirs["stderr"][alpha]) > 1e-12:
            clear = "more than chance" if low > 0 or high < 0 else "which may be chance"
            said = f"({100 * here.level:g}% interval of the change {interval(low, high)}), {clear}"
        else:  # one item with two labels, or items that all say the same
            said = "with no interval, for lack of items that differ"
        sentence = say(
            "Compared with {}, alpha is {} by {} {}.", name,
            "higher" if change[alpha] > 0 else "lower", signed(abs(change[alpha])), said,
        )  # fmt: skip
        tables.append(
            Table(
                "compared-agreement", f"Agreement here and in {name}",
                [
                    Column("Coefficient", "text"), Column("Here"), Column("There"),
                    Column("Change"), Column("Lower"), Column("Upper"),
                ],
                [
                    (
                        _COEFFICIENTS[each], mine["estimate"][each], theirs["estimate"][each],
                        change[each], change[each] - half[each], change[each] + half[each],
                    )
                    for each in shared
                ],
            )
        )  # fmt: skip
    mine_share = dict(zip(map(written, here.data.categories), shares(here), strict=True))
    their_share = dict(zip(map(written, there.data.categories), shares(there), strict=True))
    answers = list(dict.fromkeys([*mine_share, *their_share]))
    tables.append(
        Table(
            "compared-answers", f"Answers here and in {name}",
            [Column("Answer", "text"), Column("Here", "share"), Column("There", "share")],
            [(each, mine_share.get(each), their_share.get(each)) for each in answers],
        )
    )  # fmt: skip
    return sentence, Section(
        "changes", f"Compared with {name}",
        [sentence, say("The two runs count as independent samples of items.")], [], tables,
    )  # fmt: skip

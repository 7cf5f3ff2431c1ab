"""Sentences made from numbers: they say how sure they are, and nothing that was not computed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from ..plots import _style
from ._evidence import Evidence

__all__ = [
    "interval",
    "listed",
    "named_together",
    "percent",
    "plural",
    "say",
    "short",
    "signed",
    "span",
    "summary",
]

_SOME = 6


def plural(count: float, noun: str, many: str | None = None) -> str:
    """Write ``1 vote``, ``8,931 votes``."""
    written = f"{count:,.6g}" if count != int(count) else f"{int(count):,}"
    return f"{written} {noun if count == 1 else many or noun + 's'}"


def span(values: Any, noun: str) -> str:
    """Write ``between 7 and 343 votes``, or ``150 votes each``."""
    low, high = float(min(values)), float(max(values))
    if low == high:
        return f"{plural(low, noun)} each"
    return f"between {plural(low, noun).split()[0]} and {plural(high, noun)}"


def percent(share: float) -> str:
    """Write ``87%``; neither 0 nor 100 where it is only near them."""
    if 0 < share < 0.01:
        return "less than 1%"
    return "more than 99%" if 0.99 < share < 1 else f"{100 * share:.0f}%"


def signed(value: float) -> str:
    """Write a number with a true minus, and with enough digits to keep its sign."""
    digits = 2 if abs(value) >= 0.005 or value == 0 else 3
    written = f"{value:.{digits}f}"
    return written.removeprefix("-") if float(written) == 0 else written.replace("-", "−")


def interval(lower: float, upper: float) -> str:
    """Write ``0.31 to 0.45``."""
    return f"{signed(lower)} to {signed(upper)}"


def listed(labels: Iterable[Hashable], limit: int = _SOME) -> Markup:
    """Write labels in bold, the first few by name."""
    labels = list(labels)
    shown = [Markup("<b>{}</b>").format(_style.text_of(label, 60)) for label in labels[:limit]]
    more = len(labels) - limit
    if more > 0:
        return Markup(", ").join(shown) + f" and {more:,} more"
    if len(shown) > 1:
        return Markup(", ").join(shown[:-1]) + Markup(" and ") + shown[-1]
    return shown[0] if shown else Markup("")


def say(text: str, *values: Any) -> Markup:
    """Fill in values, escaping what is not markup already."""
    return Markup(text).format(*values)


def short(label: Hashable) -> str:
    """Write a label as a column's heading."""
    return _style.text_of(label, 24)


def summary(evidence: Evidence) -> list[Markup]:
    """The paragraph for a reader who reads one paragraph."""
    return [
        sentence
        for part in (_basis, _leader, _ranks, _rules, _position, _clustering, _groups)
        for sentence in part(evidence)
    ]


def _basis(evidence: Evidence) -> Iterator[Markup]:
    who = ""
    if evidence.raters is not None:
        who = f" by {plural(len(evidence.raters.labels), 'rater')}"
    tied = ""
    if evidence.counts is not None and evidence.counts.tied:
        tied = f"; {100 * evidence.counts.tied:.0f}% of them are ties"
    yield say(
        "{} among {}{} were read as one scale of utility{}.",
        plural(evidence.fit.n_votes, "vote"), plural(len(evidence.items), "item"), who, tied,
    )  # fmt: skip


def _leader(evidence: Evidence) -> Iterator[Markup]:
    first, second = evidence.items[:2]
    percent = f"{100 * evidence.level:g}%"
    decided = evidence.decided
    if decided is None or not np.isfinite(decided[0, 1]):
        yield say("{} has the highest utility.", listed([first]))
        return
    difference = evidence.fit.contrast(first, second)
    low, high = difference.interval(evidence.level)
    chance = 100 * decided[0, 1]
    if low > 0:
        yield say(
            "{} leads: against the runner-up, {}, the model expects it to win {:.0f}% of the "
            "decided comparisons, a difference of {} {} ({} interval {}).",
            listed([first]), listed([second]), chance, signed(difference.estimate),
            evidence.fit.units, percent, interval(low, high),
        )  # fmt: skip
    else:
        yield say(
            "{} stands first, but its lead over {} ({} {}, {} interval {}) may be chance.",
            listed([first]), listed([second]), signed(difference.estimate), evidence.fit.units,
            percent, interval(low, high),
        )  # fmt: skip


def _ranks(evidence: Evidence) -> Iterator[Markup]:
    if evidence.rank is None or evidence.apart is None:
        return
    percent = f"{100 * evidence.level:g}%"
    candidates = [
        item for item, low in zip(evidence.items, evidence.rank[:, 0], strict=True) if low == 1
    ]
    if len(candidates) == 1:
        yield say("No other item can hold rank 1, with {} confidence.", percent)
    else:
        yield say(
            "With {} confidence, rank 1 belongs to one of {}: {}.",
            percent, plural(len(candidates), "item"), listed(candidates),
        )  # fmt: skip
    pairs = len(evidence.items) * (len(evidence.items) - 1) // 2
    if evidence.together:
        yield say(
            "{} of {} ({:.0f}%) cannot be told apart.",
            f"{evidence.together:,}", plural(pairs, "pair"), 100 * evidence.together / pairs,
        )  # fmt: skip
    else:
        yield say("Every one of the {} can be told apart.", plural(pairs, "pair"))


def _rules(evidence: Evidence) -> Iterator[Markup]:
    picks: dict[tuple[Hashable, ...], list[str]] = {}
    for each in evidence.picked:
        best_first = tuple(item for item in evidence.items if item in set(each.winners))
        picks.setdefault(best_first, []).append(each.rule)
    nobody = picks.pop((), [])
    if not picks:
        return
    # "Condorcet winner" is no rule that decides: where there is none, that is a fact of its own.
    none = " No item beats every other head to head." if nobody else ""
    if len(picks) == 1 and not nobody:
        (winners,) = picks
        yield say("All {} voting rules pick {}.", f"{len(evidence.picked)}", listed(winners, 3))
        return
    parts = [
        say("{} by {}", listed(winners, 3), named_together(rules))
        for winners, rules in sorted(picks.items(), key=lambda pair: -len(pair[1]))
    ]
    lead = "Voting rules pick" if len(picks) == 1 else "Voting rules do not agree:"
    yield say("{} {}.{}", lead, Markup("; ").join(parts), none)


def named_together(names: Sequence[str]) -> str:
    """Write ``Borda, Minimax and Schulze``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _groups(evidence: Evidence) -> Iterator[Markup]:
    from ._groups import group_summary

    yield from group_summary(evidence.groups, evidence.level)


def _position(evidence: Evidence) -> Iterator[Markup]:
    order = evidence.order
    if order is None or not order.decided:
        return
    share, expected = order.first_won / order.decided, order.expected / order.decided
    if abs(order.z) < 1.96:
        verdict = "the votes show no clear effect of position"
    else:
        verdict = f"position matters: being shown {'first' if order.z > 0 else 'second'} helps"
    yield say(
        "The item shown first won {:.1f}% of the decided votes, where {:.1f}% were expected from "
        "the utilities (z = {}): {}.",
        100 * share, 100 * expected, signed(order.z), verdict,
    )  # fmt: skip


def _clustering(evidence: Evidence) -> Iterator[Markup]:
    raters = evidence.raters
    if raters is None or not np.isfinite(raters.inflation):
        return
    if raters.inflation > 1.1:
        text = (
            "Votes of one rater move together: standard errors are {:.2f} times what they would "
            "be if votes were independent, and the intervals here take that into account."
        )
    else:
        text = (
            "Votes of one rater hardly move together: standard errors are {:.2f} times those of "
            "independent votes."
        )
    yield say(text, raters.inflation)


def together_with(evidence: Evidence, place: int) -> Sequence[Hashable]:
    """Items that cannot be told apart from the one at `place`."""
    assert evidence.apart is not None
    return [
        item
        for other, item in enumerate(evidence.items)
        if other != place and not evidence.apart[place, other]
    ]

"""What this cannot tell you: each entry is there because of a number in the data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup

from ._evidence import Evidence
from ._page import Caveat
from ._words import listed, plural, signed

__all__ = ["caveats"]

#: An item with fewer votes has an interval that is as wide as most scales.
FEW_VOTES = 30
#: Below this many clusters, errors clustered by rater are too small (Cameron and Miller 2015).
FEW_RATERS = 40
#: A rater with more than this share of the votes decides the result.
LARGE_SHARE = 0.2
MANY_TIES = 0.2


def caveats(evidence: Evidence) -> list[Caveat]:
    """Everything that the numbers say they cannot say, the most general first."""
    checks = (
        _source, _voters, _independence, _groups, _position, _ties, _pairs, _sparse, _alike, _scale,
        _prior, _dropped, _convergence,
    )  # fmt: skip
    return [caveat for check in checks for caveat in check(evidence)]


def _caveat(heading: str, text: str, *values: object) -> Caveat:
    return Caveat(heading, Markup(text).format(*values))


def _source(evidence: Evidence) -> Iterator[Caveat]:
    if evidence.votes is None:
        yield _caveat(
            "The votes themselves",
            "This page was made from a fit alone. Ties, order of presentation, raters and sparse "
            "pairs could not be looked at; pass the votes to have them checked.",
        )


def _voters(evidence: Evidence) -> Iterator[Caveat]:
    if evidence.raters is None:
        if evidence.votes is not None:
            yield _caveat(
                "Whether votes of one person move together",
                "No column says who voted, so all {} count as independent. If people voted "
                "several times, every interval here is too narrow; name the column (<code>rater"
                "</code>) to have errors clustered by rater.",
                plural(evidence.fit.n_votes, "vote"),
            )
        return
    raters = evidence.raters
    yield _caveat(
        "What other people would say",
        "The result speaks for the {} who voted and for people like them; nothing here shows "
        "that they stand for anyone else.",
        plural(len(raters.labels), "rater"),
    )


def _independence(evidence: Evidence) -> Iterator[Caveat]:
    raters = evidence.raters
    if raters is None:
        return
    n = len(raters.labels)
    if n < FEW_RATERS:
        yield _caveat(
            "How far the errors can be trusted",
            "Errors are clustered by only {}; with fewer than about {} they come out too small.",
            plural(n, "rater"), FEW_RATERS,
        )  # fmt: skip
    share = raters.votes / raters.votes.sum()
    top = int(np.argmax(share))
    if share[top] > LARGE_SHARE and n > 1:
        yield _caveat(
            "The result without its busiest rater",
            "{} cast {:.0f}% of the votes; the answer may be theirs alone.",
            listed([raters.labels[top]]), 100 * share[top],
        )  # fmt: skip


def _groups(evidence: Evidence) -> Iterator[Caveat]:
    votes = evidence.votes
    if votes is None:
        return
    if not votes.groups:
        yield _caveat(
            "Whether groups of people agree",
            "No column of groups was named, so one scale stands for everyone; a majority and a "
            "minority that want opposite things would look like indifference.",
        )
        return
    for name, grouping in votes.groups.items():
        weight = np.bincount(grouping.codes, votes.total, len(grouping.labels))
        least = int(np.argmin(weight))
        yield _caveat(
            f"How the groups of “{name}” differ",
            "The scale is fitted to all {} together. The smallest, {}, cast {}, which is {:.1f}% "
            "of the weight, and moves the result little.",
            plural(len(grouping.labels), "group"), listed([grouping.labels[least]]),
            plural(weight[least], "vote"), 100 * weight[least] / weight.sum(),
        )  # fmt: skip


def _position(evidence: Evidence) -> Iterator[Caveat]:
    if evidence.votes is None or evidence.fit.order_effect is not None:
        return
    order = evidence.order
    if order is None:
        yield _caveat(
            "Whether the order of presentation matters",
            "The data do not say which item of a pair was shown first.",
        )
    elif abs(order.z) >= 1.96:
        yield _caveat(
            "What the votes would be in another order",
            "Being shown first is worth {} {} (z = {}), and the model does not hold it "
            "constant; items that were shown first more often than others gain by it.",
            signed(order.effect), "log-odds", signed(order.z),
        )  # fmt: skip


def _ties(evidence: Evidence) -> Iterator[Caveat]:
    if evidence.counts is None or not evidence.counts.tied:
        return
    how = {
        "half": "each counts as half a win for both, which pulls utilities together",
        "drop": "they were left out, so the scale speaks of decided votes only",
    }.get(evidence.fit.ties)
    if how is not None and (evidence.counts.tied >= MANY_TIES or evidence.fit.ties == "drop"):
        yield _caveat(
            "What a tie means",
            "{:.0f}% of the votes are ties; {}. Whether people found both equally good, equally "
            "bad, or did not care is not in the data.",
            100 * evidence.counts.tied, how,
        )  # fmt: skip


def _pairs(evidence: Evidence) -> Iterator[Caveat]:
    counts = evidence.counts
    if counts is not None and counts.pairs_met < counts.pairs:
        unmet = counts.pairs - counts.pairs_met
        yield _caveat(
            "Pairs that never met",
            "{} of {} ({:.0f}%) were never compared directly; what is said of them comes from the "
            "model, through other items.",
            f"{unmet:,}", plural(counts.pairs, "pair"), 100 * unmet / counts.pairs,
        )  # fmt: skip


def _sparse(evidence: Evidence) -> Iterator[Caveat]:
    if evidence.counts is None:
        return
    few = np.flatnonzero(evidence.counts.by_item < FEW_VOTES)
    if len(few):
        worst = few[np.argsort(evidence.counts.by_item[few], kind="stable")]
        yield _caveat(
            "Items with few votes",
            "{} with fewer than {} votes: {}. Their intervals rest on a normal approximation "
            "that is rough there.",
            plural(len(few), "item"), FEW_VOTES, listed(evidence.items[place] for place in worst),
        )  # fmt: skip


def _alike(evidence: Evidence) -> Iterator[Caveat]:
    if evidence.apart is None:
        return
    neighbours = [
        place for place in range(len(evidence.items) - 1) if not evidence.apart[place, place + 1]
    ]
    if not neighbours:  # then no pair is alike: standard errors obey the triangle inequality
        return
    gap, place = min(
        (evidence.estimate[place] - evidence.estimate[place + 1], place) for place in neighbours
    )
    yield _caveat(
        "The order of close items",
        "{} in the ranking cannot be told apart at {:g}% for all pairs at once; the closest, "
        "{}, differ by {} {}. Their order may be chance.",
        plural(len(neighbours), "pair of neighbours", "pairs of neighbours"),
        100 * evidence.level, listed(evidence.items[place : place + 2]), signed(gap),
        evidence.fit.units,
    )  # fmt: skip


def _scale(evidence: Evidence) -> Iterator[Caveat]:
    counts = evidence.counts
    if counts is None or counts.lack_of_fit is None:
        return
    deviance, df, pvalue = counts.lack_of_fit
    if pvalue < 0.05:
        yield _caveat(
            "More than one scale can hold",
            "One utility per item does not describe these votes: deviance {:.1f} on {} degrees of "
            "freedom, p = {}. Some pairs are decided by something else, and the intervals "
            "do not include that.",
            deviance, df, f"{pvalue:.2g}",
        )  # fmt: skip


def _prior(evidence: Evidence) -> Iterator[Caveat]:
    prior = evidence.fit.options.get("prior")
    if isinstance(prior, (int, float)):
        yield _caveat(
            "Utilities without the prior",
            "A normal prior of standard deviation {:g} {} pulls every utility towards zero, most "
            "where votes are few.",
            prior, evidence.fit.units,
        )  # fmt: skip


def _dropped(evidence: Evidence) -> Iterator[Caveat]:
    for reason, count in evidence.fit.dropped.items():
        if reason != "tied" and count:
            yield _caveat(
                "Votes that were left out", "{} dropped: {}.", plural(count, "vote"), reason
            )


def _convergence(evidence: Evidence) -> Iterator[Caveat]:
    if not evidence.fit.convergence.converged:
        yield _caveat(
            "The estimate itself",
            "The fit stopped early ({}); no number here is final.",
            evidence.fit.convergence.status,
        )

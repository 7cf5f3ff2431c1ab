"""The page on pairwise votes, or on a fit alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _words
from ._caveats import caveats
from ._compare_fits import compared
from ._evidence import Evidence, gather
from ._page import Page
from ._sections import sections

if TYPE_CHECKING:
    from ..data import Comparisons

__all__ = ["votes_page"]

_TIES = {"half": "count as half a win for each item", "drop": "left out", "none": "none"}
_ERRORS = {
    "fisher": "inverse expected information (votes independent)",
    "cluster": "clustered by rater",
    "sandwich": "sandwich, by vote",
}


def votes_page(
    fit: Any,
    votes: Comparisons | None,
    level: float,
    title: str | None,
    other: tuple[str, Any] | None,
    begin: Callable[[str], object],
) -> Page:
    """Report a fit, the votes behind it where they are known, and what changed against another."""
    begin("comparing")
    evidence = gather(fit, votes, level)
    begin("drawing")
    summary, parts = _words.summary(evidence), sections(evidence)
    if other is not None:
        sentence, section = compared(fit, *other, level)
        summary.append(sentence)
        parts.append(section)
    return Page(
        title or f"Preferences among {len(evidence.items):,} items",
        _facts(evidence),
        summary,
        parts,
        caveats(evidence),
        _method(evidence),
    )


def _facts(evidence: Evidence) -> list[str]:
    facts = [
        _words.plural(evidence.fit.n_votes, "vote"),
        _words.plural(len(evidence.items), "item"),
    ]
    if evidence.raters is not None:
        facts.append(_words.plural(len(evidence.raters.labels), "rater"))
    if evidence.votes is not None and evidence.votes.groups:
        facts.append(f"groups by {', '.join(map(str, evidence.votes.groups))}")
    return [*facts, f"{evidence.fit.model} model"]


def _method(evidence: Evidence) -> list[tuple[str, str]]:
    fit = evidence.fit
    model = str(fit.model)
    if getattr(fit, "link", None) == "logit":
        model += (
            ": the log-odds that one item is preferred to another are the difference of their "
            "utilities"
        )
    rows = [
        ("Model", model),
        ("Ties", _TIES.get(fit.ties, fit.ties)),
        ("Standard errors", _ERRORS.get(fit.covariance_type, fit.covariance_type)),
    ]
    if evidence.rank is not None:
        rows.append(
            (
                "Ranks and pairs told apart",
                f"all differences of two utilities at once, {100 * evidence.level:g}% jointly "
                "(Mogstad, Romano, Shaikh and Wilhelm 2024)",
            )
        )
    likelihood = f"{fit.log_likelihood:,.3f}".replace("-", "−")
    convergence = fit.convergence
    rows += [
        ("Log-likelihood", f"{likelihood} with {fit.n_parameters} free parameters"),
        (
            "Convergence",
            f"{convergence.status} after {convergence.iterations} steps ({convergence.method})",
        ),
    ]
    return rows + [("Note", note) for note in fit.notes]

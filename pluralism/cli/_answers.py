"""Answers of the commands: computed, and printed as tables or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from ._work import Step, aligned, json_text

if TYPE_CHECKING:
    import pandas as pd

    from ..data import Annotations, Ballots

__all__ = [
    "Answer",
    "Part",
    "add_bootstrap",
    "agreement",
    "audit",
    "diversity",
    "report",
    "show",
    "votes",
]


@dataclass
class Part:
    """A table: its name in JSON, its heading, columns, and rows of raw values."""

    name: str
    heading: str
    columns: Sequence[str]
    rows: list[tuple[Any, ...]]
    text: str = ""


@dataclass
class Answer:
    """What a command found out: facts, and tables."""

    about: dict[str, Any]
    parts: list[Part] = field(default_factory=list)


def show(answer: Answer, *, as_json: bool) -> None:
    """Print an answer."""
    if as_json:
        whole: dict[str, Any] = {"about": answer.about}
        for part in (part for part in answer.parts if part.columns):
            whole[part.name] = [dict(zip(part.columns, row, strict=True)) for row in part.rows]
        print(json_text(whole))
        return
    for place, part in enumerate(answer.parts):
        if place:
            print()
        if part.heading:
            print(f"{part.heading}\n")
        if part.rows:
            print(_table(part))
        if part.text:
            print(f"\n{part.text}" if part.rows else part.text)


def _table(part: Part) -> str:
    """Write a table, text to the left and numbers to the right."""
    # A column without a word in it says nothing.
    used = [
        at for at in range(len(part.columns)) if any(row[at] not in ("", None) for row in part.rows)
    ]
    columns = [part.columns[at] for at in used]
    cells = [tuple(row[at] for at in used) for row in part.rows]
    left = [
        at
        for at in range(len(columns))
        if any(isinstance(row[at], (str, tuple, list)) for row in cells)
    ]
    # Numbers of one column are written alike.
    digits = [
        3 * any(isinstance(row[at], float) and row[at] % 1 for row in cells)
        for at in range(len(columns))
    ]
    written = [tuple(map(_cell, row, digits)) for row in cells]
    return aligned([tuple(columns), *written], left=left)


def _cell(value: Any, digits: int) -> str:
    if value is None or value != value:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, list)):
        more = f" and {len(value) - 4} more" if len(value) > 4 else ""
        return ", ".join(map(str, value[:4])) + more if value else "nobody"
    if isinstance(value, float):
        return f"{value:.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


# -- agree -----------------------------------------------------------------------------------


def agreement(data: Annotations, *, level: float) -> Answer:
    """Coefficients with intervals; and, where there are groups, agreement between them."""
    from ..jury import agreement_table
    from ..jury._between_groups import between_groups

    table = agreement_table(data, level=level)
    names = ["estimate", "stderr", "lower", "upper", "observed", "expected"]
    answer = Answer(
        {
            "items": data.n_items, "raters": data.n_raters, "labels": data.n_labels,
            "scale": data.scale, "categories": list(data.categories), "ci_prob": level,
            "interval": "other items like these, raters as given",
        }
    )  # fmt: skip
    answer.parts.append(
        Part(
            "agreement",
            f"Agreement of raters ({100 * level:g}% intervals, for other items like these)",
            ["coefficient", *names],
            [(str(name), *map(float, row[names])) for name, row in table.iterrows()],
        )
    )
    for name in data.groups:
        found = between_groups(data, name)
        labels = [str(label) for label in found["group"].values.tolist()]
        answer.parts.append(
            Part(
                f"groups by {name}",
                f"Within groups by {name} (diagonal: alpha) and between them",
                ["group", *labels],
                [(each, *map(float, row)) for each, row in zip(labels, found.values, strict=True)],
            )
        )  # fmt: skip
    return answer


def add_bootstrap(answer: Answer, data: Annotations, *, n: int, seed: int, level: float) -> None:
    """Add an interval for other raters, by drawing raters again."""
    from ..jury import krippendorff_alpha
    from ..uncertainty import bootstrap

    with bar("drawing raters again") as progress:
        found = bootstrap(
            krippendorff_alpha, data, unit="rater", n=n, seed=seed, level=level, progress=progress
        )
    low, high = found.interval
    answer.parts.append(
        Part(
            "bootstrap",
            f"The same for other raters ({n:,} draws of the raters)",
            ["coefficient", "estimate", "stderr", "lower", "upper"],
            [("krippendorff_alpha", found.estimate, found.stderr, float(low), float(high))],
        )
    )


@contextmanager
def bar(what: str) -> Iterator[Any]:
    """A progress bar on a terminal; elsewhere, nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


# -- diversity -------------------------------------------------------------------------------


def diversity(counts: pd.DataFrame, orders: Sequence[float]) -> Answer:
    """Entropy and Hill numbers of every row of counts."""
    import numpy as np

    from .. import _quiet
    from ..errors import SmallSampleWarning
    from ..perspective import entropy, hill_numbers

    table = counts.to_numpy(dtype=float)
    with _quiet.held_back(SmallSampleWarning):  # both estimators stand side by side
        plain = np.atleast_1d(entropy(table))
        corrected = np.atleast_1d(entropy(table, estimator="chao-shen"))
    hills = np.asarray(hill_numbers(table, q=np.asarray(orders, dtype=float)))
    columns = ["row", "answers", "different", "entropy", "chao_shen"]
    columns += [f"hill_{order:g}" for order in orders]
    rows = [
        (
            str(name), int(table[at].sum()), int((table[at] > 0).sum()), float(plain[at]),
            float(corrected[at]), *map(float, hills[at]),
        )
        for at, name in enumerate(counts.index)
    ]  # fmt: skip
    heading = (
        "Entropy in nats (plug-in, and corrected for answers not seen: Chao and Shen), and "
        "effective\nnumbers of answers (Hill numbers of order q)"
    )
    return Answer(
        {"answers": int(table.sum()), "categories": list(map(str, counts.columns))},
        [Part("diversity", heading, columns, rows)],
    )


# -- vote and audit --------------------------------------------------------------------------


def votes(data: Ballots) -> Answer:
    """What each rule picks, and what majorities say."""
    from .. import choice
    from ..report._rules import decisions

    rows = [
        (
            each.rule,
            None if each.winners is None else tuple(map(str, each.winners)),
            each.tied,
            each.note or "",
        )
        for each in decisions(data)
    ]
    smith = choice.smith_set(data).winners
    loser = choice.condorcet_loser(data).winners
    facts = [
        ("Smith set", tuple(map(str, smith))),
        ("Condorcet loser", tuple(map(str, loser))),
    ]
    about = {"ballots": data.n_voters, "alternatives": list(data.alternatives), "kind": data.kind}
    return Answer(
        about,
        [
            Part(
                "rules", f"What each rule picks from {data.n_voters:,.6g} ballots",
                ["rule", "picks", "tied", "note"], rows,
            ),
            Part("majorities", "What majorities say", ["set", "members"], facts),
        ],
    )  # fmt: skip


def audit(
    data: Ballots, rule: str, *, axioms: Sequence[str] | None, budget: int, seed: int
) -> Answer:
    """Audit a rule, axiom by axiom, with a progress bar."""
    from .. import choice
    from ..choice._axiom_cases import AXIOMS

    function = getattr(choice, rule)
    names = list(axioms) if axioms else list(AXIOMS)
    rows, found = [], []
    with bar(f"auditing {rule}") as progress:
        for done, name in enumerate(names):
            if progress is not None:
                progress(done, len(names))
            result = choice.audit_rule(function, data, axioms=[name], budget=budget, seed=seed)
            row = result.to_frame().loc[name]
            rows.append(
                (
                    name, bool(row["violated"]), int(row["cases"]), bool(row["exhaustive"]),
                    str(row["searched"]), str(row["statement"]),
                )
            )  # fmt: skip
            found += [str(case) for case in result.violations]
    broken = sum(row[1] for row in rows)
    heading = f"{rule} breaks {broken} of {len(rows)} axioms on these ballots and changes of them"
    columns = ["axiom", "broken", "cases", "exhaustive", "searched", "statement"]
    return Answer(
        {"rule": rule, "ballots": data.n_voters, "budget": budget, "seed": seed},
        [
            Part("axioms", heading, columns[:5], [row[:5] for row in rows]),
            Part(
                "violations", "Violations" if found else "", ["axiom", "statement"],
                [(row[0], row[5]) for row in rows if row[1]],
                "\n\n".join(found) or "no violation was found",
            ),
        ],
    )  # fmt: skip


# -- report ----------------------------------------------------------------------------------


def report(
    data: Any, output: Path, step: Step, *, other: Any, name: str, title: str | None, level: float
) -> Answer:
    """Write the page on ratings or ballots; answer the same question in short."""
    from ..data import Ballots
    from ..errors import PluralismError
    from ..report import write_report

    page = write_report(
        data, output, compare=other, compare_name=name, title=title, level=level, progress=step
    )
    step("summing up")
    try:
        answer = votes(data) if isinstance(data, Ballots) else agreement(data, level=level)
    except PluralismError as error:
        answer = Answer({"problem": str(error)})  # the page says so too, and all the rest
    answer.about["report"] = str(page)
    answer.parts.append(Part("page", "", [], [], f"report: {page}"))
    return answer


def check_kind(kind: str, given: dict[str, Any]) -> None:
    """Refuse options that say nothing about this kind of file."""
    strange = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if strange:
        raise DataError(f"the file holds {kind}, for which {strange[0]} means nothing")

"""Write the table of papers from its one source, ``docs/papers/papers.csv``.

Every paper is a row or more; a row's call leads to the reference, which holds an example that runs,
and its title to the example that draws the paper's figure, where one names the paper.
"""

from __future__ import annotations

import csv
from collections import Counter
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "docs" / "papers" / "papers.csv"
PAGE = ROOT / "docs" / "papers" / "table.md"


def rows() -> list[dict[str, str]]:
    """The rows of the table, in its order."""
    with SOURCE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def examples() -> dict[str, str]:
    """Text of every example, by its name in the gallery."""
    return {
        path.stem: " ".join(path.read_text(encoding="utf-8").split())
        for path in sorted((ROOT / "examples").glob("plot_*.py"))
    }


def call(path: str) -> str:
    return f"{{py:obj}}`~pluralism.{path}`"


def heading(title: str, texts: dict[str, str]) -> str:
    """The title, and links to the examples that name it in full."""
    named = [stem for stem, text in texts.items() if title in text]
    links = ", ".join(f"{{doc}}`example </gallery/{stem}>`" for stem in named)
    return f"**{title}**" + (f" ({links})" if links else "")


def table() -> str:
    """One list of papers, each with its measurements, as MyST."""
    texts = examples()
    lines = []
    counts = Counter(row["status"] for row in rows())
    summary = "; ".join(f"{status}: {n}" for status, n in counts.most_common())
    lines.append(f"Rows by status: {summary}.\n")
    lines.append("````{list-table}\n:header-rows: 1\n:widths: 40 25 10 10 15\n")
    lines.append("* - paper, and what is measured\n  - call\n  - published\n  - here\n  - status")
    for title, group in groupby(rows(), key=lambda row: row["title"]):
        for position, row in enumerate(group):
            first = heading(title, texts) if position == 0 else ""
            what = ": ".join(part for part in (first, row["measures"]) if part)
            note = f" *{row['note']}*" if row["note"] else ""
            calls = ", ".join(map(call, filter(None, row["function"].split("; "))))
            proof = f" `{row['test'].rpartition('/')[2]}`" if row["test"] else ""
            cells = [what + note, calls, row["published"], row["ours"], row["status"] + proof]
            lines.append("* - " + "\n  - ".join(cells))
    lines.append("````\n")
    return "\n".join(lines)


def write() -> None:
    """Write what ``docs/papers/index.md`` includes; the docs build calls this first."""
    PAGE.write_text(table(), encoding="utf-8")

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
#: What stands before a number.
NUMBERS = {"published": "published", "here": "ours"}
#: Badge of each status.
COLOURS = {
    "reproduced from data": "success",
    "reproduced from published counts": "success",
    "computed here, nothing published to match": "info",
    "definition implemented, data not public": "light",
}


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


def measurement(row: dict[str, str]) -> str:
    """A row of a paper's table: what is measured and how, the numbers, and what proves them."""
    what = ", ".join([row["measures"], *map(call, row["function"].split("; "))])
    note = f"<br>*{row['note']}*" if row["note"] else ""
    numbers = [f"{name} {row[field]}" for name, field in NUMBERS.items() if row[field]]
    proof = [f"`{row['test'].rpartition('::')[2]}`"] if row["test"] else []
    status = f"{{bdg-{COLOURS[row['status']]}}}`{row['status']}`"
    cells = [what + note, "<br>".join(numbers), " ".join([status, *proof])]
    return "* - " + "\n  - ".join(cells)


def table() -> str:
    """Every paper as a block, with a small table of its measurements, as MyST."""
    texts = examples()
    counts = Counter(row["status"] for row in rows())
    summary = "; ".join(f"{status}: {n}" for status, n in counts.most_common())
    lines = [f"Rows by status: {summary}.\n"]
    for title, group in groupby(rows(), key=lambda row: row["title"]):
        here = list(group)
        if not here[0]["function"]:
            block = [f"{heading(title, texts)}: {here[0]['note']}. *No measurement.*"]
        else:
            options = "```{list-table}\n:class: measurements\n:widths: 50 20 30\n"
            block = [f"{heading(title, texts)}\n", options, *map(measurement, here), "```"]
        lines += [":::{div} paper", *block, ":::\n"]
    return "\n".join(lines)


def write() -> None:
    """Write what ``docs/papers/index.md`` includes; the docs build calls this first."""
    PAGE.write_text(table(), encoding="utf-8")

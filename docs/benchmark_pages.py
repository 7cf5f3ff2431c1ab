"""Write the pages of benchmarks and of interval coverage from ``benchmarks/results``.

A page shows what a run stored and nothing else: each result names its command, and the summary says
which machine and versions it recorded, or that it recorded none.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BENCHMARKS = ROOT / "docs" / "benchmark_results.md"
COVERAGE = ROOT / "docs" / "coverage_results.md"

#: A name and a version of three parts, as results state them: "NumPy 2.4.6".
VERSION = re.compile(r"\b[A-Za-z][A-Za-z_-]* \d+\.\d+\.\d+\b")
MACHINE = re.compile(
    r"(?:two|2) (?:quiet |shared )?cores(?: shared with other work)?|one BLAS thread|x86_64"
)


def parts(text: str) -> tuple[str, str, str]:
    """Title, preamble (what was run, where) and the rest of a stored result."""
    title, _, rest = text.partition("\n")
    preamble, bar, tables = rest.partition("\n|")
    return title.lstrip("# ").strip(), preamble.strip(), (bar + tables).strip()


def distinct(pattern: re.Pattern[str], text: str) -> str:
    """What a pattern finds, each once, or that nothing is recorded."""
    found = list(dict.fromkeys(" ".join(match.split()) for match in pattern.findall(text)))
    return ", ".join(found) or "not recorded"


def command(preamble: str) -> str:
    """The command line that a preamble names."""
    found = re.search(r"`([^`]*python[^`]*)`", preamble)
    return f"`{found[1]}`" if found else "not recorded"


def benchmarks() -> str:
    """A summary of all runs, then each of them, as MyST."""
    lines = ["| run | command | machine | versions |", "| --- | --- | --- | --- |"]
    sections = []
    for path in sorted(RESULTS.glob("*.md")):
        if path.stem == "coverage":
            continue
        title, preamble, tables = parts(path.read_text(encoding="utf-8"))
        # preambles only: a result's rows may name other versions as its subject
        lines.append(
            f"| [{title}](#{path.stem.replace('_', '-')}-run) | {command(preamble)} "
            f"| {distinct(MACHINE, preamble)} | {distinct(VERSION, preamble)} |"
        )
        deeper = re.sub(r"^#", "##", tables, flags=re.MULTILINE)
        label = f"({path.stem.replace('_', '-')}-run)="
        sections.append(f"{label}\n## {title}\n\n{preamble}\n\n{deeper}\n")
    return "\n".join(lines) + "\n\n" + "\n".join(sections)


def coverage() -> str:
    """The stored shares of intervals that held the truth, and how many data sets they rest on."""
    title, preamble, tables = parts((RESULTS / "coverage.md").read_text(encoding="utf-8"))
    tally = json.loads((RESULTS / "coverage.json").read_text(encoding="utf-8"))
    sets = ", ".join(
        f"{design} {sum(block['sets'] for block in blocks.values()):,.0f}"
        for design, blocks in tally.items()
    )
    return (
        f"## {title}\n\n{preamble}\n\nData sets kept in `benchmarks/results/coverage.json`, in "
        f"blocks that a run can add to: {sets}.\n\n{tables}\n"
    )


def write() -> None:
    """Write what ``docs/benchmarks.md`` and ``docs/coverage.md`` include."""
    BENCHMARKS.write_text(benchmarks(), encoding="utf-8")
    COVERAGE.write_text(coverage(), encoding="utf-8")

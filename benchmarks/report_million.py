"""From the shell to a written report: a million votes among a hundred items, string labels.

Run as ``python benchmarks/report_million.py``; writes ``benchmarks/results/report_million.md``.
Every run is a fresh process, as a user would start it; accuracy stands beside the time.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
ROUNDS = 3
VOTES, ITEMS = 1_000_000, 100

PHASES = """
import sys, time
start = time.perf_counter()
def lap(name):
    global start
    now = time.perf_counter(); print(f"{name}\\t{now - start:.3f}"); start = now
from pluralism import Comparisons
import duckdb, narwhals, pandas, pluralism.data._votes, pluralism.data._pushdown
lap("import what counting needs")
votes = Comparisons.from_frame(sys.argv[1], first="first", second="second", outcome="outcome")
lap("read and count 1,000,000 rows")
from pluralism.utility import fit_bradley_terry
lap("import what fitting needs")
fit = fit_bradley_terry(votes)
lap("fit")
from pluralism import write_report
import matplotlib.pyplot, jinja2
lap("import what drawing needs")
write_report(votes, sys.argv[2], fit=fit)
lap("write the report")
"""


def timed(arguments: list[str]) -> tuple[float, float, str]:
    """Wall seconds, CPU seconds and output of a command."""
    before = os.times()
    start = time.perf_counter()
    done = subprocess.run(
        arguments,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    wall = time.perf_counter() - start
    after = os.times()
    cpu = (
        after.children_user - before.children_user + after.children_system - before.children_system
    )
    return wall, cpu, done.stdout


def main() -> None:
    from pluralism.data import simulate_votes

    with tempfile.TemporaryDirectory() as folder:
        votes, page = Path(folder) / "votes.csv", Path(folder) / "report.html"
        names = [f"assistant-{place:03d} (instruct, v{place % 7})" for place in range(ITEMS)]
        frame = simulate_votes(VOTES, items=names, tie_parameter=0.3, seed=1)
        frame.to_csv(votes, index=False)
        truth = frame.attrs["utility"]
        shell = [sys.executable, "-m", "pluralism", "report", str(votes), "-o", str(page)]
        runs = [timed(shell) for _ in range(ROUNDS + 1)][1:]
        wall = statistics.median(run[0] for run in runs)
        cpu = statistics.median(run[1] for run in runs)
        laps = [
            timed([sys.executable, "-c", PHASES, str(votes), str(page)])[2] for _ in range(ROUNDS)
        ]
        phases = {
            name: statistics.median(
                float(re.search(rf"{name}\t([\d.]+)", text)[1]) for text in laps
            )
            for name in re.findall(r"^(.*)\t", laps[0], re.MULTILINE)
        }
        size = votes.stat().st_size / 2**20
        page_size = page.stat().st_size / 2**20
        from pluralism import Comparisons
        from pluralism.utility import fit_bradley_terry

        counted = Comparisons.from_frame(votes, first="first", second="second", outcome="outcome")
        decided = fit_bradley_terry(counted, ties="drop")
        found = decided.utility.to_series()
        z = (found - pd.Series(truth)) / decided.stderr.to_series()
    rows = "".join(f"| {name} | {value:.2f} |\n" for name, value in phases.items())
    result = f"""# A million votes, from the shell to a report

`python benchmarks/report_million.py`: {VOTES:,} rows of CSV ({size:.0f} MiB) among {ITEMS} items
with string labels, ties among them; medians of {ROUNDS} fresh processes on {os.cpu_count()} cores,
load {os.getloadavg()[1]:.1f} (files in the cache of the operating system). `pluralism report
votes.csv` wrote a page of {page_size:.1f} MiB.

| | s |
| --- | --- |
| wall, shell to written report (to hold: below 10) | {wall:.2f} |
| CPU | {cpu:.2f} |

Its phases, in one process (reading and counting is to take at most 1 s):

| phase | s |
| --- | --- |
{rows}
Accuracy of the fit with ties dropped, against the truth: root mean square of
(estimate - truth) / standard error = {np.sqrt((z**2).mean()):.2f} over {ITEMS} items; status
{decided.convergence.status}.
"""
    print(result)
    (ROOT / "benchmarks" / "results" / "report_million.md").write_text(result, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Votes by the hundred million: from Parquet to a fit with standard errors.

Run ``python benchmarks/scale.py`` from the root of the repository; it draws the votes (400 MB in
the system's temporary folder, removed afterwards), runs each case in a process of its own, and
writes ``benchmarks/results/scale.md``. ``python benchmarks/scale.py --votes 1e6`` is a dry run
that writes nothing.

The opponent is the same group-by written by hand in DuckDB SQL, cells fetched into pandas. The
ratio is of CPU seconds (user and system, all threads, start of Python included), which other work
on the machine disturbs less than the clock; both are given.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np

RESULT = Path(__file__).parent / "results" / "scale.md"
N_ITEMS, SHARDS, RUNS = 1_000, 10, 3
COLUMNS = {"first": "first", "second": "second", "outcome": "outcome"}


def generate(folder: Path, n_votes: int, *, raters: int = 0, seed: int = 7) -> np.ndarray:
    """Write Bradley-Terry votes, a tenth of them ties, to Parquet; return the true utilities."""
    folder.mkdir()
    utility = np.random.default_rng(seed).normal(0, 1, N_ITEMS)
    rater = f", 'rater ' || floor(random() * {raters})::INT AS rater" if raters else ""
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false; SET threads = 2")
        connection.execute("SELECT setseed(0.5)")
        connection.execute(
            "CREATE TABLE item AS SELECT unnest(range(?)) AS i, unnest(?) AS u",
            [N_ITEMS, utility.tolist()],
        )
        for shard in range(SHARDS):
            connection.execute(f"""
                COPY (
                    SELECT 'item ' || lpad(a::VARCHAR, 4, '0') AS first,
                        'item ' || lpad(b::VARCHAR, 4, '0') AS second,
                        CASE WHEN random() < 0.1 THEN 'tie'
                            WHEN random() < 1 / (1 + exp(y.u - x.u)) THEN 'first'
                            ELSE 'second' END AS outcome {rater}
                    FROM (
                        SELECT a, (a + 1 + floor(random() * {N_ITEMS - 1})::INT) % {N_ITEMS} AS b
                        FROM (SELECT floor(random() * {N_ITEMS})::INT AS a
                              FROM range({n_votes // SHARDS}))
                    ) JOIN item x ON x.i = a JOIN item y ON y.i = b
                ) TO '{folder}/{shard:03d}.parquet' (FORMAT parquet)
            """)
    return utility


def case(name: str, folder: str) -> dict[str, float]:
    """Run one case in this process; what it reports besides its cost."""
    files = f"{folder}/*.parquet"
    if name == "SQL by hand":
        with duckdb.connect() as connection:
            connection.execute("SET preserve_insertion_order = false")
            cells = connection.execute(
                f"SELECT first, second, outcome, count(*) AS n FROM read_parquet('{files}') "
                "GROUP BY first, second, outcome"
            ).df()
        return {"cells": len(cells), "votes": int(cells["n"].sum())}
    from pluralism import Comparisons
    from pluralism.utility import fit_bradley_terry

    rater = "rater" if name == "fit, clustered by rater" else None
    votes = Comparisons.from_frame(files, **COLUMNS, rater=rater)
    report = {"cells": votes.n_cells, "votes": votes.n_votes}
    if name == "cells":
        return report
    fit = fit_bradley_terry(votes)
    truth = np.random.default_rng(7).normal(0, 1, N_ITEMS)
    estimate, error = fit.utility.values, fit.stderr.values
    # Ties count half a win each, which draws the scale together; the errors are compared after it.
    slope = float(estimate @ (truth - truth.mean()) / (estimate @ estimate))
    z = (slope * estimate - (truth - truth.mean())) / (slope * error)
    report |= {"stderr": float(error.mean()), "rms_z": float(np.sqrt(np.mean(z**2)))}
    return report | {"covariance": fit.covariance_type}


def measured(name: str, folder: Path) -> dict[str, float]:
    """Run a case in a fresh process and return its cost with its report."""
    command = [sys.executable, __file__, "--case", name, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def run_case(name: str, folder: str) -> None:
    import resource

    start = time.perf_counter()
    report = case(name, folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    report |= {
        "wall": time.perf_counter() - start,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 2**20,
    }
    print(json.dumps(report))


def compare(folder: Path, names: list[str], runs: int) -> dict[str, dict[str, float]]:
    """Take turns, so that whatever else the machine does meets all alike; medians."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            taken[name].append(measured(name, folder))
    return {
        name: reports[-1]
        | {key: statistics.median(r[key] for r in reports) for key in ("wall", "cpu", "peak")}
        for name, reports in taken.items()
    }


def main() -> None:
    """Measure and store."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--case")
    parser.add_argument("--folder")
    parser.add_argument("--votes", type=float, default=1e8, help="fewer: a dry run")
    given = parser.parse_args()
    if given.case:
        run_case(given.case, given.folder)
        return
    most = int(given.votes)
    lines = [
        "# Votes by the hundred million",
        "",
        f"`python benchmarks/scale.py`, Python {platform.python_version()}, DuckDB "
        f"{duckdb.__version__}, NumPy {np.__version__}; {N_ITEMS:,} items, {SHARDS} Parquet "
        f"files, two cores shared with other work; medians of {RUNS} runs taken in turn, each "
        "in a process of its own. CPU seconds include the start of Python and its imports.",
        "",
        "| votes | case | CPU s | against SQL | wall s | peak GiB | cells | mean stderr | rms z |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    print("\n".join(lines[-2:]), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for n_votes, raters in ((most, 0), (most // 10, 0), (most // 10, most // 100)):
            folder = Path(scratch) / f"{n_votes}-{raters}"
            generate(folder, n_votes, raters=raters)
            last = "fit, clustered by rater" if raters else "fit"
            names = ["SQL by hand", "cells", last] if not raters else [last]
            found = compare(folder, names, RUNS if not raters else 1)
            for name, report in found.items():
                ratio = "" if raters else f"{report['cpu'] / found['SQL by hand']['cpu']:.2f}"
                fitted = (
                    f"{report['stderr']:.5f} | {report['rms_z']:.2f}" if "rms_z" in report else "|"
                )
                who = f", {raters:,} raters" if raters else ""
                assert report["votes"] == n_votes
                lines.append(
                    f"| {n_votes:,}{who} | {name} | {report['cpu']:.1f} | {ratio} "
                    f"| {report['wall']:.1f} | {report['peak']:.2f} | {report['cells']:,} "
                    f"| {fitted} |"
                )
                print(lines[-1], flush=True)
            for file in folder.iterdir():
                file.unlink()
    lines += [
        "",
        "Ties, a tenth of the votes, count as half a win each, which is not quite Bradley-Terry: "
        "at 1e8 votes that shows beside standard errors of 0.005, and the root mean square of z "
        "(estimate less truth, in standard errors, after rescaling) is above one: a fit to the "
        "expected counts of these votes, without any chance, is off by 2.97 in the same measure.",
    ]
    if most == 10**8:
        RESULT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""What it costs to let votes in: counting, label encoding, and the fit that follows.

Run ``python benchmarks/ingestion.py`` from the root of the repository; it writes
``benchmarks/results/ingestion.md``. Times are CPU seconds (user and system, all threads), the
median of five runs after one warm-up, in this process. The unit "pass" is one sum over the three
integer columns, timed in the same run: what the memory alone allows.
"""

from __future__ import annotations

import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from pluralism import Comparisons
from pluralism.utility import fit_bradley_terry

RESULT = Path(__file__).parent / "results" / "ingestion.md"
RUNS = 5


def cpu(call: Callable[[], object]) -> float:
    """Return the median CPU time of `call`."""
    times = []
    for run in range(RUNS + 1):
        start = time.process_time()
        call()
        if run:
            times.append(time.process_time() - start)
    return statistics.median(times)


def votes(n_items: int, n_votes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw Bradley-Terry votes as integer codes."""
    rng = np.random.default_rng(7)
    utility = rng.normal(0, 1, n_items)
    first = rng.integers(0, n_items, n_votes, dtype=np.int32)
    second = ((first + rng.integers(1, n_items, n_votes)) % n_items).astype(np.int32)
    won = rng.random(n_votes) < 1 / (1 + np.exp(utility[second] - utility[first]))
    return first, second, won.astype(np.int8)


def main() -> None:
    """Measure and store."""
    lines = [
        "# Letting votes in",
        "",
        f"`python benchmarks/ingestion.py`, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, pandas {pd.__version__}; CPU seconds, median of {RUNS}.",
        "",
        "| items x votes | way in | CPU s | passes |",
        "| --- | --- | --- | --- |",
    ]
    for n_items, n_votes in ((100, 10**6), (1000, 10**6)):
        first, second, won = votes(n_items, n_votes)
        one_pass = cpu(lambda f=first, s=second, w=won: (f.sum(), s.sum(), w.sum()))
        names = np.array([f"contestant number {code}" for code in range(n_items)], dtype=object)
        frame = pd.DataFrame({"a": names[first], "b": names[second], "y": won})
        ways: dict[str, Callable[[], object]] = {
            "integer codes to cells": lambda f=first, s=second, w=won, n=n_items: (
                Comparisons.from_codes(f, s, w, items=n)
            ),
            "integer codes to fitted utilities": lambda f=first, s=second, w=won, n=n_items: (
                fit_bradley_terry(Comparisons.from_codes(f, s, w, items=n))
            ),
            "pandas frame of strings to cells": lambda t=frame: Comparisons.from_frame(
                t, first="a", second="b", outcome="y"
            ),
            "label encoding alone (pandas.factorize, both columns)": lambda t=frame: [
                pd.factorize(t[column]) for column in "ab"
            ],
        }
        try:
            import polars
        except ImportError:
            pass
        else:
            table = polars.from_pandas(frame)
            ways["Polars frame of strings to cells"] = lambda t=table: Comparisons.from_frame(
                t, first="a", second="b", outcome="y"
            )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "votes.csv"
            frame.to_csv(path, index=False)
            ways["CSV file of strings to cells"] = lambda p=path: Comparisons.from_frame(
                p, first="a", second="b", outcome="y"
            )
            for name, call in ways.items():
                seconds = cpu(call)
                lines.append(
                    f"| {n_items} x {n_votes:,} | {name} | {seconds:.4f} "
                    f"| {seconds / one_pass:.1f} |"
                )
                print(lines[-1], flush=True)
        lines.append(f"| {n_items} x {n_votes:,} | (one pass) | {one_pass:.5f} | 1 |")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

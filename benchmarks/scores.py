"""What a rate table over many rows and subgroups costs, with cluster bootstrap intervals.

Run ``python benchmarks/scores.py`` from the root of the repository; it writes
``benchmarks/results/scores.md``. Times are CPU seconds (user and system, all threads), the median
of five runs after one warm-up, in this process. The unit "pass" is one plain pandas group-by mean
over the same rows. Accuracy: the largest difference of any rate from that group-by, and the
coverage of the true group rates by the intervals, which the rows were drawn from.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pluralism.scores import rate_table

RESULT = Path(__file__).parent / "results" / "scores.md"
RUNS = 5


def cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the median CPU time of `call`, and what it returned."""
    times = []
    for run in range(RUNS + 1):
        start = time.process_time()
        result = call()
        if run:
            times.append(time.process_time() - start)
    return statistics.median(times), result


def rows(n_rows: int, n_groups: int, n_clusters: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw rows whose clusters share some of their luck; return them and the group rates."""
    rng = np.random.default_rng(3)
    share = rng.uniform(0.2, 0.8, n_groups)
    luck = rng.choice([-0.2, 0.2], n_clusters)
    luck -= luck.mean()
    group = rng.integers(0, n_groups, n_rows)
    cluster = rng.integers(0, n_clusters, n_rows)
    hit = rng.random(n_rows) < share[group] + luck[cluster]
    return pd.DataFrame({"group": group, "cluster": cluster, "hit": hit}), share


def main() -> None:
    """Measure and store."""
    lines = [
        "# Rate tables",
        "",
        f"`python benchmarks/scores.py`, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, pandas {pd.__version__}; CPU seconds, median of {RUNS}.",
        "",
        "| rows | subgroups | clusters | interval | CPU s | passes | largest error of a rate "
        "| share of true rates covered (95%) |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for n_rows, n_groups, n_clusters in (
        (10**5, 100, 10**4),
        (10**6, 1000, 10**4),
        (10**6, 1000, 10**5),
    ):
        frame, share = rows(n_rows, n_groups, n_clusters)
        one_pass, means = cpu(lambda f=frame: f.groupby("group").hit.mean())
        for interval in ("wilson", "bootstrap"):
            seconds, found = cpu(
                lambda f=frame, i=interval: rate_table(
                    f, outcome="hit", by="group", cluster="cluster", interval=i, seed=1
                )
            )
            table = found.table[found.table.kind == "group"]
            error = np.abs(table.rate.to_numpy() - means.to_numpy()).max()
            covered = ((table.lower <= share) & (share <= table.upper)).mean()
            lines.append(
                f"| {n_rows:,} | {n_groups:,} | {n_clusters:,} | {interval}"
                f"{' (1,000 replicates)' if interval == 'bootstrap' else ''} | {seconds:.2f} "
                f"| {seconds / one_pass:.0f} | {error:.1e} | {covered:.3f} |"
            )
            print(lines[-1], flush=True)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

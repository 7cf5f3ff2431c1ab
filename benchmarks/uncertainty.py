"""What intervals cost: bootstraps of agreement and of fits, and fits of many groups.

Run ``OMP_NUM_THREADS=1 python benchmarks/uncertainty.py`` from the root of the repository; it
writes ``benchmarks/results/uncertainty.md``. Times are CPU seconds (user and system), the
median of five runs after one that compiles, in this process; the error is the largest difference
from the loop's results on the same resamples.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import krippendorff
import numpy as np

from pluralism import Annotations, Comparisons, bootstrap
from pluralism.data import simulate_votes
from pluralism.jury import krippendorff_alpha
from pluralism.uncertainty._draws import Streams, WeightDrawer
from pluralism.utility import fit_bradley_terry, fit_groups

RESULT = Path(__file__).parent / "results" / "uncertainty.md"
RUNS = 5
COLUMNS = {"first": "first", "second": "second", "outcome": "outcome"}


def cpu(call: Callable[[], Any], runs: int = RUNS) -> tuple[float, Any]:
    """Return the median CPU time of `call`, and what it returned last."""
    times, value = [], None
    for run in range(runs + 1):
        start = time.process_time()
        value = call()
        if run:
            times.append(time.process_time() - start)
    return statistics.median(times), value


def alpha() -> list[str]:
    """1,000 rater bootstraps of alpha against a loop over the krippendorff package."""
    rng = np.random.default_rng(0)
    shares = rng.dirichlet([3, 1, 0.4], 350)
    labels = (rng.random((104, 350, 1)) > shares.cumsum(axis=1)).sum(axis=2)
    data = Annotations.from_matrix(labels)
    ours, result = cpu(lambda: bootstrap(krippendorff_alpha, data, unit="rater", n=1000, seed=1))
    plain, looped = cpu(
        lambda: bootstrap(lambda d: krippendorff_alpha(d), data, unit="rater", n=50, seed=1), 1
    )
    error = np.abs(result.replicates[:50] - looped.replicates).max()
    drawer = WeightDrawer((np.ones(104),), "multinomial")
    streams = Streams(1)
    picks = [np.repeat(np.arange(104), drawer(streams(r))[0].astype(int)) for r in range(50)]
    peer, _ = cpu(
        lambda: [
            krippendorff.alpha(labels[pick].astype(float), level_of_measurement="nominal")
            for pick in picks
        ],
        3,
    )
    return [
        "| alpha, 104 raters x 350 items x 3 categories, 1,000 rater bootstraps | "
        f"{ours:.3f} | loop over krippendorff: {20 * peer:.2f} (20 x 50) | {20 * peer / ours:.0f} "
        f"| {error:.0e} | {result.failed.count} failed |",
        f"| - the same against our own function in a loop | {ours:.3f} | {20 * plain:.2f} "
        f"(20 x 50) | {20 * plain / ours:.0f} | {error:.0e} | |",
    ]


def refits() -> list[str]:
    """1,000 bootstraps of Bradley-Terry at 100 items against a loop of public calls."""
    lines = []
    votes = simulate_votes(100_000, items=100, raters=500, seed=0)
    by_rater = Comparisons.from_frame(votes, rater="rater", **COLUMNS)
    plain = Comparisons.from_frame(votes, **COLUMNS)
    for unit, data in (("rater", by_rater), ("pair", plain), ("row", plain)):
        ours, result = cpu(partial(bootstrap, fit_bradley_terry, data, unit=unit, n=1000, seed=1))
        loop = partial(bootstrap, lambda d: fit_bradley_terry(d), data, unit=unit, n=50, seed=1)
        peer, looped = cpu(loop, 1)
        error = float(np.abs(result.replicates[:50] - looped.replicates).max())
        lines.append(
            f"| Bradley-Terry, 100 items, 100,000 votes, 1,000 refits, unit={unit!r} | {ours:.3f} "
            f"| loop of public calls: {20 * peer:.1f} (20 x 50) | {20 * peer / ours:.1f} "
            f"| {error:.0e} | {result.failed.count} failed |"
        )
    return lines


def groups() -> list[str]:
    """500 groups of 50 items in one call against one public call each."""
    votes = simulate_votes(
        1_000_000,
        items=50,
        spread=0.7,
        groups=[f"g{number:03d}" for number in range(500)],
        group_spread=0.3,
        seed=0,
    )
    data = Comparisons.from_frame(votes, group="group", **COLUMNS)
    parts = [Comparisons.from_frame(part, **COLUMNS) for _, part in votes.groupby("group")]
    ours, fits = cpu(lambda: fit_groups(data))
    peer, alone = cpu(lambda: [fit_bradley_terry(part) for part in parts], 3)
    error = max(
        float(np.abs(fits.utility.values[code] - fit.utility.values).max())
        for code, fit in enumerate(alone)
    )
    both, _ = cpu(lambda: fit_groups(data).stderr)
    peer_both, _ = cpu(lambda: [fit_bradley_terry(part).stderr for part in parts], 3)
    return [
        f"| 500 groups of 50 items, 2,000 votes each, one `fit_groups` | {ours:.3f} "
        f"| 500 calls of `fit_bradley_terry`: {peer:.2f} | {peer / ours:.1f} | {error:.0e} "
        f"| {int(fits.converged.sum())} converged |",
        f"| - with standard errors | {both:.3f} | {peer_both:.2f} | {peer_both / both:.1f} | | |",
    ]


def main() -> None:
    """Measure and store."""
    lines = [
        "# What intervals cost",
        "",
        "`OMP_NUM_THREADS=1 python benchmarks/uncertainty.py`, "
        f"Python {platform.python_version()}, NumPy "
        f"{np.__version__}, JAX {jax.__version__} on {jax.default_backend()}; CPU seconds, median "
        f"of {RUNS}; two cores shared with other work.",
        "",
        "| task | ours, CPU s | against, CPU s | ratio | largest difference | status |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for task in (alpha, refits, groups):
        rows = task()
        print(*rows, sep="\n", flush=True)
        lines += rows
    RESULT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""Entropy estimators and distances of many distributions, against the peers' forms.

Run ``python benchmarks/perspective.py`` from the root of the repository, with one BLAS thread
(``OMP_NUM_THREADS=1``) and infomeasure installed; it writes ``benchmarks/results/perspective.md``.
Times are CPU seconds (user and system, all threads) for 100,000 distributions over 50 categories,
through the public functions with all their checks; ours are medians of five runs after a warm-up.
Peers without a batched form are timed over the first rows and scaled linearly; the table says
over how many. Building their samples is not timed.
"""

from __future__ import annotations

import logging
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import scipy
import scipy.spatial.distance
import scipy.stats

from pluralism import perspective
from pluralism.errors import SmallSampleWarning

RESULT = Path(__file__).parent / "results" / "perspective.md"
ROWS, CATEGORIES, ANSWERS = 100_000, 50, 30
RUNS = 5


def cpu(call: Callable[[], object], runs: int = RUNS) -> tuple[float, np.ndarray]:
    """Return the median CPU time of `call` after a warm-up, and its value."""
    value = call()
    times = []
    for _ in range(runs):
        start = time.process_time()
        value = call()
        times.append(time.process_time() - start)
    return statistics.median(times), np.asarray(value)


def row(
    task: str,
    ours: Callable[[], object],
    peer: str,
    theirs: Callable[[int], object],
    subset: int,
    wanted: float,
    note: str = "",
) -> str:
    """Time both and write a line of the table."""
    mine, value = cpu(ours)
    runs = RUNS if subset == ROWS else 3
    other, reference = cpu(lambda: theirs(subset), runs=runs)
    other *= ROWS / subset
    gap = float(np.abs(value[:subset] - reference).max())
    scaled = "all" if subset == ROWS else f"{subset:,}"
    met = "yes" if other / mine >= wanted else "NO"
    line = (
        f"| {task} | {mine:.3f} | {peer} | {scaled} | {other:.3f} | {other / mine:,.1f} "
        f"| {wanted:g} | {met} | {gap:.1e}{note} |"
    )
    print(line, flush=True)
    return line


def main() -> None:
    """Measure and store."""
    warnings.simplefilter("ignore", SmallSampleWarning)
    logging.disable(logging.CRITICAL)
    import infomeasure

    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.full(CATEGORIES, 0.3), ROWS)
    counts = rng.multinomial(ANSWERS, p)
    samples = [np.repeat(np.arange(CATEGORIES), counts[i]) for i in range(2000)]
    left, right = rng.dirichlet(np.ones(CATEGORIES), (2, ROWS))
    place = np.arange(CATEGORIES)

    def im(approach: str, **options: object) -> Callable[[int], list[float]]:
        return lambda n: [
            infomeasure.entropy(sample, approach=approach, **options) for sample in samples[:n]
        ]

    lines = [
        "# Perspectives: many distributions at once",
        "",
        f"`OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')} python "
        f"benchmarks/perspective.py`, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"SciPy {scipy.__version__}, infomeasure {version('infomeasure')}; {ROWS:,} distributions "
        f"x {CATEGORIES} categories, {ANSWERS} answers each; CPU seconds, median of {RUNS}.",
        "Peers timed over fewer rows are scaled linearly.",
        "",
        "| task | ours | peer | rows timed | peer, all rows | ratio | wanted | met | "
        "largest difference |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        row(
            "plug-in entropy, counts",
            lambda: perspective.entropy(counts),
            "scipy.stats.entropy(axis=1)",
            lambda n: scipy.stats.entropy(counts[:n], axis=1),
            ROWS,
            1,
        ),
        row(
            "plug-in entropy, probabilities",
            lambda: perspective.entropy(p),
            "scipy.stats.entropy(axis=1)",
            lambda n: scipy.stats.entropy(p[:n], axis=1),
            ROWS,
            1,
        ),
        row(
            "Chao-Shen entropy",
            lambda: perspective.entropy(counts, estimator="chao-shen"),
            "infomeasure, chao_shen",
            im("chao_shen"),
            2000,
            20,
        ),
        row(
            "Grassberger (1988) entropy",
            lambda: perspective.entropy(counts, estimator="grassberger-1988"),
            "infomeasure, grassberger",
            im("grassberger"),
            2000,
            1,
        ),
        row(
            "NSB entropy",
            lambda: perspective.entropy(counts, estimator="nsb"),
            "infomeasure, nsb",
            im("nsb", K=CATEGORIES),
            40,
            200,
            note=" (theirs multiplies a log-gamma by the counts)",
        ),
        row(
            "Wasserstein-1",
            lambda: perspective.wasserstein(left, right),
            "scipy.stats.wasserstein_distance, loop",
            lambda n: [
                scipy.stats.wasserstein_distance(place, place, left[i], right[i]) for i in range(n)
            ],
            2000,
            100,
        ),
        row(
            "Jensen-Shannon distance",
            lambda: perspective.js_distance(left, right),
            "scipy jensenshannon(axis=1)",
            lambda n: scipy.spatial.distance.jensenshannon(left[:n], right[:n], axis=1),
            ROWS,
            1,
        ),
    ]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

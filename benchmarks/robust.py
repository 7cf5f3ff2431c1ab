"""How far wrong comparisons move a ranking, by method, and what the robust ones cost.

Run ``python benchmarks/robust.py`` from the root of the repository; it writes
``benchmarks/results/robust.md``. One hundred items with utilities uniform on (-1, 1). Each pair is
observed with some chance, and its log-odds replaced, with some chance, by a number between 3 and 6
of the wrong sign. "Exact" designs give probabilities; the others give that many votes a pair,
drawn from them, and half a pseudo-vote to each side. Figures are Kendall distances from the true
ranking (0 the same, 1/2 chance), means over the data sets with the largest in brackets; seconds
are CPU (user and system), medians over the data sets after one warm-up.
"""

from __future__ import annotations

import platform
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy
from scipy.special import expit

from pluralism import Comparisons
from pluralism.scores import kendall_distance
from pluralism.utility import fit_bradley_terry, fit_robust

RESULT = Path(__file__).parent / "results" / "robust.md"
ITEMS, DATA_SETS = 100, 20
#: Of the methods that decompose a table at every step.
TABLE_SETS = 2

DESIGNS = [
    # corrupted, observed, votes a pair (None: exact)
    (0.1, 1.0, None),
    (0.3, 1.0, None),
    (0.4, 1.0, None),
    (0.1, 0.3, None),
    (0.1, 0.8, None),
    (0.0, 1.0, 50),
    (0.1, 1.0, 50),
    (0.3, 1.0, 50),
    (0.1, 0.3, 50),
]


def by_table(votes: Comparisons, method: str) -> np.ndarray:
    """Split the table, in at most 300 steps: more move no ranking here."""
    return fit_robust(votes, method=method, max_iterations=300, check=False).utility.values


METHODS: dict[str, Callable[[Comparisons], np.ndarray]] = {
    "Bradley-Terry": lambda votes: fit_bradley_terry(votes, covariance="fisher").utility.values,
    "l1": lambda votes: fit_robust(votes).utility.values,
    "l1, weights": lambda votes: fit_robust(votes, weights="votes").utility.values,
    "huber": lambda votes: fit_robust(votes, method="huber").utility.values,
    "rpca": lambda votes: by_table(votes, "rpca"),
    "sequential": lambda votes: by_table(votes, "sequential"),
}


def simulate(
    corrupted: float, observed: float, votes: int | None, seed: int, n: int = ITEMS
) -> tuple[np.ndarray, Comparisons]:
    """Draw utilities and comparisons of which a share is grossly wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(-1, 1, n)
    low, high = np.triu_indices(n, 1)
    logit = truth[low] - truth[high]
    wrong = rng.random(len(low)) < corrupted
    logit[wrong] = -np.sign(logit[wrong]) * rng.uniform(3, 6, wrong.sum())
    seen = rng.random(len(low)) < observed
    share = expit(logit)
    if votes is not None:
        won = rng.binomial(votes, share).astype(float)
        wins = np.zeros((n, n))
        wins[low[seen], high[seen]] = won[seen]
        wins[high[seen], low[seen]] = (votes - won)[seen]
        return truth, Comparisons.from_matrix(wins)
    return truth, Comparisons.from_codes(low[seen], high[seen], share[seen], items=n)


def main() -> None:
    """Measure and store."""
    warnings.simplefilter("ignore")
    lines = [
        "# Robust ranking",
        "",
        f"`python benchmarks/robust.py`, Python {platform.python_version()}, NumPy "
        f"{np.__version__}, SciPy {scipy.__version__}; {ITEMS} items, {DATA_SETS} data sets a row "
        f"({TABLE_SETS} for rpca and sequential). "
        "Kendall distance: mean (largest). The script's docstring describes the designs.",
        "",
        "| corrupted | observed | votes a pair | " + " | ".join(METHODS) + " |",
        "| --- | --- | --- | " + " | ".join("---" for _ in METHODS) + " |",
    ]
    seconds: dict[str, list[float]] = {name: [] for name in METHODS}
    for corrupted, observed, votes in DESIGNS:
        found: dict[str, list[float]] = {name: [] for name in METHODS}
        for seed in range(DATA_SETS):
            truth, comparisons = simulate(corrupted, observed, votes, seed)
            for name, method in METHODS.items():
                if seed >= TABLE_SETS and name in ("rpca", "sequential"):
                    continue
                start = time.process_time()
                utility = method(comparisons)
                if seed:
                    seconds[name].append(time.process_time() - start)
                found[name].append(kendall_distance(utility, truth))
        cells = [f"{np.mean(found[name]):.3f} ({max(found[name]):.3f})" for name in METHODS]
        lines.append(
            f"| {corrupted:.0%} | {observed:.0%} | {votes or 'exact'} | {' | '.join(cells)} |"
        )
        print(lines[-1], flush=True)
    cells = [f"{statistics.median(seconds[name]):.3f}" for name in METHODS]
    largest = [f"{max(seconds[name]):.2f}" for name in METHODS]
    lines.append(f"| CPU seconds, median | | | {' | '.join(cells)} |")
    lines.append(f"| CPU seconds, largest | | | {' | '.join(largest)} |")
    print("\n".join(lines[-2:]))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""How fast, and how rightly, the hierarchical model is sampled: 50 items, 20 groups, 200,000 votes.

Run ``OMP_NUM_THREADS=1 python benchmarks/hierarchical.py`` from the root of the repository; it
writes ``benchmarks/results/hierarchical.md``. The first line is one NUTS fit with the default
settings, compilation included; coverage counts the utilities of all groups. Laplace's
approximation is then taken on further data sets. Data set k has seed k.
"""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import numpyro
import pandas as pd

from pluralism import Comparisons
from pluralism.utility import fit_hierarchical

RESULT = Path(__file__).parent / "results" / "hierarchical.md"
ITEMS, GROUPS, VOTES, SPREAD = 50, 20, 200_000, 0.4
LAPLACE_SETS = 20


def simulate(seed: int) -> tuple[Comparisons, np.ndarray, np.ndarray]:
    """Draw votes: utilities of the population are N(0, 1), of groups N(., 0.4^2) around them."""
    rng = np.random.default_rng(seed)
    population = rng.normal(0, 1, ITEMS)
    group = population + rng.normal(0, SPREAD, (GROUPS, ITEMS))
    code = np.arange(VOTES) % GROUPS
    first = rng.integers(0, ITEMS, VOTES)
    second = (first + rng.integers(1, ITEMS, VOTES)) % ITEMS
    gap = group[code, first] - group[code, second]
    won = rng.random(VOTES) < 1 / (1 + np.exp(-gap))
    votes = pd.DataFrame({"first": first, "second": second, "won": won.astype(int), "group": code})
    data = Comparisons.from_frame(
        votes, first="first", second="second", outcome="won", group="group"
    )
    return (
        data,
        population - population.mean(),
        group - group.mean(axis=1, keepdims=True),
    )


def held(fit: Any, name: str, truth: np.ndarray) -> float:
    """Share of the truth in 90% intervals."""
    draws = fit.draws[name].values
    lower, upper = np.quantile(draws, [0.05, 0.95], axis=(0, 1))
    return float(((lower <= truth) & (truth <= upper)).mean())


def main() -> None:
    """Fit, measure and store."""
    data, population, group = simulate(0)
    wall, cpu = time.perf_counter(), time.process_time()
    fit = fit_hierarchical(data, check=False)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    steps = fit.posterior["sample_stats"]["n_steps"].values
    rows = [
        f"| NUTS, default settings, 1 data set | {cpu:.0f} | {wall:.0f} | "
        f"{fit.mixing.worst_ess:.0f} | {fit.mixing.worst_r_hat:.4f} | {fit.mixing.divergences} | "
        f"{steps.mean():.1f} | {held(fit, 'group_utility', group):.3f} | "
        f"{held(fit, 'utility', population):.3f} |"
    ]
    print(rows[0], flush=True)
    times, covered = [], []
    for seed in range(1, LAPLACE_SETS + 1):
        data, population, group = simulate(seed)
        start = time.process_time()
        near = fit_hierarchical(data, method="laplace", draws=500)
        times.append(time.process_time() - start)
        covered.append([held(near, "group_utility", group), held(near, "utility", population)])
    share = np.mean(covered, axis=0)
    rows.append(
        f"| Laplace, {LAPLACE_SETS} data sets, 4 x 500 draws | {np.median(times):.1f} each | | | | "
        f"| | {share[0]:.3f} | {share[1]:.3f} |"
    )
    print(rows[-1], flush=True)
    lines = [
        f"# The hierarchical model: {ITEMS} items, {GROUPS} groups, {VOTES:,} votes",
        "",
        f"`OMP_NUM_THREADS=1 python benchmarks/hierarchical.py`, Python "
        f"{platform.python_version()}, JAX {jax.__version__}, NumPyro {numpyro.__version__}, on "
        "two cores shared with other work, compilation included. Effective sample size and r-hat "
        f"are the worst of all {GROUPS * ITEMS + ITEMS + 2:,} quantities; coverage is that of "
        "nominal 90% intervals.",
        "",
        "| method | CPU s | wall s | min bulk ESS | max r-hat | divergences | leapfrogs a draw | "
        "coverage, groups | coverage, population |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows,
    ]
    RESULT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

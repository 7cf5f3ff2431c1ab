"""Case III on simulated responders: the default, maximum likelihood and the published loop.

500 items as in Utility Engineering, four regimes. Reported: CPU seconds (the first run
compiles, so the median and the least), the mean cross-entropy on pairs that were never asked,
against the true probabilities (so that the truth itself has the smallest), the root mean square
error of the probabilities, and how the fit ended.

    python benchmarks/thurstone_recovery.py [--seeds 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np
from scipy.special import ndtr

from pluralism.data import Comparisons
from pluralism.errors import NotIdentifiedError
from pluralism.utility import fit_thurstone

N = 500
# regime: pairs asked, answers each, standard deviation of the utilities
REGIMES = {
    "dense": (20_000, 20, 1.5),
    "2n log2 n edges": (8_966, 20, 1.5),
    "hard labels": (20_000, 1, 1.5),
    "near-deterministic": (8_966, 20, 6.0),
}
METHODS = {
    "default (map)": {},
    "mle": {"method": "mle", "check": False, "max_iterations": 60},
    "as-published": {"method": "as-published"},
}


def responder(n_pairs, draws, spread, seed):
    rng = np.random.default_rng(seed)
    utility, variance = rng.normal(0, spread, N), np.exp(rng.normal(0, 0.7, N))
    low, high = np.triu_indices(N, 1)
    order = rng.permutation(len(low))
    p = ndtr((utility[low] - utility[high]) / np.sqrt(variance[low] + variance[high]))
    asked, left = order[:n_pairs], order[n_pairs:]
    won = rng.binomial(draws, p[asked]).astype(float)
    votes = Comparisons.from_codes(
        np.tile(low[asked], 2),
        np.tile(high[asked], 2),
        np.repeat([1, 0], n_pairs),
        items=N,
        weight=np.concatenate([won, draws - won]),
    )
    return votes, low[left], high[left], p[left]


def cross_entropy(p, predicted):
    predicted = np.clip(predicted, 1e-5, 1 - 1e-5)
    return float(-(p * np.log(predicted) + (1 - p) * np.log1p(-predicted)).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    rows = []
    for regime, settings in REGIMES.items():
        results = {name: [] for name in METHODS}
        best = []
        for seed in range(seeds):
            votes, low, high, p = responder(*settings, seed)
            best.append(cross_entropy(p, p))
            for name, options in METHODS.items():
                extra = {"seed": seed} if name == "as-published" else {}
                start = time.process_time()
                try:
                    fit = fit_thurstone(votes, case="III", **options, **extra)
                except NotIdentifiedError:
                    results[name].append((0.0, np.nan, np.nan, "refused: an item always lost"))
                    continue
                spent = time.process_time() - start
                predicted = fit._outcome_probability(low, high, "win")
                rmse = float(np.sqrt(np.mean((predicted - p) ** 2)))
                results[name].append(
                    (spent, cross_entropy(p, predicted), rmse, fit.convergence.status[:40])
                )
        for name, runs in results.items():
            spent, loss, rmse, status = zip(*runs, strict=True)
            rows.append(
                f"| {regime} | {name} | {statistics.median(spent):.2f} | {min(spent):.2f} | "
                f"{statistics.mean(loss):.5f} | {statistics.mean(best):.5f} | "
                f"{statistics.mean(rmse):.4f} | {status[0]} |"
            )
            print(rows[-1], flush=True)
    path = Path(__file__).parent / "results" / "thurstone_recovery.md"
    head = [
        "# Thurstone Case III: recovery on simulated responders",
        "",
        f"`python benchmarks/thurstone_recovery.py --seeds {seeds}`: {N} items, mean over {seeds} "
        "responders, one BLAS thread, median and least CPU seconds. Loss: mean cross-entropy in "
        "nats on all pairs that were not asked, predictions clipped at 1e-5; the truth's own is "
        "the floor.",
        "",
        "| regime | method | CPU s | least | held-out loss | floor | RMSE of P | end |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    path.write_text("\n".join([*head, *rows]) + "\n")


if __name__ == "__main__":
    main()

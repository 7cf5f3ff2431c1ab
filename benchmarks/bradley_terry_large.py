"""Bradley-Terry on 100,000 items and 10,000,000 comparisons, with errors of chosen contrasts.

    python benchmarks/bradley_terry_large.py [--items 100000] [--votes 10000000]

Prints CPU seconds by phase, peak memory, the largest score equation that is left over (in
standard errors of the item it belongs to), and how far the estimates lie from the truth in the
standard errors that the fit claims.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

import pluralism as pl


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--votes", type=int, default=10_000_000)
    parser.add_argument("--contrasts", type=int, default=100)
    arguments = parser.parse_args()
    n, votes = arguments.items, arguments.votes
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, n)
    first = rng.integers(0, n, votes, dtype=np.int32)
    second = ((first + rng.integers(1, n, votes)) % n).astype(np.int32)
    won = (rng.random(votes) < 1 / (1 + np.exp(truth[second] - truth[first]))).astype(np.int8)

    start = time.process_time()
    comparisons = pl.Comparisons.from_codes(first, second, won, items=n)
    counted = time.process_time()
    fit = pl.utility.fit_bradley_terry(comparisons)
    fitted = time.process_time()
    left = rng.integers(0, n, arguments.contrasts)
    right = (left + rng.integers(1, n, arguments.contrasts)) % n
    contrast = fit.contrast(left.tolist(), right.tolist())
    done = time.process_time()

    u = fit.utility.values
    p = 1 / (1 + np.exp(u[second] - u[first]))
    score = np.bincount(first, won - p, n) - np.bincount(second, won - p, n)
    information = np.bincount(first, p * (1 - p), n) + np.bincount(second, p * (1 - p), n)
    z = (contrast.estimate - (truth[left] - truth[right])) / contrast.stderr
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print("| quantity | value |")
    print("| --- | --- |")
    print(f"| items, comparisons, cells | {n:,}, {votes:,}, {comparisons.n_cells:,} |")
    print(f"| CPU s: count | {counted - start:.2f} |")
    print(f"| CPU s: fit | {fitted - counted:.2f} |")
    print(f"| CPU s: {arguments.contrasts} contrasts with errors | {done - fitted:.2f} |")
    print(f"| peak memory, GiB | {peak:.2f} |")
    print(f"| convergence | {fit.convergence} |")
    print(f"| largest leftover score, SE | {np.abs(score / np.sqrt(information)).max():.1e} |")
    print(f"| rms of (estimate - truth) / SE, {len(z)} contrasts | {np.sqrt((z**2).mean()):.3f} |")


if __name__ == "__main__":
    main()

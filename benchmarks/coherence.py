"""Cycles over all triads of 2,000 items, and the whole coherence report of 500 items.

CPU seconds (user + system), one BLAS thread, medians of `--repeats` runs after one that loads and
compiles. The loop over triads in Python that the counts are checked against runs on 60 items.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/coherence.py [--repeats 3]

Writes benchmarks/results/coherence.md.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from pluralism import Comparisons
from pluralism.utility import (
    cyclic_triads,
    fit_bradley_terry,
    held_out_accuracy,
    noise_ceiling,
    order_consistency,
    preference_confidence,
    stochastic_transitivity,
)

RESULT = Path(__file__).parent / "results" / "coherence.md"


def timed(repeats: int, function: Callable[[], Any]) -> tuple[float, Any]:
    """Median CPU seconds and the last result, after one call that is not counted."""
    function()
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        value = function()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds), value


def coin(n_items: int, votes: int, seed: int) -> Comparisons:
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(n_items, 1)
    wins = np.zeros((n_items, n_items))
    wins[low, high] = rng.binomial(votes, 0.5, len(low))
    wins[high, low] = votes - wins[low, high]
    return Comparisons.from_matrix(wins)


def responder(n_items: int, n_pairs: int, votes: int, seed: int) -> Comparisons:
    """Utilities with an order effect, `votes` on each pair, half in either order."""
    rng = np.random.default_rng(seed)
    utility = rng.normal(size=n_items)
    low, high = np.triu_indices(n_items, 1)
    some = rng.choice(len(low), n_pairs, replace=False)
    first = np.repeat(np.r_[low[some], high[some]], votes // 2)
    second = np.repeat(np.r_[high[some], low[some]], votes // 2)
    chance = 1 / (1 + np.exp(-(1.5 * (utility[first] - utility[second]) + 0.3)))
    return Comparisons.from_codes(
        first, second, rng.random(len(first)) < chance, items=list(range(n_items))
    )


def report(votes: Comparisons) -> dict[str, Any]:
    """Everything that this library says about the coherence of votes."""
    prior = partial(fit_bradley_terry, prior=3.0, order_effect=True)
    fit = prior(votes)
    return {
        "confidence": preference_confidence(votes),
        "order": order_consistency(votes),
        "ceiling": noise_ceiling(votes, seed=0),
        "cycles": cyclic_triads(votes, model=fit),
        "transitivity": stochastic_transitivity(votes),
        "held out": held_out_accuracy(votes, model=prior, n_splits=20, seed=0),
    }


def by_loop(share: np.ndarray) -> int:
    """Strict cycles, one triad after the other."""
    return sum(
        (share[a, b] > 0.5) == (share[b, c] > 0.5) == (share[c, a] > 0.5)
        and share[a, b] != 0.5
        and share[b, c] != 0.5
        and share[c, a] != 0.5
        for a, b, c in combinations(range(len(share)), 3)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    rows = []

    small = coin(60, 20, 0)
    wins = small.pairwise().values
    loop, count = timed(repeats, lambda: by_loop(wins / 20))
    ours, result = timed(repeats, lambda: cyclic_triads(small))
    same = count == int(result.count.sel(kind="strict"))
    rows.append(("cycles of 60 items, a loop over 34,220 triads", loop, "-", f"{count} strict"))
    rows.append(("the same, all four kinds with errors", ours, "-", f"the same count: {same}"))

    large = coin(2000, 20, 1)
    seconds, result = timed(repeats, lambda: cyclic_triads(large))
    rates = ", ".join(
        f"{kind} {seen:.5f} (exact {exact:.5f})"
        for kind, seen, exact in zip(
            result.rate["kind"].values, result.rate.values, result.expected.values, strict=True
        )
    )
    rows.append((f"cycles of 2,000 items, {result.n_triads:,} triads", seconds, "< 10", rates))

    votes = responder(500, 20_000, 20, 2)
    seconds, told = timed(repeats, lambda: report(votes))
    words = (
        f"confidence {told['confidence'].confidence:.3f}, order effect "
        f"{told['order'].order_effect.estimate:.3f} (true .300), corrected reliability "
        f"{told['ceiling'].corrected:.3f}, {told['cycles'].n_triads:,} triads, strict cycles "
        f"{told['cycles'].rate.values[0]:.4f} (modelled {told['cycles'].modelled.values[0]:.4f}), "
        f"held-out accuracy {told['held out'].accuracy:.3f}"
    )
    rows.append(("the whole report, 500 items, 20,000 pairs, 400,000 votes", seconds, "< 5", words))
    for name, call in {
        "confidence": lambda: preference_confidence(votes),
        "order consistency": lambda: order_consistency(votes),
        "noise ceiling, 100 splits": lambda: noise_ceiling(votes, seed=0),
        "cycles": lambda: cyclic_triads(votes),
        "transitivity": lambda: stochastic_transitivity(votes),
    }.items():
        rows.append((f"of which {name}", timed(repeats, call)[0], "-", ""))

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = [f"| {task} | {time_:.3f} | {want} | {told_} |" for task, time_, want, told_ in rows]
    text = "\n".join(
        [
            "# Coherence",
            "",
            "`OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/coherence.py`",
            "",
            f"CPU seconds, medians of {repeats} after one run not counted; two cores shared with "
            f"other work. Python {platform.python_version()}, NumPy {np.__version__}; peak memory "
            f"{peak:,.0f} MB.",
            "",
            "| task | seconds | wanted | results |",
            "| --- | --- | --- | --- |",
            *lines,
            "",
        ]
    )
    print(text)
    RESULT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

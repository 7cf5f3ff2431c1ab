"""How often the intervals hold what they promise, over simulated data sets.

Run ``python benchmarks/interval_coverage.py [design ...] [--sets 1000]`` from the root of the
repository.
Each design is run in chunks of 100 data sets whose counts are kept in
``benchmarks/results/coverage.json``, so that a run can be broken off and taken up again; the
table is written to ``benchmarks/results/coverage.md``. Data set k of a design has seed k.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special, stats

from pluralism import Comparisons, NotIdentifiedError
from pluralism.utility import UtilityFit, fit_bradley_terry

RESULTS = Path(__file__).parent / "results"
STORE, TABLE = RESULTS / "coverage.json", RESULTS / "coverage.md"
CHUNK, ITEMS = 100, 20
Z = stats.norm.isf(0.025)
Counts = dict[str, float]


def pseudo_truth(utility: np.ndarray, link: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the Bradley-Terry utilities nearest to the true probabilities of all pairs."""
    chance = link(utility[:, None] - utility[None, :])
    np.fill_diagonal(chance, 0.0)
    return fit_bradley_terry(Comparisons.from_matrix(chance * 1e6)).utility.values


def cover(fit: UtilityFit, truth: np.ndarray, prefix: str = "", *, ranks: bool = False) -> Counts:
    """Count covered utilities, and data sets in which all are covered, or all true ranks."""
    held = np.abs(fit.utility.values - truth) <= Z * fit.stderr.values
    counts = {}
    if ranks:
        bounds, rank = fit.rank_intervals(seed=0).values, stats.rankdata(-truth)
        ranked = (bounds[:, 0] <= rank) & (rank <= bounds[:, 1])
        counts["all ranks"] = float(ranked.all())
        between = fit.simultaneous_intervals(differences=True, seed=0)
        counts["all differences"] = within(between, truth[:, None] - truth[None, :])
        first = fit.could_be_first(seed=0)
        counts["first"] = float(fit.items[int(truth.argmax())] in first)
        counts["first, size"] = float(len(first))
        counts["lowest rank 1, size"] = float((bounds[:, 0] == 1).sum())
    return {
        **counts,
        f"{prefix}simultaneous": within(fit.simultaneous_intervals(seed=0), truth),
        f"{prefix}covered": float(held.sum()),
        f"{prefix}of": float(len(held)),
        f"{prefix}all at once": float(held.all()),
        f"{prefix}sets": 1.0,
    }


def within(bounds: xr.DataArray, truth: np.ndarray) -> float:
    """Whether all bounds hold the truth: 1 or 0."""
    lower, upper = bounds.values[..., 0] - 1e-12, bounds.values[..., 1] + 1e-12
    return float(((lower <= truth) & (truth <= upper)).all())


def pairs(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw pairs of different items."""
    first = rng.integers(0, ITEMS, n)
    return first, (first + rng.integers(1, ITEMS, n)) % ITEMS


def build(first: np.ndarray, second: np.ndarray, won: np.ndarray) -> Comparisons:
    """Count votes."""
    return Comparisons.from_codes(first, second, won.astype(float), items=ITEMS)


EVEN = np.linspace(-1.5, 1.5, ITEMS)
WIDE = np.linspace(-3.0, 3.0, ITEMS)


def independent(seed: int) -> Counts:
    """2,000 independent votes, utilities within +-1.5."""
    rng = np.random.default_rng(seed)
    first, second = pairs(rng, 2000)
    won = rng.random(2000) < special.expit(EVEN[first] - EVEN[second])
    return cover(fit_bradley_terry(build(first, second, won)), EVEN, ranks=True)


RATER_SPREAD = 0.8
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)


def _marginal(gap: np.ndarray) -> np.ndarray:
    """Chance of a vote by a rater drawn at random, whose gap is N(gap, 2 spread^2)."""
    spread = np.sqrt(2.0) * RATER_SPREAD
    chance = special.expit(gap[..., None] + spread * _NODES)
    return (chance * _WEIGHTS).sum(axis=-1) / _WEIGHTS.sum()


def clustered(seed: int) -> Counts:
    """100 raters with 20 votes each and utilities of their own; the target is marginal."""
    rng = np.random.default_rng(seed)
    rater = np.repeat(np.arange(100), 20)
    own = EVEN + rng.normal(0, RATER_SPREAD, (100, ITEMS))
    first, second = pairs(rng, 2000)
    won = rng.random(2000) < special.expit(own[rater, first] - own[rater, second])
    votes = pd.DataFrame(
        {"first": first, "second": second, "outcome": won.astype(int), "rater": rater}
    )
    data = Comparisons.from_frame(
        votes, first="first", second="second", outcome="outcome", rater="rater"
    )
    truth = _truth("clustered", lambda: pseudo_truth(EVEN, _marginal))
    fisher = fit_bradley_terry(data, covariance="fisher")
    return {**cover(fit_bradley_terry(data), truth), **cover(fisher, truth, "fisher ")}


def _lapse(gap: np.ndarray) -> np.ndarray:
    """A probit with lapses: one vote in ten is a coin toss."""
    return 0.05 + 0.9 * stats.norm.cdf(gap)


def misspecified(seed: int) -> Counts:
    """2,000 votes by a probit with lapses; the target is the nearest Bradley-Terry model."""
    rng = np.random.default_rng(seed)
    first, second = pairs(rng, 2000)
    won = rng.random(2000) < _lapse(EVEN[first] - EVEN[second])
    data = build(first, second, won)
    truth = _truth("misspecified", lambda: pseudo_truth(EVEN, _lapse))
    robust = fit_bradley_terry(data, covariance="sandwich")
    return {**cover(fit_bradley_terry(data), truth), **cover(robust, truth, "sandwich ")}


def sparse(seed: int) -> Counts:
    """400 votes, utilities within +-3: some data sets are separated."""
    rng = np.random.default_rng(seed)
    first, second = pairs(rng, 400)
    won = rng.random(400) < special.expit(WIDE[first] - WIDE[second])
    data = build(first, second, won)
    with_prior = cover(fit_bradley_terry(data, prior=3.0), WIDE, "prior=3 ")
    try:
        return {**cover(fit_bradley_terry(data), WIDE), **with_prior}
    except NotIdentifiedError:
        apart = {
            key.replace("prior=3", "separated, prior=3"): value for key, value in with_prior.items()
        }
        return {"separated": 1.0, **with_prior, **apart}


DESIGNS: dict[str, Callable[[int], Counts]] = {
    "independent": independent,
    "clustered": clustered,
    "misspecified": misspecified,
    "sparse": sparse,
}
_TRUTHS: dict[str, np.ndarray] = {}


def _truth(name: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
    if name not in _TRUTHS:
        _TRUTHS[name] = compute()
    return _TRUTHS[name]


def rows(name: str, done: dict[str, Counts]) -> list[str]:
    """Write one line for each kind of interval of a design."""
    total: Counts = {}
    for counts in done.values():
        for key, value in counts.items():
            total[key] = total.get(key, 0.0) + value
    lines = []
    for prefix in sorted({key.removesuffix("of") for key in total if key.endswith("of")}):
        sets = total[f"{prefix}sets"]
        ranked = " | | | "
        if "all ranks" in total:
            differences, ranks, first, size, loose = (
                total[key] / sets
                for key in (
                    "all differences",
                    "all ranks",
                    "first",
                    "first, size",
                    "lowest rank 1, size",
                )
            )
            ranked = (
                f"{differences:.3f} | {ranks:.3f} | {first:.3f} | {size:.1f} (rank intervals: "
                f"{loose:.1f})"
            )
        share = total[f"{prefix}covered"] / total[f"{prefix}of"]
        joint = ""  # not counted in older runs of a design
        if f"{prefix}simultaneous" in total:
            joint = format(total[f"{prefix}simultaneous"] / sets, ".3f")
        note = DESIGNS[name].__doc__ or ""
        if not prefix and "separated" in total:
            note += f" {total['separated']:.0f} separated, left out here."
        lines.append(
            f"| {name} | {prefix.strip() or 'default'} | {sets:.0f} | {share:.3f} "
            f"| {total[f'{prefix}all at once'] / sets:.3f} "
            f"| {joint} | {ranked} | {note} |"
        )
    return lines


def main() -> None:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("designs", nargs="*", help=f"of {', '.join(DESIGNS)}; all if left out")
    parser.add_argument("--sets", type=int, default=1000)
    options = parser.parse_args()
    store = json.loads(STORE.read_text()) if STORE.exists() else {}
    for name in options.designs or DESIGNS:
        done = store.setdefault(name, {})
        for start in range(0, options.sets, CHUNK):
            if str(start) in done:
                continue
            counts: Counts = {}
            for seed in range(start, start + CHUNK):
                for key, value in DESIGNS[name](seed).items():
                    counts[key] = counts.get(key, 0.0) + value
            done[str(start)] = counts
            STORE.write_text(json.dumps(store, indent=1, sort_keys=True) + "\n")
        print(*rows(name, done), sep="\n", flush=True)
    lines = [
        "# Coverage of nominal 95% intervals of Bradley-Terry utilities, 20 items",
        "",
        f"`python benchmarks/interval_coverage.py`, Python {platform.python_version()}, NumPy "
        f"{np.__version__}. Over 1,000 data sets the Monte Carlo standard error of a pointwise "
        "share is about .002, of a share near .95 about .007.",
        "",
        "| design | standard errors | data sets | pointwise | all utilities at once: pointwise "
        "intervals | simultaneous intervals | all 190 differences at once | all ranks at once | "
        "the first item in `could_be_first` | size of that set | what it is |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in DESIGNS:
        if name in store:
            lines += rows(name, store[name])
    TABLE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

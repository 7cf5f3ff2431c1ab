"""Deliberation on a large vote matrix: 20,000 participants x 500 comments, 15% of votes cast.

Each figure is CPU time (user + system, one BLAS thread) of one call, with a check of the answer
beside it: another computation of the same number on part of the matrix, or what was simulated.

    python -P benchmarks/deliberation.py --write
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402

from pluralism import choice  # noqa: E402

PEOPLE, COMMENTS, CAMPS, SEEN = 20_000, 500, 3, 0.15
ROWS: list[tuple[str, float, str]] = []


def simulate() -> tuple[np.ndarray, np.ndarray]:
    """Votes of three camps, and the camps."""
    rng = np.random.default_rng(0)
    camp = rng.integers(0, CAMPS, PEOPLE)
    chance = rng.dirichlet([1, 1, 1], (CAMPS, COMMENTS)).cumsum(axis=-1)[camp]
    draw = rng.random((PEOPLE, COMMENTS))
    votes = (draw > chance[..., 0]).astype(float) + (draw > chance[..., 1]) - 1
    votes[rng.random(votes.shape) >= SEEN] = np.nan
    return votes, camp


def row(task: str, function: Callable[[], Any], check: Callable[[Any], str]) -> None:
    """Time one call, print and keep a line."""
    start = time.process_time()
    answer = function()
    seconds = time.process_time() - start
    ROWS.append((task, seconds, check(answer)))
    print(f"{task:58} {seconds:7.2f} s  {ROWS[-1][2]}", flush=True)


def consensus_of(votes: np.ndarray, camp: np.ndarray, comment: int) -> float:
    """Count one comment's consensus with plain Python."""
    score = 1.0
    for group in range(CAMPS):
        mine = [v for v, g in zip(votes[:, comment].tolist(), camp, strict=True) if g == group]
        seen = [v for v in mine if v == v]
        score *= (seen.count(1.0) + 1) / (len(seen) + 2)
    return score


def equal_camps(found: Any, camp: np.ndarray) -> str:
    """How many participants fall where they were simulated."""
    table = np.zeros((found.n_groups, CAMPS))
    group = found.group.values
    member = np.array([g is not None for g in group])
    np.add.at(table, (group[member].astype(int), camp[member]), 1)
    share = table.max(axis=1).sum() / member.sum()
    return f"{found.n_groups} groups of {CAMPS} simulated; {share:.2%} of participants in place"


def disagreement_of(votes: np.ndarray, comment: int, people: int) -> float:
    """Score of one comment over the pairs of the first `people`, pair by pair of approvers."""
    votes = votes[:people]
    approvers = np.flatnonzero(votes[:, comment] == 1)
    total = 0.0
    for place, i in enumerate(approvers):
        for j in approvers[:place]:
            both = ~np.isnan(votes[i]) & ~np.isnan(votes[j])
            total += ((votes[i, both] == 1) != (votes[j, both] == 1)).mean()
    return 4 / people**2 * total


def gap_in_pairs(votes: np.ndarray) -> float:
    """How far the first 300 people's score of a comment is from that of `disagreement_of`."""
    score = choice.disagreement_bridging(votes[:300])
    return abs(float(score[3]) - disagreement_of(votes, 3, 300))


def run() -> None:
    """Time everything."""
    votes, camp = simulate()
    ratings = (votes + 1) / 2
    row(
        "group_informed_consensus, groups given",
        lambda: choice.group_informed_consensus(votes, groups=camp),
        lambda s: (
            f"against a count in Python: {abs(float(s[7]) - consensus_of(votes, camp, 7)):.1e}"
        ),
    )
    row(
        "opinion_groups: plane, k-means for k = 2 to 5, silhouettes",
        lambda: choice.opinion_groups(votes),
        lambda found: equal_camps(found, camp),
    )
    row(
        "comment_representativeness, 1,000 resamples",
        lambda: choice.comment_representativeness(votes, groups=camp, n=1000),
        lambda r: f"mean width of the consensus intervals {width(r):.4f}",
    )
    row(
        "bridging, one start, to a step below 1e-8",
        lambda: choice.bridging(ratings, starts=1),
        lambda fit: f"converged: {fit.converged}; {len(fit.path) - 1} iterations",
    )
    row(
        "bridging from another start",
        lambda: choice.bridging(ratings, starts=1, seed=1),
        lambda fit: f"converged: {fit.converged}; objective {fit.objective:.10f}",
    )
    row(
        "disagreement_bridging, 200 million pairs in blocks",
        lambda: choice.disagreement_bridging(votes),
        lambda _: f"300 people against pair by pair: {gap_in_pairs(votes):.1e}",
    )
    complete = np.where(np.isnan(votes), -1.0, votes)
    row(
        "disagreement_bridging, every vote cast",
        lambda: choice.disagreement_bridging(complete),
        lambda s: f"largest {float(s.max()):.4f}",
    )


def width(result: Any) -> float:
    """Mean width of the intervals of the consensus for agreement."""
    lower, upper = result.consensus_interval.sel(stance="agree").values.T
    return float((upper - lower).mean())


def write(path: Path) -> None:
    """Store the result beside the command and the versions."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scipy", "xarray")
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    lines = [
        "# Deliberation on a large vote matrix",
        "",
        f"{PEOPLE:,} participants x {COMMENTS} comments, {SEEN:.0%} of the votes cast. "
        "`python -P benchmarks/deliberation.py --write`",
        "",
        f"Python {platform.python_version()}, {versions}; {platform.machine()}, one BLAS thread. "
        f"Peak memory {memory:.1f} GiB.",
        "",
        "| task | CPU seconds | check |",
        "| --- | ---: | --- |",
        *(f"| {task} | {seconds:.2f} | {check} |" for task, seconds, check in ROWS),
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="store the result")
    options = parser.parse_args()
    run()
    if options.write:
        write(Path(__file__).parent / "results" / "deliberation.md")

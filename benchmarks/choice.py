"""Rules side by side with the fastest peers: pairwise counts, Schulze, Kemeny, committees.

Peers are optional: svvamp, elsim, pref_voting and abcvoting are timed where they can be imported.
Each figure is the median CPU time (user + system) of a few runs, conversion from an integer array
of rankings included, with the agreement of the answers beside it.

    python -P benchmarks/choice.py --write
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402

from pluralism import Ballots, choice  # noqa: E402

ROWS: list[tuple[str, str, float, float, str]] = []


def timed(function: Callable[[], Any], repeat: int = 3) -> tuple[float, Any]:
    """Median CPU seconds, and the last answer."""
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        answer = function()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds), answer


def row(task: str, who: str, seconds: float, ours: float | None, note: str) -> None:
    """Print and keep one line."""
    ratio = float("nan") if ours is None else seconds / ours
    ROWS.append((task, who, seconds, ratio, note))
    text = "" if ours is None else f"{ratio:8.1f} x"
    print(f"{task:34} {who:14} {seconds:10.4f} s {text:>11}  {note}", flush=True)


def rankings(voters: int, alternatives: int, seed: int = 0) -> np.ndarray:
    """Random Plackett-Luce orders, best first."""
    rng = np.random.default_rng(seed)
    strength = rng.normal(0, 0.35, alternatives)
    noise = rng.gumbel(size=(voters, alternatives)).astype(np.float32)
    return np.argsort(-(strength.astype(np.float32) + noise), axis=1)


def pairwise(voters: int, alternatives: int, peers: bool) -> None:
    """Orders to pairwise matrix."""
    orders = rankings(voters, alternatives)
    ranks = np.argsort(orders, axis=1).astype(np.uint8)
    task = f"pairwise {voters:.0e} x {alternatives}"
    names = range(alternatives)
    from_orders, ours = timed(
        lambda: Ballots.from_rankings(orders, alternatives=names).pairwise().values
    )
    row(task, "from orders", from_orders, None, "")
    from_ranks, again = timed(lambda: Ballots.from_ranks(ranks).pairwise().values)
    row(task, "from ranks", from_ranks, None, f"equal: {np.array_equal(ours, again)}")
    if not peers:
        return
    repeat = 1 if voters > 200_000 else 3
    # elsim, far slower than svvamp at 50 alternatives, is timed on the smaller ones.
    both = (("svvamp", svvamp_matrix), ("elsim", elsim_matrix))
    for name, function in both if voters <= 200_000 else both[:1]:
        try:
            seconds, theirs = timed(partial(function, orders), repeat)
        except ImportError as error:
            print(f"{task}: {name} is not installed ({error})")
            continue
        equal = bool(np.array_equal(np.asarray(theirs), ours))
        row(task, name, seconds, from_orders, f"equal: {equal}; against from orders")


def svvamp_matrix(orders: np.ndarray) -> Any:
    """Count majorities with svvamp."""
    import svvamp

    return svvamp.Profile(preferences_rk=orders).matrix_duels_rk


def elsim_matrix(orders: np.ndarray) -> Any:
    """Count majorities with elsim."""
    from elsim.methods import ranked_election_to_matrix

    ranked_election_to_matrix._cache_in = None  # it would return its last answer

    return ranked_election_to_matrix(orders)


def graph_rules(alternatives: int) -> None:
    """Schulze and split cycle from a margin matrix."""
    wins = Ballots.from_ranks(np.argsort(rankings(1001, alternatives), axis=1)).pairwise().values
    margins = (wins - wins.T).astype(int)
    for task, ours, name in (
        ("Schulze", choice.schulze, "beat_path"),
        ("split cycle", choice.split_cycle, "split_cycle"),
    ):
        task = f"{task} n = {alternatives}"
        seconds, outcome = timed(partial(ours, wins), 21)
        row(task, "pluralism", seconds, None, f"winners {outcome.winners}")
        try:
            from pref_voting import margin_based_methods
            from pref_voting.weighted_majority_graphs import MarginGraph
        except ImportError as error:
            print(f"{task}: pref_voting is not installed ({error})")
            continue
        edges = [(int(a), int(b), int(margins[a, b])) for a, b in np.argwhere(margins > 0)]
        graph = MarginGraph(list(range(alternatives)), edges)
        function = partial(getattr(margin_based_methods, name), graph, algorithm="floyd_warshall")
        theirs, winners = timed(function, 5)
        row(task, "pref_voting", theirs, seconds, f"equal: {tuple(winners) == outcome.winners}")


def kemeny(alternatives: int) -> None:
    """Exact Kemeny, uniqueness included."""
    for voters in (51, 1001):
        orders = rankings(voters, alternatives, seed=alternatives)
        wins = Ballots.from_rankings(orders, alternatives=range(alternatives)).pairwise().values
        seconds, outcome = timed(partial(choice.kemeny, wins, limit=1), 3)
        note = f"distance {outcome.objective:g}; unique: {outcome.exhaustive}"
        row(f"Kemeny n = {alternatives}, {voters} voters", "pluralism", seconds, None, note)


def committees(voters: int, alternatives: int, size: int) -> None:
    """Sequential PAV."""
    rng = np.random.default_rng(1)
    popularity = rng.uniform(0.05, 0.4, alternatives)
    approvals = rng.random((voters, alternatives)) < popularity
    task = f"seqPAV {voters:.0e} x {alternatives}, {size} seats"
    ours, outcome = timed(
        lambda: choice.approval_committee(
            Ballots.from_approvals(approvals), size=size, rule="seqpav"
        )
    )
    row(task, "pluralism", ours, None, "conversion included")
    try:
        from abcvoting import abcrules
        from abcvoting.preferences import Profile
    except ImportError as error:
        print(f"{task}: abcvoting is not installed ({error})")
        return

    def build() -> Any:
        profile = Profile(alternatives)
        profile.add_voters([np.flatnonzero(line).tolist() for line in approvals])
        return profile

    profile = build()
    seconds, found = timed(
        lambda: abcrules.compute_seqpav(profile, size, resolute=True, algorithm="standard"), 1
    )
    same = frozenset(found[0]) in outcome.winners
    row(task, "abcvoting", seconds, ours, f"equal: {same}; its conversion not included")


def bootstrap(voters: int, alternatives: int, replicates: int) -> None:
    """Schulze winners under resampled voters."""
    orders = rankings(voters, alternatives, seed=3)
    ballots = Ballots.from_rankings(orders, alternatives=range(alternatives))
    seconds, found = timed(
        lambda: choice.winner_probabilities(ballots, rule=choice.schulze, n=replicates, seed=0), 1
    )
    task = f"{replicates} Schulze bootstraps {voters:.0e} x {alternatives}"
    sure = float(found.probability.max())
    row(task, "pluralism", seconds, None, f"largest probability {sure:.3f}")


def version(name: str) -> str:
    """Version of a peer, or that it is absent."""
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{name} absent"


def main() -> None:
    """Run all, and store the table if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="store benchmarks/results/choice.md")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    pairwise(100_000, 10, peers=True)
    pairwise(100_000, 50, peers=True)
    pairwise(1_000_000, 50, peers=True)
    graph_rules(50)
    kemeny(50)
    committees(100_000, 50, 10)
    bootstrap(100_000, 10, 1000)
    if arguments.write:
        peers = [version(name) for name in ("numpy", "svvamp", "elsim", "pref_voting", "abcvoting")]
        lines = [
            "# Choice",
            "",
            "Command: `python benchmarks/choice.py --write`. Median CPU seconds (user + system), "
            "one BLAS thread;",
            f"Python {platform.python_version()}, {', '.join(peers)}. Ratio: peer over ours.",
            "",
            "| task | who | CPU s | ratio | answer |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [
            f"| {task} | {who} | {seconds:.4f} | {ratio:.1f} | {note} |".replace("nan", "")
            for task, who, seconds, ratio, note in ROWS
        ]
        path = Path(__file__).parent / "results" / "choice.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

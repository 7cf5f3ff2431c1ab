"""Bradley-Terry from integer codes to ratings with standard errors, beside its peers.

Every run is a process of its own with one BLAS thread: it imports its library, fits a tiny
problem (so that lazy imports and caches are not counted), then is timed once on the whole case.
CPU seconds are user + system; the error is the largest distance from an exact Newton solution in
standard errors; memory is the process's peak, data included.

    python benchmarks/bradley_terry.py [--cases ABCDE] [--repeats 3] [--peer-python PATH]

`--peer-python` names the interpreter that has evalica and choix, where that is another one.
Cases: A 100 items, 1e6 comparisons; B 1,000 items, 1e6; C 1,000 items, 1e7; D 20,000 items on
500,000 pairs, 1e7; E 1,000 items, 1e6, items meet only within 5 skill ranks.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CASES = {
    "A": (100, 10**6),
    "B": (1000, 10**6),
    "C": (1000, 10**7),
    "D": (20_000, 10**7),
    "E": (1000, 10**6),
}
#: Items above which standard errors are those of requested differences, not of every item.
CONTRASTS = 3000


def simulate(case: str) -> dict[str, np.ndarray]:
    n, votes = CASES[case]
    rng = np.random.default_rng(ord(case))
    truth = rng.normal(0, 1, n)
    if case == "D":
        a = rng.integers(0, n, 500_000, dtype=np.int32)
        b = ((a + rng.integers(1, n, 500_000)) % n).astype(np.int32)
        pair = rng.integers(0, 500_000, votes)
        first, second = a[pair], b[pair]
    elif case == "E":
        truth = np.sort(rng.normal(0, 2, n))
        first = rng.integers(0, n, votes, dtype=np.int32)
        second = first + rng.integers(1, 6, votes, dtype=np.int32)
        second = np.where(second >= n, first - 1, second).astype(np.int32)
    else:
        first = rng.integers(0, n, votes, dtype=np.int32)
        second = ((first + rng.integers(1, n, votes)) % n).astype(np.int32)
    swap = rng.random(votes) < 0.5
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    won = (rng.random(votes) < 1 / (1 + np.exp(truth[second] - truth[first]))).astype(np.int8)
    return {"first": first, "second": second, "won": won}


class Ours:
    """pluralism: codes to cells to ratings with standard errors."""

    def prepare(self, data, n):  # noqa: D102
        import xarray  # noqa: F401

        import pluralism as pl

        self.pl = pl
        toy = pl.Comparisons.from_codes([0, 1, 0], [1, 0, 1], [1, 1, 0], items=2)
        _ = pl.utility.fit_bradley_terry(toy).stderr

    def run(self, data, n):  # noqa: D102
        start = time.process_time()
        votes = self.pl.Comparisons.from_codes(data["first"], data["second"], data["won"], items=n)
        counted = time.process_time()
        fit = self.pl.utility.fit_bradley_terry(votes)
        fitted = time.process_time()
        _ = fit.stderr if n <= CONTRASTS else fit.contrast([*range(10)], [*range(10, 20)])
        phases = {
            "count": counted - start,
            "fit": fitted - counted,
            "errors": time.process_time() - fitted,
        }
        return fit.utility.values, fit.convergence.method, phases


class Strings(Ours):
    """The same from string labels in a frame, through `from_frame`."""

    def prepare(self, data, n):  # noqa: D102
        super().prepare(data, n)
        import pandas as pd

        label = np.array([f"item {code:05d}" for code in range(n)])
        self.frame = pd.DataFrame(
            {"a": label[data["first"]], "b": label[data["second"]], "won": data["won"]}
        )
        self.pl.Comparisons.from_frame(self.frame[:50], first="a", second="b", outcome="won")

    def run(self, data, n):  # noqa: D102
        start = time.process_time()
        votes = self.pl.Comparisons.from_frame(self.frame, first="a", second="b", outcome="won")
        counted = time.process_time()
        fit = self.pl.utility.fit_bradley_terry(votes)
        _ = fit.stderr
        phases = {"encode and count": counted - start, "fit": time.process_time() - counted}
        return fit.utility.values, fit.convergence.method, phases


class Evalica:
    """evalica's default solver through its pre-indexed form; no standard errors."""

    def prepare(self, data, n):  # noqa: D102
        import evalica
        import pandas as pd

        self.evalica = evalica
        self.index = pd.RangeIndex(n)
        won, lost = evalica.Winner.X, evalica.Winner.Y
        self.winners = [won if one else lost for one in data["won"].tolist()]

    def run(self, data, n):  # noqa: D102
        result = self.evalica.bradley_terry(
            data["first"], data["second"], self.winners, index=self.index
        )
        scores = np.log(result.scores.sort_index().to_numpy())
        state = "at its limit" if result.iterations >= 100 else f"{result.iterations} iterations"
        return scores, state, {}


class EvalicaStrings(Evalica):
    """evalica from string labels."""

    def prepare(self, data, n):  # noqa: D102
        super().prepare(data, n)
        import pandas as pd

        label = np.array([f"item {code:05d}" for code in range(n)])
        self.frame = pd.DataFrame({"a": label[data["first"]], "b": label[data["second"]]})

    def run(self, data, n):  # noqa: D102
        result = self.evalica.bradley_terry(self.frame["a"], self.frame["b"], self.winners)
        return np.log(result.scores.sort_index().to_numpy()), f"{result.iterations} iterations", {}


class Choix:
    """choix.ilsr_pairwise on (winner, loser) tuples; no standard errors."""

    def prepare(self, data, n):  # noqa: D102
        import choix

        self.choix = choix
        won = data["won"].astype(bool)
        winner = np.where(won, data["first"], data["second"])
        loser = np.where(won, data["second"], data["first"])
        self.pairs = list(zip(winner.tolist(), loser.tolist(), strict=True))

    def run(self, data, n):  # noqa: D102
        return self.choix.ilsr_pairwise(n, self.pairs), "", {}


class Sklearn:
    """A hand-written sparse logistic regression on counts, as a careful user would; no errors."""

    def prepare(self, data, n):  # noqa: D102
        import scipy.sparse
        from sklearn.linear_model import LogisticRegression

        self.sparse, self.model = scipy.sparse, LogisticRegression

    def run(self, data, n):  # noqa: D102
        low, high = (
            np.minimum(data["first"], data["second"]),
            np.maximum(data["first"], data["second"]),
        )
        low_won = data["won"] == (data["first"] < data["second"])
        key = (low.astype(np.int64) * n + high) * 2 + low_won
        key, count = np.unique(key, return_counts=True)
        pair, y = key // 2, key % 2
        rows = np.arange(len(key))
        design = self.sparse.csr_matrix(
            (
                np.concatenate([np.ones(len(key)), -np.ones(len(key))]),
                (np.concatenate([rows, rows]), np.concatenate([pair // n, pair % n])),
            ),
            shape=(len(key), n),
        )
        model = self.model(C=1e8, fit_intercept=False, tol=1e-8, max_iter=1000)
        model.fit(design, y, sample_weight=count)
        return model.coef_[0], f"{int(model.n_iter_[0])} iterations", {}


METHODS = {
    "pluralism": (Ours, "ABCDE"),
    "scikit-learn": (Sklearn, "ABCDE"),
    "evalica": (Evalica, "ABCDE"),
    "choix": (Choix, "AB"),
    "pluralism, strings": (Strings, "ABC"),
    "evalica, strings": (EvalicaStrings, "ABC"),
}
PEERS = {"evalica", "choix", "evalica, strings"}


def peak_memory() -> float:
    """Peak resident megabytes of this process; ``ru_maxrss`` would count its parent's too."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def worker(method: str, case: str, folder: Path) -> None:
    """Time one fit and write what came out."""
    n = CASES[case][0]
    with np.load(folder / f"{case}.npz") as stored:
        data = {name: stored[name] for name in stored.files}
    one = METHODS[method][0]()
    one.prepare(data, n)
    start = time.process_time()
    scores, state, phases = one.run(data, n)
    seconds = time.process_time() - start
    np.save(folder / f"{case}-{method}.npy", scores - np.mean(scores))
    peak = peak_memory()
    print(json.dumps({"cpu": seconds, "peak": peak, "state": state, "phases": phases}))


def exact(data: dict[str, np.ndarray], n: int, folder: Path, case: str) -> None:
    """Newton to the end of float64 on the counts, with standard errors (or their lower bound)."""
    from scipy import sparse
    from scipy.sparse.linalg import cg

    low, high = np.minimum(data["first"], data["second"]), np.maximum(data["first"], data["second"])
    key = low.astype(np.int64) * n + high
    low_won = data["won"] == (data["first"] < data["second"])
    key, inverse = np.unique(key, return_inverse=True)
    won = np.bincount(inverse, low_won)
    total = np.bincount(inverse).astype(float)
    low, high = key // n, key % n
    utility = np.zeros(n)
    for _ in range(40):
        p = 1 / (1 + np.exp(utility[high] - utility[low]))
        slope, weight = won - total * p, total * p * (1 - p)
        gradient = np.bincount(low, slope, n) - np.bincount(high, slope, n)
        degree = np.bincount(low, weight, n) + np.bincount(high, weight, n)
        if n <= CONTRASTS:
            hessian = np.diag(degree)
            hessian[low, high] = hessian[high, low] = -weight
            step = np.linalg.solve(hessian + degree.mean() / n, gradient)
        else:
            hessian = sparse.diags(degree) - sparse.coo_matrix(
                (
                    np.concatenate([weight, weight]),
                    (np.concatenate([low, high]), np.concatenate([high, low])),
                ),
                shape=(n, n),
            )
            step, _ = cg(hessian.tocsr(), gradient, rtol=1e-13, maxiter=5000)
        utility += (step - step.mean()) * min(1.0, 4 / max(np.ptp(step), 1e-300))
        if gradient @ step < 1e-24:
            break
    if n <= CONTRASTS:
        stderr = np.sqrt(np.diag(np.linalg.pinv(hessian, hermitian=True)))
    else:
        stderr = 1 / np.sqrt(degree)  # smaller than the standard error, so errors look larger
    np.savez(folder / f"exact-{case}.npz", utility=utility, stderr=stderr)


def run(method: str, case: str, folder: Path, python: str) -> dict:
    """One fit in a process of its own."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    command = [python, __file__, "--worker", method, case, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["?"])[-1][:80]}
    return json.loads(done.stdout.splitlines()[-1])


def row(records: list[dict], folder: Path, case: str, method: str) -> dict:
    """Medians of the repeats, and the error of the last."""
    failed = [record for record in records if "failed" in record]
    if failed:
        return failed[0]
    scores = np.load(folder / f"{case}-{method}.npy")
    with np.load(folder / f"exact-{case}.npz") as stored:
        error = np.abs(scores - stored["utility"]) / stored["stderr"]
    return {
        "cpu": statistics.median(record["cpu"] for record in records),
        "peak": max(record["peak"] for record in records),
        "error": float(error.max()),
        "state": records[-1]["state"],
        "phases": {
            name: statistics.median(record["phases"][name] for record in records)
            for name in records[0]["phases"]
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", default="ABCDE")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--methods", default=",".join(METHODS).replace(", strings", "+strings"))
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        method, case, folder = arguments.worker
        worker(method, case, Path(folder))
        return
    methods = [name.replace("+strings", ", strings") for name in arguments.methods.split(",")]
    print("| case | method | CPU s | times ours | peak MB | error, SE | phases and state |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in arguments.cases:
            data = simulate(case)
            np.savez(folder / f"{case}.npz", **data)
            exact(data, CASES[case][0], folder, case)
            del data
            records: dict[str, list[dict]] = {
                method: [] for method in methods if case in METHODS[method][1]
            }
            # Taken by turns, so that a busy machine is busy for all of them.
            for turn in range(arguments.repeats):
                for method, done in records.items():
                    if turn and case == "D" and method == "evalica":
                        continue  # minutes, and most of the memory: once is enough
                    python = arguments.peer_python if method in PEERS else sys.executable
                    done.append(run(method, case, folder, python))
            rows = {method: row(done, folder, case, method) for method, done in records.items()}
            for method, one in rows.items():
                if "failed" in one:
                    print(f"| {case} | {method} | failed | | | | {one['failed']} |", flush=True)
                    continue
                base = "pluralism, strings" if "strings" in method else "pluralism"
                ratio = one["cpu"] / rows.get(base, {}).get("cpu", float("nan"))
                phases = ", ".join(f"{key} {value:.4f}" for key, value in one["phases"].items())
                print(
                    f"| {case} | {method} | {one['cpu']:.4f} | {ratio:.1f} | {one['peak']:.0f} "
                    f"| {one['error']:.1e} | {'; '.join(filter(None, [phases, one['state']]))} |",
                    flush=True,
                )
            for path in folder.glob(f"{case}*"):
                path.unlink()


if __name__ == "__main__":
    main()

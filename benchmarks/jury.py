"""Agreement, rater models, groups and verdicts beside their peers.

CPU seconds of a call (user + system), one BLAS thread, the median of `--repeats` runs that
alternate between ours and the peer's, short calls many to a run; every row says how far the two
results are apart. Labels are integer codes on both sides, each in the input form that its library
takes.

    OMP_NUM_THREADS=1 python benchmarks/jury.py [--repeats 5] [--crowdkit-python PATH]

`--crowdkit-python` names an interpreter that has crowd-kit. Writes benchmarks/results/jury.md.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RESULT = Path(__file__).parent / "results" / "jury.md"
ROWS: list[str] = []


def cpu(function: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    value = function()
    return time.process_time() - start, value


def race(
    repeats: int, ours: Callable[[], Any], peer: Callable[[], Any] | None
) -> tuple[float, float, Any, Any]:
    """Median CPU seconds and last results of both, alternating.

    The first round is not counted; it says how many calls make up a twentieth of a second, which
    is timed as one.
    """
    times: tuple[list[float], list[float]] = ([], [])
    calls = [1, 1]
    mine = theirs = None
    for turn in range(repeats + 1):
        for side, function in enumerate((ours, peer)):
            if function is None:
                continue
            start = time.process_time()
            for _ in range(calls[side]):
                value = function()
            seconds = time.process_time() - start
            if turn:
                times[side].append(seconds / calls[side])
            else:
                seconds, _ = cpu(function)  # nothing left to load or compile
                calls[side] = max(1, round(0.05 / max(seconds, 1e-4)))
            mine, theirs = (value, theirs) if side == 0 else (mine, value)
    other = statistics.median(times[1]) if peer is not None else float("nan")
    return statistics.median(times[0]), other, mine, theirs


def report(task: str, ours: float, name: str, peer: float, wanted: str, apart: str) -> None:
    ratio = f"{peer / ours:.1f}" if np.isfinite(peer) else "-"
    seconds = f"{peer:.3f}" if np.isfinite(peer) else "-"
    row = f"| {task} | {ours:.4f} | {name} | {seconds} | {ratio} | {wanted} | {apart} |"
    print(row, flush=True)
    ROWS.append(row)


def dense_alpha(repeats: int) -> None:
    import krippendorff

    from pluralism import Annotations
    from pluralism.jury import krippendorff_alpha

    rng = np.random.default_rng(0)
    raters, items, n = 50, 20_000, 5
    values = np.where(
        rng.random((raters, items)) < 0.5,
        rng.integers(0, n, (raters, items)),
        rng.integers(0, n, items),
    ).astype(float)
    values[rng.random(values.shape) < 0.1] = np.nan
    for scale in ("nominal", "ordinal", "interval"):
        labels = Annotations.from_matrix(values, scale=scale)
        ours, peer, mine, theirs = race(
            repeats,
            lambda labels=labels: krippendorff_alpha(labels),
            lambda scale=scale: krippendorff.alpha(values, level_of_measurement=scale),
        )
        apart = f"apart by {abs(mine - theirs):.1e}"
        report(
            f"alpha, {scale}, dense, {labels.n_labels:,} labels",
            ours,
            "krippendorff",
            peer,
            ">= 5",
            apart,
        )
        ours, peer, *_ = race(
            repeats,
            lambda scale=scale: krippendorff_alpha(Annotations.from_matrix(values, scale=scale)),
            lambda scale=scale: krippendorff.alpha(values, level_of_measurement=scale),
        )
        report(
            f"the same with encoding of the matrix, {scale}", ours, "krippendorff", peer, "-", apart
        )


def sparse_alpha(repeats: int) -> None:
    from pluralism import Annotations
    from pluralism.jury import krippendorff_alpha

    rng = np.random.default_rng(0)
    n_items, n_raters, per = 100_000, 5000, 10
    item = np.repeat(np.arange(n_items), per)
    truth = np.repeat(rng.integers(0, 5, n_items), per)
    label = np.where(rng.random(item.size) < 0.5, rng.integers(0, 5, item.size), truth)
    rater = (rng.integers(0, n_raters, n_items)[:, None] + 37 * np.arange(per)) % n_raters
    labels = Annotations.from_codes(
        item,
        label,
        rater=rater.ravel(),
        items=range(n_items),
        raters=range(n_raters),
        categories=range(5),
        scale="ordinal",
    )
    ours, _, value, _ = race(repeats, lambda: krippendorff_alpha(labels), None)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report(
        "alpha, ordinal, sparse, 1e6 labels of 1e5 items by 5,000 raters",
        ours,
        "(its matrix needs 3.7 GiB)",
        float("nan"),
        "<= 0.1 s, < 500 MB",
        f"alpha {value:.6f}; peak of the process so far {peak:.0f} MB",
    )


def dawid_skene(repeats: int, python: str | None) -> None:
    from pluralism import Annotations
    from pluralism.jury import fit_dawid_skene

    rng = np.random.default_rng(0)
    n_items, n_raters, n = 100_000, 2000, 5
    truth, skill = rng.integers(0, n, n_items), rng.uniform(0.4, 0.95, n_raters)
    item = np.repeat(np.arange(n_items), 10)
    rater = rng.integers(0, n_raters, item.size)
    right = rng.random(item.size) < skill[rater]
    label = np.where(right, truth[item], rng.integers(0, n, item.size))
    _, first = np.unique(item * n_raters + rater, return_index=True)
    item, rater, label = item[first], rater[first], label[first]
    labels = Annotations.from_codes(
        item, label, rater=rater, items=range(n_items), raters=range(n_raters), categories=range(n)
    )

    def fit() -> Any:
        return fit_dawid_skene(labels, max_iterations=20, tolerance=0.0, check=False)

    if python is None:
        ours, _, mine, _ = race(repeats, fit, None)
        report(
            f"Dawid-Skene, {len(item):,} labels, 20 steps", ours, "-", float("nan"), ">= 15", "-"
        )
        return
    code = (
        "import sys, time, numpy, pandas\n"
        "from crowdkit.aggregation.classification.dawid_skene import DawidSkene\n"
        "z = numpy.load(sys.argv[1])\n"
        "frame = pandas.DataFrame({'task': z['item'], 'worker': z['rater'], 'label': z['label']})\n"
        "model = DawidSkene(n_iter=20, tol=0)\n"
        "start = time.process_time()\n"
        "model.fit_predict(frame)\n"
        "print(time.process_time() - start)\n"
        "numpy.save(sys.argv[2], model.probas_.sort_index()[list(range(5))].to_numpy())\n"
    )
    times: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "labels.npz", Path(folder) / "posterior.npy"
        np.savez(data, item=item, rater=rater, label=label)
        fit()
        for _ in range(repeats):
            seconds, mine = cpu(fit)
            times[0].append(seconds)
            done = subprocess.run(
                [python, "-c", code, str(data), str(out)],
                capture_output=True,
                text=True,
                check=True,
            )
            times[1].append(float(done.stdout))
        apart = np.abs(np.load(out) - mine.posterior.to_numpy()).max()
    report(
        f"Dawid-Skene, {len(item):,} labels, 20 steps",
        statistics.median(times[0]),
        "crowd-kit",
        statistics.median(times[1]),
        ">= 15",
        f"posteriors apart by {apart:.1e} (crowd-kit clips at 1e-10)",
    )


def groups(repeats: int) -> None:
    """GRASP: six statistics and 1,000 permutations against a loop over the same definitions."""
    import krippendorff

    from pluralism import Annotations
    from pluralism.jury import group_association

    rng = np.random.default_rng(0)
    n_raters, n_items, n = 104, 350, 3
    share = rng.dirichlet([3, 1, 0.4], n_items)
    values = np.array([[rng.choice(n, p=p) for p in share] for _ in range(n_raters)])
    rater, item = np.nonzero(values >= 0)
    codes = rng.integers(0, 5, n_raters)
    labels = Annotations.from_codes(
        item,
        values[rater, item],
        rater=rater,
        items=range(n_items),
        raters=range(n_raters),
        categories=range(n),
        groups={"group": codes},
    )

    def one(group: np.ndarray) -> np.ndarray:
        out = []
        for k in range(5):
            parts = [
                np.stack([(values[mask] == v).sum(axis=0) for v in range(n)], axis=1)
                for mask in (group == k, group != k)
            ]
            a, b = parts
            r, s = a.sum(axis=1), b.sum(axis=1)
            observed = ((r + s) * (1 - (a * b).sum(axis=1) / (r * s))).sum() / (r + s).sum()
            x, y = a.sum(axis=0), b.sum(axis=0)
            p, q = a / r[:, None], (b + 0.5) / (s + 0.5 * n)[:, None]
            votes = np.stack([a.argmax(axis=1), b.argmax(axis=1)])
            entropy = -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1)
            out.append(
                [
                    krippendorff.alpha(value_counts=a, level_of_measurement="nominal"),
                    p.max(axis=1).mean(),
                    (np.log(n) - entropy).mean(),
                    1 - observed / (1 - (x * y).sum() / (x.sum() * y.sum())),
                    krippendorff.alpha(votes, level_of_measurement="nominal"),
                    (np.log(n) + (p * np.log(q)).sum(axis=1)).mean(),
                ]
            )
        return np.array(out).T

    shuffles = [rng.permutation(codes) for _ in range(1000)]
    ours, peer, mine, theirs = race(
        repeats,
        lambda: group_association(labels, n_permutations=1000, min_raters=1, seed=0),
        lambda: [one(group) for group in [codes, *shuffles]],
    )
    # ties of pluralities are shared by us and go to the first label in the loop
    rows = [0, 1, 2, 3, 5]
    apart = np.abs(mine.statistics.to_numpy()[rows] - theirs[0][rows]).max()
    report(
        "group association, 5 groups, six statistics, 1,000 permutations",
        ours,
        "loop",
        peer,
        ">= 10",
        f"apart by {apart:.1e}",
    )


def verdicts(repeats: int) -> None:
    from pluralism import Annotations
    from pluralism.jury import verdict_probability

    rng = np.random.default_rng(0)
    n_items, n_raters = 350, 104
    votes = (rng.random((n_raters, n_items)) < rng.beta(2, 3, n_items)).astype(int)
    group = np.array([f"g{k}" for k in rng.integers(0, 5, n_raters)])
    quota = {"g0": 3, "g1": 3, "g2": 2, "g3": 2, "g4": 2}
    rater, item = np.nonzero(votes >= 0)
    labels = Annotations.from_codes(
        item,
        votes[rater, item],
        rater=rater,
        items=range(n_items),
        raters=range(n_raters),
        categories=[0, 1],
        groups={"group": group},
    )
    members = {name: np.flatnonzero(group == name) for name in quota}

    def sampled() -> np.ndarray:
        total = np.zeros(n_items)
        for _ in range(1000):
            jury = np.concatenate(
                [rng.choice(members[name], k, replace=False) for name, k in quota.items()]
            )
            positive = votes[jury].sum(axis=0)
            total += (positive > 6) + 0.5 * (positive == 6)
        return total / 1000

    ours, peer, mine, theirs = race(
        repeats, lambda: verdict_probability(labels, composition=quota, positive=1), sampled
    )
    from pluralism.kernels._verdicts import quota_votes, verdict

    pools = np.array([np.full(n_items, len(members[name]), float) for name in quota])
    positives = np.array([votes[members[name]].sum(axis=0).astype(float) for name in quota])
    seats = list(quota.values())
    kernel, _, exact, _ = race(
        repeats, lambda: verdict(quota_votes(pools, positives, seats), 7, 6, 0.5), None
    )
    apart = np.abs(mine.to_numpy() - theirs).max()
    note = f"apart by {apart:.3f} at most over 350 items (Monte Carlo error <= 0.016 each)"
    report(
        "verdict of a jury of 12 in 5 groups, 350 items",
        ours,
        "1,000 sampled juries",
        peer,
        ">= 50",
        note,
    )
    report(
        "the same, kernel alone",
        kernel,
        "1,000 sampled juries",
        peer,
        ">= 50",
        f"equal to the above within {np.abs(exact - mine.to_numpy()).max():.0e}",
    )


def bootstrap_alpha(repeats: int) -> None:
    import krippendorff

    from pluralism import Annotations, bootstrap
    from pluralism.jury import krippendorff_alpha

    rng = np.random.default_rng(0)
    share = rng.dirichlet([3, 1, 0.4], 350)
    values = np.array([[rng.choice(3, p=p) for p in share] for _ in range(104)])
    labels = Annotations.from_matrix(values)

    def loop() -> np.ndarray:
        return np.array(
            [
                krippendorff.alpha(
                    values[rng.integers(0, 104, 104)].astype(float), level_of_measurement="nominal"
                )
                for _ in range(1000)
            ]
        )

    ours, peer, mine, theirs = race(
        repeats, lambda: bootstrap(krippendorff_alpha, labels, n=1000, seed=0, progress=False), loop
    )
    note = (
        f"estimate {mine.estimate:.4f}; mean of replicates {np.mean(mine.replicates):.4f} ours, "
        f"{theirs.mean():.4f} where raters meet their own copies"
    )
    report(
        "bootstrap of alpha by rater, 1,000 replicates of 104 x 350",
        ours,
        "loop over krippendorff",
        peer,
        ">= 15",
        note,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--crowdkit-python")
    options = parser.parse_args()
    sparse_alpha(options.repeats)
    dense_alpha(options.repeats)
    dawid_skene(options.repeats, options.crowdkit_python)
    groups(min(options.repeats, 3))
    verdicts(options.repeats)
    bootstrap_alpha(min(options.repeats, 3))
    head = (
        "# Jury\n\n`OMP_NUM_THREADS=1 python benchmarks/jury.py --crowdkit-python PATH`\n\n"
        "CPU seconds a call, medians; two cores shared with other work. "
        f"Python {platform.python_version()}, NumPy {np.__version__}.\n\n"
        "| task | ours | peer | peer's | ratio | wanted | results |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
    )
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(head + "\n".join(ROWS) + "\n", encoding="utf-8")
    print(f"written to {RESULT}", file=sys.stderr)


if __name__ == "__main__":
    main()

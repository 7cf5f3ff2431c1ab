"""100 exact bootstrap refits of a Bradley-Terry fit: 100 items, 1,000,000 comparisons.

    python benchmarks/bradley_terry_bootstrap.py [--peer-python PATH]

`--peer-python` names an interpreter that has evalica, one fit of which is the yardstick.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

import numpy as np

EVALICA = """
import sys, time, numpy as np, pandas as pd, evalica
rng = np.random.default_rng(65); n, votes = 100, 10**6
truth = rng.normal(0, 1, n)
first = rng.integers(0, n, votes, dtype=np.int32)
second = ((first + rng.integers(1, n, votes)) % n).astype(np.int32)
won = rng.random(votes) < 1 / (1 + np.exp(truth[second] - truth[first]))
winners = [evalica.Winner.X if one else evalica.Winner.Y for one in won.tolist()]
index, times = pd.RangeIndex(n), []
for _ in range(5):
    start = time.process_time()
    evalica.bradley_terry(first, second, winners, index=index)
    times.append(time.process_time() - start)
print(sorted(times)[2])
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer-python", default=sys.executable)
    arguments = parser.parse_args()
    import pluralism as pl
    from pluralism.utility import fit_bradley_terry
    from pluralism.utility._resampled import bradley_terry_replicates

    rng = np.random.default_rng(65)
    n, votes = 100, 10**6
    truth = rng.normal(0, 1, n)
    first = rng.integers(0, n, votes, dtype=np.int32)
    second = ((first + rng.integers(1, n, votes)) % n).astype(np.int32)
    won = rng.random(votes) < 1 / (1 + np.exp(truth[second] - truth[first]))
    data = pl.Comparisons.from_codes(first, second, won, items=n)
    sums = np.concatenate([data.first_won, data.second_won, data.tied])
    weights = rng.poisson(sums, (100, len(sums))) / np.where(sums > 0, sums, 1.0)

    def timed(call, repeats=5):
        call()
        times = []
        for _ in range(repeats):
            start = time.process_time()
            result = call()
            times.append(time.process_time() - start)
        return statistics.median(times), result

    refits, batch = timed(lambda: bradley_terry_replicates(data, unit="row", weights=weights))
    whole, _ = timed(
        lambda: pl.bootstrap(fit_bradley_terry, data, unit="row", n=100, weights="poisson", seed=1),
        3,
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [arguments.peer_python, "-c", EVALICA], env=environment, capture_output=True, text=True
    )
    peer = float(done.stdout) if not done.returncode else float("nan")
    # exactness: one replicate against a fit of its own from scratch
    scaled = (weights[0] * sums).reshape(3, -1)
    own = pl.data.Comparisons(
        items=data.items, first=data.first, second=data.second,
        first_won=scaled[0], second_won=scaled[1], tied=scaled[2], n_votes=int(scaled.sum()),
    )  # fmt: skip
    fit = fit_bradley_terry(own)
    error = np.abs((batch.values[0] - fit.utility.values) / fit.stderr.values).max()
    spread = batch.values.std(axis=0, ddof=1) / fit_bradley_terry(data).stderr.values
    print("| quantity | value |")
    print("| --- | --- |")
    print(f"| 100 refits from given weights, CPU s | {refits:.3f} |")
    print(f"| `bootstrap(..., n=100, weights='poisson')` with its draws, CPU s | {whole:.3f} |")
    print(f"| one evalica fit, CPU s | {peer:.3f} |")
    print(f"| a replicate against a fit from scratch, SE | {error:.1e} |")
    print(f"| bootstrap over Fisher standard error, mean of items | {spread.mean():.3f} |")
    print(f"| failed replicates | {int((batch.status > 0).sum())} |")


if __name__ == "__main__":
    main()

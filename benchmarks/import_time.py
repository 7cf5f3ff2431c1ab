"""What ``import pluralism`` costs beside ``import numpy``, by Python's own import clock.

Run as ``python benchmarks/import_time.py``; writes ``benchmarks/results/import_time.md``.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 15


def microseconds(module: str) -> tuple[int, int]:
    """Cumulative import time of a module, and how many modules it brings along."""
    code = f"import sys; n = len(sys.modules); import {module}; print(len(sys.modules) - n)"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    (time,) = re.findall(rf"^import time: +\d+ \| +(\d+) \| {module}$", done.stderr, re.MULTILINE)
    return int(time), int(done.stdout)


def seconds(arguments: list[str]) -> float:
    """Wall time of a command."""
    import time

    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True, cwd=ROOT)
    return time.perf_counter() - start


def main() -> None:
    for module in ("numpy", "pluralism"):
        microseconds(module)  # compile and cache
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(microseconds("pluralism"))
        theirs.append(microseconds("numpy"))
    our_time = statistics.median(time for time, _ in ours) / 1000
    their_time = statistics.median(time for time, _ in theirs) / 1000
    bare = statistics.median(seconds(["-c", "pass"]) for _ in range(ROUNDS))
    whole = statistics.median(seconds(["-c", "import pluralism"]) for _ in range(ROUNDS))
    help_time = statistics.median(seconds(["-m", "pluralism", "--help"]) for _ in range(ROUNDS))
    result = f"""# What the import costs

`python benchmarks/import_time.py`, medians of {ROUNDS} fresh processes.

| import | ms | modules loaded |
| --- | --- | --- |
| numpy | {their_time:.1f} | {theirs[0][1]} |
| pluralism | {our_time:.2f} | {ours[0][1]} |

Ratio: {our_time / their_time:.4f} (to hold: below 0.2).

| command | s, from start to exit |
| --- | --- |
| `python -c pass` | {bare:.3f} |
| `python -c "import pluralism"` | {whole:.3f} |
| `python -m pluralism --help` | {help_time:.3f} (to hold: below 0.3) |
"""
    print(result)
    (ROOT / "benchmarks" / "results" / "import_time.md").write_text(result, encoding="utf-8")


if __name__ == "__main__":
    main()

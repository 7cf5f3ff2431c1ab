"""Time to first useful output: from an installed package to a report on the bundled table, cold.

Run as ``python benchmarks/first_report.py``; writes ``benchmarks/results/first_report.md``. Every
round is a fresh process in an empty folder without a cache of compiled kernels or a list of fonts:
what a user meets who has just installed the package (pip compiles Python files as it installs). CPU
seconds stand beside wall seconds, which grow with what else the machine is doing.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 3


def seconds(arguments: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU time of a command."""
    before = os.times()
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], check=True, capture_output=True, cwd=folder, env=environment
    )
    wall, after = time.perf_counter() - start, os.times()
    used = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    return wall, used


def cold_report() -> tuple[float, float, int]:
    """A first report; the folder and the caches are new."""
    folder = Path(tempfile.mkdtemp())
    try:
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PLURALISM_CACHE": str(folder / "jax"),
            "MPLCONFIGDIR": str(folder / "matplotlib"),  # Matplotlib looks for fonts anew
        }
        wall, used = seconds(["-m", "pluralism", "report", "--example"], folder, environment)
        return wall, used, (folder / "report.html").stat().st_size
    finally:
        shutil.rmtree(folder)


def main() -> None:
    cold = [cold_report() for _ in range(ROUNDS)]
    with tempfile.TemporaryDirectory() as name:
        folder, environment = Path(name), os.environ | {"PYTHONPATH": str(ROOT)}
        commands = {
            "python -c 'import pluralism'": ["-c", "import pluralism"],
            "pluralism --help": ["-m", "pluralism", "--help"],
            "pluralism report --example, the second time": [
                "-m", "pluralism", "report", "--example",
            ],
        }  # fmt: skip
        rows = []
        for label, arguments in commands.items():
            seconds(arguments, folder, environment)
            found = [seconds(arguments, folder, environment) for _ in range(2 * ROUNDS)]
            rows.append(
                (label, *(statistics.median(column) for column in zip(*found, strict=True)))
            )
    wall, used, size = map(statistics.median, zip(*cold, strict=True))
    warm = "\n".join(f"| `{label}` | {wall:.2f} | {used:.2f} |" for label, wall, used in rows)
    result = f"""# Time to first useful output

`python benchmarks/first_report.py`: medians of {ROUNDS} fresh processes (cold) and {2 * ROUNDS}
(warm) on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}. Cold: no cache of kernels, no list
of fonts, an empty folder. The page has {size / 1024:.0f} KiB.

| | wall, s | CPU, s |
| --- | --- | --- |
| `pluralism report --example`, cold (to hold: below 15) | {wall:.2f} | {used:.2f} |
{warm}

To hold: `import` and `--help` below 0.3 s on a machine of one's own; at this load, look at CPU.
"""
    print(result)
    (ROOT / "benchmarks" / "results" / "first_report.md").write_text(result, encoding="utf-8")


if __name__ == "__main__":
    main()

"""What an import loads: proven by ``sys.modules`` of a fresh process, never by a clock."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "numpy", "jax", "scipy", "xarray", "pandas", "matplotlib", "duckdb", "statsmodels", "narwhals",
    "arviz", "numpyro", "typer", "rich", "jinja2",
)  # fmt: skip


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running `code`."""
    probe = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "code",
    [
        "import pluralism",
        "import pluralism; dir(pluralism); pluralism.errors, pluralism.utility, pluralism.kernels",
        "import pluralism; from pluralism import PluralismError",
        "import pluralism.cli",
        "import pluralism.plots, pluralism.report",
        "import pluralism.adapters",
    ],
)
def test_importing_the_package_loads_nothing_heavy(code: str) -> None:
    assert not loaded_by(code) & set(HEAVY)


def test_a_task_of_a_harness_loads_numpy_only() -> None:
    code = "from pluralism.adapters.lm_eval import js_distance; js_distance([[1.0]], [[1.0]])"
    assert loaded_by(code) & set(HEAVY) == {"numpy"}


@pytest.mark.parametrize("arguments", [["--help"], ["report", "--help"], ["--version"]])
def test_help_loads_only_typer(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom pluralism.cli import main\n"
        f"sys.argv = ['pluralism', *{arguments!r}]\n"
        "try: main()\nexcept SystemExit as stop: assert not stop.code, stop.code"
    )
    assert loaded_by(code) & set(HEAVY) == {"typer"}


def test_the_import_loads_a_handful_of_modules() -> None:
    # NumPy loads well over a hundred; a fifth of its cost is out of reach for two small files.
    ours = loaded_by("import sys; before = set(sys.modules); import pluralism")
    assert "pluralism" in ours
    probe = (
        "import sys; before = set(sys.modules); import pluralism; "
        "print(len(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 4

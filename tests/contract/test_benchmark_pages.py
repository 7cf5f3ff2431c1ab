"""The pages of benchmarks and of coverage show what the runs stored, all of it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = sorted((ROOT / "benchmarks" / "results").glob("*.md"))


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    path = ROOT / "docs" / "benchmark_pages.py"
    spec = importlib.util.spec_from_file_location("benchmark_pages", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_every_row_of_a_stored_result_is_on_its_page(pages, path):
    page = pages.coverage() if path.stem == "coverage" else pages.benchmarks()
    rows = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert rows
    assert set(rows) <= set(page.splitlines())


def test_the_summary_links_every_run_and_names_its_command(pages):
    page = pages.benchmarks()
    linked = re.findall(r"\]\(#([a-z-]+-run)\)", page)
    assert linked == re.findall(r"^\(([a-z-]+-run)\)=$", page, flags=re.MULTILINE)
    assert len(linked) == len(set(linked)) == len(RESULTS) - 1
    for row in page.splitlines()[2 : 2 + len(linked)]:
        assert re.search(r"python (-P )?benchmarks/\w+\.py", row), row


def test_the_summary_takes_versions_and_machine_from_what_a_run_says_of_itself(pages):
    title, preamble, tables = pages.parts(
        "# T\n\n`python benchmarks/t.py`, two quiet cores,\n"
        "Python 3.11.7, NumPy 2.3.5; load 0.8.\n\n| a |\n| --- |\n| SciPy 9.9.9 |\n"
    )
    assert title == "T"
    assert pages.command(preamble) == "`python benchmarks/t.py`"
    assert pages.distinct(pages.MACHINE, preamble) == "two quiet cores"
    assert pages.distinct(pages.VERSION, preamble) == "Python 3.11.7, NumPy 2.3.5"
    assert pages.distinct(pages.VERSION, "") == "not recorded"
    assert tables == "| a |\n| --- |\n| SciPy 9.9.9 |"

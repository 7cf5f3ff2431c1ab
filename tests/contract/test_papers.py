"""The table of papers claims nothing that no test computes."""

from __future__ import annotations

import ast
import csv
import importlib
import subprocess
import sys
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAPERS = ROOT / "docs" / "papers" / "papers.csv"
FIELDS = [
    "title", "kind", "measures", "function", "published", "ours", "status", "test", "note",
]  # fmt: skip
REPRODUCED = {"reproduced from data", "reproduced from published counts"}
COMPUTED = "computed here, nothing published to match"
DEFINED = "definition implemented, data not public"
NOTHING = "no measurement"
KINDS = {"system", "dataset", "method", "survey or position", "classic"}

with PAPERS.open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))


def name(row: dict[str, str]) -> str:
    return f"{row['title'][:40]}: {row['measures'][:40]}"


def test_the_table_has_every_paper_and_the_agreed_columns():
    assert list(ROWS[0]) == FIELDS
    seeds = {row["title"] for row in ROWS if row["kind"] != "classic"}
    assert len(seeds) == 119
    assert {row["kind"] for row in ROWS} == KINDS
    assert {row["status"] for row in ROWS} <= REPRODUCED | {COMPUTED, DEFINED, NOTHING}
    assert len({(row["title"], row["measures"]) for row in ROWS}) == len(ROWS)
    of_title = [row["title"] for row in ROWS]
    assert of_title == sorted(of_title, key=of_title.index), "rows of one title stand together"


def test_enough_numbers_are_computed_and_matched():
    assert sum(bool(row["test"]) for row in ROWS) >= 60
    assert sum(row["status"] in REPRODUCED for row in ROWS) >= 25


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_row_says_what_it_can_prove(row):
    if row["status"] == NOTHING:
        assert row["note"], "a row without a measurement says why"
        assert not any(row[field] for field in ("function", "published", "ours", "test"))
        return
    assert row["measures"]
    for path in row["function"].split("; "):
        namespace, _, name = path.partition(".")
        assert hasattr(importlib.import_module(f"pluralism.{namespace}"), name), path
    # a number stands here only if a test computes it, and "reproduced" only beside the published
    assert bool(row["ours"]) == bool(row["test"])
    if row["status"] in REPRODUCED:
        assert row["ours"], "reproduced, but by no test"
        published, ours = row["published"].split("; "), row["ours"].split("; ")
        for printed, computed in zip(published, ours, strict=True):
            digits = Decimal(1).scaleb(Decimal(printed).as_tuple().exponent)
            roundings = {
                Decimal(computed).quantize(digits, rounding=how)
                for how in (ROUND_HALF_DOWN, ROUND_HALF_UP)
            }
            assert Decimal(printed) in roundings, f"{computed} is not {printed} as printed"
    elif row["status"] == COMPUTED:
        assert row["ours"]


@pytest.mark.slow
def test_the_named_tests_are_the_tests_there_are():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0", "tests/papers"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    collected = [line for line in done.stdout.splitlines() if "::" in line]
    named = [row["test"] for row in ROWS if row["test"]]
    assert sorted(named) == sorted(collected)


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "papers").glob("test_*.py")), ids=str)
def test_a_test_of_a_paper_holds_its_row_against_a_number(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            calls = {ast.unparse(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
            assert "paper_row" in calls, f"{node.name} computes nothing for its row"

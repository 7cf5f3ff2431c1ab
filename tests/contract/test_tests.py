"""Rules for the tests themselves."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("*.py"))
CLOCKS = {"perf_counter", "process_time", "monotonic", "thread_time", "perf_counter_ns"}


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def identify(path: Path) -> str:
    return str(path.relative_to(TESTS))


def called(node: ast.Call) -> str:
    """The called name without its module: ``raises`` for ``pytest.raises``."""
    return ast.unparse(node.func).rpartition(".")[2]


@pytest.mark.parametrize("path", FILES, ids=identify)
def test_an_expected_error_or_warning_names_its_message(path: Path) -> None:
    wrong = [
        f"{path.name}:{node.lineno} {called(node)} has no match="
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Call)
        and called(node) in {"raises", "warns"}
        and not any(keyword.arg == "match" for keyword in node.keywords)
    ]
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=identify)
def test_no_test_reads_a_clock(path: Path) -> None:
    wrong = [
        f"{path.name}:{node.lineno} calls {called(node)}; speed belongs to benchmarks/"
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Call) and called(node) in CLOCKS
    ]
    assert not wrong

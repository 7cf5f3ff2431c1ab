"""Run the code blocks of the docs: a page's ``python`` blocks in order, in one namespace.

A ``console`` block is run too: every line ``$ pluralism ...`` is carried out, and what stands below
it must be what it prints (``...`` stands for anything).
"""

from __future__ import annotations

import doctest
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

collect_ignore_glob = ["*.py", "_build/*", "gallery/*", "reference/generated/*"]
SAME = doctest.OutputChecker().check_output
LOOSELY = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def run_console(example: Example) -> str | None:
    """Carry out the commands of a console block; return what is wrong with their output."""
    for step in f"\n{example.parsed}".split("\n$ ")[1:]:
        command, _, expected = step.partition("\n")
        program, *arguments = shlex.split(command)
        if program != "pluralism":
            continue
        done = subprocess.run(
            [sys.executable, "-m", "pluralism", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "COLUMNS": "96", "NO_COLOR": "1"},
        )
        if not SAME(f"{expected.strip()}\n", f"{done.stdout.strip()}\n", LOOSELY):
            return f"$ {command}\nexpected:\n{expected}\nprinted:\n{done.stdout}"
    return None


def why_no_spark() -> str:
    """What Spark lacks here; nothing where it must be there."""
    if os.environ.get("PLURALISM_TEST_SPARK"):
        return ""
    if find_spec("pyspark") is None:
        return "PySpark is not installed (extra `spark`)"
    return "" if shutil.which("java") else "Spark needs Java, which is not installed"


def enter(namespace: dict[str, Any]) -> None:
    """Give every page an empty folder of its own to write to."""
    namespace["_folder"] = tempfile.TemporaryDirectory()
    namespace["_back"] = Path.cwd()
    namespace["no_spark"] = why_no_spark()
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    )
    os.chdir(namespace["_folder"].name)


def leave(namespace: dict[str, Any]) -> None:
    os.chdir(namespace["_back"])
    namespace["_folder"].cleanup()


pytest_collect_file = Sybil(
    parsers=[SkipParser(), PythonCodeBlockParser(), CodeBlockParser("console", run_console)],
    patterns=["*.md"],
    excludes=["_build/*", "reference/generated/*"],
    setup=enter,
    teardown=leave,
).pytest()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the pages slow: a block needs those before it, so a page is run whole or not at all."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)

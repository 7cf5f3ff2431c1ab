"""What the README shows is what happens."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_python_blocks_run_and_give_what_is_shown() -> None:
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) >= 3
    # Numbers are shown rounded; they are compared by what is shown.
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "README.md", None, 0)
    runner = doctest.DocTestRunner(checker=_Rounded(), optionflags=flags, verbose=False)
    report: list[str] = []
    runner.run(example, out=report.append)
    assert not runner.failures, "".join(report)


class _Rounded(doctest.OutputChecker):
    """Take a number for equal if it rounds to the digits that are shown."""

    number = re.compile(r"-?\d+\.\d+")

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        shown, found = self.number.findall(want), self.number.findall(got)
        if len(shown) == len(found):
            for short, full in zip(shown, found, strict=True):
                digits = len(short.partition(".")[2])
                got = got.replace(full, f"{float(full):.{digits}f}", 1)
        return super().check_output(want, got, optionflags)


@pytest.mark.slow
def test_the_console_block_is_what_the_command_prints(tmp_path: Path) -> None:
    (block,) = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    command, _, expected = block.partition("\n")
    done = subprocess.run(
        [sys.executable, "-m", *command.removeprefix("$ ").split()],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == expected
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_two_lines_are_all_the_set_up_there_is() -> None:
    (block,) = re.findall(r"<!-- set-up -->\n```sh\n(.*?)```\n<!-- /set-up -->", README, re.DOTALL)
    first, second = block.splitlines()
    assert first.endswith("pluralism report --example")
    assert second.endswith("pytest -n auto")


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target

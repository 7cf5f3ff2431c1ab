"""The how-to page on harnesses: every block runs in its host and prints what stands below it."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "harnesses.md"
#: Heading -> the module without which its blocks cannot run.
HOSTS = {
    "inspect_ai": "inspect_ai",
    "lm-evaluation-harness": "lm_eval",
    "scikit-learn": "sklearn",
    "Hugging Face evaluate": "evaluate",
    "torchmetrics": "torchmetrics",
    "lighteval": "lighteval",
    "HELM": "helm.benchmark.metrics.metric",
}
SAME = doctest.OutputChecker().check_output
LOOSELY = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_host_has_its_section() -> None:
    assert set(sections()) == set(HOSTS)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("heading", HOSTS)
def test_the_blocks_of_a_section_run(
    heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.need(HOSTS[heading])
    text = sections()[heading]
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name, body in re.findall(
        r"Save as `([^`]+)`[^:]*:\n\n```[\w-]+\n(.*?)```", text, re.DOTALL
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(body, encoding="utf-8")
    blocks = re.findall(r"```py\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL)
    assert blocks
    for code, expected in blocks:
        # A file of its own, so that hosts which ask for the source of a function find it.
        (tmp_path / "block.py").write_text(code, encoding="utf-8")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(tmp_path / "block.py"), "exec"), {"__name__": "block"})
        assert SAME(expected, printed.getvalue(), LOOSELY), printed.getvalue()

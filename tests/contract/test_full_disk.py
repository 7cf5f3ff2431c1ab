"""Where nothing more can be written the old file stays, nothing lies beside it, and we say why."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("h5netcdf")

import pluralism as pl
from pluralism.adapters import write_table
from pluralism.cli import main
from pluralism.data import load_table

ROOT = Path(__file__).parents[2]
#: What writes a file.
WRITES = re.compile(
    r"^(?!\s*(?:>>>|\.\.\.)).*(\.write_(?:text|bytes|parquet)\(|\.to_(?:csv|json|parquet|netcdf)\("
    r"|savefig\(|COPY |open\([^)]*\"[wax]b?\")",
    re.M,
)


def written() -> dict[str, Callable[[Path], Any]]:
    """Every way in which the library writes a file, by the name of the file."""
    votes = load_table("celebrities")
    fit = pl.utility.fit_bradley_terry(votes)
    ballots = pl.Ballots.from_rankings(["abc"])
    ratings = pl.Annotations.from_matrix([[1, 2], [2, 1]])
    tables = {
        f"table{ending}": lambda path: write_table(fit, path)
        for ending in (".csv", ".parquet", ".nc", ".tex", ".md")
    }
    return tables | {
        "comparisons.parquet": votes.save,
        "annotations.parquet": ratings.save,
        "ballots.parquet": ballots.save,
        "ballots.soc": ballots.to_preflib,
        "page.html": lambda path: pl.write_report(votes, path),
    }


def commands(votes: Path) -> dict[str, list[str]]:
    """Every command that writes a file, by the name of the file."""
    return {
        **{f"fit{ending}": ["fit", "--example"] for ending in (".csv", ".json", ".nc", ".txt")},
        **{
            f"simulated{ending}": ["simulate", "--votes", "100"]
            for ending in (".csv", ".parquet", ".jsonl")
        },
        "report.html": ["report", "--example"],
        "cells.parquet": ["count", str(votes)],
    }


def attempt(write: Callable[[Path], Any], path: Path) -> str:
    """Write to `path`, and say how that ended."""
    try:
        write(path)
    except pl.PluralismError as error:
        return str(error)
    except SystemExit as stop:
        return f"exit {stop.code}"
    return "written"


def fill(folder: Path) -> None:
    """Try every way to write with files limited to a few bytes; print what each came to."""
    import resource

    votes = folder / "votes.csv"
    votes.write_text("first,second,outcome\na,b,1\nb,a,1\n", encoding="utf-8")
    ways: dict[str, Callable[[Path], Any]] = written()

    def command(arguments: list[str]) -> Callable[[Path], Any]:
        def call(path: Path) -> None:
            sys.argv = ["pluralism", *arguments, "-o", str(path)]
            main()

        return call

    ways |= {name: command(arguments) for name, arguments in commands(votes).items()}
    # Python ignores the signal that comes with it, so that a write ends in an error of the system.
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, resource.RLIM_INFINITY))
    results = {}
    for name, write in ways.items():
        place = folder / name
        place.mkdir()
        (place / name).write_bytes(b"old")
        results[name] = attempt(write, place / name)
    print(json.dumps(results))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], str]:
    folder = tmp_path_factory.mktemp("full")
    done = subprocess.run(
        [sys.executable, __file__, str(folder)],
        env={**os.environ, "PLURALISM_CACHE": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout.splitlines()[-1]), done.stderr


NAMES = [*written(), *commands(Path())]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits the size of files as POSIX does")
@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_leaves_the_old_file_and_says_so(full: Any, name: str) -> None:
    folder, results, said = full
    assert [path.name for path in (folder / name).iterdir()] == [name]
    assert (folder / name / name).read_bytes() == b"old"
    message = f"'{folder / name / name}' cannot be written: File too large"
    if name in commands(Path()):
        assert results[name] == "exit 1"
        assert f"pluralism: {message}" in said.splitlines()
    else:
        assert results[name] == message


def test_what_is_tried_is_all_that_writes() -> None:
    texts = {
        path.relative_to(ROOT / "pluralism").as_posix(): path.read_text(encoding="utf-8")
        for path in (ROOT / "pluralism").rglob("*.py")
    }
    writing = {name for name, text in texts.items() if WRITES.search(text)}
    # A new module that writes is entered here, and what it writes above.
    assert writing == {
        "adapters/_tables.py", "cli/_work.py", "data/_preflib.py", "data/_storage.py",
        "report/_svg.py", "report/_write.py",
    }  # fmt: skip
    in_memory = {"report/_svg.py"}
    assert {name for name in writing if "written_aside(" not in texts[name]} == in_memory


@pytest.mark.slow
def test_every_writer_writes(tmp_path: Path) -> None:
    for name, write in written().items():
        (tmp_path / name).write_bytes(b"old")
        assert attempt(write, tmp_path / name) == "written"
        assert (tmp_path / name).read_bytes() != b"old"


if __name__ == "__main__":
    fill(Path(sys.argv[1]))


def test_the_number_within_duckdbs_description_is_told_in_the_words_of_the_system():
    from pluralism._aside import _why

    told = OSError(f'{{"exception_type":"IO","errno":"{errno.ENOSPC}","extra":"x"}}')
    assert _why(told) == os.strerror(errno.ENOSPC)
    assert _why(OSError(errno.EACCES, "denied")) == "denied"
    assert _why(ValueError("first line\nsecond line")) == "first line"

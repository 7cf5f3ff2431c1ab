"""Ctrl-C comes back soon, from every long loop, and leaves no process and no file behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pluralism.data._files import attended

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="sends the signal of a terminal's Ctrl-C"),
]
#: Generous, for machines that do much else; a quiet one needs one or less.
SECONDS = 30.0

_VOTES = """
from pluralism import Comparisons
from pluralism.data import simulate_votes
from pluralism.utility import *
from pluralism.uncertainty import bootstrap, permutation_test
frame = simulate_votes(4000, items=12, raters=40, groups=["old", "young"], seed=0)
votes = Comparisons.from_frame(
    frame, first="first", second="second", outcome="outcome", rater="rater", group="group"
)
"""
_RATINGS = """
import numpy as np
from pluralism import Annotations
from pluralism.jury import krippendorff_alpha
from pluralism.uncertainty import bootstrap
votes = Annotations.from_matrix(np.random.default_rng(0).integers(0, 4, (20, 100)))
"""
#: What is long -> what comes before it, and the call; `tell` reports that it is under way.
LOOPS = {
    "bootstrap in batches of refits": (
        _VOTES, "bootstrap(fit_bradley_terry, votes, n=N, seed=0, progress=tell)"
    ),
    "bootstrap of groups": (
        _VOTES, "bootstrap(fit_groups, votes, n=N, seed=0, progress=tell)"
    ),
    "bootstrap in batches of agreement": (
        _RATINGS, "bootstrap(krippendorff_alpha, votes, n=N, seed=0, progress=tell)"
    ),
    "bootstrap in a loop": (
        _VOTES, "bootstrap(fit_thurstone, votes, n=N, seed=0, progress=tell)"
    ),
    "permutation test": (
        _VOTES,
        "permutation_test(fit_bradley_terry, votes, group='group', n=N, seed=0, progress=tell)",
    ),
}  # fmt: skip
_INTERRUPTED = """
{before}
N = 2_000_000
tell = lambda *done: print("under way", flush=True)
def work(tell):
    {call}
try:
    work(tell)
except KeyboardInterrupt:
    pass
else:
    raise SystemExit("it ended by itself")
import pathlib, threading
N = 256  # as many as a batch, so that nothing is compiled again
work(None)  # whoever goes on after it gets an answer as before
assert threading.active_count() == 1, threading.enumerate()
assert not list(pathlib.Path.cwd().iterdir())
print("at the prompt", flush=True)
"""


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """Hear the signal here and in children: a job in the background is born deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Send what Ctrl-C sends, and hand back what else it says; no process may be left."""
    process.send_signal(signal.SIGINT)
    try:
        said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pytest.fail(f"not back after {SECONDS:g} s")
    with pytest.raises(ProcessLookupError, match="No such process"):
        os.killpg(process.pid, 0)  # the group is empty
    return said


def started(command: list[str], folder: Path) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


@pytest.mark.parametrize("name", LOOPS)
def test_a_long_loop_is_left_by_ctrl_c(name: str, tmp_path: Path) -> None:
    before, call = LOOPS[name]
    code = _INTERRUPTED.format(before=before, call=call)
    with started([sys.executable, "-c", code], tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "under way\n", process.communicate()[1]
        out, err = interrupt(process)
    assert process.returncode == 0, err
    assert out.splitlines()[-1] == "at the prompt"


@pytest.fixture(scope="module")
def many_votes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("votes") / "votes.parquet"
    duckdb.sql(
        "SELECT 'i' || (i % 3000) AS first, 'j' || (i % 2999) AS second, 'w' || i AS rater, "
        "'first' AS outcome FROM range(1_000_000) t(i)"
    ).write_parquet(str(path))
    return path


@pytest.mark.parametrize(
    ("arguments", "when"),
    [
        (["count", "--rater", "rater", "-o", "out.parquet"], "reading"),
        (["count", "--rater", "rater", "-o", "out.parquet"], "writing"),
        (["report", "-o", "out.html"], "reading"),  # a page is written in a moment
    ],
    ids=["count, reading", "count, writing", "report"],
)
def test_a_command_is_left_by_ctrl_c(
    many_votes: Path, arguments: list[str], when: str, tmp_path: Path
) -> None:
    target = tmp_path / arguments[-1]
    target.write_bytes(b"old")
    command = [sys.executable, "-m", "pluralism", *arguments, str(many_votes)]
    with started(command, tmp_path) as process:
        assert process.stderr is not None
        assert "guessed columns" in process.stderr.readline()  # the votes are counted next
        while when == "writing" and len(list(tmp_path.iterdir())) == 1:
            assert process.poll() is None, "it ended before anything was written"
            time.sleep(0.001)
        _, err = interrupt(process)
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == "pluralism: interrupted; no file is half written"
    assert "Traceback" not in err
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_query_stops_at_once_and_its_connection_goes_on() -> None:
    with duckdb.connect() as connection:
        long = "SELECT sum(sqrt(i)) FROM range(50_000_000_000) t(i)"
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt, match=r"^$"):
            attended(connection, lambda: connection.execute(long).fetchall())
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_an_error_of_a_query_is_handed_on() -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error, match="nowhere"):
        attended(connection, lambda: connection.execute("SELECT * FROM nowhere"))

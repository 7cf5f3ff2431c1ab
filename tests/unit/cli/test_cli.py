"""The command line: what a user types, what is printed, and one sentence when it goes wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

import pluralism
from pluralism import Comparisons
from pluralism.cli import main
from pluralism.data import load_table, simulate_votes
from pluralism.utility import fit_bradley_terry


class Done(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch, capsys, tmp_path) -> Callable[..., Done]:
    """Run a command in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    # The commands set these for JAX; restored afterwards.
    for name in ("DIR", "MIN_COMPILE_TIME_SECS", "MIN_ENTRY_SIZE_BYTES"):
        prefix = "JAX_COMPILATION_CACHE_" if name == "DIR" else "JAX_PERSISTENT_CACHE_"
        monkeypatch.setenv(prefix + name, {"DIR": str(tmp_path / "jax")}.get(name, "0"))

    def command(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["pluralism", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as stop:
            status = int(stop.code or 0)
        return Done(status, *capsys.readouterr())

    return command


@pytest.fixture
def votes(tmp_path) -> Path:
    frame = simulate_votes(600, items=["apple", "pear", "plum"], raters=30, seed=3)
    frame.to_csv(tmp_path / "votes.csv", index=False)
    return tmp_path / "votes.csv"


def expected(path: Path, **options) -> pd.DataFrame:
    counted = Comparisons.from_frame(
        path, first="first", second="second", outcome="outcome", **options
    )
    return fit_bradley_terry(counted).summary()


# -- the main job ------------------------------------------------------------------------


@pytest.mark.slow
def test_example_prints_a_summary_and_writes_a_page(run, tmp_path) -> None:
    done = run("report", "--example")
    assert done.status == 0, done.err
    best = fit_bradley_terry(load_table("celebrities")).utility
    assert re.search(rf"1  Lyndon Johnson +{float(best.max()):.3f}", done.out)
    assert "report: report.html" in done.out
    assert "hour of conversation?</h1>" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_report_of_a_file(run, votes, tmp_path) -> None:
    done = run("report", votes, "--rater", "rater", "-o", "page.html", "--title", "Fruit")
    assert done.status == 0, done.err
    assert "guessed columns: first=first second=second outcome=outcome" in done.err
    assert "30 raters" in done.err
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h1>Fruit</h1>" in page
    assert "Who voted, and how alike" in page


@pytest.mark.slow
def test_report_of_the_crowd_votes(run, test_data, tmp_path) -> None:
    done = run("report", test_data / "llmfao/crowd-comparisons.csv", "--rater", "worker")
    assert done.status == 0, done.err
    assert "guessed columns: first=left second=right outcome=winner" in done.err
    assert "59 items; 8,931 votes" in done.err
    assert re.search(r"1  GPT 4 ", done.out)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    # Who leads and how surely, position, raters, what cannot be told apart.
    for part in ("stands first", "cannot be told apart", "position matters", "by 124 raters"):
        assert part in page


# -- fit ---------------------------------------------------------------------------------


def test_fit_prints_a_table_best_first(run, votes) -> None:
    done = run("fit", votes)
    assert done.status == 0, done.err
    table = expected(votes).sort_values("estimate", ascending=False)
    rows = re.findall(r"^\d  (\w+) +(\S+) +(\S+) +(\S+) to (\S+)$", done.out, re.MULTILINE)
    assert [row[0] for row in rows] == table["term"].tolist()
    shown = np.array([[float(cell) for cell in row[1:]] for row in rows])
    np.testing.assert_allclose(shown, table[["estimate", "stderr", "lower", "upper"]], atol=5.1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["to a file", "printed"])
def test_fit_as_csv(run, votes, tmp_path, how: str) -> None:
    if how == "printed":
        text = run("fit", votes, "--format", "csv").out
        (tmp_path / "fit.csv").write_text(text, encoding="utf-8")
    else:
        assert run("fit", votes, "-o", "fit.csv").out == ""
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "fit.csv"), expected(votes), check_dtype=False
    )


def test_fit_as_json(run, votes) -> None:
    read = json.loads(run("fit", votes, "--rater", "rater", "--format", "json").out)
    table = expected(votes, rater="rater")
    assert read["estimates"] == table.to_dict(orient="records")
    assert read["about"]["covariance_type"] == "cluster"
    assert read["about"]["n_votes"] == 600


@pytest.mark.slow
def test_fit_as_netcdf(run, votes, tmp_path) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    assert run("fit", votes, "-o", "fit.nc").status == 0
    with xarray.open_dataset(tmp_path / "fit.nc", engine="h5netcdf") as data:
        np.testing.assert_array_equal(data["utility"], expected(votes)["estimate"])
        assert data["item"].values.tolist() == ["apple", "pear", "plum"]


def test_fit_options_reach_the_fit(run, votes) -> None:
    out = run("fit", votes, "--prior", "0.2", "--reference", "pear", "--level", "0.5").out
    assert "50% interval" in out
    counted = Comparisons.from_frame(votes, first="first", second="second", outcome="outcome")
    fit = fit_bradley_terry(counted, prior=0.2, reference="pear")
    assert f"{float(fit.utility.max()):.3f}" in out
    assert re.search(r"pear +0\.000 +0\.000", out)


def test_a_formula_in_a_label_is_quoted_in_a_csv(run, tmp_path) -> None:
    rows = ["a,b,winner", *["=cmd(),x,a", "x,=cmd(),a"] * 5]
    (tmp_path / "v.csv").write_text("\n".join(rows), encoding="utf-8")
    done = run("fit", "v.csv", "--format", "csv")
    assert done.status == 0, done.err
    assert "item,'=cmd()," in done.out


# -- which columns -----------------------------------------------------------------------

ROWS = [("u", "v", "first"), ("v", "u", "second"), ("u", "v", "second"), ("v", "u", "tie")]
SHAPES = {
    "codes": (("left", "right", "winner"), {"first": "left", "second": "right", "tie": "tie"}),
    "arena": (
        ("model_a", "model_b", "winner"),
        {"first": "model_a", "second": "model_b", "tie": "tie (bothbad)"},
    ),
    "numbers": (("item_a", "item_b", "outcome"), {"first": 1, "second": 0, "tie": 0.5}),
    "words": (("First", "Second", "Outcome"), {"first": "A", "second": "B", "tie": "draw"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_common_columns_are_guessed(run, tmp_path, shape: str, suffix: str) -> None:
    names, codes = SHAPES[shape]
    frame = pd.DataFrame([(one, two, codes[won]) for one, two, won in ROWS], columns=list(names))
    path = tmp_path / f"v{suffix}"
    {
        ".csv": lambda: frame.to_csv(path, index=False),
        ".parquet": lambda: frame.to_parquet(path),
        ".jsonl": lambda: frame.to_json(path, orient="records", lines=True),
    }[suffix]()
    done = run("fit", path)
    assert done.status == 0, done.err
    first, second, result = names
    assert f"guessed columns: first={first} second={second} outcome={result}" in done.err
    # u won twice, v once, one tie: log(2.5 / 1.5) apart.
    assert re.search(r"1  u +0\.255", done.out)


def test_labels_in_the_result_column_are_recognised(run, tmp_path) -> None:
    name = {"first": 0, "second": 1}
    rows = [(one, two, (one, two)[name[won]] if won in name else "tie") for one, two, won in ROWS]
    pd.DataFrame(rows, columns=["a", "b", "winner"]).to_csv(tmp_path / "v.csv", index=False)
    done = run("fit", "v.csv")
    assert "guessed columns: first=a second=b winner=winner" in done.err
    assert re.search(r"1  u +0\.255", done.out)


def test_winners_that_look_like_truth_values_are_items(run, tmp_path) -> None:
    rows = "t,f,t\nf,t,f\nt,g,t\ng,t,t\nf,g,f\n" * 2 + "t,f,f\ng,f,f\n"
    text = "first,second,winner\n" + rows
    (tmp_path / "v.csv").write_text(text, encoding="utf-8")
    done = run("fit", "v.csv", "--prior", "1")
    assert done.status == 0, done.err
    assert "winner=winner" in done.err


def test_items_named_like_codes_are_items(run, tmp_path) -> None:
    rows = [("a", "b", "a"), ("b", "a", "a"), ("a", "b", "b")]
    pd.DataFrame(rows, columns=["left", "right", "winner"]).to_csv(tmp_path / "v.csv", index=False)
    done = run("fit", "v.csv")
    assert "winner=winner" in done.err
    assert re.search(r"1  a +0\.347", done.out)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_columns_are_guessed_without_pyarrow(run, tmp_path, monkeypatch, suffix: str) -> None:
    # The package does not require PyArrow, and `pip install ".[report]"` does not bring it.
    from pluralism.cli._columns import Columns, find_columns

    assert run("simulate", "--votes", 30, "--items", 3, "-o", f"v{suffix}").status == 0
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    found = find_columns(tmp_path / f"v{suffix}", Columns())
    assert found == Columns("first", "second", outcome="outcome")


@pytest.mark.slow
@pytest.mark.parametrize("column", ["rater", "Worker", "annotator_id"])
def test_a_column_of_raters_that_is_not_used_is_pointed_at(run, tmp_path, column: str) -> None:
    rows = f"{column},first,second,outcome\n" + "u,a,b,first\nv,b,a,first\nw,a,b,first\n"
    (tmp_path / "v.csv").write_text(rows, encoding="utf-8")
    assert f"--rater {column} gives errors" in run("fit", "v.csv").err
    assert "is not used" not in run("fit", "v.csv", "--rater", column).err


def test_a_missing_package_is_named_with_what_brings_it() -> None:
    from pluralism.cli._run import _not_installed

    said = {name: _not_installed(ImportError(name=name)) for name in ("jinja2", "h5netcdf.x", "x")}
    assert said["jinja2"] == 'jinja2 is not installed; pip install "pluralism[report]"'
    assert said["h5netcdf.x"] == 'h5netcdf is not installed; pip install "pluralism[netcdf]"'
    assert said["x"] == "x is not installed; pip install x"


def test_columns_may_be_named_and_codes_explained(run, tmp_path) -> None:
    frame = pd.DataFrame(ROWS, columns=["x", "y", "z"])
    frame["z"] = frame["z"].map({"first": "A>B", "second": "B>A", "tie": "A=B"})
    frame.to_csv(tmp_path / "v.csv", index=False)
    done = run(
        "fit", "v.csv", "--first", "x", "--second", "y", "--outcome", "z",
        "--outcomes", "A>B=first, B>A=second, A=B=tie",
    )  # fmt: skip
    assert done.status == 0, done.err
    assert "guessed" not in done.err
    assert re.search(r"1  u +0\.255", done.out)


def test_outcomes_are_matched_as_numbers(run, tmp_path) -> None:
    (tmp_path / "v.csv").write_text("first,second,outcome\na,b,1.0\na,b,1.0\nb,a,0.0\na,b,0.0\n")
    done = run("fit", "v.csv", "--outcomes", "1=second,0=first")
    assert done.status == 0, done.err
    assert re.search(r"1  b .*\n2  a ", done.out)


# -- simulate ----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_simulated_votes_give_back_their_truth(run, tmp_path, suffix: str) -> None:
    done = run(
        "simulate", "-o", f"v{suffix}", "--votes", 20_000, "--items", 4, "--seed", 2,
        "--raters", 50, "--tie-parameter", 0.3,
    )  # fmt: skip
    assert done.status == 0, done.err
    assert done.out == f"votes: v{suffix}\ntruth: v.truth.csv\n"
    truth = pd.read_csv(tmp_path / "v.truth.csv").set_index("item")["utility"]
    read = json.loads(
        run("fit", f"v{suffix}", "--rater", "rater", "--ties", "drop", "--format", "json").out
    )
    found = {row["term"]: row for row in read["estimates"]}
    for item, value in truth.items():
        assert abs(found[item]["estimate"] - value) < 4 * found[item]["stderr"]


def test_the_same_seed_makes_the_same_file(run, tmp_path) -> None:
    for name in ("a", "b"):
        run("simulate", "-o", f"{name}.csv", "--seed", 7, "--votes", 50)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


# -- what goes wrong ---------------------------------------------------------------------

WRONG = {
    "no file": (["fit", "none.csv"], 1, r"none\.csv is not a file"),
    "nothing named": (["report"], 1, "name a file of votes, or give --example"),
    "both": (["report", "votes.csv", "--example"], 1, "not both"),
    "unknown option": (["fit", "--bogus"], 2, "No such option"),
    "bad choice": (["fit", "votes.csv", "--ties", "no"], 2, "half"),
    "one column": (["fit", "votes.csv", "--first", "first"], 1, "give both --first and --second"),
    "unknown column": (
        ["fit", "votes.csv", "--first", "frist", "--second", "second"],
        1,
        r"there is no column 'frist' in the file; did you mean 'first'\? \(its columns: 'rater',",
    ),
    "unknown rater": (
        ["fit", "votes.csv", "--rater", "ratr"],
        1,
        "there is no column 'ratr' in the file; did you mean 'rater'",
    ),
    "unknown reference": (["fit", "votes.csv", "--reference", "aple"], 1, "did you mean 'apple'"),
    "bad prior": (
        ["fit", "votes.csv", "--prior", "-1"],
        1,
        "--prior is -1.0; it must be finite above 0",
    ),
    "bad level": (["fit", "votes.csv", "--level", "95"], 1, "--level is 95.0"),
    "codes": (
        ["fit", "odd.csv"],
        1,
        """holds 'perhaps', .* map them with --outcomes "code=first,other=tie"$""",
    ),
    "bad meanings": (
        ["fit", "odd.csv", "--outcomes", "perhaps=maybe"],
        1,
        "write code=first, code=second or code=tie",
    ),
    "two meanings": (
        ["fit", "odd.csv", "--outcomes", "perhaps=tie,perhaps=first"],
        1,
        "--outcomes gives 'perhaps' two meanings; name it once",
    ),
    "no items": (["fit", "strange.csv"], 1, "name them with --first and --second"),
    "no result": (["fit", "unjudged.csv"], 1, "name it with --outcome or --winner"),
    "no votes": (["fit", "empty.csv"], 1, "no rows|no votes|holds no"),
    "always wins": (["fit", "separated.csv"], 1, "--prior 1.0 shrinks"),
    "missing": (["fit", "missing.csv"], 1, "--missing drop"),
    "folder": (["report", "votes.csv", "-o", "."], 1, "is a folder"),
    "no folder": (["report", "votes.csv", "-o", "no/page.html"], 1, "there is no folder no"),
    "ending": (["fit", "votes.csv", "-o", "fit.xlsx"], 1, "ends in '.xlsx'"),
    "netcdf": (["fit", "votes.csv", "--format", "netcdf"], 1, "give -o FILE.nc"),
    "simulate ending": (["simulate", "-o", "votes.txt"], 1, "ends in '.txt'"),
    "not parquet": (["fit", "fake.parquet"], 1, "fake.parquet"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_goes_wrong_is_one_sentence_with_the_remedy(run, votes, tmp_path, case: str) -> None:
    files = {
        "odd.csv": "first,second,outcome\na,b,first\nb,a,perhaps\n",
        "strange.csv": "x,y,z\na,b,a\n",
        "unjudged.csv": "first,second,score\na,b,3\n",
        "empty.csv": "first,second,outcome\n",
        "separated.csv": "first,second,outcome\na,b,first\nb,c,first\n",
        "missing.csv": "first,second,outcome\na,b,first\n,a,first\nb,a,first\n",
        "fake.parquet": "this is no parquet",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    before = {path.name for path in tmp_path.iterdir()}
    arguments, status, message = WRONG[case]
    done = run(*arguments)
    assert done.status == status
    assert done.out == ""
    assert "Traceback" not in done.err
    last = done.err.strip().splitlines()[-1]
    assert re.search(message, last), done.err
    if status == 1:
        assert last.startswith("pluralism: ")
        assert "`" not in last
    assert {path.name for path in tmp_path.iterdir()} <= before | {"jax"}


def test_missing_values_may_be_dropped_and_are_counted(run, tmp_path) -> None:
    rows = "first,second,outcome\na,b,first\n,a,first\nb,a,first\n"
    (tmp_path / "v.csv").write_text(rows, encoding="utf-8")
    done = run("fit", "v.csv", "--missing", "drop")
    assert done.status == 0, done.err
    assert "1 dropped" in done.err


@pytest.mark.slow
def test_a_fault_of_ours_is_said_to_be_ours(run, votes, monkeypatch) -> None:
    from pluralism.cli import _work

    def break_down(*args, **kwargs):
        raise ZeroDivisionError("float division by zero")

    monkeypatch.setattr(_work, "fit", break_down)
    done = run("fit", votes)
    assert done.status == 70
    assert "fault of pluralism, not of your input (ZeroDivisionError" in done.err
    assert "Traceback" not in done.err
    monkeypatch.setenv("PLURALISM_DEBUG", "1")
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        run("fit", votes)


def test_interrupting_is_no_traceback(run, votes, monkeypatch) -> None:
    from pluralism.cli import _work

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(_work, "fit", interrupt)
    done = run("fit", votes)
    assert done.status == 130
    assert "Traceback" not in done.err


# -- help and settings -------------------------------------------------------------------


@pytest.mark.parametrize("command", [(), ("report",), ("fit",), ("simulate",)])
def test_help_shows_examples(run, command: tuple[str, ...]) -> None:
    done = run(*command, "--help")
    assert done.status == 0
    examples = re.findall(
        rf"^  pluralism {command[0] if command else 'report'} ", done.out, re.MULTILINE
    )
    assert len(examples) >= 2


def test_version(run) -> None:
    assert run("--version").out.strip() == pluralism.__version__


def test_python_dash_m_runs_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pluralism", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == pluralism.__version__


def test_the_compilation_cache_is_on_in_commands_only(monkeypatch, tmp_path) -> None:
    import os

    from pluralism.cli._run import _use_cache

    name = "JAX_COMPILATION_CACHE_DIR"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for value, found in (("", None), (str(tmp_path / "mine"), str(tmp_path / "mine"))):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PLURALISM_CACHE", value)
        _use_cache()
        assert os.environ.get(name) == found
    monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("PLURALISM_CACHE")
    _use_cache()
    assert os.environ[name].endswith("pluralism/jax")
    # What was set for JAX itself stays.
    monkeypatch.setenv(name, "theirs")
    _use_cache()
    assert os.environ[name] == "theirs"


# -- count -------------------------------------------------------------------------------


@pytest.mark.slow
def test_many_files_are_counted_and_reported(run, votes, tmp_path) -> None:
    frame = pd.read_csv(votes)
    (tmp_path / "parts").mkdir()
    for place in range(3):
        frame[place::3].to_parquet(tmp_path / "parts" / f"{place}.parquet")
    parts = sorted((tmp_path / "parts").iterdir())
    done = run("count", *parts, "--rater", "rater", "--memory-limit", "1GB", "-o", "cells.parquet")
    assert (done.status, done.out) == (0, "cells: cells.parquet\n"), done.err
    assert "guessed columns: first=first second=second outcome=outcome" in done.err
    assert "3 items; 600 votes" in done.err
    counted = Comparisons.load(tmp_path / "cells.parquet")
    whole = Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", rater="rater"
    )
    pd.testing.assert_frame_equal(counted.to_frame(), whole.to_frame())
    assert run("fit", "cells.parquet").out == run("fit", votes, "--rater", "rater").out
    done = run("report", "cells.parquet", "-o", "page.html")
    assert done.status == 0, done.err
    assert "30 raters" in done.err
    assert "Who voted, and how alike" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_what_cannot_be_counted_is_said(run, votes, tmp_path) -> None:
    frame = pd.read_csv(votes)
    frame.to_parquet(tmp_path / "votes.parquet")
    before = (tmp_path / "votes.parquet").read_bytes()
    for arguments, message in [
        (("votes.parquet", "-o", "votes.parquet"), "is the file of votes itself"),
        (("votes.parquet", "-o", "cells.csv"), "cells are written as .parquet"),
        (("votes.parquet", "-o", "no/cells.parquet"), "there is no folder no"),
        (("votes.parquet", "votes.parquet"), "one file is named twice"),
        (("votes.parquet", "votes.csv"), "several formats"),
        (("no*.parquet",), "no file matches 'no*.parquet'"),
        (("votes.parquet", "--memory-limit", "much"), "--memory-limit is 'much'"),
    ]:
        done = run("count", *arguments)
        assert (done.status, done.out) == (1, ""), arguments
        assert message in done.err
        assert len(done.err.strip().splitlines()) <= 3
    assert (tmp_path / "votes.parquet").read_bytes() == before
    assert not (tmp_path / "cells.parquet").exists()
    for command in ("report", "fit"):
        done = run(command, "votes.csv", "-o", "votes.csv")
        assert done.status == 1
        assert "is the file of votes itself" in done.err


@pytest.mark.slow
def test_cells_take_no_columns_and_must_be_comparisons(run, votes) -> None:
    assert run("count", votes, "-o", "cells.parquet").status == 0
    done = run("report", "cells.parquet", "--rater", "rater", "--missing", "drop")
    assert done.status == 1
    assert (
        "counted already; '--rater', '--missing' can only be given to `pluralism count`" in done.err
    )
    done = run("count", "cells.parquet", "-o", "again.parquet")
    assert "holds cells that pluralism saved" in done.err
    pluralism.Ballots.from_rankings(["ab"]).save("ballots.parquet")
    assert "holds saved ballots, not comparisons" in run("fit", "ballots.parquet").err

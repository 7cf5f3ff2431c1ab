"""Files and globs of them: what differs between shards is said, nothing is half written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pluralism import Annotations, Ballots, Comparisons, DataError, LabelError
from pluralism.data import simulate_votes

COLUMNS = {"first": "first", "second": "second", "outcome": "outcome"}
SUFFIXES = [".parquet", ".csv", ".jsonl"]


def write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True, force_ascii=False)
    return path


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame({"first": ["a", "b"], "second": ["b", "c"], "outcome": [1, 0], **columns})


def total(comparisons: Comparisons) -> float:
    return float(comparisons.first_won.sum())


# -- what differs between shards ----------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_shares_after_whole_numbers_are_not_rounded(tmp_path, suffix):
    write(table(), tmp_path / f"0{suffix}")
    write(table(outcome=[0.5, 0.25]), tmp_path / f"1{suffix}")
    found = Comparisons.from_frame(tmp_path / f"*{suffix}", **COLUMNS)
    assert total(found) == 1.75


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_share_beyond_the_sampled_rows_is_not_rounded(tmp_path, suffix):
    n = 30_000
    rows = pd.DataFrame({"first": ["a"] * n, "second": ["b"] * n, "outcome": [1] * n})
    head = write(rows, tmp_path / f"votes{suffix}").read_text(encoding="utf-8")
    last = "a,b,0.5\n" if suffix == ".csv" else '{"first":"a","second":"b","outcome":0.5}\n'
    (tmp_path / f"votes{suffix}").write_text(head + last, encoding="utf-8")
    assert total(Comparisons.from_frame(tmp_path / f"votes{suffix}", **COLUMNS)) == n + 0.5


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_labels_of_two_kinds_are_refused(tmp_path, suffix):
    write(table(first=[7, 8], second=[8, 9]), tmp_path / f"0{suffix}")
    write(table(first=["007", "8"], second=["8", "9"]), tmp_path / f"1{suffix}")
    with pytest.raises(DataError, match=r"column 'first' is BIGINT in .* but VARCHAR in .*1\."):
        Comparisons.from_frame(tmp_path / f"*{suffix}", **COLUMNS)


def test_labels_of_text_files_stay_text_in_every_shard(tmp_path):
    write(table(first=[7, 8], second=[8, 9]), tmp_path / "0.csv")
    write(table(first=["007", "8"], second=["8", "9"]), tmp_path / "1.csv")
    found = Comparisons.from_frame(tmp_path / "*.csv", **COLUMNS)
    assert found.items == ("007", "7", "8", "9")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_column_that_one_shard_lacks_is_named(tmp_path, suffix):
    write(table(w=[1, 2]), tmp_path / f"0{suffix}")
    write(table(), tmp_path / f"1{suffix}")
    with pytest.raises(DataError, match=r"column 'w' is in .*0\..* but not in .*1\."):
        Comparisons.from_frame(tmp_path / f"*{suffix}", **COLUMNS, weight="w", missing="drop")
    assert Comparisons.from_frame(tmp_path / f"*{suffix}", **COLUMNS).n_votes == 4


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_shard_is_none(tmp_path, suffix):
    write(table(outcome=[0.5, 1]), tmp_path / f"1{suffix}")
    write(table().head(0), tmp_path / f"0{suffix}")
    found = Comparisons.from_frame(tmp_path / f"*{suffix}", **COLUMNS)
    assert (found.n_votes, total(found)) == (2, 1.5)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_only_empty_shards_have_no_rows(tmp_path, suffix):
    for place in range(2):
        write(table().head(0), tmp_path / f"{place}{suffix}")
    with pytest.raises(DataError, match="has no rows"):
        Comparisons.from_frame(tmp_path / f"*{suffix}", **COLUMNS)


def test_text_and_numbers_in_one_json_column_are_refused(tmp_path):
    rows = '{"first":7,"second":"b","outcome":1}\n{"first":"7","second":"b","outcome":1}\n'
    (tmp_path / "votes.jsonl").write_text(rows, encoding="utf-8")
    with pytest.raises(DataError, match=r"column 'first' of .* mixes text, numbers"):
        Comparisons.from_frame(tmp_path / "votes.jsonl", **COLUMNS)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_two_normal_forms_of_a_letter_across_shards_are_refused(tmp_path, suffix):
    write(table(first=["\u00e9", "b"]), tmp_path / f"0{suffix}")
    write(table(first=["e\u0301", "b"]), tmp_path / f"1{suffix}")
    with pytest.raises(LabelError, match="look alike"):
        Comparisons.from_frame(tmp_path / f"*{suffix}", **COLUMNS)
    one, other = (
        Comparisons.from_frame(tmp_path / f"{place}{suffix}", **COLUMNS) for place in range(2)
    )
    with pytest.raises(LabelError, match="look alike"):
        one.merge(other)


# -- which files --------------------------------------------------------------------------


def test_a_list_of_files_and_globs_is_their_sum(tmp_path):
    votes = simulate_votes(90, items=["a", "b", "c"], seed=1)
    paths = [write(votes[k::3], tmp_path / f"{k}.parquet") for k in range(3)]
    whole = Comparisons.from_frame(votes, **COLUMNS).to_frame()
    for source in (paths, [str(tmp_path / "[01].parquet"), paths[2]], tmp_path / "*.parquet"):
        pd.testing.assert_frame_equal(Comparisons.from_frame(source, **COLUMNS).to_frame(), whole)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "first,second,outcome\né,y,first\n".encode("latin-1"),
            "CSV Error on Line: 2: .*not utf-8.*save it as UTF-8",
        ),
        (
            b"first,second,outcome\n" + b"x,y,first\n" * 30_000 + b"x,y\n",
            "Line: 30002: Expected .* 3 Found: 2",
        ),
        (
            b"first,second,outcome\nx,y,first\nx,y\n" + b"x,y,first\n" * 5,
            "does every line .* as many fields",
        ),
        (
            b'first,second,outcome\n"x,y,first\nx,y,second\n',
            r"cannot be split into fields; is a quote \(\"\) left open",
        ),
        (
            b"first,second,outcome\n" + b"x,y,first\n" * 30_000 + b'"x,y,first\nx,y,first\n',
            "Line: 30002: Value with unterminated quote found$",
        ),
        (  # two logs in one, the later with a column more
            b"first,second\nx,y\nfirst,second,outcome\n" + b"x,y,first\n" * 5,
            r"'first,second' stands above line 3, where the names",
        ),
        (  # two logs in one, the later divided in another way
            b"first;second;outcome\nx;y;first\nfirst,second,outcome\n" + b"x,y,first\n" * 5,
            r"'first;second;outcome' stands above line 3, where the names",
        ),
        (  # a title of two lines could be two rows of one column
            b"Votes\nof May\nfirst,second,outcome\n" + b"x,y,first\n" * 5,
            r"'Votes' stands above line 3, where the names",
        ),
        (  # a comment, it might be guessed
            b"first,second,outcome\nx,y,first\n#x\n#x\n" + b"x,y,first\n" * 5,
            "does every line .* as many fields",
        ),
    ],
)
def test_a_csv_file_that_cannot_be_read_says_why_and_where(tmp_path, content, message):
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        Comparisons.from_frame(tmp_path / "bad.csv", **COLUMNS)


@pytest.mark.parametrize(
    "header", ["first,second,outcome,outcome", "first,second,outcome, Outcome"]
)
@pytest.mark.parametrize("above", ["", "Votes of May\n"])
def test_two_columns_of_one_name_are_refused_where_one_is_read(tmp_path, header, above):
    """DuckDB reads the first and calls the other outcome_1."""
    (tmp_path / "votes.csv").write_text(above + header + "\n" + "x,y,1,0\n" * 5, encoding="utf-8")
    with pytest.raises(DataError, match=r"votes.csv' has two columns named 'outcome'"):
        Comparisons.from_frame(tmp_path / "votes.csv", **COLUMNS)
    (tmp_path / "other.csv").write_text("first,second,outcome,w,w\nx,y,1,2,3\n", encoding="utf-8")
    assert total(Comparisons.from_frame(tmp_path / "other.csv", **COLUMNS)) == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_named_like_a_column_does_not_replace_it(tmp_path, suffix):
    (tmp_path / "first=zzz").mkdir()
    path = write(table(), tmp_path / "first=zzz" / f"votes{suffix}")
    found = Comparisons.from_frame(path, **COLUMNS)
    assert found.items == ("a", "b", "c")
    saved = tmp_path / "first=zzz" / "cells.parquet"
    found.save(saved)
    assert Comparisons.load(saved).items == found.items


@pytest.mark.slow
@pytest.mark.parametrize("words", [["t", "f"], ["yes", "no"], ["T", "F"]])
def test_words_that_duckdb_takes_for_true_and_false_are_words(tmp_path, words):
    path = write(table(word=words, truth=["True", "false"]), tmp_path / "votes.csv")
    for source in (path, pd.read_csv(path)):
        with pytest.raises(DataError, match=r"column 'word' holds .* no outcomes that are known"):
            Comparisons.from_frame(source, **COLUMNS | {"outcome": "word"})
        with pytest.raises(DataError, match=r"covariate column 'word' must hold numbers"):
            Comparisons.from_frame(source, **COLUMNS, covariates=["word"])
        with pytest.raises(DataError, match=r"column 'word' must hold numbers"):
            Comparisons.from_frame(source, **COLUMNS, weight="word")
        with pytest.raises(DataError, match=r"column 'word' must hold numbers"):
            Ballots.from_frame(source, voter="second", alternative="first", approved="word")
    found = Comparisons.from_frame(path, **COLUMNS | {"outcome": "truth"}, covariates=["outcome"])
    assert found.first_won.tolist() == [1, 0]
    found = Comparisons.from_frame(path, **COLUMNS, covariates=["truth"])
    assert found.covariates["truth"].tolist() == [1, 0]


IDS = ["6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "6BA7B810-9DAD-11D1-80B4-00C04FD430C9"]


@pytest.mark.slow
@pytest.mark.parametrize("labels", [IDS, ["2024-01-01", "2024-1-2"], ["12:30:00", "12:30:01"]])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_text_in_json_stays_as_it_is_written(tmp_path, labels, suffix):
    """DuckDB makes identifiers, days and times of text; identifiers then are in lower case."""
    path = write(table(first=labels, second="x"), tmp_path / f"0{suffix}")
    write(table(first=labels[::-1], second="y"), tmp_path / f"1{suffix}")
    assert Comparisons.from_frame(path, **COLUMNS).items == (*sorted(labels), "x")
    found = Comparisons.from_frame(tmp_path / f"*{suffix}", **COLUMNS)
    assert found.items == (*sorted(labels), "x", "y")


@pytest.mark.parametrize(
    "numbers", [(2**65 + 1, 2**65 + 2, 3), (2**53 + 1, 2**53, 0.5), (2**53 + 1, -(2**53), 0.5)]
)
def test_numbers_in_json_that_would_be_rounded_are_no_labels(tmp_path, numbers):
    rows = [f'{{"first": {x}, "second": 1, "outcome": 1}}\n' for x in numbers]
    (tmp_path / "votes.jsonl").write_text("".join(rows), encoding="utf-8")
    with pytest.raises(DataError, match=r"column 'first' holds a number like .* labels as text"):
        Comparisons.from_frame(tmp_path / "votes.jsonl", **COLUMNS)


def test_large_whole_numbers_in_json_are_labels(tmp_path):
    rows = [f'{{"first": {x}, "second": 1, "outcome": 1}}\n' for x in (2**53, 2**53 + 1)]
    (tmp_path / "votes.jsonl").write_text("".join(rows), encoding="utf-8")
    found = Comparisons.from_frame(tmp_path / "votes.jsonl", **COLUMNS)
    assert found.items == (1, 2**53, 2**53 + 1)


def test_labels_of_two_precisions_are_refused(tmp_path):
    half = table(first=np.array([0.1, 0.2], dtype=np.float32), second=[1.0, 1.0])
    write(half, tmp_path / "0.parquet")
    write(half.astype({"first": float}), tmp_path / "1.parquet")
    with pytest.raises(DataError, match=r"column 'first' is FLOAT in .* but DOUBLE in .*1\."):
        Comparisons.from_frame(tmp_path / "*.parquet", **COLUMNS)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_whole_numbers_that_would_be_rounded_are_refused(tmp_path, suffix):
    path = write(table(n=[2**53 + 1, 1], voter=[1, 1]), tmp_path / f"votes{suffix}")
    for source in (path, table(n=[2**53 + 1, 1], voter=[1, 1])):
        for argument in ({"weight": "n"}, {"covariates": ["n"]}):
            with pytest.raises(DataError, match=r"column 'n' holds 9.* below 2\*\*53 to be exact"):
                Comparisons.from_frame(source, **COLUMNS, **argument)
        with pytest.raises(DataError, match=r"column 'n' holds 9.* below 2\*\*53 to be exact"):
            Ballots.from_frame(
                source, voter="voter", alternative="first", rank="outcome", count="n"
            )
    write(table(w=[1e16, 1]), tmp_path / f"votes{suffix}")
    assert total(Comparisons.from_frame(path, **COLUMNS, weight="w")) == 1e16


@pytest.mark.slow
@pytest.mark.parametrize("before", [0, 30_000])
def test_the_first_rows_of_a_csv_file_do_not_decide_what_a_quote_is(tmp_path, before):
    """DuckDB guesses from 20,480 rows; later, a quoted label would be a second item."""
    rows = "x,y,first\n" * before + '"x",y,first\n"x, too",y,first\n#x,y,first\n\'x\',y,first\n'
    (tmp_path / "votes.csv").write_text("first,second,outcome\n" + rows, encoding="utf-8")
    found = Comparisons.from_frame(tmp_path / "votes.csv", **COLUMNS)
    assert set(found.items) == {"x", "x, too", "#x", "'x'", "y"}
    assert total(found) == before + 4


@pytest.mark.parametrize("above", ["", "\n\n", "Votes of May\n", "\ufeff"])
def test_a_title_above_the_columns_is_no_row(tmp_path, above):
    rows = "first,second,outcome\n" + "x,y,first\n" * 5
    (tmp_path / "votes.csv").write_text(above + rows, encoding="utf-8")
    found = Comparisons.from_frame(tmp_path / "votes.csv", **COLUMNS)
    assert found.items == ("x", "y")
    assert total(found) == 5


def test_files_that_cannot_be_meant_are_refused(tmp_path):
    path = write(table(), tmp_path / "a.parquet")
    (tmp_path / "link.parquet").symlink_to(path)
    write(table(), tmp_path / "b.csv")
    for source, message in [
        (tmp_path / "no*.parquet", "no file matches"),
        ([path, tmp_path / "." / "a.parquet"], "one file is named twice"),
        (tmp_path / "*.parquet", r"one file is named twice \(.*a.parquet.*link.parquet"),
        ([path, tmp_path / "b.csv"], "several formats"),
        (tmp_path, r"a folder\? its files are .*/\*.parquet"),
        (tmp_path / "*", r"end the pattern in one of them, as in '.*/\*.parquet'\)"),
        ([path, tmp_path / "c.parquet"], "there is no file"),
    ]:
        with pytest.raises(DataError, match=message):
            Comparisons.from_frame(source, **COLUMNS)


def test_saved_cells_are_not_counted_as_votes(tmp_path):
    counted = Comparisons.from_frame(table(), **COLUMNS)
    counted.save(tmp_path / "cells.parquet")
    with pytest.raises(DataError, match=r"holds cells that pluralism saved.*with `load`"):
        Comparisons.from_frame(
            tmp_path / "cells.parquet", first="first", second="second", outcome="first_won"
        )


# -- memory -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_memory_limit_spills_and_leaves_nothing_behind(tmp_path, monkeypatch):
    n = 300_000
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"first": rng.integers(0, 400, n).astype(str), "second": "x"})
    rows["outcome"], rows["rater"] = "first", np.arange(n).astype(str)
    write(rows, tmp_path / "votes.parquet")
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spill))
    columns = {**COLUMNS, "rater": "rater"}
    found = Comparisons.from_frame(tmp_path / "votes.parquet", **columns, memory_limit="60MB")
    assert (found.n_votes, found.n_cells) == (n, n)
    assert list(spill.iterdir()) == []
    with pytest.raises(DataError, match=r"Out of Memory.*give a larger `memory_limit`"):
        Comparisons.from_frame(tmp_path / "votes.parquet", **columns, memory_limit=3_000_000)


@pytest.mark.parametrize("limit", ["lots", "-1GB", "4", 0, 1.5, "80%"])
def test_a_memory_limit_that_is_none_is_refused(tmp_path, limit):
    write(table(), tmp_path / "a.csv")
    with pytest.raises(DataError, match="`memory_limit` is"):
        Comparisons.from_frame(tmp_path / "a.csv", **COLUMNS, memory_limit=limit)


def test_a_memory_limit_is_for_files(tmp_path):
    for call in (
        lambda: Comparisons.from_frame(table(), **COLUMNS, memory_limit="1GB"),
        lambda: Annotations.from_frame(
            table(), item="first", rater="second", label="outcome", memory_limit="1GB"
        ),
        lambda: Ballots.from_frame(
            table(), voter="first", alternative="second", rank="outcome", memory_limit="1GB"
        ),
    ):
        with pytest.raises(DataError, match="`memory_limit` is '1GB', but `frame` is a DataFrame"):
            call()


# -- ids as items -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".parquet", "frame"])
def test_a_million_ids_are_refused_and_100_000_items_are_not(tmp_path, suffix):
    duckdb = pytest.importorskip("duckdb")
    for n in (100_000, 1_000_000):
        relation = duckdb.sql(
            f"SELECT 'vote-' || i AS first, 'x' AS second, 'first' AS outcome FROM range({n}) t(i)"
        )
        if suffix == "frame":
            source = relation.df()
        else:
            source = tmp_path / "ids.parquet"
            relation.write_parquet(str(source))
        if n == 100_000:
            assert Comparisons.from_frame(source, **COLUMNS).n_items == n + 1
        else:
            with pytest.raises(DataError, match="distinct labels: is 'first' a column of ids"):
                Comparisons.from_frame(source, **COLUMNS)


# -- whole or not at all ------------------------------------------------------------------

_KILLED = """
import os, signal, sys
from pathlib import Path
import pandas as pd
from pluralism import Annotations, Ballots, Comparisons
target, kind, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
made = {
    "comparisons": lambda: Comparisons.from_pairs([("x", "y")]),
    "annotations": lambda: Annotations.from_matrix([[1, 2], [1, 1]]),
    "ballots": lambda: Ballots.from_rankings(["ab"]),
}[kind]()
die = lambda *ignored: os.kill(os.getpid(), signal.SIGKILL)
setattr(os, when, die)  # half way: written aside but not renamed
made.save(target)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills a process with a signal of POSIX")
@pytest.mark.parametrize("when", ["fsync", "replace"])
@pytest.mark.parametrize("kind", ["comparisons", "annotations", "ballots"])
def test_a_save_that_is_killed_leaves_the_old_file(tmp_path, kind, when):
    target = tmp_path / "cells.parquet"
    target.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", _KILLED, str(target), kind, when])
    assert done.returncode == -signal.SIGKILL
    assert target.read_bytes() == b"old"
    assert list(tmp_path.glob("*.parquet")) == [target]  # what is left of it is hidden


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills a process with a signal of POSIX")
def test_a_count_that_is_killed_leaves_no_output(tmp_path):
    pytest.importorskip("duckdb").sql(
        "SELECT 'i' || (i % 3000) AS first, 'j' || (i % 2999) AS second, "
        "'w' || i AS rater, 'first' AS outcome FROM range(3_000_000) t(i)"
    ).write_parquet(str(tmp_path / "votes.parquet"))
    target = tmp_path / "out" / "cells.parquet"
    target.parent.mkdir()
    command = [sys.executable, "-m", "pluralism", "count", str(tmp_path / "votes.parquet")]
    command += ["--rater", "rater", "-o", str(target)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not list(target.parent.iterdir()):  # as soon as anything is written
            assert process.poll() is None, "it ended before anything was written"
        process.kill()
    assert not target.exists()


def test_a_save_keeps_links_and_rights(tmp_path):
    real = tmp_path / "real.parquet"
    real.write_bytes(b"old")
    real.chmod(0o640)
    (tmp_path / "link.parquet").symlink_to(real)
    Comparisons.from_pairs([("x", "y")]).save(tmp_path / "link.parquet")
    assert (tmp_path / "link.parquet").is_symlink()
    assert Comparisons.load(real).items == ("x", "y")
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.parquet", "real.parquet"]


# -- files of others ----------------------------------------------------------------------


def _tampered(path: Path, column: str | None = None, value=None, **metadata) -> None:
    """Write the cells again with another value or other metadata."""
    import json

    import pyarrow.parquet as parquet

    cells = parquet.read_table(path)
    about = json.loads(parquet.read_metadata(path).metadata[b"pluralism"])
    about |= metadata
    if column is not None:
        place = cells.column_names.index(column)
        filled = [value] * len(cells)
        import pyarrow as pa

        kind = cells.schema.field(column).type if value is None else None
        cells = cells.set_column(place, column, pa.array(filled, kind))
    parquet.write_table(cells.replace_schema_metadata({"pluralism": json.dumps(about)}), path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 99}, "saved in layout 99; this version of pluralism reads layout 1"),
        ({"kind": "ballots"}, "holds saved ballots, not comparisons"),
        ({"items": ["a", "b"]}, "a code of 'second' is out of range"),
        ({"items": ["a", "a", "c"]}, "damaged: `items.1.` repeats the label 'a'"),
        ({"items": "abc"}, "damaged"),
        ({"n_votes": -1}, "damaged"),
        ({"n_votes": "many"}, "damaged"),
        ({"order_known": "no"}, "damaged"),
        ({"dropped": {"no w": -3}}, "damaged"),
        ({"column": "first", "value": -1}, "a code of 'first' is out of range"),
        ({"column": "first", "value": 2**40}, "a code of 'first' is out of range"),
        ({"column": "first", "value": None}, "a code of 'first' is out of range"),
        ({"column": "first", "value": 0.5}, "a code of 'first' is no whole number"),
        ({"column": "first_won", "value": float("nan")}, "impossible sums"),
        ({"column": "tied", "value": -2.0}, "impossible sums"),
        ({"column": "square_0", "value": -2.0}, "impossible sums"),
        ({"column": "square_3", "value": float("inf")}, "impossible sums"),
    ],
)
def test_tampered_cells_are_refused(tmp_path, change, message):
    pytest.importorskip("pyarrow")
    path = tmp_path / "cells.parquet"
    Comparisons.from_frame(table(w=[0.5, 2]), **COLUMNS, weight="w").save(path)
    _tampered(path, **change)
    with pytest.raises(DataError, match=message):
        Comparisons.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"column": "second", "value": 1}, "is damaged: an item meets itself"),
        (
            {"column": "covariate_0", "value": float("inf")},
            "is damaged: covariate 'x' is not finite",
        ),
    ],
)
def test_cells_that_mean_nothing_are_refused(tmp_path, change, message):
    pytest.importorskip("pyarrow")
    path = tmp_path / "cells.parquet"
    Comparisons.from_frame(table(x=[0.5, 2]), **COLUMNS, covariates=["x"]).save(path)
    _tampered(path, **change)
    with pytest.raises(DataError, match=message):
        Comparisons.load(path)


@pytest.mark.parametrize(("text", "message"), [("[1]", "metadata is no object"), ("{", "damaged")])
def test_metadata_that_are_no_object_are_refused(tmp_path, text, message):
    from pluralism.data._storage import write_parquet

    path = tmp_path / "cells.parquet"
    write_parquet(table(), path, {"pluralism": text})
    with pytest.raises(DataError, match=message):
        Comparisons.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"column": "ranks_0", "value": 0.5}, "is damaged: impossible ranks"),
        ({"column": "count", "value": 0.0}, "is damaged: impossible counts or ranks"),
    ],
)
def test_tampered_ballots_are_refused(tmp_path, change, message):
    pytest.importorskip("pyarrow")
    path = tmp_path / "ballots.parquet"
    Ballots.from_rankings(["ab", "ba"]).save(path)
    _tampered(path, **change)
    with pytest.raises(DataError, match=message):
        Ballots.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"column": "weight", "value": 0.0}, "is damaged: 'weight' holds impossible sums"),
        (
            {"groups": [{"name": "side", "labels": ["left"], "codes": [0]}]},
            "is damaged: a rater has no group",
        ),
    ],
)
def test_tampered_labels_are_refused(tmp_path, change, message):
    pytest.importorskip("pyarrow")
    path = tmp_path / "labels.parquet"
    Annotations.from_matrix([[1, 2], [2, 1]]).save(path)
    _tampered(path, **change)
    with pytest.raises(DataError, match=message):
        Annotations.load(path)


def test_labels_that_json_would_change_are_not_saved(tmp_path):
    votes = Comparisons.from_pairs([((1, 2), (3, 4))])
    with pytest.raises(DataError, match=r"the label \(1, 2\) among `items` is a tuple"):
        votes.save(tmp_path / "cells.parquet")
    assert not list(tmp_path.iterdir())


def test_addresses_go_to_duckdb_unread():
    address = "nowhere://bucket/votes.parquet"
    with pytest.raises(DataError, match=f"{address}' cannot be read: IO Error"):
        Comparisons.from_frame(address, **COLUMNS)
    with pytest.raises(DataError, match="one file is named twice"):
        Comparisons.from_frame([address, address], **COLUMNS)


def test_a_column_that_no_shard_has_is_named(tmp_path):
    for name in ("0.csv", "1.csv"):
        write(table(), tmp_path / name)
    with pytest.raises(DataError, match="no column 'judge' in `frame`"):
        Comparisons.from_frame(tmp_path / "*.csv", **COLUMNS, rater="judge")


def test_an_interrupted_query_is_a_keyboard_interrupt():
    from pluralism.data._files import attended

    def fail(text):
        raise RuntimeError(text)

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        attended(None, lambda: fail("Query interrupted"))
    with pytest.raises(RuntimeError, match="something else"):
        attended(None, lambda: fail("something else"))


@pytest.mark.slow
def test_many_labels_are_saved_and_read_again(tmp_path):
    n = 200_000
    first = np.arange(n - 1, dtype=np.int32)
    many = Comparisons.from_codes(first, first + 1, items=[f"it's item {k}" for k in range(n)])
    many.save(tmp_path / "many.parquet")
    assert Comparisons.load(tmp_path / "many.parquet").items == many.items

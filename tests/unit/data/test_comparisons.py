"""Every way in gives the same cells, and every bad input is named."""

from __future__ import annotations

import dataclasses
import pickle
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism import Comparisons, DataError, LabelError
from pluralism.data import load_table, simulate_votes

COLUMNS = {"first": "first", "second": "second", "outcome": "outcome"}


@pytest.fixture(scope="module")
def votes() -> pd.DataFrame:
    return simulate_votes(
        3000,
        items=7,
        tie_parameter=0.7,
        raters=30,
        groups=["x", "y"],
        seed=3,
    )


def assert_same(left: Comparisons, right: Comparisons) -> None:
    assert left.items == right.items
    assert left.raters == right.raters
    assert left.order_known == right.order_known
    assert left.n_votes == right.n_votes
    for name in ("first", "second", "first_won", "second_won", "tied", "rater"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
    assert (left.squares is None) == (right.squares is None)
    if left.squares is not None:
        np.testing.assert_allclose(left.squares, right.squares, rtol=1e-12, atol=1e-12)
    assert left.groups.keys() == right.groups.keys()
    for name, grouping in left.groups.items():
        assert grouping.labels == right.groups[name].labels
        np.testing.assert_array_equal(grouping.codes, right.groups[name].codes)
    for name, values in left.covariates.items():
        np.testing.assert_array_equal(values, right.covariates[name])


def as_source(votes: pd.DataFrame, kind: str, folder):
    if kind == "pandas":
        return votes
    if kind == "pandas-object":
        return votes.astype({"first": object, "second": object, "outcome": object})
    if kind == "pandas-categorical":
        return votes.astype({"first": "category", "second": "category"})
    if kind == "polars":
        pl = pytest.importorskip("polars")
        return pl.from_pandas(votes)
    if kind == "polars-categorical":
        pl = pytest.importorskip("polars")
        return pl.from_pandas(votes).with_columns(pl.col("first").cast(pl.Categorical))
    if kind == "polars-lazy":
        pl = pytest.importorskip("polars")
        return pl.from_pandas(votes).lazy()
    if kind == "pyarrow":
        pa = pytest.importorskip("pyarrow")
        return pa.Table.from_pandas(votes)
    if kind == "duckdb":
        duckdb = pytest.importorskip("duckdb")
        return duckdb.from_df(votes)
    path = folder / f"votes.{kind}"
    if kind == "csv":
        votes.to_csv(path, index=False)
    elif kind == "parquet":
        pytest.importorskip("pyarrow")
        votes.to_parquet(path)
    else:
        votes.to_json(path, orient="records", lines=True)
    return str(path)


SOURCES = [
    "pandas-object",
    "pandas-categorical",
    "polars",
    "polars-categorical",
    "polars-lazy",
    "pyarrow",
    "duckdb",
    "csv",
    "parquet",
    "jsonl",
]


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    "columns", [{}, {"rater": "rater", "group": "group"}], ids=["bare", "full"]
)
def test_every_source_gives_the_same_cells(votes, kind, columns, tmp_path):
    expected = Comparisons.from_frame(votes, **COLUMNS, **columns)
    found = Comparisons.from_frame(as_source(votes, kind, tmp_path), **COLUMNS, **columns)
    assert_same(expected, found)


@pytest.mark.parametrize("kind", ["polars", "polars-lazy", "duckdb", "csv"])
def test_sources_are_counted_without_pyarrow(votes, kind, tmp_path, monkeypatch):
    # As objects: pandas keeps text in PyArrow where it is installed, and DuckDB reads it there.
    source = as_source(votes.astype(object), kind, tmp_path)
    expected = Comparisons.from_frame(votes, **COLUMNS, rater="rater")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert_same(expected, Comparisons.from_frame(source, **COLUMNS, rater="rater"))


@pytest.mark.parametrize("lazy", [False, True])
def test_whole_numbers_stay_whole_beside_a_missing_one(lazy):
    pl = pytest.importorskip("polars")
    table = pl.DataFrame({"a": [1, 2, 3], "b": [2, 3, 1], "r": [7, None, 8], "w": ["left"] * 3})
    found = Comparisons.from_frame(
        table.lazy() if lazy else table,
        first="a", second="b", outcome="w", rater="r", missing="drop",
    )  # fmt: skip
    assert [repr(label) for label in found.raters] == ["7", "8"]


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_sums_weights_shares_and_covariates(kind, tmp_path):
    rng = np.random.default_rng(0)
    n = 400
    first = rng.integers(0, 4, n)
    frame = pd.DataFrame(
        {
            "first": first.astype(str),
            "second": ((first + rng.integers(1, 4, n)) % 4).astype(str),
            "share": rng.integers(0, 5, n) / 4,
            "w": rng.integers(1, 4, n) / 2,
            "length": rng.integers(0, 3, n) / 2,
        }
    )
    options = {
        "first": "first",
        "second": "second",
        "outcome": "share",
        "weight": "w",
        "covariates": ["length"],
    }
    expected = Comparisons.from_frame(frame, **options)
    source = as_source(frame.assign(outcome="x"), kind, tmp_path)
    found = Comparisons.from_frame(source, **options)
    if kind == "csv":  # text of whole numbers is read as whole numbers
        assert found.items == (0, 1, 2, 3)
        found = Comparisons(**{**_fields(found), "items": expected.items})
    assert_same(expected, found)
    # Brute force over one cell.
    cell = 5
    mask = (
        (frame["first"] == expected.items[expected.first[cell]])
        & (frame["second"] == expected.items[expected.second[cell]])
        & (frame["length"] == expected.covariates["length"][cell])
    )
    w, y = frame.loc[mask, "w"].to_numpy(), frame.loc[mask, "share"].to_numpy()
    np.testing.assert_allclose(expected.first_won[cell], (w * y).sum())
    np.testing.assert_allclose(
        expected.squares[:, cell],
        [(w**2 * y**2).sum(), (w**2 * (1 - y) ** 2).sum(), (w**2 * y * (1 - y)).sum(), 0],
        atol=1e-12,
    )


def _fields(comparisons: Comparisons) -> dict:
    return {name: getattr(comparisons, name) for name in Comparisons.__dataclass_fields__}


def test_codes_labels_and_frame_agree(votes):
    items = sorted(set(votes["first"]) | set(votes["second"]))
    code = {label: place for place, label in enumerate(items)}
    won = (votes["outcome"] == "first").to_numpy()
    tie = (votes["outcome"] == "tie").to_numpy()
    by_code = Comparisons.from_codes(
        votes["first"].map(code).to_numpy(),
        votes["second"].map(code).to_numpy(),
        won,
        tie=tie,
        items=items,
    )
    assert_same(Comparisons.from_frame(votes, **COLUMNS), by_code)


def test_a_counted_table_stands_for_its_cells(votes):
    kept = votes[votes["outcome"] != "tie"]
    items = sorted(set(votes["first"]) | set(votes["second"]))
    code = {label: place for place, label in enumerate(items)}
    first, second = (kept[name].map(code).to_numpy() for name in ("first", "second"))
    won = (kept["outcome"] == "first").to_numpy()

    def counted():
        return Comparisons.from_codes(first, second, won, items=items)

    # Weights of one are counted another way, and written out as cells at once.
    cells = Comparisons.from_codes(first, second, won, items=items, weight=np.ones(len(won)))
    assert counted().table is not None
    assert cells.table is None
    assert counted().n_cells == cells.n_cells == len(cells.first)
    assert_same(counted(), cells)
    assert_same(pickle.loads(pickle.dumps(counted())), cells)
    assert_same(counted().merge(counted()), cells.merge(cells))
    changed = dataclasses.replace(counted(), first_won=2 * cells.first_won)
    assert changed.table is None
    np.testing.assert_array_equal(changed.first_won, 2 * cells.first_won)
    with pytest.raises(AttributeError, match="no attribute 'third'"):
        _ = counted().third


def test_weights_of_one_are_no_weights(votes):
    plain = Comparisons.from_frame(votes, **COLUMNS)
    weighted = Comparisons.from_frame(votes.assign(w=1.0), weight="w", **COLUMNS)
    assert_same(plain, weighted)


@pytest.mark.parametrize(
    ("codes", "options"),
    [
        (["first", "second", "tie"], {}),
        (["Left", "RIGHT", "Tie (bothbad)"], {}),
        (["model_a", "model_b", "draw"], {}),
        (["A", "b", "tie"], {}),
        ([1, 2, 0], {"outcomes": {1: "first", 2: "second", 0: "tie"}}),
        (["win", "loss", "="], {"outcomes": {"win": "first", "loss": "second", "=": "tie"}}),
    ],
)
def test_outcome_codes(codes, options):
    frame = pd.DataFrame({"a": ["x", "x", "y"], "b": ["y", "y", "z"], "r": codes})
    found = Comparisons.from_frame(frame, first="a", second="b", outcome="r", **options)
    assert (found.first_won.sum(), found.second_won.sum(), found.tied.sum()) == (1, 1, 1)


@pytest.mark.parametrize(
    ("codes", "outcomes"),
    [
        (["1.0", "1.0", "0.0"], {1: "second", 0: "first"}),
        ([1.0, 1.0, 0.0], {"1": "second", "0": "first"}),
        (["01", "+1", "0e0"], {1: "second", 0: "first"}),
        (["true", "TRUE", "false"], {True: "second", False: "first"}),
        ([True, True, False], {"True": "second", "False": "first"}),
        (["A", "a", "b"], {"A": "second", "B": "first"}),
        (["B ", "B ", " a"], {"A": "first", "B": "second"}),
        (["caf\u00e9", "caf\u00e9", "The"], {"Cafe\u0301": "second", "the": "first"}),
    ],
)
@pytest.mark.parametrize("how", ["frame", "file"])
def test_outcomes_are_matched_however_they_are_written(codes, outcomes, how, tmp_path):
    """A code of the map that were not met would be read as if there were no map."""
    frame = pd.DataFrame({"a": ["x", "x", "y"], "b": ["y", "y", "x"], "r": codes})
    if how == "file":
        frame.to_csv(tmp_path / "v.csv", index=False)
    source = frame if how == "frame" else tmp_path / "v.csv"
    found = Comparisons.from_frame(source, first="a", second="b", outcome="r", outcomes=outcomes)
    assert (found.first_won.sum(), found.second_won.sum()) == (1, 2)
    assert found.items == ("x", "y")


@pytest.mark.parametrize("other", [1.0, "1", "1.0", True, "true", " TRUE"])
def test_two_meanings_of_one_code_are_refused(other):
    frame = pd.DataFrame({"a": ["x"], "b": ["y"], "r": ["1"]})
    columns = {"first": "a", "second": "b", "outcome": "r"}
    given = {"1 ": "first", other: "second"}
    with pytest.raises(DataError, match=r"`outcomes` maps '1 ' to 'first' and .* name it once"):
        Comparisons.from_frame(frame, **columns, outcomes=given)
    found = Comparisons.from_frame(frame, **columns, outcomes={"1 ": "second", other: "second"})
    assert found.second_won.tolist() == [1]


def test_large_codes_and_words_like_numbers_are_told_apart():
    codes = [2**53, 2**53 + 1, 0]
    frame = pd.DataFrame({"a": ["x"] * 3, "b": ["y"] * 3, "r": codes})
    meanings = dict(zip(map(str, codes), ("first", "second", "tie"), strict=True))
    columns = {"first": "a", "second": "b", "outcome": "r"}
    found = Comparisons.from_frame(frame, **columns, outcomes=meanings)
    assert (found.first_won[0], found.second_won[0], found.tied[0]) == (1, 1, 1)
    words = frame.assign(r=["1_0", "10", "9" * 5000])
    meanings = {"1_0": "first", 10: "second", "9" * 5000: "tie"}
    found = Comparisons.from_frame(words, **columns, outcomes=meanings)
    assert (found.first_won[0], found.second_won[0], found.tied[0]) == (1, 1, 1)


def test_true_is_no_item():
    frame = pd.DataFrame({"a": [1, 0, 2], "b": [0, 1, 1], "w": [True] * 3})
    with pytest.raises(DataError, match=r"names True as the winner.*a code: use outcome='w'"):
        Comparisons.from_frame(frame, first="a", second="b", winner="w")
    truths = pd.DataFrame({"a": [True, False], "b": [False, True], "w": [True, True]})
    found = Comparisons.from_frame(truths, first="a", second="b", winner="w")
    assert found.items == (False, True)
    assert found.first_won.sum() == 1
    with pytest.raises(DataError, match=r"names 1 as the winner of True"):
        Comparisons.from_frame(truths.assign(w=1), first="a", second="b", winner="w")


def test_numeric_half_is_half_a_win_each_and_not_a_tie():
    frame = pd.DataFrame({"a": ["x"], "b": ["y"], "r": [0.5]})
    found = Comparisons.from_frame(frame, first="a", second="b", outcome="r")
    assert (found.first_won[0], found.second_won[0], found.tied[0]) == (0.5, 0.5, 0)


def test_winner_column():
    frame = pd.DataFrame({"a": ["x", "x", "y"], "b": ["y", "z", "z"], "w": ["x", "z", "tie"]})
    found = Comparisons.from_frame(frame, first="a", second="b", winner="w")
    assert found.first_won.tolist() == [1, 0, 0]
    assert found.second_won.tolist() == [0, 1, 0]
    assert found.tied.tolist() == [0, 0, 1]


def test_csv_keeps_leading_zeros_apart(tmp_path):
    path = tmp_path / "v.csv"
    path.write_text("first,second,outcome\n007,7,first\n7,8,second\n")
    assert Comparisons.from_frame(path, **COLUMNS).items == ("007", "7", "8")


def test_csv_of_whole_numbers_sorts_as_numbers(tmp_path):
    path = tmp_path / "v.csv"
    path.write_text("first,second,winner\n10,9,10\n9,2,tie\n")
    found = Comparisons.from_frame(path, first="first", second="second", winner="winner")
    assert found.items == (2, 9, 10)
    assert found.tied.sum() == 1


def test_missing_is_dropped_and_counted():
    frame = pd.DataFrame(
        {"a": ["x", None, "y", "x"], "b": ["y", "y", "z", "z"], "r": ["first", "tie", None, "tie"]}
    )
    found = Comparisons.from_frame(frame, first="a", second="b", outcome="r", missing="drop")
    assert found.n_votes == 2
    assert found.dropped == {"no a": 1, "no r": 1}
    assert "1 dropped (no a)" in repr(found)


def test_rankings_give_their_pairs():
    found = Comparisons.from_rankings([("a", "b", "c"), ("c", ("a", "b"))], counts=[2, 1])
    wins = found.pairwise(ties="drop").to_pandas()
    assert wins.loc["a", "b"] == 2
    assert wins.loc["c", "a"] == 1
    assert wins.loc["a", "c"] == 2
    assert found.tied.sum() == 1
    assert found.n_votes == 9
    assert len(found.raters) == 3


def test_saved_and_loaded_is_the_same(votes, tmp_path):
    original = Comparisons.from_frame(
        votes.assign(w=np.linspace(0.5, 2, len(votes)), x=np.arange(len(votes)) % 3),
        rater="rater",
        group="group",
        weight="w",
        covariates=["x"],
        **COLUMNS,
    )
    original.save(tmp_path / "cells.parquet")
    assert_same(original, Comparisons.load(tmp_path / "cells.parquet"))
    assert [path.name for path in tmp_path.iterdir()] == ["cells.parquet"]


def test_saved_rankings_stay_raters_of_their_own(tmp_path):
    rankings = Comparisons.from_rankings([("a", "b"), ("b", "a")])
    rankings.save(tmp_path / "cells.parquet")
    merged = Comparisons.load(tmp_path / "cells.parquet").merge(rankings)
    assert merged.raters == (0, 1, 2, 3)
    assert merged.n_cells == 4


def test_load_refuses_what_save_did_not_write(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(DataError, match="no Parquet file"):
        Comparisons.load(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="there is no file"):
        Comparisons.load(tmp_path / "b.parquet")
    pytest.importorskip("pyarrow")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "c.parquet")
    with pytest.raises(DataError, match="read a table with `from_frame`"):
        Comparisons.load(tmp_path / "c.parquet")


def test_celebrities_table_is_the_published_one():
    table = load_table("celebrities")
    assert (table.total == 234).all()
    assert table.pairwise().sel(item="Lyndon Johnson", item_bis="Harold Wilson") == 159


def frame_of(**columns):
    base = {"a": ["x", "y", "x"], "b": ["y", "z", "z"], "r": ["first", "second", "tie"]}
    return pd.DataFrame({**base, **columns})


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({}, {"first": "q"}, r"no column 'q' in `frame`"),
        ({}, {"outcome": None}, r"exactly one of `outcome`"),
        ({}, {"winner": "r"}, r"exactly one of `outcome`"),
        ({}, {"second": "a"}, r"column 'a' is named twice"),
        ({"r": ["first", "nope", "tie"]}, {}, r"holds 'nope', which is no outcome"),
        ({"r": [1, 2, 0]}, {}, r"holds 2, which is no outcome that is known.*seen: 0, 1, 2"),
        (
            {"r": ["1", "0.5", "0"]},
            {},
            r"holds '0.5', which.*shares in \[0, 1\] in a column of num",
        ),
        ({"r": ["p", "q", "tie"]}, {}, r"holds 'p', 'q', which are no outcomes that are known"),
        ({"r": ["x", "y", "tie"]}, {}, r"holds 'x', 'y', items and no outcome.*`winner='r'`"),
        ({"r": [1.0, 1.5, 0.0]}, {}, r"holds 1.5; a number is the share"),
        ({"r": [1.0, np.nan, 0.0]}, {}, r"'r' has no value in 1 row\(s\) \(first: row 1\)"),
        ({"r": [1.0, np.inf, 0.0]}, {}, r"'r' holds inf in row 1"),
        ({"a": ["x", None, "x"]}, {}, r"'a' has no value in 1 row\(s\) \(first: row 1\)"),
        ({"b": ["y", "y", "z"]}, {}, r"1 vote\(s\) compare an item with itself \('y'\)"),
        ({"w": [1, -1, 1]}, {"weight": "w"}, r"'w' holds -1 in row 1"),
        ({"w": [1, np.inf, 1]}, {"weight": "w"}, r"'w' holds inf in row 1"),
        ({"w": [0, 0, 0]}, {"weight": "w"}, r"'w' is zero for every vote"),
        ({"w": ["1", "2", "3"]}, {"weight": "w"}, r"column 'w' must hold numbers"),
        (
            {"x": ["p", "q", "r"]},
            {"covariates": ["x"]},
            r"covariate column 'x' must hold numbers; .*`group`",
        ),
        ({}, {"outcomes": {"first": "left"}}, r"outcomes\['first'\].*must be one of"),
        ({}, {"missing": "skip"}, r"`missing` is 'skip'.*'error', 'drop'"),
        ({}, {"covariates": "x"}, r"`covariates` is the string 'x'"),
        ({"r": ["x", "y", "q"]}, {"outcome": None, "winner": "r"}, r"'q' as the winner of 'x'"),
        (
            {"r": ["left", "y", "z"]},
            {"outcome": None, "winner": "r"},
            r"looks like a code: use outcome='r'",
        ),
        (
            {"p": ["u", "u", "u"], "g": ["1", "2", "1"]},
            {"rater": "p", "group": "g"},
            r"rater 'u' is in two groups \('1', '2'\)",
        ),
    ],
)
def test_bad_votes_are_named(columns, options, message):
    with pytest.raises(DataError, match=message):
        Comparisons.from_frame(
            frame_of(**columns), **{"first": "a", "second": "b", "outcome": "r", **options}
        )


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, "1", "x"], r"1 \(int\) and '1' \(str\), which look alike"),
        (["caf\u00e9", "cafe\u0301", "x"], r"which look alike"),
        (["gpt-4", "gpt\u2060-4", "x"], r"str, 'gpt\\u2060-4'\), which look alike"),
        (["gpt 4", "gpt\u00a04", "x"], r"str, 'gpt\\xa04'\), which look alike"),
        (["tea", "tea ", "x"], r"'tea' \(str\) and 'tea ' \(str\), which look alike"),
    ],
)
def test_two_spellings_of_one_label_are_refused(labels, message):
    frame = pd.DataFrame({"a": labels, "b": ["q", "q", "q"], "r": ["first"] * 3})
    frame["a"] = frame["a"].astype(object)
    with pytest.raises(LabelError, match=message):
        Comparisons.from_frame(frame, first="a", second="b", outcome="r")


def test_two_spellings_across_columns_are_refused():
    frame = pd.DataFrame({"a": [1, 2], "b": ["3", "1"], "r": ["first"] * 2})
    with pytest.raises(LabelError, match="which look alike"):
        Comparisons.from_frame(frame, first="a", second="b", outcome="r")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nothing.csv", r"there is no file 'nothing.csv'"),
        ("votes.xlsx", r"its suffix must be one of"),
        ([("a", "b")], r"`frame` is a list; it must be a table"),
    ],
)
def test_bad_sources_are_named(source, message):
    with pytest.raises(DataError, match=message):
        Comparisons.from_frame(source, **COLUMNS)


def test_empty_tables_are_refused(tmp_path):
    with pytest.raises(DataError, match="has no rows"):
        Comparisons.from_frame(frame_of().head(0), first="a", second="b", outcome="r")
    (tmp_path / "e.csv").write_text("a,b,r\n")
    with pytest.raises(DataError, match="has no rows"):
        Comparisons.from_frame(tmp_path / "e.csv", first="a", second="b", outcome="r")


def test_a_broken_csv_is_a_clear_error(tmp_path):
    (tmp_path / "e.csv").write_bytes(b"\xff\xfe\x00\x01,\x00\n")
    with pytest.raises(DataError, match=r"cannot be read|no column"):
        Comparisons.from_frame(tmp_path / "e.csv", first="a", second="b", outcome="r")


def test_unknown_item_is_named():
    with pytest.raises(LabelError, match=r"column 'b' names 'z', which is not in `items`"):
        Comparisons.from_frame(frame_of(), first="a", second="b", outcome="r", items=["x", "y"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Comparisons.from_pairs([]), r"`pairs` is empty"),
        (lambda: Comparisons.from_pairs([("a", "a")]), r"`pairs\[0\]`.*compared with itself"),
        (lambda: Comparisons.from_pairs([("a", "b"), ("a",)]), r"`pairs\[1\]` is \('a',\)"),
        (
            lambda: Comparisons.from_pairs([("a", "b"), ("a", "z")], items=["a", "b"]),
            r"`pairs\[1\]` names 'z', which is not in `items`",
        ),
        (
            lambda: Comparisons.from_pairs([(0, -1)], items=range(2)),
            r"`pairs\[0\]` names -1, which is not in `items`",
        ),
        (lambda: Comparisons.from_pairs([("a", None)]), r"`pairs\[1\]` is None"),
        (lambda: Comparisons.from_codes([0, -1], [1, 0], items=2), r"`first\[1\]` is -1"),
        (lambda: Comparisons.from_codes([0, 2], [1, 0], items=2), r"`first\[1\]` is 2"),
        (lambda: Comparisons.from_codes([0.0], [1], items=2), r"must hold integer codes"),
        (lambda: Comparisons.from_codes([], [], items=2), r"`first` is empty"),
        (lambda: Comparisons.from_codes([0], [1, 0], items=2), r"`second` has shape"),
        (lambda: Comparisons.from_codes([0], [0], items=2), r"compared with itself"),
        (lambda: Comparisons.from_codes([0], [1], [2], items=2), r"`outcome\[0\]` is 2"),
        (lambda: Comparisons.from_codes([0], [1], [np.nan], items=2), r"`outcome\[0\]` is nan"),
        (lambda: Comparisons.from_codes([0], [1], weight=[-1], items=2), r"`weight\[0\]` is -1"),
        (lambda: Comparisons.from_codes([0], [1], weight=[0], items=2), r"zero for every vote"),
        (lambda: Comparisons.from_codes([0], [1], items=1), r"`items` is 1; it must be at least 2"),
        (lambda: Comparisons.from_codes([0], [1], items=["a", "a"]), r"repeats the label 'a'"),
        (lambda: Comparisons.from_matrix([[0, -1], [1, 0]]), r"`wins\[0, 1\]` is -1"),
        (lambda: Comparisons.from_matrix([[1, 1], [1, 0]]), r"the diagonal must be zero"),
        (lambda: Comparisons.from_matrix([[0, 1]]), r"`wins` must be square"),
        (lambda: Comparisons.from_matrix([[0]]), r"needs at least two"),
        (lambda: Comparisons.from_matrix([[0, 0], [0, 0]]), r"`wins` is all zero"),
        (lambda: Comparisons.from_matrix([[0, np.nan], [1, 0]]), r"`wins\[0, 1\]` is nan"),
        (lambda: Comparisons.from_matrix([["a", "b"], ["c", "d"]]), r"`wins` must hold numbers"),
        (
            lambda: Comparisons.from_matrix(np.array([[0, 6 * 10**18], [1, 0]])),
            r"not exact in float64",
        ),
        (
            lambda: Comparisons.from_matrix([[0, 1], [1, 0]], ties=[[0, 1], [2, 0]]),
            r"`ties` must be symmetric",
        ),
        (lambda: Comparisons.from_matrix([[0, 1], [1, 0]], items=["a"]), r"label"),
        (lambda: Comparisons.from_rankings([("a", "b", "a")]), r"names 'a' twice"),
        (lambda: Comparisons.from_rankings([("a",)]), r"imply no pair"),
        (lambda: Comparisons.from_rankings([("a", "b")], counts=[0.5]), r"whole number"),
        (lambda: load_table("tea"), r"`name` is 'tea'"),
        (
            lambda: Comparisons.from_codes([0], [1], tie=[1], items=2),
            "`tie` must hold booleans; it has dtype int64",
        ),
        (
            lambda: Comparisons.from_codes([[0]], [1], items=2),
            r"`first` must have one dimension; it has shape \(1, 1\)",
        ),
        (lambda: Comparisons.from_codes(np.uint8([0, 200]), [1, 0], items=2), r"is 200; codes"),
        (
            lambda: Comparisons.from_matrix([[0, 1], [1, 0]], items="abc"),
            "`items` has 3 labels for 2 rows of `wins`",
        ),
        (
            lambda: Comparisons.from_matrix([[0, 1], [1, 0]], ties=np.zeros((3, 3))),
            r"`ties` has shape \(3, 3\); `wins` has \(2, 2\)",
        ),
        (
            lambda: Comparisons.from_matrix(
                pd.DataFrame([[0, 1], [1, 0]], index=["a", "b"], columns=["b", "a"])
            ),
            r"`wins` has rows \('a', 'b'\) but columns \('b', 'a'\)",
        ),
        (
            lambda: Comparisons.from_matrix(
                xr.DataArray(
                    [[0, 1], [1, 0]],
                    dims=("row", "column"),
                    coords={"row": [1, 2], "column": [1, 3]},
                )
            ),
            r"`wins` has rows \(1, 2\) but columns \(1, 3\)",
        ),
        (lambda: Comparisons.from_rankings([("a", "b")], counts=[1, 2]), "2 entries for 1 ranking"),
        (
            lambda: Comparisons.from_rankings([("a", "b"), ("a", "z")], items="ab"),
            r"`rankings\[1\]` names 'z', which is not in `items`",
        ),
        (lambda: Comparisons.from_pairs([("a", pd.NA)]), r"`pairs\[1\]` is <NA>"),
        (lambda: simulate_votes(5, items=2, rater_spread=1), "but `raters` is not given"),
        (lambda: simulate_votes(5, items=2, group_spread=1), "but `groups` is not given"),
        (
            lambda: simulate_votes(5, items=2, utility=[0, 1, 2]),
            "`utility` has 3 entries for 2 items",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_merged_parts_are_the_whole(votes):
    """Raters, groups and covariates of both parts, whose labels differ."""
    numbered = votes.assign(x=np.arange(len(votes)) % 3)
    columns = {**COLUMNS, "rater": "rater", "group": "group", "covariates": ["x"]}
    head = numbered[:900][lambda part: part["x"] != 0]
    tail = numbered[900:][lambda part: part["x"] != 1]
    whole = Comparisons.from_frame(pd.concat([head, tail]), **columns)
    parts = Comparisons.from_frame(head, **columns).merge(Comparisons.from_frame(tail, **columns))
    assert_same(parts, whole)
    assert parts.n_votes == len(head) + len(tail)
    assert "covariates 'x'" in repr(parts)


def test_items_far_apart_are_counted():
    """Whole numbers too far apart for a table of all in between."""
    frame = pd.DataFrame({"first": [5, 10**15], "second": [10**15, 7], "outcome": [1, 0]})
    found = Comparisons.from_frame(frame, **COLUMNS)
    assert found.items == (5, 7, 10**15)
    np.testing.assert_array_equal(found.first, [0, 2])
    np.testing.assert_array_equal(found.second, [2, 1])
    np.testing.assert_array_equal(found.first_won, [1, 0])


@pytest.mark.parametrize("suffix", ["", "csv"])
def test_rows_that_all_lack_something_leave_nothing(tmp_path, suffix):
    frame = pd.DataFrame({"first": ["a", None], "second": [None, "b"], "outcome": [1, 0]})
    source = frame
    if suffix:
        source = tmp_path / f"votes.{suffix}"
        frame.to_csv(source, index=False)
    with pytest.raises(DataError, match="no row of `frame` is complete"):
        Comparisons.from_frame(source, **COLUMNS, missing="drop")


def test_one_item_is_no_comparison():
    frame = pd.DataFrame({"first": ["a"], "second": ["a"], "outcome": [1]})
    with pytest.raises(DataError, match=r"hold 1 label\(s\): 'a'; a comparison needs at least two"):
        Comparisons.from_frame(frame, **COLUMNS)


def test_arrays_without_labels_are_plain_tables():
    wins = np.array([[0, 3], [1, 0]])
    found = Comparisons.from_matrix(xr.DataArray(wins, dims=("item_bis", "other")))
    assert_same(found, Comparisons.from_matrix(wins))


def test_merge_refuses_to_mix():
    with pytest.raises(DataError, match="`other` is a list; it must be a Comparisons"):
        Comparisons.from_pairs([("a", "b")]).merge([])
    ordered = Comparisons.from_codes([0], [1], items=["a", "b"])
    plain = Comparisons.from_pairs([("a", "b")])
    with pytest.raises(DataError, match="cannot be merged"):
        ordered.merge(plain)
    with_rater = Comparisons.from_rankings([("a", "b")])
    with pytest.raises(DataError, match="differ in their raters: none and named; count both with"):
        plain.merge(with_rater)
    named = Comparisons.from_frame(
        frame_of().assign(who="ann"), first="a", second="b", outcome="r", rater="who"
    )
    with pytest.raises(DataError, match="knows its raters by name, and those of the other"):
        dataclasses.replace(named, order_known=False).merge(with_rater)


def test_int8_counts_do_not_overflow():
    wins = np.array([[0, 120], [100, 0]], dtype=np.int8)
    found = Comparisons.from_matrix(wins, ties=np.array([[0, 127], [127, 0]], dtype=np.int8))
    assert found.total[0] == 347


def test_a_column_of_ids_is_refused_before_any_matrix(monkeypatch):
    monkeypatch.setattr("pluralism.data._votes.MOST_ITEMS", 2)
    with pytest.raises(DataError, match=r"hold 3 distinct labels: is 'a' a column of ids"):
        Comparisons.from_frame(frame_of(), first="a", second="b", outcome="r")
    named = Comparisons.from_frame(
        frame_of(), first="a", second="b", outcome="r", items=["x", "y", "z"]
    )
    assert named.n_items == 3
    many = Comparisons.from_codes([0], [1], items=100_000)
    with pytest.raises(DataError, match="would not fit in memory"):
        many.pairwise()


def test_large_counts_are_exact():
    found = Comparisons.from_matrix(np.array([[0, 10**15], [10**15 + 1, 0]]))
    assert found.second_won[0] - found.first_won[0] == 1


def test_an_item_against_itself_is_found_among_counted_votes():
    first, second = [0, 1, 2, 2, 0], [1, 2, 2, 0, 2]
    with pytest.raises(DataError, match=r"`first\[2\]` and `second\[2\]` are both 2; .*\(1 such"):
        Comparisons.from_codes(first, second, [1, 0, 1, 0, 1], items=3)

"""Ways into `Comparisons` that must not be silently wrong."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import pluralism as pl

WINS = pd.DataFrame([[0, 8, 9], [2, 0, 7], [1, 3, 0]], index=list("abc"), columns=list("abc"))
TIES = pd.DataFrame([[0, 5, 0], [5, 0, 0], [0, 0, 0]], index=list("abc"), columns=list("abc"))


def test_labels_of_a_matrix_in_another_order_are_refused():
    turned = TIES.loc[list("cba"), list("cba")]
    with pytest.raises(pl.DataError, match="`ties` has rows 'c', 'b', 'a', but the items are 'a'"):
        pl.Comparisons.from_matrix(WINS, ties=turned)
    with pytest.raises(pl.DataError, match="`wins` has rows 'a', 'b', 'c', but the items are 'c'"):
        pl.Comparisons.from_matrix(WINS, items=list("cba"))
    assert pl.Comparisons.from_matrix(WINS, ties=TIES).tied.tolist() == [5.0, 0.0, 0.0]
    assert pl.Comparisons.from_matrix(WINS, items=["x", "y", "z"]).items == ("x", "y", "z")


def test_a_transposed_matrix_is_read_by_the_names_of_its_dimensions():
    votes = pl.Comparisons.from_matrix(WINS)
    again = pl.Comparisons.from_matrix(votes.pairwise().transpose("item_bis", "item"))
    assert again.first_won.tolist() == votes.first_won.tolist()


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_file_named_like_a_pattern_is_that_file(tmp_path, kind):
    for name, item in (("votes1", "wrong"), ("votes[1]", "right")):
        table = pd.DataFrame({"a": [item], "b": ["other"], "y": ["first"]})
        path = tmp_path / f"{name}.{kind}"
        table.to_csv(path, index=False) if kind == "csv" else table.to_parquet(path)
    votes = pl.Comparisons.from_frame(path, first="a", second="b", outcome="y")
    assert "right" in votes.items
    both = pl.Comparisons.from_frame(
        tmp_path / f"votes*.{kind}", first="a", second="b", outcome="y"
    )
    assert {"right", "wrong"} < set(both.items)


def test_load_reads_the_file_that_was_named(tmp_path):
    pl.Comparisons.from_pairs([("wrong", "x")]).save(tmp_path / "cells1.parquet")
    pl.Comparisons.from_pairs([("right", "x")]).save(tmp_path / "cells[1].parquet")
    assert pl.Comparisons.load(tmp_path / "cells[1].parquet").items == ("right", "x")


def test_weights_whose_squares_overflow_and_infinite_covariates_are_refused(tmp_path):
    with pytest.raises(pl.DataError, match=r"`weight\[1\]` is 1e\+200; a weight must be in"):
        pl.Comparisons.from_codes([0, 1], [1, 0], items=2, weight=[1.0, 1e200])
    table = pd.DataFrame({"a": [0, 1], "b": [1, 0], "y": ["first"] * 2, "x": [1.0, np.inf]})
    columns = {"first": "a", "second": "b", "outcome": "y"}
    with pytest.raises(pl.DataError, match="covariate column 'x' holds inf"):
        pl.Comparisons.from_frame(table, **columns, covariates=["x"])
    heavy = table.assign(x=[1.0, 1e200])
    heavy.to_parquet(tmp_path / "heavy.parquet")
    for source in (heavy, tmp_path / "heavy.parquet"):
        with pytest.raises(pl.DataError, match=r"column 'x' holds 1e\+200.*at most 1e\+100"):
            pl.Comparisons.from_frame(source, **columns, weight="x")


def test_an_error_without_words_is_told_by_its_name():
    from pluralism.errors import first_line

    assert first_line(RuntimeError()) == "RuntimeError"
    assert first_line(ValueError("one\ntwo")) == "one"


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame([["x", "y", "first"]], columns=["a", "a", "r"]),
        pa.table([["x"], ["y"], ["first"]], names=["a", "a", "r"]),
    ],
)
def test_two_columns_of_one_name_are_refused(table):
    with pytest.raises(pl.DataError, match=r"`frame` has columns of one name \(- 'a' 2 times\)"):
        pl.Comparisons.from_frame(table, first="a", second="b", outcome="r")


def test_a_negative_code_of_a_narrow_type_is_no_large_code():
    narrow = np.array([0, -1], np.int8)
    for first, second, name in ((narrow, [1, 2], "first"), ([1, 2], narrow, "second")):
        with pytest.raises(pl.DataError, match=rf"`{name}\[1\]` is -1; codes must be"):
            pl.Comparisons.from_codes(first, second, items=300)
    votes = pl.Comparisons.from_codes(np.array([200, 0], np.uint8), [1, 2], items=300)
    assert votes.first.tolist() == [0, 200]


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int64])
def test_labels_further_apart_than_their_type_reaches_are_all_counted(dtype):
    table = pd.DataFrame(
        {
            "a": np.array([-100, 100, 27, 28], dtype),
            "b": np.array([100, 5, -100, -100], dtype),
            "y": ["first"] * 4,
            "who": np.array([-128, 127, 0, 1], dtype),
        }
    )
    columns = {"first": "a", "second": "b", "outcome": "y", "missing": "drop"}
    for options in ({}, {"rater": "who"}):
        votes = pl.Comparisons.from_frame(table, **columns, **options)
        assert votes.items == (-100, 5, 27, 28, 100)
        assert (votes.n_votes, dict(votes.dropped)) == (4, {})
    assert votes.raters == (-128, 0, 1, 127)


def test_what_a_mask_hides_is_no_value():
    def hide(values, *places):
        hidden = np.ma.masked_array(values)
        for place in places:
            hidden[place] = np.ma.masked
        return hidden

    codes = [0, 1, 0], [1, 0, 1]
    for arguments, options, message in (
        (codes, {"outcome": hide([1, 0, 1], 1)}, r"`outcome\[1\]` is nan"),
        ((hide(codes[0], 2), codes[1]), {}, r"`first\[2\]` is masked \(1 such of 3\)"),
        ((codes[0], hide(codes[1], 0)), {}, r"`second\[0\]` is masked"),
        (codes, {"tie": hide([True, False, True], 1)}, r"`tie\[1\]` is masked"),
    ):
        with pytest.raises(pl.DataError, match=message):
            pl.Comparisons.from_codes(*arguments, items=2, **options)
    even = pl.Comparisons.from_codes(*codes, hide([1, 0, 1], 1), items=2, tie=[False, True, False])
    assert even.tied.sum() == 1
    with pytest.raises(pl.DataError, match=r"`label\[1\]` is masked"):
        pl.Annotations.from_codes([0, 0], hide([0, 1], 1), items="p", categories="yn")
    rated = pl.Annotations.from_matrix(hide([[1, 2], [3, 2]], (0, 1)))
    assert (rated.n_labels, rated.categories) == (3, (1, 2, 3))
    said = pl.Annotations.from_matrix(hide(np.array([["y", "n"], ["y", "y"]]), (0, 1)))
    assert (said.n_labels, said.categories) == (3, ("y",))
    ranked = pl.Ballots.from_ranks(hide(np.array([[0, 1], [1, 0]], np.uint8), (1, 0)))
    assert ranked.rankings() == [(0, 1), (1,)]
    with pytest.raises(pl.DataError, match=r"`rankings\[0, 1\]` is masked"):
        pl.Ballots.from_rankings(hide([[0, 1], [1, 0]], (0, 1)))


def test_labels_that_python_takes_for_one_are_refused():
    votes = pl.Comparisons.from_pairs([(1, 2), (1.0, 2), (2, 1)])
    assert votes.items == (1, 2)  # one number, whatever its type
    table = pd.DataFrame({"a": [1, True, 2], "b": [2, 2, True], "y": ["first"] * 3}, dtype=object)
    for call, name in (
        (lambda: pl.Comparisons.from_pairs([(1, 2), (True, 2)]), "pairs"),
        (lambda: pl.Comparisons.from_pairs([(1, 2)], items=[1, True, 2]), "items"),
        (lambda: pl.Comparisons.from_frame(table, first="a", second="b", outcome="y"), "a"),
        (lambda: votes.merge(pl.Comparisons.from_pairs([(True, 2)])), "items"),
        (lambda: pl.Ballots.from_rankings([(1, 2), (2, 1)], alternatives=[1, True, 2]), "alterna"),
    ):
        with pytest.raises(
            pl.LabelError, match=rf"`{name}.*1 \(int\) and True \(bool\).*are equal"
        ):
            call()
    with pytest.raises(pl.LabelError, match=r"`items` holds 1 \(int\) and 1.0 \(float\)"):
        pl.Comparisons.from_matrix([[0, 3], [2, 0]], items=[1, 1.0])
    apart = votes.merge(pl.Comparisons.from_pairs([(1.0, 3)]))
    assert apart.items == (1, 2, 3)


@pytest.mark.parametrize("source", ["pandas", "pyarrow", "polars", "duckdb"])
def test_the_two_zeros_are_one_label(source):
    pyarrow, duckdb = pytest.importorskip("pyarrow"), pytest.importorskip("duckdb")
    polars = pytest.importorskip("polars")
    table = pyarrow.table({"a": [-0.0, 0.0, 1.0], "b": [1.0, 1.0, 0.0], "y": ["first"] * 3})
    make = {"pandas": table.to_pandas, "pyarrow": lambda: table}
    make |= {"polars": lambda: polars.from_arrow(table), "duckdb": lambda: duckdb.from_arrow(table)}
    votes = pl.Comparisons.from_frame(make[source](), first="a", second="b", outcome="y")
    assert votes.items == (0.0, 1.0)


@pytest.mark.parametrize("unordered", [{"a", "b"}, frozenset("ab"), {"a": 1, "b": 2}])
def test_what_has_no_order_is_no_pair_and_no_ranking(unordered):
    with pytest.raises(pl.DataError, match=r"`pairs\[0\]` is .*must be \(winner, loser\)"):
        pl.Comparisons.from_pairs([unordered])
    with pytest.raises(pl.DataError, match=r"`rankings\[0\]` is .*must be a sequence of labels"):
        pl.Comparisons.from_rankings([unordered])
    with pytest.raises(pl.DataError, match=r"`votes\[0\]` is .*must be \(winner, loser\) or"):
        pl.utility.fit_elo([unordered])


def test_elo_votes_have_an_order_and_a_readable_outcome():
    with pytest.raises(pl.DataError, match="`votes` is a set; it must be a table"):
        pl.utility.fit_elo({("a", "b"), ("b", "a")})
    with pytest.raises(pl.DataError, match=r"`votes\[0\]` has the outcome \['first'\]"):
        pl.utility.fit_elo([("a", "b", ["first"])])


@pytest.mark.parametrize("lazy", [False, True])
def test_a_row_is_dropped_once_for_the_first_value_that_it_lacks(lazy):
    table = pd.DataFrame({"a": ["x", None, "y"], "b": ["y", None, "x"], "y": [1.0, None, 0.0]})
    frame = duckdb.from_df(table) if lazy else table
    votes = pl.Comparisons.from_frame(frame, first="a", second="b", outcome="y", missing="drop")
    assert dict(votes.dropped) == {"no a": 1}

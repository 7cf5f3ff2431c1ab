"""What a container could only misread is refused, and names that come with data are kept."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr

from pluralism import Annotations, Ballots, Comparisons, DataError

FRAME = pd.DataFrame({"item": ["p", "q"], "rater": ["r", "s"], "label": ["lo", "hi"]})
ROLES = {"item": "item", "rater": "rater", "label": "label"}


@pytest.mark.parametrize("unordered", [{"x", "y"}, frozenset("xy"), {"x": 1, "y": 2}])
@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("items", lambda names: Comparisons.from_matrix([[0, 1], [2, 0]], items=names)),
        ("items", lambda names: Comparisons.from_pairs([("x", "y")], items=names)),
        ("items", lambda names: Comparisons.from_rankings([("x", "y")], items=names)),
        ("items", lambda names: Comparisons.from_codes([0], [1], items=names)),
        ("items", lambda names: Annotations.from_matrix([[0, 1], [2, 0]], items=names)),
        ("raters", lambda names: Annotations.from_matrix([[0, 1], [2, 0]], raters=names)),
        ("categories", lambda names: Annotations.from_matrix([["x", "y"]], categories=names)),
        ("categories", lambda names: Annotations.from_frame(FRAME, **ROLES, categories=names)),
        ("categories", lambda names: Annotations.from_counts([[1, 2]], categories=names)),
        ("alternatives", lambda names: Ballots.from_ranks([[1, 2]], alternatives=names)),
        ("alternatives", lambda names: Ballots.from_rankings(["xy"], alternatives=names)),
        ("alternatives", lambda names: Ballots.from_approvals([{"x"}], alternatives=names)),
        ("alternatives", lambda names: Ballots.from_rankings(["xy"]).restrict(names)),
    ],
)
def test_names_without_an_order_are_refused(name, build, unordered):
    kind = type(unordered).__name__
    with pytest.raises(DataError, match=rf"`{name}` is a {kind}, which has no order"):
        build(unordered)


VOTES_OF_PAIRS = [
    ("pairs", Comparisons.from_pairs),
    ("rankings", Comparisons.from_rankings),
    ("rankings", Ballots.from_rankings),
    ("approvals", Ballots.from_approvals),
    ("choices", lambda choices: Ballots.from_choices(choices, [("a", "b", "c")] * 2)),
]


@pytest.mark.parametrize(("name", "build"), VOTES_OF_PAIRS)
def test_counts_in_a_mapping_are_not_lost(name, build):
    votes = Counter({("a", "b"): 3, ("b", "a"): 1})
    with pytest.raises(DataError, match=f"`{name}` is a Counter, whose values would be lost"):
        build(votes)
    with pytest.raises(DataError, match=f"`{name}` is a dict, .* keys, and its values as"):
        build(dict(votes))
    with pytest.raises(DataError, match=f"`{name}` is a set, which has no order"):
        build(set(votes))


@pytest.mark.parametrize(("name", "build"), [*VOTES_OF_PAIRS[:3], VOTES_OF_PAIRS[4]])
def test_the_headers_of_a_table_cast_no_votes(name, build):
    headers = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("b", "a")]))
    for table in (
        headers,
        pd.DataFrame([["x", "y"]], columns=["xy", "yx"]),
        pl.DataFrame({"best": ["a", "b"], "worst": ["b", "a"]}),
        pa.table({"best": ["a", "b"], "worst": ["b", "a"]}),
    ):
        with pytest.raises(DataError, match=f"`{name}` is a data frame, whose rows would not be"):
            build(table)


def test_the_keys_of_a_mapping_are_no_ranking():
    for build in (Ballots.from_rankings, Comparisons.from_rankings):
        with pytest.raises(DataError, match=re.escape("`rankings[0]` is {'a': 2, 'b': 1}")):
            build([{"a": 2, "b": 1}])


def test_a_set_in_a_ranking_is_no_item():
    tied = ("a", frozenset({"b"}))
    with pytest.raises(DataError, match=r"`rankings\[0\]` holds frozenset.* is a nested tuple"):
        Comparisons.from_rankings([tied])
    assert Ballots.from_rankings([tied]).rankings() == [("a", "b")]


@pytest.mark.parametrize("menus", [{"ab": 1}, {("a", "b")}, pd.DataFrame({"ab": [True]})])
def test_menus_come_one_a_ballot(menus):
    with pytest.raises(DataError, match="give a list with one menu a ballot"):
        Ballots.from_choices(["a"], menus)


def test_ties_are_of_the_items_that_won():
    wins = pd.DataFrame([[0, 1], [2, 0]], index=list("ab"), columns=list("ab"))
    ties = pd.DataFrame([[0, 5], [5, 0]], index=list("bc"), columns=list("bc"))
    for given in (wins, wins.to_numpy()):
        with pytest.raises(DataError, match="`ties` has rows 'b', 'c', but the items are"):
            Comparisons.from_matrix(given, ties=ties)
    own = ties.set_axis(list("ab")).set_axis(list("ab"), axis=1)
    assert Comparisons.from_matrix(wins, ties=own, items=["x", "y"]).tied.tolist() == [5.0]
    assert Comparisons.from_matrix(wins, ties=ties, items=["b", "c"]).tied.tolist() == [5.0]


ROWS = {"p": [1, 2], "q": [0, 3]}
FRAMES = [pl.DataFrame(ROWS), pa.table(ROWS), pd.DataFrame(ROWS)]


@pytest.mark.parametrize("frame", FRAMES)
def test_names_of_columns_come_with_every_frame(frame):
    assert Annotations.from_matrix(frame).items == ("p", "q")
    assert Annotations.from_counts(frame).categories == ("p", "q")
    assert Ballots.from_ranks(frame).alternatives == ("p", "q")


@pytest.mark.parametrize("frame", [pl.DataFrame, pa.table])
def test_wins_in_a_frame_without_rows_names_have_those_of_its_columns(frame):
    votes = Comparisons.from_matrix(frame({"p": [0, 2], "q": [1, 0]}))
    assert votes.items == ("p", "q")
    assert votes.first_won.tolist() == [1.0]


def test_a_lazy_frame_is_no_matrix():
    for build in (Comparisons.from_matrix, Annotations.from_matrix, Ballots.from_ranks):
        with pytest.raises(DataError, match="is a LazyFrame; collect it"):
            build(FRAMES[0].lazy())


def test_coordinates_on_one_axis_are_kept():
    half = xr.DataArray([[0, 1], [2, 0]], dims=("item_bis", "item"), coords={"item": ["p", "q"]})
    assert Comparisons.from_matrix(half).items == ("p", "q")
    assert Comparisons.from_matrix(half).first_won.tolist() == [2.0]  # turned: p is the row
    rated = xr.DataArray([[1, 2]], dims=("rater", "item"), coords={"item": ["p", "q"]})
    assert Annotations.from_matrix(rated).items == ("p", "q")
    counted = rated.rename(rater="item", item="category")
    assert Annotations.from_counts(counted).categories == ("p", "q")


def test_labels_are_read_by_the_names_of_dimensions():
    given = pd.DataFrame([[1, 2, 2], [1, 1, 2]], index=["r", "s"], columns=["x", "y", "z"])
    labels = Annotations.from_matrix(given)
    again = Annotations.from_matrix(xr.DataArray(given.T, dims=("item", "rater")))
    assert (again.items, again.raters) == (labels.items, labels.raters)
    assert again.to_frame().equals(labels.to_frame())
    turned = Annotations.from_counts(labels.counts().transpose())
    assert (turned.items, turned.categories) == (labels.items, labels.categories)
    np.testing.assert_array_equal(turned.count_table(), labels.count_table())


def test_one_and_true_are_two_labels_or_an_error():
    with pytest.raises(DataError, match=r"holds True \(bool\) and 1 \(int\), which are equal"):
        Annotations.from_matrix([[0, True], [1, False]])
    with pytest.raises(DataError, match=r"holds False \(bool\) and 0 \(int\), which are equal"):
        Comparisons.from_pairs([(True, False)]).merge(Comparisons.from_pairs([(1, 0)]))
    assert Annotations.from_matrix([[True, float("nan")], [False, True]]).categories == (
        False,
        True,
    )


def test_large_whole_numbers_stay_apart():
    large = [[2**53 + 1, 0.5], [2**53, 1]]
    for given in (large, pl.DataFrame({"p": [2**53 + 1, 2**53], "q": [0.5, 1.0]})):
        assert Annotations.from_matrix(given).categories == (0.5, 1, 2**53, 2**53 + 1)
        with pytest.raises(DataError, match="is 9007199254740993, which is not exact in float64"):
            Annotations.from_matrix(given, scale="interval")
    frame = pd.DataFrame({"p": [0, 2**53 + 1], "q": [0.5, 0.0]})
    with pytest.raises(DataError, match="holds 9007199254740993, which is not exact"):
        Comparisons.from_matrix(frame.to_numpy(dtype=object))
    with pytest.raises(DataError, match="holds 9007199254740993, which is not exact"):
        Ballots.from_ranks(frame)


def test_dates_do_not_become_numbers():
    dates = np.array([["2024-01-01", "2024-01-02"]], dtype="datetime64[ns]")
    coordinate = xr.DataArray([[1, 2]], dims=("r", "item"), coords={"item": dates[0]})
    for build in (
        lambda: Comparisons.from_pairs(dates),
        lambda: Comparisons.from_rankings(dates),
        lambda: Comparisons.from_matrix([[0, 1], [2, 0]], items=dates[0]),
        lambda: Annotations.from_matrix(dates),
        lambda: Annotations.from_matrix(coordinate),
        lambda: Ballots.from_rankings(dates),
    ):
        with pytest.raises(DataError, match=r"datetime64\(.*; a label cannot be a date of NumPy"):
            build()


VOTES = pd.DataFrame(
    {"l": ["a", "b"], "r": ["b", "a"], "o": ["left", "right"], "who": ["m", "n"], "x": [1.0, 2.0]}
)
VOTED = {"first": "l", "second": "r", "outcome": "o"}


def test_names_of_columns_may_be_generated():
    votes = Comparisons.from_frame(
        VOTES, **VOTED, covariates=iter(["x"]), group=iter(["who"]), items=iter("abc")
    )
    assert votes.covariates["x"].tolist() == [1.0, 2.0]
    assert (votes.items, list(votes.groups)) == (("a", "b", "c"), ["who"])


@pytest.mark.parametrize("name", ["first", "second", "rater", "first_won", "second_won", "tied"])
def test_no_group_or_covariate_replaces_a_column_of_the_cells(name):
    table = VOTES.rename(columns={"x": name})
    for role in ({"group": name}, {"covariates": [name]}):
        votes = Comparisons.from_frame(table, **VOTED, rater="who", **role)
        with pytest.raises(DataError, match=f"a group or covariate is called '{name}'"):
            votes.to_frame()


@pytest.mark.parametrize("name", ["item", "rater", "label", "weight"])
def test_no_group_replaces_a_column_of_the_labels(name):
    table = VOTES.rename(columns={"x": name})
    labels = Annotations.from_frame(table, item="l", rater="who", label="o", group=name)
    with pytest.raises(DataError, match=f"a group or covariate is called '{name}'"):
        labels.to_frame()


@pytest.mark.parametrize(
    ("seen", "also"),
    [
        ("thumb \N{THUMBS UP SIGN}", "thumb \N{THUMBS UP SIGN}\ufe0f"),
        ("word", "wo\u200drd"),
        ("word", "word\u200e"),
        ("word", "wo\x00rd"),
        ("word", "wo\u3164rd"),
        ("word", "wo\u180erd"),
        ("caf\u00e9", "cafe\u034f\u0301"),
        ("two words", "two\twords"),
        ("two words", "two\u2003words"),
        ("two w\u00f6rds", "two  w\u00f6rds"),
        ("half-baked", "half\u2010baked"),
        ("half-baked", "half\u2011baked"),
        ("half-baked", "half\u2013baked"),
        ("-1", "\u22121"),
    ],
)
def test_labels_that_only_a_machine_tells_apart_are_refused(seen, also):
    with pytest.raises(DataError, match="which look alike; write the label in one way"):
        Comparisons.from_pairs([(seen, also)])


def test_labels_that_a_reader_tells_apart_are_labels():
    flag = "\N{WAVING BLACK FLAG}"
    regions = [
        flag + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
        for region in ("gbeng", "gbsct")
    ]
    labels = [*regions, "caf\u00e9", "cafe", "half baked", "half-baked", "1", "\u06001"]
    assert Comparisons.from_rankings([labels]).n_items == len(labels)


def labels_of_a_file(tmp_path, texts, **settings):
    path = tmp_path / "labels.csv"
    rows = {"item": range(len(texts)), "rater": "r", "label": texts}
    pd.DataFrame(rows).to_csv(path, index=False)
    return Annotations.from_frame(path, item="item", rater="rater", label="label", **settings)


def test_labels_of_a_file_are_read_as_plain_decimal_numbers(tmp_path):
    for text in ("1_5", "nan", "\u0663", "0x1", "1,5", "infinity"):
        with pytest.raises(DataError, match=r"column 'label' holds .*, which is no number"):
            labels_of_a_file(tmp_path, ["1", text], scale="ordinal")
    plain = labels_of_a_file(tmp_path, ["-1", "+.5", "2.", "1e3"], scale="ordinal")
    assert plain.categories == (-1, 0.5, 2, 1000)


def test_large_labels_are_not_rounded(tmp_path):
    large = [str(2**53), str(2**53 + 1)]
    ordinal = labels_of_a_file(tmp_path, large, scale="ordinal")
    assert ordinal.categories == (2**53, 2**53 + 1)
    frame = pd.DataFrame({"item": [1, 2], "rater": "r", "label": [2**53, 2**53 + 1]})
    for read in (
        lambda: labels_of_a_file(tmp_path, large, scale="interval"),
        lambda: Annotations.from_frame(frame, **ROLES, scale="interval"),
    ):
        with pytest.raises(DataError, match="is 9007199254740993, which is not exact in float64"):
            read()


def test_counts_of_labels_are_whole():
    codes = {"item": [0, 0], "label": [0, 1], "items": ["p"], "categories": ["x", "y"]}
    with pytest.raises(DataError, match=r"`count\[0\]` is 0.5; counts must be whole numbers"):
        Annotations.from_codes(**codes, count=[0.5, 1.7])
    assert Annotations.from_codes(**codes, count=[2.0, 3.0]).n_labels == 5


def test_what_pandas_knows_to_be_missing_is_no_code():
    holes, full = pd.array([0, None], dtype="Int64"), pd.array([1, 0], dtype="Int64")
    names = {"items": ["p", "q"], "categories": ["x", "y"]}
    for build in (
        lambda: Annotations.from_codes(holes, full, **names),
        lambda: Annotations.from_codes(full, full, count=holes, **names),
        lambda: Comparisons.from_codes(holes, full, items=2),
        lambda: Comparisons.from_codes(full, [0, 1], holes, items=2),
        lambda: Comparisons.from_codes(full, [0, 1], items=2, weight=holes),
        lambda: Comparisons.from_codes(
            full, [0, 1], items=2, tie=pd.array([True, None], dtype="boolean")
        ),
        lambda: Ballots.from_rankings(["ab", "ba"], counts=holes),
    ):
        with pytest.raises(DataError, match=r"must hold|is nan"):
            build()
    assert Comparisons.from_codes(full, [0, 1], items=2).n_votes == 2


def test_notes_stay_with_the_ballots():
    rows = {"who": [1, 1, 2, 2], "what": ["a", "b", "a", None], "place": [1, 2, 1, 2]}
    ballots = Ballots.from_frame(
        pd.DataFrame(rows), voter="who", alternative="what", rank="place", missing="drop"
    )
    assert len(ballots.notes) == 1
    for other in (
        ballots.distinct(),
        ballots.select([0]),
        ballots.reweight([2, 1]),
        ballots.restrict(["b", "a"]),
    ):
        assert other.notes == ballots.notes


def test_what_a_preflib_file_would_not_give_back_is_not_written(tmp_path):
    partial = Ballots.from_rankings(["ab", "ba"], alternatives="abc", unranked="incomparable")
    with pytest.raises(DataError, match='unranked alternatives are "incomparable"'):
        partial.to_preflib(tmp_path / "votes.soi")
    complete = Ballots.from_rankings(["ab", "ba"], unranked="incomparable")
    complete.to_preflib(tmp_path / "votes.soi")
    nameless = Ballots.from_rankings([("", "b")])
    with pytest.raises(DataError, match="no place for an empty name"):
        nameless.to_preflib(tmp_path / "other.soc")
    assert [path.name for path in tmp_path.iterdir()] == ["votes.soi"]

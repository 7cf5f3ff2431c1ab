"""What a container could only misread is refused, and names that come with data are kept."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

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
    with pytest.raises(DataError, match="`menus` is .*give a list with one menu a ballot"):
        Ballots.from_choices(["a"], menus)

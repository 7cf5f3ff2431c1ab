"""Ballots: what they hold, what they refuse, and that nothing is lost on the way."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pluralism import Ballots, Comparisons, DataError, LabelError

LETTERS = "abcde"


@st.composite
def weak_profiles(draw, max_alternatives=5, max_ballots=8):
    """Rank matrices with ties and gaps, as lists with None for unranked."""
    n = draw(st.integers(2, max_alternatives))
    rows = draw(
        st.lists(
            st.lists(st.one_of(st.none(), st.integers(0, n - 1)), min_size=n, max_size=n).filter(
                lambda row: any(rank is not None for rank in row)
            ),
            min_size=1,
            max_size=max_ballots,
        )
    )
    counts = draw(st.lists(st.integers(1, 9), min_size=len(rows), max_size=len(rows)))
    return rows, counts


def brute_pairwise(rows, counts, incomparable):
    n = len(rows[0])
    wins, ties = np.zeros((n, n)), np.zeros((n, n))
    for row, count in zip(rows, counts, strict=True):
        for a in range(n):
            for b in range(n):
                if a == b or (incomparable and (row[a] is None or row[b] is None)):
                    continue
                left = np.inf if row[a] is None else row[a]
                right = np.inf if row[b] is None else row[b]
                wins[a, b] += count * (left < right)
                ties[a, b] += count * (left == right)
    return wins, ties


@pytest.mark.slow
@pytest.mark.parametrize("unranked", ["last", "incomparable"])
@given(profile=weak_profiles())
def test_pairwise_counts_equal_brute_force(unranked, profile):
    rows, counts = profile
    ranks = np.array(rows, dtype=float)
    ballots = Ballots.from_ranks(ranks, counts=counts, unranked=unranked)
    wins, ties = brute_pairwise(rows, counts, unranked == "incomparable")
    np.testing.assert_array_equal(ballots.pairwise().values, wins)
    np.testing.assert_array_equal(ballots.tied_pairs().values, ties)
    np.testing.assert_array_equal(ballots.margins().values, wins - wins.T)
    equal = Ballots.from_ranks(ranks, unranked=unranked)
    np.testing.assert_array_equal(
        equal.pairwise().values, brute_pairwise(rows, [1] * len(rows), unranked != "last")[0]
    )


@pytest.mark.slow
@given(profile=weak_profiles())
def test_rankings_are_read_back(profile):
    rows, counts = profile
    labels = LETTERS[: len(rows[0])]
    ballots = Ballots.from_ranks(np.array(rows, dtype=float), counts=counts, alternatives=labels)
    again = Ballots.from_rankings(ballots.rankings(), counts=counts, alternatives=labels)
    np.testing.assert_array_equal(again.ranks, ballots.ranks)


def test_linear_ballots_take_the_short_way_to_the_same_matrix():
    rng = np.random.default_rng(0)
    ranks = np.argsort(rng.random((500, 7)), axis=1).astype(np.uint8)
    ballots = Ballots.from_ranks(ranks)
    wins, _ = brute_pairwise(ranks.tolist(), [1] * 500, False)
    np.testing.assert_array_equal(ballots.pairwise().values, wins)
    assert ballots.is_strict
    assert ballots.is_complete
    assert (ballots.pairwise() + ballots.pairwise().values.T).values[0, 1] == 500


def test_more_than_255_alternatives_need_wider_ranks():
    ranks = np.tile(np.arange(300), (3, 1))
    ballots = Ballots.from_ranks(ranks)
    assert ballots.ranks.dtype == np.uint16
    assert ballots.sentinel == 65_535
    assert ballots.pairwise().values[0, 299] == 3


def test_labels_are_sorted_unless_an_order_is_given():
    assert Ballots.from_rankings([("c", "a"), ("b",)]).alternatives == ("a", "b", "c")
    ballots = Ballots.from_rankings([("c", "a"), ("b",)], alternatives=["c", "b", "a", "z"])
    assert ballots.alternatives == ("c", "b", "a", "z")
    np.testing.assert_array_equal(ballots.ranks, [[0, 255, 1, 255], [255, 0, 255, 255]])


def test_an_array_of_orders_is_read_as_rankings():
    orders = np.array([["b", "a", "c"], ["c", "b", "a"]])
    by_list = Ballots.from_rankings(orders.tolist())
    by_array = Ballots.from_rankings(orders)
    np.testing.assert_array_equal(by_array.ranks, by_list.ranks)
    np.testing.assert_array_equal(Ballots.from_rankings(np.array([[2, 0, 1]])).ranks, [[1, 2, 0]])


def test_an_array_of_short_orders_leaves_the_rest_unranked():
    """More ballots than one block holds, against the same orders as lists."""
    orders = np.random.default_rng(0).permuted(np.tile(np.arange(4), (5000, 1)), axis=1)[:, :2]
    found = Ballots.from_rankings(orders, alternatives=range(4))
    expected = Ballots.from_rankings(orders.tolist(), alternatives=range(4))
    np.testing.assert_array_equal(found.ranks, expected.ranks)
    assert (found.ranks == found.sentinel).sum() == 2 * 5000


def test_ranks_are_read_back_with_their_sentinel():
    weak = Ballots.from_rankings([("a", ("b", "c")), ("d",), ("c", "d", "a", "b")])
    again = Ballots.from_ranks(weak.ranks, alternatives=weak.alternatives)
    np.testing.assert_array_equal(again.ranks, weak.ranks)
    assert again.rankings() == weak.rankings()


def test_containers_are_frozen():
    ballots = Ballots.from_rankings(["ab", "ba"])
    with pytest.raises(ValueError, match="read-only"):
        ballots.ranks[0, 0] = 3
    with pytest.raises(AttributeError, match="cannot assign"):
        ballots.counts = None


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Ballots.from_rankings([]), "no ballot"),
        (lambda: Ballots.from_rankings([], alternatives="ab"), "no ballot"),
        (lambda: Ballots.from_rankings([("a", "b"), ()]), r"`rankings\[1\]` is empty"),
        (lambda: Ballots.from_rankings([("a", "b", "a")]), r"`rankings\[0\]` names 'a' twice"),
        (lambda: Ballots.from_rankings([("a", ("b", "a"))]), "names 'a' twice"),
        (lambda: Ballots.from_rankings([("a", ())], alternatives="ab"), "empty tied group"),
        (
            lambda: Ballots.from_rankings([("a", "z")], alternatives="ab"),
            r"`rankings\[0\]` names 'z', which is not in `alternatives` \(2 known: 'a', 'b'\)",
        ),
        (lambda: Ballots.from_rankings(["Bob", "Joe"]), "read letter by letter only if"),
        (lambda: Ballots.from_rankings("abc"), "give a list of rankings"),
        (lambda: Ballots.from_rankings([{"a", "b"}]), "is a sequence of labels, best first"),
        (lambda: Ballots.from_rankings([(1, "1")]), "look alike"),
        (lambda: Ballots.from_rankings([("é", "e\u0301")]), "look alike"),
        (lambda: Ballots.from_rankings([("a", None)]), "every label must be given"),
        (lambda: Ballots.from_rankings(["ab"], counts=[-1]), "at least 0"),
        (lambda: Ballots.from_rankings(["ab"], counts=[np.nan]), "not finite"),
        (lambda: Ballots.from_rankings(["ab"], counts=[0]), "above 0"),
        (lambda: Ballots.from_rankings(["ab"], counts=[6 * 10**18]), r"above 2\*\*53"),
        (lambda: Ballots.from_rankings(["ab"] * 10, counts=[1e15] * 10), r"at most 2\*\*53"),
        (lambda: Ballots.from_rankings(["ab"], counts=[1, 2]), "2 entries for 1 ballots"),
        (lambda: Ballots.from_rankings(["ab"], unranked="middle"), "must be one of"),
        (lambda: Ballots.from_rankings(np.array([[0, 0]]), alternatives=[0, 1]), "twice"),
        (lambda: Ballots.from_rankings(np.array([[0, -1]]), alternatives=[0, 1]), "names -1"),
        (lambda: Ballots.from_ranks([[np.nan, np.nan]]), r"`ranks\[0\]` ranks no alternative"),
        (lambda: Ballots.from_ranks([[1, 2], [1]]), "rows differ in length"),
        (lambda: Ballots.from_ranks([[1, np.inf]]), "not finite"),
        (lambda: Ballots.from_ranks([["1", "2"]]), "must hold numbers"),
        (lambda: Ballots.from_ranks([[1, 2]], alternatives="abc"), "3 labels for 2 columns"),
        (lambda: Ballots.from_approvals([{"z"}], alternatives="ab"), "names 'z'"),
        (lambda: Ballots.from_approvals(["ab"]), "give a set of labels"),
        (lambda: Ballots.from_approvals(np.array([[2, 0]])), "must be 0 or 1"),
        (lambda: Ballots.from_approvals([["a", "a"]], alternatives="ab"), "names 'a' twice"),
        (lambda: Ballots.from_margins([[0, 1], [1, 0]]), "antisymmetric"),
        (lambda: Ballots.from_margins([[0, 0], [0, 0]]), "all zero"),
        (lambda: Ballots.from_rankings([("a",)]), "at least two alternatives; got 1"),
        (lambda: Ballots.from_ranks(np.zeros((0, 2))), "there is no ballot"),
        (lambda: Ballots.from_ranks([1, 2]), r"must be a matrix; it has shape \(2,\)"),
        (
            lambda: Ballots.from_utilities(xr.DataArray([1.0, 2.0], dims="alternative")),
            r"must be a matrix; it has shape \(2,\)",
        ),
        (
            lambda: Ballots.from_ranks(np.arange(65_536)[None]),
            "65,536 alternatives; at most 65,535 can be ranked",
        ),
    ],
)
def test_what_cannot_be_ballots_is_refused(build, message):
    with pytest.raises(DataError, match=message):
        build()


def test_labels_come_from_dataarrays_and_frames():
    draw = xr.DataArray([[0.1, 0.7]], dims=("respondent", "item"), coords={"item": ["x", "y"]})
    assert Ballots.from_utilities(draw).alternatives == ("x", "y")
    frame = pd.DataFrame({"p": [1, 2], "q": [2, 1]})
    assert Ballots.from_ranks(frame).rankings() == [("p", "q"), ("q", "p")]


def test_utilities_rank_the_larger_first_and_keep_what_was_given():
    ballots = Ballots.from_utilities([[1.0, 3.0, np.nan], [2.0, 2.0, 0.0]], alternatives="abc")
    np.testing.assert_array_equal(ballots.ranks, [[1, 0, 255], [0, 0, 1]])
    assert ballots.kind == "utilities"
    assert np.isnan(ballots.utilities[0, 2])


def test_from_margins_gives_back_the_margins():
    rng = np.random.default_rng(1)
    half = np.triu(rng.integers(-5, 6, (6, 6)), 1)
    margins = half - half.T
    np.testing.assert_array_equal(Ballots.from_margins(margins).margins().values, margins)


def test_comparisons_become_ballots_on_two_items():
    votes = Comparisons.from_frame(
        pd.DataFrame(
            {
                "x": ["a", "b", "a", "c"],
                "y": ["b", "a", "c", "b"],
                "o": ["first", "first", "tie", 1],
            }
        ),
        first="x",
        second="y",
        outcome="o",
    )
    ballots = Ballots.from_comparisons(votes)
    assert ballots.unranked == "incomparable"
    expected = np.zeros((3, 3))
    np.add.at(expected, (votes.first, votes.second), votes.first_won)
    np.add.at(expected, (votes.second, votes.first), votes.second_won)
    np.testing.assert_array_equal(ballots.pairwise().values, expected)
    assert ballots.tied_pairs().loc["a", "c"] == 1
    with pytest.raises(DataError, match="must be Comparisons"):
        Ballots.from_comparisons([("a", "b")])


def test_merge_adds_equal_ballots_and_keeps_unknown_alternatives_unranked():
    left = Ballots.from_rankings([("a", "b")], counts=[2])
    right = Ballots.from_rankings([("a", "b"), ("c", "a")], counts=[3, 1])
    both = left.merge(right)
    assert both.alternatives == ("a", "b", "c")
    assert both.rankings() == [("a", "b"), ("c", "a")]
    assert both.counts.tolist() == [5, 1]
    with pytest.raises(DataError, match="cannot merge ballots with kind"):
        left.merge(Ballots.from_approvals([{"a"}], alternatives="ab"))
    with pytest.raises(DataError, match="cannot merge ballots with unranked"):
        left.merge(Ballots.from_rankings(["ab"], unranked="incomparable"))


def test_restrict_keeps_the_order_asked_for_and_drops_silent_ballots():
    ballots = Ballots.from_rankings([("a", ("b", "c"), "d"), ("d",)], counts=[2, 5])
    smaller = ballots.restrict(["c", "a"])
    assert smaller.rankings() == [("a", "c")]
    assert smaller.counts.tolist() == [2]
    with pytest.raises(LabelError, match="names 'z'"):
        ballots.restrict(["z", "a"])


def test_repr_says_what_is_in_it():
    ballots = Ballots.from_rankings([("a", ("b", "c")), ("d",)], counts=[2, 5])
    assert (
        repr(ballots)
        == "Ballots(4 alternatives; 7 voters in 2 rankings; tied ranks; unranked last)"
    )


# -- tables and files ----------------------------------------------------------------------


@pytest.fixture(params=["rankings", "approvals", "utilities"])
def some_ballots(request):
    if request.param == "rankings":
        return Ballots.from_rankings(
            [("b", ("a", "c")), ("c",)], counts=[2, 5], alternatives="cab", unranked="incomparable"
        )
    if request.param == "approvals":
        return Ballots.from_approvals([{"a"}, set(), {"b", "a"}], counts=[1, 2, 3])
    return Ballots.from_utilities([[0.1, np.nan, 7.0], [1, 2, 3]], alternatives=["x", 2, "z"])


def assert_same(left, right):
    assert left.alternatives == right.alternatives
    assert left.unranked == right.unranked
    for name in ("ranks", "counts", "approvals", "utilities"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))


def test_save_and_load(some_ballots, tmp_path):
    path = tmp_path / "ballots.parquet"
    some_ballots.save(path)
    assert_same(Ballots.load(path), some_ballots)


def test_load_refuses_what_is_no_saved_ballots(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        Ballots.load(tmp_path / "absent.parquet")


def test_frames_are_read_back(some_ballots):
    frame = some_ballots.to_frame()
    value = {"rankings": "rank", "approvals": "approved", "utilities": "utility"}[some_ballots.kind]
    argument = {"rankings": "rank", "approvals": "approved", "utilities": "utility"}[
        some_ballots.kind
    ]
    if some_ballots.alternatives == ("x", 2, "z"):
        frame["alternative"] = frame["alternative"].astype(str)
        some_ballots = Ballots.from_utilities(some_ballots.utilities, alternatives=["x", "2", "z"])
    again = Ballots.from_frame(
        frame,
        voter="ballot",
        alternative="alternative",
        count="count",
        alternatives=some_ballots.alternatives,
        unranked=some_ballots.unranked,
        **{argument: value},
    )
    assert_same(again, some_ballots)


def test_from_frame_refuses_doubles_unknowns_and_changing_counts():
    frame = pd.DataFrame({"v": [1, 1, 2], "a": ["x", "x", "y"], "r": [1, 2, 1], "n": [1, 2, 1]})
    with pytest.raises(DataError, match="voter 1 has 2 rows for 'x'"):
        Ballots.from_frame(frame, voter="v", alternative="a", rank="r")
    frame.loc[1, "a"] = "y"
    with pytest.raises(DataError, match="column 'n' differs between the rows of voter 1"):
        Ballots.from_frame(frame, voter="v", alternative="a", rank="r", count="n")
    with pytest.raises(LabelError, match="column 'a' names 'y'"):
        Ballots.from_frame(frame, voter="v", alternative="a", rank="r", alternatives=["x", "z"])
    with pytest.raises(
        DataError, match=r"exactly one of `rank`, `utility` and `approved`; got none"
    ):
        Ballots.from_frame(frame, voter="v", alternative="a")


def test_approvals_merge_into_what_they_would_be_at_once():
    left = Ballots.from_approvals([{"a"}, set()], alternatives="ab")
    right = Ballots.from_approvals([{"c"}], alternatives="cd")
    whole = Ballots.from_approvals([{"a"}, set(), {"c"}], alternatives="abcd")
    merged = left.merge(right)
    np.testing.assert_array_equal(merged.ranks, whole.ranks)
    np.testing.assert_array_equal(merged.pairwise(), whole.pairwise())


def test_approvals_are_updated_from_a_table():
    table = pd.DataFrame({"who": [1, 1], "what": ["a", "b"], "yes": [0, 1]})
    ballots = Ballots.from_approvals([{"a"}], alternatives="ab")
    both = ballots.update(table, voter="who", alternative="what", approved="yes")
    assert both.approvals.tolist() == [[True, False], [False, True]]
    assert both.counts.tolist() == [1, 1]


def test_utilities_merge_and_are_unknown_for_what_only_the_other_side_has():
    one = Ballots.from_utilities([[0.5, 2.0]], alternatives="ab", unranked="incomparable")
    other = Ballots.from_utilities([[3.0, 1.0]], alternatives="bc", unranked="incomparable")
    both = one.merge(other)
    np.testing.assert_array_equal(both.utilities, [[0.5, 2.0, np.nan], [np.nan, 3.0, 1.0]])
    assert both.rankings() == [("b", "a"), ("b", "c")]


def test_approvals_refuse_what_could_be_read_in_two_ways():
    with pytest.raises(DataError, match=r"rows of 0 and 1, such as \[1, 0\]"):
        Ballots.from_approvals([[1, 0], [0, 1]])
    assert Ballots.from_approvals([iter("ab"), iter("b")]).approvals.sum() == 3
    with pytest.raises(DataError, match=r"`approvals\[0\]` is \{'a': 1, 'b': 0\}"):
        Ballots.from_approvals([{"a": 1, "b": 0}])
    assert Ballots.from_approvals([{0, 1}, {0}]).approvals.tolist() == [[True, True], [True, False]]


def test_labelled_arrays_are_read_by_the_names_of_their_dimensions():
    margins = Ballots.from_rankings(["ab"]).margins()
    np.testing.assert_array_equal(Ballots.from_margins(margins.T).margins(), margins)
    columns = xr.DataArray([[1.0, 2.0], [3.0, 4.0]], dims=("alternative", "voter"))
    with pytest.raises(DataError, match="'alternative' must be the last"):
        Ballots.from_utilities(columns)


@pytest.mark.parametrize(
    ("rankings", "alternatives", "message"),
    [
        (None, None, "`rankings` is None; give a list"),
        ([1], [1, 2], r"`rankings\[0\]` is 1; a ranking is a sequence"),
        ([{"a", "b"}], "ab", "a ranking is a sequence of labels, best first"),
        (np.zeros((3, 0), dtype=int), None, r"`rankings\[0\]` is empty"),
        (np.array([[1, 2]]), [(1, 2), (2, 1)], r"`rankings\[0\]` names 1"),
    ],
)
def test_what_is_no_list_of_rankings_is_refused(rankings, alternatives, message):
    with pytest.raises(DataError, match=message):
        Ballots.from_rankings(rankings, alternatives=alternatives)


def test_other_misuse_is_said_in_our_words(tmp_path):
    ballots = Ballots.from_rankings(["ab", "ba"])
    for rows in ([7], [True], [0.5]):
        with pytest.raises(DataError, match="`rows` does not choose among 2 ballots"):
            ballots.select(rows)
    with pytest.raises(DataError, match="`other` is None"):
        ballots.merge(None)
    with pytest.raises(DataError, match="cannot be written: No such file"):
        ballots.to_preflib(tmp_path / "absent" / "x.soc")
    table = pd.DataFrame({"who": [1, 1], "what": ["a", "b"], "yes": [1, 0]})
    with pytest.raises(DataError, match="`unranked` goes with `rank` and `utility`"):
        Ballots.from_frame(
            table, voter="who", alternative="what", approved="yes", unranked="incomparable"
        )


def test_dropped_rows_are_counted_and_said(tmp_path):
    table = pd.DataFrame(
        {"who": [1, 1, 2, 2, 3], "what": list("abaab"), "place": [1, 2, np.nan, 1, np.nan]}
    )
    table.loc[3, "what"] = "b"
    columns = {"voter": "who", "alternative": "what", "rank": "place", "missing": "drop"}
    ballots = Ballots.from_frame(table, **columns)
    assert ballots.notes == ("2 row(s) dropped (no place)",)
    assert "2 row(s) dropped (no place)" in repr(ballots)
    ballots.save(tmp_path / "ballots.parquet")
    again = Ballots.load(tmp_path / "ballots.parquet").update(table[:3], **columns)
    assert again.notes == ("2 row(s) dropped (no place)", "1 row(s) dropped (no place)")
    assert Ballots.from_frame(table[:2], **columns).notes == ()

"""Vote matrices and groups of participants: what is read, by which label, and what is refused."""

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism import DataError, LabelError
from pluralism.choice._votes import read_groups, read_matrix, read_votes

NAN = np.nan
VOTES = [[1, 0, NAN], [-1, NAN, NAN], [0, 1, -1], [1, 1, 1]]


def refused(message, error=DataError):
    return pytest.raises(error, match=f"^{re.escape(message)}$")


def labelled():
    return xr.DataArray(
        VOTES,
        dims=("who", "what"),
        coords={
            "who": ["d", "a", "c", "b"],
            "what": ["x", "z", "y"],
            "side": ("who", ["left", "right", "left", "right"]),
            "topic": ("what", ["s", "s", "t"]),
        },
    )


def test_plain_votes_are_numbered():
    found = read_votes("votes", VOTES)
    np.testing.assert_array_equal(found.values, VOTES)
    assert found.participants is None
    assert found.comments == (0, 1, 2)
    assert found.participant_coord["participant"].tolist() == [0, 1, 2, 3]
    assert found.comment_coord["comment"].tolist() == [0, 1, 2]
    assert found.labelled is None


def test_labels_are_kept_in_their_order():
    for votes in (labelled(), labelled().drop_vars(["side", "topic"]).to_pandas()):
        found = read_votes("votes", votes)
        np.testing.assert_array_equal(found.values, VOTES)
        assert found.participants == ("d", "a", "c", "b")
        assert found.comments == ("x", "z", "y")
        assert found.participant_coord["participant"].tolist() == ["d", "a", "c", "b"]


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        (
            [[1, 0], [0, 2], [0.5, 3]],
            "`votes[1, 1]` is 2 (3 such entries); a vote is 1 (agree), 0 (pass), -1 (disagree) or "
            "NaN (none)",
        ),
        (
            [[1, 0], [-2, 1]],
            "`votes[1, 0]` is -2 (1 such entries); a vote is 1 (agree), 0 (pass), -1 (disagree) "
            "or NaN (none)",
        ),
        (
            [[True, False]],
            "`votes` is boolean, which does not say whether False disagrees or passes; a vote is "
            "1 (agree), 0 (pass), -1 (disagree) or NaN (none)",
        ),
        (
            [["agree", "pass"]],
            "`votes` must hold numbers; got [['agree', 'pass']]. Votes in words: code agree 1, "
            "pass 0, disagree -1",
        ),
        ({"a": [1]}, "`votes` is a mapping; it must be a matrix, participants x comments"),
        (np.zeros((0, 3)), "`votes` is empty; its shape is (0, 3)"),
        (np.zeros((3, 0)), "`votes` is empty; its shape is (3, 0)"),
        ([[NAN, NAN], [NAN, NAN]], "`votes` holds no vote; all of its 4 entries are missing"),
        ([1, 0], "`votes` must have 2 dimension(s); it has shape (2,)"),
        ([[1, np.inf]], "`votes[0, 1]` is inf; 1 entry is not finite"),
    ],
)
def test_what_is_no_vote_is_refused_with_its_place(votes, message):
    with refused(message):
        read_votes("votes", votes)


def test_a_matrix_may_hold_any_numbers():
    found = read_matrix("scores", [[2.5, NAN], [-7, 0]])
    np.testing.assert_array_equal(found.values, [[2.5, NAN], [-7, 0]])


def test_groups_by_position():
    matrix = read_votes("votes", VOTES)
    for groups in (["b", None, "a", "b"], np.array(["b", None, "a", "b"], dtype=object)):
        found = read_groups(groups, matrix)
        assert found.labels == ("a", "b")
        assert found.row.tolist() == [0, 2, 3]
        assert found.group.tolist() == [1, 0, 1]
        assert found.ungrouped == 1
    numbered = read_groups([2.0, NAN, 1.0, 2.0], matrix)
    assert numbered.labels == (1, 2)
    assert all(isinstance(label, int) for label in numbered.labels)
    halves = read_groups([0.5, 1.5, 0.5, 1.5], matrix)
    assert halves.labels == (0.5, 1.5)
    assert halves.ungrouped == 0


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (3, "`groups` is 3; it must hold one label per participant"),
        (b"abcd", "`groups` is b'abcd'; it must hold one label per participant"),
        (["a", "b", "a"], "`groups` has 3 labels for 4 participants"),
        ([None, NAN, None, None], "`groups` gives no participant a group"),
        (pd.DataFrame({"g": list("abab")}), "`groups` is a table; pass its column of groups"),
        (
            xr.DataArray([["a"] * 4], dims=("x", "y")),
            "`groups` must have one dimension; it has ('x', 'y')",
        ),
    ],
)
def test_what_is_no_group_is_refused(groups, message):
    with refused(message):
        read_groups(groups, read_votes("votes", VOTES))


def test_groups_by_label():
    matrix = read_votes("votes", labelled())
    by_name = {"a": "q", "b": "p", "c": None, "d": "p"}
    series = pd.Series(by_name)
    array = xr.DataArray(list(by_name.values()), dims="who", coords={"who": list(by_name)})
    for groups in (by_name, series, array):
        found = read_groups(groups, matrix)
        assert found.labels == ("p", "q")
        assert found.row.tolist() == [0, 1, 3]
        assert found.group.tolist() == [0, 1, 0]
        assert found.ungrouped == 1
    unnamed = xr.DataArray(["p", "q", "p", "q"], dims="who")
    assert read_groups(unnamed, matrix).group.tolist() == [0, 1, 0, 1]
    side = read_groups("side", matrix)
    assert side.labels == ("left", "right")
    assert side.group.tolist() == [0, 1, 0, 1]
    numbered = pd.Series(["p", "q", "p", "q"], index=[3, 2, 1, 0])
    assert read_groups(numbered, read_votes("votes", VOTES)).group.tolist() == [1, 0, 1, 0]


def test_groups_by_label_must_match_entirely():
    matrix = read_votes("votes", labelled())
    with refused(
        "`groups` has no entry for 'a', 'b'; give every participant a group or None", LabelError
    ):
        read_groups({"c": 1, "d": 1}, matrix)
    with refused(
        "`groups` names 'e', not in `votes`; give every participant a group or None", LabelError
    ):
        read_groups({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, matrix)
    with refused(
        "`groups` has no entry for 'a' and names 'e', not in `votes`; give every participant a "
        "group or None",
        LabelError,
    ):
        read_groups({"b": 1, "c": 1, "d": 1, "e": 1}, matrix)
    with refused("`groups` names the participant 'c' twice", LabelError):
        read_groups(pd.Series(list("ppqqp"), index=list("abccd")), matrix)
    for name in ("topic", "nobody"):  # a coordinate of the comments is none of the participants
        with pytest.raises(LabelError, match=f"`groups` names {name!r}, which is not in the coord"):
            read_groups(name, matrix)
    with pytest.raises(LabelError, match="or give one label per participant"):
        read_groups("side", read_votes("votes", VOTES))

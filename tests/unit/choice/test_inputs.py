"""What rules are given: pairwise support, ballots and utilities, read or refused with the place."""

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism import Ballots, DataError, LabelError
from pluralism.choice._inputs import Pairwise, as_ballots, as_pairwise, as_utilities, require_met


def refused(message, error=DataError):
    return pytest.raises(error, match=f"^{re.escape(message)}$")


def test_margins_and_shares():
    wins = np.array([[0.0, 0.3, 2.0], [0.3 + 1e-13, 0.0, 0.0], [1.0, 0.0, 0.0]])
    ties = np.array([[0.0, 0.2, 0.0], [0.2, 0.0, 0.0], [0.0, 0.0, 0.0]])
    pairwise = Pairwise(("a", "b", "c"), wins, ties, 1e-12)
    np.testing.assert_array_equal(pairwise.margins, [[0, 0, 1], [0, 0, 0], [-1, 0, 0]])
    exact = pairwise._replace(tolerance=0.0).margins
    assert exact[1, 0] > 0 > exact[0, 1]
    np.testing.assert_allclose(
        pairwise.shares,
        [[np.nan, 0.5, 2 / 3], [0.5, np.nan, np.nan], [1 / 3, np.nan, np.nan]],
        rtol=1e-12,
    )


def test_only_sums_of_fractions_carry_rounding():
    assert as_pairwise([[0, 3], [4, 0]]).tolerance == 0.0
    assert as_pairwise([[0, 3], [4.5, 0]]).tolerance == pytest.approx(4.5e-12)
    assert as_pairwise([[0, 0.25], [0, 0]]).tolerance == pytest.approx(0.25e-12)


def test_the_diagonal_is_not_read():
    for empty in (np.nan, None, 7.0, -1.0):
        found = as_pairwise([[empty, 2.0], [1.0, empty]])
        np.testing.assert_array_equal(found.wins, [[0, 2], [1, 0]])
    given = np.array([[5.0, 2.0], [1.0, 5.0]])
    as_pairwise(given)
    assert given[0, 0] == 5.0


def test_voters_say_how_many_are_indifferent():
    ballots = Ballots.from_rankings([(("a", "b"), "c"), ("c", "b", "a")], counts=[2, 3])
    for table in (ballots.pairwise(), ballots.pairwise().T):
        found = as_pairwise(table)
        assert found.alternatives == ("a", "b", "c")
        np.testing.assert_array_equal(found.wins, [[0, 0, 2], [3, 0, 2], [3, 3, 0]])
        np.testing.assert_array_equal(found.ties, [[0, 2, 0], [2, 0, 0], [0, 0, 0]])
    plain = as_pairwise(ballots.pairwise().values)
    assert plain.alternatives == (0, 1, 2)
    assert not plain.ties.any()
    table = ballots.pairwise()
    table.attrs["voters"] = 4.0  # fewer than some pair has votes: nobody is indifferent there
    np.testing.assert_array_equal(as_pairwise(table).ties, [[0, 1, 0], [1, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, "expected ballots or a pairwise matrix; got int 7"),
        ("x" * 70, f"expected ballots or a pairwise matrix; got str '{'x' * 59}"),
        ([[0, 1], [2]], "a pairwise matrix must be square; its rows differ in length"),
        ([0, 1], "a pairwise matrix must be square with at least two rows; got shape (2,)"),
        (
            np.zeros((3, 2)),
            "a pairwise matrix must be square with at least two rows; got shape (3, 2)",
        ),
        ([[0]], "a pairwise matrix must be square with at least two rows; got shape (1, 1)"),
        (
            np.zeros((2, 2, 2)),
            "a pairwise matrix must be square with at least two rows; got shape (2, 2, 2)",
        ),
        (
            [[0, 1, 1], [1, 0, 1], [1, -0.5, 0]],
            "`pairwise[2, 1]` is -0.5; support is at least 0 "
            "(margins become ballots by `Ballots.from_margins`)",
        ),
        (
            [[0, 1, 1], [1, 0, np.inf], [1, np.nan, 0]],
            "`pairwise[1, 2]` is inf; 2 entries are not finite",
        ),
    ],
)
def test_what_is_no_matrix_of_support_is_refused_with_its_place(value, message):
    with refused(message):
        as_pairwise(value)


def test_both_sides_bear_the_same_labels():
    good = pd.DataFrame([[0, 3], [1, 0]], index=["b", "a"], columns=["b", "a"])
    assert as_pairwise(good).alternatives == ("b", "a")
    array = xr.DataArray(good.values, dims=("x", "x_bis"), coords={"x": ["b", "a"]})
    assert as_pairwise(array).alternatives == ("b", "a")
    with refused(
        "the rows of a pairwise matrix are ['b', 'a'], its columns ['a', 'b']", LabelError
    ):
        as_pairwise(good[["a", "b"]])
    with refused(
        "the rows of a pairwise matrix are ['b', 'a'], its columns ['b', 'c']", LabelError
    ):
        as_pairwise(array.assign_coords(x_bis=["b", "c"]))


def test_pairs_that_never_met():
    wins = np.ones((4, 4)) - np.eye(4)
    require_met(as_pairwise(wins), "do something")
    wins[1, 3] = wins[3, 1] = 0
    message = "1 and 3 were never compared (1 such pair); do something"
    with refused(message):
        require_met(as_pairwise(wins), "do something")
    wins[2, 3] = wins[3, 2] = wins[0, 2] = wins[2, 0] = 0
    with refused("0 and 2 were never compared (3 such pairs); ask"):
        require_met(as_pairwise(wins), "ask")
    wins[0, 1] = 0  # one side is enough
    tied = as_pairwise(wins)._replace(ties=np.ones((4, 4)))
    require_met(tied, "an indifferent vote compares too")


def test_ballots_of_one_menu():
    ballots = Ballots.from_rankings(["abc", "bca"])
    assert as_ballots(ballots, "rule") is ballots
    with refused(
        "rule needs Ballots, since a pairwise matrix does not say how often an alternative is "
        "ranked where; got list"
    ):
        as_ballots([[0, 1], [1, 0]], "rule")


def test_ballots_of_different_menus():
    whole = Ballots.from_rankings(["abc", "bca"], menus=[tuple("abc")] * 2)
    assert as_ballots(whole, "rule") is whole
    own = Ballots.from_rankings([tuple("abc"), tuple("ba")], menus=[tuple("abc"), tuple("ab")])
    assert as_ballots(own, "rule", menus=True) is own
    with refused(
        "rule compares how often alternatives are ranked where, and these ballots were cast on "
        "different menus: who was on fewer could win fewer; use a rule of pairwise majorities "
        "(`schulze`, `minimax`, ...), or `utility.fit_plackett_luce`"
    ):
        as_ballots(own, "rule")


def test_utilities_and_weights_are_read():
    values = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
    plain = as_utilities(values, use="rule")
    assert plain.labels == (0, 1, 2)
    assert plain.total == 3.0
    np.testing.assert_allclose(plain.share, [1 / 3] * 3)
    weighted = as_utilities(values, use="rule", weights=[0.5, 0.0, 1.5], alternatives="xyz")
    assert weighted.labels == ("x", "y", "z")
    assert weighted.total == 2.0
    np.testing.assert_array_equal(weighted.share, [0.25, 0.75])
    np.testing.assert_array_equal(weighted.values, [values[0], values[2]])
    ballots = Ballots.from_utilities(values, counts=[3, 1, 2], alternatives="cab")
    both = as_utilities(ballots, use="rule", weights=[1.0, 3.0, 0.5])
    assert both.labels == ("c", "a", "b")
    assert both.total == 7.0
    np.testing.assert_allclose(both.share, [3 / 7, 3 / 7, 1 / 7])
    assert ballots.counts.tolist() == [3, 1, 2]
    bounded = as_utilities(values, use="rule", at_least=1.0, at_most=9.0)
    np.testing.assert_array_equal(bounded.values, values)


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (np.zeros((0, 2)), {}, "`scores` is empty; its shape is (0, 2)"),
        ([[1, 2], [np.inf, 0]], {}, "`scores[1, 0]` is inf; 1 entry is not finite"),
        ([[1, 2], [3, 0]], {"at_least": 0.5}, "`scores[1, 1]` is 0; a rate must be at least 0.5"),
        (
            [[1, 2], [3, 1]],
            {"at_least": 0.5, "at_most": 2.5},
            "`scores[1, 0]` is 3; a rate must be in [0.5, 2.5]",
        ),
        ([[1, 2], [3, 0]], {"weights": [1, 1, 1]}, "`weights` has 3 entries for 2 voters"),
        ([[1, 2], [3, 0]], {"weights": [1, -1]}, "`weights[1]` is -1; a weight must be at least 0"),
        ([[1, 2], [3, 0]], {"weights": [0, 0]}, "`weights` are all zero"),
        (
            Ballots.from_rankings(["ab"]),
            {},
            "rule needs utilities, and these ballots are rankings; use `Ballots.from_utilities`",
        ),
    ],
)
def test_utilities_are_refused_with_their_place(value, options, message):
    with refused(message):
        as_utilities(value, use="rule", name="scores", what="a rate", **options)


def test_pairwise_counts_are_no_utilities():
    message = (
        "`utilities` has the same labels on both sides, as pairwise counts have; rows must be "
        "voters or groups (counts come in by `Comparisons.from_matrix`)"
    )
    pairs = Ballots.from_rankings(["abc", "bca"]).pairwise()
    for table in (pairs, pairs.to_pandas()):
        with refused(message):
            as_utilities(table, use="rule")
    numbered = pd.DataFrame(np.eye(2))  # two voters without names
    assert as_utilities(numbered, use="rule").labels == (0, 1)
    array = xr.DataArray(np.eye(2), dims=("voter", "alternative"))
    assert as_utilities(array, use="rule").labels == (0, 1)

"""What every rule does with input and ties, on Borda."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism import Ballots, Comparisons, DataError, LabelError
from pluralism.choice import borda


def test_a_pairwise_matrix_is_as_good_as_the_ballots():
    tennessee = Ballots.from_rankings(
        ["MNCK", "NCKM", "CKNM", "KCNM"], counts=[42, 26, 15, 17], alternatives="MNCK"
    )
    for source in (tennessee.pairwise(), tennessee.pairwise().to_pandas()):
        outcome = borda(source)
        assert outcome.ranking == borda(tennessee).ranking
    plain = borda(tennessee.pairwise().values)
    assert plain.winners == (1,)
    weak = Ballots.from_rankings([("a", ("b", "c")), (("a", "b"), "c")], counts=[1, 2])
    np.testing.assert_array_equal(borda(weak).scores, [5.0, 3.5, 0.5])
    np.testing.assert_array_equal(borda(weak.pairwise()).scores, borda(weak).scores)


def test_comparisons_and_win_probabilities_plug_in():
    votes = Comparisons.from_pairs([("a", "b"), ("a", "c"), ("b", "c")])
    assert borda(votes).ranking == (("a",), ("b",), ("c",))
    worth = np.array([0.5, 0.3, 0.2])
    probability = xr.DataArray(
        worth[:, None] / (worth[:, None] + worth),
        dims=("item", "item_bis"),
        coords={"item": ["x", "y", "z"], "item_bis": ["x", "y", "z"]},
    )
    assert borda(probability).ranking == (("x",), ("y",), ("z",))


def test_incomparable_alternatives_give_no_points():
    ballots = Ballots.from_rankings([("a", "b"), ("c", "b")], unranked="incomparable")
    assert borda(ballots).scores.values.tolist() == [1, 0, 1]
    last = Ballots.from_rankings([("a", "b"), ("c", "b")])
    assert borda(last).scores.values.tolist() == [2, 2, 2]


def test_all_winners_unless_a_tie_break_is_asked_for():
    ballots = Ballots.from_rankings([("b", "a"), ("a", "b")])
    outcome = borda(ballots)
    assert outcome.winners == ("a", "b")
    assert outcome.tied
    assert outcome.tie_break == "none"
    broken = borda(ballots, tie_break="name")
    assert broken.winners == ("a",)
    assert broken.tied
    assert broken.broken_ties == (("winner", ("a", "b"), "a"),)
    drawn = {borda(ballots, tie_break="random", seed=seed).winners for seed in range(20)}
    assert drawn == {("a",), ("b",)}
    with pytest.raises(DataError, match="a seed goes with 'random' only"):
        borda(ballots, tie_break="random")
    with pytest.raises(DataError, match="a seed goes with 'random' only"):
        borda(ballots, seed=1)


def test_rounding_noise_is_no_difference():
    ballots = Ballots.from_rankings([("a", "b"), ("a", "b"), ("b", "a")], counts=[0.1, 0.2, 0.3])
    assert borda(ballots).winners == ("a", "b")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((2, 3)), "must be square"),
        (np.zeros((1, 1)), "at least two rows"),
        ([[0, -1], [2, 0]], r"`pairwise\[0, 1\]` is -1"),
        ([[0, np.nan], [2, 0]], "not finite"),
        (3, "expected ballots or a pairwise matrix; got int"),
        ("abc", "expected ballots or a pairwise matrix; got str"),
    ],
)
def test_what_is_no_support_is_refused(value, message):
    with pytest.raises(DataError, match=message):
        borda(value)


def test_rows_and_columns_must_bear_the_same_labels():
    with pytest.raises(LabelError, match="its columns"):
        borda(pd.DataFrame([[0, 1], [2, 0]], index=["a", "b"], columns=["b", "a"]))

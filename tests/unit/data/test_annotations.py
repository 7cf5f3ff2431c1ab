from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pluralism import Annotations, DataError, LabelError

nan = float("nan")


def small() -> Annotations:
    return Annotations.from_codes(
        [0, 0, 1, 1, 1],
        [0, 1, 1, 1, 0],
        rater=[0, 1, 0, 1, 1],
        items=["x", "y"],
        raters=["r", "s"],
        categories=["no", "yes"],
        groups={"side": ["left", "right"]},
    )


def test_matrix_reads_missing_ratings_and_keeps_every_item():
    ratings = Annotations.from_matrix([[1, nan, 3], [1, nan, 1]], scale="interval")
    assert ratings.items == (0, 1, 2)
    assert ratings.categories == (1.0, 3.0)
    assert ratings.n_labels == 4
    np.testing.assert_array_equal(ratings.counts(), [[2, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(ratings.values, [1.0, 3.0])


def test_matrix_reads_text_with_none_and_frames_with_names():
    frame = pd.DataFrame([["a", None], ["b", "a"]], index=["r1", "r2"], columns=["i", "j"])
    ratings = Annotations.from_matrix(frame, categories=["b", "a"])
    assert (ratings.items, ratings.raters) == (("i", "j"), ("r1", "r2"))
    assert ratings.categories == ("b", "a")
    np.testing.assert_array_equal(ratings.counts(), [[1, 1], [0, 1]])


def test_counts_are_labelled_by_item_and_category():
    counts = small().counts()
    assert counts.dims == ("item", "category")
    assert float(counts.sel(item="y", category="yes")) == 2.0
    again = Annotations.from_counts(counts)
    assert again.items == ("x", "y")
    assert again.categories == ("no", "yes")
    np.testing.assert_array_equal(again.counts(), counts)


def test_cells_add_repeated_labels_and_weights():
    ratings = Annotations.from_codes(
        [0, 0, 0],
        [0, 0, 1],
        rater=[0, 0, 1],
        weight=[0.5, 2.0, 1.0],
        items=["x"],
        raters=[0, 1],
        categories=["a", "b"],
    )
    np.testing.assert_array_equal(ratings.weight, [2.5, 1.0])
    np.testing.assert_array_equal(ratings.squares, [4.25, 1.0])
    np.testing.assert_array_equal(ratings.item_squares(), [5.25])
    assert ratings.n_labels == 3


def test_merge_is_addition_and_does_not_depend_on_the_order():
    left = small()
    right = Annotations.from_codes(
        [0, 1],
        [1, 0],
        rater=[1, 0],
        items=["y", "z"],
        raters=["q", "s"],
        categories=["no", "yes"],
        groups={"side": ["left", "right"]},
    )
    both, other = left.merge(right), right.merge(left)
    assert both.items == ("x", "y", "z")
    assert both.raters == ("q", "r", "s")
    assert both.n_labels == 7
    np.testing.assert_array_equal(both.counts(), [[1, 1], [1, 3], [1, 0]])
    pd.testing.assert_frame_equal(both.to_frame(), other.to_frame())
    assert [both.groups["side"].labels[c] for c in both.groups["side"].codes] == [
        "left",
        "left",
        "right",
    ]


def test_merge_of_weights_keeps_their_squares():
    plain = Annotations.from_codes([0, 0], [0, 1], items=["x"], categories=[0, 1])
    weighted = Annotations.from_codes([0], [1], weight=[3.0], items=["x"], categories=[0, 1])
    both = plain.merge(weighted)
    np.testing.assert_array_equal(both.weight, [1.0, 4.0])
    np.testing.assert_array_equal(both.squares, [1.0, 10.0])


def test_frame_has_one_row_a_cell():
    frame = small().to_frame()
    assert list(frame.columns) == ["item", "rater", "label", "weight", "side"]
    assert frame.iloc[1].tolist() == ["x", "s", "yes", 1.0, "right"]


def test_repr_says_what_is_in_it():
    assert repr(small()) == (
        "Annotations(2 items; 5 labels by 2 raters; 2 nominal categories; 2 groups by 'side')"
    )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Annotations.from_matrix([1, 2]), r"`values` must be raters x items.*\(2,\)"),
        (lambda: Annotations.from_matrix([[1, 2], [1]]), "`values` is ragged"),
        (lambda: Annotations.from_matrix([[nan, nan]]), "`categories` is empty"),
        (
            lambda: Annotations.from_matrix([["a", "b"]], scale="ordinal"),
            "an ordinal scale needs `categories`.*'a', 'b'",
        ),
        (
            lambda: Annotations.from_matrix([["a", "b"]], scale="interval"),
            r"`categories\[0\]` is 'a'; on the scale 'interval'",
        ),
        (
            lambda: Annotations.from_matrix([[-1, 2]], scale="ratio"),
            r"`categories\[0\]` is -1; on a ratio scale",
        ),
        (
            lambda: Annotations.from_matrix([[1, float("inf")]], scale="interval"),
            r"`categories\[1\]` is inf",
        ),
        (
            lambda: Annotations.from_matrix([[1]], scale="ordinall"),
            "`scale` is 'ordinall'.*did you mean 'ordinal'",
        ),
        (lambda: Annotations.from_counts([[1, -2]]), r"`counts\[0, 1\]` is -2; counts must be"),
        (lambda: Annotations.from_counts([[1, 0.5]]), r"`counts\[0, 1\]` is 0.5;.*whole numbers"),
        (lambda: Annotations.from_counts([[1, nan]]), r"`counts\[0, 1\]` is nan"),
        (lambda: Annotations.from_counts([[0, 0]]), "there is no label"),
        (
            lambda: Annotations.from_codes([0, -1], [0, 0], items=["x"], categories=["a"]),
            r"`item\[1\]` is -1; codes must be in 0..0",
        ),
        (
            lambda: Annotations.from_codes([0], [0], weight=[0.0], items=["x"], categories=["a"]),
            r"`weight\[0\]` is 0; it must be above zero",
        ),
        (
            lambda: Annotations.from_codes([0], [0], rater=[0], items=["x"], categories=["a"]),
            "`raters` is missing",
        ),
        (
            lambda: Annotations.from_codes(
                [0], [0], items=["x"], categories=["a"], groups={"g": ["u"]}
            ),
            "`groups` are attributes of raters",
        ),
    ],
)
def test_bad_input_is_named(build, message):
    with pytest.raises(DataError, match=message):
        build()


def test_labels_that_look_alike_are_refused():
    with pytest.raises(LabelError, match=r"1 \(int\) and '1' \(str\), which look alike"):
        Annotations.from_matrix([[1, "1"]])


def test_unknown_category_is_named():
    with pytest.raises(LabelError, match="names 'yess'.*did you mean 'yes'"):
        Annotations.from_matrix([["yess", "no"]], categories=["no", "yes"])


def test_merge_refuses_what_does_not_belong_together():
    plain = small()
    with pytest.raises(DataError, match="`other` is list"):
        plain.merge([])
    with pytest.raises(DataError, match="scale 'nominal' with 'ordinal'"):
        plain.merge(Annotations.from_matrix([[1]], scale="ordinal"))
    with pytest.raises(DataError, match="with raters and Annotations without"):
        plain.merge(Annotations.from_counts([[1, 2]]))
    moved = Annotations.from_codes(
        [0],
        [0],
        rater=[0],
        items=["x"],
        raters=["r"],
        categories=["no"],
        groups={"side": ["right"]},
    )
    with pytest.raises(DataError, match="rater 'r' is in two groups of 'side': 'left' and 'right'"):
        plain.merge(moved)


def test_a_table_that_cannot_be_meant_is_refused():
    n = 20_000
    ids = Annotations.from_codes(range(n), range(n), items=range(n), categories=range(n))
    with pytest.raises(DataError, match="20,000 items x 20,000 categories is too large"):
        ids.counts()

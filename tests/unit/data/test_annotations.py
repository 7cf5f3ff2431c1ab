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


def test_merge_of_scales_joins_numbers_but_no_orders():
    one = Annotations.from_matrix([[1, 3]], scale="interval")
    other = Annotations.from_matrix([[2, 3]], scale="interval")
    both = one.merge(other)
    assert both.categories == (1, 2, 3)
    np.testing.assert_array_equal(both.counts(), [[1, 1, 0], [0, 0, 2]])
    low = Annotations.from_matrix([["a", "b"]], scale="ordinal", categories=["a", "b"])
    high = Annotations.from_matrix([["b", "c"]], scale="ordinal", categories=["b", "c"])
    with pytest.raises(DataError, match="cannot merge the orders 'a', 'b' and 'b', 'c'"):
        low.merge(high)


def test_merge_adds_what_was_dropped():
    table = pd.DataFrame({"post": ["p", "p"], "who": [1, None], "says": ["a", None]})
    columns = {"item": "post", "rater": "who", "label": "says", "missing": "drop"}
    one = Annotations.from_frame(table, **columns)
    other = Annotations.from_frame(table.assign(says=["a", "b"]), **columns)
    both = one.merge(one).merge(other)
    reasons = set(one.dropped) | set(other.dropped)
    assert both.dropped == {
        reason: 2 * one.dropped.get(reason, 0) + other.dropped.get(reason, 0) for reason in reasons
    }
    assert sum(both.dropped.values()) == 3


def test_update_keeps_the_order_of_categories():
    ratings = Annotations.from_matrix([["lo", "hi"]], scale="ordinal", categories=["lo", "hi"])
    more = pd.DataFrame({"post": [0], "who": [1], "says": ["hi"]})
    both = ratings.update(more, item="post", rater="who", label="says")
    assert (both.scale, both.categories) == ("ordinal", ("lo", "hi"))
    np.testing.assert_array_equal(both.counts(), [[1, 1], [0, 1]])


def test_frame_of_counts_has_no_raters():
    frame = Annotations.from_counts([[1, 2]], categories=["a", "b"]).to_frame()
    assert frame.to_dict("list") == {"item": [0, 0], "label": ["a", "b"], "weight": [1.0, 2.0]}


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
        (lambda: Annotations.from_matrix([[nan, nan]]), "`values` holds no label"),
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
        (
            lambda: Annotations.from_matrix([[1, 2]], items=["x"]),
            "`items` names 1, but there are 2",
        ),
        (
            lambda: Annotations.from_codes([0], [0], items=["x"], categories=[]),
            "`categories` is empty",
        ),
        (
            lambda: Annotations.from_codes([0], [[0]], items=["x"], categories=["a"]),
            r"`label` has shape \(1, 1\); it must have one entry for each of the 1 labels",
        ),
        (
            lambda: Annotations.from_codes([0, 0], [0], items=["x"], categories=["a"]),
            r"`label` has shape \(1,\); it must have one entry for each of the 2 labels",
        ),
        (
            lambda: Annotations.from_codes([0.0], [0], items=["x"], categories=["a"]),
            "`item` must hold whole numbers; its dtype is float64",
        ),
        (
            lambda: Annotations.from_codes(
                [0], [0], weight=[1.0], count=[1], items=["x"], categories=["a"]
            ),
            "give `weight` or `count`, not both",
        ),
        (
            lambda: Annotations.from_codes([0], [0], count=[1, 2], items=["x"], categories=["a"]),
            "`count` has 2 entries for 1 labels",
        ),
        (
            lambda: Annotations.from_codes(
                [0],
                [0],
                rater=[0],
                items=["x"],
                raters=["r"],
                categories=["a"],
                groups={"g": ["u", "v"]},
            ),
            r"`groups\['g'\]` has 2 entries for 1 raters",
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
    with pytest.raises(LabelError, match=r"names 'yess'.*did you mean 'yes'"):
        Annotations.from_matrix([["yess", "no"]], categories=["no", "yes"])


def test_merge_refuses_what_does_not_belong_together():
    plain = small()
    with pytest.raises(DataError, match="`other` is list"):
        plain.merge([])
    with pytest.raises(DataError, match="scale 'nominal' with 'ordinal'"):
        plain.merge(Annotations.from_matrix([[1]], scale="ordinal"))
    with pytest.raises(DataError, match="with raters and Annotations without"):
        plain.merge(Annotations.from_counts([[1, 2]]))
    ungrouped = Annotations.from_codes(
        [0], [0], rater=[0], items=["x"], raters=["r"], categories=["no"]
    )
    with pytest.raises(DataError, match="cannot merge group columns 'side' with"):
        plain.merge(ungrouped)
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


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "post": ["p", "p", "q", "q", "p"],
            "who": ["ann", "bo", "bo", "cy", "ann"],
            "says": [1, 2, 2, 3, 1],
            "side": ["left", "right", "right", "left", "left"],
            "age": ["old", "old", "old", "new", "old"],
            "w": [1.0, 0.5, 2.0, 0.0, 1.0],
        }
    )


def test_frame_is_counted_with_groups_of_raters():
    ratings = Annotations.from_frame(
        rows(), item="post", rater="who", label="says", group=["side", "age"], scale="ordinal"
    )
    assert ratings.raters == ("ann", "bo", "cy")
    assert ratings.n_labels == 5
    np.testing.assert_array_equal(ratings.counts(), [[2, 1, 0], [0, 1, 1]])
    assert ratings.groups["side"].labels == ("left", "right")
    np.testing.assert_array_equal(ratings.groups["side"].codes, [0, 1, 0])
    assert ratings.squares is None


def test_weights_add_and_labels_of_weight_zero_are_none():
    ratings = Annotations.from_frame(rows(), item="post", rater="who", label="says", weight="w")
    np.testing.assert_array_equal(ratings.counts(), [[2, 0.5, 0], [0, 2, 0]])
    np.testing.assert_array_equal(ratings.item_squares(), [2.25, 4.0])


def test_weights_that_add_up_to_their_squares_are_not_one():
    table = pd.DataFrame({"post": ["p", "p"], "who": ["ann", "ann"], "says": ["yes", "yes"]})
    for weights, squares in (([0.4, 1.2], [1.6]), ([1.0, 1.0], None)):
        ratings = Annotations.from_frame(
            table.assign(w=weights), item="post", rater="who", label="says", weight="w"
        )
        assert ratings.item_squares() == pytest.approx(squares or [2.0])
        assert (ratings.squares is None) == (squares is None)


def test_weights_that_are_all_zero_leave_no_label():
    with pytest.raises(DataError, match="every weight in column 'w' is zero"):
        Annotations.from_frame(
            rows().assign(w=0.0), item="post", rater="who", label="says", weight="w"
        )


@pytest.mark.parametrize(
    ("says", "message"),
    [
        (["1", "many"], "column 'says' holds 'many', which is no number"),
        (["1", "1.0"], "column 'says' writes one number in two ways, such as 1 and 1.0"),
    ],
)
def test_text_of_a_file_that_is_no_scale_is_refused(tmp_path, says, message):
    path = tmp_path / "labels.csv"
    pd.DataFrame({"post": ["p", "q"], "who": ["r", "s"], "says": says}).to_csv(path, index=False)
    with pytest.raises(LabelError, match=message):
        Annotations.from_frame(path, item="post", rater="who", label="says", scale="interval")


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_files_give_what_frames_give(tmp_path, suffix):
    path = tmp_path / f"labels.{suffix}"
    frame = rows()
    if suffix == "csv":
        frame.to_csv(path, index=False)
    elif suffix == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    columns = {"item": "post", "rater": "who", "label": "says", "group": "side"}
    here = Annotations.from_frame(frame, **columns, scale="interval")
    there = Annotations.from_frame(path, **columns, scale="interval")
    pd.testing.assert_frame_equal(here.to_frame(), there.to_frame())


def test_missing_values_are_an_error_or_counted():
    frame = rows()
    frame.loc[1, "who"] = None
    columns = {"item": "post", "rater": "who", "label": "says"}
    with pytest.raises(DataError, match="who"):
        Annotations.from_frame(frame, **columns)
    ratings = Annotations.from_frame(frame, **columns, missing="drop")
    assert ratings.n_labels == 4
    assert sum(ratings.dropped.values()) == 1
    assert "1 dropped" in repr(ratings)


def test_a_rater_in_two_groups_is_an_error():
    frame = rows()
    frame.loc[0, "side"] = "right"
    with pytest.raises(DataError, match="rater 'ann' is in two groups"):
        Annotations.from_frame(frame, item="post", rater="who", label="says", group="side")


def test_a_column_that_is_absent_or_used_twice_is_named():
    with pytest.raises(DataError, match=r"no column 'posts'.*did you mean 'post'"):
        Annotations.from_frame(rows(), item="posts", rater="who", label="says")
    with pytest.raises(DataError, match="a column has two roles"):
        Annotations.from_frame(rows(), item="post", rater="post", label="says")


def test_saved_and_loaded_is_the_same(tmp_path):
    path = tmp_path / "labels.parquet"
    frame = rows()
    frame["w"] += 0.5
    ratings = Annotations.from_frame(
        frame, item="post", rater="who", label="says", group="side", weight="w", scale="ratio"
    )
    ratings.save(path)
    again = Annotations.load(path)
    pd.testing.assert_frame_equal(again.to_frame(), ratings.to_frame())
    np.testing.assert_array_equal(again.squares, ratings.squares)
    assert (again.scale, again.n_labels, repr(again)) == ("ratio", 5, repr(ratings))
    counts = Annotations.from_counts([[1, 2]])
    counts.save(path)
    assert Annotations.load(path).raters is None


def test_files_of_others_are_refused(tmp_path):
    from pluralism import Comparisons

    path = tmp_path / "other.parquet"
    Comparisons.from_pairs([("a", "b")]).save(path)
    with pytest.raises(DataError, match="holds saved comparisons, not annotations"):
        Annotations.load(path)
    with pytest.raises(DataError, match="there is no file"):
        Annotations.load(tmp_path / "absent.parquet")

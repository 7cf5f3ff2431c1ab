"""What comes in as an array, a DataArray or a frame goes out in kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr

from pluralism._labelled import match_dimension, take, take_together
from pluralism.errors import DataError, LabelError

COUNTS = np.arange(1.0, 25.0).reshape(2, 3, 4)


def total(value, **where):
    """Stand in for a statistic: the sum over categories."""
    values, layout = take("counts", value, **where)
    return layout.wrap(values.sum(axis=-1))


def gap(p, q, **where):
    """Stand in for a distance: the summed difference over categories."""
    (a, b), layout = take_together({"p": p, "q": q}, **where)
    return layout.wrap((a - b).sum(axis=-1))


def survey() -> xr.DataArray:
    return xr.DataArray(
        COUNTS,
        dims=["country", "option", "wave"],
        coords={
            "country": ["JP", "US"],
            "option": ["no", "unsure", "yes"],
            "wave": [1, 2, 3, 4],
            "continent": ("country", ["Asia", "America"]),
            "code": ("option", [10, 20, 30]),
        },
        attrs={"source": "made up"},
        name="answers",
    )


class TestTake:
    def test_array_gives_float_or_array(self):
        result = total([1, 2, 3])
        assert type(result) is float
        assert result == 6.0
        np.testing.assert_array_equal(total(COUNTS), COUNTS.sum(-1))
        np.testing.assert_array_equal(total(COUNTS, axis=1), COUNTS.sum(1))

    def test_data_array_keeps_coordinates_and_attributes(self):
        result = total(survey(), dim="option")
        assert result.dims == ("country", "wave")
        assert set(result.coords) == {"country", "wave", "continent"}
        assert result.attrs == {"source": "made up"}
        np.testing.assert_array_equal(result, COUNTS.sum(1))
        assert total(survey()).dims == ("country", "option")
        assert total(survey(), axis=0).dims == ("option", "wave")

    def test_data_array_of_one_dimension_gives_a_data_array(self):
        assert total(survey().isel(country=0, wave=0), dim="option").ndim == 0

    def test_extra_dimensions_go_last(self):
        values, layout = take("counts", survey(), dim="option")
        result = layout.wrap(values[..., :2], extra={"q": [0.0, 1.0]}, attrs={"made": "so"})
        assert result.dims == ("country", "wave", "q")
        assert result.attrs == {"source": "made up", "made": "so"}
        np.testing.assert_array_equal(result["q"], [0.0, 1.0])

    @pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, lambda d: pl.DataFrame(d).lazy()])
    def test_frame_is_rows_by_categories(self, make):
        result = total(make({"no": [1, 2], "yes": [3, 4]}))
        assert result.dims == ("row",)
        np.testing.assert_array_equal(result, [4.0, 6.0])

    def test_pandas_frame_keeps_its_index(self):
        frame = pd.DataFrame({"no": [1, 2], "yes": [3, 4]}, index=pd.Index(["a", "b"], name="item"))
        result = total(frame)
        assert result.dims == ("item",)
        assert result.sel(item="b") == 6.0
        frame.index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["item", "wave"])
        assert total(frame).sel(item="b") == 6.0

    def test_series_and_mapping_give_a_float(self):
        assert type(total(pd.Series([1, 2], index=["a", "b"]))) is float
        assert total({"a": 1, "b": 2}) == 3.0

    @pytest.mark.parametrize(
        ("value", "where", "message"),
        [
            (5.0, {}, "single number 5"),
            ([], {}, "no categories"),
            (np.empty((3, 0)), {}, r"no categories; its shape is \(3, 0\)"),
            ([1.0, np.nan], {}, r"`counts\[1\]` is nan"),
            ([1.0, np.inf], {}, r"`counts\[1\]` is inf"),
            (["a", "b"], {}, "must hold numbers"),
            (np.array([1j, 2.0]), {}, "must hold numbers"),
            ("abc", {}, "must hold numbers"),
            ([1, 2], {"axis": 1}, "`axis` is 1, but `counts` has 1"),
            ([1, 2], {"axis": 0.0}, "`axis` is 0.0; it must be a whole number"),
            ([1, 2], {"dim": "option"}, "plain array; use `axis`"),
            (survey(), {"dim": "options"}, "did you mean 'option'"),
            (survey(), {"axis": 3}, "`axis` is 3, but `counts` has the dimensions"),
            (xr.DataArray(3.0), {}, r"`counts` has the dimensions \(\)"),
            (survey().to_dataset(), {}, "is a Dataset"),
            (pd.DataFrame({"a": [1], "b": ["x"]}), {}, r"column\(s\) 'b' hold no numbers"),
            (pl.DataFrame({"a": [1], "b": ["x"]}), {}, r"column\(s\) 'b' hold no numbers"),
            (pd.Series([1, 2], index=["a", "a"]), {}, "category 'a' twice"),
            (pd.DataFrame([[1, 2]], columns=["a", "a"]), {}, "column 'a' twice"),
        ],
    )
    def test_bad_input_names_the_argument(self, value, where, message):
        with pytest.raises(DataError, match=message):
            total(value, **where)


class TestTakeTogether:
    def test_arrays_broadcast_over_kept_axes_only(self):
        assert gap([1, 2], [0, 0]) == 3.0
        assert gap(COUNTS, np.zeros(4)).shape == (2, 3)
        with pytest.raises(DataError, match="`p` has 1 categories and `q` has 3"):
            gap([1.0], [1.0, 2.0, 3.0])
        with pytest.raises(DataError, match="do not fit together"):
            gap(np.ones((2, 3)), np.ones((4, 3)))

    def test_categories_are_matched_by_name(self):
        left = xr.DataArray([1.0, 2.0, 3.0], coords={"option": ["a", "b", "c"]}, dims="option")
        right = left.isel(option=[2, 0, 1])
        (a, b), layout = take_together({"p": left, "q": right})
        np.testing.assert_array_equal(a, b)
        assert layout.categories == ("a", "b", "c")
        assert gap({"a": 1, "b": 2}, {"b": 2, "a": 1}) == 0.0

    def test_unequal_categories_are_an_error_unless_filled(self):
        left, right = {"a": 1, "b": 2}, {"b": 2, "c": 4}
        with pytest.raises(LabelError, match=r"only `p` has 'a'; only `q` has 'c'.*fill=0"):
            gap(left, right)
        assert gap(left, right, fill=0) == -3.0
        (p, q), layout = take_together({"p": left, "q": right}, fill=0)
        assert layout.categories == ("a", "b", "c")
        np.testing.assert_array_equal([p, q], [[1, 2, 0], [0, 2, 4]])

    def test_other_dimensions_are_matched_by_label_too(self):
        data = survey()
        shuffled = data.isel(country=[1, 0], wave=[3, 1, 0, 2], option=[2, 0, 1])
        np.testing.assert_array_equal(gap(data, shuffled, dim="option"), np.zeros((2, 4)))
        with pytest.raises(LabelError, match="differ along 'country': only `p` has 'US'"):
            gap(data, data.isel(country=[0]), dim="option")
        # not even `fill` invents a country
        with pytest.raises(LabelError, match="differ along 'country'"):
            gap(data, data.isel(country=[0]), dim="option", fill=0)

    def test_dimensions_of_one_side_broadcast(self):
        data = survey()
        result = gap(data, data.isel(country=0, drop=True), dim="option")
        assert result.dims == ("country", "wave")
        assert list(result["continent"].values) == ["Asia", "America"]
        assert result.attrs == {"source": "made up"}
        other = data.isel(country=0, drop=True).rename(wave="model")
        assert gap(data, other, dim="option").dims == ("country", "wave", "model")

    def test_labelled_beside_plain(self):
        data = survey()
        assert gap(data, [1, 1, 1], dim="option").dims == ("country", "wave")
        with pytest.raises(DataError, match="beside labelled input"):
            gap(data, np.ones((5, 3)), dim="option")
        frame = pd.DataFrame({"no": [1, 2], "yes": [3, 4]})
        with pytest.raises(DataError, match="`p` has 2 categories and `q` has 3"):
            gap(frame, [1, 1, 1])

    def test_frames_match_by_column(self):
        left = pd.DataFrame({"no": [1, 2], "yes": [3, 4]})
        np.testing.assert_array_equal(gap(left, left[["yes", "no"]]), [0.0, 0.0])

    def test_categories_along_differently_named_dimensions(self):
        left = xr.DataArray([[1.0, 2.0]], dims=["item", "option"])
        np.testing.assert_array_equal(gap(left, left.rename(option="answer")), [0.0])
        with pytest.raises(DataError, match="say which by `dim`"):
            gap(left, left.transpose())

    def test_no_categories_at_all_are_an_error(self):
        empty = survey().isel(option=[])
        with pytest.raises(DataError, match="the dimension 'option' holds no categories"):
            gap(empty, empty, dim="option")

    def test_bad_numbers_name_their_own_argument(self):
        with pytest.raises(DataError, match=r"`q\[1\]` is nan"):
            gap([1, 2], [1, np.nan])
        with pytest.raises(DataError, match=r"`q\[1\]` is nan"):
            gap({"a": 1, "b": 2}, {"a": 1, "b": np.nan})


def test_labels_that_are_tuples_are_matched():
    shares = {("k", 0): 0.7, ("k", 1): 0.2, ("k", 2): 0.1}
    turned = dict(reversed(shares.items()))
    (left, right), layout = take_together({"p": shares, "q": turned})
    assert layout.categories == tuple(shares)
    np.testing.assert_array_equal(left, right)


class TestMatchDimension:
    """One side has labels, the other has not: it takes those of the first, by place."""

    LABELLED = xr.DataArray([1.0, 2.0], dims="item", coords={"item": ["a", "b"]})
    PLAIN = xr.DataArray([3.0, 4.0], dims="item")

    def test_labels_of_the_first_are_taken_and_others_dropped(self):
        _, second = match_dimension(("p", "q"), [self.LABELLED, self.PLAIN], "item")
        assert second["item"].values.tolist() == ["a", "b"]
        _, second = match_dimension(("p", "q"), [self.PLAIN, self.LABELLED], "item")
        assert "item" not in second.coords
        assert second.values.tolist() == [1.0, 2.0]

    def test_other_lengths_cannot_be_matched_by_place(self):
        with pytest.raises(DataError, match=r"`p` has 2 entries along 'item' and `q` has 1; label"):
            match_dimension(("p", "q"), [self.LABELLED, self.PLAIN[:1]], "item")

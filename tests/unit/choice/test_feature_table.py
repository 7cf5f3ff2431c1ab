"""Tables of features: which way they lie, whose rows they are, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism import DataError, LabelError
from pluralism.choice._feature_table import by_feature, feature_rows, row_labels

VALUES = np.array([[1.0, 0.0, 5.0], [2.0, 3.0, 5.0]])


def test_rows_are_alternatives_and_columns_features():
    table = xr.DataArray(
        VALUES,
        dims=("item", "feature"),
        coords={"item": ["b", "a"], "feature": ["size", "age", "weight"]},
    )
    frame = pd.DataFrame(VALUES, index=["b", "a"], columns=["size", "age", "weight"])
    for given in (table, table.transpose(), frame):
        values, names = feature_rows(given, ("a", "b"))
        np.testing.assert_array_equal(values, VALUES[::-1])
        assert names == ("size", "age", "weight")
        values, _ = feature_rows(given, None)
        np.testing.assert_array_equal(values, VALUES)
        assert row_labels(given) == ("b", "a")


@pytest.mark.parametrize("dims", [("row", "column"), ("item", "feature")])
def test_tables_without_labels_are_taken_by_place(dims):
    for given in (VALUES, xr.DataArray(VALUES, dims=dims)):
        values, names = feature_rows(given, ("a", "b"))
        np.testing.assert_array_equal(values, VALUES)
        assert names == (0, 1, 2)
        assert row_labels(given) is None
    named = xr.DataArray(VALUES, dims=dims, coords={dims[1]: ["x", "y", "z"]})
    assert feature_rows(named, ("a", "b"))[1] == ("x", "y", "z")
    assert row_labels(named) is None
    rows = xr.DataArray(VALUES, dims=dims, coords={dims[0]: ["b", "a"]})
    assert feature_rows(rows, ("a", "b"))[1] == (0, 1, 2)
    assert row_labels(rows) == ("b", "a")


@pytest.mark.parametrize(
    ("features", "alternatives", "error", "message"),
    [
        (np.zeros((2, 0)), None, DataError, r"`features` is empty; its shape is \(2, 0\)$"),
        (np.ones((3, 2)), None, DataError, "all rows of `features` are the same; they tell no"),
        (VALUES, ("a", "b", "c"), DataError, "`features` has 2 rows for 3 alternatives$"),
        (VALUES, ("a",), DataError, "`features` has 2 rows for 1 alternatives$"),
        (
            pd.DataFrame(VALUES, index=["a", "c"]),
            ("a", "b"),
            LabelError,
            "the ballots' alternatives names 'b', which is not in `features`",
        ),
    ],
)
def test_tables_that_do_not_fit(features, alternatives, error, message):
    with pytest.raises(error, match=message):
        feature_rows(features, alternatives)


def test_one_feature_that_differs_is_enough():
    values, _ = feature_rows([[1.0, 7.0], [1.0, 7.5]], None)
    np.testing.assert_array_equal(values, [[1.0, 7.0], [1.0, 7.5]])


def test_a_number_for_each_feature_is_labelled():
    found = by_feature(("size", "age"), np.array([2.0, -1.0]))
    assert (found.dims, found.name) == (("feature",), "coefficient")
    assert found.to_series().to_dict() == {"size": 2.0, "age": -1.0}

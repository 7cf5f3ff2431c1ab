"""Utilities of several respondents: their correlations and principal components."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from sklearn.decomposition import PCA

from pluralism.errors import DataError, LabelError
from pluralism.utility import utility_components, utility_convergence


def table_of(n_people=4, n_items=40, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_people, 2)) @ rng.normal(size=(2, n_items))
    values += 0.4 * rng.normal(size=values.shape)
    return xr.DataArray(
        values,
        dims=("respondent", "item"),
        coords={"respondent": [f"r{k}" for k in range(n_people)], "item": np.arange(n_items)},
    )


def test_correlations_are_numpys_and_scipys():
    table = table_of()
    result = utility_convergence(table, n=50)
    np.testing.assert_allclose(result.matrix, np.corrcoef(table.values), atol=1e-12)
    ranks = utility_convergence(table, measure="spearman", n=20).matrix
    np.testing.assert_allclose(ranks, stats.spearmanr(table.values.T).statistic, atol=1e-12)
    low, high = np.triu_indices(4, 1)
    assert result.mean == pytest.approx(result.matrix.values[low, high].mean())
    assert (result.matrix.values.diagonal() == 1).all()


def test_intervals_cover_like_fishers():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    y = 0.6 * x + 0.8 * rng.normal(size=200)
    result = utility_convergence({"a": dict(enumerate(x)), "b": dict(enumerate(y))}, n=999)
    ours = result.interval.sel(respondent="a", respondent_bis="b").values
    theirs = stats.pearsonr(x, y).confidence_interval()
    np.testing.assert_allclose(ours, theirs, atol=0.03)
    assert result.mean_interval == pytest.approx(tuple(ours))


def test_cosine_is_pearson_only_where_utilities_are_about_the_mean_of_the_same_items():
    table = table_of()
    centred = table - table.mean("item")
    cosine = utility_convergence(centred, measure="cosine", n=20).matrix
    np.testing.assert_allclose(cosine, utility_convergence(table, n=20).matrix, atol=1e-12)
    fewer = {
        k: centred.sel(respondent=k).to_series().iloc[: 40 - 15 * (k == "r0")] for k in ("r0", "r1")
    }
    some = utility_convergence(fewer, measure="cosine", unmatched="drop", n=20)
    assert len(some.dropped) == 15
    assert some.n_items == 25
    pearson = utility_convergence(fewer, unmatched="drop", n=20)
    assert abs(some.matrix.values[0, 1] - pearson.matrix.values[0, 1]) > 1e-3


def test_items_are_matched_by_label():
    rng = np.random.default_rng(0)
    first = pd.Series(rng.normal(size=10), index=list("abcdefghij"))
    same = first.sample(frac=1, random_state=1)
    assert utility_convergence({"x": first, "y": same}, n=20).matrix.values[0, 1] == pytest.approx(
        1
    )
    with pytest.raises(LabelError, match="do not have the same items: 1 of 10"):
        utility_convergence({"x": first, "y": same.drop("c")})
    with pytest.raises(DataError, match="share 2 item"):
        utility_convergence({"x": first, "y": same[["a", "b"]]}, unmatched="drop")


def test_a_table_may_name_its_dimensions_as_it_likes():
    values = np.random.default_rng(4).normal(size=(3, 12))
    coords = {"who": list("xyz"), "thing": list("abcdefghijkl")}
    named = xr.DataArray(values, dims=("who", "thing"), coords=coords)
    turned = named.rename(thing="item").transpose()  # where items are named, they are found
    np.testing.assert_allclose(
        utility_convergence(named, n=9).matrix, utility_convergence(turned, n=9).matrix
    )
    with pytest.raises(DataError, match="`utilities` has no labels along 'thing'"):
        utility_convergence(named.drop_vars("thing"))


@pytest.mark.parametrize("function", [utility_convergence, utility_components])
def test_respondents_that_cannot_be(function):
    one = dict(enumerate([1.0, 2.0, 4.0]))
    with pytest.raises(DataError, match="1 respondent"):
        function({"x": one})
    with pytest.raises(
        DataError, match="the utilities of 'y' in `utilities` are the same for all 3"
    ):
        function({"x": one, "y": dict.fromkeys(one, 0.1)})
    with pytest.raises(DataError, match="must map each respondent to utilities"):
        function([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(DataError, match=r"`utilities\['y'\]` has no labels"):
        function({"x": one, "y": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match="nan"):
        function({"x": one, "y": one | {1: float("nan")}})


def test_components_are_scikit_learns():
    table = table_of(6)
    ours = utility_components(table, standardize=False, n=20)
    theirs = PCA(2).fit(table.values)
    np.testing.assert_allclose(ours.explained, theirs.explained_variance_ratio_)
    np.testing.assert_allclose(
        abs(ours.scores.values), abs(theirs.transform(table.values)), atol=1e-10
    )
    np.testing.assert_allclose(abs(ours.loadings.values.T), abs(theirs.components_), atol=1e-10)
    largest = np.abs(ours.loadings.values).argmax(axis=0)
    assert (ours.loadings.values[largest, [0, 1]] > 0).all()


def test_standardizing_takes_out_how_sharply_a_respondent_discriminates():
    table = table_of(5)
    louder = table * xr.DataArray([1.0, 2, 5, 10, 1], dims="respondent")
    ours, same = (utility_components(t, n=20) for t in (table, louder))
    np.testing.assert_allclose(ours.scores, same.scores, atol=1e-10)


def test_regions_hold_positions_over_other_items():
    rng = np.random.default_rng(0)
    people = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    values = people @ rng.normal(size=(2, 200)) + 0.3 * rng.normal(size=(4, 200))
    table = xr.DataArray(
        values, dims=("who", "item"), coords={"who": list("abcd"), "item": np.arange(200)}
    )
    result = utility_components(table, standardize=False, n=300, seed=1)
    spread = np.sqrt(result.score_covariance.values[:, [0, 1], [0, 1]])
    # Scores grow with the root of the number of items: their spread is a few percent.
    assert (spread < 0.15 * np.abs(result.scores.values).max()).all()
    outline = result.region("a", points=50)
    assert outline.shape == (50, 2)
    np.testing.assert_allclose(outline.mean("point"), result.scores.sel(respondent="a"), atol=1.0)
    assert (result.interval.sel(ci_bound="lower") <= result.interval.sel(ci_bound="upper")).all()
    with pytest.raises(LabelError, match="names 'z', which is not in the respondents"):
        result.region("z")


def test_components_that_cannot_be():
    table = table_of(3)
    with pytest.raises(DataError, match="have at most 2"):
        utility_components(table, n_components=3)
    same = {"x": dict(enumerate([1.0, 2.0, 4.0])), "y": dict(enumerate([1.0, 2.0, 4.0]))}
    with pytest.raises(DataError, match="all respondents have the same utilities"):
        utility_components(same, n_components=1)
    one = utility_components(table_of(2), n_components=1, n=20)
    assert one.explained.item() == pytest.approx(1.0)
    with pytest.raises(DataError, match="needs two components"):
        one.region("r0")

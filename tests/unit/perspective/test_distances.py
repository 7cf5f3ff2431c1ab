"""Distances between distributions."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.spatial.distance
import scipy.stats
import xarray as xr

from pluralism import perspective as ps
from pluralism.errors import DataError, LabelError

RNG = np.random.default_rng(3)
P, Q = RNG.dirichlet(np.full(6, 0.5), (2, 20))
DISTANCES = [
    ps.js_divergence,
    ps.js_distance,
    ps.kl_divergence,
    ps.total_variation,
    ps.manhattan,
    ps.hellinger,
    ps.wasserstein,
]


class TestValues:
    def test_scipy(self):
        reference = scipy.spatial.distance.jensenshannon(P, Q, axis=1)
        np.testing.assert_allclose(ps.js_distance(P, Q), reference, rtol=1e-10)
        np.testing.assert_allclose(ps.js_divergence(P, Q), reference**2, rtol=1e-10)
        np.testing.assert_allclose(ps.js_distance(P, Q, base=2) ** 2, reference**2 / math.log(2))
        np.testing.assert_allclose(ps.kl_divergence(P, Q), scipy.stats.entropy(P, Q, axis=1))

    def test_wasserstein_against_scipy(self):
        place = RNG.normal(size=6)
        for values in (None, place):
            at = np.arange(6) if values is None else place
            expected = [
                scipy.stats.wasserstein_distance(at, at, p, q) for p, q in zip(P, Q, strict=True)
            ]
            np.testing.assert_allclose(ps.wasserstein(P, Q, values=values), expected)
        relative = ps.wasserstein(P, Q, values=place, relative=True)
        np.testing.assert_allclose(relative, ps.wasserstein(P, Q, values=place) / np.ptp(place))

    def test_small_differences_are_not_lost(self):
        """scipy's form gives noise, or NaN, where the distance is below the root of epsilon."""
        p = np.array([0.3, 0.3, 0.4])
        step = 1e-10 * np.array([1.0, -1.0, 0.0])
        expected = math.sqrt((step**2 / p).sum() / 8)
        assert ps.js_distance(p, p + step) == pytest.approx(expected, rel=1e-4)

    def test_divergence_among(self):
        w = np.array([0.5, 0.2, 0.3])
        three = RNG.dirichlet(np.ones(4), 3)
        expected = ps.entropy(w @ three) - w @ ps.entropy(three)
        assert ps.js_divergence_among(three, weights=w) == pytest.approx(expected)
        assert ps.js_divergence_among(three, weights=10 * w, base=2) == pytest.approx(
            expected / math.log(2)
        )
        assert ps.js_divergence_among([three[0]] * 3) == pytest.approx(0.0, abs=1e-15)
        batch = RNG.dirichlet(np.ones(4), (5, 3))
        assert ps.js_divergence_among(batch).shape == (5,)
        np.testing.assert_allclose(
            ps.js_divergence_among(batch, over=0), ps.js_divergence_among(batch.swapaxes(0, 1))
        )
        data = xr.DataArray(batch, dims=["item", "country", "option"])
        assert ps.js_divergence_among(data, over="country").dims == ("item",)
        assert ps.js_divergence_among(data, over="item", dim="option").dims == ("country",)

    def test_weights_are_matched_by_label(self):
        p = xr.DataArray(
            RNG.dirichlet(np.ones(4), 3), dims=["land", "option"], coords={"land": ["a", "b", "c"]}
        )
        named = ps.js_divergence_among(p, weights={"c": 3, "a": 1, "b": 2})
        assert float(named) == ps.js_divergence_among(p.values, weights=[1, 2, 3])
        with pytest.raises(LabelError, match="no entry for the category 'c'"):
            ps.js_divergence_among(p, weights=pd.Series({"a": 1, "b": 2}))

    def test_divergence_among_refuses(self):
        with pytest.raises(DataError, match="is one distribution"):
            ps.js_divergence_among([0.5, 0.5])
        with pytest.raises(DataError, match="3 entries for 2 distributions"):
            ps.js_divergence_among([[0.5, 0.5], [1, 0]], weights=[1, 1, 1])
        with pytest.raises(DataError, match="other than the categories'"):
            ps.js_divergence_among([[0.5, 0.5], [1, 0]], over=1)

    def test_smoothing(self):
        assert ps.kl_divergence([0.5, 0.5], [1.0, 0.0]) == math.inf
        p, q = np.array([0.6, 0.6]) / 1.2, np.array([1.1, 0.1]) / 1.2
        expected = (p * np.log(p / q)).sum()
        assert ps.kl_divergence([0.5, 0.5], [1.0, 0.0], smoothing=0.1) == pytest.approx(expected)
        with pytest.raises(DataError, match="`smoothing` is -1"):
            ps.kl_divergence([0.5, 0.5], [1.0, 0.0], smoothing=-1)


@pytest.mark.parametrize("distance", DISTANCES, ids=lambda f: f.__name__)
class TestInput:
    def test_batches(self, distance):
        assert type(distance(P[0], Q[0])) is float
        np.testing.assert_allclose(distance(P, Q[0])[4], distance(P[4], Q[0]))
        np.testing.assert_allclose(distance(P.T, Q.T, axis=0), distance(P, Q))
        assert distance(P[:, None], Q[None]).shape == (20, 20)

    def test_labels(self, distance):
        options = list("abcdef")
        p = xr.DataArray(P, dims=["item", "option"], coords={"option": options})
        q = p.copy(data=Q)
        result = distance(p, q.isel(option=[3, 1, 0, 2, 5, 4]), dim="option")
        assert result.dims == ("item",)
        np.testing.assert_allclose(result, distance(P, Q), rtol=1e-9)
        frame = pd.DataFrame(P, columns=options)
        rows = q.rename(item="row")
        np.testing.assert_allclose(distance(frame, rows), distance(P, Q), rtol=1e-9)

    def test_categories_that_differ(self, distance):
        left, right = {"a": 0.5, "b": 0.5}, {"a": 0.5, "c": 0.5}
        with pytest.raises(LabelError, match="only `p` has 'b'; only `q` has 'c'"):
            distance(left, right)
        # Where a category that `left` lacks lies on a scale, only `values` can say.
        scale = {"values": {"a": 0, "b": 1, "c": 2}} if distance is ps.wasserstein else {}
        filled = distance(left, right, fill=0, **scale)
        assert filled == distance([0.5, 0.5, 0.0], [0.5, 0.0, 0.5])

    def test_counts_need_to_be_announced(self, distance):
        with pytest.raises(DataError, match=r"`p` sums to 10, not to 1.*`normalize=True`"):
            distance([4, 6], [0.5, 0.5])
        assert distance([4, 6], [5, 5], normalize=True) == pytest.approx(
            distance([0.4, 0.6], [0.5, 0.5])
        )

    @pytest.mark.parametrize(
        ("q", "message"),
        [
            ([-0.5, 1.5], r"`q\[0\]` is -0.5"),
            ([0.5, 0.6], "`q` sums to 1.1"),
            ([0.0, 0.0], "`q` is all zero"),
            ([], "`q` has no categories"),
            ([np.nan, 1.0], r"`q\[0\]` is nan"),
            ([np.inf, 1.0], r"`q\[0\]` is inf"),
            ([1.0], "`p` has 2 categories and `q` has 1"),
            ([0.2, 0.3, 0.5], "`p` has 2 categories and `q` has 3"),
            (["a", "b"], "must hold numbers"),
        ],
    )
    def test_what_is_no_distribution(self, distance, q, message):
        with pytest.raises(DataError, match=message):
            distance([0.5, 0.5], q)

    def test_single_precision_sums_are_accepted(self, distance):
        p = np.float32([0.1, 0.2, 0.7])
        assert np.isfinite(distance(p, np.float32([0.3, 0.3, 0.4])))


class TestWasserstein:
    def test_one_category_has_no_distance(self):
        assert ps.wasserstein([1.0], [1.0]) == 0.0
        np.testing.assert_array_equal(ps.wasserstein(np.ones((3, 1)), np.ones((3, 1))), np.zeros(3))

    def test_order_of_values_does_not_matter(self):
        order = RNG.permutation(6)
        place = np.array([0.0, 1.0, 1.5, 4.0, 4.0, 9.0])
        shuffled = ps.wasserstein(P[:, order], Q[:, order], values=place[order])
        np.testing.assert_allclose(shuffled, ps.wasserstein(P, Q, values=place))

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ([0, 1, 2], "3 positions for 2 categories"),
            ([1, 1], "all coincide"),
            (["a", "b"], "must hold numbers"),
        ],
    )
    def test_bad_values(self, values, message):
        with pytest.raises(DataError, match=message):
            ps.wasserstein([0.5, 0.5], [1.0, 0.0], values=values, relative=True)


def test_blocks_give_what_the_whole_gives(monkeypatch):
    from pluralism.kernels import _distances

    whole = [ps.js_divergence(P, Q), ps.wasserstein(P, Q), ps.js_divergence(P[:, None], Q)]
    monkeypatch.setattr(_distances, "BLOCK", 20)  # three rows of six, the last block shorter
    blocks = [ps.js_divergence(P, Q), ps.wasserstein(P, Q), ps.js_divergence(P[:, None], Q)]
    for one, other in zip(whole, blocks, strict=True):
        assert one.shape == other.shape
        np.testing.assert_array_equal(one, other)

"""Entropy and its estimators."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.stats
import xarray as xr

from pluralism.errors import DataError, SmallSampleWarning
from pluralism.perspective import entropy

RNG = np.random.default_rng(0)


class TestPlugin:
    def test_agrees_with_scipy_over_any_axis(self):
        counts = RNG.integers(10, 90, (40, 7, 3))
        counts[0, :, 0] = [5, 0, 0, 0, 0, 0, 0]
        for axis in (0, 1, 2, -2):
            expected = scipy.stats.entropy(counts, axis=axis)
            np.testing.assert_allclose(entropy(counts, axis=axis), expected, rtol=1e-13)
        np.testing.assert_allclose(
            entropy(counts, axis=1, base=2), scipy.stats.entropy(counts, axis=1, base=2), atol=1e-14
        )

    def test_blocks_join(self):
        counts = RNG.integers(1, 50, (5000, 40))
        np.testing.assert_allclose(entropy(counts), scipy.stats.entropy(counts, axis=1))

    def test_one_category_has_exactly_none(self):
        assert entropy([17, 0, 0]) == 0.0
        assert not np.signbit(entropy([1.0, 0.0]))

    def test_labels_stay(self):
        data = xr.DataArray(
            RNG.random((2, 3)), dims=["country", "option"], coords={"country": ["JP", "US"]}
        )
        result = entropy(data, dim="option")
        assert result.dims == ("country",)
        assert result.attrs["estimator"] == "plugin"
        np.testing.assert_array_equal(result, entropy(data.values))

    def test_counts_and_shares_agree(self):
        assert entropy([60, 30, 10]) == pytest.approx(entropy([0.6, 0.3, 0.1]))

    def test_warns_of_a_large_bias_in_counts_alone(self):
        counts = np.zeros((3, 50))
        counts[0, :10] = 1  # ten answers, all different
        counts[1:, :2] = 40
        with pytest.warns(SmallSampleWarning, match=r"estimated 0.45 nats or more in 1 of 3"):
            entropy(counts)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            entropy(counts[1:])
            entropy(counts[0] / counts[0].sum())

    @pytest.mark.parametrize(
        ("value", "options", "message"),
        [
            ([1, -2], {}, r"`counts\[1\]` is -2; a count or a share must be at least 0"),
            ([0, 0], {}, "`counts` is all zero"),
            ([[1, 2], [0, 0]], {}, r"`counts\[1\]` is all zero \(1 such of 2\)"),
            ([], {}, "no categories"),
            ([1, np.nan], {}, r"`counts\[1\]` is nan"),
            ([1, 2], {"k": 1}, "`k` is 1, but 2 categories are given"),
            ([1, 2], {"k": 2.5}, "`k` is 2.5; it must be a whole number"),
            ([1, 2], {"base": 1}, "no base 1"),
            ([1, 2], {"base": 0}, "`base` is 0"),
            ([1, 2], {"estimator": "plug-in"}, "did you mean 'plugin'"),
        ],
    )
    def test_bad_input(self, value, options, message):
        with pytest.raises(DataError, match=message):
            entropy(value, **options)


def test_fractional_counts_have_no_bias_to_take_off():
    from pluralism.kernels._entropy import plugin_with_bias

    found = plugin_with_bias(np.array([[1.0, 1.0, 2.0], [0.5, 0.5, 1.0]]))
    entropy_of = 1.5 * np.log(2)  # shares 1/4, 1/4, 1/2 in both
    np.testing.assert_allclose(found, [[entropy_of, -2 / 8], [entropy_of, 0.0]], atol=1e-12)

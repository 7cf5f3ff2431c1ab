"""Values and contexts; composite dimensions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.api as sm

from pluralism.errors import DataError, LabelError
from pluralism.perspective import dimension_scores, value_associations

RNG = np.random.default_rng(4)


class TestTable:
    TABLE = RNG.poisson(30, (4, 3)) + np.diag([20, 0, 10, 0])[:, :3]

    def test_against_statsmodels_and_scipy(self):
        result = value_associations(self.TABLE)
        reference = sm.stats.Table(self.TABLE, shift_zeros=False)
        np.testing.assert_allclose(result.residual, reference.standardized_resids)
        np.testing.assert_allclose(result.expected, reference.fittedvalues)
        chi2, pvalue, df, _ = scipy.stats.chi2_contingency(self.TABLE, correction=False)
        assert (result.chi2, result.chi2_pvalue) == (pytest.approx(chi2), pytest.approx(pvalue))
        assert result.df == df
        v = scipy.stats.contingency.association(self.TABLE, method="cramer")
        assert result.cramers_v == pytest.approx(v)
        share = self.TABLE / self.TABLE.sum(axis=0)
        np.testing.assert_allclose(result.variation, scipy.stats.variation(share, axis=1, ddof=1))
        assert not result.clustered

    @pytest.mark.slow
    def test_corrections(self):
        raw = value_associations(self.TABLE, correction="none")
        np.testing.assert_array_equal(raw.adjusted_pvalue, raw.pvalue)
        bonferroni = value_associations(self.TABLE).adjusted_pvalue
        np.testing.assert_allclose(bonferroni, np.minimum(raw.pvalue * 12, 1))
        holm = value_associations(self.TABLE, correction="holm").adjusted_pvalue
        bh = value_associations(self.TABLE, correction="bh").adjusted_pvalue
        assert (raw.pvalue <= bh).all()
        assert (bh <= holm + 1e-12).all()
        assert (holm <= bonferroni + 1e-12).all()

    def test_labels(self):
        frame = pd.DataFrame(
            self.TABLE,
            index=["care", "rigour", "candour", "joy"],
            columns=["code", "essay", "chat"],
        )
        result = value_associations(frame)
        assert list(result.residual["value"].values) == list(frame.index)
        assert list(result.residual["context"].values) == list(frame.columns)

    def test_values_never_met(self):
        table = np.vstack([self.TABLE, [0, 0, 0]])
        result = value_associations(table)
        assert result.df == 6
        np.testing.assert_array_equal(result.residual[-1], 0.0)
        assert np.isnan(result.variation[-1])
        assert result.small_expected == 3

    @pytest.mark.parametrize(
        ("values", "options", "message"),
        [
            ([1, 2], {}, "must have two"),
            ([[1, 2]], {}, "two values and contexts"),
            ([[0, 0], [0, 0]], {}, "all zero"),
            ([[1, -2], [3, 4]], {}, r"`values\[0, 1\]` is -2"),
            ([[1, 2], [3, 4]], {"correction": "fdr"}, "`correction` is 'fdr'"),
            ([[1, 2], [3, 4]], {"context": ["a"]}, "1 labels for 2 conversations"),
            ([[1, 2], [3, 4]], {"context": ["a", None]}, r"`context\[1\]` is None"),
        ],
    )
    def test_refuses(self, values, options, message):
        with pytest.raises(DataError, match=message):
            value_associations(values, **options)


def conversations(n, effect=0.0, copies=1, seed=0):
    """Four values in two contexts; `copies` values always come together."""
    rng = np.random.default_rng(seed)
    context = rng.integers(0, 2, n)
    p = np.full((n, 3), 0.3)
    p[:, 0] += effect * context
    expressed = (rng.random((n, 3)) < p) * 1.0
    return np.repeat(expressed, copies, axis=1), np.array(["chat", "code"])[context]


class TestConversations:
    def test_counts_are_the_table(self):
        values, context = conversations(400, effect=0.4)
        result = value_associations(values, context=context, n=300)
        table = np.stack([values[context == c].sum(axis=0) for c in ("chat", "code")], axis=1)
        np.testing.assert_array_equal(result.counts, table)
        np.testing.assert_allclose(result.residual, value_associations(table).residual)
        assert result.clustered
        assert result.adjusted_pvalue.sel(value=0, context="code") < 1e-4
        lower, upper = result.residual_interval.sel(value=0, context="code")
        assert 0 < lower < result.residual.sel(value=0, context="code") < upper
        share = [values[context == c, 0].mean() for c in ("chat", "code")]
        expected = np.std(share, ddof=1) / np.mean(share)
        assert result.variation.sel(value=0) == pytest.approx(expected)
        lower, upper = result.variation_interval.sel(value=0)
        assert lower < expected < upper

    @pytest.mark.slow
    def test_single_counts_overstate_dependent_values(self):
        """Values that are repeated: the table rejects too often, conversations do not."""
        single, clustered = 0, 0
        runs = 80
        for seed in range(runs):
            rng = np.random.default_rng(seed)
            code = rng.integers(0, 2, 200)
            # long and short conversations: a value is expressed 0 or 5 times
            values = 5.0 * (rng.random((200, 3)) < 0.3)
            result = value_associations(values, context=code, correction="none", n=100, seed=seed)
            clustered += int((result.pvalue.sel(context=0) < 0.05).sum())
            table = value_associations(result.counts.values, correction="none")
            single += int((table.pvalue[:, 0] < 0.05).sum())
        assert single / (3 * runs) > 0.2
        assert 0.02 < clustered / (3 * runs) < 0.09


class TestDimensionScores:
    SHARES = pd.Series({"honesty": 20.0, "care": 10.0, "rigour": 6.0, "joy": 4.0})
    BELONGS = pd.DataFrame(
        {"Safety": [0, 1, 0, 0], "Fairness": [1, 1, 0, 0], "Reliability": [1, 0, 1, 0]},
        index=["honesty", "care", "rigour", "joy"],
    )

    def test_by_hand(self):
        result = dimension_scores(self.SHARES, self.BELONGS, normalization="max")
        np.testing.assert_allclose(result.raw, [10, 30, 26])
        np.testing.assert_allclose(result.score, [10 / 3, 10, 26 / 3])
        minmax = dimension_scores(self.SHARES, self.BELONGS, normalization="minmax", scale=1)
        np.testing.assert_allclose(minmax.score, [0, 1, 0.8])
        summed = dimension_scores(self.SHARES, self.BELONGS, normalization="sum", scale=1)
        np.testing.assert_allclose(summed.score, np.array([10, 30, 26]) / 66)
        assert result.unassigned == pytest.approx(0.1)
        assert result.multiple == 2

    def test_choices_and_the_order_they_make(self):
        split = dimension_scores(
            self.SHARES, self.BELONGS, normalization="sum", assignment="split", aggregate="mean"
        )
        np.testing.assert_allclose(split.raw, [5 / 0.5, 15 / 1.0, 16 / 1.5])
        assert split.order_changes
        ranks = split.rank.sel(normalization="sum")
        np.testing.assert_array_equal(ranks.sel(aggregate="sum", membership="full"), [3, 1, 2])
        np.testing.assert_array_equal(ranks.sel(aggregate="sum", membership="split"), [3, 2, 1])

    def test_values_are_matched_by_name(self):
        shuffled = self.BELONGS.loc[["joy", "rigour", "honesty", "care"]]
        left = dimension_scores(self.SHARES, shuffled, normalization="max").score
        np.testing.assert_allclose(left, [10 / 3, 10, 26 / 3])
        with pytest.raises(LabelError, match="only `values` has 'joy'"):
            dimension_scores(self.SHARES, self.BELONGS.iloc[:3], normalization="max")

    @pytest.mark.parametrize(
        ("values", "membership", "options", "message"),
        [
            ([1, 2], [[1], [1], [0]], {"normalization": "max"}, "3 rows for 2 values"),
            ([1, 2], [[1, 0], [1, 0]], {"normalization": "max"}, "the dimension 1 has no values"),
            ([1, -2], [[1], [1]], {"normalization": "max"}, r"`values\[1\]` is -2"),
            ([1, 2], [[1], [-1]], {"normalization": "max"}, r"`membership\[1, 0\]` is -1"),
            ([1, 2], [[1], [1]], {"normalization": "z"}, "`normalization` is 'z'"),
        ],
    )
    def test_refuses(self, values, membership, options, message):
        with pytest.raises(DataError, match=message):
            dimension_scores(values, membership, **options)

"""Comparisons of rates and of means against statsmodels, scipy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats import contingency_tables as tables

from pluralism import ConvergenceError, DataError, scores

RNG = np.random.default_rng(0)
HITS = (RNG.random((60, 3)) < [0.3, 0.5, 0.6]).astype(int)


@pytest.fixture(autouse=True)
def _same_numbers_whatever_ran_before():
    global RNG
    RNG = np.random.default_rng(0)


def test_paired_tests_agree_with_statsmodels():
    found = scores.compare_rates(HITS, correction="none")
    reference = tables.cochrans_q(HITS)
    assert found.statistic == pytest.approx(reference.statistic)
    assert found.pvalue == pytest.approx(reference.pvalue)
    for row in found.pairs.itertuples():
        cross = tables.Table.from_data(HITS[:, [row.first, row.second]]).table_orig
        assert row.pvalue == pytest.approx(tables.mcnemar(cross, exact=True).pvalue)
        assert row.lower < row.difference < row.upper
    assert (found.pairs.adjusted == found.pairs.pvalue).all()


@pytest.mark.slow
def test_long_rows_are_the_same_as_a_table():
    wide = scores.compare_rates({"a": HITS[:, 0], "b": HITS[:, 1]})
    order = RNG.permutation(120)
    long = scores.compare_rates(
        HITS[:, :2].T.ravel()[order],
        systems=np.repeat(["a", "b"], 60)[order],
        items=np.tile(np.arange(60), 2)[order],
    )
    assert long.pairs.equals(wide.pairs)


@pytest.mark.slow
def test_corrections_are_those_of_holm_and_of_benjamini_and_hochberg():
    p = scores.compare_rates(HITS, correction="none").pairs.pvalue.to_numpy()
    order = np.argsort(p)
    holm = np.maximum.accumulate(np.minimum(p[order] * [3, 2, 1], 1))
    bh = np.minimum.accumulate((p[order] * 3 / [1, 2, 3])[::-1])[::-1]
    for name, expected in (("holm", holm), ("bh", bh)):
        ours = scores.compare_rates(HITS, correction=name).pairs.adjusted.to_numpy()
        np.testing.assert_allclose(ours[order], expected)


@pytest.mark.slow
def test_identical_systems_do_not_differ():
    found = scores.compare_rates(HITS[:, [0, 0]])
    assert found.pvalue == 1.0
    assert found.pairs.pvalue[0] == 1.0
    assert found.pairs.lower[0] < 0 < found.pairs.upper[0]


def test_independent_rates():
    y, code = HITS.ravel(), np.tile([0, 1, 2], 60)
    found = scores.compare_rates(y, systems=code, method="independent", correction="none")
    counts = np.array([[HITS[:, k].sum(), 60 - HITS[:, k].sum()] for k in range(3)])
    assert found.pvalue == pytest.approx(stats.chi2_contingency(counts, correction=False).pvalue)
    pair = found.pairs.iloc[0]
    chi2 = stats.chi2_contingency(counts[:2], correction=False)
    assert pair.statistic**2 == pytest.approx(chi2.statistic)
    # Newcombe's hybrid: Wilson limits of each, combined.
    limits = [stats.binomtest(int(k), 60).proportion_ci(method="wilson") for k in counts[:2, 0]]
    (l1, u1), (l2, u2) = limits
    p1, p2 = counts[:2, 0] / 60
    assert pair.lower == pytest.approx(p1 - p2 - np.hypot(p1 - l1, u2 - p2))
    assert pair.upper == pytest.approx(p1 - p2 + np.hypot(u1 - p1, p2 - l2))


@pytest.mark.slow
def test_clustered_comparison_is_the_regression_with_clustered_errors():
    """Three judges an item: the difference is that of the rates, its error by item."""
    judges = np.repeat(HITS[:, :2], 3, axis=0)
    item = np.repeat(np.arange(60), 3)
    y, system, items = judges.T.ravel(), np.repeat(["a", "b"], 180), np.tile(item, 2)
    found = scores.compare_rates(y, systems=system, items=items, method="clustered")
    fit = sm.OLS(y, sm.add_constant((system == "b").astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": items}
    )
    pair = found.pairs.iloc[0]
    assert pair.difference == pytest.approx(-fit.params[1])
    assert pair.statistic == pytest.approx(-fit.tvalues[1])
    assert found.statistic == pytest.approx(fit.tvalues[1] ** 2)
    # Judges that only repeat each other bring no evidence: the clustered error is that of items.
    alone = HITS[:, 0] - HITS[:, 1]
    assert pair.statistic == pytest.approx(alone.mean() / (alone.std(ddof=1) / 60**0.5), rel=0.02)


@pytest.mark.slow
def test_mixed_comparison_is_the_paired_t_test_of_a_balanced_design():
    hard = np.random.default_rng(1).normal(size=(80, 1))
    hits = (hard + np.random.default_rng(2).normal(size=(80, 2)) > [0.0, 0.4]).astype(int)
    found = scores.compare_rates(hits, method="mixed")
    paired = stats.ttest_rel(hits[:, 0], hits[:, 1])
    assert found.pairs.statistic[0] == pytest.approx(paired.statistic, rel=1e-3)
    assert found.pairs.pvalue[0] == pytest.approx(paired.pvalue, rel=1e-2)


@pytest.mark.slow
def test_mixed_comparison_without_any_variance_between_items():
    """The variance of items is then estimated at 0, and the comparison is that of regression."""
    found = scores.compare_rates(HITS[:, :2], method="mixed")
    pooled = stats.ttest_ind(HITS[:, 0], HITS[:, 1])
    assert found.pairs.statistic[0] == pytest.approx(pooled.statistic, rel=0.02)


def test_minimum_detectable_difference_has_the_stated_power():
    delta = scores.minimum_detectable_difference(0.4, 300, n_second=200)
    second = 0.4 - delta  # towards 0, where rates vary less
    pooled = (300 * 0.4 + 200 * second) / 500
    null = np.sqrt(pooled * (1 - pooled) * (1 / 300 + 1 / 200))
    true = np.sqrt(0.24 / 300 + second * (1 - second) / 200)
    assert stats.norm.sf((1.959963984540054 * null - delta) / true) == pytest.approx(0.8)
    paired = scores.minimum_detectable_difference(0.4, 300, discordant=0.1)
    power = stats.norm.cdf(
        (paired * 300**0.5 - 1.959963984540054 * 0.1**0.5) / np.sqrt(0.1 - paired**2)
    )
    assert power == pytest.approx(0.8)
    assert paired < delta
    assert np.isnan(scores.minimum_detectable_difference(0.5, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"outcomes": [[0, 2], [1, 0]]}, r"`outcomes\[0, 1\]` is 2"),
        ({"outcomes": [[0], [1]]}, "at least 2 are needed to compare"),
        ({"outcomes": [0, 1], "systems": ["a", "b"]}, "needs `items`"),
        ({"outcomes": [0, 1, 1], "systems": list("aab"), "items": [0, 0, 0]}, "2 rows on item"),
        ({"outcomes": [0, 1], "systems": ["a"], "items": [0, 1]}, "must be equally long"),
        ({"outcomes": [[0, 1], [1, 1]], "correction": "tukey"}, "`correction` is 'tukey'"),
    ],
)
def test_what_cannot_be_compared_is_said(arguments, message):
    with pytest.raises(DataError, match=message):
        scores.compare_rates(arguments.pop("outcomes"), **arguments)


# -- win rates ---------------------------------------------------------------------------


def test_win_rate_is_a_mean_with_its_standard_error():
    values = RNG.random(50).round(1)
    found = scores.win_rate(values)
    assert found.rate == pytest.approx(values.mean())
    assert found.stderr == pytest.approx(stats.sem(values))
    assert found.wins + found.losses + found.ties == 50
    assert found.discrete_rate == (found.wins + found.ties / 2) / 50


def test_clustered_win_rate_of_copies_is_that_of_the_originals():
    values = RNG.random(40)
    copied = scores.win_rate(np.repeat(values, 3), clusters=np.repeat(np.arange(40), 3))
    assert copied.stderr == pytest.approx(scores.win_rate(values).stderr)
    assert copied.n_clusters == 40
    assert np.isnan(scores.win_rate([1.0]).stderr)


def test_control_of_length_recovers_a_known_rate():
    rng = np.random.default_rng(4)
    longer = rng.normal(300, 400, 20_000)
    effect = np.tanh(longer / longer.std(ddof=1))
    y = rng.random(20_000) < 1 / (1 + np.exp(-(-0.5 + 2.0 * effect)))
    found = scores.win_rate(y.astype(float), covariates=longer)
    assert found.rate > 0.5
    assert found.controlled_rate == pytest.approx(1 / (1 + np.exp(0.5)), abs=0.015)
    assert found.slope[0] == pytest.approx(2.0, abs=0.1)
    assert 0 < found.controlled_stderr < 0.02


def test_what_a_win_rate_refuses():
    with pytest.raises(DataError, match=r"`values\[1\]` is 1.7"):
        scores.win_rate([0.2, 1.7])
    with pytest.raises(DataError, match=r"`values\[0\]` is nan"):
        scores.win_rate([float("nan"), 1.0])
    with pytest.raises(DataError, match="is constant"):
        scores.win_rate([0, 1, 1], covariates=[5, 5, 5])
    with pytest.raises(ConvergenceError, match="separate wins from losses"):
        scores.win_rate([0, 0, 0, 1, 1, 1], covariates=[-3, -2, -1, 1, 2, 3], squash=False)


# -- groups and locations ----------------------------------------------------------------


@pytest.mark.slow
def test_dispersion_tests_are_those_of_scipy():
    groups = {name: RNG.normal(shift, 1, 12) for name, shift in (("a", 0), ("b", 1), ("c", 0.2))}
    found = scores.group_dispersion(groups, correction="none")
    parts = list(groups.values())
    assert found.anova.statistic == pytest.approx(stats.f_oneway(*parts).statistic)
    assert found.anova.df == (2, 33)
    assert found.kruskal.pvalue == pytest.approx(stats.kruskal(*parts).pvalue)
    for row in found.pairs.itertuples():
        test = stats.mannwhitneyu(groups[row.first], groups[row.second])
        assert (row.statistic, row.pvalue) == (test.statistic, test.pvalue)
        wins = np.sign(np.subtract.outer(groups[row.first], groups[row.second])).mean()
        assert row.rank_biserial == pytest.approx(wins)
    column = np.concatenate(parts)
    labels = np.repeat(["a", "b", "c"], 12)
    assert scores.group_dispersion(column, groups=labels).sd == found.sd


@pytest.mark.slow
def test_shared_judges_inflate_the_plain_f_but_not_the_clustered_one():
    """Five judges who copy each other: F grows five-fold, the clustered F hardly moves."""
    y = RNG.normal(size=60)
    group, item = np.repeat(["a", "b", "c"], 20), np.arange(60)
    one = scores.group_dispersion(y, groups=group, clusters=item)
    five = scores.group_dispersion(
        np.repeat(y, 5), groups=np.repeat(group, 5), clusters=np.repeat(item, 5)
    )
    assert five.anova.statistic > 4.9 * one.anova.statistic
    assert five.clustered.statistic == pytest.approx(one.clustered.statistic, rel=0.06)
    assert five.clustered.df == (2, 59)


@pytest.mark.parametrize(
    ("values", "groups", "message"),
    [
        ([1, 2, 3], None, "`groups` is missing"),
        ({"a": [1, 2]}, None, "has 1 group"),
        ({"a": [1, 1], "b": [1, 1]}, None, "all equal"),
        ({"a": [1, 2], "b": []}, None, r"`values\['b'\]` has 0 entries"),
        ([1, 2, 3], ["a", None, "b"], r"`groups\[1\]` is missing"),
        ([1, 2, 3], ["1", 1, 1], "look alike"),
    ],
)
def test_what_has_no_dispersion_is_said(values, groups, message):
    with pytest.raises(DataError, match=message):
        scores.group_dispersion(values, groups=groups)


def test_location_test_against_scipy_and_the_correct_rank_biserial():
    y = RNG.integers(1, 8, 20).astype(float)
    found = scores.location_test(y, population=3.65)
    reference = stats.ttest_1samp(y, 3.65)
    assert (found.t, found.pvalue) == pytest.approx((reference.statistic, reference.pvalue))
    assert found.interval == pytest.approx(tuple(np.array(reference.confidence_interval()) - 3.65))
    ranks = stats.rankdata(np.abs(y - 3.65))
    brute = (ranks * np.sign(y - 3.65)).sum() / ranks.sum()
    assert found.rank_biserial == pytest.approx(brute)
    assert abs(found.rank_biserial) == pytest.approx(1 - 4 * found.wilcoxon / (20 * 21))
    published = scores.location_test(y, population=3.65, as_published=True)
    assert published.rank_biserial == pytest.approx(1 - 2 * found.wilcoxon / (20 * 21))
    # All above: the correct coefficient is 1; reversed: -1, where the published one is 1 again.
    assert scores.location_test([5, 6, 7], population=3).rank_biserial == 1.0
    assert scores.location_test([1, 0, -1], population=3).rank_biserial == -1.0
    low = scores.location_test([1, 0, -1], population=3, as_published=True)
    assert low.rank_biserial == 1.0


def test_repeats_of_an_item_are_no_new_items():
    y = RNG.normal(4, 1, 9)
    once = scores.location_test(y, population=3.65)
    many = scores.location_test(
        np.repeat(y, 10), population=3.65, clusters=np.repeat(np.arange(9), 10)
    )
    assert many.t == pytest.approx(once.t)
    assert many.df == 8
    naive = scores.location_test(np.repeat(y, 10), population=3.65)
    assert abs(naive.t) > 3 * abs(once.t)
    summary = scores.location_test_from_summary(y.mean(), y.std(ddof=1), 9, population=3.65)
    assert summary.t == pytest.approx(once.t)


def test_locations_that_cannot_be_tested():
    with pytest.raises(DataError, match="`sd` is 0"):
        scores.location_test([2, 2, 2], population=3)
    with pytest.raises(DataError, match="`n` is 1; it must be at least 2"):
        scores.location_test_from_summary(3.6, 1.0, 1, population=3)
    with pytest.raises(DataError, match="one cluster"):
        scores.location_test([1, 2], population=3, clusters=["a", "a"])

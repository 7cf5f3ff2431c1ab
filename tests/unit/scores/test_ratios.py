"""Relative risks, parity, baselines, overlaps, areas and attainable figures."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import test_proportions_2indep as two_rates

from pluralism import DataError, scores


def test_relative_risk_interval_inverts_the_score_test():
    found = scores.relative_risk((30, 100), (15, 120))
    assert found.ratio == pytest.approx(2.4)
    for bound in found.ratio_interval:
        test = two_rates(30, 100, 15, 120, value=bound, compare="ratio", method="score")
        assert test.pvalue == pytest.approx(0.05, abs=1e-6)
    log = scores.relative_risk((30, 100), (15, 120), method="log")
    half = 1.959963984540054 * np.sqrt(1 / 30 - 1 / 100 + 1 / 15 - 1 / 120)
    assert log.ratio_interval == pytest.approx((2.4 * np.exp(-half), 2.4 * np.exp(half)))
    # Miettinen and Nurminen's score statistic is Pearson's with n - 1 for n.
    chi2 = stats.chi2_contingency([[30, 70], [15, 105]], correction=False).statistic
    assert found.pvalue == pytest.approx(stats.chi2.sf(chi2 * 219 / 220, 1))
    swapped = scores.relative_risk((15, 120), (30, 100))
    assert swapped.ratio_interval == pytest.approx(tuple(1 / b for b in found.ratio_interval[::-1]))


def test_relative_risk_without_events():
    none = scores.relative_risk((0, 20), (5, 20))
    assert none.ratio == 0.0
    assert none.ratio_interval[0] == 0.0 < none.ratio_interval[1] < 1.0
    only = scores.relative_risk((5, 20), (0, 20))
    assert only.ratio == np.inf == only.ratio_interval[1]
    assert only.ratio_interval[0] == pytest.approx(1 / none.ratio_interval[1])
    neither = scores.relative_risk((0, 20), (0, 20))
    assert np.isnan(neither.ratio)
    assert neither.pvalue == 1.0
    with pytest.raises(DataError, match=r"`second` is \(3, 2\)"):
        scores.relative_risk((1, 2), (3, 2))
    with pytest.raises(DataError, match=r"`first` is \(0, 0\)"):
        scores.relative_risk((0, 0), (1, 2))


def test_conditional_parity_of_equal_and_unequal_rates():
    rng = np.random.default_rng(0)
    group = rng.random(4000) < 0.3
    hours = rng.random(4000) < 0.5
    chosen = rng.random(4000) < np.where(group & ~hours, 0.2, 0.5)
    whole = scores.conditional_parity(chosen, group, seed=1)
    assert whole.difference == pytest.approx(chosen[group].mean() - chosen.mean())
    assert whole.difference_interval[1] < 0
    alike = scores.conditional_parity(chosen, group, condition=hours, seed=1)
    assert alike.difference_interval[0] < 0 < alike.difference_interval[1]
    assert alike.ratio_interval[0] < 1 < alike.ratio_interval[1]
    assert (alike.n, alike.n_group) == (hours.sum(), (hours & group).sum())
    with pytest.raises(DataError, match="nobody who meets `condition`"):
        scores.conditional_parity([1, 0], [1, 0], condition=[0, 1])


def test_normalized_scores_by_both_means():
    agent, random = np.array([2.0, 0.0, 9.0, 5.0]), np.array([4.0, 10.0, 3.0, 0.0])
    found = scores.normalized_to_baseline(agent, random, zero="drop", games=list("abcd"), seed=0)
    assert found.mean_of_ratios == pytest.approx(100 * (0.5 + 0 + 3) / 3)
    assert found.ratio_of_sums == pytest.approx(100 * 16 / 17)
    assert found.dropped == ("d",)
    assert found.mean_of_ratios_interval[0] <= found.mean_of_ratios
    assert found.mean_of_ratios <= found.mean_of_ratios_interval[1]
    same = scores.normalized_to_baseline(random[:3], random[:3], seed=0)
    assert (same.mean_of_ratios, same.ratio_of_sums) == (100, 100)
    with pytest.raises(DataError, match="`baseline` is 0 in 'd'"):
        scores.normalized_to_baseline(agent, random, games=list("abcd"))
    with pytest.raises(DataError, match=r"`agent\[0\]` is -1; a score must be at least 0"):
        scores.normalized_to_baseline([-1.0], [2.0])


def test_overlap_and_area_by_hand():
    found = scores.set_overlap([{"a", "b"}, {"c"}, set()], [{"b", "c"}, {"c"}, set()])
    assert found.jaccard == pytest.approx((1 / 3 + 1 + 1) / 3)
    assert found.hallucination == pytest.approx(1 - found.jaccard)
    assert (found.precision, found.recall, found.both_empty) == (0.75, 0.75, 1)
    counts = {"burger": 90, "plate": 30, "table": 20, "fork": 10}
    # Without the prompt's own object: 30, 20, 10 scale to 1, .5, 0.
    assert scores.sorted_count_area(counts, exclude=["burger"]) == pytest.approx(1.0)
    assert scores.sorted_count_area([7, 7, 7]) == 2.0
    assert scores.sorted_count_area([7, 7, 7], per_label=True) == 1.0
    # It grows with the number of labels alone.
    few, many = np.linspace(10, 0, 11), np.linspace(10, 0, 101)
    assert scores.sorted_count_area(many) == pytest.approx(10 * scores.sorted_count_area(few))
    assert scores.sorted_count_area(many, per_label=True) == pytest.approx(0.5)
    with pytest.raises(DataError, match=r"`first\[0\]` is 'ab'; it must be a collection"):
        scores.set_overlap(["ab"], [{"a"}])
    with pytest.raises(DataError, match="an area needs at least 2"):
        scores.sorted_count_area({"a": 3}, exclude=[])
    with pytest.raises(DataError, match="must then be a mapping"):
        scores.sorted_count_area([1, 2], exclude=["a"])


# -- attainable figures ------------------------------------------------------------------


@given(st.integers(1, 400), st.integers(0, 3), st.data())
def test_every_rounded_share_is_attainable(n, decimals, data):
    k = data.draw(st.integers(0, n))
    exact = Fraction(100 * k, n)
    printed = f"{float(round(exact, decimals)):.{decimals}f}"
    found = scores.attainable(printed, n, decimals)
    assert k in found.counts
    # Brute force: all counts whose share is within half a unit of the printed figure.
    half = Fraction(1, 2 * 10**decimals)
    every = tuple(j for j in range(n + 1) if abs(Fraction(100 * j, n) - Fraction(printed)) <= half)
    assert found.counts == every


def test_attainable_on_tables_and_wrong_figures():
    found = scores.attainable(["34.0", "37.65", "50.0"], [500, 901, 3], [1, 2, 1])
    assert found.possible.tolist() == [True, False, False]
    assert found.counts[0] == (170,)
    assert found.nearest[2] == pytest.approx(200 / 3) or found.nearest[2] == pytest.approx(100 / 3)
    frame = scores.attainable(pd.DataFrame([[50.0, 25.0], [12.5, 10.0]]), 8, 1)
    assert frame.place.tolist() == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert frame.possible.tolist() == [True, True, True, False]
    for arguments, message in (
        ((101, 5, 0), "must be in"),
        ((12.34, 5, 1), "more than 1 decimals"),
        ((50, 0, 0), "`n` is 0"),
        (("half", 5, 0), "must be a printed number"),
        ((float("nan"), 5, 0), "must be a printed number"),
        (([50, 60], [5, 6, 7], 0), "do not broadcast"),
    ):
        with pytest.raises(DataError, match=message):
            scores.attainable(*arguments)


def test_identity_needs_its_columns():
    with pytest.raises(DataError, match="no column 'c'"):
        scores.check_identity({"a": [1]}, stated="c", formula=lambda a: a)
    with pytest.raises(DataError, match=r"`table\['a'\]\[0\]` is nan"):
        scores.check_identity({"a": [np.nan], "c": [1]}, stated="c", formula=lambda a: a)
    near = scores.check_identity({"a": [1.0], "c": [2.01]}, stated="c", formula=lambda a: 2 * a)
    assert near.holds[0]
    far = scores.check_identity({"a": [1.0], "c": [2.03]}, stated="c", formula=lambda a: 2 * a)
    assert not far.holds[0]


def test_log_interval_without_events_is_unknown():
    found = scores.relative_risk((0, 10), (3, 10), method="log")
    assert found.ratio == 0.0
    assert np.isnan(found.ratio_interval).all()

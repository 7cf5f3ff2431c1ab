"""What must hold for all ratings."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pluralism import Annotations, DataError, SmallSampleWarning
from pluralism.jury import (
    brennan_prediger,
    calibration_error,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    proper_scores,
    verdict_probability,
)

COEFFICIENTS = [krippendorff_alpha, fleiss_kappa, cohen_kappa, gwet_ac1, brennan_prediger]
SCALES = ["nominal", "ordinal", "interval", "ratio"]

#: Raters x items with labels 0..3, or -1 for missing.
MATRICES = arrays(
    np.int64,
    st.tuples(st.integers(2, 5), st.integers(2, 8)),
    elements=st.integers(-1, 3),
)


def build(codes: np.ndarray, scale: str = "nominal", names=(0, 1, 2, 3)) -> Annotations:
    rater, item = np.nonzero(codes >= 0)
    return Annotations.from_codes(
        item,
        codes[rater, item],
        rater=rater,
        items=range(codes.shape[1]),
        raters=range(codes.shape[0]),
        categories=names,
        scale=scale,
    )


def pairable(codes: np.ndarray) -> np.ndarray:
    return codes[:, (codes >= 0).sum(axis=0) > 1]


def quietly(coefficient, data: Annotations) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        return coefficient(data)


@given(MATRICES, st.permutations(range(4)), st.sampled_from(COEFFICIENTS))
def test_names_of_nominal_categories_do_not_matter(codes, order, coefficient):
    assume(pairable(codes).size)
    moved = np.where(codes >= 0, np.array([*order, -1])[codes], -1)
    one, two = quietly(coefficient, build(codes)), quietly(coefficient, build(moved))
    assert one == pytest.approx(two, abs=1e-12)


@given(MATRICES, st.randoms(use_true_random=False), st.sampled_from(COEFFICIENTS))
def test_order_of_raters_and_items_does_not_matter(codes, random, coefficient):
    assume(pairable(codes).size)
    raters, items = list(range(codes.shape[0])), list(range(codes.shape[1]))
    random.shuffle(raters)
    random.shuffle(items)
    one = quietly(coefficient, build(codes))
    assert one == pytest.approx(quietly(coefficient, build(codes[raters][:, items])), abs=1e-12)


@given(MATRICES, st.sampled_from([c for c in COEFFICIENTS if c is not krippendorff_alpha]))
def test_every_item_twice_changes_no_kappa(codes, coefficient):
    assume(pairable(codes).size)
    twice = np.concatenate([codes, codes], axis=1)
    one = quietly(coefficient, build(codes))
    assert one == pytest.approx(quietly(coefficient, build(twice)), abs=1e-12)


@given(MATRICES, st.sampled_from(SCALES))
def test_every_item_twice_changes_alpha_only_by_its_correction(codes, scale):
    """1 - alpha is D_o / D_e with D_e = T / (n (n - 1)): doubling turns n - 1 into n - 1/2."""
    kept = pairable(codes)
    assume(kept.size and len(np.unique(kept[kept >= 0])) > 1)
    n = float((kept >= 0).sum())
    one = krippendorff_alpha(build(codes, scale))
    two = krippendorff_alpha(build(np.concatenate([codes, codes], axis=1), scale))
    assert (1 - two) * (n - 1) == pytest.approx((1 - one) * (n - 0.5), abs=1e-9)


@given(MATRICES, st.sampled_from(SCALES))
def test_alpha_is_one_exactly_where_all_agree(codes, scale):
    kept = pairable(codes)
    assume(kept.size)
    agree = all(len(set(column[column >= 0])) == 1 for column in kept.T)
    value = quietly(krippendorff_alpha, build(codes, scale))
    assert (value == pytest.approx(1.0, abs=1e-14)) == agree
    assert value <= 1.0 + 1e-14


@given(st.integers(2, 5), st.integers(1, 6), st.integers(0, 3))
def test_a_single_category_is_one_with_a_warning(raters, items, label):
    data = build(np.full((raters, items), label))
    with pytest.warns(SmallSampleWarning, match="one category of 4"):
        assert krippendorff_alpha(data) == 1.0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6))
def test_without_a_pair_nothing_is_made_up(single):
    codes = np.full((4, len(single)), -1)
    for item, (rater, label) in enumerate(single):
        codes[rater, item] = label
    for coefficient in COEFFICIENTS:
        with pytest.raises(DataError, match="no item has two labels"):
            coefficient(build(codes))


@pytest.mark.slow
@given(MATRICES)
def test_container_comes_back_from_frame_and_merge(codes):
    assume((codes >= 0).any(axis=0).sum() > 1)
    data = build(codes)
    frame = data.to_frame()
    again = Annotations.from_frame(
        frame, item="item", rater="rater", label="label", categories=data.categories
    )
    np.testing.assert_array_equal(again.counts(), data.counts().sel(item=list(again.items)))
    middle = len(frame) // 2
    assume(middle)
    halves = [
        Annotations.from_frame(
            part, item="item", rater="rater", label="label", categories=data.categories
        )
        for part in (frame[:middle], frame[middle:])
    ]
    assert halves[0].merge(halves[1]).to_frame().equals(again.to_frame())


@given(MATRICES, st.integers(1, 5))
def test_a_verdict_and_its_opposite_share_the_probability(codes, seats):
    assume(((codes >= 0).sum(axis=0) >= seats).any())
    data = build(codes)
    yes = verdict_probability(data, composition=seats, positive=[0, 2])
    no = verdict_probability(data, composition=seats, positive=[1, 3])
    there = np.isfinite(yes.values)
    np.testing.assert_allclose(yes.values[there] + no.values[there], 1.0, atol=1e-12)
    assert there.tolist() == ((codes >= 0).sum(axis=0) >= seats).tolist()


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30))
def test_calibration_error_is_a_gap_and_shrinks_with_coarser_bins(pairs):
    p, y = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs], dtype=float)
    fine = calibration_error(p, y, bins=8)
    coarse = calibration_error(p, y, bins=4)
    assert -1e-12 <= coarse <= fine + 1e-12 <= 1.0 + 1e-9
    assert calibration_error(p, y, bins=1) == pytest.approx(abs(p.mean() - y.mean()), abs=1e-12)
    assert 0.0 <= proper_scores(p, y).brier <= 1.0

from __future__ import annotations

import itertools

import numpy as np
import pytest
import xarray as xr

from pluralism import Annotations, DataError, LabelError
from pluralism.jury import (
    brier_decomposition,
    calibration_error,
    distribution_calibration,
    perspectivist_scores,
    proper_scores,
    reliability_table,
    smooth_calibration_error,
)

RNG = np.random.default_rng(0)


def plain_ece(p, y, edges, closed):
    """Bin by bin, as the definition reads."""
    total = 0.0
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        inside = (p > a) & (p <= b) if closed == "right" else (p >= a) & (p < b)
        inside |= (p == 0.0) & (k == 0) if closed == "right" else (p == 1.0) & (k == len(edges) - 2)
        if inside.any():
            total += inside.mean() * abs(p[inside].mean() - y[inside].mean())
    return total


@pytest.mark.parametrize("closed", ["right", "left"])
def test_binned_error_is_its_definition(closed):
    p = np.concatenate([RNG.random(200), np.linspace(0, 1, 11)])
    y = RNG.random(211) < p**2
    edges = np.linspace(0, 1, 11)
    expected = plain_ece(p, y, edges, closed)
    assert calibration_error(p, y, bins=10, closed=closed) == pytest.approx(expected, abs=1e-14)
    assert calibration_error(p, y, bins=edges, closed=closed) == pytest.approx(expected, abs=1e-14)


def test_edges_decide_where_a_prediction_on_an_edge_goes():
    p, y = [0.5, 0.6], [0.0, 1.0]
    assert calibration_error(p, y, bins=2, closed="right") == pytest.approx(0.45)
    assert calibration_error(p, y, bins=2, closed="left") == pytest.approx(0.05)


def test_norms_and_bins_of_equal_mass():
    p = np.array([0.1, 0.2, 0.7, 0.9])
    y = np.array([0.0, 0.0, 1.0, 0.0])
    gaps = np.array([0.15, 0.3])
    for norm, value in (("l1", gaps.mean()), ("l2", np.sqrt((gaps**2).mean())), ("max", 0.3)):
        assert calibration_error(p, y, bins=2, norm=norm) == pytest.approx(value)
    assert calibration_error(p, y, bins=2, edges="mass") == pytest.approx(gaps.mean())
    # all predictions equal: equal-mass edges merge into one bin
    assert calibration_error(np.full(9, 0.3), np.zeros(9), edges="mass") == pytest.approx(0.3)


def test_confidence_classwise_and_ties():
    p = np.array([[0.7, 0.3], [0.5, 0.5], [0.2, 0.8]])
    codes = [0, 1, 1]
    confidence = calibration_error([0.7, 0.5, 0.8], [1, 0, 1], bins=5)
    assert calibration_error(p, codes, bins=5) == pytest.approx(confidence)
    shared = calibration_error([0.7, 0.5, 0.8], [1, 0.5, 1], bins=5)
    assert calibration_error(p, codes, bins=5, ties="share") == pytest.approx(shared)
    columns = [calibration_error(p[:, k], [c == k for c in codes], bins=5) for k in (0, 1)]
    assert calibration_error(p, codes, bins=5, classwise=True) == pytest.approx(np.mean(columns))
    soft = [[3, 1], [1, 3], [0, 2]]
    assert calibration_error(p, soft, bins=1) == pytest.approx(abs(2.0 / 3 - (0.75 + 0.25 + 1) / 3))


def test_smooth_error_is_the_integral_of_smoothed_residuals():
    p, y = RNG.random(60), (RNG.random(60) < 0.5).astype(float)
    sigma = 0.1
    t = (np.arange(4000) + 0.5) / 4000
    kernel = np.zeros((4000, 60))
    for copy in range(-3, 4):  # reflections at 0 and 1
        for image in (p + 2 * copy, -p + 2 * copy):
            kernel += np.exp(-0.5 * ((t[:, None] - image) / sigma) ** 2)
    kernel /= sigma * np.sqrt(2 * np.pi)
    direct = np.abs(kernel @ (y - p) / 60).mean()
    assert smooth_calibration_error(p, y, bandwidth=sigma) == pytest.approx(direct, abs=1e-5)
    value = smooth_calibration_error(p, y)
    assert smooth_calibration_error(p, y, bandwidth=value) == pytest.approx(value, abs=1e-6)


def test_smooth_error_of_figures_from_relplot():
    # relplot 1.0.3 smECE on the same seeded data, which works to about 1e-3
    rng = np.random.default_rng(0)
    p = rng.random(5000)
    y = (rng.random(5000) < p**1.3).astype(float)
    assert smooth_calibration_error(p, y) == pytest.approx(0.06783451846259111, abs=1e-3)
    y = (rng.random(5000) < p).astype(float)
    assert smooth_calibration_error(p, y) == pytest.approx(0.020302073872431492, abs=1e-3)


def test_consistency_bands_hold_calibrated_predictions():
    rng = np.random.default_rng(3)
    inside = bins = 0
    for seed in range(20):
        p = rng.random(400)
        table = reliability_table(p, rng.random(400) < p, n_draws=300, seed=seed)
        inside += (
            (table["observed"] >= table["lower"]) & (table["observed"] <= table["upper"])
        ).sum()
        bins += len(table)
    assert 0.9 < inside / bins < 0.995
    assert table["count"].sum() == 400
    off = reliability_table(np.full(400, 0.3), rng.random(400) < 0.6, seed=0)
    assert (off["observed"] > off["upper"]).all()


@pytest.mark.parametrize("bins", [None, 7])
def test_brier_parts_add_up(bins):
    p, y = np.round(RNG.random(200), 1), RNG.random(200) < 0.4
    parts = brier_decomposition(p, y, bins=bins)
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert total == pytest.approx(np.mean((p - y) ** 2), abs=1e-14)
    assert parts.score == pytest.approx(np.mean((p - y) ** 2))
    assert min(parts.reliability, parts.resolution) >= 0
    if bins is None:
        assert parts.within == pytest.approx(0.0, abs=1e-14)


def test_proper_scores_are_their_definitions():
    p = RNG.dirichlet([1, 2, 1, 1], 30)
    codes = RNG.integers(0, 4, 30)
    hot = np.eye(4)[codes]
    scores = proper_scores(p, codes)
    assert scores.brier == pytest.approx(((p - hot) ** 2).sum(axis=1).mean())
    assert scores.log == pytest.approx(-np.log(p[range(30), codes]).mean())
    gaps = p.cumsum(axis=1) - hot.cumsum(axis=1)
    assert scores.ranked == pytest.approx((gaps**2).sum(axis=1).mean())
    norm = np.sqrt((p**2).sum(axis=1))
    assert scores.spherical == pytest.approx(1 - (p[range(30), codes] / norm).mean())
    assert proper_scores([[0.1, 0.2, 0.3, 0.4]], [2]).ranked == pytest.approx(0.26)
    assert proper_scores([0.7, 0.2], [1, 0]).brier == pytest.approx((0.09 + 0.04) / 2)


def test_soft_labels_score_their_expectation_and_honesty_is_best():
    q = np.array([0.5, 0.3, 0.2])
    hard = [proper_scores([[0.6, 0.3, 0.1]], [k]) for k in range(3)]
    soft = proper_scores([[0.6, 0.3, 0.1]], [q])
    best = proper_scores([q], [q])
    for name in ("brier", "log", "ranked", "spherical"):
        expected = q @ [getattr(score, name) for score in hard]
        assert getattr(soft, name) == pytest.approx(expected)
        assert getattr(best, name) < getattr(soft, name)


def test_distribution_calibration_is_its_definition():
    p, q = RNG.dirichlet(np.ones(3), 40), RNG.dirichlet(np.ones(3), 40)
    q[0] = p[0]
    fit = distribution_calibration(p, q)
    assert fit.dist_ce == pytest.approx(0.5 * np.abs(p - q).sum(axis=1).mean())
    entropy = [-(x * np.log(x)).sum(axis=1) for x in (p, q)]
    assert fit.ent_ce == pytest.approx(np.abs(entropy[0] - entropy[1]).mean())
    same = (np.argsort(p, axis=1) == np.argsort(q, axis=1)).all(axis=1)
    assert fit.rank_cs == pytest.approx(same.mean())
    assert fit.manhattan == pytest.approx(2 * fit.dist_ce)
    earth = np.abs((p - q).cumsum(axis=1)[:, :-1]).sum(axis=1).mean()
    assert fit.wasserstein == pytest.approx(earth)
    assert fit.cross_entropy == pytest.approx(-(q * np.log(p)).sum(axis=1).mean())
    assert float(fit.items["dist_ce"][0]) == 0.0


def test_positions_of_categories_stretch_the_wasserstein_distance():
    """By the positions 0, 1 and 5: mass moved from the second to the last travels 4."""
    fit = distribution_calibration([[0.5, 0.5, 0.0]], [[0.5, 0.0, 0.5]], values=[0, 1, 5])
    assert fit.wasserstein == pytest.approx(0.5 * 4)
    even = distribution_calibration([[0.5, 0.5, 0.0]], [[0.5, 0.0, 0.5]])
    assert even.wasserstein == pytest.approx(0.5)


def test_the_tie_rule_decides_whether_rankings_agree():
    tied, strict = [[0.4, 0.4, 0.2]], [[0.45, 0.35, 0.2]]
    assert distribution_calibration(tied, strict).rank_cs == 0.0
    assert distribution_calibration(tied, tied).rank_cs == 1.0
    argsort = distribution_calibration([[0.3, 0.3, 0.4]], [[0.2, 0.3, 0.5]], ranking_ties="argsort")
    assert argsort.rank_cs == 1.0


def test_people_may_come_as_annotations_matched_by_label():
    people = Annotations.from_counts([[3, 1], [0, 4]], items=["i", "j"], categories=["no", "yes"])
    model = xr.DataArray(
        [[0.25, 0.75], [1.0, 0.0]],
        dims=("item", "category"),
        coords={"item": ["i", "j"], "category": ["yes", "no"]},
    )
    fit = distribution_calibration(model, people)
    assert fit.dist_ce == 0.0
    other = model.assign_coords(category=["yes", "maybe"])
    with pytest.raises(LabelError, match="maybe"):
        distribution_calibration(other, people)
    assert distribution_calibration([[0.75, 0.25], [0.0, 1.0]], people).dist_ce == 0.0
    assert np.isinf(distribution_calibration([[1.0, 0.0], [1.0, 0.0]], people).cross_entropy)


def test_perspectivist_scores_compare_rater_by_rater():
    said = Annotations.from_matrix([[1, 2, 3], [3, 3, None]], scale="ordinal")
    guessed = Annotations.from_matrix(
        [[1, 3, None], [1, 3, None]], scale="ordinal", categories=[1, 2, 3]
    )
    scores = perspectivist_scores(guessed, said)
    assert scores.error_rate == pytest.approx((0.5 + 0.5) / 2)
    assert scores.absolute_distance == pytest.approx((0.5 + 0.25) / 2)
    assert (scores.n_items, scores.n_labels, scores.dropped) == (2, 4, 1)
    with pytest.raises(DataError, match="the categories differ"):
        perspectivist_scores(Annotations.from_matrix([[1, 2]], scale="ordinal"), said)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: calibration_error([0.5, 1.2], [0, 1]), r"`probabilities\[1\]` is 1.2"),
        (lambda: calibration_error([0.5], [2]), r"`labels\[0\]` is 2"),
        (lambda: calibration_error([0.5, 0.5], [1]), "2 probabilities and 1 labels"),
        (lambda: calibration_error([], []), "`probabilities` is empty"),
        (lambda: calibration_error([0.5], [1], bins=[0, 0.5]), "`bins` must ascend from 0 to 1"),
        (lambda: calibration_error([0.5], [1], norm="l3"), "`norm` is 'l3'"),
        (lambda: calibration_error([0.5], [1], classwise=True), "`classwise` needs"),
        (lambda: proper_scores([[0.5, 0.4]], [0]), "sums to 0.9"),
        (lambda: proper_scores([[0.5, 0.5]], [2]), r"`labels\[0\]` is 2; there are 2 categories"),
        (lambda: proper_scores([[0.5, 0.5]], [0.5]), "`labels` must be positions"),
        (lambda: smooth_calibration_error([0.5], [1], bandwidth=0), "`bandwidth` is 0"),
        (lambda: distribution_calibration([[0.5, 0.5]], [[3, 1]]), "sums to 4"),
        (
            lambda: distribution_calibration([[0.5, 0.5]], [[1, 0]], values=[1, 1]),
            "`values` must hold 2 ascending positions",
        ),
        (
            lambda: distribution_calibration([0.5, 0.5], [0.5, 0.5]),
            r"`model` has shape \(2,\) and `human` \(2,\); both must be items x categories",
        ),
        (
            lambda: proper_scores(np.full((1, 1, 2), 0.5), np.full((1, 1, 2), 0.5)),
            r"`probabilities` has shape \(1, 1, 2\) and `labels` \(1, 1, 2\); both must be",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_forecasts_that_are_always_right_have_no_smooth_error():
    assert smooth_calibration_error([1.0, 0.0, 1.0], [1, 0, 1]) == pytest.approx(0.0, abs=1e-12)

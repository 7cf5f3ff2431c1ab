"""Input that once gave a wrong number without an error, or a crash that named nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism import Annotations, DataError, SmallSampleWarning, jury

RNG = np.random.default_rng(3)
VOTES = Annotations.from_matrix([list("ababa"), list("abbba"), list("bbaaa")])


def from_rows(rows, **options):
    columns = ["item", "rater", "label", "weight"][: len(rows[0])]
    if len(columns) == 4:
        options["weight"] = "weight"
    frame = pd.DataFrame(rows, columns=columns)
    return Annotations.from_frame(frame, item="item", rater="rater", label="label", **options)


TWICE = from_rows([(0, "x", "a"), (0, "x", "b")])
GROUPED = Annotations.from_codes(
    [0, 0, 1], [0, 1, 1], rater=[0, 1, 1], items="pq", raters="xy", categories="ab",
    groups={"side": ["l", "r"]},
)  # fmt: skip
SHARED = [("q", "x", "b"), ("q", "y", "b"), ("s", "x", "a"), ("s", "y", "b")]


@pytest.mark.parametrize("again", ["a", "b"])
def test_nobody_agrees_with_themselves_in_cohens_kappa(again):
    labels = from_rows([("p", "x", "a"), ("p", "x", again), *SHARED])
    with pytest.raises(DataError, match="rater 'x' labelled item 'p' more than once"):
        jury.cohen_kappa(labels)
    with pytest.raises(DataError, match="rater 'x' labelled item 'p' more than once"):
        jury.agreement_table(labels, coefficients="cohen_kappa")
    assert "cohen_kappa" not in jury.agreement_table(labels).index
    assert jury.cohen_kappa(from_rows(SHARED)) == 0.0
    weighted = from_rows([(*row, 2.5) for row in SHARED])
    assert jury.cohen_kappa(weighted) == pytest.approx(0.0)


@pytest.mark.parametrize("scale", ["interval", "ratio"])
@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_agreement_does_not_depend_on_the_unit_of_the_labels(scale, unit):
    ratings = np.array([[1, 2, 3, 2], [2, 3, 4, 3], [3, 4, 5, 5.0]])
    plain = Annotations.from_matrix(ratings, scale=scale)
    scaled = Annotations.from_matrix(ratings * unit, scale=scale)
    assert jury.krippendorff_alpha(scaled) == pytest.approx(jury.krippendorff_alpha(plain))
    kappas = [jury.fleiss_kappa(each, weights="quadratic") for each in (plain, scaled)]
    assert kappas[0] == pytest.approx(kappas[1])


@pytest.mark.parametrize("name", ["fleiss_kappa", "cohen_kappa", "brennan_prediger"])
def test_weights_that_make_all_alike_leave_nothing_to_correct(name):
    alike = np.ones((2, 2))
    with pytest.raises(DataError, match=r"`weights` counts all categories .* as alike"):
        getattr(jury, name)(VOTES, weights=alike)
    with pytest.raises(DataError, match=r"`weights` counts all categories .* as alike"):
        jury.agreement_table(VOTES, coefficients=name, weights=alike)
    with pytest.raises(DataError, match=r"`distance` counts all categories .* as alike"):
        jury.krippendorff_alpha(VOTES, distance=np.zeros((2, 2)))


def test_a_posteriors_of_weighted_labels_is_no_count():
    weighted = from_rows([("p", "x", "a", 0.5), ("p", "y", "b", 2.0), ("q", "x", "b", 1.0)])
    for call in (
        lambda: jury.fit_dirichlet_multinomial(weighted),
        lambda: jury.oracle_score(weighted, alpha=[1.0, 1.0]),
    ):
        with pytest.raises(DataError, match=r"labels of item 'p' weigh 0.5 on 'a'"):
            call()


def test_pools_given_as_arrays_have_one_shape():
    with pytest.raises(DataError, match=r"shape \(2, 2\) and `second` \(1, 2\)"):
        jury.cross_replication_reliability([[1, 1], [1, 0]], [[1, 0]])


def test_positive_labels_may_come_in_any_collection():
    expected = jury.verdict_probability(VOTES, composition=3, positive="a")
    for labels in (["a"], {"a"}, np.array(["a"]), pd.Index(["a"]), {"a": 1}.keys()):
        found = jury.verdict_probability(VOTES, composition=3, positive=labels)
        assert found.equals(expected)
    pairs = Annotations.from_codes(
        [0, 0, 0], [0, 1, 1], rater=range(3), items=["p"], raters=range(3),
        categories=[("c", 0), ("c", 1)],
    )  # fmt: skip
    assert float(jury.verdict_probability(pairs, composition=3, positive=("c", 1))[0]) == 1.0


def test_resamples_without_any_jury_are_said():
    with pytest.raises(DataError, match=r"in 5 of 5 resamples no item has enough .* \(at most 10%"):
        jury.jury_calibration(np.full(5, 0.5), VOTES, composition=3, positive="a", n=5, seed=9)


def test_temperatures_apply_to_frames():
    frame = pd.DataFrame([[4.0, 0.0], [1.0, 4.0]], index=["p", "q"], columns=["a", "b"])
    fit = jury.fit_temperature(frame, [[4, 1], [1, 4]])
    assert np.allclose(fit.apply(frame), fit.apply(frame.to_numpy()))


def test_constant_elasticity_passes_smoothly_through_nash():
    rows = RNG.random((50, 4)) * 5
    nash = jury.jury_score(rows, welfare="nash")
    for rho in (1e-4, 1e-8, 1e-12, 1e-15, -1e-12, -1e-4):
        found = jury.jury_score(rows, welfare="ces", rho=rho)
        assert np.allclose(found, nash, rtol=10 * abs(rho) + 1e-12)
        assert float(jury.jury_score([0.0, 4.0], welfare="ces", rho=rho)) == pytest.approx(
            0.0, abs=1e-12
        )
    below, above = (jury.jury_score(rows, welfare="ces", rho=rho) for rho in (9.99e-4, 1.01e-3))
    assert np.allclose(below, above, rtol=1e-4)


@pytest.mark.parametrize("bandwidth", [1e-300, 1e300])
def test_smooth_errors_stay_in_their_range(bandwidth):
    value = jury.smooth_calibration_error([0.0, 1.0], [1, 0], bandwidth=bandwidth)
    assert 0.0 <= value <= 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jury.calibration_error([0.1], [1], bins=10**9), "`bins` is 1000000000"),
        (
            lambda: jury.fit_temperature(np.zeros((0, 2)), np.zeros((0, 2))),
            "`logits` holds no distribution",
        ),
        (
            lambda: jury.abstention_alignment(np.zeros((0, 2)), np.zeros((0, 2))),
            "`model` holds no distribution",
        ),
        (lambda: Annotations.from_counts([[6e18, 1]]), "above 2\\*\\*53 counts are not exact"),
        (
            lambda: jury.perspectivist_scores(
                *(Annotations.from_matrix([[1, 2]], scale=s) for s in ("ordinal", "interval"))
            ),
            "the scales differ: 'ordinal' and 'interval'",
        ),
        (
            lambda: jury.perspectivist_scores(
                TWICE, Annotations.from_matrix([["a", "b"]], raters=["x"])
            ),
            "`predicted` holds several labels of one rater on one item",
        ),
        (
            lambda: jury.perspectivist_scores(
                *(Annotations.from_matrix([["a", "b"]], raters=[name]) for name in "xy")
            ),
            "no rater and item is in both `predicted` and `observed`",
        ),
        (
            lambda: jury.abstention_alignment([1.0, 0.0], [1.0, 0.0]),
            "`model` and `human` must be items x classes",
        ),
        (
            lambda: jury.abstention_alignment(
                [[1.0, 0.0]], [[0.5, 0.0, 0.5]], abstention=[0.5, 0.5]
            ),
            "`abstention` has 2 entries for 1 items",
        ),
        (
            lambda: jury.abstention_alignment([[1.0, 0.0]], [[1.0, 0.0]], categories=["p", "q"]),
            "`categories` has 2 entries for 1 items",
        ),
        (
            lambda: jury.reliability_score(["a"], ["a", "b"], abstain="?", cost=1),
            "there are 1 decisions and 2 truths",
        ),
        (
            lambda: jury.cross_replication_reliability(
                [[1, 1], [1, 1]], [[2, 0], [0, 2]], normalized=True
            ),
            r"the pools' own alphas are -0\.5 and 1; normalizing needs both above zero",
        ),
        (
            lambda: jury.oracle_score([[3, 1], [1, 3]], alpha=[1.0, 0.0]),
            "`alpha` must hold 2 numbers above zero",
        ),
        (
            lambda: jury.fit_temperature([1.0, 2.0], [1.0, 2.0]),
            r"`logits` has shape \(2,\) and `labels` \(2,\); both must be items x categories",
        ),
        (lambda: jury.jury_score([1.0, 2.0], welfare="quantile"), "`q` belongs to welfare="),
        (lambda: jury.jury_score([1.0, 2.0], q=0.5), "`q` belongs to welfare='quantile'"),
        (
            lambda: jury.jury_calibration(
                [0.5] * 5, VOTES, composition=4, positive="a", n=5, seed=0
            ),
            "no item has a pool large enough for the jury",
        ),
        (
            lambda: jury.decisive_groups(VOTES, composition=3, positive="a"),
            "`composition` must map groups to seats",
        ),
        (
            lambda: jury.verdict_probability(GROUPED, composition={"l": 0}, positive="a"),
            "`composition` has no seat",
        ),
        (
            lambda: jury.sample_juries(from_rows([("p", "x", "a", 2.0)]), composition=1, n=2),
            "`sample_juries` takes labels of weight one; leave the weights out",
        ),
        (
            lambda: jury.fit_rater_effects(
                Annotations.from_matrix([[1.0], [2.0]], scale="interval")
            ),
            "2 labels cannot tell 1 items and 2 raters apart",
        ),
        (
            lambda: jury.discretion(np.ones((2, 2, 2)), [1, -1]),
            r"`principles` must be a table \(rows, columns\); it has shape \(2, 2, 2\)",
        ),
        (
            lambda: jury.discretion(xr.DataArray(np.ones((2, 2, 2))), [1, -1]),
            r"`principles` must have 2 dimensions; it has shape \(2, 2, 2\)",
        ),
    ],
)
def test_what_cannot_be_is_said_by_name(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_intersections_without_pairs_divide_without_a_warning():
    labels = Annotations.from_codes(
        [0] * 4, [0, 1, 1, 0], rater=range(4), items=["p"], raters=range(4),
        categories=["n", "y"], groups={"g": list("uuvv"), "h": list("abab")},
    )  # fmt: skip
    found = jury.group_association(labels, group=["g", "h"], min_raters=1, n_permutations=3, seed=0)
    assert found.gai.sizes["group"] == 4


def test_verdicts_of_a_resample_seat_nobody_beside_their_own_copy():
    """Weights of raters: a jury's chance is in proportion to the product of its weights."""
    from itertools import combinations

    weight, votes = np.array([1.0, 2.0, 3.0, 1.0, 2.0]), np.array([1, 0, 1, 0, 1])
    resample = Annotations.from_codes(
        np.zeros(5, dtype=int),
        votes,
        rater=np.arange(5),
        weight=weight,
        items=["post"],
        raters=range(5),
        categories=["fine", "rude"],
    )
    chance = total = 0.0
    for seated in map(list, combinations(range(5), 3)):
        total += weight[seated].prod()
        chance += weight[seated].prod() * (votes[seated].sum() >= 2)
    found = jury.verdict_probability(resample, composition=3, positive="rude")
    np.testing.assert_allclose(found.values, [chance / total], rtol=1e-12)


def test_a_juror_has_one_vote():
    weighted = Annotations.from_codes(
        [0, 0, 1],
        [1, 0, 1],
        rater=[0, 1, 0],
        weight=[0.5, 1.0, 2.0],
        items=["p", "q"],
        raters=["r", "s"],
        categories=["fine", "rude"],
    )
    with pytest.raises(DataError, match=r"rater 'r' on item 'p' weighs 0.5; a juror has one vote"):
        jury.verdict_probability(weighted, composition=1, positive="rude")
    with pytest.raises(DataError, match="weighs"):
        jury.sample_juries(weighted, composition=1, n=2)


def test_kappa_of_a_resample_weighs_raters_by_pairs_in_chance_as_in_agreement():
    """Raters who label at random agree by chance alone, whatever their weights."""
    rng = np.random.default_rng(0)
    weight = np.array([3.0, 1.0, 1.0, 1.0])
    skill = np.array([0.8, 0.2, 0.5, 0.35])  # each answers "b" with a probability of their own
    item, rater = np.divmod(np.arange(4 * 20_000), 4)
    label = (rng.random(len(item)) < skill[rater]).astype(int)
    resample = Annotations.from_codes(
        item,
        label,
        rater=rater,
        weight=weight[rater],
        items=range(20_000),
        raters=range(4),
        categories=["a", "b"],
    )
    assert jury.cohen_kappa(resample) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    "coefficient",
    [jury.krippendorff_alpha, jury.fleiss_kappa, jury.gwet_ac1, jury.brennan_prediger],
)
@pytest.mark.parametrize("again", ["a", "b"])
def test_two_labels_of_one_rater_are_a_pair_like_any_other(coefficient, again):
    same = from_rows([("p", "x", "a"), ("p", "x", again), *SHARED])
    other = from_rows([("p", "x", "a"), ("p", "z", again), *SHARED])
    assert coefficient(same) == pytest.approx(coefficient(other), abs=1e-12)


def test_one_item_says_nothing_of_other_items():
    labels = from_rows([("p", "x", "a"), ("p", "y", "b"), ("p", "z", "a"), ("q", "x", "a")])
    with pytest.warns(SmallSampleWarning, match="one item alone has two labels"):
        table = jury.agreement_table(labels)
    assert table[["stderr", "lower", "upper"]].isna().all(axis=None)
    assert table["estimate"].notna().all()
    two = from_rows([("p", "x", "a"), ("p", "y", "b"), ("q", "x", "a"), ("q", "y", "a")])
    assert jury.agreement_table(two, coefficients="krippendorff_alpha")["stderr"].item() > 0


def test_items_that_all_agree_bound_nothing():
    alike = Annotations.from_matrix([list("abab"), list("abab")])
    names = ["krippendorff_alpha", "cohen_kappa"]
    said = (
        "items do not differ in what they say of 'krippendorff_alpha', 'cohen_kappa': the interval"
    )
    with pytest.warns(SmallSampleWarning, match=said):
        table = jury.agreement_table(alike, coefficients=names)
    assert (table["stderr"] == 0).all()
    assert (table["estimate"] == 1).all()

"""Agreement coefficients against brute force, stored references and the edge of what is defined."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pandas as pd
import pytest

from pluralism import Annotations, DataError, SmallSampleWarning, bootstrap
from pluralism.jury import (
    agreement_table,
    brennan_prediger,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
)

nan = float("nan")

# Twelve subjects, four raters, missing ratings (the classic example of Krippendorff and Gwet).
MATRIX = np.array(
    [
        [1, 1, nan, 1],
        [2, 2, 3, 2],
        [3, 3, 3, 3],
        [3, 3, 3, 3],
        [2, 2, 2, 2],
        [1, 2, 3, 4],
        [4, 4, 4, 4],
        [1, 1, 2, 1],
        [2, 2, 2, 2],
        [nan, 5, 5, 5],
        [nan, nan, 1, 1],
    ]
).T


def ratings(scale: str = "nominal") -> Annotations:
    return Annotations.from_matrix(MATRIX, scale=scale)


def brute_force_alpha(item, label, weight, distance) -> float:
    """Alpha from all pairs of labels, each weighing w_a w_b."""
    pairs = list(itertools.permutations(range(len(item)), 2))
    usable = [u for u in set(item) if sum(i == u for i in item) > 1]
    kept = [k for k in range(len(item)) if item[k] in usable]
    observed = total = 0.0
    for u in usable:
        inside = [(a, b) for a, b in pairs if item[a] == item[b] == u]
        mass = sum(weight[a] * weight[b] for a, b in inside)
        mean = sum(weight[a] * weight[b] * distance(label[a], label[b]) for a, b in inside) / mass
        size = sum(weight[k] for k in kept if item[k] == u)
        observed, total = observed + size * mean, total + size
    across = list(itertools.permutations(kept, 2))
    mass = sum(weight[a] * weight[b] for a, b in across)
    expected = sum(weight[a] * weight[b] * distance(label[a], label[b]) for a, b in across) / mass
    return 1.0 - observed / total / expected


@pytest.mark.parametrize("scale", ["nominal", "interval", "ratio"])
@pytest.mark.parametrize("weighted", [False, True])
def test_alpha_is_what_all_pairs_give(scale, weighted):
    rng = np.random.default_rng(3)
    item, rater, label = rng.integers(0, 5, 25), np.arange(25), rng.integers(1, 4, 25)
    weight = rng.uniform(0.2, 3.0, 25) if weighted else np.ones(25)
    annotations = Annotations.from_codes(
        item,
        label - 1,
        rater=rater,
        weight=weight,
        items=range(5),
        raters=range(25),
        categories=[1, 2, 3],
        scale=scale,
    )
    metric = {
        "nominal": lambda a, b: float(a != b),
        "interval": lambda a, b: float(a - b) ** 2,
        "ratio": lambda a, b: ((a - b) / (a + b)) ** 2,
    }[scale]
    expected = brute_force_alpha(item.tolist(), label.tolist(), weight, metric)
    assert krippendorff_alpha(annotations) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval", "ratio"])
def test_alpha_equals_the_krippendorff_package(scale):
    krippendorff = pytest.importorskip("krippendorff")
    rng = np.random.default_rng(0)
    values = rng.integers(0, 5, (7, 40)).astype(float)
    values[rng.random(values.shape) < 0.3] = nan
    expected = krippendorff.alpha(values, level_of_measurement=scale)
    ours = krippendorff_alpha(Annotations.from_matrix(values, scale=scale))
    assert ours == pytest.approx(expected, abs=1e-12)


def test_alpha_of_the_documented_example():
    documented = [
        [nan] * 5 + [3, 4, 1, 2, 1, 1, 3, 3, nan, 3],
        [1, nan, 2, 1, 3, 3, 4, 3] + [nan] * 7,
        [nan, nan, 2, 1, 3, 4, 4, nan, 2, 1, 1, 3, 3, nan, 4],
    ]
    value = {s: krippendorff_alpha(Annotations.from_matrix(documented, scale=s)) for s in SCALES}
    assert value["nominal"] == pytest.approx(0.691358, abs=1e-6)
    assert value["interval"] == pytest.approx(0.810845, abs=1e-6)
    assert value["ordinal"] == pytest.approx(0.806721, abs=1e-6)
    assert value["ratio"] == pytest.approx(0.808944, abs=1e-6)


SCALES = ("nominal", "ordinal", "interval", "ratio")


def test_a_custom_distance_replaces_that_of_the_scale():
    interval = krippendorff_alpha(ratings("interval"))
    assert krippendorff_alpha(ratings(), distance=lambda a, b: (a - b) ** 2) == interval
    matrix = (np.arange(5)[:, None] - np.arange(5)) ** 2
    assert krippendorff_alpha(ratings(), distance=matrix) == pytest.approx(interval, abs=1e-14)


# irrCAC 0.4.3 on MATRIX: estimate and standard error over subjects.
IRRCAC = {
    ("fleiss_kappa", None): (0.762483130904, 0.135438598518),
    ("gwet_ac1", None): (0.775151708719, 0.125271926003),
    ("brennan_prediger", None): (0.772727272727, 0.127049316903),
    ("cohen_kappa", None): (0.762449410523, 0.133515293792),
    ("fleiss_kappa", "quadratic"): (0.874230430959, 0.10939187691),
    ("gwet_ac1", "quadratic"): (0.912798231573, 0.067207096595),
    ("brennan_prediger", "quadratic"): (0.901515151515, 0.075015303),
    ("cohen_kappa", "quadratic"): (0.859905406214, 0.118515273573),
}
FUNCTIONS = {f.__name__: f for f in (fleiss_kappa, gwet_ac1, brennan_prediger, cohen_kappa)}


@pytest.mark.parametrize(("name", "weights"), IRRCAC)
def test_kappas_and_their_errors_equal_irrcac(name, weights):
    estimate, stderr = IRRCAC[name, weights]
    assert FUNCTIONS[name](ratings(), weights=weights) == pytest.approx(estimate, abs=1e-11)
    row = agreement_table(ratings(), coefficients=name, weights=weights).loc[name]
    assert row["estimate"] == pytest.approx(estimate, abs=1e-11)
    # irrCAC has the factor sqrt(n / (n - 1)) of a sample of n subjects
    assert row["stderr"] * np.sqrt(11 / 10) == pytest.approx(stderr, abs=1e-11)
    assert row["lower"] < estimate < row["upper"] <= 1.0


def test_ordinal_weights_equal_irrcac():
    twelfth = np.concatenate([MATRIX, [[nan], [nan], [3], [nan]]], axis=1)
    annotations = Annotations.from_matrix(twelfth)
    assert fleiss_kappa(annotations, weights="ordinal") == pytest.approx(0.85021, abs=5e-6)
    assert gwet_ac1(annotations, weights="ordinal") == pytest.approx(0.89894, abs=5e-6)
    assert brennan_prediger(annotations, weights="ordinal") == pytest.approx(0.88636, abs=5e-6)


def test_fleiss_of_the_textbook():
    # Fleiss (1971) layout, ten subjects, fourteen raters, five categories
    counts = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
    annotations = Annotations.from_counts(counts)
    assert fleiss_kappa(annotations) == pytest.approx(0.20993070442195522, abs=1e-14)


def test_cohen_of_two_raters_uses_the_items_both_rated():
    both = Annotations.from_matrix([list("aabbb"), list("aabba")])
    more = Annotations.from_matrix([[*"aabbb", "a", None], [*"aabba", None, "b"]])
    assert cohen_kappa(both) == pytest.approx(0.6153846153846154)
    assert cohen_kappa(more) == pytest.approx(cohen_kappa(both), abs=1e-15)


def test_cohen_equals_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    one = rng.integers(0, 4, 60)
    two = np.where(rng.random(60) < 0.5, one, rng.integers(0, 4, 60))
    annotations = Annotations.from_matrix([one, two])
    for weights in (None, "linear", "quadratic"):
        expected = metrics.cohen_kappa_score(one, two, weights=weights)
        assert cohen_kappa(annotations, weights=weights) == pytest.approx(expected, abs=1e-12)


def test_perfect_agreement_is_one_and_one_category_warns():
    same = Annotations.from_matrix([list("aab"), list("aab")])
    for function in (krippendorff_alpha, *FUNCTIONS.values()):
        assert function(same) == pytest.approx(1.0, abs=1e-15)
    single = Annotations.from_matrix([list("aa"), list("aa")], categories=["a", "b"])
    for function in (krippendorff_alpha, fleiss_kappa, cohen_kappa):
        with pytest.warns(SmallSampleWarning, match="one category of 2: perfect agreement"):
            assert function(single) == 1.0
    assert gwet_ac1(single) == brennan_prediger(single) == 1.0


LABEL_MISSING = pd.DataFrame(
    {"item": [0, 0, 1, 1], "who": list("xyxy"), "label": ["a", None, "b", "b"]}
)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: krippendorff_alpha(MATRIX), "`annotations` is ndarray; it must be Annotations"),
        (
            lambda: krippendorff_alpha(Annotations.from_matrix([[1, 2, nan], [nan, nan, 3]])),
            r"no item has two labels \(3 items, 3 labels\)",
        ),
        (lambda: fleiss_kappa(Annotations.from_matrix([[1, 2, 3]])), "no item has two labels"),
        (
            lambda: cohen_kappa(Annotations.from_counts([[1, 2]])),
            "does not say which rater gave which label",
        ),
        (
            lambda: krippendorff_alpha(ratings(), distance=np.ones((5, 5))),
            "`distance` must be 0 on its diagonal",
        ),
        (
            lambda: krippendorff_alpha(ratings(), distance=np.zeros((2, 2))),
            r"`distance` has shape \(2, 2\); there are 5 categories",
        ),
        (
            lambda: krippendorff_alpha(ratings(), distance=np.triu(np.ones((5, 5)), 1)),
            "`distance` must be symmetric",
        ),
        (lambda: fleiss_kappa(ratings(), weights="linaer"), "did you mean 'linear'"),
        (
            lambda: gwet_ac1(Annotations.from_matrix([list("aa"), list("aa")])),
            "there is one category, 'a'; give all possible `categories`",
        ),
        (
            lambda: agreement_table(Annotations.from_matrix([[1, 1], [1, 1]])),
            "there is no variance",
        ),
        (lambda: agreement_table(ratings(), coefficients="kappa"), "`coefficients` is 'kappa'"),
        (
            lambda: cohen_kappa(Annotations.from_matrix([[1, 2, nan, nan], [nan, nan, 1, 2]])),
            r"no item has two labels \(4 items, 4 labels\): agreement needs raters who share",
        ),
        (
            lambda: Annotations.from_counts([[3, -1], [2, 2]]),
            r"`counts\[0, 1\]` is -1; counts must be at least 0",
        ),
        (
            lambda: Annotations.from_counts([[3, nan], [2, 2]]),
            r"`counts\[0, 1\]` is nan; 1 entry is not finite",
        ),
        (
            lambda: Annotations.from_frame(LABEL_MISSING, item="item", rater="who", label="label"),
            r"column 'label' has no value in 1 row\(s\) \(first: row 1\)",
        ),
        (
            lambda: Annotations.from_matrix([[1, "1"], ["1", 1]]),
            r"1 \(int\) and '1' \(str\), which look alike",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(DataError, match=message):
        call()


@pytest.mark.parametrize("function", [krippendorff_alpha, *FUNCTIONS.values()])
def test_one_rater_is_too_few_for_every_coefficient(function):
    with pytest.raises(DataError, match=r"no item has two labels \(3 items, 3 labels\)"):
        function(Annotations.from_matrix([[1, 2, 3]]))


@pytest.mark.parametrize("function", [krippendorff_alpha, fleiss_kappa, gwet_ac1, brennan_prediger])
def test_counts_of_eight_bits_do_not_overflow(function):
    counts = np.array([[100, 50], [60, 90], [120, 30]])
    narrow = Annotations.from_counts(counts.astype(np.int8))
    assert function(narrow) == function(Annotations.from_counts(counts))


def test_fleiss_of_unequal_numbers_of_raters_counts_each_item_once():
    """Agreement 1, 1/3 and 1; shares of the first label 1, 1/3 and 0; chance 41/81."""
    annotations = Annotations.from_counts([[2, 0], [1, 2], [0, 4]])
    assert fleiss_kappa(annotations) == pytest.approx((7 / 9 - 41 / 81) / (40 / 81), abs=1e-15)


def test_rows_without_a_label_are_dropped_when_asked_and_counted():
    kept = Annotations.from_frame(
        LABEL_MISSING, item="item", rater="who", label="label", missing="drop"
    )
    assert kept.dropped == {"no label": 1}
    assert kept.n_labels == 3


def simulated(raters: int = 30, items: int = 60) -> Annotations:
    rng = np.random.default_rng(0)
    share = rng.dirichlet([3, 1, 0.4], items)
    values = np.array([[rng.choice(3, p=p) for p in share] for _ in range(raters)], dtype=float)
    values[rng.random(values.shape) < 0.2] = nan
    return Annotations.from_matrix(values, scale="ordinal")


@pytest.mark.parametrize("unit", ["rater", "item", "rater+item"])
@pytest.mark.parametrize(
    "statistic", [krippendorff_alpha, fleiss_kappa, gwet_ac1, brennan_prediger]
)
def test_batched_replicates_equal_the_loop(statistic, unit):
    data = simulated()
    batched = bootstrap(statistic, data, unit=unit, n=20, seed=1)
    looped = bootstrap(lambda x: statistic(x), data, unit=unit, n=20, seed=1)
    np.testing.assert_allclose(batched.replicates, looped.replicates, rtol=0, atol=1e-12)


def test_a_rater_drawn_twice_does_not_agree_with_its_own_copy():
    """Copies inflate alpha; leaving out self-pairs keeps the replicates centred."""
    rng = np.random.default_rng(0)
    share = rng.dirichlet([3, 1, 0.4], 150)
    values = np.array([[rng.choice(3, p=p) for p in share] for _ in range(40)])
    data = Annotations.from_matrix(values)
    alpha = krippendorff_alpha(data)
    result = bootstrap(krippendorff_alpha, data, unit="rater", n=400, seed=1)
    naive = []
    for _ in range(100):
        drawn = rng.integers(0, 40, 40)
        naive.append(krippendorff_alpha(Annotations.from_matrix(values[drawn])))
    noise = result.stderr / np.sqrt(400)
    assert abs(np.mean(result.replicates) - alpha) < 4 * noise
    # of two draws, one in 40 is the same rater
    assert np.mean(naive) - alpha == pytest.approx((1 - alpha) / 40, rel=0.25)


@pytest.mark.parametrize("scale", SCALES)
def test_errors_of_alpha_are_its_infinitesimal_jackknife(scale):
    from pluralism.jury._inputs import distance_matrix, pairable
    from pluralism.kernels._agreement import krippendorff_agreement

    values = np.random.default_rng(0).integers(1, 5, (5, 30)).astype(float)
    values[np.random.default_rng(1).random(values.shape) < 0.3] = nan
    data = Annotations.from_matrix(values, scale=scale)
    labels, metric = pairable(data), distance_matrix(data, None)
    slope = []
    for item in range(len(labels.counts)):
        ends = []
        for step in (1e-5, -1e-5):
            weight = np.ones(len(labels.counts))
            weight[item] += step
            result = krippendorff_agreement(labels.counts, labels.squares, weight, metric)
            ends.append(result.value)
        slope.append((ends[0] - ends[1]) / 2e-5)
    row = agreement_table(data, coefficients="krippendorff_alpha").iloc[0]
    assert row["stderr"] == pytest.approx(np.std(slope) * np.sqrt(len(slope)), rel=1e-6)


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval", "ratio"])
def test_agreement_beside_alpha_is_a_share_of_what_could_be(scale):
    row = agreement_table(ratings(scale), coefficients="krippendorff_alpha").iloc[0]
    assert 0 <= row["expected"] < row["observed"] <= 1
    ratio = (row["observed"] - row["expected"]) / (1 - row["expected"])
    assert ratio == pytest.approx(row["estimate"], abs=1e-12)


@pytest.mark.slow
def test_kernels_run_on_jax_arrays_and_can_be_differentiated():
    import jax
    import jax.numpy as jnp

    from pluralism.kernels._agreement import krippendorff_agreement

    counts = Annotations.from_matrix(MATRIX).count_table()
    with jax.enable_x64(True):
        table = jnp.asarray(counts)

        def alpha(weight):
            return krippendorff_agreement(table, table.sum(axis=1), weight, None).value

        value, slope = jax.jit(jax.value_and_grad(alpha))(jnp.ones(len(counts)))
        assert float(value) == pytest.approx(krippendorff_alpha(ratings("ordinal")), abs=1e-14)
        centred = np.asarray(slope) - np.asarray(slope).mean()
    row = agreement_table(ratings("ordinal"), coefficients="krippendorff_alpha").iloc[0]
    assert np.sqrt((centred**2).sum()) == pytest.approx(row["stderr"], rel=1e-9)


@pytest.mark.parametrize("statistic", [krippendorff_alpha, fleiss_kappa])
def test_many_raters_and_cells_are_summed_without_a_dense_table(statistic, monkeypatch):
    data = simulated(8, 20)
    dense = bootstrap(statistic, data, unit="rater", n=9, seed=1).replicates
    monkeypatch.setattr("pluralism.jury._agreement_batch._DENSE_NUMBERS", 0)
    sparse = bootstrap(statistic, data, unit="rater", n=9, seed=1).replicates
    np.testing.assert_allclose(sparse, dense, rtol=0, atol=1e-12)


@pytest.mark.parametrize("statistic", [krippendorff_alpha, gwet_ac1])
def test_labels_drawn_one_by_one_are_looped_over(statistic):
    data = simulated(6, 15)
    ours = bootstrap(statistic, data, unit="row", n=9, seed=1).replicates
    looped = bootstrap(lambda x: statistic(x), data, unit="row", n=9, seed=1).replicates
    np.testing.assert_array_equal(ours, looped)


def test_weights_of_categories_are_not_taken_for_those_of_replicates():
    data = simulated(6, 15)
    statistic = functools.partial(fleiss_kappa, weights="quadratic")
    found = bootstrap(statistic, data, unit="rater", n=9, seed=1)
    looped = bootstrap(lambda x: statistic(x), data, unit="rater", n=9, seed=1)
    assert found.estimate == fleiss_kappa(data, weights="quadratic") != fleiss_kappa(data)
    np.testing.assert_array_equal(found.replicates, looped.replicates)

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from pluralism import Annotations, ConvergenceError, DataError, NotIdentifiedError
from pluralism.jury import fit_dirichlet_multinomial, fit_temperature, oracle_score
from pluralism.kernels._dirichlet import dirichlet_multinomial_derivatives, probability_largest


def simulated(alpha=(2.0, 3.0, 1.0), items: int = 200, seed: int = 0):
    rng = np.random.default_rng(seed)
    return np.array(
        [rng.multinomial(rng.integers(2, 12), rng.dirichlet(alpha)) for _ in range(items)]
    )


def test_log_likelihood_is_that_of_scipy_without_the_coefficients():
    counts = simulated()
    fit = fit_dirichlet_multinomial(counts)
    n = counts.sum(axis=1)
    full = stats.dirichlet_multinomial.logpmf(counts, fit.alpha.values, n).sum()
    coefficients = stats.multinomial.logpmf(counts, n, np.full((len(n), 3), 1 / 3)) + n * np.log(3)
    assert fit.log_likelihood == pytest.approx(full - coefficients.sum(), abs=1e-8)


def test_estimate_is_the_maximum_and_errors_are_its_curvature():
    counts = simulated()
    fit = fit_dirichlet_multinomial(counts)
    eta = np.log(fit.alpha.values)
    parts = dirichlet_multinomial_derivatives(counts, eta)
    np.testing.assert_allclose(parts.gradient, 0.0, atol=1e-6)
    numeric = np.empty((3, 3))
    for k in range(3):
        step = 1e-5 * np.eye(3)[k]
        up = dirichlet_multinomial_derivatives(counts, eta + step).gradient
        down = dirichlet_multinomial_derivatives(counts, eta - step).gradient
        numeric[k] = (up - down) / 2e-5
    np.testing.assert_allclose(parts.hessian, numeric, atol=1e-5)
    np.testing.assert_allclose(fit.log_stderr, np.sqrt(np.diag(np.linalg.inv(-numeric))), rtol=1e-6)
    np.testing.assert_allclose(fit.stderr, fit.alpha * fit.log_stderr, rtol=1e-14)
    assert fit.overdispersion == pytest.approx(1 / (1 + fit.precision))


@pytest.mark.slow
def test_intervals_on_the_log_scale_cover():
    alpha, hits = np.array([2.0, 3.0, 1.0]), 0
    for seed in range(60):
        fit = fit_dirichlet_multinomial(simulated(alpha, items=120, seed=seed))
        hits += (np.abs(np.log(fit.alpha / alpha)) < 1.96 * fit.log_stderr).sum().item()
    assert 0.89 < hits / 180 < 0.99


def test_items_without_labels_and_annotations_are_understood():
    counts = simulated()
    with_empty = np.concatenate([counts, [[0, 0, 0]]])
    one = fit_dirichlet_multinomial(counts)
    two = fit_dirichlet_multinomial(Annotations.from_counts(with_empty, categories=["x", "y", "z"]))
    np.testing.assert_allclose(one.alpha.values, two.alpha.values)
    assert two.alpha.category.values.tolist() == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("counts", "kind", "message"),
    [
        ([[1, 0], [3, 0]], NotIdentifiedError, "no item was ever labelled 1"),
        ([[1, 0], [0, 1]], NotIdentifiedError, "no item has two labels"),
        ([[2, 2], [2, 2], [3, 3]], NotIdentifiedError, "runs to infinity"),
        ([[1.5, 2]], DataError, r"`counts\[0, 0\]` is 1.5; label counts must be whole"),
        ([[1, -2]], DataError, r"`counts\[0, 1\]` is -2"),
        ([[0, 0]], DataError, "holds no label"),
        ([1, 2], DataError, "must be items x categories"),
    ],
)
def test_bad_counts_are_named(counts, kind, message):
    with pytest.raises(kind, match=message):
        fit_dirichlet_multinomial(counts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([[4, 1]] * 2, "runs to infinity"),
        ([[3, 2], [2, 3], [3, 2], [2, 3]], "runs to infinity"),
        ([[1, 1, 1]] * 4, "runs to infinity"),
        ([[1, 1], [2, 0]], "runs to infinity"),
        ([[1, 4, 0], [0, 4, 1]], "runs to infinity"),
        ([[5, 0], [0, 5], [5, 0], [5, 0], [0, 5]], "every item is unanimous"),
        ([[2, 0], [0, 1], [1, 0], [0, 1]], "every item is unanimous"),
    ],
)
@pytest.mark.parametrize("tolerance", [1e-14, 1e-10, 1e-4])
def test_estimates_at_infinity_or_zero_are_refused_in_every_order(counts, message, tolerance):
    counts = np.array(counts)
    for order in itertools.permutations(range(counts.shape[1])):
        with pytest.raises(NotIdentifiedError, match=message):
            fit_dirichlet_multinomial(counts[:, order], tolerance=tolerance)
    with pytest.raises(NotIdentifiedError, match=f"give `alpha`: .*{message}"):
        oracle_score(counts)


@pytest.mark.slow
def test_estimates_are_finite_where_labels_vary_more_than_independent_draws():
    rng, finite = np.random.default_rng(0), []
    for _ in range(100):
        counts = rng.multinomial(4, rng.dirichlet((5.0, 3.0)), size=6)
        if (counts == 0).any(axis=1).all() or (counts.sum(axis=0) == 0).any():
            continue
        shares = counts.sum(axis=0) / counts.sum()
        varied = (counts * (counts - 1) / shares).sum() - 6 * 4 * 3
        try:
            total = fit_dirichlet_multinomial(counts).precision
        except NotIdentifiedError:
            total = np.inf
        assert (total < 1e4) == (varied > 1e-9)
        finite.append(varied > 1e-9)
    assert 10 < sum(finite) < len(finite) - 10


def test_what_does_not_settle_carries_the_fit():
    counts = simulated((2, 3, 1), 60, 1)
    with pytest.raises(ConvergenceError, match="no maximum after 1 Newton steps") as caught:
        fit_dirichlet_multinomial(counts, max_iterations=1)
    loose = fit_dirichlet_multinomial(counts, max_iterations=1, check=False)
    assert caught.value.result.alpha.equals(loose.alpha)
    with pytest.raises(ConvergenceError, match="the groups did not settle in 1 steps") as caught:
        fit_dirichlet_multinomial(counts, groups=["a", "b"] * 30, max_iterations=1)
    assert caught.value.result.alpha.sizes == {"group": 2, "category": 3}


@pytest.mark.parametrize(
    ("counts", "groups", "message"),
    [
        ([[3], [2]], None, "`counts` has 1 category; two are needed"),
        ([[1, 2], [2, 1]], ["a"], "`groups` has 1 entries for 2 items"),
        ([[1, 2], [2, 1]], ["a", "a"], "`groups` holds one group, 'a'; leave the argument out"),
    ],
)
def test_what_cannot_be_grouped_is_said(counts, groups, message):
    with pytest.raises(DataError, match=message):
        fit_dirichlet_multinomial(counts, groups=groups)


def test_groups_are_pooled_in_part():
    parts = [simulated((2, 3, 1), 60, 1), simulated((1, 4, 2), 60, 2), simulated((1, 4, 2), 4, 3)]
    groups = np.repeat(["a", "b", "c"], [60, 60, 4])
    fit = fit_dirichlet_multinomial(np.concatenate(parts), groups=groups)
    alone = [fit_dirichlet_multinomial(part).alpha.values for part in parts[:2]]
    population = np.log(fit.population.values)
    for name, own in zip("ab", alone, strict=True):
        pooled = np.log(fit.alpha.sel(group=name).values)
        assert np.linalg.norm(pooled - population) < np.linalg.norm(np.log(own) - population)
        np.testing.assert_allclose(pooled, np.log(own), atol=0.4)
    assert (fit.log_stderr.sel(group="c") > fit.log_stderr.sel(group="a")).all()
    assert fit.between > 0


@pytest.mark.parametrize("n", [2, 3, 5])
def test_probability_of_being_largest(n):
    rng = np.random.default_rng(n)
    concentration = rng.uniform(0.2, 6.0, (3, n))
    ours = probability_largest(concentration)
    np.testing.assert_allclose(ours.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(ours, probability_largest(concentration, nodes=500), atol=1e-9)
    for row, alpha in zip(ours, concentration, strict=True):
        drawn = np.bincount(rng.dirichlet(alpha, 40_000).argmax(axis=1), minlength=n) / 40_000
        np.testing.assert_allclose(row, drawn, atol=5 * 0.5 / np.sqrt(40_000))
    equal = probability_largest(np.full((1, n), 0.01))
    np.testing.assert_allclose(equal, 1 / n, atol=1e-10)


@pytest.mark.parametrize(
    ("counts", "accuracy", "macro_f1"),
    [([[1, 3], [4, 0]], 0.887007, 0.849929), ([[3, 2], [0, 5]], 0.762291, 0.683619)],
)
def test_examples_of_the_published_interface(counts, accuracy, macro_f1):
    best = oracle_score(counts)
    assert best.accuracy == pytest.approx(accuracy, abs=1.1e-6)
    assert best.macro_f1 == pytest.approx(macro_f1, abs=1.1e-6)
    assert best.stderr == {"balanced_accuracy": 0.0, "macro_f1": 0.0}


def test_oracle_scores_are_what_enumeration_gives():
    metrics = pytest.importorskip("sklearn.metrics")
    counts, alpha = np.array([[3, 1], [0, 2], [2, 5], [4, 4]]), [0.7, 1.2]
    p = probability_largest(counts + np.array(alpha))
    predicted = counts.argmax(axis=1)
    balanced = f1 = 0.0
    for truth in itertools.product(range(2), repeat=4):
        chance = np.prod(p[range(4), truth])
        present = np.unique(truth)
        recall = [np.mean(predicted[np.array(truth) == k] == k) for k in present]
        balanced += chance * np.mean(recall)
        f1 += chance * metrics.f1_score(truth, predicted, average="macro")
    best = oracle_score(counts, alpha=alpha)
    assert best.balanced_accuracy == pytest.approx(balanced, abs=1e-12)
    assert best.macro_f1 == pytest.approx(f1, abs=1e-12)
    rng = np.random.default_rng(0)
    share = counts / counts.sum(axis=1, keepdims=True)
    drawn = [
        -(y * np.log(rng.dirichlet(c + alpha, 50_000))).sum(axis=1).mean()
        for c, y in zip(counts, share, strict=True)
    ]
    assert best.cross_entropy == pytest.approx(np.mean(drawn), abs=0.01)


def test_simulated_scores_agree_with_exact_ones_within_their_error():
    counts = simulated((1.0, 2.0, 0.7), items=150)
    best = oracle_score(counts, n_draws=400, seed=0)
    assert best.n_draws == 400
    assert all(0 < s < 0.01 for s in best.stderr.values())
    # three classes with one never predicted first reduce to two
    two = np.concatenate([counts[:, :1], counts[:, 1:].sum(axis=1, keepdims=True)], axis=1)
    exact = oracle_score(two)
    from pluralism.jury import _oracle

    p = probability_largest(two + exact.alpha.values)
    draws = _oracle._simulate(p, np.eye(2)[two.argmax(axis=1)], 2000, np.random.default_rng(1))
    spread = draws.std(axis=1) / np.sqrt(2000)
    assert abs(draws[0].mean() - exact.balanced_accuracy) < 4 * spread[0]
    assert abs(draws[1].mean() - exact.macro_f1) < 4 * spread[1]


def test_ties_are_an_explicit_choice():
    counts, alpha = [[2, 2], [3, 1]], [2.0, 1.0]
    first = oracle_score(counts, alpha=alpha).accuracy
    random = oracle_score(counts, alpha=alpha, ties="random", seed=0).accuracy
    p = probability_largest(np.array(counts) + np.array(alpha))
    assert first == pytest.approx((p[0, 0] + p[1, 0]) / 2)
    assert random == pytest.approx((0.5 + p[1, 0]) / 2)
    with pytest.raises(DataError, match="`ties` is 'last'"):
        oracle_score(counts, ties="last")


def test_temperature_is_the_minimum_and_flattens_overconfidence():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(200, 4))
    share = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.multinomial(40, p) for p in share])
    fit = fit_temperature(3.0 * logits, labels)
    assert fit.temperature == pytest.approx(3.0, rel=0.05)
    assert fit.after < fit.before
    for other in (0.99, 1.01):
        p = np.exp(3.0 * logits / (fit.temperature * other))
        p /= p.sum(axis=1, keepdims=True)
        y = labels / labels.sum(axis=1, keepdims=True)
        assert -(y * np.log(p)).sum(axis=1).mean() > fit.after
    np.testing.assert_allclose(fit.apply(3.0 * logits).sum(axis=1), 1.0)
    with pytest.raises(DataError, match="no finite, positive temperature is best"):
        fit_temperature([[2.0, 0.0], [0.0, 2.0]], [[1, 0], [0, 1]])


def test_a_single_category_is_surely_the_largest():
    np.testing.assert_array_equal(probability_largest(np.array([[2.0], [0.5]])), [[1.0], [1.0]])

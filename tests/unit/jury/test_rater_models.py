from __future__ import annotations

import numpy as np
import pytest

from pluralism import Annotations, ConvergenceError, DataError, NotIdentifiedError
from pluralism.errors import ApproximationWarning
from pluralism.jury import fit_dawid_skene, fit_mace, fit_rater_effects

nan = float("nan")


def simulated(seed: int = 0, items: int = 80, raters: int = 9, n: int = 3):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n, items)
    skill = rng.uniform(0.3, 0.95, raters)
    item = np.repeat(np.arange(items), raters)
    rater = np.tile(np.arange(raters), items)
    right = rng.random(item.size) < skill[rater]
    label = np.where(right, truth[item], rng.integers(0, n, item.size))
    kept = rng.random(item.size) < 0.7
    return truth, item[kept], rater[kept], label[kept]


def annotations(item, rater, label, weight=None, n: int = 3) -> Annotations:
    return Annotations.from_codes(
        item,
        label,
        rater=rater,
        weight=weight,
        items=range(max(item) + 1),
        raters=range(max(rater) + 1),
        categories=range(n),
    )


def plain_em(item, rater, label, weight, n: int, steps: int):
    """Dawid and Skene's equations, label by label."""
    items, raters = max(item) + 1, max(rater) + 1
    posterior = np.zeros((items, n))
    for i, k, w in zip(item, label, weight, strict=True):
        posterior[i, k] += w
    posterior /= posterior.sum(axis=1, keepdims=True)
    for _ in range(steps):
        prevalence = posterior.mean(axis=0)
        confusion = np.zeros((raters, n, n))
        for i, r, k, w in zip(item, rater, label, weight, strict=True):
            confusion[r, :, k] += w * posterior[i]
        confusion /= confusion.sum(axis=2, keepdims=True)
        likely = np.tile(prevalence, (items, 1))
        for i, r, k, w in zip(item, rater, label, weight, strict=True):
            likely[i] *= confusion[r, :, k] ** w
        posterior = likely / likely.sum(axis=1, keepdims=True)
    return prevalence, confusion, posterior, np.log(likely.sum(axis=1)).sum()


@pytest.mark.parametrize("weighted", [False, True])
def test_dawid_skene_follows_its_equations(weighted):
    _, item, rater, label = simulated()
    rng = np.random.default_rng(1)
    weight = rng.uniform(0.5, 2.0, len(item)) if weighted else np.ones(len(item))
    prevalence, confusion, posterior, value = plain_em(item, rater, label, weight, 3, 12)
    fit = fit_dawid_skene(
        annotations(item, rater, label, weight), max_iterations=12, tolerance=0.0, check=False
    )
    np.testing.assert_allclose(fit.prevalence, prevalence, atol=1e-12)
    np.testing.assert_allclose(fit.confusion, confusion, atol=1e-12)
    np.testing.assert_allclose(fit.posterior, posterior, atol=1e-11)
    assert fit.log_likelihood == pytest.approx(value, abs=1e-9)
    assert fit.confusion.dims == ("rater", "true_label", "label")
    assert fit.posterior.dims == ("item", "true_label")


def test_a_label_of_weight_two_is_two_labels_of_one_rater():
    _, item, rater, label = simulated()
    twice = np.repeat(np.arange(len(item)), 1 + (np.arange(len(item)) % 3 == 0))
    weight = 1.0 + (np.arange(len(item)) % 3 == 0)
    one = fit_dawid_skene(annotations(item, rater, label, weight))
    two = fit_dawid_skene(annotations(item[twice], rater[twice], label[twice]))
    np.testing.assert_allclose(one.confusion, two.confusion, atol=1e-12)


def test_dawid_skene_recovers_the_truth_and_climbs():
    truth, item, rater, label = simulated(items=300, raters=12)
    data = annotations(item, rater, label)
    fit = fit_dawid_skene(data)
    assert fit.converged
    assert (fit.labels.values == truth).mean() > 0.93
    values = [
        fit_dawid_skene(data, max_iterations=k, check=False).log_likelihood for k in range(1, 8)
    ]
    assert (np.diff(values) > -1e-9).all()
    np.testing.assert_allclose(fit.confusion.sum("label"), 1.0, atol=1e-12)


def test_smoothing_keeps_every_label_possible():
    _, item, rater, label = simulated(items=10)
    fit = fit_dawid_skene(annotations(item, rater, label), smoothing=0.1)
    assert (fit.confusion > 0).all()
    plain = fit_dawid_skene(annotations(item, rater, label))
    assert plain.log_likelihood > fit.log_likelihood


def log_likelihood(free, item, rater, label, weight, shape):
    """Of the observed labels, from log-ratios against the first entry of each row."""
    import jax.numpy as jnp

    n_items, n_raters, n = shape
    rows = free.reshape(-1, n - 1)
    rows = jnp.concatenate([jnp.zeros((len(rows), 1)), rows], axis=1)
    log_p = rows - jnp.log(jnp.exp(rows).sum(axis=1, keepdims=True))
    log_confusion = log_p[1:].reshape(n_raters, n, n)
    each = weight[:, None] * log_confusion[rater, :, label]  # (cells, classes)
    joint = jnp.zeros((n_items, n)).at[item].add(each) + log_p[:1]
    return jnp.log(jnp.exp(joint).sum(axis=1)).sum()


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_standard_errors_are_those_of_the_hessian(weighted):
    import jax

    rng = np.random.default_rng(1)
    item, rater = np.repeat(np.arange(300), 5), np.tile(np.arange(5), 300)
    truth = rng.integers(0, 3, 300)[item]
    label = (truth + rng.choice(3, truth.size, p=[0.7, 0.15, 0.15])) % 3
    weight = rng.uniform(0.5, 2.0, len(item)) if weighted else np.ones(len(item))
    fit = fit_dawid_skene(annotations(item, rater, label, weight))
    table = np.concatenate([fit.prevalence.values[None], fit.confusion.values.reshape(-1, 3)])
    assert table.min() > 1e-3  # all off the boundary
    free = np.log(table[:, 1:] / table[:, :1]).ravel()
    with jax.enable_x64(True):
        hessian = jax.hessian(log_likelihood)(
            free, item, rater, label, weight, (item.max() + 1, 5, 3)
        )
    covariance = np.linalg.inv(-np.asarray(hessian))
    errors = []
    for row, p in enumerate(table):
        here = slice(2 * row, 2 * row + 2)
        slope = (np.diag(p) - np.outer(p, p))[:, 1:]
        errors.append(np.sqrt(np.diag(slope @ covariance[here, here] @ slope.T)))
    np.testing.assert_allclose(fit.prevalence_stderr, errors[0], rtol=1e-6)
    np.testing.assert_allclose(
        fit.confusion_stderr.values.reshape(-1, 3), np.array(errors[1:]), rtol=1e-6
    )
    assert fit.confusion_stderr.dims == ("rater", "true_label", "label")


@pytest.mark.slow
def test_standard_errors_are_the_spread_of_the_estimates():
    rng = np.random.default_rng(0)
    right, n_items, n_raters = np.array([0.85, 0.8, 0.75, 0.8, 0.7, 0.75]), 400, 6
    z = []
    for _ in range(100):
        truth = (rng.random(n_items) < 0.4).astype(int)
        said = np.where(rng.random((n_raters, n_items)) < right[:, None], truth, 1 - truth)
        fit = fit_dawid_skene(Annotations.from_matrix(said, categories=[0, 1]))
        z.append((fit.prevalence.values[1] - 0.4) / fit.prevalence_stderr.values[1])
        for k in (0, 1):
            hit = fit.confusion.values[:, k, k] - right
            z.extend(hit / fit.confusion_stderr.values[:, k, k])
    z = np.array(z)
    assert np.isfinite(z).all()
    assert (np.abs(z) < 1.96).mean() == pytest.approx(0.95, abs=0.025)
    assert z.std() == pytest.approx(1.0, abs=0.1)


def test_errors_on_the_boundary_are_nan_and_singular_information_warns():
    rows = [list("aabbaabbab"), list("aabbaabbab"), list("ababababab")]
    fit = fit_dawid_skene(Annotations.from_matrix(rows, raters=["x", "y", "noise"]))
    assert np.isnan(fit.confusion_stderr.sel(rater="x")).all()
    noise = fit.confusion.sel(rater="noise")
    known = np.sqrt(noise * (1 - noise) / 5)  # five items of each label, all known
    np.testing.assert_allclose(fit.confusion_stderr.sel(rater="noise"), known, rtol=1e-6)
    np.testing.assert_allclose(fit.prevalence_stderr, np.sqrt(0.25 / 10), rtol=1e-6)
    rng = np.random.default_rng(0)
    two = Annotations.from_matrix(rng.integers(0, 2, (2, 40)))  # four kinds of item, five unknowns
    vague = fit_dawid_skene(two, smoothing=0.0, max_iterations=5000, check=False)
    with pytest.warns(ApproximationWarning, match="singular"):
        assert np.isnan(vague.prevalence_stderr).all()


def test_standard_errors_of_too_many_raters_are_refused():
    item = np.arange(2600)
    with pytest.warns(ApproximationWarning, match="tells no item from another"):
        fit = fit_dawid_skene(annotations(item, item, item % 2), check=False)
    with pytest.raises(DataError, match="free probabilities need a matrix"):
        fit.confusion_stderr  # noqa: B018


def test_items_without_labels_have_no_posterior():
    data = Annotations.from_matrix([["a", "b", None], ["a", "b", None]])
    fit = fit_dawid_skene(data)
    assert np.isnan(fit.posterior.sel(item=2)).all()


def test_not_settling_is_an_error_that_carries_the_fit():
    _, item, rater, label = simulated()
    data = annotations(item, rater, label)
    with pytest.raises(ConvergenceError, match="did not settle in 2 steps") as caught:
        fit_dawid_skene(data, max_iterations=2)
    assert caught.value.result.iterations == 2
    with pytest.raises(DataError, match="does not say which rater"):
        fit_dawid_skene(Annotations.from_counts([[1, 2]]))
    with pytest.raises(DataError, match="there is one category, 'a'"):
        fit_mace(Annotations.from_matrix([["a"], ["a"]]))


def test_mace_finds_those_who_do_not_look():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 400)
    spamming = np.array([0.0, 0.1, 0.3, 0.5, 0.9])
    habit = np.array([0.7, 0.1, 0.1, 0.1])
    rows = [np.where(rng.random(400) < s, rng.choice(4, 400, p=habit), truth) for s in spamming]
    fit = fit_mace(Annotations.from_matrix(rows))
    np.testing.assert_allclose(fit.spamming, spamming, atol=0.08)
    np.testing.assert_allclose(fit.habit.sel(rater=4), habit, atol=0.08)
    assert (fit.labels.values == truth).mean() > 0.97
    np.testing.assert_allclose(fit.habit.sum("label"), 1.0, atol=1e-12)


def test_mace_climbs_its_likelihood_to_a_stationary_point():
    _, item, rater, label = simulated(items=40)
    data = annotations(item, rater, label)
    values = [fit_mace(data, max_iterations=k, check=False).log_likelihood for k in range(1, 30)]
    assert (np.diff(values) > -1e-9).all()
    fit = fit_mace(data, max_iterations=100_000, tolerance=1e-14)

    def value(spamming):
        total = 0.0
        for i in range(data.n_items):
            rows = item == i
            likely = np.full(3, 1 / 3)
            for r, k in zip(rater[rows], label[rows], strict=True):
                s = spamming[r]
                likely *= (1 - s) * (np.arange(3) == k) + s * fit.habit.values[r, k]
            total += np.log(likely.sum())
        return total

    spamming = fit.spamming.values
    assert value(spamming) == pytest.approx(fit.log_likelihood, abs=1e-8)
    for r in range(9):
        for step in (-1e-3, 1e-3):
            moved = spamming.copy()
            moved[r] = np.clip(moved[r] + step, 0, 1)
            assert value(moved) <= fit.log_likelihood + 1e-7


def test_severity_equals_least_squares():
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(0)
    values = rng.integers(1, 6, 12) + rng.normal(size=(6, 1)) * 0.7 + rng.normal(size=(6, 12))
    values = np.round(values, 3)
    values[rng.random(values.shape) < 0.3] = nan
    fit = fit_rater_effects(Annotations.from_matrix(values, scale="interval"), ridge=5.0)
    rater, item = np.nonzero(~np.isnan(values))
    design = np.concatenate([np.eye(12)[item], np.eye(6)[rater][:, 1:]], axis=1)
    ols = sm.OLS(values[rater, item], design).fit()
    n = np.bincount(rater)
    centre = np.eye(6) - n / n.sum()
    effects = centre @ np.concatenate([[0.0], ols.params[12:]])
    inner = np.zeros((6, 6))
    inner[1:, 1:] = ols.cov_params()[12:, 12:]
    np.testing.assert_allclose(fit.severity, effects, atol=1e-10)
    np.testing.assert_allclose(fit.stderr, np.sqrt(np.diag(centre @ inner @ centre.T)), atol=1e-10)
    assert fit.residual_sd == pytest.approx(np.sqrt(ols.mse_resid))


def test_position_finds_the_line_along_which_raters_divide():
    rng = np.random.default_rng(0)
    camp = np.repeat([-1.0, 1.0], 10)
    divides = rng.normal(size=60)
    values = rng.normal(size=60) + camp[:, None] * divides + 0.3 * rng.normal(size=(20, 60))
    fit = fit_rater_effects(Annotations.from_matrix(np.round(values, 6), scale="interval"))
    assert abs(np.corrcoef(fit.position, camp)[0, 1]) > 0.98
    assert abs(np.corrcoef(fit.discrimination, divides)[0, 1]) > 0.95


def test_raters_who_share_no_item_cannot_be_compared():
    apart = Annotations.from_matrix(
        [[1, 2, 2, nan, nan, nan]] * 2 + [[nan, nan, nan, 1, 3, 2]] * 2, scale="interval"
    )
    with pytest.raises(NotIdentifiedError, match="2 parts that share no item") as caught:
        fit_rater_effects(apart)
    assert caught.value.groups == ((0, 1), (2, 3))
    with pytest.raises(DataError, match="the scale is 'nominal'"):
        fit_rater_effects(Annotations.from_matrix([[1, 2], [1, 2]]))


def test_only_a_positive_definite_information_has_an_inverse():
    from pluralism.kernels._rater_information import _inverse

    information = np.array([[4e8, 1e3], [1e3, 1.0]])
    np.testing.assert_allclose(_inverse(information), np.linalg.inv(information), rtol=1e-10)
    assert _inverse(np.zeros((0, 0))).shape == (0, 0)
    for singular in (np.diag([1.0, 0.0]), np.ones((2, 2)), np.array([[1.0, 2.0], [2.0, 1.0]])):
        assert _inverse(singular) is None
    assert _inverse(np.array([[1.0, 1.0], [1.0, 1.0 + 2e-15]])) is None  # but for rounding


def test_raters_who_agree_in_all_have_no_line_along_which_to_divide():
    same = Annotations.from_matrix([[1.0, 3.0, 2.0]] * 3, scale="interval")
    fit = fit_rater_effects(same)
    assert fit.severity.values.tolist() == fit.position.values.tolist() == [0.0] * 3
    assert fit.discrimination.values.tolist() == [0.0] * 3
    assert fit.residual_sd == 0.0


def test_positions_that_do_not_settle_are_said():
    values = np.random.default_rng(0).integers(0, 9, (5, 12)).astype(float)
    with pytest.raises(ConvergenceError, match="positions did not settle in 1 alternations"):
        fit_rater_effects(Annotations.from_matrix(values, scale="interval"), max_iterations=1)


def test_unanimous_labels_say_nothing_of_spamming():
    alike = Annotations.from_matrix([[1] * 20] * 3, categories=[1, 2])
    with pytest.raises(NotIdentifiedError, match="all labels are 1: raters who look"):
        fit_mace(alike)
    assert (fit_mace(alike, smoothing=0.1).posterior.sel(true_label=1) > 0.5).all()
    assert (fit_dawid_skene(alike).posterior.sel(true_label=1) == 1.0).all()


@pytest.mark.parametrize("fit", [fit_dawid_skene, fit_mace])
def test_a_fit_that_stays_where_items_are_alike_says_so(fit):
    opposed = Annotations.from_matrix([[1, 2], [2, 1]])
    with pytest.warns(ApproximationWarning, match="tells no item from another"):
        found = fit(opposed, check=False)
    assert (found.posterior == 0.5).all()

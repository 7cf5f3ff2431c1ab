"""The audit finds published defects on constructed data, and clears sound metrics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pluralism import DataError, scores


def accuracy(answers, truth):
    return float((np.asarray(answers) == np.asarray(truth)).mean())


def audit_of(*arguments, **keywords):
    """Audit with a few replicates and a seed, unless said otherwise."""
    return scores.audit_metric(*arguments, **{"n_replicates": 20, "seed": 0, **keywords})


def verdicts(audit):
    return audit.findings.groupby("check").verdict.agg(list).to_dict()


def mean_entropy(shares, *, drop):
    """Mean entropy of answer shares; with `drop`, 0 log 0 is NaN and the question is left out."""
    p = np.asarray(shares, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = -p * np.log(p)
    if not drop:
        return float(np.nan_to_num(terms).sum(axis=1).mean())
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(np.nanmean(terms.sum(axis=1)))


# -- the published defects ---------------------------------------------------------------


def test_a_benchmark_whose_right_letter_is_nearly_always_a():
    """As in PacifAIst: A is right in 328 of 351, and the best of eight systems scores .903."""
    rng = np.random.default_rng(0)
    truth = np.repeat(list("ABC"), [328, 12, 11])
    rates = np.linspace(0.795, 0.903, 8)
    systems = {
        f"model {place}": np.where(rng.permutation(351) < 351 * rate, truth, "D")
        for place, rate in enumerate(rates)
    }
    audit = audit_of(accuracy, systems, truth=truth, declared=(0, 1), seed=0)
    assert audit.failures == ("baselines",)
    assert audit.baselines["always A"] == 328 / 351
    assert "8 of 8 systems do not beat it" in audit.findings.set_index("check").detail["baselines"]
    # On a balanced key the same systems pass.
    even = np.tile(list("ABC"), 117)
    fair = {
        name: np.where(rng.permutation(351) < 351 * rate, even, "D")
        for (name, _), rate in zip(systems.items(), rates, strict=True)
    }
    assert audit_of(accuracy, fair, truth=even, seed=0).passed


def test_a_metric_scaled_over_the_test_set():
    """As in VisAlign: abstention is an uncertainty min-max scaled over all images."""
    rng = np.random.default_rng(1)
    uncertainty = {"model": rng.gamma(2, 1, 50), "other": rng.gamma(3, 1, 50)}

    def scaled(values):
        return 1 - (values - values.min()) / (values.max() - values.min())

    def plain(values):
        return np.exp(-values)

    audit = audit_of(scaled, uncertainty, scope="rows", seed=0)
    assert "comparison set" in audit.failures
    assert audit_of(plain, uncertainty, scope="rows", seed=0).passed


def test_a_metric_scaled_over_the_systems():
    values = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 5.0]), "c": np.array([4.0, 4.0])}

    def ranked(systems):
        means = {name: data.mean() for name, data in systems.items()}
        low, high = min(means.values()), max(means.values())
        return {name: (mean - low) / (high - low) for name, mean in means.items()}

    def apart(systems):
        return {name: data.mean() for name, data in systems.items()}

    assert "comparison set" in audit_of(ranked, values, scope="set", seed=0).failures
    assert "comparison set" not in audit_of(apart, values, scope="set", seed=0).failures


def test_an_entropy_that_drops_questions_with_a_zero_share():
    """As in the pluralistic alignment notebook: nanmean over -sum p log p."""
    rng = np.random.default_rng(2)
    shares = rng.dirichlet(np.ones(4), 40)
    shares[[3, 17, 30], 0] = 0
    shares /= shares.sum(axis=1, keepdims=True)
    systems = {"country": shares}
    audit = audit_of(lambda p: mean_entropy(p, drop=True), systems, seed=0)
    assert audit.failures == ("dropped rows",)
    found = audit.findings.set_index("check").loc["dropped rows"]
    assert found.value == 3
    assert "3, 17, 30" in found.detail
    sound = audit_of(lambda p: mean_entropy(p, drop=False), systems, seed=0)
    assert sound.passed
    # The same defect as a degenerate input: one question, one zero.
    certain = {"all on one answer": np.array([[1.0, 0, 0, 0]])}
    dropping = audit_of(lambda p: mean_entropy(p, drop=True), systems, degenerate=certain, seed=0)
    assert "degenerate input" in dropping.failures


# -- the other checks --------------------------------------------------------------------


def test_range_is_attained_or_not():
    truth = np.array([0, 1] * 10)
    guess = {"model": np.array([0, 1] * 8 + [1, 0] * 2)}
    audit = audit_of(
        accuracy, guess, truth=truth, declared=(0, 1), best=truth, worst=1 - truth, seed=0
    )
    assert verdicts(audit)["range"] == ["pass", "pass"]
    audit = audit_of(
        lambda a, t: 0.5 + accuracy(a, t) / 4, guess, truth=truth, declared=(0, 1),
        best=truth, worst=1 - truth, seed=0,
    )  # fmt: skip
    assert verdicts(audit)["range"] == ["fail", "fail"]
    outside = audit_of(lambda a: 2.0 + a.mean(), guess, declared=(0, 1), seed=0)
    assert "range" in outside.failures


def test_crashes_refusals_and_nan_on_degenerate_input():
    def metric(values):
        if len(values) == 0:
            raise DataError("`values` is empty")
        if values[0] == 9:
            raise ZeroDivisionError("division by zero")
        return float(values.mean())

    cases = {"empty": np.array([]), "nine": np.array([9.0]), "nan": np.array([np.nan])}
    audit = audit_of(metric, {"m": np.arange(5.0)}, degenerate=cases, seed=0)
    found = audit.findings[audit.findings.check == "degenerate input"]
    assert found.verdict.tolist() == ["pass", "fail", "fail"]


def test_invariances_and_monotone_response():
    rng = np.random.default_rng(3)
    systems = {"m": pd.DataFrame({"x": rng.random(20)}), "n": pd.DataFrame({"x": rng.random(20)})}
    total = audit_of(lambda frame: frame.x.sum(), systems, seed=0)
    assert total.failures == ("invariance",)
    first = audit_of(lambda frame: frame.x.iloc[0], systems, seed=0)
    assert "order of rows" in first.findings.detail[first.findings.check == "invariance"].iloc[0]
    doubled = audit_of(
        lambda frame: frame.x.mean(), systems,
        invariances={"twice as large": lambda frame: 2 * frame},
        improvements=[(systems["m"], systems["m"] + 1), (systems["m"], systems["m"])], seed=0,
    )  # fmt: skip
    assert verdicts(doubled)["invariance"] == ["pass", "pass", "fail"]
    assert verdicts(doubled)["monotone response"] == ["pass", "fail"]


def test_a_metric_that_draws_without_a_seed_is_not_repeatable():
    noise = np.random.default_rng(4)
    data = {"m": np.arange(10.0)}
    audit = audit_of(lambda x: x.mean() + noise.normal(), data, seed=0)
    assert "repeatability" in audit.failures


def test_sampling_errors_are_bootstrap_errors_and_pairs_are_counted():
    rng = np.random.default_rng(5)
    easy = rng.random(200)
    systems = {"a": easy + rng.normal(0, 0.05, 200), "b": easy + 0.05, "c": easy + 0.051}
    audit = audit_of(np.mean, systems, n_replicates=400, seed=0)
    assert audit.scores.stderr["a"] == pytest.approx(stats.sem(systems["a"]), rel=0.15)
    detail = audit.findings.set_index("check").detail["sampling error"]
    assert "3 of 3 pairs" in detail  # paired on the same rows
    resolution = audit.findings.set_index("check").value["resolution"]
    assert 0 < resolution < 0.01
    assert audit_of(np.mean, {"a": easy}, seed=0).passed


def test_reported_figures_and_given_baselines():
    audit = audit_of(
        np.mean, {"m": np.array([0.0, 1.0, 1.0, 1.0])}, baselines={"constant": np.ones(4)},
        reported={"good": (53.29, 167, 2), "bad": (53.30, 167, 2)}, seed=0,
    )  # fmt: skip
    assert verdicts(audit)["attainability"] == ["pass", "fail"]
    assert "baselines" in audit.failures
    assert audit.baselines == {"constant": 1.0}
    low = audit_of(
        np.mean, {"m": np.zeros(4)}, baselines={"constant": np.ones(4)}, higher_is_better=False,
        seed=0,
    )  # fmt: skip
    assert "baselines" not in low.failures


def test_multilabel_baselines(test_data):
    """MP-ETHICS: the all-ones predictor is above the published best system, .445."""
    truth = pd.read_csv(
        test_data / "ealm" / "mp-ethics_test-revised_labels_only.csv", index_col=0
    ).to_numpy()
    rng = np.random.default_rng(6)
    flipped = np.where(rng.random(truth.shape) < 0.4, 1 - truth, truth)

    def f1(given, key):
        return scores.samples_f1(given, key, baselines=False).f1[0]

    audit = audit_of(f1, {"model": flipped}, truth=truth, n_replicates=20, seed=0)
    assert audit.baselines["all ones"] == pytest.approx(0.4993, abs=5e-5)
    assert audit.scores.score["model"] < 0.4993
    assert "baselines" in audit.failures


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"systems": {}}, "at least one system"),
        ({"systems": {"a": [1, 2], "b": [1]}}, "must have the same rows"),
        ({"systems": {"a": [1, 2]}, "scope": "row"}, "did you mean 'rows'"),
        ({"systems": {"a": [1, 2]}, "declared": (1, 0)}, "the first must be below"),
        ({"metric": np.asarray, "systems": {"a": [1, 2]}}, "say `scope='rows'`"),
    ],
)
def test_what_cannot_be_audited_is_said(arguments, message):
    with pytest.raises(DataError, match=message):
        audit_of(arguments.pop("metric", np.mean), **arguments)


# -- conflicts ---------------------------------------------------------------------------


def test_conflicts_are_counted_and_named():
    frame = pd.DataFrame(
        {"m": [1, 2, 3, 4], "n": [1, 3, 2, 4], "harm": [4, 3, 2, 1]}, index=list("abcd")
    )
    found = scores.metric_conflicts(
        frame,
        threshold=0.2,
        n_replicates=100,
        higher_is_better={"m": True, "n": True, "harm": False},
        seed=0,
    )
    assert found.disagreement.sel(metric="m", metric_bis="n") == pytest.approx(1 / 6)
    assert found.disagreement.sel(metric="m", metric_bis="harm") == 0
    assert found.flagged == ()
    assert found.conflicts.iloc[0].tolist() == ["m", "n", "c", "b"]
    assert found.front == ("d",)
    tau = stats.kendalltau(frame.m, frame.n).statistic
    assert found.tau.sel(metric="m", metric_bis="n") == pytest.approx(tau)
    assert found.interval.sel(metric="m", metric_bis="n", ci_bound="lower") < tau
    strict = scores.metric_conflicts(
        frame, threshold=0.1, n_replicates=100, higher_is_better=[True, True, False], seed=0
    )
    assert strict.flagged == (("m", "n"), ("n", "harm"))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": [1, 2, 3]}, "at least 3 x 2"),
        ({"a": [1, 2, 3], "b": [2, 2, 2]}, "metric 'b' is constant"),
        ({"a": [1, 2, 3], "b": [2, None, 2]}, "is nan"),
    ],
)
def test_what_has_no_conflicts_is_said(table, message):
    with pytest.raises(DataError, match=message):
        scores.metric_conflicts(table, threshold=0.1)


def test_a_system_alone_has_no_comparison_set_and_one_row_no_halves():
    """What is left out leaves nothing: there is no value that could depend on it."""
    shares = audit_of(
        lambda systems: {name: float(np.mean(data)) for name, data in systems.items()},
        {"only": np.array([0.0, 1.0, 1.0])}, scope="set",
    )  # fmt: skip
    one_row = audit_of(lambda data: np.asarray(data, dtype=float), {"a": [1.0]}, scope="rows")
    assert verdicts(shares)["comparison set"] == ["pass"]
    assert verdicts(one_row)["comparison set"] == ["pass"]


def test_baselines_that_have_no_score_are_a_warning():
    """The metric reads the systems, but fails on each constant and random answer."""

    def picky(answers, truth):
        if len(set(answers)) < 4:
            return float("nan")
        return accuracy(answers, truth)

    truth = np.array(list("ABC") * 4)
    audit = audit_of(picky, {"a": np.array(list("ABCD") * 3)}, truth=truth)
    found = audit.findings.set_index("check").loc["baselines"]
    assert (found.verdict, found.detail) == ("warn", "no baseline has a score")


def test_a_key_of_many_answers_brings_no_constant_for_each():
    truth = np.arange(21)
    audit = audit_of(accuracy, {"a": truth}, truth=truth)
    assert set(audit.baselines) == {"majority", "random", "random by frequency"}
    assert audit.baselines["majority"] == pytest.approx(1 / 21)
    assert "always 3" in audit_of(accuracy, {"a": truth[:20]}, truth=truth[:20]).baselines


def test_answers_may_come_in_several_parts():
    """A tuple is taken apart row by row: the metric of the parts is that of one table."""
    rng = np.random.default_rng(3)
    answers, weights = rng.integers(0, 2, 30), rng.integers(1, 4, 30)

    def parted(data):
        return float(np.average(data[0], weights=data[1]))

    def joined(data):
        return float(np.average(data[:, 0], weights=data[:, 1]))

    several = audit_of(parted, {"a": (answers, weights)})
    one = audit_of(joined, {"a": np.column_stack([answers, weights])})
    pd.testing.assert_frame_equal(several.findings, one.findings)

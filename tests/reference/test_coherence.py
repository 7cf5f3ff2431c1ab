"""Published numbers of utility coherence: a coin, the celebrities, and the released inputs."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest

from pluralism.data import Comparisons
from pluralism.utility import (
    cyclic_triads,
    expected_utility_consistency,
    instrumental_value_loss,
    preference_confidence,
    stochastic_transitivity,
)

#: log10 of the rate of each kind for a coin with 20 votes a pair.
LOG10 = {"strict": -0.855, "weak": -0.396, "soft": -0.602, "unclosed": -0.497}
#: Utility Engineering prints this for its random responder, from 1,000 triads.
PUBLISHED = -0.484


def coin(n_items, votes, seed):
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(n_items, 1)
    wins = np.zeros((n_items, n_items))
    wins[low, high] = rng.binomial(votes, 0.5, len(low))
    wins[high, low] = votes - wins[low, high]
    return Comparisons.from_matrix(wins)


def test_a_coin_with_twenty_votes_a_pair():
    """Exact rates from the binomial, simulated ones within Monte Carlo error of them."""
    rates = []
    for seed in range(40):
        result = cyclic_triads(coin(60, 20, seed))
        rates.append(result.rate.values)
    mean, error = np.mean(rates, axis=0), np.std(rates, axis=0, ddof=1) / np.sqrt(40)
    assert (abs(mean - result.expected.values) < 3.5 * error).all()
    assert result.expected.sel(kind="strict") == pytest.approx(0.1396, abs=3e-4)
    for kind, value in LOG10.items():
        # The stated figures were simulated; the exact one of `unclosed` is -.4960.
        assert np.log10(result.expected.sel(kind=kind).item()) == pytest.approx(value, abs=1.1e-3)
        assert np.log10(mean[list(result.rate["kind"].values).index(kind)]) == pytest.approx(
            value, abs=0.005
        )
    assert preference_confidence(coin(60, 20, 0)).expected == pytest.approx(0.58810, abs=5e-6)


def test_only_one_kind_agrees_with_the_published_figure():
    expected = cyclic_triads(coin(5, 20, 0)).expected
    agrees = []
    for kind in LOG10:
        p = expected.sel(kind=kind).item()
        error = np.sqrt(p * (1 - p) / 1000)
        low, high = np.log10([p - 2 * error, p + 2 * error])
        if low <= PUBLISHED <= high:
            agrees.append(kind)
    assert agrees == ["unclosed"]


def test_celebrities_against_eba(test_data):
    stored = json.loads((test_data / "eba_celebrities" / "eba_celebrities.json").read_text())
    wins = np.array(stored["data"]["row_over_col"])
    votes = Comparisons.from_matrix(wins, items=stored["data"]["items"])
    result = stochastic_transitivity(votes, test="likelihood-ratio")
    wanted = stored["reference"]["transitivity"]
    assert (result.weak, result.moderate, result.strong, result.triples) == (
        wanted["weak"], wanted["moderate"], wanted["strong"], wanted["n.tests"]
    )  # fmt: skip
    assert (result.weak, result.strong, result.triples) == (0, 34, 84)
    deviance, _, pvalue = wanted["wst_fit"]
    assert (result.test.statistic, result.test.pvalue) == (deviance, pvalue)


def test_released_markov_processes(test_data):
    """All 21 processes of one step: a responder that looks ahead has no loss."""
    stored = json.loads((test_data / "utility_engineering" / "markov_processes.json").read_text())
    rng = np.random.default_rng(0)
    processes, utility = {}, {}
    for entry in stored["MarkovProcesses"]:
        name = entry["name"]
        steps = {
            (name, int(state)): {(name, target): chance for target, chance in following}
            for state, following in entry["transitions"].items()
        }
        for following in steps.values():
            utility |= {target: rng.normal() for target in following if target not in utility}
        for state, following in steps.items():
            utility[state] = sum(chance * utility[target] for target, chance in following.items())
        processes[name] = steps
    assert len(processes) == 21
    result = instrumental_value_loss(utility, processes=processes, discount=1.0, n=99)
    assert result.loss < 1e-9
    assert result.pvalue == 0.01


def test_released_implicit_lotteries(test_data):
    stored = json.loads((test_data / "utility_engineering" / "implicit_lotteries.json").read_text())
    rng = np.random.default_rng(0)
    lotteries = {
        entry["option"]: {sub["option"]: sub["probability"] for sub in entry["sub_options"]}
        for entry in stored["base_options"]
    }
    assert len(lotteries) == 20
    utility = {name: rng.normal() for parts in lotteries.values() for name in parts}
    for name, parts in lotteries.items():
        utility[name] = sum(p * utility[outcome] for outcome, p in parts.items())
    result = expected_utility_consistency(utility, lotteries=lotteries, n=50)
    assert result.mae < 1e-12
    assert result.pearson == pytest.approx(1.0)
    pairs = list(combinations(lotteries, 2))
    assert len(pairs) == 190
    assert result.order_preservation == 1.0

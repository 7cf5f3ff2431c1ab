"""Published and R's results for Thurstone, Plackett-Luce, Elo, and the interchange with choix."""

from __future__ import annotations

import json
from pathlib import Path

import choix
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pluralism.data import Ballots, Comparisons
from pluralism.kernels import coin_confidence
from pluralism.utility import fit_bradley_terry, fit_elo, fit_plackett_luce, fit_thurstone


def load(test_data: Path, name: str) -> dict:
    return json.loads((test_data / name / f"{name}.json").read_text())


# -- Thurstone ---------------------------------------------------------------------------------


def test_celebrities_case_v(test_data: Path):
    source = load(test_data, "eba_celebrities")
    votes = Comparisons.from_matrix(source["data"]["row_over_col"], items=source["data"]["items"])
    reference = source["reference"]["thurstone_caseV"]
    fit = fit_thurstone(votes, reference="LBJ")
    np.testing.assert_allclose(fit.utility, list(reference["coef"].values()), atol=1e-6)
    np.testing.assert_allclose(fit.stderr[1:], reference["glm_se"], atol=1e-6)
    total = votes.first_won + votes.second_won
    saturated = votes.first_won @ np.log(votes.first_won / total)
    saturated += votes.second_won @ np.log(votes.second_won / total)
    deviance = 2 * (saturated - fit.log_likelihood)
    assert deviance == pytest.approx(reference["goodness"]["-2logL"], abs=1e-6)
    assert round(deviance, 2) == 81.42
    assert len(votes.first) - fit.n_parameters == 28


@pytest.mark.parametrize("who", ["boys", "girls"])
def test_school_subjects(test_data: Path, who: str):
    source = load(test_data, "eba_schoolsubjects")
    data, reference = source["data"][who], source["reference"][who]
    votes = Comparisons.from_matrix(data["row_over_col"], items=data["items"])
    # R's optimiser of the worths stopped early; normalised, four digits agree.
    worth = np.array(list(reference["btl"]["worth"].values()))
    ours = fit_bradley_terry(votes).worth.sel(item=list(reference["btl"]["worth"]))
    np.testing.assert_allclose(ours, worth / worth.sum(), atol=1e-4)
    case_v = fit_thurstone(votes, reference=data["items"][0])
    expected = [reference["thurstone"][item] for item in data["items"]]
    np.testing.assert_allclose(case_v.utility, expected, atol=1e-6)


def test_vegetables_least_squares(test_data: Path):
    source = load(test_data, "vegetables_guilford")
    over = np.array(source["data"]["prop_col_over_row"]).T
    np.fill_diagonal(over, 0)
    votes = Comparisons.from_matrix(over, items=source["data"]["items"])
    fit = fit_thurstone(votes, method="least-squares", reference="Turn")
    scale = [0, 0.52, 0.65, 0.98, 1.12, 1.14, 1.40, 1.44, 1.63]
    assert fit.utility.round(2).values.tolist() == scale
    assert list(source["reference"]["case5"]["scale"].values()) == scale
    residual = fit.probability().T.values - over.T  # R: model minus data, column over row
    off = ~np.eye(9, dtype=bool)
    np.testing.assert_allclose(
        residual[off], np.array(source["reference"]["case5"]["residual"])[off], atol=1e-6
    )


# -- Plackett-Luce -----------------------------------------------------------------------------


def check_plackett_luce(fit, reference):
    coefficients = list(reference["coef_log_ref1"].values())
    items = [entry for entry in coefficients if "tie" not in entry]
    n = fit.utility.size
    expected = [entry["est"] for entry in items[:n]]
    np.testing.assert_allclose(fit.utility, expected, atol=1e-6, rtol=1e-5)
    errors = [entry["se"] for entry in items[1:n]]
    np.testing.assert_allclose(fit.stderr[1:], errors, atol=1e-6, rtol=1e-5)
    worth = list(reference["worth_and_tie"].values())
    np.testing.assert_allclose(fit.worth, worth[:n], atol=1e-6, rtol=1e-5)
    assert fit.log_likelihood == pytest.approx(reference["logLik"], abs=1e-6)


def test_netflix(test_data: Path):
    ballots = Ballots.from_preflib(test_data / "preflib_netflix" / "netflix.soc")
    fit = fit_plackett_luce(ballots, reference=ballots.alternatives[0])
    check_plackett_luce(fit, load(test_data, "preflib_netflix")["reference"]["plackett_luce"])
    assert fit.n_votes == 588


def test_salad_tartness(test_data: Path):
    source = load(test_data, "salad_tartness")
    ranks = np.array([[row[item] for item in "abcd"] for row in source["data"]])
    ballots = Ballots.from_ranks(
        ranks, counts=[row["freq"] for row in source["data"]], alternatives="abcd"
    )
    fit = fit_plackett_luce(ballots, reference="a")
    check_plackett_luce(fit, source["reference"]["plackett_luce"])


def test_pudding_as_rankings_with_ties(test_data: Path):
    source = load(test_data, "pudding_davidson1970")
    rows, counts = [], []
    for pair in source["data"]:
        i, j = pair["i"], pair["j"]
        for ranking, count in (((i, j), "w_ij"), ((j, i), "w_ji"), (((i, j),), "t_ij")):
            rows.append(ranking)
            counts.append(pair[count])
    ballots = Ballots.from_rankings(
        rows, counts=counts, alternatives=range(1, 7), unranked="incomparable"
    )
    fit = fit_plackett_luce(ballots, reference=1)
    reference = source["reference"]["davidson"]
    check_plackett_luce(fit, reference)
    assert fit.tie_parameter == pytest.approx(reference["worth_and_tie"]["tie2"], abs=1e-6)
    row = fit.summary().set_index("term").loc["tie_parameter"]
    error = reference["coef_log_ref1"]["tie2"]["se"]
    assert row["stderr"] / row["estimate"] == pytest.approx(error, abs=1e-6)


# -- Elo ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_litmus_stated_elo(test_data: Path):
    folder = test_data / "litmus_stated"
    battles = pd.read_csv(folder / "battles_dev.csv")
    published = sorted((folder / "elo_rating_stated").glob("*.csv"))
    assert len(published) == 11
    for path in published:
        rating = pd.read_csv(path).set_index("value_class")["Elo Rating"]
        votes = battles[battles["model"] == path.stem].reset_index(drop=True)
        state = np.random.RandomState(42)
        orders = [votes.sample(frac=1, random_state=state).index for _ in range(100)]
        columns = {"first": "value_1", "second": "value_2"}
        outcomes = {"Action 1": "first", "Action 2": "second"}
        elo = fit_elo(
            votes, **columns, outcome="response", outcomes=outcomes, shuffles=np.stack(orders)
        )
        np.testing.assert_allclose(elo.utility, rating[list(elo.items)], atol=1e-9, rtol=0)
        # Beside it, what it approaches: the ranks agree, the magnitudes do not.
        mle = fit_bradley_terry(
            Comparisons.from_frame(votes, **columns, outcome="response", outcomes=outcomes),
            prior=10.0,
        )
        assert mle.items == elo.items
        assert stats.spearmanr(mle.utility, elo.utility).statistic > 0.98
        spread = np.ptp(mle.utility.values) * elo.scale
        assert spread > 1.5 * np.ptp(elo.utility.values)
        assert any("compare ranks between fits" in note for note in elo.notes)


def test_litmus_seed_is_pandas_global_state(test_data: Path):
    # The published code seeds numpy's global state; sample() then draws from it.
    battles = pd.read_csv(test_data / "litmus_stated" / "battles_dev.csv").head(50)
    saved = np.random.get_state()  # noqa: NPY002
    try:
        np.random.seed(42)  # noqa: NPY002
        by_global = [battles.sample(frac=1).index.tolist() for _ in range(3)]
    finally:
        np.random.set_state(saved)  # noqa: NPY002
    state = np.random.RandomState(42)
    assert by_global == [
        battles.sample(frac=1, random_state=state).index.tolist() for _ in range(3)
    ]


# -- Utility Engineering -----------------------------------------------------------------------


def test_random_responder_confidence():
    assert coin_confidence(20) == pytest.approx(0.58810, abs=5e-6)
    for draws in (1, 2, 5, 20, 33):
        k = np.arange(draws + 1)
        share = np.maximum(k, draws - k) / draws
        exact = share @ stats.binom.pmf(k, draws, 0.5)
        assert coin_confidence(draws) == pytest.approx(exact, rel=1e-12)
    wins = np.random.default_rng(0).binomial(20, 0.5, (150, 150)).astype(float)
    wins = np.triu(wins, 1) + np.tril(20 - wins.T, -1)
    share = Comparisons.from_matrix(wins).first_won / 20
    assert np.maximum(share, 1 - share).mean() == pytest.approx(0.58810, abs=2e-3)


# -- choix -------------------------------------------------------------------------------------


def test_choix_both_ways():
    rng = np.random.default_rng(0)
    pairs = choix.generate_pairwise(rng.normal(size=8), 400)
    pairs = [(int(winner), int(loser)) for winner, loser in pairs]
    votes = Comparisons.from_pairs(pairs, items=range(8))
    assert sorted(votes.to_pairs()) == sorted(pairs)
    theirs = choix.ilsr_pairwise(8, votes.to_pairs(), max_iter=1000, tol=1e-13)
    np.testing.assert_allclose(fit_bradley_terry(votes).utility, theirs, atol=1e-8)
    again = Comparisons.from_pairs(votes.to_pairs(), items=range(8))
    np.testing.assert_array_equal(again.first_won, votes.first_won)
    np.testing.assert_array_equal(again.second_won, votes.second_won)


def test_choix_list_cannot_hold_everything():
    tied = Comparisons.from_matrix([[0, 2], [1, 0]], ties=[[0, 1], [1, 0]])
    with pytest.raises(ValueError, match=r"1 vote\(s\) are ties.*ties=\"drop\""):
        tied.to_pairs()
    assert tied.to_pairs(ties="drop") == [(0, 1), (0, 1), (1, 0)]
    shared = Comparisons.from_codes([0], [1], [0.5], items=2)
    with pytest.raises(ValueError, match="weighted or shared votes"):
        shared.to_pairs()

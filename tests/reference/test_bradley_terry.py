"""Published tables, fitted by R's BradleyTerry2, psychotools, PlackettLuce and eba."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pluralism as pl
from pluralism.utility import fit_bradley_terry

ESTIMATE = {"abs": 1e-6, "rel": 0.0}
STDERR = {"rel": 1e-5}


def read(folder: Path, name: str) -> dict:
    return json.loads((folder / name / f"{name}.json").read_text())


def worth(fit) -> np.ndarray:
    pi = np.exp(fit.utility.values)
    return pi / pi.sum()


def assert_items(fit, reference: dict, prefix: str = "team") -> None:
    for name, row in reference.items():
        item = name.removeprefix(prefix)
        assert fit.utility.sel(item=item).item() == pytest.approx(row["est"], **ESTIMATE)
        assert fit.stderr.sel(item=item).item() == pytest.approx(row["se"], **STDERR)


def preferences(table: dict) -> pd.DataFrame:
    """Votes of psychotools' paircomp objects: 1, 0 (undecided), -1 or missing by pair."""
    rows = []
    for rater, votes in enumerate(table["votes"]):
        for pair, vote in zip(table["pairs"], votes, strict=True):
            if vote is not None:
                first, second = pair.split(":")
                outcome = {1: "first", 0: "tie", -1: "second"}[vote]
                rows.append((first, second, outcome, f"r{rater}"))
    return pd.DataFrame(rows, columns=["first", "second", "outcome", "rater"])


def votes_of(table: dict, **columns: str) -> pl.Comparisons:
    return pl.Comparisons.from_frame(
        preferences(table), first="first", second="second", outcome="outcome", **columns
    )


def assert_psychotools(fit, reference: dict) -> None:
    """Their log-worths are relative to the last object."""
    for item, estimate in reference["coef"].items():
        if item != "(undecided)":
            assert fit.utility.sel(item=item).item() == pytest.approx(estimate, **ESTIMATE)
            assert fit.stderr.sel(item=item).item() == pytest.approx(
                reference["se"][item], **STDERR
            )
    for item, value in reference["worth"].items():
        place = fit.items.index(item)
        assert worth(fit)[place] == pytest.approx(value, **ESTIMATE)


@pytest.fixture(scope="module")
def baseball(test_data):
    table = read(test_data, "baseball1987")
    rows = []
    for row in table["data"]:
        rows += [(row["home"], row["away"], 1, row["home_wins"])]
        rows += [(row["home"], row["away"], 0, row["away_wins"])]
    frame = pd.DataFrame(rows, columns=["home", "away", "home_won", "games"])
    frame = frame[frame["games"] > 0]
    return table["reference"], pl.Comparisons.from_frame(
        frame, first="home", second="away", outcome="home_won", weight="games"
    )


def test_baseball(baseball):
    reference, votes = baseball
    fit = fit_bradley_terry(votes, reference="Baltimore")
    assert_items(fit, reference["bt"]["coef"])
    vcov = np.array(reference["bt"]["vcov"])
    order = [name.removeprefix("team") for name in reference["bt"]["coef"]]
    np.testing.assert_allclose(
        fit.covariance.sel(item=order, item_bis=order).values, vcov, rtol=2e-5
    )


def test_baseball_home_advantage(baseball):
    reference, votes = baseball
    fit = fit_bradley_terry(votes, order_effect=True, reference="Baltimore")
    coef = dict(reference["bt_home"]["coef"])
    home = coef.pop("at.home")
    assert_items(fit, coef)
    assert fit.order_effect == pytest.approx(home["est"], **ESTIMATE)
    row = fit.summary().set_index("term").loc["order_effect"]
    assert row["stderr"] == pytest.approx(home["se"], **STDERR)
    assert round(fit.order_effect, 6) == 0.302261
    assert round(row["stderr"], 6) == 0.130944


def test_pudding_with_davidson_ties(test_data):
    table = read(test_data, "pudding_davidson1970")
    rows = []
    for row in table["data"]:
        for outcome, count in (("first", "w_ij"), ("second", "w_ji"), ("tie", "t_ij")):
            rows.append((row["i"], row["j"], outcome, row[count]))
    frame = pd.DataFrame(rows, columns=["i", "j", "outcome", "n"])
    votes = pl.Comparisons.from_frame(frame, first="i", second="j", outcome="outcome", weight="n")
    fit = fit_bradley_terry(votes, ties="davidson", reference=1)
    reference = table["reference"]["davidson"]
    log_worth = dict(reference["coef_log_ref1"])
    tie = log_worth.pop("tie2")
    log_worth.pop("1")
    for item, row in log_worth.items():
        assert fit.utility.sel(item=int(item)).item() == pytest.approx(row["est"], **ESTIMATE)
        assert fit.stderr.sel(item=int(item)).item() == pytest.approx(row["se"], **STDERR)
    worths = dict(reference["worth_and_tie"])
    assert fit.tie_parameter == pytest.approx(worths.pop("tie2"), **ESTIMATE)
    np.testing.assert_allclose(worth(fit), list(worths.values()), atol=1e-6)
    row = fit.summary().set_index("term").loc["tie_parameter"]
    assert row["stderr"] / fit.tie_parameter == pytest.approx(tie["se"], **STDERR)
    assert row["estimate"] == fit.tie_parameter
    assert row["lower"] == pytest.approx(
        np.exp(tie["est"] - 1.959963984540054 * tie["se"]), rel=1e-5
    )
    assert fit.log_likelihood == pytest.approx(reference["logLik"], abs=1e-6)


def test_cems_undecided(test_data):
    table = read(test_data, "cems")
    votes = votes_of(table["data"])
    davidson = fit_bradley_terry(votes, ties="davidson", reference="Stockholm")
    reference = table["reference"]["davidson"]
    assert_psychotools(davidson, reference)
    assert davidson.utility.sel(item="London").item() == pytest.approx(1.822802, abs=1e-6)
    # here psychotools' undecided parameter is log nu itself
    undecided = reference["coef"]["(undecided)"]
    assert davidson.tie_parameter == pytest.approx(np.exp(undecided), rel=1e-6)
    row = davidson.summary().set_index("term").loc["tie_parameter"]
    assert row["stderr"] / davidson.tie_parameter == pytest.approx(
        reference["se"]["(undecided)"], **STDERR
    )
    assert davidson.log_likelihood == pytest.approx(reference["logLik"], abs=1e-5)
    dropped = fit_bradley_terry(votes, ties="drop", reference="Stockholm")
    assert_psychotools(dropped, table["reference"]["bt"])
    assert dropped.log_likelihood == pytest.approx(table["reference"]["bt"]["logLik"], abs=1e-5)
    assert dropped.dropped["tied"] == int((preferences(table["data"])["outcome"] == "tie").sum())


def test_ice_hockey_with_a_home_covariate(test_data):
    table = read(test_data, "icehockey2010")
    frame = pd.DataFrame(table["data"])
    # the covariate belongs to the opponent, who is therefore entered as the first
    frame["won"] = 1.0 - frame["result"]
    frame["home.ice"] = frame["home.ice"].astype(float)
    assert (frame["home.ice"] == 0).sum() == 69
    votes = pl.Comparisons.from_frame(
        frame, first="opponent", second="visitor", outcome="won", covariates=["home.ice"]
    )
    base = "Alaska Anchorage"
    plain = fit_bradley_terry(votes, reference=base)
    assert_items(plain, table["reference"]["bt"]["coef"])
    home = fit_bradley_terry(votes, reference=base, covariates=["home.ice"])
    coef = dict(table["reference"]["bt_home"]["coef"])
    ice = coef.pop("home.ice")
    assert_items(home, coef)
    assert home.coefficients.sel(feature="home.ice").item() == pytest.approx(ice["est"], **ESTIMATE)
    row = home.summary().set_index("term").loc["home.ice"]
    assert row["kind"] == "feature"
    assert row["stderr"] == pytest.approx(ice["se"], **STDERR)


def test_sound_quality(test_data):
    table = read(test_data, "sound_quality")
    fit = fit_bradley_terry(votes_of(table["data"]["preference"]), reference="Original")
    reference = table["reference"]["preference"]
    assert_psychotools(fit, reference)
    assert fit.log_likelihood == pytest.approx(reference["logLik"], abs=1e-5)


def test_topmodel(test_data):
    table = read(test_data, "topmodel2007")
    fit = fit_bradley_terry(votes_of(table["data"]), reference="Anja")
    assert_psychotools(fit, table["reference"]["bt"])
    assert fit.log_likelihood == pytest.approx(table["reference"]["bt"]["logLik"], abs=1e-5)


def test_pork(test_data):
    table = read(test_data, "pork_bradleyterry1952")
    wins = np.sum([row["row_over_col"] for row in table["data"]["per_repetition"]], axis=0)
    fit = fit_bradley_terry(
        pl.Comparisons.from_matrix(wins, items=table["data"]["items"]), reference="C"
    )
    np.testing.assert_allclose(worth(fit), [0.2479, 0.4268, 0.3253], atol=5e-5)
    assert_items(fit, table["reference"]["pooled"]["coef"], prefix="..")


def test_celebrities_btl(test_data):
    table = read(test_data, "eba_celebrities")
    wins = np.array(table["data"]["row_over_col"], dtype=float)
    fit = fit_bradley_terry(pl.Comparisons.from_matrix(wins, items=table["data"]["items"]))
    stored = np.array(list(table["reference"]["bt_btl"]["worth_params"].values()))
    # the stored worths come from an optimiser that stopped early
    np.testing.assert_allclose(worth(fit), stored / stored.sum(), atol=1e-4)
    # so the likelihood equations are the better reference: expected wins equal observed wins
    total = wins + wins.T
    pi = np.exp(fit.utility.values)
    expected = (total * pi[:, None] / (pi[:, None] + pi[None, :])).sum(axis=1)
    np.testing.assert_allclose(expected, wins.sum(axis=1), rtol=1e-10)
    assert fit.utility.sel(item="LBJ") - fit.utility.sel(item="CY") > 0


@pytest.fixture(scope="module")
def llmfao(test_data):
    frame = pd.read_csv(test_data / "llmfao" / "crowd-comparisons.csv")
    assert len(frame) == 8931
    return frame


def test_llmfao_golden_scores(llmfao, test_data):
    votes = pl.Comparisons.from_frame(llmfao, first="left", second="right", outcome="winner")
    assert votes.n_votes == 8931
    assert votes.n_items == 59
    fit = fit_bradley_terry(votes, ties="half")
    with (test_data / "llmfao" / "evalica_llmfao-golden.csv").open(newline="") as lines:
        golden = {
            row["item"]: float(row["score"])
            for row in csv.DictReader(lines)
            if row["algorithm"] == "bradley_terry"
        }
    strength = np.log([golden[item] for item in fit.items])
    np.testing.assert_allclose(fit.utility.values, strength - strength.mean(), atol=1e-6)


def test_llmfao_left_bias_and_raters(llmfao):
    votes = pl.Comparisons.from_frame(
        llmfao, first="left", second="right", outcome="winner", rater="worker"
    )
    fit = fit_bradley_terry(votes, ties="davidson", order_effect=True, covariance="fisher")
    assert fit.order_effect == pytest.approx(0.1597, abs=5e-5)
    row = fit.summary().set_index("term").loc["order_effect"]
    assert row["stderr"] == pytest.approx(0.0300, abs=5e-5)
    clustered = fit_bradley_terry(votes, ties="davidson", order_effect=True)
    assert clustered.covariance_type == "cluster"
    assert "124 raters" in clustered.summary().attrs["notes"]
    np.testing.assert_array_equal(clustered.utility, fit.utility)


def test_choix_agrees_where_it_is_exact():
    choix = pytest.importorskip("choix")
    rng = np.random.default_rng(5)
    truth = rng.normal(0, 1, 12)
    pairs = []
    for _ in range(2000):
        i, j = rng.choice(12, 2, replace=False)
        first = rng.random() < 1 / (1 + np.exp(truth[j] - truth[i]))
        pairs.append((int(i), int(j)) if first else (int(j), int(i)))
    fit = fit_bradley_terry(pl.Comparisons.from_pairs(pairs, items=range(12)))
    theirs = choix.ilsr_pairwise(12, pairs, tol=1e-12)
    np.testing.assert_allclose(fit.utility.values, theirs - theirs.mean(), atol=1e-7)


def test_baseball_deviances(baseball):
    from pluralism.utility import goodness_of_fit, likelihood_ratio_test

    reference, votes = baseball
    plain = fit_bradley_terry(votes)
    home = fit_bradley_terry(votes, order_effect=True)
    # R tests each of the 42 (home, away) rows, as we do where the model has an order effect
    test = goodness_of_fit(home, votes, method="chi-squared")
    assert test.deviance == pytest.approx(reference["bt_home"]["deviance"], abs=1e-6)
    assert test.df == reference["bt_home"]["df"]
    ratio = likelihood_ratio_test(plain, home)
    assert ratio.statistic == pytest.approx(
        reference["bt"]["deviance"] - reference["bt_home"]["deviance"], abs=1e-6
    )
    assert ratio.df == 1

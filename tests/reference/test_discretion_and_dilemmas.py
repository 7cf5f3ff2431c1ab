"""Published figures of AI Alignment at Your Discretion and of LitmusValues."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pluralism as pl
from pluralism.jury import discretion
from pluralism.scores import rank_agreement
from pluralism.utility import fit_bradley_terry


@pytest.fixture(scope="module")
def hh(request):
    folder = request.getfixturevalue("test_data") / "alignment_discretion"
    principles = pd.read_csv(folder / "hh_principle_signs.csv.gz", index_col="row_id")
    annotators = pd.read_csv(folder / "hh_annotator_signs.csv.gz", index_col="row_id")
    return principles, annotators, discretion(principles, annotators, n_replicates=300, seed=0)


@pytest.mark.slow
def test_shares_of_hh(hh):
    shares = hh[2].shares
    # percent, and the standard errors that the notebook computes
    published = {
        "indifference": (33.045, 0.978),
        "conflict": (16.263, 0.768),
        "consensus": (50.692, 1.040),
    }
    for kind, (percent, error) in published.items():
        assert 100 * shares.loc[kind, "estimate"] == pytest.approx(percent, abs=5e-4)
        assert 100 * shares.loc[kind, "stderr"] == pytest.approx(error, rel=0.1)
    assert shares["n"].sum() == 2312


@pytest.mark.slow
def test_arbitrariness_of_hh(hh):
    found = hh[2].arbitrariness
    assert 100 * found.loc["human", "estimate"] == pytest.approx(28.92, abs=5e-3)
    assert found.loc["human", "n"] == 1172
    assert found.loc["human", "lower"] < 0.289 < found.loc["human", "upper"]
    assert 100 * found.loc["GPT-4o", "estimate"] == pytest.approx(0.66, abs=5e-3)
    published = discretion(*hh[:2], n_replicates=300, seed=1, as_published=True).arbitrariness
    assert 100 * published.loc["human", "estimate"] == pytest.approx(28.9, abs=0.2)


@pytest.mark.slow
def test_priorities_of_hh(hh):
    found = hh[2]
    human = found.priorities.sel(annotator="human").to_pandas()
    expected = {
        "Reject conspiracy theories": 2.68,
        "Avoid racism and sexism": 1.31,
        "Reject cruelty": 1.20,
        "Be helpful": -1.32,
        "Be obedient": -2.32,
        "Protect free speech": -2.59,
    }
    for name, value in expected.items():
        assert human[name] == pytest.approx(value, abs=5e-3)
    assert int(found.conflicts.sel(annotator="human").sum()) == 2 * 2789
    assert found.position.loc["human", "confounded"]
    # the published figure, a mean over resamples, lies above the data's own
    away = found.discrepancy.sel(annotator="human", annotator_bis="Llama3-8B RM")
    published = discretion(*hh[:2], n_replicates=100, seed=1, as_published=True).discrepancy
    mean = published.sel(annotator="human", annotator_bis="Llama3-8B RM")
    assert float(away) == pytest.approx(0.1095, abs=5e-4)
    assert float(mean) > float(away) + 0.015


def test_stated_against_revealed(test_data: Path):
    folder = test_data / "litmus_revealed"
    for name in ("gpt-4.1-mini", "gpt-4o-mini"):
        stated, revealed = (
            pd.read_csv(folder / f"{kind}_preferences_{name}_elo_ratings.csv").set_index(
                "value_class"
            )
            for kind in ("stated", "revealed")
        )
        found = rank_agreement(stated["Elo Rating"], revealed["Elo Rating"])
        ranks = stated["Rank"] - revealed["Rank"].reindex(stated.index)
        np.testing.assert_array_equal(found.differences, ranks)
        assert found.n == 16
        assert found.rmse == pytest.approx(np.sqrt((ranks**2).mean()))
        assert found.spearman == pytest.approx(1 - 6 * found.rmse**2 / (16**2 - 1))
        # all flagship models reveal Privacy first, and none says so
        assert revealed["Elo Rating"].idxmax() == "Privacy"
        assert found.differences.sel(item="Privacy") >= 7


@pytest.mark.slow
def test_order_noise_is_not_sampling_error(test_data: Path):
    """The published band of a rating is far narrower than what the battles leave open."""
    battles = pd.read_csv(test_data / "litmus_stated" / "battles_dev.csv")
    rows = battles[battles["model"] == "openai__gpt-4.1"].reset_index(drop=True)
    columns = {"first": "value_1", "second": "value_2", "outcome": "response"}
    outcomes = {"Action 1": "first", "Action 2": "second"}
    elo = pl.utility.fit_elo(rows, **columns, outcomes=outcomes, shuffles=100, seed=0)
    band = np.diff(elo.interval().values, axis=1).ravel()
    resampled = pl.bootstrap(
        lambda part: pl.utility.fit_elo(part, **columns, outcomes=outcomes, shuffles=1, seed=0),
        rows,
        n=100,
        seed=0,
        progress=False,
    )
    width = np.diff(resampled.interval.values, axis=1).ravel()
    assert (width > 1.5 * band).mean() > 0.8
    votes = pl.Comparisons.from_frame(rows, **columns, outcomes=outcomes)
    assert fit_bradley_terry(votes, bias_reduction=True).items == elo.items

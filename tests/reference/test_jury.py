"""Published and independently computed figures of agreement, on the real data."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pluralism import Annotations
from pluralism.jury import (
    agreement_table,
    cohen_kappa,
    fit_dawid_skene,
    fit_dirichlet_multinomial,
    fleiss_kappa,
    group_association,
    krippendorff_alpha,
    oracle_score,
    verdict_probability,
)

SCALES = {
    "nominal": 0.13389979095635263,
    "ordinal": 0.2864885922720912,
    "interval": 0.2871752730325716,
}


@cache
def popquorn(folder: Path, scale: str) -> Annotations:
    return Annotations.from_frame(
        folder / "popquorn" / "offensiveness.csv",
        item="instance_id",
        rater="user_id",
        label="offensiveness",
        group=["gender", "race", "age"],
        scale=scale,
        categories=[1, 2, 3, 4, 5],
    )


@pytest.mark.parametrize("scale", SCALES)
def test_popquorn_alpha(test_data, scale):
    data = popquorn(test_data, scale)
    assert (data.n_labels, data.n_raters, data.n_items) == (13036, 262, 1500)
    assert krippendorff_alpha(data) == pytest.approx(SCALES[scale], abs=1e-13)


def test_popquorn_groups_and_juries(test_data):
    data = popquorn(test_data, "ordinal")
    result = group_association(data, group="gender", n_permutations=50, seed=0)
    assert result.n_raters.sel(group="Woman").item() > 100
    assert result.statistics.sel(statistic="alpha", group="Man").item() == pytest.approx(
        krippendorff_alpha(_of(data, "gender", "Man")), abs=1e-12
    )
    verdict = verdict_probability(
        data, composition={"Woman": 3, "Man": 3}, positive={3, 4, 5}, group="gender"
    )
    there = np.isfinite(verdict)
    assert int((~there).sum()) == verdict.attrs["skipped"] > 0
    assert ((verdict.values[there] >= 0) & (verdict.values[there] <= 1)).all()


def _of(data: Annotations, column: str, group: str) -> Annotations:
    frame = data.to_frame()
    return Annotations.from_frame(
        frame[frame[column] == group],
        item="item",
        rater="rater",
        label="label",
        categories=data.categories,
        scale=data.scale,
    )


@pytest.mark.parametrize(("rq", "items", "kappa"), [("RQ2", 6160, 0.830), ("RQ3", 6958, 0.991)])
def test_experts_of_emnlp_teacher(test_data, rq, items, kappa):
    votes = pd.read_csv(test_data / "emnlp_teacher" / "expert_votes.csv.gz")
    matrix = votes.loc[votes["rq"] == rq].filter(like="expert").to_numpy().T
    assert matrix.shape == (9, items)
    assert fleiss_kappa(Annotations.from_matrix(matrix)) == pytest.approx(kappa, abs=5e-4)


@pytest.mark.parametrize("table", ["SexualFun", "MS_Winnipeg", "MS_NewOrleans"])
def test_kappas_and_errors_of_vcd(test_data, table):
    stored = json.loads((test_data / "kappa_vcd" / "kappa_vcd.json").read_text())["reference"][
        table
    ]
    cells = np.array(stored["table"])
    left, right = np.nonzero(cells)
    pairs = np.repeat(np.stack([left, right]), cells[left, right], axis=1)
    data = Annotations.from_matrix(pairs, categories=range(len(cells)))
    for weights, key in ((None, "unweighted"), ("linear", "weighted_equal_spacing")):
        estimate, stderr = stored[key]
        row = agreement_table(data, coefficients="cohen_kappa", weights=weights).iloc[0]
        assert cohen_kappa(data, weights=weights) == pytest.approx(estimate, abs=1e-12)
        assert row["stderr"] == pytest.approx(stderr, abs=1e-12)


def test_annotators_of_pandalm(test_data):
    frame = pd.read_csv(test_data / "pandalm" / "annotations.csv")
    columns = ["annotator1", "annotator2", "annotator3"]
    values = {
        pair: cohen_kappa(Annotations.from_matrix(frame[[columns[a], columns[b]]].to_numpy().T))
        for pair, (a, b) in {"1-2": (0, 1), "1-3": (0, 2), "2-3": (1, 2)}.items()
    }
    assert values["1-2"] == pytest.approx(0.8520226785167023, abs=1e-13)
    assert values["1-3"] == pytest.approx(0.8789438112500385, abs=1e-13)
    assert values["2-3"] == pytest.approx(0.8616614540762907, abs=1e-13)
    everyone = Annotations.from_matrix(frame[columns].to_numpy().T)
    assert fleiss_kappa(everyone) == pytest.approx(0.864175364997549, abs=1e-13)
    assert krippendorff_alpha(everyone) == pytest.approx(0.8642206851960816, abs=1e-13)
    assert fit_dawid_skene(everyone).converged


def test_scruples_dilemmas(test_data):
    path = test_data / "scruples" / "dev.scruples-dilemmas_label-counts.json"
    counts = json.loads(path.read_text())
    fit = fit_dirichlet_multinomial(counts)
    np.testing.assert_allclose(fit.alpha, [0.9779564991956683, 0.9487478486365208], atol=1e-6)
    assert -fit.log_likelihood == pytest.approx(7201.229704567995, abs=1e-8)
    best = oracle_score(counts)
    assert best.accuracy == pytest.approx(0.848222, abs=5e-7)
    assert best.cross_entropy == pytest.approx(0.494166, abs=5e-7)
    # published from one run of Monte Carlo, +- 2e-4
    assert best.macro_f1 == pytest.approx(0.8483, abs=6e-4)

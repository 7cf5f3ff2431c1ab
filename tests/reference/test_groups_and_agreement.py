"""Agreement by group with intervals on POPQUORN, and groups of CEMS respondents."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from pluralism import Annotations, Comparisons, bootstrap
from pluralism.jury import krippendorff_alpha
from pluralism.utility import fit_groups

#: Pooled alphas of the offensiveness ratings, from the krippendorff package on the same rows.
POOLED = {
    "nominal": 0.13389979095635263,
    "ordinal": 0.2864885922720912,
    "interval": 0.2871752730325716,
}


@pytest.fixture(scope="module")
def ratings(test_data):
    return pd.read_csv(test_data / "popquorn" / "offensiveness.csv")


def annotations(frame, scale):
    return Annotations.from_frame(
        frame, item="instance_id", rater="user_id", label="offensiveness", scale=scale
    )


@pytest.mark.parametrize("scale", list(POOLED))
def test_pooled_alpha_of_popquorn_with_its_interval(ratings, scale):
    result = bootstrap(krippendorff_alpha, annotations(ratings, scale), n=400, seed=0)
    assert result.estimate == pytest.approx(POOLED[scale], abs=1e-10)
    lower, upper = result.interval
    assert lower < result.estimate < upper
    assert 0.01 < upper - lower < 0.12
    # Raters who are not compared with their own copies: no inflation beyond the noise.
    assert result.replicates.mean() == pytest.approx(result.estimate, abs=result.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("column", ["gender", "race", "age", "education"])
def test_alpha_of_popquorn_by_groups_of_raters(ratings, column):
    krippendorff = pytest.importorskip("krippendorff")
    groups = 0
    for _, frame in ratings.groupby(column):
        if frame.user_id.nunique() < 10:
            continue
        result = bootstrap(krippendorff_alpha, annotations(frame, "ordinal"), n=200, seed=0)
        table = frame.pivot_table(index="user_id", columns="instance_id", values="offensiveness")
        expected = krippendorff.alpha(table.to_numpy(), level_of_measurement="ordinal")
        assert result.estimate == pytest.approx(expected, abs=1e-10)
        lower, upper = result.interval
        assert lower < result.estimate < upper
        groups += 1
    assert groups >= 2


@pytest.fixture(scope="module")
def cems(test_data):
    return json.loads((test_data / "cems" / "cems.json").read_text())["data"]


@pytest.mark.parametrize("column", ["study", "french", "spanish", "italian"])
def test_cems_students_differ_by_study_and_languages(cems, column):
    pairs = [pair.split(":") for pair in cems["pairs"]]
    rows = [
        (student, first, second, {1: "first", 0: "tie", -1: "second"}[vote], group)
        for student, (votes, group) in enumerate(
            zip(cems["votes"], cems["covariates"][column], strict=True)
        )
        for (first, second), vote in zip(pairs, votes, strict=True)
        if vote is not None and group is not None
    ]
    frame = pd.DataFrame(rows, columns=["student", "first", "second", "outcome", "group"])
    data = Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", rater="student", group="group"
    )
    fits = fit_groups(data)
    permuted = fits.permutation_test(n=999, seed=0)
    assert fits.wald_test().pvalue < 0.01
    assert permuted.pvalue < 0.01
    if column != "study":
        # Who speaks a language likes its city better.
        city = {"french": "Paris", "spanish": "Barcelona", "italian": "Milano"}[column]
        liked = fits.utility.sel(item=city)
        assert float(liked.sel(group="good")) > float(liked.sel(group="poor"))
    assert np.isfinite(fits.stderr).all()

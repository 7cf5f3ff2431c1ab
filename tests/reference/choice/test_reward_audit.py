"""The audit of a real pooled reward: 303 students and six universities (CEMS)."""

import json

import pandas as pd
import pytest

from pluralism import Comparisons
from pluralism.choice import borda_audit
from pluralism.utility import fit_bradley_terry


@pytest.fixture(scope="module")
def students(test_data) -> pd.DataFrame:
    """One row a vote, with what the student knows of Spanish."""
    table = json.loads((test_data / "cems" / "cems.json").read_text())["data"]
    spanish, codes = table["covariates"]["spanish"], {1: "first", 0: "tie", -1: "second"}
    rows = [
        (student, spanish[student], *pair.split(":"), codes[vote])
        for student, votes in enumerate(table["votes"])
        for pair, vote in zip(table["pairs"], votes, strict=True)
        if vote is not None
    ]
    return pd.DataFrame(rows, columns=["student", "spanish", "left", "right", "outcome"])


@pytest.fixture(scope="module")
def votes(students) -> Comparisons:
    return Comparisons.from_frame(
        students, first="left", second="right", outcome="outcome", rater="student", group="spanish"
    )


def test_one_pair_is_decided_against_its_majority(votes):
    audit = borda_audit(votes, by="rater")
    assert (audit.n_raters, audit.unit) == (303, "raters")
    assert audit.votes == (212, 303)
    assert not audit.equal_votes
    (row,) = audit.disagreements.to_dict("records")
    assert (row["first"], row["second"]) == ("Barcelona", "StGallen")
    assert row["bradley_terry"] == row["borda"] == row["mean_utility"] == "Barcelona"
    assert row["copeland"] == "StGallen"
    assert row["maximal_lottery"] is None
    counted = [row[k] for k in ("for_first", "for_second", "indifferent", "silent", "overruled")]
    assert counted == [134, 144, 25, 0, 144]
    assert audit.rules.loc["maximal_lottery", "winners"] == ("London",)
    assert 0.05 < audit.explained_variance < 0.2
    fitted = fit_bradley_terry(votes).utility
    scores = audit.scores.sel(rule="bradley_terry", alternative=list(votes.items))
    assert scores.values == pytest.approx(fitted.values, abs=1e-8)


def test_the_figure_tells_why(students, votes):
    """What examples/plot_reward_audit.py shows, from the students themselves."""
    duel = students[(students["left"] == "StGallen") & (students["right"] == "Barcelona")]
    by_spanish = pd.crosstab(duel["spanish"], duel["outcome"])
    assert by_spanish.loc["good", ["first", "tie", "second"]].tolist() == [10, 2, 28]
    assert by_spanish.loc["poor", ["first", "tie", "second"]].tolist() == [134, 23, 106]
    wins = votes.pairwise()
    share = (wins / (wins + wins.values.T)).fillna(0.5)
    lead = (share.sel(item="Barcelona") - share.sel(item="StGallen")).to_series()
    assert lead["Milano"] + lead["Stockholm"] == pytest.approx(0.0792, abs=1e-4)
    assert lead[["London", "Paris", "Barcelona", "StGallen"]].lt(0).all()
    assert lead.sum() > 0
    without = students[(students["left"] != "Stockholm") & (students["right"] != "Stockholm")]
    fewer = Comparisons.from_frame(without, first="left", second="right", outcome="outcome")
    assert [g[0] for g in borda_audit(fewer).rankings["bradley_terry"]] == [
        "London", "Paris", "StGallen", "Barcelona", "Milano",
    ]  # fmt: skip


def test_counts_of_groups_give_the_same_audit(students, votes):
    """The counts that the example and the page type in are those of the students."""
    pooled = students.groupby(["spanish", "left", "right", "outcome"]).size().reset_index(name="n")
    counted = borda_audit(
        Comparisons.from_frame(
            pooled, first="left", second="right", outcome="outcome", weight="n", group="spanish"
        ),
        by="spanish",
    )
    direct = borda_audit(votes)
    assert counted.unit == "votes"
    assert counted.rules["overruled"]["bradley_terry"] == 1349
    assert direct.rules["overruled"]["bradley_terry"] == 1349
    assert counted.rankings["copeland"] == direct.rankings["copeland"]

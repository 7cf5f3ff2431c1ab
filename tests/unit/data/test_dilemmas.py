"""dilemma_battles: every policy by hand, and rows that cannot be read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars
import pytest

import pluralism as pl
from pluralism.data import Comparisons, dilemma_battles
from pluralism.errors import DataError, LabelError
from pluralism.utility import fit_bradley_terry, fit_elo

COLUMNS = {"dilemma": "id", "action": "action", "values": "values", "choice": "answer"}


def frame(*dilemmas):
    """Rows of (values of action 1, values of action 2, answer)."""
    rows = []
    for name, (one, other, answer) in enumerate(dilemmas):
        rows.append((name, "Action 1: do it", one, answer))
        rows.append((name, "Action 2: leave it", other, answer))
    return pd.DataFrame(rows, columns=["id", "action", "values", "answer"])


def battles(rows, **options):
    return dilemma_battles(rows, **COLUMNS, **options)


def listed(found):
    return list(found[["first", "second", "outcome"]].itertuples(index=False, name=None))


DILEMMAS = frame(
    (["Care", "Truth"], ["Privacy"], "Action 1"),
    (["Care"], ["Care", "Truth"], "Action 2"),
    (["Truth"], ["Care"], "NA"),
)


def test_every_value_meets_every_value():
    found = battles(DILEMMAS)
    assert listed(found) == [
        ("Care", "Privacy", "first"),
        ("Truth", "Privacy", "first"),
        ("Care", "Truth", "second"),
    ]
    assert found["weight"].tolist() == [0.5, 0.5, 1.0]
    assert found["dilemma"].tolist() == [0, 0, 1]
    assert found.attrs["dropped"] == {
        "battles of a class with itself": 1,
        "undecided dilemmas": 1,
    }


@pytest.mark.parametrize(
    ("policy", "outcome"), [("tie", "tie"), ("second", "second"), ("drop", None)]
)
def test_undecided(policy, outcome):
    found = battles(DILEMMAS, undecided=policy)
    last = listed(found)[3:]
    assert last == ([] if outcome is None else [("Truth", "Care", outcome)])


def test_undecided_as_an_error():
    with pytest.raises(DataError, match=r"dilemma 2 has the answer 'NA'.*neither action"):
        battles(DILEMMAS, undecided="error")


@pytest.mark.parametrize("word", ["NA", "na", "Na", " nA ", "N/A", "", None, np.nan, "None"])
def test_ways_to_say_neither(word):
    rows = frame((["a"], ["b"], "action 1"), (["a"], ["b"], word))
    found = battles(rows)
    assert len(found) == 1
    assert found.attrs["dropped"] == {"undecided dilemmas": 1}


def test_a_missing_cell_and_na_are_the_same_answer():
    rows = frame((["a"], ["b"], "ACTION 2"), (["a"], ["b"], "NA"))
    rows.loc[3, "answer"] = None
    assert listed(battles(rows)) == [("a", "b", "second")]


def test_classes():
    rows = frame((["tell", "hide", "odd"], ["help"], "Action 1"))
    classes = {"tell": "Truth", "hide": "Truth", "help": "Care", "odd": None}
    with pytest.raises(LabelError, match=r"dilemma 0 has the value 'odd'.*4 known.*unmapped="):
        battles(rows, classes=classes)
    dropped = battles(rows, classes=classes, unmapped="drop")
    assert listed(dropped) == [("Truth", "Care", "first")]
    assert dropped.attrs["dropped"] == {"unmapped values": 1}
    each = battles(rows, classes=classes, unmapped="drop", repeated="each")
    assert listed(each) == [("Truth", "Care", "first")] * 2
    assert each["weight"].tolist() == [0.5, 0.5]
    kept = battles(rows, classes=classes, unmapped="keep")
    assert listed(kept)[1] == ("unmapped", "Care", "first")
    with pytest.raises(LabelError, match="has a class 'unmapped'"):
        battles(rows, classes={"tell": "unmapped"}, unmapped="keep")


def test_as_the_published_code_counts():
    """An independent transcription of its rules on random dilemmas."""
    rng = np.random.default_rng(0)
    names = list("abcdef")
    classes = {"a": "A", "b": "A", "c": "B", "d": "C", "e": "D"}
    drawn = [
        (
            list(rng.choice(names, rng.integers(1, 4))),
            list(rng.choice(names, rng.integers(1, 4))),
            rng.choice(["Action 1", "Action 2", "NA"]),
        )
        for _ in range(60)
    ]
    expected = []
    for one, other, answer in drawn:
        for x in one:
            for y in other:
                left, right = classes.get(x), classes.get(y)
                if left != right:  # the same class is a tie, which moves no rating
                    won = "first" if answer == "Action 1" else "second"
                    expected.append((left or "unmapped", right or "unmapped", won))
    found = battles(
        frame(*drawn), classes=classes, undecided="second", unmapped="keep", repeated="each"
    )
    assert listed(found) == expected


def test_lists_as_text_and_other_frames():
    text = DILEMMAS.assign(values=DILEMMAS["values"].map(str))
    pd.testing.assert_frame_equal(battles(text), battles(DILEMMAS))
    found = battles(polars.DataFrame(DILEMMAS.to_dict(orient="list")))
    assert listed(found) == listed(battles(DILEMMAS))


def test_order_of_rows_does_not_matter_within_a_dilemma():
    turned = DILEMMAS.iloc[[1, 0, 3, 2, 5, 4]]
    assert listed(battles(turned)) == listed(battles(DILEMMAS))


def test_ratings_and_their_errors_are_clustered_by_dilemma():
    rng = np.random.default_rng(1)
    worth = dict(zip("abcd", (1.0, 0.5, 0.0, -1.0), strict=True))
    drawn = []
    for _ in range(300):
        sides = rng.permutation(list("abcd"))
        one, other = list(sides[:2]), list(sides[2:])
        gap = sum(worth[v] for v in one) - sum(worth[v] for v in other)
        drawn.append((one, other, f"Action {1 if rng.random() < 1 / (1 + np.exp(-gap)) else 2}"))
    found = battles(frame(*drawn))
    votes = Comparisons.from_frame(
        found, first="first", second="second", outcome="outcome", rater="dilemma"
    )
    assert len(votes.raters) == 300
    clustered = fit_bradley_terry(votes)
    assert clustered.covariance_type == "cluster"
    naive = fit_bradley_terry(votes, covariance="fisher")
    # four battles stand or fall together: counting them apart makes errors too small
    assert (clustered.stderr > 1.2 * naive.stderr).all()
    boot = pl.bootstrap(fit_bradley_terry, votes, unit="rater", n=200, seed=0, progress=False)
    np.testing.assert_allclose(boot.stderr, clustered.stderr, rtol=0.25)
    elo = fit_elo(found, first="first", second="second", outcome="outcome", shuffles=5, seed=0)
    assert list(elo.utility["item"].values[np.argsort(-elo.utility.values)]) == list("abcd")
    equal = Comparisons.from_frame(
        found, first="first", second="second", outcome="outcome", weight="weight"
    )
    assert equal.total.sum() == pytest.approx(300)


def test_what_is_refused():
    with pytest.raises(DataError, match="dilemma 0 has 'Action 1' twice"):
        battles(pd.concat([DILEMMAS, DILEMMAS.iloc[:2]]))
    with pytest.raises(DataError, match="dilemma 2 has no row for 'Action 2'"):
        battles(DILEMMAS.iloc[:-1])
    with pytest.raises(DataError, match="has the answer 'Action 3'"):
        battles(frame((["a"], ["b"], "Action 3")))
    with pytest.raises(DataError, match="two answers in 'answer', 'Action 1' and 'NA'"):
        battles(DILEMMAS.assign(answer=["Action 1", "NA", *["NA"] * 4]))
    with pytest.raises(DataError, match=r"'values' is 'Care' in row 0.*must be a list"):
        battles(frame(("Care", ["b"], "NA")))
    with pytest.raises(LabelError, match="every label must be given"):
        battles(frame(([None], ["b"], "Action 1")))
    with pytest.raises(LabelError, match="unhashable"):
        battles(frame(([["a"]], ["b"], "Action 1")))
    with pytest.raises(LabelError, match="written in more than one way"):
        battles(DILEMMAS.assign(action=["Action 1", "Action 2", "action 1", *["Action 2"] * 3]))
    with pytest.raises(DataError, match="'action' has 3 labels"):
        battles(DILEMMAS.assign(action=["A", "B", "A", "B", "A", "C"]))
    with pytest.raises(DataError, match=r"no battle is left of 1 dilemmas \(1 undecided"):
        battles(frame((["a"], ["b"], "NA")))
    with pytest.raises(LabelError, match=r"names 'answers'.*did you mean 'answer'"):
        dilemma_battles(DILEMMAS, **{**COLUMNS, "choice": "answers"})
    with pytest.raises(DataError, match="must be an eager data frame"):
        battles([1, 2])
    with pytest.raises(DataError, match="`undecided` is 'loss'"):
        battles(DILEMMAS, undecided="loss")
    with pytest.raises(DataError, match="`classes` is list"):
        battles(DILEMMAS, classes=["a"])
    with pytest.raises(DataError, match="'action' is ' ' in row 1; every row needs an action"):
        battles(DILEMMAS.assign(action=["Action 1", " ", *DILEMMAS["action"][2:]]))
    with pytest.raises(DataError, match="`frame` has no rows"):
        battles(DILEMMAS[:0])
    with pytest.raises(DataError, match="'id' is missing in row 0"):
        battles(DILEMMAS.assign(id=[None, 0, 1, 1, 2, 2]))
    assert battles(frame((["a"], [], "Action 1"), (["a"], ["b"], "Action 1"))).attrs["dropped"] == {
        "dilemmas without a battle": 1
    }

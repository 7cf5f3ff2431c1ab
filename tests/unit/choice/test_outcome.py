"""What an outcome says of itself, and how ties are broken and recorded."""

import numpy as np
import pytest

from pluralism import Ballots, DataError, choice
from pluralism.choice import Outcome
from pluralism.choice._outcome import (
    Round,
    TieBreaker,
    by_alternative,
    by_pair,
    group_by_layers,
    group_by_score,
)

LEVEL = Ballots.from_rankings(["bac", "abc"], alternatives="bac")


def test_the_text_names_winners_ties_and_notes():
    assert repr(choice.borda(LEVEL)) == "Outcome(borda: winners 'b', 'a'; tied; ranking b = a > c)"
    assert repr(choice.borda(LEVEL, tie_break="name")) == (
        "Outcome(borda: winners 'a'; tie broken by name; ranking b = a > c)"
    )
    assert repr(Outcome("empty", ("a", "b"), ())) == "Outcome(empty: no winner)"
    assert repr(
        Outcome("some", ("a", "b"), ("a",), exhaustive=False, notes=("count 1: x", "y"))
    ) == ("Outcome(some: winners 'a'; more tie than are listed; count 1: x; y)")


def test_who_ties():
    assert not Outcome("sure", ("a", "b"), ("a",)).tied
    assert Outcome("several", ("a", "b"), ("a", "b")).tied
    chances = by_alternative(("a", "b"), np.array([0.5, 0.5]), "probability")
    assert not Outcome("lot", ("a", "b"), ("a", "b"), probabilities=chances, unique=True).tied
    assert not Outcome("lot", ("a", "b"), ("a", "b"), probabilities=chances).tied
    assert Outcome("lot", ("a", "b"), ("a",), probabilities=chances, unique=False).tied


def test_scores_are_ranked_with_ties_up_to_the_tolerance():
    labels = ("d", "b", "c", "a")
    scores = np.array([1.0, 3.0, 2.0, 3.0])
    assert group_by_score(labels, scores) == (("b", "a"), ("c",), ("d",))
    assert group_by_score(labels, -scores) == (("d",), ("c",), ("b", "a"))
    assert group_by_score(labels, scores, 1.0) == (labels,)  # neighbours decide
    assert group_by_score(labels, scores, 0.999) == (("b", "a"), ("c",), ("d",))
    breaker = TieBreaker("none")
    outcome = Outcome.from_scores(
        "points", labels, scores + np.array([0, 0, 0.5, 0]), breaker, tolerance=0.5
    )
    assert outcome.winners == ("b", "c", "a")
    assert outcome.ranking == (("b", "c", "a"), ("d",))
    assert outcome.scores.to_series().to_dict() == {"d": 1.0, "b": 3.0, "c": 2.5, "a": 3.0}
    assert outcome.scores.name == "score"
    assert outcome.tie_break == "none"


def test_relations_are_ranked_in_layers():
    beats = np.zeros((4, 4), dtype=bool)
    beats[2, 0] = beats[0, 3] = beats[1, 3] = True
    assert group_by_layers(("d", "b", "c", "a"), beats) == (("b", "c"), ("d",), ("a",))


def test_one_table_holds_every_count():
    outcome = Outcome(
        "counted",
        ("a", "b", "c"),
        ("a", "b"),
        rounds=(
            Round({"a": 3.0, "b": 2.0, "c": 1.0}, 0.5, eliminated=("c",)),
            Round({"a": 3.5, "b": 2.0}, 1.0, elected=("a", "b")),
        ),
    )
    table = outcome.count_table()
    assert table.index.name == "count"
    assert table.index.tolist() == [1, 2]
    assert table.columns.tolist() == ["a", "b", "c", "exhausted", "elected", "eliminated"]
    assert table["a"].tolist() == [3.0, 3.5]
    assert np.isnan(table["c"][2])
    assert table["exhausted"].tolist() == [0.5, 1.0]
    assert table["elected"].tolist() == ["", "a, b"]
    assert table["eliminated"].tolist() == ["c", ""]
    assert outcome.rounds[1]["a"] == 3.5


def test_pairs_are_labelled_on_both_sides():
    table = by_pair(("b", "a"), np.array([[0, 1], [2, 0]]), "strength")
    assert table.dims == ("alternative", "alternative_bis")
    assert table.name == "strength"
    assert int(table.sel(alternative="a", alternative_bis="b")) == 2


def test_a_tie_is_broken_as_asked_and_recorded():
    none = TieBreaker("none")
    assert none.choose("winner", ["b", "a"]) == ("b", "a")
    by_name = TieBreaker("name")
    assert by_name.choose("winner", ["b"]) == ("b",)
    assert by_name.choose("winner", ["c", "a", "b"]) == ("a",)
    assert by_name.last("elimination", ["c", "a", "b"]) == "c"
    assert none.broken == []
    assert by_name.broken == [
        ("winner", ("c", "a", "b"), "a"),
        ("elimination", ("c", "a", "b"), "c"),
    ]
    drawn = TieBreaker("random", 0)
    picks = {drawn.choose("winner", "cab") for _ in range(50)}
    assert picks == {("a",), ("b",), ("c",)}
    assert {drawn.last("elimination", "cab") for _ in range(50)} == set("abc")
    assert len(drawn.broken) == 100
    again = TieBreaker("random", 0)
    assert [again.choose("winner", "cab")[0] for _ in range(5)] == [
        tie.chosen for tie in drawn.broken[:5]
    ]
    with pytest.raises(DataError, match="`tie_break` is 'name' and `seed` is 0; a seed goes with"):
        TieBreaker("name", 0)
    with pytest.raises(DataError, match="`tie_break` is 'random' and `seed` is None; a seed goes"):
        TieBreaker("random")

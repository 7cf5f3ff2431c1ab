"""Ties, refusals and records of the single-winner rules."""

import numpy as np
import pytest
import xarray as xr
from scipy import optimize

from pluralism import Ballots, ConvergenceError, DataError, LabelError, choice
from pluralism.choice import Outcome, _consensus_ranking, _lottery
from pluralism.choice._outcome import TieBreaker, group_by_layers
from pluralism.kernels._kemeny import KemenyRankings
from pluralism.kernels._lottery import Lottery

CYCLE = Ballots.from_rankings(["abc", "bca", "cab"])


def test_ranked_pairs_follows_every_order_of_equal_majorities():
    outcome = choice.ranked_pairs(CYCLE)
    assert outcome.winners == ("a", "b", "c")
    assert len(outcome.rankings) == 3
    assert outcome.tied
    by_name = choice.ranked_pairs(CYCLE, tie_break="name")
    assert by_name.winners == ("a",)
    assert by_name.broken_ties[0].place == "order of equal majorities"
    drawn = {choice.ranked_pairs(CYCLE, tie_break="random", seed=s).winners for s in range(30)}
    assert drawn == {("a",), ("b",), ("c",)}
    with pytest.raises(DataError, match="more than 2 partial orders"):
        choice.ranked_pairs(CYCLE, limit=2)


def test_a_level_majority_is_no_majority():
    level = Ballots.from_rankings(["ab", "ba"])
    for rule in (choice.schulze, choice.split_cycle, choice.ranked_pairs, choice.copeland):
        assert rule(level).winners == ("a", "b")
        assert rule(level).ranking == (("a", "b"),)
    assert choice.condorcet_winner(level).winners == ()
    assert choice.condorcet_winner(level, weak=True).winners == ("a", "b")


def test_margins_and_winning_votes_differ_on_weak_ballots():
    ballots = Ballots.from_rankings(
        [("a", "b"), ("b", "c"), ("c", "a")], counts=[6, 5, 4], unranked="incomparable"
    )
    votes = choice.minimax(ballots, strength="winning-votes").scores
    margins = choice.minimax(ballots, strength="margins").scores
    np.testing.assert_array_equal(votes, margins)  # nobody speaks against these majorities
    weak = Ballots.from_rankings([("a", ("b", "c")), ("b", "a", "c")], counts=[3, 2])
    assert choice.minimax(weak, strength="winning-votes").scores.values.tolist() == [0, -3, -5]
    assert choice.minimax(weak).scores.values.tolist() == [0, -1, -5]
    with pytest.raises(DataError, match="did you mean 'margins'"):
        choice.schulze(weak, strength="margin")


def test_lotteries_that_are_not_unique_say_so():
    level = Ballots.from_rankings(["ab", "ba"])
    outcome = choice.maximal_lottery(level)
    assert outcome.unique is False
    assert outcome.tied
    # a and b level, both beat c: every lottery on a and b is maximal.
    both = Ballots.from_rankings(["abc", "bac"])
    found = choice.maximal_lottery(both)
    assert found.unique is False
    assert found.winners == ("a", "b")
    assert choice.maximal_lottery(CYCLE).unique is True
    assert choice.random_dictator(CYCLE).unique is True


def test_lotteries_are_labelled():
    ballots = Ballots.from_rankings(
        [("a", "b", "c"), ("b", "c", "a"), (("c", "d"), "a", "b")],
        counts=[0.25, 0.4, 0.35],
        alternatives="dcba",
    )
    maximal = choice.maximal_lottery(ballots)
    assert maximal.rule == "maximal lottery"
    chances = maximal.probabilities.to_series().to_dict()
    # a : b is 60 : 40, b : c 65 : 35, c : a 75 : 25; d is at best level with c.
    assert chances == pytest.approx({"d": 0, "c": 2 / 10, "b": 5 / 10, "a": 3 / 10})
    assert maximal.winners == ("c", "b", "a")
    assert maximal.probabilities.name == "probability"
    assert maximal.unique
    dictator = choice.random_dictator(ballots)
    assert dictator.rule == "random dictator"
    assert dictator.winners == ("d", "c", "b", "a")
    assert dictator.probabilities.to_series().to_dict() == pytest.approx(
        {"d": 0.175, "c": 0.175, "b": 0.4, "a": 0.25}
    )
    assert choice.random_dictator(CYCLE).winners == ("a", "b", "c")
    assert choice.random_dictator(Ballots.from_rankings(["abc", "acb"])).winners == ("a",)
    assert not dictator.tied


def test_a_failed_programme_is_an_error(monkeypatch):
    failed = Lottery(np.full(3, np.nan), False, np.nan, "time limit reached")
    monkeypatch.setattr(_lottery, "maximal_lottery_of", lambda margins: failed)
    with pytest.raises(ConvergenceError, match="was not solved: time limit reached") as caught:
        choice.maximal_lottery(CYCLE)
    assert caught.value.result is failed
    wrong = Lottery(np.array([1.0, 0.0, 0.0]), True, 0.5, "")
    monkeypatch.setattr(_lottery, "maximal_lottery_of", lambda margins: wrong)
    with pytest.raises(ConvergenceError, match=r"violates p'M >= 0 by 0\.5"):
        choice.maximal_lottery(CYCLE)


APPROVALS = Ballots.from_approvals([{"a"}, {"b"}], counts=[1.5, 1.0])
VALUES = [[1.0, 2.0], [2.0, 1.0]]


@pytest.mark.parametrize(
    "call",
    [
        lambda: choice.maximal_lottery(CYCLE),
        lambda: choice.approval_committee(APPROVALS, size=1, rule="pav"),
        lambda: choice.justified_representation(
            Ballots.from_approvals([set("abc"), set("def")], counts=[6, 3]), "abc", axiom="PJR"
        ),
        lambda: choice.balanced_justified_representation(VALUES, [0, 1], assignment="balanced"),
        lambda: choice.proportional_veto_core(
            Ballots.from_rankings(["abc", "cba"], counts=[1.5, 1.0])
        ),
        lambda: choice.feasible_ranking([[0.0], [1.0], [2.0]], [0, 1, 2]),
        lambda: choice.linear_social_choice([[0.0], [1.0], [2.0]], CYCLE),
    ],
    ids=["lottery", "committee", "representation", "balanced", "veto", "ranking", "linear"],
)
def test_a_solver_that_gives_up_is_an_error(monkeypatch, call):
    failed = optimize.OptimizeResult(status=1, success=False, x=None, message="out of time")
    for solver in ("linprog", "milp"):
        monkeypatch.setattr(optimize, solver, lambda *_, **__: failed)
    with pytest.raises(ConvergenceError, match="not solved: out of time"):
        call()


def test_a_failed_kemeny_programme_is_an_error(monkeypatch):
    failed = KemenyRankings([], np.nan, False, "time limit reached")
    monkeypatch.setattr(_consensus_ranking, "kemeny_rankings", lambda *_: failed)
    with pytest.raises(ConvergenceError, match="Kemeny rule was not solved in 60 s"):
        choice.kemeny(CYCLE, seconds=60)


def test_scores_and_relations_that_rank_nothing():
    with pytest.raises(DataError, match=r"`scores` has shape \(3,\) for 2 alternatives"):
        Outcome.from_scores("points", ("a", "b"), np.zeros(3), TieBreaker("none"))
    cycle = np.roll(np.eye(3, dtype=bool), 1, axis=1)
    with pytest.raises(LabelError, match="the relation has a cycle and cannot be ranked"):
        group_by_layers(("a", "b", "c"), cycle)


def test_unlabelled_arrays_are_read_as_matrices():
    wins = np.array([[0, 3, 1], [1, 0, 2], [2, 1, 0]])
    found = choice.borda(xr.DataArray(wins, dims=("item", "item_bis")))
    np.testing.assert_array_equal(found.scores, choice.borda(wins).scores)
    with pytest.raises(DataError, match=r"must be square .* got shape \(3,\)"):
        choice.borda(xr.DataArray(wins[0], dims="item"))


def test_random_dictator_shares_tied_tops():
    ballots = Ballots.from_rankings([(("a", "b"), "c"), ("c", "a", "b")], counts=[2, 1])
    np.testing.assert_allclose(choice.random_dictator(ballots).probabilities, [1 / 3] * 3)


def test_positions_are_shared_by_those_who_tie():
    weak = Ballots.from_rankings([("a", ("b", "c")), ("b",)], counts=[2, 4])
    assert choice.plurality(weak).scores.values.tolist() == [2, 4, 0]
    # The second ballot leaves a and c last together.
    assert choice.veto(weak).scores.values.tolist() == [2 + 2, 1 + 4, 1 + 2]
    points = choice.positional(weak, points=[2, 1, 0]).scores
    np.testing.assert_array_equal(points, choice.borda(weak).scores)
    incomparable = Ballots.from_rankings([("a",), ("b", "a")], unranked="incomparable")
    with pytest.raises(DataError, match="veto needs to know who is last"):
        choice.veto(incomparable)
    with pytest.raises(DataError, match="2 entries for 3 alternatives"):
        choice.positional(weak, points=[1, 0])
    with pytest.raises(DataError, match=r"`points\[0\]` is below the next"):
        choice.positional(weak, points=[0, 1, 2])
    with pytest.raises(DataError, match=r"`points\[1\]` is below the next; best first"):
        choice.positional(weak, points=[1, 1, 2])
    for unranked in ("last", "incomparable"):  # all are ranked
        ballots = Ballots.from_rankings([("a", "b"), ("b", "a")], unranked=unranked)
        assert choice.veto(ballots).winners == ("a", "b")


@pytest.mark.parametrize(
    "rule", [choice.plurality, choice.veto, choice.irv, choice.random_dictator]
)
def test_rules_on_positions_refuse_a_matrix(rule):
    with pytest.raises(DataError, match="needs Ballots, since a pairwise matrix does not say"):
        rule(CYCLE.pairwise())


def test_one_vote_of_whole_votes_decides():
    ballots = Ballots.from_rankings([("b", "a"), ("a", "b")], counts=[1000, 1001])
    for rule in (choice.plurality, choice.veto, choice.borda, choice.copeland, choice.irv):
        assert rule(ballots).ranking == (("a",), ("b",))
    approvals = Ballots.from_approvals([{"b"}, {"a"}], counts=[1000, 1001])
    assert choice.approval(approvals).winners == ("a",)


def test_approvals_are_counted():
    level = Ballots.from_approvals([{"c"}, {"c"}, {"a", "b"}], counts=[0.1, 0.2, 0.3])
    outcome = choice.approval(level)
    assert outcome.rule == "approval"
    assert outcome.winners == ("a", "b", "c")
    np.testing.assert_allclose(outcome.scores, 0.3)
    more = Ballots.from_approvals([{"c"}, {"a", "b"}], counts=[0.3, 0.3 + 1e-10])
    assert choice.approval(more).ranking == (("a", "b"), ("c",))
    drawn = {choice.approval(level, tie_break="random", seed=k).winners for k in range(20)}
    assert drawn == {("a",), ("b",), ("c",)}


def test_approval_refuses_rankings():
    with pytest.raises(DataError, match="approval needs approvals, and these are rankings"):
        choice.approval(CYCLE)


def test_instant_runoff_exhausts_ballots_whatever_unranked_says():
    for unranked in ("last", "incomparable"):
        ballots = Ballots.from_rankings(
            [("a",), ("b", "c"), ("c", "b")], counts=[2, 4, 3], unranked=unranked
        )
        outcome = choice.irv(ballots)
        assert outcome.winners == ("b",)
        assert outcome.rounds[-1].exhausted == 2
        assert outcome.ranking == (("b",), ("c",), ("a",))


def test_instant_runoff_at_ties():
    # b and c tie for last; together they outvote nobody less than a.
    ballots = Ballots.from_rankings(["abc", "bca", "cba"], counts=[3, 2, 2])
    together = choice.irv(ballots)
    assert together.winners == ("a",)
    assert together.notes == ("count 1: 'b', 'c' tie for elimination and leave together",)
    parallel = choice.irv(ballots, tie_break="parallel")
    assert parallel.winners == ("b", "c")
    assert len(parallel.rankings) == 2
    by_name = choice.irv(ballots, tie_break="name")
    assert by_name.winners == ("b",)
    assert by_name.broken_ties[0] == ("elimination", ("b", "c"), "c")
    assert choice.irv(CYCLE).winners == ("a", "b", "c")
    with pytest.raises(DataError, match="more than 1 sets of standing alternatives"):
        choice.irv(ballots, tie_break="parallel", limit=1)


def test_kemeny_says_if_there_are_more_optima():
    level = Ballots.from_rankings(["abcd", "dcba"])
    outcome = choice.kemeny(level, limit=5)
    assert len(outcome.rankings) == 5
    assert not outcome.exhaustive
    assert "more tie than are listed" in repr(outcome)
    everything = choice.kemeny(level)
    assert len(everything.rankings) == 24
    assert everything.exhaustive


def test_count_table_needs_rounds():
    with pytest.raises(DataError, match="does not count in rounds"):
        choice.borda(CYCLE).count_table()


def test_a_transposed_matrix_of_pairs_is_read_by_its_names():
    pairs = Ballots.from_rankings(["abc", "bca", "cab"], counts=[5, 3, 1]).pairwise()
    for rule in (choice.borda, choice.copeland, choice.schulze, choice.kemeny):
        assert rule(pairs.T).ranking == rule(pairs).ranking


def test_a_ragged_matrix_is_refused():
    with pytest.raises(DataError, match="pairwise matrix must be square; its rows differ"):
        choice.copeland([[0, 1], [2]])


@pytest.mark.slow
def test_runoffs_have_no_limit_of_depth():
    many = Ballots.from_rankings([(i,) for i in range(1200)], counts=np.arange(1, 1201))
    outcome = choice.irv(many)
    assert outcome.winners == (1199,)
    assert [group for (group,) in outcome.ranking] == list(range(1199, -1, -1))


def test_whole_votes_are_exact_in_eliminations_however_many():
    votes = np.array([1e14, 1e14 + 50, 1e14 + 100])
    ballots = Ballots.from_rankings([("a",), ("b",), ("c",)], counts=votes)
    assert choice.irv(ballots).ranking == (("c",), ("b",), ("a",))
    assert choice.stv(ballots, seats=1).ranking == (("c",), ("b",), ("a",))

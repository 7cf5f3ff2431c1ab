"""The rankings of least disagreement, against all permutations."""

import re
from itertools import permutations

import numpy as np
import pytest

from pluralism import Ballots, ConvergenceError, DataError, choice
from pluralism.choice import _consensus_ranking
from pluralism.kernels._kemeny import KemenyRankings


def test_all_rankings_of_least_disagreement_are_listed_in_order():
    rng = np.random.default_rng(0)
    several = 0
    for _ in range(12):
        labels = "dbca"
        votes = [rng.permutation(list(labels)).tolist() for _ in range(4)]
        counts = rng.choice([0.5, 1.0, 2.0], 4)
        outcome = choice.kemeny(Ballots.from_rankings(votes, counts=counts, alternatives=labels))
        cost = {
            order: sum(
                count
                for vote, count in zip(votes, counts, strict=True)
                for place, a in enumerate(order)
                for b in order[place + 1 :]
                if vote.index(b) < vote.index(a)
            )
            for order in permutations(labels)
        }
        best = [order for order in cost if cost[order] == min(cost.values())]  # in order of places
        assert outcome.objective == pytest.approx(min(cost.values()))
        assert outcome.rankings == tuple(tuple((x,) for x in order) for order in best)
        assert outcome.ranking == outcome.rankings[0]
        assert outcome.winners == tuple(x for x in labels if x in {order[0] for order in best})
        assert outcome.exhaustive
        several += len(best) > 1
    assert several > 3


def test_as_many_rankings_as_the_limit_are_all():
    cycle = Ballots.from_rankings(["abc", "bca", "cab"])
    assert choice.kemeny(cycle, limit=3).exhaustive
    some = choice.kemeny(cycle, limit=2)
    assert (some.exhaustive, len(some.rankings)) == (False, 2)
    assert len(choice.kemeny(cycle, limit=1).rankings) == 1


def test_ties_for_the_first_place_are_broken_as_asked():
    ballots = Ballots.from_rankings(["cab", "bca", "abc"], alternatives="cab")
    assert choice.kemeny(ballots).winners == ("c", "a", "b")
    named = choice.kemeny(ballots, tie_break="name")
    assert (named.winners, named.tie_break) == (("a",), "name")
    assert len(named.broken_ties) == 1
    assert not choice.kemeny(ballots).broken_ties
    drawn = {choice.kemeny(ballots, tie_break="random", seed=seed).winners for seed in range(12)}
    assert drawn == {("a",), ("b",), ("c",)}


def test_options_and_failures_are_told(monkeypatch):
    cycle = Ballots.from_rankings(["abc", "bca", "cab"])
    with pytest.raises(DataError, match="`limit` is 0; it must be at least 1"):
        choice.kemeny(cycle, limit=0)
    with pytest.raises(DataError, match="`seconds` is 0; it must be finite above 0"):
        choice.kemeny(cycle, seconds=0)
    failed = KemenyRankings([], np.nan, False, "out of time")
    monkeypatch.setattr(_consensus_ranking, "kemeny_rankings", lambda *_: failed)
    message = (
        "the integer programme of the Kemeny rule was not solved in 0.5 s: out of time; allow "
        "more `seconds`, or leave out alternatives"
    )
    with pytest.raises(ConvergenceError, match=f"^{re.escape(message)}$") as caught:
        choice.kemeny(cycle, seconds=0.5)
    assert caught.value.result is failed

"""Instant runoff against counts in exact fractions."""

from fractions import Fraction

import numpy as np
import pytest

from pluralism import Ballots, DataError
from pluralism.choice import irv

NAMES = "dbeca"  # not in sorted order
PLACES = range(len(NAMES))


def profiles(n, *, seed, voters):
    """Ranks (None for unranked, ties allowed), weights in tenths, and the ballots."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        ranks = rng.integers(0, 6, (voters, len(NAMES))).astype(float)
        ranks[ranks == 5] = np.nan
        ranks[np.isnan(ranks).all(axis=1), 0] = 1
        tenths = rng.integers(1, 4, voters)
        ballots = Ballots.from_ranks(ranks, counts=tenths / 10, alternatives=list(NAMES))
        rows = [[None if np.isnan(x) else x for x in row] for row in ranks.tolist()]
        yield rows, [Fraction(int(n), 10) for n in tenths], ballots


def count(ranks, weights, standing):
    votes, exhausted = dict.fromkeys(sorted(standing), Fraction(0)), Fraction(0)
    for row, weight in zip(ranks, weights, strict=True):
        ranked = [a for a in standing if row[a] is not None]
        if not ranked:
            exhausted += weight
            continue
        top = [a for a in ranked if row[a] == min(row[b] for b in ranked)]
        for a in top:
            votes[a] += weight / len(top)
    return votes, exhausted


def in_parallel(ranks, weights, standing):
    votes, _ = count(ranks, weights, standing)
    if len(standing) == 1:
        return set(standing)
    least = [a for a in standing if votes[a] == min(votes.values())]
    return set().union(*(in_parallel(ranks, weights, standing - {a}) for a in least))


def names(places):
    return tuple(NAMES[a] for a in sorted(places))


def test_those_who_tie_leave_together_count_by_count():
    noted = 0
    for ranks, weights, ballots in profiles(60, seed=0, voters=7):
        outcome = irv(ballots)
        standing, ranking, notes, rounds = set(PLACES), [], [], []
        while True:
            votes, exhausted = count(ranks, weights, standing)
            least = {a for a in standing if votes[a] == min(votes.values())}
            if len(standing) > 1 and least != standing:
                rest = standing - least
                together = sum(votes[a] for a in least)
                if len(least) > 1 and together >= min(votes[a] for a in rest):
                    tied = ", ".join(map(repr, names(least)))
                    notes.append(
                        f"count {len(rounds) + 1}: {tied} tie for elimination and leave together"
                    )
                ranking.insert(0, names(least))
                elected = names(rest) if len(standing) == 2 else ()
                rounds.append((votes, exhausted, elected, names(least)))
                standing = rest
            if len(standing) == 1 or least == standing:
                break
        if least == standing and len(standing) > 1:
            rounds.append((votes, exhausted, names(standing), ()))
        assert outcome.rule == "instant runoff"
        assert outcome.winners == names(standing)
        assert outcome.ranking == (names(standing), *ranking)
        assert outcome.rankings == (outcome.ranking,)
        assert outcome.notes == tuple(notes)
        assert outcome.exhaustive
        assert len(outcome.rounds) == len(rounds)
        for got, (votes, exhausted, elected, eliminated) in zip(
            outcome.rounds, rounds, strict=True
        ):
            assert dict(got.votes) == pytest.approx({NAMES[a]: float(v) for a, v in votes.items()})
            assert got.exhausted == pytest.approx(float(exhausted))
            assert (got.elected, got.eliminated) == (elected, eliminated)
        noted += len(notes)
    assert noted > 5


def test_every_way_to_break_the_ties():
    several = 0
    for ranks, weights, ballots in profiles(60, seed=1, voters=5):
        outcome = irv(ballots, tie_break="parallel")
        assert outcome.winners == names(in_parallel(ranks, weights, frozenset(PLACES)))
        assert outcome.tie_break == "parallel"
        assert outcome.ranking == outcome.rankings[0]
        out = [entry.eliminated for entry in outcome.rounds if entry.eliminated]
        assert tuple(out[::-1]) == outcome.ranking[len(outcome.ranking) - len(out) :]
        assert {name for ranking in outcome.rankings for name in ranking[0]} == {*outcome.winners}
        assert len(set(outcome.rankings)) == len(outcome.rankings)
        several += len(outcome.rankings) > 1
        by_name = irv(ballots, tie_break="name")
        assert set(by_name.winners) <= set(outcome.winners)
        assert len(by_name.winners) == 1
    assert several > 10


def test_rankings_are_listed_up_to_a_hundred():
    """Any of those that tie may leave, down to the last two: 5 * 4 * 3 ways, or 6 * 5 * 4 * 3."""
    five = irv(Ballots.from_rankings([(a,) for a in "abcde"]), tie_break="parallel")
    assert len(five.rankings) == 60
    assert five.exhaustive
    assert five.rankings[0] == (("d", "e"), ("c",), ("b",), ("a",))
    six = irv(Ballots.from_rankings([(a,) for a in "abcdef"]), tie_break="parallel")
    assert len(six.rankings) == 100
    assert not six.exhaustive
    assert six.winners == tuple("abcdef")


def test_as_many_sets_of_standing_alternatives_as_the_limit_says():
    """Of four that tie: all, four of three, six of two."""
    level = Ballots.from_rankings([(a,) for a in "abcd"])
    assert irv(level, tie_break="parallel", limit=11).winners == tuple("abcd")
    with pytest.raises(
        DataError, match="more than 10 sets of standing alternatives; raise `limit`"
    ):
        irv(level, tie_break="parallel", limit=10)
    assert irv(Ballots.from_rankings(["ab", "ba"]), limit=1).winners == ("a", "b")
    with pytest.raises(DataError, match="`limit` is 0; it must be at least 1"):
        irv(level, limit=0)


def test_nobody_is_left_without_votes_before_the_others():
    ballots = Ballots.from_rankings([("a",), ("b",)], counts=[2, 2], alternatives="abcd")
    outcome = irv(ballots, tie_break="name")
    assert [entry.eliminated for entry in outcome.rounds] == [("c", "d"), ()]
    assert outcome.winners == ("a",)
    assert outcome.broken_ties == (("winner", ("a", "b"), "a"),)

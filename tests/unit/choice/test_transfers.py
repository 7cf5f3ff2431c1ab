"""Single transferable vote against a count in exact fractions, and its refusals."""

from fractions import Fraction

import numpy as np
import pytest

from pluralism import Ballots, DataError
from pluralism.choice import stv


def count_by_hand(papers, seats):
    """Weighted inclusive Gregory with the Droop quota in fractions; None where a tie matters."""
    total = sum(n for n, _ in papers)
    quota = total // (seats + 1) + 1
    names = sorted({name for _, order in papers for name in order})
    standing, elected, waiting = set(names), [], []
    parcels = [(Fraction(n), order, None) for n, order in papers]

    def assign(value, order):
        return (value, order, next((name for name in order if name in standing), "exhausted"))

    parcels = [assign(value, order) for value, order, _ in parcels]
    while True:
        votes = {name: Fraction(0) for name in names}
        for value, _, holder in parcels:
            if holder != "exhausted":
                votes[holder] += value
        fresh = sorted((n for n in standing if votes[n] >= quota), key=lambda n: -votes[n])
        for name in fresh:
            elected.append(name)
            standing.discard(name)
            if votes[name] > quota:
                waiting.append(name)
        left = seats - len(elected)
        if left <= 0:
            return elected[:seats]
        if len(standing) <= left:
            return elected + sorted(standing, key=lambda n: -votes[n])
        if waiting:
            most = max(votes[n] for n in waiting)
            chosen = [n for n in waiting if votes[n] == most]
            if len(chosen) > 1:
                return None
            name = chosen[0]
            waiting.remove(name)
            factor = (votes[name] - quota) / votes[name]
        else:
            least = min(votes[n] for n in standing)
            chosen = [n for n in standing if votes[n] == least]
            if len(chosen) > 1:
                return None
            name = chosen[0]
            standing.discard(name)
            factor = Fraction(1)
        moved = []
        for value, order, holder in parcels:
            if holder == name:
                moved.append(assign(value * factor, order))
                if factor < 1:
                    moved.append((value * (1 - factor), order, name))
            else:
                moved.append((value, order, holder))
        parcels = moved


@pytest.mark.parametrize("seats", [1, 2, 3])
def test_equals_a_count_in_fractions(seats):
    rng = np.random.default_rng(seats)
    compared = 0
    for _ in range(80):
        papers = [
            (int(rng.integers(1, 40)), tuple(rng.permutation(list("abcdef"))[: rng.integers(1, 7)]))
            for _ in range(12)
        ]
        expected = count_by_hand(papers, seats)
        names = sorted({name for _, order in papers for name in order})
        if expected is None or len(names) <= seats:
            continue
        profile = Ballots.from_rankings([p for _, p in papers], counts=[n for n, _ in papers])
        outcome = stv(profile, seats=seats)
        assert set(outcome.winners) == set(expected)
        compared += 1
    assert compared > 40


def test_votes_are_kept_in_every_count():
    rng = np.random.default_rng(5)
    orders = [tuple(rng.permutation(list("abcdefg"))[: rng.integers(1, 8)]) for _ in range(60)]
    profile = Ballots.from_rankings(orders, counts=rng.integers(1, 30, 60))
    for transfer in ("weighted-inclusive-gregory", "meek"):
        outcome = stv(profile, seats=3, transfer=transfer, tie_break="name")
        for entry in outcome.rounds:
            total = sum(entry.votes.values()) + entry.exhausted
            assert total == pytest.approx(profile.n_voters, rel=1e-9)
    table = outcome.count_table()
    assert list(table.index) == list(range(1, len(outcome.rounds) + 1))


def test_meek_holds_everyone_elected_at_the_quota():
    rng = np.random.default_rng(6)
    orders = [tuple(rng.permutation(list("abcdef"))) for _ in range(200)]
    outcome = stv(Ballots.from_rankings(orders), seats=2, transfer="meek", tie_break="name")
    last = outcome.rounds[-1]
    for label in outcome.winners[:1]:
        assert last[label] == pytest.approx(outcome.quota, rel=1e-6)


def test_one_seat_by_any_transfer_is_instant_runoff():
    from pluralism.choice import irv

    rng = np.random.default_rng(7)
    for _ in range(40):
        profile = Ballots.from_rankings(
            [tuple(rng.permutation(list("abcde"))) for _ in range(10)],
            counts=rng.integers(1, 1000, 10),
        )
        runoff = irv(profile)
        if runoff.tied or runoff.notes:
            continue
        for transfer in ("weighted-inclusive-gregory", "scottish", "meek"):
            assert stv(profile, seats=1, transfer=transfer).winners == runoff.winners


def test_quotas_by_their_formulas():
    profile = Ballots.from_rankings(["abc", "bca", "cab"], counts=[50, 30, 20])
    quotas = {"hare": 100 / 2, "droop": 100 // 3 + 1, "hagenbach-bischoff": 100 / 3}
    for kind, quota in quotas.items():
        assert stv(profile, seats=2, quota=kind).quota == pytest.approx(quota)


def test_scottish_transfers_are_cut_at_five_decimals():
    """The quota is 34 // 3 + 1 = 12; each of the 19 papers of a is worth 7/19 = 0.36842 to b."""
    profile = Ballots.from_rankings(["abcd", "bcad", "cdab", "dcab"], counts=[19, 7, 5, 3])
    outcome = stv(profile, seats=2, transfer="scottish")
    assert outcome.quota == 12
    assert outcome.winners == ("a", "b")
    assert outcome.rounds[1]["b"] == pytest.approx(7 + 19 * 0.36842, abs=1e-9)
    exact = stv(profile, seats=2, transfer="weighted-inclusive-gregory")
    assert exact.rounds[1]["b"] == pytest.approx(14, abs=1e-9)


def test_a_tie_that_matters_is_said():
    profile = Ballots.from_rankings([("a",), ("b",), ("c",)], counts=[5, 2, 2])
    with pytest.raises(DataError, match="'b', 'c' tie for elimination at count 2"):
        stv(profile, seats=2, quota="hare")
    broken = stv(profile, seats=2, quota="hare", tie_break="name")
    assert set(broken.winners) == {"a", "b"}
    assert broken.broken_ties[0].tied == ("b", "c")
    with pytest.raises(DataError, match="at most 2"):
        stv(profile, seats=3)
    with pytest.raises(DataError, match="needs strict rankings"):
        stv(Ballots.from_rankings([(("a", "b"), "c")]), seats=1, transfer="meek")
    with pytest.raises(DataError, match="did you mean 'meek'"):
        stv(profile, seats=1, transfer="meeks")

"""Single transferable vote against a count in exact fractions, and its refusals."""

from fractions import Fraction

import numpy as np
import pytest

from pluralism import Ballots, DataError
from pluralism.choice import stv


def count_by_hand(papers, seats, quota="droop", *, cut=False):
    """Weighted inclusive Gregory in fractions, count by count; None where a tie matters.

    With `cut`, by the Scottish order: what a paper carries is cut at five decimals, and an
    earlier count decides a tie.
    """
    total = sum(n for n, _ in papers)
    share = total / (seats + 1)
    goal = {"droop": share // 1 + 1, "hare": total / seats, "hagenbach-bischoff": share}[quota]
    names = sorted({name for _, order in papers for name in order})
    standing, elected, out, waiting, counts = set(names), [], [], [], []
    # Number of papers, value of each, order, who holds them.
    parcels = [(n, Fraction(1), order, order[0]) for n, order in papers]

    def held():
        votes = dict.fromkeys(names, Fraction(0))
        for n, value, _, holder in parcels:
            if holder is not None:
                votes[holder] += n * value
        return votes

    def only(candidates, better):
        for votes in [history[-1]] + (history[-2::-1] if cut else []):
            extreme = better(votes[name] for name in candidates)
            candidates = [name for name in candidates if votes[name] == extreme]
        return candidates[0] if len(candidates) == 1 else None

    history = []
    while True:
        votes = held()
        history.append(votes)
        enough = {n for n in standing if votes[n] > goal or (votes[n] == goal and share != goal)}
        fresh = sorted(enough, key=lambda n: (-votes[n], n))
        elected += fresh
        standing -= enough
        waiting += [name for name in fresh if votes[name] > goal]
        left, rest = seats - len(elected), sorted(standing, key=lambda n: (-votes[n], n))
        shown = {n: votes[n] for n in names if n not in out}
        exhausted = total - sum(votes.values())
        if left == 0 or len(standing) <= left:
            counts.append((shown, exhausted, (*fresh, *(rest if left else ())), ()))
            elected, out = (elected + rest, out) if left else (elected, out + rest[::-1])
            return counts, tuple(elected), [*elected, *out[::-1]], goal
        name = only(waiting, max) if waiting else only(standing, min)
        if name is None:
            return None
        counts.append((shown, exhausted, tuple(fresh), () if waiting else (name,)))
        if waiting:
            waiting.remove(name)
            factor = (votes[name] - goal) / votes[name]
        else:
            standing.remove(name)
            out.append(name)
            factor = Fraction(1)
        parcels, old = [], parcels
        for n, value, order, holder in old:
            if holder != name:
                parcels.append((n, value, order, holder))
                continue
            moved = value * factor
            if cut and factor < 1:
                moved = Fraction(int(moved * 10**5), 10**5)
            following = next((other for other in order if other in standing), None)
            parcels.append((n, moved, order, following))
            if factor < 1:
                parcels.append((n, value * (1 - factor), order, name))
        # What is cut off belongs to nobody any more.


def random_papers(rng, *, quarters=False):
    return [
        (
            Fraction(int(rng.integers(1, 40)), 4 if quarters else 1),
            tuple(rng.permutation(list("abcdef"))[: rng.integers(1, 7)]),
        )
        for _ in range(12)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seats", [1, 2, 3])
@pytest.mark.parametrize(
    ("quota", "transfer", "quarters"),
    [
        ("droop", "weighted-inclusive-gregory", False),
        ("droop", "weighted-inclusive-gregory", True),
        ("hare", "weighted-inclusive-gregory", False),
        ("hagenbach-bischoff", "weighted-inclusive-gregory", True),
        ("droop", "scottish", False),
        ("hare", "scottish", False),
    ],
)
def test_every_count_equals_one_in_fractions(seats, quota, transfer, quarters):
    rng = np.random.default_rng(seats)
    compared = 0
    for _ in range(25):
        papers = random_papers(rng, quarters=quarters)
        names = sorted({name for _, order in papers for name in order})
        by_hand = count_by_hand(papers, seats, quota, cut=transfer == "scottish")
        if by_hand is None or len(names) <= seats:
            continue
        profile = Ballots.from_rankings(
            [order for _, order in papers],
            counts=[float(n) for n, _ in papers],
            alternatives=names,
        )
        outcome = stv(profile, seats=seats, quota=quota, transfer=transfer)
        counts, winners, ranking, goal = by_hand
        assert outcome.rule == f"single transferable vote ({transfer})"
        assert outcome.quota == pytest.approx(float(goal), rel=1e-14)
        assert outcome.winners == winners
        assert outcome.ranking == tuple((name,) for name in ranking)
        assert len(outcome.rounds) == len(counts)
        for got, (votes, exhausted, elected, eliminated) in zip(
            outcome.rounds, counts, strict=True
        ):
            assert dict(got.votes) == pytest.approx({k: float(v) for k, v in votes.items()})
            assert got.exhausted == pytest.approx(float(exhausted), abs=1e-9)
            assert (got.elected, got.eliminated) == (elected, eliminated)
        compared += 1
    assert compared > 8


def keep_values(papers, names, elected, out, seats):
    """Meek's votes, what exhausts and the quota, by bisection of one keep value after another."""
    keep = {name: 0.0 if name in out else 1.0 for name in names}

    def held():
        votes, exhausted = dict.fromkeys(names, 0.0), 0.0
        for n, order in papers:
            left = float(n)
            for name in order:
                votes[name] += left * keep[name]
                left *= 1 - keep[name]
            exhausted += left
        return votes, exhausted

    total = float(sum(n for n, _ in papers))
    for _ in range(25):
        for name in elected:
            low, high = 0.0, 1.0
            for _ in range(40):
                keep[name] = (low + high) / 2
                votes, exhausted = held()
                above = votes[name] > (total - exhausted) / (seats + 1)
                low, high = (low, keep[name]) if above else (keep[name], high)
    votes, exhausted = held()
    return votes, exhausted, (total - exhausted) / (seats + 1)


@pytest.mark.parametrize("seats", [1, 2, 3])
def test_every_count_of_meek_has_keep_values_that_bisection_finds(seats):
    rng = np.random.default_rng(seats + 10)
    for _ in range(3):
        papers = random_papers(rng, quarters=True)[:8]
        names = sorted({name for _, order in papers for name in order})
        profile = Ballots.from_rankings(
            [order for _, order in papers],
            counts=[float(n) for n, _ in papers],
            alternatives=names,
        )
        outcome = stv(profile, seats=seats, transfer="meek", tie_break="name")
        elected, out = [], []
        for count in outcome.rounds:
            votes, exhausted, goal = keep_values(papers, names, elected, out, seats)
            assert count.exhausted == pytest.approx(exhausted, rel=1e-6, abs=1e-6)
            assert dict(count.votes) == pytest.approx(
                {name: votes[name] for name in names if name not in out}, rel=1e-6, abs=1e-6
            )
            standing = [name for name in names if name not in (*elected, *out)]
            above = [name for name in standing if votes[name] > goal * (1 + 1e-9)]
            above.sort(key=lambda name: -votes[name])
            if count is not outcome.rounds[-1]:
                assert count.elected == tuple(above)
                assert len(count.eliminated) == (not above)
                for name in count.eliminated:
                    assert votes[name] == pytest.approx(min(votes[n] for n in standing), abs=1e-6)
            elected += count.elected
            out += count.eliminated
        assert outcome.quota == pytest.approx(goal, rel=1e-6)
        assert outcome.winners == tuple(elected)
        assert len(elected) == seats


def test_meek_is_the_same_whatever_a_vote_weighs():
    orders, counts = ["abcd", "bcad", "cdab", "dabc", "acbd"], np.array([31, 22, 17, 9, 5])
    one = stv(Ballots.from_rankings(orders, counts=counts), seats=2, transfer="meek")
    for weight in (1e-6, 1e8):
        scaled = Ballots.from_rankings(orders, counts=counts * weight)
        other = stv(scaled, seats=2, transfer="meek")
        assert other.ranking == one.ranking
        assert other.quota == pytest.approx(one.quota * weight, rel=1e-7)
        assert len(other.rounds) == len(one.rounds)


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


def test_votes_that_fall_short_of_a_whole_share_by_rounding_have_its_quota():
    """Ten times 0.6 is less than 6 in float64: the quota is 3 + 1, which neither of two 3s has."""
    profile = Ballots.from_rankings([("a",)] * 5 + [("b",)] * 5, counts=[0.6] * 10)
    assert profile.n_voters < 6
    with pytest.raises(DataError, match="'a', 'b' tie for elimination at count 1"):
        stv(profile, seats=1)
    broken = stv(profile, seats=1, tie_break="name")
    assert (broken.quota, broken.winners) == (4.0, ("a",))
    assert broken.broken_ties == (("elimination at count 1", ("a", "b"), "b"),)
    short = Ballots.from_rankings([("a",), ("b",)], counts=[3.0, 2.999])
    assert stv(short, seats=1).quota == 3.0


@pytest.mark.parametrize("transfer", ["weighted-inclusive-gregory", "scottish"])
def test_a_tie_on_a_ballot_is_half_of_each_order(transfer):
    tied = Ballots.from_rankings(
        [(("a", "b"), "c"), ("c", "d", "a"), ("d", "c"), ("a", ("c", "d"), "b")],
        counts=[26, 11, 8, 22],
        alternatives="abcd",
    )
    split = Ballots.from_rankings(
        [tuple(order) for order in ("abc", "bac", "cda", "dc", "acdb", "adcb")],
        counts=[13, 13, 11, 8, 11, 11],
        alternatives="abcd",
    )
    for seats in (1, 2, 3):
        one, two = (stv(p, seats=seats, transfer=transfer) for p in (tied, split))
        assert one.ranking == two.ranking
        assert len(one.rounds) == len(two.rounds)
        for first, second in zip(one.rounds, two.rounds, strict=True):
            # Scottish values are cut at five decimals, of each half by itself.
            assert dict(first.votes) == pytest.approx(dict(second.votes), abs=1e-3)
            assert first.exhausted == pytest.approx(second.exhausted, abs=1e-3)


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
    assert broken.winners == ("a", "b")
    assert broken.tie_break == "name"
    assert broken.broken_ties == (("elimination at count 2", ("b", "c"), "c"),)
    drawn = {
        stv(profile, seats=2, quota="hare", tie_break="random", seed=seed).winners
        for seed in range(20)
    }
    assert drawn == {("a", "b"), ("a", "c")}
    with pytest.raises(DataError, match="at most 2"):
        stv(profile, seats=3)
    with pytest.raises(DataError, match="needs strict rankings"):
        stv(Ballots.from_rankings([(("a", "b"), "c")]), seats=1, transfer="meek")
    with pytest.raises(DataError, match="did you mean 'meek'"):
        stv(profile, seats=1, transfer="meeks")
    with pytest.raises(DataError, match="`seats` is 0; it must be at least 1"):
        stv(profile, seats=0)
    with pytest.raises(DataError, match="did you mean 'hare'"):
        stv(profile, seats=1, quota="har")
    with pytest.raises(DataError, match="did you mean 'name'"):
        stv(profile, seats=1, tie_break="names")


def test_equal_surpluses_tie_for_their_order():
    """The quota is 7: a and b have 9 each."""
    profile = Ballots.from_rankings(
        [("a", "c"), ("b", "d"), ("c",), ("d",)], counts=[9, 9, 1, 1], alternatives="dcba"
    )
    with pytest.raises(DataError, match="'b', 'a' tie for order of surpluses at count 1; choose"):
        stv(profile, seats=3, quota="hare")
    broken = stv(profile, seats=3, quota="hare", tie_break="name")
    assert broken.broken_ties[0] == ("order of surpluses at count 1", ("b", "a"), "a")


def test_those_without_votes_leave_without_a_tie_while_enough_others_stand():
    """Nobody ranks c or d: who of them is out matters only where one of them is elected."""
    profile = Ballots.from_rankings(
        [("a", "b"), ("b", "a"), ("e", "a")], counts=[5, 4, 3], alternatives="abcde"
    )
    outcome = stv(profile, seats=3, quota="hare")
    assert [count.elected for count in outcome.rounds] == [("a", "b"), (), (), ("e",)]
    assert [count.eliminated for count in outcome.rounds] == [(), ("c",), ("d",), ()]
    assert outcome.broken_ties == ()
    with pytest.raises(DataError, match="'c', 'd' tie for elimination at count"):
        stv(profile, seats=4)


def test_a_scottish_tie_is_decided_by_the_latest_count_that_differs():
    """b and c are level at the third count; b was ahead at the first and behind at the second."""
    profile = Ballots.from_rankings(
        [("a",), ("b",), ("c",), ("d", "c"), ("e", "b"), ("e",)],
        counts=[50, 22, 21, 2, 1, 5],
        alternatives="abcde",
    )
    with pytest.raises(DataError, match="'b', 'c' tie for elimination at count 3"):
        stv(profile, seats=1, quota="hare")
    outcome = stv(profile, seats=1, quota="hare", transfer="scottish")
    assert [count.eliminated for count in outcome.rounds[:3]] == [("d",), ("e",), ("b",)]
    assert outcome.broken_ties == ()

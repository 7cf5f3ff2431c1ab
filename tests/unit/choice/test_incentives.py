"""Misreports against loops over all reports, and rules that are known to be safe."""

from itertools import permutations

import numpy as np
import pytest

from pluralism import Ballots, DataError
from pluralism.choice import (
    approval,
    borda,
    copeland,
    irv,
    maximal_lottery,
    misreports,
    plurality,
    proportional_veto_core,
    random_dictator,
)


def gains_by_definition(orders, rule):
    """Voters with a report whose lottery over tied winners stochastically dominates."""
    m = len(orders[0])

    def lottery(profile):
        winners = rule(Ballots.from_rankings(profile, alternatives=range(m))).winners
        return [(label in winners) / len(winners) for label in range(m)]

    gaining = []
    for voter, order in enumerate(orders):
        honest = np.cumsum([lottery(orders)[label] for label in order])
        for report in permutations(range(m)):
            after = lottery([*orders[:voter], list(report), *orders[voter + 1 :]])
            rise = np.cumsum([after[label] for label in order]) - honest
            if rise.min() > -1e-9 and rise.max() > 1e-9:
                gaining.append(voter)
                break
    return gaining


@pytest.mark.slow
@pytest.mark.parametrize("rule", [borda, plurality, copeland])
def test_equals_the_definition(rule):
    rng = np.random.default_rng(0)
    some = 0
    for _ in range(12):
        orders = [rng.permutation(3).tolist() for _ in range(4)]
        found = misreports(Ballots.from_rankings(orders, alternatives=range(3)), rule=rule)
        assert [entry.row for entry in found.found] == gains_by_definition(orders, rule)
        assert found.tried == 6 * 4
        some += bool(found)
    assert some


def chances(rule, ranks, counts):
    kept = [place for place, count in enumerate(counts) if count > 0]
    winners = rule(
        Ballots.from_ranks(
            np.array(ranks, dtype=float)[kept],
            counts=np.array(counts)[kept],
            alternatives="cab",
        )
    ).winners
    return np.array([(label in winners) / len(winners) for label in "cab"])


@pytest.mark.slow
@pytest.mark.parametrize("rule", [borda, plurality])
@pytest.mark.parametrize("compare", ["dominance", "utility"])
def test_the_best_report_of_every_row(rule, compare):
    """One voter of a row departs, or all of a row that weighs less than one."""
    rng = np.random.default_rng(3)
    some = 0
    for _ in range(8):
        utilities = rng.integers(0, 4, (4, 3)).astype(float)
        ranks = [[int((row > x).sum()) for x in row] for row in utilities]
        counts = [1.5, 0.5, 1.0, 1.25]
        profile = Ballots.from_utilities(utilities, counts=counts, alternatives="cab")
        found = misreports(profile, rule=rule, compare=compare)
        assert (found.tried, found.total) == (24, 4.25)
        honest = chances(rule, ranks, counts)
        rows = {entry.row: entry for entry in found.found}
        for row, count in enumerate(counts):
            left = [*counts, min(1.0, count)]
            left[row] -= min(1.0, count)
            gains = {}
            for report in permutations(range(3)):
                change = chances(rule, [*ranks, report], left) - honest
                if compare == "utility":
                    gains[report] = float(utilities[row] @ change)
                else:
                    rise = [change[np.array(ranks[row]) <= place].sum() for place in ranks[row]]
                    gains[report] = max(rise) if min(rise) > -1e-9 else 0.0
            assert (row in rows) == (max(gains.values()) > 1e-9)
            if row not in rows:
                continue
            entry = rows[row]
            assert entry.voters == count
            assert entry.gain == pytest.approx(max(gains.values()))
            order = [label for (label,) in entry.report]
            report = tuple(order.index(label) for label in "cab")
            assert gains[report] == pytest.approx(entry.gain)
            # Of several that gain as much, the first that was tried.
            assert report == next(r for r, gain in gains.items() if gain > entry.gain - 1e-12)
            after = chances(rule, [*ranks, report], left)
            for mapping, values in ((entry.honest, honest), (entry.gained, after)):
                assert mapping == {x: v for x, v in zip("cab", values, strict=True) if v}
            some += 1
        assert found.voters == sum(counts[row] for row in rows)
    assert some


def test_the_text_says_who_and_how_many():
    profile = Ballots.from_rankings(["abcd", "bacd"], counts=[3, 2])
    assert repr(misreports(profile)) == (
        "Misreports(2 of 5 voters gain by misreporting, rows 1; 48 profiles tried)"
    )
    assert repr(misreports(Ballots.from_rankings(["abc"], counts=[1500]))) == (
        "Misreports(0 of 1,500 voters gain by misreporting; 6 profiles tried)"
    )


def test_as_many_profiles_as_the_limit_says():
    profile = Ballots.from_rankings(["abc", "bca"], counts=[5, 1])
    assert misreports(profile, limit=12).tried == 12
    with pytest.raises(DataError, match="6 reports of 2 distinct ballots are 12 profiles, above"):
        misreports(profile, limit=11)
    with pytest.raises(DataError, match="`limit` is 0; it must be at least 1"):
        misreports(profile, limit=0)
    approvals = Ballots.from_approvals([{"a"}, {"b"}], counts=[2, 1], alternatives="abc")
    assert misreports(approvals, rule=approval, limit=16).tried == 16


def test_sets_are_reported_and_named():
    """Approvals cast for those who are about to win are of use to nobody else."""
    profile = Ballots.from_approvals([{"a", "b"}, {"b"}, {"c"}], alternatives="abc")

    def most_alone(ballots):
        # Not the most approved: whoever most voters approve and nobody else with them.
        alone = ballots.approvals.sum(axis=1) == 1
        votes = ballots.counts[alone] @ ballots.approvals[alone]
        return [x for x, n in zip(ballots.alternatives, votes, strict=True) if n == votes.max()]

    found = misreports(profile, rule=most_alone)
    assert [entry.row for entry in found.found] == [0]
    entry = found.found[0]
    assert entry.report == frozenset("b")
    assert entry.honest == {"b": 0.5, "c": 0.5}
    assert entry.gained == {"b": 1.0}
    assert entry.gain == pytest.approx(0.5)


@pytest.mark.slow
def test_safe_rules():
    rng = np.random.default_rng(1)
    for _ in range(5):
        profile = Ballots.from_rankings([rng.permutation(4).tolist() for _ in range(4)])
        assert not misreports(profile, rule=random_dictator)
        pair = Ballots.from_rankings([rng.permutation(2).tolist() for _ in range(5)])
        for rule in (borda, plurality, copeland, irv, maximal_lottery, proportional_veto_core):
            assert not misreports(pair, rule=rule)


def test_what_is_reported_does_what_it_says():
    profile = Ballots.from_rankings(["abcd", "bacd"], counts=[3, 2])
    found = misreports(profile, rule=borda)
    entry = found.found[0]
    assert (found.voters, found.total, entry.voters) == (2.0, 5.0, 2.0)
    assert entry.honest == {"a": 1.0}
    report = tuple(group[0] for group in entry.report)
    after = Ballots.from_rankings([*map(tuple, ["abcd", "bacd"]), report], counts=[3, 1, 1])
    winners = borda(after).winners
    assert entry.gained == {label: 1 / len(winners) for label in winners}
    assert entry.gain == pytest.approx(entry.gained["b"])


def test_utilities_decide_where_there_are_any():
    # Under maximal lotteries no voter gains by dominance, but one gains in expectation.
    ranks = Ballots.from_rankings(["abc", "bca", "cab"])
    assert not misreports(ranks, rule=maximal_lottery)
    keen = Ballots.from_utilities([[10, 9, 0], [0, 10, 1], [1, 0, 10]], alternatives="abc")
    found = misreports(keen, rule=maximal_lottery)
    assert [entry.row for entry in found.found] == [0]
    entry = found.found[0]
    value = {"a": 10, "b": 9, "c": 0}
    gain = sum(p * value[x] for x, p in entry.gained.items())
    gain -= sum(p * value[x] for x, p in entry.honest.items())
    assert entry.gain == pytest.approx(gain)
    assert not misreports(keen, rule=maximal_lottery, compare="dominance")


def test_approvals_report_sets():
    profile = Ballots.from_approvals([{"a", "b"}, {"b", "c"}, {"a"}], alternatives="abc")
    found = misreports(profile, rule=approval)
    assert found.tried == 24
    assert not found  # with two levels of preference sincere approval is best
    assert all(isinstance(entry.report, frozenset) for entry in found.found)


def test_an_indifferent_voter_gains_nothing():
    profile = Ballots.from_rankings([(("a", "b", "c"),), ("a", "b", "c")])
    assert 0 not in [entry.row for entry in misreports(profile, rule=borda).found]


def test_one_voter_gets_what_she_wants():
    assert not misreports(Ballots.from_rankings(["cab"]), rule=borda)


@pytest.mark.parametrize(
    ("profile", "options", "message"),
    [
        (Ballots.from_rankings(["abcdefgh"]), {"limit": 40_000}, "40,320 reports of 1 distinct"),
        (Ballots.from_rankings(["abc"]), {"limit": 5}, "6 profiles, above `limit` 5"),
        (Ballots.from_rankings(["abc"]), {"compare": "utility"}, "hold no utilities"),
        (
            Ballots.from_utilities([[1, 2, np.nan]], alternatives="abc"),
            {"compare": "utility"},
            "some utilities are missing",
        ),
        (Ballots.from_rankings(["abc"]), {"rule": "borda"}, "`rule` is 'borda'"),
        (Ballots.from_rankings(["abc"]), {"rule": lambda _: ()}, "chooses nobody"),
        (Ballots.from_rankings(["abc"]), {"rule": lambda _: ("z",)}, "no alternatives"),
        (
            Ballots.from_rankings([("a",), ("b", "c")], unranked="incomparable"),
            {},
            "leave alternatives incomparable",
        ),
    ],
)
def test_refusals(profile, options, message):
    with pytest.raises(DataError, match=message):
        misreports(profile, **options)

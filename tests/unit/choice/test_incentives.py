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

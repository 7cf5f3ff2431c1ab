"""Arrow's theorem holds for every rule of ours; Sen's paradox on its own example."""

import re
from itertools import permutations

import networkx as nx
import numpy as np
import pytest

from pluralism import Ballots, DataError, LabelError, choice
from pluralism.choice import arrow_witness, sen_witness

RULES = [
    choice.borda,
    choice.plurality,
    choice.veto,
    choice.copeland,
    choice.minimax,
    choice.schulze,
    choice.split_cycle,
    choice.ranked_pairs,
    choice.irv,
    choice.kemeny,
]


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_takes_a_horn(rule):
    witness = arrow_witness(rule)
    assert witness.exhaustive
    assert witness.voters == 2
    assert witness.horn in ("iia", "pareto")
    a, b = witness.pair
    for profile in witness.profiles:
        assert profile.n_voters == 2
    if witness.horn == "pareto":
        (profile,) = witness.profiles
        assert profile.pairwise().loc[a, b].item() == 2
    else:
        first, second = witness.profiles

        def votes(profile):
            place = {label: code for code, label in enumerate(profile.alternatives)}
            return (profile.ranks[:, place[a]] < profile.ranks[:, place[b]]).tolist()

        def social(profile):
            groups = rule(profile).ranking
            place = {label: k for k, group in enumerate(groups) for label in group}
            return np.sign(place[a] - place[b])

        assert votes(first) == votes(second)
        assert social(first) != social(second)


def test_horns_on_purpose():
    dictator = arrow_witness(lambda ballots: choice.borda(ballots.select([1])))
    assert dictator.horn == "dictatorship"
    assert "voter 1" in dictator.statement
    constant = arrow_witness(lambda ballots: ballots.alternatives)
    assert constant.horn == "pareto"


def test_larger_cases_are_sampled_and_say_so():
    witness = arrow_witness(choice.borda, alternatives=5, budget=300)
    assert not witness.exhaustive
    assert witness.horn == "iia"
    assert "a sample of" in repr(witness)
    with pytest.raises(DataError, match="at least 3"):
        arrow_witness(choice.borda, alternatives=2)
    with pytest.raises(DataError, match="`rule` is 'borda'; it must be a function of ballots"):
        arrow_witness("borda")


def test_too_few_profiles_decide_nothing():
    """One profile of two voters, one of three: Borda keeps Pareto, and IIA takes two profiles."""
    witness = arrow_witness(choice.borda, budget=1)
    assert (witness.horn, witness.profiles, witness.pair) == ("none found", (), ())
    assert not witness.exhaustive
    first = arrow_witness(lambda ballots: choice.borda(ballots.select([0])), budget=1)
    assert first.horn == "none found"  # a dictator on one profile may be none on others


def test_lewd_and_prude():
    """Sen (1970): N nobody reads the book, P Prude does, L Lewd does."""
    profile = Ballots.from_rankings([("N", "P", "L"), ("P", "L", "N")])
    witness = sen_witness({0: ("P", "N"), 1: ("L", "N")}, ballots=profile)
    assert witness
    ring = "".join(witness.cycle)
    assert ring in "PLNPL"
    assert len(ring) == 3
    assert repr(witness).startswith(f"SenWitness({' > '.join(ring + ring[0])}: ")
    assert set(witness.reasons) == {
        "voter 0 decides N over P",
        "voter 1 decides L over N",
        "all prefer P to L",
    }


def test_search_finds_a_contradiction_or_proves_there_is_none():
    found = sen_witness({0: ("x", "y"), 1: ("y", "z")})
    assert found
    again = sen_witness({0: ("x", "y"), 1: ("y", "z")}, ballots=found.ballots)
    assert again.cycle == found.cycle
    alone = sen_witness({0: ("x", "y")}, alternatives="xyz")
    assert not alone
    assert repr(alone) == "SenWitness(no contradiction)"
    assert alone.exhaustive


def test_refusals():
    profile = Ballots.from_rankings(["abc", "bca"])
    with pytest.raises(DataError, match="names voter 2; there are 2, from 0"):
        sen_witness({2: ("a", "b")}, ballots=profile)
    with pytest.raises(LabelError, match="names 'z'"):
        sen_witness({0: ("a", "z")}, ballots=profile)
    with pytest.raises(LabelError, match="a right is over two alternatives"):
        sen_witness({0: ("a", "a")}, ballots=profile)
    with pytest.raises(DataError, match="`rights` is empty"):
        sen_witness({}, ballots=profile)


# -- the horns in words, and what was tried --------------------------------------------------


def test_a_rule_that_turns_all_upside_down_breaks_pareto_at_once():
    class Backwards:
        def __init__(self, ballots):
            first = ballots.rankings()[0]
            self.ranking = tuple((label,) for label in reversed(first))

    witness = arrow_witness(Backwards)
    assert repr(witness) == (
        "ArrowWitness(pareto: all voters prefer a to b, society does not; all 36 profiles tried)"
    )
    assert (witness.pair, witness.voters) == (("a", "b"), 2)
    (profile,) = witness.profiles
    assert [tuple(vote) for vote in profile.rankings()] == [("a", "b", "c")] * 2


def test_pareto_is_broken_in_either_direction_of_the_alphabet():
    class Always:
        def __init__(self, ballots):
            self.ranking = (("a",), ("b",), ("c",))

    witness = arrow_witness(Always)
    assert witness.statement == "all voters prefer c to b, society does not"
    assert witness.pair == ("c", "b")


def test_independence_is_broken_by_two_profiles_alike_on_the_pair():
    witness = arrow_witness(choice.borda)
    first, second = witness.profiles
    a, b = witness.pair
    assert witness.statement == f"every voter ranks {a} and {b} alike in both, society does not"
    places = [
        [(vote.index(a) < vote.index(b)) for vote in map(list, profile.rankings())]
        for profile in (first, second)
    ]
    assert places[0] == places[1]
    social = [
        np.sign(points.loc[a].item() - points.loc[b].item())
        for points in (choice.borda(profile).scores for profile in (first, second))
    ]
    assert social[0] != social[1]


@pytest.mark.parametrize(("budget", "complete"), [(36, True), (35, False)])
def test_all_profiles_are_tried_if_the_budget_covers_them(budget, complete):
    witness = arrow_witness(lambda ballots: choice.borda(ballots.select([1])), budget=budget)
    if complete:
        assert repr(witness) == (
            "ArrowWitness(dictatorship: society always ranks as voter 1 does; "
            "all 36 profiles tried)"
        )
        assert (witness.voters, witness.profiles, witness.pair) == (2, (), ())
    else:
        assert witness.horn == "none found"
        assert witness.statement == "no condition is broken in the profiles tried"
        assert witness.voters == 3
        assert not witness.exhaustive
        assert 36 < witness.tried <= 70
    alone = sen_witness({0: ("x", "y")}, alternatives="xyz", budget=budget)
    assert (bool(alone), alone.exhaustive) == (False, complete)


def test_two_voters_and_three_to_twenty_six_alternatives_are_enough():
    assert arrow_witness(choice.borda, voters=2).voters == 2
    assert arrow_witness(choice.borda, alternatives=26, budget=1, voters=2).tried == 1
    for options, message in (
        ({"alternatives": 27}, "`alternatives` is 27; it must be at least 3 and at most 26"),
        ({"alternatives": 2}, "`alternatives` is 2; it must be at least 3 and at most 26"),
        ({"voters": 1}, "`voters` is 1; it must be at least 2"),
        ({"budget": 0}, "`budget` is 0; it must be at least 1"),
    ):
        with pytest.raises(DataError, match=f"^{message}$"):
            arrow_witness(choice.borda, **options)
    with pytest.raises(DataError, match="`budget` is 0; it must be at least 1"):
        sen_witness({0: ("x", "y")}, budget=0)
    assert sen_witness({0: ("x", "y")}, budget=1).exhaustive is False


def test_a_search_has_as_many_voters_as_the_rights_need():
    found = sen_witness({3: ("x", "y"), 1: [("y", "z"), ("z", "w")]}, budget=300)
    assert found
    assert len(found.ballots.counts) == 4
    assert found.ballots.alternatives == ("w", "x", "y", "z")
    assert not found.exhaustive
    two = sen_witness({0: ("x", "y"), 1: ("y", "x")})
    assert len(two.ballots.counts) == 2
    assert two.exhaustive
    assert repr(two) == (
        "SenWitness(x > y > x: voter 0 decides x over y; voter 1 decides y over x)"
    )


def test_rights_that_are_none():
    profile = Ballots.from_rankings(["abc", "bca"])
    message = "`rights[1]` is ('b', 'c', 'a'); a right is over two alternatives"
    with pytest.raises(LabelError, match=f"^{re.escape(message)}$"):
        sen_witness({1: [("a", "b"), ("b", "c", "a")]}, ballots=profile)
    with pytest.raises(DataError, match="`rights` is -1; it must be at least 0"):
        sen_witness({-1: ("a", "b")}, ballots=profile)
    assert sen_witness({1: ("a", "b")}, ballots=profile).exhaustive


def test_the_cycle_is_a_shortest_one_and_every_step_has_its_reason():
    """Against all simple cycles of what unanimity and rights say."""
    rng = np.random.default_rng(0)
    lengths = set()
    for _ in range(60):
        labels = "dbeac"[: int(rng.integers(3, 6))]
        votes = [rng.permutation(list(labels)).tolist() for _ in range(3)]
        profile = Ballots.from_rankings(votes, counts=rng.random(3), alternatives=labels)
        rights = {
            voter: [tuple(rng.choice(list(labels), 2, replace=False)) for _ in range(2)]
            for voter in range(3)
        }
        said = nx.DiGraph()
        for a, b in permutations(labels, 2):
            if all(vote.index(a) < vote.index(b) for vote in votes):
                said.add_edge(a, b, why={f"all prefer {a} to {b}"})
        for voter, pairs in rights.items():
            for pair in pairs:
                a, b = sorted(pair, key=votes[voter].index)
                why = said.edges[a, b]["why"] if said.has_edge(a, b) else set()
                said.add_edge(a, b, why=why | {f"voter {voter} decides {a} over {b}"})
        witness = sen_witness(rights, ballots=profile)
        cycles = list(nx.simple_cycles(said))
        assert bool(witness) == bool(cycles)
        lengths.add(len(witness.cycle))
        if not cycles:
            continue
        assert len(witness.cycle) == min(map(len, cycles))
        # Of several the one that begins with the first alternative.
        starts = {x for cycle in cycles if len(cycle) == len(witness.cycle) for x in cycle}
        assert witness.cycle[0] == min(starts, key=labels.index)
        ring = zip(witness.cycle, [*witness.cycle[1:], witness.cycle[0]], strict=True)
        for (a, b), reason in zip(ring, witness.reasons, strict=True):
            assert reason in said.edges[a, b]["why"]
    assert lengths >= {0, 2, 3}


def test_a_voter_without_an_order_on_the_pair_decides_nothing():
    profile = Ballots.from_rankings([(("a", "b"), "c"), ("b", "a", "c")])
    assert not sen_witness({0: ("a", "b"), 1: ("a", "b")}, ballots=profile)

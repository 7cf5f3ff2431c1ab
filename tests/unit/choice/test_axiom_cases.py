"""What each axiom looks at, against enumeration, and in which words it finds a violation."""

from collections import Counter
from itertools import islice, permutations

import numpy as np
import pytest

from pluralism import Ballots, choice
from pluralism.choice._axiom_cases import AXIOMS, order_of, winners_of


def votes_of(ballots):
    """Weight of every ranking."""
    found = Counter()
    for count, ranking in zip(ballots.counts.tolist(), ballots.rankings(), strict=True):
        found[tuple(ranking)] += count
    return dict(found)


def cases_of(axiom, ballots, most=None, seed=0):
    return list(islice(AXIOMS[axiom].cases(ballots, np.random.default_rng(seed)), most))


def said(axiom, winners, *profiles, **details):
    """What is wrong if the rule elects these on the first profile, the second, ..."""
    elected = iter(winners)
    return AXIOMS[axiom].violation(lambda _: next(elected), *profiles, **details)


# -- one profile --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("winners", "statement"),
    [
        ("c", "c wins, though every voter prefers a"),
        ("cb", "b wins, though every voter prefers a"),
        ("ad", None),
        ("dcba", "b wins, though every voter prefers a"),
    ],
)
def test_pareto_names_the_first_dominated_winner_and_what_is_first_preferred(winners, statement):
    ballots = Ballots.from_rankings(["abcd", "dabc", "adbc"], counts=[0.1, 0.2, 0.7])
    assert said("pareto", [winners], ballots) == statement


def test_a_single_dissent_is_no_unanimity():
    ballots = Ballots.from_rankings(["abc", "acb"], counts=[99, 1])
    assert said("pareto", ["b"], ballots) == "b wins, though every voter prefers a"
    assert said("pareto", ["c"], Ballots.from_rankings(["abc", "cba"], counts=[99, 1])) is None


def test_majorities_of_pairs_in_words():
    ballots = Ballots.from_rankings(["bac", "abc", "bca"], counts=[2, 1, 1])
    beaten = "b beats every other one by a majority"
    assert said("condorcet-winner", ["b"], ballots) is None
    assert said("condorcet-winner", ["cb"], ballots) == f"{{b, c}} wins, though {beaten}"
    assert said("condorcet-winner", ["a"], ballots) == f"{{a}} wins, though {beaten}"
    lost = "c wins, though it loses to every other one by a majority"
    assert said("condorcet-loser", ["ac"], ballots) == lost
    assert said("condorcet-loser", ["ab"], ballots) is None
    assert said("smith", ["cba"], ballots) == "{a, c} wins from outside the Smith set"
    assert said("smith", ["b"], ballots) is None
    cycle = Ballots.from_rankings(["abc", "bca", "cab"])
    for axiom in ("condorcet-winner", "condorcet-loser", "smith"):
        assert said(axiom, ["c"], cycle) is None


@pytest.mark.parametrize(("counts", "violated"), [([3, 2, 1], False), ([3.5, 2, 1], True)])
def test_a_majority_is_more_than_half_of_the_weight(counts, violated):
    ballots = Ballots.from_rankings(["bac", "cab", "abc"], counts=counts)
    statement = "{a, c} wins, though most voters rank b first" if violated else None
    assert said("majority", ["ca"], ballots) == statement
    assert said("majority", ["b"], ballots) is None


def test_who_shares_the_first_place_is_not_first():
    """And who is never first takes no first place from anybody."""
    never = Ballots.from_rankings(["bac", "bca", "cab"])
    assert said("majority", ["a"], never) == "{a} wins, though most voters rank b first"
    ballots = Ballots.from_rankings([(("a", "b"), "c"), ("c", "a", "b")], counts=[3, 2])
    assert said("majority", ["c"], ballots) is None


# -- orders and names ---------------------------------------------------------------------------


def test_ballots_keep_their_weights_in_another_order():
    ballots = Ballots.from_rankings(["abc", "bca", "cab", "cba"], counts=[1, 2, 3, 4])
    found = cases_of("anonymity", ballots, 30)
    assert all(before is ballots for (before, _), _ in found)
    assert all(votes_of(after) == votes_of(ballots) for (_, after), _ in found)
    assert len({tuple(after.counts) for (_, after), _ in found}) > 10
    text = "the same votes in another order elect {b}, not {a, c}"
    assert said("anonymity", ["ca", "b"], ballots, ballots) == text
    assert said("anonymity", ["ca", "ac"], ballots, ballots) is None


@pytest.mark.parametrize(("labels", "cases"), [("abc", 6), ("abcdef", 720)])
def test_all_exchanges_of_names_are_tried_where_they_are_few(labels, cases):
    ballots = Ballots.from_rankings([labels, labels[1:] + "a"], counts=[2, 1])
    found = cases_of("neutrality", ballots)
    assert len({tuple(details["becomes"].items()) for _, details in found}) == cases == len(found)
    for (before, after), details in found[:: cases // 6]:
        becomes = details["becomes"]
        renamed = {tuple(becomes[x] for x in vote): n for vote, n in votes_of(before).items()}
        assert votes_of(after) == renamed


def test_exchanges_of_many_names_are_drawn():
    ballots = Ballots.from_rankings(["abcdefg"])
    found = [details["becomes"] for _, details in cases_of("neutrality", ballots, 40)]
    assert all(sorted(becomes.values()) == list("abcdefg") for becomes in found)
    assert len({tuple(becomes.items()) for becomes in found}) == 40
    becomes = {"a": "b", "b": "a"}
    text = "with names exchanged {a} wins, not {b}"
    assert said("neutrality", ["a", "a"], ballots, ballots, becomes=becomes) == text
    assert said("neutrality", ["a", "b"], ballots, ballots, becomes=becomes) is None


# -- voters who move ----------------------------------------------------------------------------


def test_raises_by_one_voter_or_one_ballot_are_all_tried():
    """An alternative at place k of a ballot may go to each of the k places above."""
    ballots = Ballots.from_rankings(["abcd", "dbca"], counts=[3, 0.5])
    expected = {
        (label, tuple(vote), (*rest[:higher], label, *rest[higher:]), moved)
        for vote, weights in (("abcd", {1.0, 3.0}), ("dbca", {0.5}))
        for place, label in enumerate(vote)
        for rest in [vote.replace(label, "")]
        for higher in range(place)
        for moved in weights
    }
    found = []
    for (before, after), details in cases_of("monotonicity", ballots, len(expected)):
        assert before is ballots
        change = Counter(votes_of(after))
        change.subtract(votes_of(ballots))
        ((to, moved),) = [(vote, n) for vote, n in change.items() if n > 0]
        ((origin, lost),) = [(vote, n) for vote, n in change.items() if n < 0]
        assert moved == -lost
        found.append((details["raised"], origin, to, moved))
    assert set(found) == expected


def test_what_is_not_ranked_is_raised_above_what_is():
    ballots = Ballots.from_rankings([("c", "b")], alternatives="abcd")
    found = []
    for (_, after), details in cases_of("monotonicity", ballots, 5):
        rank = dict(zip("abcd", after.ranks[0].tolist(), strict=True))
        own = rank[details["raised"]]
        found.append((details["raised"], {x for x in "abcd" if rank[x] < own}))
        assert rank["c"] < rank["b"] or details["raised"] == "b"
    assert found == [("a", set()), ("a", {"c"}), ("b", set()), ("d", set()), ("d", {"c"})]


def test_random_parts_of_ballots_are_raised_to_the_top():
    ballots = Ballots.from_rankings(["abc", "bca", "cab"], counts=[10, 7.5, 20])
    certain = (3 + 3 + 3) * 2
    shares, labels = [], set()
    for (_, after), details in cases_of("monotonicity", ballots, certain + 300)[certain:]:
        label, now = details["raised"], votes_of(after)
        labels.add(label)
        assert sum(now.values()) == 37.5
        assert all(isinstance(each, str) for vote in now for each in vote)  # no ties
        for vote, count in votes_of(ballots).items():
            raised = (label, *(x for x in vote if x != label))
            moved = count - now.get(vote, 0.0)
            if raised == vote:
                continue
            assert 0 <= moved < count
            assert moved == int(moved)
            shares.append(moved / count)
            others = votes_of(ballots).get(raised, 0.0)
            assert now.get(raised, 0.0) >= min(moved, others)
    assert labels == set("abc")
    assert 0.3 < np.mean(np.array(shares) > 0) < 0.45  # two in five, less what is below one voter
    assert 0.4 < np.mean([share for share in shares if share > 0]) < 0.6


@pytest.mark.parametrize(
    ("counts", "certain", "moves"),
    [
        ([1, 1, 0.5], 9, {(1, 1), (0.5, 0.5)}),
        ([1, 1, 1.5], 12, {(1.5, 1)}),
        ([1, 1, 2.5], 12, {(2.5, 1), (2.5, 2)}),
    ],
)
def test_single_voters_are_raised_whole_and_others_by_whole_voters(counts, certain, moves):
    """Where no ballot has more than one voter; else those of more than one are parted."""
    ballots = Ballots.from_rankings(["abc", "bca", "cab"], counts=counts)
    found, still = set(), 0
    for (_, after), details in cases_of("monotonicity", ballots, certain + 200)[certain:]:
        now = votes_of(after)
        gone = {
            (count, count - now.get(vote, 0.0))
            for vote, count in votes_of(ballots).items()
            if vote[0] != details["raised"] and count > now.get(vote, 0.0)
        }
        found |= gone
        still += not gone
        assert sum(now.values()) == sum(counts)
    assert found == moves
    assert 70 < still < 195  # two ballots may move, each in two cases of five


def test_what_a_raise_must_not_do():
    ballots = Ballots.from_rankings(["abc"])
    text = "a wins, but loses to {b, c} once some voters rank it higher"
    assert said("monotonicity", ["a", "cb"], ballots, ballots, raised="a") == text
    assert said("monotonicity", ["ab", "ca"], ballots, ballots, raised="a") is None
    assert said("monotonicity", ["b", "c"], ballots, ballots, raised="a") is None


def test_one_voter_of_every_ballot_stays_away():
    ballots = Ballots.from_rankings(["abc", "bca", "cab", "cba"], counts=[2.5, 0.4, 0, 1])
    found = cases_of("participation", ballots)
    assert [details["row"] for _, details in found] == [0, 1, 3]
    whole = {tuple("abc"): 2.5, tuple("bca"): 0.4, tuple("cba"): 1.0}
    for ((without, present), _), (vote, count) in zip(found, whole.items(), strict=True):
        assert present is ballots
        left = {**whole, vote: count - min(1.0, count)}
        assert votes_of(without) == {v: n for v, n in left.items() if n}


def test_a_voter_is_sorry_only_where_one_winner_gives_way_to_a_worse():
    ballots = Ballots.from_rankings(["abc", "cab"])
    text = "a voter who prefers a to b makes b win by voting"
    assert said("participation", ["a", "b"], ballots, ballots, row=0) == text
    assert said("participation", ["b", "a"], ballots, ballots, row=0) is None
    assert said("participation", ["a", "a"], ballots, ballots, row=0) is None
    assert said("participation", ["ac", "b"], ballots, ballots, row=0) is None
    assert said("participation", ["a", "bc"], ballots, ballots, row=0) is None
    assert said("participation", ["c", "b"], ballots, ballots, row=0) is None
    assert said("participation", ["c", "b"], ballots, ballots, row=1) is not None
    text = "a voter who prefers a to b gets it by another vote"
    assert said("strategy-proofness", ["b", "a"], ballots, ballots, row=0) == text
    assert said("strategy-proofness", ["a", "b"], ballots, ballots, row=0) is None
    assert said("strategy-proofness", ["b", "ac"], ballots, ballots, row=0) is None
    assert said("strategy-proofness", ["bc", "a"], ballots, ballots, row=0) is None


@pytest.mark.parametrize(("labels", "votes"), [("abc", 6), ("abcd", 24), ("abcde", 50)])
def test_one_voter_of_every_ballot_votes_otherwise(labels, votes):
    ballots = Ballots.from_rankings([labels, labels[::-1]], counts=[2.5, 0.5])
    found = cases_of("strategy-proofness", ballots)
    assert [details["row"] for _, details in found] == [0] * votes + [1] * votes
    seen = set()
    for (before, after), details in found:
        assert before is ballots
        weight = [1.0, 0.5][details["row"]]
        left = Counter(votes_of(ballots))
        left.subtract({tuple(ballots.rankings()[details["row"]]): weight})
        added = Counter(votes_of(after))
        added.subtract(left)
        ((vote, moved),) = [(vote, n) for vote, n in added.items() if n]
        assert moved == weight
        seen.add(vote)
    if len(labels) < 5:
        assert seen == set(permutations(labels))
    else:
        assert 40 < len(seen) <= 100


# -- groups, clones and others ------------------------------------------------------------------


@pytest.mark.parametrize("counts", [[3, 2, 1], [0.5, 2, 1.25]])
def test_voters_are_split_in_two_groups(counts):
    ballots = Ballots.from_rankings(["abc", "bca", "cab"], counts=counts)
    splits = set()
    for (left, right, both), details in cases_of("reinforcement", ballots, 200):
        assert both is ballots
        assert not details
        assert left.n_voters > 0
        assert right.n_voters > 0
        one, other = votes_of(left), votes_of(right)
        assert {vote: one.get(vote, 0) + other.get(vote, 0) for vote in votes_of(ballots)} == (
            votes_of(ballots)
        )
        splits.add(tuple(one.get(vote, 0.0) for vote in votes_of(ballots)))
    whole = all(count == int(count) for count in counts)
    assert len(splits) == (4 * 3 * 2 - 2 if whole else 2**3 - 2)


def test_what_two_groups_have_in_common_is_elected():
    ballots = Ballots.from_rankings(["abc"])
    profiles = [ballots] * 3
    text = "two groups both elect {a, b}, together they elect {a}"
    assert said("reinforcement", ["ab", "bca", "a"], *profiles) == text
    assert said("reinforcement", ["ab", "bca", "ba"], *profiles) is None
    assert said("reinforcement", ["a", "b", "c"], *profiles) is None


def test_clones_stand_beside_their_originals():
    ballots = Ballots.from_rankings(["abc", "bca", "cab"], counts=[1, 2, 3])
    found = cases_of("clone-independence", ballots)
    assert len(found) == 10 * 3
    sides = []
    for (before, after), details in found:
        label, clone = details["original"], details["clone"]
        assert before is ballots
        assert clone == f"{label} (clone)"
        assert after.counts.tolist() == [1, 2, 3]
        below = []
        for vote, old in zip(after.rankings(), ballots.rankings(), strict=True):
            vote = list(vote)
            below.append(vote.index(clone) - vote.index(label))
            vote.remove(clone)
            assert vote == list(old)
        assert {abs(step) for step in below} == {1}
        sides.append((label, tuple(below)))
    assert sides[:3] == [(label, (1, 1, 1)) for label in "abc"]
    assert sides[3:6] == [(label, (-1, -1, -1)) for label in "abc"]
    assert len({below for _, below in sides[6:]}) >= 3  # of eight
    text = "{a} wins, but {b} once c has a clone"
    options = {"original": "c", "clone": "c (clone)"}
    assert said("clone-independence", ["a", "b"], ballots, ballots, **options) == text
    assert said("clone-independence", ["c", ["c (clone)"]], ballots, ballots, **options) is None


def test_only_others_than_the_pair_move():
    ballots = Ballots.from_rankings(["abcd", "dcba"] * 5)
    pairs, moved, places = set(), [], Counter()
    for (before, after), details in cases_of("iia", ballots, 120):
        a, b = details["pair"]
        pairs.add((a, b))
        for old, new in zip(before.rankings(), after.rankings(), strict=True):
            flat = {x: k for k, x in enumerate(new)}
            was = {x: k for k, x in enumerate(old)}
            assert (was[a] < was[b]) == (flat[a] < flat[b])
            moved.append(tuple(old) != tuple(new))
            ends = sorted((flat[a], flat[b]))
            (rest,) = {tuple(x for x in new if x not in (a, b))}
            places["above"] += flat[rest[0]] < ends[0]
            places["between"] += any(ends[0] < flat[x] < ends[1] for x in rest)
            places["below"] += flat[rest[-1]] > ends[1]
    assert pairs == set(permutations("abcd", 2))
    assert 0.25 < np.mean(moved) < 0.5  # one half is asked to, some to where they are
    assert min(places.values()) > 200


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("ab", "ba", "above b, and below it"),
        ("ba", [("a", "b")], "below b, and level with it"),
        ([("a", "b")], "ab", "level with b, and above it"),
        ("acb", "abc", None),
    ],
)
def test_how_a_pair_changed_places(before, after, words):
    class Ranked:
        def __init__(self, groups):
            self.ranking = tuple(map(tuple, groups))

    ballots = Ballots.from_rankings(["abc"])
    results = [Ranked(before), Ranked(after)]
    text = None if words is None else f"a is {words} once voters move only others"
    assert said("iia", results, ballots, ballots, pair=("a", "b")) == text


def test_the_others_are_drawn_for_every_voter_in_turn():
    ballots = Ballots.from_rankings(["abc", "cba"], counts=[30, 2])
    found = cases_of("non-dictatorship", ballots)
    assert [details["place"] for _, details in found] == list(range(27))
    for profiles, details in (found[0], found[24], found[26]):
        assert len(profiles) == 20
        assert all(profile.counts.tolist() == [1.0] * 27 for profile in profiles)
        own = {tuple(profile.rankings()[details["place"]]) for profile in profiles}
        assert own == {tuple("abc" if details["place"] < 25 else "cba")}
        others = [vote for profile in profiles for vote in map(tuple, profile.rankings())]
        assert set(others) == set(permutations("abc"))


def test_a_dictator_has_a_first_choice_elected_every_time():
    ballots = Ballots.from_rankings([("a", "b", "c"), (("b", "c"), "a")])
    text = "voter 1 gets a first choice in all 3 profiles tried"
    assert said("non-dictatorship", ["b", "c", "bc"], *[ballots] * 3, place=1) == text
    assert said("non-dictatorship", ["b", "ab", "c"], *[ballots] * 3, place=1) is None
    assert said("non-dictatorship", ["b", "c", "bc"], *[ballots] * 3, place=0) is None


def test_winners_and_places_of_rules_with_and_without_a_ranking():
    ballots = Ballots.from_rankings(["abc", "abc", "cab"])
    assert winners_of(choice.plurality, ballots) == winners_of(lambda _: ["a"], ballots) == {"a"}
    assert order_of(choice.plurality, ballots) == {"a": 0, "c": 1, "b": 2}
    assert order_of(lambda _: ("c", "a"), ballots) == {"a": 0, "b": 1, "c": 0}

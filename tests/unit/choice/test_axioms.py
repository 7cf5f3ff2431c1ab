"""Audits find the violations that are known, and counterexamples run again."""

from functools import partial

import numpy as np
import pytest

from pluralism import Ballots, DataError, choice
from pluralism.choice import audit_rule
from pluralism.choice._axiom_cases import AXIOMS

CONDORCET = Ballots.from_rankings(
    ["ABC", "ACB", "BAC", "BCA", "CAB", "CBA"], counts=[30, 1, 29, 10, 10, 1]
)


def broken(rule, ballots, *axioms, **options):
    return {
        name
        for name in axioms
        if audit_rule(rule, ballots, axioms=[name], **options)[name].violated
    }


def test_borda_misses_the_condorcet_winner_and_plurality_elects_the_loser():
    assert broken(choice.borda, CONDORCET, "condorcet-winner", "pareto") == {"condorcet-winner"}
    ballots = Ballots.from_rankings(["abc", "bca", "cba"], counts=[4, 3, 3])
    found = broken(choice.plurality, ballots, "condorcet-loser", "majority", "smith")
    assert found == {"condorcet-loser", "smith"}


@pytest.mark.slow
def test_schulze_keeps_what_it_promises():
    rng = np.random.default_rng(1)
    for _ in range(2):
        ballots = Ballots.from_rankings([rng.permutation(list("abcd")) for _ in range(5)])
        promised = (
            "anonymity",
            "neutrality",
            "pareto",
            "condorcet-winner",
            "condorcet-loser",
            "smith",
            "majority",
            "monotonicity",
            "clone-independence",
        )
        assert broken(choice.schulze, ballots, *promised, budget=30) == set()


@pytest.mark.slow
def test_borda_is_reinforcing_and_participative():
    rng = np.random.default_rng(2)
    for _ in range(2):
        ballots = Ballots.from_rankings([rng.permutation(list("abc")) for _ in range(7)])
        promised = ("reinforcement", "participation", "monotonicity", "anonymity", "neutrality")
        assert broken(choice.borda, ballots, *promised, budget=30) == set()


def test_instant_runoff_is_not_monotone():
    ballots = Ballots.from_rankings(["abc", "bca", "cab", "bac"], counts=[8, 5, 6, 2])
    assert choice.irv(ballots).winners == ("a",)
    result = audit_rule(choice.irv, ballots, axioms=["monotonicity"])["monotonicity"]
    assert result.violated
    example = result.counterexample
    before, after = (choice.irv(profile).winners for profile in example.profiles)
    assert before == ("a",)
    assert "a" not in after
    assert example.rerun() == example.statement
    assert example.rerun(choice.borda) is None
    text = str(example)
    assert "profile 1: a wins" in text
    assert "8: a > b > c" in text


def test_borda_suffers_from_clones_and_irrelevant_alternatives():
    ballots = Ballots.from_rankings(["abc", "bca"], counts=[3, 2])
    assert broken(choice.borda, ballots, "clone-independence", "iia") == {
        "clone-independence",
        "iia",
    }


def test_plurality_can_be_manipulated():
    ballots = Ballots.from_rankings(["abc", "bac", "cba"], counts=[4, 3, 2])
    result = audit_rule(choice.plurality, ballots, axioms=["strategy-proofness"])
    assert not result["strategy-proofness"].violated  # one voter alone is too few
    assert not result["strategy-proofness"].exhaustive
    closer = Ballots.from_rankings(["abc", "bac", "cba"], counts=[4, 4, 1])
    by_name = partial(choice.plurality, tie_break="name")
    assert broken(by_name, closer, "strategy-proofness") == {"strategy-proofness"}


def test_rules_that_are_unfair_on_purpose():
    ballots = Ballots.from_rankings(["abc", "bca", "cab", "acb"])

    def dictator(profile):
        return choice.plurality(profile.select([0]))

    def always_a(profile):
        return ("a",)

    assert broken(dictator, ballots, "anonymity", "non-dictatorship", budget=200) == {
        "anonymity",
        "non-dictatorship",
    }
    assert broken(always_a, ballots, "neutrality") == {"neutrality"}
    unanimous = Ballots.from_rankings(["bca", "bac"])
    assert broken(always_a, unanimous, "pareto") == {"pareto"}
    assert broken(choice.borda, ballots, "non-dictatorship") == set()


def test_irv_makes_a_voter_sorry_to_have_come():
    """Without one of the first, a is out first and b beats c; with them, b is, and c beats a."""
    ballots = Ballots.from_rankings(["abc", "bca", "cab"], counts=[5.3, 4.9, 6])
    result = audit_rule(choice.irv, ballots, axioms=["participation"])["participation"]
    without, present = result.counterexample.profiles
    assert (choice.irv(without).winners, choice.irv(present).winners) == (("b",), ("c",))
    assert without.n_voters == pytest.approx(ballots.n_voters - 1)
    assert result.counterexample.statement == ("a voter who prefers b to c makes c win by voting")


@pytest.mark.parametrize(("unranked", "violated"), [("last", True), ("incomparable", False)])
def test_nobody_is_said_to_prefer_what_they_call_incomparable(unranked, violated):
    def crowded(profile):
        return ("a",) if profile.n_voters < 2 else ("b",)

    ballots = Ballots.from_rankings([("a",), ("a",)], alternatives="abc", unranked=unranked)
    assert audit_rule(crowded, ballots, axioms=["participation"])["participation"].violated is (
        violated
    )


def test_ballots_without_voters_are_nobodys():
    def cases(counts):
        ballots = Ballots.from_rankings(["abc", "bca", "cab"], counts=counts)
        return audit_rule(choice.borda, ballots, axioms=["participation"])["participation"].cases

    assert cases([2, 0, 1]) == 2
    assert cases([0, 1, 0]) == 0  # without the only voter nobody is left


def test_reinforcement_on_purpose():
    def even(profile):
        return ("a",) if profile.n_voters % 2 == 0 else ("b",)

    ballots = Ballots.from_rankings(["ab", "ba"])
    result = audit_rule(even, ballots, axioms=["reinforcement"])["reinforcement"]
    left, right, both = result.counterexample.profiles
    assert (left.n_voters, right.n_voters, both.n_voters) == (1, 1, 2)
    assert result.counterexample.statement == ("two groups both elect {b}, together they elect {a}")


@pytest.mark.parametrize(
    ("counts", "cases"), [([1, 0], 0), ([2.5, 0], 0), ([0.5, 0], 0), ([0.5, 1.5], 30), ([2, 0], 30)]
)
def test_voters_that_cannot_be_split_are_not_split(counts, cases):
    """Whole counts part voter by voter, weights ballot by ballot."""
    ballots = Ballots.from_rankings(["ab", "ba"], counts=counts)
    result = audit_rule(choice.borda, ballots, axioms=["reinforcement"], budget=30)
    assert result["reinforcement"].cases == cases
    assert not result["reinforcement"].violated


def test_many_alternatives_are_sampled():
    labels = "abcdefg"
    ballots = Ballots.from_rankings([labels, labels[::-1], "bcdefga"])
    assert broken(lambda profile: ("a",), ballots, "neutrality", budget=20) == {"neutrality"}
    assert broken(choice.borda, ballots, "neutrality", budget=20) == set()
    closer = Ballots.from_rankings(["abcde", "bacde", "cbade"], counts=[4, 4, 1])
    by_name = partial(choice.plurality, tie_break="name")
    assert broken(by_name, closer, "strategy-proofness") == {"strategy-proofness"}


def test_two_alternatives_have_no_third_to_move():
    result = audit_rule(choice.borda, Ballots.from_rankings(["ab", "ba"]), axioms=["iia"])["iia"]
    assert (result.cases, result.violated) == (0, False)


def test_others_move_only_where_the_pair_is_ranked():
    """Each ballot ranks one alternative, so none ranks a pair and nothing may move."""
    ballots = Ballots.from_rankings([("a",), ("b",), ("c",)], alternatives="abc")
    result = audit_rule(choice.borda, ballots, axioms=["iia"], budget=40)["iia"]
    assert (result.cases, result.violated) == (40, False)


def test_a_long_counterexample_is_cut_short():
    ballots = Ballots.from_rankings(["abc", "bca"])
    result = audit_rule(
        lambda profile: choice.plurality(profile.select([0])),
        ballots,
        axioms=["non-dictatorship"],
    )["non-dictatorship"]
    assert len(result.counterexample.profiles) == 20
    assert str(result.counterexample).endswith("  and 17 more profiles")


@pytest.mark.slow
def test_the_audit_says_what_it_covers():
    audit = audit_rule(choice.schulze, CONDORCET, budget=30)
    assert len(audit.results) == 14
    assert audit["pareto"].exhaustive
    assert not audit["anonymity"].exhaustive
    assert audit["anonymity"].cases == 30
    frame = audit.to_frame()
    assert list(frame.index) == list(audit.results)
    assert frame.loc["pareto", "searched"] == "this profile"
    assert "Audit(schulze: breaks" in repr(audit)
    assert all(found.rerun() == found.statement for found in audit.violations)


def test_refusals():
    with pytest.raises(DataError, match="did you mean 'monotonicity'"):
        audit_rule(choice.borda, CONDORCET, axioms=["monotonicty"])
    with pytest.raises(DataError, match="must be a function of ballots"):
        audit_rule("borda", CONDORCET)
    with pytest.raises(DataError, match="these ballots are approvals"):
        audit_rule(choice.approval, Ballots.from_approvals([{"a"}], alternatives="ab"))
    with pytest.raises(DataError, match="`budget` is 0"):
        audit_rule(choice.borda, CONDORCET, budget=0)
    assert not audit_rule(choice.borda, CONDORCET, axioms=["pareto"], budget=1).violations


def test_a_counterexample_is_written_out_vote_by_vote():
    ballots = Ballots.from_rankings([(("b", "a"), "c"), ("c", "a", "b")], counts=[2.5, 1])

    def two(profile):
        return ("c", "b")

    result = audit_rule(two, ballots, axioms=["condorcet-loser"])["condorcet-loser"]
    assert str(result.counterexample) == (
        "condorcet-loser: c wins, though it loses to every other one by a majority\n"
        "  profile 1: b, c wins\n"
        "    2.5: a = b > c\n"
        "    1: c > a > b"
    )


@pytest.mark.parametrize(("profiles", "more"), [(3, None), (4, "  and 1 more profiles")])
def test_three_profiles_are_written_out(profiles, more):
    ballots = Ballots.from_rankings(["ab"])
    found = choice.Counterexample("smith", "so", (ballots,) * profiles, {}, choice.borda)
    lines = str(found).splitlines()
    assert lines[:3] == ["smith: so", "  profile 1: a wins", "    1: a > b"]
    assert lines[5:7] == ["  profile 3: a wins", "    1: a > b"]
    assert lines[7:] == ([] if more is None else [more])


@pytest.mark.parametrize(("budget", "cases", "whole"), [(2, 2, False), (3, 3, True), (9, 3, True)])
def test_a_search_is_exhaustive_if_the_budget_covers_it(budget, cases, whole):
    ballots = Ballots.from_rankings(["abc", "bca", "cab"])
    audit = audit_rule(choice.borda, ballots, axioms=["participation"], budget=budget)
    assert (audit["participation"].cases, audit["participation"].exhaustive) == (cases, whole)
    clones = audit_rule(choice.schulze, ballots, axioms=["clone-independence"], budget=budget)
    assert clones["clone-independence"].exhaustive is False


def test_a_violation_ends_the_search_and_is_counted():
    """Only whoever ranks b first is sorry to have come, which is the third ballot."""

    def late(profile):
        return ("c",) if (profile.ranks[:, 1] == 0).any() else ("b",)

    ballots = Ballots.from_rankings(["abc", "acb", "bac", "cab"])
    result = audit_rule(late, ballots, axioms=["participation"])["participation"]
    assert (result.violated, result.cases, result.exhaustive) == (True, 3, False)
    assert result.counterexample.details == {"row": 2}


def test_the_audit_as_a_table_and_in_a_line():
    audit = audit_rule(
        partial(choice.borda), CONDORCET, axioms=["pareto", "condorcet-winner", "smith"]
    )
    assert repr(audit) == "Audit(borda: breaks condorcet-winner, smith; 1 not seen broken)"
    frame = audit.to_frame()
    assert frame.index.name == "axiom"
    assert list(frame.columns) == ["violated", "cases", "exhaustive", "searched", "statement"]
    assert frame["statement"].tolist() == [
        "",
        "{B} wins, though A beats every other one by a majority",
        "{B} wins from outside the Smith set",
    ]
    assert frame["cases"].tolist() == [1, 1, 1]
    assert frame["exhaustive"].tolist() == [True, False, False]
    assert [found.axiom for found in audit.violations] == ["condorcet-winner", "smith"]
    kept = audit_rule(choice.schulze, CONDORCET, axioms=["pareto", "smith"])
    assert repr(kept) == "Audit(schulze: breaks none; 2 not seen broken)"


def test_what_the_axioms_are_searched_on():
    whole = {name for name, axiom in AXIOMS.items() if axiom.exhaustive}
    assert whole == {
        "neutrality", "pareto", "condorcet-winner", "condorcet-loser", "smith", "majority",
        "participation",
    }  # fmt: skip

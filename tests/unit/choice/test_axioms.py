"""Audits find the violations that are known, and counterexamples run again."""

from functools import partial

import numpy as np
import pytest

from pluralism import Ballots, DataError, choice
from pluralism.choice import audit_rule

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

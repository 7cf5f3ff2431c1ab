"""Arrow's theorem holds for every rule of ours; Sen's paradox on its own example."""

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

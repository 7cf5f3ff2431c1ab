"""Worked examples of the literature: every rule on the profiles that its sources work through."""

import numpy as np

from pluralism import Ballots, choice

RULES = {
    "borda": choice.borda,
    "copeland": choice.copeland,
    "minimax": choice.minimax,
    "schulze": choice.schulze,
    "ranked_pairs": choice.ranked_pairs,
    "split_cycle": choice.split_cycle,
    "kemeny": choice.kemeny,
}


def letters(ranking):
    return "".join(label for (label,) in ranking)


def test_tennessee(tennessee):
    assert tennessee.pairwise().values.tolist() == [
        [0, 42, 42, 42],
        [58, 0, 68, 68],
        [58, 32, 0, 83],
        [58, 32, 17, 0],
    ]
    assert choice.borda(tennessee).scores.values.tolist() == [126, 194, 173, 107]
    assert choice.copeland(tennessee).scores.values.tolist() == [-3, 3, 1, -1]
    assert choice.plurality(tennessee).winners == ("Memphis",)
    assert choice.irv(tennessee).winners == ("Knoxville",)
    kemeny = choice.kemeny(tennessee)
    assert letters([(label[0],) for (label,) in kemeny.ranking]) == "NCKM"
    assert kemeny.objective == 207
    assert kemeny.exhaustive
    assert len(kemeny.rankings) == 1
    for name, rule in RULES.items():
        assert rule(tennessee).winners == ("Nashville",), name
    for rule in (choice.condorcet_winner, choice.smith_set, choice.schwartz_set):
        assert rule(tennessee).winners == ("Nashville",)
    assert choice.condorcet_loser(tennessee).winners == ("Memphis",)
    assert choice.maximal_lottery(tennessee).probabilities.values.tolist() == [0, 1, 0, 0]


def test_schulze_45(schulze45):
    assert schulze45.pairwise().values.tolist() == [
        [0, 20, 26, 30, 22],
        [25, 0, 16, 33, 18],
        [19, 29, 0, 17, 24],
        [15, 12, 28, 0, 14],
        [23, 27, 21, 31, 0],
    ]
    votes = choice.schulze(schulze45, strength="winning-votes")
    assert votes.strengths.values.tolist() == [
        [0, 28, 28, 30, 24],
        [25, 0, 28, 33, 24],
        [25, 29, 0, 29, 24],
        [25, 28, 28, 0, 24],
        [25, 28, 28, 31, 0],
    ]
    assert letters(votes.ranking) == "EACBD"
    assert letters(choice.schulze(schulze45).ranking) == "EACBD"
    assert choice.plurality(schulze45).winners == ("C",)
    assert choice.irv(schulze45).winners == ("A",)
    assert choice.irv(schulze45).notes == (
        "count 2: 'B', 'E' tie for elimination and leave together",
    )
    # Eliminating either of the two alone lets C win.
    assert choice.irv(schulze45, tie_break="parallel").winners == ("C",)
    assert choice.borda(schulze45).scores.values.tolist() == [98, 92, 89, 69, 102]
    assert choice.borda(schulze45).winners == ("E",)
    assert choice.ranked_pairs(schulze45).winners == ("A",)
    assert choice.minimax(schulze45).winners == ("E",)
    kemeny = choice.kemeny(schulze45)
    assert letters(kemeny.ranking) == "EBADC"
    assert kemeny.objective == 190
    assert choice.split_cycle(schulze45).winners == ("A", "E")
    assert choice.uncovered_set(schulze45).winners == ("A", "C", "E")
    lottery = choice.maximal_lottery(schulze45)
    np.testing.assert_allclose(
        lottery.probabilities, [3 / 11, 0, 1 / 11, 0, 7 / 11], rtol=0, atol=1e-15
    )
    assert lottery.unique


def test_cycle_of_100(cycle100):
    wins = cycle100.pairwise().values
    from pluralism.kernels._kemeny import disagreement

    distances = {"ABC": 150, "ACB": 180, "BAC": 170, "BCA": 120, "CAB": 130, "CBA": 150}
    for order, distance in distances.items():
        assert disagreement(wins, tuple("ABC".index(letter) for letter in order)) == distance
    assert choice.borda(cycle100).scores.values.tolist() == [85, 105, 110]
    assert choice.borda(cycle100).winners == ("C",)
    for rule in (choice.schulze, choice.ranked_pairs, choice.kemeny):
        assert rule(cycle100).winners == ("B",)
    lottery = choice.maximal_lottery(cycle100)
    np.testing.assert_allclose(lottery.probabilities, [0.3, 0.5, 0.2], rtol=0, atol=1e-15)


def test_two_two_one():
    ballots = Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[2, 2, 1])
    assert ballots.margins().values.tolist() == [[0, 1, -1], [-1, 0, 3], [1, -3, 0]]
    lottery = choice.maximal_lottery(ballots)
    np.testing.assert_allclose(lottery.probabilities, [0.6, 0.2, 0.2], rtol=0, atol=1e-15)
    kemeny = choice.kemeny(ballots)
    assert {letters(ranking) for ranking in kemeny.rankings} == {"ABC", "BCA"}
    assert kemeny.objective == 6
    assert kemeny.exhaustive
    assert kemeny.tied
    assert kemeny.winners == ("A", "B")
    assert choice.schulze(ballots).winners == ("A", "B")


def test_condorcet_and_young(young60):
    wins = young60.pairwise()
    assert [(wins.loc[a, b].item(), wins.loc[b, a].item()) for a, b in ("ab", "bc", "ca")] == [
        (33, 27),
        (42, 18),
        (35, 25),
    ]
    kemeny = choice.kemeny(young60)
    assert letters(kemeny.ranking) == "bca"
    assert kemeny.objective == 76
    assert choice.plurality(young60).winners == ("a",)
    assert choice.borda(young60).scores.values.tolist() == [58, 69, 53]
    lottery = choice.maximal_lottery(young60)
    np.testing.assert_allclose(lottery.probabilities, [0.6, 0.25, 0.15], rtol=0, atol=1e-15)


def test_condorcets_example_against_borda(condorcet81):
    assert choice.borda(condorcet81).scores.values.tolist() == [101, 109, 33]
    assert choice.borda(condorcet81).winners == ("B",)
    assert choice.condorcet_winner(condorcet81).winners == ("A",)
    margins = condorcet81.margins()
    assert margins.loc["A", "B"].item() == 1
    assert margins.loc["A", "C"].item() == 39


def test_jackpot_populations():
    """Borda, and so the mean reward, against the maximal lottery (arXiv 2501.19266, 6.3)."""
    first = Ballots.from_rankings(["RGB", "BRG"], counts=[2, 3], alternatives="RGB")
    assert choice.borda(first).scores.values.tolist() == [7, 2, 6]
    assert choice.borda(first).winners == ("R",)
    assert choice.maximal_lottery(first).probabilities.values.tolist() == [0, 0, 1]
    cycle = Ballots.from_rankings(["RGB", "GBR", "BRG"])
    np.testing.assert_allclose(
        choice.maximal_lottery(cycle).probabilities, [1 / 3] * 3, rtol=0, atol=1e-15
    )
    without_green = first.restrict("RB")
    assert choice.borda(without_green).winners == ("B",)
    assert choice.maximal_lottery(without_green).winners == ("B",)

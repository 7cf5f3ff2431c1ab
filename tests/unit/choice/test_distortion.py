"""Distortion against its definition, its bound, and populations that approach the bound."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism import Ballots, ConvergenceError, DataError
from pluralism.choice import _distortion, condorcet_winner, distortion, maximal_lottery


@pytest.mark.parametrize(("beta", "bound"), [(1, 1.0820), (2, 1.3130), (5, 2.5339), (10, 5.0005)])
def test_the_bounds(beta, bound):
    found = distortion(beta=beta, rule="maximal_lottery")
    assert found == pytest.approx(bound, abs=5e-5)
    direct = beta / 2 * (1 + math.exp(-beta)) / (1 - math.exp(-beta))
    assert found == pytest.approx(direct, rel=1e-14)
    assert distortion(beta=beta, rule="borda") == pytest.approx(direct**2, rel=1e-13)


def test_voters_without_preferences_leave_nothing_to_lose():
    assert distortion(beta=1e-9, rule="borda") == pytest.approx(1.0)


def worst_two_types(beta, gap, slack):
    """A few voters who care (utilities 1, 0) just lose against many who hardly do (0, gap)."""
    odds = (1 - slack) * math.tanh(beta * gap / 2) / math.tanh(beta / 2)
    share = odds / (1 + odds)
    return np.array([[1.0, 0.0], [0.0, gap]]), np.array([share, 1 - share])


@pytest.mark.parametrize("beta", [1, 2, 5, 10])
@pytest.mark.parametrize("rule", ["maximal_lottery", "borda", "copeland"])
def test_populations_approach_the_bound_from_below(beta, rule):
    bound = distortion(beta=beta, rule="maximal_lottery")
    values = []
    for gap in (0.3, 0.1, 0.03, 0.001):
        utilities, weights = worst_two_types(beta, gap, slack=1e-7)
        values.append(distortion(utilities, rule=rule, beta=beta, weights=weights))
    assert values == sorted(values)
    assert all(value < bound for value in values)
    assert values[-1] == pytest.approx(bound, rel=1e-5)


@pytest.mark.parametrize("beta", [1, 2, 5, 10])
def test_simulated_votes_approach_the_bound_from_below(beta):
    """Voters are drawn, each answers once by Bradley-Terry, and the rule sees only the answers."""
    rng = np.random.default_rng(beta)
    bound, best = distortion(beta=beta, rule="maximal_lottery"), 1.0
    for gap, slack in [(0.3, 0.05), (0.2, 0.04), (0.1, 0.02)]:
        utilities, share = worst_two_types(beta, gap / beta, slack)
        types = rng.multinomial(40_000_000, share)
        for_first = rng.binomial(types, 1 / (1 + np.exp(-beta * (utilities @ [1, -1])))).sum()
        votes = np.array([[0, for_first], [types.sum() - for_first, 0]], dtype=float)
        chosen = maximal_lottery(votes).probabilities.values @ (share @ utilities)
        value = (share @ utilities).max() / chosen
        assert best < value < bound
        best = value
    assert best > 0.95 * bound


@pytest.mark.slow
@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(
            # a difference of 1e-17 is a tie in floating point, and ties go to the worst
            st.lists(st.integers(0, 10**6).map(lambda k: k / 1e6), min_size=3, max_size=3),
            min_size=n,
            max_size=n,
        )
    ),
    st.floats(0.1, 12),
)
def test_no_population_exceeds_the_bound(utilities, beta):
    for rule in ("maximal_lottery", "borda"):
        value = distortion(utilities, rule=rule, beta=beta)
        assert 1 <= value <= distortion(beta=beta, rule=rule) * (1 + 1e-6)


def test_equals_the_definition_pair_by_pair():
    rng = np.random.default_rng(0)
    for _ in range(30):
        utilities, beta = rng.random((4, 3)) ** 3, rng.uniform(0.5, 8)
        weights = rng.random(4)
        wins = np.zeros((3, 3))
        for voter, weight in zip(utilities, weights, strict=True):
            for a in range(3):
                for b in range(3):
                    wins[a, b] += weight / (1 + np.exp(-beta * (voter[a] - voter[b])))
        borda = [sum(wins[a, b] for b in range(3) if b != a) for a in range(3)]
        mean = weights @ utilities / weights.sum()
        expected = mean.max() / mean[int(np.argmax(borda))]
        found = distortion(utilities, rule="borda", beta=beta, weights=weights)
        assert found == pytest.approx(expected, rel=1e-12)


def test_without_noise_the_majority_decides():
    utilities = [[9, 4, 0], [0, 1, 0], [0, 1, 0]]
    assert distortion(utilities, rule="copeland") == pytest.approx(9 / 6)
    assert distortion(utilities, rule="maximal_lottery") == pytest.approx(9 / 6)


def test_of_what_ties_the_worst_counts():
    assert distortion([[1.0, 0.0], [0.0, 0.5]], rule="copeland") == 2.0
    # Every lottery is maximal; the uniform one would give 4 / 3.
    assert distortion([[1.0, 0.0], [0.0, 0.5]], rule="maximal_lottery") == 2.0


def test_what_differs_by_rounding_is_no_loss():
    assert distortion([[1.0, 1.0 - 1e-13], [0.0, 1e-13]], rule="copeland") == 1.0
    assert distortion([[1.0, 0.1], [0.1, 1.0 - 1e-10]], rule="copeland") > 1.0
    assert distortion([[0.5, 0.5 - 1e-13]], rule=lambda _: last_of_two()) == 1.0
    assert distortion([[0.5, 0.5 - 1e-11]], rule=lambda _: last_of_two()) == pytest.approx(
        1 + 2e-11, rel=1e-13
    )


def last_of_two():
    from pluralism.choice import Outcome

    return Outcome("last", (0, 1), (1,))


def test_utilities_of_zero():
    assert distortion(np.zeros((3, 2)), rule="borda") == 1.0
    assert distortion([[1.0, 0.0], [0.0, 0.0]], rule="borda") == 1.0
    # Two who prefer b by nothing at all outvote the one for whom everything depends on a.
    assert distortion([[1, 0, 0], [0, 0, 1e-300], [0, 0, 1e-300]], rule="copeland") > 1e299


def test_ballots_bring_their_counts():
    ballots = Ballots.from_utilities([[1.0, 0.0], [0.0, 0.2]], counts=[1, 3])
    assert distortion(ballots, rule="borda") == pytest.approx((1 / 4) / (0.6 / 4))
    assert distortion(ballots, rule="borda", beta=3) == distortion(
        [[1.0, 0.0], [0.0, 0.2]], rule="borda", beta=3, weights=[1, 3]
    )


def test_a_rule_of_ones_own():
    def last(pairwise):
        from pluralism.choice import copeland

        return copeland(pairwise.T.rename(alternative_bis="alternative", alternative="_bis").values)

    assert distortion([[1.0, 0.25]], rule=last) == 4.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rule": "copeland", "beta": 1}, "no bound is known"),
        ({"rule": "borda"}, "unbounded"),
        ({"rule": "plurality", "beta": 1}, "`rule` is 'plurality'"),
        ({"rule": last_of_two, "beta": 1}, "no bound .*; give `utilities`, or one of 'maximal_l"),
        ({"rule": "borda", "beta": 0}, "`beta` is 0; it must be finite above 0"),
        ({"utilities": [[0, 1.001]], "rule": "borda", "beta": 1}, r"rescale both.*in \[0, 1\]"),
        ({"utilities": [[-1, 0]], "rule": "borda"}, "a utility must be at least 0"),
        ({"rule": "borda", "beta": float("inf")}, "`beta` is inf"),
        ({"utilities": [[-1, 1]], "rule": "borda"}, "`utilities\\[0, 0\\]` is -1"),
        ({"utilities": [[0, 2]], "rule": "borda", "beta": 1}, "`utilities\\[0, 1\\]` is 2"),
        ({"utilities": [[0.5]], "rule": "borda"}, "at least two rows"),
        ({"utilities": [[0, np.nan]], "rule": "borda"}, "not finite"),
        ({"utilities": [[0, 1]], "rule": "borda", "weights": [0]}, "all zero"),
        ({"utilities": [[0, 1]], "rule": lambda _: ("a",)}, "returned a tuple"),
        ({"utilities": np.eye(3), "rule": condorcet_winner}, "chooses nobody"),
        ({"utilities": Ballots.from_rankings(["ab"]), "rule": "borda"}, "distortion needs util"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(DataError, match=message):
        distortion(**arguments)


def test_a_worst_lottery_that_is_not_found_is_an_error(monkeypatch):
    """All lotteries on two level alternatives are maximal; the worst takes a programme."""
    monkeypatch.setattr(_distortion, "worst_maximal_value", lambda *_: np.nan)
    with pytest.raises(ConvergenceError, match="worst maximal lottery was not solved"):
        distortion([[1.0, 0.0], [0.0, 0.5]], rule="maximal_lottery")

"""Committees against the definitions of their rules, followed in fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from pluralism.kernels import _committees


def profile(seed, n_ballots=6, n_alternatives=5, largest=3):
    rng = np.random.default_rng(seed)
    approvals = rng.random((n_ballots, n_alternatives)) < 0.5
    counts = rng.integers(1, largest + 1, n_ballots).astype(float)
    return approvals, counts


def follow(n_alternatives, size, start, values, after, *, smallest):
    """Every set of members that ties at the best value, seat by seat, lead to."""
    sign = 1 if smallest else -1
    states = [((), start)]
    for _ in range(size):
        larger = []
        for members, state in states:
            value = {c: values(state, c) for c in range(n_alternatives) if c not in members}
            value = {c: v for c, v in value.items() if v is not None}
            if not value:
                larger.append((members, state))
                continue
            best = min(sign * v for v in value.values())
            larger += [
                (tuple(sorted((*members, c))), after(state, c, v))
                for c, v in value.items()
                if sign * v == best
            ]
        states = larger
    return states


def committees_of(states):
    return sorted({members for members, _ in states})


# -- additive rules ------------------------------------------------------------------------------


def test_the_best_scores_and_all_ways_among_the_tied():
    scores = np.array([2.0, 5.0, 2.0, 7.0, 2.0, 1.0])
    found = _committees.additive_committees(scores, 3, 3, 0.0)
    assert found == ([(0, 1, 3), (1, 2, 3), (1, 3, 4)], True, "", False)
    assert _committees.additive_committees(scores, 3, 2, 0.0) == (
        [(0, 1, 3), (1, 2, 3)], False, "", False
    )  # fmt: skip
    assert _committees.additive_committees(scores, 2, 1, 0.0)[:2] == ([(1, 3)], True)
    assert _committees.additive_committees(scores, 5, 9, 0.0)[:2] == ([(0, 1, 2, 3, 4)], True)


@pytest.mark.parametrize("seat", [0, 1])
def test_scores_that_differ_by_no_more_than_the_noise_are_tied(seat):
    scores = np.array([1.0, 1.0, 1.0])
    scores[2] += (0.25, -0.25)[seat]
    both = _committees.additive_committees(scores, 2, 5, 0.25).committees
    assert both == [(0, 1), (0, 2), (1, 2)]
    one = _committees.additive_committees(scores, 2, 5, 0.2499).committees
    assert one == ([(0, 2), (1, 2)], [(0, 1)])[seat]


# -- sequential rules ----------------------------------------------------------------------------


def pav_in_fractions(approvals, counts, size):
    def gain(satisfaction, code):
        return sum(
            Fraction(count) / (s + 1)
            for count, s, row in zip(counts, satisfaction, approvals, strict=True)
            if row[code]
        )

    return committees_of(
        follow(
            approvals.shape[1],
            size,
            (0,) * len(counts),
            gain,
            lambda s, code, _: tuple(
                a + int(row[code]) for a, row in zip(s, approvals, strict=True)
            ),
            smallest=False,
        )
    )


@pytest.mark.parametrize("size", [1, 3, 5])
def test_sequential_pav_in_fractions(size):
    for seed in range(15):
        approvals, counts = profile(seed, n_ballots=8, n_alternatives=7)
        expected = pav_in_fractions(approvals, [int(c) for c in counts], size)
        found = _committees.sequential_pav_committees(approvals, counts, size, 500)
        assert found == (expected, True, "", False)
        thirds = _committees.sequential_pav_committees(approvals, counts / 3, size, 500)
        assert thirds.committees == expected


def test_whole_votes_are_told_apart_to_the_last_one():
    approvals = np.eye(3, dtype=bool)
    many = 2.0**50
    for unit, size in ((1, 1), (2, 2)):
        counts = np.array([many, many + 1, many]) / unit
        counts = np.rint(counts)
        counts[1] = counts[0] + 1
        found = _committees.sequential_pav_committees(approvals, counts, size, 9)
        assert found.committees == {1: [(1,)], 2: [(0, 1), (1, 2)]}[size]
    # beyond the whole numbers that a float holds, and between them, a vote is lost in the noise
    large = np.array([2.0**51, 2.0**51 + 1, 2.0**51])
    beyond = np.array([2.0**52, 2.0**52 + 1, 2.0**52])
    assert len(_committees.sequential_pav_committees(approvals, large, 1, 9).committees) == 1
    assert len(_committees.sequential_pav_committees(approvals, beyond, 1, 9).committees) == 3
    halves = np.array([many + 0.5, many + 1.5, many + 0.5]) / 4
    assert len(_committees.sequential_pav_committees(approvals, halves, 1, 9).committees) == 3


def test_the_limit_is_on_what_ways_lead_to():
    approvals, counts = np.eye(4, dtype=bool), np.ones(4)
    for rule in (_committees.sequential_pav_committees, _committees.phragmen_committees):
        assert rule(approvals, counts, 1, 4)[:2] == ([(0,), (1,), (2,), (3,)], True)
        assert rule(approvals, counts, 1, 3)[:2] == ([(0,), (1,), (2,)], False)
        assert len(rule(approvals, counts, 2, 6).committees) == 6
        assert rule(approvals, counts, 2, 6).complete
        assert rule(approvals, counts, 2, 5)[1] is False


def phragmen_in_fractions(approvals, counts, size):
    def end(loads, code):
        supporters = [i for i, row in enumerate(approvals) if row[code]]
        if not supporters:
            return Fraction(10**9)
        return (1 + sum(counts[i] * loads[i] for i in supporters)) / Fraction(
            sum(counts[i] for i in supporters)
        )

    def after(loads, code, value):
        if value == 10**9:
            return loads
        return tuple(value if row[code] else a for a, row in zip(loads, approvals, strict=True))

    states = follow(
        approvals.shape[1], size, (Fraction(0),) * len(counts), end, after, smallest=True
    )
    return committees_of(states)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_phragmen_in_fractions(size):
    for seed in range(15):
        approvals, counts = profile(seed + 40, n_ballots=5, n_alternatives=6)
        approvals[:, 2] &= seed % 3 > 0  # nobody's choice
        expected = phragmen_in_fractions(approvals, [int(c) for c in counts], size)
        found = _committees.phragmen_committees(approvals, counts, size, 500)
        assert found == (expected, True, "", False)
        assert _committees.phragmen_committees(approvals, counts / 7, size, 500) == found


def equal_shares_in_fractions(utilities, counts, size):
    def price(budget, code):
        own = [(budget[i], int(row[code]), i) for i, row in enumerate(utilities) if row[code]]
        if sum(b * counts[i] for b, _, i in own) < 1:
            return None
        candidates = []
        for poor in range(len(own)):  # the poorest spend all, the others pay in proportion
            ordered = sorted(own, key=lambda part: part[0] / part[1])
            paid = sum(b * counts[i] for b, _, i in ordered[:poor])
            rest = sum(u * counts[i] for _, u, i in ordered[poor:])
            rho = (1 - paid) / Fraction(rest)
            if sum(min(b, rho * u) * counts[i] for b, u, i in own) == 1:
                candidates.append(rho)
        return min(candidates)

    def after(budget, code, rho):
        return tuple(
            b - min(b, rho * int(row[code])) for b, row in zip(budget, utilities, strict=True)
        )

    budget = (Fraction(size, sum(counts)),) * len(counts)
    return follow(utilities.shape[1], size, budget, price, after, smallest=True)


@pytest.mark.parametrize("largest", [1, 4])
def test_equal_shares_in_fractions(largest):
    short = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        utilities = rng.integers(1, largest + 1, (5, 6)) * (rng.random((5, 6)) < 0.7)
        utilities[0, 0] = 1
        counts = rng.integers(1, 4, 5)
        for size in (2, 3):
            states = equal_shares_in_fractions(utilities, [int(c) for c in counts], size)
            found = _committees.equal_shares_committees(
                utilities.astype(float), counts.astype(float), size, 500, False
            )
            lacking = any(len(members) < size for members, _ in states)
            assert found == (committees_of(states), True, "", lacking)
            short += lacking
    assert 5 < short < 45


def test_seats_left_are_filled_with_budgets_as_loads_below_zero():
    for seed in range(25):
        approvals, counts = profile(seed + 70, n_ballots=5, n_alternatives=6)
        weights, size, expected = [int(c) for c in counts], 4, set()
        for members, budget in equal_shares_in_fractions(approvals.astype(int), weights, size):
            states = [(members, tuple(-b for b in budget))]
            for _ in range(size - len(members)):
                following = []
                for chosen, loads in states:
                    ends = {}
                    for code in set(range(6)) - set(chosen):
                        who = [i for i in range(5) if approvals[i, code]]
                        total = sum(weights[i] for i in who)
                        spent = sum(weights[i] * loads[i] for i in who)
                        ends[code] = Fraction(1 + spent) / total if who else Fraction(10**9)
                    for code, end in ends.items():
                        if end == min(ends.values()):
                            moved = tuple(
                                end if approvals[i, code] and end < 10**9 else loads[i]
                                for i in range(5)
                            )
                            following.append((tuple(sorted((*chosen, code))), moved))
                states = following
            expected |= {chosen for chosen, _ in states}
        found = _committees.equal_shares_committees(
            approvals.astype(float), counts, size, 500, True
        )
        assert found == (sorted(expected), True, "", False)


def test_a_price_is_affordable_at_the_very_budget():
    supporters = np.ones(2)
    assert _committees._price(supporters, np.array([0.5, 0.5]), supporters) == 0.5
    assert _committees._price(supporters, np.array([0.25, 0.75]), supporters) == 0.75
    assert _committees._price(supporters, np.array([0.5, 0.499]), supporters) == np.inf
    # the poor spend 1/4 at the price 1/4; the other with twice the gain pays the rest
    assert _committees._price(np.array([1.0, 2.0]), np.array([0.25, 2.0]), supporters) == 0.375


# -- exact rules ---------------------------------------------------------------------------------

HARMONIC = [Fraction(1), Fraction(1, 2), Fraction(1, 3)]
RULES = [HARMONIC, [Fraction(1), Fraction(0), Fraction(0)], [Fraction(1)] * 3]


@pytest.mark.slow
@pytest.mark.parametrize("weights", RULES)
def test_the_best_committees_of_all(weights):
    for seed in range(3):
        approvals, counts = profile(seed, n_ballots=7, n_alternatives=6)
        score = {}
        for committee in combinations(range(6), 3):
            met = approvals[:, committee].sum(axis=1)
            score[committee] = sum(
                int(count) * sum(weights[:m], Fraction(0))
                for count, m in zip(counts, met, strict=True)
            )
            found = _committees.thiele_score(approvals, counts, committee, weights)
            assert found == score[committee]
            assert isinstance(found, Fraction)
            half = _committees.thiele_score(approvals, counts / 3, committee, weights)
            assert half == pytest.approx(float(score[committee]) / 3)
        best = [c for c, value in score.items() if value == max(score.values())]
        assert _committees.optimal_committees(approvals, counts, 3, 50, weights)[:3] == (
            best, True, ""
        )  # fmt: skip
        thirds = _committees.optimal_committees(approvals, counts / 3, 3, len(best), weights)
        assert thirds[:2] == (best, True)
        if len(best) > 1:
            fewer = _committees.optimal_committees(approvals, counts, 3, len(best) - 1, weights)
            assert not fewer.complete
            assert len(fewer.committees) == len(best) - 1
            assert set(fewer.committees) < set(best)


def test_a_score_of_whole_votes_is_a_fraction():
    for first, kind in ((1.0, Fraction), (0.5, float)):
        counts = np.array([first, 1.0])
        score = _committees.thiele_score(np.eye(2, dtype=bool), counts, (0,), HARMONIC)
        assert score == first
        assert type(score) is kind


def test_votes_that_approve_of_nobody_leave_every_committee():
    found = _committees.optimal_committees(
        np.zeros((2, 3), dtype=bool), np.ones(2), 2, 5, HARMONIC[:2]
    )
    assert found[:2] == ([(0, 1), (0, 2), (1, 2)], True)

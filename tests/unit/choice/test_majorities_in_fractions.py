"""Majority rules on weights in tenths, whose sums float64 rounds, against exact fractions."""

from fractions import Fraction
from itertools import combinations, permutations, product

import numpy as np
import pytest

from pluralism import Ballots, DataError, choice

NAMES = "dbca"  # not in sorted order
PLACES = range(len(NAMES))


def profiles(n, *, seed, around=False):
    """Ranks (ties allowed), weights in tenths, and the ballots that hold them.

    `around`: every ranking is a rotation of one, so that majorities go in circles.
    """
    rng = np.random.default_rng(seed)
    for _ in range(n):
        voters = 4 if around else int(rng.integers(3, 7))
        ranks = rng.random((voters, len(NAMES))).argsort(axis=1)
        if around:
            ranks = (ranks[0] + np.arange(4)[:, None]) % 4
        ranks = np.minimum(ranks, rng.choice([2, 3, 3], (voters, 1)))  # some tie at the end
        tenths = rng.choice([1, 1, 2, 3], voters)
        ballots = Ballots.from_ranks(
            ranks.astype(float), counts=tenths / 10, alternatives=list(NAMES)
        )
        yield ranks.tolist(), [Fraction(int(n), 10) for n in tenths], ballots


def support(ranks, weights):
    return [
        [sum(w for row, w in zip(ranks, weights, strict=True) if row[a] < row[b]) for b in PLACES]
        for a in PLACES
    ]


def majorities(wins, strength):
    return [
        [
            (wins[a][b] if strength == "winning-votes" else wins[a][b] - wins[b][a])
            if wins[a][b] > wins[b][a]
            else Fraction(0)
            for b in PLACES
        ]
        for a in PLACES
    ]


def strongest_path(links, a, b):
    between = [c for c in PLACES if c not in (a, b)]
    return max(
        min(links[x][y] for x, y in zip((a, *middle), (*middle, b), strict=True))
        for size in range(len(between) + 1)
        for middle in permutations(between, size)
    )


def layers(beats):
    left, found = set(PLACES), []
    while left:
        top = [b for b in sorted(left) if not any(beats(a, b) for a in left)]
        found.append(tuple(NAMES[b] for b in top))
        left -= set(top)
    return tuple(found)


def by_score(scores):
    return tuple(
        tuple(NAMES[a] for a in PLACES if scores[a] == value)
        for value in sorted(set(scores), reverse=True)
    )


def locked(edges):
    """Lock edges in this order, leaving out each that closes a cycle."""
    reach = set()
    for a, b in edges:
        if (b, a) not in reach:
            ups = [x for x in PLACES if (x, a) in reach] + [a]
            reach |= {(x, y) for x in ups for y in [*(y for y in PLACES if (b, y) in reach), b]}
    return frozenset(reach)


@pytest.mark.parametrize("strength", ["margins", "winning-votes"])
def test_paths_and_defeats(strength):
    ties = 0
    for ranks, weights, ballots in profiles(60, seed=0, around=True):
        links = majorities(support(ranks, weights), strength)
        defeats = [-max(links[a][b] for a in PLACES) for b in PLACES]
        minimax = choice.minimax(ballots, strength=strength)
        assert minimax.rule == f"minimax ({strength})"
        assert minimax.scores.values == pytest.approx([float(x) for x in defeats])
        assert minimax.ranking == by_score(defeats)

        paths = {(a, b): strongest_path(links, a, b) for a, b in permutations(PLACES, 2)}
        strengths = [[float(paths.get((a, b), 0)) for b in PLACES] for a in PLACES]

        def stronger(a, b, paths=paths):
            return a != b and paths[a, b] > paths[b, a]

        def defeats_for_good(a, b, paths=paths, links=links):
            return links[a][b] > 0 and links[a][b] > paths[b, a]

        for rule, name, beats in (
            (choice.schulze, "schulze", stronger),
            (choice.split_cycle, "split cycle", defeats_for_good),
        ):
            outcome = rule(ballots, strength=strength)
            assert outcome.rule == f"{name} ({strength})"
            assert outcome.ranking == layers(beats)
            assert outcome.winners == outcome.ranking[0]
            assert outcome.strengths.dims == ("alternative", "alternative_bis")
            np.testing.assert_allclose(outcome.strengths, strengths)
            ties += len(outcome.winners) > 1
    assert ties > 20


@pytest.mark.parametrize("strength", ["margins", "winning-votes"])
def test_ranked_pairs_by_every_order_of_equal_majorities(strength):
    several = 0
    for ranks, weights, ballots in profiles(40, seed=1, around=True):
        links = majorities(support(ranks, weights), strength)
        strengths = sorted({x for row in links for x in row if x > 0}, reverse=True)
        groups = [[(a, b) for a in PLACES for b in PLACES if links[a][b] == x] for x in strengths]
        orders = product(*(permutations(group) for group in groups))
        relations = {locked([edge for group in order for edge in group]) for order in orders}
        outcome = choice.ranked_pairs(ballots, strength=strength)
        expected = {layers(lambda a, b, r=r: (a, b) in r) for r in relations}
        assert outcome.rule == f"ranked pairs ({strength})"
        assert set(outcome.rankings) == expected
        assert outcome.ranking == outcome.rankings[0]
        assert set(outcome.winners) == {name for found in expected for name in found[0]}
        assert list(outcome.winners) == sorted(outcome.winners, key=NAMES.index)
        several += len(expected) > 1

        by_name = sorted(
            ((a, b) for group in groups for a, b in group),
            key=lambda edge, links=links: (-links[edge[0]][edge[1]], *(NAMES[x] for x in edge)),
        )
        relation = locked(by_name)
        named = choice.ranked_pairs(ballots, strength=strength, tie_break="name")
        assert named.ranking == layers(lambda a, b, r=relation: (a, b) in r)
        assert named.winners == (min(named.ranking[0]),)
        drawn = choice.ranked_pairs(ballots, strength=strength, tie_break="random", seed=2)
        assert drawn.ranking in expected
        assert drawn.tied == bool(drawn.broken_ties)
    assert several > 3


def test_scores_and_tops():
    for ranks, weights, ballots in profiles(60, seed=2):
        wins = support(ranks, weights)
        total = sum(weights)
        points = [
            sum(wins[a][b] + (total - wins[a][b] - wins[b][a]) / 2 for b in PLACES if b != a)
            for a in PLACES
        ]
        assert choice.borda(ballots).ranking == by_score(points)
        beaten = [[wins[a][b] - wins[b][a] for b in PLACES] for a in PLACES]
        signs = [sum((x > 0) - (x < 0) for x in row) for row in beaten]
        copeland = choice.copeland(ballots)
        assert copeland.ranking == by_score(signs)
        assert copeland.scores.values.tolist() == signs
        for weak in (False, True):
            best = tuple(
                NAMES[a]
                for a in PLACES
                if all(beaten[a][b] > 0 or (weak and beaten[a][b] == 0) for b in PLACES if b != a)
            )
            assert choice.condorcet_winner(ballots, weak=weak).winners == best

        shares = {"plurality": (1, 0, 0, 0), "veto": (1, 1, 1, 0), "positional": (5, 3, 2, 0)}
        for rule, points_of in shares.items():
            scores = [Fraction(0)] * len(NAMES)
            for row, weight in zip(ranks, weights, strict=True):
                for a in PLACES:
                    above = sum(row[b] < row[a] for b in PLACES)
                    level = sum(row[b] == row[a] for b in PLACES)
                    scores[a] += weight * Fraction(sum(points_of[above : above + level]), level)
            options = {"points": points_of} if rule == "positional" else {}
            outcome = getattr(choice, rule)(ballots, **options)
            assert outcome.rule == rule
            assert outcome.ranking == by_score(scores)
            assert outcome.scores.values == pytest.approx([float(x) for x in scores])


def test_large_weights_that_are_level_tie():
    """300.1 + 600.2 is not 900.3 in float64, by more than a unit weight would round."""
    assert 300.1 + 600.2 != 900.3
    counts = [300.1, 600.2, 900.3, 0.5]
    ballots = Ballots.from_rankings([("b",), ("b",), ("a",), ("c",)], counts=counts)
    for rule in (choice.borda, choice.plurality, choice.copeland, choice.minimax, choice.schulze):
        assert rule(ballots).winners == ("a", "b")
    assert choice.irv(ballots).ranking == (("a", "b"), ("c",))
    assert choice.irv(ballots, tie_break="parallel").winners == ("a", "b")
    with pytest.raises(DataError, match="'a', 'b' tie for elimination at count 2"):
        choice.stv(ballots, seats=1, quota="hare")
    approvals = Ballots.from_approvals([{"b"}, {"b"}, {"a"}, {"c"}], counts=counts)
    assert choice.approval(approvals).winners == ("a", "b")
    utilities = [[0.0, 300.1, 0.0], [0.0, 600.2, 0.0], [900.3, 0.0, 0.5]]
    assert choice.welfare(utilities).winners == (0, 1)
    # A difference of a millionth is one.
    near = Ballots.from_rankings(
        [("b",), ("b",), ("a",), ("c",)], counts=[*counts[:2], 900.300001, 0.5]
    )
    for rule in (choice.borda, choice.plurality, choice.copeland, choice.minimax, choice.irv):
        assert rule(near).winners == ("a",)
    assert choice.stv(near, seats=1, quota="hare").winners == ("a",)


def test_sets_of_majorities():
    several = 0
    for ranks, weights, ballots in profiles(60, seed=4, around=True):
        wins = support(ranks, weights)
        beats = {(a, b) for a in PLACES for b in PLACES if wins[a][b] > wins[b][a]}
        others = {a: [b for b in PLACES if b != a] for a in PLACES}
        losers = [a for a in PLACES if all((b, a) in beats for b in others[a])]
        assert named(choice.condorcet_loser(ballots)) == ("Condorcet loser", losers)

        groups = [g for size in PLACES for g in combinations(PLACES, size + 1)]
        dominant = [
            g for g in groups if all((a, b) in beats for a in g for b in PLACES if b not in g)
        ]
        assert named(choice.smith_set(ballots)) == ("Smith set", list(min(dominant, key=len)))
        unbeaten = [
            set(g)
            for g in groups
            if not any((b, a) in beats for a in g for b in PLACES if b not in g)
        ]
        minimal = [g for g in unbeaten if not any(other < g for other in unbeaten)]
        schwartz = sorted(set().union(*minimal))
        assert named(choice.schwartz_set(ballots)) == ("Schwartz set", schwartz)

        up = {a: {b for b in PLACES if (b, a) in beats} for a in PLACES}
        down = {a: {b for b in PLACES if (a, b) in beats} for a in PLACES}
        covers = {
            "gillies": lambda a, b, beats=beats, up=up: (a, b) in beats and up[a] <= up[b],
            "bordes": lambda a, b, beats=beats, down=down: (a, b) in beats and down[b] <= down[a],
            "fishburn": lambda a, b, up=up: up[a] < up[b],
            "mckelvey": lambda a, b, beats=beats, up=up, down=down: (
                (a, b) in beats and up[a] <= up[b] and down[b] <= down[a]
            ),
        }
        for variant, cover in covers.items():
            expected = [b for b in PLACES if not any(cover(a, b) for a in PLACES)]
            found = named(choice.uncovered_set(ballots, variant=variant))
            assert found == (f"uncovered set ({variant})", expected)
        several += len(schwartz) > 1
    assert several > 10
    assert named(choice.condorcet_winner(ballots))[0] == "Condorcet winner"
    assert named(choice.condorcet_winner(ballots, weak=True))[0] == "weak Condorcet winner"
    with pytest.raises(DataError, match="did you mean 'bordes'"):
        choice.uncovered_set(ballots, variant="borde")


def named(outcome):
    return outcome.rule, [NAMES.index(label) for label in outcome.winners]


def test_orders_of_equal_majorities_up_to_the_limit():
    cycle = Ballots.from_rankings(["abc", "bca", "cab"])
    # None of the three locked, one of them, or two: the third closes the cycle.
    assert choice.ranked_pairs(cycle, limit=7).winners == ("a", "b", "c")
    with pytest.raises(DataError, match="more than 6 partial orders; raise `limit`, or choose"):
        choice.ranked_pairs(cycle, limit=6)
    with pytest.raises(DataError, match="`limit` is 0; it must be at least 1"):
        choice.ranked_pairs(cycle, limit=0)

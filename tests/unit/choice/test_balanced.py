"""Balanced justified representation against all groups, cut-offs and assignments."""

from itertools import combinations, product
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism import Ballots, DataError, LabelError
from pluralism.choice import (
    approval_committee,
    balanced_justified_representation,
    balanced_slate,
    justified_representation,
)


def violating(values, got, costs, budget):
    """Statements for which some group S and cut-off exist, by trying all of them."""
    n, found = len(values), set()
    for size in range(1, n + 1):
        for group in combinations(range(n), size):
            for statement, cost in enumerate(costs):
                if size * budget < cost * n:
                    continue
                lowest = min(values[i][statement] for i in group)  # the highest cut-off they share
                if all(got[i] < lowest for i in group):
                    found.add(statement)
    return found


def balanced_assignments(n, k):
    for slots in product(range(k), repeat=n):
        sizes = np.bincount(slots, minlength=k)
        if sizes.min() >= floor(n / k) and sizes.max() <= ceil(n / k):
            yield slots


profiles = st.tuples(st.integers(1, 5), st.integers(2, 4)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, 3), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


@given(profiles, st.data())
def test_equals_the_definition(values, data):
    n, m = len(values), len(values[0])
    slate = data.draw(st.lists(st.integers(0, m - 1), min_size=1, max_size=3))
    k = len(slate)
    exists = any(
        not violating(values, [values[i][slate[s]] for i, s in enumerate(slots)], [1] * m, k)
        for slots in balanced_assignments(n, k)
    )
    found = balanced_justified_representation(values, slate)
    assert found.holds == exists
    sizes = np.bincount(found.assignment, minlength=k)
    assert floor(n / k) <= sizes.min() <= sizes.max() <= ceil(n / k)
    got = [values[i][slate[s]] for i, s in enumerate(found.assignment)]
    assert set(found.statements) == violating(values, got, [1] * m, k)
    check_groups(found, values, got)

    favourite = balanced_justified_representation(values, slate, assignment="favourite")
    got = [max(row[s] for s in slate) for row in values]
    assert set(favourite.statements) == violating(values, got, [1] * m, k)
    if not favourite:
        assert not found


def check_groups(found, values, got):
    for short in found.violations:
        assert len(short.group) >= short.needed
        assert all(values[i][short.statement] >= short.cutoff > got[i] for i in short.group)


@given(profiles, st.data())
def test_costs_equal_the_definition(values, data):
    n, m = len(values), len(values[0])
    costs = data.draw(st.lists(st.integers(1, 5), min_size=m, max_size=m))
    budget = data.draw(st.integers(5, 12))
    slots = data.draw(st.lists(st.just(0), min_size=n, max_size=n))
    found = balanced_justified_representation(
        values, [0], costs=costs, budget=budget, assignment=slots
    )
    got = [row[0] for row in values]
    assert set(found.statements) == violating(values, got, costs, budget)
    check_groups(found, values, got)


@given(profiles, st.integers(1, 4))
def test_the_greedy_slate_is_justified(values, size):
    found = balanced_slate(values, size=size)
    n = len(values)
    assert found.served.all()
    if n >= size:
        assert len(found.slate) == size
        sizes = np.bincount(found.assignment, minlength=size)
        assert floor(n / size) <= sizes.min() <= sizes.max() <= ceil(n / size)
        given_one = balanced_justified_representation(
            values, found.slate, assignment=found.assignment
        )
        assert given_one.holds
        assert balanced_justified_representation(values, found.slate).holds


@pytest.mark.slow
@given(profiles, st.data())
def test_the_greedy_slate_is_justified_at_any_cost(values, data):
    m = len(values[0])
    costs = data.draw(st.lists(st.integers(1, 9), min_size=m, max_size=m))
    budget = data.draw(st.integers(9, 20))
    found = balanced_slate(values, costs=costs, budget=budget)
    assert found.cost == sum(costs[s] for s in found.slate) <= budget
    assert balanced_justified_representation(
        values, found.slate, costs=costs, budget=budget, assignment=found.assignment
    ).holds
    assert balanced_justified_representation(values, found.slate, costs=costs, budget=budget).holds


def test_distinct_statements_cannot_serve_all_who_want_the_same():
    values = [[1, 0]] * 4
    assert balanced_slate(values, size=2).slate == (0, 0)
    distinct = balanced_slate(values, size=2, repeat=False)
    assert sorted(distinct.slate) == [0, 1]
    assert not balanced_justified_representation(values, distinct.slate)
    assert balanced_justified_representation(values, distinct.slate, assignment="favourite")


def test_approvals_of_the_book():
    """Lackner and Skowron, example 2.1: with approvals and favourites, BJR is JR."""
    profile = Ballots.from_approvals(
        [set(x) for x in ("ab", "ac", "ad", "bcf", "e", "f", "g")], counts=[3, 3, 2, 1, 1, 1, 1]
    )
    for rule in ("av", "sav", "pav", "cc", "phragmen", "equal_shares"):
        for committee in approval_committee(profile, size=4, rule=rule).winners:
            jr = justified_representation(profile, committee, axiom="JR")
            bjr = balanced_justified_representation(
                profile, sorted(committee), assignment="favourite"
            )
            assert jr.holds == bjr.holds
    # The 12 voters need groups of 3; {e, f, g, d} leaves those of b and of c without anything.
    poor = balanced_justified_representation(profile, "defg", assignment="favourite")
    assert set(poor.statements) == {"a", "b", "c"}
    assert not justified_representation(profile, "defg", axiom="JR")


def test_the_failure_of_approval_voting():
    """Six voters {a, b, c}, three {d, e, f}: a, b, c is justified to nobody among the three."""
    profile = Ballots.from_approvals([set("abc"), set("def")], counts=[6, 3])
    found = balanced_justified_representation(profile, "abc", assignment="favourite")
    assert set(found.statements) == {"d", "e", "f"}
    assert found.violations[0].group.tolist() == [6, 7, 8]
    assert "3 voters, 3 suffice" in repr(found)
    assert balanced_justified_representation(profile, "abd")
    slate = balanced_slate(profile, size=3, repeat=False).slate
    assert justified_representation(profile, slate, axiom="JR")


def test_jr_equals_bjr_of_favourites():
    rng = np.random.default_rng(0)
    verdicts = []
    for _ in range(40):
        marks = rng.random((6, 5)) < 0.4
        marks[~marks.any(axis=1), 0] = True
        profile = Ballots.from_approvals(marks)
        slate = rng.choice(5, 2, replace=False).tolist()
        found = balanced_justified_representation(profile, slate, assignment="favourite")
        assert found.holds == justified_representation(profile, slate, axiom="JR").holds
        verdicts.append(found.holds)
    assert any(verdicts)
    assert not all(verdicts)


def test_negative_and_equal_utilities():
    values = [[-1.0, -2.0], [-3.0, -0.5]]
    assert balanced_justified_representation(values, [0, 1]).holds
    assert not balanced_justified_representation(values, [1, 1]).holds
    assert balanced_justified_representation(np.zeros((4, 3)), [2]).holds
    assert balanced_justified_representation([[0.0, 5.0]], [0]).statements == (1,)


def test_statements_that_no_budget_covers_are_never_deserved():
    values = [[1, 9]] * 5
    assert balanced_justified_representation(values, [0], costs=[1, 20], budget=10).holds
    assert balanced_slate(values, costs={0: 1, 1: 20}, budget=10).slate == (0,) * 5


def test_a_pool_of_the_published_size():
    """41 voters, 100 statements, a budget of words: the integer programme is solved."""
    rng = np.random.default_rng(0)
    values = np.clip(rng.normal(3, 1.5, (41, 100)).round(), 0, 6)
    costs = rng.integers(20, 60, 100)
    greedy = balanced_slate(values, costs=costs, budget=164)
    kept = {"costs": costs, "budget": 164}
    assert balanced_justified_representation(
        values, greedy.slate, assignment=greedy.assignment, **kept
    )
    assert balanced_justified_representation(values, greedy.slate, **kept)
    other = balanced_justified_representation(values, [0, 1, 2], assignment="favourite", **kept)
    assert not other


@pytest.mark.parametrize(
    ("slate", "options", "error", "message"),
    [
        ([], {}, DataError, "`slate` is empty"),
        ([7], {}, LabelError, "`slate\\[0\\]` names 7"),
        ([0], {"budget": 3}, DataError, "go together"),
        ([0], {"costs": [1, 1]}, DataError, "go together"),
        ([0], {"costs": [1], "budget": 3}, DataError, "1 entries for 2"),
        ([0], {"costs": [1, 0], "budget": 3}, DataError, "`costs\\[1\\]` is 0"),
        ([0], {"costs": {0: 1}, "budget": 3}, LabelError, "leaves out 1"),
        ([0], {"costs": {0: 1, 1: 1, 2: 1}, "budget": 3}, LabelError, "names 2"),
        ([0], {"costs": [4, 1], "budget": 3}, DataError, "costs 4, above `budget` 3"),
        ([0], {"assignment": "best"}, DataError, "`assignment` is 'best'"),
        ([0], {"assignment": [0]}, DataError, "1 entries for 2 voters"),
        ([0], {"assignment": [0, 1]}, DataError, "`assignment\\[1\\]` is 1"),
        ([0], {"assignment": [0, -1]}, DataError, "`assignment\\[1\\]` is -1"),
        ([0], {"assignment": [0.5, 0]}, DataError, "`assignment\\[0\\]` is 0.5"),
    ],
)
def test_refusals(slate, options, error, message):
    with pytest.raises(error, match=message):
        balanced_justified_representation([[1, 2], [2, 1]], slate, **options)


def test_refusals_of_slates():
    values = [[1, 2], [2, 1]]
    for options in ({}, {"size": 1, "costs": [1, 1], "budget": 1}):
        with pytest.raises(DataError, match="either `size` or `costs`"):
            balanced_slate(values, **options)
    with pytest.raises(DataError, match="every statement costs more"):
        balanced_slate(values, costs=[5, 6], budget=4)
    with pytest.raises(DataError, match="`size` is 3 for 2 distinct"):
        balanced_slate(values, size=3, repeat=False)
    halves = Ballots.from_utilities(values, counts=[0.5, 1])
    with pytest.raises(DataError, match="fractional counts"):
        balanced_slate(halves, size=1)
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match=r"integer programme of [\d,]+ terms"):
        balanced_justified_representation(rng.random((300, 60)), range(5))


def test_a_bare_majority_takes_all_and_is_found_out():
    """Aziz and Walsh: 51 approve one list of ten, 49 another; approval voting seats the first."""
    first, second = [f"a{k}" for k in range(10)], [f"b{k}" for k in range(10)]
    profile = Ballots.from_approvals([set(first), set(second)], counts=[51, 49])
    found = balanced_justified_representation(profile, first, assignment="favourite")
    assert set(found.statements) == set(second)
    assert all(len(short.group) == 49 and short.needed == 10 for short in found.violations)
    shared = balanced_slate(profile, size=10, repeat=False).slate
    assert sum(label in first for label in shared) in (5, 6)
    assert balanced_justified_representation(profile, shared, assignment="favourite")


def test_how_many_voters_deserve_a_statement_of_the_published_pool():
    """Boehmer, Fish and Procaccia's released evaluation (bowlinggreen_41, 164 words, 41 people).

    Its violating coalitions for statements of 7, 11, 4, 26 and 18 words have 2, 3, 1, 7 and 5
    members, the least that n c / B allows; the third meets it exactly.
    """
    costs = [7, 11, 4, 26, 18, 20]
    values = np.zeros((41, 6))
    for statement, members in enumerate([2, 3, 1, 7, 5]):
        values[:members, statement] = 1.0
    short = balanced_justified_representation(
        values, [5], costs=costs, budget=164, assignment="favourite"
    )
    assert short.statements == (0, 1, 2, 3, 4)
    assert [group.needed for group in short.violations] == [2, 3, 1, 7, 5]
    values[0, :2] = values[0, 3:5] = 0.0
    short = balanced_justified_representation(
        values, [5], costs=costs, budget=164, assignment="favourite"
    )
    assert short.statements == (2,)

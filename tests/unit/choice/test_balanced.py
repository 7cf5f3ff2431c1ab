"""Balanced justified representation against all groups, cut-offs and assignments."""

import re
from itertools import combinations, product
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism import Ballots, ConvergenceError, DataError, LabelError
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


# -- what is printed, the edges of what is allowed, and what the errors say ----------------------


def test_the_worst_of_several_short_groups_is_printed():
    """By how far a group exceeds what suffices: here the second of three."""
    values = [[4, 0, 0, 1]] * 2 + [[0, 2, 0, 1]] * 4 + [[0, 0, 9, 1]] * 2
    found = balanced_justified_representation(
        values, "dddd", statements="abcd", assignment=[3, 0, 1, 2, 3, 0, 1, 2]
    )
    assert found.kind == "given"
    assert found.statements == ("a", "b", "c")
    assert found.assignment.tolist() == [3, 0, 1, 2, 3, 0, 1, 2]
    assert repr(found) == (
        "BalancedRepresentation(fails for 3 statement(s), given assignment: 4 voters, 2 suffice, "
        "value 'b' at 2 or more and get less; rows 2, 3, 4, 5)"
    )
    # Of other costs 'b' needs all of its group, and 'a' has one voter to spare.
    costs = {"d": 1, "a": 0.5, "b": 2, "c": 1}
    other = balanced_justified_representation(
        values, "dddd", statements="abcd", costs=costs, budget=4, assignment="favourite"
    )
    assert [short.needed for short in other.violations] == [1, 4, 2]
    assert "2 voters, 1 suffice, value 'a' at 4" in repr(other)


def test_a_slate_serves_some_and_gives_the_others_their_favourite():
    values = [[9, 0, 1]] * 4 + [[0, 5, 1]] * 2 + [[0, 1, 3], [0, 3, 1]]
    found = balanced_slate(values, costs=[3, 3, 5.5], budget=6, statements="abc")
    assert repr(found) == "BalancedSlate('a', 'b'; cost 6; 8 of 8 voters served)"
    poorer = balanced_slate(values, costs=[3, 3, 5.5], budget=5, statements="abc")
    assert repr(poorer) == "BalancedSlate('a'; cost 3; 5 of 8 voters served)"


def test_who_is_not_served_gets_the_favourite_of_the_slate():
    """Six of seven are served in threes; the last wants the second statement."""
    values = [[5, 0]] * 3 + [[0, 4]] * 3 + [[1, 2]]
    found = balanced_slate(values, costs=[3, 3], budget=7)
    assert found.slate == (0, 1)
    assert found.served.tolist() == [True] * 6 + [False]
    assert found.assignment.tolist() == [0, 0, 0, 1, 1, 1, 1]


def test_ballots_stand_for_as_many_voters_as_they_count():
    values = [[1, 3], [7, 7], [2, 1]]
    found = balanced_justified_representation(
        Ballots.from_utilities(values, counts=[2, 0, 3]), [0], assignment="favourite"
    )
    assert found.assignment.tolist() == [0] * 5
    both = balanced_justified_representation(
        Ballots.from_utilities(values, counts=[2, 0, 3]), [0, 1], assignment="favourite"
    )
    assert both.assignment.tolist() == [1, 1, 0, 0, 0]


def test_what_is_just_allowed():
    values = [[1.0, 2.0], [2.0, 1.0], [2.0, 1.0]]
    kept = {"costs": [0.1, 0.2], "assignment": "favourite"}
    # 0.1 + 0.1 + 0.1 is 0.30000000000000004.
    assert balanced_justified_representation(values, [0] * 3, budget=0.3, **kept).slate == (0,) * 3
    with pytest.raises(DataError, match=r"`slate` costs 0.3, above `budget` 0.2999$"):
        balanced_justified_representation(values, [0, 0, 0], budget=0.2999, **kept)
    assert balanced_slate(values, size=2, repeat=False).slate == (0, 1)
    assert balanced_slate(values, costs=[2, 3], budget=2).slate == (0,)
    assert balanced_slate(values, size=1).slate == (0,)
    with pytest.raises(DataError, match=r"`size` is 0; it must be at least 1"):
        balanced_slate(values, size=0)
    with pytest.raises(DataError, match=r"`time_limit` is 0.0; it must be finite above 0"):
        balanced_justified_representation(values, [0], time_limit=0.0)
    with pytest.raises(DataError, match="`budget` is 0; it must be finite above 0"):
        balanced_justified_representation(values, [0], costs=[1, 1], budget=0)


@pytest.mark.parametrize(
    ("slate", "options", "error", "message"),
    [
        (
            [0, 1, 7],
            {},
            LabelError,
            "`slate[2]` names 7, which is not in the statements (2 known: 0, 1)",
        ),
        ([0, 1], {"costs": [1, 3], "budget": 3.5}, DataError, "costs 4, above `budget` 3.5"),
        ([0], {"costs": [1, 2, 3], "budget": 3}, DataError, "has 3 entries for 2 statements"),
        ([0], {"costs": {1: 1}, "budget": 3}, LabelError, "`costs` leaves out 0"),
        (
            [0],
            {"costs": [2, -0.5], "budget": 3},
            DataError,
            "`costs[1]` is -0.5; a cost must be above 0, since any voter would deserve what is",
        ),
        ([0, 1], {"assignment": [0, 1, 1, 0]}, DataError, "has 4 entries for 3 voters"),
        (
            [0, 1],
            {"assignment": [0, 2, 5]},
            DataError,
            "`assignment[1]` is 2; it must be a place in the slate, 0 to 1",
        ),
        ([0, 1], {"assignment": [0, 1, 0.5]}, DataError, "`assignment[2]` is 0.5; it must"),
    ],
)
def test_refusals_name_the_place(slate, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        balanced_justified_representation([[1, 2], [2, 1], [3, 0]], slate, **options)


def test_a_programme_that_is_too_large_or_too_slow_is_refused(monkeypatch):
    from pluralism.choice import _balanced as module

    values = np.array([[2, 1, 0], [1, 1, 2], [0, 3, 3], [0, 2, 1]], dtype=float)
    # Of two slots, a claim needs two voters; who is at a worth or above, at each of three.
    terms = 2 * sum(
        count
        for column in values.T
        for worth in set(column)
        if (count := int((column >= worth).sum())) >= 2
    )
    monkeypatch.setattr(module, "_LARGEST", terms)
    assert balanced_justified_representation(values, [0, 1]).kind == "balanced"
    monkeypatch.setattr(module, "_LARGEST", terms - 1)
    message = f"an integer programme of {terms} terms (limit {terms - 1}); give an `assignment`"
    with pytest.raises(DataError, match=re.escape(message)):
        balanced_justified_representation(values, [0, 1])
    monkeypatch.undo()
    crowd = np.random.default_rng(0).random((30, 12))
    with pytest.raises(ConvergenceError, match=r"programme .* was not solved: ") as caught:
        balanced_justified_representation(crowd, range(5), time_limit=1e-4)
    assert caught.value.result.message


def test_costs_let_a_slot_have_fewer_voters_than_its_share():
    """All want the same; without costs the other slot still gets its half."""
    values = [[5, 0]] * 4
    equal = balanced_justified_representation(values, [0, 1])
    assert np.bincount(equal.assignment, minlength=2).tolist() == [2, 2]
    assert not equal
    # Of costs 3 and 1 the first may have three of four.
    paid = balanced_justified_representation(values, [0, 1], costs=[3, 1], budget=4)
    assert np.bincount(paid.assignment, minlength=2).tolist() == [3, 1]
    # Where rounding up leaves room, the cheap slot may stay empty.
    free = balanced_justified_representation([[5, 0]] * 3, [0, 0, 1], costs=[5, 0.1], budget=15)
    assert np.bincount(free.assignment, minlength=3)[2] == 0
    assert free.holds


def test_equal_costs_leave_no_slot_below_its_share():
    """Four voters, three slots: one to two each, though nobody wants the third."""
    found = balanced_justified_representation([[5, 0]] * 4, [0, 0, 1])
    assert sorted(np.bincount(found.assignment, minlength=3)) == [1, 1, 2]

"""No bad input gives a number that nobody can defend, and no error leaves the reader guessing."""

from __future__ import annotations

import pytest

from bad_input import CASES, CLEAR, RIGHT, outcome


def test_the_table_is_large_and_names_a_case_once():
    assert len(CASES) >= 150
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names), sorted({name for name in names if names.count(name) > 1})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_gives_the_right_answer_or_a_clear_error(case):
    how, what = outcome(case)
    assert how == (CLEAR if case.right is None else RIGHT), what

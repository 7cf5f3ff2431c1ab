"""Whatever a harness brings, a measure answers with floats or with an error of ours."""

from __future__ import annotations

import datetime
import decimal
import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pluralism.adapters import measure
from pluralism.adapters._catalogue import MEASURES
from pluralism.errors import PluralismError

NAN = float("nan")
ODD: list[Any] = [
    None, NAN, math.inf, -1, 0, 1, 0.5, 1e308, 10**400, True, "", " ", "a", "C", "correct",
    "abstain", "[0.5,0.5]", "[0.5, NaN]", "{'a':.5,'b':.5}", "1e999", "[[1]]", "[1", "nan",
    "[" * 1000, "9" * 5000, "\ud800", [], [0.5, 0.5], [0.5, 0.5, 0.0], [None], [None, 1], [NAN, 1],
    ["a", "b"], ["a", None], [["a"]], [{}], {}, {"a": 0.5, "b": 0.5}, {1: 0.5, 2: 0.5}, {"a": None},
    {"a": {"b": 1}}, {"a"}, set(), (1, 2), b"x", object(), 1j, np.float32(0.5), np.int64(3),
    np.array([0.5, 0.5]), np.array([]), np.array(["a", "b"]), np.array([[0.5, 0.5]]), np.array(3),
    np.datetime64("2020"), datetime.date(2020, 1, 1), decimal.Decimal("0.5"), np.ma.masked,
    np.str_("a"), np.bool_(True),
]  # fmt: skip


@st.composite
def column(draw: Any, size: int) -> list[Any]:
    """One kind of value, with others among it."""
    usual = draw(st.sampled_from(ODD))
    return [draw(st.just(usual) | st.sampled_from(ODD)) for _ in range(size)]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(MEASURES))
@settings(max_examples=60)
@given(data=st.data())
def test_a_measure_answers_or_says_why_not(name: str, data: Any) -> None:
    size = data.draw(st.integers(0, 4))
    columns = {key: data.draw(column(size)) for key in ("predictions", "references", "groups")}
    policy = {
        key: data.draw(st.sampled_from(["drop", "error"])) for key in ("missing", "unreadable")
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = measure(name, replicates=2, **columns, **policy)
        except PluralismError:
            return
    assert (type(found.value), type(found.stderr)) == (float, float)
    assert found.n + sum(found.dropped.values()) == size

"""What a container could only misread is refused, and names that come with data are kept."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from pluralism import Annotations, Ballots, Comparisons, DataError

FRAME = pd.DataFrame({"item": ["p", "q"], "rater": ["r", "s"], "label": ["lo", "hi"]})
ROLES = {"item": "item", "rater": "rater", "label": "label"}


@pytest.mark.parametrize("unordered", [{"x", "y"}, frozenset("xy"), {"x": 1, "y": 2}])
@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("items", lambda names: Comparisons.from_matrix([[0, 1], [2, 0]], items=names)),
        ("items", lambda names: Comparisons.from_pairs([("x", "y")], items=names)),
        ("items", lambda names: Comparisons.from_rankings([("x", "y")], items=names)),
        ("items", lambda names: Comparisons.from_codes([0], [1], items=names)),
        ("items", lambda names: Annotations.from_matrix([[0, 1], [2, 0]], items=names)),
        ("raters", lambda names: Annotations.from_matrix([[0, 1], [2, 0]], raters=names)),
        ("categories", lambda names: Annotations.from_matrix([["x", "y"]], categories=names)),
        ("categories", lambda names: Annotations.from_frame(FRAME, **ROLES, categories=names)),
        ("categories", lambda names: Annotations.from_counts([[1, 2]], categories=names)),
        ("alternatives", lambda names: Ballots.from_ranks([[1, 2]], alternatives=names)),
        ("alternatives", lambda names: Ballots.from_rankings(["xy"], alternatives=names)),
        ("alternatives", lambda names: Ballots.from_approvals([{"x"}], alternatives=names)),
        ("alternatives", lambda names: Ballots.from_rankings(["xy"]).restrict(names)),
    ],
)
def test_names_without_an_order_are_refused(name, build, unordered):
    kind = type(unordered).__name__
    with pytest.raises(DataError, match=rf"`{name}` is a {kind}, which has no order"):
        build(unordered)

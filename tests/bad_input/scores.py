"""Scores of answers that are none."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pluralism import bootstrap, permutation_test, scores
from pluralism.data import Comparisons

from ._case import Case

POINTS = [[1.0, 2.0], [2.0, 1.0]]


def association(x: Any, y: Any) -> Any:
    return scores.rank_association(x, y, n_permutations=9, seed=0)


CASES = [
    *(
        Case(row, "rank_association", partial(association, x, y), says)
        for row, x, y, says in (
            ("constant input", [1, 1, 1], [1, 2, 3], ("`x`",)),
            ("constant second input", [1, 2, 3], [2, 2, 2], ("`y`",)),
            ("text", ["a", "b", "c"], [1, 2, 3], ("`x`",)),
            ("NaN", [1, np.nan, 3], [1, 2, 3], ("`x[1]`", "nan")),
            ("infinity", [1, np.inf, 3], [1, 2, 3], ("`x[1]`", "inf")),
            ("lengths that differ", [1, 2, 3], [1, 2], ("3", "2")),
            ("empty", [], [], ()),
        )
    ),
    *(
        Case(row, "rate_table", lambda value=value: scores.rate_table({"m": value}), says)
        for row, value, says in (
            ("more successes than trials", (5, 3), ("5", "3")),
            ("negative counts", (-1, 3), ("-1",)),
            ("half a success", (1.5, 3), ("1.5",)),
        )
    ),
    Case(
        "no trials",
        "rate_table",
        lambda: scores.rate_table({"m": (0, 0)}),
        right=lambda x: x["m"].n == 0 and np.isnan(x["m"].rate),
    ),
    Case(
        "unknown outcome code",
        "rate_table",
        lambda: scores.rate_table(pd.DataFrame({"ok": [1, 0, "maybe"]}), outcome="ok"),
        ("maybe",),
    ),
    Case(
        "None",
        "rate_table",
        lambda: scores.rate_table(pd.DataFrame({"ok": [True, None, False]}), outcome="ok"),
        (),
    ),
    Case(
        "a column that is not there",
        "rate_table",
        lambda: scores.rate_table(pd.DataFrame({"ok": [1]}), outcome="okay"),
        ("'okay'",),
    ),
    *(
        Case(row, "win_rate", partial(scores.win_rate, x), says)
        for row, x, says in (
            ("above one", [0.2, 1.4], ("1.4",)),
            ("negative", [0.2, -0.4], ("-0.4",)),
            ("NaN", [0.2, np.nan], ("nan",)),
            ("empty", [], ()),
            ("text", ["a"], ()),
        )
    ),
    *(
        Case(row, "compare_rates", partial(scores.compare_rates, x), says)
        for row, x, says in (
            ("lengths that differ", {"a": [1, 0, 1], "b": [1, 0]}, ("equally long",)),
            ("NaN", {"a": [1.0, np.nan], "b": [1.0, 0.0]}, ("nan",)),
            ("outcome of 2", {"a": [1, 2], "b": [1, 0]}, ("2",)),
            ("one system", {"a": [1, 0]}, ("1 system", "2")),
        )
    ),
    *(
        Case(row, "relative_risk", partial(scores.relative_risk, x, y), says)
        for row, x, y, says in (
            ("negative counts", (-1, 5), (1, 5), ("-1",)),
            ("more successes than trials", (6, 5), (1, 5), ("6", "5")),
            ("no trials", (0, 0), (1, 5), ("0",)),
        )
    ),
    *(
        Case(row, "pareto_front", partial(scores.pareto_front, x), says)
        for row, x, says in (
            ("NaN", [[1.0, np.nan], [2.0, 1.0]], ("nan",)),
            ("empty", [], ()),
            ("text", [["a", "b"]], ()),
        )
    ),
    Case(
        "a reference that no point dominates",
        "hypervolume",
        lambda: scores.hypervolume(POINTS, reference=[9.0, 9.0]),
        right=lambda x: x == 0.0,
    ),
    Case(
        "lengths that differ",
        "hypervolume",
        lambda: scores.hypervolume(POINTS, reference=[0.0]),
        ("reference",),
    ),
    Case(
        "NaN",
        "hypervolume",
        lambda: scores.hypervolume([[1.0, np.nan]], reference=[0.0, 0.0]),
        ("nan",),
    ),
    Case("a percentage above 100", "attainable", lambda: scores.attainable(120.0, 10, 1), ("120",)),
    Case("no trials", "attainable", lambda: scores.attainable(50.0, 0, 1), ("0",)),
    Case(
        "lengths that differ",
        "transition_rates",
        lambda: scores.transition_rates(["correct"], ["idk", "wrong"]),
        ("1", "2"),
    ),
    Case(
        "unknown outcome code",
        "transition_rates",
        lambda: scores.transition_rates(["correct"], ["perhaps"]),
        ("'perhaps'",),
    ),
    Case(
        "unknown judgement",
        "rubric_score",
        lambda: scores.rubric_score(["perhaps"], [1]),
        ("`verdicts[0]`", "unjudged="),
    ),
    Case("weight of zero", "rubric_score", lambda: scores.rubric_score([True], [0]), ("0",)),
    Case(
        "lengths that differ",
        "rubric_score",
        lambda: scores.rubric_score([True, False], [1]),
        ("2", "1"),
    ),
    Case(
        "NaN",
        "location_test",
        lambda: scores.location_test([1.0, np.nan], population=0.0),
        ("nan",),
    ),
    Case("one value", "location_test", lambda: scores.location_test([1.0], population=0.0), ("1",)),
    Case(
        "constant input",
        "location_test",
        lambda: scores.location_test([1.0, 1.0, 1.0], population=0.0),
        (),
    ),
    Case(
        "negative deviation",
        "location_test_from_summary",
        lambda: scores.location_test_from_summary(1.0, -1.0, 5, population=0.0),
        ("-1",),
    ),
    Case(
        "a baseline of zero",
        "normalized_to_baseline",
        lambda: scores.normalized_to_baseline([1.0, 2.0], [0.0, 1.0], seed=0),
        ("0", "zero="),
    ),
    Case(
        "a group of none",
        "conditional_parity",
        lambda: scores.conditional_parity([1, 0], ["a", "a"], seed=0),
        (),
    ),
    Case("one level", "trend_test", lambda: scores.trend_test([[1.0], [2.0]]), ()),
    Case("NaN", "trend_test", lambda: scores.trend_test([[1.0, np.nan, 2.0]]), ("nan",)),
    Case(
        "a statistic that is NaN",
        "bootstrap",
        lambda: bootstrap(
            lambda data: float("nan"),
            Comparisons.from_pairs([("a", "b"), ("b", "a")]),
            unit="row",
            n=20,
            seed=0,
        ),
        (),
    ),
    Case(
        "a unit the data do not have",
        "bootstrap",
        lambda: bootstrap(
            lambda data: 0.0,
            Comparisons.from_pairs([("a", "b"), ("b", "a")]),
            unit="rater",
            n=20,
            seed=0,
        ),
        ("rater",),
    ),
    Case(
        "no groups",
        "permutation_test",
        lambda: permutation_test(
            lambda data: 0.0, Comparisons.from_pairs([("a", "b")]), n=9, seed=0
        ),
        ("group",),
    ),
    Case(
        "no replicates",
        "bootstrap",
        lambda: bootstrap(
            lambda data: 0.0,
            Comparisons.from_pairs([("a", "b"), ("b", "a")]),
            unit="row",
            n=0,
            seed=0,
        ),
        ("`n`", "0"),
    ),
]

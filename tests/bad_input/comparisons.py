"""Pairwise votes that are none, and fits that the votes cannot answer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pluralism import Comparisons, utility
from pluralism.data import Ballots
from pluralism.errors import ConvergenceError, LabelError, NotIdentifiedError, PluralismError

from ._case import Case

NAMES = {"first": "left", "second": "right", "outcome": "won"}
GOOD = {"left": ["a", "b", "c", "a"], "right": ["b", "c", "a", "c"], "won": [1, 0, 1, 0]}


def frame(**changed: Any) -> pd.DataFrame:
    return pd.DataFrame({**GOOD, **changed})


def table(**changed: Any) -> Callable[[], Comparisons]:
    extra = {name: name for name in ("weight", "rater", "group") if name in changed}
    return lambda: Comparisons.from_frame(frame(**changed), **NAMES, **extra)


def file(text: str | bytes, suffix: str = ".csv", **keywords: Any) -> Callable[[], Comparisons]:
    def read() -> Comparisons:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"votes{suffix}"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            return Comparisons.from_frame(path, **NAMES, **keywords)

    return read


# -- reading -----------------------------------------------------------------------------------

READING = [
    Case("self-comparison", "from_frame", table(right=["b", "b", "a", "c"]), ("'b'", "itself")),
    Case(
        "self-comparison",
        "from_pairs",
        lambda: Comparisons.from_pairs([("a", "a")]),
        ("'a'", "pairs[0]"),
    ),
    Case(
        "self-comparison",
        "from_matrix",
        lambda: Comparisons.from_matrix([[1, 2], [3, 0]]),
        ("diagonal",),
    ),
    Case(
        "self-comparison",
        "from_codes",
        lambda: Comparisons.from_codes([0, 1], [0, 0], [1, 1], items=2),
        ("0",),
    ),
    Case(
        "negative index",
        "from_codes",
        lambda: Comparisons.from_codes([0], [-1], [1], items=2),
        ("-1", "`second[0]`"),
    ),
    Case(
        "index out of range",
        "from_codes",
        lambda: Comparisons.from_codes([0], [2], [1], items=2),
        ("2", "`second[0]`"),
    ),
    Case(
        "negative counts",
        "from_matrix",
        lambda: Comparisons.from_matrix([[0, -2], [3, 0]]),
        ("-2",),
    ),
    Case(
        "negative counts",
        "from_matrix(ties=)",
        lambda: Comparisons.from_matrix([[0, 2], [3, 0]], ties=[[0, -1], [-1, 0]]),
        ("-1", "`ties[0, 1]`"),
    ),
    Case(
        "negative weights", "from_frame", table(weight=[1, -3, 1, 1]), ("-3", "'weight'", "row 1")
    ),
    Case(
        "negative weights",
        "from_codes",
        lambda: Comparisons.from_codes([0], [1], [1], items=2, weight=[-1]),
        ("-1", "`weight[0]`"),
    ),
    *(
        Case(
            f"{what} in {column}",
            "from_frame",
            table(**{column: values}),
            (word, "row"),
            error=PluralismError,
        )
        for column, values in (
            ("left", ["a", None, "c", "a"]),
            ("right", ["b", None, "a", "c"]),
            ("won", [1, None, 1, 0]),
            ("weight", [1.0, None, 1.0, 1.0]),
            ("rater", ["x", None, "y", "y"]),
            ("group", ["x", None, "y", "y"]),
        )
        for what, word in (("None", column),)
    ),
    Case("NaN label", "from_frame", table(left=["a", float("nan"), "c", "a"]), ("left", "row")),
    Case("NaN outcome", "from_frame", table(won=[1.0, np.nan, 1.0, 0.0]), ("won", "row")),
    Case("infinite outcome", "from_frame", table(won=[1.0, np.inf, 1.0, 0.0]), ("inf",)),
    Case("infinite weight", "from_frame", table(weight=[1.0, np.inf, 1.0, 1.0]), ("weight", "inf")),
    Case("NaN weight", "from_frame", table(weight=[1.0, np.nan, 1.0, 1.0]), ("weight",)),
    Case(
        "NaN count", "from_matrix", lambda: Comparisons.from_matrix([[0, np.nan], [3, 0]]), ("nan",)
    ),
    Case(
        "infinite count",
        "from_matrix",
        lambda: Comparisons.from_matrix([[0, np.inf], [3, 0]]),
        ("inf",),
    ),
    Case(
        "missing, dropped and counted",
        "from_frame(missing='drop')",
        lambda: Comparisons.from_frame(frame(left=["a", None, "c", "a"]), **NAMES, missing="drop"),
        right=lambda found: sum(found.dropped.values()) == 1 and found.n_votes == 3,
    ),
    Case(
        "unknown outcome code",
        "from_frame",
        table(won=["first", "second", "first", "lef"]),
        ("'lef'", "outcomes"),
    ),
    Case(
        "unknown outcome code",
        "from_frame(outcomes=)",
        lambda: Comparisons.from_frame(
            frame(won=["x", "y", "x", "z"]), **NAMES, outcomes={"x": "first", "y": "second"}
        ),
        ("'z'",),
    ),
    Case("outcome above one", "from_frame", table(won=[1, 0, 2, 0]), ("2",)),
    Case(
        "winner who was not shown",
        "from_frame(winner=)",
        lambda: Comparisons.from_frame(
            pd.DataFrame({"left": ["a", "b"], "right": ["b", "c"], "who": ["a", "z"]}),
            first="left",
            second="right",
            winner="who",
        ),
        ("'z'",),
    ),
    Case(
        "mixed 1 and '1'",
        "from_frame",
        table(left=[1, "1", "c", "a"]),
        ("1", "'1'"),
        error=LabelError,
    ),
    Case(
        "mixed 1 and '1'",
        "from_pairs",
        lambda: Comparisons.from_pairs([(1, "b"), ("1", "b")]),
        ("1", "'1'"),
        error=LabelError,
    ),
    Case(
        "NFC and NFD forms of one label",
        "from_frame",
        table(left=["\u00e9", "e\u0301", "c", "a"]),
        ("\u00e9",),
        error=LabelError,
    ),
    Case(
        "NFC and NFD forms of one label",
        "from_pairs",
        lambda: Comparisons.from_pairs([("\u00e9", "b"), ("e\u0301", "b")]),
        ("\u00e9",),
        error=LabelError,
    ),
    Case("0 rows", "from_frame", lambda: Comparisons.from_frame(frame().head(0), **NAMES), ("no",)),
    Case("0 rows", "from_frame(csv)", file("left,right,won\n"), ("no",)),
    Case("0 rows", "from_pairs", lambda: Comparisons.from_pairs([]), ("`pairs`",)),
    Case("0 items", "from_matrix", lambda: Comparisons.from_matrix(np.zeros((0, 0))), ("0",)),
    Case("1 item", "from_matrix", lambda: Comparisons.from_matrix([[0]]), ("1",)),
    Case("no wins at all", "from_matrix", lambda: Comparisons.from_matrix(np.zeros((3, 3))), ()),
    Case(
        "label not among the items",
        "from_pairs",
        lambda: Comparisons.from_pairs([("a", "z")], items=["a", "b"]),
        ("pairs[0]", "'z'", "`items`"),
        error=LabelError,
    ),
    Case(
        "duplicate items",
        "from_matrix",
        lambda: Comparisons.from_matrix([[0, 1], [1, 0]], items=["a", "a"]),
        ("'a'",),
    ),
    Case(
        "a column that is not there",
        "from_frame",
        lambda: Comparisons.from_frame(frame(), first="left", second="right", outcome="win"),
        ("'win'", "won"),
    ),
    Case(
        "not square",
        "from_matrix",
        lambda: Comparisons.from_matrix([[0, 1, 2], [1, 0, 2]]),
        ("(2, 3)",),
    ),
    Case(
        "ties that are not symmetric",
        "from_matrix(ties=)",
        lambda: Comparisons.from_matrix([[0, 2], [3, 0]], ties=[[0, 1], [2, 0]]),
        ("ties", "symmetric"),
    ),
    Case(
        "a pair of three",
        "from_pairs",
        lambda: Comparisons.from_pairs([("a", "b", "c")]),
        ("pairs[0]", "(winner, loser)"),
    ),
    Case(
        "a string for pairs",
        "from_pairs",
        lambda: Comparisons.from_pairs(["ab", "cd"]),
        ("pairs[0]",),
    ),
    Case(
        "counts of 6e18",
        "from_matrix",
        lambda: Comparisons.from_matrix(np.array([[0, 6 * 10**18], [3, 0]])),
        ("2**53",),
    ),
    Case(
        "counts of 1e15",
        "from_matrix",
        lambda: Comparisons.from_matrix([[0, 10**15], [10**15 + 1, 0]]),
        right=lambda found: found.n_votes == 2 * 10**15 + 1,
    ),
    Case(
        "int8 counts",
        "from_matrix",
        lambda: Comparisons.from_matrix(np.array([[0, 100], [100, 0]], np.int8)),
        right=lambda found: found.n_votes == 200,
    ),
    Case(
        "a truncated file",
        "from_frame(parquet)",
        file(b"PAR1 and no more", ".parquet"),
        ("votes.parquet",),
    ),
    Case(
        "a file that is not there",
        "from_frame",
        lambda: Comparisons.from_frame("/no/such/votes.csv", **NAMES),
        ("votes.csv",),
    ),
    Case("a kind of file that is not read", "from_frame", file("x", ".xlsx"), (".xlsx",)),
    Case(
        "byte-order mark and Windows line ends",
        "from_frame(csv)",
        file("\ufeffleft,right,won\r\na,b,1\r\nb,a,0\r\n"),
        right=lambda found: found.items == ("a", "b") and found.n_votes == 2,
    ),
    Case(
        "rater in two groups",
        "from_frame",
        table(rater=["x", "x", "y", "y"], group=["g", "h", "g", "g"]),
        ("'x'",),
    ),
]

# -- fitting -----------------------------------------------------------------------------------

BEATEN = Comparisons.from_pairs([("a", "b"), ("a", "c"), ("b", "c"), ("c", "b")])
APART = Comparisons.from_pairs([("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")])
NEVER = Comparisons.from_pairs([("a", "b"), ("b", "a")], items=["a", "b", "c"])
HALVES = Comparisons.from_pairs(
    [("a", "b"), ("a", "c"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "c"), ("a", "d"), ("b", "d")]
)
TIED = Comparisons.from_frame(
    pd.DataFrame({"left": ["a", "b", "a"], "right": ["b", "c", "c"], "won": ["tie"] * 3}), **NAMES
)
ONCE = Comparisons.from_frame(frame(rater=["w", "x", "y", "z"]), **NAMES, rater="rater")

FITS: dict[str, Callable[..., Any]] = {
    "fit_bradley_terry": utility.fit_bradley_terry,
    "fit_bradley_terry(davidson)": partial(utility.fit_bradley_terry, ties="davidson"),
    "fit_bradley_terry(rao-kupper)": partial(utility.fit_bradley_terry, ties="rao-kupper"),
    "fit_bradley_terry(sandwich)": partial(utility.fit_bradley_terry, covariance="sandwich"),
    "fit_thurstone": utility.fit_thurstone,
    "fit_thurstone(III, mle)": partial(utility.fit_thurstone, case="III", method="mle"),
    "held_out_accuracy": partial(utility.held_out_accuracy, seed=0),
}
IDENTIFIED = {
    "an item that always wins": (BEATEN, ("'a'", "won", "prior=")),
    "a disconnected graph": (APART, ("'a'", "'c'")),
    "an item never compared": (NEVER, ("'c'",)),
    "a group that always wins": (HALVES, ("'a'", "'b'")),
}
FITTING = [
    *(
        Case(row, name, partial(fit, votes), says, error=NotIdentifiedError)
        for row, (votes, says) in IDENTIFIED.items()
        for name, fit in FITS.items()
        if name != "held_out_accuracy"
    ),
    *(
        Case(
            f"{row}, with a prior",
            "fit_bradley_terry(prior=1)",
            partial(utility.fit_bradley_terry, votes, prior=1.0),
            right=lambda fit: bool(np.isfinite(fit.utility).all() and (fit.stderr > 0).all()),
        )
        for row, (votes, _) in IDENTIFIED.items()
    ),
    Case(
        "all ties",
        "fit_bradley_terry(half)",
        partial(utility.fit_bradley_terry, TIED),
        right=lambda fit: bool((abs(fit.utility) < 1e-9).all() and (fit.stderr > 0).all()),
    ),
    Case(
        "all ties",
        "fit_bradley_terry(davidson)",
        partial(utility.fit_bradley_terry, TIED, ties="davidson"),
        ("tie",),
        error=NotIdentifiedError,
    ),
    Case(
        "all ties",
        "fit_bradley_terry(rao-kupper)",
        partial(utility.fit_bradley_terry, TIED, ties="rao-kupper"),
        ("tie",),
        error=NotIdentifiedError,
    ),
    Case(
        "all ties",
        "fit_bradley_terry(drop)",
        partial(utility.fit_bradley_terry, TIED, ties="drop"),
        ("ties",),
    ),
    Case(
        "an option misspelt",
        "fit_bradley_terry",
        lambda: utility.fit_bradley_terry(BEATEN, ties="davidsen"),
        ("'davidsen'", "did you mean 'davidson'"),
    ),
    Case(
        "an order effect without an order",
        "fit_bradley_terry",
        lambda: utility.fit_bradley_terry(APART, order_effect=True),
        ("order",),
    ),
    Case(
        "a reference that is no item",
        "fit_bradley_terry",
        lambda: utility.fit_bradley_terry(TIED, reference="z"),
        ("'z'",),
        error=LabelError,
    ),
    Case(
        "a negative prior",
        "fit_bradley_terry",
        lambda: utility.fit_bradley_terry(TIED, prior=-1.0),
        ("`prior`", "-1"),
    ),
    Case(
        "a prior that is NaN",
        "fit_bradley_terry",
        lambda: utility.fit_bradley_terry(TIED, prior=float("nan")),
        ("`prior`", "nan"),
    ),
    Case(
        "a frame for votes",
        "fit_bradley_terry",
        lambda: utility.fit_bradley_terry(frame()),
        ("Comparisons",),
    ),
    Case(
        "clusters without raters",
        "fit_bradley_terry",
        lambda: utility.fit_bradley_terry(TIED, covariance="cluster"),
        ("rater",),
    ),
    Case(
        "one comparison per rater",
        "fit_preference_mixture",
        lambda: utility.fit_preference_mixture(ONCE),
        ("2510.15716",),
        error=NotIdentifiedError,
    ),
    Case(
        "no raters",
        "fit_preference_mixture",
        lambda: utility.fit_preference_mixture(TIED),
        ("rater",),
    ),
    Case("no groups", "fit_groups", lambda: utility.fit_groups(TIED), ("group",)),
    Case(
        "stopped before it converged",
        "fit_bradley_terry(max_iterations=1)",
        lambda: utility.fit_bradley_terry(
            Comparisons.from_matrix([[0, 9, 1], [2, 0, 8], [7, 1, 0]]), max_iterations=1
        ),
        ("1",),
        error=ConvergenceError,
    ),
    Case("votes without their order", "fit_elo", lambda: utility.fit_elo(TIED), ("shuffles",)),
    Case(
        "an item with no win in any ranking",
        "fit_plackett_luce",
        lambda: utility.fit_plackett_luce(
            Ballots.from_rankings([["a", "b", "c"], ["b", "a", "c"]])
        ),
        ("'c'",),
        error=NotIdentifiedError,
    ),
]
CASES = READING + FITTING

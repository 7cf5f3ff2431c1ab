"""Ballots that are none, elections without an answer, files that are damaged."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from pluralism import choice
from pluralism.data import Ballots
from pluralism.errors import LabelError

from ._case import Case

TOC = "# ALTERNATIVE NAME 1: a\n# ALTERNATIVE NAME 2: b\n# ALTERNATIVE NAME 3: c\n"


def preflib(text: str | bytes, suffix: str = ".toc") -> Callable[[], Ballots]:
    def read() -> Ballots:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"votes{suffix}"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            return Ballots.from_preflib(path)

    return read


rankings, ranks = Ballots.from_rankings, Ballots.from_ranks
READING = [
    Case(
        "duplicate alternative in a ballot",
        "from_rankings",
        lambda: rankings([["a", "b"], ["a", "a"]]),
        ("rankings[1]", "'a'"),
    ),
    Case(
        "duplicate alternative in a tie",
        "from_rankings",
        lambda: rankings([["a", ("b", "a")]]),
        ("rankings[0]", "'a'"),
    ),
    Case(
        "unknown alternative",
        "from_rankings",
        lambda: rankings([["a", "z"]], alternatives=["a", "b"]),
        ("rankings[0]", "'z'"),
        error=LabelError,
    ),
    Case("empty ballot", "from_rankings", lambda: rankings([["a", "b"], []]), ("rankings[1]",)),
    Case("no ballots", "from_rankings", lambda: rankings([]), ("`rankings`",)),
    Case("None in a ballot", "from_rankings", lambda: rankings([["a", None]]), ("rankings[0]",)),
    Case(
        "NaN in a ballot",
        "from_rankings",
        lambda: rankings([["a", float("nan")]]),
        ("rankings[0]",),
    ),
    Case(
        "mixed 1 and '1'",
        "from_rankings",
        lambda: rankings([[1, "b"], ["1", "b"]]),
        ("'1'",),
        error=LabelError,
    ),
    Case(
        "NFC and NFD forms of one label",
        "from_rankings",
        lambda: rankings([["\u00e9", "b"], ["e\u0301", "b"]]),
        ("\u00e9",),
        error=LabelError,
    ),
    Case(
        "a string for a ballot",
        "from_rankings",
        lambda: rankings(["Bob", "Joe"]),
        ("rankings[1]", "'Joe'"),
    ),
    Case(
        "negative counts",
        "from_rankings(counts=)",
        lambda: rankings([["a", "b"]], counts=[-1]),
        ("counts[0]", "-1"),
    ),
    Case(
        "NaN count",
        "from_rankings(counts=)",
        lambda: rankings([["a", "b"]], counts=[np.nan]),
        ("counts[0]", "nan"),
    ),
    Case(
        "lengths that differ",
        "from_rankings(counts=)",
        lambda: rankings([["a", "b"]], counts=[1, 2]),
        ("`counts`", "2"),
    ),
    Case(
        "counts of 6e18",
        "from_rankings(counts=)",
        lambda: rankings([["a", "b"]], counts=[6 * 10**18]).pairwise(),
        ("counts",),
    ),
    Case(
        "counts of 1e15",
        "from_rankings(counts=)",
        lambda: rankings([["a", "b"], ["b", "a"]], counts=[10**15, 10**15 + 1]).pairwise(),
        right=lambda x: x.values.tolist() == [[0, 10**15], [10**15 + 1, 0]],
    ),
    Case(
        "int8 counts",
        "from_rankings(counts=)",
        lambda: rankings([["a", "b"], ["a", "b"]], counts=np.array([100, 100], np.int8)).pairwise(),
        right=lambda x: x.values[0, 1] == 200,
    ),
    Case("infinite rank", "from_ranks", lambda: ranks([[1, np.inf]]), ("inf",)),
    Case("text", "from_ranks", lambda: ranks([["a", "b"]]), ("ranks",)),
    Case("nobody ranks anything", "from_ranks", lambda: ranks([[np.nan, np.nan]]), ()),
    Case(
        "infinite utility",
        "from_utilities",
        lambda: Ballots.from_utilities([[1, np.inf]]),
        ("inf",),
    ),
    Case(
        "approval of 2",
        "from_approvals",
        lambda: Ballots.from_approvals(np.array([[1, 2]])),
        ("2",),
    ),
    Case(
        "unknown alternative",
        "from_approvals",
        lambda: Ballots.from_approvals([{"z"}], alternatives=["a"]),
        ("'z'",),
        error=LabelError,
    ),
    Case("truncated line", "from_preflib", preflib(TOC + "3: 1,2,3\n2: 1,{2,\n"), ("line 5",)),
    Case(
        "alternative that is not announced",
        "from_preflib",
        preflib(TOC + "3: 1,2,4\n"),
        ("line 4", "4"),
    ),
    Case(
        "duplicate alternative in a ballot",
        "from_preflib",
        preflib(TOC + "3: 1,2,2\n"),
        ("line 4", "2"),
    ),
    Case("negative counts", "from_preflib", preflib(TOC + "-3: 1,2,3\n"), ("line 4", "-3")),
    Case(
        "wrong total",
        "from_preflib",
        preflib("# NUMBER VOTERS: 9\n" + TOC + "3: 1,2,3\n"),
        right=lambda x: x.counts.sum() == 3 and any("9" in note for note in x.notes),
    ),
    Case(
        "byte-order mark and Windows line ends",
        "from_preflib",
        preflib(("\ufeff" + TOC + "3: 1,2,3\n").replace("\n", "\r\n")),
        right=lambda x: x.alternatives == ("a", "b", "c") and x.counts.sum() == 3,
    ),
    Case(
        "unicode names",
        "from_preflib",
        preflib(TOC.replace(": a", ": \u00c5\u6f22") + "3: 1,2,3\n"),
        right=lambda x: x.alternatives[0] == "\u00c5\u6f22",
    ),
    Case("not a PrefLib file", "from_preflib", preflib("left,right\na,b\n"), ("line 1",)),
    Case("bytes that are no text", "from_preflib", preflib(b"\xff\xfe\x00\x81" * 9), ()),
    Case("an empty file", "from_preflib", preflib(""), ()),
]
CYCLE = rankings([["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]])
RULES = (
    choice.plurality, choice.veto, choice.borda, choice.copeland, choice.minimax, choice.schulze,
    choice.ranked_pairs, choice.split_cycle, choice.kemeny, choice.irv, choice.maximal_lottery,
    choice.random_dictator, choice.smith_set, choice.schwartz_set, choice.uncovered_set,
    choice.condorcet_winner,
)  # fmt: skip
OF_PAIRS = (
    choice.borda, choice.copeland, choice.minimax, choice.schulze, choice.ranked_pairs,
    choice.split_cycle, choice.kemeny, choice.maximal_lottery, choice.smith_set,
    choice.schwartz_set, choice.uncovered_set, choice.condorcet_winner,
)  # fmt: skip


def matrix(values: Any) -> xr.DataArray:
    names = list("abc")[: len(values)]
    return xr.DataArray(
        np.asarray(values, float), dims=("alternative", "alternative_bis"),
        coords={"alternative": names, "alternative_bis": names},
    )  # fmt: skip


def loser_of(found: choice.Outcome) -> bool:
    return set(found.winners) == {"a", "b", "c"} or found.probabilities is not None


VOTING = [
    *(
        Case(
            "a list for ballots",
            f.__name__,
            partial(f, [["a", "b"]]),
            ("pairwise matrix" if f in OF_PAIRS else "ballots",),
        )
        for f in RULES
    ),
    *(
        Case("negative counts", f.__name__, partial(f, matrix([[0, -2], [3, 0]])), ("-2",))
        for f in OF_PAIRS
    ),
    *(
        Case("NaN count", f.__name__, partial(f, matrix([[0, np.nan], [3, 0]])), ("nan",))
        for f in OF_PAIRS
    ),
    *(
        Case("a perfect tie of three", f.__name__, partial(f, CYCLE), right=loser_of)
        for f in (
            choice.plurality,
            choice.veto,
            choice.borda,
            choice.copeland,
            choice.minimax,
            choice.schulze,
            choice.ranked_pairs,
            choice.split_cycle,
            choice.kemeny,
        )
    ),
    Case(
        "a perfect tie of three",
        "maximal_lottery",
        partial(choice.maximal_lottery, CYCLE),
        right=lambda x: np.allclose(x.probabilities, 1 / 3),
    ),
    Case(
        "a perfect tie of three",
        "condorcet_winner",
        partial(choice.condorcet_winner, CYCLE),
        right=lambda x: x.winners == (),
    ),
    Case("more seats than candidates", "stv", lambda: choice.stv(CYCLE, seats=4), ("seats", "4")),
    Case("no seats", "stv", lambda: choice.stv(CYCLE, seats=0), ("seats", "0")),
    Case(
        "a committee larger than the field",
        "approval_committee",
        lambda: choice.approval_committee(Ballots.from_approvals([{"a"}, {"b"}]), size=3),
        ("size", "3"),
    ),
    Case(
        "points that do not fit",
        "positional",
        lambda: choice.positional(CYCLE, points=[1, 0]),
        ("points", "2", "3"),
    ),
    Case("rankings for approvals", "approval", lambda: choice.approval(CYCLE), ("approv",)),
    Case(
        "negative utilities under Nash welfare",
        "welfare",
        lambda: choice.welfare([[1.0, -2.0]], function="nash"),
        ("-2",),
    ),
    Case("NaN utility", "welfare", lambda: choice.welfare([[1.0, np.nan]]), ("nan",)),
    Case(
        "a rule misspelt",
        "approval_committee",
        lambda: choice.approval_committee(
            Ballots.from_approvals([{"a"}, {"b"}]), size=1, rule="seqpva"
        ),
        ("'seqpva'", "'seqpav'"),
    ),
    Case(
        "a member who is no candidate",
        "justified_representation",
        lambda: choice.justified_representation(Ballots.from_approvals([{"a"}, {"b"}]), ["z"]),
        ("'z'",),
        error=LabelError,
    ),
]
CASES = READING + VOTING

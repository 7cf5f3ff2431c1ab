"""Bad input to what decides from preferences for a model: audits, rewards, slates, ensembles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pluralism import Ballots, Comparisons, choice
from pluralism.errors import LabelError, NotIdentifiedError

from ._case import Case

CYCLE = Ballots.from_rankings(["abc", "bca", "cab"])
LINE = [[0.0], [1.0], [2.0]]
PIECES = Comparisons.from_pairs([("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")])
UTILITIES: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("borda_audit", choice.borda_audit),
    ("distortion", partial(choice.distortion, rule="borda")),
    ("balanced_slate", partial(choice.balanced_slate, size=1)),
    ("balanced_justified_representation",
     lambda x: choice.balanced_justified_representation(x, [0])),
    ("pairwise_calibration", lambda x: choice.pairwise_calibration(x, [[0, 1], [2, 0]])),
    ("virtual_democracy", lambda x: choice.virtual_democracy(x, [[1, 0], [0, 1]])),
)  # fmt: skip
CASES = [
    *(Case("NaN utility", n, partial(f, [[1.0, np.nan]]), ("nan", "[0, 1]")) for n, f in UTILITIES),
    *(Case("infinite utility", n, partial(f, [[1.0, np.inf]]), ("inf",)) for n, f in UTILITIES),
    *(Case("no voters", n, partial(f, np.empty((0, 2))), ("empty",)) for n, f in UTILITIES),
    *(Case("text for utilities", n, partial(f, [["x", "y"]]), ("numbers",)) for n, f in UTILITIES),
    *(
        Case("rankings for utilities", n, partial(f, CYCLE), ("utilities", "rankings"))
        for n, f in UTILITIES
        if n != "borda_audit"
    ),
    Case("pairwise counts for utilities", "borda_audit",
         lambda: choice.borda_audit(PIECES.pairwise()), ("same labels", "from_matrix")),
    Case("a pair that never met", "borda_audit", partial(choice.borda_audit, PIECES),
         ("'a'", "'c'", "unmet")),
    Case("disconnected graph", "borda_audit",
         lambda: choice.borda_audit(PIECES, unmet="observed"), ("'a', 'b'", "pooled_prior"),
         error=NotIdentifiedError),
    Case("an item that always wins", "borda_audit",
         lambda: choice.borda_audit(Ballots.from_rankings(["abc"])), ("'a' won", "pooled_prior"),
         error=NotIdentifiedError),
    Case("a column that is not there", "borda_audit", lambda: choice.borda_audit(PIECES, by="age"),
         ("'age'",), error=LabelError),
    Case("negative utility", "distortion",
         lambda: choice.distortion([[1, -2]], rule="borda"), ("-2", "at least 0")),
    Case("utility beyond the unit of beta", "distortion",
         lambda: choice.distortion([[1, 7]], rule="borda", beta=1), ("7", "rescale")),
    Case("all utilities zero", "distortion", lambda: choice.distortion([[0, 0]], rule="borda"),
         right=lambda x: x == 1.0),
    Case("a bound without beta", "distortion", lambda: choice.distortion(rule="borda"), ("beta",)),
    Case("the same features twice", "linear_social_choice",
         lambda: choice.linear_social_choice([[0], [0], [1]], CYCLE), ("'a', 'b'", "merge")),
    Case("separation", "linear_social_choice",
         lambda: choice.linear_social_choice(LINE, Ballots.from_rankings(["abc"]), rule="mle"),
         ("'a'", "'c'", "lcpo"), error=NotIdentifiedError),
    Case("unanimity that no reward keeps", "linear_social_choice",
         lambda: choice.linear_social_choice([[0], [2], [1]], Ballots.from_rankings(["abc"])),
         ("a > b", "b > c")),
    Case("a ranking no reward induces", "feasible_ranking",
         lambda: choice.feasible_ranking(LINE, [0, 2, 1]),
         right=lambda x: not x and x.conflict == ((0, 2), (2, 1))),
    Case("an empty slate", "balanced_justified_representation",
         lambda: choice.balanced_justified_representation([[1, 2]], []), ("slate", "empty")),
    Case("a slate above the budget", "balanced_justified_representation",
         lambda: choice.balanced_justified_representation([[1, 2]], [1], costs=[1, 9], budget=5),
         ("9", "budget", "5")),
    Case("a statement that costs nothing", "balanced_slate",
         lambda: choice.balanced_slate([[1, 2]], costs=[0, 1], budget=5), ("costs[0]", "above 0")),
    Case("everything above the budget", "balanced_slate",
         lambda: choice.balanced_slate([[1, 2]], costs=[8, 9], budget=5), ("budget", "5")),
    Case("pairs nobody compared", "proportional_alignment",
         partial(choice.proportional_alignment, PIECES), ("'a'", "'c'", "never compared")),
    Case("nobody's favourite left", "proportional_alignment",
         lambda: choice.proportional_alignment([[0, 1, 0], [0, 0, 1], [1, 0, 0]]), ("favourite",)),
    Case("a list for ballots", "proportional_veto_core",
         lambda: choice.proportional_veto_core([["a", "b"]]), ("Ballots",)),
    Case("voters who agree on nothing", "proportional_veto_core",
         partial(choice.proportional_veto_core, CYCLE), right=lambda x: len(x.winners) == 3),
    Case("too many reports", "misreports",
         lambda: choice.misreports(Ballots.from_rankings(["abcdefghi"])), ("362,880", "limit")),
]  # fmt: skip

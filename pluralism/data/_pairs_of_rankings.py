"""Rankings -> `Comparisons`, every voter a rater of every pair of the ranking."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, LabelError
from . import _labels
from ._cells import Cells, item_labels, unordered
from ._comparisons import Comparisons
from ._outcomes import FIRST, SECOND, TIE

__all__ = ["pairs_of_rankings"]

#: More votes than this are not written out voter by voter.
MOST_VOTES = 1 << 30


def pairs_of_rankings(
    rankings: Iterable[Sequence[Any]],
    *,
    counts: npt.ArrayLike | None,
    items: Sequence[Hashable] | None,
) -> Comparisons:
    """Break rankings into pairs; arguments as in `Comparisons.from_rankings`."""
    listed = _labels.listed(
        "rankings", rankings, counts="as `counts`", table="`Ballots.from_frame`"
    )
    if counts is None:
        repeats = np.ones(len(listed), dtype=np.int64)
    else:
        values = _validate.finite_array("counts", counts, ndim=1)
        _validate.within("counts", values, 0, what="a count")
        repeats = values.astype(np.int64)
        if not np.array_equal(repeats, values):
            place = int(np.argmax(repeats != values))
            raise DataError(f"`counts[{place}]` is {values[place]:g}; it must be a whole number")
        if len(repeats) != len(listed):
            raise DataError(f"`counts` has {len(repeats)} entries for {len(listed)} rankings")
    tiers = []
    for place, ranking in enumerate(listed):
        if not _labels.is_ordered(ranking):
            raise DataError(f"`rankings[{place}]` is {ranking!r}; it must be a sequence of labels")
        tiers.append([tier if isinstance(tier, tuple) else (tier,) for tier in ranking])
        named = [label for tier in tiers[-1] for label in tier]
        for label in named:
            if isinstance(label, (set, frozenset)):
                raise DataError(
                    f"`rankings[{place}]` holds {label!r}; a tied group is a nested tuple"
                )
        for label in named:
            if named.count(label) > 1:
                raise DataError(f"`rankings[{place}]` names {label!r} twice")
    seen = _labels.check_labels(
        "rankings", (x for ranking in tiers for tier in ranking for x in tier), unique=False
    )
    labels = _labels.in_order(dict.fromkeys(seen)) if items is None else item_labels(items)
    code = _labels.code_of(labels, "items")
    rows: list[tuple[int, int, int, int]] = []
    for place, ranking in enumerate(tiers):
        for label in (x for tier in ranking for x in tier):
            if label not in code:
                raise LabelError.unknown(
                    f"`rankings[{place}]`", label, known=labels, argument="`items`"
                )
        for better, worse in combinations(ranking, 2):
            rows += [(code[a], code[b], place, FIRST) for a in better for b in worse]
        for tier in ranking:
            rows += [(code[a], code[b], place, TIE) for a, b in combinations(tier, 2)]
    if not rows:
        raise DataError("`rankings` imply no pair; at least one must rank two items")
    left, right, ranking, vote = np.array(rows).T
    if repeats[ranking].sum(dtype=np.float64) > MOST_VOTES:
        raise DataError(
            f"`counts` make {repeats[ranking].sum(dtype=np.float64):.4g} votes, more than the "
            f"{MOST_VOTES:.4g} that can be kept by voter; `Ballots.from_rankings` keeps counts"
        )
    # Every voter is a rater: a ranking given ten times is ten raters who agree.
    often = repeats[ranking]
    start = np.concatenate([[0], np.cumsum(repeats)])[ranking]
    left, right, vote = (np.repeat(column, often) for column in (left, right, vote))
    within = np.arange(len(left)) - np.repeat(np.cumsum(often) - often, often)
    voter = np.repeat(start, often) + within
    votes = [(vote == meaning).astype(np.float64) for meaning in (FIRST, SECOND, TIE)]
    n_voters = int(repeats.sum())
    first, second, won, lost, tied, _, rater = unordered(
        Cells(left, right, votes[0], votes[1], votes[2], None),
        len(labels),
        extra=[(voter, n_voters)],
    )
    return Comparisons(
        items=labels,
        first=first,
        second=second,
        first_won=won,
        second_won=lost,
        tied=tied,
        rater=rater,
        raters=_labels.Nameless(range(n_voters)),
        n_votes=len(left),
    )

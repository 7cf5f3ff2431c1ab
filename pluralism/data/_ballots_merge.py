"""Two containers of ballots -> one: their counts add."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from . import _ballot_rows, _labels
from ._ballots import Ballots

__all__ = ["merged"]


def merged(left: Ballots, right: Ballots) -> Ballots:
    """Stack two containers and add equal ballots; arguments and errors as in `Ballots.merge`."""
    if not isinstance(right, Ballots):
        raise DataError(f"`other` is {right!r:.60}; ballots merge with Ballots")
    for name in ("kind", "unranked", "categories"):
        if getattr(left, name) != getattr(right, name):
            raise DataError(
                f"cannot merge ballots with {name} {getattr(left, name)!r} and "
                f"{getattr(right, name)!r}"
            )
    both = (left, right)
    labels = _labels.union(left.alternatives, right.alternatives, name="alternatives")
    approvals = utilities = menus = None
    if left.approvals is not None and right.approvals is not None:
        approvals = _ballot_rows.widen(
            [(b.approvals, b.alternatives) for b in both], labels, fill=False
        )
    if left.utilities is not None and right.utilities is not None:
        utilities = _ballot_rows.widen(
            [(b.utilities, b.alternatives) for b in both], labels, fill=np.nan
        )
    if left.menus is not None or right.menus is not None:
        menus = np.concatenate([_menus(b, labels) for b in both])
    if approvals is not None and left.categories is None:
        ranks = _ballot_rows.dense_ranks("approvals", 1 - approvals.astype(np.float64))
    else:
        ranks = _ballot_rows.stack([(b.ranks, b.alternatives) for b in both], labels)
    counts = np.concatenate([left.counts, right.counts])
    stacked = replace(
        Ballots._checked(labels, ranks, counts, left.unranked),
        approvals=approvals,
        utilities=utilities,
        categories=left.categories,
        menus=menus,
    )
    return replace(stacked.distinct(), notes=(*left.notes, *right.notes))


def _menus(ballots: Ballots, labels: tuple[object, ...]) -> npt.NDArray[np.bool_]:
    if ballots.menus is None:  # everything, also what only the other side knows
        return np.ones((len(ballots.counts), len(labels)), dtype=bool)
    return _ballot_rows.widen([(ballots.menus, ballots.alternatives)], labels, fill=False)

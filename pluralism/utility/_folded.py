"""Checked votes by unordered pair, for the paired models that `fit_paired` does not fit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..data import Comparisons
from ..errors import DataError
from ..kernels import _pairs
from ..kernels._outcomes import Counts
from . import _robust
from ._covariance import Anchor
from ._paired import PairedModel, _components, _counts, _reference_code

__all__ = ["FoldedVotes", "folded_votes"]


class FoldedVotes(NamedTuple):
    """Votes with every shared argument checked."""

    comparisons: Comparisons
    model: PairedModel
    counts: Counts  # by cell, ties as they are
    pairs: _pairs.Pairs  # ties halved
    anchor: Anchor
    covariance_type: str
    dropped: dict[str, int]


def folded_votes(comparisons: Comparisons, model: PairedModel, *, penalised: bool) -> FoldedVotes:
    """Check the arguments, fold the votes, and refuse what no estimate exists for.

    A `penalised` estimate exists for every comparison graph.
    """
    if not isinstance(comparisons, Comparisons):
        raise DataError(
            f"`comparisons` is a {type(comparisons).__name__}; build a Comparisons first, for "
            "example with `Comparisons.from_frame` or `Comparisons.from_pairs`"
        )
    model = model.validated()
    kind = _robust.covariance_type(comparisons, model.covariance)
    items, n = comparisons.items, comparisons.n_items
    if n < 2:
        raise DataError(f"`comparisons` has {n} item(s); a fit needs at least two")
    if not comparisons.n_cells:
        raise DataError("`comparisons` holds no votes; a fit needs at least one")
    reference = _reference_code(model.reference, items)
    counts, dropped = _counts(comparisons, model)
    won, lost = counts.first + 0.5 * counts.tied, counts.second + 0.5 * counts.tied
    pairs = _pairs.fold_pairs(comparisons.first, comparisons.second, won, lost, n)
    component = np.zeros(n, dtype=np.int32)
    if not penalised:
        component = _components(items, pairs, model, True)
    anchor = Anchor.at_mean(component) if reference is None else Anchor.at_item(reference, n)
    return FoldedVotes(comparisons, model, counts, pairs, anchor, kind, dropped)

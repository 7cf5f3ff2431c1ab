"""Checked votes by unordered pair, for the paired models that `fit_paired` does not fit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..data import Comparisons
from ..kernels import _pairs
from ..kernels._outcomes import Counts
from ._covariance import Anchor
from ._paired import _components, _counts, _dropped
from ._paired_model import PairedModel, checked

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
    model, kind, reference = checked(comparisons, model)
    items, n = comparisons.items, comparisons.n_items
    counts = _counts(comparisons, model)
    pairs = _pairs.fold_pairs(comparisons.first, comparisons.second, *counts.halved(), n)
    component = np.zeros(n, dtype=np.int32)
    if not penalised:
        component = _components(items, pairs, model, True)
    anchor = Anchor.at_mean(component) if reference is None else Anchor.at_item(reference, n)
    return FoldedVotes(
        comparisons, model, counts, pairs, anchor, kind, _dropped(comparisons, model)
    )

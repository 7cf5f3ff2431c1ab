"""Everything that a report on ratings says, as numbers."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _quiet
from ..errors import PluralismError, SmallSampleWarning
from ..jury._between_groups import between_groups

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from ..data import Annotations

__all__ = ["RaterPair", "Ratings", "gather_ratings"]

FloatArray = npt.NDArray[np.float64]

#: Raters whose pairs are compared, the busiest; and items that two must share for it.
MOST_RATERS, SHARED = 500, 10
LISTED_PAIRS = 50


@dataclass(frozen=True)
class RaterPair:
    """Two raters: items they share, how often they agree, and Cohen's kappa."""

    one: Hashable
    other: Hashable
    shared: float
    agreement: float
    kappa: float


@dataclass(frozen=True)
class Ratings:
    """Labels, and what they say about themselves.

    Attributes
    ----------
    data : Annotations
        The labels.
    level : float
        Coverage of intervals.
    counts : numpy.ndarray, (items, categories)
        Weight of the labels.
    agreement : pandas.DataFrame or None
        `jury.agreement_table`; None where it cannot be computed, and `problem` says why.
    entropy, effective : numpy.ndarray, (items,)
        Entropy of an item's answers in nats, and its exponential.
    rater_agreement : numpy.ndarray, (raters,), or None
        Share of the other labels on the same items that are as the rater's own.
    pairs : list of RaterPair
        Pairs that share enough items, those who agree least first.
    n_pairs : int
        How many such pairs there are.
    groups : mapping of str to DataArray
        Agreement within and between groups, for every column of groups that allows it.
    """

    data: Annotations
    level: float
    counts: FloatArray
    agreement: pd.DataFrame | None
    problem: str
    entropy: FloatArray
    effective: FloatArray
    rater_agreement: FloatArray | None
    rater_labels: FloatArray | None
    pairs: list[RaterPair]
    n_pairs: int
    groups: dict[str, xr.DataArray]
    group_problems: dict[str, str]

    @property
    def several(self) -> npt.NDArray[np.bool_]:
        """Whether an item has two labels or more, (items,)."""
        return np.asarray(self.counts.sum(axis=1) > 1)


def gather_ratings(data: Annotations, level: float) -> Ratings:
    """Compute what a report on ratings says."""
    from ..jury import agreement_table
    from ..perspective import entropy

    counts = data.count_table()
    agreement, problem = None, ""
    try:
        with _quiet.held_back(SmallSampleWarning):
            agreement = agreement_table(data, level=level)
    except PluralismError as error:
        problem = str(error)
    present = counts.sum(axis=1) > 0
    spread = np.full(len(counts), np.nan)
    with _quiet.held_back(SmallSampleWarning):  # the page itself says that few labels do this
        spread[present] = np.atleast_1d(entropy(counts[present]))
    rater_agreement = labels = None
    pairs: list[RaterPair] = []
    n_pairs = 0
    if data.rater is not None:
        rater_agreement, labels = _each_rater(data, counts)
        pairs, n_pairs = _rater_pairs(data, labels)
    groups, problems = {}, {}
    for name in data.groups:
        try:
            table = between_groups(data, name)
        except PluralismError as error:
            problems[name] = str(error)
        else:
            if np.isfinite(table.values).any():
                groups[name] = table
            else:
                problems[name] = "no group has enough shared labels"
    return Ratings(
        data, level, counts, agreement, problem, spread, np.exp(spread), rater_agreement, labels,
        pairs, n_pairs, groups, problems,
    )  # fmt: skip


def _each_rater(data: Annotations, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Agreement of each rater with the others' labels on the same items, and labels given."""
    assert data.rater is not None
    assert data.raters is not None
    n = len(data.raters)
    key = data.rater.astype(np.int64) * data.n_items + data.item
    _, cell = np.unique(key, return_inverse=True)
    own = np.bincount(cell, data.weight)[cell]  # all that the rater said of the item
    others = counts.sum(axis=1)[data.item] - own
    same = counts[data.item, data.label] - data.weight
    use = others > 1e-12
    share = np.divide(same, others, out=np.zeros_like(own), where=use)
    weight = np.bincount(data.rater, data.weight * use, n)
    total = np.bincount(data.rater, data.weight * share, n)
    labels = np.bincount(data.rater, data.weight, n).astype(np.float64)
    return np.divide(total, weight, out=np.full(n, np.nan), where=weight > 0), labels


def _rater_pairs(data: Annotations, labels: FloatArray) -> tuple[list[RaterPair], int]:
    """Pairs of raters who labelled enough of the same items, those who agree least first."""
    from scipy.sparse import csr_array

    assert data.rater is not None
    assert data.raters is not None
    busiest = np.sort(np.argsort(-labels, kind="stable")[:MOST_RATERS])
    row = np.full(len(data.raters), -1)
    row[busiest] = np.arange(len(busiest))
    use = row[data.rater] >= 0
    rater, item, label = row[data.rater[use]], data.item[use], data.label[use]
    ones = np.ones(len(rater))
    shape = (len(busiest), data.n_items * data.n_categories)
    answers = csr_array((ones, (rater, item.astype(np.int64) * data.n_categories + label)), shape)
    seen = csr_array((ones, (rater, item)), (len(busiest), data.n_items))
    # A rater with several labels on an item is in several of its products.
    same, shared = (answers @ answers.T).toarray(), (seen @ seen.T).toarray()
    marginal = np.zeros((len(busiest), data.n_categories))
    np.add.at(marginal, (rater, label), 1.0)
    marginal /= np.maximum(marginal.sum(axis=1, keepdims=True), 1.0)
    chance = marginal @ marginal.T
    one, other = np.nonzero(np.triu(shared >= SHARED, 1))
    observed = same[one, other] / shared[one, other]
    room = 1.0 - chance[one, other]
    kappa = np.divide(
        observed - chance[one, other], room, out=np.full(len(one), np.nan), where=room > 1e-12
    )
    order = np.lexsort((observed, np.where(np.isnan(kappa), np.inf, kappa)))[:LISTED_PAIRS]
    names: Any = data.raters
    found = [
        RaterPair(
            names[busiest[one[at]]], names[busiest[other[at]]], float(shared[one[at], other[at]]),
            float(observed[at]), float(kappa[at]),
        )
        for at in order
    ]  # fmt: skip
    return found, len(one)

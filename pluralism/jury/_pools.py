"""Whom a jury is drawn from: the raters of each item by group, and how they vote."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Annotations
from ..errors import DataError, LabelError
from ..kernels import _verdicts as kernels
from ._groups import _groups_of
from ._inputs import as_annotations

__all__ = ["Pool", "Rule", "pool_of", "rule_of"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pool:
    """Voters by item and group.

    Attributes
    ----------
    items : tuple
        The items.
    seats : list of int
        Seats of each group that has any.
    groups : list
        Those groups.
    member : list of numpy.ndarray
        Raters of each of these groups.
    item, rater, vote : numpy.ndarray, (voters,)
        Who voted on what: codes, and 1 for a positive vote, else 0.
    n_raters : int
        All raters.
    weight : numpy.ndarray, (raters,), or None
        Whole weights of raters in a resample, in which nobody sits beside their own copy; None
        where every rater counts once.
    """

    items: tuple[Hashable, ...]
    seats: list[int]
    groups: list[Hashable]
    member: list[npt.NDArray[np.intp]]
    item: npt.NDArray[np.int32]
    rater: npt.NDArray[np.int32]
    vote: FloatArray
    n_raters: int
    weight: FloatArray | None = None

    def sizes(self) -> tuple[FloatArray, FloatArray]:
        """Voters and positive voters, (groups, items)."""
        key, shape = self._cells()
        voters = np.bincount(key, minlength=shape[0] * shape[1]).astype(np.float64)
        positive: FloatArray = np.bincount(key, self.vote, shape[0] * shape[1]).astype(np.float64)
        return voters.reshape(shape)[:-1], positive.reshape(shape)[:-1]

    def unweighted(self, what: str) -> Pool:
        """Return the pool itself, or say that `what` takes no weights."""
        if self.weight is not None:
            raise DataError(f"{what} takes labels of weight one; leave the weights out")
        return self

    def verdicts(self, rule: Rule, weights: FloatArray | None = None) -> FloatArray:
        """Probability of a positive verdict by item, (items,); NaN where the pool is short."""
        weights = self.weight if weights is None else weights
        if weights is None:
            votes = kernels.quota_votes(*self.sizes(), self.seats)
        else:
            positive, negative = self.power_sums(weights)
            votes = kernels.convolved(
                [
                    kernels.weighted_votes(positive[:n, g], negative[:n, g])
                    for g, n in enumerate(self.seats)
                ]
            )
        return kernels.verdict(votes, rule.needed, rule.tied, rule.tie_value)

    def power_sums(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sums of powers of the raters' weights, for those who vote positively and the others.

        Parameters
        ----------
        weights : array, (raters,)

        Returns
        -------
        tuple of arrays, (largest number of seats, groups, items)
        """
        key, shape = self._cells()
        weight, size = weights[self.rater], shape[0] * shape[1]
        positive, negative, power = [], [], np.ones(len(weight))
        for _ in range(max(self.seats)):
            power = power * weight
            yes = np.bincount(key, power * self.vote, size).reshape(shape)[:-1]
            positive.append(yes)
            negative.append(np.bincount(key, power, size).reshape(shape)[:-1] - yes)
        return np.array(positive), np.array(negative)

    def _cells(self) -> tuple[npt.NDArray[np.intp], tuple[int, int]]:
        """Cell (group, item) of each vote; those without a seat come last."""
        group = np.full(self.n_raters, len(self.member), dtype=np.intp)
        for place, member in enumerate(self.member):
            group[member] = place
        n_items = len(self.items)
        key = (group * n_items).take(self.rater)
        key += self.item
        return key, (len(self.member) + 1, n_items)


@dataclass(frozen=True)
class Rule:
    """When a jury of a given size says yes."""

    needed: int
    tied: int
    tie_value: float


def pool_of(
    annotations: Annotations,
    composition: Mapping[Hashable, int] | int,
    positive: Any,
    group: str | Sequence[str] | None,
) -> Pool:
    """Read the voters of each item, or say what is wrong with the composition.

    With ``positive=None`` it is not asked how they vote.
    """
    as_annotations("annotations", annotations, raters=True)
    assert annotations.raters is not None
    assert annotations.rater is not None
    is_positive = np.zeros(annotations.n_categories, dtype=np.bool_)
    if positive is not None:
        is_positive = _positive_labels(annotations, positive)
    item, rater, vote = _one_vote_each(annotations, is_positive)
    n_raters = len(annotations.raters)
    names: list[Hashable]
    if not isinstance(composition, Mapping):
        seats = _validate.whole_number("composition", composition, at_least=1)
        names, member, numbers = ["everyone"], [np.arange(n_raters)], [seats]
    else:
        known, codes = _groups_of(annotations, group)
        names, member, numbers = [], [], []
        for name, seats in composition.items():
            if name not in known:
                raise LabelError.unknown(
                    "`composition`", name, known=known, argument="the groups of raters"
                )
            number = _validate.whole_number(f"composition[{name!r}]", seats)
            if number:
                names.append(name)
                member.append(np.flatnonzero(codes == known.index(name)))
                numbers.append(number)
        if not numbers:
            raise DataError("`composition` has no seat")
    weight = _rater_weights(annotations)
    return Pool(annotations.items, numbers, names, member, item, rater, vote, n_raters, weight)


def rule_of(size: int, threshold: Any, ties: Any) -> Rule:
    """Turn a threshold into numbers of votes; only a majority of an even jury can be tied."""
    _validate.one_of("ties", ties, ("half", "no", "yes"))
    if isinstance(threshold, str):
        _validate.one_of("threshold", threshold, ("majority", "unanimity"))
        if threshold == "unanimity":
            return Rule(size, -1, 0.0)
        tied = size // 2 if size % 2 == 0 else -1
        return Rule(size // 2 + 1, tied, {"half": 0.5, "no": 0.0, "yes": 1.0}[ties])
    share = _validate.number("threshold", threshold, above=0.0, at_most=1.0)
    # 2/3 of 12 is 8 votes, whatever the last bit of 2/3 says
    return Rule(int(np.ceil(share * size - 1e-9)), -1, 0.0)


def _positive_labels(annotations: Annotations, positive: Any) -> npt.NDArray[np.bool_]:
    known = annotations.categories
    single = isinstance(positive, (str, bytes)) or not isinstance(positive, Iterable)
    if isinstance(positive, tuple) and positive in known:  # a category that is itself a tuple
        single = True
    labels = [positive] if single else list(positive)
    for label in labels:
        if label not in known:
            raise LabelError.unknown("`positive`", label, known=known, argument="the categories")
    if not labels or len(set(labels)) == len(known):
        raise DataError(f"`positive` must be some, but not all, of the {len(known)} categories")
    return np.array([category in set(labels) for category in known])


def _rater_weights(annotations: Annotations) -> FloatArray | None:
    """Weights of the raters, (raters,), or None where every label weighs one."""
    if annotations.squares is None:
        return None
    assert annotations.rater is not None
    assert annotations.raters is not None
    each = annotations.squares / annotations.weight  # (cells,): the weight of one label
    weight = np.zeros(len(annotations.raters))
    weight[annotations.rater] = np.rint(each)
    wrong = np.abs(weight[annotations.rater] - each) > 1e-9 * each
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"the label of rater {annotations.raters[annotations.rater[place]]!r} on item "
            f"{annotations.items[annotations.item[place]]!r} weighs {each[place]:g}; a juror has "
            "one vote: leave the weights out"
        )
    return weight


def _one_vote_each(
    annotations: Annotations, is_positive: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], FloatArray]:
    """Each rater's vote on each item; a rater with two different votes on one is an error."""
    assert annotations.rater is not None
    assert annotations.raters is not None
    item, rater = annotations.item, annotations.rater  # sorted by item, rater, label
    vote = is_positive.take(annotations.label)
    new = np.ones(len(item), dtype=np.bool_)
    np.not_equal(rater[1:], rater[:-1], out=new[1:])
    new[1:] |= item[1:] != item[:-1]
    if new.all():
        return item, rater, vote.astype(np.float64)
    contrary = ~new
    contrary[1:] &= vote[1:] != vote[:-1]
    if contrary.any():
        place = int(np.flatnonzero(contrary)[0])
        raise DataError(
            f"rater {annotations.raters[rater[place]]!r} labelled item "
            f"{annotations.items[item[place]]!r} both positively and not; a juror has one vote"
        )
    return item[new], rater[new], vote[new].astype(np.float64)

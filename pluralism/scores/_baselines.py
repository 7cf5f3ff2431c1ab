"""Scores relative to a baseline agent, and areas and overlaps of sets."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from ..data import _labels
from ..data._labels import as_coordinate
from ..errors import DataError, enumerate_some
from . import _inputs

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "NormalizedScore",
    "SetOverlap",
    "normalized_to_baseline",
    "set_overlap",
    "sorted_count_area",
]


@dataclass(frozen=True, eq=False)
class NormalizedScore:
    """A score as a percentage of a baseline's.

    Attributes
    ----------
    mean_of_ratios, ratio_of_sums : float
        100 times the mean over games of agent over baseline, and of the ratio of their sums. The
        first weighs games alike, the second by the baseline's score.
    mean_of_ratios_interval, ratio_of_sums_interval : tuple of float
        Percentile bootstrap over games.
    ratios : xarray.DataArray, (game,)
        100 times agent over baseline; NaN where the baseline is zero.
    dropped : tuple
        Games with a zero baseline, which have no ratio.
    """

    mean_of_ratios: float
    mean_of_ratios_interval: tuple[float, float]
    ratio_of_sums: float
    ratio_of_sums_interval: tuple[float, float]
    ratios: xr.DataArray = field(repr=False)
    dropped: tuple[Hashable, ...]


def normalized_to_baseline(
    agent: Any,
    baseline: Any,
    *,
    games: Sequence[Hashable] | None = None,
    zero: str = "error",
    n_replicates: int = 2000,
    level: float = 0.95,
    seed: Any = None,
) -> NormalizedScore:
    """Express scores as a percentage of those of a baseline agent, as MACHIAVELLI does.

    Parameters
    ----------
    agent, baseline : array-like, (games,)
        Harm (or reward) of the agent and of the baseline, such as the mean over random
        trajectories; at least 0.
    games : sequence of label, optional
        Names of the games; default: positions.
    zero : {"error", "drop"}
        What a game with a zero baseline does: it has no ratio. Dropped games are named, and
        still count in the ratio of sums.
    n_replicates : int
        Resamples of the games.
    level : float
        Coverage, in (0, 1).
    seed : int, numpy.random.Generator, optional
        Of the resamples.

    Returns
    -------
    NormalizedScore

    Raises
    ------
    DataError
        If a score is negative, a baseline is zero under "error", or all are.

    References
    ----------
    A. Pan et al. (2023), Do the rewards justify the means? (MACHIAVELLI), section 4.

    Examples
    --------
    >>> from pluralism.scores import normalized_to_baseline
    >>> result = normalized_to_baseline([5, 30], [10, 20], seed=0)
    >>> result.mean_of_ratios, round(result.ratio_of_sums, 1)
    (100.0, 116.7)
    """
    import xarray as xr

    _validate.one_of("zero", zero, ("error", "drop"))
    level = _validate.level("level", level)
    n_replicates = _validate.whole_number("n_replicates", n_replicates, at_least=2)
    columns = []
    for name, value in (("agent", agent), ("baseline", baseline)):
        columns.append(_validate.within(name, _inputs.numbers(name, value), 0.0, what="a score"))
    a, b = columns
    names = tuple(range(len(a))) if games is None else _labels.check_labels("games", games)
    _inputs.same_length(agent=a, baseline=b, games=names)
    empty = b == 0
    dropped = tuple(name for name, none in zip(names, empty, strict=True) if none)
    if dropped and (zero == "error" or empty.all()):
        raise DataError(
            f"`baseline` is 0 in {enumerate_some(dropped)}; no ratio exists there"
            + ("" if empty.all() else " (`zero='drop'` leaves them out of the mean of ratios)")
        )
    ratios = np.full(len(a), np.nan)
    np.divide(100 * a, b, out=ratios, where=~empty)
    rng = _validate.generator("seed", seed)
    drawn = rng.integers(0, len(a), (n_replicates, len(a)))
    kept = ~empty[drawn]
    some = kept.any(axis=1)
    means = np.where(kept, np.nan_to_num(ratios)[drawn], 0)[some].sum(axis=1) / kept[some].sum(
        axis=1
    )
    sums = 100 * a[drawn][some].sum(axis=1) / b[drawn][some].sum(axis=1)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(means, tails), np.quantile(sums, tails)
    return NormalizedScore(
        float(ratios[~empty].mean()),
        (float(low[0]), float(low[1])),
        float(100 * a.sum() / b.sum()),
        (float(high[0]), float(high[1])),
        xr.DataArray(ratios, dims="game", coords={"game": as_coordinate(names)}),
        dropped,
    )


@dataclass(frozen=True, eq=False)
class SetOverlap:
    """Overlap of what was asked for with what came out.

    Attributes
    ----------
    jaccard : float
        Mean over pairs of the shared part of the union.
    hallucination : float
        One minus that (H_J).
    precision, recall : float
        Mean share of the second set that is in the first, and of the first that is in the
        second; pairs whose set is empty are left out.
    by_pair : numpy.ndarray, (pairs,)
        Jaccard index of each pair.
    both_empty : int
        Pairs of two empty sets, which count 1.
    """

    jaccard: float
    hallucination: float
    precision: float
    recall: float
    by_pair: Any = field(repr=False)
    both_empty: int


def set_overlap(first: Sequence[Any], second: Sequence[Any]) -> SetOverlap:
    """Compare pairs of sets, such as the objects asked for with those found in an image.

    Parameters
    ----------
    first, second : sequence of collection
        Sets to compare pair by pair: asked for, and found.

    Returns
    -------
    SetOverlap

    Raises
    ------
    DataError
        If the sequences are empty or differ in length, or an entry is a string.

    References
    ----------
    J. Vice et al. (2025), Exploring bias in over 100 text-to-image generative models: H_J.

    Examples
    --------
    >>> from pluralism.scores import set_overlap
    >>> result = set_overlap([{"dog", "ball"}, {"cat"}], [{"dog", "tree"}, {"cat"}])
    >>> round(result.hallucination, 3)
    0.333
    """
    for name, column in (("first", first), ("second", second)):
        if isinstance(column, str) or not isinstance(column, Collection):
            raise DataError(f"`{name}` is {column!r}; it must be a sequence of collections")
    n = _inputs.same_length(first=first, second=second)
    if not n:
        raise DataError("`first` and `second` are empty; at least one pair is needed")
    for name, column in (("first", first), ("second", second)):
        for place, entry in enumerate(column):
            if isinstance(entry, str) or not isinstance(entry, Collection):
                raise DataError(
                    f"`{name}[{place}]` is {entry!r}; it must be a collection of labels"
                )
    try:
        pairs = [(set(a), set(b)) for a, b in zip(first, second, strict=True)]
    except TypeError as error:
        raise DataError(f"`first` and `second` must hold collections of labels ({error})") from None
    jaccard = np.array([len(a & b) / len(a | b) if a | b else 1.0 for a, b in pairs])
    precision = [len(a & b) / len(b) for a, b in pairs if b]
    recall = [len(a & b) / len(a) for a, b in pairs if a]
    return SetOverlap(
        float(jaccard.mean()),
        float(1 - jaccard.mean()),
        float(np.mean(precision)) if precision else float("nan"),
        float(np.mean(recall)) if recall else float("nan"),
        jaccard,
        sum(1 for a, b in pairs if not a | b),
    )


def sorted_count_area(
    counts: Any, *, exclude: Collection[Hashable] = (), per_label: bool = False
) -> float:
    """Area under counts in descending order after min-max scaling: distribution bias B_D.

    Parameters
    ----------
    counts : mapping of label to count, or array-like, (labels,)
        How often each object came out.
    exclude : collection of label
        Objects left out, such as those of the prompt; needs a mapping.
    per_label : bool
        Divide by the number of labels less one, which bounds the area by 1.

    Returns
    -------
    float
        Trapezoid area with steps of one. It grows with the number of labels, so figures of
        systems that produced different numbers of distinct objects do not compare;
        `per_label` makes them. Equal counts scale to 1 each.

    Raises
    ------
    DataError
        If a count is negative or fewer than two labels are left.

    References
    ----------
    J. Vice et al. (2025), Exploring bias in over 100 text-to-image generative models: B_D.

    Examples
    --------
    >>> from pluralism.scores import sorted_count_area
    >>> sorted_count_area({"table": 10, "plate": 5, "fork": 0})
    1.0
    """
    if isinstance(counts, Mapping):
        left = [count for label, count in counts.items() if label not in set(exclude)]
    elif exclude:
        raise DataError("`exclude` names labels; `counts` must then be a mapping of label to count")
    else:
        left = counts
    array = _inputs.numbers("counts", left)
    _validate.within("counts", array, 0.0, what="a count")
    if len(array) < 2:
        raise DataError(f"`counts` has {len(array)} label left; an area needs at least 2")
    ordered = np.sort(array)[::-1]
    span = ordered[0] - ordered[-1]
    scaled = (ordered - ordered[-1]) / span if span else np.ones(len(ordered))
    area = float(np.trapezoid(scaled))
    return area / (len(ordered) - 1) if per_label else area

"""Exact match in blocks, multi-label agreement, and rates over several samples of a prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from ..errors import DataError
from . import _inputs
from ._rates import proportion

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ExactMatch", "KSampleRates", "exact_match_by_group", "k_sample_rates", "samples_f1"]


@dataclass(frozen=True)
class ExactMatch:
    """Share of groups of items that are right throughout.

    Attributes
    ----------
    rate : float
        Share of groups with every item right.
    interval : tuple of float
        Wilson interval over groups.
    item_rate : float
        Share of items that are right.
    chance : float
        Exact match that independent items of this accuracy would give.
    n_groups, n_items : int
        What the shares are of.
    """

    rate: float
    interval: tuple[float, float]
    item_rate: float
    chance: float
    n_groups: int
    n_items: int


def exact_match_by_group(
    correct: Any, *, groups: Any = None, size: int | None = None, level: float = 0.95
) -> ExactMatch:
    """Share of groups whose items are all answered correctly, as in ETHICS.

    Parameters
    ----------
    correct : array-like, (items,)
        Whether each item was answered correctly.
    groups : array-like, (items,), optional
        Group of each item.
    size : int, optional
        In place of `groups`: groups are consecutive blocks of this many items (ETHICS: 4 for
        justice and deontology, 5 for virtue).
    level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    ExactMatch

    Raises
    ------
    DataError
        If neither or both of `groups` and `size` are given, or the last block is not full.

    References
    ----------
    D. Hendrycks et al. (2021), Aligning AI with shared human values, section 3.

    Examples
    --------
    >>> from pluralism.scores import exact_match_by_group
    >>> result = exact_match_by_group([1, 1, 1, 1, 1, 0, 1, 1], size=4)
    >>> result.rate, result.item_rate, round(result.chance, 3)
    (0.5, 0.875, 0.586)
    """
    right = _inputs.flags("correct", _inputs.numbers("correct", correct))
    level = _validate.level("level", level)
    if (groups is None) == (size is None):
        raise DataError("give `groups` or `size`, exactly one of them")
    if size is not None:
        size = _validate.whole_number("size", size, at_least=1)
        if len(right) % size:
            raise DataError(
                f"`correct` has {len(right)} items, which is not a multiple of `size` {size}; "
                "the last block is not full"
            )
        code = np.arange(len(right)) // size
    else:
        _, code = _inputs.encode("groups", groups)
        _inputs.same_length(correct=right, groups=code)
    members = np.bincount(code)
    whole = np.bincount(code, weights=right) == members
    k, n = int(whole.sum()), len(whole)
    rate, low, high = proportion(np.array([k]), np.array([n]), level=level)
    item_rate = float(right.mean())
    return ExactMatch(
        float(rate[0]),
        (float(low[0]), float(high[0])),
        item_rate,
        float((item_rate**members).mean()),
        n,
        len(right),
    )


def samples_f1(predicted: Any, actual: Any, *, baselines: bool = True) -> pd.DataFrame:
    """Mean over items of the F1 of their label sets, with the baselines that it must beat.

    Parameters
    ----------
    predicted : array-like, (items, labels), or None
        Predicted labels as 0 and 1; None for the baselines alone.
    actual : array-like, (items, labels)
        True labels.
    baselines : bool
        Whether to score "all ones", "all zeros", "majority" (each label's majority in `actual`)
        and "best constant" (of all 2^labels label sets, up to 12 labels).

    Returns
    -------
    pandas.DataFrame
        Columns ``name``, ``f1``, ``stderr`` (of the mean over items).

    Raises
    ------
    DataError
        If a label is not 0 or 1, or the shapes differ.

    Notes
    -----
    An item whose predicted and true sets are both empty has F1 0, as in scikit-learn's default.

    Examples
    --------
    >>> from pluralism.scores import samples_f1
    >>> samples_f1([[1, 1], [0, 1]], [[1, 0], [0, 1]], baselines=False).round(3)
          name     f1  stderr
    0  system  0.833   0.167
    """
    from itertools import product

    import pandas as pd

    truth = _inputs.flags("actual", _inputs.numbers("actual", actual, ndim=2))
    n, k = truth.shape
    if not k:
        raise DataError("`actual` has no labels; at least one column is needed")
    rows = {}
    if predicted is not None:
        given = _inputs.flags("predicted", _inputs.numbers("predicted", predicted, ndim=2))
        if given.shape != truth.shape:
            raise DataError(
                f"`predicted` has shape {given.shape} and `actual` {truth.shape}; "
                "they must be equal"
            )
        rows["system"] = _f1_by_item(given, truth)
    if baselines:
        for name, constant in (
            ("all ones", np.ones(k)),
            ("all zeros", np.zeros(k)),
            ("majority", truth.mean(axis=0) > 0.5),
        ):
            rows[name] = _f1_by_item(constant.astype(bool), truth)
        if k <= 12:
            tried = [_f1_by_item(np.array(one), truth) for one in product((False, True), repeat=k)]
            rows["best constant"] = max(tried, key=lambda scores: float(scores.mean()))
    if not rows:
        raise DataError("`predicted` is None and `baselines` is False; there is nothing to score")
    spread = {name: s.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan for name, s in rows.items()}
    return pd.DataFrame(
        {
            "name": list(rows),
            "f1": [float(scores.mean()) for scores in rows.values()],
            "stderr": list(spread.values()),
        }
    )


def _f1_by_item(given: Any, truth: Any) -> Any:
    both = (given & truth).sum(axis=1)
    size = np.broadcast_to(given, truth.shape).sum(axis=1) + truth.sum(axis=1)
    return 2 * both / np.where(size > 0, size, 1)


@dataclass(frozen=True)
class KSampleRates:
    """Rates over several samples of each prompt, with intervals over prompts.

    Attributes
    ----------
    mean : float
        Share of samples at or above the threshold.
    any : float
        Share of prompts with at least one such sample.
    every : float
        Share of prompts with nothing else.
    expected_maximum : float
        Mean over prompts of the largest value.
    intervals : dict
        Normal intervals over prompts, by the names above.
    n_prompts, k : int
        Prompts, and samples of each; `any` and the maximum grow with k.
    """

    mean: float
    any: float
    every: float
    expected_maximum: float
    intervals: dict[str, tuple[float, float]]
    n_prompts: int
    k: int


def k_sample_rates(
    values: Any, *, threshold: float = 0.5, k: int | None = None, level: float = 0.95
) -> KSampleRates:
    """Rates over k samples of each prompt: mean, any, every and expected maximum.

    Parameters
    ----------
    values : array-like, (prompts, samples)
        Probability or flag of a violation (or success) of each sample.
    threshold : float
        A sample counts from this value on.
    k : int, optional
        Rates of this many samples, at most those there are, without bias and without choosing
        which: averages over all subsets of size k. Default: all.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    KSampleRates

    Raises
    ------
    DataError
        If there is a value that is no number, or `k` exceeds the samples.

    Notes
    -----
    ``any`` at k is 1 - C(n - c, k) / C(n, k) with c of n samples counting (the unbiased pass@k of
    Chen et al. 2021); the expected maximum weighs the sorted values by C(i - 1, k - 1) / C(n, k).

    Examples
    --------
    >>> from pluralism.scores import k_sample_rates
    >>> result = k_sample_rates([[0.1, 0.9], [0.2, 0.3]])
    >>> result.mean, result.any, round(result.expected_maximum, 2)
    (0.25, 0.5, 0.6)
    """
    from math import comb

    from scipy.stats import norm

    table = _inputs.numbers("values", values, ndim=2)
    threshold = _validate.number("threshold", threshold)
    level = _validate.level("level", level)
    prompts, n = table.shape
    if n == 0:
        raise DataError("`values` has no samples; at least one a prompt is needed")
    k = n if k is None else _validate.whole_number("k", k, at_least=1, at_most=n)
    counts = (table >= threshold).sum(axis=1)
    # Whole numbers, since C(n, k) is beyond float64 from about a thousand samples on.
    subsets = comb(n, k)
    weight = np.array([comb(place, k - 1) / subsets for place in range(n)])
    within = np.array([comb(place, k) / subsets for place in range(n + 1)])
    columns = {
        "mean": counts / n,
        "any": 1 - within[n - counts],
        "every": within[counts],
        "expected_maximum": np.sort(table, axis=1) @ weight,
    }
    z = norm.ppf((1 + level) / 2)
    intervals = {}
    for name, column in columns.items():
        error = column.std(ddof=1) / np.sqrt(prompts) if prompts > 1 else np.nan
        intervals[name] = (float(column.mean() - z * error), float(column.mean() + z * error))
    means = {name: float(column.mean()) for name, column in columns.items()}
    return KSampleRates(**means, intervals=intervals, n_prompts=prompts, k=k)

"""Columns of numbers and labels at the door of this room."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ..errors import DataError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


def numbers(name: str, value: Any, *, at_least: int = 1, ndim: int = 1) -> FloatArray:
    """Return `value` as a float64 array of `ndim` dimensions and enough entries."""
    array = _validate.finite_array(name, value, ndim=ndim)
    if len(array) < at_least:
        raise DataError(f"`{name}` has {len(array)} entries; at least {at_least} are needed")
    return array


def same_length(**columns: Any) -> int:
    """Return the common length of `columns`, or say which differ."""
    sizes = {name: len(column) for name, column in columns.items() if column is not None}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"`{name}` has {size}" for name, size in sizes.items())
        raise DataError(f"{told}; they must be equally long")
    return next(iter(sizes.values()))


def encode(name: str, values: Any) -> tuple[tuple[Hashable, ...], IntArray]:
    """Return the distinct labels of a column, sorted, and each row's position in them."""
    import pandas as pd

    if hasattr(values, "dims"):
        values = np.asarray(values)
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise DataError(f"`{name}` is {values!r}; it must be a column of labels")
    if getattr(values, "ndim", 1) != 1:
        raise DataError(f"`{name}` must be one column of labels, not a table")
    column = values if isinstance(values, pd.Series) else pd.Series(list(values))
    try:
        codes, found = pd.factorize(column, use_na_sentinel=True)
    except TypeError as error:
        raise DataError(f"`{name}` must hold labels ({error})") from None
    absent = np.flatnonzero(codes < 0)
    if len(absent):
        raise DataError(
            f"`{name}[{absent[0]}]` is missing ({len(absent)} such); every row needs a label"
        )
    clean = _labels.check_labels(name, list(found))
    ordered = _labels.in_order(clean)
    place = _labels.code_of(ordered, name)
    lookup = np.array([place[label] for label in clean], dtype=np.intp)
    return ordered, lookup[codes] if len(codes) else np.zeros(0, dtype=np.intp)


def flags(name: str, values: Any) -> npt.NDArray[np.bool_]:
    """Return a column of yes or no: booleans, or numbers that are 0 or 1."""
    array = _validate.finite_array(name, values)
    bad = (array != 0) & (array != 1)
    if bad.any():
        raise DataError(
            f"`{name}[{_validate.first_place(bad)}]` is {array[bad][0]:g}; it must be 0 or 1 "
            "(or False or True)"
        )
    return array.astype(bool)


def samples(name: str, values: Any, groups: Any) -> dict[Hashable, FloatArray]:
    """Return one array per group from a mapping, or from a column and its groups."""
    if isinstance(values, Mapping):
        if groups is not None:
            raise DataError(f"`{name}` is a mapping of groups already; leave `groups` out")
        split = {key: numbers(f"{name}[{key!r}]", part) for key, part in values.items()}
    else:
        if groups is None:
            raise DataError(
                f"`groups` is missing; `{name}` must be a mapping of group to values, or come "
                "with the group of every value"
            )
        column = numbers(name, values)
        labels, codes = encode("groups", groups)
        same_length(**{name: column, "groups": codes})
        split = {label: column[codes == place] for place, label in enumerate(labels)}
    if len(split) < 2:
        raise DataError(f"`{name}` has {len(split)} group; at least 2 are needed")
    return split


def table(name: str, values: Any) -> tuple[FloatArray, tuple[Hashable, ...], tuple[Hashable, ...]]:
    """Return a rows x columns table with its labels (positions where it has none)."""
    import pandas as pd

    if isinstance(values, Mapping):
        try:
            values = pd.DataFrame(dict(values))
        except ValueError as error:
            raise DataError(f"`{name}` must map names to equally long columns ({error})") from None
    if getattr(values, "ndim", 2) != 2:
        raise DataError(f"`{name}` must have 2 dimensions; it has shape {np.shape(values)}")
    if hasattr(values, "to_pandas") and not isinstance(values, np.ndarray):
        values = values.to_pandas()
    array = _validate.finite_array(name, values, ndim=2)
    if isinstance(values, pd.DataFrame):
        if not values.columns.is_unique:
            twice = values.columns[values.columns.duplicated()][0]
            raise DataError(f"`{name}` has more than one column {twice!r}; give each its own name")
        return array, tuple(values.index), tuple(values.columns)
    return array, tuple(range(array.shape[0])), tuple(range(array.shape[1]))


def directions(name: str, value: Any, columns: Sequence[Hashable]) -> FloatArray:
    """Return +1 for every column of which more is better and -1 for the others."""
    if isinstance(value, (bool, np.bool_)):
        return np.full(len(columns), 1.0 if value else -1.0)
    if isinstance(value, Mapping):
        absent = [column for column in columns if column not in value]
        if absent:
            raise DataError(f"`{name}` does not say which way is better for {absent[0]!r}")
        value = [value[column] for column in columns]
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise DataError(f"`{name}` is {value!r}; it must be True, False, or one of them a column")
    chosen = flags(name, list(value))
    if len(chosen) != len(columns):
        raise DataError(f"`{name}` has {len(chosen)} entries for {len(columns)} columns")
    return np.where(chosen, 1.0, -1.0)


def pair(name: str, value: Any) -> tuple[float, float]:
    """Return two ascending numbers."""
    ends = numbers(name, value)
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise DataError(f"`{name}` is {value!r}; it must be (lowest, highest)")
    return float(ends[0]), float(ends[1])


def in_several_clusters(
    name: str, labels: Sequence[Hashable], code: IntArray, cluster: IntArray
) -> None:
    """Refuse a mean that rests on one cluster: clustered errors would take it as certain."""
    for place, label in enumerate(labels):
        if len(np.unique(cluster[code == place])) < 2:
            raise DataError(
                f"{label!r} has rows in one of `{name}` only; how its mean varies between them "
                "cannot be known (at least 2 are needed)"
            )


def vanishes(variance: Any, mean: FloatArray, cov: FloatArray) -> Any:
    """Whether variances of contrasts of means are zero, or rounding of what was subtracted."""
    least = (1e-12 * max(float(np.abs(mean).max()), 1e-300)) ** 2
    return variance <= max(least, 1e-12 * float(np.diagonal(cov).max()))


def wald(mean: FloatArray, cov: FloatArray) -> float:
    """Wald F that all means are equal; NaN where a contrast of them has no variance."""
    k = len(mean)
    contrast = np.eye(k)[1:] - np.eye(k)[0]
    values, vectors = np.linalg.eigh(contrast @ cov @ contrast.T)
    if vanishes(values, mean, cov).any():
        return float("nan")
    return float(((vectors.T @ contrast @ mean) ** 2 / values).sum()) / (k - 1)


def adjusted(pvalues: Any, correction: str) -> FloatArray:
    """Adjust p-values for their number with statsmodels; NaN stays NaN and does not count."""
    _validate.one_of("correction", correction, ("holm", "bh", "bonferroni", "none"))
    pvalues = np.asarray(pvalues, dtype=np.float64)
    result = pvalues.copy()
    known = ~np.isnan(pvalues)
    if correction == "none" or not known.any():
        return result
    from statsmodels.stats.multitest import multipletests

    method = {"bh": "fdr_bh"}.get(correction, correction)
    result[known] = multipletests(pvalues[known], method=method)[1]
    return result

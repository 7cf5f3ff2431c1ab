"""Utilities at the door: of one respondent, or of several over the same items."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _labelled, _validate
from ..data import _labels
from ..errors import DataError, LabelError, enumerate_some
from ._fit import UtilityFit

__all__ = ["Given", "Stack", "given_utilities", "merged", "refuse_constant", "stacked_utilities"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Given:
    """Utilities of one respondent, by item."""

    name: str  # of the argument
    items: tuple[Hashable, ...]
    values: FloatArray  # (items,)
    fit: UtilityFit | None

    def codes(self, place: str, labels: Sequence[Hashable]) -> IntArray:
        """Positions of `labels`, met at `place`; an unknown one is an error."""
        code = _labels.code_of(self.items, self.name)
        for label in labels:
            if not isinstance(label, Hashable) or label not in code:
                raise LabelError.unknown(
                    f"`{place}`", label, known=self.items, argument=f"`{self.name}`"
                )
        return np.array([code[label] for label in labels], dtype=np.intp)

    def missing(self, labels: Sequence[Hashable]) -> npt.NDArray[np.bool_]:
        """Which of `labels` have no utility."""
        known = set(self.items)
        return np.array([label not in known for label in labels], dtype=bool)

    def covariance(self) -> FloatArray | None:
        """Covariance of the utilities, where a fit knows it."""
        if self.fit is None or self.fit.joint is None:
            return None
        return np.asarray(self.fit.covariance.values)


@dataclass(frozen=True)
class Stack:
    """Utilities of several respondents over the items they share."""

    respondents: tuple[Hashable, ...]
    items: tuple[Hashable, ...]
    values: FloatArray  # (respondents, items)
    dropped: tuple[Hashable, ...]  # items that some respondent lacks


def given_utilities(name: str, value: Any) -> Given:
    """Take a fit, a labelled array, a Series or a mapping of item to utility."""
    if isinstance(value, Given):
        return value
    fit = value if isinstance(value, UtilityFit) else None
    values, layout = _labelled.take(name, value.utility if hasattr(value, "utility") else value)
    if values.ndim != 1:
        raise DataError(
            f"`{name}` has {values.ndim} dimensions; it must be the utilities of one respondent"
        )
    if layout.categories is None:
        raise DataError(
            f"`{name}` has no labels; give a fit, a labelled array, a Series or a mapping of item "
            "to utility"
        )
    return Given(name, _labels.check_labels(name, layout.categories), values, fit)


def stacked_utilities(name: str, value: Any, unmatched: str) -> Stack:
    """Take a mapping of respondent to utilities, or a table of respondents x items."""
    _validate.one_of("unmatched", unmatched, ("error", "drop"))
    if isinstance(value, Mapping) and not hasattr(value, "dims"):
        given = {key: given_utilities(f"{name}[{key!r}]", part) for key, part in value.items()}
    else:
        given = _rows(name, value)
    if len(given) < 2:
        raise DataError(f"`{name}` holds {len(given)} respondent(s); at least two are needed")
    first, *others = given.values()
    shared = [item for item in first.items if all(item in set(g.items) for g in others)]
    every = dict.fromkeys(item for g in given.values() for item in g.items)
    dropped = tuple(item for item in every if item not in set(shared))
    if dropped and unmatched == "error":
        raise LabelError(
            f"the respondents of `{name}` do not have the same items: {len(dropped)} of "
            f"{len(every)} are not everywhere ({enumerate_some(dropped)}); pass "
            "unmatched='drop' to use what they share"
        )
    _labels.check_labels(name, tuple(every))
    if len(shared) < 3:
        raise DataError(
            f"the respondents of `{name}` share {len(shared)} item(s); at least three are needed"
        )
    values = np.stack([g.values[g.codes(name, shared)] for g in given.values()])
    return Stack(_labels.check_labels(name, tuple(given)), tuple(shared), values, dropped)


def merged(values: FloatArray, slack: float) -> FloatArray:
    """Make numbers equal that follow one another by no more than rounding, so that they tie."""
    order = np.argsort(values)
    ordered = values[order]
    starts = np.flatnonzero(np.append(True, np.diff(ordered) > slack))
    result = np.empty_like(values)
    result[order] = np.repeat(ordered[starts], np.diff(np.append(starts, len(values))))
    return result


def refuse_constant(name: str, stack: Stack) -> None:
    """A respondent whose utilities are all equal has no direction to compare."""
    flat = np.ptp(stack.values, axis=1) <= 1e-12 * np.abs(stack.values).max(axis=1)
    if flat.any():
        who = [stack.respondents[place] for place in np.flatnonzero(flat)]
        raise DataError(
            f"the utilities of {enumerate_some(who)} in `{name}` are the same for all "
            f"{len(stack.items)} items; leave such respondents out, they have no preference"
        )


def _rows(name: str, value: Any) -> dict[Hashable, Given]:
    labelled, _ = _labelled.as_labelled(name, value)
    if labelled is None or labelled.ndim != 2:
        raise DataError(
            f"`{name}` must map each respondent to utilities, or be a labelled table of "
            "respondents x items"
        )
    if "item" in labelled.dims:
        labelled = labelled.transpose(..., "item")
    rows, columns = (
        labelled.indexes[d].tolist() if d in labelled.indexes else None for d in labelled.dims
    )
    if columns is None:
        raise DataError(f"`{name}` has no labels along {labelled.dims[1]!r}")
    values = _validate.finite_array(name, labelled.values, ndim=2)
    items = _labels.check_labels(name, columns)
    names = rows if rows is not None else list(range(len(values)))
    _labels.check_labels(name, names)
    return {key: Given(name, items, row, None) for key, row in zip(names, values, strict=True)}

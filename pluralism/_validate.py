"""Checks at the boundary: an argument's name and value go in, a clean value comes out.

Every message contains the name, the value received and, where there is one, the remedy. Kernels
rely on these checks and repeat none of them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DataError, enumerate_some

__all__ = [
    "counts_or_shares",
    "distributions",
    "finite_array",
    "generator",
    "level",
    "number",
    "one_of",
    "prior_deviation",
    "refuse_masked",
    "unmasked",
    "whole_number",
    "within",
]

#: Above this an integer count is no longer exact in float64.
LARGEST_EXACT_COUNT = 2.0**53
#: Sums of squared weights must not overflow.
LARGEST_WEIGHT = 1e100


def one_of(name: str, value: Any, options: Iterable[Any]) -> Any:
    """Return `value` if it is one of `options`, else say which there are."""
    options = tuple(options)
    if any(
        value is option or (type(value) is type(option) and value == option) for option in options
    ):
        return value
    close = get_close_matches(str(value), [str(option) for option in options], n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise DataError(f"`{name}` is {value!r}; it must be one of {enumerate_some(options, 20)}{hint}")


def number(
    name: str,
    value: Any,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    below: float = math.inf,
    at_most: float = math.inf,
) -> float:
    """Return `value` as a finite float within the stated bounds."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, np.number)):
        raise DataError(f"`{name}` is {value!r}; it must be a number")
    result = float(value)
    if not (math.isfinite(result) and above < result < below and at_least <= result <= at_most):
        bounds = [
            f"{word} {bound:g}"
            for word, bound in (
                ("above", above),
                ("at least", at_least),
                ("below", below),
                ("at most", at_most),
            )
            if math.isfinite(bound)
        ]
        raise DataError(f"`{name}` is {value!r}; it must be finite {' and '.join(bounds)}".rstrip())
    return result


def whole_number(name: str, value: Any, *, at_least: int = 0, at_most: int | None = None) -> int:
    """Return `value` as an int within the stated bounds; 3.0 is refused, as is True."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        result = operator.index(value)
    except TypeError:
        raise DataError(f"`{name}` is {value!r}; it must be a whole number") from None
    if result < at_least or (at_most is not None and result > at_most):
        limit = f"at least {at_least}" + ("" if at_most is None else f" and at most {at_most}")
        raise DataError(f"`{name}` is {value!r}; it must be {limit}")
    return result


def prior_deviation(name: str, value: Any) -> float:
    """Return a prior's standard deviation, whose inverse square must be a number too."""
    number(name, value, above=0.0)
    return number(name, value, at_least=1e-100, at_most=1e100)


def level(name: str, value: Any) -> float:
    """Return a coverage level, strictly between 0 and 1."""
    return number(name, value, above=0.0, below=1.0)


def generator(name: str, seed: Any) -> np.random.Generator:
    """Return a NumPy generator from an int, a Generator, a SeedSequence or None."""
    if isinstance(seed, np.random.Generator):
        return seed
    if seed is None or isinstance(seed, np.random.SeedSequence):
        return np.random.default_rng(seed)
    return np.random.default_rng(whole_number(name, seed))


def unmasked(value: Any) -> Any:
    """Return `value` with NaN (None among labels) in place of what a masked array hides."""
    if not _hides_entries(value):
        return value
    if value.dtype.kind in "buif":
        return value.astype(np.float64).filled(math.nan)
    labels = value.data.astype(object)
    labels[np.ma.getmaskarray(value)] = None
    return labels


def _hides_entries(value: Any) -> bool:
    # NumPy would ask the nullable arrays of pandas too, which have a mask of another kind.
    return isinstance(value, np.ma.MaskedArray) and bool(np.ma.is_masked(value))


def refuse_masked(name: str, value: Any) -> Any:
    """Return `value`, or say where a masked array hides an entry that cannot be left out."""
    if _hides_entries(value):
        mask = np.ma.getmaskarray(value)
        raise DataError(
            f"`{name}[{first_place(mask)}]` is masked ({int(mask.sum())} such of {mask.size}); "
            "leave masked entries out before"
        )
    return value


def finite_array(
    name: str, value: Any, *, ndim: int | None = None, allow_nan: bool = False
) -> npt.NDArray[np.float64]:
    """Return `value` as a float64 array without infinities (and, by default, without NaN).

    Strings, objects that are no numbers, complex numbers and dates are refused; booleans count
    as 0 and 1. The result may share memory with the input and must not be written to.
    """
    try:
        array = np.asarray(unmasked(value))
        if array.dtype.kind in "OUS":
            # Object arrays of numbers (and None for missing) are accepted; strings are not.
            if any(isinstance(entry, (str, bytes)) for entry in array.ravel()):
                raise TypeError
            for entry in array.ravel():
                if isinstance(entry, int) and abs(entry) > LARGEST_EXACT_COUNT:
                    raise _inexact(name, entry)
            array = np.array(
                [math.nan if entry is None else entry for entry in array.ravel()], dtype=np.float64
            ).reshape(array.shape)
        if array.dtype.kind not in "buif":
            raise TypeError
    except DataError:
        raise
    except (TypeError, ValueError):
        raise DataError(f"`{name}` must hold numbers; got {_shorten(value)}") from None
    if ndim is not None and array.ndim != ndim:
        raise DataError(f"`{name}` must have {ndim} dimension(s); it has shape {array.shape}")
    if array.dtype.kind in "ui" and array.dtype.itemsize == 8 and array.size:
        extreme = max(abs(int(array.max())), abs(int(array.min())))
        if extreme > LARGEST_EXACT_COUNT:
            raise _inexact(name, extreme)
    exact = array.dtype.kind in "bui"
    array = array.astype(np.float64, copy=False)
    if exact:
        return array
    bad = np.isinf(array) if allow_nan else ~np.isfinite(array)
    if bad.any():
        place = first_place(bad)
        raise DataError(
            f"`{name}[{place}]` is {array[bad][0]}; "
            f"{int(bad.sum())} entr{'y is' if bad.sum() == 1 else 'ies are'} not finite"
        )
    return array


def within(
    name: str, array: npt.NDArray[np.float64], low: float, high: float = math.inf, *, what: str
) -> npt.NDArray[np.float64]:
    """Return `array` if all entries that are not NaN lie in [low, high]; `what` names them."""
    if array.size and array.min() >= low and (high == math.inf or array.max() <= high):
        return array  # two passes, no temporary; NaN fails both comparisons and goes on below
    bad = (array < low) | (array > high)
    if bad.any():
        bound = f"at least {low:g}" if high == math.inf else f"in [{low:g}, {high:g}]"
        raise DataError(
            f"`{name}[{first_place(bad)}]` is {array[bad][0]:g}; {what} must be {bound}"
        )
    return array


def counts_or_shares(
    name: str, array: npt.NDArray[np.float64], *, whole: str | None = None
) -> npt.NDArray[np.float64]:
    """Return `array` (..., categories) if no entry is negative and no vector is all zero.

    `whole` names what needs whole counts, where something does.
    """
    _totals(name, array, whole=whole)
    return array


def _totals(
    name: str, array: npt.NDArray[np.float64], *, whole: str | None = None
) -> npt.NDArray[np.float64]:
    """Check as `counts_or_shares` says, and return the sums (..., 1)."""
    within(name, array, 0.0, what="a count or a share")
    if whole is not None:
        bad = array != np.floor(array)
        if bad.any():
            raise DataError(
                f"`{name}[{first_place(bad)}]` is {array[bad][0]:g}; {whole} needs whole counts"
            )
    with np.errstate(over="ignore"):
        total = array.sum(axis=-1, keepdims=True)
    if total.size and total.max() == math.inf:
        raise DataError(f"`{name}` has a sum beyond the largest float; rescale it")
    if total.size and total.min() == 0.0:
        empty = np.asarray(total[..., 0] == 0.0)
        place = f"[{first_place(empty)}]" if array.ndim > 1 else ""
        raise DataError(
            f"`{name}{place}` is all zero ({int(empty.sum())} such of {empty.size}); "
            "it has no distribution over its categories"
        )
    return total


#: How far the sum of a distribution may be from one by rounding (single precision included).
SUM_TOLERANCE = 1e-5


def distributions(
    name: str, array: npt.NDArray[np.float64], *, normalize: bool = False
) -> npt.NDArray[np.float64]:
    """Return `array` (..., categories) with sums of one.

    Sums away from one are an error that names the first, unless `normalize` lets counts in.
    """
    total = _totals(name, array)
    if not normalize:
        if total.size and max(total.max() - 1.0, 1.0 - total.min()) < 1e-14 * array.shape[-1]:
            return array
        bad = np.asarray(np.abs(total[..., 0] - 1.0) > SUM_TOLERANCE)
        if bad.any():
            place = f"[{first_place(bad)}]" if array.ndim > 1 else ""
            raise DataError(
                f"`{name}{place}` sums to {total[..., 0][bad][0]:.6g}, not to 1 "
                f"({int(bad.sum())} such of {bad.size}); pass `normalize=True` for counts"
            )
    return array / total


def first_place(mask: npt.NDArray[np.bool_]) -> str:
    """Write the index of the first True entry as it would be typed: ``3`` or ``0, 2``."""
    if np.ndim(mask) == 0:
        return "()"
    return ", ".join(str(int(axis[0])) for axis in np.nonzero(mask))


def _inexact(name: str, value: int) -> DataError:
    return DataError(f"`{name}` holds {value}, which is not exact in float64 (above 2**53)")


def _shorten(value: Any, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}..."

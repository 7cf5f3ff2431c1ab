"""Every exception and warning of the library, with the messages they build.

A message names the argument, the offending value and its place, and what to do about it. The
classes double as the builtin exception a caller would expect, so ``except ValueError`` works.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

__all__ = [
    "ApproximationWarning",
    "ConvergenceError",
    "DataError",
    "LabelError",
    "NotIdentifiedError",
    "PluralismError",
    "SmallSampleWarning",
]


class PluralismError(Exception):
    """Base of every exception that the library raises on purpose."""


class DataError(PluralismError, ValueError):
    """The input cannot be what its argument asks for."""


class LabelError(DataError):
    """A label is unknown, ambiguous or written in two ways."""

    @classmethod
    def unknown(
        cls, place: str, label: Any, *, known: Sequence[Any], argument: str, remedy: str = ""
    ) -> LabelError:
        """Say that `label`, met at `place`, is not among the `known` labels of `argument`."""
        close = get_close_matches(str(label), [str(k) for k in known], n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        tail = f" {remedy}" if remedy else ""
        there = f"{len(known)} known: {enumerate_some(known)}" if len(known) else "there are none"
        return cls(f"{place} names {label!r}, which is not in {argument} ({there}){hint}{tail}")


class NotIdentifiedError(DataError):
    """The data cannot determine the quantity, whatever the algorithm.

    Attributes
    ----------
    groups : tuple of tuple
        The items, or the components of the comparison graph, that the message speaks of.
    """

    def __init__(self, message: str, *, groups: Iterable[Sequence[Any]] = ()) -> None:
        super().__init__(message)
        self.groups = tuple(tuple(group) for group in groups)


class ConvergenceError(PluralismError, RuntimeError):
    """An iteration stopped before it reached its tolerance.

    Attributes
    ----------
    result : object
        The last iterate, as the function would have returned it with ``check=False``.
    """

    def __init__(self, message: str, *, result: Any = None) -> None:
        super().__init__(message)
        self.result = result


class SmallSampleWarning(UserWarning):
    """The estimate is badly biased, or its interval unreliable, at this sample size."""


class ApproximationWarning(UserWarning):
    """The answer is an approximation where an exact one was possible or expected."""


def enumerate_some(values: Iterable[Any], limit: int = 6) -> str:
    """Write the first few `values`, and how many more there are.

    >>> enumerate_some(["a", "b", "c"], limit=2)
    "'a', 'b' and 1 more"
    """
    values = list(values)
    shown = ", ".join(repr(_plain(value)) for value in values[:limit])
    more = len(values) - limit
    return f"{shown} and {more} more" if more > 0 else shown


def first_line(error: BaseException) -> str:
    """Say in one line what another library's error says, or its name where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _plain(value: Any) -> Any:
    """Turn a NumPy scalar into the Python value that a reader would have typed."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value

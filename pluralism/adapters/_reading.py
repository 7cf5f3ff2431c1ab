"""What a harness hands over for one sample, read as what a measure needs.

Harnesses bring the same thing in many dresses: a distribution is a list, a mapping, a NumPy array
or the text that a model wrote. Each reader takes one value and its place and returns a clean
Python value, `ABSENT` where nothing was given (None, NaN, an empty text or list), or raises a
`DataError` that names the place. Text is read as JSON, or as a Python literal: nothing is run. A
list needs its brackets: 0,1 is one number in half the world.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any

from ..data._json import RepeatedKeyError, parse_json, without_repeats
from ..data._labels import check_labels
from ..errors import DataError

__all__ = ["ABSENT", "READERS", "name", "read"]

#: Longer texts are an answer that rambled, not a number or a list of shares.
LONGEST_TEXT = 100_000

ABSENT: Any = object()


def read(kind: str, value: Any, place: str) -> Any:
    """Read one value as `kind`, one of `READERS`."""
    value = plain(value)
    if is_absent(value):
        return ABSENT
    return READERS[kind](value, place)


def plain(value: Any) -> Any:
    """Turn arrays and array scalars, of whatever library, into Python values."""
    return value.tolist() if hasattr(value, "tolist") and hasattr(value, "dtype") else value


def is_absent(value: Any) -> bool:
    """Whether nothing was given."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, Collection) and not len(value)


def literal(value: Any, place: str, what: str) -> Any:
    """Return `value`, read first where it is text."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if len(text) <= LONGEST_TEXT:
        for parse in (parse_json, _python_literal):
            try:
                return parse(text)
            except RepeatedKeyError as error:
                raise DataError(f"{place}: {error}") from None
            except _BareCommaError:
                remedy = "; write a decimal point, as in 0.1, or a list in brackets, as in [0, 1]"
                raise unreadable(value, place, f"{what}{remedy}") from None
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                continue
    raise unreadable(value, place, what)


class _BareCommaError(ValueError):
    """Entries stand in no brackets."""


def _python_literal(text: str) -> Any:
    tree = ast.parse(text, mode="eval")
    value = ast.literal_eval(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            without_repeats([(ast.literal_eval(key), None) for key in node.keys if key])
    if isinstance(value, tuple) and len(ast.literal_eval(f"[{text}\n]")) != 1:
        raise _BareCommaError
    return value


def unreadable(value: Any, place: str, what: str) -> DataError:
    """Build the error that says what stands where."""
    shown = repr(value)
    shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
    return DataError(f"{place} is {shown}; it must be {what}")


def number(value: Any, place: str) -> Any:
    """Read a finite number; True and False are 1 and 0."""
    what = "a number"
    value = plain(literal(value, place, what))
    if isinstance(value, float) and math.isnan(value):
        return ABSENT
    if not _is_finite(value):
        raise unreadable(value, place, what)
    return float(value)


def _is_finite(value: Any) -> bool:
    try:
        return isinstance(value, (int, float)) and math.isfinite(value)
    except OverflowError:  # an integer beyond the largest float
        return False


def distribution(value: Any, place: str) -> Any:
    """Read the shares of categories: a list of numbers, or a mapping of labels to numbers."""
    what = "a list of numbers, or a mapping of labels to numbers"
    value = literal(value, place, what)
    if isinstance(value, Mapping):
        names = check_labels(place.strip("`"), [label(key, place) for key in value])
        shares = [share(entry, place, what) for entry in value.values()]
        return dict(zip(names, shares, strict=True))
    if isinstance(value, (list, tuple)):
        return [share(entry, place, what) for entry in value]
    raise unreadable(value, place, what)


def share(value: Any, place: str, what: str) -> float:
    """Read one share; sums and signs are checked where distributions are compared."""
    value = plain(value)
    if isinstance(value, bool) or not _is_finite(value):
        raise unreadable(value, f"an entry of {place}", what)
    return float(value)


def label(value: Any, place: str) -> Hashable:
    """Read a category: a text without the blanks around it, a number or a flag."""
    found = name(value, place)
    return found.strip() if isinstance(found, str) else found


def name(value: Any, place: str) -> Hashable:
    """Read a text as it stands, a number or a flag, never a collection."""
    value = plain(value)
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() else value  # 1.0 and 1 are one answer
    raise unreadable(value, place, "a label: a text or a number")


def label_list(value: Any, place: str) -> Any:
    """Read what several raters said; who said nothing is left out."""
    what = "a list of labels, one a rater"
    value = literal(value, place, what) if _looks_like_list(value) else value
    if isinstance(value, (list, tuple)):
        entries = [plain(entry) for entry in value]
        given = [label(entry, f"an entry of {place}") for entry in entries if not is_absent(entry)]
        return given or ABSENT
    if isinstance(value, Mapping):  # rater -> label
        return label_list(list(value.values()), place)
    raise unreadable(value, place, what)


def label_set(value: Any, place: str) -> Any:
    """Read a set of labels; an empty one was handled before."""
    what = "a collection of labels"
    value = literal(value, place, what) if _looks_like_list(value) else value
    if isinstance(value, (list, tuple, set, frozenset)):
        entries = [plain(entry) for entry in value]
        given = [label(entry, f"an entry of {place}") for entry in entries if not is_absent(entry)]
        return set(check_labels(place.strip("`"), given, unique=False))
    raise unreadable(value, place, what)


def probability(value: Any, place: str) -> Any:
    """Read the probability of the positive class, or of every class."""
    what = "a probability, or a list of them"
    value = plain(literal(value, place, what))
    return (
        distribution(value, place)
        if isinstance(value, (list, tuple, Mapping))
        else number(value, place)
    )


def target(value: Any, place: str) -> Any:
    """Read what happened: a category, a number, or the counts or shares of categories."""
    if isinstance(value, str):
        try:
            value = plain(literal(value, place, ""))
        except DataError:
            return label(value, place)
    return (
        distribution(value, place)
        if isinstance(value, (list, tuple, Mapping))
        else label(value, place)
    )


def _looks_like_list(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip()[:1] in {"[", "(", "{"}


READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "number": number,
    "probability": probability,
    "distribution": distribution,
    "label": label,
    "label list": label_list,
    "label set": label_set,
    "target": target,
}

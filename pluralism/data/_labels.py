"""Labels of items, raters, groups and categories: which are allowed, and in which order.

A label is any hashable scalar; strings and integers are usual. Two spellings that a reader would
take for one label (the number 1 and the string "1", the composed and the decomposed form of an
accented letter, a word with and without a space at its end or a character that nobody sees, the
same words with another hyphen or space between) are an error rather than two labels.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError, LabelError, enumerate_some

__all__ = [
    "Nameless",
    "as_coordinate",
    "as_list",
    "check_labels",
    "code_of",
    "in_order",
    "is_frame",
    "is_missing",
    "kept",
    "listed",
    "recode",
    "refuse_taken",
    "union",
]

Label = Hashable

#: Characters that nobody sees though Unicode counts them among letters and marks: joiners,
#: fillers and variation selectors.
_UNSEEN = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0, *range(0x180B, 0x180E)))
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
#: What Unicode counts among format characters though it is seen: signs over Arabic, Syriac and
#: Kaithi numbers, and the letters of regional flags.
_SEEN = frozenset(
    map(chr, (*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD))
) | frozenset(map(chr, range(0xE0020, 0xE0080)))


class _Looks(dict[int, "str | None"]):
    """How a reader sees a character, by its code, as `str.translate` asks for it."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        category = unicodedata.category(character)
        look: str | None = character
        if character.isspace() or character == "\u2800":  # the empty pattern of Braille
            look = " "
        elif category == "Pd" or character == "\u2212":  # the minus sign
            look = "-"
        elif character in _UNSEEN or (category in ("Cf", "Cc") and character not in _SEEN):
            look = None
        self[code] = look
        return look


_LOOKS = _Looks()

#: What can be walked through, but in no order that means anything.
UNORDERED = (set, frozenset, Mapping)


class Nameless(tuple[Hashable, ...]):
    """Numbers 0, 1, ... for people without names: the same number elsewhere is somebody else."""

    __slots__ = ()


def is_missing(label: Any) -> bool:
    """Whether `label` stands for no label at all: None, NaN, NaT or pandas' NA."""
    if label is None:
        return True
    try:
        return bool(label != label)
    except TypeError:  # pandas.NA refuses to be a truth value
        return True


def is_ordered(row: Any) -> bool:
    """Whether `row` is a sequence of labels: a set has no order, a mapping and a word no labels."""
    return isinstance(row, Iterable) and not isinstance(row, (*UNORDERED, str, bytes))


def is_frame(value: Any) -> bool:
    """Whether `value` has columns: a walk through it meets their names or them, not its rows."""
    return hasattr(type(value), "columns")  # a lazy frame itself would have to be planned


def listed(name: str, rows: Any, *, counts: str, table: str) -> list[Any]:
    """List votes one by one, or say what a walk through `rows` would lose.

    `counts` says where the values of a mapping belong, `table` what takes a data frame.
    """
    if isinstance(rows, Mapping):
        raise DataError(
            f"`{name}` is a {type(rows).__name__}, whose values would be lost; give a list of its "
            f"keys, and its values {counts}"
        )
    if isinstance(rows, UNORDERED):
        raise DataError(
            f"`{name}` is a {type(rows).__name__}, which has no order and holds equal entries "
            "once; give a list"
        )
    if is_frame(rows):
        raise DataError(
            f"`{name}` is a data frame, whose rows would not be read; give a list of its rows "
            f"(`frame.rows()` in Polars, `frame.to_numpy().tolist()` in pandas), or use {table}"
        )
    if isinstance(rows, (str, bytes)) or not isinstance(rows, Iterable):
        raise DataError(f"`{name}` is {rows!r}; give a list of {name}")
    return list(rows)


def kept(given: Any) -> Any:
    """Return `given`, as a tuple where it can be walked through only once."""
    return tuple(given) if isinstance(given, Iterator) else given


def refuse_taken(own: Iterable[str], named: Iterable[str]) -> None:
    """Raise if a group or covariate is named like one of a table's own columns."""
    own = tuple(own)
    for name in named:
        if name in own:
            raise DataError(
                f"a group or covariate is called {name!r}, as a column of the table is (it has "
                f"{', '.join(own)}); rename the column before it is counted"
            )


def as_list(array: Any) -> list[Any]:
    """Plain values of an array; NumPy's dates, of which these are numbers, stay themselves."""
    return list(array) if array.dtype.kind in "mM" else array.tolist()


def check_labels(name: str, labels: Iterable[Any], *, unique: bool = True) -> tuple[Label, ...]:
    """Return `labels` as a tuple of plain Python values, or say which of them cannot stand.

    Parameters
    ----------
    name : str
        How the message calls them.
    labels : iterable
        The labels in their order, NumPy scalars included; a set or a mapping is refused.
    unique : bool
        Whether a repeated label is an error.
    """
    if isinstance(labels, UNORDERED) or not isinstance(labels, Iterable):
        what = f"a {type(labels).__name__}, which has no order of its labels"
        raise DataError(
            f"`{name}` is {what if isinstance(labels, Iterable) else repr(labels)}; give a list"
        )
    clean = tuple(
        label.item()
        if hasattr(label, "item") and hasattr(label, "dtype") and label.dtype.kind not in "mM"
        else label
        for label in labels
    )
    seen: dict[Any, Any] = {}
    numbers: dict[Any, Any] = {}
    for place, label in enumerate(clean):
        if is_missing(label):
            raise LabelError(f"`{name}[{place}]` is {label!r}; every label must be given")
        try:
            hash(label)
        except TypeError:
            raise LabelError(
                f"`{name}[{place}]` is {label!r}, which cannot be a label (unhashable)"
            ) from None
        if not isinstance(label, str):
            if isinstance(label, (np.datetime64, np.timedelta64)):
                raise LabelError(
                    f"`{name}[{place}]` is {label!r}; a label cannot be a date of NumPy (write "
                    "dates as text, `.astype(str)`)"
                )
            # Python takes 1, 1.0 and True for one key; True is no number to a reader.
            other = numbers.setdefault(label, label)
            is_number = isinstance(label, bool) == isinstance(other, bool)
            if type(other) is not type(label) and (unique or not is_number):
                raise LabelError(
                    f"`{name}` holds {other!r} ({_describe(other)}) and {label!r} "
                    f"({_describe(label)}), which are equal; write the label in one way"
                )
        # The form in which a reader would see the label, whatever its type or encoding.
        visible = str(label)
        if not (visible.isascii() and visible.isprintable()):
            visible = " ".join(unicodedata.normalize("NFC", visible.translate(_LOOKS)).split())
        visible = visible.strip()
        if visible in seen:
            other = seen[visible]
            if type(other) is type(label) and other == label:
                if unique:
                    raise LabelError(f"`{name}[{place}]` repeats the label {label!r}")
                continue
            raise LabelError(
                f"`{name}` holds {other!r} ({_describe(other)}) and {label!r} "
                f"({_describe(label)}), which look alike; write the label in one way"
            )
        seen[visible] = label
    return clean


def in_order(labels: Iterable[Any]) -> tuple[Label, ...]:
    """Sort labels: numbers by size, the rest by their text, numbers first."""
    return tuple(sorted(labels, key=_sort_key))


def union(left: Sequence[Label], right: Sequence[Label], *, name: str) -> tuple[Label, ...]:
    """All labels of two containers: sorted where both are sorted, else left then the new ones."""
    if tuple(left) == tuple(right) and all(
        isinstance(one, bool) == isinstance(other, bool)
        for one, other in zip(left, right, strict=True)
    ):
        return tuple(left)
    known = {label: isinstance(label, bool) for label in left}
    both = (
        *left,
        *(label for label in right if known.get(label) is not isinstance(label, bool)),
    )
    check_labels(name, both)
    if tuple(left) == in_order(left) and tuple(right) == in_order(right):
        return in_order(both)
    return both


def code_of(labels: Sequence[Label], argument: str) -> dict[Label, int]:
    """Map every label to its position; `argument` names them in messages of the caller."""
    codes = {label: code for code, label in enumerate(labels)}
    if len(codes) != len(labels):
        check_labels(argument, labels)
    return codes


def recode(codes: npt.NDArray[np.integer], place: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Replace every code by its place; where nobody moves, many codes are only looked through."""
    if np.array_equal(place, np.arange(len(place))):
        return codes.astype(np.int32, copy=False)
    return place[codes]


def _sort_key(label: Any) -> tuple[int, Any, str]:
    if isinstance(label, (int, float)) and not isinstance(label, bool):
        return (0, label, "")
    return (1, 0, str(label))


def _describe(label: Any) -> str:
    if isinstance(label, str):
        return "str" if label.isascii() else f"str, {label!a}"
    return type(label).__name__


def summarise(labels: Sequence[Label]) -> str:
    """Write how many labels there are and the first few."""
    return f"{len(labels)}: {enumerate_some(labels)}"


def as_coordinate(labels: Sequence[Label]) -> npt.NDArray[Any]:
    """Labels as a one-dimensional coordinate: int64 where all are integers, else objects.

    A label that is itself a tuple stays one label.
    """
    if labels and all(type(label) is int for label in labels):
        return np.array(labels, dtype=np.int64)
    coordinate = np.empty(len(labels), dtype=object)
    coordinate[:] = labels
    return coordinate

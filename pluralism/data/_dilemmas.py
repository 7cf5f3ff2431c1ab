"""Choices between two actions, each of which carries values: who won which battle of values?"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .. import _validate
from ..errors import DataError, LabelError, enumerate_some
from . import _labels

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["dilemma_battles"]

#: How answers say that neither action was chosen, in any case.
_UNDECIDED = frozenset({"", "na", "n/a", "nan", "none", "null", "neither", "refused"})
UNMAPPED = "unmapped"


class _Action(NamedTuple):
    label: str  # what stands before the colon
    values: list[Hashable]
    choice: Any


def dilemma_battles(
    frame: Any,
    *,
    dilemma: str,
    action: str,
    values: str,
    choice: str,
    classes: Mapping[Any, Hashable] | None = None,
    undecided: Literal["drop", "tie", "second", "error"] = "drop",
    unmapped: Literal["error", "drop", "keep"] = "error",
    repeated: Literal["once", "each"] = "once",
) -> pd.DataFrame:
    """Turn choices in dilemmas into battles of values, the format of LitmusValues.

    Every value of the first action meets every value of the second, and the values of the chosen
    action win.

    Parameters
    ----------
    frame : frame
        Two rows a dilemma, one for each action. Anything that narwhals takes eagerly.
    dilemma : str
        Column that says which rows belong together.
    action : str
        Column with the action: a label, or a label, a colon and the text ("Action 1: tell her").
        All dilemmas share the same two labels; the first of them in sorted order is taken as
        shown first.
    values : str
        Column with the action's values: a list, or the text of a Python list.
    choice : str
        Column with the label of the chosen action, the same in both rows of a dilemma, in any
        case; "NA", an empty cell or the like where neither was chosen.
    classes : mapping, optional
        Value -> its class. Default: the values are the classes.
    undecided : {"drop", "tie", "second", "error"}
        What a dilemma without a choice is: left out and counted, a tie of all its values, a win
        for the second action (the published code does this, unsaid), or an error.
    unmapped : {"error", "drop", "keep"}
        What a value is that `classes` does not know: an error, left out and counted, or one class
        more, named "unmapped", that competes (the published code does this).
    repeated : {"once", "each"}
        Whether two values of one action in one class fight once or each (the published code).

    Returns
    -------
    pandas.DataFrame
        One row a battle, in the order of the frame: ``dilemma``, ``first`` and ``second`` (the
        two classes, that of the action shown first coming first), ``outcome`` ("first",
        "second", "tie") and ``weight``, one over the battles of the dilemma. What was left out is
        counted in ``attrs["dropped"]``: undecided dilemmas, unmapped values, battles of a class
        with itself (a tie that moves no rating), and dilemmas that had no battle.

    Raises
    ------
    DataError
        If a dilemma has not exactly its two actions, an answer is none of the labels, the two
        rows of a dilemma give different answers, a list of values cannot be read, or no battle
        is left.
    LabelError
        If a value has no class.

    Notes
    -----
    One choice makes many battles, which stand or fall together. Say so when they are counted,
    ``Comparisons.from_frame(battles, first="first", second="second", outcome="outcome",
    rater="dilemma")``: standard errors are then clustered by dilemma, and
    ``bootstrap(..., unit="rater")`` resamples dilemmas. With ``weight="weight"`` every dilemma
    counts once, else one whose actions carry many values counts more.

    References
    ----------
    Chiu et al. (2025), Will AI tell lies to save sick children?, arXiv 2505.14633, sec. 3.

    Examples
    --------
    >>> import pandas as pd
    >>> from pluralism.data import dilemma_battles
    >>> rows = pd.DataFrame({
    ...     "id": [1, 1, 2, 2],
    ...     "action": ["Action 1: tell her", "Action 2: keep quiet"] * 2,
    ...     "values": [["Truth", "Care"], ["Privacy"], ["Truth"], ["Care", "Truth"]],
    ...     "answer": ["Action 1", "Action 1", "NA", "NA"],
    ... })
    >>> battles = dilemma_battles(
    ...     rows, dilemma="id", action="action", values="values", choice="answer"
    ... )
    >>> battles
       dilemma  first   second  outcome  weight
    0        1  Truth  Privacy    first     0.5
    1        1   Care  Privacy    first     0.5
    >>> battles.attrs["dropped"]
    {'undecided dilemmas': 1}
    """
    import pandas as pd

    _validate.one_of("undecided", undecided, ("drop", "tie", "second", "error"))
    _validate.one_of("unmapped", unmapped, ("error", "drop", "keep"))
    _validate.one_of("repeated", repeated, ("once", "each"))
    if classes is not None and not isinstance(classes, Mapping):
        raise DataError(f"`classes` is {type(classes).__name__}; it must map values to classes")
    if classes is not None and unmapped == "keep" and UNMAPPED in set(classes.values()):
        raise LabelError(
            f'`classes` has a class {UNMAPPED!r}, which `unmapped="keep"` needs; rename it'
        )
    dropped: dict[str, int] = {}
    pairs = _read(frame, dilemma, action, values, choice)
    rows: list[tuple[Hashable, Hashable, Hashable, str, float]] = []
    for name, (one, other) in pairs.items():
        outcome = _outcome(name, one, other, choice)
        if outcome is None and undecided == "error":
            raise DataError(
                f"dilemma {name!r} has the answer {one.choice!r} in {choice!r}, which chooses "
                'neither action; say what that is by `undecided="drop"`, "tie" or "second"'
            )
        if outcome is None and undecided == "drop":
            _count(dropped, "undecided dilemmas")
            continue
        sides = [_classes(name, side.values, classes, unmapped, dropped) for side in (one, other)]
        if repeated == "once":
            sides = [list(dict.fromkeys(side)) for side in sides]
        battles = [(a, b) for a in sides[0] for b in sides[1] if a != b]
        _count(
            dropped, "battles of a class with itself", len(sides[0]) * len(sides[1]) - len(battles)
        )
        if not battles:
            _count(dropped, "dilemmas without a battle")
        result = outcome or undecided
        rows.extend((name, a, b, result, 1.0 / len(battles)) for a, b in battles)
    if not rows:
        said = ", ".join(f"{count} {reason}" for reason, count in dropped.items())
        raise DataError(f"no battle is left of {len(pairs)} dilemmas ({said})")
    _labels.check_labels("values", (label for row in rows for label in row[1:3]), unique=False)
    table = pd.DataFrame(rows, columns=["dilemma", "first", "second", "outcome", "weight"])
    table.attrs["dropped"] = dropped
    return table


def _count(dropped: dict[str, int], reason: str, number: int = 1) -> None:
    if number:
        dropped[reason] = dropped.get(reason, 0) + number


def _read(
    frame: Any, dilemma: str, action: str, values: str, choice: str
) -> dict[Hashable, tuple[_Action, _Action]]:
    """Both actions of every dilemma, the first shown first, in the order of the frame."""
    columns = _columns(frame, [dilemma, action, values, choice])
    named: list[str] = []
    for place, text in enumerate(columns[action]):
        if not isinstance(text, str) or not text.strip():
            raise DataError(f"{action!r} is {text!r} in row {place}; every row needs an action")
        named.append(text.split(":", 1)[0].strip())
    labels = sorted(set(named), key=str.casefold)
    if len({label.casefold() for label in labels}) != len(labels):
        raise LabelError(f"the actions {enumerate_some(labels)} are written in more than one way")
    if len(labels) != 2:
        raise DataError(
            f"{action!r} has {len(labels)} labels before a colon ({enumerate_some(labels)}); there "
            'must be two, the same in all dilemmas, such as "Action 1" and "Action 2"'
        )
    found: dict[Hashable, dict[str, _Action]] = {}
    for place, name in enumerate(columns[dilemma]):
        if _labels.is_missing(name):
            raise DataError(f"{dilemma!r} is missing in row {place}")
        sides = found.setdefault(name, {})
        label = named[place]
        if label in sides:
            raise DataError(
                f"dilemma {name!r} has {label!r} twice (again in row {place}); a dilemma is two "
                "rows, so give every repetition an id of its own"
            )
        sides[label] = _Action(
            label, _list(values, place, columns[values][place]), columns[choice][place]
        )
    for name, sides in found.items():
        if len(sides) != 2:
            absent = next(label for label in labels if label not in sides)
            raise DataError(f"dilemma {name!r} has no row for {absent!r}")
    return {name: (sides[labels[0]], sides[labels[1]]) for name, sides in found.items()}


def _columns(frame: Any, names: list[str]) -> dict[str, list[Any]]:
    import narwhals as nw

    try:
        table = nw.from_native(frame, eager_only=True)
    except TypeError:
        raise DataError(
            f"`frame` is a {type(frame).__name__}; it must be an eager data frame"
        ) from None
    for name in names:
        if name not in table.columns:
            raise LabelError.unknown(
                "an argument", name, known=table.columns, argument="the columns of `frame`"
            )
    if not len(table):
        raise DataError("`frame` has no rows")
    return {name: table[name].to_list() for name in names}


def _list(column: str, place: int, cell: Any) -> list[Hashable]:
    """Values of one action, from a list or its text."""
    given = cell
    if isinstance(given, str):
        try:
            given = ast.literal_eval(given)
        except (ValueError, SyntaxError):
            given = None
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise DataError(
            f"{column!r} is {cell!r} in row {place}; it must be a list of values, or the text of "
            "one such as \"['Care', 'Truth']\""
        )
    labels = [value.strip() if isinstance(value, str) else value for value in given]
    return list(_labels.check_labels(f"{column} (row {place})", labels, unique=False))


def _outcome(name: Hashable, one: _Action, other: _Action, column: str) -> str | None:
    """Which of the two was chosen, or None."""
    texts = [_answer(side.choice) for side in (one, other)]
    if texts[0] != texts[1]:
        raise DataError(
            f"dilemma {name!r} has two answers in {column!r}, {one.choice!r} and {other.choice!r}"
        )
    known = {one.label.casefold(): "first", other.label.casefold(): "second"}
    if texts[0] and texts[0] not in known:
        raise DataError(
            f"dilemma {name!r} has the answer {one.choice!r} in {column!r}; it must be "
            f"{one.label!r}, {other.label!r}, or NA"
        )
    return known.get(texts[0])


def _answer(given: Any) -> str:
    text = "" if _labels.is_missing(given) else str(given).strip().casefold()
    return "" if text in _UNDECIDED else text


def _classes(
    name: Hashable,
    values: list[Hashable],
    classes: Mapping[Any, Hashable] | None,
    unmapped: str,
    dropped: dict[str, int],
) -> list[Hashable]:
    """Classes of an action's values; a class that is missing is no class."""
    if classes is None:
        return values
    found = []
    for value in values:
        label = classes.get(value)
        if not _labels.is_missing(label):
            found.append(label)
        elif unmapped == "keep":
            found.append(UNMAPPED)
        elif unmapped == "drop":
            _count(dropped, "unmapped values")
        else:
            raise LabelError(
                f"dilemma {name!r} has the value {value!r}, which `classes` does not know "
                f'({len(classes):,} known); complete it, or say `unmapped="drop"` or "keep"'
            )
    return found

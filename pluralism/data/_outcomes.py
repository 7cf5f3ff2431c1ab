"""What a vote says: raw outcome codes -> first, second or tie."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, enumerate_some

__all__ = ["FIRST", "RECOGNISED", "SECOND", "TIE", "outcome_codes", "recognise"]

SECOND, FIRST, TIE = 0, 1, 2
_UNKNOWN = -1
_MEANING = {"first": FIRST, "second": SECOND, "tie": TIE}

#: Codes that need no map, in any case. Ties exist only as words: a number is a share of the vote.
RECOGNISED = {
    **dict.fromkeys(("first", "left", "a", "model_a", "item_a", "1", "1.0", "true"), FIRST),
    **dict.fromkeys(("second", "right", "b", "model_b", "item_b", "0", "0.0", "false"), SECOND),
    **dict.fromkeys(
        ("tie", "tied", "draw", "tie (bothbad)", "tie (both bad)", "both_bad", "bothbad"), TIE
    ),
}


def recognise(code: Any) -> int:
    """Return FIRST, SECOND or TIE for a code that needs no map, else -1."""
    if isinstance(code, (bool, np.bool_)):
        return FIRST if code else SECOND
    if isinstance(code, (int, float, np.number)):
        return {1.0: FIRST, 0.0: SECOND}.get(float(code), _UNKNOWN)
    return RECOGNISED.get(str(code).strip().casefold(), _UNKNOWN)


def outcome_codes(
    column: str,
    labels: Sequence[Hashable],
    outcomes: Mapping[Any, str] | None,
    items: Sequence[Hashable] = (),
) -> npt.NDArray[np.int8]:
    """Meaning of every distinct outcome met in `column`.

    Parameters
    ----------
    column : str
        The column's name, for the message.
    labels : sequence
        The distinct raw outcomes.
    outcomes : mapping, optional
        Raw outcome -> "first", "second" or "tie"; what it does not name must be recognised.
    items : sequence, optional
        Labels of the items, to tell a column of winners that is given as one of codes.

    Raises
    ------
    DataError
        An outcome has no meaning, or `outcomes` gives one that is none of the three.
    """
    given = dict(outcomes or {})
    for raw, meaning in given.items():
        _validate.one_of(f"outcomes[{raw!r}]", meaning, _MEANING)
    # A file of text has "2" where the caller wrote 2.
    by_text = {str(raw): meaning for raw, meaning in given.items()}
    codes = np.empty(len(labels), dtype=np.int8)
    for place, label in enumerate(labels):
        meaning = given.get(label, by_text.get(str(label)))
        codes[place] = recognise(label) if meaning is None else _MEANING[meaning]
    unknown = [label for label, code in zip(labels, codes, strict=True) if code == _UNKNOWN]
    if unknown:
        if set(unknown) <= set(items):
            raise DataError(
                f"column {column!r} holds {enumerate_some(unknown, 10)}, "
                f"{'an item' if len(unknown) == 1 else 'items'} and no outcome; if it says who "
                f"won, name it as `winner={column!r}` instead of `outcome`"
            )
        raise DataError(
            f"column {column!r} holds {enumerate_some(unknown, 10)}, which "
            f"{'is no outcome that is' if len(unknown) == 1 else 'are no outcomes that are'} known "
            f"(seen: {enumerate_some(labels, 10)}; known in any case: first/second/tie, "
            "left/right/tie, a/b/tie, model_a/model_b, draw, 1/0, or shares in [0, 1] in a column "
            'of numbers); map them with outcomes={raw: "first" | "second" | "tie"}'
        )
    return codes

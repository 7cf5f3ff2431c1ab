"""What a vote says: raw outcome codes -> first, second or tie."""

from __future__ import annotations

import re
import unicodedata
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


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII)


def recognise(code: Any) -> int:
    """Return FIRST, SECOND or TIE for a code that needs no map, else -1."""
    return _KNOWN.get(_normal(code), _UNKNOWN)


def _normal(code: Any) -> Hashable:
    """One form for a code however it is written: a number, or a word in lower case.

    A file of text has "1.0" or "true" where the caller wrote 1 or True.
    """
    if isinstance(code, (bool, np.bool_)):
        return int(code)
    if isinstance(code, (int, float)):
        return code
    if isinstance(code, np.number):
        return code.item()
    text = unicodedata.normalize("NFC", str(code)).strip().casefold()
    if text in ("true", "false"):
        return int(text == "true")
    if len(text) > 40 or not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("+-").isdigit() else float(text)


#: `RECOGNISED` in its one form.
_KNOWN = {_normal(word): meaning for word, meaning in RECOGNISED.items()}


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
        Raw outcome -> "first", "second" or "tie", matched as numbers or as words in any case;
        what it does not name must be recognised.
    items : sequence, optional
        Labels of the items, to tell a column of winners that is given as one of codes.

    Raises
    ------
    DataError
        An outcome has no meaning, or `outcomes` gives one that is none of the three, or gives two
        to one code.
    """
    given = dict(outcomes or {})
    for raw, meaning in given.items():
        _validate.one_of(f"outcomes[{raw!r}]", meaning, _MEANING)
    written: dict[Hashable, Any] = {}
    for raw, meaning in given.items():
        other = written.setdefault(_normal(raw), raw)
        if given[other] != meaning:
            raise DataError(
                f"`outcomes` maps {other!r} to {given[other]!r} and {raw!r} to {meaning!r}, which "
                "are one code written in two ways; name it once"
            )
    known = _KNOWN | {_normal(raw): _MEANING[meaning] for raw, meaning in given.items()}
    codes = np.array([known.get(_normal(label), _UNKNOWN) for label in labels], dtype=np.int8)
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

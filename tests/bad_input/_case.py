"""What a case of bad input is, and how its outcome is judged."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pluralism.errors import DataError, PluralismError

#: How a call can end, worst first.
SILENTLY_WRONG, OBSCURE, CLEAR, RIGHT = "silently wrong", "obscure crash", "clear error", "right"


@dataclass(frozen=True)
class Case:
    """One kind of bad input put to one function.

    A call must raise ``error`` with every text of ``says`` in its message (the argument, the value
    or its place, the remedy), or, where ``right`` is given, return what ``right`` accepts.
    """

    row: str
    call: str
    run: Callable[[], Any] = field(repr=False)
    says: tuple[str, ...] = ()
    error: type[Exception] = DataError
    right: Callable[[Any], bool] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return f"{self.row}: {self.call}"


def outcome(case: Case) -> tuple[str, str]:
    """How the call ends, and its message or answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            answer = case.run()
        except PluralismError as error:
            text = str(error)
            fits = isinstance(error, case.error) and all(
                part.casefold() in text.casefold() for part in case.says
            )
            return (CLEAR if case.right is None and fits else OBSCURE), text
        except Exception as error:
            return OBSCURE, f"{type(error).__name__}: {error}"
    if case.right is not None and case.right(answer):
        return RIGHT, repr(answer)
    return SILENTLY_WRONG, repr(answer)

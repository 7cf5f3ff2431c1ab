"""Warnings that threads can give and hold back without meeting.

`warnings.catch_warnings` swaps a list that all threads share: two that overlap can leave it changed
for good. So our own warnings are held back by a context variable, which every thread has for
itself, and another library's by a lock around the swap.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock
from typing import Any

__all__ = ["held_back", "others_silenced", "told_by", "warn"]

#: Categories, and how a message must begin, of what is held back here.
_HELD_BACK: ContextVar[tuple[tuple[type[Warning], str], ...]] = ContextVar("held back", default=())
_SWAPPING = RLock()


def warn(message: str, category: type[Warning], *, stacklevel: int = 1) -> None:
    """Give a warning of ours, unless it is held back; `stacklevel` counts from the caller."""
    for held, start in _HELD_BACK.get():
        if issubclass(category, held) and message.startswith(start):
            return
    warnings.warn(message, category, stacklevel=stacklevel + 1)


@contextmanager
def held_back(*categories: type[Warning], starting: str = "") -> Iterator[None]:
    """Hold back our own warnings of these categories, in this thread."""
    more = tuple((category, starting) for category in categories)
    token = _HELD_BACK.set(_HELD_BACK.get() + more)
    try:
        yield
    finally:
        _HELD_BACK.reset(token)


@contextmanager
def told_by(tell: Callable[[str], object]) -> Iterator[None]:
    """Hand the text of every warning to `tell`: for a command, which has its process to itself."""
    shown = warnings.showwarning

    def show(message: Any, category: Any, *where: Any, **more: Any) -> None:
        tell(str(message))

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = shown


@contextmanager
def others_silenced() -> Iterator[None]:
    """Ignore every warning while another library runs; one thread at a time."""
    with _SWAPPING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

"""JSON in which no key stands twice: parsers silently keep the last of repeated ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["RepeatedKeyError", "parse_json", "without_repeats"]


class RepeatedKeyError(ValueError):
    """A key stands twice in one object."""


def parse_json(text: str | bytes, *, parse_int: Callable[[str], Any] | None = None) -> Any:
    """Parse JSON; raises what `json.loads` does, or `RepeatedKeyError`."""
    return json.loads(text, object_pairs_hook=without_repeats, parse_int=parse_int)


def without_repeats(pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
    """Build a mapping of keys that all differ."""
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise RepeatedKeyError(f"the key {twice!r} stands twice in one object")
    return result

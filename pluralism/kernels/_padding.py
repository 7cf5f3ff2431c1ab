"""Shapes filled up to a few sizes, so that few of them are compiled."""

from __future__ import annotations

__all__ = ["bucket"]


def bucket(size: int) -> int:
    """Return the smallest power of two that is at least `size` (and at least 1)."""
    return 1 << max(0, size - 1).bit_length()

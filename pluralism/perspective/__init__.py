"""Whose views, and how many different ones, are in a set of answers?"""

from .._lazy import attach

_EXPORTS = {
    "entropy": "_entropy",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

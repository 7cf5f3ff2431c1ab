"""What would a fair aggregation decide, and which principles does it break?"""

from .._lazy import attach

_EXPORTS = {
    "Outcome": "_outcome",
    "borda": "_positional",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

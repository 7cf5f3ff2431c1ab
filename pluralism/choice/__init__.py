"""What would a fair aggregation decide, and which principles does it break?"""

from .._lazy import attach

_EXPORTS: dict[str, str] = {}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

"""What does a respondent prefer, how strongly, how coherently?"""

from .._lazy import attach

_EXPORTS: dict[str, str] = {}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

"""One self-contained HTML page that a reader without Python can open, read and check."""

from .._lazy import attach

_EXPORTS = {"write_report": "_write"}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

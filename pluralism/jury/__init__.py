"""How do raters disagree, and is a prediction calibrated to that disagreement?"""

from .._lazy import attach

_EXPORTS = {
    "krippendorff_alpha": "_agreement",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

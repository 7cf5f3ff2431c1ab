"""What does a respondent prefer, how strongly, how coherently?"""

from .._lazy import attach

_EXPORTS: dict[str, str] = {
    "Contrast": "_fit",
    "Convergence": "_fit",
    "UtilityFit": "_fit",
    "fit_bradley_terry": "_bradley_terry",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

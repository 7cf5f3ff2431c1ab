"""What does a respondent prefer, how strongly, how coherently?"""

from .._lazy import attach

_EXPORTS: dict[str, str] = {
    "Contrast": "_estimates",
    "Convergence": "_estimates",
    "GoodnessOfFit": "_goodness",
    "LikelihoodRatioTest": "_nested",
    "UtilityFit": "_fit",
    "fit_bradley_terry": "_bradley_terry",
    "goodness_of_fit": "_goodness",
    "likelihood_ratio_test": "_nested",
    "pair_residuals": "_goodness",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

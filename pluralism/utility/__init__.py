"""What does a respondent prefer, how strongly, how coherently?"""

from .._lazy import attach

_EXPORTS: dict[str, str] = {
    "CaseIIIDiagnostics": "_case_iii",
    "Contrast": "_fit",
    "Convergence": "_fit",
    "EloFit": "_elo",
    "GroupFits": "_group_fits",
    "HomogeneityTest": "_group_fits",
    "ThurstoneFit": "_case_iii",
    "PreferenceMixture": "_mixture_fit",
    "UtilityFit": "_fit",
    "fit_bradley_terry": "_bradley_terry",
    "fit_elo": "_elo",
    "fit_groups": "_groups",
    "fit_plackett_luce": "_plackett_luce",
    "fit_preference_mixture": "_mixture",
    "fit_thurstone": "_thurstone",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

"""What does a respondent prefer, how strongly, how coherently?"""

from .._lazy import attach

_EXPORTS: dict[str, str] = {
    "CaseIIIDiagnostics": "_case_iii",
    "Contrast": "_estimates",
    "Convergence": "_estimates",
    "EloFit": "_elo",
    "GoodnessOfFit": "_goodness",
    "GroupFits": "_group_fits",
    "HeldOutAccuracy": "_held_out",
    "HomogeneityTest": "_group_fits",
    "LikelihoodRatioTest": "_nested",
    "ThurstoneFit": "_case_iii",
    "PreferenceMixture": "_mixture_fit",
    "UtilityFit": "_fit",
    "fit_bradley_terry": "_bradley_terry",
    "fit_elo": "_elo",
    "fit_groups": "_groups",
    "fit_plackett_luce": "_plackett_luce",
    "fit_preference_mixture": "_mixture",
    "fit_thurstone": "_thurstone",
    "goodness_of_fit": "_goodness",
    "held_out_accuracy": "_held_out",
    "likelihood_ratio_test": "_nested",
    "next_pairs": "_next_pairs",
    "pair_residuals": "_goodness",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

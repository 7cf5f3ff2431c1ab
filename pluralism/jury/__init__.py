"""How do raters disagree, and is a prediction calibrated to that disagreement?"""

from .._lazy import attach

_EXPORTS = {
    "agreement_table": "_agreement_table",
    "brennan_prediger": "_agreement",
    "cohen_kappa": "_agreement",
    "cross_replication_reliability": "_cross",
    "DawidSkeneFit": "_rater_models",
    "DirichletMultinomialFit": "_dirichlet",
    "effective_raters": "_cross",
    "fit_dawid_skene": "_rater_models",
    "fit_dirichlet_multinomial": "_dirichlet",
    "fit_mace": "_rater_models",
    "fit_temperature": "_oracle",
    "fleiss_kappa": "_agreement",
    "group_association": "_groups",
    "GroupAssociation": "_groups",
    "GroupedDirichletMultinomialFit": "_dirichlet",
    "gwet_ac1": "_agreement",
    "krippendorff_alpha": "_agreement",
    "MaceFit": "_rater_models",
    "oracle_score": "_oracle",
    "OracleScore": "_oracle",
    "Temperature": "_oracle",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

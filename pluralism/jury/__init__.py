"""How do raters disagree, and is a prediction calibrated to that disagreement?"""

from .._lazy import attach

_EXPORTS = {
    "brennan_prediger": "_agreement",
    "cohen_kappa": "_agreement",
    "cross_replication_reliability": "_cross",
    "effective_raters": "_cross",
    "fleiss_kappa": "_agreement",
    "group_association": "_groups",
    "GroupAssociation": "_groups",
    "gwet_ac1": "_agreement",
    "krippendorff_alpha": "_agreement",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

"""Whose views, and how many different ones, are in a set of answers?"""

from .._lazy import attach

_EXPORTS = {
    "agreement_a": "_polarization",
    "bimodality": "_polarization",
    "entropy": "_entropy",
    "hellinger": "_distances",
    "hill_numbers": "_diversity",
    "js_distance": "_distances",
    "js_divergence": "_distances",
    "js_divergence_among": "_distances",
    "kl_divergence": "_distances",
    "manhattan": "_distances",
    "normalized_entropy": "_entropy",
    "polarization": "_polarization",
    "rao_entropy": "_diversity",
    "renyi_entropy": "_diversity",
    "richness": "_diversity",
    "similarity_diversity": "_diversity",
    "total_variation": "_distances",
    "tsallis_entropy": "_diversity",
    "vendi_score": "_diversity",
    "wasserstein": "_distances",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

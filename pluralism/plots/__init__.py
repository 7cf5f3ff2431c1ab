"""Figures of results: every function takes a Matplotlib axes and returns it.

Colours are told apart by colour-blind readers and in greyscale, every axis has its unit, every
figure its number of votes, and Matplotlib's global settings are left alone.
"""

from .._lazy import attach

_EXPORTS = {
    "comparison_graph": "_graph",
    "diversity_profile": "_diversity",
    "group_agreement": "_agreement",
    "group_utilities": "_by_group",
    "margin_graph": "_margins",
    "order_effect": "_coherence",
    "pairwise_matrix": "_pairs",
    "pareto_front": "_front",
    "rank_probabilities": "_ranks",
    "reliability_diagram": "_reliability",
    "transitivity": "_coherence",
    "utilities": "_intervals",
    "verdict_by_composition": "_verdicts",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

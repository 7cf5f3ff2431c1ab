"""Figures of results: every function takes a Matplotlib axes and returns it.

Colours are told apart by colour-blind readers and in greyscale, every axis has its unit, every
figure its number of votes, and Matplotlib's global settings are left alone.
"""

from .._lazy import attach

_EXPORTS = {
    "comparison_graph": "_graph",
    "pairwise_matrix": "_pairs",
    "utilities": "_intervals",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

"""The only door in: frames, files, matrices and lists become frozen containers.

All label, index and count errors are found here; everything behind this room may rely on clean
integer codes and finite, non-negative counts.
"""

from .._lazy import attach

_EXPORTS = {
    "Annotations": "_annotations",
    "Ballots": "_ballots",
    "Comparisons": "_comparisons",
    "EmergentValues": "_emergent_values",
    "Grouping": "_comparisons",
    "MoralGraphFile": "_moral_graph_file",
    "PolisConversation": "_polis",
    "dilemma_battles": "_dilemmas",
    "load_table": "_tables",
    "read_emergent_values": "_emergent_values",
    "read_moral_graph": "_moral_graph_file",
    "read_polis": "_polis",
    "simulate_votes": "_simulate",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

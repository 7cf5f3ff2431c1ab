"""What would a fair aggregation decide, and which principles does it break?"""

from .._lazy import attach

_EXPORTS = {
    "BrokenTie": "_outcome",
    "Outcome": "_outcome",
    "Representation": "_justified",
    "Round": "_outcome",
    "approval": "_positional",
    "approval_committee": "_committees",
    "borda": "_positional",
    "condorcet_loser": "_sets",
    "condorcet_winner": "_sets",
    "copeland": "_majoritarian",
    "irv": "_elimination",
    "justified_representation": "_justified",
    "stv": "_transfers",
    "kemeny": "_consensus_ranking",
    "maximal_lottery": "_lottery",
    "minimax": "_majoritarian",
    "plurality": "_positional",
    "positional": "_positional",
    "random_dictator": "_lottery",
    "ranked_pairs": "_majoritarian",
    "schulze": "_majoritarian",
    "schwartz_set": "_sets",
    "smith_set": "_sets",
    "split_cycle": "_majoritarian",
    "uncovered_set": "_sets",
    "veto": "_positional",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)

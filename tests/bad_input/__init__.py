"""Bad input, one table: kinds of it, the functions they reach, and what must come of it.

The same kinds are put to other libraries by ``benchmarks/robustness.py``.
"""

from . import ballots, comparisons, distributions, ratings, rewards, scores
from ._case import CLEAR, OBSCURE, RIGHT, SILENTLY_WRONG, Case, outcome

__all__ = ["CASES", "CLEAR", "OBSCURE", "RIGHT", "SILENTLY_WRONG", "Case", "outcome"]

CASES: list[Case] = [
    *comparisons.CASES,
    *distributions.CASES,
    *ratings.CASES,
    *ballots.CASES,
    *scores.CASES,
    *rewards.CASES,
]

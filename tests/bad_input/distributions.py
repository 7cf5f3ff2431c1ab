"""Distributions and counts that are none."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from pluralism import jury, perspective

from ._case import Case

HALF = [0.25, 0.25, 0.5]
DISTANCES = (
    perspective.js_divergence,
    perspective.js_distance,
    perspective.kl_divergence,
    perspective.total_variation,
    perspective.hellinger,
    perspective.wasserstein,
    perspective.manhattan,
)
#: These take items x categories.
OF_ROWS = (jury.distribution_calibration, perspective.distributional_alignment)
#: One of two distributions is bad: what is said of it.
BAD = {
    "negative probability": ([0.5, 0.7, -0.2], ("-0.2",)),
    "probabilities that do not sum to one": ([0.5, 0.2, 0.2], ("0.9", "normalize=True")),
    "all zero": ([0.0, 0.0, 0.0], ("is all zero", "no distribution")),
    "empty": ([], ()),
    "NaN": ([0.5, np.nan, 0.5], ("nan",)),
    "infinity": ([0.5, np.inf, 0.5], ("inf",)),
    "lengths that differ": ([0.5, 0.5], ("2", "3")),
    "length one against three": ([1.0], ("1", "3")),
    "text": (["a", "b", "c"], ()),
}
#: Functions of one distribution or of counts.
OF_COUNTS = {
    "entropy": perspective.entropy,
    "normalized_entropy": perspective.normalized_entropy,
    "hill_numbers": perspective.hill_numbers,
    "renyi_entropy": perspective.renyi_entropy,
    "tsallis_entropy": perspective.tsallis_entropy,
    "richness": perspective.richness,
    "agreement_a": perspective.agreement_a,
    "bimodality": perspective.bimodality,
    "polarization": perspective.polarization,
    "rao_entropy": partial(perspective.rao_entropy, distance=1 - np.eye(3)),
    "similarity_diversity": partial(perspective.similarity_diversity, similarity=np.eye(3)),
    "rarefaction": partial(perspective.rarefaction, sizes=[1]),
}
BAD_COUNTS = {
    "negative count": ([3, -1, 2], ("`counts[1]`", "-1", "at least 0")),
    "no count at all": ([0, 0, 0], ("`counts`",)),
    "NaN": ([1.0, np.nan, 2.0], ("`counts[1]`", "nan")),
    "infinity": ([1.0, np.inf, 2.0], ("`counts[1]`", "inf")),
    "text": (["a", "b", "c"], ("`counts`",)),
    "empty": ([], ("`counts`",)),
}


def _frame(categories: str) -> pd.DataFrame:
    return pd.DataFrame([HALF], columns=list(categories))


CASES = [
    *(
        Case(row, function.__name__, partial(function, bad, HALF), says)
        for row, (bad, says) in BAD.items()
        for function in DISTANCES
    ),
    *(
        Case(row, function.__name__, partial(function, [bad], [HALF]), says)
        for row, (bad, says) in BAD.items()
        for function in OF_ROWS
    ),
    *(
        Case(row, name, partial(function, bad), says)
        for row, (bad, says) in BAD_COUNTS.items()
        for name, function in OF_COUNTS.items()
    ),
    *(
        Case(
            "category sets that differ",
            function.__name__,
            partial(function, _frame("abc"), _frame("abd")),
            ("'c'", "'d'"),
        )
        for function in (*DISTANCES, *OF_ROWS)
    ),
    *(
        Case(
            "a distribution against itself",
            function.__name__,
            partial(function, p, p),
            right=lambda found: found == 0,
        )
        for function in DISTANCES
        for p in ([0.1, 0.2, 0.7],)
    ),
    Case(
        "zero-probability bin under KL",
        "kl_divergence",
        lambda: perspective.kl_divergence([0.5, 0.5], [1.0, 0.0]),
        right=lambda found: found == np.inf,
    ),
    Case(
        "zero-probability bin under KL",
        "kl_divergence(smoothing=)",
        lambda: perspective.kl_divergence([0.5, 0.5], [1.0, 0.0], smoothing=0.01),
        right=lambda found: 0 < found < 5,
    ),
    Case(
        "counts of 1e15",
        "entropy",
        lambda: perspective.entropy([10**15, 10**15]),
        right=lambda found: abs(found - np.log(2)) < 1e-15,
    ),
    Case(
        "int8 counts",
        "entropy",
        lambda: perspective.entropy(np.array([100, 100, 100], np.int8)),
        right=lambda found: abs(found - np.log(3)) < 1e-15,
    ),
]

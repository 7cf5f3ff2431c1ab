"""Ratings on which no agreement stands, and predictions that are no distribution."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pluralism import Annotations, jury
from pluralism.errors import LabelError, PluralismError

from ._case import Case

COLUMNS = {"item": "item", "rater": "rater", "label": "label"}
GOOD = {"item": ["i", "i", "j", "j"], "rater": ["x", "y", "x", "y"], "label": [1, 2, 1, 1]}
AGREEMENTS = (
    jury.krippendorff_alpha,
    jury.fleiss_kappa,
    jury.cohen_kappa,
    jury.gwet_ac1,
    jury.brennan_prediger,
    jury.agreement_table,
)
MODELS = (jury.fit_dawid_skene, jury.fit_mace)


def read(**changed: Any) -> Callable[[], Annotations]:
    extra = {name: name for name in ("group", "weight") if name in changed}
    return lambda: Annotations.from_frame(
        pd.DataFrame({**GOOD, **changed}), **COLUMNS, **extra, scale="interval"
    )


READING = [
    *(
        Case(
            f"None in {column}",
            "Annotations.from_frame",
            read(**{column: values}),
            (column, "row"),
            error=PluralismError,
        )
        for column, values in (
            ("item", ["i", None, "j", "j"]),
            ("rater", ["x", None, "x", "y"]),
            ("label", [1, None, 1, 1]),
            ("weight", [1, None, 1, 1]),
            ("group", ["g", None, "g", "h"]),
        )
    ),
    Case("infinite label", "Annotations.from_frame", read(label=[1.0, np.inf, 1.0, 1.0]), ("inf",)),
    Case(
        "negative weights", "Annotations.from_frame", read(weight=[1, -1, 1, 1]), ("-1", "weight")
    ),
    Case(
        "mixed 1 and '1'",
        "Annotations.from_frame",
        lambda: Annotations.from_frame(
            pd.DataFrame({**GOOD, "item": [1, "1", "j", "j"]}), **COLUMNS
        ),
        ("'1'",),
        error=LabelError,
    ),
    Case(
        "label not among the categories",
        "Annotations.from_frame",
        lambda: Annotations.from_frame(pd.DataFrame(GOOD), **COLUMNS, categories=[1, 3]),
        ("2",),
        error=LabelError,
    ),
    Case(
        "text on an interval scale",
        "Annotations.from_frame",
        read(label=["a", "b", "a", "a"]),
        ("interval",),
    ),
    Case(
        "0 rows",
        "Annotations.from_frame",
        lambda: Annotations.from_frame(pd.DataFrame(GOOD).head(0), **COLUMNS),
        ("no rows",),
    ),
    Case(
        "negative counts",
        "Annotations.from_counts",
        lambda: Annotations.from_counts([[1, -2], [3, 0]]),
        ("-2",),
    ),
    Case(
        "NaN count",
        "Annotations.from_counts",
        lambda: Annotations.from_counts([[1, np.nan], [3, 0]]),
        ("nan",),
    ),
    Case(
        "a column that is not there",
        "Annotations.from_frame",
        lambda: Annotations.from_frame(
            pd.DataFrame(GOOD), item="itm", rater="rater", label="label"
        ),
        ("'itm'",),
    ),
    Case(
        "rater in two groups", "Annotations.from_frame", read(group=["g", "g", "h", "g"]), ("'x'",)
    ),
    Case(
        "all missing",
        "Annotations.from_matrix",
        lambda: Annotations.from_matrix([[np.nan, np.nan]]),
        (),
    ),
]
ALONE = Annotations.from_matrix([[1, 2, 3]])
APART = Annotations.from_matrix([[1, 2, np.nan, np.nan], [np.nan, np.nan, 1, 2]])
SAME = Annotations.from_matrix([[1, 1, 1], [1, 1, 1]])
UNEVEN = Annotations.from_matrix([[1, 2, 1, 2, 1], [1, 2, 2, 2, np.nan], [np.nan, 2, 1, np.nan, 1]])
AGREEMENT = [
    *(Case("one rater", f.__name__, partial(f, ALONE), ("two",)) for f in AGREEMENTS),
    *(
        Case("no item that two raters share", f.__name__, partial(f, APART), ("two",))
        for f in AGREEMENTS
    ),
    *(
        Case("a matrix for annotations", f.__name__, partial(f, [[1, 2], [1, 2]]), ("Annotations",))
        for f in (*AGREEMENTS, *MODELS)
    ),
    *(
        Case("all values equal", f.__name__, partial(f, SAME), right=lambda x: x == 1.0)
        for f in (jury.krippendorff_alpha, jury.fleiss_kappa, jury.cohen_kappa)
    ),
    *(
        Case(
            "unequal numbers of raters", f.__name__, partial(f, UNEVEN), right=lambda x: -1 <= x < 1
        )
        for f in AGREEMENTS[:5]
    ),
    Case(
        "int8 labels",
        "krippendorff_alpha",
        lambda: jury.krippendorff_alpha(
            Annotations.from_matrix(
                np.tile(np.array([[1, 100, 127], [1, 100, 126]], np.int8), 200), scale="interval"
            )
        ),
        right=lambda x: 0.99 < x < 1,
    ),
    Case(
        "weights misspelt",
        "fleiss_kappa",
        lambda: jury.fleiss_kappa(UNEVEN, weights="quadratik"),
        ("'quadratik'", "'quadratic'"),
    ),
    Case(
        "groups that are not there",
        "group_association",
        lambda: jury.group_association(UNEVEN),
        ("group",),
    ),
    Case(
        "lengths that differ",
        "cross_replication_reliability",
        lambda: jury.cross_replication_reliability([[1, 2], [2, 2]], [[1, 2]]),
        ("(2, 2)", "(1, 2)"),
    ),
    Case(
        "no item that two pools share",
        "cross_replication_reliability",
        lambda: jury.cross_replication_reliability(
            Annotations.from_matrix([[1, 2]], items=["i", "j"]),
            Annotations.from_matrix([[1, 2]], items=["k", "l"]),
        ),
        ("share no item",),
    ),
]
SURE = [[0.2, 0.8], [0.6, 0.4]]
BAD = {
    "negative probability": ([[-0.2, 1.2], [0.6, 0.4]], ("-0.2",)),
    "probabilities that do not sum to one": ([[0.2, 0.2], [0.6, 0.4]], ("0.4",)),
    "NaN": ([[np.nan, 0.8], [0.6, 0.4]], ("nan",)),
    "infinity": ([[np.inf, 0.8], [0.6, 0.4]], ("inf",)),
    "empty": (np.zeros((0, 2)), ()),
    "text": ([["a", "b"], ["a", "b"]], ()),
}
CALIBRATION = (
    jury.calibration_error, jury.smooth_calibration_error, jury.proper_scores,
    jury.reliability_table,
)  # fmt: skip
PREDICTED = [
    *(
        Case(row, f.__name__, partial(f, bad, [1, 0] if len(bad) else []), says)
        for row, (bad, says) in BAD.items()
        for f in CALIBRATION
    ),
    *(
        Case("lengths that differ", f.__name__, partial(f, SURE, [1, 0, 1]), ("3", "2"))
        for f in CALIBRATION
    ),
    *(
        Case("label out of range", f.__name__, partial(f, SURE, [1, 2]), ("2",))
        for f in CALIBRATION
    ),
    *(Case("negative index", f.__name__, partial(f, SURE, [1, -1]), ("-1",)) for f in CALIBRATION),
    Case(
        "negative counts",
        "fit_dirichlet_multinomial",
        lambda: jury.fit_dirichlet_multinomial([[1, -2], [3, 1]]),
        ("-2",),
    ),
    Case("negative counts", "oracle_score", lambda: jury.oracle_score([[1, -2], [3, 1]]), ("-2",)),
    *(
        Case(row, "brier_decomposition", partial(jury.brier_decomposition, bad, [1, 0]), says)
        for row, (bad, says) in {
            "negative probability": ([-0.2, 0.4], ("-0.2",)),
            "probability above one": ([0.2, 1.4], ("1.4",)),
            "NaN": ([0.2, np.nan], ("nan",)),
            "lengths that differ": ([0.2, 0.4, 0.5], ("3", "2")),
        }.items()
    ),
    Case(
        "nobody was asked twice",
        "fit_dirichlet_multinomial",
        lambda: jury.fit_dirichlet_multinomial([[0, 1], [1, 0]]),
        (),
    ),
    Case(
        "a share above one",
        "verdict_probability",
        lambda: jury.verdict_probability(1.2, size=12),
        ("1.2",),
    ),
    Case(
        "a jury of none",
        "verdict_probability",
        lambda: jury.verdict_probability(0.5, size=0),
        ("0",),
    ),
    Case(
        "more seats than raters",
        "verdict_probability(short_pool='error')",
        lambda: jury.verdict_probability(UNEVEN, composition=9, positive=1, short_pool="error"),
        ("9",),
    ),
    Case(
        "a label nobody can give",
        "verdict_probability",
        lambda: jury.verdict_probability(UNEVEN, composition=1, positive=7),
        ("7",),
    ),
    Case(
        "negative ratings under a geometric mean",
        "jury_score",
        lambda: jury.jury_score([1, -1], welfare="nash"),
        ("-1",),
    ),
]
CASES = READING + AGREEMENT + PREDICTED

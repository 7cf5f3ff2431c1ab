"""Observed log-odds of the pairs that met, and how far each is from a fit."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from ..data import Comparisons
from ..errors import DataError, enumerate_some
from ..kernels import _pairs
from ._paired import _counts, _dropped
from ._paired_model import PairedModel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EXACT", "NORMAL", "Observed", "observe", "pair_table", "scores", "smoothing_notes"]

FloatArray = npt.NDArray[np.float64]

#: Standard deviations in a median absolute deviation, for a normal distribution.
NORMAL = 1.482602218505602
#: Spread of the logits, relative to the largest, below which a fit is exact.
EXACT = 1e-6


class Observed(NamedTuple):
    """Log-odds of the pairs that met."""

    pairs: _pairs.Pairs
    logit: FloatArray  # (pairs,)
    weight: FloatArray  # (pairs,)
    smoothing: float
    counted: bool  # whether votes were counted, so that their spread is known


def observe(
    comparisons: Comparisons, model: PairedModel, smoothing: float | None, weights: str
) -> tuple[dict[str, int], Observed]:
    """What was dropped, and the log-odds of the pairs that met, smoothed as asked or as needed."""
    counts, dropped = _counts(comparisons, model), _dropped(comparisons, model)
    won, lost = counts.halved()
    met = (won + lost) > 0
    if not met.any():
        raise DataError("`comparisons` holds nothing but ties, and `ties` leaves them out")
    pairs = _pairs.fold_pairs(
        comparisons.first[met], comparisons.second[met], won[met], lost[met], comparisons.n_items
    )
    halves = np.concatenate([2 * pairs.won, 2 * pairs.lost])  # a tie is half a win
    whole = np.array_equal(halves, np.round(halves))
    if smoothing is None:
        smoothing = 0.5 if whole else 0.0
    ahead, behind = pairs.won + smoothing, pairs.lost + smoothing
    certain = (ahead == 0.0) | (behind == 0.0)
    if certain.any():
        worst = int(np.argmax(certain))
        names = [comparisons.items[code[worst]] for code in (pairs.low, pairs.high)]
        raise DataError(
            f"all of {names[0]!r} against {names[1]!r} went one way, so its log-odds are infinite "
            f"({int(certain.sum())} such of {len(certain):,} pairs), and `smoothing` is 0; give "
            "`smoothing=0.5`, or less where these are shares"
        )
    total = ahead + behind
    weight = np.sqrt(ahead * behind / total) if weights == "votes" else np.ones(len(total))
    return dropped, Observed(pairs, np.log(ahead / behind), weight, smoothing, whole)


def scores(seen: Observed, gap: FloatArray) -> tuple[float, FloatArray]:
    """Robust spread, and how far each pair is from fitted differences `gap` in units of it.

    Deviance residuals where votes were counted: log-odds of few votes have long tails that say
    nothing. Residuals of the log-odds where they were not.
    """
    if seen.counted:
        won, lost = seen.pairs.won, seen.pairs.lost
        total = won + lost
        deviance = special.xlogy(won, won / total) + special.xlogy(lost, lost / total)
        deviance -= won * special.log_expit(gap) + lost * special.log_expit(-gap)
        away = np.sign(won - total * special.expit(gap)) * np.sqrt(2.0 * np.maximum(deviance, 0.0))
        least = 1.0
    else:
        away = seen.logit - gap
        least = EXACT * max(float(np.abs(seen.logit).max(initial=0.0)), 1.0)
    spread = max(NORMAL * float(np.median(np.abs(away))), least)
    return spread, away / spread


def pair_table(
    items: tuple[Hashable, ...], seen: Observed, gap: FloatArray, score: FloatArray, limit: float
) -> pd.DataFrame:
    """One row a pair, the most deviant first."""
    import pandas as pd

    pairs, residual = seen.pairs, seen.logit - gap
    order = np.lexsort((-np.abs(residual), -np.abs(score)))
    label = np.empty(len(items), dtype=object)
    label[:] = items
    total = pairs.won + pairs.lost
    columns = {
        "first": label[pairs.low],
        "second": label[pairs.high],
        "votes": total,
        "observed": pairs.won / total,
        "expected": special.expit(gap),
        "residual": residual,
        "score": score,
        "suspect": np.abs(score) > limit,
    }
    table = pd.DataFrame({name: values[order] for name, values in columns.items()})
    return table.infer_objects()


def smoothing_notes(items: tuple[Hashable, ...], seen: Observed) -> list[str]:
    """Say what the pseudo-votes decide."""
    if not seen.smoothing:
        return []
    notes = [f"{seen.smoothing:g} pseudo-votes were added to each side of every pair"]
    pairs = seen.pairs
    won = _pairs.item_sums(pairs.low, pairs.won, pairs.n_items)
    won += _pairs.item_sums(pairs.high, pairs.lost, pairs.n_items)
    lost = _pairs.item_sums(pairs.low, pairs.lost, pairs.n_items)
    lost += _pairs.item_sums(pairs.high, pairs.won, pairs.n_items)
    sided = np.flatnonzero((won == 0) | (lost == 0))
    if len(sided):
        names = enumerate_some([items[code] for code in sided.tolist()])
        notes.append(
            f"{names} always won or always lost: how far out they lie is the smoothing's doing"
        )
    return notes

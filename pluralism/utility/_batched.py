"""Bootstrap replicates of a plain Bradley-Terry fit, warm-started and without the labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..data import Comparisons
from ..kernels import _graph, _newton, _outcomes, _pairs, _win_table
from ..uncertainty import Batch
from . import _paired_model
from ._covariance import Anchor

__all__ = ["batched_bradley_terry"]

FloatArray = npt.NDArray[np.float64]

#: Items up to which a well-filled table is fitted whole.
_WHOLE = 1000
_REASONS = ("not identified", "did not converge")
#: Options under which a replicate is more than wins by pair.
_PLAIN = {
    "order_effect": False,
    "item_features": None,
    "covariates": (),
    "bias_reduction": False,
    "components": "error",
    "residual": False,
}


def batched_bradley_terry(
    data: Comparisons, *, unit: str, weights: FloatArray, **options: Any
) -> Any:
    """Utilities of many reweighted copies of `data`, (replicates, items).

    Every replicate is an exact fit that starts from the estimate on all the data.
    """
    ties = options.get("ties", "half")
    plain = all(options.get(name, value) == value for name, value in _PLAIN.items())
    if not plain or ties not in ("half", "drop") or not isinstance(data, Comparisons):
        return NotImplemented
    scale = _cell_scale(data, unit)
    if scale is None:
        return NotImplemented
    n = data.n_items
    prior = options.get("prior")
    ridge = 0.0 if prior is None else float(prior) ** -2
    counts = (data.first_won, data.second_won, data.tied * (ties == "half"))
    forward = data.first < data.second
    full = _pairs.fold_pairs(data.first, data.second, *_outcomes.Counts(*counts).halved(), n)
    place = _pairs.pair_of_cell(full, data.first, data.second)
    start = _newton.fit_pairs(full, ridge=ridge)[0].point
    reference = _paired_model.reference_code(options.get("reference", "mean"), data.items)
    component = np.zeros(n, dtype=np.int32)
    anchor = Anchor.at_mean(component) if reference is None else Anchor.at_item(reference, n)
    values = np.full((len(weights), n), np.nan)
    status = np.zeros(len(weights), dtype=np.int32)
    tied = counts[2].any()
    whole = n <= _WHOLE and 4 * len(full.low) >= n * n
    for replicate, drawn in enumerate(weights):
        first, second, both = scale(drawn)
        won, lost = counts[0] * first, counts[1] * second
        if tied:
            half = 0.5 * counts[2] * both
            won, lost = won + half, lost + half
        pairs = full._replace(
            won=_pairs.item_sums(place, np.where(forward, won, lost), len(full.low)),
            lost=_pairs.item_sums(place, np.where(forward, lost, won), len(full.low)),
        )
        if prior is None and not _linked(pairs):
            status[replicate] = 1
            continue
        fitted = None
        if whole:
            table = _win_table.pairs_table(pairs, True)
            fitted = _win_table.fit_win_table(table, ridge=ridge, start=start)
        result, _ = fitted or _newton.fit_pairs(pairs, ridge=ridge, start=start)
        if result.status != _newton.CONVERGED:
            status[replicate] = 2
            continue
        values[replicate] = anchor.refer(result.point)
    return Batch(values, status, _REASONS)


def _linked(pairs: _pairs.Pairs) -> bool:
    """Whether the estimate exists, as it does while all pairs of a linked graph go both ways."""
    if pairs.won.all() and pairs.lost.all():
        return True
    return _graph.win_graph(pairs).n_strong == 1


def _cell_scale(data: Comparisons, unit: str) -> Any:
    """Weights of one draw -> what to multiply first wins, second wins and ties of cells with."""
    cells = data.n_cells
    if unit == "row":
        return lambda drawn: drawn.reshape(3, cells)
    if unit == "rater" and data.rater is not None:
        return lambda drawn: np.broadcast_to(drawn[data.rater], (3, cells))
    if unit == "pair":
        low, high = np.minimum(data.first, data.second), np.maximum(data.first, data.second)
        key = low.astype(np.int64) * data.n_items + high
        _, code = np.unique(key, return_inverse=True)
        return lambda drawn: np.broadcast_to(drawn[code], (3, cells))
    return None

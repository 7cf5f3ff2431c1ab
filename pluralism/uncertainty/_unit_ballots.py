"""Ballots with voters drawn again: a ballot cast by twelve voters stands for twelve."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..data import Ballots
from ._unit import Schemes, Units

__all__ = ["BALLOTS"]


def _voters(data: Ballots) -> Units:
    def reweighted(weights: npt.NDArray[np.float64]) -> Ballots | None:
        kept = np.flatnonzero(data.counts * weights > 0)
        if not len(kept):
            return None
        return data.select(kept, counts=data.counts[kept] * weights[kept])

    return Units("voter", (data.counts,), reweighted, data.ranks.size)


BALLOTS: Schemes = {"voter": _voters}

"""How decided votes look when nobody has a preference. Host kernel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["coin_confidence"]


def coin_confidence(votes: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Expected max(p, 1 - p) when the share p comes from that many tosses of a fair coin.

    The mean absolute deviation of a binomial in closed form (De Moivre 1730):
    1/2 + C(m - 1, floor(m / 2)) / 2^m for m votes.

    Parameters
    ----------
    votes : array_like of int
        Votes m on each pair, at least 1.

    Returns
    -------
    numpy.ndarray
        In [1/2, 1]; 1 for a single vote.
    """
    m = np.asarray(votes, dtype=np.float64)
    half = np.floor(m / 2)
    log_choose = special.gammaln(m) - special.gammaln(half + 1) - special.gammaln(m - half)
    return np.asarray(0.5 + np.exp(log_choose - m * np.log(2)))

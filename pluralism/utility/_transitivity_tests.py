"""Is intransitivity more than noise? A likelihood ratio, and Bayes factors."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..data._cells import axis_of
from ..errors import ConvergenceError
from ..kernels import _kemeny, _transitivity
from ._pair_shares import PairShares

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TransitivityTest", "bayes_factor", "likelihood_ratio"]

FloatArray = npt.NDArray[np.float64]

#: Most seconds for the best order of the data, and for that of one simulated set.
_SECONDS, _SECONDS_EACH = 60.0, 10.0
#: Numbers that one batch of posterior draws holds.
_NUMBERS = 1 << 18


@dataclass(frozen=True, eq=False)
class TransitivityTest:
    """Evidence for or against stochastic transitivity.

    Attributes
    ----------
    method : str
        ``"likelihood-ratio"`` or ``"bayes-factor"``.
    statistic, pvalue : float
        Likelihood ratio: twice the log-likelihood lost under weak transitivity, and the share
        of simulated transitive responders that lose as much ((k + 1) / (n + 1)).
    bayes_factor, bayes_factor_stderr : float
        Bayes factor: of weak transitivity of all items against unconstrained probabilities,
        with its Monte Carlo error; NaN where some pair never met.
    triples : pandas.DataFrame or None
        Bayes factor: by triple, ``item_1`` to ``item_3``, the posterior probability of
        ``weak``, ``moderate`` and ``strong`` and, named ``..._factor``, its Bayes factor against
        unconstrained probabilities (prior 3/4, 1/2 and 1/4).
    """

    method: str
    statistic: float = float("nan")
    pvalue: float = float("nan")
    bayes_factor: float = float("nan")
    bayes_factor_stderr: float = float("nan")
    triples: pd.DataFrame | None = field(default=None, repr=False)


def likelihood_ratio(shares: PairShares, n: int, rng: np.random.Generator) -> TransitivityTest:
    """Test weak transitivity of all pairs against one free probability for each."""
    statistic, order = _least_cost(shares.won, shares.lost, shares, _SECONDS)
    place = np.argsort(order)
    ahead = place[shares.low] < place[shares.high]
    share = shares.won / shares.total
    null = np.where(ahead, np.maximum(share, 0.5), np.minimum(share, 0.5))
    exceeded = 0
    for _ in range(n if statistic > 0 else 0):
        won = rng.binomial(shares.total.astype(np.int64), null).astype(np.float64)
        lost, _ = _least_cost(won, shares.total - won, shares, _SECONDS_EACH)
        exceeded += lost >= statistic * (1 - 1e-9)
    pvalue = (exceeded + 1) / (n + 1) if statistic > 0 else 1.0
    return TransitivityTest("likelihood-ratio", statistic=statistic, pvalue=pvalue)


def _least_cost(
    won: FloatArray, lost: FloatArray, shares: PairShares, seconds: float
) -> tuple[float, tuple[int, ...]]:
    """Likelihood ratio of the best order: pairs against it are at one half."""
    from scipy.special import xlogy

    total = won + lost
    lose = 2 * (xlogy(won, won / total) + xlogy(lost, lost / total) + total * np.log(2))
    wins = np.zeros((shares.n_items, shares.n_items))
    wins[shares.low, shares.high] = np.where(won > lost, lose, 0.0)
    wins[shares.high, shares.low] = np.where(lost > won, lose, 0.0)
    solved = _kemeny.kemeny_rankings(wins.copy(), 1, 0.0, seconds)
    if solved.message:
        raise ConvergenceError(
            f"the order of {shares.n_items} items that costs least was not found in {seconds:g} s "
            f"({solved.message}); test fewer items, or use test='bayes-factor'"
        )
    return float(solved.distance), solved.rankings[0]


def bayes_factor(
    shares: PairShares, items: tuple[Hashable, ...], n: int, rng: np.random.Generator
) -> TransitivityTest:
    """Share of the posterior that is transitive over that of the prior, triple by triple."""
    import pandas as pd

    code = np.full((shares.n_items, shares.n_items), np.nan)
    code[shares.low, shares.high] = np.arange(len(shares.low))
    code[shares.high, shares.low] = code[shares.low, shares.high]
    chosen = [
        np.stack([np.full(len(y), x), y, z], axis=1) for x, y, z in _transitivity.triples(code)
    ]
    triple = np.concatenate(chosen)  # (triples, 3)
    pair = [code[triple[:, a], triple[:, b]].astype(np.intp) for a, b in ((0, 1), (1, 2), (0, 2))]
    met = len(shares.low) == shares.n_items * (shares.n_items - 1) // 2
    satisfied = np.zeros((3, len(triple)))
    transitive = 0
    batch = max(1, _NUMBERS // max(len(triple), len(shares.low)))
    for start in range(0, n, batch):
        size = (min(batch, n - start), len(shares.low))
        draw = rng.beta(shares.won + 1, shares.lost + 1, size)  # (draws, pairs)
        level, _ = _transitivity.levels(*(draw[:, side] for side in pair))
        satisfied += (level > np.arange(3)[:, None, None]).sum(axis=1)
        transitive += int((level > 0).all(axis=1).sum())
    posterior = satisfied / n
    prior = np.array([0.75, 0.5, 0.25])
    labels = axis_of(items)
    columns: dict[str, Any] = {f"item_{k + 1}": labels[triple[:, k]] for k in range(3)}
    columns |= dict(zip(("weak", "moderate", "strong"), posterior, strict=True))
    factors = posterior / prior[:, None]
    names = ("weak_factor", "moderate_factor", "strong_factor")
    columns |= dict(zip(names, factors, strict=True))
    whole, error = float("nan"), float("nan")
    if met:
        volume = float(np.exp(-_transitivity.prior_logs(shares.n_items)[0]))
        whole = transitive / n * volume
        error = float(np.sqrt(transitive / n * (1 - transitive / n) / n)) * volume
    return TransitivityTest(
        "bayes-factor",
        bayes_factor=whole,
        bayes_factor_stderr=error,
        triples=pd.DataFrame(columns),
    )

"""How far exchange rates move from one context to another."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..data._cells import axis_of
from ..errors import DataError
from ._exchange import ExchangeRates

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ExchangeRateShift", "exchange_rate_shift"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ExchangeRateShift:
    """Fold-changes of exchange rates between contexts.

    Attributes
    ----------
    median_fold : float
        Median over pairs of goods and of contexts of exp(abs(change of the log rate)); 1 is no
        change.
    noise_fold : float
        The median that errors of estimation alone would give if no rate changed; NaN without
        standard errors.
    reversed : float
        Share of the pairs whose rate lies on the other side of one.
    n : int
        Rates compared.
    n_missing : int
        Pairs of goods and of contexts left out because a rate is NaN on one side.
    pairs : pandas.DataFrame
        ``context``, ``context_bis``, ``good``, ``good_bis``, ``rate``, ``rate_bis``, ``fold``,
        ``stderr`` (of the change of the log rate) and ``z``.
    """

    median_fold: float
    noise_fold: float
    reversed: float
    n: int
    n_missing: int
    pairs: pd.DataFrame = field(repr=False)


def exchange_rate_shift(contexts: Mapping[Hashable, ExchangeRates]) -> ExchangeRateShift:
    r"""Compare the exchange rates of the same goods in different contexts.

    The fold-change of a rate is :math:`\exp|\ln r - \ln r'|`. Each pair of goods counts once:
    the rate of j in i is the inverse of that of i in j.

    Parameters
    ----------
    contexts : mapping of label to ExchangeRates
        What `exchange_rates` gave in each context; at least two, over the same goods.

    Returns
    -------
    ExchangeRateShift

    Raises
    ------
    DataError
        If there are fewer than two contexts, their goods differ, or no rate is known in two.

    Notes
    -----
    Without any change, estimates still differ: `noise_fold` is the median fold-change of
    normal errors with the reported standard errors.

    References
    ----------
    "Median factor between framings", arXiv 2606.13944 (2.47, as quoted by a review).

    Examples
    --------
    >>> import numpy as np, pluralism as pl
    >>> goods = {f"{n} {x}": (x, n) for x in ("apples", "pears") for n in (1, 3, 10, 30)}
    >>> def rates(gap):
    ...     utilities = {o: np.log(n) + gap * (x == "pears") for o, (x, n) in goods.items()}
    ...     return pl.utility.exchange_rates(utilities, goods=goods)
    >>> shift = pl.utility.exchange_rate_shift({"plain": rates(0.7), "news": rates(1.4)})
    >>> round(shift.median_fold, 3)
    2.014
    """
    import pandas as pd

    if not isinstance(contexts, Mapping) or len(contexts) < 2:
        raise DataError("`contexts` must map at least two contexts to their exchange rates")
    for name, rates in contexts.items():
        if not isinstance(rates, ExchangeRates):
            raise DataError(
                f"`contexts[{name!r}]` is a {type(rates).__name__}; it must be what "
                "exchange_rates returns"
            )
    first_name, first = next(iter(contexts.items()))
    goods = first.rate["good"].values.tolist()
    logs, spreads = {}, {}
    low, high = np.triu_indices(len(goods), 1)
    for name, rates in contexts.items():
        if set(rates.rate["good"].values.tolist()) != set(goods):
            raise DataError(
                f"the goods of `contexts[{name!r}]` differ from those of {first_name!r}; compare "
                "contexts over the same goods"
            )
        logs[name] = np.log(rates.rate.sel(good=goods, good_bis=goods).values)[low, high]
        spreads[name] = rates.log_stderr.sel(good=goods, good_bis=goods).values[low, high]
    labels = axis_of(goods)
    parts = []
    for one, other in combinations(contexts, 2):
        change = logs[one] - logs[other]
        stderr = np.hypot(spreads[one], spreads[other])
        known = stderr > 0
        parts.append(
            {
                "context": np.full(len(low), one, dtype=object),
                "context_bis": np.full(len(low), other, dtype=object),
                "good": labels[low],
                "good_bis": labels[high],
                "rate": np.exp(logs[one]),
                "rate_bis": np.exp(logs[other]),
                "fold": np.exp(np.abs(change)),
                "stderr": stderr,
                "z": np.divide(change, stderr, out=np.full(len(low), np.nan), where=known),
            }
        )
    table = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    known = table["fold"].notna()
    if not known.any():
        raise DataError("no pair of goods has a rate in two contexts; see `.goods` of each")
    table = table[known].reset_index(drop=True)
    return ExchangeRateShift(
        median_fold=float(table["fold"].median()),
        noise_fold=_noise_fold(table["stderr"].to_numpy()),
        reversed=float((np.log(table["rate"]) * np.log(table["rate_bis"]) < 0).mean()),
        n=len(table),
        n_missing=int((~known).sum()),
        pairs=table,
    )


def _noise_fold(stderr: Any) -> float:
    """Exponential of the median of |N(0, s^2)| mixed over the standard errors s."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    s = np.asarray(stderr, dtype=np.float64)
    if np.isnan(s).any():
        return float("nan")
    if np.median(s) == 0:
        return 1.0

    def excess(x: float) -> float:
        share = np.where(s > 0, 2 * ndtr(x / np.where(s > 0, s, 1.0)) - 1, 1.0)
        return float(share.mean() - 0.5)

    return float(np.exp(brentq(excess, 0.0, 10 * s.max())))

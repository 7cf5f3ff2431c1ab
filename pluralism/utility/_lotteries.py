"""Is a lottery worth what its outcomes are worth on average?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data._cells import axis_of
from ..errors import DataError
from ._given import Given, given_utilities, merged

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["ExpectedUtilityConsistency", "expected_utility_consistency"]

FloatArray = npt.NDArray[np.float64]

_MEASURES = ("mae", "standardized_mae", "pearson", "order_preservation")


@dataclass(frozen=True, eq=False)
class ExpectedUtilityConsistency:
    """Utilities of lotteries beside the expected utilities of their outcomes.

    Attributes
    ----------
    mae : float
        Mean absolute difference, in units of utility.
    standardized_mae : float
        The same after both columns were brought to mean 0 and standard deviation 1.
    pearson : float
        Correlation.
    order_preservation : float
        Share of the pairs of lotteries that both columns order alike; a tie in one of them counts
        half, and a pair that ties in both (in the bootstrap, a lottery and its copy) is left out.
    interval : xarray.DataArray, (measure, ci_bound)
        Bootstrap intervals of the four, over lotteries.
    noise_mae : float
        What `mae` would be on average if expected utility held exactly and the utilities had
        only the errors that their fit reports; NaN where they come without a covariance.
    lotteries : pandas.DataFrame
        ``lottery``, ``n_outcomes``, ``utility``, ``expected``, ``difference``, ``stderr`` (of the
        difference, from the fit).
    """

    mae: float
    standardized_mae: float
    pearson: float
    order_preservation: float
    interval: xr.DataArray = field(repr=False)
    noise_mae: float
    lotteries: pd.DataFrame = field(repr=False)


def expected_utility_consistency(
    utilities: Any,
    *,
    lotteries: Mapping[Hashable, Mapping[Hashable, float]],
    normalize: bool = False,
    level: float = 0.95,
    n: int = 1000,
    seed: Any = 0,
) -> ExpectedUtilityConsistency:
    r"""Compare what a lottery is worth with :math:`\sum_o p(o)\, u(o)` over its outcomes.

    Lotteries are compared and fitted like any other option, in the same fit as their outcomes,
    so that both stand on one scale.

    Parameters
    ----------
    utilities : UtilityFit, DataArray, Series or mapping
        Utilities of lotteries and of outcomes.
    lotteries : mapping of label to mapping of outcome to probability
        Each lottery's outcomes; probabilities sum to one.
    normalize : bool
        Whether weights that do not sum to one (percentages, say) are divided by their sum.
    level : float
        Coverage of the intervals, in (0, 1).
    n : int
        Bootstrap replicates, at least 2.
    seed : int, numpy.random.Generator or None
        For the bootstrap.

    Returns
    -------
    ExpectedUtilityConsistency

    Raises
    ------
    LabelError
        For a lottery or outcome without a utility.
    DataError
        If there are fewer than three lotteries, probabilities are negative or do not sum to one,
        a lottery is its own outcome, or all lotteries are worth the same.

    Warns
    -----
    SmallSampleWarning
        With fewer than six lotteries.

    Notes
    -----
    The mean absolute error depends on the unit of utility; a respondent who hardly discriminates
    has a small one. Published figures are in units in which utilities have standard deviation 1,
    and orders are compared on at most 1,000 random pairs; here on all.

    References
    ----------
    Mazeika et al. (2025), arXiv 2502.08640, section 4.2; von Neumann and Morgenstern (1944).

    Examples
    --------
    >>> import pluralism as pl
    >>> from itertools import combinations
    >>> outcomes = {"a": 0.0, "b": 1.0, "c": 2.0, "d": 4.0}
    >>> halves = {f"{x} or {y}": {x: 0.5, y: 0.5} for x, y in combinations(outcomes, 2)}
    >>> fitted = dict(zip(halves, [0.4, 1.1, 2.1, 1.5, 2.4, 2.9]))
    >>> result = pl.utility.expected_utility_consistency(outcomes | fitted, lotteries=halves)
    >>> round(result.mae, 3), round(result.pearson, 3), result.order_preservation
    (0.083, 0.995, 1.0)
    """
    import pandas as pd
    import xarray as xr

    from ..uncertainty import bootstrap

    given = given_utilities("utilities", utilities)
    weights = _weights(given, lotteries, normalize)  # (lotteries, items)
    names = list(lotteries)
    utility = given.values[given.codes("lotteries", names)]
    # Equal lotteries must tie, whatever the order in which their outcomes are summed.
    expected = merged(weights @ given.values, 1e-12 * np.abs(given.values).max())
    if np.ptp(utility) == 0 or np.ptp(expected) == 0:
        raise DataError(
            "all lotteries have the same utility or the same expected utility; there is nothing "
            "to correlate"
        )
    rows = np.stack([utility, expected], axis=1)
    boot = bootstrap(_measure, rows, unit="row", n=n, level=level, seed=seed, progress=False)
    difference = -weights
    difference[np.arange(len(names)), given.codes("lotteries", names)] += 1.0
    covariance = given.covariance()
    spread = np.full(len(names), np.nan)
    if covariance is not None:
        variance = np.einsum("li,ij,lj->l", difference, covariance, difference)
        spread = np.sqrt(np.maximum(variance, 0.0))
    table = {
        "lottery": axis_of(names),
        "n_outcomes": (weights > 0).sum(axis=1),
        "utility": utility,
        "expected": expected,
        "difference": utility - expected,
        "stderr": spread,
    }
    return ExpectedUtilityConsistency(
        **dict(zip(_MEASURES, (float(value) for value in boot.estimate), strict=True)),
        interval=xr.DataArray(
            np.asarray(boot.interval),
            dims=("measure", "ci_bound"),
            coords={"measure": list(_MEASURES), "ci_bound": ["lower", "upper"]},
            attrs={"ci_prob": level, "ci_kind": "percentile"},
        ),
        noise_mae=float(np.sqrt(2 / np.pi) * spread.mean()),
        lotteries=pd.DataFrame(table),
    )


def _measure(rows: FloatArray) -> FloatArray:
    """Return the four measures of (lotteries, 2); NaN where a column is constant."""
    utility, expected = rows.T
    mae = np.abs(utility - expected).mean()
    low, high = np.triu_indices(len(rows), 1)
    one, other = (np.sign(column[low] - column[high]) for column in (utility, expected))
    ordered = (one != 0) | (other != 0)
    preserved = (0.5 * (1 + one * other))[ordered].mean() if ordered.any() else np.nan
    spread = rows.std(axis=0)
    if (spread <= 1e-12 * np.abs(rows).max(axis=0)).any():
        return np.array([mae, np.nan, np.nan, preserved])
    standard = (rows - rows.mean(axis=0)) / spread
    return np.array(
        [
            mae,
            np.abs(standard[:, 0] - standard[:, 1]).mean(),
            standard.prod(axis=1).mean(),
            preserved,
        ]
    )


def _weights(given: Given, lotteries: Any, normalize: bool) -> FloatArray:
    """Probabilities of all items in every lottery, (lotteries, items)."""
    if not isinstance(lotteries, Mapping):
        raise DataError(
            f"`lotteries` is a {type(lotteries).__name__}; it must map each lottery to a mapping "
            "of outcome to probability"
        )
    if len(lotteries) < 3:
        raise DataError(f"`lotteries` holds {len(lotteries)}; at least three are needed")
    weights = np.zeros((len(lotteries), len(given.items)))
    for row, (name, outcomes) in enumerate(lotteries.items()):
        place = f"lotteries[{name!r}]"
        if not isinstance(outcomes, Mapping) or not outcomes:
            raise DataError(f"`{place}` is {outcomes!r}; it must map outcomes to probabilities")
        if name in outcomes:
            raise DataError(f"`{place}` names itself as an outcome")
        chances = _validate.finite_array(place, list(outcomes.values()), ndim=1)
        chances = _validate.distributions(place, chances, normalize=normalize)
        weights[row, given.codes(place, list(outcomes))] = chances
    return weights

"""Which pairs to ask about next."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from .. import _validate
from ..data import Comparisons
from ..errors import DataError, enumerate_some
from ..kernels import _outcomes
from ..kernels._elicitation import greedy_information, percentile_pairs
from ._fit import UtilityFit

__all__ = ["next_pairs"]

FloatArray = npt.NDArray[np.float64]

#: All pairs of more items than this do not fit in memory comfortably.
_MOST_ITEMS = 8000


def next_pairs(
    fit: UtilityFit,
    *,
    n: int = 10,
    strategy: Literal["information", "percentile"] = "information",
    comparisons: Comparisons | None = None,
    repeats: bool = True,
    difference_percentile: float = 10.0,
    degree_percentile: float = 20.0,
    seed: int | np.random.Generator | None = None,
) -> pd.DataFrame:
    """Choose the pairs whose votes would teach most about the utilities.

    Parameters
    ----------
    fit : UtilityFit
        A fit of the votes so far.
    n : int
        How many pairs, at least 1.
    strategy : {"information", "percentile"}
        ``"information"``: one after the other, the pair whose next vote is expected to shrink
        the volume of the utilities' confidence region most, log(1 + w Var(u_i - u_j)) with w the
        Fisher information of one vote under the fit; each choice is reckoned with before the
        next. ``"percentile"``: the rule of Utility Engineering, a random draw among the pairs
        that never met, whose utilities are among the closest `difference_percentile` percent and
        whose items have together met among the fewest `degree_percentile` percent; both are
        raised by half, four times at most, until there are enough, and what then is missing is
        drawn from all pairs that never met.
    comparisons : Comparisons, optional
        The votes so far, over the items of `fit`; needed to leave out pairs that met.
    repeats : bool
        ``strategy="information"``: whether pairs that met may be asked again.
    difference_percentile, degree_percentile : float
        ``strategy="percentile"``: in (0, 100]; the published values are 10 and 20.
    seed : int, numpy.random.Generator or None
        ``strategy="percentile"``: for the draw.

    Returns
    -------
    pandas.DataFrame
        Columns ``first``, ``second``, ``probability`` (that the first is preferred) and
        ``information`` (nats gained when the pair is asked at its place in the list; NaN where
        the fit has no covariance), in the order of choice. Fewer rows than `n` where there are
        no more pairs.

    Raises
    ------
    NotIdentifiedError
        If the fit has several components, between which it says nothing.
    DataError
        If the fit has no covariance to reckon with, votes that are needed are not given or are
        about other items, there are over 8,000 items, or for an argument outside its range.

    References
    ----------
    D-optimal design: Fedorov (1972), Theory of Optimal Experiments, chapter 2. Percentile rule:
    Mazeika et al. (2025), Utility Engineering, arXiv 2502.08640, appendix on active learning.

    Examples
    --------
    >>> import pluralism as pl
    >>> votes = pl.Comparisons.from_matrix([[0, 80, 0], [20, 0, 7], [0, 3, 0]], items="abc")
    >>> fit = pl.utility.fit_bradley_terry(votes)
    >>> pl.utility.next_pairs(fit, n=1)[["first", "second"]].values.tolist()
    [['b', 'c']]
    """
    if not isinstance(fit, UtilityFit):
        raise DataError(f"`fit` is a {type(fit).__name__}; it must be the result of a fit")
    _validate.one_of("strategy", strategy, ("information", "percentile"))
    n = _validate.whole_number("n", n, at_least=1)
    fit._check_one_component("next pairs")
    n_items = len(fit.items)
    if n_items > _MOST_ITEMS:
        raise DataError(
            f"`fit` has {n_items:,} items; `next_pairs` weighs all pairs of at most {_MOST_ITEMS:,}"
        )
    if comparisons is None and (strategy == "percentile" or not repeats):
        wanted = 'strategy="percentile"' if strategy == "percentile" else "repeats=False"
        raise DataError(f"{wanted} leaves out pairs that met, so `comparisons` must be given")
    met = np.zeros((n_items, n_items), dtype=bool)
    if comparisons is not None:
        if not isinstance(comparisons, Comparisons):
            raise DataError(
                f"`comparisons` is a {type(comparisons).__name__}; it must be Comparisons"
            )
        if tuple(comparisons.items) != tuple(fit.items):
            raise DataError(
                f"`comparisons` are about {enumerate_some(comparisons.items)}, "
                f"`fit` about {enumerate_some(fit.items)}; they must have the same items in order"
            )
        met[comparisons.first, comparisons.second] = True
        met |= met.T
    if strategy == "information":
        left, right = np.triu_indices(n_items, 1)
        chosen, gain = greedy_information(
            fit.covariance.values,
            vote_information(fit, left, right),
            np.zeros_like(met) if repeats else met,
            n,
        )
    else:
        rng = _validate.generator("seed", seed)
        chosen = percentile_pairs(
            fit.utility.values,
            met,
            n,
            _validate.number("difference_percentile", difference_percentile, above=0, at_most=100),
            _validate.number("degree_percentile", degree_percentile, above=0, at_most=100),
            rng,
        )
        gain = np.full(chosen.shape[1], np.nan)
        if fit.joint is not None:
            variance = fit.joint.of_differences(chosen[0], chosen[1])
            gain = np.log1p(vote_information(fit, chosen[0], chosen[1]) * variance)
    label = fit.utility["item"].values
    return pd.DataFrame(
        {
            "first": label[chosen[0]],
            "second": label[chosen[1]],
            "probability": fit._outcome_probability(chosen[0], chosen[1], "win"),
            "information": gain,
        }
    )


def vote_information(
    fit: UtilityFit, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]
) -> FloatArray:
    """Fisher information of one vote about the difference of the two utilities, (pairs,)."""
    gap, slope = fit._predictor(left, right)
    ties, tie = "none", 0.0
    if fit.tie_parameter is not None:
        ties, tie = fit.ties, float(np.log(fit.tie_parameter))
    return slope**2 * _outcomes.local(fit.link, ties, gap, tie).curvature

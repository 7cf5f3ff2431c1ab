"""Likelihood-ratio test between nested fits of the same votes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data import Comparisons
from ..errors import DataError, enumerate_some
from ..kernels import _contrasts
from ..kernels._counting import GroupedSums, group_sums
from . import _sandwich
from ._fit import UtilityFit

__all__ = ["LikelihoodRatioTest", "likelihood_ratio_test", "off_maximum", "same_votes"]

#: Models of two names of which the first is a special case of the second.
_NESTED = {("Thurstone Case V", "Thurstone Case III")}
#: Methods that do not maximise a likelihood.
_NOT_LIKELIHOOD = ("least-squares", "as-published", "map")


@dataclass(frozen=True)
class LikelihoodRatioTest:
    """Twice the gain in log-likelihood, and how surprising it is.

    Attributes
    ----------
    statistic : float
        2 (log-likelihood of the full fit - of the restricted one).
    df : int
        Parameters that the full fit has more.
    pvalue : float
        From the chi-squared distribution with `df` degrees of freedom.
    notes : tuple of str
        What limits the test.
    """

    statistic: float
    df: int
    pvalue: float
    notes: tuple[str, ...] = ()


def likelihood_ratio_test(restricted: UtilityFit, full: UtilityFit) -> LikelihoodRatioTest:
    """Test whether the parameters that `full` has beyond `restricted` are needed.

    Parameters
    ----------
    restricted, full : UtilityFit
        Fits of the same votes; the restricted model must be a special case of the full one.

    Returns
    -------
    LikelihoodRatioTest
        ``.statistic``, ``.df``, ``.pvalue``.

    Raises
    ------
    DataError
        If the two cannot be nested: other votes or items, another model or treatment of ties,
        a prior, a likelihood that is not at its maximum, covariates, order effects or features
        that the full model does not have, no more parameters, or a lower likelihood.

    References
    ----------
    Wilks (1938), Annals of Mathematical Statistics 9, 60-62.

    Examples
    --------
    >>> import pluralism as pl
    >>> votes = pl.Comparisons.from_codes(
    ...     [0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 1, 0], items=["a", "b"]
    ... )
    >>> plain = pl.utility.fit_bradley_terry(votes)
    >>> ordered = pl.utility.fit_bradley_terry(votes, order_effect=True)
    >>> test = pl.utility.likelihood_ratio_test(plain, ordered)
    >>> test.df, round(test.pvalue, 3)
    (1, 0.41)
    """
    for name, fit in (("restricted", restricted), ("full", full)):
        if not isinstance(fit, UtilityFit):
            raise DataError(f"`{name}` is a {type(fit).__name__}; it must be a fit")
        reason = off_maximum(fit, ("prior", "bias_reduction"))
        if reason:
            raise DataError(f"`{name}` {reason}")
    if restricted.model != full.model and (restricted.model, full.model) not in _NESTED:
        raise DataError(
            f"`restricted` is a {restricted.model} model and `full` a {full.model} model: neither "
            "is a special case of the other"
        )
    if restricted.items != full.items or restricted.n_votes != full.n_votes:
        raise DataError(
            f"the fits are of different votes: {restricted.n_votes:,} on "
            f"{len(restricted.items):,} items against {full.n_votes:,} on {len(full.items):,}"
        )
    if not same_votes(restricted._data, full._data):
        raise DataError(
            f"the fits are of different votes, if of equally many ({full.n_votes:,}); fit both "
            "models to the same comparisons"
        )
    if restricted.ties != full.ties and not (
        restricted.ties in ("none", "half") and full.ties in ("none", "half")
    ):
        raise DataError(
            f"`ties` is {restricted.ties!r} in `restricted` and {full.ties!r} in `full`: their "
            "likelihoods are of different outcomes and cannot be compared"
        )
    df = full.n_parameters - restricted.n_parameters
    if df <= 0:
        swap = " (swap the two?)" if df < 0 else ""
        raise DataError(
            f"`full` has {full.n_parameters} parameters and `restricted` "
            f"{restricted.n_parameters}; the full fit must have more{swap}"
        )
    beyond = _beyond(restricted, full)
    if beyond:
        raise DataError(f"`restricted` has {beyond}, so the two are not nested")
    statistic = 2.0 * (full.log_likelihood - restricted.log_likelihood)
    if statistic < -1e-6 * max(1.0, abs(full.log_likelihood)):
        raise DataError(
            f"`full` has a lower log-likelihood ({full.log_likelihood:.6g}) than `restricted` "
            f"({restricted.log_likelihood:.6g}), so the two are not nested"
        )
    notes: list[str] = []
    if "cluster" in (restricted.covariance_type, full.covariance_type):
        notes.append(
            "the test takes votes as independent; votes of one rater may not be, and then the "
            "p-value is too small"
        )
    if full._data is not None and _sandwich.model_based(full._data).note:
        notes.append("the test takes a vote's weight for a number of votes")
    statistic = max(statistic, 0.0)
    return LikelihoodRatioTest(
        statistic, df, _contrasts.chi_squared_tail(statistic, df), tuple(notes)
    )


def off_maximum(fit: UtilityFit, penalties: tuple[str, ...]) -> str | None:
    """Why `fit` is not where its likelihood is largest, or None if it is."""
    penalty = next((key for key in penalties if fit.options.get(key)), None)
    if penalty:
        return (
            f"was fitted with `{penalty}`, so its likelihood is not at its maximum; "
            "refit it without it"
        )
    if not fit.convergence.converged or fit.options.get("method") in _NOT_LIKELIHOOD:
        return (
            f"({fit.model}) is not at the maximum of its likelihood "
            f"({fit.convergence.status}, {fit.convergence.method}); refit it by maximum "
            "likelihood"
        )
    return None


def same_votes(left: Comparisons | None, right: Comparisons | None) -> bool:
    """Whether both hold the same votes, pair by pair; where one is unknown, nothing says no."""
    if left is None or right is None or left is right:
        return True
    ordered = left.order_known and right.order_known
    one, other = _by_pair(left, ordered), _by_pair(right, ordered)
    return np.array_equal(one.keys, other.keys) and np.allclose(one.sums, other.sums, rtol=1e-9)


def _by_pair(votes: Comparisons, ordered: bool) -> GroupedSums:
    swap = (votes.first > votes.second) & (not ordered)
    first = np.where(swap, votes.second, votes.first)
    second = np.where(swap, votes.first, votes.second)
    won = np.where(swap, votes.second_won, votes.first_won)
    lost = np.where(swap, votes.first_won, votes.second_won)
    return group_sums([first, second], [votes.n_items] * 2, [won, lost, votes.tied])


def _beyond(restricted: UtilityFit, full: UtilityFit) -> str | None:
    """What the restricted model has that the full one cannot say, or None."""
    ours, theirs = restricted.options, full.options
    known = theirs.get("covariates", ())
    extra = [name for name in ours.get("covariates", ()) if name not in known]
    if extra:
        return (
            f"the covariates {enumerate_some(extra)}, and `full` {enumerate_some(known) or 'none'}"
        )
    order, general = ours.get("order_effect", False), theirs.get("order_effect", False)
    if order is not False and order != general and (order is not True or general is False):
        return f"`order_effect={order!r}`, and `full` {general!r}"
    features, wider = ours.get("item_features"), theirs.get("item_features")
    if wider is None:  # utilities of their own are linear in anything
        return None
    if features is None:
        return "a utility for each item, and `full` only `item_features`"
    # Only differences between items matter, so constants do not.
    wider = wider - wider.mean(axis=0)
    both = np.hstack([wider, features - features.mean(axis=0)])
    if np.linalg.matrix_rank(both) > np.linalg.matrix_rank(wider):
        return "`item_features` that are no combination of those of `full`"
    return None

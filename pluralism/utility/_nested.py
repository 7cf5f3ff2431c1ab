"""Likelihood-ratio test between nested fits of the same votes."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import DataError
from ..kernels import _contrasts
from ._fit import UtilityFit

__all__ = ["LikelihoodRatioTest", "likelihood_ratio_test", "off_maximum"]


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
        a prior, a likelihood that is not at its maximum, no more parameters, or a lower
        likelihood.

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

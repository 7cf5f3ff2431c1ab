"""Latent classes of raters, each with utilities of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import linalg

from .. import _validate
from ..data import Comparisons
from ..errors import ConvergenceError, DataError
from ._mixture_fit import PreferenceMixture
from ._mixture_search import Settings, Votes, classify, polish, rater_votes, search
from ._resampled import refer

__all__ = ["fit_preference_mixture"]

FloatArray = npt.NDArray[np.float64]

_FOLDS = 5


def fit_preference_mixture(
    comparisons: Comparisons,
    *,
    n_classes: int | Sequence[int] = 2,
    criterion: Literal["bic", "held-out"] = "bic",
    prior: float = 3.0,
    ties: Literal["half", "drop"] = "half",
    starts: int = 20,
    seed: int | np.random.Generator | None = 0,
    check: bool = True,
    tolerance: float = 1e-6,
    max_iterations: int = 500,
) -> PreferenceMixture:
    r"""Find latent classes of raters by maximum likelihood (EM from many starts, then Newton).

    Rater r belongs to class c with probability :math:`\pi_c`, and all their votes follow a
    Bradley-Terry model with the utilities of that class.

    Parameters
    ----------
    comparisons : Comparisons
        Votes with raters, who should have cast three or more each.
    n_classes : int or sequence of int
        Number of classes; from several numbers the best by `criterion` is taken.
    criterion : {"bic", "held-out"}
        The Bayesian information criterion, with the number of raters as sample size, or the
        log-likelihood of left-out raters in five folds.
    prior : float
        Standard deviation s of a normal prior N(0, s^2) on every utility, in log-odds. It keeps
        small classes finite; at 3 it is weak.
    ties : {"half", "drop"}
        A tie counts as half a win for each item, or is left out.
    starts : int
        Number of random starts; all run for a few steps, the best three to the end.
    seed : int, numpy.random.Generator or None
        Of the starts and folds.
    check : bool
        Whether a fit that did not converge is an error.
    tolerance : float
        Newton decrement of the last step, in standard errors.
    max_iterations : int
        Most EM steps of a finalist.

    Returns
    -------
    PreferenceMixture
        Classes in descending order of size: utilities, sizes, responsibilities, standard
        errors, welfare of a policy under the classes.

    Raises
    ------
    NotIdentifiedError
        If no rater voted more than once: such data cannot tell heterogeneous raters from
        identical ones (2510.15716, Lemma 4.1).
    ConvergenceError
        If no start converged and `check` is set.
    DataError
        For an argument that cannot be used, or comparisons without raters.

    Warns
    -----
    SmallSampleWarning
        If the median rater cast fewer than three votes.

    References
    ----------
    Dempster, Laird and Rubin (1977), JRSS B 39. On identification: arXiv 2510.15716, Lemma 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism import Comparisons
    >>> from pluralism.data import simulate_votes
    >>> votes = simulate_votes(
    ...     4000, items=4, raters=200, groups=["a", "b"], group_spread=2.0, seed=1)
    >>> comparisons = Comparisons.from_frame(
    ...     votes, first="first", second="second", outcome="outcome", rater="rater")
    >>> mixture = fit_preference_mixture(comparisons, n_classes=2)
    >>> mixture.utility.dims
    ('class', 'item')
    >>> round(float(mixture.share.sum()), 10)
    1.0
    """
    sizes = tuple(n_classes) if isinstance(n_classes, Iterable) else (n_classes,)
    sizes = tuple(_validate.whole_number("n_classes", size, at_least=1) for size in sizes)
    if not sizes:
        raise DataError("`n_classes` is empty; give at least one number of classes")
    _validate.one_of("criterion", criterion, ("bic", "held-out"))
    _validate.one_of("ties", ties, ("half", "drop"))
    ridge = _validate.prior_deviation("prior", prior) ** -2
    starts = _validate.whole_number("starts", starts, at_least=1)
    _validate.number("tolerance", tolerance, above=0.0)
    _validate.whole_number("max_iterations", max_iterations, at_least=1)
    rng = _validate.generator("seed", seed)
    votes = rater_votes(comparisons, ties)
    most = len(votes.names)
    if max(sizes) > most:
        raise DataError(f"`n_classes` is {max(sizes)}, but there are only {most} raters")
    settings = Settings(ridge, starts, tolerance, max_iterations)
    held_out = None
    if criterion == "held-out" and len(sizes) > 1:
        held_out = {size: _held_out(votes, size, settings, rng) for size in sizes}
    fits = {size: _fit(votes, size, settings, rng, comparisons, prior) for size in sizes}
    if held_out is not None:
        best = max(sizes, key=lambda size: held_out[size])
    else:
        best = min(sizes, key=lambda size: fits[size].bic)
    chosen = fits[best]
    chosen.selection.extend(
        {
            "n_classes": size,
            "log_likelihood": fits[size].log_likelihood,
            "n_parameters": fits[size].n_parameters,
            "bic": fits[size].bic,
            "held_out": np.nan if held_out is None else held_out[size],
        }
        for size in sizes
    )
    if check and not chosen.converged:
        raise ConvergenceError(
            f"fit_preference_mixture: {best} classes did not converge in {max_iterations} EM "
            "steps; raise `max_iterations` or `starts`, lower `n_classes`, or tighten `prior`",
            result=chosen,
        )
    return chosen


def _fit(
    votes: Votes,
    n_classes: int,
    settings: Settings,
    rng: np.random.Generator,
    comparisons: Comparisons,
    prior: float,
) -> PreferenceMixture:
    found, agreeing = search(votes, n_classes, settings, rng)
    solution = polish(votes, found, settings)
    responsibility, of_rater = classify(votes, solution.classes)
    n = votes.n_items
    try:
        covariance = linalg.inv(solution.precision)
    except linalg.LinAlgError:
        covariance = np.full_like(solution.precision, np.nan)
    centre = np.eye(n) - 1.0 / n
    spread = covariance[: n_classes * n, : n_classes * n].reshape(n_classes, n, n_classes, n)
    blocks = np.stack([centre @ spread[c, :, c] @ centre for c in range(n_classes)])
    utility, share = solution.classes
    # Sizes are a softmax of the log-odds, of which the first is fixed at 0.
    slope = (np.diag(share) - np.outer(share, share))[:, 1:]
    share_covariance = slope @ covariance[n_classes * n :, n_classes * n :] @ slope.T
    return PreferenceMixture(
        items=comparisons.items,
        raters=votes.names,
        utilities=refer(utility, comparisons.items),
        covariances=blocks,
        shares=share,
        share_covariance=share_covariance,
        responsibilities=responsibility,
        log_likelihood=float(of_rater.sum()),
        prior=prior,
        converged=solution.converged,
        agreeing_starts=agreeing,
    )


def _held_out(votes: Votes, n_classes: int, settings: Settings, rng: np.random.Generator) -> float:
    """Log-likelihood of raters under classes found without them, per rater."""
    fold = rng.permutation(len(votes.names)) % _FOLDS
    total = 0.0
    for number in range(_FOLDS):
        classes, _ = search(votes.of(fold != number), n_classes, settings, rng)
        total += float(classify(votes.of(fold == number), classes)[1].sum())
    return total / len(votes.names)

"""How well a utility model predicts pairs that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import special, stats

from .. import _quiet, _validate
from ..data import Comparisons
from ..data._taking import pair_codes, take_cells
from ..errors import DataError, NotIdentifiedError, SmallSampleWarning, enumerate_some
from ._bradley_terry import fit_bradley_terry
from ._fit import UtilityFit

__all__ = ["HeldOutAccuracy", "held_out_accuracy"]

FloatArray = npt.NDArray[np.float64]

#: An interval for an accuracy that is no wider is of equal values, up to rounding.
_NO_WIDTH = 1e-12


@dataclass(frozen=True, eq=False)
class HeldOutAccuracy:
    """Accuracy on pairs left out of the fit, over repeated splits.

    Attributes
    ----------
    accuracy : float
        Mean over splits, in [0, 1].
    stderr : float
        Standard error of the mean, corrected for the overlap of the splits.
    log_loss : float
        Mean cross-entropy of held-out pairs in nats, over splits.
    undecided : float
        Mean share of held-out pairs whose votes were even, so that no prediction is right.
    n_pairs, n_held_out : int
        Pairs that met, and how many of them each split holds out.
    splits : xarray.Dataset
        Accuracy, log-loss and undecided share by split.
    """

    accuracy: float
    stderr: float
    log_loss: float
    undecided: float
    n_pairs: int
    n_held_out: int
    splits: xr.Dataset

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval for the accuracy, (lower, upper), by Student's t.

        Parameters
        ----------
        level : float
            Coverage, in (0, 1).

        Warns
        -----
        SmallSampleWarning
            If all splits have the same accuracy, so that the interval has no width.
        """
        tail = 0.5 * (1 - _validate.level("level", level))
        half = self.stderr * float(stats.t.isf(tail, self.splits.sizes["split"] - 1))
        if half <= _NO_WIDTH:
            _quiet.warn(
                f"all {self.splits.sizes['split']} splits, of {self.n_held_out} of {self.n_pairs} "
                "pairs each, have the same accuracy: the interval has no width, and is no bound on "
                "what other pairs would show",
                SmallSampleWarning,
                stacklevel=2,
            )
        return max(0.0, self.accuracy - half), min(1.0, self.accuracy + half)


def held_out_accuracy(
    comparisons: Comparisons,
    *,
    model: Callable[[Comparisons], UtilityFit] = fit_bradley_terry,
    share: float = 0.1,
    n_splits: int = 20,
    by: Literal["pair", "vote"] = "pair",
    ties: Literal["half", "first"] = "half",
    seed: int | np.random.Generator | None = None,
) -> HeldOutAccuracy:
    """Fit on most pairs, predict the rest, many times.

    Whole pairs are held out with all their votes, so that the model must predict them through
    the other items. What is predicted is the preference of one item over the other, as by
    ``.probability()``: order effects and covariates are fitted, so that utilities are free of
    them, but do not enter the prediction. A tie is half a vote for each, seen and predicted.

    Parameters
    ----------
    comparisons : Comparisons
        Votes on pairs of items.
    model : callable
        Takes Comparisons and returns a fit with ``.probability()``: any ``fit_`` function, with
        its options bound by `functools.partial`.
    share : float
        Share of the pairs to hold out, in (0, 1); at least one pair.
    n_splits : int
        Number of random splits, at least 2.
    by : {"pair", "vote"}
        Whether every held-out pair counts alike and the side with more votes is the truth, or
        every vote counts alike and is the truth for itself.
    ties : {"half", "first"}
        What an even pair, or a prediction of exactly one half, is worth: half a hit, or, as in
        the published code of Utility Engineering, the same as preferring the first item.
    seed : int, numpy.random.Generator or None
        For the splits.

    Returns
    -------
    HeldOutAccuracy
        ``.accuracy`` with ``.stderr`` and ``.interval(level)``, ``.log_loss``, ``.undecided``.

    Raises
    ------
    NotIdentifiedError
        If without the held-out pairs the model is not identified; bind a `prior`, or hold out
        fewer.
    DataError
        If there are fewer than two pairs, `model` returns no fit of utilities or one of other
        items, or for an argument outside its range.

    References
    ----------
    Accuracy on held-out pairs: Mazeika et al. (2025), arXiv 2502.08640. Standard error under
    overlapping splits: Nadeau and Bengio (2003), Machine Learning 52, section 3.

    Examples
    --------
    >>> import functools, pluralism as pl
    >>> votes = pl.Comparisons.from_matrix([[0, 8, 9, 9], [2, 0, 7, 8], [1, 3, 0, 6], [1, 2, 4, 0]])
    >>> model = functools.partial(pl.utility.fit_bradley_terry, prior=3.0)
    >>> result = pl.utility.held_out_accuracy(votes, model=model, seed=0)
    >>> result.accuracy, result.n_held_out
    (1.0, 1)
    """
    if not isinstance(comparisons, Comparisons):
        raise DataError(f"`comparisons` is a {type(comparisons).__name__}; it must be Comparisons")
    share = _validate.number("share", share, above=0.0, below=1.0)
    n_splits = _validate.whole_number("n_splits", n_splits, at_least=2)
    _validate.one_of("by", by, ("pair", "vote"))
    _validate.one_of("ties", ties, ("half", "first"))
    if not callable(model):
        raise DataError(f"`model` is {model!r}; it must be a function, such as fit_bradley_terry")
    rng = _validate.generator("seed", seed)
    pairs, code = pair_codes(comparisons)
    n_pairs = pairs.shape[1]
    if n_pairs < 2:
        raise DataError(f"`comparisons` hold {n_pairs} pair(s); a split needs at least two")
    n_out = min(n_pairs - 1, max(1, round(share * n_pairs)))
    forward = comparisons.first < comparisons.second
    half = 0.5 * comparisons.tied
    won = np.where(forward, comparisons.first_won, comparisons.second_won) + half
    total = np.bincount(code, comparisons.total, n_pairs)
    truth = np.bincount(code, won, n_pairs) / total  # (pairs,)

    scores = np.empty((n_splits, 3))
    for split in range(n_splits):
        out = rng.choice(n_pairs, n_out, replace=False)
        held = np.zeros(n_pairs, dtype=bool)
        held[out] = True
        try:
            fit = model(take_cells(comparisons, ~held[code]))
        except NotIdentifiedError as error:
            raise NotIdentifiedError(
                f"split {split + 1} of {n_splits}, which holds out {n_out} of {n_pairs} pairs, "
                "cannot be fitted; bind a prior, as in "
                "`model=functools.partial(fit_bradley_terry, prior=3.0)`, or hold out fewer: "
                f"{error}",
                groups=error.groups,
            ) from None
        if not isinstance(fit, UtilityFit):
            raise DataError(
                f"`model` returned a {type(fit).__name__}; it must return a fit of utilities, as "
                "fit_bradley_terry does"
            )
        if fit.items != tuple(comparisons.items):
            raise DataError(
                f"`model` returned a fit of {enumerate_some(fit.items)}; it must be of the items "
                f"of `comparisons` in their order ({enumerate_some(comparisons.items)})"
            )
        low, high = pairs[:, held]
        predicted = _probabilities(fit, low, high)
        weight = total[held] if by == "vote" else np.ones(n_out)
        hit = _hits(truth[held], predicted, by, ties)
        loss = -(
            special.xlogy(truth[held], predicted) + special.xlog1py(1 - truth[held], -predicted)
        )
        even = truth[held] == 0.5
        scores[split] = [np.average(column, weights=weight) for column in (hit, loss, even)]
    accuracy = scores[:, 0]
    # Splits share most of their training pairs: the plain variance of a mean is far too small.
    variance = (1 / n_splits + n_out / (n_pairs - n_out)) * accuracy.var(ddof=1)
    return HeldOutAccuracy(
        accuracy=float(accuracy.mean()),
        stderr=float(np.sqrt(variance)),
        log_loss=float(scores[:, 1].mean()),
        undecided=float(scores[:, 2].mean()),
        n_pairs=n_pairs,
        n_held_out=n_out,
        splits=xr.Dataset(
            {
                name: ("split", scores[:, place])
                for place, name in enumerate(("accuracy", "log_loss", "undecided"))
            }
        ),
    )


def _hits(truth: FloatArray, predicted: FloatArray, by: str, ties: str) -> FloatArray:
    """What each prediction is worth, in [0, 1]."""
    if ties == "first":
        says = (predicted >= 0.5).astype(np.float64)
        fact = truth if by == "vote" else (truth >= 0.5).astype(np.float64)
    else:
        says = 0.5 * (1 + np.sign(predicted - 0.5))
        fact = truth if by == "vote" else 0.5 * (1 + np.sign(truth - 0.5))
    return says * fact + (1 - says) * (1 - fact)


def _probabilities(
    fit: UtilityFit, low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]
) -> FloatArray:
    """Probability of the low item over the high one; half of a predicted tie each."""
    fit._check_connected(low, high)
    win, tie = (fit._outcome_probability(low, high, outcome) for outcome in ("win", "tie"))
    return win + 0.5 * tie

"""The search for latent classes: votes by rater, EM from many starts, and last steps by Newton."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from .. import _quiet
from .._precision import in_float64
from ..data import Comparisons
from ..errors import DataError, NotIdentifiedError, SmallSampleWarning
from ._resampled import DENSE_ITEMS

__all__ = [
    "Classes",
    "Settings",
    "Solution",
    "Votes",
    "classify",
    "polish",
    "rater_votes",
    "search",
]

FloatArray = npt.NDArray[np.float64]

#: EM steps of every start, and how many of the best go on.
_SHORT, _FINALISTS = 25, 3


class Votes(NamedTuple):
    """Votes of raters who voted at all."""

    cells: Any  # RaterCells
    table: Any  # sparse (raters, 2 * pairs): wins of low, then of high
    low: npt.NDArray[np.int32]  # (pairs,)
    high: npt.NDArray[np.int32]  # (pairs,)
    n_items: int
    names: tuple[Any, ...]

    def of(self, chosen: npt.NDArray[np.bool_]) -> Votes:
        """Votes of some raters."""
        position = np.cumsum(chosen) - 1
        held = chosen[self.cells.rater]
        cells = type(self.cells)(
            position[self.cells.rater[held]].astype(np.int32),
            *(column[held] for column in self.cells[1:]),
        )
        names = tuple(name for name, keep in zip(self.names, chosen, strict=True) if keep)
        return self._replace(cells=cells, table=self.table[np.flatnonzero(chosen)], names=names)


class Settings(NamedTuple):
    ridge: float
    starts: int
    tolerance: float
    max_iterations: int


def rater_votes(comparisons: Any, ties: str) -> Votes:
    """Check that classes can be found at all, and lay the votes out by rater."""
    from ..kernels._mixture import RaterCells

    if not isinstance(comparisons, Comparisons):
        raise DataError(f"`comparisons` is a {type(comparisons).__name__}; it must be Comparisons")
    if comparisons.rater is None or comparisons.raters is None:
        raise DataError(
            "`comparisons` does not say who voted, and classes are classes of raters; build it "
            "with rater="
        )
    if comparisons.n_items < 2:
        raise DataError(f"`comparisons` has {comparisons.n_items} item(s); two are needed")
    if comparisons.n_items > DENSE_ITEMS:
        raise DataError(
            f"`comparisons` has {comparisons.n_items:,} items; a mixture takes {DENSE_ITEMS}"
        )
    half = 0.5 * comparisons.tied if ties == "half" else 0.0
    n, first, second = comparisons.n_items, comparisons.first, comparisons.second
    won, lost = comparisons.first_won + half, comparisons.second_won + half
    total = won + lost
    cast = np.bincount(comparisons.rater, total, len(comparisons.raters))
    present = np.flatnonzero(cast > 0)
    if not len(present):
        raise DataError("`comparisons` holds no votes")
    if cast.max() <= 1.0:
        raise NotIdentifiedError(
            "every rater cast one vote at most, which cannot tell raters of several kinds from "
            "raters of one kind (2510.15716, Lemma 4.1); collect at least two, better three or "
            "more comparisons from each rater, or fit known groups with `fit_groups`"
        )
    middle = float(np.median(cast[present]))
    if middle < 3.0:
        _quiet.warn(
            f"the median rater cast {middle:g} votes; with fewer than three the classes rest on "
            "little more than the share of agreeing pairs of votes",
            SmallSampleWarning,
            stacklevel=3,
        )
    position = np.full(len(comparisons.raters), -1, dtype=np.int32)
    position[present] = np.arange(len(present))
    held = total > 0
    forward = first < second
    low, high = np.minimum(first, second)[held], np.maximum(first, second)[held]
    won, lost = np.where(forward, won, lost)[held], np.where(forward, lost, won)[held]
    rater = position[comparisons.rater[held]]
    pairs, code = np.unique(low.astype(np.int64) * n + high, return_inverse=True)
    table = sparse.coo_array(
        (
            np.concatenate([won, lost]),
            (np.concatenate([rater, rater]), np.concatenate([code, code + len(pairs)])),
        ),
        shape=(len(present), 2 * len(pairs)),
    ).tocsr()
    return Votes(
        RaterCells(rater, low, high, won, lost),
        table,
        (pairs // n).astype(np.int32),
        (pairs % n).astype(np.int32),
        n,
        tuple(comparisons.raters[code] for code in present),
    )


class _State(NamedTuple):
    """Several mixtures side by side."""

    utility: FloatArray  # (starts, classes, items)
    share: FloatArray  # (starts, classes)
    value: FloatArray  # (starts,): penalised log-likelihood


def _expectation_maximisation(
    votes: Votes, state: _State, ridge: float, steps: int, precision: float
) -> _State:
    """Run EM on all mixtures until each gains less than `precision` in a step."""
    from ..kernels import _mixture as kernels

    utility, share, value = state
    count, n_classes, n = utility.shape
    for _ in range(steps):
        flat = utility.reshape(-1, n)
        gap = (flat[:, votes.low] - flat[:, votes.high]).T  # (pairs, starts * classes)
        likelihood = kernels.class_log_likelihoods(votes.table, gap)
        weight, of_rater = kernels.posterior(likelihood.reshape(-1, count, n_classes), share)
        now = of_rater.sum(axis=0) - 0.5 * ridge * (utility**2).sum(axis=(1, 2))
        gained, value = now - value, now
        if (gained < precision).all():
            break
        share = np.maximum(weight.mean(axis=0), 1e-12)
        share /= share.sum(axis=1, keepdims=True)
        wins = kernels.expected_wins(
            votes.table, weight.reshape(len(weight), -1), votes.low, votes.high, n
        )
        # One step of Newton suffices to raise the expected log-likelihood.
        utility = kernels.ascend(wins, flat, ridge, 1).reshape(count, n_classes, n)
    return _State(utility, share, value)


def _opening(votes: Votes, n_classes: int, starts: int, rng: np.random.Generator) -> _State:
    """Start each class from the votes of one rater, drawn at random, and those who vote alike."""
    from ..kernels import _mixture as kernels

    n, raters = votes.n_items, len(votes.names)
    seeds = np.concatenate([rng.choice(raters, n_classes, replace=False) for _ in range(starts)])
    weight = np.zeros((raters, len(seeds)))
    weight[seeds, np.arange(len(seeds))] = 1.0
    wins = kernels.expected_wins(votes.table, weight, votes.low, votes.high, n)
    utility = kernels.ascend(wins, np.zeros((len(seeds), n)), 1.0, 5)
    return _State(
        utility.reshape(starts, n_classes, n),
        np.full((starts, n_classes), 1.0 / n_classes),
        np.full(starts, -np.inf),
    )


class Classes(NamedTuple):
    """One mixture."""

    utility: FloatArray  # (classes, items)
    share: FloatArray  # (classes,)


class Solution(NamedTuple):
    classes: Classes
    precision: FloatArray  # minus the Hessian, (parameters, parameters)
    converged: bool


def search(
    votes: Votes, n_classes: int, settings: Settings, rng: np.random.Generator
) -> tuple[Classes, int]:
    """Run EM from many starts: the best end, and how many of the finalists reached it."""
    starts = settings.starts if n_classes > 1 else 1
    state = _opening(votes, n_classes, starts, rng)
    state = _expectation_maximisation(votes, state, settings.ridge, _SHORT, 1e-6)
    best = np.argsort(-state.value)[:_FINALISTS]
    finalists = _State(*(part[best] for part in state))
    finalists = _expectation_maximisation(
        votes, finalists, settings.ridge, settings.max_iterations, 1e-7
    )
    first = int(np.argmax(finalists.value))
    agreeing = int((finalists.value > finalists.value[first] - 0.01).sum())
    order = np.argsort(-finalists.share[first], kind="stable")
    return Classes(finalists.utility[first][order], finalists.share[first][order]), agreeing


def polish(votes: Votes, classes: Classes, settings: Settings) -> Solution:
    """Take the last steps by Newton's method, whose curvature gives the standard errors."""
    from ..kernels import _mixture as kernels

    utility, share = classes
    n_classes, n = utility.shape
    point = np.concatenate([utility.ravel(), np.log(share[1:] / share[0])])

    def evaluate(point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        value, slope, hessian = in_float64(
            kernels.value_and_slopes,
            point,
            votes.cells,
            np.float64(settings.ridge),
            n_raters=len(votes.names),
            n_classes=n_classes,
            n_items=n,
        )
        return float(value), slope, -hessian

    value, slope, precision = evaluate(point)
    converged = False
    for _ in range(20):
        try:
            factor = linalg.cho_factor(precision)
        except linalg.LinAlgError:
            break  # a saddle: the last EM iterate stands, unconverged
        step = linalg.cho_solve(factor, slope)
        if np.sqrt(max(float(slope @ step), 0.0)) <= settings.tolerance:
            converged = True
            break
        there = evaluate(point + step)
        if not there[0] >= value - 1e-9 * abs(value):
            step = 0.25 * step
            there = evaluate(point + step)
        point = point + step
        value, slope, precision = there
    odds = np.concatenate([[0.0], point[n_classes * n :]])
    share = np.exp(odds - np.logaddexp.reduce(odds))
    utility = point[: n_classes * n].reshape(n_classes, n)
    return Solution(Classes(utility, share), precision, converged)


def classify(votes: Votes, classes: Classes) -> tuple[FloatArray, FloatArray]:
    from ..kernels import _mixture as kernels

    gap = (classes.utility[:, votes.low] - classes.utility[:, votes.high]).T
    likelihood = kernels.class_log_likelihoods(votes.table, gap)
    return kernels.posterior(likelihood, classes.share)

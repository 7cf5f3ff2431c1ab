"""Probabilities and scores of the outcomes of one comparison: first, second, or a tie.

Host kernels. ``eta`` is the linear predictor (the gap between the two items, plus what favours
the first shown), ``tie`` the tie parameter on its working scale:

* ``none``: P(first) = F(eta). A tie, where it is counted, is half of each.
* ``davidson`` (Davidson 1970, eq. 2): weights exp(eta / 2), exp(-eta / 2) and nu = exp(tie).
* ``rao-kupper`` (Rao and Kupper 1967, eq. 2.2): P(first) = F(eta - tie), P(second) =
  F(-eta - tie), with kappa = exp(tie) and tie > 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["Counts", "Local", "local", "log_likelihood", "probabilities"]

FloatArray = npt.NDArray[np.float64]


class Counts(NamedTuple):
    """Weight of the votes for each outcome."""

    first: FloatArray  # (cells,)
    second: FloatArray  # (cells,)
    tied: FloatArray  # (cells,)

    def halved(self) -> tuple[FloatArray, FloatArray]:
        """Wins of the first and of the second, a tie being half of each."""
        if not self.tied.any():
            return self.first, self.second
        return self.first + 0.5 * self.tied, self.second + 0.5 * self.tied

    @property
    def total(self) -> FloatArray:
        """Weight of all votes."""
        return self.first + self.second + self.tied


class Local(NamedTuple):
    """Derivatives for one vote in each cell."""

    score: FloatArray  # (3, cells): d log P / d eta, for first, second, tie
    tie_score: FloatArray  # (3, cells): d log P / d tie
    curvature: FloatArray  # (cells,): expected information on eta
    cross: FloatArray  # (cells,): between eta and tie
    tie_curvature: FloatArray  # (cells,): on tie


def probabilities(link: str, ties: str, eta: FloatArray, tie_parameter: float | None) -> FloatArray:
    """Chances that the first wins, of a tie, and that the second wins, (3, cells)."""
    if ties == "davidson" and tie_parameter is not None:
        weights = np.stack([0.5 * eta, np.full_like(eta, np.log(tie_parameter)), -0.5 * eta])
        return special.softmax(weights, axis=0)
    cdf = special.expit if link == "logit" else special.ndtr
    if ties == "rao-kupper" and tie_parameter is not None:
        shift = np.log(tie_parameter)
        win, loss = cdf(eta - shift), cdf(-eta - shift)
        return np.stack([win, _between(link, eta, shift), loss])
    return np.stack([cdf(eta), np.zeros_like(eta), cdf(-eta)])


def log_likelihood(link: str, ties: str, eta: FloatArray, tie: float, counts: Counts) -> float:
    """Log-likelihood without combinatorial constants."""
    first, second, tied = counts
    if ties == "davidson":
        weights = np.stack([0.5 * eta, -0.5 * eta, np.full_like(eta, tie)])
        total = special.logsumexp(weights, axis=0)
        return float((first * weights[0] + second * weights[1] + tied * tie).sum()) - float(
            (counts.total * total).sum()
        )
    log_cdf = special.log_expit if link == "logit" else special.log_ndtr
    if ties == "rao-kupper":
        value = (first * log_cdf(eta - tie)).sum() + (second * log_cdf(-eta - tie)).sum()
        return float(value + special.xlogy(tied, _between(link, eta, tie)).sum())
    won, lost = counts.halved()
    return float((won * log_cdf(eta)).sum() + (lost * log_cdf(-eta)).sum())


def local(link: str, ties: str, eta: FloatArray, tie: float) -> Local:
    """Scores of the outcomes and expected information, for one vote in each cell."""
    if ties == "davidson":
        return _davidson(eta, tie)
    if ties == "rao-kupper":
        return _rao_kupper(link, eta, tie)
    up, down = _ratio(link, eta), _ratio(link, -eta)
    zero = np.zeros_like(eta)
    score = np.stack([up, -down, 0.5 * (up - down)])
    return Local(score, np.zeros_like(score), up * down, zero, zero)


def _davidson(eta: FloatArray, tie: float) -> Local:
    first, second, tied = special.softmax(
        np.stack([0.5 * eta, -0.5 * eta, np.full_like(eta, tie)]), axis=0
    )
    lean = 0.5 * (first - second)  # mean of the statistic that goes with eta
    return Local(
        np.stack([0.5 - lean, -0.5 - lean, -lean]),
        np.stack([-tied, -tied, 1.0 - tied]),
        0.25 * (first + second) - lean**2,
        -lean * tied,
        tied * (1.0 - tied),
    )


def _rao_kupper(link: str, eta: FloatArray, tie: float) -> Local:
    ratio_a, ratio_b = _ratio(link, eta - tie), _ratio(link, -eta - tie)  # f / F
    cdf = special.expit if link == "logit" else special.ndtr
    first, second = cdf(eta - tie), cdf(-eta - tie)
    tied = _between(link, eta, tie)
    density_a, density_b = ratio_a * first, ratio_b * second
    # in a = eta - tie and b = -eta - tie
    score_a = np.stack([ratio_a, np.zeros_like(eta), -density_a / tied])
    score_b = np.stack([np.zeros_like(eta), ratio_b, -density_b / tied])
    aa = density_a * ratio_a + density_a**2 / tied
    bb = density_b * ratio_b + density_b**2 / tied
    ab = density_a * density_b / tied
    return Local(
        score_a - score_b, -score_a - score_b, aa + bb - 2.0 * ab, bb - aa, aa + bb + 2.0 * ab
    )


def _ratio(link: str, x: FloatArray) -> FloatArray:
    """Density over distribution function, f(x) / F(x)."""
    if link == "logit":
        return special.expit(-x)
    return np.sqrt(2.0 / np.pi) / special.erfcx(-x / np.sqrt(2.0))


def _between(link: str, eta: FloatArray, tie: float) -> FloatArray:
    """1 - F(eta - tie) - F(-eta - tie), without cancellation."""
    if link == "logit":
        return special.expit(eta - tie) * special.expit(-eta - tie) * np.expm1(2.0 * tie)
    gap = np.abs(eta)
    return special.ndtr(tie - gap) - special.ndtr(-tie - gap)

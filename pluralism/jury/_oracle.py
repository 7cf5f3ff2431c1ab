"""How good could any model be, when the labels themselves are uncertain?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _labelled, _validate
from ..errors import DataError, NotIdentifiedError
from ..kernels._dirichlet import probability_largest
from ._dirichlet import fit_dirichlet_multinomial
from ._tables import count_table, labelled

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["OracleScore", "Temperature", "fit_temperature", "oracle_score"]

FloatArray = npt.NDArray[np.float64]

_SIMULATED = ("balanced_accuracy", "macro_f1")

#: With two categories and at most so many items, these two are exact as well.
_EXACT_ITEMS = 10_000


@dataclass(frozen=True, eq=False)
class OracleScore:
    """Expected scores of a model that knows the observed labels and predicts from them.

    Attributes
    ----------
    accuracy : float
        Expected share of items whose true most likely label is predicted. Exact.
    cross_entropy : float
        Expected soft cross-entropy in nats. Exact.
    balanced_accuracy, macro_f1 : float
        Expected values; for two categories exact (up to 10,000 items, without random ties),
        otherwise means over draws of the true labels.
    stderr : mapping of str to float
        Monte Carlo standard errors of these two; 0 where they are exact.
    alpha : xarray.DataArray, (category,)
        Dirichlet prior of the items' label distributions.
    n_items : int
        Items with labels.
    dropped : int
        Items without labels, left out.
    n_draws : int
        Draws of the true labels; 0 where none was needed.
    """

    accuracy: float
    cross_entropy: float
    balanced_accuracy: float
    macro_f1: float
    stderr: Mapping[str, float]
    alpha: xr.DataArray = field(repr=False)
    n_items: int
    dropped: int
    n_draws: int


def oracle_score(
    counts: Any,
    *,
    alpha: Any = None,
    ties: str = "first",
    n_draws: int = 1000,
    seed: Any = None,
) -> OracleScore:
    r"""Best score that the labels' own uncertainty allows (Scruples' BEST).

    The true label distribution of an item has posterior Dirichlet(alpha + its counts). The oracle
    predicts the observed shares, or their largest; its expected score against the true
    distributions is a ceiling for models that do not know more than the labels.

    Parameters
    ----------
    counts : Annotations, DataArray, frame or array-like, (items, categories)
        Whole numbers of labels.
    alpha : array-like, (categories,), optional
        Prior. Default: `fit_dirichlet_multinomial(counts)`.
    ties : {"first", "random"}
        Which of several most frequent labels is predicted: the first in the order of the
        categories, or each equally likely.
    n_draws : int
        Draws of the true labels for balanced accuracy and macro-F1.
    seed : int, numpy.random.Generator, optional
        Of the draws.

    Returns
    -------
    OracleScore

    Raises
    ------
    DataError
        If a count is negative or fractional, or `alpha` does not fit.
    NotIdentifiedError
        If `alpha` has to be estimated and cannot be: see `fit_dirichlet_multinomial`.

    Notes
    -----
    Accuracy sums the probability that the predicted label is the true distribution's largest
    (for two categories a Beta probability, for more a quadrature). The cross-entropy is
    :math:`\sum_k y_{ik} [\psi(A + n_i) - \psi(\alpha_k + c_{ik})]` averaged over items. Published
    figures [1]_ use Monte Carlo for both. Balanced accuracy averages recall over the classes that
    a draw contains; macro-F1 averages over the classes drawn or predicted.

    References
    ----------
    .. [1] N. Lourie, R. Le Bras and Y. Choi (2021), Scruples, AAAI, section 4.

    Examples
    --------
    >>> from pluralism.jury import oracle_score
    >>> best = oracle_score([[1, 3], [4, 0]])
    >>> best.accuracy, best.macro_f1
    (0.887007, 0.849929)
    """
    table = count_table("counts", counts)
    _validate.one_of("ties", ties, ("first", "random"))
    n_draws = _validate.whole_number("n_draws", n_draws, at_least=2)
    rng = _validate.generator("seed", seed)
    used = table.values.sum(axis=1) > 0
    values = table.values[used]
    if alpha is None:
        try:
            prior = fit_dirichlet_multinomial(counts).alpha.to_numpy()
        except NotIdentifiedError as error:
            raise NotIdentifiedError(
                f"the prior cannot be estimated; give `alpha`: {error}", groups=error.groups
            ) from None
    else:
        prior = _validate.finite_array("alpha", alpha, ndim=1)
        if prior.shape != (values.shape[1],) or (prior <= 0).any():
            raise DataError(f"`alpha` must hold {values.shape[1]} numbers above zero, not {alpha}")
    largest = probability_largest(values + prior)
    top = values == values.max(axis=1, keepdims=True)
    if ties == "first":
        choice = np.eye(values.shape[1])[values.argmax(axis=1)]
    else:
        choice = top / top.sum(axis=1, keepdims=True)
    if (
        values.shape[1] == 2
        and len(values) <= _EXACT_ITEMS
        and bool((choice.max(axis=1) == 1).all())
    ):
        mean, spread, n_draws = _two_class_means(largest[:, 1], choice[:, 1] == 1.0), np.zeros(2), 0
    else:
        draws = _simulate(largest, choice, n_draws, rng)
        mean, spread = draws.mean(axis=1), draws.std(axis=1, ddof=1) / np.sqrt(n_draws)
    return OracleScore(
        accuracy=float((choice * largest).sum(axis=1).mean()),
        cross_entropy=_soft_cross_entropy(values, prior),
        balanced_accuracy=float(mean[0]),
        macro_f1=float(mean[1]),
        stderr={name: float(s) for name, s in zip(_SIMULATED, spread, strict=True)},
        alpha=labelled(prior, "alpha", category=table.categories),
        n_items=len(values),
        dropped=int((~used).sum()),
        n_draws=n_draws,
    )


def _soft_cross_entropy(counts: FloatArray, alpha: FloatArray) -> float:
    from scipy.special import digamma

    shifted = counts + alpha
    share = counts / counts.sum(axis=1, keepdims=True)
    surprise = digamma(shifted.sum(axis=1, keepdims=True)) - digamma(shifted)
    return float((share * surprise).sum(axis=1).mean())


def _simulate(
    probability: FloatArray, choice: FloatArray, n_draws: int, rng: np.random.Generator
) -> FloatArray:
    """Balanced accuracy and macro-F1 by draw of the true labels, (2, draws)."""
    n_items, n = probability.shape
    edges = np.cumsum(probability, axis=1)[:, :-1]  # (items, categories - 1)
    fixed = bool((choice.max(axis=1) == 1.0).all())
    predicted = choice.argmax(axis=1)
    chooser = np.cumsum(choice, axis=1)[:, :-1]
    result = np.empty((2, n_draws))
    for draw in range(n_draws):
        truth = (rng.random((n_items, 1)) > edges).sum(axis=1)
        if not fixed:
            predicted = (rng.random((n_items, 1)) > chooser).sum(axis=1)
        table = np.bincount(truth * n + predicted, minlength=n * n).reshape(n, n)
        right, true, said = np.diag(table), table.sum(axis=1), table.sum(axis=0)
        there = true > 0
        result[0, draw] = (right[there] / true[there]).mean()
        met = true + said > 0
        result[1, draw] = (2 * right[met] / (true + said)[met]).mean()
    return result


def _two_class_means(positive: FloatArray, predicted: npt.NDArray[np.bool_]) -> FloatArray:
    """Expected balanced accuracy and macro-F1, (2,), where class 1 is true with `positive`.

    Only how many of the predicted, and of the other, items are positive matters; both are
    Poisson-binomial.
    """
    hits = _poisson_binomial(positive[predicted])  # P(true positives = a)
    misses = _poisson_binomial(positive[~predicted])  # P(false negatives = b)
    a, b = np.arange(len(hits))[:, None], np.arange(len(misses))
    said, rest = len(hits) - 1, len(misses) - 1
    ones, zeros = a + b, said + rest - a - b
    recall_one = a / np.where(ones > 0, ones, 1)
    recall_zero = (rest - b) / np.where(zeros > 0, zeros, 1)
    balanced = np.where(ones == 0, recall_zero, np.where(zeros == 0, recall_one, 0.0))
    balanced = np.where((ones > 0) & (zeros > 0), (recall_one + recall_zero) / 2, balanced)
    met_one, met_zero = ones + said, zeros + rest
    f_one = 2 * a / np.where(met_one > 0, met_one, 1)
    f_zero = 2 * (rest - b) / np.where(met_zero > 0, met_zero, 1)
    f1 = (f_one + f_zero) / ((met_one > 0).astype(int) + (met_zero > 0))
    return np.array([hits @ balanced @ misses, hits @ f1 @ misses])


def _poisson_binomial(p: FloatArray) -> FloatArray:
    """Distribution of the number of successes, (n + 1,)."""
    mass = np.zeros(len(p) + 1)
    mass[0] = 1.0
    for k, chance in enumerate(p, start=1):
        mass[1 : k + 1] += chance * (mass[:k] - mass[1 : k + 1])
        mass[0] *= 1.0 - chance
    return mass


@dataclass(frozen=True, eq=False)
class Temperature:
    """A fitted temperature.

    Attributes
    ----------
    temperature : float
        What logits are divided by; above 1 softens.
    before, after : float
        Mean soft cross-entropy in nats at temperature 1 and at the fitted one.
    """

    temperature: float
    before: float
    after: float

    def apply(self, logits: Any) -> Any:
        """Return probabilities at the fitted temperature, shaped and labelled as `logits`."""
        from scipy.special import softmax

        values, layout = _labelled.take("logits", logits)
        result = softmax(values / self.temperature, axis=-1)
        if layout.template is None:
            return result
        template, _ = _labelled.as_labelled("logits", logits)
        return template.copy(data=result)


def fit_temperature(logits: Any, labels: Any) -> Temperature:
    """Fit one temperature to soft labels by minimising the soft cross-entropy.

    Parameters
    ----------
    logits : array-like or DataArray, (items, categories)
        Scores whose softmax are the model's probabilities; logarithms of probabilities will do.
    labels : array-like or DataArray, (items, categories)
        Label counts or shares of each item; every item weighs the same.

    Returns
    -------
    Temperature

    Raises
    ------
    DataError
        If shapes differ, an entry is not finite, or the labels favour the model's order so much
        (or so little) that no finite, positive temperature is best.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger (2017), On calibration of modern neural
    networks, ICML; with soft labels as in Lourie, Le Bras and Choi (2021), Scruples, AAAI.

    Examples
    --------
    >>> from pluralism.jury import fit_temperature
    >>> fit = fit_temperature([[4.0, 0.0], [0.0, 4.0], [4.0, 0.0]], [[4, 1], [1, 4], [4, 1]])
    >>> fit.temperature
    2.88539
    """
    from scipy.optimize import brentq
    from scipy.special import log_softmax, softmax

    (scores, counts), _ = _labelled.take_together({"logits": logits, "labels": labels})
    if scores.ndim != 2 or scores.shape != counts.shape:
        raise DataError(
            f"`logits` has shape {scores.shape} and `labels` {counts.shape}; both must be "
            "items x categories"
        )
    share = _validate.distributions("labels", counts, normalize=True)

    def cross_entropy(inverse: float) -> float:
        return float(-(share * log_softmax(inverse * scores, axis=1)).sum(axis=1).mean())

    def slope(log_inverse: float) -> float:
        p = softmax(np.exp(log_inverse) * scores, axis=1)
        return float(((p - share) * scores).sum(axis=1).mean())

    if not slope(-20.0) < 0.0 < slope(20.0):
        raise DataError(
            "no finite, positive temperature is best: the labels agree with `logits` "
            f"{'without exception' if slope(-20.0) < 0.0 else 'no better than by chance'}"
        )
    log_inverse = float(brentq(slope, -20.0, 20.0, xtol=1e-13, rtol=1e-14))
    inverse = float(np.exp(log_inverse))
    return Temperature(1.0 / inverse, cross_entropy(1.0), cross_entropy(inverse))

"""Chance-corrected agreement of raters, straight from counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data import Annotations
from ..errors import DataError
from ..kernels import _agreement as kernels
from ..uncertainty._hooks import batched_by
from ._inputs import (
    Pairable,
    as_annotations,
    corrected,
    counts_and_squares,
    distance_matrix,
    one_label_each,
    pairable,
    similarity_matrix,
    warn_one_category,
)

__all__ = [
    "brennan_prediger",
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac1",
    "krippendorff_alpha",
]

FloatArray = npt.NDArray[np.float64]


@batched_by("pluralism.jury._agreement_batch:alpha_replicates")
def krippendorff_alpha(annotations: Annotations, *, distance: Any = None) -> float:
    r"""Krippendorff's alpha: one minus observed over expected disagreement.

    Every pair of labels on an item disagrees by a distance that the container's scale sets: 0 or
    1 (nominal), squared difference of mid-ranks (ordinal), of values (interval), or of values
    relative to their sum (ratio). Items with one label count for nothing.

    Parameters
    ----------
    annotations : Annotations
        Labels with their scale; missing ratings are no obstacle.
    distance : array-like, (categories, categories), or callable, optional
        A distance in place of the scale's own: a symmetric matrix with a zero diagonal, or a
        function of two categories.

    Returns
    -------
    float
        At most 1: 1 is perfect agreement, 0 what chance would give, below 0 systematic
        disagreement. If every label that can be paired is the same category, there is nothing to
        correct for chance: the value is 1.0, with a `SmallSampleWarning`.

    Raises
    ------
    DataError
        If no item has two labels, or `distance` is no distance.

    Warns
    -----
    SmallSampleWarning
        If all labels that can be paired are one category.

    Notes
    -----
    :math:`\alpha = 1 - D_o / D_e` [1]_. With weights, a pair of labels counts the product of
    their weights. ``bootstrap(krippendorff_alpha, annotations)`` draws raters; a rater drawn
    twice is never compared with its own copy, which would inflate the replicates. Two labels that
    one rater gave an item (a model that answered twice) are a pair like any other, here and in
    the other coefficients of counts: for agreement between raters alone, keep one label each.

    References
    ----------
    .. [1] K. Krippendorff, "Computing Krippendorff's alpha-reliability", 2011.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import krippendorff_alpha
    >>> krippendorff_alpha(Annotations.from_matrix([[1, 2, 3, 3], [1, 2, 3, 4]]))
    0.69565
    """
    labels = pairable(as_annotations("annotations", annotations))
    metric = distance_matrix(annotations, distance)
    if labels.one_category:
        return warn_one_category(annotations)
    ones = np.ones(len(labels.counts))
    arguments = (labels.counts, labels.squares, ones, metric)
    return float(corrected("distance", kernels.krippendorff_agreement, *arguments).value)


@batched_by("pluralism.jury._agreement_batch:fleiss_replicates")
def fleiss_kappa(annotations: Annotations, *, weights: Any = None) -> float:
    """Fleiss' kappa, for any number of raters per item.

    Chance is two draws from the mean distribution of labels. Where items have unequal numbers of
    labels, each item counts once (Gwet's generalisation): the observed agreement is a mean over
    the items with two labels or more, the distribution of labels a mean over all items.

    Parameters
    ----------
    annotations : Annotations
        Labels; missing ratings are no obstacle.
    weights : {None, "linear", "quadratic", "ordinal"} or array-like, (categories, categories)
        How much two different categories agree, in [0, 1]; None is not at all.

    Returns
    -------
    float
        At most 1; 1.0 with a warning if all labels are one category.

    Raises
    ------
    DataError
        If no item has two labels, or `weights` is no similarity.

    Warns
    -----
    SmallSampleWarning
        If all labels are one category.

    References
    ----------
    J. L. Fleiss (1971), Measuring nominal scale agreement among many raters, Psychological
    Bulletin 76; K. L. Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., chapter 2.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import fleiss_kappa
    >>> fleiss_kappa(Annotations.from_counts([[4, 0], [3, 1], [0, 4], [1, 3]]))
    0.5
    """
    return _kappa(annotations, weights, kernels.fleiss_agreement, chance_can_be_one=True)


@batched_by("pluralism.jury._agreement_batch:gwet_replicates")
def gwet_ac1(annotations: Annotations, *, weights: Any = None) -> float:
    """Gwet's AC1 (with `weights`, AC2), which does not collapse when one category rules.

    Parameters
    ----------
    annotations : Annotations
        Labels of two categories or more.
    weights : {None, "linear", "quadratic", "ordinal"} or array-like, (categories, categories)
        How much two different categories agree, in [0, 1]; None is AC1.

    Returns
    -------
    float
        At most 1.

    Raises
    ------
    DataError
        If no item has two labels, there is one category only, or `weights` is no similarity.

    References
    ----------
    K. L. Gwet (2008), Computing inter-rater reliability and its variance in the presence of high
    agreement, British Journal of Mathematical and Statistical Psychology 61.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import gwet_ac1
    >>> gwet_ac1(Annotations.from_counts([[4, 0], [4, 0], [4, 0], [3, 1]]))
    0.8584...
    """
    return _kappa(annotations, weights, kernels.gwet_agreement, needs_two=True)


@batched_by("pluralism.jury._agreement_batch:brennan_prediger_replicates")
def brennan_prediger(annotations: Annotations, *, weights: Any = None) -> float:
    """Brennan and Prediger's kappa: chance picks every category equally often.

    Parameters
    ----------
    annotations : Annotations
        Labels of two categories or more; categories that were never used count.
    weights : {None, "linear", "quadratic", "ordinal"} or array-like, (categories, categories)
        How much two different categories agree, in [0, 1]; None is not at all.

    Returns
    -------
    float
        At most 1.

    Raises
    ------
    DataError
        If no item has two labels, there is one category only, or `weights` is no similarity.

    References
    ----------
    R. L. Brennan and D. J. Prediger (1981), Coefficient kappa: some uses, misuses, and
    alternatives, Educational and Psychological Measurement 41.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import brennan_prediger
    >>> brennan_prediger(Annotations.from_counts([[4, 0], [3, 1], [0, 4], [1, 3]]))
    0.5
    """
    return _kappa(annotations, weights, kernels.brennan_prediger_agreement, needs_two=True)


def cohen_kappa(annotations: Annotations, *, weights: Any = None) -> float:
    """Cohen's kappa of two raters; of more than two, Conger's.

    Chance is two different raters' own distributions of labels, over the items that have two
    labels or more. For two raters these are the items that both rated.

    Parameters
    ----------
    annotations : Annotations
        Labels with their raters.
    weights : {None, "linear", "quadratic", "ordinal"} or array-like, (categories, categories)
        How much two different categories agree, in [0, 1]; None is not at all.

    Returns
    -------
    float
        At most 1; 1.0 with a warning if all labels are one category.

    Raises
    ------
    DataError
        If the raters are unknown, no item has two labels, or `weights` is no similarity.

    Warns
    -----
    SmallSampleWarning
        If all labels are one category.

    References
    ----------
    J. Cohen (1968), Weighted kappa, Psychological Bulletin 70; A. J. Conger (1980), Integration
    and generalization of kappas for multiple raters, Psychological Bulletin 88.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import cohen_kappa
    >>> cohen_kappa(Annotations.from_matrix([list("aabbb"), list("aabba")]))
    0.6153...
    """
    one_label_each("annotations", annotations)
    labels = pairable(annotations)
    similarity = similarity_matrix(annotations, weights)
    if labels.one_category:
        return warn_one_category(annotations)
    ones = np.ones(len(labels.counts))
    shares, each = rater_shares(annotations, labels.kept)
    arguments = (labels.counts, labels.squares, ones, similarity, shares, each)
    return float(corrected("weights", kernels.conger_agreement, *arguments).value)


def rater_shares(
    annotations: Annotations, kept: npt.NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Raters' distributions of labels over the `kept` items, and the weight of one label.

    Shapes (raters, categories) and (raters,), of the raters with a label on these items.
    """
    assert annotations.rater is not None
    assert annotations.raters is not None
    n = annotations.n_categories
    use = kept[annotations.item]
    key = annotations.rater[use].astype(np.int64) * n + annotations.label[use]
    table = np.bincount(key, annotations.weight[use], len(annotations.raters) * n).reshape(-1, n)
    present = table.any(axis=1)
    table = table[present]
    if len(table) < 2:
        raise DataError("only one rater shares items with others; kappa needs two raters")
    total = table.sum(axis=1)
    if annotations.squares is None:
        return table / total[:, None], np.ones(len(table))
    squares = np.bincount(annotations.rater[use], annotations.squares[use], len(annotations.raters))
    return table / total[:, None], squares[present] / total


def all_labels(annotations: Annotations) -> Pairable:
    """Counts of all items, those with one label included."""
    kept = np.ones(annotations.n_items, dtype=np.bool_)
    return Pairable(*counts_and_squares(annotations), kept)


def _kappa(
    annotations: Annotations,
    weights: Any,
    kernel: Callable[..., kernels.Coefficient],
    *,
    chance_can_be_one: bool = False,
    needs_two: bool = False,
) -> float:
    pairable(as_annotations("annotations", annotations))
    labels = all_labels(annotations)
    if needs_two and annotations.n_categories < 2:
        raise DataError(
            f"there is one category, {annotations.categories[0]!r}; give all possible `categories`"
        )
    similarity = similarity_matrix(annotations, weights)
    if chance_can_be_one and labels.one_category:
        return warn_one_category(annotations, stacklevel=4)
    ones = np.ones(len(labels.counts))
    return float(
        corrected("weights", kernel, labels.counts, labels.squares, ones, similarity).value
    )

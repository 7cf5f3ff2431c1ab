"""Does a model's distribution match the distribution of people, item by item?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _labelled, _validate
from ..data import Annotations
from ..errors import DataError
from ..kernels import _distances as distances
from ..kernels._entropy import plugin_entropy
from ._inputs import as_annotations
from ._predictions import predictions

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "DistributionCalibration",
    "PerspectivistScores",
    "ProperScores",
    "distribution_calibration",
    "perspectivist_scores",
    "proper_scores",
]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DistributionCalibration:
    """How a model's distributions differ from people's; means over items.

    Attributes
    ----------
    dist_ce : float
        Total variation distance (DistCE), in [0, 1].
    ent_ce : float
        Absolute difference of entropies in nats (EntCE).
    rank_cs : float
        Share of items on which both order the categories alike (RankCS).
    manhattan : float
        Sum of absolute differences, in [0, 2]: twice `dist_ce`.
    wasserstein : float
        Wasserstein-1 distance of the categories' positions.
    cross_entropy : float
        Of the people under the model, in nats; infinite where the model excludes what people say.
    items : xarray.Dataset, (item,)
        The same for each item.
    """

    dist_ce: float
    ent_ce: float
    rank_cs: float
    manhattan: float
    wasserstein: float
    cross_entropy: float
    items: xr.Dataset = field(repr=False)


def distribution_calibration(
    model: Any,
    human: Any,
    *,
    values: Any = None,
    ranking_ties: str = "groups",
    normalize: bool = False,
) -> DistributionCalibration:
    """Compare a model's distribution with people's on each item.

    Parameters
    ----------
    model : array-like, DataArray or frame, (items, categories)
        The model's probabilities.
    human : Annotations, array-like, DataArray or frame, (items, categories)
        People's shares; Annotations, or with `normalize` counts, are turned into shares.
    values : array-like, (categories,), optional
        Positions for the Wasserstein distance. Default: 0, 1, 2, ...
    ranking_ties : {"groups", "argsort"}
        Whether equal probabilities must be equal on both sides for the rankings to agree, or are
        ordered by position as a stable argsort does.
    normalize : bool
        Accept counts.

    Returns
    -------
    DistributionCalibration

    Raises
    ------
    DataError
        If shapes differ, a row is no distribution, or an option is unknown.
    LabelError
        If labelled categories differ.

    References
    ----------
    J. Baan, W. Aziz, B. Plank and R. Fernandez (2022), Stop measuring calibration when humans
    disagree, EMNLP; E. Leonardelli et al. (2023, 2025), Learning with disagreements (LeWiDi):
    Manhattan and Wasserstein distances.

    Examples
    --------
    >>> from pluralism.jury import distribution_calibration
    >>> fit = distribution_calibration([[0.5, 0.5], [0.9, 0.1]], [[0.5, 0.5], [0.6, 0.4]])
    >>> fit.dist_ce, fit.rank_cs
    (0.15, 1.0)
    """
    import xarray as xr

    _validate.one_of("ranking_ties", ranking_ties, ("groups", "argsort"))
    if isinstance(human, Annotations):
        human, normalize = human.counts(), True
        if not hasattr(model, "dims") and not hasattr(model, "columns"):
            human = human.values
    (p, q), layout = _labelled.take_together({"model": model, "human": human})
    if p.ndim != 2 or p.shape != q.shape:
        raise DataError(
            f"`model` has shape {p.shape} and `human` {q.shape}; both must be items x categories"
        )
    p = _validate.distributions("model", p, normalize=normalize)
    q = _validate.distributions("human", q, normalize=normalize)
    gaps = np.diff(_positions(values, p.shape[1]))
    with np.errstate(divide="ignore"):
        terms = np.where(q > 0, -q * np.log(np.where(q > 0, p, 1.0)), 0.0)
    rows = {
        "dist_ce": distances.total_variation(p, q),
        "ent_ce": np.abs(plugin_entropy(p) - plugin_entropy(q)),
        "rank_cs": _same_ranking(p, q, ranking_ties),
        "manhattan": distances.manhattan(p, q),
        "wasserstein": distances.wasserstein(p, q, gaps),
        "cross_entropy": terms.sum(axis=1),
    }
    template = layout.template
    coords = {}
    if template is not None and template.ndim == 1 and template.dims[0] in template.coords:
        coords = {"item": template.coords[template.dims[0]].values}
    items = xr.Dataset({name: ("item", row) for name, row in rows.items()}, coords=coords)
    return DistributionCalibration(
        **{name: float(np.mean(row)) for name, row in rows.items()}, items=items
    )


@dataclass(frozen=True, eq=False)
class ProperScores:
    """Mean proper scores; lower is better.

    Attributes
    ----------
    brier : float
        Sum over categories of squared differences from the label, in [0, 2]. Of a binary
        prediction the square for the positive class, in [0, 1].
    log : float
        Minus the log probability of the label, in nats.
    ranked : float
        Ranked probability score: squared differences of cumulated distributions, for ordered
        categories, in [0, categories - 1].
    spherical : float
        One minus the spherical score, in [0, 1].
    items : xarray.Dataset, (item,)
        The same for each item.
    """

    brier: float
    log: float
    ranked: float
    spherical: float
    items: xr.Dataset = field(repr=False)


def proper_scores(probabilities: Any, labels: Any) -> ProperScores:
    """Score probabilities by rules that honesty minimises.

    Parameters
    ----------
    probabilities : array-like, (items,) or (items, categories)
        Of the positive class, or of all categories.
    labels : array-like
        For (items,): 0, 1 or the share of positive labels. For (items, categories): positions of
        the true categories (items,), or label counts or shares (items, categories). Soft labels
        give the expected score over an item's labels, so that the best prediction is their
        shares, whose score is not zero.

    Returns
    -------
    ProperScores

    Raises
    ------
    DataError
        If shapes differ or values are no probabilities.

    References
    ----------
    T. Gneiting and A. E. Raftery (2007), Strictly proper scoring rules, prediction, and
    estimation, JASA 102.

    Examples
    --------
    >>> from pluralism.jury import proper_scores
    >>> scores = proper_scores([[0.1, 0.2, 0.3, 0.4]], [2])
    >>> scores.ranked
    0.26
    """
    import xarray as xr

    p, y = predictions(probabilities, labels)
    square = (p * p).sum(axis=1)
    # sum_k y_k |p - e_k|^2 = |p|^2 - 2 p.y + 1
    brier = square - 2.0 * (p * y).sum(axis=1) + 1.0
    if np.ndim(probabilities) == 1:
        brier = brier / 2.0
    with np.errstate(divide="ignore"):
        log = np.where(y > 0, -y * np.log(np.where(y > 0, p, 1.0)), 0.0).sum(axis=1)
    below, share = p.cumsum(axis=1), y.cumsum(axis=1)
    # the label lies at or below k with probability share_k
    ranked = (below**2 - 2.0 * below * share + share).sum(axis=1)
    rows = {
        "brier": brier,
        "log": log,
        "ranked": np.maximum(ranked, 0.0),
        "spherical": 1.0 - (p * y).sum(axis=1) / np.sqrt(square),
    }
    items = xr.Dataset({name: ("item", row) for name, row in rows.items()})
    return ProperScores(**{name: float(row.mean()) for name, row in rows.items()}, items=items)


@dataclass(frozen=True)
class PerspectivistScores:
    """How well the label of each rater was predicted; means over items.

    Attributes
    ----------
    error_rate : float
        Share of an item's raters whose label was missed (AER), in [0, 1].
    absolute_distance : float
        Distance of predicted and given label over the range of the categories (ANAD), in [0, 1].
    n_items : int
        Items with a rater in both.
    n_labels : int
        Rater's labels that were compared.
    dropped : int
        Labels given for which there is no prediction.
    """

    error_rate: float
    absolute_distance: float
    n_items: int
    n_labels: int
    dropped: int


def perspectivist_scores(predicted: Annotations, observed: Annotations) -> PerspectivistScores:
    """Compare what each rater was predicted to say with what they said.

    Parameters
    ----------
    predicted, observed : Annotations
        One label per rater and item, matched by item and rater, with the same categories in the
        same order.

    Returns
    -------
    PerspectivistScores

    Raises
    ------
    DataError
        If raters are unknown, a rater labels an item twice, the categories differ, or nothing
        can be compared.

    References
    ----------
    E. Leonardelli et al. (2025), LeWiDi-2025: the third edition of the learning with
    disagreements shared task: average error rate and average normalized absolute distance.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import perspectivist_scores
    >>> said = Annotations.from_matrix([[1, 2], [3, 3]], scale="ordinal")
    >>> guessed = Annotations.from_matrix([[1, 2], [2, 3]], scale="ordinal")
    >>> perspectivist_scores(guessed, said).error_rate
    0.25
    """
    for name, value in (("predicted", predicted), ("observed", observed)):
        as_annotations(name, value, raters=True)
        pairs = value.to_frame()
        if pairs.duplicated(["item", "rater"]).any():
            raise DataError(f"`{name}` holds several labels of one rater on one item")
    if predicted.scale != observed.scale:
        raise DataError(f"the scales differ: {predicted.scale!r} and {observed.scale!r}")
    if predicted.categories != observed.categories:
        raise DataError(f"the categories differ: {predicted.categories} and {observed.categories}")
    position = dict(zip(observed.categories, observed.values, strict=True))
    both = observed.to_frame().merge(
        predicted.to_frame(), on=["item", "rater"], suffixes=("", "_predicted")
    )
    if not len(both):
        raise DataError("no rater and item is in both `predicted` and `observed`")
    given = both["label"].map(position).to_numpy(float)
    guess = both["label_predicted"].map(position).to_numpy(float)
    spread = float(np.ptp(observed.values)) or 1.0
    both["missed"], both["distance"] = given != guess, np.abs(given - guess) / spread
    means = both.groupby("item", sort=False)[["missed", "distance"]].mean()
    return PerspectivistScores(
        error_rate=float(means["missed"].mean()),
        absolute_distance=float(means["distance"].mean()),
        n_items=len(means),
        n_labels=len(both),
        dropped=len(observed.item) - len(both),
    )


def _positions(values: Any, n: int) -> FloatArray:
    if values is None:
        return np.arange(n, dtype=np.float64)
    positions = _validate.finite_array("values", values, ndim=1)
    if len(positions) != n or (np.diff(positions) <= 0).any():
        raise DataError(f"`values` must hold {n} ascending positions; got {positions.tolist()}")
    return positions


def _same_ranking(p: FloatArray, q: FloatArray, ties: str) -> FloatArray:
    if ties == "argsort":
        same = np.argsort(p, axis=1, kind="stable") == np.argsort(q, axis=1, kind="stable")
        return same.all(axis=1).astype(np.float64)
    # Two weak orders agree where every pair of categories compares alike.
    left = np.sign(p[:, :, None] - p[:, None, :])
    right = np.sign(q[:, :, None] - q[:, None, :])
    return (left == right).all(axis=(1, 2)).astype(np.float64)

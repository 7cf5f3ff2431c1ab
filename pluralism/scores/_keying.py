"""Rating scales: which way items are keyed, and how far a model is from a person."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data._labels import as_coordinate
from ..errors import DataError
from . import _inputs

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["KeyingCheck", "PersonaDistance", "check_keying", "likert_scores", "persona_distance"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KeyingCheck:
    """Whether answers to negatively keyed items are stored as given or already turned round.

    Attributes
    ----------
    stored : str
        "raw", "keyed" (already reversed) or "unclear".
    agrees : bool or None
        Whether that is what was claimed; None where it is unclear.
    correlation : xarray.DataArray, (trait,)
        Mean correlation between positively and negatively keyed items of a trait: below zero
        for raw answers, above for keyed ones. NaN for a trait keyed one way.
    """

    stored: str
    agrees: bool | None
    correlation: xr.DataArray


def check_keying(
    answers: Any, *, traits: Any, keyed: Any, claimed: str, threshold: float = 0.05
) -> KeyingCheck:
    """Check that answers are keyed as claimed, from the correlations within traits.

    Parameters
    ----------
    answers : array-like, (subjects, items)
        Ratings; NaN where missing.
    traits : array-like, (items,)
        Trait of each item.
    keyed : array-like, (items,)
        +1 for an item that expresses its trait, -1 for one that expresses the opposite.
    claimed : {"raw", "keyed"}
        Whether stored answers are as given, or negatively keyed ones are reversed already.
    threshold : float
        Mean correlations closer to zero than this are unclear.

    Returns
    -------
    KeyingCheck

    Raises
    ------
    DataError
        If there are fewer than three subjects, or no trait has items of both keys that vary.

    Notes
    -----
    Items of one trait and opposite keys correlate negatively as long as they are raw.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.scores import check_keying
    >>> calm = np.array([1, 2, 3, 4, 5, 4])
    >>> answers = np.column_stack([calm, 6 - calm])
    >>> check_keying(answers, traits=["N", "N"], keyed=[1, -1], claimed="keyed").agrees
    False
    """
    import xarray as xr

    _validate.one_of("claimed", claimed, ("raw", "keyed"))
    threshold = _validate.number("threshold", threshold, at_least=0.0)
    table, names, trait, sign = _scale(answers, traits, keyed)
    if len(table) < 3:
        raise DataError(f"`answers` has {len(table)} subjects; correlations need at least 3")
    found = np.array([_between_keys(table, trait == t, sign) for t in range(len(names))])
    known = found[~np.isnan(found)]
    if not len(known):
        raise DataError("no trait has items of both keys that vary; keying cannot be checked")
    mean = float(known.mean())
    stored = "unclear" if abs(mean) <= threshold else "keyed" if mean > 0 else "raw"
    return KeyingCheck(
        stored,
        None if stored == "unclear" else stored == claimed,
        xr.DataArray(found, dims="trait", coords={"trait": as_coordinate(names)}),
    )


def _scale(
    answers: Any, traits: Any, keyed: Any
) -> tuple[FloatArray, tuple[Hashable, ...], Any, FloatArray]:
    table = _validate.finite_array("answers", answers, ndim=2, allow_nan=True)
    names, trait = _inputs.encode("traits", traits)
    sign = _inputs.numbers("keyed", keyed)
    bad = np.abs(sign) != 1
    if bad.any():
        raise DataError(f"`keyed[{int(np.argmax(bad))}]` is {sign[bad][0]:g}; it must be 1 or -1")
    if not table.shape[1] == len(trait) == len(sign):
        raise DataError(
            f"`answers` has {table.shape[1]} items, `traits` {len(trait)} and `keyed` {len(sign)}; "
            "they must agree"
        )
    return table, names, trait, sign


def _between_keys(table: FloatArray, inside: Any, sign: FloatArray) -> float:
    """Mean correlation over pairs of items of opposite keys, pairwise complete."""
    import pandas as pd

    columns = np.flatnonzero(inside)
    part = pd.DataFrame(table[:, columns]).corr(min_periods=3).to_numpy()
    cross = part[np.ix_(sign[columns] > 0, sign[columns] < 0)]
    known = cross[~np.isnan(cross)]
    return float(known.mean()) if len(known) else float("nan")


def likert_scores(
    answers: Any, *, traits: Any, keyed: Any, stored: str, scale: tuple[float, float]
) -> xr.DataArray:
    """Mean rating of each trait with negatively keyed items reversed, once.

    Parameters
    ----------
    answers : array-like, (subjects, items)
        Ratings; NaN where missing.
    traits : array-like, (items,)
        Trait of each item.
    keyed : array-like, (items,)
        +1 or -1.
    stored : {"raw", "keyed"}
        Whether `answers` are as given or reversed already (see `check_keying`).
    scale : tuple of float
        Lowest and highest rating; an answer x is reversed to lowest + highest - x.

    Returns
    -------
    xarray.DataArray, (subject, trait)
        Means over the answered items; NaN without any.

    Raises
    ------
    DataError
        If a rating is off the scale, or the lengths disagree.

    Examples
    --------
    >>> from pluralism.scores import likert_scores
    >>> scores = likert_scores(
    ...     [[5, 1, 4]], traits=["C", "C", "O"], keyed=[1, -1, 1], stored="raw", scale=(1, 5)
    ... )
    >>> scores.values.tolist()
    [[5.0, 4.0]]
    """
    import xarray as xr

    _validate.one_of("stored", stored, ("raw", "keyed"))
    table, names, trait, sign = _scale(answers, traits, keyed)
    turned = _keyed_answers("answers", table, sign, stored, scale)
    present = ~np.isnan(turned)
    member = np.eye(len(names))[trait]
    total = np.where(present, turned, 0.0) @ member
    count = present @ member
    means = np.full(total.shape, np.nan)
    np.divide(total, count, out=means, where=count > 0)
    return xr.DataArray(means, dims=("subject", "trait"), coords={"trait": as_coordinate(names)})


def _keyed_answers(
    name: str, table: FloatArray, sign: FloatArray, stored: str, scale: tuple[float, float]
) -> FloatArray:
    low, high = _inputs.pair("scale", scale)
    _validate.within(name, table, low, high, what="a rating")
    return np.where((sign < 0) & (stored == "raw"), low + high - table, table)


@dataclass(frozen=True, eq=False)
class PersonaDistance:
    """Distance of predicted from actual answers.

    Attributes
    ----------
    by_trait : xarray.DataArray, (trait,)
        Mean over subjects of the mean absolute difference over the trait's items.
    total : float
        Sum over traits, as published; lower is closer.
    compared, skipped : int
        Cells compared, and those where either answer is missing.
    constant : float
        Total of answering the middle of the scale throughout.
    """

    by_trait: xr.DataArray
    total: float
    compared: int
    skipped: int
    constant: float


def persona_distance(
    predicted: Any,
    actual: Any,
    *,
    traits: Any,
    keyed: Any,
    predicted_stored: str,
    actual_stored: str,
    scale: tuple[float, float] = (1.0, 5.0),
) -> PersonaDistance:
    """How far a model's answers are from a person's, trait by trait, both keyed alike.

    Parameters
    ----------
    predicted, actual : array-like, (subjects, items)
        Ratings; NaN where missing (a 0 in PAPI's files is missing, not a rating).
    traits : array-like, (items,)
        Trait of each item.
    keyed : array-like, (items,)
        +1 or -1.
    predicted_stored, actual_stored : {"raw", "keyed"}
        How each table is stored. PAPI compares raw predictions with keyed answers as if they
        were alike, which mis-scores every negatively keyed item; saying "raw" of both gives
        that figure.
    scale : tuple of float
        Lowest and highest rating.

    Returns
    -------
    PersonaDistance

    Raises
    ------
    DataError
        If the tables differ in shape, a rating is off the scale, or a subject has no item of
        some trait that can be compared.

    References
    ----------
    M. Zhu et al. (2024), Personality alignment of large language models (PAPI).

    Examples
    --------
    >>> from pluralism.scores import persona_distance
    >>> result = persona_distance(
    ...     [[5, 1]], [[5, 4]], traits=["N", "N"], keyed=[1, -1],
    ...     predicted_stored="raw", actual_stored="keyed",
    ... )
    >>> result.total
    0.5
    """
    import xarray as xr

    for name, value in (("predicted_stored", predicted_stored), ("actual_stored", actual_stored)):
        _validate.one_of(name, value, ("raw", "keyed"))
    given, names, trait, sign = _scale(predicted, traits, keyed)
    truth = _validate.finite_array("actual", actual, ndim=2, allow_nan=True)
    if given.shape != truth.shape:
        raise DataError(f"`predicted` is {given.shape} and `actual` {truth.shape}; they must agree")
    if not len(given):
        raise DataError("`predicted` has no subjects; at least one is needed")
    a = _keyed_answers("predicted", given, sign, predicted_stored, scale)
    b = _keyed_answers("actual", truth, sign, actual_stored, scale)
    gap = np.abs(a - b)
    present = ~np.isnan(gap)
    member = np.eye(len(names))[trait]
    count = present @ member
    if (count == 0).any():
        subject, place = np.argwhere(count == 0)[0]
        raise DataError(f"subject {subject} has no item of trait {names[place]!r} to compare")
    by_trait = ((np.where(present, gap, 0.0) @ member) / count).mean(axis=0)
    middle = np.where(present, np.abs(b - (scale[0] + scale[1]) / 2), 0.0)
    return PersonaDistance(
        xr.DataArray(by_trait, dims="trait", coords={"trait": as_coordinate(names)}),
        float(by_trait.sum()),
        int(present.sum()),
        int((~present).sum()),
        float(((middle @ member) / count).mean(axis=0).sum()),
    )

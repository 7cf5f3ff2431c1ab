"""Random ballots: the cultures against which rules are compared."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Ballots, _labels
from ..errors import DataError

__all__ = ["sample_ballots"]

FloatArray = npt.NDArray[np.float64]
_MODELS = ("impartial-culture", "mallows", "plackett-luce", "spatial", "single-peaked")
_PARAMETERS = {
    "mallows": ("dispersion", "center"),
    "plackett-luce": ("worth",),
    "spatial": ("dimensions",),
}


def sample_ballots(
    model: Literal["impartial-culture", "mallows", "plackett-luce", "spatial", "single-peaked"],
    *,
    voters: int,
    alternatives: int | Iterable[Hashable],
    seed: Any,
    dispersion: float | None = None,
    center: Iterable[Hashable] | None = None,
    worth: npt.ArrayLike | None = None,
    dimensions: int | None = None,
) -> Ballots:
    r"""Draw ballots from a model of preferences.

    Parameters
    ----------
    model : str
        "impartial-culture": every ranking is equally likely. "mallows": a ranking at Kendall
        distance d from `center` has probability proportional to :math:`\phi^d`. "plackett-luce":
        the next place goes to an alternative in proportion to its worth. "spatial": voters and
        alternatives are standard normal points, and utility is minus the Euclidean distance;
        the ballots hold it. "single-peaked": alternatives stand on a line in their order, and
        every ranking that falls away from its peak on both sides is equally likely (Walsh).
    voters : int
        Number of ballots.
    alternatives : int or iterable
        Their number (labels 0, 1, ...), or their labels.
    seed : int or numpy.random.Generator
        Source of randomness.
    dispersion : float
        phi of Mallows, from 0 (all vote `center`) to 1 (impartial culture).
    center : iterable, optional
        Central ranking of Mallows, best first; by default the alternatives in order.
    worth : array_like, (alternatives,)
        Positive worths of Plackett-Luce.
    dimensions : int
        Dimensions of the space.

    Returns
    -------
    Ballots
        One row for each voter.

    Raises
    ------
    DataError
        If a parameter is missing, has no meaning for the model or is out of range.

    References
    ----------
    C. L. Mallows (1957); J.-P. Doignon, A. Pekeč, M. Regenwetter (2004), The repeated insertion
    model. R. L. Plackett (1975). T. Walsh (2015), Generating single peaked votes.

    Examples
    --------
    >>> from pluralism import choice
    >>> choice.sample_ballots(
    ...     "mallows", voters=3, alternatives="abc", dispersion=0.0, seed=0
    ... ).rankings()
    [('a', 'b', 'c'), ('a', 'b', 'c'), ('a', 'b', 'c')]
    """
    _validate.one_of("model", model, _MODELS)
    generator = _validate.generator("seed", seed)
    n_voters = _validate.whole_number("voters", voters, at_least=1)
    if isinstance(alternatives, (int, np.integer)):
        labels: tuple[Hashable, ...] = tuple(
            range(_validate.whole_number("alternatives", alternatives, at_least=2))
        )
    else:
        labels = _labels.check_labels("alternatives", alternatives)
    n = len(labels)
    given = {"dispersion": dispersion, "center": center, "worth": worth, "dimensions": dimensions}
    for name, value in given.items():
        if value is not None and name not in _PARAMETERS.get(model, ()):
            raise DataError(f"`{name}` has no meaning for {model!r}")
    needed = [name for name in _PARAMETERS.get(model, ()) if name != "center"]
    for name in needed:
        if given[name] is None:
            raise DataError(f"{model!r} needs `{name}`")
    if model == "spatial":
        depth = _validate.whole_number("dimensions", dimensions, at_least=1)
        people = generator.standard_normal((n_voters, depth))
        places = generator.standard_normal((n, depth))
        distance = np.linalg.norm(people[:, None, :] - places, axis=2)
        return Ballots.from_utilities(-distance, alternatives=labels)
    if model == "impartial-culture":
        orders = np.argsort(generator.random((n_voters, n)), axis=1)
    elif model == "mallows":
        phi = _validate.number("dispersion", dispersion, at_least=0.0, at_most=1.0)
        order = _center(labels, center)
        orders = order[_mallows(n_voters, n, phi, generator)]
    elif model == "plackett-luce":
        values = _validate.finite_array("worth", worth, ndim=1)
        if len(values) != n or not (values > 0).all():
            raise DataError(f"`worth` must hold {n} positive numbers, one for each alternative")
        # The order of log worth plus Gumbel noise is a Plackett-Luce ranking.
        orders = np.argsort(-(np.log(values) + generator.gumbel(size=(n_voters, n))), axis=1)
    else:
        orders = _single_peaked(n_voters, n, generator)
    ranks = np.argsort(orders, axis=1).astype(np.float64)
    return Ballots.from_ranks(ranks, alternatives=labels)


def _center(labels: tuple[Hashable, ...], center: Iterable[Hashable] | None) -> npt.NDArray:
    if center is None:
        return np.arange(len(labels))
    ranking = tuple(center)
    if len(ranking) != len(labels) or set(ranking) != set(labels):
        raise DataError(f"`center` is {ranking!r}; it must rank each alternative once")
    return np.array([labels.index(label) for label in ranking])


def _mallows(n_voters: int, n: int, phi: float, generator: np.random.Generator) -> npt.NDArray:
    """Repeated insertion: the i-th alternative of the center goes to place j <= i by phi^(i-j)."""
    orders = np.zeros((n_voters, 1), dtype=np.int64)
    for size in range(2, n + 1):
        steps = np.arange(size)  # how many places above the last
        weight = phi**steps  # 0 to the 0 is 1
        up = generator.choice(size, size=n_voters, p=weight / weight.sum())
        place = (size - 1 - up)[:, None]
        columns = np.arange(size)[None, :]
        padded = np.concatenate([orders, orders[:, -1:]], axis=1)
        shifted = np.concatenate([orders[:, :1], orders], axis=1)
        orders = np.where(columns < place, padded, np.where(columns == place, size - 1, shifted))
    return orders


def _single_peaked(n_voters: int, n: int, generator: np.random.Generator) -> npt.NDArray:
    """Walsh: from the last place up, take the left or the right end of what remains."""
    orders = np.empty((n_voters, n), dtype=np.int64)
    left, right = np.zeros(n_voters, dtype=np.int64), np.full(n_voters, n - 1)
    for place in range(n - 1, -1, -1):
        take_left = generator.random(n_voters) < 0.5
        orders[:, place] = np.where(take_left, left, right)
        left, right = left + take_left, right - ~take_left
    return orders

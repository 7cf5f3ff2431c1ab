"""Votes with known truth: for tests, for trying out a design, for learning the library."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from ..errors import DataError
from ._cells import item_labels

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["simulate_votes"]


def simulate_votes(
    n_votes: int,
    *,
    items: Sequence[Hashable] | int = 10,
    utility: Any = None,
    spread: float = 1.0,
    order_effect: float = 0.0,
    tie_parameter: float = 0.0,
    raters: int | None = None,
    rater_spread: float = 0.0,
    groups: Sequence[Hashable] | None = None,
    group_spread: float = 0.0,
    seed: Any = None,
) -> pd.DataFrame:
    r"""Draw votes from a Bradley-Terry model with ties, order effect, raters and groups.

    Pairs are drawn uniformly and shown in random order. Rater r of group g holds the utilities
    :math:`u_i + \gamma_{gi} + \rho_{ri}` with independent normal deviations; ties follow
    Davidson (1970): with :math:`\pi_i = e^{u_i}`, the probabilities of first, second and tie
    are proportional to :math:`e^\delta \pi_i`, :math:`\pi_j` and
    :math:`\nu \sqrt{e^\delta \pi_i \pi_j}`.

    Parameters
    ----------
    n_votes : int
        Number of votes, at least one.
    items : sequence or int
        Labels, or how many items (labelled ``item 1``, ``item 2``, ...).
    utility : array_like, (items,), optional
        The truth, in log-odds. Default: drawn from a normal distribution with standard
        deviation `spread`, centred. With `rater_spread` these are the utilities of the average
        rater; the crowd's votes are less decided, so a fit that pools them finds smaller ones.
    spread : float
        Standard deviation of drawn utilities, at least 0.
    order_effect : float
        Log-odds added to the item shown first.
    tie_parameter : float
        Davidson's nu, at least 0; at 0 nobody ties.
    raters : int, optional
        Number of raters, who vote equally often up to one vote. Default: no rater column.
    rater_spread : float
        Standard deviation of a rater's own deviations, at least 0; needs `raters`.
    groups : sequence, optional
        Group labels; raters (votes, where there are no raters) are dealt to them in turn.
    group_spread : float
        Standard deviation of a group's own deviations, at least 0; needs `groups`.
    seed : int, numpy.random.Generator or None
        Where the randomness comes from.

    Returns
    -------
    pandas.DataFrame
        One row a vote: ``rater`` and ``group`` if asked for, ``first``, ``second``, ``outcome``
        ("first", "second" or "tie"). The truth stands in ``attrs["utility"]``, a dict.

    Raises
    ------
    DataError
        A number is out of its range, or a spread lacks its raters or groups.

    Examples
    --------
    >>> votes = simulate_votes(3, items=["a", "b"], utility=[1.0, -1.0], seed=1)
    >>> votes.columns.tolist(), votes.attrs["utility"]
    (['first', 'second', 'outcome'], {'a': 1.0, 'b': -1.0})
    """
    import pandas as pd

    n_votes = _validate.whole_number("n_votes", n_votes, at_least=1)
    rng = _validate.generator("seed", seed)
    if isinstance(items, (int, np.integer)):
        labels: tuple[Hashable, ...] = tuple(
            f"item {code}" for code in range(1, len(item_labels(items)) + 1)
        )
    else:
        labels = item_labels(items)
    n = len(labels)
    spreads = {
        name: _validate.number(name, value, at_least=0)
        for name, value in (
            ("spread", spread),
            ("rater_spread", rater_spread),
            ("group_spread", group_spread),
            ("tie_parameter", tie_parameter),
        )
    }
    delta = _validate.number("order_effect", order_effect)
    if spreads["rater_spread"] and raters is None:
        raise DataError(f"`rater_spread` is {rater_spread}, but `raters` is not given")
    if spreads["group_spread"] and groups is None:
        raise DataError(f"`group_spread` is {group_spread}, but `groups` is not given")
    if utility is None:
        truth = rng.normal(0, spreads["spread"], n)
        truth -= truth.mean()
    else:
        truth = _validate.finite_array("utility", utility, ndim=1)
        if len(truth) != n:
            raise DataError(f"`utility` has {len(truth)} entries for {n} items")

    n_units = n_votes if raters is None else _validate.whole_number("raters", raters, at_least=1)
    unit = np.arange(n_votes) % n_units
    own = np.tile(truth, (n_units if raters is not None or groups else 1, 1))
    columns: dict[str, Any] = {}
    if raters is not None:
        own = own + rng.normal(0, spreads["rater_spread"], (n_units, n))
        columns["rater"] = [f"rater {code + 1}" for code in unit]
    if groups is not None:
        names = list(groups)
        member = np.arange(n_units) % len(names)
        own = own + rng.normal(0, spreads["group_spread"], (len(names), n))[member]
        columns["group"] = [names[code] for code in member[unit]]
    first = rng.integers(0, n, n_votes)
    second = (first + rng.integers(1, n, n_votes)) % n
    row = unit if len(own) > 1 else np.zeros(n_votes, dtype=np.int64)
    difference = own[row, first] - own[row, second] + delta
    half = np.exp(difference / 2)
    # Proportional to sqrt(odds), 1 / sqrt(odds) and nu: Davidson's three terms over their root.
    total = half + 1 / half + spreads["tie_parameter"]
    draw = rng.random(n_votes) * total
    outcome = np.select([draw < half, draw < half + 1 / half], ["first", "second"], "tie")
    named = np.array(labels, dtype=object)
    columns |= {"first": named[first], "second": named[second], "outcome": outcome}
    votes = pd.DataFrame(columns)
    votes.attrs["utility"] = dict(zip(labels, truth.tolist(), strict=True))
    return votes

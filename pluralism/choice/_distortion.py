"""Distortion: what is lost because a rule hears comparisons and not utilities."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import ConvergenceError, DataError
from ..kernels._lottery import worst_maximal_value
from ..kernels._noisy_votes import expected_support
from ._inputs import as_pairwise, as_utilities
from ._lottery import maximal_lottery
from ._majoritarian import copeland
from ._outcome import Outcome, by_pair
from ._positional import borda

__all__ = ["distortion"]

_RULES: dict[str, Callable[[Any], Outcome]] = {
    "maximal_lottery": maximal_lottery,
    "borda": borda,
    "copeland": copeland,
}
#: Rules whose worst case is known, and to which power of the maximal lottery's bound.
_BOUNDED = {"maximal_lottery": 1, "borda": 2}


def distortion(
    utilities: Any = None,
    *,
    rule: str | Callable[[Any], Outcome],
    beta: float | None = None,
    weights: npt.ArrayLike | None = None,
    alternatives: Any = None,
) -> float:
    r"""Measure how much average utility a rule loses by hearing only noisy comparisons.

    .. math:: D = \frac{\max_a \bar u_a}{\mathrm E\,\bar u_{\text{chosen}}}, \qquad
              P_i(a \succ b) = \frac{1}{1 + e^{-\beta (u_{ia} - u_{ib})}}

    With `utilities` this is the value on that population, the rule being applied to the expected
    votes over all pairs. Without, it is a bound for every population with utilities in [0, 1]:
    for maximal lotteries (Nash learning from human feedback) the least upper bound

    .. math:: \frac{\beta}{2} \cdot \frac{1 + e^{-\beta}}{1 - e^{-\beta}},

    for Borda (what a pooled Bradley-Terry fit decides by) its square, which is an upper bound.

    Parameters
    ----------
    utilities : Ballots or matrix, (voters, alternatives), optional
        Utilities in [0, 1] if `beta` is given, else of at least 0. Ballots must hold utilities;
        their counts multiply `weights`.
    rule : {"maximal_lottery", "borda", "copeland"} or callable
        The rule. A callable takes a pairwise matrix with labels and returns an `Outcome`. Only
        the first two have a bound.
    beta : float, optional
        How sharply voters tell utilities apart: the log-odds of an answer per unit of utility,
        above 0. Without it they answer without error, the indifferent one half each.
    weights : array_like, (voters,), optional
        Weight of every voter.
    alternatives : iterable, optional
        Labels of the columns of a plain matrix.

    Returns
    -------
    float
        At least 1; infinity if the choice has utility 0 where more was possible. Of several
        winners, and of several maximal lotteries, the worst counts. If every utility is 0 there
        is nothing to lose, and the distortion is 1. Answers of equal chance are a tie, and so are
        those whose chances differ by less than a float can tell, about ``1e-16``.

    Raises
    ------
    DataError
        If a bound is asked for a rule that has none or without `beta`, `beta` is not above 0,
        utilities are missing, negative or, with `beta`, above 1, or a callable returns no
        `Outcome` or chooses nobody.
    ConvergenceError
        If a linear programme fails.

    References
    ----------
    P. Gölz, N. Haghtalab, K. Yang (2025), Distortion of AI alignment: does preference
    optimization optimize for preferences?, arXiv:2505.23749.

    Examples
    --------
    >>> from pluralism import choice
    >>> round(choice.distortion(beta=5, rule="maximal_lottery"), 4)
    2.5339

    One voter in three likes a very much, the others like b a little:

    >>> choice.distortion([[1, 0], [0, 0.1], [0, 0.1]], rule="maximal_lottery")
    5.0
    >>> round(choice.distortion([[1, 0], [0, 0.1], [0, 0.1]], rule="maximal_lottery", beta=5), 4)
    1.0
    """
    if not callable(rule):
        _validate.one_of("rule", rule, _RULES)
    if beta is not None:
        _validate.number("beta", beta, above=0.0)
    if utilities is None:
        return _bound(rule, beta)
    profile = as_utilities(
        utilities,
        use="distortion",
        alternatives=alternatives,
        weights=weights,
        at_least=0.0,
        at_most=math.inf if beta is None else 1.0,
        what="a utility" if beta is None else "utilities that `beta` refers to (rescale both)",
    )
    mean = profile.share @ profile.values
    support = by_pair(
        profile.labels, expected_support(profile.values, profile.share, beta), "support"
    )
    outcome = (rule if callable(rule) else _RULES[rule])(support)
    if not isinstance(outcome, Outcome):
        raise DataError(f"`rule` returned a {type(outcome).__name__}; it must return an Outcome")
    best, chosen = float(mean.max()), _worst_choice(outcome, support, mean)
    if chosen >= best * (1 - 1e-12):
        return 1.0
    return best / chosen if chosen > 0 else math.inf


def _bound(rule: Any, beta: float | None) -> float:
    if callable(rule) or rule not in _BOUNDED:
        raise DataError(
            f"no bound is known for the distortion of {rule!r}; give `utilities`, or one of "
            f"{', '.join(map(repr, _BOUNDED))}"
        )
    if beta is None:
        raise DataError(
            "without `beta` there is no bound: the distortion of error-free comparisons is "
            "unbounded; give `beta`, or `utilities` for their own value"
        )
    # (beta / 2) coth(beta / 2), whose limit at 0 is 1.
    return float((0.5 * beta / math.tanh(0.5 * beta)) ** _BOUNDED[rule])


def _worst_choice(outcome: Outcome, support: Any, mean: npt.NDArray[np.float64]) -> float:
    """Average utility of what is chosen; of what ties, the worst."""
    if outcome.probabilities is None:
        place = {label: code for code, label in enumerate(outcome.alternatives)}
        if not outcome.winners:
            raise DataError(f"{outcome.rule} chooses nobody here, so it has no distortion")
        return float(min(mean[place[label]] for label in outcome.winners))
    if outcome.unique is not False:
        return float(outcome.probabilities.values @ mean)
    worst = worst_maximal_value(as_pairwise(support).margins, mean)
    if not worst == worst:
        raise ConvergenceError("the linear programme of the worst maximal lottery was not solved")
    return worst

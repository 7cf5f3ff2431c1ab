"""Welfare of utilities: what each social welfare function would choose, and at what price."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ..errors import DataError, LabelError
from ..kernels import _welfare as kernels
from ._inputs import as_utilities
from ._outcome import Outcome, TieBreak, TieBreaker

__all__ = ["welfare", "welfare_price"]

Function = Literal[
    "utilitarian", "nash", "egalitarian", "leximin", "power-mean", "atkinson", "gini", "quantile"
]
_FUNCTIONS = (
    "utilitarian",
    "nash",
    "egalitarian",
    "leximin",
    "power-mean",
    "atkinson",
    "gini",
    "quantile",
)
#: The argument that a function needs, and what it must satisfy.
_PARAMETER = {"power-mean": "power", "atkinson": "aversion", "gini": "power", "quantile": "level"}
_POSITIVE = ("nash", "power-mean", "atkinson")


def welfare(
    utilities: Any,
    *,
    function: Function = "utilitarian",
    power: float | None = None,
    aversion: float | None = None,
    level: float | None = None,
    weights: npt.ArrayLike | None = None,
    lotteries: Mapping[Hashable, Any] | None = None,
    alternatives: Any = None,
    tie_break: TieBreak = "none",
    seed: Any = None,
) -> Outcome:
    r"""Score alternatives, or lotteries over them, by a social welfare function.

    With weights w that sum to one and utilities u of the voters:

    ===============  ==========================================================================
    utilitarian      :math:`\sum_i w_i u_i`
    nash             :math:`\prod_i u_i^{w_i}` (geometric mean)
    egalitarian      :math:`\min_i u_i`
    leximin          the least utility, then the next, ... (no score, only a ranking)
    power-mean       :math:`(\sum_i w_i u_i^p)^{1/p}`
    atkinson         :math:`(\sum_i w_i u_i^{1-e})^{1/(1-e)}`, the equally distributed equivalent
    gini             :math:`\int_0^1 p (1-F)^{p-1} u(F) dF`: p = 1 is the mean, p = 2 the mean
                     times one minus the Gini index
    quantile         the least u such that voters of weight `level` have at most u
    ===============  ==========================================================================

    Parameters
    ----------
    utilities : Ballots or matrix, (voters, alternatives)
        Utilities; larger is better. Ballots must hold utilities, and their counts multiply
        `weights`. Nash, power mean and Atkinson need utilities of at least 0.
    function : str
        As above.
    power : float, optional
        p, for "power-mean" (any, infinities included) and "gini" (at least 1).
    aversion : float, optional
        e >= 0, for "atkinson".
    level : float, optional
        Between 0 and 1, for "quantile"; 0.5 is the median.
    weights : array_like, (voters,), optional
        Weight of every voter, for example one over the size of the voter's group, so that
        groups count equally.
    lotteries : mapping of label to probabilities, optional
        Lotteries to score instead of the alternatives: each a mapping from alternatives, a
        DataArray over `alternative` (such as `Outcome.probabilities`) or an array. A voter's
        utility of a lottery is its expectation.
    alternatives : iterable, optional
        Labels of the columns of a plain matrix.
    tie_break, seed
        As for `borda`.

    Returns
    -------
    Outcome
        With `winners`, `ranking` and `scores` over the alternatives or lotteries.

    Raises
    ------
    DataError
        If utilities are missing, infinite or negative where they may not be, a parameter is
        missing or not wanted, weights do not fit, or a lottery is no distribution.
    LabelError
        If a lottery names an unknown alternative.

    References
    ----------
    A. B. Atkinson (1970), On the measurement of inequality. J. A. Weymark (1981), Generalized
    Gini inequality indices. H. Moulin (2003), Fair Division and Collective Welfare.

    Examples
    --------
    >>> from pluralism import choice
    >>> utilities = [[9, 4, 0], [9, 4, 0], [0, 4, 6]]
    >>> choice.welfare(utilities, alternatives="abc").winners
    ('a',)
    >>> choice.welfare(utilities, alternatives="abc", function="egalitarian").winners
    ('b',)
    """
    breaker = TieBreaker(tie_break, seed)
    parameter = _parameter(function, power=power, aversion=aversion, level=level)
    positive = function in _POSITIVE
    profile = as_utilities(
        utilities,
        use="welfare",
        alternatives=alternatives,
        weights=weights,
        at_least=0.0 if positive else None,
        what=f"utilities under {function!r}",
    )
    values, labels = profile.values, profile.labels
    if lotteries is not None:
        matrix, labels = _lottery_matrix(lotteries, profile.labels)
        values = values @ matrix.T
    rule = f"{function} welfare"
    if function == "leximin":
        groups = kernels.leximin_order(values, profile.share)
        ranking = tuple(tuple(labels[code] for code in group) for group in groups)
        return Outcome(
            rule,
            labels,
            winners=breaker.choose("winner", ranking[0]),
            ranking=ranking,
            tie_break=tie_break,
            broken_ties=tuple(breaker.broken),
        )
    scores = _scores(values, profile.share, function, parameter)
    noise = 1e-12 * float(np.abs(values).max())
    return Outcome.from_scores(rule, labels, scores, breaker, tolerance=noise)


def welfare_price(
    utilities: Any,
    *,
    of: Function,
    under: Function = "utilitarian",
    weights: npt.ArrayLike | None = None,
    alternatives: Any = None,
    **parameters: float,
) -> float:
    r"""Measure what choosing by one welfare function costs in terms of another.

    .. math:: \frac{\max_a W_{under}(a)}{W_{under}(a^*)}, \quad a^* \in \arg\max_a W_{of}(a)

    1 means that nothing is lost. Where several alternatives are best under `of`, the worst of
    them under `under` counts.

    Parameters
    ----------
    utilities : Ballots or matrix, (voters, alternatives)
        Utilities of at least 0.
    of, under : str
        Welfare functions as in `welfare`; `under` has scores, so it is not "leximin".
    weights, alternatives
        As in `welfare`.
    **parameters
        `power`, `aversion` or `level` for whichever of the two takes it.

    Returns
    -------
    float
        At least 1; infinity if the choice has welfare 0 where more was possible.

    Raises
    ------
    DataError
        As `welfare`; also if `under` is "leximin", a utility is negative, or both functions
        take the same parameter.

    References
    ----------
    D. Bertsimas, V. F. Farias, N. Trichakis (2011), The price of fairness, Operations Research
    59.

    Examples
    --------
    >>> from pluralism import choice
    >>> choice.welfare_price([[9, 4, 0], [9, 4, 0], [0, 4, 6]], of="egalitarian")
    1.5
    """
    if under == "leximin":
        raise DataError(
            "`under` is 'leximin', which only ranks; name a welfare function with scores"
        )
    names = {_PARAMETER.get(of), _PARAMETER.get(under)} - {None}
    if _PARAMETER.get(of) is not None and _PARAMETER.get(of) == _PARAMETER.get(under):
        raise DataError(
            f"`of` and `under` both take `{_PARAMETER[of]}`; their prices are ambiguous"
        )
    for name in parameters:
        if name not in names:
            raise DataError(f"`{name}` is a parameter of neither {of!r} nor {under!r}")
    chosen = welfare(
        utilities,
        function=of,
        weights=weights,
        alternatives=alternatives,
        **{k: v for k, v in parameters.items() if k == _PARAMETER.get(of)},  # type: ignore[arg-type]
    )
    judged = welfare(
        utilities,
        function=under,
        weights=weights,
        alternatives=alternatives,
        **{k: v for k, v in parameters.items() if k == _PARAMETER.get(under)},  # type: ignore[arg-type]
    )
    assert judged.scores is not None
    scores = dict(zip(judged.alternatives, judged.scores.values.tolist(), strict=True))
    if min(scores.values()) < 0:
        raise DataError("a price is a ratio and needs welfare of at least 0; shift the utilities")
    best, got = max(scores.values()), min(scores[label] for label in chosen.winners)
    if best == got:
        return 1.0
    return best / got if got > 0 else float("inf")


def _parameter(function: str, **given: float | None) -> float:
    """Check what was given, and return what the function needs (0 if nothing)."""
    _validate.one_of("function", function, _FUNCTIONS)
    needed = _PARAMETER.get(function)
    for name, value in given.items():
        if value is not None and name != needed:
            raise DataError(f"`{name}` has no meaning for {function!r}")
    if needed is None:
        return 0.0
    value = given[needed]
    if value is None:
        raise DataError(f"{function!r} needs `{needed}`")
    if function == "power-mean" and value in (np.inf, -np.inf):
        return float(value)
    bounds: dict[str, dict[str, float]] = {
        "gini": {"at_least": 1.0},
        "atkinson": {"at_least": 0.0},
        "quantile": {"above": 0.0, "at_most": 1.0},
    }
    return _validate.number(needed, value, **bounds.get(function, {}))


def _scores(
    values: npt.NDArray[np.float64],
    share: npt.NDArray[np.float64],
    function: str,
    parameter: float,
) -> npt.NDArray[np.float64]:
    if function == "utilitarian":
        return kernels.utilitarian(values, share)
    if function == "quantile":
        return kernels.quantile(values, share, parameter)
    if function == "gini":
        return kernels.gini_welfare(values, share, parameter)
    if function == "atkinson":
        return kernels.atkinson(values, share, parameter)
    powers = {"nash": 0.0, "egalitarian": -np.inf}
    return kernels.power_mean(values, share, powers.get(function, parameter))


def _lottery_matrix(
    lotteries: Mapping[Hashable, Any], labels: tuple[Hashable, ...]
) -> tuple[npt.NDArray[np.float64], tuple[Hashable, ...]]:
    if not lotteries:
        raise DataError("`lotteries` is empty; name at least one, or leave it out")
    codes = _labels.code_of(labels, "`alternatives`")
    matrix = np.zeros((len(lotteries), len(labels)))
    for row, (name, lottery) in enumerate(lotteries.items()):
        place = f"lotteries[{name!r}]"
        if hasattr(lottery, "dims"):
            lottery = dict(
                zip(lottery.coords[lottery.dims[0]].values.tolist(), lottery.values, strict=True)
            )
        if isinstance(lottery, Mapping):
            for label, probability in lottery.items():
                if label not in codes:
                    raise LabelError.unknown(
                        f"`{place}`", label, known=labels, argument="the alternatives"
                    )
                matrix[row, codes[label]] = probability
        else:
            given = _validate.finite_array(place, lottery, ndim=1)
            if len(given) != len(labels):
                raise DataError(f"`{place}` has {len(given)} entries for {len(labels)}")
            matrix[row] = given
        _validate.within(place, _validate.finite_array(place, matrix[row]), 0.0, what="it")
        if abs(matrix[row].sum() - 1) > 1e-9:
            raise DataError(f"`{place}` sums to {matrix[row].sum():g}; probabilities sum to 1")
    return matrix, _labels.check_labels("lotteries", tuple(lotteries))

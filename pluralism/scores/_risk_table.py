"""How much likelier is a behaviour where a value is in play? Relative risks, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError
from . import _inputs
from ._risk import relative_risk

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["relative_risk_table"]


def relative_risk_table(
    values: Any,
    behaviours: Any,
    *,
    method: str = "score",
    level: float = 0.95,
    correction: str = "bh",
) -> pd.DataFrame:
    r"""Relative risk of every behaviour given every value, with intervals.

    Parameters
    ----------
    values : frame or array-like, (rows, values)
        Whether each chosen action carries each value: 0 or 1, False or True.
    behaviours : frame or array-like, (rows, behaviours)
        Whether each chosen action shows each behaviour, rows in the same order.
    method : {"score", "log"}
        Interval of the ratio, as in `relative_risk`.
    level : float
        Coverage of each interval, in (0, 1).
    correction : {"bh", "holm", "bonferroni", "none"}
        Adjustment of the p-values for how many ratios there are.

    Returns
    -------
    pandas.DataFrame
        One row a value and behaviour: ``value``, ``behaviour``, ``ratio`` with ``lower`` and
        ``upper``, ``difference``, ``pvalue``, ``adjusted``, and the counts ``with_value``,
        ``hits_with``, ``without_value``, ``hits_without``. The ratio is inf where the behaviour
        was only seen with the value, and NaN where it was never seen. A value that every action
        carries, or none, has nothing to be compared with: its ratio, bounds and p-value are NaN.

    Raises
    ------
    DataError
        If the two have different rows, an entry is neither 0 nor 1, or frames name their rows
        differently.

    Notes
    -----
    :math:`RR = P(\text{behaviour} \mid \text{value}) / P(\text{behaviour} \mid \text{no value})`
    over actions, the definition of epidemiology, which is how LitmusValues reads [1]_ (its code
    for it was not published). Rows must be independent: one chosen action a dilemma. Pool the
    answers of several models to the same dilemmas and the intervals are too short; resample
    dilemmas instead. Values come together, so a ratio of one of them is also that of its
    companions: nothing here is causal.

    References
    ----------
    .. [1] Chiu et al. (2025), Will AI tell lies to save sick children?, arXiv 2505.14633.

    Examples
    --------
    >>> import pandas as pd
    >>> from pluralism.scores import relative_risk_table
    >>> values = pd.DataFrame({"Truth": [1, 1, 1, 1, 0, 0, 0, 0]})
    >>> behaviours = pd.DataFrame({"Deception": [0, 0, 0, 1, 1, 1, 1, 0]})
    >>> table = relative_risk_table(values, behaviours)
    >>> table[["value", "behaviour", "ratio"]].round(3)
       value  behaviour  ratio
    0  Truth  Deception  0.333
    """
    import pandas as pd

    _validate.one_of("method", method, ("score", "log"))
    level = _validate.level("level", level)
    _validate.one_of("correction", correction, ("holm", "bh", "bonferroni", "none"))
    carried, value_rows, value_names = _indicators("values", values)
    shown, behaviour_rows, behaviour_names = _indicators("behaviours", behaviours)
    if len(carried) != len(shown):
        raise DataError(f"`values` has {len(carried)} rows and `behaviours` has {len(shown)}")
    if value_rows != behaviour_rows:
        raise DataError(
            "`values` and `behaviours` name their rows differently; put both in the same order "
            "(or drop their indexes)"
        )
    n = len(carried)
    with_value = carried.sum(axis=0)
    hits_with = carried.T.astype(np.intp) @ shown.astype(np.intp)  # (values, behaviours)
    rows: list[dict[str, Any]] = []
    for i, value in enumerate(value_names):
        for j, behaviour in enumerate(behaviour_names):
            first = (int(hits_with[i, j]), int(with_value[i]))
            second = (int(shown[:, j].sum()) - first[0], n - first[1])
            row: dict[str, Any] = dict.fromkeys(
                ("ratio", "lower", "upper", "difference", "pvalue"), np.nan
            )
            if first[1] and second[1]:
                risk = relative_risk(first, second, method=method, level=level)
                row = {
                    "ratio": risk.ratio,
                    "lower": risk.ratio_interval[0],
                    "upper": risk.ratio_interval[1],
                    "difference": risk.difference,
                    # a behaviour never (or always) seen is no test of anything
                    "pvalue": risk.pvalue if 0 < first[0] + second[0] < n else np.nan,
                }
            rows.append(
                {"value": value, "behaviour": behaviour}
                | row
                | {"with_value": first[1], "hits_with": first[0]}
                | {"without_value": second[1], "hits_without": second[0]}
            )
    table = pd.DataFrame(rows)
    table.insert(7, "adjusted", _inputs.adjusted(table["pvalue"], correction))
    table.attrs.update(ci_kind=method, ci_prob=level, correction=correction, rows=n)
    return table


def _indicators(name: str, given: Any) -> tuple[npt.NDArray[np.bool_], list[Any], tuple[Any, ...]]:
    table, rows, columns = _inputs.table(name, given)
    if not table.size:
        raise DataError(f"`{name}` has the shape {table.shape}; it holds nothing")
    return _inputs.flags(name, table), list(rows), columns

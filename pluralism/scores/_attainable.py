"""Can a printed figure be what it says it is?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from ..errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Attainable", "attainable", "check_identity"]


@dataclass(frozen=True)
class Attainable:
    """Whether a printed percentage is a share of whole counts.

    Attributes
    ----------
    possible : bool
        Whether some count rounds to it.
    counts : tuple of int
        Those that do.
    nearest : float
        Nearest percentage that n allows, unrounded.
    """

    possible: bool
    counts: tuple[int, ...]
    nearest: float

    def __bool__(self) -> bool:
        return self.possible


def attainable(percent: Any, n: Any, decimals: Any) -> Any:
    """Check that printed percentages are possible shares of n items (the GRIM test).

    Parameters
    ----------
    percent : float or str, or array-like of them
        Printed figure, in [0, 100]; an array or a frame checks a whole table.
    n : int or array-like of int
        Items behind it; broadcasts against `percent`.
    decimals : int or array-like of int
        Decimals that were printed.

    Returns
    -------
    Attainable, or pandas.DataFrame
        For a single figure, its verdict (true if possible). For a table, one row a figure:
        ``place``, ``percent``, ``n``, ``decimals``, ``possible``, ``counts``, ``nearest``.

    Raises
    ------
    DataError
        If a figure is outside [0, 100], has more decimals than said, or n is below 1.

    Notes
    -----
    Exact rational arithmetic; a count is accepted if the figure is its percentage rounded by any
    convention (half up, half even, half down), since reports do not say theirs.

    References
    ----------
    N. Brown and J. Heathers (2017), The GRIM test.

    Examples
    --------
    >>> from pluralism.scores import attainable
    >>> attainable(53.29, 167, 2).counts
    (89,)
    >>> bool(attainable(53.30, 167, 2))
    False
    """
    import pandas as pd

    values = percent.to_numpy() if isinstance(percent, (pd.DataFrame, pd.Series)) else percent
    figures = np.asarray(values, dtype=object)
    sizes, digits = np.asarray(n), np.asarray(decimals)
    if figures.ndim == sizes.ndim == digits.ndim == 0:
        return _one("percent", values, n, decimals)
    try:
        grid = np.broadcast_arrays(figures, sizes, digits)
    except ValueError:
        raise DataError(
            f"`percent` {figures.shape}, `n` {sizes.shape} and `decimals` {digits.shape} do not "
            "broadcast"
        ) from None
    rows = []
    for place in np.ndindex(grid[0].shape):
        each = [part[place] for part in grid]
        told = ", ".join(map(str, place))
        verdict = _one(f"percent[{told}]", *each)
        rows.append(
            {"place": place[0] if len(place) == 1 else place, "percent": each[0],
             "n": int(each[1]), "decimals": int(each[2]), **vars(verdict)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _one(name: str, percent: Any, n: Any, decimals: Any) -> Attainable:
    size = _validate.whole_number("n", _plain(n), at_least=1)
    digits = _validate.whole_number("decimals", _plain(decimals), at_least=0)
    figure = _exact(name, percent)
    if not 0 <= figure <= 100:
        raise DataError(f"`{name}` is {percent}; a percentage must be in [0, 100]")
    unit = Fraction(1, 10**digits)
    if (figure / unit).denominator != 1:
        raise DataError(f"`{name}` is {percent}, which has more than {digits} decimals")
    centre = int(figure * size / 100)
    reach = int(unit * size / 200) + 2
    near = range(max(0, centre - reach), min(size, centre + reach) + 1)
    counts = tuple(k for k in near if abs(Fraction(100 * k, size) - figure) <= unit / 2)
    nearest = min(near, key=lambda k: abs(Fraction(100 * k, size) - figure))
    return Attainable(bool(counts), counts, 100 * nearest / size)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _exact(name: str, figure: Any) -> Fraction:
    """Return a printed figure as the decimal that a reader sees."""
    try:
        if isinstance(figure, (bool, np.bool_)):
            raise ValueError
        return Fraction(Decimal(str(_plain(figure)).strip().rstrip("%").strip()))
    except (ArithmeticError, ValueError, OverflowError):
        raise DataError(f"`{name}` is {figure!r}; it must be a printed number") from None


def check_identity(
    table: Any,
    *,
    stated: str,
    formula: Callable[..., float],
    decimals: int | Mapping[str, int] = 2,
    parts: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Check that a printed figure follows from the printed figures it is made of.

    Parameters
    ----------
    table : frame or mapping of column to values
        Printed figures, one row a system.
    stated : str
        Column of the figure that should follow.
    formula : callable
        Takes the parts as keyword arguments and returns the figure; monotone in each part over
        the width of its rounding, as sums, means and ratios are.
    decimals : int or mapping of column to int
        Decimals printed.
    parts : sequence of str, optional
        Columns of the parts; default: all others.

    Returns
    -------
    pandas.DataFrame
        Index as in `table`: ``stated``, ``computed`` (from the parts as printed), ``lowest``
        and ``highest`` (over all parts that round to those printed) and ``holds``.

    Raises
    ------
    DataError
        If a column is absent or holds something else than finite numbers.

    Examples
    --------
    Two rows of Alignment for Honesty (70B on TriviaQA), the second of which cannot be:

    >>> from pluralism.scores import check_identity
    >>> rows = {"prudence": [18.26, 51.44], "over": [4.93, 6.51], "honesty": [56.66, 71.27]}
    >>> found = check_identity(
    ...     rows, stated="honesty", formula=lambda prudence, over: (prudence + 100 - over) / 2
    ... )
    >>> found.holds.tolist(), round(float(found.computed[1]), 3)
    ([True, False], 72.465)
    """
    import pandas as pd

    if not callable(formula):
        raise DataError(f"`formula` is {formula!r}; it must be a function of the parts")
    try:
        frame = pd.DataFrame(table) if not isinstance(table, pd.DataFrame) else table
    except ValueError as error:
        raise DataError(f"`table` must hold equally long columns ({error})") from None
    names = [name for name in frame.columns if name != stated] if parts is None else list(parts)
    for name in (*names, stated):
        if name not in frame.columns:
            raise DataError(f"there is no column {name!r} (its columns: {list(frame.columns)})")
    digits = {
        name: _validate.whole_number(
            "decimals", decimals.get(name, 2) if isinstance(decimals, Mapping) else decimals
        )
        for name in (*names, stated)
    }
    columns = {
        name: _validate.finite_array(f"table[{name!r}]", frame[name].to_numpy(), ndim=1)
        for name in (*names, stated)
    }
    rows = []
    for place in range(len(frame)):
        printed = {name: float(columns[name][place]) for name in names}
        boxes = [
            (
                printed[name] - 0.5 * 10.0 ** -digits[name],
                printed[name] + 0.5 * 10.0 ** -digits[name],
            )
            for name in names
        ]
        corners = [
            float(formula(**dict(zip(names, corner, strict=True)))) for corner in product(*boxes)
        ]
        figure, slack = float(columns[stated][place]), 0.5 * 10.0 ** -digits[stated] + 1e-9
        rows.append(
            {"stated": figure, "computed": float(formula(**printed)), "lowest": min(corners),
             "highest": max(corners),
             "holds": min(corners) - slack <= figure <= max(corners) + slack}
        )  # fmt: skip
    return pd.DataFrame(rows, index=frame.index)

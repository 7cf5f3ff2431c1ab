"""Does a respondent choose what it values most?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data._cells import axis_of
from ..errors import DataError, enumerate_some
from ._bounds import wilson
from ._given import given_utilities

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UtilityMaximization", "utility_maximization"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class _Menu(NamedTuple):
    """How many options of a menu are above each, or equal to it, and which was chosen."""

    above: IntArray  # (options,)
    same: IntArray  # (options,)
    chosen: int  # -1 where the answer matched none


@dataclass(frozen=True, eq=False)
class UtilityMaximization:
    """Shares of free choices that are among the best of their menu.

    Attributes
    ----------
    shares : pandas.DataFrame
        ``top``, ``share``, ``lower``, ``upper`` (Wilson), ``expected`` (of choices at random,
        with ties treated alike).
    mean_rank : float
        Mean over choices of (rank - 1) / (menu - 1): 0 for the best, 1 for the worst.
    questions : pandas.DataFrame
        ``question``, ``choice``, ``rank`` (mean rank among equals), ``menu`` (size).
    n : int
        Questions counted.
    unmatched : tuple
        Questions whose answer matched no option.
    """

    shares: pd.DataFrame
    mean_rank: float
    questions: pd.DataFrame = field(repr=False)
    n: int
    unmatched: tuple[Hashable, ...]


def utility_maximization(
    choices: Mapping[Hashable, Hashable | None],
    *,
    utilities: Any,
    menus: Mapping[Hashable, Sequence[Hashable]],
    top: Sequence[int] = (1, 3, 5),
    ties: Literal["share", "favour", "against"] = "share",
    unmatched: Literal["error", "drop", "miss"] = "error",
    level: float = 0.95,
) -> UtilityMaximization:
    """Measure how often the option chosen in free answers has one of the highest utilities.

    Parameters
    ----------
    choices : mapping of question to option or None
        What was chosen; None where the answer matched no option.
    utilities : UtilityFit, DataArray, Series or mapping
        Utilities of the options.
    menus : mapping of question to sequence of options
        What could have been chosen.
    top : sequence of int
        How many of the best count as a hit, each at least 1.
    ties : {"share", "favour", "against"}
        Whether options of equal utility share their places at random, or all take the better or
        the worse place.
    unmatched : {"error", "drop", "miss"}
        Whether an answer that matched nothing is an error, is left out, or counts as a miss.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    UtilityMaximization

    Raises
    ------
    LabelError
        For an option without a utility.
    DataError
        If there is no question, a choice is not on its menu, a question has no menu, or for an
        option out of range.

    References
    ----------
    Mazeika et al. (2025), arXiv 2502.08640, section 4.4 (utility maximization).

    Examples
    --------
    >>> import pluralism as pl
    >>> utilities = {"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.0}
    >>> menus = {"q1": list("abcd"), "q2": list("bcd"), "q3": list("abc")}
    >>> result = pl.utility.utility_maximization({"q1": "a", "q2": "c", "q3": "a"},
    ...                                          utilities=utilities, menus=menus, top=(1, 2))
    >>> result.shares["share"].round(3).tolist(), result.shares["expected"].round(3).tolist()
    ([0.667, 1.0], [0.306, 0.611])
    """
    import pandas as pd

    _validate.one_of("ties", ties, ("share", "favour", "against"))
    _validate.one_of("unmatched", unmatched, ("error", "drop", "miss"))
    sizes = [_validate.whole_number("top", k, at_least=1) for k in top]
    level = _validate.level("level", level)
    given = given_utilities("utilities", utilities)
    for name, value in (("choices", choices), ("menus", menus)):
        if not isinstance(value, Mapping) or not value:
            raise DataError(f"`{name}` must map at least one question")
    lost = tuple(question for question, option in choices.items() if option is None)
    if lost and unmatched == "error":
        raise DataError(
            f"the answers to {len(lost)} question(s) matched no option ({enumerate_some(lost)}); "
            "pass unmatched='drop' or 'miss'"
        )
    rows = []
    for question, option in choices.items():
        if option is None and unmatched == "drop":
            continue
        if question not in menus:
            raise DataError(f"`menus` has no menu for the question {question!r}")
        menu = list(menus[question])
        values = given.values[given.codes(f"menus[{question!r}]", menu)]
        if len(set(menu)) < max(2, len(menu)):
            raise DataError(f"`menus[{question!r}]` must have at least two options, each once")
        if option is not None and option not in menu:
            raise DataError(f"`choices[{question!r}]` is {option!r}, which is not on its menu")
        above = (values > values[:, None]).sum(axis=1)
        same = (values == values[:, None]).sum(axis=1) - 1
        rows.append((question, option, _Menu(above, same, _place(menu, option))))
    if not rows:
        raise DataError("no question is left; every answer matched no option")
    asked = [row[2] for row in rows]
    table = []
    for k in sizes:
        hits = [_hits(menu, k, ties) for menu in asked]
        hit = np.array([each[menu.chosen] for each, menu in zip(hits, asked, strict=True)])
        lower, upper = wilson(float(hit.sum()), len(rows), level)
        # The last place of each is that of an answer that matched nothing.
        expected = float(np.mean([each[:-1].mean() for each in hits]))
        table.append((k, float(hit.mean()), lower, upper, expected))
    answered = np.array([menu.chosen >= 0 for menu in asked])
    rank = np.array([menu.above[menu.chosen] + 0.5 * menu.same[menu.chosen] for menu in asked])
    menu_size = np.array([len(menu.above) for menu in asked])
    return UtilityMaximization(
        shares=pd.DataFrame(table, columns=["top", "share", "lower", "upper", "expected"]),
        mean_rank=float((rank / (menu_size - 1))[answered].mean()) if answered.any() else np.nan,
        questions=pd.DataFrame(
            {
                "question": axis_of([row[0] for row in rows]),
                "choice": axis_of([row[1] for row in rows]),
                "rank": np.where(answered, rank + 1, np.nan),
                "menu": menu_size,
            }
        ),
        n=len(rows),
        unmatched=lost,
    )


def _place(menu: list[Hashable], option: Hashable | None) -> int:
    return -1 if option is None else menu.index(option)


def _hits(menu: _Menu, top: int, ties: str) -> FloatArray:
    """How far each option is among the best, and 0 for an answer that matched none, at the end."""
    if ties == "share":
        hit = np.clip((top - menu.above) / (menu.same + 1), 0.0, 1.0)
    else:
        place = menu.above + (menu.same if ties == "against" else 0)
        hit = (place < top).astype(np.float64)
    return np.append(hit, 0.0)

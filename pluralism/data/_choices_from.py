"""Ballots on menus: choices and rankings of voters who did not all have the same to choose from."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError, LabelError
from . import _labels

if TYPE_CHECKING:
    from ._ballots import Ballots

__all__ = ["ChoicesFrom", "labels_of_menus", "listed_menus", "read_menus"]


class ChoicesFrom:
    """The constructor of `Ballots` from choices; `BallotsFrom` inherits it."""

    from_rankings: Callable[..., Ballots]

    @classmethod
    def from_choices(
        cls,
        choices: Iterable[Hashable],
        menus: Iterable[Iterable[Hashable]],
        *,
        counts: Any = None,
        alternatives: Iterable[Hashable] | None = None,
    ) -> Ballots:
        """Build from single choices, each made from a menu of its own.

        What was on the menu and was not chosen is below the choice; what was not on the menu is
        compared with nothing.

        Parameters
        ----------
        choices : iterable of labels, one a ballot
            What was chosen; a tuple of labels ties them.
        menus : iterable of iterables of labels, one a ballot
            What it was chosen from, the choice included.
        counts : array_like, (ballots,), optional
            How often each choice was made; 1 by default.
        alternatives : iterable, optional
            All labels in the order wanted; by default those on any menu, sorted.

        Returns
        -------
        Ballots
            With `menus`. For more than the first place, use `from_rankings` with ``menus=``.

        Raises
        ------
        DataError
            If there are not as many menus as choices, a menu lists nothing, or a count is
            negative or not finite.
        LabelError
            If a choice is not on its menu, a menu repeats an alternative, or names one that is
            not in `alternatives`.

        Examples
        --------
        >>> from pluralism import Ballots
        >>> lunch = Ballots.from_choices(
        ...     ["soup", "salad"], [("soup", "pie"), ("soup", "pie", "salad")], counts=[5, 3]
        ... )
        >>> lunch
        Ballots(3 alternatives; 8 voters in 2 rankings; unranked last on its own menu)
        >>> lunch.pairwise().sel(alternative="soup", alternative_bis=["pie", "salad"]).values
        array([5., 0.])
        """
        listed = _labels.listed(
            "choices", choices, counts="as `counts`", table="one column as a list"
        )
        return cls.from_rankings(
            [(choice,) for choice in listed],
            counts=counts,
            alternatives=alternatives,
            menus=menus,
        )


def listed_menus(menus: Any) -> Any:
    """Menus as lists of labels; a boolean matrix stays one."""
    if isinstance(menus, np.ndarray) and menus.dtype == bool:
        return menus
    if not _labels.is_ordered(menus) or _labels.is_frame(menus):
        raise DataError(f"`menus` is {menus!r:.60}; give a list with one menu a ballot")
    listed = []
    for row, menu in enumerate(menus):
        if isinstance(menu, (str, bytes)) or not isinstance(menu, Iterable):
            raise DataError(f"`menus[{row}]` is {menu!r}; a menu is a list of labels")
        listed.append(_labels.check_labels(f"menus[{row}]", tuple(menu)))
    return listed


def labels_of_menus(menus: Any) -> tuple[Hashable, ...] | None:
    """All labels on any menu, sorted; a boolean matrix has none."""
    if isinstance(menus, np.ndarray):
        return None
    met = dict.fromkeys(label for menu in menus for label in menu)
    return _labels.in_order(_labels.check_labels("menus", tuple(met)))


def read_menus(
    menus: Any, labels: tuple[Hashable, ...], ranked: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Turn lists of labels, or a boolean matrix, into who could choose what.

    `ranked`, (ballots, alternatives), is what each ballot ranks, which must be on its menu.
    """
    if isinstance(menus, np.ndarray):
        if menus.shape != ranked.shape:
            raise DataError(
                f"`menus` has shape {menus.shape}; there are {ranked.shape[0]} ballots and "
                f"{ranked.shape[1]} alternatives"
            )
        offered = menus.copy()
    else:
        if len(menus) != len(ranked):
            raise DataError(f"`menus` has {len(menus)} entries for {len(ranked)} ballots")
        offered = np.zeros(ranked.shape, dtype=bool)
        code = _labels.code_of(labels, "`alternatives`")
        for row, menu in enumerate(menus):
            for label in menu:
                if label not in code:
                    raise LabelError.unknown(
                        f"`menus[{row}]`", label, known=labels, argument="`alternatives`"
                    )
                offered[row, code[label]] = True
    astray = np.argwhere(ranked & ~offered)
    if len(astray):
        row, column = astray[0]
        menu = [label for label, here in zip(labels, offered[row], strict=True) if here]
        raise LabelError(
            f"`rankings[{row}]` ranks {labels[column]!r}, which is not on its menu, {menu!r}"
        )
    return offered

"""Can these comparisons determine the utilities? Asked, and answered by name, before any fit."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from ..errors import NotIdentifiedError, enumerate_some
from ..kernels import _bordered, _separation
from ..kernels._graph import WinGraph
from ..kernels._outcomes import Counts

__all__ = ["check_bounded", "check_identified", "check_met", "check_ties", "check_told_apart"]

_REMEDIES = "give a prior (`prior=1.0` shrinks utilities towards their mean)"


def check_met(
    items: Sequence[Hashable], degree: npt.NDArray[np.float64], *, prior: bool = True
) -> None:
    """Raise if an item was never compared with any other; `prior`: the model takes one."""
    lonely = [items[place] for place in np.flatnonzero(degree == 0).tolist()]
    if lonely:
        raise NotIdentifiedError(
            f"{_name(lonely)} {'was' if len(lonely) == 1 else 'were'} never compared with "
            "another item, so there is nothing to estimate a utility from; leave "
            f"{'it' if len(lonely) == 1 else 'them'} out{f', or {_REMEDIES}' if prior else ''}",
            groups=[[item] for item in lonely],
        )


def check_identified(
    items: Sequence[Hashable],
    graph: WinGraph,
    *,
    separate: bool,
    separation: bool = True,
    remedies: Sequence[str] = (),
    prior: bool = True,
) -> None:
    """Raise if the estimate does not exist, saying for whom and why.

    `separate` accepts components, and `separation=False` items that always win or always lose.
    `remedies` are the arguments of the caller's model, beside `prior`, that would help:
    ``"components"``, ``"bias_reduction"``. `prior` says whether the model takes one.
    """
    if graph.n_components > 1 and not separate:
        groups = _members(items, graph.component, range(graph.n_components))
        shown = "; ".join(f"{{{enumerate_some(group)}}}" for group in groups[:4])
        more = f"; and {len(groups) - 4} more" if len(groups) > 4 else ""
        each = ', or fit each on its own with `components="separate"`'
        raise NotIdentifiedError(
            f"the items fall into {len(groups)} components that were never compared with one "
            f"another: {shown}{more}; differences between them are not identified: "
            f"{_REMEDIES if prior else 'collect comparisons that link them'}"
            f"{each if 'components' in remedies else ''}",
            groups=groups,
        )
    if separation and graph.n_strong > graph.n_components:
        winners = _members(items, graph.strong, graph.undefeated)
        losers = _members(items, graph.strong, graph.winless)
        sayings = [_say(group, "won", "lost", "+") for group in winners[:3]]
        sayings += [_say(group, "lost", "won", "-") for group in losers[:3]]
        hidden = max(0, len(winners) - 3) + max(0, len(losers) - 3)
        if hidden:
            sayings.append(f"and {hidden} more such groups")
        reduce = ", reduce bias (`bias_reduction=True`)" if "bias_reduction" in remedies else ""
        raise NotIdentifiedError(
            f"{'; '.join(sayings)}. The maximum likelihood estimate is infinite (separation): "
            f"{_REMEDIES}{reduce}, or collect comparisons that could go the other way",
            groups=[*winners, *losers],
        )


def check_ties(counts: Counts, ties: str) -> None:
    """Raise if a tie model has no ties, or nothing else, to learn from."""
    if ties == "none":
        return
    tied, total = float(counts.tied.sum()), float(counts.total.sum())
    if tied == 0.0:
        raise NotIdentifiedError(
            f'`ties` is "{ties}", but there are no ties: the tie parameter would run to its '
            'boundary; use `ties="half"`, which is then the same model'
        )
    if tied == total:
        raise NotIdentifiedError(
            f'`ties` is "{ties}", but all votes are ties: the tie parameter runs to infinity and '
            'utilities cannot be told apart; use `ties="half"`'
        )


def check_told_apart(combination: npt.NDArray[np.float64] | None, names: Sequence[str]) -> None:
    """Raise if a combination of parameters can be absorbed by the others."""
    if combination is None:
        return
    involved = [
        name
        for name, part in zip(names, combination, strict=True)
        if abs(part) > 1e-3 * np.abs(combination).max()
    ]
    raise NotIdentifiedError(
        f"the comparisons cannot tell {' and '.join(involved)} from the utilities"
        f"{' or from one another' if len(involved) > 1 else ''}: some combination of them changes "
        "no probability; leave one out, or collect comparisons in which it varies",
        groups=[involved],
    )


def check_bounded(
    design: _bordered.Design, items: Sequence[Hashable], names: Sequence[str]
) -> None:
    """Raise if the likelihood has no maximum, naming what runs away and in which direction."""
    direction = _separation.separating_direction(design)
    if direction is None:
        return
    n = len(items)
    gaps = direction[:n] - np.median(direction[:n]) if n else direction[:0]
    sayings = []
    up = [items[place] for place in np.flatnonzero(gaps > 1e-7).tolist()]
    down = [items[place] for place in np.flatnonzero(gaps < -1e-7).tolist()]
    if up:
        sayings.append(f"the utilit{'y' if len(up) == 1 else 'ies'} of {_name(up)} to +inf")
    if down:
        sayings.append(f"the utilit{'y' if len(down) == 1 else 'ies'} of {_name(down)} to -inf")
    reach = np.ones(len(names))  # the largest change in the linear predictor by unit
    reach[: design.columns.shape[1]] = np.abs(design.columns).max(axis=0, initial=0.0)
    sayings += [
        f"{name} to {'+' if part > 0 else '-'}inf"
        for name, part in zip(names, direction[design.n_utilities :] * reach, strict=True)
        if abs(part) > 1e-7
    ]
    raise NotIdentifiedError(
        f"the maximum likelihood estimate is infinite (separation): {', '.join(sayings)}; "
        f"{f'{_REMEDIES}, or ' if up or down else ''}leave out what runs away, or collect "
        "comparisons that could go the other way",
        groups=[up, down],
    )


def _say(group: Sequence[Hashable], did: str, never: str, sign: str) -> str:
    if len(group) == 1:
        return f"{_name(group)} always {did} and never {never}, so its utility runs to {sign}inf"
    return (
        f"{_name(group)} always {did} against all others and never {never}, so their utilities "
        f"run to {sign}inf together"
    )


def _name(labels: Sequence[Hashable]) -> str:
    return f"item{'' if len(labels) == 1 else 's'} {enumerate_some(labels)}"


def _members(
    items: Sequence[Hashable], code: npt.NDArray[np.int32], which: range | npt.NDArray[np.int32]
) -> list[list[Hashable]]:
    return [[items[place] for place in np.flatnonzero(code == group).tolist()] for group in which]

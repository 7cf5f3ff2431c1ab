"""The proportional veto core: what no group can rightly block."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import ConvergenceError, enumerate_some
from ..kernels._veto_core import blocking_coalition
from ._inputs import as_ballots

__all__ = ["Veto", "VetoCore", "proportional_veto_core"]


class Veto(NamedTuple):
    """Who blocks an alternative, and what all of them prefer to it."""

    group: npt.NDArray[np.intp]
    voters: float
    preferred: tuple[Hashable, ...]


@dataclass(frozen=True, eq=False, repr=False)
class VetoCore:
    """Alternatives that no coalition can block, and who blocks the others.

    Attributes
    ----------
    winners : tuple
        The core, in the order of the ballots' alternatives; never empty.
    vetoes : mapping of label to Veto
        For every other alternative a coalition that blocks it: rows of the ballots (`group`),
        their weight (`voters`) and what all of them prefer (`preferred`).
    """

    winners: tuple[Hashable, ...]
    vetoes: dict[Hashable, Veto]

    def __repr__(self) -> str:
        parts = [f"core {enumerate_some(self.winners)}"]
        for label, veto in list(self.vetoes.items())[:3]:
            parts.append(
                f"{veto.voters:,.6g} voters block {label!r}, preferring "
                f"{enumerate_some(veto.preferred)}"
            )
        return f"VetoCore({'; '.join(parts)})"


def proportional_veto_core(ballots: Any) -> VetoCore:
    r"""Find the alternatives that no coalition may block in proportion to its size.

    With n voters and m alternatives, a coalition T may strike out

    .. math:: v(T) = \lceil m |T| / n \rceil - 1

    alternatives. It blocks a if all of T strictly prefer every member of some B to a, and
    :math:`m - |B| \le v(T)`: they can strike out all that is not in B. The ceiling makes the
    boundary strict, :math:`m |T| > n (m - |B|)`; with "at least" the core could be empty.

    Parameters
    ----------
    ballots : Ballots
        Rankings; ties and unranked alternatives are never "strictly preferred" to one another,
        incomparable ones to none.

    Returns
    -------
    VetoCore
        `winners` is the core; it can be passed for a rule to `audit_rule`.

    Raises
    ------
    DataError
        If the input is no Ballots.
    ConvergenceError
        If a linear programme (HiGHS) fails.

    References
    ----------
    H. Moulin (1981), The proportional veto principle, Review of Economic Studies 48.
    E. Ianovski and A. Y. Kondratev (2021), Computing the proportional veto core, AAAI 35,
    for the polynomial algorithm (largest bicliques).

    Examples
    --------
    A minority of 40 in 100 strikes out the one alternative that it ranks last:

    >>> from pluralism import Ballots, choice
    >>> choice.proportional_veto_core(Ballots.from_rankings(["abc", "bca"], counts=[60, 40]))
    VetoCore(core 'b'; 40 voters block 'a', preferring 'b', 'c'; 100 voters block 'c', ...)
    """
    profile = as_ballots(ballots, "proportional_veto_core")
    kept = profile.counts > 0
    rows, counts = np.flatnonzero(kept), profile.counts[kept]
    ranks, labels = profile.ranks[kept], profile.alternatives
    silent = profile.unranked == "incomparable"
    core, vetoes = [], {}
    for code, label in enumerate(labels):
        prefers = ranks < ranks[:, [code]]
        if silent:
            prefers &= ranks[:, [code]] != profile.sentinel
        found = blocking_coalition(prefers, counts)
        if found is None:
            core.append(label)
            continue
        if found.message:
            raise ConvergenceError(
                f"the linear programme of {label!r} was not solved: {found.message}", result=found
            )
        vetoes[label] = Veto(
            rows[found.voters],
            float(counts[found.voters].sum()),
            tuple(labels[place] for place in np.flatnonzero(found.preferred)),
        )
    return VetoCore(tuple(core), vetoes)

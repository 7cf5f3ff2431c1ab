"""Does a committee give every large, cohesive group what it deserves? If not, which group?"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ..errors import ConvergenceError, DataError, LabelError, enumerate_some
from ..kernels._justified import cohesive_violation, single_violation
from ._inputs import as_ballots

__all__ = ["Representation", "justified_representation"]


@dataclass(frozen=True, eq=False, repr=False)
class Representation:
    """Whether a committee satisfies an axiom of representation, and who it fails.

    Truth value: whether it holds.

    Attributes
    ----------
    axiom : str
        "JR", "PJR", "EJR" or "EJR+".
    holds : bool
        Whether no group is left short.
    group : numpy.ndarray of int
        Rows of the ballots that form the violating group; empty if the axiom holds.
    voters : float
        Weight of the group.
    alternatives : tuple
        What the group has in common and could ask for.
    level : int
        How many seats' worth of voters the group is; 0 if the axiom holds.
    committee : frozenset
        The committee that was checked.
    """

    axiom: str
    holds: bool
    group: npt.NDArray[np.intp]
    voters: float
    alternatives: tuple[Hashable, ...]
    level: int
    committee: frozenset

    def __bool__(self) -> bool:
        return self.holds

    def __repr__(self) -> str:
        if self.holds:
            return f"Representation({self.axiom} holds)"
        return (
            f"Representation({self.axiom} fails: {self.voters:,.6g} voters, enough for "
            f"{self.level} seat(s), agree on {enumerate_some(self.alternatives)}; "
            f"rows {enumerate_some(self.group.tolist())})"
        )


def justified_representation(
    ballots: Any,
    committee: Iterable[Hashable],
    *,
    axiom: Literal["JR", "PJR", "EJR", "EJR+"] = "EJR+",
    size: int | None = None,
) -> Representation:
    r"""Check justified representation and return a group that a committee fails.

    With n voters and k seats, a group of at least :math:`\ell n / k` voters that agrees on
    enough alternatives deserves :math:`\ell` seats.

    Parameters
    ----------
    ballots : Ballots
        Approvals.
    committee : iterable of labels
        Members, in any order.
    axiom : {"JR", "PJR", "EJR", "EJR+"}
        JR: a group for one seat with an alternative in common has a voter with a member. PJR:
        a group for l seats with l alternatives in common approves l members jointly. EJR: one
        of its voters approves l members. EJR+: the same for a group with one alternative in
        common that is not in the committee. EJR+ implies EJR implies PJR implies JR. PJR and
        EJR are decided by integer programmes (HiGHS), JR and EJR+ by counting.
    size : int, optional
        Seats k, if the committee does not fill all.

    Returns
    -------
    Representation
        `holds`, and the violating `group`, its `level` and the `alternatives` it agrees on.

    Raises
    ------
    DataError
        If the input holds no approvals, or the committee is empty or larger than `size`.
    LabelError
        If a member is unknown or repeated.
    ConvergenceError
        If an integer programme fails.

    References
    ----------
    H. Aziz, M. Brill, V. Conitzer, E. Elkind, R. Freeman, T. Walsh (2017), Justified
    representation in approval-based committee voting, Social Choice and Welfare 48.
    L. Sánchez-Fernández et al. (2017), Proportional justified representation. M. Brill and
    J. Peters (2023), Robust and verifiable proportionality axioms, for EJR+.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> profile = Ballots.from_approvals([{"a", "b", "c"}, {"d"}], counts=[6, 3])
    >>> choice.justified_representation(profile, {"a", "b", "c"}, axiom="JR")
    Representation(JR fails: 3 voters, enough for 1 seat(s), agree on 'd'; rows 1)
    >>> bool(choice.justified_representation(profile, {"a", "b", "d"}))
    True
    """
    profile = as_ballots(ballots, "justified_representation")
    _validate.one_of("axiom", axiom, ("JR", "PJR", "EJR", "EJR+"))
    if profile.approvals is None:
        raise DataError(
            f"justified representation needs approvals, and these are {profile.kind}; use "
            "`Ballots.from_approvals`"
        )
    members = _members(committee, profile.alternatives)
    if not members:
        raise DataError("`committee` is empty; it needs at least one member")
    seats = len(members) if size is None else _validate.whole_number("size", size, at_least=1)
    if len(members) > seats:
        raise DataError(f"`committee` has {len(members)} members for `size` {seats}")
    approvals, counts = profile.approvals, profile.counts
    if axiom in ("JR", "EJR+"):
        found = single_violation(
            approvals, counts, members, seats, top=1 if axiom == "JR" else seats
        )
    else:
        found = cohesive_violation(approvals, counts, members, seats, jointly=axiom == "PJR")
    labels = profile.alternatives
    chosen = frozenset(labels[code] for code in members)
    if found is None:
        return Representation(axiom, True, np.zeros(0, dtype=np.intp), 0.0, (), 0, chosen)
    if found.ballots is None:
        raise ConvergenceError(f"the integer programme of {axiom} was not solved: {found.message}")
    rows = np.flatnonzero(found.ballots & (counts > 0))
    return Representation(
        axiom,
        False,
        rows,
        float(counts[rows].sum()),
        tuple(labels[code] for code in found.alternatives),
        found.level,
        chosen,
    )


def _members(committee: Iterable[Hashable], labels: tuple[Hashable, ...]) -> list[int]:
    codes = _labels.code_of(labels, "`alternatives`")
    members: list[int] = []
    for place, label in enumerate(committee):
        if label not in codes:
            raise LabelError.unknown(
                f"`committee` (entry {place})", label, known=labels, argument="the ballots"
            )
        if codes[label] in members:
            raise LabelError(f"`committee` names {label!r} twice")
        members.append(codes[label])
    return sorted(members)

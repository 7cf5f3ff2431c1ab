"""Committees from approvals: who should sit so that groups are represented."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Ballots
from ..errors import ConvergenceError, DataError
from ..kernels import _committees as kernels
from ._inputs import as_ballots
from ._outcome import Outcome

__all__ = ["approval_committee"]

_RULES = ("av", "sav", "pav", "seqpav", "cc", "phragmen", "equal_shares")
_NAMES = {
    "av": "approval voting",
    "sav": "satisfaction approval voting",
    "pav": "proportional approval voting",
    "seqpav": "sequential proportional approval voting",
    "cc": "Chamberlin-Courant",
    "phragmen": "sequential Phragmén",
    "equal_shares": "method of equal shares",
}


def approval_committee(
    ballots: Any,
    *,
    size: int,
    rule: Literal["av", "sav", "pav", "seqpav", "cc", "phragmen", "equal_shares"] = "pav",
    completion: Literal["phragmen", "none"] = "phragmen",
    limit: int = 1000,
) -> Outcome:
    r"""Choose a committee from approvals, with all committees that tie.

    Parameters
    ----------
    ballots : Ballots
        Approvals. "av" and "equal_shares" also take non-negative utilities (the sum of the
        members' utilities; a price per unit of utility).
    size : int
        Number of seats.
    rule : str
        "av": most approvals. "sav": every voter shares one vote equally among those approved.
        "pav": maximises :math:`\sum_i \sum_{j=1}^{|A_i \cap W|} 1/j`, exactly (HiGHS). "seqpav":
        the same, one seat at a time. "cc": maximises the voters with at least one member they
        approve, exactly. "phragmen": seats cost one unit of load, spread so that the most
        loaded voter is least loaded. "equal_shares": voters get equal budgets, and the
        alternative with the smallest price per supporter is bought next.
    completion : {"phragmen", "none"}
        How equal shares fills the seats that nobody can afford: by Phragmén's rule on the
        remaining budgets, or not at all. Utilities allow only "none".
    limit : int
        Largest number of tied committees to list, and of partial committees to follow at every
        seat; `exhaustive` says whether it sufficed.

    Returns
    -------
    Outcome
        `winners` holds frozensets of labels, one for each committee that ties; `objective` the
        score, for the rules that maximise one; `notes` says if seats stay empty.

    Raises
    ------
    DataError
        If the input holds no approvals (or utilities, where allowed), or `size` is not between
        1 and the number of alternatives.
    ConvergenceError
        If the integer programme fails.

    References
    ----------
    M. Lackner and P. Skowron (2023), Multi-Winner Voting with Approval Preferences. D. Peters
    and P. Skowron (2020), Proportionality and the limits of welfarism, for equal shares.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> profile = Ballots.from_approvals([{"a", "b", "c"}, {"d"}], counts=[6, 3])
    >>> choice.approval_committee(profile, size=3, rule="av").winners == (frozenset("abc"),)
    True
    >>> [sorted(committee) for committee in choice.approval_committee(profile, size=3).winners]
    [['a', 'b', 'd'], ['a', 'c', 'd'], ['b', 'c', 'd']]
    """
    profile = as_ballots(ballots, "approval_committee")
    _validate.one_of("rule", rule, _RULES)
    _validate.one_of("completion", completion, ("phragmen", "none"))
    size = _validate.whole_number("size", size, at_least=1, at_most=profile.n_alternatives)
    limit = _validate.whole_number("limit", limit, at_least=1)
    gains = _gains(profile, rule, completion)
    approved, counts = gains > 0, profile.counts
    weights = [Fraction(1, j) for j in range(1, size + 1)]
    objective = None
    if rule in ("av", "sav"):
        share = np.maximum(approved.sum(axis=1, keepdims=True), 1) if rule == "sav" else 1.0
        scores = counts @ (gains / share)
        noise = 0.0 if (scores == np.rint(scores)).all() else 1e-12 * float(scores.max())
        found = kernels.additive_committees(scores, size, limit, noise)
        objective = float(scores[list(found.committees[0])].sum())
    elif rule == "seqpav":
        found = kernels.sequential_pav_committees(approved, counts, size, limit)
    elif rule == "phragmen":
        found = kernels.phragmen_committees(approved, counts, size, limit)
    elif rule == "equal_shares":
        found = kernels.equal_shares_committees(
            gains, counts, size, limit, completion == "phragmen"
        )
    else:
        if rule == "cc":
            weights = [Fraction(1), *[Fraction(0)] * (size - 1)]
        found = kernels.optimal_committees(approved, counts, size, limit, weights)
        if found.message:
            raise ConvergenceError(
                f"the integer programme of {_NAMES[rule]} was not solved: {found.message}",
                result=found,
            )
        objective = float(kernels.thiele_score(approved, counts, found.committees[0], weights))
    return Outcome(
        _NAMES[rule],
        profile.alternatives,
        winners=tuple(
            frozenset(profile.alternatives[code] for code in committee)
            for committee in found.committees
        ),
        exhaustive=found.complete,
        objective=objective,
        notes=("some seats stay empty: nobody can afford more",) if found.short else (),
    )


def _gains(profile: Ballots, rule: str, completion: str) -> npt.NDArray[np.float64]:
    """What each voter gets from each member: 0 or 1, or a utility where the rule allows."""
    if profile.approvals is not None:
        return profile.approvals.astype(np.float64)
    if profile.utilities is None:
        raise DataError(
            f"a committee by {rule!r} needs approvals, and these are rankings; say who approves "
            "what with `Ballots.from_approvals`, or use `stv`"
        )
    if rule not in ("av", "equal_shares"):
        raise DataError(
            f"{rule!r} is defined for approvals; utilities go with 'av', 'equal_shares'"
        )
    if rule == "equal_shares" and completion != "none":
        raise DataError("equal shares from utilities has no completion; use completion='none'")
    utilities = profile.utilities
    bad = ~(utilities >= 0)
    if bad.any():
        place = _validate.first_place(bad)
        raise DataError(f"`utilities[{place}]` is {utilities[bad][0]:g}; it must be at least 0")
    return utilities

"""Slates of statements: does every group that is large enough get one that it values?"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Ballots, _labels
from ..errors import ConvergenceError, DataError, LabelError, enumerate_some
from ..kernels import _balanced as kernels
from ._inputs import as_utilities

__all__ = [
    "BalancedRepresentation",
    "BalancedSlate",
    "ShortGroup",
    "balanced_justified_representation",
    "balanced_slate",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Labels = tuple[Hashable, ...]
#: Coefficients of the integer programme beyond which it is not tried.
_LARGEST = 5_000_000


class ShortGroup(NamedTuple):
    """A group that deserves a statement: all value it at `cutoff` or more, and get less."""

    statement: Hashable
    cutoff: float
    group: IntArray
    needed: int


@dataclass(frozen=True, eq=False, repr=False)
class BalancedRepresentation:
    """Whether a slate is justified, and whom it leaves short. Truth value: whether it holds.

    Attributes
    ----------
    holds : bool
        Whether no group is left short under `assignment`. For ``assignment="balanced"`` that is
        whether any balanced assignment leaves none short.
    violations : tuple of ShortGroup
        For each statement that some group deserves: the cut-off, the rows of the largest such
        group, and how many voters would have sufficed (`needed`).
    statements : tuple
        The statements that violate.
    assignment : numpy.ndarray of int, (voters,)
        Place in the slate that each voter is assigned.
    slate : tuple
        The slate that was checked.
    kind : str
        "balanced", "favourite" or "given".
    """

    holds: bool
    violations: tuple[ShortGroup, ...]
    assignment: IntArray
    slate: Labels
    kind: str

    @property
    def statements(self) -> Labels:
        """Statements that some group deserves and does not get."""
        return tuple(short.statement for short in self.violations)

    def __bool__(self) -> bool:
        return self.holds

    def __repr__(self) -> str:
        if self.holds:
            return f"BalancedRepresentation(holds; {self.kind} assignment)"
        worst = max(self.violations, key=lambda short: len(short.group) - short.needed)
        return (
            f"BalancedRepresentation(fails for {len(self.violations)} statement(s), "
            f"{self.kind} assignment: {len(worst.group)} voters, {worst.needed} suffice, value "
            f"{worst.statement!r} at {worst.cutoff:g} or more and get less; rows "
            f"{enumerate_some(worst.group.tolist())})"
        )


@dataclass(frozen=True, eq=False, repr=False)
class BalancedSlate:
    """A slate, and who is served by which statement.

    Attributes
    ----------
    slate : tuple
        Statements in the order they were chosen; one that two groups want most stands twice.
    assignment : numpy.ndarray of int, (voters,)
        Place in the slate that each voter is assigned.
    served : numpy.ndarray of bool, (voters,)
        Whether the voter belongs to a group that deserved its statement; the others are assigned
        what they value most.
    cost : float
        Of the slate; the number of statements where they cost the same.
    """

    slate: Labels
    assignment: IntArray
    served: npt.NDArray[np.bool_]
    cost: float

    def __repr__(self) -> str:
        return (
            f"BalancedSlate({enumerate_some(self.slate)}; cost {self.cost:g}; "
            f"{int(self.served.sum())} of {len(self.served)} voters served)"
        )


def balanced_justified_representation(
    utilities: Any,
    slate: Iterable[Hashable],
    *,
    costs: Mapping[Hashable, float] | npt.ArrayLike | None = None,
    budget: float | None = None,
    assignment: Literal["balanced", "favourite"] | npt.ArrayLike = "balanced",
    statements: Any = None,
    time_limit: float = 60.0,
) -> BalancedRepresentation:
    r"""Check balanced justified representation, with or without costs.

    A group S of the n voters is left short by an assignment of voters to statements of the slate
    if some statement :math:`\alpha` of cost c (in the slate or not) and some cut-off
    :math:`\theta` have

    .. math:: |S| \ge \frac{c\,n}{B}, \qquad
              u_i(\alpha) \ge \theta > u_i(\text{assigned}) \quad \text{for all } i \in S,

    with B the budget. Without costs every statement costs 1 and B is the size of the slate.

    Parameters
    ----------
    utilities : Ballots or matrix, (voters, statements)
        Utilities of every statement that could have been chosen. Counts of Ballots must be whole;
        rows then stand for single voters, repeated by their counts.
    slate : iterable of labels
        The statements chosen; a statement may stand more than once.
    costs : mapping of label to number, or array_like, (statements,), optional
        Cost of every statement, above 0 (words, for example).
    budget : float, optional
        B; with `costs` only, where it is needed.
    assignment : {"balanced", "favourite"} or array_like, (voters,)
        "balanced": ask an integer programme (HiGHS) for an assignment that leaves nobody short
        and gives a statement of cost c at most :math:`\lceil c\,n / C \rceil` voters, C being the
        cost of the slate (and, where costs are equal, at least the floor); if there is none, the
        one whose groups exceed their claims by least. "favourite": everyone gets the statement
        of the slate that they value most, balanced or not; whatever is violated then is violated
        under every assignment. Or the place in `slate` of each voter's statement.
    statements : iterable, optional
        Labels of the columns of a plain matrix.
    time_limit : float
        Seconds that the integer programme may take.

    Returns
    -------
    BalancedRepresentation
        `holds`, and the violating `statements` and groups.

    Raises
    ------
    DataError
        If utilities or costs are missing or out of range, the slate is empty or costs more than
        the budget, the assignment does not fit, or the integer programme would be too large.
    LabelError
        If the slate or the costs name an unknown statement, or costs leave one out.
    ConvergenceError
        If the integer programme is not solved in time.

    References
    ----------
    S. Fish, P. Gölz, D. C. Parkes, A. D. Procaccia, G. Rusak, I. Shapira, M. Wüthrich (2024),
    Generative social choice. N. Boehmer, S. Fish, A. D. Procaccia (2025), Generative social
    choice: the next generation, arXiv:2505.22939, for costs.

    Examples
    --------
    >>> from pluralism import choice
    >>> utilities = [[5, 1, 0]] * 4 + [[0, 1, 5]] * 2
    >>> choice.balanced_justified_representation(utilities, "ab", statements="abc")
    BalancedRepresentation(holds; balanced assignment)
    >>> choice.balanced_justified_representation(utilities, "aab", statements="abc")
    BalancedRepresentation(fails for 1 statement(s), balanced assignment: 2 voters, 2 suffice,
    value 'c' at 5 or more and get less; rows 4, 5)
    """
    values, labels = _voters(utilities, statements)
    _validate.number("time_limit", time_limit, above=0.0)
    chosen = _slate(slate, labels)
    price, limit = _costs(costs, budget, labels, len(chosen))
    if price[chosen].sum() > limit * (1 + 1e-12):
        raise DataError(f"`slate` costs {price[chosen].sum():g}, above `budget` {limit:g}")
    size = kernels.deserved(price, limit, len(values))
    kind = assignment if isinstance(assignment, str) else "given"
    if kind == "given":
        slots = _given(assignment, len(values), len(chosen))
    elif _validate.one_of("assignment", kind, ("balanced", "favourite")) == "favourite":
        slots = values[:, chosen].argmax(axis=1)
    else:
        slots = _balanced(values, chosen, price, size, costs is None, time_limit)
    got = values[np.arange(len(values)), chosen[slots]]
    violations = tuple(
        ShortGroup(labels[short.statement], short.cutoff, short.voters, int(size[short.statement]))
        for short in kernels.left_short(values, got, size)
    )
    names = tuple(labels[code] for code in chosen)
    return BalancedRepresentation(not violations, violations, slots, names, kind)


def balanced_slate(
    utilities: Any,
    *,
    size: int | None = None,
    costs: Mapping[Hashable, float] | npt.ArrayLike | None = None,
    budget: float | None = None,
    statements: Any = None,
    repeat: bool = True,
) -> BalancedSlate:
    r"""Choose a slate greedily so that balanced justified representation holds.

    Of all statements and of all groups of voters not yet served that are just large enough to
    deserve them (:math:`\lceil c\,n/B \rceil`), the pair whose worst-off member gains most goes
    into the slate, until too few voters are left to deserve anything.

    Parameters
    ----------
    utilities : Ballots or matrix, (voters, statements)
        As for `balanced_justified_representation`.
    size : int, optional
        Number of statements, where all cost the same; then groups differ by at most one voter.
        With fewer voters than that, each has a statement and the slate ends.
    costs, budget : optional
        Costs of the statements and what they may cost together, in place of `size`.
    statements : iterable, optional
        Labels of the columns of a plain matrix.
    repeat : bool
        Whether a statement may be chosen again, for another group that it suits best. Only then
        is the slate sure to be justified: where all voters want one statement alone, no slate of
        distinct statements is.

    Returns
    -------
    BalancedSlate
        With `slate` and `assignment`, which `balanced_justified_representation` takes.

    Raises
    ------
    DataError
        If neither or both of `size` and `costs` are given, no statement fits the budget, or
        `size` is more than the statements there are and `repeat` is False.
    LabelError
        If the costs name an unknown statement or leave one out.

    References
    ----------
    S. Fish et al. (2024), process 1; N. Boehmer, S. Fish, A. D. Procaccia (2025), for costs.

    Examples
    --------
    >>> from pluralism import choice
    >>> utilities = [[5, 1, 0]] * 4 + [[0, 1, 5]] * 2
    >>> choice.balanced_slate(utilities, size=3, statements="abc")
    BalancedSlate('a', 'a', 'c'; cost 3; 6 of 6 voters served)
    >>> choice.balanced_slate(utilities, costs=[30, 10, 20], budget=60, statements="abc")
    BalancedSlate('a', 'c', 'b'; cost 60; 6 of 6 voters served)
    """
    values, labels = _voters(utilities, statements)
    if (size is None) == (costs is None):
        raise DataError("give either `size` or `costs` with `budget`")
    if size is not None:
        size = _validate.whole_number("size", size, at_least=1)
        if size > len(labels) and not repeat:
            raise DataError(f"`size` is {size} for {len(labels)} distinct statements")
    price, limit = _costs(costs, budget, labels, size or 0)
    if price.min() > limit:
        raise DataError(f"every statement costs more than `budget` {limit:g}; raise it")
    chosen, slots = kernels.greedy_slate(values, price, limit, size, repeat)
    served = slots >= 0
    codes = np.array(chosen, dtype=np.intp)
    slots = np.where(served, slots, values[:, codes].argmax(axis=1))
    names = tuple(labels[code] for code in chosen)
    return BalancedSlate(names, slots, served, float(price[codes].sum()))


def _voters(utilities: Any, statements: Any) -> tuple[FloatArray, Labels]:
    """One row for each voter."""
    use = "balanced justified representation"
    if isinstance(utilities, Ballots) and utilities.approvals is not None:
        utilities = Ballots.from_utilities(
            utilities.approvals.astype(np.float64),
            counts=utilities.counts,
            alternatives=utilities.alternatives,
        )
    profile = as_utilities(utilities, use=use, alternatives=statements)
    if not isinstance(utilities, Ballots):
        return profile.values, profile.labels
    counts = utilities.counts[utilities.counts > 0]
    if (counts != np.rint(counts)).any():
        raise DataError(f"{use} assigns whole voters, and the ballots have fractional counts")
    return np.repeat(profile.values, counts.astype(np.intp), axis=0), profile.labels


def _slate(slate: Iterable[Hashable], labels: Labels) -> IntArray:
    codes = _labels.code_of(labels, "statements")
    chosen = []
    for place, label in enumerate(slate):
        if label not in codes:
            raise LabelError.unknown(
                f"`slate[{place}]`", label, known=labels, argument="the statements"
            )
        chosen.append(codes[label])
    if not chosen:
        raise DataError("`slate` is empty; it needs at least one statement")
    return np.array(chosen, dtype=np.intp)


def _costs(costs: Any, budget: Any, labels: Labels, seats: int) -> tuple[FloatArray, float]:
    if (costs is None) != (budget is None):
        raise DataError("`costs` and `budget` go together")
    if costs is None:
        return np.ones(len(labels)), float(seats)
    if isinstance(costs, Mapping):
        for label in costs:
            if label not in labels:
                raise LabelError.unknown("`costs`", label, known=labels, argument="the statements")
        lacking = [label for label in labels if label not in costs]
        if lacking:
            raise LabelError(f"`costs` leaves out {enumerate_some(lacking)}")
        costs = [costs[label] for label in labels]
    price = _validate.finite_array("costs", costs, ndim=1)
    if len(price) != len(labels):
        raise DataError(f"`costs` has {len(price)} entries for {len(labels)} statements")
    free = price <= 0
    if free.any():
        raise DataError(
            f"`costs[{_validate.first_place(free)}]` is {price[free][0]:g}; a cost must be above "
            "0, since any voter would deserve what is free"
        )
    return price, _validate.number("budget", budget, above=0.0)


def _given(assignment: Any, n_voters: int, n_slots: int) -> IntArray:
    slots = _validate.finite_array("assignment", assignment, ndim=1)
    if len(slots) != n_voters:
        raise DataError(f"`assignment` has {len(slots)} entries for {n_voters} voters")
    bad = (slots < 0) | (slots >= n_slots) | (slots != np.floor(slots))
    if bad.any():
        raise DataError(
            f"`assignment[{_validate.first_place(bad)}]` is {slots[bad][0]:g}; it must be a place "
            f"in the slate, 0 to {n_slots - 1}"
        )
    return slots.astype(np.intp)


def _balanced(
    values: FloatArray,
    chosen: IntArray,
    price: FloatArray,
    size: IntArray,
    unit: bool,
    time_limit: float,
) -> IntArray:
    terms = kernels.count_terms(values, chosen, size)
    if terms > _LARGEST:
        raise DataError(
            f"a balanced assignment would need an integer programme of {terms:,} terms (limit "
            f"{_LARGEST:,}); give an `assignment`, or use assignment='favourite', whose "
            "violations hold under every assignment"
        )
    least, most = kernels.capacities(price[chosen], len(values), unit)
    found = kernels.best_assignment(values, chosen, size, least, most, time_limit)
    if found.message:
        raise ConvergenceError(
            f"the integer programme of the balanced assignment was not solved: {found.message}",
            result=found,
        )
    return found.slots

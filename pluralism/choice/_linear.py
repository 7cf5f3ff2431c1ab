"""Linear social choice: rewards that are linear in features, and the axioms that they keep."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ..errors import DataError, LabelError
from ..kernels import _linear_reward as kernels
from ._feature_table import by_feature, feature_rows, row_labels
from ._inputs import Pairwise, as_pairwise
from ._linear_fits import (
    apart,
    largest_margin,
    leximax,
    majority_order,
    most_likely,
    neighbours,
    unanimous_pairs,
)
from ._outcome import by_alternative, group_by_score

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "FeasibleRanking",
    "LinearReward",
    "OverruledPair",
    "feasible_ranking",
    "linear_social_choice",
]

FloatArray = npt.NDArray[np.float64]
Labels = tuple[Hashable, ...]


class OverruledPair(NamedTuple):
    """A pair that a reward orders against voters: who prefers `better`, and who `worse`."""

    better: Hashable
    worse: Hashable
    voters: float
    against: float


@dataclass(frozen=True, eq=False, repr=False)
class FeasibleRanking:
    """Whether some linear reward induces a ranking. Truth value: whether one does.

    Attributes
    ----------
    feasible : bool
        Whether there are coefficients under which every alternative is above the next.
    coefficients : xarray.DataArray, (feature,), or None
        Coefficients whose smallest gap between neighbours is 1; None if there are none.
    conflict : tuple of pairs
        Neighbours (above, below) that no linear reward can order so together; empty if feasible.
    """

    feasible: bool
    coefficients: xr.DataArray | None
    conflict: tuple[tuple[Hashable, Hashable], ...]

    def __bool__(self) -> bool:
        return self.feasible

    def __repr__(self) -> str:
        if self.feasible:
            return "FeasibleRanking(feasible)"
        pairs = ", ".join(f"{a} > {b}" for a, b in self.conflict)
        return f"FeasibleRanking(infeasible: {pairs} contradict one another)"


@dataclass(frozen=True, eq=False, repr=False)
class LinearReward:
    """A linear reward, and which axioms its ranking keeps.

    Attributes
    ----------
    rule : str
        "lcpo", "mle" or "given".
    coefficients : xarray.DataArray, (feature,)
        Theta. Of those that give the same differences of rewards, the shortest where features
        are measured by their ranges (for "given", as given).
    rewards : xarray.DataArray, (alternative,)
        Features times coefficients.
    ranking : tuple of tuples
        Tied groups, best first.
    rankings : tuple
        All rankings that tie under leximax Copeland; `ranking` is the first. For other rules,
        that one.
    exhaustive : bool
        Whether `rankings` lists all of them.
    pareto_violations : tuple of OverruledPair
        Pairs that all voters who compared them order one way and the reward does not.
    majority_violations : tuple of OverruledPair
        Pairs that the reward does not order as their majority does, worst first.
    majority_ranking : tuple or None
        The ranking that agrees with every majority; None if majorities tie or go in circles.
    majority_feasible : bool or None
        Whether a linear reward induces that ranking; None if there is none.
    rank : int
        Dimension of the space that the features span; below their number, coefficients are not
        identified though rewards are.
    """

    rule: str
    coefficients: xr.DataArray
    rewards: xr.DataArray
    ranking: tuple[Labels, ...]
    rankings: tuple[tuple[Labels, ...], ...]
    exhaustive: bool
    pareto_violations: tuple[OverruledPair, ...]
    majority_violations: tuple[OverruledPair, ...]
    majority_ranking: Labels | None
    majority_feasible: bool | None
    rank: int

    @property
    def pareto_optimal(self) -> bool:
        """Whether no unanimous pair is overruled."""
        return not self.pareto_violations

    @property
    def majority_consistent(self) -> bool:
        """Pairwise majority consistency: a feasible majority ranking, if any, is followed."""
        return not (self.majority_feasible and self.majority_violations)

    def __repr__(self) -> str:
        groups = " > ".join(" = ".join(map(str, group)) for group in self.ranking)
        parts = [f"ranking {groups}"]
        for name, holds, pairs in (
            ("Pareto optimality", self.pareto_optimal, self.pareto_violations),
            ("majority consistency", self.majority_consistent, self.majority_violations),
        ):
            if not holds:
                first = pairs[0]
                parts.append(
                    f"{name} fails: {first.voters:,.6g} of {first.voters + first.against:,.6g} "
                    f"prefer {first.better} to {first.worse}"
                )
        return f"LinearReward({self.rule}: {'; '.join(parts)})"


def linear_social_choice(
    features: Any,
    ballots: Any,
    *,
    rule: Literal["lcpo", "mle", "given"] = "lcpo",
    coefficients: npt.ArrayLike | None = None,
    limit: int = 100,
) -> LinearReward:
    r"""Choose a reward that is linear in features, and check the axioms that its ranking keeps.

    .. math:: r_\theta(a) = \theta \cdot x_a

    Parameters
    ----------
    features : DataFrame, DataArray or matrix, (alternatives, features)
        Features, one row an alternative. A labelled table is matched by the labels of its rows;
        a plain matrix follows the order of the ballots' alternatives.
    ballots : Ballots or matrix, (alternatives, alternatives)
        Ballots, comparisons or pairwise support.
    rule : {"lcpo", "mle", "given"}
        "mle": the pooled Bradley-Terry fit of RLHF, maximising
        :math:`\sum_{a,b} n_{ab} \log \sigma(r_\theta(a) - r_\theta(b))`, a tie being half of each.
        "lcpo": leximax Copeland subject to Pareto optimality; the first position goes to the
        highest Copeland score that some reward in keeping with all unanimous pairs can put
        first, the next to the highest that can then follow, and so on. "given": only check
        `coefficients`.
    coefficients : array_like, (features,), optional
        Theta, for ``rule="given"``.
    limit : int
        Largest number of tied rankings that "lcpo" follows.

    Returns
    -------
    LinearReward
        With `coefficients`, `rewards`, `ranking`, and what it violates. The coefficients of
        "lcpo" keep the ranking's neighbours as far apart as they can, scaled so that the
        smallest gap is 1.

    Raises
    ------
    DataError
        If features and ballots do not fit together, `coefficients` are missing or not wanted,
        alternatives share all features ("lcpo"), or unanimous pairs contradict one another or
        every linear reward ("lcpo").
    LabelError
        If the rows of `features` are not the alternatives.
    NotIdentifiedError
        If some direction of coefficients explains every vote that it touches, so that the
        likelihood has no maximum ("mle").
    ConvergenceError
        If a linear programme fails, or Newton's method does not converge.

    References
    ----------
    L. Ge, D. Halpern, E. Micha, A. D. Procaccia, I. Shapira, Y. Vorobeychik, J. Wu (2024),
    Axioms for AI alignment from human feedback, NeurIPS 37, arXiv:2405.14758.

    Examples
    --------
    The example of their theorem 3.1: all voters put c' above c, the fitted reward does not.

    >>> from pluralism import Ballots, choice
    >>> features = [[2, 1], [1.99, 1], [1, 1], [0.99, 1], [0, 0], [-0.01, 0.005]]
    >>> names = ["a", "a'", "b", "b'", "c", "c'"]
    >>> profile = Ballots.from_rankings(
    ...     [("a", "a'", "b", "b'", "c'", "c"), ("c'", "c", "b'", "b", "a'", "a")],
    ...     counts=[6, 4], alternatives=names)
    >>> fitted = choice.linear_social_choice(features, profile, rule="mle")
    >>> fitted.pareto_violations[0]
    OverruledPair(better="c'", worse='c', voters=10.0, against=0.0)
    >>> choice.linear_social_choice(features, profile)
    LinearReward(lcpo: ranking a > a' > b > b' > c' > c)
    """
    _validate.one_of("rule", rule, ("lcpo", "mle", "given"))
    limit = _validate.whole_number("limit", limit, at_least=1)
    pairwise = as_pairwise(ballots)
    matrix, names = feature_rows(features, pairwise.alternatives)
    if (rule == "given") != (coefficients is not None):
        raise DataError("`coefficients` go with rule='given', which needs them")
    basis = kernels.feature_basis(matrix)
    labels = pairwise.alternatives
    unanimous = unanimous_pairs(pairwise)
    rankings: tuple[tuple[Labels, ...], ...] = ()
    exhaustive = True
    if rule == "given":
        theta = _validate.finite_array("coefficients", coefficients, ndim=1)
        if len(theta) != len(names):
            raise DataError(f"`coefficients` has {len(theta)} entries for {len(names)} features")
    elif rule == "mle":
        theta = basis.back @ most_likely(basis.points, pairwise)
    else:
        found = leximax(basis, pairwise, unanimous, limit)
        rankings = tuple(tuple((labels[c],) for c in order) for order in found.rankings)
        exhaustive = found.complete
        theta = apart(basis, neighbours(found.rankings[0]))
    rewards = matrix @ theta
    noise = 1e-12 * float((np.abs(matrix) @ np.abs(theta)).max())
    ranking = rankings[0] if rankings else group_by_score(labels, rewards, noise)
    majority = majority_order(pairwise)
    feasible = None
    if majority is not None:
        feasible = largest_margin(basis, neighbours(majority)).margin > kernels.LEAST_MARGIN
    gap = rewards[:, None] - rewards
    return LinearReward(
        rule,
        by_feature(names, theta),
        by_alternative(labels, rewards, "reward"),
        ranking,
        rankings or (ranking,),
        exhaustive,
        _overruled(pairwise, gap, unanimous, noise),
        _overruled(pairwise, gap, np.argwhere(pairwise.margins > 0).tolist(), noise),
        None if majority is None else tuple(labels[code] for code in majority),
        feasible,
        basis.points.shape[1],
    )


def feasible_ranking(features: Any, ranking: Iterable[Hashable]) -> FeasibleRanking:
    r"""Ask a linear programme whether some linear reward induces a strict ranking.

    There must be coefficients with :math:`\theta \cdot x_a \ge \theta \cdot x_b + 1` for every
    alternative a and the next one b.

    Parameters
    ----------
    features : DataFrame, DataArray or matrix, (alternatives, features)
        Features, one row an alternative; the rows of a plain matrix are 0, 1, 2, ...
    ranking : iterable of labels
        Labels of rows, best first; rows that are not ranked are not looked at.

    Returns
    -------
    FeasibleRanking
        `coefficients`, or the neighbours that are in `conflict`.

    Raises
    ------
    DataError
        If features are no finite matrix, or fewer than two alternatives are ranked.
    LabelError
        If the ranking names an unknown alternative, or one twice.
    ConvergenceError
        If the linear programme (HiGHS) fails.

    Examples
    --------
    >>> from pluralism import choice
    >>> points = [[0], [1], [2]]
    >>> choice.feasible_ranking(points, [2, 1, 0]).coefficients.values
    array([1.])
    >>> choice.feasible_ranking(points, [0, 2, 1])
    FeasibleRanking(infeasible: 0 > 2, 2 > 1 contradict one another)
    """
    matrix, names = feature_rows(features, None)
    labels = row_labels(features) or tuple(range(len(matrix)))
    codes = _labels.code_of(labels, "features")
    order: list[int] = []
    for place, label in enumerate(_labels.check_labels("ranking", ranking, unique=False)):
        if label not in codes:
            raise LabelError.unknown(
                f"`ranking[{place}]`", label, known=labels, argument="the rows of `features`"
            )
        if codes[label] in order:
            raise LabelError(f"`ranking` names {label!r} twice")
        order.append(codes[label])
    if len(order) < 2:
        raise DataError(f"`ranking` has {len(order)} label(s); an order needs at least two")
    basis, above = kernels.feature_basis(matrix), neighbours(order)
    found = largest_margin(basis, above)
    if not found.margin > kernels.LEAST_MARGIN:
        pairs = (above[place] for place in found.conflict)
        return FeasibleRanking(False, None, tuple((labels[a], labels[b]) for a, b in pairs))
    return FeasibleRanking(True, by_feature(names, apart(basis, above)), ())


def _overruled(
    pairwise: Pairwise, gap: FloatArray, pairs: list[Any], noise: float
) -> tuple[OverruledPair, ...]:
    labels, wins = pairwise.alternatives, pairwise.wins
    found = [
        OverruledPair(labels[a], labels[b], float(wins[a, b]), float(wins[b, a]))
        for a, b in pairs
        if gap[a, b] <= noise
    ]
    return tuple(sorted(found, key=lambda pair: pair.against - pair.voters))

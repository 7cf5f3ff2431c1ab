"""Population-proportional alignment: a policy that gives each group its share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Ballots
from ..errors import DataError, LabelError
from ..kernels._pairwise import first_choices
from ._inputs import as_pairwise, require_met
from ._outcome import by_alternative

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ProportionalPolicy", "proportional_alignment"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class ProportionalPolicy:
    """A lottery in proportion to the groups that pairwise votes allow for.

    Attributes
    ----------
    probabilities : xarray.DataArray, (alternative,)
        The policy.
    bound : xarray.DataArray, (alternative,)
        u: the largest share of voters who can have the alternative as their favourite.
    groups : xarray.DataArray, (alternative,), or None
        w: the share who do, where known.
    level : float or None
        Least ratio of probability to share over groups, 1 being full proportionality; None where
        groups are not known.
    guarantee : float
        What the level is at least, whatever the groups: the least of ratios of probability to u.
    beta : float
        Sharpness; 0 is the proportional form.
    """

    probabilities: xr.DataArray
    bound: xr.DataArray
    groups: xr.DataArray | None
    level: float | None
    guarantee: float
    beta: float

    def __repr__(self) -> str:
        labels = self.probabilities.coords["alternative"].values.tolist()
        shares = ", ".join(
            f"{label} {share:.3g}"
            for label, share in zip(labels, self.probabilities.values, strict=True)
        )
        level = f"level {self.level:.3g}" if self.level is not None else "groups unknown"
        return f"ProportionalPolicy({shares}; {level}, at least {self.guarantee:.3g})"


def proportional_alignment(
    ballots: Any, *, beta: float = 0.0, groups: Mapping[Any, float] | npt.ArrayLike | None = None
) -> ProportionalPolicy:
    r"""Give every alternative probability in proportion to who may want it most.

    .. math:: u_i = \min_{j \ne i} P(i \succ j), \qquad
              \pi_i = \frac{u_i e^{\beta u_i}}{\sum_j u_j e^{\beta u_j}}

    Whoever ranks i first prefers it to every j, so the group's share w of voters is at most u.
    ``beta=0`` is the proportional form :math:`u_i / \sum_j u_j`; with growing `beta` the policy
    moves to the alternative with the largest u, which is the Condorcet winner if there is one.

    Parameters
    ----------
    ballots : Ballots or matrix, (alternatives, alternatives)
        Ballots, comparisons or pairwise support; shares are taken pair by pair, a tie being half
        of each.
    beta : float
        Sharpness, at least 0.
    groups : mapping of label to share, or array_like, (alternatives,), optional
        w: the share of voters whose favourite each alternative is, rescaled to sum to one;
        alternatives that a mapping leaves out are nobody's. By default read from Ballots, where
        voters who tie several at the top are shared among them.

    Returns
    -------
    ProportionalPolicy
        `probabilities`, `bound` (u), and the proportional `level`
        :math:`\min_k \pi_{y_k} / w_k` over groups.

    Raises
    ------
    DataError
        If a pair was never compared, all u are zero (no ranking of voters gives such votes),
        `beta` is negative, or `groups` are negative, all zero or of the wrong length.
    LabelError
        If `groups` names an unknown alternative.

    References
    ----------
    K. Kim, J. Zhang, A. Ozdaglar, P. A. Parrilo (2025), Population-proportional preference
    learning from human feedback: an axiomatic approach, arXiv:2506.05619.

    Examples
    --------
    Two voters rank R > G > B, three B > R > G. A pooled reward model picks R, majorities B:

    >>> from pluralism import Ballots, choice
    >>> profile = Ballots.from_rankings(["RGB", "BRG"], counts=[2, 3], alternatives="RGB")
    >>> choice.borda(profile).winners, choice.maximal_lottery(profile).winners
    (('R',), ('B',))
    >>> choice.proportional_alignment(profile)
    ProportionalPolicy(R 0.4, G 0, B 0.6; level 1, at least 1)
    """
    _validate.number("beta", beta, at_least=0.0)
    pairwise = as_pairwise(ballots)
    require_met(pairwise, "u is a least share over all pairs; give shares for every pair")
    labels = pairwise.alternatives
    bound = np.nanmin(pairwise.shares, axis=1)
    if not bound.max() > 0:
        raise DataError(
            "every alternative loses some pair without a single vote, so nobody's favourite is "
            "left: no voters with rankings give such votes; pool more voters"
        )
    policy = bound * np.exp(beta * (bound - bound.max()))
    policy /= policy.sum()
    shares = _groups(groups, ballots, labels)
    wanted = bound > 0
    return ProportionalPolicy(
        by_alternative(labels, policy, "probability"),
        by_alternative(labels, bound, "bound"),
        None if shares is None else by_alternative(labels, shares, "share"),
        None if shares is None else float((policy[shares > 0] / shares[shares > 0]).min()),
        float((policy[wanted] / bound[wanted]).min()),
        float(beta),
    )


def _groups(groups: Any, ballots: Any, labels: tuple) -> FloatArray | None:
    if groups is None:
        if not isinstance(ballots, Ballots):
            return None
        if ballots.unranked == "incomparable" and not ballots.is_complete:
            return None
        votes, _ = first_choices(ballots.ranks, ballots.counts, np.ones(len(labels), dtype=bool))
        return votes / votes.sum()
    if isinstance(groups, Mapping):
        for label in groups:
            if label not in labels:
                raise LabelError.unknown(
                    "`groups`", label, known=labels, argument="the alternatives"
                )
        groups = [groups.get(label, 0.0) for label in labels]
    shares = _validate.finite_array("groups", groups, ndim=1)
    if len(shares) != len(labels):
        raise DataError(f"`groups` has {len(shares)} entries for {len(labels)} alternatives")
    _validate.within("groups", shares, 0.0, what="a share")
    if not shares.sum() > 0:
        raise DataError("`groups` are all zero; somebody must have a favourite")
    return shares / shares.sum()

"""What do all groups agree on? Group-informed consensus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..kernels import _consensus as kernels
from ..uncertainty import batched_by
from ._opinion_groups import find_groups, grouped
from ._votes import Grouped, VoteMatrix, read_groups, read_votes

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "STANCES",
    "Stance",
    "consensus_replicates",
    "group_informed_consensus",
    "indicators",
    "members",
]

FloatArray = npt.NDArray[np.float64]
Stance = Literal["agree", "disagree"]

#: The vote that takes each stance.
STANCES = {"agree": 1.0, "disagree": -1.0}


@batched_by("pluralism.choice._consensus:consensus_replicates")
def group_informed_consensus(
    votes: Any, *, groups: Any = None, stance: Stance = "agree", seed: Any = 0
) -> xr.DataArray:
    r"""Score comments by how far every group agrees (Polis' group-informed consensus).

    .. math:: C_c = \prod_g \frac{1 + A_{gc}}{2 + S_{gc}}

    with A the group's votes for the comment and S all its votes on it, passes included.

    Parameters
    ----------
    votes : array_like, DataArray or frame, (participants, comments)
        1 (agree), 0 (pass), -1 (disagree), NaN (no vote).
    groups : sequence, mapping, Series, DataArray or str, optional
        Each participant's group: in the order of the rows, by participant label, or the name
        of a coordinate of the participants in `votes`. Participants with None or NaN are left
        out. Without it, the groups are found by `opinion_groups`.
    stance : {"agree", "disagree"}
        Which votes count as A.
    seed : int, Generator or None
        For finding groups.

    Returns
    -------
    xarray.DataArray, (comment,)
        Consensus in (0, 1). Attributes: `groups`, and `ungrouped`, the participants left out.

    Raises
    ------
    DataError
        If a vote is something else, there are no votes, or `groups` does not fit.
    LabelError
        If a participant or comment occurs twice, or `groups` and `votes` differ in participants.

    Notes
    -----
    The score is the posterior mean of the probability that one member drawn from every group
    all agree, with a uniform prior for each group and comment. It falls with the number of
    groups, so scores compare within one partition only; a comment that a group has not seen
    contributes 1/2, not nothing. An interval over participants:
    ``bootstrap(partial(group_informed_consensus, groups="group"), votes)``; without `groups`
    every resample finds its groups anew.

    References
    ----------
    C. Small et al. (2021), Polis: scaling deliberation by mapping high dimensional opinion
    spaces, Recerca 26.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.choice import group_informed_consensus
    >>> votes = np.full((14, 1), -1.0)
    >>> score = group_informed_consensus(votes, groups=[0] * 5 + [1] * 3 + [2] * 6)
    >>> round(1 / float(score[0]), 6)
    280.0
    """
    import xarray as xr

    _validate.one_of("stance", stance, tuple(STANCES))
    matrix = read_votes("votes", votes)
    member = members(matrix, groups, seed)
    counts = kernels.count_votes(indicators(matrix, member, stance))
    return xr.DataArray(
        kernels.consensus_scores(counts)[0],
        dims="comment",
        coords=matrix.comment_coord,
        attrs={"groups": member.labels, "ungrouped": member.ungrouped, "stance": stance},
    )


def consensus_replicates(
    data: Any,
    *,
    unit: str,
    weights: FloatArray,
    groups: Any = None,
    stance: Stance = "agree",
    seed: Any = 0,
) -> Any:
    """Group-informed consensus of resampled participants, (replicates, comments)."""
    if unit != "row":
        return NotImplemented
    matrix = read_votes("votes", data)
    if groups is not None:
        member = read_groups(groups, matrix)
        counts = kernels.count_votes(indicators(matrix, member, stance), weights[:, member.row])
        return kernels.consensus_scores(counts)[:, 0]
    rows = np.arange(len(matrix.values))
    scores = []
    for drawn in weights:
        again = matrix.values[np.repeat(rows, drawn.astype(np.intp))]
        resample = VoteMatrix(again, None, matrix.comments, None)
        counts = kernels.count_votes(indicators(resample, members(resample, None, seed), stance))
        scores.append(kernels.consensus_scores(counts)[0])
    return np.array(scores)


def indicators(matrix: VoteMatrix, member: Grouped, *stances: Stance) -> kernels.Indicators:
    values = tuple(STANCES[stance] for stance in stances)
    return kernels.indicators(matrix.values[member.row], member.group, len(member.labels), values)


def members(matrix: VoteMatrix, groups: Any, seed: Any) -> Grouped:
    if groups is None:
        return grouped(find_groups(matrix, seed=seed))
    return read_groups(groups, matrix)

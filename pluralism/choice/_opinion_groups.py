"""Who votes alike? Participants in the plane of their opinions, and the groups found there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError
from ..kernels import _opinion_groups as kernels
from ._votes import Grouped, VoteMatrix, read_votes

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["OpinionGroups", "find_groups", "grouped", "opinion_groups"]

FloatArray = npt.NDArray[np.float64]

_STARTS = 10
_COMPONENTS = 2


@dataclass(frozen=True, eq=False)
class OpinionGroups:
    """Groups of participants who vote alike.

    Attributes
    ----------
    n_groups : int
        Number of groups.
    group : xarray.DataArray, (participant,)
        Each participant's group, 0 the largest; None for those with too few votes.
    position : xarray.DataArray, (participant, component)
        Place on the two principal components; NaN for participants without votes.
    loading : xarray.DataArray, (component, comment)
        The components, as directions in the space of comments.
    explained : xarray.DataArray, (component,)
        Share of the variance of the completed matrix.
    silhouette : xarray.DataArray, (n_groups,)
        Mean silhouette of every number of groups tried, in [-1, 1].
    ungrouped : int
        Participants left out because they voted on fewer comments than `min_votes`.
    """

    n_groups: int
    group: xr.DataArray = field(repr=False)
    position: xr.DataArray = field(repr=False)
    loading: xr.DataArray = field(repr=False)
    explained: xr.DataArray = field(repr=False)
    silhouette: xr.DataArray = field(repr=False)
    ungrouped: int


def opinion_groups(
    votes: Any,
    *,
    n_groups: int | None = None,
    max_groups: int = 5,
    min_votes: int = 7,
    seed: Any = 0,
) -> OpinionGroups:
    r"""Find groups of participants who vote alike, as Polis does.

    Missing votes are replaced by the comment's mean while two principal components are sought.
    A participant with votes S out of m comments is then placed by these votes alone, at

    .. math:: x_i = \sqrt{m / |S|} \sum_{c \in S} (v_{ic} - \bar v_c) \, w_c

    (w the loadings), and the places are clustered by k-means. The number of groups is the one
    with the largest mean silhouette.

    Parameters
    ----------
    votes : array_like, DataArray or frame, (participants, comments)
        1 (agree), 0 (pass), -1 (disagree), NaN (no vote).
    n_groups : int, optional
        Number of groups, if it is not to be chosen by the silhouette.
    max_groups : int
        Largest number tried; Polis tries 2 to 5.
    min_votes : int
        Participants with fewer votes (or, with fewer comments than this, without a vote on
        each) take part in finding the components but are put into no group.
    seed : int, Generator or None
        Source of the random starts of k-means (10 for every number of groups).

    Returns
    -------
    OpinionGroups
        The groups, the plane, and the silhouettes of all numbers of groups tried.

    Raises
    ------
    DataError
        If a vote is something else, or there are fewer participants with enough votes, or
        fewer different opinions among them, than groups.
    LabelError
        If a participant or comment occurs twice.

    Notes
    -----
    Clusters are always found, whether or not there are groups: two or more are returned even for
    votes thrown by coins. Look at `silhouette` and at the plane before speaking of groups. Polis
    clusters 100 preliminary clusters rather than the participants themselves and keeps earlier
    groups while a conversation goes on, so its groups agree largely, not exactly.

    References
    ----------
    C. Small, M. Bjorkegren, T. Erkkilä, L. Shaw, C. Megill (2021), Polis: scaling deliberation by
    mapping high dimensional opinion spaces, Recerca 26. P. J. Rousseeuw (1987), Silhouettes.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.choice import opinion_groups
    >>> for_it, against = [1, 1, -1, 1], [-1, -1, 1, 1]
    >>> found = opinion_groups(np.array([for_it] * 5 + [against] * 3), n_groups=2)
    >>> found.group.values.tolist()
    [0, 0, 0, 0, 0, 1, 1, 1]
    """
    matrix = read_votes("votes", votes)
    if n_groups is not None:
        _validate.whole_number("n_groups", n_groups, at_least=1)
    return find_groups(matrix, n_groups, max_groups, min_votes, seed)


def find_groups(
    matrix: VoteMatrix,
    n_groups: int | None = None,
    max_groups: int = 5,
    min_votes: int = 7,
    seed: Any = 0,
) -> OpinionGroups:
    """Find groups in a matrix that has been read."""
    import xarray as xr

    _validate.whole_number("max_groups", max_groups, at_least=2)
    _validate.whole_number("min_votes", min_votes, at_least=1)
    generator = _validate.generator("seed", seed)
    votes = matrix.values
    n_votes = (~np.isnan(votes)).sum(axis=1)
    member = np.flatnonzero(n_votes >= min(min_votes, votes.shape[1]))
    plane = kernels.opinion_plane(votes, min(_COMPONENTS, *votes.shape))
    points = plane.position[member]
    tried = _numbers_of_groups(points, n_groups, max_groups, min_votes)
    found = [kernels.best_clusters(points, k, _STARTS, generator) for k in tried]
    scores = np.full(len(tried), np.nan)  # one group has no silhouette
    if tried[0] > 1:
        each = kernels.silhouettes(points, [clusters.label for clusters in found])
        scores = np.array([score.mean() for score in each])
    best = int(np.nanargmax(scores)) if tried[0] > 1 else 0
    group = np.full(len(votes), None, dtype=object)
    group[member] = found[best].label.tolist()
    position = np.where(n_votes[:, None] > 0, plane.position, np.nan)
    people, components = matrix.participant_coord, np.arange(len(plane.loading))
    return OpinionGroups(
        n_groups=tried[best],
        group=xr.DataArray(group, dims="participant", coords=people, name="group"),
        position=xr.DataArray(
            position, dims=("participant", "component"), coords={**people, "component": components}
        ),
        loading=xr.DataArray(
            plane.loading,
            dims=("component", "comment"),
            coords={"component": components, **matrix.comment_coord},
        ),
        explained=xr.DataArray(plane.share, dims="component", coords={"component": components}),
        silhouette=xr.DataArray(scores, dims="n_groups", coords={"n_groups": tried}),
        ungrouped=len(votes) - len(member),
    )


def grouped(found: OpinionGroups) -> Grouped:
    """Return found groups in the form of given ones."""
    labels = found.group.values
    row = np.flatnonzero([label is not None for label in labels])
    return Grouped(
        row, labels[row].astype(np.intp), tuple(range(found.n_groups)), len(labels) - len(row)
    )


def _numbers_of_groups(
    points: FloatArray, n_groups: int | None, max_groups: int, min_votes: int
) -> list[int]:
    if not len(points):
        raise DataError(
            f"no participant has `min_votes` ({min_votes}) votes; lower it or leave "
            "participants with few votes ungrouped yourself by `groups`"
        )
    # Rounding must not make two opinions of one.
    scale = np.abs(points).max() or 1.0
    distinct = len(np.unique(np.round(points / scale, 9), axis=0))
    wanted = n_groups if n_groups is not None else 2
    if wanted > distinct:
        raise DataError(
            f"{len(points)} participants with enough votes hold {distinct} different opinion(s), "
            f"which cannot be parted into {wanted} groups"
        )
    if n_groups is not None:
        return [n_groups]
    return list(range(2, min(max_groups, distinct) + 1))

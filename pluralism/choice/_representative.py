"""What sets each group apart, comment by comment, and how sure that is: representativeness."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ..errors import DataError, LabelError
from ..kernels import _consensus as kernels
from ..uncertainty import batched_by, bootstrap
from ._consensus import STANCES, Stance, indicators, members
from ._votes import Grouped, VoteMatrix, read_votes

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["CommentRepresentativeness", "comment_representativeness"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CommentRepresentativeness:
    """What every group thinks of every comment, and what the groups agree on.

    All arrays have a dimension `stance` ("agree", "disagree"), and intervals one more,
    `ci_bound` ("lower", "upper").

    Attributes
    ----------
    chosen : xarray.DataArray, (stance, group, comment)
        Votes of the group that take the stance.
    votes : xarray.DataArray, (group, comment)
        Votes of the group, passes included.
    share, share_interval : xarray.DataArray, (stance, group, comment)
        Smoothed share P of the group that takes the stance.
    ratio, ratio_interval : xarray.DataArray, (stance, group, comment)
        P of the group over P of everybody else.
    z_share, z_ratio : xarray.DataArray, (stance, group, comment)
        Polis' z of the group's share against one half, and against everybody else's share.
    consensus, consensus_interval : xarray.DataArray, (stance, comment)
        Product of the groups' shares: group-informed consensus.
    group_size : xarray.DataArray, (group,)
        Participants.
    ungrouped : int
        Participants left out because they belong to no group.
    level : float
        Coverage of the intervals.
    interval : str
        "bootstrap" or "posterior".
    """

    chosen: xr.DataArray = field(repr=False)
    votes: xr.DataArray = field(repr=False)
    share: xr.DataArray = field(repr=False)
    share_interval: xr.DataArray = field(repr=False)
    ratio: xr.DataArray = field(repr=False)
    ratio_interval: xr.DataArray = field(repr=False)
    z_share: xr.DataArray = field(repr=False)
    z_ratio: xr.DataArray = field(repr=False)
    consensus: xr.DataArray = field(repr=False)
    consensus_interval: xr.DataArray = field(repr=False)
    group_size: xr.DataArray
    ungrouped: int
    level: float
    interval: str

    def consensus_list(self, stance: Stance = "agree", *, min_votes: int = 0) -> pd.DataFrame:
        """List the comments by consensus, the largest first.

        Parameters
        ----------
        stance : {"agree", "disagree"}
            Consensus for or against.
        min_votes : int
            Leave out comments on which a group has fewer votes: the score of a comment that a
            group has not seen rests on the prior.

        Returns
        -------
        pandas.DataFrame
            Indexed by comment: ``consensus``, ``lower``, ``upper``, ``fewest_votes`` (of any
            group) and one column ``share_<group>`` for each.

        Raises
        ------
        DataError
            If there is no such stance, or `min_votes` is no whole number.
        """
        import pandas as pd

        _validate.one_of("stance", stance, tuple(STANCES))
        _validate.whole_number("min_votes", min_votes)
        here = self.consensus_interval.sel(stance=stance)
        table = {
            "consensus": self.consensus.sel(stance=stance).values,
            "lower": here.sel(ci_bound="lower").values,
            "upper": here.sel(ci_bound="upper").values,
            "fewest_votes": self.votes.min("group").values.astype(int),
        }
        for place, group in enumerate(self.share.group.values):
            table[f"share_{group}"] = self.share.sel(stance=stance).values[place]
        index = pd.Index(self.consensus.comment.values, name="comment")
        frame = pd.DataFrame(table, index=index)
        frame = frame[frame["fewest_votes"] >= min_votes]
        return frame.sort_values("consensus", ascending=False, kind="stable")

    def representative(self, group: Hashable, *, z: float = 1.2815515655446004) -> pd.DataFrame:
        """List the comments that set a group apart, as Polis selects them.

        Parameters
        ----------
        group : label
            The group.
        z : float
            What both z statistics must exceed; 1.28 is one-sided 90%.

        Returns
        -------
        pandas.DataFrame
            ``comment``, ``stance``, ``share``, ``ratio`` with ``lower`` and ``upper``,
            ``z_share``, ``z_ratio`` and ``votes``, ordered by the product of share, ratio and
            both z, the largest first. Each comment stands with the stance of the larger product.

        Raises
        ------
        LabelError
            If there is no such group.
        """
        import pandas as pd

        labels = self.share.group.values.tolist()
        if group not in labels:
            raise LabelError.unknown("`group`", group, known=labels, argument="the groups")
        at = labels.index(group)
        ratio = self.ratio_interval.values[:, at]
        stances, m = list(STANCES), self.share.sizes["comment"]
        columns = {
            "comment": np.tile(self.share.comment.values, len(stances)),
            "stance": np.repeat(stances, m),
            "share": self.share.values[:, at].ravel(),
            "ratio": self.ratio.values[:, at].ravel(),
            "lower": ratio[..., 0].ravel(),
            "upper": ratio[..., 1].ravel(),
            "z_share": self.z_share.values[:, at].ravel(),
            "z_ratio": self.z_ratio.values[:, at].ravel(),
            "votes": np.tile(self.votes.values[at].astype(int), len(stances)),
        }
        frame = pd.DataFrame(columns)
        frame = frame[(frame["z_share"] > z) & (frame["z_ratio"] > z)]
        metric = frame["share"] * frame["ratio"] * frame["z_share"] * frame["z_ratio"]
        order = metric.sort_values(ascending=False, kind="stable").index
        return frame.loc[order].drop_duplicates("comment").reset_index(drop=True)


def comment_representativeness(
    votes: Any,
    *,
    groups: Any = None,
    interval: Literal["bootstrap", "posterior"] = "bootstrap",
    level: float = 0.95,
    n: int = 1000,
    seed: Any = 0,
) -> CommentRepresentativeness:
    r"""Hold every group's votes against everybody else's, comment by comment (Polis).

    With x of S votes of a group taking a stance, and y of T votes of all other groups,

    .. math:: P = \frac{1 + x}{2 + S}, \qquad R = \frac{(1 + x)/(2 + S)}{(1 + y)/(2 + T)}

    and two z statistics, of the share against one half and against the others' share:

    .. math:: z_P = 2 \sqrt{S + 1} \left(\frac{x + 1}{S + 1} - \frac12\right), \qquad
       z_R = \frac{p - q}{\sqrt{\pi (1 - \pi) (1/(S + 1) + 1/(T + 1))}}

    with p = (x+1)/(S+1), q = (y+1)/(T+1) and :math:`\pi` = (x+y+2)/(S+T+2).

    Parameters
    ----------
    votes, groups
        As in `group_informed_consensus`; two groups or more.
    interval : {"bootstrap", "posterior"}
        Percentiles over resampled participants, their groups as they are; or the posterior
        with a uniform prior for each share (its mean is P), which also covers groups that are
        unanimous or small, where all resamples look alike.
    level : float
        Coverage of the intervals.
    n : int
        Replicates, or posterior draws.
    seed : int, Generator or None
        For resampling and, without `groups`, for finding them.

    Returns
    -------
    CommentRepresentativeness
        Labelled arrays, `consensus_list()` and `representative(group)`.

    Raises
    ------
    DataError
        As `group_informed_consensus`; also if there are fewer than two groups.
    LabelError
        As `group_informed_consensus`.

    Warns
    -----
    SmallSampleWarning
        If fewer than six participants are resampled.

    Notes
    -----
    The z statistics are Polis' own: the added vote makes them lean to the stance, more the fewer
    the votes, and a comment that a group has not seen has z_P = 1. They are tests of one comment
    each, without correction for the number of comments. Groups that were found from the same
    votes differ on them by construction.

    References
    ----------
    C. Small et al. (2021), Polis: scaling deliberation by mapping high dimensional opinion
    spaces, Recerca 26.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.choice import comment_representativeness
    >>> votes = np.array([1] * 8 + [-1] * 2 + [1] * 3 + [-1] * 17)[:, None]
    >>> result = comment_representativeness(votes, groups=["in"] * 10 + ["out"] * 20)
    >>> float(result.ratio.sel(stance="agree", group="in", comment=0))
    4.125
    >>> result.representative("in")[["comment", "stance", "z_share", "z_ratio"]].round(3)
       comment stance  z_share  z_ratio
    0        0  agree    2.111    3.434
    """
    _validate.one_of("interval", interval, ("bootstrap", "posterior"))
    level = _validate.level("level", level)
    _validate.whole_number("n", n, at_least=2)
    matrix = read_votes("votes", votes)
    member = members(matrix, groups, seed)
    if len(member.labels) < 2:
        raise DataError(
            f"`groups` has the single group {member.labels[0]!r}; its votes cannot be held "
            "against anybody else's"
        )
    table = indicators(matrix, member, "agree", "disagree")
    counts = kernels.count_votes(table)
    if interval == "posterior":
        bounds = _posterior(counts, level, n, seed)
    else:
        bounds = _resampled(table, len(member.row), level, n, seed)
    return _labelled(matrix, member, counts, bounds, level, interval)


#: Intervals of share, ratio (stance, group, comment, bound) and consensus (stance, comment, bound).
Bounds = tuple[FloatArray, FloatArray, FloatArray]


def _posterior(counts: kernels.GroupVotes, level: float, n: int, seed: Any) -> Bounds:
    from scipy.special import betaincinv

    generator = _validate.generator("seed", seed)
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    yes, no = counts.chosen, counts.seen - counts.chosen  # (stances, groups, comments)
    outside = [1 + part.sum(axis=1, keepdims=True) - part for part in (yes, no)]
    share = betaincinv(1 + yes[..., None], 1 + no[..., None], tails)
    ratio = np.empty((*yes.shape, 2))
    consensus = np.empty((yes.shape[0], yes.shape[2], 2))
    for comment in range(yes.shape[2]):  # one at a time: the draws of all would not fit
        at = (..., slice(comment, comment + 1))
        size = (n, *yes[at].shape)
        inside = generator.beta(1 + yes[at], 1 + no[at], size)
        ratios = inside / generator.beta(outside[0][at], outside[1][at], size)
        products = inside.prod(axis=2)  # (draws, stances, 1)
        ratio[:, :, comment] = np.moveaxis(np.quantile(ratios, tails, axis=0), 0, -1)[:, :, 0]
        consensus[:, comment] = np.quantile(products, tails, axis=0)[..., 0].T
    return share, ratio, consensus


def _resampled(
    table: kernels.Indicators, n_members: int, level: float, n: int, seed: Any
) -> Bounds:
    n_groups = len(table.row)

    def replicates(_: Any, *, unit: str, weights: FloatArray) -> FloatArray:
        counts = kernels.count_votes(table, weights)
        parts = (
            kernels.smoothed_share(*counts),
            kernels.share_ratio(counts),
            kernels.consensus_scores(counts)[..., None, :],
        )
        return np.concatenate(parts, axis=-2)  # (replicates, stances, 2 groups + 1, comments)

    @batched_by(replicates)
    def estimate(places: npt.NDArray[np.intp]) -> FloatArray:
        return np.asarray(replicates(None, unit="row", weights=np.ones((1, len(places))))[0])

    drawn = bootstrap(estimate, np.arange(n_members), n=n, level=level, seed=seed, progress=False)
    bounds = np.asarray(drawn.interval)  # (stances, 2 groups + 1, comments, 2)
    return bounds[:, :n_groups], bounds[:, n_groups:-1], bounds[:, -1]


def _labelled(
    matrix: VoteMatrix,
    member: Grouped,
    counts: kernels.GroupVotes,
    bounds: Bounds,
    level: float,
    interval: str,
) -> CommentRepresentativeness:
    import xarray as xr

    coords = {
        "stance": list(STANCES),
        "group": _labels.as_coordinate(member.labels),
        **matrix.comment_coord,
        "ci_bound": ["lower", "upper"],
    }

    def label(values: Any, *dims: str) -> xr.DataArray:
        attrs = {"ci_kind": interval, "ci_prob": level} if "ci_bound" in dims else {}
        return xr.DataArray(
            np.asarray(values), dims=dims, coords={d: coords[d] for d in dims}, attrs=attrs
        )

    by_group = ("stance", "group", "comment")
    return CommentRepresentativeness(
        chosen=label(counts.chosen, *by_group),
        votes=label(counts.seen[0], "group", "comment"),
        share=label(kernels.smoothed_share(*counts), *by_group),
        share_interval=label(bounds[0], *by_group, "ci_bound"),
        ratio=label(kernels.share_ratio(counts), *by_group),
        ratio_interval=label(bounds[1], *by_group, "ci_bound"),
        z_share=label(kernels.share_z(counts), *by_group),
        z_ratio=label(kernels.two_share_z(counts), *by_group),
        consensus=label(kernels.consensus_scores(counts), "stance", "comment"),
        consensus_interval=label(bounds[2], "stance", "comment", "ci_bound"),
        group_size=label(np.bincount(member.group, minlength=len(member.labels)), "group"),
        ungrouped=member.ungrouped,
        level=level,
        interval=interval,
    )

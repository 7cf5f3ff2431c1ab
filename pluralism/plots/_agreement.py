"""Which groups of raters agree with which."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _quiet
from ..errors import DataError, LabelError, PluralismError, SmallSampleWarning
from . import _style

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from ..data import Annotations

__all__ = ["between_groups", "group_agreement"]

#: Above so many groups no number can be written.
_MOST_GROUPS = 30


def group_agreement(
    annotations: Annotations, ax: Axes | None = None, *, group: str | None = None
) -> Axes:
    """Draw chance-corrected agreement within groups of raters and between every two.

    On the diagonal stands Krippendorff's alpha of a group's own raters, elsewhere the
    cross-replication reliability of two groups, which is alpha for pairs of one rater from each.
    A group that is lighter on the diagonal than elsewhere in its row has a view of its own. Cells
    without enough shared labels stay blank.

    Parameters
    ----------
    annotations : Annotations
        Labels with raters and their groups.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    group : str, optional
        Group column; may be left out where there is one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes. Its colour map gets lighter monotonically, so it can be read in greyscale.

    Raises
    ------
    DataError
        If `annotations` is no `Annotations`, has no groups, more than 30, or too few labels.
    LabelError
        If there is no such grouping.

    References
    ----------
    K. Wong, P. Paritosh and L. Aroyo (2021), Cross-replication reliability, ACL.

    Examples
    --------
    >>> import pandas as pd
    >>> from pluralism import Annotations, plots
    >>> table = pd.DataFrame(
    ...     [(i, r, (i + (r > 2 and i == 1)) % 3) for i in range(5) for r in range(6)],
    ...     columns=["item", "rater", "label"],
    ... )
    >>> table["side"] = ["left" if rater < 3 else "right" for rater in table["rater"]]
    >>> ratings = Annotations.from_frame(
    ...     table, item="item", rater="rater", label="label", group="side"
    ... )
    >>> ax = plots.group_agreement(ratings)
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['left', 'right']
    """
    table = between_groups(annotations, group)
    labels = table["group"].values.tolist()
    values = table.values
    known = values[np.isfinite(values)]
    if not len(known):
        raise DataError("no group has enough shared labels for agreement to be told from chance")
    # The shades span what occurs, to a tenth: groups differ by less than agreement could.
    low, high = np.floor(10 * known.min()) / 10, np.ceil(10 * known.max()) / 10
    ax = _style.matrix(
        ax, values, labels, labels, low=float(low), high=float(max(high, low + 0.1)),
        meaning="alpha (diagonal),\ncross-replication reliability", written=".2f",
    )  # fmt: skip
    n = f"{len(annotations.raters or ()):,} raters, {annotations.n_items:,} items"
    _style.caption(ax, f"agreement by {table.name}\n{n}, n = {annotations.n_labels:,} labels")
    return ax


def between_groups(annotations: Any, group: Hashable | None = None) -> xr.DataArray:
    """Agreement within (diagonal) and between groups, (group, group_bis); NaN where unknown."""
    import xarray as xr

    from ..data import Annotations, _labels
    from ..jury import cross_replication_reliability, krippendorff_alpha

    if not isinstance(annotations, Annotations):
        raise DataError(
            f"`annotations` is a {type(annotations).__name__}; it must be an `Annotations`, which "
            "`Annotations.from_frame` makes"
        )
    if annotations.rater is None or not annotations.groups:
        raise DataError("`annotations` has no groups of raters; name their column with `group`")
    if group is None and len(annotations.groups) == 1:
        (group,) = annotations.groups
    if group not in annotations.groups:
        raise LabelError.unknown(
            "`group`", group, known=list(annotations.groups), argument="the group columns"
        )
    grouping = annotations.groups[str(group)]
    n = len(grouping.labels)
    if n > _MOST_GROUPS:
        raise DataError(f"`group` {group!r} has {n} groups; at most {_MOST_GROUPS} are compared")
    code = grouping.codes[annotations.rater]
    pools = [_cells(annotations, code == place) for place in range(n)]
    values = np.full((n, n), np.nan)
    with _quiet.held_back(SmallSampleWarning):
        for one in range(n):
            for other in range(one, n):
                try:
                    values[one, other] = values[other, one] = (
                        krippendorff_alpha(pools[one])
                        if one == other
                        else cross_replication_reliability(pools[one], pools[other])
                    )
                except PluralismError:
                    continue  # too few shared labels, or one category only: the cell stays blank
    label = _labels.as_coordinate(grouping.labels)
    return xr.DataArray(
        values,
        dims=("group", "group_bis"),
        coords={"group": label, "group_bis": label},
        name=str(group),
    )


def _cells(annotations: Annotations, kept: Any) -> Annotations:
    """The labels of some raters, among the same items and categories."""
    return replace(
        annotations,
        item=annotations.item[kept],
        label=annotations.label[kept],
        weight=annotations.weight[kept],
        squares=None if annotations.squares is None else annotations.squares[kept],
        rater=None if annotations.rater is None else annotations.rater[kept],
        n_labels=int(np.ceil(annotations.weight[kept].sum())),
    )

"""Which groups of raters agree with which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from . import _style

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from ..data import Annotations

__all__ = ["draw_between", "group_agreement"]


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
    from ..jury._between_groups import between_groups

    return draw_between(between_groups(annotations, group), annotations, ax)


def draw_between(table: xr.DataArray, annotations: Annotations, ax: Axes | None = None) -> Axes:
    """Draw what `between_groups` found of these annotations."""
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

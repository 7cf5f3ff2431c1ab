"""Agreement within groups of raters and between every two of them, as one table."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _quiet
from ..data import _labels
from ..errors import DataError, LabelError, PluralismError, SmallSampleWarning
from ._agreement import krippendorff_alpha
from ._cross import cross_replication_reliability
from ._inputs import as_annotations

if TYPE_CHECKING:
    import xarray as xr

    from ..data import Annotations

__all__ = ["between_groups"]

#: Pairs of more groups take long, and no figure could hold them.
_MOST_GROUPS = 30


def between_groups(annotations: Any, group: Hashable | None = None) -> xr.DataArray:
    """Agreement within (diagonal) and between groups, (group, group_bis); NaN where unknown."""
    import xarray as xr

    as_annotations("annotations", annotations)
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

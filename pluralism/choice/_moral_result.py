"""A moral graph as an answer: edges, values and groups, and their tables."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._moral_votes import COUNTERS

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["MoralGraph"]


@dataclass(frozen=True, eq=False)
class MoralGraph:
    """Values, and the transitions between them that people find wiser.

    Attributes
    ----------
    edges : xarray.Dataset, (edge,)
        Coordinates `source` and `wiser`. Counts `marked_wiser`, `marked_not_wiser`,
        `marked_unsure`, `marked_less_wise`, `impressions`; `likelihood` in [-1, 1] with
        `likelihood_interval` (edge, ci_bound); `entropy` and `published_entropy` in bits;
        `kept`, whether the edge is in the graph, `kept_published`, whether the published rule
        keeps it, and `kept_probability`, the share of resamples in which it is in the graph.
    values : xarray.Dataset, (value,)
        `wisdom`, `wisdom_rank`, `pagerank` and `pagerank_rank`, each with an `..._interval`
        (value, ci_bound); `in_graph`, whether an edge that was kept touches the value.
    groups : xarray.Dataset or None, (group, value)
        With groups: `votes` and `likelihood` of each group on the kept edges into each value,
        with `likelihood_interval`; and `bridging` (value,), whether every group finds the value
        wiser on balance.
    cycles : tuple of tuple
        For every set of values that lead back to each other, one shortest cycle.
    ungrouped : int
        Votes without a group.
    resampled : str
        "raters", or "shares" where single raters are not known.
    level : float
        Coverage of the intervals.
    """

    edges: xr.Dataset = field(repr=False)
    values: xr.Dataset = field(repr=False)
    groups: xr.Dataset | None = field(repr=False)
    cycles: tuple[tuple[Hashable, ...], ...]
    ungrouped: int
    resampled: str
    level: float

    def summary(self) -> pd.DataFrame:
        """List the values by wisdom, the largest first.

        Returns
        -------
        pandas.DataFrame
            Indexed by value: ``wisdom``, ``wisdom_rank``, ``pagerank`` and ``pagerank_rank``,
            each with ``_lower`` and ``_upper``, and ``bridging`` where groups are known.
        """
        import pandas as pd

        table: dict[str, Any] = {}
        for name in ("wisdom", "wisdom_rank", "pagerank", "pagerank_rank"):
            table[name] = self.values[name].values
            lower, upper = self.values[f"{name}_interval"].values.T
            table[f"{name}_lower"], table[f"{name}_upper"] = lower, upper
        if self.groups is not None:
            table["bridging"] = self.groups["bridging"].values
        frame = pd.DataFrame(table, index=pd.Index(self.values["value"].values, name="value"))
        return frame.sort_values(["wisdom", "pagerank"], ascending=False, kind="stable")

    def edge_table(self) -> pd.DataFrame:
        """List the edges in the order of the input.

        Returns
        -------
        pandas.DataFrame
            ``source``, ``wiser``, the counts, ``likelihood`` with ``lower`` and ``upper``, both
            entropies, ``kept``, ``kept_published`` and ``kept_probability``.
        """
        flat = self.edges.drop_dims("ci_bound").to_dataframe().reset_index(drop=True)
        flat["lower"], flat["upper"] = self.edges["likelihood_interval"].values.T
        counts = [*COUNTERS, "impressions", "likelihood", "lower", "upper", "entropy"]
        kept = ["published_entropy", "kept", "kept_published", "kept_probability"]
        return flat[["source", "wiser", *counts, *kept]]

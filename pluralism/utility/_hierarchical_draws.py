"""Draws of a hierarchical fit as a labelled tree, by the schema that ArviZ reads."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from ..data import _labels
from ..kernels._pooling_votes import Extras, VoteCells, zero_sum_basis

__all__ = ["label_draws"]

_SAMPLE = ("chain", "draw")


def label_draws(
    items: tuple[Hashable, ...],
    labels: Mapping[str, tuple[Hashable, ...]],
    extras: Extras,
    cells: VoteCells,
    drawn: Mapping[str, npt.NDArray[Any]],
    stats: Mapping[str, npt.NDArray[Any]],
) -> xr.DataTree:
    """Name what was drawn.

    Parameters
    ----------
    items : tuple
        Labels of the items.
    labels : mapping
        Labels of the blocks of each level below the population, in their order.
    extras : Extras
        What all blocks share.
    cells : VoteCells
        The votes, by block of the last level.
    drawn, stats : mapping of array, (chains, draws, ...)
        Parameters, as the model names them, and statistics of the sampler.
    """
    item = _labels.as_coordinate(items)
    shared = drawn["shared"]
    posterior: dict[str, Any] = {"utility": ((*_SAMPLE, "item"), drawn["level_0"][:, :, 0])}
    for place, level in enumerate(labels, start=1):
        posterior[f"{level}_utility"] = ((*_SAMPLE, level, "item"), drawn[f"level_{place}"])
    for place, level in enumerate(["population", *labels]):
        posterior[f"{level}_spread"] = (_SAMPLE, drawn["spread"][:, :, place])
    lead = extras.order + extras.ties
    if extras.order:
        posterior["order_effect"] = (_SAMPLE, shared[:, :, 0])
    if extras.ties:
        posterior["tie_parameter"] = (_SAMPLE, np.exp(shared[:, :, lead - 1]))
    if extras.variances:
        logarithm = shared[:, :, lead:] @ zero_sum_basis(len(item)).T
        posterior["variance"] = ((*_SAMPLE, "item"), np.exp(logarithm))
    sample = {"chain": np.arange(shared.shape[0]), "draw": np.arange(shared.shape[1])}
    blocks = {level: _labels.as_coordinate(names) for level, names in labels.items()}
    observed: dict[str, Any] = {
        "first": ("cell", item[cells.first]),
        "second": ("cell", item[cells.second]),
        **{level: ("cell", blocks[level][cells.block]) for level in list(labels)[-1:]},
        "won": ("cell", cells.won),
        "lost": ("cell", cells.lost),
        "tied": ("cell", cells.tied),
    }
    library = {"inference_library": "numpyro" if stats else "pluralism"}
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(posterior, {**sample, "item": item, **blocks}, library),
            "sample_stats": xr.Dataset(
                {name: (_SAMPLE, value) for name, value in stats.items()}, sample
            ),
            "observed_data": xr.Dataset(observed),
        }
    )

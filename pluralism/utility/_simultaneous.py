"""What holds for all items of a fit at once: intervals, ranks, and who could be first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..kernels import _contrasts

if TYPE_CHECKING:
    import xarray as xr

    from ._fit import UtilityFit

__all__ = ["could_be_first", "critical_deviation", "intervals", "rank_intervals"]

FloatArray = npt.NDArray[np.float64]

#: Up to this many items critical values of differences, and of items, are simulated.
_SIMULATED_PAIRS, _SIMULATED_ITEMS = 150, 1000
_DRAWS = 20_000


def critical_deviation(fit: UtilityFit, level: float, generator: np.random.Generator) -> float:
    """Half-width, in standard errors, of intervals that hold all utilities at once."""
    matrix = fit.covariance.values
    return _contrasts.critical_deviation(
        matrix, level, _draws(len(matrix), _SIMULATED_ITEMS), generator
    )


def intervals(
    fit: UtilityFit, level: float, differences: bool, generator: np.random.Generator
) -> xr.DataArray:
    """Intervals of all utilities, or of all their differences."""
    import xarray as xr

    matrix, item = fit.covariance.values, fit.utility["item"].values
    estimate, spread = fit.utility.values, fit.stderr.values
    coordinates = {"item": item, "ci_bound": ["lower", "upper"]}
    dims: tuple[str, ...] = ("item",)
    if differences:
        draws = _draws(len(matrix), _SIMULATED_PAIRS)
        critical = _contrasts.critical_range(matrix, level, draws, generator)
        estimate = estimate[:, None] - estimate[None, :]
        spread = np.sqrt(_contrasts.contrast_variances(matrix))
        dims, coordinates = ("item", "item_bis"), {**coordinates, "item_bis": item}
    else:
        draws = _draws(len(matrix), _SIMULATED_ITEMS)
        critical = _contrasts.critical_deviation(matrix, level, draws, generator)
    half = critical * spread
    return xr.DataArray(
        np.stack([estimate - half, estimate + half], axis=-1),
        dims=(*dims, "ci_bound"),
        coords=coordinates,
        name="difference" if differences else "utility",
        attrs={**_attributes(level, draws), "critical_value": critical, "units": fit.units},
    )


def rank_intervals(fit: UtilityFit, level: float, generator: np.random.Generator) -> xr.DataArray:
    """Rank bounds from all pairwise differences at once."""
    import xarray as xr

    matrix = fit.covariance.values
    draws = _draws(len(matrix), _SIMULATED_PAIRS)
    above, critical = _contrasts.surely_above(fit.utility.values, matrix, level, draws, generator)
    bounds = _contrasts.rank_bounds(above)
    return xr.DataArray(
        np.stack([bounds.lower, bounds.upper], axis=1),
        dims=("item", "ci_bound"),
        coords={"item": fit.utility["item"].values, "ci_bound": ["lower", "upper"]},
        name="rank",
        attrs={**_attributes(level, draws), "critical_value": critical},
    )


def could_be_first(
    fit: UtilityFit, level: float, generator: np.random.Generator
) -> tuple[Hashable, ...]:
    """Items that no other is surely above."""
    matrix = fit.covariance.values
    out = _contrasts.never_first(
        fit.utility.values, matrix, level, _draws(len(matrix), _SIMULATED_PAIRS), generator
    )
    left = np.flatnonzero(~out)
    order = np.argsort(-fit.utility.values[left], kind="stable")
    return tuple(fit.items[place] for place in left[order])


def _draws(items: int, most: int) -> int:
    return _DRAWS if items <= most else 0


def _attributes(level: float, draws: int) -> dict[str, object]:
    method = (
        f"critical value from {draws:,} draws of the estimates' joint normal distribution"
        if draws
        else "Sidak's critical value (conservative)"
    )
    return {"ci_kind": "simultaneous", "ci_prob": level, "method": method}

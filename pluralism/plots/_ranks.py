"""How probable it is that each item holds each rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from . import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["rank_probabilities"]

FloatArray = npt.NDArray[np.float64]

_MOST = 200
_WRITTEN = 12


def rank_probabilities(draws: Any, ax: Axes | None = None) -> Axes:
    """Draw the share of draws in which each item holds each rank, 1 being the highest value.

    Parameters
    ----------
    draws : Bootstrap, DataTree, DataArray or array_like, (..., items)
        Replicates or posterior draws of utilities: what `bootstrap` returns for a fit; a
        posterior with the variable ``utility``; or an array whose dimension `item` (its last
        one, if it has no such name) holds the items. Draws with a value that is not finite are
        left out, and the heading says how many; equal values share their ranks.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes, items in the order of their mean rank. Its colour map gets lighter
        monotonically, so it can be read in greyscale.

    Raises
    ------
    DataError
        If there are no draws, fewer than two items, or more than 200; or a dimension besides
        draws and items.

    Examples
    --------
    >>> import xarray as xr
    >>> from pluralism import plots
    >>> draws = xr.DataArray(
    ...     [[2.0, 1.0], [3.0, 0.5], [0.1, 0.2], [1.0, 0.0]],
    ...     dims=("draw", "item"), coords={"item": ["a", "b"]},
    ... )
    >>> ax = plots.rank_probabilities(draws)
    >>> [text.get_text() for text in ax.texts]
    ['75', '25', '25', '75']
    """
    values, labels = _draws(draws)
    good = values[np.isfinite(values).all(axis=1)]
    n = values.shape[1]
    if not len(good) or n < 2 or n > _MOST:
        raise DataError(
            f"`draws` holds {len(good)} finite draws of {n} items; ranks need a draw, and 2 to "
            f"{_MOST} items"
        )
    share = _shares(good)
    order = np.argsort(share @ np.arange(n), kind="stable")
    table = 100 * share[order]
    ax = _style.matrix(
        ax, table, [labels[place] for place in order], range(1, n + 1), low=0.0,
        high=float(10 * np.ceil(table.max() / 10)),
        meaning="draws with this rank (%)", written=".0f" if n <= _WRITTEN else None,
        cell=float(np.clip(6.0 / n, 0.11, 0.55)),
    )  # fmt: skip
    points = min(_style.size(ax)) * _style.POINTS_PER_INCH / n
    step = _style.labels_that_fit(ax.yaxis, [labels[place] for place in order], points, largest=8.5)
    wide = max(step, int(np.ceil(n / 20)))
    ranks = list(range(0, n, wide))
    _style.tick_labels(ax.xaxis, ranks, [place + 1 for place in ranks], fontsize=8.5)
    ax.set_xlabel("rank", fontsize=9, color=_style.INK)
    lost = len(values) - len(good)
    text = f"{n:,} items  ·  {_style.count(len(good), 'draws')}"
    text += f" ({lost:,} failed)" if lost else ""
    text += f"\none label in {step} is written" if step > 1 else ""
    _style.caption(ax, text)
    return ax


def _draws(draws: Any) -> tuple[FloatArray, list[Any]]:
    """Draws as (draws, items), and the items' labels."""
    values = getattr(draws, "replicates", draws)
    for name in ("posterior", "utility"):
        # A DataTree, an InferenceData and a Dataset answer to the names of what they hold.
        if not hasattr(values, "dims") or name in getattr(values, "children", ()):
            values = getattr(values, name, values)
        elif name in getattr(values, "data_vars", ()):
            values = values[name]
    dims = tuple(getattr(values, "dims", ()))
    labels = None
    if dims and hasattr(values, "transpose") and hasattr(values, "coords"):
        last = "item" if "item" in dims else dims[-1]
        others = [dim for dim in dims if dim != last]
        strange = [dim for dim in others if dim in ("group", "rater")]
        if strange:
            raise DataError(
                f"`draws` has the dimension {strange[0]!r}; choose one, such as "
                f"`draws.sel({strange[0]}=...)`"
            )
        values = values.transpose(*others, last)
        labels = values[last].values.tolist() if last in values.coords else None
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.ndim < 2:
        raise DataError(
            f"`draws` is a {type(draws).__name__}; it must be a Bootstrap of utilities, a "
            "posterior with `utility`, or an array of draws x items"
        )
    array = array.reshape(-1, array.shape[-1])
    return array, labels if labels is not None else list(range(array.shape[1]))


def _shares(values: FloatArray) -> FloatArray:
    """Share of draws in which an item holds a rank, (items, ranks); ties share their ranks."""
    from scipy.stats import rankdata

    n = values.shape[1]
    first = rankdata(-values, axis=1, method="min").astype(np.intp) - 1
    last = rankdata(-values, axis=1, method="max").astype(np.intp) - 1
    share = np.zeros((n, n + 1))
    item = np.broadcast_to(np.arange(n), first.shape)
    weight = 1.0 / (last - first + 1)
    # A tied item gets an equal part of every rank from its first to its last.
    np.add.at(share, (item, first), weight)
    np.add.at(share, (item, last + 1), -weight)
    return np.cumsum(share, axis=1)[:, :n] / len(values)

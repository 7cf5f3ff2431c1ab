"""How many different views there are, however much rare ones count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from . import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["diversity_profile"]


def diversity_profile(counts: Any, ax: Axes | None = None, *, q: Any = None) -> Axes:
    """Draw effective numbers of views (Hill numbers) over the order q, a line for each row.

    At q = 0 every view counts once, however rare; at 1 a line is the exponential of the entropy,
    at 2 the inverse probability that two answers agree. Lines that cross are populations whose
    order of diversity depends on how much rare views count.

    Parameters
    ----------
    counts : Annotations, frame, DataArray, mapping or array_like, (rows, categories)
        Counts of answers of at most five rows. Of Annotations, one row: all labels together.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    q : array_like, (orders,), optional
        Orders, finite and at least 0; 0 to 4 by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    DataError
        If there are more than five rows or an order is infinite; also as
        `perspective.hill_numbers`.

    Examples
    --------
    >>> import pandas as pd
    >>> from pluralism import plots
    >>> answers = pd.DataFrame({"yes": [50, 90], "no": [50, 10]}, index=["people", "model"])
    >>> ax = plots.diversity_profile(answers)
    >>> [float(line.get_ydata()[0]) for line in ax.lines[:2]]
    [2.0, 2.0]
    """
    from ..data import Annotations
    from ..perspective import hill_numbers

    if isinstance(counts, Annotations):
        counts = counts.counts().sum("item").expand_dims(row=["all labels"])
    orders = np.linspace(0.0, 4.0, 81) if q is None else np.sort(np.atleast_1d(q).astype(float))
    if not np.isfinite(orders).all():
        raise DataError("`q` holds an infinite order, which has no place on an axis")
    found = hill_numbers(counts, q=orders)
    values = np.asarray(found)
    if values.ndim == 1:
        values = values[None]
    if values.ndim != 2 or len(values) > len(_style.SERIES):
        raise DataError(
            f"`counts` gives lines of shape {values.shape[:-1]}; at most {len(_style.SERIES)} rows "
            "can be told apart in one figure"
        )
    names, sizes = _rows(found, counts, len(values))

    ax = _style.axes(ax, width=6.4, height=3.8)
    marked = np.linspace(0, len(orders) - 1, min(9, len(orders))).astype(np.intp)
    for line, name, n, (colour, marker) in zip(values, names, sizes, _style.SERIES, strict=False):
        label = _style.text_of(name, 28) + (f" ({_style.count(n, 'answers')})" if n else "")
        ax.plot(
            orders, line, color=colour, marker=marker, markevery=marked.tolist(), markersize=5,
            linewidth=1.6, label=label,
        )  # fmt: skip
    _style.quiet(ax, both=True)
    ax.set_ylim(bottom=min(1.0, float(values.min())))
    ax.set_xlabel("order q: how little rare views count", fontsize=9, color=_style.INK)
    ax.set_ylabel("effective number of views", fontsize=9, color=_style.INK)
    _style.legend(ax, columns=2)
    return ax


def _rows(found: Any, counts: Any, n: int) -> tuple[list[Any], list[float]]:
    """Labels of the lines, and the answers behind each (0 for shares)."""
    names: list[Any] = ["answers"] if n == 1 else [f"row {place}" for place in range(n)]
    dims: tuple[Any, ...] = getattr(found, "dims", ())
    if len(dims) == 2 and dims[0] in found.coords:
        names = found[dims[0]].values.tolist()
    given = counts.values() if isinstance(counts, dict) else counts
    totals = np.asarray(list(given) if isinstance(counts, dict) else given, dtype=float)
    totals = totals.reshape(n, -1).sum(axis=1)
    return names, [float(total) if total > 1.5 else 0.0 for total in totals]

"""Utilities of several groups, or of several fits, side by side."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, LabelError
from . import _style
from ._input import as_fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = npt.NDArray[np.float64]

__all__ = ["group_utilities"]

#: As many as there are colours with markers that can be told apart.
MOST_GROUPS = len(_style.SERIES)


class _Series(NamedTuple):
    label: str
    estimate: FloatArray  # (items,), NaN where it has none
    lower: FloatArray
    upper: FloatArray


def group_utilities(
    fits: Any,
    ax: Axes | None = None,
    *,
    level: float = 0.95,
    items: Sequence[Hashable] | None = None,
    groups: Sequence[Hashable] | None = None,
) -> Axes:
    """Draw utilities by group with pointwise intervals, the groups of an item under each other.

    Every group has a colour and a marker of its own. Items stand in the order of their mean over
    the groups.

    Parameters
    ----------
    fits : GroupFits, or mapping of label to UtilityFit
        Fits of groups, as `utility.fit_groups` returns; or any fits in the same units.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure that is tall enough for all labels.
    level : float
        Coverage of the intervals, in (0, 1).
    items, groups : sequence, optional
        Draw these only; of groups, at most five.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    DataError
        If there is no fit, there are more than five groups, their units differ, or `level` is
        not in (0, 1).
    LabelError
        If an item or a group is unknown.

    Examples
    --------
    >>> from pluralism import Comparisons, plots, utility
    >>> wins = [[0, 6, 8], [4, 0, 7], [2, 3, 0]]
    >>> fits = {
    ...     name: utility.fit_bradley_terry(Comparisons.from_matrix(table, items=["a", "b", "c"]))
    ...     for name, table in (("here", wins), ("there", [row[::-1] for row in wins[::-1]]))
    ... }
    >>> ax = plots.group_utilities(fits)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['here (n = 30 votes)', 'there (n = 30 votes)']
    """
    level = _validate.level("level", level)
    labels, series, units = _of_groups(fits, level) if _is_groups(fits) else _of_fits(fits, level)
    names = list(fits.groups if _is_groups(fits) else fits)
    series = [series[place] for place in _chosen("groups", names, groups)]
    if len(series) > MOST_GROUPS:
        raise DataError(
            f"`fits` holds {len(series)} groups; at most {MOST_GROUPS} can be told apart in one "
            "figure, so choose some with `groups`"
        )
    chosen = _chosen("items", labels, items)
    estimates = np.array([each.estimate for each in series])  # (groups, items)
    known = np.isfinite(estimates)
    mean = np.where(known, estimates, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    chosen = chosen[known.any(axis=0)[chosen]]
    order = chosen[np.argsort(-mean[chosen], kind="stable")]
    n = len(order)

    row_height = max(9.0 * len(series) + 5.0, 14.0) if n <= 40 else 4.0 * len(series) + 3.0
    ax = _style.axes(ax, width=7.2, height=1.2 + n * row_height / _style.POINTS_PER_INCH)
    points = _style.size(ax)[1] * _style.POINTS_PER_INCH / n
    ax.set_ylim(n - 0.4, -0.6)
    ax.axvline(0.0, color=_style.FAINT, linewidth=0.8, zorder=1)
    for band in range(1, n, 2):
        ax.axhspan(band - 0.5, band + 0.5, color=_style.RULE, alpha=0.25, linewidth=0, zorder=0)
    offset = (np.arange(len(series)) - 0.5 * (len(series) - 1)) * 0.8 / len(series)
    size = float(np.clip(points / (2.2 * len(series)), 1.5, 5.5))
    for each, shift, (colour, marker) in zip(series, offset, _style.SERIES, strict=False):
        row = np.arange(n) + shift
        ax.hlines(
            row, each.lower[order], each.upper[order],
            color=colour, alpha=0.55, linewidth=0.4 * size, zorder=2,
        )  # fmt: skip
        ax.plot(
            each.estimate[order], row,
            marker, color=colour, markersize=size, label=each.label, zorder=3,
        )  # fmt: skip
    _style.quiet(ax)
    step = _style.labels_that_fit(ax.yaxis, [labels[place] for place in order], points)
    _style.legend(ax, columns=min(len(series), 3))
    parts = (
        f"utility{f' ({units})' if units else ''}  ·  bars: pointwise {100 * level:g}% intervals"
    )
    parts += f"  ·  {n:,} of {len(labels):,} items" if n < len(labels) else f"  ·  {n:,} items"
    if step > 1:
        parts += f"\none label in {step} is written"
    ax.set_xlabel(parts.replace("$", r"\$"), fontsize=9, color=_style.INK)
    return ax


def _is_groups(fits: Any) -> bool:
    return {"group", "item"} <= set(getattr(getattr(fits, "utility", None), "dims", ()))


def _of_groups(fits: Any, level: float) -> tuple[list[Hashable], list[_Series], str]:
    table = fits.summary(level=level)
    n = len(fits.items)
    series = [
        _Series(
            _named(group, votes),
            *(table[name].to_numpy()[place * n : (place + 1) * n] for name in _COLUMNS),
        )
        for place, (group, votes) in enumerate(zip(fits.groups, fits.votes, strict=True))
    ]
    return list(fits.items), series, "log-odds"


_COLUMNS = ("estimate", "lower", "upper")


def _of_fits(fits: Any, level: float) -> tuple[list[Hashable], list[_Series], str]:
    if not isinstance(fits, Mapping) or not fits:
        raise DataError(
            f"`fits` is a {type(fits).__name__}; it must be what `utility.fit_groups` returns, or "
            "a mapping of labels to fits"
        )
    units = {getattr(as_fit(f"fits[{label!r}]", fit), "units", "") for label, fit in fits.items()}
    if len(units) > 1:
        raise DataError(f"`fits` are in different units ({', '.join(sorted(units))})")
    labels: dict[Hashable, int] = {}
    for fit in fits.values():
        for item in fit.utility["item"].values.tolist():
            labels.setdefault(item, len(labels))
    series = []
    for name, fit in fits.items():
        table = fit.summary(level=level)
        table = table[table["kind"] == "item"]
        values = np.full((3, len(labels)), np.nan)
        values[:, [labels[item] for item in table["term"]]] = table[list(_COLUMNS)].to_numpy().T
        series.append(_Series(_named(name, getattr(fit, "n_votes", None)), *values))
    return list(labels), series, units.pop()


def _named(label: Hashable, votes: float | None) -> str:
    n = f" ({_style.count(votes, 'votes')})" if votes else ""
    return _style.text_of(label, 28) + n


def _chosen(
    argument: str, labels: Sequence[Hashable], chosen: Sequence[Hashable] | None
) -> npt.NDArray[np.intp]:
    if chosen is None:
        return np.arange(len(labels))
    known = {label: place for place, label in enumerate(labels)}
    for place, label in enumerate(chosen):
        if label not in known:
            raise LabelError.unknown(
                f"`{argument}[{place}]`", label, known=labels, argument=f"the {argument} of `fits`"
            )
    if not len(chosen):
        raise DataError(f"`{argument}` is empty; leave it out to draw all")
    return np.array([known[label] for label in chosen], dtype=np.intp)

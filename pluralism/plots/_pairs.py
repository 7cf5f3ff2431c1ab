"""How often each item is, or would be, preferred to each other."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _style
from ._input import as_comparisons, is_fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..data import Comparisons

FloatArray = npt.NDArray[np.float64]

__all__ = ["pairwise_matrix"]

_SMALLEST_FONT = 6.5
#: Up to this many items every cell has its number written in it.
_WRITTEN = 16


def pairwise_matrix(fit_or_comparisons: Any, ax: Axes | None = None) -> Axes:
    """Draw how surely the item of a row is preferred to the item of a column.

    From a fit: the model's probability (of a win, where the model has ties). From votes: the
    observed share, a tie counting half; pairs without a vote stay blank. Items stand in order of
    preference, so a coherent set of preferences is light above the diagonal and dark below.

    Parameters
    ----------
    fit_or_comparisons : UtilityFit or Comparisons
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes. Its colour map gets lighter monotonically, so it can be read in greyscale.

    Raises
    ------
    DataError
        If the argument is neither a fit nor a `Comparisons`.

    Examples
    --------
    >>> from pluralism import Comparisons, plots
    >>> votes = Comparisons.from_matrix([[0, 6, 8], [4, 0, 7], [2, 3, 0]], items=["a", "b", "c"])
    >>> ax = plots.pairwise_matrix(votes)
    >>> [text.get_text() for text in ax.texts[:3]]
    ['.60', '.80', '.40']
    """
    if is_fit(fit_or_comparisons):
        table, labels, meaning, votes = _of_fit(fit_or_comparisons)
    else:
        table, labels, meaning, votes = _of_votes(
            as_comparisons("fit_or_comparisons", fit_or_comparisons)
        )
    n = len(labels)
    side = float(np.clip(0.42 * n, 3.4, 7.6))
    longest = min(max(len(_style.text_of(label)) for label in labels), _style.LABEL_LENGTH)
    margin = 0.05 * longest
    ax = _style.axes(ax, width=side + 1.6 + margin, height=side + 0.6 + margin, layout="compressed")
    image = ax.imshow(table, cmap="cividis", vmin=0.0, vmax=1.0, interpolation="nearest")
    ax.tick_params(length=0, colors=_style.INK)
    for spine in ax.spines.values():
        spine.set_visible(False)

    # As many labels as fit, at a size that can be read.
    points = min(_style.size(ax)) * _style.POINTS_PER_INCH / n
    for axis in (ax.xaxis, ax.yaxis):
        step = _style.labels_that_fit(axis, labels, points, largest=9.0, smallest=_SMALLEST_FONT)
    for text in ax.get_xticklabels():
        text.set(rotation=90)
    if n <= _WRITTEN:
        _write_numbers(ax, table)
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.7, aspect=24, pad=0.02)
    bar.set_label(meaning, fontsize=9, color=_style.INK)
    bar.ax.tick_params(labelsize=8, colors=_style.INK, length=0)
    bar.outline.set_visible(False)
    thinned = f"\nin order of preference, one label in {step} is written" if step > 1 else ""
    ax.set_title(
        f"{n:,} items  ·  {_style.count(votes, 'votes')}{thinned}",
        loc="left", fontsize=9, color=_style.INK,
    )  # fmt: skip
    return ax


def _of_fit(fit: Any) -> tuple[FloatArray, list[Hashable], str, float]:
    order = np.argsort(-fit.utility.values, kind="stable")
    table = fit.probability().values[np.ix_(order, order)]
    labels = fit.utility["item"].values[order].tolist()
    return table, labels, "probability that the row\nis preferred to the column", fit.n_votes


def _of_votes(votes: Comparisons) -> tuple[FloatArray, list[Hashable], str, float]:
    won = votes.pairwise().values
    total = won + won.T
    share = np.divide(won, total, out=np.full(won.shape, np.nan), where=total > 0)
    # By mean share over the pairs that met: an order for the eye, not an estimate.
    met = np.maximum((total > 0).sum(axis=1), 1)
    order = np.argsort(-np.nansum(share, axis=1) / met, kind="stable")
    labels = [votes.items[place] for place in order]
    return (
        share[np.ix_(order, order)],
        labels,
        "share of the votes\nfor the row over the column",
        votes.n_votes,
    )


def _write_numbers(ax: Axes, table: FloatArray) -> None:
    for (row, column), value in np.ndenumerate(table):
        if np.isfinite(value):
            written = f"{value:.2f}"
            ax.text(
                column, row, written.removeprefix("0") if value < 1 else written, fontsize=7.5,
                color="white" if value < 0.55 else "black", ha="center", va="center",
            )  # fmt: skip

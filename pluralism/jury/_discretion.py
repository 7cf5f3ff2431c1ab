"""How much is left to the annotator when principles disagree, and how is it used?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..errors import SmallSampleWarning, enumerate_some
from ..kernels import _discretion as kernels
from ._signs import Signs, combine_orders, position_table, read_signs

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["Discretion", "discretion"]

FloatArray = npt.NDArray[np.float64]

KINDS = ("consensus", "conflict", "indifference")

#: With fewer rows, as in the bootstrap, intervals are nominal.
_FEW_ROWS = 6


@dataclass(frozen=True, eq=False)
class Discretion:
    """What principles leave open, and what annotators do with it.

    Attributes
    ----------
    shares : pandas.DataFrame
        Indexed by kind (consensus, conflict, indifference): ``estimate``, ``stderr``, ``lower``,
        ``upper`` of its share of the rows, and ``n`` rows.
    arbitrariness : pandas.DataFrame
        Indexed by annotator: share of the consensus rows that the annotator decided against the
        consensus, with ``stderr``, ``lower``, ``upper`` and ``n``, the consensus rows that it
        decided at all. NaN where there is none.
    supremacy : xarray.DataArray, (annotator, principle, principle_bis)
        How often the annotator sides with the principle when it conflicts with the other; NaN
        where they never conflict in a row that the annotator decided.
    conflicts : xarray.DataArray, (annotator, principle, principle_bis)
        In how many decided rows they conflict.
    priorities : xarray.DataArray, (annotator, principle)
        Bradley-Terry utilities in log-odds, mean zero over the finite ones; +inf for a principle
        that always prevailed, -inf for one that never did, NaN for one that never was in conflict.
    discrepancy : xarray.DataArray, (annotator, annotator_bis)
        (1 - tau_b) / 2 of two annotators' priorities, in [0, 1]: 0 for the same order.
    intervals : mapping of str to xarray.DataArray
        Percentile bounds of ``supremacy``, ``priorities`` and ``discrepancy``, with the last
        dimension `ci_bound`; NaN where the figure is NaN or infinite, or fewer than half the
        resamples have one. A proportion of 0 or 1, whose resamples never vary, has Wilson's
        bounds, here and in the tables.
    kind : xarray.DataArray of str, (row,)
        What the principles say of each row.
    position : pandas.DataFrame
        Indexed by principles and annotators (``role`` says which): ``decided`` rows,
        ``first_share`` of them for the first response, and ``confounded``: whether all are.
        Where principles or annotators were asked in both orders, ``both_orders`` and
        ``inconsistent``: the pairs of answers that contradicted each other, counted as none.
    notes : tuple of str
        What a reader of the numbers should know.
    """

    shares: pd.DataFrame
    arbitrariness: pd.DataFrame
    supremacy: xr.DataArray = field(repr=False)
    conflicts: xr.DataArray = field(repr=False)
    priorities: xr.DataArray = field(repr=False)
    discrepancy: xr.DataArray = field(repr=False)
    intervals: dict[str, xr.DataArray] = field(repr=False)
    kind: xr.DataArray = field(repr=False)
    position: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...]


def discretion(
    principles: Any,
    annotators: Any,
    *,
    swapped_principles: Any = None,
    swapped_annotators: Any = None,
    n_replicates: int = 1000,
    level: float = 0.95,
    seed: Any = None,
    as_published: bool = False,
) -> Discretion:
    r"""Measure the discretion that principles leave to annotators, and its use.

    Parameters
    ----------
    principles : frame or array-like, (rows, principles)
        Which of two responses each principle prefers: 1 the first, -1 the second, 0 or NaN where
        it does not apply or does not decide (see `preference_signs`).
    annotators : frame, Series or array-like, (rows,) or (rows, annotators)
        Which response each annotator preferred, in the same signs; 0 or NaN where undecided.
        Labelled rows are matched with those of `principles`.
    swapped_principles, swapped_annotators : like `principles` and `annotators`, optional
        Signs from a second asking with the responses shown in the other order, still 1 for the
        same *response*. Answers that contradict each other, or of which one is undecided, count
        as no preference.
    n_replicates : int
        Resamples of the rows; at least 2.
    level : float
        Coverage of the intervals, in (0, 1).
    seed : int, numpy.random.Generator, optional
        Of the resamples.
    as_published : bool
        Report what the authors' notebook does: arbitrariness as the mean over resamples of the
        consensus rows alone, discrepancy as the mean over resamples, and the lowest priority for
        a principle that never was in conflict.

    Returns
    -------
    Discretion

    Raises
    ------
    DataError
        If a sign is none of these, shapes differ, or there are fewer than two rows or principles.
    LabelError
        If the rows do not match.

    Warns
    -----
    SmallSampleWarning
        If there are fewer than six rows.

    Notes
    -----
    With :math:`s_c` the sign of principle c and :math:`a` that of the annotator [1]_: a row is
    *indifferent* if every :math:`s_c` is 0, in *conflict* if two have opposite signs, and else
    there is *consensus*. Arbitrariness is :math:`P(a \ne s \mid \text{consensus}, a \ne 0)`,
    supremacy of c over c' is :math:`P(a = s_c \mid s_c = -s_{c'}, a \ne 0)`, and priorities
    maximise the Bradley-Terry likelihood of the supremacies weighted by their conflicts. One row
    gives a win for each conflicting pair, so their curvature is no standard error; intervals
    resample rows.

    Two things bend these figures. Resampling adds noise to rankings, so the mean discrepancy of
    resamples (the published figure) lies above the discrepancy of the data. And where principles
    were asked in one order only, with the response that an annotator chose always shown first,
    a taste of the judge for the first place looks like agreement with that annotator:
    ``position`` shows it and ``notes`` say so.

    References
    ----------
    .. [1] Buyl et al. (2025), AI alignment at your discretion, FAccT, arXiv 2502.10441.

    Examples
    --------
    >>> import pandas as pd
    >>> from pluralism.jury import discretion
    >>> signs = pd.DataFrame({"kind": [1, 1, 0, -1, 1, 1], "honest": [1, -1, 0, 0, -1, -1]})
    >>> found = discretion(signs, pd.Series([1, 1, 1, 1, -1, 1], name="Ann"), seed=0)
    >>> found.shares["estimate"].round(3).to_dict()
    {'consensus': 0.333, 'conflict': 0.5, 'indifference': 0.167}
    >>> found.arbitrariness.loc["Ann", ["estimate", "n"]].to_list()
    [0.5, 2.0]
    >>> found.supremacy.sel(annotator="Ann", principle="kind", principle_bis="honest").item()
    0.666...
    """
    n_replicates = _validate.whole_number("n_replicates", n_replicates, at_least=2)
    level = _validate.level("level", level)
    rng = _validate.generator("seed", seed)
    _validate.one_of("as_published", as_published, (True, False))
    given = read_signs(principles, annotators)
    signs, inconsistent = combine_orders(given, swapped_principles, swapped_annotators)
    n = len(signs.principles)
    if n < _FEW_ROWS:
        _quiet.warn(
            f"only {n} rows to resample: intervals are too short and their level nominal",
            SmallSampleWarning,
            stacklevel=2,
        )
    rows = kernels.sort_rows(signs.principles)
    weights = np.concatenate(
        [np.ones((1, n)), rng.multinomial(n, np.full(n, 1 / n), size=n_replicates)]
    ).astype(np.float64)  # the data themselves come first
    label = _Label(signs, level)

    share = weights @ (rows.kind[:, None] == np.arange(len(KINDS))) / n
    count = np.bincount(rows.kind, minlength=len(KINDS))
    shares = label.table(share, KINDS, "kind", count, of=n)

    drawn = weights
    if as_published:
        drawn = weights.copy()
        inside = np.flatnonzero(rows.kind == kernels.CONSENSUS)
        drawn[1:] = 0.0
        if len(inside):
            drawn[1:, inside] = rng.multinomial(
                len(inside), np.full(len(inside), 1 / len(inside)), size=n_replicates
            )
    against, decided = kernels.arbitrary_weights(rows.sign, signs.annotators, drawn)
    with np.errstate(invalid="ignore"):
        ratio = against / decided
    arbitrary = label.table(
        ratio, signs.annotator_labels, "annotator", decided[0].astype(int), mean=as_published
    )

    size = (len(signs.annotator_labels), len(signs.principle_labels))
    priority = np.empty((len(weights), *size))
    supremacy, conflicts = np.empty((2, *size, size[1]))
    supremacy_bounds = np.empty((2, *supremacy.shape))
    for place in range(size[0]):
        wins = kernels.siding_weights(signs.principles, signs.annotators[:, place], weights)
        total = wins + wins.transpose(0, 2, 1)
        with np.errstate(invalid="ignore"):
            ratio = wins / total
        supremacy[place], conflicts[place] = ratio[0], total[0]
        supremacy_bounds[:, place] = label.proportion(ratio, total[0])
        priority[:, place] = _aligned(kernels.priorities(wins))
    if as_published:
        priority = np.where(np.isnan(priority), -np.inf, priority)
    apart = kernels.discrepancies(priority)
    discrepancy = apart[0].copy()
    if as_published:
        discrepancy = _over_replicates(apart[1:], lambda values: np.nanmean(values, axis=0))
    sides = ("annotator", "principle", "principle_bis")
    ranks, pairs = sides[:2], ("annotator", "annotator_bis")
    return Discretion(
        shares=shares,
        arbitrariness=arbitrary,
        supremacy=label.array(supremacy, sides, "supremacy"),
        conflicts=label.array(conflicts, sides, "conflicts"),
        priorities=label.array(priority[0], ranks, "priority", units="log-odds"),
        discrepancy=label.array(discrepancy, pairs, "discrepancy"),
        intervals={
            "supremacy": label.bounds(supremacy_bounds, supremacy, sides),
            "priorities": label.bounds(label.quantiles(priority[1:]), priority[0], ranks),
            "discrepancy": label.bounds(label.quantiles(apart[1:]), apart[0], pairs),
        },
        kind=label.array(np.array(KINDS, dtype=object)[rows.kind], ("row",), "kind"),
        position=position_table(signs, inconsistent),
        notes=_notes(signs, swapped_principles is not None, as_published),
    )


def _aligned(priority: FloatArray) -> FloatArray:
    """Give resamples the gauge of the data, over what both have finite."""
    both = np.isfinite(priority) & np.isfinite(priority[0])
    count = np.maximum(both.sum(axis=1), 1)
    held = np.where(both, priority[0], 0.0).sum(axis=1) / count
    own = np.where(both, priority, 0.0).sum(axis=1) / count
    return np.asarray(priority - own[:, None] + held[:, None])


def _over_replicates(
    values: FloatArray, reduce: Callable[[FloatArray], FloatArray], *, of: tuple[int, ...] = ()
) -> FloatArray:
    """Reduce the first axis where at least half the replicates have a value; NaN elsewhere.

    The result is (*of, ...).
    """
    enough = 2 * np.isnan(values).sum(axis=0) <= len(values)
    result = np.full((*of, *values.shape[1:]), np.nan)
    if enough.any():
        result[..., enough] = reduce(values[:, enough])
    return result


class _Label:
    """Names and levels for the results of one call."""

    def __init__(self, signs: Signs, level: float) -> None:
        from ..data import _labels

        self.level = level
        self.tails = [(1 - level) / 2, (1 + level) / 2]
        self.coords = {
            "row": _labels.as_coordinate(signs.rows),
            "principle": _labels.as_coordinate(signs.principle_labels),
            "annotator": _labels.as_coordinate(signs.annotator_labels),
        }

    def quantiles(self, values: FloatArray) -> FloatArray:
        """Percentile bounds over the first axis, (2, ...); infinities are not interpolated."""
        finite = not np.isinf(values).any()
        method: Literal["linear", "inverted_cdf"] = "linear" if finite else "inverted_cdf"
        return _over_replicates(
            values,
            lambda part: np.asarray(np.nanquantile(part, self.tails, axis=0, method=method)),
            of=(2,),
        )

    def proportion(self, values: FloatArray, n: Any) -> FloatArray:
        """Bounds of proportions of `n`, the first row being the estimates; (2, ...).

        Resamples of a proportion of 0 or 1 never vary: it gets Wilson's bounds (1927) instead.
        """
        from scipy.special import ndtri

        bounds, share = self.quantiles(values[1:]), values[0]
        flat = ((share == 0) | (share == 1)) & (np.asarray(n) > 0)
        z = float(ndtri(self.tails[1]))
        reach = z**2 / (np.maximum(n, 1) + z**2)
        wilson = np.stack([np.where(share == 1, 1 - reach, 0.0), np.where(share == 1, 1.0, reach)])
        return np.where(flat, wilson, bounds)

    def table(
        self,
        values: FloatArray,
        labels: Any,
        name: str,
        n: Any,
        *,
        of: Any = None,
        mean: bool = False,
    ) -> pd.DataFrame:
        """Tabulate the first row with the spread of the others, (1 + replicates, labels).

        The proportions are of `n` each unless `of` says of how many.
        """
        import pandas as pd

        drawn = values[1:]
        low, high = self.proportion(values, n if of is None else of)
        table = pd.DataFrame(
            {
                "estimate": _over_replicates(drawn, lambda part: np.nanmean(part, axis=0))
                if mean
                else values[0],
                "stderr": _over_replicates(drawn, lambda part: np.nanstd(part, axis=0, ddof=1)),
                "lower": low,
                "upper": high,
                "n": n,
            },
            index=pd.Index(labels, name=name, tupleize_cols=False),
        )
        table.attrs.update(ci_kind="percentile", ci_prob=self.level)
        return table

    def array(self, values: Any, dims: tuple[str, ...], name: str, **attributes: Any) -> Any:
        """Label one array."""
        import xarray as xr

        coords = {dim: self.coords[dim.removesuffix("_bis")] for dim in dims}
        return xr.DataArray(
            values,
            dims=dims,
            coords={dim: (dim, labels) for dim, labels in coords.items()},
            name=name,
            attrs=attributes,
        )

    def bounds(self, bounds: FloatArray, estimate: FloatArray, dims: tuple[str, ...]) -> Any:
        """Label bounds (2, ...), NaN where the estimate has no finite value."""
        found = np.moveaxis(bounds, 0, -1).copy()
        found[~np.isfinite(estimate)] = np.nan
        return (
            self.array(estimate, dims, "interval")
            .expand_dims(ci_bound=["lower", "upper"], axis=-1)
            .copy(data=found)
            .assign_attrs(ci_kind="percentile", ci_prob=self.level)
        )


def _notes(signs: Signs, both_orders: bool, as_published: bool) -> tuple[str, ...]:
    notes = []
    if not both_orders:
        notes.append(
            "principles were asked in one order only: a preference of the judge for a place "
            "cannot be told from one for a response"
        )
        one_sided = [
            name
            for place, name in enumerate(signs.annotator_labels)
            if len(np.unique(signs.annotators[:, place][signs.annotators[:, place] != 0])) == 1
        ]
        if one_sided:
            notes.append(
                f"every decided preference of {enumerate_some(one_sided)} is for the same place, "
                "so the arbitrariness and priorities of that annotator are confounded with the "
                "judge's position bias"
            )
    if as_published:
        notes.append(
            "as published: means over resamples, which for a discrepancy lie above the data's own"
        )
    return tuple(notes)

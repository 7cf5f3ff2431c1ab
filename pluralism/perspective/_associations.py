"""Which values belong to which contexts: contingency tables with dependent counts."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from .._labelled import take
from ..data._labels import as_coordinate, check_labels, in_order, is_missing
from ..errors import DataError
from ..kernels._contingency import contingency, variation
from ..uncertainty._bootstrap import bootstrap
from ..uncertainty._hooks import batched_by

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ValueAssociations", "value_associations"]

FloatArray = npt.NDArray[np.float64]
Correction = Literal["bonferroni", "holm", "bh", "none"]

#: Names of the corrections in statsmodels.
_CORRECTIONS = {"bonferroni": "bonferroni", "holm": "holm", "bh": "fdr_bh"}


@dataclass(frozen=True, eq=False)
class ValueAssociations:
    """How values and contexts go together.

    Attributes
    ----------
    counts, expected : xarray.DataArray, (value, context)
        Observed counts, and those that independence would give.
    residual : xarray.DataArray, (value, context)
        Adjusted Pearson residuals, standard normal under independence of single counts.
    pvalue, adjusted_pvalue : xarray.DataArray, (value, context)
        Two-sided; adjusted over all cells by `correction`.
    chi2, df, chi2_pvalue, cramers_v : float
        Test of the whole table, and its effect size in [0, 1].
    variation : xarray.DataArray, (value,)
        Coefficient of variation of a value's share across contexts: low for values held
        everywhere, NaN for one never met.
    residual_stderr, residual_interval, variation_interval : xarray.DataArray or None
        By resampling conversations; None for a table of counts alone.
    correction : str
        "bonferroni", "holm", "bh" or "none".
    clustered : bool
        Whether p-values rest on conversations (`residual / residual_stderr`) rather than on
        single counts.
    small_expected : int
        Cells with an expected count below 5, whose p-values are rough.
    level : float
        Coverage of the intervals.
    """

    counts: xr.DataArray
    expected: xr.DataArray = field(repr=False)
    residual: xr.DataArray
    pvalue: xr.DataArray = field(repr=False)
    adjusted_pvalue: xr.DataArray
    chi2: float
    df: int
    chi2_pvalue: float
    cramers_v: float
    variation: xr.DataArray
    residual_stderr: xr.DataArray | None = field(repr=False)
    residual_interval: xr.DataArray | None = field(repr=False)
    variation_interval: xr.DataArray | None = field(repr=False)
    correction: str
    clustered: bool
    small_expected: int
    level: float


def value_associations(
    values: Any,
    *,
    context: Sequence[Hashable] | None = None,
    correction: Correction = "bonferroni",
    level: float = 0.95,
    n: int = 1000,
    seed: Any = 0,
) -> ValueAssociations:
    """Find the values that are over- or under-represented in contexts ("Values in the Wild").

    Parameters
    ----------
    values : array_like, DataArray or frame
        Without `context` the table of counts (values, contexts). With it one row per
        conversation, (conversations, values), holding how often (or whether, 0 and 1) each value
        was expressed.
    context : sequence of labels, (conversations,), optional
        The context of each conversation. It turns on resampling of conversations, without which
        several values in one conversation are taken for independent observations.
    correction : {"bonferroni", "holm", "bh", "none"}
        Adjustment for testing every cell; "bh" controls the false discovery rate.
    level : float
        Coverage of the intervals.
    n : int
        Bootstrap replicates over conversations.
    seed : int, numpy.random.Generator or None
        For these.

    Returns
    -------
    ValueAssociations
        Residuals, p-values, the test of the table, and variation across contexts.

    Raises
    ------
    DataError
        Counts that are negative or all zero, fewer than two values or contexts, or a context
        that is missing or does not fit.

    Notes
    -----
    ``r_ij = (O - E) / sqrt(E (1 - row_i / n) (1 - column_j / n))``. With conversations the
    p-values compare a residual with its bootstrap standard error, and the chi-square of the
    table, which has no such correction, keeps its nominal p-value.

    References
    ----------
    S. J. Haberman, Biometrics 29, 205 (1973); S. Huang et al., Values in the Wild,
    arXiv:2504.15236 (2025).

    Examples
    --------
    >>> from pluralism.perspective import value_associations
    >>> result = value_associations([[30, 10], [20, 40]])
    >>> result.residual.values.round(3)
    array([[ 4.082, -4.082],
           [-4.082,  4.082]])
    >>> result.chi2
    16.666...
    """
    _validate.one_of("correction", correction, (*_CORRECTIONS, "none"))
    _validate.level("level", level)
    array, layout = take("values", values)
    if array.ndim != 2:
        raise DataError(f"`values` has {array.ndim} dimension(s); it must have two")
    _validate.within("values", array, 0.0, what="a count")
    columns = list(range(array.shape[1]) if layout.categories is None else layout.categories)
    if context is None:
        table, coords = array, {"value": _rows(layout, len(array)), "context": columns}
        stderr = None
        intervals: dict[str, FloatArray] = {}
        shares = _shares(table, table.sum(axis=0))
    else:
        labels, code = _contexts(context, len(array))
        _check_size((array.shape[1], len(labels)))
        coords = {"value": columns, "context": list(labels)}
        member = np.eye(len(labels))[code]  # (conversations, contexts)
        table = array.T @ member
        shares = _shares(table, member.sum(axis=0))
        stderr, intervals = _resample(array, code, len(labels), n, level, seed)
    _check_size(table.shape)
    if not table.any():
        raise DataError("`values` is all zero; no value was expressed")
    compared = contingency(table)
    score = compared.residual if stderr is None else _standardised(compared.residual, stderr)
    pvalue = _two_sided(score)
    rank = (int(table.any(axis=1).sum()), int(table.any(axis=0).sum()))
    df = (rank[0] - 1) * (rank[1] - 1)
    chi2 = float(compared.chi2)
    label = partial(_labelled, coords=coords, level=level)
    return ValueAssociations(
        counts=label(table),
        expected=label(compared.expected),
        residual=label(compared.residual),
        pvalue=label(pvalue),
        adjusted_pvalue=label(_adjusted(pvalue, correction)),
        chi2=chi2,
        df=df,
        chi2_pvalue=_chi2_tail(chi2, df),
        cramers_v=float(np.sqrt(chi2 / table.sum() / max(min(rank) - 1, 1))),
        variation=label(variation(shares), "value"),
        residual_stderr=None if stderr is None else label(stderr),
        residual_interval=(
            label(intervals["residual"], "value", "context", "ci_bound") if intervals else None
        ),
        variation_interval=(
            label(intervals["variation"], "value", "ci_bound") if intervals else None
        ),
        correction=correction,
        clustered=stderr is not None,
        small_expected=int((compared.expected < 5.0).sum()),
        level=level,
    )


def _check_size(shape: tuple[int, ...]) -> None:
    if min(shape) < 2:
        raise DataError(f"`values` gives a table of {shape}; it needs two values and contexts")


def _rows(layout: Any, length: int) -> list[Hashable]:
    if layout.template is None:
        return list(range(length))
    dim = layout.template.dims[0]
    return (
        layout.template.indexes[dim].tolist()
        if dim in layout.template.indexes
        else list(range(length))
    )


def _label_list(name: str, labels: Any) -> list[Any]:
    if not isinstance(labels, Iterable):
        raise DataError(f"`{name}` is {labels!r}; it must be a sequence of labels")
    return np.asarray(labels).tolist() if hasattr(labels, "dtype") else list(labels)


def _contexts(
    context: Sequence[Hashable], length: int
) -> tuple[tuple[Hashable, ...], npt.NDArray[np.intp]]:
    given = _label_list("context", context)
    if len(given) != length:
        raise DataError(f"`context` has {len(given)} labels for {length} conversations")
    for place, label in enumerate(given):
        if is_missing(label):
            raise DataError(f"`context[{place}]` is {label!r}; every conversation needs a context")
    given = list(check_labels("context", given, unique=False))
    labels = in_order(dict.fromkeys(given))
    code = {label: i for i, label in enumerate(labels)}
    return labels, np.array([code[label] for label in given], dtype=np.intp)


def _shares(table: FloatArray, total: FloatArray) -> FloatArray:
    """Share of each value in each context (..., values, contexts)."""
    total = total[..., None, :]
    return np.divide(
        table, total, out=np.zeros(np.broadcast_shapes(table.shape, total.shape)), where=total > 0.0
    )


def _resample(
    array: FloatArray, code: npt.NDArray[np.intp], n_contexts: int, n: int, level: float, seed: Any
) -> tuple[FloatArray, dict[str, FloatArray]]:
    rows = np.column_stack([array, code])
    statistic = partial(_statistics, n_contexts=n_contexts)
    replicates = np.asarray(bootstrap(statistic, rows, unit="row", n=n, seed=seed).replicates)
    k = array.shape[1]
    residuals = replicates[:, : k * n_contexts].reshape(n, k, n_contexts)
    spread = replicates[:, k * n_contexts :]  # (replicates, values)
    met = np.asarray((spread >= 0.0).any(axis=0))
    spread = np.where((spread < 0.0) & met, np.nan, spread)
    tail = 50.0 * (1.0 - level)
    bounds = [tail, 100.0 - tail]
    return residuals.std(axis=0, ddof=1), {
        "residual": np.moveaxis(np.percentile(residuals, bounds, axis=0), 0, -1),
        "variation": np.where(
            met[:, None], np.moveaxis(np.nanpercentile(spread, bounds, axis=0), 0, -1), np.nan
        ),
    }


def _statistics_batch(
    rows: FloatArray, *, unit: str, weights: FloatArray, n_contexts: int
) -> FloatArray:
    """Residuals and variations (replicates, values * contexts + values) of resampled tables."""
    array, code = rows[:, :-1], rows[:, -1].astype(np.intp)
    tables = np.empty((len(weights), array.shape[1], n_contexts))
    totals = np.empty((len(weights), n_contexts))
    for c in range(n_contexts):
        inside = code == c
        tables[:, :, c] = weights[:, inside] @ array[inside]
        totals[:, c] = weights[:, inside].sum(axis=1)
    residual = contingency(tables).residual.reshape(len(weights), -1)
    spread = variation(_shares(tables, totals))
    # -1 marks a value that the resample never met: NaN would make the whole replicate fail.
    return np.concatenate([residual, np.nan_to_num(spread, nan=-1.0)], axis=1)


@batched_by(_statistics_batch)
def _statistics(rows: FloatArray, *, n_contexts: int) -> FloatArray:
    one = np.ones((1, len(rows)))
    return _statistics_batch(rows, unit="row", weights=one, n_contexts=n_contexts)[0]


def _standardised(residual: FloatArray, stderr: FloatArray) -> FloatArray:
    """Divide residuals by their standard errors.

    Where resampling does not move one (a perfect association), it stays in the standard error of
    single counts.
    """
    moves = stderr > 1e-9 * np.abs(residual)
    return np.divide(residual, stderr, out=residual.copy(), where=moves)


def _two_sided(score: FloatArray) -> FloatArray:
    from scipy.special import ndtr

    return 2.0 * ndtr(-np.abs(score))


def _chi2_tail(chi2: float, df: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(df, chi2)) if df > 0 else float("nan")


def _adjusted(pvalue: FloatArray, correction: str) -> FloatArray:
    if correction == "none":
        return pvalue
    from statsmodels.stats.multitest import multipletests

    adjusted = multipletests(pvalue.ravel(), method=_CORRECTIONS[correction])[1]
    return np.asarray(adjusted).reshape(pvalue.shape)


def _labelled(values: FloatArray, *dims: str, coords: dict[str, Any], level: float) -> xr.DataArray:
    import xarray as xr

    dims = dims or ("value", "context")
    known = {**coords, "ci_bound": ["lower", "upper"]}
    known_of = {d: (d, as_coordinate(tuple(known[d]))) for d in dims}
    attrs = {"ci_kind": "percentile", "ci_prob": level} if "ci_bound" in dims else {}
    return xr.DataArray(values, dims=dims, coords=known_of, attrs=attrs)

"""Which groups of raters see things in a way of their own? (GRASP)"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Annotations
from ..errors import DataError, LabelError
from ..kernels._groups import group_statistics
from ._cross import _mid_rank_distance
from ._inputs import as_annotations, distance_matrix

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["GroupAssociation", "group_association"]

FloatArray = npt.NDArray[np.float64]

WITHIN = ("alpha", "plurality", "negentropy")
ACROSS = ("xrr", "voting_agreement", "cross_negentropy")

#: A product with a table of which more than one in so many numbers is set is faster dense.
_SPARSE = 8
#: Numbers in one block of label counts: small enough for the cache, few enough calls.
_BLOCK = 1 << 15


@dataclass(frozen=True, eq=False)
class GroupAssociation:
    """Cohesion of rater groups within and across, with permutation p-values.

    Attributes
    ----------
    statistics : xarray.DataArray, (statistic, group)
        ``alpha``, ``plurality``, ``negentropy`` (within the group), ``xrr``,
        ``voting_agreement``, ``cross_negentropy`` (against all other raters) and ``gai``, the
        group association index: within over across.
    pvalues : xarray.DataArray, (statistic, group)
        Permutation p-values.
    adjusted : xarray.DataArray, (statistic, group)
        The same after Benjamini and Hochberg, over the groups of each statistic.
    n_raters : xarray.DataArray, (group,)
        Raters in each group.
    skipped : mapping
        Group -> raters, of the groups below `min_raters`. They still count among the others.
    n_permutations : int
        Permutations of the raters.
    """

    statistics: xr.DataArray
    pvalues: xr.DataArray = field(repr=False)
    adjusted: xr.DataArray = field(repr=False)
    n_raters: xr.DataArray = field(repr=False)
    skipped: Mapping[Hashable, int]
    n_permutations: int

    @property
    def gai(self) -> xr.DataArray:
        """Group association index by group; 1 is none, above 1 a view of the group's own."""
        return self.statistics.sel(statistic="gai", drop=True)

    @property
    def diversity_sensitivity(self) -> float:
        """Diversity sensitivity index (DSI): the largest group association index."""
        return float(self.gai.max())

    def summary(self) -> pd.DataFrame:
        """One row a group and statistic: ``estimate``, ``pvalue``, ``adjusted``, ``n_raters``.

        Returns
        -------
        pandas.DataFrame
        """
        import xarray as xr

        table = xr.Dataset(
            {"estimate": self.statistics, "pvalue": self.pvalues, "adjusted": self.adjusted}
        )
        frame = table.to_dataframe().reset_index()
        frame["n_raters"] = self.n_raters.to_series().reindex(frame["group"]).to_numpy()
        return frame


def group_association(
    annotations: Annotations,
    *,
    group: str | Sequence[str] | None = None,
    within: str = "alpha",
    across: str = "xrr",
    min_raters: int = 5,
    n_permutations: int = 1000,
    smoothing: float = 0.5,
    as_published: bool = False,
    seed: Any = None,
) -> GroupAssociation:
    """Compare how groups of raters agree among themselves and with everybody else (GRASP).

    Parameters
    ----------
    annotations : Annotations
        Labels with raters and their groups.
    group : str or sequence of str, optional
        Group column; several columns make intersectional groups, named by tuples. May be left
        out where there is one.
    within : {"alpha", "plurality", "negentropy"}
        Cohesion within the group, for the group association index.
    across : {"xrr", "voting_agreement", "cross_negentropy"}
        Cohesion with all other raters, for the index.
    min_raters : int
        Groups with fewer raters are skipped, and `skipped` says so.
    n_permutations : int
        How often the raters' groups are shuffled; 0 gives no p-values (NaN).
    smoothing : float
        Pseudo-count added to the others' labels in the cross-entropy, which is infinite where
        they never used a category that the group did.
    as_published : bool
        As the paper computes it: categories that the others never used on an item are left out
        of its cross-entropy, and p is the share of permutations beyond the estimate on its own
        side of their median, without the estimate itself.
    seed : int, numpy.random.Generator, optional
        Of the permutations.

    Returns
    -------
    GroupAssociation

    Raises
    ------
    DataError
        If raters or groups are unknown, an option is out of range, or fewer than one group has
        `min_raters` raters.
    LabelError
        If `group` names no group column.

    Notes
    -----
    Definitions of [1]_, sections 3.2 to 3.4. Plurality size and negentropy are means over items;
    voting agreement is Krippendorff's alpha of the two plurality votes (a tied plurality is
    shared). p-values are two-sided: twice the smaller tail, the estimate counted in. Across
    groups, an ordinal scale uses the mid-ranks of all labels.

    References
    ----------
    .. [1] V. Prabhakaran et al. (2024), GRASP: a disagreement analysis framework to assess group
       associations in perspectives, NAACL, 3473-3492.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism import Annotations
    >>> from pluralism.jury import group_association
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(0, 2, 60)
    >>> views = [truth] * 6 + [np.where(rng.random(60) < 0.4, 1 - truth, truth) for _ in range(6)]
    >>> item = np.tile(np.arange(60), 12)
    >>> labels = Annotations.from_codes(
    ...     item, np.concatenate(views), rater=np.repeat(np.arange(12), 60), items=range(60),
    ...     raters=range(12), categories=["no", "yes"], groups={"pool": ["a"] * 6 + ["b"] * 6})
    >>> result = group_association(labels, n_permutations=200, seed=1)
    >>> bool(result.gai.sel(group="a") > 2)
    True
    >>> bool(result.adjusted.sel(statistic="alpha", group="a") < 0.05)
    True
    """
    as_annotations("annotations", annotations, raters=True)
    _validate.one_of("within", within, WITHIN)
    _validate.one_of("across", across, ACROSS)
    _validate.whole_number("min_raters", min_raters, at_least=1)
    _validate.whole_number("n_permutations", n_permutations)
    smoothing = _validate.number("smoothing", smoothing, above=0.0)
    names, codes = _groups_of(annotations, group)
    sizes = np.bincount(codes, minlength=len(names))
    kept = np.flatnonzero(sizes >= min_raters)
    if not len(kept):
        raise DataError(
            f"no group has {min_raters} raters; the largest has {sizes.max()} (`min_raters`)"
        )
    rng = _validate.generator("seed", seed)
    shuffled = [codes, *(rng.permutation(codes) for _ in range(n_permutations))]
    values = _statistics(annotations, np.array(shuffled), kept, 0.0 if as_published else smoothing)
    with np.errstate(invalid="ignore", divide="ignore"):
        index = values[WITHIN.index(within)] / values[3 + ACROSS.index(across)]
    values = np.concatenate([values, index[None]])  # (statistics, 1 + permutations, groups)
    estimate, permuted = values[:, 0], values[:, 1:]
    pvalues = _pvalues(estimate, permuted, as_published)
    return _labelled(
        [names[k] for k in kept],
        estimate,
        pvalues,
        sizes[kept],
        {names[k]: int(sizes[k]) for k in np.flatnonzero(sizes < min_raters)},
        n_permutations,
    )


def _groups_of(
    annotations: Annotations, group: str | Sequence[str] | None
) -> tuple[list[Hashable], npt.NDArray[np.int64]]:
    """Names of the groups, and the group of each rater, (raters,)."""
    known = tuple(annotations.groups)
    if not known:
        raise DataError("these annotations have no groups of raters; give `group=` on the way in")
    if group is None:
        if len(known) > 1:
            raise DataError(f"`group` must name one of the columns {', '.join(map(repr, known))}")
        group = known[0]
    columns = (group,) if isinstance(group, str) else tuple(group)
    for column in columns:
        if column not in known:
            raise LabelError.unknown("`group`", column, known=known, argument="the group columns")
    if len(columns) == 1:
        grouping = annotations.groups[columns[0]]
        return list(grouping.labels), grouping.codes.astype(np.int64)
    stacked = np.stack([annotations.groups[column].codes for column in columns])
    cells, codes = np.unique(stacked, axis=1, return_inverse=True)
    names: list[Hashable] = [
        tuple(annotations.groups[c].labels[k] for c, k in zip(columns, cell, strict=True))
        for cell in cells.T
    ]
    return names, codes.ravel().astype(np.int64)


def _statistics(
    annotations: Annotations,
    codes: npt.NDArray[np.int64],
    kept: npt.NDArray[np.int64],
    smoothing: float,
) -> FloatArray:
    """The six statistics, (6, groupings, groups), in blocks of groupings."""
    total = annotations.count_table()
    ordinal = annotations.scale == "ordinal"
    distance = distance_matrix(annotations, None)
    if distance is None:
        distance = _mid_rank_distance(total.sum(axis=0))
    tables = _RaterTables(annotations)
    everyone = np.ascontiguousarray(total.T)[:, :, None]
    block = max(1, _BLOCK // (len(kept) * total.size))
    parts = []
    for start in range(0, len(codes), block):
        some = codes[start : start + block]
        member = (some[:, None, :] == kept[:, None]).reshape(-1, some.shape[1])
        counts, squares = tables.of(np.ascontiguousarray(member.T, dtype=np.float64))
        with np.errstate(invalid="ignore", divide="ignore"):
            result = group_statistics(
                counts, squares, everyone, distance, smoothing, ordinal=ordinal, whole=tables.unit
            )
        parts.append(result.reshape(len(result), len(some), len(kept)))
    return np.concatenate(parts, axis=1)


class _RaterTables:
    """Labels by rater as matrices: counts of any set of raters are products."""

    def __init__(self, annotations: Annotations) -> None:
        from scipy.sparse import csr_array

        assert annotations.rater is not None
        assert annotations.raters is not None
        self.n = annotations.n_categories
        self.unit = annotations.squares is None and bool((annotations.weight == 1.0).all())
        squares = annotations.weight if annotations.squares is None else annotations.squares
        size = (annotations.n_items, len(annotations.raters))
        row = annotations.label.astype(np.int64) * size[0] + annotations.item
        shape = (self.n * size[0], size[1])
        self.labels: Any = csr_array((annotations.weight, (row, annotations.rater)), shape=shape)
        self.squares: Any = csr_array((squares, (annotations.item, annotations.rater)), shape=size)
        if self.labels.nnz * _SPARSE >= shape[0] * shape[1]:
            self.labels, self.squares = self.labels.toarray(), self.squares.toarray()

    def of(self, member: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Counts (categories, items, sets) and squares (items, sets) of sets of raters."""
        counts = (self.labels @ member).reshape(self.n, -1, member.shape[1])
        return counts, counts.sum(axis=0) if self.unit else self.squares @ member


def _pvalues(estimate: FloatArray, permuted: FloatArray, as_published: bool) -> FloatArray:
    """p-values, (statistics, groups); NaN where a statistic is not defined."""
    defined = np.isfinite(permuted)
    n = defined.sum(axis=1)
    here = estimate[:, None]
    slack = 1e-12 * np.abs(here)
    with np.errstate(invalid="ignore", divide="ignore"):
        if as_published:
            above = (permuted > here).sum(axis=1) / n
            below = (permuted < here).sum(axis=1) / n
            middle = np.sort(permuted, axis=1)[:, permuted.shape[1] // 2] if n.any() else estimate
            p = np.where(estimate < middle, below, above)
        else:
            above = (1 + (permuted >= here - slack).sum(axis=1)) / (n + 1)
            below = (1 + (permuted <= here + slack).sum(axis=1)) / (n + 1)
            p = np.minimum(1.0, 2.0 * np.minimum(above, below))
    return np.where(np.isfinite(estimate) & (n > 0), p, np.nan)


def _labelled(
    names: Sequence[Hashable],
    estimate: FloatArray,
    pvalues: FloatArray,
    sizes: npt.NDArray[np.int64],
    skipped: Mapping[Hashable, int],
    n_permutations: int,
) -> GroupAssociation:
    import xarray as xr
    from scipy.stats import false_discovery_control

    adjusted = np.full_like(pvalues, np.nan)
    for row, p in zip(adjusted, pvalues, strict=True):
        good = np.isfinite(p)
        if good.any():
            row[good] = false_discovery_control(p[good])
    index = np.empty(len(names), dtype=object)
    index[:] = names
    coords = {"statistic": [*WITHIN, *ACROSS, "gai"], "group": index}
    dims = ("statistic", "group")
    return GroupAssociation(
        statistics=xr.DataArray(estimate, dims=dims, coords=coords, name="estimate"),
        pvalues=xr.DataArray(pvalues, dims=dims, coords=coords, name="pvalue"),
        adjusted=xr.DataArray(adjusted, dims=dims, coords=coords, name="adjusted"),
        n_raters=xr.DataArray(sizes, dims="group", coords={"group": index}, name="n_raters"),
        skipped=dict(skipped),
        n_permutations=n_permutations,
    )

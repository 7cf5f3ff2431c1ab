"""Which values do people find wiser? The moral graph, its ranks, and how sure they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..data import _labels
from ..errors import DataError, SmallSampleWarning
from ..kernels import _moral_graph as kernels
from ._moral_result import MoralGraph
from ._moral_votes import COUNTERS, EdgeCounts, count_edges

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["moral_graph"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Added to every counter where shares are drawn (Jeffreys).
_PRIOR = 0.5
_PUBLISHED_STEPS = 100
_FEW_RATERS = 6
#: Entries of a table (resamples, edges) that are held at once.
_MOST_NUMBERS = 1 << 20


def moral_graph(
    votes: Any,
    *,
    source: str = "source",
    wiser: str = "wiser",
    vote: str = "vote",
    rater: str | None = None,
    group: str | None = None,
    min_wiser: int = 2,
    min_likelihood: float = 0.33,
    max_entropy: float = 1.69,
    damping: float = 0.85,
    as_published: bool = False,
    level: float = 0.95,
    n: int = 1000,
    seed: Any = 0,
) -> MoralGraph:
    r"""Build a moral graph from votes on which of two values is wiser.

    A vote says of a transition from one value to another whether the second is wiser (upgrade),
    is not (no_upgrade), or that the voter cannot say (not_sure). With the four counters of an
    ordered pair (the fourth, less wise, being upgrades of the reverse pair),

    .. math:: w = \frac{n_{wiser} - n_{less}}{N}, \qquad H = -\sum_k \frac{n_k}{N} \log_2
       \frac{n_k}{N}

    and the pair is an edge if :math:`n_{wiser} \ge 2`, :math:`w \ge 0.33` and
    :math:`H \le 1.69`. The wisdom of a value is the sum of w over its incoming edges.

    Parameters
    ----------
    votes : frame or mapping of columns
        One row a vote, with the columns named below; or one row an edge with the counts
        ``marked_wiser``, ``marked_not_wiser``, ``marked_unsure``, ``marked_less_wise`` and,
        if wanted, ``impressions`` (by default their sum), as `data.read_moral_graph` gives.
    source, wiser, vote : str
        Columns of the value one comes from, the value that may be wiser, and the vote.
    rater, group : str, optional
        Columns of who voted, and of the voter's group (missing for none).
    min_wiser, min_likelihood, max_entropy : float
        What an edge needs; the likelihood at least 0, the entropy in bits.
    damping : float
        Of PageRank, in [0, 1).
    as_published : bool
        Compute as the published code does: the entropy that decides is that of five counters,
        impressions among them; and PageRank takes 100 steps over the values that edges touch
        (NaN for others) and loses the rank of values without outgoing edges.
    level : float
        Coverage of all intervals.
    n : int
        Resamples.
    seed : int, Generator or None
        Source of the resamples.

    Returns
    -------
    MoralGraph
        Edges, values, groups and cycles; `summary()` and `edge_table()`.

    Raises
    ------
    DataError
        If there are no rows, a vote or count is something else, an edge leads from a value to
        itself, an option is out of range, no pair becomes an edge, or `rater` names one person.
    LabelError
        If a column is missing, an edge is counted twice, or a rater belongs to two groups.

    Warns
    -----
    SmallSampleWarning
        If there are fewer than six raters to resample.

    Notes
    -----
    The interval of an edge's likelihood is Tango's score interval, which treats votes as
    independent. Intervals of values resample raters where these are known, and the filter and all
    that follows is done again in each resample. Where only counts are known, the shares of
    every edge are drawn with the spread of their posterior under Jeffreys' prior, about the
    shares observed (the prior's pull would add up over the edges of a value); votes of one person
    on several edges then count as independent. A released graph contains the edges
    that passed its filter: intervals know nothing of those that did not.

    With impressions equal to the sum of the other counters the published entropy is 1 + H/2, so
    its limit of 1.69 is a limit of 1.38 on H: the published filter is the stricter one.
    PageRank that loses the rank of dangling values is, after convergence, proportional to
    PageRank that spreads it evenly: the order is the same, the sum is not one.

    References
    ----------
    O. Klingefjord, R. Lowe, J. Edelman (2024), What are human values, and how do we align AI to
    them?, arXiv 2404.10636, and its published code. T. Tango (1998), Equivalence test and
    confidence interval for the difference in proportions for the paired-sample design,
    Statistics in Medicine 17.

    Examples
    --------
    >>> from pluralism.choice import moral_graph
    >>> votes = {
    ...     "source": ["rules"] * 4 + ["care"] * 4,
    ...     "wiser": ["care"] * 4 + ["insight"] * 4,
    ...     "vote": ["upgrade"] * 3 + ["not_sure"] + ["upgrade"] * 4,
    ... }
    >>> graph = moral_graph(votes, seed=0)
    >>> graph.summary()[["wisdom", "pagerank"]].round(3)
             wisdom  pagerank
    value
    insight    1.00     0.474
    care       0.75     0.341
    rules      0.00     0.184
    >>> graph.cycles
    ()
    """
    _validate.whole_number("min_wiser", min_wiser)
    _validate.number("min_likelihood", min_likelihood, at_least=0.0, at_most=1.0)
    _validate.number("max_entropy", max_entropy, at_least=0.0)
    _validate.number("damping", damping, at_least=0.0, at_most=0.999)
    _validate.one_of("as_published", as_published, (True, False))
    level = _validate.level("level", level)
    _validate.whole_number("n", n, at_least=2)
    generator = _validate.generator("seed", seed)
    edges = count_edges(votes, source=source, wiser=wiser, vote=vote, rater=rater, group=group)
    rule = _Rule(min_wiser, min_likelihood, max_entropy, damping, as_published)
    statistics = kernels.edge_statistics(edges.counts[None], edges.impressions[None])
    found = _evaluate(edges, edges.counts[None, :, 0], statistics, rule)
    if not found.kept.any():
        raise DataError(
            f"none of {len(edges.source)} pairs becomes an edge; the largest likelihood is "
            f"{np.nanmax(found.statistics.likelihood, initial=-1.0):.3g}. Lower `min_wiser` "
            f"({min_wiser}) or `min_likelihood` ({min_likelihood:g}), or raise `max_entropy` "
            f"({max_entropy:g})"
        )
    by_rater = False
    if edges.votes is not None and edges.votes.rater is not None:
        by_rater = True
        _check_raters(edges.votes.n_raters)
    drawn = _resample(edges, n, generator, rule)
    kept = np.flatnonzero(found.kept[0])
    cycles = kernels.short_cycles(edges.source[kept], edges.target[kept], len(edges.values))
    of = None if edges.votes is None else edges.votes.group
    return MoralGraph(
        edges=_edge_dataset(edges, found, drawn, rule, level),
        values=_value_dataset(edges, found, drawn, level),
        groups=None if of is None else _group_dataset(edges, kept, level),
        cycles=tuple(tuple(edges.values[code] for code in cycle) for cycle in cycles),
        ungrouped=0 if of is None else int((of < 0).sum()) // 2,
        resampled="raters" if by_rater else "shares",
        level=level,
    )


def _check_raters(n_raters: int) -> None:
    if n_raters < 2:
        raise DataError(
            "a single rater gave all votes, and resampling needs two or more; leave out `rater` "
            "to treat the votes as independent"
        )
    if n_raters < _FEW_RATERS:
        _quiet.warn(
            f"{n_raters} raters are too few for intervals that resample them",
            SmallSampleWarning,
            stacklevel=3,
        )


class _Rule(NamedTuple):
    """What makes an edge, and how PageRank is computed."""

    min_wiser: int
    min_likelihood: float
    max_entropy: float
    damping: float
    as_published: bool

    def keeps(self, wiser: FloatArray, likelihood: FloatArray, entropy: FloatArray) -> BoolArray:
        """Whether edges pass; NaN passes nothing."""
        return (
            (wiser >= self.min_wiser)
            & (likelihood >= self.min_likelihood)
            & (entropy <= self.max_entropy)
        )


class _Evaluation(NamedTuple):
    """Statistics of one or many sets of counts."""

    statistics: kernels.EdgeStatistics
    kept: BoolArray  # (replicates, edges)
    wisdom: FloatArray  # (replicates, values)
    pagerank: FloatArray  # (replicates, values)


def _evaluate(
    edges: EdgeCounts, wiser: FloatArray, statistics: kernels.EdgeStatistics, rule: _Rule
) -> _Evaluation:
    """Filter edges and rank values; `wiser` and the statistics are (replicates, edges)."""
    entropy = statistics.published if rule.as_published else statistics.entropy
    kept = rule.keeps(wiser, statistics.likelihood, entropy)
    weights = np.where(kept, statistics.likelihood, 0.0)
    size = len(edges.values)
    wisdom = kernels.incoming(weights, edges.target, size)
    if not rule.as_published:
        pagerank = kernels.pagerank(weights, edges.source, edges.target, size, rule.damping)
        return _Evaluation(statistics, kept, wisdom, pagerank)
    pagerank = np.full(wisdom.shape, np.nan)
    for row, here in enumerate(kept):
        touched, codes = np.unique([edges.source[here], edges.target[here]], return_inverse=True)
        if not len(touched):
            continue
        start, end = codes.reshape(2, -1)
        pagerank[row, touched] = kernels.leaky_pagerank(
            weights[row : row + 1, here], start, end, len(touched), rule.damping, _PUBLISHED_STEPS
        )
    return _Evaluation(statistics, kept, wisdom, pagerank)


def _resample(
    edges: EdgeCounts, n: int, generator: np.random.Generator, rule: _Rule
) -> _Evaluation:
    """Evaluate resamples, as many at a time as fit; their statistics are not kept."""
    at_once = max(1, _MOST_NUMBERS // max(len(edges.source), len(edges.values)))
    parts = []
    for start in range(0, n, at_once):
        part = _evaluate(edges, *_draw(edges, min(at_once, n - start), generator), rule)
        parts.append(part[1:])
    kept, wisdom, pagerank = (np.concatenate(each) for each in zip(*parts, strict=True))
    nothing = np.empty((0, 0))
    return _Evaluation(kernels.EdgeStatistics(nothing, nothing, nothing), kept, wisdom, pagerank)


def _draw(
    edges: EdgeCounts, n: int, generator: np.random.Generator
) -> tuple[FloatArray, kernels.EdgeStatistics]:
    """Counts of upgrades, and statistics, of resampled raters or, without them, drawn shares."""
    n_edges = len(edges.source)
    if edges.votes is not None and edges.votes.rater is not None:
        size = edges.votes.n_raters
        weights = generator.multinomial(size, np.full(size, 1 / size), n).astype(np.float64)
        drawn = (edges.votes.by_rater(n_edges).T @ weights.T).T.reshape(n, n_edges, 5)
        counts = drawn[..., :4]
        return counts[..., 0], kernels.edge_statistics(counts, drawn[..., 4])
    statistics = kernels.drawn_statistics(edges.counts, edges.impressions, _PRIOR, n, generator)
    return np.broadcast_to(edges.counts[:, 0], (n, n_edges)), statistics


def _bounds(values: FloatArray, level: float) -> FloatArray:
    """Percentiles over replicates, (..., 2); NaN where no replicate has a number."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    bounds = np.full((*values.shape[1:], 2), np.nan)
    some = ~np.isnan(values).all(axis=0)
    bounds[some] = np.nanquantile(values[:, some], tails, axis=0).T
    return bounds


def _edge_dataset(
    edges: EdgeCounts, found: _Evaluation, drawn: _Evaluation, rule: _Rule, level: float
) -> xr.Dataset:
    import xarray as xr
    from scipy.special import ndtri

    counts, names = edges.counts, _labels.as_coordinate(edges.values)
    statistics = kernels.EdgeStatistics(*(part[0] for part in found.statistics))
    interval = kernels.likelihood_interval(
        counts[:, 0], counts[:, 3], counts.sum(axis=1), float(ndtri((1 + level) / 2))
    )
    published = rule.keeps(counts[:, 0], statistics.likelihood, statistics.published)
    variables: dict[str, Any] = {
        name: ("edge", counts[:, place]) for place, name in enumerate(COUNTERS)
    }
    variables |= {
        "impressions": ("edge", edges.impressions),
        "likelihood": ("edge", statistics.likelihood),
        "likelihood_interval": (
            ("edge", "ci_bound"),
            interval,
            {"ci_kind": "score", "ci_prob": level},
        ),
        "entropy": ("edge", statistics.entropy),
        "published_entropy": ("edge", statistics.published),
        "kept": ("edge", found.kept[0]),
        "kept_published": ("edge", published),
        "kept_probability": ("edge", drawn.kept.mean(axis=0)),
    }
    ends = {"source": ("edge", names[edges.source]), "wiser": ("edge", names[edges.target])}
    return xr.Dataset(variables, coords={**ends, "ci_bound": ["lower", "upper"]})


def _value_dataset(
    edges: EdgeCounts, found: _Evaluation, drawn: _Evaluation, level: float
) -> xr.Dataset:
    import xarray as xr

    variables: dict[str, Any] = {}
    for name in ("wisdom", "pagerank"):
        one, many = getattr(found, name)[0], getattr(drawn, name)
        for label, scores, replicates in (
            (name, one, many),
            (f"{name}_rank", _ranked(one), _ranked(many)),
        ):
            variables[label] = ("value", scores)
            variables[f"{label}_interval"] = (
                ("value", "ci_bound"),
                _bounds(replicates, level),
                {"ci_kind": "percentile", "ci_prob": level},
            )
    kept = found.kept[0]
    inside = np.zeros(len(edges.values), dtype=bool)
    inside[edges.source[kept]] = inside[edges.target[kept]] = True
    variables["in_graph"] = ("value", inside)
    coords = {"value": _labels.as_coordinate(edges.values), "ci_bound": ["lower", "upper"]}
    return xr.Dataset(variables, coords=coords)


def _ranked(scores: FloatArray) -> FloatArray:
    """Ranks, 1 the largest; NaN stays NaN."""
    return np.where(np.isnan(scores), np.nan, kernels.rank_down(np.nan_to_num(scores, nan=-1.0)))


def _group_dataset(edges: EdgeCounts, kept: npt.NDArray[np.intp], level: float) -> xr.Dataset:
    """Pool each group's votes over the kept edges into every value."""
    import xarray as xr
    from scipy.special import ndtri

    votes = edges.votes
    assert votes is not None
    assert votes.group is not None
    inside = np.isin(votes.edge, kept) & (votes.group >= 0) & (votes.counter < 4)
    counts = np.zeros((len(votes.groups), len(edges.values), 4))
    value = edges.target[votes.edge[inside]]
    np.add.at(counts, (votes.group[inside], value, votes.counter[inside]), 1.0)
    total = counts.sum(axis=-1)
    gap = counts[..., 0] - counts[..., 3]
    likelihood = np.divide(gap, total, out=np.full(total.shape, np.nan), where=total > 0)
    interval = kernels.likelihood_interval(
        counts[..., 0], counts[..., 3], total, float(ndtri((1 + level) / 2))
    )
    both = ("group", "value")
    attrs = {"ci_kind": "score", "ci_prob": level}
    return xr.Dataset(
        {
            "votes": (both, total),
            "likelihood": (both, likelihood),
            "likelihood_interval": ((*both, "ci_bound"), interval, attrs),
            "bridging": ("value", (likelihood > 0).all(axis=0)),
        },
        coords={
            "group": _labels.as_coordinate(votes.groups),
            "value": _labels.as_coordinate(edges.values),
            "ci_bound": ["lower", "upper"],
        },
    )
